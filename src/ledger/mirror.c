// Pull mirrors: what is new is copied and audited before the checkpoint that
// covers it is taken over. Until then the copy is what it was, whole.
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_CAP = 4096, ARENA_MAX = 16 << 20, REQUEST_MAX = 2 << 20 };

struct seen { // a checkpoint, there or here
    struct gw_buf bytes;
    struct gw_opened opened;
    bool there;
};

struct mirror {
    struct gw_log_reader *from;
    const struct gw_policy *policy;
    const char *folder;
    int lock; // the folder itself
    struct gw_arena *arena;
    struct seen theirs, ours;
    const struct gw_audit_options *want;
    char made[PATH_CAP]; // the folder of the last file
};

static int path_of(const struct mirror *m, const char *name,
                   char ret_path[PATH_CAP], struct gw_why *why)
{
    int n = snprintf(ret_path, PATH_CAP, "%s/%s", m->folder, name);
    if (n < 0 || n >= PATH_CAP)
        return gw_fail(why, GW_ETOOBIG, "%.200s: path is too long", m->folder);
    return 0;
}

static int failed(struct gw_why *why, const char *path, const char *doing)
{
    return gw_fail(why, GW_EIO, "%s: cannot %s: %s", path, doing,
                   strerror(errno));
}

// ---- checkpoints --------------------------------------------------------
static int open_seen(const struct mirror *m, struct seen *s, const char *where,
                     struct gw_why *why)
{
    struct gw_why bad = {0};
    int rc = gw_policy_open(m->policy, gw_buf_span(&s->bytes), m->arena,
                            &s->opened, &bad);
    s->there = !rc;
    return rc ? gw_fail(why, rc, "%s: %s", where, bad.text) : 0;
}

static int read_both(struct mirror *m, struct gw_why *why)
{
    char path[PATH_CAP];
    struct gw_why absent = {0};
    int rc =
        gw_log_get(m->from, "checkpoint", GW_NOTE_MAX, &m->theirs.bytes, why);
    rc = rc ? rc : open_seen(m, &m->theirs, "the log's checkpoint", why);
    rc = rc ? rc : path_of(m, "checkpoint", path, why);
    if (rc)
        return rc;
    rc = gw_file_read(path, &m->ours.bytes, &absent);
    if (rc == GW_ENOENT)
        return 0;
    return rc ? gw_fail(why, rc, "%s", absent.text)
              : open_seen(m, &m->ours, path, why);
}

// Keeps what was said beside what is held, named by its hash.
static int keep(const struct mirror *m, const struct gw_buf *note,
                struct gw_why *why)
{
    struct gw_hash32 hash = gw_sha256(gw_buf_span(note));
    char hex[2 * GW_HASH_LEN + 1], name[64], path[PATH_CAP];
    gw_hex(hash.at, GW_HASH_LEN, hex);
    snprintf(name, sizeof name, "checkpoint.fork-%.12s", hex);
    int rc = path_of(m, name, path, why);
    return rc ? rc : gw_file_write(path, gw_buf_span(note), why);
}

static int refuse(const struct mirror *m, const char *what, struct gw_why *why)
{
    struct gw_why lost = {0};
    int rc = keep(m, &m->ours.bytes, &lost);
    rc = rc ? rc : keep(m, &m->theirs.bytes, &lost);
    return gw_fail(why, GW_EFORK,
                   "%s: %s: %llu entries are held, %llu are offered; %s%s",
                   m->ours.opened.checkpoint.origin, what,
                   (unsigned long long)m->ours.opened.checkpoint.size,
                   (unsigned long long)m->theirs.opened.checkpoint.size,
                   rc ? "the checkpoints could not be kept: "
                      : "both checkpoints are kept",
                   rc ? lost.text : "");
}

// Whether what is offered is what is held, and perhaps more. Asked of the
// log's own tiles, so that a damaged tile is not taken for a fork.
static int compare(const struct mirror *m, struct gw_why *why)
{
    const struct gw_checkpoint *ours = &m->ours.opened.checkpoint;
    const struct gw_checkpoint *theirs = &m->theirs.opened.checkpoint;
    struct gw_hash32 root = theirs->root;
    if (!m->ours.there)
        return 0;
    if (strcmp(ours->origin, theirs->origin) != 0)
        return gw_fail(why, GW_EREFUSED, "%s: holds a copy of %s, not of %s",
                       m->folder, ours->origin, theirs->origin);
    if (theirs->size < ours->size)
        return refuse(m, "the log shrank", why);
    if (theirs->size > ours->size && ours->size) {
        struct gw_tiles *t;
        int rc = gw_tiles_open(m->from, theirs, &t, why);
        if (rc)
            return rc;
        rc = gw_root_of_first(gw_tiles_node, t, ours->size, &root, why);
        gw_tiles_close(t);
        if (rc)
            return rc;
    } else if (theirs->size > ours->size) {
        return 0;
    }
    return gw_hash32_eq(&root, &ours->root) ? 0 : refuse(m, "a fork", why);
}

