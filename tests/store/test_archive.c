#include "place.h"

#include <sys/wait.h>

static int open_in(const struct place *p, enum gw_archive_mode mode,
                   struct gw_why *why)
{
    struct gw_archive *a = NULL;
    *why = (struct gw_why){0};
    int rc = gw_archive_open(p->archive, mode, &noon, &a, why);
    gw_archive_close(a);
    return rc;
}

static bool note_is(struct gw_archive *a, const char *name, const char *value)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    int rc = gw_note_get(a, name, &b, NULL);
    bool same =
        value ? rc == 0 && gw_is(gw_buf_span(&b), value) : rc == GW_ENOENT;
    gw_buf_release(&b);
    return same;
}

static void note_set(struct gw_archive *a, const char *name, const char *value)
{
    assert_int_equal(gw_note_set(a, name, gw_str(value), NULL), 0);
}

static mode_t mode_of(const struct place *p, const char *name)
{
    char path[192];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", p->archive, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void create_makes_an_archive_that_opens_again(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_string_equal(gw_archive_folder(a), p.archive);
    note_set(a, "rules", "1");
    commit(a);
    gw_archive_close(a);
    for (int mode = GW_ARCHIVE_READ; mode <= GW_ARCHIVE_CREATE; mode++) {
        a = archive_in(&p, (enum gw_archive_mode)mode);
        assert_true(note_is(a, "rules", "1"));
        gw_archive_close(a);
    }
    assert_int_equal(by_hand(&p, "PRAGMA application_id"), 0x67617761);
    assert_int_equal(by_hand(&p, "PRAGMA user_version"), 2);
    assert_int_equal(by_hand(&p, "SELECT count(*) FROM pragma_table_list"
                                 " WHERE schema = 'main' AND NOT strict"
                                 " AND name NOT LIKE 'sqlite%'"),
                     0);
    assert_int_equal(mode_of(&p, "gawah.db"), 0644);
    assert_int_equal(mode_of(&p, "lock"), 0644);
    assert_int_equal(mode_of(&p, "segments/facts"), 0755);
    place_remove(&p);
}

static void a_folder_without_an_archive_is_told_apart(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_why why;
    assert_int_equal(open_in(&p, GW_ARCHIVE_READ, &why), GW_ENOENT);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), GW_ENOENT);
    assert_int_equal(mkdir(p.archive, 0755), 0);
    assert_int_equal(open_in(&p, GW_ARCHIVE_READ, &why), GW_ENOENT);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), GW_ENOENT);
    assert_non_null(strstr(why.text, p.archive));
    assert_int_equal(files_with(&p, "").n, 0); // and nothing is left there
    char path[128];
    snprintf(path, sizeof path, "%s/gawah.db", p.archive);
    file_set(path, GW_LIT("")); // a CREATE that was cut short
    assert_int_equal(open_in(&p, GW_ARCHIVE_READ, &why), GW_ENOENT);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), GW_ENOENT);
    assert_int_equal(open_in(&p, GW_ARCHIVE_CREATE, &why), 0);
    place_remove(&p);
}

static void a_path_that_is_empty_or_too_long_is_refused(void **state)
{
    (void)state;
    struct gw_archive *a = NULL;
    char path[5000];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = 0;
    assert_int_equal(gw_archive_open(path, GW_ARCHIVE_READ, &noon, &a, NULL),
                     GW_EUSAGE);
    assert_int_equal(gw_archive_open("", GW_ARCHIVE_READ, &noon, &a, NULL),
                     GW_EUSAGE);
}

static void a_folder_may_have_any_name(void **state)
{
    (void)state;
    struct place p = place_new();
    snprintf(p.archive, sizeof p.archive, "%s/a ?#%%41&=\xd9\xbe", p.root);
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    note_set(a, "n", "1");
    commit(a);
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_READ);
    assert_true(note_is(a, "n", "1"));
    gw_archive_close(a);
    char path[160];
    snprintf(path, sizeof path, "%s/gawah.db", p.archive);
    assert_int_equal(access(path, F_OK), 0);
    place_remove(&p);
}

