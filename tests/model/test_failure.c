// Failures as probes and helpers of all ages and languages wrote them, and
// the one word for each.
#include "model/model.h"
#include "t.h"

struct pair {
    const char *written, *want;
};

static void expect(const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gw_span got = gw_failure_normal(gw_str(pairs[i].written));
        if (!gw_is(got, pairs[i].want))
            print_error("%s became %.*s, not %s\n", pairs[i].written,
                        (int)got.len, (const char *)got.at, pairs[i].want);
        assert_true(gw_is(got, pairs[i].want));
    }
}
#define EXPECT(pairs) expect(pairs, GW_COUNT(pairs))

static void no_text_is_no_failure(void **state)
{
    (void)state;
    assert_null(gw_failure_normal(gw_str("")).at);
    assert_null(gw_failure_normal(gw_str(NULL)).at);
}

static void words_of_the_vocabulary_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const words[] = {"android_dns_cache_no_data",
                                        "connection_refused",
                                        "connection_reset",
                                        "dns_no_answer",
                                        "dns_nxdomain_error",
                                        "dns_refused_error",
                                        "dns_server_misbehaving",
                                        "dns_servfail_error",
                                        "eof_error",
                                        "generic_timeout_error",
                                        "host_unreachable",
                                        "http_request_failed",
                                        "interrupted",
                                        "json_parse_error",
                                        "network_unreachable",
                                        "ssl_invalid_certificate",
                                        "ssl_invalid_hostname",
                                        "ssl_unknown_authority",
                                        "ssl_failed_handshake",
                                        "unknown_failure",
                                        "http_unexpected_status_code",
                                        "a word that nobody knows"};
    for (size_t i = 0; i < GW_COUNT(words); i++) {
        gw_span s = gw_str(words[i]);
        assert_ptr_equal(gw_failure_normal(s).at, s.at); // borrowed
        assert_true(gw_eq(gw_failure_normal(s), s));
    }
}

static void the_legacy_helper_speaks_another_vocabulary(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
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
    EXPECT(pairs);
}

static void measurement_kit_gives_the_text_of_openssl(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"ssl_error: error:14090086:SSL routines:ssl3_get_server_certificate:"
         "certificate verify failed",
         "ssl_invalid_certificate"},
        {"ssl_error: error:1408F10B:SSL routines:ssl3_get_record:wrong version",
         "ssl_failed_handshake"},
    };
    EXPECT(pairs);
}

#define GO "unknown_failure: dial tcp [scrubbed]: connect: "

static void the_go_runtime_is_read_for_what_it_says(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {GO "connection refused", "connection_refused"},
        {GO "connection timed out", "generic_timeout_error"},
        {GO "operation timed out", "generic_timeout_error"},
        {GO "network is unreachable", "network_unreachable"},
        {GO "no route to host", "host_unreachable"},
        {GO "network is down", "network_down"},
        {GO "software caused connection abort", "connection_aborted"},
        {"unknown_failure: read tcp [scrubbed]->[scrubbed]: read: connection "
         "reset by peer",
         "connection_reset"},
        {"unknown_failure: lookup a.example on [scrubbed]: no such host",
         "dns_nxdomain_error"},
        {"unknown_failure: lookup a.example: No such host is known.",
         "dns_nxdomain_error"},
        {"unknown_failure: lookup a.example: server misbehaving",
         "dns_server_misbehaving"},
        {"unknown_failure: lookup a.example: i/o timeout",
         "generic_timeout_error"},
        {"unknown_failure: android_dns_cache_no_data",
         "android_dns_cache_no_data"},
        {"unknown_failure: net/http: TLS handshake timeout",
         "generic_timeout_error"},
        {"unknown_failure: context deadline exceeded", "generic_timeout_error"},
        {"unknown_failure: context canceled", "interrupted"},
        {"unknown_failure: operation was canceled", "interrupted"},
        {"unknown_failure: Get \"https://a.example/\": EOF", "eof_error"},
        {"unknown_failure: unexpected EOF", "eof_error"},
        {"unknown_failure: x509: certificate is valid for b.example, not "
         "a.example",
         "ssl_invalid_hostname"},
        {"unknown_failure: x509: certificate is not valid for any names, but "
         "wanted to match a.example",
         "ssl_invalid_hostname"},
        {"unknown_failure: x509: certificate signed by unknown authority",
         "ssl_unknown_authority"},
        {"unknown_failure: unable to get local issuer certificate",
         "ssl_unknown_authority"},
        {"unknown_failure: self signed certificate", "ssl_unknown_authority"},
        {"unknown_failure: x509: certificate has expired or is not yet valid",
         "ssl_invalid_certificate"},
        {"unknown_failure: x509: negative serial number",
         "ssl_invalid_certificate"},
    };
    EXPECT(pairs);
}

#define WINDOWS "unknown_failure: dial tcp [scrubbed]: connectex: "