// ---- files --------------------------------------------------------------
static int write_file(const char *path, gw_span bytes, struct gw_why *why)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(why, path, "create");
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int rc = failed(why, path, "write");
            close(fd);
            return rc;
        }
        bytes = gw_sub(bytes, (size_t)n, bytes.len);
    }
    return close(fd) ? failed(why, path, "close") : 0;
}

static int make_folder_of(struct mirror *m, const char *path,
                          struct gw_why *why)
{
    size_t len = (size_t)(strrchr(path, '/') - path);
    if (strlen(m->made) == len && memcmp(m->made, path, len) == 0)
        return 0;
    memcpy(m->made, path, len);
    m->made[len] = 0;
    int rc = gw_mkdirs(m->made, why);
    if (rc)
        m->made[0] = 0;
    return rc;
}

// No file of the tree that is held is written again. Others need no care: no
// checkpoint says anything of them before syncfs has made them durable.
static int on_file(void *ctx, int level, uint64_t n, unsigned width,
                   gw_span bytes, struct gw_why *why)
{
    struct mirror *m = ctx;
    char name[GW_TILE_PATH], path[PATH_CAP];
    unsigned shift = level > 0 ? 8 * (unsigned)level : 0;
    uint64_t held = m->ours.there ? m->ours.opened.checkpoint.size : 0;
    int rc = 0;
    if (n * GW_TILE_WIDTH + width > held >> shift) {
        gw_tile_path(level, n, width, name);
        rc = path_of(m, name, path, why);
        rc = rc ? rc : make_folder_of(m, path, why);
        rc = rc ? rc : write_file(path, bytes, why);
    }
    if (!rc && m->want && m->want->file)
        rc = m->want->file(m->want->ctx, level, n, width, bytes, why);
    return rc;
}

static void on_progress(void *ctx, uint64_t entries, uint64_t total)
{
    const struct mirror *m = ctx;
    if (m->want && m->want->progress)
        m->want->progress(m->want->ctx, entries, total);
}

// ---- copying ------------------------------------------------------------
// What an audit needs of the entries that are held: from the copy's own tiles,
// each proved against the checkpoint that is held.
static int range_of(struct gw_log_reader *held, const struct gw_checkpoint *c,
                    struct gw_range *ret, struct gw_why *why)
{
    struct gw_tiles *t;
    struct gw_why bad = {0};
    *ret = (struct gw_range){.size = c->size};
    int rc = gw_tiles_open(held, c, &t, why);
    if (rc)
        return rc;
    uint64_t at = 0;
    for (unsigned l = 63; l < 64 && !rc; l--) {
        if (!(c->size >> l & 1))
            continue;
        rc = gw_tiles_node(t, l, at >> l, &ret->at[l], &bad);
        at += UINT64_C(1) << l;
    }
    gw_tiles_close(t);
    return rc ? gw_fail(why, rc, "the copy that is held: %s", bad.text) : 0;
}

static int copy(struct mirror *m, struct gw_log_reader *held,
                struct gw_mirror_result *ret, struct gw_why *why)
{
    struct gw_audit_options o =
        m->want ? *m->want : (struct gw_audit_options){0};
    struct gw_audit audit = {0};
    struct gw_range known;
    int rc = 0;
    o.from = NULL;
    o.old = NULL; // compare() has asked
    if (m->ours.there && m->ours.opened.checkpoint.size) {
        rc = range_of(held, &m->ours.opened.checkpoint, &known, why);
        o.from = &known;
    }
    o.file = on_file;
    o.progress = on_progress;
    o.ctx = m;
    if (!rc)
        rc = gw_log_audit(m->from, &m->theirs.opened.checkpoint, &o, &audit,
                          why);
    if (!rc && syncfs(m->lock))
        rc = failed(why, m->folder, "sync");
    ret->files = audit.files;
    ret->bytes = audit.bytes;
    return rc;
}

