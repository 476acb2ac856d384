// What could be known at the time: how soon, and nothing of the future.
#include "t.h"

#include "detect_case.h"
#include "fault.h"

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

enum { HOURS = 1200, BEFORE = 200 };

static void watch(double *odds, size_t hours)
{
    struct gw_why why = {0};
    int rc = gw_detect_online(&gw_detector_default, &c.series, NOON, hours,
                              odds, &why);
    assert_true(rc >= 0);
    for (size_t i = 0; odds && i < hours; i++)
        assert_true(isfinite(odds[i]));
}

// Looks once an hour by another of so many observers; a share y of them is
// struck, evenly spread. How many looks until it is told; 0: never.
static int latency(double y, unsigned observers, int32_t step)
{
    static double odds[HOURS * 30];
    double owed = 0;
    size_t hours = 0;
    gw_detect_case_clear(&c);
    for (int i = 0; i < HOURS; i++) {
        owed += i < BEFORE ? 0 : y;
        bool hit = owed >= 1 - 1e-9;
        owed -= hit;
        gw_see(&c, NOON + i * step, (uint32_t)i % observers, hit, !hit);
        hours = (size_t)(i * step) + 1;
    }
    watch(odds, hours);
    for (size_t i = 0; i < BEFORE; i++)
        assert_true(odds[i * (size_t)step] < gw_detector_default.threshold);
    for (int i = BEFORE; i < HOURS; i++)
        if (odds[i * step] >= gw_detector_default.threshold)
            return i - BEFORE + 1;
    return 0;
}

static void a_change_is_told_sooner_than_by_cusum(void **state)
{
    (void)state;
    // OONI's detector: docs/methods/changes.md
    static const struct {
        double y;
        int peer;
    } row[] = {{1, 6}, {.9, 7}, {.8, 8}, {.75, 9}, {.7, 11}, {.5, 24}};
    for (size_t i = 0; i < GW_COUNT(row); i++) {
        int many = latency(row[i].y, 12, 1), slow = latency(row[i].y, 12, 25);
        int few = latency(row[i].y, 3, 1);
        print_message("y %.2f: %d looks of 12 observers, %d of 3, %d a day "
                      "apart; peer %d, never a day apart\n",
                      row[i].y, many, few, slow, row[i].peer);
        assert_in_range(many, 1, row[i].peer - 1);
        assert_in_range(slow, 1, row[i].peer + 1);
        assert_in_range(few, 1, row[i].peer);
    }
}

static void the_future_changes_nothing(void **state)
{
    (void)state;
    static double whole[600], part[600];
    struct gw_rand r = {2};
    for (int i = 0; i < 600; i++)
        gw_look_by(&c, &r, NOON + i, 6, i < 250 || i > 400 ? 0.02 : 0.8);
    watch(whole, 600);
    size_t all = c.series.count;
    for (size_t n = 1; n < 600; n += 13) {
        c.series.count = n < all ? n : all;
        watch(part, n);
        assert_memory_equal(part, whole, n * sizeof *whole);
    }
}

static void the_past_before_the_first_hour_is_known(void **state)
{
    (void)state;
    double odds[3];
    for (int i = 0; i < 20; i++)
        gw_see(&c, NOON - 30 + i, (uint32_t)i % 5, 1, 0);
    watch(odds, 3);
    assert_true(odds[0] > 3);
}

static void without_looks_it_returns_to_rest(void **state)
{
    (void)state;
    static double odds[9000];
    for (int i = 0; i < 20; i++)
        gw_see(&c, NOON + i, (uint32_t)i % 5, 1, 0);
    watch(odds, 9000);
    assert_true(odds[19] > 6 && odds[30] > 2);
    for (size_t i = 100; i < 9000; i++)
        assert_true(odds[i] <= odds[i - 1] + 1e-9);
    assert_true(odds[8999] < -2);
}

static void one_observer_is_possible_at_most(void **state)
{
    (void)state;
    static double odds[1000];
    for (int i = 0; i < 1000; i++)
        gw_see(&c, NOON + i, 0, 1000, 0)->llr = 8;
    watch(odds, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_true(odds[i] < 2.303);
    assert_true(odds[999] > 2);
}

static void without_room_for_odds_hours_are_counted(void **state)
{
    (void)state;
    double odds[60];
    int told = 0;
    for (int i = 0; i < 60; i++)
        gw_see(&c, NOON + i, (uint32_t)i % 5, i >= 20, i < 20);
    watch(odds, 60);
    for (size_t i = 0; i < 60; i++)
        told += odds[i] >= gw_detector_default.threshold;
    assert_true(told > 30);
    assert_int_equal(
        gw_detect_online(&gw_detector_default, &c.series, NOON, 60, NULL, NULL),
        told);
}

static void hours_may_end_with_time(void **state)
{
    (void)state;
    double odds[50];
    for (int i = 0; i < 10; i++)
        gw_see(&c, INT32_MAX - 20 + i, (uint32_t)i % 5, 1, 0);
    assert_true(gw_detect_online(&gw_detector_default, &c.series,
                                 INT32_MAX - 30, 50, odds, NULL) > 0);
    assert_true(isfinite(odds[49]));
}

static bool watch_once(void)
{
    double odds[10];
    gw_detect_case_clear(&c);
    gw_see(&c, NOON, 0, 1, 0);
    int rc =
        gw_detect_online(&gw_detector_default, &c.series, NOON, 10, odds, NULL);
    assert_true(rc >= 0 || rc == GW_ENOMEM);
    return rc >= 0;
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(watch_once) >= 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_change_is_told_sooner_than_by_cusum),
        T(the_future_changes_nothing),
        T(the_past_before_the_first_hour_is_known),
        T(without_looks_it_returns_to_rest),
        T(one_observer_is_possible_at_most),
        T(without_room_for_odds_hours_are_counted),
        T(hours_may_end_with_time),
        T(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
