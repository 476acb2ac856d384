// An archive in a folder of its own, files to take in, and a look at what came
// of them.
#ifndef GW_INGEST_CASE_H
#define GW_INGEST_CASE_H

#include "../store/place.h"
#include "monitor/monitor.h"

struct ingest_case {
    struct place place;
    struct gw_archive *archive;
    struct gw_ledger *ledger;
    struct gw_chance *chance; // fixed: every case has the same keys
    struct gw_ingest_options options;
    struct gw_ingest_summary sum;
    struct gw_why why;
};

static inline int ingest_try(struct ingest_case *c, enum gw_archive_mode mode)
{
    struct gw_ledger_options o = {.clock = &noon, .chance = c->chance};
    int rc =
        gw_archive_open(c->place.archive, mode, &noon, &c->archive, &c->why);
    return rc ? rc : gw_ledger_open(c->archive, &o, &c->ledger, &c->why);
}

static inline void ingest_open(struct ingest_case *c, enum gw_archive_mode mode)
{
    int rc = ingest_try(c, mode);
    if (rc)
        print_error("%s\n", c->why.text);
    assert_int_equal(rc, 0);
}

static inline void ingest_close(struct ingest_case *c)
{
    gw_ledger_close(c->ledger);
    gw_archive_close(c->archive);
    c->ledger = NULL;
    c->archive = NULL;
}

static inline struct ingest_case ingest_new(int threads)
{
    struct ingest_case c = {.place = place_new()};
    c.chance = gw_new(sizeof *c.chance);
    *c.chance = (struct gw_chance){.fixed = true, .rand = {1}};
    c.options = (struct gw_ingest_options){.threads = threads,
                                           .source = "a test",
                                           .licence = "CC0",
                                           .dated = GW_NEVER};
    ingest_open(&c, GW_ARCHIVE_CREATE);
    return c;
}

static inline void ingest_free(struct ingest_case *c)
{
    ingest_close(c);
    gw_free(c->chance);
    place_remove(&c->place);
}

// A file beside the archive; the path lives until the next call.
static inline const char *file_in(const struct ingest_case *c, const char *name,
                                  gw_span bytes)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/in/%s", c->place.root, name);
    char folder[200];
    snprintf(folder, sizeof folder, "%s/in", c->place.root);
    assert_int_equal(gw_mkdirs(folder, NULL), 0);
    file_set(path, bytes);
    return path;
}

// Takes in one path, or everything in the folder beside the archive.
static inline void take_in(struct ingest_case *c, const char *path)
{
    char folder[200];
    snprintf(folder, sizeof folder, "%s/in", c->place.root);
    const char *paths[] = {path ? path : folder};
    c->why = (struct gw_why){0};
    int rc = gw_ingest(c->ledger, paths, 1, &c->options, &c->sum, &c->why);
    if (rc)
        print_error("%s\n", c->why.text);
    assert_int_equal(rc, 0);
}

static inline void take_in_text(struct ingest_case *c, const char *name,
                                const char *text)
{
    take_in(c, file_in(c, name, gw_str(text)));
}

struct digest {
    char hex[2 * GW_HASH_LEN + 1];
    int64_t segments;
};

static inline struct digest digest_of(struct ingest_case *c)
{
    struct digest d;
    assert_int_equal(
        gw_tier_digest(c->archive, GW_TIER_FACTS, d.hex, &d.segments, NULL), 0);
    return d;
}

static inline void same_digest(struct digest a, struct digest b)
{
    assert_int_equal(a.segments, b.segments);
    assert_string_equal(a.hex, b.hex);
}

// ---- objects ------------------------------------------------------------

struct one { // the object whose name ends so
    const char *name;
    struct gw_object object;
    int found;
};

static inline int match_one(void *ctx, const struct gw_object *o)
{
    struct one *w = ctx;
    if (gw_ends(gw_str(o->name), w->name)) {
        w->object = *o;
        w->found++;
    }
    return 0;
}

static inline struct gw_object object_named(struct ingest_case *c,
                                            const char *name)
{
    struct one w = {.name = name};
    assert_int_equal(gw_evidence_each(c->archive, -1, -1, match_one, &w, NULL),
                     0);
    assert_int_equal(w.found, 1);
    return w.object;
}

// ---- facts --------------------------------------------------------------

// Rows of each table over all blocks of an object's segment.
struct tally {
    size_t rows[GW_TABLE_COUNT];
    int blocks;
};
typedef void block_fn(void *ctx, const struct gw_block *b);

static inline struct tally each_block(struct ingest_case *c, const char *hash,
                                      block_fn *fn, void *ctx)
{
    struct tally t = {{0}, 0};
    struct gw_segment_reader *r;
    struct gw_arena *arena = gw_arena_new(512 << 20);
    struct gw_block_codec *codec = gw_block_codec_new();
    struct gw_block b;
    gw_span bytes;
    int rc;
    assert_int_equal(gw_block_init(&b, arena), 0);
    assert_int_equal(gw_segment_open(c->archive, GW_TIER_FACTS, hash, &r, NULL),
                     0);
    while ((rc = gw_segment_next(r, &bytes, NULL)) > 0) {
        gw_arena_reset(arena);
        assert_int_equal(gw_block_decode(codec, bytes, ~0u, &b, NULL), 0);
        for (int k = 0; k < GW_TABLE_COUNT; k++)
            t.rows[k] += b.rows[k].count;
        t.blocks++;
        if (fn)
            fn(ctx, &b);
    }
    assert_int_equal(rc, 0);
    gw_segment_close(r);
    gw_block_release(&b);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
    return t;
}

#endif
