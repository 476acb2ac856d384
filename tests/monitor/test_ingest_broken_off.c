// Ingest broken off: by a kill, by a stop, by an object that kills its parser.
// What was acknowledged is there, and a second run makes what one would have.
#include "ingest_case.h"
#include "jailed_child.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define LINE(name)                                                             \
    "{\"test_name\":\"" name "\",\"measurement_start_time\":\"2024-02-12 "     \
    "20:33:47\",\"test_keys\":{\"tcp_connect\":[{\"ip\":\"192.0.2.1\","        \
    "\"port\":443,\"status\":{\"success\":true}}]}}\n"

static const char *const texts[][2] = {
    {"a.jsonl", LINE("a") LINE("b") "{\n"},
    {"b.jsonl", LINE("c")},
    {"c.json", "[" LINE("d") "," LINE("e") "]"},
    {"d.csv", "measurement_uid,probe_asn,dns_answer\nu1,1,192.0.2.1\n"},
    {"e.txt", "192.0.2.0/24\t64501\n"},
    {"f.unknown", "?"},
};
enum { MEASUREMENTS = 4 }; // of those files

static struct ingest_case with_files(void)
{
    struct ingest_case c = ingest_new(2);
    c.options.dated = gw_time_civil(2024, 1, 1, 0, 0, 0);
    for (size_t i = 0; i < GW_COUNT(texts); i++)
        file_in(&c, texts[i][0], gw_str(texts[i][1]));
    return c;
}

static struct digest undisturbed(void)
{
    struct ingest_case c = with_files();
    take_in(&c, NULL);
    struct digest d = digest_of(&c);
    assert_int_equal(d.segments, MEASUREMENTS);
    ingest_free(&c);
    return d;
}

struct states {
    int done, failed, pending;
    int64_t records, refused;
};

static int count_state(void *ctx, const struct gw_object *o)
{
    struct states *s = ctx;
    s->done += o->state == GW_DONE;
    s->failed += o->state == GW_FAILED;
    s->pending += o->state == GW_PENDING;
    s->records += o->records;
    s->refused += o->refused;
    return 0;
}

static int count_leaf(void *ctx, const struct gw_leaf_row *leaf)
{
    (void)leaf;
    ++*(int *)ctx;
    return 0;
}

// Each object has its leaf, and none has two.
static void is_witnessed(struct ingest_case *c)
{
    char hash[2 * GW_HASH_LEN + 1];
    int leaves = 0;
    assert_int_equal(gw_evidence_unwitnessed(c->archive, hash, NULL), 0);
    assert_int_equal(
        gw_leaves_each(c->archive, 0, "evidence", count_leaf, &leaves, NULL),
        0);
    assert_int_equal(leaves, GW_COUNT(texts));
}

static void is_complete(struct ingest_case *c, struct digest want)
{
    struct states s = {0};
    same_digest(digest_of(c), want);
    is_witnessed(c);
    assert_int_equal(
        gw_evidence_each(c->archive, -1, -1, count_state, &s, NULL), 0);
    assert_int_equal(s.pending, 0);
    assert_int_equal(s.done, MEASUREMENTS + 1);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.records, 6 + 1); // and a row of the table
    assert_int_equal(s.refused, 1);
}

// ---- kill -9 ------------------------------------------------------------

struct countdown {
    int left;
    atomic_int *stop; // raised at the end, or NULL: death
};

static void count_down(void *ctx, const struct gw_ingest_progress *p)
{
    struct countdown *c = ctx;
    (void)p;
    if (c->left-- > 0)
        return;
    if (c->stop)
        *c->stop = 1;
    else
        kill(getpid(), SIGKILL);
}

// Dies at its n-th word of progress; true if it had less to say.
static bool ingest_until(struct ingest_case *c, int n)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct countdown down = {n, NULL};
        char in[200];
        const char *paths[] = {in};
        snprintf(in, sizeof in, "%s/in", c->place.root);
        c->options.progress = count_down;
        c->options.ctx = &down;
        if (ingest_try(c, GW_ARCHIVE_WRITE) ||
            gw_ingest(c->ledger, paths, 1, &c->options, &c->sum, NULL))
            _exit(1);
        ingest_close(c);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return !WIFSIGNALED(status);
}

