// Public keys as text: the specification's example, round trips, and all that
// must not be taken for a key.
#include "seal/seal.h"
#include "t.h"

static const char example[] = "example.com/foo+530d903a+"
                              "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static int parse(const char *text, struct gw_vkey *ret)
{
    return gw_vkey_parse(gw_str(text), ret, NULL);
}

// The vkey text of any name, type and key, its id computed here.
static gw_span text_of(gw_span name, gw_span type_key, struct gw_buf *ret)
{
    struct gw_buf hashed;
    gw_buf_init(&hashed, 1 << 16);
    if (type_key.at[0] != GW_SIG_ECDSA) {
        gw_put_span(&hashed, name);
        gw_put_u8(&hashed, '\n');
        gw_put_span(&hashed, type_key);
    } else {
        gw_put_span(&hashed, gw_sub(type_key, 1, type_key.len));
    }
    struct gw_hash32 h = gw_sha256(gw_buf_span(&hashed));
    gw_buf_release(&hashed);
    char id[9];
    gw_hex(h.at, 4, id);
    gw_buf_reset(ret);
    gw_put_span(ret, name);
    gw_put_fmt(ret, "+%s+", id);
    gw_b64_put(GW_B64_STANDARD, type_key, ret);
    assert_int_equal(ret->err, 0);
    return gw_buf_span(ret);
}

static int parse_made(const char *name, int type, size_t key_len,
                      struct gw_vkey *ret)
{
    uint8_t type_key[4096] = {(uint8_t)type, 1, 2, 3};
    struct gw_buf text;
    gw_buf_init(&text, 1 << 16);
    int rc = gw_vkey_parse(
        text_of(gw_str(name), gw_span_of(type_key, 1 + key_len), &text), ret,
        NULL);
    gw_buf_release(&text);
    return rc;
}

static void the_specifications_example_reads_and_writes(void **state)
{
    (void)state;
    struct gw_vkey k;
    char text[GW_VKEY_TEXT];
    assert_int_equal(parse(example, &k), 0);
    assert_string_equal(k.name, "example.com/foo");
    assert_int_equal(k.id, 0x530d903a);
    assert_int_equal(k.type, GW_SIG_ED25519);
    assert_int_equal(k.public_key[0], 0xe9);
    assert_int_equal(k.public_key[31], 0xa4);
    assert_int_equal(gw_vkey_format(&k, text), strlen(example));
    assert_string_equal(text, example);
}

static void any_other_character_in_a_key_is_an_error(void **state)
{
    (void)state;
    struct gw_vkey k;
    char text[sizeof example];
    for (size_t i = 0; i < sizeof example - 1; i++)
        for (int c = 1; c < 256; c++) {
            memcpy(text, example, sizeof example);
            text[i] = (char)c;
            int rc = parse(text, &k);
            if (text[i] != example[i]) // GW_EUNKNOWN: in the type's byte
                assert_true(rc == GW_EFORMAT || rc == GW_EUNKNOWN);
        }
}

static void a_key_cut_short_is_an_error(void **state)
{
    (void)state;
    struct gw_vkey k;
    for (size_t len = 0; len < sizeof example - 1; len++)
        assert_int_equal(gw_vkey_parse(gw_span_of(example, len), &k, NULL),
                         GW_EFORMAT);
    assert_int_equal(gw_vkey_parse((gw_span){0}, &k, NULL), GW_EFORMAT);
}

static void made_keys_read_back(void **state)
{
    (void)state;
    struct gw_rand r = {20};
    for (int round = 0; round < 500; round++) {
        struct gw_vkey made, read;
        uint8_t key[GW_PUBLIC_LEN];
        char name[GW_KEY_NAME_MAX + 1], text[GW_VKEY_TEXT];
        size_t len = 1 + (size_t)gw_rand_below(&r, GW_KEY_NAME_MAX);
        for (size_t i = 0; i < len; i++)
            name[i] = (char)('-' + gw_rand_below(&r, 82));
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = (uint8_t)gw_rand_next(&r);
        enum gw_signature_type type =
            round % 2 ? GW_SIG_ED25519 : GW_SIG_COSIGN;
        assert_int_equal(
            gw_vkey_make(gw_span_of(name, len), type, key, &made, NULL), 0);
        size_t written = gw_vkey_format(&made, text);
        assert_int_equal(written, len + 1 + 8 + 1 + 44);
        assert_int_equal(gw_vkey_parse(gw_span_of(text, written), &read, NULL),
                         0);
        assert_memory_equal(read.public_key, key, sizeof key);
        assert_string_equal(read.name, made.name);
        assert_int_equal(read.id, made.id);
        assert_int_equal(read.type, type);
    }
}

static void only_the_first_two_plus_signs_separate(void **state)
{
    (void)state;
    struct gw_vkey made, read;
    uint8_t key[GW_PUBLIC_LEN];
    char text[GW_VKEY_TEXT];
    memset(key, 0xfb, sizeof key);
    key[2] = 0xef, key[3] = 0xbe;
    assert_int_equal(
        gw_vkey_make(GW_LIT("a"), GW_SIG_ED25519, key, &made, NULL), 0);
    gw_vkey_format(&made, text);
    char *second = strchr(strchr(text, '+') + 1, '+');
    assert_non_null(strchr(second + 1, '+'));
    assert_int_equal(parse(text, &read), 0);
    assert_memory_equal(read.public_key, key, sizeof key);
}

