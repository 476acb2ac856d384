// Logs read over HTTP from a server that does what servers do.
#include "reader_case.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

#define SQUEEZED                                                               \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x2e\x2c\x4d\x4d\xad\x4a"     \
    "\x4d\x51\x28\xc6\xcd\x00\x00\xe8\x4d\xc7\xfe\x24\x00\x00\x00"
// 100,000 zero bytes in 132.
static const uint8_t bomb[132] = {
    0x1f, 0x8b, 0x8,  0x0,  0x0,  0x0,  0x0,  0x0,          0x2,
    0x3,  0xed, 0xc1, 0x31, 0x1,  0x0,  0x0,  0x0,          0xc2,
    0xa0, 0xf5, 0x4f, 0x6d, 0xd,  0xf,  0xa0, [121] = 0x80, 0x57,
    0x3,  0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 0x1,          0x0};

enum how { WHOLE, CUT, STALLED, ENDLESS, FLAKY };
struct page {
    const char *path;
    unsigned status;
    enum how how;
    const char *header, *value;
    gw_span body;
};
static const struct page pages[] = {
    {"/log/checkpoint", 200, WHOLE, NULL, NULL, GW_LIT_INIT("the checkpoint")},
    {"/log/empty", 200, WHOLE, NULL, NULL, GW_LIT_INIT("")},
    {"/log/cut", 200, CUT, NULL, NULL, GW_LIT_INIT("the first half")},
    {"/log/stalled", 200, STALLED, NULL, NULL, GW_LIT_INIT("")},
    {"/log/endless", 200, ENDLESS, NULL, NULL, GW_LIT_INIT("more ")},
    {"/log/missing", 404, ENDLESS, NULL, NULL, GW_LIT_INIT("sorry ")},
    {"/log/forbidden", 403, WHOLE, NULL, NULL, GW_LIT_INIT("no")},
    {"/log/broken", 500, WHOLE, NULL, NULL, GW_LIT_INIT("oh")},
    {"/log/flaky", 503, FLAKY, NULL, NULL, GW_LIT_INIT("at last")},
    {"/log/squeezed", 200, WHOLE, "Content-Encoding", "gzip",
     GW_LIT_INIT(SQUEEZED)},
    {"/log/not-squeezed", 200, WHOLE, "Content-Encoding", "gzip",
     GW_LIT_INIT("plain text")},
    {"/log/bomb", 200, WHOLE, "Content-Encoding", "gzip", {bomb, sizeof bomb}},
    {"/log/moved", 302, WHOLE, "Location", "/log/checkpoint", GW_LIT_INIT("")},
    {"/log/to-file", 302, WHOLE, "Location", "file:///etc/passwd",
     GW_LIT_INIT("")},
    {"/log/round", 302, WHOLE, "Location", "/log/round", GW_LIT_INIT("")},
};

struct site {
    struct MHD_Daemon *daemon;
    char url[64];
    atomic_int requests, connections;
    struct gw_log_reader *r;
};

enum { ENDLESS_LEN = 3000 }; // over MAX, and more than one write

static ssize_t on_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
    const struct page *p = ctx;
    if (p->how == STALLED) {
        usleep(10000);
        return 0;
    }
    if (p->how == CUT && pos == p->body.len)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = p->body.len < max ? p->body.len : max;
    memcpy(buf, p->body.at, n);
    return (ssize_t)n;
}

