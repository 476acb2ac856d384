// From a series to spells: the detector says when, and the same detector says
// whether it would still say so without the observer who sent most.
#include "analyse/incidents.h"

enum { DOWN_LEAST = 3, SILENCE_BEFORE = 28 * 24 };
#define DOWN_LLR 3.0f // the weight of a usual failure

int inc_no_memory(struct inc_gather *g)
{
    return gw_fail(g->why, GW_ENOMEM, "incidents: out of memory");
}

void *inc_room(void *list, size_t *count, size_t *cap, size_t size,
               void **ret_list)
{
    if (*count == *cap) {
        size_t more = *cap ? *cap * 2 : 64;
        void *at = gw_resize(list, more, size);
        if (!at)
            return NULL;
        *ret_list = list = at;
        *cap = more;
    }
    return (char *)list + size * (*count)++;
}

// ---- sights --------------------------------------------------------------

static int larger(int a, int b)
{
    return a > b ? a : b;
}

int inc_bad(const struct gw_sight *s, enum inc_view view)
{
    if (view == INC_DOWN)
        return s->count[GW_STATE_DOWN];
    return larger(s->count[GW_STATE_BLOCKED],
                  larger(s->throttled, s->intercepted));
}

size_t inc_at_hour(const struct gw_series *s, int64_t hour)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->sights[mid].hour < hour)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

// ---- series seen in another way -----------------------------------------

// What was down stands as blocked; blocking says nothing of the service.
static void turn_down(struct gw_sight *s)
{
    uint32_t others =
        (uint32_t)s->count[GW_STATE_UNKNOWN] + s->count[GW_STATE_BLOCKED];
    s->count[GW_STATE_UNKNOWN] =
        (uint16_t)(others > UINT16_MAX ? UINT16_MAX : others);
    s->count[GW_STATE_BLOCKED] = s->count[GW_STATE_DOWN];
    s->count[GW_STATE_DOWN] = 0;
    s->llr = s->count[GW_STATE_BLOCKED] ? DOWN_LLR : 0;
    s->throttled = s->intercepted = 0;
}

// drop: an observer that is left out, or SIZE_MAX.
static int derive(struct inc_gather *g, const struct gw_series *s,
                  enum inc_view view, size_t drop, struct gw_series *ret)
{
    *ret = *s;
    if (view != INC_DOWN && drop == SIZE_MAX)
        return 0;
    ret->sights = gw_arena_take_n(g->work, s->count + 1, sizeof *s->sights);
    ret->count = 0;
    if (!ret->sights)
        return inc_no_memory(g);
    for (size_t i = 0; i < s->count; i++) {
        if (s->sights[i].observer == drop)
            continue;
        ret->sights[ret->count] = s->sights[i];
        if (view == INC_DOWN)
            turn_down(&ret->sights[ret->count]);
        ret->count++;
    }
    return 0;
}

static int detect(struct inc_gather *g, const struct gw_series *s,
                  enum inc_view view, size_t drop, struct gw_changes *ret)
{
    const struct gw_detector *d = &gw_detector_default;
    struct gw_series seen;
    int rc = derive(g, s, view, drop, &seen);
    if (rc)
        return rc;
    return view == INC_QUIET ? gw_detect_silence(d, &seen, g->work, ret, g->why)
                             : gw_detect(d, &seen, g->work, ret, g->why);
}

// ---- one change ----------------------------------------------------------

// Does it still stand if the observer with most rows is left out?
static int without_top(struct inc_gather *g, const struct gw_series *s,
                       struct inc_spell *spell)
{
    struct gw_changes changes = {0};
    size_t drop = 0;
    int rc = 0;
    spell->without = spell->log_odds;
    if (!spell->top_rows)
        return 0;
    spell->without = 0;
    while (drop < s->observer_count && s->observers[drop] != spell->top)
        drop++;
    if (spell->observer_count > 1)
        rc = detect(g, s, spell->view, drop, &changes);
    for (size_t i = 0; i < changes.count && !rc && changes.enough; i++) {
        const struct gw_change *c = &changes.at[i];
        if (c->onset[0] <= spell->last && c->end[1] >= spell->first &&
            c->log_odds > spell->without)
            spell->without = c->log_odds;
    }
    if (spell->without > spell->log_odds)
        spell->without = spell->log_odds;
    return rc;
}

