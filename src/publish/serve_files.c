// From a URL's path to a file of the site and nowhere else. Small files are
// kept as whole answers, and looked at again with each request.
#include "publish/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SMALL_MAX = 24 << 10,       // in memory; larger go from file to socket
    KEPT_OPEN_MAX = 100,        // of those, in each thread
    KEPT_BYTES_MAX = 64 << 20,  // of the small ones; then it begins anew
    KEPT_COUNT_MAX = 4096,      // likewise; half of the slots
    SLOTS = 2 * KEPT_COUNT_MAX, // a power of two
};

struct kept { // a file as it was; dev and ino tell it from all others
    char *path;
    struct stat st;
    struct gw_web_kept *whole, *same; // 200 and 304
    char etag[GW_WEB_ETAG], modified[GW_TIME_TEXT];
};
struct shelf { // of one thread
    struct kept *slots;
    size_t count, bytes, open;
};
struct serve_files {
    int folder;
    size_t shelf_count;
    struct shelf *shelves;
};

// ---- paths --------------------------------------------------------------
static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// One byte of a path; -1 where the escape is broken or the byte may not be
// there at all. A slash has to be written as one.
static int next_byte(gw_span sent, size_t *i)
{
    uint8_t c = sent.at[*i];
    bool escaped = c == '%';
    if (escaped) {
        if (sent.len - *i < 3)
            return -1;
        int high = hex_digit(sent.at[*i + 1]), low = hex_digit(sent.at[*i + 2]);
        if (high < 0 || low < 0)
            return -1;
        c = (uint8_t)(high << 4 | low);
        *i += 2;
    }
    ++*i;
    if (c < 0x20 || c == 0x7f || c == '\\' || (escaped && c == '/'))
        return -1;
    return c;
}

bool serve_path(gw_span sent, char ret_path[SERVE_PATH])
{
    static const char index[] = "index.html";
    size_t n = 0;
    bool at_start = true; // of a name
    if (!sent.len || sent.at[0] != '/')
        return false;
    for (size_t i = 1; i < sent.len;) {
        int c = next_byte(sent, &i);
        if (c < 0 || n + sizeof index >= SERVE_PATH)
            return false;
        if (at_start && (c == '/' || c == '.'))
            return false;
        at_start = c == '/';
        ret_path[n++] = (char)c;
    }
    if (at_start) {
        memcpy(ret_path + n, index, sizeof index - 1);
        n += sizeof index - 1;
    }
    ret_path[n] = 0;
    return gw_is_utf8(gw_span_of(ret_path, n));
}

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml; charset=utf-8"},
        {".json", "application/json; charset=utf-8"},
        {".geojson", "application/geo+json; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".atom", "application/atom+xml; charset=utf-8"},
        {".xml", "application/xml; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".tlog-proof", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"},
        {".pdf", "application/pdf"},
        {".zip", "application/zip"},
    };
    for (size_t i = 0; i < GW_COUNT(types); i++)
        if (gw_ends(gw_str(path), types[i].end))
            return types[i].type;
    return "application/octet-stream";
}

// ---- what a client has already ------------------------------------------
// RFC 9110 8.8.2: "Sun, 06 Nov 1994 08:49:37 GMT".
static void http_date(int64_t seconds, char ret[GW_TIME_TEXT])
{
    static const char days[] = "ThuFriSatSunMonTueWed",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[GW_TIME_TEXT];
    uint64_t month = 0;
    *ret = 0;
    if (seconds < 0 || seconds > INT64_MAX / GW_SECOND)
        return;
    gw_format_time(seconds * GW_SECOND, text);
    if (!gw_parse_uint(gw_span_of(text + 5, 2), 12, &month) || !month)
        return;
    snprintf(ret, GW_TIME_TEXT, "%.3s, %.2s %.3s %.4s %.8s GMT",
             days + 3 * (seconds / 86400 % 7), text + 8,
             months + 3 * (month - 1), text, text + 11);
}

static bool lists(gw_span list, const char *etag)
{
    while (list.len) {
        gw_span one = gw_trim(gw_cut(&list, ','));
        if (gw_starts(one, "W/")) // weak comparison, RFC 9110 13.1.2
            one = gw_sub(one, 2, one.len);
        if (gw_is(one, etag) || gw_is(one, "*"))
            return true;
    }
    return false;
}

