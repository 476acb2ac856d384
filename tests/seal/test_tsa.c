// Time stamps: what a request is, byte by byte, and which stamps hold.
#include <stdio.h>
#include <unistd.h>

#include "fault.h"
#include "tsa_make.h"

static struct gw_hash32 stamped;

static struct tsa authority(const struct tsa_options *o)
{
    static struct tsa t;
    stamped = gw_sha256(GW_LIT("what was stamped"));
    t = (struct tsa){0};
    tsa_certify(&t, o);
    tsa_stamp(&t, &stamped, o);
    return t;
}

static int read_reply(const struct tsa *t, gw_span roots,
                      struct gw_tsa_stamp *ret, struct gw_why *why)
{
    return gw_tsa_read(gw_span_of(t->reply, t->reply_len), (gw_span){0}, roots,
                       ret, why);
}

static int read_once(const struct tsa_options *o, bool rooted)
{
    struct gw_tsa_stamp s;
    struct gw_why why = {0};
    struct tsa t = authority(o);
    int rc =
        read_reply(&t, rooted ? gw_str(t.root_pem) : (gw_span){0}, &s, &why);
    assert_int_equal(rc, why.code);
    assert_int_equal(
        read_reply(&t, rooted ? gw_str(t.root_pem) : (gw_span){0}, &s, NULL),
        rc);
    tsa_free(&t);
    return rc;
}

// ---- requests -----------------------------------------------------------
static void request_without_a_nonce_has_59_known_bytes(void **state)
{
    (void)state;
    struct gw_buf b;
    uint8_t want[59];
    assert_true(gw_unhex(GW_LIT("3039020101"
                                "3031300d060960864801650304020105000420"),
                         want));
    struct gw_hash32 h = gw_sha256(GW_LIT("x"));
    memcpy(want + 24, h.at, GW_HASH_LEN);
    memcpy(want + 56, "\x01\x01\xff", 3);
    gw_buf_init(&b, 256);
    gw_tsa_request(&h, 0, &b);
    assert_int_equal(b.len, sizeof want);
    assert_memory_equal(b.at, want, sizeof want);
    gw_buf_release(&b);
}

static void request_has_69_bytes_with_a_nonce_of_eight(void **state)
{
    (void)state;
    struct gw_buf b;
    struct gw_hash32 h = gw_sha256(GW_LIT("x"));
    gw_buf_init(&b, 256);
    gw_tsa_request(&h, UINT64_C(0x6007aba080d74544), &b);
    assert_int_equal(b.len, 69);
    assert_memory_equal(
        b.at + 56, "\x02\x08\x60\x07\xab\xa0\x80\xd7\x45\x44\x01\x01\xff", 13);
    gw_buf_release(&b);
}

static void check_nonce(uint64_t nonce)
{
    struct gw_buf b;
    struct gw_hash32 h = gw_sha256(GW_LIT("x"));
    uint64_t back = 0;
    gw_buf_init(&b, 256);
    gw_tsa_request(&h, nonce, &b);
    const uint8_t *p = b.at;
    TS_REQ *req = d2i_TS_REQ(NULL, &p, (long)b.len);
    assert_non_null(req);
    assert_ptr_equal(p, b.at + b.len);
    assert_int_equal(TS_REQ_get_version(req), 1);
    assert_int_equal(TS_REQ_get_cert_req(req), 1);
    assert_int_equal(ASN1_INTEGER_get_uint64(&back, TS_REQ_get_nonce(req)), 1);
    assert_true(back == nonce);
    uint8_t again[128], *q = again;
    assert_int_equal(i2d_TS_REQ(req, &q), b.len);
    assert_memory_equal(again, b.at, b.len);
    TS_REQ_free(req);
    gw_buf_release(&b);
}

static void any_nonce_is_written_as_openssl_reads_it(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    static const uint64_t edges[] = {1,     0x7f,   0x80,      0xff,
                                     0x100, 0x8000, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < GW_COUNT(edges); i++)
        check_nonce(edges[i]);
    for (int i = 0; i < 500; i++)
        check_nonce((gw_rand_next(&r) >> gw_rand_below(&r, 63)) | 1);
}

