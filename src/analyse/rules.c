// The rule registry: everything a finding can rest on, as data. Weights are
// natural-log likelihood ratios of "blocked" against "not blocked"; how they
// were set is in docs/methods/findings.md.
#include "analyse/judge.h"

#define SIGNAL(name, text) {#name, text},
static const struct gw_signal dns_signals[] = {GW_DNS_SIGNALS(SIGNAL)};
static const struct gw_signal endpoint_signals[] = {
    GW_ENDPOINT_SIGNALS(SIGNAL)};
static const struct gw_signal http_signals[] = {GW_HTTP_SIGNALS(SIGNAL)};

const struct gw_signal *const gw_signals[GW_LAYER_COUNT] = {
    [GW_LAYER_DNS] = dns_signals,       [GW_LAYER_TCP] = endpoint_signals,
    [GW_LAYER_TLS] = endpoint_signals,  [GW_LAYER_HTTP] = http_signals,
    [GW_LAYER_QUIC] = endpoint_signals,
};
const size_t gw_signal_counts[GW_LAYER_COUNT] = {
    [GW_LAYER_DNS] = GW_DNS_SIGNAL_COUNT,
    [GW_LAYER_TCP] = GW_END_SIGNAL_COUNT,
    [GW_LAYER_TLS] = GW_END_SIGNAL_COUNT,
    [GW_LAYER_HTTP] = GW_WEB_SIGNAL_COUNT,
    [GW_LAYER_QUIC] = GW_END_SIGNAL_COUNT,
};

#define D(x)    GW_DNS(x)
#define E(x)    GW_END(x)
#define H(x)    GW_WEB(x)
#define BLOCKED GW_STATE_BLOCKED
#define DOWN    GW_STATE_DOWN
#define OK      GW_STATE_OK
#define UNKNOWN GW_STATE_UNKNOWN
#define RULE(id, layer, all, none, state, kind, llr, text)                     \
    {                                                                          \
        id, GW_LAYER_##layer, all, none, state, GW_##kind, llr, false, false,  \
            1, text                                                            \
    }

// TCP, TLS and QUIC share the conditions that speak of a control.
#define ENDPOINT_RULES(P, LAYER)                                               \
    RULE(P ".ok", LAYER, E(ok), 0, OK, CONTRAST, -5, "It worked."),            \
        RULE(P ".no_route", LAYER, E(failed) | E(no_route), 0, UNKNOWN,        \
             SYMPTOM, 0,                                                       \
             "The probe itself has no route to that kind of address."),        \
        RULE(P ".address_not_believed", LAYER, E(failed) | E(untrusted), 0,    \
             UNKNOWN, SYMPTOM, 0,                                              \
             "It failed at an address that is not believed to be the site's: " \
             "that is a matter of DNS."),                                      \
        RULE(                                                                  \
            P ".failure_control_failed", LAYER, E(failed) | E(control_failed), \
            E(no_route) | E(untrusted), DOWN, CONTRAST, -3,                    \
            "It failed, and for the helper it failed too: the site is down."), \
        RULE(P ".failure_hop", LAYER, E(failed) | E(hop) | E(final_ok),        \
             E(no_route) | E(untrusted) | E(control_ok) | E(control_failed),   \
             BLOCKED, CONTRAST, 2.5,                                           \
             "It failed after a redirect, while the helper followed the "      \
             "redirect "                                                       \
             "to the page."),                                                  \
        RULE(P ".failure_others_ok", LAYER, E(failed) | E(pool_ok),            \
             E(no_route) | E(untrusted) | E(control_ok) | E(control_failed),   \
             BLOCKED, CONTRAST, 2.2,                                           \
             "It failed, while it worked from several other networks that "    \
             "day."),                                                          \
        RULE(P ".failure_no_control", LAYER, E(failed),                        \
             E(no_route) | E(untrusted) | E(control_ok) | E(control_failed) |  \
                 E(final_ok) | E(pool_ok),                                     \
             UNKNOWN, SYMPTOM, 0.5,                                            \
             "It failed, but nobody else's attempt is there to compare with.")

