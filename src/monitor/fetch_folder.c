// The folder that is fetched into: files appear whole or not at all, no name
// leads out of it, and a manifest remembers what was checked.
#include "monitor/fetch.h"
#include "seal/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PART_LEN = GW_KEY_MAX + 8,
    STEP = 64 << 10, // read at once; the longest line of the manifest
    NAME_MAX_HERE = 200,
    MD5_LEN = 16,
    COLUMNS = 5,
};

static const char manifest_name[] = ".gawah-fetch.tsv";
static const char *const state_names[] = {
    [GW_ITEM_NEW] = "",
    [GW_ITEM_OTHER] = "",
    [GW_ITEM_PART] = "part",
    [GW_ITEM_SIZE] = "size",
    [GW_ITEM_VERIFIED] = "verified",
};

const char *gw_printable(gw_span s, char *ret_text, size_t len)
{
    size_t n = s.len < len - 1 ? s.len : len - 1;
    for (size_t i = 0; i < n; i++) {
        bool fine = s.at[i] >= ' ' && s.at[i] <= '~';
        ret_text[i] = (char)(fine ? s.at[i] : '?');
    }
    ret_text[n] = 0;
    return ret_text;
}

bool gw_etag_is_md5(const char *etag)
{
    uint8_t md5[MD5_LEN];
    return strlen(etag) == (size_t)2 * MD5_LEN && gw_unhex(gw_str(etag), md5);
}

static const char *name_rule(gw_span name)
{
    if (!name.len)
        return "an empty name in the path";
    if (name.at[0] == '.')
        return "a name that begins with '.'";
    if (name.len > NAME_MAX_HERE)
        return "a name in the path is too long";
    if (gw_ends(name, ".part"))
        return "a name that ends in .part";
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (!plain)
            return "a character other than letters, digits, '-', '_', '.'";
    }
    return NULL;
}

const char *gw_key_rule(gw_span key)
{
    if (!key.len || key.len > GW_KEY_MAX)
        return "too long, or empty";
    if (key.at[key.len - 1] == '/')
        return "an empty name in the path";
    while (key.len) {
        const char *rule = name_rule(gw_cut(&key, '/'));
        if (rule)
            return rule;
    }
    return NULL;
}

// A link or a file where a folder should be is that key's misfortune; all
// other failures (no space, no permission) would meet every key.
static int fail_errno(struct gw_why *why, const char *name, const char *doing)
{
    bool odd = errno == ELOOP || errno == ENOTDIR || errno == EISDIR;
    int code = errno == ENOENT ? GW_ENOENT : odd ? GW_EREFUSED : GW_EIO;
    return gw_fail(why, code, "%s: cannot %s: %s", name, doing,
                   strerror(errno));
}

// ---- the manifest -------------------------------------------------------
static int open_manifest(struct gw_folder *f, struct gw_why *why)
{
    static const char head[] = "# key\tsize\tetag\tsha256\tstate\n";
    f->manifest = openat(f->fd, manifest_name,
                         O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
                             O_NONBLOCK,
                         0644);
    struct stat st;
    if (f->manifest < 0 || fstat(f->manifest, &st))
        return fail_errno(why, manifest_name, "open");
    if (!S_ISREG(st.st_mode))
        return gw_fail(why, GW_EREFUSED, "%s: is no file", manifest_name);
    if (st.st_size == 0 &&
        write(f->manifest, head, sizeof head - 1) != sizeof head - 1)
        return fail_errno(why, manifest_name, "write");
    return 0;
}

static int by_key(const void *key, const void *item)
{
    return gw_cmp(*(const gw_span *)key,
                  gw_str(((const struct gw_item *)item)->key));
}