// ---- stamps that hold ---------------------------------------------------
static void check_stamp(const struct gw_tsa_stamp *s, bool trusted)
{
    assert_true(gw_hash32_eq(&s->imprint, &stamped));
    assert_int_equal(s->posix, TSA_TIME);
    assert_int_equal(s->accuracy_ms, 1501);
    assert_int_equal(s->trusted, trusted);
    assert_string_equal(s->authority, "CN=test\\, the \\D9\\85 authority");
    assert_string_equal(s->serial, "1f2e3d");
}

static void reply_holds_at_the_time_of_the_stamp(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct gw_why why = {0};
    struct tsa t = authority(&(struct tsa_options){0});
    assert_int_equal(read_reply(&t, gw_str(t.root_pem), &s, &why), 0);
    check_stamp(&s, true);
    tsa_free(&t);
}

static void bare_token_says_the_same(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t = authority(&(struct tsa_options){0});
    assert_int_equal(gw_tsa_read(gw_span_of(t.token, t.token_len), (gw_span){0},
                                 gw_str(t.root_pem), &s, NULL),
                     0);
    check_stamp(&s, true);
    tsa_free(&t);
}

static void without_roots_it_holds_and_is_not_trusted(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t = authority(&(struct tsa_options){0});
    assert_int_equal(read_reply(&t, (gw_span){0}, &s, NULL), 0);
    check_stamp(&s, false);
    tsa_free(&t);
}

static void certificate_may_come_beside(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t = authority(&(struct tsa_options){.no_certificate = true});
    gw_span reply = gw_span_of(t.reply, t.reply_len);
    assert_int_equal(
        gw_tsa_read(reply, (gw_span){0}, gw_str(t.root_pem), &s, NULL),
        GW_EPROOF);
    assert_int_equal(gw_tsa_read(reply, gw_str(t.certificate_pem),
                                 gw_str(t.root_pem), &s, NULL),
                     0);
    check_stamp(&s, true);
    tsa_free(&t);
}

static void one_of_several_roots_suffices(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    char both[4200];
    struct tsa other = authority(&(struct tsa_options){.root = "another"});
    struct tsa t = authority(&(struct tsa_options){0});
    snprintf(both, sizeof both, "a note\n%s\n%s", other.root_pem, t.root_pem);
    assert_int_equal(read_reply(&t, gw_str(both), &s, NULL), 0);
    check_stamp(&s, true);
    tsa_free(&other);
    tsa_free(&t);
}

static void parts_of_a_second_are_left_out(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t =
        authority(&(struct tsa_options){.time = "20200102030405.999Z"});
    assert_int_equal(read_reply(&t, gw_str(t.root_pem), &s, NULL), 0);
    check_stamp(&s, true);
    tsa_free(&t);
}

// ---- stamps that do not -------------------------------------------------
static void another_root_is_refused(void **state)
{
    (void)state;
    struct gw_tsa_stamp s = {.posix = 5};
    struct gw_why why = {0};
    struct tsa other = authority(&(struct tsa_options){0});
    struct tsa t = authority(&(struct tsa_options){0});
    assert_string_not_equal(other.root_pem, t.root_pem);
    assert_int_equal(read_reply(&t, gw_str(other.root_pem), &s, &why),
                     GW_EPROOF);
    assert_int_equal(s.posix, 5);
    assert_non_null(strstr(why.text, "time stamp: "));
    tsa_free(&other);
    tsa_free(&t);
}

static void certificate_must_be_for_time_stamps_only(void **state)
{
    (void)state;
    static const char *const purposes[] = {"timeStamping",
                                           "critical,serverAuth",
                                           "critical,timeStamping,serverAuth"};
    for (size_t i = 0; i < GW_COUNT(purposes); i++) {
        struct tsa_options o = {.purpose = purposes[i]};
        assert_int_equal(read_once(&o, true), GW_EPROOF);
        assert_int_equal(read_once(&o, false), GW_EPROOF);
    }
}

static void certificate_must_have_been_valid_at_that_time(void **state)
{
    (void)state;
    struct tsa_options late = {.begins = TSA_TIME + 1};
    struct tsa_options early = {.ends = TSA_TIME - 1};
    assert_int_equal(read_once(&late, true), GW_EPROOF);
    assert_int_equal(read_once(&late, false), GW_EPROOF);
    assert_int_equal(read_once(&early, true), GW_EPROOF);
    assert_int_equal(read_once(&early, false), GW_EPROOF);
}

