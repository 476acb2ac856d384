// Sealing when things go wrong: stopped at any write, under a policy that
// changes, with a catalogue that is not the one that was published.
#include "archive_case.h"
#include "fault.h"

#include <sys/wait.h>

static void case_name(struct archive_case *c, const char *name, gw_span *ret,
                      struct gw_buf *b)
{
    char path[300];
    case_path(c, name, path);
    gw_buf_init(b, 1 << 20);
    case_check(c, gw_file_read(path, b, &c->why));
    *ret = gw_buf_span(b);
}

static uint64_t tree_size(struct archive_case *c, const char *name)
{
    struct gw_buf b;
    gw_span note, line;
    uint64_t size = 0;
    case_name(c, name, &note, &b);
    gw_cut(&note, '\n');
    line = gw_cut(&note, '\n');
    assert_true(gw_parse_uint(line, INT64_MAX, &size));
    gw_buf_release(&b);
    return size;
}

static size_t bad_in_log(struct archive_case *c)
{
    return case_bad(c, gw_ledger_folder(c->l));
}

static struct archive_case *sealed_case(void)
{
    struct archive_case *c = case_new();
    struct gw_object o;
    case_keep(c, "one", &o);
    case_keep(c, "two", &o);
    case_seal(c);
    return c;
}

// ---- what is sealed was kept --------------------------------------------

static void a_leaf_that_is_sealed_is_kept(void **state)
{
    (void)state;
    struct archive_case *c = case_new(); // the key leaf is not committed
    assert_int_equal(case_seal(c).checkpoint.size, 1);
    case_close(c);
    assert_int_equal(by_hand(&c->place, "SELECT count(*) FROM leaf;"), 1);
    case_open(c);
    assert_int_equal(case_seal(c).count, 0);
    case_free(c);
}

static void seal_after(const char *sql, int code, const char *words)
{
    struct archive_case *c = sealed_case();
    struct gw_sealed s;
    case_close(c);
    by_hand(&c->place, "DROP TRIGGER leaf_unchanged;"
                       "DROP TRIGGER leaf_not_removed;");
    by_hand(&c->place, sql);
    case_open(c);
    assert_int_equal(gw_ledger_seal(c->l, false, &s, &c->why), code);
    assert_non_null(strstr(c->why.text, words));
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 3);
    case_free(c);
}

static void a_catalogue_with_other_leaves_seals_nothing(void **state)
{
    (void)state;
    seal_after("UPDATE leaf SET idx = 99 WHERE idx = 1;"
               "UPDATE leaf SET idx = 1 WHERE idx = 2;"
               "UPDATE leaf SET idx = 2 WHERE idx = 99;",
               GW_EFORK, "has others than were published");
    seal_after("UPDATE leaf SET entry = CAST('{}' AS BLOB) WHERE idx = 1;",
               GW_ECORRUPT, "leaf 1 of the catalogue is not what its hash");
    seal_after("DELETE FROM leaf WHERE idx = 1;", GW_ECORRUPT,
               "leaf 1 of the catalogue is missing");
}

static void two_checkpoints_that_disagree_are_a_fork(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case(), *other = case_new();
    struct gw_object o;
    struct gw_sealed s;
    case_keep(other, "something else", &o);
    case_seal(other);
    struct gw_buf b;
    gw_span note;
    char path[300];
    case_name(other, "ledger/checkpoint", &note, &b);
    case_path(c, "ledger/checkpoint.local", path);
    case_check(c, gw_file_write(path, note, &c->why));
    assert_int_not_equal(gw_ledger_seal(c->l, false, &s, &c->why), 0);
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 3);
    gw_buf_release(&b);
    case_free(other);
    case_free(c);
}

static void a_folder_from_a_mirror_is_taken_up(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    struct gw_object o;
    char path[300];
    case_path(c, "ledger/checkpoint.local", path);
    unlink(path);
    case_keep(c, "three", &o);
    struct gw_sealed s = case_seal(c);
    assert_int_equal(s.first, 3);
    assert_int_equal(s.count, 1);
    assert_int_equal(bad_in_log(c), 0);
    case_free(c);
}