// WSAECONNRESET, WSAECONNREFUSED and WSAETIMEDOUT as Windows writes them.
static const struct pair windows[] = {
    {WINDOWS "An existing connection was forcibly closed by the remote "
             "host.",
     "connection_reset"},
    {WINDOWS "No connection could be made because the target machine "
             "actively refused it.",
     "connection_refused"},
    {WINDOWS "A connection attempt failed because the connected party did "
             "not properly respond after a period of time, or established "
             "connection failed because connected host has failed to "
             "respond.",
     "generic_timeout_error"},
    {WINDOWS "Se ha forzado la interrupción de una conexión existente por "
             "el host remoto.",
     "connection_reset"},
    {WINDOWS "No se puede establecer una conexión ya que el equipo de "
             "destino denegó expresamente dicha conexión.",
     "connection_refused"},
    {WINDOWS "Se produjo un error durante el intento de conexión ya que "
             "la parte conectada no respondió adecuadamente tras un "
             "periodo de tiempo, o bien se produjo un error en la "
             "conexión establecida ya que el host conectado no ha podido "
             "responder.",
     "generic_timeout_error"},
    {WINDOWS "Connessione in corso interrotta forzatamente dall'host "
             "remoto.",
     "connection_reset"},
    {WINDOWS "Impossibile stabilire la connessione. Rifiuto persistente "
             "del computer di destinazione.",
     "connection_refused"},
    {WINDOWS "Impossibile stabilire la connessione. Risposta non corretta "
             "della parte connessa dopo l'intervallo di tempo oppure "
             "mancata risposta dall'host collegato.",
     "generic_timeout_error"},
    {WINDOWS "Foi forçado o cancelamento de uma conexão existente pelo "
             "host remoto.",
     "connection_reset"},
    {WINDOWS "Nenhuma conexão pôde ser feita porque a máquina de destino "
             "as recusou ativamente.",
     "connection_refused"},
    {WINDOWS "Uma tentativa de conexão falhou porque o componente "
             "conectado não respondeu\r\ncorretamente após um período de "
             "tempo ou a conexão estabelecida falhou\r\nporque o host "
             "conectado não respondeu.",
     "generic_timeout_error"},
    {WINDOWS "Eine vorhandene Verbindung wurde vom Remotehost "
             "geschlossen.",
     "connection_reset"},
    {WINDOWS "Es konnte keine Verbindung hergestellt werden, da der "
             "Zielcomputer die Verbindung verweigerte.",
     "connection_refused"},
    {WINDOWS "Ein Verbindungsversuch ist fehlgeschlagen, da die "
             "Gegenstelle nach einer bestimmten Zeitspanne nicht richtig "
             "reagiert hat, oder die hergestellte Verbindung war "
             "fehlerhaft, da der verbundene Host nicht reagiert hat.",
     "generic_timeout_error"},
    {WINDOWS "Une connexion existante a dû être fermée par l’hôte "
             "distant.",
     "connection_reset"},
    {WINDOWS "Une connexion existante a dû être fermée par l'hôte "
             "distant.",
     "connection_reset"},
    {WINDOWS "Aucune connexion n’a pu être établie car l’ordinateur cible "
             "l’a expressément refusée.",
     "connection_refused"},
    {WINDOWS "Une tentative de connexion a échoué car le parti connecté "
             "n’a pas répondu convenablement au-delà d’une certaine durée "
             "ou une connexion établie a échoué car l’hôte de connexion "
             "n’a pas répondu.",
     "generic_timeout_error"},
    {WINDOWS "Une tentative de connexion a échoué car la partie connectée "
             "n'a pas répondu convenablement au-delà d'une certaine durée.",
     "generic_timeout_error"},
    {WINDOWS "A socket operation was attempted to an unreachable network.",
     "network_unreachable"},
    {WINDOWS "A socket operation was attempted to an unreachable host.",
     "host_unreachable"},
    {WINDOWS "An established connection was aborted by the software in "
             "your host machine.",
     "connection_aborted"},
};

static void windows_is_understood_in_six_languages(void **state)
{
    (void)state;
    EXPECT(windows);
}

// The rules are for what begins with "unknown_failure", since a word of the
// vocabulary may be part of anything else.
static void other_texts_are_not_searched(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"http_failure: connection refused",
         "http_failure: connection refused"},
        {"unknown_failure: a text that nobody knows",
         "unknown_failure: a text that nobody knows"},
        {"unknown_failure", "unknown_failure"},
        {"timeout_error of some kind", "timeout_error of some kind"},
    };
    EXPECT(pairs);
}

static void hostile_texts_are_bytes_like_any_other(void **state)
{
    (void)state;
    struct gw_rand r = {4};
    for (int i = 0; i < 2000; i++) {
        char text[64] = "unknown_failure: ";
        size_t len = 17 + gw_rand_below(&r, sizeof text - 17);
        for (size_t k = 17; k < len; k++)
            text[k] = (char)gw_rand_next(&r);
        gw_span s = gw_span_of(text, len), got = gw_failure_normal(s);
        assert_true(gw_eq(got, s) || got.at != s.at);
        assert_non_null(got.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_is_no_failure),
        cmocka_unit_test(words_of_the_vocabulary_stay_as_they_are),
        cmocka_unit_test(the_legacy_helper_speaks_another_vocabulary),
        cmocka_unit_test(measurement_kit_gives_the_text_of_openssl),
        cmocka_unit_test(the_go_runtime_is_read_for_what_it_says),
        cmocka_unit_test(windows_is_understood_in_six_languages),
        cmocka_unit_test(other_texts_are_not_searched),
        cmocka_unit_test(hostile_texts_are_bytes_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
