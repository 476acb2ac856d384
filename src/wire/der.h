// Private to wire: reading DER (X.690). Elements are taken one after another
// off a reader with its sticky error; nothing here recurses, so how deep one
// goes is decided by the caller's code and never by the input.
#ifndef GW_WIRE_DER_H
#define GW_WIRE_DER_H

#include "base/base.h"

// Identifier octets, as they stand in the encoding (X.690 8.1.2).
enum gw_der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE_STRING = 0x1a,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,     // [0] primitive; add the number
    DER_CONSTRUCTED = 0xa0, // [0] constructed; add the number
};

struct gw_der {
    uint8_t tag;
    gw_span body, whole; // contents; contents with tag and length before them
};

// Takes the next element. What runs past the end sets GW_EFEW; indefinite or
// overlong lengths and tag numbers above 30 set GW_EFORMAT.
struct gw_der gw_der_next(struct gw_reader *r);
// Takes the next element, which must have that tag; gives its contents.
gw_span gw_der_take(struct gw_reader *r, uint8_t tag);
// The same, but only if it is there.
bool gw_der_optional(struct gw_reader *r, uint8_t tag, gw_span *ret_body);

// OBJECT IDENTIFIER as dotted text; false if not well-formed (X.690 8.19) or
// an arc is over 128 bits.
bool gw_der_put_oid(struct gw_buf *b, gw_span body);
// A string as UTF-8, borrowed from the element or from scratch (whose error is
// sticky); at == NULL if it is no text. What has one octet a character by its
// type is read as UTF-8, as python's cryptography does; T61String, on whose
// characters nobody agrees, as Latin-1 where it is no UTF-8.
gw_span gw_der_text(struct gw_der string, struct gw_buf *scratch);

#endif
