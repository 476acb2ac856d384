// Which cells are out of date, and making them again; then the days.
#include "analyse/cells.h"
#include "analyse/services.h"

#include <math.h>
#include <stdio.h>

enum {
    COMMIT_OBJECTS = 64,
    ARENA_MAX = 512 << 20,
    MARK_MAX = 256, // of the note that says what the days were made of
};
#define DAYS_NOTE "days"

struct object_ref {
    char hash[2 * GW_HASH_LEN + 1];
    char segment[2 * GW_HASH_LEN + 1]; // that its cells are made of
    bool aggregate;                    // which is its facts; else its findings
};

struct making {
    struct gw_ledger *l;
    struct gw_archive *a;
    const struct gw_analyse_options *options;
    struct gw_why *why;
    char services[17]; // digest of the table of services
    struct object_ref *objects;
    size_t count, cap;
    struct gw_cell_maker *maker;
    struct gw_block block;
    struct gw_arena *arena;
    struct gw_block_codec *codec;
    struct gw_buf header;
    int uncommitted;
    bool stopped;
};

// ---- what there is ------------------------------------------------------

static int add_object(struct making *m, const char *object, const char *segment,
                      bool aggregate)
{
    if (m->count == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 64;
        struct object_ref *list = gw_resize(m->objects, cap, sizeof *list);
        if (!list)
            return gw_fail(m->why, GW_ENOMEM, "cells: out of memory");
        m->objects = list;
        m->cap = cap;
    }
    struct object_ref *o = &m->objects[m->count++];
    snprintf(o->hash, sizeof o->hash, "%s", object);
    snprintf(o->segment, sizeof o->segment, "%s", segment);
    o->aggregate = aggregate;
    return 0;
}

static int add_findings(void *ctx, const char *object, const char *segment,
                        int64_t size)
{
    (void)size;
    return add_object(ctx, object, segment, false);
}

static int add_aggregate(void *ctx, const struct gw_object *o)
{
    struct making *m = ctx;
    char facts[2 * GW_HASH_LEN + 1];
    int rc = gw_segment_hash(m->a, GW_TIER_FACTS, o->hash, facts, NULL);
    return rc ? 0 : add_object(m, o->hash, facts, true);
}

static int by_hash(const void *a, const void *b)
{
    return strcmp(((const struct object_ref *)a)->hash,
                  ((const struct object_ref *)b)->hash);
}

static int list_objects(struct making *m)
{
    int rc = gw_segments_each(m->a, GW_TIER_FINDINGS, add_findings, m, m->why);
    rc = rc ? rc
            : gw_evidence_each(m->a, GW_KIND_AGGREGATE, -1, add_aggregate, m,
                               m->why);
    if (!rc && m->count)
        qsort(m->objects, m->count, sizeof *m->objects, by_hash);
    return rc;
}

// ---- which are up to date -----------------------------------------------

static int make_header(struct making *m, const struct object_ref *o)
{
    gw_buf_reset(&m->header);
    struct gw_jw w = gw_jw_on(&m->header);
    gw_jw_open(&w, '{');
    gw_jw_kint(&w, "cells_version", GW_CELLS_VERSION);
    gw_jw_kstr(&w, "services", gw_str(m->services));
    gw_jw_kstr(&w, o->aggregate ? "aggregate" : "findings", gw_str(o->segment));
    gw_jw_close(&w, '}');
    return m->header.err;
}

static bool is_current(struct making *m, const struct object_ref *o)
{
    struct gw_segment_reader *r;
    if (m->options->again ||
        gw_segment_open(m->a, GW_TIER_CELLS, o->hash, &r, NULL))
        return false;
    bool same = gw_eq(gw_segment_header(r), gw_buf_span(&m->header));
    gw_segment_close(r);
    return same;
}

// ---- making -------------------------------------------------------------

static int add_blocks(struct making *m, const struct object_ref *o)
{
    struct gw_segment_reader *r;
    gw_span bytes;
    size_t n;
    int rc = gw_segment_open(m->a, GW_TIER_FINDINGS, o->hash, &r, m->why);
    if (rc)
        return rc;
    while ((rc = gw_segment_next(r, &bytes, m->why)) > 0) {
        gw_arena_reset(m->arena);
        rc = gw_block_decode(m->codec, bytes, GW_WANT(finding), &m->block,
                             m->why);
        const struct gw_finding_row *rows = gw_rows_finding(&m->block, &n);
        rc = rc ? rc : gw_cell_maker_add(m->maker, rows, n, m->why);
        if (rc)
            break;
    }
    gw_segment_close(r);
    return rc;
}

static int commit_some(struct making *m, int most)
{
    if (++m->uncommitted < most)
        return 0;
    m->uncommitted = 0;
    return gw_ledger_commit(m->l, m->why);
}