static void sealing_again_writes_no_file(void **state)
{
    (void)state;
    static const char *const files[] = {
        "ledger/checkpoint", "ledger/checkpoint.local", "ledger/policy.txt",
        "ledger/policy.local"};
    struct archive_case *c = sealed_case();
    ino_t before[GW_COUNT(files)];
    struct stat st;
    char path[300];
    for (size_t i = 0; i < GW_COUNT(files); i++) {
        case_path(c, files[i], path);
        assert_int_equal(stat(path, &st), 0);
        before[i] = st.st_ino;
    }
    case_seal(c);
    for (size_t i = 0; i < GW_COUNT(files); i++) {
        case_path(c, files[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_ino, before[i]);
    }
    case_free(c);
}

// ---- keys and policies --------------------------------------------------

static void a_policy_that_is_gone_is_not_made_anew(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    char path[300];
    struct gw_ledger *l;
    case_close(c);
    case_path(c, "keys/policy.txt", path);
    unlink(path);
    c->a = archive_in(&c->place, GW_ARCHIVE_WRITE);
    assert_int_equal(gw_ledger_open(c->a, &c->options, &l, &c->why),
                     GW_EREFUSED);
    assert_non_null(strstr(c->why.text, "is gone"));
    assert_int_equal(access(path, F_OK), -1);
    case_free(c);
}

static void a_name_that_needs_escapes_has_one_key_leaf(void **state)
{
    (void)state;
    struct archive_case *c = gw_new(sizeof *c);
    uint64_t leaves;
    c->place = place_new();
    c->chance = (struct gw_chance){true, {1}};
    c->clock.fixed = gw_time_civil(2024, 3, 1, 10, 0, 0);
    c->options = (struct gw_ledger_options){
        .origin = "a\"\\u0041/\\log", .chance = &c->chance, .clock = &c->clock};
    c->a = archive_in(&c->place, GW_ARCHIVE_CREATE);
    case_check(c, gw_ledger_open(c->a, &c->options, &c->l, &c->why));
    case_seal(c);
    case_reopen(c);
    case_check(c, gw_leaf_count(c->a, &leaves, &c->why));
    assert_int_equal(leaves, 1);
    assert_int_equal(bad_in_log(c), 0);
    case_free(c);
}

static void rotate(struct archive_case *c)
{
    char keys[300];
    case_path(c, "keys", keys);
    case_check(c, gw_keyring_rotate(keys, (gw_span){0}, &c->chance, &c->why));
}

static void two_rotations_without_a_seal_are_refused(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    struct gw_ledger *l;
    case_close(c);
    rotate(c);
    rotate(c);
    case_policy(c, "quorum none\n");
    c->a = archive_in(&c->place, GW_ARCHIVE_WRITE);
    assert_int_equal(gw_ledger_open(c->a, &c->options, &l, &c->why),
                     GW_EREFUSED);
    assert_non_null(strstr(c->why.text, "rotated twice"));
    case_free(c);
}

static void a_policy_goes_to_a_quorum_and_back(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    struct case_witness w;
    char rest[3200];
    case_witness_new(c, "w1.example", &w);
    snprintf(rest, sizeof rest, "%squorum w1.example\n", w.line);
    case_policy(c, rest);
    case_reopen(c);
    struct gw_sealed s = case_seal(c);
    assert_false(s.quorum);
    assert_int_equal(s.first, 3);
    assert_int_equal(s.count, 1);
    // Others still see the tree before, and the policy that goes with it.
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 3);
    assert_int_equal(bad_in_log(c), 0);
    case_policy(c, "quorum none\n");
    case_reopen(c);
    s = case_seal(c);
    assert_true(s.quorum);
    assert_int_equal(s.count, 1);
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 5);
    assert_int_equal(bad_in_log(c), 0);
    case_witness_free(&w);
    case_free(c);
}

