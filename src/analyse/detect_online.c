// Changes as they happen: what could be known after each hour, and nothing
// that came later.
#include "analyse/detect.h"

#define FORGET -2.0 // so surely open that voices start anew

// What an observer has said since it was last surely open.
struct voice {
    double says;
    size_t since;
    struct gw_budget budget;
};
struct watch {
    const struct gw_detector *d;
    const struct gw_series *s;
    struct gw_rates rates; // for what observers may say
    struct voice *voice;
    size_t at, since;
    int32_t hour; // that now holds for
    bool begun;
    double now[GW_WAYS];
    double struck, all; // accidents, as far as was open
    double most;        // all voices together
};

static double odds(const double now[GW_WAYS])
{
    return log(fmax(now[GW_PARTLY] + now[GW_BLOCKED_STATE], 1e-290)) -
           log(fmax(now[GW_OPEN], 1e-290));
}

static void move_to(struct watch *w, int32_t hour)
{
    double next[GW_WAYS];
    if (w->begun && hour > w->hour) {
        struct gw_move m = gw_move_over(w->d, (double)hour - (double)w->hour);
        gw_move_forward(&m, w->now, next);
        memcpy(w->now, next, sizeof next);
    }
    w->hour = hour;
    w->begun = true;
}

static void hear(struct watch *w, const struct gw_look *look, uint32_t observer,
                 struct gw_look *sum)
{
    struct voice *v = &w->voice[observer];
    double share = gw_heard(w->d, &w->rates, &v->budget, w->hour, look);
    if (v->since != w->since) {
        v->since = w->since;
        v->says = 0;
    }
    double before = gw_clamp(v->says, 0, GW_VOICE), says = -HUGE_VAL;
    for (int k = GW_PARTLY; k < GW_WAYS; k++)
        says = fmax(says, look->struck * w->rates.struck[k] +
                              look->fine * w->rates.fine[k] + look->extra);
    v->says +=
        gw_clamp(says, -w->d->observer_hour_cap, w->d->observer_hour_cap);
    w->most += gw_clamp(v->says, 0, GW_VOICE) - before;
    sum->struck += share * look->struck;
    sum->fine += share * look->fine;
    sum->extra += share * look->extra;
}

// All sights of the next hour that has any.
static void take_hour(struct watch *w)
{
    struct gw_look look, sum = {0};
    double said[GW_WAYS], total = 0;
    move_to(w, w->s->sights[w->at].hour);
    while (w->at < w->s->count && w->s->sights[w->at].hour == w->hour) {
        uint32_t observer = w->s->sights[w->at].observer;
        w->at = gw_look_at(w->s, w->at, &look);
        if (look.struck + look.fine > 0)
            hear(w, &look, observer, &sum);
    }
    double open = gw_clamp(w->struck / w->all, w->d->open_blocked, 0.25);
    struct gw_rates r = gw_rates_of(w->d, open);
    gw_say(&r, sum.struck, sum.fine, sum.extra, false, said);
    for (int k = 0; k < GW_WAYS; k++)
        total += w->now[k] *= said[k];
    for (int k = 0; k < GW_WAYS; k++)
        w->now[k] /= total;
    w->struck += w->now[GW_OPEN] * sum.struck;
    w->all += w->now[GW_OPEN] * (sum.struck + sum.fine);
    if (odds(w->now) < FORGET) {
        w->since++;
        w->most = 0;
    }
}

static double known(const struct watch *w)
{
    double told = odds(w->now);
    return told > 0 && told > w->most ? fmax(w->most, 0) : told;
}

int gw_detect_online(const struct gw_detector *d, const struct gw_series *s,
                     int32_t first, size_t hours, double *ret_log_odds,
                     struct gw_why *why)
{
    struct watch w = {.d = d,
                      .s = s,
                      .rates = gw_rates_of(d, d->open_blocked),
                      .struck = 40 * d->open_blocked,
                      .all = 40};
    int64_t count = 0;
    int rc = gw_series_check(s, why);
    if (rc)
        return rc;
    w.voice = gw_resize(NULL, s->observer_count + 1, sizeof *w.voice);
    if (!w.voice)
        return gw_fail(why, GW_ENOMEM, "series: %s", gw_strerror(GW_ENOMEM));
    for (size_t i = 0; i < s->observer_count; i++)
        w.voice[i] = (struct voice){.budget = {0, -1, -1, gw_is_coarse(s, i)}};
    gw_at_rest(d, w.now);
    for (size_t i = 0; i < hours; i++) {
        int64_t hour = first + (int64_t)i;
        while (w.at < s->count && s->sights[w.at].hour <= hour)
            take_hour(&w);
        if (w.begun && hour <= INT32_MAX)
            move_to(&w, (int32_t)hour);
        double told = known(&w);
        count += told >= d->threshold;
        if (ret_log_odds)
            ret_log_odds[i] = told;
    }
    gw_free(w.voice);
    return (int)(count < INT32_MAX ? count : INT32_MAX);
}
