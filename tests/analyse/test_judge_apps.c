// What measurements of old versions, of apps without pages and records that
// hold little or nothing come to.
#include "t.h"

#include "make.h"

#define SITE    "93.184.216.34"
#define SITE_AS SITE "@15133"
#define HOST    "www.example.com"
#define PLAIN   "http://www.example.com/"
#define URL     "https://www.example.com/"
#define SECURE  "input " URL "\n"
#define ANSWER  "dns getaddrinfo " HOST " " SITE_AS "\n"
#define TCP80   ANSWER "tcp " SITE ":80 ok\n"
#define GOT80   "c-dns " SITE_AS "\nc-tcp " SITE ":80 ok\nc-http 200 site\n"

static void expect(const struct gw_case *c, int64_t record, const char *want)
{
    char words[96];
    assert_string_equal(gw_case_words(c, record, words, sizeof words), want);
}

static void alone(const char *recipe, const char *want, const char *rule)
{
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, recipe);
    gw_case_judge(&c);
    expect(&c, 0, want);
    if (rule)
        assert_true(gw_case_fired(&c, 0, rule));
    gw_case_release(&c);
}

// Adds the recipe from n networks of countries that are not the judged one's.
static void add_others(struct gw_case *c, const char *recipe, int n)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    for (int i = 0; i < n; i++) {
        gw_buf_reset(&text);
        gw_put_fmt(&text, "%sat Z%c %d\n", recipe, 'A' + i, 64000 + i);
        gw_put_u8(&text, 0);
        gw_case_make(c, (const char *)text.at);
    }
    gw_buf_release(&text);
}

// ---- old versions -------------------------------------------------------

static void old_versions_without_transaction_ids_are_judged(void **state)
{
    (void)state;
    static const char *const versions[] = {"0.0.1", "0.1.0", "0.3.0", "0.4.3"};
    char recipe[2048];
    static const struct {
        const char *what, *want;
    } cases[] = {
        {"dns system " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
         "http " PLAIN " - 200 site\n" GOT80,
         "ok http"},
        {"dns system " HOST " dns_lookup_error\n"
         "http " PLAIN " - dns_lookup_error -\n" GOT80,
         "blocked dns"},
        {"dns system " HOST " " SITE_AS "\ntcp " SITE ":80 connection_refused\n"
         "http " PLAIN " - connection_refused -\n" GOT80,
         "blocked tcp"},
        {"dns system " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
         "http " PLAIN " - connection_reset -\n" GOT80,
         "blocked http"},
        {"dns system " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
         "http " PLAIN " - 200 block\n" GOT80,
         "blocked http"},
        {"dns system " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
         "http " PLAIN " - generic_timeout_error -\n"
         "c-dns " SITE_AS "\nc-tcp " SITE ":80 ok\n"
         "c-http generic_timeout_error\n",
         "down http"},
    };
    for (size_t i = 0; i < GW_COUNT(versions); i++)
        for (size_t k = 0; k < GW_COUNT(cases); k++) {
            snprintf(recipe, sizeof recipe, "test web_connectivity %s\n%s",
                     versions[i], cases[k].what);
            alone(recipe, cases[k].want, NULL);
        }
}

// The helper did no handshakes then; its page over https says that they work.
static void old_handshakes_are_compared_with_the_helpers_page(void **state)
{
    (void)state;
    alone("test web_connectivity 0.4.3\n" SECURE "dns system " HOST " " SITE_AS
          "\ntcp " SITE ":443 ok\n"
          "tls " SITE ":443 " HOST " connection_reset\n"
          "http " URL " - connection_reset -\n"
          "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\nc-http 200 site\n",
          "blocked tls", "tls.reset_control_ok");
}

