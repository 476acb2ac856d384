// Explain pages: which are wanted, and the rows each of them rests on, read
// from the findings of its object. Each segment is read once.
#include "publish/explain.h"

#include <stdio.h>

enum { ARENA_MAX = 512 << 20 };

struct want {
    const char *id;
    struct gw_id parsed;
    bool made;
};
struct wants {
    struct want *at;
    size_t count, cap;
};
struct reading {
    struct site *site;
    const struct explain_world *world;
    struct gw_arena *arena;
    struct gw_block_codec *codec;
    struct gw_block block;
    struct gw_object object;
    struct gw_witnessed leaf;
    size_t left; // pages of this object still to make
};

// ---- what incidents say ---------------------------------------------------

static int add_rule(struct explain_world *w, gw_span rule, gw_span text)
{
    if (!rule.len || !text.len || explain_rule_text(w, rule).len)
        return 0;
    if (w->rule_count == w->rule_cap) {
        size_t cap = w->rule_cap ? 2 * w->rule_cap : 64;
        struct rule_text *bigger = gw_resize(w->rules, cap, sizeof *bigger);
        if (!bigger)
            return GW_ENOMEM;
        w->rules = bigger;
        w->rule_cap = cap;
    }
    w->rules[w->rule_count++] = (struct rule_text){rule, text};
    return 0;
}

static int add_named(struct explain_world *w, const char *id, size_t incident)
{
    if (!id)
        return GW_ENOMEM;
    if (w->named_count == w->named_cap) {
        size_t cap = w->named_cap ? 2 * w->named_cap : 256;
        struct named_by *bigger = gw_resize(w->named, cap, sizeof *bigger);
        if (!bigger)
            return GW_ENOMEM;
        w->named = bigger;
        w->named_cap = cap;
    }
    w->named[w->named_count++] = (struct named_by){id, (uint32_t)incident};
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct named_by *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order
                 : (x->incident > y->incident) - (x->incident < y->incident);
}

static int add_incident(struct site *s, struct explain_world *w, size_t at)
{
    int rc = 0;
    gw_jv body = site_body(s, &s->incidents[at]);
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "methods"));
         !rc && gw_jit_next(&it);) {
        gw_span rule = gw_jv_str(gw_jv_get(it.value, "rule"));
        gw_span text = gw_jv_str(gw_jv_get(it.value, "text"));
        gw_span example = gw_jv_str(gw_jv_get(it.value, "example"));
        if (!explain_rule_text(w, rule).len)
            rc = add_rule(w, gw_arena_copy(s->arena, rule),
                          gw_arena_copy(s->arena, text));
        if (!rc && example.len)
            rc = add_named(w, gw_arena_cstr(s->arena, example), at);
    }
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "evidence"));
         !rc && gw_jit_next(&it);)
        if (gw_jv_str(it.value).len)
            rc = add_named(w, gw_arena_cstr(s->arena, gw_jv_str(it.value)), at);
    return rc;
}

int explain_world(struct site *s, struct explain_world *ret, struct gw_why *why)
{
    int rc = 0;
    *ret = (struct explain_world){0};
    for (size_t i = 0; i < s->incident_count && !rc; i++)
        rc = add_incident(s, ret, i);
    if (ret->named_count)
        qsort(ret->named, ret->named_count, sizeof *ret->named, by_id);
    size_t kept = 0;
    for (size_t i = 0; i < ret->named_count; i++)
        if (!kept || by_id(&ret->named[kept - 1], &ret->named[i]))
            ret->named[kept++] = ret->named[i];
    ret->named_count = kept;
    return rc ? gw_fail(why, rc, "out of memory") : 0;
}

void explain_world_release(struct explain_world *w)
{
    gw_free(w->rules);
    gw_free(w->named);
    *w = (struct explain_world){0};
}

gw_span explain_rule_text(const struct explain_world *w, gw_span rule)
{
    for (size_t i = 0; i < w->rule_count; i++)
        if (gw_eq(w->rules[i].rule, rule))
            return w->rules[i].text;
    return (gw_span){0};
}

