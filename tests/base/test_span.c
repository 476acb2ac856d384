// Borrowed text: comparing, cutting, and the readers of numbers and hex.
#include "base/base.h"
#include "t.h"

#include <math.h>

#define SPAN_IS(s, text) assert_true(gw_is((s), (text)))

static void no_value_differs_from_empty_text_only_in_its_pointer(void **state)
{
    (void)state;
    assert_null(gw_str(NULL).at);
    assert_non_null(gw_str("").at);
    assert_int_equal(gw_str("").len, 0);
    assert_true(gw_eq(gw_str(NULL), gw_str("")));
    assert_int_equal(gw_cmp(gw_str(NULL), gw_str("")), 0);
}

static void literals_may_hold_a_nul(void **state)
{
    (void)state;
    gw_span s = GW_LIT("a\0b");
    assert_int_equal(s.len, 3);
    assert_false(gw_eq(s, gw_str("a")));
    assert_int_equal(gw_find(s, GW_LIT("\0"), 0), 1);
}

static void order_is_bytewise_and_the_shorter_comes_first(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",     "A",    "AB",  "B",
                                         "\x7f", "\x80", "\xff"};
    for (size_t i = 0; i < GW_COUNT(sorted); i++)
        for (size_t k = 0; k < GW_COUNT(sorted); k++) {
            int c = gw_cmp(gw_str(sorted[i]), gw_str(sorted[k]));
            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
}

static void case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(gw_eq_nocase(GW_LIT("As137"), GW_LIT("aS137")));
    assert_false(gw_eq_nocase(GW_LIT("a"), GW_LIT("ab")));
    assert_false(gw_eq_nocase(GW_LIT("@"), GW_LIT("`")));
    assert_false(gw_eq_nocase(GW_LIT("["), GW_LIT("{")));
    assert_false(gw_eq_nocase(GW_LIT("\xc4"), GW_LIT("\xe4")));
}

static void a_prefix_or_suffix_is_never_longer_than_the_text(void **state)
{
    (void)state;
    assert_true(gw_starts(GW_LIT("depth=1"), "depth="));
    assert_false(gw_starts(GW_LIT("dept"), "depth="));
    assert_true(gw_ends(GW_LIT("x.post"), ".post"));
    assert_false(gw_ends(GW_LIT("post"), ".post"));
    assert_true(gw_starts(gw_str(NULL), ""));
    assert_true(gw_ends(gw_str(NULL), ""));
    assert_false(gw_starts(gw_str(NULL), "a"));
}

static void find_gives_the_first_place_at_or_after_from(void **state)
{
    (void)state;
    gw_span s = GW_LIT("abcabc");
    assert_int_equal(gw_find(s, GW_LIT("abc"), 0), 0);
    assert_int_equal(gw_find(s, GW_LIT("abc"), 1), 3);
    assert_int_equal(gw_find(s, GW_LIT("abc"), 4), -1);
    assert_int_equal(gw_find(s, GW_LIT(""), 6), 6);
    assert_int_equal(gw_find(s, GW_LIT(""), 7), -1);
    assert_int_equal(gw_find(s, GW_LIT("abcabca"), 0), -1);
    assert_int_equal(gw_find(gw_str(NULL), GW_LIT("a"), 0), -1);
    assert_int_equal(gw_find(gw_str(NULL), GW_LIT(""), 0), 0);
}

static void trim_takes_blanks_off_both_ends_only(void **state)
{
    (void)state;
    SPAN_IS(gw_trim(GW_LIT(" \t\r\n a b \n")), "a b");
    SPAN_IS(gw_trim(GW_LIT(" \r\n ")), "");
    SPAN_IS(gw_trim(GW_LIT("\va")), "\va");
    assert_int_equal(gw_trim(gw_str(NULL)).len, 0);
}

static void sub_is_clipped_to_the_text(void **state)
{
    (void)state;
    gw_span s = GW_LIT("abcdef");
    SPAN_IS(gw_sub(s, 2, 2), "cd");
    SPAN_IS(gw_sub(s, 2, SIZE_MAX), "cdef");
    SPAN_IS(gw_sub(s, 6, 1), "");
    SPAN_IS(gw_sub(s, SIZE_MAX, SIZE_MAX), "");
    assert_ptr_equal(gw_sub(s, 9, 1).at, s.at + 6);
    assert_null(gw_sub(gw_str(NULL), 1, 1).at);
}

