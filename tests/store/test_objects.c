#include "place.h"

static void an_object_is_described_and_found_again(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "object"), back;
    o.kind = GW_KIND_TEST_LIST;
    o.state = GW_FAILED;
    o.dated = 5 * GW_DAY;
    o.records = INT64_MAX;
    o.refused = 7;
    snprintf(o.source, sizeof o.source, "https://example.org/?q='\"");
    snprintf(o.licence, sizeof o.licence, "CC0-1.0");
    snprintf(o.error, sizeof o.error, "cut short");
    assert_int_equal(gw_evidence_describe(a, &o, NULL), 0);
    commit(a);
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_READ);
    assert_int_equal(gw_evidence_find(a, o.hash, &back, NULL), 0);
    assert_memory_equal(&back, &o, sizeof o);
    char prefix[9], upper[9];
    for (int i = 0; i < 9; i++) {
        prefix[i] = i < 8 ? o.hash[i] : (char)0;
        upper[i] = (char)(prefix[i] >= 'a' ? prefix[i] - 32 : prefix[i]);
    }
    assert_int_equal(gw_evidence_find(a, prefix, &back, NULL), 0);
    assert_string_equal(back.hash, o.hash);
    assert_int_equal(gw_evidence_find(a, upper, &back, NULL), 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "object"), other = o;
    bool packed;
    memset(other.hash, '0', 64);
    assert_int_equal(gw_evidence_find(a, other.hash, &o, NULL), GW_ENOENT);
    assert_int_equal(gw_evidence_find(a, "00000000", &o, NULL), GW_ENOENT);
    assert_int_equal(gw_evidence_find(a, "0000000", &o, NULL), GW_EUSAGE);
    assert_int_equal(gw_evidence_find(a, "", &o, NULL), GW_EUSAGE);
    assert_int_equal(gw_evidence_find(a, "0000000g", &o, NULL), GW_EUSAGE);
    assert_int_equal(gw_evidence_find(a, "../../../../", &o, NULL), GW_EUSAGE);
    char longer[80];
    snprintf(longer, sizeof longer, "%s0", other.hash);
    assert_int_equal(gw_evidence_find(a, longer, &o, NULL), GW_EUSAGE);
    assert_int_equal(gw_evidence_describe(a, &other, NULL), GW_ENOENT);
    assert_int_equal(gw_evidence_open(a, other.hash, &packed, NULL), GW_ENOENT);
    assert_int_equal(gw_evidence_open(a, "..", &packed, NULL), GW_ENOENT);
    assert_int_equal(gw_evidence_check(a, other.hash, NULL), GW_ENOENT);
    assert_int_equal(gw_refusals_clear(a, other.hash, NULL), GW_ENOENT);
    gw_archive_close(a);
    place_remove(&p);
}

#define INSERT_OBJECT(hash)                                                    \
    "INSERT INTO object (hash, size, packed, kind, state, added, records,"     \
    " refused, name, source, licence, error) VALUES (" hash                    \
    ", 1, 0, 'made later', 'done', 0, 0, 0, '', '', '', '');"

static void a_prefix_of_two_objects_is_not_enough(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_object o;
    gw_archive_close(archive_in(&p, GW_ARCHIVE_CREATE));
    by_hand(&p, INSERT_OBJECT("'abcdef012' || printf('%055d', 1)")
                    INSERT_OBJECT("'abcdef013' || printf('%055d', 1)"));
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_READ);
    assert_int_equal(gw_evidence_find(a, "abcdef01", &o, NULL), GW_EUSAGE);
    assert_int_equal(gw_evidence_find(a, "abcdef013", &o, NULL), 0);
    assert_string_equal(o.hash + 54, "0000000001");
    assert_int_equal(o.kind, GW_KIND_UNKNOWN); // of a later version
    gw_archive_close(a);
    place_remove(&p);
}

static int count_object(void *ctx, const struct gw_object *o)
{
    (void)o;
    (*(int *)ctx)++;
    return 0;
}

