// The Merkle tree over an object's records: the same as one built here from
// the bytes, whatever the container and the number of threads; and what a leaf
// of the ledger says of it.
#include "ingest_case.h"

#define put_text put_text_of_containers // place.h has one of its own
#include "../wire/unpack_make.h"
#undef put_text

#define LINE(name)                                                             \
    "{\"test_name\":\"" name "\",\"measurement_start_time\":\"2024-02-12 "     \
    "20:33:47\",\"test_keys\":{\"tcp_connect\":[{\"ip\":\"192.0.2.1\","        \
    "\"port\":443,\"status\":{\"success\":true}}]}}"

// ---- the tree, built by hand --------------------------------------------

struct by_hand {
    struct gw_range range;
    int64_t positions[64]; // of the first records
    struct gw_hash32 leaves[64];
};

static void expect_one(struct by_hand *t, int64_t position, gw_span record)
{
    struct gw_hash32 leaf = gw_leaf_hash(record);
    if (t->range.size < GW_COUNT(t->leaves)) {
        t->positions[t->range.size] = position;
        t->leaves[t->range.size] = leaf;
    }
    gw_range_add(&t->range, &leaf);
}

// Lines that are not blank, without the blanks around them.
static struct by_hand lines_of(gw_span text)
{
    struct by_hand t = {.range = {.size = 0}};
    gw_span rest = text;
    while (rest.len) {
        gw_span line = gw_trim(gw_cut(&rest, '\n'));
        if (line.len)
            expect_one(&t, line.at - text.at, line);
    }
    return t;
}

// ---- what the archive says ----------------------------------------------

static gw_span newest_leaf(struct ingest_case *c, const char *object,
                           struct gw_leaf_row *row, struct gw_buf *entry)
{
    gw_buf_init(entry, GW_LEAF_MAX);
    assert_int_equal(
        gw_leaf_newest(c->archive, "evidence", object, row, entry, NULL), 0);
    struct gw_leaf_read read;
    assert_int_equal(gw_leaf_read(row->entry, NULL, &read, NULL), 0);
    assert_int_equal(read.type, GW_LEAF_EVIDENCE);
    assert_int_equal(read.digests, 8);
    assert_int_equal(read.day, noon.fixed / GW_DAY * GW_DAY);
    return row->entry;
}

static bool leaf_says(struct ingest_case *c, const char *object,
                      const char *name, const char *json)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_span value =
        gw_leaf_member(newest_leaf(c, object, &row, &entry), name, arena);
    bool same = json ? gw_is(value, json) : !value.at;
    if (!same)
        print_error("%s is %.*s\n", name, (int)value.len,
                    (const char *)value.at);
    gw_arena_free(arena);
    gw_buf_release(&entry);
    return same;
}

static void leaf_has(struct ingest_case *c, const char *object,
                     const struct gw_range *records)
{
    char json[200];
    struct gw_hash32 root = gw_range_root(records);
    struct gw_buf text;
    gw_buf_init(&text, 100);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(root.at, sizeof root.at), &text);
    snprintf(json, sizeof json, "{\"count\":%llu,\"root\":\"%.*s\"}",
             (unsigned long long)records->size, (int)text.len, text.at);
    assert_true(leaf_says(c, object, "records", json));
    gw_buf_release(&text);
}

