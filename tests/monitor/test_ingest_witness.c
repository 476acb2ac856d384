// What the ledger says of each object that was taken in, when it says more,
// and what it keeps to itself.
#include "ingest_case.h"

#define LINE(name)                                                             \
    "{\"test_name\":\"" name "\",\"measurement_start_time\":\"2024-02-12 "     \
    "20:33:47\",\"test_keys\":{\"tcp_connect\":[{\"ip\":\"192.0.2.1\","        \
    "\"port\":443,\"status\":{\"success\":true}}]}}"

static int count_leaf(void *ctx, const struct gw_leaf_row *leaf)
{
    (void)leaf;
    ++*(int *)ctx;
    return 0;
}

static int leaves_in(struct ingest_case *c)
{
    int n = 0;
    assert_int_equal(
        gw_leaves_each(c->archive, 0, "evidence", count_leaf, &n, NULL), 0);
    return n;
}

// ---- one leaf -----------------------------------------------------------

struct leaf {
    struct gw_leaf_row row;
    struct gw_buf entry, secret;
    struct gw_arena *arena;
};

static struct leaf leaf_of(struct ingest_case *c, const char *object)
{
    struct leaf l = {.arena = gw_arena_new(1 << 20)};
    gw_buf_init(&l.entry, GW_LEAF_MAX);
    gw_buf_init(&l.secret, 1 << 20);
    assert_int_equal(
        gw_leaf_newest(c->archive, "evidence", object, &l.row, &l.entry, NULL),
        0);
    return l;
}

static void leaf_free(struct leaf *l)
{
    gw_arena_free(l->arena);
    gw_buf_release(&l->entry);
    gw_buf_release(&l->secret);
}

static void says(const struct leaf *l, const char *name, const char *json)
{
    gw_span value = gw_leaf_member(l->row.entry, name, l->arena);
    if (!json) {
        assert_null(value.at);
        return;
    }
    if (!gw_is(value, json))
        print_error("%s: %.*s\n", name, (int)value.len, (const char *)value.at);
    assert_true(gw_is(value, json));
}

static bool entry_has(const struct leaf *l, const char *text)
{
    return gw_find(l->row.entry, gw_str(text), 0) >= 0;
}

// Opens the box with the key of the archive and looks for a disclosure.
static void hides(struct ingest_case *c, struct leaf *l, const char *name,
                  const char *json)
{
    char keys[200];
    struct gw_key key;
    struct gw_buf box;
    gw_jv v;
    bool found = false;
    gw_buf_init(&box, 1 << 20);
    gw_buf_reset(&l->secret);
    snprintf(keys, sizeof keys, "%s/keys", c->place.archive);
    assert_int_equal(gw_keyring_open(keys, GW_ROLE_BOX, GW_LIT(""), &key, NULL),
                     0);
    assert_int_equal(gw_leaf_secret(c->archive, l->row.index, &box, NULL), 0);
    assert_int_equal(gw_box_open(&key.box, gw_buf_span(&box), &l->secret, NULL),
                     0);
    assert_non_null(gw_buf_room(&l->secret, GW_JSON_PADDING));
    struct gw_json *parser = gw_json_new();
    assert_int_equal(gw_json_parse(parser, gw_buf_span(&l->secret), &v, NULL),
                     0);
    for (gw_jit it = gw_jv_iter(gw_jv_get(v, "disclosures"));
         gw_jit_next(&it);) {
        gw_span n, value;
        assert_int_equal(gw_leaf_disclosed(l->row.entry, gw_jv_str(it.value),
                                           l->arena, &n, &value, NULL),
                         0);
        found |= gw_is(n, name) && gw_is(value, json);
    }
    assert_true(found);
    gw_json_free(parser);
    gw_buf_release(&box);
}

// ---- what is said -------------------------------------------------------

