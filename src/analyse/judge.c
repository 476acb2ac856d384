// From subjects to findings: each layer's, then the measurement's own.
#include "analyse/judge.h"

#include <math.h>

// ---- subjects -----------------------------------------------------------

void gw_subject_decide(struct gw_subject *s, enum gw_layer layer)
{
    double weight = -1;
    for (size_t i = 0; i < gw_rule_count; i++) {
        const struct gw_rule *r = &gw_rules[i];
        if (r->layer != layer || (s->signals & r->all) != r->all ||
            (s->signals & r->none))
            continue;
        s->fired[i / 64] |= UINT64_C(1) << i % 64;
        // The weightiest rule decides; the registry's order breaks ties.
        if (fabs(r->llr) > weight) {
            weight = fabs(r->llr);
            s->rule = r;
            s->state = r->state;
            s->llr = r->llr;
        }
    }
}

struct gw_subject *gw_subject_add(struct gw_judge *j, enum gw_layer layer,
                                  uint64_t signals, enum gw_table table,
                                  int64_t list, int64_t item)
{
    if (j->count[layer] == GW_SUBJECTS_MAX)
        return NULL;
    struct gw_subject *s = &j->subject[layer][j->count[layer]++];
    *s = (struct gw_subject){.signals = signals,
                             .table = table,
                             .list = list,
                             .item = item,
                             .state = GW_STATE_UNKNOWN};
    gw_subject_decide(s, layer);
    return s;
}

gw_span gw_join(struct gw_judge *j, const gw_span *parts, size_t n)
{
    enum { PART_MAX = 200 };
    size_t total = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        total += parts[i].len < PART_MAX ? parts[i].len : PART_MAX;
    uint8_t *to = gw_arena_take(j->arena, total + 1);
    for (size_t i = 0; to && i < n; i++) {
        size_t len = parts[i].len < PART_MAX ? parts[i].len : PART_MAX;
        if (len)
            memcpy(to + at, parts[i].at, len);
        at += len;
    }
    return to ? gw_span_of(to, total) : (gw_span){0};
}

