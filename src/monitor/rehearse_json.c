// What a rehearsal's probe saw, written as OONI Probe writes it (df-001 to
// df-008: queries, connections, handshakes, exchanges, network events).
#include "monitor/rehearse.h"

#include <stdio.h>

// To the microsecond, as probes write times. By hand: a line has hundreds of
// them, and printing doubles would be most of the work.
void gw_rh_put_seconds(struct gw_jw *w, const char *key, double seconds)
{
    char text[32];
    uint64_t micro = (uint64_t)(seconds * 1e6 + 0.5);
    int at = (int)sizeof text, left = 6;
    bool digits = false; // zeros at the end are left out
    for (; left > 0; left--, micro /= 10) {
        digits = digits || micro % 10;
        if (digits)
            text[--at] = (char)('0' + micro % 10);
    }
    if (digits)
        text[--at] = '.';
    do
        text[--at] = (char)('0' + micro % 10);
    while (micro /= 10);
    gw_jw_key(w, key);
    gw_jw_raw(w, gw_span_of(text + at, sizeof text - (size_t)at));
}

void gw_rh_put_times(struct gw_jw *w, double t0, double t)
{
    gw_rh_put_seconds(w, "t0", t0);
    gw_rh_put_seconds(w, "t", t);
}

void gw_rh_put_failure(struct gw_jw *w, const char *failure)
{
    gw_jw_kstr(w, "failure", gw_str(failure));
}

void gw_rh_put_bool(struct gw_jw *w, const char *key, bool v)
{
    gw_jw_key(w, key);
    gw_jw_bool(w, v);
}

void gw_rh_put_null(struct gw_jw *w, const char *key)
{
    gw_jw_key(w, key);
    gw_jw_null(w);
}

void gw_rh_put_tags(struct gw_jw *w, const struct gw_rh_flow *f)
{
    static const char *const tags[2][2] = {
        {"[\"tcptls_experiment\",\"depth=0\",\"fetch_body=false\"]",
         "[\"tcptls_experiment\",\"depth=0\",\"fetch_body=true\"]"},
        {"[\"classic\",\"tcptls_experiment\",\"depth=0\",\"fetch_body=false\"]",
         "[\"classic\",\"tcptls_experiment\",\"depth=0\",\"fetch_body="
         "true\"]"}};
    gw_jw_key(w, "tags");
    gw_jw_raw(w, gw_str(f->web ? tags[f->classic][f->fetch] : "[]"));
    gw_jw_kint(w, "transaction_id", f->id);
}

void gw_rh_endpoint(const struct gw_rh_address *a, int port, char *ret_text)
{
    snprintf(ret_text, GW_RH_ENDPOINT_TEXT, a->ip.v6 ? "[%s]:%d" : "%s:%d",
             a->text, port);
}

// ---- queries ------------------------------------------------------------

struct message {
    uint8_t at[512];
    size_t len;
};

static void put_u16(struct message *m, unsigned v)
{
    m->at[m->len++] = (uint8_t)(v >> 8);
    m->at[m->len++] = (uint8_t)v;
}

static void put_name(struct message *m, const char *name)
{
    gw_span rest = gw_str(name);
    while (rest.len) {
        gw_span label = gw_cut(&rest, '.');
        m->at[m->len++] = (uint8_t)label.len;
        memcpy(m->at + m->len, label.at, label.len);
        m->len += label.len;
    }
    m->at[m->len++] = 0;
}

static bool wants(const struct gw_rh_query *q, const struct gw_rh_address *a)
{
    if (gw_is(gw_str(q->type), "ANY"))
        return true;
    return a->ip.v6 == gw_is(gw_str(q->type), "AAAA");
}

static void put_record(struct message *m, const struct gw_rh_address *a)
{
    size_t len = a->ip.v6 ? 16 : 4;
    put_u16(m, 0xc00c); // the name of the question
    put_u16(m, a->ip.v6 ? 28 : 1);
    put_u16(m, 1);
    put_u16(m, 0);
    put_u16(m, 300);
    put_u16(m, (unsigned)len);
    memcpy(m->at + m->len, a->ip.bytes + 16 - len, len);
    m->len += len;
}

