// Ingest: keep every file as an object, find out what it is, make facts of
// what is pending. Three steps, each of which can be interrupted.
#include "monitor/monitor.h"

#include "monitor/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    IN_FLIGHT = 8,      // jobs the jail is given ahead
    COMMIT_OBJECTS = 64 // acknowledged together
};

struct run {
    struct gw_archive *a;
    const struct gw_ingest_options *options;
    struct gw_ingest_summary *sum;
    struct gw_why *why;
    struct gw_jail *jail;
    struct gw_buf snapshots; // JSON of the reference data facts rest on
    int64_t done, total;     // bytes of evidence, for progress
    int uncommitted;
};

// What is known of an object while its facts are made.
struct flight {
    struct gw_object object;
    struct gw_segment_writer *segment;
    bool active;
    int code; // first failure on our side
    char text[480];
};

static bool stopped(struct run *r)
{
    if (r->options->stop && *r->options->stop)
        r->sum->stopped = true;
    return r->sum->stopped;
}

static void tell(struct run *r, const char *doing, const char *name)
{
    struct gw_ingest_progress p = {
        doing, name, r->done, r->total, r->sum->records, r->sum->refused};
    if (r->options->progress)
        r->options->progress(r->options->ctx, &p);
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

static int commit_some(struct run *r, int weight)
{
    r->uncommitted += weight;
    if (r->uncommitted < COMMIT_OBJECTS)
        return 0;
    r->uncommitted = 0;
    return gw_archive_commit(r->a, r->why);
}

static int keep_open(struct run *r, int fd, const char *name)
{
    struct file_source s = {fd, 0, r->options->stop};
    struct gw_object o;
    bool fresh = false;
    int rc = gw_evidence_put(r->a, file_source, &s, name, &o, &fresh, r->why);
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
    return rc ? rc : gw_archive_commit(r->a, r->why);
}

// ---- lists of objects ---------------------------------------------------

struct object_list {
    struct gw_object *at;
    size_t count, cap;
    int (*wanted)(const struct gw_object *o);
};

static int add_object(void *ctx, const struct gw_object *o)
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

static int list_objects(struct run *r, int state,
                        int (*wanted)(const struct gw_object *o),
                        struct object_list *ret)
{
    *ret = (struct object_list){.wanted = wanted};
    return gw_evidence_each(r->a, -1, state, add_object, ret, r->why);
}

static int send_object(struct run *r, enum gw_job_type type, uint32_t number,
                       const struct gw_object *o)
{
    struct gw_job job = {
        .type = type, .number = number, .kind = o->kind, .dated = o->dated};
    bool packed;
    int fd = gw_evidence_open(r->a, o->hash, &packed, r->why);
    if (fd < 0)
        return fd;
    memcpy(job.hash, o->hash, sizeof job.hash);
    snprintf(job.name, sizeof job.name, "%.500s", o->name);
    return gw_jail_send(r->jail, &job, fd, r->why);
}

static int start_jail(struct run *r, int threads,
                      const struct gw_ref_input *mmdb, size_t n)
{
    struct gw_jail_options o = {threads, mmdb, n};
    return gw_jail_start(&o, &r->jail, r->why);
}

static void stop_jail(struct run *r)
{
    gw_jail_stop(r->jail);
    r->jail = NULL;
}

// ---- step 2: find out what it is ----------------------------------------

static int is_unknown(const struct gw_object *o)
{
    return o->kind == GW_KIND_UNKNOWN;
}

static int learn_kind(struct run *r, struct gw_object *o,
                      const struct gw_reply *reply, const struct gw_why *crash)
{
    o->kind = crash->code ? GW_KIND_UNKNOWN : (enum gw_kind)reply->kind;
    if (o->dated == GW_NEVER && gw_kind_is_reference(o->kind)) {
        r->sum->undated += reply->dated == GW_NEVER;
        o->dated = reply->dated != GW_NEVER ? reply->dated : o->added;
    }
    if (gw_kind_is_reference(o->kind)) {
        o->state = GW_DONE;
        r->sum->references++;
    } else if (o->kind == GW_KIND_UNKNOWN) {
        const char *why = crash->code      ? crash->text
                          : reply->text[0] ? reply->text
                                           : "not a format that is known here";
        o->state = GW_FAILED;
        snprintf(o->error, sizeof o->error, "%s", why);
        r->sum->unknown++;
    }
    return gw_evidence_describe(r->a, o, r->why);
}

static int classify_all(struct run *r)
{
    struct object_list list;
    int rc = list_objects(r, GW_PENDING, is_unknown, &list);
    for (size_t i = 0; i < list.count && !rc && !stopped(r); i++) {
        struct gw_reply reply = {.dated = GW_NEVER};
        struct gw_why crash = {0};
        gw_span payload;
        if (!r->jail)
            rc = start_jail(r, 1, NULL, 0);
        rc =
            rc ? rc : send_object(r, GW_JOB_CLASSIFY, (uint32_t)i, &list.at[i]);
        if (rc)
            break;
        if (gw_jail_receive(r->jail, &reply, &payload, &crash))
            stop_jail(r); // it died of this object; the next gets a new one
        rc = learn_kind(r, &list.at[i], &reply, &crash);
        rc = rc ? rc : commit_some(r, 1);
    }
    stop_jail(r);
    gw_free(list.at);
    return rc ? rc : gw_archive_commit(r->a, r->why);
}

// ---- reference data -----------------------------------------------------

static int is_reference(const struct gw_object *o)
{
    return gw_kind_is_reference(o->kind) && o->state == GW_DONE;
}

static int wait_for(struct run *r, enum gw_reply_type type,
                    struct gw_reply *reply, gw_span *payload)
{
    int rc = gw_jail_receive(r->jail, reply, payload, r->why);
    if (!rc && reply->type != type)
        rc = gw_fail(r->why, GW_ECRASH, "the jailed parser sent nonsense");
    return rc;
}

static int load_reference(struct run *r, uint32_t number, struct gw_object *o)
{
    struct gw_reply reply;
    gw_span payload;
    int rc = send_object(r, GW_JOB_REFERENCE, number, o);
    rc = rc ? rc : wait_for(r, GW_REPLY_DONE, &reply, &payload);
    if (rc)
        return gw_within(r->why, "%s", o->name);
    if (strcmp(o->error, reply.text) == 0 && o->records == reply.records)
        return 0;
    snprintf(o->error, sizeof o->error, "%s", reply.text);
    o->records = reply.records;
    return gw_evidence_describe(r->a, o, r->why);
}

static size_t mmdb_inputs(struct run *r, const struct object_list *list,
                          struct gw_ref_input *inputs, char (*paths)[4096])
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_object *o = &list->at[i];
        if (o->kind != GW_KIND_MMDB)
            continue;
        snprintf(paths[n], sizeof paths[n], "%s/evidence/%.2s/%s",
                 gw_archive_folder(r->a), o->hash, o->hash);
        inputs[n] = (struct gw_ref_input){o->kind,  o->hash, o->dated,
                                          paths[n], NULL,    NULL};
        n++;
    }
    return n;
}

