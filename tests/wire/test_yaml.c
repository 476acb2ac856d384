// YAML to JSON: what a scalar means, what a broken document costs, limits.
#include "fault.h"
#include "t.h"
#include "wire/wire.h"

#include <stdio.h>

// A source that gives its text in chunks, and then a code.
struct drip {
    gw_span text;
    size_t chunk;
    int end;
    size_t json_max;
};

static int64_t drip(void *ctx, uint8_t *bytes, size_t len)
{
    struct drip *d = ctx;
    size_t n = len < d->chunk ? len : d->chunk;
    n = n < d->text.len ? n : d->text.len;
    if (!n)
        return d->end;
    memcpy(bytes, d->text.at, n);
    d->text = gw_sub(d->text, n, d->text.len);
    return (int64_t)n;
}

// All documents, a line each: "offset+len json", or "!code why". A source that
// failed is asked once more.
static int convert_all(struct drip d, struct gw_buf *out)
{
    struct gw_buf json = {.max = d.json_max ? d.json_max : 32 << 20};
    struct gw_yaml *y = gw_yaml_new(drip, &d);
    int n = y ? 1 : GW_ENOMEM;
    for (int left = 2; n && n != GW_ENOMEM && left; left -= n == GW_EIO) {
        int64_t offset, len;
        struct gw_why why = {0};
        n = gw_yaml_next(y, &json, &offset, &len, &why);
        if (n < 0)
            gw_put_fmt(out, "!%d %s\n", n, why.text);
        if (n == 1)
            gw_put_fmt(out, "%lld+%lld %.*s\n", (long long)offset,
                       (long long)len, (int)json.len, (const char *)json.at);
    }
    gw_yaml_free(y);
    gw_buf_release(&json);
    return n;
}

// Checks what convert_all() writes, and releases both.
static void expect_all(struct drip d, const char *want)
{
    struct gw_buf out;
    gw_buf_init(&out, 64 << 20);
    convert_all(d, &out);
    gw_put_u8(&out, 0);
    assert_string_equal((const char *)out.at, want);
    gw_buf_release(&out);
}

static void expect_documents(gw_span text, const char *want)
{
    static const size_t chunks[] = {1, 2, 7, SIZE_MAX};
    for (size_t i = 0; i < GW_COUNT(chunks); i++)
        expect_all((struct drip){text, chunks[i], 0, 0}, want);
}
#define EXPECT(text, want) expect_documents(GW_LIT(text), want)

// Checks the JSON of the first document, or "!code why".
static void expect_json(gw_span text, const char *want)
{
    struct gw_buf json;
    struct gw_why why = {0};
    int64_t offset, len;
    struct drip d = {text, SIZE_MAX, 0, 0};
    struct gw_yaml *y = gw_yaml_new(drip, &d);
    gw_buf_init(&json, 1 << 20);
    int n = gw_yaml_next(y, &json, &offset, &len, &why);
    if (n != 1)
        gw_put_fmt(&json, "!%d %s", n, why.text);
    gw_put_u8(&json, 0);
    assert_string_equal((const char *)json.at, want);
    gw_yaml_free(y);
    gw_buf_release(&json);
}
#define MEANS(text, want)   expect_json(GW_LIT(text), want)
#define BROKEN(text, want)  MEANS(text, "!-1002 document at byte 0, line " want)
#define REFUSED(text, want) MEANS(text, "!-1006 document at byte 0, line " want)

// ---- documents ----------------------------------------------------------
static void documents_come_with_position_and_length(void **state)
{
    (void)state;
    EXPECT("---\na: 1\n...\n---\nb: 2\n---\n[c]\n",
           "0+13 {\"a\":1}\n13+9 {\"b\":2}\n22+8 [\"c\"]\n");
    EXPECT("a: 1", "0+4 {\"a\":1}\n");
    EXPECT("---\r\na: 1\r\n...\r\n--- b\r\n", "0+16 {\"a\":1}\n16+7 \"b\"\n");
}

