// The site's server: which files, to whom, how, and nothing else.
#include "fault.h"
#include "publish/serve.h"
#include "serve_case.h"

static void open_case(struct serve_case *c)
{
    serve_begin(c);
    struct gw_archive *a = archive_in(&c->place, GW_ARCHIVE_CREATE);
    commit(a);
    gw_archive_close(a);
    talk_write(c->place.root, "secret", GW_LIT("secret\n"));
    talk_write(c->site, "index.html", GW_LIT("the front page\n"));
    talk_write(c->site, "style.css", GW_LIT("the style\n"));
    talk_write(c->site, "en/index.html", GW_LIT("the english page\n"));
    talk_write(c->site, "data/a.json", GW_LIT("{\"the\":1}\n"));
    talk_write(c->site, "data/\xdb\x81.csv", GW_LIT("the,table\n"));
    talk_write(c->site, ".hidden", GW_LIT("secret\n"));
    talk_write(c->site, "noend", GW_LIT("the bytes\n"));
}

// ---- paths --------------------------------------------------------------
static void a_path_is_decoded_once_and_stays_below(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"/", "index.html"},     {"/en/", "en/index.html"}, {"/a", "a"},
        {"/a/b.css", "a/b.css"}, {"/%61%2Ecss", "a.css"},   {"/a%252e", "a%2e"},
        {"/a..b", "a..b"},       {"/%D8%A7", "\xd8\xa7"},   {"/a%20b", "a b"},
        {"/a+b", "a+b"},
    };
    static const char *const bad[] = {
        "",           "a",        "//",          "//a",      "/a//b",
        "/.",         "/..",      "/./a",        "/../a",    "/a/../b",
        "/%2e%2e/a",  "/.git",    "/a/.b",       "/%2egit",  "/a%2fb",
        "/a%2Fb",     "/a%5cb",   "/a\\b",       "/a%00",    "/a%0a",
        "/a%7f",      "/%",       "/%4",         "/%zz",     "/\xff",
        "/%ff",       "/%c0%ae",  "/a/%2e%2e/b", "/a/%2e/b", "/..%2fa",
        "/\xc0\xae/", "http://x", "*",           "/%e2%80",  "/a/..",
    };
    char path[SERVE_PATH];
    for (size_t i = 0; i < GW_COUNT(good); i++) {
        assert_true(serve_path(gw_str(good[i][0]), path));
        assert_string_equal(path, good[i][1]);
    }
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        if (serve_path(gw_str(bad[i]), path))
            fail_msg("%s is served as %s", bad[i], path);
    char long_path[2 * SERVE_PATH];
    memset(long_path, 'a', sizeof long_path);
    long_path[0] = '/';
    assert_false(serve_path(gw_span_of(long_path, sizeof long_path), path));
    assert_false(serve_path(gw_span_of("/a\0b", 4), path));
}

// [C31]
static void no_request_escapes_the_site(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/secret",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/.hidden",
        "/%2ehidden",
        "/en/../../secret",
        "/link",
        "/folder/secret",
        "/folder/",
        "/fifo",
        "/up/secret",
        "//etc/passwd",
        "/etc/passwd",
        "http://x/secret",
        "/log/../gawah.db",
        "/log/../../secret",
        "/log/secret",
        "/log/link",
        "/api/../secret",
        "/api/v1/../../secret",
        "/api/v1/log/../x",
        "/gawah.db",
        "/../archive/gawah.db",
    };
    struct serve_case c;
    char from[256], to[256];
    open_case(&c);
    snprintf(to, sizeof to, "%s/secret", c.place.root);
    snprintf(from, sizeof from, "%s/link", c.site);
    assert_int_equal(symlink(to, from), 0);
    snprintf(from, sizeof from, "%s/folder", c.site);
    assert_int_equal(symlink(c.place.root, from), 0);
    snprintf(from, sizeof from, "%s/up", c.site);
    assert_int_equal(symlink("..", from), 0);
    snprintf(from, sizeof from, "%s/fifo", c.site);
    assert_int_equal(mkfifo(from, 0600), 0);
    serve_start(&c);
    for (size_t i = 0; i < GW_COUNT(paths); i++) {
        struct talk_answer a = get(&c, paths[i]);
        if (a.status != 404 || gw_find(a.body, GW_LIT("secret"), 0) >= 0)
            fail_msg("%s: %d", paths[i], a.status);
        talk_answer_release(&a);
    }
    assert_int_equal(status_of(&c, "/"), 200);
    serve_end(&c);
}

