// Pull mirrors of the peer's logs: what is copied is whole, and nothing wrong
// is ever taken over.
#include "fault.h"
#include "peer.h"
#include "talk_case.h"

#include <fcntl.h>
#include <sys/file.h>

#define ORIGIN "gawah.example/ref-log"

static char top[TALK_PATH], ref[TALK_PATH], big[TALK_PATH], forked[TALK_PATH];
static struct gw_policy *policy;

// ---- sources ------------------------------------------------------------
static int generate(const char *n, const char *sizes, const char *folder)
{
    const char *const args[] = {"gen", "-n",   n,      "-sizes",
                                sizes, "-out", folder, NULL};
    return peer_run(args, (gw_span){0}, NULL);
}

// The same log's key under other entries.
static void make_fork(void)
{
    char state[TALK_PATH];
    struct gw_key key;
    struct gw_signer *s;
    struct gw_log *l;
    struct gw_why why = {0};
    struct gw_checkpoint c;
    talk_key(GW_ROLE_LOG, ORIGIN, 1, &key);
    assert_ok(gw_signer_open(talk_join(top, "fork-state", state), &key, NULL,
                             NULL, &s, &why),
              why);
    struct gw_log_options o = {.folder = forked,
                               .origin = ORIGIN,
                               .sign = gw_sign_here(s),
                               .name = "checkpoint"};
    assert_ok(gw_log_open(&o, &l, &why), why);
    for (int i = 0; i < 400; i++) {
        gw_span entry = GW_LIT("another history\n");
        uint64_t index;
        assert_ok(gw_log_append(l, &entry, 1, &index, &why), why);
        if (i == 299 || i == 399)
            assert_ok(gw_log_publish(l, &c, &why), why);
        if (i == 299) {
            struct gw_buf b;
            gw_buf_init(&b, GW_NOTE_MAX);
            assert_true(talk_read(forked, "checkpoint", &b));
            talk_write(forked, "checkpoint.300", gw_buf_span(&b));
            gw_buf_release(&b);
        }
    }
    gw_log_close(l);
    gw_signer_close(s);
}

static int set_up(void **state)
{
    (void)state;
    talk_folder(top);
    talk_join(top, "ref", ref);
    talk_join(top, "big", big);
    talk_join(top, "forked", forked);
    if (!peer_or_skip("all that needs its reference log"))
        return 0;
    if (generate("300", "0,1,7,8,100,255,256,257,258,299", ref) ||
        generate("66100", "65536,65537,65800", big))
        return -1;
    policy = talk_policy_of(ref);
    make_fork();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_policy_free(policy);
    talk_remove(top);
    return 0;
}

#define needs_peer()                                                           \
    do {                                                                       \
        if (!policy)                                                           \
            skip();                                                            \
    } while (0)

// A log as of a checkpoint, and with something wrong on demand.
struct source {
    const char *folder, *checkpoint;
    const char *damaged; // this file has one bit wrong
    int die_after;       // files; 0: never
    int files, bundles;
};

static int get(void *ctx, const char *path, size_t max, struct gw_buf *ret,
               struct gw_why *why)
{
    struct source *s = ctx;
    size_t before = ret->len;
    bool note = strcmp(path, "checkpoint") == 0;
    (void)max;
    s->files++;
    s->bundles += strncmp(path, "tile/entries/", 13) == 0;
    if (s->die_after && s->files > s->die_after)
        _exit(9);
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    bool there = talk_read(s->folder, note ? s->checkpoint : path, &b);
    int rc = b.err;
    gw_put_span(ret, gw_buf_span(&b));
    gw_buf_release(&b);
    if (rc || ret->err || !there)
        return gw_fail(why,
                       rc         ? rc
                       : ret->err ? ret->err
                                  : GW_ENOENT,
                       "%s: not read", path);
    if (s->damaged && strcmp(path, s->damaged) == 0)
        ret->at[before + (ret->len - before) / 2] ^= 4;
    return 0;
}

static int pull(struct source *s, struct gw_signer *signer, const char *into,
                struct gw_mirror_result *ret, struct gw_why *why)
{
    struct gw_log_reader *r = gw_log_reader_on(get, s);
    *why = (struct gw_why){0};
    s->files = s->bundles = 0;
    if (!r)
        return gw_fail(why, GW_ENOMEM, "no reader");
    int rc = gw_mirror(r, policy, signer, into, NULL, ret, why);
    gw_log_reader_close(r);
    return rc;
}

