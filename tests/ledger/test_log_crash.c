// Stopping the log writer at every step of the publish order, by a kill, a
// failed call or a torn disk: what was acknowledged is there afterwards, and
// nothing else than one history is ever signed.
#include "fault.h"
#include "ledger/log_journal.h"
#include "log_case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

// What a writer has been told, where a kill does not reach it.
struct told {
    uint64_t durable, published;
    int steps;
};

static struct told *shared;

static int make_shared(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

static int free_shared(void **state)
{
    (void)state;
    return munmap(shared, sizeof *shared);
}

// ---- a writer that is stopped -------------------------------------------
struct stop {
    int after;    // steps
    bool by_kill; // else the step fails
};

static int stopping(void *ctx, enum log_step step)
{
    const struct stop *s = ctx;
    (void)step;
    if (shared->steps++ != s->after)
        return 0;
    if (s->by_kill)
        kill(getpid(), SIGKILL);
    return -1;
}

// 900 entries in batches, some synced, some published; stops at a failure.
static bool write_some(const struct log_case *c, const struct log_watch *w)
{
    struct gw_log *l;
    struct gw_buf b;
    struct gw_checkpoint done;
    uint64_t first;
    int rc = log_open_watched(&c->options, w, &l, NULL);
    if (rc)
        return false;
    gw_buf_init(&b, 4096);
    for (uint64_t i = gw_log_size(l); !rc && i < 900; i++) {
        gw_span entry = case_entry(i, &b);
        rc = gw_log_append(l, &entry, 1, &first, NULL);
        if (!rc && i % 150 == 149) {
            rc = gw_log_publish(l, &done, NULL);
            if (!rc)
                shared->published = shared->durable = done.size;
        } else if (!rc && i % 50 == 49 && (rc = gw_log_sync(l, NULL)) == 0) {
            if (c->options.journal)
                shared->durable = gw_log_size(l);
        }
    }
    gw_buf_release(&b);
    gw_log_close(l);
    return !rc;
}

// Opened again, with a signer that knows only what is on the disk.
static void nothing_is_lost(struct log_case *c)
{
    struct gw_checkpoint done;
    gw_signer_close(c->signer);
    assert_int_equal(
        gw_signer_open(c->state, &c->key, NULL, NULL, &c->signer, NULL), 0);
    c->options.sign = gw_sign_here(c->signer);
    struct gw_log *l = case_open(c);
    assert_true(gw_log_size(l) >= shared->durable);
    assert_true(gw_log_published(l) >= shared->published);
    if (c->options.journal) { // else the entries are the caller's to bring
        case_publish(l, &done);
        struct gw_hash32 first = case_root(done.size);
        assert_true(gw_hash32_eq(&done.root, &first));
    }
    case_append_to(l, 1000);
    case_publish(l, &done);
    struct gw_hash32 root = case_root(1000);
    assert_true(gw_hash32_eq(&done.root, &root));
    gw_log_close(l);
}

// Every tile and bundle leads to the root of the last checkpoint.
static void all_files_are_right(const struct log_case *c)
{
    struct gw_log_reader *r;
    struct gw_audit audit;
    struct gw_audit_options o = {.threads = 1};
    struct gw_checkpoint all = {.origin = CASE_ORIGIN, .size = 1000};
    struct gw_why why = {0};
    all.root = case_root(1000);
    assert_int_equal(gw_log_reader_open(c->folder, &r, NULL), 0);
    if (gw_log_audit(r, &all, &o, &audit, &why))
        fail_msg("%s", why.text);
    assert_int_equal(audit.entries, 1000);
    gw_log_reader_close(r);
}

// A child writes and is stopped after so many steps; false: it came through.
static bool stopped_by_kill(const struct log_case *c, int after)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        struct stop s = {after, true};
        struct log_watch w = {stopping, &s};
        (void)write_some(c, &w);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status);
}

static void stop_at_every_step(bool with_journal, bool by_kill)
{
    for (int after = 0, more = 1; more; after++) {
        struct log_case c;
        case_begin(&c);
        c.options.journal = with_journal ? c.journal : NULL;
        *shared = (struct told){.steps = 0};
        if (by_kill) {
            more = stopped_by_kill(&c, after);
        } else {
            struct stop s = {after, false};
            struct log_watch w = {stopping, &s};
            more = !write_some(&c, &w);
        }
        nothing_is_lost(&c);
        all_files_are_right(&c);
        case_end(&c);
        assert_true(after < 500);
        assert_true(more || after > 6 * (LOG_STEP_COUNT - 4));
    }
}

static void a_kill_at_every_step_loses_nothing(void **state)
{
    (void)state;
    stop_at_every_step(true, true);
}

static void a_kill_at_every_step_without_journal_forks_nothing(void **state)
{
    (void)state;
    stop_at_every_step(false, true);
}

static void a_failure_at_every_step_loses_nothing(void **state)
{
    (void)state;
    stop_at_every_step(true, false);
    stop_at_every_step(false, false);
}

