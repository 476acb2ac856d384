#include "fault.h"
#include "verify_case.h"

#include <spawn.h>
#include <sys/wait.h>

static gw_time day(void)
{
    return gw_time_civil(2024, 2, 29, 0, 0, 0);
}

struct bench {
    struct place place;
    char bag[96];
    struct gw_buf text; // of a file read last
    struct gw_why why;
};

static struct bench *bench_new(void)
{
    struct bench *b = gw_new(sizeof *b);
    assert_non_null(b);
    b->place = place_new();
    snprintf(b->bag, sizeof b->bag, "%s/bag", b->place.root);
    gw_buf_init(&b->text, 4 << 20);
    return b;
}

static void bench_free(struct bench *b)
{
    place_remove(&b->place);
    gw_buf_release(&b->text);
    gw_free(b);
}

static gw_span read_of(struct bench *b, const char *path)
{
    char full[160];
    snprintf(full, sizeof full, "%s/%s", b->bag, path);
    gw_buf_reset(&b->text);
    if (gw_file_read(full, &b->text, &b->why))
        fail_msg("%s", b->why.text);
    return gw_buf_span(&b->text);
}

static void assert_file(struct bench *b, const char *path, const char *text)
{
    gw_span s = read_of(b, path);
    if (!gw_is(s, text))
        fail_msg("%s is:\n%.*s", path, (int)s.len, (const char *)s.at);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static struct gw_bundle *begin(struct bench *b)
{
    struct gw_bundle *bundle;
    if (gw_bundle_begin(b->bag, &bundle, &b->why))
        fail_msg("%s", b->why.text);
    return bundle;
}

static void put(struct bench *b, struct gw_bundle *bundle, const char *path,
                const char *text)
{
    if (gw_bundle_put(bundle, path, gw_str(text), &b->why))
        fail_msg("%s", b->why.text);
}

static void finish(struct bench *b, struct gw_bundle *bundle)
{
    if (gw_bundle_finish(bundle, day(), "one line", &b->why))
        fail_msg("%s", b->why.text);
}

// ---- what is written ----------------------------------------------------

// Hashes by sha256sum of GNU coreutils.
static void a_bag_has_the_files_of_rfc_8493(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    (void)state;
    put(b, bundle, "data/z.txt", "abc");
    put(b, bundle, "README.txt", "");
    put(b, bundle, "data/a/100%.txt", "hello\n");
    finish(b, bundle);
    assert_file(b, "bagit.txt",
                "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    assert_file(b, "bag-info.txt",
                "Bag-Software-Agent: gawah\nBagging-Date: 2024-02-29\n"
                "External-Description: one line\nPayload-Oxum: 9.2\n");
    assert_file(
        b, "manifest-sha256.txt",
        "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  "
        "data/a/100%25.txt\n"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  "
        "data/z.txt\n");
    assert_file(
        b, "tagmanifest-sha256.txt",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  "
        "README.txt\n"
        "5f539ccf048f5733df20b4e7a9a04418ab69c61574b489df1531be1d992f7c21  "
        "bag-info.txt\n"
        "1712ecfb074bf29c4188ad3421032509159a09739fd604f8fe57038b4ddefcc9  "
        "bagit.txt\n"
        "7804049f1e1f5b76c188600ee8b8ce28fc419e6153d18ee55006b3a359eaf76f  "
        "manifest-sha256.txt\n");
    assert_file(b, "data/a/100%.txt", "hello\n");
    bench_free(b);
}

static void the_order_of_putting_does_not_show(void **state)
{
    static const char *const paths[] = {"data/b", "data/a/c", "x", "data/a.c",
                                        "proofs/x"};
    struct bench *one = bench_new(), *other = bench_new();
    struct gw_bundle *x = begin(one), *y = begin(other);
    (void)state;
    for (size_t i = 0; i < GW_COUNT(paths); i++) {
        put(one, x, paths[i], paths[i]);
        put(other, y, paths[GW_COUNT(paths) - 1 - i],
            paths[GW_COUNT(paths) - 1 - i]);
    }
    finish(one, x);
    finish(other, y);
    assert_true(gw_eq(read_of(one, "tagmanifest-sha256.txt"),
                      read_of(other, "tagmanifest-sha256.txt")));
    bench_free(one);
    bench_free(other);
}

static int sha256sum(const char *folder, const char *manifest)
{
    char command[256];
    char shell[] = "sh", option[] = "-c";
    char *argv[] = {shell, option, command, NULL};
    pid_t pid;
    int status;
    snprintf(command, sizeof command,
             "cd %s && sha256sum --strict --status -c %s", folder, manifest);
    assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void sha256sum_accepts_the_manifests(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    (void)state;
    put(b, bundle, "data/a b.txt", "a blank");
    put(b, bundle, "data/\xd9\x85.txt", "a letter");
    put(b, bundle, "proofs/x", "a tag");
    finish(b, bundle);
    if (access("/usr/bin/sha256sum", X_OK)) {
        printf("skipped, there is no sha256sum\n");
    } else {
        assert_int_equal(sha256sum(b->bag, "manifest-sha256.txt"), 0);
        assert_int_equal(sha256sum(b->bag, "tagmanifest-sha256.txt"), 0);
        char path[160];
        snprintf(path, sizeof path, "%s/data/a b.txt", b->bag);
        put_file(path, GW_LIT("a b1ank"));
        assert_int_not_equal(sha256sum(b->bag, "manifest-sha256.txt"), 0);
    }
    bench_free(b);
}

static int64_t numbers(void *ctx, uint8_t *bytes, size_t len)
{
    uint64_t *left = ctx;
    size_t n = *left < len ? (size_t)*left : len;
    memset(bytes, 'n', n);
    *left -= n;
    return (int64_t)n;
}

static void what_is_large_is_copied_in_steps(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    uint64_t left = (1 << 20) + 1;
    (void)state;
    assert_int_equal(
        gw_bundle_put_from(bundle, "data/large", numbers, &left, &b->why), 0);
    finish(b, bundle);
    gw_span s = read_of(b, "data/large");
    assert_int_equal(s.len, (1 << 20) + 1);
    char line[160], hex[2 * GW_HASH_LEN + 1];
    struct gw_hash32 h = gw_sha256(s);
    gw_hex(h.at, sizeof h.at, hex);
    snprintf(line, sizeof line, "%s  data/large\n", hex);
    assert_file(b, "manifest-sha256.txt", line);
    bench_free(b);
}

static void a_bag_without_payload_is_a_bag(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    finish(b, begin(b));
    assert_file(b, "manifest-sha256.txt", "");
    char data[128];
    snprintf(data, sizeof data, "%s/data", b->bag);
    assert_true(is_there(data));
    bench_free(b);
}

// ---- what is refused ----------------------------------------------------

static void a_path_that_leaves_the_bag_is_refused(void **state)
{
    static const char *const paths[] = {"",
                                        "/etc/passwd",
                                        "../x",
                                        "data/../x",
                                        "data/..",
                                        "data//x",
                                        "data/./x",
                                        "data/x/",
                                        "data/a\nb",
                                        "data/a\x01",
                                        "data/a\x7f",
                                        "data/a\\b",
                                        "data/\xff",
                                        "data",
                                        "bagit.txt",
                                        "fetch.txt",
                                        "bag-info.txt",
                                        "manifest-sha256.txt",
                                        "tagmanifest-sha256.txt"};
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    (void)state;
    for (size_t i = 0; i < GW_COUNT(paths); i++)
        assert_int_equal(gw_bundle_put(bundle, paths[i], GW_LIT("x"), NULL),
                         GW_EREFUSED);
    put(b, bundle, "data/still good", "x");
    finish(b, bundle);
    bench_free(b);
}

static void a_folder_that_is_not_empty_is_left_alone(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle;
    char file[128];
    (void)state;
    snprintf(file, sizeof file, "%s/data", b->bag);
    assert_int_equal(gw_mkdirs(file, NULL), 0);
    assert_int_equal(gw_bundle_begin(b->bag, &bundle, &b->why), GW_EEXIST);
    assert_null(bundle);
    assert_true(is_there(file));
    bench_free(b);
}

static void a_path_twice_spoils_the_bag(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    (void)state;
    put(b, bundle, "data/x", "x");
    assert_int_equal(gw_bundle_put(bundle, "data/x", GW_LIT("y"), NULL),
                     GW_EEXIST);
    assert_int_equal(gw_bundle_put(bundle, "data/z", GW_LIT("z"), NULL),
                     GW_EEXIST);
    assert_int_equal(gw_bundle_finish(bundle, day(), "x", NULL), GW_EEXIST);
    assert_false(is_there(b->bag));
    bench_free(b);
}

static int64_t broken(void *ctx, uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    return GW_ECORRUPT;
}

static void a_source_that_fails_spoils_the_bag(void **state)
{
    struct bench *b = bench_new();
    struct gw_bundle *bundle = begin(b);
    (void)state;
    assert_int_equal(
        gw_bundle_put_from(bundle, "data/x", broken, NULL, &b->why),
        GW_ECORRUPT);
    gw_bundle_abort(bundle);
    assert_false(is_there(b->bag));
    bench_free(b);
}

static void an_aborted_bag_leaves_only_what_was_there(void **state)
{
    struct bench *b = bench_new();
    char other[128];
    (void)state;
    assert_int_equal(gw_mkdirs(b->bag, NULL), 0);
    struct gw_bundle *bundle = begin(b);
    put(b, bundle, "data/a/b/c", "x");
    put(b, bundle, "proofs/x", "x");
    gw_bundle_abort(bundle);
    assert_true(is_there(b->bag));
    bundle = begin(b); // which wants an empty folder
    put(b, bundle, "data/x", "x");
    snprintf(other, sizeof other, "%s/data/not of the bag", b->bag);
    put_file(other, GW_LIT("x"));
    gw_bundle_abort(bundle);
    assert_true(is_there(other));
    gw_bundle_abort(NULL);
    bench_free(b);
}

static void a_description_is_one_line(void **state)
{
    struct bench *b = bench_new();
    (void)state;
    assert_int_equal(gw_bundle_finish(begin(b), day(), "two\nlines", NULL),
                     GW_EREFUSED);
    assert_false(is_there(b->bag));
    bench_free(b);
}

// ---- what fails ---------------------------------------------------------

static struct bench *shared;

static bool whole_bag(void)
{
    struct gw_bundle *bundle;
    nftw(shared->bag, place_unlink, 16, FTW_DEPTH | FTW_PHYS);
    int rc = gw_bundle_begin(shared->bag, &bundle, NULL);
    if (!rc && gw_bundle_put(bundle, "data/a/x", GW_LIT("x"), NULL)) {
        rc = GW_EIO;
        gw_bundle_abort(bundle);
    } else if (!rc) {
        rc = gw_bundle_finish(bundle, day(), "x", NULL);
    }
    if (rc && is_there(shared->bag))
        fail_msg("half a bag is left");
    return rc == 0;
}

static void every_failed_write_or_allocation_leaves_no_half_bag(void **state)
{
    (void)state;
    shared = bench_new();
    assert_true(gw_fault_each_write(whole_bag) >= 15);
    assert_true(gw_fault_each_alloc(whole_bag) >= 15);
    bench_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bag_has_the_files_of_rfc_8493),
        cmocka_unit_test(the_order_of_putting_does_not_show),
        cmocka_unit_test(sha256sum_accepts_the_manifests),
        cmocka_unit_test(what_is_large_is_copied_in_steps),
        cmocka_unit_test(a_bag_without_payload_is_a_bag),
        cmocka_unit_test(a_path_that_leaves_the_bag_is_refused),
        cmocka_unit_test(a_folder_that_is_not_empty_is_left_alone),
        cmocka_unit_test(a_path_twice_spoils_the_bag),
        cmocka_unit_test(a_source_that_fails_spoils_the_bag),
        cmocka_unit_test(an_aborted_bag_leaves_only_what_was_there),
        cmocka_unit_test(a_description_is_one_line),
        cmocka_unit_test(every_failed_write_or_allocation_leaves_no_half_bag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
