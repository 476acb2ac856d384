// Writes a bag (RFC 8493): files first, manifests then, and bagit.txt last, so
// that a folder that is cut short never looks like a bag.
#include "ledger/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP = 64 << 10, FULL_PATH = 4096 };

struct made {
    const char *path;
    struct gw_hash32 hash;
    uint64_t bytes;
};
struct gw_bundle {
    char *folder;
    bool made_folder;
    int err; // of an earlier file: the bag can only be given up
    struct gw_arena *arena;
    struct made *files;
    size_t count, cap;
};

static const char *const own[] = {"bagit.txt",  "bag-info.txt",
                                  BAG_MANIFEST, BAG_TAG_MANIFEST,
                                  "fetch.txt",  "data"};

static int full_path(const struct gw_bundle *b, const char *path,
                     char ret[FULL_PATH], struct gw_why *why)
{
    int n = snprintf(ret, FULL_PATH, "%s/%s", b->folder, path);
    return n > 0 && n < FULL_PATH
               ? 0
               : gw_fail(why, GW_ETOOBIG, "%s/%s: the path is too long",
                         b->folder, path);
}

// ---- begin --------------------------------------------------------------

static int is_empty(const char *folder, struct gw_why *why)
{
    DIR *d = opendir(folder);
    if (!d)
        return gw_fail_errno(why, folder, "list");
    int rc = 0;
    for (struct dirent *e; !rc && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = gw_fail(why, GW_EEXIST, "%s: the folder is not empty", folder);
    closedir(d);
    return rc;
}

static int make_folder(struct gw_bundle *b, struct gw_why *why)
{
    struct stat st;
    if (lstat(b->folder, &st) == 0)
        return is_empty(b->folder, why);
    if (errno != ENOENT)
        return gw_fail_errno(why, b->folder, "look at");
    int rc = gw_mkdirs(b->folder, why);
    b->made_folder = !rc;
    return rc;
}

static void free_bundle(struct gw_bundle *b)
{
    gw_arena_free(b->arena);
    gw_free(b->files);
    gw_free(b->folder);
    gw_free(b);
}

int gw_bundle_begin(const char *folder, struct gw_bundle **ret,
                    struct gw_why *why)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    struct gw_bundle *b = gw_new(sizeof *b);
    *ret = NULL;
    if (!b)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    b->arena = gw_arena_new(BAG_FILES_MAX * (size_t)(BAG_PATH_MAX + 32));
    b->folder = gw_new(len + 1);
    int rc = b->arena && b->folder ? 0 : gw_fail(why, GW_ENOMEM, "no memory");
    if (!rc) {
        memcpy(b->folder, folder, len);
        rc = make_folder(b, why);
    }
    if (rc)
        free_bundle(b);
    else
        *ret = b;
    return rc;
}

// ---- files --------------------------------------------------------------

static int copy(int fd, const char *path, gw_source_fn *source, void *ctx,
                struct made *f, struct gw_why *why)
{
    uint8_t *step = gw_new(STEP);
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    int rc = step && d ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    while (!rc) {
        int64_t n = source(ctx, step, STEP);
        if (n < 0)
            rc = gw_fail(why, (int)n, "%s: cannot be copied: %s", path,
                         gw_strerror((int)n));
        if (n <= 0)
            break;
        gw_span piece = gw_span_of(step, (size_t)n);
        if (gw_digest_add(d, piece))
            rc = gw_fail(why, GW_ENOMEM, "out of memory");
        else if (!gw_write_all(fd, piece))
            rc = gw_fail_errno(why, path, "write");
        f->bytes += (uint64_t)n;
    }
    if (!rc && gw_digest_end(d, f->hash.at, GW_HASH_LEN))
        rc = gw_fail(why, GW_ENOMEM, "out of memory");
    gw_digest_free(d);
    gw_free(step);
    return rc;
}

// In the list before it is on disk: gw_bundle_abort then knows of it.
static struct made *enlist(struct gw_bundle *b, const char *path)
{
    if (b->count == BAG_FILES_MAX)
        return NULL;
    if (b->count == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 64;
        struct made *files = gw_resize(b->files, cap, sizeof *files);
        if (!files)
            return NULL;
        b->files = files;
        b->cap = cap;
    }
    const char *kept = gw_arena_cstr(b->arena, gw_str(path));
    if (!kept)
        return NULL;
    struct made *f = &b->files[b->count++];
    *f = (struct made){.path = kept};
    return f;
}

