// What known block pages and known false answers come to, and that every
// fingerprint of a header field is looked for.
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

// ---- fingerprints -------------------------------------------------------

static const char prints[] =
    "name,scope,location_found,pattern_type,pattern,expected_countries\n"
    "wall,nat,body,contains,Access forbidden here,IT\n"
    "far,prod,body,contains,A wall from far away,IR\n"
    "oven,fp,header.x-oven,full,hot,\n"
    "squid,isp,header.x-censor,prefix,squid-of,\"IT,FR\"\n"
    "way,isp,header.location,contains,blocked.example,IT\n"
    "srv,prod,header.server,regexp,Forti[A-Z]+,IT\n"
    "any,prod,header.x-wall,full,up,IT\n";

static int64_t give(void *ctx, uint8_t *at, size_t len)
{
    gw_span *left = ctx;
    size_t n = left->len < len ? left->len : len;
    if (n)
        memcpy(at, left->at, n);
    *left = gw_sub(*left, n, left->len);
    return (int64_t)n;
}

static void init_with(struct gw_case *c, enum gw_kind kind, const char *csv)
{
    gw_span left = gw_str(csv);
    struct gw_ref_note note;
    struct gw_ref_input in = {.kind = kind,
                              .hash = "00",
                              .dated = gw_time_civil(2024, 1, 1, 0, 0, 0),
                              .source = give,
                              .ctx = &left};
    gw_case_init(c);
    gw_facts_free(c->reader);
    gw_refs_free(c->refs);
    c->refs = gw_refs_new();
    assert_int_equal(gw_refs_add(c->refs, &in, &note, NULL), 0);
    assert_int_equal(note.bad, 0);
    assert_int_equal(gw_refs_seal(c->refs, NULL), 0);
    c->reader = gw_facts_new(c->refs);
}

static void with_prints(const char *recipe, const char *want, const char *rule)
{
    struct gw_case c;
    init_with(&c, GW_KIND_HTTP_FINGERPRINTS, prints);
    gw_case_make(&c, recipe);
    gw_case_judge(&c);
    expect(&c, 0, want);
    assert_true(gw_case_fired(&c, 0, rule));
    gw_case_release(&c);
}

static void a_page_over_http_with_a_block_page_fingerprint_is_blocked(void **s)
{
    (void)s;
    const char *page = TCP80 "http " PLAIN " " SITE ":80 200 block\n";
    const char *page_and_control =
        TCP80 "http " PLAIN " " SITE ":80 200 block\n" GOT80;
    with_prints(page, "blocked http", "http.block_page");
    with_prints(page_and_control, "blocked http", "http.block_page");
    // Known from here only in the countries that the list names.
    with_prints("at FR 3215\n" TCP80 "http " PLAIN " " SITE ":80 200 block\n",
                "blocked http", "http.block_page_elsewhere");
}

static void a_fingerprint_over_valid_tls_is_not_a_block_page(void **state)
{
    (void)state;
    with_prints(TCP443 "tls " SITE ":443 " HOST " ok\n"
                       "http " URL " " SITE ":443 200 block\n" GOT,
                "ok http", "http.valid_tls");
}

static void the_helpers_own_page_is_no_block_page(void **state)
{
    (void)state;
    with_prints(TCP80 "http " PLAIN " " SITE ":80 200 block\n"
                      "c-dns " SITE_AS "\nc-http 200 block\n",
                "ok http", "http.same_page");
}

static void a_false_positive_mark_is_not_blocked(void **state)
{
    (void)state;
    with_prints(TCP80 "http " PLAIN " " SITE ":80 200 site\n", "unknown http",
                "http.known_false_positive");
    with_prints(TCP80 "http " PLAIN " " SITE ":80 200 site\nc-dns " SITE_AS
                      "\nc-http 200 captcha\n",
                "unknown http", "http.known_false_positive");
    with_prints(TCP80 "http " PLAIN " " SITE ":80 200 site\n" GOT80, "ok http",
                "http.same_page");
}

// One exchange in the clear with one header field.
static void add_with_header(struct gw_case *c, gw_span cc, gw_span name,
                            gw_span value)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_put_fmt(
        &text,
        "{\"test_name\":\"web_connectivity\",\"test_version\":\"0.5.1\","
        "\"probe_cc\":\"%.*s\",\"probe_asn\":\"AS137\",\"input\":\"" PLAIN
        "\",\"measurement_start_time\":\"2024-02-12 20:33:47\","
        "\"test_keys\":{\"requests\":[{\"request\":{\"url\":\"" PLAIN
        "\"},\"failure\":null,\"response\":{\"code\":200,\"body\":\"\","
        "\"headers_list\":[",
        GW_S(cc));
    struct gw_jw w = gw_jw_on(&text);
    gw_jw_open(&w, '[');
    gw_jw_str(&w, name);
    gw_jw_str(&w, value);
    gw_jw_close(&w, ']');
    gw_put_str(&text, "]}}]}}");
    gw_case_add(c, gw_buf_span(&text));
    gw_buf_release(&text);
}

