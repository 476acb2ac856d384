// Cells: what is counted, what is believed, and when they are made again.
#include "t.h"

#include "cells_case.h"

static int64_t sum(const struct gw_sight *s)
{
    return s->count[0] + s->count[1] + s->count[2] + s->count[3];
}

static void a_finding_is_counted_in_its_hour_under_its_service(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    finding(&c, HOUR_AT(3) + 1234 * GW_SECOND, GW_STATE_BLOCKED, 7);
    struct gw_object o = keep_findings(&c, "one");
    make_cells(&c);
    struct wanted *w = series_of(&c, "telegram", GW_LAYER_ALL);
    assert_int_equal(w->found, 1);
    assert_string_equal(w->cc, "KE");
    assert_string_equal(w->org, "Safaricom");
    assert_int_equal(w->s.asn, 33771);
    assert_int_equal(w->s.count, 1);
    assert_int_equal(w->sights[0].hour, FIRST_HOUR + 3);
    assert_int_equal(w->sights[0].count[GW_STATE_BLOCKED], 1);
    assert_int_equal(sum(&w->sights[0]), 1);
    assert_true(w->sights[0].llr == 6);
    assert_int_equal(w->observers[0], 7);
    assert_string_equal(w->programs[0], "ooniprobe-android 3.8.3");
    assert_string_equal(w->rule, "dns.bogon");
    char example[64];
    snprintf(example, sizeof example, "f-%.12s-100-0", o.hash);
    assert_string_equal(w->example, example);
    assert_false(w->s.aggregate || w->s.synthetic);
    cells_case_close(&c);
}

static void the_same_measurement_twice_in_an_object_counts_once(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    struct gw_finding_row *f = finding(&c, HOUR_AT(1), GW_STATE_BLOCKED, 7);
    gw_span uid = f->uid;
    finding(&c, HOUR_AT(1), GW_STATE_BLOCKED, 7)->uid = uid;
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7); // another one
    keep_findings(&c, "one");
    make_cells(&c);
    struct wanted *w = series_of(&c, "telegram", GW_LAYER_ALL);
    assert_int_equal(w->s.count, 1);
    assert_int_equal(w->sights[0].count[GW_STATE_BLOCKED], 1);
    assert_int_equal(w->sights[0].count[GW_STATE_OK], 1);
    cells_case_close(&c);
}

static void a_clock_that_cannot_be_believed_says_nothing(void **state)
{
    (void)state;
    static const struct {
        gw_time off;
        bool believed;
    } cases[] = {{0, true},
                 {-29 * 60 * GW_SECOND, true},
                 {-31 * 60 * GW_SECOND, false},
                 {47 * GW_CELL_HOUR, true},
                 {49 * GW_CELL_HOUR, false},
                 {400 * GW_DAY, false}};
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct cells_case c;
        cells_case_open(&c);
        finding(&c, HOUR_AT(10), GW_STATE_BLOCKED, 7)->start_time =
            HOUR_AT(10) - cases[i].off;
        keep_findings(&c, "one");
        make_cells(&c);
        struct wanted *w = series_of(&c, "telegram", GW_LAYER_ALL);
        assert_int_equal(w->s.count, 1);
        const struct gw_sight *s = &w->sights[0];
        assert_int_equal(s->count[GW_STATE_BLOCKED], cases[i].believed);
        assert_int_equal(s->count[GW_STATE_UNKNOWN], !cases[i].believed);
        if (!cases[i].believed) // the hour in which it arrived
            assert_int_equal(s->hour, FIRST_HOUR + 10);
        cells_case_close(&c);
    }
}

static void without_any_time_it_is_in_no_cell(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    struct gw_finding_row *f = finding(&c, HOUR_AT(1), GW_STATE_OK, 7);
    f->start_time = GW_NEVER;
    f->uid = GW_LIT("20231399000000.1"); // no such month
    keep_findings(&c, "one");
    make_cells(&c);
    assert_int_equal(series_of(&c, "telegram", GW_LAYER_ALL)->series, 0);
    cells_case_close(&c);
}

static void layers_networks_and_rehearsals_stand_apart(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7);
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->layer = GW_LAYER_DNS;
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->probe_asn = 15399;
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->probe_asn = GW_NULL;
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->synthetic = 1;
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->target = GW_LIT("a.org");
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7)->probe_cc = GW_LIT("kenya");
    keep_findings(&c, "one");
    make_cells(&c);
    struct wanted *w = series_of(&c, "telegram", GW_LAYER_ALL);
    assert_int_equal(w->found, 5);
    w = series_of(&c, "", GW_LAYER_ALL); // volume: by network
    assert_int_equal(w->found, 5);
    assert_int_equal(w->series, 12);
    cells_case_close(&c);
}

