// The key in another process: whoever faces the network asks for signatures
// over a unix socket, and can neither take the key nor have a fork signed.
#include "peer.h"
#include "talk_case.h"

#include <sys/prctl.h>

#define ORIGIN "apart.example/log"

struct apart {
    char top[TALK_PATH], socket[TALK_PATH], address[TALK_PATH + 8];
    char vkey[GW_VKEY_TEXT]; // all that this process is told of the key
    pid_t signer;
    struct gw_sign sign;
};

// ---- the process with the key -------------------------------------------
struct telling {
    int fd;
    const char *vkey;
};

static void tell(void *ctx, const char *address)
{
    const struct telling *t = ctx;
    (void)address;
    if (write(t->fd, t->vkey, GW_VKEY_TEXT) != GW_VKEY_TEXT)
        _exit(2);
}

static void be_the_signer(const struct apart *a, int fd)
{
    char state[TALK_PATH], vkey[GW_VKEY_TEXT] = {0};
    struct gw_key key;
    struct gw_signer *s;
    struct telling t = {fd, vkey};
    const struct gw_serve_options o = {
        .listen = a->address, .ready = tell, .ctx = &t};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    talk_key(GW_ROLE_LOG, ORIGIN, 0x42, &key);
    gw_vkey_format(&key.vkey, vkey);
    talk_join(a->top, "state", state);
    if (gw_signer_open(state, &key, NULL, NULL, &s, NULL))
        _exit(3);
    _exit(gw_witness_serve(s, &o, NULL) ? 4 : 0);
}

static void start_signer(struct apart *a)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    a->signer = fork();
    assert_true(a->signer >= 0);
    if (a->signer == 0)
        be_the_signer(a, fds[1]);
    close(fds[1]);
    assert_int_equal(read(fds[0], a->vkey, GW_VKEY_TEXT), GW_VKEY_TEXT);
    close(fds[0]);
}

static void kill_signer(struct apart *a)
{
    kill(a->signer, SIGKILL);
    waitpid(a->signer, NULL, 0);
}

static void set_apart(struct apart *a)
{
    struct gw_why why = {0};
    *a = (struct apart){0};
    talk_folder(a->top);
    talk_join(a->top, "socket", a->socket);
    snprintf(a->address, sizeof a->address, "unix:%s", a->socket);
    start_signer(a);
    assert_ok(gw_sign_there(a->address, &a->sign, &why), why);
}

static void put_together(struct apart *a)
{
    a->sign.close(a->sign.ctx);
    kill_signer(a);
    talk_remove(a->top);
}

// ---- the process without it ---------------------------------------------
static int open_log(const struct apart *a, const char *name,
                    struct gw_log **ret, struct gw_why *why)
{
    char folder[TALK_PATH], journal[TALK_PATH + 16];
    struct gw_log_options o = {.folder = talk_join(a->top, name, folder),
                               .origin = ORIGIN,
                               .sign = a->sign,
                               .name = "checkpoint",
                               .journal_bytes = 8 << 20};
    snprintf(journal, sizeof journal, "%s.journal", folder);
    o.journal = journal;
    return gw_log_open(&o, ret, why);
}

static int append_and_publish(struct gw_log *l, const char *text, int n,
                              struct gw_why *why)
{
    struct gw_checkpoint c;
    for (int i = 0; i < n; i++) {
        gw_span entry = gw_str(text);
        uint64_t index;
        int rc = gw_log_append(l, &entry, 1, &index, why);
        if (rc)
            return rc;
    }
    return gw_log_publish(l, &c, why);
}

