// Merkle trees of RFC 6962 section 2.1: the state that is kept to append, and
// the checks of proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
#include "ledger/ledger.h"

// ---- appending ----------------------------------------------------------
void gw_range_add_tree(struct gw_range *r, unsigned level,
                       const struct gw_hash32 *root)
{
    struct gw_hash32 sum = *root;
    unsigned l = level;
    for (; l < 63 && r->size >> l & 1; l++)
        sum = gw_node_hash(&r->at[l], &sum);
    r->at[l] = sum;
    r->size += UINT64_C(1) << level;
}

void gw_range_add(struct gw_range *r, const struct gw_hash32 *leaf)
{
    gw_range_add_tree(r, 0, leaf);
}

struct gw_hash32 gw_range_root(const struct gw_range *r)
{
    if (!r->size)
        return gw_sha256((gw_span){0});
    unsigned l = (unsigned)__builtin_ctzll(r->size);
    struct gw_hash32 sum = r->at[l];
    while (++l < 64)
        if (r->size >> l & 1)
            sum = gw_node_hash(&r->at[l], &sum);
    return sum;
}

// ---- checking -----------------------------------------------------------
static int check_length(const struct gw_proof *proof, struct gw_why *why)
{
    if (proof->count > GW_PROOF_MAX)
        return gw_fail(why, GW_EPROOF, "proof: more than %d hashes",
                       GW_PROOF_MAX);
    return 0;
}

static int wrong_length(struct gw_why *why)
{
    return gw_fail(why, GW_EPROOF,
                   "proof: its number of hashes is not the sizes'");
}

// A node on the right edge has no sibling until it is a right child.
static void climb(uint64_t *at, uint64_t *last, bool from_left)
{
    while (from_left && !(*at & 1) && *at) {
        *at >>= 1;
        *last >>= 1;
    }
    *at >>= 1;
    *last >>= 1;
}

int gw_inclusion_check(const struct gw_hash32 *leaf, uint64_t index,
                       uint64_t size, const struct gw_proof *proof,
                       const struct gw_hash32 *root, struct gw_why *why)
{
    if (size > INT64_MAX || index >= size)
        return gw_fail(why, GW_EPROOF, "proof: no leaf %llu in %llu",
                       (unsigned long long)index, (unsigned long long)size);
    if (check_length(proof, why))
        return GW_EPROOF;
    uint64_t at = index, last = size - 1;
    struct gw_hash32 sum = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        const struct gw_hash32 *c = &proof->at[i];
        if (!last)
            return wrong_length(why);
        bool from_left = at & 1 || at == last;
        sum = from_left ? gw_node_hash(c, &sum) : gw_node_hash(&sum, c);
        climb(&at, &last, from_left);
    }
    if (last)
        return wrong_length(why);
    if (!gw_hash32_eq(&sum, root))
        return gw_fail(why, GW_EPROOF, "proof: does not lead to the root");
    return 0;
}

static int check_same_size(const struct gw_hash32 *old_root,
                           const struct gw_hash32 *root,
                           const struct gw_proof *proof, struct gw_why *why)
{
    if (proof->count)
        return wrong_length(why);
    if (!gw_hash32_eq(old_root, root))
        return gw_fail(why, GW_EPROOF, "proof: two roots of one size");
    return 0;
}

int gw_consistency_check(uint64_t old_size, const struct gw_hash32 *old_root,
                         uint64_t size, const struct gw_hash32 *root,
                         const struct gw_proof *proof, struct gw_why *why)
{
    if (size > INT64_MAX || old_size > size || !old_size)
        return gw_fail(why, GW_EPROOF, "proof: no step from %llu to %llu",
                       (unsigned long long)old_size, (unsigned long long)size);
    if (check_length(proof, why))
        return GW_EPROOF;
    if (old_size == size)
        return check_same_size(old_root, root, proof, why);
    // The old tree's last complete subtree: the proof starts there.
    unsigned low = (unsigned)__builtin_ctzll(old_size);
    uint64_t at = (old_size - 1) >> low, last = (size - 1) >> low;
    size_t i = at ? 1 : 0; // a power of two: it starts with the old root
    if (proof->count < 1)
        return wrong_length(why);
    struct gw_hash32 old_sum = at ? proof->at[0] : *old_root, sum = old_sum;
    for (; i < proof->count; i++) {
        const struct gw_hash32 *c = &proof->at[i];
        if (!last)
            return wrong_length(why);
        bool from_left = at & 1 || at == last;
        if (from_left)
            old_sum = gw_node_hash(c, &old_sum);
        sum = from_left ? gw_node_hash(c, &sum) : gw_node_hash(&sum, c);
        climb(&at, &last, from_left);
    }
    if (last)
        return wrong_length(why);
    if (!gw_hash32_eq(&old_sum, old_root))
        return gw_fail(why, GW_EPROOF, "proof: does not lead to the old root");
    if (!gw_hash32_eq(&sum, root))
        return gw_fail(why, GW_EPROOF, "proof: does not lead to the root");
    return 0;
}