// A snapshot that kills the parser is done without from then on.
static int give_up_reference(struct run *r, struct gw_object *o)
{
    o->state = GW_FAILED;
    snprintf(o->error, sizeof o->error, "%s", r->why->text);
    *r->why = (struct gw_why){0};
    r->sum->failed++;
    stop_jail(r);
    return gw_evidence_describe(r->a, o, r->why);
}

// ret_again: one was given up, and with it the jail.
static int load_references(struct run *r, const struct object_list *list,
                           bool *ret_again)
{
    for (size_t i = 0; i < list->count; i++) {
        int rc = list->at[i].kind != GW_KIND_MMDB
                     ? load_reference(r, (uint32_t)i, &list->at[i])
                     : 0;
        *ret_again = rc == GW_ECRASH;
        if (*ret_again)
            return give_up_reference(r, &list->at[i]);
        if (rc)
            return rc;
    }
    return 0;
}

static int seal_references(struct run *r)
{
    struct gw_reply reply;
    gw_span payload;
    struct gw_job seal = {.type = GW_JOB_SEAL};
    int rc = gw_jail_send(r->jail, &seal, -1, r->why);
    rc = rc ? rc : wait_for(r, GW_REPLY_SNAPSHOTS, &reply, &payload);
    if (rc)
        return rc;
    if (reply.code)
        return gw_fail(r->why, reply.code, "reference data: %s", reply.text);
    gw_buf_reset(&r->snapshots);
    gw_put_span(&r->snapshots, payload);
    return r->snapshots.err;
}

