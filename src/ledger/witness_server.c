// c2sp.org/tlog-witness in front of a signer: of witnesses, of mirrors, and of
// a log's own key that only a unix socket reaches.
#include "ledger/serve.h"
#include "ledger/signer.h"

#include <unistd.h>

enum {
    CONNECTIONS = 1024,
    BODY_MAX = 64 << 10,
    HELD_MAX = 16 << 20,
    WAITING_MAX = 64, // for the signer; more are answered 429
    LOOK_MS = 50,     // how late the stop flag is seen
};

struct witness {
    struct gw_signer *signer;
    int mirror; // folder of copies, -1: none
    struct gw_waiting *waiting;
    struct gw_web *web;
};

// A file of a copy; or what was last signed, which waits for the signer.
static void get(struct witness *w, struct gw_web_request *r)
{
    char copy[GW_SERVED_COPY];
    const char *name;
    if (!gw_served_copy(gw_str(r->path), copy, &name)) {
        gw_web_say(r, 404, "no such file");
        return;
    }
    if (w->mirror >= 0)
        gw_web_file(r, w->mirror, copy, name);
    else
        gw_web_say(r, 404, "no such file");
    if (r->status == 404 && strcmp(name, "checkpoint") == 0) {
        gw_buf_reset(&r->answer);
        gw_waiting_put(w->waiting, r);
    }
}

static void handle(void *ctx, struct gw_web_request *r)
{
    struct witness *w = ctx;
    bool add = gw_ends(gw_str(r->path), "/add-checkpoint");
    if (add != r->post)
        gw_web_say(r, 405, add ? "POST a checkpoint" : "nothing to POST here");
    else if (add)
        gw_waiting_put(w->waiting, r);
    else
        get(w, r);
}

static void answer_last(struct witness *w, struct gw_web_request *r)
{
    char copy[GW_SERVED_COPY];
    const char *name;
    int rc = GW_ENOENT;
    if (gw_served_copy(gw_str(r->path), copy, &name))
        rc = signer_last_by_hex(w->signer,
                                gw_sub(gw_str(copy), 0, 2 * GW_HASH_LEN),
                                &r->answer, NULL);
    r->status = 200;
    r->type = gw_text_plain;
    r->cache = "no-cache";
    if (rc == GW_ENOENT)
        gw_web_say(r, 404, "nothing was signed for that log");
    else if (rc)
        gw_web_say(r, 500, "what was signed cannot be read");
}

static void answer(struct witness *w, struct gw_web_request *r)
{
    if (r->post) {
        struct gw_answer a = {0};
        gw_signer_answer(w->signer, gw_buf_span(&r->body), &a);
        gw_put_span(&r->answer, gw_buf_span(&a.body));
        r->status = a.status;
        r->type = a.type; // a static text
        gw_answer_release(&a);
    } else {
        answer_last(w, r);
    }
    gw_web_resume(r);
}

// The signer answers one request after the other: each waits for the disk.
static void answer_until_stopped(struct witness *w, atomic_int *stop)
{
    for (;;) {
        bool over = stop && atomic_load(stop);
        if (over)
            gw_waiting_close(w->waiting);
        struct gw_web_request *next,
            *r = gw_waiting_take(w->waiting, over ? 0 : LOOK_MS, 0, 1);
        if (over && !r)
            return;
        for (; r; r = next) {
            next = r->next; // r may be gone once it is answered
            answer(w, r);
        }
    }
}

static int open_all(struct witness *w, const struct gw_serve_options *o,
                    struct gw_why *why)
{
    const struct gw_web_options web = {
        .listen = o->listen,
        .connections = CONNECTIONS,
        .body_max = BODY_MAX,
        .held_max = HELD_MAX,
        .handle = handle,
        .ctx = w,
    };
    if (!(w->waiting = gw_waiting_new(WAITING_MAX)))
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int rc = o->mirror ? gw_web_folder(o->mirror, &w->mirror, why) : 0;
    return rc ? rc : gw_web_start(&web, &w->web, why);
}

int gw_witness_serve(struct gw_signer *s, const struct gw_serve_options *o,
                     struct gw_why *why)
{
    struct witness w = {.signer = s, .mirror = -1};
    int rc = open_all(&w, o, why);
    if (!rc) {
        if (o->ready)
            o->ready(o->ctx, gw_web_address(w.web));
        answer_until_stopped(&w, o->stop);
    }
    gw_web_stop(w.web);
    if (w.mirror >= 0)
        close(w.mirror);
    gw_waiting_free(w.waiting);
    return rc;
}
