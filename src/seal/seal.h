// seal: hashes now; signatures and sealed boxes with the ledger. The only
// caller of the crypto library.
#ifndef GW_SEAL_H
#define GW_SEAL_H

#include "base/base.h"

enum gw_digest_kind {
    GW_DIGEST_SHA256,   // FIPS 180-4, 32 bytes
    GW_DIGEST_MD5,      // RFC 1321, 16 bytes: S3 ETags only, proves nothing
    GW_DIGEST_SHAKE128, // FIPS 202, any length: OONI's ids for old lines
    GW_DIGEST_SHA1,     // 20 bytes: a column of OONI's, proves nothing
};
enum { GW_HASH_LEN = 32 };

// A running digest; one per thread.
struct gw_digest;
struct gw_digest *gw_digest_new(enum gw_digest_kind kind);
int gw_digest_add(struct gw_digest *d, gw_span bytes) GW_MUSTCHECK;
// Writes the result (len must be the kind's length; any for SHAKE128) and
// starts anew.
int gw_digest_end(struct gw_digest *d, uint8_t *ret, size_t len) GW_MUSTCHECK;
void gw_digest_free(struct gw_digest *d);
// The same in one call.
int gw_digest_once(struct gw_digest *d, gw_span bytes, uint8_t *ret,
                   size_t len) GW_MUSTCHECK;

#endif
