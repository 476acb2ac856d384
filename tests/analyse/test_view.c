// Pages compared, observers told apart, rows found for their measurement.
#include "t.h"

#include "analyse/judge.h"

#include <math.h>

// ---- pages --------------------------------------------------------------

static struct gw_page_diff compare(const struct gw_http_row *page,
                                   const struct gw_control_row *control)
{
    struct gw_page_diff d;
    gw_page_compare(page, control, &d);
    return d;
}

static struct gw_http_row page_null(void)
{
    struct gw_http_row row;
    gw_row_null(GW_TABLE_http, &row);
    return row;
}

static struct gw_control_row control_null(void)
{
    struct gw_control_row row;
    gw_row_null(GW_TABLE_control, &row);
    return row;
}

static int64_t statuses(int64_t page, int64_t control)
{
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    p.response_status_code = page;
    c.http_status_code = control;
    return compare(&p, &c).status_code_match;
}

static void a_status_tells_only_against_a_helpers_success(void **state)
{
    (void)state;
    assert_int_equal(statuses(200, 200), 1);
    assert_int_equal(statuses(404, 404), 1);
    assert_int_equal(statuses(403, 200), 0);
    assert_int_equal(statuses(200, 204), 0);
    assert_true(statuses(200, 503) == GW_NULL); // the helper's own trouble
    assert_true(statuses(200, GW_NULL) == GW_NULL);
    assert_true(statuses(GW_NULL, 200) == GW_NULL);
    assert_true(statuses(200, 0) == GW_NULL);
    assert_true(statuses(200, -1) == GW_NULL);
}

static int64_t lengths(int64_t page, int64_t control)
{
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    p.response_body_length = page;
    c.http_response_body_length = control;
    return compare(&p, &c).body_length_match;
}

static void lengths_match_above_seven_tenths(void **state)
{
    (void)state;
    assert_int_equal(lengths(1000, 1000), 1);
    assert_int_equal(lengths(701, 1000), 1);
    assert_int_equal(lengths(1000, 701), 1);
    assert_int_equal(lengths(700, 1000), 0);
    assert_int_equal(lengths(1000, 700), 0);
    assert_int_equal(lengths(0, 1000), 0);
    assert_int_equal(lengths(1000, 0), 0);
    assert_true(lengths(GW_NULL, 1000) == GW_NULL);
    assert_true(lengths(1000, GW_NULL) == GW_NULL);
    assert_int_equal(lengths(INT64_MAX, 1), 0);
}

static void a_truncated_length_is_not_compared(void **state)
{
    (void)state;
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    p.response_body_length = 100;
    p.response_body_is_truncated = 1;
    c.http_response_body_length = 1000;
    struct gw_page_diff d = compare(&p, &c);
    assert_true(d.body_length_match == GW_NULL);
    assert_true(d.body_proportion > 0.09 && d.body_proportion < 0.11);
}

static int64_t headers(const char *page, const char *control)
{
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    p.header_names = gw_str(page);
    c.http_header_names = gw_str(control);
    return compare(&p, &c).headers_match;
}

static void one_uncommon_header_in_common_is_a_match(void **state)
{
    (void)state;
    assert_int_equal(headers("[\"date\",\"x-oven\"]", "[\"x-oven\"]"), 1);
    assert_int_equal(headers("[\"x-a\",\"x-b\"]", "[\"x-b\",\"x-c\"]"), 1);
    assert_int_equal(headers("[\"x-a\"]", "[\"x-aa\"]"), 0);
    assert_int_equal(headers("[\"date\",\"server\"]", "[\"date\"]"), 0);
    assert_int_equal(headers("[\"date\",\"etag\"]", "[\"date\",\"etag\"]"), 1);
    assert_true(headers("[]", "[\"x-a\"]") == GW_NULL);
    assert_true(headers(NULL, "[\"x-a\"]") == GW_NULL);
    assert_true(headers("[\"x-a\"]", NULL) == GW_NULL);
}

static void header_names_that_are_no_json_do_no_harm(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "\"",  "[\"",      "[\"a",           "[\"a\",",
        "]]]", "\"\"\"\"", "[\"x-a\",\"x-a", "xxxx"};
    for (size_t i = 0; i < GW_COUNT(odd); i++)
        for (size_t k = 0; k < GW_COUNT(odd); k++) {
            int64_t match = headers(odd[i], odd[k]);
            assert_true(match == GW_NULL || match == 0 || match == 1);
        }
}

static int64_t titles(const char *page, const char *control)
{
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    p.title = gw_str(page);
    c.http_title = gw_str(control);
    return compare(&p, &c).title_match;
}

static void the_first_long_words_that_differ_tell_titles_apart(void **state)
{
    (void)state;
    assert_int_equal(titles("Bread recipes", "bread RECIPES"), 1);
    assert_int_equal(titles("  Bread\n recipes", "bread recipes today"), 1);
    assert_int_equal(titles("Access denied", "Bread recipes"), 0);
    assert_int_equal(titles("News of Monday", "News of Friday"), 0);
    assert_int_equal(titles("One two", "Six ten"), 1); // too short to tell
    assert_int_equal(titles("   ", "Bread"), 1);
    assert_true(titles("", "Bread") == GW_NULL);
    assert_true(titles("Bread", NULL) == GW_NULL);
}

