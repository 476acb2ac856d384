// After a redaction nothing of the object is left on the disk but that it was
// there, and nobody can bring it back by mistake. Broken off anywhere, it is
// as before or done.
#include "place.h"
#include "watched.h"

#define SECRET_NAME   "zebra-source-name"
#define SECRET_ALIAS  "zebra-other-name"
#define SECRET_SOURCE "zebra-informant"
#define SECRET_BYTES  "zebra-refused-bytes"
#define SECRET_BOX    "zebra-box"

static const char *const secrets[] = {SECRET_NAME, SECRET_ALIAS, SECRET_SOURCE,
                                      SECRET_BYTES, SECRET_BOX};
static const char content[] = "zebra content of the object";

static int redact(struct gw_archive *a, const char *hash)
{
    return gw_evidence_redact(a, hash, NULL);
}

static void add_refusals(struct gw_archive *a, const char *hash)
{
    static uint8_t bytes[9000]; // some of it on pages of its own
    for (size_t i = 0; i + 32 < sizeof bytes; i += 32)
        memcpy(bytes + i, SECRET_BYTES, sizeof SECRET_BYTES - 1);
    struct gw_refusal r = {.code = GW_EFORMAT,
                           .bytes = gw_span_of(bytes, sizeof bytes)};
    snprintf(r.object, sizeof r.object, "%s", hash);
    snprintf(r.reason, sizeof r.reason, "%s", SECRET_BYTES);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gw_refusal_add(a, &r, NULL), 0);
}

static void add_leaf(struct gw_archive *a, const char *hash, const char *box)
{
    struct gw_leaf_row leaf = {.type = "evidence", .entry = GW_LIT("{}")};
    assert_int_equal(gw_leaf_count(a, &leaf.index, NULL), 0);
    snprintf(leaf.subject, sizeof leaf.subject, "%s", hash);
    assert_int_equal(gw_leaf_add(a, &leaf, gw_str(box), NULL), 0);
}

// An object with something of everything, and another that must stay.
static struct gw_object with_object(struct gw_archive *a)
{
    struct gw_object other = put_span(a, "other", GW_LIT("other"));
    struct gw_object o = put_span(a, SECRET_NAME, gw_str(content));
    put_span(a, SECRET_ALIAS, gw_str(content));
    o.state = other.state = GW_DONE;
    o.kind = GW_KIND_OONI_JSON;
    o.records = 3;
    snprintf(o.source, sizeof o.source, "%s", SECRET_SOURCE);
    snprintf(o.error, sizeof o.error, "%s", SECRET_SOURCE);
    assert_int_equal(gw_evidence_describe(a, &o, NULL), 0);
    assert_int_equal(gw_evidence_describe(a, &other, NULL), 0);
    assert_int_equal(put_segment(a, o.hash, "facts", NULL), 0);
    assert_int_equal(put_segment(a, other.hash, "others", NULL), 0);
    add_refusals(a, o.hash);
    add_leaf(a, o.hash, SECRET_BOX);
    add_leaf(a, other.hash, "box");
    return o;
}

struct place_and_object {
    struct place place;
    struct gw_object o;
};

static struct place_and_object made(void)
{
    struct place_and_object m = {.place = place_new()};
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_CREATE);
    m.o = with_object(a);
    commit(a);
    gw_archive_close(a);
    return m;
}

static bool file_has(const struct place *p, const char *name, const char *text)
{
    char path[192];
    struct gw_buf b;
    snprintf(path, sizeof path, "%s/%s", p->archive, name);
    if (access(path, F_OK))
        return false;
    file_get(path, &b);
    bool has = gw_find(gw_buf_span(&b), gw_str(text), 0) >= 0;
    gw_buf_release(&b);
    return has;
}

static int secrets_on_disk(const struct place *p)
{
    int n = 0;
    for (size_t i = 0; i < GW_COUNT(secrets); i++)
        n += file_has(p, "gawah.db", secrets[i]) ||
             file_has(p, "gawah.db-wal", secrets[i]);
    return n;
}

static int files_of(const struct place *p, const char *hash)
{
    return files_with(p, hash).n;
}

