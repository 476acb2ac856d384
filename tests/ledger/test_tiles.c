#include "fault.h"
#include "ledger/reader.h"
#include "memory_log.h"
#include "t.h"

static struct gw_log_reader *reader_of(struct memory_log *m)
{
    struct gw_log_reader *r = gw_log_reader_on(memory_get, m);
    assert_non_null(r);
    return r;
}

static struct gw_tiles *tiles_of(struct gw_log_reader *r,
                                 const struct gw_checkpoint *c)
{
    struct gw_tiles *t;
    assert_int_equal(gw_tiles_open(r, c, &t, NULL), 0);
    return t;
}

static const uint64_t sizes[] = {1,   2,   17,   255,   256,   257,  300,
                                 511, 512, 1000, 65536, 65537, 70000};

static void same_proofs(struct memory_log *m, struct gw_tiles *t, uint64_t i,
                        uint64_t old)
{
    struct gw_proof want, got;
    uint64_t size = m->c.size;
    assert_int_equal(
        gw_inclusion_prove(gw_tree_node, m->tree, i, size, &want, NULL), 0);
    assert_int_equal(gw_inclusion_prove(gw_tiles_node, t, i, size, &got, NULL),
                     0);
    assert_int_equal(got.count, want.count);
    assert_memory_equal(got.at, want.at, want.count * sizeof want.at[0]);
    assert_int_equal(
        gw_consistency_prove(gw_tree_node, m->tree, old, size, &want, NULL), 0);
    assert_int_equal(
        gw_consistency_prove(gw_tiles_node, t, old, size, &got, NULL), 0);
    assert_int_equal(got.count, want.count);
    assert_memory_equal(got.at, want.at, want.count * sizeof want.at[0]);
}

static void proofs_from_tiles_are_those_from_memory(void **state)
{
    struct gw_rand rand = {3};
    (void)state;
    for (size_t k = 0; k < GW_COUNT(sizes); k++) {
        struct memory_log m;
        assert_true(memory_make(&m, sizes[k]));
        struct gw_log_reader *r = reader_of(&m);
        struct gw_tiles *t = tiles_of(r, &m.c);
        for (int round = 0; round < 200; round++)
            same_proofs(&m, t, gw_rand_below(&rand, sizes[k]),
                        1 + gw_rand_below(&rand, sizes[k]));
        gw_tiles_close(t);
        gw_log_reader_close(r);
        memory_free(&m);
    }
}

static void every_node_of_a_tree_is_there_and_no_other(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 70000));
    struct gw_log_reader *r = reader_of(&m);
    struct gw_tiles *t = tiles_of(r, &m.c);
    for (unsigned level = 0; level < 63; level++) {
        uint64_t count = m.c.size >> level, step = 1 + count / 500;
        struct gw_hash32 want, got;
        for (uint64_t i = 0; i < count; i += step) {
            assert_int_equal(gw_tree_node(m.tree, level, i, &want, NULL), 0);
            assert_int_equal(gw_tiles_node(t, level, i, &got, NULL), 0);
            assert_true(gw_hash32_eq(&want, &got));
        }
        assert_int_equal(gw_tiles_node(t, level, count, &got, NULL), GW_ENOENT);
        assert_int_equal(gw_tiles_node(t, level, UINT64_MAX, &got, NULL),
                         GW_ENOENT);
    }
    assert_int_equal(gw_tiles_node(t, 63, 0, &(struct gw_hash32){{0}}, NULL),
                     GW_ENOENT);
    gw_tiles_close(t);
    gw_log_reader_close(r);
    memory_free(&m);
}

static void a_tile_is_read_once(void **state)
{
    struct memory_log m;
    struct gw_proof p;
    (void)state;
    assert_true(memory_make(&m, 1000));
    struct gw_log_reader *r = reader_of(&m);
    struct gw_tiles *t = tiles_of(r, &m.c);
    assert_int_equal(m.reads, 2); // the edge: tile/0/003.p/232, tile/1/000.p/3
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(
            gw_inclusion_prove(gw_tiles_node, t, i, 1000, &p, NULL), 0);
    assert_int_equal(m.reads, 2 + 3);
    gw_tiles_close(t);
    gw_log_reader_close(r);
    memory_free(&m);
}

// ---- 1,100 tiles: more than are cached ----------------------------------
struct many { // a log whose tiles are made as they are asked for
    uint64_t size;
    struct gw_hash32 full[3]; // root of 256^l equal leaves
};

