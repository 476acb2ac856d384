// Records of any bytes: pieces and misfits lie in their batch, positions only
// go forward, and nothing depends on the chunks of the source. The first byte
// chooses their size.
#include "monitor/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct drip {
    gw_span text;
    size_t chunk;
};

static int64_t drip(void *ctx, uint8_t *bytes, size_t len)
{
    struct drip *d = ctx;
    size_t n = len < d->chunk ? len : d->chunk;
    gw_span part = gw_sub(d->text, 0, n);
    if (part.len)
        memcpy(bytes, part.at, part.len);
    d->text = gw_sub(d->text, part.len, d->text.len);
    return (int64_t)part.len;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t add_number(uint64_t seen, int64_t n)
{
    return gw_hash(gw_span_of(&n, sizeof n), seen);
}

static uint64_t hash_batch(const struct gw_batch *b, uint64_t seen)
{
    int64_t last = 0;
    for (size_t i = 0; i < b->piece_count; i++) {
        const struct gw_piece *p = &b->pieces[i];
        must(p->length && p->offset + p->length <= b->length);
        must(p->position >= last && p->record_length >= 0);
        last = p->position;
        seen = add_number(seen, p->position);
        seen = add_number(seen, p->record_length);
        seen = add_number(seen, p->lines * 2 + p->yaml);
        seen = gw_hash(gw_str(p->leaf), seen);
        seen = gw_hash(gw_span_of(b->bytes + p->offset, p->length), seen);
        seen = gw_hash(gw_span_of(p->hash.at, sizeof p->hash.at), seen);
    }
    for (size_t i = 0; i < b->misfit_count; i++) {
        const struct gw_misfit *m = &b->misfits[i];
        must(m->offset + m->kept <= b->length && m->length >= 0 && m->code < 0);
        seen = add_number(seen, m->position);
        seen = add_number(seen, m->length);
        seen = gw_hash(gw_str(m->reason), seen);
        seen = gw_hash(gw_span_of(b->bytes + m->offset, m->kept), seen);
    }
    return seen;
}

static uint64_t read_all(struct drip d)
{
    static struct gw_batch *b; // megabytes, so made once
    struct gw_unpack *u = gw_unpack_new(drip, &d);
    struct gw_records *r = gw_records_new(u);
    uint64_t seen = 0;
    int rc;
    b = b ? b : gw_batch_new();
    must(u && r && b);
    do {
        rc = gw_records_next(r, b, NULL);
        seen = hash_batch(b, add_number(seen, rc));
    } while (rc > 0);
    gw_records_free(r);
    gw_unpack_free(u);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    gw_span text = gw_span_of(data + 1, size - 1);
    must(read_all((struct drip){text, 1 + data[0]}) ==
         read_all((struct drip){text, size}));
    return 0;
}
