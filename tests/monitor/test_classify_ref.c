#include "monitor/refs.h"

#include <stdio.h>

#include "t.h"

static enum gw_kind kind_of(const char *head)
{
    return gw_classify_reference(gw_str(head), (gw_span){0});
}

#define OONI                                                                   \
    "name,scope,other_names,location_found,pattern_type,pattern,"              \
    "confidence_no_fp,expected_countries\n"

static void each_kind_is_told_by_content(void **state)
{
    (void)state;
    static const struct {
        enum gw_kind kind;
        const char *head;
    } want[] = {
        {GW_KIND_HTTP_FINGERPRINTS,
         OONI "a,isp,\"x,y\",header.via,full,dns,5,\n"},
        {GW_KIND_HTTP_FINGERPRINTS,
         "\xef\xbb\xbf" OONI "a,isp,,odd,full,x,5,\nb,i,,body,full,x,5"},
        {GW_KIND_DNS_FINGERPRINTS, OONI "a,isp,body,dns,full,1.2.3.4,5,\r\n"},
        {GW_KIND_DNS_FINGERPRINTS,
         " [\n {\"scope\": \"isp\", \"name\": \"a\", \"location_found\" : "
         "\"dns\",\"pattern\":\"1.1.1.1\",\"pattern_type\":\"full\"}]"},
        {GW_KIND_HTTP_FINGERPRINTS,
         "[{\"name\":\"a]\\\"}\",\"location_found\":\"body\",\"pattern\":\"x\","
         "\"pattern_type\":\"full\",\"scope\":\"cut o"},
        {GW_KIND_CL_HTTP_FINGERPRINTS,
         "name,common_name,pattern,location_found,exp_url,confidence_no_fp,"
         "source,scope,expected_countries,notes\n"},
        {GW_KIND_CL_DNS_FINGERPRINTS,
         "name,response,confidence_no_fp,exp_url,source,scope,"
         "expected_countries,notes\n"},
        {GW_KIND_TEST_LIST, "url,category_code,category_description\n"},
        {GW_KIND_PREFIX_AS, "; IP-ASN32-DAT file\n; Original file : x\n"},
        {GW_KIND_PREFIX_AS, "; IP-ASN-DAT file\r\n"},
        {GW_KIND_PREFIX_AS, "2001:db8::/32\t64500\n"},
        {GW_KIND_DELEGATIONS, "2|apnic|20250101|2|19830613|20241231|+1000\n"},
        {GW_KIND_DELEGATIONS,
         "#\n# terms\n2.3|ripencc|1735772399|1|19830705|20250101|+0100\n"},
        {GW_KIND_DELEGATIONS, "lacnic|BR|asn|1|1|20110401|allocated\n"},
        {GW_KIND_DELEGATIONS,
         "# Country: Pakistan (PK)\n# Address family: IPv4\n#\n14.1.0.0/16\n"},
        {GW_KIND_DELEGATIONS, "{\"country\":\"Pakistan\",\"countryCode\":"
                              "\"PK\",\"prefixes\":{\"ipv4\":[\"14"},
        {GW_KIND_AS_NAMES, "{\"50088\": \"FITL-IE Fort Technologies, GB\", "},
        {GW_KIND_SUFFIX_LIST, "// This Source Code Form is ...\n\n"
                              "// ===BEGIN ICANN DOMAINS===\n\nac\n"},
    };
    for (size_t i = 0; i < GW_COUNT(want); i++)
        if (kind_of(want[i].head) != want[i].kind)
            fail_msg("%zu: %s", i, want[i].head);
}

static void what_only_looks_alike_is_unknown(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "",
        " \n",
        "{",
        "[",
        "\"",
        "{\"",
        "{}",
        "[]",
        "{\"a\":{\"countryCode\":\"PK\",\"prefixes\":{}}}",
        "{\"a\":\"\\\"countryCode\\\":\\\"PK\\\",\\\"prefixes\\\":1\"}",
        "{\"countryCode\":\"PK\"}",
        "{\"50088\": 7}",
        "{\"x50088\": \"A, GB\"}",
        "[{\"location_found\":\"dns\",\"pattern_type\":\"full\"}]",
        "[{\"name\":\"a\"},{\"location_found\":\"dns\",\"pattern_type\":\"f\","
        "\"pattern\":\"x\"}]",
        OONI,
        OONI "a,isp,,title,full,x,5,\n",
        "name,pattern\na,b\n",
        "category_code,url\n",
        "measurement_uid,probe_cc,url\n",
        "1.2.3.4/33\t5\n",
        "1.2.3.0/24,5\n",
        "14.1.0.0/16\n",
        "# Country: Pakistan (PK)\nword\n",
        "2|example|20250101|2|19830613|20241231|+1000\n",
        "x ===BEGIN ICANN DOMAINS===\n",
        "{\"body\":\"// ===BEGIN ICANN DOMAINS===\"}",
        "\xab\xcd\xefMaxMind.com",
    };
    for (size_t i = 0; i < GW_COUNT(heads); i++)
        if (kind_of(heads[i]) != GW_KIND_UNKNOWN)
            fail_msg("%zu: %s", i, heads[i]);
}