static void certificate_must_be_the_one_that_was_signed(void **state)
{
    (void)state;
    struct tsa_options o = {.other_certificate = true};
    assert_int_equal(read_once(&o, true), GW_EPROOF);
    assert_int_equal(read_once(&o, false), GW_EPROOF);
}

static void refusal_is_no_stamp(void **state)
{
    (void)state;
    for (int status = 2; status <= 5; status++)
        assert_int_equal(
            read_once(&(struct tsa_options){.status = status}, true),
            GW_EPROOF);
    assert_int_equal(read_once(&(struct tsa_options){.status = 1}, true), 0);
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct tsa_options o;
        int rc;
    } cases[] = {
        {{.imprint = NID_sha1}, GW_EFORMAT},
        {{.imprint = NID_sha512}, GW_EFORMAT},
        {{.imprint = NID_sha512_256}, GW_EFORMAT},
        {{.version = 2}, GW_EUNKNOWN},
        {{.critical_extension = true}, GW_EUNKNOWN},
        {{.time = "20200102030405"}, GW_EFORMAT},
        {{.time = "20200102030405+0100"}, GW_EFORMAT},
        {{.time = "202001020304Z"}, GW_EFORMAT},
        {{.time = "20200132030405Z"}, GW_EFORMAT},
        {{.time = "99991231235959Z"}, GW_EFORMAT},
        {{.time = "00010101000000Z"}, GW_EFORMAT},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++)
        assert_int_equal(read_once(&cases[i].o, true), cases[i].rc);
}

static bool same(const struct gw_tsa_stamp *a, const struct gw_tsa_stamp *b)
{
    return gw_hash32_eq(&a->imprint, &b->imprint) && a->posix == b->posix &&
           a->accuracy_ms == b->accuracy_ms && a->trusted == b->trusted &&
           strcmp(a->authority, b->authority) == 0 &&
           strcmp(a->serial, b->serial) == 0;
}

// One bit of each byte; returns how many were refused.
static size_t flip_bits(gw_span bytes, gw_span roots, uint64_t seed)
{
    struct gw_rand r = {seed};
    uint8_t copy[4096];
    struct gw_tsa_stamp right, s;
    size_t refused = 0;
    assert_int_equal(gw_tsa_read(bytes, (gw_span){0}, roots, &right, NULL), 0);
    memcpy(copy, bytes.at, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t bit = (uint8_t)(1 << gw_rand_below(&r, 8));
        copy[i] ^= bit;
        if (gw_tsa_read(gw_span_of(copy, bytes.len), (gw_span){0}, roots, &s,
                        NULL))
            refused++;
        else
            assert_true(same(&right, &s));
        copy[i] ^= bit;
    }
    return refused;
}

static void no_flipped_bit_changes_the_meaning(void **state)
{
    (void)state;
    struct tsa t = authority(&(struct tsa_options){0});
    gw_span reply = gw_span_of(t.reply, t.reply_len);
    size_t refused = flip_bits(reply, gw_str(t.root_pem), 1);
    assert_true(refused > reply.len * 9 / 10);
    flip_bits(reply, (gw_span){0}, 2);
    tsa_free(&t);
}

static void cut_or_lengthened_bytes_are_an_error(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t = authority(&(struct tsa_options){0});
    gw_span root = gw_str(t.root_pem);
    for (size_t len = 0; len < t.reply_len; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, t.reply, len);
        assert_true(gw_tsa_read(gw_span_of(exact, len), (gw_span){0}, root, &s,
                                NULL) < 0);
        free(exact);
    }
    t.reply[t.reply_len] = 0;
    t.token[t.token_len] = 0;
    assert_int_equal(gw_tsa_read(gw_span_of(t.reply, t.reply_len + 1),
                                 (gw_span){0}, root, &s, NULL),
                     GW_EFORMAT);
    assert_int_equal(gw_tsa_read(gw_span_of(t.token, t.token_len + 1),
                                 (gw_span){0}, root, &s, NULL),
                     GW_EFORMAT);
    tsa_free(&t);
}