// Cutting and joining again gives what was cut.
static void cut_loses_nothing(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    for (int round = 0; round < 500; round++) {
        char text[12];
        size_t len = gw_rand_below(&r, sizeof text), seps = 0;
        for (size_t i = 0; i < len; i++) {
            text[i] = ",ab"[gw_rand_below(&r, 3)];
            seps += text[i] == ',';
        }
        gw_span rest = gw_span_of(text, len), all = rest;
        size_t at = 0;
        for (size_t i = 0; i <= seps; i++) {
            gw_span part = gw_cut(&rest, ',');
            assert_true(gw_eq(part, gw_sub(all, at, part.len)));
            assert_int_equal(gw_find(part, GW_LIT(","), 0), -1);
            at += part.len + 1;
        }
        assert_int_equal(at, len + 1);
        assert_int_equal(rest.len, 0);
    }
}

static void expect_uint(const char *text, uint64_t max, int64_t want)
{
    uint64_t v = 0;
    bool ok = gw_parse_uint(gw_str(text), max, &v);
    assert_int_equal(ok, want >= 0);
    if (ok)
        assert_int_equal(v, want);
}

static void whole_numbers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    expect_uint("0", 10, 0);
    expect_uint("0010", 10, 10);
    expect_uint("11", 10, -1);
    expect_uint("", 10, -1);
    expect_uint("+1", 10, -1);
    expect_uint("-1", 10, -1);
    expect_uint(" 1", 10, -1);
    expect_uint("1.", 10, -1);
    expect_uint("1/", 10, -1);
    uint64_t v;
    assert_true(gw_parse_uint(GW_LIT("18446744073709551615"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    assert_false(gw_parse_uint(GW_LIT("18446744073709551616"), UINT64_MAX, &v));
    assert_false(gw_parse_uint(GW_LIT("99999999999999999999"), UINT64_MAX, &v));
    assert_false(gw_parse_uint(GW_LIT("000000000000000000001"), 9, &v));
}

static void signed_numbers_have_one_sign_at_most(void **state)
{
    (void)state;
    int64_t v;
    assert_true(gw_parse_int(GW_LIT("-9223372036854775807"), &v));
    assert_true(v == -INT64_MAX);
    assert_true(gw_parse_int(GW_LIT("9223372036854775807"), &v));
    assert_true(v == INT64_MAX);
    assert_false(gw_parse_int(GW_LIT("9223372036854775808"), &v));
    assert_false(gw_parse_int(GW_LIT("--1"), &v));
    assert_false(gw_parse_int(GW_LIT("-"), &v));
    assert_false(gw_parse_int(GW_LIT("+1"), &v));
}

static void real_numbers_are_finite_and_written_as_json_does(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "nan", "inf",  "0x10", "1e999",
                                      "1..2", "1 ",  "1e",   "--1",  "1,5",
                                      "e5",   ".",   "1e5e5"};
    double v;
    assert_true(gw_parse_real(GW_LIT("-1.5e2"), &v));
    assert_true(v < -149.9 && v > -150.1);
    assert_true(gw_parse_real(GW_LIT("443.0"), &v));
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_false(gw_parse_real(gw_str(bad[i]), &v));
    assert_false(gw_parse_real(GW_LIT("1\0002"), &v));
    char long_number[80];
    memset(long_number, '1', sizeof long_number);
    assert_false(gw_parse_real(gw_span_of(long_number, 64), &v));
    assert_true(gw_parse_real(gw_span_of(long_number, 63), &v));
}

static void utf8_is_what_rfc_3629_allows(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",         // a continuation alone
                                      "\xc1\xbf",     // overlong
                                      "\xe0\x9f\xbf", // overlong
                                      "\xed\xa0\x80", // a surrogate
                                      "\xf0\x8f\xbf\xbf", // overlong
                                      "\xf4\x90\x80\x80", // above U+10FFFF
                                      "\xf5\x80\x80\x80",
                                      "\xc2",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98",
                                      "\xc2\x41",
                                      "\xe2\x28\xa1"};
    for (size_t i = 0; i < GW_COUNT(good); i++)
        assert_true(gw_is_utf8(gw_str(good[i])));
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_false(gw_is_utf8(gw_str(bad[i])));
}

