// Blocking that pauses: hours of the day and days of the week to which it
// keeps, found by the share of findings in and outside of them.
#include "analyse/detect.h"

enum { HOURS = 24, DAYS = 7, LENGTHS = 12 };

#define FEWEST       2.5  // findings heard that make a window worth a try
#define CAUGHT       0.75 // of them, that it must hold
#define WORTH_TRYING 5.0  // log-likelihood that setting them apart must win
#define P_CHANCE     1e-3 // a difference that chance makes more often is none

// Every day, Monday to Friday, Sunday to Thursday, Monday to Saturday, all
// but Friday.
static const uint8_t weeks[] = {0x7f, 0x1f, 0x4f, 0x3f, 0x6f};

double gw_window_cost(void)
{
    const size_t windows = (size_t)HOURS * LENGTHS * GW_COUNT(weeks);
    return log((double)windows);
}

struct tally {
    double struck, all;
};

static void tally_moments(const struct gw_chain *c, size_t first, size_t last,
                          struct tally ret[DAYS][HOURS])
{
    memset(ret, 0, sizeof(struct tally[DAYS][HOURS]));
    for (size_t i = first; i <= last; i++) {
        const struct gw_moment *m = &c->at[i];
        struct tally *t = &ret[gw_weekday(m->hour)][gw_hour_of_day(m->hour)];
        t->struck += (double)m->struck;
        t->all += (double)(m->struck + m->fine);
    }
}

static double xlogy(double x, double y)
{
    return x > 0 ? x * log(y) : 0;
}

static double likelihood(struct tally t)
{
    if (t.all <= 0)
        return 0;
    double share = t.struck / t.all;
    return xlogy(t.struck, share) + xlogy(t.all - t.struck, 1 - share);
}

// Log-likelihood won by a share of their own for those within.
static double contrast(struct tally within, struct tally whole)
{
    struct tally out = {whole.struck - within.struck, whole.all - within.all};
    out.struck = out.struck > 1e-9 ? out.struck : 0;
    if (out.all <= 0 || within.all <= 0 ||
        within.struck * out.all <= out.struck * within.all)
        return 0;
    return likelihood(within) + likelihood(out) - likelihood(whole);
}

// The hours on those weekdays that set most apart, and what that wins.
static struct gw_window best_window(struct tally tally[DAYS][HOURS],
                                    uint8_t weekdays, double *ret_won)
{
    struct gw_window best = {0};
    struct tally by_hour[HOURS] = {{0}}, whole = {0};
    *ret_won = 0;
    for (int k = 0; k < DAYS * HOURS; k++) {
        const struct tally *t = &tally[k / HOURS][k % HOURS];
        bool on = weekdays >> k / HOURS & 1;
        by_hour[k % HOURS].struck += on ? t->struck : 0;
        by_hour[k % HOURS].all += on ? t->all : 0;
        whole.struck += t->struck;
        whole.all += t->all;
    }
    for (int from = 0; from < HOURS; from++) {
        struct tally in = {0};
        uint32_t hours = 0;
        for (int n = 0; n < LENGTHS; n++) {
            int h = (from + n) % HOURS;
            hours |= UINT32_C(1) << h;
            in.struck += by_hour[h].struck;
            in.all += by_hour[h].all;
            double won =
                in.struck < CAUGHT * whole.struck ? 0 : contrast(in, whole);
            if (won > *ret_won) {
                *ret_won = won;
                best = (struct gw_window){hours, weekdays};
            }
        }
    }
    return best;
}

static void set_window(struct gw_chain *c, struct gw_window window)
{
    c->window = window;
    for (size_t i = 0; i < c->count; i++)
        c->at[i].in_window = gw_within_window(&window, c->at[i].hour);
}

bool gw_chain_fit_window(struct gw_chain *c)
{
    struct tally tally[DAYS][HOURS];
    struct gw_window best = {0};
    bool tried = false;
    double struck = 0, most = c->score + gw_window_cost(), won;
    for (size_t i = 0; i < c->count; i++)
        struck += (double)c->at[i].struck;
    if (struck < FEWEST)
        return false;
    tally_moments(c, 0, c->count - 1, tally);
    for (size_t w = 0; w < GW_COUNT(weeks); w++) {
        struct gw_window window = best_window(tally, weeks[w], &won);
        if (won < WORTH_TRYING)
            continue;
        set_window(c, window);
        gw_chain_try(c);
        tried = true;
        if (c->score > most) {
            most = c->score;
            best = window;
        }
    }
    if (tried) {
        set_window(c, best);
        gw_chain_fit(c);
    }
    return best.hours;
}

// ---- of one change ------------------------------------------------------

// How often chance makes shares differ so much: the chi-square distribution's
// tail by Wilson and Hilferty's cube root.
static double by_chance(double statistic, int freedom)
{
    double v = 2.0 / (9.0 * freedom);
    double z = (cbrt(statistic / freedom) - (1 - v)) / sqrt(v);
    return 0.5 * erfc(z / M_SQRT2);
}

// Bits of those whose share is not far below that of the rest; all of them if
// their shares do not differ by more than chance.
static uint32_t bits_of(const struct tally *t, int n)
{
    struct tally whole = {0};
    double won = 0;
    int used = 0;
    for (int i = 0; i < n; i++) {
        whole.struck += t[i].struck;
        whole.all += t[i].all;
        won += likelihood(t[i]);
        used += t[i].all > 0;
    }
    uint32_t every = (UINT32_C(1) << n) - 1, bits = 0;
    won -= likelihood(whole);
    if (used < 2 || by_chance(2 * fmax(won, 0), used - 1) > P_CHANCE)
        return every;
    double share = whole.struck / whole.all;
    for (int i = 0; i < n; i++) {
        double own = (t[i].struck + share) / (t[i].all + 1);
        if (t[i].struck > 0.3 && own > share / 2)
            bits |= UINT32_C(1) << i;
    }
    return bits ? bits : every;
}

void gw_change_pattern(const struct gw_chain *c, size_t first, size_t last,
                       struct gw_change *ret)
{
    struct tally tally[DAYS][HOURS];
    struct tally by_day[DAYS] = {{0}}, by_hour[HOURS] = {{0}};
    tally_moments(c, first, last, tally);
    bool windowed = c->window.hours && ret->state == GW_PARTLY;
    for (int k = 0; k < DAYS * HOURS; k++) {
        const struct tally *t = &tally[k / HOURS][k % HOURS];
        by_hour[k % HOURS].struck += t->struck;
        by_hour[k % HOURS].all += t->all;
        if (windowed && !(c->window.hours >> k % HOURS & 1))
            continue;
        by_day[k / HOURS].struck += t->struck;
        by_day[k / HOURS].all += t->all;
    }
    ret->weekdays = (uint8_t)bits_of(by_day, DAYS);
    ret->hours = windowed ? c->window.hours : bits_of(by_hour, HOURS);
    if (windowed)
        ret->weekdays &= c->window.weekdays;
    ret->weekly = ret->weekdays != 0x7f;
}
