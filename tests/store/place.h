// A folder of its own for each test, in memory where there is such a place,
// and small helpers that the tests of the store share.
#ifndef GW_PLACE_H
#define GW_PLACE_H

#include "store/store.h"
#include "t.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct gw_clock noon = {.fixed = 1700000000 * GW_SECOND};

struct place {
    char root[64], archive[96];
};

static inline struct place place_new(void)
{
    struct place p;
    bool memory = access("/dev/shm", W_OK) == 0;
    snprintf(p.root, sizeof p.root, "%s/gawah-XXXXXX",
             memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(p.root));
    assert_int_equal(chmod(p.root, 0755), 0);
    snprintf(p.archive, sizeof p.archive, "%s/archive", p.root);
    return p;
}

static inline int place_unlink(const char *path, const struct stat *st,
                               int flag, struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static inline void place_remove(const struct place *p)
{
    nftw(p->root, place_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct gw_archive *archive_in(const struct place *p,
                                            enum gw_archive_mode mode)
{
    struct gw_archive *a = NULL;
    struct gw_why why = {0};
    int rc = gw_archive_open(p->archive, mode, &noon, &a, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return a;
}

static inline void commit(struct gw_archive *a)
{
    struct gw_why why = {0};
    int rc = gw_archive_commit(a, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
}

// A source of bytes that gives at most `step` of them at a time.
struct bytes {
    gw_span left;
    size_t step;
};

static inline int64_t give_bytes(void *ctx, uint8_t *at, size_t len)
{
    struct bytes *b = ctx;
    size_t n = b->left.len < len ? b->left.len : len;
    n = b->step && n > b->step ? b->step : n;
    if (n)
        memcpy(at, b->left.at, n);
    b->left = gw_sub(b->left, n, b->left.len);
    return (int64_t)n;
}

static inline struct gw_object put_span(struct gw_archive *a, const char *name,
                                        gw_span s)
{
    struct bytes b = {s, 0};
    struct gw_object o = {.size = -1};
    struct gw_why why = {0};
    bool new;
    int rc = gw_evidence_put(a, give_bytes, &b, name, &o, &new, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return o;
}

static inline struct gw_object put_text(struct gw_archive *a, const char *text)
{
    return put_span(a, text, gw_str(text));
}

// A segment with the header {"v":"<text>"} and one block, the text.
static inline int put_segment(struct gw_archive *a, const char *object,
                              const char *text, struct gw_why *why)
{
    char header[128];
    struct gw_segment_writer *w;
    snprintf(header, sizeof header, "{\"v\":\"%s\"}", text);
    int rc =
        gw_segment_begin(a, GW_TIER_FACTS, object, gw_str(header), &w, why);
    if (rc)
        return rc;
    rc = gw_segment_put(w, gw_str(text), why);
    if (rc) {
        gw_segment_abort(w);
        return rc;
    }
    return gw_segment_finish(w, why);
}

// Reads an object's segment to its end; true if it has just that one block.
static inline bool segment_is(struct gw_archive *a, const char *object,
                              const char *text)
{
    struct gw_segment_reader *r;
    gw_span block = {0};
    if (gw_segment_open(a, GW_TIER_FACTS, object, &r, NULL))
        return false;
    bool ok = gw_segment_next(r, &block, NULL) == 1 && gw_is(block, text) &&
              gw_segment_next(r, &block, NULL) == 0;
    gw_segment_close(r);
    return ok;
}

struct count {
    const char *part;
    int n;
    char path[512]; // the last that was counted
};

static inline int count_one(void *ctx, const char *path)
{
    struct count *c = ctx;
    if (strstr(path, c->part)) {
        c->n++;
        snprintf(c->path, sizeof c->path, "%s", path);
    }
    return 0;
}

// Files of the archive whose path has that part.
static inline struct count files_with(const struct place *p, const char *part)
{
    struct count c = {.part = part};
    assert_int_equal(gw_walk(p->archive, count_one, &c, NULL), 0);
    return c;
}

static inline void file_get(const char *path, struct gw_buf *b)
{
    gw_buf_init(b, 64 << 20);
    assert_int_equal(gw_file_read(path, b, NULL), 0);
}

// Runs SQL in the catalogue, as somebody else might; returns the last value.
static inline int64_t by_hand(const struct place *p, const char *text)
{
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *st;
    int64_t value = 0;
    snprintf(path, sizeof path, "%s/gawah.db", p->archive);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (; *text; sqlite3_finalize(st)) {
        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, &text),
                         SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            value = sqlite3_column_int64(st, 0);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

// Overwrites in place: the inode stays.
static inline void file_set(const char *path, gw_span s)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s.at, s.len), s.len);
    close(fd);
}

#endif
