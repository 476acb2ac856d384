// Ed25519: the answers of the standard, and what must not verify.
#include "seal/seal.h"

#include "t.h"

#include <stdio.h>

// RFC 8032 section 7.1, tests 1, 2, 3 and "SHA(abc)".
static const struct {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
     "90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e4"
     "3e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b53"
     "8d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a2"
     "7"
     "4fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9"
     "ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

static gw_span unhex(const char *hex, uint8_t ret[64])
{
    assert_true(strlen(hex) <= 128 && gw_unhex(gw_str(hex), ret));
    return gw_span_of(ret, strlen(hex) / 2);
}

static void answers_of_rfc_8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(vectors); i++) {
        uint8_t seed[64], key[64], text[64], want[64], made[GW_SIGNATURE_LEN];
        struct gw_signing_key k;
        gw_span message = unhex(vectors[i].message, text);
        gw_span signature = unhex(vectors[i].signature, want);
        unhex(vectors[i].seed, seed);
        unhex(vectors[i].public_key, key);
        gw_signing_key_from(seed, &k);
        assert_memory_equal(gw_signing_key_public(&k), key, GW_PUBLIC_LEN);
        gw_sign(&k, message, made);
        assert_memory_equal(made, want, sizeof made);
        assert_true(gw_signature_ok(key, message, signature));
    }
}

static struct gw_signing_key some_key(uint8_t fill)
{
    uint8_t seed[GW_SEED_LEN];
    struct gw_signing_key k;
    memset(seed, fill, sizeof seed);
    gw_signing_key_from(seed, &k);
    return k;
}

static void no_flipped_bit_verifies(void **state)
{
    (void)state;
    struct gw_signing_key k = some_key(1);
    uint8_t text[40] = "what was done to people's connectivity";
    uint8_t s[GW_SIGNATURE_LEN], key[GW_PUBLIC_LEN];
    memcpy(key, gw_signing_key_public(&k), sizeof key);
    gw_span message = gw_span_of(text, sizeof text);
    gw_span signature = gw_span_of(s, sizeof s);
    gw_sign(&k, message, s);
    const struct {
        uint8_t *at;
        size_t len;
    } parts[] = {{text, sizeof text}, {s, sizeof s}, {key, sizeof key}};
    for (size_t p = 0; p < GW_COUNT(parts); p++)
        for (size_t bit = 0; bit < 8 * parts[p].len; bit++) {
            parts[p].at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(gw_signature_ok(key, message, signature));
            parts[p].at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    assert_true(gw_signature_ok(key, message, signature));
}

static void a_signature_has_64_bytes(void **state)
{
    (void)state;
    struct gw_signing_key k = some_key(1);
    uint8_t s[GW_SIGNATURE_LEN + 1] = {0};
    gw_sign(&k, GW_LIT("m"), s);
    for (size_t len = 0; len <= sizeof s; len++)
        assert_int_equal(gw_signature_ok(gw_signing_key_public(&k), GW_LIT("m"),
                                         gw_span_of(s, len)),
                         len == GW_SIGNATURE_LEN);
}

// S and S + L sign alike by the equation alone (RFC 8032 section 5.1.7).
static void s_out_of_range_does_not_verify(void **state)
{
    (void)state;
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    struct gw_signing_key k = some_key(1);
    uint8_t s[GW_SIGNATURE_LEN];
    gw_sign(&k, GW_LIT("m"), s);
    for (unsigned i = 0, carry = 0; i < 32; i++) {
        carry += (unsigned)s[32 + i] + order[i];
        s[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(gw_signature_ok(gw_signing_key_public(&k), GW_LIT("m"),
                                 gw_span_of(s, sizeof s)));
}

// With a key of order 1 the signature R = identity, S = 0 fits any message.
static void a_key_of_small_order_verifies_nothing(void **state)
{
    (void)state;
    uint8_t identity[GW_PUBLIC_LEN] = {1}, s[GW_SIGNATURE_LEN] = {1};
    assert_false(
        gw_signature_ok(identity, GW_LIT("m"), gw_span_of(s, sizeof s)));
    identity[31] = 0x80; // the same point, written otherwise
    assert_false(
        gw_signature_ok(identity, GW_LIT("m"), gw_span_of(s, sizeof s)));
}

static void wiped_memory_is_zero(void **state)
{
    (void)state;
    struct gw_signing_key k = some_key(1), none = {{0}};
    gw_wipe(&k, sizeof k);
    assert_memory_equal(&k, &none, sizeof k);
    gw_wipe(&k, 0);
}

// ---- chance -------------------------------------------------------------
static void fixed_chance_repeats_itself(void **state)
{
    (void)state;
    struct gw_chance a = {.fixed = true, .rand = {7}}, b = a, c = a;
    uint8_t x[100], y[100], z[100];
    c.rand.state = 8;
    gw_random(&a, x, sizeof x);
    gw_random(&b, y, sizeof y);
    gw_random(&c, z, sizeof z);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_not_equal(x, z, sizeof x);
    gw_random(&a, y, sizeof y); // and goes on
    assert_memory_not_equal(x, y, sizeof x);
}

static void chance_fills_as_much_as_it_is_asked_to(void **state)
{
    (void)state;
    struct gw_chance fixed = {.fixed = true}, system = {0};
    struct gw_chance *const all[] = {NULL, &system, &fixed};
    for (size_t i = 0; i < GW_COUNT(all); i++)
        for (size_t len = 0; len < 40; len++) {
            uint8_t any[40] = {0}, guard[41];
            for (int turn = 0; turn < 20; turn++) {
                memset(guard, 0xee, sizeof guard);
                gw_random(all[i], guard, len);
                for (size_t j = 0; j < len; j++)
                    any[j] |= guard[j];
                for (size_t j = len; j < sizeof guard; j++)
                    assert_int_equal(guard[j], 0xee);
            }
            for (size_t j = 0; j < len; j++)
                assert_int_not_equal(any[j], 0);
        }
}

static void chance_of_the_system_does_not_repeat(void **state)
{
    (void)state;
    uint8_t x[32], y[32];
    gw_random(NULL, x, sizeof x);
    gw_random(NULL, y, sizeof y);
    assert_memory_not_equal(x, y, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_rfc_8032),
        cmocka_unit_test(no_flipped_bit_verifies),
        cmocka_unit_test(a_signature_has_64_bytes),
        cmocka_unit_test(s_out_of_range_does_not_verify),
        cmocka_unit_test(a_key_of_small_order_verifies_nothing),
        cmocka_unit_test(wiped_memory_is_zero),
        cmocka_unit_test(fixed_chance_repeats_itself),
        cmocka_unit_test(chance_fills_as_much_as_it_is_asked_to),
        cmocka_unit_test(chance_of_the_system_does_not_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
