#include "fault.h"
#include "ledger/verify.h"
#include "verify_case.h"

enum { HEARD = 20 };

struct bench {
    struct place place;
    char bag[96];
    struct gw_arena *arena;
    struct bag checked;
    size_t count;
    char heard[HEARD][600];
    struct gw_why why;
};

static void hear_bad(void *ctx, const char *text)
{
    struct bench *b = ctx;
    assert_true(b->count < HEARD);
    snprintf(b->heard[b->count++], sizeof b->heard[0], "%s", text);
}

static int check(struct bench *b)
{
    b->count = 0;
    b->why = (struct gw_why){0};
    gw_arena_reset(b->arena);
    return bag_check(b->bag, b->arena, hear_bad, b, &b->checked, &b->why);
}

static void make_bag(struct bench *b)
{
    struct pack p = {0};
    pack_put(&p, "data/a.txt", GW_LIT("the a"));
    pack_put(&p, "data/more/b%.txt", GW_LIT("the b"));
    pack_put(&p, "proofs/c.txt", GW_LIT("the c"));
    pack_write(&p, b->bag);
    for (size_t i = 0; i < p.count; i++)
        gw_buf_release(&p.files[i].bytes);
}

static struct bench *bench_new(void)
{
    struct bench *b = gw_new(sizeof *b);
    assert_non_null(b);
    b->place = place_new();
    snprintf(b->bag, sizeof b->bag, "%s/bag", b->place.root);
    b->arena = gw_arena_new(BAG_ARENA_MAX);
    make_bag(b);
    return b;
}

static void bench_free(struct bench *b)
{
    place_remove(&b->place);
    gw_arena_free(b->arena);
    gw_free(b);
}

static const char *in(const struct bench *b, const char *name)
{
    static char path[2][160];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[0], "%s/%s", b->bag, name);
    return path[turn];
}

static void assert_heard(struct bench *b, const char *part)
{
    if (check(b))
        fail_msg("%s", b->why.text);
    for (size_t i = 0; i < b->count; i++)
        if (strstr(b->heard[i], part))
            return;
    fail_msg("nothing was said of \"%s\" but \"%s\"", part, b->heard[0]);
}

// Changes the text of a file; from must be in it.
static void change(struct bench *b, const char *name, const char *from,
                   const char *to)
{
    struct pack p = {0};
    struct gw_buf *bytes = pack_file(&p, "x");
    assert_int_equal(gw_file_read(in(b, name), bytes, NULL), 0);
    pack_change(&p, "x", from, to);
    put_file(in(b, name), gw_buf_span(pack_find(&p, "x")));
    gw_buf_release(pack_find(&p, "x"));
}

// ---- what holds ---------------------------------------------------------

static void a_whole_bag_is_silent_and_can_be_read(void **state)
{
    struct bench *b = bench_new();
    gw_span s;
    (void)state;
    assert_int_equal(check(b), 0);
    assert_int_equal(b->count, 0);
    assert_int_equal(b->checked.count, 6);
    assert_int_equal(bag_load(&b->checked, "data/more/b%.txt", 100, &s, NULL),
                     0);
    assert_true(gw_is(s, "the b"));
    assert_int_equal(s.at[s.len + GW_JSON_PADDING - 1], 0);
    bench_free(b);
}

static void loading_holds_a_file_against_the_manifest_again(void **state)
{
    struct bench *b = bench_new();
    gw_span s;
    (void)state;
    assert_int_equal(check(b), 0);
    struct bag *bag = &b->checked;
    assert_int_equal(bag_load(bag, "data/a.txt", 4, &s, NULL), GW_ETOOBIG);
    assert_int_equal(bag_load(bag, "data/none", 4, &s, NULL), GW_ENOENT);
    assert_int_equal(bag_load(bag, "../bag/data/a.txt", 9, &s, NULL),
                     GW_ENOENT);
    put_file(in(b, "data/a.txt"), GW_LIT("the A"));
    assert_int_equal(bag_load(bag, "data/a.txt", 9, &s, NULL), GW_EPROOF);
    assert_int_equal(unlink(in(b, "data/a.txt")), 0);
    assert_int_equal(symlink("more/b%.txt", in(b, "data/a.txt")), 0);
    assert_int_equal(bag_load(bag, "data/a.txt", 9, &s, NULL), GW_EREFUSED);
    bench_free(b);
}

// ---- each rule ----------------------------------------------------------

