// Measurements that nobody's probe wrote: whatever stands in a place, the rest
// is read, what comes out is sound, and nothing takes for ever.
#include "facts_case.h"
#include "facts_sample.h"

// ---- something else in every place --------------------------------------

static const char *const odd_values[] = {"null",
                                         "true",
                                         "-1",
                                         "1e308",
                                         "9223372036854775807",
                                         "18446744073709551615",
                                         "''",
                                         "'\\u0000\\ud83d\\ude00'",
                                         "[]",
                                         "{}",
                                         "[null,[],{},'x',1]",
                                         "{'format':'base64','data':'//79'}",
                                         "{'format':'base64','data':7}",
                                         "'[scrubbed]:443'",
                                         "{'a':{'a':{'a':{'a':[[[[7]]]]}}}}"};

// End of the JSON value that begins at `at`.
static size_t value_end(gw_span s, size_t at)
{
    int depth = 0;
    bool text = false;
    for (size_t i = at; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c == '"')
            text = !text; // the sample escapes nothing
        if (text)
            continue;
        if (c == '{' || c == '[')
            depth++;
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return i;
        if (c == '}' || c == ']')
            depth--;
    }
    return s.len;
}

static void json_columns_are_json(struct facts_case *c, struct gw_json *parser)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table_info *info = &gw_tables[t];
        for (size_t i = 0; i < c->block.rows[t].count; i++)
            for (size_t k = 0; k < info->column_count; k++) {
                gw_span s;
                gw_jv v;
                if (info->columns[k].type != GW_JSON)
                    continue;
                memcpy(&s,
                       (uint8_t *)c->block.rows[t].at + i * info->row_size +
                           info->columns[k].offset,
                       sizeof s);
                if (!s.at)
                    continue;
                gw_buf_reset(&c->text);
                gw_put_span(&c->text, s);
                assert_non_null(gw_buf_room(&c->text, GW_JSON_PADDING));
                assert_int_equal(
                    gw_json_parse(parser, gw_buf_span(&c->text), &v, NULL), 0);
            }
    }
}

// Whether the place holds what makes it a measurement at all.
static bool needed(gw_span json, size_t colon)
{
    gw_span before = gw_sub(json, 0, colon);
    return gw_ends(before, "\"test_name\"") || gw_ends(before, "\"test_keys\"");
}

static void one_odd_value_anywhere_costs_only_itself(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_json *parser = gw_json_new();
    struct gw_buf made;
    gw_buf_init(&made, 1 << 16);
    gw_span json = json_of(&c, sample_measurement);
    uint8_t *sample = gw_new(json.len);
    memcpy(sample, json.at, json.len);
    json.at = sample;
    for (size_t i = 0; i < json.len; i++) {
        bool place = json.at[i] == ':' && json.at[i - 1] == '"';
        for (size_t k = 0; place && k < GW_COUNT(odd_values); k++) {
            gw_arena_reset(c.arena);
            gw_block_reset(&c.block);
            gw_buf_reset(&made);
            gw_put(&made, json.at, i + 1);
            gw_put_span(&made, json_of(&c, odd_values[k]));
            size_t end = value_end(json, i + 1);
            gw_put(&made, json.at + end, json.len - end);
            int rc = add_text(&c, gw_buf_span(&made), "");
            if (rc && !needed(json, i))
                print_error("%.*s\n%s\n", (int)made.len, (const char *)made.at,
                            c.why.text);
            assert_true(rc == 0 || needed(json, i));
            json_columns_are_json(&c, parser);
        }
    }
    gw_free(sample);
    gw_buf_release(&made);
    gw_json_free(parser);
    case_free(&c);
}

