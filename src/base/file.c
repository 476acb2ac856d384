// Files that appear whole or not at all, and a walk in a fixed order.
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 4096, WALK_DEPTH = 64, STEP = 64 * 1024 };

int gw_fail_errno(struct gw_why *why, const char *path, const char *doing)
{
    int code = errno == ENOENT   ? GW_ENOENT
               : errno == ENOMEM ? GW_ENOMEM
               : errno == EEXIST ? GW_EEXIST
                                 : GW_EIO;
    return gw_fail(why, code, "%s: cannot %s: %s", path, doing,
                   strerror(errno));
}

int gw_file_read(const char *path, struct gw_buf *b, struct gw_why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail_errno(why, path, "open");
    int rc = 0;
    for (;;) {
        uint8_t *p = gw_buf_room(b, STEP);
        if (!p && b->err == GW_ETOOBIG && b->max > b->len) {
            b->err = 0; // the tail before the maximum is smaller than a step
            p = gw_buf_room(b, b->max - b->len);
        }
        ssize_t n =
            p ? read(fd, p, b->max - b->len < STEP ? b->max - b->len : STEP)
              : 0;
        if (!p || n < 0) {
            rc = p ? gw_fail_errno(why, path, "read")
                   : gw_fail(why, b->err, "%s: larger than %zu bytes", path,
                             b->max);
            break;
        }
        if (n == 0)
            break;
        b->len += (size_t)n;
    }
    close(fd);
    return rc;
}

bool gw_write_all(int fd, gw_span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = gw_sub(bytes, (size_t)n, bytes.len);
    }
    return true;
}

static int sync_folder(const char *path)
{
    char folder[PATH_MAX_HERE];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

// Renaming over a device or a FIFO would take it away from everybody else.
static int check_replaceable(const char *path, struct gw_why *why)
{
    struct stat st;
    if (stat(path, &st) || S_ISREG(st.st_mode))
        return 0; // what keeps from looking keeps from creating too
    return gw_fail(why, GW_EREFUSED,
                   "%s: is there and is no file, so it is not replaced", path);
}

int gw_file_write(const char *path, gw_span bytes, struct gw_why *why)
{
    char temporary[PATH_MAX_HERE];
    int refused = check_replaceable(path, why);
    if (refused)
        return refused;
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return gw_fail_errno(why, path, "create");
    int rc = !gw_write_all(fd, bytes) || fchmod(fd, 0644) || fsync(fd) ? -1 : 0;
    int saved = errno;
    if (close(fd) && !rc)
        rc = -1, saved = errno;
    if (!rc && rename(temporary, path))
        rc = -1, saved = errno;
    if (rc) {
        unlink(temporary);
        errno = saved;
        return gw_fail_errno(why, path, "write");
    }
    return sync_folder(path) ? gw_fail_errno(why, path, "sync its folder") : 0;
}

int gw_mkdirs(const char *path, struct gw_why *why)
{
    char part[PATH_MAX_HERE];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", path);
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = 0;
        if (mkdir(part, 0755) && errno != EEXIST)
            return gw_fail_errno(why, part, "make the folder");
        *p = kept;
        if (!kept)
            return 0;
    }
}

struct walk {
    gw_walk_fn *fn;
    void *ctx;
    struct gw_why *why;
};

static int walk_in(const struct walk *w, const char *path, int depth);

static int by_bytes(const void *a, const void *b)
{
    return strcmp((*(struct dirent *const *)a)->d_name,
                  (*(struct dirent *const *)b)->d_name);
}

static int walk_folder(const struct walk *w, const char *path, int depth)
{
    struct dirent **names;
    int n = scandir(path, &names, NULL, NULL), rc = 0;
    if (n < 0)
        return gw_fail_errno(w->why, path, "list");
    // scandir's own sorting follows the locale; order by bytes instead.
    qsort(names, (size_t)n, sizeof *names, by_bytes);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        char child[PATH_MAX_HERE];
        int len = snprintf(child, sizeof child, "%s/%s", path, name);
        if (!rc && strcmp(name, ".") && strcmp(name, "..") && len > 0)
            rc = (size_t)len < sizeof child
                     ? walk_in(w, child, depth + 1)
                     : gw_fail(w->why, GW_ETOOBIG, "%s/%s: path is too long",
                               path, name);
        free(names[i]);
    }
    free(names);
    return rc;
}

static int walk_in(const struct walk *w, const char *path, int depth)
{
    struct stat st;
    if (depth ? lstat(path, &st) : stat(path, &st))
        return gw_fail_errno(w->why, path, "look at");
    if (S_ISREG(st.st_mode))
        return w->fn(w->ctx, path);
    if (!S_ISDIR(st.st_mode))
        return 0;
    if (depth >= WALK_DEPTH)
        return gw_fail(w->why, GW_ETOOBIG, "%s: folders nest too deep", path);
    return walk_folder(w, path, depth);
}

int gw_walk(const char *path, gw_walk_fn *fn, void *ctx, struct gw_why *why)
{
    struct walk w = {fn, ctx, why};
    return walk_in(&w, path, 0);
}