static int many_get(void *ctx, const char *path, size_t max, struct gw_buf *ret,
                    struct gw_why *why)
{
    const struct many *m = ctx;
    const char *part = strstr(path, ".p/");
    size_t level = (size_t)(path[strlen("tile/")] - '0');
    uint64_t width = GW_TILE_WIDTH;
    (void)max;
    if (part && !gw_parse_uint(gw_str(part + 3), GW_TILE_WIDTH, &width))
        return gw_fail(why, GW_EFORMAT, "%s", path);
    for (uint64_t i = 0; i < width; i++)
        gw_put(ret, m->full[level].at, GW_HASH_LEN);
    return ret->err;
}

static void more_tiles_than_the_cache_has_places_for_are_proved(void **state)
{
    struct many m = {.size = 1100 * 256 + 5};
    struct gw_checkpoint c = {.origin = "equal", .size = m.size};
    struct gw_range range = {0};
    (void)state;
    m.full[0] = gw_leaf_hash(GW_LIT("x"));
    for (int l = 1; l < 3; l++) {
        struct gw_range full = {0};
        for (int i = 0; i < 256; i++)
            gw_range_add(&full, &m.full[l - 1]);
        m.full[l] = gw_range_root(&full);
    }
    for (int i = 0; i < 1100; i++)
        gw_range_add_tree(&range, 8, &m.full[1]);
    for (int i = 0; i < 5; i++)
        gw_range_add(&range, &m.full[0]);
    c.root = gw_range_root(&range);
    struct gw_log_reader *r = gw_log_reader_on(many_get, &m);
    struct gw_tiles *t = tiles_of(r, &c);
    for (int round = 0; round < 2; round++)
        for (uint64_t i = 0; i < m.size; i += 101) {
            struct gw_proof p;
            assert_int_equal(
                gw_inclusion_prove(gw_tiles_node, t, i, m.size, &p, NULL), 0);
            assert_int_equal(
                gw_inclusion_check(&m.full[0], i, m.size, &p, &c.root, NULL),
                0);
        }
    gw_tiles_close(t);
    gw_log_reader_close(r);
}

// ---- older trees and files that are gone --------------------------------
static void a_partial_tile_that_is_gone_is_read_from_the_full_one(void **state)
{
    struct memory_log m;
    struct gw_buf b;
    (void)state;
    assert_true(memory_make(&m, 512));
    struct gw_checkpoint old = memory_checkpoint(&m, 300);
    struct gw_log_reader *r = reader_of(&m);
    struct gw_tiles *t;
    gw_buf_init(&b, 100);
    // tile/1/000.p/1 was not published, and no full one is there yet.
    struct gw_why why = {0};
    assert_int_equal(gw_tiles_open(r, &old, &t, &why), GW_ENOENT);
    assert_null(t);
    assert_true(gw_starts(gw_str(why.text), "tile/1/000.p/1:"));
    memory_put_tile(&m, 1, 0, 1);
    t = tiles_of(r, &old);
    m.c = old;
    for (uint64_t i = 0; i < 300; i++)
        same_proofs(&m, t, i, i + 1);
    char text[64];
    assert_int_equal(gw_tiles_entry(t, 299, &b, NULL), 0);
    assert_true(gw_eq(gw_buf_span(&b), memory_entry(299, text)));
    gw_buf_release(&b);
    gw_tiles_close(t);
    gw_log_reader_close(r);
    memory_free(&m);
}

static void every_file_that_is_gone_is_named(void **state)
{
    struct memory_log m;
    (void)state;
    assert_true(memory_make(&m, 600));
    struct gw_log_reader *r = reader_of(&m);
    for (size_t i = 0; i < m.count; i++) {
        struct gw_tiles *t;
        struct gw_why why = {0};
        struct gw_buf b;
        gw_buf_init(&b, 1 << 20);
        m.files[i].gone = true;
        int rc = gw_tiles_open(r, &m.c, &t, &why);
        for (uint64_t k = 0; k < 600 && !rc; k++)
            rc = gw_tiles_entry(t, k, &b, &why);
        assert_int_equal(rc, GW_ENOENT);
        assert_true(gw_find(gw_str(why.text), gw_str(m.files[i].path), 0) >= 0);
        gw_tiles_close(t);
        gw_buf_release(&b);
        m.files[i].gone = false;
    }
    gw_log_reader_close(r);
    memory_free(&m);
}

