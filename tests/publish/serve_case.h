// A small archive that is made through the store, a small site beside it, and
// a server of both in a thread.
#ifndef GW_SERVE_CASE_H
#define GW_SERVE_CASE_H

#include "../ledger/talk_case.h"
#include "../store/place.h"
#include "publish/publish.h"

struct serve_case {
    struct place place;
    char site[128];
    atomic_int stop;
    struct talk_ready ready;
    pthread_t thread;
    int threads, rc;
    struct gw_why why;
};

static inline void *serve_main(void *ctx)
{
    struct serve_case *c = ctx;
    const struct gw_site_options o = {.folder = c->site,
                                      .listen = "127.0.0.1:0",
                                      .threads = c->threads,
                                      .stop = &c->stop,
                                      .ready = talk_is_ready,
                                      .ctx = &c->ready};
    c->rc = gw_site_serve(c->place.archive, &o, &c->why);
    if (c->rc)
        talk_is_ready(&c->ready, "");
    return NULL;
}

static inline void serve_begin(struct serve_case *c)
{
    *c = (struct serve_case){.threads = 2};
    c->place = place_new();
    snprintf(c->site, sizeof c->site, "%s/site", c->place.root);
    assert_int_equal(mkdir(c->site, 0755), 0);
}

static inline void serve_start(struct serve_case *c)
{
    atomic_init(&c->stop, 0);
    talk_ready_init(&c->ready);
    assert_int_equal(pthread_create(&c->thread, NULL, serve_main, c), 0);
    talk_wait_ready(&c->ready);
    assert_ok(c->rc, c->why);
}

static inline void serve_end(struct serve_case *c)
{
    atomic_store(&c->stop, 1);
    pthread_join(c->thread, NULL);
    assert_ok(c->rc, c->why);
    place_remove(&c->place);
}

static inline struct talk_answer get(const struct serve_case *c,
                                     const char *path)
{
    return talk(c->ready.address, "GET", gw_str(path), (gw_span){0});
}

static inline int status_of(const struct serve_case *c, const char *path)
{
    struct talk_answer a = get(c, path);
    talk_answer_release(&a);
    return a.status;
}

// A GET with more headers, each ended by "\r\n".
static inline struct talk_answer get_with(const struct serve_case *c,
                                          const char *path, const char *more)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 16);
    gw_put_fmt(&b, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
               path, more);
    int fd = talk_connect(c->ready.address);
    talk_send(fd, gw_buf_span(&b));
    gw_buf_release(&b);
    return talk_answer(fd);
}

// The value of a header of an answer, "" if it has none.
static inline const char *header_of(const struct talk_answer *a,
                                    const char *name, char ret[512])
{
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *at = strstr(a->head, line);
    size_t n = at ? strcspn(at + strlen(line), "\r") : 0;
    snprintf(ret, 512, "%.*s", (int)n, at ? at + strlen(line) : "");
    return ret;
}

#endif