static void the_first_of_two_members_of_one_name_counts(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'blocking':'dns','blocking':false,'tcp_connect':[{'ip':"
                "'192.0.2.1','ip':'192.0.2.2','port':1,'port':2}],"
                "'tls_handshakes':[{'address':'192.0.2.1:1','address':"
                "'192.0.2.2:2'}]}");
    text_is(the_measurement(&c)->blocking, "dns");
    text_is(tcp_rows(&c, 1)->ip, "192.0.2.1");
    NUMBER(tls_rows(&c, 1)->port, 1);
    case_free(&c);
}

// ---- numbers that do not fit --------------------------------------------

static void sums_of_huge_numbers_do_not_overflow(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tls_handshakes':[{'t':2.0,'transaction_id':1}],"
                "'requests':[{'t0':0,'transaction_id':1}],'network_events':["
                "{'operation':'read','t':1.0,'num_bytes':9223372036854775807,"
                "'transaction_id':1},{'operation':'read','t':1.0,'num_bytes':"
                "9223372036854775807,'transaction_id':1},{'operation':'read',"
                "'t':1.5,'num_bytes':-9223372036854775808,'transaction_id':1},"
                "{'operation':'read','t':1.5,'num_bytes':5,"
                "'transaction_id':1}]}");
    NUMBER(tls_rows(&c, 1)->read_bytes, 5);
    NUMBER(tls_rows(&c, 1)->read_count, 4);
    NUMBER(http_rows(&c, 1)->read_bytes, 5);
    case_free(&c);
}

// ---- too many of everything ---------------------------------------------

// n items, the @ of each become two numbers with a dot between.
static void put_many(struct gw_buf *b, const char *item, int n)
{
    for (int i = 0; i < n; i++) {
        gw_span rest = gw_str(item);
        gw_put_str(b, i ? "," : "");
        gw_put_span(b, gw_cut(&rest, '@'));
        gw_put_fmt(b, "%d.%d", i / 256, i % 256);
        gw_put_span(b, rest);
    }
}

static void add_made(struct facts_case *c, struct gw_buf *keys)
{
    gw_put_u8(keys, 0);
    assert_int_equal(keys->err, 0);
    add_web(c, (const char *)keys->at);
    gw_buf_reset(keys);
}

static void events_beyond_all_measure_are_left_out_and_told(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf keys;
    gw_buf_init(&keys, 32 << 20);
    gw_put_str(&keys, "{'network_events':[");
    put_many(&keys, "{'operation':'read','t':@,'num_bytes':1}", 100000);
    gw_put_str(&keys, "],'tls_handshakes':[");
    put_many(&keys, "{'t':@}", 2000);
    gw_put_str(&keys, "]}");
    add_made(&c, &keys);
    tls_rows(&c, 2000);
    is_odd(&c, "of 100000 network events the first 4096 are read");
    gw_buf_release(&keys);
    case_free(&c);
}

static void
a_control_of_thousands_of_endpoints_is_left_out_and_told(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf keys;
    gw_buf_init(&keys, 32 << 20);
    gw_put_str(&keys, "{'control':{'dns':{'addrs':[");
    put_many(&keys, "'192.0.@'", 60000);
    gw_put_str(&keys, "]},'tcp_connect':{");
    put_many(&keys, "'192.1.@:1':{}", 60000);
    gw_put_str(&keys, "},'tls_handshake':{");
    put_many(&keys, "'192.2.@:1':{}", 1000);
    gw_put_str(&keys, "}}}");
    add_made(&c, &keys);
    is_odd(&c, "control.dns.addrs holds more than 1024: left out");
    is_odd(&c, "control.tcp_connect holds more than 1024: left out");
    control_rows(&c, 1000 + 1); // and one that no address was resolved
    gw_buf_release(&keys);
    case_free(&c);
}

