// Reads a bag (RFC 8493) that may be hostile: what the manifests list is
// there with those bytes, and nothing else is.
#include "ledger/verify.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP = 64 << 10, FULL_PATH = 4096, BAG_DEPTH = 16, TEXT = 560 };

struct check {
    struct bag *bag;
    bag_bad_fn *bad;
    void *ctx;
    struct gw_digest *digest;
    uint8_t *step;
    uint64_t found, payload_bytes, payload_files;
};

static void bad(const struct check *c, const char *fmt, ...) GW_PRINTF(2, 3);
static void bad(const struct check *c, const char *fmt, ...)
{
    char text[TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->bad(c->ctx, text);
}

// ---- files --------------------------------------------------------------

static int fail_errno(struct gw_why *why, const char *path, const char *doing)
{
    int code = errno == ENOENT ? GW_ENOENT : GW_EIO;
    return gw_fail(why, code, "%s: cannot %s: %s", path, doing,
                   strerror(errno));
}

// Never through a link, and never a pipe that would wait for a writer.
static int open_regular(const char *path, uint64_t *ret_size, int *ret_fd,
                        struct gw_why *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? gw_fail(why, GW_EREFUSED, "%s: a link", path)
                              : fail_errno(why, path, "open");
    int rc = fstat(fd, &st) ? fail_errno(why, path, "look at")
             : S_ISREG(st.st_mode)
                 ? 0
                 : gw_fail(why, GW_EREFUSED, "%s: no plain file", path);
    if (rc) {
        close(fd);
        return rc;
    }
    *ret_size = (uint64_t)st.st_size;
    *ret_fd = fd;
    return 0;
}

static int read_exactly(int fd, const char *path, uint8_t *at, size_t len,
                        struct gw_why *why)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, at + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(why, path, "read");
        if (n == 0)
            return gw_fail(why, GW_EIO, "%s: it shrank while it was read",
                           path);
        done += (size_t)n;
    }
    return 0;
}

int bag_read(const char *path, size_t max, struct gw_arena *arena, gw_span *ret,
             struct gw_why *why)
{
    uint64_t size;
    int fd, rc = open_regular(path, &size, &fd, why);
    if (rc)
        return rc;
    uint8_t *at = NULL;
    if (size > max)
        rc = gw_fail(why, GW_ETOOBIG, "%s: larger than %zu bytes", path, max);
    else if (!(at = gw_arena_take(arena, (size_t)size + GW_JSON_PADDING)))
        rc = gw_fail(why, GW_ENOMEM, "%s: out of memory", path);
    rc = rc ? rc : read_exactly(fd, path, at, (size_t)size, why);
    close(fd);
    if (rc)
        return rc;
    memset(at + size, 0, GW_JSON_PADDING);
    *ret = gw_span_of(at, (size_t)size);
    return 0;
}

static int full_path(const struct bag *b, const char *path, char ret[FULL_PATH],
                     struct gw_why *why)
{
    int n = snprintf(ret, FULL_PATH, "%s/%s", b->folder, path);
    return n > 0 && n < FULL_PATH
               ? 0
               : gw_fail(why, GW_ETOOBIG, "%s/%s: the path is too long",
                         b->folder, path);
}

int bag_load(const struct bag *b, const char *path, size_t max, gw_span *ret,
             struct gw_why *why)
{
    char full[FULL_PATH];
    struct bag_file *f = bag_find(b, path);
    if (!f || !f->seen)
        return gw_fail(why, GW_ENOENT, "%s: not in the bag", path);
    f->used = true;
    int rc = full_path(b, path, full, why);
    rc = rc ? rc : bag_read(full, max, b->arena, ret, why);
    if (rc)
        return rc;
    struct gw_hash32 h = gw_sha256(*ret);
    return gw_hash32_eq(&h, &f->hash)
               ? 0
               : gw_fail(why, GW_EPROOF,
                         "%s: not the bytes that the manifest "
                         "lists",
                         path);
}

