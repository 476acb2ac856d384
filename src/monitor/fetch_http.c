// Runs requests through libcurl, a bounded number at once, and tries again
// what may yet succeed. Knows nothing of listings and files.
#include "monitor/fetch.h"

#include <curl/curl.h>
#include <stdio.h>

enum {
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60,
    RETRY_AFTER_MAX = 60, // seconds
    POLL_MS = 100,        // how late the stop flag and a due try are seen
    GAIN_MIN = 64 << 10,  // a try that got further by this much is free
    SKIP_MAX = 1 << 20,   // of the body of an error
    GIVE_UP_AFTER = 8,    // tasks in a row that the network failed
    REDIRECTS_MAX = 3,
};

enum slot_state { IDLE, WAITING, RUNNING };

struct slot {
    enum slot_state state;
    struct gw_http *h;
    CURL *easy;
    struct curl_slist *headers;
    struct gw_request r;
    uint64_t due, skipped;
    int tries;
    bool answered;
    char said[CURL_ERROR_SIZE];
};

struct gw_http {
    CURLM *multi;
    const struct gw_fetch *want;
    struct gw_fetch_result *counts;
    const struct gw_requests *work;
    struct gw_rand rand;
    int parallel, in_a_row;
    struct slot slots[];
};

void gw_url_escape(struct gw_buf *b, gw_span s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] && strchr(plain, s.at[i]))
            gw_put_u8(b, s.at[i]);
        else
            gw_put_fmt(b, "%%%02X", s.at[i]);
}

// What the answer's head says; asked once, before its body is used.
static void note_answer(struct slot *s)
{
    struct gw_request *r = &s->r;
    struct curl_header *head;
    if (s->answered)
        return;
    s->answered = true;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &r->status);
    if (curl_easy_header(s->easy, "ETag", 0, CURLH_HEADER, -1, &head) ==
        CURLHE_OK)
        gw_etag_read(gw_str(head->value), r->got_etag);
    if (curl_easy_header(s->easy, "Content-Range", 0, CURLH_HEADER, -1,
                         &head) == CURLHE_OK &&
        gw_starts(gw_str(head->value), "bytes ")) {
        gw_span rest = gw_str(head->value + strlen("bytes "));
        uint64_t from;
        if (gw_parse_uint(gw_cut(&rest, '-'), INT64_MAX, &from))
            r->got_from = (int64_t)from;
    }
}

static bool is_success(long status)
{
    return status == 200 || status == 206;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct slot *s = ctx;
    n *= size;
    note_answer(s);
    if (!is_success(s->r.status)) {
        s->skipped += n;
        return s->skipped > SKIP_MAX ? 0 : n;
    }
    int rc = s->h->work->body(s->h->work->ctx, &s->r, gw_span_of(bytes, n));
    if (rc < 0)
        gw_fail(&s->r.why, rc, "%s", gw_strerror(rc));
    return rc < 0 ? 0 : n;
}

static bool set_up(struct slot *s, const char *scheme)
{
    const struct gw_fetch *want = s->h->want;
    int64_t rate = want->rate_limit / s->h->parallel;
    long stall = want->stall_seconds > 0 ? want->stall_seconds : STALL_SECONDS;
    char agent[64];
    snprintf(agent, sizeof agent, "gawah%s%s", want->version ? "/" : "",
             want->version ? want->version : "");
    CURL *e = s->easy = curl_easy_init();
    if (!e)
        return false;
    unsigned bad = 0;
    bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    // The first scheme is kept: no step down from https to http.
    bad |= curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, scheme);
    bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |=
        curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    // Evidence is kept as it was stored, whatever Content-Encoding says.
    bad |= curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, agent);
    bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, stall);
    bad |= curl_easy_setopt(e, CURLOPT_MAX_RECV_SPEED_LARGE,
                            (curl_off_t)(want->rate_limit && !rate ? 1 : rate));
    bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
    bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, s);
    bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->said);
    return !bad;
}

struct gw_http *gw_http_new(const struct gw_fetch *want, int parallel,
                            const char *scheme, struct gw_fetch_result *counts)
{
    struct gw_http *h = gw_new(sizeof *h + (size_t)parallel * sizeof *h->slots);
    if (!h)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        gw_free(h);
        return NULL;
    }
    h->want = want;
    h->counts = counts;
    h->rand.state = want->seed;
    h->parallel = parallel;
    h->multi = curl_multi_init();
    bool ok =
        h->multi && !curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                                       (long)parallel);
    for (int i = 0; i < parallel && ok; i++) {
        h->slots[i].h = h;
        h->slots[i].r.slot = i;
        ok = set_up(&h->slots[i], scheme);
    }
    if (ok)
        return h;
    gw_http_free(h);
    return NULL;
}

