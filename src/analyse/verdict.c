// OONI's own verdict keys, computed from the facts as its probe of version 0.5
// computes them, so that users can compare. Where ours differ on purpose
// (docs/methods/ooni-keys.md): a lookup that failed with no helper to compare
// with is null here, and "accessible" there.
#include "analyse/judge.h"

#include <math.h>

enum { STEPS_MAX = 256 };
enum step_type { STEP_DNS, STEP_TCP, STEP_TLS, STEP_HTTP };

// One observation of the walk: the furthest that one transaction came.
struct step {
    enum step_type type;
    int64_t depth, transaction_id;
    gw_span failure;
    const struct gw_dns_row *dns;
    const struct gw_tcp_row *tcp;
    const struct gw_tls_row *tls;
    const struct gw_http_row *http;
};

struct walk {
    const struct gw_view *v;
    struct step step[STEPS_MAX];
    size_t count;
    bool control;          // a helper answered
    bool control_resolved; // and got addresses
    bool control_loopback;
    const struct gw_control_row *page; // its page, or NULL
    bool page_ok;
    bool unexpected_failure, valid, invalid, expected_failure, surprise;
    const struct gw_dns_row *matched; // lookup whose match is known
    bool match;
    int64_t dns_flags, blocking_flags, null_flags;
};

// ---- the helper's side --------------------------------------------------

static void look_at_control(struct walk *w)
{
    const struct gw_view *v = w->v;
    w->control = v->m->has_control == 1;
    for (size_t i = 0; i < v->control_count; i++) {
        const struct gw_control_row *c = &v->control[i];
        gw_ip ip;
        if (c->dns_success != 1 || !c->ip.at)
            continue;
        w->control_resolved = true;
        if (gw_ip_parse(c->ip, &ip) && gw_ip_is_loopback(&ip))
            w->control_loopback = true;
    }
    w->page = v->control_http;
    w->page_ok = w->page && !w->page->http_failure.at &&
                 w->page->http_status_code != GW_NULL &&
                 w->page->http_status_code > 0;
}

static const struct gw_control_row *endpoint(const struct gw_view *v,
                                             gw_span ip, int64_t port)
{
    for (size_t i = 0; i < v->control_count; i++)
        if (v->control[i].port == port && port != GW_NULL &&
            gw_eq(v->control[i].ip, ip))
            return &v->control[i];
    return NULL;
}

// ---- lookups ------------------------------------------------------------

static bool is_classic_lookup(const struct gw_dns_row *d)
{
    return gw_is(d->engine, "getaddrinfo") || gw_is(d->engine, "system") ||
           gw_is(d->engine, "golang_net_resolver");
}

static bool ignored_failure(const struct gw_dns_row *d)
{
    return gw_engine_is_encrypted(d->engine) ||
           (gw_is(d->query_type, "AAAA") && gw_is(d->failure, "dns_no_answer"));
}

static bool has_control(const struct walk *w, const struct gw_dns_row *d)
{
    return w->control && gw_eq(d->hostname, w->v->m->input_host);
}

static bool is_address(const struct gw_dns_row *d)
{
    return gw_is(d->answer_type, "A") || gw_is(d->answer_type, "AAAA");
}

static bool same_lookup(const struct gw_dns_row *a, const struct gw_dns_row *b)
{
    return a->item == b->item && a->list == b->list;
}

static bool find_match(const struct walk *w, const struct gw_dns_row *of)
{
    const struct gw_view *v = w->v;
    for (size_t i = 0; i < v->dns_count; i++) {
        const struct gw_dns_row *d = &v->dns[i];
        if (!same_lookup(d, of) || !is_address(d))
            continue;
        for (size_t k = 0; k < v->control_count; k++) {
            const struct gw_control_row *c = &v->control[k];
            if (c->dns_success == 1 && c->ip.at &&
                (gw_eq(c->ip, d->answer) ||
                 (d->answer_asn != GW_NULL && d->answer_asn &&
                  d->answer_asn == c->ip_asn)))
                return true;
        }
    }
    return false;
}

// The answers of a lookup stand together: it is compared once for all of them.
static bool lookup_matches(struct walk *w, const struct gw_dns_row *of)
{
    if (!w->matched || !same_lookup(w->matched, of)) {
        w->matched = of;
        w->match = find_match(w, of);
    }
    return w->match;
}

