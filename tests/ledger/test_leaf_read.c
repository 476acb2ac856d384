// Reading leaves: one form for one meaning, and the author's signature.
#include "fault.h"
#include "leaf_make.h"

#define SD8                                                                    \
    "[\"4Nc3VXBmMNx3jIWzaKKUGMpo0aiox4G8VvjLGuPjcoQ\","                        \
    "\"DybrwGfNDxTVa4RQJysUsJfGCe_AChnkxopLZe7C2-U\","                         \
    "\"I1fqIfCnoioP3erY25yHnE4BVm13oWirkcJNpGahovw\","                         \
    "\"Jvo8JC04uheA8x9nKpJMWa-mCakh8Ci5bq92wwCXk0k\","                         \
    "\"L0jO8uL2EgOthZJ3NREFpviv8o535NYnWNmqa0iVBGE\","                         \
    "\"RPzOpJTFIxwZ6D7UFJJTrmp1OHCdX2YsVk_VAgWCYA8\","                         \
    "\"YP27Hy1WCRRrCog7Wk-YMV4t-7aZgKDBdVT6YvRrSr0\","                         \
    "\"snKz5HvT4l6cpRxysHSreXOgtSfO59Bac9radJ9EZ0I\"]"
#define TAIL "\"day\":\"2026-11-21\",\"type\":\"key\",\"v\":1}"
#define SIG                                                                    \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAA=="

static int read_text(const char *text)
{
    struct gw_leaf_read r;
    struct gw_why why = {0};
    size_t len = strlen(text);
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, text, len);
    int rc = gw_leaf_read(gw_span_of(exact, len), NULL, &r, &why);
    assert_int_equal(rc, why.code);
    assert_true(!rc || why.text[0]);
    assert_int_equal(gw_leaf_read(gw_span_of(exact, len), NULL, &r, NULL), rc);
    free(exact);
    return rc;
}

static void leaves_written_by_hand_are_read(void **state)
{
    (void)state;
    assert_int_equal(read_text("{" TAIL), 0);
    assert_int_equal(
        read_text("{\"_sd\":" SD8 ",\"_sd_alg\":\"sha-256\"," TAIL), 0);
    assert_int_equal(
        read_text("{\"by\":\"0000000a\",\"day\":\"2026-11-21\",\"sig\":\"" SIG
                  "\",\"type\":\"key\",\"v\":1}"),
        0);
}

static void other_forms_of_the_same_leaf_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        " {" TAIL,
        "{" TAIL "\n",
        "{\"type\":\"key\",\"day\":\"2026-11-21\",\"v\":1}",
        "{\"day\": \"2026-11-21\",\"type\":\"key\",\"v\":1}",
        "{\"day\":\"2026-11-21\",\"type\":\"k\\u0065y\",\"v\":1}",
        "{\"a\":\"\\/\"," TAIL,
        "{\"a\":-0," TAIL,
        "{\"a\":1.0," TAIL,
        "{\"a\":1,\"a\":1," TAIL,
        "\xef\xbb\xbf{" TAIL,
        "{" TAIL "{" TAIL,
    };
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(read_text(bad[i]), GW_EFORMAT);
}

