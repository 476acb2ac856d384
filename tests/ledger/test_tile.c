#include "ledger/ledger.h"
#include "t.h"

static void expect_path(int level, uint64_t n, unsigned width, const char *want)
{
    char got[GW_TILE_PATH];
    size_t len = gw_tile_path(level, n, width, got);
    assert_string_equal(got, want);
    assert_int_equal(len, strlen(want));
}

static void paths_are_in_groups_of_three_digits(void **state)
{
    (void)state;
    expect_path(0, 0, 256, "tile/0/000");
    expect_path(0, 5, 256, "tile/0/005");
    expect_path(1, 999, 256, "tile/1/999");
    expect_path(2, 1000, 256, "tile/2/x001/000");
    expect_path(0, 1234067, 256, "tile/0/x001/x234/067");
    expect_path(7, 1000000000, 256, "tile/7/x001/x000/x000/000");
}

static void partial_tiles_name_their_width(void **state)
{
    (void)state;
    expect_path(GW_TILE_ENTRIES, 0, 17, "tile/entries/000.p/17");
    expect_path(GW_TILE_ENTRIES, 1234067, 256, "tile/entries/x001/x234/067");
    expect_path(0, 70000, 1, "tile/0/x070/000.p/1");
    expect_path(63, 0, 255, "tile/63/000.p/255");
}

static void the_longest_path_fits(void **state)
{
    (void)state;
    expect_path(GW_TILE_ENTRIES, UINT64_MAX, 255,
                "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255");
}

// ---- bundles ------------------------------------------------------------
static void a_bundle_is_split_into_what_was_put_in(void **state)
{
    struct gw_rand rand = {7};
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct gw_buf b;
        size_t lens[GW_TILE_WIDTH];
        gw_span entries[GW_TILE_WIDTH];
        unsigned width = 1 + (unsigned)gw_rand_below(&rand, GW_TILE_WIDTH);
        gw_buf_init(&b, GW_BUNDLE_MAX);
        for (unsigned i = 0; i < width; i++) {
            lens[i] = (size_t)gw_rand_below(&rand, i % 9 ? 40 : 1000);
            gw_put_u8(&b, (uint8_t)(lens[i] >> 8));
            gw_put_u8(&b, (uint8_t)lens[i]);
            for (size_t k = 0; k < lens[i]; k++)
                gw_put_u8(&b, (uint8_t)(i + k));
        }
        assert_int_equal(gw_bundle_split(gw_buf_span(&b), width, entries, NULL),
                         0);
        for (unsigned i = 0; i < width; i++) {
            assert_int_equal(entries[i].len, lens[i]);
            for (size_t k = 0; k < lens[i]; k++)
                assert_int_equal(entries[i].at[k], (uint8_t)(i + k));
        }
        // One entry more or less than there are is no bundle of that width.
        assert_int_equal(
            gw_bundle_split(gw_buf_span(&b), width - 1, entries, NULL),
            GW_EFORMAT);
        if (width < GW_TILE_WIDTH)
            assert_int_equal(
                gw_bundle_split(gw_buf_span(&b), width + 1, entries, NULL),
                GW_EFORMAT);
        gw_buf_release(&b);
    }
}

static void empty_entries_are_entries(void **state)
{
    gw_span entries[3];
    (void)state;
    assert_int_equal(gw_bundle_split(GW_LIT("\0\0\0\1x\0\0"), 3, entries, NULL),
                     0);
    assert_int_equal(entries[0].len, 0);
    assert_non_null(entries[0].at);
    assert_true(gw_is(entries[1], "x"));
    assert_int_equal(entries[2].len, 0);
}

static void an_entry_may_have_all_its_length_says(void **state)
{
    (void)state;
    const size_t len = 2 + GW_ENTRY_MAX;
    uint8_t *bytes = gw_new(len);
    gw_span entry;
    assert_non_null(bytes);
    bytes[0] = bytes[1] = 255;
    assert_int_equal(gw_bundle_split(gw_span_of(bytes, len), 1, &entry, NULL),
                     0);
    assert_int_equal(entry.len, GW_ENTRY_MAX);
    gw_free(bytes);
}

static void every_cut_of_a_bundle_is_an_error(void **state)
{
    const gw_span whole = GW_LIT("\0\2ab\0\0\0\3cde");
    gw_span entries[3];
    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        struct gw_why why = {0};
        assert_int_equal(
            gw_bundle_split(gw_sub(whole, 0, len), 3, entries, &why),
            GW_EFORMAT);
        assert_true(gw_find(gw_str(why.text), GW_LIT("ends too early"), 0) > 0);
    }
    assert_int_equal(gw_bundle_split(whole, 3, entries, NULL), 0);
    assert_int_equal(gw_bundle_split((gw_span){0}, 0, entries, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_in_groups_of_three_digits),
        cmocka_unit_test(partial_tiles_name_their_width),
        cmocka_unit_test(the_longest_path_fits),
        cmocka_unit_test(a_bundle_is_split_into_what_was_put_in),
        cmocka_unit_test(empty_entries_are_entries),
        cmocka_unit_test(an_entry_may_have_all_its_length_says),
        cmocka_unit_test(every_cut_of_a_bundle_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
