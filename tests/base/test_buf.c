// Buffers keep their maximum and their first error.
#include "base/base.h"
#include "fault.h"
#include "t.h"

static void puts_stand_one_after_another(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 10);
    gw_put_str(&b, "ab");
    gw_put_u8(&b, 'c');
    gw_put_span(&b, GW_LIT("de"));
    gw_put_span(&b, gw_str(NULL));
    gw_put_fmt(&b, "%d-%s", 7, "x");
    assert_int_equal(b.err, 0);
    assert_true(gw_is(gw_buf_span(&b), "abcde7-x"));
    gw_buf_reset(&b);
    assert_int_equal(gw_buf_span(&b).len, 0);
    gw_buf_release(&b);
    assert_null(b.at);
}

static void numbers_come_back_through_a_reader(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 10);
    struct gw_rand r = {5};
    for (int i = 0; i < 200; i++) {
        uint64_t v = gw_rand_next(&r) >> gw_rand_below(&r, 64);
        gw_buf_reset(&b);
        gw_put_varint(&b, v);
        assert_in_range(b.len, 1, 10);
        gw_put_u64le(&b, v);
        gw_put_u32le(&b, (uint32_t)v);
        struct gw_reader in = gw_reader_on(gw_buf_span(&b));
        assert_true(gw_read_varint(&in) == v);
        assert_true(gw_read_u64le(&in) == v);
        assert_true(gw_read_u32le(&in) == (uint32_t)v);
        assert_int_equal(gw_reader_left(&in), 0);
        assert_int_equal(in.err, 0);
    }
    gw_buf_release(&b);
}

static void over_the_maximum_is_an_error_that_stays(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 4);
    gw_put_str(&b, "abcd");
    assert_int_equal(b.err, 0);
    gw_put_str(&b, "");
    assert_int_equal(b.err, 0);
    gw_put_u8(&b, 'e');
    assert_int_equal(b.err, GW_ETOOBIG);
    assert_null(gw_buf_room(&b, 0));
    assert_true(gw_is(gw_buf_span(&b), "abcd"));
    gw_buf_reset(&b);
    gw_put_str(&b, "xy");
    assert_int_equal(b.err, 0);
    gw_put_str(&b, "zzz"); // whole or not at all
    assert_true(gw_is(gw_buf_span(&b), "xy"));
    assert_int_equal(b.err, GW_ETOOBIG);
    gw_buf_release(&b);
}

static void room_is_there_but_does_not_count_yet(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 1000);
    gw_put_u8(&b, 'a');
    uint8_t *p = gw_buf_room(&b, 999);
    assert_non_null(p);
    memset(p, 'z', 999); // AddressSanitizer sees it if it is not
    assert_int_equal(b.len, 1);
    assert_null(gw_buf_room(&b, 1000));
    assert_int_equal(b.err, GW_ETOOBIG);
    gw_buf_release(&b);
}

static void sizes_near_the_top_do_not_wrap(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 100);
    gw_put_u8(&b, 'a');
    assert_null(gw_buf_room(&b, SIZE_MAX));
    assert_int_equal(b.err, GW_ETOOBIG);
    gw_buf_release(&b);
    assert_null(gw_resize(NULL, SIZE_MAX / 2, 4));
}

static void new_memory_is_zero_even_when_there_is_none_of_it(void **state)
{
    (void)state;
    uint8_t *p = gw_new(64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    gw_free(p);
    void *none = gw_new(0);
    assert_non_null(none);
    none = gw_resize(none, 0, 8);
    assert_non_null(none);
    gw_free(none);
}

static bool grow_in_steps(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    for (int i = 0; i < 1000; i++)
        gw_put_fmt(&b, "%d,", i);
    int err = b.err;
    gw_buf_release(&b);
    return err == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_in_range(gw_fault_each_alloc(grow_in_steps), 3, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_stand_one_after_another),
        cmocka_unit_test(numbers_come_back_through_a_reader),
        cmocka_unit_test(over_the_maximum_is_an_error_that_stays),
        cmocka_unit_test(room_is_there_but_does_not_count_yet),
        cmocka_unit_test(sizes_near_the_top_do_not_wrap),
        cmocka_unit_test(new_memory_is_zero_even_when_there_is_none_of_it),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
