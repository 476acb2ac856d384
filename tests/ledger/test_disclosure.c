// Disclosures: what may be shown of a leaf, what cannot be made up, and that
// taking something out leaves the rest as it was.
#include "fault.h"
#include "leaf_make.h"

static int show(gw_span entry, gw_span disclosure, struct gw_arena *a,
                gw_span *name, gw_span *json)
{
    struct gw_why why = {0};
    int rc = gw_leaf_disclosed(entry, disclosure, a, name, json, &why);
    assert_int_equal(rc, why.code);
    assert_int_equal(gw_leaf_disclosed(entry, disclosure, a, name, json, NULL),
                     rc);
    assert_true(!rc || why.text[0]);
    return rc;
}

static int shows(gw_span entry, gw_span disclosure)
{
    gw_span name = {0}, json = {0};
    struct gw_arena *a = gw_arena_new(1 << 16);
    int rc = show(entry, disclosure, a, &name, &json);
    assert_true(!rc == !!name.at && !rc == !!json.at);
    gw_arena_free(a);
    return rc;
}

// An unsigned leaf with these digests, and as many others as make eight.
static struct gw_buf leaf_with(const char *member, const gw_span *texts,
                               size_t n)
{
    char digest[8][45];
    struct gw_buf one, b;
    gw_buf_init(&one, 256);
    gw_buf_init(&b, 1 << 12);
    for (size_t i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)i;
        struct gw_hash32 h = gw_sha256(i < n ? texts[i] : gw_span_of(&byte, 1));
        gw_buf_reset(&one);
        gw_b64_put(GW_B64_URL, gw_span_of(h.at, 32), &one);
        snprintf(digest[i], sizeof digest[i], "%.43s", (const char *)one.at);
        for (size_t k = i; k > 0 && strcmp(digest[k], digest[k - 1]) < 0; k--) {
            char swap[45];
            memcpy(swap, digest[k], 45);
            memcpy(digest[k], digest[k - 1], 45);
            memcpy(digest[k - 1], swap, 45);
        }
    }
    gw_put_str(&b, "{\"_sd\":[");
    for (size_t i = 0; i < 8; i++)
        gw_put_fmt(&b, "%s\"%s\"", i ? "," : "", digest[i]);
    gw_put_fmt(&b,
               "],\"_sd_alg\":\"sha-256\",%s\"day\":\"2026-11-21\","
               "\"type\":\"custody\",\"v\":1}",
               member);
    assert_int_equal(b.err, 0);
    gw_buf_release(&one);
    return b;
}

static int shows_text(const char *json)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_b64_put(GW_B64_URL, gw_str(json), &text);
    gw_span disclosure = gw_buf_span(&text);
    struct gw_buf leaf = leaf_with("\"clear\":1,", &disclosure, 1);
    int rc = shows(gw_buf_span(&leaf), disclosure);
    gw_buf_release(&leaf);
    gw_buf_release(&text);
    return rc;
}

// ---- the vector of RFC 9901 ---------------------------------------------
#define RFC_DISCLOSURE                                                         \
    "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5j" \
    "b"                                                                        \
    "20iXQ"
#define RFC_DIGEST "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE"

static void disclosure_of_rfc_9901_has_its_digest(void **state)
{
    (void)state;
    gw_span text = GW_LIT(RFC_DISCLOSURE), name, json;
    struct gw_buf leaf = leaf_with("", &text, 1);
    struct gw_arena *a = gw_arena_new(1 << 16);
    assert_true(gw_find(gw_buf_span(&leaf), GW_LIT(RFC_DIGEST), 0) > 0);
    assert_int_equal(show(gw_buf_span(&leaf), text, a, &name, &json), 0);
    assert_true(gw_is(name, "email"));
    assert_true(gw_is(json, "\"johndoe@example.com\""));
    gw_arena_free(a);
    gw_buf_release(&leaf);
}

// ---- random leaves ------------------------------------------------------
struct story {
    struct gw_leaf_field fields[GW_LEAF_FIELDS_MAX];
    char names[GW_LEAF_FIELDS_MAX][40], values[GW_LEAF_FIELDS_MAX][40];
    struct gw_new_leaf leaf;
    size_t hidden;
};

