// Defects measured in the observatories that exist, and that facts here do not
// have: each test names one. §: of the study of measurement pipelines.
#include "facts_case.h"

// ---- §2.2: what lost a whole measurement ---------------------------------

static void a_control_endpoint_in_tls_handshake_alone_is_a_row(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'queries':[{'hostname':'www.example.org','answers':["
                "{'answer_type':'A','ipv4':'93.184.216.34'}]}],"
                "'control':{'dns':{'failure':null,'addrs':['93.184.216.34']},"
                "'tcp_connect':{},'tls_handshake':{'93.184.216.34:443':"
                "{'status':true,'failure':null,"
                "'server_name':'www.example.org'}}}}");
    const struct gw_control_row *r = control_rows(&c, 1);
    text_is(r->ip, "93.184.216.34");
    NUMBER(r->port, 443);
    NUMBER(r->dns_success, 1);
    NO_NUMBER(r->tcp_success);
    NUMBER(r->tls_success, 1);
    text_is(r->tls_server_name, "www.example.org");
    text_is(r->hostname, "www.example.org");
    dns_rows(&c, 1);
    case_free(&c);
}

static void
network_events_without_the_handshakes_transaction_lose_nothing(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tls_handshakes':[{'address':'192.0.2.1:443','t0':1.0,"
                "'t':2.0,'transaction_id':7}],"
                "'network_events':[{'operation':'read','t':1.5,'num_bytes':9,"
                "'transaction_id':8}]}");
    const struct gw_tls_row *r = tls_rows(&c, 1);
    NUMBER(r->transaction_id, 7);
    NO_NUMBER(r->read_count);
    assert_true(isnan(r->handshake_time));
    case_free(&c);
}

static void a_body_in_bad_base64_costs_nothing_but_itself(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'requests':[{'request':{'url':'https://www.example.org/'},"
                "'response':{'code':200,'headers':{'Server':'x'},'body':"
                "{'format':'base64','data':'@@@'}}}],"
                "'tcp_connect':[{'ip':'192.0.2.1','port':443,'status':"
                "{'success':true}}]}");
    const struct gw_http_row *r = http_rows(&c, 1);
    NUMBER(r->response_status_code, 200);
    text_is(r->response_header_server, "x");
    tcp_rows(&c, 1);
    is_odd(&c, "base64 data is broken");
    case_free(&c);
}

static void the_key_input_may_be_missing(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'telegram','measurement_start_time':"
            "'2024-02-12 20:33:47','test_keys':{'tcp_connect':["
            "{'ip':'149.154.167.51','port':443,'status':{'success':false,"
            "'failure':'generic_timeout_error'}}]}}");
    IS_NULL(the_measurement(&c)->input);
    text_is(tcp_rows(&c, 1)->failure, "generic_timeout_error");
    case_free(&c);
}

// ---- §0 and §1.2: traps of the format ------------------------------------

static void one_odd_item_does_not_throw_the_measurement_away(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'queries':[7,{'hostname':'a.example','failure':"
                "'dns_nxdomain_error'}],'tcp_connect':['x',{'ip':'192.0.2.1',"
                "'port':443}],'tls_handshakes':[null,{'address':"
                "'192.0.2.1:443'}],'requests':[[],{'request':{'url':"
                "'http://a.example/'}}],'network_events':7,'control':[1]}");
    NUMBER(dns_rows(&c, 1)->item, 1);
    NUMBER(tcp_rows(&c, 1)->item, 1);
    NUMBER(tls_rows(&c, 1)->item, 1);
    NUMBER(http_rows(&c, 1)->item, 1);
    is_odd(&c, "queries[0] is no object");
    is_odd(&c, "tcp_connect[0] is no object");
    is_odd(&c, "tls_handshakes[0] is no object");
    is_odd(&c, "requests[0] is no object");
    case_free(&c);
}

static void an_as_number_without_its_prefix_loses_no_digits(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        int64_t want;
    } asns[] = {{"'AS137'", 137},    {"'137'", 137},
                {"137", 137},        {"'as137'", 137},
                {"'AS'", GW_NULL},   {"'ASx'", GW_NULL},
                {"'AS-1'", GW_NULL}, {"-1", GW_NULL},
                {"'AS0'", 0},        {"'AS4294967296'", GW_NULL},
                {"true", GW_NULL}};
    for (size_t i = 0; i < GW_COUNT(asns); i++) {
        struct facts_case c = case_new();
        char json[200];
        snprintf(json, sizeof json,
                 "{'test_name':'x','probe_asn':%s,'test_keys':{}}",
                 asns[i].written);
        add(&c, json);
        NUMBER(the_measurement(&c)->probe_asn, asns[i].want);
        if (asns[i].want == GW_NULL)
            is_odd(&c, "probe_asn is no AS number");
        case_free(&c);
    }
}

static void times_in_iso_form_are_times(void **state)
{
    (void)state;
    static const char *const written[] = {
        "2024-02-12 20:33:47", "2024-02-12T20:33:47Z", "2024-02-12T20:33:47",
        "2024-02-13T01:33:47+05:00", " 2024-02-12 20:33:47 "};
    for (size_t i = 0; i < GW_COUNT(written); i++) {
        struct facts_case c = case_new();
        char json[200];
        snprintf(json, sizeof json,
                 "{'test_name':'x','measurement_start_time':'%s',"
                 "'test_keys':{}}",
                 written[i]);
        add(&c, json);
        NUMBER(the_measurement(&c)->start_time,
               gw_time_civil(2024, 2, 12, 20, 33, 47));
        nothing_is_odd(&c);
        case_free(&c);
    }
}

static void a_time_that_is_none_loses_only_itself(void **state)
{
    (void)state;
    static const char *const written[] = {"'yesterday'", "true",  "{}",
                                          "-5",          "1e300", "''"};
    for (size_t i = 0; i < GW_COUNT(written); i++) {
        struct facts_case c = case_new();
        char json[300];
        snprintf(json, sizeof json,
                 "{'test_name':'x','measurement_start_time':%s,"
                 "'test_start_time':'2024-02-12 20:33:40','test_keys':"
                 "{'tcp_connect':[{'ip':'192.0.2.1','port':1}]}}",
                 written[i]);
        add(&c, json);
        NUMBER(the_measurement(&c)->start_time,
               gw_time_civil(2024, 2, 12, 20, 33, 40));
        is_odd(&c, "measurement_start_time is no time");
        tcp_rows(&c, 1);
        case_free(&c);
    }
}

static void an_input_that_is_a_list_is_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'x','input':['a.example','b.example'],"
            "'test_keys':{'tcp_connect':[{'ip':'192.0.2.1','port':1}]}}");
    text_is(the_measurement(&c)->input, "a.example b.example");
    IS_NULL(the_measurement(&c)->input_host);
    tcp_rows(&c, 1);
    case_free(&c);
}

