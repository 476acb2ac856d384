// What the test helper saw of the same target at the same time.
#include "monitor/facts.h"

// Addresses or endpoints of one list: each is looked for among the others, so
// there is a bound to them. Helpers test a few dozen.
enum { CONTROL_MAX = 1024 };

struct addresses {
    gw_ip at[2 * CONTROL_MAX];
    size_t count;
};

struct control {
    gw_span hostname;
    gw_jv addrs, tcp, tls;
    struct addresses resolved, tested;
};

static struct gw_control_row *add_row(struct gw_facts *f,
                                      const struct control *c)
{
    struct gw_control_row *row = gw_add_control(f->block);
    row->m = (int64_t)f->m;
    row->hostname = c->hostname;
    return row;
}

static bool is_among(const struct addresses *list, const gw_ip *ip)
{
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(list->at[i].bytes, ip->bytes, sizeof ip->bytes) == 0)
            return true;
    return false;
}

static void add_address(struct addresses *list, gw_span text)
{
    if (list->count < GW_COUNT(list->at) &&
        gw_ip_parse(text, &list->at[list->count]))
        list->count++;
}

static void fill_tcp(struct gw_facts *f, struct gw_control_row *row, gw_jv v)
{
    int64_t status = gw_facts_bool(gw_jv_get(v, "status"));
    row->tcp_failure = gw_facts_failure(f, gw_jv_get(v, "failure"));
    row->tcp_success = status != GW_NULL ? status : !row->tcp_failure.at;
}

static void fill_tls(struct gw_facts *f, struct gw_control_row *row, gw_jv v)
{
    int64_t status = gw_facts_bool(gw_jv_get(v, "status"));
    row->tls_failure = gw_facts_failure(f, gw_jv_get(v, "failure"));
    row->tls_success = status != GW_NULL ? status : !row->tls_failure.at;
    row->tls_server_name =
        gw_facts_host(f, gw_jv_str(gw_jv_get(v, "server_name")));
}

static gw_jv member(gw_jv map, gw_span key)
{
    for (gw_jit it = gw_jv_iter(map); gw_jit_next(&it);)
        if (gw_eq(it.key, key))
            return it.value;
    return (gw_jv){0};
}

// An endpoint may be in tls_handshake alone: it still is a row of its own.
static void read_endpoint(struct gw_facts *f, struct control *c, gw_span key,
                          gw_jv tcp, gw_jv tls)
{
    gw_span ip;
    gw_ip address;
    uint16_t port;
    if (!gw_split_endpoint(key, &ip, &port)) {
        gw_facts_odd(f, "a control endpoint is no address and port");
        return;
    }
    struct gw_control_row *row = add_row(f, c);
    GW_FACTS_ENDPOINT(f, row, ip, port);
    add_address(&c->tested, ip);
    if (gw_ip_parse(ip, &address) && is_among(&c->resolved, &address))
        row->dns_success = 1;
    if (gw_jv_has(tcp))
        fill_tcp(f, row, tcp);
    if (gw_jv_has(tls))
        fill_tls(f, row, tls);
}

static void read_dns(struct gw_facts *f, const struct control *c, gw_jv dns)
{
    gw_span failure = gw_facts_failure(f, gw_jv_get(dns, "failure"));
    size_t addresses = 0;
    gw_ip ip;
    for (gw_jit it = gw_jv_iter(c->addrs); gw_jit_next(&it);) {
        gw_span text = gw_jv_str(it.value);
        if (!gw_ip_parse(text, &ip))
            continue; // the first helper lists CNAMEs here as well
        addresses++;
        if (is_among(&c->tested, &ip))
            continue;
        struct gw_control_row *row = add_row(f, c);
        GW_FACTS_ENDPOINT(f, row, text, GW_NULL);
        row->dns_success = 1;
    }
    if (!failure.at && (addresses || gw_jv_type(dns) != '{'))
        return;
    struct gw_control_row *row = add_row(f, c);
    row->dns_failure = failure;
    row->dns_success = 0;
}

static int64_t not_negative(int64_t v)
{
    return v < 0 ? GW_NULL : v;
}

static void read_http(struct gw_facts *f, const struct control *c, gw_jv http)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    if (gw_jv_type(http) != '{')
        return;
    struct gw_control_row *row = add_row(f, c);
    row->http_request_url = m->input;
    row->http_failure = gw_facts_failure(f, gw_jv_get(http, "failure"));
    row->http_success = !row->http_failure.at;
    row->http_status_code =
        not_negative(gw_facts_int(gw_jv_get(http, "status_code")));
    row->http_response_body_length =
        not_negative(gw_facts_int(gw_jv_get(http, "body_length")));
    row->http_title = gw_facts_keep(f, gw_jv_str(gw_jv_get(http, "title")));
    row->http_header_names =
        gw_facts_header_names(f, gw_jv_get(http, "headers"));
}

static void read_claims(struct gw_facts *f, gw_jv ip_info)
{
    for (gw_jit it = gw_jv_iter(ip_info); gw_jit_next(&it);)
        gw_facts_claim(f, it.key, gw_facts_asn(gw_jv_get(it.value, "asn")),
                       (gw_span){0});
}

static gw_jv bounded(struct gw_facts *f, gw_jv list, const char *name)
{
    if (gw_jv_count(list) <= CONTROL_MAX)
        return list;
    gw_facts_odd(f, "control.%s holds more than %d: left out", name,
                 CONTROL_MAX);
    return (gw_jv){0};
}

void gw_facts_control(struct gw_facts *f, gw_jv keys, gw_jv control)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    gw_jv dns = gw_jv_get(control, "dns");
    struct control c;
    // A helper that could not be reached saw nothing, whatever else the
    // record holds in its place (older probes leave zeros there).
    m->has_control = gw_jv_type(control) == '{' && gw_jv_count(control) > 0 &&
                     !gw_jv_has(gw_jv_get(keys, "control_failure"));
    if (!m->has_control)
        return;
    c.hostname = m->input_host;
    c.resolved.count = c.tested.count = 0;
    c.addrs = bounded(f, gw_jv_get(dns, "addrs"), "dns.addrs");
    c.tcp = bounded(f, gw_jv_get(control, "tcp_connect"), "tcp_connect");
    c.tls = bounded(f, gw_jv_get(control, "tls_handshake"), "tls_handshake");
    for (gw_jit it = gw_jv_iter(c.addrs); gw_jit_next(&it);)
        add_address(&c.resolved, gw_jv_str(it.value));
    read_claims(f, gw_jv_get(control, "ip_info"));
    for (gw_jit it = gw_jv_iter(c.tcp); gw_jit_next(&it);)
        read_endpoint(f, &c, it.key, it.value, member(c.tls, it.key));
    for (gw_jit it = gw_jv_iter(c.tls); gw_jit_next(&it);)
        if (!gw_jv_type(member(c.tcp, it.key)))
            read_endpoint(f, &c, it.key, (gw_jv){0}, it.value);
    read_dns(f, &c, dns);
    read_http(f, &c, gw_jv_get(control, "http_request"));
}
