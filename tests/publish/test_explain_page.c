// Explain pages: from a statement to the bytes, for what pages link to.
#include "site_case.h"

static void a_finding_is_walked_down_to_the_bytes(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    char line[256];
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/explain/ID.html", c.finding);
    assert_true(is_nested(html));
    assert_true(has(html, c.object));
    assert_true(has(html, "4,096"));
    assert_true(has(html, "tcp.failure_control_ok"));
    assert_true(has(html, "It failed while the helper could."));
    assert_true(has(html, "tcp: tcp_connect[3]"));
    assert_true(has(html, "generic_timeout_error &lt;1&gt;"));
    assert_false(has(html, "20231101050000.1_KE_telegram_0123456789abcdef"));
    assert_true(has(html, "+4.5"));
    snprintf(line, sizeof line, "gawah explain %s", c.finding);
    assert_true(has(html, line));
    snprintf(line, sizeof line, "gawah prove %s --into proof", c.finding);
    assert_true(has(html, line));
    snprintf(line, sizeof line, "incident/%s.html", INCIDENT);
    assert_true(has(html, line));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void its_twin_has_the_same_facts(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span json = site_case_file(&c, &b, "data/explain/ID.json", c.finding);
    assert_true(has(json, "\"state\":\"blocked\""));
    assert_true(has(json, "\"position\":4096"));
    assert_true(has(json, "\"llr\":4.5"));
    assert_true(has(json, c.object));
    assert_false(has(json, "observer")); // nobody is singled out
    gw_buf_release(&b);
    site_case_close(&c);
}

static void what_is_gone_has_a_page_that_says_so(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/explain/ID.html", c.gone);
    assert_true(has(html, "is not in the archive"));
    assert_true(is_nested(html));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void what_is_confidential_is_not_named(void **state)
{
    struct site_case c;
    struct gw_buf b;
    char name[96];
    (void)state;
    gw_buf_init(&b, 1 << 20);
    site_case_open(&c);
    snprintf(name, sizeof name, "confidential/%s", c.object);
    assert_int_equal(gw_note_set(c.archive, name, GW_LIT(""), NULL), 0);
    assert_int_equal(gw_archive_commit(c.archive, NULL), 0);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/explain/ID.html", c.finding);
    assert_false(has(html, c.object));
    assert_true(has(html, "is not in the archive"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void an_incident_is_a_tree_of_its_findings(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    char line[128];
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/explain/ID.html", INCIDENT);
    assert_true(is_nested(html));
    assert_true(has(html, "gawah explain " INCIDENT));
    snprintf(line, sizeof line, "explain/%s.html", c.finding);
    assert_true(has(html, line));
    snprintf(line, sizeof line, "explain/%s.html", c.gone);
    assert_true(has(html, line));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void no_message_is_missing(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "ur/explain/ID.html", c.finding);
    assert_false(has(html, ">explain."));
    assert_false(has(html, ">check."));
    assert_false(has(html, "{0}"));
    gw_buf_release(&b);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_walked_down_to_the_bytes),
        cmocka_unit_test(its_twin_has_the_same_facts),
        cmocka_unit_test(what_is_gone_has_a_page_that_says_so),
        cmocka_unit_test(what_is_confidential_is_not_named),
        cmocka_unit_test(an_incident_is_a_tree_of_its_findings),
        cmocka_unit_test(no_message_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
