// Signed notes and cosignatures: the specification's example, what signing
// makes, and everything that must not pass.
#include "fault.h"
#include "seal/seal.h"
#include "t.h"

#define DASH "\xe2\x80\x94"

static const char example_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example[] =
    "This is an example message.\n\n" DASH " example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n";

struct signer {
    struct gw_signing_key key;
    struct gw_vkey vkey;
};

static struct signer signer(const char *name, enum gw_signature_type type,
                            uint8_t seed)
{
    struct signer s;
    uint8_t bytes[GW_SEED_LEN];
    memset(bytes, seed, sizeof bytes);
    gw_signing_key_from(bytes, &s.key);
    assert_int_equal(gw_vkey_make(gw_str(name), type,
                                  gw_signing_key_public(&s.key), &s.vkey, NULL),
                     0);
    return s;
}

static struct gw_arena *arena;
static struct gw_buf buf;

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new(4 << 20);
    gw_buf_init(&buf, 4 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    gw_buf_release(&buf);
    return 0;
}

static int parse(gw_span bytes, struct gw_note *ret)
{
    gw_arena_reset(arena);
    return gw_note_parse(bytes, arena, ret, NULL);
}

// Starts a note in buf; sign() adds lines to it.
static void begin(const char *text)
{
    gw_buf_reset(&buf);
    gw_put_str(&buf, text);
    gw_put_u8(&buf, '\n');
}

static void sign(const char *text, const struct signer *s, uint64_t posix)
{
    assert_int_equal(
        gw_note_sign(gw_str(text), &s->vkey, &s->key, posix, &buf, NULL), 0);
}

// What gw_note_signed_by says of a note's bytes; its parse's code if negative.
static int signed_by(gw_span bytes, const struct gw_vkey *k,
                     uint64_t *ret_posix)
{
    struct gw_note n;
    int rc = parse(bytes, &n);
    return rc ? rc : gw_note_signed_by(&n, k, ret_posix, NULL);
}

static void the_specifications_example_verifies(void **state)
{
    (void)state;
    struct gw_vkey k;
    struct gw_note n;
    uint64_t posix = 1;
    assert_int_equal(gw_vkey_parse(gw_str(example_key), &k, NULL), 0);
    assert_int_equal(parse(gw_str(example), &n), 0);
    assert_true(gw_is(n.text, "This is an example message.\n"));
    assert_int_equal(n.count, 1);
    assert_true(gw_is(n.lines[0].name, "example.com/foo"));
    assert_int_equal(n.lines[0].id, 0x530d903a);
    assert_int_equal(n.lines[0].signature.len, 64);
    assert_true(gw_is(n.lines[0].line, strchr(example, '\xe2')));
    assert_int_equal(gw_note_signed_by(&n, &k, &posix, NULL), 1);
    assert_int_equal(posix, 0);
}

static void what_is_signed_reads_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"\n", "a\n", "a\n\nb\n", "گواہ\n\n\n",
                                        DASH " looks like one\n"};
    struct signer log = signer("log.example", GW_SIG_ED25519, 1);
    struct signer witness = signer("w.example", GW_SIG_COSIGN, 2);
    for (size_t i = 0; i < GW_COUNT(texts); i++) {
        struct gw_note n;
        uint64_t posix;
        begin(texts[i]);
        sign(texts[i], &log, 77);
        sign(texts[i], &witness, INT64_MAX);
        assert_int_equal(parse(gw_buf_span(&buf), &n), 0);
        assert_true(gw_is(n.text, texts[i]));
        assert_int_equal(n.count, 2);
        assert_int_equal(gw_note_signed_by(&n, &log.vkey, &posix, NULL), 1);
        assert_int_equal(posix, 0);
        assert_int_equal(gw_note_signed_by(&n, &witness.vkey, &posix, NULL), 1);
        assert_int_equal(posix, INT64_MAX);
    }
}

static void a_cosignature_covers_header_time_and_text(void **state)
{
    (void)state;
    begin("");
    gw_buf_reset(&buf);
    gw_note_message(GW_SIG_COSIGN, 1679315147, GW_LIT("o\n5\nroot\n"), &buf);
    assert_true(gw_is(gw_buf_span(&buf),
                      "cosignature/v1\ntime 1679315147\no\n5\nroot\n"));
    gw_buf_reset(&buf);
    gw_note_message(GW_SIG_ED25519, 1679315147, GW_LIT("o\n"), &buf);
    assert_true(gw_is(gw_buf_span(&buf), "o\n"));
}

