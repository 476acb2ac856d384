// The scenarios of OONI's quality assurance of which no recorded measurement
// is at hand, told in our own measurements: the right state and stage, and
// OONI's own keys.
#include "t.h"

#include "make.h"

// In the recipes 93.184.216.34 is the site, 67.199.248.11 a link shortener,
// 104.154.89.105 has wrong certificates, 83.224.65.41 shows the block page, and
// 130.192.182.17 is the censor's proxy.
struct scenario {
    const char *name, *found; // state, stage and marks
    const char *consistency, *blocking, *accessible, *flags;
    const char *dns_failure, *http_failure, *recipe;
};

static const struct scenario scenarios[] = {
    {"badSSLWithUnknownAuthorityWithConsistentDNS", "down tls", "consistent",
     "false", "false", "0/0/4", "null", "ssl_unknown_authority",
     "input https://untrusted-root.badssl.com/\n"
     "lookup untrusted-root.badssl.com 104.154.89.105@396982\n"
     "tcp 104.154.89.105:443 ok\n"
     "tls 104.154.89.105:443 untrusted-root.badssl.com "
     "ssl_unknown_authority\n"
     "c-dns 104.154.89.105@396982\n"
     "c-tcp 104.154.89.105:443 ok\n"
     "c-tls 104.154.89.105:443 untrusted-root.badssl.com "
     "ssl_unknown_authority\n"
     "c-http unknown_error\n"},
    {"badSSLWithWrongServerName", "down tls", "consistent", "false", "false",
     "0/0/4", "null", "ssl_invalid_hostname",
     "input https://wrong.host.badssl.com/\n"
     "lookup wrong.host.badssl.com 104.154.89.105@396982\n"
     "tcp 104.154.89.105:443 ok\n"
     "tls 104.154.89.105:443 wrong.host.badssl.com ssl_invalid_hostname\n"
     "c-dns 104.154.89.105@396982\n"
     "c-tcp 104.154.89.105:443 ok\n"
     "c-tls 104.154.89.105:443 wrong.host.badssl.com "
     "ssl_invalid_hostname\n"
     "c-http unknown_error\n"},
    {"cloudflareCAPTCHAWithHTTPS", "ok http", "consistent", "false", "true",
     "0/32/0", "null", "null",
     "input https://www.cloudflare-cache.com/\n"
     "lookup www.cloudflare-cache.com 104.16.132.229@13335\n"
     "both 104.16.132.229:443 www.cloudflare-cache.com\n"
     "http https://www.cloudflare-cache.com/ 104.16.132.229:443 503 "
     "captcha\n"
     "c-dns 104.16.132.229@13335\n"
     "c-http 200 plain\n"},
    {"controlFailureWithSuccessfulHTTPSWebsite", "ok http", "null", "false",
     "true", "0/32/8", "null", "null",
     "input https://www.example.org/\n"
     "lookup www.example.org 93.184.216.34@15133\n"
     "tcp 93.184.216.34:443 ok\n"
     "tls 93.184.216.34:443 www.example.org ok\n"
     "http https://www.example.org/ 93.184.216.34:443 200 plain\n"
     "c-fail connection_reset\n"},
    {"dnsBlockingBOGON", "blocked dns intercepted", "inconsistent", "dns",
     "false", "5/33/0", "null", "generic_timeout_error",
     "input https://www.example.com/\n"
     "lookup www.example.com 10.10.34.35 10.10.34.35 93.184.216.34@15133\n"
     "tcp 10.10.34.35:443 generic_timeout_error\n"
     "both 93.184.216.34:443 www.example.com\n"
     "http https://www.example.com/ 93.184.216.34:443 200 plain\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"dnsHijackingToLocalhostWithHTTPS", "blocked dns intercepted",
     "inconsistent", "dns", "false", "5/33/0", "null", "null",
     "input https://www.example.com/\n"
     "lookup www.example.com 127.0.0.1 127.0.0.1 93.184.216.34@15133\n"
     "both 93.184.216.34:443 www.example.com\n"
     "http https://www.example.com/ 93.184.216.34:443 200 plain\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"dnsHijackingToProxyWithHTTPSURL", "blocked dns intercepted",
     "inconsistent", "false", "true", "4/33/0", "null", "null",
     "input https://www.example.com/\n"
     "lookup www.example.com 130.192.182.17@137 130.192.182.17@137 "
     "93.184.216.34@15133\n"
     "both 130.192.182.17:443 www.example.com\n"
     "both 93.184.216.34:443 www.example.com\n"
     "http https://www.example.com/ 130.192.182.17:443 200 plain\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"ghostDNSBlockingWithHTTP", "blocked dns", "inconsistent", "dns", "false",
     "0/16/18", "null", "null",
     "input http://itsat.info/\n"
     "lookup itsat.info 83.224.65.41@30722 83.224.65.41@30722 "
     "dns_nxdomain_error\n"
     "both 83.224.65.41:80\n"
     "tcp 83.224.65.41:443 connection_refused nofetch\n"
     "http http://itsat.info/ 83.224.65.41:80 200 block\n"
     "c-dns dns_name_error\n"
     "c-tcp 83.224.65.41:443 connection_refused_error\n"
     "c-http dns_lookup_error\n"},
    {"httpDiffWithInconsistentDNS", "blocked dns intercepted", "inconsistent",
     "dns", "false", "4/17/0", "null", "null",
     "input http://www.example.com/\n"
     "lookup www.example.com 130.192.182.17@137 130.192.182.17@137 "
     "93.184.216.34@15133\n"
     "both 130.192.182.17:80\n"
     "both 130.192.182.17:443 www.example.com nofetch\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 www.example.com nofetch\n"
     "http http://www.example.com/ 130.192.182.17:80 200 block\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"idnaWithoutCensorshipWithFirstLetterUppercase", "ok http", "consistent",
     "false", "true", "0/32/0", "null", "null",
     "input http://Яндекс.рф/\n"
     "lookup xn--d1acpjx3f.xn--p1ai 5.255.255.80@208398\n"
     "both 5.255.255.80:80\n"
     "both 5.255.255.80:443 xn--d1acpjx3f.xn--p1ai nofetch\n"
     "dns getaddrinfo yandex.com 5.255.255.80@208398 d1\n"
     "dns udp yandex.com 5.255.255.80@208398 d1\n"
     "tcp 5.255.255.80:443 ok d1\n"
     "tls 5.255.255.80:443 yandex.com ok d1\n"
     "http https://yandex.com/ 5.255.255.80:443 200 plain d1\n"
     "http http://xn--d1acpjx3f.xn--p1ai/ 5.255.255.80:80 308 "
     "->https://yandex.com/\n"
     "c-dns 5.255.255.80@208398\n"
     "c-http 200 plain\n"},
    {"largeFileWithHTTP", "ok http", "consistent", "false", "true", "0/32/0",
     "null", "null",
     "input http://largefile.com/\n"
     "lookup largefile.com 93.184.216.34@15133\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 largefile.com nofetch\n"
     "http http://largefile.com/ 93.184.216.34:80 200 large\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 large\n"},
    {"localhostWithHTTP", "down dns", "consistent", "false", "false", "1/0/0",
     "null", "null",
     "input http://www.example.com/\n"
     "lookup www.example.com 127.0.0.1\n"
     "c-dns 127.0.0.1\n"
     "c-http unknown_error\n"},
    {"redirectWithBrokenLocationForHTTPS", "unknown http", "consistent",
     "http-failure", "false", "0/8/0", "null",
     "http_invalid_redirect_location_host",
     "input https://httpbin.com/broken-redirect-https\n"
     "lookup httpbin.com 93.184.216.34@15133\n"
     "both 93.184.216.34:443 httpbin.com\n"
     "http https://httpbin.com/broken-redirect-https 93.184.216.34:443 "
     "302+http_invalid_redirect_location_host ->https://\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"redirectWithConsistentDNSAndThenConnectionRefusedForHTTP", "blocked tcp",
     "consistent", "http-failure", "false", "0/2/0", "null",
     "connection_refused",
     "input https://bit.ly/21645\n"
     "lookup bit.ly 67.199.248.11@396982\n"
     "both 67.199.248.11:443 bit.ly\n"
     "http https://bit.ly/21645 67.199.248.11:443 308 "
     "->http://www.example.com/\n"
     "dns getaddrinfo www.example.com 93.184.216.34@15133 d1\n"
     "dns udp www.example.com 93.184.216.34@15133 d1\n"
     "tcp 93.184.216.34:80 connection_refused d1\n"
     "tcp 93.184.216.34:443 connection_refused d1 nofetch\n"
     "c-dns 67.199.248.11@396982\n"
     "c-http 200 plain\n"},
    {"redirectWithConsistentDNSAndThenConnectionResetForHTTPS", "blocked tls",
     "consistent", "http-failure", "false", "0/4/0", "null", "connection_reset",
     "input https://bit.ly/21645\n"
     "lookup bit.ly 67.199.248.11@396982\n"
     "both 67.199.248.11:443 bit.ly\n"
     "http https://bit.ly/21645 67.199.248.11:443 308 "
     "->https://www.example.com/\n"
     "dns getaddrinfo www.example.com 93.184.216.34@15133 d1\n"
     "dns udp www.example.com 93.184.216.34@15133 d1\n"
     "tcp 93.184.216.34:443 ok d1\n"
     "tls 93.184.216.34:443 www.example.com connection_reset d1\n"
     "c-dns 67.199.248.11@396982\n"
     "c-http 200 plain\n"},
    {"redirectWithConsistentDNSAndThenEOFForHTTP", "blocked http", "consistent",
     "http-failure", "false", "0/12/0", "null", "eof_error",
     "input https://bit.ly/21645\n"
     "lookup bit.ly 67.199.248.11@396982\n"
     "both 67.199.248.11:443 bit.ly\n"
     "http https://bit.ly/21645 67.199.248.11:443 308 "
     "->http://www.example.com/\n"
     "dns getaddrinfo www.example.com 93.184.216.34@15133 d1\n"
     "dns udp www.example.com 93.184.216.34@15133 d1\n"
     "tcp 93.184.216.34:80 ok d1\n"
     "tcp 93.184.216.34:443 ok d1 nofetch\n"
     "tls 93.184.216.34:443 www.example.com eof_error d1 nofetch\n"
     "http http://www.example.com/ 93.184.216.34:80 eof_error - d1\n"
     "c-dns 67.199.248.11@396982\n"
     "c-http 200 plain\n"},
    {"redirectWithConsistentDNSAndThenTimeoutForHTTPS", "blocked tls",
     "consistent", "http-failure", "false", "0/4/0", "null",
     "generic_timeout_error",
     "input https://bit.ly/21645\n"
     "lookup bit.ly 67.199.248.11@396982\n"
     "both 67.199.248.11:443 bit.ly\n"
     "http https://bit.ly/21645 67.199.248.11:443 308 "
     "->https://www.example.com/\n"
     "dns getaddrinfo www.example.com 93.184.216.34@15133 d1\n"
     "dns udp www.example.com 93.184.216.34@15133 d1\n"
     "tcp 93.184.216.34:443 ok d1\n"
     "tls 93.184.216.34:443 www.example.com generic_timeout_error d1\n"
     "c-dns 67.199.248.11@396982\n"
     "c-http 200 plain\n"},
    {"redirectWithMoreThanTenRedirectsAndHTTP", "down http", "consistent",
     "false", "false", "0/0/0", "null",
     "unknown_failure: stopped after too many redirects",
     "input http://httpbin.com/redirect/12\n"
     "lookup httpbin.com 93.184.216.34@15133\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 httpbin.com nofetch\n"
     "tcp 93.184.216.34:80 ok d1\n"
     "tcp 93.184.216.34:80 ok d10\n"
     "http http://httpbin.com/redirect/2 93.184.216.34:80 "
     "302+unknown_failure:~stopped~after~too~many~redirects "
     "->/redirect/1 d10\n"
     "http http://httpbin.com/redirect/11 93.184.216.34:80 302 "
     "->/redirect/10 d1\n"
     "http http://httpbin.com/redirect/12 93.184.216.34:80 302 "
     "->/redirect/11\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http unknown_error\n"},
    {"successWithHTTP", "ok http", "consistent", "false", "true", "0/32/0",
     "null", "null",
     "input http://www.example.com/\n"
     "lookup www.example.com 93.184.216.34@15133\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 www.example.com nofetch\n"
     "http http://www.example.com/ 93.184.216.34:80 200 plain\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 plain\n"},
    {"tcpBlockingConnectionRefusedWithInconsistentDNS",
     "blocked dns intercepted", "inconsistent", "dns", "false", "4/35/2",
     "null", "connection_refused",
     "input http://www.example.org/\n"
     "lookup www.example.org 83.224.65.41@30722 83.224.65.41@30722 "
     "93.184.216.34@15133\n"
     "tcp 83.224.65.41:80 connection_refused\n"
     "tcp 83.224.65.41:443 connection_refused nofetch\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 www.example.org nofetch\n"
     "http http://www.example.org/ 93.184.216.34:80 200 plain\n"
     "c-dns 93.184.216.34@15133\n"
     "c-tcp 83.224.65.41:80 ok\n"
     "c-tcp 83.224.65.41:443 connection_refused_error\n"
     "c-http 200 plain\n"},
    {"throttlingWithHTTP", "blocked http throttled", "consistent",
     "http-failure", "false", "0/8/0", "null", "generic_timeout_error",
     "input http://largefile.com/\n"
     "lookup largefile.com 93.184.216.34@15133\n"
     "both 93.184.216.34:80\n"
     "both 93.184.216.34:443 largefile.com nofetch\n"
     "http http://largefile.com/ 93.184.216.34:80 "
     "200+generic_timeout_error large\n"
     "c-dns 93.184.216.34@15133\n"
     "c-http 200 large\n"},
    {"tlsBlockingConnectionResetWithInconsistentDNS", "blocked dns intercepted",
     "inconsistent", "dns", "false", "4/5/0", "null", "connection_reset",
     "input https://www.example.com/\n"
     "lookup www.example.com 130.192.182.17@137 130.192.182.17@137 "
     "93.184.216.34@15133\n"
     "tcp 130.192.182.17:443 ok\n"
     "tls 130.192.182.17:443 www.example.com connection_reset\n"
     "tcp 93.184.216.34:443 ok\n"
     "tls 93.184.216.34:443 www.example.com connection_reset\n"
     "c-dns 93.184.216.34@15133\n"
     "c-tcp 130.192.182.17:443 ok\n"
     "c-tls 130.192.182.17:443 www.example.com ok\n"
     "c-tcp 93.184.216.34:443 ok\n"
     "c-tls 93.184.216.34:443 www.example.com ok\n"
     "c-http 200 plain\n"},
    {"websiteDownNXDOMAIN", "down dns", "consistent", "false", "false", "0/0/1",
     "dns_nxdomain_error", "dns_nxdomain_error",
     "input http://www.example.xyz/\n"
     "lookup www.example.xyz dns_nxdomain_error\n"
     "c-dns dns_name_error\n"
     "c-http dns_lookup_error\n"},
    {"websiteDownNoAddrs", "down dns", "consistent", "false", "false", "0/0/1",
     "dns_no_answer", "null",
     "input http://www.example.xyz/\n"
     "lookup www.example.xyz dns_no_answer\n"
     "c-dns ok\n"
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
