// The detector on series whose truth is known.
#include "t.h"

#include "detect_case.h"

static struct gw_detect_case c;

static int set_up(void **state)
{
    (void)state;
    gw_detect_case_init(&c);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    gw_detect_case_release(&c);
    return 0;
}

static void looks(int32_t first, int n, int32_t step, bool blocked)
{
    for (int i = 0; i < n; i++)
        gw_see(&c, first + i * step, (uint32_t)i % 5, blocked, !blocked);
}

static void blocked_since_before_the_first_look_is_told(void **state)
{
    (void)state;
    looks(NOON, 12, 9, true);
    gw_detect_case_run(&c);
    assert_true(c.changes.enough);
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(c.changes.at->onset[0], INT32_MIN);
    assert_int_equal(c.changes.at->onset[1], NOON);
    assert_int_equal(c.changes.at->end[0], INT32_MAX);
    assert_int_equal(c.changes.at->end[1], INT32_MAX);
    assert_int_equal(c.changes.at->state, GW_BLOCKED_STATE);
    assert_string_equal(
        gw_confidence(c.changes.at->log_odds, c.changes.at->observers),
        "certain beyond reasonable doubt");
}

// The onset and end that the looks leave open: the gap around each.
static void assert_found(const struct gw_change *x, int32_t onset, int32_t end)
{
    assert_true(x->onset[0] <= onset && onset <= x->onset[1]);
    assert_true(x->end[0] <= end && end <= x->end[1]);
}

static void gaps_of_more_than_a_day_do_not_hide_it(void **state)
{
    (void)state;
    for (int32_t step = 25; step <= 73; step += 12) {
        gw_detect_case_clear(&c);
        looks(NOON, 20, step, false);
        looks(NOON + 20 * step, 8, step, true);
        looks(NOON + 28 * step, 20, step, false);
        gw_detect_case_run(&c);
        assert_int_equal(c.changes.count, 1);
        assert_found(c.changes.at, NOON + 20 * step - step / 2,
                     NOON + 28 * step - step / 2);
        // Leaks are possible: an interval reaches over a few looks, no more.
        assert_true(c.changes.at->onset[0] >= NOON + 16 * step);
        assert_true(c.changes.at->end[1] <= NOON + 32 * step);
    }
}

static void ten_days_without_a_look_leave_one_change(void **state)
{
    (void)state;
    looks(NOON, 30, 6, false);
    looks(NOON + 200, 10, 6, true);
    looks(NOON + 200 + 60 + 240, 10, 6, true);
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 1);
    assert_true(c.changes.at->onset[0] >= NOON + 150);
    assert_true(c.changes.at->onset[1] <= NOON + 206);
    assert_int_equal(c.changes.at->end[0], INT32_MAX);
}

static void empty_years_are_borne(void **state)
{
    (void)state;
    looks(-400000, 10, 5, false);
    looks(NOON, 10, 5, true);
    looks(2 * NOON, 10, 5, false);
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 1);
    assert_true(c.changes.at->onset[0] > -400000 &&
                c.changes.at->onset[0] < c.changes.at->onset[1] - 100000);
    assert_true(c.changes.at->onset[1] <= NOON + 5);
}

static void two_events_stay_two(void **state)
{
    (void)state;
    looks(NOON, 40, 4, false);
    looks(NOON + 160, 20, 4, true);
    looks(NOON + 240, 30, 4, false);
    looks(NOON + 360, 20, 4, true);
    looks(NOON + 440, 40, 4, false);
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 2);
    assert_found(&c.changes.at[0], NOON + 159, NOON + 239);
    assert_found(&c.changes.at[1], NOON + 359, NOON + 439);
    assert_true(c.changes.at[0].end[1] < c.changes.at[1].onset[0]);
    assert_int_equal(c.changes.at[0].blocked, 20);
    assert_int_equal(c.changes.at[1].observations, 20);
}