static void the_last_empty_line_separates(void **state)
{
    (void)state;
    struct gw_note n;
    assert_int_equal(
        parse(GW_LIT("a\n\n" DASH " n AAAAAAA=\n\n" DASH " m AAAAAAA=\n"), &n),
        0);
    assert_int_equal(n.count, 1);
    assert_true(gw_is(n.lines[0].name, "m"));
    assert_true(gw_is(n.text, "a\n\n" DASH " n AAAAAAA=\n"));
}

static void what_is_no_note_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "a\n" DASH " n AAAAAAA=\n",
        "a\n\n" DASH " n AAAAAAA=",
        "a\n\n" DASH " n AAAAAAA=\n\n",
        "a\n\n" DASH " n AAAAAAA=\nb\n",
        "a\n\n" DASH " n AAAAAAA= \n",
        "a\n\n" DASH " n  AAAAAAA=\n",
        "a\n\n" DASH "  n AAAAAAA=\n",
        "a\n\n" DASH "n AAAAAAA=\n",
        "a\n\n" DASH " AAAAAAA=\n",
        "a\n\n" DASH " n\n",
        "a\n\n" DASH " n \n",
        "a\n\n" DASH " \n",
        "a\n\n" DASH "\n",
        "a\n\n- n AAAAAAA=\n",
        "a\n\n" DASH " n AAAAAAA\n",
        "a\n\n" DASH " n AAAAAA==\n", // an id and nothing after it
        "a\n\n" DASH " n AAAA\n",
        "a\n\n" DASH " n AAAAA\xc3\xa9=\n",
        "a\n\n" DASH " n AA\xc3\xa9"
        "AAA=\n",
        "a\n\n" DASH " n+m AAAAAAA=\n",
        "a\n\n" DASH " n\xc2\xa0m AAAAAAA=\n",
        "a\r\n\r\n" DASH " n AAAAAAA=\r\n",
        "a\tb\n\n" DASH " n AAAAAAA=\n",
        "a\x1f\n\n" DASH " n AAAAAAA=\n",
        "a\xff\n\n" DASH " n AAAAAAA=\n",
        "a\xed\xa0\x80\n\n" DASH " n AAAAAAA=\n",
    };
    struct gw_note n;
    assert_int_equal(parse(GW_LIT("a\n\n" DASH " n AAAAAAA=\n"), &n), 0);
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(parse(gw_str(bad[i]), &n), GW_EFORMAT);
    assert_int_equal(parse(GW_LIT("a\0b\n\n" DASH " n AAAAAAA=\n"), &n),
                     GW_EFORMAT);
}

static void unused_bits_that_are_set_are_a_touched_signature(void **state)
{
    (void)state;
    struct gw_note n;
    assert_int_equal(parse(GW_LIT("a\n\n" DASH " n AAAAAAB=\n"), &n),
                     GW_EPROOF);
    assert_int_equal(parse(GW_LIT("a\n\n" DASH " n AAAAAAAAAP==\n"), &n),
                     GW_EPROOF);
}

static void a_message_names_the_line_that_is_wrong(void **state)
{
    (void)state;
    struct gw_note n;
    struct gw_why why = {0};
    gw_arena_reset(arena);
    assert_int_equal(
        gw_note_parse(GW_LIT("a\n\n" DASH " n AAAAAAA=\nx\n"), arena, &n, &why),
        GW_EFORMAT);
    assert_non_null(strstr(why.text, "line 2"));
}