static void test_keys_without_value_still_make_a_measurement(void **state)
{
    (void)state;
    static const char *const keys[] = {"null", "[]", "''", "false", "7"};
    for (size_t i = 0; i < GW_COUNT(keys); i++) {
        struct facts_case c = case_new();
        add_web(&c, keys[i]);
        is_odd(&c, "test_keys is");
        text_is(the_measurement(&c)->probe_cc, "PK");
        case_free(&c);
    }
    struct facts_case c = case_new();
    add(&c, "{'test_name':'x'}");
    is_odd(&c, "test_keys is null or absent");
    case_free(&c);
}

static void annotations_need_not_be_texts(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'x','annotations':{'platform':'linux','origin':7,"
            "'network_type':null,'architecture':{},'engine_name':'e'},"
            "'test_keys':{}}");
    text_is(the_measurement(&c)->platform, "linux");
    text_is(the_measurement(&c)->engine_name, "e");
    IS_NULL(the_measurement(&c)->network_type);
    case_free(&c);
}

static void a_failure_may_be_a_boolean(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tcp_connect':["
                "{'ip':'192.0.2.1','port':1,'status':{'success':true,"
                "'failure':false}},"
                "{'ip':'192.0.2.1','port':2,'status':{'success':false,"
                "'failure':true}},"
                "{'ip':'192.0.2.1','port':3,'status':{'failure':null}},"
                "{'ip':'192.0.2.1','port':4,'status':true},"
                "{'ip':'192.0.2.1','port':5,'status':false}]}");
    const struct gw_tcp_row *r = tcp_rows(&c, 5);
    for (int i = 0; i < 5; i++) {
        bool ok = i != 1 && i != 4;
        NUMBER(r[i].success, ok);
        if (ok)
            IS_NULL(r[i].failure);
        else
            text_is(r[i].failure, "unknown_failure");
    }
    case_free(&c);
}

static void lengths_and_codes_below_zero_mean_that_there_is_none(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c,
            "{'control':{'dns':{'addrs':['192.0.2.1'],'failure':null},"
            "'http_request':{'body_length':-1,'status_code':-1,"
            "'failure':'dns_name_error','title':'','headers':{}}},"
            "'requests':[{'failure':'connection_reset','request':{'url':"
            "'http://www.example.org/'},'response':{'code':0,'body':''}}]}");
    const struct gw_control_row *r = control_rows(&c, 2);
    NO_NUMBER(r[1].http_status_code);
    NO_NUMBER(r[1].http_response_body_length);
    NUMBER(r[1].http_success, 0);
    const struct gw_http_row *h = http_rows(&c, 1);
    NO_NUMBER(h->response_status_code);
    NO_NUMBER(h->response_body_length);
    case_free(&c);
}

