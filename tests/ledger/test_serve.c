// The HTTP server in front of a folder: what is asked for, how much, how slow.
#include "fault.h"
#include "ledger/serve.h"
#include "talk_case.h"

struct site {
    char folder[TALK_PATH], root[TALK_PATH];
    int fd;
    struct gw_web *web;
    struct gw_waiting *waiting;
    struct gw_web_options o;
};

// GET gives files, POST / says how long the body was, POST /wait waits.
static void handle(void *ctx, struct gw_web_request *r)
{
    struct site *s = ctx;
    char name[GW_TILE_PATH], words[32];
    if (strcmp(r->path, "/wait") == 0) {
        gw_waiting_put(s->waiting, r);
    } else if (r->post) {
        snprintf(words, sizeof words, "%zu", r->body.len);
        gw_web_say(r, 200, words);
    } else if (gw_served_name(gw_sub(gw_str(r->path), 1, GW_WEB_PATH), name)) {
        gw_web_file(r, s->fd, name, name);
    } else {
        gw_web_say(r, 404, "no such file");
    }
}

static void open_site(struct site *s, const char *listen)
{
    struct gw_why why = {0};
    *s = (struct site){.o = {.listen = listen,
                             .connections = 64,
                             .body_max = 1000,
                             .held_max = 1500,
                             .handle = handle}};
    s->o.ctx = s;
    talk_folder(s->folder);
    talk_join(s->folder, "public", s->root);
    talk_write(s->folder, "secret", GW_LIT("secret\n"));
    talk_write(s->root, "secret", GW_LIT("secret\n"));
    talk_write(s->root, "checkpoint", GW_LIT("the checkpoint\n"));
    talk_write(s->root, "tile/0/x001/234.p/17", GW_LIT("a tile"));
    talk_write(s->root, "tile/entries/000", GW_LIT("a bundle"));
    assert_ok(gw_web_folder(s->root, &s->fd, &why), why);
    s->waiting = gw_waiting_new(2);
    assert_non_null(s->waiting);
    assert_ok(gw_web_start(&s->o, &s->web, &why), why);
}

static void close_site(struct site *s)
{
    gw_web_stop(s->web);
    gw_waiting_free(s->waiting);
    close(s->fd);
    talk_remove(s->folder);
}

static int asks(const struct site *s, const char *path)
{
    return talk_status(gw_web_address(s->web), "GET", gw_str(path),
                       (gw_span){0});
}

// ---- names --------------------------------------------------------------
static const char *const good_names[] = {
    "checkpoint",          "checkpoint.local",      "checkpoint.258",
    "tile/0/000",          "tile/0/x001/x234/067",  "tile/63/005.p/1",
    "tile/entries/000",    "tile/entries/x001/000", "tile/1/000.p/255",
    "checkpoint.fork-00a", "tile/entries/999.p/17",
};
static const char *const bad_names[] = {
    "",
    "/",
    ".",
    "..",
    "secret",
    "checkpoint/",
    "checkpoint/..",
    "checkpoint.",
    "checkpoint./secret",
    "checkpoint..",
    "checkpoint.A",
    "checkpoint%00",
    "Checkpoint",
    "/checkpoint",
    "./checkpoint",
    "tile",
    "tile/",
    "tile/0",
    "tile/0/",
    "tile/0/..",
    "tile/0/../secret",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/001/002",
    "tile/0/x001",
    "tile/0/x001/",
    "tile/0/000/",
    "tile/00/000",
    "tile/+1/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/entries",
    "tile/entries/",
    "tile/data/000",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/017",
    "tile/0/000.p/1/",
    "tile/0/000.p/1.p/1",
    "tile/0/.p/1",
    "tile/0/%30%30%30",
    "tile//0/000",
    "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    "tile/0/x9999/000",
    "\\..\\secret",
    "tile/0/\xc0\xae\xc0\xae/secret",
};

static void only_names_that_a_log_has_are_served(void **state)
{
    (void)state;
    char name[GW_TILE_PATH];
    for (size_t i = 0; i < GW_COUNT(good_names); i++) {
        assert_true(gw_served_name(gw_str(good_names[i]), name));
        assert_string_equal(name, good_names[i]);
    }
    for (size_t i = 0; i < GW_COUNT(bad_names); i++)
        if (gw_served_name(gw_str(bad_names[i]), name))
            fail_msg("served: %s", bad_names[i]);
    assert_false(gw_served_name(gw_span_of("checkpoint\0x", 12), name));
    assert_false(gw_served_name(gw_span_of("checkpoint.\0", 12), name));
}