static void a_forged_row_changes_nothing(void **state)
{
    (void)state;
    for (int at = 0; at < 60; at++)
        for (float llr = 0.5F; llr < 20; llr += 3) {
            gw_detect_case_clear(&c);
            looks(NOON, at, 7, false);
            gw_see(&c, NOON + at * 7, 9, 1, 0)->llr = llr;
            looks(NOON + at * 7 + 7, 60 - at, 7, false);
            gw_detect_case_run(&c);
            assert_int_equal(c.changes.count, 0);
        }
}

// Forged by one observer, between the looks of five others who find it open;
// and the same where nobody else looks.
static void forge(int rows, int32_t step, unsigned in_each, bool others)
{
    gw_detect_case_clear(&c);
    for (int i = 0; i < rows; i++) {
        if (others && i % 40 == 0)
            gw_see(&c, NOON + i * step, (uint32_t)(i / 40) % 5, 0, 1);
        gw_see(&c, NOON + i * step, 9, in_each, 0)->llr = 8;
    }
    gw_detect_case_run(&c);
    gw_assert_possible_at_most(&c);
}

static void one_observer_is_never_more_than_possible(void **state)
{
    (void)state;
    for (int others = 0; others < 2; others++) {
        forge(1, 1, 1000, others);
        forge(1, 1, 65535, others);
        forge(1000, 1, 1, others);
        forge(1000, 5, 1, others);
        forge(1000, 24, 1, others);
        forge(1000, 25, 60000, others);
    }
}

static void one_observer_cannot_hide_what_five_see(void **state)
{
    (void)state;
    looks(NOON, 40, 3, false);
    for (int i = 0; i < 60; i++) {
        gw_see(&c, NOON + 120 + i * 3, (uint32_t)i % 5, 1, 0);
        gw_see(&c, NOON + 120 + i * 3, 9, 0, 5000);
    }
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 1);
    assert_true(c.changes.at->log_odds > 6.9);
}

static void accidents_are_no_change(void **state)
{
    (void)state;
    static const double rate[] = {0.005, 0.03, 0.08};
    struct gw_rand r = {17};
    int told = 0;
    for (int n = 0; n < 300; n++) {
        gw_detect_case_clear(&c);
        for (int i = 0; i < 400; i++)
            gw_look_by(&c, &r, NOON + i * 3, 8, rate[n % 3]);
        gw_detect_case_run(&c);
        told += c.changes.count > 0;
    }
    assert_in_range(told, 0, 3);
}

static void leaky_blocking_is_told_whatever_its_share(void **state)
{
    (void)state;
    static const double share[] = {0.35, 0.5, 0.7, 0.9};
    struct gw_rand r = {5};
    for (int n = 0; n < 80; n++) {
        gw_detect_case_clear(&c);
        for (int i = 0; i < 150; i++)
            gw_look_by(&c, &r, NOON + i * 3, 8,
                       i < 50 || i >= 120 ? 0.01 : share[n % 4]);
        gw_detect_case_run(&c);
        assert_true(c.changes.count >= 1);
        assert_true(c.changes.at->observers >= 3);
    }
}

// Held against many onsets and ends drawn by chance.
static void intervals_hold_the_truth(void **state)
{
    (void)state;
    struct gw_rand r = {99};
    int onsets = 0, ends = 0, found = 0;
    for (int n = 0; n < 300; n++) {
        int32_t onset = NOON + 300 + (int32_t)gw_rand_below(&r, 300);
        int32_t end = onset + 150 + (int32_t)gw_rand_below(&r, 300);
        gw_detect_case_clear(&c);
        for (int32_t h = NOON; h < NOON + 1400;
             h += 1 + (int32_t)gw_rand_below(&r, 12))
            gw_look_by(&c, &r, h, 7, h >= onset && h < end ? 0.9 : 0.015);
        gw_detect_case_run(&c);
        if (c.changes.count != 1)
            continue;
        const struct gw_change *x = c.changes.at;
        found++;
        onsets += x->onset[0] <= onset && onset <= x->onset[1];
        ends += x->end[0] <= end && end <= x->end[1];
    }
    assert_true(found >= 285);
    assert_true(onsets >= found * 93 / 100);
    assert_true(ends >= found * 93 / 100);
}

