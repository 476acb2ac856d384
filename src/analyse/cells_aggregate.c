// Counts that somebody else made, as cells: coarser, and marked as such.
#include "analyse/cells.h"

#include <math.h>

enum { ARENA_MAX = 256 << 20 };

// Each row speaks with one voice, whatever the number it gives: nobody knows
// how many observers are behind it.
static int64_t pseudo_observer(const struct gw_aggregate_row *r)
{
    int64_t numbers[] = {r->day, r->probe_asn};
    uint64_t h = gw_hash(gw_span_of(numbers, sizeof numbers), 0);
    h = gw_hash(r->input, gw_hash(r->test_name, gw_hash(r->probe_cc, h)));
    return (int64_t)(h >> 1);
}

static gw_span host_of(const struct gw_aggregate_row *r)
{
    gw_span s = r->input;
    int64_t at = s.len ? gw_find(s, GW_LIT("://"), 0) : -1;
    if (!s.len)
        return r->test_name;
    if (at >= 0)
        s = gw_sub(s, (size_t)at + 3, s.len);
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] == '/' || s.at[i] == ':' || s.at[i] == '?')
            s.len = i;
    return s.len ? s : r->test_name;
}

// What is confirmed is blocked. An anomaly is any difference whatever: it may
// be a censor, a server that failed or a probe that did, so it is unknown, and
// so is a failure.
static int add_row(struct gw_cell_maker *m, const struct gw_aggregate_row *r,
                   struct gw_why *why)
{
    struct gw_cell_row c;
    gw_row_null(GW_TABLE_cell, &c);
    c.cc = r->probe_cc;
    c.target = gw_service_of(host_of(r));
    c.asn = r->probe_asn;
    c.layer = GW_LAYER_ALL;
    c.hour = r->day;
    c.observer = pseudo_observer(r);
    c.program = GW_LIT("aggregate");
    c.unknown = r->anomaly_count + r->failure_count;
    c.ok = r->ok_count;
    c.down = 0;
    c.blocked = r->confirmed_count;
    c.record = r->record;
    return gw_cell_maker_add_cell(m, &c, why);
}

static int add_block(struct gw_cell_maker *m, const struct gw_block *b,
                     struct gw_why *why)
{
    size_t n;
    const struct gw_aggregate_row *rows = gw_rows_aggregate(b, &n);
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++) {
        const struct gw_aggregate_row *r = &rows[i];
        bool sound = r->ok_count >= 0 && r->anomaly_count >= 0 &&
                     r->confirmed_count >= 0 && r->failure_count >= 0 &&
                     r->record >= 0 && r->day != GW_NEVER &&
                     r->ok_count < INT32_MAX && r->anomaly_count < INT32_MAX &&
                     r->confirmed_count < INT32_MAX &&
                     r->failure_count < INT32_MAX && r->probe_cc.len == 2;
        rc = sound ? add_row(m, r, why)
                   : gw_fail(why, GW_ECORRUPT, "row %zu: out of range", i);
    }
    return rc;
}

int gw_cells_of_aggregate(struct gw_archive *a, const char *object,
                          struct gw_cell_maker *m, struct gw_why *why)
{
    struct gw_segment_reader *r = NULL;
    struct gw_block block = {0};
    gw_span bytes;
    struct gw_arena *arena = gw_arena_new(ARENA_MAX);
    struct gw_block_codec *codec = gw_block_codec_new();
    int rc = arena && codec ? gw_block_init(&block, arena) : GW_ENOMEM;
    if (rc)
        gw_fail(why, rc, "cells: out of memory");
    rc = rc ? rc : gw_segment_open(a, GW_TIER_FACTS, object, &r, why);
    while (!rc && (rc = gw_segment_next(r, &bytes, why)) > 0) {
        gw_arena_reset(arena);
        rc = gw_block_decode(codec, bytes, GW_WANT(aggregate), &block, why);
        rc = rc ? rc : add_block(m, &block, why);
    }
    gw_segment_close(r);
    if (block.arena)
        gw_block_release(&block);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
    return rc;
}
