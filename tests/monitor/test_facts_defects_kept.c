// Defects measured in the observatories that exist, and that facts here do not
// have: facts that were merged, dropped or mixed up, and what made verdicts go
// wrong. §: of the study of measurement pipelines.
#include "facts_case.h"

// ---- §1.3: bogons --------------------------------------------------------

static void a_v4_mapped_address_is_judged_by_its_v4_address(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'queries':[{'hostname':'a.example','query_type':'AAAA',"
                "'answers':[{'answer_type':'AAAA','ipv6':'::ffff:8.8.8.8'},"
                "{'answer_type':'AAAA','ipv6':'::ffff:10.0.0.1'},"
                "{'answer_type':'A','ipv4':'127.0.0.1'},"
                "{'answer_type':'CNAME','hostname':'b.example'}]}]}");
    const struct gw_dns_row *r = dns_rows(&c, 4);
    NUMBER(r[0].answer_is_bogon, 0);
    NUMBER(r[1].answer_is_bogon, 1);
    NUMBER(r[2].answer_is_bogon, 1);
    NO_NUMBER(r[3].answer_is_bogon);
    case_free(&c);
}

// ---- §2.1: facts that were merged, dropped or mixed up -------------------

static void every_answer_of_every_resolver_is_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'queries':["
                "{'engine':'getaddrinfo','query_type':'ANY','hostname':"
                "'www.example.org','answers':["
                "{'answer_type':'A','ipv4':'192.0.2.1'},"
                "{'answer_type':'A','ipv4':'192.0.2.2'}]},"
                "{'engine':'udp','resolver_address':'9.9.9.9:53','query_type':"
                "'A','hostname':'www.example.org','answers':["
                "{'answer_type':'A','ipv4':'192.0.2.1','ttl':60}]},"
                "{'engine':'doh','resolver_address':'https://dns.example/',"
                "'query_type':'A','hostname':'www.example.org','answers':["
                "{'answer_type':'A','ipv4':'192.0.2.1'}]},"
                "{'engine':'golang_net_resolver','query_type':'AAAA',"
                "'hostname':'www.example.org','failure':'dns_no_answer',"
                "'answers':null}]}");
    const struct gw_dns_row *r = dns_rows(&c, 5);
    static const char *const engines[] = {"getaddrinfo", "getaddrinfo", "udp",
                                          "doh", "golang_net_resolver"};
    for (int i = 0; i < 5; i++) {
        text_is(r[i].engine, engines[i]);
        NUMBER(r[i].list, GW_LIST_QUERIES);
        NUMBER(r[i].item, i < 2 ? 0 : i - 1);
    }
    NUMBER(r[1].answer_index, 1);
    text_is(r[2].resolver_address, "9.9.9.9:53");
    NUMBER(r[2].ttl, 60);
    text_is(r[2].answer, "192.0.2.1");
    text_is(r[3].answer, "192.0.2.1");
    NO_NUMBER(r[4].answer_index);
    text_is(r[4].failure, "dns_no_answer");
    case_free(&c);
}

static void ports_of_one_address_are_kept_apart(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tcp_connect':["
                "{'ip':'192.0.2.1','port':443,'status':{'success':true}},"
                "{'ip':'192.0.2.1','port':80,'status':{'success':false,"
                "'failure':'connection_refused'}}],"
                "'tls_handshakes':[{'address':'192.0.2.1:443'},"
                "{'address':'[2001:db8::1]:8443'}]}");
    const struct gw_tcp_row *t = tcp_rows(&c, 2);
    NUMBER(t[0].port, 443);
    NUMBER(t[0].success, 1);
    NUMBER(t[1].port, 80);
    text_is(t[1].failure, "connection_refused");
    NUMBER(tls_rows(&c, 2)[0].port, 443);
    NUMBER(tls_rows(&c, 2)[1].port, 8443);
    text_is(tls_rows(&c, 2)[1].ip, "2001:db8::1");
    case_free(&c);
}

