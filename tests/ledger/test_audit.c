#include "t.h"
#include "audit_case.h"
#include "fault.h"
#include "peer.h"

#include <ftw.h>

static void logs_of_all_sizes_are_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(audit_sizes); i++)
        for (int threads = 0; threads < 5; threads += 2) {
            struct memory_log m;
            struct gw_audit got;
            struct gw_why why = {0};
            const struct gw_audit_options o = {.threads = threads};
            assert_true(memory_make(&m, audit_sizes[i]));
            assert_int_equal(audit(&m, &m.c, &o, &got, &why), 0);
            struct gw_hash32 root = gw_range_root(&got.range);
            assert_true(gw_hash32_eq(&root, &m.c.root));
            assert_int_equal(got.range.size, audit_sizes[i]);
            assert_int_equal(got.entries, audit_sizes[i]);
            assert_int_equal(got.files, m.count); // every one, and once
            uint64_t bytes = 0;
            for (size_t k = 0; k < m.count; k++)
                bytes += m.files[k].bytes.len;
            assert_int_equal(got.bytes, bytes);
            memory_free(&m);
        }
}

static void every_flipped_bit_is_rejected(void **state)
{
    struct memory_log m;
    struct gw_audit got;
    size_t flips = 0;
    (void)state;
    assert_true(memory_make(&m, 17));
    for (size_t i = 0; i < m.count; i++)
        for (size_t bit = 0; bit < 8 * m.files[i].bytes.len; bit++) {
            uint8_t *at = &m.files[i].bytes.at[bit / 8];
            struct gw_why why = {0};
            *at ^= (uint8_t)(1 << bit % 8);
            int rc = audit(&m, &m.c, NULL, &got, &why);
            assert_true(rc == GW_EPROOF || rc == GW_EFORMAT);
            assert_true(names(&why, m.files[i].path));
            *at ^= (uint8_t)(1 << bit % 8);
            flips++;
        }
    for (int bit = 0; bit < 256; bit++) {
        m.c.root.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct gw_why why = {0};
        assert_int_equal(audit(&m, &m.c, NULL, &got, &why), GW_EPROOF);
        assert_true(names(&why, "checkpoint"));
        m.c.root.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(m.count, 2);
    assert_true(flips > 6000);
    assert_int_equal(audit(&m, &m.c, NULL, &got, NULL), 0);
    memory_free(&m);
}

static void the_file_that_is_wrong_is_named_in_a_larger_log(void **state)
{
    struct memory_log m;
    struct gw_rand rand = {21};
    (void)state;
    assert_true(memory_make(&m, 70000));
    for (int round = 0; round < 40; round++) {
        struct memory_file *f = &m.files[gw_rand_below(&rand, m.count)];
        size_t bit = (size_t)gw_rand_below(&rand, 8 * f->bytes.len);
        const struct gw_audit_options o = {.threads = 1 + round % 4};
        struct gw_audit got;
        struct gw_why why = {0};
        f->bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = audit(&m, &m.c, &o, &got, &why);
        assert_true(rc == GW_EPROOF || rc == GW_EFORMAT);
        assert_true(names(&why, f->path));
        assert_int_equal(why.code, rc);
        f->bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    memory_free(&m);
}

static void the_first_damage_is_told_whatever_the_threads(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 20000));
    const struct memory_file *first = memory_find(&m, "tile/entries/020");
    memory_find(&m, "tile/0/045")->bytes.at[7] ^= 1;
    first->bytes.at[9] ^= 1;
    memory_find(&m, "tile/entries/060")->gone = true;
    for (int round = 0; round < 20; round++) {
        const struct gw_audit_options o = {.threads = 1 + round % 5};
        struct gw_audit got;
        struct gw_why why = {0};
        assert_int_equal(audit(&m, &m.c, &o, &got, &why), GW_EPROOF);
        assert_true(names(&why, first->path));
        assert_int_equal(got.range.size, 20 * GW_TILE_WIDTH);
    }
    memory_free(&m);
}