static void hex_comes_back_as_the_bytes_it_was_made_of(void **state)
{
    (void)state;
    uint8_t bytes[256], back[256];
    char text[2 * sizeof bytes + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    gw_hex(bytes, sizeof bytes, text);
    assert_int_equal(strlen(text), 2 * sizeof bytes);
    assert_true(gw_unhex(gw_str(text), back));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_true(gw_unhex(GW_LIT("aBcD"), back));
    assert_int_equal(back[1], 0xcd);
    assert_false(gw_unhex(GW_LIT("abc"), back));
    assert_false(gw_unhex(GW_LIT("0g"), back));
    assert_false(gw_unhex(GW_LIT(":0"), back));
}

// Each byte counts, wherever it stands, and so does the length.
static void hashes_differ_when_one_bit_differs(void **state)
{
    (void)state;
    uint8_t bytes[40] = {0};
    for (size_t len = 1; len <= sizeof bytes; len++) {
        uint64_t h = gw_hash(gw_span_of(bytes, len), 1);
        assert_true(h == gw_hash(gw_span_of(bytes, len), 1));
        assert_true(h != gw_hash(gw_span_of(bytes, len - 1), 1));
        assert_true(h != gw_hash(gw_span_of(bytes, len), 2));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(h != gw_hash(gw_span_of(bytes, len), 1));
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void every_error_has_words(void **state)
{
    (void)state;
#define X(name, value, text)                                                   \
    assert_string_equal(gw_strerror(name), text);                              \
    assert_true((value) < 0);
    GW_ERRORS(X)
#undef X
    assert_string_equal(gw_strerror(GW_OK), "ok");
    assert_non_null(gw_strerror(-77));
}

static void the_first_reason_is_kept_and_gets_its_surroundings(void **state)
{
    (void)state;
    struct gw_why why = {0};
    assert_int_equal(gw_fail(&why, GW_EFORMAT, "line %d", 3), GW_EFORMAT);
    assert_int_equal(gw_fail(&why, GW_EIO, "later"), GW_EIO);
    assert_string_equal(why.text, "line 3");
    assert_int_equal(gw_within(&why, "%s", "a.json"), GW_EFORMAT);
    assert_string_equal(why.text, "a.json: line 3");
    assert_int_equal(gw_fail(NULL, GW_EIO, "nobody asks"), GW_EIO);
    assert_int_equal(gw_within(NULL, "x"), 0);
    struct gw_why none = {0};
    assert_int_equal(gw_within(&none, "x"), 0);
    assert_string_equal(none.text, "");
}

static void a_reason_too_long_is_cut_and_ends(void **state)
{
    (void)state;
    struct gw_why why = {0};
    char name[600];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    gw_fail(&why, GW_EIO, "%s", name);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    gw_within(&why, "%.470s", name);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    gw_within(&why, "%s", name);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_value_differs_from_empty_text_only_in_its_pointer),
        cmocka_unit_test(literals_may_hold_a_nul),
        cmocka_unit_test(order_is_bytewise_and_the_shorter_comes_first),
        cmocka_unit_test(case_is_ignored_in_ascii_only),
        cmocka_unit_test(a_prefix_or_suffix_is_never_longer_than_the_text),
        cmocka_unit_test(find_gives_the_first_place_at_or_after_from),
        cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
        cmocka_unit_test(sub_is_clipped_to_the_text),
        cmocka_unit_test(cut_loses_nothing),
        cmocka_unit_test(whole_numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(signed_numbers_have_one_sign_at_most),
        cmocka_unit_test(real_numbers_are_finite_and_written_as_json_does),
        cmocka_unit_test(utf8_is_what_rfc_3629_allows),
        cmocka_unit_test(hex_comes_back_as_the_bytes_it_was_made_of),
        cmocka_unit_test(hashes_differ_when_one_bit_differs),
        cmocka_unit_test(every_error_has_words),
        cmocka_unit_test(the_first_reason_is_kept_and_gets_its_surroundings),
        cmocka_unit_test(a_reason_too_long_is_cut_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
