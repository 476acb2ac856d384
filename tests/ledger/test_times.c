// Bounds of a leaf's time: the tightest are kept, and what is said of them is
// never narrower than what is known.
#include <stdio.h>

#include "ledger/ledger.h"
#include "t.h"

#define NOON INT64_C(1795262400) // 2026-11-21 12:00:00 UTC

static void words_are(const struct gw_times *t, const char *want)
{
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    gw_times_words(t, &b);
    gw_put_u8(&b, 0);
    assert_int_equal(b.err, 0);
    assert_string_equal((const char *)b.at, want);
    gw_buf_release(&b);
}

static void tightest_bounds_are_kept(void **state)
{
    (void)state;
    struct gw_times t = {0};
    gw_times_add_before(&t, NOON - 7200, "block 9");
    gw_times_add_before(&t, NOON - 9000, "block 8");
    gw_times_add_before(&t, NOON - 7200, "block 9, again");
    gw_times_add_after(&t, NOON + 60, "a stamp");
    gw_times_add_after(&t, NOON, "witness one");
    gw_times_add_after(&t, NOON + 5, "witness two");
    assert_int_equal(t.not_before.posix, NOON - 7200);
    assert_string_equal(t.not_before.by, "block 9");
    words_are(&t, "between 2026-11-21 10:00 UTC (block 9) and "
                  "2026-11-21 12:00 UTC (witness one)");
}

static void order_of_bounds_does_not_matter(void **state)
{
    (void)state;
    struct gw_rand r = {11};
    for (int round = 0; round < 200; round++) {
        struct gw_times t = {.not_before = {.posix = INT64_MIN},
                             .not_after = {.posix = INT64_MIN}};
        int64_t latest = -1, earliest = INT64_MAX;
        for (size_t n = 1 + gw_rand_below(&r, 6); n > 0; n--) {
            int64_t at = (int64_t)gw_rand_below(&r, NOON);
            latest = at > latest ? at : latest;
            gw_times_add_before(&t, at, "one");
            at = (int64_t)gw_rand_below(&r, NOON);
            earliest = at < earliest ? at : earliest;
            gw_times_add_after(&t, at, "other");
        }
        assert_true(t.not_before.posix == latest);
        assert_true(t.not_after.posix == earliest);
    }
}

static void one_bound_is_said_to_be_only_one(void **state)
{
    (void)state;
    struct gw_times t = {0}, u = {0}, none = {0};
    gw_times_add_before(&t, NOON, "block 9");
    words_are(&t, "not before 2026-11-21 12:00 UTC (block 9); nothing says "
                  "until when");
    gw_times_add_after(&u, NOON, "a stamp");
    words_are(&u, "not after 2026-11-21 12:00 UTC (a stamp); nothing says "
                  "since when");
    words_are(&none, "at a time that nothing here bounds");
}

static void seconds_are_rounded_outwards(void **state)
{
    (void)state;
    struct gw_times t = {0};
    gw_times_add_before(&t, NOON + 59, "a");
    gw_times_add_after(&t, NOON + 61, "b");
    words_are(&t, "between 2026-11-21 12:00 UTC (a) and "
                  "2026-11-21 12:02 UTC (b)");
}

static void bounds_that_contradict_are_called_so(void **state)
{
    (void)state;
    struct gw_times t = {0};
    gw_times_add_before(&t, NOON + 600, "a");
    gw_times_add_after(&t, NOON, "b");
    words_are(&t, "between 2026-11-21 12:10 UTC (a) and "
                  "2026-11-21 12:00 UTC (b): these contradict each other");
}

static struct gw_times claiming(const char *day)
{
    struct gw_times t = {0};
    gw_times_add_before(&t, NOON, "a");
    gw_times_add_after(&t, NOON + 86400, "b");
    snprintf(t.claimed, sizeof t.claimed, "%s", day);
    return t;
}

#define BOUNDS                                                                 \
    "between 2026-11-21 12:00 UTC (a) and 2026-11-22 12:00 UTC (b); the leaf " \
    "itself claims "

static void claimed_day_is_told_apart_from_what_is_known(void **state)
{
    (void)state;
    struct gw_times fits = claiming("2026-11-21"),
                    also = claiming("2026-11-22"),
                    early = claiming("2026-11-20"),
                    late = claiming("2026-11-23"), odd = claiming("never");
    words_are(&fits, BOUNDS "2026-11-21");
    words_are(&also, BOUNDS "2026-11-22");
    words_are(&early, BOUNDS "2026-11-20, which is too early");
    words_are(&late, BOUNDS "2026-11-23, which is too late");
    words_are(&odd, BOUNDS "never");
}

static void times_no_date_can_be_are_no_bounds(void **state)
{
    (void)state;
    static const int64_t odd[] = {INT64_MIN, -1, INT64_C(7289654400),
                                  INT64_MAX};
    struct gw_times t = {0};
    for (size_t i = 0; i < GW_COUNT(odd); i++) {
        gw_times_add_before(&t, odd[i], "a");
        gw_times_add_after(&t, odd[i], "b");
    }
    words_are(&t, "at a time that nothing here bounds");
    gw_times_add_before(&t, 0, "a");
    gw_times_add_after(&t, INT64_C(7289654399), "b");
    words_are(&t, "between 1970-01-01 00:00 UTC (a) and "
                  "2201-01-01 00:00 UTC (b)");
}

static void names_of_any_length_fit(void **state)
{
    (void)state;
    char name[600];
    struct gw_times t = {0};
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    gw_times_add_before(&t, NOON, name);
    assert_int_equal(strlen(t.not_before.by), sizeof t.not_before.by - 1);
    gw_times_add_after(&t, NOON, "");
    assert_string_equal(t.not_after.by, "somebody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tightest_bounds_are_kept),
        cmocka_unit_test(order_of_bounds_does_not_matter),
        cmocka_unit_test(one_bound_is_said_to_be_only_one),
        cmocka_unit_test(seconds_are_rounded_outwards),
        cmocka_unit_test(bounds_that_contradict_are_called_so),
        cmocka_unit_test(claimed_day_is_told_apart_from_what_is_known),
        cmocka_unit_test(times_no_date_can_be_are_no_bounds),
        cmocka_unit_test(names_of_any_length_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