// Starts a jail and gives it every snapshot; r->snapshots says which.
static int start_with_references(struct run *r)
{
    struct object_list list;
    bool again = false;
    int rc = list_objects(r, -1, is_reference, &list);
    struct gw_ref_input *mmdb = gw_new((list.count + 1) * sizeof *mmdb);
    char(*paths)[4096] = gw_new((list.count + 1) * sizeof *paths);
    if (!rc && (!mmdb || !paths))
        rc = gw_fail(r->why, GW_ENOMEM, "out of memory");
    rc = rc ? rc
            : start_jail(r, r->options->threads, mmdb,
                         mmdb_inputs(r, &list, mmdb, paths));
    rc = rc ? rc : load_references(r, &list, &again);
    rc = rc || again ? rc : seal_references(r);
    gw_free(mmdb);
    gw_free(paths);
    gw_free(list.at);
    return again && !rc ? start_with_references(r) : rc;
}

// ---- step 3: facts ------------------------------------------------------

static int is_measurements(const struct gw_object *o)
{
    return gw_kind_is_measurements(o->kind);
}

static int begin_object(struct run *r, struct flight *f,
                        const struct gw_object *o)
{
    struct gw_buf header;
    gw_buf_init(&header, 1 << 20);
    struct gw_jw w = gw_jw_on(&header);
    gw_jw_open(&w, '{');
    gw_jw_kint(&w, "facts_version", GW_FACTS_VERSION);
    gw_jw_kstr(&w, "object", gw_str(o->hash));
    gw_jw_kstr(&w, "kind", gw_str(gw_kind_name(o->kind)));
    gw_jw_key(&w, "reference");
    gw_jw_raw(&w, gw_buf_span(&r->snapshots));
    gw_jw_close(&w, '}');
    *f = (struct flight){.object = *o, .active = true};
    int rc = header.err;
    rc = rc ? rc
            : gw_segment_begin(r->a, GW_TIER_FACTS, o->hash,
                               gw_buf_span(&header), &f->segment, r->why);
    rc = rc ? rc : gw_refusals_clear(r->a, o->hash, r->why);
    gw_buf_release(&header);
    return rc;
}

static int end_object(struct run *r, struct flight *f,
                      const struct gw_reply *reply)
{
    struct gw_object *o = &f->object;
    o->records = reply->records;
    o->refused = reply->refused;
    o->state = reply->code ? GW_FAILED : GW_DONE;
    snprintf(o->error, sizeof o->error, "%s", reply->code ? reply->text : "");
    int rc = gw_segment_finish(f->segment, r->why);
    f->segment = NULL;
    f->active = false;
    r->sum->records += o->records;
    r->sum->refused += o->refused;
    r->sum->failed += reply->code != 0;
    r->done += o->size;
    rc = rc ? rc : gw_evidence_describe(r->a, o, r->why);
    tell(r, "reading", o->name);
    return rc ? rc : commit_some(r, o->size > (8 << 20) ? COMMIT_OBJECTS : 1);
}

