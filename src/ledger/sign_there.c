// A signer in another process: the witness protocol over its unix socket, so
// that whoever faces the network never holds the key.
#include "ledger/http.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

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

// Made absolute, so that messages name the place whoever reads them stands in.
static int place_of(const char *address, struct there *ret, struct gw_why *why)
{
    gw_span s = gw_str(address);
    char here[sizeof ret->address] = "";
    if (!gw_starts(s, "unix:") || s.len == strlen("unix:"))
        return gw_fail(why, GW_EREFUSED, "%.200s: a signer is at unix:/path",
                       address);
    const char *path = address + strlen("unix:");
    if (*path != '/' && !getcwd(here, sizeof here))
        return gw_fail(why, GW_EIO,
                       "%.200s: which folder this is in, is not "
                       "known",
                       address);
    int n =
        snprintf(ret->address, sizeof ret->address, "unix:%s%s%s", here,
                 *path == '/' || gw_ends(gw_str(here), "/") ? "" : "/", path);
    size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    return n > 0 && (size_t)n - strlen("unix:") <= most
               ? 0
               : gw_fail(why, GW_ETOOBIG,
                         "%.200s: the path of a socket has at most %zu bytes",
                         address, most);
}

int gw_sign_there(const char *address, struct gw_sign *ret, struct gw_why *why)
{
    *ret = (struct gw_sign){0};
    struct there *t = gw_new(sizeof *t);
    if (!t)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    int rc = place_of(address, t, why);
    rc = rc ? rc : gw_client_new(&t->client, why);
    if (rc) {
        gw_free(t);
        return rc;
    }
    *ret = (struct gw_sign){t, there_answer, there_last, there_close};
    return 0;
}
