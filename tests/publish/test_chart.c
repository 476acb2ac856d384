// Charts: the same data gives the same bytes, what is drawn is what the table
// says, gaps break lines, and no count is too large or too small.
#include "chart_case.h"

#define DAY_ONE (19662 * GW_DAY) // 1 November 2023

static struct chart_cell cell(uint32_t blocked, uint32_t ok)
{
    struct chart_cell c = {.observers = blocked + ok ? 2 : 0};
    c.count[GW_STATE_BLOCKED] = blocked;
    c.count[GW_STATE_OK] = ok;
    return c;
}

static gw_span strip(struct sheet_case *c, const struct chart_cell *cells,
                     size_t n)
{
    struct chart chart = {.page = &c->page,
                          .id = "s",
                          .title = GW_LIT("Blocked <here> & now"),
                          .csv = "x.csv",
                          .table = &c->table};
    gw_buf_reset(&c->out);
    gw_buf_reset(&c->table);
    chart_strip(&chart, DAY_ONE, cells, n);
    assert_int_equal(c->out.err, 0);
    assert_int_equal(c->table.err, 0);
    return gw_buf_span(&c->out);
}

static gw_span timeline(struct sheet_case *c, const struct chart_lane *lanes,
                        size_t n, size_t days)
{
    static const struct chart_event events[] = {
        {DAY_ONE + 2 * GW_DAY, GW_NEVER, GW_LIT_INIT("Exams begin")}};
    struct chart chart = {.page = &c->page,
                          .id = "t",
                          .title = GW_LIT("A finding"),
                          .table = &c->table};
    gw_buf_reset(&c->out);
    gw_buf_reset(&c->table);
    chart_timeline(&chart, DAY_ONE, days, lanes, n, events, 1);
    assert_int_equal(c->out.err, 0);
    assert_int_equal(c->table.err, 0);
    return gw_buf_span(&c->out);
}

// Text of the path of that class, up to the end of its d.
static gw_span path_of(gw_span all, const char *class)
{
    char mark[64];
    snprintf(mark, sizeof mark, "class=\"%s\" d=\"", class);
    int64_t at = gw_find(all, gw_str(mark), 0);
    if (at < 0)
        return (gw_span){0};
    size_t from = (size_t)at + strlen(mark);
    int64_t end = gw_find(all, GW_LIT("\""), from);
    return gw_sub(all, from, (size_t)end - from);
}

// ---- states ---------------------------------------------------------------

static void few_measurements_are_not_a_state(void **state)
{
    (void)state;
    struct chart_cell none = {0}, two = cell(2, 0), three = cell(3, 0);
    struct chart_cell unknown = {0};
    unknown.count[GW_STATE_UNKNOWN] = 1000;
    assert_int_equal(chart_state(&none), GW_STATE_UNKNOWN);
    assert_int_equal(chart_state(&two), GW_STATE_UNKNOWN);
    assert_int_equal(chart_state(&three), GW_STATE_BLOCKED);
    assert_int_equal(chart_state(&unknown), GW_STATE_UNKNOWN);
}

static void one_in_five_is_blocked_and_less_is_not(void **state)
{
    (void)state;
    struct chart_cell fifth = cell(20, 80), less = cell(19, 81);
    struct chart_cell most = cell(UINT32_MAX / 8, UINT32_MAX / 8);
    struct chart_cell down = cell(0, 40);
    down.count[GW_STATE_DOWN] = 60;
    assert_int_equal(chart_state(&fifth), GW_STATE_BLOCKED);
    assert_int_equal(chart_state(&less), GW_STATE_OK);
    assert_int_equal(chart_state(&most), GW_STATE_BLOCKED);
    assert_int_equal(chart_state(&down), GW_STATE_DOWN);
}

static void sums_of_cells_do_not_wrap(void **state)
{
    (void)state;
    struct chart_cell sum = {0};
    const uint32_t most[GW_STATE_COUNT] = {UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                           UINT32_MAX};
    for (int i = 0; i < 40; i++)
        chart_cell_add(&sum, most, most);
    assert_true(chart_all(&sum) >= chart_judged(&sum));
    assert_true(chart_judged(&sum) >= sum.count[GW_STATE_BLOCKED]);
    assert_int_equal(sum.observers, UINT32_MAX);
}

// ---- strip ------------------------------------------------------------------

static void each_state_has_a_shape_and_unknown_is_hatched(void **state)
{
    (void)state;
    struct sheet_case c;
    struct chart_cell cells[] = {cell(9, 1), cell(0, 9), cell(0, 0),
                                 cell(0, 3)};
    cells[3].count[GW_STATE_OK] = 0;
    cells[3].count[GW_STATE_DOWN] = 3;
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = strip(&c, cells, GW_COUNT(cells));
    assert_true(path_of(html, "s-blocked").len);
    assert_true(path_of(html, "g-blocked").len);
    assert_true(path_of(html, "g-ok").len);
    assert_true(path_of(html, "g-down").len);
    assert_true(path_of(html, "s-unknown").len);
    assert_true(has(html, "fill=\"url(#s-h)\""));
    assert_true(has(html, "<title id=\"s-t\">Blocked &lt;here&gt; &amp; now"));
    assert_true(has(html, "<desc id=\"s-d\">"));
    assert_false(has(html, "style="));
    assert_true(is_nested(html));
    sheet_case_close(&c);
}

