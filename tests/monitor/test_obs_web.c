// Observation exports of OONI to rows: by the names of their columns, row for
// row, with the place where each measurement's rows stand.
#include "fault.h"
#include "records_case.h"

#include "monitor/obs_web.h"

#include <math.h>

struct export
{
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_obs_web *reader;
    struct drip source;
    int64_t measurements;
    int refusals;
    int64_t refused_at;
    char refused_why[200];
    gw_span text; // the whole export
    int64_t records, record_at, record_length;
};

static void refuse(void *ctx, int64_t position, int64_t length, int code,
                   const char *reason)
{
    struct export *e = ctx;
    (void)length;
    assert_true(code < 0);
    e->refusals++;
    e->refused_at = position;
    snprintf(e->refused_why, sizeof e->refused_why, "%s", reason);
}

// Each measurement's bytes as they lie in the export, one after another.
static void see(void *ctx, int64_t position, gw_span bytes)
{
    struct export *e = ctx;
    assert_true(position >= e->record_at + e->record_length);
    assert_true(gw_eq(bytes, gw_sub(e->text, (size_t)position, bytes.len)));
    e->records++;
    e->record_at = position;
    e->record_length = (int64_t)bytes.len;
}

static const struct gw_obs_web_sink sink = {refuse, see};

static struct export *export_of(gw_span text, size_t chunk, int end)
{
    struct export *e = gw_new(sizeof *e);
    e->source = (struct drip){text, chunk, end};
    e->text = text;
    e->arena = gw_arena_new(64 << 20);
    assert_int_equal(gw_block_init(&e->block, e->arena), 0);
    e->reader = gw_obs_web_new(drip, &e->source);
    assert_non_null(e->reader);
    return e;
}

static int next(struct export *e, struct gw_why *why)
{
    int64_t n;
    gw_arena_reset(e->arena);
    gw_block_reset(&e->block);
    int rc = gw_obs_web_next(e->reader, &e->block, &sink, e, &n, why);
    e->measurements += n;
    assert_int_equal(e->records, e->measurements);
    const struct gw_measurement_row *m;
    size_t rows;
    m = gw_rows_measurement(&e->block, &rows);
    if (rows) {
        assert_int_equal(m[rows - 1].record, e->record_at);
        assert_int_equal(m[rows - 1].length, e->record_length);
    }
    return rc;
}

static void export_free(struct export *e)
{
    gw_obs_web_free(e->reader);
    gw_block_release(&e->block);
    gw_arena_free(e->arena);
    gw_free(e);
}

// Reads all of a small export, which fits in one block.
static struct export *read_whole(const char *text)
{
    struct export *e = export_of(gw_str(text), SIZE_MAX, 0);
    assert_int_equal(next(e, NULL), 0);
    return e;
}

#define ROWS(table)                                                            \
    static const struct gw_##table##_row *table##_rows(struct export *e,       \
                                                       size_t want)            \
    {                                                                          \
        size_t n;                                                              \
        const struct gw_##table##_row *rows = gw_rows_##table(&e->block, &n);  \
        assert_int_equal(n, want);                                             \
        return rows;                                                           \
    }
ROWS(measurement)
ROWS(dns)
ROWS(tcp)
ROWS(tls)
ROWS(http)

static void text_is(gw_span s, const char *want)
{
    if (!gw_is(s, want) || !s.at)
        print_error("\"%.*s\" is not \"%s\"\n", (int)s.len, (const char *)s.at,
                    want);
    assert_true(s.at && gw_is(s, want));
}

#define HEADER                                                                 \
    "measurement_uid,input,probe_asn,probe_cc,test_name,"                      \
    "measurement_start_time,hostname,ip,port,dns_engine,dns_failure,"          \
    "dns_answer,tcp_success,tcp_failure,tls_failure,tls_handshake_time,"       \
    "tls_end_entity_certificate_san_list,http_request_url,http_failure,"       \
    "some_column_of_tomorrow\n"

// ---- rows ---------------------------------------------------------------

