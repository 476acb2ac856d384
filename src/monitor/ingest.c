// Ingest: keep every file as an object, then the steps that follow. Each can be
// interrupted.
#include "monitor/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool stopped(struct run *r)
{
    if (r->options->stop && *r->options->stop)
        r->sum->stopped = true;
    return r->sum->stopped;
}

void tell(struct run *r, const char *doing, const char *name)
{
    struct gw_ingest_progress p = {
        doing, name, r->done, r->total, r->sum->records, r->sum->refused};
    if (r->options->progress)
        r->options->progress(r->options->ctx, &p);
}

int commit_all(struct run *r)
{
    r->uncommitted = 0;
    return gw_ledger_commit(r->l, r->why);
}

int commit_some(struct run *r, int weight)
{
    r->uncommitted += weight;
    return r->uncommitted < COMMIT_OBJECTS ? 0 : commit_all(r);
}

// ---- step 1: keep -------------------------------------------------------

struct file_source {
    int fd;
    int64_t bytes;
    atomic_int *stop; // may be NULL
};

static int64_t file_source(void *ctx, uint8_t *bytes, size_t len)
{
    struct file_source *s = ctx;
    ssize_t n;
    do {
        if (s->stop && *s->stop)
            return GW_EIO; // keep_open knows why
        n = read(s->fd, bytes, len);
    } while (n < 0 && errno == EINTR);
    s->bytes += n > 0 ? n : 0;
    return n < 0 ? GW_EIO : n;
}

static int keep_open(struct run *r, int fd, const char *name)
{
    struct file_source s = {fd, 0, r->options->stop};
    struct gw_object o;
    bool fresh = false;
    int rc = gw_evidence_put(r->a, file_source, &s, name, &o, &fresh, r->why);
    if (rc == GW_EREFUSED) { // taken out by redaction: the rest goes on
        *r->why = (struct gw_why){0};
        r->sum->files++;
        r->sum->bytes += s.bytes;
        r->sum->withheld++;
        return 0;
    }
    if (rc && stopped(r)) { // nothing of a file that is not whole is kept
        *r->why = (struct gw_why){0};
        return 0;
    }
    if (rc)
        return rc;
    r->sum->files++;
    r->sum->bytes += s.bytes;
    r->done += s.bytes;
    r->sum->kept += fresh;
    r->sum->known += !fresh;
    if (fresh) {
        snprintf(o.source, sizeof o.source, "%s",
                 r->options->source ? r->options->source : "");
        snprintf(o.licence, sizeof o.licence, "%s",
                 r->options->licence ? r->options->licence : "");
        o.dated = r->options->dated;
        rc = gw_evidence_describe(r->a, &o, r->why);
    }
    if (!rc && r->options->confidential)
        rc = mark_confidential(r, o.hash);
    tell(r, "keeping", name);
    return rc ? rc : commit_some(r, 1);
}

static int keep_file(void *ctx, const char *path)
{
    struct run *r = ctx;
    if (stopped(r))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail(r->why, errno == ENOENT ? GW_ENOENT : GW_EIO,
                       "%s: cannot open: %s", path, strerror(errno));
    int rc = keep_open(r, fd, path);
    close(fd);
    return rc;
}

static int keep_paths(struct run *r, const char *const *paths, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = strcmp(paths[i], "-") == 0
                 ? keep_open(r, STDIN_FILENO, "standard input")
                 : gw_walk(paths[i], keep_file, r, r->why);
    return rc ? rc : commit_all(r);
}

// ---- lists of objects ---------------------------------------------------

int add_object(void *ctx, const struct gw_object *o)
{
    struct object_list *l = ctx;
    if (l->wanted && !l->wanted(o))
        return 0;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct gw_object *at = gw_resize(l->at, cap, sizeof *at);
        if (!at)
            return GW_ENOMEM;
        l->at = at;
        l->cap = cap;
    }
    l->at[l->count++] = *o;
    return 0;
}

int list_objects(struct run *r, int state,
                 bool (*wanted)(const struct gw_object *o),
                 struct object_list *ret)
{
    *ret = (struct object_list){.wanted = wanted};
    return gw_evidence_each(r->a, -1, state, add_object, ret, r->why);
}

int send_object(struct run *r, enum gw_job_type type, uint32_t number,
                const struct gw_object *o)
{
    struct gw_job job = {.type = type,
                         .number = number,
                         .kind = o->kind,
                         .dated = o->dated,
                         .position = -1};
    bool packed;
    int fd = gw_evidence_open(r->a, o->hash, &packed, r->why);
    if (fd < 0)
        return fd;
    memcpy(job.hash, o->hash, sizeof job.hash);
    snprintf(job.name, sizeof job.name, "%.500s", o->name);
    return gw_jail_send(r->jail, &job, fd, r->why);
}

int start_jail(struct run *r, int threads, const struct gw_ref_input *mmdb,
               size_t n)
{
    struct gw_jail_options o = {threads, mmdb, n};
    return gw_jail_start(&o, &r->jail, r->why);
}

void stop_jail(struct run *r)
{
    gw_jail_stop(r->jail);
    r->jail = NULL;
}

// ---- all of it ----------------------------------------------------------

static int run(struct gw_ledger *l, const char *const *paths, size_t n,
               bool everything, const struct gw_ingest_options *options,
               struct gw_ingest_summary *ret, struct gw_why *why)
{
    struct gw_why local = {0};
    struct run r = {.l = l,
                    .a = gw_ledger_archive(l),
                    .options = options,
                    .sum = ret,
                    .why = why ? why : &local};
    *ret = (struct gw_ingest_summary){0};
    gw_buf_init(&r.snapshots, 1 << 20);
    int rc = keep_paths(&r, paths, n);
    rc = rc ? rc : classify_all(&r);
    rc = rc || stopped(&r) ? rc : derive_all(&r, everything);
    stop_jail(&r);
    gw_buf_release(&r.snapshots);
    return rc ? gw_fail(r.why, rc, "%s", gw_strerror(rc)) : 0;
}

int gw_ingest(struct gw_ledger *l, const char *const *paths, size_t n,
              const struct gw_ingest_options *options,
              struct gw_ingest_summary *ret, struct gw_why *why)
{
    return run(l, paths, n, false, options, ret, why);
}

int gw_rebuild(struct gw_ledger *l, const struct gw_ingest_options *options,
               struct gw_ingest_summary *ret, struct gw_why *why)
{
    return run(l, NULL, 0, true, options, ret, why);
}
