// Reads a log's files out of a folder that it never leaves, or through a
// function; over HTTP: reader_http.c.
#include "ledger/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WHERE_MAX = 4096, NAME_MAX_HERE = 255 };

// ---- a folder -----------------------------------------------------------
struct folder {
    int fd;
    char where[WHERE_MAX];
};

enum { READING = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

// For kernels before 5.6: name by name, and no symbolic links at all.
static int open_by_steps(int folder, const char *path)
{
    char name[NAME_MAX_HERE + 1];
    int at = folder;
    for (;;) {
        size_t len = strcspn(path, "/");
        bool last = !path[len];
        if (len > NAME_MAX_HERE)
            return errno = ENAMETOOLONG, -1;
        memcpy(name, path, len);
        name[len] = 0;
        int next = openat(
            at, name,
            O_NOFOLLOW | (last ? READING : O_PATH | O_DIRECTORY | O_CLOEXEC));
        int saved = errno;
        if (at != folder)
            close(at);
        errno = saved;
        if (last || next < 0)
            return next;
        at = next;
        path += len + 1;
    }
}

// Links inside the folder are followed, those that lead out of it are not.
static int open_beneath(int folder, const char *path)
{
    struct open_how how = {.flags = READING, .resolve = RESOLVE_BENEATH};
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_by_steps(folder, path);
    return (int)fd;
}

static int fail_open(const struct folder *f, const char *path,
                     struct gw_why *why)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return gw_fail(why, GW_ENOENT, "%s/%s: no such file", f->where, path);
    if (errno == EXDEV || errno == ELOOP)
        return gw_fail(why, GW_EREFUSED, "%s/%s: leads out of the folder",
                       f->where, path);
    return gw_fail(why, GW_EIO, "%s/%s: cannot open: %s", f->where, path,
                   strerror(errno));
}

static int read_all(const struct folder *f, int fd, const char *path,
                    size_t max, struct gw_buf *ret, struct gw_why *why)
{
    struct stat st;
    if (fstat(fd, &st))
        return gw_fail(why, GW_EIO, "%s/%s: %s", f->where, path,
                       strerror(errno));
    if (!S_ISREG(st.st_mode))
        return gw_fail(why, GW_EREFUSED, "%s/%s: is no plain file", f->where,
                       path);
    size_t left = (size_t)st.st_size;
    if (st.st_size < 0 || left > max)
        return gw_fail(why, GW_ETOOBIG, "%s/%s: larger than %zu bytes",
                       f->where, path, max);
    uint8_t *to = left ? gw_buf_room(ret, left) : NULL;
    if (left && !to)
        return gw_fail(why, ret->err, "%s/%s: %s", f->where, path,
                       gw_strerror(ret->err));
    while (left) {
        ssize_t n = read(fd, to, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_fail(why, GW_EIO, "%s/%s: cannot read: %s", f->where,
                           path, strerror(errno));
        if (n == 0)
            break; // it was cut in the meantime
        to += n;
        ret->len += (size_t)n;
        left -= (size_t)n;
    }
    return 0;
}

static int folder_get(void *ctx, const char *path, size_t max,
                      struct gw_buf *ret, struct gw_why *why)
{
    const struct folder *f = ctx;
    int fd = open_beneath(f->fd, path);
    if (fd < 0)
        return fail_open(f, path, why);
    int rc = read_all(f, fd, path, max, ret, why);
    close(fd);
    return rc;
}

static void folder_close(void *ctx)
{
    struct folder *f = ctx;
    close(f->fd);
    gw_free(f);
}

static int folder_again(void *ctx, struct gw_log_reader **ret,
                        struct gw_why *why);

// Takes the descriptor, also on failure.
static int folder_on(int fd, const char *where, struct gw_log_reader **ret,
                     struct gw_why *why)
{
    struct gw_log_reader *r = gw_new(sizeof *r);
    struct folder *f = gw_new(sizeof *f);
    if (!r || !f) {
        gw_free(r);
        gw_free(f);
        close(fd);
        return gw_fail(why, GW_ENOMEM, "%s: %s", where, gw_strerror(GW_ENOMEM));
    }
    f->fd = fd;
    snprintf(f->where, sizeof f->where, "%s", where);
    *r = (struct gw_log_reader){folder_get, f, folder_again, folder_close};
    *ret = r;
    return 0;
}

static int folder_again(void *ctx, struct gw_log_reader **ret,
                        struct gw_why *why)
{
    const struct folder *f = ctx;
    int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return gw_fail(why, GW_EIO, "%s: %s", f->where, strerror(errno));
    return folder_on(fd, f->where, ret, why);
}

static int open_folder(const char *where, struct gw_log_reader **ret,
                       struct gw_why *why)
{
    if (strlen(where) >= WHERE_MAX)
        return gw_fail(why, GW_ETOOBIG, "%.200s...: path is too long", where);
    int fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        return folder_on(fd, where, ret, why);
    if (errno == ENOENT || errno == ENOTDIR)
        return gw_fail(why, GW_ENOENT, "%s: no such folder", where);
    return gw_fail(why, GW_EIO, "%s: %s", where, strerror(errno));
}

// ---- the face -----------------------------------------------------------
int gw_log_reader_open(const char *where, struct gw_log_reader **ret,
                       struct gw_why *why)
{
    static const struct gw_log_patience patience = {30, 500};
    *ret = NULL;
    gw_span s = gw_str(where);
    if (gw_starts(s, "http://") || gw_starts(s, "https://"))
        return gw_log_reader_http(where, &patience, ret, why);
    if (gw_find(s, GW_LIT("://"), 0) >= 0)
        return gw_fail(why, GW_EREFUSED, "%s: neither a folder nor http(s)://",
                       where);
    return open_folder(where, ret, why);
}

struct gw_log_reader *gw_log_reader_on(gw_log_get_fn *get, void *ctx)
{
    struct gw_log_reader *r = gw_new(sizeof *r);
    if (r)
        *r = (struct gw_log_reader){.get = get, .ctx = ctx};
    return r;
}

void gw_log_reader_close(struct gw_log_reader *r)
{
    if (!r)
        return;
    if (r->close)
        r->close(r->ctx);
    gw_free(r);
}

// Names that mean the same in a folder and in a URL, and stay below it.
static bool is_plain(const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (;;) {
        size_t len = strspn(path, letters);
        if (!len || (path[len] && path[len] != '/') ||
            (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
            return false;
        if (!path[len])
            return true;
        path += len + 1;
    }
}

int gw_log_get(struct gw_log_reader *r, const char *path, size_t max,
               struct gw_buf *ret, struct gw_why *why)
{
    if (!is_plain(path))
        return gw_fail(why, GW_EREFUSED, "%.200s: not a path below a log",
                       path);
    size_t before = ret->len;
    int rc = ret->err;
    if (!rc)
        rc = r->get(r->ctx, path, max, ret, why);
    if (rc >= 0 && ret->len - before > max)
        rc = gw_fail(why, GW_ETOOBIG, "%s: larger than %zu bytes", path, max);
    if (rc >= 0)
        return 0;
    ret->len = before;
    return gw_fail(why, rc, "%s: %s", path, gw_strerror(rc));
}