static void the_leaf_of_an_object_says_what_it_is_and_hides_whose(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "zebra.jsonl", LINE("x") "\n" LINE("y") "\n");
    struct gw_object o = object_named(&c, "zebra.jsonl");
    struct leaf l = leaf_of(&c, o.hash);
    char text[200], segment[65], name[1100];
    snprintf(text, sizeof text, "\"%s\"", o.hash);
    says(&l, "object", text);
    snprintf(text, sizeof text, "%lld", (long long)o.size);
    says(&l, "bytes", text);
    says(&l, "kind", "\"ooni-json\"");
    says(&l, "state", "\"done\"");
    says(&l, "again", NULL);
    assert_int_equal(
        gw_segment_hash(c.archive, GW_TIER_FACTS, o.hash, segment, NULL), 0);
    snprintf(text, sizeof text, "{\"segment\":\"%s\",\"version\":%d}", segment,
             GW_FACTS_VERSION);
    says(&l, "facts", text);
    for (size_t i = 0; i < 4; i++)
        says(&l, (const char *[]){"name", "source", "licence", "added"}[i],
             NULL);
    assert_false(entry_has(&l, "zebra") || entry_has(&l, "a test"));
    snprintf(name, sizeof name, "\"%s\"", o.name);
    hides(&c, &l, "name", name);
    hides(&c, &l, "source", "\"a test\"");
    hides(&c, &l, "licence", "\"CC0\"");
    hides(&c, &l, "added", "\"2023-11-14 22:13:20\"");
    leaf_free(&l);
    ingest_free(&c);
}

static void what_failed_and_what_is_reference_has_a_leaf_too(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    file_in(&c, "a.unknown", GW_LIT("?"));
    file_in(&c, "b.txt", GW_LIT("192.0.2.0/24\t64501\n"));
    take_in(&c, NULL);
    struct leaf failed = leaf_of(&c, object_named(&c, "a.unknown").hash);
    struct leaf table = leaf_of(&c, object_named(&c, "b.txt").hash);
    says(&failed, "state", "\"failed\"");
    says(&failed, "kind", "\"unknown\"");
    says(&table, "state", "\"done\"");
    says(&table, "kind", "\"prefix-as\"");
    static const char none[] = // the SHA-256 of nothing
        "{\"count\":0,\"root\":"
        "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}";
    says(&failed, "records", none);
    says(&table, "records", none);
    says(&failed, "facts", NULL);
    says(&table, "facts", NULL);
    assert_int_equal(leaves_in(&c), 2);
    leaf_free(&failed);
    leaf_free(&table);
    ingest_free(&c);
}

// ---- when more is said --------------------------------------------------

static void what_was_said_is_not_said_again(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    file_in(&c, "a.jsonl", GW_LIT(LINE("x") "\n{\n"));
    file_in(&c, "b.txt", GW_LIT("192.0.2.0/24\t64501\n"));
    file_in(&c, "c.unknown", GW_LIT("?"));
    take_in(&c, NULL);
    assert_int_equal(leaves_in(&c), 3);
    take_in(&c, NULL);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    ingest_close(&c);
    ingest_open(&c, GW_ARCHIVE_WRITE);
    take_in(&c, NULL);
    assert_int_equal(leaves_in(&c), 3);
    ingest_free(&c);
}

static void facts_that_changed_are_said_again(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n");
    struct gw_object o = object_named(&c, "a.jsonl");
    struct leaf first = leaf_of(&c, o.hash);
    take_in_text(&c, "b.txt", "192.0.2.0/24\t64501\n");
    assert_int_equal(c.sum.rebuilt, 1);
    struct leaf second = leaf_of(&c, o.hash);
    assert_int_equal(leaves_in(&c), 3);
    char index[24];
    snprintf(index, sizeof index, "%llu", (unsigned long long)first.row.index);
    says(&second, "again", index);
    gw_span one = gw_leaf_member(first.row.entry, "facts", first.arena);
    gw_span two = gw_leaf_member(second.row.entry, "facts", second.arena);
    assert_true(one.at && two.at && !gw_eq(one, two));
    one = gw_leaf_member(first.row.entry, "records", first.arena);
    two = gw_leaf_member(second.row.entry, "records", second.arena);
    assert_true(gw_eq(one, two));
    leaf_free(&first);
    leaf_free(&second);
    ingest_free(&c);
}