static void what_lies_between_documents_is_passed_over(void **state)
{
    (void)state;
    EXPECT("", "");
    EXPECT("# only a comment\n\n  \n", "");
    EXPECT("\n# c\n%YAML 1.1\n---\na: 1\n...\n\n# c\n...\n---\n# c\n---\nb\n",
           "15+13 {\"a\":1}\n45+6 \"b\"\n");
    EXPECT("---\n...\n---\n''\n", "8+7 \"\"\n");
    EXPECT("---\na\n...\nbare: 1\n", "0+10 \"a\"\n10+8 {\"bare\":1}\n");
    EXPECT("\xef\xbb\xbf---\na: 1\n", "0+12 {\"a\":1}\n");
    EXPECT("\xef\xbb\xbf# c\n---\na\n", "7+6 \"a\"\n");
}

static void only_a_mark_of_its_own_divides_documents(void **state)
{
    (void)state;
    EXPECT("---\na: |\n  x\n  ---\n  ...\n  y\nb: ----\nc: ---x\n",
           "0+45 {\"a\":\"x\\n---\\n...\\ny\\n\",\"b\":\"----\","
           "\"c\":\"---x\"}\n");
    EXPECT("---\n---x\n---\n----", "0+9 \"---x\"\n9+8 \"----\"\n");
    EXPECT("a\n---", "0+2 \"a\"\n");
    EXPECT("--- {a: 1}\n--- {b: 2}\n", "0+11 {\"a\":1}\n11+11 {\"b\":2}\n");
}

static void broken_document_costs_no_other(void **state)
{
    (void)state;
    EXPECT("---\na: 1\n---\nb: [\n---\nc: 3\n",
           "0+9 {\"a\":1}\n"
           "!-1002 document at byte 9, line 5: did not find expected node "
           "content\n18+9 {\"c\":3}\n");
    EXPECT("---\na: 'x\n...\nrest: of the quote'\n---\nb\n",
           "!-1002 document at byte 0, line 3: found unexpected document "
           "indicator\n34+6 \"b\"\n");
}

static void control_characters_are_named_with_their_line(void **state)
{
    (void)state;
    EXPECT("---\nok: 1\n---\nbody: a\nx: b\x07"
           "c\n---\nok: 2\n",
           "0+10 {\"ok\":1}\n"
           "!-1002 document at byte 10, line 5: control characters are not "
           "allowed\n29+10 {\"ok\":2}\n");
    EXPECT("---\nbody: \xff\n",
           "!-1002 document at byte 0, line 2: invalid leading UTF-8 octet\n");
}

static void source_that_fails_is_heard_after_what_it_gave(void **state)
{
    (void)state;
    expect_all((struct drip){GW_LIT("---\na\n---\nb"), 3, GW_EIO, 0},
               "0+6 \"a\"\n"
               "!-5 document at byte 6, line 3: input or output failed\n"
               "!-5 document at byte 10, line 4: input or output failed\n");
}

// ---- meaning ------------------------------------------------------------
static void plain_scalars_mean_what_pyyaml_means(void **state)
{
    (void)state;
    MEANS("[~, null, nUll, .nan, -.INF, +.inf, yes, On, TRUE, y, no, OFF]",
          "[null,null,\"nUll\",null,null,null,true,true,true,\"y\",false,"
          "false]");
    MEANS("[0, -12, +7, 1_000, 0x1F, 0b101, 0o17, 017, 0_7]",
          "[0,-12,7,1000,31,5,15,15,7]");
    MEANS("[0xG, 08, 0x, _1, -x, 0_x1, 1:30, =, 127.0.0.1, 1.2.3, AS51896]",
          "[\"0xG\",\"08\",\"0x\",\"_1\",\"-x\",\"0_x1\",\"1:30\",\"=\","
          "\"127.0.0.1\",\"1.2.3\",\"AS51896\"]");
    MEANS("[9223372036854775807, 9223372036854775808]",
          "[9223372036854775807,\"9223372036854775808\"]");
    MEANS("[1446726576.0, 8.056843996047974, -0.5, .5, 1., 1.5e+3]",
          "[1446726576,8.056843996047974,-0.5,0.5,1,1500]");
    MEANS("[-.5, 1.5e3, 1e5, 1.0e+999, ., ._5, 1.5+2, 2015-11-05 10:00:00.5]",
          "[\"-.5\",\"1.5e3\",\"1e5\",\"1.0e+999\",\".\",\"._5\",\"1.5+2\","
          "\"2015-11-05 10:00:00.5\"]");
    MEANS("[0.1111111111111111111111111111111111111111111111111111111111111,"
          "0.11111111111111111111111111111111111111111111111111111111111111]",
          "[0.1111111111111111,\"0."
          "11111111111111111111111111111111111111111111111111111111111111\"]");
}