static void a_table_says_what_a_strip_draws(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(9, 1), cell(0, 1234)};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = strip(&c, cells, GW_COUNT(cells));
    assert_true(
        has(html, "<td>9</td><td>0</td><td>1</td><td>0</td><td>2</td>"));
    assert_true(has(html, "<td>1,234</td>"));
    gw_span csv = gw_buf_span(&c.table);
    assert_true(has(csv, "\n2023-11-01,blocked,9,0,1,0,2\n"));
    assert_true(has(csv, "\n2023-11-02,ok,0,0,1234,0,2\n"));
    assert_true(has(html, "../../data/x.csv"));
    sheet_case_close(&c);
}

static void the_same_data_give_the_same_bytes(void **state)
{
    (void)state;
    struct sheet_case a, b;
    struct gw_rand r = {7};
    struct chart_cell cells[30] = {{.observers = 0}};
    for (size_t i = 0; i < GW_COUNT(cells); i++)
        for (int s = 0; s < GW_STATE_COUNT; s++)
            cells[i].count[s] = (uint32_t)gw_rand_below(&r, 50);
    sheet_case_open(&a, GW_URDU);
    sheet_case_open(&b, GW_URDU);
    gw_span x = strip(&a, cells, GW_COUNT(cells));
    gw_span y = strip(&b, cells, GW_COUNT(cells));
    assert_true(gw_eq(x, y));
    assert_true(x.len < 12000);
    sheet_case_close(&a);
    sheet_case_close(&b);
}

static void urdu_says_that_time_runs_from_left_to_right(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(9, 1), cell(0, 1234)};
    sheet_case_open(&c, GW_URDU);
    gw_span html = strip(&c, cells, GW_COUNT(cells));
    gw_span note = gw_message(GW_URDU, "chart.ltr");
    assert_true(gw_find(html, note, 0) >= 0);
    assert_true(has(html, "direction=\"ltr\""));
    assert_true(has(html, "۱٬۲۳۴"));
    sheet_case_close(&c);
}

static void nothing_at_all_is_still_a_chart(void **state)
{
    (void)state;
    struct sheet_case c;
    sheet_case_open(&c, GW_ENGLISH);
    assert_true(is_nested(strip(&c, NULL, 0)));
    assert_true(is_nested(timeline(&c, NULL, 0, 0)));
    struct chart chart = {.page = &c.page, .id = "m", .title = GW_LIT("x")};
    gw_buf_reset(&c.out);
    chart_matrix(&chart, DAY_ONE, 7, 0, NULL, 0);
    assert_true(is_nested(gw_buf_span(&c.out)));
    sheet_case_close(&c);
}

// ---- timeline ---------------------------------------------------------------

static void gaps_break_the_line_and_are_hatched(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(4, 0), cell(4, 0), cell(0, 0),
                                       cell(0, 4), cell(0, 0)};
    const struct chart_lane lane = {.label = GW_LIT_INIT("One (AS1)"),
                                    .cells = cells};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = timeline(&c, &lane, 1, GW_COUNT(cells));
    gw_span share = path_of(html, "share");
    assert_int_equal(count_of(share, "M"), 2); // two runs, two pens down
    assert_true(has(share, "M0 0H200V0H400M600 40H800"));
    assert_true(has(path_of(html, "s-unknown"), "M400 0h200"));
    assert_int_equal(count_of(path_of(html, "volume"), "M"), 4);
    assert_true(is_nested(html));
    sheet_case_close(&c);
}

static void onset_and_end_are_brackets(void **state)
{
    (void)state;
    struct sheet_case c;
    struct chart_cell cells[10];
    for (size_t i = 0; i < GW_COUNT(cells); i++)
        cells[i] = cell(1, 1);
    struct chart_lane lane = {
        .label = GW_LIT("One (AS1)"),
        .cells = cells,
        .bounded = true,
        .onset = {DAY_ONE + 2 * GW_DAY, DAY_ONE + 3 * GW_DAY},
        .end = {DAY_ONE + 8 * GW_DAY, GW_NEVER}};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = timeline(&c, &lane, 1, GW_COUNT(cells));
    assert_int_equal(count_of(html, "class=\"bracket\""), 1);
    assert_true(has(path_of(html, "bracket"), "M200 6v-5H300v5"));
    lane.onset[0] = GW_NEVER; // so when first looked: no hook
    lane.end[1] = DAY_ONE + 30 * GW_DAY;
    html = timeline(&c, &lane, 1, GW_COUNT(cells));
    assert_int_equal(count_of(html, "class=\"bracket\""), 2);
    assert_true(has(path_of(html, "bracket"), "M0 1H300v5"));
    sheet_case_close(&c);
}

