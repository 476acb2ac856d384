// A web_connectivity measurement in a rehearsal: what is the matter with the
// site here and now, and what a probe of version 0.5 sees of it.
#include "monitor/rehearse.h"

#include <stdio.h>

#define RESOLVER "203.0.113.53:53" // documentation: abroad, asked over UDP
#define DOH      "https://dns.example/dns-query"

enum { AS_CDN = 65548, AS_CDN_2 = 65549, AS_CDN_HELPER = 65551 };
#define CDN_BASE GW_RH_V4(192, 175, 48, 100) // see rehearse_world.c

// ---- what is the matter -------------------------------------------------

static const struct gw_rh_event *event_of(const struct gw_rh_line *l)
{
    const struct gw_rh_world *w = l->world;
    for (int i = 0; i < w->events; i++) {
        const struct gw_rh_event *e = &w->event[i];
        if (e->site == l->site && e->kind != GW_RH_FLOOD &&
            gw_rh_on(e, l->network_index, l->happened))
            return e;
    }
    return NULL;
}

// Things go wrong now and then without any reason that could be labelled.
static enum gw_rh_kind accident(struct gw_rand *r)
{
    double at = gw_rand_unit(r);
    return at < 0.008   ? GW_RH_TCP_BLOCK
           : at < 0.012 ? GW_RH_ROLLOUT
                        : GW_RH_NOTHING;
}

static void choose_trouble(struct gw_rh_scene *s)
{
    struct gw_rh_line *l = s->l;
    const struct gw_rh_event *e = event_of(l);
    bool strikes = e && gw_rh_chance(&l->rand, e->strength);
    enum gw_rh_kind by_chance = accident(&l->rand);
    if (strikes && e->kind == GW_RH_NXDOMAIN && l->probe->public_resolver)
        strikes = false; // only the network's own resolver lies
    s->trouble = l->flood ? GW_RH_TLS_RESET : strikes ? e->kind : by_chance;
    s->mode = e ? e->mode : 0;
}

static void choose_addresses(struct gw_rh_scene *s)
{
    const struct gw_rh_site *site = s->site;
    for (int i = 0; i < site->count; i++)
        s->real[i] = s->far[i] = &site->address[i];
    s->real_count = s->far_count = site->count;
    if (s->trouble != GW_RH_CDN)
        return;
    int n = s->l->network_index;
    uint32_t base = CDN_BASE + (site->secure ? 0 : 70);
    s->cdn_here = gw_rh_address(base + (uint32_t)n, n % 2 ? AS_CDN : AS_CDN_2);
    s->cdn_helper = gw_rh_address(base + 69, AS_CDN_HELPER);
    s->real[0] = &s->cdn_here;
    s->far[0] = &s->cdn_helper;
    s->real_count = s->far_count = 1;
}

static void set_scene(struct gw_rh_scene *s)
{
    struct gw_rh_line *l = s->l;
    const struct gw_rh_event *v6 =
        gw_rh_find(l->world, GW_RH_V6_BROKEN, l->network_index, l->happened);
    const struct gw_rh_event *alone =
        gw_rh_find(l->world, GW_RH_NO_HELPER, l->network_index, l->happened);
    choose_trouble(s);
    choose_addresses(s);
    s->doh = gw_rh_chance(&l->rand, 0.35);
    s->helper = !gw_rh_chance(&l->rand, 0.008) && !alone;
    if (v6)
        s->v6 = v6->mode % 2 ? "network_unreachable" : "generic_timeout_error";
    s->helper_length =
        (int64_t)(s->site->page.body.len + gw_rand_below(&l->rand, 24));
}

// ---- lookups ------------------------------------------------------------

static bool name_is_gone(const struct gw_rh_scene *s)
{
    return s->trouble == GW_RH_DOWN && s->mode % 3 == 0;
}

static void ask(struct gw_rh_scene *s, const char *engine, const char *type,
                int64_t id, double t)
{
    struct gw_rh_query *q = gw_rh_add_query(&s->l->seen);
    bool own = id == 10001, encrypted = id == 30001;
    q->engine = engine;
    q->resolver = own ? "" : encrypted ? DOH : RESOLVER;
    q->host = s->site->host;
    q->type = type;
    q->id = id;
    q->web = true;
    q->classic = own;
    q->t0 = gw_rh_between(&s->l->rand, 0.0002, 0.0009);
    q->t = q->t0 + t;
    if ((own && s->trouble == GW_RH_NXDOMAIN) || name_is_gone(s)) {
        q->failure = "dns_nxdomain_error";
    } else if (s->trouble == GW_RH_FORGED && !encrypted) {
        q->answer[0] = &s->l->network->portal;
        q->count = 1;
    } else {
        memcpy(q->answer, s->real, sizeof q->answer);
        q->count = s->real_count;
    }
}

