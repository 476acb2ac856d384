// One test for each defect that was measured in the analysis this one is
// compared with: measurements of a few lines that it judges wrongly.
#include "t.h"

#include "make.h"

#define SITE    "93.184.216.34"
#define SITE_AS SITE "@15133"
#define BAD     "104.154.89.105"
#define BAD_AS  BAD "@396982"
#define HOST    "www.example.com"
#define URL     "https://www.example.com/"
#define SECURE  "input " URL "\n"
#define ANSWER  "dns getaddrinfo " HOST " " SITE_AS "\n"
#define GOT                                                                    \
    "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\n"                               \
    "c-tls " SITE ":443 " HOST " ok\nc-http 200 site\n"
#define GOT80 "c-dns " SITE_AS "\nc-tcp " SITE ":80 ok\nc-http 200 site\n"

static void expect(const struct gw_case *c, int64_t record, const char *want)
{
    char words[96];
    assert_string_equal(gw_case_words(c, record, words, sizeof words), want);
}

// A lone measurement comes to what it should.
static void alone(const char *recipe, const char *want)
{
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, recipe);
    gw_case_judge(&c);
    expect(&c, 0, want);
    gw_case_release(&c);
}

static void alone_by(const char *recipe, const char *want, const char *rule)
{
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, recipe);
    gw_case_judge(&c);
    expect(&c, 0, want);
    assert_true(gw_case_fired(&c, 0, rule));
    gw_case_release(&c);
}

// The same recipe from several networks of several countries.
static void add_from(struct gw_case *c, const char *recipe, int from, int to)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    for (int i = from; i < to; i++) {
        gw_buf_reset(&text);
        gw_put_fmt(&text, "%sat Z%c %d\n", recipe, 'A' + i % 26, 64000 + i);
        gw_put_u8(&text, 0);
        gw_case_make(c, (const char *)text.at);
    }
    gw_buf_release(&text);
}

// ---- controls -----------------------------------------------------------

static void a_missing_control_is_unknown_and_not_contrary(void **state)
{
    (void)state;
    alone(SECURE "dns getaddrinfo " HOST " " BAD_AS "\n"
                 "tcp " BAD ":443 generic_timeout_error\n",
          "unknown tcp");
    alone(SECURE "dns getaddrinfo " HOST " dns_nxdomain_error\n",
          "unknown dns");
    alone("dns getaddrinfo " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n"
          "http http://www.example.com/ " SITE ":80 200 block\n",
          "unknown http");
    alone(SECURE ANSWER "tcp " SITE ":443 ok\n"
                        "tls " SITE ":443 " HOST " connection_reset\n",
          "unknown tls");
}

static void
nxdomain_with_a_dead_helper_is_unknown_never_accessible(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, SECURE "dns getaddrinfo " HOST " dns_nxdomain_error\n"
                            "dns udp " HOST " dns_nxdomain_error\n"
                            "c-fail connection_reset\n");
    gw_case_judge(&c);
    expect(&c, 0, "unknown dns");
    const struct gw_verdict_row *v = gw_case_verdict(&c, 0);
    assert_null(v->blocking.at);
    assert_true(v->accessible == GW_NULL);
    gw_case_release(&c);
}

static void port_444_down_is_down_although_443_works(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, "input http://www.example.com:444/\n" ANSWER "tcp " SITE
                     ":444 connection_refused\n"
                     "c-dns " SITE_AS "\n"
                     "c-tcp " SITE ":443 ok\n"
                     "c-tcp " SITE ":444 connection_refused_error\n"
                     "c-http connection_refused_error\n");
    add_from(&c,
             SECURE ANSWER "tcp " SITE ":443 ok\n"
                           "tls " SITE ":443 " HOST " ok\n"
                           "http " URL " " SITE ":443 200 site\n" GOT,
             0, 6);
    gw_case_judge(&c);
    expect(&c, 0, "down tcp");
    expect(&c, 1, "ok http");
    gw_case_release(&c);
}

static void an_idn_matches_its_punycode_control(void **state)
{
    (void)state;
    const char *recipe =
        "input http://яндекс.рф/\n"
        "dns getaddrinfo xn--d1acpjx3f.xn--p1ai " SITE_AS "\n"
        "tcp " SITE ":80 ok\n"
        "http http://xn--d1acpjx3f.xn--p1ai/ " SITE ":80 200 site\n" GOT80;
    alone_by(recipe, "ok http", "dns.match_address");
    alone_by("input http://xn--mgbab2bd.xn--mgbai9azgqp6j/\n"
             "dns getaddrinfo xn--mgbab2bd.xn--mgbai9azgqp6j " SITE_AS "\n"
             "tcp " SITE ":80 ok\n" GOT80,
             "ok tcp", "dns.match_address");
}

