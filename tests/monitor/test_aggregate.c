// Counts by day that somebody else made: known by their columns, checked row
// by row, and kept as facts.
#include "ingest_case.h"
#include "records_case.h"

#include "monitor/aggregate.h"

#define HEAD                                                                   \
    "day,probe_cc,test_name,measurement_count,ok_count,anomaly_count,"         \
    "confirmed_count,failure_count\n"

struct given {
    int refused, records;
    char why[480];
};

static void refuse(void *ctx, int64_t position, int64_t length, int code,
                   const char *reason)
{
    struct given *g = ctx;
    (void)position;
    (void)length;
    assert_true(code < 0);
    g->refused++;
    snprintf(g->why, sizeof g->why, "%s", reason);
}

static void record(void *ctx, int64_t position, gw_span bytes)
{
    (void)position;
    (void)bytes;
    ((struct given *)ctx)->records++;
}

static const struct gw_obs_web_sink sink = {refuse, record};

// Reads the text, a few bytes at a time; rows are left in the block.
static int read_text(const char *text, size_t step, struct gw_block *b,
                     struct given *g)
{
    struct drip source = {gw_str(text), step, 0};
    struct gw_aggregate *a = gw_aggregate_new(drip, &source);
    struct gw_why why = {0};
    int64_t rows;
    *g = (struct given){0};
    int rc = gw_aggregate_next(a, b, &sink, g, &rows, &why);
    if (rc >= 0)
        assert_int_equal(rows, b->rows[GW_TABLE_aggregate].count);
    gw_aggregate_free(a);
    return rc;
}

static void rows_come_out_as_they_were_written(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block b;
    struct given g;
    size_t n;
    assert_int_equal(gw_block_init(&b, arena), 0);
    for (size_t step = 1; step < 40; step += 13) {
        gw_block_reset(&b);
        assert_int_equal(read_text(HEAD "2023-07-01,MM,signal,19,8,7,0,4\r\n\n"
                                        "2023-07-02,MM,\"signal\",3,1,1,1,0",
                                   step, &b, &g),
                         0);
        const struct gw_aggregate_row *r = gw_rows_aggregate(&b, &n);
        assert_int_equal(n, 2);
        assert_int_equal(g.refused, 0);
        assert_int_equal(g.records, 2);
        assert_true(r[0].day == gw_time_civil(2023, 7, 1, 0, 0, 0));
        assert_true(gw_is(r[0].probe_cc, "MM"));
        assert_true(gw_is(r[0].test_name, "signal"));
        assert_null(r[0].input.at);
        assert_true(r[0].probe_asn == GW_NULL);
        assert_int_equal(r[0].record, strlen(HEAD));
        assert_int_equal(r[0].measurement_count, 19);
        assert_int_equal(r[0].ok_count, 8);
        assert_int_equal(r[0].anomaly_count, 7);
        assert_int_equal(r[0].failure_count, 4);
        assert_int_equal(r[1].confirmed_count, 1);
        assert_true(gw_is(r[1].test_name, "signal"));
    }
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void a_row_that_breaks_a_rule_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *row, *why;
    } cases[] = {
        {"2023-07-01,MM,signal,20,8,7,0,4", "add up to 19"},
        {"2023-07-01,MM,signal,19,8,7,0", "columns"},
        {"2023-07-01,MM,signal,19,8,7,0,4,5", "columns"},
        {"2023-07-01T05:00:00Z,MM,signal,19,8,7,0,4", "no day"},
        {"yesterday,MM,signal,19,8,7,0,4", "no day"},
        {"2023-07-01,Burma,signal,19,8,7,0,4", "country"},
        {"2023-07-01,MM,,19,8,7,0,4", "neither"},
        {"2023-07-01,MM,signal,-1,-1,0,0,0", "no number"},
        {"2023-07-01,MM,signal,9999999999,9999999999,0,0,0", "no number"},
        {"2023-07-01,MM,signal,1.0,1,0,0,0", "no number"},
    };
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block b;
    assert_int_equal(gw_block_init(&b, arena), 0);
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        char text[512];
        struct given g;
        gw_block_reset(&b);
        snprintf(text, sizeof text, HEAD "%s\n2023-07-01,MM,tor,1,1,0,0,0\n",
                 cases[i].row);
        assert_int_equal(read_text(text, 7, &b, &g), 0);
        assert_int_equal(g.refused, 1);
        assert_int_equal(g.records, 2);
        if (!strstr(g.why, cases[i].why))
            fail_msg("%s: %s", cases[i].row, g.why);
        assert_int_equal(b.rows[GW_TABLE_aggregate].count, 1);
    }
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void other_columns_are_known_and_others_are_no_aggregate(void **state)
{
    (void)state;
    assert_true(gw_is_aggregate(
        GW_LIT("anomaly_count,confirmed_count,failure_count,input,"
               "measurement_count,measurement_start_day,ok_count,probe_asn,"
               "probe_cc")));
    assert_false(gw_is_aggregate(GW_LIT("day,probe_cc,test_name")));
    assert_false(gw_is_aggregate(GW_LIT("url,category_code")));
    assert_false(gw_is_aggregate(GW_LIT("")));
}

static void a_line_without_end_is_no_row(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block b;
    struct given g;
    char *text = gw_new(400 << 10);
    assert_int_equal(gw_block_init(&b, arena), 0);
    memset(text, 'x', (400 << 10) - 1);
    memcpy(text, HEAD, strlen(HEAD));
    assert_int_equal(read_text(text, 4096, &b, &g), GW_EREFUSED);
    gw_free(text);
    gw_block_release(&b);
    gw_arena_free(arena);
}

static void ingest_keeps_it_and_refuses_what_does_not_add_up(void **state)
{
    (void)state;
    struct ingest_case c = ingest_new(1);
    take_in_text(&c, "counts.csv",
                 HEAD "2023-07-01,MM,signal,19,8,7,0,4\n"
                      "2023-07-02,MM,signal,20,8,7,0,4\n");
    assert_int_equal(c.sum.records, 1);
    assert_int_equal(c.sum.refused, 1);
    ingest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_out_as_they_were_written),
        cmocka_unit_test(a_row_that_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(other_columns_are_known_and_others_are_no_aggregate),
        cmocka_unit_test(a_line_without_end_is_no_row),
        cmocka_unit_test(ingest_keeps_it_and_refuses_what_does_not_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