static void recall_line(gw_span line, struct gw_item *items, size_t count)
{
    gw_span column[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        column[i] = gw_cut(&line, '\t');
    struct gw_item *item =
        count ? bsearch(&column[0], items, count, sizeof *items, by_key) : NULL;
    uint64_t size;
    if (!item || line.len || !gw_parse_uint(column[1], INT64_MAX, &size))
        return;
    item->state = GW_ITEM_OTHER; // the last line counts
    if ((int64_t)size != item->size || !gw_is(column[2], item->etag))
        return;
    for (int s = GW_ITEM_PART; s <= GW_ITEM_VERIFIED; s++)
        if (gw_is(column[4], state_names[s]))
            item->state = (enum gw_item_state)s;
}

int gw_folder_recall(struct gw_folder *f, struct gw_item *items, size_t count,
                     struct gw_why *why)
{
    uint8_t *bytes = gw_new(STEP);
    if (!bytes)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", manifest_name);
    size_t have = 0;
    ssize_t n;
    bool passing = false; // over the rest of a line that is too long
    for (off_t at = 0;
         (n = pread(f->manifest, bytes + have, STEP - have, at)) > 0; at += n) {
        gw_span rest = gw_span_of(bytes, have + (size_t)n);
        while (rest.len && memchr(rest.at, '\n', rest.len)) {
            gw_span line = gw_cut(&rest, '\n');
            if (!passing)
                recall_line(line, items, count);
            passing = false;
        }
        have = rest.len;
        if (have == STEP)
            passing = true, have = 0;
        else
            memmove(bytes, rest.at, have);
        f->torn = have || passing;
    }
    gw_free(bytes);
    return n < 0 ? fail_errno(why, manifest_name, "read") : 0;
}

int gw_folder_note(struct gw_folder *f, const struct gw_item *item,
                   const uint8_t *sha256, struct gw_why *why)
{
    char hex[2 * GW_HASH_LEN + 1] = "-";
    char line[GW_KEY_MAX + GW_ETAG_MAX + 160];
    if (sha256)
        gw_hex(sha256, GW_HASH_LEN, hex);
    int n = snprintf(line, sizeof line, "%s%s\t%lld\t%s\t%s\t%s\n",
                     f->torn ? "\n" : "", item->key, (long long)item->size,
                     item->etag, hex, state_names[item->state]);
    f->torn = true; // until the line is known to be whole
    if (write(f->manifest, line, (size_t)n) != n)
        return fail_errno(why, manifest_name, "write");
    f->torn = false;
    return 0;
}

// ---- the folder and its files -------------------------------------------
int gw_folder_open(struct gw_folder *f, const char *path, struct gw_why *why)
{
    *f = (struct gw_folder){.path = path, .fd = -1, .manifest = -1};
    int rc = gw_mkdirs(path, why);
    if (rc)
        return rc;
    f->md5 = gw_digest_new(GW_DIGEST_MD5);
    f->sha256 = gw_digest_new(GW_DIGEST_SHA256);
    if (!f->md5 || !f->sha256)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", path);
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return fail_errno(why, path, "open");
    if (flock(f->fd, LOCK_EX | LOCK_NB))
        return gw_fail(why, GW_EBUSY, "%s: another run fetches into it", path);
    return open_manifest(f, why);
}

int gw_folder_close(struct gw_folder *f, struct gw_why *why)
{
    // One sync for all new names and lines: the files themselves are synced.
    int rc = 0;
    if (f->manifest >= 0 && (fsync(f->manifest) || syncfs(f->fd)))
        rc = fail_errno(why, f->path, "sync");
    if (f->manifest >= 0)
        close(f->manifest);
    if (f->fd >= 0)
        close(f->fd);
    gw_digest_free(f->md5);
    gw_digest_free(f->sha256);
    *f = (struct gw_folder){.fd = -1, .manifest = -1};
    return rc;
}

static int open_below(int at, const char *name, bool make)
{
    if (make && mkdirat(at, name, 0755) && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Walks to the folder that key's file is in; *ret_name is what is left of key.
static int open_parent(struct gw_folder *f, const char *key, bool make,
                       const char **ret_name)
{
    int at = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    const char *slash;
    for (; at >= 0 && (slash = strchr(key, '/')); key = slash + 1) {
        char name[GW_KEY_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)(slash - key), key);
        int next = open_below(at, name, make), saved = errno;
        close(at);
        errno = saved;
        at = next;
    }
    *ret_name = key;
    return at;
}

int gw_folder_file(struct gw_folder *f, const char *key, bool part, int *ret_fd,
                   int64_t *ret_size, struct gw_why *why)
{
    char name[PART_LEN];
    const char *last;
    int at = open_parent(f, key, part, &last);
    if (at < 0)
        return fail_errno(why, key, "open its folder");
    snprintf(name, sizeof name, "%s%s", last, part ? ".part" : "");
    int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    int fd =
        openat(at, name,
               flags | (part ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY), 0644);
    int saved = errno;
    close(at);
    errno = saved;
    struct stat st;
    if (fd < 0)
        return fail_errno(why, key, part ? "open its .part" : "open");
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return gw_fail(why, GW_EREFUSED, "%s: something else has that name",
                       key);
    }
    *ret_fd = fd;
    *ret_size = st.st_size;
    return 0;
}

static int read_back(struct gw_folder *f, int fd, uint8_t *bytes, bool md5)
{
    ssize_t n;
    for (off_t at = 0; (n = pread(fd, bytes, STEP, at)) > 0; at += n) {
        gw_span s = gw_span_of(bytes, (size_t)n);
        if (gw_digest_add(f->sha256, s) || (md5 && gw_digest_add(f->md5, s)))
            return GW_ENOMEM;
    }
    return n < 0 ? GW_EIO : 0;
}

int gw_folder_check(struct gw_folder *f, int fd, struct gw_item *item,
                    uint8_t *ret_sha256, struct gw_why *why)
{
    uint8_t is[MD5_LEN], should_be[MD5_LEN];
    bool md5 = gw_etag_is_md5(item->etag);
    uint8_t *bytes = gw_new(STEP);
    int rc = bytes ? read_back(f, fd, bytes, md5) : GW_ENOMEM;
    gw_free(bytes);
    // Both are ended whatever happened, so that they start anew.
    int end = gw_digest_end(f->sha256, ret_sha256, GW_HASH_LEN);
    if (!end)
        end = gw_digest_end(f->md5, is, sizeof is);
    rc = rc ? rc : end;
    if (rc)
        return gw_fail(why, rc, "%s: cannot read it back: %s", item->key,
                       gw_strerror(rc));
    item->state = md5 ? GW_ITEM_VERIFIED : GW_ITEM_SIZE;
    if (!md5)
        return 0;
    if (gw_unhex(gw_str(item->etag), should_be) &&
        memcmp(is, should_be, sizeof is) == 0)
        return 0;
    char hex[2 * MD5_LEN + 1];
    gw_hex(is, sizeof is, hex);
    item->state = GW_ITEM_NEW;
    return gw_fail(why, GW_ECORRUPT, "%s: MD5 is %s, the ETag %s", item->key,
                   hex, item->etag);
}

int gw_folder_finish(struct gw_folder *f, const char *key, int fd,
                     struct gw_why *why)
{
    char part[PART_LEN];
    const char *name;
    if (fsync(fd))
        return fail_errno(why, key, "sync");
    int at = open_parent(f, key, false, &name);
    if (at < 0)
        return fail_errno(why, key, "open its folder");
    snprintf(part, sizeof part, "%s.part", name);
    int rc = renameat(at, part, at, name);
    if (rc)
        rc = fail_errno(why, key, "name it");
    close(at);
    return rc;
}

void gw_folder_drop(struct gw_folder *f, const char *key)
{
    char part[PART_LEN];
    const char *name;
    int at = open_parent(f, key, false, &name);
    if (at < 0)
        return;
    snprintf(part, sizeof part, "%s.part", name);
    unlinkat(at, part, 0);
    close(at);
}