static void redirect_hops_without_control_are_not_blocked_by_that(void **state)
{
    (void)state;
    // The hop answers from a content network that no helper was asked about.
    alone("input https://bit.ly/x\ndns getaddrinfo bit.ly " SITE_AS "\n"
          "tcp " SITE ":443 ok\ntls " SITE ":443 bit.ly ok\n"
          "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\n"
          "c-tls " SITE ":443 bit.ly ok\nc-http 200 site\n"
          "dns getaddrinfo cdn.example.net 151.101.1.91@54113 d1\n"
          "tcp 151.101.1.91:443 ok d1\n"
          "tls 151.101.1.91:443 cdn.example.net ok d1\n"
          "http https://cdn.example.net/ 151.101.1.91:443 200 site d1\n"
          "http https://bit.ly/x " SITE ":443 302 ->https://cdn.example.net/\n",
          "ok http");
    // Nor if it is served in the clear.
    alone("dns getaddrinfo " HOST " " SITE_AS "\ntcp " SITE ":80 ok\n" GOT80
          "dns getaddrinfo cdn.example.net 151.101.1.91@54113 d1\n"
          "tcp 151.101.1.91:80 ok d1\n"
          "http http://cdn.example.net/ 151.101.1.91:80 200 site d1\n"
          "http http://www.example.com/ " SITE
          ":80 302 ->http://cdn.example.net/\n",
          "ok http");
}

static void helper_lengths_of_minus_one_are_no_difference(void **state)
{
    (void)state;
#define PAGE_AND                                                               \
    ANSWER "tcp " SITE ":80 ok\nc-dns " SITE_AS "\nc-tcp " SITE ":80 ok\n"     \
           "http http://www.example.com/ " SITE ":80 200 block\n"
    alone(PAGE_AND "c-http ok\n", "unknown http");    // status and length -1
    alone(PAGE_AND "c-http 200 -\n", "unknown http"); // length alone
    alone(PAGE_AND "c-http 200 site\n", "blocked http");
}

// ---- poisoning ----------------------------------------------------------

#define SPOOFED                                                                \
    SECURE "dns getaddrinfo " HOST " " BAD_AS "\ntcp " BAD ":443 ok\n"         \
           "tls " BAD ":443 " HOST " ssl_unknown_authority\n" GOT
#define FORGED                                                                 \
    SECURE "dns getaddrinfo " HOST " " BAD_AS "\ntcp " BAD ":443 ok\n"         \
           "tls " BAD ":443 " HOST " ok\n"                                     \
           "http " URL " " BAD ":443 200 site\n"

static void one_forged_row_from_elsewhere_does_not_flip_a_verdict(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, SPOOFED);
    gw_case_make(&c, SECURE "dns getaddrinfo " HOST " 10.10.34.35\n" GOT);
    add_from(&c, FORGED, 0, 1);
    add_from(&c,
             SECURE "dns getaddrinfo " HOST " 10.10.34.35\n"
                    "tcp 10.10.34.35:443 ok\n"
                    "tls 10.10.34.35:443 " HOST " ok\n",
             0, 1);
    gw_case_judge(&c);
    expect(&c, 0, "blocked dns");
    expect(&c, 1, "blocked dns");
    gw_case_release(&c);
}

static void a_thousand_rows_from_one_network_do_not_either(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, SPOOFED);
    for (int i = 0; i < 1000; i++)
        gw_case_make(&c, FORGED "at ZA 64000\n");
    gw_case_judge(&c);
    expect(&c, 0, "blocked dns");
    gw_case_release(&c);
}

// Even a crowd does not overrule a measurement's own control.
static void a_crowd_does_not_overrule_the_measurements_own_control(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, SPOOFED);
    add_from(&c, FORGED, 0, 6);
    gw_case_judge(&c);
    expect(&c, 0, "blocked dns");
    gw_case_release(&c);
}

#define RESET                                                                  \
    SECURE ANSWER "tcp " SITE ":443 ok\n"                                      \
                  "tls " SITE ":443 " HOST " connection_reset\n"
#define FINE                                                                   \
    SECURE ANSWER "tcp " SITE ":443 ok\ntls " SITE ":443 " HOST " ok\n"        \
                  "http " URL " " SITE ":443 200 site\n"