const struct named_by *explain_named(const struct explain_world *w,
                                     const char *id, size_t *ret_count)
{
    size_t low = 0, high = w->named_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(w->named[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_count = 0;
    while (low + *ret_count < w->named_count &&
           strcmp(w->named[low + *ret_count].id, id) == 0)
        ++*ret_count;
    return w->named + low;
}

// ---- which pages ----------------------------------------------------------

static int take_want(void *ctx, const char *id, struct gw_why *why)
{
    struct wants *w = ctx;
    if (w->count == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 256;
        struct want *bigger = gw_resize(w->at, cap, sizeof *bigger);
        if (!bigger)
            return gw_fail(why, GW_ENOMEM, "out of memory");
        w->at = bigger;
        w->cap = cap;
    }
    struct want *n = &w->at[w->count++];
    *n = (struct want){.id = id};
    if (!gw_id_parse(gw_str(id), &n->parsed))
        n->parsed.kind = 0;
    if (n->parsed.kind == 'm') // the measurement's own finding
        n->parsed.n = 0;
    return 0;
}

// By object, record and ordinal; what is no id of evidence comes first.
static int in_order(const void *a, const void *b)
{
    const struct want *x = a, *y = b;
    int order = strcmp(x->parsed.object, y->parsed.object);
    if (order)
        return order;
    if (x->parsed.record != y->parsed.record)
        return x->parsed.record < y->parsed.record ? -1 : 1;
    if (x->parsed.n != y->parsed.n)
        return x->parsed.n < y->parsed.n ? -1 : 1;
    return strcmp(x->id, y->id);
}

// ---- the rows of one object -----------------------------------------------

// The first wanted of a record and ordinal among n in order; n if there is
// none.
static size_t first_of(const struct want *w, size_t n, int64_t record,
                       int64_t ordinal)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gw_id *id = &w[middle].parsed;
        bool before =
            id->record != record ? id->record < record : id->n < ordinal;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_of_row(struct reading *r, struct want *w, size_t n, size_t row,
                       struct gw_why *why)
{
    size_t count, fired_count;
    const struct gw_finding_row *f = gw_rows_finding(&r->block, &count) + row;
    const struct gw_fired_row *fired = gw_rows_fired(&r->block, &fired_count);
    int rc = 0;
    for (size_t i = first_of(w, n, f->record, f->n);
         i < n && !rc && w[i].parsed.record == f->record &&
         w[i].parsed.n == f->n;
         i++) {
        if (w[i].made || w[i].parsed.kind == 'e')
            continue;
        struct explained e = {w[i].id, &r->object,  &r->leaf,    f,
                              fired,   fired_count, (int64_t)row};
        rc = explain_finding(r->site, r->world, &e, why);
        w[i].made = true;
        r->left--;
    }
    return rc;
}

static int make_of_segment(struct reading *r, struct want *w, size_t n,
                           struct gw_why *why)
{
    struct gw_segment_reader *segment;
    gw_span bytes;
    int rc = gw_segment_open(r->site->archive, GW_TIER_FINDINGS, r->object.hash,
                             &segment, NULL);
    if (rc) // no findings, or none that can be read: the page says so
        return 0;
    while (r->left && (rc = gw_segment_next(segment, &bytes, why)) > 0) {
        size_t count;
        gw_arena_reset(r->arena);
        rc = gw_block_decode(r->codec, bytes, GW_WANT(finding) | GW_WANT(fired),
                             &r->block, why);
        if (rc)
            break;
        gw_rows_finding(&r->block, &count);
        for (size_t i = 0; i < count && r->left && !rc; i++)
            rc = make_of_row(r, w, n, i, why);
    }
    gw_segment_close(segment);
    return rc < 0 ? rc : 0;
}

// What was taken in with --confidential is on no page, not even by its hash.
static bool is_confidential(struct gw_archive *a, const char *object)
{
    char name[96];
    struct gw_buf said;
    gw_buf_init(&said, 4096);
    snprintf(name, sizeof name, "confidential/%s", object);
    bool yes = gw_note_get(a, name, &said, NULL) != GW_ENOENT;
    gw_buf_release(&said);
    return yes;
}

static int make_of_object(struct reading *r, struct want *w, size_t n,
                          struct gw_why *why)
{
    struct site *s = r->site;
    struct gw_why none = {0};
    int rc = gw_evidence_find(s->archive, w->parsed.object, &r->object, &none);
    r->left = 0;
    if (!rc && !is_confidential(s->archive, r->object.hash)) {
        rc = gw_ledger_witnessed(s->archive, r->object.hash, &r->leaf, why);
        for (size_t i = 0; i < n; i++)
            r->left += w[i].parsed.kind != 'e';
        rc = rc ? rc : make_of_segment(r, w, n, why);
        for (size_t i = 0; i < n && !rc; i++)
            if (w[i].parsed.kind == 'e') {
                rc = explain_object(s, w[i].id, &r->object, &r->leaf, why);
                w[i].made = true;
            }
        if (rc)
            return rc;
    }
    rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        if (!w[i].made)
            rc = explain_missing(s, w[i].id, why);
    return rc;
}

static int make_all(struct reading *r, struct wants *w, struct gw_why *why)
{
    int rc = 0;
    size_t i = 0;
    if (w->count)
        qsort(w->at, w->count, sizeof *w->at, in_order);
    while (i < w->count && !rc) {
        size_t n = 1;
        if (!w->at[i].parsed.kind) {
            // Of incidents all have a page, made before.
            if (!gw_starts(gw_str(w->at[i].id), "i-"))
                rc = explain_missing(r->site, w->at[i].id, why);
        } else {
            while (i + n < w->count && strcmp(w->at[i + n].parsed.object,
                                              w->at[i].parsed.object) == 0)
                n++;
            rc = make_of_object(r, w->at + i, n, why);
        }
        i += n;
    }
    return rc;
}

int publish_explain(struct site *s, struct gw_why *why)
{
    struct wants w = {0};
    struct explain_world world = {0};
    struct reading r = {.site = s, .world = &world};
    r.arena = gw_arena_new(ARENA_MAX);
    r.codec = gw_block_codec_new();
    bool ok = r.arena && r.codec && !gw_block_init(&r.block, r.arena);
    int rc = ok ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    for (size_t i = 0; i < s->incident_count && !rc; i++)
        rc = explain_incident(s, &s->incidents[i], why);
    rc = rc ? rc : explain_world(s, &world, why);
    rc = rc ? rc : site_wanted_each(s, take_want, &w, why);
    rc = rc ? rc : make_all(&r, &w, why);
    if (ok)
        gw_block_release(&r.block);
    gw_block_codec_free(r.codec);
    gw_arena_free(r.arena);
    explain_world_release(&world);
    gw_free(w.at);
    return rc;
}
