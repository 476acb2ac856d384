// Checks proofs about a subtree that is no prefix
// (draft-davidben-tls-merkle-tree-certs, "Subtrees").
#include "ledger/ledger.h"

// A subtree is part of every tree that holds it when its begin is a multiple
// of the least power of two that is not below its length. It may be empty.
static int check_bounds(uint64_t begin, uint64_t end, uint64_t size,
                        const struct gw_proof *proof, struct gw_why *why)
{
    if (size > INT64_MAX || end > size || begin > end)
        return gw_fail(why, GW_EPROOF, "proof: no subtree [%llu, %llu)",
                       (unsigned long long)begin, (unsigned long long)end);
    uint64_t width = 1;
    while (width < end - begin)
        width <<= 1;
    if (begin & (width - 1))
        return gw_fail(why, GW_EPROOF, "proof: [%llu, %llu) is no subtree",
                       (unsigned long long)begin, (unsigned long long)end);
    if (proof->count > GW_PROOF_MAX)
        return gw_fail(why, GW_EPROOF, "proof: more than %d hashes",
                       GW_PROOF_MAX);
    return 0;
}

int gw_subtree_inclusion_check(const struct gw_hash32 *leaf, uint64_t index,
                               uint64_t begin, uint64_t end,
                               const struct gw_proof *proof,
                               const struct gw_hash32 *subtree_root,
                               struct gw_why *why)
{
    if (check_bounds(begin, end, end, proof, why))
        return GW_EPROOF;
    if (index < begin || index >= end)
        return gw_fail(why, GW_EPROOF, "proof: leaf %llu is not in it",
                       (unsigned long long)index);
    return gw_inclusion_check(leaf, index - begin, end - begin, proof,
                              subtree_root, why);
}

static int check_empty(const struct gw_hash32 *root,
                       const struct gw_proof *proof, struct gw_why *why)
{
    struct gw_hash32 nothing = gw_sha256((gw_span){0});
    if (proof->count)
        return gw_fail(why, GW_EPROOF, "proof: has too many hashes");
    if (!gw_hash32_eq(root, &nothing))
        return gw_fail(why, GW_EPROOF, "proof: no root of an empty subtree");
    return 0;
}

// The subtree's first and last node at a height, and the tree's last.
struct walk {
    uint64_t first, last, edge;
};

static void shift(struct walk *w)
{
    w->first >>= 1;
    w->last >>= 1;
    w->edge >>= 1;
}

// To where the proof starts: the subtree itself if it is a node of the tree,
// else its last part that is one.
static struct walk start(uint64_t begin, uint64_t end, uint64_t size)
{
    struct walk w = {begin, end - 1, size - 1};
    bool at_edge = w.last == w.edge;
    while (w.first != w.last && (at_edge || w.last & 1))
        shift(&w);
    return w;
}

int gw_subtree_consistency_check(uint64_t begin, uint64_t end,
                                 const struct gw_hash32 *subtree_root,
                                 uint64_t size, const struct gw_hash32 *root,
                                 const struct gw_proof *proof,
                                 struct gw_why *why)
{
    if (check_bounds(begin, end, size, proof, why))
        return GW_EPROOF;
    if (begin == end)
        return check_empty(subtree_root, proof, why);
    struct walk w = start(begin, end, size);
    bool whole = w.first == w.last;
    if (!whole && !proof->count)
        return gw_fail(why, GW_EPROOF, "proof: ends too early");
    struct gw_hash32 part = whole ? *subtree_root : proof->at[0], sum = part;
    for (size_t i = whole ? 0 : 1; i < proof->count; i++) {
        const struct gw_hash32 *c = &proof->at[i];
        if (!w.edge)
            return gw_fail(why, GW_EPROOF, "proof: has too many hashes");
        bool from_left = w.last & 1 || w.last == w.edge;
        if (from_left && w.first < w.last)
            part = gw_node_hash(c, &part);
        sum = from_left ? gw_node_hash(c, &sum) : gw_node_hash(&sum, c);
        while (from_left && !(w.last & 1))
            shift(&w);
        shift(&w);
    }
    if (w.edge)
        return gw_fail(why, GW_EPROOF, "proof: ends too early");
    if (!gw_hash32_eq(&part, subtree_root))
        return gw_fail(why, GW_EPROOF, "proof: does not lead to the subtree");
    if (!gw_hash32_eq(&sum, root))
        return gw_fail(why, GW_EPROOF, "proof: does not lead to the root");
    return 0;
}
