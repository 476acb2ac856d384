// A reader fails once and then gives nothing but zeros.
#include "base/base.h"
#include "t.h"

static void error_is_sticky_and_reads_give_zero(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x11, 0x22, 0x33, 0x44, 0x55};
    struct gw_reader r = gw_reader_on((gw_span){bytes, sizeof bytes});
    assert_int_equal(gw_read_u32be(&r), 0x11223344);
    assert_int_equal(gw_read_u32be(&r), 0);
    assert_int_equal(r.err, GW_EFEW);
    assert_int_equal(gw_reader_left(&r), 0);
    // One byte is left, but the reader has failed.
    assert_int_equal(gw_read_u8(&r), 0);
    assert_null(gw_read_span(&r, 0).at);
    assert_int_equal(gw_read_varint(&r), 0);
    assert_int_equal(r.err, GW_EFEW);
}

static void bytes_are_read_in_the_order_that_the_name_says(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct gw_reader r = gw_reader_on((gw_span){bytes, sizeof bytes});
    assert_int_equal(gw_read_u8(&r), 1);
    assert_int_equal(gw_read_u16be(&r), 0x0203);
    assert_int_equal(gw_read_u32le(&r), 0x07060504);
    assert_int_equal(gw_reader_left(&r), 1);
    r = gw_reader_on((gw_span){bytes, sizeof bytes});
    assert_true(gw_read_u64le(&r) == UINT64_C(0x0807060504030201));
    assert_int_equal(r.err, 0);
}

static void a_span_borrows_what_it_names(void **state)
{
    (void)state;
    gw_span in = GW_LIT("abcdef");
    struct gw_reader r = gw_reader_on(in);
    assert_ptr_equal(gw_read_span(&r, 2).at, in.at);
    assert_true(gw_is(gw_read_span(&r, 4), "cdef"));
    assert_int_equal(gw_read_span(&r, 0).len, 0);
    assert_int_equal(r.err, 0);
    assert_null(gw_read_span(&r, SIZE_MAX).at);
    assert_int_equal(r.err, GW_EFEW);
}

static uint64_t varint_of(gw_span s, int *ret_err)
{
    struct gw_reader r = gw_reader_on(s);
    uint64_t v = gw_read_varint(&r);
    *ret_err = r.err;
    return v;
}

static void a_varint_ends_within_ten_bytes_and_64_bits(void **state)
{
    (void)state;
    int err;
    assert_int_equal(varint_of(GW_LIT("\x7f"), &err), 127);
    assert_int_equal(varint_of(GW_LIT("\x80\x01"), &err), 128);
    assert_true(varint_of(GW_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
                          &err) == UINT64_MAX);
    assert_int_equal(err, 0);
    assert_int_equal(
        varint_of(GW_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), &err), 0);
    assert_int_equal(err, GW_EFORMAT);
    assert_int_equal(
        varint_of(GW_LIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), &err),
        0);
    assert_int_equal(err, GW_EFORMAT);
    assert_int_equal(varint_of(GW_LIT("\x80"), &err), 0);
    assert_int_equal(err, GW_EFEW);
    assert_int_equal(varint_of(gw_str(NULL), &err), 0);
    assert_int_equal(err, GW_EFEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_sticky_and_reads_give_zero),
        cmocka_unit_test(bytes_are_read_in_the_order_that_the_name_says),
        cmocka_unit_test(a_span_borrows_what_it_names),
        cmocka_unit_test(a_varint_ends_within_ten_bytes_and_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
