// SHA-256 (FIPS 180-4) in one call, the hashes of RFC 6962 and HMAC over it:
// no state, no allocation, nothing that can fail.
#include "seal/sha256.h"

const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// FIPS 180-4 section 5.3.3, in the order of a lane.
const uint32_t sha256_initial[8] = {0x9b05688c, 0x510e527f, 0xbb67ae85,
                                    0x6a09e667, 0x5be0cd19, 0x1f83d9ab,
                                    0xa54ff53a, 0x3c6ef372};
// Where the words a, b, ... stand in it.
enum { A = 3, B = 2, C = 7, D = 6, E = 1, F = 0, G = 5, H = 4 };

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

// ---- the portable kernel ------------------------------------------------
static void expand(uint32_t w[64], const uint8_t *block)
{
    for (size_t t = 0; t < 16; t++)
        w[t] = be32(block + 4 * t);
    for (size_t t = 16; t < 64; t++) {
        uint32_t x = w[t - 15], y = w[t - 2];
        uint32_t s0 = rotr(x, 7) ^ rotr(x, 18) ^ x >> 3;
        uint32_t s1 = rotr(y, 17) ^ rotr(y, 19) ^ y >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t a = state[A], b = state[B], c = state[C], d = state[D];
    uint32_t e = state[E], f = state[F], g = state[G], h = state[H];
    expand(w, block);
    for (size_t t = 0; t < 64; t++) {
        uint32_t s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        uint32_t s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        uint32_t choice = (e & f) ^ (~e & g);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        uint32_t t1 = h + s1 + choice + sha256_k[t] + w[t];
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + s0 + majority;
    }
    state[A] += a, state[B] += b, state[C] += c, state[D] += d;
    state[E] += e, state[F] += f, state[G] += g, state[H] += h;
}

static void one(struct sha256_lane *lane, size_t blocks)
{
    for (; blocks; blocks--, lane->at += SHA256_BLOCK)
        compress(lane->state, lane->at);
}

static void many(struct sha256_lane *lanes, size_t blocks)
{
    for (int i = 0; i < SHA256_LANES; i++)
        one(&lanes[i], blocks);
}

static void nodes(const struct gw_hash32 *in, size_t n, struct gw_hash32 *ret)
{
    uint8_t node[1 + 2 * GW_HASH_LEN] = {0x01};
    for (size_t i = 0; i < n; i++) {
        memcpy(node + 1, in[2 * i].at, GW_HASH_LEN);
        memcpy(node + 1 + GW_HASH_LEN, in[2 * i + 1].at, GW_HASH_LEN);
        ret[i] = sha256_by(&sha256_portable, gw_span_of(node, sizeof node),
                           (gw_span){0});
    }
}

const struct sha256_kernel sha256_portable = {"portable", one, many, nodes};

// ---- messages as blocks -------------------------------------------------
// Two spans, one after the other. Whole blocks are compressed where they lie;
// only the one that spans both, and the padded end, are copied.
struct piece {
    const uint8_t *at;
    size_t blocks;
};
struct message {
    struct piece left[4];
    size_t now;
    uint8_t join[SHA256_BLOCK], end[2 * SHA256_BLOCK];
};

static struct piece whole_blocks(gw_span *from)
{
    struct piece ret = {from->at, from->len / SHA256_BLOCK};
    *from = gw_sub(*from, ret.blocks * SHA256_BLOCK, SHA256_BLOCK);
    return ret;
}

// What is left of both, at most a block, and the padding of FIPS 180-4
// section 5.1.1: a one bit, zeros, the length in bits.
static struct piece padded(uint8_t *ret, gw_span a, gw_span b, uint64_t bits)
{
    size_t len = a.len + b.len, blocks = len < SHA256_BLOCK - 8 ? 1 : 2;
    uint8_t *last = ret + blocks * SHA256_BLOCK - 8;
    if (a.len)
        memcpy(ret, a.at, a.len);
    if (b.len)
        memcpy(ret + a.len, b.at, b.len);
    ret[len++] = 0x80;
    memset(ret + len, 0, (size_t)(last - ret) - len);
    put_be32(last, (uint32_t)(bits >> 32));
    put_be32(last + 4, (uint32_t)bits);
    return (struct piece){ret, blocks};
}

static void prepare(struct message *m, gw_span a, gw_span b)
{
    uint64_t bits = 8 * ((uint64_t)a.len + b.len);
    m->now = 0;
    m->left[0] = whole_blocks(&a);
    m->left[1] = (struct piece){m->join, a.len + b.len >= SHA256_BLOCK};
    if (!a.len) {
        m->left[1].blocks = 0;
    } else if (m->left[1].blocks) {
        size_t more = SHA256_BLOCK - a.len;
        memcpy(m->join, a.at, a.len);
        memcpy(m->join + a.len, b.at, more);
        a.len = 0;
        b = gw_sub(b, more, b.len);
    }
    m->left[2] = whole_blocks(&b);
    m->left[3] = padded(m->end, a, b, bits);
}

// How many blocks come next, and puts the lane there; 0 at the end.
static size_t next_blocks(struct message *m, struct sha256_lane *lane)
{
    while (m->now < GW_COUNT(m->left) && !m->left[m->now].blocks)
        m->now++;
    if (m->now == GW_COUNT(m->left))
        return 0;
    lane->at = m->left[m->now].at;
    return m->left[m->now].blocks;
}

static void passed(struct message *m, const struct sha256_lane *lane, size_t n)
{
    m->left[m->now].at = lane->at;
    m->left[m->now].blocks -= n;
}

static void start(struct sha256_lane *lane)
{
    memcpy(lane->state, sha256_initial, sizeof lane->state);
}

static void digest_of(const struct sha256_lane *lane, struct gw_hash32 *ret)
{
    static const uint8_t order[8] = {A, B, C, D, E, F, G, H};
    for (size_t i = 0; i < 8; i++)
        put_be32(ret->at + 4 * i, lane->state[order[i]]);
}

struct gw_hash32 sha256_by(const struct sha256_kernel *k, gw_span a, gw_span b)
{
    struct message m;
    struct sha256_lane lane;
    struct gw_hash32 ret;
    prepare(&m, a, b);
    start(&lane);
    for (size_t n; (n = next_blocks(&m, &lane)); passed(&m, &lane, n))
        k->one(&lane, n);
    digest_of(&lane, &ret);
    return ret;
}

// ---- many leaves --------------------------------------------------------
// A lane whose message ends takes the next one, so that lanes stay full
// whatever the lengths are. It was prepared one message ahead: bytes that were
// just stored in other pieces would be slow to load.
struct batch {
    const gw_span *entries;
    size_t n, next;
    struct gw_hash32 *ret;
    struct sha256_lane lanes[SHA256_LANES];
    struct message m[SHA256_LANES][2];
    size_t of[SHA256_LANES][2]; // the entry each is made of; n: none
    int now[SHA256_LANES];      // which of the two
};

static const gw_span leaf_prefix = GW_LIT_INIT("\0");
static void prepare_ahead(struct batch *b, int lane)
{
    int ahead = !b->now[lane];
    b->of[lane][ahead] = b->next;
    if (b->next < b->n)
        prepare(&b->m[lane][ahead], leaf_prefix, b->entries[b->next++]);
}

static void turn(struct batch *b, int lane)
{
    b->now[lane] = !b->now[lane];
    start(&b->lanes[lane]);
    prepare_ahead(b, lane);
}

// How many blocks come next in the lane; 0: there is no more for it.
static size_t feed(struct batch *b, int lane)
{
    for (;;) {
        int now = b->now[lane];
        if (b->of[lane][now] == b->n)
            return 0;
        size_t blocks = next_blocks(&b->m[lane][now], &b->lanes[lane]);
        if (blocks)
            return blocks;
        digest_of(&b->lanes[lane], &b->ret[b->of[lane][now]]);
        turn(b, lane);
    }
}

// How many come next in all lanes.
static size_t feed_all(struct batch *b)
{
    size_t common = SIZE_MAX;
    for (int i = 0; i < SHA256_LANES && common; i++) {
        size_t blocks = feed(b, i);
        common = blocks < common ? blocks : common;
    }
    return common;
}

static void move_on(struct batch *b, int lane, size_t blocks)
{
    passed(&b->m[lane][b->now[lane]], &b->lanes[lane], blocks);
}

void sha256_leaves_by(const struct sha256_kernel *k, const gw_span *entries,
                      size_t n, struct gw_hash32 *ret)
{
    struct batch b = {.entries = entries, .n = n, .ret = ret};
    size_t blocks;
    for (int i = 0; i < SHA256_LANES; i++) {
        prepare_ahead(&b, i);
        turn(&b, i);
    }
    while ((blocks = feed_all(&b))) {
        k->many(b.lanes, blocks);
        for (int i = 0; i < SHA256_LANES; i++)
            move_on(&b, i, blocks);
    }
    for (int i = 0; i < SHA256_LANES; i++)
        for (; (blocks = feed(&b, i)); move_on(&b, i, blocks))
            k->one(&b.lanes[i], blocks);
}

// ---- the face -----------------------------------------------------------
static const struct sha256_kernel *kernel(void)
{
    const struct sha256_kernel *ni = sha256_ni();
    return ni ? ni : &sha256_portable;
}

const char *gw_sha256_kernel(void)
{
    return kernel()->name;
}

struct gw_hash32 gw_sha256(gw_span bytes)
{
    return sha256_by(kernel(), bytes, (gw_span){0});
}

struct gw_hash32 gw_sha256_two(gw_span a, gw_span b)
{
    return sha256_by(kernel(), a, b);
}

struct gw_hash32 gw_leaf_hash(gw_span entry)
{
    return sha256_by(kernel(), leaf_prefix, entry);
}

struct gw_hash32 gw_node_hash(const struct gw_hash32 *left,
                              const struct gw_hash32 *right)
{
    const struct gw_hash32 in[2] = {*left, *right};
    struct gw_hash32 ret;
    kernel()->nodes(in, 1, &ret);
    return ret;
}

void gw_leaf_hashes(const gw_span *entries, size_t n, struct gw_hash32 *ret)
{
    sha256_leaves_by(kernel(), entries, n, ret);
}

void gw_node_hashes(const struct gw_hash32 *in, size_t n, struct gw_hash32 *ret)
{
    kernel()->nodes(in, n, ret);
}

// RFC 2104 section 2.
struct gw_hash32 gw_hmac_sha256(gw_span key, gw_span message)
{
    uint8_t pad[SHA256_BLOCK] = {0};
    struct gw_hash32 short_key, inner, ret;
    if (key.len > sizeof pad) {
        short_key = gw_sha256(key);
        key = gw_span_of(short_key.at, GW_HASH_LEN);
    }
    if (key.len)
        memcpy(pad, key.at, key.len);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36;
    inner = gw_sha256_two(gw_span_of(pad, sizeof pad), message);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    ret = gw_sha256_two(gw_span_of(pad, sizeof pad),
                        gw_span_of(inner.at, GW_HASH_LEN));
    gw_wipe(pad, sizeof pad);
    return ret;
}