bool serve_is_fresh(const struct gw_web_request *r, const char *etag,
                    const char *modified)
{
    const char *had = gw_web_header(r, "If-None-Match");
    if (had)
        return *etag && lists(gw_str(had), etag);
    had = gw_web_header(r, "If-Modified-Since");
    return had && *modified && strcmp(had, modified) == 0;
}

// Inode, size and time to the nanosecond: a file of the site is replaced whole.
static void validators(const struct stat *st, char etag[GW_WEB_ETAG],
                       char modified[GW_TIME_TEXT])
{
    snprintf(etag, GW_WEB_ETAG, "\"%llx-%llx-%llx\"",
             (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec * 1000000000u +
                 (unsigned long long)st->st_mtim.tv_nsec,
             (unsigned long long)st->st_ino);
    http_date(st->st_mtim.tv_sec, modified);
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && S_ISREG(b->st_mode) &&
           same_time(a->st_mtim, b->st_mtim) &&
           same_time(a->st_ctim, b->st_ctim);
}

// ---- kept answers -------------------------------------------------------
static void kept_release(struct kept *k)
{
    gw_free(k->path);
    gw_web_drop(k->whole);
    gw_web_drop(k->same);
    *k = (struct kept){0};
}

static void shelf_clear(struct shelf *s)
{
    for (size_t i = 0; s->slots && i < SLOTS; i++)
        kept_release(&s->slots[i]);
    s->count = s->bytes = s->open = 0;
}

static struct kept *slot_of(struct shelf *s, const char *path)
{
    size_t i = (size_t)gw_hash(gw_str(path), 0) & (SLOTS - 1);
    while (s->slots[i].path && strcmp(s->slots[i].path, path) != 0)
        i = (i + 1) & (SLOTS - 1);
    return &s->slots[i];
}

static bool is_small(const struct stat *st)
{
    return st->st_size <= SMALL_MAX;
}

static void count_in(struct shelf *s, const struct stat *st, bool in)
{
    size_t *n = is_small(st) ? &s->bytes : &s->open;
    size_t by = is_small(st) ? (size_t)st->st_size : 1;
    *n = in ? *n + by : *n - by;
}

static bool is_full(const struct shelf *s, const struct stat *st)
{
    return s->count >= KEPT_COUNT_MAX ||
           (is_small(st) ? s->bytes + (size_t)st->st_size > KEPT_BYTES_MAX
                         : s->open >= KEPT_OPEN_MAX);
}

// A free slot or the one of that path; NULL without memory.
static struct kept *clear_slot(struct shelf *s, const char *path,
                               const struct stat *st)
{
    size_t len = strlen(path) + 1;
    struct kept *k = slot_of(s, path);
    if (k->path) { // the same name, another file
        count_in(s, &k->st, false);
        gw_web_drop(k->whole);
        gw_web_drop(k->same);
        k->whole = k->same = NULL;
    } else {
        if (is_full(s, st)) {
            shelf_clear(s);
            k = slot_of(s, path);
        }
        if (!(k->path = gw_new(len)))
            return NULL;
        memcpy(k->path, path, len);
        s->count++;
    }
    k->st = *st;
    count_in(s, st, true);
    return k;
}

// r is the whole answer. What cannot be kept is given all the same.
static void keep(struct shelf *s, struct gw_web_request *r, const char *path,
                 const struct stat *st)
{
    struct kept *k = clear_slot(s, path, st);
    if (!k)
        return;
    memcpy(k->etag, r->etag, sizeof k->etag);
    memcpy(k->modified, r->modified, sizeof k->modified);
    // 304 first: the other one takes the file.
    size_t len = r->answer.len;
    int fd = r->fd;
    r->answer.len = 0;
    r->fd = -1;
    r->status = 304;
    k->same = gw_web_keep(r);
    r->answer.len = len;
    r->fd = fd;
    r->status = 200;
    k->whole = gw_web_keep(r);
    r->kept = k->whole;
    if (!k->whole && fd >= 0 && r->fd < 0) // taken, and lost
        gw_web_say(r, 503, "out of memory");
}

static bool give_kept(struct serve_files *f, struct gw_web_request *r,
                      const char *path)
{
    struct stat st;
    struct shelf *s = &f->shelves[gw_web_thread(r) % f->shelf_count];
    struct kept *k = slot_of(s, path);
    // Follows links on the way, but only to compare with what was opened
    // without: another file is opened anew.
    if (!k->path || !k->whole || !k->same ||
        fstatat(f->folder, path, &st, AT_SYMLINK_NOFOLLOW) ||
        !same_file(&k->st, &st))
        return false;
    r->kept = serve_is_fresh(r, k->etag, k->modified) ? k->same : k->whole;
    return true;
}

// ---- files --------------------------------------------------------------
static bool read_whole(int fd, const struct stat *st, struct gw_buf *out)
{
    size_t size = (size_t)st->st_size;
    struct stat after;
    uint8_t *at = gw_buf_room(out, size ? size : 1);
    if (!at)
        return false;
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(fd, at + have, size - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    out->len = size;
    return fstat(fd, &after) == 0 && same_file(st, &after);
}

// "/a" where "a" is a folder. The path was decoded and begins with one slash.
static void redirect(struct gw_web_request *r)
{
    gw_web_say(r, 301, "see the folder");
    snprintf(r->location, sizeof r->location, "%s/", r->path);
}

// Takes fd.
static void give_file(struct serve_files *f, struct gw_web_request *r,
                      const char *path, int fd, const struct stat *st)
{
    struct shelf *s = &f->shelves[gw_web_thread(r) % f->shelf_count];
    bool whole = !is_small(st) || read_whole(fd, st, &r->answer);
    if (is_small(st)) {
        close(fd);
    } else {
        r->fd = fd;
        r->fd_bytes = (uint64_t)st->st_size;
    }
    if (!whole) {
        gw_web_say(r, 503, "the file is being changed");
        return;
    }
    validators(st, r->etag, r->modified);
    r->status = 200;
    r->type = type_of(path);
    r->cache = "no-cache"; // kept, and asked for again with its ETag
    bool fresh = serve_is_fresh(r, r->etag, r->modified);
    keep(s, r, path, st);
    if (fresh) {
        r->kept = NULL;
        gw_buf_reset(&r->answer);
        if (r->fd >= 0)
            close(r->fd);
        r->fd = -1;
        r->status = 304;
    }
}

void serve_file(struct serve_files *f, struct gw_web_request *r)
{
    char path[SERVE_PATH];
    struct stat st;
    if (!serve_path(gw_str(r->path), path)) {
        gw_web_say(r, 404, "no such page");
        return;
    }
    if (give_kept(f, r, path))
        return;
    int fd = gw_web_open(f->folder, path);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        gw_web_say(r, 503, "no more files can be opened now");
    else if (fd < 0 || fstat(fd, &st))
        gw_web_say(r, 404, "no such page");
    else if (S_ISDIR(st.st_mode))
        redirect(r);
    else if (!S_ISREG(st.st_mode))
        gw_web_say(r, 404, "no such page");
    else {
        give_file(f, r, path, fd, &st);
        fd = -1;
    }
    if (fd >= 0)
        close(fd);
}

// ---- opening ------------------------------------------------------------
int serve_files_open(const char *folder, size_t threads,
                     struct serve_files **ret, struct gw_why *why)
{
    struct serve_files *f = *ret = gw_new(sizeof *f);
    int rc = f ? 0 : GW_ENOMEM;
    if (rc)
        return gw_fail(why, rc, "%s", gw_strerror(rc));
    f->folder = -1;
    f->shelf_count = threads;
    f->shelves = gw_new(threads * sizeof *f->shelves);
    for (size_t i = 0; i < threads && f->shelves; i++)
        if (!(f->shelves[i].slots = gw_new(SLOTS * sizeof(struct kept))))
            rc = GW_ENOMEM;
    if (rc || !f->shelves)
        rc = gw_fail(why, GW_ENOMEM, "%s", gw_strerror(GW_ENOMEM));
    rc = rc ? rc : gw_web_folder(folder, &f->folder, why);
    if (rc) {
        serve_files_close(f);
        *ret = NULL;
    }
    return rc;
}

void serve_files_close(struct serve_files *f)
{
    if (!f)
        return;
    for (size_t i = 0; f->shelves && i < f->shelf_count; i++) {
        shelf_clear(&f->shelves[i]);
        gw_free(f->shelves[i].slots);
    }
    gw_free(f->shelves);
    if (f->folder >= 0)
        close(f->folder);
    gw_free(f);
}