static void at_most_100_lines_and_a_megabyte_are_read(void **state)
{
    (void)state;
    struct gw_note n;
    begin("a\n");
    for (int i = 0; i < GW_NOTE_LINES_MAX; i++)
        gw_put_str(&buf, DASH " n AAAAAAA=\n");
    assert_int_equal(parse(gw_buf_span(&buf), &n), 0);
    assert_int_equal(n.count, GW_NOTE_LINES_MAX);
    gw_put_str(&buf, DASH " n AAAAAAA=\n");
    assert_int_equal(parse(gw_buf_span(&buf), &n), GW_ETOOBIG);

    static const char tail[] = "\n\n" DASH " n AAAAAAA=\n";
    size_t fill = GW_NOTE_MAX - (sizeof tail - 1);
    gw_buf_reset(&buf);
    for (size_t i = 0; i < fill; i++)
        gw_put_u8(&buf, 'a');
    gw_put_str(&buf, tail);
    assert_int_equal(parse(gw_buf_span(&buf), &n), 0);
    buf.len = 0;
    for (size_t i = 0; i < fill + 1; i++)
        gw_put_u8(&buf, 'a');
    gw_put_str(&buf, tail);
    assert_int_equal(parse(gw_buf_span(&buf), &n), GW_ETOOBIG);
}

static void keys_that_did_not_sign_are_told_apart(void **state)
{
    (void)state;
    struct signer a = signer("a.example", GW_SIG_ED25519, 1);
    struct signer other_key = signer("a.example", GW_SIG_ED25519, 2);
    struct signer other_name = signer("b.example", GW_SIG_ED25519, 1);
    struct signer other_type = signer("a.example", GW_SIG_COSIGN, 1);
    uint64_t posix;
    begin("t\n");
    sign("t\n", &a, 0);
    gw_span note = gw_buf_span(&buf);
    assert_int_equal(signed_by(note, &a.vkey, &posix), 1);
    assert_int_equal(signed_by(note, &other_key.vkey, &posix), 0);
    assert_int_equal(signed_by(note, &other_name.vkey, &posix), 0);
    assert_int_equal(signed_by(note, &other_type.vkey, &posix), 0);
    other_key.vkey.id = a.vkey.id; // a collision of ids, as anyone can make
    assert_int_equal(signed_by(note, &other_key.vkey, &posix), GW_EPROOF);
}

static void a_signature_of_the_wrong_length_is_rejected(void **state)
{
    (void)state;
    struct signer log = signer("n", GW_SIG_ED25519, 1);
    struct signer witness = signer("n", GW_SIG_COSIGN, 1);
    uint8_t bytes[4 + 80] = {0};
    for (size_t len = 1; len <= 80; len++)
        for (int which = 0; which < 2; which++) {
            const struct gw_vkey *k = which ? &witness.vkey : &log.vkey;
            uint64_t posix;
            for (int i = 0; i < 4; i++)
                bytes[i] = (uint8_t)(k->id >> (24 - 8 * i));
            begin("t\n");
            gw_put_str(&buf, DASH " n ");
            gw_b64_put(GW_B64_STANDARD, gw_span_of(bytes, 4 + len), &buf);
            gw_put_u8(&buf, '\n');
            assert_int_equal(signed_by(gw_buf_span(&buf), k, &posix),
                             GW_EPROOF);
        }
}

static void of_two_lines_by_one_key_the_earlier_time_counts(void **state)
{
    (void)state;
    struct signer w = signer("w", GW_SIG_COSIGN, 1);
    uint64_t posix;
    begin("t\n");
    sign("t\n", &w, 900);
    sign("t\n", &w, 500);
    sign("t\n", &w, 700);
    assert_int_equal(signed_by(gw_buf_span(&buf), &w.vkey, &posix), 1);
    assert_int_equal(posix, 500);
}

static void one_wrong_line_of_a_known_key_rejects_the_note(void **state)
{
    (void)state;
    struct signer w = signer("w", GW_SIG_COSIGN, 1);
    uint64_t posix;
    begin("t\n");
    sign("t\n", &w, 900);
    sign("another text\n", &w, 901);
    assert_int_equal(signed_by(gw_buf_span(&buf), &w.vkey, &posix), GW_EPROOF);
}

static void a_type_that_is_not_verified_here_never_counts(void **state)
{
    (void)state;
    struct signer s = signer("n", GW_SIG_ED25519, 1);
    static const enum gw_signature_type types[] = {GW_SIG_ECDSA, GW_SIG_RFC6962,
                                                   GW_SIG_ML_DSA_44};
    uint64_t posix;
    begin("t\n");
    sign("t\n", &s, 0);
    for (size_t i = 0; i < GW_COUNT(types); i++) {
        s.vkey.type = types[i];
        assert_int_equal(signed_by(gw_buf_span(&buf), &s.vkey, &posix), 0);
    }
}

