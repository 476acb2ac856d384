#include "t.h"
#include "wire/wire.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { ROUNDS = 100000 };

static gw_ip ip_of(const char *text)
{
    gw_ip ip = {0};
    if (!gw_ip_parse(gw_str(text), &ip))
        fail_msg("%s is refused", text);
    return ip;
}

static const char *shown(const gw_ip *ip)
{
    static char text[GW_IP_TEXT];
    size_t len = gw_ip_format(ip, text);
    assert_int_equal(len, strlen(text));
    assert_true(len < GW_IP_TEXT);
    return text;
}

static void a_dotted_quad_is_read_into_its_mapped_form(void **state)
{
    (void)state;
    static const uint8_t bytes[16] = {[10] = 255, 255, 192, 0, 2, 255};
    gw_ip ip = ip_of("192.0.2.255");
    assert_false(ip.v6);
    assert_memory_equal(ip.bytes, bytes, 16);
    assert_string_equal(shown(&ip), "192.0.2.255");
}

static void mapped_text_has_the_same_bytes_but_is_ipv6(void **state)
{
    (void)state;
    gw_ip v4 = ip_of("192.0.2.255"), v6 = ip_of("::FFFF:192.0.2.255");
    assert_true(v6.v6);
    assert_memory_equal(v4.bytes, v6.bytes, 16);
    assert_string_equal(shown(&v6), "::ffff:192.0.2.255");
}

static void text_that_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char bad[] =
        "|1|.|:|:::|1.2.3|1.2.3.|.1.2.3|1.2.3.4.|1.2.3.4.5|1..2.3|256.1.1.1|"
        "1.2.3.256|1.2.3.0004|01.2.3.4|1.2.3.00|1.2.3.4 | 1.2.3.4|1.2.3.-4|"
        "1.2.3.+4|0x7f.0.0.1|127.1|2130706433|1.2.3.4:80|1.2.3.4/8|"
        "1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|1:2:3:4:5:6:7:8:|:1::|"
        "1:2:3:4:5:6:7::8|::1:2:3:4:5:6:7:8|1:2:3:4:5:6:7:8::|1::2::3|1:::2|"
        "::12345|::g|::1%eth0|fe80::1%25eth0|[::1]|::1 |1:|"
        "1:2:3:4:5:6:7:1.2.3.4|::1.2.3|::1.2.3.4:5|1.2.3.4::|::1.2.3.256|"
        "::01.2.3.4|::ffff:1.2.3.4.|::-1|::1:|"
        "0000000000000000000000000000000000000000000000|localhost";
    gw_ip ip;
    for (gw_span rest = gw_str(bad); rest.len;) {
        gw_span text = gw_cut(&rest, '|');
        if (gw_ip_parse(text, &ip))
            fail_msg("%.*s is accepted", (int)text.len, (const char *)text.at);
    }
    assert_false(gw_ip_parse((gw_span){0}, &ip));
    assert_false(gw_ip_parse(GW_LIT("1.2.3.4\0"), &ip));
}

static void a_refused_text_leaves_the_result_alone(void **state)
{
    (void)state;
    gw_ip ip = ip_of("8.8.8.8");
    assert_false(gw_ip_parse(GW_LIT("::1:2:3:"), &ip));
    assert_string_equal(shown(&ip), "8.8.8.8");
}

// RFC 5952 4 and 5, and its examples.
static void text_is_the_one_that_rfc_5952_recommends(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:DB8::AAAA", "2001:db8::aaaa"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"0::1:0:0:1", "::1:0:0:1"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
        {"::ffff:c000:2ff", "::ffff:192.0.2.255"},
        {"::1.2.3.4", "::102:304"}, // that prefix is deprecated
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"::ffff:0:0", "::ffff:0.0.0.0"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        gw_ip ip = ip_of(cases[i][0]);
        assert_string_equal(shown(&ip), cases[i][1]);
    }
}

// Zero groups are common, so that "::" is put to the test.
static gw_ip random_ip(struct gw_rand *r)
{
    gw_ip ip = {.v6 = gw_rand_below(r, 4) != 0};
    if (!ip.v6)
        ip.bytes[10] = ip.bytes[11] = 255;
    for (int i = ip.v6 ? 0 : 12; i < 16; i += 2) {
        uint64_t v = gw_rand_next(r);
        bool zero = ip.v6 && v >> 62 < 2;
        ip.bytes[i] = zero || v >> 60 & 1 ? 0 : (uint8_t)v;
        ip.bytes[i + 1] = zero ? 0 : (uint8_t)(v >> 8);
    }
    return ip;
}

