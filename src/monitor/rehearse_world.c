// Drawing a rehearsal's world: sites, networks, probes and what happens when.
// Names, AS numbers and addresses are such that no real site can have them.
#include "monitor/rehearse.h"

#include <stdio.h>

// Documentation addresses are bogons, and a bogon is evidence of blocking. So
// these come from blocks that IANA set apart for services in which no site can
// live, and which yet count as globally reachable.
#define SITES   GW_RH_V4(192, 31, 196, 0) // AS112 redirection, RFC 7535
#define SECONDS GW_RH_V4(192, 175, 48, 0) // AS112 direct delegation, RFC 7534
#define PORTALS GW_RH_V4(192, 52, 193, 0) // AMT relay discovery, RFC 7450

enum {
    AS_HOSTING = 65546,   // documentation AS numbers, RFC 5398: 64496-64511,
    AS_HOSTING_2 = 65547, // 65536-65551; networks take the ones before these
};

static const struct {
    const char *host, *url, *title;
    int addresses; // 1: one; 2: a second one; 3: and one over IPv6
} sites[GW_RH_SITES] = {
    {"social.example", "https://social.example/", "Social square", 3},
    {"news.example", "https://news.example/", "Newsroom of today", 2},
    {"wiki.example", "https://wiki.example/", "Encyclopedia", 3},
    {"vpn.example", "https://vpn.example/", "Private tunnels", 1},
    {"video.example", "https://video.example/", "Videos to watch", 2},
    {"mail.example", "https://mail.example/", "Letters and mail", 1},
    {"bank.example", "https://bank.example/", "Accounts and cards", 1},
    {"shop.example", "https://shop.example/", "Bazaar online", 2},
    {"maps.example", "https://maps.example/", "Streets and maps", 3},
    {"music.example", "https://music.example/", "Songs and music", 1},
    {"code.example", "https://code.example/", "Source code", 1},
    {"press.test", "https://press.test/", "Journalists' union", 1},
    {"forum.test", "https://forum.test/", "Debates and answers", 2},
    {"rights.test", "https://rights.test/", "Rights for everybody", 1},
    {"women.test", "https://women.test/", "Women's voices", 1},
    {"chat.test", "https://chat.test/", "Talking together", 3},
    {"books.test", "https://books.test/", "Library of books", 1},
    {"health.test", "https://health.test/", "Health advice", 2},
    {"xn--ngblk26czc.example", "http://خبریں.example/", "آج کی خبریں", 1},
    {"radio.test", "http://radio.test/", "Radio programmes", 1},
    {"weather.example", "http://weather.example/", "Weather report", 3},
    {"poems.test", "http://poems.test/", "Poetry and songs", 1},
    {"archive.test", "http://archive.test/", "Archive of pages", 1},
    {"school.example", "http://school.example/", "School of letters", 2},
    {"market.test", "http://market.test/", "Market prices", 1},
    {"sports.example", "http://sports.example/", "Cricket results", 1},
};
enum { URDU_SITE = 18, LEGACY_SITE = 22 };

const char *const gw_rh_test_names[GW_RH_TEST_COUNT] = {
    "web_connectivity", "telegram", "whatsapp", "signal", "tor"};

const struct gw_rh_kind_info gw_rh_kinds[GW_RH_KIND_COUNT] = {
    {"nothing", GW_LAYER_ALL, false, ""},
    {"dns-nxdomain", GW_LAYER_DNS, true,
     "the resolver says that the name does not exist"},
    {"dns-forged", GW_LAYER_DNS, true,
     "lookups in the clear get an address of the network's own"},
    {"tcp-timeout", GW_LAYER_TCP, true, "packets to the address are dropped"},
    {"tls-reset", GW_LAYER_TLS, true, "a reset answers the server name"},
    {"tls-reset-always", GW_LAYER_TLS, true,
     "a reset answers the server name, before the first day and after the "
     "last"},
    {"http-block-page", GW_LAYER_HTTP, true, "a block page answers on port 80"},
    {"throttling", GW_LAYER_HTTP, true,
     "slow handshakes and reads, stalls and timeouts"},
    {"shutdown", GW_LAYER_ALL, true, "the network sends nothing at all"},
    {"exam-hours", GW_LAYER_TCP, true, "packets are dropped, on weekdays only"},
    {"rollout", GW_LAYER_TLS, true,
     "handshakes get no answer; one network begins after the other"},
    {"site-down", GW_LAYER_ALL, false, "down for everybody, helpers as well"},
    {"cdn", GW_LAYER_DNS, false,
     "each network and the helpers get other addresses, in other AS"},
    {"ipv6-broken", GW_LAYER_TCP, false, "no connection over IPv6 works"},
    {"helpers-unreachable", GW_LAYER_ALL, false,
     "no measurement has a control"},
    {"clock-skew", GW_LAYER_ALL, false, "one probe's clock is wrong"},
    {"flood", GW_LAYER_TLS, false,
     "one observer claims resets that did not happen"},
    {"challenge-page", GW_LAYER_HTTP, false,
     "the site's content network asks for proof of being human"},
    {"version-defect", GW_LAYER_TLS, false,
     "one version does not know the new root certificate"},
};

