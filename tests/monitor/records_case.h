// Reads an object and writes down what comes out, one line a record.
#ifndef GW_RECORDS_CASE_H
#define GW_RECORDS_CASE_H

#include "monitor/records.h"
#include "t.h"

#include <stdio.h>

// A source that gives its text in chunks, and then a code.
struct drip {
    gw_span text;
    size_t chunk;
    int end;
};

static inline int64_t drip(void *ctx, uint8_t *bytes, size_t len)
{
    struct drip *d = ctx;
    size_t n = len < d->chunk ? len : d->chunk;
    n = n < d->text.len ? n : d->text.len;
    if (!n)
        return d->end;
    memcpy(bytes, d->text.at, n);
    d->text = gw_sub(d->text, n, d->text.len);
    return (int64_t)n;
}

struct listing {
    struct gw_buf log;
    gw_span unpacked; // where positions point; no value: not looked at
    bool batches;     // the log says where each begins
    int64_t records, misfits;
};

static inline void note_record(struct listing *l, gw_span s, int64_t position,
                               int64_t length, const struct gw_piece *p)
{
    l->records++;
    if (l->unpacked.at && !p->yaml)
        assert_true(
            gw_eq(s, gw_sub(l->unpacked, (size_t)position, (size_t)length)));
    gw_put_fmt(&l->log, "%lld+%lld %s%s", (long long)position,
               (long long)length, p->leaf, p->leaf[0] ? " " : "");
    if (s.len <= 200)
        gw_put_span(&l->log, s);
    else
        gw_put_fmt(&l->log, "#%016llx", (unsigned long long)gw_hash(s, 0));
    gw_put_u8(&l->log, '\n');
}

static inline void note_piece(struct listing *l, const struct gw_batch *b,
                              const struct gw_piece *p)
{
    gw_span rest = gw_span_of(b->bytes + p->offset, p->length);
    const uint8_t *begin = rest.at;
    if (!p->lines) {
        note_record(l, rest, p->position, p->record_length, p);
        return;
    }
    while (rest.len) {
        gw_span line = gw_trim(gw_cut(&rest, '\n'));
        if (line.len)
            note_record(l, line, p->position + (line.at - begin),
                        (int64_t)line.len, p);
    }
}

static inline void note_batch(struct listing *l, const struct gw_batch *b)
{
    if (l->batches)
        gw_put_str(&l->log, "batch\n");
    for (size_t i = 0; i < b->piece_count; i++)
        note_piece(l, b, &b->pieces[i]);
    for (size_t i = 0; i < b->misfit_count; i++) {
        const struct gw_misfit *m = &b->misfits[i];
        assert_true(m->offset + m->kept <= b->length);
        l->misfits++;
        gw_put_fmt(&l->log, "!%lld+%lld %d %.40s|%.*s\n",
                   (long long)m->position, (long long)m->length, m->code,
                   m->reason, (int)(m->kept < 40 ? m->kept : 40),
                   (const char *)b->bytes + m->offset);
    }
    for (size_t i = 0; i < GW_JSON_PADDING; i++)
        assert_int_equal(b->bytes[b->length + i], 0);
}

// Result of the last gw_records_next.
static inline int list_from(gw_source_fn *source, void *ctx, struct listing *l,
                            struct gw_why *why)
{
    struct gw_unpack *u = gw_unpack_new(source, ctx);
    struct gw_records *r = u ? gw_records_new(u) : NULL;
    struct gw_batch *b = r ? gw_batch_new() : NULL;
    int rc = b ? 1 : GW_ENOMEM;
    while (rc > 0) {
        rc = gw_records_next(r, b, why);
        if (b->piece_count || b->misfit_count)
            note_batch(l, b);
    }
    gw_batch_free(b);
    gw_records_free(r);
    gw_unpack_free(u);
    return rc;
}

static inline struct listing listing_new(void)
{
    struct listing l = {0};
    gw_buf_init(&l.log, 64 << 20);
    return l;
}

static inline const char *log_text(struct listing *l)
{
    gw_put_u8(&l->log, 0);
    assert_int_equal(l->log.err, 0);
    return (const char *)l->log.at;
}

#endif
