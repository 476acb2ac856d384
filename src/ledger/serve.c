// One HTTP server over libmicrohttpd: an event loop collects whole requests
// within limits, so that a slow client costs a connection and no thread.
#include "ledger/serve.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 30,
    BODY_SECONDS = 60,   // from the head to the last byte of the body
    HEAD_MAX = 16 << 10, // memory of a connection, its head included
    DRAIN_MAX = 1 << 20, // read of a body that is refused anyway
    LOOPS_MAX = 16,
    SLEEP_MS = 1000,
};

struct gw_web_loop {
    struct gw_web *web;
    struct MHD_Daemon *daemon;
    size_t number;
    int bell; // eventfd: something was resumed, or it is to stop
    atomic_bool rung;
    pthread_t thread;
};

struct gw_web {
    struct gw_web_options o;
    char address[GW_WEB_ADDRESS];
    atomic_size_t held; // bytes of bodies
    atomic_int stop;
    size_t count;
    struct gw_web_loop loops[LOOPS_MAX];
};

const char gw_text_plain[] = "text/plain; charset=utf-8";

size_t gw_web_thread(const struct gw_web_request *r)
{
    return r->loop->number;
}

const char *gw_web_header(const struct gw_web_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

void gw_web_say(struct gw_web_request *r, int status, const char *text)
{
    gw_buf_reset(&r->answer);
    gw_put_str(&r->answer, text);
    gw_put_u8(&r->answer, '\n');
    r->status = status;
    r->type = gw_text_plain;
    r->cache = NULL;
}

// ---- one request --------------------------------------------------------
static struct MHD_Response *bytes_of(struct gw_web_request *r,
                                     enum MHD_ResponseMemoryMode mode)
{
    if (r->answer.err) // an answer that is not whole is none
        return NULL;
    return MHD_create_response_from_buffer(r->answer.len, r->answer.at, mode);
}

static struct MHD_Response *file_of(struct gw_web_request *r)
{
    struct MHD_Response *m = MHD_create_response_from_fd64(r->fd_bytes, r->fd);
    if (m)
        r->fd = -1; // closed with the response
    return m;
}

static bool put_header(struct MHD_Response *m, const char *name,
                       const char *value)
{
    return !value || !*value ||
           MHD_add_response_header(m, name, value) == MHD_YES;
}

static bool put_headers(const struct gw_web_request *r, struct MHD_Response *m)
{
    const struct gw_web_options *o = &r->loop->web->o;
    bool reads = r->post || o->read_only, ok = true;
    bool later = r->status == 429 || r->status == 503;
    ok &= put_header(m, "Content-Type", r->status == 304 ? NULL : r->type);
    ok &= put_header(m, "Cache-Control", r->cache);
    ok &= put_header(m, "ETag", r->etag);
    ok &= put_header(m, "Last-Modified", r->modified);
    ok &= put_header(m, "Location", r->location);
    if (r->status == 405)
        ok &= put_header(m, "Allow", reads ? "GET, HEAD" : "POST");
    ok &= put_header(m, "Retry-After", later ? "1" : NULL);
    for (size_t i = 0; i < o->header_count; i++)
        ok &= put_header(m, o->headers[i][0], o->headers[i][1]);
    return ok;
}

struct gw_web_kept {
    struct MHD_Response *response;
    int status;
};

struct gw_web_kept *gw_web_keep(struct gw_web_request *r)
{
    struct gw_web_kept *k = gw_new(sizeof *k);
    if (!k)
        return NULL;
    k->status = r->status;
    k->response = r->fd >= 0 ? file_of(r) : bytes_of(r, MHD_RESPMEM_MUST_COPY);
    if (k->response && put_headers(r, k->response))
        return k;
    gw_web_drop(k);
    return NULL;
}

void gw_web_drop(struct gw_web_kept *k)
{
    if (!k)
        return;
    if (k->response)
        MHD_destroy_response(k->response); // once the last was sent
    gw_free(k);
}

static enum MHD_Result send_answer(struct gw_web_request *r)
{
    if (r->kept)
        return MHD_queue_response(r->connection, (unsigned)r->kept->status,
                                  r->kept->response);
    // r lives until the answer is sent.
    struct MHD_Response *m =
        r->fd >= 0 ? file_of(r) : bytes_of(r, MHD_RESPMEM_PERSISTENT);
    if (!m)
        return MHD_NO;
    enum MHD_Result rc = MHD_NO;
    if (put_headers(r, m))
        rc = MHD_queue_response(r->connection, (unsigned)r->status, m);
    MHD_destroy_response(m);
    return rc;
}

// The request line: all that is known of a request at first.
static void *on_line(void *ctx, const char *line, struct MHD_Connection *c)
{
    struct gw_web_loop *l = ctx;
    struct gw_web_request *r = gw_new(sizeof *r);
    if (!r)
        return NULL;
    r->loop = l;
    r->connection = c;
    r->fd = -1;
    r->began = gw_tick();
    gw_buf_init(&r->body, l->web->o.body_max);
    gw_buf_init(&r->answer, l->web->o.answer_max);
    gw_span query = gw_str(line), path = gw_cut(&query, '?');
    if (path.len >= sizeof r->path || query.len >= sizeof r->query) {
        gw_web_say(r, 414, "the path or the query is too long");
        return r;
    }
    memcpy(r->path, path.at, path.len);
    if (query.len)
        memcpy(r->query, query.at, query.len);
    return r;
}

// What the head alone decides.
static enum MHD_Result begin(struct gw_web_request *r, const char *method)
{
    const struct gw_web_options *o = &r->loop->web->o;
    r->begun = true;
    r->post = strcmp(method, "POST") == 0;
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (o->read_only && !get) {
        gw_web_say(r, 405, "GET and HEAD are all there is");
        return send_answer(r); // and the connection ends
    }
    if (!r->post && !get)
        gw_web_say(r, 501, "GET, HEAD and POST are all there is");
    const char *length = gw_web_header(r, "Content-Length");
    uint64_t announced = 0;
    if (length && (!gw_parse_uint(gw_str(length), DRAIN_MAX, &announced))) {
        gw_web_say(r, 413, "the body is too large");
        return send_answer(r);
    }
    return MHD_YES;
}

static void drop_body(struct gw_web *w, struct gw_web_request *r)
{
    atomic_fetch_sub(&w->held, r->body.len);
    gw_buf_release(&r->body);
    gw_buf_init(&r->body, w->o.body_max);
}

static enum MHD_Result take(struct gw_web *w, struct gw_web_request *r,
                            const char *bytes, size_t n)
{
    r->length += n;
    if (r->length > DRAIN_MAX ||
        gw_tick() - r->began > BODY_SECONDS * (uint64_t)GW_SECOND)
        return MHD_NO;
    if (r->status)
        return MHD_YES;
    if (r->length > w->o.body_max)
        gw_web_say(r, 413, "the body is too large");
    else if (atomic_fetch_add(&w->held, n) + n > w->o.held_max) {
        atomic_fetch_sub(&w->held, n);
        gw_web_say(r, 429, "too much at once");
    } else {
        gw_put(&r->body, bytes, n);
        if (r->body.err)
            atomic_fetch_sub(&w->held, n);
    }
    if (r->body.err)
        gw_web_say(r, 503, "out of memory");
    if (r->status)
        drop_body(w, r);
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes,
                                  size_t *n, void **state)
{
    (void)c;
    (void)url;
    (void)version;
    struct gw_web *w = ((struct gw_web_loop *)ctx)->web;
    struct gw_web_request *r = *state;
    if (!r)
        return MHD_NO;
    if (!r->begun)
        return begin(r, method);
    if (r->whole) // resumed
        return send_answer(r);
    if (*n) {
        size_t got = *n;
        *n = 0;
        return take(w, r, bytes, got);
    }
    r->whole = true;
    if (!r->status)
        w->o.handle(w->o.ctx, r);
    return r->deferred ? MHD_YES : send_answer(r);
}

static void on_end(void *ctx, struct MHD_Connection *c, void **state,
                   enum MHD_RequestTerminationCode code)
{
    (void)ctx;
    (void)c;
    (void)code;
    struct gw_web_request *r = *state;
    if (!r)
        return;
    drop_body(r->loop->web, r);
    gw_buf_release(&r->answer);
    if (r->fd >= 0)
        close(r->fd);
    gw_free(r);
    *state = NULL;
}

// Nothing is decoded: no name that is served here needs it.
static size_t as_it_is(void *ctx, struct MHD_Connection *c, char *s)
{
    (void)ctx;
    (void)c;
    return strlen(s);
}

// ---- the server ---------------------------------------------------------
static struct MHD_Daemon *start_daemon(struct gw_web_loop *l, int fd, int most)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_end, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)as_it_is, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_line, l},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL}, // see turn()
        {MHD_OPTION_CONNECTION_LIMIT, most, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_MAX, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        on_request, l, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void ring(struct gw_web_loop *l)
{
    const uint64_t one = 1;
    // A bell that cannot be rung is full, and so it rings.
    if (!atomic_exchange(&l->rung, true) &&
        write(l->bell, &one, sizeof one) < 0)
        return;
}

static void silence(struct gw_web_loop *l)
{
    uint64_t rings;
    if (atomic_load(&l->rung) && read(l->bell, &rings, sizeof rings) > 0)
        atomic_store(&l->rung, false);
}

// libmicrohttpd's own loop (0.9.75) sleeps with work at hand whenever a
// multiple of 128 connections become ready at once. So the waiting is done
// here, and it is only ever asked to do what there is to do.
static void *turn(void *ctx)
{
    struct gw_web_loop *l = ctx;
    sigset_t pipe;
    sigemptyset(&pipe); // or it would copy files in small pieces
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready[] = {
        {.fd = info ? info->epoll_fd : -1, .events = POLLIN},
        {.fd = l->bell, .events = POLLIN},
    };
    while (!atomic_load(&l->web->stop)) {
        MHD_UNSIGNED_LONG_LONG due;
        int wait = SLEEP_MS;
        if (MHD_get_timeout(l->daemon, &due) == MHD_YES && due < SLEEP_MS)
            wait = (int)due;
        if (wait)
            poll(ready, GW_COUNT(ready), wait);
        silence(l); // before it looks who was resumed
        MHD_run(l->daemon);
    }
    return NULL;
}

static bool start_loop(struct gw_web *w, int fd, int threads)
{
    struct gw_web_loop *l = &w->loops[w->count];
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0); // the daemon closes it
    l->web = w;
    l->number = w->count;
    l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (own >= 0 && l->bell >= 0)
        l->daemon = start_daemon(l, own, w->o.connections / threads + 1);
    if (l->daemon && pthread_create(&l->thread, NULL, turn, l) == 0) {
        w->count++;
        return true;
    }
    if (l->daemon)
        MHD_stop_daemon(l->daemon);
    else if (own >= 0)
        close(own);
    if (l->bell >= 0)
        close(l->bell);
    return false;
}

