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
    assert_int_equal(add_text(&c, GW_LIT("{\"test_name\":\"x\"}"), ""),
                     GW_EREFUSED); // an answer about one, but not one
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
