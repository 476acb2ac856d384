// An archive of version 1, from before the ledger: read as it is, upgraded
// when it is opened for writing, in one step that a kill cannot halve.
#include "place.h"
#include "watched.h"

// The catalogue as version 1 had it.
static const char version_1[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE object (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE"
    " CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),"
    " size INTEGER NOT NULL CHECK (size >= 0),"
    " packed INTEGER NOT NULL CHECK (packed IN (0, 1)),"
    " kind TEXT NOT NULL, state TEXT NOT NULL"
    " CHECK (state IN ('pending', 'done', 'failed')), added INTEGER NOT NULL,"
    " dated INTEGER, records INTEGER NOT NULL, refused INTEGER NOT NULL,"
    " name TEXT NOT NULL, source TEXT NOT NULL, licence TEXT NOT NULL,"
    " error TEXT NOT NULL) STRICT;"
    "CREATE TABLE alias (object INTEGER NOT NULL REFERENCES object (id),"
    " name TEXT NOT NULL, added INTEGER NOT NULL, PRIMARY KEY (object, name))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE refusal (id INTEGER PRIMARY KEY,"
    " object INTEGER NOT NULL REFERENCES object (id), n INTEGER NOT NULL,"
    " record INTEGER NOT NULL, offset INTEGER NOT NULL,"
    " length INTEGER NOT NULL, code INTEGER NOT NULL, reason TEXT NOT NULL,"
    " bytes BLOB NOT NULL, UNIQUE (object, n)) STRICT;"
    "CREATE TABLE segment (tier TEXT NOT NULL"
    " CHECK (tier IN ('facts', 'findings')),"
    " object INTEGER NOT NULL REFERENCES object (id), hash TEXT NOT NULL"
    " CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),"
    " size INTEGER NOT NULL, blocks INTEGER NOT NULL,"
    " PRIMARY KEY (tier, object)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE note (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1734440801; PRAGMA user_version = 1;";

static void refuse(struct gw_archive *a, const char *hash)
{
    struct gw_refusal r = {.code = GW_EFORMAT, .bytes = GW_LIT("refused")};
    snprintf(r.object, sizeof r.object, "%s", hash);
    assert_int_equal(gw_refusal_add(a, &r, NULL), 0);
}

static struct gw_object fill(struct gw_archive *a)
{
    struct gw_object o = put_text(a, "done"), failed = put_text(a, "failed");
    put_text(a, "pending");
    put_span(a, "an alias", GW_LIT("done"));
    o.state = GW_DONE;
    o.kind = GW_KIND_OONI_JSON;
    o.dated = 5 * GW_DAY;
    o.records = 7;
    o.refused = 1;
    snprintf(o.source, sizeof o.source, "a source");
    failed.state = GW_FAILED;
    snprintf(failed.error, sizeof failed.error, "an error");
    assert_int_equal(gw_evidence_describe(a, &o, NULL), 0);
    assert_int_equal(gw_evidence_describe(a, &failed, NULL), 0);
    refuse(a, o.hash);
    assert_int_equal(put_segment(a, o.hash, "facts", NULL), 0);
    assert_int_equal(gw_note_set(a, "n", GW_LIT("note"), NULL), 0);
    return o;
}

struct old {
    struct place place;
    struct gw_object o; // the one that is done
};

// The same rows in a catalogue of version 1.
static struct old version_1_archive(void)
{
    struct old old = {.place = place_new()};
    struct gw_archive *a = archive_in(&old.place, GW_ARCHIVE_CREATE);
    char path[128], to[128], text[400];
    old.o = fill(a);
    commit(a);
    gw_archive_close(a);
    snprintf(path, sizeof path, "%s/gawah.db", old.place.archive);
    snprintf(to, sizeof to, "%s/new.db", old.place.root);
    assert_int_equal(rename(path, to), 0);
    by_hand(&old.place, version_1);
    snprintf(text, sizeof text, "ATTACH '%s' AS new", to);
    char copy[800];
    snprintf(copy, sizeof copy,
             "%s; INSERT INTO object SELECT id, hash, size, packed, kind,"
             " state, added, dated, records, refused, name, source, licence,"
             " error FROM new.object;"
             "INSERT INTO alias SELECT * FROM new.alias;"
             "INSERT INTO refusal SELECT * FROM new.refusal;"
             "INSERT INTO segment SELECT * FROM new.segment;"
             "INSERT INTO note SELECT * FROM new.note",
             text);
    by_hand(&old.place, copy);
    return old;
}

static int count_refusal(void *ctx, const struct gw_refusal *r)
{
    *(int *)ctx += gw_is(r->bytes, "refused");
    return 0;
}

// What it held is there, whichever version it has.
static void holds_all(struct gw_archive *a, const struct old *old,
                      enum gw_object_state state)
{
    struct gw_object o;
    struct gw_buf b;
    int refusals = 0;
    assert_int_equal(gw_evidence_find(a, old->o.hash, &o, NULL), 0);
    assert_int_equal(o.state, state);
    o.state = old->o.state;
    assert_memory_equal(&o, &old->o, sizeof o);
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    assert_true(segment_is(a, o.hash, "facts"));
    assert_int_equal(
        gw_refusals_each(a, o.hash, count_refusal, &refusals, NULL), 0);
    assert_int_equal(refusals, 1);
    gw_buf_init(&b, 16);
    assert_int_equal(gw_note_get(a, "n", &b, NULL), 0);
    assert_true(gw_is(gw_buf_span(&b), "note"));
    gw_buf_release(&b);
}

static int never(void *ctx, const struct gw_leaf_row *leaf)
{
    (void)ctx;
    (void)leaf;
    return 1;
}

static void read_as_it_is_it_has_no_leaves(void **state)
{
    (void)state;
    struct old old = version_1_archive();
    struct gw_archive *a = archive_in(&old.place, GW_ARCHIVE_READ);
    struct gw_leaf_row leaf;
    struct gw_buf b;
    uint64_t n = 9;
    char hash[65];
    gw_buf_init(&b, 16);
    holds_all(a, &old, GW_DONE);
    assert_int_equal(gw_leaf_count(a, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_int_equal(gw_leaf_get(a, 0, &leaf, &b, NULL), GW_ENOENT);
    assert_int_equal(gw_leaf_newest(a, "key", "keys", &leaf, &b, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_leaf_secret(a, 0, &b, NULL), GW_ENOENT);
    assert_int_equal(gw_leaves_each(a, 0, NULL, never, NULL, NULL), 0);
    assert_int_equal(gw_evidence_unwitnessed(a, hash, NULL), 1);
    gw_archive_close(a);
    assert_int_equal(by_hand(&old.place, "PRAGMA user_version"), 1);
    place_remove(&old.place);
}

// Without permission to write, in a process that is not root where we are.
static void it_is_read_where_nothing_can_be_written(void **state)
{
    (void)state;
    struct old old = version_1_archive();
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct gw_archive *a = NULL;
        uint64_t n = 9;
        bool ok = chmod(old.place.archive, 0555) == 0 &&
                  (getuid() || setuid(65534) == 0) &&
                  !gw_archive_open(old.place.archive, GW_ARCHIVE_READ, &noon,
                                   &a, NULL) &&
                  !gw_leaf_count(a, &n, NULL) && !n &&
                  gw_archive_open(old.place.archive, GW_ARCHIVE_WRITE, &noon,
                                  &a, NULL);
        _exit(!ok);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(old.place.archive, 0755), 0);
    assert_int_equal(by_hand(&old.place, "PRAGMA user_version"), 1);
    place_remove(&old.place);
}

static void opened_for_writing_it_becomes_version_2(void **state)
{
    (void)state;
    struct old old = version_1_archive();
    struct gw_archive *a = archive_in(&old.place, GW_ARCHIVE_WRITE);
    char hash[65];
    // Nothing is witnessed, so all is to be described again.
    holds_all(a, &old, GW_PENDING);
    assert_int_equal(gw_evidence_unwitnessed(a, hash, NULL), 0);
    struct gw_leaf_row leaf = {.type = "key", .entry = GW_LIT("{}")};
    assert_int_equal(gw_leaf_add(a, &leaf, GW_LIT(""), NULL), 0);
    commit(a);
    gw_archive_close(a);
    for (int mode = GW_ARCHIVE_READ; mode <= GW_ARCHIVE_CREATE; mode++) {
        a = archive_in(&old.place, (enum gw_archive_mode)mode);
        holds_all(a, &old, GW_PENDING);
        gw_archive_close(a);
    }
    assert_int_equal(by_hand(&old.place, "PRAGMA user_version"), 2);
    place_remove(&old.place);
}

// Every object of the schema, as text, in order of name.
static void schema_of(const struct place *p, struct gw_buf *ret)
{
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *st;
    gw_buf_init(ret, 1 << 20);
    snprintf(path, sizeof path, "%s/gawah.db", p->archive);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(
                         db,
                         "SELECT replace(replace(replace(replace(sql,"
                         " '\"object\"', 'object'), '\"segment\"', 'segment'),"
                         " '( ', '('), ' )', ')')"
                         " FROM sqlite_schema WHERE sql IS NOT NULL"
                         " ORDER BY name",
                         -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        gw_put_str(ret, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(db);
    gw_put_u8(ret, 0);
}

static void upgraded_it_has_the_schema_of_a_new_one(void **state)
{
    (void)state;
    struct old old = version_1_archive();
    struct place new = place_new();
    struct gw_buf one, two;
    gw_archive_close(archive_in(&old.place, GW_ARCHIVE_WRITE));
    gw_archive_close(archive_in(&new, GW_ARCHIVE_CREATE));
    schema_of(&old.place, &one);
    schema_of(&new, &two);
    assert_string_equal(one.at, two.at);
    assert_int_equal(by_hand(&old.place, "SELECT count(*) FROM"
                                         " pragma_foreign_key_check"),
                     0);
    gw_buf_release(&one);
    gw_buf_release(&two);
    place_remove(&old.place);
    place_remove(&new);
}

static void what_version_1_deleted_is_overwritten(void **state)
{
    (void)state;
    struct old old = version_1_archive();
    struct gw_buf b;
    char path[128];
    by_hand(&old.place,
            "INSERT INTO note VALUES ('x', CAST('zebra-old-text' AS BLOB))");
    by_hand(&old.place, "PRAGMA secure_delete = OFF;"
                        "DELETE FROM note WHERE name = 'x'");
    snprintf(path, sizeof path, "%s/gawah.db", old.place.archive);
    file_get(path, &b);
    assert_true(gw_find(gw_buf_span(&b), GW_LIT("zebra-old-text"), 0) > 0);
    gw_buf_release(&b);
    gw_archive_close(archive_in(&old.place, GW_ARCHIVE_WRITE));
    file_get(path, &b);
    assert_true(gw_find(gw_buf_span(&b), GW_LIT("zebra-old-text"), 0) < 0);
    gw_buf_release(&b);
    place_remove(&old.place);
}

static void an_upgrade_killed_at_any_step_is_done_by_the_next(void **state)
{
    (void)state;
    for (int n = 0, rc = 0; rc == 0; n += 3) {
        struct old old = version_1_archive();
        struct gw_archive *a = NULL;
        pid_t child = start_watched();
        if (child == 0)
            _exit(gw_archive_open(old.place.archive, GW_ARCHIVE_WRITE, &noon,
                                  &a, NULL) != 0);
        rc = kill_before_change(child, n);
        a = archive_in(&old.place, GW_ARCHIVE_READ);
        int64_t version = by_hand(&old.place, "PRAGMA user_version");
        assert_in_range(version, 1, 2);
        holds_all(a, &old, version == 1 ? GW_DONE : GW_PENDING);
        gw_archive_close(a);
        a = archive_in(&old.place, GW_ARCHIVE_WRITE);
        holds_all(a, &old, GW_PENDING);
        gw_archive_close(a);
        assert_int_equal(by_hand(&old.place, "PRAGMA user_version"), 2);
        place_remove(&old.place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_as_it_is_it_has_no_leaves),
        cmocka_unit_test(it_is_read_where_nothing_can_be_written),
        cmocka_unit_test(opened_for_writing_it_becomes_version_2),
        cmocka_unit_test(upgraded_it_has_the_schema_of_a_new_one),
        cmocka_unit_test(what_version_1_deleted_is_overwritten),
        cmocka_unit_test(an_upgrade_killed_at_any_step_is_done_by_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