static void pull_ok(const char *checkpoint, const char *into)
{
    struct source s = {.folder = ref, .checkpoint = checkpoint};
    struct gw_mirror_result m;
    struct gw_why why;
    assert_ok(pull(&s, NULL, into, &m, &why), why);
}

// ---- copies -------------------------------------------------------------
static const char *fresh(const char *name, char ret_path[TALK_PATH])
{
    talk_remove(talk_join(top, name, ret_path));
    return ret_path;
}

static void the_peer_agrees(const char *copy)
{
    char file[TALK_PATH];
    const char *const args[] = {"audit", "-policy",
                                talk_join(ref, "policy.txt", file), copy, NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
}

static bool same(const char *a, const char *a_name, const char *b,
                 const char *b_name)
{
    struct gw_buf x, y;
    gw_buf_init(&x, GW_NOTE_MAX);
    gw_buf_init(&y, GW_NOTE_MAX);
    bool ok = talk_read(a, a_name, &x) && talk_read(b, b_name, &y) &&
              gw_eq(gw_buf_span(&x), gw_buf_span(&y));
    gw_buf_release(&x);
    gw_buf_release(&y);
    return ok;
}

static void a_log_is_copied_from_a_folder(void **state)
{
    (void)state;
    char copy[TALK_PATH];
    struct gw_log_reader *r;
    struct gw_mirror_result m;
    struct gw_why why = {0};
    needs_peer();
    fresh("copy", copy);
    assert_ok(gw_log_reader_open(ref, &r, &why), why);
    assert_ok(gw_mirror(r, policy, NULL, copy, NULL, &m, &why), why);
    assert_int_equal(m.old_size, 0);
    assert_int_equal(m.size, 300);
    assert_int_equal(m.files, 2 * 2 + 1);
    assert_false(m.cosigned);
    the_peer_agrees(copy);
    assert_true(same(copy, "checkpoint", ref, "checkpoint"));
    assert_ok(gw_mirror(r, policy, NULL, copy, NULL, &m, &why), why); // again
    assert_int_equal(m.old_size, 300);
    assert_int_equal(m.files, 0);
    the_peer_agrees(copy);
    gw_log_reader_close(r);
}

static void a_log_is_copied_over_http_from_a_mirror(void **state)
{
    (void)state;
    char mirrors[TALK_PATH], one[2 * TALK_PATH], copy[TALK_PATH], url[512];
    char hex[65], own[TALK_PATH];
    struct talk_witness w = {0};
    struct gw_log_reader *r;
    struct gw_mirror_result m;
    struct gw_why why = {0};
    needs_peer();
    struct gw_hash32 hash = gw_sha256(GW_LIT(ORIGIN));
    gw_hex(hash.at, GW_HASH_LEN, hex);
    fresh("mirrors", mirrors);
    snprintf(one, sizeof one, "%s/%s", mirrors, hex);
    pull_ok("checkpoint", one);
    talk_key(GW_ROLE_MIRROR, "mirror.example", 0x51, &w.key);
    w.mirror = mirrors;
    talk_witness_start(&w, talk_join(top, "http-state", own), policy,
                       "127.0.0.1:0");
    snprintf(url, sizeof url, "%s/prefix/%s", w.ready.url, hex);
    fresh("over-http", copy);
    assert_ok(gw_log_reader_open(url, &r, &why), why);
    assert_ok(gw_mirror(r, policy, NULL, copy, NULL, &m, &why), why);
    gw_log_reader_close(r);
    assert_int_equal(m.size, 300);
    the_peer_agrees(copy);
    the_peer_agrees(url);
    talk_witness_stop(&w);
}

static void only_what_is_new_is_fetched(void **state)
{
    (void)state;
    static const struct {
        const char *checkpoint;
        int bundles;
    } steps[] = {
        {"checkpoint.65536", 256}, {"checkpoint.65537", 1},
        {"checkpoint.65800", 2},   {"checkpoint.65800", 0},
        {"checkpoint", 2},
    };
    char copy[TALK_PATH];
    needs_peer();
    fresh("grown", copy);
    for (size_t i = 0; i < GW_COUNT(steps); i++) {
        struct source s = {.folder = big, .checkpoint = steps[i].checkpoint};
        struct gw_mirror_result m;
        struct gw_why why;
        assert_ok(pull(&s, NULL, copy, &m, &why), why);
        assert_int_equal(s.bundles, steps[i].bundles);
        the_peer_agrees(copy);
    }
}

static void a_copy_grows_through_every_size(void **state)
{
    (void)state;
    static const char *const names[] = {
        "checkpoint.0",   "checkpoint.1",   "checkpoint.7",   "checkpoint.8",
        "checkpoint.100", "checkpoint.255", "checkpoint.256", "checkpoint.257",
        "checkpoint.258", "checkpoint.299", "checkpoint",
    };
    char copy[TALK_PATH];
    needs_peer();
    for (size_t from = 0; from < GW_COUNT(names); from++) {
        fresh("steps", copy);
        for (size_t i = from; i < GW_COUNT(names); i += 1 + from % 3)
            pull_ok(names[i], copy);
        pull_ok("checkpoint", copy);
        the_peer_agrees(copy);
    }
}

// ---- what is refused ----------------------------------------------------
static size_t forks_kept(const char *copy)
{
    size_t n = 0;
    DIR *d = opendir(copy);
    for (struct dirent *e; d && (e = readdir(d));)
        n += strncmp(e->d_name, "checkpoint.fork-", 16) == 0 &&
             strlen(e->d_name) == 16 + 12;
    if (d)
        closedir(d);
    return n;
}

static void a_log_that_forked_or_shrank_is_refused(void **state)
{
    (void)state;
    const struct source cases[] = {
        {.folder = forked, .checkpoint = "checkpoint"},     // and grew
        {.folder = forked, .checkpoint = "checkpoint.300"}, // the same size
        {.folder = ref, .checkpoint = "checkpoint.258"},    // shrank
        {.folder = ref, .checkpoint = "checkpoint.0"},
    };
    char copy[TALK_PATH];
    needs_peer();
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct source s = cases[i];
        struct gw_mirror_result m;
        struct gw_why why;
        fresh("kept", copy);
        pull_ok("checkpoint", copy);
        assert_int_equal(pull(&s, NULL, copy, &m, &why), GW_EFORK);
        assert_non_null(strstr(why.text, ORIGIN));
        assert_true(same(copy, "checkpoint", ref, "checkpoint"));
        assert_int_equal(forks_kept(copy), 2);
        assert_int_equal(pull(&s, NULL, copy, &m, &why), GW_EFORK); // again
        assert_int_equal(forks_kept(copy), 2);
        the_peer_agrees(copy);
    }
}