static void header_fields_beyond_all_measure_are_not_compared(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf json;
    gw_buf_init(&json, 32 << 20);
    gw_put_str(&json, "{'test_name':'http_header_field_manipulation',"
                      "'test_keys':{'requests':[{'request':{'headers':{");
    put_many(&json, "'h@':'x'", 50000);
    gw_put_str(&json, "}},'response':{'body':'{\\\"headers_dict\\\":{");
    put_many(&json, "\\\"x@\\\":1", 50000);
    gw_put_str(&json, "}}'}}]}}");
    gw_put_u8(&json, 0);
    add(&c, (const char *)json.at);
    NO_NUMBER(middlebox_rows(&c, 1)->hfm_success);
    is_odd(&c, "header fields: not compared");
    gw_buf_release(&json);
    case_free(&c);
}

static void only_the_first_scalars_and_oddities_are_kept(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf json;
    gw_buf_init(&json, 32 << 20);
    gw_put_str(&json, "{'test_name':'x','test_keys':{'queries':[");
    put_many(&json, "@", 1000);
    gw_put_str(&json, "],'tcp_connect':[{'ip':'192.0.2.1','port':1}],");
    put_many(&json, "'k@':1", 1000);
    gw_put_str(&json, "}}");
    gw_put_u8(&json, 0);
    add(&c, (const char *)json.at);
    add(&c, (const char *)json.at); // each record has its own measure
    key_rows(&c, 2 * GW_KEYS_MAX);
    tcp_rows(&c, 2);
    for (int i = 0; i < 2; i++) { // the first says that there is no time
        gw_span odd = measurement_rows(&c, 2)[i].odd;
        assert_true(gw_find(odd, GW_LIT("queries[14]"), 0) > 0);
        assert_int_equal(gw_find(odd, GW_LIT("queries[15]"), 0), -1);
    }
    gw_buf_release(&json);
    case_free(&c);
}

static void a_list_of_tags_over_its_room_is_left_out_and_told(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf keys;
    gw_buf_init(&keys, 32 << 20);
    gw_put_str(&keys, "{'tcp_connect':[{'tags':['");
    uint8_t *p = gw_buf_room(&keys, 5 << 20);
    assert_non_null(p);
    memset(p, 'x', 5 << 20);
    keys.len += 5 << 20;
    gw_put_str(&keys, "','depth=3'],'ip':'192.0.2.1'}]}");
    add_made(&c, &keys);
    IS_NULL(tcp_rows(&c, 1)->tags);
    NUMBER(tcp_rows(&c, 1)->depth, 3);
    is_odd(&c, "a list over 4 MiB is left out");
    gw_buf_release(&keys);
    case_free(&c);
}

static void json_nested_without_end_is_refused(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    struct gw_buf json;
    gw_buf_init(&json, 1 << 20);
    gw_put_str(&json, "{\"test_name\":\"x\",\"test_keys\":");
    for (int i = 0; i < 100000; i++)
        gw_put_u8(&json, '[');
    assert_int_equal(add_text(&c, gw_buf_span(&json), ""), GW_EFORMAT);
    gw_buf_release(&json);
    case_free(&c);
}

static void a_connect_that_says_nothing_makes_no_row(void **state)
{
    (void)state;
    struct facts_case c = case_new();
    add_web(&c, "{'tcp_connect':[{},{'port':80},{'ip':'192.0.2.1'}]}");
    text_is(tcp_rows(&c, 1)->ip, "192.0.2.1");
    is_odd(&c, "tcp_connect[0] says nothing");
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_odd_value_anywhere_costs_only_itself),
        cmocka_unit_test(a_connect_that_says_nothing_makes_no_row),
        cmocka_unit_test(the_first_of_two_members_of_one_name_counts),
        cmocka_unit_test(sums_of_huge_numbers_do_not_overflow),
        cmocka_unit_test(events_beyond_all_measure_are_left_out_and_told),
        cmocka_unit_test(
            a_control_of_thousands_of_endpoints_is_left_out_and_told),
        cmocka_unit_test(header_fields_beyond_all_measure_are_not_compared),
        cmocka_unit_test(only_the_first_scalars_and_oddities_are_kept),
        cmocka_unit_test(a_list_of_tags_over_its_room_is_left_out_and_told),
        cmocka_unit_test(json_nested_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
