// Batches: bytes of records that are worked on together, and what in them is
// one.
#include "monitor/records_private.h"

#include <stdio.h>

enum { NAMES_MAX = 8 << 20 };

struct gw_batch *gw_batch_new(void)
{
    struct gw_batch *b = gw_new(sizeof *b);
    if (!b)
        return NULL;
    b->wanted = -1;
    gw_buf_init(&b->found, GW_BATCH_MAX * 2);
    b->arena = gw_arena_new(NAMES_MAX);
    b->pieces = gw_new(GW_PIECES_MAX * sizeof *b->pieces);
    b->misfits = gw_new(MISFITS_MAX * sizeof *b->misfits);
    b->cap = GW_BATCH_TARGET + (64 << 10) + GW_JSON_PADDING;
    b->bytes = gw_new(b->cap);
    if (!b->arena || !b->pieces || !b->misfits || !b->bytes) {
        gw_batch_free(b);
        return NULL;
    }
    return b;
}

void gw_batch_free(struct gw_batch *b)
{
    if (!b)
        return;
    gw_arena_free(b->arena);
    gw_free(b->pieces);
    gw_free(b->misfits);
    gw_free(b->bytes);
    gw_buf_release(&b->found);
    gw_free(b);
}

int batch_room(struct gw_batch *b, size_t len)
{
    size_t want = b->length + len + GW_JSON_PADDING;
    if (want <= b->cap)
        return 0;
    if (want > GW_BATCH_MAX)
        return GW_ETOOBIG;
    size_t cap = b->cap * 2 > want ? b->cap * 2 : want;
    uint8_t *bytes = gw_resize(b->bytes, cap, 1);
    if (!bytes)
        return GW_ENOMEM;
    b->bytes = bytes;
    b->cap = cap;
    return 0;
}

void batch_reset(struct gw_batch *b)
{
    b->length = b->piece_count = b->misfit_count = 0;
    gw_arena_reset(b->arena);
    // A rare giant record must not keep its memory for ever.
    size_t usual = GW_BATCH_TARGET + (64 << 10) + GW_JSON_PADDING;
    uint8_t *bytes = b->cap > 4 * usual ? gw_resize(b->bytes, usual, 1) : NULL;
    if (bytes) {
        b->bytes = bytes;
        b->cap = usual;
    }
}

void add_misfit(struct gw_batch *b, int64_t position, int64_t length,
                size_t offset, size_t kept, int code, const char *reason)
{
    if (b->misfit_count == MISFITS_MAX)
        return;
    struct gw_misfit *m = &b->misfits[b->misfit_count++];
    *m = (struct gw_misfit){
        position, length, offset, kept < SHOWN ? kept : SHOWN, code, ""};
    snprintf(m->reason, sizeof m->reason, "%s", reason);
}

void add_piece(struct gw_records *r, struct gw_batch *b, size_t offset,
               size_t length, int64_t position, bool lines)
{
    if (!length)
        return;
    b->pieces[b->piece_count++] =
        (struct gw_piece){.offset = offset,
                          .length = length,
                          .position = position,
                          .record_length = (int64_t)length,
                          .leaf = r->leaf,
                          .lines = lines};
}

bool batch_open(const struct gw_batch *b)
{
    return b->piece_count < GW_PIECES_MAX - 1 && b->misfit_count < MISFITS_MAX;
}
