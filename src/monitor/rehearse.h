// A rehearsal's world, what happens in it, and what a probe sees of that.
// Private to monitor; docs/methods/rehearse.md describes the model.
#ifndef GW_REHEARSE_H
#define GW_REHEARSE_H

#include "monitor/monitor.h"

enum {
    GW_RH_NETWORKS_MAX = 64, // one bit each in an event's set
    GW_RH_PROBES = 6,        // in a network
    GW_RH_SITES = 26,        // rows of the table in rehearse_world.c
    GW_RH_ADDRESSES = 3,     // of a site
    GW_RH_EVENTS_MAX = 128,
    GW_RH_DAY_MAX = 1 << 20,  // measurements in a day
    GW_RH_LINE_MAX = 1 << 20, // bytes; real ones reach 800 KB, ours 40 KB
    GW_RH_PAGES_MAX = 1 << 20,
    GW_RH_QUERIES = 16, // of one measurement
    GW_RH_FLOWS = 24,
};

#define GW_RH_V4(a, b, c, d)                                                   \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))

#define GW_RH_HOUR (3600 * GW_SECOND)

enum gw_rh_test {
    GW_RH_WEB,
    GW_RH_TELEGRAM,
    GW_RH_WHATSAPP,
    GW_RH_SIGNAL,
    GW_RH_TOR,
    GW_RH_TEST_COUNT
};
extern const char *const gw_rh_test_names[GW_RH_TEST_COUNT];

enum gw_rh_kind {
    GW_RH_NOTHING,
    // blocking
    GW_RH_NXDOMAIN,
    GW_RH_FORGED,
    GW_RH_TCP_BLOCK,
    GW_RH_TLS_RESET,
    GW_RH_TLS_RESET_ALWAYS,
    GW_RH_BLOCK_PAGE,
    GW_RH_THROTTLE,
    GW_RH_SHUTDOWN,
    GW_RH_EXAM,
    GW_RH_ROLLOUT,
    // no blocking, though it may look so
    GW_RH_DOWN,
    GW_RH_CDN,
    GW_RH_V6_BROKEN,
    GW_RH_NO_HELPER,
    GW_RH_SKEW,
    GW_RH_FLOOD,
    GW_RH_CHALLENGE,
    GW_RH_DEFECT,
    GW_RH_KIND_COUNT
};

struct gw_rh_address {
    gw_ip ip;
    char text[GW_IP_TEXT];
    int64_t asn;
};

struct gw_rh_page {
    int code;
    gw_span body, title;
    const char *server;
    const char *own_name, *own_value; // a header field of its own, or NULL
};

struct gw_rh_site {
    const char *host; // A-labels
    const char *url;  // as a test list has it
    bool secure;      // https
    int count;        // of addresses
    struct gw_rh_address address[GW_RH_ADDRESSES];
    struct gw_rh_page page;
    bool taken; // has its event: at most one
    bool seen;  // a line names it
};

struct gw_rh_probe {
    const char *platform, *architecture, *version, *network_type;
    bool public_resolver; // does not ask the network's own
    bool defect;          // runs the version that has one
    char id[65];          // of anonymous credentials; empty in old versions
    gw_time skew;         // of its clock
};

struct gw_rh_network {
    int64_t asn;
    char name[40];
    double rtt;                  // seconds to a site, at best
    double weight;               // share of the measurements
    struct gw_rh_address portal; // where it leads those it blocks
    char resolver[GW_IP_TEXT];
    struct gw_rh_probe probe[GW_RH_PROBES];
};

struct gw_rh_event {
    enum gw_rh_kind kind;
    int site;             // -1: none in particular
    enum gw_rh_test test; // whose measurements it strikes
    uint64_t networks;    // one bit each
    gw_time since, until; // since GW_NEVER: before the first day;
                          // until GW_NEVER: after the last
    int hour, hours;      // on weekdays only, from that hour UTC; 0: always
    double strength;      // share of the measurements it strikes
    int mode;             // one of the kind's variants
    int probe;            // of one observer; -1: all
};

struct gw_rh_world {
    struct gw_rehearse what;
    char cc[3];
    gw_time end;
    struct gw_rh_site site[GW_RH_SITES];
    struct gw_rh_network network[GW_RH_NETWORKS_MAX];
    struct gw_rh_event event[GW_RH_EVENTS_MAX];
    int events;
    struct gw_rh_page block_page, challenge;
    bool test_seen[GW_RH_TEST_COUNT];
    struct gw_arena *arena; // pages
};

// What a kind is called in the labels, and what it is.
struct gw_rh_kind_info {
    const char *name;
    enum gw_layer layer;
    bool blocking;
    const char *note;
};
extern const struct gw_rh_kind_info gw_rh_kinds[GW_RH_KIND_COUNT];

// Draws the world from the seed. GW_ENOMEM or 0.
int gw_rh_world_draw(struct gw_rh_world *w, const struct gw_rehearse *what);
void gw_rh_events_draw(struct gw_rh_world *w, struct gw_rand *r, int urdu_site);
bool gw_rh_weekday(gw_time t);
// True while the event goes on in that network.
bool gw_rh_on(const struct gw_rh_event *e, int network, gw_time t);
// The first event of that kind that goes on there, or NULL.
const struct gw_rh_event *gw_rh_find(const struct gw_rh_world *w,
                                     enum gw_rh_kind kind, int network,
                                     gw_time t);
struct gw_rh_address gw_rh_address(uint32_t v4, int64_t asn);
int gw_rh_labels(const struct gw_rh_world *w, struct gw_buf *labels,
                 struct gw_why *why);

