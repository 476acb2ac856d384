// Messengers and Tor in a rehearsal: telegram, whatsapp, signal and tor, in
// the forms that their nettests have.
#include "monitor/rehearse.h"

#include <stdio.h>

enum {
    AS_APPS = 65550,
    TELEGRAM = 101, // last octets
    WHATSAPP = 111,
    SIGNAL = 121,
    TOR = 131
};

#define APP_BASE GW_RH_V4(192, 31, 196, 0) // see rehearse_world.c

#define TEXT(s)                                                                \
    {                                                                          \
        (const uint8_t *)("" s), sizeof(s) - 1                                 \
    }
static const struct gw_rh_page answer_page = {
    200, TEXT("{\"status\":\"ok\"}"), {0}, "apps", NULL, NULL};
static const struct gw_rh_page refusal_page = {
    501,  TEXT("<html><head><title>501 Not Implemented</title></head></html>"),
    {0},  "apps",
    NULL, NULL};

// The addresses of one measurement live as long as it does.
struct app {
    struct gw_rh_line *l;
    struct gw_rh_address address[8];
    int64_t next_id;
    bool blocked; // all of it
};

// The event of this nettest that strikes this measurement, or NULL.
static const struct gw_rh_event *event_of(struct gw_rh_line *l)
{
    const struct gw_rh_world *w = l->world;
    for (int i = 0; i < w->events; i++) {
        const struct gw_rh_event *e = &w->event[i];
        if (e->test == l->test && e->test != GW_RH_WEB &&
            gw_rh_on(e, l->network_index, l->happened) &&
            gw_rh_chance(&l->rand, e->strength))
            return e;
    }
    return NULL;
}

static void name_addresses(struct app *a, int first)
{
    for (int i = 0; i < (int)GW_COUNT(a->address); i++)
        a->address[i] =
            gw_rh_address(APP_BASE + (uint32_t)(first + i), AS_APPS);
}

static void resolve(struct app *a, const char *host, int address)
{
    struct gw_rh_query *q = gw_rh_add_query(&a->l->seen);
    q->engine = "getaddrinfo";
    q->type = "ANY";
    q->host = host;
    q->answer[0] = &a->address[address];
    q->count = 1;
    q->id = a->next_id++;
    q->t0 = 0.0004 * (double)q->id;
    q->t = q->t0 + gw_rh_between(&a->l->rand, 0.004, 0.12);
}

static struct gw_rh_flow *dial(struct app *a, const char *host, int address,
                               int port)
{
    struct gw_rh_flow *f = gw_rh_add_flow(&a->l->seen);
    f->to = &a->address[address];
    f->host = host;
    f->port = port;
    f->secure = port == 443;
    f->chain = GW_RH_CHAIN_APP;
    f->id = a->next_id++;
    if (a->blocked || gw_rh_chance(&a->l->rand, 0.004))
        f->tcp = "generic_timeout_error";
    return f;
}

static const char *failure_of(const struct gw_rh_flow *f)
{
    return f->tcp ? f->tcp : f->tls ? f->tls : f->http;
}

static struct gw_rh_flow *get(struct app *a, const char *host, int address,
                              const char *path)
{
    resolve(a, host, address);
    struct gw_rh_flow *f = dial(a, host, address, 443);
    f->path = path;
    f->page = &answer_page;
    return f;
}

static void take_time(struct app *a)
{
    struct gw_rh_line *l = a->l;
    for (size_t i = 0; i < l->seen.flows; i++) {
        struct gw_rh_flow *f = &l->seen.flow[i];
        gw_rh_take_time(l, f, 0.13 + 0.001 * (double)i);
        l->runtime = f->done > l->runtime ? f->done : l->runtime;
    }
}

static void put_common(struct gw_jw *w)
{
    gw_jw_kstr(w, "agent", GW_LIT("redirect"));
    gw_rh_put_null(w, "failed_operation");
    gw_rh_put_null(w, "failure");
}

static void put_status(struct gw_jw *w, const char *prefix, const char *failure)
{
    char key[64];
    snprintf(key, sizeof key, "%s_failure", prefix);
    gw_jw_kstr(w, key, gw_str(failure));
    snprintf(key, sizeof key, "%s_status", prefix);
    gw_jw_kstr(w, key, gw_str(failure ? "blocked" : "ok"));
}

// ---- telegram -----------------------------------------------------------

enum { TELEGRAM_CENTRES = 5 };

static void put_telegram(struct app *a, struct gw_jw *w)
{
    char host[TELEGRAM_CENTRES * 2][GW_RH_ENDPOINT_TEXT];
    struct gw_rh_flow *f;
    bool connected = false;
    name_addresses(a, TELEGRAM);
    for (int i = 0; i < 2 * TELEGRAM_CENTRES; i++) {
        int port = i % 2 ? 443 : 80;
        gw_rh_endpoint(&a->address[i / 2], port, host[i]);
        f = dial(a, host[i], i / 2, port);
        f->secure = false; // plain HTTP, on port 443 too
        f->method = "POST";
        f->path = "/";
        f->page = &refusal_page;
        connected = connected || !f->tcp;
    }
    f = get(a, "web.telegram.example", 7, "/");
    take_time(a);
    put_common(w);
    gw_rh_put_seen(a->l, w, &a->l->seen);
    gw_rh_put_bool(w, "telegram_tcp_blocking", !connected);
    gw_rh_put_bool(w, "telegram_http_blocking", !connected);
    put_status(w, "telegram_web", failure_of(f));
}