static bool in_deprecated_compatible_block(const gw_ip *ip)
{
    static const uint8_t zero[12];
    return ip->v6 && memcmp(ip->bytes, zero, sizeof zero) == 0;
}

static void random_addresses_agree_with_the_c_library_both_ways(void **state)
{
    (void)state;
    struct gw_rand r = {.state = 20240212};
    for (int i = 0; i < ROUNDS; i++) {
        gw_ip ip = random_ip(&r);
        const uint8_t *bytes = ip.bytes + (ip.v6 ? 0 : 12);
        char theirs[GW_IP_TEXT];
        int family = ip.v6 ? AF_INET6 : AF_INET;
        assert_non_null(inet_ntop(family, bytes, theirs, sizeof theirs));
        const char *ours = shown(&ip);
        if (!in_deprecated_compatible_block(&ip))
            assert_string_equal(ours, theirs);

        uint8_t read_by_them[16];
        assert_int_equal(inet_pton(family, ours, read_by_them), 1);
        assert_memory_equal(read_by_them, bytes, ip.v6 ? 16 : 4);
        gw_ip again = ip_of(ours), from_theirs = ip_of(theirs);
        assert_int_equal(again.v6, ip.v6);
        assert_memory_equal(again.bytes, ip.bytes, 16);
        assert_memory_equal(from_theirs.bytes, ip.bytes, 16);
    }
}

// An address with a few bytes replaced, removed or doubled.
static size_t mutate(struct gw_rand *r, char *text, size_t len)
{
    static const char alphabet[] = "0123456789abcdefABCDEF::::....g% [";
    for (uint64_t n = gw_rand_below(r, 4); n; n--) {
        size_t at = (size_t)gw_rand_below(r, len + 1);
        uint64_t act = gw_rand_below(r, 3);
        if (act == 0 && at < len) {
            memmove(text + at, text + at + 1, len - at);
            len--;
        } else if (act == 1 && len < 60) {
            memmove(text + at + 1, text + at, len - at + 1);
            text[at] = alphabet[gw_rand_below(r, sizeof alphabet - 1)];
            len++;
        } else if (at < len) {
            text[at] = alphabet[gw_rand_below(r, sizeof alphabet - 1)];
        }
    }
    return len;
}

static void damaged_text_is_judged_as_the_c_library_judges_it(void **state)
{
    (void)state;
    struct gw_rand r = {.state = 7};
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
        gw_ip ip = random_ip(&r), ours = {0};
        char text[64];
        size_t len = mutate(&r, text, gw_ip_format(&ip, text));
        uint8_t theirs[16];
        bool v6 = memchr(text, ':', len) != NULL;
        bool accepted = inet_pton(v6 ? AF_INET6 : AF_INET, text, theirs) == 1;
        if (gw_ip_parse(gw_span_of(text, len), &ours) != accepted)
            fail_msg("%s: the C library says %d", text, accepted);
        if (accepted)
            assert_memory_equal(ours.bytes + (v6 ? 0 : 12), theirs,
                                v6 ? 16 : 4);
        refused += !accepted;
    }
    assert_in_range(refused, ROUNDS / 10, ROUNDS * 9 / 10);
}

// What fn says of each address in a list.
static void expect_all(const char *list, bool (*fn)(const gw_ip *), bool want)
{
    for (gw_span rest = gw_str(list); rest.len;) {
        gw_span text = gw_cut(&rest, ' ');
        gw_ip ip;
        assert_true(gw_ip_parse(text, &ip));
        if (fn(&ip) != want)
            fail_msg("%.*s: not %d", (int)text.len, (const char *)text.at,
                     want);
    }
}

// First and last address of every block.
static void special_purpose_addresses_are_bogons(void **state)
{
    (void)state;
    static const char bogons[] =
        "0.0.0.0 0.255.255.255 10.0.0.0 10.10.34.35 10.255.255.255 "
        "100.64.0.0 100.127.255.255 127.0.0.0 127.0.0.1 127.255.255.255 "
        "169.254.0.0 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 "
        "192.0.0.8 192.0.0.11 192.0.0.170 192.0.0.255 192.0.2.0 192.0.2.255 "
        "192.88.99.2 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 "
        "198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 "
        "239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255 :: ::1 "
        "64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: "
        "100::ffff:ffff:ffff:ffff 100:0:0:1:: 100::1:ffff:ffff:ffff:ffff "
        "2001:1:: 2001:1::4 2001:1:ffff:ffff:ffff:ffff:ffff:ffff 2001:2:: "
        "2001:2:0:ffff:ffff:ffff:ffff:ffff 2001:4:111:ffff:: 2001:4:113:: "
        "2001:10:: 2001:1f:ffff:: 2001:40:: "
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: "
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: "
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 5f00:: "
        "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff fc00:: "
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: "
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: "
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff02::1 "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    expect_all(bogons, gw_ip_is_bogon, true);
}

