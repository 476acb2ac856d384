// What connections and handshakes come to, each for itself.
#include "analyse/judge.h"

#include <math.h>

enum { SLOW_FACTOR = 8 };

bool gw_untrusted(const struct gw_judge *j, gw_span ip)
{
    for (size_t i = 0; i < j->distrusted_count; i++)
        if (gw_eq(j->distrusted[i], ip))
            return true;
    return false;
}

static uint64_t failure_signals(gw_span f)
{
    static const struct {
        const char *name;
        uint64_t signal;
    } kinds[] = {
        {"connection_reset", GW_END(reset)},
        {"connection_aborted", GW_END(reset)},
        {"eof_error", GW_END(ended)},
        {"generic_timeout_error", GW_END(timeout)},
        {"connection_refused", GW_END(refused)},
        {"ssl_invalid_hostname", GW_END(certificate)},
        {"ssl_unknown_authority", GW_END(certificate)},
        {"ssl_invalid_certificate", GW_END(certificate)},
        {"host_unreachable", GW_END(no_route)},
        {"network_unreachable", GW_END(no_route)},
        {"network_down", GW_END(no_route)},
    };
    if (!f.at)
        return GW_END(ok);
    for (size_t i = 0; i < GW_COUNT(kinds); i++)
        if (gw_is(f, kinds[i].name))
            return GW_END(failed) | kinds[i].signal;
    if (gw_find(f, GW_LIT("first record does not look like a TLS"), 0) >= 0)
        return GW_END(failed) | GW_END(not_tls);
    return GW_END(failed);
}

// Probes whose IPv6 leads nowhere are common: when no connection over it works
// and one over IPv4 does, its timeouts say nothing about the site.
static bool v6_is_broken(const struct gw_view *v)
{
    bool v4_works = false;
    for (size_t i = 0; i < v->tcp_count; i++) {
        gw_ip ip;
        if (v->tcp[i].success != 1 || !gw_ip_parse(v->tcp[i].ip, &ip))
            continue;
        if (ip.v6)
            return false;
        v4_works = true;
    }
    return v4_works;
}

// No route over IPv6 is the probe's trouble; over IPv4 it may be a blocking.
static uint64_t common_signals(const struct gw_judge *j, gw_span ip,
                               int64_t depth, uint64_t s)
{
    const struct gw_view *v = j->v;
    gw_ip parsed;
    bool v6 = gw_ip_parse(ip, &parsed) && parsed.v6;
    s |= v6 ? GW_END(v6) : 0;
    if (!v6)
        s &= ~GW_END(no_route);
    else if ((s & GW_END(timeout)) && v6_is_broken(v))
        s |= GW_END(no_route);
    s |= gw_untrusted(j, ip) ? GW_END(untrusted) : 0;
    s |= gw_depth(depth) > 0 ? GW_END(hop) : 0;
    if (gw_depth(depth) > 0 && !v->reached && gw_helper_got_page(v))
        s |= GW_END(final_ok);
    return s;
}

// Address AND port: port 443 that works says nothing about port 444.
static const struct gw_control_row *control_of(const struct gw_view *v,
                                               gw_span ip, int64_t port)
{
    for (size_t i = 0; i < v->control_count; i++)
        if (v->control[i].port == port && port != GW_NULL &&
            gw_eq(v->control[i].ip, ip))
            return &v->control[i];
    return NULL;
}

static void judge_tcp(struct gw_judge *j, const struct gw_tcp_row *t)
{
    const struct gw_view *v = j->v;
    const struct gw_control_row *c = control_of(v, t->ip, t->port);
    uint64_t s =
        common_signals(j, t->ip, t->depth, failure_signals(t->failure));
    if (c && c->tcp_success == 1)
        s |= GW_END(control_ok);
    else if (c && c->tcp_success == 0)
        s |= GW_END(control_failed);
    if (gw_pool_says(v->pool, GW_POOL_TCP, (gw_span){0}, t->ip, t->port,
                     v->m->start_time, v->m->probe_asn))
        s |= GW_END(pool_ok);
    struct gw_subject *subject =
        gw_subject_add(j, GW_LAYER_TCP, s, GW_TABLE_tcp, t->list, t->item);
    if (!subject)
        return;
    subject->main = t->fetch_body != 0;
    subject->depth = gw_depth(t->depth);
    subject->detail =
        GW_JOIN(j, t->ip, GW_LIT(" port "), gw_number(j, t->port), GW_LIT(": "),
                t->failure.at ? t->failure : GW_LIT("connected"));
}

// Before helpers did handshakes themselves, their page over https tells that
// the handshake worked.
static uint64_t tls_control(const struct gw_view *v, const struct gw_tls_row *t)
{
    const struct gw_control_row *c = control_of(v, t->ip, t->port);
    if (c && c->tls_success == 1)
        return GW_END(control_ok);
    if (c && c->tls_success == 0)
        return GW_END(control_failed);
    bool asked = gw_is(v->m->input_scheme, "https") &&
                 gw_eq(t->server_name, v->m->input_host) && v->control_http;
    if (!asked || gw_depth(t->depth) > 0)
        return 0;
    if (gw_helper_got_page(v))
        return GW_END(control_ok);
    return v->control_http->http_failure.at ? GW_END(control_failed) : 0;
}

static bool is_slow(const struct gw_view *v, const struct gw_tls_row *t)
{
    double usual = gw_pool_usual(v->pool, t->server_name, v->m->start_time);
    return t->handshake_time > SLOW_FACTOR * usual && t->handshake_time > 1;
}

static void judge_tls(struct gw_judge *j, const struct gw_tls_row *t)
{
    const struct gw_view *v = j->v;
    enum gw_layer layer = gw_is(t->network, "udp") || gw_is(t->network, "quic")
                              ? GW_LAYER_QUIC
                              : GW_LAYER_TLS;
    uint64_t s =
        common_signals(j, t->ip, t->depth, failure_signals(t->failure));
    if (layer == GW_LAYER_TLS)
        s |= tls_control(v, t);
    s |= is_slow(v, t) ? GW_END(slow) : 0;
    if (gw_pool_says(v->pool, GW_POOL_TLS, t->server_name, t->ip, t->port,
                     v->m->start_time, v->m->probe_asn))
        s |= GW_END(pool_ok);
    struct gw_subject *subject =
        gw_subject_add(j, layer, s, GW_TABLE_tls, t->list, t->item);
    if (!subject)
        return;
    subject->main = t->fetch_body != 0;
    subject->depth = gw_depth(t->depth);
    subject->detail =
        GW_JOIN(j, t->server_name, GW_LIT(" at "), t->ip, GW_LIT(" port "),
                gw_number(j, t->port), GW_LIT(": "),
                t->failure.at ? t->failure : GW_LIT("handshake done"));
}

void gw_judge_endpoints(struct gw_judge *j)
{
    // A row that names neither end says nothing: probes leave such behind.
    for (size_t i = 0; i < j->v->tcp_count; i++)
        if (j->v->tcp[i].ip.at || j->v->tcp[i].host.at)
            judge_tcp(j, &j->v->tcp[i]);
    for (size_t i = 0; i < j->v->tls_count; i++)
        if (j->v->tls[i].ip.at || j->v->tls[i].server_name.at)
            judge_tls(j, &j->v->tls[i]);
}
