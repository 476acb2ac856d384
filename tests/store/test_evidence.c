#include "place.h"

#include <zstd.h>

#define BIG ((size_t)700 << 10)

static void sha256(gw_span s, char *ret_hex)
{
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    uint8_t hash[GW_HASH_LEN];
    assert_int_equal(gw_digest_once(d, s, hash, sizeof hash), 0);
    gw_digest_free(d);
    gw_hex(hash, sizeof hash, ret_hex);
}

// The stored file, as anybody with a zstd of their own would read it.
static void read_back(struct gw_archive *a, const char *hash, bool *ret_packed,
                      struct gw_buf *out)
{
    static uint8_t stored[4 * BIG];
    int fd = gw_evidence_open(a, hash, ret_packed, NULL);
    assert_true(fd >= 0);
    ssize_t n = read(fd, stored, sizeof stored);
    assert_true(n >= 0);
    close(fd);
    gw_buf_init(out, 4 * BIG);
    uint8_t *p = gw_buf_room(out, 2 * BIG);
    if (!*ret_packed) {
        memcpy(p, stored, (size_t)n);
        out->len = (size_t)n;
        return;
    }
    size_t len = ZSTD_decompress(p, 2 * BIG, stored, (size_t)n);
    assert_false(ZSTD_isError(len));
    out->len = len;
    assert_true(stored[4] & 4); // RFC 8878: Content_Checksum_flag
}

static void stored_path(const struct place *p, const struct gw_object *o,
                        const char *end, char *ret_path, size_t cap)
{
    snprintf(ret_path, cap, "%s/evidence/%.2s/%s%s", p->archive, o->hash,
             o->hash, end);
}

static void what_comes_out_is_what_went_in(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_rand rand = {1};
    static uint8_t bytes[BIG];
    const size_t edge[] = {0, 1, 2, 3, 262143, 262144, 262145, 524288, BIG};
    for (int i = 0; i < 60; i++) {
        size_t len =
            (size_t)i < GW_COUNT(edge) ? edge[i] : gw_rand_below(&rand, BIG);
        bool noise = gw_rand_below(&rand, 2);
        for (size_t k = 0; k < len; k++)
            bytes[k] = noise ? (uint8_t)gw_rand_next(&rand) : (uint8_t)(k / 9);
        if (len >= 2 && gw_rand_below(&rand, 3) == 0)
            memcpy(bytes, "\x1f\x8b", 2);
        struct bytes source = {gw_span_of(bytes, len),
                               1 + gw_rand_below(&rand, 1 << 18)};
        struct gw_object o;
        bool new, packed;
        char hex[65];
        assert_int_equal(
            gw_evidence_put(a, give_bytes, &source, "n", &o, &new, NULL), 0);
        sha256(gw_span_of(bytes, len), hex);
        assert_string_equal(o.hash, hex);
        assert_int_equal(o.size, len);
        assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
        struct gw_buf back;
        read_back(a, o.hash, &packed, &back);
        assert_true(gw_eq(gw_buf_span(&back), gw_span_of(bytes, len)));
        assert_int_equal(packed, len < 2 || bytes[0] != 0x1f);
        gw_buf_release(&back);
    }
    gw_archive_close(a);
    place_remove(&p);
}

static void real_objects_keep_their_hash(void **state)
{
    (void)state;
    const char *data = getenv("GAWAH_DATA");
    char path[512], hex[65];
    snprintf(path, sizeof path, "%s/ooni/imap_confirmed_blockings_2022H1.csv",
             data ? data : "");
    if (!data || access(path, R_OK)) {
        print_message("skipped: no real inputs in GAWAH_DATA\n");
        return;
    }
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_buf b;
    file_get(path, &b);
    struct gw_object o = put_span(a, path, gw_buf_span(&b));
    sha256(gw_buf_span(&b), hex);
    assert_string_equal(o.hash, hex);
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    gw_buf_release(&b);
    gw_archive_close(a);
    place_remove(&p);
}