// RFC 1035 section 4.1: a response with one question.
static void put_raw_response(struct gw_rh_line *l, struct gw_jw *w,
                             const struct gw_rh_query *q)
{
    struct message m = {.len = 0};
    unsigned count = 0;
    bool nxdomain = gw_is(gw_str(q->failure), "dns_nxdomain_error");
    for (int i = 0; i < q->count; i++)
        count += wants(q, q->answer[i]);
    put_u16(&m, (unsigned)gw_rand_below(&l->rand, 1 << 16));
    put_u16(&m, nxdomain ? 0x8183 : 0x8180);
    put_u16(&m, 1);
    put_u16(&m, count);
    put_u16(&m, 0);
    put_u16(&m, 0);
    put_name(&m, q->host);
    put_u16(&m, gw_is(gw_str(q->type), "AAAA") ? 28 : 1);
    put_u16(&m, 1);
    for (int i = 0; i < q->count; i++)
        if (wants(q, q->answer[i]))
            put_record(&m, q->answer[i]);
    gw_buf_reset(&l->scratch);
    gw_base64_put(&l->scratch, gw_span_of(m.at, m.len));
    gw_jw_kstr(w, "raw_response", gw_buf_span(&l->scratch));
    if (l->scratch.err)
        w->out->err = w->out->err ? w->out->err : l->scratch.err;
}

static void put_answer(struct gw_jw *w, const struct gw_rh_address *a)
{
    char org[32];
    snprintf(org, sizeof org, "Synthetic AS%lld", (long long)a->asn);
    gw_jw_open(w, '{');
    gw_jw_kint(w, "asn", a->asn);
    gw_jw_kstr(w, "as_org_name", gw_str(org));
    gw_jw_kstr(w, "answer_type", gw_str(a->ip.v6 ? "AAAA" : "A"));
    gw_jw_kstr(w, a->ip.v6 ? "ipv6" : "ipv4", gw_str(a->text));
    gw_rh_put_null(w, "ttl");
    gw_jw_close(w, '}');
}

// Answers of the type asked for; none at all is null.
static int put_answers(struct gw_jw *w, const struct gw_rh_query *q)
{
    int n = 0;
    gw_jw_key(w, "answers");
    for (int i = 0; i < q->count; i++) {
        if (!wants(q, q->answer[i]))
            continue;
        if (!n++)
            gw_jw_open(w, '[');
        put_answer(w, q->answer[i]);
    }
    if (n)
        gw_jw_close(w, ']');
    else
        gw_jw_null(w);
    return n;
}

static void put_query(struct gw_rh_line *l, struct gw_jw *w,
                      const struct gw_rh_query *q)
{
    bool system = gw_is(gw_str(q->engine), "getaddrinfo");
    gw_jw_open(w, '{');
    int n = put_answers(w, q);
    gw_jw_kstr(w, "engine", gw_str(q->engine));
    gw_rh_put_failure(w, q->failure ? q->failure : n ? NULL : "dns_no_answer");
    gw_jw_kstr(w, "hostname", gw_str(q->host));
    gw_jw_kstr(w, "query_type", gw_str(q->type));
    if (!system && !gw_is(gw_str(q->failure), "generic_timeout_error"))
        put_raw_response(l, w, q);
    gw_rh_put_null(w, "resolver_hostname");
    gw_rh_put_null(w, "resolver_port");
    gw_jw_kstr(w, "resolver_address", gw_str(q->resolver));
    gw_rh_put_times(w, q->t0, q->t);
    gw_jw_key(w, "tags");
    gw_jw_raw(w, gw_str(!q->web      ? "[]"
                        : q->classic ? "[\"classic\",\"depth=0\"]"
                                     : "[\"depth=0\"]"));
    gw_jw_kint(w, "transaction_id", q->id);
    gw_jw_close(w, '}');
}

// ---- connections and handshakes -----------------------------------------

static void put_connect(struct gw_rh_line *l, struct gw_jw *w,
                        const struct gw_rh_flow *f)
{
    (void)l;
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "ip", gw_str(f->to->text));
    gw_jw_kint(w, "port", f->port);
    gw_jw_key(w, "status");
    gw_jw_open(w, '{');
    gw_rh_put_failure(w, f->tcp);
    gw_rh_put_bool(w, "success", !f->tcp);
    gw_jw_close(w, '}');
    gw_rh_put_times(w, f->t0, f->connected);
    gw_rh_put_tags(w, f);
    gw_jw_close(w, '}');
}

