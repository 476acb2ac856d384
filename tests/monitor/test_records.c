// Where records begin and end: what is one, what is none, and that nothing
// beside what is damaged is lost.
#include "fault.h"
#include "records_case.h"

#include "../wire/unpack_make.h"

static void expect_chunks(gw_span text, gw_span unpacked, const char *want)
{
    static const size_t chunks[] = {1, 3, 64, SIZE_MAX};
    for (size_t i = 0; i < GW_COUNT(chunks); i++) {
        struct drip d = {text, chunks[i], 0};
        struct listing l = listing_new();
        l.unpacked = unpacked;
        assert_int_equal(list_from(drip, &d, &l, NULL), 0);
        assert_string_equal(log_text(&l), want);
        gw_buf_release(&l.log);
    }
}
#define EXPECT(text, want) expect_chunks(GW_LIT(text), GW_LIT(text), want)
#define NO_JSON            " -1002 not JSON (RFC 8259): neither an object n|"

// ---- lines --------------------------------------------------------------

static void each_line_is_a_record(void **state)
{
    (void)state;
    EXPECT("{\"a\":1}\n{\"a\":2}\n", "0+7 {\"a\":1}\n8+7 {\"a\":2}\n");
    EXPECT("", "");
    EXPECT("\n\n", "");
}

static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    EXPECT("{\"a\":1}", "0+7 {\"a\":1}\n");
    EXPECT("{\"a\":1}\n{\"a\":2}", "0+7 {\"a\":1}\n8+7 {\"a\":2}\n");
}

static void blanks_and_carriage_returns_are_no_part_of_a_record(void **state)
{
    (void)state;
    EXPECT("\n  {\"a\":1}\r\n\r\n \t\n{\"a\":2} \r\n",
           "3+7 {\"a\":1}\n17+7 {\"a\":2}\n");
}

static void a_byte_order_mark_is_no_part_of_a_record(void **state)
{
    (void)state;
    EXPECT("\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n",
           "3+7 {\"a\":1}\n11+7 {\"a\":2}\n");
    EXPECT("\xef\xbb\xbf[{\"a\":1}]", "4+7 {\"a\":1}\n");
    EXPECT("\xef\xbb\xbf", "");
}

// Whether a line is JSON is seen later; here it is a line like any other.
static void a_broken_line_is_only_that_line(void **state)
{
    (void)state;
    EXPECT("{\"a\":1}\n{\"a\":\"b\n{}}\nx\n{\"a\":2}\n",
           "0+7 {\"a\":1}\n8+7 {\"a\":\"b\n16+3 {}}\n20+1 x\n"
           "22+7 {\"a\":2}\n");
}

static void a_file_that_begins_in_the_middle_of_a_line_is_read_on(void **state)
{
    (void)state;
    EXPECT("b\":\"c\"}\n{\"a\":2}\n", "0+7 b\":\"c\"}\n8+7 {\"a\":2}\n");
    EXPECT("{\"a\":\"b\n{\"a\":2}\n", "0+7 {\"a\":\"b\n8+7 {\"a\":2}\n");
}

// ---- documents ----------------------------------------------------------

static void a_document_may_span_lines(void **state)
{
    (void)state;
    EXPECT("{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
           "0+27 {\n  \"a\": {\n    \"b\": 1\n  }\n}\n");
    EXPECT("\n{\n}", "1+3 {\n}\n");
}

static void several_documents_may_follow_one_another(void **state)
{
    (void)state;
    EXPECT("{\n}\n{\n}{\"a\":[1,{\n}]}\n{}\n",
           "0+3 {\n}\n4+3 {\n}\n7+13 {\"a\":[1,{\n}]}\n21+2 {}\n");
    EXPECT("{\"a\":1} {\"a\":2}\n{\"a\":3}\n",
           "0+7 {\"a\":1}\n8+7 {\"a\":2}\n16+7 {\"a\":3}\n");
}

