# shellcheck shell=sh
few
try publish
try publish site --url ftp://example.org
try publish site --cc Pakistan
sum() { sed -e 's/([0-9.]* [KM]*B)/(_)/' -e 's/"bytes":[0-9]*/"bytes":_/' \
            -e 's/([0-9.]* kB)/(_)/' -e 's/[0-9]* written/_ written/' -e 's/published [0-9]*/published _/' \
            -e 's/"files":[0-9]*/"files":_/' -e 's/"written":[0-9]*/"written":_/'; }
try publish site --now 2024-03-02 --contact corrections@example.org | sum
echo "again:"
try publish site --now 2024-03-02 --contact corrections@example.org --json |
    sed -e 's/"bytes":[0-9]*/"bytes":_/' -e 's/:[0-9][0-9][0-9]*/:_/g'
try publish site --now 2024-03-02 --cc xx | grep -o '[1-9][0-9]* removed' |
    sed 's/[0-9]*/_/'
ls site site/en
cut -d, -f1 site/site-manifest.csv | head -3
