// Canonical JSON (RFC 8785): the RFC's own sorting example, what is refused,
// and that one value has one text.
#include "fault.h"
#include "t.h"
#include "wire/wire.h"

static struct gw_json *parser;
static struct gw_buf out;

static int set_up(void **state)
{
    (void)state;
    parser = gw_json_new();
    gw_buf_init(&out, 1 << 20);
    return parser ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gw_json_free(parser);
    gw_buf_release(&out);
    return 0;
}

static int canonical(const char *json)
{
    gw_buf_reset(&out);
    return gw_json_canonical(parser, gw_str(json), &out, NULL);
}

static void becomes(const char *json, const char *expected)
{
    assert_int_equal(canonical(json), 0);
    gw_put_u8(&out, 0);
    assert_string_equal((const char *)out.at, expected);
}

// RFC 8785 3.2.3: by UTF-16 code units, which puts U+1F600 before U+FB33.
static void members_are_sorted_as_the_rfc_shows(void **state)
{
    (void)state;
    becomes("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,"
            "\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
            "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,"
            "\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
}

static void surrogates_sort_between_d7ff_and_e000(void **state)
{
    (void)state;
    becomes("{\"\\uffff\":1,\"\\ue000\":2,\"\\udbff\\udfff\":3,"
            "\"\\ud800\\udc00\":4,\"\\ud7ff\":5,\"\\uefff\":6}",
            "{\"\xed\x9f\xbf\":5,\"\xf0\x90\x80\x80\":4,"
            "\"\xf4\x8f\xbf\xbf\":3,\"\xee\x80\x80\":2,"
            "\"\xee\xbf\xbf\":6,\"\xef\xbf\xbf\":1}");
}

static void a_prefix_sorts_first(void **state)
{
    (void)state;
    becomes("{\"ab\":1,\"\":2,\"a\":3,\"B\":4,\"a\\u0000\":5}",
            "{\"\":2,\"B\":4,\"a\":3,\"a\\u0000\":5,\"ab\":1}");
}

static void blanks_go_and_arrays_keep_their_order(void **state)
{
    (void)state;
    becomes(" { \"b\" : [ 3 , 1 , { \"z\" : null , \"y\" : true } , [ ] ] ,\n"
            "\t\"a\" : { } , \"c\" : false }\r\n",
            "{\"a\":{},\"b\":[3,1,{\"y\":true,\"z\":null},[]],\"c\":false}");
}

static void a_lone_value_is_a_document(void **state)
{
    (void)state;
    becomes(" null ", "null");
    becomes("\"\"", "\"\"");
    becomes("-7", "-7");
    becomes("[]", "[]");
}

// RFC 8785 3.2.2.2.
static void escapes_are_the_least_ones(void **state)
{
    (void)state;
    becomes("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
            "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    becomes("\"\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u2028\"",
            "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xe2\x80\xa8\"");
    becomes("\"\\u0008\\u000c\\u000A\\u000D\\u0009\"", "\"\\b\\f\\n\\r\\t\"");
}

static void integers_have_53_bits(void **state)
{
    (void)state;
    becomes("[0,-0,1,-1,9007199254740991,-9007199254740991]",
            "[0,0,1,-1,9007199254740991,-9007199254740991]");
    static const char *const bad[] = {"9007199254740992",
                                      "-9007199254740992",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "1.0",
                                      "1.5",
                                      "1e2",
                                      "-0.0",
                                      "0e0",
                                      "1E+2",
                                      "99999999999999999999999999"};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(canonical(bad[i]), GW_EFORMAT);
}

static void a_member_twice_is_an_error(void **state)
{
    (void)state;
    struct gw_why why = {0};
    assert_int_equal(canonical("{\"a\":1,\"b\":2,\"a\":1}"), GW_EFORMAT);
    assert_int_equal(canonical("{\"a\":1,\"\\u0061\":2}"), GW_EFORMAT);
    assert_int_equal(canonical("[{\"x\":{\"\":1,\"\":1}}]"), GW_EFORMAT);
    gw_buf_reset(&out);
    assert_int_equal(gw_json_canonical(
                         parser, GW_LIT("{\"seen\":1,\"seen\":2}"), &out, &why),
                     GW_EFORMAT);
    assert_non_null(strstr(why.text, "\"seen\""));
    becomes("{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
            "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

static void a_lone_surrogate_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"\\ud800\"",        "\"\\udc00\"",       "\"\\udfffx\"",
        "\"\\ude00\\ud83d\"", "\"a\\udbff\"",      "{\"\\udc00\":1}",
        "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\""};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(canonical(bad[i]), GW_EFORMAT);
    assert_int_equal(canonical("\"\xed\xa0\x80\""), GW_EFORMAT);
}

static void what_is_no_json_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    " ",    "{",      "[1,]",     "{\"a\":1,}", "{a:1}",
        "01",  "+1",   "\"\t\"", "\"\xff\"", "'a'",        "1 2",
        "NaN", "[1]]", "tru",    "\"\\x\""};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(canonical(bad[i]), GW_EFORMAT);
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    char text[400];
    for (size_t depth = 60; depth < 70; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = 0;
        assert_int_equal(canonical(text), depth <= 64 ? 0 : GW_ETOOBIG);
    }
}

