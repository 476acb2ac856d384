// SHA-256 with the x86 SHA instructions. One stream waits for itself most of
// the time, so two go side by side; four do not fit the registers and gained
// nothing more.
#include "seal/sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

// The SHA instructions have no VEX form and crawl while the upper halves of
// the vector registers are in use. So they are allowed function by function,
// in a file of their own: nothing here is compiled for AVX, and a compiler
// clears those halves where it calls from code that is.
#define NI     __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE NI static inline __attribute__((always_inline))

struct stream {
    __m128i abef, cdgh; // the state
    __m128i w[4];       // the last sixteen words of the message schedule
};

INLINE __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

INLINE void store(void *at, __m128i v)
{
    _mm_storeu_si128((__m128i *)at, v);
}

INLINE __m128i big_endian(__m128i v)
{
    return _mm_shuffle_epi8(
        v, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

INLINE void load_state(struct stream *s, const uint32_t state[8])
{
    s->abef = load(state);
    s->cdgh = load(state + 4);
}

INLINE void load_block(struct stream *s, const uint8_t *at)
{
    s->w[0] = big_endian(load(at));
    s->w[1] = big_endian(load(at + 16));
    s->w[2] = big_endian(load(at + 32));
    s->w[3] = big_endian(load(at + 48));
}

// Rounds 4g to 4g+3, then words 4g+4 to 4g+7 of the schedule in the place of
// the oldest ones.
INLINE void four_rounds(struct stream *s, int g)
{
    __m128i now = s->w[g % 4];
    __m128i k = _mm_add_epi32(now, load(sha256_k + 4 * (ptrdiff_t)g));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, k);
    k = _mm_shuffle_epi32(k, 0x0e);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, k);
    if (g < 3 || g == 15)
        return;
    __m128i *oldest = &s->w[(g + 1) % 4];
    __m128i sum = _mm_sha256msg1_epu32(*oldest, s->w[(g + 2) % 4]);
    sum = _mm_add_epi32(sum, _mm_alignr_epi8(now, s->w[(g + 3) % 4], 4));
    *oldest = _mm_sha256msg2_epu32(sum, now);
}

// Of one stream, or of two side by side (b may be NULL).
INLINE void step(struct stream *a, struct stream *b, int g)
{
    four_rounds(a, g);
    if (b)
        four_rounds(b, g);
}

INLINE void four_steps(struct stream *a, struct stream *b, int g)
{
    step(a, b, g);
    step(a, b, g + 1);
    step(a, b, g + 2);
    step(a, b, g + 3);
}

// The block in w.
INLINE void compress(struct stream *a, struct stream *b)
{
    struct stream a_was = *a, b_was = b ? *b : *a;
    four_steps(a, b, 0);
    four_steps(a, b, 4);
    four_steps(a, b, 8);
    four_steps(a, b, 12);
    a->abef = _mm_add_epi32(a->abef, a_was.abef);
    a->cdgh = _mm_add_epi32(a->cdgh, a_was.cdgh);
    if (!b)
        return;
    b->abef = _mm_add_epi32(b->abef, b_was.abef);
    b->cdgh = _mm_add_epi32(b->cdgh, b_was.cdgh);
}

INLINE void lanes(struct sha256_lane *x, struct sha256_lane *y, size_t blocks)
{
    struct stream a, b;
    load_state(&a, x->state);
    load_state(&b, (y ? y : x)->state);
    for (; blocks; blocks--) {
        load_block(&a, x->at);
        x->at += SHA256_BLOCK;
        if (y) {
            load_block(&b, y->at);
            y->at += SHA256_BLOCK;
        }
        compress(&a, y ? &b : NULL);
    }
    store(x->state, a.abef);
    store(x->state + 4, a.cdgh);
    if (!y)
        return;
    store(y->state, b.abef);
    store(y->state + 4, b.cdgh);
}

NI static void one(struct sha256_lane *lane, size_t blocks)
{
    lanes(lane, NULL, blocks);
}

NI static void many(struct sha256_lane *two, size_t blocks)
{
    lanes(two, two + 1, blocks);
}

// ---- nodes --------------------------------------------------------------
// 0x01 and two hashes are 65 bytes. They are shifted into place in registers:
// bytes that were just stored in other pieces would be slow to load again.
INLINE void first_block(struct stream *s, const struct gw_hash32 *in)
{
    const __m128i prefix = _mm_set_epi64x(INT64_C(1) << 56, 0);
    __m128i a = load(in[0].at), b = load(in[0].at + 16);
    __m128i c = load(in[1].at), d = load(in[1].at + 16);
    load_state(s, sha256_initial);
    s->w[0] = big_endian(_mm_alignr_epi8(a, prefix, 15));
    s->w[1] = big_endian(_mm_alignr_epi8(b, a, 15));
    s->w[2] = big_endian(_mm_alignr_epi8(c, b, 15));
    s->w[3] = big_endian(_mm_alignr_epi8(d, c, 15));
}

// The last byte, a one bit, zeros, and the length in bits.
INLINE void second_block(struct stream *s, const struct gw_hash32 *in)
{
    __m128i d = load(in[1].at + 16), end = _mm_set_epi64x(0, 0x80);
    s->w[0] = big_endian(_mm_alignr_epi8(end, d, 15));
    s->w[1] = s->w[2] = _mm_setzero_si128();
    s->w[3] = _mm_set_epi32(65 * 8, 0, 0, 0);
}

INLINE void digest(const struct stream *s, struct gw_hash32 *ret)
{
    __m128i abef = _mm_shuffle_epi32(s->abef, 0x1b);
    __m128i cdgh = _mm_shuffle_epi32(s->cdgh, 0x1b);
    store(ret->at, big_endian(_mm_unpacklo_epi64(abef, cdgh)));
    store(ret->at + 16, big_endian(_mm_unpackhi_epi64(abef, cdgh)));
}

NI static void nodes(const struct gw_hash32 *in, size_t n,
                     struct gw_hash32 *ret)
{
    struct stream a, b;
    for (; n >= 2; n -= 2, in += 4, ret += 2) {
        first_block(&a, in);
        first_block(&b, in + 2);
        compress(&a, &b);
        second_block(&a, in);
        second_block(&b, in + 2);
        compress(&a, &b);
        digest(&a, ret);
        digest(&b, ret + 1);
    }
    if (!n)
        return;
    first_block(&a, in);
    compress(&a, NULL);
    second_block(&a, in);
    compress(&a, NULL);
    digest(&a, ret);
}

// ---- the choice ---------------------------------------------------------
static const struct sha256_kernel ni = {"sha-ni x2", one, many, nodes};

static bool processor_has_it(void)
{
    unsigned a, b = 0, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) &&
           (c & bit_SSE4_1) && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (b & bit_SHA);
}

const struct sha256_kernel *sha256_ni(void)
{
    // cpuid costs microseconds in a virtual machine: its answer, a constant
    // of the processor, is kept. 0: not asked yet.
    static atomic_int has = 0;
    int known = atomic_load_explicit(&has, memory_order_relaxed);
    if (!known) {
        known = processor_has_it() ? 1 : -1;
        atomic_store_explicit(&has, known, memory_order_relaxed);
    }
    return known > 0 ? &ni : NULL;
}

#else

const struct sha256_kernel *sha256_ni(void)
{
    return NULL;
}

#endif
