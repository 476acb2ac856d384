// The jail from inside: what comes in. Jobs that are answered at once, and
// objects that are read a unit at a time.
#include "monitor/jail_work.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_LEN = 64 << 10, TAIL_LEN = 128 << 10 };

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
    if (gw_is_aggregate(line))
        return GW_KIND_AGGREGATE;
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
    gw_aggregate_free(c->aggregate);
    gw_unpack_free(c->unpack);
    c->records = NULL;
    c->obs_web = NULL;
    c->aggregate = NULL;
    c->unpack = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->running = false;
}

static int open_object(struct child *c, struct gw_why *why)
{
    struct gw_leaf leaf;
    bool ready = c->sealed || c->job.type == GW_JOB_RECORDS;
    c->unpack = gw_unpack_new(fd_source, &c->fd);
    if (!c->unpack || !ready)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    c->running = true;
    if (c->job.kind != GW_KIND_OBS_WEB && c->job.kind != GW_KIND_AGGREGATE) {
        c->records = gw_records_new(c->unpack);
        return c->records ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    }
    int rc = gw_unpack_leaf(c->unpack, &leaf, why);
    if (rc > 0 && c->job.kind == GW_KIND_AGGREGATE)
        c->aggregate = gw_aggregate_new(leaf_source, c->unpack);
    else if (rc > 0)
        c->obs_web = gw_obs_web_new(leaf_source, c->unpack);
    if (c->obs_web || c->aggregate)
        return 0;
    return rc < 0 ? rc : gw_fail(why, GW_ENOMEM, "nothing to read");
}

static void on_refusal(void *ctx, int64_t position, int64_t length, int code,
                       const char *reason)
{
    refuse(ctx, position, length, code, reason);
}

// The bytes are gone when the next row is read.
static void on_record(void *ctx, int64_t position, gw_span bytes)
{
    add_entry(ctx, position, bytes);
    hash_entries(ctx);
}

// Reads the next unit of the running object. The worker holds `in`.
static void read_unit(struct worker *w)
{
    static const struct gw_obs_web_sink to_worker = {on_refusal, on_record};
    struct child *c = w->c;
    int rc = 0;
    w->job = c->job.number;
    w->records_only = c->job.type == GW_JOB_RECORDS;
    w->batch->wanted = w->records_only ? c->job.position : -1;
    if (!c->running)
        rc = open_object(c, &w->why);
    if (!rc && (c->obs_web || c->aggregate)) {
        gw_block_reset(&w->block);
        gw_arena_reset(w->arena);
        rc = c->obs_web ? gw_obs_web_next(c->obs_web, &w->block, &to_worker, w,
                                          &w->records, &w->why)
                        : gw_aggregate_next(c->aggregate, &w->block, &to_worker,
                                            w, &w->records, &w->why);
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

static void begin_unit(struct worker *w)
{
    w->unit = w->c->taken;
    w->rows_ready = w->last = false;
    w->code = 0;
    w->why = (struct gw_why){0};
    w->records = w->position = 0;
    w->refusal_count = w->entry_count = 0;
    w->found = w->reply = -1;
    gw_buf_reset(&w->shown);
    gw_buf_reset(&w->hashes);
    w->batch->piece_count = w->batch->misfit_count = 0;
}

bool take_unit(struct worker *w)
{
    struct child *c = w->c;
    pthread_mutex_lock(&c->in);
    begin_unit(w);
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