static void a_hash_that_is_a_path_is_corrupt(void **state)
{
    (void)state;
    struct place p = place_new();
    int n = 0;
    gw_archive_close(archive_in(&p, GW_ARCHIVE_CREATE));
    by_hand(&p, "PRAGMA ignore_check_constraints = 1;" INSERT_OBJECT(
                    "'../../' || printf('%058d', 1)"));
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_READ);
    assert_int_equal(gw_evidence_each(a, -1, -1, count_object, &n, NULL),
                     GW_ECORRUPT);
    assert_int_equal(n, 0);
    gw_archive_close(a);
    place_remove(&p);
}

struct seen {
    struct gw_archive *a;
    char last[65];
    int n;
};

// Uses the archive while it is being walked: the walk must not mind.
static int describe_and_look(void *ctx, const struct gw_object *o)
{
    struct seen *s = ctx;
    struct gw_object changed = *o;
    int inner = 0;
    assert_true(strcmp(s->last, o->hash) < 0);
    snprintf(s->last, sizeof s->last, "%s", o->hash);
    changed.state = GW_DONE;
    changed.kind = s->n++ % 2 ? GW_KIND_MMDB : GW_KIND_OONI_JSON;
    assert_int_equal(gw_evidence_describe(s->a, &changed, NULL), 0);
    assert_int_equal(gw_evidence_each(s->a, -1, -1, count_object, &inner, NULL),
                     0);
    assert_int_equal(inner, 20);
    commit(s->a);
    return 0;
}

static int stop_at_once(void *ctx, const struct gw_object *o)
{
    (void)o;
    (*(int *)ctx)++;
    return 42;
}

static int count_each(struct gw_archive *a, int kind, int state)
{
    int n = 0;
    assert_int_equal(gw_evidence_each(a, kind, state, count_object, &n, NULL),
                     0);
    return n;
}

static void objects_are_walked_in_order_and_by_filter(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_int_equal(count_each(a, -1, -1), 0);
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "object %d", i);
        put_text(a, text);
    }
    struct seen s = {.a = a};
    assert_int_equal(
        gw_evidence_each(a, -1, GW_PENDING, describe_and_look, &s, NULL), 0);
    assert_int_equal(s.n, 20);
    assert_int_equal(count_each(a, -1, GW_PENDING), 0);
    assert_int_equal(count_each(a, -1, GW_DONE), 20);
    assert_int_equal(count_each(a, GW_KIND_MMDB, -1), 10);
    assert_int_equal(count_each(a, GW_KIND_MMDB, GW_DONE), 10);
    assert_int_equal(count_each(a, GW_KIND_MMDB, GW_FAILED), 0);
    int n = 0;
    assert_int_equal(gw_evidence_each(a, -1, -1, stop_at_once, &n, NULL), 42);
    assert_int_equal(n, 1);
    gw_archive_close(a);
    place_remove(&p);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    char name[2048];
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = "\xd9\xbe"[i % 2]; // 1023 bytes end inside a character
    name[sizeof name - 1] = 0;
    struct gw_object o = put_span(a, name, GW_LIT("bytes"));
    assert_int_equal(strlen(o.name), 1022);
    assert_true(gw_is_utf8(gw_str(o.name)));
    put_span(a, name, GW_LIT("bytes")); // the same name, once cut
    commit(a);
    assert_int_equal(by_hand(&p, "SELECT count(*) FROM alias"), 0);
    gw_archive_close(a);
    place_remove(&p);
}

// ---- refusals -----------------------------------------------------------

struct refusals {
    int n, stop_at;
    int64_t last_record;
    size_t bytes;
    char objects[4][65];
};

static int see_refusal(void *ctx, const struct gw_refusal *r)
{
    struct refusals *s = ctx;
    snprintf(s->objects[s->n % 4], sizeof s->objects[0], "%s", r->object);
    s->last_record = r->record;
    s->bytes = r->bytes.len;
    s->n++;
    return s->n == s->stop_at ? 9 : 0;
}