static void three_other_networks_are_a_control(void **state)
{
    (void)state;
    for (int others = 0; others < 6; others++) {
        struct gw_case c;
        gw_case_init(&c);
        gw_case_make(&c, RESET);
        gw_case_make(&c, SECURE "dns getaddrinfo " HOST " dns_nxdomain_error");
        gw_case_make(&c,
                     SECURE ANSWER "tcp " SITE ":443 generic_timeout_error");
        add_from(&c, FINE, 0, others);
        gw_case_judge(&c);
        expect(&c, 0, others >= 3 ? "blocked tls" : "unknown tls");
        expect(&c, 1, others >= 3 ? "blocked dns" : "unknown dns");
        expect(&c, 2, others >= 3 ? "blocked tcp" : "unknown tcp");
        gw_case_release(&c);
    }
}

static void the_judged_network_is_not_its_own_control(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, RESET);
    gw_case_make(&c, FINE);
    gw_case_make(&c, FINE "at IT 137\n");
    add_from(&c, FINE, 0, 2);
    gw_case_judge(&c);
    expect(&c, 0, "unknown tls");
    gw_case_release(&c);
}

// ---- what is not seen at all --------------------------------------------

static void resets_after_the_request_are_found(void **state)
{
    (void)state;
    alone_by(ANSWER "tcp " SITE ":80 ok\n"
                    "http http://www.example.com/ " SITE
                    ":80 connection_reset -\n" GOT80,
             "blocked http", "http.reset_control_ok");
}

static void pages_in_the_sites_place_are_found(void **state)
{
    (void)state;
    alone_by(ANSWER "tcp " SITE ":80 ok\n"
                    "http http://www.example.com/ " SITE
                    ":80 200 block\n" GOT80,
             "blocked http", "http.other_page");
}

static void interception_by_a_proxy_is_found(void **state)
{
    (void)state;
    alone_by("dns getaddrinfo " HOST " 130.192.182.17@137\n"
             "dns udp " HOST " 130.192.182.17@137\n"
             "dns doh " HOST " " SITE_AS "\n"
             "tcp 130.192.182.17:80 ok\n"
             "http http://www.example.com/ 130.192.182.17:80 200 site\n" GOT80,
             "blocked dns intercepted", "dns.plain_differs_from_encrypted");
}

static void throttling_is_found(void **state)
{
    (void)state;
    alone_by(ANSWER "tcp " SITE ":80 ok\n"
                    "http http://www.example.com/ " SITE
                    ":80 200+generic_timeout_error large\n" GOT80,
             "blocked http throttled", "http.stalled_control_ok");
}

static void the_names_of_a_go_resolver_are_judged(void **state)
{
    (void)state;
    alone(SECURE "dns golang_net_resolver " HOST " dns_nxdomain_error\n" GOT,
          "blocked dns");
    alone(SECURE "dns go " HOST " dns_nxdomain_error\n" GOT, "blocked dns");
    alone_by(SECURE "dns go " HOST " " SITE_AS "\n" GOT, "ok dns",
             "dns.match_address");
}

static void names_asked_only_over_udp_are_judged(void **state)
{
    (void)state;
    alone(SECURE "dns udp " HOST " dns_nxdomain_error\n" GOT, "blocked dns");
    alone_by(SECURE "dns udp " HOST " " SITE_AS "\n" GOT, "ok dns",
             "dns.match_address");
    // What only an encrypted resolver was asked says nothing of the network.
    alone(SECURE "dns doh " HOST " generic_timeout_error\n" GOT, "unknown -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_control_is_unknown_and_not_contrary),
        cmocka_unit_test(
            nxdomain_with_a_dead_helper_is_unknown_never_accessible),
        cmocka_unit_test(port_444_down_is_down_although_443_works),
        cmocka_unit_test(an_idn_matches_its_punycode_control),
        cmocka_unit_test(redirect_hops_without_control_are_not_blocked_by_that),
        cmocka_unit_test(helper_lengths_of_minus_one_are_no_difference),
        cmocka_unit_test(one_forged_row_from_elsewhere_does_not_flip_a_verdict),
        cmocka_unit_test(a_thousand_rows_from_one_network_do_not_either),
        cmocka_unit_test(
            a_crowd_does_not_overrule_the_measurements_own_control),
        cmocka_unit_test(three_other_networks_are_a_control),
        cmocka_unit_test(the_judged_network_is_not_its_own_control),
        cmocka_unit_test(resets_after_the_request_are_found),
        cmocka_unit_test(pages_in_the_sites_place_are_found),
        cmocka_unit_test(interception_by_a_proxy_is_found),
        cmocka_unit_test(throttling_is_found),
        cmocka_unit_test(the_names_of_a_go_resolver_are_judged),
        cmocka_unit_test(names_asked_only_over_udp_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
