// Lists of test_keys to rows: DNS, TCP, TLS with certificates and timing, HTTP,
// and what the helper saw.
#include "facts_case.h"
#include "facts_sample.h"

#include "../wire/cert_samples.h"

// ---- DNS ----------------------------------------------------------------

static void a_lookup_is_kept_in_full(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_dns_row *r = dns_rows(&c, 3);
    text_is(r[0].hostname, "www.example.org");
    text_is(r[0].query_type, "ANY");
    text_is(r[0].engine, "getaddrinfo");
    text_is(r[0].answer_type, "A");
    text_is(r[0].answer, "192.0.2.1");
    NUMBER(r[0].answer_is_bogon, 1); // TEST-NET-1
    NUMBER(r[0].answer_asn, 64500);
    NUMBER(r[0].answer_asn_probe, 64500);
    text_is(r[0].answer_as_org_name, "Example");
    IS_NULL(r[0].failure);
    IS_NULL(r[0].resolver_address);
    NUMBER(r[1].answer_index, 1);
    text_is(r[1].answer_type, "CNAME");
    text_is(r[1].answer, "cdn.example.net");
    NUMBER(r[2].item, 1);
    text_is(r[2].failure, "dns_no_answer");
    text_is(r[2].resolver_address, "192.0.2.53:53");
    NUMBER(r[2].rcode, 0);
    IS_NULL(r[2].answer);
    case_free(&c);
}

static void addresses_are_kept_in_their_shortest_form(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c,
            "{'queries':[{'hostname':'WWW.Example.org.','answers':["
            "{'ipv6':'2001:0DB8:0000::0001'},{'hostname':'CDN.Example.NET.'},"
            "{'ipv4':'192.0.2.1'},{}]}]}");
    const struct gw_dns_row *r = dns_rows(&c, 4);
    text_is(r[0].hostname, "www.example.org");
    text_is(r[0].answer, "2001:db8::1");
    text_is(r[0].answer_type, "AAAA");
    text_is(r[1].answer, "cdn.example.net");
    text_is(r[1].answer_type, "CNAME");
    text_is(r[2].answer_type, "A");
    IS_NULL(r[3].answer);
    case_free(&c);
}

