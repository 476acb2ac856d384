// Incidents of a whole archive: cells are made, series streamed, events found,
// given the ids they had before, stored and witnessed.
#include "analyse/incidents.h"

#include <stdio.h>

enum { ARENA_MAX = 1 << 30, BODY_MAX = 4 << 20, STOPPED = 1 };

// A stored incident, as far as its id is kept by it.
struct stored {
    char id[16];
    int64_t version;
    enum inc_class class;
    gw_span cc, target;
    gw_time from, to; // to INT64_MAX: goes on
    bool synthetic, withdrawn, taken;
    char kind[16];
};

struct keeping {
    struct inc_gather g;
    struct gw_ledger *l;
    struct gw_archive *a;
    struct stored *stored;
    size_t stored_count, stored_cap;
    struct incident **new; // found ones, in the order of stored
    struct gw_json *json;
    struct gw_buf body;
    bool stopped;
};

// ---- reading -------------------------------------------------------------

static int end_target(struct inc_gather *g)
{
    g->any = false;
    return inc_group(g);
}

static int take_series(void *ctx, const struct gw_series *s)
{
    struct keeping *k = ctx;
    struct inc_gather *g = &k->g;
    int rc = 0;
    if (g->stop && *g->stop) {
        k->stopped = true;
        return STOPPED;
    }
    if (!g->cc.at || !gw_eq(s->cc, g->cc) || !gw_eq(s->target, g->target)) {
        rc = end_target(g);
        g->cc = gw_arena_copy(g->keep, s->cc);
        g->target = gw_arena_copy(g->keep, s->target);
        if ((s->cc.at && !g->cc.at) || (s->target.at && !g->target.at))
            rc = inc_no_memory(g);
    }
    return rc ? rc : inc_spells(g, s);
}

// ---- what is stored ------------------------------------------------------

static enum inc_class class_named(const char *kind)
{
    return strcmp(kind, "silence") == 0 ? INC_SILENCE : INC_FAILURE;
}

static int take_stored(void *ctx, const struct gw_incident_row *row)
{
    struct keeping *k = ctx;
    void *list = k->stored;
    struct stored *s =
        inc_room(list, &k->stored_count, &k->stored_cap, sizeof *s, &list);
    k->stored = list;
    if (!s)
        return inc_no_memory(&k->g);
    *s = (struct stored){
        .version = row->version,
        .class = class_named(row->kind),
        .cc = gw_arena_copy(k->g.keep, gw_str(row->cc)),
        .target = gw_arena_copy(k->g.keep, gw_str(row->target)),
        .from = row->since[0] == GW_NEVER ? row->since[1] : row->since[0],
        .to = row->until[1] == GW_NEVER ? INT64_MAX : row->until[1],
        .synthetic = row->synthetic,
        .withdrawn = row->withdrawn};
    memcpy(s->id, row->id, sizeof s->id);
    memcpy(s->kind, row->kind, sizeof s->kind);
    return s->cc.at && s->target.at ? 0 : inc_no_memory(&k->g);
}

static int order_of(enum inc_class a_class, gw_span a_cc, gw_span a_target,
                    enum inc_class b_class, gw_span b_cc, gw_span b_target)
{
    int c = gw_cmp(a_cc, b_cc);
    c = c ? c : gw_cmp(a_target, b_target);
    return c ? c : (int)a_class - (int)b_class;
}

static int by_stored(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    int c = order_of(x->class, x->cc, x->target, y->class, y->cc, y->target);
    return c ? c : strcmp(x->id, y->id);
}

static int by_onset(const void *a, const void *b)
{
    const struct incident *x = *(struct incident *const *)a;
    const struct incident *y = *(struct incident *const *)b;
    int c = order_of(x->class, x->cc, x->target, y->class, y->cc, y->target);
    if (c)
        return c;
    if (x->onset[1] != y->onset[1])
        return x->onset[1] < y->onset[1] ? -1 : 1;
    return strcmp(x->kind, y->kind);
}

// ---- ids -----------------------------------------------------------------

