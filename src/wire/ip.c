// IP addresses: text to bytes (RFC 4291), bytes to text (RFC 5952), and which
// of them no public site can have (IANA special-purpose address registries).
#include "wire/wire.h"

#include <endian.h>

enum { WORDS = 8 };

// ---- text to bytes ------------------------------------------------------

// Exactly four decimal numbers; a leading zero is refused, because some
// readers take it for octal.
static bool parse_quad(const uint8_t *p, size_t len, uint8_t *ret_bytes)
{
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        if (part && (i == len || p[i++] != '.'))
            return false;
        size_t start = i;
        unsigned v = 0;
        for (; i < len && i - start < 3 && (unsigned)p[i] - '0' <= 9; i++)
            v = v * 10 + (unsigned)p[i] - '0';
        if (i == start || v > 255 || (p[start] == '0' && i - start > 1))
            return false;
        ret_bytes[part] = (uint8_t)v;
    }
    return i == len;
}

static int hex_digit(uint8_t c)
{
    unsigned digit = (unsigned)c - '0', letter = (c | 0x20U) - 'a';
    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

// Up to four hex digits; returns how many there are.
static size_t parse_group(const uint8_t *p, size_t len, unsigned *ret_value)
{
    size_t n = 0;
    unsigned v = 0;
    for (int d; n < len && n < 4 && (d = hex_digit(p[n])) >= 0; n++)
        v = v << 4 | (unsigned)d;
    *ret_value = v;
    return n;
}

// The groups that "::" stands for, opened at byte gap of the n that were read.
// It stands for at least one (RFC 4291 2.2).
static bool open_gap(uint8_t *bytes, size_t n, size_t gap)
{
    if (n == 16)
        return false;
    memmove(bytes + 16 - (n - gap), bytes + gap, n - gap);
    memset(bytes + gap, 0, 16 - n);
    return true;
}

// RFC 4291 2.2, forms 1 to 3. len is at least 2.
static bool parse_v6(const uint8_t *p, size_t len, uint8_t *ret_bytes)
{
    const size_t none = SIZE_MAX;
    bool gap_first = p[0] == ':' && p[1] == ':';
    size_t gap = gap_first ? 0 : none, i = gap_first ? 2 : 0, n = 0;
    while (i < len) {
        unsigned v;
        size_t digits = parse_group(p + i, len - i, &v);
        if (!digits || n == 16)
            return false;
        if (i + digits < len && p[i + digits] == '.') {
            if (n > 12 || !parse_quad(p + i, len - i, ret_bytes + n))
                return false;
            n += 4;
            break;
        }
        ret_bytes[n++] = (uint8_t)(v >> 8);
        ret_bytes[n++] = (uint8_t)v;
        i += digits;
        if (i == len)
            break;
        if (p[i++] != ':' || i == len)
            return false;
        if (p[i] == ':') {
            if (gap != none)
                return false;
            gap = n;
            i++;
        }
    }
    return gap == none ? n == 16 : open_gap(ret_bytes, n, gap);
}

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool gw_ip_parse(gw_span s, gw_ip *ret_ip)
{
    gw_ip ip = {0};
    if (s.len < 2 || s.len >= GW_IP_TEXT)
        return false;
    ip.v6 = memchr(s.at, ':', s.len) != NULL;
    if (ip.v6) {
        if (!parse_v6(s.at, s.len, ip.bytes))
            return false;
    } else {
        memcpy(ip.bytes, mapped_prefix, sizeof mapped_prefix);
        if (!parse_quad(s.at, s.len, ip.bytes + 12))
            return false;
    }
    *ret_ip = ip;
    return true;
}

// ---- bytes to text ------------------------------------------------------

static char *put_quad(char *p, const uint8_t *bytes)
{
    for (int part = 0; part < 4; part++) {
        unsigned v = bytes[part];
        if (part)
            *p++ = '.';
        if (v >= 100)
            *p++ = (char)('0' + v / 100);
        if (v >= 10)
            *p++ = (char)('0' + v / 10 % 10);
        *p++ = (char)('0' + v % 10);
    }
    return p;
}

static char *put_group(char *p, unsigned v)
{
    static const char digit[] = "0123456789abcdef";
    for (int shift = 12; shift >= 0; shift -= 4)
        if (v >> shift || !shift)
            *p++ = digit[v >> shift & 15];
    return p;
}

static unsigned word_at(const gw_ip *ip, int i)
{
    const uint8_t *p = ip->bytes + (size_t)i * 2;
    return (unsigned)p[0] << 8 | p[1];
}

// The run of zero groups that "::" replaces: the longest, the first of equals,
// and never a lone group (RFC 5952 4.2). Returns its length, 0 if none.
static int longest_gap(const gw_ip *ip, int *ret_start)
{
    int best = 1;
    *ret_start = -1;
    for (int i = 0, run = 0; i < WORDS; i++) {
        run = word_at(ip, i) ? 0 : run + 1;
        if (run > best) {
            best = run;
            *ret_start = i - run + 1;
        }
    }
    return *ret_start < 0 ? 0 : best;
}

static bool is_mapped(const gw_ip *ip)
{
    return memcmp(ip->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

size_t gw_ip_format(const gw_ip *ip, char *ret_text)
{
    char *p = ret_text;
    bool quad = !ip->v6 || is_mapped(ip); // RFC 5952 5
    if (ip->v6) {
        int gap, gap_len = longest_gap(ip, &gap);
        for (int i = 0; i < (quad ? 6 : WORDS); i++) {
            if (i == gap) {
                *p++ = ':';
                *p++ = ':';
                i += gap_len - 1;
                continue;
            }
            if (i && p[-1] != ':')
                *p++ = ':';
            p = put_group(p, word_at(ip, i));
        }
        if (quad)
            *p++ = ':';
    }
    if (quad)
        p = put_quad(p, ip->bytes + 12);
    *p = 0;
    return (size_t)(p - ret_text);
}

// ---- special-purpose addresses ------------------------------------------

#define QUAD(a, b, c, d)                                                       \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (c) << 8 | (d))

// IANA IPv4 Special-Purpose Address Registry as of 2025-10-09, rows that are
// not globally reachable, below multicast. The first row that fits decides, so
// exceptions stand before their block. 192.88.99.0/24 (6to4 relays, withdrawn
// by RFC 7526) has no reachability there and is let pass, all but one address.
static const struct {
    uint32_t net;
    uint8_t bits;
    bool bogon;
} v4_blocks[] = {
    {QUAD(0, 0, 0, 0), 8, true},       // this network, RFC 791
    {QUAD(10, 0, 0, 0), 8, true},      // private, RFC 1918
    {QUAD(100, 64, 0, 0), 10, true},   // carrier NAT, RFC 6598
    {QUAD(127, 0, 0, 0), 8, true},     // loopback, RFC 1122
    {QUAD(169, 254, 0, 0), 16, true},  // link local, RFC 3927
    {QUAD(172, 16, 0, 0), 12, true},   // private, RFC 1918
    {QUAD(192, 0, 0, 9), 32, false},   // port control anycast, RFC 7723
    {QUAD(192, 0, 0, 10), 32, false},  // TURN anycast, RFC 8155
    {QUAD(192, 0, 0, 0), 24, true},    // IETF protocols, RFC 6890
    {QUAD(192, 0, 2, 0), 24, true},    // documentation, RFC 5737
    {QUAD(192, 88, 99, 2), 32, true},  // 6a44 relay, RFC 6751
    {QUAD(192, 168, 0, 0), 16, true},  // private, RFC 1918
    {QUAD(198, 18, 0, 0), 15, true},   // benchmarks, RFC 2544
    {QUAD(198, 51, 100, 0), 24, true}, // documentation, RFC 5737
    {QUAD(203, 0, 113, 0), 24, true},  // documentation, RFC 5737
};

static bool v4_is_bogon(uint32_t ip)
{
    switch (ip >> 24) { // the first bytes that have a row
    case 0:
    case 10:
    case 100:
    case 127:
    case 169:
    case 172:
    case 192:
    case 198:
    case 203: break;
    default: return ip >> 24 >= 224; // multicast RFC 5771, reserved RFC 1112
    }
    for (size_t i = 0; i < GW_COUNT(v4_blocks); i++)
        if ((ip ^ v4_blocks[i].net) >> (32 - v4_blocks[i].bits) == 0)
            return v4_blocks[i].bogon;
    return false;
}

enum judged {
    BOGON,
    REACHABLE,
    BY_LAST_32,     // IPv4 in the last four bytes
    BY_LAST_32_NOT, // the same, inverted (RFC 4380 4)
    BY_BYTE_2,      // IPv4 after the first two bytes (RFC 3056 2)
};

#define HIGH(a, b, c, d)                                                       \
    (UINT64_C(a) << 48 | UINT64_C(b) << 32 | UINT64_C(c) << 16 | UINT64_C(d))
#define ALL      UINT64_MAX
#define FIRST(n) (ALL << (64 - (n)))

// IANA IPv6 Special-Purpose Address Registry as of 2025-10-09, with the
// deprecated site-local block and multicast. The first row that fits decides.
// Two tables, by whether the first byte is 0x20, keep the walk short.
struct v6_block {
    uint64_t high, low, high_mask, low_mask;
    enum judged judged;
};
static const struct v6_block v6_from_20[] = {
    // Teredo, RFC 4380; 6to4, RFC 3056
    {HIGH(0x2001, 0, 0, 0), 0, FIRST(32), 0, BY_LAST_32_NOT},
    {HIGH(0x2002, 0, 0, 0), 0, FIRST(16), 0, BY_BYTE_2},
    // anycast of port control RFC 7723, TURN RFC 8155, DNS-SD RFC 9665
    {HIGH(0x2001, 1, 0, 0), 1, ALL, ALL, REACHABLE},
    {HIGH(0x2001, 1, 0, 0), 2, ALL, ALL, REACHABLE},
    {HIGH(0x2001, 1, 0, 0), 3, ALL, ALL, REACHABLE},
    // AMT, RFC 7450; AS112, RFC 7535; ORCHIDv2, RFC 7343; drones, RFC 9374
    {HIGH(0x2001, 3, 0, 0), 0, FIRST(32), 0, REACHABLE},
    {HIGH(0x2001, 4, 0x112, 0), 0, FIRST(48), 0, REACHABLE},
    {HIGH(0x2001, 0x20, 0, 0), 0, FIRST(28), 0, REACHABLE},
    {HIGH(0x2001, 0x30, 0, 0), 0, FIRST(28), 0, REACHABLE},
    // the rest of the IETF's block, RFC 2928
    {HIGH(0x2001, 0, 0, 0), 0, FIRST(23), 0, BOGON},
    // documentation, RFC 3849
    {HIGH(0x2001, 0xdb8, 0, 0), 0, FIRST(32), 0, BOGON},
};
static const struct v6_block v6_elsewhere[] = {
    // unspecified and loopback, RFC 4291
    {0, 0, ALL, ALL, BOGON},
    {0, 1, ALL, ALL, BOGON},
    // IPv4-mapped, RFC 4291; NAT64, RFC 6052; NAT64 of local use, RFC 8215
    {0, HIGH(0, 0xffff, 0, 0), ALL, FIRST(32), BY_LAST_32},
    {HIGH(0x64, 0xff9b, 0, 0), 0, ALL, FIRST(32), BY_LAST_32},
    {HIGH(0x64, 0xff9b, 1, 0), 0, FIRST(48), 0, BOGON},
    // discard only, RFC 6666; dummy prefix, RFC 9780
    {HIGH(0x100, 0, 0, 0), 0, ALL, 0, BOGON},
    {HIGH(0x100, 0, 0, 1), 0, ALL, 0, BOGON},
    // documentation, RFC 9637; segment routing, RFC 9602
    {HIGH(0x3fff, 0, 0, 0), 0, FIRST(20), 0, BOGON},
    {HIGH(0x5f00, 0, 0, 0), 0, FIRST(16), 0, BOGON},
    // unique local RFC 4193, link local RFC 4291, site local RFC 3879
    {HIGH(0xfc00, 0, 0, 0), 0, FIRST(7), 0, BOGON},
    {HIGH(0xfe80, 0, 0, 0), 0, FIRST(10), 0, BOGON},
    {HIGH(0xfec0, 0, 0, 0), 0, FIRST(10), 0, BOGON},
    // multicast, RFC 4291
    {HIGH(0xff00, 0, 0, 0), 0, FIRST(8), 0, BOGON},
};

static enum judged judge_v6(uint64_t high, uint64_t low)
{
    bool from_20 = high >> 56 == 0x20;
    const struct v6_block *b = from_20 ? v6_from_20 : v6_elsewhere;
    size_t n = from_20 ? GW_COUNT(v6_from_20) : GW_COUNT(v6_elsewhere);
    for (; n; n--, b++)
        if (!((high ^ b->high) & b->high_mask) &&
            !((low ^ b->low) & b->low_mask))
            return b->judged;
    return REACHABLE;
}

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return be64toh(v);
}

bool gw_ip_is_bogon(const gw_ip *ip)
{
    uint64_t low = load_be64(ip->bytes + 8);
    if (!ip->v6)
        return v4_is_bogon((uint32_t)low);
    // Where most addresses in use begin: no row does.
    if (ip->bytes[0] > 0x20 && ip->bytes[0] < 0x3f)
        return false;
    uint64_t high = load_be64(ip->bytes);
    switch (judge_v6(high, low)) {
    case BOGON: return true;
    case BY_LAST_32: return v4_is_bogon((uint32_t)low);
    case BY_LAST_32_NOT: return v4_is_bogon(~(uint32_t)low);
    case BY_BYTE_2: return v4_is_bogon((uint32_t)(high >> 16));
    case REACHABLE: break;
    }
    return false;
}

bool gw_ip_is_loopback(const gw_ip *ip)
{
    if (!ip->v6 || is_mapped(ip))
        return ip->bytes[12] == 127;
    return load_be64(ip->bytes) == 0 && load_be64(ip->bytes + 8) == 1;
}