static void requests_are_newest_first(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'requests':["
                "{'request':{'url':'https://c.example/'},'response':"
                "{'code':200,'body':'c'}},"
                "{'request':{'url':'https://b.example/'},'response':"
                "{'code':301,'headers':{'Location':'https://c.example/'}}},"
                "{'request':{'url':'http://a.example/'},'response':"
                "{'code':302,'headers':{'Location':'https://b.example/'}}},"
                "{'request':{'url':'http://old.example/'},'response':"
                "{'code':200}}]}");
    const struct gw_http_row *r = http_rows(&c, 4);
    text_is(r[0].request_redirect_from, "https://b.example/");
    text_is(r[1].request_redirect_from, "http://a.example/");
    IS_NULL(r[2].request_redirect_from); // what follows redirected nowhere
    IS_NULL(r[3].request_redirect_from);
    case_free(&c);
}

static void tags_and_transactions_are_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'queries':[{'hostname':'a.example','transaction_id':3,"
                "'tags':['depth=2','classic'],'t0':0.5,'t':0.75}],"
                "'tcp_connect':[{'ip':'192.0.2.1','port':443,"
                "'transaction_id':40001,'tags':['depth=0','fetch_body=true',"
                "'tcptls_experiment']}],"
                "'requests':[{'request':{'url':'http://a.example/'},"
                "'transaction_id':40001,'tags':['fetch_body=false']}]}");
    const struct gw_dns_row *d = dns_rows(&c, 1);
    NUMBER(d->transaction_id, 3);
    NUMBER(d->depth, 2);
    NO_NUMBER(d->fetch_body);
    text_is(d->tags, "[\"depth=2\",\"classic\"]");
    ABOUT(d->t0, 0.5);
    ABOUT(d->t, 0.75);
    NUMBER(tcp_rows(&c, 1)->transaction_id, 40001);
    NUMBER(tcp_rows(&c, 1)->depth, 0);
    NUMBER(tcp_rows(&c, 1)->fetch_body, 1);
    NUMBER(http_rows(&c, 1)->fetch_body, 0);
    case_free(&c);
}

static void a_request_without_response_is_a_fact(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'requests':[{'failure':'connection_reset','request':"
                "{'url':'https://a.example/','method':'GET'},'response':null},"
                "{'failure':'eof_error'}]}");
    const struct gw_http_row *r = http_rows(&c, 2);
    text_is(r[0].failure, "connection_reset");
    text_is(r[0].request_method, "GET");
    NUMBER(r[0].port, 443);
    NO_NUMBER(r[0].response_status_code);
    text_is(r[1].failure, "eof_error");
    case_free(&c);
}

static void what_a_middlebox_did_to_headers_is_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c,
        "{'test_name':'http_header_field_manipulation','test_keys':"
        "{'requests':[{'request':{'headers':{'AcCept':'a','hOst':'b',"
        "'uSer-aGent':'c'}},'response':{'body':"
        "'{\\\"headers_dict\\\":{\\\"AcCept\\\":[\\\"a\\\"],"
        "\\\"Host\\\":[\\\"b\\\"],\\\"uSer-aGent\\\":\\\"changed\\\"}}'}}]}}");
    const struct gw_middlebox_row *r = middlebox_rows(&c, 1);
    text_is(r->hfm_diff, "[\"hOst\",\"uSer-aGent\"]");
    NUMBER(r->hfm_success, 0);
    case_free(&c);
}

// ---- §2.3: nettests that nobody reads ------------------------------------

static void nettests_of_every_name_leave_their_own_results(void **state)
{
    (void)state;
    static const char *const names[] = {
        "openvpn",     "psiphon", "riseupvpn", "torsf",
        "vanilla_tor", "dash",    "ndt",       "a_test_of_tomorrow"};
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        struct facts_case c = case_new();
        char json[300];
        snprintf(json, sizeof json,
                 "{'test_name':'%s','test_keys':{'bootstrap_time':12.5,"
                 "'success':true,'failure':'generic_timeout_error','none':null,"
                 "'simple':{'upload':7}}}",
                 names[i]);
        add(&c, json);
        const struct gw_key_row *r = key_rows(&c, 4);
        text_is(r[0].name, "bootstrap_time");
        ABOUT(r[0].value, 12.5);
        text_is(r[1].text, "true");
        ABOUT(r[1].value, 1);
        text_is(r[2].text, "generic_timeout_error");
        text_is(r[3].name, "simple.upload");
        case_free(&c);
    }
}

