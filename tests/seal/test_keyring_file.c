// Key files as text: one for each key, and what is refused.
#include "keyring_case.h"

// The text docs/formats/ledger.md shows.
static void the_file_is_as_documented(void **state)
{
    (void)state;
    uint8_t seed[GW_SEED_LEN], text[KEYFILE_MAX];
    struct keyfile k;
    memset(seed, 1, sizeof seed);
    assert_int_equal(
        keyfile_make(GW_ROLE_LOG, GW_LIT("log.example/one"), seed, &k, NULL),
        0);
    size_t len = keyfile_format(&k, text);
    assert_true(gw_is(gw_span_of(text, len),
                      "gawah-key v1\n"
                      "role log\n"
                      "name log.example/one\n"
                      "public iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n"
                      "vkey log.example/one+aa441aac+"
                      "AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n"
                      "secret AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"));
}

static void no_flipped_bit_opens(void **state)
{
    (void)state;
    uint8_t text[KEYFILE_MAX], seed[GW_SEED_LEN];
    struct keyfile k;
    make(GW_ROLE_LOG, UNLOCKED, 1);
    size_t len = get_file("log.key", text);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = keyfile_parse(gw_span_of(text, len), &k, NULL);
        assert_true(rc || k.role != GW_ROLE_LOG ||
                    keyfile_seed(&k, UNLOCKED, seed, NULL));
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(keyfile_parse(gw_span_of(text, len), &k, NULL), 0);
}

static void no_part_of_a_file_is_a_key(void **state)
{
    (void)state;
    uint8_t text[KEYFILE_MAX];
    struct keyfile k;
    static const enum gw_role roles[] = {GW_ROLE_BOX, GW_ROLE_AUTHOR};
    for (size_t i = 0; i < GW_COUNT(roles); i++) {
        char file[32];
        make(roles[i], i ? PASS : UNLOCKED, 1);
        snprintf(file, sizeof file, "%s.key", gw_role_name(roles[i]));
        size_t len = get_file(file, text);
        for (size_t n = 0; n < len; n++)
            assert_true(keyfile_parse(gw_span_of(text, n), &k, NULL) < 0);
        for (unsigned c = 0; c < 256; c++) {
            text[len] = (uint8_t)c;
            assert_true(keyfile_parse(gw_span_of(text, len + 1), &k, NULL) < 0);
        }
    }
}

#define PUBLIC "public iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n"
#define SECRET "secret AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
#define HEAD   "gawah-key v1\nrole box\nname b\n" PUBLIC
#define SALT   "AAAAAAAAAAAAAAAAAAAAAA=="
#define NONCE  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BOX    NONCE NONCE

static void files_off_the_format_are_refused(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *text;
    } cases[] = {
        {0, HEAD SECRET},
        {0, HEAD "locked argon2id 1 8192 " SALT " " NONCE " " BOX "\n"},
        {0, HEAD "locked argon2id 8 268435456 " SALT " " NONCE " " BOX "\n"},
        {GW_ETOOBIG, HEAD "locked argon2id 0 8192 " SALT " " NONCE " " BOX},
        {GW_ETOOBIG, HEAD "locked argon2id 9 8192 " SALT " " NONCE " " BOX},
        {GW_ETOOBIG, HEAD "locked argon2id 1 8191 " SALT " " NONCE " " BOX},
        {GW_ETOOBIG, HEAD "locked argon2id 1 268435457 " SALT " " NONCE},
        {GW_ETOOBIG, HEAD "locked argon2id 4294967297 8192 " SALT},
        {GW_ETOOBIG, HEAD "locked argon2id 1 99999999999999999999 " SALT},
        {GW_EUNKNOWN, HEAD "locked scrypt 1 8192 " SALT " " NONCE " " BOX},
        {GW_EFORMAT, HEAD "locked argon2id 1 8192 " SALT " " NONCE " " SALT},
        {GW_EFORMAT, HEAD "locked argon2id 01 8192 " SALT " " NONCE " " BOX},
        {GW_EFORMAT, HEAD "locked argon2id 1 8192  " SALT " " NONCE " " BOX},
        {GW_EFORMAT, HEAD "locked argon2id 1 8192 " SALT " " NONCE " " BOX},
        {GW_EUNKNOWN, ""},
        {GW_EUNKNOWN, "gawah-key v2\nrole box\nname b\n" PUBLIC SECRET},
        {GW_EUNKNOWN, "\xef\xbb\xbf" HEAD SECRET},
        {GW_EUNKNOWN, "gawah-key v1\r\nrole box\r\n"},
        {GW_EFORMAT, "gawah-key v1\nrole boss\nname b\n" PUBLIC SECRET},
        {GW_EFORMAT, "gawah-key v1\nname b\nrole box\n" PUBLIC SECRET},
        {GW_EFORMAT, "gawah-key v1\nrole box\nname \n" PUBLIC SECRET},
        {GW_EFORMAT, "gawah-key v1\nrole box\nname b\r\n" PUBLIC SECRET},
        {GW_EFORMAT, "gawah-key v1\nrole log\nname b\n" PUBLIC SECRET},
        {GW_EFORMAT, "gawah-key v1\nrole log\nname b\n" PUBLIC
                     "vkey b+00000000+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/"
                     "N0iAG0D29c\n" SECRET},
        {GW_EFORMAT, HEAD "secret AQEB\n"},
        {GW_EFORMAT, HEAD "secret \n"},
        {GW_EFORMAT, HEAD "secret"},
        {GW_EFORMAT, HEAD SECRET SECRET},
        {GW_EFORMAT, HEAD SECRET "\n"},
        {GW_EFORMAT, HEAD "\n" SECRET},
        {GW_EFORMAT, HEAD "vkey b\n" SECRET},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct keyfile k;
        struct gw_why why = {0};
        int rc = keyfile_parse(gw_str(cases[i].text), &k, &why);
        if (rc != cases[i].code || (rc && !why.text[0]))
            fail_msg("case %zu: %d, %s", i, rc, why.text);
    }
}

static void a_file_in_anothers_place_is_refused(void **state)
{
    (void)state;
    uint8_t text[KEYFILE_MAX];
    make(GW_ROLE_WITNESS, UNLOCKED, 1);
    size_t len = get_file("witness.key", text);
    put_file("log.key", gw_span_of(text, len), 0600);
    refuse(GW_ROLE_LOG, UNLOCKED, GW_ECORRUPT, "another role");
}

static void a_secret_of_another_key_is_refused(void **state)
{
    (void)state;
    put_file("box.key", GW_LIT(HEAD SECRET), 0600);
    refuse(GW_ROLE_BOX, UNLOCKED, GW_ECORRUPT, "not that of the public key");
}

static void a_file_too_large_is_refused(void **state)
{
    (void)state;
    static uint8_t large[KEYFILE_MAX + 1];
    put_file("log.key", gw_span_of(large, sizeof large), 0600);
    refuse(GW_ROLE_LOG, UNLOCKED, GW_ETOOBIG, "2048");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_file_is_as_documented),
        T(no_flipped_bit_opens),
        T(no_part_of_a_file_is_a_key),
        T(files_off_the_format_are_refused),
        T(a_file_in_anothers_place_is_refused),
        T(a_secret_of_another_key_is_refused),
        T(a_file_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
