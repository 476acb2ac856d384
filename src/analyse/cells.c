// From findings to cells, first half: each finding becomes an item, numbered
// texts and all. docs/methods/cells.md says what is counted how.
#include "analyse/cells_maker.h"

#include <math.h>

// ---- life ---------------------------------------------------------------

struct gw_cell_maker *gw_cell_maker_new(struct gw_archive *a)
{
    struct gw_cell_maker *m = gw_new(sizeof *m);
    if (!m)
        return NULL;
    m->a = a;
    gw_buf_init(&m->encoded, GW_BLOCK_MAX);
    m->texts = gw_arena_new(ARENA_MAX);
    m->arena = gw_arena_new(ARENA_MAX);
    m->codec = gw_block_codec_new();
    m->items = gw_resize(NULL, ITEMS_MAX, sizeof *m->items);
    m->order = gw_resize(NULL, ITEMS_MAX, sizeof *m->order);
    m->other = gw_resize(NULL, ITEMS_MAX, sizeof *m->other);
    if (!m->texts || !m->arena || !m->codec || !m->items || !m->order ||
        !m->other || gw_block_init(&m->block, m->arena)) {
        gw_cell_maker_free(m);
        return NULL;
    }
    gw_cell_maker_reset(m);
    return m;
}

void gw_cell_maker_free(struct gw_cell_maker *m)
{
    if (!m)
        return;
    if (m->block.arena)
        gw_block_release(&m->block);
    gw_spill_free(m->spill);
    gw_block_codec_free(m->codec);
    gw_buf_release(&m->encoded);
    gw_arena_free(m->texts);
    gw_arena_free(m->arena);
    gw_free(m->text);
    gw_free(m->text_slot);
    gw_free(m->base);
    gw_free(m->base_slot);
    gw_free(m->items);
    gw_free(m->order);
    gw_free(m->other);
    gw_free(m);
}

void gw_cell_maker_forget(struct gw_cell_maker *m)
{
    gw_arena_reset(m->texts);
    m->text_count = m->base_count = m->count = 0;
    if (m->text_slot)
        memset(m->text_slot, 0, m->text_slots * sizeof *m->text_slot);
    if (m->base_slot)
        memset(m->base_slot, 0, m->base_slots * sizeof *m->base_slot);
    memset(m->memo, 0, sizeof m->memo);
    memset(m->service, 0, sizeof m->service);
    m->volume = SIZE_MAX;
    m->started = false;
}

void gw_cell_maker_reset(struct gw_cell_maker *m)
{
    gw_cell_maker_forget(m);
    gw_spill_free(m->spill);
    m->spill = NULL;
}

// ---- texts --------------------------------------------------------------