// ---- what a probe saw ---------------------------------------------------
struct gw_rh_query {
    const char *engine, *resolver, *type, *failure, *host;
    const struct gw_rh_address *answer[GW_RH_ADDRESSES];
    int count;
    int64_t id;
    double t0, t;
    bool web, classic; // web: tagged as web_connectivity does
};

enum gw_rh_chain { GW_RH_CHAIN_SITE, GW_RH_CHAIN_APP, GW_RH_CHAIN_PORTAL };
// DER in base64, end entity first; NULL after the last.
const char *gw_rh_certificate(enum gw_rh_chain chain, int n);

// One connection and what was done over it.
struct gw_rh_flow {
    const struct gw_rh_address *to;
    int port;
    const char *host;             // Host and SNI
    const char *method, *path;    // fetched over it; NULL: nothing
    bool secure;                  // TLS
    const char *tcp, *tls, *http; // failures
    enum gw_rh_chain chain;
    const struct gw_rh_page *page; // that came; with a failure: began to
    bool slow;
    bool web, classic, fetch; // as tagged
    int64_t id;
    double t0, connected, shaken, done; // seconds
};

struct gw_rh_seen {
    struct gw_rh_query query[GW_RH_QUERIES];
    struct gw_rh_flow flow[GW_RH_FLOWS];
    size_t queries, flows;
};

// One measurement on its way to becoming a line.
struct gw_rh_line {
    struct gw_rh_world *world;
    const struct gw_rh_network *network;
    const struct gw_rh_probe *probe;
    int network_index;
    enum gw_rh_test test;
    int site; // of web measurements
    bool flood;
    gw_time submitted, happened, claimed; // claimed: by the probe's clock
    gw_time session;                      // test_start_time, likewise claimed
    uint64_t session_seed;
    struct gw_rand rand;
    struct gw_rh_seen seen;
    struct gw_buf scratch; // for base64
    double runtime;
};

// A web measurement's circumstances.
enum { GW_RH_DIALLED = 2 * GW_RH_ADDRESSES };
struct gw_rh_scene {
    struct gw_rh_line *l;
    const struct gw_rh_site *site;
    enum gw_rh_kind trouble;
    int mode;       // of the trouble
    bool doh;       // an encrypted lookup was made as well
    bool helper;    // answered
    const char *v6; // how IPv6 fails here, or NULL
    struct gw_rh_address cdn_here, cdn_helper;
    // what the site's own servers answer to the probe and to the helper
    const struct gw_rh_address *real[GW_RH_ADDRESSES], *far[GW_RH_ADDRESSES];
    int real_count, far_count;
    const struct gw_rh_address *dialled[GW_RH_DIALLED];
    int dialled_count;
    int64_t helper_length; // of the page, as the helper got it
};
// Why the helper's attempt fails, in its own vocabulary; NULL: it does not.
const char *gw_rh_helper_tcp(const struct gw_rh_scene *s,
                             const struct gw_rh_address *a, int port);
const char *gw_rh_helper_tls(const struct gw_rh_scene *s,
                             const struct gw_rh_address *a);
// x_control_request, control, control_failure.
void gw_rh_put_control(const struct gw_rh_scene *s, struct gw_jw *w);
// blocking, accessible and all other conclusions of the probe's own.
void gw_rh_put_verdict(const struct gw_rh_scene *s, struct gw_jw *w);

// The members of test_keys.
void gw_rh_web(struct gw_rh_line *l, struct gw_jw *w);
void gw_rh_app(struct gw_rh_line *l, struct gw_jw *w);

// Fills in the times of a flow that starts then: its failures take as long as
// they do.
void gw_rh_take_time(struct gw_rh_line *l, struct gw_rh_flow *f, double start);
// The next free flow or query; the last one again once they are used up.
struct gw_rh_flow *gw_rh_add_flow(struct gw_rh_seen *s);
struct gw_rh_query *gw_rh_add_query(struct gw_rh_seen *s);
// network_events, queries, requests, tcp_connect and tls_handshakes.
void gw_rh_put_seen(struct gw_rh_line *l, struct gw_jw *w,
                    const struct gw_rh_seen *s);
typedef void gw_rh_put_flow(struct gw_rh_line *l, struct gw_jw *w,
                            const struct gw_rh_flow *f);
gw_rh_put_flow gw_rh_put_exchange; // of requests
gw_rh_put_flow gw_rh_put_events;   // of network_events
// Members that many objects have.
void gw_rh_put_seconds(struct gw_jw *w, const char *key, double seconds);
void gw_rh_put_times(struct gw_jw *w, double t0, double t);
void gw_rh_put_failure(struct gw_jw *w, const char *failure);
void gw_rh_put_bool(struct gw_jw *w, const char *key, bool v);
void gw_rh_put_null(struct gw_jw *w, const char *key);
void gw_rh_put_tags(struct gw_jw *w, const struct gw_rh_flow *f);
enum { GW_RH_ENDPOINT_TEXT = GW_IP_TEXT + 8 };
void gw_rh_endpoint(const struct gw_rh_address *a, int port, char *ret_text);
void gw_rh_put_headers(struct gw_jw *w, const struct gw_rh_page *p,
                       gw_time when);

#define GW_RH_USER_AGENT "Mozilla/5.0 (synthetic; gawah-rehearse)"
#define GW_RH_ACCEPT                                                           \
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static inline bool gw_rh_chance(struct gw_rand *r, double p)
{
    return gw_rand_unit(r) < p;
}
static inline double gw_rh_between(struct gw_rand *r, double from, double to)
{
    return from + (to - from) * gw_rand_unit(r);
}

#endif
