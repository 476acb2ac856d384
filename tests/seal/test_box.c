// Sealed boxes: only the holder of the secret key opens them, and only whole.
#include "seal/seal.h"

#include "fault.h"
#include "t.h"

static struct gw_box_key some_key(uint8_t fill)
{
    uint8_t seed[GW_SEED_LEN];
    struct gw_box_key k;
    memset(seed, fill, sizeof seed);
    gw_box_key_from(seed, &k);
    return k;
}

static void what_is_closed_opens(void **state)
{
    (void)state;
    uint8_t text[300];
    struct gw_box_key k = some_key(1);
    struct gw_rand r = {1};
    struct gw_buf box, open;
    gw_buf_init(&box, 1000);
    gw_buf_init(&open, 1000);
    for (size_t len = 0; len <= sizeof text; len += len < 70 ? 1 : 23) {
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)gw_rand_next(&r);
        gw_buf_reset(&box);
        gw_buf_reset(&open);
        gw_put_str(&box, "before "); // both append
        gw_put_str(&open, "before ");
        gw_span t = gw_span_of(len ? text : NULL, len);
        assert_int_equal(gw_box_close(k.public_key, t, &box, NULL), 0);
        assert_int_equal(box.len, 7 + len + GW_BOX_OVERHEAD);
        gw_span b = gw_sub(gw_buf_span(&box), 7, box.len);
        assert_int_equal(gw_box_open(&k, b, &open, NULL), 0);
        assert_true(gw_starts(gw_buf_span(&open), "before "));
        assert_true(gw_eq(gw_sub(gw_buf_span(&open), 7, open.len), t));
    }
    gw_buf_release(&box);
    gw_buf_release(&open);
}

static int open_code(const struct gw_box_key *k, gw_span box)
{
    struct gw_buf open;
    struct gw_why why = {0};
    gw_buf_init(&open, 1000);
    int rc = gw_box_open(k, box, &open, &why);
    assert_int_equal(why.code, rc);
    if (rc)
        assert_int_equal(open.len, 0);
    gw_buf_release(&open);
    return rc;
}

static void another_key_does_not_open_it(void **state)
{
    (void)state;
    struct gw_box_key k = some_key(1), other = some_key(2);
    struct gw_buf box;
    gw_buf_init(&box, 1000);
    assert_int_equal(gw_box_close(k.public_key, GW_LIT("a name"), &box, NULL),
                     0);
    assert_int_equal(open_code(&k, gw_buf_span(&box)), 0);
    assert_int_equal(open_code(&other, gw_buf_span(&box)), GW_EPROOF);
    gw_buf_release(&box);
}

static void damaged_boxes_do_not_open(void **state)
{
    (void)state;
    struct gw_box_key k = some_key(1);
    struct gw_buf box;
    gw_buf_init(&box, 1000);
    assert_int_equal(gw_box_close(k.public_key, GW_LIT("a name"), &box, NULL),
                     0);
    for (size_t bit = 0; bit < 8 * box.len; bit++) {
        box.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        // X25519 does not look at the top bit of a point (RFC 7748 section
        // 5), but the nonce is made of all of it.
        assert_int_equal(open_code(&k, gw_buf_span(&box)), GW_EPROOF);
        box.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < box.len; len++)
        assert_int_equal(open_code(&k, gw_span_of(box.at, len)),
                         len < GW_BOX_OVERHEAD ? GW_EFEW : GW_EPROOF);
    gw_buf_release(&box);
}

static void two_boxes_of_one_text_differ(void **state)
{
    (void)state;
    struct gw_box_key k = some_key(1);
    struct gw_buf box;
    gw_buf_init(&box, 1000);
    assert_int_equal(gw_box_close(k.public_key, GW_LIT("x"), &box, NULL), 0);
    assert_int_equal(gw_box_close(k.public_key, GW_LIT("x"), &box, NULL), 0);
    size_t one = 1 + GW_BOX_OVERHEAD;
    assert_memory_not_equal(box.at, box.at + one, one);
    gw_buf_release(&box);
}

// What anybody could compute the secret of is no key to close a box with.
static void points_of_small_order_close_no_box(void **state)
{
    (void)state;
    uint8_t point[GW_PUBLIC_LEN] = {0};
    struct gw_buf box;
    struct gw_why why = {0};
    gw_buf_init(&box, 1000);
    for (uint8_t i = 0; i < 2; i++) {
        point[0] = i;
        assert_int_equal(gw_box_close(point, GW_LIT("x"), &box, &why),
                         GW_EFORMAT);
        assert_int_equal(box.len, 0);
    }
    gw_buf_release(&box);
}

static void the_buffers_maximum_is_kept(void **state)
{
    (void)state;
    struct gw_box_key k = some_key(1);
    struct gw_buf box, open;
    gw_buf_init(&box, 10 + GW_BOX_OVERHEAD);
    gw_buf_init(&open, 9);
    assert_int_equal(
        gw_box_close(k.public_key, GW_LIT("0123456789a"), &box, NULL),
        GW_ETOOBIG);
    gw_buf_reset(&box);
    assert_int_equal(
        gw_box_close(k.public_key, GW_LIT("0123456789"), &box, NULL), 0);
    assert_int_equal(gw_box_open(&k, gw_buf_span(&box), &open, NULL),
                     GW_ETOOBIG);
    gw_buf_release(&box);
    gw_buf_release(&open);
}

static bool there_and_back(void)
{
    struct gw_box_key k = some_key(1);
    struct gw_buf box, open;
    gw_buf_init(&box, 1000);
    gw_buf_init(&open, 1000);
    bool ok = !gw_box_close(k.public_key, GW_LIT("x"), &box, NULL) &&
              !gw_box_open(&k, gw_buf_span(&box), &open, NULL);
    gw_buf_release(&box);
    gw_buf_release(&open);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_int_equal(gw_fault_each_alloc(there_and_back), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_closed_opens),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(damaged_boxes_do_not_open),
        cmocka_unit_test(two_boxes_of_one_text_differ),
        cmocka_unit_test(points_of_small_order_close_no_box),
        cmocka_unit_test(the_buffers_maximum_is_kept),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
