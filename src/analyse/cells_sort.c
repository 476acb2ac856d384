// From findings to cells, second half: items are sorted by what a cell is keyed
// by, those of one cell become a row, and rows go out in blocks.
#include "analyse/cells_maker.h"

#include <math.h>

enum { DIGIT = 11 }; // bits of a pass of the radix sort

// ---- sorting ------------------------------------------------------------

struct ranked {
    gw_span text;
    uint32_t number;
};

static int by_text(const void *a, const void *b)
{
    return gw_cmp(((const struct ranked *)a)->text,
                  ((const struct ranked *)b)->text);
}

struct series {
    uint32_t volume, cc, target; // ranks of the texts
    int64_t asn;
    uint32_t layer, synthetic, at;
};

static int by_series(const void *a, const void *b)
{
    const struct series *x = a, *y = b;
    if (x->volume != y->volume)
        return x->volume ? -1 : 1;
    if (x->cc != y->cc)
        return x->cc < y->cc ? -1 : 1;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (x->asn != y->asn)
        return x->asn < y->asn ? -1 : 1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (int)x->synthetic - (int)y->synthetic;
}

static int rank_texts(struct gw_cell_maker *m)
{
    struct ranked *r = gw_arena_take_n(m->texts, m->text_count + 1, sizeof *r);
    m->rank = gw_arena_take_n(m->texts, m->text_count + 1, sizeof *m->rank);
    if (!r || !m->rank)
        return GW_ENOMEM;
    for (size_t i = 0; i < m->text_count; i++)
        r[i] = (struct ranked){m->text[i], (uint32_t)i};
    qsort(r, m->text_count, sizeof *r, by_text);
    for (size_t i = 0; i < m->text_count; i++)
        m->rank[r[i].number] = (uint32_t)i;
    return 0;
}

// Ranks of all series there can be: base times layer.
static int rank_series(struct gw_cell_maker *m, uint32_t **ret)
{
    size_t n = m->base_count * GW_LAYER_COUNT;
    struct series *s = gw_arena_take_n(m->texts, n + 1, sizeof *s);
    *ret = gw_arena_take_n(m->texts, n + 1, sizeof **ret);
    if (!s || !*ret)
        return GW_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct base *b = &m->base[i / GW_LAYER_COUNT];
        s[i] = (struct series){b->target == NO_TEXT,
                               m->rank[b->cc],
                               m->rank[b->target],
                               b->asn,
                               (uint32_t)(i % GW_LAYER_COUNT),
                               b->synthetic,
                               (uint32_t)i};
    }
    qsort(s, n, sizeof *s, by_series);
    for (size_t i = 0; i < n; i++)
        (*ret)[s[i].at] = (uint32_t)i;
    return 0;
}

// Sorts by key, one digit after another, lowest first; equal keys keep their
// order. bits: how many of the key there are.
static void radix_sort(struct gw_cell_maker *m, int bits)
{
    for (int shift = 0; shift < bits; shift += DIGIT) {
        size_t start[1 << DIGIT] = {0}, sum = 0;
        const uint64_t mask = (1 << DIGIT) - 1;
        for (size_t i = 0; i < m->count; i++)
            start[m->order[i].key >> shift & mask]++;
        for (size_t d = 0; d <= mask; d++) {
            size_t n = start[d];
            start[d] = sum;
            sum += n;
        }
        for (size_t i = 0; i < m->count; i++)
            m->other[start[m->order[i].key >> shift & mask]++] = m->order[i];
        struct sortable *swap = m->order;
        m->order = m->other;
        m->other = swap;
    }
}