static void a_list_of_documents_is_taken_apart(void **state)
{
    (void)state;
    EXPECT("[{\"a\":1},\n {\"a\":2}]\n", "1+7 {\"a\":1}\n11+7 {\"a\":2}\n");
    EXPECT("[]", "");
    EXPECT("[\n]\n[{}]", "5+2 {}\n");
}

static void brackets_in_texts_do_not_count(void **state)
{
    (void)state;
    EXPECT("[{\"}\":\"]\\\"}\\\\\",\"{\":\"[\"}]",
           "1+22 {\"}\":\"]\\\"}\\\\\",\"{\":\"[\"}\n");
}

static void a_list_of_what_is_no_document_is_shown_as_damage(void **state)
{
    (void)state;
    EXPECT("[1,2,3]\n", "!1+7" NO_JSON "1,2,3]\n\n");
    EXPECT("[{\"a\":1},7,\n{\"a\":2}]",
           "1+7 {\"a\":1}\n12+7 {\"a\":2}\n!9+3" NO_JSON "7,\n\n");
}

static void a_damaged_document_costs_only_itself(void **state)
{
    (void)state;
    // cut inside a text
    EXPECT("{\n \"a\":1\n}\n{\n \"a\":\"b\n{\n \"a\":2\n}\n{\n}\n",
           "0+10 {\n \"a\":1\n}\n21+10 {\n \"a\":2\n}\n32+3 {\n}\n"
           "!11+10" NO_JSON "{\n \"a\":\"b\n\n");
    // cut between texts
    EXPECT("{\n \"a\":1\n}\n{\n \"a\":[\n{\n \"a\":2\n}\n{\n}\n",
           "0+10 {\n \"a\":1\n}\n20+10 {\n \"a\":2\n}\n31+3 {\n}\n"
           "!11+9" NO_JSON "{\n \"a\":[\n\n");
    // one bracket too many
    EXPECT("{\n}}\n{\n}\n", "0+3 {\n}\n5+3 {\n}\n!3+2" NO_JSON "}\n\n");
    // the last one cut
    EXPECT("{\n}\n{\n \"a\":", "0+3 {\n}\n!4+7" NO_JSON "{\n \"a\":\n");
}

static void every_damage_is_told_however_many_there_are(void **state)
{
    (void)state;
    struct gw_buf text = made();
    gw_put_str(&text, "[\n");
    for (int i = 0; i < 5000; i++)
        gw_put_str(&text, "{\"a\":[\n{\"b\":2},\n");
    struct drip d = {gw_buf_span(&text), SIZE_MAX, 0};
    struct listing l = listing_new();
    assert_int_equal(list_from(drip, &d, &l, NULL), 0);
    assert_int_equal(l.misfits, 5000);
    assert_int_equal(l.records, 5000);
    gw_buf_release(&l.log);
    gw_buf_release(&text);
}

// Each byte of these once made the reader look at all bytes after it.
static void nested_damage_takes_no_more_than_its_length(void **state)
{
    (void)state;
    static const char *const units[] = {"{\n",   "{\"\n{", "{\n \"a\":1\n",
                                        "[[{\n", "{",      "{\"a\":\""};
    for (size_t i = 0; i < GW_COUNT(units); i++) {
        struct gw_buf text = made();
        while (text.len < 1 << 20)
            gw_put_str(&text, units[i]);
        struct drip d = {gw_buf_span(&text), SIZE_MAX, 0};
        struct listing l = listing_new();
        assert_int_equal(list_from(drip, &d, &l, NULL), 0);
        assert_true(l.misfits + l.records > 0);
        gw_buf_release(&l.log);
        gw_buf_release(&text);
    }
}

static void json_with_comments_is_refused_by_name(void **state)
{
    (void)state;
    EXPECT("// a comment\n{\"a\":1}\n",
           "!0+21 -1006 JSON with comments (JSONC) is not JSON (|"
           "// a comment\n{\"a\":1}\n\n");
    EXPECT("\n /* a */ {}", "!0+12 -1006 JSON with comments (JSONC) is not "
                            "JSON (|\n /* a */ {}\n");
}