static void judge_lookup(struct walk *w, const struct gw_dns_row *d)
{
    bool classic = is_classic_lookup(d);
    if (is_address(d) && d->answer_is_bogon == 1)
        w->dns_flags |= 1;
    if (!has_control(w, d))
        return;
    if (d->failure.at) {
        if (ignored_failure(d))
            return;
        if (w->control_resolved)
            w->dns_flags |= 2;
        else
            w->null_flags |= 1;
        w->unexpected_failure |= classic && w->control_resolved;
        w->expected_failure |= classic && !w->control_resolved;
        return;
    }
    if (!is_address(d))
        return;
    if (!w->control_resolved) {
        w->null_flags |= 16;
        w->surprise |= classic;
    } else if (lookup_matches(w, d)) {
        w->valid |= classic;
    } else if (!gw_engine_is_encrypted(d->engine)) {
        w->dns_flags |= 4;
        w->invalid |= classic;
    }
}

static gw_span dns_consistency(const struct walk *w)
{
    if (w->invalid || w->unexpected_failure || w->surprise)
        return GW_LIT("inconsistent");
    if (w->valid || w->expected_failure)
        return GW_LIT("consistent");
    return (gw_span){0};
}

// ---- steps --------------------------------------------------------------

static bool classic_address(const struct gw_view *v, gw_span ip)
{
    bool any = false;
    if (!ip.at)
        return true;
    for (size_t i = 0; i < v->dns_count; i++) {
        if (!is_address(&v->dns[i]))
            continue;
        any = true;
        if (is_classic_lookup(&v->dns[i]) && gw_eq(v->dns[i].answer, ip))
            return true;
    }
    return !any;
}

static struct step *add_step(struct walk *w, enum step_type type, int64_t depth,
                             int64_t transaction_id, gw_span failure)
{
    if (w->count == STEPS_MAX)
        return NULL;
    struct step *s = &w->step[w->count++];
    *s = (struct step){
        type, gw_depth(depth), transaction_id, failure, NULL, NULL, NULL, NULL};
    return s;
}

static bool went_further(const struct gw_view *v, enum step_type type,
                         int64_t transaction_id)
{
    if (transaction_id == GW_NULL)
        return false;
    for (size_t i = 0; i < v->http_count && type < STEP_HTTP; i++)
        if (v->http[i].transaction_id == transaction_id)
            return true;
    for (size_t i = 0; i < v->tls_count && type < STEP_TLS; i++)
        if (v->tls[i].transaction_id == transaction_id)
            return true;
    return false;
}

static void collect_steps(struct walk *w)
{
    const struct gw_view *v = w->v;
    struct step *s;
    for (size_t i = 0; i < v->http_count; i++)
        if (v->http[i].fetch_body != 0 && classic_address(v, v->http[i].ip) &&
            (s = add_step(w, STEP_HTTP, v->http[i].depth,
                          v->http[i].transaction_id, v->http[i].failure)))
            s->http = &v->http[i];
    for (size_t i = 0; i < v->tls_count; i++)
        if (v->tls[i].fetch_body != 0 && classic_address(v, v->tls[i].ip) &&
            !went_further(v, STEP_TLS, v->tls[i].transaction_id) &&
            (s = add_step(w, STEP_TLS, v->tls[i].depth,
                          v->tls[i].transaction_id, v->tls[i].failure)))
            s->tls = &v->tls[i];
    for (size_t i = 0; i < v->tcp_count; i++)
        if (v->tcp[i].fetch_body != 0 && classic_address(v, v->tcp[i].ip) &&
            !went_further(v, STEP_TCP, v->tcp[i].transaction_id) &&
            (s = add_step(w, STEP_TCP, v->tcp[i].depth,
                          v->tcp[i].transaction_id, v->tcp[i].failure)))
            s->tcp = &v->tcp[i];
    for (size_t i = 0; i < v->dns_count; i++)
        if (is_classic_lookup(&v->dns[i]) &&
            (s = add_step(w, STEP_DNS, v->dns[i].depth,
                          v->dns[i].transaction_id, v->dns[i].failure)))
            s->dns = &v->dns[i];
}