static int put_refusal(struct run *r, const struct flight *f,
                       const struct gw_reply *reply, gw_span payload)
{
    struct gw_refusal x = {.record = reply->position,
                           .offset = reply->position,
                           .length = reply->size,
                           .code = reply->code,
                           .bytes = payload};
    memcpy(x.object, f->object.hash, sizeof x.object);
    snprintf(x.reason, sizeof x.reason, "%s", reply->text);
    return gw_refusal_add(r->a, &x, r->why);
}

static int handle_reply(struct run *r, struct flight *flights,
                        const struct object_list *list, size_t *finished)
{
    struct gw_reply reply;
    gw_span payload;
    int rc = gw_jail_receive(r->jail, &reply, &payload, r->why);
    if (rc)
        return rc;
    struct flight *f = &flights[reply.number % IN_FLIGHT];
    if (reply.number >= list->count || !f->active ||
        strcmp(f->object.hash, list->at[reply.number].hash))
        return gw_fail(r->why, GW_ECRASH, "the jailed parser sent nonsense");
    if (reply.type == GW_REPLY_BLOCK)
        return gw_segment_put(f->segment, payload, r->why);
    if (reply.type == GW_REPLY_REFUSAL)
        return put_refusal(r, f, &reply, payload);
    if (reply.type != GW_REPLY_DONE)
        return gw_fail(r->why, GW_ECRASH, "the jailed parser sent nonsense");
    ++*finished;
    return end_object(r, f, &reply);
}

static void abort_flights(struct flight *flights)
{
    for (int i = 0; i < IN_FLIGHT; i++) {
        gw_segment_abort(flights[i].segment);
        flights[i] = (struct flight){0};
    }
}

// Facts of list[from..], several in flight. Stops at the first crash, with
// *from at the first object that is not finished.
static int derive_from(struct run *r, const struct object_list *list,
                       size_t *from, size_t until)
{
    struct flight *flights = gw_new(IN_FLIGHT * sizeof *flights);
    size_t sent = *from, finished = *from;
    int rc = flights ? 0 : gw_fail(r->why, GW_ENOMEM, "out of memory");
    while (!rc && finished < until) {
        while (!rc && sent < until && sent - finished < IN_FLIGHT &&
               !stopped(r)) {
            rc = begin_object(r, &flights[sent % IN_FLIGHT], &list->at[sent]);
            rc = rc ? rc
                    : send_object(r, GW_JOB_FACTS, (uint32_t)sent,
                                  &list->at[sent]);
            sent++;
        }
        if (sent == finished)
            break; // asked to stop, and nothing is half done
        rc = rc ? rc : handle_reply(r, flights, list, &finished);
    }
    if (flights)
        abort_flights(flights);
    gw_free(flights);
    *from = finished;
    return rc;
}

static int blame(struct run *r, struct gw_object *o, const char *text)
{
    o->state = GW_FAILED;
    snprintf(o->error, sizeof o->error, "%s", text);
    r->sum->failed++;
    int rc = gw_segment_drop(r->a, GW_TIER_FACTS, o->hash, r->why);
    return rc ? rc : gw_evidence_describe(r->a, o, r->why);
}

// After a crash the objects that were in flight are tried one at a time, so
// that the one at fault is found and only it is given up.
static int derive_singly(struct run *r, const struct object_list *list,
                         size_t *from)
{
    size_t until = *from + IN_FLIGHT;
    int rc = 0;
    until = until < list->count ? until : list->count;
    while (!rc && *from < until && !stopped(r)) {
        if (!r->jail)
            rc = start_with_references(r);
        rc = rc ? rc : derive_from(r, list, from, *from + 1);
        if (rc != GW_ECRASH)
            continue;
        struct gw_why crash = *r->why;
        *r->why = (struct gw_why){0};
        stop_jail(r);
        rc = blame(r, &list->at[*from], crash.text);
        ++*from;
    }
    return rc;
}

