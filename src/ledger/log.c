// The writer of a tiled log. What it promises is an order: entries durable,
// tiles durable, signature, checkpoint; and that whatever stops it in between,
// the next open goes on from there without a second history.
#include "ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static int fail_errno(struct gw_why *why, const char *path, const char *doing)
{
    return gw_fail(why, GW_EIO, "%s: cannot %s: %s", path, doing,
                   strerror(errno));
}

static int broken(const struct gw_log *l, struct gw_why *why)
{
    return gw_fail(why, GW_EIO,
                   "%s: an earlier write failed; the log must be opened again",
                   l->folder);
}

uint64_t gw_log_size(const struct gw_log *l)
{
    return l->tiles.size;
}

uint64_t gw_log_published(const struct gw_log *l)
{
    return l->published ? l->checkpoint.size : 0;
}

// ---- checkpoints --------------------------------------------------------
static int read_published(struct gw_log *l, struct gw_why *why)
{
    struct gw_buf note;
    struct gw_why said = {0};
    gw_buf_init(&note, LOG_NOTE_MAX);
    int rc = gw_file_read(l->checkpoint_path, &note, &said);
    if (rc == GW_ENOENT) {
        gw_buf_release(&note);
        return 0;
    }
    l->published = true;
    // Its rename may have been the last that a writer did. It must not be
    // undone once space of the journal is used again because of it.
    if (!rc && fsync(l->tiles.dir))
        rc = fail_errno(&said, l->folder, "sync");
    rc = rc ? rc
            : log_read_note(gw_buf_span(&note), l->origin, &l->checkpoint,
                            &said);
    gw_buf_release(&note);
    return rc ? gw_fail(why, rc, "%s: %s", l->checkpoint_path, said.text) : 0;
}

// ---- publishing ---------------------------------------------------------
static int reach(struct gw_log *l, enum log_step step, struct gw_why *why)
{
    return log_at(&l->watch, step)
               ? gw_fail(why, GW_EIO, "%s: cannot go on", l->folder)
               : 0;
}

static int stage(struct gw_log *l, struct gw_why *why)
{
    int rc = reach(l, LOG_STEP_TILES, why);
    return rc ? rc : log_tiles_stage(&l->tiles, why);
}

// Entries are durable. Files that could not be written, or did not get to the
// disk, are written again by the next open, which knows what is published.
static int write_tree(struct gw_log *l, struct gw_checkpoint *ret,
                      struct gw_why *why)
{
    *ret = (struct gw_checkpoint){.size = l->tiles.size};
    memcpy(ret->origin, l->origin, sizeof ret->origin);
    int rc = stage(l, why);
    rc = rc ? rc : log_tiles_wait(&l->tiles, why);
    rc = rc ? rc : reach(l, LOG_STEP_PARTIALS, why);
    rc = rc ? rc : log_tiles_partial(&l->tiles, l->settled, &ret->root, why);
    rc = rc ? rc : reach(l, LOG_STEP_SETTLE, why);
    rc = rc ? rc : log_tiles_settle(&l->tiles, why);
    l->broken = rc != 0;
    if (!rc)
        l->settled = ret->size;
    return rc;
}

static int publish_tree(struct gw_log *l, struct gw_why *why)
{
    struct gw_checkpoint c;
    struct gw_buf note;
    gw_buf_init(&note, LOG_NOTE_MAX);
    int rc = l->asked ? 0 : log_ask_last(l, why);
    if (!rc && l->last.size > l->tiles.size)
        rc = log_fail_ahead(l, why);
    rc = rc ? rc : write_tree(l, &c, why);
    rc = rc ? rc : reach(l, LOG_STEP_SIGN, why);
    rc = rc ? rc : log_get_signed(l, &c, &note, why);
    rc = rc ? rc : reach(l, LOG_STEP_CHECKPOINT, why);
    rc = rc ? rc : gw_file_write(l->checkpoint_path, gw_buf_span(&note), why);
    if (!rc) {
        l->checkpoint = l->last = c;
        l->published = l->signed_once = true;
        gw_buf_release(&l->last_note);
        l->last_note = note;
        if (l->journal)
            journal_release(l->journal, c.size);
        return reach(l, LOG_STEP_PUBLISHED, why);
    }
    // The signer may have signed what we could not write down.
    l->asked = false;
    gw_buf_release(&note);
    return rc;
}

int gw_log_publish(struct gw_log *l, struct gw_checkpoint *ret,
                   struct gw_why *why)
{
    int rc = gw_log_sync(l, why);
    if (!rc && (!l->published || l->checkpoint.size != l->tiles.size))
        rc = publish_tree(l, why);
    if (!rc)
        *ret = l->checkpoint;
    return rc;
}

// ---- appending ----------------------------------------------------------
int gw_log_sync(struct gw_log *l, struct gw_why *why)
{
    if (l->broken)
        return broken(l, why);
    int rc = l->journal ? journal_sync(l->journal, why) : 0;
    l->broken = rc != 0;
    return rc;
}

// Bounds what is held in memory. Only what is durable goes into full tiles,
// so that none of them is ever written with other entries.
static int make_room(struct gw_log *l, struct gw_why *why)
{
    if (l->tiles.pending.len < LOG_PENDING)
        return 0;
    int rc = gw_log_sync(l, why);
    return rc ? rc : stage(l, why);
}

