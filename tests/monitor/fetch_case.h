// What every test of fetching begins with: a bucket, an empty folder, and the
// wish for one day of Pakistan.
#ifndef GW_FETCH_CASE_H
#define GW_FETCH_CASE_H

#include "monitor/fetch.h"
#include "s3_server.h"
#include "t.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY "raw/20240212/"
#define KEY DAY "07/PK/webconnectivity/2024021207_PK_webconnectivity.n1.0"

struct fetch_case {
    struct s3_server *s;
    char folder[64];
    struct gw_clock clock;
    struct gw_fetch want;
    struct gw_fetch_result got;
    struct gw_fetch_progress seen;
    struct gw_why why;
    int problems;
    char problem[1024];  // the last, as "key: text"
    uint64_t stop_after; // objects in place; 0 never
    bool stop_at_problem;
    atomic_int stop;
};

static inline void note_progress(void *ctx, const struct gw_fetch_progress *p)
{
    struct fetch_case *c = ctx;
    c->seen = *p;
    if (c->stop_after && p->objects >= c->stop_after)
        atomic_store(&c->stop, 1);
}

static inline void note_problem(void *ctx, const char *key, int code,
                                const char *text)
{
    struct fetch_case *c = ctx;
    assert_true(code < 0);
    c->problems++;
    snprintf(c->problem, sizeof c->problem, "%s: %s", key, text);
    if (c->stop_at_problem)
        atomic_store(&c->stop, 1);
}

static inline gw_time day(int year, int month, int day_of_month)
{
    return gw_time_civil(year, month, day_of_month, 0, 0, 0);
}

static inline int case_begin(void **state)
{
    struct fetch_case *c = gw_new(sizeof *c);
    if (!c)
        return -1;
    *state = c;
    snprintf(c->folder, sizeof c->folder, "/tmp/gawah-fetch-XXXXXX");
    c->s = s3_start();
    // Whatever proxy there is, the bucket of the test is here.
    if (!c->s || !mkdtemp(c->folder) || setenv("no_proxy", "127.0.0.1", 1))
        return -1;
    c->clock.fixed = day(2024, 3, 1);
    c->want = (struct gw_fetch){
        .base_url = s3_url(c->s),
        .cc = "PK",
        .since = day(2024, 2, 12),
        .until = day(2024, 2, 13),
        .folder = c->folder,
        .clock = &c->clock,
        .seed = 1,
        .wait_scale = 0.001,
        .progress = note_progress,
        .problem = note_problem,
        .stop = &c->stop,
        .ctx = c,
    };
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int kind,
                             struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline int case_end(void **state)
{
    struct fetch_case *c = *state;
    s3_stop(c->s);
    nftw(c->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    gw_free(c);
    return 0;
}

// A test with a case of its own.
#define case_test(f) cmocka_unit_test_setup_teardown(f, case_begin, case_end)

static inline void put(struct fetch_case *c, const char *key, const char *text)
{
    s3_put(c->s, key, text, strlen(text), NULL);
}

// Bytes that look alike nowhere.
static inline uint8_t *noise(size_t len, uint64_t seed)
{
    struct gw_rand r = {seed};
    uint8_t *p = gw_new(len);
    for (size_t i = 0; p && i < len; i++)
        p[i] = (uint8_t)gw_rand_next(&r);
    return p;
}

static inline void put_noise(struct fetch_case *c, const char *key, size_t len,
                             uint64_t seed)
{
    uint8_t *p = noise(len, seed);
    s3_put(c->s, key, p, len, NULL);
    gw_free(p);
}

static inline int fetch(struct fetch_case *c)
{
    c->why = (struct gw_why){0};
    c->problems = 0;
    c->problem[0] = 0;
    return gw_fetch_ooni(&c->want, &c->got, &c->why);
}

static inline bool has(struct fetch_case *c, const char *key)
{
    char path[640];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", c->folder, key);
    return lstat(path, &st) == 0;
}

static inline bool holds(struct fetch_case *c, const char *key, gw_span bytes)
{
    char path[640];
    struct gw_buf b;
    snprintf(path, sizeof path, "%s/%s", c->folder, key);
    gw_buf_init(&b, (size_t)64 << 20);
    bool same =
        gw_file_read(path, &b, NULL) == 0 && gw_eq(gw_buf_span(&b), bytes);
    gw_buf_release(&b);
    return same;
}

static inline bool holds_noise(struct fetch_case *c, const char *key,
                               size_t len, uint64_t seed)
{
    uint8_t *p = noise(len, seed);
    bool same = p && holds(c, key, gw_span_of(p, len));
    gw_free(p);
    return same;
}

static inline void write_file(struct fetch_case *c, const char *key,
                              gw_span bytes)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", c->folder, key);
    char *slash = strrchr(path, '/');
    *slash = 0;
    assert_int_equal(gw_mkdirs(path, NULL), 0);
    *slash = '/';
    assert_int_equal(gw_file_write(path, bytes, NULL), 0);
}

static inline void take_away(struct fetch_case *c, const char *key)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", c->folder, key);
    assert_int_equal(unlink(path), 0);
}

static inline bool says(const char *text, const char *part)
{
    if (!strstr(text, part))
        printf("\"%s\" does not say \"%s\"\n", text, part);
    return strstr(text, part) != NULL;
}

#endif
