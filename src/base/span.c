// Borrowed text: compare, cut and read without copying.
#include "base/base.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool gw_eq_nocase(gw_span a, gw_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool gw_starts(gw_span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && (!n || memcmp(s.at, prefix, n) == 0);
}

bool gw_ends(gw_span s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len >= n && (!n || memcmp(s.at + s.len - n, suffix, n) == 0);
}

int64_t gw_find(gw_span s, gw_span needle, size_t from)
{
    if (from > s.len)
        return -1;
    if (!needle.len)
        return (int64_t)from;
    if (!s.len)
        return -1;
    const uint8_t *hit =
        memmem(s.at + from, s.len - from, needle.at, needle.len);
    return hit ? (int64_t)(hit - s.at) : -1;
}

int gw_cmp(gw_span a, gw_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.at, b.at, n) : 0;
    if (c)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

gw_span gw_trim(gw_span s)
{
    while (s.len && blank(s.at[0]))
        s = gw_span_of(s.at + 1, s.len - 1);
    while (s.len && blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

gw_span gw_sub(gw_span s, size_t from, size_t len)
{
    if (from >= s.len)
        return gw_span_of(s.at ? s.at + s.len : NULL, 0);
    size_t left = s.len - from;
    return gw_span_of(s.at + from, len < left ? len : left);
}

gw_span gw_cut(gw_span *rest, char sep)
{
    const uint8_t *hit = rest->len ? memchr(rest->at, sep, rest->len) : NULL;
    gw_span head = *rest;
    if (!hit) {
        *rest = gw_span_of(rest->at ? rest->at + rest->len : NULL, 0);
        return head;
    }
    head.len = (size_t)(hit - rest->at);
    *rest = gw_span_of(hit + 1, rest->len - head.len - 1);
    return head;
}

bool gw_parse_uint(gw_span s, uint64_t max, uint64_t *ret_value)
{
    uint64_t v = 0;
    if (!s.len || s.len > 20)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint64_t d = (uint64_t)s.at[i] - '0';
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    if (v > max)
        return false;
    *ret_value = v;
    return true;
}

bool gw_parse_int(gw_span s, int64_t *ret_value)
{
    bool minus = s.len && s.at[0] == '-';
    uint64_t v;
    if (!gw_parse_uint(minus ? gw_sub(s, 1, s.len) : s, INT64_MAX, &v))
        return false;
    *ret_value = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

bool gw_parse_real(gw_span s, double *ret_value)
{
    char text[64];
    if (!s.len || s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789+-.eE", s.at[i]) || !s.at[i])
            return false;
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    char *end;
    double v = strtod(text, &end);
    if (*end || end == text || v - v != 0)
        return false;
    *ret_value = v;
    return true;
}

// Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 if none.
static size_t utf8_len(const uint8_t *p, size_t left)
{
    uint8_t c = p[0], low = 0x80, high = 0xbf;
    size_t n;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        n = 2;
    else if (c >= 0xe0 && c <= 0xef)
        n = 3, low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
    else if (c >= 0xf0 && c <= 0xf4)
        n = 4, low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
    else
        return 0;
    if (left < n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool gw_is_utf8(gw_span s)
{
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_len(s.at + i, s.len - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

void gw_hex(const uint8_t *at, size_t len, char *ret_text)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = digit[at[i] >> 4];
        ret_text[2 * i + 1] = digit[at[i] & 15];
    }
    ret_text[2 * len] = 0;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gw_unhex(gw_span s, uint8_t *ret_bytes)
{
    if (s.len % 2)
        return false;
    for (size_t i = 0; i < s.len; i += 2) {
        int high = nibble(s.at[i]), low = nibble(s.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide m = (wide)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t load8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

// All of 1 to 7 bytes in one word, without a loop.
static uint64_t load_few(const uint8_t *p, size_t n)
{
    uint32_t a, b;
    if (n < 4)
        return (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1];
    memcpy(&a, p, sizeof a);
    memcpy(&b, p + n - 4, sizeof b);
    return (uint64_t)a << 32 | b;
}

uint64_t gw_hash(gw_span s, uint64_t seed)
{
    const uint64_t k1 = UINT64_C(0xa0761d6478bd642f);
    const uint64_t k2 = UINT64_C(0xe7037ed1a0b428db);
    const uint8_t *p = s.at;
    size_t n = s.len;
    uint64_t h = seed ^ k1;
    for (; n >= 16; p += 16, n -= 16)
        h = mix(load8(p) ^ k2, load8(p + 8) ^ h);
    if (n >= 8)
        h = mix(load8(p) ^ k2, load8(p + n - 8) ^ h);
    else if (n)
        h = mix(load_few(p, n) ^ k2, h ^ n);
    return mix(h ^ k1, s.len ^ k2);
}
