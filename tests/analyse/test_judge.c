// What single measurements come to: broken probes, slow paths, handshakes.
#include "t.h"

#include "make.h"

#define SITE    "93.184.216.34"
#define SITE_AS SITE "@15133"
#define SITE6   "2606:2800:220:1::1"
#define HOST    "www.example.com"
#define PLAIN   "http://www.example.com/"
#define URL     "https://www.example.com/"
#define SECURE  "input " URL "\n"
#define ANSWER  "dns getaddrinfo " HOST " " SITE_AS "\n"
#define TCP80   ANSWER "tcp " SITE ":80 ok\n"
#define TCP443  SECURE ANSWER "tcp " SITE ":443 ok\n"
#define GOT                                                                    \
    "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\n"                               \
    "c-tls " SITE ":443 " HOST " ok\nc-http 200 site\n"
#define GOT80 "c-dns " SITE_AS "\nc-tcp " SITE ":80 ok\nc-http 200 site\n"

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

// ---- the probe's own troubles -------------------------------------------

static void ipv6_without_route_is_not_blocking(void **state)
{
    (void)state;
    const char *v6 = SECURE "dns getaddrinfo " HOST " " SITE6 "\n"
                            "tcp [" SITE6 "]:443 network_unreachable\n"
                            "c-dns " SITE6 "\nc-tcp [" SITE6 "]:443 ok\n"
                            "c-http 200 site\n";
    alone(v6, "unknown tcp", "tcp.no_route");
    const char *host6 = SECURE "dns getaddrinfo " HOST " " SITE6 "\n"
                               "tcp [" SITE6 "]:443 host_unreachable\n"
                               "c-dns " SITE6 "\nc-tcp [" SITE6 "]:443 ok\n";
    alone(host6, "unknown tcp", "tcp.no_route");
    // Over IPv4 a router that says so may be the censor's.
    alone(TCP443 "tcp " SITE ":443 host_unreachable\n"
                 "c-tcp " SITE ":443 ok\nc-dns " SITE_AS "\n",
          "blocked tcp", "tcp.refused_control_ok");
}

static void ipv6_that_leads_nowhere_is_not_blocking(void **state)
{
    (void)state;
    static const char both[] =
        SECURE "dns getaddrinfo " HOST " " SITE_AS "," SITE6 "\n"
               "tcp [" SITE6 "]:443 generic_timeout_error\n"
               "tcp " SITE ":443 %s\n"
               "c-dns " SITE_AS "," SITE6 "\nc-tcp [" SITE6 "]:443 ok\n"
               "c-tcp " SITE ":443 ok\n";
    char recipe[1024];
    snprintf(recipe, sizeof recipe, both, "ok");
    alone(recipe, "unknown tcp", "tcp.no_route");
    snprintf(recipe, sizeof recipe, both, "generic_timeout_error");
    alone(recipe, "blocked tcp", "tcp.timeout_control_ok");
}

static void failures_at_an_address_not_believed_are_of_dns(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, SECURE "dns getaddrinfo " HOST " 10.10.34.35\n"
                            "tcp 10.10.34.35:443 generic_timeout_error\n"
                            "c-tcp 10.10.34.35:443 ok\n" GOT);
    gw_case_judge(&c);
    expect(&c, 0, "blocked dns");
    assert_true(gw_case_fired(&c, 0, "tcp.address_not_believed"));
    assert_int_equal(gw_case_finding(&c, 0, GW_LAYER_TCP)->state,
                     GW_STATE_UNKNOWN);
    gw_case_release(&c);
}

static void failures_of_encrypted_lookups_are_ignored(void **state)
{
    (void)state;
    alone(SECURE ANSWER "dns doh " HOST " connection_reset\n"
                        "dns doh " HOST " dns_nxdomain_error\n" GOT,
          "ok dns", "dns.match_address");
}

static void no_aaaa_record_is_no_failure(void **state)
{
    (void)state;
    alone(SECURE "dns getaddrinfo " HOST " dns_no_answer AAAA\n" ANSWER GOT,
          "ok dns", "dns.match_address");
    alone(SECURE "dns getaddrinfo " HOST " dns_no_answer AAAA\n" GOT,
          "unknown -", NULL);
    alone(SECURE "dns getaddrinfo " HOST " dns_no_answer\n" GOT, "blocked dns",
          "dns.failure_control_ok");
}

static void a_truncated_body_is_not_compared_by_length(void **state)
{
    (void)state;
    alone(TCP80 "http " PLAIN " " SITE ":80 200 large\n"
                "c-dns " SITE_AS "\nc-http 200 large\n",
          "ok http", "http.same_page");
}

static void a_challenge_of_a_content_network_is_ok(void **state)
{
    (void)state;
    alone(TCP80 "http " PLAIN " " SITE ":80 403 captcha\n" GOT80, "ok http",
          "http.challenge");
    alone(TCP80 "http " PLAIN " " SITE ":80 403 block\n" GOT80, "blocked http",
          "http.other_page");
}