static void nothing_to_compare_is_no_difference(void **state)
{
    (void)state;
    struct gw_http_row p = page_null();
    struct gw_control_row c = control_null();
    assert_false(compare(&p, &c).differs);
    assert_true(isnan(compare(&p, &c).body_proportion));
    p.response_status_code = c.http_status_code = 200;
    assert_false(compare(&p, &c).differs); // a like status alone is none
    p.response_status_code = 403;
    assert_true(compare(&p, &c).differs);
}

static void one_likeness_beside_the_status_is_enough(void **state)
{
    (void)state;
    for (int bits = 0; bits < 16; bits++) {
        struct gw_http_row p = page_null();
        struct gw_control_row c = control_null();
        p.response_status_code = bits & 1 ? 200 : 404;
        c.http_status_code = 200;
        p.response_body_length = bits & 2 ? 1000 : 10;
        c.http_response_body_length = 1000;
        p.header_names = bits & 4 ? GW_LIT("[\"x-a\"]") : GW_LIT("[\"x-b\"]");
        c.http_header_names = GW_LIT("[\"x-a\"]");
        p.title = bits & 8 ? GW_LIT("Bread") : GW_LIT("Denied");
        c.http_title = GW_LIT("Bread");
        assert_int_equal(compare(&p, &c).differs, !((bits & 1) && bits > 1));
    }
}

// ---- observers ----------------------------------------------------------

static struct gw_measurement_row someone(void)
{
    struct gw_measurement_row m;
    gw_row_null(GW_TABLE_measurement, &m);
    m.probe_cc = GW_LIT("IT");
    m.probe_asn = 137;
    m.platform = GW_LIT("android");
    m.software_name = GW_LIT("ooniprobe-android");
    return m;
}

static void without_an_id_place_and_program_make_the_observer(void **state)
{
    (void)state;
    struct gw_measurement_row a = someone(), b[4];
    for (size_t i = 0; i < GW_COUNT(b); i++)
        b[i] = someone();
    b[0].probe_cc = GW_LIT("FR");
    b[1].probe_asn = 138;
    b[2].platform = GW_LIT("linux");
    b[3].software_name = GW_LIT("other");
    for (size_t i = 0; i < GW_COUNT(b); i++)
        assert_true(gw_observer(&a) != gw_observer(&b[i]));
    // What changes from one measurement to the next does not.
    struct gw_measurement_row c = someone();
    c.input = GW_LIT("http://x/"), c.report_id = GW_LIT("r"), c.record = 5;
    c.start_time = 7, c.uid = GW_LIT("u"), c.software_version = GW_LIT("9");
    assert_true(gw_observer(&a) == gw_observer(&c));
}

static void an_id_alone_makes_the_observer(void **state)
{
    (void)state;
    struct gw_measurement_row a = someone(), b = someone();
    a.probe_id = b.probe_id = GW_LIT("abc");
    b.probe_cc = GW_LIT("FR"), b.probe_asn = 9;
    assert_true(gw_observer(&a) == gw_observer(&b));
    b.probe_id = GW_LIT("abd");
    assert_true(gw_observer(&a) != gw_observer(&b));
}

static void observers_are_not_negative(void **state)
{
    (void)state;
    struct gw_rand rand = {3};
    for (int i = 0; i < 2000; i++) {
        struct gw_measurement_row m = someone();
        m.probe_asn = (int64_t)gw_rand_next(&rand);
        assert_true(gw_observer(&m) >= 0);
    }
}

// ---- rows ---------------------------------------------------------------