static int refusal_seen(void *ctx, const struct gw_refusal *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

static int refusals_in(struct gw_archive *a)
{
    int n = 0;
    assert_int_equal(gw_refusals_each(a, NULL, refusal_seen, &n, NULL), 0);
    return n;
}

static struct gw_object found(struct gw_archive *a, const char *hash)
{
    struct gw_object o;
    assert_int_equal(gw_evidence_find(a, hash, &o, NULL), 0);
    return o;
}

static void nothing_is_left_but_that_it_was_there(void **state)
{
    (void)state;
    struct place_and_object m = made();
    assert_int_equal(secrets_on_disk(&m.place), GW_COUNT(secrets));
    assert_int_equal(files_of(&m.place, m.o.hash), 2);
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    assert_int_equal(redact(a, m.o.hash), 0);
    assert_int_equal(files_of(&m.place, m.o.hash), 2); // until the commit
    commit(a);
    assert_int_equal(secrets_on_disk(&m.place), 0); // while it is still open
    assert_int_equal(files_of(&m.place, m.o.hash), 0);
    struct gw_object o = found(a, m.o.hash);
    assert_int_equal(o.state, GW_REDACTED);
    assert_int_equal(o.size, sizeof content - 1);
    assert_int_equal(o.kind, GW_KIND_OONI_JSON);
    assert_int_equal(o.records, 3);
    assert_int_equal(o.added, m.o.added);
    assert_string_equal(o.name, "");
    assert_string_equal(o.source, "");
    assert_string_equal(o.error, "");
    assert_int_equal(refusals_in(a), 0);
    struct gw_buf b;
    gw_buf_init(&b, 100);
    assert_int_equal(gw_leaf_secret(a, 0, &b, NULL), GW_ENOENT);
    assert_int_equal(gw_leaf_secret(a, 1, &b, NULL), 0); // the other's
    gw_buf_release(&b);
    gw_archive_close(a);
    assert_int_equal(secrets_on_disk(&m.place), 0);
    assert_int_equal(by_hand(&m.place, "SELECT count(*) FROM segment"), 1);
    place_remove(&m.place);
}

static void the_same_bytes_are_not_taken_in_again(void **state)
{
    (void)state;
    struct place_and_object m = made();
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    assert_int_equal(redact(a, m.o.hash), 0);
    for (int i = 0; i < 2; i++) { // before the commit, and after
        struct bytes b = {gw_str(content), 0};
        struct gw_object o;
        struct gw_why why = {0};
        bool new;
        assert_int_equal(
            gw_evidence_put(a, give_bytes, &b, SECRET_NAME, &o, &new, &why),
            GW_EREFUSED);
        assert_non_null(strstr(why.text, m.o.hash));
        assert_non_null(strstr(why.text, "redaction"));
        assert_null(strstr(why.text, SECRET_NAME));
        commit(a);
    }
    assert_int_equal(files_of(&m.place, m.o.hash), 0);
    assert_int_equal(files_with(&m.place, "tmp-").n, 0);
    assert_int_equal(by_hand(&m.place, "SELECT count(*) FROM alias"), 0);
    gw_archive_close(a);
    assert_false(file_has(&m.place, "gawah.db", SECRET_NAME));
    place_remove(&m.place);
}

static void what_is_redacted_is_neither_read_nor_described(void **state)
{
    (void)state;
    struct place_and_object m = made();
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    struct gw_refusal r = {.code = GW_EFORMAT};
    struct gw_why why = {0};
    bool packed;
    assert_int_equal(redact(a, m.o.hash), 0);
    assert_int_equal(gw_evidence_open(a, m.o.hash, &packed, &why), GW_EREFUSED);
    assert_non_null(strstr(why.text, "withheld by redaction"));
    assert_int_equal(gw_evidence_check(a, m.o.hash, NULL), GW_EREFUSED);
    assert_int_equal(gw_evidence_describe(a, &m.o, NULL), GW_EREFUSED);
    memcpy(r.object, m.o.hash, sizeof r.object);
    assert_int_equal(gw_refusal_add(a, &r, NULL), GW_EREFUSED);
    assert_int_equal(put_segment(a, m.o.hash, "again", NULL), GW_EREFUSED);
    assert_int_equal(redact(a, m.o.hash), GW_EREFUSED);
    static const char none[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(redact(a, none), GW_ENOENT);
    m.o.state = GW_REDACTED;
    assert_int_equal(gw_evidence_describe(a, &m.o, NULL), GW_EUSAGE);
    gw_archive_close(a); // without a commit
    a = archive_in(&m.place, GW_ARCHIVE_READ);
    assert_int_equal(found(a, m.o.hash).state, GW_DONE);
    assert_int_equal(gw_evidence_check(a, m.o.hash, NULL), 0);
    assert_true(segment_is(a, m.o.hash, "facts"));
    assert_int_equal(redact(a, m.o.hash), GW_EREFUSED);
    gw_archive_close(a);
    place_remove(&m.place);
}

static int count_object(void *ctx, const struct gw_object *o)
{
    (void)o;
    ++*(int *)ctx;
    return 0;
}

static void redacted_objects_are_listed_as_such(void **state)
{
    (void)state;
    struct place_and_object m = made();
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    int n[GW_REDACTED + 1] = {0};
    assert_int_equal(redact(a, m.o.hash), 0);
    for (int s = GW_PENDING; s <= GW_REDACTED; s++)
        assert_int_equal(gw_evidence_each(a, -1, s, count_object, &n[s], NULL),
                         0);
    assert_int_equal(n[GW_DONE], 1);
    assert_int_equal(n[GW_REDACTED], 1);
    gw_archive_close(a);
    place_remove(&m.place);
}

static void a_reader_holds_up_only_the_emptying_of_the_log(void **state)
{
    (void)state;
    struct place_and_object m = made();
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/gawah.db", m.place.archive);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "BEGIN; SELECT * FROM object", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(redact(a, m.o.hash), 0);
    commit(a); // waits for the reader a while, then goes on
    assert_int_equal(files_of(&m.place, m.o.hash), 0);
    assert_int_equal(secrets_on_disk(&m.place), GW_COUNT(secrets));
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(gw_note_set(a, "n", GW_LIT("1"), NULL), 0);
    commit(a); // any later commit makes up for it
    assert_int_equal(file_has(&m.place, "gawah.db", SECRET_SOURCE) ||
                         file_has(&m.place, "gawah.db-wal", SECRET_SOURCE),
                     0);
    sqlite3_close(db);
    gw_archive_close(a);
    place_remove(&m.place);
}

// ---- broken off ---------------------------------------------------------

static _Noreturn void redact_in_child(const struct place_and_object *m)
{
    struct gw_archive *a = NULL;
    if (gw_archive_open(m->place.archive, GW_ARCHIVE_WRITE, &noon, &a, NULL) ||
        redact(a, m->o.hash) || gw_archive_commit(a, NULL))
        _exit(1);
    gw_archive_close(a);
    _exit(0);
}

// As before, or redacted; a file that is named is there.
static bool is_one_end(const struct place_and_object *m, struct gw_archive *a)
{
    if (found(a, m->o.hash).state == GW_REDACTED)
        return true;
    assert_int_equal(gw_evidence_check(a, m->o.hash, NULL), 0);
    assert_true(segment_is(a, m->o.hash, "facts"));
    assert_int_equal(refusals_in(a), 5);
    return false;
}

static void killed_at_any_step_it_is_as_before_or_done(void **state)
{
    (void)state;
    int ends[2] = {0};
    for (int n = 0, rc = 0; rc == 0; n++) {
        struct place_and_object m = made();
        pid_t child = start_watched();
        if (child == 0)
            redact_in_child(&m);
        rc = kill_before_change(child, n);
        struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_READ);
        bool done = is_one_end(&m, a);
        gw_archive_close(a);
        a = archive_in(&m.place, GW_ARCHIVE_WRITE);
        assert_int_equal(is_one_end(&m, a), done);
        if (done) { // the writer that comes next ends it
            assert_int_equal(files_of(&m.place, m.o.hash), 0);
            assert_false(file_has(&m.place, "gawah.db", SECRET_NAME));
            assert_false(file_has(&m.place, "gawah.db-wal", SECRET_NAME));
            assert_false(file_has(&m.place, "gawah.db", SECRET_BYTES));
            assert_false(file_has(&m.place, "gawah.db-wal", SECRET_BYTES));
        }
        ends[done]++;
        gw_archive_close(a);
        place_remove(&m.place);
        if (rc < 0) {
            print_message("skipped: a child cannot be traced here\n");
            return;
        }
    }
    assert_true(ends[0] > 5 && ends[1] > 3);
    print_message("killed at %d steps before, %d after\n", ends[0],
                  ends[1] - 1);
}

static void files_that_came_back_go_with_the_next_writer(void **state)
{
    (void)state;
    struct place_and_object m = made();
    struct gw_archive *a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    char path[256];
    assert_int_equal(redact(a, m.o.hash), 0);
    commit(a);
    gw_archive_close(a);
    snprintf(path, sizeof path, "%s/evidence/%.2s/%s.zst", m.place.archive,
             m.o.hash, m.o.hash);
    file_set(path, GW_LIT("as a disk may that lost power"));
    a = archive_in(&m.place, GW_ARCHIVE_WRITE);
    assert_int_equal(files_of(&m.place, m.o.hash), 0);
    gw_archive_close(a);
    place_remove(&m.place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_but_that_it_was_there),
        cmocka_unit_test(the_same_bytes_are_not_taken_in_again),
        cmocka_unit_test(what_is_redacted_is_neither_read_nor_described),
        cmocka_unit_test(redacted_objects_are_listed_as_such),
        cmocka_unit_test(a_reader_holds_up_only_the_emptying_of_the_log),
        cmocka_unit_test(killed_at_any_step_it_is_as_before_or_done),
        cmocka_unit_test(files_that_came_back_go_with_the_next_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
