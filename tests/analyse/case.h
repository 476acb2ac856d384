// From a measurement's text to its findings, without an archive: what the
// tests of analyse share.
#ifndef GW_CASE_H
#define GW_CASE_H

#include "analyse/judge.h"
#include "monitor/facts.h"

struct gw_case {
    struct gw_arena *arena, *findings_arena;
    struct gw_block facts, findings;
    struct gw_refs *refs;
    struct gw_facts *reader;
    struct gw_pool *pool;
    struct gw_judge *judge;
    size_t judged;
};

static inline void gw_case_init(struct gw_case *c)
{
    *c = (struct gw_case){0};
    c->arena = gw_arena_new(512 << 20);
    c->findings_arena = gw_arena_new(512 << 20);
    assert_int_equal(gw_block_init(&c->facts, c->arena), 0);
    assert_int_equal(gw_block_init(&c->findings, c->findings_arena), 0);
    c->refs = gw_refs_new();
    assert_int_equal(gw_refs_seal(c->refs, NULL), 0);
    c->reader = gw_facts_new(c->refs);
    c->pool = gw_pool_new();
    c->judge = gw_new(sizeof *c->judge);
    assert_non_null(c->judge);
}

static inline void gw_case_release(struct gw_case *c)
{
    gw_facts_free(c->reader);
    gw_refs_free(c->refs);
    gw_pool_free(c->pool);
    gw_free(c->judge);
    gw_block_release(&c->facts);
    gw_block_release(&c->findings);
    gw_arena_free(c->arena);
    gw_arena_free(c->findings_arena);
}

// Adds a measurement; its record is its ordinal among those added.
static inline void gw_case_add(struct gw_case *c, gw_span text)
{
    struct gw_why why = {0};
    uint8_t *padded = gw_new(text.len + GW_JSON_PADDING);
    assert_non_null(padded);
    memcpy(padded, text.at, text.len);
    struct gw_record r = {gw_span_of(padded, text.len),
                          (int64_t)c->facts.rows[GW_TABLE_measurement].count,
                          (int64_t)text.len, "", false};
    int rc = gw_facts_add(c->reader, &c->facts, &r, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    gw_free(padded);
}

static inline void gw_case_judge(struct gw_case *c)
{
    size_t n;
    struct gw_cursor cursor = {{0}};
    (void)gw_rows_measurement(&c->facts, &n);
    assert_int_equal(gw_pool_add(c->pool, &c->facts), 0);
    c->judge->out = &c->findings;
    c->judge->arena = c->findings_arena;
    for (size_t i = 0; i < n; i++) {
        struct gw_view v;
        gw_view_next(&c->facts, &cursor, i, c->pool, &v);
        gw_judge_measurement(c->judge, &v);
    }
    assert_int_equal(c->findings.err, 0);
}

// The measurement's own finding, or a layer's; NULL if there is none.
static inline const struct gw_finding_row *
gw_case_finding(const struct gw_case *c, int64_t record, enum gw_layer layer)
{
    size_t n;
    const struct gw_finding_row *f = gw_rows_finding(&c->findings, &n);
    for (size_t i = 0; i < n; i++)
        if (f[i].record == record && f[i].layer == (int64_t)layer)
            return &f[i];
    return NULL;
}

static inline const struct gw_verdict_row *
gw_case_verdict(const struct gw_case *c, int64_t record)
{
    size_t n;
    const struct gw_verdict_row *v = gw_rows_verdict(&c->findings, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].record == record)
            return &v[i];
    return NULL;
}

// True if the rule fired for that measurement.
static inline bool gw_case_fired(const struct gw_case *c, int64_t record,
                                 const char *rule)
{
    size_t n, m;
    const struct gw_fired_row *r = gw_rows_fired(&c->findings, &n);
    const struct gw_finding_row *f = gw_rows_finding(&c->findings, &m);
    for (size_t i = 0; i < n; i++)
        if (gw_is(r[i].rule, rule) && f[r[i].f].record == record)
            return true;
    return false;
}

#endif