static void a_kept_page_is_not_given_for_what_took_its_place(void **state)
{
    (void)state;
    struct serve_case c;
    char from[256], to[256];
    open_case(&c);
    c.threads = 1;
    serve_start(&c);
    assert_int_equal(status_of(&c, "/en/index.html"), 200);
    // The folder of a page that was read becomes a link out of the site.
    snprintf(to, sizeof to, "%s/away", c.place.root);
    snprintf(from, sizeof from, "%s/en", c.site);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink(to, from), 0);
    talk_write(to, "index.html", GW_LIT("secret\n"));
    assert_int_equal(status_of(&c, "/en/index.html"), 404);
    // And a page that changes is the new one at once.
    assert_int_equal(status_of(&c, "/style.css"), 200);
    talk_write(c.site, "style.css", GW_LIT("another style\n"));
    struct talk_answer a = get(&c, "/style.css");
    assert_true(gw_is(a.body, "another style\n"));
    talk_answer_release(&a);
    snprintf(from, sizeof from, "%s/style.css", c.site);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(status_of(&c, "/style.css"), 404);
    serve_end(&c);
}

// ---- answers ------------------------------------------------------------
static void files_come_with_type_and_strict_headers(void **state)
{
    (void)state;
    static const char *const files[][3] = {
        {"/", "text/html; charset=utf-8", "the front page\n"},
        {"/en/", "text/html; charset=utf-8", "the english page\n"},
        {"/style.css?v=1", "text/css; charset=utf-8", "the style\n"},
        {"/data/a.json", "application/json; charset=utf-8", "{\"the\":1}\n"},
        {"/data/%DB%81.csv", "text/csv; charset=utf-8", "the,table\n"},
        {"/noend", "application/octet-stream", "the bytes\n"},
        {"/none", "text/plain; charset=utf-8", "no such page\n"},
    };
    struct serve_case c;
    char value[512];
    open_case(&c);
    serve_start(&c);
    for (int round = 0; round < 6; round++) // read, and kept
        for (size_t i = 0; i < GW_COUNT(files); i++) {
            struct talk_answer a = get(&c, files[i][0]);
            assert_int_equal(a.status, i + 1 == GW_COUNT(files) ? 404 : 200);
            assert_true(gw_is(a.body, files[i][2]));
            assert_string_equal(header_of(&a, "Content-Type", value),
                                files[i][1]);
            header_of(&a, "Content-Security-Policy", value);
            assert_non_null(strstr(value, "default-src 'none'"));
            assert_non_null(strstr(value, "frame-ancestors 'none'"));
            assert_null(strstr(value, "unsafe"));
            assert_string_equal(header_of(&a, "X-Content-Type-Options", value),
                                "nosniff");
            assert_string_equal(header_of(&a, "Referrer-Policy", value),
                                "no-referrer");
            assert_string_equal(header_of(&a, "Set-Cookie", value), "");
            talk_answer_release(&a);
        }
    struct talk_answer a = get(&c, "/en");
    assert_int_equal(a.status, 301);
    assert_string_equal(header_of(&a, "Location", value), "/en/");
    talk_answer_release(&a);
    serve_end(&c);
}

static void a_file_that_the_client_has_is_answered_304(void **state)
{
    (void)state;
    struct serve_case c;
    char etag[512], modified[512], more[1200], value[512];
    open_case(&c);
    serve_start(&c);
    for (int round = 0; round < 4; round++) {
        struct talk_answer a = get(&c, "/index.html");
        header_of(&a, "ETag", etag);
        header_of(&a, "Last-Modified", modified);
        talk_answer_release(&a);
        assert_int_equal(etag[0], '"');
        assert_int_equal(strlen(modified), 29);
        for (int i = 0; i < 2; i++) {
            snprintf(more, sizeof more, "If-None-Match: %s%s\r\n",
                     i ? "\"x\", W/" : "", etag);
            a = get_with(&c, "/index.html", more);
            assert_int_equal(a.status, 304);
            assert_int_equal(a.body.len, 0);
            assert_string_equal(header_of(&a, "ETag", value), etag);
            talk_answer_release(&a);
        }
        snprintf(more, sizeof more, "If-Modified-Since: %s\r\n", modified);
        a = get_with(&c, "/index.html", more);
        assert_int_equal(a.status, 304);
        talk_answer_release(&a);
        // RFC 9110 13.1.3: not looked at where there is an If-None-Match.
        snprintf(more, sizeof more,
                 "If-None-Match: \"x\"\r\nIf-Modified-Since: %s\r\n", modified);
        a = get_with(&c, "/index.html", more);
        assert_int_equal(a.status, 200);
        talk_answer_release(&a);
    }
    talk_write(c.site, "index.html", GW_LIT("the front newer\n"));
    snprintf(more, sizeof more, "If-None-Match: %s\r\n", etag);
    struct talk_answer a = get_with(&c, "/index.html", more);
    assert_int_equal(a.status, 200);
    assert_true(gw_is(a.body, "the front newer\n"));
    talk_answer_release(&a);
    serve_end(&c);
}

