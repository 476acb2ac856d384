// A log over HTTP: an entry's sender is answered once the batch it is in is
// durable. One thread writes; the event loops only collect and answer.
#include "ledger/serve.h"

#include <stdio.h>
#include <unistd.h>

enum {
    CONNECTIONS = 8192,
    WAITING_MAX = 16384,
    HELD_MAX = 128 << 20,
    ENOUGH = 4096, // entries for which nothing more is waited
    PIECE = 4096,  // made durable together, at most
    PIECE_BYTES = 1 << 20,
    LOOK_MS = 50, // how late the stop flag is seen
    PUBLISH_MS = 1000,
};

struct submit {
    struct gw_log *log;
    const struct gw_submit_options *o;
    int folder;
    struct gw_waiting *waiting;
    gw_span *entries; // of one piece
    struct gw_web *web;
    uint64_t next_publish; // gw_tick
};

static void handle(void *ctx, struct gw_web_request *r)
{
    struct submit *s = ctx;
    char name[GW_TILE_PATH];
    bool add = strcmp(r->path, "/add") == 0;
    if (add != r->post)
        gw_web_say(r, 405, add ? "POST an entry" : "only /add takes a POST");
    else if (add)
        gw_waiting_put(s->waiting, r);
    else if (gw_served_name(gw_sub(gw_str(r->path), 1, GW_WEB_PATH), name))
        gw_web_file(r, s->folder, name, name);
    else
        gw_web_say(r, 404, "no such file");
}

static void answer_all(struct gw_web_request *batch, int rc, uint64_t first)
{
    while (batch) {
        struct gw_web_request *r = batch;
        char index[24];
        batch = r->next;
        snprintf(index, sizeof index, "%llu", (unsigned long long)first++);
        if (rc)
            gw_web_say(r, 503, "not acknowledged: send it again");
        else
            gw_web_say(r, 200, index);
        gw_web_resume(r); // r may be gone
    }
}

// The signer is away, or what it should have signed fills the journal: later
// it may go well again, and nothing that was acknowledged is lost.
static bool passes(int rc)
{
    return rc == GW_ENET || rc == GW_ETOOBIG;
}

static int commit(struct submit *s, struct gw_web_request *batch, size_t n,
                  struct gw_why *why)
{
    uint64_t first = 0;
    struct gw_why said = {0};
    int rc = gw_log_append(s->log, s->entries, n, &first, &said);
    bool later = passes(rc);
    rc = rc ? rc : gw_log_sync(s->log, &said);
    answer_all(batch, rc, first);
    return rc && !later ? gw_fail(why, rc, "%s", said.text) : 0;
}

// In pieces, so that no journal is too small for what came at once.
static int commit_all(struct submit *s, struct gw_web_request *all,
                      struct gw_why *why)
{
    int rc = 0;
    while (all && !rc) {
        struct gw_web_request *piece = all, **end = &all;
        size_t n = 0, bytes = 0;
        while (*end && n < PIECE && bytes < PIECE_BYTES) {
            s->entries[n++] = gw_buf_span(&(*end)->body);
            bytes += (*end)->body.len;
            end = &(*end)->next;
        }
        struct gw_web_request *rest = *end;
        *end = NULL;
        all = rest;
        rc = commit(s, piece, n, why);
    }
    answer_all(all, rc, 0);
    return rc;
}

static int publish(struct submit *s, struct gw_why *why)
{
    struct gw_checkpoint c;
    if (gw_log_size(s->log) == gw_log_published(s->log))
        return 0;
    return gw_log_publish(s->log, &c, why);
}

static int publish_if_due(struct submit *s, struct gw_why *why)
{
    int every = s->o->publish_ms > 0 ? s->o->publish_ms : PUBLISH_MS;
    uint64_t now = gw_tick();
    struct gw_why said = {0};
    if (now < s->next_publish)
        return 0;
    s->next_publish = now + (uint64_t)every * 1000000;
    int rc = publish(s, &said);
    return rc && !passes(rc) ? gw_fail(why, rc, "%s", said.text) : 0;
}

static int run(struct submit *s, struct gw_why *why)
{
    int rc = 0, linger = s->o->batch_ms > 0 ? s->o->batch_ms : 0;
    while (!rc && !(s->o->stop && atomic_load(s->o->stop))) {
        rc = commit_all(s, gw_waiting_take(s->waiting, LOOK_MS, linger, ENOUGH),
                        why);
        rc = rc ? rc : publish_if_due(s, why);
    }
    gw_waiting_close(s->waiting);
    struct gw_web_request *last = gw_waiting_take(s->waiting, 0, 0, 1);
    if (rc)
        answer_all(last, rc, 0);
    else
        rc = commit_all(s, last, why);
    return rc ? rc : publish(s, why);
}

static int open_all(struct submit *s, const char *folder, struct gw_why *why)
{
    const struct gw_web_options web = {
        .listen = s->o->listen,
        .threads = s->o->threads,
        .connections = CONNECTIONS,
        .body_max = GW_ENTRY_MAX,
        .held_max = HELD_MAX,
        .handle = handle,
        .ctx = s,
    };
    s->waiting = gw_waiting_new(WAITING_MAX);
    s->entries = gw_resize(NULL, PIECE, sizeof *s->entries);
    if (!s->waiting || !s->entries)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int rc = gw_web_folder(folder, &s->folder, why);
    return rc ? rc : gw_web_start(&web, &s->web, why);
}

int gw_log_serve(struct gw_log *l, const char *folder,
                 const struct gw_submit_options *o, struct gw_why *why)
{
    struct submit s = {.log = l, .o = o, .folder = -1};
    int rc = open_all(&s, folder, why);
    if (!rc) {
        if (o->ready)
            o->ready(o->ctx, gw_web_address(s.web));
        rc = run(&s, why);
    }
    gw_web_stop(s.web);
    if (s.folder >= 0)
        close(s.folder);
    gw_waiting_free(s.waiting);
    gw_free(s.entries);
    return rc;
}