static int make_parent(const char *path, struct gw_why *why)
{
    char parent[FULL_PATH];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    return gw_mkdirs(parent, why);
}

static int add(struct gw_bundle *b, const char *path, gw_source_fn *source,
               void *ctx, struct gw_why *why)
{
    char full[FULL_PATH];
    int rc = full_path(b, path, full, why);
    if (rc)
        return rc;
    struct made *f = enlist(b, path);
    if (!f)
        return gw_fail(why, GW_ENOMEM, "%s: no room for another file",
                       b->folder);
    rc = make_parent(full, why);
    if (rc)
        return rc;
    int fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return gw_fail_errno(why, full, "create");
    rc = copy(fd, full, source, ctx, f, why);
    if (!rc && fsync(fd))
        rc = gw_fail_errno(why, full, "sync");
    if (close(fd) && !rc)
        rc = gw_fail_errno(why, full, "close");
    return rc;
}

int gw_bundle_put_from(struct gw_bundle *b, const char *path,
                       gw_source_fn *source, void *ctx, struct gw_why *why)
{
    if (b->err)
        return gw_fail(why, b->err, "%s: a file of it failed before",
                       b->folder);
    bool ok = bag_path_ok(gw_str(path));
    for (size_t i = 0; i < GW_COUNT(own); i++)
        ok = ok && strcmp(path, own[i]) != 0;
    if (!ok)
        return gw_fail(why, GW_EREFUSED, "%s: no path for a file of a bag",
                       path);
    return b->err = add(b, path, source, ctx, why);
}

static int64_t from_span(void *ctx, uint8_t *bytes, size_t len)
{
    gw_span *left = ctx;
    gw_span piece = gw_sub(*left, 0, len);
    if (piece.len)
        memcpy(bytes, piece.at, piece.len);
    *left = gw_sub(*left, piece.len, left->len);
    return (int64_t)piece.len;
}

int gw_bundle_put(struct gw_bundle *b, const char *path, gw_span bytes,
                  struct gw_why *why)
{
    return gw_bundle_put_from(b, path, from_span, &bytes, why);
}

// ---- finish -------------------------------------------------------------

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct made *)a)->path,
                  ((const struct made *)b)->path);
}

// RFC 8493 2.1.3: a line's own line ends and '%' are percent-encoded.
static void put_line(struct gw_buf *out, const struct gw_hash32 *hash,
                     const char *path)
{
    char hex[2 * GW_HASH_LEN + 1];
    gw_hex(hash->at, GW_HASH_LEN, hex);
    gw_put_fmt(out, "%s  ", hex);
    for (const char *p = path; *p; p++)
        if (*p == '%' || *p == '\r' || *p == '\n')
            gw_put_fmt(out, "%%%02X", (unsigned)*p);
        else
            gw_put_u8(out, (uint8_t)*p);
    gw_put_u8(out, '\n');
}

static int put_own(struct gw_bundle *b, const char *path, struct gw_buf *text,
                   struct gw_why *why)
{
    gw_span bytes = gw_buf_span(text);
    int rc = text->err ? gw_fail(why, text->err, "%s/%s: %s", b->folder, path,
                                 gw_strerror(text->err))
                       : add(b, path, from_span, &bytes, why);
    gw_buf_release(text);
    return rc;
}

static int put_manifest(struct gw_bundle *b, bool payload, struct gw_why *why)
{
    struct gw_buf text;
    gw_buf_init(&text, BAG_MANIFEST_MAX);
    qsort(b->files, b->count, sizeof *b->files, by_path);
    for (size_t i = 0; i < b->count; i++)
        if (bag_is_payload(gw_str(b->files[i].path)) == payload)
            put_line(&text, &b->files[i].hash, b->files[i].path);
    return put_own(b,
                   payload ? "manifest-sha256.txt" : "tagmanifest-sha256.txt",
                   &text, why);
}

