#include "t.h"
#include "fault.h"
#include "wire/wire.h"

#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 20000 };

static int open_arena(void **state)
{
    *state = gw_arena_new(1 << 20);
    return *state ? 0 : -1;
}

static int close_arena(void **state)
{
    gw_arena_free(*state);
    return 0;
}

static void expect(gw_span got, const char *want)
{
    if (!gw_is(got, want))
        fail_msg("%.*s, not %s", (int)got.len, (const char *)got.at, want);
}

struct pair {
    const char *given, *want;
};

static void expect_normal(struct gw_arena *a, const struct pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gw_span once = gw_host_normal(gw_str(p[i].given), a);
        expect(once, p[i].want);
        expect(gw_host_normal(once, a), p[i].want);
    }
}

// ---- normal form --------------------------------------------------------

static void a_name_in_normal_form_is_borrowed(void **state)
{
    static const char names[] =
        "www.youtube.com r3---sn-4g5e6nez.googlevideo.com localhost 1.2.3.4 "
        " xn--d1acpjx3f.xn--p1ai _dmarc.example.com ::1 2001:db8::1 i❤.ws";
    for (gw_span rest = gw_str(names); rest.len;) {
        gw_span s = gw_cut(&rest, ' '), n = gw_host_normal(s, *state);
        assert_ptr_equal(n.at, s.at);
        assert_int_equal(n.len, s.len);
    }
    assert_int_equal(gw_arena_taken(*state), 0);
    assert_null(gw_host_normal((gw_span){0}, *state).at);
}

static void case_and_final_dots_do_not_count(void **state)
{
    static const struct pair p[] = {
        {"WWW.Example.COM.", "www.example.com"},
        {"www.example.com.", "www.example.com"},
        {"example.com...", "example.com"},
        {".", ""},
        {"_SIP._TCP.Example.com", "_sip._tcp.example.com"},
        {"A_B.Example.com", "a_b.example.com"},
        {"*.Example.com", "*.example.com"},
        {"@[`{Z", "@[`{z"}, // neighbours of the letters
        {"Example.com:443", "example.com:443"},
    };
    expect_normal(*state, p, GW_COUNT(p));
}

static void a_name_equals_its_punycode(void **state)
{
    static const struct pair p[] = {
        {"ЯНДЕКС.РФ", "xn--d1acpjx3f.xn--p1ai"},
        {"яндекс.рф", "xn--d1acpjx3f.xn--p1ai"},
        {"xn--d1acpjx3f.xn--p1ai", "xn--d1acpjx3f.xn--p1ai"},
        {"XN--D1ACPJX3F.xn--P1AI.", "xn--d1acpjx3f.xn--p1ai"},
        {"ЯНДЕКС.XN--P1AI", "xn--d1acpjx3f.xn--p1ai"},
        {"پاکستان", "xn--mgbai9azgqp6j"},
        {"XN--MGBAI9AZGQP6J", "xn--mgbai9azgqp6j"},
        {"کام.پاکستان", "xn--mgb4d6o.xn--mgbai9azgqp6j"},
        {"xn--mgb4d6o.پاکستان.", "xn--mgb4d6o.xn--mgbai9azgqp6j"},
        {"xn--mgb4d6o.xn--mgbai9azgqp6j", "xn--mgb4d6o.xn--mgbai9azgqp6j"},
        {"faß.de", "xn--fa-hia.de"}, // not fass.de: non-transitional
        {"FASS.de", "fass.de"},
        {"cafe\xcc\x81.fr", "xn--caf-dma.fr"}, // e and acute, to NFC
        {"caf\xc3\xa9.fr", "xn--caf-dma.fr"},
    };
    expect_normal(*state, p, GW_COUNT(p));
}

static void uts_46_maps_wide_forms(void **state)
{
    static const struct pair p[] = {
        {"ｅｘａｍｐｌｅ。ｃｏｍ", "example.com"},
        {"example．com｡", "example.com"},
        {"１。２。３。４", "1.2.3.4"},
        {"［２００１：ＤＢ８：：１］", "2001:db8::1"},
        {"a\xc2\xad"
         "b.com",
         "ab.com"},                    // soft hyphen
        {"\xe2\x84\xaa.com", "k.com"}, // Kelvin sign
    };
    expect_normal(*state, p, GW_COUNT(p));
}