static void mmdb_is_told_by_the_marker_near_its_end(void **state)
{
    (void)state;
    gw_span tail = GW_LIT("\0\0\xab\xcd\xefMaxMind.com\xe9\0");
    assert_int_equal(gw_classify_reference(GW_LIT("\0\0\1"), tail),
                     GW_KIND_MMDB);
    tail.len -= 4;
    assert_int_equal(gw_classify_reference(GW_LIT("\0\0\1"), tail),
                     GW_KIND_UNKNOWN);
}

// No prefix or mutation of a good head may crash, whatever it is taken for.
static void any_cut_or_change_is_survived(void **state)
{
    (void)state;
    static const char *const heads[] = {
        OONI "a,isp,\"x,y\",header.via,full,dns,5,\n",
        "[{\"name\":\"a]\\\"}\",\"location_found\":\"body\"}]",
        "; Original file : rib.20140513.0600\n1.0.0.0/24\t1\n",
        "; Converted on  : Tue May 13 22:03:05 2014\n1.0.0.0/24\t1\n",
        "2|apnic|20250101|2|19830613|20241231|+1000\n",
        "{\"50088\": \"FITL-IE Fort Technologies, GB\"}"};
    struct gw_rand g = {1};
    for (size_t i = 0; i < GW_COUNT(heads); i++) {
        size_t len = strlen(heads[i]);
        for (size_t turn = 0; turn < 2000; turn++) {
            size_t cut = turn < len ? turn : len;
            uint8_t *exact = gw_new(cut); // so that ASan sees a byte past it
            memcpy(exact, heads[i], cut);
            if (cut && turn >= len)
                exact[gw_rand_below(&g, cut)] = (uint8_t)gw_rand_next(&g);
            gw_time t;
            gw_span s = gw_span_of(exact, cut);
            assert_true(gw_classify_reference(s, s) < GW_KIND_COUNT);
            gw_reference_date(s, s, &t);
            gw_free(exact);
        }
    }
}

static void assert_day(const char *head, const char *name, const char *want)
{
    gw_time t = 0;
    char day[GW_TIME_TEXT] = "none";
    if (gw_reference_date(gw_str(head), gw_str(name), &t))
        gw_format_day(t, day);
    assert_string_equal(day, want);
}

static void content_says_the_day_before_the_name_does(void **state)
{
    (void)state;
    assert_day("; IP-ASN-DAT file\n"
               "; Original file : /data/20991231/rib.20080501.0644.bz2\n"
               "; Converted on  : Sat Apr 30 21:34:43 2011\n",
               "ipasn_20200101.dat", "2008-05-01");
    assert_day("; Converted on  : Tue May  3 22:03:05 2014\n"
               "; Original file : table\n",
               "x", "2014-05-03");
    assert_day("; Converted on  : Tue Mayo 3 22:03:05 2014\n",
               "ipasn_20200101.dat", "2020-01-01");
    assert_day("2|apnic|20250101|2|19830613|20241231|+1000\n", "x",
               "2025-01-01");
    assert_day("# terms\n2.3|ripencc|1735772399|1|19830705|20250102|+0100\n",
               "x", "2025-01-02");
    assert_day("name,scope\n", "https://x/20990101/fp_2024-10-20.csv",
               "2024-10-20");
}

static void dates_in_names_stand_alone_and_exist(void **state)
{
    (void)state;
    assert_day("", "a/20140513.mmdb", "2014-05-13");
    assert_day("", "20140513", "2014-05-13");
    assert_day("", "v12_20140231_20140228", "2014-02-28");
    assert_day("", "120140513", "none");
    assert_day("", "201405130600", "none");
    assert_day("", "2014-05-131", "none");
    assert_day("", "2014-5-13", "none");
    assert_day("", "20140513/asnames.json", "none");
    assert_day("", "", "none");
    gw_time t;
    assert_false(gw_reference_date((gw_span){0}, (gw_span){0}, &t));
}

// ---- real files ---------------------------------------------------------

