// The witness protocol from both sides, against the peer's other side.
#include "peer.h"
#include "talk_case.h"

#include <time.h>

#define W1 "witness1.example"
#define W1_SEED                                                                \
    "1111111111111111111111111111111111111111111111111111111111111111"

#define NAMED "witness w1: " // in the policy

static char top[TALK_PATH], ref[TALK_PATH]; // the peer's reference log
static struct gw_policy *policy;

static int set_up(void **state)
{
    (void)state;
    talk_folder(top);
    talk_join(top, "ref", ref);
    if (!peer_or_skip("all that needs its reference log"))
        return 0;
    const char *const args[] = {
        "gen",  "-n", "300", "-sizes", "0,1,2,7,8,100,255,256,257,258,299",
        "-out", ref,  NULL};
    if (peer_run(args, (gw_span){0}, NULL))
        return -1;
    policy = talk_policy_of(ref);
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

static void read_ref(const char *name, struct gw_buf *ret)
{
    gw_buf_init(ret, GW_NOTE_MAX);
    assert_true(talk_read(ref, name, ret));
}

// ---- our witness --------------------------------------------------------
static void start_ours(struct talk_witness *w, const char *name,
                       const struct gw_policy *p)
{
    static char state[TALK_PATH];
    talk_key(GW_ROLE_WITNESS, W1, 0x11, &w->key);
    talk_witness_start(w, talk_join(top, name, state), p, "127.0.0.1:0");
}

static void run_script(const char *file, const struct gw_policy *p,
                       const char *state)
{
    struct talk_witness w = {0};
    start_ours(&w, state, p);
    const char *const args[] = {"script", "-url", w.ready.url, file, NULL};
    struct gw_buf said;
    gw_buf_init(&said, 1 << 20);
    int rc = peer_run(args, (gw_span){0}, &said);
    talk_witness_stop(&w);
    if (rc)
        fail_msg("%.*s", (int)said.len, (const char *)said.at);
    gw_buf_release(&said);
}

static void our_witness_passes_the_peers_conversation(void **state)
{
    (void)state;
    char file[TALK_PATH];
    struct gw_buf script;
    const char *const args[] = {"genscript", NULL};
    needs_peer();
    gw_buf_init(&script, 1 << 20);
    assert_int_equal(peer_run(args, (gw_span){0}, &script), 0);
    talk_write(top, "script.json", gw_buf_span(&script));
    gw_buf_release(&script);
    run_script(talk_join(top, "script.json", file), policy, "state-script");
}

static void our_witness_passes_litewitness_conversation(void **state)
{
    (void)state;
    static const char name[] = "tlog/ref/witness_script_litewitness";
    const char *data = getenv("GAWAH_DATA");
    char file[TALK_PATH];
    struct gw_buf text, script;
    needs_peer();
    gw_buf_init(&text, 1 << 20);
    gw_buf_init(&script, 1 << 20);
    snprintf(file, sizeof file, "%s.policy.txt", name);
    if (!data || !talk_read(data, file, &text)) {
        printf("skipped, GAWAH_DATA has no tlog: litewitness\n");
        gw_buf_release(&text);
        skip();
    }
    snprintf(file, sizeof file, "%s.json", name);
    assert_true(talk_read(data, file, &script));
    talk_write(top, "litewitness.json", gw_buf_span(&script));
    struct gw_policy *p = talk_policy(gw_buf_span(&text));
    run_script(talk_join(top, "litewitness.json", file), p, "state-lite");
    gw_policy_free(p);
    gw_buf_release(&text);
    gw_buf_release(&script);
}

static void the_peers_log_is_cosigned_at_every_size(void **state)
{
    (void)state;
    struct talk_witness w = {0};
    char file[TALK_PATH];
    struct gw_buf said;
    needs_peer();
    start_ours(&w, "state-feed", policy);
    const char *const args[] = {
        "feed",     "-policy",   talk_join(ref, "policy.txt", file),
        "-witness", w.ready.url, "-all-sizes",
        ref,        NULL};
    gw_buf_init(&said, 1 << 20);
    assert_int_equal(peer_run(args, (gw_span){0}, &said), 0);
    assert_true(gw_find(gw_buf_span(&said), GW_LIT("size 300 (old 299"), 0) >=
                0);
    gw_buf_release(&said);
    talk_witness_stop(&w);
}

static void what_was_cosigned_last_can_be_read(void **state)
{
    (void)state;
    struct talk_witness w = {0};
    struct gw_buf note, request;
    struct gw_opened o;
    struct gw_why why = {0};
    struct gw_arena *arena = gw_arena_new(1 << 20);
    char path[160], hex[65];
    needs_peer();
    start_ours(&w, "state-read", policy);
    struct gw_hash32 hash = gw_sha256(GW_LIT("gawah.example/ref-log"));
    gw_hex(hash.at, GW_HASH_LEN, hex);
    snprintf(path, sizeof path, "/any/prefix/%s/checkpoint", hex);
    const char *at = w.ready.address;
    assert_int_equal(talk_status(at, "GET", gw_str(path), (gw_span){0}), 404);
    read_ref("checkpoint.7", &note);
    gw_buf_init(&request, 1 << 20);
    gw_put_str(&request, "old 0\n\n");
    gw_put_span(&request, gw_buf_span(&note));
    struct talk_answer a =
        talk(at, "POST", GW_LIT("/p/add-checkpoint"), gw_buf_span(&request));
    assert_int_equal(a.status, 200);
    talk_answer_release(&a);
    a = talk(at, "GET", gw_str(path), (gw_span){0});
    assert_int_equal(a.status, 200);
    assert_ok(gw_policy_open(policy, a.body, arena, &o, &why), why);
    assert_int_equal(o.checkpoint.size, 7);
    assert_int_equal(o.cosignatures[0].by - gw_policy_witness(policy, 0), 0);
    talk_answer_release(&a);
    a = talk(at, "GET", GW_LIT("/add-checkpoint"), (gw_span){0});
    assert_int_equal(a.status, 405);
    assert_non_null(strstr(a.head, "Allow: POST"));
    talk_answer_release(&a);
    assert_int_equal(talk_status(at, "POST", gw_str(path), GW_LIT("")), 405);
    gw_buf_release(&note);
    gw_buf_release(&request);
    gw_arena_free(arena);
    talk_witness_stop(&w);
}

static void a_request_larger_than_any_is_answered_413(void **state)
{
    (void)state;
    static uint8_t big[(64 << 10) + 1];
    struct talk_witness w = {0};
    needs_peer();
    memset(big, '\n', sizeof big);
    start_ours(&w, "state-big", policy);
    assert_int_equal(talk_status(w.ready.address, "POST",
                                 GW_LIT("/add-checkpoint"),
                                 gw_span_of(big, sizeof big)),
                     413);
    assert_int_equal(talk_status(w.ready.address, "POST",
                                 GW_LIT("/add-checkpoint"),
                                 gw_span_of(big, sizeof big - 1)),
                     400);
    talk_witness_stop(&w);
}

struct crowd {
    const char *address;
    gw_span request;
    pthread_t thread;
    int status;
};

static void *join_crowd(void *ctx)
{
    struct crowd *c = ctx;
    c->status =
        talk_status(c->address, "POST", GW_LIT("/add-checkpoint"), c->request);
    return NULL;
}

static void many_at_once_leave_one_history(void **state)
{
    (void)state;
    enum { CROWD = 24 };
    struct talk_witness w = {0};
    struct crowd all[CROWD];
    struct gw_buf note[2], request[2];
    needs_peer();
    start_ours(&w, "state-crowd", policy);
    read_ref("checkpoint.7", &note[0]);
    read_ref("checkpoint.8", &note[1]);
    for (int i = 0; i < 2; i++) {
        gw_buf_init(&request[i], 1 << 20);
        gw_put_str(&request[i], "old 0\n\n");
        gw_put_span(&request[i], gw_buf_span(&note[i]));
    }
    for (int i = 0; i < CROWD; i++) {
        all[i] = (struct crowd){.address = w.ready.address,
                                .request = gw_buf_span(&request[i % 2])};
        assert_int_equal(
            pthread_create(&all[i].thread, NULL, join_crowd, &all[i]), 0);
    }
    int taken = 0;
    for (int i = 0; i < CROWD; i++) {
        pthread_join(all[i].thread, NULL);
        taken += all[i].status == 200;
        assert_true(all[i].status == 200 || all[i].status == 409);
    }
    assert_int_equal(taken, 1); // all said that nothing was there before
    for (int i = 0; i < 2; i++) {
        gw_buf_release(&request[i]);
        gw_buf_release(&note[i]);
    }
    talk_witness_stop(&w);
}

// ---- our client ---------------------------------------------------------
struct client {
    struct gw_policy_member witness;
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_buf note, lines;
};

// Of the reference log's tree under that checkpoint.
static void open_client(struct client *c, const char *url, const char *name)
{
    struct gw_opened o;
    struct gw_why why = {0};
    struct gw_arena *arena = gw_arena_new(1 << 20);
    c->witness = *gw_policy_witness(policy, 0);
    snprintf(c->witness.url, sizeof c->witness.url, "%s", url);
    gw_buf_init(&c->lines, GW_NOTE_MAX);
    read_ref(name, &c->note);
    assert_ok(gw_policy_open(policy, gw_buf_span(&c->note), arena, &o, &why),
              why);
    assert_ok(gw_log_reader_open(ref, &c->reader, &why), why);
    assert_ok(gw_tiles_open(c->reader, &o.checkpoint, &c->tiles, &why), why);
    gw_arena_free(arena);
}

static void close_client(struct client *c)
{
    gw_tiles_close(c->tiles);
    gw_log_reader_close(c->reader);
    gw_buf_release(&c->note);
    gw_buf_release(&c->lines);
}

static int ask(struct client *c, struct gw_why *why)
{
    return gw_witness_ask(&c->witness, c->tiles, gw_buf_span(&c->note),
                          &c->lines, why);
}

// Asks as of a checkpoint of the reference log, and looks at what came.
static int ask_as_of(const char *url, const char *name, struct gw_why *why)
{
    struct client c;
    open_client(&c, url, name);
    int rc = ask(&c, why);
    if (!rc) {
        struct gw_buf again;
        gw_buf_init(&again, GW_NOTE_MAX);
        assert_ok(gw_witness_accept(policy, gw_buf_span(&c.note),
                                    gw_buf_span(&c.lines), &again, why),
                  *why);
        assert_true(gw_eq(gw_buf_span(&again), gw_buf_span(&c.lines)));
        gw_buf_release(&again);
    } else {
        assert_int_equal(c.lines.len, 0);
    }
    close_client(&c);
    return rc;
}

static void free_port(char ret_address[64])
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const void *)&in, len), 0);
    assert_int_equal(getsockname(fd, (void *)&in, &len), 0);
    close(fd);
    snprintf(ret_address, 64, "127.0.0.1:%d", ntohs(in.sin_port));
}

