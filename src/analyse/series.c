// Series: the cells of all objects, merged target by target. Streams of cells
// are in one order, so that only what they have of one series is in memory.
#include "analyse/series.h"

// ---- merging ------------------------------------------------------------

// Takes the next series off the streams, to m or to the spill.
static int next_series(struct gw_merge *m, struct gw_spill *spill,
                       struct gw_why *why)
{
    int rc = gw_series_begin(m, m->heap.at[0]);
    if (rc)
        return gw_fail(why, rc, "series: %s", gw_strerror(rc));
    while (!rc && m->heap.count && m->heap.at[0]->aggregate == m->aggregate &&
           gw_cell_series_order(&m->heap.at[0]->row, &m->key) == 0) {
        struct gw_cell_stream *s = gw_cell_heap_pop(&m->heap);
        if (!spill)
            rc = gw_series_drain(m, s, why);
        while (spill && !rc && !s->ended && s->aggregate == m->aggregate &&
               gw_cell_series_order(&s->row, &m->key) == 0) {
            rc = gw_spill_put(spill, &s->row, s->source, s->aggregate, why);
            rc = rc ? rc : gw_cell_stream_next(s, why);
        }
        if (!rc && !s->ended)
            gw_cell_heap_push(&m->heap, s);
    }
    return rc;
}

static int merge_into_spill(struct gw_merge *m, struct gw_spill *spill,
                            struct gw_why *why)
{
    int rc = 0;
    while (!rc && m->heap.count)
        rc = next_series(m, spill, why);
    return rc ? rc : gw_spill_end_run(spill, why);
}

static int merge_out(struct gw_merge *m, gw_series_fn *fn, void *ctx,
                     struct gw_why *why)
{
    int rc = 0;
    while (!rc && m->heap.count) {
        rc = next_series(m, NULL, why);
        rc = rc ? rc : gw_series_end(m, fn, ctx, why);
    }
    return rc;
}

static void close_streams(struct gw_merge *m)
{
    for (size_t i = 0; i < GW_MERGE_WAYS; i++)
        gw_cell_stream_close(&m->streams[i]);
    m->heap.count = 0;
}

// Opens the streams [from, from + n): of objects, or of an earlier spill.
static int open_streams(struct gw_merge *m, struct gw_spill *of,
                        char (*hash)[65], size_t from, size_t n,
                        struct gw_why *why)
{
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++) {
        struct gw_cell_stream *s = &m->streams[i];
        rc = of ? gw_cell_stream_run(of, from + i, s, why)
                : gw_cell_stream_segment(m->a, hash[from + i],
                                         (uint32_t)(from + i), &m->shared, s,
                                         why);
        if (!rc && !s->ended)
            gw_cell_heap_push(&m->heap, s);
    }
    return rc;
}

// Rounds, until what is left can be open at once.
static int merge_rounds(struct gw_merge *m, char (*hash)[65], size_t n,
                        struct gw_spill **of, struct gw_why *why)
{
    while (n > GW_MERGE_WAYS) {
        struct gw_spill *next = gw_spill_new(m->a, why);
        int rc = next ? 0 : why && why->code ? why->code : GW_ENOMEM;
        for (size_t i = 0; i < n && !rc; i += GW_MERGE_WAYS) {
            size_t ways = n - i < GW_MERGE_WAYS ? n - i : GW_MERGE_WAYS;
            rc = open_streams(m, *of, hash, i, ways, why);
            rc = rc ? rc : merge_into_spill(m, next, why);
            close_streams(m);
        }
        gw_spill_free(*of);
        *of = next;
        if (rc)
            return rc;
        n = gw_spill_runs(next);
    }
    return open_streams(m, *of, hash, 0, n, why);
}

// ---- the whole ----------------------------------------------------------

struct listing {
    char (*hash)[65];
    size_t count, cap;
};

static int list_object(void *ctx, const char *object, const char *segment,
                       int64_t size)
{
    struct listing *l = ctx;
    (void)segment;
    (void)size;
    int rc = GROW(l->hash, l->count, l->cap, 1u << 24);
    if (!rc)
        memcpy(l->hash[l->count++], object, sizeof *l->hash);
    return rc;
}

static int name_sources(struct gw_merge *m, const struct listing *l)
{
    m->sources.at = gw_new((l->count + 1) * sizeof *m->sources.at);
    if (!m->sources.at)
        return GW_ENOMEM;
    for (size_t i = 0; i < l->count; i++)
        memcpy(m->sources.at[i], l->hash[i], sizeof *m->sources.at - 1);
    m->sources.count = l->count;
    return 0;
}

static void release(struct gw_merge *m)
{
    if (m->streams)
        close_streams(m);
    gw_block_codec_free(m->shared.codec);
    gw_arena_free(m->arena);
    gw_free(m->sources.at);
    gw_free(m->streams);
    gw_free(m->heap.at);
    gw_free(m->items);
    gw_free(m->observers);
    gw_free(m->slot);
    gw_free(m->programs.at);
    gw_free(m->rules.at);
    gw_free(m->sights);
    gw_free(m->examples);
}

int gw_series_each(struct gw_archive *a, gw_series_fn *fn, void *ctx,
                   struct gw_why *why)
{
    struct gw_merge m = {.a = a};
    struct listing l = {0};
    struct gw_spill *spill = NULL;
    int rc = gw_segments_each(a, GW_TIER_CELLS, list_object, &l, why);
    m.shared.codec = gw_block_codec_new();
    m.arena = gw_arena_new(TEXTS_MAX);
    m.streams = gw_new(GW_MERGE_WAYS * sizeof *m.streams);
    m.heap.at = gw_new(GW_MERGE_WAYS * sizeof(struct gw_cell_stream *));
    if (!rc && (!m.shared.codec || !m.arena || !m.streams || !m.heap.at))
        rc = GW_ENOMEM;
    rc = rc ? rc : name_sources(&m, &l);
    if (rc)
        gw_fail(why, rc, "series: %s", gw_strerror(rc));
    rc = rc ? rc : merge_rounds(&m, l.hash, l.count, &spill, why);
    rc = rc ? rc : merge_out(&m, fn, ctx, why);
    release(&m);
    gw_spill_free(spill);
    gw_free(l.hash);
    return rc;
}
