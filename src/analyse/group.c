// From the spells of one target in one country to events: which spells are one
// event, when it began and ended, how sure that is.
#include "analyse/incidents.h"

// ---- which are one -------------------------------------------------------

static enum inc_class class_of(const struct inc_spell *s)
{
    return s->view == INC_QUIET ? INC_SILENCE : INC_FAILURE;
}

static bool same_kind(const struct inc_spell *a, const struct inc_spell *b)
{
    return a->view == b->view && a->synthetic == b->synthetic;
}

// By the same layers or the same rule; nothing known is no difference.
static bool same_character(const struct inc_spell *a, const struct inc_spell *b)
{
    if (!a->layers || !b->layers || (a->layers & b->layers))
        return true;
    return a->method_count && b->method_count &&
           gw_eq(a->methods[0].rule, b->methods[0].rule);
}

// a began first. Hours from its last sight to the other's first decide, unless
// nobody saw it open in between: a not after, b not before.
static bool is_one(const struct inc_spell *a, const struct inc_spell *b)
{
    int64_t gap = (int64_t)b->first - a->last;
    if (!same_kind(a, b))
        return false;
    if (gap <= 0)
        return true;
    if (a->view == INC_QUIET)
        return gap <= INC_HOURS_SILENT;
    if (a->view == INC_DOWN)
        return gap <= INC_HOURS_DOWN;
    bool unseen = a->end[0] == INT32_MAX && b->onset[0] == INT32_MIN;
    return (gap <= INC_HOURS_JOINED || unseen) && same_character(a, b);
}

static int by_number(int64_t x, int64_t y)
{
    return x < y ? -1 : x > y;
}

static int by_time(const void *a, const void *b)
{
    const struct inc_spell *x = a, *y = b;
    int c = by_number(x->view, y->view);
    c = c ? c : by_number(x->first, y->first);
    c = c ? c : by_number(x->last, y->last);
    return c ? c : by_number(x->asn, y->asn);
}

static size_t root_of(const struct inc_spell *s, size_t i)
{
    while (s[i].group != i)
        i = s[i].group;
    return i;
}

static void join_all(struct inc_spell *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s[i].group = i;
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k-- > 0;) {
            size_t a = root_of(s, k), b = root_of(s, i);
            if (a == b || !is_one(&s[k], &s[i]))
                continue;
            s[a > b ? a : b].group = a > b ? b : a;
        }
}

// ---- networks of one event -----------------------------------------------

static void add_counts(struct inc_counts *to, const struct inc_counts *from)
{
    for (int k = 0; k < GW_STATE_COUNT; k++)
        to->state[k] += from->state[k];
    to->throttled += from->throttled;
    to->intercepted += from->intercepted;
}

static struct inc_network *network_of(struct incident *i,
                                      const struct inc_spell *s)
{
    size_t k = 0;
    while (k < i->network_count && i->networks[k].asn != s->asn)
        k++;
    struct inc_network *n = &i->networks[k];
    if (k == i->network_count) {
        i->network_count++;
        *n = (struct inc_network){.asn = s->asn,
                                  .org = s->org,
                                  .onset = {s->onset[0], s->onset[1]},
                                  .last = INT32_MIN,
                                  .log_odds = s->log_odds};
    }
    return n;
}

// Spells come in order of time: the last one of a network says how it ended.
static void add_spell(struct incident *i, const struct inc_spell *s)
{
    struct inc_network *n = network_of(i, s);
    if (s->last >= n->last) {
        n->last = s->last;
        n->end[0] = s->end[0];
        n->end[1] = s->end[1];
    }
    n->looked = s->looked;
    if (s->log_odds > n->log_odds)
        n->log_odds = s->log_odds;
    n->layers |= s->layers;
    add_counts(&n->counts, &s->counts);
    add_counts(&i->counts, &s->counts);
    i->synthetic |= s->synthetic;
    i->aggregate |= s->aggregate;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return by_number(*x, *y);
}

int64_t *inc_union(struct gw_arena *arena, struct inc_spell *const *spells,
                   size_t n, size_t *ret_count)
{
    size_t total = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        total += spells[i]->observer_count;
    int64_t *all = gw_arena_take_n(arena, total + 1, sizeof *all);
    if (!all)
        return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < spells[i]->observer_count; k++)
            all[count++] = spells[i]->observers[k];
    if (count)
        qsort(all, count, sizeof *all, by_value);
    *ret_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!i || all[i] != all[i - 1])
            all[(*ret_count)++] = all[i];
    return all;
}

