// The API: answers whole, parameters, pages, CSV.
#include "api_world.h"

// ---- measurements -------------------------------------------------------
static void a_measurement_has_oonis_names_and_ours(void **state)
{
    (void)state;
    struct world w;
    char path[256], body[2048];
    open_world(&w);
    snprintf(path, sizeof path,
             "/api/v1/measurements?probe_cc=pk&since=2024-02-03&until=2024-02-"
             "04&limit=5");
    snprintf(
        body, sizeof body,
        "{\"results\":[{\"anomaly\":true,\"confirmed\":true,\"failure\":false,"
        "\"input\":\"https://blocked.example/?q=\\\"1\\\"\","
        "\"measurement_start_time\":\"2024-02-03T10:00:00.000000Z\","
        "\"measurement_uid\":\"20240202000000.000000_PK_webconnectivity_02\","
        "\"probe_asn\":\"AS64500\",\"probe_cc\":\"PK\","
        "\"report_id\":\"report-0-2\",\"test_name\":\"web_connectivity\","
        "\"id\":\"m-%s-200\",\"finding\":\"f-%s-200-0\","
        "\"target\":\"blocked.example\",\"state\":\"blocked\","
        "\"layer\":\"dns\",\"rule\":\"dns.bogon\",\"evidence\":\"artefact\","
        "\"llr\":2.5,\"throttled\":false,\"intercepted\":true,"
        "\"synthetic\":false}],\"metadata\":{\"count\":-1,\"limit\":5,"
        "\"next_url\":null,\"offset\":0,\"pages\":-1}}",
        w.ids[0], w.ids[0]);
    assert_answer(&w, path, 200, body);
    serve_end(&w.c);
}

static void filters_choose_measurements(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        int count;
    } cases[] = {
        {"", 30},
        {"probe_cc=PK", 15},
        {"probe_cc=zz", 15},
        {"probe_cc=DE", 0},
        {"probe_asn=AS64501", 12},
        {"probe_asn=64501", 12},
        {"anomaly=true", 8},
        {"anomaly=false", 22},
        {"confirmed=true", 4},
        {"failure=true", 8},
        {"test_name=telegram", 6},
        {"test_name=telegram,web_connectivity", 30},
        {"test_name=web", 0},
        {"domain=blocked.example", 10},
        {"domain=Blocked.Example.", 10},
        {"domain=b%C3%BCcher.example", 10},
        {"domain=example", 0},
        {"input=https%3A%2F%2Fwww.example.com%2F", 10},
        {"since=2024-02-15", 2},
        {"until=2024-02-02", 2},
        {"since=2024-02-01T10:00:01&until=2024-02-03T10:00:00Z", 2},
        {"anomaly=true&failure=true", 0},
        {"limit=7", 7},
        {"offset=28", 2},
        {"offset=40", 0},
    };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < GW_COUNT(cases); i++)
        if (measurements_in(&w, cases[i].query) != cases[i].count)
            fail_msg("%s: %d", cases[i].query,
                     measurements_in(&w, cases[i].query));
    // Six digits, also of a time that has a fraction.
    assert_int_equal(
        times_in(&w, "/api/v1/measurements?limit=1000", "02T10:00:00.000500Z"),
        2);
    serve_end(&w.c);
}

// Follows next_url; every measurement comes once, whatever the size of a page.
static int rows_by_pages(const struct world *w, const char *first, int limit)
{
    char path[1024];
    static bool seen[2][BLOCKS * PER_BLOCK];
    int rows = 0;
    memset(seen, 0, sizeof seen);
    snprintf(path, sizeof path, "%s", first);
    for (int page = 0; page < 40; page++) {
        struct talk_answer a = get(&w->c, path);
        int here = 0;
        assert_int_equal(a.status, 200);
        for (int o = 0; o < 2; o++)
            for (int i = 0; i < BLOCKS * PER_BLOCK; i++) {
                char id[64];
                snprintf(id, sizeof id, "\"m-%s-%d\"", w->ids[o],
                         i * RECORD_STEP);
                if (gw_find(a.body, gw_str(id), 0) < 0)
                    continue;
                assert_false(seen[o][i]);
                seen[o][i] = true;
                here++;
            }
        bool more = next_of(a.body, path);
        talk_answer_release(&a);
        rows += here;
        assert_true(here <= limit && (!more || here == limit));
        if (!more)
            return rows;
    }
    return -1;
}