static void a_row_is_taken_apart_by_the_names_of_its_columns(void **state)
{
    (void)state;
    struct export *e = read_whole(
        HEADER "u1,https://Web.Example/,15808,KE,web_connectivity,"
               "2023-11-01 00:18:03+00:00,web.example,192.0.2.1,443.0,system,,"
               "192.0.2.1,1.0,,connection_reset,0.25,"
               "\"['a.example', 'b.example']\",https://web.example/,eof_error,"
               "x\n");
    const struct gw_measurement_row *m = measurement_rows(e, 1);
    text_is(m->uid, "u1");
    text_is(m->input_host, "web.example");
    assert_int_equal(m->input_port, 443);
    assert_int_equal(m->probe_asn, 15808);
    text_is(m->probe_cc, "KE");
    text_is(m->test_name, "web_connectivity");
    assert_true(m->start_time == gw_time_civil(2023, 11, 1, 0, 18, 3));
    assert_int_equal(m->synthetic, 0);
    assert_true(gw_find(m->odd, GW_LIT("obs_web export"), 0) > 0);
    const struct gw_dns_row *d = dns_rows(e, 1);
    text_is(d->hostname, "web.example");
    text_is(d->engine, "system");
    text_is(d->answer, "192.0.2.1");
    assert_null(d->failure.at);
    assert_int_equal(d->list, GW_LIST_CSV);
    const struct gw_tcp_row *t = tcp_rows(e, 1);
    text_is(t->ip, "192.0.2.1");
    assert_int_equal(t->port, 443);
    assert_int_equal(t->success, 1);
    const struct gw_tls_row *s = tls_rows(e, 1);
    text_is(s->failure, "connection_reset");
    text_is(s->server_name, "web.example");
    assert_true(fabs(s->handshake_time - 0.25) < 1e-9);
    text_is(s->san_list, "[\"a.example\",\"b.example\"]");
    const struct gw_http_row *h = http_rows(e, 1);
    text_is(h->request_url, "https://web.example/");
    text_is(h->failure, "eof_error");
    export_free(e);
}

static void a_fact_that_is_not_in_the_row_makes_none(void **state)
{
    (void)state;
    struct export *e =
        read_whole(HEADER "u1,,1,KE,x,,h,,,,,,,,,,,,,\n"
                          "u1,,1,KE,x,,h,192.0.2.1,80,,,,\\N,,,,,,,\n"
                          "u1,,1,KE,x,,h,192.0.2.1,80,,,,False,"
                          "connection_refused,,,,,,\n");
    measurement_rows(e, 1);
    dns_rows(e, 0);
    tls_rows(e, 0);
    http_rows(e, 0);
    size_t n;
    const struct gw_tcp_row *t = gw_rows_tcp(&e->block, &n);
    assert_in_range(n, 1, 2);
    assert_int_equal(t[n - 1].success, 0);
    text_is(t[n - 1].failure, "connection_refused");
    assert_int_equal(t[n - 1].item, 2);
    export_free(e);
}

static void rows_of_one_id_are_one_measurement(void **state)
{
    (void)state;
    struct export *e = read_whole("measurement_uid,probe_asn,dns_answer\n"
                                  "u1,1,192.0.2.1\nu1,1,192.0.2.2\n"
                                  "u2,2,192.0.2.3\nu1,1,192.0.2.4\n");
    assert_int_equal(e->measurements, 3); // runs, as they stand
    const struct gw_dns_row *d = dns_rows(e, 4);
    static const int64_t of[] = {0, 0, 1, 2}, item[] = {0, 1, 0, 0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(d[i].m, of[i]);
        assert_int_equal(d[i].item, item[i]);
    }
    export_free(e);
}

static void values_compare_equal_to_those_of_measurements(void **state)
{
    (void)state;
    struct export *e = read_whole(
        "measurement_uid,probe_asn,hostname,dns_answer,dns_failure,ip,"
        "tcp_failure,tls_server_name,tls_failure\n"
        "u1,1,яндекс.рф.,2001:0DB8::1,,2001:0db8::0001,"
        "unknown_failure: connection refused,ЯНДЕКС.рф,timeout_error\n");
    text_is(dns_rows(e, 1)->hostname, "xn--d1acpjx3f.xn--p1ai");
    text_is(dns_rows(e, 1)->answer, "2001:db8::1");
    text_is(tcp_rows(e, 1)->ip, "2001:db8::1");
    text_is(tcp_rows(e, 1)->failure, "connection_refused");
    text_is(tls_rows(e, 1)->server_name, "xn--d1acpjx3f.xn--p1ai");
    text_is(tls_rows(e, 1)->failure, "generic_timeout_error");
    export_free(e);
}

