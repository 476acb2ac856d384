// Reads every bundle and every tile of a tree and recomputes all hashes.
// Workers check bundles with the tiles of level 0 in any order; what was
// checked is added to the tree in order, one worker's turn after the other's.
#include "ledger/audit.h"

// ---- in one's turn ------------------------------------------------------
static int hand_over(struct worker *w, int level, uint64_t n, unsigned width,
                     gw_span bytes)
{
    const struct gw_audit_options *o = w->a->o;
    w->a->ret->files++;
    w->a->ret->bytes += bytes.len;
    int rc = o->file ? o->file(o->ctx, level, n, width, bytes, &w->why) : 0;
    return rc ? gw_fail(&w->why, rc, "audit: %s", gw_strerror(rc)) : 0;
}

// A tile above level 0, as its hashes are all known.
static int check_tile(struct worker *w, int level)
{
    char name[GW_TILE_PATH];
    const struct filling *f = &w->a->tiles[level];
    uint64_t n = ((w->a->ret->range.size >> 8 * level) - 1) / GW_TILE_WIDTH;
    gw_buf_reset(&w->tile);
    int rc = gw_tile_read(w->r, level, n, f->count, &w->tile, name, &w->why);
    if (!rc)
        rc = audit_compare(w, level, n, f->count, f->at, name, NULL);
    if (!rc)
        rc = hand_over(w, level, n, f->count, gw_buf_span(&w->tile));
    return rc;
}

static int add_full(struct worker *w, const struct gw_hash32 *root)
{
    struct gw_hash32 sum = *root;
    gw_range_add_tree(&w->a->ret->range, 8, root);
    for (int level = 1; level < LEVELS; level++) {
        struct filling *f = &w->a->tiles[level];
        f->at[f->count++] = sum;
        if (f->count < GW_TILE_WIDTH)
            return 0;
        int rc = check_tile(w, level);
        if (rc)
            return rc;
        sum = audit_root(f->at);
        f->count = 0;
    }
    return 0;
}

static int add_items(struct worker *w)
{
    struct gw_audit *ret = w->a->ret;
    int rc = 0;
    for (size_t i = 0; i < w->count && !rc; i++) {
        const struct item *x = &w->items[i];
        const uint8_t *at = w->bytes.at + x->at;
        rc = hand_over(w, GW_TILE_ENTRIES, x->n, x->width,
                       gw_span_of(at, x->bundle_len));
        if (!rc)
            rc = hand_over(w, 0, x->n, x->width,
                           gw_span_of(at + x->bundle_len, x->tile_len));
        if (!rc && x->width == GW_TILE_WIDTH)
            rc = add_full(w, &x->root);
        else if (!rc) // the last of all, so that its leaves are still there
            for (unsigned k = 0; k < x->width; k++)
                gw_range_add(&ret->range, &w->leaves[k]);
        ret->entries += x->width;
    }
    w->count = 0;
    gw_buf_reset(&w->bytes);
    return rc;
}

// Waits for the unit's turn and adds what was checked of it; rc is why it was
// not more. Returns the first failure in order, of whatever worker.
static int settle(struct worker *w, uint64_t unit, int rc, bool last)
{
    struct audit *a = w->a;
    pthread_mutex_lock(&a->lock);
    while (a->due != unit && !a->rc)
        pthread_cond_wait(&a->turn, &a->lock);
    if (!a->rc) {
        struct gw_why why = w->why;
        w->why = (struct gw_why){0};
        int added = add_items(w);
        a->rc = added ? added : rc;
        a->why = added ? w->why : why;
        if (a->o->progress)
            a->o->progress(a->o->ctx, a->ret->range.size, a->c->size);
        a->due += last;
    }
    if (last || a->rc)
        pthread_cond_broadcast(&a->turn);
    rc = a->rc;
    pthread_mutex_unlock(&a->lock);
    return rc;
}

// ---- workers ------------------------------------------------------------
static bool is_stopped(const struct audit *a)
{
    return a->o->stop && atomic_load(a->o->stop);
}

static int do_unit(struct worker *w, uint64_t unit)
{
    const struct audit *a = w->a;
    uint64_t n = a->first + unit * UNIT;
    uint64_t end = a->end - n < UNIT ? a->end : n + UNIT;
    for (;; n++) {
        int rc = is_stopped(a) ? gw_fail(&w->why, GW_EREFUSED, "audit: stopped")
                               : audit_bundle(w, n);
        bool last = rc || n + 1 == end;
        if (last || w->bytes.len > KEEP_MAX)
            rc = settle(w, unit, rc, last);
        if (last || rc)
            return rc;
    }
}

static void *worker_main(void *ctx)
{
    struct worker *w = ctx;
    for (;;) {
        uint64_t unit = atomic_fetch_add(&w->a->next, 1);
        if (unit >= w->a->units || do_unit(w, unit))
            return NULL;
    }
}

static void worker_init(struct worker *w, struct audit *a,
                        struct gw_log_reader *r)
{
    w->a = a;
    w->r = r;
    gw_buf_init(&w->bytes, KEEP_MAX + 2 * (size_t)GW_BUNDLE_MAX);
    gw_buf_init(&w->tile, GW_TILE_WIDTH * GW_HASH_LEN);
}

static void worker_release(struct worker *w)
{
    gw_buf_release(&w->bytes);
    gw_buf_release(&w->tile);
}