// ---- addresses and pages ------------------------------------------------

struct gw_rh_address gw_rh_address(uint32_t v4, int64_t asn)
{
    struct gw_rh_address a = {.asn = asn};
    a.ip.bytes[10] = a.ip.bytes[11] = 0xff;
    for (int i = 0; i < 4; i++)
        a.ip.bytes[12 + i] = (uint8_t)(v4 >> (24 - 8 * i));
    gw_ip_format(&a.ip, a.text);
    return a;
}

// ORCHIDv2 (RFC 7343): names for hosts, by rule never addresses of any.
static struct gw_rh_address address_v6(int n, int64_t asn)
{
    struct gw_rh_address a = {.asn = asn, .ip.v6 = true};
    a.ip.bytes[0] = 0x20;
    a.ip.bytes[1] = 0x01;
    a.ip.bytes[3] = 0x20;
    a.ip.bytes[15] = (uint8_t)(n + 1);
    gw_ip_format(&a.ip, a.text);
    return a;
}

// The last is Windows-1256, as old sites in Urdu are: no UTF-8.
static const char *const sentences[] = {
    "This page belongs to a rehearsal, and nothing on it is real.",
    "What is written here was drawn from a seed: who has it draws the same.",
    "A measurement of this page says nothing about any network in the world.",
    "Whoever reads this has found a line that is marked synthetic.",
    "یہ صفحہ ایک مشق کا حصہ ہے، اور اس پر کچھ بھی حقیقی نہیں۔",
    "\xcd\xd1\xdd\xcd \xe4\xed \xde\xcf\xed\xe3",
};
enum { PLAIN_SENTENCES = 4, URDU_SENTENCE = 4, LEGACY_SENTENCE = 5 };

static void put_page(struct gw_buf *b, struct gw_rand *r, const char *title,
                     int index)
{
    gw_put_fmt(b,
               "<!doctype html>\n<html>\n<head>\n<title>%s</title>\n</head>\n"
               "<body>\n<h1>%s</h1>\n",
               title, title);
    int n = 20 + (int)gw_rand_below(r, 60);
    for (int i = 0; i < n; i++) {
        size_t s = index == URDU_SITE     ? URDU_SENTENCE
                   : index == LEGACY_SITE ? LEGACY_SENTENCE
                                          : gw_rand_below(r, PLAIN_SENTENCES);
        gw_put_fmt(b, "<p>%s</p>\n", sentences[s]);
    }
    gw_put_str(b, "</body>\n</html>\n");
}

static int draw_sites(struct gw_rh_world *w, struct gw_rand *r)
{
    struct gw_buf page;
    int rc = 0;
    gw_buf_init(&page, GW_RH_PAGES_MAX);
    for (int i = 0; i < GW_RH_SITES && !rc; i++) {
        struct gw_rh_site *s = &w->site[i];
        uint32_t n = (uint32_t)i + 10;
        gw_buf_reset(&page);
        put_page(&page, r, sites[i].title, i);
        gw_span body = gw_arena_copy(w->arena, gw_buf_span(&page));
        rc = page.err ? page.err : body.at ? 0 : GW_ENOMEM;
        *s = (struct gw_rh_site){
            .host = sites[i].host,
            .url = sites[i].url,
            .secure = gw_starts(gw_str(sites[i].url), "https:"),
            .count = sites[i].addresses,
            .address = {gw_rh_address(SITES + n, AS_HOSTING),
                        gw_rh_address(SECONDS + n, AS_HOSTING_2),
                        address_v6(i, AS_HOSTING_2)},
            .page = {200, body, gw_str(sites[i].title), "nginx",
                     "X-Rehearsal-Site", sites[i].host}};
    }
    gw_buf_release(&page);
    return rc;
}