static bool it_listens(const char *address)
{
    uint64_t port = 0;
    gw_parse_uint(gw_str(strrchr(address, ':') + 1), 65535, &port);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < 3000; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = connect(fd, (const void *)&in, sizeof in) == 0;
        close(fd);
        if (up)
            return true;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

static void the_peers_witness_cosigns_for_us(void **state)
{
    (void)state;
    char address[64], url[96], file[TALK_PATH], kept[TALK_PATH];
    int out;
    needs_peer();
    free_port(address);
    snprintf(url, sizeof url, "http://%s/", address);
    const char *const args[] = {
        "witness", "-policy", talk_join(ref, "policy.txt", file),
        "-name",   W1,        "-seed",
        W1_SEED,   "-state",  talk_join(top, "peer.json", kept),
        "-listen", address,   NULL};
    static const struct {
        const char *name;
        int code;
    } asked[] = {
        {"checkpoint.7", 0},                                 // never seen
        {"checkpoint.258", 0},                               // after a 409
        {"checkpoint.258", 0},                               // the same again
        {"checkpoint", 0},     {"checkpoint.258", GW_EFORK}, // it has seen more
    };
    struct gw_why said[GW_COUNT(asked)] = {{0}};
    int got[GW_COUNT(asked)];
    pid_t pid = peer_start(args, &out);
    bool up = it_listens(address);
    for (size_t i = 0; i < GW_COUNT(asked); i++)
        got[i] = up ? ask_as_of(url, asked[i].name, &said[i]) : 1;
    peer_stop(pid, out);
    assert_true(up);
    for (size_t i = 0; i < GW_COUNT(asked); i++)
        if (got[i] != asked[i].code)
            fail_msg("%zu: %d: %s", i, got[i], said[i].text);
    const char *last = said[GW_COUNT(asked) - 1].text;
    assert_non_null(strstr(last, NAMED));
    assert_non_null(strstr(last, "300"));
}

static void our_client_and_our_witness_agree(void **state)
{
    (void)state;
    static const char *const names[] = {
        "checkpoint.0",   "checkpoint.1",   "checkpoint.2",   "checkpoint.7",
        "checkpoint.8",   "checkpoint.100", "checkpoint.255", "checkpoint.256",
        "checkpoint.257", "checkpoint.258", "checkpoint.299", "checkpoint",
    };
    struct talk_witness w = {0};
    struct gw_why why = {0};
    needs_peer();
    start_ours(&w, "state-agree", policy);
    for (size_t i = 0; i < GW_COUNT(names); i++)
        assert_ok(ask_as_of(w.ready.url, names[i], &why), why);
    assert_int_equal(ask_as_of(w.ready.url, "checkpoint.100", &why), GW_EFORK);
    talk_witness_stop(&w);
}

// ---- witnesses that are none --------------------------------------------
struct fake {
    int listening;
    const char *const *replies; // one a request; NULL: says nothing
    char url[96];
    pthread_t thread;
};

static void *fake_main(void *ctx)
{
    struct fake *f = ctx;
    for (int i = 0;; i++) {
        int fd = accept(f->listening, NULL, NULL);
        if (fd < 0)
            return NULL;
        static char request[1 << 17];
        size_t got = 0;
        // The whole request: up to the checkpoint's last line.
        while (!memmem(request, got, "\n\xe2\x80\x94 witness3.example", 20) ||
               request[got - 1] != '\n') {
            ssize_t n = recv(fd, request + got, sizeof request - got, 0);
            if (n <= 0)
                break;
            got += (size_t)n;
        }
        const char *reply = f->replies[i];
        if (reply)
            talk_send(fd, gw_str(reply));
        else
            recv(fd, request, sizeof request, 0); // until it gives up
        close(fd);
    }
}

static void start_fake(struct fake *f, const char *const *replies)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    f->replies = replies;
    f->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listening, (const void *)&in, len), 0);
    assert_int_equal(listen(f->listening, 8), 0);
    assert_int_equal(getsockname(f->listening, (void *)&in, &len), 0);
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", ntohs(in.sin_port));
    assert_int_equal(pthread_create(&f->thread, NULL, fake_main, f), 0);
}