static void let_the_peer_audit(const struct apart *a, const char *name)
{
    char policy[TALK_PATH], folder[TALK_PATH], text[GW_VKEY_TEXT + 64];
    if (!peer_or_skip("an audit of the log by the peer"))
        return;
    snprintf(text, sizeof text, "log %s\nquorum none\n", a->vkey);
    talk_write(a->top, "policy.txt", gw_str(text));
    const char *const args[] = {"audit", "-policy",
                                talk_join(a->top, "policy.txt", policy),
                                talk_join(a->top, name, folder), NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
}

static void a_log_is_written_without_its_key(void **state)
{
    (void)state;
    struct apart a;
    struct gw_log *l;
    struct gw_why why = {0};
    struct stat st;
    set_apart(&a);
    assert_int_equal(stat(a.socket, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(open_log(&a, "log", &l, &why), why);
    for (int i = 1; i < 6; i++)
        assert_ok(append_and_publish(l, "entry", 100 * i, &why), why);
    assert_int_equal(gw_log_published(l), 1500);
    gw_log_close(l);
    assert_ok(open_log(&a, "log", &l, &why), why);
    assert_int_equal(gw_log_published(l), 1500);
    gw_log_close(l);
    let_the_peer_audit(&a, "log");
    put_together(&a);
}

static void while_the_signer_is_away_nothing_is_lost(void **state)
{
    (void)state;
    struct apart a;
    struct gw_log *l;
    struct gw_why why = {0};
    set_apart(&a);
    assert_ok(open_log(&a, "log", &l, &why), why);
    assert_ok(append_and_publish(l, "before", 10, &why), why);
    kill_signer(&a);
    assert_int_equal(append_and_publish(l, "while", 10, &why), GW_ENET);
    assert_int_equal(gw_log_published(l), 10);
    start_signer(&a); // the socket of the dead one is in its way
    why = (struct gw_why){0};
    assert_ok(append_and_publish(l, "after", 10, &why), why);
    assert_int_equal(gw_log_published(l), 30);
    gw_log_close(l);
    let_the_peer_audit(&a, "log");
    put_together(&a);
}

static void the_one_who_asks_cannot_have_a_fork_signed(void **state)
{
    (void)state;
    struct apart a;
    struct gw_log *l;
    struct gw_why why = {0};
    struct gw_answer answer;
    set_apart(&a);
    assert_ok(open_log(&a, "log", &l, &why), why);
    assert_ok(append_and_publish(l, "true", 10, &why), why);
    gw_log_close(l);
    // Another folder for the same log, as after restoring a backup.
    assert_int_equal(open_log(&a, "other", &l, &why), GW_EFORK);
    // And straight at the socket: the size is right, the tree is not.
    struct gw_checkpoint c = {.origin = ORIGIN, .size = 10};
    struct gw_buf request;
    gw_buf_init(&request, 4096);
    gw_put_str(&request, "old 10\n\n");
    gw_checkpoint_format(&c, &request);
    a.sign.answer(a.sign.ctx, gw_buf_span(&request), &answer);
    assert_int_equal(answer.status, 422);
    gw_answer_release(&answer);
    gw_buf_reset(&request);
    gw_put_str(&request, "old 3\n\n");
    gw_checkpoint_format(&c, &request);
    a.sign.answer(a.sign.ctx, gw_buf_span(&request), &answer);
    assert_int_equal(answer.status, 409);
    assert_string_equal(answer.type, "text/x.tlog.size");
    assert_true(gw_is(gw_buf_span(&answer.body), "10\n"));
    gw_answer_release(&answer);
    a.sign.answer(a.sign.ctx, GW_LIT("nonsense"), &answer);
    assert_int_equal(answer.status, 400);
    gw_answer_release(&answer);
    gw_buf_release(&request);
    put_together(&a);
}

static void what_was_signed_last_is_told(void **state)
{
    (void)state;
    struct apart a;
    struct gw_log *l;
    struct gw_why why = {0};
    struct gw_buf last;
    set_apart(&a);
    gw_buf_init(&last, GW_NOTE_MAX);
    assert_int_equal(a.sign.last(a.sign.ctx, GW_LIT(ORIGIN), &last, &why),
                     GW_ENOENT);
    assert_int_equal(last.len, 0);
    why = (struct gw_why){0};
    assert_ok(open_log(&a, "log", &l, &why), why);
    assert_ok(append_and_publish(l, "entry", 3, &why), why);
    assert_ok(a.sign.last(a.sign.ctx, GW_LIT(ORIGIN), &last, &why), why);
    assert_true(gw_starts(gw_buf_span(&last), ORIGIN "\n3\n"));
    gw_buf_reset(&last);
    assert_int_equal(
        a.sign.last(a.sign.ctx, GW_LIT("other.example"), &last, &why),
        GW_ENOENT);
    gw_log_close(l);
    gw_buf_release(&last);
    put_together(&a);
}

static void only_a_unix_socket_is_a_signers_address(void **state)
{
    (void)state;
    struct gw_sign sign;
    struct gw_why why = {0};
    assert_int_equal(gw_sign_there("http://127.0.0.1:80", &sign, &why),
                     GW_EREFUSED);
    assert_int_equal(gw_sign_there("unix:", &sign, &why), GW_EREFUSED);
    assert_int_equal(gw_sign_there("", &sign, &why), GW_EREFUSED);
    why = (struct gw_why){0};
    assert_ok(gw_sign_there("unix:/nowhere/at/all", &sign, &why), why);
    struct gw_answer a;
    sign.answer(sign.ctx, GW_LIT("old 0\n\n"), &a);
    assert_int_equal(a.status, 500);
    assert_true(gw_is(gw_buf_span(&a.body),
                      "unix:/nowhere/at/all: nobody answers there\n"));
    gw_answer_release(&a);
    sign.close(sign.ctx);
}

static void a_dead_socket_is_told_by_its_whole_path(void **state)
{
    (void)state;
    struct apart a;
    struct gw_sign sign;
    struct gw_buf last;
    struct gw_why why = {0};
    char here[TALK_PATH], words[2 * TALK_PATH];
    set_apart(&a);
    kill_signer(&a); // and its socket stays
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(a.top), 0);
    assert_ok(gw_sign_there("unix:socket", &sign, &why), why);
    assert_int_equal(chdir(here), 0);
    gw_buf_init(&last, GW_NOTE_MAX);
    assert_int_equal(sign.last(sign.ctx, GW_LIT(ORIGIN), &last, &why), GW_ENET);
    snprintf(words, sizeof words, "%s: nobody answers there", a.address);
    assert_string_equal(why.text, words);
    sign.close(sign.ctx);
    gw_buf_release(&last);
    a.sign.close(a.sign.ctx);
    talk_remove(a.top);
}

static void a_path_that_no_socket_has_is_refused(void **state)
{
    (void)state;
    struct gw_sign sign;
    char address[256] = "unix:/";
    memset(address + 6, 'x', sizeof address - 7);
    address[sizeof address - 1] = 0;
    assert_int_equal(gw_sign_there(address, &sign, NULL), GW_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_written_without_its_key),
        cmocka_unit_test(while_the_signer_is_away_nothing_is_lost),
        cmocka_unit_test(the_one_who_asks_cannot_have_a_fork_signed),
        cmocka_unit_test(what_was_signed_last_is_told),
        cmocka_unit_test(only_a_unix_socket_is_a_signers_address),
        cmocka_unit_test(a_dead_socket_is_told_by_its_whole_path),
        cmocka_unit_test(a_path_that_no_socket_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