static gw_time from_of(const struct incident *i)
{
    return inc_hour(i->onset[0] == INT32_MIN ? i->onset[1] : i->onset[0]);
}

static gw_time to_of(const struct incident *i)
{
    return i->end[1] == INT32_MAX ? INT64_MAX : inc_hour(i->end[1]);
}

// How long both went on; negative if they did not.
static gw_time overlap(const struct incident *i, const struct stored *s)
{
    gw_time from = from_of(i) > s->from ? from_of(i) : s->from;
    gw_time to = to_of(i) < s->to ? to_of(i) : s->to;
    return i->synthetic == s->synthetic && to >= from ? to - from : -1;
}

// The longest overlap first, then the same kind: until nothing is left.
static void match(struct incident **found, size_t n, struct stored *stored,
                  size_t m)
{
    for (;;) {
        gw_time most = -1;
        struct incident *best = NULL;
        struct stored *its = NULL;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < m && !found[i]->id[0]; k++) {
                gw_time t = overlap(found[i], &stored[k]);
                bool same = its && t == most &&
                            strcmp(found[i]->kind, stored[k].kind) == 0 &&
                            strcmp(best->kind, its->kind) != 0;
                if (stored[k].taken || t < 0 || (t <= most && !same))
                    continue;
                most = t;
                best = found[i];
                its = &stored[k];
            }
        if (!its)
            return;
        its->taken = true;
        memcpy(best->id, its->id, sizeof best->id);
        best->version = its->version;
    }
}

static void match_all(struct keeping *k)
{
    size_t n = k->g.found_count, s = 0;
    for (size_t i = 0; i < n;) {
        const struct incident *f = k->new[i];
        size_t to = i;
        while (to < n &&
               order_of(k->new[to]->class, k->new[to]->cc, k->new[to]->target,
                        f->class, f->cc, f->target) == 0)
            to++;
        while (s < k->stored_count &&
               order_of(k->stored[s].class, k->stored[s].cc,
                        k->stored[s].target, f->class, f->cc, f->target) < 0)
            s++;
        size_t end = s;
        while (end < k->stored_count &&
               order_of(k->stored[end].class, k->stored[end].cc,
                        k->stored[end].target, f->class, f->cc, f->target) == 0)
            end++;
        match(k->new + i, to - i, k->stored + s, end - s);
        s = end;
        i = to;
    }
}

// Ids that are in use, as numbers, by open addressing.
struct ids {
    uint64_t *at; // 0: free
    size_t slots;
};