static void too_many_bytes_are_refused(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    static uint8_t zero[(1 << 20) + 1];
    struct tsa t = authority(&(struct tsa_options){0});
    assert_int_equal(gw_tsa_read(gw_span_of(zero, sizeof zero), (gw_span){0},
                                 (gw_span){0}, &s, NULL),
                     GW_ETOOBIG);
    assert_int_equal(read_reply(&t, gw_span_of(zero, sizeof zero), &s, NULL),
                     GW_ETOOBIG);
    tsa_free(&t);
}

static void roots_must_be_certificates(void **state)
{
    (void)state;
    struct gw_tsa_stamp s;
    struct tsa t = authority(&(struct tsa_options){0});
    char cut[2100];
    snprintf(cut, sizeof cut, "%s-----BEGIN CERTIFICATE-----\nAAAA\n",
             t.root_pem);
    const char *const bad[] = {
        "no certificate", cut,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
        "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
        "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(read_reply(&t, gw_str(bad[i]), &s, NULL), GW_EFORMAT);
    tsa_free(&t);
}

// ---- stamps of others ---------------------------------------------------
static struct gw_buf load(const char *folder, const char *name)
{
    char path[1024];
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    snprintf(path, sizeof path, "%s/tlog/rfc3161/%s", folder, name);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    return b;
}

static void stamp_of_openssls_authority_holds(void **state)
{
    (void)state;
    const char *folder = getenv("GAWAH_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/tlog/rfc3161/r.tsr", folder ? folder : "");
    if (access(path, R_OK)) {
        printf("no tlog/rfc3161 in GAWAH_DATA, left out\n");
        skip();
    }
    struct gw_buf q = load(folder, "q.tsq"), q0 = load(folder, "q0.tsq"),
                  r = load(folder, "r.tsr"), ca = load(folder, "ca.pem"),
                  what = load(folder, "stamped-checkpoint"), ours;
    struct gw_hash32 h = gw_sha256(gw_buf_span(&what));
    struct gw_tsa_stamp s;
    gw_buf_init(&ours, 256);
    gw_tsa_request(&h, UINT64_C(0x6007aba080d74544), &ours);
    assert_true(gw_eq(gw_buf_span(&ours), gw_buf_span(&q)));
    gw_buf_reset(&ours);
    gw_tsa_request(&h, 0, &ours);
    assert_true(gw_eq(gw_buf_span(&ours), gw_buf_span(&q0)));
    assert_int_equal(
        gw_tsa_read(gw_buf_span(&r), (gw_span){0}, gw_buf_span(&ca), &s, NULL),
        0);
    assert_true(gw_hash32_eq(&s.imprint, &h) && s.trusted);
    assert_int_equal(s.posix, 1795280375); // 2026-11-21 16:59:35
    assert_int_equal(s.accuracy_ms, 1000);
    assert_string_equal(s.authority, "CN=gawah test TSA");
    assert_string_equal(s.serial, "02");
    flip_bits(gw_buf_span(&r), gw_buf_span(&ca), 3);
    struct gw_buf *all[] = {&q, &q0, &r, &ca, &what, &ours};
    for (size_t i = 0; i < GW_COUNT(all); i++)
        gw_buf_release(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_without_a_nonce_has_59_known_bytes),
        cmocka_unit_test(request_has_69_bytes_with_a_nonce_of_eight),
        cmocka_unit_test(any_nonce_is_written_as_openssl_reads_it),
        cmocka_unit_test(reply_holds_at_the_time_of_the_stamp),
        cmocka_unit_test(bare_token_says_the_same),
        cmocka_unit_test(without_roots_it_holds_and_is_not_trusted),
        cmocka_unit_test(certificate_may_come_beside),
        cmocka_unit_test(one_of_several_roots_suffices),
        cmocka_unit_test(parts_of_a_second_are_left_out),
        cmocka_unit_test(another_root_is_refused),
        cmocka_unit_test(certificate_must_be_for_time_stamps_only),
        cmocka_unit_test(certificate_must_have_been_valid_at_that_time),
        cmocka_unit_test(certificate_must_be_the_one_that_was_signed),
        cmocka_unit_test(refusal_is_no_stamp),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(no_flipped_bit_changes_the_meaning),
        cmocka_unit_test(cut_or_lengthened_bytes_are_an_error),
        cmocka_unit_test(too_many_bytes_are_refused),
        cmocka_unit_test(roots_must_be_certificates),
        cmocka_unit_test(stamp_of_openssls_authority_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
