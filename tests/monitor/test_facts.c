// A measurement and what is around it: envelopes, identity, who measured; and
// what becomes of a record that is none.
#include "fault.h"

#include "facts_case.h"
#include "facts_sample.h"

// The same text as a JSON text in {"<key>":"...", <more>}.
static gw_span as_text_in(struct facts_case *c, const char *key, gw_span json,
                          const char *more)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    gw_put_fmt(&b, "{\"%s\":", key);
    struct gw_jw w = gw_jw_on(&b);
    gw_jw_str(&w, json);
    gw_put_span(&b, json_of(c, more));
    gw_put_str(&b, "}");
    gw_span kept = gw_arena_copy(c->arena, gw_buf_span(&b));
    gw_buf_release(&b);
    return kept;
}

#define SMALL                                                                  \
    "{'test_name':'telegram','measurement_start_time':'2024-02-12 20:33:47',"  \
    "'test_keys':{'tcp_connect':[{'ip':'149.154.167.51','port':443}]}}"

// ---- the measurement ----------------------------------------------------

static void who_measured_what_and_when_is_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_measurement_row *m = the_measurement(&c);
    NUMBER(m->record, 100);
    NUMBER(m->length, sizeof sample_measurement - 1);
    text_is(m->report_id, "20240212T203340Z_webconnectivity_PK_17557_n1_x");
    text_is(m->input, "https://www.example.org/path");
    text_is(m->input_host, "www.example.org");
    text_is(m->input_scheme, "https");
    NUMBER(m->input_port, 443);
    NUMBER(m->start_time, gw_time_civil(2024, 2, 12, 20, 33, 47));
    NUMBER(m->test_start_time, gw_time_civil(2024, 2, 12, 20, 33, 40));
    text_is(m->test_name, "web_connectivity");
    text_is(m->test_version, "0.5.24");
    ABOUT(m->test_runtime, 2.5);
    text_is(m->software_name, "ooniprobe-cli");
    text_is(m->software_version, "3.18.0");
    text_is(m->data_format_version, "0.2.0");
    NUMBER(m->probe_asn, 17557);
    text_is(m->probe_cc, "PK");
    text_is(m->probe_as_org_name, "Network");
    IS_NULL(m->probe_id); // an empty text is no id
    NUMBER(m->synthetic, 0);
    nothing_is_odd(&c);
    case_free(&c);
}

static void annotations_and_resolver_are_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_measurement_row *m = the_measurement(&c);
    text_is(m->platform, "linux");
    text_is(m->network_type, "wifi");
    text_is(m->origin, "autorun");
    text_is(m->engine_name, "ooniprobe-engine");
    text_is(m->engine_version, "3.18.0");
    text_is(m->architecture, "amd64");
    text_is(m->ooni_run_link_id, "10001");
    text_is(m->resolver_ip, "192.0.2.53");
    NUMBER(m->resolver_is_scrubbed, 0);
    NUMBER(m->resolver_asn, 15169);
    NUMBER(m->resolver_asn_probe, 15169);
    text_is(m->resolver_as_org_name, "Resolver");
    case_free(&c);
}

static void the_probes_own_verdict_is_kept_as_recorded(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, sample_measurement);
    const struct gw_measurement_row *m = the_measurement(&c);
    text_is(m->blocking, "false");
    text_is(m->probe_analysis, "false");
    NUMBER(m->accessible, 1);
    text_is(m->dns_consistency, "consistent");
    ABOUT(m->body_proportion, 1);
    NUMBER(m->body_length_match, 1);
    NUMBER(m->headers_match, 1);
    NUMBER(m->status_code_match, 1);
    NUMBER(m->title_match, 1);
    NUMBER(m->x_dns_flags, 0);
    NUMBER(m->x_blocking_flags, 32);
    NUMBER(m->x_null_null_flags, 0);
    IS_NULL(m->control_failure);
    IS_NULL(m->dns_experiment_failure);
    case_free(&c);
}