static void old_reports_write_lookups_in_their_own_ways(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'dns_consistency','test_keys':{'queries':["
            "{'query':'[Query(b\\u0027a.example\\u0027, 1, 1)]','resolver':"
            "['192.0.2.53',53],'addrs':['192.0.2.1','192.0.2.2'],'answers':["
            "['RRHeader']]},{'query':'[Query(\\u0027b.example\\u0027, 1, 1)]',"
            "'failure':'timeout_error'},{'query':'x'}]}}");
    const struct gw_dns_row *r = dns_rows(&c, 4);
    text_is(r[0].hostname, "a.example");
    text_is(r[0].resolver_address, "192.0.2.53");
    text_is(r[1].answer, "192.0.2.2");
    text_is(r[2].hostname, "b.example");
    text_is(r[2].engine, "system");
    text_is(r[2].failure, "generic_timeout_error");
    IS_NULL(r[3].hostname);
    case_free(&c);
}

static void snapshots_know_better_than_probes(void **state)
{
    (void)state;
    for (int newer = 0; newer < 2; newer++) {
        struct facts_case c = case_begin();
        gw_time dated = gw_time_civil(newer ? 2025 : 2024, 1, 1, 0, 0, 0);
        add_reference(&c, GW_KIND_PREFIX_AS, dated, "192.0.2.0/24\t64501\n");
        case_ready(&c);
        add(&c, sample_measurement);
        // A table of the year after knows nothing of that day.
        NUMBER(dns_rows(&c, 3)[0].answer_asn, newer ? 64500 : 64501);
        NUMBER(dns_rows(&c, 3)[0].answer_asn_probe, 64500);
        NUMBER(tcp_rows(&c, 1)->ip_asn, newer ? 64500 : 64501);
        NUMBER(the_measurement(&c)->resolver_asn, newer ? 15169 : 64501);
        NUMBER(the_measurement(&c)->resolver_asn_probe, 15169);
        case_free(&c);
    }
}

static void dns_fingerprints_match_answers(void **state)
{
    (void)state;
    struct facts_case c = case_begin();
    add_reference(&c, GW_KIND_DNS_FINGERPRINTS, 0,
                  "name,scope,other_names,location_found,pattern_type,pattern,"
                  "confidence_no_fp,expected_countries,source,exp_url,notes\n"
                  "pk.dns,isp,,dns,full,192.0.2.1,5,PK,,,\n");
    case_ready(&c);
    add(&c, sample_measurement);
    text_is(dns_rows(&c, 3)[0].fingerprints, "[[\"pk.dns\",\"isp\",1]]");
    IS_NULL(dns_rows(&c, 3)[1].fingerprints);
    case_free(&c);
}

// ---- TCP ----------------------------------------------------------------

static void a_connect_is_kept_in_full(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_tcp_row *r = tcp_rows(&c, 1);
    text_is(r->ip, "192.0.2.1");
    NUMBER(r->port, 443);
    NUMBER(r->ip_asn, 64500); // as a DNS answer claimed
    NUMBER(r->ip_is_bogon, 1);
    NUMBER(r->success, 1);
    IS_NULL(r->failure);
    IS_NULL(r->host);
    ABOUT(r->t, 0.1);
    case_free(&c);
}

static void connects_come_as_address_and_as_lone_object(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'openvpn','test_keys':{'tcp_connect':{'address':"
            "'[2001:db8::1]:1194','status':{'success':true}}}}");
    text_is(tcp_rows(&c, 1)->ip, "2001:db8::1");
    NUMBER(tcp_rows(&c, 1)->port, 1194);
    case_free(&c);
}

static void ports_that_are_none_are_unknown(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tcp_connect':[{'ip':'192.0.2.1','port':65536},"
                "{'ip':'192.0.2.1','port':-1},{'ip':'192.0.2.1','port':'x'},"
                "{'ip':'192.0.2.1','port':65535}]}");
    NO_NUMBER(tcp_rows(&c, 4)[0].port);
    NO_NUMBER(tcp_rows(&c, 4)[1].port);
    NO_NUMBER(tcp_rows(&c, 4)[2].port);
    NUMBER(tcp_rows(&c, 4)[3].port, 65535);
    case_free(&c);
}

// ---- TLS ----------------------------------------------------------------

static void a_handshake_is_kept_in_full(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_tls_row *r = tls_rows(&c, 1);
    text_is(r->ip, "192.0.2.1");
    NUMBER(r->port, 443);
    text_is(r->network, "tcp");
    text_is(r->server_name, "www.example.org");
    text_is(r->version, "TLSv1.3");
    text_is(r->cipher_suite, "TLS_AES_128_GCM_SHA256");
    text_is(r->negotiated_protocol, "h2");
    NUMBER(r->no_tls_verify, 0);
    NUMBER(r->is_certificate_valid, 1);
    IS_NULL(r->failure);
    case_free(&c);
}

// Its transaction's events until its end; the read after it is of HTTP.
static void a_handshake_is_timed_by_its_own_events(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_tls_row *r = tls_rows(&c, 1);
    NUMBER(r->write_count, 1);
    NUMBER(r->write_bytes, 517);
    NUMBER(r->read_count, 1);
    NUMBER(r->read_bytes, 3000);
    text_is(r->last_operation, "read_3");
    ABOUT(r->handshake_time, 0.1);
    const struct gw_http_row *h = http_rows(&c, 1);
    NUMBER(h->read_count, 1);
    NUMBER(h->read_bytes, 1400);
    ABOUT(h->read_time, 0);
    ABOUT(h->runtime, 0.25);
    case_free(&c);
}

static void
without_transactions_the_window_since_the_connect_counts(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tls_handshakes':[{'address':'192.0.2.1:443','t':2.0}],"
                "'network_events':[{'operation':'write','t':0.5,'num_bytes':1},"
                "{'operation':'connect','t':1.0},"
                "{'operation':'write','t':1.25,'num_bytes':10},"
                "{'operation':'read','t':1.5,'num_bytes':100},"
                "{'operation':'write','t':1.75,'num_bytes':10},"
                "{'operation':'read','t':2.5,'num_bytes':1000}]}");
    const struct gw_tls_row *r = tls_rows(&c, 1);
    NUMBER(r->write_count, 2);
    NUMBER(r->write_bytes, 20);
    NUMBER(r->read_bytes, 100);
    text_is(r->last_operation, "write_3");
    ABOUT(r->handshake_time, 0.5);
    case_free(&c);
}

