// What is particular to a nettest: sub-targets, middleboxes, its own results.
#include "facts_case.h"

static const struct gw_key_row *key_named(struct facts_case *c,
                                          const char *name)
{
    size_t n;
    const struct gw_key_row *rows = gw_rows_key(&c->block, &n);
    for (size_t i = 0; i < n; i++)
        if (gw_is(rows[i].name, name))
            return &rows[i];
    print_error("no key %s\n", name);
    fail();
    return NULL;
}

// ---- sub-targets --------------------------------------------------------

#define BRIDGE                                                                 \
    "'failure':null,'target_address':'192.0.2.1:9001',"                        \
    "'target_protocol':'or_port','tcp_connect':[{'ip':'192.0.2.1','port':"     \
    "9001,'status':{'success':true}}],'tls_handshakes':[{'address':"           \
    "'192.0.2.1:9001','no_tls_verify':true,'failure':'connection_reset',"      \
    "'t':2.0,'transaction_id':1}],'network_events':[{'operation':'write',"     \
    "'t':1.5,'num_bytes':9,'transaction_id':1}]"

static void bridges_of_tor_are_targets(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'tor','test_keys':{'or_port_total':2,'targets':{"
            "'aaaa':{" BRIDGE "},'bbbb':{'failure':'eof_error','tcp_connect':["
            "{'ip':'192.0.2.2','port':443,'status':{'success':false,'failure':"
            "'connection_refused'}}]}}}}");
    const struct gw_tcp_row *r = tcp_rows(&c, 2);
    text_is(r[0].target, "aaaa");
    NUMBER(r[0].list, GW_LIST_TARGETS);
    text_is(r[1].target, "bbbb");
    text_is(r[1].failure, "connection_refused");
    const struct gw_tls_row *t = tls_rows(&c, 1);
    text_is(t->target, "aaaa");
    NUMBER(t->write_bytes, 9); // of the target's own events
    NO_NUMBER(t->is_certificate_valid);
    text_is(key_named(&c, "targets.bbbb.failure")->text, "eof_error");
    text_is(key_named(&c, "targets.aaaa.target_protocol")->text, "or_port");
    ABOUT(key_named(&c, "or_port_total")->value, 2);
    case_free(&c);
}

static void bridges_of_early_versions_came_as_a_list(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'tor','test_keys':{'targets':[{" BRIDGE "}]}}");
    text_is(tcp_rows(&c, 1)->target, "192.0.2.1:9001");
    case_free(&c);
}

static void lookups_of_dnscheck_are_targets(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'dnscheck','input':'https://dns.example/dns-query',"
            "'test_keys':{'bootstrap':{'queries':[{'hostname':'dns.example',"
            "'answers':[{'ipv4':'192.0.2.1'}]}]},'lookups':{"
            "'https://192.0.2.1/dns-query':{'failure':null,'queries':[{"
            "'engine':'doh','hostname':'a.example','answers':[{'ipv4':"
            "'192.0.2.7'}]}],'requests':[{'request':{'url':"
            "'https://192.0.2.1/dns-query'}}]}}}}");
    const struct gw_dns_row *r = dns_rows(&c, 2);
    NUMBER(r[0].list, GW_LIST_BOOTSTRAP);
    IS_NULL(r[0].target);
    NUMBER(r[1].list, GW_LIST_LOOKUPS);
    text_is(r[1].target, "https://192.0.2.1/dns-query");
    NUMBER(http_rows(&c, 1)->list, GW_LIST_LOOKUPS);
    case_free(&c);
}

