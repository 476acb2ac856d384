// base64 (RFC 4648 section 4), decoded strictly: 32 characters at a time where
// the processor has AVX2, four at a time through a table elsewhere.
#include "wire/base64.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The six bits of each character of the alphabet, plus IN; 0 for all others.
enum { IN = 64 };
#define FOUR(c, v)                                                             \
    [c] = IN + (v), [(c) + 1] = IN + (v) + 1, [(c) + 2] = IN + (v) + 2,        \
    [(c) + 3] = IN + (v) + 3
static const uint8_t sextet[256] = {
    FOUR('A', 0),    FOUR('E', 4),    FOUR('I', 8),  FOUR('M', 12),
    FOUR('Q', 16),   FOUR('U', 20),   ['Y'] = 88,    ['Z'] = 89,
    FOUR('a', 26),   FOUR('e', 30),   FOUR('i', 34), FOUR('m', 38),
    FOUR('q', 42),   FOUR('u', 46),   ['y'] = 114,   ['z'] = 115,
    FOUR('0', 52),   FOUR('4', 56),   ['8'] = 124,   ['9'] = 125,
    ['+'] = IN + 62, ['/'] = IN + 63,
};

static void put_three(uint8_t *out, uint32_t bits)
{
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
}

// Decodes whole quanta from the front: four characters to three bytes. Stops
// at the first that holds anything but the alphabet; returns what it passed.
typedef size_t quanta_fn(const uint8_t *in, size_t len, uint8_t *out);

static size_t quanta_portable(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t i = 0;
    for (; len - i >= 4; i += 4, out += 3) {
        uint32_t a = sextet[in[i]], b = sextet[in[i + 1]];
        uint32_t c = sextet[in[i + 2]], d = sextet[in[i + 3]];
        if (!(a & b & c & d & IN))
            break;
        put_three(out,
                  (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63));
    }
    return i;
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

// add where c is in first..last (all below 0x80, where bytes compare signed).
AVX2 static __m256i add_if(__m256i c, char first, char last, char add)
{
    __m256i from = _mm256_cmpgt_epi8(c, _mm256_set1_epi8((char)(first - 1)));
    __m256i to = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(last + 1)), c);
    return _mm256_and_si256(_mm256_and_si256(from, to), _mm256_set1_epi8(add));
}

// Each character's distance to its six bits; 0 for what is no alphabet.
AVX2 static __m256i distance(__m256i c)
{
    __m256i letter = _mm256_or_si256(add_if(c, 'A', 'Z', 0 - 'A'),
                                     add_if(c, 'a', 'z', 26 - 'a'));
    __m256i sign = _mm256_or_si256(add_if(c, '+', '+', 62 - '+'),
                                   add_if(c, '/', '/', 63 - '/'));
    return _mm256_or_si256(_mm256_or_si256(letter, sign),
                           add_if(c, '0', '9', 52 - '0'));
}

// 32 times six bits, in bytes, to 24 bytes at out.
AVX2 static void pack(__m256i six, uint8_t *out)
{
    const __m256i order = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, //
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    __m256i twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi16(0x0140));
    __m256i bits = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
    __m256i bytes =
        _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(bits, order),
                                    _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)(void *)(out + 16),
                     _mm256_extracti128_si256(bytes, 1));
}

AVX2 static size_t quanta_avx2(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t i = 0;
    for (; len - i >= 32; i += 32, out += 24) {
        __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(in + i));
        __m256i add = distance(c);
        __m256i wrong = _mm256_cmpeq_epi8(add, _mm256_setzero_si256());
        if (_mm256_movemask_epi8(wrong))
            break;
        pack(_mm256_add_epi8(c, add), out);
    }
    return i + quanta_portable(in + i, len - i, out);
}
#endif

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Collects up to four sextets, passing over blanks; stops at anything else.
static int one_quantum(gw_span s, size_t *at, uint32_t *ret_bits)
{
    int have = 0;
    uint32_t bits = 0;
    for (; *at < s.len && have < 4; ++*at) {
        uint8_t v = sextet[s.at[*at]];
        if (v) {
            bits = bits << 6 | (v & 63);
            have++;
        } else if (!blank(s.at[*at])) {
            break;
        }
    }
    *ret_bits = bits;
    return have;
}

// Whether nothing but right padding (or none) and blanks follows.
static bool ends_well(gw_span s, size_t at, int have)
{
    int pads = 0;
    for (; at < s.len; at++) {
        if (s.at[at] == '=' && pads < 2)
            pads++;
        else if (!blank(s.at[at]))
            return false;
    }
    return have != 1 && (pads == 0 || (have && have + pads == 4));
}

static int64_t decode(gw_span s, uint8_t *out, quanta_fn *quanta)
{
    size_t at = 0, len = 0;
    uint32_t bits;
    for (;;) {
        size_t n = at < s.len ? quanta(s.at + at, s.len - at, out + len) : 0;
        at += n;
        len += n / 4 * 3;
        int have = one_quantum(s, &at, &bits);
        if (have == 4) {
            put_three(out + len, bits);
            len += 3;
            continue;
        }
        if (!ends_well(s, at, have))
            return GW_EFORMAT;
        if (have >= 2)
            out[len++] = (uint8_t)(bits << 6 * (4 - have) >> 16);
        if (have == 3)
            out[len++] = (uint8_t)(bits >> 2);
        return (int64_t)len;
    }
}

int64_t gw_base64_decode_portable(gw_span s, uint8_t *ret_bytes)
{
    return decode(s, ret_bytes, quanta_portable);
}

int64_t gw_base64_decode(gw_span s, uint8_t *ret_bytes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return decode(s, ret_bytes, quanta_avx2);
#endif
    return decode(s, ret_bytes, quanta_portable);
}

static void put_quantum(uint8_t *out, uint32_t bits)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)alphabet[bits >> (18 - 6 * i) & 63];
}

void gw_base64_put(struct gw_buf *b, gw_span bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4, i = 0;
    const uint8_t *in = bytes.at;
    uint8_t *out = len ? gw_buf_room(b, len) : NULL;
    if (!out)
        return;
    b->len += len;
    for (; bytes.len - i >= 3; i += 3, out += 4)
        put_quantum(out, (uint32_t)(in[i] << 16 | in[i + 1] << 8 | in[i + 2]));
    size_t left = bytes.len - i;
    if (!left)
        return;
    put_quantum(out,
                (uint32_t)(in[i] << 16 | (left == 2 ? in[i + 1] << 8 : 0)));
    memset(out + 1 + left, '=', 3 - left);
}
