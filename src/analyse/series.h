// A series in the making: what the files of its merge know of it. Streams are
// merged in series.c, sights put together in series_sights.c, their names in
// series_names.c. Private to analyse.
#ifndef GW_SERIES_H
#define GW_SERIES_H

#include "analyse/cells.h"

enum {
    SIGHTS_MAX = 1 << 25, // of one series
    NAMES_MAX = 1024,     // programs of a series; what is beyond is one
    TEXTS_MAX = 512 << 20,
    NONE = -1,
};

// A sight before its names have their final order.
struct gw_sighted {
    struct gw_sight s;
    uint32_t source;
    int64_t record, n;
};

// Distinct texts of a series, in order of appearance until they are ranked.
struct gw_names {
    gw_span *at;
    uint32_t *rank;
    size_t count, cap;
    uint32_t last; // met, which is mostly the next one too
};

struct gw_sources { // hashes of objects, 12 digits each
    char (*at)[13];
    size_t count, cap;
};

struct gw_merge {
    struct gw_archive *a;
    struct gw_cells_shared shared;
    struct gw_sources sources;
    struct gw_cell_stream *streams;
    struct gw_cell_heap heap;
    // the series at hand
    struct gw_arena *arena;
    struct gw_cell_row key; // its texts are in the arena
    bool aggregate;
    int64_t org_hour;
    struct gw_sighted *items;
    size_t count, cap;
    int64_t *observers; // distinct, in order of appearance, then ascending
    size_t observer_count, observer_cap;
    uint32_t *slot, *observer_rank;
    size_t slot_count;
    struct gw_names programs, rules;
    struct gw_sight *sights;
    size_t sight_cap;
    gw_span *examples;
    size_t example_count, example_cap;
};

// Makes room for one more of the elements of a list, whatever their type.
int gw_grow(void *list, size_t count, size_t *cap, size_t size,
            size_t most) GW_MUSTCHECK;
#define GROW(list, n, cap, most)                                               \
    gw_grow(&(list), n, &(cap), sizeof *(list), most)

// ---- series_names.c -----------------------------------------------------
int gw_series_name(struct gw_merge *m, struct gw_names *names, gw_span s,
                   uint32_t *ret) GW_MUSTCHECK;
int gw_series_observer(struct gw_merge *m, int64_t observer,
                       uint32_t *ret) GW_MUSTCHECK;
// Puts names and observers into order; their ranks say where each one went.
int gw_series_rank(struct gw_merge *m) GW_MUSTCHECK;

// ---- series_sights.c ----------------------------------------------------
int gw_series_begin(struct gw_merge *m,
                    const struct gw_cell_stream *s) GW_MUSTCHECK;
static inline bool gw_series_has(const struct gw_merge *m,
                                 const struct gw_cell_stream *s)
{
    return !s->ended && s->aggregate == m->aggregate &&
           gw_cell_series_order(&s->row, &m->key) == 0;
}
// Takes all that a stream has of the series at hand.
int gw_series_drain(struct gw_merge *m, struct gw_cell_stream *s,
                    struct gw_why *why) GW_MUSTCHECK;
int gw_series_end(struct gw_merge *m, gw_series_fn *fn, void *ctx,
                  struct gw_why *why);

#endif