static struct gw_buf found(struct ingest_case *c, const char *object,
                           int64_t position, struct gw_tree *tree,
                           uint64_t *index)
{
    struct gw_buf record;
    struct gw_why why = {0};
    gw_buf_init(&record, 256 << 20);
    int rc = gw_record_tree(c->archive, object, position, tree, index, &record,
                            &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return record;
}

// Each record is found by its position, hashes to its leaf, and its place in
// the tree can be proved.
static void leads_back(struct ingest_case *c, const char *object,
                       const struct by_hand *want)
{
    struct gw_hash32 root = gw_range_root(&want->range);
    for (uint64_t i = 0; i < want->range.size && i < 8; i++) {
        struct gw_tree *tree = gw_tree_new();
        struct gw_proof proof;
        uint64_t index = UINT64_MAX;
        struct gw_buf record =
            found(c, object, want->positions[i], tree, &index);
        struct gw_hash32 leaf = gw_leaf_hash(gw_buf_span(&record));
        assert_int_equal(index, i);
        assert_int_equal(gw_tree_size(tree), want->range.size);
        assert_memory_equal(&leaf, &want->leaves[i], sizeof leaf);
        assert_int_equal(gw_inclusion_prove(gw_tree_node, tree, index,
                                            want->range.size, &proof, NULL),
                         0);
        assert_int_equal(gw_inclusion_check(&leaf, index, want->range.size,
                                            &proof, &root, NULL),
                         0);
        gw_buf_release(&record);
        gw_tree_free(tree);
    }
}

// Takes in a file and compares.
static void has_tree(struct ingest_case *c, const char *name, gw_span bytes,
                     const struct by_hand *want)
{
    take_in(c, file_in(c, name, bytes));
    struct gw_object o = object_named(c, name);
    leaf_has(c, o.hash, &want->range);
    leads_back(c, o.hash, want);
}

// ---- containers ---------------------------------------------------------

static void lines_are_records_whatever_they_are_packed_in(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    static const char text[] = LINE("a") "\r\n\n  " LINE("b") " \n{\"no\":1}\n"
                                                              "{\n" LINE("c");
    struct by_hand want = lines_of(gw_str(text));
    assert_int_equal(want.range.size, 5);
    struct gw_buf gz = made(), zst = made();
    make_gzip(&gz, gw_str(text));
    make_zstd(&zst, gw_str(text));
    has_tree(&c, "a.jsonl", gw_str(text), &want);
    has_tree(&c, "a.jsonl.gz", gw_buf_span(&gz), &want);
    has_tree(&c, "a.jsonl.zst", gw_buf_span(&zst), &want);
    struct gw_object o = object_named(&c, "a.jsonl");
    assert_int_equal(o.records + o.refused, 5); // refused ones are among them
    assert_int_equal(o.refused, 2);
    gw_buf_release(&gz);
    gw_buf_release(&zst);
    ingest_free(&c);
}

static void documents_are_records(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    static const char one[] = "{\n\"test_name\":\"x\",\n\"test_keys\":{}\n}";
    static const char two[] = "{\n\"test_name\":\"y\",\"test_keys\":[]\n}";
    char text[200];
    int at = snprintf(text, sizeof text, "\n[%s,\n", one);
    snprintf(text + at, sizeof text - (size_t)at, "%s]\n", two);
    struct by_hand want = {.range = {.size = 0}};
    expect_one(&want, 2, gw_str(one));
    expect_one(&want, at, gw_str(two));
    has_tree(&c, "p.json", gw_str(text), &want);
    ingest_free(&c);
}

static void postcans_in_a_tar_are_records_in_its_order(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(2);
    static const char one[] = "{\"format\":\"json\",\"content\":" LINE("a") "}";
    static const char two[] = "{\"format\":\"json\",\"content\":" LINE("b") "}";
    struct gw_buf tar = made();
    put_tar(&tar, "b/1.post", '0', gw_str(one));
    put_tar(&tar, "b/2.post", '0', gw_str(two));
    put_tar_end(&tar);
    struct by_hand want = {.range = {.size = 0}};
    gw_span all = gw_buf_span(&tar);
    expect_one(&want, 0, gw_str(one)); // positions count members only
    expect_one(&want, sizeof one - 1, gw_str(two));
    struct gw_buf gz = made();
    make_gzip(&gz, all);
    has_tree(&c, "t.tar", all, &want);
    has_tree(&c, "t.tar.gz", gw_buf_span(&gz), &want);
    gw_buf_release(&tar);
    gw_buf_release(&gz);
    ingest_free(&c);
}

static void entries_of_a_report_are_records_as_they_lie_there(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    static const char head[] = "---\ntest_name: x\n...\n";
    struct by_hand want = {.range = {.size = 0}};
    struct gw_buf text = made();
    gw_put_str(&text, head);
    struct gw_rand r = {7};
    for (int i = 0; i < 50; i++) { // some longer than what is read at a time
        size_t from = text.len;
        gw_put_fmt(&text, "---\ninput: http://h%d.example/\nbody: \"", i);
        for (uint64_t n = gw_rand_below(&r, 40000); n > 16; n -= 16)
            gw_put_fmt(&text, "%016llx", (unsigned long long)gw_rand_next(&r));
        gw_put_str(&text, "\"\n...\n");
        expect_one(&want, (int64_t)from,
                   gw_sub(gw_buf_span(&text), from, text.len));
    }
    has_tree(&c, "y.yaml", gw_buf_span(&text), &want);
    gw_buf_release(&text);
    ingest_free(&c);
}

static void runs_of_rows_are_the_records_of_an_export(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    static const char head[] = "measurement_uid,probe_asn,dns_answer\n";
    static const char one[] = "u1,1,192.0.2.1\nu1,1,192.0.2.2\n";
    static const char two[] = "u2,1,\"a\"\n", three[] = "u3,1,b";
    char text[300];
    snprintf(text, sizeof text, "%s%s%s%s", head, one, two, three);
    struct by_hand want = {.range = {.size = 0}};
    expect_one(&want, sizeof head - 1, gw_str(one));
    expect_one(&want, sizeof head + sizeof one - 2, gw_str(two));
    expect_one(&want, sizeof head + sizeof one + sizeof two - 3, gw_str(three));
    has_tree(&c, "e.csv", gw_str(text), &want);
    ingest_free(&c);
}

static void what_is_no_measurement_has_no_records(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    struct by_hand none = {.range = {.size = 0}};
    has_tree(&c, "e.txt", GW_LIT("192.0.2.0/24\t64501\n"), &none);
    has_tree(&c, "f.unknown", GW_LIT("?"), &none);
    struct gw_object o = object_named(&c, "e.txt");
    struct gw_tree *tree = gw_tree_new();
    struct gw_why why = {0};
    struct gw_buf record;
    uint64_t index;
    gw_buf_init(&record, 10);
    assert_int_equal(
        gw_record_tree(c.archive, o.hash, 0, tree, &index, &record, &why),
        GW_ENOENT);
    assert_non_null(strstr(why.text, "no record begins at position 0"));
    assert_int_equal(
        gw_record_tree(c.archive, o.hash, -1, tree, NULL, NULL, NULL), 0);
    assert_int_equal(gw_tree_size(tree), 0);
    gw_tree_free(tree);
    ingest_free(&c);
}

// ---- many records -------------------------------------------------------

static struct gw_buf many(uint64_t seed)
{
    struct gw_buf text = made();
    struct gw_rand r = {seed};
    while (text.len < 10 << 20) {
        gw_put_fmt(&text, "{\"test_name\":\"t\",\"test_keys\":{\"a\":\"%llx",
                   (unsigned long long)gw_rand_next(&r));
        for (uint64_t n = gw_rand_below(&r, 60); n; n--)
            gw_put_fmt(&text, "%016llx", (unsigned long long)gw_rand_next(&r));
        gw_put_str(&text, gw_rand_below(&r, 30) ? "\"}}\n" : "\"}\n\n");
    }
    return text;
}

static void threads_do_not_show_in_the_tree(void **state)
{
    (void)state;
    struct gw_buf text = many(3);
    struct by_hand want = lines_of(gw_buf_span(&text));
    assert_true(want.range.size > 10000);
    for (int threads = 1; threads <= 3; threads++) {
        struct ingest_case c = ingest_new(threads);
        take_in(&c, file_in(&c, "a.jsonl", gw_buf_span(&text)));
        leaf_has(&c, object_named(&c, "a.jsonl").hash, &want.range);
        ingest_free(&c);
    }
    gw_buf_release(&text);
}

static void a_record_of_a_later_batch_is_found(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    struct gw_buf text = many(4);
    gw_span all = gw_buf_span(&text);
    take_in(&c, file_in(&c, "a.jsonl", all));
    struct gw_object o = object_named(&c, "a.jsonl");
    struct gw_tree *tree = gw_tree_new();
    struct gw_hash32 node;
    uint64_t index;
    size_t at = (size_t)gw_find(all, GW_LIT("\n{"), 9 << 20) + 1;
    struct by_hand before = lines_of(gw_sub(all, 0, at));
    struct gw_buf record = found(&c, o.hash, (int64_t)at, tree, &index);
    assert_int_equal(index, before.range.size);
    assert_true(gw_eq(gw_buf_span(&record), gw_sub(all, at, record.len)));
    assert_int_equal(all.at[at + record.len], '\n');
    struct gw_hash32 leaf = gw_leaf_hash(gw_buf_span(&record));
    assert_int_equal(gw_tree_node(tree, 0, index, &node, NULL), 0);
    assert_memory_equal(&node, &leaf, sizeof leaf);
    struct gw_tree *other = gw_tree_new();
    assert_int_equal(gw_record_tree(c.archive, o.hash, (int64_t)at + 1, other,
                                    &index, &record, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_tree_size(other), gw_tree_size(tree));
    gw_tree_free(other);
    gw_tree_free(tree);
    gw_buf_release(&record);
    gw_buf_release(&text);
    ingest_free(&c);
}

static void an_object_cut_short_has_the_records_before_the_cut(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    struct gw_buf text = many(5), gz = made();
    make_gzip(&gz, gw_buf_span(&text));
    take_in(&c, file_in(&c, "a.gz", gw_sub(gw_buf_span(&gz), 0, gz.len / 2)));
    struct gw_object o = object_named(&c, "a.gz");
    assert_int_equal(o.state, GW_FAILED);
    assert_true(leaf_says(&c, o.hash, "state", "\"failed\""));
    struct gw_tree *tree = gw_tree_new();
    uint64_t index;
    struct gw_buf record = found(&c, o.hash, 0, tree, &index);
    assert_true(gw_tree_size(tree) > 1000);
    struct gw_range range = {.size = 0};
    for (uint64_t i = 0; i < gw_tree_size(tree); i++) {
        struct gw_hash32 leaf;
        assert_int_equal(gw_tree_node(tree, 0, i, &leaf, NULL), 0);
        gw_range_add(&range, &leaf);
    }
    leaf_has(&c, o.hash, &range);
    gw_buf_release(&record);
    gw_tree_free(tree);
    gw_buf_release(&text);
    gw_buf_release(&gz);
    ingest_free(&c);
}

static void what_is_redacted_has_no_tree_any_more(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in(&c, file_in(&c, "a.jsonl", GW_LIT(LINE("a"))));
    struct gw_object o = object_named(&c, "a.jsonl");
    assert_int_equal(gw_evidence_redact(c.archive, o.hash, NULL), 0);
    assert_int_equal(gw_ledger_commit(c.ledger, NULL), 0);
    struct gw_tree *tree = gw_tree_new();
    struct gw_why why = {0};
    assert_int_equal(
        gw_record_tree(c.archive, o.hash, -1, tree, NULL, NULL, &why),
        GW_EREFUSED);
    assert_non_null(strstr(why.text, "withheld by redaction"));
    why = (struct gw_why){0};
    struct gw_excerpt e;
    assert_int_equal(gw_evidence_excerpt(c.archive, o.hash, 0, 5, &e, &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "withheld by redaction"));
    take_in(&c, NULL); // the file is still there, and is passed over
    assert_int_equal(c.sum.withheld, 1);
    assert_int_equal(c.sum.kept + c.sum.known, 0);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    assert_int_equal(c.sum.records, 0);
    gw_tree_free(tree);
    ingest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_records_whatever_they_are_packed_in),
        cmocka_unit_test(documents_are_records),
        cmocka_unit_test(postcans_in_a_tar_are_records_in_its_order),
        cmocka_unit_test(entries_of_a_report_are_records_as_they_lie_there),
        cmocka_unit_test(runs_of_rows_are_the_records_of_an_export),
        cmocka_unit_test(what_is_no_measurement_has_no_records),
        cmocka_unit_test(threads_do_not_show_in_the_tree),
        cmocka_unit_test(a_record_of_a_later_batch_is_found),
        cmocka_unit_test(an_object_cut_short_has_the_records_before_the_cut),
        cmocka_unit_test(what_is_redacted_has_no_tree_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