static bool is_packed(struct gw_archive *a, gw_span s)
{
    struct gw_object o = put_span(a, "n", s);
    struct gw_buf back;
    bool packed;
    read_back(a, o.hash, &packed, &back);
    assert_true(gw_eq(gw_buf_span(&back), s));
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    gw_buf_release(&back);
    return packed;
}

static void what_is_compressed_already_is_left_so(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_false(is_packed(a, GW_LIT("\x1f\x8b gzip")));
    assert_false(is_packed(a, GW_LIT("\x28\xb5\x2f\xfd zstd")));
    assert_false(is_packed(a, GW_LIT("\x04\x22\x4d\x18 lz4")));
    assert_false(is_packed(a, GW_LIT("BZh91AY")));
    assert_false(is_packed(a, GW_LIT("\xfd\x37zXZ\0")));
    assert_false(is_packed(a, GW_LIT("PK\x03\x04 zip")));
    assert_true(is_packed(a, GW_LIT("")));
    assert_true(is_packed(a, GW_LIT("\x1f")));
    assert_true(is_packed(a, GW_LIT("{}")));
    assert_true(is_packed(a, GW_LIT("BZ")));
    assert_int_equal(files_with(&p, "/tmp-").n, 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void a_database_that_is_mapped_is_never_packed(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    static uint8_t bytes[BIG];
    const gw_span marker = GW_LIT("\xab\xcd\xefMaxMind.com");
    const size_t lens[] = {14, 262140, 262144, 262150, 524288, 524290, BIG};
    const size_t ends[] = {0, 1, 13, 1000, 131072 - 14};
    for (size_t i = 0; i < GW_COUNT(lens); i++)
        for (size_t k = 0; k < GW_COUNT(ends); k++) {
            if (lens[i] < ends[k] + marker.len)
                continue;
            memset(bytes, (int)(i * 8 + k), sizeof bytes);
            memcpy(bytes + lens[i] - ends[k] - marker.len, marker.at,
                   marker.len);
            assert_false(is_packed(a, gw_span_of(bytes, lens[i])));
        }
    memset(bytes, 99, sizeof bytes); // far from the end it is only text
    memcpy(bytes, marker.at, marker.len);
    assert_true(is_packed(a, gw_span_of(bytes, BIG)));
    assert_int_equal(files_with(&p, "/tmp-").n, 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void the_same_bytes_are_one_object(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    const char *names[] = {"first", "second", "first", "second", "third"};
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        struct bytes source = {GW_LIT("the same"), 0};
        struct gw_object o;
        bool new;
        assert_int_equal(
            gw_evidence_put(a, give_bytes, &source, names[i], &o, &new, NULL),
            0);
        assert_int_equal(new, i == 0);
        assert_string_equal(o.name, "first");
        assert_int_equal(o.kind, GW_KIND_UNKNOWN);
        assert_int_equal(o.state, GW_PENDING);
        assert_true(o.added == noon.fixed && o.dated == GW_NEVER);
        if (i == 1)
            commit(a);
    }
    commit(a);
    assert_int_equal(files_with(&p, "/evidence/").n, 1);
    assert_int_equal(by_hand(&p, "SELECT count(*) FROM object"), 1);
    assert_int_equal(by_hand(&p, "SELECT count(*) FROM alias"), 2);
    gw_archive_close(a);
    place_remove(&p);
}

static void a_missing_file_is_put_back(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "object");
    commit(a);
    char path[256];
    struct gw_why why = {0};
    bool packed;
    stored_path(&p, &o, ".zst", path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(gw_evidence_check(a, o.hash, &why), GW_ECORRUPT);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(gw_evidence_open(a, o.hash, &packed, NULL), GW_ECORRUPT);
    put_text(a, "object");
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void a_file_that_no_row_names_is_replaced(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(a, "object");
    gw_archive_close(a); // no commit: the file stays, the row does not
    char path[256];
    stored_path(&p, &o, ".zst", path, sizeof path);
    assert_int_equal(access(path, F_OK), 0);
    file_set(path, GW_LIT("torn"));
    a = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), GW_ENOENT);
    put_text(a, "object");
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    assert_int_equal(files_with(&p, "/evidence/").n, 1);
    gw_archive_close(a);
    place_remove(&p);
}

static int64_t fail_late(void *ctx, uint8_t *bytes, size_t len)
{
    int *turns = ctx;
    memset(bytes, *turns, len);
    return (*turns)-- > 0 ? (int64_t)len : GW_ENET;
}

static int64_t give_too_much(void *ctx, uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    return (int64_t)len + 1;
}

static void a_source_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = {.size = 77};
    struct gw_why why = {0};
    bool new;
    int turns = 3;
    assert_int_equal(
        gw_evidence_put(a, fail_late, &turns, "its name", &o, &new, &why),
        GW_ENET);
    assert_non_null(strstr(why.text, "its name"));
    assert_int_equal(
        gw_evidence_put(a, give_too_much, NULL, "n", &o, &new, NULL), GW_EIO);
    assert_int_equal(o.size, 77);
    assert_int_equal(files_with(&p, "/evidence/").n, 0);
    o = put_text(a, "the next one is not affected");
    commit(a);
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    gw_archive_close(a);
    place_remove(&p);
}

// A file of that content is looked at after each change; the object's bytes
// must come out unharmed or not at all.
static void expect_found_out(struct gw_archive *a, const char *path,
                             const struct gw_object *o, gw_span changed,
                             gw_span right)
{
    struct gw_why why = {0};
    file_set(path, changed);
    int rc = gw_evidence_check(a, o->hash, &why);
    if (rc == 0) { // a bit of zstd's frame that has no bearing on the content
        struct gw_buf back;
        bool packed;
        read_back(a, o->hash, &packed, &back);
        assert_true(packed && gw_eq(gw_buf_span(&back), right));
        gw_buf_release(&back);
        return;
    }
    assert_int_equal(rc, GW_ECORRUPT);
    assert_non_null(strstr(why.text, path));
}

static void damage_is_found(gw_span right, const char *end)
{
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_object o = put_span(a, "n", right);
    char path[256];
    struct gw_buf b;
    stored_path(&p, &o, end, path, sizeof path);
    file_get(path, &b);
    for (size_t i = 0; i < b.len * 8; i++) {
        b.at[i / 8] ^= (uint8_t)(1 << i % 8);
        expect_found_out(a, path, &o, gw_buf_span(&b), right);
        b.at[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < b.len; n++) {
        file_set(path, gw_span_of(b.at, n));
        assert_int_equal(gw_evidence_check(a, o.hash, NULL), GW_ECORRUPT);
    }
    size_t whole = b.len;
    gw_put_str(&b, "x");
    file_set(path, gw_buf_span(&b));
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), GW_ECORRUPT);
    b.len = whole;
    gw_put(&b, "\x50\x2a\x4d\x18\0\0\0\0", 8); // a skippable frame
    file_set(path, gw_buf_span(&b));
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), GW_ECORRUPT);
    b.len = whole;
    file_set(path, gw_buf_span(&b));
    assert_int_equal(gw_evidence_check(a, o.hash, NULL), 0);
    gw_buf_release(&b);
    gw_archive_close(a);
    place_remove(&p);
}

static void damage_to_a_plain_file_is_found(void **state)
{
    (void)state;
    damage_is_found(GW_LIT("\x1f\x8b plain bytes, stored as they are"), "");
}

static void damage_to_a_packed_file_is_found(void **state)
{
    (void)state;
    damage_is_found(GW_LIT("{\"a\":1,\"b\":[1,1,1,1,1,1,1,1,1,1,1]}"), ".zst");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out_is_what_went_in),
        cmocka_unit_test(real_objects_keep_their_hash),
        cmocka_unit_test(what_is_compressed_already_is_left_so),
        cmocka_unit_test(a_database_that_is_mapped_is_never_packed),
        cmocka_unit_test(the_same_bytes_are_one_object),
        cmocka_unit_test(a_missing_file_is_put_back),
        cmocka_unit_test(a_file_that_no_row_names_is_replaced),
        cmocka_unit_test(a_source_that_fails_leaves_nothing),
        cmocka_unit_test(damage_to_a_plain_file_is_found),
        cmocka_unit_test(damage_to_a_packed_file_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
