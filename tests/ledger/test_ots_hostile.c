// OpenTimestamps proofs past their limits, damaged, or none at all.
#include "fault.h"
#include "ots_make.h"

// ---- limits -------------------------------------------------------------
static int read_deep(size_t depth)
{
    struct gw_buf b = ots_begin();
    for (size_t i = 0; i < depth; i++)
        gw_put_u8(&b, 0xf2);
    ots_pending(&b, OTS_CALENDAR);
    int rc = ots_check(&b);
    gw_buf_release(&b);
    return rc;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_deep(255), 0);
    assert_int_equal(read_deep(256), GW_ETOOBIG);
    assert_int_equal(read_deep(60000), GW_ETOOBIG);
}

static int read_joined(size_t arg, uint8_t then)
{
    static const uint8_t bytes[5000];
    struct gw_buf b = ots_begin();
    ots_join(&b, 0xf0, gw_span_of(bytes, arg));
    if (then)
        gw_put_u8(&b, then);
    ots_pending(&b, OTS_CALENDAR);
    int rc = ots_check(&b);
    gw_buf_release(&b);
    return rc;
}

static void messages_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_joined(0, 0), GW_EFORMAT);
    assert_int_equal(read_joined(1, 0), 0);
    assert_int_equal(read_joined(4096 - 32, 0), 0);
    assert_int_equal(read_joined(4096 - 31, 0), GW_EFORMAT);
    assert_int_equal(read_joined(4097, 0), GW_EFORMAT);
    assert_int_equal(read_joined(2048 - 32, 0xf3), 0);
    assert_int_equal(read_joined(2048 - 31, 0xf3), GW_EFORMAT);
}

static int read_payload(const char *tag, gw_span payload)
{
    struct gw_buf b = ots_begin();
    ots_attest(&b, tag, payload);
    int rc = ots_check(&b);
    gw_buf_release(&b);
    return rc;
}

static int read_uri(gw_span uri)
{
    struct gw_buf b = ots_begin();
    ots_pending(&b, uri);
    int rc = ots_check(&b);
    gw_buf_release(&b);
    return rc;
}

static void payloads_are_bounded_and_whole(void **state)
{
    (void)state;
    static char text[8194];
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(read_payload("ABCDEFGH", gw_span_of(text, 8192)), 0);
    assert_int_equal(read_payload("ABCDEFGH", gw_span_of(text, 8193)),
                     GW_EFORMAT);
    assert_int_equal(read_uri(gw_span_of(text, 1000)), 0);
    assert_int_equal(read_uri(gw_span_of(text, 1001)), GW_EFORMAT);
    assert_int_equal(read_uri(GW_LIT("")), 0);
    assert_int_equal(read_payload(OTS_PENDING_TAG, GW_LIT("\x02hix")),
                     GW_EFORMAT);
    assert_int_equal(read_payload(OTS_PENDING_TAG, GW_LIT("\x03hi")),
                     GW_EFORMAT);
    assert_int_equal(read_payload(OTS_BITCOIN_TAG, GW_LIT("\x05\x00")),
                     GW_EFORMAT);
    assert_int_equal(read_payload(OTS_BITCOIN_TAG, GW_LIT("")), GW_EFORMAT);
    assert_int_equal(
        read_payload(OTS_LITECOIN_TAG, GW_LIT("\xff\xff\xff\xff\xff\xff\xff\xff"
                                              "\xff\xff\x01")),
        GW_EFORMAT);
}

static void calendars_have_plain_addresses(void **state)
{
    (void)state;
    const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
                           "Z0123456789-._/:";
    for (int c = 0; c < 256; c++) {
        char one = (char)c;
        bool ok = c && strchr(allowed, c);
        assert_int_equal(read_uri(gw_span_of(&one, 1)), ok ? 0 : GW_EFORMAT);
    }
}

static void attestations_are_bounded(void **state)
{
    (void)state;
    for (size_t n = 255; n <= 257; n++) {
        struct gw_buf b = ots_begin();
        for (size_t i = 1; i < n; i++) {
            gw_put_u8(&b, 0xff);
            ots_block(&b, OTS_BITCOIN_TAG, i);
        }
        ots_block(&b, OTS_BITCOIN_TAG, n);
        assert_int_equal(ots_check(&b), n <= 256 ? 0 : GW_ETOOBIG);
        gw_buf_release(&b);
    }
}

