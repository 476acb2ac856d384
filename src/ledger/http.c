// The HTTP client of witnesses, mirrors and detached signers, over libcurl.
#include "ledger/http.h"

#include <curl/curl.h>
#include <stdio.h>

enum {
    CONNECT_SECONDS = 10,
    STALL_SECONDS = 10,
    TOTAL_SECONDS = 600,
    REDIRECTS_MAX = 3,
    URL_TEXT = 2048,
};

struct gw_client {
    CURL *easy;
    struct curl_slist *plain; // headers of a POST
    char said[CURL_ERROR_SIZE];
};

int gw_client_new(struct gw_client **ret, struct gw_why *why)
{
    struct gw_client *c = gw_new(sizeof *c);
    *ret = NULL;
    if (!c || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        gw_free(c);
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    }
    c->easy = curl_easy_init();
    // "Expect: 100-continue" only costs a round trip with bodies this small.
    c->plain = curl_slist_append(NULL, "Expect:");
    struct curl_slist *both =
        c->plain ? curl_slist_append(c->plain, "Content-Type: text/plain")
                 : NULL;
    if (!c->easy || !both) {
        gw_client_free(c);
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    }
    *ret = c;
    return 0;
}

void gw_client_free(struct gw_client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->plain);
    curl_global_cleanup();
    gw_free(c);
}

struct sink {
    struct gw_buf *ret;
    size_t left;
    int rc;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct sink *s = ctx;
    n *= size;
    if (n > s->left) {
        s->rc = GW_ETOOBIG;
        return 0;
    }
    s->left -= n;
    gw_put(s->ret, bytes, n);
    s->rc = s->ret->err;
    return s->rc ? 0 : n;
}

// Puts base and path together; ret_socket is where a unix socket is.
static int address(const struct gw_exchange *x, char ret_url[URL_TEXT],
                   const char **ret_socket, struct gw_why *why)
{
    gw_span base = gw_str(x->base);
    bool local = gw_starts(base, "unix:");
    *ret_socket = local ? x->base + strlen("unix:") : NULL;
    if (local)
        base = GW_LIT("http://localhost");
    else if (!gw_starts(base, "http://") && !gw_starts(base, "https://"))
        return gw_fail(why, GW_EREFUSED,
                       "%.200s: neither http(s):// nor unix:", x->base);
    while (gw_ends(base, "/"))
        base.len--;
    int n = snprintf(ret_url, URL_TEXT, "%.*s/%s", (int)base.len,
                     (const char *)base.at, x->path);
    if (n < 0 || n >= URL_TEXT)
        return gw_fail(why, GW_ETOOBIG, "%.200s: longer than %d bytes", x->base,
                       URL_TEXT);
    return 0;
}

static bool set_up(struct gw_client *c, const struct gw_exchange *x,
                   const char *url, const char *socket)
{
    CURL *e = c->easy;
    unsigned bad = 0;
    long stall = x->stall_s ? x->stall_s : STALL_SECONDS;
    long total = x->total_s ? x->total_s : TOTAL_SECONDS;
    bool secure = gw_starts(gw_str(url), "https:");
    curl_easy_reset(e); // keeps connections
    bad |= curl_easy_setopt(e, CURLOPT_URL, url);
    bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR,
                            secure ? "https" : "http,https");
    bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "gawah");
    bad |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
    bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT, total);
    bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, stall);
    bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->said);
    bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    if (socket) {
        bad |= curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, socket);
        bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
    }
    if (x->body.at) {
        bad |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->plain);
        bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)x->body.len);
        bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->body.at);
    } else if (!socket) {
        // A request that changes something goes nowhere but where it was sent.
        bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
        bad |= curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    }
    return !bad;
}

static int meaning_of(CURLcode res)
{
    switch ((int)res) {
    case CURLE_OUT_OF_MEMORY: return GW_ENOMEM;
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION: return GW_EREFUSED;
    default: return GW_ENET;
    }
}

// Takes " after 12 ms" out of curl's words: a message says the same each time.
static void forget_duration(char *said)
{
    char *at = strstr(said, " after ");
    size_t n = at ? strlen(" after ") : 0,
           digits = at ? strspn(at + n, "0123456789") : 0;
    static const char *const units[] = {" milliseconds", " ms"};
    for (size_t i = 0; i < GW_COUNT(units) && digits; i++) {
        char *unit = at + n + digits;
        if (strncmp(unit, units[i], strlen(units[i])) == 0) {
            unit += strlen(units[i]);
            memmove(at, unit, strlen(unit) + 1);
            return;
        }
    }
}

// Of a socket curl would speak as of localhost.
static int no_answer(struct gw_client *c, CURLcode res, const char *place,
                     bool socket, struct gw_why *why)
{
    if (socket && res == CURLE_COULDNT_CONNECT)
        return gw_fail(why, GW_ENET, "%.200s: nobody answers there", place);
    forget_duration(c->said);
    return gw_fail(why, meaning_of(res), "%.200s: %s", place,
                   c->said[0] ? c->said : curl_easy_strerror(res));
}

int gw_client_do(struct gw_client *c, struct gw_exchange *x, struct gw_buf *ret,
                 struct gw_why *why)
{
    char url[URL_TEXT];
    const char *socket = NULL;
    struct sink sink = {ret, x->max, 0};
    int rc = address(x, url, &socket, why);
    if (rc)
        return rc;
    if (!set_up(c, x, url, socket) ||
        curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &sink))
        return gw_fail(why, GW_ENOMEM, "%.200s: %s", url,
                       gw_strerror(GW_ENOMEM));
    c->said[0] = 0;
    CURLcode res = curl_easy_perform(c->easy);
    if (sink.rc == GW_ETOOBIG)
        return gw_fail(why, GW_ETOOBIG,
                       "%.200s: the answer is longer than %zu bytes", url,
                       x->max);
    if (sink.rc)
        return gw_fail(why, sink.rc, "%.200s: %s", url, gw_strerror(sink.rc));
    const char *place = socket ? x->base : url;
    if (res)
        return no_answer(c, res, place, socket, why);
    long status = 0;
    char *type = NULL;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
    x->status = (int)status;
    snprintf(x->type, sizeof x->type, "%s", type ? type : "");
    return 0;
}
