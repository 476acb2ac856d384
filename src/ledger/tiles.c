// Nodes and entries of one tree out of its tiles (c2sp.org/tlog-tiles). The
// tiles at the right edge lead to the root together; a full tile leads to a
// hash of the tile above it, which was proved before.
#include "ledger/reader.h"

#include <stdio.h>

// ---- the cache ----------------------------------------------------------
// A tile with all nodes above its hashes: those of height h from row(h) on.
enum {
    EDGES = 8, // levels that a tree of 2^63-1 entries has
    HEIGHT = 8,
    NODES = 2 * GW_TILE_WIDTH - 1,
    CACHE_BYTES = 16 << 20,
    WAYS = 4,
    SETS = 256, // SETS * WAYS * NODES hashes are just below CACHE_BYTES
    EMPTY = -1,
};
_Static_assert(SETS *WAYS *NODES *GW_HASH_LEN <= CACHE_BYTES, "cache too big");

struct tile {
    int level;
    uint64_t n, used; // when it was used last
    struct gw_hash32 *nodes;
};

struct gw_tiles {
    struct gw_log_reader *r;
    struct gw_checkpoint c;
    uint64_t uses;
    struct gw_buf file;
    struct gw_hash32 *edges[EDGES]; // NULL where there is no partial tile
    struct tile cache[SETS][WAYS];
    // The last bundle; bundle_width 0: none.
    uint64_t bundle_n;
    unsigned bundle_width;
    struct gw_buf bundle;
    gw_span entries[GW_TILE_WIDTH];
};

static size_t row(unsigned height)
{
    const size_t all = 2 * GW_TILE_WIDTH;
    return all - (all >> height);
}

static unsigned edge_width(const struct gw_tiles *t, int level)
{
    return (unsigned)(t->c.size >> 8 * level) % GW_TILE_WIDTH;
}

// The nodes of a tile out of the hashes in its file; nothing is proved yet.
static int load(struct gw_tiles *t, int level, uint64_t n, unsigned width,
                struct gw_hash32 *nodes, char ret_name[GW_TILE_PATH],
                struct gw_why *why)
{
    gw_buf_reset(&t->file);
    int rc = gw_tile_read(t->r, level, n, width, &t->file, ret_name, why);
    if (rc)
        return rc;
    memcpy(nodes, t->file.at, t->file.len);
    for (unsigned h = 0; h < HEIGHT; h++)
        gw_node_hashes(nodes + row(h), width >> (h + 1), nodes + row(h + 1));
    return 0;
}

static struct tile *find(struct gw_tiles *t, int level, uint64_t n)
{
    struct tile *set = t->cache[(n + 31 * (unsigned)level) % SETS];
    struct tile *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].nodes && set[i].level == level && set[i].n == n)
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    oldest->level = EMPTY;
    if (!oldest->nodes)
        oldest->nodes = gw_new(NODES * sizeof *oldest->nodes);
    return oldest->nodes ? oldest : NULL;
}

static int full_tile(struct gw_tiles *t, int level, uint64_t n,
                     const struct gw_hash32 **ret_nodes, struct gw_why *why)
{
    char name[GW_TILE_PATH];
    struct gw_hash32 proved;
    struct tile *to = find(t, level, n);
    if (to && to->level == EMPTY) {
        // What is above may take its place in the cache: found again after.
        int rc =
            gw_tiles_node(t, 8 * (unsigned)level + HEIGHT, n, &proved, why);
        if (rc)
            return rc;
        to = find(t, level, n);
        rc = to ? load(t, level, n, GW_TILE_WIDTH, to->nodes, name, why) : 0;
        if (rc)
            return rc;
        if (to && !gw_hash32_eq(&to->nodes[row(HEIGHT)], &proved))
            return gw_fail(why, GW_EPROOF,
                           "%s: does not lead to the tile above it", name);
    }
    if (!to)
        return gw_fail(why, GW_ENOMEM, "tiles: %s", gw_strerror(GW_ENOMEM));
    to->level = level;
    to->n = n;
    to->used = ++t->uses;
    *ret_nodes = to->nodes;
    return 0;
}

int gw_tiles_node(void *ctx, unsigned level, uint64_t index,
                  struct gw_hash32 *ret, struct gw_why *why)
{
    struct gw_tiles *t = ctx;
    if (level > 62 || index >= t->c.size >> level)
        return gw_fail(why, GW_ENOENT, "tiles: no node %llu of level %u",
                       (unsigned long long)index, level);
    int tile_level = (int)level / HEIGHT;
    unsigned height = level % HEIGHT;
    uint64_t n = index >> (HEIGHT - height);
    const struct gw_hash32 *nodes = t->edges[tile_level];
    if (n < t->c.size >> 8 * tile_level >> HEIGHT) {
        int rc = full_tile(t, tile_level, n, &nodes, why);
        if (rc)
            return rc;
    }
    *ret = nodes[row(height) + index % (GW_TILE_WIDTH >> height)];
    return 0;
}

