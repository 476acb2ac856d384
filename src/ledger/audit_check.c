// Checks a bundle with its tile, and finds out which of two files is wrong.
#include "ledger/audit.h"

unsigned audit_width(const struct audit *a, int level, uint64_t n)
{
    uint64_t left = (a->c->size >> 8 * level) - n * GW_TILE_WIDTH;
    return left < GW_TILE_WIDTH ? (unsigned)left : GW_TILE_WIDTH;
}

struct gw_hash32 audit_root(const struct gw_hash32 at[GW_TILE_WIDTH])
{
    struct gw_hash32 nodes[GW_TILE_WIDTH / 2];
    gw_node_hashes(at, GW_TILE_WIDTH / 2, nodes);
    for (size_t n = GW_TILE_WIDTH / 4; n; n /= 2)
        gw_node_hashes(nodes, n, nodes);
    return nodes[0];
}

// ---- which file is wrong ------------------------------------------------
static bool is_proved(struct worker *w, int level, uint64_t index)
{
    struct gw_tiles *t;
    struct gw_hash32 hash;
    int rc = gw_tiles_open(w->r, w->a->c, &t, NULL);
    if (!rc)
        rc = gw_tiles_node(t, 8 * (unsigned)level, index, &hash, NULL);
    gw_tiles_close(t);
    return !rc;
}

// Two files do not agree. The upper is right if it leads to the root.
static int disagree(struct worker *w, int level, uint64_t index,
                    const char *upper, const char *lower)
{
    unsigned i = (unsigned)(index % GW_TILE_WIDTH);
    if (!is_proved(w, level, index))
        return gw_fail(&w->why, GW_EPROOF,
                       "%s: hash %u is not what %s leads to", upper, i, lower);
    if (level == 0)
        return gw_fail(&w->why, GW_EPROOF,
                       "%s: entry %u is not what the tree has", lower, i);
    return gw_fail(&w->why, GW_EPROOF, "%s: does not lead to hash %u of %s",
                   lower, i, upper);
}

int audit_compare(struct worker *w, int level, uint64_t n, unsigned width,
                  const struct gw_hash32 *right, const char *upper,
                  const char *lower)
{
    const uint8_t *read = w->tile.at;
    char below[GW_TILE_PATH];
    unsigned i = 0;
    if (memcmp(read, right, width * sizeof *right) == 0)
        return 0;
    while (memcmp(read + i * sizeof *right, &right[i], sizeof *right) == 0)
        i++;
    uint64_t index = n * GW_TILE_WIDTH + i;
    if (level > 0)
        gw_tile_path(level - 1, index, GW_TILE_WIDTH, below);
    return disagree(w, level, index, upper, level > 0 ? below : lower);
}

// ---- one bundle ---------------------------------------------------------
static bool begins_as_known(const struct gw_range *from, int level,
                            const struct gw_hash32 *hashes)
{
    unsigned count = (unsigned)(from->size >> 8 * level) % GW_TILE_WIDTH;
    struct gw_range r = {0};
    for (unsigned i = 0; i < count; i++)
        gw_range_add(&r, &hashes[i]);
    for (int l = 0; l < 8; l++)
        if (count >> l & 1 && !gw_hash32_eq(&r.at[l], &from->at[8 * level + l]))
            return false;
    return true;
}

int audit_known(struct worker *w, int level, uint64_t n,
                const struct gw_hash32 *hashes, const char *name)
{
    const struct gw_range *from = w->a->o->from;
    if (!from || n != from->size >> 8 * level >> 8 ||
        begins_as_known(from, level, hashes))
        return 0;
    bool proved = is_proved(w, level, n * GW_TILE_WIDTH);
    return gw_fail(&w->why, proved ? GW_EFORK : GW_EPROOF,
                   "%s: begins with what is not known from before", name);
}

int audit_bundle(struct worker *w, uint64_t n)
{
    char bundle[GW_TILE_PATH], tile[GW_TILE_PATH];
    unsigned width = audit_width(w->a, 0, n);
    bool keep = w->a->o->file;
    if (!keep)
        gw_buf_reset(&w->bytes);
    struct item *item = &w->items[w->count];
    *item = (struct item){.n = n, .width = width, .at = w->bytes.len};
    int rc =
        gw_bundle_read(w->r, n, width, &w->bytes, bundle, w->entries, &w->why);
    if (rc)
        return rc;
    item->bundle_len = w->bytes.len - item->at;
    gw_leaf_hashes(w->entries, width, w->leaves);
    gw_buf_reset(&w->tile);
    rc = gw_tile_read(w->r, 0, n, width, &w->tile, tile, &w->why);
    if (!rc)
        rc = audit_compare(w, 0, n, width, w->leaves, tile, bundle);
    if (!rc)
        rc = audit_known(w, 0, n, w->leaves, bundle);
    if (rc)
        return rc;
    item->tile_len = w->tile.len;
    if (keep)
        gw_put_span(&w->bytes, gw_buf_span(&w->tile));
    if (w->bytes.err)
        return gw_fail(&w->why, w->bytes.err, "%s: %s", tile,
                       gw_strerror(w->bytes.err));
    if (width == GW_TILE_WIDTH)
        item->root = audit_root(w->leaves);
    w->count++;
    return 0;
}