static void hours_of_weekdays_are_a_pattern(void **state)
{
    (void)state;
    struct gw_rand r = {3};
    for (int32_t h = NOON; h < NOON + 24 * 56; h++) {
        bool exam = h > NOON + 24 * 14 && h < NOON + 24 * 42 &&
                    gw_weekday(h) < 5 && gw_hour_of_day(h) >= 5 &&
                    gw_hour_of_day(h) < 9;
        if (gw_rand_below(&r, 3))
            gw_look_by(&c, &r, h, 6, exam ? 0.9 : 0.01);
    }
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(c.changes.at->state, GW_PARTLY);
    assert_int_equal(c.changes.at->hours, 0x1e0);
    assert_int_equal(c.changes.at->weekdays, 0x1f);
    assert_true(c.changes.at->weekly);
    assert_true(c.changes.at->onset[0] >= NOON + 24 * 10);
    assert_true(c.changes.at->onset[1] <= NOON + 24 * 19);
    assert_true(c.changes.at->end[0] >= NOON + 24 * 38);
    assert_true(c.changes.at->end[1] <= NOON + 24 * 47);
}

static void steady_blocking_has_no_pattern(void **state)
{
    (void)state;
    struct gw_rand r = {4};
    int patterns = 0;
    for (int n = 0; n < 50; n++) {
        gw_detect_case_clear(&c);
        for (int i = 0; i < 400; i++)
            gw_look_by(&c, &r, NOON + i * 2, 7, i < 200 ? 0.01 : 0.85);
        gw_detect_case_run(&c);
        assert_true(c.changes.count >= 1);
        patterns += c.changes.at->weekly || c.changes.at->hours != 0xffffff;
    }
    assert_in_range(patterns, 0, 1);
}

// However late it came and in whatever order: once it is in its place in the
// series, it is as if it had always been there.
static void order_of_arrival_does_not_matter(void **state)
{
    (void)state;
    struct gw_rand r = {8};
    struct gw_change first[8];
    for (int i = 0; i < 500; i++)
        gw_look_by(&c, &r, NOON + i, 9, i < 200 || i > 350 ? 0.02 : 0.9);
    qsort(c.series.sights, c.series.count, sizeof *c.series.sights,
          gw_by_sight);
    gw_detect_case_run(&c);
    size_t count = c.changes.count;
    assert_in_range(count, 1, 8);
    memcpy(first, c.changes.at, count * sizeof *first);
    for (int n = 0; n < 20; n++) {
        for (size_t i = c.series.count; i > 1; i--) {
            size_t k = (size_t)gw_rand_below(&r, i);
            struct gw_sight t = c.series.sights[i - 1];
            c.series.sights[i - 1] = c.series.sights[k];
            c.series.sights[k] = t;
        }
        qsort(c.series.sights, c.series.count, sizeof *c.series.sights,
              gw_by_sight);
        gw_detect_case_run(&c);
        assert_int_equal(c.changes.count, count);
        assert_memory_equal(c.changes.at, first, count * sizeof *first);
    }
}

static void an_hour_split_by_program_counts_the_same(void **state)
{
    (void)state;
    struct gw_detect_case d;
    gw_detect_case_init(&d);
    for (int i = 0; i < 60; i++) {
        bool hit = i >= 30;
        gw_see(&c, NOON + i, (uint32_t)i % 6, 4 * hit, 4 * !hit);
        gw_see(&d, NOON + i, (uint32_t)i % 6, 1 * hit, 1 * !hit);
        gw_see(&d, NOON + i, (uint32_t)i % 6, 3 * hit, 3 * !hit)->program = 1;
    }
    gw_detect_case_run(&c);
    gw_detect_case_run(&d);
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(d.changes.count, 1);
    assert_memory_equal(c.changes.at->onset, d.changes.at->onset,
                        sizeof c.changes.at->onset);
    assert_true(c.changes.at->log_odds == d.changes.at->log_odds);
    gw_detect_case_release(&d);
}

