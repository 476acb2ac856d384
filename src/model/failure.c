// Failures of many probes and helpers in one vocabulary, OONI's df-007.
#include "model/model.h"

struct name {
    const char *from, *to;
};

// The first test helper ran on Twisted and has its own words; comparing them
// with the probe's as text would make every failure look one-sided.
static const struct name legacy[] = {
    {"connect_error", "unknown_failure"},
    {"connection_closed_error", "eof_error"},
    {"connection_done_error", "eof_error"},
    {"connection_lost_error", "connection_reset"},
    {"connection_refused_error", "connection_refused"},
    {"deferred_timeout_error", "generic_timeout_error"},
    {"dns_lookup_error", "dns_server_misbehaving"},
    {"dns_name_error", "dns_nxdomain_error"},
    {"dns_no_answer_error", "dns_no_answer"},
    {"dns_server_failure", "dns_servfail_error"},
    {"invalid_certificate", "ssl_invalid_certificate"},
    {"network_unreachable_error", "network_unreachable"},
    {"no_answer", "dns_no_answer"},
    {"no_route_to_host", "host_unreachable"},
    {"response_never_received", "eof_error"},
    {"ssl_error", "ssl_failed_handshake"},
    {"task_timed_out", "generic_timeout_error"},
    {"tcp_timed_out_error", "generic_timeout_error"},
    {"timeout_error", "generic_timeout_error"},
    {"timeout", "generic_timeout_error"},
    {"unknown_error", "unknown_failure"},
};

// What an "unknown_failure: ..." says in the words of the Go runtime, of
// Windows in several languages, of mbedTLS or libevent. First hit wins.
static const struct name phrases[] = {
    {"certificate is valid for", "ssl_invalid_hostname"},
    {"certificate is not valid for", "ssl_invalid_hostname"},
    {"certificate signed by unknown authority", "ssl_unknown_authority"},
    {"unable to get local issuer certificate", "ssl_unknown_authority"},
    {"self signed certificate", "ssl_unknown_authority"},
    {"certificate has expired", "ssl_invalid_certificate"},
    {"x509: ", "ssl_invalid_certificate"},
    {"no such host", "dns_nxdomain_error"},
    {"No such host is known", "dns_nxdomain_error"},
    {"server misbehaving", "dns_server_misbehaving"},
    {"android_dns_cache_no_data", "android_dns_cache_no_data"},
    {"connection reset by peer", "connection_reset"},
    {"forcibly closed by the remote host", "connection_reset"},
    {"de una conexión existente por el host remoto", "connection_reset"},
    {"interrotta forzatamente dall'host remoto", "connection_reset"},
    {"de uma conexão existente pelo host remoto", "connection_reset"},
    {"Verbindung wurde vom Remotehost geschlossen", "connection_reset"},
    {"fermée par l’hôte distant", "connection_reset"},
    {"fermée par l'hôte distant", "connection_reset"},
    {"connection refused", "connection_refused"},
    {"target machine actively refused it", "connection_refused"},
    {"denegó expresamente dicha conexión", "connection_refused"},
    {"Rifiuto persistente del computer di destinazione", "connection_refused"},
    {"as recusou ativamente", "connection_refused"},
    {"Zielcomputer die Verbindung verweigerte", "connection_refused"},
    {"a expressément refusée", "connection_refused"},
    {"aborted by the software in your host machine", "connection_aborted"},
    {"software caused connection abort", "connection_aborted"},
    {"did not properly respond after a period of time",
     "generic_timeout_error"},
    {"no respondió adecuadamente tras un periodo", "generic_timeout_error"},
    {"Risposta non corretta della parte connessa", "generic_timeout_error"},
    // Windows breaks the line after "respondeu".
    {"corretamente após um período de tempo", "generic_timeout_error"},
    {"nach einer bestimmten Zeitspanne nicht richtig reagiert",
     "generic_timeout_error"},
    {"pas répondu convenablement", "generic_timeout_error"},
    {"i/o timeout", "generic_timeout_error"},
    {"TLS handshake timeout", "generic_timeout_error"},
    {"context deadline exceeded", "generic_timeout_error"},
    {"connection timed out", "generic_timeout_error"},
    {"operation timed out", "generic_timeout_error"},
    {"network is unreachable", "network_unreachable"},
    {"unreachable network", "network_unreachable"},
    {"no route to host", "host_unreachable"},
    {"unreachable host", "host_unreachable"},
    {"network is down", "network_down"},
    {"operation was canceled", "interrupted"},
    {"context canceled", "interrupted"},
};

gw_span gw_failure_normal(gw_span s)
{
    if (!s.len)
        return (gw_span){0};
    for (size_t i = 0; i < GW_COUNT(legacy); i++)
        if (gw_is(s, legacy[i].from))
            return gw_str(legacy[i].to);
    if (gw_starts(s,
                  "ssl_error:")) // MeasurementKit: OpenSSL's own text follows
        return gw_find(s, GW_LIT("certificate verify failed"), 0) >= 0
                   ? GW_LIT("ssl_invalid_certificate")
                   : GW_LIT("ssl_failed_handshake");
    if (!gw_starts(s, "unknown_failure"))
        return s;
    for (size_t i = 0; i < GW_COUNT(phrases); i++)
        if (gw_find(s, gw_str(phrases[i].from), 0) >= 0)
            return gw_str(phrases[i].to);
    if (gw_ends(s, ": EOF") || gw_ends(s, "unexpected EOF"))
        return GW_LIT("eof_error");
    return s;
}