static void a_failure_leaves_the_output_as_it_was(void **state)
{
    (void)state;
    gw_buf_reset(&out);
    gw_put_str(&out, "before");
    assert_int_equal(gw_json_canonical(parser, GW_LIT("[1,2,1.5]"), &out, NULL),
                     GW_EFORMAT);
    assert_true(gw_is(gw_buf_span(&out), "before"));
    assert_int_equal(gw_json_canonical(parser, GW_LIT("[1, 2]"), &out, NULL),
                     0);
    assert_true(gw_is(gw_buf_span(&out), "before[1,2]"));
}

static void an_output_that_is_full_is_too_big(void **state)
{
    (void)state;
    struct gw_buf small;
    gw_buf_init(&small, 5);
    assert_int_equal(gw_json_canonical(parser, GW_LIT("[1,2,3]"), &small, NULL),
                     GW_ETOOBIG);
    gw_buf_release(&small);
}

// ---- one value, one text ------------------------------------------------
static void put_blanks(struct gw_rand *r, struct gw_buf *b)
{
    static const char blanks[] = " \t\n\r";
    while (gw_rand_below(r, 4) == 0)
        gw_put_u8(b, (uint8_t)blanks[gw_rand_below(r, 4)]);
}

// A letter, a control, or one of a few places of Unicode; escaped or not.
static void put_character(struct gw_rand *r, struct gw_buf *b)
{
    static const char *const raw[] = {"a",
                                      "\xc3\xb6",
                                      "\xed\x9f\xbf",
                                      "\xee\x80\x80",
                                      "\xef\xbf\xbf",
                                      "\xf0\x90\x80\x80",
                                      "\\\"",
                                      "\\n"};
    static const char *const escaped[] = {
        "\\u0061", "\\u00F6",        "\\ud7ff", "\\ue000",
        "\\uFFFF", "\\uD800\\uDC00", "\\u0022", "\\u000a"};
    uint64_t which = gw_rand_below(r, GW_COUNT(raw));
    gw_put_str(b, gw_rand_below(r, 2) ? raw[which] : escaped[which]);
}

static void put_string(struct gw_rand *r, struct gw_buf *b)
{
    gw_put_u8(b, '"');
    while (gw_rand_below(r, 4))
        put_character(r, b);
    gw_put_u8(b, '"');
}

