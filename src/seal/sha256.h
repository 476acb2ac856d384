// The two ways to compress SHA-256 blocks (FIPS 180-4 section 6.2): with the
// processor's SHA instructions, two messages at once, and in plain C.
#ifndef GW_SEAL_SHA256_H
#define GW_SEAL_SHA256_H

#include "seal/seal.h"

enum { SHA256_BLOCK = 64, SHA256_LANES = 2 };

// A message on its way: at is its next block. The state's words stand in the
// order the instructions want them in: f e b a, h g d c.
struct sha256_lane {
    uint32_t state[8];
    const uint8_t *at;
};

struct sha256_kernel {
    const char *name;
    // Compress that many blocks of one lane, or of SHA256_LANES lanes, and
    // move at past them.
    void (*one)(struct sha256_lane *lane, size_t blocks);
    void (*many)(struct sha256_lane *lanes, size_t blocks);
    // As gw_node_hashes.
    void (*nodes)(const struct gw_hash32 *in, size_t n, struct gw_hash32 *ret);
};

extern const uint32_t sha256_k[64];
extern const uint32_t sha256_initial[8];
extern const struct sha256_kernel sha256_portable;
// NULL where this processor has no such instructions.
const struct sha256_kernel *sha256_ni(void);

// What the functions of the face do, by a kernel that tests can choose.
struct gw_hash32 sha256_by(const struct sha256_kernel *k, gw_span a, gw_span b);
void sha256_leaves_by(const struct sha256_kernel *k, const gw_span *entries,
                      size_t n, struct gw_hash32 *ret);

#endif
