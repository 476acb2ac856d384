// DER (X.690), as much of it as certificates need.
#include "wire/der.h"

// The length octets of the element at p (X.690 8.1.3, 10.1): definite and in
// the fewest octets. Gives the size of tag and length together.
static int read_length(const uint8_t *p, size_t left, size_t *ret_head,
                       size_t *ret_len)
{
    size_t len = p[1], n = 0;
    if (len >= 0x80) {
        n = len & 0x7f;
        len = 0;
        if (n == 0 || n > 4)
            return GW_EFORMAT;
        if (n > left - 2)
            return GW_EFEW;
        for (size_t i = 0; i < n; i++)
            len = len << 8 | p[2 + i];
        if (len < 0x80 || len >> 8 * (n - 1) == 0)
            return GW_EFORMAT;
    }
    *ret_head = 2 + n;
    *ret_len = len;
    return len > left - 2 - n ? GW_EFEW : 0;
}

struct gw_der gw_der_next(struct gw_reader *r)
{
    struct gw_der e = {0};
    size_t left = gw_reader_left(r), head, len;
    if (r->err)
        return e;
    if (left < 2) {
        r->err = GW_EFEW;
        return e;
    }
    const uint8_t *p = r->in.at + r->pos;
    r->err =
        (p[0] & 0x1f) == 0x1f ? GW_EFORMAT : read_length(p, left, &head, &len);
    if (r->err)
        return e;
    e.tag = p[0];
    e.whole = gw_span_of(p, head + len);
    e.body = gw_span_of(p + head, len);
    r->pos += e.whole.len;
    return e;
}

gw_span gw_der_take(struct gw_reader *r, uint8_t tag)
{
    struct gw_der e = gw_der_next(r);
    if (!r->err && e.tag != tag) {
        r->err = GW_EFORMAT;
        return (gw_span){0};
    }
    return e.body;
}

bool gw_der_optional(struct gw_reader *r, uint8_t tag, gw_span *ret_body)
{
    if (!gw_reader_left(r) || r->in.at[r->pos] != tag)
        return false;
    *ret_body = gw_der_take(r, tag);
    return !r->err;
}

// ---- object identifiers -------------------------------------------------

__extension__ typedef unsigned __int128 wide;

static void put_decimal(struct gw_buf *b, wide v)
{
    char text[40];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + (int)(v % 10));
    while (v /= 10);
    gw_put(b, text + at, sizeof text - at);
}

bool gw_der_put_oid(struct gw_buf *b, gw_span body)
{
    wide arc = 0;
    bool first = true, within = false;
    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.at[i];
        if ((!within && c == 0x80) || arc >> 121)
            return false;
        arc = arc << 7 | (c & 0x7f);
        within = c & 0x80;
        if (within)
            continue;
        if (first) { // X.690 8.19.4: the first two arcs share a number
            unsigned root = arc < 80 ? (unsigned)arc / 40 : 2;
            put_decimal(b, root);
            arc -= (wide)root * 40;
        }
        gw_put_u8(b, '.');
        put_decimal(b, arc);
        first = false;
        arc = 0;
    }
    return body.len && !within;
}

// ---- strings (X.680 section 41) -----------------------------------------

static void put_utf8(struct gw_buf *b, uint32_t c)
{
    if (c < 0x80) {
        gw_put_u8(b, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        gw_put_u8(b, (uint8_t)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        gw_put_u8(b, (uint8_t)(0xe0 | c >> 12));
        gw_put_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    } else {
        gw_put_u8(b, (uint8_t)(0xf0 | c >> 18));
        gw_put_u8(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        gw_put_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    gw_put_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
}

static bool put_latin1(struct gw_buf *b, gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        put_utf8(b, s.at[i]);
    return true;
}

static bool surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

// BMPString has no surrogates; where pairs are met they are read as UTF-16.
static bool put_utf16(struct gw_buf *b, gw_span s)
{
    struct gw_reader r = gw_reader_on(s);
    while (gw_reader_left(&r)) {
        uint32_t c = gw_read_u16be(&r);
        if (surrogate(c)) {
            uint32_t low = gw_read_u16be(&r);
            if (c >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
                return false;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        put_utf8(b, c);
    }
    return !r.err;
}

static bool put_utf32(struct gw_buf *b, gw_span s)
{
    struct gw_reader r = gw_reader_on(s);
    while (gw_reader_left(&r)) {
        uint32_t c = gw_read_u32be(&r);
        if (c > 0x10ffff || surrogate(c))
            return false;
        put_utf8(b, c);
    }
    return !r.err;
}

static gw_span converted(struct gw_buf *scratch, gw_span s,
                         bool put(struct gw_buf *b, gw_span s))
{
    scratch->len = 0;
    if (!put(scratch, s) || scratch->err)
        return (gw_span){0};
    return scratch->len ? gw_buf_span(scratch) : GW_LIT("");
}

gw_span gw_der_text(struct gw_der string, struct gw_buf *scratch)
{
    gw_span s = string.body;
    switch (string.tag) {
    case DER_BMP_STRING: return converted(scratch, s, put_utf16);
    case DER_UNIVERSAL_STRING: return converted(scratch, s, put_utf32);
    case DER_T61_STRING:
        return gw_is_utf8(s) ? s : converted(scratch, s, put_latin1);
    case DER_UTF8_STRING:
    case DER_NUMERIC_STRING:
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case DER_VISIBLE_STRING:
    case DER_OCTET_STRING:
    case DER_UTC_TIME:
    case DER_GENERALIZED_TIME: return gw_is_utf8(s) ? s : (gw_span){0};
    default: return (gw_span){0};
    }
}