static void http_requests_is_compared_with_its_page_through_tor(void **state)
{
    (void)state;
    alone("test http_requests 0.2.2\n"
          "http " PLAIN " - 200 site tor\nhttp " PLAIN " - 200 site\n",
          "ok http", "http.same_page");
    alone("test http_requests 0.2.2\n"
          "http " PLAIN " - 200 block\nhttp " PLAIN " - 200 site tor\n",
          "blocked http", "http.other_page");
    alone("test http_requests 0.2.2\n"
          "http " PLAIN " - connection_reset -\nhttp " PLAIN
          " - 200 site tor\n",
          "blocked http", "http.reset_control_ok");
    alone("test http_requests 0.2.2\n"
          "http " PLAIN " - connection_reset -\nhttp " PLAIN
          " - generic_timeout_error - tor\n",
          "down http", "http.failure_control_failed");
}

// ---- apps ---------------------------------------------------------------

#define TELEGRAM(result)                                                       \
    "test telegram 0.3.0\ninput \n"                                            \
    "tcp 149.154.175.50:443 " result "\ntcp 149.154.167.51:80 " result "\n"    \
    "tcp 149.154.175.100:443 " result "\ntcp 149.154.167.91:80 " result "\n"

static void an_app_whose_endpoints_all_fail_is_unknown_when_alone(void **state)
{
    (void)state;
    alone(TELEGRAM("generic_timeout_error"), "unknown tcp",
          "tcp.failure_no_control");
}

static void with_three_other_networks_it_is_blocked(void **state)
{
    (void)state;
    for (int others = 2; others <= 3; others++) {
        struct gw_case c;
        gw_case_init(&c);
        gw_case_make(&c, TELEGRAM("generic_timeout_error"));
        add_others(&c, TELEGRAM("ok"), others);
        gw_case_judge(&c);
        expect(&c, 0, others == 3 ? "blocked tcp" : "unknown tcp");
        expect(&c, 1, "ok tcp");
        gw_case_release(&c);
    }
}

#define HALF                                                                   \
    "test telegram 0.3.0\ninput \n"                                            \
    "tcp 149.154.175.50:443 generic_timeout_error\n"                           \
    "tcp 149.154.167.51:80 ok\n"                                               \
    "tcp 149.154.175.100:443 generic_timeout_error\n"                          \
    "tcp 149.154.167.91:80 ok\n"

static void an_app_half_of_whose_endpoints_fail_works(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, HALF);
    add_others(&c, TELEGRAM("ok"), 4);
    gw_case_judge(&c);
    expect(&c, 0, "ok tcp");
    assert_true(gw_case_fired(&c, 0, "tcp.failure_others_ok")); // but is kept
    gw_case_release(&c);
}

static void an_app_that_answers_in_the_clear_works(void **state)
{
    (void)state;
    alone(TELEGRAM("ok") "http http://149.154.167.51/ 149.154.167.51:80 501 "
                         "plain\n"
                         "http https://web.telegram.org/ 149.154.167.99:443 "
                         "200 plain\n"
                         "dns system web.telegram.org 149.154.167.99@62041\n"
                         "tcp 149.154.167.99:443 ok\n"
                         "tls 149.154.167.99:443 web.telegram.org ok\n",
          "ok http", NULL);
}

#define TOR(result)                                                            \
    "test tor 0.4.0\ninput \nkey targets "                                     \
    "{\"one\":{\"target_address\":\"128.31.0.39:9101\",\"tcp_connect\":[{"     \
    "\"ip\":\"128.31.0.39\",\"port\":9101,\"status\":{" result "}}]},"         \
    "\"two\":{\"target_address\":\"86.59.21.38:443\",\"tcp_connect\":[{"       \
    "\"ip\":\"86.59.21.38\",\"port\":443,\"status\":{" result "}}]}}\n"
#define REFUSED "\"success\":false,\"failure\":\"connection_refused\""
#define WORKS   "\"success\":true,\"failure\":null"

static void targets_of_tor_are_judged_like_endpoints(void **state)
{
    (void)state;
    alone(TOR(WORKS), "ok tcp", "tcp.ok");
    alone(TOR(REFUSED), "unknown tcp", "tcp.failure_no_control");
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, TOR(REFUSED));
    add_others(&c, TOR(WORKS), 3);
    gw_case_judge(&c);
    expect(&c, 0, "blocked tcp");
    gw_case_release(&c);
}

