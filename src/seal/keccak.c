// Keccak-f[1600] (FIPS 202 section 3) with a rate of 136 bytes. OpenSSL has
// only the padding of SHA-3; OpenTimestamps wants the one before it.
#include "seal/keccak.h"

enum { RATE = 136, ROUNDS = 24 };

static uint64_t rotl(uint64_t x, unsigned n)
{
    return n ? x << n | x >> (64 - n) : x;
}

// Section 3.2.1: every bit with the parities of two columns.
static void theta(uint64_t a[25])
{
    uint64_t c[5];
    for (size_t x = 0; x < 5; x++)
        c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (size_t i = 0; i < 25; i++)
        a[i] ^= c[(i + 4) % 5] ^ rotl(c[(i + 1) % 5], 1);
}

// Sections 3.2.2 and 3.2.3: each lane turned, and put where the next one was.
static void rho_pi(uint64_t a[25])
{
    size_t x = 1, y = 0;
    uint64_t moving = a[1];
    for (unsigned t = 0; t < 24; t++) {
        size_t to_y = (2 * x + 3 * y) % 5;
        x = y, y = to_y;
        uint64_t next = a[x + 5 * y];
        a[x + 5 * y] = rotl(moving, (t + 1) * (t + 2) / 2 % 64);
        moving = next;
    }
}

// Section 3.2.4.
static void chi(uint64_t a[25])
{
    for (uint64_t *row = a; row < a + 25; row += 5) {
        uint64_t was[5];
        memcpy(was, row, sizeof was);
        for (size_t x = 0; x < 5; x++)
            row[x] = was[x] ^ (~was[(x + 1) % 5] & was[(x + 2) % 5]);
    }
}

// Section 3.2.5: bits 2^j - 1 of the constant come from a shift register.
static void iota(uint64_t a[25], uint8_t *shift)
{
    for (unsigned j = 0; j < 7; j++) {
        a[0] ^= (uint64_t)(*shift & 1) << ((1u << j) - 1);
        *shift = (uint8_t)(*shift << 1 ^ (*shift & 0x80 ? 0x71 : 0));
    }
}

static void permute(uint64_t a[25])
{
    uint8_t shift = 1;
    for (int i = 0; i < ROUNDS; i++) {
        theta(a);
        rho_pi(a);
        chi(a);
        iota(a, &shift);
    }
}

static void add_byte(struct keccak *k, size_t at, uint8_t byte)
{
    k->lane[at / 8] ^= (uint64_t)byte << 8 * (at % 8);
}

void keccak_add(struct keccak *k, gw_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        add_byte(k, k->at, bytes.at[i]);
        if (++k->at == RATE) {
            permute(k->lane);
            k->at = 0;
        }
    }
}

void keccak_end(struct keccak *k, uint8_t pad, uint8_t ret[static 32])
{
    add_byte(k, k->at, pad);
    add_byte(k, RATE - 1, 0x80);
    permute(k->lane);
    for (size_t i = 0; i < 32; i++)
        ret[i] = (uint8_t)(k->lane[i / 8] >> 8 * (i % 8));
    *k = (struct keccak){0};
}
