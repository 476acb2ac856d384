// One writer and one history: second writers, restored backups, signers that
// know more or less than the log, files of another log or damaged ones.
#include "log_case.h"

#include <spawn.h>
#include <sys/wait.h>

static void copy_tree(const char *from, const char *to)
{
    char *argv[] = {(char[]){"cp"}, (char[]){"-r"}, (char[256]){0},
                    (char[256]){0}, NULL};
    pid_t pid;
    int status;
    snprintf(argv[2], 256, "%s", from);
    snprintf(argv[3], 256, "%s", to);
    assert_int_equal(posix_spawnp(&pid, "cp", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// ---- one writer, one history --------------------------------------------
static void a_second_writer_is_kept_out(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *second;
    case_begin(&c);
    struct gw_log *l = case_open(&c);
    assert_int_equal(gw_log_open(&c.options, &second, NULL), GW_EBUSY);
    gw_log_close(l);
    gw_log_close(case_open(&c));
    case_end(&c);
}

static void expect_fork(int rc, const struct gw_why *why, const char *word)
{
    if (rc != GW_EFORK || !strstr(why->text, word))
        fail_msg("%d: %s", rc, why->text);
}

// Writes 100 entries, keeps a copy, goes on to 150; then the copy is back.
static void restore_a_backup(struct log_case *c)
{
    char log[128], journal[128];
    struct gw_checkpoint done;
    snprintf(log, sizeof log, "%s/log.bak", c->root);
    snprintf(journal, sizeof journal, "%s/journal.bak", c->root);
    struct gw_log *l = case_open(c);
    case_append_to(l, 100);
    case_publish(l, &done);
    gw_log_close(l);
    copy_tree(c->folder, log);
    if (c->options.journal)
        copy_tree(c->journal, journal);
    l = case_open(c);
    case_append_to(l, 150);
    case_publish(l, &done);
    gw_log_close(l);
    case_remove(c->folder);
    case_remove(c->journal);
    assert_int_equal(rename(log, c->folder), 0);
    if (c->options.journal)
        assert_int_equal(rename(journal, c->journal), 0);
}

static void a_restored_backup_is_not_opened(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_why why = {0};
    struct gw_log *l;
    case_begin(&c);
    restore_a_backup(&c);
    expect_fork(gw_log_open(&c.options, &l, &why), &why,
                "restored from a backup");
    assert_null(l);
    case_end(&c);
}

static void a_restored_backup_without_journal_signs_nothing(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    case_begin(&c);
    c.options.journal = NULL;
    restore_a_backup(&c);
    struct gw_log *l = case_open(&c);
    struct gw_why why = {0};
    assert_int_equal(gw_log_size(l), 100);
    case_append_to(l, 120); // smaller than what was signed
    expect_fork(gw_log_publish(l, &done, &why), &why, "restored from a backup");
    case_append_to(l, 149);
    uint64_t first;
    gw_span other = GW_LIT("not what was signed");
    assert_int_equal(gw_log_append(l, &other, 1, &first, NULL), 0);
    why.code = 0; // as large, but other entries
    expect_fork(gw_log_publish(l, &done, &why), &why, "restored from a backup");
    assert_int_equal(gw_log_append(l, &other, 1, &first, NULL), 0);
    why.code = 0; // larger, but not an extension
    expect_fork(gw_log_publish(l, &done, &why), &why, "restored from a backup");
    gw_log_close(l);
    // With the entries that were signed it goes on.
    l = case_open(&c);
    case_append_to(l, 150);
    case_publish(l, &done);
    struct gw_hash32 root = case_root(150);
    assert_true(gw_hash32_eq(&done.root, &root));
    gw_log_close(l);
    case_end(&c);
}

static void a_signer_that_lost_its_state_signs_nothing(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct log_case c;
        struct gw_checkpoint done;
        struct gw_why why = {0};
        case_begin(&c);
        c.options.journal = with ? c.journal : NULL;
        struct gw_log *l = case_open(&c);
        case_append_to(l, 10);
        case_publish(l, &done);
        gw_log_close(l);
        gw_signer_close(c.signer);
        case_remove(c.state);
        assert_int_equal(
            gw_signer_open(c.state, &c.key, NULL, NULL, &c.signer, NULL), 0);
        c.options.sign = gw_sign_here(c.signer);
        int rc = gw_log_open(&c.options, &l, &why);
        if (!rc) {
            case_append_to(l, 11);
            rc = gw_log_publish(l, &done, &why);
        }
        expect_fork(rc, &why, "signer");
        gw_log_close(l);
        case_end(&c);
    }
}

static void reopen_signer(struct log_case *c)
{
    gw_signer_close(c->signer);
    assert_int_equal(
        gw_signer_open(c->state, &c->key, NULL, NULL, &c->signer, NULL), 0);
    c->options.sign = gw_sign_here(c->signer);
}

static void a_signer_whose_state_was_restored_signs_nothing(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    struct gw_why why = {0};
    char old[128];
    case_begin(&c);
    snprintf(old, sizeof old, "%s/state.bak", c.root);
    struct gw_log *l = case_open(&c);
    case_append_to(l, 10);
    case_publish(l, &done);
    copy_tree(c.state, old);
    case_append_to(l, 20);
    case_publish(l, &done);
    gw_log_close(l);
    case_remove(c.state);
    assert_int_equal(rename(old, c.state), 0);
    reopen_signer(&c);
    expect_fork(gw_log_open(&c.options, &l, &why), &why, "knows of 10");
    case_end(&c);
}

// The same key, as many entries, another history.
static void a_signer_of_another_history_signs_nothing(void **state)
{
    (void)state;
    struct log_case ours, theirs;
    struct gw_checkpoint done;
    struct gw_why why = {0};
    uint64_t first;
    gw_span other = GW_LIT("another first entry");
    case_begin(&ours);
    case_begin(&theirs);
    struct gw_log *l = case_open(&ours);
    case_append_to(l, 10);
    case_publish(l, &done);
    gw_log_close(l);
    l = case_open(&theirs);
    assert_int_equal(gw_log_append(l, &other, 1, &first, NULL), 0);
    case_append_to(l, 10);
    case_publish(l, &done);
    gw_log_close(l);
    ours.options.sign = theirs.options.sign;
    expect_fork(gw_log_open(&ours.options, &l, &why), &why, "other 10 entries");
    case_end(&ours);
    case_end(&theirs);
}

// Signed by somebody who had our signer and another folder.
static void a_signer_used_behind_the_logs_back_is_noticed(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    struct gw_why why = {0};
    case_begin(&c);
    struct log_case other = c;
    snprintf(other.folder, sizeof other.folder, "%s/other", c.root);
    other.options.folder = other.folder;
    c.options.journal = other.options.journal = NULL;
    struct gw_log *l = case_open(&c), *thief = case_open(&other);
    case_append_to(l, 10);
    case_publish(l, &done);
    case_append_to(thief, 20);
    case_publish(thief, &done); // as long as it is the same history: fine
    case_append_to(l, 15);
    expect_fork(gw_log_publish(l, &done, &why), &why, "has signed 20");
    case_append_to(l, 30);
    case_publish(l, &done);
    gw_log_close(thief);
    gw_log_close(l);
    case_end(&c);
}

static void the_folder_and_journal_of_another_log_are_refused(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *l;
    struct gw_checkpoint done;
    case_begin(&c);
    l = case_open(&c);
    case_append_to(l, 3);
    case_publish(l, &done);
    gw_log_close(l);
    c.options.origin = "other.example/log";
    assert_int_equal(gw_log_open(&c.options, &l, NULL), GW_EREFUSED);
    case_remove(c.folder);
    assert_int_equal(gw_log_open(&c.options, &l, NULL), GW_EREFUSED);
    case_end(&c);
}

static void a_damaged_tile_or_bundle_is_not_written_on(void **state)
{
    (void)state;
    static const char *const files[] = {"tile/0/001.p/44", "tile/1/000.p/1",
                                        "tile/entries/001.p/44"};
    struct log_case c;
    struct gw_log *l;
    struct gw_checkpoint done;
    case_begin(&c);
    l = case_open(&c);
    case_append_to(l, 300);
    case_publish(l, &done);
    gw_log_close(l);
    for (size_t i = 0; i < GW_COUNT(files); i++) {
        char path[256];
        struct gw_buf b;
        struct gw_why why = {0};
        gw_buf_init(&b, 1 << 20);
        snprintf(path, sizeof path, "%s/%s", c.folder, files[i]);
        assert_int_equal(gw_file_read(path, &b, NULL), 0);
        b.at[10] ^= 1;
        assert_int_equal(gw_file_write(path, gw_buf_span(&b), NULL), 0);
        assert_int_equal(gw_log_open(&c.options, &l, &why), GW_EPROOF);
        assert_non_null(strstr(why.text, files[i]));
        b.at[10] ^= 1;
        assert_int_equal(gw_file_write(path, gw_buf_span(&b), NULL), 0);
        gw_buf_release(&b);
    }
    gw_log_close(case_open(&c));
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_writer_is_kept_out),
        cmocka_unit_test(a_restored_backup_is_not_opened),
        cmocka_unit_test(a_restored_backup_without_journal_signs_nothing),
        cmocka_unit_test(a_signer_that_lost_its_state_signs_nothing),
        cmocka_unit_test(a_signer_whose_state_was_restored_signs_nothing),
        cmocka_unit_test(a_signer_of_another_history_signs_nothing),
        cmocka_unit_test(a_signer_used_behind_the_logs_back_is_noticed),
        cmocka_unit_test(the_folder_and_journal_of_another_log_are_refused),
        cmocka_unit_test(a_damaged_tile_or_bundle_is_not_written_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