static void a_timeline_and_its_tables_agree(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(3, 1), cell(0, 0)};
    const struct chart_lane lanes[] = {
        {.label = GW_LIT_INIT("A, Ltd (AS1)"), .cells = cells},
        {.label = GW_LIT_INIT("B (AS2)"), .cells = cells}};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = timeline(&c, lanes, 2, 2);
    gw_span csv = gw_buf_span(&c.table);
    assert_true(has(path_of(html, "share"), "M0 10H500"));
    assert_int_equal(count_of(html, "<td>3/4; 2</td>"), 2);
    assert_true(has(csv, "from,\"A, Ltd (AS1) blocked\","));
    assert_true(has(csv, "\n2023-11-01,3,4,4,2,3,4,4,2\n"));
    assert_true(has(csv, "\n2023-11-02,0,0,0,0,0,0,0,0\n"));
    assert_true(has(html, "Exams begin"));
    sheet_case_close(&c);
}

static void years_are_drawn_in_steps_and_stay_small(void **state)
{
    (void)state;
    enum { DAYS = 3653 };
    struct sheet_case c;
    struct chart_cell *cells = gw_new(DAYS * sizeof *cells);
    struct chart_lane lanes[CHART_LANES_MAX + 5];
    assert_non_null(cells);
    for (size_t i = 0; i < DAYS; i++)
        cells[i] = cell((uint32_t)(i % 7), 3);
    for (size_t i = 0; i < GW_COUNT(lanes); i++)
        lanes[i] = (struct chart_lane){.label = GW_LIT("N"), .cells = cells};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = timeline(&c, lanes, GW_COUNT(lanes), DAYS);
    assert_int_equal(count_of(html, "class=\"share\""), CHART_LANES_MAX);
    assert_true(count_of(gw_buf_span(&c.table), "\n") <= CHART_BINS_MAX + 1);
    assert_true(html.len < 120000);
    assert_true(is_nested(html));
    gw_free(cells);
    sheet_case_close(&c);
}

static void the_largest_counts_are_drawn(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(UINT32_MAX / 8, UINT32_MAX / 8),
                                       cell(1, 0)};
    const struct chart_lane lane = {.label = GW_LIT_INIT("N"), .cells = cells};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = timeline(&c, &lane, 1, 2);
    assert_true(has(path_of(html, "share"), "M0 20H500V0H1000"));
    // The small one is still seen.
    assert_int_equal(count_of(path_of(html, "volume"), "M"), 3);
    sheet_case_close(&c);
}

// ---- matrix -----------------------------------------------------------------

static void a_matrix_links_its_rows(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct chart_cell cells[] = {cell(9, 1), cell(0, 9), cell(0, 0)};
    const struct chart_row rows[] = {
        {GW_LIT_INIT("Safaricom"), "network/AS33771.html", cells},
        {GW_LIT_INIT("Other"), NULL, cells}};
    struct chart chart = {.page = &c.page,
                          .id = "m",
                          .title = GW_LIT("Telegram by network and week"),
                          .table = &c.table};
    sheet_case_open(&c, GW_ENGLISH);
    chart.page = &c.page;
    chart_matrix(&chart, DAY_ONE, 7, 3, rows, 2);
    gw_span html = gw_buf_span(&c.out);
    assert_true(has(html, "<a href=\"../network/AS33771.html\">"));
    assert_true(has(html, "role=\"group\"")); // an image has no links in it
    assert_int_equal(count_of(html, "class=\"g-blocked\""), 2);
    assert_true(
        has(gw_buf_span(&c.table), "\n2023-11-08,Safaricom,ok,0,0,9,0,2\n"));
    assert_true(is_nested(html));
    sheet_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_measurements_are_not_a_state),
        cmocka_unit_test(one_in_five_is_blocked_and_less_is_not),
        cmocka_unit_test(sums_of_cells_do_not_wrap),
        cmocka_unit_test(each_state_has_a_shape_and_unknown_is_hatched),
        cmocka_unit_test(a_table_says_what_a_strip_draws),
        cmocka_unit_test(the_same_data_give_the_same_bytes),
        cmocka_unit_test(urdu_says_that_time_runs_from_left_to_right),
        cmocka_unit_test(nothing_at_all_is_still_a_chart),
        cmocka_unit_test(gaps_break_the_line_and_are_hatched),
        cmocka_unit_test(onset_and_end_are_brackets),
        cmocka_unit_test(a_timeline_and_its_tables_agree),
        cmocka_unit_test(years_are_drawn_in_steps_and_stay_small),
        cmocka_unit_test(the_largest_counts_are_drawn),
        cmocka_unit_test(a_matrix_links_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
