// Reads a log's files over HTTP, and tries again what may yet succeed.
#include "ledger/http.h"
#include "ledger/reader.h"

#include <stdio.h>
#include <time.h>

enum {
    TRIES = 3,
    TOTAL_SECONDS = 3600,     // a full bundle over the slowest link
    ERROR_PAGE_MAX = 1 << 20, // the body of an error is read and dropped
    URL_MAX = 1024,
};

struct site {
    struct gw_client *client;
    struct gw_log_patience patience;
    struct gw_buf body; // apart from what is asked for: it may be an error's
    char url[URL_MAX];
};

static void rest(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static int judge(const struct site *s, const struct gw_exchange *x, size_t max,
                 struct gw_why *why)
{
    if (x->status == 404 || x->status == 410)
        return gw_fail(why, GW_ENOENT, "%s/%s: no such file (status %d)",
                       s->url, x->path, x->status);
    if (x->status != 200)
        return gw_fail(why, GW_ENET, "%s/%s: the server answered %d", s->url,
                       x->path, x->status);
    if (s->body.len > max)
        return gw_fail(why, GW_ETOOBIG, "%s/%s: larger than %zu bytes", s->url,
                       x->path, max);
    return 0;
}

static bool may_succeed_yet(int rc, int status)
{
    return rc == GW_ENET && (!status || status == 429 || status >= 500);
}

static int site_get(void *ctx, const char *path, size_t max, struct gw_buf *ret,
                    struct gw_why *why)
{
    struct site *s = ctx;
    struct gw_why said = {0};
    int rc = 0;
    s->body.max = max > ERROR_PAGE_MAX ? max : ERROR_PAGE_MAX;
    for (int tried = 0; tried < TRIES; tried++) {
        struct gw_exchange x = {.base = s->url,
                                .path = path,
                                .max = s->body.max,
                                .stall_s = s->patience.stall_s,
                                .total_s = TOTAL_SECONDS};
        if (tried)
            rest(s->patience.wait_ms << (tried - 1));
        said = (struct gw_why){0};
        gw_buf_reset(&s->body);
        rc = gw_client_do(s->client, &x, &s->body, &said);
        if (!rc)
            rc = judge(s, &x, max, &said);
        if (!may_succeed_yet(rc, x.status))
            break;
    }
    if (rc)
        return gw_fail(why, rc, "%s", said.text);
    gw_put_span(ret, gw_buf_span(&s->body));
    return ret->err;
}

static void site_close(void *ctx)
{
    struct site *s = ctx;
    gw_client_free(s->client);
    gw_buf_release(&s->body);
    gw_free(s);
}

static int site_again(void *ctx, struct gw_log_reader **ret, struct gw_why *why)
{
    const struct site *s = ctx;
    return gw_log_reader_http(s->url, &s->patience, ret, why);
}

int gw_log_reader_http(const char *url, const struct gw_log_patience *patience,
                       struct gw_log_reader **ret, struct gw_why *why)
{
    *ret = NULL;
    if (strlen(url) >= URL_MAX)
        return gw_fail(why, GW_ETOOBIG, "%.200s...: longer than %d bytes", url,
                       URL_MAX - 1);
    struct gw_log_reader *r = gw_new(sizeof *r);
    struct site *s = gw_new(sizeof *s);
    int rc =
        r && s ? gw_client_new(&s->client, why)
               : gw_fail(why, GW_ENOMEM, "%s: %s", url, gw_strerror(GW_ENOMEM));
    if (rc) {
        gw_free(r);
        gw_free(s);
        return rc;
    }
    s->patience = *patience;
    snprintf(s->url, sizeof s->url, "%s", url);
    for (size_t len = strlen(s->url); len && s->url[len - 1] == '/'; len--)
        s->url[len - 1] = 0;
    *r = (struct gw_log_reader){site_get, s, site_again, site_close};
    *ret = r;
    return 0;
}