enum { SIGNED = 13 }; // steps up to the first signature

static bool has_signed(const struct log_case *c, uint64_t size)
{
    struct gw_buf note, line;
    gw_buf_init(&note, 1 << 16);
    gw_buf_init(&line, 64);
    gw_put_fmt(&line, "\n%llu\n", (unsigned long long)size);
    bool yes =
        gw_signer_last(c->signer, gw_str(CASE_ORIGIN), &note, NULL) == 0 &&
        gw_find(gw_buf_span(&note), gw_buf_span(&line), 0) > 0;
    gw_buf_release(&note);
    gw_buf_release(&line);
    return yes;
}

// The first open after a kill is killed as well, at each of its steps.
static void a_kill_while_recovering_loses_nothing(void **state)
{
    (void)state;
    for (int after = 0, more = 1; more && after < 20; after++) {
        struct log_case c;
        case_begin(&c);
        *shared = (struct told){.steps = 0};
        // Signed, but not yet published: the most that recovery has to do.
        assert_true(stopped_by_kill(&c, SIGNED));
        assert_true(shared->published == 0 && has_signed(&c, 150));
        shared->steps = 0;
        more = stopped_by_kill(&c, after);
        nothing_is_lost(&c);
        all_files_are_right(&c);
        case_end(&c);
    }
}

// Fails where the signature is there and the checkpoint is not, once.
static int fail_checkpoint(void *ctx, enum log_step step)
{
    bool *on = ctx;
    bool fail = *on && step == LOG_STEP_CHECKPOINT;
    *on = *on && !fail;
    return fail ? -1 : 0;
}

static void what_was_signed_is_published_by_the_next_open(void **state)
{
    (void)state;
    for (uint64_t more = 0; more < 40; more += 13) {
        struct log_case c;
        struct gw_log *l;
        struct gw_checkpoint done;
        bool on = true;
        struct log_watch w = {fail_checkpoint, &on};
        case_begin(&c);
        assert_int_equal(log_open_watched(&c.options, &w, &l, NULL), 0);
        case_append_to(l, 300);
        assert_int_equal(gw_log_publish(l, &done, NULL), GW_EIO);
        case_append_to(l, 300 + more);
        assert_int_equal(gw_log_sync(l, NULL), 0);
        gw_log_close(l);
        l = case_open(&c);
        assert_int_equal(gw_log_published(l), 300);
        assert_int_equal(gw_log_size(l), 300 + more);
        gw_log_close(l);
        *shared = (struct told){.durable = 300 + more, .published = 300};
        nothing_is_lost(&c);
        all_files_are_right(&c);
        case_end(&c);
    }
}

static void a_kill_at_any_moment_loses_nothing(void **state)
{
    (void)state;
    struct gw_rand r = {23};
    for (int round = 0; round < 25; round++) {
        struct log_case c;
        struct log_watch none = {0};
        case_begin(&c);
        *shared = (struct told){.steps = 0};
        gw_log_close(case_open(&c)); // the journal is laid
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
            (void)write_some(&c, &none);
            _exit(0);
        }
        usleep((useconds_t)gw_rand_below(&r, 60000));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        nothing_is_lost(&c);
        all_files_are_right(&c);
        case_end(&c);
    }
}

// ---- the order itself ---------------------------------------------------
struct order {
    const struct log_case *c;
    enum log_step steps[32];
    size_t count;
};

static bool is_there(const struct log_case *c, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    return access(path, F_OK) == 0;
}

// At each step, what must be there already and what must not be there yet.
static int look_around(void *ctx, enum log_step step)
{
    struct order *o = ctx;
    assert_true(o->count < GW_COUNT(o->steps));
    o->steps[o->count++] = step;
    bool tiles = step >= LOG_STEP_SETTLE, is_signed = step > LOG_STEP_SIGN;
    assert_int_equal(is_there(o->c, "tile/0/000"),
                     tiles || step > LOG_STEP_TILES);
    assert_int_equal(is_there(o->c, "tile/0/001.p/44"), tiles);
    assert_int_equal(is_there(o->c, "tile/entries/001.p/44"), tiles);
    assert_int_equal(is_there(o->c, "tile/1/000.p/1"), tiles);
    assert_int_equal(has_signed(o->c, 300), is_signed);
    assert_int_equal(is_there(o->c, "checkpoint"), step == LOG_STEP_PUBLISHED);
    return 0;
}