static void a_scrubbed_resolver_is_told(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'test_name':'x','resolver_ip':'','test_keys':{"
            "'client_resolver':'[scrubbed]'}}");
    text_is(the_measurement(&c)->resolver_ip, "[scrubbed]");
    NUMBER(the_measurement(&c)->resolver_is_scrubbed, 1);
    case_free(&c);
}

static void an_input_may_be_url_endpoint_or_name(void **state)
{
    (void)state;
    static const struct {
        const char *input, *host;
        int64_t port;
    } inputs[] = {{"HTTP://WWW.Example.ORG:8080/", "www.example.org", 8080},
                  {"dot://dns.example", "dns.example", 853},
                  {"stun://stun.example:3479", "stun.example", 3479},
                  {"192.0.2.1:443", "192.0.2.1", 443},
                  {"[2001:DB8::1]:443", "2001:db8::1", 443},
                  {"www.Example.org.", "www.example.org", GW_NULL}};
    for (size_t i = 0; i < GW_COUNT(inputs); i++) {
        struct facts_case c = case_new();
        char json[200];
        snprintf(json, sizeof json,
                 "{'test_name':'x','input':'%s','test_keys':{}}",
                 inputs[i].input);
        add(&c, json);
        text_is(the_measurement(&c)->input, inputs[i].input);
        text_is(the_measurement(&c)->input_host, inputs[i].host);
        NUMBER(the_measurement(&c)->input_port, inputs[i].port);
        case_free(&c);
    }
}

static void what_was_made_up_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t want;
    } marks[] = {{"'true'", 1}, {"true", 1}, {"'false'", 0}, {"false", 0}};
    for (size_t i = 0; i < GW_COUNT(marks); i++) {
        struct facts_case c = case_new();
        char json[200];
        snprintf(json, sizeof json,
                 "{'test_name':'x','annotations':{'synthetic':%s},"
                 "'test_keys':{}}",
                 marks[i].value);
        add(&c, json);
        NUMBER(the_measurement(&c)->synthetic, marks[i].want);
        case_free(&c);
    }
}

// ---- ids ----------------------------------------------------------------

// As OONI computed it: SHAKE128 of the line with its end, 15 bytes.
static void a_line_without_id_gets_the_one_that_it_has_at_oonis(void **state)
{
    (void)state;
    static const struct {
        const char *line, *uid;
    } lines[] = {
        {"{'test_name':'x','measurement_start_time':'2019-05-06 07:08:09',"
         "'test_keys':{}}",
         "01201905063198c5bd001f498f9f0734c0ba7d54"},
        {"{'test_name':'x','measurement_start_time':'2019-05-06T07:08:09Z',"
         "'test_keys':{}}",
         "0100000000ed65448dde2b12c776cdde92dae574"},
        {"{'test_name':'x','measurement_start_time':'2019-05-06 07:08:09.5',"
         "'test_keys':{}}",
         "01000000008591bbdf2b603944ebaf0e15917123"},
    };
    for (size_t i = 0; i < GW_COUNT(lines); i++) {
        struct facts_case c = case_new();
        add(&c, lines[i].line);
        text_is(the_measurement(&c)->uid, lines[i].uid);
        case_free(&c);
    }
}

static void a_postcan_has_its_id_in_its_name(void **state)
{
    (void)state;
    static const char name[] =
        "2024/20240212203347.123456_PK_telegram_0123456789abcdef.post";
    struct facts_case c = case_new();
    gw_span json = json_of(&c, "{'format':'json','content':" SMALL "}");
    assert_int_equal(add_text(&c, json, name), 0);
    text_is(the_measurement(&c)->uid,
            "20240212203347.123456_PK_telegram_0123456789abcdef");
    tcp_rows(&c, 1);
    case_free(&c);
}

static void an_id_inside_the_measurement_comes_first(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    gw_span json = json_of(&c, "{'test_name':'x','measurement_uid':'own',"
                               "'test_keys':{}}");
    assert_int_equal(add_text(&c, json, "other.post"), 0);
    text_is(the_measurement(&c)->uid, "own");
    case_free(&c);
}

// ---- envelopes ----------------------------------------------------------

