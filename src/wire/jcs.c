// Canonical JSON (RFC 8785), of integers only: the one text of a value, so
// that it can be hashed and signed.
#include "wire/wire.h"

#include <stdlib.h>

enum { DEPTH_MAX = 64, SHOWN = 80 };

// RFC 8785 3.2.2.3 writes numbers as a double would come out. Integers within
// 53 bits come out as themselves; of others two texts may mean one double.
#define EXACT_MAX INT64_C(9007199254740991)

struct canon {
    gw_jv root;
    struct gw_buf *out;
    struct gw_buf keys; // tape indices (uint32_t) of keys still to be written
    struct gw_why *why;
};

static int put_value(struct canon *c, gw_jv v, int depth);

// RFC 8785 3.2.2.2: only what must be is escaped, and in its shortest form.
static int put_string(struct canon *c, gw_span s)
{
    static const char letter[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    struct gw_buf *out = c->out;
    size_t from = 0;
    if (!gw_is_utf8(s)) // a lone surrogate that was escaped
        return gw_fail(c->why, GW_EFORMAT,
                       "canonical JSON: text with a lone surrogate");
    gw_put_u8(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        uint8_t ch = s.at[i];
        if (ch >= 0x20 && ch != '"' && ch != '\\')
            continue;
        gw_put(out, s.at + from, i - from);
        from = i + 1;
        if (ch >= 0x20)
            gw_put_fmt(out, "\\%c", ch);
        else if (letter[ch])
            gw_put_fmt(out, "\\%c", letter[ch]);
        else
            gw_put_fmt(out, "\\u%04x", ch);
    }
    gw_put(out, s.at + from, s.len - from);
    gw_put_u8(out, '"');
    return 0;
}

static int put_number(struct canon *c, gw_jv v)
{
    int64_t i;
    if (gw_jv_type(v) != 'l' || !gw_jv_int(v, &i) || i > EXACT_MAX ||
        i < -EXACT_MAX)
        return gw_fail(c->why, GW_EFORMAT,
                       "canonical JSON: a number that is no integer of at "
                       "most 53 bits");
    gw_put_fmt(c->out, "%lld", (long long)i);
    return 0;
}

// Where UTF-8's order of bytes differs from that of UTF-16's units: what is
// past U+FFFF begins with F0 to F4, but its surrogates (D800 to DFFF) sort
// before U+E000 to U+FFFF, which begin with EE and EF.
static int unit_rank(uint8_t byte)
{
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

static int by_units(gw_span a, gw_span b)
{
    size_t i = 0, n = a.len < b.len ? a.len : b.len;
    while (i < n && a.at[i] == b.at[i])
        i++;
    if (i < n)
        return unit_rank(a.at[i]) - unit_rank(b.at[i]);
    return a.len < b.len ? -1 : a.len > b.len;
}

static gw_jv at_index(const struct canon *c, const uint8_t *index)
{
    gw_jv v = c->root;
    memcpy(&v.at, index, sizeof v.at);
    return v;
}

static int by_key(const void *a, const void *b, void *ctx)
{
    return by_units(gw_jv_str(at_index(ctx, a)), gw_jv_str(at_index(ctx, b)));
}

// The member whose key is the i-th of those that begin at from.
static int put_member(struct canon *c, size_t from, size_t i, int depth)
{
    const uint8_t *index = c->keys.at + from + i * sizeof(uint32_t);
    gw_jv v = at_index(c, index);
    gw_span key = gw_jv_str(v);
    if (i && by_key(index - sizeof(uint32_t), index, c) == 0)
        return gw_fail(
            c->why, GW_EFORMAT, "canonical JSON: member \"%.*s\" twice",
            (int)(key.len < SHOWN ? key.len : SHOWN), (const char *)key.at);
    if (i)
        gw_put_u8(c->out, ',');
    int rc = put_string(c, key);
    gw_put_u8(c->out, ':');
    v.at++; // the value follows its key
    return rc ? rc : put_value(c, v, depth);
}

static int put_object(struct canon *c, gw_jv v, int depth)
{
    size_t from = c->keys.len;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        uint32_t key = it.value.at - 1;
        gw_put(&c->keys, &key, sizeof key);
    }
    if (c->keys.err)
        return gw_fail(c->why, c->keys.err, "canonical JSON: out of memory");
    size_t n = (c->keys.len - from) / sizeof(uint32_t);
    if (n > 1)
        qsort_r(c->keys.at + from, n, sizeof(uint32_t), by_key, c);
    gw_put_u8(c->out, '{');
    for (size_t i = 0; i < n; i++) {
        int rc = put_member(c, from, i, depth);
        if (rc)
            return rc;
    }
    gw_put_u8(c->out, '}');
    c->keys.len = from;
    return 0;
}

static int put_array(struct canon *c, gw_jv v, int depth)
{
    bool first = true;
    gw_put_u8(c->out, '[');
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it); first = false) {
        if (!first)
            gw_put_u8(c->out, ',');
        int rc = put_value(c, it.value, depth);
        if (rc)
            return rc;
    }
    gw_put_u8(c->out, ']');
    return 0;
}

static int put_value(struct canon *c, gw_jv v, int depth)
{
    if (depth == DEPTH_MAX)
        return gw_fail(c->why, GW_ETOOBIG,
                       "canonical JSON: more than %d values deep", DEPTH_MAX);
    switch (gw_jv_type(v)) {
    case '{': return put_object(c, v, depth + 1);
    case '[': return put_array(c, v, depth + 1);
    case '"': return put_string(c, gw_jv_str(v));
    case 't': gw_put_str(c->out, "true"); return 0;
    case 'f': gw_put_str(c->out, "false"); return 0;
    case 'n': gw_put_str(c->out, "null"); return 0;
    default: return put_number(c, v);
    }
}

// The parser reads past the end of what it is given; callers here promise no
// such room.
static int parse_copy(struct gw_json *parser, gw_span json, struct gw_buf *copy,
                      gw_jv *ret, struct gw_why *why)
{
    static const uint8_t padding[GW_JSON_PADDING];
    if (json.len > GW_JSON_MAX)
        return gw_fail(why, GW_ETOOBIG, "canonical JSON: over %d bytes",
                       GW_JSON_MAX);
    gw_put_span(copy, json);
    gw_put(copy, padding, sizeof padding);
    if (copy->err)
        return gw_fail(why, copy->err, "canonical JSON: out of memory");
    return gw_json_parse(parser, gw_span_of(copy->at, json.len), ret, why);
}

int gw_json_canonical(struct gw_json *parser, gw_span json, struct gw_buf *ret,
                      struct gw_why *why)
{
    struct canon c = {.out = ret, .why = why};
    struct gw_buf copy;
    size_t before = ret->len;
    gw_buf_init(&copy, GW_JSON_MAX + GW_JSON_PADDING);
    gw_buf_init(&c.keys, GW_JSON_MAX);
    int rc = parse_copy(parser, json, &copy, &c.root, why);
    rc = rc ? rc : put_value(&c, c.root, 0);
    if (!rc && ret->err)
        rc = gw_fail(why, ret->err, "canonical JSON: no room for it");
    if (rc)
        ret->len = before;
    gw_buf_release(&c.keys);
    gw_buf_release(&copy);
    return rc;
}