static void an_artefact_weighs_more_than_a_symptom(void **state)
{
    (void)state;
    double odds[2];
    for (int k = 0; k < 2; k++) {
        gw_detect_case_clear(&c);
        looks(NOON, 30, 5, false);
        for (int i = 0; i < 4; i++)
            gw_see(&c, NOON + 160 + i * 5, (uint32_t)i, 1, 0)->llr =
                k ? 8 : 1.5F;
        struct gw_chain chain;
        assert_int_equal(gw_chain_make(&chain, &gw_detector_default, &c.series),
                         0);
        gw_chain_fit(&chain);
        odds[k] = gw_chain_odds(&chain, chain.count - 1);
        gw_chain_release(&chain);
    }
    assert_true(odds[1] > odds[0] + 1);
}

static void unknown_and_down_say_nothing(void **state)
{
    (void)state;
    looks(NOON, 6, 5, false);
    for (int i = 0; i < 200; i++) {
        struct gw_sight *x = gw_see(&c, NOON + 60 + i, (uint32_t)i % 5, 0, 0);
        x->count[GW_STATE_UNKNOWN] = 3;
        x->count[GW_STATE_DOWN] = 9;
    }
    gw_detect_case_run(&c);
    assert_true(c.changes.enough);
    assert_int_equal(c.changes.count, 0);
}

static void throttling_alone_is_a_change_too(void **state)
{
    (void)state;
    looks(NOON, 40, 4, false);
    for (int i = 0; i < 40; i++)
        gw_see(&c, NOON + 160 + i * 4, (uint32_t)i % 5, 0, 1)->throttled = 1;
    gw_detect_case_run(&c);
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(c.changes.at->throttled, 40);
    assert_int_equal(c.changes.at->blocked, 0);
}

static void days_give_wider_intervals_than_hours(void **state)
{
    (void)state;
    struct gw_change at[2];
    for (int k = 0; k < 2; k++) {
        gw_detect_case_clear(&c);
        c.series.aggregate = k;
        looks(NOON - 12, 20, 24, false);
        looks(NOON - 12 + 480, 10, 24, true);
        looks(NOON - 12 + 720, 20, 24, false);
        gw_detect_case_run(&c);
        assert_int_equal(c.changes.count, 1);
        at[k] = *c.changes.at;
    }
    c.series.aggregate = false;
    assert_int_equal(at[1].onset[0], at[0].onset[0]);
    assert_int_equal(at[1].onset[1], at[0].onset[1] + 23);
    assert_int_equal(at[1].end[1], at[0].end[1] + 23);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(blocked_since_before_the_first_look_is_told),
        T(gaps_of_more_than_a_day_do_not_hide_it),
        T(ten_days_without_a_look_leave_one_change),
        T(empty_years_are_borne),
        T(two_events_stay_two),
        T(a_forged_row_changes_nothing),
        T(one_observer_is_never_more_than_possible),
        T(one_observer_cannot_hide_what_five_see),
        T(accidents_are_no_change),
        T(leaky_blocking_is_told_whatever_its_share),
        T(intervals_hold_the_truth),
        T(hours_of_weekdays_are_a_pattern),
        T(steady_blocking_has_no_pattern),
        T(order_of_arrival_does_not_matter),
        T(an_hour_split_by_program_counts_the_same),
        T(an_artefact_weighs_more_than_a_symptom),
        T(unknown_and_down_say_nothing),
        T(throttling_alone_is_a_change_too),
        T(days_give_wider_intervals_than_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
