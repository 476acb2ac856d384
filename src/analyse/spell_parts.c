// What a spell is made of: who saw it, how often, by which program and rule.
#include "analyse/incidents.h"

enum { METHODS_MAX = 64, FLOOD_ROWS = 6 };

static gw_span text_at(const gw_span *list, size_t count, uint32_t at)
{
    return at < count ? list[at] : (gw_span){0};
}

// Texts of the registry live for ever, others as long as the arena.
static gw_span rule_text(struct gw_arena *arena, gw_span rule)
{
    const struct gw_rule *known = gw_rule_find(rule);
    return known ? gw_str(known->id) : gw_arena_copy(arena, rule);
}

// ---- marks of the layers ------------------------------------------------

// A blocked, slow or down sight of a layer below ALL.
struct inc_mark {
    int32_t hour;
    enum gw_layer layer;
    int bad[2]; // by inc_view
    gw_span rule, example;
};

// What is not blocked has no rule of its own in its cell, but only one such
// rule each marks it as slow or changed.
static gw_span mark_rule(const struct gw_series *s, const struct gw_sight *x)
{
    gw_span rule = text_at(s->rules, s->rule_count, x->rule);
    if (rule.len || !(x->throttled || x->intercepted))
        return rule;
    if (!x->throttled)
        return s->layer == GW_LAYER_HTTP ? GW_LIT("http.changed_on_the_way")
                                         : rule;
    return s->layer == GW_LAYER_TLS    ? GW_LIT("tls.slow")
           : s->layer == GW_LAYER_HTTP ? GW_LIT("http.slow")
                                       : rule;
}

static int add_mark(struct inc_gather *g, const struct gw_series *s,
                    const struct gw_sight *x)
{
    struct inc_mark m = {.hour = x->hour, .layer = s->layer};
    gw_span rule = mark_rule(s, x);
    gw_span example = text_at(s->examples, s->example_count, x->example);
    for (int v = INC_BLOCKED; v <= INC_DOWN; v++)
        m.bad[v] = inc_bad(x, (enum inc_view)v);
    if (!m.bad[INC_BLOCKED] && !m.bad[INC_DOWN])
        return 0;
    if (rule.len)
        m.rule = rule_text(g->work, rule);
    if (example.len)
        m.example = gw_arena_copy(g->work, example);
    void *list = g->marks;
    struct inc_mark *room =
        inc_room(list, &g->mark_count, &g->mark_cap, sizeof m, &list);
    g->marks = list;
    if (!room || (rule.len && !m.rule.at) || (example.len && !m.example.at))
        return inc_no_memory(g);
    *room = m;
    return 0;
}

int inc_take_marks(struct inc_gather *g, const struct gw_series *s)
{
    int rc = 0;
    for (size_t i = 0; i < s->count && !rc; i++)
        rc = add_mark(g, s, &s->sights[i]);
    return rc;
}

// ---- counts --------------------------------------------------------------

static void count_sights(const struct gw_series *s, size_t from, size_t to,
                         struct inc_spell *spell)
{
    struct inc_counts *c = &spell->counts;
    for (size_t i = from; i < to; i++) {
        const struct gw_sight *x = &s->sights[i];
        for (int k = 0; k < GW_STATE_COUNT; k++)
            c->state[k] += x->count[k];
        c->throttled += x->throttled;
        c->intercepted += x->intercepted;
        if (!inc_bad(x, spell->view) || x->hour < 0)
            continue;
        spell->hours |= UINT32_C(1) << (x->hour % 24);
        spell->weekdays |= (uint8_t)(1u << ((x->hour / 24 + 3) % 7));
    }
}

struct tally { // of one observer of the series
    int64_t rows;
    float llr;
    uint32_t example;
};

