// The site's server: files in the event loops, questions to the archive in
// threads of their own, so that a long one holds nobody up.
#include "publish/serve.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 1024,
    WAITING_MAX = 64, // questions; more are answered 429
    THREADS_MAX = 16,
    LOOK_MS = 50, // how late the stop flag is seen
};

// Pages hold no inline script or style and load nothing from elsewhere.
static const char *const headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src "
     "'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
};

struct answerer {
    struct gw_waiting *waiting;
    struct api *api;
    pthread_t thread;
    bool runs;
    atomic_bool *over;
};
struct server {
    struct serve_files *files;
    int ledger; // the archive's log; -1: it has none
    struct gw_waiting *waiting;
    struct gw_web *web;
    atomic_bool over;
    size_t count;
    struct answerer answerers[THREADS_MAX];
};

static bool below(const char *path, const char *prefix, gw_span *ret_rest)
{
    gw_span p = gw_str(path);
    *ret_rest = gw_sub(p, strlen(prefix), p.len);
    return gw_starts(p, prefix);
}

// The log's read API (c2sp.org/tlog-tiles), and the policy to read it with.
static void give_log(struct server *s, struct gw_web_request *r, gw_span path)
{
    char name[GW_TILE_PATH] = "policy.txt";
    bool policy = gw_is(path, name);
    if (s->ledger >= 0 && (policy || (gw_served_name(path, name) &&
                                      !gw_starts(path, "checkpoint."))))
        gw_web_file(r, s->ledger, name, name);
    else
        gw_web_say(r, 404, "no such file of the log");
}

static void handle(void *ctx, struct gw_web_request *r)
{
    struct server *s = ctx;
    gw_span rest;
    if (below(r->path, "/log/", &rest) || below(r->path, "/api/v1/log/", &rest))
        give_log(s, r, rest);
    else if (below(r->path, "/api/", &rest))
        gw_waiting_put(s->waiting, r);
    else
        serve_file(s->files, r);
}

static void *answer(void *ctx)
{
    struct answerer *w = ctx;
    for (;;) {
        bool over = atomic_load(w->over);
        struct gw_web_request *r = gw_waiting_next(w->waiting, LOOK_MS);
        if (!r && over)
            return NULL;
        if (r) {
            api_answer(w->api, r);
            gw_web_resume(r); // r may be gone
        }
    }
}

static int start_answerers(struct server *s, const char *archive, size_t n,
                           struct gw_why *why)
{
    int rc = 0;
    for (; s->count < n && !rc; s->count++) {
        struct answerer *w = &s->answerers[s->count];
        w->waiting = s->waiting;
        w->over = &s->over;
        rc = api_open(archive, &w->api, why);
        if (rc)
            break;
        w->runs = pthread_create(&w->thread, NULL, answer, w) == 0;
        if (!w->runs) {
            api_close(w->api);
            rc = gw_fail(why, GW_ENOMEM, "no thread can be started");
            break;
        }
    }
    return rc;
}

static int start(struct server *s, const char *archive,
                 const struct gw_site_options *o, struct gw_why *why)
{
    size_t n = o->threads < 1             ? 1
               : o->threads > THREADS_MAX ? THREADS_MAX
                                          : (size_t)o->threads;
    const struct gw_web_options web = {
        .listen = o->listen ? o->listen : "127.0.0.1:8480",
        .threads = (int)n,
        .connections = CONNECTIONS,
        .answer_max = API_ANSWER_MAX,
        .read_only = true,
        .headers = headers,
        .header_count = GW_COUNT(headers),
        .handle = handle,
        .ctx = s,
    };
    char ledger[4096];
    s->ledger = -1;
    snprintf(ledger, sizeof ledger, "%.4080s/ledger", archive);
    if (!(s->waiting = gw_waiting_new(WAITING_MAX)))
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int rc = serve_files_open(o->folder, n, &s->files, why);
    if (!rc && gw_web_folder(ledger, &s->ledger, NULL))
        s->ledger = -1; // nothing was sealed yet
    rc = rc ? rc : start_answerers(s, archive, n, why);
    return rc ? rc : gw_web_start(&web, &s->web, why);
}

static void finish(struct server *s)
{
    if (s->waiting)
        gw_waiting_close(s->waiting);
    atomic_store(&s->over, true);
    for (size_t i = 0; i < s->count; i++) {
        pthread_join(s->answerers[i].thread, NULL);
        api_close(s->answerers[i].api);
    }
    gw_web_stop(s->web);
    gw_waiting_free(s->waiting);
    serve_files_close(s->files);
    if (s->ledger >= 0)
        close(s->ledger);
    gw_free(s);
}

int gw_site_serve(const char *archive, const struct gw_site_options *o,
                  struct gw_why *why)
{
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000};
    struct server *s = gw_new(sizeof *s);
    if (!s)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int rc = start(s, archive, o, why);
    if (!rc && o->ready)
        o->ready(o->ctx, gw_web_address(s->web));
    while (!rc && !(o->stop && atomic_load(o->stop)))
        nanosleep(&look, NULL);
    finish(s);
    return rc;
}
