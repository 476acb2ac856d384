// Networks that fall silent, and those that only measure less.
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

typedef bool hushed_fn(int32_t hour, uint32_t observer);

// Observers who each measure in that share of the hours, half of it by night.
static void measure(struct gw_rand *r, int days, uint32_t observers,
                    double share, hushed_fn *hushed)
{
    for (int32_t h = NOON; h < NOON + days * 24; h++)
        for (uint32_t o = 0; o < observers; o++) {
            bool night = gw_hour_of_day(h) < 8;
            if (gw_rand_unit(r) < (night ? share / 2 : share) && !hushed(h, o))
                gw_see(&c, h, o, 0, 1 + (unsigned)gw_rand_below(r, 5));
        }
}

static void listen(void)
{
    struct gw_why why = {0};
    int rc = gw_detect_silence(&gw_detector_default, &c.series, c.arena,
                               &c.changes, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    for (size_t i = 0; i < c.changes.count; i++)
        assert_true(isfinite(c.changes.at[i].log_odds));
}

static bool nobody(int32_t hour, uint32_t observer)
{
    (void)hour;
    (void)observer;
    return false;
}
#define CUT (NOON + 24 * 20 + 3)
static bool all_for_nine_hours(int32_t hour, uint32_t observer)
{
    (void)observer;
    return hour >= CUT && hour < CUT + 9;
}
static bool most_for_nine_hours(int32_t hour, uint32_t observer)
{
    return observer && hour >= CUT && hour < CUT + 9;
}
static bool one_for_good(int32_t hour, uint32_t observer)
{
    return observer == 0 && hour >= CUT;
}
static bool two_are_all_there_are(int32_t hour, uint32_t observer)
{
    return observer > 1 || (hour >= CUT && hour < CUT + 48);
}
static bool all_for_good(int32_t hour, uint32_t observer)
{
    (void)observer;
    return hour >= CUT;
}
static bool other_people_from_then_on(int32_t hour, uint32_t observer)
{
    return hour < CUT ? observer > 5 : observer < 6 || hour < CUT + 40;
}

static void a_silence_of_nine_hours_is_found(void **state)
{
    (void)state;
    int dated = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct gw_rand r = {seed};
        gw_detect_case_clear(&c);
        measure(&r, 40, 8, 0.5, all_for_nine_hours);
        listen();
        assert_true(c.changes.enough);
        assert_int_equal(c.changes.count, 1);
        const struct gw_change *x = c.changes.at;
        assert_int_equal(x->state, GW_BLOCKED_STATE);
        assert_int_equal(x->observers, 8);
        assert_in_range(x->observations, 0, 9);
        dated += x->onset[0] <= CUT && CUT <= x->onset[1] &&
                 x->end[0] <= CUT + 9 && CUT + 9 <= x->end[1];
        assert_true(x->onset[0] >= CUT - 4 && x->end[1] <= CUT + 14);
    }
    assert_true(dated >= 17);
}

static void a_collapse_is_found(void **state)
{
    (void)state;
    struct gw_rand r = {1};
    measure(&r, 40, 12, 0.5, most_for_nine_hours);
    listen();
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(c.changes.at->state, GW_PARTLY);
    assert_true(c.changes.at->onset[1] >= CUT - 2);
    assert_true(c.changes.at->end[0] <= CUT + 12);
}

static void nights_and_chance_are_no_silence(void **state)
{
    (void)state;
    static const double share[] = {0.02, 0.1, 0.3, 0.8};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct gw_rand r = {seed};
        gw_detect_case_clear(&c);
        measure(&r, 90, 10, share[seed % 4], nobody);
        listen();
        assert_int_equal(c.changes.count, 0);
    }
}

static void one_observer_who_leaves_is_no_silence(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    measure(&r, 40, 1, 0.9, one_for_good);
    listen();
    assert_int_equal(c.changes.count, 0);
    gw_detect_case_clear(&c);
    measure(&r, 40, 6, 0.5, one_for_good);
    listen();
    assert_int_equal(c.changes.count, 0);
}

static void two_observers_are_too_few(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    measure(&r, 40, 4, 0.9, two_are_all_there_are);
    listen();
    assert_int_equal(c.changes.count, 0);
}

static void those_who_never_come_back_are_no_silence(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    measure(&r, 60, 12, 0.5, other_people_from_then_on);
    listen();
    assert_int_equal(c.changes.count, 0);
}

// The series ends with the last look, unless it says that nobody was heard
// until later.
static void a_silence_that_lasts_needs_to_be_known_of(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    measure(&r, 40, 8, 0.5, all_for_good);
    listen();
    assert_int_equal(c.changes.count, 0);
    gw_see(&c, CUT + 40, 0, 0, 0);
    listen();
    assert_int_equal(c.changes.count, 1);
    assert_int_equal(c.changes.at->end[0], INT32_MAX);
    assert_int_equal(c.changes.at->end[1], INT32_MAX);
    assert_true(c.changes.at->onset[0] <= CUT);
    assert_true(c.changes.at->onset[1] >= CUT);
}

static void a_flood_of_one_observer_makes_no_rhythm(void **state)
{
    (void)state;
    struct gw_rand r = {11};
    measure(&r, 40, 5, 0.3, nobody);
    for (size_t i = 0; i < c.series.count; i++)
        if (c.series.sights[i].observer == 0)
            c.series.sights[i].count[GW_STATE_OK] = 65535;
    listen();
    assert_int_equal(c.changes.count, 0);
}

static void ten_years_and_wild_clocks_are_borne(void **state)
{
    (void)state;
    struct gw_rand r = {11};
    gw_see(&c, INT32_MIN, 0, 0, 1);
    measure(&r, 300, 8, 0.1, nobody);
    gw_see(&c, INT32_MAX, 0, 0, 1);
    listen();
    assert_int_equal(c.changes.count, 0);
    assert_true(c.changes.enough);
}

static void two_weeks_are_the_least(void **state)
{
    (void)state;
    struct gw_rand r = {11};
    measure(&r, 13, 8, 0.5, nobody);
    listen();
    assert_false(c.changes.enough);
}

static bool listen_once(void)
{
    struct gw_rand r = {1};
    gw_detect_case_clear(&c);
    measure(&r, 30, 8, 0.5, all_for_nine_hours);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    int rc = arena ? gw_detect_silence(&gw_detector_default, &c.series, arena,
                                       &c.changes, NULL)
                   : GW_ENOMEM;
    gw_arena_free(arena);
    assert_true(rc == 0 || rc == GW_ENOMEM);
    return rc == 0;
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(listen_once) >= 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_silence_of_nine_hours_is_found),
        T(a_collapse_is_found),
        T(nights_and_chance_are_no_silence),
        T(one_observer_who_leaves_is_no_silence),
        T(two_observers_are_too_few),
        T(those_who_never_come_back_are_no_silence),
        T(a_silence_that_lasts_needs_to_be_known_of),
        T(a_flood_of_one_observer_makes_no_rhythm),
        T(ten_years_and_wild_clocks_are_borne),
        T(two_weeks_are_the_least),
        T(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