// [C32]
static void pages_hold_every_measurement_once(void **state)
{
    (void)state;
    struct world w;
    char path[256];
    open_world(&w);
    for (int limit = 1; limit <= 31; limit++) {
        snprintf(path, sizeof path, "/api/v1/measurements?limit=%d", limit);
        assert_int_equal(rows_by_pages(&w, path, limit), 30);
        snprintf(path, sizeof path,
                 "/api/v1/measurements?anomaly=true&limit=%d", limit);
        assert_int_equal(rows_by_pages(&w, path, limit), 8);
    }
    snprintf(path, sizeof path, "/api/v1/measurements?offset=11&limit=4");
    assert_int_equal(rows_by_pages(&w, path, 4), 19);
    // A cursor into a segment that was made anew, and one of an object that
    // is gone, still know their place.
    snprintf(path, sizeof path,
             "/api/v1/measurements?cursor=%.64s-000000000000-9-600",
             strcmp(w.ids[0], w.ids[1]) < 0 ? w.objects[0].hash
                                            : w.objects[1].hash);
    assert_int_equal(times_in(&w, path, "\"measurement_uid\""), 24);
    snprintf(path, sizeof path,
             "/api/v1/measurements?cursor="
             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff-"
             "000000000000-0-0");
    assert_int_equal(times_in(&w, path, "\"measurement_uid\""), 0);
    serve_end(&w.c);
}

// [C33]
static void nothing_that_points_at_a_person_is_told(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/api/v1/measurements?limit=1000",   "/api/v1/explain/f-%s-200-1",
        "/api/v1/explain/m-%s-200",          "/api/v1/explain/e-%s",
        "/api/v1/aggregation?axis_x=domain", "/api/v1/incidents"};
    static const char *const secrets[] = {"secret", "192.0.2.77", "4242424242",
                                          "10.0.0.1", "64999"};
    struct world w;
    char path[256];
    open_world(&w);
    for (size_t i = 0; i < GW_COUNT(paths); i++)
        for (size_t k = 0; k < GW_COUNT(secrets); k++) {
            gw_span p = gw_str(paths[i]);
            int64_t at = gw_find(p, GW_LIT("%s"), 0);
            snprintf(path, sizeof path, "%.*s%s%s",
                     at < 0 ? (int)p.len : (int)at, paths[i],
                     at < 0 ? "" : w.ids[0], at < 0 ? "" : paths[i] + at + 2);
            assert_int_equal(times_in(&w, path, secrets[k]), 0);
        }
    serve_end(&w.c);
}

// ---- aggregation --------------------------------------------------------
#define COUNTS(b, c, u, k, d, n, o, ob, ag)                                    \
    "\"anomaly_count\":" #b ",\"confirmed_count\":" #c                         \
    ",\"failure_count\":" #u ",\"ok_count\":" #k ",\"measurement_count\":" #n  \
    ",\"blocked\":" #b ",\"down\":" #d ",\"ok\":" ob ",\"unknown\":" #u        \
    ",\"throttled\":" #u ",\"intercepted\":0,\"observers\":" #o                \
    ",\"observers_blocked\":" #b ",\"aggregate\":" #ag ",\"synthetic\":false}"

static void counts_are_summed_along_axes(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    assert_answer(
        &w, "/api/v1/aggregation?axis_x=measurement_start_day&domain=telegram",
        200,
        "{\"v\":0,\"dimension_count\":1,\"result\":["
        "{\"measurement_start_day\":\"2024-02-01\"," COUNTS(
            5, null, 1, 12, 2, 18, 10, "10",
            false) ",{\"measurement_start_day\":\"2024-02-"
                   "02\"," COUNTS(7, 7, 1, 2, 2, 10, 7, "0", true) "]}");
    assert_answer(
        &w,
        "/api/v1/aggregation?axis_x=domain&axis_y=probe_asn&until=2024-02-03"
        "&format=csv",
        200,
        "domain,probe_asn,anomaly_count,confirmed_count,failure_count,ok_count,"
        "measurement_count,blocked,down,ok,unknown,throttled,intercepted,"
        "observers,observers_blocked,aggregate,synthetic\r\n"
        "\"signal, \"\"x\"\"\",,0,,1,5,6,0,2,3,1,1,0,3,0,0,0\r\n"
        "telegram,64500,5,,1,12,18,5,2,10,1,1,0,10,5,0,0\r\n"
        "telegram,64501,7,7,1,2,10,7,2,0,1,1,0,7,7,1,0\r\n");
    struct talk_answer a =
        get(&w.c, "/api/v1/aggregation?format=CSV&domain=none");
    char value[512];
    assert_string_equal(header_of(&a, "Content-Type", value),
                        "text/csv; charset=utf-8");
    talk_answer_release(&a);
    serve_end(&w.c);
}

