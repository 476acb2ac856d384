// Findings summed up by network, target and layer, each observer once.
#include "analyse/analyse.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MAX = 1 << 20, ARENA_MAX = 512 << 20 };

struct gw_summary {
    struct gw_arena *arena;
    struct gw_summary_row *rows;
    size_t count, cap;
    // (row, state, observer) and (row, state, measurement_uid) triples seen, as
    // hashes: each counts once, also when an archive holds a measurement twice
    // (as JSON line and as postcan, say).
    uint64_t *seen;
    size_t seen_count, seen_slots;
    uint32_t *slot;
    size_t slots;
};

static bool grow_seen(struct gw_summary *s)
{
    size_t slots = s->seen_slots ? s->seen_slots * 2 : 4096;
    uint64_t *seen = gw_new(slots * sizeof *seen);
    if (!seen)
        return false;
    for (size_t i = 0; i < s->seen_slots; i++) {
        size_t at = s->seen[i] & (slots - 1);
        while (s->seen[i] && seen[at])
            at = (at + 1) & (slots - 1);
        if (s->seen[i])
            seen[at] = s->seen[i];
    }
    gw_free(s->seen);
    s->seen = seen;
    s->seen_slots = slots;
    return true;
}

enum { OBSERVER = 1, MEASUREMENT = 2 };

// 1 if that one was not seen in that state of that row before.
static int see(struct gw_summary *s, size_t row, int64_t state, int what,
               uint64_t who)
{
    uint64_t triple[3] = {row, (uint64_t)state << 8 | (uint64_t)what, who};
    uint64_t h = gw_hash(gw_span_of(triple, sizeof triple), 0) | 1;
    if (s->seen_count * 2 >= s->seen_slots && !grow_seen(s))
        return GW_ENOMEM;
    size_t at = h & (s->seen_slots - 1);
    while (s->seen[at] && s->seen[at] != h)
        at = (at + 1) & (s->seen_slots - 1);
    if (s->seen[at])
        return 0;
    s->seen[at] = h;
    s->seen_count++;
    return 1;
}

static uint64_t key_hash(const struct gw_summary_key *k)
{
    int64_t numbers[2] = {k->probe_asn, (int64_t)k->layer};
    uint64_t h = gw_hash(gw_span_of(numbers, sizeof numbers), 0);
    return gw_hash(k->target, gw_hash(k->probe_cc, h));
}

static bool key_eq(const struct gw_summary_key *a,
                   const struct gw_summary_key *b)
{
    return a->probe_asn == b->probe_asn && a->layer == b->layer &&
           gw_eq(a->target, b->target) && gw_eq(a->probe_cc, b->probe_cc);
}

static bool rehash(struct gw_summary *s, size_t slots)
{
    uint32_t *slot = gw_new(slots * sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < s->count; i++) {
        size_t at = key_hash(&s->rows[i].key) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    gw_free(s->slot);
    s->slot = slot;
    s->slots = slots;
    return true;
}

static struct gw_summary_row *new_row(struct gw_summary *s,
                                      const struct gw_summary_key *key)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        struct gw_summary_row *rows =
            cap <= ROWS_MAX ? gw_resize(s->rows, cap, sizeof *rows) : NULL;
        if (!rows)
            return NULL;
        s->rows = rows;
        s->cap = cap;
    }
    struct gw_summary_row *r = &s->rows[s->count];
    *r = (struct gw_summary_row){.key = *key,
                                 .first = GW_NEVER,
                                 .last = GW_NEVER,
                                 .blocked_first = GW_NEVER,
                                 .blocked_last = GW_NEVER};
    gw_span *texts[] = {&r->key.probe_cc, &r->key.probe_as_org_name,
                        &r->key.target};
    for (size_t i = 0; i < GW_COUNT(texts); i++) {
        *texts[i] = gw_arena_copy(s->arena, *texts[i]);
        if (!texts[i]->at)
            return NULL;
    }
    s->count++;
    return r;
}

static struct gw_summary_row *row_of(struct gw_summary *s,
                                     const struct gw_summary_key *key)
{
    if (s->count * 2 >= s->slots && !rehash(s, s->slots ? s->slots * 2 : 1024))
        return NULL;
    size_t at = key_hash(key) & (s->slots - 1);
    while (s->slot[at]) {
        struct gw_summary_row *r = &s->rows[s->slot[at] - 1];
        if (key_eq(&r->key, key))
            return r;
        at = (at + 1) & (s->slots - 1);
    }
    struct gw_summary_row *r = new_row(s, key);
    if (r)
        s->slot[at] = (uint32_t)s->count;
    return r;
}

static bool better_example(const struct gw_summary_row *row,
                           const struct gw_finding_row *f)
{
    if (!row->example[0])
        return true;
    return f->state == GW_STATE_BLOCKED &&
           (!row->count[GW_STATE_BLOCKED] || f->llr > row->llr);
}

static void stretch(gw_time *first, gw_time *last, gw_time t)
{
    if (t == GW_NEVER)
        return;
    if (*first == GW_NEVER || t < *first)
        *first = t;
    if (*last == GW_NEVER || t > *last)
        *last = t;
}

