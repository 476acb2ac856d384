// The detector at its limits: too little, too much, damaged, no memory.
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

static void looks(int32_t first, int n, int32_t step, bool blocked)
{
    for (int i = 0; i < n; i++)
        gw_see(&c, first + i * step, (uint32_t)i % 5, blocked, !blocked);
}

static void extreme_counts_give_finite_odds(void **state)
{
    (void)state;
    struct gw_rand r = {6};
    static const float llr[] = {0, 3, 1e30F, -1e30F, INFINITY, NAN};
    for (int n = 0; n < 300; n++) {
        gw_detect_case_clear(&c);
        int32_t hour = INT32_MIN;
        for (int i = 0; i < 60; i++) {
            hour = (int32_t)fmin(2147483647.0,
                                 hour + (double)gw_rand_below(&r, 1u << 27));
            struct gw_sight *x =
                gw_see(&c, hour, (uint32_t)i, gw_rand_below(&r, 3) ? 0 : 65535,
                       gw_rand_below(&r, 3) ? 0 : 65535);
            x->throttled = gw_rand_below(&r, 4) ? 0 : 65535;
            x->llr = llr[gw_rand_below(&r, GW_COUNT(llr))];
        }
        gw_detect_case_run(&c);
        for (size_t i = 0; i < c.changes.count; i++)
            assert_true(isfinite(c.changes.at[i].log_odds));
    }
}

static void damaged_series_are_errors(void **state)
{
    (void)state;
    struct gw_why why = {0};
    looks(NOON, 10, 1, true);
    c.series.sights[5].hour = NOON - 5;
    assert_int_equal(
        gw_detect(&gw_detector_default, &c.series, c.arena, &c.changes, &why),
        GW_EFORMAT);
    c.series.sights[5].hour = NOON + 5;
    c.series.sights[5].observer = 77;
    assert_int_equal(
        gw_detect(&gw_detector_default, &c.series, c.arena, &c.changes, NULL),
        GW_EFORMAT);
}

static bool detect_once(void)
{
    gw_detect_case_clear(&c);
    looks(NOON, 40, 4, false);
    looks(NOON + 160, 20, 4, true);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    int rc = arena ? gw_detect(&gw_detector_default, &c.series, arena,
                               &c.changes, NULL)
                   : GW_ENOMEM;
    gw_arena_free(arena);
    assert_true(rc == 0 || rc == GW_ENOMEM);
    return rc == 0;
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(detect_once) >= 4);
}

static void an_arena_that_is_full_is_an_error(void **state)
{
    (void)state;
    looks(NOON, 40, 4, false);
    looks(NOON + 160, 20, 4, true);
    struct gw_arena *arena = gw_arena_new(8);
    assert_int_equal(
        gw_detect(&gw_detector_default, &c.series, arena, &c.changes, NULL),
        GW_ENOMEM);
    gw_arena_free(arena);
}

static void few_looks_are_not_enough(void **state)
{
    (void)state;
    gw_detect_case_run(&c);
    assert_false(c.changes.enough);
    looks(NOON, 3, 1, true);
    gw_detect_case_run(&c);
    assert_false(c.changes.enough);
    assert_int_equal(c.changes.count, 0);
}

static void five_words_say_how_sure(void **state)
{
    (void)state;
    assert_string_equal(gw_confidence(7, 3), "certain beyond reasonable doubt");
    assert_string_equal(gw_confidence(7, 2), "very likely");
    assert_string_equal(gw_confidence(4, 9), "very likely");
    assert_string_equal(gw_confidence(2.4, 2), "likely");
    assert_string_equal(gw_confidence(300, 1), "possible");
    assert_string_equal(gw_confidence(0.7, 1), "possible");
    assert_string_equal(gw_confidence(0.6, 50), "not enough data");
    assert_string_equal(gw_confidence(50, 0), "not enough data");
    assert_string_equal(gw_confidence(-3, 5), "not enough data");
    assert_string_equal(gw_confidence(NAN, 5), "not enough data");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(extreme_counts_give_finite_odds),
        T(damaged_series_are_errors),
        T(lack_of_memory_is_an_error),
        T(an_arena_that_is_full_is_an_error),
        T(few_looks_are_not_enough),
        T(five_words_say_how_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
