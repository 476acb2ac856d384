# cmake -DIN=file -DOUT=file.c -DSYMBOL=name -P embed.cmake
# A file as an array: const unsigned char <symbol>[], and <symbol>_len.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include <stddef.h>
extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_len;
const unsigned char ${SYMBOL}[] = {${bytes}0};
const size_t ${SYMBOL}_len = ${length};
")
