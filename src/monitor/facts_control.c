// What the test helper saw of the same target at the same time.
#include "monitor/facts.h"

struct control {
    gw_span hostname;
    gw_jv addrs, tcp, tls;
};

static struct gw_control_row *add_row(struct gw_facts *f,
                                      const struct control *c)
{
    struct gw_control_row *row = gw_add_control(f->block);
    row->m = (int64_t)f->m;
    row->hostname = c->hostname;
    return row;
}

static bool same_ip(gw_span a, gw_span b)
{
    gw_ip x, y;
    return gw_ip_parse(a, &x) && gw_ip_parse(b, &y) &&
           memcmp(x.bytes, y.bytes, sizeof x.bytes) == 0;
}

static bool resolved(const struct control *c, gw_span ip)
{
    for (gw_jit it = gw_jv_iter(c->addrs); gw_jit_next(&it);)
        if (same_ip(gw_jv_str(it.value), ip))
            return true;
    return false;
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
static void read_endpoint(struct gw_facts *f, const struct control *c,
                          gw_span key, gw_jv tcp, gw_jv tls)
{
    gw_span ip;
    uint16_t port;
    if (!gw_split_endpoint(key, &ip, &port)) {
        gw_facts_odd(f, "a control endpoint is no address and port");
        return;
    }
    struct gw_control_row *row = add_row(f, c);
    GW_FACTS_ENDPOINT(f, row, ip, port);
    if (resolved(c, ip))
        row->dns_success = 1;
    if (gw_jv_has(tcp))
        fill_tcp(f, row, tcp);
    if (gw_jv_has(tls))
        fill_tls(f, row, tls);
}

static bool has_endpoint(const struct control *c, gw_span ip)
{
    gw_span host;
    uint16_t port;
    for (gw_jit it = gw_jv_iter(c->tcp); gw_jit_next(&it);)
        if (gw_split_endpoint(it.key, &host, &port) && same_ip(host, ip))
            return true;
    for (gw_jit it = gw_jv_iter(c->tls); gw_jit_next(&it);)
        if (gw_split_endpoint(it.key, &host, &port) && same_ip(host, ip))
            return true;
    return false;
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
        if (has_endpoint(c, text))
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

void gw_facts_control(struct gw_facts *f, gw_jv keys, gw_jv control)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    gw_jv dns = gw_jv_get(control, "dns");
    struct control c = {m->input_host, gw_jv_get(dns, "addrs"),
                        gw_jv_get(control, "tcp_connect"),
                        gw_jv_get(control, "tls_handshake")};
    // A helper that could not be reached saw nothing, whatever else the
    // record holds in its place (older probes leave zeros there).
    m->has_control = gw_jv_type(control) == '{' && gw_jv_count(control) > 0 &&
                     !gw_jv_has(gw_jv_get(keys, "control_failure"));
    if (!m->has_control)
        return;
    read_claims(f, gw_jv_get(control, "ip_info"));
    for (gw_jit it = gw_jv_iter(c.tcp); gw_jit_next(&it);)
        read_endpoint(f, &c, it.key, it.value, member(c.tls, it.key));
    for (gw_jit it = gw_jv_iter(c.tls); gw_jit_next(&it);)
        if (!gw_jv_has(member(c.tcp, it.key)))
            read_endpoint(f, &c, it.key, (gw_jv){0}, it.value);
    read_dns(f, &c, dns);
    read_http(f, &c, gw_jv_get(control, "http_request"));
}