static void an_answer_of_the_api_holds_it_as_text(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    gw_span answer = as_text_in(&c, "raw_measurement", json_of(&c, SMALL),
                                ",'measurement_uid':'given','test_name':'no'");
    assert_int_equal(add_text(&c, answer, ""), 0);
    text_is(the_measurement(&c)->test_name, "telegram");
    text_is(the_measurement(&c)->uid, "given");
    tcp_rows(&c, 1);
    gw_block_reset(&c.block);
    gw_span saved = as_text_in(&c, "body", answer, ",'status':200");
    assert_int_equal(add_text(&c, saved, ""), 0);
    text_is(the_measurement(&c)->uid, "given");
    tcp_rows(&c, 1);
    case_free(&c);
}

static void an_answer_may_hold_it_as_an_object(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, "{'raw_measurement':" SMALL ",'measurement_uid':'given'}");
    text_is(the_measurement(&c)->uid, "given");
    tcp_rows(&c, 1);
    case_free(&c);
}

static void texts_in_texts_have_an_end(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    gw_span json = json_of(&c, SMALL);
    for (int i = 1; i < GW_ENVELOPES_MAX; i++) {
        json = as_text_in(&c, "raw_measurement", json, "");
        assert_int_equal(add_text(&c, json, ""), 0);
    }
    tcp_rows(&c, GW_ENVELOPES_MAX - 1);
    json = as_text_in(&c, "raw_measurement", json, "");
    assert_int_equal(add_text(&c, json, ""), GW_EREFUSED);
    assert_non_null(strstr(c.why.text, "JSON texts nest more than"));
    case_free(&c);
}

static void an_entry_of_a_yaml_report_goes_with_its_header(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    gw_span json = json_of(
        &c,
        "{'header':{'test_name':'http_requests','start_time':1422648000.0,"
        "'probe_asn':'AS17557','probe_cc':'PK','software_name':'ooniprobe'},"
        "'entry':{'input':'http://a.example/','requests':[{'request':{"
        "'url':'http://a.example/'},'response':{'code':200,'body':'x',"
        "'headers':{'Server':['s']}}}]}}");
    gw_put_span(&c.text, json);
    assert_non_null(gw_buf_room(&c.text, GW_JSON_PADDING));
    struct gw_record r = {gw_buf_span(&c.text), 7, 9, "", true};
    assert_int_equal(gw_facts_add(c.facts, &c.block, &r, NULL), 0);
    NUMBER(the_measurement(&c)->record, 7);
    NUMBER(the_measurement(&c)->length, 9);
    text_is(the_measurement(&c)->input, "http://a.example/");
    text_is(the_measurement(&c)->input_host, "a.example");
    NUMBER(the_measurement(&c)->start_time,
           gw_time_civil(2015, 1, 30, 20, 0, 0));
    text_is(http_rows(&c, 1)->response_header_server, "s");
    case_free(&c);
}

// ---- refusals -----------------------------------------------------------

static void a_record_that_is_none_is_refused_by_rule(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int code;
        const char *why;
    } bad[] = {
        {"{'test_name':'x','test_keys':{}", GW_EFORMAT, "RFC 8259"},
        {"{'test_name':'x',,'test_keys':{}}", GW_EFORMAT, "RFC 8259"},
        {"", GW_EFORMAT, "RFC 8259"},
        {"'\x01'", GW_EFORMAT, "RFC 8259"},
        {"'\xff'", GW_EFORMAT, "RFC 8259"},
        {"[1]", GW_EREFUSED, "not a JSON object"},
        {"7", GW_EREFUSED, "not a JSON object"},
        {"{}", GW_EREFUSED, "test_name is missing (df-000)"},
        {"{'test_name':7,'test_keys':{}}", GW_EREFUSED, "test_name is missing"},
        {"{'test_name':'','test_keys':{}}", GW_EREFUSED,
         "test_name is missing"},
        {"{'metadata':{},'results':[{}]}", GW_EREFUSED, "an API listing"},
        {"{'result':[{}],'v':0}", GW_EREFUSED, "an API aggregation"},
        {"{'test_name':'x','probe_cc':'PK'}", GW_EREFUSED,
         "test_keys is missing"},
        {"{'raw_measurement':'{'}", GW_EFORMAT, "RFC 8259"},
    };
    struct facts_case c = case_new();
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        gw_span json = json_of(&c, bad[i].json);
        assert_int_equal(add_text(&c, json, ""), bad[i].code);
        if (!strstr(c.why.text, bad[i].why))
            print_error("%s: %s\n", bad[i].json, c.why.text);
        assert_non_null(strstr(c.why.text, bad[i].why));
        measurement_rows(&c, 0);
    }
    case_free(&c);
}