static void a_damaged_file_changes_nothing(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "tile/entries/000", "tile/0/000",     "tile/entries/001.p/44",
        "tile/0/001.p/44",  "tile/1/000.p/1",
    };
    char copy[TALK_PATH];
    needs_peer();
    for (size_t i = 0; i < GW_COUNT(damaged); i++) {
        struct source s = {
            .folder = ref, .checkpoint = "checkpoint", .damaged = damaged[i]};
        struct gw_mirror_result m;
        struct gw_why why;
        fresh("sound", copy);
        pull_ok("checkpoint.100", copy);
        assert_int_not_equal(pull(&s, NULL, copy, &m, &why), 0);
        assert_int_not_equal(why.code, GW_EFORK);
        assert_int_equal(forks_kept(copy), 0);
        assert_true(same(copy, "checkpoint", ref, "checkpoint.100"));
        the_peer_agrees(copy);
        pull_ok("checkpoint", copy); // and then all is well
        the_peer_agrees(copy);
    }
}

static void a_checkpoint_of_nobody_or_of_another_log_is_refused(void **state)
{
    (void)state;
    char copy[TALK_PATH];
    struct gw_mirror_result m;
    struct gw_why why;
    needs_peer();
    fresh("proper", copy);
    pull_ok("checkpoint.100", copy);
    talk_write(forked, "nonsense", GW_LIT("no checkpoint\n"));
    struct source s = {.folder = forked, .checkpoint = "nonsense"};
    assert_int_equal(pull(&s, NULL, copy, &m, &why), GW_EFORMAT);
    s.checkpoint = "nothing there";
    assert_int_equal(pull(&s, NULL, copy, &m, &why), GW_ENOENT);
    s = (struct source){
        .folder = ref, .checkpoint = "checkpoint", .damaged = "checkpoint"};
    assert_true(pull(&s, NULL, copy, &m, &why) < 0);
    assert_true(same(copy, "checkpoint", ref, "checkpoint.100"));
    the_peer_agrees(copy);
}

