// Block headers as clocks: known blocks hold, and nothing easier does.
#include "ledger/ledger.h"
#include "t.h"

// Blocks of the public chain: 0, 329,000 or so (2014), 491,133 (2017),
// 800,000 (2023) and one of April 2024.
static const struct {
    const char *header, *hash; // hash: as explorers show it
    int64_t posix;
    int rc;
} blocks[] = {
    {"0100000000000000000000000000000000000000000000000000000000000000000000003"
     "b"
     "a3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49fff"
     "f"
     "001d1dac2b7c",
     "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
     1231006505, GW_EREFUSED},
    {"02000000b6ff0b1b1680a2862a30ca44d346d9e8910d334beb48ca0c00000000000000009"
     "d"
     "10aa52ee949386ca9385695f04ede270dda20810decd12bc9b048aaab3147124d95a5430c"
     "3"
     "1b18fe9f0864",
     "000000000000000009a11b3972c8e532fe964de937c9e0096b43814e67af3728",
     1415239972, GW_EREFUSED},
    {"00000020790dfd29a6eab5667c8bb42511b3c370d19b03fe9070c1000000000000000000e"
     "d"
     "32efbfafeb50a29fa29f7838cb3019af23d5623d6e310bce43d50b8b9623776e86ec5930e"
     "b"
     "001884adf6b3",
     "000000000000000000185aaf82c613176413c407c061ba254f7ef5713d82078d",
     1508673134, 0},
    {"00601d3455bb9fbd966b3ea2dc42d0c22722e4c0c1729fad172101000000000000000000"
     "55087fab0c8f3f89f8bcfd4df26c504d81b0a88e04907161838c0c53001af09135edbd649"
     "4"
     "3805175e955e06",
     "00000000000000000002a7c4c1e48d76c5a37902165a270156b7a8d72728a054",
     1690168629, 0},
    {"00803b21f99119ddee9f097bfba5aa22fbc8e0a079894e021234010000000000000000000"
     "17fd244fbf0cc56512fcab5f144088cf0c0aa3de8f392dc63334d91dda64ac4e333196619"
     "4"
     "203172b6d8cda",
     "00000000000000000001d76d8631742115b772ee6ab93cdf36bd5d78e2f7f250",
     1712927715, 0},
};
enum { BLOCK_2023 = 3, BLOCK_2024 = 4 };

struct answer {
    struct gw_hash32 root, hash;
    int64_t posix;
};

static int ask(const uint8_t header[80], struct answer *ret)
{
    struct gw_why why = {0};
    int rc = gw_bitcoin_header(gw_span_of(header, 80), &ret->root, &ret->hash,
                               &ret->posix, &why);
    assert_int_equal(rc, why.code);
    return rc;
}

static void header_of(size_t i, uint8_t ret[80])
{
    assert_int_equal(strlen(blocks[i].header), 160);
    assert_true(gw_unhex(gw_str(blocks[i].header), ret));
}

static void set_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static void known_blocks_have_their_hash_root_and_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(blocks); i++) {
        uint8_t header[80], hash[32];
        struct answer a;
        header_of(i, header);
        assert_int_equal(ask(header, &a), blocks[i].rc);
        assert_true(gw_unhex(gw_str(blocks[i].hash), hash));
        for (size_t k = 0; k < 32; k++)
            assert_int_equal(a.hash.at[k], hash[31 - k]);
        assert_memory_equal(a.root.at, header + 36, 32);
        assert_int_equal(a.posix, blocks[i].posix);
    }
}

static void blocks_easier_than_any_since_2016_are_refused(void **state)
{
    (void)state;
    struct gw_why why = {0};
    uint8_t header[80];
    struct answer a;
    header_of(0, header); // genesis: real, and a laptop could make its like
    assert_int_equal(gw_bitcoin_header(gw_span_of(header, 80), &a.root, &a.hash,
                                       &a.posix, &why),
                     GW_EREFUSED);
    assert_non_null(strstr(why.text, "easier target"));
}