// ---- whatsapp -----------------------------------------------------------

static void put_whatsapp(struct app *a, struct gw_jw *w)
{
    static const char *const hosts[] = {
        "e1.whatsapp.example", "e2.whatsapp.example", "e3.whatsapp.example",
        "e4.whatsapp.example", "e5.whatsapp.example", "e6.whatsapp.example"};
    bool dead[GW_COUNT(hosts)];
    name_addresses(a, WHATSAPP);
    for (int i = 0; i < (int)GW_COUNT(hosts); i++) {
        resolve(a, hosts[i], i);
        struct gw_rh_flow *f = dial(a, hosts[i], i, 443);
        f->secure = false; // only connected to
        dead[i] = dial(a, hosts[i], i, 5222)->tcp && f->tcp;
    }
    const char *app =
        failure_of(get(a, "v.whatsapp.example", 6, "/v2/register"));
    const char *web = failure_of(get(a, "web.whatsapp.example", 7, "/"));
    bool any = false;
    take_time(a);
    put_common(w);
    gw_rh_put_seen(a->l, w, &a->l->seen);
    put_status(w, "registration_server", app);
    gw_jw_key(w, "whatsapp_endpoints_blocked");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < GW_COUNT(hosts); i++) {
        any = any || dead[i];
        if (dead[i])
            gw_jw_str(w, gw_str(hosts[i]));
    }
    gw_jw_close(w, ']');
    gw_jw_key(w, "whatsapp_endpoints_dns_inconsistent");
    gw_jw_raw(w, GW_LIT("[]"));
    gw_jw_kstr(w, "whatsapp_endpoints_status", gw_str(any ? "blocked" : "ok"));
    put_status(w, "whatsapp_web", web);
}

// ---- signal -------------------------------------------------------------

static void put_signal(struct app *a, struct gw_jw *w, bool defect)
{
    static const char *const hosts[] = {
        "chat.signal.example", "storage.signal.example", "cdn.signal.example",
        "cdn2.signal.example"};
    const char *failure = NULL;
    name_addresses(a, SIGNAL);
    for (int i = 0; i < (int)GW_COUNT(hosts); i++) {
        struct gw_rh_flow *f = get(a, hosts[i], i, "/");
        if (defect && !f->tcp)
            f->tls = "ssl_unknown_authority";
        if (!failure)
            failure = failure_of(f);
    }
    take_time(a);
    put_common(w);
    gw_rh_put_seen(a->l, w, &a->l->seen);
    put_status(w, "signal_backend", failure);
}

// ---- tor ----------------------------------------------------------------

static const struct {
    const char *name, *protocol;
    int port;
} tor_targets[] = {{"", "dir_port", 9030},
                   {"", "or_port_dirauth", 9001},
                   {"", "or_port", 443},
                   {"rehearsal-bridge", "obfs4", 4431}};

static void put_target(struct app *a, struct gw_jw *w, int i)
{
    struct gw_rh_seen *seen = &a->l->seen;
    char endpoint[GW_RH_ENDPOINT_TEXT];
    *seen = (struct gw_rh_seen){.queries = 0};
    gw_rh_endpoint(&a->address[i], tor_targets[i].port, endpoint);
    struct gw_rh_flow *f = dial(a, endpoint, i, tor_targets[i].port);
    bool directory = gw_is(gw_str(tor_targets[i].protocol), "dir_port");
    f->secure = gw_starts(gw_str(tor_targets[i].protocol), "or_port");
    f->path = directory ? "/tor/status-vote/current/consensus.z" : NULL;
    f->page = &answer_page;
    take_time(a);
    gw_jw_key(w, endpoint);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "agent", GW_LIT("redirect"));
    gw_rh_put_failure(w, failure_of(f));
    gw_rh_put_seen(a->l, w, seen);
    gw_jw_kstr(w, "target_address", gw_str(endpoint));
    gw_jw_kstr(w, "target_name", gw_str(tor_targets[i].name));
    gw_jw_kstr(w, "target_protocol", gw_str(tor_targets[i].protocol));
    gw_jw_close(w, '}');
}

static void put_tor(struct app *a, struct gw_jw *w)
{
    name_addresses(a, TOR);
    gw_jw_kint(w, "dir_port_total", 1);
    gw_jw_kint(w, "obfs4_total", 1);
    gw_jw_kint(w, "or_port_total", 1);
    gw_jw_kint(w, "or_port_dirauth_total", 1);
    gw_jw_key(w, "targets");
    gw_jw_open(w, '{');
    for (int i = 0; i < (int)GW_COUNT(tor_targets); i++)
        put_target(a, w, i);
    gw_jw_close(w, '}');
}

void gw_rh_app(struct gw_rh_line *l, struct gw_jw *w)
{
    struct app a = {.l = l, .next_id = 1};
    const struct gw_rh_event *e = event_of(l);
    a.blocked = e && e->kind == GW_RH_EXAM;
    bool defect = e && e->kind == GW_RH_DEFECT && l->probe->defect;
    switch (l->test) {
    case GW_RH_TELEGRAM: put_telegram(&a, w); break;
    case GW_RH_WHATSAPP: put_whatsapp(&a, w); break;
    case GW_RH_SIGNAL: put_signal(&a, w, defect); break;
    case GW_RH_TOR: put_tor(&a, w); break;
    case GW_RH_WEB:
    case GW_RH_TEST_COUNT: break;
    }
}