static void every_tile_has_one_name(void **state)
{
    (void)state;
    struct gw_rand rand = {7};
    char path[GW_TILE_PATH], name[GW_TILE_PATH];
    for (int i = 0; i < 20000; i++) {
        int level = (int)gw_rand_below(&rand, 65) - 1;
        uint64_t n = gw_rand_next(&rand) >> (9 + gw_rand_below(&rand, 55));
        unsigned width = 1 + (unsigned)gw_rand_below(&rand, GW_TILE_WIDTH);
        size_t len = gw_tile_path(level, n, width, path);
        assert_true(gw_served_name(gw_span_of(path, len), name));
        // One byte changed: another tile's name or none.
        path[gw_rand_below(&rand, len)] = "./x%09a\\"[gw_rand_below(&rand, 8)];
        if (gw_served_name(gw_span_of(path, len), name))
            assert_null(strstr(name, ".."));
    }
}

static void a_copy_is_found_behind_any_prefix(void **state)
{
    (void)state;
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char *const good[] = {
        "/" HEX "/checkpoint",     "/a/b/" HEX "/checkpoint",
        HEX "/checkpoint",         "/" HEX "/" HEX "/checkpoint",
        "//../" HEX "/checkpoint",
    };
    static const char *const bad[] = {
        "/" HEX,
        "/" HEX "/",
        "/" HEX "0/checkpoint",
        "/" HEX "/../checkpoint",
        "/" HEX "//checkpoint",
        "/0123456789ABCDEF" HEX "/checkpoint",
        "/checkpoint",
        "",
    };
    char copy[GW_SERVED_COPY];
    const char *name;
    for (size_t i = 0; i < GW_COUNT(good); i++) {
        assert_true(gw_served_copy(gw_str(good[i]), copy, &name));
        assert_string_equal(copy, HEX "/checkpoint");
        assert_string_equal(name, "checkpoint");
    }
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_false(gw_served_copy(gw_str(bad[i]), copy, &name));
#undef HEX
}

// ---- files --------------------------------------------------------------
static void files_come_with_their_type_and_how_long_they_hold(void **state)
{
    (void)state;
    struct site s;
    open_site(&s, "127.0.0.1:0");
    const char *at = gw_web_address(s.web);
    struct talk_answer a = talk(at, "GET", GW_LIT("/checkpoint"), (gw_span){0});
    assert_int_equal(a.status, 200);
    assert_true(gw_is(a.body, "the checkpoint\n"));
    assert_non_null(strstr(a.head, "Content-Type: text/plain; charset=utf-8"));
    assert_non_null(strstr(a.head, "Cache-Control: public, max-age=2"));
    talk_answer_release(&a);
    a = talk(at, "GET", GW_LIT("/tile/0/x001/234.p/17?x=1"), (gw_span){0});
    assert_int_equal(a.status, 200);
    assert_true(gw_is(a.body, "a tile"));
    assert_non_null(strstr(a.head, "Content-Type: application/octet-stream"));
    assert_non_null(strstr(a.head, "immutable"));
    talk_answer_release(&a);
    a = talk(at, "HEAD", GW_LIT("/tile/entries/000"), (gw_span){0});
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 0);
    assert_non_null(strstr(a.head, "Content-Length: 8"));
    talk_answer_release(&a);
    assert_int_equal(asks(&s, "/tile/0/000"), 404);
    close_site(&s);
}