static void any_flipped_bit_fails(void **state)
{
    (void)state;
    for (size_t i = 2; i < GW_COUNT(blocks); i++)
        for (size_t bit = 0; bit < 640; bit++) {
            uint8_t header[80];
            struct answer a;
            header_of(i, header);
            header[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_true(ask(header, &a) < 0);
        }
}

static void wrong_nonce_fails(void **state)
{
    (void)state;
    uint8_t header[80];
    struct answer a;
    header_of(BLOCK_2023, header);
    header[76]++;
    assert_int_equal(ask(header, &a), GW_EPROOF);
}

// What a forger would do: a recent date, an old difficulty.
static void old_difficulty_with_a_later_date_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t posix, bits;
        int rc;
    } cases[] = {
        {1577836799, 0x1800eb30, GW_EPROOF},   // 2019 with 2017's
        {1577836800, 0x1800eb30, GW_EREFUSED}, // 2020 with 2017's
        {1577836800, 0x171d0000, GW_EPROOF},
        {1577836800, 0x171d0001, GW_EREFUSED},
        {1704067199, 0x17060001, GW_EPROOF}, // 2023
        {1704067200, 0x17060000, GW_EPROOF}, // 2024
        {1704067200, 0x17060001, GW_EREFUSED},
        {UINT32_MAX, 0x17060001, GW_EREFUSED},
        {0, 0x180b0000, GW_EPROOF},
        {0, 0x180b0001, GW_EREFUSED},
        {1500000000, 0x207fffff, GW_EREFUSED}, // as test chains have it
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        uint8_t header[80];
        struct answer a;
        header_of(BLOCK_2024, header);
        set_u32(header + 68, cases[i].posix);
        set_u32(header + 72, cases[i].bits);
        assert_int_equal(ask(header, &a), cases[i].rc);
    }
}

static void targets_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    static const uint32_t bits[] = {
        0,          0x17000000, 0x17800001, 0x01003456, 0x00123456, 0x02000056,
        0x21010000, 0x22000100, 0x23000001, 0xff123456, 0xffffffff};
    for (size_t i = 0; i < GW_COUNT(bits); i++) {
        uint8_t header[80];
        struct answer a;
        header_of(BLOCK_2024, header);
        set_u32(header + 72, bits[i]);
        assert_int_equal(ask(header, &a), GW_EFORMAT);
    }
}

static void small_and_large_exponents_are_read(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits;
        int rc;
    } cases[] = {{0x01123456, GW_EPROOF},   {0x03000001, GW_EPROOF},
                 {0x02123456, GW_EPROOF},   {0x2000ffff, GW_EREFUSED},
                 {0x2100ffff, GW_EREFUSED}, {0x220000ff, GW_EREFUSED}};
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        uint8_t header[80];
        struct answer a;
        header_of(BLOCK_2024, header);
        set_u32(header + 72, cases[i].bits);
        assert_int_equal(ask(header, &a), cases[i].rc);
    }
}

static void other_lengths_are_no_header(void **state)
{
    (void)state;
    uint8_t bytes[81] = {0};
    struct answer a;
    for (size_t len = 0; len <= sizeof bytes; len++)
        if (len != 80)
            assert_int_equal(gw_bitcoin_header(gw_span_of(bytes, len), &a.root,
                                               &a.hash, &a.posix, NULL),
                             GW_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_blocks_have_their_hash_root_and_time),
        cmocka_unit_test(blocks_easier_than_any_since_2016_are_refused),
        cmocka_unit_test(any_flipped_bit_fails),
        cmocka_unit_test(wrong_nonce_fails),
        cmocka_unit_test(old_difficulty_with_a_later_date_is_refused),
        cmocka_unit_test(targets_that_are_no_numbers_are_refused),
        cmocka_unit_test(small_and_large_exponents_are_read),
        cmocka_unit_test(other_lengths_are_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