static void stop_fake(struct fake *f)
{
    shutdown(f->listening, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listening);
}

#define HEAD(status)  "HTTP/1.1 " status "\r\nConnection: close\r\n"
#define PLAIN(status) HEAD(status) "Content-Type: text/plain\r\n\r\n"
#define SIZE(size)                                                             \
    HEAD("409 Conflict") "Content-Type: text/x.tlog.size\r\n\r\n" size

static void witnesses_that_answer_nonsense_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *replies[3];
        int code;
    } cases[] = {
        {{"no HTTP at all\r\n\r\n"}, GW_ENET},
        {{""}, GW_ENET},
        {{PLAIN("200 OK") ""}, GW_EPROOF},
        {{PLAIN("200 OK") "hello\n"}, GW_EFORMAT},
        {{PLAIN("200 OK") "hello"}, GW_EFORMAT},
        {{PLAIN("200 OK") "\xe2\x80\x94 " W1}, GW_EFORMAT},
        {{PLAIN("200 OK") "\n\n\n"}, GW_EFORMAT},
        {{PLAIN("200 OK") "\xe2\x80\x94 other.example AAAAAAAA\n"}, GW_EPROOF},
        {{PLAIN("200 OK") "\xe2\x80\x94 " W1 " !!!!\n"}, GW_EFORMAT},
        {{PLAIN("400 Bad Request") "\x1b[31mno\x07"}, GW_EREFUSED},
        {{PLAIN("403 Forbidden")}, GW_EREFUSED},
        {{PLAIN("404 Not Found")}, GW_EREFUSED},
        {{PLAIN("429 Too Many Requests")}, GW_ENET},
        {{PLAIN("500 Internal Server Error")}, GW_ENET},
        {{PLAIN("302 Found") ""}, GW_ENET},
        {{SIZE("")}, GW_EFORMAT},
        {{SIZE("seven\n")}, GW_EFORMAT},
        {{SIZE("07\n")}, GW_EFORMAT},
        {{SIZE("7\n8\n")}, GW_EFORMAT},
        {{SIZE("-7\n")}, GW_EFORMAT},
        {{SIZE("99999999999999999999\n")}, GW_EFORMAT},
        {{SIZE("301\n")}, GW_EFORK},
        {{SIZE("7\n"), SIZE("8\n")}, GW_ENET},
        {{SIZE("7\n"), PLAIN("422 Unprocessable") "no"}, GW_EFORK},
    };
    needs_peer();
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct fake f;
        struct gw_why why = {0};
        start_fake(&f, cases[i].replies);
        int rc = ask_as_of(f.url, "checkpoint", &why);
        if (rc != cases[i].code || !strstr(why.text, NAMED))
            fail_msg("case %zu: %d: %s", i, rc, why.text);
        for (const char *c = why.text; *c; c++)
            assert_true(*c >= 0x20); // nothing a terminal would obey
        stop_fake(&f);
    }
}

