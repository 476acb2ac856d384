// Leaves: their bytes, what may be in them, and who signed them.
#include "fault.h"
#include "leaf_make.h"

#define PUBLIC(name, json)                                                     \
    {                                                                          \
        name, GW_LIT_INIT(json), false                                         \
    }
#define HIDDEN(name, json)                                                     \
    {                                                                          \
        name, GW_LIT_INIT(json), true                                          \
    }

// ---- the golden leaf ----------------------------------------------------
// Made apart with Python's hmac, json and cryptography.
static const char golden[] =
    "{\"_sd\":[\"4Nc3VXBmMNx3jIWzaKKUGMpo0aiox4G8VvjLGuPjcoQ\","
    "\"DybrwGfNDxTVa4RQJysUsJfGCe_AChnkxopLZe7C2-U\","
    "\"I1fqIfCnoioP3erY25yHnE4BVm13oWirkcJNpGahovw\","
    "\"Jvo8JC04uheA8x9nKpJMWa-mCakh8Ci5bq92wwCXk0k\","
    "\"L0jO8uL2EgOthZJ3NREFpviv8o535NYnWNmqa0iVBGE\","
    "\"RPzOpJTFIxwZ6D7UFJJTrmp1OHCdX2YsVk_VAgWCYA8\","
    "\"YP27Hy1WCRRrCog7Wk-YMV4t-7aZgKDBdVT6YvRrSr0\","
    "\"snKz5HvT4l6cpRxysHSreXOgtSfO59Bac9radJ9EZ0I\"],"
    "\"_sd_alg\":\"sha-256\",\"by\":\"7a579a5a\",\"case\":\"K-7\","
    "\"count\":3,\"day\":\"2026-11-21\","
    "\"sig\":\"HZRvP3xtXBSKyS+FIe2GwNtNTcpzq1OEVug+daO8+z9Jzaf6RTCOj7oro3C0"
    "+O/963ZySlFmIHk934owT8KfBg==\",\"type\":\"evidence\",\"v\":1}";
static const char golden_list[] =
    "[\"WyJHVGZBbm9UOU1CcFZkY2FGX19kZlNBIiwiYnl0ZXMiLDEyMzRd\","
    "\"WyJxYWNaZFlvVTFkSWVGaWs4SFdqY09BIiwiZmlsZSIseyJuYW1lIjoi2KvYqNmI2Kouc"
    "GRmIiwic2hhMjU2IjoiMDBmZiJ9XQ\","
    "\"WyJXNDN5Ykc2SURzc2tUSUpMSG1HeFJ3IiwicGxhY2UiLCJRdWV0dGEiXQ\"]";
static const struct gw_leaf_field golden_fields[] = {
    HIDDEN("place", "\"Quetta\""),
    PUBLIC("count", " 3 "),
    HIDDEN("file", "{\"sha256\":\"00ff\", \"name\":\"\\u062bبوت.pdf\"}"),
    PUBLIC("case", "\"K-7\""),
    HIDDEN("bytes", "1234"),
};
static const struct gw_new_leaf golden_leaf = {
    .type = GW_LEAF_EVIDENCE,
    .at = LEAF_NOON,
    .fields = golden_fields,
    .count = GW_COUNT(golden_fields),
    .digests = 8,
};

static void golden_leaf_has_its_bytes(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct leaf_made m = leaf_made(&golden_leaf, &author);
    char hex[65];
    struct gw_hash32 h = gw_leaf_hash(gw_buf_span(&m.entry));
    assert_int_equal(m.entry.len, strlen(golden));
    assert_memory_equal(m.entry.at, golden, m.entry.len);
    assert_int_equal(m.disclosures.len, strlen(golden_list));
    assert_memory_equal(m.disclosures.at, golden_list, m.disclosures.len);
    gw_hex(h.at, GW_HASH_LEN, hex);
    assert_string_equal(
        hex,
        "651ac4dfdcc0f5ef7894c95b81316b9ca4d4dc7be65ac6af91f3f1dba5d24f84");
    leaf_release(&m);
}

static void golden_leaf_reads_back(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct gw_leaf_read r;
    assert_int_equal(gw_leaf_read(gw_str(golden), &author.vkey, &r, NULL), 0);
    assert_int_equal(r.type, GW_LEAF_EVIDENCE);
    assert_true(r.day == gw_time_civil(2026, 11, 21, 0, 0, 0));
    assert_int_equal(r.by, 0x7a579a5a);
    assert_int_equal(r.digests, 8);
}