static void what_idna_refuses_is_kept_label_by_label(void **state)
{
    static const struct pair p[] = {
        // emoji, which IDNA 2008 disallows
        {"I❤.ws", "i❤.ws"},
        {"i❤.РФ", "i❤.xn--p1ai"},
        // A-labels that decode to nothing valid
        {"xn--A.com", "xn--a.com"},
        {"xn--abc-.РФ", "xn--abc-.xn--p1ai"},
        // what the registered form would never be checked for
        {"r3---SN-x.РФ", "r3---sn-x.xn--p1ai"},
        {"-x.РФ", "-x.xn--p1ai"},
        {"_dmarc.РФ", "_dmarc.xn--p1ai"},
        {"a..РФ", "a..xn--p1ai"},
        // not UTF-8
        {"\xff\xfeX.com", "\xff\xfex.com"},
        {"\xd1.РФ", "\xd1.xn--p1ai"},
        {"X\xd1", "x\xd1"},
    };
    expect_normal(*state, p, GW_COUNT(p));
}

static void a_nul_does_not_cut_a_name(void **state)
{
    gw_span n = gw_host_normal(GW_LIT("РФ\0x.РФ\0y"), *state);
    assert_true(gw_eq(n, GW_LIT("РФ\0x.РФ\0y")));
    n = gw_host_normal(GW_LIT("A\0B"), *state);
    assert_true(gw_eq(n, GW_LIT("a\0b")));
}

static void labels_and_names_that_are_too_long_get_lower_case(void **state)
{
    char text[4096];
    memset(text, 'A', sizeof text);
    gw_span n = gw_host_normal(gw_span_of(text, 64), *state);
    assert_int_equal(n.len, 64);
    assert_int_equal(n.at[63], 'a');
    n = gw_host_normal(gw_span_of(text, sizeof text), *state);
    assert_int_equal(n.len, sizeof text);
    assert_int_equal(n.at[sizeof text - 1], 'a');

    // As a U-label: 63 octets of ASCII and one letter more.
    gw_span ya = gw_str("я");
    memcpy(text + 63, ya.at, ya.len);
    n = gw_host_normal(gw_span_of(text, 63 + ya.len), *state);
    assert_int_equal(n.len, 63 + ya.len);
    assert_memory_equal(n.at + 60, "aaaя", 3 + ya.len);

    // Labels that fit, in a name that would not: nothing is mapped.
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    for (int i = 0; i < 100; i++)
        gw_put_str(&b, "я.X");
    n = gw_host_normal(gw_buf_span(&b), *state);
    assert_int_equal(n.len, b.len);
    assert_true(gw_starts(n, "я.xя.xя"));
    gw_buf_release(&b);
}

static void an_address_goes_to_its_shortest_form(void **state)
{
    static const struct pair p[] = {
        {"[2001:DB8:0:0:0:0:0:1]", "2001:db8::1"},
        {"2001:0db8::0001", "2001:db8::1"},
        {"[::1]", "::1"},
        {"[::FFFF:1.2.3.4]", "::ffff:1.2.3.4"},
        {"1.2.3.4.", "1.2.3.4"},
        {"[1.2.3.4]", "[1.2.3.4]"}, // no IP-literal of RFC 3986
        {"[::1", "[::1"},
        {"[]", "[]"},
        {"FE80::1%eth0", "fe80::1%eth0"},
    };
    expect_normal(*state, p, GW_COUNT(p));
}

// Names made of pieces that matter to the rules above.
static size_t random_name(struct gw_rand *r, uint8_t *text)
{
    static const char *const piece[] = {
        // clang-format off
        ".", "。", "．", "a", "Z", "1", "xn--", "p1ai", "-", "_", "%", "％",
        "я", "Я", "ا", "پاکستان", "❤", "ß", "İ", "ｘ", "１", "١", "…",
        ":", "：", "[", "]", "::1", "0001", "\xff", "\xcc\x81",
        "\xe2\x80\x8c", "\xc2\xad", "\xef\xb7\xba", "\xe2\x92\x88",
        // clang-format on
    };
    size_t len = 0;
    for (uint64_t n = gw_rand_below(r, 12); n; n--) {
        gw_span p = gw_str(piece[gw_rand_below(r, GW_COUNT(piece))]);
        memcpy(text + len, p.at, p.len);
        len += p.len;
    }
    return len;
}

