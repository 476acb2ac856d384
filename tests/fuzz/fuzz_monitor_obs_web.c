// Observation exports of any bytes: each measurement's rows lie in the export
// one after another, and nothing depends on the chunks of the source. The
// first byte chooses their size.
#include "monitor/obs_web.h"

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

struct seen {
    uint64_t hash;
    int64_t at, size;
    gw_span text;
    int64_t records, record_end; // of those handed over as they lie there
};

static void add_number(struct seen *s, int64_t n)
{
    s->hash = gw_hash(gw_span_of(&n, sizeof n), s->hash);
}

static void refuse(void *ctx, int64_t position, int64_t length, int code,
                   const char *reason)
{
    struct seen *s = ctx;
    must(code < 0 && position >= 0 && length >= 0 && position <= s->size);
    add_number(s, position);
    s->hash = gw_hash(gw_str(reason), s->hash);
}

static void record(void *ctx, int64_t position, gw_span bytes)
{
    struct seen *s = ctx;
    must(position >= s->record_end);
    s->record_end = position + (int64_t)bytes.len;
    must(s->record_end <= s->size);
    must(gw_eq(bytes, gw_sub(s->text, (size_t)position, bytes.len)));
    s->records++;
}

static void look(struct seen *s, const struct gw_block *b)
{
    size_t n;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    for (size_t i = 0; i < n; i++) {
        must(m[i].record >= s->at && m[i].length >= 0);
        s->at = m[i].record + m[i].length;
        must(s->at <= s->size);
        add_number(s, m[i].record);
        add_number(s, m[i].length);
        s->hash = gw_hash(m[i].uid, s->hash);
    }
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        add_number(s, (int64_t)b->rows[t].count);
}

static uint64_t read_all(struct drip d)
{
    struct gw_arena *arena = gw_arena_new(256 << 20);
    struct gw_block b;
    static const struct gw_obs_web_sink sink = {refuse, record};
    struct seen s = {.size = (int64_t)d.text.len, .text = d.text};
    struct gw_obs_web *o = gw_obs_web_new(drip, &d);
    int64_t count = 0;
    int rc;
    must(arena && o && gw_block_init(&b, arena) == 0);
    do {
        gw_block_reset(&b);
        gw_arena_reset(arena);
        rc = gw_obs_web_next(o, &b, &sink, &s, &count, NULL);
        must(count == (int64_t)b.rows[GW_TABLE_measurement].count);
        must(count == s.records);
        s.records = 0;
        look(&s, &b);
        must(!count || s.at == s.record_end);
        add_number(&s, rc);
    } while (rc > 0);
    gw_obs_web_free(o);
    gw_block_release(&b);
    gw_arena_free(arena);
    return s.hash;
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