static void draw_refusals(struct gw_rh_world *w)
{
    w->block_page = (struct gw_rh_page){
        200,
        GW_LIT("<html><head><title>Restricted content</title></head><body>"
               "<h1>This site cannot be shown</h1><p>A rehearsal of a block "
               "page.</p></body></html>"),
        GW_LIT("Restricted content"),
        "portal",
        NULL,
        NULL};
    w->challenge = (struct gw_rh_page){
        403,
        GW_LIT("<!doctype html><html><head><title>Verify first</title></head>"
               "<body><p>Show that you are human to go on.</p></body></html>"),
        GW_LIT("Verify first"),
        "content-network",
        "Cf-Mitigated",
        "challenge"};
}

// ---- networks and probes ------------------------------------------------

// Documentation numbers first; when they are used up, those for private use
// (RFC 6996), which no public network can have either.
static int64_t network_asn(int i)
{
    return i < 16 ? 64496 + i : i < 26 ? 65536 + i - 16 : 64512 + i - 26;
}

static const struct {
    const char *platform, *architecture, *network_type;
} devices[GW_RH_PROBES] = {
    {"android", "arm64", "mobile"}, {"windows", "amd64", "wifi"},
    {"linux", "amd64", "wifi"},     {"ios", "arm64", "mobile"},
    {"android", "arm", "wifi"},     {"macos", "arm64", "wifi"},
};
static const char defect_version[] = "3.17.2";
static const char *const versions[] = {"3.19.1", "3.20.0", "3.22.0"};

static void draw_probe(struct gw_rh_probe *p, struct gw_rand *r, int i)
{
    *p = (struct gw_rh_probe){
        .platform = devices[i].platform,
        .architecture = devices[i].architecture,
        .network_type = devices[i].network_type,
        .version = versions[gw_rand_below(r, GW_COUNT(versions))],
        .public_resolver = i > 0 && gw_rh_chance(r, 0.2)};
    bool android = gw_is(gw_str(p->platform), "android");
    p->defect = android && (i == 0 || gw_rh_chance(r, 0.5));
    if (p->defect)
        p->version = defect_version;
    uint64_t id[4];
    for (size_t k = 0; k < GW_COUNT(id); k++)
        id[k] = gw_rand_next(r);
    if (gw_is(gw_str(p->version), "3.22.0"))
        for (size_t k = 0; k < GW_COUNT(id); k++)
            snprintf(p->id + 16 * k, 17, "%016llx", (unsigned long long)id[k]);
}

static void draw_networks(struct gw_rh_world *w, struct gw_rand *r)
{
    for (int i = 0; i < w->what.networks; i++) {
        struct gw_rh_network *n = &w->network[i];
        n->asn = network_asn(i);
        n->rtt = gw_rh_between(r, 0.03, 0.18);
        n->weight = 0.4 + 1.6 * gw_rand_unit(r) * gw_rand_unit(r);
        n->portal = gw_rh_address(PORTALS + 10 + (uint32_t)i, n->asn);
        snprintf(n->name, sizeof n->name, "Synthetic Network %d", i + 1);
        snprintf(n->resolver, sizeof n->resolver, "198.51.100.%d", i + 1);
        for (int k = 0; k < GW_RH_PROBES; k++)
            draw_probe(&n->probe[k], r, k);
    }
}

int gw_rh_world_draw(struct gw_rh_world *w, const struct gw_rehearse *what)
{
    struct gw_rand r = {what->seed};
    w->what = *what;
    w->end = what->start + what->days * GW_DAY;
    memcpy(w->cc, what->cc, 2);
    draw_networks(w, &r);
    draw_refusals(w);
    int rc = draw_sites(w, &r);
    if (!rc)
        gw_rh_events_draw(w, &r, URDU_SITE);
    return rc;
}
