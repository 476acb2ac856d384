// The page of an incident: what it says first, its numbers, its times, what
// limits it, how to check it, and its twins.
#include "site_case.h"

static void the_page_says_what_since_when_how_sure(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/incident/ID.html", INCIDENT);
    assert_true(is_nested(html));
    assert_true(has(html, "<h1>"));
    assert_true(has(html, "Telegram"));
    assert_true(has(html, "84"));
    assert_true(has(html, "class=\"confidence"));
    assert_true(has(html, "Safaricom &lt;Ltd&gt;"));
    assert_false(has(html, "Safaricom <Ltd>"));
    assert_true(has(html, "It failed while the helper could."));
    assert_true(has(html, "Only &lt;one&gt; observer."));
    assert_true(has(html, "Whether it went on."));
    assert_true(has(html, "Monday"));
    assert_false(has(html, "style="));
    assert_true(html.len < 150000);
    gw_buf_release(&b);
    site_case_close(&c);
}

static void every_message_of_the_page_is_there_in_both_languages(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        struct gw_buf b;
        gw_span html = site_case_file(&c, &b,
                                      l == GW_URDU ? "ur/incident/ID.html"
                                                   : "en/incident/ID.html",
                                      INCIDENT);
        assert_false(has(html, ">incident."));
        assert_false(has(html, ">explain."));
        assert_false(has(html, ">chart."));
        assert_false(has(html, "{0}"));
        assert_true(is_nested(html));
        gw_buf_release(&b);
    }
    site_case_close(&c);
}

static void it_tells_how_to_check_and_cite(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    char line[160];
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/incident/ID.html", INCIDENT);
    snprintf(line, sizeof line, "gawah prove %s --into proof", c.finding);
    assert_true(has(html, line));
    assert_true(has(html, "gawah verify proof"));
    assert_true(has(html, "incident " INCIDENT) ||
                has(html, "<bdi>" INCIDENT "</bdi>"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void all_versions_are_listed(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/incident/ID.html", INCIDENT);
    int64_t history = gw_find(html, GW_LIT("id=\"history\""), 0);
    assert_true(history > 0);
    gw_span part = gw_sub(html, (size_t)history, html.len);
    assert_int_equal(count_of(part, "<tr><th scope=\"row\">"), 2);
    gw_buf_release(&b);
    site_case_close(&c);
}

static void the_twins_hold_body_and_days(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf json, csv, chart;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span j = site_case_file(&c, &json, "data/incident/ID.json", INCIDENT);
    assert_true(gw_starts(j, "{\"cc\":\"KE\""));
    assert_true(gw_ends(j, "\"v\":1}\n"));
    gw_span d = site_case_file(&c, &csv, "data/incident/ID.csv", INCIDENT);
    assert_true(gw_starts(d, "day,target,country,asn,network,"));
    assert_true(
        has(d, "\n2023-11-06,telegram,KE,33771,Safaricom <Ltd>,all,7,"));
    assert_true(has(d, ",15399,Wananchi,"));
    gw_span t =
        site_case_file(&c, &chart, "data/incident/ID-timeline.csv", INCIDENT);
    assert_true(has(t, "\n2023-11-06,7,8,8,3\n"));
    assert_true(has(t, "\n2023-11-13,0,0,0,0\n")); // nothing was measured
    gw_buf_release(&json);
    gw_buf_release(&csv);
    gw_buf_release(&chart);
    site_case_close(&c);
}

static void the_same_archive_gives_the_same_page(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    struct gw_publish_summary again = site_case_publish(&c, NULL);
    assert_int_equal(again.written, 0);
    assert_int_equal(again.removed, 0);
    assert_true(again.same > 0);
    site_case_close(&c);
}

static void a_withdrawn_incident_says_so_first(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    static char body[8192];
    bool changed;
    site_case_open(&c);
    struct gw_incident_row i = incident_of(&c, body, sizeof body, "null");
    i.version = 3;
    i.withdrawn = true;
    char *at = strstr(body, "\"ongoing\"");
    assert_non_null(at);
    memmove(at + 11, at + 9, strlen(at + 9) + 1);
    memcpy(at, "\"withdrawn\"", 11);
    i.body = gw_str(body);
    assert_int_equal(gw_incident_put(c.archive, &i, &changed, NULL), 0);
    assert_true(changed);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/incident/ID.html", INCIDENT);
    assert_true(has(html, "<p class=\"lead warning\">"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void a_body_that_cannot_be_read_is_still_a_page(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    bool changed;
    site_case_open(&c);
    struct gw_incident_row i = {.id = "i-ffffffffffff",
                                .kind = "silence",
                                .cc = "KE",
                                .since = {GW_NEVER, FIRST_DAY},
                                .until = {GW_NEVER, GW_NEVER},
                                .confidence = "possible",
                                .version = 1,
                                .changed = FIRST_DAY,
                                .body = GW_LIT("{\"networks\":7,\"methods\":{},"
                                               "\"evidence\":[1,\"x\"]}")};
    assert_int_equal(gw_incident_put(c.archive, &i, &changed, NULL), 0);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/incident/ID.html", i.id);
    assert_true(is_nested(html));
    gw_buf_release(&b);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_says_what_since_when_how_sure),
        cmocka_unit_test(every_message_of_the_page_is_there_in_both_languages),
        cmocka_unit_test(it_tells_how_to_check_and_cite),
        cmocka_unit_test(all_versions_are_listed),
        cmocka_unit_test(the_twins_hold_body_and_days),
        cmocka_unit_test(the_same_archive_gives_the_same_page),
        cmocka_unit_test(a_withdrawn_incident_says_so_first),
        cmocka_unit_test(a_body_that_cannot_be_read_is_still_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
