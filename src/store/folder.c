// What lies in an archive's folder beside the catalogue: how files get their
// names, and the lock that keeps a second writer out.
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- files --------------------------------------------------------------

bool is_hash(gw_span s)
{
    uint8_t bytes[GW_HASH_LEN];
    if (s.len != HEX_LEN || !gw_unhex(s, bytes))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] >= 'A' && s.at[i] <= 'F')
            return false;
    return true;
}

void archive_path(const struct gw_archive *a, char ret_path[static PATH_CAP],
                  const char *fmt, ...)
{
    int n = snprintf(ret_path, PATH_CAP, "%s/", a->folder);
    va_list args;
    va_start(args, fmt);
    if (n > 0 && n < PATH_CAP)
        vsnprintf(ret_path + n, (size_t)(PATH_CAP - n), fmt, args);
    va_end(args);
}

int archive_temp(const struct gw_archive *a, const char *sub,
                 char ret_path[static PATH_CAP], struct gw_why *why)
{
    archive_path(a, ret_path, "%s/tmp-XXXXXX", sub);
    int fd = mkostemp(ret_path, O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, 0644) == 0)
        return fd;
    int rc = gw_fail_errno(why, ret_path, "create");
    if (fd >= 0) {
        close(fd);
        unlink(ret_path);
    }
    return rc;
}

int archive_rename(const char *from, const char *to, struct gw_why *why)
{
    if (rename(from, to) == 0)
        return 0;
    char folder[PATH_CAP];
    snprintf(folder, sizeof folder, "%s", to);
    char *slash = strrchr(folder, '/');
    if (errno == ENOENT && slash) {
        *slash = 0;
        if (mkdir(folder, 0755) && errno != EEXIST)
            return gw_fail_errno(why, folder, "make the folder");
        if (rename(from, to) == 0)
            return 0;
    }
    return gw_fail_errno(why, to, "rename into place");
}

int write_all(int fd, gw_span bytes, const char *path, struct gw_why *why)
{
    return gw_write_all(fd, bytes) ? 0 : gw_fail_errno(why, path, "write");
}

// ---- the lock -----------------------------------------------------------

static int fail_locked(const char *path, int lock, struct gw_why *why)
{
    char text[24];
    uint64_t pid;
    ssize_t n = pread(lock, text, sizeof text, 0);
    gw_span s = gw_trim(gw_span_of(text, n > 0 ? (size_t)n : 0));
    if (gw_parse_uint(s, INT32_MAX, &pid))
        return gw_fail(why, GW_EBUSY, "%s: in use by process %llu", path,
                       (unsigned long long)pid);
    return gw_fail(why, GW_EBUSY, "%s: in use by another process", path);
}

// The lock is the kernel's (flock), so it ends with its process; the pid in
// the file is for people, and if it is still there when nobody holds the lock,
// the last writer did not come to its end.
int lock_for_writing(struct gw_archive *a, struct gw_why *why)
{
    char path[PATH_CAP], text[24];
    archive_path(a, path, "lock");
    a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (a->lock < 0)
        return gw_fail_errno(why, path, "open");
    if (flock(a->lock, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? fail_locked(path, a->lock, why)
                                    : gw_fail_errno(why, path, "lock");
    struct stat st;
    a->unclean = fstat(a->lock, &st) == 0 && st.st_size > 0;
    a->writer = true;
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(a->lock, 0) || lseek(a->lock, 0, SEEK_SET))
        return gw_fail_errno(why, path, "write");
    return write_all(a->lock, gw_span_of(text, (size_t)n), path, why);
}

int lock_for_immutable(struct gw_archive *a, struct gw_why *why)
{
    char path[PATH_CAP];
    archive_path(a, path, "lock");
    a->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (a->lock >= 0 && flock(a->lock, LOCK_SH | LOCK_NB) &&
        errno == EWOULDBLOCK)
        return fail_locked(path, a->lock, why);
    return 0;
}