static void what_is_no_leaf_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } cases[] = {
        {"", GW_EFEW},
        {"[]", GW_EFORMAT},
        {"{}", GW_EFORMAT},
        {"1", GW_EFORMAT},
        {"{", GW_EFORMAT},
        {"{\"day\":\"2026-11-21\",\"type\":\"key\"}", GW_EFORMAT},
        {"{\"day\":\"2026-11-21\",\"type\":\"key\",\"v\":\"1\"}", GW_EFORMAT},
        {"{\"day\":\"2026-11-21\",\"type\":\"key\",\"v\":2}", GW_EUNKNOWN},
        {"{\"day\":\"2026-11-21\",\"v\":1}", GW_EFORMAT},
        {"{\"day\":\"2026-11-21\",\"type\":7,\"v\":1}", GW_EFORMAT},
        {"{\"day\":\"2026-11-21\",\"type\":\"keys\",\"v\":1}", GW_EUNKNOWN},
        {"{\"day\":\"2026-11-21\",\"type\":\"decoy\",\"v\":1}", GW_EUNKNOWN},
        {"{\"type\":\"key\",\"v\":1}", GW_EFORMAT},
        {"{\"day\":\"2026-11-31\",\"type\":\"key\",\"v\":1}", GW_EFORMAT},
        {"{\"day\":\"2026-11-21 00:00:00\",\"type\":\"key\",\"v\":1}",
         GW_EFORMAT},
        {"{\"_x\":1," TAIL, GW_EFORMAT},
        {"{\"\":1," TAIL, GW_EFORMAT},
        {"{\"...\":1," TAIL, GW_EFORMAT},
        {"{\"a b\":1," TAIL, GW_EFORMAT},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++)
        assert_int_equal(read_text(cases[i].text), cases[i].rc);
}

static void digests_are_sorted_and_of_a_fixed_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"_sd\":" SD8 "," TAIL,
        "{\"_sd_alg\":\"sha-256\"," TAIL,
        "{\"_sd\":" SD8 ",\"_sd_alg\":\"sha-512\"," TAIL,
        "{\"_sd\":[],\"_sd_alg\":\"sha-256\"," TAIL,
        "{\"_sd\":1,\"_sd_alg\":\"sha-256\"," TAIL,
        "{\"_sd\":[\"4Nc3VXBmMNx3jIWzaKKUGMpo0aiox4G8VvjLGuPjcoQ\"],"
        "\"_sd_alg\":\"sha-256\"," TAIL,
    };
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(read_text(bad[i]), GW_EFORMAT);
    char text[1024];
    static const char whole[] =
        "{\"_sd\":" SD8 ",\"_sd_alg\":\"sha-256\"," TAIL;
    static const struct {
        size_t at;
        const char *put;
    } damage[] = {
        {9, "z"},      // not in order any more
        {9 + 42, "R"}, // unused bits set
        {9 + 42, "="}, // padding
        {9, "+"},      // of the other alphabet
        {54, "\"4Nc3VXBmMNx3jIWzaKKUGMpo0aiox4G8VvjLGuPjcoQ\""}, // twice
    };
    for (size_t i = 0; i < GW_COUNT(damage); i++) {
        memcpy(text, whole, sizeof whole);
        memcpy(text + damage[i].at, damage[i].put, strlen(damage[i].put));
        assert_int_equal(read_text(text), GW_EFORMAT);
    }
}

static void author_and_signature_go_together(void **state)
{
    (void)state;
#define SIGNED(by, sig)                                                        \
    "{\"by\":" by ",\"day\":\"2026-11-21\",\"sig\":" sig                       \
    ",\"type\":\"key\",\"v\":1}"
    static const char *const bad[] = {
        "{\"by\":\"0000000a\"," TAIL,
        "{\"day\":\"2026-11-21\",\"sig\":\"" SIG "\",\"type\":\"key\",\"v\":1}",
        SIGNED("\"0000000A\"", "\"" SIG "\""),
        SIGNED("\"00000000\"", "\"" SIG "\""),
        SIGNED("\"000000a\"", "\"" SIG "\""),
        SIGNED("\"0000000ag\"", "\"" SIG "\""),
        SIGNED("10", "\"" SIG "\""),
        SIGNED("\"0000000a\"", "1"),
        SIGNED("\"0000000a\"", "\"\""),
        SIGNED("\"0000000a\"", "\"AAAA\""),
        SIGNED("\"0000000a\"", "\"AAAA" SIG "\""),
    };
#undef SIGNED
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(read_text(bad[i]), GW_EFORMAT);
}

