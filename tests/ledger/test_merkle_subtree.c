// Proofs about subtrees that are no prefix; the public vectors have more.
#include "memory_log.h"
#include "t.h"

enum { TREE_MAX = 130 };

struct all { // trees of 0 to TREE_MAX leaves
    struct gw_tree *tree;
    struct gw_hash32 leaves[TREE_MAX], roots[TREE_MAX + 1];
};

static int set_up(void **state)
{
    struct all *a = gw_new(sizeof *a);
    struct gw_range r = {0};
    assert_non_null(a);
    a->tree = gw_tree_new();
    a->roots[0] = gw_range_root(&r);
    for (uint64_t i = 0; i < TREE_MAX; i++) {
        char text[64];
        a->leaves[i] = gw_leaf_hash(memory_entry(i, text));
        assert_int_equal(gw_tree_add(a->tree, &a->leaves[i]), 0);
        gw_range_add(&r, &a->leaves[i]);
        a->roots[i + 1] = gw_range_root(&r);
    }
    *state = a;
    return 0;
}

static int tear_down(void **state)
{
    struct all *a = *state;
    gw_tree_free(a->tree);
    gw_free(a);
    return 0;
}

static struct gw_hash32 root_between(const struct all *a, uint64_t begin,
                                     uint64_t end)
{
    struct gw_range r = {0};
    for (uint64_t i = begin; i < end; i++)
        gw_range_add(&r, &a->leaves[i]);
    return gw_range_root(&r);
}

static void a_leaf_is_in_every_subtree_around_it(void **state)
{
    const struct all *a = *state;
    for (uint64_t begin = 0; begin < TREE_MAX; begin += 16)
        for (uint64_t len = 1; len <= 16 && begin + len <= TREE_MAX; len++) {
            struct gw_tree *part = gw_tree_new();
            struct gw_hash32 root = root_between(a, begin, begin + len);
            for (uint64_t i = 0; i < len; i++)
                assert_int_equal(gw_tree_add(part, &a->leaves[begin + i]), 0);
            for (uint64_t i = 0; i < len; i++) {
                struct gw_proof p;
                assert_int_equal(
                    gw_inclusion_prove(gw_tree_node, part, i, len, &p, NULL),
                    0);
                for (uint64_t at = 0; at < TREE_MAX; at += 1 + at % 3)
                    assert_int_equal(gw_subtree_inclusion_check(
                                         &a->leaves[begin + i], at, begin,
                                         begin + len, &p, &root, NULL),
                                     at == begin + i ? 0 : GW_EPROOF);
            }
            gw_tree_free(part);
        }
}

// The proof of a subtree that is one node: its siblings on the way up.
static void a_complete_subtree_is_consistent_with_its_tree(void **state)
{
    const struct all *a = *state;
    struct gw_proof all;
    assert_int_equal(
        gw_inclusion_prove(gw_tree_node, a->tree, 40, 100, &all, NULL), 0);
    for (unsigned level = 0; level < 6; level++) {
        uint64_t begin = UINT64_C(40) >> level << level;
        uint64_t end = begin + (UINT64_C(1) << level);
        struct gw_proof p = {.count = all.count - level};
        memcpy(p.at, all.at + level, p.count * sizeof *p.at);
        struct gw_hash32 part = root_between(a, begin, end);
        assert_int_equal(gw_subtree_consistency_check(begin, end, &part, 100,
                                                      &a->roots[100], &p, NULL),
                         0);
        part.at[3] ^= 4;
        assert_int_equal(gw_subtree_consistency_check(begin, end, &part, 100,
                                                      &a->roots[100], &p, NULL),
                         GW_EPROOF);
    }
}

static void a_prefix_is_a_subtree(void **state)
{
    const struct all *a = *state;
    for (uint64_t n = 1; n <= TREE_MAX; n += 3)
        for (uint64_t m = 1; m < n; m++) {
            struct gw_proof p;
            assert_int_equal(
                gw_consistency_prove(gw_tree_node, a->tree, m, n, &p, NULL), 0);
            assert_int_equal(gw_subtree_consistency_check(
                                 0, m, &a->roots[m], n, &a->roots[n], &p, NULL),
                             0);
        }
}

static void what_is_no_subtree_is_refused(void **state)
{
    const struct all *a = *state;
    static const uint64_t bounds[][2] = {
        {1, 3}, {2, 5}, {4, 9}, {3, 2}, {5, 4}, {96, 130}, {0, 131}, {64, 131}};
    struct gw_proof p = {.count = 3};
    struct gw_hash32 h = a->roots[5];
    for (size_t i = 0; i < GW_COUNT(bounds); i++) {
        struct gw_why why = {0};
        assert_int_equal(gw_subtree_consistency_check(
                             bounds[i][0], bounds[i][1], &h, 130, &h, &p, &why),
                         GW_EPROOF);
        assert_true(gw_find(gw_str(why.text), GW_LIT("subtree"), 0) >= 0);
    }
}

static void an_empty_subtree_has_the_hash_of_nothing(void **state)
{
    const struct all *a = *state;
    struct gw_proof p = {.count = 0};
    assert_int_equal(gw_subtree_consistency_check(7, 7, &a->roots[0], 130,
                                                  &a->roots[130], &p, NULL),
                     0);
    assert_int_equal(gw_subtree_consistency_check(7, 7, &a->roots[1], 130,
                                                  &a->roots[130], &p, NULL),
                     GW_EPROOF);
    p.count = 1;
    assert_int_equal(gw_subtree_consistency_check(7, 7, &a->roots[0], 130,
                                                  &a->roots[130], &p, NULL),
                     GW_EPROOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_is_in_every_subtree_around_it),
        cmocka_unit_test(a_complete_subtree_is_consistent_with_its_tree),
        cmocka_unit_test(a_prefix_is_a_subtree),
        cmocka_unit_test(what_is_no_subtree_is_refused),
        cmocka_unit_test(an_empty_subtree_has_the_hash_of_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
