// base64: both decoders against each other and against a third, written here
// one character at a time; then what was decoded is put and decoded again.
#include "wire/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int value(uint8_t c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *hit = c ? strchr(letters, c) : NULL;
    return hit ? (int)(hit - letters) : -1;
}

static int64_t decode_slowly(gw_span s, uint8_t *out)
{
    uint32_t bits = 0;
    int64_t letters = 0, pads = 0, len = 0;
    for (size_t i = 0; i < s.len; i++) {
        int v = value(s.at[i]);
        if (v >= 0 && !pads) {
            bits = bits << 6 | (uint32_t)v;
            letters++;
            if (letters % 4 != 1)
                out[len++] = (uint8_t)(bits >> (6 - 2 * ((letters - 1) % 4)));
        } else if (s.at[i] == '=') {
            pads++;
        } else if (!s.at[i] || !strchr(" \t\r\n", s.at[i])) {
            return GW_EFORMAT;
        }
    }
    if (letters % 4 == 1 ||
        (pads && (letters % 4 == 0 || letters % 4 + pads != 4)))
        return GW_EFORMAT;
    return len;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void same(int64_t a, const uint8_t *p, int64_t b, const uint8_t *q)
{
    must(a == b && (a <= 0 || memcmp(p, q, (size_t)a) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = 3 * (size / 4) + 3;
    gw_span s = gw_span_of(data, size);
    uint8_t *fast = gw_new(room), *plain = gw_new(room), *slow = gw_new(room);
    must(fast && plain && slow);
    int64_t len = gw_base64_decode(s, fast);
    same(len, fast, gw_base64_decode_portable(s, plain), plain);
    same(len, fast, decode_slowly(s, slow), slow);
    if (len > 0) {
        struct gw_buf b;
        gw_buf_init(&b, 2 * room + 4);
        gw_base64_put(&b, gw_span_of(fast, (size_t)len));
        must(!b.err && 3 * (b.len / 4) + 3 <= room + 3);
        uint8_t *again = gw_new(3 * (b.len / 4) + 3);
        must(again);
        same(len, fast, gw_base64_decode(gw_buf_span(&b), again), again);
        gw_free(again);
        gw_buf_release(&b);
    }
    gw_free(fast);
    gw_free(plain);
    gw_free(slow);
    return 0;
}