static void a_second_writer_is_told_who_the_first_is(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    struct gw_why why;
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), GW_EBUSY);
    assert_non_null(strstr(why.text, pid));
    pid_t child = fork();
    if (child == 0) {
        int rc = open_in(&p, GW_ARCHIVE_CREATE, &why);
        _exit(rc == GW_EBUSY && strstr(why.text, pid) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    gw_archive_close(a);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), 0);
    place_remove(&p);
}

static void readers_see_what_is_committed_and_nothing_else(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *w = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_archive *r = archive_in(&p, GW_ARCHIVE_READ);
    note_set(w, "n", "1");
    assert_true(note_is(w, "n", "1"));
    assert_true(note_is(r, "n", NULL));
    commit(w);
    assert_true(note_is(r, "n", "1"));
    note_set(w, "n", "2");
    gw_archive_close(w); // without a commit
    assert_true(note_is(r, "n", "1"));
    gw_archive_close(r);
    w = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_true(note_is(w, "n", "1"));
    gw_archive_close(w);
    place_remove(&p);
}

static void a_reader_changes_nothing(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "object");
    commit(a);
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_READ);
    struct bytes b = {GW_LIT("x"), 0};
    struct gw_segment_writer *w;
    struct gw_refusal r = {.code = GW_EFORMAT};
    bool new;
    assert_int_equal(gw_note_set(a, "n", GW_LIT("1"), NULL), GW_EREFUSED);
    assert_int_equal(gw_evidence_put(a, give_bytes, &b, "x", &o, &new, NULL),
                     GW_EREFUSED);
    assert_int_equal(gw_evidence_describe(a, &o, NULL), GW_EREFUSED);
    assert_int_equal(
        gw_segment_begin(a, GW_TIER_FACTS, o.hash, GW_LIT("{}"), &w, NULL),
        GW_EREFUSED);
    assert_int_equal(gw_segment_drop(a, GW_TIER_FACTS, o.hash, NULL),
                     GW_EREFUSED);
    assert_int_equal(gw_refusals_clear(a, o.hash, NULL), GW_EREFUSED);
    assert_int_equal(gw_refusal_add(a, &r, NULL), GW_EREFUSED);
    assert_int_equal(gw_archive_commit(a, NULL), 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void databases_of_others_are_left_alone(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_why why;
    assert_int_equal(mkdir(p.archive, 0755), 0);
    by_hand(&p, "CREATE TABLE theirs (x)");
    for (int mode = GW_ARCHIVE_READ; mode <= GW_ARCHIVE_CREATE; mode++)
        assert_int_equal(open_in(&p, (enum gw_archive_mode)mode, &why),
                         GW_EUNKNOWN);
    assert_int_equal(files_with(&p, "-wal").n, 0);
    assert_int_equal(by_hand(&p, "SELECT count(*) FROM sqlite_schema"), 1);
    place_remove(&p);
}

static void a_schema_of_the_future_is_refused(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_why why;
    assert_int_equal(open_in(&p, GW_ARCHIVE_CREATE, &why), 0);
    by_hand(&p, "PRAGMA user_version = 3");
    for (int mode = GW_ARCHIVE_READ; mode <= GW_ARCHIVE_CREATE; mode++)
        assert_int_equal(open_in(&p, (enum gw_archive_mode)mode, &why),
                         GW_EUNKNOWN);
    assert_non_null(strstr(why.text, "version 3"));
    place_remove(&p);
}

static void a_damaged_catalogue_is_no_archive(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_why why;
    char path[128];
    assert_int_equal(mkdir(p.archive, 0755), 0);
    snprintf(path, sizeof path, "%s/gawah.db", p.archive);
    file_set(path, GW_LIT("this is not a database, though it is long enough"));
    for (int mode = GW_ARCHIVE_READ; mode <= GW_ARCHIVE_CREATE; mode++)
        assert_int_equal(open_in(&p, (enum gw_archive_mode)mode, &why),
                         GW_ECORRUPT);
    assert_non_null(strstr(why.text, path));
    place_remove(&p);
}

static void notes_hold_any_bytes(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    gw_span values[] = {GW_LIT(""), GW_LIT("a\0b\xff"), {0}, GW_LIT("last")};
    struct gw_buf b;
    gw_buf_init(&b, 8);
    assert_int_equal(gw_note_get(a, "n", &b, NULL), GW_ENOENT);
    for (size_t i = 0; i < GW_COUNT(values); i++) {
        assert_int_equal(gw_note_set(a, "n", values[i], NULL), 0);
        gw_buf_reset(&b);
        assert_int_equal(gw_note_get(a, "n", &b, NULL), 0);
        assert_true(gw_eq(gw_buf_span(&b), values[i]));
    }
    gw_put_str(&b, "full"); // what does not fit is an error, not a part
    assert_int_equal(gw_note_set(a, "n", GW_LIT("12345"), NULL), 0);
    gw_buf_reset(&b);
    gw_put_str(&b, "1234");
    assert_int_equal(gw_note_get(a, "n", &b, NULL), GW_ETOOBIG);
    gw_buf_release(&b);
    uint8_t *much = gw_new((64 << 20) + 1);
    assert_int_equal(
        gw_note_set(a, "n", gw_span_of(much, (64 << 20) + 1), NULL),
        GW_ETOOBIG);
    gw_free(much);
    assert_true(note_is(a, "n", "12345"));
    gw_archive_close(a);
    place_remove(&p);
}

static void an_empty_commit_is_a_commit(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    commit(a);
    commit(a);
    note_set(a, "n", "1");
    commit(a);
    commit(a);
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_READ);
    assert_true(note_is(a, "n", "1"));
    gw_archive_close(a);
    gw_archive_close(NULL);
    place_remove(&p);
}