static uint64_t number_of(const char *id)
{
    uint8_t bytes[6] = {0};
    uint64_t n = 1; // never 0
    (void)gw_unhex(gw_str(id + 2), bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        n = n << 8 | bytes[i];
    return n;
}

// False if it was in use already.
static bool use_id(struct ids *ids, const char *id)
{
    uint64_t n = number_of(id);
    size_t at = n & (ids->slots - 1);
    while (ids->at[at] && ids->at[at] != n)
        at = (at + 1) & (ids->slots - 1);
    if (ids->at[at])
        return false;
    ids->at[at] = n;
    return true;
}

// From what does not change with the order of evidence. A number is added
// where two events of one target began in the same hour.
static void name_incident(struct ids *ids, struct incident *i)
{
    static const char *const classes[] = {"failure", "silence"};
    char text[768];
    for (int n = 0;; n++) {
        int len =
            snprintf(text, sizeof text, "%.*s\n%.*s\n%s\n%d\n%s%d",
                     (int)i->cc.len, (const char *)i->cc.at,
                     (int)(i->target.len < 512 ? i->target.len : 512),
                     (const char *)i->target.at, classes[i->class],
                     (int)i->onset[1], i->synthetic ? "synthetic " : "", n);
        struct gw_hash32 h = gw_sha256(gw_span_of(text, (size_t)len));
        memcpy(i->id, "i-", 2);
        gw_hex(h.at, 6, i->id + 2);
        if (use_id(ids, i->id))
            return;
    }
}

static int name_all(struct keeping *k)
{
    struct ids ids = {.slots = 64};
    size_t n = k->g.found_count;
    while (ids.slots < 2 * (n + k->stored_count))
        ids.slots *= 2;
    ids.at = gw_arena_take_n(k->g.keep, ids.slots, sizeof *ids.at);
    if (!ids.at)
        return inc_no_memory(&k->g);
    for (size_t i = 0; i < k->stored_count; i++)
        (void)use_id(&ids, k->stored[i].id);
    for (size_t i = 0; i < n; i++)
        if (!k->new[i]->id[0])
            name_incident(&ids, k->new[i]);
    return 0;
}

static int give_ids(struct keeping *k)
{
    size_t n = k->g.found_count;
    k->new = gw_arena_take_n(k->g.keep, n + 1, sizeof(void *));
    if (!k->new)
        return inc_no_memory(&k->g);
    for (size_t i = 0; i < n; i++)
        k->new[i] = &k->g.found[i];
    if (n)
        qsort(k->new, n, sizeof(void *), by_onset);
    if (k->stored_count)
        qsort(k->stored, k->stored_count, sizeof *k->stored, by_stored);
    match_all(k);
    return name_all(k);
}

// ---- keeping -------------------------------------------------------------

// What the log keeps of a version: enough to prove its body.
static int witness(struct keeping *k, const struct gw_incident_row *row,
                   const char *state)
{
    char id[24], number[24], sha[2 * GW_HASH_LEN + 3], quoted[24];
    uint64_t index;
    struct gw_hash32 h = gw_sha256(row->body);
    snprintf(id, sizeof id, "\"%s\"", row->id);
    snprintf(number, sizeof number, "%lld", (long long)row->version);
    snprintf(quoted, sizeof quoted, "\"%s\"", state);
    sha[0] = '"';
    gw_hex(h.at, GW_HASH_LEN, sha + 1);
    memcpy(sha + 1 + 2 * GW_HASH_LEN, "\"", 2);
    const struct gw_leaf_field fields[] = {
        {"id", gw_str(id), false},
        {"version", gw_str(number), false},
        {"sha256", gw_str(sha), false},
        {"state", gw_str(quoted), false},
    };
    struct gw_new_leaf leaf = {.type = GW_LEAF_INCIDENT,
                               .at = gw_ledger_now(k->l),
                               .fields = fields,
                               .count = GW_COUNT(fields)};
    return gw_ledger_append(k->l, &leaf, row->id, &index, k->g.why);
}

// before: its newest version, 0 for none.
static int keep_row(struct keeping *k, struct gw_incident_row *row,
                    int64_t before, const char *state, bool *ret_changed)
{
    row->version = before + 1;
    row->changed = gw_ledger_now(k->l);
    int rc = gw_incident_put(k->a, row, ret_changed, k->g.why);
    return rc || !*ret_changed ? rc : witness(k, row, state);
}

static int keep_found(struct keeping *k)
{
    struct gw_incidents_summary *sum = k->g.sum;
    struct gw_incident_row row;
    int rc = 0;
    for (size_t i = 0; i < k->g.found_count && !rc; i++) {
        struct incident *f = k->new[i];
        bool changed = false;
        rc = inc_body(f, k->json, &k->body, &row, k->g.why);
        rc = rc ? rc : keep_row(k, &row, f->version, inc_state(f), &changed);
        sum->incidents++;
        sum->new_incidents += changed && !f->version;
        sum->changed += changed && f->version;
    }
    return rc;
}

// ---- withdrawing ---------------------------------------------------------

struct last_version {
    struct gw_incident_row row;
    struct gw_buf body;
};

static int see_version(void *ctx, const struct gw_incident_row *row)
{
    struct last_version *v = ctx;
    v->row = *row;
    gw_buf_reset(&v->body);
    gw_put_span(&v->body, row->body);
    return v->body.err;
}

// The same body, with another state.
static int withdrawn_body(struct keeping *k, const struct gw_buf *old)
{
    static const uint8_t padding[GW_JSON_PADDING];
    struct gw_buf copy, text;
    gw_jv root;
    gw_buf_init(&copy, BODY_MAX);
    gw_buf_init(&text, BODY_MAX);
    gw_put_span(&copy, gw_buf_span(old));
    gw_put(&copy, padding, sizeof padding);
    int rc = copy.err ? copy.err
                      : gw_json_parse(k->json,
                                      gw_sub(gw_buf_span(&copy), 0, old->len),
                                      &root, k->g.why);
    struct gw_jw w = gw_jw_on(&text);
    gw_jw_open(&w, '{');
    for (gw_jit i = gw_jv_iter(rc ? (gw_jv){0} : root); gw_jit_next(&i);) {
        gw_jw_key_span(&w, i.key);
        if (gw_is(i.key, "state"))
            gw_jw_str(&w, GW_LIT("withdrawn"));
        else
            gw_jw_value(&w, i.value);
    }
    gw_jw_close(&w, '}');
    gw_buf_reset(&k->body);
    rc = rc ? rc : text.err;
    rc =
        rc ? rc
           : gw_json_canonical(k->json, gw_buf_span(&text), &k->body, k->g.why);
    gw_buf_release(&copy);
    gw_buf_release(&text);
    return rc;
}

static int withdraw(struct keeping *k, const struct stored *s)
{
    struct last_version v = {0};
    bool changed = false;
    gw_buf_init(&v.body, BODY_MAX);
    int rc = gw_incident_history(k->a, s->id, see_version, &v, k->g.why);
    rc = rc ? rc : withdrawn_body(k, &v.body);
    if (!rc) {
        v.row.withdrawn = true;
        v.row.body = gw_buf_span(&k->body);
        rc = keep_row(k, &v.row, s->version, "withdrawn", &changed);
    }
    k->g.sum->withdrawn += changed;
    gw_buf_release(&v.body);
    return rc;
}

static int withdraw_rest(struct keeping *k)
{
    int rc = 0;
    for (size_t i = 0; i < k->stored_count && !rc; i++)
        if (!k->stored[i].taken && !k->stored[i].withdrawn)
            rc = withdraw(k, &k->stored[i]);
    return rc;
}

// ---- the whole -----------------------------------------------------------

static int find_all(struct keeping *k)
{
    struct inc_gather *g = &k->g;
    int rc = gw_series_each(k->a, take_series, k, g->why);
    if (k->stopped)
        return 0; // what was not looked at must not be withdrawn
    rc = rc ? rc : end_target(g);
    rc = rc ? rc : inc_guard_all(g);
    rc = rc ? rc : gw_incidents_each(k->a, take_stored, k, g->why);
    rc = rc ? rc : give_ids(k);
    rc = rc ? rc : keep_found(k);
    rc = rc ? rc : withdraw_rest(k);
    return rc ? rc : gw_ledger_commit(k->l, g->why);
}

int gw_find_incidents(struct gw_ledger *l,
                      const struct gw_analyse_options *options,
                      struct gw_incidents_summary *ret, struct gw_why *why)
{
    struct keeping k = {.l = l, .a = gw_ledger_archive(l)};
    *ret = (struct gw_incidents_summary){0};
    int rc = gw_make_cells(l, options, why);
    if (rc)
        return rc;
    k.g.sum = ret;
    k.g.stop = options->stop;
    k.g.why = why;
    k.g.keep = gw_arena_new(ARENA_MAX);
    k.g.work = gw_arena_new(ARENA_MAX);
    k.json = gw_json_new();
    gw_buf_init(&k.body, BODY_MAX);
    rc = k.g.keep && k.g.work && k.json ? find_all(&k) : inc_no_memory(&k.g);
    gw_buf_release(&k.body);
    gw_json_free(k.json);
    gw_free(k.stored);
    gw_free(k.g.marks);
    gw_free(k.g.spells);
    gw_free(k.g.found);
    gw_arena_free(k.g.keep);
    gw_arena_free(k.g.work);
    return rc ? gw_fail(why, rc, "incidents: %s", gw_strerror(rc)) : 0;
}
