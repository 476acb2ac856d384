// The columns of an obs_web row that belong to no single fact, and where the
// value of each column stands.
#include "model/obs_web_row.h"

bool gw_obs_web_is_ip(gw_span s)
{
    gw_ip ip;
    return s.len && gw_ip_parse(s, &ip);
}

gw_span gw_obs_web_name(gw_span host)
{
    return host.len && !gw_obs_web_is_ip(host) ? host : (gw_span){0};
}

// '#' in the pattern stands for any digits.
static bool matches(const char *pattern, gw_span s)
{
    size_t at = 0;
    for (; *pattern; pattern++) {
        if (*pattern == '#')
            while (at < s.len && s.at[at] >= '0' && s.at[at] <= '9')
                at++;
        else if (at < s.len && s.at[at] == (uint8_t)*pattern)
            at++;
        else
            return false;
    }
    return at == s.len;
}

// OONI's names for the services of the messenger tests, which have no input.
static gw_span service_of(gw_span test, gw_span host)
{
    static const struct {
        const char *test, *host, *id;
    } services[] = {
        {"telegram", "web.telegram.org", "telegram/web"},
        {"whatsapp", "e#.whatsapp.net", "whatsapp/endpoints"},
        {"whatsapp", "v.whatsapp.net", "whatsapp/registration"},
        {"whatsapp", "web.whatsapp.com", "whatsapp/web"},
        {"signal", "chat.signal.org", "signal/chat"},
        {"signal", "textsecure-service.whispersystems.org", "signal/chat"},
        {"signal", "cdsi.signal.org", "signal/directory"},
        {"signal", "api.directory.signal.org", "signal/directory"},
        {"signal", "cdn#.signal.org", "signal/cdn"},
        {"signal", "sfu.voip.signal.org", "signal/sfu"},
        {"signal", "storage.signal.org", "signal/storage"},
        {"signal", "uptime.signal.org", "signal/uptime"},
#define FB(host, id) {"facebook_messenger", host, "facebook_messenger/" id}
        FB("star.c10r.facebook.com", "star"),
        FB("b-api.facebook.com", "b_api"),
        FB("b-graph.facebook.com", "b_graph"),
        FB("edge-mqtt.facebook.com", "edge"),
        FB("external.xx.fbcdn.net", "external_cdn"),
        FB("scontent.xx.fbcdn.net", "scontent_cdn"),
        FB("stun.fbsbx.com", "stun"),
#undef FB
    };
    for (size_t i = 0; i < GW_COUNT(services); i++)
        if (gw_is(test, services[i].test) && matches(services[i].host, host))
            return gw_str(services[i].id);
    if (gw_is(test, "telegram") &&
        gw_obs_web_is_ip(host)) // datacentres have no names
        return GW_LIT("telegram/dc_pool");
    return (gw_span){0};
}

static void fill_address(struct gw_obs_web_row *r)
{
#define ADDRESS(f)                                                             \
    if ((f) && (f)->ip.at && !r->ip.at) {                                      \
        r->ip = (f)->ip;                                                       \
        r->ip_asn = (f)->ip_asn;                                               \
        r->ip_as_org_name = (f)->ip_as_org_name;                               \
        r->ip_as_cc = (f)->ip_as_cc;                                           \
        r->ip_cc = (f)->ip_cc;                                                 \
        r->ip_is_bogon = (f)->ip_is_bogon;                                     \
    }
    ADDRESS(r->tcp)
    ADDRESS(r->tls)
    ADDRESS(r->http)
#undef ADDRESS
    const struct gw_dns_row *d = r->dns;
    if (d && !r->ip.at && gw_obs_web_is_ip(d->answer)) {
        r->ip = d->answer;
        r->ip_asn = d->answer_asn;
        r->ip_as_org_name = d->answer_as_org_name;
        r->ip_as_cc = d->answer_as_cc;
        r->ip_cc = d->answer_cc;
        r->ip_is_bogon = d->answer_is_bogon;
    }
}

static void fill_endpoint(struct gw_obs_web_row *r)
{
#define FIRST(column, f)                                                       \
    if (r->column == GW_NULL && (f))                                           \
        r->column = (f)->column;
    FIRST(port, r->tcp)
    FIRST(port, r->tls)
    FIRST(port, r->http)
    FIRST(transaction_id, r->tcp)
    FIRST(transaction_id, r->tls)
    FIRST(transaction_id, r->http)
    FIRST(transaction_id, r->dns)
#undef FIRST
}

static gw_span hostname(const struct gw_obs_web_row *r, bool of_input)
{
    if (r->dns && r->dns->hostname.at)
        return r->dns->hostname;
    if (r->http && r->http->hostname.at)
        return r->http->hostname;
    if (r->tls && gw_obs_web_name(r->tls->server_name).at)
        return r->tls->server_name;
    return of_input ? r->measurement->input_host : (gw_span){0};
}

void gw_obs_web_fill(struct gw_obs_web_row *r,
                     const struct gw_measurement_row *m, gw_span day,
                     int64_t index)
{
    gw_span target = r->dns    ? r->dns->target
                     : r->tcp  ? r->tcp->target
                     : r->tls  ? r->tls->target
                     : r->http ? r->http->target
                               : (gw_span){0};
    r->measurement = m;
    r->bucket_date = day;
    r->observation_idx = index;
    r->created_at = GW_NEVER;
    r->transaction_id = r->port = r->ip_asn = r->ip_is_bogon = GW_NULL;
    fill_address(r);
    fill_endpoint(r);
    r->hostname = hostname(r, !target.at);
    r->target_id =
        target.at && gw_is(m->test_name, "tor")
            ? target
            : service_of(m->test_name, r->hostname.at ? r->hostname : r->ip);
}

// ---- the columns --------------------------------------------------------

struct gw_column gw_obs_web_source(size_t column)
{
    static const struct gw_column joined[] = {
#define X(type, name, what)                                                    \
    {#name, what, GW_##type, offsetof(struct gw_obs_web_row, name)},
        GW_OBS_WEB_JOINED(X)
#undef X
    };
    const struct gw_obs_web_column *c = &gw_obs_web_columns[column];
    if (c->table != GW_TABLE_COUNT)
        return *gw_column_find(c->table, c->column);
    for (size_t i = 0; i + 1 < GW_COUNT(joined); i++)
        if (strcmp(joined[i].name, c->column) == 0)
            return joined[i];
    return joined[GW_COUNT(joined) - 1];
}

const void *gw_obs_web_part(const struct gw_obs_web_row *row,
                            enum gw_table table)
{
    const void *const parts[GW_TABLE_COUNT + 1] = {
        [GW_TABLE_measurement] = row->measurement,
        [GW_TABLE_dns] = row->dns,
        [GW_TABLE_tcp] = row->tcp,
        [GW_TABLE_tls] = row->tls,
        [GW_TABLE_http] = row->http,
        [GW_TABLE_COUNT] = row,
    };
    return parts[table];
}
