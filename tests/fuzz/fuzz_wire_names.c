// Addresses, host names, endpoints, URLs and registrable domains from hostile
// text: what must hold for any input.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool lies_in(gw_span part, gw_span whole)
{
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static void address(gw_span s)
{
    gw_ip ip, again;
    char text[GW_IP_TEXT];
    if (!gw_ip_parse(s, &ip))
        return;
    size_t len = gw_ip_format(&ip, text);
    must(len < GW_IP_TEXT && !text[len] && (len <= s.len || ip.v6));
    must(gw_ip_parse(gw_span_of(text, len), &again));
    must(again.v6 == ip.v6 && memcmp(again.bytes, ip.bytes, 16) == 0);
    must(!gw_ip_is_loopback(&ip) || gw_ip_is_bogon(&ip));
}

static void name(gw_span s, struct gw_arena *arena)
{
    gw_span once = gw_host_normal(s, arena);
    must(once.at || !s.at);
    must(gw_eq(once, gw_host_normal(once, arena)));
    gw_span domain = gw_registrable(once);
    must(domain.len <= once.len);
    must(!domain.len || lies_in(domain, once));
}

static void parts(gw_span s, struct gw_arena *arena)
{
    gw_span host;
    uint16_t port;
    struct gw_url url;
    if (gw_split_endpoint(s, &host, &port)) {
        must(host.len && lies_in(host, s));
        name(host, arena);
    }
    if (gw_url_parse(s, &url)) {
        must(url.scheme.len && lies_in(url.scheme, s));
        must(url.host.len && lies_in(url.host, s) && lies_in(url.path, s));
        must(url.scheme.at + url.scheme.len < url.host.at);
        must(url.host.at + url.host.len <= url.path.at);
        must(url.port >= -1 && url.port <= UINT16_MAX);
        name(url.host, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gw_span s = gw_span_of(data, size);
    struct gw_arena *arena = gw_arena_new((size_t)8 << 20);
    if (!arena)
        return 0;
    address(s);
    name(s, arena);
    parts(s, arena);
    gw_arena_free(arena);
    return 0;
}
