// An object's records read again, to prove one of them: the same reader in the
// same jail, but for the facts.
#include "monitor/jail.h"
#include "monitor/monitor.h"

#include <unistd.h>

struct hunt {
    struct gw_jail *jail;
    int64_t position;
    struct gw_tree *tree;
    uint64_t index;
    bool found;
    struct gw_buf *record;
    struct gw_why *why;
};

static int nonsense(struct hunt *h)
{
    return gw_fail(h->why, GW_ECRASH, "the jailed parser sent nonsense");
}

static int add_hashes(struct hunt *h, gw_span hashes)
{
    int rc = hashes.len % GW_HASH_LEN ? nonsense(h) : 0;
    for (size_t at = 0; at < hashes.len && !rc; at += GW_HASH_LEN) {
        struct gw_hash32 leaf;
        memcpy(leaf.at, hashes.at + at, sizeof leaf.at);
        rc = gw_tree_add(h->tree, &leaf);
    }
    return rc ? gw_fail(h->why, rc, "%s", gw_strerror(rc)) : 0;
}

// What the jail says is the record must be what the tree has at that place.
static int take_record(struct hunt *h, const struct gw_reply *reply,
                       gw_span bytes)
{
    struct gw_hash32 want, leaf = gw_leaf_hash(bytes);
    uint64_t index = (uint64_t)reply->records;
    if (h->found || h->position < 0 || index >= gw_tree_size(h->tree))
        return nonsense(h);
    int rc = gw_tree_node(h->tree, 0, index, &want, h->why);
    if (rc)
        return rc;
    if (!gw_hash32_eq(&want, &leaf))
        return nonsense(h);
    h->found = true;
    h->index = index;
    gw_put_span(h->record, bytes);
    return h->record->err ? gw_fail(h->why, h->record->err, "the record: %s",
                                    gw_strerror(h->record->err))
                          : 0;
}

static int read_replies(struct hunt *h)
{
    for (;;) {
        struct gw_reply reply;
        gw_span payload;
        int rc = gw_jail_receive(h->jail, &reply, &payload, h->why);
        if (!rc && reply.type == GW_REPLY_HASHES)
            rc = add_hashes(h, payload);
        else if (!rc && reply.type == GW_REPLY_RECORD)
            rc = take_record(h, &reply, payload);
        else if (!rc && reply.type != GW_REPLY_DONE)
            rc = nonsense(h);
        else if (!rc) // cut short or damaged, it has the records before that
            return reply.code == GW_ENOMEM
                       ? gw_fail(h->why, GW_ENOMEM, "%s", reply.text)
                       : 0;
        if (rc)
            return rc;
    }
}

// Takes fd.
static int hunt_in(struct hunt *h, const struct gw_object *o, int fd)
{
    struct gw_job job = {
        .type = GW_JOB_RECORDS, .kind = o->kind, .position = h->position};
    memcpy(job.hash, o->hash, sizeof job.hash);
    int rc = gw_jail_start(&(struct gw_jail_options){.threads = 1}, &h->jail,
                           h->why);
    if (rc) {
        close(fd);
        return rc;
    }
    rc = gw_jail_send(h->jail, &job, fd, h->why);
    rc = rc ? rc : read_replies(h);
    gw_jail_stop(h->jail);
    return rc;
}

int gw_record_tree(struct gw_archive *a, const char *object, int64_t position,
                   struct gw_tree *ret_tree, uint64_t *ret_index,
                   struct gw_buf *ret_record, struct gw_why *why)
{
    struct gw_object o;
    struct gw_why local = {0};
    struct hunt h = {.position = position < 0 ? -1 : position,
                     .tree = ret_tree,
                     .record = ret_record,
                     .why = why ? why : &local};
    bool packed;
    int rc = gw_evidence_find(a, object, &o, h.why);
    int fd = rc ? rc : gw_evidence_open(a, o.hash, &packed, h.why);
    if (fd < 0)
        return fd;
    if (gw_kind_is_measurements(o.kind))
        rc = hunt_in(&h, &o, fd);
    else
        close(fd); // others have no records
    if (rc || position < 0)
        return rc;
    if (!h.found)
        return gw_fail(h.why, GW_ENOENT,
                       "object %.12s: no record begins at position %lld",
                       o.hash, (long long)position);
    *ret_index = h.index;
    return 0;
}