static void files_that_are_gone_or_cut_are_named(void **state)
{
    struct memory_log m;
    struct gw_rand rand = {22};
    (void)state;
    assert_true(memory_make(&m, 3000));
    for (int round = 0; round < 200; round++) {
        struct memory_file *f = &m.files[gw_rand_below(&rand, m.count)];
        struct gw_audit got;
        struct gw_why why = {0};
        size_t len = f->bytes.len;
        f->gone = round % 3 == 0;
        if (!f->gone)
            f->bytes.len = (size_t)gw_rand_below(&rand, len);
        int rc = audit(&m, &m.c, NULL, &got, &why);
        assert_int_equal(rc, f->gone ? GW_ENOENT : GW_EFORMAT);
        assert_true(names(&why, f->path));
        f->gone = false;
        f->bytes.len = len;
    }
    memory_free(&m);
}

static void a_partial_file_that_is_gone_is_read_from_the_full_one(void **state)
{
    struct memory_log m;
    struct gw_audit got;
    (void)state;
    assert_true(memory_make(&m, 512));
    struct gw_checkpoint old = memory_checkpoint(&m, 300);
    struct gw_why why = {0};
    assert_int_equal(audit(&m, &old, NULL, &got, &why), GW_ENOENT);
    assert_true(names(&why, "tile/1/000.p/1"));
    memory_put_tile(&m, 1, 0, 1);
    assert_int_equal(audit(&m, &old, NULL, &got, NULL), 0);
    assert_int_equal(got.entries, 300);
    // What comes after the 300 is of no account, but must be a bundle.
    struct gw_buf *b = &memory_find(&m, "tile/entries/001")->bytes;
    b->at[b->len - 1] ^= 1;
    assert_int_equal(audit(&m, &old, NULL, &got, NULL), 0);
    b->len--;
    assert_int_equal(audit(&m, &old, NULL, &got, NULL), GW_EFORMAT);
    memory_free(&m);
}

// ---- earlier checkpoints ------------------------------------------------
static void an_earlier_checkpoint_must_be_a_prefix(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 1000));
    for (uint64_t n = 0; n <= 1000; n += 1 + n / 3) {
        struct gw_checkpoint old = memory_checkpoint(&m, n);
        const struct gw_audit_options o = {.old = &old};
        struct gw_audit got;
        struct gw_why why = {0};
        assert_int_equal(audit(&m, &m.c, &o, &got, NULL), 0);
        old.root.at[n % 32] ^= 1;
        assert_int_equal(audit(&m, &m.c, &o, &got, &why), GW_EFORK);
        assert_true(names(&why, "checkpoint"));
    }
    struct gw_checkpoint larger = memory_checkpoint(&m, 1000), c = m.c;
    const struct gw_audit_options o = {.old = &larger};
    struct gw_audit got;
    c = memory_checkpoint(&m, 999);
    assert_int_equal(audit(&m, &c, &o, &got, NULL), GW_EFORK);
    larger.root.at[0] ^= 1;
    assert_int_equal(audit(&m, &m.c, &o, &got, NULL), GW_EFORK);
    memory_free(&m);
}

static struct memory_log shared;

static bool audit_it(void)
{
    const struct gw_audit_options o = {.threads = 1};
    struct gw_audit got;
    return audit(&shared, &shared.c, &o, &got, NULL) == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(memory_make(&shared, 600));
    assert_true(gw_fault_each_alloc(audit_it) >= 4);
    memory_free(&shared);
}