static void normalising_twice_is_normalising_once(void **state)
{
    struct gw_rand r = {.state = 42};
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t text[512];
        size_t len = random_name(&r, text);
        gw_span once = gw_host_normal(gw_span_of(text, len), *state);
        gw_span twice = gw_host_normal(once, *state);
        assert_non_null(once.at);
        if (!gw_eq(once, twice))
            fail_msg("%.*s: %.*s, then %.*s", (int)len, (char *)text,
                     (int)once.len, (const char *)once.at, (int)twice.len,
                     (const char *)twice.at);
        gw_arena_reset(*state);
    }
}

// The right name or none, never another one.
static bool is_normalised(struct gw_arena *a, const char *given,
                          const char *want)
{
    gw_span n = gw_host_normal(gw_str(given), a);
    if (n.at)
        expect(n, want);
    return n.at != NULL;
}

static bool normal_forms(void)
{
    struct gw_arena *a = gw_arena_new(1 << 20);
    bool ok = a && is_normalised(a, "ЯНДЕКС.рф", "xn--d1acpjx3f.xn--p1ai") &&
              is_normalised(a, "X.com", "x.com");
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_in_range(gw_fault_each_alloc(normal_forms), 3, 10);
}

static void no_memory_gives_no_value_and_no_other_name(void **state)
{
    (void)state;
    struct gw_arena *a = gw_arena_new(4);
    uint8_t big[2000];
    memset(big, 'A', sizeof big);
    assert_null(gw_host_normal(GW_LIT("X.COM"), a).at);
    assert_null(gw_host_normal(GW_LIT("рф"), a).at);
    assert_null(gw_host_normal(gw_span_of(big, sizeof big), a).at);
    gw_arena_free(a);
}

// ---- endpoints ----------------------------------------------------------

static void an_endpoint_is_split_at_its_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
    } good[] = {
        {"1.2.3.4:443", "1.2.3.4", 443},
        {"[::1]:443", "::1", 443},
        {"[2001:DB8::1]:65535", "2001:DB8::1", 65535},
        {"[fe80::1%eth0]:53", "fe80::1%eth0", 53},
        {"example.com:80", "example.com", 80},
        {"яндекс.рф:80", "яндекс.рф", 80},
        {"a_b:0", "a_b", 0},
    };
    for (size_t i = 0; i < GW_COUNT(good); i++) {
        gw_span host;
        uint16_t port;
        assert_true(gw_split_endpoint(gw_str(good[i].text), &host, &port));
        expect(host, good[i].host);
        assert_int_equal(port, good[i].port);
    }
}

static void no_valid_port_is_no_endpoint(void **state)
{
    (void)state;
    static const char bad[] =
        "|:|:443|host|host:|host:x|host:65536|host:-1|host:+1|host: 1|"
        "host:1 |a:b:1|::1:443|::1|[::1]|[::1]443|[::1]:|[::1:443|[]:1|"
        "[host]:1|[1.2.3.4]:1|[::1%]x]:1|[::1]]:1|a b:1|a/b:1|u@h:1|"
        "http://h:1|h:99999999999999999999999";
    gw_span host = GW_LIT("untouched");
    uint16_t port = 7;
    for (gw_span rest = gw_str(bad); rest.len;) {
        gw_span text = gw_cut(&rest, '|');
        if (gw_split_endpoint(text, &host, &port))
            fail_msg("%.*s is accepted", (int)text.len, (const char *)text.at);
    }
    assert_false(gw_split_endpoint((gw_span){0}, &host, &port));
    assert_false(gw_split_endpoint(GW_LIT("a\0b:1"), &host, &port));
    expect(host, "untouched");
    assert_int_equal(port, 7);
}

// ---- URLs ---------------------------------------------------------------