// uptime.signal.org has a loopback address on purpose.
static void signals_bogon_by_design_is_not_blocked(void **state)
{
    (void)state;
    const char *recipe =
        "test signal 0.2.5\ninput \n"
        "dns system uptime.signal.org 127.0.0.1\n"
        "dns system chat.signal.org 76.223.92.165@16509\n"
        "tcp 76.223.92.165:443 ok\n"
        "tls 76.223.92.165:443 chat.signal.org ok\n"
        "http https://chat.signal.org/ 76.223.92.165:443 404 plain\n";
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, recipe);
    add_others(&c, recipe, 6);
    gw_case_judge(&c);
    expect(&c, 0, "ok http");
    assert_int_not_equal(gw_case_finding(&c, 0, GW_LAYER_DNS)->state,
                         GW_STATE_BLOCKED);
    gw_case_release(&c);
}

// ---- little or nothing --------------------------------------------------

static void a_measurement_without_anything_has_one_unknown_finding(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "{\"test_name\":\"web_connectivity\",\"test_keys\":{}}",
        "{\"test_name\":\"web_connectivity\",\"test_keys\":{\"queries\":null,"
        "\"requests\":[],\"tcp_connect\":{},\"control\":{}}}",
        "{\"test_name\":\"web_connectivity\",\"test_keys\":{\"queries\":[{}],"
        "\"tcp_connect\":[{}],\"tls_handshakes\":[{}],\"requests\":[{}]}}",
        "{\"test_name\":\"web_connectivity\",\"test_keys\":{\"queries\":[],"
        "\"requests\":[{}],\"control\":{\"dns\":{}}}}",
        "{\"test_name\":\"telegram\",\"test_keys\":{\"queries\":null}}",
        "{\"test_name\":\"ndt\",\"test_keys\":{\"failure\":null}}",
        "{\"test_name\":\"a_test_of_the_future\",\"test_keys\":{\"x\":[1]}}",
    };
    for (size_t i = 0; i < GW_COUNT(odd); i++) {
        struct gw_case c;
        size_t n;
        gw_case_init(&c);
        gw_case_add(&c, gw_str(odd[i]));
        gw_case_judge(&c);
        const struct gw_finding_row *f = gw_rows_finding(&c.findings, &n);
        assert_int_equal(n, 1);
        assert_int_equal(f->layer, GW_LAYER_ALL);
        assert_int_equal(f->state, GW_STATE_UNKNOWN);
        assert_true(gw_is(f->rule, "none") && f->n == 0 && f->target.len);
        gw_case_release(&c);
    }
}

static void findings_are_numbered_from_the_measurements_own(void **state)
{
    (void)state;
    struct gw_case c;
    size_t n;
    gw_case_init(&c);
    gw_case_make(&c, TCP80 "http " PLAIN " " SITE ":80 200 site\n" GOT80);
    gw_case_judge(&c);
    const struct gw_finding_row *f = gw_rows_finding(&c.findings, &n);
    assert_int_equal(n, 4); // its own, dns, tcp, http
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(f[i].n, i);
        assert_true(gw_is(f[i].target, HOST) && f[i].probe_asn == 137);
        assert_true(gw_is(f[i].probe_cc, "IT") && f[i].observer >= 0);
    }
    gw_case_release(&c);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(old_versions_without_transaction_ids_are_judged),
        T(old_handshakes_are_compared_with_the_helpers_page),
        T(http_requests_is_compared_with_its_page_through_tor),
        T(an_app_whose_endpoints_all_fail_is_unknown_when_alone),
        T(with_three_other_networks_it_is_blocked),
        T(an_app_half_of_whose_endpoints_fail_works),
        T(an_app_that_answers_in_the_clear_works),
        T(targets_of_tor_are_judged_like_endpoints),
        T(signals_bogon_by_design_is_not_blocked),
        T(a_measurement_without_anything_has_one_unknown_finding),
        T(findings_are_numbered_from_the_measurements_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