static int put_info(struct gw_bundle *b, gw_time day, const char *description,
                    struct gw_why *why)
{
    char date[GW_TIME_TEXT];
    uint64_t bytes = 0, streams = 0;
    for (const char *p = description; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return gw_fail(why, GW_EREFUSED,
                           "%s: the description is more than one line",
                           b->folder);
    for (size_t i = 0; i < b->count; i++) {
        bool payload = bag_is_payload(gw_str(b->files[i].path));
        streams += payload;
        bytes += payload ? b->files[i].bytes : 0;
    }
    struct gw_buf text;
    gw_buf_init(&text, 64 << 10);
    gw_format_day(day, date);
    gw_put_fmt(&text,
               "Bag-Software-Agent: gawah\nBagging-Date: %s\n"
               "External-Description: %s\nPayload-Oxum: %llu.%llu\n",
               date, description, (unsigned long long)bytes,
               (unsigned long long)streams);
    return put_own(b, "bag-info.txt", &text, why);
}

static int sync_path(const char *folder, struct gw_why *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return gw_fail_errno(why, folder, "open");
    int rc = fsync(fd) ? gw_fail_errno(why, folder, "sync") : 0;
    close(fd);
    return rc;
}

// Names are durable only once their folders are. Sorted, the files of one
// folder stand together, so each is met once.
static int sync_folders(const struct gw_bundle *b, struct gw_why *why)
{
    char full[FULL_PATH];
    int rc = 0;
    qsort(b->files, b->count, sizeof *b->files, by_path);
    for (size_t i = 0; i < b->count; i++) {
        const char *path = b->files[i].path;
        for (const char *p = path; !rc && (p = strchr(p, '/')); p++) {
            size_t len = (size_t)(p - path);
            if (i && strncmp(b->files[i - 1].path, path, len + 1) == 0)
                continue;
            rc = full_path(b, path, full, why);
            if (!rc)
                full[strlen(b->folder) + 1 + len] = 0;
            rc = rc ? rc : sync_path(full, why);
        }
    }
    return rc ? rc : sync_path(b->folder, why);
}

static int sync_parent(const struct gw_bundle *b, struct gw_why *why)
{
    char path[FULL_PATH];
    int rc = full_path(b, "..", path, why);
    return rc ? rc : sync_path(path, why);
}

static int put_bagit(struct gw_bundle *b, struct gw_why *why)
{
    char path[FULL_PATH];
    int rc = full_path(b, "bagit.txt", path, why);
    return rc ? rc : gw_file_write(path, GW_LIT(BAG_DECLARATION), why);
}

static int finish(struct gw_bundle *b, gw_time day, const char *description,
                  struct gw_why *why)
{
    char data[FULL_PATH];
    if (b->err)
        return gw_fail(why, b->err, "%s: a file of it failed before",
                       b->folder);
    int rc = full_path(b, "data", data, why);
    rc = rc ? rc : gw_mkdirs(data, why);
    rc = rc ? rc : put_info(b, day, description, why);
    rc = rc ? rc : put_manifest(b, true, why);
    struct made *f = rc ? NULL : enlist(b, "bagit.txt");
    if (!rc && !f)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    if (f)
        f->hash = gw_sha256(GW_LIT(BAG_DECLARATION));
    rc = rc ? rc : put_manifest(b, false, why);
    rc = rc ? rc : sync_folders(b, why);
    rc = rc ? rc : put_bagit(b, why);
    return rc ? rc : sync_parent(b, why);
}

int gw_bundle_finish(struct gw_bundle *b, gw_time day, const char *description,
                     struct gw_why *why)
{
    int rc = finish(b, day, description, why);
    if (rc)
        gw_bundle_abort(b);
    else
        free_bundle(b);
    return rc;
}

// A folder goes with its last file: rmdir refuses as long as there is another.
static void remove_file(const struct gw_bundle *b, const char *path)
{
    char full[FULL_PATH];
    if (full_path(b, path, full, NULL))
        return;
    unlink(full);
    char *slash = full;
    while ((slash = strrchr(full, '/')) && slash > full + strlen(b->folder)) {
        *slash = 0;
        rmdir(full);
    }
}

void gw_bundle_abort(struct gw_bundle *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++)
        remove_file(b, b->files[i].path);
    char data[FULL_PATH];
    if (!full_path(b, "data", data, NULL))
        rmdir(data);
    if (b->made_folder)
        rmdir(b->folder);
    free_bundle(b);
}