static int hash_file(const struct check *c, const char *full,
                     uint64_t *ret_size, struct gw_hash32 *ret,
                     struct gw_why *why)
{
    int fd, rc = open_regular(full, ret_size, &fd, why);
    if (rc)
        return rc;
    if (*ret_size > BAG_BYTES_MAX - c->bag->bytes)
        rc = gw_fail(why, GW_ETOOBIG, "%s: the bag is larger than %llu bytes",
                     c->bag->folder, (unsigned long long)BAG_BYTES_MAX);
    for (uint64_t left = *ret_size; !rc && left;) {
        size_t len = left < STEP ? (size_t)left : STEP;
        rc = read_exactly(fd, full, c->step, len, why);
        if (!rc && gw_digest_add(c->digest, gw_span_of(c->step, len)))
            rc = gw_fail(why, GW_ENOMEM, "out of memory");
        left -= len;
    }
    if (!rc && gw_digest_end(c->digest, ret->at, GW_HASH_LEN))
        rc = gw_fail(why, GW_ENOMEM, "out of memory");
    close(fd);
    return rc;
}

// ---- the folder ---------------------------------------------------------

static int check_file(struct check *c, const char *full, const char *path,
                      struct gw_why *why)
{
    uint64_t size;
    struct gw_hash32 hash;
    if (++c->found > BAG_FILES_MAX)
        return gw_fail(why, GW_ETOOBIG, "%s: more than %d files",
                       c->bag->folder, BAG_FILES_MAX);
    struct bag_file *f = bag_find(c->bag, path);
    if (!f && strcmp(path, BAG_TAG_MANIFEST) != 0) {
        bad(c, "%s: no manifest lists it", path);
        return 0;
    }
    if (!f)
        return 0;
    int rc = hash_file(c, full, &size, &hash, why);
    if (rc)
        return rc;
    f->seen = true;
    f->held = gw_hash32_eq(&hash, &f->hash);
    if (!f->held)
        bad(c, "%s: its SHA-256 is not the one in the manifest", path);
    c->bag->bytes += size;
    if (bag_is_payload(gw_str(path))) {
        c->payload_bytes += size;
        c->payload_files++;
    }
    return 0;
}

static int check_entry(struct check *c, FTS *walk, FTSENT *e,
                       struct gw_why *why)
{
    const char *path = e->fts_path + strlen(c->bag->folder);
    path += *path == '/';
    switch (e->fts_info) {
    case FTS_F: return check_file(c, e->fts_path, path, why);
    case FTS_DP:
    case FTS_DOT: return 0;
    case FTS_D:
        if (e->fts_level > BAG_DEPTH) {
            bad(c, "%s: folders nest deeper than %d", path, BAG_DEPTH);
            fts_set(walk, e, FTS_SKIP);
        }
        return 0;
    case FTS_SL:
    case FTS_SLNONE: bad(c, "%s: a link; a bag has none", path); return 0;
    case FTS_DEFAULT: bad(c, "%s: no plain file", path); return 0;
    default: errno = e->fts_errno; return fail_errno(why, e->fts_path, "read");
    }
}

static int in_order(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int check_folder(struct check *c, struct gw_why *why)
{
    char top[FULL_PATH], *tops[] = {top, NULL};
    snprintf(top, sizeof top, "%s", c->bag->folder);
    FTS *walk =
        fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, in_order);
    if (!walk)
        return fail_errno(why, top, "list");
    int rc = 0;
    for (FTSENT *e; !rc;) {
        errno = 0;
        e = fts_read(walk);
        if (!e)
            break;
        rc = check_entry(c, walk, e, why);
    }
    if (!rc && errno)
        rc = fail_errno(why, top, "list");
    fts_close(walk);
    for (size_t i = 0; !rc && i < c->bag->count; i++)
        if (!c->bag->files[i].seen)
            bad(c, "%s: a manifest lists it, and it is not there",
                c->bag->files[i].path);
    return rc;
}

// ---- tag files ----------------------------------------------------------

static int read_manifest(struct check *c, bool payload, struct bag_file **ret,
                         size_t *ret_count, struct gw_why *why)
{
    const char *name = payload ? BAG_MANIFEST : BAG_TAG_MANIFEST;
    char full[FULL_PATH];
    gw_span text;
    struct gw_why local = {0};
    int rc = full_path(c->bag, name, full, &local);
    rc = rc ? rc
            : bag_read(full, BAG_MANIFEST_MAX, c->bag->arena, &text, &local);
    rc = rc ? rc
            : bag_manifest_parse(text, payload, c->bag->arena, ret, ret_count,
                                 &local);
    if (!rc)
        return 0;
    *ret_count = 0;
    if (rc == GW_ENOMEM || rc == GW_EIO)
        return gw_fail(why, rc, "%s", local.text);
    bad(c, "%s: %s", name, local.text);
    return 0;
}

