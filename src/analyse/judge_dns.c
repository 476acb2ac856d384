// What lookups of a name come to, each name for itself.
#include "analyse/judge.h"

#include <stdio.h>

enum { ADDRESSES_MAX = 64, NAMES_MAX = 32 };

// The answers of one name, sorted by how they travelled.
struct name {
    gw_span host;
    int64_t depth;
    const struct gw_dns_row *own[ADDRESSES_MAX]; // the network's resolver's
    const struct gw_dns_row *plain[ADDRESSES_MAX];
    const struct gw_dns_row *encrypted[ADDRESSES_MAX];
    size_t own_count, plain_count, encrypted_count;
    const struct gw_dns_row *failure; // of the system's resolver
    const struct gw_dns_row *plain_failure;
    const struct gw_dns_row *any;
    bool own_control; // the helper was asked for this name
};

static bool is_address(const struct gw_dns_row *d)
{
    return gw_is(d->answer_type, "A") || gw_is(d->answer_type, "AAAA");
}

static void keep(const struct gw_dns_row **list, size_t *n,
                 const struct gw_dns_row *d)
{
    if (*n < ADDRESSES_MAX)
        list[(*n)++] = d;
}

static bool is_fatal(const struct gw_dns_row *d)
{
    // No AAAA record is how most names are, not a failure of the lookup.
    return d->failure.at && !(gw_is(d->query_type, "AAAA") &&
                              gw_is(d->failure, "dns_no_answer"));
}

// Where the system's resolver was not asked, the path to those abroad is what
// was measured.
static void judge_plain(struct name *n)
{
    memcpy(n->own, n->plain, n->plain_count * sizeof *n->own);
    n->own_count = n->plain_count;
    n->failure = n->plain_failure;
}

static void collect(const struct gw_view *v, gw_span host, struct name *n)
{
    *n = (struct name){.host = host};
    for (size_t i = 0; i < v->dns_count; i++) {
        const struct gw_dns_row *d = &v->dns[i];
        if (!gw_eq(d->hostname, host))
            continue;
        bool own = gw_engine_is_system(d->engine);
        n->any = n->any ? n->any : d;
        n->depth = gw_depth(d->depth);
        if (is_address(d)) {
            if (own)
                keep(n->own, &n->own_count, d);
            else if (gw_engine_is_encrypted(d->engine))
                keep(n->encrypted, &n->encrypted_count, d);
            else
                keep(n->plain, &n->plain_count, d);
        } else if (own && is_fatal(d)) {
            n->failure = d;
        } else if (!gw_engine_is_encrypted(d->engine) && is_fatal(d)) {
            n->plain_failure = d;
        }
    }
    if (v->web && !n->own_count && !n->failure)
        judge_plain(n);
    n->own_control = v->m->has_control == 1 && gw_eq(host, v->m->input_host);
}

// ---- compared with the helper -------------------------------------------

static bool control_has(const struct gw_view *v, gw_span address)
{
    for (size_t i = 0; i < v->control_count; i++)
        if (v->control[i].dns_success == 1 && gw_eq(v->control[i].ip, address))
            return true;
    return false;
}

static bool control_has_as(const struct gw_view *v, int64_t asn)
{
    for (size_t i = 0; i < v->control_count && asn != GW_NULL && asn; i++)
        if (v->control[i].dns_success == 1 && v->control[i].ip_asn == asn)
            return true;
    return false;
}

static uint64_t control_signals(const struct gw_view *v, const struct name *n)
{
    uint64_t s = 0;
    if (!n->own_control)
        return n->depth > 0 || !gw_eq(n->host, v->m->input_host) ? GW_DNS(hop)
                                                                 : 0;
    for (size_t i = 0; i < v->control_count; i++) {
        const struct gw_control_row *c = &v->control[i];
        if (c->dns_success == 1 && c->ip.at)
            s |= GW_DNS(control) | GW_DNS(control_ok) |
                 (c->ip_is_bogon == 1 ? GW_DNS(control_bogon) : 0);
        else if (c->dns_success == 0)
            s |= GW_DNS(control) | GW_DNS(control_failed);
    }
    return s & GW_DNS(control_ok) ? s & ~GW_DNS(control_failed) : s;
}

// ---- what the addresses turned out to be --------------------------------

