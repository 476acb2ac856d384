// Ingest, step 2: what each object is, told by its content; and the reference
// data that facts will rest on.
#include "monitor/ingest.h"

#include <stdio.h>

// ---- step 2: find out what it is ----------------------------------------

static bool is_undescribed(const struct gw_object *o)
{
    return !gw_kind_is_measurements(o->kind);
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
    return describe(r, o, &(struct gw_range){0});
}

int classify_all(struct run *r)
{
    struct object_list list;
    int rc = list_objects(r, GW_PENDING, is_undescribed, &list);
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
    return rc ? rc : commit_all(r);
}

// ---- reference data -----------------------------------------------------

static bool is_reference(const struct gw_object *o)
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
    if (rc) {
        gw_within(r->why, "%s", o->name);
        return rc;
    }
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
    return describe(r, o, &(struct gw_range){0});
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

int start_with_references(struct run *r)
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