static void no_flipped_bit_leaves_a_signed_note(void **state)
{
    (void)state;
    struct signer w = signer("w.example", GW_SIG_COSIGN, 1);
    uint64_t posix;
    begin("origin\n1\nroot\n");
    sign("origin\n1\nroot\n", &w, 1700000000);
    assert_int_equal(signed_by(gw_buf_span(&buf), &w.vkey, &posix), 1);
    for (size_t bit = 0; bit < buf.len * 8; bit++) {
        buf.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(signed_by(gw_buf_span(&buf), &w.vkey, &posix) <= 0);
        buf.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void no_cut_leaves_a_note(void **state)
{
    (void)state;
    struct gw_note n;
    for (size_t len = 0; len < sizeof example - 1; len++)
        assert_int_equal(parse(gw_span_of(example, len), &n), GW_EFORMAT);
}

static void what_cannot_be_read_is_not_signed(void **state)
{
    (void)state;
    struct signer s = signer("n", GW_SIG_COSIGN, 1);
    struct signer other = signer("n", GW_SIG_COSIGN, 2);
    static const char *const bad[] = {"", "a", "a\tb\n", "a\xff\n", "a\n\r\n"};
    gw_buf_reset(&buf);
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(
            gw_note_sign(gw_str(bad[i]), &s.vkey, &s.key, 1, &buf, NULL),
            GW_EFORMAT);
    assert_int_equal(gw_note_sign(GW_LIT("a\n"), &s.vkey, &s.key,
                                  (uint64_t)INT64_MAX + 1, &buf, NULL),
                     GW_EFORMAT);
    assert_int_equal(
        gw_note_sign(GW_LIT("a\n"), &s.vkey, &other.key, 1, &buf, NULL),
        GW_EREFUSED);
    s.vkey.type = GW_SIG_ML_DSA_44;
    assert_int_equal(
        gw_note_sign(GW_LIT("a\n"), &s.vkey, &s.key, 1, &buf, NULL),
        GW_EREFUSED);
    assert_int_equal(buf.len, 0);
}

static bool sign_and_verify(void)
{
    struct signer s = signer("n", GW_SIG_COSIGN, 1);
    struct gw_arena *a = gw_arena_new(1 << 20);
    struct gw_note n;
    struct gw_buf b;
    uint64_t posix;
    gw_buf_init(&b, 4096);
    gw_put_str(&b, "a\n\n");
    bool ok = a &&
              gw_note_sign(GW_LIT("a\n"), &s.vkey, &s.key, 5, &b, NULL) == 0 &&
              gw_note_parse(gw_buf_span(&b), a, &n, NULL) == 0 &&
              gw_note_signed_by(&n, &s.vkey, &posix, NULL) == 1 && posix == 5;
    gw_buf_release(&b);
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(sign_and_verify) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specifications_example_verifies),
        cmocka_unit_test(what_is_signed_reads_back),
        cmocka_unit_test(a_cosignature_covers_header_time_and_text),
        cmocka_unit_test(the_last_empty_line_separates),
        cmocka_unit_test(what_is_no_note_is_an_error),
        cmocka_unit_test(unused_bits_that_are_set_are_a_touched_signature),
        cmocka_unit_test(a_message_names_the_line_that_is_wrong),
        cmocka_unit_test(at_most_100_lines_and_a_megabyte_are_read),
        cmocka_unit_test(keys_that_did_not_sign_are_told_apart),
        cmocka_unit_test(a_signature_of_the_wrong_length_is_rejected),
        cmocka_unit_test(of_two_lines_by_one_key_the_earlier_time_counts),
        cmocka_unit_test(one_wrong_line_of_a_known_key_rejects_the_note),
        cmocka_unit_test(a_type_that_is_not_verified_here_never_counts),
        cmocka_unit_test(no_flipped_bit_leaves_a_signed_note),
        cmocka_unit_test(no_cut_leaves_a_note),
        cmocka_unit_test(what_cannot_be_read_is_not_signed),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