static struct tally *tally(struct inc_gather *g, const struct gw_series *s,
                           size_t from, size_t to, enum inc_view view)
{
    struct tally *t =
        gw_arena_take_n(g->work, s->observer_count + 1, sizeof *t);
    for (size_t i = from; t && i < to; i++) {
        const struct gw_sight *x = &s->sights[i];
        int bad = inc_bad(x, view);
        if (x->observer >= s->observer_count || !bad)
            continue;
        struct tally *o = &t[x->observer];
        if (!o->rows || x->llr > o->llr) {
            o->llr = x->llr;
            o->example = x->example;
        }
        o->rows += bad;
    }
    return t;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

// Those with rows; who has more than two thirds of them is the top.
static int list_observers(struct inc_gather *g, const struct gw_series *s,
                          const struct tally *t, struct inc_spell *spell)
{
    int64_t rows = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->observer_count; i++) {
        rows += t[i].rows;
        n += t[i].rows > 0;
    }
    spell->observers = gw_arena_take_n(g->keep, n + 1, sizeof(int64_t));
    if (!spell->observers)
        return inc_no_memory(g);
    for (size_t i = 0; i < s->observer_count; i++) {
        if (!t[i].rows)
            continue;
        spell->observers[spell->observer_count++] = s->observers[i];
        if (rows >= FLOOD_ROWS && t[i].rows * 3 > rows * 2) {
            spell->top = s->observers[i];
            spell->top_rows = t[i].rows;
        }
    }
    if (n)
        qsort(spell->observers, n, sizeof(int64_t), by_value);
    return 0;
}

int inc_heard(struct inc_gather *g, const struct gw_series *s, size_t from,
              size_t to, struct inc_spell *spell)
{
    struct tally *t =
        gw_arena_take_n(g->work, s->observer_count + 1, sizeof *t);
    if (!t)
        return inc_no_memory(g);
    for (size_t i = from; i < to; i++)
        if (s->sights[i].observer < s->observer_count)
            t[s->sights[i].observer].rows++;
    int rc = list_observers(g, s, t, spell);
    spell->top_rows = 0; // here it is whoever was heard most often
    for (size_t i = 0; i < s->observer_count; i++)
        if (t[i].rows > spell->top_rows) {
            spell->top = s->observers[i];
            spell->top_rows = t[i].rows;
        }
    return rc;
}

// The weightiest finding of each observer, in order of weight.
static int pick_examples(struct inc_gather *g, const struct gw_series *s,
                         struct tally *t, struct inc_spell *spell)
{
    spell->examples =
        gw_arena_take_n(g->keep, INC_EVIDENCE_MAX, sizeof(gw_span));
    if (!spell->examples)
        return inc_no_memory(g);
    while (spell->example_count < INC_EVIDENCE_MAX) {
        struct tally *best = NULL;
        gw_span text = {0};
        for (size_t i = 0; i < s->observer_count; i++) {
            gw_span e = text_at(s->examples, s->example_count, t[i].example);
            if (!t[i].rows || !e.len)
                continue;
            bool better = !best || t[i].llr > best->llr ||
                          (!(t[i].llr < best->llr) && gw_cmp(e, text) < 0);
            best = better ? &t[i] : best;
            text = better ? e : text;
        }
        if (!best)
            break;
        best->rows = 0;
        gw_span copy = gw_arena_copy(g->keep, text);
        if (!copy.at)
            return inc_no_memory(g);
        spell->examples[spell->example_count++] = copy;
    }
    return 0;
}

// ---- programs ------------------------------------------------------------

static int count_programs(struct inc_gather *g, const struct gw_series *s,
                          size_t from, size_t to, struct inc_spell *spell)
{
    size_t n = s->program_count;
    struct inc_program *p = gw_arena_take_n(g->keep, n + 1, sizeof *p);
    // Who saw it work, and by which program: each pair once.
    uint8_t *seen = gw_arena_take_n(g->work, n + 1, s->observer_count + 1);
    if (!p || !seen)
        return inc_no_memory(g);
    for (size_t i = from; i < to; i++) {
        const struct gw_sight *x = &s->sights[i];
        if (x->program >= n || x->observer >= s->observer_count)
            continue;
        struct inc_program *one = &p[x->program];
        uint8_t *pair = &seen[x->program * s->observer_count + x->observer];
        one->bad += inc_bad(x, spell->view);
        one->ok += x->count[GW_STATE_OK];
        one->observers += x->count[GW_STATE_OK] && !*pair;
        *pair |= x->count[GW_STATE_OK] > 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!p[i].bad && !p[i].ok)
            continue;
        p[i].name = gw_arena_copy(g->keep, s->programs[i]);
        p[i].networks = p[i].bad > 0;
        if (s->programs[i].at && !p[i].name.at)
            return inc_no_memory(g);
        p[spell->program_count++] = p[i];
    }
    spell->programs = p;
    return 0;
}

