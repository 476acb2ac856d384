// How changes are found in a series: what an hour says, the hidden chain
// behind the hours, and the pattern of a pausing one. Private to analyse;
// docs/methods/changes.md argues for the model.
#ifndef GW_DETECT_H
#define GW_DETECT_H

#include "analyse/analyse.h"

#include <math.h>

enum { GW_WAYS = 3 }; // open, partly, blocked

// Largest log-odds that one observer can give to a change, however long it
// looks on: nine to one, which is "possible".
#define GW_VOICE 2.2

static inline double gw_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}
static inline int32_t gw_day_of(int32_t hour)
{
    return hour / 24 - (hour % 24 < 0);
}
static inline int gw_hour_of_day(int32_t hour)
{
    return hour % 24 + (hour % 24 < 0 ? 24 : 0);
}
static inline int gw_weekday(int32_t hour) // 0: Monday; day 0 was a Thursday
{
    int d = (gw_day_of(hour) + 3) % 7;
    return d + (d < 0 ? 7 : 0);
}

// ---- what an hour says --------------------------------------------------
// One observer's hour, all its programs together.
struct gw_look {
    double struck, fine; // findings that speak for and against
    double extra;        // what their kind weighs beyond the usual, summed
};
// Reads the sights of one observer and hour from at; returns the next index.
size_t gw_look_at(const struct gw_series *s, size_t at, struct gw_look *ret);

// Log-likelihoods, relative to what a rate of accidents makes of "open".
struct gw_rates {
    double open;                           // the rate
    double struck[GW_WAYS], fine[GW_WAYS]; // for one finding; of open: 0
};
struct gw_rates gw_rates_of(const struct gw_detector *d, double open);

// Caps what each observer says in an hour and in a day, and in either sense by
// itself: who found all well in the morning is still heard in the afternoon.
// An identity that may stand for many people (observers.md) has no day's cap:
// what one of them found well says little of what another met.
struct gw_budget {
    int32_t day;
    float plus, minus; // left
    bool coarse;
};
static inline bool gw_is_coarse(const struct gw_series *s, size_t observer)
{
    return s->observers && s->observers[observer] >= GW_OBSERVER_COARSE;
}
// What remains of the look, as a share of it: [0, 1].
double gw_heard(const struct gw_detector *d, const struct gw_rates *rates,
                struct gw_budget *b, int32_t hour, const struct gw_look *look);

// ---- hours when it is blocked, if it pauses -----------------------------
struct gw_window {
    uint32_t hours;   // bits, UTC; 0: no such pattern
    uint8_t weekdays; // bits
};
static inline bool gw_within_window(const struct gw_window *w, int32_t hour)
{
    return (w->hours >> gw_hour_of_day(hour) & 1) &&
           (w->weekdays >> gw_weekday(hour) & 1);
}

// ---- the chain ----------------------------------------------------------
// An hour in which somebody looked.
struct gw_moment {
    int32_t hour;
    bool in_window;
    float struck, fine, extra; // what was heard
    float up, down, keep;      // how the chain moves on to the next one
    double said[GW_WAYS];      // likelihoods, relative to open
    double before[GW_WAYS];    // forward, with what was said
    double after[GW_WAYS];     // backward, without it
};
struct gw_chain {
    const struct gw_detector *d;
    struct gw_moment *at;
    size_t count;
    struct gw_window window;
    double likelihood; // log, of all that was heard
    double score;      // that and the prior on the rate of accidents
    double open;       // the series' own rate of accidents
};
// How a share of it moves in so many hours: three numbers stand for the power
// of the matrix, so that an empty year costs what an empty hour does.
struct gw_move {
    double up, down, keep;
};
struct gw_move gw_move_over(const struct gw_detector *d, double hours);
void gw_move_forward(const struct gw_move *m, const double from[GW_WAYS],
                     double ret[GW_WAYS]);
void gw_move_back(const struct gw_move *m, const double from[GW_WAYS],
                  double ret[GW_WAYS]);
// At rest: what holds before anybody looked.
void gw_at_rest(const struct gw_detector *d, double ret[GW_WAYS]);
void gw_say(const struct gw_rates *r, double struck, double fine, double extra,
            bool partly_off, double ret[GW_WAYS]);

// In order, and every observer is there.
int gw_series_check(const struct gw_series *s, struct gw_why *why) GW_MUSTCHECK;
int gw_chain_make(struct gw_chain *c, const struct gw_detector *d,
                  const struct gw_series *s) GW_MUSTCHECK;
void gw_chain_release(struct gw_chain *c);
// Forward and backward, with the rate of accidents that explains it best.
void gw_chain_fit(struct gw_chain *c);
// The same with the rate and window as they are.
void gw_chain_again(struct gw_chain *c);
// Forward only, with the least rate: a score to compare windows by.
void gw_chain_try(struct gw_chain *c);
// The natural log of odds that the hour at that moment was not open.
double gw_chain_odds(const struct gw_chain *c, size_t i);
double gw_chain_shut(const struct gw_chain *c, size_t i); // probability
double gw_chain_way(const struct gw_chain *c, size_t i, enum gw_change_state w);
// The same for an hour after moment i and before the next.
double gw_chain_shut_between(const struct gw_chain *c, size_t i, int32_t hour);
// Looks for hours of the day outside of which it always works; true if the
// chain explains more with them, and then it is fitted anew.
bool gw_chain_fit_window(struct gw_chain *c);
// What was chosen among: the log of how many windows there are.
double gw_window_cost(void);

// ---- changes ------------------------------------------------------------
// Which days and hours of a change had blocking, if some had not.
void gw_change_pattern(const struct gw_chain *c, size_t first, size_t last,
                       struct gw_change *ret);
struct gw_change *gw_changes_add(struct gw_changes *c, struct gw_arena *arena);

#endif