static void halt(struct slot *s)
{
    if (s->state == RUNNING)
        curl_multi_remove_handle(s->h->multi, s->easy);
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    s->state = IDLE;
}

void gw_http_free(struct gw_http *h)
{
    if (!h)
        return;
    for (int i = 0; i < h->parallel; i++) {
        halt(&h->slots[i]);
        curl_easy_cleanup(h->slots[i].easy);
    }
    curl_multi_cleanup(h->multi);
    curl_global_cleanup();
    gw_free(h);
}

static int ask(struct slot *s)
{
    struct gw_request *r = &s->r;
    char range[32], if_range[GW_ETAG_MAX + 32];
    unsigned bad = 0;
    if (r->from > 0) {
        snprintf(range, sizeof range, "%lld-", (long long)r->from);
        snprintf(if_range, sizeof if_range, "If-Range: \"%s\"", r->etag);
        s->headers = curl_slist_append(NULL, if_range);
        bad = !s->headers;
    }
    bad |= curl_easy_setopt(s->easy, CURLOPT_URL, r->url);
    bad |= curl_easy_setopt(s->easy, CURLOPT_RANGE, r->from > 0 ? range : NULL);
    bad |= curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
    if (bad || curl_multi_add_handle(s->h->multi, s->easy))
        return gw_fail(&r->why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    s->state = RUNNING;
    s->h->counts->requests++;
    return 0;
}

// The longer of the server's wish (RFC 9110 section 10.2.3) and of a backoff
// that doubles: half a second, give or take a half of it, for the first.
static void wait_again(struct slot *s)
{
    struct gw_http *h = s->h;
    double seconds = 0.5 * (1 << (s->tries - 1));
    seconds *= 0.5 + gw_rand_unit(&h->rand);
    curl_off_t wish = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &wish);
    if (wish > RETRY_AFTER_MAX)
        wish = RETRY_AFTER_MAX;
    if ((double)wish > seconds)
        seconds = (double)wish;
    double scale = h->want->wait_scale > 0 ? h->want->wait_scale : 1;
    h->counts->retries++;
    h->counts->waited_ms += (uint64_t)(seconds * 1e3);
    s->due = gw_tick() + (uint64_t)(seconds * scale * 1e9);
    s->state = WAITING;
}

static bool may_succeed_yet(int code)
{
    return code == GW_ENET || code == GW_ECORRUPT || code == GW_EFORMAT ||
           code == GW_EFEW;
}

static bool ends_the_run(int code)
{
    return code == GW_EIO || code == GW_ENOMEM || code == GW_ETOOBIG;
}

static int after_failure(struct slot *s, int code, bool others_fault)
{
    struct gw_http *h = s->h;
    if (ends_the_run(code))
        return code;
    // A slow link that is cut again and again still gets there.
    if (code == GW_ENET && s->r.gained >= GAIN_MIN)
        s->tries = 1;
    if (may_succeed_yet(code) && s->tries < GW_FETCH_TRIES) {
        wait_again(s);
        return 0;
    }
    h->work->failed(h->work->ctx, &s->r);
    h->in_a_row = others_fault ? h->in_a_row + 1 : 0;
    if (h->in_a_row < GIVE_UP_AFTER)
        return 0;
    gw_within(&s->r.why, "gave up after %d failures in a row, the last",
              GIVE_UP_AFTER);
    return code;
}

static bool is_final(CURLcode res)
{
    static const CURLcode list[] = {
        CURLE_UNSUPPORTED_PROTOCOL,     CURLE_URL_MALFORMAT,
        CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CACERT_BADFILE,       CURLE_TOO_MANY_REDIRECTS,
    };
    for (size_t i = 0; i < GW_COUNT(list); i++)
        if (res == list[i])
            return true;
    return false;
}

static int meaning_of(long status)
{
    switch (status) {
    case 404: return GW_ENOENT;
    case 416: return GW_ECORRUPT; // the .part is no beginning of this object
    case 408:
    case 429: return GW_ENET;
    default: return status >= 500 ? GW_ENET : GW_EREFUSED;
    }
}