// The neighbours of every block, and what the registries call reachable.
static void other_addresses_are_no_bogons(void **state)
{
    (void)state;
    static const char reachable[] =
        "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 "
        "126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 "
        "172.15.255.255 172.32.0.0 191.255.255.255 192.0.0.9 192.0.0.10 "
        "192.0.1.0 192.0.1.255 192.0.3.0 192.31.196.1 192.52.193.1 "
        "192.88.99.0 192.88.99.1 192.88.99.255 192.167.255.255 192.169.0.0 "
        "192.175.48.1 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 "
        "203.0.112.255 203.0.114.0 223.255.255.255 8.8.8.8 2001:1::1 "
        "2001:1::2 2001:1::3 2001:3:: 2001:3:ffff:ffff:ffff:ffff:ffff:ffff "
        "2001:4:112::1 2001:20:: 2001:2f:ffff:: 2001:30:: 2001:3f:ffff:: "
        "2000:ffff:: 2001:200:: 2001:db7:ffff:: 2001:db9:: "
        "2001:4860:4860::8888 2003:: 2400:cb00::1 2606:4700::6810:1 "
        "2620:4f:8000::1 2a03:2880:f10c:83:face:b00c:0:25de 3ffe:ffff:: "
        "3fff:1000:: 64:ff9a:ffff::";
    expect_all(reachable, gw_ip_is_bogon, false);
}

static void put_v4(uint8_t *bytes, const gw_ip *v4, uint8_t flip)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = v4->bytes[12 + i] ^ flip;
}

static void an_embedded_ipv4_address_decides(void **state)
{
    (void)state;
    struct gw_rand r = {.state = 99};
    int bogons = 0;
    for (int i = 0; i < ROUNDS; i++) {
        gw_ip v4 = random_ip(&r);
        v4.v6 = false;
        if (i & 1)
            v4.bytes[12] = 127;
        bool expected = gw_ip_is_bogon(&v4);
        gw_ip mapped = ip_of("::ffff:0:0"), nat64 = ip_of("64:ff9b::"),
              six_to_four = ip_of("2002::1"), teredo = ip_of("2001::1:0:0");
        put_v4(mapped.bytes + 12, &v4, 0);
        put_v4(nat64.bytes + 12, &v4, 0);
        put_v4(six_to_four.bytes + 2, &v4, 0);
        put_v4(teredo.bytes + 12, &v4, 0xff); // RFC 4380 4: inverted
        assert_int_equal(gw_ip_is_bogon(&mapped), expected);
        assert_int_equal(gw_ip_is_bogon(&nat64), expected);
        assert_int_equal(gw_ip_is_bogon(&six_to_four), expected);
        assert_int_equal(gw_ip_is_bogon(&teredo), expected);
        bogons += expected;
    }
    assert_in_range(bogons, ROUNDS / 2, ROUNDS * 9 / 10);
}

static void a_mapped_public_address_is_no_bogon(void **state)
{
    (void)state;
    gw_ip pub = ip_of("::ffff:8.8.8.8"), home = ip_of("::ffff:192.168.1.1");
    assert_false(gw_ip_is_bogon(&pub));
    assert_true(gw_ip_is_bogon(&home));
}

static void loopback_is_told_in_each_form(void **state)
{
    (void)state;
    static const char yes[] = "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1";
    static const char no[] =
        "126.255.255.255 128.0.0.1 :: ::2 1::1 ::ffff:8.8.8.8 2002:7f00:1:: "
        "::127.0.0.1";
    expect_all(yes, gw_ip_is_loopback, true);
    expect_all(no, gw_ip_is_loopback, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dotted_quad_is_read_into_its_mapped_form),
        cmocka_unit_test(mapped_text_has_the_same_bytes_but_is_ipv6),
        cmocka_unit_test(text_that_is_no_address_is_refused),
        cmocka_unit_test(a_refused_text_leaves_the_result_alone),
        cmocka_unit_test(text_is_the_one_that_rfc_5952_recommends),
        cmocka_unit_test(random_addresses_agree_with_the_c_library_both_ways),
        cmocka_unit_test(damaged_text_is_judged_as_the_c_library_judges_it),
        cmocka_unit_test(special_purpose_addresses_are_bogons),
        cmocka_unit_test(other_addresses_are_no_bogons),
        cmocka_unit_test(an_embedded_ipv4_address_decides),
        cmocka_unit_test(a_mapped_public_address_is_no_bogon),
        cmocka_unit_test(loopback_is_told_in_each_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
