// A log over HTTP: what was acknowledged is there, whatever happens after.
#include "peer.h"
#include "talk_case.h"

enum { SENDERS = 4, EACH = 60, JOURNAL = 8 << 20, RECORDS = 100000 };

#define ORIGIN "submit.example/log"

struct place { // of a log and its signer
    char top[TALK_PATH], log[TALK_PATH], journal[TALK_PATH], state[TALK_PATH];
    struct gw_key key;
    struct gw_signer *signer;
    struct gw_sign sign;
    struct gw_log *opened;
};

static void make_place(struct place *p)
{
    *p = (struct place){0};
    talk_folder(p->top);
    talk_join(p->top, "log", p->log);
    talk_join(p->top, "journal", p->journal);
    talk_join(p->top, "state", p->state);
    talk_key(GW_ROLE_LOG, ORIGIN, 0x21, &p->key);
}

static void open_place(struct place *p)
{
    struct gw_why why = {0};
    assert_ok(gw_signer_open(p->state, &p->key, NULL, NULL, &p->signer, &why),
              why);
    if (!p->sign.answer)
        p->sign = gw_sign_here(p->signer);
    const struct gw_log_options o = {.folder = p->log,
                                     .origin = ORIGIN,
                                     .sign = p->sign,
                                     .name = "checkpoint",
                                     .journal = p->journal,
                                     .journal_bytes = JOURNAL};
    assert_ok(gw_log_open(&o, &p->opened, &why), why);
}

static void close_place(struct place *p)
{
    gw_log_close(p->opened);
    gw_signer_close(p->signer);
    p->opened = NULL;
    p->signer = NULL;
    p->sign = (struct gw_sign){0};
}

struct server {
    struct place *place;
    atomic_int stop;
    struct talk_ready ready;
    pthread_t thread;
    int publish_ms, threads, rc;
    struct gw_why why;
};

static void *serve(void *ctx)
{
    struct server *s = ctx;
    const struct gw_submit_options o = {.listen = "127.0.0.1:0",
                                        .threads = s->threads,
                                        .batch_ms = 1,
                                        .publish_ms = s->publish_ms,
                                        .stop = &s->stop,
                                        .ready = talk_is_ready,
                                        .ctx = &s->ready};
    s->rc = gw_log_serve(s->place->opened, s->place->log, &o, &s->why);
    return NULL;
}

static void start(struct server *s, struct place *p)
{
    s->place = p;
    atomic_init(&s->stop, 0);
    talk_ready_init(&s->ready);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    talk_wait_ready(&s->ready);
}

static int stop(struct server *s)
{
    atomic_store(&s->stop, 1);
    pthread_join(s->thread, NULL);
    return s->rc;
}

// The index it was given, or -1: not acknowledged.
static int64_t send_entry(const char *address, gw_span entry)
{
    struct talk_answer a = talk(address, "POST", GW_LIT("/add"), entry);
    uint64_t index = 0;
    bool ok = a.status == 200 && gw_ends(a.body, "\n") &&
              gw_parse_uint(gw_trim(a.body), INT64_MAX, &index);
    talk_answer_release(&a);
    return ok ? (int64_t)index : -1;
}

// ---- what is in a log ---------------------------------------------------
struct held {
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_checkpoint checkpoint;
};

static void open_held(struct held *h, const char *folder)
{
    struct gw_buf note;
    struct gw_note parsed;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_why why = {0};
    gw_buf_init(&note, GW_NOTE_MAX);
    assert_true(talk_read(folder, "checkpoint", &note));
    assert_ok(gw_note_parse(gw_buf_span(&note), arena, &parsed, &why), why);
    assert_ok(gw_checkpoint_parse(parsed.text, &h->checkpoint, &why), why);
    assert_ok(gw_log_reader_open(folder, &h->reader, &why), why);
    assert_ok(gw_tiles_open(h->reader, &h->checkpoint, &h->tiles, &why), why);
    gw_buf_release(&note);
    gw_arena_free(arena);
}