static void no_axis_gives_one_row_and_grains_are_coarser_days(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    static const struct {
        const char *query, *part;
        int rows;
    } cases[] = {
        {"", "\"dimension_count\":0,\"result\":{\"anomaly_count\":13,", 1},
        {"domain=none", "\"result\":{\"anomaly_count\":0,", 1},
        {"axis_x=measurement_start_day", "\"2024-02-12\"", 3},
        {"axis_x=measurement_start_day&time_grain=week", "\"2024-01-29\"", 2},
        {"axis_x=measurement_start_day&time_grain=month", "\"2024-02-01\"", 1},
        {"axis_x=measurement_start_day&time_grain=year", "\"2024-01-01\"", 1},
        {"axis_x=probe_asn", "{\"probe_asn\":null,", 3},
        {"axis_x=probe_cc", "{\"probe_cc\":\"PK\",\"anomaly_count\":13,", 1},
        {"axis_x=layer", "{\"layer\":\"dns\",\"anomaly_count\":6,", 2},
        {"axis_x=layer&layer=dns", "\"dimension_count\":1", 1},
        {"layer=dns", "{\"anomaly_count\":6,", 1},
        {"probe_asn=64500", "{\"anomaly_count\":6,", 1},
        {"probe_cc=DE", "{\"anomaly_count\":0,", 1},
        {"since=2024-02-03", "{\"anomaly_count\":1,", 1},
    };
    char path[512];
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        snprintf(path, sizeof path, "/api/v1/aggregation?%s", cases[i].query);
        if (times_in(&w, path, cases[i].part) != 1 ||
            times_in(&w, path, "\"measurement_count\"") != cases[i].rows) {
            struct talk_answer a = get(&w.c, path);
            fail_msg("%s: %.*s", path, (int)a.body.len,
                     (const char *)a.body.at);
        }
    }
    serve_end(&w.c);
}

// ---- incidents ----------------------------------------------------------
static void incidents_are_listed_read_and_followed_back(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
#define CHANGED "\"changed\":\"2024-03-01T00:00:00.000000Z\""
    assert_answer(
        &w, "/api/v1/incidents?limit=2", 200,
        "{\"results\":[{\"id\":\"i-000000000002\",\"version\":1," CHANGED
        ",\"incident\":{\"v\":1,\"id\":2}},"
        "{\"id\":\"i-000000000001\",\"version\":2," CHANGED
        ",\"incident\":{\"v\":1,\"x\":2}}],"
        "\"metadata\":{\"count\":-1,\"limit\":2,\"next_url\":null,"
        "\"offset\":0,\"pages\":-1}}");
    assert_answer(&w, "/api/v1/incidents/i-000000000001", 200,
                  "{\"id\":\"i-000000000001\",\"version\":2," CHANGED
                  ",\"incident\":{\"v\":1,\"x\":2}}");
    assert_answer(
        &w, "/api/v1/incidents/i-000000000001/history", 200,
        "{\"results\":[{\"id\":\"i-000000000001\",\"version\":1," CHANGED
        ",\"incident\":{\"v\":1}},"
        "{\"id\":\"i-000000000001\",\"version\":2," CHANGED
        ",\"incident\":{\"v\":1,\"x\":2}}]}");
#undef CHANGED
    static const struct {
        const char *query;
        int count;
    } cases[] = {
        {"state=all", 3},        {"state=withdrawn", 1},
        {"state=ongoing", 1},    {"state=over", 1},
        {"kind=blocking", 2},    {"kind=down", 0},
        {"domain=telegram", 2},  {"domain=signal", 0},
        {"probe_cc=pk", 2},      {"probe_cc=DE", 0},
        {"since=2024-02-05", 1}, {"until=2024-02-08", 1},
        {"offset=1", 1},         {"since=2024-02-03", 2},
    };
    char path[1024];
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        snprintf(path, sizeof path, "/api/v1/incidents?%s", cases[i].query);
        if (times_in(&w, path, "\"version\"") != cases[i].count)
            fail_msg("%s", path);
    }
    snprintf(path, sizeof path, "/api/v1/incidents?state=all&limit=1");
    for (int i = 0; i < 3; i++) {
        struct talk_answer a = get(&w.c, path);
        static const char *const order[] = {"i-000000000002", "i-000000000003",
                                            "i-000000000001"};
        assert_true(gw_find(a.body, gw_str(order[i]), 0) > 0);
        assert_true(next_of(a.body, path) == (i < 2));
        talk_answer_release(&a);
    }
    serve_end(&w.c);
}