static void killed_at_any_point_it_goes_on_to_the_same_end(void **state)
{
    (void)state;
    struct digest want = undisturbed();
    bool finished = false;
    int deaths = 0;
    for (; !finished; deaths++) {
        struct ingest_case c = with_files();
        ingest_close(&c);
        finished = ingest_until(&c, deaths);
        ingest_open(&c, GW_ARCHIVE_WRITE);
        take_in(&c, NULL);
        is_complete(&c, want);
        ingest_free(&c);
    }
    assert_in_range(deaths - 1, GW_COUNT(texts), 40);
    print_message("killed at %d points\n", deaths - 1);
}

static void killed_again_and_again_it_still_comes_to_an_end(void **state)
{
    (void)state;
    struct digest want = undisturbed();
    struct ingest_case c = with_files();
    ingest_close(&c);
    for (int n = 0; !ingest_until(&c, n); n++)
        ;
    ingest_open(&c, GW_ARCHIVE_WRITE);
    is_complete(&c, want);
    ingest_free(&c);
}

// ---- stop ---------------------------------------------------------------

static void stopped_at_any_point_it_goes_on_to_the_same_end(void **state)
{
    (void)state;
    struct digest want = undisturbed();
    int stops = 0;
    for (int n = 0; n < 12; n++) {
        struct ingest_case c = with_files();
        atomic_int stop = 0;
        struct countdown down = {n, &stop};
        c.options.progress = count_down;
        c.options.ctx = &down;
        c.options.stop = &stop;
        take_in(&c, NULL);
        assert_true(stop || !c.sum.stopped);
        stops += c.sum.stopped;
        c.options.stop = NULL;
        c.options.progress = NULL;
        take_in(&c, NULL);
        is_complete(&c, want);
        ingest_free(&c);
    }
    assert_in_range(stops, 6, 12);
}

// ---- an object that kills its parser -------------------------------------

// Kills whoever reads far into that object, so often. A process of its own and
// no child of this one: what is forked here must not fork out of a thread.
struct executioner {
    char part[16];
    int most;
    pid_t target;
    atomic_int deaths, over, gone;
};

static void watch(struct executioner *x)
{
    while (!x->over && x->deaths < x->most && kill(x->target, 0) == 0) {
        pid_t child = child_of(x->target);
        // Telling what a file is looks at its beginning and its end only.
        if (child > 0 && amid(child, x->part) > 1 << 19) {
            kill(child, SIGKILL);
            x->deaths++;
            while (!x->over && child_of(x->target) == child)
                usleep(100);
        }
        usleep(200);
    }
    x->gone = 1;
}

