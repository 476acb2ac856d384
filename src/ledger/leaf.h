// What the files about leaves share. Private to this room.
#ifndef GW_LEAF_H
#define GW_LEAF_H

#include "ledger/ledger.h"

enum {
    LEAF_DIGESTS_MAX = 32,
    LEAF_DIGEST_TEXT = 43, // base64url of 32 bytes
    LEAF_NAME_MAX = 64,
    LEAF_SALT_LEN = 16,
    DISCLOSURE_MAX = GW_LEAF_MAX, // of its JSON: [salt, name, value]
};
// What an author signs: this with its NUL, then the leaf without "sig". No
// other text that is signed anywhere begins so.
#define LEAF_DOMAIN "gawah/leaf/v1"

// A letter, then letters, digits, '_' and '-'; not a name the format uses.
bool gw_leaf_name_ok(gw_span name);
bool gw_leaf_digests_ok(size_t digests); // 0, 8, 16 or 32

// gw_json_canonical of a buffer, whose own error comes first.
int gw_leaf_canonical(struct gw_json *parser, const struct gw_buf *in,
                      struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;

// A leaf whose form has been checked; the values live in its parser.
struct gw_leaf_doc {
    struct gw_json *parser;
    struct gw_buf text, canonical;
    gw_jv root, digests, signature;
    struct gw_leaf_read read;
};
// gw_leaf_close in any case.
int gw_leaf_open(gw_span entry, struct gw_leaf_doc *ret,
                 struct gw_why *why) GW_MUSTCHECK;
void gw_leaf_close(struct gw_leaf_doc *d);

#endif