static void quoted_and_block_scalars_are_text(void **state)
{
    (void)state;
    MEANS("a: '1'\nb: \"yes\"\nc: ''\nd: |-\n  1\ne: >-\n  null\nf:\n",
          "{\"a\":\"1\",\"b\":\"yes\",\"c\":\"\",\"d\":\"1\","
          "\"e\":\"null\",\"f\":null}");
    MEANS("[\"\\0\\x07\\u06af\\n\", \"a\\\n  b\"]",
          "[\"\\u0000\\u0007\xda\xaf\\n\",\"ab\"]");
}

static void tags_give_the_plain_value(void **state)
{
    (void)state;
    MEANS("[!!str 1, !!python/unicode '2', !!python/str 3, "
          "!!timestamp 2015-11-05, !!int '4', !!python/long '5', "
          "!!float '0.5', !!bool 'true', !!null '', ! 'no']",
          "[\"1\",\"2\",\"3\",\"2015-11-05\",4,5,0.5,true,null,false]");
    MEANS("[!own 6, !own '6', !!python/tuple [7, a], "
          "!!python/object:x.Y {z: 8}, !!python/name:x.Y ]",
          "[6,\"6\",[7,\"a\"],{\"z\":8},null]");
}

static void set_is_a_list_of_its_keys(void **state)
{
    (void)state;
    MEANS("a: !!set {}\nb: !!set {x: , 2}\nc: !!set\n  ? y\n  ? z: 1\n",
          "{\"a\":[],\"b\":[\"x\",2],\"c\":[\"y\",{\"z\":1}]}");
    REFUSED("--- !!set {a: [1]}\n", "1: a key that is no scalar");
}

static void binary_is_base64_without_its_blanks(void **state)
{
    (void)state;
    MEANS("!!binary ''", "{\"format\":\"base64\",\"data\":\"\"}");
    MEANS("a: !!binary |\n  UmV5\n  a2phdu1r\nb: !!binary 'YQ =='\n"
          "d: !!binary 'no base64!'\n",
          "{\"a\":{\"format\":\"base64\",\"data\":\"UmV5a2phdu1r\"},"
          "\"b\":{\"format\":\"base64\",\"data\":\"YQ==\"},"
          "\"d\":{\"format\":\"base64\",\"data\":\"nobase64!\"}}");
}

static void keys_are_text_and_all_are_kept(void **state)
{
    (void)state;
    MEANS("1: a\nyes: b\n~: c\n1.50: d\n<<: {e: f}\na: 1\na: 2\n'': 3\n",
          "{\"1\":\"a\",\"yes\":\"b\",\"~\":\"c\",\"1.50\":\"d\","
          "\"<<\":{\"e\":\"f\"},\"a\":1,\"a\":2,\"\":3}");
    REFUSED("? [a, b]\n: c\n", "1: a key that is no scalar");
    REFUSED("a: &x b\n*x : c\n", "2: a key that is no scalar");
}

static void aliases_stand_for_a_finished_anchor(void **state)
{
    (void)state;
    MEANS("a: &x [1, {b: c}]\nd: *x\ne: [&y 'q', *y, *x]\nf: &x 2\ng: *x",
          "{\"a\":[1,{\"b\":\"c\"}],\"d\":[1,{\"b\":\"c\"}],"
          "\"e\":[\"q\",\"q\",[1,{\"b\":\"c\"}]],\"f\":2,\"g\":2}");
    MEANS("[&a !!binary YQ==, *a, &b , *b]",
          "[{\"format\":\"base64\",\"data\":\"YQ==\"},"
          "{\"format\":\"base64\",\"data\":\"YQ==\"},null,null]");
    BROKEN("a: 1\nb: *x\n", "2: alias of no anchor");
    BROKEN("&x [1, *x]\n", "1: alias of no anchor");
    BROKEN("*x", "1: alias of no anchor");
}