// ---- cosigning ----------------------------------------------------------
static int last_size(const struct mirror *m, struct gw_signer *signer,
                     uint64_t *ret, struct gw_why *why)
{
    const char *origin = m->theirs.opened.checkpoint.origin;
    struct gw_buf note;
    struct gw_why absent = {0};
    struct gw_checkpoint c;
    struct gw_note parsed;
    *ret = 0;
    gw_buf_init(&note, GW_NOTE_MAX);
    int rc = gw_signer_last(signer, gw_str(origin), &note, &absent);
    if (!rc)
        rc = gw_note_parse(gw_buf_span(&note), m->arena, &parsed, &absent);
    if (!rc)
        rc = gw_checkpoint_parse(parsed.text, &c, &absent);
    if (!rc)
        *ret = c.size;
    gw_buf_release(&note);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", absent.text) : 0;
}

// Appends the signer's line to the checkpoint that will be stored.
static int cosign(struct mirror *m, struct gw_log_reader *held,
                  struct gw_signer *signer, struct gw_why *why)
{
    struct gw_tiles *t = NULL;
    struct gw_buf request;
    struct gw_answer a = {0};
    uint64_t old;
    gw_buf_init(&request, REQUEST_MAX);
    int rc = last_size(m, signer, &old, why);
    rc = rc ? rc : gw_tiles_open(held, &m->theirs.opened.checkpoint, &t, why);
    rc = rc ? rc
            : gw_witness_request(t, old, gw_buf_span(&m->theirs.bytes),
                                 &request, why);
    gw_tiles_close(t);
    if (!rc) {
        gw_signer_answer(signer, gw_buf_span(&request), &a);
        if (a.status != 200)
            rc = gw_fail(why, a.status == 422 ? GW_EFORK : GW_EREFUSED,
                         "the mirror's signer answered %d: %.*s", a.status,
                         (int)gw_trim(gw_buf_span(&a.body)).len,
                         (const char *)a.body.at);
        else
            gw_put_span(&m->theirs.bytes, gw_buf_span(&a.body));
        gw_answer_release(&a);
    }
    gw_buf_release(&request);
    // What is stored must be a checkpoint that the next run can read.
    return rc ? rc : open_seen(m, &m->theirs, "the cosigned checkpoint", why);
}

static int run(struct mirror *m, struct gw_signer *signer,
               struct gw_mirror_result *ret, struct gw_why *why)
{
    struct gw_log_reader *held = NULL;
    char path[PATH_CAP];
    int rc = read_both(m, why);
    rc = rc ? rc : compare(m, why);
    rc = rc ? rc : path_of(m, "checkpoint", path, why);
    rc = rc ? rc : gw_log_reader_open(m->folder, &held, why);
    if (rc)
        return rc;
    ret->old_size = m->ours.there ? m->ours.opened.checkpoint.size : 0;
    ret->size = m->theirs.opened.checkpoint.size;
    if (ret->size > ret->old_size)
        rc = copy(m, held, ret, why);
    if (!rc && signer)
        rc = cosign(m, held, signer, why);
    gw_log_reader_close(held);
    rc = rc ? rc : gw_file_write(path, gw_buf_span(&m->theirs.bytes), why);
    ret->cosigned = !rc && signer;
    return rc;
}

static int lock(struct mirror *m, struct gw_why *why)
{
    int rc = gw_mkdirs(m->folder, why);
    if (rc)
        return rc;
    m->lock = open(m->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m->lock < 0)
        return failed(why, m->folder, "open");
    if (flock(m->lock, LOCK_EX | LOCK_NB))
        return gw_fail(why, GW_EBUSY, "%s: another mirror writes there",
                       m->folder);
    return 0;
}

int gw_mirror(struct gw_log_reader *from, const struct gw_policy *policy,
              struct gw_signer *signer, const char *folder,
              const struct gw_audit_options *options,
              struct gw_mirror_result *ret, struct gw_why *why)
{
    struct mirror *m = gw_new(sizeof *m);
    *ret = (struct gw_mirror_result){0};
    if (!m)
        return gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    m->from = from;
    m->policy = policy;
    m->folder = folder;
    m->want = options;
    m->lock = -1;
    m->arena = gw_arena_new(ARENA_MAX);
    gw_buf_init(&m->theirs.bytes, GW_NOTE_MAX);
    gw_buf_init(&m->ours.bytes, GW_NOTE_MAX);
    int rc = m->arena ? lock(m, why)
                      : gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    rc = rc ? rc : run(m, signer, ret, why);
    gw_buf_release(&m->theirs.bytes);
    gw_buf_release(&m->ours.bytes);
    gw_arena_free(m->arena);
    if (m->lock >= 0)
        close(m->lock);
    gw_free(m);
    return rc;
}