static void no_request_escapes_the_folder(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/secret",
        "/../secret",
        "/../../../../../../etc/passwd",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/%2e%2e%2fsecret",
        "/tile/0/../../../secret",
        "/tile/%2e%2e/secret",
        "//etc/passwd",
        "/./secret",
        "/checkpoint%00",
        "/checkpoint.link",
        "/checkpoint.hang",
        "/checkpoint.folder",
        "/tile/1/000",
        "/tile/entries/x001/000",
        "/tile/0/x001",
        "/tile/0",
        "http://127.0.0.1/secret",
        "/checkpoint/../../secret",
        "/checkpoint.fork-..",
    };
    struct site s;
    char from[TALK_PATH], to[TALK_PATH];
    open_site(&s, "127.0.0.1:0");
    // What somebody who may write there could have left.
    talk_join(s.folder, "secret", to);
    assert_int_equal(symlink(to, talk_join(s.root, "checkpoint.link", from)),
                     0);
    assert_int_equal(mkfifo(talk_join(s.root, "checkpoint.hang", from), 0600),
                     0);
    assert_int_equal(mkdir(talk_join(s.root, "checkpoint.folder", from), 0700),
                     0);
    talk_write(s.folder, "000", GW_LIT("secret\n"));
    assert_int_equal(symlink(s.folder, talk_join(s.root, "tile/1", from)), 0);
    assert_int_equal(
        symlink("../../..", talk_join(s.root, "tile/entries/x001", from)), 0);
    for (size_t i = 0; i < GW_COUNT(paths); i++) {
        struct talk_answer a =
            talk(gw_web_address(s.web), "GET", gw_str(paths[i]), (gw_span){0});
        if (a.status != 404 || gw_find(a.body, GW_LIT("secret"), 0) >= 0)
            fail_msg("%s: %d", paths[i], a.status);
        talk_answer_release(&a);
    }
    // A NUL in the middle of a request line.
    static const char nul[] = "GET /checkpoint\0/../secret HTTP/1.1\r\n"
                              "Host: x\r\nConnection: close\r\n\r\n";
    int fd = talk_connect(gw_web_address(s.web));
    talk_send(fd, gw_span_of(nul, sizeof nul - 1));
    struct talk_answer a = talk_answer(fd);
    assert_true(gw_find(a.body, GW_LIT("secret"), 0) < 0);
    talk_answer_release(&a);
    assert_int_equal(asks(&s, "/checkpoint"), 200);
    close_site(&s);
}

static void random_paths_give_nothing_but_what_is_public(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "/",   "..",  ".",    "%2e",        "%2f",     "secret", "tile",
        "0",   "000", "x001", "checkpoint", "entries", ".p",     "17",
        "%00", "\\",  "?",    "#",          "~",       "//",
    };
    struct gw_rand rand = {3};
    struct site s;
    open_site(&s, "127.0.0.1:0");
    for (int i = 0; i < 300; i++) {
        char path[256] = "/";
        for (uint64_t n = 1 + gw_rand_below(&rand, 8); n; n--) {
            size_t len = strlen(path);
            snprintf(path + len, sizeof path - len, "%s",
                     pieces[gw_rand_below(&rand, GW_COUNT(pieces))]);
        }
        struct talk_answer a =
            talk(gw_web_address(s.web), "GET", gw_str(path), (gw_span){0});
        assert_true(a.status != 200 || gw_starts(a.body, "the ") ||
                    gw_starts(a.body, "a "));
        assert_true(gw_find(a.body, GW_LIT("secret\n"), 0) < 0);
        talk_answer_release(&a);
    }
    close_site(&s);
}

// ---- requests -----------------------------------------------------------
static void bodies_over_the_limit_are_answered_413(void **state)
{
    (void)state;
    static const uint8_t zeros[70000];
    struct site s;
    open_site(&s, "127.0.0.1:0");
    const char *at = gw_web_address(s.web);
    struct talk_answer a =
        talk(at, "POST", GW_LIT("/"), gw_span_of(zeros, 1000));
    assert_int_equal(a.status, 200);
    assert_true(gw_is(a.body, "1000\n"));
    talk_answer_release(&a);
    assert_int_equal(
        talk_status(at, "POST", GW_LIT("/"), gw_span_of(zeros, 1001)), 413);
    assert_int_equal(
        talk_status(at, "POST", GW_LIT("/"), gw_span_of(zeros, 70000)), 413);
    // Announced, and too much even to be read.
    int fd = talk_connect(at);
    talk_send(fd, GW_LIT("POST / HTTP/1.1\r\nHost: x\r\n"
                         "Content-Length: 99999999\r\n\r\n"));
    a = talk_answer(fd);
    assert_int_equal(a.status, 413);
    talk_answer_release(&a);
    // Not announced at all.
    fd = talk_connect(at);
    talk_send(fd, GW_LIT("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n1000\r\n"));
    talk_send(fd, gw_span_of(zeros, 0x1000));
    talk_send(fd, GW_LIT("\r\n0\r\n\r\n"));
    a = talk_answer(fd);
    assert_int_equal(a.status, 413);
    talk_answer_release(&a);
    assert_int_equal(asks(&s, "/checkpoint"), 200);
    close_site(&s);
}

