// The scenarios of OONI's quality assurance of which no recorded measurement
// is at hand, told in our own measurements: the right state and stage, and
// OONI's own keys.
#include "t.h"

#include "make.h"

#define LOOKUP_AS(host, classic, plain, encrypted)                             \
    "dns doh " host " " encrypted "\n"                                         \
    "dns doh " host " dns_no_answer AAAA\n"                                    \
    "dns getaddrinfo " host " " classic "\n"                                   \
    "dns udp " host " " plain "\n"                                             \
    "dns udp " host " dns_no_answer AAAA\n"
#define LOOKUP(host, answer)      LOOKUP_AS(host, answer, answer, answer)
#define SPOOFED(host, bad, right) LOOKUP_AS(host, bad, bad, right)
#define HOP(host, answer)                                                      \
    "dns getaddrinfo " host " " answer " d1\n"                                 \
    "dns udp " host " " answer " d1\n"

#define SITE     "93.184.216.34"
#define SITE_AS  SITE "@15133"
#define SHOP     "67.199.248.11" // of the link shortener
#define SHOP_AS  SHOP "@396982"
#define BAD      "104.154.89.105"
#define BAD_AS   BAD "@396982"
#define WALL     "83.224.65.41" // of the block page
#define WALL_AS  WALL "@30722"
#define PROXY    "130.192.182.17" // of the censor
#define PROXY_AS PROXY "@137"

// An endpoint that connects, for the probe and for the helper.
#define BOTH80(ip, flags)                                                      \
    "tcp " ip ":80 ok" flags "\n"                                              \
    "c-tcp " ip ":80 ok\n"
#define BOTH443(ip, host, flags)                                               \
    "tcp " ip ":443 ok" flags "\n"                                             \
    "tls " ip ":443 " host " ok" flags "\n"                                    \
    "c-tcp " ip ":443 ok\n"                                                    \
    "c-tls " ip ":443 " host " ok\n"
#define SHORTENER(to)                                                          \
    "input https://bit.ly/21645\n" LOOKUP(                                     \
        "bit.ly", SHOP_AS) "c-dns " SHOP_AS                                    \
                           "\n" BOTH443(SHOP, "bit.ly",                        \
                                        "") "c-http 200 plain\n"               \
                                            "http https://bit.ly/21645 " SHOP  \
                                            ":443 308 ->" to "\n"

struct scenario {
    const char *name, *found; // state, stage and marks
    const char *consistency, *blocking, *accessible, *flags;
    const char *dns_failure, *http_failure, *recipe;
};

