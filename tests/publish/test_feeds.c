// Feeds and the sitemap: well-formed, with what RFC 4287 wants.
#include "site_case.h"

#define FEED "data/incident/feed.en.atom"

static void a_feed_has_what_the_standard_wants(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span xml = site_case_file(&c, &b, FEED, "");
    assert_true(is_nested(xml));
    assert_true(gw_is_utf8(xml));
    assert_true(gw_starts(xml, "<?xml version=\"1.0\" encoding=\"utf-8\"?>"));
    assert_int_equal(count_of(xml, "<entry>"), 1);
    assert_int_equal(count_of(xml, "<id>urn:uuid:"), 2);
    assert_int_equal(count_of(xml, "<updated>"), 2);
    assert_int_equal(count_of(xml, "<title>"), 2);
    assert_true(has(xml, "<author><name>"));
    assert_true(has(xml, "rel=\"self\""));
    // The newest change, not the time of publishing.
    assert_true(has(xml, "<updated>2023-12-31T00:00:00Z</updated>"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void links_are_relative_until_there_is_a_base(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span xml = site_case_file(&c, &b, FEED, "");
    assert_true(has(xml, "href=\"../../en/incident/" INCIDENT ".html\""));
    gw_buf_release(&b);
    site_case_publish(&c, "https://gawah.example/a");
    xml = site_case_file(&c, &b, FEED, "");
    assert_true(has(xml, "href=\"https://gawah.example/a/en/incident/" INCIDENT
                         ".html\""));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void each_country_and_language_has_a_feed(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf en, ur, all;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span x = site_case_file(&c, &en, "data/country/ke.en.atom", "");
    gw_span y = site_case_file(&c, &ur, "data/country/ke.ur.atom", "");
    gw_span z = site_case_file(&c, &all, FEED, "");
    assert_true(has(x, "xml:lang=\"en\""));
    assert_true(has(y, "xml:lang=\"ur\""));
    assert_true(is_nested(y));
    // An entry is the same wherever it is read; feeds are not.
    int64_t at = gw_find(x, GW_LIT("<entry><id>"), 0);
    int64_t same = gw_find(z, GW_LIT("<entry><id>"), 0);
    assert_true(gw_eq(gw_sub(x, (size_t)at, 60), gw_sub(z, (size_t)same, 60)));
    assert_false(gw_eq(gw_sub(x, 0, 200), gw_sub(z, 0, 200)));
    gw_buf_release(&en);
    gw_buf_release(&ur);
    gw_buf_release(&all);
    site_case_close(&c);
}

static void a_sitemap_is_made_where_the_place_is_known(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    char path[256];
    site_case_open(&c);
    site_case_publish(&c, NULL);
    snprintf(path, sizeof path, "%s/sitemap.xml", c.site);
    assert_int_not_equal(access(path, F_OK), 0);
    site_case_publish(&c, "https://gawah.example");
    gw_span xml = site_case_file(&c, &b, "sitemap.xml", "");
    assert_true(is_nested(xml));
    assert_true(has(xml, "<loc>https://gawah.example/ur/incident/" INCIDENT
                         ".html</loc>"));
    assert_false(has(xml, "/explain/"));
    gw_buf_release(&b);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed_has_what_the_standard_wants),
        cmocka_unit_test(links_are_relative_until_there_is_a_base),
        cmocka_unit_test(each_country_and_language_has_a_feed),
        cmocka_unit_test(a_sitemap_is_made_where_the_place_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