static void aliases_of_aliases_are_refused(void **state)
{
    (void)state;
    REFUSED("- &a [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]\n"
            "- &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
            "- &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
            "- &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
            "- &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n",
            "4: aliases multiply");
}

// ---- ceilings -----------------------------------------------------------
#define TEN(x)       x x x x x x x x x x
#define SIXTY_TWO(x) TEN(x x x x x x) x x
static void deepest_nesting_passes_and_one_more_is_refused(void **state)
{
    (void)state;
    MEANS(SIXTY_TWO("[") "!!binary YQ==" SIXTY_TWO("]"),
          SIXTY_TWO("[") "{\"format\":\"base64\",\"data\":\"YQ==\"}" //
          SIXTY_TWO("]"));
    MEANS("[" SIXTY_TWO("[") "a",
          "!-27 document at byte 0, line 1: nested too deeply");
}

// Checks head, n times bit, and tail.
static void expect_repeated(const char *head, const char *bit, size_t n,
                            const char *tail, const char *want)
{
    struct gw_buf b;
    gw_buf_init(&b, 64 << 20);
    gw_put_str(&b, head);
    while (n--)
        gw_put_str(&b, bit);
    gw_put_str(&b, tail);
    expect_all((struct drip){gw_buf_span(&b), 100000, 0, 0}, want);
    gw_buf_release(&b);
}

static void longest_document_passes_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    expect_repeated("---\n#", "0123456789abcdef", GW_YAML_MAX / 16 - 1,
                    "xxxxxxxx\na\n---\nb\n",
                    "0+16777216 \"a\"\n16777216+6 \"b\"\n");
    expect_repeated("---\n#", "0123456789abcdef", GW_YAML_MAX / 16 - 1,
                    "xxxxxxxxx\na\n---\nb\n",
                    "!-27 document at byte 0, line 1: over the stated limit\n"
                    "16777217+6 \"b\"\n");
    expect_repeated("--- ", "--- --- --- --- ", 3 << 20, "\n---\nb\n",
                    "!-27 document at byte 0, line 1: over the stated limit\n"
                    "50331653+6 \"b\"\n");
}

static void json_over_the_buffer_costs_one_document(void **state)
{
    (void)state;
    expect_all((struct drip){GW_LIT("---\n[aaaaaaaaaa]\n---\nb\n"), 9, 0, 9},
               "!-27 document at byte 0, line 1: no room for its JSON\n"
               "17+6 \"b\"\n");
}

// libyaml takes other line ends than LF, compares every %TAG with all others,
// and every alias is looked for among all anchors.
static void what_would_take_long_is_refused(void **state)
{
    (void)state;
    BROKEN("a\r---\rb\n", "2: a mark inside it");
    expect_repeated("", "\xe2\x80\xa8%TAG !a! b", 1001, "\xe2\x80\xa8--- x",
                    "!-1006 document at byte 0, line 1: too many %TAG rules\n");
    expect_repeated("", "- &a x\n", 5000, "",
                    "!-1006 document at byte 0, line 1: too many anchors\n");
    expect_repeated(
        "- &a x\n", "- *a\n", 16385, "",
        "!-1006 document at byte 0, line 16386: aliases multiply\n");
}