static const struct scenario scenarios[] = {
    {"badSSLWithUnknownAuthorityWithConsistentDNS", "down tls", "consistent",
     "false", "false", "0/0/4", "null", "ssl_unknown_authority",
     "input https://untrusted-root.badssl.com/\n" LOOKUP(
         "untrusted-root.badssl.com",
         BAD_AS) "c-dns " BAD_AS "\n"
                 "tcp " BAD ":443 ok\n"
                 "tls " BAD
                 ":443 untrusted-root.badssl.com ssl_unknown_authority\n"
                 "c-tcp " BAD ":443 ok\n"
                 "c-tls " BAD
                 ":443 untrusted-root.badssl.com ssl_unknown_authority\n"
                 "c-http unknown_error\n"},
    {"badSSLWithWrongServerName", "down tls", "consistent", "false", "false",
     "0/0/4", "null", "ssl_invalid_hostname",
     "input https://wrong.host.badssl.com/\n" LOOKUP(
         "wrong.host.badssl.com",
         BAD_AS) "c-dns " BAD_AS "\ntcp " BAD ":443 ok\n"
                 "tls " BAD ":443 wrong.host.badssl.com ssl_invalid_hostname\n"
                 "c-tcp " BAD ":443 ok\n"
                 "c-tls " BAD
                 ":443 wrong.host.badssl.com ssl_invalid_hostname\n"
                 "c-http unknown_error\n"},
    {"cloudflareCAPTCHAWithHTTPS", "ok http", "consistent", "false", "true",
     "0/32/0", "null", "null",
     "input https://www.cloudflare-cache.com/\n" LOOKUP(
         "www.cloudflare-cache.com",
         "104.16.132.229@13335") "c-dns 104.16.132.229@13335\n" BOTH443("104."
                                                                        "16."
                                                                        "132."
                                                                        "229",
                                                                        "www."
                                                                        "cloudf"
                                                                        "lare-"
                                                                        "cache."
                                                                        "com",
                                                                        "") "ht"
                                                                            "tp"
                                                                            " h"
                                                                            "tt"
                                                                            "ps"
                                                                            ":/"
                                                                            "/w"
                                                                            "ww"
                                                                            ".c"
                                                                            "lo"
                                                                            "ud"
                                                                            "fl"
                                                                            "ar"
                                                                            "e-"
                                                                            "ca"
                                                                            "ch"
                                                                            "e."
                                                                            "co"
                                                                            "m/"
                                                                            " 1"
                                                                            "04"
                                                                            ".1"
                                                                            "6."
                                                                            "13"
                                                                            "2."
                                                                            "22"
                                                                            "9:"
                                                                            "44"
                                                                            "3 "
                                                                            "50"
                                                                            "3 "
                                                                            "ca"
                                                                            "pt"
                                                                            "ch"
                                                                            "a"
                                                                            "\n"
                                                                            "c-"
                                                                            "ht"
                                                                            "tp"
                                                                            " 2"
                                                                            "00"
                                                                            " p"
                                                                            "la"
                                                                            "in"
                                                                            "\n"},
    {"controlFailureWithSuccessfulHTTPSWebsite", "ok http", "null", "false",
     "true", "0/32/8", "null", "null",
     "input https://www.example.org/\n" LOOKUP(
         "www.example.org", SITE_AS) "tcp " SITE ":443 ok\n"
                                     "tls " SITE ":443 www.example.org ok\n"
                                     "http https://www.example.org/ " SITE
                                     ":443 200 plain\n"
                                     "c-fail connection_reset\n"},
    {"dnsBlockingBOGON", "blocked dns intercepted", "inconsistent", "dns",
     "false", "5/33/0", "null", "generic_timeout_error",
     "input https://www.example.com/\n" SPOOFED(
         "www.example.com", "10.10.34.35",
         SITE_AS) "c-dns " SITE_AS "\n"
                  "tcp 10.10.34.35:443 generic_timeout_error\n" BOTH443(
                      SITE, "www.example.com",
                      "") "http https://www.example.com/ " SITE
                          ":443 200 plain\n"
                          "c-http 200 plain\n"},
    {"dnsHijackingToLocalhostWithHTTPS", "blocked dns intercepted",
     "inconsistent", "dns", "false", "5/33/0", "null", "null",
     "input https://www.example.com/\n" SPOOFED(
         "www.example.com", "127.0.0.1",
         SITE_AS) "c-dns " SITE_AS
                  "\n" BOTH443(SITE, "www.example.com",
                               "") "http https://www.example.com/ " SITE
                                   ":443 200 plain\n"
                                   "c-http 200 plain\n"},
    {"dnsHijackingToProxyWithHTTPSURL", "blocked dns intercepted",
     "inconsistent", "false", "true", "4/33/0", "null", "null",
     "input https://www.example.com/\n" SPOOFED(
         "www.example.com", PROXY_AS,
         SITE_AS) "c-dns " SITE_AS "\n" BOTH443(PROXY, "www.example.com", "")
         BOTH443(SITE, "www.example.com",
                 "") "http https://www.example.com/ " PROXY ":443 200 plain\n"
                     "c-http 200 plain\n"},
    {"ghostDNSBlockingWithHTTP", "blocked dns", "inconsistent", "dns", "false",
     "0/16/18", "null", "null",
     "input http://itsat.info/\n" LOOKUP_AS(
         "itsat.info", WALL_AS, WALL_AS,
         "dns_nxdomain_error") "c-dns dns_name_error\n" BOTH80(WALL,
                                                               "") "tcp " WALL
                                                                   ":443 "
                                                                   "connection_"
                                                                   "refused "
                                                                   "nofetch\n"
                                                                   "c-tcp " WALL
                                                                   ":443 "
                                                                   "connection_"
                                                                   "refused_"
                                                                   "error\n"
                                                                   "http "
                                                                   "http://"
                                                                   "itsat.info/"
                                                                   " " WALL
                                                                   ":80 200 "
                                                                   "block\n"
                                                                   "c-http "
                                                                   "dns_lookup_"
                                                                   "error\n"},
    {"httpDiffWithInconsistentDNS", "blocked dns intercepted", "inconsistent",
     "dns", "false", "4/17/0", "null", "null",
     "input http://www.example.com/\n" SPOOFED(
         "www.example.com", PROXY_AS,
         SITE_AS) "c-dns " SITE_AS "\n" BOTH80(PROXY, "")
         BOTH443(PROXY, "www.example.com", " nofetch") BOTH80(SITE, "") BOTH443(
             SITE, "www.example.com",
             " nofetch") "http http://www.example.com/ " PROXY ":80 200 block\n"
                         "c-http 200 plain\n"},
    {"idnaWithoutCensorshipWithFirstLetterUppercase", "ok http", "consistent",
     "false", "true", "0/32/0", "null", "null",
     "input http://Яндекс.рф/\n" LOOKUP(
         "xn--d1acpjx3f.xn--p1ai",
         "5.255.255.80@208398") "c-dns 5.255.255.80@208398\n" BOTH80("5.255."
                                                                     "255.80",
                                                                     "")
         BOTH443("5.255.255.80", "xn--d1acpjx3f.xn--p1ai", " nofetch") HOP(
             "yandex.com",
             "5.255.255.80@208398") "tcp 5.255.255.80:443 ok d1\n"
                                    "tls 5.255.255.80:443 yandex.com ok d1\n"
                                    "http https://yandex.com/ 5.255.255.80:443 "
                                    "200 plain d1\n"
                                    "http http://xn--d1acpjx3f.xn--p1ai/ "
                                    "5.255.255.80:80 308 "
                                    "->https://yandex.com/\n"
                                    "c-http 200 plain\n"},
    {"largeFileWithHTTP", "ok http", "consistent", "false", "true", "0/32/0",
     "null", "null",
     "input http://largefile.com/\n" LOOKUP(
         "largefile.com", SITE_AS) "c-dns " SITE_AS "\n" BOTH80(SITE, "")
         BOTH443(SITE, "largefile.com",
                 " nofetch") "http http://largefile.com/ " SITE
                             ":80 200 large\n"
                             "c-http 200 large\n"},
    {"localhostWithHTTP", "down dns", "consistent", "false", "false", "1/0/0",
     "null", "null",
     "input http://www.example.com/\n" LOOKUP(
         "www.example.com", "127.0.0.1") "c-dns 127.0.0.1\n"
                                         "c-http unknown_error\n"},
    {"redirectWithBrokenLocationForHTTPS", "unknown http", "consistent",
     "http-failure", "false", "0/8/0", "null",
     "http_invalid_redirect_location_host",
     "input https://httpbin.com/broken-redirect-https\n" LOOKUP(
         "httpbin.com",
         SITE_AS) "c-dns " SITE_AS
                  "\n" BOTH443(
                      SITE, "httpbin.com",
                      "") "http https://httpbin.com/broken-redirect-https " SITE
                          ":443 302+http_invalid_redirect_location_host "
                          "->https://\n"
                          "c-http 200 plain\n"},
    {"redirectWithConsistentDNSAndThenConnectionRefusedForHTTP", "blocked tcp",
     "consistent", "http-failure", "false", "0/2/0", "null",
     "connection_refused",
     SHORTENER("http://www.example.com/")
         HOP("www.example.com",
             SITE_AS) "tcp " SITE ":80 connection_refused d1\n"
                      "tcp " SITE ":443 connection_refused d1 nofetch\n"},
    {"redirectWithConsistentDNSAndThenConnectionResetForHTTPS", "blocked tls",
     "consistent", "http-failure", "false", "0/4/0", "null", "connection_reset",
     SHORTENER("https://www.example.com/")
         HOP("www.example.com",
             SITE_AS) "tcp " SITE ":443 ok d1\n"
                      "tls " SITE ":443 www.example.com connection_reset d1\n"},
    {"redirectWithConsistentDNSAndThenEOFForHTTP", "blocked http", "consistent",
     "http-failure", "false", "0/12/0", "null", "eof_error",
     SHORTENER("http://www.example.com/") HOP(
         "www.example.com",
         SITE_AS) "tcp " SITE ":80 ok d1\n"
                  "tcp " SITE ":443 ok d1 nofetch\n"
                  "tls " SITE ":443 www.example.com eof_error d1 nofetch\n"
                  "http http://www.example.com/ " SITE ":80 eof_error - d1\n"},
    {"redirectWithConsistentDNSAndThenTimeoutForHTTPS", "blocked tls",
     "consistent", "http-failure", "false", "0/4/0", "null",
     "generic_timeout_error",
     SHORTENER("https://www.example.com/")
         HOP("www.example.com",
             SITE_AS) "tcp " SITE ":443 ok d1\n"
                      "tls " SITE
                      ":443 www.example.com generic_timeout_error d1\n"},
    {"redirectWithMoreThanTenRedirectsAndHTTP", "down http", "consistent",
     "false", "false", "0/0/0", "null",
     "unknown_failure: stopped after too many redirects",
     "input http://httpbin.com/redirect/12\n" LOOKUP(
         "httpbin.com", SITE_AS) "c-dns " SITE_AS "\n" BOTH80(SITE, "")
         BOTH443(SITE, "httpbin.com",
                 " nofetch") "tcp " SITE ":80 ok d1\n"
                             "tcp " SITE ":80 ok d10\n"
                             "http http://httpbin.com/redirect/2 " SITE
                             ":80 "
                             "302+unknown_failure:~stopped~after~too~many~"
                             "redirects ->/redirect/1 "
                             "d10\n"
                             "http http://httpbin.com/redirect/11 " SITE
                             ":80 302 ->/redirect/10 d1\n"
                             "http http://httpbin.com/redirect/12 " SITE
                             ":80 302 ->/redirect/11\n"
                             "c-http unknown_error\n"},
    {"successWithHTTP", "ok http", "consistent", "false", "true", "0/32/0",
     "null", "null",
     LOOKUP("www.example.com", SITE_AS) "c-dns " SITE_AS "\n" BOTH80(SITE, "")
         BOTH443(SITE, "www.example.com",
                 " nofetch") "http http://www.example.com/ " SITE
                             ":80 200 plain\n"
                             "c-http 200 plain\n"},
    {"tcpBlockingConnectionRefusedWithInconsistentDNS",
     "blocked dns intercepted", "inconsistent", "dns", "false", "4/35/2",
     "null", "connection_refused",
     "input http://www.example.org/\n" SPOOFED(
         "www.example.org", WALL_AS,
         SITE_AS) "c-dns " SITE_AS "\n"
                  "tcp " WALL ":80 connection_refused\n"
                  "c-tcp " WALL ":80 ok\n"
                  "tcp " WALL ":443 connection_refused nofetch\n"
                  "c-tcp " WALL
                  ":443 connection_refused_error\n" BOTH80(SITE, "")
                      BOTH443(SITE, "www.example.org",
                              " nofetch") "http http://www.example.org/ " SITE
                                          ":80 200 plain\n"
                                          "c-http 200 plain\n"},
    {"throttlingWithHTTP", "blocked http throttled", "consistent",
     "http-failure", "false", "0/8/0", "null", "generic_timeout_error",
     "input http://largefile.com/\n" LOOKUP(
         "largefile.com", SITE_AS) "c-dns " SITE_AS "\n" BOTH80(SITE, "")
         BOTH443(SITE, "largefile.com",
                 " nofetch") "http http://largefile.com/ " SITE
                             ":80 200+generic_timeout_error large\n"
                             "c-http 200 large\n"},
    {"tlsBlockingConnectionResetWithInconsistentDNS", "blocked dns intercepted",
     "inconsistent", "dns", "false", "4/5/0", "null", "connection_reset",
     "input https://www.example.com/\n" SPOOFED(
         "www.example.com", PROXY_AS,
         SITE_AS) "c-dns " SITE_AS "\n"
                  "tcp " PROXY ":443 ok\n"
                  "tls " PROXY ":443 www.example.com connection_reset\n"
                  "c-tcp " PROXY ":443 ok\n"
                  "c-tls " PROXY ":443 www.example.com ok\n"
                  "tcp " SITE ":443 ok\n"
                  "tls " SITE ":443 www.example.com connection_reset\n"
                  "c-tcp " SITE ":443 ok\n"
                  "c-tls " SITE ":443 www.example.com ok\n"
                  "c-http 200 plain\n"},
    {"websiteDownNXDOMAIN", "down dns", "consistent", "false", "false", "0/0/1",
     "dns_nxdomain_error", "dns_nxdomain_error",
     "input http://www.example.xyz/\n" LOOKUP(
         "www.example.xyz", "dns_nxdomain_error") "c-dns dns_name_error\n"
                                                  "c-http dns_lookup_error\n"},
    {"websiteDownNoAddrs", "down dns", "consistent", "false", "false", "0/0/1",
     "dns_no_answer", "null",
     "input http://www.example.xyz/\n" LOOKUP(
         "www.example.xyz", "dns_no_answer") "c-dns ok\n"
                                             "c-http dns_lookup_error\n"},
};

