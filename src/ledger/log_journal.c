// The journal of a log: entries are durable here long before they are in
// tiles. Format: log_journal.h.
#include "ledger/log_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- segment files ------------------------------------------------------
static void segment_path(const struct journal *j, unsigned k,
                         const char *ending, char ret_path[static LOG_PATH])
{
    // The folder's length left room for every name.
    if (snprintf(ret_path, LOG_PATH, "%s/segment.%u%s", j->folder, k, ending) >=
        LOG_PATH)
        ret_path[0] = 0;
}

int journal_write_at(struct journal *j, unsigned k, uint64_t pos, gw_span bytes,
                     struct gw_why *why)
{
    struct segment *s = &j->at[k];
    s->dirty = true;
    if (lseek(s->fd, (off_t)pos, SEEK_SET) < 0 || !gw_write_all(s->fd, bytes))
        return gw_fail_errno(why, j->folder, "write");
    // The disk can begin while the next frame is filled.
    (void)sync_file_range(s->fd, (off_t)pos, (off_t)bytes.len,
                          SYNC_FILE_RANGE_WRITE);
    return 0;
}

int journal_flush(struct journal *j, struct gw_why *why)
{
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++) {
        if (j->at[k].dirty && fdatasync(j->at[k].fd))
            return gw_fail_errno(why, j->folder, "sync");
        j->at[k].dirty = false;
    }
    return 0;
}

static int lay_segment(struct journal *j, unsigned k, struct gw_why *why)
{
    char path[LOG_PATH], fresh[LOG_PATH];
    segment_path(j, k, "", path);
    segment_path(j, k, ".new", fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return gw_fail_errno(why, fresh, "create");
    int rc = 0;
    for (uint64_t at = 0; !rc && at < j->bytes;) {
        uint64_t left = j->bytes - at;
        size_t n = left < JOURNAL_FRAME_MAX ? (size_t)left : JOURNAL_FRAME_MAX;
        rc = gw_write_all(fd, gw_span_of(j->frame, n)) ? 0 : -1;
        at += n;
    }
    rc = rc || fsync(fd) ? -1 : 0;
    int saved = errno;
    close(fd);
    if (!rc && rename(fresh, path))
        rc = -1, saved = errno;
    if (!rc)
        return 0;
    unlink(fresh);
    errno = saved;
    return gw_fail_errno(why, path, "write");
}

// From the last to the first: where there is a first one, all are there.
static int lay(struct journal *j, uint64_t bytes, struct gw_why *why)
{
    j->bytes = bytes / JOURNAL_SEGMENTS / JOURNAL_BLOCK * JOURNAL_BLOCK;
    if (j->bytes < JOURNAL_SEGMENT_MIN || j->bytes > JOURNAL_SEGMENT_MAX)
        return gw_fail(why, GW_EUSAGE, "%s: a journal has %d to %lld bytes",
                       j->folder, JOURNAL_SEGMENTS * JOURNAL_SEGMENT_MIN,
                       (long long)JOURNAL_SEGMENTS *
                           (long long)JOURNAL_SEGMENT_MAX);
    for (unsigned k = JOURNAL_SEGMENTS; k--;) {
        int rc = lay_segment(j, k, why);
        if (rc)
            return rc;
    }
    int dir = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dir < 0 || fsync(dir) ? gw_fail_errno(why, j->folder, "sync") : 0;
    if (dir >= 0)
        close(dir);
    return rc;
}

static int open_segments(struct journal *j, uint64_t bytes, struct gw_why *why)
{
    char path[LOG_PATH];
    struct stat st;
    segment_path(j, 0, "", path);
    int rc = access(path, F_OK) && errno == ENOENT ? lay(j, bytes, why) : 0;
    for (unsigned k = 0; !rc && k < JOURNAL_SEGMENTS; k++) {
        segment_path(j, k, "", path);
        j->at[k].fd = open(path, O_RDWR | O_CLOEXEC);
        if (j->at[k].fd < 0 || fstat(j->at[k].fd, &st))
            return gw_fail_errno(why, path, "open");
        if (!k)
            j->bytes = (uint64_t)st.st_size;
        if ((uint64_t)st.st_size != j->bytes || j->bytes % JOURNAL_BLOCK ||
            j->bytes < JOURNAL_SEGMENT_MIN || j->bytes > JOURNAL_SEGMENT_MAX)
            rc = gw_fail(why, GW_ECORRUPT,
                         "%s: %lld bytes, not the size of a segment", path,
                         (long long)st.st_size);
    }
    return rc;
}

// ---- opening ------------------------------------------------------------
int journal_open(const struct journal_options *o, struct journal **ret,
                 struct gw_why *why)
{
    *ret = NULL;
    struct journal *j = gw_new(sizeof *j);
    if (!j)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", o->folder);
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++)
        j->at[k].fd = -1;
    j->origin = gw_sha256(gw_str(o->origin));
    j->published = o->published;
    j->watch = o->watch;
    j->frame = gw_new(JOURNAL_FRAME_MAX);
    int n = snprintf(j->folder, sizeof j->folder, "%s", o->folder);
    int rc =
        !j->frame ? gw_fail(why, GW_ENOMEM, "%s: out of memory", o->folder)
        : n < 0 || (size_t)n >= sizeof j->folder
            ? gw_fail(why, GW_ETOOBIG, "%.200s...: path is too long", o->folder)
            : gw_mkdirs(j->folder, why);
    rc = rc ? rc : open_segments(j, o->bytes, why);
    rc = rc ? rc : journal_replay(j, o->each, o->ctx, why);
    if (rc) {
        journal_close(j);
        return rc;
    }
    *ret = j;
    return 0;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++)
        if (j->at[k].fd >= 0)
            close(j->at[k].fd);
    gw_free(j->frame);
    gw_free(j);
}

