// Series made by hand and by chance: what the tests of the detector share.
#ifndef GW_DETECT_CASE_H
#define GW_DETECT_CASE_H

#include "analyse/detect.h"

enum { CASE_SIGHTS = 120000, CASE_OBSERVERS = 64 };
#define NOON 474012 // 2024-01-28 12:00, a Sunday

struct gw_detect_case {
    struct gw_arena *arena;
    struct gw_series series;
    struct gw_changes changes;
    int64_t observers[CASE_OBSERVERS];
};

static inline void gw_detect_case_init(struct gw_detect_case *c)
{
    *c = (struct gw_detect_case){0};
    c->arena = gw_arena_new(64 << 20);
    c->series.sights = gw_resize(NULL, CASE_SIGHTS, sizeof(struct gw_sight));
    c->series.observers = c->observers;
    assert_non_null(c->series.sights);
}

static inline void gw_detect_case_release(struct gw_detect_case *c)
{
    gw_arena_free(c->arena);
    gw_free(c->series.sights);
}

static inline void gw_detect_case_clear(struct gw_detect_case *c)
{
    c->series.count = c->series.observer_count = 0;
    gw_arena_reset(c->arena);
}

static inline struct gw_sight *gw_see(struct gw_detect_case *c, int32_t hour,
                                      uint32_t observer, unsigned blocked,
                                      unsigned ok)
{
    struct gw_series *s = &c->series;
    assert_true(s->count < CASE_SIGHTS && observer < CASE_OBSERVERS);
    struct gw_sight *x = &s->sights[s->count];
    *x = (struct gw_sight){.hour = hour,
                           .observer = observer,
                           .llr = blocked ? 3 : 0,
                           .rule = 0,
                           .example = (uint32_t)s->count};
    x->count[GW_STATE_BLOCKED] = (uint16_t)blocked;
    x->count[GW_STATE_OK] = (uint16_t)ok;
    s->count++;
    if (observer >= s->observer_count)
        s->observer_count = observer + 1;
    return x;
}

// A look of one of so many observers; true with that chance it is struck.
static inline void gw_look_by(struct gw_detect_case *c, struct gw_rand *r,
                              int32_t hour, unsigned observers, double struck)
{
    bool hit = gw_rand_unit(r) < struck;
    gw_see(c, hour, (uint32_t)gw_rand_below(r, observers), hit, !hit);
}

static inline int gw_by_sight(const void *a, const void *b)
{
    const struct gw_sight *x = a, *y = b;
    if (x->hour != y->hour)
        return x->hour < y->hour ? -1 : 1;
    if (x->observer != y->observer)
        return x->observer < y->observer ? -1 : 1;
    return (x->program > y->program) - (x->program < y->program);
}

static inline void gw_detect_case_run(struct gw_detect_case *c)
{
    struct gw_why why = {0};
    int rc = gw_detect(&gw_detector_default, &c->series, c->arena, &c->changes,
                       &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
}

// No changes, or "possible" at most.
static inline void gw_assert_possible_at_most(const struct gw_detect_case *c)
{
    for (size_t i = 0; i < c->changes.count; i++) {
        const struct gw_change *x = &c->changes.at[i];
        assert_string_equal(gw_confidence(x->log_odds, x->observers),
                            "possible");
        assert_true(x->log_odds < 2.303);
    }
}

#endif
