// OpenTimestamps proofs put together byte by byte: what is read from them.
#include "ots_make.h"

// The only attestation's message, in hex.
static void message_is(struct gw_buf *b, const char *hex)
{
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_ots o;
    char text[129];
    ots_pending(b, OTS_CALENDAR);
    assert_int_equal(ots_read(b, a, &o), 0);
    assert_int_equal(o.count, 1);
    gw_hex(o.attestations[0].message, o.attestations[0].message_len, text);
    assert_string_equal(text, hex);
    gw_arena_free(a);
    gw_buf_release(b);
}

// ---- one proof ----------------------------------------------------------
static void pending_attestation_names_its_calendar(void **state)
{
    (void)state;
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_ots o;
    struct gw_buf b = ots_begin();
    ots_pending(&b, OTS_CALENDAR);
    assert_int_equal(ots_read(&b, a, &o), 0);
    assert_int_equal(o.digest, GW_DIGEST_SHA256);
    assert_int_equal(o.imprint_len, 32);
    assert_int_equal(o.imprint[31], 0x11);
    assert_int_equal(o.count, 1);
    assert_int_equal(o.attestations[0].kind, GW_OTS_PENDING);
    assert_string_equal(o.attestations[0].calendar,
                        "https://calendar.example.org");
    assert_int_equal(o.attestations[0].message_len, 32);
    assert_memory_equal(o.attestations[0].message, o.imprint, 32);
    gw_buf_release(&b);
    gw_arena_free(a);
}

static void every_digest_of_a_file_is_known(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        enum gw_digest_kind kind;
        size_t len;
    } known[] = {{0x02, GW_DIGEST_SHA1, 20},
                 {0x03, GW_DIGEST_RIPEMD160, 20},
                 {0x08, GW_DIGEST_SHA256, 32},
                 {0x67, GW_DIGEST_KECCAK256, 32}};
    for (size_t i = 0; i < GW_COUNT(known); i++) {
        struct gw_arena *a = gw_arena_new(OTS_CEILING);
        struct gw_ots o;
        struct gw_buf b;
        gw_buf_init(&b, 1 << 12);
        ots_head(&b, known[i].tag, 0xab, known[i].len);
        ots_block(&b, OTS_BITCOIN_TAG, 5);
        assert_int_equal(ots_read(&b, a, &o), 0);
        assert_int_equal(o.digest, known[i].kind);
        assert_int_equal(o.imprint_len, known[i].len);
        gw_buf_release(&b);
        gw_arena_free(a);
    }
}

static void operations_do_what_they_are_for(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *arg, *message;
    } ops[] = {
        {0x02, NULL, "7d831708cc9d3366b14ae91cb78aa10e345e96a0"},
        {0x03, NULL, "e5a0500d3009d803632658b21646518eb42b8433"},
        {0x08, NULL,
         "02d449a31fbb267c8f352e9968a79e3e5fc95c1bbeaa502fd6454ebde5a4bedc"},
        {0x67, NULL,
         "b569321de72d0af89c2fb48a484de3fc9343f31600ae1f3e13d633cb48cbf816"},
        {0xf0, "ab",
         "1111111111111111111111111111111111111111111111111111111111111111"
         "6162"},
        {0xf1, "ab",
         "6162111111111111111111111111111111111111111111111111111111111111"
         "1111"},
        {0xf3, NULL,
         "3131313131313131313131313131313131313131313131313131313131313131"
         "3131313131313131313131313131313131313131313131313131313131313131"},
    };
    for (size_t i = 0; i < GW_COUNT(ops); i++) {
        struct gw_buf b = ots_begin();
        if (ops[i].arg)
            ots_join(&b, ops[i].tag, gw_str(ops[i].arg));
        else
            gw_put_u8(&b, ops[i].tag);
        message_is(&b, ops[i].message);
    }
}

static void operations_follow_one_another(void **state)
{
    (void)state;
    struct gw_buf b = ots_begin();
    ots_join(&b, 0xf0, GW_LIT("ab"));
    gw_put_u8(&b, 0xf2);
    ots_join(&b, 0xf1, GW_LIT("xyz"));
    OTS_PUT(&b, "\x02\x03\x67\xf3\x08");
    message_is(
        &b, "ec4485de2697be9e1ec0318d9897ed2581ac81caf83018abbded4b477a5e2a7a");
}