static double look_up(struct gw_rh_scene *s)
{
    struct gw_rand *r = &s->l->rand;
    double own = gw_rh_between(r, 0.004, 0.12);
    double abroad = s->l->network->rtt * gw_rh_between(r, 1, 1.4);
    double encrypted = 3 * s->l->network->rtt * gw_rh_between(r, 1, 1.4);
    if (s->doh) {
        ask(s, "doh", "A", 30001, encrypted);
        ask(s, "doh", "AAAA", 30001, encrypted);
    }
    ask(s, "getaddrinfo", "ANY", 10001, own);
    ask(s, "udp", "A", 20001, abroad);
    ask(s, "udp", "AAAA", 20001, abroad);
    return (s->doh ? encrypted : abroad > own ? abroad : own) + 0.001;
}

// ---- connections --------------------------------------------------------

static void settle_portal(const struct gw_rh_scene *s, struct gw_rh_flow *f)
{
    f->chain = GW_RH_CHAIN_PORTAL;
    f->page = &s->l->world->block_page;
    if (!f->secure)
        return;
    if (s->mode & 2)
        f->tcp = "connection_refused";
    else
        f->tls = "ssl_unknown_authority";
}

static void settle_throttled(struct gw_rh_scene *s, struct gw_rh_flow *f)
{
    double at = gw_rand_unit(&s->l->rand);
    f->slow = true;
    if (at < 0.2)
        f->tls = f->secure ? "generic_timeout_error" : NULL;
    else if (at < 0.65)
        f->http = "generic_timeout_error";
}

// What becomes of a connection to the site itself.
static void settle_site(struct gw_rh_scene *s, struct gw_rh_flow *f)
{
    const struct gw_rh_world *w = s->l->world;
    const char *timeout = "generic_timeout_error";
    f->page = &s->site->page;
    if (f->to->ip.v6)
        f->tcp = s->v6;
    switch (s->trouble) {
    case GW_RH_TCP_BLOCK: f->tcp = f->to->ip.v6 ? f->tcp : timeout; break;
    case GW_RH_TLS_RESET:
    case GW_RH_TLS_RESET_ALWAYS:
        f->tls = f->secure ? "connection_reset" : NULL;
        break;
    case GW_RH_ROLLOUT: f->tls = f->secure ? timeout : NULL; break;
    case GW_RH_THROTTLE: settle_throttled(s, f); break;
    case GW_RH_BLOCK_PAGE: f->page = &w->block_page; break;
    case GW_RH_CHALLENGE: f->page = &w->challenge; break;
    case GW_RH_DOWN:
        f->tcp = s->mode % 3 == 1 ? "connection_refused" : timeout;
        break;
    case GW_RH_NOTHING:
    case GW_RH_NXDOMAIN:
    case GW_RH_FORGED:
    case GW_RH_SHUTDOWN:
    case GW_RH_EXAM:
    case GW_RH_CDN:
    case GW_RH_V6_BROKEN:
    case GW_RH_NO_HELPER:
    case GW_RH_SKEW:
    case GW_RH_FLOOD:
    case GW_RH_DEFECT:
    case GW_RH_KIND_COUNT: break;
    }
}

static void dial(struct gw_rh_scene *s, const struct gw_rh_address *a,
                 bool secure)
{
    struct gw_rh_flow *f = gw_rh_add_flow(&s->l->seen);
    const struct gw_rh_seen *seen = &s->l->seen;
    f->to = a;
    f->host = s->site->host;
    f->secure = secure;
    f->port = secure ? 443 : 80;
    f->web = true;
    f->fetch = secure == s->site->secure;
    f->id = (secure ? 50001 : 40001) + s->dialled_count;
    for (size_t i = 0; i < seen->queries; i++)
        for (int k = 0; k < seen->query[i].count; k++)
            if (seen->query[i].classic && seen->query[i].answer[k] == a)
                f->classic = true;
    if (a == &s->l->network->portal)
        settle_portal(s, f);
    else
        settle_site(s, f);
}

static void dial_both(struct gw_rh_scene *s, const struct gw_rh_address *a)
{
    if (s->dialled_count == GW_RH_DIALLED)
        return;
    if (!s->site->secure)
        dial(s, a, false);
    dial(s, a, true);
    s->dialled[s->dialled_count++] = a;
}

// Forged answers hide the site's own addresses, unless somebody tells them.
static bool knows_real(const struct gw_rh_scene *s)
{
    if (s->trouble == GW_RH_FORGED)
        return s->doh || s->helper;
    return !name_is_gone(s);
}

