// What front, country, target, network and method pages say.
#include "site_case.h"

static void expect_in(struct site_case *c, const char *page, const char *what)
{
    struct gw_buf b;
    gw_span s = site_case_file(c, &b, page, "");
    if (!has(s, what))
        print_error("%s does not say: %s\n", page, what);
    assert_true(has(s, what));
    gw_buf_release(&b);
}

// The incident of the case again, not over.
static void make_ongoing(struct site_case *c, bool synthetic)
{
    static char body[8192];
    bool changed;
    struct gw_incident_row i = incident_of(c, body, sizeof body, "null");
    i.version = 3;
    i.synthetic = synthetic;
    i.changed = FIRST_DAY + 61 * GW_DAY;
    assert_int_equal(gw_incident_put(c->archive, &i, &changed, NULL), 0);
    commit(c->archive);
}

static void headings_state_what_is_going_on(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    make_ongoing(&c, false);
    site_case_publish(&c, NULL);
    expect_in(&c, "en/index.html",
              "<h1>Telegram has been blocked on Safaricom &lt;Ltd&gt; in "
              "Kenya on weekdays since 6 November 2023</h1>");
    expect_in(&c, "en/country/ke.html",
              "<h1>In Kenya, Telegram is blocked on at least one network");
    expect_in(&c, "en/target/telegram.html",
              "<h1>Telegram is blocked in Kenya on at least one network");
    expect_in(&c, "en/network/AS33771.html",
              "<h1>Telegram is blocked on Safaricom &lt;Ltd&gt; (AS33771)");
    expect_in(&c, "en/network/AS15399.html",
              "<h1>No blocking is known to be going on at Wananchi");
    expect_in(&c, "en/index.html", "What changed since yesterday");
    expect_in(&c, "ur/index.html", "ٹیلی گرام");
    site_case_close(&c);
}

static void what_is_over_is_not_said_to_go_on(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    expect_in(&c, "en/index.html", "<h1>No incident is known to be going on");
    expect_in(&c, "en/index.html", "Ended in the last 30 days");
    expect_in(&c, "en/target/telegram.html",
              "<h1>Telegram is not known to be blocked now");
    site_case_close(&c);
}

static void counts_come_with_denominator_observers_and_period(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    expect_in(&c, "en/target/telegram.html",
              "In the 30 days to 10 December 2023, 49 of 442 measurements "
              "found blocking, on 2 networks");
    expect_in(&c, "en/target/telegram.html",
              "0 of 324 measurements; at most 3 observers a day");
    site_case_close(&c);
}

static void times_are_local_with_utc_beside_them(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    expect_in(&c, "en/incident/" INCIDENT ".html",
              "<time datetime=\"2023-11-06T05:00Z\">6 November 2023, 08:00 "
              "<span class=\"utc\">(05:00 <bdi>UTC</bdi>)</span></time>");
    expect_in(&c, "ur/incident/" INCIDENT ".html", "۶ نومبر ۲۰۲۳، ۰۸:۰۰");
    site_case_close(&c);
}

static void made_up_data_is_called_so_at_the_top(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    make_ongoing(&c, true);
    site_case_publish(&c, NULL);
    expect_in(&c, "en/index.html", "<p class=\"banner\">");
    expect_in(&c, "ur/target/telegram.html", "<p class=\"banner\">");
    site_case_close(&c);
}

static void the_five_words_are_defined_on_the_method_page(void **state)
{
    (void)state;
    struct site_case c;
    site_case_open(&c);
    site_case_publish(&c, NULL);
    static const char *const words_of[] = {"certain beyond reasonable doubt",
                                           "very likely", "likely", "possible",
                                           "not enough data"};
    for (size_t i = 0; i < GW_COUNT(words_of); i++)
        expect_in(&c, "en/method.html", words_of[i]);
    expect_in(&c, "en/method.html", "What it cannot see");
    site_case_close(&c);
}

static void lines_of_a_sole_observer_carry_no_id(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_buf b;
    site_case_open(&c);
    struct gw_day_row d = {.cc = "KE",
                           .target = "lonely.example",
                           .asn = 33771,
                           .layer = GW_LAYER_ALL,
                           .day = FIRST_DAY,
                           .count = {0, 0, 0, 4},
                           .observers = {0, 0, 0, 1},
                           .example = "f-0123456789ab-77-0"};
    assert_int_equal(gw_day_add(c.archive, &d, NULL), 0);
    commit(c.archive);
    site_case_publish(&c, NULL);
    gw_span s = site_case_file(&c, &b, "data/target/lonely.example.csv", "");
    assert_true(has(s, "lonely.example,33771"));
    assert_false(has(s, "f-0123456789ab"));
    gw_buf_release(&b);
    expect_in(&c, "en/target/lonely.example.html", "one observer a day");
    site_case_close(&c);
}

static void contact_and_address_stand_where_they_are_given(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_publish_summary sum;
    site_case_open(&c);
    struct gw_publish_options o = {.folder = c.site,
                                   .base_url = "https://gawah.example/x",
                                   .contact = "mail <us> & more",
                                   .now = GW_NEVER};
    assert_int_equal(gw_publish(c.archive, &o, &sum, NULL), 0);
    expect_in(&c, "en/method.html", "mail &lt;us&gt; &amp; more");
    expect_in(&c, "ur/method.html",
              "<link rel=\"canonical\" "
              "href=\"https://gawah.example/x/ur/method.html\">");
    expect_in(&c, "robots.txt", "Sitemap: https://gawah.example/x/sitemap.xml");
    site_case_close(&c);
}

static void only_the_country_that_is_asked_for_is_published(void **state)
{
    (void)state;
    struct site_case c;
    struct gw_publish_summary sum;
    char path[512];
    site_case_open(&c);
    struct gw_publish_options o = {
        .folder = c.site, .cc = "PK", .now = GW_NEVER};
    assert_int_equal(gw_publish(c.archive, &o, &sum, NULL), 0);
    snprintf(path, sizeof path, "%s/en/country/ke.html", c.site);
    assert_int_not_equal(access(path, F_OK), 0);
    site_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_state_what_is_going_on),
        cmocka_unit_test(what_is_over_is_not_said_to_go_on),
        cmocka_unit_test(counts_come_with_denominator_observers_and_period),
        cmocka_unit_test(times_are_local_with_utc_beside_them),
        cmocka_unit_test(made_up_data_is_called_so_at_the_top),
        cmocka_unit_test(the_five_words_are_defined_on_the_method_page),
        cmocka_unit_test(lines_of_a_sole_observer_carry_no_id),
        cmocka_unit_test(contact_and_address_stand_where_they_are_given),
        cmocka_unit_test(only_the_country_that_is_asked_for_is_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
