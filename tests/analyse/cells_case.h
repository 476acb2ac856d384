// Findings as a test wants them, and the cells and series made of them.
#ifndef GW_CELLS_CASE_H
#define GW_CELLS_CASE_H

#include "../store/place.h"
#include "analyse/cells.h"

struct cells_case {
    struct place place;
    struct gw_archive *a;
    struct gw_ledger *l;
    struct gw_chance chance;
    struct gw_arena *arena;
    struct gw_block block;
};

static inline void cells_case_open(struct cells_case *c)
{
    *c = (struct cells_case){.place = place_new(), .chance = {true, {1}}};
    struct gw_ledger_options o = {.chance = &c->chance, .clock = &noon};
    c->a = archive_in(&c->place, GW_ARCHIVE_CREATE);
    assert_int_equal(gw_ledger_open(c->a, &o, &c->l, NULL), 0);
    c->arena = gw_arena_new(512 << 20);
    assert_int_equal(gw_block_init(&c->block, c->arena), 0);
}

static inline void cells_case_close(struct cells_case *c)
{
    gw_block_release(&c->block);
    gw_arena_free(c->arena);
    gw_ledger_close(c->l);
    gw_archive_close(c->a);
    place_remove(&c->place);
}

// 2023-11-06 00:00 UTC, and an hour after it.
#define MIDNIGHT   (INT64_C(1699228800) * GW_SECOND)
#define HOUR_AT(n) (MIDNIGHT + (n)*GW_CELL_HOUR)
#define FIRST_HOUR ((int32_t)(MIDNIGHT / GW_CELL_HOUR))

// A finding of telegram.org on AS33771 in Kenya, whose uid came with it.
static inline struct gw_finding_row *finding(struct cells_case *c, gw_time at,
                                             enum gw_state state, int64_t who)
{
    char day[GW_TIME_TEXT];
    size_t n;
    struct gw_finding_row *f = gw_add_finding(&c->block);
    (void)gw_rows_finding(&c->block, &n);
    gw_format_time(at + 5 * GW_SECOND, day);
    f->record = (int64_t)n * 100;
    f->n = 0;
    f->layer = GW_LAYER_ALL;
    f->state = state;
    f->rule = GW_LIT("dns.bogon");
    f->llr = 6;
    f->target = GW_LIT("web.telegram.org");
    f->uid = gw_arena_fmt(c->arena, "%.4s%.2s%.2s%.2s%.2s%.2s.%zu_KE", day,
                          day + 5, day + 8, day + 11, day + 14, day + 17, n);
    f->probe_cc = GW_LIT("KE");
    f->probe_asn = 33771;
    f->probe_as_org_name = GW_LIT("Safaricom");
    f->start_time = at;
    f->observer = who;
    f->program = GW_LIT("ooniprobe-android 3.8.3");
    f->synthetic = 0;
    return f;
}

// Keeps the findings as those of an object of that text (which stays pending:
// what is done wants a leaf), and begins anew.
static inline struct gw_object keep_findings(struct cells_case *c,
                                             const char *text)
{
    struct gw_segment_writer *w;
    struct gw_buf bytes;
    struct gw_object o = put_text(c->a, text);
    struct gw_block_codec *codec = gw_block_codec_new();
    gw_buf_init(&bytes, GW_BLOCK_MAX);
    assert_int_equal(gw_segment_begin(c->a, GW_TIER_FINDINGS, o.hash,
                                      GW_LIT("{}"), &w, NULL),
                     0);
    assert_int_equal(gw_block_encode(codec, &c->block, &bytes, NULL), 0);
    assert_int_equal(gw_segment_put(w, gw_buf_span(&bytes), NULL), 0);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    gw_buf_release(&bytes);
    gw_block_codec_free(codec);
    gw_block_reset(&c->block);
    gw_arena_reset(c->arena);
    return o;
}

static inline void make_cells(struct cells_case *c)
{
    struct gw_analyse_options options = {0};
    struct gw_why why = {0};
    int rc = gw_make_cells(c->l, &options, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
}

// A copy of one series, found by target and layer among all.
struct wanted {
    const char *target;
    enum gw_layer layer;
    int64_t asn;
    struct gw_series s;
    struct gw_sight sights[5000];
    int64_t observers[5000];
    char cc[3], org[64], programs[8][64], rule[64], example[64];
    int found, series;
};

static inline int want_series(void *ctx, const struct gw_series *s)
{
    struct wanted *w = ctx;
    w->series++;
    if (!gw_is(s->target, w->target) || s->layer != w->layer ||
        (w->asn && w->asn != s->asn))
        return 0;
    w->found++;
    w->s = *s;
    assert_in_range(s->count, 1, GW_COUNT(w->sights));
    memcpy(w->sights, s->sights, s->count * sizeof *s->sights);
    memcpy(w->observers, s->observers,
           s->observer_count * sizeof *s->observers);
    snprintf(w->cc, sizeof w->cc, "%.*s", (int)s->cc.len, s->cc.at);
    snprintf(w->org, sizeof w->org, "%.*s", (int)s->org.len,
             s->org.len ? (const char *)s->org.at : "");
    for (size_t i = 0; i < s->program_count && i < 8; i++)
        snprintf(w->programs[i], sizeof w->programs[i], "%.*s",
                 (int)s->programs[i].len, s->programs[i].at);
    if (s->rule_count)
        snprintf(w->rule, sizeof w->rule, "%.*s", (int)s->rules[0].len,
                 s->rules[0].at);
    if (s->example_count)
        snprintf(w->example, sizeof w->example, "%.*s", (int)s->examples[0].len,
                 s->examples[0].at);
    return 0;
}

static inline struct wanted *series_of(struct cells_case *c, const char *target,
                                       enum gw_layer layer)
{
    static struct wanted w;
    struct gw_why why = {0};
    w = (struct wanted){.target = target, .layer = layer};
    int rc = gw_series_each(c->a, want_series, &w, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return &w;
}

#endif
