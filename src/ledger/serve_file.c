// From a URL's path to a file of a log and nowhere else: the name must be one
// that a log has, and no step on the way may be a symbolic link.
#include "ledger/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HEX = 2 * GW_HASH_LEN, EXTENSION_MAX = 48, LEVEL_MAX = 63 };

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_checkpoint(gw_span path)
{
    static const char name[] = "checkpoint";
    if (!gw_starts(path, name))
        return false;
    path = gw_sub(path, strlen(name), path.len);
    if (!path.len)
        return true;
    if (path.at[0] != '.' || path.len < 2 || path.len > EXTENSION_MAX)
        return false;
    for (size_t i = 1; i < path.len; i++)
        if (!is_plain(path.at[i]))
            return false;
    return true;
}

// Reads it loosely, and then asks how that tile is properly called.
static bool is_tile(gw_span path)
{
    gw_span rest = path, word = gw_cut(&rest, '/'), level = gw_cut(&rest, '/');
    uint64_t l = 0, n = 0, group, width = GW_TILE_WIDTH;
    bool entries = gw_is(level, "entries");
    if (!gw_is(word, "tile") ||
        (!entries && !gw_parse_uint(level, LEVEL_MAX, &l)))
        return false;
    int64_t dot = gw_find(rest, GW_LIT(".p/"), 0);
    gw_span partial = gw_sub(rest, dot < 0 ? rest.len : (size_t)dot + 3, 3);
    if (dot >= 0) {
        rest.len = (size_t)dot;
        if (!gw_parse_uint(partial, GW_TILE_WIDTH - 1, &width) || !width)
            return false;
    }
    do {
        gw_span digits = gw_cut(&rest, '/');
        digits = gw_sub(digits, gw_starts(digits, "x"), 3);
        if (!gw_parse_uint(digits, 999, &group) || n > INT64_MAX / 1000 - 1)
            return false;
        n = n * 1000 + group;
    } while (rest.len);
    char canonical[GW_TILE_PATH];
    size_t len = gw_tile_path(entries ? GW_TILE_ENTRIES : (int)l, n,
                              (unsigned)width, canonical);
    return gw_eq(path, gw_span_of(canonical, len));
}

bool gw_served_name(gw_span path, char ret_name[GW_TILE_PATH])
{
    if (path.len >= GW_TILE_PATH || !(is_checkpoint(path) || is_tile(path)))
        return false;
    memcpy(ret_name, path.at, path.len);
    ret_name[path.len] = 0;
    return true;
}

static bool is_hex(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= '0' && s.at[i] <= '9') ||
              (s.at[i] >= 'a' && s.at[i] <= 'f')))
            return false;
    return s.len == HEX;
}

bool gw_served_copy(gw_span path, char ret_text[GW_SERVED_COPY],
                    const char **ret_name)
{
    while (path.len) {
        gw_span part = gw_cut(&path, '/');
        if (!is_hex(part) || !gw_served_name(path, ret_text + HEX + 1))
            continue;
        memcpy(ret_text, part.at, HEX);
        ret_text[HEX] = '/';
        *ret_name = ret_text + HEX + 1;
        return true;
    }
    return false;
}

int gw_web_folder(const char *path, int *ret_fd, struct gw_why *why)
{
    *ret_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0)
        return gw_fail(why, errno == ENOENT ? GW_ENOENT : GW_EIO,
                       "%s: cannot open the folder: %s", path, strerror(errno));
    return 0;
}

// Goes down one name at a time, for kernels that cannot be asked at once.
static int open_by_steps(int folder, const char *path)
{
    char step[NAME_MAX + 1];
    gw_span rest = gw_str(path);
    int at = folder;
    for (;;) {
        gw_span name = gw_cut(&rest, '/');
        int flags = rest.len ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
        int next = -1;
        errno = ENOENT;
        if (name.len && name.len < sizeof step && !gw_is(name, ".") &&
            !gw_is(name, "..")) {
            snprintf(step, sizeof step, "%.*s", (int)name.len,
                     (const char *)name.at);
            next = openat(at, step, flags | O_NOFOLLOW | O_CLOEXEC);
        }
        int saved = errno;
        if (at != folder)
            close(at);
        errno = saved;
        if (next < 0 || !rest.len)
            return next;
        at = next;
    }
}

int gw_web_open(int folder, const char *path)
{
    const struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
                                 .resolve = RESOLVE_BENEATH |
                                            RESOLVE_NO_SYMLINKS |
                                            RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    // Old kernels, and jails that do not know the call.
    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
        return open_by_steps(folder, path);
    return (int)fd;
}

void gw_web_file(struct gw_web_request *r, int folder, const char *path,
                 const char *name)
{
    static const char forever[] = "public, max-age=31536000, immutable";
    struct stat st;
    int fd = gw_web_open(folder, path);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
        gw_web_say(r, 503, "no more files can be opened now");
        return;
    }
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        gw_web_say(r, 404, "no such file");
        return;
    }
    bool tile = gw_starts(gw_str(name), "tile/");
    r->fd = fd;
    r->fd_bytes = (uint64_t)st.st_size;
    r->status = 200;
    r->type = tile ? "application/octet-stream" : gw_text_plain;
    r->cache = tile ? forever : "public, max-age=2";
}
