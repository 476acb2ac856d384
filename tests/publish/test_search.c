// Search: an index without JavaScript, a list for it with, no inline program.
#include "site_case.h"

static void the_page_is_an_index_without_javascript(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span html = site_case_file(&c, &b, "en/search.html", "");
    assert_true(is_nested(html));
    assert_true(has(html, "href=\"incident/" INCIDENT ".html\""));
    assert_true(has(html, "href=\"target/telegram.html\""));
    assert_true(has(html, "href=\"network/AS33771.html\""));
    assert_true(has(html, "href=\"country/ke.html\""));
    assert_true(has(html, "<form id=\"search\" role=\"search\" hidden"));
    assert_true(has(html, "src=\"../search-en.js\""));
    assert_false(has(html, "onclick"));
    gw_buf_release(&b);
    site_case_close(&c);
}

static void the_script_is_one_json_array(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    gw_jv v;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    gw_span js = site_case_file(&c, &b, "search-ur.js", "");
    gw_span before = GW_LIT("window.gawahSearch=");
    assert_true(gw_starts(js, "window.gawahSearch=["));
    assert_true(gw_ends(js, "];\n"));
    size_t len = js.len - before.len - 2;
    uint8_t *text = gw_new(len + GW_JSON_PADDING);
    memcpy(text, js.at + before.len, len);
    struct gw_json *json = gw_json_new();
    assert_int_equal(gw_json_parse(json, gw_span_of(text, len), &v, NULL), 0);
    assert_int_equal(gw_jv_count(v), 1 + 1 + 2 + 1);
    assert_int_equal(gw_jv_count(gw_jv_at(v, 0)), 4);
    gw_json_free(json);
    gw_free(text);
    gw_buf_release(&b);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_an_index_without_javascript),
        cmocka_unit_test(the_script_is_one_json_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
