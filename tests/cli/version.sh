try version
try --version
try version --json
