// base64: one text for each value, and nothing else is read.
#include "seal/seal.h"

#include "fault.h"
#include "t.h"

static const enum gw_b64 kinds[] = {GW_B64_STANDARD, GW_B64_URL};

static gw_span put(enum gw_b64 kind, gw_span bytes, struct gw_buf *b)
{
    gw_buf_reset(b);
    gw_b64_put(kind, bytes, b);
    assert_int_equal(b->err, 0);
    return gw_buf_span(b);
}

static bool reads(enum gw_b64 kind, gw_span text)
{
    uint8_t bytes[64];
    size_t len;
    return gw_b64_read(kind, text, bytes, sizeof bytes, &len);
}

static void vectors_of_rfc_4648_section_10(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    struct gw_buf b;
    gw_buf_init(&b, 100);
    for (size_t i = 0; i < GW_COUNT(cases); i++)
        for (size_t k = 0; k < GW_COUNT(kinds); k++) {
            uint8_t back[8];
            size_t len = 99;
            gw_span text = put(kinds[k], gw_str(cases[i][0]), &b);
            assert_true(gw_is(text, cases[i][1 + k]));
            assert_true(gw_b64_read(kinds[k], text, back, sizeof back, &len));
            assert_true(gw_is(gw_span_of(back, len), cases[i][0]));
        }
    gw_buf_release(&b);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint8_t bytes[300], back[300];
    struct gw_rand r = {1};
    struct gw_buf b;
    gw_buf_init(&b, 500);
    for (size_t len = 0; len <= sizeof bytes; len++)
        for (size_t k = 0; k < GW_COUNT(kinds); k++) {
            size_t n;
            for (size_t i = 0; i < len; i++)
                bytes[i] = (uint8_t)gw_rand_next(&r);
            gw_span text = put(kinds[k], gw_span_of(bytes, len), &b);
            assert_true(gw_b64_read(kinds[k], text, back, sizeof back, &n));
            assert_int_equal(n, len);
            assert_memory_equal(back, bytes, len);
        }
    gw_buf_release(&b);
}

// Whatever short text is read is the text that its bytes are written as.
static void there_is_one_text_for_each_value(void **state)
{
    (void)state;
    static const char some[] = "AQgw/+-_=Z9 \n\x80\xff\0";
    struct gw_rand r = {2};
    struct gw_buf b;
    int read = 0;
    gw_buf_init(&b, 100);
    for (int i = 0; i < 200000; i++) {
        char text[9];
        uint8_t bytes[9];
        size_t len = gw_rand_below(&r, sizeof text), n;
        for (size_t j = 0; j < len; j++)
            text[j] = some[gw_rand_below(&r, sizeof some)];
        enum gw_b64 kind = kinds[i % 2];
        if (!gw_b64_read(kind, gw_span_of(text, len), bytes, sizeof bytes, &n))
            continue;
        read++;
        gw_span again = put(kind, gw_span_of(bytes, n), &b);
        assert_true(gw_eq(again, gw_span_of(text, len)));
    }
    assert_true(read > 10000);
    gw_buf_release(&b);
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    static const char *const standard[] = {
        "Z",        "Zg",     "Zg=",      "Zg===",   "Zh==",  "Zm9=",
        "Zm8",      "Zm9v=",  "Zm9vZ",    "=",       "====",  "Z=g=",
        "Zg==Zg==", "Zm9 v",  "Zm9v\n",   "\nZm9v",  " Zm9v", "Zm-_",
        "Zm9v\r\n", "Zg=\n=", "Zm9v\xc3", "Zm\x80v", "Zm9v*", "Zg==\n"};
    static const char *const url[] = {"Z",    "Zg==", "Zm8=", "Zh",   "Zm9",
                                      "+//+", "Zm9 ", "Zg\n", "Zm9v="};
    for (size_t i = 0; i < GW_COUNT(standard); i++)
        if (reads(GW_B64_STANDARD, gw_str(standard[i])))
            fail_msg("read: %s", standard[i]);
    for (size_t i = 0; i < GW_COUNT(url); i++)
        if (reads(GW_B64_URL, gw_str(url[i])))
            fail_msg("read: %s", url[i]);
    for (unsigned c = 0; c < 256; c++) {
        char text[4] = {'Z', (char)c, 'A', 'A'};
        bool of_both = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                              "uvwxyz0123456789",
                              (int)c) &&
                       c;
        bool of_url = c == '-' || c == '_', of_other = c == '+' || c == '/';
        gw_span s = gw_span_of(text, sizeof text);
        assert_int_equal(reads(GW_B64_STANDARD, s), of_both || of_other);
        assert_int_equal(reads(GW_B64_URL, s), of_both || of_url);
    }
    assert_false(reads(GW_B64_STANDARD, GW_LIT("Zm9v\0")));
    assert_false(reads(GW_B64_STANDARD, GW_LIT("\0\0\0\0")));
}

static void more_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0, 0, 0, 0xee};
    size_t len;
    gw_span text = GW_LIT("Zm9v");
    assert_true(gw_b64_read(GW_B64_STANDARD, text, bytes, 3, &len));
    assert_int_equal(len, 3);
    for (size_t cap = 0; cap < 3; cap++)
        assert_false(gw_b64_read(GW_B64_STANDARD, text, bytes, cap, &len));
    assert_int_equal(bytes[3], 0xee);
}

static void the_buffers_maximum_is_kept(void **state)
{
    (void)state;
    uint8_t bytes[100] = {0};
    struct gw_buf b;
    gw_buf_init(&b, 136);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(bytes, 100), &b);
    assert_int_equal(b.err, 0);
    assert_int_equal(b.len, 136);
    gw_buf_reset(&b);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(bytes, 100), &b);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(bytes, 1), &b);
    assert_int_equal(b.err, GW_ETOOBIG);
    gw_buf_release(&b);
}

static bool put_once(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 100);
    gw_b64_put(GW_B64_URL, GW_LIT("bytes"), &b);
    bool ok = !b.err;
    gw_buf_release(&b);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_int_equal(gw_fault_each_alloc(put_once), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_rfc_4648_section_10),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(there_is_one_text_for_each_value),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(more_than_there_is_room_for_is_refused),
        cmocka_unit_test(the_buffers_maximum_is_kept),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