const struct gw_rule gw_rules[] = {
    // ---- DNS ----
    RULE("dns.fingerprint", DNS, D(fingerprint), D(tls_valid), BLOCKED,
         ARTEFACT, 8,
         "The answer is an address that censors in this country are known to "
         "give."),
    RULE("dns.fingerprint_elsewhere", DNS, D(fingerprint_elsewhere),
         D(tls_valid) | D(match_address) | D(match_as) | D(fingerprint) |
             D(bogon),
         BLOCKED, ARTEFACT, 2.5,
         "The answer is an address that censors in another country are known "
         "to give."),
    RULE("dns.bogon_control_public", DNS, D(bogon) | D(control_ok),
         D(control_bogon), BLOCKED, ARTEFACT, 6,
         "The answer is an address where no public site can be, while the "
         "helper got a public one."),
    RULE("dns.bogon_control_too", DNS, D(bogon) | D(control_bogon), 0, DOWN,
         CONTRAST, -3,
         "The answer is an address where no public site can be, and the helper "
         "got such an address too: the site is set up wrongly."),
    RULE("dns.bogon_others_ok", DNS, D(bogon) | D(pool_resolves), D(control),
         BLOCKED, ARTEFACT, 3,
         "The answer is an address where no public site can be, while others "
         "in several networks got public ones."),
    RULE("dns.bogon_no_control", DNS, D(bogon), D(control) | D(pool_resolves),
         UNKNOWN, SYMPTOM, 1,
         "The answer is an address where no public site can be, but no helper "
         "was there to compare with."),
    {"dns.plain_differs_from_encrypted", GW_LAYER_DNS,
     D(answered) | D(plain_differs), D(match_address) | D(match_as), BLOCKED,
     GW_CONTRAST, 5.5, false, true, 1,
     "Every lookup in the clear, also to resolvers abroad, got an address "
     "that neither the encrypted lookup nor the helper got: answers are "
     "replaced on the way."},
    RULE("dns.certificate_wrong", DNS,
         D(answered) | D(tls_wrong) | D(control_ok),
         D(match_address) | D(match_as) | D(tls_valid) | D(control_failed),
         BLOCKED, CONTRAST, 4,
         "The answer is no address of the helper's, and what is there cannot "
         "prove to be the site."),
    RULE("dns.failure_control_ok", DNS, D(failed) | D(control_ok), D(answered),
         BLOCKED, CONTRAST, 3, "The lookup failed, while the helper's worked."),
    RULE("dns.failure_encrypted_ok", DNS, D(failed) | D(encrypted_ok),
         D(answered), BLOCKED, CONTRAST, 4,
         "The lookup failed in the clear and worked encrypted, from the same "
         "network."),
    RULE("dns.failure_control_failed", DNS, D(failed) | D(control_failed),
         D(answered) | D(encrypted_ok), DOWN, CONTRAST, -3,
         "The lookup failed, and the helper's failed too: the name does not "
         "exist or its servers are down."),
    RULE("dns.failure_hop", DNS, D(failed) | D(hop) | D(final_ok), D(answered),
         BLOCKED, CONTRAST, 2.5,
         "The name that a redirect led to could not be looked up, while the "
         "helper followed the redirect to the page."),
    RULE("dns.failure_others_ok", DNS, D(failed) | D(pool_resolves),
         D(answered) | D(control), BLOCKED, CONTRAST, 2.2,
         "The lookup failed, while it worked from several other networks that "
         "day."),
    RULE("dns.failure_no_control", DNS, D(failed),
         D(answered) | D(control) | D(pool_resolves) | D(final_ok) |
             D(encrypted_ok),
         UNKNOWN, SYMPTOM, 0.5,
         "The lookup failed, but no helper was there to compare with."),
    RULE("dns.answer_where_none_exists", DNS, D(answered) | D(control_failed),
         D(tls_valid) | D(bogon) | D(match_address), BLOCKED, CONTRAST, 1.5,
         "An address was given for a name that, by the helper, does not "
         "exist."),
    RULE("dns.tls_valid", DNS, D(answered) | D(tls_valid), 0, OK, CONTRAST, -5,
         "The address proved with a valid certificate that it serves the "
         "site."),
    RULE("dns.match_address", DNS, D(answered) | D(match_address), D(bogon), OK,
         CONTRAST, -4, "The helper got the same address."),
    RULE("dns.match_as", DNS, D(answered) | D(match_as),
         D(bogon) | D(match_address), OK, CONTRAST, -2.5,
         "The helper got an address in the same AS."),
    RULE("dns.others_agree", DNS, D(answered) | D(pool_address),
         D(bogon) | D(match_address), OK, CONTRAST, -2.2,
         "Others in several networks got the same address that day."),
    RULE("dns.unmatched_content_same", DNS,
         D(answered) | D(control_ok) | D(content_same),
         D(match_address) | D(match_as) | D(bogon), OK, CONTRAST, -1.5,
         "The address is none of the helper's, but the page there is the "
         "helper's: many sites answer from near their readers."),
    RULE("dns.unmatched_content_differs", DNS,
         D(answered) | D(control_ok) | D(content_differs),
         D(match_address) | D(match_as) | D(tls_valid) | D(bogon) |
             D(pool_address),
         BLOCKED, CONTRAST, 2,
         "The address is none of the helper's, and the page there is another "
         "than the helper's."),
    RULE("dns.unmatched_dead_other_works", DNS,
         D(answered) | D(control_ok) | D(unreachable) | D(other_works),
         D(match_address) | D(match_as) | D(tls_valid) | D(bogon) |
             D(pool_address),
         BLOCKED, CONTRAST, 2.5,
         "The address is none of the helper's and does not answer, while the "
         "helper's address serves the site from this same network."),
    RULE("dns.unmatched_unreachable", DNS,
         D(answered) | D(control_ok) | D(unreachable),
         D(match_address) | D(match_as) | D(tls_valid) | D(bogon) |
             D(pool_address) | D(plain_differs) | D(other_works),
         UNKNOWN, SYMPTOM, 1,
         "The address is none of the helper's and does not answer; many sites "
         "answer from near their readers, so this alone proves nothing."),
    RULE("dns.unmatched", DNS, D(answered) | D(control_ok),
         D(match_address) | D(match_as) | D(tls_valid) | D(bogon) |
             D(pool_address) | D(content_same) | D(content_differs) |
             D(unreachable) | D(plain_differs) | D(tls_wrong),
         UNKNOWN, SYMPTOM, 0.5,
         "The address is none of the helper's, and nothing tells whether it is "
         "the site's."),
    RULE("dns.answer_no_control", DNS, D(answered),
         D(control) | D(tls_valid) | D(bogon) | D(pool_address) |
             D(fingerprint) | D(fingerprint_elsewhere) | D(plain_differs) |
             D(tls_wrong),
         UNKNOWN, SYMPTOM, 0,
         "An address was given, but no helper was there to compare with."),

    // ---- TCP ----
    ENDPOINT_RULES("tcp", TCP),
    RULE("tcp.timeout_control_ok", TCP, E(failed) | E(timeout) | E(control_ok),
         E(no_route) | E(untrusted), BLOCKED, CONTRAST, 3,
         "Packets to the address get no answer, while the helper connected to "
         "the same address and port."),
    RULE("tcp.refused_control_ok", TCP, E(failed) | E(control_ok),
         E(no_route) | E(untrusted) | E(timeout), BLOCKED, CONTRAST, 3,
         "The connection was refused or reset, while the helper connected to "
         "the same address and port."),

    // ---- TLS ----
    ENDPOINT_RULES("tls", TLS),
    RULE("tls.reset_control_ok", TLS, E(failed) | E(reset) | E(control_ok),
         E(untrusted), BLOCKED, CONTRAST, 4,
         "The handshake was cut by a reset, while the helper completed it at "
         "the same address and port."),
    RULE("tls.ended_control_ok", TLS, E(failed) | E(ended) | E(control_ok),
         E(untrusted), BLOCKED, CONTRAST, 3.5,
         "The connection was closed during the handshake, while the helper "
         "completed it at the same address and port."),
    RULE("tls.timeout_control_ok", TLS, E(failed) | E(timeout) | E(control_ok),
         E(untrusted), BLOCKED, CONTRAST, 3,
         "The handshake got no answer, while the helper completed it at the "
         "same address and port."),
    RULE("tls.certificate_control_ok", TLS,
         E(failed) | E(certificate) | E(control_ok), E(untrusted), BLOCKED,
         ARTEFACT, 4,
         "Another certificate was shown than the helper accepted at the same "
         "address and port: somebody answers in the site's place."),
    RULE("tls.not_tls_control_ok", TLS, E(failed) | E(not_tls) | E(control_ok),
         E(untrusted), BLOCKED, ARTEFACT, 5,
         "What came back in the handshake is not TLS, as middleboxes do, while "
         "the helper completed it."),
    RULE("tls.not_tls_no_control", TLS, E(failed) | E(not_tls),
         E(control_ok) | E(untrusted) | E(final_ok), UNKNOWN, SYMPTOM, 2,
         "What came back in the handshake is not TLS, as middleboxes do; no "
         "helper was there to compare with."),
    RULE("tls.failure_control_ok", TLS, E(failed) | E(control_ok),
         E(untrusted) | E(no_route) | E(reset) | E(ended) | E(timeout) |
             E(certificate) | E(not_tls),
         BLOCKED, CONTRAST, 2.5,
         "The handshake failed, while the helper completed it at the same "
         "address and port."),
    {"tls.slow", GW_LAYER_TLS, E(ok) | E(slow), 0, UNKNOWN, GW_CONTRAST, 1.5,
     true, false, 1,
     "The handshake took many times as long as it took for others that day: "
     "it may be throttled."},

    // ---- QUIC ----
    ENDPOINT_RULES("quic", QUIC),
    RULE("quic.failure_control_ok", QUIC, E(failed) | E(control_ok),
         E(untrusted) | E(no_route), BLOCKED, CONTRAST, 2.5,
         "The handshake failed, while the helper completed it at the same "
         "address and port."),

    // ---- HTTP ----
    RULE("http.block_page", HTTP, H(fingerprint),
         H(tls) | H(false_positive) | H(same), BLOCKED, ARTEFACT, 8,
         "The page bears the marks of a block page known from this country."),
    RULE("http.block_page_elsewhere", HTTP, H(fingerprint_elsewhere),
         H(tls) | H(false_positive) | H(fingerprint) | H(same), BLOCKED,
         ARTEFACT, 3,
         "The page bears the marks of a block page or filtering product known "
         "from elsewhere."),
    RULE("http.known_false_positive", HTTP, H(false_positive), 0, UNKNOWN,
         SYMPTOM, -1,
         "The page bears the marks of one that is known to be mistaken for a "
         "block page."),
    RULE("http.valid_tls", HTTP, H(ok) | H(tls), 0, OK, CONTRAST, -5,
         "The page came over TLS with a valid certificate."),
    RULE("http.same_page", HTTP, H(ok) | H(same), 0, OK, CONTRAST, -4,
         "The page is the helper's."),
    RULE("http.challenge", HTTP, H(ok) | H(differs) | H(challenge),
         H(tls) | H(fingerprint), OK, CONTRAST, -1.5,
         "The page differs because the site's own network asks for proof of "
         "being human: the refusal is the site's."),
    RULE("http.other_page", HTTP, H(ok) | H(differs),
         H(tls) | H(challenge) | H(false_positive) | H(untrusted), BLOCKED,
         CONTRAST, 2,
         "The page is another than the helper's: its status, length, headers "
         "and title differ."),
    RULE("http.other_page_at_false_address", HTTP,
         H(ok) | H(differs) | H(untrusted), H(tls), UNKNOWN, SYMPTOM, 1,
         "Another page, at an address that is not believed to be the site's."),
    RULE("http.page_control_failed", HTTP, H(ok) | H(control_failed),
         H(tls) | H(fingerprint) | H(fingerprint_elsewhere), OK, CONTRAST, -1,
         "A page came, which the helper did not get."),
    RULE("http.app_answered", HTTP, H(ok) | H(app),
         H(tls) | H(control) | H(fingerprint) | H(fingerprint_elsewhere), OK,
         CONTRAST, -1.5, "The app's endpoint answered."),
    RULE("http.page_no_control", HTTP, H(ok),
         H(tls) | H(control) | H(fingerprint) | H(fingerprint_elsewhere) |
             H(hop) | H(app),
         UNKNOWN, SYMPTOM, 0,
         "A page came in the clear, and no helper's page is there to compare "
         "with."),
    RULE("http.reset_control_ok", HTTP, H(failed) | H(reset) | H(control_ok),
         H(untrusted) | H(lower_failed), BLOCKED, CONTRAST, 4,
         "The exchange was cut by a reset, while the helper got the page."),
    RULE("http.ended_control_ok", HTTP, H(failed) | H(ended) | H(control_ok),
         H(untrusted) | H(lower_failed), BLOCKED, CONTRAST, 3.5,
         "The connection was closed before the response, while the helper got "
         "the page."),
    RULE("http.timeout_control_ok", HTTP,
         H(failed) | H(timeout) | H(control_ok),
         H(untrusted) | H(lower_failed) | H(began), BLOCKED, CONTRAST, 3,
         "No response came in time, while the helper got the page."),
    {"http.stalled_control_ok", GW_LAYER_HTTP,
     H(failed) | H(timeout) | H(began) | H(control_ok),
     H(untrusted) | H(lower_failed), BLOCKED, GW_CONTRAST, 3, true, false, 1,
     "The response began and did not end in time, while the helper got the "
     "page: it is throttled or stalled on the way."},
    RULE("http.bad_redirect", HTTP,
         H(failed) | H(redirect_broken) | H(control_ok), 0, UNKNOWN, SYMPTOM, 1,
         "The site's redirect leads nowhere, while the helper got a page: "
         "sites do this as well as censors."),
    RULE("http.failure_control_ok", HTTP, H(failed) | H(control_ok),
         H(untrusted) | H(lower_failed) | H(reset) | H(ended) | H(timeout) |
             H(redirect_broken),
         BLOCKED, CONTRAST, 2.5,
         "The exchange failed, while the helper got the page."),
    RULE("http.failure_control_failed", HTTP, H(failed) | H(control_failed),
         H(lower_failed), DOWN, CONTRAST, -3,
         "The exchange failed, and for the helper it failed too: the site is "
         "down."),
    RULE("http.failure_no_control", HTTP, H(failed),
         H(control) | H(lower_failed), UNKNOWN, SYMPTOM, 0.5,
         "The exchange failed, but no helper was there to compare with."),
    RULE("http.address_not_believed", HTTP, H(failed) | H(untrusted), 0,
         UNKNOWN, SYMPTOM, 0,
         "It failed at an address that is not believed to be the site's: that "
         "is a matter of DNS."),
    {"http.changed_on_the_way", GW_LAYER_HTTP, H(changed), 0, UNKNOWN,
     GW_ARTEFACT, 2, false, true, 1,
     "An echo server got other bytes than were sent: something on the way "
     "reads and rewrites requests."},
    RULE("http.unchanged_on_the_way", HTTP, H(unchanged), H(changed), OK,
         CONTRAST, -2, "An echo server got the bytes that were sent."),
    RULE("http.nettest_worked", HTTP, H(said_ok), H(said_failed), OK, CONTRAST,
         -2, "The nettest says that it worked."),
    RULE("http.nettest_failed", HTTP, H(said_failed), 0, UNKNOWN, SYMPTOM, 0.5,
         "The nettest says that it failed; nothing tells why."),
    {"http.slow", GW_LAYER_HTTP, H(ok) | H(slow), 0, UNKNOWN, GW_SYMPTOM, 1,
     true, false, 1,
     "Bytes of the page came far slower than the connection was set up: it "
     "may be throttled."},
};
const size_t gw_rule_count = GW_COUNT(gw_rules);
_Static_assert(GW_COUNT(gw_rules) <= GW_RULES_MAX, "more rules than bits");

const struct gw_rule *gw_rule_find(gw_span id)
{
    for (size_t i = 0; i < gw_rule_count; i++)
        if (gw_is(id, gw_rules[i].id))
            return &gw_rules[i];
    return NULL;
}