static void too_large_or_too_full_is_refused(void **state)
{
    (void)state;
    char text[9000];
    size_t len =
        (size_t)snprintf(text, sizeof text, "{\"a\":\"%08100d\"," TAIL, 1);
    assert_true(len <= 8192);
    assert_int_equal(read_text(text), 0);
    snprintf(text, sizeof text, "{\"a\":\"%08300d\"," TAIL, 1);
    assert_int_equal(read_text(text), GW_ETOOBIG);
    for (int n = 32; n <= 33; n++) {
        struct gw_buf b;
        gw_buf_init(&b, 1 << 12);
        gw_put_u8(&b, '{');
        for (int i = 0; i < n; i++)
            gw_put_fmt(&b, "\"a%02d\":1,", i);
        gw_put_str(&b, TAIL);
        gw_put_u8(&b, 0);
        assert_int_equal(b.err, 0);
        assert_int_equal(read_text((const char *)b.at),
                         n == 32 ? 0 : GW_ETOOBIG);
        gw_buf_release(&b);
    }
}

// ---- signatures ---------------------------------------------------------
static struct leaf_made signed_leaf(const struct gw_key *author)
{
    static const struct gw_leaf_field fields[] = {
        {"text", GW_LIT_INIT("\"\\b\\f\\u0001 \\\"sig\\\" \xd8\xab\""), false},
        {"deep", GW_LIT_INIT("{\"sig\":[{\"sig\":\"x\"}],\"v\":9}"), false},
        {"hidden", GW_LIT_INIT("true"), true}};
    static const struct gw_new_leaf leaf = {.type = GW_LEAF_CUSTODY,
                                            .at = LEAF_NOON,
                                            .fields = fields,
                                            .count = 3,
                                            .digests = 16};
    return leaf_made(&leaf, author);
}

static void signature_holds_for_its_author_only(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1), other = leaf_author(2);
    struct leaf_made m = signed_leaf(&author), none = signed_leaf(NULL);
    struct gw_leaf_read r = {.by = 77};
    gw_span entry = gw_buf_span(&m.entry);
    assert_int_equal(gw_leaf_read(entry, &other.vkey, &r, NULL), GW_EPROOF);
    assert_int_equal(
        gw_leaf_read(gw_buf_span(&none.entry), &author.vkey, &r, NULL),
        GW_EPROOF);
    assert_int_equal(r.by, 77);
    struct gw_vkey forged = other.vkey;
    forged.id = author.vkey.id;
    assert_int_equal(gw_leaf_read(entry, &forged, &r, NULL), GW_EPROOF);
    forged = author.vkey;
    forged.type = GW_SIG_COSIGN;
    assert_int_equal(gw_leaf_read(entry, &forged, &r, NULL), GW_EPROOF);
    assert_int_equal(gw_leaf_read(entry, &author.vkey, &r, NULL), 0);
    assert_int_equal(r.by, author.vkey.id);
    assert_int_equal(gw_leaf_read(gw_buf_span(&none.entry), NULL, &r, NULL), 0);
    assert_int_equal(r.by, 0);
    leaf_release(&m);
    leaf_release(&none);
}