static void a_changed_file_is_told(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    put_file(in(b, "data/a.txt"), GW_LIT("the A"));
    assert_heard(b, "data/a.txt: its SHA-256 is not");
    assert_int_equal(b->count, 1);
    assert_false(bag_find(&b->checked, "data/a.txt")->held);
    make_bag(b);
    put_file(in(b, "proofs/c.txt"), GW_LIT("the C"));
    assert_heard(b, "proofs/c.txt: its SHA-256 is not");
    bench_free(b);
}

static void a_file_that_is_not_listed_is_told(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    put_file(in(b, "data/more/extra"), GW_LIT("x"));
    put_file(in(b, "extra"), GW_LIT("x"));
    assert_heard(b, "data/more/extra: no manifest lists it");
    assert_heard(b, "extra: no manifest lists it");
    assert_int_equal(b->count, 2);
    bench_free(b);
}

static void a_listed_file_that_is_missing_is_told(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    assert_int_equal(unlink(in(b, "data/a.txt")), 0);
    assert_heard(b, "data/a.txt: a manifest lists it, and it is not there");
    make_bag(b);
    assert_int_equal(unlink(in(b, "manifest-sha256.txt")), 0);
    assert_heard(b, "manifest-sha256.txt: ");
    assert_heard(b, "data/a.txt: no manifest lists it");
    make_bag(b);
    assert_int_equal(unlink(in(b, "tagmanifest-sha256.txt")), 0);
    assert_heard(b, "tagmanifest-sha256.txt: ");
    bench_free(b);
}

static void links_and_pipes_are_told_and_not_followed(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    assert_int_equal(symlink("/etc", in(b, "data/etc")), 0);
    assert_int_equal(symlink("nowhere", in(b, "nowhere")), 0);
    assert_int_equal(mkfifo(in(b, "data/pipe"), 0600), 0);
    assert_heard(b, "data/etc: a link");
    assert_heard(b, "nowhere: a link");
    assert_heard(b, "data/pipe: no plain file");
    assert_int_equal(b->count, 3);
    make_bag(b);
    assert_int_equal(rename(in(b, "data/a.txt"), in(b, "aside")), 0);
    assert_int_equal(symlink("../aside", in(b, "data/a.txt")), 0);
    assert_heard(b, "data/a.txt: a manifest lists it, and it is not there");
    make_bag(b);
    assert_int_equal(unlink(in(b, "manifest-sha256.txt")), 0);
    assert_int_equal(symlink("/dev/zero", in(b, "manifest-sha256.txt")), 0);
    assert_heard(b, "manifest-sha256.txt: a link");
    bench_free(b);
}

static void a_manifest_that_is_none_is_told(void **state)
{
    static const char *const changes[][2] = {
        {"  data/a.txt", " data/a.txt"},    {"  data/a.txt", "  data/../a.txt"},
        {"  data/a.txt", "  /data/a.txt"},  {"  data/a.txt", "  proofs/c.txt"},
        {"  data/a.txt", "  data/a\\.txt"}, {"b%25.txt", "b%.txt"},
        {"b%25.txt", "b%0A.txt"},           {"b%25.txt", "b%41.txt"},
        {"b%25.txt\n", "b%25.txt"},         {"b%25.txt\n", "b%25.txt\n\n"},
        {"a.txt\n", "a.txt\r\n"},
    };
    struct bench *b = bench_new();
    (void)state;
    for (size_t i = 0; i < GW_COUNT(changes); i++) {
        make_bag(b);
        change(b, "manifest-sha256.txt", changes[i][0], changes[i][1]);
        assert_heard(b, "manifest-sha256.txt: ");
        assert_true(b->count >= 2);
    }
    bench_free(b);
}

static void a_file_listed_twice_is_told(void **state)
{
    struct bench *b = bench_new();
    char line[160];
    (void)state;
    assert_int_equal(check(b), 0);
    char hex[2 * GW_HASH_LEN + 1];
    gw_hex(bag_find(&b->checked, "data/a.txt")->hash.at, GW_HASH_LEN, hex);
    snprintf(line, sizeof line, "data/a.txt\n%s  data/a.txt\n", hex);
    change(b, "manifest-sha256.txt", "data/a.txt\n", line);
    assert_heard(b, "data/a.txt: a manifest lists it twice");
    bench_free(b);
}

static void tag_files_say_what_the_bag_is(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    change(b, "bagit.txt", "1.0", "0.9");
    assert_heard(b, "bagit.txt: its SHA-256");
    change(b, "bag-info.txt", "10.2", "10.3");
    assert_heard(b, "bag-info.txt: its SHA-256");
    bench_free(b);
}

