// From files to an archive of facts: what is kept, what is refused, and that
// the same evidence always makes the same bytes.
#include "ingest_case.h"

#define put_text put_text_of_containers // place.h has one of its own
#include "../wire/unpack_make.h"
#undef put_text
#include "facts_sample.h"

#define LINE(name)                                                             \
    "{\"test_name\":\"" name "\",\"measurement_start_time\":\"2024-02-12 "     \
    "20:33:47\",\"test_keys\":{\"tcp_connect\":[{\"ip\":\"192.0.2.1\","        \
    "\"port\":443,\"status\":{\"success\":true}}]}}"

static struct gw_buf sample_json(void)
{
    struct gw_buf b = made();
    gw_put_str(&b, sample_measurement);
    for (size_t i = 0; i < b.len; i++)
        b.at[i] = b.at[i] == '\'' ? '"' : b.at[i];
    return b;
}

// ---- the same again -----------------------------------------------------

static void a_file_becomes_an_object_with_facts(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n" LINE("y") "\n");
    assert_int_equal(c.sum.files, 1);
    assert_int_equal(c.sum.kept, 1);
    assert_int_equal(c.sum.records, 2);
    assert_int_equal(c.sum.refused, 0);
    struct gw_object o = object_named(&c, "/in/a.jsonl");
    assert_int_equal(o.kind, GW_KIND_OONI_JSON);
    assert_int_equal(o.state, GW_DONE);
    assert_int_equal(o.records, 2);
    assert_string_equal(o.source, "a test");
    assert_string_equal(o.licence, "CC0");
    assert_string_equal(o.error, "");
    struct tally t = each_block(&c, o.hash, NULL, NULL);
    assert_int_equal(t.rows[GW_TABLE_measurement], 2);
    assert_int_equal(t.rows[GW_TABLE_tcp], 2);
    ingest_free(&c);
}