static void order_of_fields_does_not_change_a_byte(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct gw_rand r = {5};
    struct gw_leaf_field fields[GW_COUNT(golden_fields)];
    memcpy(fields, golden_fields, sizeof fields);
    for (int round = 0; round < 20; round++) {
        for (size_t i = GW_COUNT(fields) - 1; i > 0; i--) {
            size_t k = (size_t)gw_rand_below(&r, i + 1);
            struct gw_leaf_field swap = fields[i];
            fields[i] = fields[k];
            fields[k] = swap;
        }
        struct gw_new_leaf leaf = golden_leaf;
        leaf.fields = fields;
        struct leaf_made m = leaf_made(&leaf, &author);
        assert_true(gw_is(gw_buf_span(&m.entry), golden));
        assert_true(gw_is(gw_buf_span(&m.disclosures), golden_list));
        leaf_release(&m);
    }
}

static void another_item_key_changes_every_digest(void **state)
{
    (void)state;
    uint8_t key[32] = {9};
    struct leaf_made m;
    struct gw_arena *a = gw_arena_new(1 << 20);
    assert_int_equal(leaf_try(&golden_leaf, NULL, key, &m), 0);
    gw_span old = gw_leaf_member(gw_str(golden), "_sd", a);
    gw_span now = gw_leaf_member(gw_buf_span(&m.entry), "_sd", a);
    for (size_t i = 0; i < 8; i++)
        assert_true(gw_find(old, gw_sub(now, 2 + 46 * i, 43), 0) < 0);
    gw_arena_free(a);
    leaf_release(&m);
}

static void what_is_made_is_appended(void **state)
{
    (void)state;
    struct gw_buf entry, list;
    gw_buf_init(&entry, 1 << 16);
    gw_buf_init(&list, 1 << 16);
    gw_put_str(&entry, "before");
    assert_int_equal(
        gw_leaf_make(&golden_leaf, NULL, leaf_key, &entry, &list, NULL), 0);
    assert_true(gw_starts(gw_buf_span(&entry), "before{\"_sd\":["));
    gw_buf_release(&entry);
    gw_buf_init(&entry, 100);
    assert_int_equal(
        gw_leaf_make(&golden_leaf, NULL, leaf_key, &entry, &list, NULL),
        GW_ETOOBIG);
    gw_buf_release(&entry);
    gw_buf_release(&list);
}

// ---- shapes -------------------------------------------------------------
static void every_type_reads_as_itself_and_a_decoy_as_evidence(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    for (int i = 0; i < GW_LEAF_TYPE_COUNT; i++) {
        struct gw_new_leaf leaf = {.type = (enum gw_leaf_type)i,
                                   .at = LEAF_NOON};
        struct leaf_made m = leaf_made(&leaf, &author);
        struct gw_leaf_read r;
        assert_int_equal(
            gw_leaf_read(gw_buf_span(&m.entry), &author.vkey, &r, NULL), 0);
        assert_int_equal(r.type, i == GW_LEAF_DECOY ? GW_LEAF_EVIDENCE : i);
        assert_int_equal(r.digests, 0);
        assert_true(gw_is(gw_buf_span(&m.disclosures), "[]"));
        leaf_release(&m);
    }
    assert_string_equal(gw_leaf_type_name(GW_LEAF_DECOY), "decoy");
    assert_string_equal(gw_leaf_type_name(GW_LEAF_TYPE_COUNT), "?");
}

// All but digests and signature.
static gw_span without_secrets(const struct leaf_made *m, struct gw_arena *a)
{
    static const char *const names[] = {"v", "type", "day", "by", "_sd_alg"};
    gw_span all = GW_LIT("");
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        gw_span v = gw_leaf_member(gw_buf_span(&m->entry), names[i], a);
        all = gw_arena_fmt(a, "%.*s %.*s", (int)all.len, (const char *)all.at,
                           (int)v.len, (const char *)v.at);
    }
    return all;
}