static void a_url_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *scheme, *host, *path;
        int32_t port;
    } good[] = {
        {"http://example.com", "http", "example.com", "", 80},
        {"https://Example.com/a/b?c=/d#/e", "https", "Example.com", "/a/b",
         443},
        {"HTTPS://h", "HTTPS", "h", "", 443},
        {"http://h:8080/", "http", "h", "/", 8080},
        {"http://h:/", "http", "h", "/", 80},
        {"http://h?q=http://x/", "http", "h", "", 80},
        {"http://h#@x/", "http", "h", "", 80},
        {"http://user:p@ss@h:81/@y", "http", "h", "/@y", 81},
        {"http://bank.example@evil.example/", "http", "evil.example", "/", 80},
        {"http://[2001:db8::1]:8080/x", "http", "2001:db8::1", "/x", 8080},
        {"https://[fe80::1%25eth0]", "https", "fe80::1%25eth0", "", 443},
        {"http://яндекс.рф/ю", "http", "яндекс.рф", "/ю", 80},
        {"http://a_b.example/ %zz\x01", "http", "a_b.example", "/ %zz\x01", 80},
        {"tlshandshake://1.2.3.4:443", "tlshandshake", "1.2.3.4", "", 443},
        {"quichandshake://1.2.3.4", "quichandshake", "1.2.3.4", "", -1},
        {"dot://dns.google/", "dot", "dns.google", "/", 853},
        {"doh://dns.google/dns-query", "doh", "dns.google", "/dns-query", 443},
        {"udp://8.8.8.8:53", "udp", "8.8.8.8", "", 53},
        {"tcp://8.8.8.8", "tcp", "8.8.8.8", "", -1},
        {"stun://stun.example.org", "stun", "stun.example.org", "", 3478},
        {"stun://h:19302", "stun", "h", "", 19302},
        {"ws://h", "ws", "h", "", 80},
        {"wss://h", "wss", "h", "", 443},
        {"openvpn://provider.corp?address=1.2.3.4:1194&transport=udp",
         "openvpn", "provider.corp", "", -1},
        {"vpn://riseup.openvpn/?addr=1.1.1.1:80", "vpn", "riseup.openvpn", "/",
         -1},
        {"a+b-c.9://h", "a+b-c.9", "h", "", -1},
    };
    for (size_t i = 0; i < GW_COUNT(good); i++) {
        struct gw_url u;
        if (!gw_url_parse(gw_str(good[i].text), &u))
            fail_msg("%s is refused", good[i].text);
        expect(u.scheme, good[i].scheme);
        expect(u.host, good[i].host);
        expect(u.path, good[i].path);
        assert_int_equal(u.port, good[i].port);
    }
}

static void what_has_no_scheme_and_host_is_no_url(void **state)
{
    (void)state;
    static const char bad[] =
        "|http|http:|http:/|http://|https:///path|://h|http://?q|http://#f|"
        "http://user@|http://:80/|//h/p|example.com|example.com:443|"
        "1.2.3.4:443|[::1]:443|example.com:443://x|1http://h|+a://h|"
        "ht tp://h| http://h|http:\\\\h|http://good.example\\@evil.example/|"
        "http://h\\x|http://h:x/|http://h:65536/|http://h:-1/|"
        "http://h:80:81/|http://::1/|http://[::1|http://[::1]x/|http://[h]/|"
        "http://[1.2.3.4]/|http://a b/|http://a\tb/|http://<h>/|"
        "http://h\x7f/|mailto:u@h|javascript:alert(1)//://h";
    struct gw_url u = {.port = 7};
    for (gw_span rest = gw_str(bad); rest.len;) {
        gw_span text = gw_cut(&rest, '|');
        if (gw_url_parse(text, &u))
            fail_msg("%.*s is accepted", (int)text.len, (const char *)text.at);
    }
    assert_false(gw_url_parse((gw_span){0}, &u));
    assert_false(gw_url_parse(GW_LIT("http://a\0b/"), &u));
    assert_int_equal(u.port, 7);
}

// ---- registrable domain -------------------------------------------------