static int by_rest(const struct gw_cell_maker *m, uint32_t a, uint32_t b)
{
    const struct item *x = &m->items[a], *y = &m->items[b];
    if (x->observer != y->observer)
        return x->observer < y->observer ? -1 : 1;
    if (x->program != y->program)
        return m->rank[x->program] < m->rank[y->program] ? -1 : 1;
    // A null, which is the smallest integer, comes first.
    if (x->resolver != y->resolver)
        return x->resolver + 1 < y->resolver + 1 ? -1 : 1;
    if (x->uid != y->uid)
        return x->uid < y->uid ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int by_rest_of(const void *a, const void *b, void *m)
{
    return by_rest(m, ((const struct sortable *)a)->item,
                   ((const struct sortable *)b)->item);
}

// Within an hour of a series there are mostly few.
static void sort_hours(struct gw_cell_maker *m)
{
    for (size_t i = 0, end; i < m->count; i = end) {
        bool ordered = true;
        for (end = i + 1;
             end < m->count && m->order[end].key == m->order[i].key; end++)
            ordered = ordered && by_rest(m, m->order[end - 1].item,
                                         m->order[end].item) < 0;
        if (!ordered)
            qsort_r(m->order + i, end - i, sizeof *m->order, by_rest_of, m);
    }
}

static int sort_items(struct gw_cell_maker *m)
{
    uint32_t *series;
    int rc = rank_texts(m);
    rc = rc ? rc : rank_series(m, &series);
    if (rc || !m->count)
        return rc;
    int64_t first = INT32_MAX, last = INT32_MIN;
    for (size_t i = 0; i < m->count; i++) {
        first = m->items[i].hour < first ? m->items[i].hour : first;
        last = m->items[i].hour > last ? m->items[i].hour : last;
    }
    uint64_t hours = (uint64_t)(last - first + 1);
    uint64_t most = hours * m->base_count * GW_LAYER_COUNT;
    for (size_t i = 0; i < m->count; i++) {
        const struct item *x = &m->items[i];
        uint64_t rank = series[x->base * GW_LAYER_COUNT + x->layer];
        m->order[i].key = rank * hours + (uint64_t)(x->hour - first);
        m->order[i].item = (uint32_t)i;
    }
    radix_sort(m, 64 - __builtin_clzll(most));
    sort_hours(m);
    return 0;
}

// ---- putting out --------------------------------------------------------

static int64_t or_null(int32_t v)
{
    return v == INT32_MIN ? GW_NULL : v;
}

static struct gw_cell_row row_of(const struct gw_cell_maker *m,
                                 const struct item *i)
{
    const struct base *b = &m->base[i->base];
    gw_span org = m->text[b->org];
    return (struct gw_cell_row){
        .cc = m->text[b->cc],
        .target = m->text[b->target],
        .asn = b->asn,
        .org = org.len ? org : (gw_span){0},
        .layer = i->layer,
        .resolver_asn = i->resolver == NO_RESOLVER ? GW_NULL : i->resolver,
        .hour = i->hour * GW_CELL_HOUR,
        .observer = i->observer,
        .program = m->text[i->program],
        .unknown = i->count[GW_STATE_UNKNOWN],
        .ok = i->count[GW_STATE_OK],
        .down = i->count[GW_STATE_DOWN],
        .blocked = i->count[GW_STATE_BLOCKED],
        .throttled = i->throttled,
        .intercepted = i->intercepted,
        .llr = i->count[GW_STATE_BLOCKED] ? (double)i->llr : (double)NAN,
        .rule = i->rule == NO_TEXT ? (gw_span){0} : m->text[i->rule],
        .record = i->record,
        .n = or_null(i->n),
        .lag = or_null(i->lag),
        .synthetic = b->synthetic,
    };
}

static int put_block(struct gw_cell_maker *m, struct gw_why *why)
{
    gw_buf_reset(&m->encoded);
    int rc = gw_block_encode(m->codec, &m->block, &m->encoded, why);
    rc = rc ? rc : gw_segment_put(m->w, gw_buf_span(&m->encoded), why);
    gw_block_reset(&m->block);
    gw_arena_reset(m->arena);
    return rc;
}

static gw_span keep(struct gw_cell_maker *m, gw_span s, gw_span last)
{
    if (!s.at || (last.at && gw_eq(s, last)))
        return s.at ? last : s;
    gw_span copy = gw_arena_copy(m->arena, s);
    if (!copy.at)
        m->block.err = GW_ENOMEM;
    return copy;
}

// copy: the row's texts may be gone with the next one.
static int put_row(struct gw_cell_maker *m, const struct gw_cell_row *row,
                   bool copy, struct gw_why *why)
{
    size_t n;
    const struct gw_cell_row *rows = gw_rows_cell(&m->block, &n);
    struct gw_cell_row none = {0}, last = n ? rows[n - 1] : none;
    int rc = 0;
    if (n && gw_cell_order(&last, row) == 0) {
        struct gw_cell_row *into =
            (struct gw_cell_row *)m->block.rows[GW_TABLE_cell].at + n - 1;
        gw_cell_add(into, row);
        if (copy)
            into->rule = keep(m, into->rule, last.rule);
        return 0;
    }
    if (n == GW_CELL_ROWS) {
        rc = put_block(m, why);
        last = none;
    }
    struct gw_cell_row *to = gw_add_cell(&m->block);
    *to = *row;
    if (copy) {
        to->cc = keep(m, row->cc, last.cc);
        to->target = keep(m, row->target, last.target);
        to->org = keep(m, row->org, last.org);
        to->program = keep(m, row->program, last.program);
        to->rule = keep(m, row->rule, last.rule);
    }
    return rc;
}

static bool counts_any(const struct item *i)
{
    return i->count[0] || i->count[1] || i->count[2] || i->count[3];
}

// Sorted items, those of a measurement that is there twice once.
static int put_items(struct gw_cell_maker *m, struct gw_why *why)
{
    int rc = sort_items(m);
    if (rc)
        return gw_fail(why, rc, "cells: %s", gw_strerror(rc));
    for (size_t i = 0; i < m->count && !rc; i++) {
        const struct item *x = &m->items[m->order[i].item];
        if (!counts_any(x)) // volume that was begun and not counted
            continue;
        const struct item *last = i ? &m->items[m->order[i - 1].item] : NULL;
        if (last && x->uid && x->uid == last->uid &&
            m->order[i].key == m->order[i - 1].key &&
            x->observer == last->observer && x->program == last->program &&
            x->resolver == last->resolver)
            continue;
        struct gw_cell_row row = row_of(m, x);
        rc = m->spill ? gw_spill_put(m->spill, &row, 0, false, why)
                      : put_row(m, &row, false, why);
    }
    return rc;
}

int gw_cell_maker_spill(struct gw_cell_maker *m, struct gw_why *why)
{
    struct gw_why own = {0};
    if (!m->spill)
        m->spill = gw_spill_new(m->a, &own);
    int rc = m->spill ? put_items(m, &own) : own.code;
    rc = rc ? rc : gw_spill_end_run(m->spill, &own);
    gw_cell_maker_forget(m);
    return rc ? gw_fail(why, rc, "%s", own.text) : 0;
}

// Runs of the spill, merged cell by cell.
static int put_runs(struct gw_cell_maker *m, struct gw_why *why)
{
    size_t n = gw_spill_runs(m->spill);
    struct gw_cell_heap heap = {0};
    struct gw_cell_stream *s = gw_new(n * sizeof *s);
    heap.at = gw_new(n * sizeof(struct gw_cell_stream *));
    int rc = s && heap.at ? 0 : gw_fail(why, GW_ENOMEM, "cells: out of memory");
    for (size_t i = 0; i < n && !rc; i++) {
        rc = gw_cell_stream_run(m->spill, i, &s[i], why);
        if (!rc && !s[i].ended)
            gw_cell_heap_push(&heap, &s[i]);
    }
    while (!rc && heap.count) {
        struct gw_cell_stream *top = gw_cell_heap_pop(&heap);
        rc = put_row(m, &top->row, true, why);
        rc = rc ? rc : gw_cell_stream_next(top, why);
        if (!rc && !top->ended)
            gw_cell_heap_push(&heap, top);
    }
    for (size_t i = 0; s && i < n; i++)
        gw_cell_stream_close(&s[i]);
    gw_free(s);
    gw_free(heap.at);
    return rc;
}

int gw_cell_maker_put(struct gw_cell_maker *m, struct gw_segment_writer *w,
                      struct gw_why *why)
{
    int rc;
    m->w = w;
    gw_block_reset(&m->block);
    gw_arena_reset(m->arena);
    if (m->spill) {
        rc = gw_cell_maker_spill(m, why);
        rc = rc ? rc : put_runs(m, why);
    } else {
        rc = put_items(m, why);
    }
    if (!rc && m->block.rows[GW_TABLE_cell].count)
        rc = put_block(m, why);
    return rc;
}