// 1 proved itself, 0 is not the site's, -1 nothing is known.
static int proved(const struct gw_view *v, const struct name *n, gw_span ip)
{
    int result = -1;
    for (size_t i = 0; i < v->tls_count; i++) {
        const struct gw_tls_row *t = &v->tls[i];
        if (!gw_eq(t->ip, ip) || !gw_eq(t->server_name, n->host))
            continue;
        if (t->is_certificate_valid == 1)
            return 1;
        if (t->is_certificate_valid == 0)
            result = 0;
    }
    return result;
}

static bool unreachable(const struct gw_view *v, gw_span ip)
{
    bool tried = false;
    for (size_t i = 0; i < v->tcp_count; i++)
        if (gw_eq(v->tcp[i].ip, ip)) {
            tried = true;
            if (v->tcp[i].success == 1)
                return false;
        }
    return tried;
}

// The helper's address served the site here, so the network can reach it.
static bool other_works(const struct gw_view *v)
{
    for (size_t i = 0; i < v->tcp_count; i++)
        if (v->tcp[i].success == 1 && control_has(v, v->tcp[i].ip))
            return true;
    return false;
}

static uint64_t fingerprint_signals(gw_span json)
{
    uint64_t s = 0;
    gw_span scope;
    bool expected;
    gw_cut(&json, '['); // of the list itself
    while (gw_next_hit(&json, &scope, &expected))
        if (!gw_is(scope, "fp")) // what only looks like one
            s |= expected ? GW_DNS(fingerprint) : GW_DNS(fingerprint_elsewhere);
    return s;
}

static uint64_t address_signals(const struct gw_judge *j, const struct name *n)
{
    const struct gw_view *v = j->v;
    uint64_t s = 0;
    size_t dead = 0;
    for (size_t i = 0; i < n->own_count; i++) {
        const struct gw_dns_row *d = n->own[i];
        int proof = proved(v, n, d->answer);
        s |= GW_DNS(answered) | fingerprint_signals(d->fingerprints);
        s |= d->answer_is_bogon == 1 ? GW_DNS(bogon) : 0;
        s |= proof == 1   ? GW_DNS(tls_valid)
             : proof == 0 ? GW_DNS(tls_wrong)
                          : 0;
        if (n->own_control && control_has(v, d->answer))
            s |= GW_DNS(match_address);
        if (n->own_control && control_has_as(v, d->answer_asn))
            s |= GW_DNS(match_as);
        if (gw_pool_says(v->pool, GW_POOL_ADDRESS, n->host, d->answer, 0,
                         v->m->start_time, v->m->probe_asn))
            s |= GW_DNS(pool_address);
        dead += unreachable(v, d->answer);
    }
    if (n->own_count && dead == n->own_count)
        s |= GW_DNS(unreachable) |
             (n->own_control && other_works(v) ? GW_DNS(other_works) : 0);
    return s;
}

// ---- the same question by other ways ------------------------------------

static bool among(const struct gw_dns_row *const *list, size_t n,
                  const struct gw_dns_row *d, bool by_as)
{
    for (size_t i = 0; i < n; i++)
        if (gw_eq(list[i]->answer, d->answer) ||
            (by_as && d->answer_asn != GW_NULL && d->answer_asn &&
             list[i]->answer_asn == d->answer_asn))
            return true;
    return false;
}

static bool none_in(const struct gw_dns_row *const *a, size_t n,
                    const struct gw_dns_row *const *b, size_t m)
{
    for (size_t i = 0; i < n; i++)
        if (among(b, m, a[i], true))
            return false;
    return true;
}

// The system's resolver and those abroad agree to the address, and what came
// encrypted shares neither address nor AS with it.
static bool plain_differs(const struct name *n)
{
    if (!n->own_count || !n->plain_count || !n->encrypted_count)
        return false;
    for (size_t i = 0; i < n->own_count; i++)
        if (!among(n->plain, n->plain_count, n->own[i], false))
            return false;
    return none_in(n->own, n->own_count, n->encrypted, n->encrypted_count) &&
           none_in(n->plain, n->plain_count, n->encrypted, n->encrypted_count);
}

