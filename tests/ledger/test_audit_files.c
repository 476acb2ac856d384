// Audits that go on from what is known, hand files over, and are watched.
#include "audit_case.h"
#include "t.h"

// ---- what is known already ----------------------------------------------
static struct gw_range range_of(const struct memory_log *m, uint64_t size)
{
    struct gw_range r = {0};
    for (uint64_t i = 0; i < size; i++) {
        struct gw_hash32 h;
        assert_int_equal(gw_tree_node(m->tree, 0, i, &h, NULL), 0);
        gw_range_add(&r, &h);
    }
    return r;
}

static void an_audit_goes_on_where_one_ended(void **state)
{
    static const uint64_t starts[] = {
        0, 1, 255, 256, 300, 1000, 511, 512, 65535, 65536, 65537, 69999, 70000};
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 70000));
    for (size_t i = 0; i < GW_COUNT(starts); i++) {
        struct gw_range from = range_of(&m, starts[i]);
        const struct gw_audit_options o = {.from = &from,
                                           .threads = (int)i % 3};
        struct gw_audit got;
        m.reads = 0;
        assert_int_equal(audit(&m, &m.c, &o, &got, NULL), 0);
        assert_int_equal(got.range.size, 70000);
        assert_int_equal(got.entries,
                         70000 - starts[i] / GW_TILE_WIDTH * GW_TILE_WIDTH);
        uint64_t bundles = 274 - starts[i] / GW_TILE_WIDTH;
        assert_in_range(m.reads, 2 * bundles, 2 * bundles + 6);
    }
    memory_free(&m);
}

static void what_was_known_must_be_there_yet(void **state)
{
    struct memory_log m;
    struct gw_rand rand = {23};
    (void)state;
    assert_true(memory_make(&m, 70000));
    for (int round = 0; round < 60; round++) {
        uint64_t size = 1 + gw_rand_below(&rand, 70000);
        struct gw_range from = range_of(&m, size);
        const struct gw_audit_options o = {.from = &from};
        struct gw_audit got;
        struct gw_why why = {0};
        int l = 63; // a random one of its subtrees was another
        for (int k = 0; k < 64; k++)
            if (size >> k & 1 && (l == 63 || gw_rand_below(&rand, 3) == 0))
                l = k;
        from.at[l].at[5] ^= 2;
        assert_int_equal(audit(&m, &m.c, &o, &got, &why), GW_EFORK);
    }
    struct gw_range from = range_of(&m, 70000);
    const struct gw_audit_options o = {.from = &from};
    struct gw_audit got;
    struct gw_checkpoint shrunk = memory_checkpoint(&m, 69999);
    assert_int_equal(audit(&m, &shrunk, &o, &got, NULL), GW_EFORK);
    memory_free(&m);
}

static void damage_where_it_goes_on_is_no_fork(void **state)
{
    static const char *const files[] = {"tile/1/001.p/17", "tile/2/000.p/1",
                                        "tile/0/273.p/112",
                                        "tile/entries/273.p/112"};
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 70000));
    struct gw_range from = range_of(&m, 69990);
    const struct gw_audit_options o = {.from = &from};
    for (size_t i = 0; i < GW_COUNT(files); i++) {
        struct gw_audit got;
        struct gw_why why = {0};
        uint8_t *at = &memory_find(&m, files[i])->bytes.at[4];
        *at ^= 16;
        assert_int_equal(audit(&m, &m.c, &o, &got, &why), GW_EPROOF);
        assert_true(names(&why, files[i]));
        *at ^= 16;
    }
    memory_free(&m);
}

// ---- files handed over --------------------------------------------------
struct copy {
    struct memory_log of, to;
    uint64_t next[9]; // by level, [8]: bundles
    size_t fail_after;
};

static int take_file(void *ctx, int level, uint64_t n, unsigned width,
                     gw_span bytes, struct gw_why *why)
{
    struct copy *c = ctx;
    uint64_t *next = &c->next[level == GW_TILE_ENTRIES ? 8 : level];
    char path[GW_TILE_PATH];
    gw_tile_path(level, n, width, path);
    if (c->to.count == c->fail_after)
        return gw_fail(why, GW_EIO, "%s: the disk is full", path);
    assert_true(n >= *next); // in order
    *next = n;
    struct memory_file *f = memory_find(&c->of, path);
    assert_non_null(f);
    assert_true(gw_eq(bytes, gw_buf_span(&f->bytes)));
    f = memory_new(&c->to, level, n, width);
    assert_non_null(f); // once
    gw_put_span(&f->bytes, bytes);
    return 0;
}

static void every_file_is_handed_over_once_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < GW_COUNT(audit_sizes); i++) {
        struct copy c = {.fail_after = SIZE_MAX};
        const struct gw_audit_options o = {
            .file = take_file, .ctx = &c, .threads = (int)i % 4};
        struct gw_audit got;
        assert_true(memory_make(&c.of, audit_sizes[i]));
        assert_int_equal(audit(&c.of, &c.of.c, &o, &got, NULL), 0);
        assert_int_equal(c.to.count, c.of.count);
        assert_int_equal(audit(&c.to, &c.of.c, NULL, &got, NULL), 0);
        memory_free(&c.of);
        memory_free(&c.to);
    }
}

