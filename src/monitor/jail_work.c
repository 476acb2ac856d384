// The jail from inside. Threads take turns at the input (unpacking is serial),
// turn their batch into an encoded block side by side, and hand results out
// in the order in which they took them in, so that threads do not show.
#include "monitor/facts.h"
#include "monitor/jail.h"
#include "monitor/obs_web.h"
#include "monitor/records.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    BLOCK_ARENA_MAX = 192 << 20,
    BLOCK_ENOUGH = 64 << 20, // bytes of rows, or of texts: a block is closed
    HEAD_LEN = 64 << 10,
    TAIL_LEN = 128 << 10,
    THREADS_MAX = 64
};

struct child {
    int socket;
    struct gw_refs *refs;
    bool sealed;
    // input: guarded by `in`
    pthread_mutex_t in;
    bool over;
    struct gw_job job;
    bool running; // a FACTS job is being read
    int fd;
    struct gw_unpack *unpack;
    struct gw_records *records;
    struct gw_obs_web *obs_web;
    uint64_t taken; // units taken so far
    // output: guarded by `out`
    pthread_mutex_t out;
    pthread_cond_t turn;
    uint64_t given;                // units handed out so far
    int64_t record_count, refused; // of the object being handed out
    int code;                      // its first failure, and why
    struct gw_why why;
    _Atomic bool broken; // the other side is gone
};

struct refusal {
    int64_t position, length;
    int code;
    char reason[400];
    size_t offset, kept; // bytes in worker->shown
};

struct worker {
    struct child *c;
    struct gw_batch *batch;
    struct gw_facts *facts;
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_block_codec *codec;
    struct gw_buf encoded; // blocks, each behind its length in eight bytes
    struct gw_buf shown;
    struct refusal *refusals;
    size_t refusal_count, refusal_cap;
    // the unit in hand
    uint64_t unit;
    uint32_t job;
    bool rows_ready; // the block was filled while reading (obs_web)
    bool last;       // the object ends with it
    int code;        // how it ended
    struct gw_why why;
    int64_t records, position;
    uint32_t kind;
    gw_time dated;
    int reply; // enum gw_reply_type for jobs answered at once, or -1
};

// ---- talking ------------------------------------------------------------

static int receive_job(struct child *c, struct gw_job *job, int *ret_fd)
{
    struct iovec part = {.iov_base = job, .iov_len = sizeof *job};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do {
        n = recvmsg(c->socket, &m, MSG_WAITALL);
    } while (n < 0 && errno == EINTR);
    *ret_fd = -1;
    if (n != (ssize_t)sizeof *job)
        return 0;
    const struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    if (h && h->cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(h), sizeof *ret_fd);
    return 1;
}

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