static void requests_that_are_none_are_refused(void **state)
{
    (void)state;
    static char path[2000] = "/";
    struct site s;
    open_site(&s, "127.0.0.1:0");
    const char *at = gw_web_address(s.web);
    assert_int_equal(talk_status(at, "PUT", GW_LIT("/"), GW_LIT("x")), 501);
    assert_int_equal(talk_status(at, "DELETE", GW_LIT("/"), (gw_span){0}), 501);
    memset(path + 1, 'a', sizeof path - 2);
    assert_int_equal(asks(&s, path), 414);
    struct gw_rand rand = {11};
    for (int i = 0; i < 50; i++) {
        uint8_t noise[200];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)gw_rand_next(&rand);
        int fd = talk_connect(at);
        talk_send(fd, gw_span_of(noise, sizeof noise));
        talk_send(fd, GW_LIT("\r\n\r\n"));
        shutdown(fd, SHUT_WR);
        struct talk_answer a = talk_answer(fd);
        assert_int_not_equal(a.status, 200);
        talk_answer_release(&a);
    }
    assert_int_equal(asks(&s, "/checkpoint"), 200);
    close_site(&s);
}

static void slow_clients_stand_in_nobodys_way(void **state)
{
    (void)state;
    struct site s;
    int slow[20];
    open_site(&s, "127.0.0.1:0");
    const char *at = gw_web_address(s.web);
    for (size_t i = 0; i < GW_COUNT(slow); i++) {
        slow[i] = talk_connect(at);
        talk_send(slow[i], i % 2 ? GW_LIT("POST / HTTP/1.1\r\nHost: x\r\nConn")
                                 : GW_LIT("POST / HTTP/1.1\r\nHost: x\r\n"
                                          "Content-Length: 50\r\n"
                                          "Connection: close\r\n\r\nabc"));
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(asks(&s, "/checkpoint"), 200);
    // And they are answered, too, once they have said it all.
    for (size_t i = 0; i < GW_COUNT(slow); i++) {
        if (i % 2) {
            close(slow[i]);
            continue;
        }
        talk_send(slow[i],
                  GW_LIT("01234567890123456789012345678901234567890123456"));
        struct talk_answer a = talk_answer(slow[i]);
        assert_int_equal(a.status, 200);
        assert_true(gw_is(a.body, "50\n"));
        talk_answer_release(&a);
    }
    close_site(&s);
}

static void more_bytes_at_once_than_can_be_held_are_answered_429(void **state)
{
    (void)state;
    static const uint8_t bytes[1000];
    struct site s;
    open_site(&s, "127.0.0.1:0");
    const char *at = gw_web_address(s.web);
    int first = talk_connect(at);
    talk_send(first,
              GW_LIT("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: 1000\r\n\r\n"));
    talk_send(first, gw_span_of(bytes, 900));
    int status = 200;
    for (int i = 0; i < 1000 && status == 200; i++) // until those have arrived
        status = talk_status(at, "POST", GW_LIT("/"), gw_span_of(bytes, 1000));
    assert_int_equal(status, 429);
    talk_send(first, gw_span_of(bytes, 100));
    struct talk_answer a = talk_answer(first);
    assert_int_equal(a.status, 200);
    talk_answer_release(&a);
    assert_int_equal(
        talk_status(at, "POST", GW_LIT("/"), gw_span_of(bytes, 1000)), 200);
    close_site(&s);
}

// Connects and asks for /wait; the answer is read later.
static int wait_there(const struct site *s)
{
    int fd = talk_connect(gw_web_address(s->web));
    talk_send(fd, GW_LIT("POST /wait HTTP/1.1\r\nHost: x\r\nConnection: close"
                         "\r\nContent-Length: 0\r\n\r\n"));
    return fd;
}

static void too_many_waiting_are_answered_429_and_none_after_closing(void **st)
{
    (void)st;
    struct site s;
    int fds[3];
    open_site(&s, "127.0.0.1:0");
    for (size_t i = 0; i < GW_COUNT(fds); i++)
        fds[i] = wait_there(&s);
    // Two wait, so one of the three was refused: take none before it was.
    struct talk_answer a[3] = {0};
    int served = 0, refused = 0;
    while (refused < 1)
        for (size_t i = 0; i < GW_COUNT(fds); i++) {
            uint8_t byte;
            if (!a[i].status &&
                recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
                a[i] = talk_answer(fds[i]);
                refused += a[i].status == 429;
            }
        }
    for (int left = 2; left;) {
        struct gw_web_request *r = gw_waiting_take(s.waiting, 1000, 1000, 2);
        for (struct gw_web_request *next; r; r = next, left--) {
            next = r->next;
            gw_web_say(r, 200, "served");
            gw_web_resume(r);
        }
    }
    for (size_t i = 0; i < GW_COUNT(fds); i++) {
        if (!a[i].status)
            a[i] = talk_answer(fds[i]);
        served += a[i].status == 200;
        talk_answer_release(&a[i]);
    }
    assert_int_equal(served, 2);
    assert_int_equal(refused, 1);
    gw_waiting_close(s.waiting);
    struct talk_answer late = talk_answer(wait_there(&s));
    assert_int_equal(late.status, 503);
    talk_answer_release(&late);
    assert_null(gw_waiting_take(s.waiting, 0, 0, 1));
    close_site(&s);
}

// ---- listening ----------------------------------------------------------
static void a_unix_socket_is_for_its_owner_only(void **state)
{
    (void)state;
    char folder[TALK_PATH], path[TALK_PATH], listen_at[TALK_PATH + 8];
    struct stat st;
    struct site s;
    struct gw_why why = {0};
    talk_folder(folder);
    talk_join(folder, "socket", path);
    snprintf(listen_at, sizeof listen_at, "unix:%s", path);
    open_site(&s, listen_at);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(gw_web_address(s.web), listen_at);
    assert_int_equal(asks(&s, "/checkpoint"), 200);
    struct gw_web *second;
    assert_int_equal(gw_web_start(&s.o, &second, &why), GW_EBUSY);
    assert_null(second);
    close_site(&s);
    assert_int_equal(lstat(path, &st), -1);
    // One that a crash left behind is replaced, any other file is not.
    int fd;
    char address[GW_WEB_ADDRESS];
    why = (struct gw_why){0};
    assert_ok(gw_listen(listen_at, &fd, address, &why), why);
    close(fd);
    open_site(&s, listen_at);
    close_site(&s);
    talk_write(folder, "socket", GW_LIT("mine"));
    assert_int_equal(gw_web_start(&s.o, &second, &why), GW_EEXIST);
    assert_int_equal(stat(path, &st), 0);
    talk_remove(folder);
}

static void addresses_are_told_as_they_are_bound(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        ":80",
        "127.0.0.1:",
        "127.0.0.1:x",
        "::1:0",
        "127.0.0.1:65536",
        "unix:",
        "[::1]",
        "no.such.host.invalid:0",
    };
    char address[GW_WEB_ADDRESS];
    int fd;
    struct gw_why why = {0};
    assert_ok(gw_listen("127.0.0.1:0", &fd, address, &why), why);
    assert_true(gw_starts(gw_str(address), "127.0.0.1:"));
    assert_string_not_equal(address, "127.0.0.1:0");
    struct gw_why busy = {0};
    int other;
    assert_int_equal(gw_listen(address, &other, address, &busy), GW_EBUSY);
    close(fd);
    if (gw_listen("[::1]:0", &fd, address, NULL) == 0) { // if there is any
        assert_true(gw_starts(gw_str(address), "[::1]:"));
        close(fd);
    }
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        struct gw_why said = {0};
        assert_true(gw_listen(bad[i], &fd, address, &said) < 0);
        assert_true(said.text[0]);
    }
}

