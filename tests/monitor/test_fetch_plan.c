// What is asked for, and what the bucket is found to hold.
#include "fetch_case.h"

// ---- what is asked for --------------------------------------------------
static void refused(struct fetch_case *c, const struct gw_fetch *want,
                    const char *text)
{
    struct gw_why why = {0};
    assert_int_equal(gw_fetch_ooni(want, &c->got, &why), GW_EUSAGE);
    assert_true(says(why.text, text));
    assert_int_equal(s3_counts(c->s).listings, 0);
}

static void countries_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {NULL, "",   "P",  "PAK", "P1",
                                      "..", "P/", "@@", "پا"};
    struct fetch_case *c = *state;
    struct gw_fetch want = c->want;
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        want.cc = bad[i];
        refused(c, &want, "must be two letters of ISO 3166");
    }
}

static void days_that_cannot_be_are_refused(void **state)
{
    struct fetch_case *c = *state;
    struct gw_fetch want = c->want;
    want.until = want.since;
    refused(c, &want, "since must be before until");
    want.since = day(2024, 2, 14);
    refused(c, &want, "since must be before until");
    want.since = want.until - GW_SECOND;
    refused(c, &want, "at midnight UTC");
    want.since = GW_NEVER;
    refused(c, &want, "both since and until");
    want.since = day(2012, 12, 4);
    refused(c, &want, "OONI's data begin on 2012-12-05");
    want.since = day(2024, 3, 2);
    want.until = day(2024, 3, 3);
    refused(c, &want, "are yet to come");
}

static void other_wishes_that_make_no_sense_are_refused(void **state)
{
    static const char *const urls[] = {"",          "ftp://x",    "http://",
                                       "x.org",     "http://a b", "file:///x",
                                       "http://x?", "https://x#y"};
    static const char *const tests[] = {"", "_", "Web", "a/b", "..", "a b"};
    struct fetch_case *c = *state;
    struct gw_fetch want = c->want;
    for (size_t i = 0; i < GW_COUNT(urls); i++) {
        want.base_url = urls[i];
        refused(c, &want, "base URL");
    }
    want = c->want;
    want.test_count = 1;
    for (size_t i = 0; i < GW_COUNT(tests); i++) {
        want.tests = &tests[i];
        refused(c, &want, "must be lower-case letters");
    }
    want = c->want;
    want.parallel = GW_FETCH_PARALLEL_MAX + 1;
    refused(c, &want, "parallel 33");
    want = c->want;
    want.folder = "";
    refused(c, &want, "folder");
    want = c->want;
    want.rate_limit = -1;
    refused(c, &want, "rate limit");
}

static void small_letters_and_slashes_at_the_end_are_fine(void **state)
{
    struct fetch_case *c = *state;
    char url[80];
    snprintf(url, sizeof url, "%s//", s3_url(c->s));
    c->want.base_url = url;
    c->want.cc = "pk";
    put(c, KEY ".jsonl.gz", "abc");
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 1);
}

static void days_to_come_are_not_listed(void **state)
{
    struct fetch_case *c = *state;
    c->want.since = day(2024, 2, 29);
    c->want.until = day(2030, 1, 1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.listings, 2 * 24);
}

// ---- the layouts --------------------------------------------------------
#define OLD(test, day)                                                         \
    "jsonl/" test "/PK/" day "/00/" day "_PK_" test ".l.0.jsonl.gz"
#define NEW(day) "raw/" day "/05/PK/dash/" day "05_PK_dash.n1.0.jsonl.gz"

static void put_around_the_boundary(struct fetch_case *c)
{
    static const char *const days[] = {OLD("dash", "20201018"),
                                       OLD("dash", "20201019"),
                                       OLD("dash", "20201020"),
                                       OLD("dash", "20201021"),
                                       OLD("web_connectivity", "20201019"),
                                       OLD("web_connectivity", "20201020"),
                                       "jsonl/dash/IN/20201020/00/x.jsonl.gz",
                                       NEW("20201019"),
                                       NEW("20201020"),
                                       NEW("20201021")};
    for (size_t i = 0; i < GW_COUNT(days); i++)
        put(c, days[i], days[i]);
}

static void both_layouts_are_read_on_the_day_between_them(void **state)
{
    struct fetch_case *c = *state;
    put_around_the_boundary(c);
    c->want.since = day(2020, 10, 20);
    c->want.until = day(2020, 10, 21);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 3);
    assert_true(has(c, OLD("dash", "20201020")));
    assert_true(has(c, OLD("web_connectivity", "20201020")));
    assert_true(has(c, NEW("20201020")));
    assert_int_equal(c->got.listings, 24 + 1 + 2);
}

static void old_layout_alone_is_read_before_it(void **state)
{
    struct fetch_case *c = *state;
    put_around_the_boundary(c);
    c->want.since = day(2020, 10, 19);
    c->want.until = day(2020, 10, 20);
    s3_page_max(c->s, 1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 2);
    assert_true(has(c, OLD("dash", "20201019")));
    assert_true(has(c, OLD("web_connectivity", "20201019")));
    assert_int_equal(c->got.listings, 1 + 2);
    // Two names; of each test a page within the days and the first beyond.
    assert_int_equal(s3_counts(c->s).listings, 2 + 2 + 2);
}

