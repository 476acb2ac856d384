// Real measurements of 2014 to 2025, odd and broken ones among them: none is
// dropped whole, each gives the facts its nettest should have, and each leads
// back to its bytes. Skipped where the data are not at hand.
#include "ingest_case.h"

#include "facts_case.h"

static const char *const sets[] = {"fastpath-fixtures", "explorer-fixtures",
                                   "qa", "probe-cli", "incidents-and-VE"};

// What else lies in these folders: lists, answers about measurements, labels.
static const char *const others[] = {"/fingerprints_",
                                     "/detector_query",
                                     "/aggregation__",
                                     "/measurements__",
                                     "does-not-exist",
                                     "/TRUTH.tsv",
                                     ".jsonc",
                                     "/observations.json",
                                     "/analysis.json",
                                     "/incidents.json",
                                     "/incident_",
                                     "/global_overview",
                                     "/measurements.json",
                                     "/meta_20230405"};

// The fewest facts of one measurement of a nettest in these folders.
static const struct least {
    const char *test_name;
    size_t rows[GW_TABLE_COUNT];
} least[] = {
#define ROWS(t, n) [GW_TABLE_##t] = n
    {"browser_web", {ROWS(key, 3)}},
    {"dash", {ROWS(key, 1)}},
    {"dns_n_http", {ROWS(dns, 1), ROWS(http, 1)}},
    {"facebook_messenger", {ROWS(dns, 14), ROWS(tcp, 6), ROWS(key, 15)}},
    {"http_header_field_manipulation", {ROWS(middlebox, 1)}},
    {"http_invalid_request_line", {ROWS(middlebox, 1), ROWS(key, 3)}},
    {"http_requests", {ROWS(key, 3)}},
    {"meek_fronted_requests_test", {ROWS(http, 1), ROWS(key, 1)}},
    {"ndt", {ROWS(key, 9)}},
    {"openvpn", {ROWS(tcp, 1), ROWS(key, 13)}},
    {"psiphon", {ROWS(key, 3)}},
    {"riseupvpn", {ROWS(dns, 1), ROWS(tcp, 1), ROWS(tls, 1), ROWS(http, 1)}},
    {"signal", {ROWS(dns, 23), ROWS(tcp, 5), ROWS(tls, 5), ROWS(http, 6)}},
    {"telegram", {ROWS(tcp, 12), ROWS(http, 12), ROWS(key, 3)}},
    {"tor", {ROWS(tcp, 3), ROWS(http, 1), ROWS(key, 6)}},
    {"torsf", {ROWS(key, 1)}},
    {"vanilla_tor", {ROWS(key, 8)}},
    {"web_connectivity", {0}}, // see the_lists_of_a_measurement_...
    {"whatsapp", {ROWS(dns, 70), ROWS(tcp, 35), ROWS(tls, 2), ROWS(http, 3)}},
#undef ROWS
};

static struct ingest_case archive_of_all;
static const char *folder;

static const char *below(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/ooni/%s", folder, name);
    return path;
}

static int set_up_group(void **state)
{
    (void)state;
    folder = getenv("GAWAH_DATA");
    if (!folder || access(below("qa"), R_OK)) {
        print_message("skipped: no ooni/ in GAWAH_DATA\n");
        folder = NULL;
        return 0;
    }
    archive_of_all = ingest_new(2);
    for (size_t i = 0; i < GW_COUNT(sets); i++)
        take_in(&archive_of_all, below(sets[i]));
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    if (folder)
        ingest_free(&archive_of_all);
    return 0;
}

typedef void object_test(const struct gw_object *o);

static int call_test(void *ctx, const struct gw_object *o)
{
    object_test *test = *(object_test **)ctx;
    bool other = false;
    for (size_t i = 0; i < GW_COUNT(others); i++)
        other = other || strstr(o->name, others[i]);
    if (!other)
        test(o);
    return 0;
}

// Every object that should be a measurement; how many there are.
static void each_measurement(object_test *test)
{
    if (!folder)
        skip();
    assert_int_equal(gw_evidence_each(archive_of_all.archive, -1, -1, call_test,
                                      &test, NULL),
                     0);
}

// ---- none is dropped ----------------------------------------------------

static int seen;

static void is_taken(const struct gw_object *o)
{
    seen++;
    if (o->state != GW_DONE || o->records < 1 || o->refused)
        print_error("%s: %lld records, %lld refused %s\n", o->name,
                    (long long)o->records, (long long)o->refused, o->error);
    assert_int_equal(o->state, GW_DONE);
    assert_true(o->records >= 1);
    assert_int_equal(o->refused, 0);
    struct tally t = each_block(&archive_of_all, o->hash, NULL, NULL);
    assert_int_equal(t.rows[GW_TABLE_measurement], o->records);
}

static void no_real_measurement_is_dropped(void **state)
{
    (void)state;
    seen = 0;
    each_measurement(is_taken);
    assert_int_equal(seen, 90);
}