static void objects_from_before_the_ledger_get_their_leaves(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(2);
    file_in(&c, "a.jsonl", GW_LIT(LINE("x") "\n{\n"));
    file_in(&c, "b.txt", GW_LIT("192.0.2.0/24\t64501\n"));
    file_in(&c, "c.unknown", GW_LIT("?"));
    take_in(&c, NULL);
    struct digest before = digest_of(&c);
    ingest_close(&c);
    // As the upgrade from version 1 leaves it.
    by_hand(&c.place, "DROP TRIGGER leaf_not_removed; DELETE FROM secret;"
                      "DELETE FROM leaf;"
                      "UPDATE object SET witnessed = 0, state = 'pending'");
    ingest_open(&c, GW_ARCHIVE_WRITE);
    assert_int_equal(leaves_in(&c), 0);
    take_in(&c, NULL);
    assert_int_equal(leaves_in(&c), 3);
    assert_int_equal(object_named(&c, "a.jsonl").state, GW_DONE);
    assert_int_equal(object_named(&c, "b.txt").state, GW_DONE);
    assert_int_equal(object_named(&c, "c.unknown").state, GW_FAILED);
    same_digest(digest_of(&c), before);
    ingest_free(&c);
}

// ---- in confidence ------------------------------------------------------

static void is_confidential(struct ingest_case *c, const char *object)
{
    struct leaf l = leaf_of(c, object);
    static const char *const hidden[] = {"object", "bytes", "kind",  "records",
                                         "facts",  "state", "again", "name"};
    for (size_t i = 0; i < GW_COUNT(hidden); i++)
        says(&l, hidden[i], NULL); // as if it were a decoy
    char text[100];
    snprintf(text, sizeof text, "\"%s\"", object);
    hides(c, &l, "object", text);
    hides(c, &l, "kind", "\"ooni-json\"");
    assert_false(entry_has(&l, object));
    leaf_free(&l);
}

static void in_confidence_it_says_only_that_there_was_something(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    c.options.confidential = true;
    take_in_text(&c, "a.jsonl", LINE("x") "\n" LINE("y") "\n");
    struct gw_object o = object_named(&c, "a.jsonl");
    is_confidential(&c, o.hash);
    c.options.confidential = false; // once so, it stays so
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    take_in(&c, NULL);
    assert_int_equal(leaves_in(&c), 1);
    take_in_text(&c, "b.txt", "192.0.2.0/24\t64501\n");
    assert_int_equal(c.sum.rebuilt, 1);
    is_confidential(&c, o.hash);
    assert_int_equal(leaves_in(&c), 2); // of new facts it says nothing
    ingest_free(&c);
}

static void set_stop(void *ctx, const struct gw_ingest_progress *p)
{
    (void)p;
    *(atomic_int *)ctx = 1;
}

static void broken_off_it_stays_in_confidence(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    atomic_int stop = 0;
    c.options.confidential = true;
    c.options.stop = &stop;
    c.options.progress = set_stop;
    c.options.ctx = &stop;
    take_in_text(&c, "a.jsonl", LINE("x") "\n");
    assert_true(c.sum.stopped);
    struct gw_object o = object_named(&c, "a.jsonl");
    assert_int_equal(o.state, GW_PENDING);
    assert_int_equal(leaves_in(&c), 0);
    c.options.confidential = false;
    c.options.stop = NULL;
    c.options.progress = NULL;
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    is_confidential(&c, o.hash);
    ingest_free(&c);
}

static void what_is_public_cannot_be_taken_back(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "a.jsonl", LINE("x") "\n");
    c.options.confidential = true;
    take_in(&c, NULL);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    assert_int_equal(leaves_in(&c), 1);
    struct leaf l = leaf_of(&c, object_named(&c, "a.jsonl").hash);
    says(&l, "kind", "\"ooni-json\"");
    leaf_free(&l);
    ingest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_leaf_of_an_object_says_what_it_is_and_hides_whose),
        cmocka_unit_test(what_failed_and_what_is_reference_has_a_leaf_too),
        cmocka_unit_test(what_was_said_is_not_said_again),
        cmocka_unit_test(facts_that_changed_are_said_again),
        cmocka_unit_test(objects_from_before_the_ledger_get_their_leaves),
        cmocka_unit_test(in_confidence_it_says_only_that_there_was_something),
        cmocka_unit_test(broken_off_it_stays_in_confidence),
        cmocka_unit_test(what_is_public_cannot_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