// ---- logs of others -----------------------------------------------------
static int unlink_it(const char *path, const struct stat *st, int type,
                     struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static struct gw_checkpoint checkpoint_in(struct gw_log_reader *r,
                                          const char *name)
{
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_buf b;
    struct gw_note note;
    struct gw_checkpoint c;
    gw_buf_init(&b, GW_NOTE_MAX);
    assert_int_equal(gw_log_get(r, name, GW_NOTE_MAX, &b, NULL), 0);
    assert_int_equal(gw_note_parse(gw_buf_span(&b), arena, &note, NULL), 0);
    assert_int_equal(gw_checkpoint_parse(note.text, &c, NULL), 0);
    gw_buf_release(&b);
    gw_arena_free(arena);
    return c;
}

static void audit_folder(const char *folder, const char *name, int threads)
{
    struct gw_log_reader *r;
    struct gw_audit got;
    struct gw_why why = {0};
    const struct gw_audit_options o = {.threads = threads};
    assert_int_equal(gw_log_reader_open(folder, &r, NULL), 0);
    struct gw_checkpoint c = checkpoint_in(r, name);
    if (gw_log_audit(r, &c, &o, &got, &why))
        fail_msg("%s/%s: %s", folder, name, why.text);
    assert_int_equal(got.entries, c.size);
    gw_log_reader_close(r);
}

static void logs_that_the_peer_wrote_are_good(void **state)
{
    static const char *const list[] = {"0",   "1",   "255",   "256",
                                       "257", "300", "65536", "70000"};
    char folder[] = "/tmp/gw_audit.XXXXXX", name[32];
    (void)state;
    if (!peer_or_skip("logs that the peer wrote"))
        return;
    assert_non_null(mkdtemp(folder));
    const char *const args[] = {"gen",
                                "-n",
                                "70000",
                                "-out",
                                folder,
                                "-sizes",
                                "0,1,255,256,257,300,65536,70000",
                                NULL};
    assert_int_equal(peer_run(args, (gw_span){0}, NULL), 0);
    for (size_t i = 0; i < GW_COUNT(list); i++)
        for (int threads = 1; threads < 4; threads++) {
            snprintf(name, sizeof name, "checkpoint.%s", list[i]);
            audit_folder(folder, name, threads);
        }
    struct gw_log_reader *r;
    assert_int_equal(gw_log_reader_open(folder, &r, NULL), 0);
    struct gw_checkpoint c = checkpoint_in(r, "checkpoint");
    for (size_t i = 0; i < GW_COUNT(list); i++) {
        snprintf(name, sizeof name, "checkpoint.%s", list[i]);
        struct gw_checkpoint old = checkpoint_in(r, name);
        const struct gw_audit_options o = {.old = &old, .threads = 2};
        struct gw_audit got;
        assert_int_equal(gw_log_audit(r, &c, &o, &got, NULL), 0);
    }
    gw_log_reader_close(r);
    assert_int_equal(nftw(folder, unlink_it, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void logs_of_tessera_and_sunlight_are_good(void **state)
{
    const char *data = getenv("GAWAH_DATA");
    char folder[512], name[32];
    (void)state;
    snprintf(folder, sizeof folder, "%s/tlog/tessera/testdata/log",
             data ? data : "");
    if (!data || access(folder, R_OK)) {
        printf("skipped, no logs of others in GAWAH_DATA\n");
        return;
    }
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "checkpoint.%d", i);
        audit_folder(folder, name, 1);
    }
    snprintf(folder, sizeof folder, "%s/tlog/sunlight_mirror_300", data);
    audit_folder(folder, "checkpoint", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_of_all_sizes_are_good),
        cmocka_unit_test(every_flipped_bit_is_rejected),
        cmocka_unit_test(the_file_that_is_wrong_is_named_in_a_larger_log),
        cmocka_unit_test(the_first_damage_is_told_whatever_the_threads),
        cmocka_unit_test(files_that_are_gone_or_cut_are_named),
        cmocka_unit_test(a_partial_file_that_is_gone_is_read_from_the_full_one),
        cmocka_unit_test(an_earlier_checkpoint_must_be_a_prefix),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(logs_that_the_peer_wrote_are_good),
        cmocka_unit_test(logs_of_tessera_and_sunlight_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