// ---- branches -----------------------------------------------------------
static void branches_go_on_from_their_own_message(void **state)
{
    (void)state;
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_ots o;
    struct gw_buf b = ots_begin();
    gw_put_u8(&b, 0xff); // first of three
    ots_join(&b, 0xf0, GW_LIT("a"));
    gw_put_u8(&b, 0xff); // first of two
    ots_block(&b, OTS_BITCOIN_TAG, 358391);
    ots_join(&b, 0xf1, GW_LIT("b"));
    ots_block(&b, OTS_LITECOIN_TAG, 1000000);
    gw_put_u8(&b, 0xff); // second of three
    ots_pending(&b, OTS_CALENDAR);
    ots_join(&b, 0xf1, GW_LIT("c"));
    ots_attest(&b, "ABCDEFGH", GW_LIT("whatever"));
    assert_int_equal(ots_read(&b, a, &o), 0);
    static const struct {
        int kind;
        uint64_t height;
        size_t len;
        uint8_t first, last;
    } want[] = {{GW_OTS_BITCOIN, 358391, 33, 0x11, 'a'},
                {GW_OTS_LITECOIN, 1000000, 34, 'b', 'a'},
                {GW_OTS_PENDING, 0, 32, 0x11, 0x11},
                {GW_OTS_UNKNOWN, 0, 33, 'c', 0x11}};
    assert_int_equal(o.count, GW_COUNT(want));
    for (size_t i = 0; i < o.count; i++) {
        const struct gw_ots_attestation *at = &o.attestations[i];
        assert_int_equal(at->kind, want[i].kind);
        assert_true(at->height == want[i].height);
        assert_int_equal(at->message_len, want[i].len);
        assert_int_equal(at->message[0], want[i].first);
        assert_int_equal(at->message[at->message_len - 1], want[i].last);
    }
    gw_buf_release(&b);
    gw_arena_free(a);
}

// Random trees: what comes out is what went in, in the order of the bytes.
static size_t grow(struct gw_buf *b, struct gw_rand *r, size_t depth,
                   uint64_t *next)
{
    size_t made = 0, branches = 1 + (depth < 6 ? gw_rand_below(r, 3) : 0);
    for (size_t i = 0; i < branches; i++) {
        if (i + 1 < branches)
            gw_put_u8(b, 0xff);
        if (depth < 6 && gw_rand_below(r, 3)) {
            static const uint8_t unary[] = {0x02, 0x03, 0x08, 0x67, 0xf2};
            size_t k = (size_t)gw_rand_below(r, GW_COUNT(unary) + 1);
            if (k < GW_COUNT(unary))
                gw_put_u8(b, unary[k]);
            else
                ots_join(b, 0xf0, GW_LIT("some"));
            made += grow(b, r, depth + 1, next);
        } else {
            ots_block(b, OTS_BITCOIN_TAG, (*next)++);
            made++;
        }
    }
    return made;
}

static void random_trees_give_each_attestation_once(void **state)
{
    (void)state;
    struct gw_rand r = {3};
    for (int round = 0; round < 300; round++) {
        struct gw_arena *a = gw_arena_new(OTS_CEILING);
        struct gw_ots o;
        struct gw_buf b = ots_begin();
        uint64_t next = 0;
        size_t made = grow(&b, &r, 0, &next);
        int rc = ots_read(&b, a, &o);
        if (made > 256) {
            assert_int_equal(rc, GW_ETOOBIG);
        } else {
            assert_int_equal(rc, 0);
            assert_int_equal(o.count, made);
            for (size_t i = 0; i < made; i++)
                assert_int_equal(o.attestations[i].height, i);
        }
        gw_buf_release(&b);
        gw_arena_free(a);
    }
}

static void message_that_no_block_can_hold_is_left_out(void **state)
{
    (void)state;
    struct gw_buf b = ots_begin();
    static const uint8_t bytes[33];
    ots_join(&b, 0xf0, gw_span_of(bytes, 33));
    message_is(&b, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_attestation_names_its_calendar),
        cmocka_unit_test(every_digest_of_a_file_is_known),
        cmocka_unit_test(operations_do_what_they_are_for),
        cmocka_unit_test(operations_follow_one_another),
        cmocka_unit_test(branches_go_on_from_their_own_message),
        cmocka_unit_test(random_trees_give_each_attestation_once),
        cmocka_unit_test(message_that_no_block_can_hold_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
