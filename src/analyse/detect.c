// Changes of a series, looked at as a whole: runs of hours that were not open,
// when they began and ended, and who says so.
#include "analyse/detect.h"

#define SURELY 0.975 // both ends of a 95 % interval

const struct gw_detector gw_detector_default = {
    .onset_rate = 1.0 / 8760, // once a year
    .end_rate = 1.0 / 336,    // two weeks
    .open_blocked = 0.015,
    .partly_blocked = 0.25,
    .full_blocked = 0.85,
    .observer_hour_cap = 4,
    .observer_day_cap = 6,
    .floor_observations = 4,
    .floor_observers = 1,
    .threshold = 1,
};

const char *gw_confidence(double log_odds, int64_t observers)
{
    static const struct {
        double log_odds;
        int64_t observers;
        const char *words;
    } levels[] = {
        {6.907, 3, "certain beyond reasonable doubt"}, // a thousand to one
        {3.912, 2, "very likely"},                     // fifty to one
        {2.303, 2, "likely"},                          // ten to one
        {0.693, 1, "possible"},                        // two to one
    };
    for (size_t i = 0; i < GW_COUNT(levels); i++)
        if (log_odds >= levels[i].log_odds && observers >= levels[i].observers)
            return levels[i].words;
    return "not enough data";
}

struct gw_change *gw_changes_add(struct gw_changes *c, struct gw_arena *arena)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 4;
        struct gw_change *at = gw_arena_take_n(arena, cap, sizeof *at);
        if (!at)
            return NULL;
        if (c->count)
            memcpy(at, c->at, c->count * sizeof *at);
        c->at = at;
        c->cap = cap;
    }
    struct gw_change *x = &c->at[c->count++];
    memset(x, 0, sizeof *x); // padding as well: equal changes compare equal
    x->rule = x->example = UINT32_MAX;
    x->weekdays = 0x7f;
    x->hours = 0xffffff;
    return x;
}

// ---- when ---------------------------------------------------------------

// First hour after moment i at which it is shut with that probability (rising)
// or no longer is (falling); what is asked for lies before moment i + 1.
static int32_t crossing(const struct gw_chain *c, size_t i, double level,
                        bool rising)
{
    int64_t low = c->at[i].hour, high = c->at[i + 1].hour;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        bool above = gw_chain_shut_between(c, i, (int32_t)middle) >= level;
        if (above == rising)
            high = middle;
        else
            low = middle;
    }
    return (int32_t)high;
}

// A run of moments, and the one that says most plainly that it is one.
struct run {
    size_t first, last, best;
    double log_odds; // there
};

static void date_onset(const struct gw_chain *c, const struct run *r,
                       struct gw_change *ret)
{
    size_t i = r->first, k = r->first;
    while (i > 0 && gw_chain_shut(c, i - 1) > 1 - SURELY)
        i--;
    ret->onset[0] = i ? crossing(c, i - 1, 1 - SURELY, true) : INT32_MIN;
    while (k < r->best && gw_chain_shut(c, k) < SURELY)
        k++;
    ret->onset[1] = c->at[k].hour;
    if (k > 0 && gw_chain_shut(c, k) >= SURELY &&
        gw_chain_shut(c, k - 1) < SURELY)
        ret->onset[1] = crossing(c, k - 1, SURELY, true);
}

// What is seen last bounds the end: that a pause is not an end yet is only
// the chain's guess.
static void date_end(const struct gw_chain *c, const struct run *r,
                     struct gw_change *ret)
{
    size_t i = r->last, k = r->last, seen = r->last;
    ret->end[0] = ret->end[1] = INT32_MAX;
    if (r->last + 1 == c->count)
        return;
    while (k > r->best && gw_chain_shut(c, k) < SURELY)
        k--;
    while (seen > r->best && c->at[seen].struck <= 0)
        seen--;
    k = seen < k ? seen : k;
    ret->end[0] = c->at[k].hour + (c->at[k].hour < INT32_MAX - 1);
    while (i + 1 < c->count && gw_chain_shut(c, i + 1) > 1 - SURELY)
        i++;
    if (i + 1 < c->count)
        ret->end[1] = crossing(c, i, 1 - SURELY, false);
}

// A day's count does not say at which hour of it.
static void widen(struct gw_change *x)
{
    if (x->onset[1] < INT32_MAX - 23)
        x->onset[1] += 23;
    if (x->end[1] < INT32_MAX - 23)
        x->end[1] += 23;
}

// ---- who ----------------------------------------------------------------

static void count_sight(const struct gw_sight *x, struct gw_change *ret,
                        float *weightiest)
{
    for (int k = 0; k < GW_STATE_COUNT; k++)
        ret->observations += x->count[k];
    ret->blocked += x->count[GW_STATE_BLOCKED];
    ret->ok += x->count[GW_STATE_OK];
    ret->down += x->count[GW_STATE_DOWN];
    ret->unknown += x->count[GW_STATE_UNKNOWN];
    ret->throttled += x->throttled;
    if (x->count[GW_STATE_BLOCKED] + x->throttled + x->intercepted == 0)
        return;
    if (ret->example == UINT32_MAX || x->llr > *weightiest) {
        *weightiest = x->llr;
        ret->rule = x->rule;
        ret->example = x->example;
    }
}

// An observer's voice: what all its looks within the change come to.
struct voice {
    double says;
    size_t change; // in which it was last heard
    bool struck;
};