static void two_do_not_write_one_copy(void **state)
{
    (void)state;
    char copy[TALK_PATH];
    struct gw_mirror_result m;
    struct gw_why why;
    needs_peer();
    fresh("busy", copy);
    pull_ok("checkpoint.100", copy);
    struct source s = {.folder = ref, .checkpoint = "checkpoint"};
    int held = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(held >= 0);
    assert_int_equal(flock(held, LOCK_EX), 0); // as the other one would
    assert_int_equal(pull(&s, NULL, copy, &m, &why), GW_EBUSY);
    assert_true(same(copy, "checkpoint", ref, "checkpoint.100"));
    close(held);
    assert_ok(pull(&s, NULL, copy, &m, &why), why);
}

// ---- interrupted --------------------------------------------------------
static void killed_at_any_file_the_copy_is_what_it_was(void **state)
{
    (void)state;
    char copy[TALK_PATH];
    int status = 0, deaths = 0;
    needs_peer();
    do {
        struct source s = {
            .folder = ref, .checkpoint = "checkpoint", .die_after = ++deaths};
        struct gw_mirror_result m;
        struct gw_why why;
        fresh("killed", copy);
        pull_ok("checkpoint.100", copy);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(pull(&s, NULL, copy, &m, &why) ? 1 : 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        assert_true(done || WEXITSTATUS(status) == 9);
        assert_true(same(copy, "checkpoint", ref,
                         done ? "checkpoint" : "checkpoint.100"));
        the_peer_agrees(copy);
        pull_ok("checkpoint", copy);
        the_peer_agrees(copy);
    } while (WEXITSTATUS(status) == 9);
    assert_true(deaths > 5);
}

static bool copy_a_little(void)
{
    struct source s = {.folder = ref, .checkpoint = "checkpoint.8"};
    struct gw_mirror_result m;
    struct gw_why why;
    char copy[TALK_PATH], file[TALK_PATH];
    fresh("faulty", copy);
    int rc = pull(&s, NULL, copy, &m, &why);
    assert_true(!rc || why.text[0]);
    talk_join(copy, "checkpoint", file);
    bool there = access(file, F_OK) == 0;
    assert_true(rc || there);
    if (there) { // then so is all that it covers
        struct stat st;
        assert_int_equal(stat(talk_join(copy, "tile/0/000.p/8", file), &st), 0);
        assert_int_equal(st.st_size, 8 * GW_HASH_LEN);
        talk_join(copy, "tile/entries/000.p/8", file);
        assert_int_equal(stat(file, &st), 0);
        assert_true(st.st_size > 8 * 2);
    }
    return rc == 0;
}

static void no_failed_write_leaves_a_checkpoint_of_less(void **state)
{
    (void)state;
    needs_peer();
    assert_true(gw_fault_each_write(copy_a_little) > 3);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    needs_peer();
    assert_true(gw_fault_each_alloc(copy_a_little) > 10);
}

// ---- cosigning ----------------------------------------------------------
struct cosigner {
    struct gw_key key;
    struct gw_signer *signer;
    char state[TALK_PATH];
};

static void open_cosigner(struct cosigner *c, const char *name)
{
    struct gw_why why = {0};
    talk_key(GW_ROLE_MIRROR, "mirror.example", 0x51, &c->key);
    assert_ok(gw_signer_open(fresh(name, c->state), &c->key, policy, NULL,
                             &c->signer, &why),
              why);
}

// Whether the checkpoint of a copy has the mirror's line, and a good one.
static bool is_cosigned(const char *copy, const struct cosigner *c)
{
    struct gw_buf b;
    struct gw_note n;
    struct gw_why why = {0};
    uint64_t posix = 0;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&b, GW_NOTE_MAX);
    assert_true(talk_read(copy, "checkpoint", &b));
    assert_ok(gw_note_parse(gw_buf_span(&b), arena, &n, &why), why);
    int rc = gw_note_signed_by(&n, &c->key.vkey, &posix, &why);
    assert_true(rc >= 0);
    gw_arena_free(arena);
    gw_buf_release(&b);
    return rc == 1 && posix > 1700000000;
}