static void any_flipped_bit_of_a_signed_leaf_fails(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct leaf_made m = signed_leaf(&author);
    struct gw_leaf_read r;
    for (size_t bit = 0; bit < 8 * m.entry.len; bit++) {
        m.entry.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(
            gw_leaf_read(gw_buf_span(&m.entry), &author.vkey, &r, NULL) < 0);
        m.entry.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    leaf_release(&m);
}

// Without this domain a signature made elsewhere could pass for a leaf's.
static void signature_over_the_bare_leaf_does_not_hold(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct gw_buf b;
    uint8_t signature[GW_SIGNATURE_LEN];
    struct gw_leaf_read r;
    gw_buf_init(&b, 1 << 12);
    for (int domain = 0; domain < 2; domain++) {
        gw_buf_reset(&b);
        if (domain)
            gw_put(&b, "gawah/leaf/v1", 14);
        gw_put_fmt(&b, "{\"by\":\"%08x\"," TAIL, (unsigned)author.vkey.id);
        gw_sign(&author.signing, gw_buf_span(&b), signature);
        gw_buf_reset(&b);
        gw_put_fmt(&b, "{\"by\":\"%08x\",\"day\":\"2026-11-21\",\"sig\":\"",
                   (unsigned)author.vkey.id);
        gw_b64_put(GW_B64_STANDARD, gw_span_of(signature, sizeof signature),
                   &b);
        gw_put_str(&b, "\",\"type\":\"key\",\"v\":1}");
        assert_int_equal(gw_leaf_read(gw_buf_span(&b), &author.vkey, &r, NULL),
                         domain ? 0 : GW_EPROOF);
    }
    gw_buf_release(&b);
}

// ---- members ------------------------------------------------------------
static void members_are_given_as_the_leaf_writes_them(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct leaf_made m = signed_leaf(&author);
    struct gw_arena *a = gw_arena_new(1 << 16);
    gw_span entry = gw_buf_span(&m.entry);
    assert_true(gw_is(gw_leaf_member(entry, "deep", a),
                      "{\"sig\":[{\"sig\":\"x\"}],\"v\":9}"));
    assert_true(gw_is(gw_leaf_member(entry, "text", a),
                      "\"\\b\\f\\u0001 \\\"sig\\\" \xd8\xab\""));
    assert_true(gw_is(gw_leaf_member(entry, "day", a), "\"2026-11-21\""));
    assert_true(gw_is(gw_leaf_member(entry, "v", a), "1"));
    assert_null(gw_leaf_member(entry, "hidden", a).at);
    assert_null(gw_leaf_member(entry, "x", a).at);
    assert_null(gw_leaf_member(GW_LIT("{}"), "v", a).at);
    assert_null(gw_leaf_member(GW_LIT(""), "v", a).at);
    struct gw_arena *small = gw_arena_new(4);
    assert_null(gw_leaf_member(entry, "deep", small).at);
    gw_arena_free(small);
    gw_arena_free(a);
    leaf_release(&m);
}

static bool read_signed(void)
{
    struct gw_key author = leaf_author(1);
    struct gw_leaf_read r;
    struct gw_arena *a = gw_arena_new(1 << 16);
    struct gw_buf entry, list;
    struct gw_new_leaf leaf = {
        .type = GW_LEAF_KEY, .at = LEAF_NOON, .digests = 8};
    gw_buf_init(&entry, 1 << 16);
    gw_buf_init(&list, 1 << 16);
    bool ok = a &&
              !gw_leaf_make(&leaf, &author, leaf_key, &entry, &list, NULL) &&
              !gw_leaf_read(gw_buf_span(&entry), &author.vkey, &r, NULL) &&
              gw_leaf_member(gw_buf_span(&entry), "_sd", a).at;
    gw_buf_release(&entry);
    gw_buf_release(&list);
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_of_reading_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(read_signed) >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_written_by_hand_are_read),
        cmocka_unit_test(other_forms_of_the_same_leaf_are_refused),
        cmocka_unit_test(what_is_no_leaf_is_refused),
        cmocka_unit_test(digests_are_sorted_and_of_a_fixed_number),
        cmocka_unit_test(author_and_signature_go_together),
        cmocka_unit_test(too_large_or_too_full_is_refused),
        cmocka_unit_test(signature_holds_for_its_author_only),
        cmocka_unit_test(any_flipped_bit_of_a_signed_leaf_fails),
        cmocka_unit_test(signature_over_the_bare_leaf_does_not_hold),
        cmocka_unit_test(members_are_given_as_the_leaf_writes_them),
        cmocka_unit_test(every_failed_allocation_of_reading_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