// ---- giants -------------------------------------------------------------

struct giant { // a head, then as many x as said, then a tail
    gw_span head, tail;
    size_t middle;
};

static int64_t giant(void *ctx, uint8_t *bytes, size_t len)
{
    struct giant *g = ctx;
    gw_span *part = g->head.len ? &g->head : g->middle ? NULL : &g->tail;
    size_t left = part ? part->len : g->middle, n = len < left ? len : left;
    if (!part) {
        memset(bytes, 'x', n);
        g->middle -= n;
    } else if (n) {
        memcpy(bytes, part->at, n);
        *part = gw_sub(*part, n, part->len);
    }
    return (int64_t)n;
}

#define GIANT " -27 a record over 64 MiB: larger than any me|"

static void expect_giant(const char *head, const char *tail, const char *want)
{
    struct giant g = {gw_str(head), gw_str(tail), 66 << 20};
    struct listing l = listing_new();
    assert_int_equal(list_from(giant, &g, &l, NULL), 0);
    assert_string_equal(log_text(&l), want);
    gw_buf_release(&l.log);
}

static void a_giant_line_is_refused_and_the_next_is_taken(void **state)
{
    (void)state;
    expect_giant("{\"a\":1}\n{\"a\":\"", "\"}\n{\"a\":2}\n",
                 "0+7 {\"a\":1}\n69206033+7 {\"a\":2}\n"
                 "!8+69206025" GIANT "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxx\n");
}

static void a_giant_line_may_be_the_first(void **state)
{
    (void)state;
    expect_giant("{\"a\":\"", "\"}\n{\"a\":2}\n",
                 "69206025+7 {\"a\":2}\n"
                 "!0+69206025" GIANT "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxx\n");
}

static void a_giant_document_is_refused_and_the_next_is_taken(void **state)
{
    (void)state;
    expect_giant("{\n}\n{\n \"a\":\"", "\"\n}\n{\n}\n",
                 "0+3 {\n}\n69206032+3 {\n}\n"
                 "!4+69206026" GIANT "{\n \"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxx\n"
                 "!69206030+2" NO_JSON "}\n\n");
}

// ---- YAML, tar, compression ---------------------------------------------

static void entries_of_a_yaml_report_come_with_its_header(void **state)
{
    (void)state;
    gw_span text = GW_LIT("---\nh: 1\n...\n---\na: 1\n...\n---\na: [\n---\n"
                          "a: 2\n...\n");
    expect_chunks(text, text,
                  "13+13 {\"header\":{\"h\":1},\"entry\":{\"a\":1}}\n"
                  "35+13 {\"header\":{\"h\":1},\"entry\":{\"a\":2}}\n"
                  "!26+0 -1002 document at byte 26, line 9: did not fin|\n");
}

static struct gw_buf postcans(void)
{
    struct gw_buf tar = made();
    put_tar(&tar, "20240212/a.post", '0', GW_LIT("{\"a\":1}"));
    put_tar(&tar, "20240212/", '5', gw_str(NULL));
    put_tar(&tar, "20240212/b.post", '0', GW_LIT("{\n\"a\":2}\n"));
    put_tar(&tar, "empty", '0', gw_str(NULL));
    put_tar(&tar, "c.jsonl", '0', GW_LIT("{\"a\":3}\n\n{\"a\":4}"));
    put_tar(&tar, "d.yaml", '0', GW_LIT("---\nh: 1\n---\na: 5\n"));
    put_tar(&tar, "e.json", '0', GW_LIT("// no\n{}"));
    put_tar(&tar, "f.json", '0', GW_LIT("[{\"a\":6}]"));
    put_tar_end(&tar);
    return tar;
}

static const char postcans_listed[] =
    "0+7 20240212/a.post {\"a\":1}\n"
    "7+8 20240212/b.post {\n\"a\":2}\n"
    "16+7 c.jsonl {\"a\":3}\n"
    "25+7 c.jsonl {\"a\":4}\n"
    "41+9 d.yaml {\"header\":{\"h\":1},\"entry\":{\"a\":5}}\n"
    "59+7 f.json {\"a\":6}\n"
    "!50+8 -1006 JSON with comments (JSONC) is not JSON (|// no\n{}\n";

