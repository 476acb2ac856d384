// base64: strict about the alphabet and padding, kind to blanks, and the same
// answer whichever way the processor decodes it.
#include "wire/base64.h"

#include "fault.h"
#include "t.h"

// Room as the face promises it and not a byte more, so that ASan sees excess.
struct decoded {
    uint8_t *bytes;
    int64_t len;
};

typedef int64_t decode_fn(gw_span s, uint8_t *ret_bytes);

static struct decoded decode_with(decode_fn *decode, gw_span s)
{
    uint8_t *copy = malloc(s.len + 1);
    struct decoded d = {.bytes = malloc(3 * (s.len / 4) + 3)};
    assert_true(copy && d.bytes);
    if (s.len)
        memcpy(copy, s.at, s.len);
    uint8_t *exact = realloc(copy, s.len ? s.len : 1);
    assert_non_null(exact);
    d.len = decode(gw_span_of(exact, s.len), d.bytes);
    free(exact);
    return d;
}

// Decodes both ways and checks that they agree.
static struct decoded decode(gw_span s)
{
    struct decoded fast = decode_with(gw_base64_decode, s);
    struct decoded plain = decode_with(gw_base64_decode_portable, s);
    assert_int_equal(fast.len, plain.len);
    if (fast.len > 0)
        assert_memory_equal(fast.bytes, plain.bytes, (size_t)fast.len);
    free(plain.bytes);
    return fast;
}

static void gives(const char *text, const char *want)
{
    struct decoded d = decode(gw_str(text));
    assert_int_equal(d.len, strlen(want));
    assert_memory_equal(d.bytes, want, strlen(want));
    free(d.bytes);
}

static void refused(gw_span text)
{
    struct decoded d = decode(text);
    assert_int_equal(d.len, GW_EFORMAT);
    free(d.bytes);
}

// RFC 4648 section 10.
static const char *const vectors[][2] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
};

static void vectors_of_the_rfc_hold_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(vectors); i++) {
        gives(vectors[i][0], vectors[i][1]);
        struct gw_buf b;
        gw_buf_init(&b, 64);
        gw_base64_put(&b, gw_str(vectors[i][1]));
        assert_int_equal(b.err, 0);
        assert_true(gw_is(gw_buf_span(&b), vectors[i][0]));
        gw_buf_release(&b);
    }
    assert_int_equal(gw_base64_decode((gw_span){0}, NULL), 0);
}

static void padding_may_be_left_out(void **state)
{
    (void)state;
    gives("Zg", "f");
    gives("Zm8", "fo");
    gives("Zm9vYmE", "fooba");
}

static void padding_that_is_there_must_be_right(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "=",     "==",          "====",     "Zg=",      "Zg===", "Zm8==",
        "Zm9v=", "Zm9v==",      "Z===",     "Zg==Zg==", "Zg=g",  "Zg==A",
        "=Zg=",  "Zm9vYg==\n=", "Zm9v====", "Zg= =x",
    };
    for (size_t i = 0; i < GW_COUNT(wrong); i++)
        refused(gw_str(wrong[i]));
}

static void a_lone_last_character_is_refused(void **state)
{
    (void)state;
    refused(GW_LIT("Z"));
    refused(GW_LIT("Zm9vY"));
    refused(GW_LIT("Zm9v Y\n"));
}

static void bits_left_over_are_tolerated(void **state)
{
    (void)state;
    gives("Zh==", "f");
    gives("Zm+=", "fo");
    gives("Z/", "g");
}

static void blanks_are_passed_over_anywhere(void **state)
{
    (void)state;
    gives(" \r\n\tZ m\n9\r\nv\tY m F y \n", "foobar");
    gives("Zg =\n= ", "f");
    gives(" ", "");
    gives("\n\n", "");
}

static struct gw_buf encoded(size_t len, struct gw_rand *r)
{
    struct gw_buf raw, b;
    gw_buf_init(&raw, len);
    gw_buf_init(&b, 2 * len + 4);
    for (size_t i = 0; i < len; i++)
        gw_put_u8(&raw, (uint8_t)gw_rand_next(r));
    gw_base64_put(&b, gw_buf_span(&raw));
    assert_int_equal(raw.err | b.err, 0);
    gw_buf_release(&raw);
    return b;
}