static void decoys_have_the_shape_of_sealed_evidence(void **state)
{
    (void)state;
    struct gw_key author = leaf_author(1);
    struct gw_leaf_field hidden[32];
    char names[32][8];
    struct gw_arena *a = gw_arena_new(1 << 20);
    for (size_t i = 0; i < 32; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        hidden[i] = (struct gw_leaf_field){names[i], GW_LIT("[1,2]"), true};
    }
    for (size_t digests = 8; digests <= 32; digests *= 2) {
        struct gw_new_leaf decoy = {
            .type = GW_LEAF_DECOY, .at = LEAF_NOON, .digests = digests};
        struct leaf_made d = leaf_made(&decoy, &author);
        for (size_t n = 0; n <= digests; n++) {
            struct gw_new_leaf real = {.type = GW_LEAF_EVIDENCE,
                                       .at = LEAF_NOON,
                                       .fields = hidden,
                                       .count = n,
                                       .digests = digests};
            struct leaf_made m = leaf_made(&real, &author);
            assert_int_equal(m.entry.len, d.entry.len);
            assert_true(gw_eq(without_secrets(&m, a), without_secrets(&d, a)));
            leaf_release(&m);
        }
        leaf_release(&d);
    }
    gw_arena_free(a);
}

// ---- what a caller may not ask for --------------------------------------
static int try_field(const char *name, const char *json, bool hidden)
{
    struct gw_leaf_field f = {name, gw_str(json), hidden};
    struct gw_new_leaf leaf = {.type = GW_LEAF_INCIDENT,
                               .at = LEAF_NOON,
                               .fields = &f,
                               .count = 1,
                               .digests = hidden ? 8 : 0};
    struct leaf_made m;
    int rc = leaf_try(&leaf, NULL, leaf_key, &m);
    leaf_release(&m);
    return rc;
}

static void names_of_the_format_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "v",   "type", "day", "by", "sig", "_sd", "_sd_alg", "",        "_x",
        "...", "a b",  "a\"", "1a", "a.b", "a\\", "\xc3",    "\xd8\xab"};
    char name[66];
    memset(name, 'n', sizeof name);
    name[65] = 0;
    for (int hidden = 0; hidden < 2; hidden++) {
        for (size_t i = 0; i < GW_COUNT(bad); i++)
            assert_int_equal(try_field(bad[i], "1", hidden), GW_EREFUSED);
        assert_int_equal(try_field(NULL, "1", hidden), GW_EREFUSED);
        assert_int_equal(try_field(name, "1", hidden), GW_EREFUSED);
        assert_int_equal(try_field(name + 1, "1", hidden), 0);
        assert_int_equal(try_field("sha256", "1", hidden), 0);
        assert_int_equal(try_field("aB_-9", "1", hidden), 0);
    }
}

static void values_are_one_json_text_of_integers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "1.5",
                                      "1e3",
                                      "1.0",
                                      "9007199254740992",
                                      "nan",
                                      "[1,2.5]",
                                      "{\"a\":1",
                                      "1,\"b\":2",
                                      "1}",
                                      "\"\\ud8\"",
                                      "'a'",
                                      "{\"a\":1,\"a\":2}",
                                      "\"a\",\"sig\":\"b\""};
    static const char *const good[] = {"null",
                                       "true",
                                       "-9007199254740991",
                                       "\"\"",
                                       " [ ] ",
                                       "{\"b\":1,\"a\":[{}]}",
                                       "\"\\u0000\\b\\f\\u001f\\/\"",
                                       "\"\\ud83d\\ude00\""};
    for (int hidden = 0; hidden < 2; hidden++) {
        for (size_t i = 0; i < GW_COUNT(bad); i++)
            assert_int_equal(try_field("f", bad[i], hidden), GW_EFORMAT);
        assert_int_equal(try_field("f", NULL, hidden), GW_EFORMAT);
        for (size_t i = 0; i < GW_COUNT(good); i++)
            assert_int_equal(try_field("f", good[i], hidden), 0);
    }
}

static void numbers_of_fields_and_digests_are_bounded(void **state)
{
    (void)state;
    struct gw_leaf_field fields[33];
    char names[33][8];
    for (size_t i = 0; i < 33; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        fields[i] = (struct gw_leaf_field){names[i], GW_LIT("1"), i >= 24};
    }
    static const struct {
        size_t count, digests;
        int rc;
    } cases[] = {{32, 8, 0},           {33, 16, GW_ETOOBIG},
                 {24, 0, 0},           {25, 0, GW_ETOOBIG},
                 {25, 8, 0},           {25, 1, GW_EREFUSED},
                 {25, 9, GW_EREFUSED}, {25, 64, GW_EREFUSED},
                 {25, 32, 0}};
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        struct gw_new_leaf leaf = {.type = GW_LEAF_CLAIMS,
                                   .at = LEAF_NOON,
                                   .fields = fields,
                                   .count = cases[i].count,
                                   .digests = cases[i].digests};
        struct leaf_made m;
        assert_int_equal(leaf_try(&leaf, NULL, leaf_key, &m), cases[i].rc);
        leaf_release(&m);
    }
}