static void both_handshakes_of_echcheck_are_targets(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'echcheck','test_keys':{'control':{'address':"
            "'192.0.2.1:443','failure':null,'server_name':'a.example'},"
            "'target':{'address':'192.0.2.1:443','failure':"
            "'connection_reset','outer_server_name':'b.example','echconfig':"
            "'GREASE'}}}");
    const struct gw_tls_row *r = tls_rows(&c, 2);
    text_is(r[0].target, "control");
    text_is(r[1].target, "target");
    text_is(r[1].failure, "connection_reset");
    control_rows(&c, 0); // it is no helper's view
    case_free(&c);
}

// ---- middleboxes --------------------------------------------------------

static void an_echo_that_differs_is_a_middlebox(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'http_invalid_request_line','test_keys':{"
            "'failure_list':[null,null,'generic_timeout_error'],"
            "'received':['a b',{'value':'c d'},'',{'format':'base64','data':"
            "'ZQ=='}],'sent':['a b','c d','x','e'],'tampering':false}}");
    const struct gw_middlebox_row *r = middlebox_rows(&c, 1);
    text_is(r->hirl_sent_0, "a b");
    text_is(r->hirl_received_1, "c d");
    text_is(r->hirl_received_3, "e");
    IS_NULL(r->hirl_sent_4);
    text_is(r->hirl_failure, "generic_timeout_error");
    NUMBER(r->hirl_success, 1); // what came back is what was sent
    gw_block_reset(&c.block);
    add(&c, "{'test_name':'http_invalid_request_line','test_keys':{"
            "'received':['HTTP/1.1 400 Bad Request'],'sent':['a b']}}");
    NUMBER(middlebox_rows(&c, 1)->hirl_success, 0);
    gw_block_reset(&c.block);
    add(&c, "{'test_name':'http_invalid_request_line','test_keys':{}}");
    NO_NUMBER(middlebox_rows(&c, 1)->hirl_success); // nothing came back
    case_free(&c);
}

#define SENT     "{'request':{'headers':{'hOst':'b','ACcept':'a'}},"
#define RECEIVED "{\\\"request_headers\\\":"

static void headers_that_come_back_unchanged_are_a_success(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'http_header_field_manipulation','test_keys':{"
            "'requests':[" SENT "'response':{'body':'" RECEIVED
            "[[\\\"hOst\\\",\\\"b\\\"],[\\\"ACcept\\\",\\\"a\\\"]]}'}}]}}");
    NUMBER(middlebox_rows(&c, 1)->hfm_success, 1);
    text_is(middlebox_rows(&c, 1)->hfm_diff, "[]");
    case_free(&c);
}

static void an_answer_that_is_no_echo_is_a_failure(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *failure;
    } cases[] = {
        {"'response':{'body':'<html>'}}", "json_parse_error"},
        {"'response':{'body':'{}'}}", "json_parse_error"},
        {"'failure':'connection_reset'}", "connection_reset"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct facts_case c = case_new();
        char json[400];
        snprintf(json, sizeof json,
                 "{'test_name':'http_header_field_manipulation','test_keys':{"
                 "'requests':[" SENT "%s]}}",
                 cases[i].rest);
        add(&c, json);
        text_is(middlebox_rows(&c, 1)->hfm_failure, cases[i].failure);
        NO_NUMBER(middlebox_rows(&c, 1)->hfm_success);
        case_free(&c);
    }
}

// ---- their own results --------------------------------------------------

static void a_messengers_own_verdicts_are_keys(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'telegram','test_keys':{'telegram_http_blocking':"
            "true,'telegram_tcp_blocking':false,'telegram_web_failure':null,"
            "'telegram_web_status':'ok','failed':['a','b'],'deep':{'er':{"
            "'est':{'no':1}}},'objects':[{}],'tor_logs':['no'],"
            "'network_events':[]}}");
    key_rows(&c, 4);
    ABOUT(key_named(&c, "telegram_http_blocking")->value, 1);
    text_is(key_named(&c, "telegram_tcp_blocking")->text, "false");
    text_is(key_named(&c, "failed")->text, "[\"a\",\"b\"]");
    IS_NULL(the_measurement(&c)->blocking);
    case_free(&c);
}

static void signal_says_its_verdict_in_a_word_of_its_own(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'signal','test_keys':{'signal_backend_status':"
            "'blocked','signal_backend_failure':'eof_error'}}");
    text_is(the_measurement(&c)->probe_analysis, "blocked");
    text_is(key_named(&c, "signal_backend_failure")->text, "eof_error");
    case_free(&c);
}

static void web_connectivity_has_columns_and_no_keys(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'blocking':'dns','accessible':false,'retries':3}");
    key_rows(&c, 0);
    text_is(the_measurement(&c)->blocking, "dns");
    NUMBER(the_measurement(&c)->accessible, 0);
    case_free(&c);
}

static void a_scalar_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf json;
    gw_buf_init(&json, 1 << 16);
    gw_put_str(&json, "{'test_name':'ndt','test_keys':{'a':'x");
    for (int i = 0; i < 400; i++)
        gw_put_str(&json, "ü");
    gw_put_str(&json, "'}}");
    gw_put_u8(&json, 0);
    add(&c, (const char *)json.at);
    gw_span text = key_rows(&c, 1)->text;
    assert_in_range(text.len, GW_KEY_TEXT_MAX - 3, GW_KEY_TEXT_MAX);
    assert_true(gw_is_utf8(text));
    gw_buf_release(&json);
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bridges_of_tor_are_targets),
        cmocka_unit_test(bridges_of_early_versions_came_as_a_list),
        cmocka_unit_test(lookups_of_dnscheck_are_targets),
        cmocka_unit_test(both_handshakes_of_echcheck_are_targets),
        cmocka_unit_test(an_echo_that_differs_is_a_middlebox),
        cmocka_unit_test(headers_that_come_back_unchanged_are_a_success),
        cmocka_unit_test(an_answer_that_is_no_echo_is_a_failure),
        cmocka_unit_test(a_messengers_own_verdicts_are_keys),
        cmocka_unit_test(signal_says_its_verdict_in_a_word_of_its_own),
        cmocka_unit_test(web_connectivity_has_columns_and_no_keys),
        cmocka_unit_test(a_scalar_too_long_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