static uint64_t other_ways(const struct gw_view *v, const struct name *n)
{
    uint64_t s = plain_differs(n) ? GW_DNS(plain_differs) : 0;
    for (size_t i = 0; i < n->encrypted_count; i++)
        if (n->own_control && (control_has(v, n->encrypted[i]->answer) ||
                               control_has_as(v, n->encrypted[i]->answer_asn)))
            s |= GW_DNS(encrypted_ok);
    if (gw_pool_says(v->pool, GW_POOL_RESOLVES, n->host, (gw_span){0}, 0,
                     v->m->start_time, v->m->probe_asn))
        s |= GW_DNS(pool_resolves);
    return s;
}

// Likeness has to be seen: where nothing can be compared there is none.
static bool is_same(const struct gw_page_diff *d)
{
    return d->status_code_match == 1 &&
           (d->body_length_match == 1 || d->headers_match == 1 ||
            d->title_match == 1);
}

// Whether the page that came through the system's addresses is the helper's.
static uint64_t content_signals(const struct gw_view *v, const struct name *n)
{
    for (size_t i = 0; i < v->http_count && v->control_http; i++) {
        const struct gw_http_row *h = &v->http[i];
        struct gw_page_diff diff;
        bool here = !h->ip.at;
        for (size_t k = 0; k < n->own_count; k++)
            here = here || gw_eq(n->own[k]->answer, h->ip);
        if (!here || h->failure.at || h->response_status_code == GW_NULL ||
            h->response_status_code / 100 == 3 || h->is_tor == 1 ||
            !gw_eq(h->hostname, n->host) || v->control_http->http_failure.at)
            continue;
        gw_page_compare(h, v->control_http, &diff);
        return diff.differs     ? GW_DNS(content_differs)
               : is_same(&diff) ? GW_DNS(content_same)
                                : 0;
    }
    return 0;
}

static void distrust(struct gw_judge *j, const struct name *n)
{
    for (size_t i = 0; i < n->own_count; i++) {
        const struct gw_dns_row *d = n->own[i];
        if (control_has(j->v, d->answer) ||
            among(n->encrypted, n->encrypted_count, d, false) ||
            j->distrusted_count == GW_COUNT(j->distrusted))
            continue;
        j->distrusted[j->distrusted_count++] = d->answer;
    }
}

static gw_span describe(struct gw_judge *j, const struct name *n)
{
    const struct gw_dns_row *d = n->own_count ? n->own[0]
                                 : n->failure ? n->failure
                                              : n->any;
    gw_span what = d->answer.at ? d->answer : d->failure;
    return GW_JOIN(j, n->host, GW_LIT(": "), what,
                   n->own_count > 1 ? GW_LIT(" and others") : (gw_span){0});
}

static void judge_name(struct gw_judge *j, gw_span host)
{
    const struct gw_view *v = j->v;
    struct name n;
    collect(v, host, &n);
    uint64_t s = control_signals(v, &n) | address_signals(j, &n) |
                 other_ways(v, &n) | content_signals(v, &n);
    if (!n.own_count && n.failure)
        s |= GW_DNS(failed);
    if (!(s & (GW_DNS(failed) | GW_DNS(answered))))
        return; // only asked of others than the network's resolver
    if (!v->reached && gw_helper_got_page(v))
        s |= GW_DNS(final_ok);
    const struct gw_dns_row *seen = n.own_count ? n.own[0] : n.failure;
    struct gw_subject *subject = gw_subject_add(
        j, GW_LAYER_DNS, s, GW_TABLE_dns, seen->list, seen->item);
    if (!subject)
        return;
    subject->main = true;
    subject->depth = n.depth;
    subject->detail = describe(j, &n);
    if (subject->state == GW_STATE_BLOCKED)
        distrust(j, &n);
}

void gw_judge_dns(struct gw_judge *j)
{
    gw_span names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < j->v->dns_count; i++) {
        const struct gw_dns_row *d = &j->v->dns[i];
        bool known = !d->hostname.len || d->list == GW_LIST_BOOTSTRAP;
        gw_ip ip;
        for (size_t k = 0; k < count && !known; k++)
            known = gw_eq(names[k], d->hostname);
        // An address "looked up" is no lookup: probes record it all the same.
        if (known || count == NAMES_MAX || gw_ip_parse(d->hostname, &ip))
            continue;
        names[count++] = d->hostname;
        judge_name(j, d->hostname);
    }
}
