// Merkle proofs of any shape: nothing but the proof of a leaf or of a smaller
// tree is ever taken for it. The first byte chooses what is bent.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAVES = 80 };

struct input {
    struct gw_reader r;
    struct gw_tree *tree;
    struct gw_hash32 leaves[LEAVES];
};

static struct gw_hash32 read_hash(struct gw_reader *r)
{
    struct gw_hash32 h;
    memset(h.at, gw_read_u8(r), sizeof h.at);
    return h;
}

// Whatever there is, at whatever size: it must only come to an end.
static void any_proof(struct gw_reader *r)
{
    struct gw_proof p = {.count = gw_read_u8(r) % (GW_PROOF_MAX + 2)};
    uint64_t a = gw_read_u64le(r), b = gw_read_u64le(r), c = gw_read_u64le(r);
    struct gw_hash32 one = read_hash(r), two = read_hash(r);
    for (size_t i = 0; i < p.count && i < GW_PROOF_MAX; i++)
        p.at[i] = read_hash(r);
    int rc = gw_inclusion_check(&one, a, b, &p, &two, NULL);
    if (rc == 0 && (a >= b || b > INT64_MAX))
        abort();
    rc = gw_consistency_check(a, &one, b, &two, &p, NULL);
    if (rc == 0 && (a > b || !a || b > INT64_MAX))
        abort();
    rc = gw_subtree_inclusion_check(&one, a, b, c, &p, &two, NULL);
    if (rc == 0 && (a < b || a >= c))
        abort();
    rc = gw_subtree_consistency_check(a, b, &one, c, &two, &p, NULL);
    if (rc == 0 && (a > b || b > c))
        abort();
}

static bool same(const struct gw_proof *a, const struct gw_proof *b)
{
    return a->count == b->count &&
           memcmp(a->at, b->at, a->count * sizeof *a->at) == 0;
}

// Changes some hashes, the order or the number.
static void bend(struct gw_reader *r, struct gw_proof *p)
{
    for (int left = gw_read_u8(r) % 4; left; left--) {
        size_t i = gw_read_u8(r) % GW_PROOF_MAX;
        uint8_t how = gw_read_u8(r);
        if (how < 64)
            p->at[i].at[how % 32] ^= gw_read_u8(r);
        else if (how < 128)
            p->at[i] = p->at[how % GW_PROOF_MAX];
        else if (how < 192)
            p->count = i;
        else
            p->at[i] = read_hash(r);
    }
}

static struct gw_hash32 root_of(const struct input *in, uint64_t n)
{
    struct gw_hash32 root;
    if (gw_root_of_first(gw_tree_node, in->tree, n, &root, NULL))
        abort();
    return root;
}

static void bent_inclusion(struct input *in)
{
    uint64_t n = 1 + gw_read_u8(&in->r) % LEAVES, i = gw_read_u8(&in->r) % n;
    uint64_t said = gw_read_u8(&in->r) % LEAVES;
    struct gw_hash32 root = root_of(in, n);
    struct gw_proof good = {0}, p;
    if (gw_inclusion_prove(gw_tree_node, in->tree, i, n, &good, NULL) ||
        gw_inclusion_check(&in->leaves[i], i, n, &good, &root, NULL))
        abort();
    p = good;
    bend(&in->r, &p);
    bool holds =
        gw_inclusion_check(&in->leaves[i], said, n, &p, &root, NULL) == 0;
    if (holds != (said == i && same(&p, &good)))
        abort();
}

static void bent_consistency(struct input *in)
{
    uint64_t n = 1 + gw_read_u8(&in->r) % LEAVES;
    uint64_t m = 1 + gw_read_u8(&in->r) % n;
    uint64_t said = gw_read_u8(&in->r) % LEAVES;
    struct gw_hash32 old = root_of(in, m), root = root_of(in, n);
    struct gw_proof good = {0}, p;
    if (gw_consistency_prove(gw_tree_node, in->tree, m, n, &good, NULL) ||
        gw_consistency_check(m, &old, n, &root, &good, NULL))
        abort();
    p = good;
    bend(&in->r, &p);
    bool holds = gw_consistency_check(said, &old, n, &root, &p, NULL) == 0;
    if (holds != (said == m && same(&p, &good)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.r = gw_reader_on(gw_span_of(data, size))};
    uint8_t what = gw_read_u8(&in.r);
    if (what % 3 == 0) {
        any_proof(&in.r);
        return 0;
    }
    in.tree = gw_tree_new();
    for (uint8_t i = 0; i < LEAVES; i++) {
        in.leaves[i] = gw_leaf_hash(gw_span_of(&i, 1));
        if (gw_tree_add(in.tree, &in.leaves[i]))
            abort();
    }
    if (what % 3 == 1)
        bent_inclusion(&in);
    else
        bent_consistency(&in);
    gw_tree_free(in.tree);
    return 0;
}