// Depth descending, type descending, failure ascending, id descending.
static int by_line(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    if (x->type != y->type)
        return x->type > y->type ? -1 : 1;
    int c = gw_cmp(x->failure, y->failure);
    if (c)
        return c;
    return x->transaction_id > y->transaction_id
               ? -1
               : x->transaction_id < y->transaction_id;
}

// ---- flags --------------------------------------------------------------

static bool is_final(const struct gw_http_row *h)
{
    int64_t group =
        h->response_status_code == GW_NULL ? 0 : h->response_status_code / 100;
    return !h->failure.at && (group == 2 || group == 4 || group == 5);
}

static bool is_secure(const struct gw_http_row *h)
{
    return gw_starts(h->request_url, "https:");
}

static bool no_route(gw_span failure, gw_span ip)
{
    gw_ip parsed;
    return (gw_is(failure, "network_unreachable") ||
            gw_is(failure, "host_unreachable")) &&
           gw_ip_parse(ip, &parsed) && parsed.v6;
}

// Failures that nobody repeated count if the helper got the final page and
// the probe did not.
static bool unexplained(const struct walk *w, int64_t depth)
{
    return gw_depth(depth) > 0 && w->page_ok && !w->v->reached;
}

static void endpoint_flags(struct walk *w)
{
    const struct gw_view *v = w->v;
    for (size_t i = 0; i < v->tcp_count; i++) {
        const struct gw_tcp_row *t = &v->tcp[i];
        const struct gw_control_row *c = endpoint(v, t->ip, t->port);
        if (!t->failure.at || no_route(t->failure, t->ip))
            continue;
        if (c && c->tcp_success == 0)
            w->null_flags |= 2;
        else if ((c && c->tcp_success == 1) || unexplained(w, t->depth))
            w->blocking_flags |= 2;
    }
    for (size_t i = 0; i < v->tls_count; i++) {
        const struct gw_tls_row *t = &v->tls[i];
        const struct gw_control_row *c = endpoint(v, t->ip, t->port);
        if (!t->failure.at)
            continue;
        if (c && c->tls_success == 0)
            w->null_flags |= 4;
        else if ((c && c->tls_success == 1) || unexplained(w, t->depth))
            w->blocking_flags |= 4;
    }
}

// To OONI a page that cannot be compared is another page.
static bool differs(const struct walk *w, const struct gw_http_row *h)
{
    struct gw_page_diff diff;
    if (!w->page)
        return false;
    gw_page_compare(h, w->page, &diff);
    bool same = diff.status_code_match == 1 &&
                (diff.body_length_match == 1 || diff.headers_match == 1 ||
                 diff.title_match == 1);
    return !same || !w->page_ok;
}

static void page_flags(struct walk *w)
{
    const struct gw_view *v = w->v;
    for (size_t i = 0; i < v->http_count; i++) {
        const struct gw_http_row *h = &v->http[i];
        if (h->failure.at && w->page_ok)
            w->blocking_flags |= 8;
        if (!is_final(h))
            continue;
        if (is_secure(h)) {
            w->blocking_flags |= 32;
            w->null_flags |= w->control ? 0 : 8;
        } else if (w->page) {
            w->blocking_flags |= differs(w, h) ? 16 : 32;
        }
    }
}

static void lookup_flags(struct walk *w)
{
    const struct gw_view *v = w->v;
    for (size_t i = 0; i < v->dns_count; i++) {
        const struct gw_dns_row *d = &v->dns[i];
        judge_lookup(w, d);
        if (d->failure.at && !ignored_failure(d) && !has_control(w, d) &&
            unexplained(w, d->depth))
            w->blocking_flags |= 1;
    }
    if (w->dns_flags & 6)
        w->blocking_flags |= 1;
}

// ---- blocking and accessible --------------------------------------------

struct verdict {
    bool decided;
    gw_span blocking; // null, "false" or a word
    int64_t accessible;
};

static struct verdict decide(const char *blocking, int64_t accessible)
{
    return (struct verdict){true, gw_str(blocking), accessible};
}

static struct verdict from_page(const struct walk *w, const struct step *s)
{
    const struct gw_http_row *h = s->http;
    if (s->failure.at) {
        if (!w->control || !w->page)
            return decide(NULL, GW_NULL);
        return w->page_ok ? decide("http-failure", 0) : decide("false", 0);
    }
    if (!is_final(h))
        return (struct verdict){0};
    if (is_secure(h))
        return decide("false", 1);
    if (!w->control)
        return decide(NULL, GW_NULL);
    return differs(w, h) ? decide("http-diff", 0) : decide("false", 1);
}