static void large_files_come_whole(void **state)
{
    (void)state;
    enum { SIZE = 900 << 10 };
    struct serve_case c;
    char more[600], etag[512];
    uint8_t *bytes = gw_new(SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    open_case(&c);
    talk_write(c.site, "big.zip", gw_span_of(bytes, SIZE));
    talk_write(c.site, "empty.txt", GW_LIT(""));
    serve_start(&c);
    struct talk_answer a = get(&c, "/big.zip");
    assert_int_equal(a.status, 200);
    assert_true(gw_eq(a.body, gw_span_of(bytes, SIZE)));
    snprintf(more, sizeof more, "If-None-Match: %s\r\n",
             header_of(&a, "ETag", etag));
    talk_answer_release(&a);
    a = get_with(&c, "/big.zip", more);
    assert_int_equal(a.status, 304);
    talk_answer_release(&a);
    for (int i = 0; i < 3; i++) {
        a = get(&c, "/empty.txt");
        assert_int_equal(a.status, 200);
        assert_int_equal(a.body.len, 0);
        talk_answer_release(&a);
    }
    gw_free(bytes);
    serve_end(&c);
}

// ---- requests -----------------------------------------------------------
static void only_get_and_head_are_answered(void **state)
{
    (void)state;
    static const char *const methods[] = {
        "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"};
    static const char *const paths[] = {"/", "/none", "/api/v1/incidents",
                                        "/log/checkpoint"};
    struct serve_case c;
    char value[512];
    open_case(&c);
    serve_start(&c);
    for (size_t m = 0; m < GW_COUNT(methods); m++)
        for (size_t p = 0; p < GW_COUNT(paths); p++)
            for (int body = 0; body < 2; body++) {
                struct talk_answer a =
                    talk(c.ready.address, methods[m], gw_str(paths[p]),
                         body ? GW_LIT("a body") : (gw_span){0});
                assert_int_equal(a.status, 405);
                assert_string_equal(header_of(&a, "Allow", value), "GET, HEAD");
                talk_answer_release(&a);
            }
    for (int i = 0; i < 3; i++) {
        struct talk_answer a =
            talk(c.ready.address, "HEAD", GW_LIT("/style.css"), (gw_span){0});
        assert_int_equal(a.status, 200);
        assert_int_equal(a.body.len, 0);
        assert_string_equal(header_of(&a, "Content-Length", value), "10");
        talk_answer_release(&a);
    }
    serve_end(&c);
}

static void what_is_too_long_or_none_at_all_is_refused(void **state)
{
    (void)state;
    static char path[8000] = "/";
    struct serve_case c;
    open_case(&c);
    serve_start(&c);
    memset(path + 1, 'a', GW_WEB_PATH);
    assert_int_equal(status_of(&c, path), 414);
    memcpy(path, "/api/v1/incidents?domain=", 25);
    memset(path + 25, 'a', 4000);
    assert_int_equal(status_of(&c, path), 414);
    memset(path + 1, 'a', sizeof path - 2);
    assert_int_not_equal(status_of(&c, path), 200);
    // A head that does not end, and bytes that are no request.
    int fd = talk_connect(c.ready.address);
    talk_send(fd, GW_LIT("GET / HTTP/1.1\r\n"));
    for (int i = 0; i < 3000; i++)
        talk_send(fd, GW_LIT("X-More: and more and more\r\n"));
    shutdown(fd, SHUT_WR);
    struct talk_answer a = talk_answer(fd);
    assert_int_not_equal(a.status, 200);
    talk_answer_release(&a);
    struct gw_rand rand = {5};
    for (int i = 0; i < 50; i++) {
        uint8_t noise[200];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)gw_rand_next(&rand);
        fd = talk_connect(c.ready.address);
        talk_send(fd, gw_span_of(noise, sizeof noise));
        talk_send(fd, GW_LIT("\r\n\r\n"));
        shutdown(fd, SHUT_WR);
        a = talk_answer(fd);
        assert_int_not_equal(a.status, 200);
        talk_answer_release(&a);
    }
    assert_int_equal(status_of(&c, "/"), 200);
    serve_end(&c);
}

static void slow_clients_stand_in_nobodys_way(void **state)
{
    (void)state;
    struct serve_case c;
    int slow[40];
    open_case(&c);
    c.threads = 1;
    serve_start(&c);
    for (size_t i = 0; i < GW_COUNT(slow); i++) {
        slow[i] = talk_connect(c.ready.address);
        talk_send(slow[i], i % 2 ? GW_LIT("GET / HTTP/1.1\r\nHo")
                                 : GW_LIT("GET /style.css HTT"));
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(status_of(&c, "/"), 200);
        assert_int_equal(status_of(&c, "/api/v1/incidents"), 200);
    }
    // And they are answered, too, once they have said it all.
    for (size_t i = 0; i < GW_COUNT(slow); i++) {
        talk_send(slow[i], i % 2
                               ? GW_LIT("st: x\r\nConnection: close\r\n\r\n")
                               : GW_LIT("P/1.1\r\nHost: x\r\nConnection: close"
                                        "\r\n\r\n"));
        struct talk_answer a = talk_answer(slow[i]);
        assert_int_equal(a.status, 200);
        talk_answer_release(&a);
    }
    serve_end(&c);
}

