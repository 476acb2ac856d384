// Files of the site: written only where bytes differ, listed in a manifest,
// removed when no longer made.
#include "publish/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST "site-manifest.csv"
enum { MANIFEST_MAX = 64 << 20 };

// A path that stays in the folder, whoever wrote it.
static bool ours(gw_span path)
{
    if (!path.len || path.len > SITE_PATH || path.at[0] == '/')
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] < 0x21 || path.at[i] > 0x7e || path.at[i] == '\\')
            return false;
    for (gw_span rest = path; rest.len;) {
        gw_span part = gw_cut(&rest, '/');
        if (!part.len || part.at[0] == '.')
            return false;
    }
    return true;
}

static int full_path(const struct site *s, gw_span path, char *ret,
                     struct gw_why *why)
{
    int len = snprintf(ret, 4096, "%s/%.*s", s->options->folder, (int)path.len,
                       (const char *)path.at);
    return len < 4090 ? 0 : gw_fail(why, GW_ETOOBIG, "the folder's name");
}

static int read_whole(int fd, uint8_t *at, size_t len)
{
    while (len) {
        ssize_t n = read(fd, at, len);
        if (n <= 0)
            return n < 0 && errno == EINTR ? read_whole(fd, at, len) : GW_EIO;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static bool same_bytes(struct site *s, const char *path, gw_span bytes)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                (uint64_t)st.st_size == bytes.len;
    if (same) {
        gw_buf_reset(&s->files->old);
        uint8_t *at = gw_buf_room(&s->files->old, bytes.len + 1);
        same = at && read_whole(fd, at, bytes.len) == 0 &&
               (!bytes.len || memcmp(at, bytes.at, bytes.len) == 0);
    }
    close(fd);
    return same;
}

static int make_folder_of(const char *path, struct gw_why *why)
{
    char folder[4096 + 8];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        return 0;
    *slash = 0;
    return gw_mkdirs(folder, why);
}

// Whole or not at all for who reads. What a crash of the machine loses is made
// again, so that thousands of files need not wait for the disk one by one.
static int replace(const char *path, gw_span bytes, struct gw_why *why)
{
    char made[4096 + 8];
    snprintf(made, sizeof made, "%s.new", path);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(made, flags, 0644);
    if (fd < 0 && errno == ENOENT) {
        int rc = make_folder_of(made, why);
        if (rc)
            return rc;
        fd = open(made, flags, 0644);
    }
    if (fd < 0)
        return gw_fail(why, GW_EIO, "%s: %s", made, strerror(errno));
    int rc = gw_write_all(fd, bytes) ? 0 : GW_EIO;
    if (close(fd) || rc || rename(made, path)) {
        unlink(made);
        return gw_fail(why, GW_EIO, "%s: cannot be written", path);
    }
    return 0;
}

static int note_file(struct site *s, const char *path, gw_span bytes,
                     struct gw_why *why)
{
    struct files *f = s->files;
    size_t known = f->paths.count;
    uint32_t at = names_add(&f->paths, gw_str(path));
    if (at == UINT32_MAX)
        return gw_fail(why, GW_ENOMEM, "%s", path);
    if (at < known)
        return gw_fail(why, GW_EEXIST, "%s: two pages of one name", path);
    if (at == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 256;
        struct file *bigger = gw_resize(f->at, cap, sizeof *bigger);
        if (!bigger)
            return gw_fail(why, GW_ENOMEM, "%s", path);
        f->at = bigger;
        f->cap = cap;
    }
    struct gw_hash32 hash = gw_sha256(bytes);
    f->at[at].size = (int64_t)bytes.len;
    gw_hex(hash.at, sizeof hash.at, f->at[at].sha256);
    return 0;
}

int site_file(struct site *s, const char *path, gw_span bytes,
              struct gw_why *why)
{
    char full[4096];
    const struct gw_publish_options *o = s->options;
    if (!ours(gw_str(path)))
        return gw_fail(why, GW_EREFUSED, "%s: no name for a page", path);
    if (o->stop && *o->stop)
        return gw_fail(why, GW_EREFUSED, "stopped");
    int rc = full_path(s, gw_str(path), full, why);
    rc = rc ? rc : note_file(s, path, bytes, why);
    if (rc)
        return rc;
    bool same = same_bytes(s, full, bytes);
    rc = same ? 0 : replace(full, bytes, why);
    if (rc)
        return rc;
    s->summary->pages++;
    s->summary->bytes += (int64_t)bytes.len;
    *(same ? &s->summary->same : &s->summary->written) += 1;
    if (o->progress)
        o->progress(o->ctx, s->summary->pages, -1);
    return 0;
}

// ---- the manifest -------------------------------------------------------
static int remove_old(struct site *s, gw_span path, struct gw_why *why)
{
    char full[4096];
    if (!ours(path) || names_find(&s->files->paths, path) != UINT32_MAX)
        return 0;
    int rc = full_path(s, path, full, why);
    if (rc)
        return rc;
    if (unlink(full) == 0)
        s->summary->removed++;
    else if (errno != ENOENT)
        return gw_fail(why, GW_EIO, "%s: %s", full, strerror(errno));
    for (char *slash = strrchr(full, '/');
         slash && slash > full + strlen(s->options->folder);
         slash = strrchr(full, '/')) { // folders that are empty now
        *slash = 0;
        if (rmdir(full))
            break;
    }
    return 0;
}

static int remove_gone(struct site *s, struct gw_why *why)
{
    char path[4096];
    struct gw_buf old;
    int rc = full_path(s, GW_LIT(MANIFEST), path, why);
    if (rc || access(path, F_OK) != 0)
        return rc;
    gw_buf_init(&old, MANIFEST_MAX);
    rc = gw_file_read(path, &old, why);
    gw_span rest = gw_buf_span(&old);
    gw_cut(&rest, '\n'); // the heading
    while (!rc && rest.len) {
        gw_span line = gw_cut(&rest, '\n');
        rc = remove_old(s, gw_cut(&line, ','), why);
    }
    gw_buf_release(&old);
    return rc;
}

int site_files_finish(struct site *s, struct gw_why *why)
{
    char path[4096];
    struct gw_buf *out = &s->data;
    int rc = remove_gone(s, why);
    uint32_t *order = rc ? NULL : names_sorted(&s->files->paths);
    if (!rc && !order)
        rc = gw_fail(why, GW_ENOMEM, "%s", MANIFEST);
    gw_buf_reset(out);
    gw_put_str(out, "path,bytes,sha256\n");
    for (size_t i = 0; !rc && i < s->files->paths.count; i++) {
        const struct file *f = &s->files->at[order[i]];
        gw_put_fmt(out, "%s,%lld,%s\n", s->files->paths.at[order[i]],
                   (long long)f->size, f->sha256);
    }
    gw_free(order);
    rc = rc ? rc : out->err ? gw_fail(why, out->err, "%s", MANIFEST) : 0;
    rc = rc ? rc : full_path(s, GW_LIT(MANIFEST), path, why);
    if (!rc && !same_bytes(s, path, gw_buf_span(out)))
        rc = replace(path, gw_buf_span(out), why);
    return rc;
}
