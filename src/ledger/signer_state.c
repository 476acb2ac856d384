// The folder in which a signer keeps what it has signed last: one file an
// origin, replaced whole, durable before anybody sees the signature.
#include "ledger/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void state_path(const struct signer_state *st, const char *name,
                       const char *ending, char ret_path[static SIGNER_PATH])
{
    // signer_state_open left room for every name.
    int n =
        snprintf(ret_path, SIGNER_PATH, "%s/%s%s", st->folder, name, ending);
    if (n < 0 || n >= SIGNER_PATH)
        ret_path[0] = 0;
}

// Whoever can write here can make the signer sign a fork.
static int make_private(struct signer_state *st, struct gw_why *why)
{
    int rc = gw_mkdirs(st->folder, why);
    if (rc)
        return rc;
    st->dir = open(st->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (st->dir < 0)
        return gw_fail_errno(why, st->folder, "open");
    return fchmod(st->dir, 0700)
               ? gw_fail_errno(why, st->folder, "keep others out")
               : 0;
}

int signer_state_open(const char *folder, struct signer_state *ret,
                      struct gw_why *why)
{
    char path[SIGNER_PATH];
    *ret = (struct signer_state){.dir = -1, .lock = -1};
    int n = snprintf(ret->folder, sizeof ret->folder, "%s", folder);
    if (n < 0 || n + SIGNER_HEX + 8 > SIGNER_PATH)
        return gw_fail(why, GW_ETOOBIG, "%.200s...: path is too long", folder);
    if (pthread_mutex_init(&ret->mutex, NULL))
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", folder);
    int rc = make_private(ret, why);
    state_path(ret, "lock", "", path);
    if (!rc) {
        ret->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        rc = ret->lock < 0 ? gw_fail_errno(why, path, "open") : 0;
    }
    if (rc)
        signer_state_close(ret);
    return rc;
}

void signer_state_close(struct signer_state *st)
{
    if (st->lock >= 0)
        close(st->lock);
    if (st->dir >= 0)
        close(st->dir);
    st->lock = st->dir = -1;
    pthread_mutex_destroy(&st->mutex);
}

int signer_state_lock(struct signer_state *st, struct gw_why *why)
{
    pthread_mutex_lock(&st->mutex);
    int rc;
    do
        rc = flock(st->lock, LOCK_EX);
    while (rc && errno == EINTR);
    if (!rc)
        return 0;
    rc = gw_fail_errno(why, st->folder, "lock");
    pthread_mutex_unlock(&st->mutex);
    return rc;
}

void signer_state_unlock(struct signer_state *st)
{
    flock(st->lock, LOCK_UN);
    pthread_mutex_unlock(&st->mutex);
}

int signer_state_read(struct signer_state *st, const char *hex,
                      struct gw_buf *ret, struct gw_why *why)
{
    char path[SIGNER_PATH];
    state_path(st, hex, "", path);
    return gw_file_read(path, ret, why);
}

int signer_state_write(struct signer_state *st, const char *hex, gw_span note,
                       struct gw_why *why)
{
    char path[SIGNER_PATH], fresh[SIGNER_PATH];
    state_path(st, hex, "", path);
    // One name is enough: only the holder of the lock writes.
    state_path(st, hex, ".new", fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                  0600);
    if (fd < 0)
        return gw_fail_errno(why, fresh, "create");
    int rc = fchmod(fd, 0600) || !gw_write_all(fd, note) || fsync(fd) ? -1 : 0;
    int saved = errno;
    if (close(fd) && !rc)
        rc = -1, saved = errno;
    if (!rc && rename(fresh, path))
        rc = -1, saved = errno;
    if (rc) {
        unlink(fresh);
        errno = saved;
        return gw_fail_errno(why, path, "write");
    }
    return signer_state_settle(st, why);
}

int signer_state_settle(struct signer_state *st, struct gw_why *why)
{
    return fsync(st->dir) ? gw_fail_errno(why, st->folder, "sync") : 0;
}