// ---- how: the layers within ----------------------------------------------

static int add_method(struct inc_gather *g, struct inc_spell *spell,
                      const struct inc_method *new)
{
    struct inc_method *m = spell->methods;
    size_t i = 0;
    while (i < spell->method_count &&
           (m[i].layer != new->layer || !gw_eq(m[i].rule, new->rule)))
        i++;
    if (i == METHODS_MAX)
        return 0;
    if (i == spell->method_count) {
        m[i] = (struct inc_method){.layer = new->layer,
                                   .rule = rule_text(g->keep, new->rule)};
        if (!m[i].rule.at)
            return inc_no_memory(g);
        spell->method_count++;
    }
    m[i].measurements += new->measurements;
    if (!m[i].example.len && new->example.len) {
        m[i].example = gw_arena_copy(g->keep, new->example);
        if (!m[i].example.at)
            return inc_no_memory(g);
    }
    return 0;
}

static int methods_of_layers(struct inc_gather *g, struct inc_spell *spell)
{
    int64_t bad[GW_LAYER_COUNT] = {0}, most = 0;
    int rc = 0;
    for (size_t i = 0; i < g->mark_count && !rc; i++) {
        const struct inc_mark *m = &g->marks[i];
        int n = m->bad[spell->view];
        if (!n || m->hour < spell->first || m->hour > spell->last)
            continue;
        bad[m->layer] += n;
        most = bad[m->layer] > most ? bad[m->layer] : most;
        if (m->rule.len && spell->view == INC_BLOCKED)
            rc = add_method(
                g, spell,
                &(struct inc_method){m->layer, m->rule, m->example, n});
    }
    for (int i = 0; i < GW_LAYER_COUNT; i++)
        if (bad[i] && bad[i] * 10 >= most)
            spell->layers |= 1u << i;
    return rc;
}

// Where no layer has a series of its own: the rule that decided the whole.
static int methods_of_whole(struct inc_gather *g, const struct gw_series *s,
                            size_t from, size_t to, struct inc_spell *spell)
{
    int rc = 0;
    for (size_t i = from; i < to && !rc; i++) {
        const struct gw_sight *x = &s->sights[i];
        gw_span rule = text_at(s->rules, s->rule_count, x->rule);
        const struct gw_rule *known = gw_rule_find(rule);
        struct inc_method m = {
            .layer = known ? known->layer : GW_LAYER_ALL,
            .rule = rule,
            .example = text_at(s->examples, s->example_count, x->example),
            .measurements = inc_bad(x, spell->view)};
        if (!m.measurements || !rule.len)
            continue;
        spell->layers |= m.layer == GW_LAYER_ALL ? 0 : 1u << m.layer;
        rc = add_method(g, spell, &m);
    }
    return rc;
}

static int find_methods(struct inc_gather *g, const struct gw_series *s,
                        size_t from, size_t to, struct inc_spell *spell)
{
    spell->methods =
        gw_arena_take_n(g->keep, METHODS_MAX, sizeof *spell->methods);
    if (!spell->methods)
        return inc_no_memory(g);
    int rc = methods_of_layers(g, spell);
    if (!rc && !spell->method_count && spell->view == INC_BLOCKED)
        rc = methods_of_whole(g, s, from, to, spell);
    return rc;
}

int inc_parts(struct inc_gather *g, const struct gw_series *s, size_t from,
              size_t to, struct inc_spell *spell)
{
    count_sights(s, from, to, spell);
    struct tally *t = tally(g, s, from, to, spell->view);
    int rc = t ? list_observers(g, s, t, spell) : inc_no_memory(g);
    rc = rc ? rc : pick_examples(g, s, t, spell);
    rc = rc ? rc : count_programs(g, s, from, to, spell);
    return rc ? rc : find_methods(g, s, from, to, spell);
}