static void files_are_bounded(void **state)
{
    (void)state;
    struct gw_buf b = ots_begin();
    while (b.len <= 65536)
        gw_put_u8(&b, 0xf2);
    assert_int_equal(ots_check(&b), GW_ETOOBIG);
    gw_buf_release(&b);
}

// ---- damage -------------------------------------------------------------
static struct gw_buf sample(void)
{
    struct gw_buf b = ots_begin();
    ots_join(&b, 0xf0, GW_LIT("nonce"));
    OTS_PUT(&b, "\x08\xff\xf3\x02");
    ots_pending(&b, OTS_CALENDAR);
    OTS_PUT(&b, "\x67\xf2\x03");
    ots_block(&b, OTS_BITCOIN_TAG, 912095);
    return b;
}

static void cut_or_lengthened_proofs_are_an_error(void **state)
{
    (void)state;
    struct gw_buf b = sample();
    size_t whole = b.len;
    assert_int_equal(ots_check(&b), 0);
    for (b.len = 0; b.len < whole; b.len++) {
        int rc = ots_check(&b);
        assert_true(rc == GW_EFEW || rc == GW_EFORMAT);
    }
    gw_put_u8(&b, 0);
    assert_int_equal(ots_check(&b), GW_EFORMAT);
    gw_buf_release(&b);
}

static void damaged_bytes_never_pass_for_the_same(void **state)
{
    (void)state;
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_ots right, o;
    struct gw_buf b = sample();
    assert_int_equal(ots_read(&b, a, &right), 0);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (!ots_read(&b, a, &o)) {
            bool same = o.digest == right.digest && o.count == right.count &&
                        memcmp(o.imprint, right.imprint, 32) == 0;
            for (size_t i = 0; i < o.count && same; i++)
                same = memcmp(&o.attestations[i], &right.attestations[i],
                              sizeof *o.attestations) == 0;
            assert_false(same);
        }
        b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    gw_buf_release(&b);
    gw_arena_free(a);
}

static void what_is_no_proof_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int rc;
    } cases[] = {
#define CASE(text, rc) {text, sizeof(text) - 1, rc}
        CASE("", GW_EFORMAT),
        CASE("\x00OpenTimestamps", GW_EFORMAT),
        CASE(OTS_MAGIC, GW_EFEW),
        CASE(OTS_MAGIC "\x02", GW_EUNKNOWN),
        CASE(OTS_MAGIC "\x00", GW_EUNKNOWN),
        CASE(OTS_MAGIC "\xff\x08", GW_EUNKNOWN),
        CASE(OTS_MAGIC "\x01\xf3", GW_EFORMAT),
        CASE(OTS_MAGIC "\x01\x08", GW_EFEW),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890",
             GW_EFEW),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890\xff\xff",
             GW_EFORMAT),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890\x04",
             GW_EFORMAT),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890\xf4",
             GW_EFORMAT),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890\xf0\xff\xff\xff\xff\xff\xff\xff"
                       "\xff\xff\xff",
             GW_EFORMAT),
        CASE(OTS_MAGIC "\x01\x03"
                       "12345678901234567890\xf0\xff\xff\xff\xff\xff\xff\xff"
                       "\xff\xff\x01",
             GW_EFORMAT),
#undef CASE
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct gw_buf b;
        gw_buf_init(&b, 1 << 12);
        gw_put(&b, cases[i].bytes, cases[i].len);
        assert_int_equal(ots_check(&b), cases[i].rc);
        gw_buf_release(&b);
    }
}

static bool read_sample(void)
{
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_buf b;
    struct gw_ots o;
    gw_buf_init(&b, 1 << 12);
    ots_head(&b, 0x08, 0x11, 32);
    OTS_PUT(&b, "\xff\x02");
    ots_block(&b, OTS_BITCOIN_TAG, 1);
    gw_put_u8(&b, 0x67);
    ots_block(&b, OTS_BITCOIN_TAG, 2);
    bool ok = a && !b.err && !gw_ots_read(gw_buf_span(&b), a, &o, NULL);
    gw_buf_release(&b);
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(read_sample) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(messages_are_bounded),
        cmocka_unit_test(payloads_are_bounded_and_whole),
        cmocka_unit_test(calendars_have_plain_addresses),
        cmocka_unit_test(attestations_are_bounded),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(cut_or_lengthened_proofs_are_an_error),
        cmocka_unit_test(damaged_bytes_never_pass_for_the_same),
        cmocka_unit_test(what_is_no_proof_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