static void each_measurement_sees_its_own_rows(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct gw_block b;
    struct gw_rand rand = {5};
    struct gw_cursor cursor = {{0}};
    size_t want[50], at = 0;
    assert_int_equal(gw_block_init(&b, arena), 0);
    for (int64_t m = 0; m < 50; m++) {
        gw_add_measurement(&b)->record = m;
        want[m] = gw_rand_below(&rand, 4);
        for (size_t i = 0; i < want[m]; i++) {
            gw_add_dns(&b)->m = m;
            gw_add_http(&b)->m = m;
        }
    }
    for (size_t m = 0; m < 50; m++) {
        struct gw_view v;
        size_t n;
        gw_view_next(&b, &cursor, m, NULL, &v);
        assert_int_equal(v.m->record, m);
        assert_int_equal(v.dns_count, want[m]);
        assert_int_equal(v.http_count, want[m]);
        assert_int_equal(v.tcp_count, 0);
        assert_ptr_equal(v.dns, gw_rows_dns(&b, &n) + at);
        at += want[m];
    }
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void rows_of_no_measurement_are_passed_over(void **state)
{
    (void)state;
    static const int64_t of[] = {GW_NULL, -1, 0, 0, 1, 7, INT64_MAX};
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct gw_block b;
    struct gw_cursor cursor = {{0}};
    struct gw_view v;
    assert_int_equal(gw_block_init(&b, arena), 0);
    for (size_t i = 0; i < GW_COUNT(of); i++)
        gw_add_tcp(&b)->m = of[i];
    for (size_t m = 0; m < 4; m++)
        gw_add_measurement(&b);
    for (size_t m = 0; m < 4; m++) {
        gw_view_next(&b, &cursor, m, NULL, &v);
        assert_int_equal(v.tcp_count, m == 0 ? 2 : m == 1);
    }
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void no_more_rows_than_any_probe_writes_are_looked_at(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct gw_block b;
    struct gw_cursor cursor = {{0}};
    struct gw_view v;
    assert_int_equal(gw_block_init(&b, arena), 0);
    gw_add_measurement(&b);
    gw_add_measurement(&b);
    for (int i = 0; i < 5000; i++)
        gw_add_dns(&b)->m = 0;
    gw_add_dns(&b)->m = 1;
    gw_view_next(&b, &cursor, 0, NULL, &v);
    assert_int_equal(v.dns_count, 4096);
    gw_view_next(&b, &cursor, 1, NULL, &v); // the next is not mistaken
    assert_int_equal(v.dns_count, 1);
    assert_int_equal(v.dns->m, 1);
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void depth_and_reach_come_from_the_exchanges(void **state)
{
    (void)state;
    static const struct {
        int64_t status, tor;
        const char *failure;
        bool reached;
    } cases[] = {
        {200, 0, NULL, true},         {503, GW_NULL, NULL, true},
        {302, 0, NULL, false},        {GW_NULL, 0, NULL, false},
        {200, 0, "eof_error", false}, {200, 1, NULL, false},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct gw_arena *arena = gw_arena_new(1 << 20);
        struct gw_block b;
        struct gw_cursor cursor = {{0}};
        struct gw_view v;
        assert_int_equal(gw_block_init(&b, arena), 0);
        gw_add_measurement(&b)->test_name = GW_LIT("web_connectivity");
        struct gw_http_row *h = gw_add_http(&b);
        h->m = 0, h->depth = 3, h->is_tor = cases[i].tor;
        h->response_status_code = cases[i].status;
        h->failure = gw_str(cases[i].failure);
        gw_view_next(&b, &cursor, 0, NULL, &v);
        assert_int_equal(v.reached, cases[i].reached);
        assert_int_equal(v.depth, 3);
        assert_true(v.web);
        gw_block_release(&b);
        gw_arena_free(arena);
    }
}

static void engines_are_told_apart(void **state)
{
    (void)state;
    static const char *const own[] = {"system", "getaddrinfo", "go",
                                      "golang_net_resolver", "unknown"};
    static const char *const sealed[] = {"doh", "dot", "doq", "doh3", "odoh"};
    for (size_t i = 0; i < GW_COUNT(own); i++) {
        assert_true(gw_engine_is_system(gw_str(own[i])));
        assert_false(gw_engine_is_encrypted(gw_str(own[i])));
        assert_false(gw_engine_is_system(gw_str(sealed[i])));
        assert_true(gw_engine_is_encrypted(gw_str(sealed[i])));
    }
    assert_true(gw_engine_is_system((gw_span){0}));
    assert_false(gw_engine_is_system(GW_LIT("udp")));
    assert_false(gw_engine_is_encrypted(GW_LIT("udp")));
}

#define T(name) cmocka_unit_test(name)
static void fingerprint_hits_are_read_whatever_their_names_hold(void **state)
{
    (void)state;
    gw_span rest = GW_LIT("[[\"a]\\\",\\\"fp\\\",1\",\"isp\",0],"
                          "[\"b\",\"fp\",1]]");
    gw_span scope;
    bool expected;
    gw_cut(&rest, '[');
    assert_true(gw_next_hit(&rest, &scope, &expected));
    assert_true(gw_is(scope, "isp"));
    assert_false(expected);
    assert_true(gw_next_hit(&rest, &scope, &expected));
    assert_true(gw_is(scope, "fp"));
    assert_true(expected);
    assert_false(gw_next_hit(&rest, &scope, &expected));
    gw_span none = {0};
    assert_false(gw_next_hit(&none, &scope, &expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_status_tells_only_against_a_helpers_success),
        T(lengths_match_above_seven_tenths),
        T(a_truncated_length_is_not_compared),
        T(one_uncommon_header_in_common_is_a_match),
        T(header_names_that_are_no_json_do_no_harm),
        T(the_first_long_words_that_differ_tell_titles_apart),
        T(nothing_to_compare_is_no_difference),
        T(one_likeness_beside_the_status_is_enough),
        T(without_an_id_place_and_program_make_the_observer),
        T(an_id_alone_makes_the_observer),
        T(observers_are_not_negative),
        T(each_measurement_sees_its_own_rows),
        T(rows_of_no_measurement_are_passed_over),
        T(no_more_rows_than_any_probe_writes_are_looked_at),
        T(depth_and_reach_come_from_the_exchanges),
        T(engines_are_told_apart),
        T(fingerprint_hits_are_read_whatever_their_names_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
