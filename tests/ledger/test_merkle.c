#include "fault.h"
#include "ledger/ledger.h"
#include "t.h"

#include <stdio.h>

enum { TREE_MAX = 130 };

static struct gw_hash32 leaf_of(uint64_t i)
{
    char text[32];
    int n = snprintf(text, sizeof text, "leaf %llu", (unsigned long long)i);
    return gw_leaf_hash(gw_span_of(text, (size_t)n));
}

// RFC 6962 section 2.1, as it is written there.
static struct gw_hash32 defined_root(uint64_t begin, uint64_t end)
{
    if (begin == end)
        return gw_sha256((gw_span){0});
    if (end - begin == 1)
        return leaf_of(begin);
    uint64_t k = 1;
    while (2 * k < end - begin)
        k *= 2;
    struct gw_hash32 left = defined_root(begin, begin + k);
    struct gw_hash32 right = defined_root(begin + k, end);
    return gw_node_hash(&left, &right);
}

struct all { // trees of 0 to TREE_MAX leaves
    struct gw_tree *tree;
    struct gw_hash32 leaves[TREE_MAX], roots[TREE_MAX + 1];
};

static int set_up(void **state)
{
    struct all *a = gw_new(sizeof *a);
    assert_non_null(a);
    a->tree = gw_tree_new();
    assert_non_null(a->tree);
    struct gw_range r = {0};
    a->roots[0] = gw_range_root(&r);
    for (uint64_t i = 0; i < TREE_MAX; i++) {
        a->leaves[i] = leaf_of(i);
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

static void the_classic_leaves_have_their_known_roots(void **state)
{
    static const char sixteen[] = "606162636465666768696a6b6c6d6e6f";
    static const char *const leaves[8] = {
        "",     "00", "10", "2021", "3031", "40414243", "5051525354555657",
        sixteen};
    static const char *const roots[8] = {"6e340b9c", "fac54203", "aeb6bcfe",
                                         "d37ee418", "4e3bbb1f", "76e67dad",
                                         "ddb89be4", "5dc9da79"};
    static const char *const ends[8] = {"a01d", "c125", "6e77", "14b7",
                                        "64d4", "87ef", "4c8c", "4328"};
    struct gw_range r = {0};
    (void)state;
    for (int i = 0; i < 8; i++) {
        uint8_t bytes[16];
        char text[2 * GW_HASH_LEN + 1];
        assert_true(gw_unhex(gw_str(leaves[i]), bytes));
        struct gw_hash32 h =
            gw_leaf_hash(gw_span_of(bytes, strlen(leaves[i]) / 2));
        gw_range_add(&r, &h);
        h = gw_range_root(&r);
        gw_hex(h.at, GW_HASH_LEN, text);
        assert_true(gw_starts(gw_str(text), roots[i]));
        assert_true(gw_ends(gw_str(text), ends[i]));
    }
}

static void an_empty_tree_has_the_hash_of_nothing(void **state)
{
    const struct all *a = *state;
    char text[2 * GW_HASH_LEN + 1];
    gw_hex(a->roots[0].at, GW_HASH_LEN, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb924"
                              "27ae41e4649b934ca495991b7852b855");
}

static void a_range_has_the_root_of_the_definition(void **state)
{
    const struct all *a = *state;
    for (uint64_t n = 0; n <= TREE_MAX; n++) {
        struct gw_hash32 want = defined_root(0, n), first;
        assert_true(gw_hash32_eq(&a->roots[n], &want));
        assert_int_equal(
            gw_root_of_first(gw_tree_node, a->tree, n, &first, NULL), 0);
        assert_true(gw_hash32_eq(&first, &want));
    }
}

static void subtrees_add_up_like_leaves(void **state)
{
    const struct all *a = *state;
    struct gw_rand rand = {1};
    for (int round = 0; round < 300; round++) {
        uint64_t n = gw_rand_below(&rand, TREE_MAX + 1);
        struct gw_range r = {0};
        while (r.size < n) {
            unsigned level = (unsigned)gw_rand_below(&rand, 8);
            struct gw_hash32 root;
            while (r.size & ((UINT64_C(1) << level) - 1) ||
                   r.size + (UINT64_C(1) << level) > n)
                level--;
            assert_int_equal(
                gw_tree_node(a->tree, level, r.size >> level, &root, NULL), 0);
            gw_range_add_tree(&r, level, &root);
        }
        struct gw_hash32 root = gw_range_root(&r);
        assert_true(gw_hash32_eq(&root, &a->roots[n]));
    }
}

// ---- inclusion ----------------------------------------------------------
struct inclusion {
    struct gw_hash32 leaf, root;
    uint64_t index, size;
    struct gw_proof proof;
};

static struct inclusion included(const struct all *a, uint64_t i, uint64_t n)
{
    struct inclusion x = {a->leaves[i], a->roots[n], i, n, {0}};
    assert_int_equal(
        gw_inclusion_prove(gw_tree_node, a->tree, i, n, &x.proof, NULL), 0);
    return x;
}

static bool inclusion_holds(const struct inclusion *x)
{
    struct gw_why why = {0};
    int rc = gw_inclusion_check(&x->leaf, x->index, x->size, &x->proof,
                                &x->root, &why);
    assert_true(rc == 0 || (rc == GW_EPROOF && why.code == rc));
    return rc == 0;
}

static void every_leaf_of_every_tree_is_proved(void **state)
{
    const struct all *a = *state;
    for (uint64_t n = 1; n <= TREE_MAX; n++)
        for (uint64_t i = 0; i < n; i++) {
            struct inclusion x = included(a, i, n);
            assert_true(inclusion_holds(&x));
        }
}

static void a_proof_is_for_one_index_and_its_own_leaf(void **state)
{
    const struct all *a = *state;
    for (uint64_t n = 1; n <= TREE_MAX; n += 7)
        for (uint64_t i = 0; i < n; i++)
            for (uint64_t j = 0; j < n + 2; j++) {
                struct inclusion x = included(a, i, n);
                x.index = j;
                assert_int_equal(inclusion_holds(&x), i == j);
            }
}

// Flips a bit of each hash, takes one away, and adds one, at every place.
static void mutate_proof(struct gw_proof *p, bool (*holds)(void *), void *x)
{
    struct gw_proof good = *p;
    for (size_t i = 0; i < good.count; i++) {
        for (int bit = 0; bit < 8 * GW_HASH_LEN; bit += 5) {
            p->at[i].at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(holds(x));
            *p = good;
        }
        memmove(&p->at[i], &p->at[i + 1],
                (good.count - i - 1) * sizeof p->at[0]);
        p->count--;
        assert_false(holds(x));
        *p = good;
    }
    for (size_t i = 0; i <= good.count && good.count < GW_PROOF_MAX; i++) {
        memmove(&p->at[i + 1], &p->at[i], (good.count - i) * sizeof p->at[0]);
        p->count++;
        assert_false(holds(x));
        *p = good;
    }
}

static bool inclusion_of(void *x)
{
    return inclusion_holds(x);
}

static void every_mutation_of_an_inclusion_is_rejected(void **state)
{
    const struct all *a = *state;
    static const uint64_t sizes[] = {1, 2, 3, 7, 8, 9, 64, 65, 127, 130};
    for (size_t k = 0; k < GW_COUNT(sizes); k++)
        for (uint64_t i = 0; i < sizes[k]; i++) {
            struct inclusion x = included(a, i, sizes[k]), good = x;
            mutate_proof(&x.proof, inclusion_of, &x);
            x.leaf.at[i % 32] ^= 1;
            assert_false(inclusion_holds(&x));
            x = good;
            x.root.at[i % 32] ^= 128;
            assert_false(inclusion_holds(&x));
        }
}

// ---- consistency --------------------------------------------------------
struct consistency {
    uint64_t old, size;
    struct gw_hash32 old_root, root;
    struct gw_proof proof;
};

static struct consistency consistent(const struct all *a, uint64_t m,
                                     uint64_t n)
{
    struct consistency x = {m, n, a->roots[m], a->roots[n], {0}};
    assert_int_equal(
        gw_consistency_prove(gw_tree_node, a->tree, m, n, &x.proof, NULL), 0);
    return x;
}

static bool consistency_holds(const struct consistency *x)
{
    struct gw_why why = {0};
    int rc = gw_consistency_check(x->old, &x->old_root, x->size, &x->root,
                                  &x->proof, &why);
    assert_true(rc == 0 || (rc == GW_EPROOF && why.code == rc));
    return rc == 0;
}

static bool consistency_of(void *x)
{
    return consistency_holds(x);
}

static void every_step_between_two_trees_is_proved(void **state)
{
    const struct all *a = *state;
    for (uint64_t n = 1; n <= TREE_MAX; n++)
        for (uint64_t m = 1; m <= n; m++) {
            struct consistency x = consistent(a, m, n);
            assert_true(consistency_holds(&x));
        }
}

static void every_mutation_of_a_consistency_is_rejected(void **state)
{
    const struct all *a = *state;
    static const uint64_t sizes[] = {1, 2, 3, 7, 8, 9, 64, 65, 127, 130};
    for (size_t k = 0; k < GW_COUNT(sizes); k++)
        for (uint64_t m = 1; m <= sizes[k]; m++) {
            struct consistency x = consistent(a, m, sizes[k]), good = x;
            mutate_proof(&x.proof, consistency_of, &x);
            x.old_root.at[m % 32] ^= 1;
            assert_false(consistency_holds(&x));
            x = good;
            x.root.at[m % 32] ^= 64;
            assert_false(consistency_holds(&x));
            x = good;
            x.old = m + 1;
            assert_false(consistency_holds(&x));
            x.old = m - 1;
            assert_false(consistency_holds(&x));
        }
}

static void a_step_from_nothing_is_refused(void **state)
{
    const struct all *a = *state;
    struct gw_proof p = {0};
    assert_int_equal(
        gw_consistency_check(0, &a->roots[0], 5, &a->roots[5], &p, NULL),
        GW_EPROOF);
    assert_int_equal(
        gw_consistency_prove(gw_tree_node, a->tree, 0, 5, &p, NULL), GW_EPROOF);
    assert_int_equal(
        gw_consistency_prove(gw_tree_node, a->tree, 6, 5, &p, NULL), GW_EPROOF);
    assert_int_equal(gw_inclusion_prove(gw_tree_node, a->tree, 5, 5, &p, NULL),
                     GW_EPROOF);
}

static void sizes_past_63_bits_are_refused(void **state)
{
    const struct all *a = *state;
    const uint64_t huge = (uint64_t)INT64_MAX + 1;
    struct gw_proof p = {.count = GW_PROOF_MAX};
    struct gw_hash32 h = a->roots[1];
    assert_int_equal(gw_inclusion_check(&h, 0, huge, &p, &h, NULL), GW_EPROOF);
    assert_int_equal(gw_consistency_check(1, &h, huge, &h, &p, NULL),
                     GW_EPROOF);
    assert_int_equal(
        gw_inclusion_prove(gw_tree_node, a->tree, 0, huge, &p, NULL),
        GW_EPROOF);
    assert_int_equal(gw_root_of_first(gw_tree_node, a->tree, huge, &h, NULL),
                     GW_EPROOF);
    p.count = GW_PROOF_MAX + 1;
    assert_int_equal(gw_inclusion_check(&h, 0, 5, &p, &h, NULL), GW_EPROOF);
    assert_int_equal(gw_consistency_check(1, &h, 5, &h, &p, NULL), GW_EPROOF);
}

static int any_node(void *ctx, unsigned level, uint64_t index,
                    struct gw_hash32 *ret, struct gw_why *why)
{
    (void)why;
    *ret = *(const struct gw_hash32 *)ctx;
    ret->at[0] ^= (uint8_t)level;
    ret->at[1] ^= (uint8_t)index;
    return 0;
}

// Too large to exist: numbers and lengths must not run over all the same.
static void proofs_of_the_largest_tree_keep_their_length(void **state)
{
    struct all *a = *state;
    struct gw_hash32 *h = &a->roots[1];
    struct gw_proof p;
    const uint64_t n = INT64_MAX;
    static const uint64_t places[] = {
        0, 1, 1000, INT64_MAX - 1, INT64_MAX / 2, INT64_MAX / 2 + 1};
    for (size_t i = 0; i < GW_COUNT(places); i++) {
        assert_int_equal(
            gw_inclusion_prove(any_node, h, places[i], n, &p, NULL), 0);
        assert_in_range(p.count, 62, GW_PROOF_MAX);
    }
    assert_int_equal(gw_consistency_prove(any_node, h, 1, n, &p, NULL), 0);
    assert_int_equal(p.count, 63);
    assert_int_equal(gw_consistency_prove(any_node, h, 3, n, &p, NULL),
                     GW_EPROOF); // would be 64
    assert_int_equal(gw_consistency_prove(any_node, h, 3, n / 2, &p, NULL), 0);
    assert_int_equal(p.count, 63);
}

// ---- the tree in memory -------------------------------------------------
static void a_node_that_is_not_complete_is_no_node(void **state)
{
    const struct all *a = *state;
    struct gw_hash32 h;
    assert_int_equal(gw_tree_size(a->tree), TREE_MAX);
    assert_int_equal(gw_tree_node(a->tree, 0, TREE_MAX - 1, &h, NULL), 0);
    assert_int_equal(gw_tree_node(a->tree, 0, TREE_MAX, &h, NULL), GW_ENOENT);
    assert_int_equal(gw_tree_node(a->tree, 7, 1, &h, NULL), GW_ENOENT);
    assert_int_equal(gw_tree_node(a->tree, 64, 0, &h, NULL), GW_ENOENT);
}

static bool grow_a_tree(void)
{
    struct gw_tree *t = gw_tree_new();
    bool ok = t;
    for (uint64_t i = 0; i < 40 && ok; i++) {
        struct gw_hash32 h = leaf_of(i);
        ok = gw_tree_add(t, &h) == 0;
        assert_int_equal(gw_tree_size(t), i + ok); // as it was, or one more
    }
    gw_tree_free(t);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(grow_a_tree) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_classic_leaves_have_their_known_roots),
        cmocka_unit_test(an_empty_tree_has_the_hash_of_nothing),
        cmocka_unit_test(a_range_has_the_root_of_the_definition),
        cmocka_unit_test(subtrees_add_up_like_leaves),
        cmocka_unit_test(every_leaf_of_every_tree_is_proved),
        cmocka_unit_test(a_proof_is_for_one_index_and_its_own_leaf),
        cmocka_unit_test(every_mutation_of_an_inclusion_is_rejected),
        cmocka_unit_test(every_step_between_two_trees_is_proved),
        cmocka_unit_test(every_mutation_of_a_consistency_is_rejected),
        cmocka_unit_test(a_step_from_nothing_is_refused),
        cmocka_unit_test(sizes_past_63_bits_are_refused),
        cmocka_unit_test(proofs_of_the_largest_tree_keep_their_length),
        cmocka_unit_test(a_node_that_is_not_complete_is_no_node),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