static void a_rotated_key_is_shown_with_its_policy(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    struct case_witness w;
    char rest[3200];
    struct gw_buf answer;
    struct gw_sealed s;
    gw_buf_init(&answer, 1 << 20);
    case_witness_new(c, "w1.example", &w);
    snprintf(rest, sizeof rest, "%squorum w1.example\n", w.line);
    case_policy(c, rest);
    case_reopen(c);
    case_seal(c);
    assert_int_equal(case_cosign(c, "w1.example", &w, &answer), 200);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&answer), &s, &c->why));
    assert_true(s.quorum);
    case_close(c);
    rotate(c);
    case_policy(c, rest);
    case_open(c);
    assert_false(case_seal(c).quorum);
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 4);
    assert_int_equal(bad_in_log(c), 0);
    // The witness must learn of the new key; it goes on from what it saw.
    gw_policy_free(w.policy);
    gw_signer_close(w.signer);
    char state_folder[200], path[300];
    struct gw_buf b;
    gw_buf_init(&b, 1 << 16);
    snprintf(state_folder, sizeof state_folder, "%s/w1.example/signed",
             c->place.root);
    case_path(c, "keys/policy.txt", path);
    case_check(c, gw_file_read(path, &b, &c->why));
    case_check(c, gw_policy_parse(gw_buf_span(&b), &w.policy, &c->why));
    case_check(c, gw_signer_open(state_folder, &w.key, w.policy, &c->clock,
                                 &w.signer, &c->why));
    assert_int_equal(case_cosign(c, "w1.example", &w, &answer), 200);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&answer), &s, &c->why));
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 5);
    assert_int_equal(bad_in_log(c), 0);
    gw_buf_release(&b);
    gw_buf_release(&answer);
    case_witness_free(&w);
    case_free(c);
}

// ---- witnesses by file --------------------------------------------------

static void lines_come_late_twice_and_for_older_trees(void **state)
{
    (void)state;
    struct archive_case *c = sealed_case();
    struct case_witness w1, w2;
    struct gw_object o;
    char rest[6400];
    struct gw_buf a1, a2;
    struct gw_sealed s;
    gw_buf_init(&a1, 1 << 20);
    gw_buf_init(&a2, 1 << 20);
    case_witness_new(c, "w1", &w1);
    case_witness_new(c, "w2", &w2);
    snprintf(rest, sizeof rest, "%s%sgroup both all w1 w2\nquorum both\n",
             w1.line, w2.line);
    case_policy(c, rest);
    case_reopen(c);
    case_seal(c);
    // One line counts at once, the other comes when the log has grown.
    assert_int_equal(case_cosign(c, "w1", &w1, &a1), 200);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&a1), &s, &c->why));
    assert_int_equal(s.witnesses, 1);
    assert_false(s.quorum);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&a1), &s, &c->why));
    assert_int_equal(s.witnesses, 1);
    struct gw_buf b;
    gw_span note;
    case_name(c, "ledger/checkpoint.local", &note, &b);
    size_t lines = 0;
    while (note.len)
        lines += gw_starts(gw_cut(&note, '\n'), "\xe2\x80\x94");
    assert_int_equal(lines, 2);
    gw_buf_release(&b);
    assert_int_equal(case_cosign(c, "w2", &w2, &a2), 200);
    case_keep(c, "three", &o);
    case_seal(c);
    struct gw_why late = {0};
    assert_int_equal(gw_ledger_accept(c->l, gw_buf_span(&a2), &s, &late),
                     GW_EPROOF);
    assert_non_null(strstr(late.text, "earlier request"));
    // Both have seen the tree of 4, and are asked from there.
    assert_int_equal(case_cosign(c, "w1", &w1, &a1), 200);
    assert_int_equal(case_cosign(c, "w2", &w2, &a2), 200);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&a2), &s, &c->why));
    assert_false(s.quorum);
    case_check(c, gw_ledger_accept(c->l, gw_buf_span(&a1), &s, &c->why));
    assert_true(s.quorum);
    assert_int_equal(tree_size(c, "ledger/checkpoint"), 5);
    assert_int_equal(bad_in_log(c), 0);
    gw_buf_release(&a1);
    gw_buf_release(&a2);
    case_witness_free(&w1);
    case_witness_free(&w2);
    case_free(c);
}

// ---- stopped at each write ----------------------------------------------

static struct archive_case *model; // closed; copied for each run
static struct gw_hash32 expected;

