// Decodes a block from any bytes. What is accepted must come out the same when
// it is encoded and decoded again, and encode to the same bytes from then on.
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_MAX = 64 << 20, OUT_MAX = 64 << 20 };
static const unsigned all = (1u << GW_TABLE_COUNT) - 1;

// 0, or the code with which the bytes were refused.
static int decode_encode(struct gw_block_codec *c, gw_span bytes,
                         struct gw_buf *out)
{
    struct gw_arena *arena = gw_arena_new(ARENA_MAX);
    struct gw_block b;
    if (gw_block_init(&b, arena))
        abort();
    int rc = gw_block_decode(c, bytes, all, &b, NULL);
    gw_buf_reset(out);
    if (!rc)
        rc = gw_block_encode(c, &b, out, NULL);
    gw_block_release(&b);
    gw_arena_free(arena);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_block_codec *c = gw_block_codec_new();
    struct gw_buf once, twice;
    gw_buf_init(&once, OUT_MAX);
    gw_buf_init(&twice, OUT_MAX);
    if (decode_encode(c, gw_span_of(data, size), &once) == 0) {
        if (decode_encode(c, gw_buf_span(&once), &twice) != 0 ||
            !gw_eq(gw_buf_span(&once), gw_buf_span(&twice)))
            abort();
    }
    gw_buf_release(&once);
    gw_buf_release(&twice);
    gw_block_codec_free(c);
    return 0;
}