static void put_value(struct gw_rand *r, int depth, struct gw_buf *b)
{
    uint64_t kind = gw_rand_below(r, depth ? 7 : 5);
    uint64_t n = gw_rand_below(r, 5);
    put_blanks(r, b);
    switch (kind) {
    case 0: gw_put_str(b, "null"); break;
    case 1: gw_put_str(b, gw_rand_below(r, 2) ? "true" : "false"); break;
    case 2: put_string(r, b); break;
    case 3: gw_put_fmt(b, "%d", (int)gw_rand_below(r, 2000) - 1000); break;
    case 4: gw_put_str(b, "-9007199254740991"); break;
    default:
        gw_put_u8(b, kind == 5 ? '[' : '{');
        for (uint64_t i = 0; i < n; i++) {
            if (i)
                gw_put_u8(b, ',');
            put_blanks(r, b);
            if (kind == 6) {
                put_string(r, b);
                put_blanks(r, b);
                gw_put_u8(b, ':');
            }
            put_value(r, depth - 1, b);
        }
        gw_put_u8(b, kind == 5 ? ']' : '}');
    }
    put_blanks(r, b);
}

static void canonical_text_stays_as_it_is(void **state)
{
    (void)state;
    struct gw_rand r = {8785};
    struct gw_buf json, again;
    int accepted = 0;
    gw_buf_init(&json, 1 << 20);
    gw_buf_init(&again, 1 << 20);
    for (int round = 0; round < 20000; round++) {
        gw_buf_reset(&json);
        gw_buf_reset(&again);
        gw_buf_reset(&out);
        put_value(&r, 4, &json);
        int rc = gw_json_canonical(parser, gw_buf_span(&json), &out, NULL);
        if (rc) { // only a member twice can be wrong with it
            assert_int_equal(rc, GW_EFORMAT);
            continue;
        }
        accepted++;
        assert_int_equal(
            gw_json_canonical(parser, gw_buf_span(&out), &again, NULL), 0);
        assert_true(gw_eq(gw_buf_span(&out), gw_buf_span(&again)));
    }
    assert_true(accepted > 10000);
    gw_buf_release(&json);
    gw_buf_release(&again);
}

static void the_order_of_members_makes_no_difference(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "a", "b", "\\u00f6", "\\ue000", "\\ud800\\udc00", "", "aa"};
    struct gw_rand r = {42};
    struct gw_buf json, first;
    gw_buf_init(&json, 4096);
    gw_buf_init(&first, 4096);
    for (int round = 0; round < 500; round++) {
        size_t order[GW_COUNT(keys)];
        for (size_t i = 0; i < GW_COUNT(keys); i++) {
            size_t j = (size_t)gw_rand_below(&r, i + 1);
            order[i] = order[j], order[j] = i;
        }
        gw_buf_reset(&json);
        for (size_t i = 0; i < GW_COUNT(keys); i++)
            gw_put_fmt(&json, "%c\"%s\":%zu", i ? ',' : '{', keys[order[i]],
                       order[i]);
        gw_put_u8(&json, '}');
        gw_buf_reset(&out);
        assert_int_equal(
            gw_json_canonical(parser, gw_buf_span(&json), &out, NULL), 0);
        if (!round)
            gw_put_span(&first, gw_buf_span(&out));
        assert_true(gw_eq(gw_buf_span(&out), gw_buf_span(&first)));
    }
    gw_buf_release(&json);
    gw_buf_release(&first);
}

static bool once(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    bool ok = gw_json_canonical(parser, GW_LIT("{\"b\":[1],\"a\":{}}"), &b,
                                NULL) == 0;
    gw_buf_release(&b);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_int_equal(gw_fault_each_alloc(once), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_sorted_as_the_rfc_shows),
        cmocka_unit_test(surrogates_sort_between_d7ff_and_e000),
        cmocka_unit_test(a_prefix_sorts_first),
        cmocka_unit_test(blanks_go_and_arrays_keep_their_order),
        cmocka_unit_test(a_lone_value_is_a_document),
        cmocka_unit_test(escapes_are_the_least_ones),
        cmocka_unit_test(integers_have_53_bits),
        cmocka_unit_test(a_member_twice_is_an_error),
        cmocka_unit_test(a_lone_surrogate_is_an_error),
        cmocka_unit_test(what_is_no_json_is_an_error),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(a_failure_leaves_the_output_as_it_was),
        cmocka_unit_test(an_output_that_is_full_is_too_big),
        cmocka_unit_test(canonical_text_stays_as_it_is),
        cmocka_unit_test(the_order_of_members_makes_no_difference),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
