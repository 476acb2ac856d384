// Checkpoints: what reads, what does not, and that they come out as they went
// in.
#include "t.h"
#include "ledger/ledger.h"

#define ROOT  "r3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw="
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static int parse(const char *text, struct gw_checkpoint *ret)
{
    return gw_checkpoint_parse(gw_str(text), ret, NULL);
}

static void three_lines_are_a_checkpoint(void **state)
{
    (void)state;
    struct gw_checkpoint c;
    assert_int_equal(parse("gawah.example/log\n5\n" ROOT "\n", &c), 0);
    assert_string_equal(c.origin, "gawah.example/log");
    assert_int_equal(c.size, 5);
    assert_int_equal(c.root.at[0], 0xaf);
    assert_int_equal(c.root.at[31], 0x7c);
}

static void extension_lines_and_odd_origins_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "o\n5\n" ROOT "\nx\n",
        "o\n5\n" ROOT "\nx\nگواہ\n x \n",
        "go.sum database tree\n5\n" ROOT "\n",
        "گواہ\n5\n" ROOT "\n",
        "a+b\n9223372036854775807\n" ROOT "\n",
        "o\n0\n" EMPTY "\n",
    };
    struct gw_checkpoint c;
    for (size_t i = 0; i < GW_COUNT(good); i++)
        assert_int_equal(parse(good[i], &c), 0);
}

static void what_is_no_checkpoint_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "o\n",
        "o\n5\n",
        "o\n5\n" ROOT,
        "\n5\n" ROOT "\n",
        "o\n\n" ROOT "\n",
        "o\n5\n\n",
        "o\n05\n" ROOT "\n",
        "o\n00\n" EMPTY "\n",
        "o\n+5\n" ROOT "\n",
        "o\n-5\n" ROOT "\n",
        "o\n 5\n" ROOT "\n",
        "o\n5 \n" ROOT "\n",
        "o\n5a\n" ROOT "\n",
        "o\n0x5\n" ROOT "\n",
        "o\n9223372036854775808\n" ROOT "\n",
        "o\n18446744073709551621\n" ROOT "\n",
        "o\n99999999999999999999999\n" ROOT "\n",
        "o\n0\n" ROOT "\n",
        "o\n5\n " ROOT "\n",
        "o\n5\n" ROOT " \n",
        "o\n5\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw\n",
        "o\n5\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnx=\n",
        "o\n5\nr3JqrZ5-nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw=\n",
        "o\n5\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYg==\n",
        "o\n5\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnwA\n",
        "o\n5\n\xc3\xa9JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw=\n",
        "o\n5\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BY\xc3\xa9=\n",
        "o\n5\n" ROOT "\n\n",
        "o\n5\n" ROOT "\n\nx\n",
        "o\n5\n" ROOT "\nx\n\n",
        "o\n5\n" ROOT "\nx",
        "o\r\n5\r\n" ROOT "\r\n",
        "o\n5\n" ROOT "\na\tb\n",
        "o\n5\n" ROOT "\n\xff\n",
        "o\xc0\x80\n5\n" ROOT "\n",
    };
    struct gw_checkpoint c;
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(parse(bad[i], &c), GW_EFORMAT);
    assert_int_equal(
        gw_checkpoint_parse(GW_LIT("o\0p\n5\n" ROOT "\n"), &c, NULL),
        GW_EFORMAT);
    assert_int_equal(gw_checkpoint_parse((gw_span){0}, &c, NULL), GW_EFORMAT);
}

static void an_origin_has_at_most_255_bytes(void **state)
{
    (void)state;
    struct gw_checkpoint c;
    char text[400];
    for (size_t len = 254; len < 258; len++) {
        memset(text, 'o', len);
        memcpy(text + len, "\n5\n" ROOT "\n", sizeof "\n5\n" ROOT "\n");
        assert_int_equal(parse(text, &c), len < 256 ? 0 : GW_EFORMAT);
    }
}

static void a_text_over_a_megabyte_is_too_big(void **state)
{
    (void)state;
    struct gw_checkpoint c;
    struct gw_buf b;
    gw_buf_init(&b, 2 << 20);
    gw_put_str(&b, "o\n5\n" ROOT "\n");
    while (b.len < GW_NOTE_MAX - 1)
        gw_put_u8(&b, 'x');
    gw_put_u8(&b, '\n');
    assert_int_equal(gw_checkpoint_parse(gw_buf_span(&b), &c, NULL), 0);
    b.at[b.len - 1] = 'x';
    gw_put_u8(&b, '\n');
    assert_int_equal(gw_checkpoint_parse(gw_buf_span(&b), &c, NULL),
                     GW_ETOOBIG);
    gw_buf_release(&b);
}

static void what_is_formatted_reads_back(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    for (int round = 0; round < 1000; round++) {
        struct gw_checkpoint c = {.origin = "o"}, back;
        c.size = 1 + (gw_rand_next(&r) >> (1 + gw_rand_below(&r, 63)));
        c.size -= c.size > INT64_MAX;
        for (size_t i = 0; i < GW_HASH_LEN; i++)
            c.root.at[i] = (uint8_t)gw_rand_next(&r);
        for (size_t i = 0, n = (size_t)gw_rand_below(&r, 255); i < n; i++)
            c.origin[i + 1] = (char)(' ' + gw_rand_below(&r, 90));
        gw_buf_reset(&b);
        gw_checkpoint_format(&c, &b);
        assert_int_equal(b.err, 0);
        assert_int_equal(gw_checkpoint_parse(gw_buf_span(&b), &back, NULL), 0);
        assert_string_equal(back.origin, c.origin);
        assert_int_equal(back.size, c.size);
        assert_true(gw_hash32_eq(&back.root, &c.root));
    }
    gw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_lines_are_a_checkpoint),
        cmocka_unit_test(extension_lines_and_odd_origins_pass),
        cmocka_unit_test(what_is_no_checkpoint_is_an_error),
        cmocka_unit_test(an_origin_has_at_most_255_bytes),
        cmocka_unit_test(a_text_over_a_megabyte_is_too_big),
        cmocka_unit_test(what_is_formatted_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