static void new_layout_alone_is_read_after_it(void **state)
{
    struct fetch_case *c = *state;
    put_around_the_boundary(c);
    c->want.since = day(2020, 10, 21);
    c->want.until = day(2020, 10, 22);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 1);
    assert_true(has(c, NEW("20201021")));
    assert_int_equal(c->got.listings, 24);
}

static void years_of_the_old_layout_are_one_listing_a_test(void **state)
{
    struct fetch_case *c = *state;
    put(c, OLD("dash", "20130101"), "a");
    put(c, OLD("dash", "20161231"), "b");
    put(c, OLD("dash", "20200101"), "c");
    c->want.since = day(2013, 1, 1);
    c->want.until = day(2020, 1, 1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 2);
    assert_int_equal(s3_counts(c->s).listings, 2);
}

static void tests_are_chosen_in_either_spelling(void **state)
{
    static const char *const spellings[] = {"web_connectivity",
                                            "webconnectivity"};
    static const char *const two[] = {"dash", "web_connectivity"};
    struct fetch_case *c = *state;
    put(c, OLD("web_connectivity", "20201020"), "a");
    put(c, OLD("dash", "20201020"), "b");
    put(c, "raw/20201020/05/PK/webconnectivity/x.jsonl.gz", "c");
    put(c, "raw/20201020/05/PK/webconnectivityx/x.jsonl.gz", "d");
    put(c, "raw/20201020/05/PK/dash/x.jsonl.gz", "e");
    c->want.since = day(2020, 10, 20);
    c->want.until = day(2020, 10, 21);
    for (size_t i = 0; i < 2; i++) {
        c->want.tests = &spellings[i];
        c->want.test_count = 1;
        assert_int_equal(fetch(c), 0);
        assert_int_equal(c->got.objects, 2);
    }
    assert_true(has(c, OLD("web_connectivity", "20201020")));
    assert_false(has(c, "raw/20201020/05/PK/webconnectivityx"));
    c->want.tests = two;
    c->want.test_count = 2;
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.objects, 4);
}

static void postcans_can_be_left_out(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "a");
    put(c, KEY ".tar.gz", "b");
    c->want.skip_postcans = true;
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.objects, 1);
    assert_false(has(c, KEY ".tar.gz"));
}

static void pages_are_followed_to_their_end(void **state)
{
    struct fetch_case *c = *state;
    char key[200];
    for (int i = 0; i < 2500; i++) {
        snprintf(key, sizeof key, "%s.%04d.jsonl.gz", KEY, i);
        s3_put(c->s, key, "", 0, NULL);
    }
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 2500);
    assert_int_equal(s3_counts(c->s).listings, 24 + 2);
    s3_page_max(c->s, 7);
    s3_forget(c->s);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.present, 2500);
    assert_int_equal(s3_counts(c->s).listings, 23 + 358);
}

static void test_names_come_in_pages_too(void **state)
{
    struct fetch_case *c = *state;
    char key[200];
    for (int i = 0; i < 30; i++) {
        snprintf(key, sizeof key, "jsonl/test%02d/PK/20180501/00/x.jsonl.gz",
                 i);
        put(c, key, "abc");
        snprintf(key, sizeof key, "jsonl/test%02d/IN/20180501/00/x.jsonl.gz",
                 i);
        put(c, key, "abc");
    }
    s3_page_max(c->s, 4);
    c->want.since = day(2018, 5, 1);
    c->want.until = day(2018, 5, 2);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.fetched, 30);
}

// ---- hostile listings ---------------------------------------------------
#define PAGE(inner)                                                            \
    "<ListBucketResult><IsTruncated>false</IsTruncated>" inner                 \
    "</ListBucketResult>"
#define ONE(key, size)                                                         \
    "<Contents><Key>" key "</Key><Size>" size "</Size></Contents>"

static void answer_hour_7(struct fetch_case *c, const char *xml, int times)
{
    s3_fault(c->s, (struct s3_fault){.kind = S3_ANSWER,
                                     .listing = true,
                                     .match = DAY "07/",
                                     .times = times,
                                     .text = xml});
}

static void hostile_keys_are_refused_and_the_rest_is_fetched(void **state)
{
    static const char xml[] = PAGE(
        ONE("../../../tmp/gawah-escaped",
            "1") ONE("/tmp/gawah-escaped", "1") ONE(DAY "07/PK/../../x", "1")
            ONE(DAY "07/PK/webconnectivity/..",
                "1") ONE(DAY "07/PK/webconnectivity/a&#9;b",
                         "1") ONE(DAY "07/PK/webconnectivity/a&#127;b", "1")
                ONE(DAY "07/PK/webconnectivity/x.part", "1")
                    ONE(DAY "07/PK/webconnectivity//x", "1")
                        ONE(DAY "08/PK/webconnectivity/of-another-hour", "1")
                            ONE(DAY "07/PK/names-no-test", "1")
                                ONE(".gawah-fetch.tsv", "1")
                                    ONE(DAY "07/PK/webconnectivity/huge",
                                        "9223372036854775807")
                                        ONE(DAY "07/PK/webconnectivity/", "0")
                                            ONE(KEY ".jsonl.gz", "3"));
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    answer_hour_7(c, xml, -1);
    assert_int_equal(fetch(c), GW_EREFUSED);
    assert_int_equal(c->got.refused, 12);
    assert_int_equal(c->problems, 12);
    assert_int_equal(c->got.fetched, 1);
    assert_int_equal(c->got.by_size, 1); // this listing gave no ETag
    assert_true(says(c->why.text, "../../../tmp/gawah-escaped: "));
    assert_true(says(c->why.text, "(and 11 more)"));
    assert_int_not_equal(access("/tmp/gawah-escaped", F_OK), 0);
}