static void each_member_of_a_tar_is_read_in_its_own_way(void **state)
{
    (void)state;
    struct gw_buf tar = postcans(), packed = made();
    expect_chunks(gw_buf_span(&tar), gw_str(NULL), postcans_listed);
    make_gzip(&packed, gw_buf_span(&tar));
    expect_chunks(gw_buf_span(&packed), gw_str(NULL), postcans_listed);
    gw_buf_release(&tar);
    gw_buf_release(&packed);
}

static void what_came_before_a_cut_is_used(void **state)
{
    (void)state;
    struct gw_buf text = made(), packed = made();
    put_text(&text, 100000, 5);
    make_gzip(&packed, gw_buf_span(&text));
    struct drip d = {gw_sub(gw_buf_span(&packed), 0, packed.len / 2), 4096, 0};
    struct listing l = listing_new();
    struct gw_why why = {0};
    l.unpacked = gw_buf_span(&text);
    assert_int_equal(list_from(drip, &d, &l, &why), GW_EFEW);
    assert_true(why.text[0]);
    assert_in_range(l.records, 500, 1200);
    gw_buf_release(&l.log);
    gw_buf_release(&text);
    gw_buf_release(&packed);
}

static void a_source_that_fails_is_an_error_after_what_it_gave(void **state)
{
    (void)state;
    struct drip d = {GW_LIT("{\"a\":1}\n{\"a\":2}\n"), 5, GW_EIO};
    struct listing l = listing_new();
    assert_int_equal(list_from(drip, &d, &l, NULL), GW_EIO);
    assert_string_equal(log_text(&l), "0+7 {\"a\":1}\n8+7 {\"a\":2}\n");
    gw_buf_release(&l.log);
}

// ---- batches ------------------------------------------------------------

// Lines, documents and damage of many sizes, some larger than a step.
static struct gw_buf mixture(uint64_t seed, bool lines, size_t len)
{
    struct gw_rand r = {seed};
    struct gw_buf text = made();
    gw_put_str(&text, lines ? "{}\n" : "{\n}\n");
    while (text.len < len) {
        size_t n = gw_rand_below(&r, 20) ? 900 : 400000;
        gw_put_str(&text, "{\"a\":\"");
        memset(room(&text, n), 'y', n);
        text.len += gw_rand_below(&r, n);
        gw_put_str(&text, gw_rand_below(&r, 30) ? "\"" : "");
        gw_put_str(&text, gw_rand_below(&r, 30) ? "}" : "");
        gw_put_str(&text, lines || gw_rand_below(&r, 4) ? "\n" : ",");
    }
    return text;
}

static struct listing batches_of(gw_span text, size_t chunk, bool plain)
{
    struct drip d = {text, chunk, 0};
    struct listing l = listing_new();
    l.batches = true;
    if (plain)
        l.unpacked = text;
    assert_int_equal(list_from(drip, &d, &l, NULL), 0);
    return l;
}

static void batches_depend_on_the_bytes_alone(void **state)
{
    (void)state;
    static const size_t chunks[] = {777, 65536, 1 << 20};
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct gw_buf text = mixture(seed, seed % 2, 9 << 20);
        struct listing all = batches_of(gw_buf_span(&text), SIZE_MAX, true);
        gw_span want = gw_buf_span(&all.log);
        assert_true(gw_find(want, GW_LIT("batch\n"), 1) > 0);
        for (size_t i = 0; i < GW_COUNT(chunks); i++) {
            struct listing l = batches_of(gw_buf_span(&text), chunks[i], true);
            assert_true(gw_eq(gw_buf_span(&l.log), want));
            gw_buf_release(&l.log);
        }
        gw_buf_release(&all.log);
        gw_buf_release(&text);
    }
}

