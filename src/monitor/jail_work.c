// The jail from inside: threads, and handing out what they made in order.
#include "monitor/jail_work.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BLOCK_ARENA_MAX = 192 << 20, THREADS_MAX = 64 };

static void send_reply(struct child *c, struct gw_reply *r, gw_span payload)
{
    r->length = payload.len;
    struct iovec parts[2] = {
        {.iov_base = r, .iov_len = sizeof *r},
        {.iov_base = (void *)(uintptr_t)payload.at, .iov_len = payload.len}};
    int i = 0;
    while (i < 2 && !c->broken) {
        if (!parts[i].iov_len) {
            i++;
            continue;
        }
        ssize_t n = writev(c->socket, parts + i, 2 - i);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            c->broken = true;
        for (; n > 0 && i < 2; i += parts[i].iov_len == 0) {
            size_t used =
                (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;
            parts[i].iov_base = (uint8_t *)parts[i].iov_base + used;
            parts[i].iov_len -= used;
            n -= (ssize_t)used;
        }
    }
}

// ---- handing out --------------------------------------------------------

static void send_refusals(struct worker *w)
{
    for (size_t i = 0; i < w->refusal_count; i++) {
        const struct refusal *x = &w->refusals[i];
        struct gw_reply r = {.type = GW_REPLY_REFUSAL,
                             .number = w->job,
                             .code = x->code,
                             .position = x->position,
                             .size = x->length};
        snprintf(r.text, sizeof r.text, "%s", x->reason);
        send_reply(w->c, &r, gw_span_of(w->shown.at + x->offset, x->kept));
    }
}

static void send_blocks(struct worker *w)
{
    struct gw_reader in = gw_reader_on(gw_buf_span(&w->encoded));
    while (gw_reader_left(&in)) {
        struct gw_reply r = {
            .type = GW_REPLY_BLOCK, .number = w->job, .position = w->position};
        size_t length = (size_t)gw_read_u64le(&in);
        send_reply(w->c, &r, gw_read_span(&in, length));
    }
}

static void send_hashes(struct worker *w)
{
    struct child *c = w->c;
    struct gw_reply r = {.type = GW_REPLY_HASHES, .number = w->job};
    if (w->hashes.len)
        send_reply(c, &r, gw_buf_span(&w->hashes));
    if (w->found >= 0) {
        r = (struct gw_reply){.type = GW_REPLY_RECORD,
                              .number = w->job,
                              .records = c->hash_count + w->found};
        send_reply(c, &r, gw_buf_span(&w->batch->found));
    }
    c->hash_count += (int64_t)(w->hashes.len / GW_HASH_LEN);
}

// The first failure is the object's, whichever unit it happened in.
static void keep_failure(struct worker *w)
{
    struct child *c = w->c;
    if (!w->code || c->code)
        return;
    c->code = w->code;
    c->why = w->why;
}

static void send_end(struct worker *w, enum gw_reply_type type)
{
    struct child *c = w->c;
    keep_failure(w);
    struct gw_reply r = {.type = type,
                         .number = w->job,
                         .code = c->code,
                         .kind = w->kind,
                         .dated = w->dated,
                         .records =
                             w->reply >= 0 ? w->records : c->record_count,
                         .refused = c->refused};
    snprintf(r.text, sizeof r.text, "%s", c->code ? c->why.text : w->why.text);
    send_reply(c, &r,
               type == GW_REPLY_SNAPSHOTS ? gw_buf_span(&w->encoded)
                                          : (gw_span){0});
    c->record_count = c->refused = c->hash_count = 0;
    c->code = 0;
}

static void give_unit(struct worker *w)
{
    struct child *c = w->c;
    pthread_mutex_lock(&c->out);
    while (c->given != w->unit)
        pthread_cond_wait(&c->turn, &c->out);
    if (w->reply >= 0) {
        send_end(w, (enum gw_reply_type)w->reply);
    } else {
        send_hashes(w);
        if (!w->records_only) {
            send_refusals(w);
            send_blocks(w);
        }
        c->record_count += w->records;
        c->refused += (int64_t)w->refusal_count;
        if (w->last)
            send_end(w, GW_REPLY_DONE);
        else
            keep_failure(w);
    }
    c->given++;
    pthread_cond_broadcast(&c->turn);
    pthread_mutex_unlock(&c->out);
}

// ---- threads ------------------------------------------------------------

static void *worker_main(void *ctx)
{
    struct worker *w = ctx;
    while (!w->c->broken && take_unit(w)) {
        work_unit(w);
        give_unit(w);
    }
    return NULL;
}

static bool worker_init(struct worker *w, struct child *c)
{
    *w = (struct worker){.c = c, .kind = GW_KIND_UNKNOWN, .dated = GW_NEVER};
    gw_buf_init(&w->encoded, GW_BLOCK_MAX);
    gw_buf_init(&w->shown, 64 << 20);
    gw_buf_init(&w->hashes, GW_REPLY_MAX);
    w->batch = gw_batch_new();
    w->arena = gw_arena_new(BLOCK_ARENA_MAX);
    w->codec = gw_block_codec_new();
    return w->batch && w->arena && w->codec &&
           gw_block_init(&w->block, w->arena) == 0;
}

static void worker_release(struct worker *w)
{
    gw_batch_free(w->batch);
    gw_facts_free(w->facts);
    gw_block_release(&w->block);
    gw_arena_free(w->arena);
    gw_block_codec_free(w->codec);
    gw_buf_release(&w->encoded);
    gw_buf_release(&w->shown);
    gw_buf_release(&w->hashes);
    gw_free(w->refusals);
}

int gw_jail_work(int socket, int threads, struct gw_refs *refs)
{
    struct child c = {.socket = socket, .refs = refs, .fd = -1};
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    struct worker *workers = gw_new((size_t)threads * sizeof *workers);
    pthread_t ids[THREADS_MAX];
    int ready = 0, started = 0;
    pthread_mutex_init(&c.in, NULL);
    pthread_mutex_init(&c.out, NULL);
    pthread_cond_init(&c.turn, NULL);
    while (workers && ready < threads && worker_init(&workers[ready], &c))
        ready++;
    // The first worker is this thread; without memory for more, fewer do.
    for (int i = 1; i < ready; i++)
        if (pthread_create(&ids[started], NULL, worker_main, &workers[i]) == 0)
            started++;
    if (ready)
        worker_main(&workers[0]);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < ready; i++)
        worker_release(&workers[i]);
    gw_free(workers);
    gw_refs_free(refs);
    pthread_cond_destroy(&c.turn);
    pthread_mutex_destroy(&c.out);
    pthread_mutex_destroy(&c.in);
    return ready ? 0 : 1;
}
