// What HTTP exchanges come to, each for itself.
#include "analyse/judge.h"

#include <math.h>

enum { SLOW_BYTES_A_SECOND = 8 << 10, SLOW_MIN_SECONDS = 5 };

static uint64_t failure_signals(gw_span f)
{
    if (!f.at)
        return 0;
    if (gw_is(f, "connection_reset") || gw_is(f, "connection_aborted"))
        return GW_WEB(failed) | GW_WEB(reset);
    if (gw_is(f, "eof_error"))
        return GW_WEB(failed) | GW_WEB(ended);
    if (gw_is(f, "generic_timeout_error"))
        return GW_WEB(failed) | GW_WEB(timeout);
    if (gw_starts(f, "http_invalid_redirect"))
        return GW_WEB(failed) | GW_WEB(redirect_broken);
    return GW_WEB(failed);
}

// A failure that a layer below had already, as old probes copy it into the
// exchange, speaks of that layer.
static bool lower_failed(const struct gw_view *v, const struct gw_http_row *h)
{
    size_t tried = 0, connected = 0, shaken = 0, handshakes = 0;
    if (!h->failure.at || h->response_status_code != GW_NULL)
        return false;
    if (gw_starts(h->failure, "dns_") || gw_starts(h->failure, "ssl_") ||
        gw_starts(h->failure, "android_dns"))
        return true;
    if (h->transaction_id != GW_NULL)
        return false; // these are only recorded once the layers below worked
    for (size_t i = 0; i < v->tcp_count; i++) {
        tried++;
        connected += v->tcp[i].success == 1;
    }
    for (size_t i = 0; i < v->tls_count; i++)
        if (gw_eq(v->tls[i].server_name, h->hostname)) {
            handshakes++;
            shaken += !v->tls[i].failure.at;
        }
    bool secure = gw_starts(h->request_url, "https:");
    return (tried && !connected) || (secure && handshakes && !shaken);
}

static uint64_t fingerprint_signals(gw_span json)
{
    uint64_t s = 0;
    gw_span scope;
    bool expected;
    gw_cut(&json, '['); // of the list itself
    while (gw_next_hit(&json, &scope, &expected))
        s |= gw_is(scope, "fp") ? GW_WEB(false_positive)
             : expected         ? GW_WEB(fingerprint)
                                : GW_WEB(fingerprint_elsewhere);
    return s;
}

// Content networks that stand in front of sites and ask readers to prove that
// they are human: the refusal names its author in its own header fields.
static bool is_challenge(const struct gw_http_row *h)
{
    int64_t code = h->response_status_code;
    gw_span names = h->header_names;
    if (code != 403 && code != 429 && code != 503 && code != 401)
        return false;
    return gw_find(names, GW_LIT("\"cf-ray\""), 0) >= 0 ||
           gw_find(names, GW_LIT("\"cf-mitigated\""), 0) >= 0 ||
           gw_find(names, GW_LIT("\"x-datadome\""), 0) >= 0 ||
           gw_find(names, GW_LIT("\"x-sucuri-id\""), 0) >= 0 ||
           gw_find(names, GW_LIT("\"x-iinfo\""), 0) >= 0 ||
           gw_find(names, GW_LIT("\"x-amzn-waf-action\""), 0) >= 0 ||
           gw_starts(h->response_header_server, "AkamaiGHost");
}

static bool over_valid_tls(const struct gw_view *v, const struct gw_http_row *h)
{
    if (!gw_starts(h->request_url, "https:"))
        return false;
    // A page over https came only because the certificate was accepted.
    for (size_t i = 0; i < v->tls_count; i++)
        if (gw_eq(v->tls[i].server_name, h->hostname) &&
            v->tls[i].no_tls_verify == 1)
            return false;
    return true;
}

static bool is_redirect(const struct gw_http_row *h)
{
    return h->response_status_code != GW_NULL &&
           h->response_status_code / 100 == 3 && !h->failure.at;
}

// A control with which nothing can be compared is none.
static uint64_t page_signals(const struct gw_http_row *h,
                             const struct gw_control_row *c)
{
    struct gw_page_diff d;
    gw_page_compare(h, c, &d);
    bool same = d.status_code_match == 1 &&
                (d.body_length_match == 1 || d.headers_match == 1 ||
                 d.title_match == 1);
    if (!same && !d.differs)
        return 0;
    return GW_WEB(control) | GW_WEB(control_ok) |
           (same ? GW_WEB(same) : GW_WEB(differs));
}

static uint64_t control_signals(const struct gw_view *v,
                                const struct gw_http_row *h)
{
    const struct gw_control_row *c = v->control_http;
    if (!c)
        return 0;
    if (c->http_failure.at)
        return GW_WEB(control) | GW_WEB(control_failed);
    if (c->http_status_code == GW_NULL || c->http_status_code <= 0)
        return 0;
    if (h->failure.at || is_redirect(h))
        return GW_WEB(control) | GW_WEB(control_ok);
    return page_signals(h, c);
}

// Before there were helpers, http_requests fetched the page again through Tor.
static const struct gw_http_row *through_tor(const struct gw_view *v)
{
    for (size_t i = 0; i < v->http_count && !v->web; i++)
        if (v->http[i].is_tor == 1)
            return &v->http[i];
    return NULL;
}