static int64_t fd_source(void *ctx, uint8_t *bytes, size_t len)
{
    ssize_t n;
    do {
        n = read(*(int *)ctx, bytes, len);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? GW_EIO : n;
}

static int64_t leaf_source(void *ctx, uint8_t *bytes, size_t len)
{
    return gw_unpack_read(ctx, bytes, len, NULL);
}

// ---- what an object is --------------------------------------------------

static bool has_column(gw_span line, const char *name)
{
    while (line.len) {
        gw_span field = gw_cut(&line, ',');
        if (gw_is(gw_trim(field), name))
            return true;
    }
    return false;
}

static enum gw_kind kind_of(gw_span head, gw_span tail)
{
    enum gw_kind kind = gw_classify_reference(head, tail);
    gw_span rest = head, line = gw_cut(&rest, '\n');
    while (rest.len && !gw_trim(line).len)
        line = gw_cut(&rest, '\n');
    line = gw_trim(line);
    if (kind != GW_KIND_UNKNOWN)
        return kind;
    if (has_column(line, "measurement_uid") && has_column(line, "probe_asn"))
        return GW_KIND_OBS_WEB;
    if (gw_starts(line, "---") || gw_starts(line, "%YAML"))
        return GW_KIND_OONI_YAML;
    if (line.len && strchr("{[/#", line.at[0]))
        return GW_KIND_OONI_JSON; // comments are refused there, by name
    return GW_KIND_UNKNOWN;
}

static void classify(struct worker *w, int fd, const struct gw_job *job)
{
    uint8_t *head = gw_new(HEAD_LEN), *tail = gw_new(TAIL_LEN);
    struct gw_unpack *u = gw_unpack_new(fd_source, &fd);
    struct gw_leaf leaf;
    int64_t head_len = 0, n = 0;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > TAIL_LEN ? size - TAIL_LEN : 0;
    ssize_t tail_len = tail ? pread(fd, tail, TAIL_LEN, from) : -1;
    lseek(fd, 0, SEEK_SET);
    w->reply = GW_REPLY_KIND;
    w->kind = GW_KIND_UNKNOWN;
    w->dated = GW_NEVER;
    if (!head || !tail || !u) {
        w->code = GW_ENOMEM;
    } else {
        w->code = gw_unpack_leaf(u, &leaf, &w->why);
        while (w->code > 0 && head_len < HEAD_LEN) {
            n = gw_unpack_read(u, head + head_len,
                               (size_t)(HEAD_LEN - head_len), &w->why);
            if (n <= 0)
                break;
            head_len += n;
        }
        gw_span h = gw_span_of(head, (size_t)head_len);
        w->code = w->code > 0 ? 0 : w->code;
        w->kind =
            kind_of(h, gw_span_of(tail, tail_len > 0 ? (size_t)tail_len : 0));
        if (!gw_reference_date(h, gw_str(job->name), &w->dated))
            w->dated = GW_NEVER;
    }
    gw_unpack_free(u);
    gw_free(head);
    gw_free(tail);
}

static void add_reference(struct worker *w, int fd, const struct gw_job *job)
{
    struct gw_unpack *u = gw_unpack_new(fd_source, &fd);
    struct gw_leaf leaf;
    struct gw_ref_note note = {0};
    struct gw_ref_input in = {
        (enum gw_kind)job->kind, job->hash, job->dated, NULL, leaf_source, u};
    w->reply = GW_REPLY_DONE;
    w->code = u ? gw_unpack_leaf(u, &leaf, &w->why) : GW_ENOMEM;
    if (w->code == 0)
        w->code = gw_fail(&w->why, GW_EFEW, "an empty file");
    if (w->code > 0)
        w->code = gw_refs_add(w->c->refs, &in, &note, &w->why);
    w->records = note.rows;
    if (!w->code && note.bad)
        snprintf(w->why.text, sizeof w->why.text, "%lld rows refused: %s",
                 (long long)note.bad, note.first_bad);
    gw_unpack_free(u);
}

static void seal(struct worker *w)
{
    w->reply = GW_REPLY_SNAPSHOTS;
    w->code = gw_refs_seal(w->c->refs, &w->why);
    gw_buf_reset(&w->encoded);
    if (!w->code)
        w->code = gw_refs_describe(w->c->refs, &w->encoded);
    w->c->sealed = w->code == 0;
}

// ---- taking in ----------------------------------------------------------

static void close_object(struct child *c)
{
    gw_records_free(c->records);
    gw_obs_web_free(c->obs_web);
    gw_unpack_free(c->unpack);
    c->records = NULL;
    c->obs_web = NULL;
    c->unpack = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->running = false;
}

static int open_object(struct child *c, struct gw_why *why)
{
    struct gw_leaf leaf;
    c->unpack = gw_unpack_new(fd_source, &c->fd);
    if (!c->unpack || !c->sealed)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    c->running = true;
    if (c->job.kind != GW_KIND_OBS_WEB) {
        c->records = gw_records_new(c->unpack);
        return c->records ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    }
    int rc = gw_unpack_leaf(c->unpack, &leaf, why);
    c->obs_web = rc > 0 ? gw_obs_web_new(leaf_source, c->unpack) : NULL;
    return c->obs_web ? 0
           : rc < 0   ? rc
                      : gw_fail(why, GW_ENOMEM, "nothing to read");
}

static void refuse(void *ctx, int64_t position, int64_t length, int code,
                   const char *reason)
{
    struct worker *w = ctx;
    if (w->refusal_count == w->refusal_cap) {
        size_t cap = w->refusal_cap ? w->refusal_cap * 2 : 64;
        struct refusal *list = gw_resize(w->refusals, cap, sizeof *list);
        if (!list) {
            w->code = gw_fail(&w->why, GW_ENOMEM, "out of memory");
            return;
        }
        w->refusals = list;
        w->refusal_cap = cap;
    }
    struct refusal *r = &w->refusals[w->refusal_count++];
    *r = (struct refusal){.position = position, .length = length, .code = code};
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static void refuse_with(struct worker *w, int64_t position, int64_t length,
                        int code, const char *reason, gw_span bytes)
{
    size_t before = w->refusal_count;
    refuse(w, position, length, code, reason);
    if (w->refusal_count == before)
        return;
    struct refusal *r = &w->refusals[before];
    gw_span kept = gw_sub(bytes, 0, GW_REFUSAL_BYTES_MAX);
    r->offset = w->shown.len;
    gw_put_span(&w->shown, kept);
    r->kept = w->shown.len - r->offset;
}

// Reads the next unit of the running object. The worker holds `in`.
static void read_unit(struct worker *w)
{
    struct child *c = w->c;
    int rc = 0;
    w->job = c->job.number;
    if (!c->running)
        rc = open_object(c, &w->why);
    if (!rc && c->obs_web) {
        gw_block_reset(&w->block);
        gw_arena_reset(w->arena);
        rc = gw_obs_web_next(c->obs_web, &w->block, refuse, w, &w->records,
                             &w->why);
        w->rows_ready = true;
    } else if (!rc) {
        rc = gw_records_next(c->records, w->batch, &w->why);
        w->position = gw_records_position(c->records);
    }
    w->code = rc < 0 ? rc : w->code;
    w->last = rc <= 0;
    if (w->last)
        close_object(c);
}

// The next thing to do; false when there is none.
static bool take_unit(struct worker *w)
{
    struct child *c = w->c;
    pthread_mutex_lock(&c->in);
    w->unit = c->taken;
    w->rows_ready = w->last = false;
    w->code = 0;
    w->why = (struct gw_why){0};
    w->records = w->position = 0;
    w->refusal_count = 0;
    w->reply = -1;
    gw_buf_reset(&w->shown);
    w->batch->piece_count = w->batch->misfit_count = 0;
    bool got = !c->over;
    if (got && !c->running) {
        int fd;
        got = receive_job(c, &c->job, &fd) > 0;
        c->over = !got;
        w->job = c->job.number;
        c->fd = fd;
        if (got && c->job.type == GW_JOB_CLASSIFY)
            classify(w, fd, &c->job);
        else if (got && c->job.type == GW_JOB_REFERENCE)
            add_reference(w, fd, &c->job);
        else if (got && c->job.type == GW_JOB_SEAL)
            seal(w);
        else if (got)
            read_unit(w);
        if (w->reply >= 0)
            close_object(c);
    } else if (got) {
        read_unit(w);
    }
    c->taken += got;
    pthread_mutex_unlock(&c->in);
    return got;
}

// ---- turning bytes into rows --------------------------------------------

// Encodes the rows that there are and begins anew.
static void close_block(struct worker *w)
{
    size_t from = w->encoded.len;
    if (!w->block.rows[GW_TABLE_measurement].count)
        return;
    gw_put_u64le(&w->encoded, 0); // its length, known later
    int rc = gw_block_encode(w->codec, &w->block, &w->encoded, &w->why);
    if (rc) {
        w->code = rc;
        gw_buf_reset(&w->encoded);
        w->encoded.len = from;
    } else {
        uint64_t length = w->encoded.len - from - sizeof length;
        for (size_t i = 0; i < sizeof length; i++)
            w->encoded.at[from + i] = (uint8_t)(length >> 8 * i);
    }
    gw_block_reset(&w->block);
    gw_arena_reset(w->arena);
}

// A few small records can make very many rows, so blocks end by their size as
// well. That depends on the records alone, as everything about blocks must.
static bool is_enough(const struct worker *w)
{
    size_t rows = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        rows += w->block.rows[t].count * gw_tables[t].row_size;
    return rows > BLOCK_ENOUGH || gw_arena_taken(w->arena) > BLOCK_ENOUGH;
}

static void add_record(struct worker *w, const struct gw_record *r)
{
    struct gw_why why = {0};
    int rc = gw_facts_add(w->facts, &w->block, r, &why);
    if (rc)
        refuse_with(w, r->position, r->length, rc, why.text, r->text);
    else
        w->records++;
    if (is_enough(w))
        close_block(w);
}

static void add_lines(struct worker *w, const struct gw_piece *p)
{
    gw_span rest = gw_span_of(w->batch->bytes + p->offset, p->length);
    const uint8_t *begin = rest.at;
    while (rest.len) {
        gw_span line = gw_trim(gw_cut(&rest, '\n'));
        if (!line.len)
            continue;
        struct gw_record r = {line, p->position + (line.at - begin),
                              (int64_t)line.len, p->leaf, false};
        add_record(w, &r);
    }
}

static void make_rows(struct worker *w)
{
    const struct gw_batch *b = w->batch;
    gw_block_reset(&w->block);
    gw_arena_reset(w->arena);
    for (size_t i = 0; i < b->misfit_count; i++) {
        const struct gw_misfit *m = &b->misfits[i];
        refuse_with(w, m->position, m->length, m->code, m->reason,
                    gw_span_of(b->bytes + m->offset, m->kept));
    }
    for (size_t i = 0; i < b->piece_count; i++) {
        const struct gw_piece *p = &b->pieces[i];
        struct gw_record r = {gw_span_of(b->bytes + p->offset, p->length),
                              p->position, p->record_length, p->leaf, p->yaml};
        if (p->lines)
            add_lines(w, p);
        else
            add_record(w, &r);
    }
}

static void work_unit(struct worker *w)
{
    if (w->reply >= 0)
        return;
    if (!w->facts)
        w->facts = gw_facts_new(w->c->refs);
    if (!w->facts) {
        w->code = gw_fail(&w->why, GW_ENOMEM, "out of memory");
        return;
    }
    gw_buf_reset(&w->encoded);
    if (!w->rows_ready)
        make_rows(w);
    close_block(w);
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
    c->record_count = c->refused = 0;
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
        send_refusals(w);
        c->record_count += w->records;
        c->refused += (int64_t)w->refusal_count;
        send_blocks(w);
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