static struct verdict from_endpoint(const struct walk *w, const struct step *s)
{
    bool tls = s->type == STEP_TLS;
    gw_span ip = tls ? s->tls->ip : s->tcp->ip;
    int64_t port = tls ? s->tls->port : s->tcp->port;
    const struct gw_control_row *c = endpoint(w->v, ip, port);
    int64_t worked = !c ? GW_NULL : tls ? c->tls_success : c->tcp_success;
    if (!s->failure.at || no_route(s->failure, ip))
        return (struct verdict){0};
    if (worked == GW_NULL)
        return w->page_ok ? decide("http-failure", 0) : decide(NULL, GW_NULL);
    if (!worked)
        return decide("false", 0);
    return decide(tls ? "http-failure" : "tcp_ip", 0);
}

static struct verdict from_lookup(const struct walk *w, const struct step *s)
{
    gw_ip ip;
    if (!s->failure.at) {
        if (!is_address(s->dns) || !gw_ip_parse(s->dns->answer, &ip) ||
            !gw_ip_is_loopback(&ip))
            return (struct verdict){0};
        return w->control_loopback || !w->control ? decide("false", 0)
                                                  : decide("dns", 0);
    }
    if (!has_control(w, s->dns))
        return w->page_ok ? decide("dns", 0) : decide(NULL, GW_NULL);
    return w->control_resolved ? decide("dns", 0) : decide("false", 0);
}

static struct verdict walk_steps(const struct walk *w)
{
    struct verdict v = {0};
    for (size_t i = 0; i < w->count && !v.decided; i++) {
        const struct step *s = &w->step[i];
        v = s->type == STEP_HTTP  ? from_page(w, s)
            : s->type == STEP_DNS ? from_lookup(w, s)
                                  : from_endpoint(w, s);
    }
    if (!v.decided)
        v = decide(NULL, GW_NULL);
    // A lookup that disagrees explains whatever went wrong after it.
    bool fine = gw_is(v.blocking, "false") && v.accessible == 1;
    if (!fine && gw_is(dns_consistency(w), "inconsistent"))
        v = decide("dns", 0);
    return v;
}

static void fill_comparison(struct gw_verdict_row *row, const struct walk *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct step *s = &w->step[i];
        struct gw_page_diff diff;
        if (s->type != STEP_HTTP || !is_final(s->http))
            continue;
        if (!w->page_ok)
            return;
        gw_page_compare(s->http, w->page, &diff);
        row->body_proportion = diff.body_proportion;
        row->body_length_match = diff.body_length_match;
        row->status_code_match = diff.status_code_match;
        row->headers_match = diff.headers_match;
        row->title_match = diff.title_match;
        return;
    }
}

// What the end of the classic path says; a lookup without answers alone is no
// failure of the exchange.
static gw_span path_failure(const struct walk *w)
{
    if (!w->count)
        return (gw_span){0};
    const struct step *s = &w->step[0];
    return gw_is(s->failure, "dns_no_answer") ? (gw_span){0} : s->failure;
}

static gw_span lookup_failure(const struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->step[i].type == STEP_DNS &&
            gw_eq(w->step[i].dns->hostname, w->v->m->input_host))
            return w->step[i].failure;
    return (gw_span){0};
}

void gw_verdict(struct gw_block *out, const struct gw_view *v)
{
    struct walk w = {.v = v};
    look_at_control(&w);
    collect_steps(&w);
    qsort(w.step, w.count, sizeof *w.step, by_line);
    lookup_flags(&w);
    endpoint_flags(&w);
    page_flags(&w);
    struct verdict verdict = walk_steps(&w);
    struct gw_verdict_row *row = gw_add_verdict(out);
    row->record = v->m->record;
    row->blocking = verdict.blocking;
    row->accessible = verdict.accessible;
    row->dns_consistency = dns_consistency(&w);
    row->dns_experiment_failure = lookup_failure(&w);
    row->http_experiment_failure = path_failure(&w);
    row->x_dns_flags = w.dns_flags;
    row->x_blocking_flags = w.blocking_flags;
    row->x_null_null_flags = w.null_flags;
    fill_comparison(row, &w);
}