// With the manifests made to fit: the rule itself must be seen.
static void seal_anew(struct bench *b, const char *name)
{
    struct gw_buf bytes;
    char old[2 * GW_HASH_LEN + 1], hex[2 * GW_HASH_LEN + 1];
    gw_buf_init(&bytes, 1 << 16);
    assert_int_equal(check(b), 0);
    gw_hex(bag_find(&b->checked, name)->hash.at, GW_HASH_LEN, old);
    assert_int_equal(gw_file_read(in(b, name), &bytes, NULL), 0);
    struct gw_hash32 h = gw_sha256(gw_buf_span(&bytes));
    gw_hex(h.at, sizeof h.at, hex);
    change(b, "tagmanifest-sha256.txt", old, hex);
    gw_buf_release(&bytes);
}

static void a_wrong_declaration_or_oxum_is_told(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    change(b, "bagit.txt", "1.0", "0.9");
    seal_anew(b, "bagit.txt");
    assert_heard(b, "bagit.txt: not BagIt 1.0");
    make_bag(b);
    change(b, "bag-info.txt", "10.2", "10.3");
    seal_anew(b, "bag-info.txt");
    assert_heard(b, "bag-info.txt: Payload-Oxum is not 10.2");
    make_bag(b);
    change(b, "bag-info.txt", "Payload-Oxum", "Payload-Sum");
    seal_anew(b, "bag-info.txt");
    assert_heard(b, "bag-info.txt: no Payload-Oxum");
    make_bag(b);
    put_file(in(b, "bag-info.txt"), GW_LIT("no line"));
    assert_int_equal(rename(in(b, "bag-info.txt"), in(b, "fetch.txt")), 0);
    change(b, "tagmanifest-sha256.txt", "bag-info.txt", "fetch.txt");
    assert_heard(b, "fetch.txt: a bag that lacks files");
    assert_heard(b, "bag-info.txt: not in the bag");
    bench_free(b);
}

static void folders_nested_too_deep_are_told(void **state)
{
    struct bench *b = bench_new();
    char path[160];
    (void)state;
    snprintf(path, sizeof path, "%s", in(b, "data"));
    for (int i = 0; i < 20; i++)
        snprintf(path + strlen(path), sizeof path - strlen(path), "/d");
    assert_int_equal(gw_mkdirs(path, NULL), 0);
    assert_heard(b, "folders nest deeper than");
    bench_free(b);
}

static void what_is_no_folder_cannot_be_read(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    snprintf(b->bag, sizeof b->bag, "%s/none", b->place.root);
    assert_int_equal(check(b), GW_ENOENT);
    assert_non_null(strstr(b->why.text, "none"));
    bench_free(b);
}

// A sparse file costs its maker nothing, and reading it would cost an hour.
static void a_bag_past_its_ceiling_is_not_read(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    if (truncate(in(b, "data/a.txt"), (off_t)BAG_BYTES_MAX + 1)) {
        printf("skipped, no such large files here\n");
    } else {
        assert_int_equal(check(b), GW_ETOOBIG);
    }
    bench_free(b);
}

static struct bench *shared;

static bool quiet_check(void)
{
    gw_arena_free(shared->arena); // with the memory that it keeps
    shared->arena = gw_arena_new(BAG_ARENA_MAX);
    return shared->arena && check(shared) == 0 && shared->count == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    shared = bench_new();
    assert_true(gw_fault_each_alloc(quiet_check) >= 3);
    bench_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_bag_is_silent_and_can_be_read),
        cmocka_unit_test(loading_holds_a_file_against_the_manifest_again),
        cmocka_unit_test(a_changed_file_is_told),
        cmocka_unit_test(a_file_that_is_not_listed_is_told),
        cmocka_unit_test(a_listed_file_that_is_missing_is_told),
        cmocka_unit_test(links_and_pipes_are_told_and_not_followed),
        cmocka_unit_test(a_manifest_that_is_none_is_told),
        cmocka_unit_test(a_file_listed_twice_is_told),
        cmocka_unit_test(tag_files_say_what_the_bag_is),
        cmocka_unit_test(a_wrong_declaration_or_oxum_is_told),
        cmocka_unit_test(folders_nested_too_deep_are_told),
        cmocka_unit_test(what_is_no_folder_cannot_be_read),
        cmocka_unit_test(a_bag_past_its_ceiling_is_not_read),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