static void the_registrable_domain_is_one_label_below_the_suffix(void **state)
{
    (void)state;
    static const struct pair p[] = {
        {"www.dawn.com.pk", "dawn.com.pk"},
        {"dawn.com.pk", "dawn.com.pk"},
        {"a.b.pta.gov.pk", "pta.gov.pk"},
        {"www.bbc.co.uk", "bbc.co.uk"},
        {"en.wikipedia.org", "wikipedia.org"},
        {"x.someone.github.io", "someone.github.io"},
        {"a.city.kawasaki.jp", "city.kawasaki.jp"}, // an exception rule
        {"a.b.xn--mgbai9azgqp6j", "b.xn--mgbai9azgqp6j"},
        {"www.xn--d1acpjx3f.xn--p1ai", "xn--d1acpjx3f.xn--p1ai"},
        {"a.b.xn--55qx5d.xn--j6w193g", "b.xn--55qx5d.xn--j6w193g"},
        {"a.b.nosuchsuffix", "b.nosuchsuffix"},
    };
    for (size_t i = 0; i < GW_COUNT(p); i++) {
        gw_span host = gw_str(p[i].given), got = gw_registrable(host);
        expect(got, p[i].want);
        assert_ptr_equal(got.at + got.len, host.at + host.len);
    }
}

static void what_has_no_registrable_domain_is_itself(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",        "com",         "com.pk",         "github.io", "localhost",
        "1.2.3.4", "2001:db8::1", "::ffff:1.2.3.4", ".com"};
    for (size_t i = 0; i < GW_COUNT(hosts); i++)
        expect(gw_registrable(gw_str(hosts[i])), hosts[i]);
    assert_null(gw_registrable((gw_span){0}).at);
    assert_true(gw_eq(gw_registrable(GW_LIT("a.b.com\0x.y.org")),
                      GW_LIT("a.b.com\0x.y.org")));
    char text[300];
    memset(text, 'a', sizeof text);
    text[250] = '.';
    assert_int_equal(gw_registrable(gw_span_of(text, sizeof text)).len,
                     sizeof text);
}

// ---- real inputs --------------------------------------------------------

static int read_list(const char *path, struct gw_arena *a)
{
    struct gw_buf b;
    gw_buf_init(&b, 16 << 20);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    gw_span rest = gw_buf_span(&b);
    gw_cut(&rest, '\n'); // column names
    int count = 0;
    for (; rest.len; count++) {
        gw_span row = gw_cut(&rest, '\n');
        bool quoted = gw_starts(row, "\"");
        row = gw_sub(row, quoted, row.len);
        gw_span text = gw_cut(&row, quoted ? '"' : ',');
        struct gw_url u;
        if (!gw_url_parse(text, &u))
            fail_msg("%.*s is refused", (int)text.len, (const char *)text.at);
        gw_span host = gw_host_normal(u.host, a);
        if (gw_ends(u.host, ".")) // there is one
            u.host.len--;
        assert_true(gw_eq_nocase(host, u.host));
        assert_true(gw_registrable(host).len > 0);
    }
    gw_buf_release(&b);
    return count;
}

static void every_url_of_the_test_lists_is_read(void **state)
{
    static const char *const lists[] = {"pk", "global", "in", "ir", "ke"};
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    int count = 0;
    for (size_t i = 0; i < GW_COUNT(lists); i++) {
        snprintf(path, sizeof path, "%s/geo/test-lists/%s.csv",
                 data ? data : "", lists[i]);
        if (!data || access(path, R_OK)) {
            print_message("skipped: no test lists in GAWAH_DATA\n");
            return;
        }
        count += read_list(path, *state);
    }
    assert_true(count > 4000);
}

#define WITH_ARENA(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_name_in_normal_form_is_borrowed),
        WITH_ARENA(case_and_final_dots_do_not_count),
        WITH_ARENA(a_name_equals_its_punycode),
        WITH_ARENA(uts_46_maps_wide_forms),
        WITH_ARENA(what_idna_refuses_is_kept_label_by_label),
        WITH_ARENA(a_nul_does_not_cut_a_name),
        WITH_ARENA(labels_and_names_that_are_too_long_get_lower_case),
        WITH_ARENA(an_address_goes_to_its_shortest_form),
        WITH_ARENA(normalising_twice_is_normalising_once),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(no_memory_gives_no_value_and_no_other_name),
        cmocka_unit_test(an_endpoint_is_split_at_its_port),
        cmocka_unit_test(no_valid_port_is_no_endpoint),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(what_has_no_scheme_and_host_is_no_url),
        cmocka_unit_test(the_registrable_domain_is_one_label_below_the_suffix),
        cmocka_unit_test(what_has_no_registrable_domain_is_itself),
        WITH_ARENA(every_url_of_the_test_lists_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
