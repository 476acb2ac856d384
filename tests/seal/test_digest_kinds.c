// Every kind of running digest, known answers and pieces; and our Keccak
// against OpenSSL's SHA3-256, which is the same but for one byte.
#include "seal/keccak.h"

#include "fault.h"
#include "t.h"

#include <openssl/evp.h>

static const struct kind {
    enum gw_digest_kind kind;
    size_t len;
    const char *of_nothing, *of_abc;
} kinds[] = {
    {GW_DIGEST_SHA256, 32,
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {GW_DIGEST_MD5, 16, "d41d8cd98f00b204e9800998ecf8427e",
     "900150983cd24fb0d6963f7d28e17f72"},
    {GW_DIGEST_SHAKE128, 16, "7f9c2ba4e88f827d616045507605853e",
     "5881092dd818bf5cf8a3ddb793fbcba7"},
    {GW_DIGEST_SHA1, 20, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {GW_DIGEST_RIPEMD160, 20, "9c1185a5c5e9fc54612808977ee8f548b2258d31",
     "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
    {GW_DIGEST_KECCAK256, 32,
     "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
     "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
};

static void expect(const uint8_t *at, size_t len, const char *hex)
{
    char text[65];
    gw_hex(at, len, text);
    assert_string_equal(text, hex);
}

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(kinds); i++) {
        uint8_t at[32];
        size_t len = kinds[i].len;
        struct gw_digest *d = gw_digest_new(kinds[i].kind);
        assert_non_null(d);
        for (int turn = 0; turn < 2; turn++) { // it starts anew
            assert_int_equal(gw_digest_once(d, (gw_span){0}, at, len), 0);
            expect(at, len, kinds[i].of_nothing);
            assert_int_equal(gw_digest_once(d, GW_LIT("abc"), at, len), 0);
            expect(at, len, kinds[i].of_abc);
        }
        gw_digest_free(d);
    }
}

static void pieces_are_the_whole(void **state)
{
    (void)state;
    uint8_t text[500], whole[32], pieces[32];
    struct gw_rand r = {1};
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)gw_rand_next(&r);
    for (size_t i = 0; i < GW_COUNT(kinds); i++) {
        struct gw_digest *d = gw_digest_new(kinds[i].kind);
        for (int turn = 0; turn < 100; turn++) {
            gw_span s = gw_span_of(text, gw_rand_below(&r, sizeof text));
            assert_int_equal(gw_digest_once(d, s, whole, kinds[i].len), 0);
            while (s.len) {
                size_t n = 1 + gw_rand_below(&r, s.len);
                assert_int_equal(gw_digest_add(d, gw_sub(s, 0, n)), 0);
                s = gw_sub(s, n, s.len);
            }
            assert_int_equal(gw_digest_end(d, pieces, kinds[i].len), 0);
            assert_memory_equal(whole, pieces, kinds[i].len);
        }
        gw_digest_free(d);
    }
}

static void a_wrong_length_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(kinds); i++) {
        uint8_t at[64];
        struct gw_digest *d = gw_digest_new(kinds[i].kind);
        bool any = kinds[i].kind == GW_DIGEST_SHAKE128;
        for (size_t len = 1; len < sizeof at; len++)
            assert_int_equal(!gw_digest_end(d, at, len),
                             any || len == kinds[i].len);
        gw_digest_free(d);
    }
}

static void with_the_byte_of_sha3_keccak_is_openssls_sha3(void **state)
{
    (void)state;
    enum { LONGEST = 700 };
    uint8_t text[LONGEST], ours[32], theirs[32], old[32];
    struct gw_rand r = {2};
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA3-256", NULL);
    struct keccak k = {0};
    for (size_t len = 0; len <= LONGEST; len++) {
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)gw_rand_next(&r);
        size_t cut = gw_rand_below(&r, len + 1);
        gw_span s = gw_span_of(text, len);
        keccak_add(&k, gw_sub(s, 0, cut));
        keccak_add(&k, gw_sub(s, cut, len));
        keccak_end(&k, SHA3_PAD, ours);
        assert_int_equal(EVP_Digest(text, len, theirs, NULL, md, NULL), 1);
        assert_memory_equal(ours, theirs, sizeof ours);
        keccak_add(&k, s);
        keccak_end(&k, KECCAK_PAD, old);
        assert_memory_not_equal(ours, old, sizeof ours);
    }
    EVP_MD_free(md);
}

static bool makes_one_of_each(void)
{
    bool ok = true;
    for (size_t i = 0; i < GW_COUNT(kinds); i++) {
        struct gw_digest *d = gw_digest_new(kinds[i].kind);
        ok = ok && d;
        gw_digest_free(d);
    }
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_int_equal(gw_fault_each_alloc(makes_one_of_each), GW_COUNT(kinds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(pieces_are_the_whole),
        cmocka_unit_test(a_wrong_length_is_an_error),
        cmocka_unit_test(with_the_byte_of_sha3_keccak_is_openssls_sha3),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