// ---- §0 and §4.4: what verdicts went wrong over --------------------------

static void controls_are_of_an_address_and_port(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'control':{'dns':{'failure':null,'addrs':['192.0.2.1']},"
                "'tcp_connect':{'192.0.2.1:443':{'status':true,'failure':null},"
                "'192.0.2.1:444':{'status':false,'failure':"
                "'connection_refused'}}}}");
    const struct gw_control_row *r = control_rows(&c, 2);
    NUMBER(r[0].port, 443);
    NUMBER(r[0].tcp_success, 1);
    NUMBER(r[1].port, 444);
    NUMBER(r[1].tcp_success, 0);
    text_is(r[1].tcp_failure, "connection_refused");
    case_free(&c);
}

static void a_unicode_name_and_its_punycode_are_one_name(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'web_connectivity','input':'http://яндекс.рф/',"
            "'test_keys':{'queries':[{'hostname':'xn--d1acpjx3f.xn--p1ai',"
            "'answers':[{'answer_type':'A','ipv4':'192.0.2.1'}]}],"
            "'tls_handshakes':[{'address':'192.0.2.1:443','server_name':"
            "'ЯНДЕКС.рф'}],'requests':[{'request':{'url':"
            "'http://яндекс.рф/'}}],"
            "'control':{'dns':{'failure':null,'addrs':['192.0.2.1']}}}}");
    static const char name[] = "xn--d1acpjx3f.xn--p1ai";
    text_is(the_measurement(&c)->input_host, name);
    text_is(the_measurement(&c)->input, "http://яндекс.рф/"); // as written
    text_is(dns_rows(&c, 1)->hostname, name);
    text_is(tls_rows(&c, 1)->server_name, name);
    text_is(http_rows(&c, 1)->hostname, name);
    text_is(control_rows(&c, 1)->hostname, name);
    case_free(&c);
}

static void names_below_the_urdu_domain_of_pakistan_match(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'web_connectivity','input':'https://مثال.پاکستان/',"
            "'test_keys':{'queries':[{'hostname':"
            "'xn--mgbh0fb.xn--mgbai9azgqp6j'}]}}");
    gw_span host = the_measurement(&c)->input_host;
    assert_true(gw_eq(host, dns_rows(&c, 1)->hostname));
    case_free(&c);
}

// No control is not a contrary control: there is no row to be read as one.
static void no_control_is_no_contrary_control(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "{'control':null}", "{'control':{}}", "{}",
        "{'control_failure':'generic_timeout_error','control':{'dns':"
        "{'failure':null,'addrs':[]},'tcp_connect':{},'http_request':"
        "{'body_length':0,'failure':null,'status_code':0}}}"};
    for (size_t i = 0; i < GW_COUNT(keys); i++) {
        struct facts_case c = case_new();
        add_web(&c, keys[i]);
        NUMBER(the_measurement(&c)->has_control, 0);
        control_rows(&c, 0);
        case_free(&c);
    }
}

static void a_control_that_resolved_nothing_says_so_once(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'control':{'dns':{'failure':'dns_nxdomain_error','addrs':[]},"
                "'tcp_connect':{}}}");
    NUMBER(the_measurement(&c)->has_control, 1);
    const struct gw_control_row *r = control_rows(&c, 1);
    NUMBER(r->dns_success, 0);
    text_is(r->dns_failure, "dns_nxdomain_error");
    IS_NULL(r->ip);
    case_free(&c);
}

