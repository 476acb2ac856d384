// The table of services: its order, its patterns and what they find.
#include "analyse/analyse.h"
#include "analyse/services.h"
#include "t.h"

static bool is_service(const char *target, const char *service)
{
    gw_span found = gw_service_of(gw_str(target));
    if (!gw_is(found, service))
        print_error("%s: %.*s\n", target, (int)found.len,
                    (const char *)found.at);
    return gw_is(found, service);
}

static void a_host_and_those_below_it_are_the_service(void **state)
{
    (void)state;
    assert_true(is_service("telegram.org", "telegram"));
    assert_true(is_service("web.telegram.org", "telegram"));
    assert_true(is_service("a.b.c.web.telegram.org", "telegram"));
    assert_true(is_service("t.me", "telegram"));
    assert_true(is_service("149.154.167.50", "telegram"));
    assert_true(is_service("en.wikipedia.org", "wikipedia"));
    assert_true(is_service("x.com", "x"));
    assert_true(is_service("mobile.twitter.com", "x"));
    assert_true(is_service("www.torproject.org", "tor"));
}

static void a_test_without_a_host_is_found_by_its_name(void **state)
{
    (void)state;
    assert_true(is_service("telegram", "telegram"));
    assert_true(is_service("facebook_messenger", "facebook"));
    assert_true(is_service("whatsapp", "whatsapp"));
    assert_true(is_service("vanilla_tor", "tor"));
    assert_true(is_service("psiphon", "psiphon"));
}

static void what_only_looks_alike_stays_itself(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "nottelegram.org",
        "telegram.org.evil.example",
        "netflix.com",
        "com",
        "org",
        "fax.com",
        ".",
        "..",
        "=t.me",
        "#",
        "pattern",
        "a,b.c",
        "telegram.",
        "mywordpress.com",
        "",
    };
    for (size_t i = 0; i < GW_COUNT(hosts); i++)
        assert_true(is_service(hosts[i], hosts[i]));
    assert_null(gw_service_of((gw_span){0}).at);
}

static void the_most_exact_pattern_decides(void **state)
{
    (void)state;
    assert_true(is_service("ooni.torproject.org", "ooni"));
    assert_true(is_service("youtube.googleapis.com", "youtube"));
    assert_true(is_service("wordpress.com", "wordpress.com"));
    // Somebody's blog is not the house it lives in.
    assert_true(is_service("somebody.wordpress.com", "somebody.wordpress.com"));
    assert_true(is_service("www.google.com", "google search"));
    assert_true(is_service("maps.google.com", "maps.google.com"));
}

static void the_table_is_in_order_and_finds_each_of_its_lines(void **state)
{
    (void)state;
    gw_span s =
        gw_span_of(gw_analyse_services_csv, gw_analyse_services_csv_len);
    gw_span last = GW_LIT("");
    size_t lines = 0;
    while (gw_starts(s, "#"))
        gw_cut(&s, '\n');
    assert_true(gw_is(gw_cut(&s, '\n'), "pattern,service"));
    while (s.len) {
        gw_span service = gw_cut(&s, '\n');
        gw_span pattern = gw_cut(&service, ',');
        assert_true(gw_cmp(last, pattern) < 0);
        assert_true(service.len && !memchr(service.at, ',', service.len));
        last = pattern;
        if (gw_starts(pattern, "="))
            pattern = gw_sub(pattern, 1, pattern.len);
        assert_true(gw_eq(gw_service_of(pattern), service));
        lines++;
    }
    assert_true(lines > 50);
}

static void any_bytes_have_a_service_or_are_their_own(void **state)
{
    (void)state;
    struct gw_rand r = {4};
    static const char letters[] = "t.meorgxc=,#\n-";
    for (int i = 0; i < 20000; i++) {
        uint8_t text[12];
        size_t n = gw_rand_below(&r, sizeof text + 1);
        for (size_t k = 0; k < n; k++)
            text[k] = (uint8_t)letters[gw_rand_below(&r, sizeof letters - 1)];
        gw_span found = gw_service_of(gw_span_of(text, n));
        assert_true(found.at == text || found.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_and_those_below_it_are_the_service),
        cmocka_unit_test(a_test_without_a_host_is_found_by_its_name),
        cmocka_unit_test(what_only_looks_alike_stays_itself),
        cmocka_unit_test(the_most_exact_pattern_decides),
        cmocka_unit_test(the_table_is_in_order_and_finds_each_of_its_lines),
        cmocka_unit_test(any_bytes_have_a_service_or_are_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