static void a_witness_that_answers_without_end_is_cut_off(void **state)
{
    (void)state;
    static char reply[300 << 10] = PLAIN("200 OK");
    const char *const replies[] = {reply};
    struct fake f;
    struct gw_why why = {0};
    needs_peer();
    size_t len = strlen(reply);
    memset(reply + len, 'a', sizeof reply - len - 1);
    start_fake(&f, replies);
    assert_int_equal(ask_as_of(f.url, "checkpoint", &why), GW_ETOOBIG);
    assert_non_null(strstr(why.text, NAMED));
    stop_fake(&f);
}

static void a_witness_that_hangs_is_left_and_named(void **state)
{
    (void)state;
    static const char *const replies[] = {NULL};
    struct fake f;
    struct gw_why why = {0};
    needs_peer();
    start_fake(&f, replies);
    assert_int_equal(ask_as_of(f.url, "checkpoint", &why), GW_ENET);
    assert_non_null(strstr(why.text, NAMED));
    stop_fake(&f);
}

static void a_witness_that_is_not_there_is_named(void **state)
{
    (void)state;
    char address[64], url[96];
    struct gw_why why = {0};
    needs_peer();
    free_port(address);
    snprintf(url, sizeof url, "http://%s", address);
    assert_int_equal(ask_as_of(url, "checkpoint", &why), GW_ENET);
    assert_non_null(strstr(why.text, NAMED));
    why = (struct gw_why){0};
    assert_int_equal(ask_as_of("", "checkpoint", &why), GW_EREFUSED);
    assert_non_null(strstr(why.text, NAMED));
    why = (struct gw_why){0};
    assert_int_equal(ask_as_of("file:///etc", "checkpoint", &why), GW_EREFUSED);
    assert_non_null(strstr(why.text, NAMED));
}