static double voices(const struct gw_chain *c, const struct gw_series *s,
                     size_t from, size_t to, size_t number, struct voice *voice,
                     struct gw_change *ret)
{
    struct gw_rates r = gw_rates_of(c->d, c->open);
    enum gw_change_state way = c->window.hours ? GW_BLOCKED_STATE : ret->state;
    double sum = 0;
    for (size_t i = from; i < to;) {
        const struct gw_sight *x = &s->sights[i];
        struct voice *v = &voice[x->observer];
        struct gw_look look;
        i = gw_look_at(s, i, &look);
        if (c->window.hours && ret->state == GW_PARTLY &&
            !gw_within_window(&c->window, x->hour))
            continue;
        if (v->change != number)
            *v = (struct voice){.change = number};
        ret->observers += look.struck > 0 && !v->struck;
        v->struck = v->struck || look.struck > 0;
        double before = gw_clamp(v->says, 0, GW_VOICE);
        v->says += gw_clamp(look.struck * r.struck[way] +
                                look.fine * r.fine[way] + look.extra,
                            -c->d->observer_hour_cap, c->d->observer_hour_cap);
        sum += gw_clamp(v->says, 0, GW_VOICE) - before;
    }
    return sum;
}

// ---- all of it ----------------------------------------------------------

struct scan {
    const struct gw_chain *chain;
    const struct gw_series *series;
    struct voice *voice;
    size_t sight; // the first that no earlier change looked at
    struct gw_changes *ret;
    struct gw_arena *arena;
};

static enum gw_change_state deepest(const struct gw_chain *c, size_t first,
                                    size_t last)
{
    double partly = 0, blocked = 0;
    for (size_t i = first; i <= last; i++) {
        double weight = (double)(c->at[i].struck + c->at[i].fine);
        partly += weight * gw_chain_way(c, i, GW_PARTLY);
        blocked += weight * gw_chain_way(c, i, GW_BLOCKED_STATE);
    }
    return blocked >= partly ? GW_BLOCKED_STATE : GW_PARTLY;
}

static int tell(struct scan *x, const struct run *r)
{
    const struct gw_series *s = x->series;
    struct gw_change *ret = gw_changes_add(x->ret, x->arena);
    float weightiest = 0;
    if (!ret)
        return GW_ENOMEM;
    ret->state = deepest(x->chain, r->first, r->last);
    while (x->sight < s->count &&
           s->sights[x->sight].hour < x->chain->at[r->first].hour)
        x->sight++;
    size_t from = x->sight;
    while (x->sight < s->count &&
           s->sights[x->sight].hour <= x->chain->at[r->last].hour)
        count_sight(&s->sights[x->sight++], ret, &weightiest);
    double most =
        voices(x->chain, s, from, x->sight, x->ret->count, x->voice, ret);
    ret->log_odds = r->log_odds < most ? r->log_odds : most;
    if (ret->log_odds < x->chain->d->threshold) {
        x->ret->count--;
        return 0;
    }
    date_onset(x->chain, r, ret);
    date_end(x->chain, r, ret);
    if (s->aggregate)
        widen(ret);
    gw_change_pattern(x->chain, r->first, r->last, ret);
    return 0;
}

static int tell_all(struct scan *x)
{
    const struct gw_chain *c = x->chain;
    double cost = c->window.hours ? gw_window_cost() : 0;
    for (size_t i = 0; i < c->count; i++) {
        struct run r = {i, i, i, -HUGE_VAL};
        double odds;
        for (; i < c->count && (odds = gw_chain_odds(c, i) - cost) > -cost;
             i++) {
            r.last = i;
            r.best = odds > r.log_odds ? i : r.best;
            r.log_odds = fmax(odds, r.log_odds);
        }
        int rc = r.log_odds >= c->d->threshold ? tell(x, &r) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static bool enough(const struct gw_detector *d, const struct gw_series *s,
                   bool *ret_any)
{
    int64_t looked = 0;
    *ret_any = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct gw_sight *x = &s->sights[i];
        int n = x->count[GW_STATE_OK] + x->count[GW_STATE_BLOCKED];
        looked += n;
        *ret_any |=
            x->count[GW_STATE_BLOCKED] || x->throttled || x->intercepted;
    }
    return looked >= d->floor_observations &&
           (int64_t)s->observer_count >= d->floor_observers;
}

int gw_series_check(const struct gw_series *s, struct gw_why *why)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct gw_sight *x = &s->sights[i], *y = x - 1;
        if (x->observer >= s->observer_count)
            return gw_fail(why, GW_EFORMAT,
                           "series: sight %zu is of no observer", i);
        if (i && (x->hour < y->hour ||
                  (x->hour == y->hour && x->observer < y->observer)))
            return gw_fail(why, GW_EFORMAT, "series: sight %zu is out of order",
                           i);
    }
    return 0;
}

int gw_detect(const struct gw_detector *d, const struct gw_series *s,
              struct gw_arena *arena, struct gw_changes *ret,
              struct gw_why *why)
{
    struct gw_chain chain;
    bool any;
    *ret = (struct gw_changes){0};
    int rc = gw_series_check(s, why);
    if (rc)
        return rc;
    ret->enough = enough(d, s, &any);
    if (!ret->enough || !any)
        return 0;
    struct scan x = {&chain, s, NULL, 0, ret, arena};
    rc = gw_chain_make(&chain, d, s);
    if (!rc && !(x.voice = gw_resize(NULL, s->observer_count, sizeof *x.voice)))
        rc = GW_ENOMEM;
    if (!rc) {
        memset(x.voice, 0, s->observer_count * sizeof *x.voice);
        gw_chain_fit(&chain);
        gw_chain_fit_window(&chain);
        rc = tell_all(&x);
    }
    gw_free(x.voice);
    gw_chain_release(&chain);
    return rc ? gw_fail(why, rc, "series: %s", gw_strerror(rc)) : 0;
}