// ---- explain and the log ------------------------------------------------
static void an_id_is_explained_from_the_store(void **state)
{
    (void)state;
    struct world w;
    char path[256], body[2048];
    open_world(&w);
    snprintf(path, sizeof path, "/api/v1/explain/f-%s-200-1", w.ids[0]);
    snprintf(
        body, sizeof body,
        "{\"id\":\"f-%s-200-1\",\"object\":{\"sha256\":\"%s\",\"size\":9,"
        "\"kind\":\"%s\",\"state\":\"done\",\"records\":15,\"refused\":0,"
        "\"licence\":\"\"},\"measurement\":{\"measurement_uid\":"
        "\"20240202000000.000000_PK_webconnectivity_02\",\"input\":"
        "\"https://blocked.example/?q=\\\"1\\\"\",\"test_name\":"
        "\"web_connectivity\",\"probe_cc\":\"PK\",\"probe_asn\":\"AS64500\","
        "\"measurement_start_time\":\"2024-02-03T10:00:00.000000Z\","
        "\"synthetic\":false},\"findings\":[{\"id\":\"f-%s-200-1\","
        "\"layer\":\"dns\",\"state\":\"blocked\",\"evidence\":\"artefact\","
        "\"target\":\"blocked.example\",\"rule\":\"dns.bogon\",\"llr\":2.5,"
        "\"throttled\":false,\"intercepted\":true,\"fired\":[{\"rule\":"
        "\"dns.bogon\",\"llr\":2.5,\"table\":\"dns\",\"list\":\"queries\","
        "\"item\":0}]}],\"commands\":{\"reproduce\":\"gawah explain "
        "f-%s-200-1\",\"prove\":\"gawah prove f-%s-200-1 --into bundle\","
        "\"verify\":\"gawah verify bundle\"}}",
        w.ids[0], w.objects[0].hash, gw_kind_name(GW_KIND_OONI_JSON), w.ids[0],
        w.ids[0], w.ids[0]);
    assert_answer(&w, path, 200, body);
    snprintf(path, sizeof path, "/api/v1/explain/m-%s-1400", w.ids[1]);
    assert_int_equal(times_in(&w, path, "\"layer\""), 2);
    snprintf(path, sizeof path, "/api/v1/explain/e-%s", w.ids[1]);
    assert_int_equal(times_in(&w, path, w.objects[1].hash), 1);
    snprintf(path, sizeof path, "/api/v1/explain/m-%s-1", w.ids[1]);
    assert_int_equal(status_of(&w.c, path), 404);
    snprintf(path, sizeof path, "/api/v1/explain/f-%s-0-7", w.ids[1]);
    assert_int_equal(status_of(&w.c, path), 404);
    assert_int_equal(status_of(&w.c, "/api/v1/explain/e-000000000000"), 404);
    serve_end(&w.c);
}

static void the_archives_log_is_served(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    assert_answer(&w, "/log/checkpoint", 200, "the checkpoint\n");
    assert_answer(&w, "/api/v1/log/checkpoint", 200, "the checkpoint\n");
    assert_answer(&w, "/log/policy.txt", 200, "the policy\n");
    assert_answer(&w, "/log/tile/0/000.p/1", 200, "a tile");
    assert_int_equal(status_of(&w.c, "/log/checkpoint.local"), 404);
    assert_int_equal(status_of(&w.c, "/log/"), 404);
    serve_end(&w.c);
}

