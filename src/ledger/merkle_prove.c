// Makes the proofs of RFC 9162 section 2.1 out of the roots of complete
// subtrees, wherever those come from; and a whole tree in memory that has
// them all.
#include "ledger/ledger.h"

// Root of the leaves [begin, end) at the right edge: complete subtrees, one
// for each bit of the length, the smallest last.
static int edge_root(gw_node_fn *node, void *ctx, uint64_t begin, uint64_t end,
                     struct gw_hash32 *ret, struct gw_why *why)
{
    struct gw_hash32 part;
    bool have = false;
    for (unsigned l = 0; begin < end; l++) {
        if (!((end - begin) >> l & 1))
            continue;
        end -= UINT64_C(1) << l;
        int rc = node(ctx, l, end >> l, &part, why);
        if (rc < 0)
            return rc;
        *ret = have ? gw_node_hash(&part, ret) : part;
        have = true;
    }
    return 0;
}

// Appends the siblings on the way from that node to the root of size leaves.
static int add_path(gw_node_fn *node, void *ctx, unsigned level, uint64_t index,
                    uint64_t size, struct gw_proof *ret, struct gw_why *why)
{
    for (; (size - 1) >> level; level++, index >>= 1) {
        uint64_t sibling = index ^ 1, begin = sibling << level;
        uint64_t end = begin + (UINT64_C(1) << level);
        if (begin >= size)
            continue;
        if (ret->count == GW_PROOF_MAX) // consistency, past 2^62
            return gw_fail(why, GW_EPROOF, "proof: more than %d hashes",
                           GW_PROOF_MAX);
        struct gw_hash32 *to = &ret->at[ret->count++];
        int rc = end <= size ? node(ctx, level, sibling, to, why)
                             : edge_root(node, ctx, begin, size, to, why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int gw_inclusion_prove(gw_node_fn *node, void *ctx, uint64_t index,
                       uint64_t size, struct gw_proof *ret, struct gw_why *why)
{
    ret->count = 0;
    if (size > INT64_MAX || index >= size)
        return gw_fail(why, GW_EPROOF, "proof: no leaf %llu in %llu",
                       (unsigned long long)index, (unsigned long long)size);
    return add_path(node, ctx, 0, index, size, ret, why);
}

int gw_consistency_prove(gw_node_fn *node, void *ctx, uint64_t old_size,
                         uint64_t size, struct gw_proof *ret,
                         struct gw_why *why)
{
    ret->count = 0;
    if (size > INT64_MAX || old_size > size || !old_size)
        return gw_fail(why, GW_EPROOF, "proof: no step from %llu to %llu",
                       (unsigned long long)old_size, (unsigned long long)size);
    if (old_size == size)
        return 0;
    // Starts with the old tree's last complete subtree, which goes without
    // saying when it is the whole old tree.
    unsigned low = (unsigned)__builtin_ctzll(old_size);
    uint64_t index = (old_size - 1) >> low;
    if (index) {
        int rc = node(ctx, low, index, &ret->at[ret->count++], why);
        if (rc < 0)
            return rc;
    }
    return add_path(node, ctx, low, index, size, ret, why);
}

int gw_root_of_first(gw_node_fn *node, void *ctx, uint64_t size,
                     struct gw_hash32 *ret, struct gw_why *why)
{
    if (size > INT64_MAX)
        return gw_fail(why, GW_EPROOF, "tree: larger than 2^63-1");
    *ret = gw_sha256((gw_span){0}); // of no leaves
    return edge_root(node, ctx, 0, size, ret, why);
}

// ---- a tree in memory ---------------------------------------------------
enum { LEVELS = 64, FIRST_CAP = 16 };

struct gw_tree {
    uint64_t size;
    struct {
        struct gw_hash32 *at; // size >> level of them
        size_t cap;
    } levels[LEVELS];
};

struct gw_tree *gw_tree_new(void)
{
    return gw_new(sizeof(struct gw_tree));
}

void gw_tree_free(struct gw_tree *t)
{
    if (!t)
        return;
    for (int l = 0; l < LEVELS; l++)
        gw_free(t->levels[l].at);
    gw_free(t);
}

uint64_t gw_tree_size(const struct gw_tree *t)
{
    return t->size;
}

static int make_room(struct gw_tree *t, unsigned level, size_t n)
{
    if (n <= t->levels[level].cap)
        return 0;
    size_t cap = n < FIRST_CAP ? FIRST_CAP : 2 * n;
    struct gw_hash32 *more = gw_resize(t->levels[level].at, cap, sizeof *more);
    if (!more)
        return GW_ENOMEM;
    t->levels[level].at = more;
    t->levels[level].cap = cap;
    return 0;
}

int gw_tree_add(struct gw_tree *t, const struct gw_hash32 *leaf)
{
    uint64_t grown = t->size + 1;
    // All room first: a failure leaves the tree as it was.
    unsigned top = (unsigned)__builtin_ctzll(grown);
    for (unsigned l = 0; l <= top; l++)
        if (make_room(t, l, (size_t)(grown >> l)))
            return GW_ENOMEM;
    struct gw_hash32 sum = *leaf;
    for (unsigned l = 0; l < top; l++) {
        size_t i = (size_t)(t->size >> l);
        t->levels[l].at[i] = sum;
        sum = gw_node_hash(&t->levels[l].at[i - 1], &sum);
    }
    t->levels[top].at[t->size >> top] = sum;
    t->size = grown;
    return 0;
}

int gw_tree_node(void *ctx, unsigned level, uint64_t index,
                 struct gw_hash32 *ret, struct gw_why *why)
{
    const struct gw_tree *t = ctx;
    if (level >= LEVELS || index >= t->size >> level)
        return gw_fail(why, GW_ENOENT, "tree: no node %llu of level %u",
                       (unsigned long long)index, level);
    *ret = t->levels[level].at[index];
    return 0;
}