static void resolvers_stand_apart_in_cells_and_together_in_series(void **state)
{
    (void)state;
    struct cells_case c;
    cells_case_open(&c);
    for (int i = 0; i < 3; i++) {
        struct gw_finding_row *f = finding(&c, HOUR_AT(1), GW_STATE_OK, 7);
        f->layer = GW_LAYER_DNS;
        f->resolver_asn = i ? 100 * i : GW_NULL;
    }
    struct gw_object o = keep_findings(&c, "one");
    make_cells(&c);
    struct wanted *w = series_of(&c, "telegram", GW_LAYER_DNS);
    assert_int_equal(w->s.count, 1);
    assert_int_equal(w->sights[0].count[GW_STATE_OK], 3);
    struct gw_cells_shared shared = {gw_block_codec_new()};
    struct gw_cell_stream s;
    int cells = 0;
    assert_int_equal(gw_cell_stream_segment(c.a, o.hash, 0, &shared, &s, NULL),
                     0);
    for (; !s.ended; cells++)
        assert_int_equal(gw_cell_stream_next(&s, NULL), 0);
    assert_int_equal(cells, 3); // volume counts whole measurements only
    gw_cell_stream_close(&s);
    gw_block_codec_free(shared.codec);
    cells_case_close(&c);
}

static void cells_are_made_again_only_when_findings_changed(void **state)
{
    (void)state;
    struct cells_case c;
    char before[65], after[65];
    cells_case_open(&c);
    finding(&c, HOUR_AT(1), GW_STATE_OK, 7);
    struct gw_object o = keep_findings(&c, "one");
    make_cells(&c);
    assert_int_equal(gw_segment_hash(c.a, GW_TIER_CELLS, o.hash, before, NULL),
                     0);
    make_cells(&c);
    assert_int_equal(gw_segment_hash(c.a, GW_TIER_CELLS, o.hash, after, NULL),
                     0);
    assert_string_equal(before, after);
    finding(&c, HOUR_AT(1), GW_STATE_BLOCKED, 7);
    keep_findings(&c, "one");
    make_cells(&c);
    assert_int_equal(gw_segment_hash(c.a, GW_TIER_CELLS, o.hash, after, NULL),
                     0);
    assert_string_not_equal(before, after);
    assert_int_equal(series_of(&c, "telegram", GW_LAYER_ALL)
                         ->sights[0]
                         .count[GW_STATE_BLOCKED],
                     1);
    assert_int_equal(gw_segment_drop(c.a, GW_TIER_FINDINGS, o.hash, NULL), 0);
    make_cells(&c);
    assert_int_equal(gw_segment_hash(c.a, GW_TIER_CELLS, o.hash, after, NULL),
                     GW_ENOENT);
    cells_case_close(&c);
}

static int take_day(void *ctx, const struct gw_day_row *d)
{
    *(struct gw_day_row *)ctx = *d;
    return 0;
}

static void days_are_what_the_cells_come_to(void **state)
{
    (void)state;
    struct cells_case c;
    struct gw_day_row d = {.asn = -7};
    struct gw_day_filter f = {NULL, NULL, -1, -1, GW_NEVER, GW_NEVER};
    cells_case_open(&c);
    finding(&c, HOUR_AT(0), GW_STATE_OK, 7);
    finding(&c, HOUR_AT(5), GW_STATE_OK, 7);
    finding(&c, HOUR_AT(5), GW_STATE_BLOCKED, 8)->llr = 2;
    struct gw_finding_row *heavy =
        finding(&c, HOUR_AT(23), GW_STATE_BLOCKED, 9);
    heavy->rule = GW_LIT("tls.reset");
    heavy->throttled = 1;
    struct gw_object o = keep_findings(&c, "one");
    make_cells(&c);
    assert_int_equal(gw_days_each(c.a, &f, take_day, &d, NULL), 0);
    char example[64];
    snprintf(example, sizeof example, "f-%.12s-400-0", o.hash);
    assert_string_equal(d.target, "telegram");
    assert_string_equal(d.org, "Safaricom");
    assert_true(d.day == MIDNIGHT);
    assert_int_equal(d.count[GW_STATE_OK], 2);
    assert_int_equal(d.count[GW_STATE_BLOCKED], 2);
    assert_int_equal(d.observers[GW_STATE_OK], 1);
    assert_int_equal(d.observers[GW_STATE_BLOCKED], 2);
    assert_int_equal(d.throttled, 1);
    assert_string_equal(d.rule, "tls.reset");
    assert_string_equal(d.example, example);
    cells_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_counted_in_its_hour_under_its_service),
        cmocka_unit_test(the_same_measurement_twice_in_an_object_counts_once),
        cmocka_unit_test(a_clock_that_cannot_be_believed_says_nothing),
        cmocka_unit_test(without_any_time_it_is_in_no_cell),
        cmocka_unit_test(layers_networks_and_rehearsals_stand_apart),
        cmocka_unit_test(resolvers_stand_apart_in_cells_and_together_in_series),
        cmocka_unit_test(cells_are_made_again_only_when_findings_changed),
        cmocka_unit_test(days_are_what_the_cells_come_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