static bool start_and_stop(void)
{
    struct site s = {.o = {.listen = "127.0.0.1:0",
                           .connections = 4,
                           .body_max = 10,
                           .held_max = 10,
                           .handle = handle}};
    struct gw_waiting *q = gw_waiting_new(1);
    bool ok = q && gw_web_start(&s.o, &s.web, NULL) == 0;
    gw_web_stop(s.web);
    gw_waiting_free(q);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(start_and_stop) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_names_that_a_log_has_are_served),
        cmocka_unit_test(every_tile_has_one_name),
        cmocka_unit_test(a_copy_is_found_behind_any_prefix),
        cmocka_unit_test(files_come_with_their_type_and_how_long_they_hold),
        cmocka_unit_test(no_request_escapes_the_folder),
        cmocka_unit_test(random_paths_give_nothing_but_what_is_public),
        cmocka_unit_test(bodies_over_the_limit_are_answered_413),
        cmocka_unit_test(requests_that_are_none_are_refused),
        cmocka_unit_test(slow_clients_stand_in_nobodys_way),
        cmocka_unit_test(more_bytes_at_once_than_can_be_held_are_answered_429),
        cmocka_unit_test(
            too_many_waiting_are_answered_429_and_none_after_closing),
        cmocka_unit_test(a_unix_socket_is_for_its_owner_only),
        cmocka_unit_test(addresses_are_told_as_they_are_bound),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
