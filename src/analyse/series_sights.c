// The sights of a series: gathered from streams of cells, and those of one
// observer's hour put together.
#include "analyse/series.h"

#include <math.h>

// ---- a series -----------------------------------------------------------

int gw_series_begin(struct gw_merge *m, const struct gw_cell_stream *s)
{
    gw_arena_reset(m->arena);
    m->key = s->row;
    m->aggregate = s->aggregate;
    m->key.cc = gw_arena_copy(m->arena, s->row.cc);
    m->key.target = gw_arena_copy(m->arena, s->row.target);
    m->key.org = (gw_span){0};
    m->org_hour = INT64_MIN;
    m->count = m->observer_count = m->example_count = 0;
    m->programs.count = m->rules.count = 0;
    if (m->slot_count > 4096) { // a small series is not to clear a large table
        gw_free(m->slot);
        m->slot = NULL;
        m->slot_count = 0;
    } else if (m->slot_count) {
        memset(m->slot, 0, m->slot_count * sizeof *m->slot);
    }
    return m->key.cc.at && m->key.target.at ? 0 : GW_ENOMEM;
}

static uint16_t cut16(int64_t n)
{
    return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

static int add_item(struct gw_merge *m, const struct gw_cell_row *c,
                    uint32_t source)
{
    uint32_t program;
    int rc = GROW(m->items, m->count, m->cap, SIGHTS_MAX);
    if (rc)
        return rc;
    struct gw_sighted *i = &m->items[m->count++];
    rc = gw_series_observer(m, c->observer, &i->s.observer);
    rc = rc ? rc : gw_series_name(m, &m->programs, c->program, &program);
    if (rc)
        return rc;
    i->s.hour = (int32_t)(c->hour / GW_CELL_HOUR);
    i->s.program = (uint16_t)program;
    i->s.count[GW_STATE_UNKNOWN] = cut16(c->unknown);
    i->s.count[GW_STATE_OK] = cut16(c->ok);
    i->s.count[GW_STATE_DOWN] = cut16(c->down);
    i->s.count[GW_STATE_BLOCKED] = cut16(c->blocked);
    i->s.throttled = cut16(c->throttled);
    i->s.intercepted = cut16(c->intercepted);
    i->s.llr = c->blocked && !isnan(c->llr) ? (float)c->llr : 0;
    i->s.rule = UINT32_MAX;
    if (c->blocked && c->rule.len)
        rc = gw_series_name(m, &m->rules, c->rule, &i->s.rule);
    i->source = source;
    i->record = c->record;
    i->n = c->n == GW_NULL ? NONE : c->n;
    if (c->org.len && c->hour >= m->org_hour) {
        m->org_hour = c->hour;
        if (!gw_eq(m->key.org, c->org))
            m->key.org = gw_arena_copy(m->arena, c->org);
    }
    return rc;
}

// All that a stream has of the series at hand.
int gw_series_drain(struct gw_merge *m, struct gw_cell_stream *s,
                    struct gw_why *why)
{
    int rc = 0;
    do {
        rc = add_item(m, &s->row, s->source);
        if (rc)
            return gw_fail(why, rc, "series of %.*s: %s",
                           (int)m->key.target.len,
                           (const char *)m->key.target.at, gw_strerror(rc));
        rc = gw_cell_stream_next(s, why);
    } while (!rc && gw_series_has(m, s));
    return rc;
}

static int by_item(const void *a, const void *b)
{
    const struct gw_sighted *x = a, *y = b;
    if (x->s.hour != y->s.hour)
        return x->s.hour < y->s.hour ? -1 : 1;
    if (x->s.observer != y->s.observer)
        return x->s.observer < y->s.observer ? -1 : 1;
    if (x->s.program != y->s.program)
        return x->s.program < y->s.program ? -1 : 1;
    return x->source < y->source ? -1 : x->source > y->source;
}

static void order_items(struct gw_merge *m)
{
    bool ordered = true;
    for (size_t i = 0; i < m->count; i++) {
        struct gw_sight *s = &m->items[i].s;
        s->observer = m->observer_rank[s->observer];
        s->program = (uint16_t)m->programs.rank[s->program];
        if (s->rule != UINT32_MAX)
            s->rule = m->rules.rank[s->rule];
        ordered =
            ordered && (!i || by_item(&m->items[i - 1], &m->items[i]) <= 0);
    }
    if (!ordered)
        qsort(m->items, m->count, sizeof *m->items, by_item);
}

static uint16_t join(uint16_t a, uint16_t b, bool sum)
{
    return sum ? cut16((int64_t)a + b) : a > b ? a : b;
}

// Within one object measurements add up. Another object may hold the same ones
// again, in another shape: what it has more of counts, and no copy counts
// twice. Volume is of all targets, which objects divide among them: it is
// added up, copies and all.
static void join_items(struct gw_sighted *a, const struct gw_sighted *b,
                       bool sum)
{
    for (int i = 0; i < GW_STATE_COUNT; i++)
        a->s.count[i] = join(a->s.count[i], b->s.count[i], sum);
    a->s.throttled = join(a->s.throttled, b->s.throttled, sum);
    a->s.intercepted = join(a->s.intercepted, b->s.intercepted, sum);
    if (b->s.rule == UINT32_MAX ||
        (a->s.rule != UINT32_MAX && a->s.llr >= b->s.llr))
        return;
    a->s.llr = b->s.llr;
    a->s.rule = b->s.rule;
    a->record = b->record;
    a->n = b->n;
    a->source = b->source; // of the example; what is joined next is later
}

// Puts those that are one observer's hour together: objects first, then all.
static size_t join_all(struct gw_merge *m)
{
    bool volume = gw_cell_is_volume(&m->key);
    size_t out = 0;
    for (size_t i = 0; i < m->count;) {
        struct gw_sighted sight = m->items[i];
        size_t first = i;
        while (i < m->count && m->items[i].s.hour == m->items[first].s.hour &&
               m->items[i].s.observer == m->items[first].s.observer &&
               m->items[i].s.program == m->items[first].s.program) {
            struct gw_sighted object = m->items[i];
            size_t begin = i;
            for (i++;
                 i < m->count && by_item(&m->items[begin], &m->items[i]) == 0;
                 i++)
                join_items(&object, &m->items[i], true);
            if (begin == first)
                sight = object;
            else
                join_items(&sight, &object, volume);
        }
        m->items[out++] = sight;
    }
    return out;
}

// A finding to show for the sight: the weightiest that found blocking; where
// something else was odd, or it is the first of the day, the measurement's own.
static int give_example(struct gw_merge *m, const struct gw_sighted *i,
                        bool first, uint32_t *ret)
{
    const struct gw_sight *s = &i->s;
    char text[GW_ID_TEXT];
    bool odd = first || s->count[GW_STATE_BLOCKED] || s->count[GW_STATE_DOWN] ||
               s->throttled || s->intercepted;
    *ret = UINT32_MAX;
    if (!odd || gw_cell_is_volume(&m->key) || m->aggregate)
        return 0;
    int rc = GROW(m->examples, m->example_count, m->example_cap, SIGHTS_MAX);
    if (rc)
        return rc;
    struct gw_id id = {'f', "", i->record, i->n == NONE ? 0 : i->n};
    memcpy(id.object, m->sources.at[i->source], sizeof id.object);
    gw_span copy =
        gw_arena_copy(m->arena, gw_span_of(text, gw_id_format(&id, text)));
    *ret = (uint32_t)m->example_count;
    m->examples[m->example_count++] = copy;
    return copy.at ? 0 : GW_ENOMEM;
}

int gw_series_end(struct gw_merge *m, gw_series_fn *fn, void *ctx,
                  struct gw_why *why)
{
    int rc = gw_series_rank(m);
    if (rc)
        return gw_fail(why, rc, "series: %s", gw_strerror(rc));
    order_items(m);
    size_t n = join_all(m);
    for (size_t i = 0; i < n && !rc; i++) {
        rc = GROW(m->sights, i, m->sight_cap, SIGHTS_MAX);
        bool first =
            !i || m->items[i].s.hour / 24 != m->items[i - 1].s.hour / 24;
        rc = rc ? rc
                : give_example(m, &m->items[i], first, &m->items[i].s.example);
        if (!rc)
            m->sights[i] = m->items[i].s;
    }
    if (rc)
        return gw_fail(why, rc, "series: %s", gw_strerror(rc));
    struct gw_series s = {
        .cc = m->key.cc,
        .target = m->key.target,
        .org = m->key.org,
        .asn = m->key.asn,
        .layer = (enum gw_layer)m->key.layer,
        .count = n,
        .sights = m->sights,
        .observer_count = m->observer_count,
        .observers = m->observers,
        .program_count = m->programs.count,
        .programs = m->programs.at,
        .rule_count = m->rules.count,
        .rules = m->rules.at,
        .example_count = m->example_count,
        .examples = m->examples,
        .synthetic = m->key.synthetic == 1,
        .aggregate = m->aggregate,
    };
    return fn(ctx, &s);
}