// ---- the right edge -----------------------------------------------------
static int load_edges(struct gw_tiles *t, struct gw_why *why)
{
    char name[GW_TILE_PATH];
    for (int level = 0; level < EDGES; level++) {
        unsigned width = edge_width(t, level);
        if (!width)
            continue;
        t->edges[level] = gw_new(NODES * sizeof *t->edges[level]);
        if (!t->edges[level])
            return gw_fail(why, GW_ENOMEM, "tiles: %s", gw_strerror(GW_ENOMEM));
        int rc = load(t, level, t->c.size >> 8 * level >> HEIGHT, width,
                      t->edges[level], name, why);
        if (rc)
            return rc;
    }
    return 0;
}

static int prove_edges(const struct gw_tiles *t, struct gw_why *why)
{
    struct gw_range range = {0};
    char names[6 * GW_TILE_PATH] = "", name[GW_TILE_PATH];
    for (int level = EDGES - 1; level >= 0; level--) {
        unsigned width = edge_width(t, level);
        for (unsigned i = 0; i < width; i++)
            gw_range_add_tree(&range, 8 * (unsigned)level, &t->edges[level][i]);
        if (!width)
            continue;
        gw_tile_path(level, t->c.size >> 8 * level >> HEIGHT, width, name);
        size_t len = strlen(names);
        snprintf(names + len, sizeof names - len, "%s%s", len ? " + " : "",
                 name);
    }
    struct gw_hash32 root = gw_range_root(&range);
    if (!gw_hash32_eq(&root, &t->c.root))
        return gw_fail(why, GW_EPROOF, "%s: not what the checkpoint's root is",
                       names[0] ? names : "an empty tree");
    return 0;
}

int gw_tiles_open(struct gw_log_reader *r, const struct gw_checkpoint *c,
                  struct gw_tiles **ret, struct gw_why *why)
{
    *ret = NULL;
    if (c->size > INT64_MAX)
        return gw_fail(why, GW_EFORMAT, "checkpoint: larger than 2^63-1");
    struct gw_tiles *t = gw_new(sizeof *t);
    if (!t)
        return gw_fail(why, GW_ENOMEM, "tiles: %s", gw_strerror(GW_ENOMEM));
    t->r = r;
    t->c = *c;
    gw_buf_init(&t->file, GW_TILE_WIDTH * GW_HASH_LEN);
    gw_buf_init(&t->bundle, GW_BUNDLE_MAX);
    int rc = load_edges(t, why);
    if (!rc)
        rc = prove_edges(t, why);
    if (rc)
        gw_tiles_close(t);
    else
        *ret = t;
    return rc;
}

void gw_tiles_close(struct gw_tiles *t)
{
    if (!t)
        return;
    for (int level = 0; level < EDGES; level++)
        gw_free(t->edges[level]);
    for (int i = 0; i < SETS * WAYS; i++)
        gw_free(t->cache[i / WAYS][i % WAYS].nodes);
    gw_buf_release(&t->file);
    gw_buf_release(&t->bundle);
    gw_free(t);
}

// ---- entries ------------------------------------------------------------
static int load_bundle(struct gw_tiles *t, uint64_t n, struct gw_why *why)
{
    char name[GW_TILE_PATH];
    uint64_t left = t->c.size - n * GW_TILE_WIDTH;
    unsigned width = left < GW_TILE_WIDTH ? (unsigned)left : GW_TILE_WIDTH;
    if (t->bundle_width && t->bundle_n == n)
        return 0;
    t->bundle_width = 0;
    gw_buf_reset(&t->bundle);
    int rc = gw_bundle_read(t->r, n, width, &t->bundle, name, t->entries, why);
    if (rc)
        return rc;
    t->bundle_n = n;
    t->bundle_width = width;
    return 0;
}

int gw_tiles_entry(struct gw_tiles *t, uint64_t index, struct gw_buf *ret,
                   struct gw_why *why)
{
    struct gw_hash32 proved;
    uint64_t n = index / GW_TILE_WIDTH;
    int rc = gw_tiles_node(t, 0, index, &proved, why);
    if (!rc)
        rc = load_bundle(t, n, why);
    if (rc)
        return rc;
    gw_span entry = t->entries[index % GW_TILE_WIDTH];
    struct gw_hash32 leaf = gw_leaf_hash(entry);
    if (!gw_hash32_eq(&leaf, &proved)) {
        char name[GW_TILE_PATH];
        gw_tile_path(GW_TILE_ENTRIES, n, t->bundle_width, name);
        return gw_fail(why, GW_EPROOF,
                       "%s: entry %llu is not what the tree has", name,
                       (unsigned long long)index);
    }
    gw_put_span(ret, entry);
    if (ret->err)
        return gw_fail(why, ret->err, "entry %llu: %s",
                       (unsigned long long)index, gw_strerror(ret->err));
    return 0;
}