static void the_legacy_helper_speaks_the_probes_words_here(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'control':{'dns':{'failure':'dns_name_error','addrs':[]},"
                "'tcp_connect':{'192.0.2.1:80':{'status':false,'failure':"
                "'connection_refused_error'}},'tls_handshake':"
                "{'192.0.2.1:443':{'status':false,'failure':'unknown_error'}},"
                "'http_request':{'failure':'tcp_timed_out_error'}}}");
    const struct gw_control_row *r = control_rows(&c, 4);
    text_is(r[0].tcp_failure, "connection_refused");
    text_is(r[1].tls_failure, "unknown_failure");
    text_is(r[2].dns_failure, "dns_nxdomain_error");
    text_is(r[3].http_failure, "generic_timeout_error");
    case_free(&c);
}

static void headers_come_as_map_or_list_and_in_base64(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'requests':["
                "{'request':{'url':'http://a.example/'},'response':{'code':302,"
                "'headers':{'Location':'http://b.example/','SERVER':'s'}}},"
                "{'request':{'url':'http://a.example/'},'response':{'code':302,"
                "'headers':{'x':'y'},'headers_list':[['Location',"
                "'http://b.example/'],['Server','s'],['Server','t']]}},"
                "{'request':{'url':'http://a.example/'},'response':{'code':302,"
                "'headers':{'Location':{'format':'base64','data':"
                "'aHR0cDovL2IuZXhhbXBsZS8='},'Server':['s']}}},"
                "{'request':{'url':'http://a.example/'},'response':{'code':302,"
                "'headers_list':[[{'format':'base64','data':'TG9jYXRpb24='},"
                "'http://b.example/'],['Server','s']]}}]}");
    const struct gw_http_row *r = http_rows(&c, 4);
    for (int i = 0; i < 4; i++) {
        text_is(r[i].response_header_location, "http://b.example/");
        text_is(r[i].response_header_server, "s");
        text_is(r[i].header_names, "[\"location\",\"server\"]");
    }
    case_free(&c);
}

static void a_scrubbed_address_keeps_its_port(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c,
            "{'tls_handshakes':[{'address':'[scrubbed]:443',"
            "'server_name':'a.example'}],'queries':[{'hostname':'a.example',"
            "'answers':[{'answer_type':'A','ipv4':'[scrubbed]'}]}],"
            "'tcp_connect':[{'ip':'[scrubbed]','port':443,'status':"
            "{'success':true}}],'control':{'tcp_connect':{'[scrubbed]:443':"
            "{'status':true,'failure':null}}}}");
    IS_NULL(tls_rows(&c, 1)->ip);
    NUMBER(tls_rows(&c, 1)->port, 443);
    text_is(dns_rows(&c, 1)->answer, "[scrubbed]");
    IS_NULL(tcp_rows(&c, 1)->ip); // and not dropped for it
    text_is(tcp_rows(&c, 1)->host, "[scrubbed]");
    NUMBER(tcp_rows(&c, 1)->success, 1);
    case_free(&c);
}

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
    text_is(r->fingerprints, "[[\"any.server\",\"prod\",0],"
                             "[\"any.via\",\"prod\",0],"
                             "[\"pk.page\",\"isp\",1],[\"pk.to\",\"isp\",1]]");
    text_is(r->header_fields, "{\"via\":\"1.1 proxy\"}");
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_control_endpoint_in_tls_handshake_alone_is_a_row),
        cmocka_unit_test(
            network_events_without_the_handshakes_transaction_lose_nothing),
        cmocka_unit_test(a_body_in_bad_base64_costs_nothing_but_itself),
        cmocka_unit_test(the_key_input_may_be_missing),
        cmocka_unit_test(one_odd_item_does_not_throw_the_measurement_away),
        cmocka_unit_test(an_as_number_without_its_prefix_loses_no_digits),
        cmocka_unit_test(times_in_iso_form_are_times),
        cmocka_unit_test(a_time_that_is_none_loses_only_itself),
        cmocka_unit_test(an_input_that_is_a_list_is_kept),
        cmocka_unit_test(test_keys_without_value_still_make_a_measurement),
        cmocka_unit_test(annotations_need_not_be_texts),
        cmocka_unit_test(a_failure_may_be_a_boolean),
        cmocka_unit_test(lengths_and_codes_below_zero_mean_that_there_is_none),
        cmocka_unit_test(the_legacy_helper_speaks_the_probes_words_here),
        cmocka_unit_test(headers_come_as_map_or_list_and_in_base64),
        cmocka_unit_test(a_scrubbed_address_keeps_its_port),
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