static int count_observers(struct inc_gather *g, struct incident *i)
{
    struct inc_spell **of =
        gw_arena_take_n(g->work, i->spell_count + 1, sizeof(void *));
    size_t n = 0;
    if (!of || !inc_union(g->work, i->spells, i->spell_count, &n))
        return inc_no_memory(g);
    i->observers = (int64_t)n;
    for (size_t k = 0; k < i->network_count; k++) {
        size_t m = 0;
        for (size_t s = 0; s < i->spell_count; s++)
            if (i->spells[s]->asn == i->networks[k].asn)
                of[m++] = i->spells[s];
        if (!inc_union(g->work, of, m, &n))
            return inc_no_memory(g);
        i->networks[k].observers = (int64_t)n;
    }
    return 0;
}

// ---- how sure ------------------------------------------------------------

static int by_weight(const void *a, const void *b)
{
    const struct inc_network *x = a, *y = b;
    if (x->log_odds < y->log_odds || x->log_odds > y->log_odds)
        return x->log_odds > y->log_odds ? -1 : 1;
    int c = by_number(y->observers, x->observers);
    return c ? c : by_number(x->asn, y->asn);
}

static bool brings_somebody(struct inc_gather *g, struct incident *i,
                            size_t network, size_t *seen, int *ret_code)
{
    struct inc_spell **of =
        gw_arena_take_n(g->work, i->spell_count + 1, sizeof(void *));
    size_t m = 0, n = 0;
    for (size_t s = 0; of && s < i->spell_count; s++)
        for (size_t k = 0; k <= network; k++)
            if (i->spells[s]->asn == i->networks[k].asn)
                of[m++] = i->spells[s];
    if (!of || !inc_union(g->work, of, m, &n)) {
        *ret_code = inc_no_memory(g);
        return false;
    }
    bool more = n > *seen;
    *seen = n;
    return more;
}

// Networks are independent as far as their observers are: one that brings no
// new observer brings nothing.
static int combine(struct inc_gather *g, struct incident *i)
{
    enum { NETWORKS_HEARD = 64 }; // by then the cap was reached
    size_t seen = 0;
    int rc = 0;
    qsort(i->networks, i->network_count, sizeof *i->networks, by_weight);
    i->log_odds = 0;
    for (size_t k = 0; k < i->network_count && k < NETWORKS_HEARD; k++) {
        double brings = i->networks[k].log_odds;
        if (!brings_somebody(g, i, k, &seen, &rc) || brings < 0)
            continue;
        i->log_odds += brings > INC_NETWORK_CAP ? INC_NETWORK_CAP : brings;
    }
    if (i->log_odds > INC_TOTAL_CAP)
        i->log_odds = INC_TOTAL_CAP;
    return rc;
}

// ---- when ----------------------------------------------------------------

// It began no later than the network that is first known to have been struck.
// Among those that may have been the first, the one that was looked at best
// says since when at the earliest: who was not looked at before says nothing.
static void date_onset(struct incident *i)
{
    i->onset[0] = INT32_MIN;
    i->onset[1] = INT32_MAX;
    for (size_t k = 0; k < i->network_count; k++)
        if (i->networks[k].onset[1] < i->onset[1])
            i->onset[1] = i->networks[k].onset[1];
    for (size_t k = 0; k < i->network_count; k++) {
        int32_t from = i->networks[k].onset[0];
        if (from <= i->onset[1] && from > i->onset[0])
            i->onset[0] = from;
    }
}

// Likewise, once every network is known to have ended.
static void date_end(struct incident *i)
{
    i->end[0] = INT32_MIN;
    i->end[1] = INT32_MAX;
    for (size_t k = 0; k < i->network_count; k++)
        if (i->networks[k].end[0] > i->end[0])
            i->end[0] = i->networks[k].end[0];
    for (size_t k = 0; k < i->network_count; k++) {
        int32_t to = i->networks[k].end[1];
        if (to >= i->end[0] && to < i->end[1])
            i->end[1] = to;
    }
    if (i->end[0] == INT32_MAX || i->end[1] == INT32_MAX)
        i->end[0] = i->end[1] = INT32_MAX;
}

// Where it pauses: the detector says so, or a network has several spells.
static void find_pattern(struct incident *i)
{
    enum { SPELLS = 3 };
    bool weekly = false;
    for (size_t s = 0; s < i->spell_count; s++) {
        size_t same = 0;
        for (size_t k = 0; k < i->spell_count; k++)
            same += i->spells[k]->asn == i->spells[s]->asn;
        weekly |= i->spells[s]->weekly || same >= SPELLS;
        i->weekdays |= i->spells[s]->weekdays;
        i->hours |= i->spells[s]->hours;
    }
    i->has_pattern = weekly && i->class == INC_FAILURE &&
                     (i->weekdays != 0x7f || i->hours != 0xffffff);
}

// ---- how -----------------------------------------------------------------

static int by_count(const void *a, const void *b)
{
    const struct inc_method *x = a, *y = b;
    int c = by_number(y->measurements, x->measurements);
    c = c ? c : by_number(x->layer, y->layer);
    return c ? c : gw_cmp(x->rule, y->rule);
}