// A path that is slow for others too is not throttled.
static void what_is_slow_here_alone_is_marked_as_throttled(void **state)
{
    (void)state;
    static const char fine[] =
        TCP443 "tls " SITE ":443 " HOST " ok\n"
               "http " URL " " SITE ":443 200 site\n" GOT;
    for (int others = 0; others < 2; others++) {
        struct gw_case c;
        char recipe[1024];
        size_t n;
        gw_case_init(&c);
        gw_case_make(&c, fine);
        for (int i = 0; i < 5; i++) {
            snprintf(recipe, sizeof recipe, "%sat ZA %d\n", fine, 64000 + i);
            gw_case_make(&c, recipe);
        }
        struct gw_tls_row *rows = gw_rows_tls(&c.facts, &n);
        for (size_t i = 0; i < n; i++)
            rows[i].handshake_time = i == 0 || others ? 6 : 0.1;
        gw_case_judge(&c);
        assert_int_equal(gw_case_fired(&c, 0, "tls.slow"), !others);
        expect(&c, 0, others ? "ok http" : "ok http throttled");
        expect(&c, 1, "ok http");
        gw_case_release(&c);
    }
}

static void pages_that_trickle_are_marked_as_throttled(void **state)
{
    (void)state;
    for (int64_t bytes = 10000; bytes <= 1000000; bytes *= 100) {
        struct gw_case c;
        size_t n;
        gw_case_init(&c);
        gw_case_make(&c, TCP80 "http " PLAIN " " SITE ":80 200 site\n" GOT80);
        struct gw_http_row *row = gw_rows_http(&c.facts, &n);
        row->read_time = 20;
        row->read_bytes = bytes;
        gw_case_judge(&c);
        expect(&c, 0, bytes == 10000 ? "ok http throttled" : "ok http");
        gw_case_release(&c);
    }
}

// ---- handshakes ---------------------------------------------------------

#define NOT_TLS                                                                \
    "unknown_failure:~tls:~first~record~does~not~look~like~a~TLS~handshake"

static void what_is_no_tls_in_a_handshake_is_told(void **state)
{
    (void)state;
    alone(TCP443 "tls " SITE ":443 " HOST " " NOT_TLS "\n" GOT, "blocked tls",
          "tls.not_tls_control_ok");
    alone(TCP443 "tls " SITE ":443 " HOST " " NOT_TLS "\n", "unknown tls",
          "tls.not_tls_no_control");
}

static void a_certificate_only_the_probe_refuses_is_somebody_elses(void **state)
{
    (void)state;
    static const char *const failures[] = {"ssl_invalid_hostname",
                                           "ssl_unknown_authority",
                                           "ssl_invalid_certificate"};
    char recipe[1024];
    for (size_t i = 0; i < GW_COUNT(failures); i++) {
        snprintf(recipe, sizeof recipe,
                 TCP443 "tls " SITE ":443 " HOST " %s\n" GOT, failures[i]);
        alone(recipe, "blocked tls", "tls.certificate_control_ok");
        snprintf(recipe, sizeof recipe,
                 TCP443 "tls " SITE ":443 " HOST " %s\n"
                        "c-dns " SITE_AS "\nc-tcp " SITE ":443 ok\n"
                        "c-tls " SITE ":443 " HOST " %s\n"
                        "c-http unknown_error\n",
                 failures[i], failures[i]);
        alone(recipe, "down tls", "tls.failure_control_failed");
    }
}

static void what_fails_for_the_helper_too_is_down(void **state)
{
    (void)state;
    alone(SECURE ANSWER "tcp " SITE ":443 generic_timeout_error\n"
                        "c-dns " SITE_AS "\n"
                        "c-tcp " SITE ":443 generic_timeout_error\n"
                        "c-http generic_timeout_error\n",
          "down tcp", "tcp.failure_control_failed");
    alone(TCP80 "http " PLAIN " " SITE ":80 eof_error -\n"
                "c-dns " SITE_AS "\nc-http eof_error\n",
          "down http", "http.failure_control_failed");
    alone("dns getaddrinfo " HOST " dns_nxdomain_error\n"
          "c-dns dns_nxdomain_error\nc-http dns_nxdomain_error\n",
          "down dns", "dns.failure_control_failed");
}

static void quic_is_told_but_does_not_decide(void **state)
{
    (void)state;
    struct gw_case c;
    gw_case_init(&c);
    gw_case_make(&c, TCP443 "tls " SITE ":443 " HOST " ok\n"
                            "quic " SITE ":443 " HOST " generic_timeout_error\n"
                            "http " URL " " SITE ":443 200 site\n" GOT);
    gw_case_judge(&c);
    expect(&c, 0, "ok http");
    const struct gw_finding_row *f = gw_case_finding(&c, 0, GW_LAYER_QUIC);
    assert_non_null(f);
    assert_int_equal(f->state, GW_STATE_UNKNOWN);
    gw_case_release(&c);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ipv6_without_route_is_not_blocking),
        T(ipv6_that_leads_nowhere_is_not_blocking),
        T(failures_at_an_address_not_believed_are_of_dns),
        T(failures_of_encrypted_lookups_are_ignored),
        T(no_aaaa_record_is_no_failure),
        T(a_truncated_body_is_not_compared_by_length),
        T(a_challenge_of_a_content_network_is_ok),
        T(what_is_slow_here_alone_is_marked_as_throttled),
        T(pages_that_trickle_are_marked_as_throttled),
        T(what_is_no_tls_in_a_handshake_is_told),
        T(a_certificate_only_the_probe_refuses_is_somebody_elses),
        T(what_fails_for_the_helper_too_is_down),
        T(quic_is_told_but_does_not_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