// ---- writing ------------------------------------------------------------
void journal_release(struct journal *j, uint64_t published)
{
    j->published = published;
}

// A frame ends where the next entry does not fit, and is padded.
static uint64_t surely_fits(const struct journal *j, uint64_t space,
                            size_t longest)
{
    uint64_t frames = j->bytes / JOURNAL_FRAME_MAX + 2;
    uint64_t waste = frames * (JOURNAL_HEAD + JOURNAL_BLOCK + longest + 2);
    return space > waste ? space - waste : 0;
}

bool journal_has_room(const struct journal *j, uint64_t n, size_t longest)
{
    uint64_t used = j->pos + (j->count ? journal_padded(j->len) : 0);
    uint64_t room = surely_fits(j, j->bytes - used, longest);
    for (unsigned i = 1; i < JOURNAL_SEGMENTS; i++) {
        if (j->at[(j->head + i) % JOURNAL_SEGMENTS].end > j->published)
            break;
        room += surely_fits(j, j->bytes, longest);
    }
    // Each time that so much is staged, a frame ends early.
    return n + (n / LOG_PENDING + 1) * 2 * JOURNAL_BLOCK <= room;
}

static int write_frame(struct journal *j, struct gw_why *why)
{
    struct journal_frame f = {.seq = j->seq,
                              .first = j->first,
                              .durable = j->durable,
                              .count = j->count,
                              .origin = j->origin};
    size_t whole = journal_padded(j->len);
    if (!j->count)
        return 0;
    if (log_at(&j->watch, LOG_STEP_FRAME))
        return gw_fail(why, GW_EIO, "%s: cannot write", j->folder);
    f.payload = gw_span_of(j->frame + JOURNAL_HEAD, j->len - JOURNAL_HEAD);
    memcpy(f.before, j->before, JOURNAL_LINK);
    journal_frame_seal(&f, j->frame);
    memset(j->frame + j->len, 0, whole - j->len);
    int rc =
        journal_write_at(j, j->head, j->pos, gw_span_of(j->frame, whole), why);
    if (rc)
        return rc;
    j->at[j->head].end = j->first + j->count;
    j->pos += whole;
    j->seq++;
    memcpy(j->before, f.check.at, JOURNAL_LINK);
    j->count = 0;
    return 0;
}

static int begin_frame(struct journal *j, uint64_t index, size_t need,
                       struct gw_why *why)
{
    uint64_t room = j->bytes - j->pos;
    if (room < JOURNAL_HEAD + need) {
        unsigned next = (j->head + 1) % JOURNAL_SEGMENTS;
        if (j->at[next].end > j->published)
            return gw_fail(why, GW_ETOOBIG, "%s: full", j->folder);
        j->head = next;
        j->pos = 0;
        room = j->bytes;
    }
    j->cap = room < JOURNAL_FRAME_MAX ? (size_t)room : JOURNAL_FRAME_MAX;
    j->len = JOURNAL_HEAD;
    j->first = index;
    return 0;
}

int journal_put(struct journal *j, uint64_t index, gw_span entry,
                struct gw_why *why)
{
    size_t need = 2 + entry.len;
    int rc = 0;
    if (j->count && j->len + need > j->cap)
        rc = write_frame(j, why);
    if (!rc && !j->count)
        rc = begin_frame(j, index, need, why);
    if (rc)
        return rc;
    uint8_t *to = j->frame + j->len;
    to[0] = (uint8_t)(entry.len >> 8);
    to[1] = (uint8_t)entry.len;
    if (entry.len)
        memcpy(to + 2, entry.at, entry.len);
    j->len += need;
    j->count++;
    return 0;
}

int journal_sync(struct journal *j, struct gw_why *why)
{
    int rc = write_frame(j, why);
    if (rc)
        return rc;
    if (log_at(&j->watch, LOG_STEP_FLUSH))
        return gw_fail(why, GW_EIO, "%s: cannot sync", j->folder);
    rc = journal_flush(j, why);
    if (rc)
        return rc;
    j->durable = j->seq - 1;
    if (log_at(&j->watch, LOG_STEP_FLUSHED))
        return gw_fail(why, GW_EIO, "%s: cannot go on", j->folder);
    return 0;
}