static int check_batch(struct gw_log *l, const gw_span *entries, size_t n,
                       struct gw_why *why)
{
    uint64_t bytes = 0;
    size_t longest = 0;
    struct gw_checkpoint c;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].len > GW_ENTRY_MAX)
            return gw_fail(why, GW_ETOOBIG, "%s: an entry of %zu bytes",
                           l->folder, entries[i].len);
        bytes += 2 + entries[i].len;
        longest = entries[i].len > longest ? entries[i].len : longest;
    }
    if (!l->journal || journal_has_room(l->journal, bytes, longest))
        return 0;
    int rc = gw_log_publish(l, &c, why);
    if (rc)
        return gw_within(why, "%s: the journal is full", l->folder), rc;
    return journal_has_room(l->journal, bytes, longest)
               ? 0
               : gw_fail(why, GW_ETOOBIG,
                         "%s: %llu bytes at once are more than the journal "
                         "holds",
                         l->folder, (unsigned long long)bytes);
}

int gw_log_append(struct gw_log *l, const gw_span *entries, size_t n,
                  uint64_t *ret_first, struct gw_why *why)
{
    if (l->broken)
        return broken(l, why);
    int rc = check_batch(l, entries, n, why);
    if (rc)
        return rc;
    *ret_first = l->tiles.size;
    for (size_t i = 0; !rc && i < n; i++) {
        rc = make_room(l, why);
        if (!rc && l->journal)
            rc = journal_put(l->journal, l->tiles.size, entries[i], why);
        rc = rc ? rc : log_tiles_add(&l->tiles, entries[i], why);
        l->broken = l->broken || rc; // half of a batch is not undone
    }
    return rc;
}

// ---- opening ------------------------------------------------------------
static int take_paths(struct gw_log *l, const struct gw_log_options *o,
                      struct gw_why *why)
{
    int n = snprintf(l->folder, sizeof l->folder, "%s", o->folder);
    int m = snprintf(l->checkpoint_path, sizeof l->checkpoint_path, "%s/%s",
                     o->folder, o->name);
    int k = snprintf(l->origin, sizeof l->origin, "%s", o->origin);
    bool ok = n > 0 && n < LOG_PATH - GW_TILE_PATH && m > 0 && m < LOG_PATH &&
              k > 0 && (size_t)k < sizeof l->origin;
    return ok ? 0
              : gw_fail(why, GW_EUSAGE,
                        "log: folder, name or origin is empty or too long");
}

static int lock_folder(struct gw_log *l, struct gw_why *why)
{
    char path[LOG_PATH];
    int rc = gw_mkdirs(l->folder, why);
    if (rc)
        return rc;
    if (snprintf(path, sizeof path, "%s/.lock", l->folder) >= LOG_PATH)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", l->folder);
    l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (l->lock < 0)
        return fail_errno(why, path, "open");
    if (flock(l->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK
               ? gw_fail(why, GW_EBUSY, "%s: another process writes this log",
                         l->folder)
               : fail_errno(why, path, "lock");
}

// A tree that was signed is published before anything is put behind it.
static int publish_signed(struct gw_log *l, struct gw_why *why)
{
    bool due = l->signed_once && l->tiles.size == l->last.size &&
               (!l->published || l->checkpoint.size < l->last.size);
    return due ? publish_tree(l, why) : 0;
}

static int replay(void *ctx, gw_span entry, struct gw_why *why)
{
    struct gw_log *l = ctx;
    int rc = publish_signed(l, why);
    if (!rc && l->tiles.pending.len >= LOG_PENDING)
        rc = stage(l, why);
    return rc ? rc : log_tiles_add(&l->tiles, entry, why);
}

static int open_journal(struct gw_log *l, const struct gw_log_options *o,
                        struct gw_why *why)
{
    struct journal_options j = {.folder = o->journal,
                                .bytes = o->journal_bytes,
                                .origin = l->origin,
                                .published = gw_log_published(l),
                                .watch = l->watch,
                                .each = replay,
                                .ctx = l};
    struct journal *opened;
    int rc = log_ask_last(l, why);
    rc = rc ? rc : journal_open(&j, &opened, why);
    if (rc)
        return rc;
    l->journal = opened;
    rc = publish_signed(l, why);
    journal_release(l->journal, gw_log_published(l));
    if (!rc && l->last.size > l->tiles.size)
        rc = log_fail_ahead(l, why);
    return rc;
}

int log_open_watched(const struct gw_log_options *o,
                     const struct log_watch *watch, struct gw_log **ret,
                     struct gw_why *why)
{
    *ret = NULL;
    struct gw_log *l = gw_new(sizeof *l);
    if (!l)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", o->folder);
    l->lock = l->tiles.dir = -1;
    l->settled = LOG_NO_TREE;
    l->sign = o->sign;
    l->watch = *watch;
    gw_buf_init(&l->last_note, LOG_NOTE_MAX);
    int rc = take_paths(l, o, why);
    rc = rc ? rc : lock_folder(l, why);
    rc = rc ? rc : log_tiles_open(&l->tiles, l->folder, o->threads, why);
    rc = rc ? rc : read_published(l, why);
    if (!rc && l->published) {
        rc = log_tiles_recover(&l->tiles, &l->checkpoint, why);
        l->settled = l->checkpoint.size;
    }
    if (!rc && o->journal)
        rc = open_journal(l, o, why);
    if (rc) {
        gw_log_close(l);
        return rc;
    }
    *ret = l;
    return 0;
}

int gw_log_open(const struct gw_log_options *o, struct gw_log **ret,
                struct gw_why *why)
{
    const struct log_watch none = {0};
    return log_open_watched(o, &none, ret, why);
}

void gw_log_close(struct gw_log *l)
{
    if (!l)
        return;
    journal_close(l->journal);
    log_tiles_close(&l->tiles);
    gw_buf_release(&l->last_note);
    if (l->lock >= 0)
        close(l->lock);
    gw_free(l);
}
