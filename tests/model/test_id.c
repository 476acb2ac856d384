// Published ids: one spelling each, and every part comes back.
#include "model/model.h"
#include "t.h"

static void an_id_comes_back_from_its_text(void **state)
{
    (void)state;
    struct gw_rand r = {11};
    for (int i = 0; i < 3000; i++) {
        struct gw_id id = {.kind = "emf"[i % 3], .record = -1, .n = -1}, back;
        uint8_t bytes[6];
        char text[GW_ID_TEXT];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)gw_rand_next(&r);
        gw_hex(bytes, sizeof bytes, id.object);
        if (id.kind != 'e')
            id.record = (int64_t)(gw_rand_next(&r) >> (1 + i % 62));
        if (id.kind == 'f')
            id.n = (int64_t)gw_rand_below(&r, 40);
        size_t len = gw_id_format(&id, text);
        assert_int_equal(len, strlen(text));
        assert_true(gw_id_parse(gw_str(text), &back));
        assert_int_equal(back.kind, id.kind);
        assert_string_equal(back.object, id.object);
        assert_true(back.record == id.record);
        assert_true(back.n == id.n);
    }
}

static void ids_look_as_the_documents_say(void **state)
{
    (void)state;
    static const char *const good[] = {
        "e-0123456789ab", "m-0123456789ab-0", "m-0123456789ab-1024",
        "f-0123456789ab-1024-3", "m-0123456789ab-9223372036854775807"};
    struct gw_id id;
    for (size_t i = 0; i < GW_COUNT(good); i++)
        assert_true(gw_id_parse(gw_str(good[i]), &id));
}

static void anything_else_is_no_id(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "e",
        "e-",
        "e-0123456789a",
        "e-0123456789abc",
        "e-0123456789ag",
        "e-0123456789AB",
        "e-0123456789ab-",
        "e-0123456789ab--",
        "e-0123456789ab-1",
        "m-0123456789ab",
        "m-0123456789ab-",
        "m-0123456789ab-1-",
        "m-0123456789ab-1-2",
        "m-0123456789ab-01",
        "m-0123456789ab--1",
        "m-0123456789ab-+1",
        "m-0123456789ab-9223372036854775808",
        "f-0123456789ab-1",
        "f-0123456789ab-1-",
        "f-0123456789ab-1-2-3",
        "f-0123456789ab-1-x",
        "x-0123456789ab-1",
        "mm-0123456789ab-1",
        " m-0123456789ab-1",
        "m-0123456789ab-1 ",
    };
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        struct gw_id id = {.kind = '?'};
        assert_false(gw_id_parse(gw_str(bad[i]), &id));
        assert_int_equal(id.kind, '?'); // and nothing was written
    }
    struct gw_id id;
    assert_false(gw_id_parse(gw_str(NULL), &id));
    assert_false(gw_id_parse(GW_LIT("e-0123456789ab\0"), &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_comes_back_from_its_text),
        cmocka_unit_test(ids_look_as_the_documents_say),
        cmocka_unit_test(anything_else_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
