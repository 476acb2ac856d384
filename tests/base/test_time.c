// Civil time against a calendar counted day by day, and the seeded generator.
#include "base/base.h"
#include "t.h"

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static void every_day_from_1970_to_2200_has_its_number(void **state)
{
    (void)state;
    static const int length[] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};
    int64_t day = 0;
    for (int y = 1970; y <= 2200; y++)
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= length[m - 1] + (m == 2 && leap(y)); d++) {
                char text[GW_TIME_TEXT];
                gw_time back, t = gw_time_civil(y, m, d, 0, 0, 0);
                assert_true(t == day++ * GW_DAY);
                assert_int_equal(gw_format_day(t, text), 10);
                assert_true(gw_parse_time(gw_str(text), &back));
                assert_true(back == t);
            }
}

static void a_time_comes_back_from_its_text(void **state)
{
    (void)state;
    struct gw_rand r = {1};
    for (int i = 0; i < 5000; i++) {
        char text[GW_TIME_TEXT];
        gw_time t = (gw_time)gw_rand_below(&r, 230u * 365 * 86400) * GW_SECOND;
        if (i % 2) // microseconds are what the text has room for
            t += (gw_time)gw_rand_below(&r, 1000000) * 1000;
        size_t n = gw_format_time(t, text);
        gw_time back;
        assert_int_equal(n, strlen(text));
        assert_true(gw_parse_time(gw_str(text), &back));
        assert_true(back == t);
    }
}

static void expect_time(const char *text, gw_time want)
{
    gw_time t = GW_NEVER;
    assert_true(gw_parse_time(gw_str(text), &t));
    assert_true(t == want);
}

static void probes_and_apis_write_times_in_several_ways(void **state)
{
    (void)state;
    gw_time t = gw_time_civil(2024, 2, 12, 20, 33, 47);
    expect_time("2024-02-12 20:33:47", t);
    expect_time("2024-02-12T20:33:47", t);
    expect_time("2024-02-12T20:33:47Z", t);
    expect_time("2024-02-12T20:33:47.5Z", t + GW_SECOND / 2);
    expect_time("2024-02-12 20:33:47.123456789", t + 123456789);
    expect_time("2024-02-12 20:33:47.1234567891234", t + 123456789);
    expect_time("2024-02-13T01:33:47+05:00", t);
    expect_time("2024-02-12T15:03:47-05:30", t);
    expect_time("2024-02-12", gw_time_civil(2024, 2, 12, 0, 0, 0));
    expect_time("1970-01-01 00:00:00", 0);
    expect_time("2016-12-31 23:59:60", gw_time_civil(2017, 1, 1, 0, 0, 0));
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2024",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "1969-12-31",
        "2201-01-01",
        "2024/02/12",
        "2024-2-12",
        "2024-02-12 ",
        "2024-02-12 20:33",
        "2024-02-12 24:00:00",
        "2024-02-12 20:60:00",
        "2024-02-12 20:33:61",
        "2024-02-12_20:33:47",
        "2024-02-12 20-33-47",
        "2024-02-12 20:33:47.",
        "2024-02-12 20:33:47.Z",
        "2024-02-12 20:33:47ZZ",
        "2024-02-12 20:33:47+0500",
        "2024-02-12 20:33:47+24:00",
        "2024-02-12 20:33:47+05:60",
        "2024-02-12 20:33:4",
        " 2024-02-12 20:33:47",
        "0000-00-00 00:00:00",
    };
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        gw_time t = 5;
        assert_false(gw_parse_time(gw_str(bad[i]), &t));
        assert_true(t == 5);
    }
}

static void hostile_times_end_in_bounds(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789-: TZ+.";
    struct gw_rand r = {3};
    for (int i = 0; i < 20000; i++) {
        char text[30];
        size_t len = gw_rand_below(&r, sizeof text + 1);
        for (size_t k = 0; k < len; k++)
            text[k] = alphabet[gw_rand_below(&r, sizeof alphabet - 1)];
        gw_time t;
        if (gw_parse_time(gw_span_of(text, len), &t))
            assert_true(t > -2 * GW_DAY && t < 231 * 366 * GW_DAY);
    }
}

static void any_time_at_all_can_be_written(void **state)
{
    (void)state;
    const gw_time odd[] = {INT64_MAX, -1, -GW_DAY, -36500 * GW_DAY};
    char text[GW_TIME_TEXT];
    for (size_t i = 0; i < GW_COUNT(odd); i++) {
        assert_in_range(gw_format_time(odd[i], text), 19, GW_TIME_TEXT - 1);
        assert_int_equal(gw_format_day(odd[i], text), 10);
    }
    gw_format_time(-1, text);
    assert_string_equal(text, "1969-12-31 23:59:59.999999");
}

static void a_clock_that_is_set_stands_still(void **state)
{
    (void)state;
    const struct gw_clock set = {.fixed = 5}, system = {.fixed = GW_NEVER};
    assert_true(gw_now(&set) == 5);
    assert_true(gw_now(&system) > gw_time_civil(2020, 1, 1, 0, 0, 0));
    assert_true(gw_now(NULL) > gw_time_civil(2020, 1, 1, 0, 0, 0));
    uint64_t before = gw_tick();
    assert_true(gw_tick() >= before);
}

static void the_generator_gives_the_published_numbers(void **state)
{
    (void)state; // SplitMix64 of Steele, Lea and Flood, seed 1234567
    const uint64_t want[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821)};
    struct gw_rand r = {1234567};
    for (size_t i = 0; i < GW_COUNT(want); i++)
        assert_true(gw_rand_next(&r) == want[i]);
}

static void drawn_numbers_stay_below_their_bound(void **state)
{
    (void)state;
    struct gw_rand r = {9};
    bool seen[7] = {false};
    for (int i = 0; i < 1000; i++) {
        uint64_t n = gw_rand_below(&r, GW_COUNT(seen));
        double u = gw_rand_unit(&r);
        assert_true(n < GW_COUNT(seen));
        assert_true(u >= 0 && u < 1);
        seen[n] = true;
    }
    for (size_t i = 0; i < GW_COUNT(seen); i++)
        assert_true(seen[i]);
    assert_int_equal(gw_rand_below(&r, 0), 0);
    assert_int_equal(gw_rand_below(&r, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_1970_to_2200_has_its_number),
        cmocka_unit_test(a_time_comes_back_from_its_text),
        cmocka_unit_test(probes_and_apis_write_times_in_several_ways),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(hostile_times_end_in_bounds),
        cmocka_unit_test(any_time_at_all_can_be_written),
        cmocka_unit_test(a_clock_that_is_set_stands_still),
        cmocka_unit_test(the_generator_gives_the_published_numbers),
        cmocka_unit_test(drawn_numbers_stay_below_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