static void close_held(struct held *h)
{
    gw_tiles_close(h->tiles);
    gw_log_reader_close(h->reader);
}

static void assert_held(struct held *h, int64_t index, gw_span entry)
{
    struct gw_buf b;
    struct gw_why why = {0};
    gw_buf_init(&b, GW_ENTRY_MAX);
    assert_in_range(index, 0, h->checkpoint.size - 1);
    assert_ok(gw_tiles_entry(h->tiles, (uint64_t)index, &b, &why), why);
    assert_true(gw_eq(gw_buf_span(&b), entry));
    gw_buf_release(&b);
}

static void let_the_peer_audit(const struct place *p)
{
    char policy[TALK_PATH], text[GW_VKEY_TEXT + 64], vkey[GW_VKEY_TEXT];
    if (!peer_or_skip("an audit of the log by the peer"))
        return;
    gw_vkey_format(&p->key.vkey, vkey);
    snprintf(text, sizeof text, "log %s\nquorum none\n", vkey);
    talk_write(p->top, "policy.txt", gw_str(text));
    const char *const args[] = {"audit", "-policy",
                                talk_join(p->top, "policy.txt", policy), p->log,
                                NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
}

// ---- senders ------------------------------------------------------------
struct sender {
    const char *address;
    int number;
    int64_t index[EACH];
    pthread_t thread;
};

static gw_span entry_of(int sender, int i, char text[64])
{
    int n = snprintf(text, 64, "entry %d of sender %d", i, sender);
    return gw_span_of(text, (size_t)n);
}

static void *send_all(void *ctx)
{
    struct sender *s = ctx;
    char text[64];
    for (int i = 0; i < EACH; i++)
        s->index[i] = send_entry(s->address, entry_of(s->number, i, text));
    return NULL;
}

static void each_entry_gets_an_index_of_its_own(void **state)
{
    (void)state;
    static bool taken[SENDERS * EACH];
    struct place p;
    struct server s = {.publish_ms = 10, .threads = 2};
    struct sender senders[SENDERS];
    make_place(&p);
    open_place(&p);
    start(&s, &p);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.address = s.ready.address, .number = i};
        assert_int_equal(
            pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    assert_ok(stop(&s), s.why);
    assert_int_equal(gw_log_published(p.opened), SENDERS * EACH);
    close_place(&p);
    struct held h;
    open_held(&h, p.log);
    for (int i = 0; i < SENDERS; i++)
        for (int k = 0; k < EACH; k++) {
            char text[64];
            int64_t index = senders[i].index[k];
            assert_in_range(index, 0, SENDERS * EACH - 1);
            assert_false(taken[index]);
            taken[index] = true;
            assert_held(&h, index, entry_of(i, k, text));
        }
    close_held(&h);
    let_the_peer_audit(&p);
    talk_remove(p.top);
}

static void entries_of_every_size_are_taken_up_to_the_largest(void **state)
{
    (void)state;
    static const uint8_t bytes[GW_ENTRY_MAX + 1] = {1, 2, 3};
    struct place p;
    struct server s = {.publish_ms = 1000};
    make_place(&p);
    open_place(&p);
    start(&s, &p);
    const char *at = s.ready.address;
    assert_int_equal(send_entry(at, gw_span_of(bytes, 0)), 0);
    assert_int_equal(send_entry(at, gw_span_of(bytes, GW_ENTRY_MAX)), 1);
    assert_int_equal(send_entry(at, gw_span_of(bytes, 1)), 2);
    assert_int_equal(talk_status(at, "POST", GW_LIT("/add"),
                                 gw_span_of(bytes, GW_ENTRY_MAX + 1)),
                     413);
    assert_int_equal(talk_status(at, "GET", GW_LIT("/add"), (gw_span){0}), 405);
    assert_int_equal(talk_status(at, "POST", GW_LIT("/checkpoint"), GW_LIT("")),
                     405);
    assert_int_equal(talk_status(at, "POST", GW_LIT("/add/"), GW_LIT("")), 405);
    assert_ok(stop(&s), s.why);
    close_place(&p);
    struct held h;
    open_held(&h, p.log);
    assert_int_equal(h.checkpoint.size, 3);
    assert_held(&h, 0, gw_span_of(bytes, 0));
    assert_held(&h, 1, gw_span_of(bytes, GW_ENTRY_MAX));
    assert_held(&h, 2, gw_span_of(bytes, 1));
    close_held(&h);
    talk_remove(p.top);
}

static void the_log_can_be_read_where_it_is_written(void **state)
{
    (void)state;
    struct place p;
    struct server s = {.publish_ms = 1};
    make_place(&p);
    open_place(&p);
    start(&s, &p);
    const char *at = s.ready.address;
    assert_int_equal(send_entry(at, GW_LIT("one")), 0);
    struct talk_answer a = {0};
    do { // it is published soon
        talk_answer_release(&a);
        a = talk(at, "GET", GW_LIT("/checkpoint"), (gw_span){0});
    } while (a.status == 404);
    assert_int_equal(a.status, 200);
    assert_true(gw_starts(a.body, ORIGIN "\n1\n"));
    talk_answer_release(&a);
    a = talk(at, "GET", GW_LIT("/tile/entries/000.p/1"), (gw_span){0});
    assert_int_equal(a.status, 200);
    assert_true(gw_eq(a.body, GW_LIT("\0\003one")));
    talk_answer_release(&a);
    assert_int_equal(talk_status(at, "GET", GW_LIT("/.lock"), (gw_span){0}),
                     404);
    assert_int_equal(
        talk_status(at, "GET", GW_LIT("/../journal"), (gw_span){0}), 404);
    assert_ok(stop(&s), s.why);
    close_place(&p);
    talk_remove(p.top);
}

// ---- kill -9 ------------------------------------------------------------
struct record {
    int64_t index;
    int number;
};

static void serve_until_killed(struct place *p, int tell)
{
    struct server s = {.publish_ms = 5};
    open_place(p);
    start(&s, p);
    ssize_t n = write(tell, s.ready.address, sizeof s.ready.address);
    pause();
    _exit(n < 0);
}

// One more sender than can be counted on: it goes on until the log is gone.
struct stubborn {
    const char *address;
    pthread_mutex_t *lock;
    struct record *records;
    size_t *count;
    atomic_int *number, *over;
    pthread_t thread;
};

// Like send_entry, but a connection that cannot be made is no failure.
static int64_t try_entry(const char *address, gw_span entry)
{
    uint64_t port = 0;
    gw_parse_uint(gw_str(strrchr(address, ':') + 1), 65535, &port);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    gw_put_fmt(&b,
               "POST /add HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               "Content-Length: %zu\r\n\r\n",
               entry.len);
    gw_put_span(&b, entry);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint64_t index = 0;
    bool ok = connect(fd, (const void *)&in, sizeof in) == 0;
    if (ok)
        talk_send(fd, gw_buf_span(&b));
    gw_buf_release(&b);
    struct talk_answer a = talk_answer(fd); // closes it
    ok = ok && a.status == 200 && gw_ends(a.body, "\n") &&
         gw_parse_uint(gw_trim(a.body), INT64_MAX, &index);
    talk_answer_release(&a);
    return ok ? (int64_t)index : -1;
}

static void *send_until_over(void *ctx)
{
    struct stubborn *s = ctx;
    while (!atomic_load(s->over)) {
        char text[64];
        int number = atomic_fetch_add(s->number, 1);
        int64_t index = try_entry(s->address, entry_of(99, number, text));
        if (index < 0)
            break;
        pthread_mutex_lock(s->lock);
        if (*s->count < RECORDS)
            s->records[(*s->count)++] = (struct record){index, number};
        pthread_mutex_unlock(s->lock);
    }
    return NULL;
}

static size_t send_and_kill(struct place *p, uint64_t after,
                            struct record *records, size_t count,
                            atomic_int *number)
{
    int tell[2];
    char address[192];
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    atomic_int over = 0;
    struct stubborn all[SENDERS];
    assert_int_equal(pipe(tell), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve_until_killed(p, tell[1]);
    close(tell[1]);
    assert_int_equal(read(tell[0], address, sizeof address), sizeof address);
    close(tell[0]);
    size_t before = count;
    for (int i = 0; i < SENDERS; i++) {
        all[i] = (struct stubborn){address, &lock, records, &count,
                                   number,  &over, 0};
        assert_int_equal(
            pthread_create(&all[i].thread, NULL, send_until_over, &all[i]), 0);
    }
    for (size_t now = before; now < before + after;) {
        pthread_mutex_lock(&lock);
        now = count;
        pthread_mutex_unlock(&lock);
    }
    kill(pid, SIGKILL);
    atomic_store(&over, 1);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(all[i].thread, NULL);
    waitpid(pid, NULL, 0);
    return count;
}

static void acknowledged_entries_survive_kill_9(void **state)
{
    (void)state;
    struct place p;
    struct record *records = gw_resize(NULL, RECORDS, sizeof *records);
    struct gw_rand rand = {5};
    size_t count = 0;
    atomic_int number = 0;
    make_place(&p);
    for (int round = 0; round < 6; round++) {
        uint64_t after = 1 + gw_rand_below(&rand, 60);
        count = send_and_kill(&p, after, records, count, &number);
    }
    struct gw_checkpoint c;
    struct gw_why why = {0};
    open_place(&p);
    assert_ok(gw_log_publish(p.opened, &c, &why), why);
    close_place(&p);
    struct held h;
    open_held(&h, p.log);
    bool *taken = gw_new(h.checkpoint.size);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        assert_held(&h, records[i].index,
                    entry_of(99, records[i].number, text));
        assert_false(taken[records[i].index]);
        taken[records[i].index] = true;
    }
    assert_true(count >= 6);
    close_held(&h);
    let_the_peer_audit(&p);
    gw_free(taken);
    gw_free(records);
    talk_remove(p.top);
}

// ---- a signer that is away ----------------------------------------------
static void is_away(void *ctx, gw_span request, struct gw_answer *ret)
{
    (void)request;
    atomic_int *asked = ctx;
    atomic_fetch_add(asked, 1);
    *ret = (struct gw_answer){.status = 500, .type = "text/plain"};
    gw_buf_init(&ret->body, 100);
}

static int never(void *ctx, gw_span origin, struct gw_buf *ret,
                 struct gw_why *why)
{
    (void)ctx;
    (void)origin;
    (void)ret;
    return gw_fail(why, GW_ENOENT, "never");
}

static void entries_are_taken_while_the_signer_is_away(void **state)
{
    (void)state;
    struct place p;
    struct server s = {.publish_ms = 1};
    atomic_int asked = 0;
    make_place(&p);
    p.sign = (struct gw_sign){&asked, is_away, never, NULL};
    open_place(&p);
    start(&s, &p);
    int64_t next = 0;
    while (atomic_load(&asked) < 3) // it was refused and goes on
        assert_int_equal(send_entry(s.ready.address, GW_LIT("x")), next++);
    assert_int_equal(send_entry(s.ready.address, GW_LIT("y")), next);
    assert_int_equal(stop(&s), GW_ENET); // and says so in the end
    close_place(&p);
    open_place(&p);
    assert_int_equal(gw_log_size(p.opened), (uint64_t)next + 1);
    struct gw_checkpoint c;
    struct gw_why why = {0};
    assert_ok(gw_log_publish(p.opened, &c, &why), why);
    close_place(&p);
    struct held h;
    open_held(&h, p.log);
    assert_held(&h, next, GW_LIT("y"));
    close_held(&h);
    talk_remove(p.top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_gets_an_index_of_its_own),
        cmocka_unit_test(entries_of_every_size_are_taken_up_to_the_largest),
        cmocka_unit_test(the_log_can_be_read_where_it_is_written),
        cmocka_unit_test(acknowledged_entries_survive_kill_9),
        cmocka_unit_test(entries_are_taken_while_the_signer_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
