// A tiled log in memory, made straight from the definition of its files:
// read through a function, and bent as a test likes.
#ifndef GW_MEMORY_LOG_H
#define GW_MEMORY_LOG_H

#include "ledger/ledger.h"

#include <stdio.h>

struct memory_file {
    char path[GW_TILE_PATH];
    struct gw_buf bytes;
    bool gone;
};
struct memory_log {
    struct memory_file *files;
    size_t count;
    atomic_size_t reads;
    struct gw_tree *tree;
    struct gw_checkpoint c; // of all entries
};

// Entry i: some are empty, most are short, none is like another.
static inline gw_span memory_entry(uint64_t i, char text[64])
{
    int n = i % 50 == 3
                ? 0
                : snprintf(text, 64, "entry %llu %.*s", (unsigned long long)i,
                           (int)(i % 31), "abcdefghijklmnopqrstuvwxyz01234");
    return gw_span_of(text, (size_t)n);
}

static inline struct memory_file *memory_find(const struct memory_log *m,
                                              const char *path)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->files[i].path, path) == 0)
            return &m->files[i];
    return NULL;
}

// An empty file of that name, or NULL: it is there already.
static inline struct memory_file *memory_new(struct memory_log *m, int level,
                                             uint64_t n, unsigned width)
{
    char path[GW_TILE_PATH];
    gw_tile_path(level, n, width, path);
    if (memory_find(m, path))
        return NULL;
    m->files = gw_resize(m->files, m->count + 1, sizeof *m->files);
    struct memory_file *f = &m->files[m->count++];
    *f = (struct memory_file){.gone = false};
    memcpy(f->path, path, sizeof path);
    gw_buf_init(&f->bytes, GW_BUNDLE_MAX);
    return f;
}

static inline void memory_put_tile(struct memory_log *m, int level, uint64_t n,
                                   unsigned width)
{
    struct memory_file *f = memory_new(m, level, n, width);
    for (unsigned i = 0; i < width && f; i++) {
        struct gw_hash32 h = {{0}};
        uint64_t index = n * GW_TILE_WIDTH + i;
        if (gw_tree_node(m->tree, 8 * (unsigned)level, index, &h, NULL) == 0)
            gw_put(&f->bytes, h.at, GW_HASH_LEN);
    }
    f = level ? NULL : memory_new(m, GW_TILE_ENTRIES, n, width);
    for (unsigned i = 0; i < width && f; i++) {
        char text[64];
        gw_span e = memory_entry(n * GW_TILE_WIDTH + i, text);
        gw_put_u8(&f->bytes, 0);
        gw_put_u8(&f->bytes, (uint8_t)e.len);
        gw_put_span(&f->bytes, e);
    }
}

// What a log has that published a tree of that size.
static inline void memory_publish(struct memory_log *m, uint64_t size)
{
    for (int level = 0; size >> 8 * level; level++) {
        uint64_t count = size >> 8 * level, n = 0;
        for (; n < count / GW_TILE_WIDTH; n++)
            memory_put_tile(m, level, n, GW_TILE_WIDTH);
        if (count % GW_TILE_WIDTH)
            memory_put_tile(m, level, n, (unsigned)(count % GW_TILE_WIDTH));
    }
}

// The checkpoint of the first size entries.
static inline struct gw_checkpoint memory_checkpoint(const struct memory_log *m,
                                                     uint64_t size)
{
    struct gw_checkpoint c = {.origin = "example.org/log", .size = size};
    if (gw_root_of_first(gw_tree_node, m->tree, size, &c.root, NULL))
        c.size = UINT64_MAX;
    return c;
}

// False: out of memory.
static inline bool memory_make(struct memory_log *m, uint64_t size)
{
    memset(m, 0, sizeof *m);
    m->tree = gw_tree_new();
    bool ok = m->tree;
    for (uint64_t i = 0; i < size && ok; i++) {
        char text[64];
        struct gw_hash32 h = gw_leaf_hash(memory_entry(i, text));
        ok = gw_tree_add(m->tree, &h) == 0;
    }
    if (!ok)
        return false;
    memory_publish(m, size);
    m->c = memory_checkpoint(m, size);
    return true;
}

static inline void memory_free(struct memory_log *m)
{
    for (size_t i = 0; i < m->count; i++)
        gw_buf_release(&m->files[i].bytes);
    gw_free(m->files);
    gw_tree_free(m->tree);
}

static inline int memory_get(void *ctx, const char *path, size_t max,
                             struct gw_buf *ret, struct gw_why *why)
{
    struct memory_log *m = ctx;
    const struct memory_file *f = memory_find(m, path);
    atomic_fetch_add(&m->reads, 1);
    if (!f || f->gone)
        return gw_fail(why, GW_ENOENT, "%s: no such file", path);
    if (f->bytes.len > max)
        return gw_fail(why, GW_ETOOBIG, "%s: larger than %zu bytes", path, max);
    gw_put_span(ret, gw_buf_span(&f->bytes));
    return ret->err;
}

#endif
