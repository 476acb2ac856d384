// Chance: the system's, or numbers that tests have fixed.
#include "seal/sodium.h"

static void fixed(struct gw_rand *r, uint8_t *ret, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++, v >>= 8) {
        if (i % 8 == 0)
            v = gw_rand_next(r);
        ret[i] = (uint8_t)v;
    }
}

void gw_random(struct gw_chance *c, uint8_t *ret, size_t len)
{
    if (c && c->fixed) {
        fixed(&c->rand, ret, len);
        return;
    }
    sodium_ready();
    randombytes_buf(ret, len); // ends the process if the system has none
}