static void steps_come_in_the_order_that_is_promised(void **state)
{
    (void)state;
    static const enum log_step promised[] = {
        LOG_STEP_FRAME, LOG_STEP_FLUSH,      LOG_STEP_FLUSHED,
        LOG_STEP_TILES, LOG_STEP_PARTIALS,   LOG_STEP_SETTLE,
        LOG_STEP_SIGN,  LOG_STEP_CHECKPOINT, LOG_STEP_PUBLISHED};
    struct log_case c;
    struct gw_log *l;
    struct gw_checkpoint done;
    struct order o = {.c = &c};
    struct log_watch w = {look_around, &o};
    case_begin(&c);
    assert_int_equal(log_open_watched(&c.options, &w, &l, NULL), 0);
    case_append_to(l, 300);
    case_publish(l, &done);
    assert_int_equal(o.count, GW_COUNT(promised));
    assert_memory_equal(o.steps, promised, sizeof promised);
    gw_log_close(l);
    case_end(&c);
}

// ---- calls that fail ----------------------------------------------------
static bool with_journal;

// Every write, fsync and rename of log, journal and signer fails once.
static bool write_all_of_it(void)
{
    struct log_case c;
    struct log_watch none = {0};
    case_begin(&c);
    c.options.journal = with_journal ? c.journal : NULL;
    *shared = (struct told){.steps = 0};
    bool ok = write_some(&c, &none);
    if (!ok) { // the fault is behind us
        nothing_is_lost(&c);
        all_files_are_right(&c);
    }
    case_end(&c);
    return ok;
}

static void a_full_disk_at_any_write_loses_nothing(void **state)
{
    (void)state;
    with_journal = false;
    assert_true(gw_fault_each_write(write_all_of_it) > 50);
    with_journal = true;
    assert_true(gw_fault_each_write(write_all_of_it) > 70);
}

static int fail_flush(void *ctx, enum log_step step)
{
    bool *on = ctx;
    return *on && step == LOG_STEP_FLUSH ? -1 : 0;
}

static void after_a_failed_sync_nothing_is_promised_until_reopened(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_log *l;
    struct gw_checkpoint done;
    struct gw_why why = {0};
    gw_span entry = GW_LIT("x");
    uint64_t first;
    bool on = false;
    struct log_watch w = {fail_flush, &on};
    case_begin(&c);
    assert_int_equal(log_open_watched(&c.options, &w, &l, NULL), 0);
    case_append_to(l, 10);
    on = true;
    assert_int_equal(gw_log_sync(l, NULL), GW_EIO);
    on = false;
    assert_int_equal(gw_log_sync(l, &why), GW_EIO);
    assert_non_null(strstr(why.text, "opened again"));
    assert_int_equal(gw_log_append(l, &entry, 1, &first, NULL), GW_EIO);
    assert_int_equal(gw_log_publish(l, &done, NULL), GW_EIO);
    gw_log_close(l);
    *shared = (struct told){.steps = 0};
    nothing_is_lost(&c);
    case_end(&c);
}

// A signer that cannot be reached stops no appends, and no later publishing.
static void no_answer(void *ctx, gw_span request, struct gw_answer *ret)
{
    bool *off = ctx;
    (void)request, (void)off;
    *ret = (struct gw_answer){.status = 500, .type = "text/plain"};
    gw_buf_init(&ret->body, 100);
    gw_put_str(&ret->body, "out for lunch\n");
}

static int never_signed(void *ctx, gw_span origin, struct gw_buf *ret,
                        struct gw_why *why)
{
    (void)ctx, (void)origin, (void)ret;
    return gw_fail(why, GW_ENOENT, "never");
}

static void a_signer_out_of_reach_costs_only_the_checkpoint(void **state)
{
    (void)state;
    struct log_case c;
    struct gw_checkpoint done;
    struct gw_why why = {0};
    case_begin(&c);
    c.options.sign = (struct gw_sign){NULL, no_answer, never_signed, NULL};
    struct gw_log *l = case_open(&c);
    case_append_to(l, 300);
    assert_int_equal(gw_log_publish(l, &done, &why), GW_ENET);
    assert_non_null(strstr(why.text, "out for lunch"));
    case_append_to(l, 400);
    assert_int_equal(gw_log_sync(l, NULL), 0);
    assert_int_equal(gw_log_publish(l, &done, NULL), GW_ENET);
    gw_log_close(l);
    *shared = (struct told){.durable = 400};
    nothing_is_lost(&c);
    all_files_are_right(&c);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_at_every_step_loses_nothing),
        cmocka_unit_test(a_kill_at_every_step_without_journal_forks_nothing),
        cmocka_unit_test(a_failure_at_every_step_loses_nothing),
        cmocka_unit_test(a_kill_while_recovering_loses_nothing),
        cmocka_unit_test(what_was_signed_is_published_by_the_next_open),
        cmocka_unit_test(a_kill_at_any_moment_loses_nothing),
        cmocka_unit_test(steps_come_in_the_order_that_is_promised),
        cmocka_unit_test(a_full_disk_at_any_write_loses_nothing),
        cmocka_unit_test(
            after_a_failed_sync_nothing_is_promised_until_reopened),
        cmocka_unit_test(a_signer_out_of_reach_costs_only_the_checkpoint),
    };
    return cmocka_run_group_tests(tests, make_shared, free_shared);
}