static void the_same_file_twice_changes_nothing(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n{\n");
    struct digest before = digest_of(&c);
    struct gw_object o = object_named(&c, "/in/a.jsonl");
    take_in(&c, NULL);
    assert_int_equal(c.sum.kept, 0);
    assert_int_equal(c.sum.known, 1);
    assert_int_equal(c.sum.records, 0);
    assert_int_equal(c.sum.rebuilt, 0);
    same_digest(digest_of(&c), before);
    struct gw_object again = object_named(&c, "/in/a.jsonl");
    assert_memory_equal(&again, &o, sizeof o);
    take_in_text(&c, "other name.jsonl", LINE("x") "\n{\n");
    assert_int_equal(c.sum.kept, 0);
    same_digest(digest_of(&c), before);
    ingest_free(&c);
}

static void making_all_facts_again_gives_the_same_bytes(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n{\n");
    take_in_text(&c, "b.jsonl", LINE("y") "\n");
    struct digest before = digest_of(&c);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    assert_int_equal(c.sum.records, 2);
    assert_int_equal(c.sum.refused, 1);
    same_digest(digest_of(&c), before);
    ingest_free(&c);
}

// ---- threads and order --------------------------------------------------

static struct gw_buf many_lines(uint64_t seed, size_t len)
{
    struct gw_buf sample = sample_json(), text = made();
    struct gw_rand r = {seed};
    while (text.len < len) {
        gw_put_fmt(&text,
                   "{\"test_name\":\"t%llu\",\"input\":\"http://h%llu.example/"
                   "\",\"test_keys\":{\"a\":%llu}}\n",
                   (unsigned long long)gw_rand_below(&r, 9),
                   (unsigned long long)gw_rand_below(&r, 999),
                   (unsigned long long)gw_rand_next(&r));
        if (gw_rand_below(&r, 4) == 0) {
            gw_put_span(&text, gw_buf_span(&sample));
            gw_put_str(&text, "\n");
        }
        if (gw_rand_below(&r, 50) == 0)
            gw_put_str(&text, "not json\n\n");
    }
    gw_buf_release(&sample);
    return text;
}

enum { FILES = 5 };

// Takes in the files in an order of their own, some together, some alone.
static struct digest digest_of_files(int threads, const int *order, bool alone)
{
    struct ingest_case c = ingest_new(threads);
    for (int i = 0; i < FILES; i++) {
        char name[32];
        int k = order[i];
        struct gw_buf text = many_lines((uint64_t)k, k == 2 ? 9 << 20 : 20000);
        snprintf(name, sizeof name, "%c-%d.jsonl", 'a' + i, k);
        const char *path = file_in(&c, name, gw_buf_span(&text));
        if (alone)
            take_in(&c, path);
        gw_buf_release(&text);
    }
    take_in(&c, NULL);
    struct digest d = digest_of(&c);
    assert_int_equal(d.segments, FILES);
    ingest_free(&c);
    return d;
}

static void threads_and_order_do_not_show(void **state)
{
    (void)state;
    static const int orders[][FILES] = {
        {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 4, 0, 3, 1}};
    struct digest want = digest_of_files(1, orders[0], false);
    same_digest(digest_of_files(2, orders[0], false), want);
    same_digest(digest_of_files(2, orders[1], false), want);
    same_digest(digest_of_files(1, orders[2], true), want);
    same_digest(digest_of_files(3, orders[2], true), want);
}

// Some 4 MiB of these make more rows than a block should hold.
static void very_small_records_make_several_blocks(void **state)
{
    (void)state;
    enum { RECORDS = 120000 };
    struct digest first = {{0}, 0};
    struct gw_buf text = made();
    for (int i = 0; i < RECORDS; i++)
        gw_put_str(&text, "{\"test_name\":\"x\",\"test_keys\":0}\n");
    for (int threads = 1; threads <= 2; threads++) {
        struct ingest_case c = ingest_new(threads);
        take_in(&c, file_in(&c, "a.jsonl", gw_buf_span(&text)));
        struct gw_object o = object_named(&c, "a.jsonl");
        assert_int_equal(o.records, RECORDS);
        struct tally t = each_block(&c, o.hash, NULL, NULL);
        assert_int_equal(t.rows[GW_TABLE_measurement], RECORDS);
        assert_int_equal(t.blocks, 2);
        if (threads == 1)
            first = digest_of(&c);
        same_digest(digest_of(&c), first);
        ingest_free(&c);
    }
    gw_buf_release(&text);
}

// ---- what is not understood ---------------------------------------------

static void a_format_that_is_not_known_is_kept_and_told(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    file_in(&c, "a.bin",
            GW_LIT("\x7f"
                   "ELF\x02\x01"));
    file_in(&c, "b.jsonl", GW_LIT(LINE("x") "\n"));
    file_in(&c, "c.empty", gw_str(""));
    take_in(&c, NULL);
    assert_int_equal(c.sum.unknown, 2);
    assert_int_equal(c.sum.records, 1);
    struct gw_object o = object_named(&c, "a.bin");
    assert_int_equal(o.kind, GW_KIND_UNKNOWN);
    assert_int_equal(o.state, GW_FAILED);
    assert_string_equal(o.error, "not a format that is known here");
    assert_int_equal(gw_evidence_check(c.archive, o.hash, NULL), 0);
    assert_int_equal(object_named(&c, "c.empty").state, GW_FAILED);
    assert_int_equal(object_named(&c, "b.jsonl").state, GW_DONE);
    take_in(&c, NULL);
    assert_int_equal(c.sum.unknown, 0); // told once
    ingest_free(&c);
}

struct refusals {
    int count;
    struct gw_refusal last;
    char bytes[256];
};

static int see_refusal(void *ctx, const struct gw_refusal *r)
{
    struct refusals *s = ctx;
    s->count++;
    s->last = *r;
    snprintf(s->bytes, sizeof s->bytes, "%.*s", (int)r->bytes.len,
             (const char *)r->bytes.at);
    return 0;
}

static void a_refusal_says_which_bytes_of_which_file_and_why(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    static const char text[] = LINE("x") "\n{\"no\":\"name\"}\n" LINE("y");
    take_in_text(&c, "a.jsonl", text);
    struct gw_object o = object_named(&c, "a.jsonl");
    assert_int_equal(o.records, 2);
    assert_int_equal(o.refused, 1);
    assert_int_equal(c.sum.refused, 1);
    struct refusals s = {0};
    assert_int_equal(gw_refusals_each(c.archive, o.hash, see_refusal, &s, NULL),
                     0);
    assert_int_equal(s.count, 1);
    assert_string_equal(s.last.object, o.hash);
    assert_int_equal(s.last.offset, sizeof LINE("x"));
    assert_int_equal(s.last.length, 13);
    assert_int_equal(s.last.code, GW_EREFUSED);
    assert_non_null(strstr(s.last.reason, "test_name is missing"));
    assert_string_equal(s.bytes, "{\"no\":\"name\"}");
    ingest_free(&c);
}

static void damage_in_the_middle_costs_only_itself(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl",
                 LINE("x") "\n{\"test_name\":\"y\",\"test_ke\n" LINE("z") "\n");
    assert_int_equal(object_named(&c, "a.jsonl").records, 2);
    take_in_text(&c, "b.json",
                 "{\n\"test_name\":\"x\",\"test_keys\":{}\n}\n{\n\"test_na\n"
                 "{\n\"test_name\":\"z\",\"test_keys\":{}\n}\n");
    assert_int_equal(object_named(&c, "b.json").records, 2);
    assert_int_equal(object_named(&c, "b.json").refused, 1);
    ingest_free(&c);
}

static void a_file_cut_short_keeps_what_came_before(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    struct gw_buf text = many_lines(3, 300000), packed = made();
    make_gzip(&packed, gw_buf_span(&text));
    take_in(&c, file_in(&c, "a.gz",
                        gw_sub(gw_buf_span(&packed), 0, packed.len * 3 / 4)));
    struct gw_object o = object_named(&c, "a.gz");
    assert_int_equal(o.state, GW_FAILED);
    assert_true(o.error[0]);
    assert_true(o.records > 100);
    assert_int_equal(c.sum.failed, 1);
    struct tally t = each_block(&c, o.hash, NULL, NULL);
    assert_int_equal(t.rows[GW_TABLE_measurement], o.records);
    struct digest before = digest_of(&c);
    take_in(&c, NULL); // it is not tried again and again
    assert_int_equal(c.sum.records, 0);
    same_digest(digest_of(&c), before);
    gw_buf_release(&text);
    gw_buf_release(&packed);
    ingest_free(&c);
}

// ---- reference data that comes later ------------------------------------

#define TABLE "# dated 2024-01-01\n192.0.2.0/24\t64501\n"

static void see_asn(void *ctx, const struct gw_block *b)
{
    size_t n;
    const struct gw_tcp_row *r = gw_rows_tcp(b, &n);
    assert_int_equal(n, 1);
    *(int64_t *)ctx = r->ip_asn;
}

static int64_t asn_in(struct ingest_case *c)
{
    int64_t asn = 0;
    each_block(c, object_named(c, "a.jsonl").hash, see_asn, &asn);
    return asn;
}

static void reference_data_that_come_later_make_facts_again(void **state)
{
    (void)state;
    struct ingest_case late = ingest_new(1), early = ingest_new(2);
    take_in_text(&late, "a.jsonl", LINE("x") "\n");
    assert_true(asn_in(&late) == GW_NULL);
    struct digest without = digest_of(&late);
    late.options.dated = early.options.dated =
        gw_time_civil(2024, 1, 1, 0, 0, 0);
    take_in_text(&late, "prefixes.txt", TABLE);
    assert_int_equal(late.sum.references, 1);
    assert_int_equal(late.sum.rebuilt, 1);
    assert_int_equal(asn_in(&late), 64501);
    take_in_text(&early, "prefixes.txt", TABLE);
    take_in_text(&early, "a.jsonl", LINE("x") "\n");
    same_digest(digest_of(&late), digest_of(&early));
    assert_string_not_equal(digest_of(&late).hex, without.hex);
    take_in(&late, NULL);
    assert_int_equal(late.sum.rebuilt, 0);
    ingest_free(&late);
    ingest_free(&early);
}

// ---- back to the bytes --------------------------------------------------

struct looking {
    struct ingest_case *c;
    const char *hash;
    gw_span begins;
    int64_t looked;
};

static void look_at_bytes(void *ctx, const struct gw_block *b)
{
    struct looking *l = ctx;
    size_t n;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    for (size_t i = 0; i < n; i++) {
        struct gw_excerpt e = {.leaf_start = -1};
        struct gw_why why = {0};
        int rc = gw_evidence_excerpt(l->c->archive, l->hash, m[i].record,
                                     m[i].length, &e, &why);
        if (rc)
            print_error("%s\n", why.text);
        assert_int_equal(rc, 0);
        gw_span s = gw_buf_span(&e.bytes);
        assert_int_equal(s.len, m[i].length);
        assert_true(s.len > l->begins.len &&
                    memcmp(s.at, l->begins.at, l->begins.len) == 0);
        l->looked++;
        gw_buf_release(&e.bytes);
    }
}

static int64_t looked_back(struct ingest_case *c, const char *name,
                           gw_span bytes, const char *begins)
{
    take_in(c, file_in(c, name, bytes));
    struct gw_object o = object_named(c, name);
    struct looking l = {c, o.hash, gw_str(begins), 0};
    each_block(c, o.hash, look_at_bytes, &l);
    assert_int_equal(l.looked, o.records);
    return l.looked;
}

static void every_measurement_leads_back_to_its_bytes(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(2);
    struct gw_buf text = many_lines(5, 60000), gz = made(), tar = made();
    make_gzip(&gz, gw_buf_span(&text));
    put_tar(&tar, "a.jsonl", '0', GW_LIT(LINE("x") "\n\n " LINE("y")));
    put_tar(&tar, "b.post", '0', GW_LIT(LINE("z")));
    put_tar_end(&tar);
    assert_true(looked_back(&c, "a.jsonl", gw_buf_span(&text), "{\"") > 30);
    assert_true(looked_back(&c, "a.gz", gw_buf_span(&gz), "{\"") > 30);
    assert_int_equal(looked_back(&c, "t.tar", gw_buf_span(&tar), "{\"test"), 3);
    assert_int_equal(looked_back(&c, "p.json",
                                 GW_LIT("\n[\n" LINE("x") ",\n" LINE("y") "]"),
                                 "{\"test_name\""),
                     2);
    assert_int_equal(looked_back(&c, "y.yaml",
                                 GW_LIT("---\ntest_name: x\n...\n---\n"
                                        "input: a\n...\n---\ninput: b\n"),
                                 "---\ninput: "),
                     2);
    assert_int_equal(
        looked_back(&c, "e.csv",
                    GW_LIT("measurement_uid,probe_asn,dns_answer\n"
                           "u1,1,192.0.2.1\nu1,1,192.0.2.2\nu2,1,\"a\"\n"),
                    "u"),
        2);
    gw_buf_release(&text);
    gw_buf_release(&gz);
    gw_buf_release(&tar);
    ingest_free(&c);
}

static void an_excerpt_beyond_the_object_is_an_error(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n");
    struct gw_object o = object_named(&c, "a.jsonl");
    struct gw_excerpt e;
    struct gw_why why = {0};
    assert_int_equal(
        gw_evidence_excerpt(c.archive, o.hash, 1 << 20, 5, &e, &why),
        GW_ENOENT);
    why = (struct gw_why){0};
    assert_true(gw_evidence_excerpt(c.archive, o.hash, 10, 1 << 20, &e, &why) <
                0);
    ingest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_an_object_with_facts),
        cmocka_unit_test(the_same_file_twice_changes_nothing),
        cmocka_unit_test(making_all_facts_again_gives_the_same_bytes),
        cmocka_unit_test(threads_and_order_do_not_show),
        cmocka_unit_test(very_small_records_make_several_blocks),
        cmocka_unit_test(a_format_that_is_not_known_is_kept_and_told),
        cmocka_unit_test(a_refusal_says_which_bytes_of_which_file_and_why),
        cmocka_unit_test(damage_in_the_middle_costs_only_itself),
        cmocka_unit_test(a_file_cut_short_keeps_what_came_before),
        cmocka_unit_test(reference_data_that_come_later_make_facts_again),
        cmocka_unit_test(every_measurement_leads_back_to_its_bytes),
        cmocka_unit_test(an_excerpt_beyond_the_object_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