static void hops_of_a_redirect_are_told_from_the_target(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tcp_connect':[{'ip':'192.0.2.1','port':80,'tags':"
                "['depth=0']},{'ip':'192.0.2.9','port':443,'tags':"
                "['depth=1']}]}");
    NUMBER(tcp_rows(&c, 2)[0].depth, 0);
    NUMBER(tcp_rows(&c, 2)[1].depth, 1);
    case_free(&c);
}

static void a_claim_of_validity_does_not_follow_from_a_timeout(void **state)
{
    (void)state;
    static const struct {
        const char *handshake;
        int64_t want;
    } cases[] = {
        {"'failure':null", 1},
        {"'failure':null,'no_tls_verify':true", GW_NULL},
        {"'failure':null,'no_tls_verify':false", 1},
        {"'failure':'ssl_invalid_hostname'", 0},
        {"'failure':'ssl_unknown_authority'", 0},
        {"'failure':'ssl_invalid_certificate'", 0},
        {"'failure':'ssl_failed_handshake'", GW_NULL},
        {"'failure':'generic_timeout_error'", GW_NULL},
        {"'failure':'connection_reset'", GW_NULL},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct facts_case c = case_new();
        char keys[200];
        snprintf(keys, sizeof keys,
                 "{'tls_handshakes':[{'address':'192.0.2.1:443',%s}]}",
                 cases[i].handshake);
        add_web(&c, keys);
        NUMBER(tls_rows(&c, 1)->is_certificate_valid, cases[i].want);
        case_free(&c);
    }
}

// Their 418 fingerprints of headers could not match, and HTTP was no layer.
static void fingerprints_of_headers_and_bodies_match(void **state)
{
    (void)state;
    struct facts_case c = case_begin();
    add_reference(&c, GW_KIND_HTTP_FINGERPRINTS, 0,
                  "name,scope,other_names,location_found,pattern_type,pattern,"
                  "confidence_no_fp,expected_countries,source,exp_url,notes\n"
                  "pk.page,isp,,body,contains,surf safely,5,PK,,,\n"
                  "pk.to,isp,,header.location,prefix,http://block.example/,5,"
                  "PK,,,\n"
                  "any.server,prod,,header.server,full,V2R2,5,,,,\n"
                  "any.via,prod,,header.via,contains,proxy,5,,,,\n");
    case_ready(&c);
    add_web(&c, "{'requests':[{'request':{'url':'http://a.example/'},"
                "'response':{'code':302,'body':'<p>surf safely</p>','headers':"
                "{'Location':'http://block.example/x','Server':'V2R2','Via':"
                "'1.1 proxy'}}}]}");
    const struct gw_http_row *r = http_rows(&c, 1);
    text_is(r->fingerprints, "[[\"pk.page\",\"isp\",1],[\"pk.to\",\"isp\",1],"
                             "[\"any.server\",\"prod\",0],"
                             "[\"any.via\",\"prod\",0]]");
    text_is(r->header_fields, "{\"via\":\"1.1 proxy\"}");
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_v4_mapped_address_is_judged_by_its_v4_address),
        cmocka_unit_test(every_answer_of_every_resolver_is_kept),
        cmocka_unit_test(ports_of_one_address_are_kept_apart),
        cmocka_unit_test(requests_are_newest_first),
        cmocka_unit_test(tags_and_transactions_are_kept),
        cmocka_unit_test(a_request_without_response_is_a_fact),
        cmocka_unit_test(what_a_middlebox_did_to_headers_is_kept),
        cmocka_unit_test(nettests_of_every_name_leave_their_own_results),
        cmocka_unit_test(controls_are_of_an_address_and_port),
        cmocka_unit_test(a_unicode_name_and_its_punycode_are_one_name),
        cmocka_unit_test(names_below_the_urdu_domain_of_pakistan_match),
        cmocka_unit_test(no_control_is_no_contrary_control),
        cmocka_unit_test(a_control_that_resolved_nothing_says_so_once),
        cmocka_unit_test(hops_of_a_redirect_are_told_from_the_target),
        cmocka_unit_test(a_claim_of_validity_does_not_follow_from_a_timeout),
        cmocka_unit_test(fingerprints_of_headers_and_bodies_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