// A line of the right key under another text, and of another key under this.
static void wrong_signatures_are_told_from_strange_ones(void **state)
{
    (void)state;
    struct gw_key right, other;
    struct gw_buf wrong, strange;
    struct gw_why why = {0};
    needs_peer();
    talk_key(GW_ROLE_WITNESS, W1, 0x11, &right);
    talk_key(GW_ROLE_WITNESS, W1, 0x77, &other);
    gw_buf_init(&wrong, 4096);
    gw_buf_init(&strange, 4096);
    gw_put_str(&wrong, PLAIN("200 OK"));
    gw_put_str(&strange, PLAIN("200 OK"));
    assert_ok(gw_note_sign(GW_LIT("another\n300\ntext\n"), &right.vkey,
                           &right.signing, 1700000000, &wrong, &why),
              why);
    assert_ok(gw_note_sign(GW_LIT("any\n"), &other.vkey, &other.signing,
                           1700000000, &strange, &why),
              why);
    gw_put_u8(&wrong, 0);
    gw_put_u8(&strange, 0);
    const char *const replies[] = {(const char *)wrong.at,
                                   (const char *)strange.at};
    for (int i = 0; i < 2; i++) {
        struct fake f;
        why = (struct gw_why){0};
        start_fake(&f, replies + i);
        assert_int_equal(ask_as_of(f.url, "checkpoint", &why), GW_EPROOF);
        assert_non_null(strstr(why.text, NAMED));
        stop_fake(&f);
    }
    gw_buf_release(&wrong);
    gw_buf_release(&strange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_witness_passes_the_peers_conversation),
        cmocka_unit_test(our_witness_passes_litewitness_conversation),
        cmocka_unit_test(the_peers_log_is_cosigned_at_every_size),
        cmocka_unit_test(what_was_cosigned_last_can_be_read),
        cmocka_unit_test(a_request_larger_than_any_is_answered_413),
        cmocka_unit_test(many_at_once_leave_one_history),
        cmocka_unit_test(the_peers_witness_cosigns_for_us),
        cmocka_unit_test(our_client_and_our_witness_agree),
        cmocka_unit_test(witnesses_that_answer_nonsense_are_named),
        cmocka_unit_test(a_witness_that_answers_without_end_is_cut_off),
        cmocka_unit_test(a_witness_that_hangs_is_left_and_named),
        cmocka_unit_test(a_witness_that_is_not_there_is_named),
        cmocka_unit_test(wrong_signatures_are_told_from_strange_ones),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