static void quic_handshakes_stand_beside_those_over_tcp(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'urlgetter','test_keys':{'quic_handshakes':["
            "{'address':'192.0.2.1:443','failure':'generic_timeout_error',"
            "'outer_server_name':'Outer.example','echconfig':'GREASE'}]}}");
    const struct gw_tls_row *r = tls_rows(&c, 1);
    NUMBER(r->list, GW_LIST_QUIC_HANDSHAKES);
    text_is(r->network, "udp");
    text_is(r->failure, "generic_timeout_error");
    text_is(r->outer_server_name, "outer.example");
    text_is(r->echconfig, "GREASE");
    case_free(&c);
}

// ---- certificates -------------------------------------------------------

static void put_certificate(struct gw_buf *b, const uint8_t *der, size_t len,
                            bool wrapped)
{
    gw_put_str(b, wrapped ? "{'format':'base64','data':'" : "'");
    gw_base64_put(b, gw_span_of(der, len));
    gw_put_str(b, wrapped ? "'}" : "'");
}

static void add_chain(struct facts_case *c, bool wrapped)
{
    struct gw_buf keys;
    gw_buf_init(&keys, 1 << 16);
    gw_put_str(&keys, "{'tls_handshakes':[{'address':'192.0.2.1:443',"
                      "'peer_certificates':[");
    put_certificate(&keys, server_der, sizeof server_der, wrapped);
    gw_put_u8(&keys, ',');
    put_certificate(&keys, root_der, sizeof root_der, wrapped);
    gw_put_str(&keys, "]}]}");
    gw_put_u8(&keys, 0);
    add_web(c, (const char *)keys.at);
    gw_buf_release(&keys);
}

static void the_chain_is_read(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_chain(&c, false);
    add_chain(&c, true); // and again, remembered this time
    for (int i = 0; i < 2; i++) {
        const struct gw_tls_row *r = &tls_rows(&c, 2)[i];
        text_is(r->subject_common_name, "example.org");
        text_is(r->issuer_common_name, "Example Root");
        text_is(r->issuer, "CN=Example Root,O=Example Trust,C=PK");
        assert_true(gw_find(r->san_list, GW_LIT("\"*.example.org\""), 0) > 0);
        NUMBER(r->self_issued, 0);
        NUMBER(r->chain_length, 2);
        assert_int_equal(r->certificate_fingerprint.len, 64);
        assert_int_equal(r->chain_fingerprints.len, 68);
        assert_true(r->not_valid_before < r->not_valid_after);
        assert_true(gw_eq(r->certificate_fingerprint,
                          tls_rows(&c, 2)[0].certificate_fingerprint));
    }
    case_free(&c);
}

static void a_broken_certificate_costs_only_itself(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tls_handshakes':[{'address':'192.0.2.1:443',"
                "'peer_certificates':[{'format':'base64','data':'MIIB'},"
                "{'format':'base64','data':'@'},7]},"
                "{'address':'192.0.2.2:443'}]}");
    const struct gw_tls_row *r = tls_rows(&c, 2);
    assert_int_equal(r->certificate_fingerprint.len, 64); // of its bytes
    IS_NULL(r->subject);
    NUMBER(r->chain_length, 3);
    is_odd(&c, "a certificate is not readable DER");
    is_odd(&c, "peer_certificates[1] is broken");
    is_odd(&c, "peer_certificates[2] is broken");
    text_is(r[1].ip, "192.0.2.2");
    case_free(&c);
}