static bool more_text_slots(struct gw_cell_maker *m)
{
    size_t slots = m->text_slots ? m->text_slots * 2 : 4096;
    uint32_t *slot = gw_resize(m->text_slot, slots, sizeof *slot);
    if (!slot)
        return false;
    memset(slot, 0, slots * sizeof *slot);
    m->text_slot = slot;
    m->text_slots = slots;
    for (size_t i = 0; i < m->text_count; i++) {
        size_t at = gw_hash(m->text[i], 0) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return true;
}

static int add_text(struct gw_cell_maker *m, gw_span s, size_t at)
{
    if (m->text_count == m->text_cap) {
        size_t cap = m->text_cap ? m->text_cap * 2 : 1024;
        gw_span *text = gw_resize(m->text, cap, sizeof *text);
        if (!text)
            return GW_ENOMEM;
        m->text = text;
        m->text_cap = cap;
    }
    gw_span copy = s.len ? gw_arena_copy(m->texts, s) : GW_LIT("");
    if (!copy.at)
        return GW_ENOMEM;
    m->text[m->text_count++] = copy;
    m->text_slot[at] = (uint32_t)m->text_count;
    return 0;
}

// Number of a text; the empty text is the first.
static int number_of(struct gw_cell_maker *m, gw_span s, uint32_t *ret)
{
    if (m->text_count * 2 + 2 >= m->text_slots && !more_text_slots(m))
        return GW_ENOMEM;
    int rc = 0;
    if (!m->text_count)
        rc = add_text(m, GW_LIT(""),
                      gw_hash(GW_LIT(""), 0) & (m->text_slots - 1));
    size_t at = gw_hash(s, 0) & (m->text_slots - 1);
    for (; !rc && m->text_slot[at]; at = (at + 1) & (m->text_slots - 1))
        if (gw_eq(m->text[m->text_slot[at] - 1], s)) {
            *ret = m->text_slot[at] - 1;
            return 0;
        }
    *ret = (uint32_t)m->text_count;
    return rc ? rc : add_text(m, s, at);
}

// Cut to max bytes, not inside a character.
static gw_span cut(gw_span s, size_t max)
{
    if (s.len > max) {
        s.len = max;
        while (s.len && (s.at[s.len] & 0xc0) == 0x80)
            s.len--;
    }
    return s;
}

// A block has each text once, so its address is as good as the text.
static struct memo *memo_of(struct memo *memo, gw_span s)
{
    return &memo[((uintptr_t)s.at >> 3 ^ (uintptr_t)s.at >> 13) % MEMO];
}

static int text_of(struct gw_cell_maker *m, gw_span s, size_t max,
                   uint32_t *ret)
{
    struct memo *memo = memo_of(m->memo, s);
    if (s.len && memo->at == s.at && memo->len == s.len) {
        *ret = memo->text;
        return 0;
    }
    int rc = number_of(m, cut(s, max), ret);
    *memo = (struct memo){rc ? NULL : s.at, s.len, *ret};
    return rc;
}

static int target_of(struct gw_cell_maker *m, gw_span s, uint32_t *ret)
{
    struct memo *memo = memo_of(m->service, s);
    if (s.len && memo->at == s.at && memo->len == s.len) {
        *ret = memo->text;
        return 0;
    }
    gw_span service = s.len ? gw_service_of(s) : GW_LIT("unknown");
    int rc = number_of(m, cut(service, GW_CELL_TARGET_MAX), ret);
    *memo = (struct memo){rc ? NULL : s.at, s.len, *ret};
    return rc;
}

// ---- series -------------------------------------------------------------

static uint64_t hash_of_base(const struct base *b)
{
    uint64_t h = (uint64_t)b->cc << 32 | b->target;
    h = (h ^ (uint64_t)b->asn << 1 ^ b->synthetic) *
        UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static bool more_base_slots(struct gw_cell_maker *m)
{
    size_t slots = m->base_slots ? m->base_slots * 2 : 4096;
    uint32_t *slot = gw_resize(m->base_slot, slots, sizeof *slot);
    if (!slot)
        return false;
    memset(slot, 0, slots * sizeof *slot);
    m->base_slot = slot;
    m->base_slots = slots;
    for (size_t i = 0; i < m->base_count; i++) {
        size_t at = hash_of_base(&m->base[i]) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return true;
}

static int base_of(struct gw_cell_maker *m, const struct base *key,
                   uint32_t *ret)
{
    if (m->base_count * 2 >= m->base_slots && !more_base_slots(m))
        return GW_ENOMEM;
    size_t mask = m->base_slots - 1, at = hash_of_base(key) & mask;
    for (; m->base_slot[at]; at = (at + 1) & mask) {
        struct base *b = &m->base[m->base_slot[at] - 1];
        if (b->cc != key->cc || b->target != key->target ||
            b->asn != key->asn || b->synthetic != key->synthetic)
            continue;
        if (key->org != NO_TEXT && key->org_at >= b->org_at) {
            b->org = key->org;
            b->org_at = key->org_at;
        }
        *ret = m->base_slot[at] - 1;
        return 0;
    }
    if (m->base_count == m->base_cap) {
        size_t cap = m->base_cap ? m->base_cap * 2 : 1024;
        struct base *base = gw_resize(m->base, cap, sizeof *base);
        if (!base)
            return GW_ENOMEM;
        m->base = base;
        m->base_cap = cap;
    }
    *ret = (uint32_t)m->base_count;
    m->base[m->base_count++] = *key;
    m->base_slot[at] = (uint32_t)m->base_count;
    return 0;
}

// ---- times --------------------------------------------------------------

// A uid begins with the time at which the collector took the measurement in:
// YYYYMMDDHHMMSS.
static gw_time time_of_uid(gw_span uid)
{
    static const uint8_t from[] = {0, 4, 6, 8, 10, 12, 14};
    int v[6];
    if (uid.len < 15 || (uid.at[14] >= '0' && uid.at[14] <= '9'))
        return GW_NEVER;
    for (int i = 0; i < 6; i++) {
        v[i] = 0;
        for (int k = from[i]; k < from[i + 1]; k++) {
            if (uid.at[k] < '0' || uid.at[k] > '9')
                return GW_NEVER;
            v[i] = v[i] * 10 + (uid.at[k] - '0');
        }
    }
    if (v[0] < 1970 || v[0] > 2200 || v[1] < 1 || v[1] > 12 || v[2] < 1 ||
        v[2] > 31 || v[3] > 23 || v[4] > 59 || v[5] > 60)
        return GW_NEVER;
    return gw_time_civil(v[0], v[1], v[2], v[3], v[4], v[5]);
}

static int32_t hour_of(gw_time t)
{
    return (int32_t)(t / GW_CELL_HOUR - (t % GW_CELL_HOUR < 0));
}

static int32_t cut32(int64_t v)
{
    return v > INT32_MAX ? INT32_MAX : v < -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

// A measurement whose clock cannot be believed is one of the hour in which it
// arrived, and says nothing but that somebody measured.
static void place_in_time(struct gw_cell_maker *m,
                          const struct gw_finding_row *f)
{
    gw_time arrived = time_of_uid(f->uid);
    bool both = arrived != GW_NEVER && f->start_time != GW_NEVER;
    m->now.lag = INT32_MIN;
    m->believed = f->start_time != GW_NEVER;
    if (both) {
        // Half of each: the whole difference of two times may not fit.
        int64_t half = arrived / 2 - f->start_time / 2;
        m->now.lag = cut32(half / (GW_SECOND / 2));
        m->believed = half >= -GW_CLOCK_AHEAD / 2 && half <= GW_CLOCK_LATE / 2;
    }
    gw_time t = m->believed ? f->start_time : arrived;
    m->timeless = t == GW_NEVER;
    m->now.hour = m->timeless ? 0 : hour_of(t);
}

// ---- gathering ----------------------------------------------------------

static bool is_country(gw_span s)
{
    return s.len == 2 && s.at[0] >= 'A' && s.at[0] <= 'Z' && s.at[1] >= 'A' &&
           s.at[1] <= 'Z';
}

static int64_t asn_of(int64_t asn)
{
    return asn < 0 || asn >= UINT32_MAX ? GW_NULL : asn;
}

// What all findings of a measurement share.
static int begin_measurement(struct gw_cell_maker *m,
                             const struct gw_finding_row *f)
{
    struct base key = {.asn = asn_of(f->probe_asn),
                       .synthetic = f->synthetic == 1,
                       .org_at = f->start_time};
    gw_span cc = is_country(f->probe_cc) ? f->probe_cc : GW_LIT("ZZ");
    m->record = f->record;
    m->started = true;
    place_in_time(m, f);
    if (m->timeless)
        return 0;
    int rc = text_of(m, cc, 2, &key.cc);
    rc = rc ? rc : text_of(m, f->probe_as_org_name, GW_CELL_ORG_MAX, &key.org);
    rc = rc ? rc : target_of(m, f->target, &key.target);
    rc = rc ? rc : text_of(m, f->program, GW_CELL_PROGRAM_MAX, &m->now.program);
    rc = rc ? rc : base_of(m, &key, &m->now.base);
    if (rc)
        return rc;
    m->now.observer = f->observer;
    m->now.uid = f->uid.len ? gw_hash(f->uid, 0) | 1 : 0;
    m->now.record = f->record;
    // Volume: the one at hand takes it, or a new one begins.
    key.target = NO_TEXT;
    uint32_t base;
    rc = base_of(m, &key, &base);
    struct item *v = m->volume < m->count ? &m->items[m->volume] : NULL;
    if (rc || (v && v->base == base && v->hour == m->now.hour &&
               v->observer == m->now.observer && v->program == m->now.program))
        return rc;
    m->volume = m->count;
    v = &m->items[m->count++];
    *v = m->now;
    v->base = base;
    v->layer = GW_LAYER_ALL;
    v->uid = 0;
    v->resolver = NO_RESOLVER;
    v->n = INT32_MIN;
    return 0;
}

static void count_one(struct item *i, enum gw_state state)
{
    if (i->count[state] < UINT16_MAX)
        i->count[state]++;
}

static int add_finding(struct gw_cell_maker *m, const struct gw_finding_row *f,
                       struct item *i)
{
    enum gw_state state =
        m->believed ? (enum gw_state)f->state : GW_STATE_UNKNOWN;
    *i = m->now;
    i->layer = (uint8_t)f->layer;
    i->count[state] = 1;
    i->resolver = f->layer == GW_LAYER_DNS && asn_of(f->resolver_asn) != GW_NULL
                      ? (uint32_t)f->resolver_asn
                      : NO_RESOLVER;
    i->throttled = m->believed && f->throttled == 1;
    i->intercepted = m->believed && f->intercepted == 1;
    i->n = INT32_MIN;
    i->rule = NO_TEXT;
    i->llr = 0;
    if (f->layer == GW_LAYER_ALL)
        count_one(&m->items[m->volume], state);
    if (state != GW_STATE_BLOCKED)
        return 0;
    i->n = (int32_t)f->n;
    i->llr = isnan(f->llr) ? 0 : (float)f->llr;
    return text_of(m, f->rule, GW_CELL_RULE_MAX, &i->rule);
}

int gw_cell_maker_add(struct gw_cell_maker *m,
                      const struct gw_finding_row *rows, size_t n,
                      struct gw_why *why)
{
    // Addresses of another block's texts mean nothing here.
    memset(m->memo, 0, sizeof m->memo);
    memset(m->service, 0, sizeof m->service);
    for (size_t i = 0; i < n; i++) {
        const struct gw_finding_row *f = &rows[i];
        int rc = 0;
        if (f->state < 0 || f->state >= GW_STATE_COUNT || f->layer < 0 ||
            f->layer >= GW_LAYER_COUNT || f->record < 0 || f->n < 0 ||
            f->n > INT32_MAX)
            return gw_fail(why, GW_ECORRUPT, "finding %zu: out of range", i);
        if (m->count + 2 > ITEMS_MAX)
            rc = gw_cell_maker_spill(m, why);
        if (!rc && (!m->started || m->record != f->record))
            rc = begin_measurement(m, f);
        if (!rc && !m->timeless)
            rc = add_finding(m, f, &m->items[m->count++]);
        if (rc)
            return gw_fail(why, rc, "cells: %s", gw_strerror(rc));
    }
    m->started = false; // a record is in one block
    return 0;
}

int gw_cell_maker_add_cell(struct gw_cell_maker *m, const struct gw_cell_row *c,
                           struct gw_why *why)
{
    struct item i = {.layer = (uint8_t)c->layer,
                     .hour = hour_of(c->hour),
                     .observer = c->observer,
                     .resolver = NO_RESOLVER,
                     .record = c->record,
                     .n = INT32_MIN,
                     .lag = INT32_MIN};
    struct base key = {.asn = asn_of(c->asn), .org_at = c->hour};
    int rc = m->count + 2 > ITEMS_MAX ? gw_cell_maker_spill(m, why) : 0;
    rc = rc ? rc : number_of(m, c->cc, &key.cc);
    rc =
        rc ? rc : number_of(m, cut(c->target, GW_CELL_TARGET_MAX), &key.target);
    rc = rc ? rc : number_of(m, c->program, &i.program);
    rc = rc ? rc : base_of(m, &key, &i.base);
    if (rc)
        return gw_fail(why, rc, "cells: %s", gw_strerror(rc));
    const int64_t counts[] = {c->unknown, c->ok, c->down, c->blocked};
    for (int s = 0; s < GW_STATE_COUNT; s++)
        i.count[s] = counts[s] > UINT16_MAX ? UINT16_MAX : (uint16_t)counts[s];
    m->items[m->count++] = i;
    return 0;
}