struct client {
    const struct serve_case *c;
    int seed, wrong;
    pthread_t thread;
};

static void *ask_much(void *ctx)
{
    static const char *const paths[][2] = {
        {"/", "the front page\n"},
        {"/style.css", "the style\n"},
        {"/en/", "the english page\n"},
        {"/api/v1/aggregation?format=CSV", "anomaly_count,"},
        {"/none", "no such page\n"},
    };
    struct client *k = ctx;
    for (int i = 0; i < 60; i++) {
        const char *const *p = paths[(k->seed + i) % (int)GW_COUNT(paths)];
        struct talk_answer a = get(k->c, p[0]);
        k->wrong += !gw_starts(a.body, p[1]);
        talk_answer_release(&a);
    }
    return NULL;
}

static void many_at_once_get_what_they_asked_for(void **state)
{
    (void)state;
    struct serve_case c;
    struct client clients[8];
    open_case(&c);
    c.threads = 3;
    serve_start(&c);
    for (size_t i = 0; i < GW_COUNT(clients); i++) {
        clients[i] = (struct client){.c = &c, .seed = (int)i};
        assert_int_equal(
            pthread_create(&clients[i].thread, NULL, ask_much, &clients[i]), 0);
    }
    for (size_t i = 0; i < GW_COUNT(clients); i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].wrong, 0);
    }
    serve_end(&c);
}

static void several_requests_go_over_one_connection(void **state)
{
    (void)state;
    struct serve_case c;
    open_case(&c);
    serve_start(&c);
    int fd = talk_connect(c.ready.address);
    talk_send(fd, GW_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                         "GET /api/v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n"
                         "GET /style.css HTTP/1.1\r\nHost: x\r\n"
                         "Connection: close\r\n\r\n"));
    struct talk_answer a = talk_answer(fd);
    gw_span all = gw_buf_span(&a.bytes);
    int64_t one = gw_find(all, GW_LIT("the front page"), 0);
    int64_t two = gw_find(all, GW_LIT("{\"results\":["), 0);
    int64_t three = gw_find(all, GW_LIT("the style"), 0);
    assert_true(one > 0 && two > one && three > two);
    talk_answer_release(&a);
    serve_end(&c);
}

// ---- starting -----------------------------------------------------------
static void what_is_missing_is_said(void **state)
{
    (void)state;
    struct serve_case c;
    open_case(&c);
    atomic_int stop = 1;
    struct gw_site_options o = {
        .folder = "/nowhere", .listen = "127.0.0.1:0", .stop = &stop};
    assert_int_equal(gw_site_serve(c.place.archive, &o, &c.why), GW_ENOENT);
    assert_non_null(strstr(c.why.text, "/nowhere"));
    c.why = (struct gw_why){0};
    o.folder = c.site;
    assert_int_not_equal(gw_site_serve("/nowhere", &o, &c.why), 0);
    c.why = (struct gw_why){0};
    o.listen = "nonsense";
    assert_int_equal(gw_site_serve(c.place.archive, &o, &c.why), GW_EREFUSED);
    place_remove(&c.place);
}

static struct serve_case *in_hand;

static bool start_and_stop(void)
{
    atomic_int stop = 1;
    const struct gw_site_options o = {.folder = in_hand->site,
                                      .listen = "127.0.0.1:0",
                                      .threads = 2,
                                      .stop = &stop};
    return gw_site_serve(in_hand->place.archive, &o, NULL) == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct serve_case c;
    open_case(&c);
    in_hand = &c;
    assert_true(gw_fault_each_alloc(start_and_stop) >= 10);
    place_remove(&c.place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded_once_and_stays_below),
        cmocka_unit_test(no_request_escapes_the_site),
        cmocka_unit_test(a_kept_page_is_not_given_for_what_took_its_place),
        cmocka_unit_test(files_come_with_type_and_strict_headers),
        cmocka_unit_test(a_file_that_the_client_has_is_answered_304),
        cmocka_unit_test(large_files_come_whole),
        cmocka_unit_test(only_get_and_head_are_answered),
        cmocka_unit_test(what_is_too_long_or_none_at_all_is_refused),
        cmocka_unit_test(slow_clients_stand_in_nobodys_way),
        cmocka_unit_test(many_at_once_get_what_they_asked_for),
        cmocka_unit_test(several_requests_go_over_one_connection),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