static struct inc_spell *new_spell(struct inc_gather *g,
                                   const struct gw_series *s,
                                   enum inc_view view,
                                   const struct gw_change *c)
{
    void *list = g->spells;
    struct inc_spell *spell =
        inc_room(list, &g->spell_count, &g->spell_cap, sizeof *spell, &list);
    g->spells = list;
    if (!spell)
        return NULL;
    *spell = (struct inc_spell){.view = view,
                                .asn = s->asn,
                                .onset = {c->onset[0], c->onset[1]},
                                .end = {c->end[0], c->end[1]},
                                .log_odds = c->log_odds,
                                .without = c->log_odds,
                                .weekly = c->weekly,
                                .synthetic = s->synthetic,
                                .aggregate = s->aggregate,
                                .org = gw_arena_copy(g->keep, s->org)};
    if (s->org.at && !spell->org.at) {
        g->spell_count--;
        return NULL;
    }
    spell->looked = s->count ? s->sights[s->count - 1].hour : c->onset[1];
    return spell;
}

// From the first to the last sight that speaks for it, between the bounds.
static int add_change(struct inc_gather *g, const struct gw_series *s,
                      enum inc_view view, const struct gw_change *c)
{
    size_t from = inc_at_hour(s, c->onset[0]);
    size_t to = inc_at_hour(s, (int64_t)c->end[1] + 1);
    while (from < to && !inc_bad(&s->sights[from], view))
        from++;
    while (from < to && !inc_bad(&s->sights[to - 1], view))
        to--;
    if (from == to) // nothing that could be shown
        return 0;
    struct inc_spell *spell = new_spell(g, s, view, c);
    if (!spell)
        return inc_no_memory(g);
    spell->first = s->sights[from].hour;
    spell->last = s->sights[to - 1].hour;
    g->sum->changes++;
    int rc = inc_parts(g, s, inc_at_hour(s, spell->first),
                       inc_at_hour(s, (int64_t)spell->last + 1), spell);
    return rc ? rc : without_top(g, s, spell);
}

static int look(struct inc_gather *g, const struct gw_series *s,
                enum inc_view view)
{
    struct gw_changes changes = {0};
    int rc = detect(g, s, view, SIZE_MAX, &changes);
    if (!rc && view == INC_BLOCKED && !changes.enough) {
        g->sum->too_little++;
        g->too_little++;
    }
    for (size_t i = 0; i < changes.count && !rc && changes.enough; i++)
        rc = add_change(g, s, view, &changes.at[i]);
    return rc;
}

// ---- silences ------------------------------------------------------------

static int add_silence(struct inc_gather *g, const struct gw_series *s,
                       const struct gw_change *c)
{
    struct inc_spell *spell = new_spell(g, s, INC_QUIET, c);
    if (!spell)
        return inc_no_memory(g);
    spell->first = c->onset[1];
    spell->last = c->end[0] == INT32_MAX ? spell->looked : c->end[0];
    if (spell->last < spell->first)
        spell->last = spell->first;
    g->sum->changes++;
    // Where one alone was heard, one alone fell silent.
    int rc =
        inc_heard(g, s, inc_at_hour(s, (int64_t)spell->first - SILENCE_BEFORE),
                  inc_at_hour(s, (int64_t)spell->first + 1), spell);
    return rc ? rc : without_top(g, s, spell);
}

static int take_volume(struct inc_gather *g, const struct gw_series *s)
{
    struct gw_changes changes = {0};
    int rc =
        gw_detect_silence(&gw_detector_default, s, g->work, &changes, g->why);
    for (size_t i = 0; i < changes.count && !rc && changes.enough; i++)
        rc = add_silence(g, s, &changes.at[i]);
    return rc;
}

// ---- one series ----------------------------------------------------------

static int take_whole(struct inc_gather *g, const struct gw_series *s)
{
    int64_t down = 0;
    for (size_t i = 0; i < s->count; i++)
        down += s->sights[i].count[GW_STATE_DOWN];
    int rc = look(g, s, INC_BLOCKED);
    return rc || down < DOWN_LEAST ? rc : look(g, s, INC_DOWN);
}

int inc_spells(struct inc_gather *g, const struct gw_series *s)
{
    if (s->asn != g->asn || !g->any) {
        gw_arena_reset(g->work);
        g->mark_count = 0;
        g->asn = s->asn;
        g->any = true;
    }
    g->sum->series++;
    if (!s->target.len)
        return take_volume(g, s);
    return s->layer == GW_LAYER_ALL ? take_whole(g, s) : inc_take_marks(g, s);
}