// The chain is known once it was sent, also when it was not accepted.
static void put_chain(struct gw_jw *w, const struct gw_rh_flow *f)
{
    const char *der;
    gw_jw_key(w, "peer_certificates");
    if (f->tls && !gw_starts(gw_str(f->tls), "ssl_")) {
        gw_jw_raw(w, GW_LIT("[]"));
        return;
    }
    gw_jw_open(w, '[');
    for (int i = 0; (der = gw_rh_certificate(f->chain, i)); i++) {
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "data", gw_str(der));
        gw_jw_kstr(w, "format", GW_LIT("base64"));
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
}

static void put_handshake(struct gw_rh_line *l, struct gw_jw *w,
                          const struct gw_rh_flow *f)
{
    char endpoint[GW_RH_ENDPOINT_TEXT];
    (void)l;
    if (!f->secure || f->tcp)
        return;
    gw_rh_endpoint(f->to, f->port, endpoint);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "network", GW_LIT("tcp"));
    gw_jw_kstr(w, "address", gw_str(endpoint));
    gw_jw_kstr(w, "cipher_suite",
               gw_str(f->tls ? "" : "TLS_AES_128_GCM_SHA256"));
    gw_rh_put_failure(w, f->tls);
    gw_jw_kstr(w, "negotiated_protocol", gw_str(f->tls ? "" : "h2"));
    gw_rh_put_bool(w, "no_tls_verify", false);
    put_chain(w, f);
    gw_jw_kstr(w, "server_name", gw_str(f->host));
    gw_rh_put_times(w, f->connected, f->shaken);
    gw_rh_put_tags(w, f);
    gw_jw_kstr(w, "tls_version", gw_str(f->tls ? "" : "TLSv1.3"));
    gw_jw_close(w, '}');
}

// ---- all of it ----------------------------------------------------------

static double waited(const char *failure, double usual)
{
    gw_span f = gw_str(failure);
    if (gw_is(f, "generic_timeout_error"))
        return 10.0003;
    return gw_ends(f, "_unreachable") ? 0.0004 : usual;
}

void gw_rh_take_time(struct gw_rh_line *l, struct gw_rh_flow *f, double start)
{
    double rtt = l->network->rtt * gw_rh_between(&l->rand, 1, 1.6);
    double work = gw_rh_between(&l->rand, 0.004, 0.02);
    double held = f->slow ? gw_rh_between(&l->rand, 2, 7) : 0;
    double load = f->slow ? gw_rh_between(&l->rand, 7, 9.8) : rtt + work;
    f->t0 = start;
    f->connected = start + waited(f->tcp, rtt);
    f->shaken = f->connected;
    if (f->secure && !f->tcp)
        f->shaken += waited(f->tls, 2 * rtt + work + held);
    f->done = f->shaken;
    if (f->path && !f->tcp && !f->tls)
        f->done += waited(f->http, load);
}

struct gw_rh_flow *gw_rh_add_flow(struct gw_rh_seen *s)
{
    struct gw_rh_flow *f = &s->flow[s->flows];
    if (s->flows < GW_RH_FLOWS - 1)
        s->flows++;
    *f = (struct gw_rh_flow){.method = "GET"};
    return f;
}

struct gw_rh_query *gw_rh_add_query(struct gw_rh_seen *s)
{
    struct gw_rh_query *q = &s->query[s->queries];
    if (s->queries < GW_RH_QUERIES - 1)
        s->queries++;
    *q = (struct gw_rh_query){.resolver = ""};
    return q;
}

// put writes nothing where a flow never came that far.
static void put_flows(struct gw_rh_line *l, struct gw_jw *w, const char *key,
                      const struct gw_rh_seen *s, gw_rh_put_flow *put)
{
    gw_jw_key(w, key);
    gw_jw_open(w, '[');
    for (size_t i = 0; i < s->flows; i++)
        put(l, w, &s->flow[i]);
    gw_jw_close(w, ']');
}

void gw_rh_put_seen(struct gw_rh_line *l, struct gw_jw *w,
                    const struct gw_rh_seen *s)
{
    put_flows(l, w, "network_events", s, gw_rh_put_events);
    gw_jw_key(w, "queries");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < s->queries; i++)
        put_query(l, w, &s->query[i]);
    gw_jw_close(w, ']');
    put_flows(l, w, "requests", s, gw_rh_put_exchange);
    put_flows(l, w, "tcp_connect", s, put_connect);
    put_flows(l, w, "tls_handshakes", s, put_handshake);
}