static void copy_folder(const char *from, const char *to)
{
    pid_t pid = fork();
    if (!pid) {
        execlp("cp", "cp", "-r", from, to, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static struct archive_case copy_of_model(void)
{
    struct archive_case c = *model;
    c.place = place_new();
    copy_folder(model->place.archive, c.place.archive);
    return c;
}

static int open_and_seal(struct archive_case *c, struct gw_sealed *s)
{
    struct gw_why why = {0};
    c->options =
        (struct gw_ledger_options){.chance = &c->chance, .clock = &c->clock};
    c->a = NULL;
    c->l = NULL;
    int rc =
        gw_archive_open(c->place.archive, GW_ARCHIVE_WRITE, &noon, &c->a, &why);
    rc = rc ? rc : gw_ledger_open(c->a, &c->options, &c->l, &why);
    return rc ? rc : gw_ledger_seal(c->l, false, s, &why);
}

static bool seal_a_copy(void)
{
    struct archive_case c = copy_of_model();
    struct gw_sealed s;
    bool ok = open_and_seal(&c, &s) == 0;
    if (!ok) { // nothing fails any more
        case_close(&c);
        case_check(&c, open_and_seal(&c, &s));
    }
    assert_true(gw_hash32_eq(&s.checkpoint.root, &expected));
    assert_int_equal(bad_in_log(&c), 0);
    case_close(&c);
    place_remove(&c.place);
    return ok;
}

static void stop_everywhere(struct archive_case *c)
{
    struct gw_sealed s;
    model = c;
    struct archive_case first = copy_of_model();
    case_check(&first, open_and_seal(&first, &s));
    expected = s.checkpoint.root;
    case_close(&first);
    place_remove(&first.place);
    assert_true(gw_fault_each_write(seal_a_copy) > 10);
    place_remove(&c->place);
    gw_free(c);
}

static void a_first_seal_stopped_anywhere_comes_to_the_same_root(void **state)
{
    (void)state;
    struct archive_case *c = case_new();
    struct gw_object o;
    case_keep(c, "one", &o);
    case_close(c);
    stop_everywhere(c);
}

static void a_seal_after_rotation_stopped_anywhere_comes_to_the_same(void **st)
{
    (void)st;
    struct archive_case *c = sealed_case();
    struct gw_object o;
    case_close(c);
    rotate(c);
    case_policy(c, "quorum none\n");
    case_reopen(c);
    case_keep(c, "three", &o);
    case_close(c);
    stop_everywhere(c);
}

// ---- out of memory ------------------------------------------------------

static bool open_append_seal(void)
{
    struct archive_case *c = model;
    struct gw_sealed s;
    uint64_t index;
    struct gw_why why = {0};
    struct gw_leaf_field field = {"name", GW_LIT("\"x\""), true};
    struct gw_new_leaf leaf = {.type = GW_LEAF_CUSTODY,
                               .at = c->clock.fixed,
                               .fields = &field,
                               .count = 1,
                               .digests = 8};
    c->a = NULL;
    c->l = NULL;
    int rc =
        gw_archive_open(c->place.archive, GW_ARCHIVE_WRITE, &noon, &c->a, &why);
    rc = rc ? rc : gw_ledger_open(c->a, &c->options, &c->l, &why);
    rc = rc ? rc : gw_ledger_append(c->l, &leaf, "x", &index, &why);
    rc = rc ? rc : gw_ledger_seal(c->l, false, &s, &why);
    case_close(c);
    return rc == 0;
}

static void without_memory_nothing_leaks_and_nothing_is_lost(void **state)
{
    (void)state;
    model = sealed_case();
    case_close(model);
    assert_true(gw_fault_each_alloc(open_append_seal) > 10);
    case_open(model);
    uint64_t leaves;
    case_check(model, gw_leaf_count(model->a, &leaves, &model->why));
    assert_int_equal(case_seal(model).checkpoint.size, leaves);
    assert_int_equal(bad_in_log(model), 0);
    case_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_that_is_sealed_is_kept),
        cmocka_unit_test(a_catalogue_with_other_leaves_seals_nothing),
        cmocka_unit_test(two_checkpoints_that_disagree_are_a_fork),
        cmocka_unit_test(a_folder_from_a_mirror_is_taken_up),
        cmocka_unit_test(sealing_again_writes_no_file),
        cmocka_unit_test(a_policy_that_is_gone_is_not_made_anew),
        cmocka_unit_test(a_name_that_needs_escapes_has_one_key_leaf),
        cmocka_unit_test(two_rotations_without_a_seal_are_refused),
        cmocka_unit_test(a_policy_goes_to_a_quorum_and_back),
        cmocka_unit_test(a_rotated_key_is_shown_with_its_policy),
        cmocka_unit_test(lines_come_late_twice_and_for_older_trees),
        cmocka_unit_test(a_first_seal_stopped_anywhere_comes_to_the_same_root),
        cmocka_unit_test(
            a_seal_after_rotation_stopped_anywhere_comes_to_the_same),
        cmocka_unit_test(without_memory_nothing_leaks_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