static void what_a_dead_writer_left_is_removed(void **state)
{
    (void)state;
    struct place p = place_new();
    pid_t child = fork();
    if (child == 0) {
        struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
        struct gw_object o = put_text(a, "object");
        struct gw_segment_writer *w;
        bool ok = put_segment(a, o.hash, "kept", NULL) == 0 &&
                  gw_archive_commit(a, NULL) == 0 &&
                  put_segment(a, o.hash, "lost", NULL) == 0 &&
                  gw_segment_begin(a, GW_TIER_FACTS, o.hash, GW_LIT("{}"), &w,
                                   NULL) == 0;
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(files_with(&p, "/tmp-").n, 1);
    assert_int_equal(files_with(&p, ".gws").n, 2);
    char path[192];
    snprintf(path, sizeof path, "%s/segments/facts/ab", p.archive);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/segments/facts/ab/theirs.gws", p.archive);
    file_set(path, GW_LIT("a file that is not ours"));
    gw_archive_close(archive_in(&p, GW_ARCHIVE_WRITE));
    assert_int_equal(files_with(&p, "/tmp-").n, 0);
    assert_int_equal(files_with(&p, ".gws").n, 2); // the kept one, and theirs
    assert_int_equal(access(path, F_OK), 0);
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_READ);
    char hex[65];
    int64_t segments;
    assert_int_equal(gw_tier_digest(a, GW_TIER_FACTS, hex, &segments, NULL), 0);
    assert_int_equal(segments, 1);
    gw_archive_close(a);
    place_remove(&p);
}

// ---- media that cannot be written ---------------------------------------

