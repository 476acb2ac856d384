// Lines of text as all formats of a log write them: decimal sizes, base64
// hashes. Private to this room.
#ifndef GW_LINES_H
#define GW_LINES_H

#include "ledger/ledger.h"

// Takes the next line off rest, without its newline. False, and rest as it
// was, where no newline is left.
bool gw_line_take(gw_span *rest, gw_span *ret_line);
// "0" or digits without a leading zero, up to 2^63-1: one text a number.
bool gw_size_read(gw_span s, uint64_t *ret_size);
// Base64 of exactly 32 bytes, in its only form.
bool gw_hash_read(gw_span s, struct gw_hash32 *ret_hash);
// Base64 and a newline.
void gw_hash_put(const struct gw_hash32 *hash, struct gw_buf *ret);

#endif