// Every byte that is not blank is in a record or in a misfit.
static void nothing_is_lost_between_records(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++) {
        struct gw_buf text = mixture(seed, seed % 2, 3 << 20);
        struct listing l = batches_of(gw_buf_span(&text), SIZE_MAX, true);
        gw_span rest = gw_buf_span(&l.log);
        size_t covered = 0, blank = 0;
        while (rest.len) {
            gw_span line = gw_cut(&rest, '\n');
            if (gw_starts(line, "!"))
                line = gw_sub(line, 1, line.len);
            uint64_t length;
            gw_cut(&line, '+');
            if (gw_parse_uint(gw_cut(&line, ' '), SIZE_MAX, &length))
                covered += length;
        }
        for (size_t i = 0; i < text.len; i++)
            blank += text.at[i] == '\n' || text.at[i] == ',';
        assert_in_range(covered, text.len - blank, text.len);
        gw_buf_release(&l.log);
        gw_buf_release(&text);
    }
}

static void many_small_members_make_batches_too(void **state)
{
    (void)state;
    struct gw_buf tar = made();
    for (int i = 0; i < 10000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.post", i);
        put_tar(&tar, name, '0', GW_LIT("{\"a\":1}"));
    }
    put_tar_end(&tar);
    struct listing l = batches_of(gw_buf_span(&tar), SIZE_MAX, false);
    assert_int_equal(l.records, 10000);
    assert_int_equal(l.misfits, 0);
    gw_buf_release(&l.log);
    gw_buf_release(&tar);
}

// ---- faults -------------------------------------------------------------

static struct gw_buf faulty; // made outside of the failing part

static bool read_postcans(void)
{
    struct drip d = {gw_buf_span(&faulty), SIZE_MAX, 0};
    struct listing l = listing_new();
    static uint8_t log[4096]; // so that only the reader allocates
    l.log = (struct gw_buf){log, 0, sizeof log, sizeof log, 0};
    int rc = list_from(drip, &d, &l, NULL);
    assert_true(rc == 0 || rc == GW_ENOMEM);
    if (rc == 0)
        assert_string_equal(log_text(&l), postcans_listed);
    return rc == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    faulty = postcans();
    assert_true(gw_fault_each_alloc(read_postcans) > 10);
    gw_buf_release(&faulty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_record),
        cmocka_unit_test(the_last_line_needs_no_end),
        cmocka_unit_test(blanks_and_carriage_returns_are_no_part_of_a_record),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_a_record),
        cmocka_unit_test(a_broken_line_is_only_that_line),
        cmocka_unit_test(a_file_that_begins_in_the_middle_of_a_line_is_read_on),
        cmocka_unit_test(a_document_may_span_lines),
        cmocka_unit_test(several_documents_may_follow_one_another),
        cmocka_unit_test(a_list_of_documents_is_taken_apart),
        cmocka_unit_test(brackets_in_texts_do_not_count),
        cmocka_unit_test(a_list_of_what_is_no_document_is_shown_as_damage),
        cmocka_unit_test(a_damaged_document_costs_only_itself),
        cmocka_unit_test(every_damage_is_told_however_many_there_are),
        cmocka_unit_test(nested_damage_takes_no_more_than_its_length),
        cmocka_unit_test(json_with_comments_is_refused_by_name),
        cmocka_unit_test(a_giant_line_is_refused_and_the_next_is_taken),
        cmocka_unit_test(a_giant_line_may_be_the_first),
        cmocka_unit_test(a_giant_document_is_refused_and_the_next_is_taken),
        cmocka_unit_test(entries_of_a_yaml_report_come_with_its_header),
        cmocka_unit_test(each_member_of_a_tar_is_read_in_its_own_way),
        cmocka_unit_test(what_came_before_a_cut_is_used),
        cmocka_unit_test(a_source_that_fails_is_an_error_after_what_it_gave),
        cmocka_unit_test(batches_depend_on_the_bytes_alone),
        cmocka_unit_test(nothing_is_lost_between_records),
        cmocka_unit_test(many_small_members_make_batches_too),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