// The first that got through, those of the own resolver first, fetches.
static void fetch(struct gw_rh_seen *seen)
{
    for (int classic = 1; classic >= 0; classic--)
        for (size_t i = 0; i < seen->flows; i++) {
            struct gw_rh_flow *f = &seen->flow[i];
            if (f->classic == classic && f->fetch && !f->tcp && !f->tls) {
                f->path = "/";
                return;
            }
        }
}

static void connect_all(struct gw_rh_scene *s, double start)
{
    struct gw_rh_line *l = s->l;
    if (s->trouble == GW_RH_FORGED)
        dial_both(s, &l->network->portal);
    for (int i = 0; i < s->real_count && knows_real(s); i++)
        dial_both(s, s->real[i]);
    fetch(&l->seen);
    l->runtime = start;
    for (size_t i = 0; i < l->seen.flows; i++) {
        struct gw_rh_flow *f = &l->seen.flow[i];
        gw_rh_take_time(l, f, start + 0.0001 * (double)i);
        l->runtime = f->done > l->runtime ? f->done : l->runtime;
    }
    l->runtime += s->helper ? 0.3 : 30;
}

// ---- the keys -----------------------------------------------------------

static void put_address(struct gw_jw *w, const char *key, const char *address)
{
    gw_jw_key(w, key);
    gw_jw_open(w, '[');
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "address", gw_str(address));
    gw_jw_close(w, '}');
    gw_jw_close(w, ']');
}

// Who asks authoritative servers when the probe asks its resolvers.
static void put_whoami(const struct gw_rh_network *n, struct gw_jw *w)
{
    gw_jw_key(w, "x_dns_whoami");
    gw_jw_open(w, '{');
    put_address(w, "system_v4", n->resolver);
    gw_jw_key(w, "udp_v4");
    gw_jw_open(w, '{');
    put_address(w, RESOLVER, "203.0.113.1");
    gw_jw_close(w, '}');
    gw_jw_close(w, '}');
}

static void put_resolve_events(struct gw_jw *w, const struct gw_rh_query *q)
{
    gw_jw_key(w, "x_do53");
    gw_jw_open(w, '{');
    gw_jw_key(w, "network_events");
    gw_jw_open(w, '[');
    for (int done = 0; done < 2; done++) {
        double t = done ? q->t : q->t0;
        gw_jw_open(w, '{');
        gw_rh_put_failure(w, done ? q->failure : NULL);
        gw_jw_kstr(w, "operation",
                   gw_str(done ? "resolve_done" : "resolve_start"));
        gw_rh_put_times(w, t, t);
        gw_jw_kint(w, "transaction_id", q->id);
        gw_jw_key(w, "tags");
        gw_jw_raw(w, GW_LIT("[\"depth=0\"]"));
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
    gw_jw_key(w, "queries");
    gw_jw_raw(w, GW_LIT("[]"));
    gw_jw_close(w, '}');
}

// Which connection was let through to fetch the page.
static void put_priority_log(struct gw_jw *w, const struct gw_rh_seen *seen)
{
    char endpoint[GW_RH_ENDPOINT_TEXT], text[2 * GW_RH_ENDPOINT_TEXT];
    gw_jw_key(w, "x_conn_priority_log");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < seen->flows; i++) {
        const struct gw_rh_flow *f = &seen->flow[i];
        if (!f->path)
            continue;
        gw_rh_endpoint(f->to, f->port, endpoint);
        snprintf(text, sizeof text, "conn %s: granted permission: true",
                 endpoint);
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "msg", gw_str(text));
        gw_rh_put_seconds(w, "t", f->shaken);
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
}

static void put_extras(const struct gw_rh_scene *s, struct gw_jw *w)
{
    const struct gw_rh_seen *seen = &s->l->seen;
    gw_jw_kstr(w, "agent", GW_LIT("redirect"));
    gw_jw_kstr(w, "client_resolver", gw_str(s->l->network->resolver));
    gw_rh_put_null(w, "retries");
    gw_rh_put_null(w, "socksproxy");
    put_whoami(s->l->network, w);
    put_resolve_events(w, &seen->query[seen->queries - 1]);
    gw_jw_key(w, "x_doh");
    gw_jw_raw(w, GW_LIT("{\"network_events\":[],\"queries\":[],"
                        "\"requests\":[],\"tcp_connect\":[],"
                        "\"tls_handshakes\":[]}"));
    gw_jw_key(w, "x_dns_duplicate_responses");
    gw_jw_raw(w, GW_LIT("[]"));
    put_priority_log(w, seen);
}

void gw_rh_web(struct gw_rh_line *l, struct gw_jw *w)
{
    struct gw_rh_scene s = {.l = l, .site = &l->world->site[l->site]};
    set_scene(&s);
    connect_all(&s, look_up(&s));
    put_extras(&s, w);
    gw_rh_put_seen(l, w, &l->seen);
    gw_rh_put_control(&s, w);
    gw_rh_put_verdict(&s, w);
}
