// Canonical JSON: made canonical again it stays as it is, it parses, and its
// members are sorted by UTF-16 code units, which are computed here.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

// The next code point of well-formed UTF-8.
static uint32_t code_point(gw_span *s)
{
    uint8_t c = s->at[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t v = n == 1 ? c : c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        v = v << 6 | (s->at[i] & 0x3f);
    *s = gw_sub(*s, n, s->len);
    return v;
}

static void put_unit(uint32_t unit, struct gw_buf *b)
{
    gw_put_u8(b, (uint8_t)(unit >> 8));
    gw_put_u8(b, (uint8_t)unit);
}

static void put_utf16(gw_span s, struct gw_buf *b) // big-endian
{
    while (s.len) {
        uint32_t v = code_point(&s);
        if (v >= 0x10000) {
            put_unit(0xd800 + ((v - 0x10000) >> 10), b);
            put_unit(0xdc00 + (v & 0x3ff), b);
        } else {
            put_unit(v, b);
        }
    }
}

static bool in_order(gw_span a, gw_span b)
{
    struct gw_buf x, y;
    gw_buf_init(&x, 1 << 24);
    gw_buf_init(&y, 1 << 24);
    put_utf16(a, &x);
    put_utf16(b, &y);
    bool ok = !x.err && !y.err && gw_cmp(gw_buf_span(&x), gw_buf_span(&y)) < 0;
    gw_buf_release(&x);
    gw_buf_release(&y);
    return ok;
}

static void check_order(gw_jv v)
{
    gw_span before = {0};
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it); before = it.key) {
        must(!it.object || !before.at || in_order(before, it.key));
        check_order(it.value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_json *parser = gw_json_new();
    struct gw_buf once, twice;
    gw_jv v = {0};
    gw_buf_init(&once, 1 << 24);
    gw_buf_init(&twice, 1 << 24);
    if (!gw_json_canonical(parser, gw_span_of(data, size), &once, NULL)) {
        must(!gw_json_canonical(parser, gw_buf_span(&once), &twice, NULL));
        must(gw_eq(gw_buf_span(&once), gw_buf_span(&twice)));
        static const uint8_t padding[GW_JSON_PADDING];
        gw_put(&twice, padding, sizeof padding);
        must(!twice.err &&
             !gw_json_parse(parser, gw_span_of(twice.at, once.len), &v, NULL));
        check_order(v);
    }
    gw_buf_release(&once);
    gw_buf_release(&twice);
    gw_json_free(parser);
    return 0;
}
