// Host names: the form in which they are compared (IDNA 2008 and UTS 46
// through libidn2), endpoints, URLs (RFC 3986) and registrable domains (the
// Public Suffix List through libpsl).
#include "wire/wire.h"

#include <idn2.h>
#include <libpsl.h>

enum {
    DOMAIN_MAX = 253,       // RFC 1035 2.3.4, as text
    MAPPED_NAME_MAX = 1024, // of UTF-8; what is longer only gets lower case
    MAPPED_LABEL_MAX = 255,
};

// ---- normal form --------------------------------------------------------

static gw_span without_final_dots(gw_span s)
{
    while (s.len && s.at[s.len - 1] == '.')
        s.len--;
    return s;
}

// Lower case, digit, '-', '.' or '/': bytes that never change.
static bool is_plain(uint8_t c)
{
    return (uint8_t)(c - 'a') < 26 || (uint8_t)(c - '-') < 13;
}

static bool is_ascii(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] & 0x80)
            return false;
    return true;
}

static void lower_case(const uint8_t *from, size_t len, uint8_t *ret_text)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = from[i];
        ret_text[i] = (uint8_t)(c | ((uint8_t)(c - 'A') < 26) << 5);
    }
}

// Length of the dot at that place, 0 if there is none. UTS 46 takes U+3002,
// U+FF0E and U+FF61 for dots.
static size_t dot_len(gw_span s, size_t at)
{
    static const uint8_t wide[3][3] = {
        {0xe3, 0x80, 0x82}, {0xef, 0xbc, 0x8e}, {0xef, 0xbd, 0xa1}};
    if (s.at[at] == '.')
        return 1;
    for (size_t i = 0; s.len - at >= 3 && i < GW_COUNT(wide); i++)
        if (memcmp(s.at + at, wide[i], 3) == 0)
            return 3;
    return 0;
}

// One label as an A-label, or as it is where IDNA refuses it. Label by label,
// so that an odd neighbour ("r3---sn-x") does not keep the others unmapped;
// what is ASCII stays, so that a name and its A-label form stay equal.
static void put_label(struct gw_buf *out, gw_span label)
{
    char text[MAPPED_LABEL_MAX + 1];
    uint8_t *mapped = NULL;
    int rc = IDN2_ENCODING_ERROR;
    bool worth = !is_ascii(label) && label.len <= MAPPED_LABEL_MAX &&
                 !memchr(label.at, 0, label.len);
    if (worth) {
        memcpy(text, label.at, label.len);
        text[label.len] = 0;
        rc = idn2_lookup_u8((const uint8_t *)text, &mapped,
                            IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    }
    if (rc == IDN2_MALLOC)
        out->err = GW_ENOMEM;
    else
        gw_put_span(out, rc == IDN2_OK ? gw_str((char *)mapped) : label);
    idn2_free(mapped);
}

static void put_labels(struct gw_buf *out, gw_span name)
{
    size_t start = 0;
    for (size_t i = 0, dot; i < name.len && !out->err; i += dot ? dot : 1) {
        dot = dot_len(name, i);
        if (!dot)
            continue;
        put_label(out, gw_sub(name, start, i - start));
        gw_put_u8(out, '.');
        start = i + dot;
    }
    put_label(out, gw_sub(name, start, name.len - start));
}

// An IPv6 address, in brackets or not, goes to its shortest text. IPv4 text
// has one form only.
static gw_span shortest_address(gw_span s, char *text /* GW_IP_TEXT */)
{
    bool brackets = s.len > 2 && s.at[0] == '[' && s.at[s.len - 1] == ']';
    gw_span inner = brackets ? gw_sub(s, 1, s.len - 2) : s;
    gw_ip ip;
    if (!gw_ip_parse(inner, &ip) || !ip.v6)
        return s;
    return gw_span_of(text, gw_ip_format(&ip, text));
}

// name is in lower case; what comes back lies in the arena or in given.
static gw_span finish(gw_span name, gw_span given, struct gw_arena *arena)
{
    char text[GW_IP_TEXT];
    name = shortest_address(without_final_dots(name), text);
    return gw_eq(name, given) ? given : gw_arena_copy(arena, name);
}

static gw_span normal_unicode(gw_span lower, gw_span given,
                              struct gw_arena *arena)
{
    struct gw_buf out;
    gw_buf_init(&out, DOMAIN_MAX + 1);
    put_labels(&out, lower);
    gw_span ret = {0};
    if (!out.err)
        ret = finish(gw_buf_span(&out), given, arena);
    else if (out.err == GW_ETOOBIG)
        ret = finish(lower, given, arena);
    gw_buf_release(&out);
    return ret;
}

gw_span gw_host_normal(gw_span s, struct gw_arena *arena)
{
    s = without_final_dots(s);
    size_t plain = 0;
    while (plain < s.len && is_plain(s.at[plain]))
        plain++;
    if (plain == s.len)
        return s;
    if (s.len > MAPPED_NAME_MAX) {
        uint8_t *copy = gw_arena_take(arena, s.len);
        if (!copy)
            return (gw_span){0};
        lower_case(s.at, s.len, copy);
        return gw_span_of(copy, s.len);
    }
    uint8_t text[MAPPED_NAME_MAX];
    lower_case(s.at, s.len, text);
    gw_span lower = gw_span_of(text, s.len);
    return is_ascii(lower) ? finish(lower, s, arena)
                           : normal_unicode(lower, s, arena);
}

// ---- endpoints and URLs -------------------------------------------------

// RFC 3986 3.2.2 reg-name, wider by what is not ASCII (RFC 3987): no blanks,
// no control bytes, and nothing that has a meaning of its own in a URL.
static bool is_reg_name(gw_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (is_plain(c) && c != '/')
            continue;
        if (c <= ' ' || c == 0x7f || strchr("\"#/:<>?@[\\]^`{|}", c))
            return false;
    }
    return s.len > 0;
}

