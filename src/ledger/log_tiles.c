// Entries into tiles and bundles (c2sp.org/tlog-tiles): full files as soon as
// their entries are durable, partial ones for a tree that is published.
#include "ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    PART_MIN = 16, // bundles that are worth a thread
    STARTS_FIRST = 64,
};

// ---- opening ------------------------------------------------------------
int log_tiles_open(struct log_tiles *t, const char *folder, int threads,
                   struct gw_why *why)
{
    *t = (struct log_tiles){.folder = folder, .threads = threads};
    gw_buf_init(&t->pending, LOG_PENDING + GW_BUNDLE_MAX);
    gw_buf_init(&t->stage.bytes, LOG_PENDING + GW_BUNDLE_MAX);
    t->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return t->dir < 0 ? gw_fail(why, GW_EIO, "%s: cannot open: %s", folder,
                                strerror(errno))
                      : 0;
}

static int join(struct log_tiles *t, struct gw_why *why);

void log_tiles_close(struct log_tiles *t)
{
    (void)join(t, NULL); // whoever needs the files has waited
    if (t->dir >= 0)
        close(t->dir);
    t->dir = -1;
    gw_buf_release(&t->pending);
    gw_buf_release(&t->stage.bytes);
    gw_free(t->starts);
    gw_free(t->stage.starts);
    gw_free(t->stage.roots);
    t->starts = t->stage.starts = NULL;
    t->stage.roots = NULL;
}

// ---- files --------------------------------------------------------------
static int fail_file(const struct log_tiles *t, const char *name,
                     struct gw_why *why)
{
    return gw_fail(why, errno == ENOMEM ? GW_ENOMEM : GW_EIO,
                   "%s/%s: cannot write: %s", t->folder, name, strerror(errno));
}