static bool same_text(const char *want, gw_span have)
{
    return have.at ? gw_is(have, want) : strcmp(want, "null") == 0;
}

static const char *truth(int64_t v)
{
    return v == GW_NULL ? "null" : v ? "true" : "false";
}

static int check_keys(const struct scenario *s, const struct gw_verdict_row *v)
{
    char flags[64];
    assert_non_null(v);
    snprintf(flags, sizeof flags, "%lld/%lld/%lld", (long long)v->x_dns_flags,
             (long long)v->x_blocking_flags, (long long)v->x_null_null_flags);
    if (same_text(s->consistency, v->dns_consistency) &&
        same_text(s->blocking, v->blocking) &&
        strcmp(s->accessible, truth(v->accessible)) == 0 &&
        strcmp(s->flags, flags) == 0 &&
        same_text(s->dns_failure, v->dns_experiment_failure) &&
        same_text(s->http_failure, v->http_experiment_failure))
        return 0;
    print_error("%s: keys are %.*s %.*s %s %s, failures %.*s and %.*s\n",
                s->name, GW_S(v->dns_consistency), GW_S(v->blocking),
                truth(v->accessible), flags, GW_S(v->dns_experiment_failure),
                GW_S(v->http_experiment_failure));
    return 1;
}

static int check_state(const struct scenario *s, const struct gw_case *c,
                       int64_t record)
{
    char words[96];
    gw_case_words(c, record, words, sizeof words);
    if (strcmp(words, s->found) == 0)
        return 0;
    print_error("%s: %s instead of %s, by %.*s\n", s->name, words, s->found,
                GW_S(gw_case_finding(c, record, GW_LAYER_ALL)->rule));
    return 1;
}