static void tell(struct gw_rand *r, struct story *s)
{
    *s = (struct story){.leaf = {.type = GW_LEAF_EVIDENCE, .at = LEAF_NOON}};
    s->leaf.digests = (size_t)8 << gw_rand_below(r, 3);
    size_t n = (size_t)gw_rand_below(r, 24);
    for (size_t i = 0; i < n; i++) {
        bool hidden = s->hidden < s->leaf.digests && gw_rand_below(r, 2);
        snprintf(s->names[i], sizeof s->names[i], "n%zux%u", i,
                 (unsigned)gw_rand_below(r, 1000));
        snprintf(s->values[i], sizeof s->values[i],
                 gw_rand_below(r, 2) ? "\"%u\"" : "[%u,{\"a\":null}]",
                 (unsigned)gw_rand_below(r, 1000));
        s->fields[i] =
            (struct gw_leaf_field){s->names[i], gw_str(s->values[i]), hidden};
        s->hidden += hidden;
    }
    s->leaf.fields = s->fields;
    s->leaf.count = n;
}

static const struct gw_leaf_field *told(const struct story *s, gw_span name)
{
    for (size_t i = 0; i < s->leaf.count; i++)
        if (gw_is(name, s->names[i]))
            return &s->fields[i];
    return NULL;
}

// Whatever is taken out, whatever the order of what is left: each holds, the
// leaf stays as it is hashed, and of the rest nothing is known.
static void what_is_left_of_a_leaf_holds_in_any_order(void **state)
{
    (void)state;
    struct gw_rand r = {17};
    struct gw_key author = leaf_author(1);
    for (int round = 0; round < 60; round++) {
        struct story s;
        gw_span list[GW_LEAF_FIELDS_MAX], name, json;
        struct gw_arena *a = gw_arena_new(1 << 16);
        tell(&r, &s);
        struct leaf_made m = leaf_made(&s.leaf, &author);
        gw_span entry = gw_buf_span(&m.entry);
        struct gw_hash32 before = gw_leaf_hash(entry);
        size_t n = leaf_list(&m, list, GW_COUNT(list));
        assert_int_equal(n, s.hidden);
        for (size_t left = n; left > 0; left--) {
            size_t pick = (size_t)gw_rand_below(&r, left);
            if (gw_rand_below(&r, 3)) { // else it is redacted
                assert_int_equal(show(entry, list[pick], a, &name, &json), 0);
                const struct gw_leaf_field *f = told(&s, name);
                assert_true(f && f->hidden && gw_eq(f->json, json));
                assert_null(gw_leaf_member(entry, f->name, a).at);
            }
            list[pick] = list[left - 1];
        }
        struct gw_hash32 after = gw_leaf_hash(entry);
        struct gw_leaf_read read;
        assert_true(gw_hash32_eq(&before, &after));
        assert_int_equal(gw_leaf_read(entry, &author.vkey, &read, NULL), 0);
        leaf_release(&m);
        gw_arena_free(a);
    }
}

static void disclosure_of_another_leaf_is_refused(void **state)
{
    (void)state;
    static const struct gw_leaf_field f = {"a", GW_LIT_INIT("1"), true};
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE,
                               .at = LEAF_NOON,
                               .fields = &f,
                               .count = 1,
                               .digests = 8};
    uint8_t other_key[32] = {1};
    struct leaf_made m = leaf_made(&leaf, NULL), other;
    gw_span mine, theirs;
    assert_int_equal(leaf_try(&leaf, NULL, other_key, &other), 0);
    assert_int_equal(leaf_list(&m, &mine, 1), 1);
    assert_int_equal(leaf_list(&other, &theirs, 1), 1);
    assert_int_equal(shows(gw_buf_span(&m.entry), mine), 0);
    assert_int_equal(shows(gw_buf_span(&m.entry), theirs), GW_EPROOF);
    assert_int_equal(shows(gw_buf_span(&other.entry), mine), GW_EPROOF);
    leaf_release(&m);
    leaf_release(&other);
}

static void any_flipped_bit_of_a_disclosure_is_refused(void **state)
{
    (void)state;
    char text[] = RFC_DISCLOSURE;
    gw_span right = GW_LIT(RFC_DISCLOSURE);
    struct gw_buf leaf = leaf_with("", &right, 1);
    for (size_t bit = 0; bit < 8 * right.len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        int rc = shows(gw_buf_span(&leaf), gw_span_of(text, right.len));
        assert_true(rc == GW_EPROOF || rc == GW_EFORMAT);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    gw_buf_release(&leaf);
}

// ---- disclosures whose digest the leaf has ------------------------------
static void only_lists_of_three_are_disclosures(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "1",
                                      "{}",
                                      "[]",
                                      "[\"s\",\"n\"]",
                                      "[\"s\",\"n\",1,2]",
                                      "[1,\"n\",1]",
                                      "[\"s\",1,1]",
                                      "[\"s\",null,1]",
                                      "[\"s\",\"n\",1",
                                      "[\"s\",\"n\",1]x",
                                      "[\"s\",\"n\",1.5]",
                                      "[\"s\",\"n\",{\"a\":1,\"a\":2}]"};
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(shows_text(bad[i]), GW_EFORMAT);
    assert_int_equal(shows_text(" [ \"s\" , \"n\" , [ 1 ] ] "), 0);
}