// ---- each has its facts -------------------------------------------------

static size_t rows_of(const struct gw_block *b, enum gw_table table, int64_t m)
{
    const struct gw_rows *rows = &b->rows[table];
    const struct gw_column *c = gw_column_find(table, "m");
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t of;
        memcpy(&of,
               (uint8_t *)rows->at + i * gw_tables[table].row_size + c->offset,
               sizeof of);
        n += of == m;
    }
    return n;
}

static void has_at_least(void *ctx, const struct gw_block *b)
{
    size_t n, k;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    for (size_t i = 0; i < n; i++) {
        for (k = 0; k < GW_COUNT(least); k++)
            if (gw_is(m[i].test_name, least[k].test_name))
                break;
        if (k == GW_COUNT(least))
            print_error("%s: no table for %.*s\n", (const char *)ctx,
                        (int)m[i].test_name.len,
                        (const char *)m[i].test_name.at);
        assert_true(k < GW_COUNT(least));
        for (int t = 0; t < GW_TABLE_COUNT; t++)
            if (least[k].rows[t] &&
                rows_of(b, (enum gw_table)t, (int64_t)i) < least[k].rows[t]) {
                print_error("%s: too few rows of %s\n", (const char *)ctx,
                            gw_tables[t].name);
                fail();
            }
    }
}

static void has_its_facts(const struct gw_object *o)
{
    char name[sizeof o->name];
    memcpy(name, o->name, sizeof name);
    each_block(&archive_of_all, o->hash, has_at_least, name);
}

static void each_has_the_facts_that_its_nettest_should_have(void **state)
{
    (void)state;
    each_measurement(has_its_facts);
}

// ---- lists, counted another way -----------------------------------------

static size_t objects_in(gw_jv list)
{
    size_t n = 0;
    for (gw_jit it = gw_jv_iter(list); gw_jit_next(&it);)
        n += gw_jv_type(it.value) == '{';
    return n;
}

static size_t answers_in(gw_jv queries)
{
    size_t n = 0;
    for (gw_jit it = gw_jv_iter(queries); gw_jit_next(&it);) {
        size_t answers = objects_in(gw_jv_get(it.value, "answers"));
        n += answers ? answers : 1;
    }
    return n;
}

struct excerpts {
    const struct gw_object *object;
    struct gw_json *json;
    struct facts_case *facts;
};

static void lists_are_whole(gw_jv keys, const struct gw_block *b, int64_t m)
{
    assert_int_equal(rows_of(b, GW_TABLE_dns, m),
                     answers_in(gw_jv_get(keys, "queries")));
    assert_int_equal(rows_of(b, GW_TABLE_tcp, m),
                     objects_in(gw_jv_get(keys, "tcp_connect")));
    assert_int_equal(rows_of(b, GW_TABLE_tls, m),
                     objects_in(gw_jv_get(keys, "tls_handshakes")));
    gw_jv requests = gw_jv_get(keys, "requests");
    assert_int_equal(rows_of(b, GW_TABLE_http, m),
                     gw_jv_type(requests) == '[' ? objects_in(requests) : 0);
}

static struct gw_excerpt excerpt_of(const struct gw_object *o,
                                    const struct gw_measurement_row *m)
{
    struct gw_excerpt e;
    assert_int_equal(gw_evidence_excerpt(archive_of_all.archive, o->hash,
                                         m->record, m->length, &e, NULL),
                     0);
    assert_int_equal(e.bytes.len, m->length);
    assert_non_null(gw_buf_room(&e.bytes, GW_JSON_PADDING));
    return e;
}

static void count_lists(void *ctx, const struct gw_block *b)
{
    const struct excerpts *x = ctx;
    size_t n;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    for (size_t i = 0; i < n; i++) {
        if (!gw_is(m[i].test_name, "web_connectivity"))
            continue;
        struct gw_excerpt e = excerpt_of(x->object, &m[i]);
        gw_jv v, keys;
        assert_int_equal(
            gw_json_parse(x->json, gw_buf_span(&e.bytes), &v, NULL), 0);
        keys = gw_jv_get(v, "test_keys");
        if (gw_jv_type(keys) == '{') // not in an envelope
            lists_are_whole(keys, b, (int64_t)i);
        gw_buf_release(&e.bytes);
    }
}

static void every_item_is_a_row(const struct gw_object *o)
{
    struct gw_object copy = *o;
    struct excerpts x = {.object = &copy, .json = gw_json_new()};
    each_block(&archive_of_all, copy.hash, count_lists, &x);
    gw_json_free(x.json);
}

static void the_lists_of_a_measurement_become_rows_item_for_item(void **state)
{
    (void)state;
    each_measurement(every_item_is_a_row);
}

// ---- back to the bytes --------------------------------------------------