static int derive(struct run *r, struct object_list *list)
{
    size_t from = 0;
    int rc = 0;
    r->done = r->total = 0;
    for (size_t i = 0; i < list->count; i++)
        r->total += list->at[i].size;
    while (!rc && from < list->count && !stopped(r)) {
        if (!r->jail)
            rc = start_with_references(r);
        rc = rc ? rc : derive_from(r, list, &from, list->count);
        if (rc != GW_ECRASH)
            continue;
        *r->why = (struct gw_why){0};
        stop_jail(r);
        rc = derive_singly(r, list, &from);
    }
    stop_jail(r);
    return rc ? rc : gw_archive_commit(r->a, r->why);
}

// ---- reference data that changed ----------------------------------------

// Facts name the snapshots they rest on. When those differ from the ones at
// hand, the facts are made again, so that one archive speaks with one voice.
static int find_outdated(struct run *r, struct object_list *ret)
{
    struct object_list all;
    int rc = list_objects(r, -1, is_measurements, &all);
    *ret = (struct object_list){0};
    for (size_t i = 0; i < all.count && !rc; i++) {
        struct gw_segment_reader *s = NULL;
        bool current = false;
        int open =
            gw_segment_open(r->a, GW_TIER_FACTS, all.at[i].hash, &s, NULL);
        if (open == 0) {
            struct gw_buf want;
            gw_buf_init(&want, 1 << 20);
            gw_put_fmt(&want, "{\"facts_version\":%d,", GW_FACTS_VERSION);
            gw_span header = gw_segment_header(s);
            current = gw_starts(header, "{") && want.at &&
                      gw_find(header, gw_buf_span(&want), 0) == 0 &&
                      gw_find(header, gw_buf_span(&r->snapshots), 0) > 0;
            gw_buf_release(&want);
            gw_segment_close(s);
        }
        bool crashed = all.at[i].state == GW_FAILED && open == GW_ENOENT;
        if (!current && !crashed)
            rc = add_object(ret, &all.at[i]);
    }
    gw_free(all.at);
    return rc;
}

static int run_derive(struct run *r, bool everything)
{
    struct object_list list = {0}, pending = {0};
    int rc = start_with_references(r);
    if (!rc && everything)
        rc = list_objects(r, -1, is_measurements, &list);
    else if (!rc)
        rc = find_outdated(r, &list);
    rc = rc ? rc : list_objects(r, GW_PENDING, is_measurements, &pending);
    r->sum->rebuilt = (int64_t)list.count - (int64_t)pending.count;
    rc = rc ? rc : derive(r, &list);
    gw_free(list.at);
    gw_free(pending.at);
    return rc;
}

static int finish(struct run *r, int rc)
{
    stop_jail(r);
    gw_buf_release(&r->snapshots);
    return rc ? gw_fail(r->why, rc, "%s", gw_strerror(rc)) : 0;
}

int gw_ingest(struct gw_archive *a, const char *const *paths, size_t n,
              const struct gw_ingest_options *options,
              struct gw_ingest_summary *ret, struct gw_why *why)
{
    struct gw_why local = {0};
    struct run r = {a, options, ret, why ? why : &local, NULL, {0}, 0, 0, 0};
    *ret = (struct gw_ingest_summary){0};
    gw_buf_init(&r.snapshots, 1 << 20);
    int rc = keep_paths(&r, paths, n);
    rc = rc ? rc : classify_all(&r);
    rc = rc || stopped(&r) ? rc : run_derive(&r, false);
    return finish(&r, rc);
}

int gw_rebuild(struct gw_archive *a, const struct gw_ingest_options *options,
               struct gw_ingest_summary *ret, struct gw_why *why)
{
    struct gw_why local = {0};
    struct run r = {a, options, ret, why ? why : &local, NULL, {0}, 0, 0, 0};
    *ret = (struct gw_ingest_summary){0};
    gw_buf_init(&r.snapshots, 1 << 20);
    return finish(&r, run_derive(&r, true));
}
