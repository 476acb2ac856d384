// Series: merged over objects, in order, a copy never counted twice.
#include "t.h"

#include "cells_case.h"

static void a_copy_in_another_object_does_not_count_again(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    for (int object = 0; object < 2; object++) {
        finding(&c, HOUR_AT(1), GW_STATE_BLOCKED, 7);
        finding(&c, HOUR_AT(1), GW_STATE_BLOCKED, 8);
        if (object)
            finding(&c, HOUR_AT(1), GW_STATE_OK, 8);
        keep_findings(&c, object ? "as lines" : "as postcans");
    }
    make_cells(&c);
    struct wanted *w = series_of(&c, "telegram", GW_LAYER_ALL);
    assert_int_equal(w->found, 1);
    assert_int_equal(w->s.count, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(w->sights[i].count[GW_STATE_BLOCKED], 1);
    assert_int_equal(w->sights[0].count[GW_STATE_OK], 0);
    assert_int_equal(w->sights[1].count[GW_STATE_OK], 1);
    cells_case_close(&c);
}

static int volume_then_targets(void *ctx, const struct gw_series *s)
{
    struct gw_cell_row *last = ctx;
    struct gw_cell_row now = {.cc = s->cc,
                              .target = s->target,
                              .asn = s->asn,
                              .layer = s->layer,
                              .synthetic = s->synthetic};
    static char cc[3], target[256];
    if (last->cc.at)
        assert_true(gw_cell_series_order(last, &now) < 0);
    snprintf(cc, sizeof cc, "%.*s", (int)s->cc.len, s->cc.at);
    snprintf(target, sizeof target, "%.*s", (int)s->target.len, s->target.at);
    now.cc = gw_str(cc);
    now.target = gw_str(target);
    *last = now;
    return 0;
}

static void order_checked(const struct wanted *w)
{
    for (size_t i = 1; i < w->s.count; i++) {
        const struct gw_sight *a = &w->sights[i - 1], *b = &w->sights[i];
        assert_true(a->hour < b->hour ||
                    (a->hour == b->hour && (a->observer < b->observer ||
                                            (a->observer == b->observer &&
                                             a->program < b->program))));
    }
    for (size_t i = 1; i < w->s.observer_count; i++)
        assert_true(w->observers[i - 1] < w->observers[i]);
}

// More objects than are open at a time, each with a few hours of a few
// observers, against counts kept by hand.
static void many_objects_merge_as_a_table_would(void **state)
{
    (void)state;
    enum { OBJECTS = 2 * GW_MERGE_WAYS + 5, HOURS = 40, WHO = 5, TARGETS = 3 };
    static uint16_t most[TARGETS][HOURS][WHO][GW_STATE_COUNT];
    static const char *const targets[TARGETS] = {"a.org", "b.org",
                                                 "web.telegram.org"};
    struct cells_case c;
    struct gw_rand r = {3};
    cells_case_open(&c);
    memset(most, 0, sizeof most);
    for (int o = 0; o < OBJECTS; o++) {
        static uint16_t here[TARGETS][HOURS][WHO][GW_STATE_COUNT];
        char text[32];
        memset(here, 0, sizeof here);
        for (int i = 0; i < 12; i++) {
            size_t t = gw_rand_below(&r, TARGETS), h = gw_rand_below(&r, HOURS),
                   w = gw_rand_below(&r, WHO),
                   s = gw_rand_below(&r, GW_STATE_COUNT);
            finding(&c, HOUR_AT((int64_t)h), (enum gw_state)s, 50 - (int)w)
                ->target = gw_str(targets[t]);
            here[t][h][w][s]++;
        }
        for (size_t i = 0; i < sizeof here / sizeof(uint16_t); i++) {
            uint16_t *to = &most[0][0][0][0] + i, n = (&here[0][0][0][0])[i];
            *to = *to > n ? *to : n;
        }
        snprintf(text, sizeof text, "object %d", o);
        keep_findings(&c, text);
    }
    make_cells(&c);
    for (int t = 0; t < TARGETS; t++) {
        struct wanted *w =
            series_of(&c, t == 2 ? "telegram" : targets[t], GW_LAYER_ALL);
        size_t sights = 0;
        assert_int_equal(w->found, 1);
        order_checked(w);
        for (int h = 0; h < HOURS; h++)
            for (int o = 0; o < WHO; o++)
                sights += memcmp(most[t][h][o], (uint16_t[4]){0}, 8) != 0;
        assert_int_equal(w->s.count, sights);
        for (size_t i = 0; i < w->s.count; i++) {
            const struct gw_sight *s = &w->sights[i];
            int64_t who = 50 - w->observers[s->observer];
            assert_memory_equal(s->count, most[t][s->hour - FIRST_HOUR][who],
                                sizeof s->count);
            assert_true(s->count[GW_STATE_BLOCKED] == 0 ||
                        (s->rule == 0 && s->example < w->s.example_count));
        }
    }
    struct gw_cell_row last = {0};
    assert_int_equal(gw_series_each(c.a, volume_then_targets, &last, NULL), 0);
    assert_true(gw_is(last.target, "telegram"));
    cells_case_close(&c);
}

static void an_object_larger_than_memory_is_spilled_and_comes_out(void **state)
{
    (void)state;
    enum { N = 600 * 1000, PER_HOUR = 400 };
    struct cells_case c;
    struct gw_why why = {0};
    cells_case_open(&c);
    struct gw_cell_maker *m = gw_cell_maker_new(c.a);
    struct gw_segment_writer *w;
    struct gw_object o = put_text(c.a, "large");
    for (int i = 0; i < N; i += 1000) {
        for (int k = 0; k < 1000; k++)
            finding(&c, HOUR_AT((int64_t)(i + k) * 7919 % N / PER_HOUR),
                    GW_STATE_OK, (i + k) % 3);
        size_t n;
        const struct gw_finding_row *rows = gw_rows_finding(&c.block, &n);
        for (int k = 0; k < 1000; k++)
            ((struct gw_finding_row *)c.block.rows[GW_TABLE_finding].at)[k]
                .uid = (gw_span){0}; // not the same, whatever their number
        assert_int_equal(gw_cell_maker_add(m, rows, n, &why), 0);
        gw_block_reset(&c.block);
        gw_arena_reset(c.arena);
    }
    assert_int_equal(
        gw_segment_begin(c.a, GW_TIER_CELLS, o.hash, GW_LIT("{}"), &w, NULL),
        0);
    assert_int_equal(gw_cell_maker_put(m, w, &why), 0);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    gw_cell_maker_free(m);
    struct wanted *s = series_of(&c, "telegram", GW_LAYER_ALL);
    int64_t total = 0;
    assert_int_equal(s->s.observer_count, 3);
    for (size_t i = 0; i < GW_COUNT(s->sights) && i < s->s.count; i++)
        total += s->sights[i].count[GW_STATE_OK];
    assert_int_equal(total, N);
    cells_case_close(&c);
}

static int stop_at_first(void *ctx, const struct gw_series *s)
{
    (void)s;
    ++*(int *)ctx;
    return 42;
}

static void the_reader_may_end_it_and_an_empty_archive_has_none(void **state)
{
    (void)state;
    struct cells_case c;
    int calls = 0;
    cells_case_open(&c);
    assert_int_equal(gw_series_each(c.a, stop_at_first, &calls, NULL), 0);
    assert_int_equal(calls, 0);
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7);
    keep_findings(&c, "one");
    make_cells(&c);
    assert_int_equal(gw_series_each(c.a, stop_at_first, &calls, NULL), 42);
    assert_int_equal(calls, 1);
    cells_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_in_another_object_does_not_count_again),
        cmocka_unit_test(many_objects_merge_as_a_table_would),
        cmocka_unit_test(an_object_larger_than_memory_is_spilled_and_comes_out),
        cmocka_unit_test(the_reader_may_end_it_and_an_empty_archive_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
