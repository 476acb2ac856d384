// Entry bundles from any bytes: what splits makes a log that an audit finds
// good, and that log with one bit changed is found bad. What does not split
// never passes an audit.
#include "ledger/ledger.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct log {
    gw_span bundle, tile;
    unsigned width;
    bool full; // the partial files are gone, full ones are there
};

static int get(void *ctx, const char *path, size_t max, struct gw_buf *ret,
               struct gw_why *why)
{
    const struct log *l = ctx;
    char name[GW_TILE_PATH];
    for (int level = GW_TILE_ENTRIES; level <= 0; level++) {
        gw_span file = level < 0 ? l->bundle : l->tile;
        gw_tile_path(level, 0, l->full ? GW_TILE_WIDTH : l->width, name);
        if (strcmp(name, path))
            continue;
        if (file.len > max)
            return gw_fail(why, GW_ETOOBIG, "%s", path);
        gw_put_span(ret, file);
        return ret->err;
    }
    if (strcmp(path, "tile/1/000.p/1") == 0 && l->width == GW_TILE_WIDTH) {
        struct gw_range r = {0};
        for (size_t i = 0; i < l->tile.len / GW_HASH_LEN; i++) {
            struct gw_hash32 h;
            memcpy(h.at, l->tile.at + i * GW_HASH_LEN, GW_HASH_LEN);
            gw_range_add(&r, &h);
        }
        struct gw_hash32 root = gw_range_root(&r);
        gw_put(ret, root.at, GW_HASH_LEN);
        return ret->err;
    }
    return gw_fail(why, GW_ENOENT, "%s", path);
}

static int audit(struct log *l, const struct gw_hash32 *root)
{
    struct gw_checkpoint c = {.size = l->width, .root = *root};
    struct gw_audit got;
    struct gw_log_reader *r = gw_log_reader_on(get, l);
    struct gw_why why = {0};
    int rc = gw_log_audit(r, &c, NULL, &got, &why);
    if ((rc != 0) != (why.code != 0) || rc > 0)
        abort(); // an error without words, or words without an error
    gw_log_reader_close(r);
    return rc;
}

// The entries lie in the bundle one after the other, with nothing between.
static void check_spans(gw_span bundle, const gw_span *entries, unsigned width)
{
    const uint8_t *at = bundle.at;
    for (unsigned i = 0; i < width; i++) {
        if (entries[i].at != at + 2 ||
            entries[i].len != (size_t)(at[0] << 8 | at[1]))
            abort();
        at = entries[i].at + entries[i].len;
    }
    if (at != bundle.at + bundle.len)
        abort();
}

static void bend(struct log *l, const struct gw_hash32 *root, size_t where)
{
    struct gw_buf copy;
    gw_buf_init(&copy, l->bundle.len);
    gw_put_span(&copy, l->bundle);
    copy.at[where % copy.len] ^= (uint8_t)(1 << where % 8);
    l->bundle = gw_buf_span(&copy);
    if (audit(l, root) == 0)
        abort();
    gw_buf_release(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    gw_span entries[GW_TILE_WIDTH];
    struct gw_hash32 leaves[GW_TILE_WIDTH] = {{{0}}}, root = {{0}};
    struct gw_range range = {0};
    unsigned width = data[0] + 1u;
    struct log l = {.width = width, .bundle = gw_span_of(data + 4, size - 4)};
    bool good = gw_bundle_split(l.bundle, width, entries, NULL) == 0;
    if (good) {
        check_spans(l.bundle, entries, width);
        gw_leaf_hashes(entries, width, leaves);
    }
    for (unsigned i = 0; i < width; i++)
        gw_range_add(&range, &leaves[i]);
    root = gw_range_root(&range);
    l.tile = gw_span_of(leaves, width * sizeof *leaves);
    if ((audit(&l, &root) == 0) != good)
        abort();
    // As full files where partial ones are asked for.
    l.full = true;
    if (width < GW_TILE_WIDTH && audit(&l, &root) == 0)
        abort();
    l.full = false;
    if (good)
        bend(&l, &root, (size_t)data[1] << 8 | data[2]);
    return 0;
}
