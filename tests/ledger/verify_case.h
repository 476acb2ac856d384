// What verify said, and bundles as files in memory before they are written.
#ifndef GW_VERIFY_CASE_H
#define GW_VERIFY_CASE_H

#include "../store/place.h"
#include "ledger/ledger.h"

enum { FILES = 48, STEPS = 200 };

// ---- what verify said ---------------------------------------------------

struct said {
    size_t count;
    struct gw_step steps[STEPS];
    struct gw_verified result;
    struct gw_why why;
};

static inline void hear(void *ctx, const struct gw_step *s)
{
    struct said *said = ctx;
    assert_true(said->count < STEPS);
    said->steps[said->count++] = *s;
}

static inline int said_of(struct said *said, const char *path,
                          struct gw_verify_options options)
{
    said->count = 0;
    said->why = (struct gw_why){0};
    options.step = hear;
    options.ctx = said;
    return gw_verify(path, &options, &said->result, &said->why);
}

static inline bool has_step(const struct said *said, int state,
                            const char *what, const char *part)
{
    for (size_t i = 0; i < said->count; i++)
        if ((int)said->steps[i].state == state &&
            strcmp(said->steps[i].what, what) == 0 &&
            strstr(said->steps[i].text, part))
            return true;
    return false;
}

static inline void tell(const struct said *said)
{
    static const char *const marks[] = {"ok  ", "note", "BAD "};
    print_error("%s\n", said->why.text);
    for (size_t i = 0; i < said->count; i++)
        print_error("%s %s: %s\n", marks[said->steps[i].state],
                    said->steps[i].what, said->steps[i].text);
}

static inline void assert_said(const struct said *said, int state,
                               const char *what, const char *part)
{
    if (has_step(said, state, what, part))
        return;
    tell(said);
    fail_msg("nothing was said of %s with \"%s\"", what, part);
}

static inline void assert_holds(const struct said *said, int rc)
{
    if (rc || said->result.bad) {
        tell(said);
        fail_msg("%d", rc);
    }
}

// ---- files --------------------------------------------------------------

struct pack { // of a bundle, before it is one
    size_t count;
    struct {
        char path[128];
        struct gw_buf bytes;
    } files[FILES];
};

static inline struct gw_buf *pack_find(struct pack *p, const char *path)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->files[i].path, path) == 0)
            return &p->files[i].bytes;
    return NULL;
}

// A file of that path, emptied if it is there already.
static inline struct gw_buf *pack_file(struct pack *p, const char *path)
{
    struct gw_buf *b = pack_find(p, path);
    if (b) {
        gw_buf_reset(b);
        return b;
    }
    assert_true(p->count < FILES);
    snprintf(p->files[p->count].path, sizeof p->files[0].path, "%s", path);
    b = &p->files[p->count++].bytes;
    gw_buf_init(b, 1 << 20);
    return b;
}

static inline void pack_put(struct pack *p, const char *path, gw_span bytes)
{
    gw_put_span(pack_file(p, path), bytes);
}

static inline void pack_drop(struct pack *p, const char *path)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->files[i].path, path) == 0) {
            gw_buf_release(&p->files[i].bytes);
            p->files[i] = p->files[--p->count];
            return;
        }
    fail_msg("%s is not in the bundle", path);
}

// Replaces the first occurrence; the text must be there.
static inline void pack_change(struct pack *p, const char *path,
                               const char *from, const char *to)
{
    struct gw_buf *b = pack_find(p, path), old;
    assert_non_null(b);
    old = *b;
    int64_t at = gw_find(gw_buf_span(&old), gw_str(from), 0);
    assert_true(at >= 0);
    gw_buf_init(b, 1 << 20);
    gw_put(b, old.at, (size_t)at);
    gw_put_str(b, to);
    gw_put_span(b,
                gw_sub(gw_buf_span(&old), (size_t)at + strlen(from), old.len));
    gw_buf_release(&old);
}

static inline void pack_write(const struct pack *p, const char *folder)
{
    struct gw_bundle *b;
    struct gw_why why = {0};
    nftw(folder, place_unlink, 16, FTW_DEPTH | FTW_PHYS);
    int rc = gw_bundle_begin(folder, &b, &why);
    for (size_t i = 0; !rc && i < p->count; i++)
        rc = gw_bundle_put(b, p->files[i].path, gw_buf_span(&p->files[i].bytes),
                           &why);
    if (rc ||
        gw_bundle_finish(b, gw_time_civil(2024, 3, 1, 0, 0, 0), "a test", &why))
        fail_msg("%s", why.text);
}

static inline void put_file(const char *path, gw_span bytes)
{
    struct gw_why why = {0};
    if (gw_file_write(path, bytes, &why))
        fail_msg("%s", why.text);
}

#endif
