#include "place.h"

#include "store/sql.h"

// An archive with one object in it.
struct shop {
    struct place p;
    struct gw_archive *a;
    struct gw_object o;
};

static struct shop shop_open(void)
{
    struct shop s = {.p = place_new()};
    s.a = archive_in(&s.p, GW_ARCHIVE_CREATE);
    s.o = put_text(s.a, "object");
    commit(s.a);
    return s;
}

static void shop_close(struct shop *s)
{
    gw_archive_close(s->a);
    place_remove(&s->p);
}

static void put(struct shop *s, const char *text)
{
    struct gw_why why = {0};
    int rc = put_segment(s->a, s->o.hash, text, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
}

static struct gw_segment_reader *open_facts(struct gw_archive *a,
                                            const char *object)
{
    struct gw_segment_reader *r = NULL;
    struct gw_why why = {0};
    int rc = gw_segment_open(a, GW_TIER_FACTS, object, &r, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return r;
}

// ---- reading and writing ------------------------------------------------

static size_t block_len(struct gw_rand *rand)
{
    return 1 + gw_rand_below(rand, gw_rand_below(rand, 8) ? 300 : 200000);
}

static void blocks_come_back_as_they_were_put(void **state)
{
    (void)state;
    struct shop s = shop_open();
    static uint8_t bytes[200001];
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct gw_rand rand = {seed}, again = {seed};
        struct gw_segment_writer *w;
        char header[64];
        snprintf(header, sizeof header, "{\"seed\":%d}", (int)seed);
        assert_int_equal(gw_segment_begin(s.a, GW_TIER_FINDINGS, s.o.hash,
                                          gw_str(header), &w, NULL),
                         0);
        for (uint64_t i = 0; i < seed; i++) {
            size_t len = block_len(&rand);
            memset(bytes, (int)i, len);
            assert_int_equal(gw_segment_put(w, gw_span_of(bytes, len), NULL),
                             0);
        }
        assert_int_equal(gw_segment_finish(w, NULL), 0);
        struct gw_segment_reader *r;
        assert_int_equal(
            gw_segment_open(s.a, GW_TIER_FINDINGS, s.o.hash, &r, NULL), 0);
        assert_true(gw_is(gw_segment_header(r), header));
        gw_span block;
        for (uint64_t i = 0; i < seed; i++) {
            size_t len = block_len(&again);
            memset(bytes, (int)i, len);
            assert_int_equal(gw_segment_next(r, &block, NULL), 1);
            assert_true(gw_eq(block, gw_span_of(bytes, len)));
        }
        assert_int_equal(gw_segment_next(r, &block, NULL), 0);
        assert_int_equal(gw_segment_next(r, &block, NULL), 0); // stays so
        gw_segment_close(r);
    }
    commit(s.a);
    assert_int_equal(files_with(&s.p, ".gws").n, 1);
    shop_close(&s);
}

static void rows_survive_the_whole_way(void **state)
{
    (void)state;
    struct shop s = shop_open();
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block_codec *codec = gw_block_codec_new();
    struct gw_block b;
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    assert_int_equal(gw_block_init(&b, arena), 0);
    gw_add_dns(&b)->hostname = GW_LIT("example.org");
    assert_int_equal(gw_block_encode(codec, &b, &out, NULL), 0);
    struct gw_segment_writer *w;
    assert_int_equal(
        gw_segment_begin(s.a, GW_TIER_FACTS, s.o.hash, GW_LIT("{}"), &w, NULL),
        0);
    assert_int_equal(gw_segment_put(w, gw_buf_span(&out), NULL), 0);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    struct gw_segment_reader *r = open_facts(s.a, s.o.hash);
    gw_span block;
    size_t rows;
    assert_int_equal(gw_segment_next(r, &block, NULL), 1);
    assert_int_equal(gw_block_decode(codec, block, GW_WANT(dns), &b, NULL), 0);
    assert_true(gw_is(gw_rows_dns(&b, &rows)[0].hostname, "example.org"));
    assert_int_equal(rows, 1);
    gw_segment_close(r);
    gw_buf_release(&out);
    gw_block_release(&b);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
    shop_close(&s);
}

static void a_file_is_framed_as_documented(void **state)
{
    (void)state;
    struct shop s = shop_open();
    put(&s, "abc");
    const struct count c = files_with(&s.p, ".gws");
    const gw_span head = GW_LIT("GWSEG1\n{\"v\":\"abc\"}\n\3\0\0\0abc"
                                "\0\0\0\0\1\0\0\0");
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    uint8_t hash[GW_HASH_LEN];
    char hex[65], name[128];
    struct gw_buf b;
    file_get(c.path, &b);
    assert_int_equal(b.len, head.len + sizeof hash);
    assert_memory_equal(b.at, head.at, head.len);
    assert_int_equal(gw_digest_once(d, head, hash, sizeof hash), 0);
    assert_memory_equal(b.at + head.len, hash, sizeof hash);
    gw_hex(hash, sizeof hash, hex);
    snprintf(name, sizeof name, "/segments/facts/%.2s/%s.%.12s.gws", s.o.hash,
             s.o.hash, hex);
    assert_string_equal(c.path + strlen(s.p.archive), name);
    struct stat st;
    assert_int_equal(stat(c.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    gw_digest_free(d);
    gw_buf_release(&b);
    shop_close(&s);
}

static void what_cannot_be_framed_is_refused(void **state)
{
    (void)state;
    struct shop s = shop_open();
    struct gw_segment_writer *w;
    uint8_t *much = gw_new((64 << 10) + 1);
    memset(much, 'x', (64 << 10) + 1);
    const gw_span headers[] = {
        GW_LIT(""), GW_LIT("{\n}"), {0}, gw_span_of(much, (64 << 10) + 1)};
    for (size_t i = 0; i < GW_COUNT(headers); i++)
        assert_int_equal(gw_segment_begin(s.a, GW_TIER_FACTS, s.o.hash,
                                          headers[i], &w, NULL),
                         GW_EFORMAT);
    assert_int_equal(
        gw_segment_begin(s.a, GW_TIER_FACTS, "../..", GW_LIT("{}"), &w, NULL),
        GW_EUSAGE);
    assert_int_equal(gw_segment_begin(s.a, GW_TIER_FACTS, s.o.hash,
                                      gw_span_of(much, 64 << 10), &w, NULL),
                     0);
    assert_int_equal(gw_segment_put(w, GW_LIT(""), NULL), GW_ETOOBIG);
    assert_int_equal(gw_segment_put(w, GW_LIT("x"), NULL), GW_ETOOBIG);
    assert_int_equal(gw_segment_finish(w, NULL), GW_ETOOBIG);
    gw_segment_abort(NULL);
    assert_int_equal(files_with(&s.p, "/segments/").n, 0);
    gw_free(much);
    shop_close(&s);
}

static void a_segment_needs_its_object(void **state)
{
    (void)state;
    struct shop s = shop_open();
    char hash[65];
    struct gw_segment_reader *r;
    memset(hash, '0', 64);
    hash[64] = 0;
    assert_int_equal(put_segment(s.a, hash, "text", NULL), GW_ENOENT);
    assert_int_equal(gw_segment_open(s.a, GW_TIER_FACTS, hash, &r, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_segment_open(s.a, GW_TIER_FACTS, s.o.hash, &r, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_segment_drop(s.a, GW_TIER_FACTS, hash, NULL),
                     GW_ENOENT);
    assert_int_equal(gw_segment_drop(s.a, GW_TIER_FACTS, s.o.hash, NULL), 0);
    assert_int_equal(files_with(&s.p, "/segments/").n, 0);
    shop_close(&s);
}

// ---- damage -------------------------------------------------------------

// Reads to the end; the result of the call that did not give a block.
static int read_all(struct gw_archive *a, const char *object,
                    struct gw_why *why)
{
    struct gw_segment_reader *r;
    gw_span block;
    int rc = gw_segment_open(a, GW_TIER_FACTS, object, &r, why);
    if (rc)
        return rc;
    while ((rc = gw_segment_next(r, &block, why)) == 1)
        ;
    if (rc)
        assert_int_equal(gw_segment_next(r, &block, NULL), rc); // sticky
    gw_segment_close(r);
    return rc;
}

static void every_changed_bit_is_found(void **state)
{
    (void)state;
    struct shop s = shop_open();
    put(&s, "some bytes");
    const struct count c = files_with(&s.p, ".gws");
    struct gw_buf b;
    file_get(c.path, &b);
    for (size_t i = 0; i < b.len * 8; i++) {
        struct gw_why why = {0};
        b.at[i / 8] ^= (uint8_t)(1 << i % 8);
        file_set(c.path, gw_buf_span(&b));
        assert_int_equal(read_all(s.a, s.o.hash, &why), GW_ECORRUPT);
        assert_non_null(strstr(why.text, c.path));
        b.at[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < b.len; n++) {
        file_set(c.path, gw_span_of(b.at, n));
        assert_int_equal(read_all(s.a, s.o.hash, NULL), GW_ECORRUPT);
    }
    gw_put_u8(&b, 0);
    file_set(c.path, gw_buf_span(&b));
    assert_int_equal(read_all(s.a, s.o.hash, NULL), GW_ECORRUPT);
    file_set(c.path, gw_span_of(b.at, b.len - 1));
    assert_int_equal(read_all(s.a, s.o.hash, NULL), 0);
    gw_buf_release(&b);
    shop_close(&s);
}

static void another_segment_in_its_place_is_found(void **state)
{
    (void)state;
    struct shop s = shop_open();
    put(&s, "one");
    const struct count one = files_with(&s.p, ".gws");
    struct gw_object other = put_text(s.a, "other");
    assert_int_equal(put_segment(s.a, other.hash, "two", NULL), 0);
    struct gw_buf b;
    char path[PATH_CAP], hash[65];
    assert_int_equal(segment_hash(s.a, GW_TIER_FACTS, other.hash, hash, NULL),
                     1);
    segment_path(s.a, GW_TIER_FACTS, other.hash, hash, path);
    file_get(path, &b);
    file_set(one.path, gw_buf_span(&b)); // whole and right in itself
    assert_int_equal(read_all(s.a, s.o.hash, NULL), GW_ECORRUPT);
    assert_int_equal(unlink(path), 0);
    struct gw_why why = {0};
    assert_int_equal(read_all(s.a, other.hash, &why), GW_ECORRUPT);
    assert_non_null(strstr(why.text, path));
    gw_buf_release(&b);
    shop_close(&s);
}

static void a_forged_length_asks_for_no_memory(void **state)
{
    (void)state;
    struct place p = place_new();
    char path[128];
    struct gw_segment_reader *r;
    struct gw_why why = {0};
    gw_span block;
    snprintf(path, sizeof path, "%s/forged", p.root);
    file_set(path, GW_LIT("GWSEG1\n{}\n\0\0\0\x10only this"));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(segment_read_fd(fd, path, "", &r, NULL), 0);
    assert_int_equal(gw_segment_next(r, &block, &why), GW_ECORRUPT);
    assert_non_null(strstr(why.text, "ends too early"));
    gw_segment_close(r);
    gw_segment_close(NULL);
    place_remove(&p);
}

static void a_wrong_count_is_found_though_its_hash_is_right(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    for (uint8_t count = 0; count < 3; count++) {
        uint8_t bytes[128] = "GWSEG1\n{}\n\1\0\0\0x";
        size_t len = 7 + 3 + 5 + 4 + 4;
        bytes[len - 4] = count;
        assert_int_equal(
            gw_digest_once(d, gw_span_of(bytes, len), bytes + len, GW_HASH_LEN),
            0);
        char path[128];
        struct gw_segment_reader *r;
        gw_span block;
        snprintf(path, sizeof path, "%s/forged", p.root);
        file_set(path, gw_span_of(bytes, len + GW_HASH_LEN));
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(segment_read_fd(fd, path, "", &r, NULL), 0);
        assert_int_equal(gw_segment_next(r, &block, NULL), 1);
        assert_int_equal(gw_segment_next(r, &block, NULL),
                         count == 1 ? 0 : GW_ECORRUPT);
        gw_segment_close(r);
    }
    gw_digest_free(d);
    place_remove(&p);
}

// ---- replacing ----------------------------------------------------------

static void the_old_stands_until_the_commit(void **state)
{
    (void)state;
    struct shop s = shop_open();
    put(&s, "old");
    commit(s.a);
    struct gw_archive *reader = archive_in(&s.p, GW_ARCHIVE_READ);
    struct gw_segment_reader *r = open_facts(reader, s.o.hash);
    put(&s, "new");
    assert_int_equal(files_with(&s.p, ".gws").n, 2);
    assert_true(segment_is(s.a, s.o.hash, "new"));
    assert_true(segment_is(reader, s.o.hash, "old"));
    commit(s.a);
    assert_int_equal(files_with(&s.p, ".gws").n, 1);
    assert_true(segment_is(reader, s.o.hash, "new"));
    gw_span block;
    assert_int_equal(gw_segment_next(r, &block, NULL), 1);
    assert_true(gw_is(block, "old")); // what was open can be read to its end
    assert_int_equal(gw_segment_next(r, &block, NULL), 0);
    gw_segment_close(r);
    gw_archive_close(reader);
    shop_close(&s);
}

static void what_is_rolled_back_leaves_the_old(void **state)
{
    (void)state;
    struct shop s = shop_open();
    put(&s, "old");
    commit(s.a);
    put(&s, "new");
    gw_archive_close(s.a);
    s.a = archive_in(&s.p, GW_ARCHIVE_WRITE);
    assert_true(segment_is(s.a, s.o.hash, "old"));
    assert_int_equal(files_with(&s.p, ".gws").n, 1);
    assert_int_equal(gw_segment_drop(s.a, GW_TIER_FACTS, s.o.hash, NULL), 0);
    gw_archive_close(s.a);
    s.a = archive_in(&s.p, GW_ARCHIVE_WRITE);
    assert_true(segment_is(s.a, s.o.hash, "old"));
    shop_close(&s);
}

static void the_same_bytes_leave_the_file_alone(void **state)
{
    (void)state;
    struct shop s = shop_open();
    struct stat before, after;
    put(&s, "old");
    commit(s.a);
    const struct count c = files_with(&s.p, ".gws");
    assert_int_equal(stat(c.path, &before), 0);
    put(&s, "old"); // the same again
    commit(s.a);
    put(&s, "new");
    put(&s, "old"); // there and back
    put(&s, "new");
    put(&s, "old");
    commit(s.a);
    assert_int_equal(stat(c.path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_int_equal(files_with(&s.p, "/segments/").n, 1);
    assert_true(segment_is(s.a, s.o.hash, "old"));
    assert_int_equal(gw_segment_drop(s.a, GW_TIER_FACTS, s.o.hash, NULL), 0);
    put(&s, "old"); // dropped and put again
    commit(s.a);
    assert_int_equal(stat(c.path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_int_equal(unlink(c.path), 0);
    put(&s, "old"); // which mends what is missing
    commit(s.a);
    assert_true(segment_is(s.a, s.o.hash, "old"));
    shop_close(&s);
}

static void a_dropped_segment_goes_with_the_commit(void **state)
{
    (void)state;
    struct shop s = shop_open();
    struct gw_segment_reader *r;
    put(&s, "old");
    commit(s.a);
    assert_int_equal(gw_segment_drop(s.a, GW_TIER_FACTS, s.o.hash, NULL), 0);
    assert_int_equal(gw_segment_open(s.a, GW_TIER_FACTS, s.o.hash, &r, NULL),
                     GW_ENOENT);
    assert_int_equal(files_with(&s.p, ".gws").n, 1);
    commit(s.a);
    assert_int_equal(files_with(&s.p, ".gws").n, 0);
    shop_close(&s);
}

// ---- the sum of a tier --------------------------------------------------

static int64_t digest_of(struct gw_archive *a, enum gw_tier tier, char *hex)
{
    int64_t n = -1;
    assert_int_equal(gw_tier_digest(a, tier, hex, &n, NULL), 0);
    return n;
}

static void equal_tables_have_equal_digests(void **state)
{
    (void)state;
    char hex[4][65];
    for (int turn = 0; turn < 2; turn++) {
        struct place p = place_new();
        struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
        for (int i = 0; i < 10; i++) {
            char text[32];
            snprintf(text, sizeof text, "object %d", turn ? 9 - i : i);
            struct gw_object o = put_text(a, text);
            assert_int_equal(put_segment(a, o.hash, text, NULL), 0);
        }
        assert_int_equal(digest_of(a, GW_TIER_FACTS, hex[turn]), 10);
        assert_int_equal(digest_of(a, GW_TIER_FINDINGS, hex[3]), 0);
        gw_archive_close(a);
        place_remove(&p);
    }
    assert_string_equal(hex[0], hex[1]);
    assert_string_equal(hex[3], "e3b0c44298fc1c149afbf4c8996fb924"
                                "27ae41e4649b934ca495991b7852b855");
    struct shop s = shop_open();
    char line[256], by_hand_hex[65];
    for (int i = 0; i < 2; i++) {
        char hash[65];
        put(&s, i ? "b" : "a");
        assert_int_equal(digest_of(s.a, GW_TIER_FACTS, hex[i]), 1);
        assert_int_equal(segment_hash(s.a, GW_TIER_FACTS, s.o.hash, hash, NULL),
                         1);
        snprintf(line, sizeof line, "%s %s\n", s.o.hash, hash);
        struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
        uint8_t sum[GW_HASH_LEN];
        assert_int_equal(gw_digest_once(d, gw_str(line), sum, sizeof sum), 0);
        gw_digest_free(d);
        gw_hex(sum, sizeof sum, by_hand_hex);
        assert_string_equal(hex[i], by_hand_hex);
    }
    assert_string_not_equal(hex[0], hex[1]);
    shop_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_back_as_they_were_put),
        cmocka_unit_test(rows_survive_the_whole_way),
        cmocka_unit_test(a_file_is_framed_as_documented),
        cmocka_unit_test(what_cannot_be_framed_is_refused),
        cmocka_unit_test(a_segment_needs_its_object),
        cmocka_unit_test(every_changed_bit_is_found),
        cmocka_unit_test(another_segment_in_its_place_is_found),
        cmocka_unit_test(a_forged_length_asks_for_no_memory),
        cmocka_unit_test(a_wrong_count_is_found_though_its_hash_is_right),
        cmocka_unit_test(the_old_stands_until_the_commit),
        cmocka_unit_test(what_is_rolled_back_leaves_the_old),
        cmocka_unit_test(the_same_bytes_leave_the_file_alone),
        cmocka_unit_test(a_dropped_segment_goes_with_the_commit),
        cmocka_unit_test(equal_tables_have_equal_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
