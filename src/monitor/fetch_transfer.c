// Brings each planned object into place: passes over what is complete, goes on
// with what was begun, and believes a file only after reading it back.
#include "monitor/fetch.h"
#include "seal/seal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// What one of the requests under way is about.
struct transfer {
    size_t item;
    int fd; // of the .part; -1 none
    bool begun;
    int64_t have, furthest;
};

struct transfers {
    struct gw_fetch_run *run;
    size_t next;
    struct transfer of_slot[GW_FETCH_PARALLEL_MAX];
};

static void leave(struct transfer *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void settled(struct gw_fetch_run *run, const struct gw_item *item)
{
    bool md5 = item->state == GW_ITEM_VERIFIED;
    run->ret->verified += md5;
    run->ret->by_size += !md5;
    run->seen.objects++;
    run->seen.bytes += (uint64_t)item->size;
    gw_fetch_tell(run, false);
}

static int local_failure(struct gw_why *why, const char *key, const char *doing)
{
    return gw_fail(why, GW_EIO, "%s: cannot %s: %s", key, doing,
                   strerror(errno));
}

// Reads a file that the manifest does not vouch for: 1 it is the object, 0 not.
static int is_right(struct gw_fetch_run *run, int fd, struct gw_item *item,
                    struct gw_why *why)
{
    uint8_t sha256[GW_HASH_LEN];
    struct gw_why differs = {0};
    int rc = gw_folder_check(&run->folder, fd, item, sha256, &differs);
    if (rc == GW_ECORRUPT)
        return 0;
    if (rc)
        return gw_fail(why, rc, "%s", differs.text);
    rc = gw_folder_note(&run->folder, item, sha256, why);
    return rc ? rc : 1;
}

// Whether the file is there already: 1 yes, 0 no. Without an MD5 to hold it
// against, a file of the right size is believed where the manifest says it was
// checked, or knows nothing of it.
static int is_in_place(struct gw_fetch_run *run, struct gw_item *item,
                       struct gw_why *why)
{
    enum gw_item_state was = item->state;
    bool vouched = was == GW_ITEM_SIZE || was == GW_ITEM_VERIFIED;
    int64_t size = 0;
    int fd;
    if (!vouched && was != GW_ITEM_NEW && !gw_etag_is_md5(item->etag))
        return 0;
    struct gw_why absent = {0};
    int rc =
        gw_folder_file(&run->folder, item->key, false, &fd, &size, &absent);
    if (rc == GW_ENOENT)
        return 0;
    if (rc)
        return gw_fail(why, rc, "%s", absent.text);
    rc = size == item->size;
    if (rc && !vouched)
        rc = is_right(run, fd, item, why);
    close(fd);
    if (rc != 1)
        item->state = was == GW_ITEM_PART ? was : GW_ITEM_OTHER;
    return rc;
}

static void give_up(struct gw_fetch_run *run, const struct gw_item *item,
                    const struct gw_why *why)
{
    run->ret->failed++;
    run->seen.objects++;
    gw_fetch_problem(run, gw_str(item->key), why->code, why->text);
}

static int transfer_next(void *ctx, struct gw_request *r)
{
    struct transfers *x = ctx;
    struct gw_fetch_run *run = x->run;
    while (x->next < run->count && !gw_fetch_stopped(run->want)) {
        struct transfer *t = &x->of_slot[r->slot];
        t->item = x->next++;
        struct gw_item *item = &run->items[t->item];
        int rc = is_in_place(run, item, &r->why);
        if (rc == 0)
            return 1;
        if (rc == GW_EREFUSED) {
            give_up(run, item, &r->why);
            r->why = (struct gw_why){0};
        } else if (rc < 0) {
            return rc;
        } else {
            run->ret->present++;
            settled(run, item);
        }
    }
    return 0;
}

static int shorten(struct transfer *t, const struct gw_item *item, int64_t to,
                   struct gw_why *why)
{
    if (ftruncate(t->fd, to))
        return local_failure(why, item->key, "shorten its .part");
    t->have = to;
    return 0;
}

static int open_part(struct gw_fetch_run *run, struct transfer *t,
                     struct gw_item *item, struct gw_why *why)
{
    int rc =
        gw_folder_file(&run->folder, item->key, true, &t->fd, &t->have, why);
    if (rc)
        return rc;
    // A .part of another version, or of none that is known, starts again.
    int64_t keep = item->state == GW_ITEM_PART && item->etag[0] ? t->have : 0;
    if (keep > item->size)
        keep = 0;
    if (keep != t->have)
        rc = shorten(t, item, keep, why);
    t->furthest = keep;
    if (!rc && item->state != GW_ITEM_PART) {
        item->state = GW_ITEM_PART;
        rc = gw_folder_note(&run->folder, item, NULL, why);
    }
    return rc;
}

static int transfer_start(void *ctx, struct gw_request *r)
{
    struct transfers *x = ctx;
    struct transfer *t = &x->of_slot[r->slot];
    struct gw_item *item = &x->run->items[t->item];
    bool damaged = r->why.code == GW_ECORRUPT || !item->etag[0];
    int rc = 0;
    r->why = (struct gw_why){0};
    if (t->fd < 0)
        rc = open_part(x->run, t, item, &r->why);
    else if (damaged)
        rc = shorten(t, item, 0, &r->why);
    // Of a .part that is whole the last byte is asked for again, so that it
    // goes the way of all others.
    if (!rc && t->have == item->size && t->have)
        rc = shorten(t, item, t->have - 1, &r->why);
    item->state = GW_ITEM_PART;
    t->begun = false;
    r->from = t->have;
    x->run->ret->resumed += (uint64_t)r->from;
    memcpy(r->etag, item->etag, strlen(item->etag) + 1);
    snprintf(r->url, sizeof r->url, "%s/%s", x->run->base, item->key);
    return rc;
}

// Before the first byte: is this the version, and the place in it, that was
// asked for?
static int begin(struct transfer *t, const struct gw_item *item,
                 struct gw_request *r)
{
    t->begun = true;
    if (r->got_etag[0] && item->etag[0] && strcmp(r->got_etag, item->etag) != 0)
        return gw_fail(&r->why, GW_ECORRUPT, "its ETag is %s, the listing's %s",
                       r->got_etag, item->etag);
    if (r->status == 206 && r->got_from != t->have)
        return gw_fail(&r->why, GW_ECORRUPT,
                       "asked for bytes from %lld, given them from %lld",
                       (long long)t->have, (long long)r->got_from);
    return r->status == 200 && t->have ? shorten(t, item, 0, &r->why) : 0;
}

static int transfer_body(void *ctx, struct gw_request *r, gw_span bytes)
{
    struct transfers *x = ctx;
    struct gw_fetch_run *run = x->run;
    struct transfer *t = &x->of_slot[r->slot];
    const struct gw_item *item = &run->items[t->item];
    int rc = t->begun ? 0 : begin(t, item, r);
    if (rc)
        return rc;
    run->ret->transferred += bytes.len;
    if ((int64_t)bytes.len > item->size - t->have)
        return gw_fail(&r->why, GW_ECORRUPT,
                       "longer than the %lld bytes of the listing",
                       (long long)item->size);
    while (bytes.len) {
        ssize_t n = write(t->fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return local_failure(&r->why, item->key, "write its .part");
        t->have += n;
        bytes = gw_sub(bytes, (size_t)n, bytes.len);
    }
    if (t->have > t->furthest) {
        r->gained += (uint64_t)(t->have - t->furthest);
        t->furthest = t->have;
    }
    return 0;
}

static int transfer_arrived(void *ctx, struct gw_request *r)
{
    struct transfers *x = ctx;
    struct gw_fetch_run *run = x->run;
    struct transfer *t = &x->of_slot[r->slot];
    struct gw_item *item = &run->items[t->item];
    uint8_t sha256[GW_HASH_LEN];
    if (t->have != item->size)
        return gw_fail(&r->why, GW_ECORRUPT,
                       "ends after %lld bytes, the listing says %lld",
                       (long long)t->have, (long long)item->size);
    int rc = gw_folder_check(&run->folder, t->fd, item, sha256, &r->why);
    if (!rc)
        rc = gw_folder_finish(&run->folder, item->key, t->fd, &r->why);
    if (!rc)
        rc = gw_folder_note(&run->folder, item, sha256, &r->why);
    if (rc)
        return rc;
    leave(t);
    run->ret->fetched++;
    settled(run, item);
    return 0;
}

static void transfer_failed(void *ctx, struct gw_request *r)
{
    struct transfers *x = ctx;
    struct transfer *t = &x->of_slot[r->slot];
    const struct gw_item *item = &x->run->items[t->item];
    leave(t);
    if (r->why.code == GW_ECORRUPT)
        gw_folder_drop(&x->run->folder, item->key);
    give_up(x->run, item, &r->why);
}

static void transfer_tick(void *ctx)
{
    gw_fetch_tell(((struct transfers *)ctx)->run, false);
}

int gw_fetch_transfer(struct gw_fetch_run *run, struct gw_why *why)
{
    struct transfers x = {.run = run};
    const struct gw_requests work = {
        .ctx = &x,
        .next = transfer_next,
        .start = transfer_start,
        .body = transfer_body,
        .arrived = transfer_arrived,
        .failed = transfer_failed,
        .tick = transfer_tick,
    };
    for (int i = 0; i < GW_FETCH_PARALLEL_MAX; i++)
        x.of_slot[i].fd = -1;
    int rc = gw_http_run(run->http, &work, why);
    for (int i = 0; i < GW_FETCH_PARALLEL_MAX; i++)
        leave(&x.of_slot[i]);
    // The stop flag may have been seen in transfer_next alone.
    return rc == 0 && x.next < run->count ? 1 : rc;
}