// Opens for reading as one who may not write in the folder, and reads the
// note; exits with 0, or the negated result of opening. Waits for a byte on
// `gate` before closing, if there is one.
static _Noreturn void read_unprivileged(const struct place *p, int ready,
                                        int gate)
{
    struct gw_archive *a = NULL;
    char c = 0;
    if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
        _exit(100);
    int rc = gw_archive_open(p->archive, GW_ARCHIVE_READ, &noon, &a, NULL);
    if (rc)
        _exit(rc == GW_EIO ? 5 : 101);
    bool ok = note_is(a, "n", "1");
    if (gate >= 0 && (write(ready, "r", 1) != 1 || read(gate, &c, 1) != 1))
        ok = false;
    gw_archive_close(a);
    _exit(ok ? 0 : 102);
}

static int read_in_child(const struct place *p)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        read_unprivileged(p, -1, -1);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct place read_only_place(void)
{
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    note_set(a, "n", "1");
    commit(a);
    gw_archive_close(a);
    assert_int_equal(chmod(p.archive, 0555), 0);
    return p;
}

static void remove_in(const struct place *p, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->archive, name);
    assert_int_equal(chmod(p->archive, 0755), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(p->archive, 0555), 0);
}

static void a_folder_that_cannot_be_written_can_be_read(void **state)
{
    (void)state;
    struct place p = read_only_place();
    assert_int_equal(read_in_child(&p), 0); // beside SQLite's own files
    remove_in(&p, "gawah.db-shm");
    remove_in(&p, "gawah.db-wal");
    assert_int_equal(read_in_child(&p), 0); // as copied to a medium
    remove_in(&p, "lock");
    assert_int_equal(read_in_child(&p), 0);
    chmod(p.archive, 0755);
    place_remove(&p);
}

static void what_waits_in_the_log_is_not_passed_over(void **state)
{
    (void)state;
    struct place p = read_only_place();
    chmod(p.archive, 0755);
    int status;
    pid_t child = fork();
    if (child == 0) { // a commit that stays in the log
        struct gw_archive *a = archive_in(&p, GW_ARCHIVE_WRITE);
        note_set(a, "n", "2");
        _exit(gw_archive_commit(a, NULL) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    remove_in(&p, "gawah.db-shm");
    assert_int_equal(read_in_child(&p), 5); // rather than show the state before
    chmod(p.archive, 0755);
    place_remove(&p);
}

static void a_reader_without_sqlite_locks_keeps_writers_out(void **state)
{
    (void)state;
    struct place p = read_only_place();
    remove_in(&p, "gawah.db-shm");
    remove_in(&p, "gawah.db-wal");
    int ready[2], gate[2], status;
    char c;
    struct gw_why why;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(gate), 0);
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]); // so that it ends with us, come what may
        read_unprivileged(&p, ready[1], gate[0]);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    chmod(p.archive, 0755);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), GW_EBUSY);
    assert_int_equal(write(gate[1], "g", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(open_in(&p, GW_ARCHIVE_WRITE, &why), 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(gate[i]);
    }
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_makes_an_archive_that_opens_again),
        cmocka_unit_test(a_folder_without_an_archive_is_told_apart),
        cmocka_unit_test(a_path_that_is_empty_or_too_long_is_refused),
        cmocka_unit_test(a_folder_may_have_any_name),
        cmocka_unit_test(a_second_writer_is_told_who_the_first_is),
        cmocka_unit_test(readers_see_what_is_committed_and_nothing_else),
        cmocka_unit_test(a_reader_changes_nothing),
        cmocka_unit_test(databases_of_others_are_left_alone),
        cmocka_unit_test(a_schema_of_the_future_is_refused),
        cmocka_unit_test(a_damaged_catalogue_is_no_archive),
        cmocka_unit_test(notes_hold_any_bytes),
        cmocka_unit_test(an_empty_commit_is_a_commit),
        cmocka_unit_test(what_a_dead_writer_left_is_removed),
        cmocka_unit_test(a_folder_that_cannot_be_written_can_be_read),
        cmocka_unit_test(what_waits_in_the_log_is_not_passed_over),
        cmocka_unit_test(a_reader_without_sqlite_locks_keeps_writers_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