// RFC 3986 3.2.2 IPv6address, with the zone of RFC 6874.
static bool is_ip_literal(gw_span s)
{
    gw_ip ip;
    return gw_ip_parse(gw_cut(&s, '%'), &ip) && ip.v6 &&
           (!s.len || is_reg_name(s));
}

// host [":" port]. No port: ret_port->at is NULL.
static bool split_port(gw_span s, gw_span *ret_host, gw_span *ret_port)
{
    if (!s.len)
        return false;
    bool literal = s.at[0] == '[';
    int64_t end = gw_find(s, literal ? GW_LIT("]") : GW_LIT(":"), 0);
    if (literal && end < 0)
        return false;
    size_t len = end < 0 ? s.len : (size_t)end;
    gw_span host = literal ? gw_sub(s, 1, len - 1) : gw_sub(s, 0, len);
    gw_span after = gw_sub(s, len + literal, s.len);
    if (!(literal ? is_ip_literal(host) : is_reg_name(host)))
        return false;
    if (after.len && after.at[0] != ':')
        return false;
    *ret_host = host;
    *ret_port = after.len ? gw_sub(after, 1, after.len) : (gw_span){0};
    return true;
}

bool gw_split_endpoint(gw_span s, gw_span *ret_host, uint16_t *ret_port)
{
    gw_span host, digits;
    uint64_t port;
    if (!split_port(s, &host, &digits) ||
        !gw_parse_uint(digits, UINT16_MAX, &port))
        return false;
    *ret_host = host;
    *ret_port = (uint16_t)port;
    return true;
}

static int32_t port_of_scheme(gw_span scheme)
{
    static const struct {
        const char *scheme;
        int32_t port;
    } known[] = {
        {"http", 80}, {"https", 443}, {"ws", 80},     {"wss", 443},
        {"dot", 853}, {"doh", 443},   {"stun", 3478},
    };
    for (size_t i = 0; i < GW_COUNT(known); i++)
        if (gw_eq_nocase(scheme, gw_str(known[i].scheme)))
            return known[i].port;
    return -1;
}

// RFC 3986 3.1
static bool is_scheme(gw_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        bool letter = (uint8_t)((c | 0x20) - 'a') < 26;
        bool other =
            (uint8_t)(c - '0') < 10 || c == '+' || c == '-' || c == '.';
        if (!letter && (!i || !other))
            return false;
    }
    return s.len > 0;
}

// Bytes before the first '?' or '#', or '/' if that ends it too.
static size_t run_length(gw_span s, bool slash_ends)
{
    size_t n = 0;
    for (; n < s.len; n++) {
        uint8_t c = s.at[n];
        if (c == '?' || c == '#' || (c == '/' && slash_ends))
            break;
    }
    return n;
}

// RFC 3986 3.2.1. Userinfo ends at the last '@', as browsers read it: a host
// before that is bait. A backslash is refused, for readers disagree on it.
static bool skip_userinfo(gw_span *authority)
{
    gw_span a = *authority;
    if (!a.len || memchr(a.at, '\\', a.len))
        return false;
    const uint8_t *at = memrchr(a.at, '@', a.len);
    if (at)
        *authority = gw_sub(a, (size_t)(at - a.at) + 1, a.len);
    return true;
}

bool gw_url_parse(gw_span s, struct gw_url *ret_url)
{
    int64_t colon = s.len ? gw_find(s, GW_LIT("://"), 0) : -1;
    if (colon < 0)
        return false;
    struct gw_url url = {.scheme = gw_sub(s, 0, (size_t)colon)};
    if (!is_scheme(url.scheme))
        return false;
    gw_span rest = gw_sub(s, url.scheme.len + 3, s.len);
    gw_span authority = gw_sub(rest, 0, run_length(rest, true));
    rest = gw_sub(rest, authority.len, rest.len);
    url.path = gw_sub(rest, 0, run_length(rest, false));

    gw_span digits;
    uint64_t port;
    if (!skip_userinfo(&authority) ||
        !split_port(authority, &url.host, &digits))
        return false;
    url.port = port_of_scheme(url.scheme);
    if (digits.len) {
        if (!gw_parse_uint(digits, UINT16_MAX, &port))
            return false;
        url.port = (int32_t)port;
    }
    *ret_url = url;
    return true;
}

// ---- registrable domain -------------------------------------------------

gw_span gw_registrable(gw_span host)
{
    char text[DOMAIN_MAX + 1];
    gw_ip ip;
    if (!host.len || host.len > DOMAIN_MAX || memchr(host.at, 0, host.len) ||
        gw_ip_parse(host, &ip))
        return host;
    memcpy(text, host.at, host.len);
    text[host.len] = 0;
    const psl_ctx_t *list = psl_builtin();
    const char *found = list ? psl_registrable_domain(list, text) : NULL;
    return found ? gw_sub(host, (size_t)(found - text), host.len) : host;
}