static void more_certificates_than_are_remembered_are_read_alike(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    char keys[300], first[65] = "";
    uint8_t der[] = {0x30, 0x03, 0, 0, 0, 0};
    for (unsigned i = 0; i < GW_CERT_CACHE + 100; i++) {
        struct gw_buf text = {.max = 100};
        der[2] = (uint8_t)(i >> 8);
        der[3] = (uint8_t)i;
        gw_base64_put(&text, gw_span_of(der, sizeof der));
        snprintf(keys, sizeof keys,
                 "{'tls_handshakes':[{'peer_certificates':['%.*s']}]}",
                 (int)text.len, (const char *)text.at);
        gw_buf_release(&text);
        gw_block_reset(&c.block);
        gw_arena_reset(c.arena);
        add_web(&c, keys);
        gw_span print = tls_rows(&c, 1)->certificate_fingerprint;
        assert_int_equal(print.len, 64);
        assert_false(gw_is(print, first)); // no two are taken for one
        if (i == 0)
            memcpy(first, print.at, 64);
    }
    case_free(&c);
}

// ---- HTTP ---------------------------------------------------------------

static void an_exchange_is_kept_in_full(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_http_row *r = http_rows(&c, 1);
    text_is(r->request_url, "https://www.example.org/path");
    text_is(r->hostname, "www.example.org");
    text_is(r->ip, "192.0.2.1");
    NUMBER(r->port, 443);
    text_is(r->network, "tcp");
    text_is(r->alpn, "h2");
    text_is(r->request_method, "GET");
    NUMBER(r->request_body_length, 0);
    NUMBER(r->request_body_is_truncated, 0);
    NUMBER(r->is_tor, 0);
    NUMBER(r->response_status_code, 200);
    NUMBER(r->response_body_length, 22);
    NUMBER(r->response_body_is_truncated, 0);
    text_is(r->response_body_sha1, "3ed5bbe81950f6f4756f9bc9ce8e4f7c82244e13");
    text_is(r->title, "Example");
    text_is(r->response_header_server, "nginx");
    text_is(r->header_names, "[\"server\",\"x-powered-by\"]");
    IS_NULL(r->response_header_location);
    case_free(&c);
}

static void titles_are_found_as_the_probe_finds_them(void **state)
{
    (void)state;
    static const struct {
        const char *body, *title;
    } bodies[] = {
        {"<html><TITLE>Über</TiTlE>", "Über"},
        {"<title >no</title><title>yes</title>", "yes"},
        {"<title></title><title>second</title>", "second"},
        {"<title>a<b</title>", NULL},
        {"<title>never ends", NULL},
        {"<title>wrong end</titlex>", NULL},
        {"<titl", NULL},
    };
    for (size_t i = 0; i < GW_COUNT(bodies); i++) {
        struct facts_case c = case_new();
        char keys[300];
        snprintf(keys, sizeof keys,
                 "{'requests':[{'response':{'code':200,'body':'%s'}}]}",
                 bodies[i].body);
        add_web(&c, keys);
        if (bodies[i].title)
            text_is(http_rows(&c, 1)->title, bodies[i].title);
        else
            IS_NULL(http_rows(&c, 1)->title);
        case_free(&c);
    }
}

