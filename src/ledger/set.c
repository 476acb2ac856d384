// The set of a tier's segments as one Merkle tree, and the leaf that holds its
// root: a finding is proved by its segment, the segment by the set.
#include "ledger/archive.h"

void gw_set_entry(const char *object, const char *segment,
                  char ret_line[GW_SET_ENTRY])
{
    snprintf(ret_line, GW_SET_ENTRY, "%.64s %.64s\n", object, segment);
}

struct gathering {
    struct gw_tree *tree;
    const char *object;
    uint64_t *ret_index;
    char *ret_line;
    bool found;
};

static int add_segment(void *ctx, const char *object, const char *segment,
                       int64_t size)
{
    struct gathering *g = ctx;
    char line[GW_SET_ENTRY];
    (void)size;
    gw_set_entry(object, segment, line);
    struct gw_hash32 leaf = gw_leaf_hash(gw_str(line));
    if (g->object && strcmp(object, g->object) == 0) {
        g->found = true;
        *g->ret_index = gw_tree_size(g->tree);
        memcpy(g->ret_line, line, sizeof line);
    }
    return gw_tree_add(g->tree, &leaf);
}

int gw_set_tree(struct gw_archive *a, enum gw_tier tier, const char *object,
                struct gw_tree *ret, uint64_t *ret_index,
                char ret_line[GW_SET_ENTRY], struct gw_why *why)
{
    struct gathering g = {ret, object, ret_index, ret_line, false};
    int rc = gw_segments_each(a, tier, add_segment, &g, why);
    if (!rc && object && !g.found)
        rc = gw_fail(why, GW_ENOENT, "%.12s: has no segment in that set",
                     object);
    return rc;
}

// No findings, and never any: nothing to say. An emptied set is a change.
static int says_the_same(struct gw_ledger *l, const struct gw_leaf_field *f,
                         size_t n, bool empty, bool *ret, struct gw_why *why)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct gw_why none = {0};
    gw_buf_init(&entry, GW_LEAF_MAX);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    int rc = arena ? gw_leaf_newest(l->a, "findings", "findings", &row, &entry,
                                    &none)
                   : gw_fail(&none, GW_ENOMEM, "out of memory");
    *ret = rc == GW_ENOENT ? empty : true;
    for (size_t i = 0; i < n && !rc; i++) {
        gw_span had = gw_leaf_member(gw_buf_span(&entry), f[i].name, arena);
        *ret = *ret && gw_eq(had, f[i].json);
        if (!had.at)
            rc = gw_fail(&none, GW_ECORRUPT, "leaf %llu: cannot be read",
                         (unsigned long long)row.index);
    }
    gw_arena_free(arena);
    gw_buf_release(&entry);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", none.text) : 0;
}

static int append_set(struct gw_ledger *l, int rules_version,
                      const struct gw_hash32 *root, uint64_t count,
                      struct gw_why *why)
{
    char rules[16];
    uint64_t index;
    struct gw_buf set;
    gw_buf_init(&set, 4096);
    gw_put_fmt(&set, "{\"count\":%llu,\"root\":\"", (unsigned long long)count);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(root->at, sizeof root->at), &set);
    gw_put_str(&set, "\"}");
    snprintf(rules, sizeof rules, "%d", rules_version);
    struct gw_leaf_field fields[] = {{"rules", gw_str(rules), false},
                                     {"segments", gw_buf_span(&set), false}};
    struct gw_new_leaf leaf = {.type = GW_LEAF_FINDINGS,
                               .at = gw_now(&l->clock),
                               .fields = fields,
                               .count = GW_COUNT(fields)};
    bool same = false;
    int rc = set.err ? gw_fail(why, set.err, "out of memory") : 0;
    rc = rc ? rc : says_the_same(l, fields, leaf.count, count == 0, &same, why);
    if (!rc && !same)
        rc = gw_ledger_append(l, &leaf, "findings", &index, why);
    gw_buf_release(&set);
    return rc;
}

int gw_ledger_findings(struct gw_ledger *l, int rules_version,
                       struct gw_why *why)
{
    struct gw_hash32 root;
    struct gw_tree *tree = gw_tree_new();
    if (!tree)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    int rc = gw_set_tree(l->a, GW_TIER_FINDINGS, NULL, tree, NULL, NULL, why);
    uint64_t count = gw_tree_size(tree);
    rc = rc ? rc : gw_root_of_first(gw_tree_node, tree, count, &root, why);
    if (!rc)
        rc = append_set(l, rules_version, &root, count, why);
    gw_tree_free(tree);
    return rc;
}
