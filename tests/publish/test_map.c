// The map: its shapes are whole, countries with data are links in their state,
// and everything drawn is also said.
#include "chart_case.h"
#include "publish/map.h"

extern const unsigned char gw_publish_shapes_csv[];
extern const size_t gw_publish_shapes_csv_len;

static gw_span map_of(struct sheet_case *c, const struct map_place *places,
                      size_t n)
{
    gw_buf_reset(&c->out);
    put_map(&c->page, "world", GW_LIT("Where"), places, n);
    assert_int_equal(c->out.err, 0);
    return gw_buf_span(&c->out);
}

static void shapes_are_small_and_well_formed(void **state)
{
    (void)state;
    size_t with = 0, without = 0;
    gw_span rest = gw_span_of(gw_publish_shapes_csv, gw_publish_shapes_csv_len);
    assert_true(rest.len <= 30 << 10);
    assert_true(gw_is(gw_cut(&rest, '\n'), "cc,x,y,path"));
    while (rest.len) {
        uint64_t x, y;
        gw_span line = gw_cut(&rest, '\n');
        gw_span cc = gw_cut(&line, ',');
        assert_true(cc.len == 2 || gw_is(cc, "*") || gw_is(cc, "~"));
        assert_true(gw_parse_uint(gw_cut(&line, ','), 1000, &x));
        assert_true(gw_parse_uint(gw_cut(&line, ','), 440, &y));
        for (size_t i = 0; i < line.len; i++)
            assert_non_null(strchr("MlLzm -0123456789", line.at[i]));
        with += line.len > 0;
        without += line.len == 0;
    }
    assert_true(with > 150 && without > 30);
}

static void a_country_is_drawn_in_its_state_and_said(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct map_place places[] = {
        {"PK", GW_STATE_BLOCKED, GW_LIT_INIT("2 <incidents>")},
        {"BH", GW_STATE_OK, {NULL, 0}},      // too small: a point
        {"KE", GW_STATE_UNKNOWN, {NULL, 0}}, // hatched
        {"ZZ", GW_STATE_DOWN, {NULL, 0}}};   // nowhere: only in the list
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = map_of(&c, places, GW_COUNT(places));
    assert_true(is_nested(html));
    assert_true(has(html, "<g class=\"s-blocked\"><title>Pakistan: "));
    assert_true(has(html, "<circle cx=\""));
    assert_true(has(html, "fill=\"url(#world-h)\""));
    assert_true(has(html, "2 &lt;incidents&gt;"));
    assert_int_equal(count_of(html, "<li>"), GW_COUNT(places));
    assert_int_equal(count_of(html, "class=\"disputed\""), 1);
    assert_true(has(html, "Kashmir"));
    assert_true(has(html, "Natural Earth"));
    sheet_case_close(&c);
}

static void land_without_data_is_drawn_once(void **state)
{
    (void)state;
    struct sheet_case c;
    const struct map_place pakistan = {"PK", GW_STATE_OK, {NULL, 0}};
    sheet_case_open(&c, GW_URDU);
    size_t empty = map_of(&c, NULL, 0).len;
    gw_span html = map_of(&c, &pakistan, 1);
    assert_int_equal(count_of(html, "class=\"land\""), 1);
    assert_true(html.len > empty);
    assert_true(html.len < 40000);
    assert_true(is_nested(html));
    sheet_case_close(&c);
}

static void crowded_labels_do_not_overlap(void **state)
{
    (void)state;
    struct sheet_case c;
    static const char *const close[] = {"NL", "BE", "LU", "DE", "FR",
                                        "CH", "AT", "CZ", "PL", "DK"};
    struct map_place places[GW_COUNT(close)];
    for (size_t i = 0; i < GW_COUNT(close); i++)
        places[i] =
            (struct map_place){.cc = close[i], .state = GW_STATE_BLOCKED};
    sheet_case_open(&c, GW_ENGLISH);
    gw_span html = map_of(&c, places, GW_COUNT(places));
    size_t labels = count_of(html, "class=\"halo\"");
    assert_true(labels > 0 && labels < GW_COUNT(close));
    assert_int_equal(count_of(html, "<li>"), GW_COUNT(close));
    sheet_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_are_small_and_well_formed),
        cmocka_unit_test(a_country_is_drawn_in_its_state_and_said),
        cmocka_unit_test(land_without_data_is_drawn_once),
        cmocka_unit_test(crowded_labels_do_not_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