static void refusals_keep_their_bytes_and_order(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    const char *hashes[2];
    struct gw_object x = put_text(a, "x"), y = put_text(a, "y");
    hashes[0] = strcmp(x.hash, y.hash) < 0 ? x.hash : y.hash;
    hashes[1] = hashes[0] == x.hash ? y.hash : x.hash;
    uint8_t *much = gw_new(GW_REFUSAL_BYTES_MAX + 1);
    for (int i = 0; i < 4; i++) {
        struct gw_refusal r = {.record = i,
                               .offset = 10 * i,
                               .length = GW_REFUSAL_BYTES_MAX + 1,
                               .code = GW_EFORMAT,
                               .reason = "RFC 8259 section 7"};
        snprintf(r.object, sizeof r.object, "%s", hashes[1 - i % 2]);
        r.bytes =
            gw_span_of(much, i == 3 ? GW_REFUSAL_BYTES_MAX + 1 : (size_t)i);
        assert_int_equal(gw_refusal_add(a, &r, NULL), 0);
    }
    gw_free(much);
    struct refusals s = {.stop_at = -1};
    assert_int_equal(gw_refusals_each(a, NULL, see_refusal, &s, NULL), 0);
    assert_int_equal(s.n, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(s.objects[i], hashes[i / 2]);
    s = (struct refusals){.stop_at = -1};
    assert_int_equal(gw_refusals_each(a, hashes[0], see_refusal, &s, NULL), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.last_record, 3);
    assert_int_equal(s.bytes, GW_REFUSAL_BYTES_MAX);
    s = (struct refusals){.stop_at = 2};
    assert_int_equal(gw_refusals_each(a, NULL, see_refusal, &s, NULL), 9);
    assert_int_equal(s.n, 2);
    assert_int_equal(gw_refusals_clear(a, hashes[0], NULL), 0);
    s = (struct refusals){.stop_at = -1};
    assert_int_equal(gw_refusals_each(a, NULL, see_refusal, &s, NULL), 0);
    assert_int_equal(s.n, 2);
    gw_archive_close(a);
    place_remove(&p);
}

static void no_object_keeps_more_refusals_than_stated(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "o");
    struct gw_refusal r = {.code = GW_EFORMAT, .reason = "odd"};
    memcpy(r.object, o.hash, sizeof r.object);
    for (int i = 0; i < GW_REFUSALS_MAX + 5; i++) {
        r.record = i;
        assert_int_equal(gw_refusal_add(a, &r, NULL), 0);
    }
    struct refusals s = {.stop_at = -1};
    assert_int_equal(gw_refusals_each(a, o.hash, see_refusal, &s, NULL), 0);
    assert_int_equal(s.n, GW_REFUSALS_MAX);
    assert_int_equal(s.last_record, GW_REFUSALS_MAX - 1);
    gw_archive_close(a);
    place_remove(&p);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < GW_KIND_COUNT; i++) {
        enum gw_kind k = (enum gw_kind)i;
        assert_int_equal(gw_kind_is_reference(k) + gw_kind_is_measurements(k),
                         k != GW_KIND_UNKNOWN);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(gw_kind_name(k),
                                    gw_kind_name((enum gw_kind)j));
    }
    assert_string_equal(gw_kind_name(GW_KIND_COUNT), "unknown");
    assert_false(gw_kind_is_reference(GW_KIND_COUNT));
    assert_string_equal(gw_kind_name(GW_KIND_CL_DNS_FINGERPRINTS),
                        "citizenlab-dns-fingerprints");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_described_and_found_again),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_prefix_of_two_objects_is_not_enough),
        cmocka_unit_test(a_hash_that_is_a_path_is_corrupt),
        cmocka_unit_test(objects_are_walked_in_order_and_by_filter),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(refusals_keep_their_bytes_and_order),
        cmocka_unit_test(no_object_keeps_more_refusals_than_stated),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