static int64_t give_file(void *ctx, uint8_t *bytes, size_t len)
{
    return (int64_t)fread(bytes, 1, len, ctx);
}

// The first 64 KiB of the unpacked file; 0 if it is not there.
static size_t real_head(const char *name, uint8_t *ret)
{
    const char *data = getenv("GAWAH_DATA");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", data ? data : "", name);
    FILE *f = data ? fopen(path, "rbe") : NULL;
    if (!f)
        return 0;
    struct gw_unpack *u = gw_unpack_new(give_file, f);
    struct gw_leaf leaf;
    size_t len = 0;
    int64_t n = gw_unpack_leaf(u, &leaf, NULL);
    while (n > 0 && len < 64 << 10) {
        n = gw_unpack_read(u, ret + len, (64 << 10) - len, NULL);
        len += n > 0 ? (size_t)n : 0;
    }
    gw_unpack_free(u);
    fclose(f);
    return len;
}

static void real_files_are_told_apart_and_dated(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum gw_kind kind;
        const char *day;
    } want[] = {
        {"geo/pyasn/ipasn_20080501_v12.dat.gz", GW_KIND_PREFIX_AS,
         "2008-05-01"},
        {"geo/pyasn/ipasn_20140513_v12.dat.gz", GW_KIND_PREFIX_AS,
         "2014-05-13"},
        {"geo/pyasn/ipasn6_20151101.dat.gz", GW_KIND_PREFIX_AS, "2015-11-01"},
        {"geo/pyasn/asnames.json.gz", GW_KIND_AS_NAMES, "none"},
        {"geo/rir-pk/aggregated.json", GW_KIND_DELEGATIONS, "none"},
        {"geo/rir-pk/ipv4-aggregated.txt", GW_KIND_DELEGATIONS, "none"},
        {"geo/rir-pk/ipv6-aggregated.txt", GW_KIND_DELEGATIONS, "none"},
        {"geo/test-lists/pk.csv", GW_KIND_TEST_LIST, "none"},
        {"geo/country-codes/country-codes.csv", GW_KIND_UNKNOWN, "none"},
        {"geo/state-owned-ases/state_owned_ases.csv", GW_KIND_UNKNOWN, "none"},
        {"geo/natural-earth/PAK_admin1.geojson", GW_KIND_UNKNOWN, "none"},
        {"ooni/fingerprints/fingerprints_dns.csv", GW_KIND_DNS_FINGERPRINTS,
         "none"},
        {"ooni/fingerprints/fingerprints_http.csv", GW_KIND_HTTP_FINGERPRINTS,
         "none"},
        {"ooni/fingerprints/citizenlab/dns.csv", GW_KIND_CL_DNS_FINGERPRINTS,
         "none"},
        {"ooni/fingerprints/citizenlab/http.csv", GW_KIND_CL_HTTP_FINGERPRINTS,
         "none"},
        {"ooni/fastpath-fixtures/fingerprints_dns.json",
         GW_KIND_DNS_FINGERPRINTS, "none"},
        {"ooni/fastpath-fixtures/fingerprints_http.json",
         GW_KIND_HTTP_FINGERPRINTS, "none"},
        {"ooni/fastpath-fixtures/tor.json", GW_KIND_UNKNOWN, "none"},
        {"ooni/fastpath-fixtures/riseupvpn.json", GW_KIND_UNKNOWN, "none"},
        {"ooni/fastpath-fixtures/yaml16_0.json", GW_KIND_UNKNOWN, "none"},
    };
    static uint8_t at[64 << 10];
    for (size_t i = 0; i < GW_COUNT(want); i++) {
        gw_span head = gw_span_of(at, real_head(want[i].name, at));
        gw_time t;
        char day[GW_TIME_TEXT] = "none";
        if (!head.len) {
            print_message("no %s: set GAWAH_DATA\n", want[i].name);
            skip();
        }
        if (gw_classify_reference(head, head) != want[i].kind)
            fail_msg("%s", want[i].name);
        if (gw_reference_date(head, gw_str(want[i].name), &t))
            gw_format_day(t, day);
        assert_string_equal(day, want[i].day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_told_by_content),
        cmocka_unit_test(what_only_looks_alike_is_unknown),
        cmocka_unit_test(mmdb_is_told_by_the_marker_near_its_end),
        cmocka_unit_test(any_cut_or_change_is_survived),
        cmocka_unit_test(content_says_the_day_before_the_name_does),
        cmocka_unit_test(dates_in_names_stand_alone_and_exist),
        cmocka_unit_test(real_files_are_told_apart_and_dated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