static void each_has_its_state_and_its_stage(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < GW_COUNT(scenarios); i++) {
        struct gw_case c;
        gw_case_init(&c);
        gw_case_make(&c, scenarios[i].recipe);
        gw_case_judge(&c);
        wrong += check_state(&scenarios[i], &c, 0);
        gw_case_release(&c);
    }
    assert_int_equal(wrong, 0);
}

static void each_has_the_keys_that_ooni_expects(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < GW_COUNT(scenarios); i++) {
        struct gw_case c;
        gw_case_init(&c);
        gw_case_make(&c, scenarios[i].recipe);
        gw_case_judge(&c);
        wrong += check_keys(&scenarios[i], gw_case_verdict(&c, 0));
        gw_case_release(&c);
    }
    assert_int_equal(wrong, 0);
}

static void all_in_one_archive_keep_their_states(void **state)
{
    (void)state;
    struct gw_case c;
    int wrong = 0;
    gw_case_init(&c);
    for (size_t i = 0; i < GW_COUNT(scenarios); i++)
        gw_case_make(&c, scenarios[i].recipe);
    gw_case_judge(&c);
    for (size_t i = 0; i < GW_COUNT(scenarios); i++)
        wrong += check_state(&scenarios[i], &c, (int64_t)i);
    gw_case_release(&c);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_state_and_its_stage),
        cmocka_unit_test(each_has_the_keys_that_ooni_expects),
        cmocka_unit_test(all_in_one_archive_keep_their_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