static struct executioner *executioner_new(const char *hash, int most)
{
    struct executioner *x = mmap(NULL, sizeof *x, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(x != MAP_FAILED);
    memcpy(x->part, hash, sizeof x->part - 1);
    x->most = most;
    x->target = getpid();
    pid_t between = fork();
    assert_true(between >= 0);
    if (between == 0) {
        if (fork() == 0)
            watch(x);
        _exit(0);
    }
    assert_int_equal(waitpid(between, NULL, 0), between);
    return x;
}

static void executioner_free(struct executioner *x, int deaths)
{
    x->over = 1;
    while (!x->gone)
        usleep(1000);
    assert_int_equal(x->deaths, deaths);
    munmap(x, sizeof *x);
}

// Lines that hardly compress, so that reading them takes a while.
static struct gw_buf long_file(void)
{
    struct gw_buf b;
    struct gw_rand r = {1};
    gw_buf_init(&b, 64 << 20);
    while (b.len < 32 << 20) {
        gw_put_str(&b, "{\"test_name\":\"long\",\"test_keys\":{\"a\":\"");
        for (int i = 0; i < 60; i++)
            gw_put_fmt(&b, "%016llx", (unsigned long long)gw_rand_next(&r));
        gw_put_str(&b, "\"}}\n");
    }
    return b;
}

// The long file failed, and all others are there.
static void is_blamed(struct ingest_case *c, struct digest want)
{
    struct gw_object o = object_named(c, "z-long.jsonl");
    assert_int_equal(o.state, GW_FAILED);
    assert_string_equal(o.error, "the jailed parser died of signal 9");
    same_digest(digest_of(c), want);
}

static void an_object_that_kills_its_parser_fails_alone(void **state)
{
    (void)state;
    struct ingest_case c = with_files();
    c.options.threads = 1;
    struct digest want = undisturbed();
    struct gw_buf text = long_file();
    char long_path[200];
    // Kept first, so that its hash is known before anybody reads it.
    snprintf(long_path, sizeof long_path, "%s",
             file_in(&c, "z-long.jsonl", gw_buf_span(&text)));
    struct gw_object o = put_span(c.archive, long_path, gw_buf_span(&text));
    struct executioner *x = executioner_new(o.hash, 100);
    take_in(&c, NULL);
    executioner_free(x, 2); // among others, and alone
    is_blamed(&c, want);
    take_in(&c, NULL); // it is not tried again
    is_blamed(&c, want);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    o = object_named(&c, "z-long.jsonl"); // unless asked for
    assert_int_equal(o.state, GW_DONE);
    assert_true(o.records > 10000);
    assert_int_equal(digest_of(&c).segments, want.segments + 1);
    // Facts that it once had do not outlive its fall.
    x = executioner_new(o.hash, 100);
    assert_int_equal(gw_rebuild(c.ledger, &c.options, &c.sum, NULL), 0);
    executioner_free(x, 2);
    is_blamed(&c, want);
    assert_int_equal(c.sum.failed, 1);
    gw_buf_release(&text);
    ingest_free(&c);
}

static void
a_parser_that_dies_of_nothing_in_particular_costs_nothing(void **state)
{
    (void)state;
    struct ingest_case c = with_files(), calm = with_files();
    c.options.threads = calm.options.threads = 1;
    struct gw_buf text = long_file();
    take_in(&calm, file_in(&calm, "z-long.jsonl", gw_buf_span(&text)));
    struct gw_object o = object_named(&calm, "z-long.jsonl");
    file_in(&c, "z-long.jsonl", gw_buf_span(&text));
    take_in(&calm, NULL);
    struct executioner *x = executioner_new(o.hash, 1);
    take_in(&c, NULL);
    executioner_free(x, 1);
    assert_int_equal(c.sum.failed, 0);
    same_digest(digest_of(&c), digest_of(&calm));
    gw_buf_release(&text);
    ingest_free(&c);
    ingest_free(&calm);
}

static void a_snapshot_that_kills_its_parser_is_done_without(void **state)
{
    (void)state;
    struct ingest_case c = with_files();
    c.options.threads = 1;
    struct digest want = undisturbed();
    struct gw_buf text;
    gw_buf_init(&text, 64 << 20);
    for (int i = 0; i < 1500000; i++)
        gw_put_fmt(&text, "%d.%d.%d.0/24\t%d\n", 1 + (i >> 16), i >> 8 & 255,
                   i & 255, 1 + i % 65000);
    struct gw_object o =
        put_span(c.archive, file_in(&c, "huge.txt", gw_buf_span(&text)),
                 gw_buf_span(&text));
    struct executioner *x = executioner_new(o.hash, 100);
    take_in(&c, NULL);
    executioner_free(x, 1);
    o = object_named(&c, "huge.txt");
    assert_int_equal(o.kind, GW_KIND_PREFIX_AS);
    assert_int_equal(o.state, GW_FAILED);
    assert_non_null(strstr(o.error, "died of signal 9"));
    assert_int_equal(c.sum.failed, 1);
    same_digest(digest_of(&c), want);
    gw_buf_release(&text);
    ingest_free(&c);
}

// ---- standard input -----------------------------------------------------

static void standard_input_is_a_file_like_any_other(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    int kept = dup(STDIN_FILENO), ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], LINE("a"), sizeof LINE("a") - 1),
                     sizeof LINE("a") - 1);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    take_in(&c, "-");
    assert_int_equal(object_named(&c, "standard input").records, 1);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        close(kept);
    }
    ingest_free(&c);
}

static void a_path_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    const char *paths[] = {"/no/such/file"};
    assert_int_equal(gw_ingest(c.ledger, paths, 1, &c.options, &c.sum, &c.why),
                     GW_ENOENT);
    assert_non_null(strstr(c.why.text, "/no/such/file"));
    ingest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_point_it_goes_on_to_the_same_end),
        cmocka_unit_test(killed_again_and_again_it_still_comes_to_an_end),
        cmocka_unit_test(stopped_at_any_point_it_goes_on_to_the_same_end),
        cmocka_unit_test(an_object_that_kills_its_parser_fails_alone),
        cmocka_unit_test(
            a_parser_that_dies_of_nothing_in_particular_costs_nothing),
        cmocka_unit_test(a_snapshot_that_kills_its_parser_is_done_without),
        cmocka_unit_test(standard_input_is_a_file_like_any_other),
        cmocka_unit_test(a_path_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