// JSON is written as YAML reads it, so it must come back as it went.
static void put_random(struct gw_jw *w, struct gw_rand *r, int depth)
{
    static const char alphabet[] = "a \"'\\\n\t\x01:#-{[,&*!|>%@`0";
    bool object = gw_rand_below(r, 2);
    char text[16];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = alphabet[gw_rand_below(r, sizeof alphabet - 1)];
    gw_span s = gw_span_of(text, (size_t)gw_rand_below(r, sizeof text));
    switch (gw_rand_below(r, depth > 0 ? 9 : 6)) {
    case 0: gw_jw_null(w); break;
    case 1: gw_jw_bool(w, gw_rand_below(r, 2)); break;
    case 2: gw_jw_int(w, (int64_t)(gw_rand_next(r) >> 1)); break;
    case 3: gw_jw_real(w, (double)gw_rand_below(r, 1000) + 0.5); break;
    case 4: gw_jw_str(w, GW_LIT("\xda\xaf\xd9\x88\xd8\xa7\xdb\x81")); break;
    case 5: gw_jw_str(w, s); break;
    default:
        gw_jw_open(w, object ? '{' : '[');
        for (uint64_t i = gw_rand_below(r, 4); i; i--) {
            if (object)
                gw_jw_key_span(w, s);
            put_random(w, r, depth - 1);
        }
        gw_jw_close(w, object ? '}' : ']');
    }
}

static void json_comes_back_as_it_went(void **state)
{
    (void)state;
    struct gw_rand r = {2016};
    for (int turn = 0; turn < 1000; turn++) {
        struct gw_buf b = {.max = 1 << 20}, want = b;
        struct gw_jw w = gw_jw_on(&b);
        gw_put_str(&b, "--- ");
        gw_jw_open(&w, '[');
        put_random(&w, &r, 5);
        gw_jw_close(&w, ']');
        gw_put_fmt(&want, "0+%zu %.*s\n", b.len, (int)b.len - 4,
                   (const char *)b.at + 4);
        gw_put_u8(&want, 0);
        expect_documents(gw_buf_span(&b), (const char *)want.at);
        gw_buf_release(&b);
        gw_buf_release(&want);
    }
}

// Whatever the input, what is given is JSON, and the same in any chunks.
static void any_bytes_give_json_or_an_error(void **state)
{
    (void)state;
    static const char *const bits[] = {
        "---\n",  "...\n",     "a: ",      "- ",  "\n",         "  ",
        "? ",     ": ",        "[",        "]",   "{",          "}",
        ", ",     "'",         "\"",       "|\n", "&a ",        "*a ",
        "!!set ", "!!binary ", "# ",       "! ",  "%TAG ! x\n", "\x80",
        "\x07",   "\r",        "\xc2\x85", "1.5", "x",          "\\"};
    struct gw_rand r = {99};
    struct gw_json *parser = gw_json_new();
    for (int turn = 0; turn < 4000; turn++) {
        struct gw_buf b = {.max = 1 << 20}, whole = b, parts = b;
        for (uint64_t i = gw_rand_below(&r, 40); i; i--)
            gw_put_str(&b, bits[gw_rand_below(&r, GW_COUNT(bits))]);
        size_t chunk = 1 + (size_t)gw_rand_below(&r, 20);
        convert_all((struct drip){gw_buf_span(&b), SIZE_MAX, 0, 0}, &whole);
        convert_all((struct drip){gw_buf_span(&b), chunk, 0, 0}, &parts);
        assert_true(gw_eq(gw_buf_span(&whole), gw_buf_span(&parts)));
        gw_buf_room(&whole, GW_JSON_PADDING);
        for (gw_span rest = gw_buf_span(&whole); rest.len;) {
            gw_span line = gw_cut(&rest, '\n');
            gw_jv v;
            bool failed = gw_starts(line, "!");
            gw_cut(&line, ' ');
            if (!failed)
                assert_int_equal(gw_json_parse(parser, line, &v, NULL), 0);
        }
        gw_buf_release(&b);
        gw_buf_release(&whole);
        gw_buf_release(&parts);
    }
    gw_json_free(parser);
}

static bool two_documents(void)
{
    struct gw_buf out = {.max = 1 << 20};
    gw_span text = GW_LIT("---\n[&a !!binary YQ==, *a]\n---\n{b: c}\n");
    int n = convert_all((struct drip){text, 10, 0, 0}, &out);
    bool whole = gw_ends(gw_buf_span(&out), "}]\n27+11 {\"b\":\"c\"}\n");
    gw_buf_release(&out);
    return n == 0 && whole;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(two_documents) >= 7);
}