// Both in one list: the walk asks for each file once.
static int read_manifests(struct check *c, struct gw_why *why)
{
    struct bag_file *lists[2] = {0};
    size_t counts[2] = {0};
    for (int i = 0; i < 2; i++) {
        int rc = read_manifest(c, i == 0, &lists[i], &counts[i], why);
        if (rc)
            return rc;
    }
    struct bag *b = c->bag;
    b->files =
        gw_arena_take_n(b->arena, counts[0] + counts[1] + 1, sizeof *b->files);
    if (!b->files)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < counts[i]; k++)
            b->files[b->count++] = lists[i][k];
    bag_sort(b);
    for (size_t i = 1; i < b->count; i++)
        if (strcmp(b->files[i - 1].path, b->files[i].path) == 0)
            bad(c, "%s: a manifest lists it twice", b->files[i].path);
    return 0;
}

// Told, and 0, unless it is memory or the disk that failed.
static int load_tag(struct check *c, const char *path, size_t max, gw_span *ret,
                    struct gw_why *why)
{
    struct gw_why local = {0};
    int rc = bag_load(c->bag, path, max, ret, &local);
    if (!rc)
        return 0;
    *ret = (gw_span){0};
    if (rc == GW_ENOMEM || rc == GW_EIO)
        return gw_fail(why, rc, "%s", local.text);
    if (rc != GW_EPROOF) // which the walk has told
        bad(c, "%s", local.text);
    return 0;
}

static void check_oxum(const struct check *c, gw_span info)
{
    for (gw_span rest = info; rest.len;) {
        gw_span line = gw_cut(&rest, '\n'), value = line;
        uint64_t bytes, files;
        if (!gw_is(gw_cut(&value, ':'), "Payload-Oxum"))
            continue;
        value = gw_trim(value);
        gw_span first = gw_cut(&value, '.');
        if (gw_parse_uint(first, INT64_MAX, &bytes) &&
            gw_parse_uint(value, INT64_MAX, &files) &&
            bytes == c->payload_bytes && files == c->payload_files)
            return;
        bad(c, "bag-info.txt: Payload-Oxum is not %llu.%llu, as data/ is",
            (unsigned long long)c->payload_bytes,
            (unsigned long long)c->payload_files);
        return;
    }
    bad(c, "bag-info.txt: no Payload-Oxum");
}

static int check_tags(struct check *c, struct gw_why *why)
{
    gw_span text;
    int rc = load_tag(c, "bagit.txt", 1 << 16, &text, why);
    if (!rc && text.at && !gw_is(text, BAG_DECLARATION))
        bad(c, "bagit.txt: not BagIt 1.0 in UTF-8");
    if (bag_find(c->bag, "fetch.txt"))
        bad(c, "fetch.txt: a bag that lacks files proves nothing of them");
    rc = rc ? rc : load_tag(c, "bag-info.txt", 1 << 16, &text, why);
    if (!rc && text.at)
        check_oxum(c, text);
    if (!rc && !bag_find(c->bag, BAG_MANIFEST))
        bad(c, "%s: %s does not list it", BAG_TAG_MANIFEST, BAG_MANIFEST);
    return rc;
}

int bag_check(const char *folder, struct gw_arena *arena, bag_bad_fn *on_bad,
              void *ctx, struct bag *ret, struct gw_why *why)
{
    struct check c = {.bag = ret, .bad = on_bad, .ctx = ctx};
    *ret = (struct bag){.arena = arena};
    gw_span name = gw_str(folder);
    while (name.len > 1 && name.at[name.len - 1] == '/')
        name.len--;
    ret->folder = gw_arena_cstr(arena, name);
    c.digest = gw_digest_new(GW_DIGEST_SHA256);
    c.step = gw_new(STEP);
    int rc = ret->folder && c.digest && c.step
                 ? 0
                 : gw_fail(why, GW_ENOMEM, "out of memory");
    if (!rc && name.len >= FULL_PATH)
        rc = gw_fail(why, GW_ETOOBIG, "%.40s...: the path is too long", folder);
    rc = rc ? rc : read_manifests(&c, why);
    rc = rc ? rc : check_folder(&c, why);
    rc = rc ? rc : check_tags(&c, why);
    gw_digest_free(c.digest);
    gw_free(c.step);
    return rc;
}