static int open_file(const struct log_tiles *t, const char *name)
{
    return openat(t->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static int open_in_new_folder(const struct log_tiles *t, const char *name,
                              int *ret_fd, struct gw_why *why)
{
    char path[LOG_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", t->folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", t->folder);
    *strrchr(path, '/') = 0;
    int rc = gw_mkdirs(path, why);
    if (!rc)
        *ret_fd = open_file(t, name);
    return rc;
}

// In place: nobody is told of a file before it is whole and durable, and what
// is published is never written again.
static int put_file(const struct log_tiles *t, int level, uint64_t n,
                    unsigned width, gw_span bytes, struct gw_why *why)
{
    char name[GW_TILE_PATH];
    gw_tile_path(level, n, width, name);
    int fd = open_file(t, name);
    if (fd < 0 && errno == ENOENT) {
        int rc = open_in_new_folder(t, name, &fd, why);
        if (rc)
            return rc;
    }
    if (fd < 0)
        return fail_file(t, name, why);
    bool failed = false;
    while (bytes.len && !failed) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        failed = done < 0 && errno != EINTR;
        if (done > 0)
            bytes = gw_sub(bytes, (size_t)done, bytes.len);
    }
    int rc = failed ? fail_file(t, name, why) : 0;
    if (close(fd))
        rc = fail_file(t, name, why);
    return rc;
}

static int put_tile(const struct log_tiles *t, int level, uint64_t n,
                    const struct gw_hash32 *hashes, unsigned width,
                    struct gw_why *why)
{
    return put_file(t, level, n, width,
                    gw_span_of(hashes, width * sizeof *hashes), why);
}

int log_tiles_settle(struct log_tiles *t, struct gw_why *why)
{
    return syncfs(t->dir) ? gw_fail(why, GW_EIO, "%s: cannot sync: %s",
                                    t->folder, strerror(errno))
                          : 0;
}

// ---- entries ------------------------------------------------------------
static int grow_starts(size_t **starts, size_t *cap)
{
    size_t more = *cap ? 2 * *cap : STARTS_FIRST;
    size_t *at = gw_resize(*starts, more, sizeof *at);
    if (!at)
        return GW_ENOMEM;
    *starts = at;
    *cap = more;
    return 0;
}

int log_tiles_add(struct log_tiles *t, gw_span entry, struct gw_why *why)
{
    size_t held = (size_t)(t->size - t->staged), bundle = held / GW_TILE_WIDTH;
    uint8_t *to = gw_buf_room(&t->pending, 2 + entry.len);
    int rc = to ? 0 : t->pending.err;
    if (!rc && bundle >= t->starts_cap)
        rc = grow_starts(&t->starts, &t->starts_cap);
    if (rc) {
        t->pending.err = 0; // nothing was put: what is there stays good
        return gw_fail(why, rc, "%s: no memory for its entries", t->folder);
    }
    if (held % GW_TILE_WIDTH == 0)
        t->starts[bundle] = t->pending.len;
    to[0] = (uint8_t)(entry.len >> 8);
    to[1] = (uint8_t)entry.len;
    if (entry.len)
        memcpy(to + 2, entry.at, entry.len);
    t->pending.len += 2 + entry.len;
    t->size++;
    return 0;
}

// ---- full tiles ---------------------------------------------------------
static struct gw_hash32 tile_root(const struct gw_hash32 *hashes)
{
    struct gw_hash32 up[GW_TILE_WIDTH / 2];
    gw_node_hashes(hashes, GW_TILE_WIDTH / 2, up);
    for (size_t n = GW_TILE_WIDTH / 4; n; n /= 2)
        gw_node_hashes(up, n, up);
    return up[0];
}

static int stage_bundle(struct log_part *p, size_t k)
{
    const struct log_stage *s = &p->t->stage;
    size_t begin = s->starts[k];
    size_t end = k + 1 < s->count ? s->starts[k + 1] : s->end;
    gw_span entries[GW_TILE_WIDTH];
    gw_span bundle = gw_span_of(s->bytes.at + begin, end - begin);
    struct gw_hash32 leaves[GW_TILE_WIDTH];
    int rc = gw_bundle_split(bundle, GW_TILE_WIDTH, entries, &p->why);
    rc = rc ? rc
            : put_file(p->t, GW_TILE_ENTRIES, s->first + k, GW_TILE_WIDTH,
                       bundle, &p->why);
    if (rc)
        return rc;
    gw_leaf_hashes(entries, GW_TILE_WIDTH, leaves);
    s->roots[k] = tile_root(leaves);
    return put_tile(p->t, 0, s->first + k, leaves, GW_TILE_WIDTH, &p->why);
}

static void *stage_part(void *ctx)
{
    struct log_part *p = ctx;
    for (size_t k = p->from; !p->rc && k < p->to; k++)
        p->rc = stage_bundle(p, k);
    return NULL;
}

// The caller's thread is one of those that the log may use.
static void start_parts(struct log_tiles *t)
{
    struct log_stage *s = &t->stage;
    size_t apart = t->threads > 1 ? (size_t)t->threads - 1 : 0;
    apart = apart > LOG_THREADS ? LOG_THREADS : apart;
    apart = apart > s->count / PART_MIN ? s->count / PART_MIN : apart;
    s->part_count = apart ? apart : 1;
    s->busy = true;
    for (size_t i = 0; i < s->part_count; i++) {
        struct log_part *p = &s->parts[i];
        *p = (struct log_part){.t = t};
        p->from = s->count * i / s->part_count;
        p->to = s->count * (i + 1) / s->part_count;
        p->apart =
            apart && pthread_create(&p->thread, NULL, stage_part, p) == 0;
        if (!p->apart)
            stage_part(p);
    }
}

static int join(struct log_tiles *t, struct gw_why *why)
{
    int rc = 0;
    for (size_t i = 0; t->stage.busy && i < t->stage.part_count; i++) {
        struct log_part *p = &t->stage.parts[i];
        if (p->apart)
            pthread_join(p->thread, NULL);
        if (p->rc && !rc)
            rc = gw_fail(why, p->rc, "%s", p->why.text);
    }
    t->stage.busy = false;
    return rc;
}

// Takes the root of a bundle's tile into the levels above.
static int raise_root(struct log_tiles *t, uint64_t bundle,
                      const struct gw_hash32 *root, struct gw_why *why)
{
    struct gw_hash32 sum = *root;
    for (int level = 1; level < LOG_LEVELS; level++) {
        struct log_edge *e = &t->edge[level];
        e->at[e->count++] = sum;
        if (e->count < GW_TILE_WIDTH)
            return 0;
        int rc =
            put_tile(t, level, bundle >> 8 * level, e->at, GW_TILE_WIDTH, why);
        if (rc)
            return rc;
        sum = tile_root(e->at);
        e->count = 0;
    }
    return gw_fail(why, GW_ETOOBIG, "%s: the log is full", t->folder);
}

int log_tiles_wait(struct log_tiles *t, struct gw_why *why)
{
    const struct log_stage *s = &t->stage;
    if (!s->busy)
        return 0;
    int rc = join(t, why);
    for (size_t k = 0; !rc && k < s->count; k++)
        rc = raise_root(t, s->first + k, &s->roots[k], why);
    return rc;
}

// Full bundles change places with the other buffer, in which the entries
// behind them are put first.
static int hand_over(struct log_tiles *t, size_t full, struct gw_why *why)
{
    struct log_stage *s = &t->stage;
    gw_span all = gw_buf_span(&t->pending);
    bool even = t->size - t->staged == full * GW_TILE_WIDTH;
    size_t end = even ? all.len : t->starts[full];
    struct gw_hash32 *roots = gw_resize(s->roots, full, sizeof *roots);
    s->roots = roots ? roots : s->roots;
    gw_buf_reset(&s->bytes);
    gw_put_span(&s->bytes, gw_sub(all, end, all.len));
    int rc = roots ? s->bytes.err : GW_ENOMEM;
    if (!rc && !s->starts_cap)
        rc = grow_starts(&s->starts, &s->starts_cap);
    if (rc)
        return gw_fail(why, rc, "%s: no memory for its tiles", t->folder);
    struct gw_buf bytes = t->pending;
    size_t *starts = t->starts, cap = t->starts_cap;
    t->pending = s->bytes;
    t->starts = s->starts;
    t->starts_cap = s->starts_cap;
    t->starts[0] = 0;
    s->bytes = bytes;
    s->starts = starts;
    s->starts_cap = cap;
    s->end = end;
    s->first = t->staged / GW_TILE_WIDTH;
    s->count = full;
    t->staged += full * GW_TILE_WIDTH;
    return 0;
}

int log_tiles_stage(struct log_tiles *t, struct gw_why *why)
{
    size_t full = (size_t)(t->size - t->staged) / GW_TILE_WIDTH;
    int rc = log_tiles_wait(t, why);
    if (rc || !full)
        return rc;
    rc = hand_over(t, full, why);
    if (!rc)
        start_parts(t);
    return rc;
}

// ---- partial tiles ------------------------------------------------------
static bool is_there(uint64_t old, uint64_t size, int level)
{
    return old != LOG_NO_TREE && old >> 8 * level == size >> 8 * level;
}

static int put_last_bundle(struct log_tiles *t, uint64_t old,
                           struct gw_hash32 *ret_leaves, unsigned width,
                           struct gw_why *why)
{
    gw_span entries[GW_TILE_WIDTH], bundle = gw_buf_span(&t->pending);
    uint64_t n = t->staged / GW_TILE_WIDTH;
    int rc = gw_bundle_split(bundle, width, entries, why);
    if (rc)
        return rc;
    gw_leaf_hashes(entries, width, ret_leaves);
    if (!width || is_there(old, t->size, 0))
        return 0;
    rc = put_file(t, GW_TILE_ENTRIES, n, width, bundle, why);
    return rc ? rc : put_tile(t, 0, n, ret_leaves, width, why);
}

int log_tiles_partial(struct log_tiles *t, uint64_t old,
                      struct gw_hash32 *ret_root, struct gw_why *why)
{
    struct gw_hash32 leaves[GW_TILE_WIDTH];
    struct gw_range range = {0};
    unsigned width = (unsigned)(t->size - t->staged);
    int rc = put_last_bundle(t, old, leaves, width, why);
    for (int level = LOG_LEVELS - 1; !rc && level > 0; level--) {
        const struct log_edge *e = &t->edge[level];
        for (unsigned i = 0; i < e->count; i++)
            gw_range_add_tree(&range, 8 * (unsigned)level, &e->at[i]);
        if (e->count && !is_there(old, t->size, level))
            rc = put_tile(t, level, t->size >> 8 * level >> 8, e->at, e->count,
                          why);
    }
    for (unsigned i = 0; !rc && i < width; i++)
        gw_range_add(&range, &leaves[i]);
    *ret_root = gw_range_root(&range);
    return rc;
}

// ---- taking up a tree ---------------------------------------------------
static int recover_from(struct log_tiles *t, struct gw_tiles *from,
                        uint64_t size, struct gw_why *why)
{
    int rc = 0;
    for (int level = 1; level < LOG_LEVELS; level++) {
        struct log_edge *e = &t->edge[level];
        uint64_t all = size >> 8 * level;
        e->count = (unsigned)(all % GW_TILE_WIDTH);
        for (unsigned i = 0; !rc && i < e->count; i++)
            rc = gw_tiles_node(from, 8 * (unsigned)level, all - e->count + i,
                               &e->at[i], why);
    }
    struct gw_buf entry;
    gw_buf_init(&entry, GW_ENTRY_MAX);
    t->size = t->staged = size - size % GW_TILE_WIDTH;
    while (!rc && t->size < size) {
        gw_buf_reset(&entry);
        rc = gw_tiles_entry(from, t->size, &entry, why);
        rc = rc ? rc : log_tiles_add(t, gw_buf_span(&entry), why);
    }
    gw_buf_release(&entry);
    return rc;
}

int log_tiles_recover(struct log_tiles *t, const struct gw_checkpoint *c,
                      struct gw_why *why)
{
    struct gw_log_reader *reader;
    struct gw_tiles *from = NULL;
    if (!c->size)
        return 0;
    int rc = gw_log_reader_open(t->folder, &reader, why);
    if (rc)
        return rc;
    rc = gw_tiles_open(reader, c, &from, why);
    rc = rc ? rc : recover_from(t, from, c->size, why);
    gw_tiles_close(from);
    gw_log_reader_close(reader);
    if (rc)
        gw_within(why, "%s: the files are not those of its checkpoint",
                  t->folder);
    return rc;
}
