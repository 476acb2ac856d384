// Leaves come in order, stay as they are, and are found again; what they hide
// can be burnt.
#include "place.h"

static int add(struct gw_archive *a, uint64_t index, const char *type,
               const char *subject, const char *entry, const char *secret)
{
    struct gw_leaf_row leaf = {.index = index, .entry = gw_str(entry)};
    struct gw_hash32 hash = gw_leaf_hash(leaf.entry);
    snprintf(leaf.type, sizeof leaf.type, "%s", type);
    snprintf(leaf.subject, sizeof leaf.subject, "%s", subject);
    memcpy(leaf.hash, hash.at, sizeof leaf.hash);
    return gw_leaf_add(a, &leaf, gw_str(secret), NULL);
}

static uint64_t leaves(struct gw_archive *a)
{
    uint64_t n = 99;
    assert_int_equal(gw_leaf_count(a, &n, NULL), 0);
    return n;
}

static struct gw_buf buf(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    return b;
}

static struct gw_archive *with_three(const struct place *p)
{
    struct gw_archive *a = archive_in(p, GW_ARCHIVE_CREATE);
    assert_int_equal(leaves(a), 0);
    assert_int_equal(add(a, 0, "key", "keys", "k", ""), 0);
    assert_int_equal(add(a, 1, "evidence", "ab", "e1", "box 1"), 0);
    assert_int_equal(add(a, 2, "evidence", "ab", "e2", "box 2"), 0);
    assert_int_equal(leaves(a), 3);
    commit(a);
    return a;
}

static void a_leaf_is_found_by_index_and_as_the_newest(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = with_three(&p);
    struct gw_leaf_row leaf;
    struct gw_buf b = buf();
    gw_put_str(&b, "before ");
    assert_int_equal(gw_leaf_get(a, 1, &leaf, &b, NULL), 0);
    assert_int_equal(leaf.index, 1);
    assert_string_equal(leaf.type, "evidence");
    assert_string_equal(leaf.subject, "ab");
    assert_true(gw_is(leaf.entry, "e1"));
    assert_true(gw_is(gw_buf_span(&b), "before e1")); // appended
    struct gw_hash32 hash = gw_leaf_hash(GW_LIT("e1"));
    assert_memory_equal(leaf.hash, hash.at, sizeof hash.at);
    gw_buf_reset(&b);
    assert_int_equal(gw_leaf_newest(a, "evidence", "ab", &leaf, &b, NULL), 0);
    assert_int_equal(leaf.index, 2);
    gw_buf_reset(&b);
    struct gw_why why = {0};
    assert_int_equal(gw_leaf_get(a, 3, &leaf, &b, &why), GW_ENOENT);
    assert_non_null(strstr(why.text, "leaf 3"));
    assert_int_equal(gw_leaf_get(a, UINT64_MAX, &leaf, &b, NULL), GW_ENOENT);
    assert_int_equal(gw_leaf_newest(a, "key", "ab", &leaf, &b, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_leaf_newest(a, "evidence", "a", &leaf, &b, NULL),
                     GW_ENOENT);
    assert_int_equal(b.len, 0);
    gw_buf_release(&b);
    gw_archive_close(a);
    place_remove(&p);
}

static void a_leaf_out_of_order_is_refused(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = with_three(&p);
    static const uint64_t wrong[] = {0, 2, 4, UINT64_MAX};
    for (size_t i = 0; i < GW_COUNT(wrong); i++)
        assert_int_equal(add(a, wrong[i], "key", "keys", "x", ""), GW_ECORRUPT);
    assert_int_equal(leaves(a), 3);
    assert_int_equal(add(a, 3, "key", "keys", "x", ""), 0);
    gw_archive_close(a); // without a commit: as if it had never been
    a = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_int_equal(leaves(a), 3);
    assert_int_equal(add(a, 3, "key", "keys", "y", ""), 0);
    gw_archive_close(a);
    place_remove(&p);
}

struct seen {
    char text[64];
    int end_at; // the call that ends it, or 0
};

static int see(void *ctx, const struct gw_leaf_row *leaf)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%llu%.*s ",
             (unsigned long long)leaf->index, (int)leaf->entry.len,
             (const char *)leaf->entry.at);
    return s->end_at && --s->end_at == 0 ? 7 : 0;
}

static const char *seen_from(struct gw_archive *a, uint64_t from,
                             const char *type)
{
    static struct seen s;
    s = (struct seen){0};
    assert_int_equal(gw_leaves_each(a, from, type, see, &s, NULL), 0);
    return s.text;
}

static void leaves_are_walked_in_order_from_any_on(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = with_three(&p);
    assert_string_equal(seen_from(a, 0, NULL), "0k 1e1 2e2 ");
    assert_string_equal(seen_from(a, 2, NULL), "2e2 ");
    assert_string_equal(seen_from(a, 3, NULL), "");
    assert_string_equal(seen_from(a, UINT64_MAX, NULL), "");
    assert_string_equal(seen_from(a, 0, "evidence"), "1e1 2e2 ");
    assert_string_equal(seen_from(a, 0, "redact"), "");
    struct seen s = {.end_at = 2};
    assert_int_equal(gw_leaves_each(a, 0, NULL, see, &s, NULL), 7);
    assert_string_equal(s.text, "0k 1e1 ");
    gw_archive_close(a);
    place_remove(&p);
}