static void keys_too_long_are_refused(void **state)
{
    struct fetch_case *c = *state;
    char key[1000] = DAY "07/PK/webconnectivity/";
    size_t len = strlen(key);
    memset(key + len, 'a', 901);
    s3_put(c->s, key, "abc", 3, NULL);
    assert_int_equal(fetch(c), GW_EREFUSED);
    assert_int_equal(c->got.refused, 1);
}

static void test_names_that_lead_elsewhere_are_refused(void **state)
{
    static const char xml[] =
        PAGE("<CommonPrefixes><Prefix>jsonl/../</Prefix></CommonPrefixes>"
             "<CommonPrefixes><Prefix>raw/x/</Prefix></CommonPrefixes>"
             "<CommonPrefixes><Prefix></Prefix></CommonPrefixes>"
             "<CommonPrefixes><Prefix>jsonl/a/b/</Prefix></CommonPrefixes>"
             "<CommonPrefixes><Prefix>jsonl/dash/</Prefix></CommonPrefixes>");
    struct fetch_case *c = *state;
    put(c, OLD("dash", "20180501"), "abc");
    s3_fault(c->s,
             (struct s3_fault){
                 .kind = S3_ANSWER, .listing = true, .times = 1, .text = xml});
    c->want.since = day(2018, 5, 1);
    c->want.until = day(2018, 5, 2);
    assert_int_equal(fetch(c), GW_EREFUSED);
    assert_int_equal(c->got.refused, 4);
    assert_int_equal(c->got.fetched, 1);
}

static void page_that_is_broken_counts_for_nothing(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    answer_hour_7(c, "<ListBucketResult>" ONE("../x", "1"), 1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.retries, 1);
    assert_int_equal(c->got.refused, 0);
}

static void
listing_that_stays_broken_is_named_and_the_rest_is_fetched(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    put(c, DAY "08/PK/dash/x.jsonl.gz", "abc");
    answer_hour_7(c, "<html>", -1);
    assert_int_equal(fetch(c), GW_EFORMAT);
    assert_true(says(c->why.text, DAY "07/PK/: listing, line 1"));
    assert_int_equal(c->got.listings_failed, 1);
    assert_int_equal(c->got.fetched, 1);
}

static void pages_that_lead_in_a_circle_are_left(void **state)
{
    struct fetch_case *c = *state;
    answer_hour_7(c,
                  "<ListBucketResult><IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>x</NextContinuationToken>"
                  "</ListBucketResult>",
                  -1);
    assert_int_equal(fetch(c), GW_EREFUSED);
    assert_true(says(c->why.text, "its pages have no end"));
    assert_int_equal(s3_counts(c->s).listings, 24 + 1);
}

static void key_that_comes_twice_is_fetched_once(void **state)
{
    struct fetch_case *c = *state;
    put(c, KEY ".jsonl.gz", "abc");
    answer_hour_7(c, PAGE(ONE(KEY ".jsonl.gz", "3") ONE(KEY ".jsonl.gz", "3")),
                  -1);
    assert_int_equal(fetch(c), 0);
    assert_int_equal(c->got.objects, 1);
    assert_int_equal(s3_counts(c->s).objects, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(countries_that_are_none_are_refused),
        case_test(days_that_cannot_be_are_refused),
        case_test(other_wishes_that_make_no_sense_are_refused),
        case_test(small_letters_and_slashes_at_the_end_are_fine),
        case_test(days_to_come_are_not_listed),
        case_test(both_layouts_are_read_on_the_day_between_them),
        case_test(old_layout_alone_is_read_before_it),
        case_test(new_layout_alone_is_read_after_it),
        case_test(years_of_the_old_layout_are_one_listing_a_test),
        case_test(tests_are_chosen_in_either_spelling),
        case_test(postcans_can_be_left_out),
        case_test(pages_are_followed_to_their_end),
        case_test(test_names_come_in_pages_too),
        case_test(hostile_keys_are_refused_and_the_rest_is_fetched),
        case_test(keys_too_long_are_refused),
        case_test(test_names_that_lead_elsewhere_are_refused),
        case_test(page_that_is_broken_counts_for_nothing),
        case_test(listing_that_stays_broken_is_named_and_the_rest_is_fetched),
        case_test(pages_that_lead_in_a_circle_are_left),
        case_test(key_that_comes_twice_is_fetched_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