static void each_octet_is_judged_alike_at_each_place(void **state)
{
    (void)state;
    struct gw_rand r = {1};
    struct gw_buf b = encoded(75, &r); // 100 characters, none padding
    for (size_t at = 0; at < b.len; at++) {
        uint8_t kept = b.at[at];
        for (int c = 0; c < 256; c++) {
            b.at[at] = (uint8_t)c;
            bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '+' || c == '/';
            bool last = at + 1 == b.len && c == '=';
            bool skip = c == ' ' || c == '\t' || c == '\r' || c == '\n';
            struct decoded d = decode(gw_buf_span(&b));
            assert_int_equal(d.len, letter         ? 75
                                    : last || skip ? 74
                                                   : GW_EFORMAT);
            free(d.bytes);
        }
        b.at[at] = kept;
    }
    gw_buf_release(&b);
}

static void url_alphabet_is_refused(void **state)
{
    (void)state;
    refused(GW_LIT("Zm9-"));
    refused(GW_LIT("Zm9_"));
}

static void what_is_put_decodes_to_itself(void **state)
{
    (void)state;
    struct gw_rand r = {2};
    for (size_t len = 0; len < 300; len++) {
        struct gw_rand again = r;
        struct gw_buf b = encoded(len, &r);
        assert_int_equal(b.len, (len + 2) / 3 * 4);
        struct decoded d = decode(gw_buf_span(&b));
        assert_int_equal(d.len, len);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(d.bytes[i], (uint8_t)gw_rand_next(&again));
        free(d.bytes);
        gw_buf_release(&b);
    }
}

// Blanks and line ends strewn in at random change nothing.
static void wrapped_text_decodes_to_the_same(void **state)
{
    (void)state;
    struct gw_rand r = {3};
    for (int turn = 0; turn < 2000; turn++) {
        struct gw_buf b = encoded(gw_rand_below(&r, 400), &r), w;
        gw_buf_init(&w, 4096);
        uint64_t every = 1 + gw_rand_below(&r, 100);
        for (size_t i = 0; i < b.len; i++) {
            gw_put_u8(&w, b.at[i]);
            if (!gw_rand_below(&r, every))
                gw_put_u8(&w, (uint8_t) " \t\r\n"[gw_rand_below(&r, 4)]);
        }
        struct decoded plain = decode(gw_buf_span(&b));
        struct decoded wrapped = decode(gw_buf_span(&w));
        assert_int_equal(plain.len, wrapped.len);
        assert_true(gw_eq(gw_span_of(plain.bytes, (size_t)plain.len),
                          gw_span_of(wrapped.bytes, (size_t)wrapped.len)));
        free(plain.bytes);
        free(wrapped.bytes);
        gw_buf_release(&b);
        gw_buf_release(&w);
    }
}

static void both_ways_agree_on_damaged_text(void **state)
{
    (void)state;
    struct gw_rand r = {4};
    for (int turn = 0; turn < 20000; turn++) {
        struct gw_buf b = encoded(1 + gw_rand_below(&r, 120), &r);
        for (uint64_t n = gw_rand_below(&r, 4); n > 0; n--)
            b.at[gw_rand_below(&r, b.len)] =
                (uint8_t) "=\n -\xff\0Aa9/+z"[gw_rand_below(&r, 12)];
        b.len -= gw_rand_below(&r, 4);
        free(decode(gw_buf_span(&b)).bytes);
        gw_buf_release(&b);
    }
}

static bool encode_once(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 64);
    gw_base64_put(&b, GW_LIT("foobar"));
    bool ok = b.err == 0;
    assert_int_equal(b.len, ok ? 8 : 0);
    gw_buf_release(&b);
    return ok;
}

static void a_full_or_failing_buffer_is_left_as_it_was(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 7);
    gw_base64_put(&b, GW_LIT("foobar"));
    assert_int_equal(b.err, GW_ETOOBIG);
    assert_int_equal(b.len, 0);
    gw_buf_release(&b);
    assert_int_equal(gw_fault_each_alloc(encode_once), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc_hold_both_ways),
        cmocka_unit_test(padding_may_be_left_out),
        cmocka_unit_test(padding_that_is_there_must_be_right),
        cmocka_unit_test(a_lone_last_character_is_refused),
        cmocka_unit_test(bits_left_over_are_tolerated),
        cmocka_unit_test(blanks_are_passed_over_anywhere),
        cmocka_unit_test(each_octet_is_judged_alike_at_each_place),
        cmocka_unit_test(url_alphabet_is_refused),
        cmocka_unit_test(what_is_put_decodes_to_itself),
        cmocka_unit_test(wrapped_text_decodes_to_the_same),
        cmocka_unit_test(both_ways_agree_on_damaged_text),
        cmocka_unit_test(a_full_or_failing_buffer_is_left_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