static void what_cannot_be_stored_ends_the_audit(void **state)
{
    (void)state;
    for (size_t after = 0; after < 12; after++) {
        struct copy c = {.fail_after = after};
        const struct gw_audit_options o = {
            .file = take_file, .ctx = &c, .threads = (int)after % 3};
        struct gw_audit got;
        struct gw_why why = {0};
        assert_true(memory_make(&c.of, 1500));
        assert_int_equal(audit(&c.of, &c.of.c, &o, &got, &why), GW_EIO);
        assert_true(names(&why, "the disk is full"));
        assert_int_equal(c.to.count, after);
        memory_free(&c.of);
        memory_free(&c.to);
    }
}

static void nothing_that_is_wrong_is_handed_over(void **state)
{
    struct gw_rand rand = {24};
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct copy c = {.fail_after = SIZE_MAX};
        const struct gw_audit_options o = {
            .file = take_file, .ctx = &c, .threads = round % 3};
        struct gw_audit got;
        assert_true(memory_make(&c.of, 5000));
        struct memory_log bent;
        assert_true(memory_make(&bent, 5000));
        struct memory_file *f = &bent.files[gw_rand_below(&rand, bent.count)];
        f->bytes.at[gw_rand_below(&rand, f->bytes.len)] ^= 1;
        // take_file compares all it gets with the log as it should be.
        assert_true(audit(&bent, &bent.c, &o, &got, NULL) < 0);
        assert_null(memory_find(&c.to, f->path));
        memory_free(&bent);
        memory_free(&c.of);
        memory_free(&c.to);
    }
}

// Entries so long that they are handed over before a worker's unit is whole.
static void the_longest_entries_pass(void **state)
{
    struct memory_log m = {.tree = gw_tree_new()};
    const uint64_t size = 600;
    uint8_t *entry = gw_new(GW_ENTRY_MAX);
    (void)state;
    assert_non_null(entry);
    for (uint64_t i = 0; i < size; i++) {
        struct gw_hash32 h;
        memcpy(entry, &i, sizeof i);
        h = gw_leaf_hash(gw_span_of(entry, GW_ENTRY_MAX));
        assert_int_equal(gw_tree_add(m.tree, &h), 0);
    }
    memory_publish(&m, size);
    for (uint64_t i = 0; i < size; i++) {
        char path[GW_TILE_PATH];
        uint64_t n = i / GW_TILE_WIDTH;
        gw_tile_path(GW_TILE_ENTRIES, n, n < 2 ? GW_TILE_WIDTH : 88, path);
        struct gw_buf *b = &memory_find(&m, path)->bytes;
        if (i % GW_TILE_WIDTH == 0)
            gw_buf_reset(b);
        memcpy(entry, &i, sizeof i);
        gw_put(b, "\xff\xff", 2);
        gw_put(b, entry, GW_ENTRY_MAX);
    }
    m.c = memory_checkpoint(&m, size);
    struct gw_audit got;
    struct copy c = {.of = m, .fail_after = SIZE_MAX};
    const struct gw_audit_options o = {
        .file = take_file, .ctx = &c, .threads = 2};
    assert_int_equal(audit(&m, &m.c, &o, &got, NULL), 0);
    assert_int_equal(c.to.count, m.count);
    gw_free(entry);
    memory_free(&c.to);
    memory_free(&m);
}

// ---- progress and stopping ----------------------------------------------
struct seen {
    uint64_t last, calls, total;
    atomic_int stop;
    uint64_t stop_at;
};

static void on_progress(void *ctx, uint64_t entries, uint64_t total)
{
    struct seen *s = ctx;
    assert_true(entries >= s->last && entries <= total);
    s->last = entries;
    s->total = total;
    s->calls++;
    if (entries >= s->stop_at)
        atomic_store(&s->stop, 1);
}

static void progress_is_told_up_to_the_end(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 70000));
    for (int threads = 1; threads < 5; threads++) {
        struct seen s = {.stop_at = UINT64_MAX};
        const struct gw_audit_options o = {
            .progress = on_progress, .ctx = &s, .threads = threads};
        struct gw_audit got;
        assert_int_equal(audit(&m, &m.c, &o, &got, NULL), 0);
        assert_int_equal(s.last, 70000);
        assert_int_equal(s.total, 70000);
        assert_true(s.calls > 10);
    }
    memory_free(&m);
}

static void an_audit_that_is_stopped_is_not_good(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 70000));
    for (int threads = 1; threads < 4; threads++) {
        struct seen s = {.stop_at = 20000};
        const struct gw_audit_options o = {.progress = on_progress,
                                           .ctx = &s,
                                           .stop = &s.stop,
                                           .threads = threads};
        struct gw_audit got;
        struct gw_why why = {0};
        assert_int_equal(audit(&m, &m.c, &o, &got, &why), GW_EREFUSED);
        assert_true(names(&why, "stopped"));
        assert_in_range(s.last, 20000, 60000);
    }
    memory_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_audit_goes_on_where_one_ended),
        cmocka_unit_test(what_was_known_must_be_there_yet),
        cmocka_unit_test(damage_where_it_goes_on_is_no_fork),
        cmocka_unit_test(every_file_is_handed_over_once_and_in_order),
        cmocka_unit_test(what_cannot_be_stored_ends_the_audit),
        cmocka_unit_test(nothing_that_is_wrong_is_handed_over),
        cmocka_unit_test(the_longest_entries_pass),
        cmocka_unit_test(progress_is_told_up_to_the_end),
        cmocka_unit_test(an_audit_that_is_stopped_is_not_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
