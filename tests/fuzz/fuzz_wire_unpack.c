// The unpacker on any bytes: nothing crashes, every failure says why, and the
// pieces in which bytes arrive and are taken do not change what comes out.
// The first two bytes choose the pieces of the second reading.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUDGET = 1 << 18 }; // a small file may unpack to any length

struct feed {
    gw_span in;
    size_t at, piece;
};

static int64_t feed(void *ctx, uint8_t *bytes, size_t len)
{
    struct feed *f = ctx;
    gw_span s = gw_sub(f->in, f->at, len < f->piece ? len : f->piece);
    if (s.len)
        memcpy(bytes, s.at, s.len);
    f->at += s.len;
    return (int64_t)s.len;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t mix(uint64_t hash, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3); // FNV-1a
    return hash;
}

static uint64_t mix_int(uint64_t hash, int64_t v)
{
    return mix(hash, (const uint8_t *)&v, sizeof v);
}

// A hash over names, containers, positions, bytes and failures.
static uint64_t digest(gw_span in, size_t piece, size_t take)
{
    static uint8_t bytes[1 << 16];
    struct feed f = {.in = in, .piece = piece};
    struct gw_unpack *u = gw_unpack_new(feed, &f);
    struct gw_leaf leaf;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    int64_t position = 0, n = 0;
    int r = 1;
    must(u && take <= sizeof bytes);
    while (r > 0 && position < BUDGET) {
        struct gw_why why = {0};
        r = gw_unpack_leaf(u, &leaf, &why);
        must(r == why.code || r == 1);
        must(leaf.start == position);
        hash = mix(hash, (const uint8_t *)leaf.name, strlen(leaf.name));
        hash =
            mix(hash, (const uint8_t *)leaf.container, strlen(leaf.container));
        hash = mix_int(hash, r);
        do {
            size_t left = (size_t)(BUDGET - position);
            n = gw_unpack_read(u, bytes, take < left ? take : left, &why);
            must(n >= 0 || (n == why.code && why.text[0]));
            hash = mix(hash, bytes, n > 0 ? (size_t)n : 0);
            position += n > 0 ? n : 0;
        } while (n > 0 && position < BUDGET);
        hash = mix_int(hash, n < 0 ? n : 0);
    }
    gw_unpack_free(u);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    gw_span in = gw_span_of(data + 2, size - 2);
    uint64_t whole = digest(in, SIZE_MAX, 1 << 16);
    must(digest(in, 1 + data[0], 1 + (size_t)data[1] * 97) == whole);
    return 0;
}
