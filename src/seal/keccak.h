// Keccak with 32 bytes of output: SHA3-256 (FIPS 202) but for the byte that
// starts the padding. Private to this room.
#ifndef GW_SEAL_KECCAK_H
#define GW_SEAL_KECCAK_H

#include "seal/seal.h"

enum { KECCAK_PAD = 0x01, SHA3_PAD = 0x06 };

struct keccak { // starts as {0}
    uint64_t lane[25];
    size_t at; // in the block
};
void keccak_add(struct keccak *k, gw_span bytes);
// Starts anew afterwards.
void keccak_end(struct keccak *k, uint8_t pad, uint8_t ret[static 32]);

#endif