static void one_odd_cell_costs_only_itself(void **state)
{
    (void)state;
    struct export *e = read_whole(
        HEADER "u1,x,ASx,KE,x,yesterday,h,not an ip,99999.5,system,,a,yes,,f,"
               "fast,no list,u,,\n"
               "u2,x,1,KE,x,,h,192.0.2.1,80,system,,192.0.2.1,1,,,,,,,\n");
    assert_int_equal(e->measurements, 2);
    const struct gw_measurement_row *m = measurement_rows(e, 2);
    assert_true(m[0].probe_asn == GW_NULL);
    assert_true(m[0].start_time == GW_NEVER);
    assert_null(tls_rows(e, 1)->san_list.at);
    assert_true(isnan(tls_rows(e, 1)->handshake_time));
    assert_true(tcp_rows(e, 2)[0].success == GW_NULL);
    assert_true(tcp_rows(e, 2)[0].port == GW_NULL);
    assert_int_equal(tcp_rows(e, 2)[1].port, 80);
    export_free(e);
}

static void a_list_cell_becomes_json_whatever_it_holds(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *want;
    } lists[] = {{"\"['a']\"", "[\"a\"]"},
                 {"\"[\"\"a\"\",\"\"b\"\"]\"", "[\"a\",\"b\"]"},
                 {"[]", "[]"},
                 {"\"['a\\x']\"", "[\"a\\\\x\"]"}};
    for (size_t i = 0; i < GW_COUNT(lists); i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "measurement_uid,probe_asn,tls_failure,"
                 "tls_end_entity_certificate_san_list\nu,1,f,%s\n",
                 lists[i].cell);
        struct export *e = read_whole(text);
        text_is(tls_rows(e, 1)->san_list, lists[i].want);
        export_free(e);
    }
}

// ---- where they stand ---------------------------------------------------

static void a_measurement_knows_where_its_rows_stand(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 7, SIZE_MAX};
    static const char text[] = "measurement_uid,probe_asn,dns_answer\n"
                               "u1,1,192.0.2.1\nu1,1,192.0.2.2\n"
                               "u2,2,\"192.0.2.3\"\r\nu3,3,192.0.2.4";
    static const char *const slices[] = {"u1,1,192.0.2.1\nu1,1,192.0.2.2\n",
                                         "u2,2,\"192.0.2.3\"\r\n",
                                         "u3,3,192.0.2.4"};
    for (size_t i = 0; i < GW_COUNT(chunks); i++) {
        struct export *e = export_of(gw_str(text), chunks[i], 0);
        assert_int_equal(next(e, NULL), 0);
        const struct gw_measurement_row *m = measurement_rows(e, 3);
        for (int k = 0; k < 3; k++)
            text_is(
                gw_sub(gw_str(text), (size_t)m[k].record, (size_t)m[k].length),
                slices[k]);
        export_free(e);
    }
}

static struct gw_buf many_rows(int measurements, int rows_each)
{
    struct gw_buf b;
    gw_buf_init(&b, 64 << 20);
    gw_put_str(&b, "measurement_uid,probe_asn,dns_answer\n");
    for (int i = 0; i < measurements; i++)
        for (int k = 0; k < rows_each; k++)
            gw_put_fmt(&b, "u%d,%d,192.0.2.%d\n", i, i, k % 256);
    return b;
}

static void a_large_export_comes_in_blocks_of_whole_measurements(void **state)
{
    (void)state;
    struct gw_buf text = many_rows(5000, 9);
    struct export *e = export_of(gw_buf_span(&text), 100000, 0);
    int64_t rows = 0, at = 0;
    int blocks = 0, rc;
    do {
        rc = next(e, NULL);
        size_t n, count;
        const struct gw_measurement_row *m =
            gw_rows_measurement(&e->block, &count);
        gw_rows_dns(&e->block, &n);
        assert_int_equal(n, count * 9);
        for (size_t i = 0; i < count; i++) {
            assert_true(at == 0 || m[i].record == at);
            at = m[i].record + m[i].length;
        }
        rows += (int64_t)n;
        blocks++;
    } while (rc > 0);
    assert_int_equal(rc, 0);
    assert_int_equal(rows, 45000);
    assert_int_equal(e->measurements, 5000);
    assert_int_equal(at, text.len);
    assert_in_range(blocks, 3, 4);
    export_free(e);
    gw_buf_release(&text);
}