gw_span gw_number(struct gw_judge *j, int64_t n)
{
    uint8_t text[24];
    size_t at = sizeof text;
    uint64_t v = n < 0 ? 0 : (uint64_t)n; // nothing numbered here is negative
    do {
        text[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v);
    return gw_arena_copy(j->arena, gw_span_of(text + at, sizeof text - at));
}

// ---- a layer ------------------------------------------------------------

// blocked tells more than down, down more than unknown, unknown (something
// failed, nobody knows why) more than ok.
static int rank(const struct gw_subject *s)
{
    static const int of[GW_STATE_COUNT] = {[GW_STATE_OK] = 0,
                                           [GW_STATE_UNKNOWN] = 1,
                                           [GW_STATE_DOWN] = 2,
                                           [GW_STATE_BLOCKED] = 3};
    return of[s->state];
}

static const struct gw_subject *worst(const struct gw_judge *j,
                                      enum gw_layer layer)
{
    const struct gw_subject *best = NULL;
    for (size_t i = 0; i < j->count[layer]; i++) {
        const struct gw_subject *s = &j->subject[layer][i];
        if (!s->rule)
            continue;
        if (!best || rank(s) > rank(best) ||
            (rank(s) == rank(best) && fabs(s->llr) > fabs(best->llr)))
            best = s;
    }
    return best;
}

static const struct gw_subject *first_ok(const struct gw_judge *j,
                                         enum gw_layer layer)
{
    const struct gw_subject *best = NULL;
    for (size_t i = 0; i < j->count[layer]; i++) {
        const struct gw_subject *s = &j->subject[layer][i];
        if (s->rule && s->state == GW_STATE_OK && (!best || s->llr < best->llr))
            best = s;
    }
    return best;
}

// The exchange at the end of the redirects: newest first, deepest first.
static const struct gw_subject *final_exchange(const struct gw_judge *j)
{
    const struct gw_subject *best = NULL;
    for (size_t i = 0; i < j->count[GW_LAYER_HTTP]; i++) {
        const struct gw_subject *s = &j->subject[GW_LAYER_HTTP][i];
        if (!s->rule ||
            (s->signals & (GW_WEB(lower_failed) | GW_WEB(redirect))))
            continue; // a redirect is on the way, not the end of it
        if (!best || s->depth > best->depth ||
            (s->depth == best->depth && s->state == GW_STATE_OK &&
             best->state != GW_STATE_OK && !(best->signals & GW_WEB(ok))))
            best = s;
    }
    return best;
}

// If the page came, the layers below carried it, whatever happened to other
// addresses of the site; what did happen stays among the rules that fired.
static const struct gw_subject *deciding(const struct gw_judge *j,
                                         enum gw_layer layer,
                                         const struct gw_subject *page)
{
    if (layer == GW_LAYER_HTTP)
        return page ? page : worst(j, layer);
    bool carried = page && (page->signals & GW_WEB(ok)) &&
                   (layer == GW_LAYER_TCP || layer == GW_LAYER_TLS);
    const struct gw_subject *ok = carried ? first_ok(j, layer) : NULL;
    return ok ? ok : worst(j, layer);
}

// ---- services without pages ---------------------------------------------

// An app's endpoints stand for each other: one that works is enough, unless
// each is judged for itself (tor's bridges are).
static bool any_works(const struct gw_judge *j, enum gw_layer layer)
{
    size_t ok = 0, failed = 0;
    for (size_t i = 0; i < j->count[layer]; i++) {
        ok += (j->subject[layer][i].signals & GW_END(ok)) != 0;
        failed += (j->subject[layer][i].signals & GW_END(failed)) != 0;
    }
    return ok > 0 && ok * 2 >= failed;
}

// ---- rows ---------------------------------------------------------------

static gw_span target_of(const struct gw_view *v)
{
    if (v->m->input_host.len)
        return v->m->input_host;
    return v->m->test_name;
}

static gw_span program_of(struct gw_judge *j)
{
    gw_span name = j->v->m->software_name, version = j->v->m->software_version;
    if (!name.len || !version.len)
        return name.len ? name : version;
    return GW_JOIN(j, name, GW_LIT(" "), version);
}

static void fill_from_measurement(struct gw_finding_row *f,
                                  const struct gw_judge *j)
{
    const struct gw_view *v = j->v;
    f->record = v->m->record;
    f->target = target_of(v);
    f->input = v->m->input;
    f->uid = v->m->uid;
    f->test_name = v->m->test_name;
    f->probe_cc = v->m->probe_cc;
    f->probe_asn = v->m->probe_asn;
    f->probe_as_org_name = v->m->probe_as_org_name;
    f->resolver_asn = v->m->resolver_asn;
    f->start_time = v->m->start_time;
    f->observer = gw_observer(v->m);
    f->program = j->program;
    f->synthetic = v->m->synthetic == 1;
}

// Takes the next rule that fired out of the set; -1 when there is none left.
static int next_fired(uint64_t *set)
{
    for (int w = 0; w < GW_RULES_MAX / 64; w++)
        if (set[w]) {
            int bit = __builtin_ctzll(set[w]);
            set[w] &= set[w] - 1;
            return 64 * w + bit;
        }
    return -1;
}

static void add_fired(struct gw_judge *j, int64_t finding, enum gw_layer layer)
{
    for (size_t i = 0; i < j->count[layer]; i++) {
        const struct gw_subject *s = &j->subject[layer][i];
        uint64_t left[GW_RULES_MAX / 64];
        memcpy(left, s->fired, sizeof left);
        for (int r; (r = next_fired(left)) >= 0;) {
            struct gw_fired_row *row = gw_add_fired(j->out);
            row->f = finding;
            row->rule = gw_str(gw_rules[r].id);
            row->table = s->table;
            row->list = s->list;
            row->item = s->item;
            row->llr = gw_rules[r].llr;
            row->detail = s->detail;
        }
    }
}

// What all subjects of a layer come to together.
struct together {
    double llr;
    bool throttled, intercepted;
};

// Rules of one kind of evidence are not independent: the weightiest of each
// kind counts once. Subjects that came to another state are not about what was
// decided, so their weight is left out; what they show of interference is not.
static struct together combine(const struct gw_judge *j, enum gw_layer layer,
                               enum gw_state state)
{
    double best[GW_EVIDENCE_COUNT] = {0};
    struct together t = {0};
    uint64_t all[GW_RULES_MAX / 64] = {0}, agreeing[GW_RULES_MAX / 64] = {0};
    for (size_t i = 0; i < j->count[layer]; i++)
        for (int w = 0; w < GW_RULES_MAX / 64; w++) {
            const struct gw_subject *s = &j->subject[layer][i];
            all[w] |= s->fired[w];
            agreeing[w] |= s->state == state ? s->fired[w] : 0;
        }
    for (int r; (r = next_fired(all)) >= 0;) {
        t.throttled |= gw_rules[r].throttled;
        t.intercepted |= gw_rules[r].intercepted;
    }
    for (int r; (r = next_fired(agreeing)) >= 0;)
        if (fabs(gw_rules[r].llr) > fabs(best[gw_rules[r].kind]))
            best[gw_rules[r].kind] = gw_rules[r].llr;
    t.llr = best[GW_SYMPTOM] + best[GW_CONTRAST] + best[GW_ARTEFACT];
    return t;
}

static struct gw_finding_row *add_finding(struct gw_judge *j,
                                          enum gw_layer layer, int64_t n,
                                          const struct gw_subject *s)
{
    int64_t at = (int64_t)j->out->rows[GW_TABLE_finding].count;
    struct gw_finding_row *f = gw_add_finding(j->out);
    fill_from_measurement(f, j);
    f->n = n;
    f->layer = layer;
    f->state = s->state;
    f->rule = s->rule ? gw_str(s->rule->id) : (gw_span){0};
    f->kind = s->rule ? (int64_t)s->rule->kind : GW_SYMPTOM;
    struct together t = combine(j, layer, s->state);
    f->llr = t.llr;
    f->throttled = t.throttled;
    f->intercepted = t.intercepted;
    add_fired(j, at, layer);
    return f;
}

// ---- the measurement as a whole -----------------------------------------

struct whole {
    enum gw_layer stage;
    const struct gw_subject *s;
};

static struct whole judge_whole(const struct gw_subject *const *by_layer,
                                const struct gw_subject *page)
{
    static const enum gw_layer order[] = {
        GW_LAYER_DNS, GW_LAYER_TCP, GW_LAYER_TLS, GW_LAYER_QUIC, GW_LAYER_HTTP};
    const struct gw_subject *dns = by_layer[GW_LAYER_DNS];
    if (dns && dns->state == GW_STATE_BLOCKED)
        return (struct whole){GW_LAYER_DNS, dns};
    // The exchange at the end of the path speaks for the path, when it was
    // begun: layers below had worked.
    if (page && !(page->signals & GW_WEB(untrusted)) &&
        page->state != GW_STATE_UNKNOWN)
        return (struct whole){GW_LAYER_HTTP, page};
    static const enum gw_state states[] = {GW_STATE_BLOCKED, GW_STATE_DOWN};
    for (size_t k = 0; k < GW_COUNT(states); k++)
        for (size_t i = 0; i < GW_COUNT(order); i++) {
            const struct gw_subject *s = by_layer[order[i]];
            bool quic = order[i] == GW_LAYER_QUIC;
            if (s && !quic && s->state == states[k])
                return (struct whole){order[i], s};
        }
    if (page)
        return (struct whole){GW_LAYER_HTTP, page};
    // Highest layer that was tried.
    for (size_t i = GW_COUNT(order); i > 0; i--)
        if (by_layer[order[i - 1]])
            return (struct whole){order[i - 1], by_layer[order[i - 1]]};
    return (struct whole){GW_LAYER_ALL, NULL};
}

static void add_whole(struct gw_judge *j,
                      const struct gw_subject *const *by_layer,
                      const struct gw_subject *page, int64_t n)
{
    struct whole w = judge_whole(by_layer, page);
    struct gw_finding_row *f = gw_add_finding(j->out);
    fill_from_measurement(f, j);
    f->n = n;
    f->layer = GW_LAYER_ALL;
    f->throttled = f->intercepted = 0;
    for (int l = 0; l < GW_LAYER_ALL; l++) {
        struct together t = combine(j, (enum gw_layer)l, GW_STATE_BLOCKED);
        f->throttled |= t.throttled;
        f->intercepted |= t.intercepted;
    }
    if (!w.s) {
        f->state = GW_STATE_UNKNOWN;
        f->rule = GW_LIT("none");
        f->kind = GW_SYMPTOM;
        f->llr = 0;
        return;
    }
    f->state = w.s->state;
    f->rule = w.s->rule ? gw_str(w.s->rule->id) : (gw_span){0};
    f->kind = w.s->rule ? (int64_t)w.s->rule->kind : GW_SYMPTOM;
    f->llr = combine(j, w.stage, w.s->state).llr;
    f->stage = gw_str(gw_layer_name(w.stage));
}

void gw_judge_measurement(struct gw_judge *j, const struct gw_view *v)
{
    const struct gw_subject *by_layer[GW_LAYER_COUNT] = {0};
    int64_t n = 1; // 0 is the measurement's own
    j->v = v;
    j->program = program_of(j);
    j->distrusted_count = 0;
    memset(j->count, 0, sizeof j->count);
    gw_judge_dns(j);
    gw_judge_endpoints(j);
    gw_judge_http(j);
    const struct gw_subject *page = v->web ? final_exchange(j) : NULL;
    for (int l = 0; l < GW_LAYER_ALL; l++) {
        enum gw_layer layer = (enum gw_layer)l;
        by_layer[l] = v->web ? deciding(j, layer, page)
                      : layer != GW_LAYER_HTTP && any_works(j, layer) &&
                              layer != GW_LAYER_DNS
                          ? first_ok(j, layer)
                          : worst(j, layer);
    }
    add_whole(j, by_layer, page, 0);
    for (int l = 0; l < GW_LAYER_ALL; l++)
        if (by_layer[l])
            add_finding(j, (enum gw_layer)l, n++, by_layer[l]);
    if (v->web)
        gw_verdict(j->out, v);
}