static void report_in_the_style_of_2015_reads_whole(void **state)
{
    (void)state;
    EXPECT("---\nprobe_cc: PK\nprobe_asn: AS64496\nprobe_city: !!binary |\n"
           "  S2FyYWNoaQ==\noptions: [-f, urls.txt]\nstart_time: 1446726576.0\n"
           "test_helpers: {}\ntest_version: '0.1'\n...\n"
           "---\ninput: http://example.org\nheaders_diff: !!set {}\n"
           "answers:\n- [<RR name=example.org type=A ttl=300s auth=False>, <A\n"
           "    address=192.0.2.1>]\nbody: !!binary |\n  PGh0bWw+\n"
           "# cut short here\n...\n",
           "0+164 {\"probe_cc\":\"PK\",\"probe_asn\":\"AS64496\","
           "\"probe_city\":{\"format\":\"base64\",\"data\":\"S2FyYWNoaQ==\"},"
           "\"options\":[\"-f\",\"urls.txt\"],\"start_time\":1446726576,"
           "\"test_helpers\":{},\"test_version\":\"0.1\"}\n"
           "164+191 {\"input\":\"http://example.org\",\"headers_diff\":[],"
           "\"answers\":[[\"<RR name=example.org type=A ttl=300s auth=False>\","
           "\"<A address=192.0.2.1>\"]],\"body\":{\"format\":\"base64\","
           "\"data\":\"PGh0bWw+\"}}\n");
}

static void expect_report(const char *name, const char *country)
{
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    struct gw_buf b = {.max = 1 << 20}, out = {.max = 1 << 20};
    snprintf(path, sizeof path, "%s/ooni/fastpath-fixtures/%s",
             data ? data : "", name);
    if (!data || gw_file_read(path, &b, NULL) < 0) {
        printf("skipped: no %s in GAWAH_DATA\n", name);
    } else {
        convert_all((struct drip){gw_buf_span(&b), 100, 0, 0}, &out);
        gw_span rest = gw_buf_span(&out);
        gw_span header = gw_cut(&rest, '\n'), entry = gw_cut(&rest, '\n');
        assert_true(gw_starts(header, "0+"));
        assert_true(gw_find(header, gw_str(country), 0) > 0);
        assert_true(entry.len && !gw_starts(entry, "!"));
        assert_int_equal(rest.len, 0);
    }
    gw_buf_release(&b);
    gw_buf_release(&out);
}

static void real_reports_read_whole(void **state)
{
    (void)state;
    expect_report("binary_city.yaml", "\"probe_cc\":\"IS\"");
    expect_report("dns_n_http_bin_body.yaml", "\"probe_cc\":\"TR\"");
    expect_report("http_invalid_request_line.yaml", "\"probe_cc\":\"SG\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_come_with_position_and_length),
        cmocka_unit_test(what_lies_between_documents_is_passed_over),
        cmocka_unit_test(only_a_mark_of_its_own_divides_documents),
        cmocka_unit_test(broken_document_costs_no_other),
        cmocka_unit_test(control_characters_are_named_with_their_line),
        cmocka_unit_test(source_that_fails_is_heard_after_what_it_gave),
        cmocka_unit_test(plain_scalars_mean_what_pyyaml_means),
        cmocka_unit_test(quoted_and_block_scalars_are_text),
        cmocka_unit_test(tags_give_the_plain_value),
        cmocka_unit_test(set_is_a_list_of_its_keys),
        cmocka_unit_test(binary_is_base64_without_its_blanks),
        cmocka_unit_test(keys_are_text_and_all_are_kept),
        cmocka_unit_test(aliases_stand_for_a_finished_anchor),
        cmocka_unit_test(aliases_of_aliases_are_refused),
        cmocka_unit_test(deepest_nesting_passes_and_one_more_is_refused),
        cmocka_unit_test(longest_document_passes_and_one_byte_more_is_refused),
        cmocka_unit_test(json_over_the_buffer_costs_one_document),
        cmocka_unit_test(what_would_take_long_is_refused),
        cmocka_unit_test(json_comes_back_as_it_went),
        cmocka_unit_test(any_bytes_give_json_or_an_error),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(report_in_the_style_of_2015_reads_whole),
        cmocka_unit_test(real_reports_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