static void same_name_twice_is_refused(void **state)
{
    (void)state;
    struct gw_leaf_field fields[] = {PUBLIC("a", "1"), HIDDEN("a", "2")};
    struct gw_new_leaf leaf = {.type = GW_LEAF_CLAIMS,
                               .at = LEAF_NOON,
                               .fields = fields,
                               .count = 2,
                               .digests = 8};
    struct leaf_made m;
    assert_int_equal(leaf_try(&leaf, NULL, leaf_key, &m), GW_EREFUSED);
    leaf_release(&m);
}

static void days_and_types_out_of_range_are_refused(void **state)
{
    (void)state;
    static const gw_time odd[] = {GW_NEVER, -1, INT64_MAX};
    struct leaf_made m;
    for (size_t i = 0; i < GW_COUNT(odd); i++) {
        struct gw_new_leaf leaf = {.type = GW_LEAF_KEY, .at = odd[i]};
        assert_int_equal(leaf_try(&leaf, NULL, leaf_key, &m), GW_EREFUSED);
        leaf_release(&m);
    }
    struct gw_new_leaf leaf = {.type = GW_LEAF_TYPE_COUNT, .at = LEAF_NOON};
    assert_int_equal(leaf_try(&leaf, NULL, leaf_key, &m), GW_EREFUSED);
    leaf_release(&m);
}

static int try_long(size_t len, bool hidden)
{
    char *json = malloc(len + 3);
    assert_non_null(json);
    memset(json, 'x', len + 2);
    json[0] = json[len + 1] = '"';
    json[len + 2] = 0;
    int rc = try_field("f", json, hidden);
    free(json);
    return rc;
}

static void leaves_and_disclosures_are_at_most_8_kib(void **state)
{
    (void)state;
    // {"day":"2026-11-21","f":"...","type":"incident","v":1}
    size_t around = strlen("{\"day\":\"2026-11-21\",\"f\":\"\",\"type\":"
                           "\"incident\",\"v\":1}");
    assert_int_equal(try_long(8192 - around, false), 0);
    assert_int_equal(try_long(8193 - around, false), GW_ETOOBIG);
    assert_int_equal(try_long(100000, false), GW_ETOOBIG);
    around = strlen("[\"\",\"f\",\"\"]") + 22;
    assert_int_equal(try_long(8192 - around, true), 0);
    assert_int_equal(try_long(8193 - around, true), GW_ETOOBIG);
    assert_int_equal(try_long(100000, true), GW_ETOOBIG);
}

static bool make_golden(void)
{
    struct gw_key author = leaf_author(1);
    struct gw_buf entry, list;
    gw_buf_init(&entry, 1 << 16);
    gw_buf_init(&list, 1 << 16);
    bool ok =
        !gw_leaf_make(&golden_leaf, &author, leaf_key, &entry, &list, NULL);
    gw_buf_release(&entry);
    gw_buf_release(&list);
    return ok;
}

static void every_failed_allocation_of_making_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(make_golden) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_leaf_has_its_bytes),
        cmocka_unit_test(golden_leaf_reads_back),
        cmocka_unit_test(order_of_fields_does_not_change_a_byte),
        cmocka_unit_test(another_item_key_changes_every_digest),
        cmocka_unit_test(what_is_made_is_appended),
        cmocka_unit_test(every_type_reads_as_itself_and_a_decoy_as_evidence),
        cmocka_unit_test(decoys_have_the_shape_of_sealed_evidence),
        cmocka_unit_test(names_of_the_format_are_refused),
        cmocka_unit_test(values_are_one_json_text_of_integers),
        cmocka_unit_test(numbers_of_fields_and_digests_are_bounded),
        cmocka_unit_test(same_name_twice_is_refused),
        cmocka_unit_test(days_and_types_out_of_range_are_refused),
        cmocka_unit_test(leaves_and_disclosures_are_at_most_8_kib),
        cmocka_unit_test(every_failed_allocation_of_making_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