static uint64_t tor_signals(const struct gw_http_row *tor,
                            const struct gw_http_row *h)
{
    struct gw_control_row as_control = {
        .http_status_code = tor->response_status_code,
        .http_response_body_length = tor->response_body_length,
        .http_title = tor->title,
        .http_header_names = tor->header_names};
    if (tor->failure.at || tor->response_status_code == GW_NULL)
        return GW_WEB(control) | GW_WEB(control_failed);
    if (h->failure.at || h->response_status_code == GW_NULL)
        return GW_WEB(control) | GW_WEB(control_ok);
    return page_signals(h, &as_control);
}

static uint64_t response_signals(const struct gw_view *v,
                                 const struct gw_http_row *h)
{
    uint64_t s = fingerprint_signals(h->fingerprints);
    // An observation export leaves the status of a response out.
    bool answered = h->list == GW_LIST_CSV && !h->failure.at;
    if (h->response_status_code == GW_NULL && !answered)
        return s;
    if (h->failure.at)
        return s | GW_WEB(began);
    s |= GW_WEB(ok) | (is_redirect(h) ? GW_WEB(redirect) : 0);
    s |= over_valid_tls(v, h) ? GW_WEB(tls) : 0;
    s |= is_challenge(h) ? GW_WEB(challenge) : 0;
    if (h->read_time > SLOW_MIN_SECONDS && h->read_bytes != GW_NULL &&
        (double)h->read_bytes / h->read_time < SLOW_BYTES_A_SECOND)
        s |= GW_WEB(slow);
    return s;
}

static void judge_exchange(struct gw_judge *j, const struct gw_http_row *h,
                           const struct gw_http_row *tor)
{
    const struct gw_view *v = j->v;
    uint64_t s = failure_signals(h->failure) | response_signals(v, h);
    s |= tor ? tor_signals(tor, h) : control_signals(v, h);
    s |= lower_failed(v, h) ? GW_WEB(lower_failed) : 0;
    s |= gw_untrusted(j, h->ip) ? GW_WEB(untrusted) : 0;
    s |= gw_depth(h->depth) > 0 ? GW_WEB(hop) : 0;
    s |= !v->web && !v->m->input_host.len ? GW_WEB(app) : 0;
    if (h->read_bytes != GW_NULL && h->read_bytes > 0 && h->failure.at)
        s |= GW_WEB(began);
    struct gw_subject *subject =
        gw_subject_add(j, GW_LAYER_HTTP, s, GW_TABLE_http, h->list, h->item);
    if (!subject)
        return;
    // The newest request stands first: it is the end of the redirects.
    subject->main = true;
    subject->depth = gw_depth(h->depth);
    subject->detail = GW_JOIN(j, h->request_url, GW_LIT(": "),
                              h->failure.at ? h->failure : GW_LIT("answered"),
                              GW_LIT(" status "),
                              h->response_status_code == GW_NULL
                                  ? GW_LIT("none")
                                  : gw_number(j, h->response_status_code));
}

static void judge_echo(struct gw_judge *j, const struct gw_middlebox_row *b)
{
    bool changed = b->hirl_success == 0 || b->hfm_success == 0;
    bool same = b->hirl_success == 1 || b->hfm_success == 1;
    uint64_t s = changed ? GW_WEB(changed) : same ? GW_WEB(unchanged) : 0;
    struct gw_subject *subject =
        s ? gw_subject_add(j, GW_LAYER_HTTP, s, GW_TABLE_middlebox,
                           GW_LIST_OTHER, 0)
          : NULL;
    if (subject && b->hfm_diff.at)
        subject->detail = GW_JOIN(j, GW_LIT("changed: "), b->hfm_diff);
}

// Nettests that carry a tool through to its end leave little but their own
// word: which keys hold it.
static uint64_t own_word(const struct gw_view *v)
{
    static const char *const tests[] = {
        "vanilla_tor", "torsf", "psiphon", "openvpn",
        "riseupvpn",   "dash",  "ndt",     "meek_fronted_requests_test"};
    static const char *const works[] = {"bootstrap_time", "summary.download",
                                        "simple.median_bitrate"};
    uint64_t s = 0;
    bool known = false;
    for (size_t i = 0; i < GW_COUNT(tests); i++)
        known = known || gw_is(v->m->test_name, tests[i]);
    for (size_t i = 0; i < v->key_count && known; i++) {
        const struct gw_key_row *k = &v->key[i];
        if (gw_is(k->name, "success"))
            s |= k->value == 1 ? GW_WEB(said_ok) : GW_WEB(said_failed);
        else if (gw_is(k->name, "failure") && k->text.len)
            s |= GW_WEB(said_failed);
        for (size_t n = 0; n < GW_COUNT(works); n++)
            if (gw_is(k->name, works[n]) && k->value > 0)
                s |= GW_WEB(said_ok);
    }
    return s;
}

void gw_judge_http(struct gw_judge *j)
{
    uint64_t word = own_word(j->v);
    if (word)
        (void)gw_subject_add(j, GW_LAYER_HTTP, word, GW_TABLE_key,
                             GW_LIST_OTHER, 0);
    for (size_t i = 0; i < j->v->middlebox_count; i++)
        judge_echo(j, &j->v->middlebox[i]);
    const struct gw_http_row *tor = through_tor(j->v);
    for (size_t i = 0; i < j->v->http_count; i++) {
        const struct gw_http_row *h = &j->v->http[i];
        bool empty = !h->failure.at && h->response_status_code == GW_NULL &&
                     h->list != GW_LIST_CSV;
        if (h->is_tor != 1 && !empty)
            judge_exchange(j, h, tor);
    }
}