static int add(struct gw_summary *s, const char *object,
               const struct gw_finding_row *f)
{
    struct gw_summary_key key = {f->probe_cc, f->probe_as_org_name, f->target,
                                 f->probe_asn, (enum gw_layer)f->layer};
    if (f->state < 0 || f->state >= GW_STATE_COUNT || f->layer < 0 ||
        f->layer >= GW_LAYER_COUNT)
        return GW_ECORRUPT;
    struct gw_summary_row *r = row_of(s, &key);
    if (!r)
        return GW_ENOMEM;
    if (better_example(r, f)) {
        struct gw_id id = {.kind = 'f', .record = f->record, .n = f->n};
        memcpy(id.object, object, 12);
        id.object[12] = 0;
        gw_id_format(&id, r->example);
        snprintf(r->rule, sizeof r->rule, "%.*s", (int)f->rule.len,
                 (const char *)f->rule.at);
    }
    if (f->state == GW_STATE_BLOCKED && f->llr > r->llr)
        r->llr = f->llr;
    size_t at = (size_t)(r - s->rows);
    int measured =
        see(s, at, f->state, MEASUREMENT, gw_hash(f->uid, (uint64_t)f->n));
    int observed = see(s, at, f->state, OBSERVER, (uint64_t)f->observer);
    if (measured < 0 || observed < 0)
        return GW_ENOMEM;
    r->count[f->state] += measured;
    r->observers[f->state] += observed;
    r->throttled += measured && f->throttled == 1;
    r->intercepted += measured && f->intercepted == 1;
    r->synthetic |= f->synthetic == 1;
    stretch(&r->first, &r->last, f->start_time);
    if (f->state == GW_STATE_BLOCKED)
        stretch(&r->blocked_first, &r->blocked_last, f->start_time);
    return 0;
}

struct reading {
    struct gw_archive *a;
    struct gw_summary *s;
    struct gw_block block;
    struct gw_block_codec *codec;
    struct gw_arena *arena;
    struct gw_why *why;
};

static int read_object(void *ctx, const struct gw_object *o)
{
    struct reading *r = ctx;
    struct gw_segment_reader *reader;
    gw_span bytes;
    size_t n;
    if (!gw_kind_is_measurements(o->kind))
        return 0;
    int rc = gw_segment_open(r->a, GW_TIER_FINDINGS, o->hash, &reader, NULL);
    if (rc)
        return rc == GW_ENOENT ? 0 : rc;
    while ((rc = gw_segment_next(reader, &bytes, r->why)) > 0) {
        gw_arena_reset(r->arena);
        rc = gw_block_decode(r->codec, bytes, GW_WANT(finding), &r->block,
                             r->why);
        const struct gw_finding_row *rows = gw_rows_finding(&r->block, &n);
        for (size_t i = 0; i < n && !rc; i++)
            rc = add(r->s, o->hash, &rows[i]);
        if (rc)
            break;
    }
    gw_segment_close(reader);
    return rc;
}

static int by_number(int64_t x, int64_t y) // more comes first
{
    return x > y ? -1 : x < y;
}

static int by_importance(const void *a, const void *b)
{
    const struct gw_summary_row *x = a, *y = b;
    static const enum gw_state order[] = {GW_STATE_BLOCKED, GW_STATE_DOWN,
                                          GW_STATE_UNKNOWN, GW_STATE_OK};
    int c = 0;
    for (size_t i = 0; i < GW_COUNT(order) && !c; i++) {
        c = by_number(x->observers[order[i]], y->observers[order[i]]);
        c = c ? c : by_number(x->count[order[i]], y->count[order[i]]);
    }
    c = c ? c : gw_cmp(x->key.target, y->key.target);
    c = c ? c : gw_cmp(x->key.probe_cc, y->key.probe_cc);
    c = c ? c : by_number(y->key.probe_asn, x->key.probe_asn);
    return c ? c : (int)x->key.layer - (int)y->key.layer;
}

int gw_summary_new(struct gw_archive *a, struct gw_summary **ret,
                   struct gw_why *why)
{
    struct gw_summary *s = gw_new(sizeof *s);
    struct reading r = {.a = a, .s = s, .why = why};
    if (!s)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    s->arena = gw_arena_new(ARENA_MAX);
    r.arena = gw_arena_new(ARENA_MAX);
    r.codec = gw_block_codec_new();
    int rc = s->arena && r.arena && r.codec ? gw_block_init(&r.block, r.arena)
                                            : GW_ENOMEM;
    rc = rc ? rc : gw_evidence_each(a, -1, -1, read_object, &r, why);
    if (!rc && s->count) // keys and slots are not needed any more
        qsort(s->rows, s->count, sizeof *s->rows, by_importance);
    gw_block_release(&r.block);
    gw_block_codec_free(r.codec);
    gw_arena_free(r.arena);
    if (rc) {
        gw_summary_free(s);
        return gw_fail(why, rc, "%s", gw_strerror(rc));
    }
    *ret = s;
    return 0;
}

const struct gw_summary_row *gw_summary_rows(const struct gw_summary *s,
                                             size_t *ret_count)
{
    *ret_count = s->count;
    return s->rows;
}

void gw_summary_free(struct gw_summary *s)
{
    if (!s)
        return;
    gw_arena_free(s->arena);
    gw_free(s->rows);
    gw_free(s->slot);
    gw_free(s->seen);
    gw_free(s);
}