// ---- refusals -----------------------------------------------------------
static void a_wrong_parameter_is_named_with_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *error; // how it begins
    } cases[] = {
        {"measurements?probe_cc=PKX", "probe_cc: a country of two letters"},
        {"measurements?probe_cc=", "probe_cc: a country of two letters"},
        {"measurements?probe_cc=1!", "probe_cc: a country of two letters"},
        {"measurements?probe_asn=ASx", "probe_asn: the number of a network"},
        {"measurements?probe_asn=99999999999", "probe_asn: the number"},
        {"measurements?limit=0", "limit: a number from 1 to 1000"},
        {"measurements?limit=1001", "limit: a number from 1 to 1000"},
        {"measurements?limit=-1", "limit: a number from 1 to 1000"},
        {"measurements?limit=1&limit=2", "limit: given twice"},
        {"measurements?offset=x", "offset: a number from 0"},
        {"measurements?since=yesterday", "since: a day such as 2024-02-01"},
        {"measurements?until=2024-02-30", "until: a day such as 2024-02-01"},
        {"measurements?since=2024-02-02&until=2024-02-02", "until: after"},
        {"measurements?anomaly=1", "anomaly: true or false"},
        {"measurements?cursor=x", "cursor: as next_url has it"},
        {"measurements?cursor=-0--", "cursor: as next_url has it"},
        {"measurements?order_by=x", "order_by: not a parameter here; there"},
        {"measurements?domain=%", "domain: the value is not text"},
        {"measurements?domain=%00", "domain: the value is not text"},
        {"measurements?domain=%ff", "domain: the value is not text"},
        {"measurements?%ff=1", "a parameter's name is not text"},
        {"aggregation?axis_x=test_name", "axis_x: one of measurement_start_"},
        {"aggregation?axis_y=domain", "axis_y: only with axis_x"},
        {"aggregation?axis_x=domain&axis_y=domain", "axis_y: another one"},
        {"aggregation?time_grain=hour", "time_grain: one of day, week, month"},
        {"aggregation?format=XML", "format: one of JSON, CSV"},
        {"aggregation?layer=ip", "layer: one of dns, tcp, tls, http, quic"},
        {"aggregation?limit=5", "limit: not a parameter here"},
        {"incidents?state=x", "state: one of ongoing, over, withdrawn, all"},
        {"incidents?kind=x", "kind: one of blocking, throttling"},
        {"incidents?cursor=1~x", "cursor: as next_url has it"},
        {"incidents/i-000000000001?x=1", "x: not a parameter here; there are "
                                         "none"},
        {"openapi.json?x=1", "x: not a parameter here; there are none"},
    };
    struct world w;
    char path[512], begin[512], value[512];
    open_world(&w);
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        snprintf(path, sizeof path, "/api/v1/%s", cases[i].path);
        snprintf(begin, sizeof begin, "{\"error\":\"%s", cases[i].error);
        struct talk_answer a = get(&w.c, path);
        if (a.status != 400 || !gw_starts(a.body, begin))
            fail_msg("%s: %d %.*s", path, a.status, (int)a.body.len,
                     (const char *)a.body.at);
        assert_string_equal(header_of(&a, "Content-Type", value),
                            "application/json; charset=utf-8");
        talk_answer_release(&a);
    }
    static const char *const none[] = {"",
                                       "x",
                                       "incidents/",
                                       "incidents/x",
                                       "incidents/i-000000000009",
                                       "incidents/i-00000000000g",
                                       "incidents/i-000000000001/",
                                       "incidents/i-000000000001/x",
                                       "explain/",
                                       "explain/x",
                                       "measurements/",
                                       "../v1/incidents",
                                       "incidents/i-000000000009/history",
                                       "explain/f-000000000000-0-0"};
    for (size_t i = 0; i < GW_COUNT(none); i++) {
        snprintf(path, sizeof path, "/api/v1/%s", none[i]);
        struct talk_answer a = get(&w.c, path);
        if (a.status != 404 || !gw_starts(a.body, "{\"error\":\""))
            fail_msg("%s: %d", path, a.status);
        // No word about where the archive lies.
        assert_true(gw_find(a.body, gw_str(w.c.place.root), 0) < 0);
        talk_answer_release(&a);
    }
    serve_end(&w.c);
}