static void a_run_without_end_is_cut(void **state)
{
    (void)state;
    struct gw_buf text = many_rows(1, 5 * GW_OBS_WEB_ROWS);
    struct export *e = export_of(gw_buf_span(&text), SIZE_MAX, 0);
    size_t first, second;
    assert_int_equal(next(e, NULL), 1);
    gw_rows_dns(&e->block, &first);
    assert_int_equal(next(e, NULL), 0);
    gw_rows_dns(&e->block, &second);
    assert_int_equal(first, 4 * GW_OBS_WEB_ROWS);
    assert_int_equal(first + second, 5 * GW_OBS_WEB_ROWS);
    export_free(e);
    gw_buf_release(&text);
}

// ---- damage -------------------------------------------------------------

static void a_broken_row_is_refused_and_the_next_is_taken(void **state)
{
    (void)state;
    struct export *e = read_whole("measurement_uid,probe_asn,dns_answer\n"
                                  "u1,1,a\nu2,2\nu3,3,b,c\n"
                                  "u4,4,\"x\"y\nu5,5,d\n");
    assert_int_equal(e->measurements, 2);
    assert_int_equal(e->refusals, 3);
    assert_non_null(strstr(e->refused_why, "row at byte 58"));
    text_is(dns_rows(e, 2)[1].answer, "d");
    export_free(e);
}

static void an_export_cut_short_gives_what_came_before(void **state)
{
    (void)state;
    static const char text[] = "measurement_uid,probe_asn,dns_answer\n"
                               "u1,1,a\nu2,2,b\nu3,";
    struct export *e = export_of(gw_str(text), 5, GW_EFEW);
    struct gw_why why = {0};
    assert_int_equal(next(e, &why), GW_EFEW);
    assert_true(why.text[0]);
    assert_int_equal(e->measurements, 2);
    text_is(dns_rows(e, 2)[1].answer, "b");
    export_free(e);
}

static void without_the_id_column_it_is_no_export(void **state)
{
    (void)state;
    struct gw_why why = {0};
    struct export *e = export_of(GW_LIT("a,b\n1,2\n"), 9, 0);
    assert_int_equal(next(e, &why), GW_EFORMAT);
    assert_non_null(strstr(why.text, "measurement_uid"));
    export_free(e);
    why = (struct gw_why){0};
    e = export_of(GW_LIT(""), 9, 0);
    assert_int_equal(next(e, &why), GW_EFEW);
    export_free(e);
}

// ---- faults -------------------------------------------------------------

static bool read_small(void)
{
    static const char text[] = "measurement_uid,probe_asn,hostname,tls_failure,"
                               "tls_end_entity_certificate_san_list\n"
                               "u1,1,A.example,f,\"['a','b']\"\n";
    struct export e = {.source = {gw_str(text), SIZE_MAX, 0},
                       .text = gw_str(text)};
    int64_t n = 0;
    e.arena = gw_arena_new(1 << 20);
    e.reader = gw_obs_web_new(drip, &e.source);
    int rc = GW_ENOMEM;
    if (e.arena && e.reader && gw_block_init(&e.block, e.arena) == 0)
        rc = gw_obs_web_next(e.reader, &e.block, &sink, &e, &n, NULL);
    assert_true(rc == 0 || rc == GW_ENOMEM);
    if (rc == 0)
        text_is(tls_rows(&e, 1)->san_list, "[\"a\",\"b\"]");
    gw_obs_web_free(e.reader);
    gw_block_release(&e.block);
    gw_arena_free(e.arena);
    return rc == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(read_small) > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_taken_apart_by_the_names_of_its_columns),
        cmocka_unit_test(a_fact_that_is_not_in_the_row_makes_none),
        cmocka_unit_test(rows_of_one_id_are_one_measurement),
        cmocka_unit_test(values_compare_equal_to_those_of_measurements),
        cmocka_unit_test(one_odd_cell_costs_only_itself),
        cmocka_unit_test(a_list_cell_becomes_json_whatever_it_holds),
        cmocka_unit_test(a_measurement_knows_where_its_rows_stand),
        cmocka_unit_test(a_large_export_comes_in_blocks_of_whole_measurements),
        cmocka_unit_test(a_run_without_end_is_cut),
        cmocka_unit_test(a_broken_row_is_refused_and_the_next_is_taken),
        cmocka_unit_test(an_export_cut_short_gives_what_came_before),
        cmocka_unit_test(without_the_id_column_it_is_no_export),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
