// What a reader must give, and what it must say when it cannot.
#ifndef GW_READER_CASE_H
#define GW_READER_CASE_H

#include "ledger/reader.h"
#include "t.h"

enum { MAX = 100 };

struct got {
    struct gw_buf bytes;
    struct gw_why why;
    int rc;
};

static inline struct got get(struct gw_log_reader *r, const char *path,
                             size_t max)
{
    struct got g = {.why = {0}};
    gw_buf_init(&g.bytes, 1 << 20);
    gw_put_str(&g.bytes, "before ");
    g.rc = gw_log_get(r, path, max, &g.bytes, &g.why);
    assert_int_equal(g.why.code, g.rc);
    return g;
}

static inline void expect(struct gw_log_reader *r, const char *path,
                          const char *want)
{
    struct got g = get(r, path, MAX);
    assert_int_equal(g.rc, 0);
    assert_true(gw_starts(gw_buf_span(&g.bytes), "before "));
    assert_true(gw_is(gw_sub(gw_buf_span(&g.bytes), 7, MAX), want));
    gw_buf_release(&g.bytes);
}

// Nothing is appended, and the message has the path and those words.
static inline void expect_error(struct gw_log_reader *r, const char *path,
                                int code, const char *words)
{
    struct got g = get(r, path, MAX);
    assert_int_equal(g.rc, code);
    assert_true(gw_is(gw_buf_span(&g.bytes), "before "));
    assert_true(gw_find(gw_str(g.why.text), gw_str(path), 0) >= 0);
    assert_true(gw_find(gw_str(g.why.text), gw_str(words), 0) >= 0);
    gw_buf_release(&g.bytes);
}

#endif