static bool hides(struct gw_archive *a, uint64_t index, const char *secret)
{
    struct gw_buf b = buf();
    int rc = gw_leaf_secret(a, index, &b, NULL);
    bool same =
        secret ? rc == 0 && gw_is(gw_buf_span(&b), secret) : rc == GW_ENOENT;
    gw_buf_release(&b);
    return same;
}

static void a_secret_is_kept_until_it_is_burnt(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = with_three(&p);
    assert_true(hides(a, 0, NULL) && hides(a, 1, "box 1"));
    assert_true(hides(a, 2, "box 2") && hides(a, 3, NULL));
    assert_int_equal(gw_leaf_burn(a, 1, NULL), 0);
    assert_int_equal(gw_leaf_burn(a, 1, NULL), 0); // it is burnt: fine
    assert_int_equal(gw_leaf_burn(a, 0, NULL), 0);
    assert_int_equal(gw_leaf_burn(a, 3, NULL), GW_ENOENT);
    commit(a);
    assert_true(hides(a, 1, NULL) && hides(a, 2, "box 2"));
    assert_string_equal(seen_from(a, 0, NULL), "0k 1e1 2e2 ");
    gw_archive_close(a);
    place_remove(&p);
}

// Tries SQL in the catalogue, as somebody else might; what SQLite says.
static int tried_by_hand(const struct place *p, const char *text)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/gawah.db", p->archive);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rc;
}

static void other_programs_cannot_change_a_leaf_either(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = with_three(&p);
    gw_archive_close(a);
    static const char *const tries[] = {
        "UPDATE leaf SET entry = x'00' WHERE idx = 1",
        "UPDATE leaf SET idx = 7 WHERE idx = 2",
        "DELETE FROM leaf WHERE idx = 2",
        "DELETE FROM leaf",
        "INSERT OR REPLACE INTO leaf VALUES (1, 'key', 'x', zeroblob(32), '')",
        "INSERT INTO leaf VALUES (9, 'key', 'x', zeroblob(32), '')",
        "INSERT INTO leaf (type, subject, hash, entry)"
        " VALUES ('key', 'x', zeroblob(32), '')",
        "INSERT INTO leaf VALUES (3, 'key', 'x', zeroblob(31), x'')",
    };
    for (size_t i = 0; i < GW_COUNT(tries); i++)
        assert_int_equal(tried_by_hand(&p, tries[i]), SQLITE_CONSTRAINT);
    assert_int_equal(
        tried_by_hand(
            &p, "INSERT INTO leaf VALUES (3, 'key', 'x', zeroblob(32), x'')"),
        SQLITE_OK);
    a = archive_in(&p, GW_ARCHIVE_READ);
    assert_string_equal(seen_from(a, 0, NULL), "0k 1e1 2e2 3 ");
    gw_archive_close(a);
    place_remove(&p);
}

static int unwitnessed(struct gw_archive *a, char hash[65])
{
    memset(hash, 0, 65);
    int rc = gw_evidence_unwitnessed(a, hash, NULL);
    assert_in_range(rc, 0, 1);
    return rc;
}

static void an_object_without_a_leaf_is_found(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object one = put_text(a, "one"), two = put_text(a, "two");
    char hash[65];
    assert_int_equal(unwitnessed(a, hash), 0); // pending: nothing to say yet
    one.state = GW_DONE;
    two.state = GW_FAILED;
    assert_int_equal(gw_evidence_describe(a, &one, NULL), 0);
    assert_int_equal(unwitnessed(a, hash), 1);
    assert_string_equal(hash, one.hash);
    assert_int_equal(add(a, 0, "custody", one.hash, "c", ""), 0);
    assert_int_equal(unwitnessed(a, hash), 1); // that speaks of something else
    assert_int_equal(add(a, 1, "evidence", one.hash, "e", ""), 0);
    assert_int_equal(unwitnessed(a, hash), 0);
    assert_int_equal(gw_evidence_describe(a, &two, NULL), 0);
    assert_int_equal(unwitnessed(a, hash), 1);
    assert_string_equal(hash, two.hash);
    commit(a);
    assert_int_equal(gw_evidence_redact(a, two.hash, NULL), 0);
    assert_int_equal(unwitnessed(a, hash), 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void an_archive_for_reading_takes_no_leaf(void **state)
{
    (void)state;
    struct place p = place_new();
    gw_archive_close(with_three(&p));
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_READ);
    assert_int_equal(add(a, 3, "key", "keys", "x", ""), GW_EREFUSED);
    assert_int_equal(gw_leaf_burn(a, 1, NULL), GW_EREFUSED);
    assert_int_equal(leaves(a), 3);
    gw_archive_close(a);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_is_found_by_index_and_as_the_newest),
        cmocka_unit_test(a_leaf_out_of_order_is_refused),
        cmocka_unit_test(leaves_are_walked_in_order_from_any_on),
        cmocka_unit_test(a_secret_is_kept_until_it_is_burnt),
        cmocka_unit_test(other_programs_cannot_change_a_leaf_either),
        cmocka_unit_test(an_object_without_a_leaf_is_found),
        cmocka_unit_test(an_archive_for_reading_takes_no_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