static void a_binary_body_is_measured_in_its_bytes(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'requests':[{'response':{'code':200,'body_is_truncated':true,"
                "'body':{'format':'base64','data':'/9j/AAECAwQ='}}},"
                "{'response':{'code':204,'body':''}},"
                "{'response':{'code':200,'body':null}}]}");
    const struct gw_http_row *r = http_rows(&c, 3);
    NUMBER(r[0].response_body_length, 8);
    NUMBER(r[0].response_body_is_truncated, 1);
    NUMBER(r[1].response_body_length, 0); // an empty body is one
    IS_NULL(r[1].response_body_sha1);
    NO_NUMBER(r[2].response_body_length); // none was recorded
    case_free(&c);
}

// ---- what the helper saw ------------------------------------------------

static void the_helpers_view_is_kept_in_full(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    NUMBER(the_measurement(&c)->has_control, 1);
    const struct gw_control_row *r = control_rows(&c, 2);
    text_is(r[0].hostname, "www.example.org");
    text_is(r[0].ip, "192.0.2.1");
    NUMBER(r[0].port, 443);
    NUMBER(r[0].ip_asn, 64500);
    NUMBER(r[0].dns_success, 1);
    NUMBER(r[0].tcp_success, 1);
    NUMBER(r[0].tls_success, 1);
    text_is(r[0].tls_server_name, "www.example.org");
    text_is(r[1].http_request_url, "https://www.example.org/path");
    NUMBER(r[1].http_success, 1);
    NUMBER(r[1].http_status_code, 200);
    NUMBER(r[1].http_response_body_length, 22);
    text_is(r[1].http_title, "Example");
    text_is(r[1].http_header_names, "[\"server\"]");
    case_free(&c);
}

static void an_address_that_was_only_resolved_is_a_row_too(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'control':{'dns':{'failure':null,'addrs':['192.0.2.1',"
                "'2001:DB8::1','cname.example']},'tcp_connect':{"
                "'[2001:db8:0::1]:80':{'status':true,'failure':null},"
                "'192.0.2.9:80':{'status':false,'failure':"
                "'generic_timeout_error'},'no endpoint':{}}}}");
    const struct gw_control_row *r = control_rows(&c, 3);
    text_is(r[0].ip, "2001:db8::1");
    NUMBER(r[0].dns_success, 1);
    NO_NUMBER(r[1].dns_success); // tested for the probe's sake
    NUMBER(r[1].tcp_success, 0);
    text_is(r[2].ip, "192.0.2.1");
    NO_NUMBER(r[2].port);
    NO_NUMBER(r[2].tcp_success);
    is_odd(&c, "a control endpoint is no address and port");
    case_free(&c);
}

static void a_null_beside_a_handshake_makes_one_row(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'control':{'dns':{'addrs':['192.0.2.1']},'tcp_connect':{"
                "'192.0.2.1:443':null},'tls_handshake':{'192.0.2.1:443':"
                "{'status':true,'failure':null}}}}");
    NUMBER(control_rows(&c, 1)->tls_success, 1);
    NO_NUMBER(control_rows(&c, 1)->tcp_success);
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_is_kept_in_full),
        cmocka_unit_test(addresses_are_kept_in_their_shortest_form),
        cmocka_unit_test(old_reports_write_lookups_in_their_own_ways),
        cmocka_unit_test(snapshots_know_better_than_probes),
        cmocka_unit_test(dns_fingerprints_match_answers),
        cmocka_unit_test(a_connect_is_kept_in_full),
        cmocka_unit_test(connects_come_as_address_and_as_lone_object),
        cmocka_unit_test(ports_that_are_none_are_unknown),
        cmocka_unit_test(a_handshake_is_kept_in_full),
        cmocka_unit_test(a_handshake_is_timed_by_its_own_events),
        cmocka_unit_test(
            without_transactions_the_window_since_the_connect_counts),
        cmocka_unit_test(quic_handshakes_stand_beside_those_over_tcp),
        cmocka_unit_test(the_chain_is_read),
        cmocka_unit_test(a_broken_certificate_costs_only_itself),
        cmocka_unit_test(more_certificates_than_are_remembered_are_read_alike),
        cmocka_unit_test(an_exchange_is_kept_in_full),
        cmocka_unit_test(titles_are_found_as_the_probe_finds_them),
        cmocka_unit_test(a_binary_body_is_measured_in_its_bytes),
        cmocka_unit_test(the_helpers_view_is_kept_in_full),
        cmocka_unit_test(an_address_that_was_only_resolved_is_a_row_too),
        cmocka_unit_test(a_null_beside_a_handshake_makes_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
