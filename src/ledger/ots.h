// What the two files about OpenTimestamps share. Private to this room.
#ifndef GW_OTS_H
#define GW_OTS_H

#include "ledger/ledger.h"

// Limits of the format as its own tools hold them, and of this reader: a file
// of OTS_MAX bytes makes at most OTS_MAX operations on OTS_MESSAGE_MAX bytes.
enum {
    OTS_MAX = 64 << 10,
    OTS_MESSAGE_MAX = 4096,
    OTS_PAYLOAD_MAX = 8192,
    OTS_URI_MAX = 1000,
    OTS_DEPTH_MAX = 256,       // nodes from the root to an attestation
    OTS_ATTESTATIONS_MAX = 256 // of one file
};

// Walks the tree below a message; found gets struct gw_ots_attestation.
int gw_ots_walk(struct gw_reader *r, gw_span message, struct gw_buf *found,
                struct gw_why *why) GW_MUSTCHECK;
// The digest an operation's or a file's tag means; false if none.
bool gw_ots_digest(uint8_t tag, enum gw_digest_kind *ret, size_t *ret_len);
// LEB128 length, then the bytes: min to max of them.
gw_span gw_ots_bytes(struct gw_reader *r, size_t min, size_t max);
// The reader's error in words.
int gw_ots_bad(const struct gw_reader *r, struct gw_why *why);

#endif