static void names_the_leaf_has_or_may_not_have_are_refused(void **state)
{
    (void)state;
    assert_int_equal(shows_text("[\"s\",\"clear\",2]"), GW_EPROOF);
    static const char *const bad[] = {"_sd", "...", "type", "v",
                                      "by",  "",    "a b"};
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        char text[64];
        snprintf(text, sizeof text, "[\"s\",\"%s\",2]", bad[i]);
        assert_int_equal(shows_text(text), GW_EFORMAT);
    }
}

static void text_must_be_strict_base64url(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "=", "a", "ab=", "a b", "+/+/", "WyJd\n", RFC_DISCLOSURE "="};
    gw_span right = GW_LIT(RFC_DISCLOSURE);
    struct gw_buf leaf = leaf_with("", &right, 1);
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(shows(gw_buf_span(&leaf), gw_str(bad[i])), GW_EFORMAT);
    gw_buf_release(&leaf);
}

static void disclosures_are_bounded(void **state)
{
    (void)state;
    char *text = malloc(20000);
    assert_non_null(text);
    memset(text, 'A', 20000);
    gw_span right = GW_LIT(RFC_DISCLOSURE);
    struct gw_buf leaf = leaf_with("", &right, 1);
    assert_int_equal(shows(gw_buf_span(&leaf), gw_span_of(text, 20000)),
                     GW_ETOOBIG);
    assert_int_equal(shows(gw_buf_span(&leaf), gw_span_of(text, 10924)),
                     GW_EFORMAT);
    assert_int_equal(shows(gw_buf_span(&leaf), gw_span_of(text, 10920)),
                     GW_EPROOF);
    gw_buf_release(&leaf);
    free(text);
}

static void leaf_without_digests_hides_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        shows(GW_LIT("{\"day\":\"2026-11-21\",\"type\":\"key\",\"v\":1}"),
              GW_LIT(RFC_DISCLOSURE)),
        GW_EPROOF);
    assert_int_equal(shows(GW_LIT("{}"), GW_LIT(RFC_DISCLOSURE)), GW_EFORMAT);
}

static bool show_once(void)
{
    gw_span text = GW_LIT("WyJzIiwibiIsWzFdXQ"), name, json;
    static const char entry[] =
        "{\"_sd\":[\"4Nc3VXBmMNx3jIWzaKKUGMpo0aiox4G8VvjLGuPjcoQ\","
        "\"DybrwGfNDxTVa4RQJysUsJfGCe_AChnkxopLZe7C2-U\","
        "\"I1fqIfCnoioP3erY25yHnE4BVm13oWirkcJNpGahovw\","
        "\"Jvo8JC04uheA8x9nKpJMWa-mCakh8Ci5bq92wwCXk0k\","
        "\"L0jO8uL2EgOthZJ3NREFpviv8o535NYnWNmqa0iVBGE\","
        "\"RPzOpJTFIxwZ6D7UFJJTrmp1OHCdX2YsVk_VAgWCYA8\","
        "\"YP27Hy1WCRRrCog7Wk-YMV4t-7aZgKDBdVT6YvRrSr0\","
        "\"ifPH4gV14GEhI44DgvTdVGPWFXLZRq3F866E0S7H_no\"],\"_sd_alg\":\"sha-"
        "256\","
        "\"day\":\"2026-11-21\",\"type\":\"key\",\"v\":1}";
    struct gw_arena *a = gw_arena_new(1 << 16);
    bool ok =
        a && !gw_leaf_disclosed(gw_str(entry), text, a, &name, &json, NULL);
    gw_arena_free(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(show_once());
    assert_true(gw_fault_each_alloc(show_once) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disclosure_of_rfc_9901_has_its_digest),
        cmocka_unit_test(what_is_left_of_a_leaf_holds_in_any_order),
        cmocka_unit_test(disclosure_of_another_leaf_is_refused),
        cmocka_unit_test(any_flipped_bit_of_a_disclosure_is_refused),
        cmocka_unit_test(only_lists_of_three_are_disclosures),
        cmocka_unit_test(names_the_leaf_has_or_may_not_have_are_refused),
        cmocka_unit_test(text_must_be_strict_base64url),
        cmocka_unit_test(disclosures_are_bounded),
        cmocka_unit_test(leaf_without_digests_hides_nothing),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