static void a_refused_record_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add(&c, SMALL);
    assert_int_equal(add_text(&c, GW_LIT("{"), ""), GW_EFORMAT);
    struct gw_buf huge;
    gw_buf_init(&huge, 8 << 20);
    gw_put_str(&huge, "{\"test_name\":\"x\",\"test_keys\":{\"tcp_connect\":[");
    for (int i = 0; i < 320000; i++)
        gw_put_str(&huge, i ? ",{\"ip\":\"x\"}" : "{\"ip\":\"x\"}");
    gw_put_str(&huge, "]}}");
    assert_int_equal(add_text(&c, gw_buf_span(&huge), ""), GW_ETOOBIG);
    assert_non_null(strstr(c.why.text, "more facts than any measurement has"));
    gw_buf_release(&huge);
    add(&c, SMALL);
    const struct gw_tcp_row *r = tcp_rows(&c, 2);
    NUMBER(r[0].m, 0);
    NUMBER(r[1].m, 1);
    measurement_rows(&c, 2);
    IS_NULL(measurement_rows(&c, 2)[1].odd);
    case_free(&c);
}

// ---- faults -------------------------------------------------------------

static struct gw_refs *sealed;
static uint8_t padded[sizeof sample_measurement + GW_JSON_PADDING];

static bool facts_of_sample(void)
{
    struct gw_facts *f = gw_facts_new(sealed);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block b = {0};
    struct gw_record r = {gw_span_of(padded, sizeof sample_measurement - 1), 0,
                          1, "", false};
    bool ok = f && arena && gw_block_init(&b, arena) == 0;
    int rc = ok ? gw_facts_add(f, &b, &r, NULL) : GW_ENOMEM;
    assert_true(rc == 0 || rc == GW_ENOMEM);
    if (ok && rc) { // the next record finds everything as it was
        size_t n;
        gw_rows_measurement(&b, &n);
        assert_int_equal(n, 0);
        assert_int_equal(gw_facts_add(f, &b, &r, NULL), 0);
        gw_rows_dns(&b, &n);
        assert_int_equal(n, 3);
    }
    gw_facts_free(f);
    gw_block_release(&b);
    gw_arena_free(arena);
    return rc == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    gw_span json = json_of(&c, sample_measurement);
    memcpy(padded, json.at, json.len);
    sealed = c.refs;
    assert_true(gw_fault_each_alloc(facts_of_sample) > 25);
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_measured_what_and_when_is_kept),
        cmocka_unit_test(annotations_and_resolver_are_kept),
        cmocka_unit_test(the_probes_own_verdict_is_kept_as_recorded),
        cmocka_unit_test(a_scrubbed_resolver_is_told),
        cmocka_unit_test(an_input_may_be_url_endpoint_or_name),
        cmocka_unit_test(what_was_made_up_says_so),
        cmocka_unit_test(a_line_without_id_gets_the_one_that_it_has_at_oonis),
        cmocka_unit_test(a_postcan_has_its_id_in_its_name),
        cmocka_unit_test(an_id_inside_the_measurement_comes_first),
        cmocka_unit_test(an_answer_of_the_api_holds_it_as_text),
        cmocka_unit_test(an_answer_may_hold_it_as_an_object),
        cmocka_unit_test(texts_in_texts_have_an_end),
        cmocka_unit_test(an_entry_of_a_yaml_report_goes_with_its_header),
        cmocka_unit_test(a_record_that_is_none_is_refused_by_rule),
        cmocka_unit_test(a_refused_record_leaves_its_neighbours_alone),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
