// Ingest, step 3: facts of what is pending, several objects in flight; and of
// what rests on reference data that changed.
#include "monitor/ingest.h"

#include <stdio.h>

enum { IN_FLIGHT = 8 }; // jobs the jail is given ahead

// What is known of an object while its facts are made.
struct flight {
    struct gw_object object;
    struct gw_segment_writer *segment;
    struct gw_range records; // the tree over them, so far
    bool active;
};

static bool is_measurements(const struct gw_object *o)
{
    return gw_kind_is_measurements(o->kind) && o->state != GW_REDACTED;
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
    rc = rc ? rc : describe(r, o, &f->records);
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

static int nonsense(struct run *r)
{
    return gw_fail(r->why, GW_ECRASH, "the jailed parser sent nonsense");
}

static int add_hashes(struct run *r, struct flight *f, gw_span hashes)
{
    if (hashes.len % GW_HASH_LEN)
        return nonsense(r);
    for (size_t at = 0; at < hashes.len; at += GW_HASH_LEN) {
        struct gw_hash32 leaf;
        memcpy(leaf.at, hashes.at + at, sizeof leaf.at);
        gw_range_add(&f->records, &leaf);
    }
    return 0;
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
        return nonsense(r);
    if (reply.type == GW_REPLY_BLOCK)
        return gw_segment_put(f->segment, payload, r->why);
    if (reply.type == GW_REPLY_HASHES)
        return add_hashes(r, f, payload);
    if (reply.type == GW_REPLY_REFUSAL)
        return put_refusal(r, f, &reply, payload);
    if (reply.type != GW_REPLY_DONE)
        return nonsense(r);
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
    return rc ? rc : describe(r, o, &(struct gw_range){0});
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
    return rc ? rc : commit_all(r);
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
        // Pending with facts: from before the ledger, and still unwitnessed.
        if (all.at[i].state == GW_PENDING || (!current && !crashed))
            rc = add_object(ret, &all.at[i]);
    }
    gw_free(all.at);
    return rc;
}

int derive_all(struct run *r, bool everything)
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