static bool same_measurement(const struct gw_measurement_row *a,
                             const struct gw_measurement_row *b)
{
    return gw_eq(a->uid, b->uid) && gw_eq(a->input, b->input) &&
           gw_eq(a->test_name, b->test_name) && gw_eq(a->odd, b->odd) &&
           gw_eq(a->report_id, b->report_id) &&
           a->start_time == b->start_time && a->probe_asn == b->probe_asn &&
           gw_eq(a->blocking, b->blocking);
}

static void read_again(void *ctx, const struct gw_block *b)
{
    const struct excerpts *x = ctx;
    size_t n;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    for (size_t i = 0; i < n; i++) {
        struct gw_excerpt e = excerpt_of(x->object, &m[i]);
        gw_block_reset(&x->facts->block);
        gw_arena_reset(x->facts->arena);
        assert_int_equal(add_text(x->facts, gw_buf_span(&e.bytes), ""), 0);
        const struct gw_measurement_row *again = the_measurement(x->facts);
        assert_true(same_measurement(&m[i], again));
        for (int t = GW_TABLE_dns; t <= GW_TABLE_key; t++)
            assert_int_equal(rows_of(b, (enum gw_table)t, (int64_t)i),
                             x->facts->block.rows[t].count);
        gw_buf_release(&e.bytes);
    }
}

static void its_bytes_say_the_same(const struct gw_object *o)
{
    struct gw_object copy = *o;
    struct facts_case c;
    if (o->kind == GW_KIND_OONI_YAML) // an entry needs its header as well
        return;
    c = case_new();
    struct excerpts x = {.object = &copy, .facts = &c};
    each_block(&archive_of_all, copy.hash, read_again, &x);
    case_free(&c);
}

static void the_bytes_at_a_measurements_place_say_the_same(void **state)
{
    (void)state;
    each_measurement(its_bytes_say_the_same);
}

// ---- OONI's own ids -----------------------------------------------------

struct id_check {
    struct gw_json *json;
    int same, different;
};

// The line as OONI first had it: without the id that was added to it later.
static void check_id(struct id_check *check, gw_span answer)
{
    gw_jv v;
    assert_int_equal(gw_json_parse(check->json, answer, &v, NULL), 0);
    gw_span uid = gw_jv_str(gw_jv_get(v, "measurement_uid"));
    gw_span raw = gw_jv_str(gw_jv_get(v, "raw_measurement"));
    int64_t added = gw_find(raw, GW_LIT(", \"measurement_uid\": \"01"), 0);
    if (!gw_starts(uid, "01") || added < 0)
        return;
    struct facts_case c = case_new();
    struct gw_buf line;
    gw_buf_init(&line, 8 << 20);
    gw_put_span(&line, gw_sub(raw, 0, (size_t)added));
    gw_put_str(&line, "}");
    assert_int_equal(add_text(&c, gw_buf_span(&line), ""), 0);
    bool same = gw_eq(the_measurement(&c)->uid, uid);
    // Of 2015 is left what was made of a YAML report, not the line hashed.
    assert_true(same || gw_starts(uid, "012015"));
    check->same += same;
    check->different += !same;
    gw_buf_release(&line);
    case_free(&c);
}

static int check_ids_of(void *ctx, const char *path)
{
    struct gw_buf file;
    struct gw_json *outer = gw_json_new();
    gw_jv v;
    gw_buf_init(&file, 64 << 20);
    if (strstr(path, "measurement_meta__measurement_uid-01")) {
        assert_int_equal(gw_file_read(path, &file, NULL), 0);
        assert_non_null(gw_buf_room(&file, GW_JSON_PADDING));
        assert_int_equal(gw_json_parse(outer, gw_buf_span(&file), &v, NULL), 0);
        gw_span body = gw_jv_str(gw_jv_get(v, "body"));
        struct gw_buf answer;
        gw_buf_init(&answer, 64 << 20);
        gw_put_span(&answer, body);
        assert_non_null(gw_buf_room(&answer, GW_JSON_PADDING));
        check_id(ctx, gw_buf_span(&answer));
        gw_buf_release(&answer);
    }
    gw_buf_release(&file);
    gw_json_free(outer);
    return 0;
}

static void lines_without_id_get_the_id_that_ooni_gave_them(void **state)
{
    (void)state;
    if (!folder)
        skip();
    struct id_check check = {.json = gw_json_new()};
    assert_int_equal(
        gw_walk(below("explorer-fixtures"), check_ids_of, &check, NULL), 0);
    assert_int_equal(check.same, 6);
    assert_int_equal(check.different, 1);
    gw_json_free(check.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_real_measurement_is_dropped),
        cmocka_unit_test(each_has_the_facts_that_its_nettest_should_have),
        cmocka_unit_test(the_lists_of_a_measurement_become_rows_item_for_item),
        cmocka_unit_test(the_bytes_at_a_measurements_place_say_the_same),
        cmocka_unit_test(lines_without_id_get_the_id_that_ooni_gave_them),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