static void all_header_fingerprints_fire(void **state)
{
    (void)state;
    static const char *const fields[][2] = {
        {"X-Censor", "squid-of-the-state"},
        {"Location", "http://blocked.example/?why"},
        {"SERVER", "a FortiGATE box"},
        {"x-wall", "up"},
    };
    struct gw_case c;
    init_with(&c, GW_KIND_HTTP_FINGERPRINTS, prints);
    for (size_t i = 0; i < GW_COUNT(fields); i++)
        add_with_header(&c, GW_LIT("IT"), gw_str(fields[i][0]),
                        gw_str(fields[i][1]));
    add_with_header(&c, GW_LIT("IT"), GW_LIT("X-Wall"), GW_LIT("up!"));
    gw_case_judge(&c);
    for (size_t i = 0; i < GW_COUNT(fields); i++)
        expect(&c, (int64_t)i, "blocked http");
    expect(&c, GW_COUNT(fields), "unknown http");
    gw_case_release(&c);
}

static void fingerprints_of_answers_know_where_they_are_from(void **state)
{
    (void)state;
    static const char csv[] =
        "name,scope,location_found,pattern_type,pattern,expected_countries\n"
        "sink,nat,dns,full,83.224.65.41,IT\n";
    struct gw_case c;
    init_with(&c, GW_KIND_DNS_FINGERPRINTS, csv);
    gw_case_make(&c, SECURE "dns getaddrinfo " HOST " 83.224.65.41@30722\n");
    gw_case_make(&c, SECURE "at FR 3215\ndns getaddrinfo " HOST
                            " 83.224.65.41@30722\n");
    gw_case_judge(&c);
    expect(&c, 0, "blocked dns");
    assert_true(gw_case_fired(&c, 0, "dns.fingerprint"));
    assert_true(gw_case_fired(&c, 1, "dns.fingerprint_elsewhere"));
    assert_false(gw_case_fired(&c, 1, "dns.fingerprint"));
    gw_case_release(&c);
}

// ---- OONI's own list ----------------------------------------------------

static size_t column_of(const gw_span *header, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (gw_is(header[i], name))
            return i;
    fail_msg("the list has no column %s", name);
    return 0;
}

// A measurement for each fingerprint of a header field, which bears it.
static size_t add_each_header(struct gw_case *c, gw_span list)
{
    const gw_span *row;
    size_t n, count = 0;
    int64_t offset;
    struct gw_csv *csv = gw_csv_new(',');
    gw_csv_feed(csv, list, true);
    assert_int_equal(gw_csv_row(csv, &row, &n, &offset, NULL), 1);
    size_t where = column_of(row, n, "location_found");
    size_t type = column_of(row, n, "pattern_type");
    size_t pattern = column_of(row, n, "pattern");
    while (gw_csv_row(csv, &row, &n, &offset, NULL) == 1) {
        if (!gw_starts(row[where], "header.") || gw_is(row[type], "regexp"))
            continue;
        add_with_header(c, GW_LIT("ZZ"), gw_sub(row[where], 7, SIZE_MAX),
                        row[pattern]);
        count++;
    }
    gw_csv_free(csv);
    return count;
}

static void every_header_fingerprint_of_oonis_list_fires(void **state)
{
    (void)state;
    struct gw_case c;
    struct gw_buf list;
    char path[2048];
    const char *data = getenv("GAWAH_DATA");
    snprintf(path, sizeof path, "%s/ooni/fingerprints/fingerprints_http.csv",
             data ? data : "");
    gw_buf_init(&list, 64 << 20);
    if (!data || gw_file_read(path, &list, NULL)) {
        print_message("skipped: $GAWAH_DATA/ooni/fingerprints is not here\n");
        gw_buf_release(&list);
        return;
    }
    gw_put_u8(&list, 0);
    list.len--;
    init_with(&c, GW_KIND_HTTP_FINGERPRINTS, (const char *)list.at);
    size_t n = add_each_header(&c, gw_buf_span(&list));
    assert_true(n > 100);
    gw_case_judge(&c);
    for (size_t i = 0; i < n; i++)
        assert_true(
            gw_case_fired(&c, (int64_t)i, "http.block_page") ||
            gw_case_fired(&c, (int64_t)i, "http.block_page_elsewhere") ||
            gw_case_fired(&c, (int64_t)i, "http.known_false_positive"));
    gw_case_release(&c);
    gw_buf_release(&list);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_page_over_http_with_a_block_page_fingerprint_is_blocked),
        T(a_fingerprint_over_valid_tls_is_not_a_block_page),
        T(the_helpers_own_page_is_no_block_page),
        T(a_false_positive_mark_is_not_blocked),
        T(all_header_fingerprints_fire),
        T(fingerprints_of_answers_know_where_they_are_from),
        T(every_header_fingerprint_of_oonis_list_fires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