static int make_object(struct making *m, const struct object_ref *o)
{
    struct gw_segment_writer *w;
    int rc = make_header(m, o);
    if (rc)
        return gw_fail(m->why, rc, "cells: %s", gw_strerror(rc));
    if (is_current(m, o))
        return 0;
    gw_cell_maker_reset(m->maker);
    rc = o->aggregate ? gw_cells_of_aggregate(m->a, o->hash, m->maker, m->why)
                      : add_blocks(m, o);
    rc = rc ? rc
            : gw_segment_begin(m->a, GW_TIER_CELLS, o->hash,
                               gw_buf_span(&m->header), &w, m->why);
    if (rc)
        return gw_within(m->why, "%.12s", o->hash);
    rc = gw_cell_maker_put(m->maker, w, m->why);
    if (rc)
        gw_segment_abort(w);
    else
        rc = gw_segment_finish(w, m->why);
    return rc ? rc : commit_some(m, COMMIT_OBJECTS);
}

static int make_all(struct making *m)
{
    int rc = 0;
    for (size_t i = 0; i < m->count && !rc && !m->stopped; i++) {
        struct gw_analyse_progress report = {(int64_t)i, (int64_t)m->count, 0};
        m->stopped = m->options->stop && *m->options->stop;
        if (m->options->progress)
            m->options->progress(m->options->ctx, &report);
        rc = m->stopped ? 0 : make_object(m, &m->objects[i]);
    }
    return rc;
}

// Cells whose findings are gone.
static int drop_orphan(void *ctx, const char *object, const char *segment,
                       int64_t size)
{
    struct making *m = ctx;
    struct object_ref key;
    (void)segment;
    (void)size;
    snprintf(key.hash, sizeof key.hash, "%s", object);
    if (m->count && bsearch(&key, m->objects, m->count, sizeof key, by_hash))
        return 0;
    return gw_segment_drop(m->a, GW_TIER_CELLS, object, m->why);
}

// ---- days ---------------------------------------------------------------

static int days_mark(struct making *m, struct gw_buf *ret)
{
    char digest[2 * GW_HASH_LEN + 1];
    int64_t segments;
    int rc = gw_tier_digest(m->a, GW_TIER_CELLS, digest, &segments, m->why);
    gw_put_fmt(ret, "%d %s", GW_CELLS_VERSION, rc ? "" : digest);
    return rc ? rc : ret->err;
}

// The days, unless they were made of just these cells.
static int renew_days(struct making *m)
{
    struct gw_buf want, have;
    gw_buf_init(&want, MARK_MAX);
    gw_buf_init(&have, MARK_MAX);
    int rc = days_mark(m, &want);
    bool same = gw_note_get(m->a, DAYS_NOTE, &have, NULL) == 0 &&
                gw_eq(gw_buf_span(&want), gw_buf_span(&have));
    if (!rc && (!same || m->options->again)) {
        rc = gw_make_days(m->a, m->why);
        rc = rc ? rc : gw_note_set(m->a, DAYS_NOTE, gw_buf_span(&want), m->why);
    }
    gw_buf_release(&want);
    gw_buf_release(&have);
    return rc;
}

// ---- the whole ----------------------------------------------------------

static void digest_services(struct making *m)
{
    struct gw_hash32 h = gw_sha256(
        gw_span_of(gw_analyse_services_csv, gw_analyse_services_csv_len));
    gw_hex(h.at, 8, m->services);
}

int gw_make_cells(struct gw_ledger *l, const struct gw_analyse_options *options,
                  struct gw_why *why)
{
    struct making m = {
        .l = l, .a = gw_ledger_archive(l), .options = options, .why = why};
    gw_buf_init(&m.header, 4096);
    digest_services(&m);
    m.maker = gw_cell_maker_new(m.a);
    m.arena = gw_arena_new(ARENA_MAX);
    m.codec = gw_block_codec_new();
    int rc = m.maker && m.arena && m.codec ? gw_block_init(&m.block, m.arena)
                                           : GW_ENOMEM;
    if (rc)
        gw_fail(why, rc, "cells: out of memory");
    rc = rc ? rc : list_objects(&m);
    rc = rc ? rc : make_all(&m);
    if (!rc && !m.stopped) {
        rc = gw_segments_each(m.a, GW_TIER_CELLS, drop_orphan, &m, why);
        rc = rc ? rc : renew_days(&m);
    }
    rc = rc ? rc : gw_ledger_commit(l, why);
    if (m.block.arena)
        gw_block_release(&m.block);
    gw_cell_maker_free(m.maker);
    gw_block_codec_free(m.codec);
    gw_arena_free(m.arena);
    gw_buf_release(&m.header);
    gw_free(m.objects);
    return rc;
}
