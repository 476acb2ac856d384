// The folder of key files: none but its owner reads them, they appear whole or
// not at all, and one process at a time changes them.
#include "seal/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_CAP = 4096, ALL_BUT_OWNER = 077 };

static int path_of(const char *folder, const char *file, const char *suffix,
                   char ret[static PATH_CAP], struct gw_why *why)
{
    int n = snprintf(ret, PATH_CAP, "%s/%s%s", folder, file, suffix);
    if (n < 0 || n >= PATH_CAP)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", folder);
    return 0;
}

// ---- the folder ---------------------------------------------------------
static void parent_of(const char *path, char ret[static PATH_CAP])
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    snprintf(ret, PATH_CAP, "%.*s", len ? (int)len : 1, len ? path : ".");
}

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

static int make_folder(const char *path, struct gw_why *why)
{
    char parent[PATH_CAP];
    if (strlen(path) >= sizeof parent)
        return gw_fail(why, GW_ETOOBIG, "%s: path is too long", path);
    parent_of(path, parent);
    int rc = mkdir(path, 0700);
    if (rc && errno == ENOENT) {
        int made = gw_mkdirs(parent, why);
        if (made)
            return made;
        rc = mkdir(path, 0700);
    }
    if (rc && errno == EEXIST)
        return 0;
    return rc || sync_folder(parent)
               ? gw_fail_errno(why, path, "make the folder")
               : 0;
}

int keydir_open(const char *path, bool make, struct keydir *ret,
                struct gw_why *why)
{
    int rc = make ? make_folder(path, why) : 0;
    if (rc)
        return rc;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail_errno(why, path, "open the folder of keys");
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        rc = errno == EWOULDBLOCK
                 ? gw_fail(why, GW_EBUSY,
                           "%s: another process is changing these keys", path)
                 : gw_fail_errno(why, path, "lock");
        close(fd);
        return rc;
    }
    *ret = (struct keydir){fd, path};
    return 0;
}

void keydir_close(struct keydir *d)
{
    close(d->fd); // and with it goes the lock
}

// ---- reading ------------------------------------------------------------
static int check_mode(int fd, const char *path, struct gw_why *why)
{
    struct stat st;
    if (fstat(fd, &st))
        return gw_fail_errno(why, path, "look at");
    if (!S_ISREG(st.st_mode))
        return gw_fail(why, GW_EREFUSED, "%s: not a file", path);
    if (st.st_mode & ALL_BUT_OWNER)
        return gw_fail(why, GW_EREFUSED,
                       "%s: a secret key that others may read or write; if "
                       "none did, chmod 600 it",
                       path);
    return 0;
}

static int read_text(int fd, const char *path, uint8_t text[KEYFILE_MAX],
                     size_t *ret_len, struct gw_why *why)
{
    for (*ret_len = 0; *ret_len < KEYFILE_MAX;) {
        ssize_t n = read(fd, text + *ret_len, KEYFILE_MAX - *ret_len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_fail_errno(why, path, "read");
        if (n == 0)
            return 0;
        *ret_len += (size_t)n;
    }
    return gw_fail(why, GW_ETOOBIG, "%s: no key takes %d bytes", path,
                   KEYFILE_MAX);
}

int keyfile_read(const char *folder, const char *file, struct keyfile *ret,
                 struct gw_why *why)
{
    char path[PATH_CAP];
    uint8_t text[KEYFILE_MAX];
    size_t len;
    int rc = path_of(folder, file, "", path, why);
    if (rc)
        return rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT
                   ? gw_fail(why, GW_ENOENT, "%s: there is no such key", path)
                   : gw_fail_errno(why, path, "open");
    rc = check_mode(fd, path, why);
    if (!rc)
        rc = read_text(fd, path, text, &len, why);
    close(fd);
    if (!rc && (rc = keyfile_parse(gw_span_of(text, len), ret, why)))
        gw_within(why, "%s", path);
    gw_wipe(text, sizeof text);
    return rc;
}

// ---- writing ------------------------------------------------------------
// A new file that holds text and is on the disk.
static int write_new(const char *path, gw_span text)
{
    // What a process left here when it was killed, nobody else may hold open.
    if (unlink(path) && errno != ENOENT)
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int rc = !gw_write_all(fd, text) || fsync(fd) ? -1 : 0;
    return close(fd) ? -1 : rc;
}

int keyfile_write(const struct keydir *d, const char *file,
                  const struct keyfile *k, struct gw_why *why)
{
    char path[PATH_CAP], part[PATH_CAP];
    uint8_t text[KEYFILE_MAX];
    int rc = path_of(d->path, file, "", path, why);
    if (!rc)
        rc = path_of(d->path, file, ".part", part, why);
    if (rc)
        return rc;
    size_t len = keyfile_format(k, text);
    if (write_new(part, gw_span_of(text, len)) || rename(part, path)) {
        rc = gw_fail_errno(why, path, "write");
        unlink(part);
    } else if (fsync(d->fd)) {
        rc = gw_fail_errno(why, path, "sync its folder");
    }
    gw_wipe(text, sizeof text);
    return rc;
}

int keyfile_remove(const struct keydir *d, const char *file, struct gw_why *why)
{
    char path[PATH_CAP];
    int rc = path_of(d->path, file, "", path, why);
    if (rc)
        return rc;
    if (unlink(path) && errno != ENOENT)
        return gw_fail_errno(why, path, "remove");
    // Not an error: whoever asks for this can also stand its coming back.
    (void)!fsync(d->fd);
    return 0;
}