static int judge(struct slot *s, CURLcode res)
{
    struct gw_why *why = &s->r.why;
    long status = s->r.status;
    if (why->code) // body() refused it
        return why->code;
    if (res == CURLE_OUT_OF_MEMORY)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    if (!is_success(status) && (res == CURLE_OK || res == CURLE_WRITE_ERROR))
        return gw_fail(why, meaning_of(status), "the server answered %ld",
                       status);
    if (res == CURLE_OK)
        return 0;
    return gw_fail(why, is_final(res) ? GW_EREFUSED : GW_ENET, "%s",
                   s->said[0] ? s->said : curl_easy_strerror(res));
}

static int settle(struct slot *s, CURLcode res)
{
    const struct gw_requests *work = s->h->work;
    note_answer(s);
    halt(s);
    bool refused = s->r.why.code; // by body()
    int rc = judge(s, res);
    if (rc < 0)
        return after_failure(s, rc, !refused);
    rc = work->arrived(work->ctx, &s->r);
    if (rc < 0) {
        gw_fail(&s->r.why, rc, "%s", gw_strerror(rc));
        return after_failure(s, rc, false);
    }
    s->h->in_a_row = 0;
    if (rc == 1) {
        s->tries = 0;
        s->due = 0;
        s->state = WAITING;
    }
    return 0;
}

static int launch(struct slot *s)
{
    const struct gw_requests *work = s->h->work;
    struct gw_request *r = &s->r;
    s->tries++;
    r->from = 0;
    int rc = work->start(work->ctx, r);
    r->why = rc < 0 ? r->why : (struct gw_why){0};
    r->status = 0;
    r->got_from = -1;
    r->got_etag[0] = 0;
    r->gained = 0;
    s->answered = false;
    s->skipped = 0;
    s->said[0] = 0;
    s->state = IDLE;
    if (!rc)
        rc = ask(s);
    return rc < 0 ? after_failure(s, rc, false) : 0;
}

// Gives every free slot something to do.
static int fill(struct gw_http *h, struct slot **ret_at)
{
    for (int i = 0; i < h->parallel; i++) {
        struct slot *s = *ret_at = &h->slots[i];
        int rc = 1;
        if (s->state == IDLE) {
            s->r.why = (struct gw_why){0};
            s->tries = 0;
            rc = h->work->next(h->work->ctx, &s->r);
        } else if (s->state == RUNNING || gw_tick() < s->due) {
            rc = 0;
        }
        if (rc == 1)
            rc = launch(s);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_busy(const struct gw_http *h)
{
    for (int i = 0; i < h->parallel; i++)
        if (h->slots[i].state != IDLE)
            return true;
    return false;
}

// How many tries ended, or a failure.
static int turn(struct gw_http *h, struct slot **ret_at)
{
    int running, left, ended = 0;
    if (curl_multi_perform(h->multi, &running))
        return GW_ENOMEM;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        CURLcode res = m->data.result;
        char *owner = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner);
        *ret_at = (struct slot *)(void *)owner;
        int rc = settle(*ret_at, res);
        if (rc)
            return rc;
        ended++;
    }
    return ended;
}

// Milliseconds until the next try is due, at most POLL_MS.
static int patience(const struct gw_http *h)
{
    uint64_t now = gw_tick(), least = (uint64_t)POLL_MS * 1000000;
    for (int i = 0; i < h->parallel; i++) {
        const struct slot *s = &h->slots[i];
        uint64_t left = s->due > now ? s->due - now : 0;
        if (s->state == WAITING && left < least)
            least = left;
    }
    return (int)((least + 999999) / 1000000);
}

int gw_http_run(struct gw_http *h, const struct gw_requests *work,
                struct gw_why *why)
{
    struct slot *at = &h->slots[0];
    int rc;
    h->work = work;
    h->in_a_row = 0;
    while (!(rc = gw_fetch_stopped(h->want))) {
        rc = fill(h, &at);
        if (rc || !is_busy(h))
            break;
        rc = turn(h, &at);
        if (rc < 0)
            break;
        work->tick(work->ctx);
        if (rc == 0) // else a slot is free: fill it before waiting
            curl_multi_poll(h->multi, NULL, 0, patience(h), NULL);
    }
    for (int i = 0; i < h->parallel; i++)
        halt(&h->slots[i]);
    if (rc < 0)
        gw_fail(why, rc, "%s",
                at->r.why.code ? at->r.why.text : gw_strerror(rc));
    return rc;
}
