// Taking something out without breaking anything: bytes and salts go, the tree
// stays, and a leaf says that and why.
#include "ledger/archive.h"

static const char *const categories[] = {"court-order", "data-subject",
                                         "source-safety", "error"};

struct burning {
    struct gw_ledger *l;
    const char *object, *category;
    uint64_t *indices;
    struct gw_hash32 *hashes;
    size_t count, cap;
};

static int collect(void *ctx, const struct gw_leaf_row *leaf)
{
    struct burning *b = ctx;
    if (strcmp(leaf->subject, b->object) != 0 ||
        strcmp(leaf->type, gw_leaf_type_name(GW_LEAF_REDACT)) == 0)
        return 0;
    if (b->count == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 8;
        uint64_t *indices = gw_resize(b->indices, cap, sizeof *indices);
        if (indices)
            b->indices = indices;
        struct gw_hash32 *hashes = gw_resize(b->hashes, cap, sizeof *hashes);
        if (hashes)
            b->hashes = hashes;
        if (!indices || !hashes)
            return GW_ENOMEM;
        b->cap = cap;
    }
    b->indices[b->count] = leaf->index;
    memcpy(b->hashes[b->count++].at, leaf->hash, GW_HASH_LEN);
    return 0;
}

static int burn(struct burning *b, size_t i, uint64_t *ret_index,
                struct gw_why *why)
{
    struct gw_buf of;
    char category[64];
    gw_buf_init(&of, 4096);
    ledger_ref(&of, b->indices[i], b->hashes[i].at);
    snprintf(category, sizeof category, "\"%s\"", b->category);
    struct gw_leaf_field fields[] = {{"category", gw_str(category), false},
                                     {"of", gw_buf_span(&of), false}};
    struct gw_new_leaf leaf = {.type = GW_LEAF_REDACT,
                               .at = gw_now(&b->l->clock),
                               .fields = fields,
                               .count = GW_COUNT(fields)};
    int rc = gw_leaf_burn(b->l->a, b->indices[i], why);
    rc = rc ? rc : gw_ledger_append(b->l, &leaf, b->object, ret_index, why);
    gw_buf_release(&of);
    return rc;
}

static int is_category(const char *category, struct gw_why *why)
{
    for (size_t i = 0; i < GW_COUNT(categories); i++)
        if (strcmp(category, categories[i]) == 0)
            return 0;
    return gw_fail(why, GW_EUSAGE,
                   "\"%s\" is no reason for a redaction: court-order, "
                   "data-subject, source-safety or error",
                   category);
}

int gw_ledger_redact(struct gw_ledger *l, const char *object,
                     const char *category, uint64_t *ret_index,
                     struct gw_why *why)
{
    struct gw_object o;
    struct burning b = {.l = l, .category = category};
    int rc = is_category(category, why);
    rc = rc ? rc : gw_evidence_find(l->a, object, &o, why);
    if (!rc && o.state == GW_REDACTED)
        rc = gw_fail(why, GW_EEXIST, "%.12s: redacted already", o.hash);
    b.object = o.hash;
    *ret_index = UINT64_MAX; // until a leaf says it
    rc = rc ? rc : gw_leaves_each(l->a, 0, NULL, collect, &b, why);
    for (size_t i = 0; i < b.count && !rc; i++)
        rc = burn(&b, i, ret_index, why);
    rc = rc ? rc : gw_evidence_redact(l->a, o.hash, why);
    rc = rc ? rc : gw_ledger_commit(l, why);
    gw_free(b.indices);
    gw_free(b.hashes);
    return rc;
}