// The first worker is this thread. One more that cannot be had is done without.
static void run_all(struct audit *a, struct worker *first, struct worker *more,
                    size_t count)
{
    pthread_t ids[THREADS_MAX];
    size_t started = 0;
    for (; started < count; started++) {
        struct gw_log_reader *r;
        if (first->r->again(first->r->ctx, &r, NULL))
            break;
        worker_init(&more[started], a, r);
        if (pthread_create(&ids[started], NULL, worker_main, &more[started])) {
            gw_log_reader_close(r);
            break;
        }
    }
    worker_main(first);
    for (size_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        gw_log_reader_close(more[i].r);
        worker_release(&more[i]);
    }
}

// ---- the whole ----------------------------------------------------------
static int check_old(struct gw_log_reader *r, const struct gw_checkpoint *c,
                     const struct gw_checkpoint *old, struct gw_why *why)
{
    struct gw_tiles *t;
    struct gw_hash32 root = c->root;
    int rc = 0;
    if (old->size > c->size)
        return gw_fail(
            why, GW_EFORK, "checkpoint: %llu entries, there were %llu before",
            (unsigned long long)c->size, (unsigned long long)old->size);
    if (old->size < c->size) {
        rc = gw_tiles_open(r, c, &t, why);
        if (!rc)
            rc = gw_root_of_first(gw_tiles_node, t, old->size, &root, why);
        gw_tiles_close(t);
    }
    if (rc)
        return rc;
    if (!gw_hash32_eq(&root, &old->root))
        return gw_fail(why, GW_EFORK,
                       "checkpoint: the first %llu entries are not those of "
                       "the one before",
                       (unsigned long long)old->size);
    return 0;
}

// Takes up what is known: the tiles that it ends in are read and compared.
static int begin(struct audit *a, struct worker *w)
{
    const struct gw_range *from = a->o->from;
    char name[GW_TILE_PATH];
    if (!from)
        return 0;
    if (from->size > a->c->size)
        return gw_fail(
            &w->why, GW_EFORK, "checkpoint: %llu entries, %llu are known",
            (unsigned long long)a->c->size, (unsigned long long)from->size);
    a->ret->range = *from;
    a->ret->range.size -= from->size % GW_TILE_WIDTH;
    for (int level = 1; level < LEVELS; level++) {
        struct filling *f = &a->tiles[level];
        uint64_t n = from->size >> 8 * level >> 8;
        f->count = (unsigned)(from->size >> 8 * level) % GW_TILE_WIDTH;
        if (!f->count)
            continue;
        gw_buf_reset(&w->tile);
        int rc = gw_tile_read(w->r, level, n, audit_width(a, level, n),
                              &w->tile, name, &w->why);
        if (rc)
            return rc;
        memcpy(f->at, w->tile.at, f->count * sizeof *f->at);
        rc = audit_known(w, level, n, f->at, name);
        if (rc)
            return rc;
    }
    return 0;
}

static int finish(struct audit *a, struct worker *w)
{
    for (int level = 1; level < LEVELS; level++) {
        int rc = a->tiles[level].count ? check_tile(w, level) : 0;
        if (rc)
            return rc;
    }
    struct gw_hash32 root = gw_range_root(&a->ret->range);
    if (!gw_hash32_eq(&root, &a->c->root))
        return gw_fail(&w->why, GW_EPROOF,
                       "checkpoint: its root is not that of the entries");
    return 0;
}

static int run(struct audit *a, struct worker *w)
{
    int rc = begin(a, w);
    if (rc)
        return rc;
    uint64_t size = a->c->size, threads = 1;
    a->first = a->ret->range.size / GW_TILE_WIDTH;
    a->end = size / GW_TILE_WIDTH + (size % GW_TILE_WIDTH ? 1 : 0);
    a->units = (a->end - a->first + UNIT - 1) / UNIT;
    if (a->o->threads > 1 && w->r->again)
        threads =
            a->o->threads < THREADS_MAX ? (uint64_t)a->o->threads : THREADS_MAX;
    if (threads > a->units)
        threads = a->units ? a->units : 1;
    size_t extra = (size_t)threads - 1;
    struct worker *more = extra ? gw_new(extra * sizeof *more) : NULL;
    run_all(a, w, more, more ? extra : 0);
    gw_free(more);
    if (a->rc) {
        w->why = a->why;
        return a->rc;
    }
    return finish(a, w);
}

int gw_log_audit(struct gw_log_reader *r, const struct gw_checkpoint *c,
                 const struct gw_audit_options *options, struct gw_audit *ret,
                 struct gw_why *why)
{
    static const struct gw_audit_options none = {0};
    const struct gw_audit_options *o = options ? options : &none;
    memset(ret, 0, sizeof *ret);
    if (c->size > INT64_MAX)
        return gw_fail(why, GW_EFORMAT, "checkpoint: larger than 2^63-1");
    int rc = o->old ? check_old(r, c, o->old, why) : 0;
    if (rc)
        return rc;
    struct audit *a = gw_new(sizeof *a);
    struct worker *w = gw_new(sizeof *w);
    if (a && w) {
        a->c = c;
        a->o = o;
        a->ret = ret;
        worker_init(w, a, r);
        pthread_mutex_init(&a->lock, NULL);
        pthread_cond_init(&a->turn, NULL);
        rc = run(a, w);
        if (rc)
            gw_fail(why, rc, "%s", w->why.text);
        pthread_cond_destroy(&a->turn);
        pthread_mutex_destroy(&a->lock);
        worker_release(w);
    } else {
        rc = gw_fail(why, GW_ENOMEM, "audit: %s", gw_strerror(GW_ENOMEM));
    }
    gw_free(a);
    gw_free(w);
    return rc;
}