static void what_was_audited_is_cosigned(void **state)
{
    (void)state;
    static const char *const names[] = {"checkpoint.0", "checkpoint.8",
                                        "checkpoint.257", "checkpoint.257",
                                        "checkpoint"};
    struct cosigner c;
    char copy[TALK_PATH];
    needs_peer();
    open_cosigner(&c, "cosigner");
    fresh("cosigned", copy);
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        struct source s = {.folder = ref, .checkpoint = names[i]};
        struct gw_mirror_result m;
        struct gw_why why;
        assert_ok(pull(&s, c.signer, copy, &m, &why), why);
        assert_true(m.cosigned);
        assert_true(is_cosigned(copy, &c));
        the_peer_agrees(copy);
    }
    gw_signer_close(c.signer);
}

static void what_was_not_held_whole_is_not_cosigned(void **state)
{
    (void)state;
    struct cosigner c;
    char copy[TALK_PATH];
    struct gw_mirror_result m;
    struct gw_why why;
    struct gw_buf last;
    needs_peer();
    open_cosigner(&c, "strict");
    fresh("partly", copy);
    struct source s = {.folder = ref,
                       .checkpoint = "checkpoint",
                       .damaged = "tile/entries/001.p/44"};
    assert_int_not_equal(pull(&s, c.signer, copy, &m, &why), 0);
    gw_buf_init(&last, GW_NOTE_MAX);
    assert_int_equal(gw_signer_last(c.signer, GW_LIT(ORIGIN), &last, &why),
                     GW_ENOENT);
    gw_buf_release(&last);
    gw_signer_close(c.signer);
}

static void a_copy_restored_from_a_backup_is_not_cosigned(void **state)
{
    (void)state;
    struct cosigner c;
    char copy[TALK_PATH];
    struct gw_mirror_result m;
    struct gw_why why;
    needs_peer();
    open_cosigner(&c, "ahead");
    fresh("backup", copy);
    struct source s = {.folder = ref, .checkpoint = "checkpoint"};
    assert_ok(pull(&s, c.signer, copy, &m, &why), why);
    // The folder is gone, and the log shows an older tree, or another one.
    fresh("backup", copy);
    s.checkpoint = "checkpoint.258";
    assert_int_equal(pull(&s, c.signer, copy, &m, &why), GW_EFORK);
    s = (struct source){.folder = forked, .checkpoint = "checkpoint"};
    assert_int_equal(pull(&s, c.signer, copy, &m, &why), GW_EFORK);
    assert_false(m.cosigned);
    // The true log is taken up again.
    s = (struct source){.folder = ref, .checkpoint = "checkpoint"};
    assert_ok(pull(&s, c.signer, copy, &m, &why), why);
    the_peer_agrees(copy);
    gw_signer_close(c.signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_copied_from_a_folder),
        cmocka_unit_test(a_log_is_copied_over_http_from_a_mirror),
        cmocka_unit_test(only_what_is_new_is_fetched),
        cmocka_unit_test(a_copy_grows_through_every_size),
        cmocka_unit_test(a_log_that_forked_or_shrank_is_refused),
        cmocka_unit_test(a_damaged_file_changes_nothing),
        cmocka_unit_test(a_checkpoint_of_nobody_or_of_another_log_is_refused),
        cmocka_unit_test(two_do_not_write_one_copy),
        cmocka_unit_test(killed_at_any_file_the_copy_is_what_it_was),
        cmocka_unit_test(no_failed_write_leaves_a_checkpoint_of_less),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(what_was_audited_is_cosigned),
        cmocka_unit_test(what_was_not_held_whole_is_not_cosigned),
        cmocka_unit_test(a_copy_restored_from_a_backup_is_not_cosigned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