static int merge_methods(struct inc_gather *g, struct incident *i)
{
    size_t most = 0;
    for (size_t s = 0; s < i->spell_count; s++)
        most += i->spells[s]->method_count;
    i->methods = gw_arena_take_n(g->keep, most + 1, sizeof *i->methods);
    if (!i->methods)
        return inc_no_memory(g);
    for (size_t s = 0; s < i->spell_count; s++)
        for (size_t k = 0; k < i->spells[s]->method_count; k++) {
            const struct inc_method *m = &i->spells[s]->methods[k];
            size_t at = 0;
            while (at < i->method_count &&
                   (i->methods[at].layer != m->layer ||
                    !gw_eq(i->methods[at].rule, m->rule)))
                at++;
            if (at == i->method_count) {
                i->methods[i->method_count++] = *m;
                continue;
            }
            i->methods[at].measurements += m->measurements;
            if (!i->methods[at].example.len)
                i->methods[at].example = m->example;
        }
    if (i->method_count)
        qsort(i->methods, i->method_count, sizeof *i->methods, by_count);
    return 0;
}

static bool has_evidence(const struct incident *i, gw_span id)
{
    for (size_t k = 0; k < i->evidence_count; k++)
        if (gw_eq(i->evidence[k], id))
            return true;
    return false;
}

// In turn from each network, the weightiest first.
static void pick_evidence(struct incident *i)
{
    for (size_t turn = 0; turn < INC_EVIDENCE_MAX; turn++)
        for (size_t k = 0; k < i->network_count; k++)
            for (size_t s = 0; s < i->spell_count; s++) {
                const struct inc_spell *spell = i->spells[s];
                if (spell->asn == i->networks[k].asn &&
                    turn < spell->example_count &&
                    i->evidence_count < INC_EVIDENCE_MAX &&
                    !has_evidence(i, spell->examples[turn]))
                    i->evidence[i->evidence_count++] = spell->examples[turn];
            }
}

// ---- what kind -----------------------------------------------------------

static bool is_interception(gw_span rule)
{
    return gw_is(rule, "tls.certificate_control_ok") ||
           gw_is(rule, "http.changed_on_the_way");
}

static void name_kind(struct incident *i)
{
    const struct inc_counts *c = &i->counts;
    int64_t blocked = c->state[GW_STATE_BLOCKED];
    if (i->spells[0]->view == INC_QUIET)
        i->kind = "silence";
    else if (i->spells[0]->view == INC_DOWN)
        i->kind = "down";
    else if (c->throttled && c->throttled * 2 >= blocked)
        i->kind = "throttling";
    else if (i->method_count && is_interception(i->methods[0].rule))
        i->kind = "interception";
    else
        i->kind = "blocking";
}

// ---- one incident --------------------------------------------------------

static int take_spells(struct inc_gather *g, size_t group, struct incident *i)
{
    size_t n = 0;
    for (size_t k = 0; k < g->spell_count; k++)
        n += root_of(g->spells, k) == group;
    struct inc_spell *copies = gw_arena_take_n(g->keep, n + 1, sizeof *copies);
    i->spells = gw_arena_take_n(g->keep, n + 1, sizeof(void *));
    i->networks = gw_arena_take_n(g->keep, n + 1, sizeof *i->networks);
    if (!copies || !i->spells || !i->networks)
        return inc_no_memory(g);
    for (size_t k = 0; k < g->spell_count; k++) {
        if (root_of(g->spells, k) != group)
            continue;
        copies[i->spell_count] = g->spells[k];
        i->spells[i->spell_count] = &copies[i->spell_count];
        add_spell(i, i->spells[i->spell_count++]);
    }
    return 0;
}

static int make_incident(struct inc_gather *g, size_t group)
{
    void *list = g->found;
    struct incident *i =
        inc_room(list, &g->found_count, &g->found_cap, sizeof *i, &list);
    g->found = list;
    if (!i)
        return inc_no_memory(g);
    *i = (struct incident){
        .class = class_of(&g->spells[group]), .cc = g->cc, .target = g->target};
    int rc = take_spells(g, group, i);
    rc = rc ? rc : count_observers(g, i);
    rc = rc ? rc : combine(g, i);
    rc = rc ? rc : merge_methods(g, i);
    if (rc)
        return rc;
    date_onset(i);
    date_end(i);
    find_pattern(i);
    pick_evidence(i);
    name_kind(i);
    return inc_guard(g, i);
}

int inc_group(struct inc_gather *g)
{
    int rc = 0;
    if (g->spell_count)
        qsort(g->spells, g->spell_count, sizeof *g->spells, by_time);
    join_all(g->spells, g->spell_count);
    for (size_t i = 0; i < g->spell_count && !rc; i++)
        if (root_of(g->spells, i) == i)
            rc = make_incident(g, i);
    g->spell_count = 0;
    g->too_little = 0;
    return rc;
}
