// Judging one measurement. Private to analyse.
#ifndef GW_JUDGE_H
#define GW_JUDGE_H

#include "analyse/analyse.h"

// Signals of a name that was looked up.
#define GW_DNS_SIGNALS(X)                                                      \
    X(answered, "the network's own resolver gave an address")                  \
    X(failed, "the network's own resolver gave none")                          \
    X(control, "a helper looked the name up as well")                          \
    X(control_ok, "a helper got addresses")                                    \
    X(control_failed, "a helper got no address either")                        \
    X(match_address, "an address that a helper got too")                       \
    X(match_as, "an address in an AS that the helper's are in")                \
    X(bogon, "an address where no public site can be")                         \
    X(control_bogon, "a helper got such an address too")                       \
    X(tls_valid, "an address that proved itself with a valid certificate")     \
    X(tls_wrong, "an address whose certificate is not for this name")          \
    X(fingerprint, "an address known as a censor's here")                      \
    X(fingerprint_elsewhere, "an address known as a censor's elsewhere")       \
    X(encrypted_ok, "an encrypted lookup got the helper's address")            \
    X(plain_differs, "all plain lookups agree on an address that no "          \
                     "encrypted lookup nor the helper got")                    \
    X(unreachable, "no connection to the address answered")                    \
    X(other_works, "an address that the helper got serves the site from "      \
                   "this same network")                                        \
    X(content_same, "the page behind the address is the helper's")             \
    X(content_differs, "the page behind the address is another")               \
    X(hop, "a name that a redirect led to, which no helper was asked for")     \
    X(final_ok, "the helper got the final page, this probe did not")           \
    X(pool_address, "others, in several networks, got the address too")        \
    X(pool_resolves, "others, in several networks, could look it up")          \
    X(answered_nothing, "a failure that only says there is no such record")

// Signals of one connection or handshake.
#define GW_ENDPOINT_SIGNALS(X)                                                 \
    X(ok, "it worked")                                                         \
    X(failed, "it failed")                                                     \
    X(reset, "the connection was reset")                                       \
    X(ended, "the connection was closed early")                                \
    X(timeout, "no answer came in time")                                       \
    X(refused, "the connection was refused")                                   \
    X(certificate, "the certificate is not valid for the name")                \
    X(not_tls, "what came back is not TLS")                                    \
    X(no_route, "the probe has no route there")                                \
    X(v6, "over IPv6")                                                         \
    X(control_ok, "the helper's worked, same address and port")                \
    X(control_failed, "the helper's failed too, same address and port")        \
    X(untrusted, "the address came from an answer that is not believed")       \
    X(hop, "a step after a redirect, which no helper repeated")                \
    X(final_ok, "the helper got the final page, this probe did not")           \
    X(pool_ok, "it worked for others, in several networks, that day")          \
    X(slow, "it took many times as long as for others that day")

// Signals of one HTTP exchange.
#define GW_HTTP_SIGNALS(X)                                                     \
    X(ok, "a response came")                                                   \
    X(failed, "no whole response came")                                        \
    X(reset, "the connection was reset")                                       \
    X(ended, "the connection was closed early")                                \
    X(timeout, "the response did not end in time")                             \
    X(began, "bytes of the response had come")                                 \
    X(redirect, "the response leads elsewhere")                                \
    X(redirect_broken, "the redirect leads nowhere (bad Location)")            \
    X(tls, "over TLS with a valid certificate")                                \
    X(control, "the helper fetched the page as well")                          \
    X(control_ok, "the helper got a response")                                 \
    X(control_failed, "the helper got none either")                            \
    X(same, "it is the helper's page")                                         \
    X(differs, "it is another page than the helper's")                         \
    X(fingerprint, "a block page known from here")                             \
    X(fingerprint_elsewhere, "a block page known from elsewhere")              \
    X(false_positive, "a page known to look like a block page")                \
    X(challenge, "the site's own network asks for proof of being human")       \
    X(untrusted, "the address came from an answer that is not believed")       \
    X(app, "an app's own endpoint, which has no page to compare")              \
    X(hop, "a step after a redirect")                                          \
    X(lower_failed, "a layer below failed, so this says nothing of HTTP")      \
    X(slow, "bytes came far slower than the connection was set up")            \
    X(changed, "an echo server got other bytes than were sent")                \
    X(unchanged, "an echo server got the bytes that were sent")                \
    X(said_ok, "the nettest itself says that it worked")                       \
    X(said_failed, "the nettest itself says that it failed")

#define ENUM(name, text) GW_DNS_##name##_AT,
enum { GW_DNS_SIGNALS(ENUM) GW_DNS_SIGNAL_COUNT };
#undef ENUM
#define ENUM(name, text) GW_END_##name##_AT,
enum { GW_ENDPOINT_SIGNALS(ENUM) GW_END_SIGNAL_COUNT };
#undef ENUM
#define ENUM(name, text) GW_WEB_##name##_AT,
enum { GW_HTTP_SIGNALS(ENUM) GW_WEB_SIGNAL_COUNT };
#undef ENUM
#define GW_DNS(name) (UINT64_C(1) << GW_DNS_##name##_AT)
#define GW_END(name) (UINT64_C(1) << GW_END_##name##_AT)
#define GW_WEB(name) (UINT64_C(1) << GW_WEB_##name##_AT)

