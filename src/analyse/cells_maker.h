// The maker of cells: what its two halves know of it. Findings become items
// (cells.c); items are sorted and become cells (cells_sort.c). Private to
// analyse.
#ifndef GW_CELLS_MAKER_H
#define GW_CELLS_MAKER_H

#include "analyse/cells.h"

enum {
    ITEMS_MAX = 1 << 20, // in memory; then they are sorted and spilled
    ARENA_MAX = 256 << 20,
    MEMO = 1024, // texts of a block that were met last, by their address
    NO_TEXT = 0, // the empty text
};

#define NO_RESOLVER UINT32_MAX

struct base { // a series but for its layer
    uint32_t cc, target, org;
    int64_t asn;
    bool synthetic;
    gw_time org_at; // when org was seen
};
struct item {
    uint32_t base;
    uint8_t layer;
    int32_t hour;
    int64_t observer;
    uint64_t uid; // hash; 0: several measurements
    uint32_t program, resolver, rule;
    uint16_t count[GW_STATE_COUNT], throttled, intercepted;
    float llr;
    int64_t record;
    int32_t n, lag; // INT32_MIN: null
};
struct sortable {
    uint64_t key;
    uint32_t item;
};
struct memo {
    const uint8_t *at;
    size_t len;
    uint32_t text;
};

struct gw_cell_maker {
    struct gw_archive *a;
    struct gw_arena *texts;
    gw_span *text; // by number
    size_t text_count, text_cap;
    uint32_t *text_slot;
    size_t text_slots;
    struct base *base;
    size_t base_count, base_cap;
    uint32_t *base_slot;
    size_t base_slots;
    struct memo memo[MEMO], service[MEMO];
    struct item *items;
    size_t count;
    size_t volume;  // item of the volume cell at hand; SIZE_MAX none
    uint32_t *rank; // of texts, while items are sorted
    struct sortable *order, *other;
    struct gw_spill *spill; // NULL: all is in memory
    // the measurement at hand
    int64_t record;
    bool started, believed, timeless;
    struct item now;
    // output
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_block_codec *codec;
    struct gw_buf encoded;
    struct gw_segment_writer *w;
};

// Forgets what was gathered, but not what was spilled.
void gw_cell_maker_forget(struct gw_cell_maker *m);
// Sorts the items that there are, spills them, and forgets them.
int gw_cell_maker_spill(struct gw_cell_maker *m,
                        struct gw_why *why) GW_MUSTCHECK;

#endif