static void a_name_has_no_spaces_plus_or_controls(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "a b",
        "a\tb",
        "a\nb",
        "\x01",
        "a+b",
        "a\xc2\x85",
        "\xc2\xa0z",
        "\xff",
        "a\xe1\x9a\x80",
        "\xe2\x80\x80",
        "a\xe2\x80\x8a",
        "\xe2\x80\xa8",
        "\xe2\x80\xa9",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "\xe3\x80\x80",
        "\xed\xa0\x80",
    };
    static const char *const good[] = {
        "a",     "\xe2\x80\x8b", "گواہ.example/log",
        "x\x7f", "\xc2\xa1",     "a=b/c%20"};
    struct gw_vkey k;
    uint8_t key[GW_PUBLIC_LEN] = {1};
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        assert_int_equal(
            gw_vkey_make(gw_str(bad[i]), GW_SIG_ED25519, key, &k, NULL),
            GW_EFORMAT);
        assert_int_equal(parse_made(bad[i], GW_SIG_COSIGN, 32, &k), GW_EFORMAT);
    }
    for (size_t i = 0; i < GW_COUNT(good); i++)
        assert_int_equal(
            gw_vkey_make(gw_str(good[i]), GW_SIG_ED25519, key, &k, NULL), 0);
}

static void a_name_has_at_most_255_bytes(void **state)
{
    (void)state;
    struct gw_vkey k;
    char name[GW_KEY_NAME_MAX + 2] = {0};
    memset(name, 'n', GW_KEY_NAME_MAX);
    assert_int_equal(parse_made(name, GW_SIG_COSIGN, 32, &k), 0);
    name[GW_KEY_NAME_MAX] = 'n';
    assert_int_equal(parse_made(name, GW_SIG_COSIGN, 32, &k), GW_EFORMAT);
}

static void a_nul_in_a_name_does_not_shorten_it(void **state)
{
    (void)state;
    struct gw_vkey k;
    uint8_t key[GW_PUBLIC_LEN] = {1};
    assert_int_equal(
        gw_vkey_make(gw_span_of("a\0b", 3), GW_SIG_ED25519, key, &k, NULL),
        GW_EFORMAT);
}

static void every_type_has_its_length(void **state)
{
    (void)state;
    static const struct {
        int type;
        size_t len;
        int rc;
    } cases[] = {
        {GW_SIG_ED25519, 32, 0},
        {GW_SIG_ED25519, 31, GW_EFORMAT},
        {GW_SIG_ED25519, 33, GW_EFORMAT},
        {GW_SIG_ED25519, 0, GW_EFORMAT},
        {GW_SIG_COSIGN, 32, 0},
        {GW_SIG_COSIGN, 1312, GW_EFORMAT},
        {GW_SIG_ECDSA, 91, 0},
        {GW_SIG_ECDSA, 0, GW_EFORMAT},
        {GW_SIG_ECDSA, 513, GW_EFORMAT},
        {GW_SIG_RFC6962, 32, 0},
        {GW_SIG_RFC6962, 91, GW_EFORMAT},
        {GW_SIG_ML_DSA_44, 1312, 0},
        {GW_SIG_ML_DSA_44, 1311, GW_EFORMAT},
        {GW_SIG_ML_DSA_44, 1313, GW_EFORMAT},
        {GW_SIG_ML_DSA_44, 32, GW_EFORMAT},
        {0x00, 32, GW_EUNKNOWN},
        {0x03, 32, GW_EUNKNOWN},
        {0xfa, 32, GW_EUNKNOWN},
        {0xff, 40, GW_EUNKNOWN},
    };
    struct gw_vkey k;
    for (size_t i = 0; i < GW_COUNT(cases); i++)
        assert_int_equal(
            parse_made("n.example", cases[i].type, cases[i].len, &k),
            cases[i].rc);
}

static void a_long_key_is_kept_as_its_hash_and_not_written(void **state)
{
    (void)state;
    struct gw_vkey k;
    uint8_t key[1312] = {1, 2, 3};
    struct gw_hash32 h = gw_sha256(gw_span_of(key, sizeof key));
    char text[GW_VKEY_TEXT] = "x";
    assert_int_equal(parse_made("pq.example", GW_SIG_ML_DSA_44, 1312, &k), 0);
    assert_memory_equal(k.public_key, h.at, GW_HASH_LEN);
    assert_int_equal(gw_vkey_format(&k, text), 0);
    assert_string_equal(text, "");
}

static void only_ed25519_keys_are_made(void **state)
{
    (void)state;
    struct gw_vkey k;
    uint8_t key[GW_PUBLIC_LEN] = {1};
    assert_int_equal(gw_vkey_make(GW_LIT("a"), GW_SIG_ML_DSA_44, key, &k, NULL),
                     GW_EREFUSED);
}

static void a_wrong_id_is_named_in_the_message(void **state)
{
    (void)state;
    struct gw_vkey k;
    struct gw_why why = {0};
    char text[sizeof example];
    memcpy(text, example, sizeof example);
    text[16] = '4';
    assert_int_equal(gw_vkey_parse(gw_str(text), &k, &why), GW_EFORMAT);
    assert_non_null(strstr(why.text, "430d903a"));
    assert_non_null(strstr(why.text, "530d903a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specifications_example_reads_and_writes),
        cmocka_unit_test(any_other_character_in_a_key_is_an_error),
        cmocka_unit_test(a_key_cut_short_is_an_error),
        cmocka_unit_test(made_keys_read_back),
        cmocka_unit_test(only_the_first_two_plus_signs_separate),
        cmocka_unit_test(a_name_has_no_spaces_plus_or_controls),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
        cmocka_unit_test(a_nul_in_a_name_does_not_shorten_it),
        cmocka_unit_test(every_type_has_its_length),
        cmocka_unit_test(a_long_key_is_kept_as_its_hash_and_not_written),
        cmocka_unit_test(only_ed25519_keys_are_made),
        cmocka_unit_test(a_wrong_id_is_named_in_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