// ---- the pool -----------------------------------------------------------
// Control facts that measurements of the same days share. Nothing in it
// counts before several networks, besides the one judged, say the same.
enum gw_pool_fact {
    GW_POOL_ADDRESS, // host resolves to ip
    GW_POOL_RESOLVES,
    GW_POOL_TCP,      // ip:port connects
    GW_POOL_TLS,      // host at ip:port completes a handshake
    GW_POOL_TLS_TIME, // and how long it takes
};
enum { GW_POOL_NETWORKS = 3 }; // besides the network judged

struct gw_pool;
struct gw_pool *gw_pool_new(void);
void gw_pool_free(struct gw_pool *p);
// Adds what a block's measurements can vouch for. Order does not matter.
int gw_pool_add(struct gw_pool *p, const struct gw_block *b) GW_MUSTCHECK;
// True if GW_POOL_NETWORKS networks other than asn say so on the day of t or
// the days beside it.
bool gw_pool_says(const struct gw_pool *p, enum gw_pool_fact fact, gw_span host,
                  gw_span ip, int64_t port, gw_time t, int64_t asn);
// Usual handshake time there in seconds, NaN if too few said.
double gw_pool_usual(const struct gw_pool *p, gw_span host, gw_time t);
size_t gw_pool_count(const struct gw_pool *p);
int gw_pool_thinned(const struct gw_pool *p);
// A digest of its content, for knowing whether findings are up to date.
uint64_t gw_pool_digest(const struct gw_pool *p);

// ---- a measurement, seen whole ------------------------------------------
struct gw_view {
    const struct gw_measurement_row *m;
    const struct gw_dns_row *dns;
    const struct gw_tcp_row *tcp;
    const struct gw_tls_row *tls;
    const struct gw_http_row *http;
    const struct gw_control_row *control;
    const struct gw_key_row *key;
    const struct gw_middlebox_row *middlebox;
    size_t dns_count, tcp_count, tls_count, http_count, control_count,
        key_count, middlebox_count;
    const struct gw_control_row *control_http; // or NULL
    const struct gw_pool *pool;
    bool web;      // web_connectivity: helper, redirects, pages
    bool reached;  // the final page came, whatever it was
    int64_t depth; // deepest redirect seen
};
struct gw_cursor { // walks the tables of a block in step
    size_t at[GW_TABLE_COUNT];
};
void gw_view_next(const struct gw_block *b, struct gw_cursor *c, size_t m,
                  const struct gw_pool *pool, struct gw_view *ret);

static inline int64_t gw_depth(int64_t depth)
{
    return depth == GW_NULL ? 0 : depth;
}
// Engines whose questions travel in the clear, and those of the system.
bool gw_engine_is_system(gw_span engine);
bool gw_engine_is_encrypted(gw_span engine);

// Takes the next [name, scope, expected] off a row's fingerprints.
bool gw_next_hit(gw_span *rest, gw_span *ret_scope, bool *ret_expected);

// The helper fetched the page and got a response with a status.
bool gw_helper_got_page(const struct gw_view *v);

// How two pages compare, as OONI's probe does it (measurements.md section 7).
struct gw_page_diff {
    double body_proportion;    // NaN unknown
    int64_t body_length_match; // 1, 0, GW_NULL
    int64_t status_code_match, headers_match, title_match;
    bool differs;
};
void gw_page_compare(const struct gw_http_row *page,
                     const struct gw_control_row *control,
                     struct gw_page_diff *ret);

// What the subjects of a layer come to.
enum { GW_RULES_MAX = 128 };
struct gw_subject {
    uint64_t signals;
    uint64_t fired[GW_RULES_MAX / 64]; // bits: index in gw_rules
    enum gw_table table;
    int64_t list, item;
    enum gw_state state;
    const struct gw_rule *rule; // that decided, NULL if none fired
    double llr;
    bool main; // on the path that fetches the page
    int64_t depth;
    gw_span detail;
};
enum { GW_SUBJECTS_MAX = 512 };
struct gw_judge {
    struct gw_block *out;   // findings go here; borrowed
    struct gw_arena *arena; // texts of the findings
    const struct gw_view *v;
    gw_span program; // that measured, as findings name it
    struct gw_subject subject[GW_LAYER_COUNT][GW_SUBJECTS_MAX];
    size_t count[GW_LAYER_COUNT];
    // hosts whose answers are not believed, and addresses only they gave
    gw_span distrusted[64];
    size_t distrusted_count;
};
struct gw_subject *gw_subject_add(struct gw_judge *j, enum gw_layer layer,
                                  uint64_t signals, enum gw_table table,
                                  int64_t list, int64_t item);
// Applies the rules to the subject: state, rule and llr.
void gw_subject_decide(struct gw_subject *s, enum gw_layer layer);
// The parts one after another, in the findings' arena; no part over 200 bytes.
gw_span gw_join(struct gw_judge *j, const gw_span *parts, size_t n);
#define GW_JOIN(j, ...)                                                        \
    gw_join((j), (gw_span[]){__VA_ARGS__},                                     \
            sizeof(gw_span[]){__VA_ARGS__} / sizeof(gw_span))
// A number as text, in the findings' arena.
gw_span gw_number(struct gw_judge *j, int64_t n);
bool gw_untrusted(const struct gw_judge *j, gw_span ip);

void gw_judge_dns(struct gw_judge *j);
void gw_judge_endpoints(struct gw_judge *j);
void gw_judge_http(struct gw_judge *j);
// Adds the finding and fired rows of the measurement, and the verdict row.
void gw_judge_measurement(struct gw_judge *j, const struct gw_view *v);
void gw_verdict(struct gw_block *out, const struct gw_view *v);

#endif