static struct MHD_Response *answer_of(const struct page *p)
{
    struct page *shed;
    memcpy(&shed, &p, sizeof shed); // libmicrohttpd wants it without const
    if (p->how != WHOLE)
        return MHD_create_response_from_callback(
            p->how == ENDLESS ? ENDLESS_LEN / 6 * p->body.len : 1000, 512,
            on_read, shed, NULL);
    void *body;
    memcpy(&body, &p->body.at, sizeof body);
    return MHD_create_response_from_buffer(p->body.len, body,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **request)
{
    static const struct page none = {.status = 404};
    static const struct page well = {"",   200,  WHOLE,
                                     NULL, NULL, GW_LIT_INIT("at last")};
    static char seen; // its address marks the second call for a request
    struct site *s = ctx;
    const struct page *p = &none;
    (void)method, (void)version, (void)upload, (void)upload_len;
    if (!*request) {
        *request = &seen;
        return MHD_YES;
    }
    for (size_t i = 0; i < GW_COUNT(pages); i++)
        if (strcmp(pages[i].path, url) == 0)
            p = &pages[i];
    int before = atomic_fetch_add(&s->requests, 1);
    if (p->how == FLAKY)
        p = before == 2 ? &well : &pages[7]; // "broken"
    struct MHD_Response *a = answer_of(p);
    if (p->header)
        MHD_add_response_header(a, p->header, p->value);
    enum MHD_Result rc = MHD_queue_response(c, p->status, a);
    MHD_destroy_response(a);
    return rc;
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket,
                          enum MHD_ConnectionNotificationCode code)
{
    struct site *s = ctx;
    (void)c, (void)socket;
    atomic_fetch_add(&s->connections, code == MHD_CONNECTION_NOTIFY_STARTED);
}

static int start_site(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct site *s = gw_new(sizeof *s);
    static const struct gw_log_patience hasty = {1, 1};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_non_null(s);
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
        NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &at,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    assert_non_null(s->daemon);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/log/",
             MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    assert_int_equal(gw_log_reader_http(s->url, &hasty, &s->r, NULL), 0);
    *state = s;
    return 0;
}

static int stop_site(void **state)
{
    struct site *s = *state;
    gw_log_reader_close(s->r);
    MHD_stop_daemon(s->daemon);
    gw_free(s);
    return 0;
}

static void files_of_a_site_are_read(void **state)
{
    struct site *s = *state;
    struct gw_log_reader *r;
    expect(s->r, "checkpoint", "the checkpoint");
    expect(s->r, "empty", "");
    assert_int_equal(gw_log_reader_open(s->url, &r, NULL), 0);
    expect(r, "checkpoint", "the checkpoint");
    gw_log_reader_close(r);
}

static void one_connection_serves_many_requests(void **state)
{
    struct site *s = *state;
    for (int i = 0; i < 50; i++)
        expect(s->r, "checkpoint", "the checkpoint");
    assert_int_equal(s->requests, 50);
    assert_int_equal(s->connections, 1);
}

static void what_a_site_has_not_is_enoent_however_it_says_so(void **state)
{
    struct site *s = *state;
    expect_error(s->r, "missing", GW_ENOENT, "404"); // with a long page
    expect_error(s->r, "tile/0/000", GW_ENOENT, "404");
    assert_int_equal(s->requests, 2);
}

static void other_statuses_are_named(void **state)
{
    struct site *s = *state;
    expect_error(s->r, "forbidden", GW_ENET, "403");
    assert_int_equal(s->requests, 1); // asking again would not help
    expect_error(s->r, "broken", GW_ENET, "500");
    assert_int_equal(s->requests, 1 + 3);
}

static void a_server_that_recovers_is_asked_again(void **state)
{
    struct site *s = *state;
    expect(s->r, "flaky", "at last");
    assert_int_equal(s->requests, 3);
}

static void an_answer_cut_short_is_no_answer(void **state)
{
    struct site *s = *state;
    expect_error(s->r, "cut", GW_ENET, "/log/cut");
    assert_int_equal(s->requests, 3);
}

static void an_answer_past_the_maximum_is_too_big(void **state)
{
    struct site *s = *state;
    expect_error(s->r, "endless", GW_ETOOBIG, "larger than 100 bytes");
    expect_error(s->r, "bomb", GW_ETOOBIG, "larger than 100 bytes");
}

static void a_server_that_stalls_is_given_up(void **state)
{
    struct site *s = *state;
    expect_error(s->r, "stalled", GW_ENET, "/log/stalled");
}

static void a_gzip_encoding_is_taken_off(void **state)
{
    struct site *s = *state;
    expect(s->r, "squeezed", "squeezed squeezed squeezed squeezed ");
    expect_error(s->r, "not-squeezed", GW_ENET, "/log/not-squeezed");
}

static void redirects_stay_in_the_web_and_end(void **state)
{
    struct site *s = *state;
    expect(s->r, "moved", "the checkpoint");
    struct got g = get(s->r, "to-file", MAX);
    assert_true(g.rc == GW_EREFUSED || g.rc == GW_ENET);
    assert_int_equal(g.bytes.len, 7);
    gw_buf_release(&g.bytes);
    g = get(s->r, "round", MAX);
    assert_true(g.rc == GW_EREFUSED || g.rc == GW_ENET);
    gw_buf_release(&g.bytes);
}

static void a_site_that_is_not_there_is_enet(void **state)
{
    struct gw_log_reader *r;
    static const struct gw_log_patience hasty = {1, 1};
    (void)state;
    assert_int_equal(
        gw_log_reader_http("http://127.0.0.1:1/log", &hasty, &r, NULL), 0);
    expect_error(r, "checkpoint", GW_ENET, "127.0.0.1");
    gw_log_reader_close(r);
}

#define ON_SITE(test)                                                          \
    cmocka_unit_test_setup_teardown(test, start_site, stop_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SITE(files_of_a_site_are_read),
        ON_SITE(one_connection_serves_many_requests),
        ON_SITE(what_a_site_has_not_is_enoent_however_it_says_so),
        ON_SITE(other_statuses_are_named),
        ON_SITE(a_server_that_recovers_is_asked_again),
        ON_SITE(an_answer_cut_short_is_no_answer),
        ON_SITE(an_answer_past_the_maximum_is_too_big),
        ON_SITE(a_server_that_stalls_is_given_up),
        ON_SITE(a_gzip_encoding_is_taken_off),
        ON_SITE(redirects_stay_in_the_web_and_end),
        cmocka_unit_test(a_site_that_is_not_there_is_enet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
