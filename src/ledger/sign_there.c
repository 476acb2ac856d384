// A signer in another process: the witness protocol over its unix socket, so
// that whoever faces the network never holds the key.
#include "ledger/http.h"
#include "ledger/ledger.h"

#include <stdio.h>

enum { ANSWER_MAX = 64 << 10, SIGN_SECONDS = 60, LAST_PATH = 96 };

struct there {
    struct gw_client *client;
    char address[1024];
};

static const char *known_type(const char *type)
{
    static const char *const known[] = {
        "text/x.tlog.size",
        "text/plain; charset=utf-8",
    };
    for (size_t i = 0; i < GW_COUNT(known); i++)
        if (strcmp(type, known[i]) == 0)
            return known[i];
    return "application/octet-stream";
}

static void there_answer(void *ctx, gw_span request, struct gw_answer *ret)
{
    struct there *t = ctx;
    struct gw_why why = {0};
    struct gw_exchange x = {.base = t->address,
                            .path = "add-checkpoint",
                            .body = request,
                            .max = ANSWER_MAX,
                            .total_s = SIGN_SECONDS,
                            .stall_s = SIGN_SECONDS};
    *ret = (struct gw_answer){.status = 500, .type = known_type("")};
    gw_buf_init(&ret->body, ANSWER_MAX);
    if (gw_client_do(t->client, &x, &ret->body, &why)) {
        gw_buf_reset(&ret->body);
        gw_put_fmt(&ret->body, "%s\n", why.text);
        return;
    }
    ret->status = x.status;
    ret->type = known_type(x.type);
}

static int there_last(void *ctx, gw_span origin, struct gw_buf *ret,
                      struct gw_why *why)
{
    struct there *t = ctx;
    struct gw_hash32 hash = gw_sha256(origin);
    char hex[2 * GW_HASH_LEN + 1], path[LAST_PATH];
    gw_hex(hash.at, GW_HASH_LEN, hex);
    snprintf(path, sizeof path, "%s/checkpoint", hex);
    struct gw_exchange x = {.base = t->address,
                            .path = path,
                            .max = GW_NOTE_MAX,
                            .total_s = SIGN_SECONDS};
    size_t before = ret->len;
    int rc = gw_client_do(t->client, &x, ret, why);
    if (rc || x.status == 200)
        return rc;
    ret->len = before;
    if (x.status == 404)
        return gw_fail(why, GW_ENOENT, "%s: never signed for %.*s", t->address,
                       (int)origin.len, (const char *)origin.at);
    return gw_fail(why, GW_ENET, "%s: answered %d", t->address, x.status);
}

static void there_close(void *ctx)
{
    struct there *t = ctx;
    gw_client_free(t->client);
    gw_free(t);
}

int gw_sign_there(const char *address, struct gw_sign *ret, struct gw_why *why)
{
    *ret = (struct gw_sign){0};
    if (!gw_starts(gw_str(address), "unix:/"))
        return gw_fail(why, GW_EREFUSED, "%s: a signer is at unix:/path",
                       address);
    struct there *t = gw_new(sizeof *t);
    if (!t)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int n = snprintf(t->address, sizeof t->address, "%s", address);
    int rc = n < 0 || (size_t)n >= sizeof t->address
                 ? gw_fail(why, GW_ETOOBIG, "%.200s: too long", address)
                 : gw_client_new(&t->client, why);
    if (rc) {
        gw_free(t);
        return rc;
    }
    *ret = (struct gw_sign){t, there_answer, there_last, there_close};
    return 0;
}