static void an_answer_that_the_client_has_is_304(void **state)
{
    (void)state;
    struct world w;
    char etag[512], more[600];
    open_world(&w);
    struct talk_answer a = get(&w.c, "/api/v1/incidents");
    header_of(&a, "ETag", etag);
    talk_answer_release(&a);
    assert_int_equal(strlen(etag), 34);
    snprintf(more, sizeof more, "If-None-Match: %s\r\n", etag);
    a = get_with(&w.c, "/api/v1/incidents", more);
    assert_int_equal(a.status, 304);
    assert_int_equal(a.body.len, 0);
    talk_answer_release(&a);
    a = get_with(&w.c, "/api/v1/incidents?limit=1", more);
    assert_int_equal(a.status, 200);
    talk_answer_release(&a);
    serve_end(&w.c);
}

// ---- the description ----------------------------------------------------
static void the_description_names_every_path_and_parameter(void **state)
{
    (void)state;
    static const char *const names[] = {
        "/incidents",    "/incidents/{id}", "/incidents/{id}/history",
        "/measurements", "/aggregation",    "/explain/{id}"};
    struct gw_json *parser = gw_json_new();
    struct gw_buf padded;
    struct world w;
    gw_jv doc;
    struct gw_why why = {0};
    open_world(&w);
    struct talk_answer a = get(&w.c, "/api/v1/openapi.json");
    assert_int_equal(a.status, 200);
    gw_buf_init(&padded, 1 << 20);
    gw_put_span(&padded, a.body);
    assert_non_null(gw_buf_room(&padded, GW_JSON_PADDING));
    memset(padded.at + padded.len, 0, GW_JSON_PADDING);
    assert_ok(gw_json_parse(parser, gw_buf_span(&padded), &doc, &why), why);
    gw_jv paths = gw_jv_get(doc, "paths");
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (!gw_jv_has(gw_jv_get(paths, names[i])))
            fail_msg("%s is not described", names[i]);
    // What a refusal lists as parameters, the description has.
    for (int i = 0; i < 3; i++) {
        static const char *const lists[] = {"incidents", "measurements",
                                            "aggregation"};
        char path[64];
        snprintf(path, sizeof path, "/api/v1/%s?x=1", lists[i]);
        struct talk_answer refused = get(&w.c, path);
        int64_t at = gw_find(refused.body, GW_LIT("there are: "), 0);
        assert_true(at > 0);
        gw_span rest = gw_sub(refused.body, (size_t)at + 11, 1000);
        rest = gw_cut(&rest, '"');
        while (rest.len) {
            gw_span name = gw_cut(&rest, ' ');
            char quoted[64];
            snprintf(quoted, sizeof quoted, "\"name\": \"%.*s\"", (int)name.len,
                     (const char *)name.at);
            if (gw_find(a.body, gw_str(quoted), 0) < 0)
                fail_msg("%s is not described", quoted);
        }
        talk_answer_release(&refused);
    }
    talk_answer_release(&a);
    gw_buf_release(&padded);
    gw_json_free(parser);
    serve_end(&w.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measurement_has_oonis_names_and_ours),
        cmocka_unit_test(filters_choose_measurements),
        cmocka_unit_test(pages_hold_every_measurement_once),
        cmocka_unit_test(nothing_that_points_at_a_person_is_told),
        cmocka_unit_test(counts_are_summed_along_axes),
        cmocka_unit_test(no_axis_gives_one_row_and_grains_are_coarser_days),
        cmocka_unit_test(incidents_are_listed_read_and_followed_back),
        cmocka_unit_test(an_id_is_explained_from_the_store),
        cmocka_unit_test(the_archives_log_is_served),
        cmocka_unit_test(a_wrong_parameter_is_named_with_its_rule),
        cmocka_unit_test(an_answer_that_the_client_has_is_304),
        cmocka_unit_test(the_description_names_every_path_and_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