// ---- damage -------------------------------------------------------------
// Asks for all that the tree has; what is given must be right.
static int ask_all(struct memory_log *m, struct gw_why *why)
{
    struct gw_log_reader *r = reader_of(m);
    struct gw_tiles *t;
    int rc = gw_tiles_open(r, &m->c, &t, why);
    for (uint64_t i = 0; i < m->c.size && !rc; i++) {
        struct gw_hash32 got, want;
        rc = gw_tiles_node(t, 0, i, &got, why);
        assert_int_equal(gw_tree_node(m->tree, 0, i, &want, NULL), 0);
        assert_true(rc || gw_hash32_eq(&got, &want));
    }
    for (uint64_t i = 0; i < m->c.size && !rc; i++) {
        struct gw_buf b;
        char text[64];
        gw_buf_init(&b, 1 << 20);
        rc = gw_tiles_entry(t, i, &b, why);
        assert_true(rc ? b.len == 0
                       : gw_eq(gw_buf_span(&b), memory_entry(i, text)));
        gw_buf_release(&b);
    }
    gw_tiles_close(t);
    gw_log_reader_close(r);
    return rc;
}

static void any_flipped_bit_is_refused_before_it_is_used(void **state)
{
    struct memory_log m;
    struct gw_rand rand = {11};
    (void)state;
    assert_true(memory_make(&m, 530));
    assert_int_equal(ask_all(&m, NULL), 0);
    for (int round = 0; round < 250; round++) {
        struct memory_file *f = &m.files[gw_rand_below(&rand, m.count)];
        size_t bit = (size_t)gw_rand_below(&rand, 8 * f->bytes.len);
        struct gw_why why = {0};
        f->bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = ask_all(&m, &why);
        assert_true(rc == GW_EPROOF || rc == GW_EFORMAT);
        assert_true(gw_find(gw_str(why.text), gw_str(f->path), 0) >= 0);
        f->bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(ask_all(&m, NULL), 0);
    memory_free(&m);
}

static void a_file_of_the_wrong_length_is_named(void **state)
{
    struct memory_log m;
    struct gw_rand rand = {12};
    (void)state;
    assert_true(memory_make(&m, 530));
    for (int round = 0; round < 60; round++) {
        struct memory_file *f = &m.files[gw_rand_below(&rand, m.count)];
        size_t len = f->bytes.len;
        struct gw_why why = {0};
        if (round % 2)
            f->bytes.len = (size_t)gw_rand_below(&rand, len);
        else
            gw_put_u8(&f->bytes, 0);
        int rc = ask_all(&m, &why);
        assert_true(rc == GW_EFORMAT || rc == GW_ETOOBIG);
        assert_true(gw_find(gw_str(why.text), gw_str(f->path), 0) >= 0);
        f->bytes.len = len;
    }
    memory_free(&m);
}

static void a_checkpoint_of_another_tree_is_refused(void **state)
{
    struct memory_log m;
    struct gw_why why = {0};
    (void)state;
    assert_true(memory_make(&m, 300));
    m.c.root.at[0] ^= 1;
    assert_int_equal(ask_all(&m, &why), GW_EPROOF);
    assert_true(
        gw_starts(gw_str(why.text), "tile/1/000.p/1 + tile/0/001.p/44: "));
    memory_free(&m);
    assert_true(memory_make(&m, 0));
    assert_int_equal(ask_all(&m, NULL), 0);
    m.c.root.at[0] ^= 1;
    assert_int_equal(ask_all(&m, NULL), GW_EPROOF);
    memory_free(&m);
}

static struct memory_log shared;

static bool read_all_of_it(void)
{
    struct gw_log_reader *r = gw_log_reader_on(memory_get, &shared);
    struct gw_tiles *t = NULL;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    bool ok = r && gw_tiles_open(r, &shared.c, &t, NULL) == 0;
    for (uint64_t i = 0; i < 300 && ok; i += 60)
        ok = gw_tiles_entry(t, i, &b, NULL) == 0;
    gw_tiles_close(t);
    gw_buf_release(&b);
    gw_log_reader_close(r);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(memory_make(&shared, 300));
    assert_true(gw_fault_each_alloc(read_all_of_it) > 5);
    memory_free(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_from_tiles_are_those_from_memory),
        cmocka_unit_test(every_node_of_a_tree_is_there_and_no_other),
        cmocka_unit_test(a_tile_is_read_once),
        cmocka_unit_test(more_tiles_than_the_cache_has_places_for_are_proved),
        cmocka_unit_test(a_partial_tile_that_is_gone_is_read_from_the_full_one),
        cmocka_unit_test(every_file_that_is_gone_is_named),
        cmocka_unit_test(any_flipped_bit_is_refused_before_it_is_used),
        cmocka_unit_test(a_file_of_the_wrong_length_is_named),
        cmocka_unit_test(a_checkpoint_of_another_tree_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
