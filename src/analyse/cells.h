// How cells are made, kept and merged. Private to analyse.
#ifndef GW_CELLS_H
#define GW_CELLS_H

#include "analyse/analyse.h"

enum {
    GW_CELL_ROWS = 2048,       // in a block of a cells segment
    GW_CELL_TARGET_MAX = 255,  // bytes; longer texts are cut
    GW_CELL_PROGRAM_MAX = 127, // likewise
    GW_CELL_ORG_MAX = 127,
    GW_CELL_RULE_MAX = 63,
    GW_MERGE_WAYS = 128, // streams open at a time
};
#define GW_CELL_HOUR   (3600 * GW_SECOND)
#define GW_CLOCK_AHEAD (30 * 60 * GW_SECOND) // see docs/methods/cells.md
#define GW_CLOCK_LATE  (2 * GW_DAY)

// ---- order --------------------------------------------------------------
// Series in order: volume before targets, then cc, target, asn, layer, and
// rehearsed and aggregated ones apart. Cells of a series by hour, observer,
// program, resolver.
static inline bool gw_cell_is_volume(const struct gw_cell_row *c)
{
    return c->target.len == 0;
}
int gw_cell_series_order(const struct gw_cell_row *a,
                         const struct gw_cell_row *b);
int gw_cell_order(const struct gw_cell_row *a, const struct gw_cell_row *b);
// Adds the measurements of b, a cell with the same key, to a.
void gw_cell_add(struct gw_cell_row *a, const struct gw_cell_row *b);

// ---- spills: sorted cells that do not fit in memory -----------------------
// A temporary file without a name, of rows in the order they are put. Each row
// says which source (an index of the caller's) it is from.
struct gw_spill;
struct gw_spill *gw_spill_new(struct gw_archive *a, struct gw_why *why);
void gw_spill_free(struct gw_spill *s);
int gw_spill_put(struct gw_spill *s, const struct gw_cell_row *row,
                 uint32_t source, bool aggregate,
                 struct gw_why *why) GW_MUSTCHECK;
// Ends a run: rows put since the last end are in order.
int gw_spill_end_run(struct gw_spill *s, struct gw_why *why) GW_MUSTCHECK;
size_t gw_spill_runs(const struct gw_spill *s);

// ---- streams: sorted cells, one after another ----------------------------
// row's texts live until the next one is taken.
struct gw_cells_shared { // what streams of one thread share
    struct gw_block_codec *codec;
};
struct gw_cell_stream {
    struct gw_cell_row row;
    bool ended, aggregate;
    uint32_t source;
    // of a segment
    struct gw_cells_shared *shared;
    struct gw_segment_reader *reader;
    struct gw_arena *arena;
    struct gw_block block;
    size_t at;
    // of a run of a spill
    struct gw_spill *spill;
    int64_t offset, end;
    struct gw_buf bytes, text[5];
    size_t pos;
};
int gw_cell_stream_segment(struct gw_archive *a, const char *object,
                           uint32_t source, struct gw_cells_shared *shared,
                           struct gw_cell_stream *ret,
                           struct gw_why *why) GW_MUSTCHECK;
int gw_cell_stream_run(struct gw_spill *s, size_t run,
                       struct gw_cell_stream *ret,
                       struct gw_why *why) GW_MUSTCHECK;
// The first row is there after opening; `ended` says when there is none.
int gw_cell_stream_next(struct gw_cell_stream *s,
                        struct gw_why *why) GW_MUSTCHECK;
void gw_cell_stream_close(struct gw_cell_stream *s); // {0} is fine

// A heap of streams, the one whose series comes first on top.
struct gw_cell_heap {
    struct gw_cell_stream **at;
    size_t count;
};
void gw_cell_heap_push(struct gw_cell_heap *h, struct gw_cell_stream *s);
struct gw_cell_stream *gw_cell_heap_pop(struct gw_cell_heap *h);

// ---- making -------------------------------------------------------------
// Gathers the findings of one object and puts their cells out in order.
struct gw_cell_maker;
struct gw_cell_maker *gw_cell_maker_new(struct gw_archive *a);
void gw_cell_maker_free(struct gw_cell_maker *m);
void gw_cell_maker_reset(struct gw_cell_maker *m);
// Rows of one block, in its order.
int gw_cell_maker_add(struct gw_cell_maker *m,
                      const struct gw_finding_row *rows, size_t n,
                      struct gw_why *why) GW_MUSTCHECK;
// A cell that is one already.
int gw_cell_maker_add_cell(struct gw_cell_maker *m, const struct gw_cell_row *c,
                           struct gw_why *why) GW_MUSTCHECK;
int gw_cell_maker_put(struct gw_cell_maker *m, struct gw_segment_writer *w,
                      struct gw_why *why) GW_MUSTCHECK;

// The counts that somebody else made, as cells with one pseudo-observer each.
int gw_cells_of_aggregate(struct gw_archive *a, const char *object,
                          struct gw_cell_maker *m,
                          struct gw_why *why) GW_MUSTCHECK;

// ---- days ---------------------------------------------------------------
int gw_make_days(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;

#endif