int gw_web_start(const struct gw_web_options *o, struct gw_web **ret,
                 struct gw_why *why)
{
    int fd, threads = o->threads > 0 ? o->threads : 1;
    struct gw_web *w = *ret = gw_new(sizeof *w);
    if (!w)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    w->o = *o;
    if (!w->o.answer_max)
        w->o.answer_max = GW_NOTE_MAX;
    int rc = gw_listen(o->listen, &fd, w->address, why);
    if (rc) {
        gw_free(w);
        *ret = NULL;
        return rc;
    }
    if (threads > LOOPS_MAX)
        threads = LOOPS_MAX;
    while (w->count < (size_t)threads && start_loop(w, fd, threads))
        ;
    close(fd);
    if (w->count)
        return 0;
    gw_web_stop(w);
    *ret = NULL;
    return gw_fail(why, GW_ENET, "%s: the server does not start", o->listen);
}

const char *gw_web_address(const struct gw_web *w)
{
    return w->address;
}

void gw_web_stop(struct gw_web *w)
{
    if (!w)
        return;
    atomic_store(&w->stop, 1);
    for (size_t i = 0; i < w->count; i++) {
        struct gw_web_loop *l = &w->loops[i];
        ring(l);
        pthread_join(l->thread, NULL);
        MHD_stop_daemon(l->daemon);
        close(l->bell);
    }
    gw_unlisten(w->address);
    gw_free(w);
}

void gw_web_resume(struct gw_web_request *r)
{
    struct gw_web_loop *l = r->loop; // r may be gone at once
    MHD_resume_connection(r->connection);
    ring(l);
}
