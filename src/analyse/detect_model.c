// What was seen as a hidden chain of three states: open, partly, blocked.
// Only hours in which somebody looked are kept; the hours between them cost
// nothing. docs/methods/changes.md derives the formulas.
#include "analyse/detect.h"

#define HEAVIER    2.0  // an artefact's extra weight, at most
#define LIGHTER    -1.5 // a slow one's
#define USUAL_LLR  3.0  // of a failure that the helper did not have
#define DEEPENS    0.1  // partly to blocked and back, beside the end rate
#define HOUR_SAYS  50.0 // log-likelihood of one hour, all observers
#define ACCIDENTS  0.25 // the worst rate that is still called open
#define PRIOR_FINE 40.0 // findings that the prior on accidents is worth

// ---- what an hour says --------------------------------------------------

static double extra_of(double llr)
{
    return isfinite(llr) ? gw_clamp((llr - USUAL_LLR) / 2, LIGHTER, HEAVIER)
                         : 0;
}

size_t gw_look_at(const struct gw_series *s, size_t at, struct gw_look *ret)
{
    const struct gw_sight *first = &s->sights[at];
    *ret = (struct gw_look){0};
    for (; at < s->count; at++) {
        const struct gw_sight *x = &s->sights[at];
        if (x->hour != first->hour || x->observer != first->observer)
            break;
        int blocked = x->count[GW_STATE_BLOCKED];
        int marked =
            x->throttled > x->intercepted ? x->throttled : x->intercepted;
        int more = marked > blocked ? marked - blocked : 0;
        int fine = x->count[GW_STATE_OK] - more;
        ret->struck += blocked + more;
        ret->fine += fine > 0 ? fine : 0;
        ret->extra += blocked * extra_of((double)x->llr) + more * LIGHTER;
    }
    return at;
}

struct gw_rates gw_rates_of(const struct gw_detector *d, double open)
{
    const double rate[GW_WAYS] = {open, d->partly_blocked, d->full_blocked};
    struct gw_rates r = {.open = open};
    for (int w = GW_PARTLY; w < GW_WAYS; w++) {
        r.struck[w] = log(rate[w] / open);
        r.fine[w] = log((1 - rate[w]) / (1 - open));
    }
    return r;
}

double gw_heard(const struct gw_detector *d, const struct gw_rates *r,
                struct gw_budget *b, int32_t hour, const struct gw_look *look)
{
    double size = 0, sense = 0;
    float day = b->coarse ? HUGE_VALF : (float)d->observer_day_cap;
    if (b->day != gw_day_of(hour) || (b->plus < 0 && b->minus < 0))
        *b = (struct gw_budget){gw_day_of(hour), day, day, b->coarse};
    for (int w = GW_PARTLY; w < GW_WAYS; w++) {
        double says =
            look->struck * r->struck[w] + look->fine * r->fine[w] + look->extra;
        sense = w == GW_PARTLY || says > sense ? says : sense;
        size = fabs(says) > size ? fabs(says) : size;
    }
    float *left = sense > 0 ? &b->plus : &b->minus;
    double most =
        *left < d->observer_hour_cap ? (double)*left : d->observer_hour_cap;
    double takes = size < most ? size : most;
    *left -= (float)takes;
    return size > 0 ? takes / size : 0;
}

// ---- how it moves -------------------------------------------------------

// Onset splits evenly between partly and blocked, both end alike, and each
// turns into the other alike. Then the sum and the difference of the two each
// decay by themselves.
struct gw_move gw_move_over(const struct gw_detector *d, double hours)
{
    double rates = d->onset_rate + d->end_rate;
    double gone = -expm1(-rates * hours);
    return (struct gw_move){gone * d->onset_rate / rates,
                            gone * d->end_rate / rates,
                            exp(-(1 + 2 * DEEPENS) * d->end_rate * hours)};
}

void gw_move_forward(const struct gw_move *m, const double from[GW_WAYS],
                     double ret[GW_WAYS])
{
    double shut = from[GW_PARTLY] + from[GW_BLOCKED_STATE];
    double apart = (from[GW_PARTLY] - from[GW_BLOCKED_STATE]) * m->keep;
    double stays = shut * (1 - m->down) + from[GW_OPEN] * m->up;
    ret[GW_OPEN] = from[GW_OPEN] * (1 - m->up) + shut * m->down;
    ret[GW_PARTLY] = (stays + apart) / 2;
    ret[GW_BLOCKED_STATE] = (stays - apart) / 2;
}

void gw_move_back(const struct gw_move *m, const double from[GW_WAYS],
                  double ret[GW_WAYS])
{
    double both = from[GW_PARTLY] + from[GW_BLOCKED_STATE];
    double apart = (from[GW_PARTLY] - from[GW_BLOCKED_STATE]) * m->keep;
    double open = from[GW_OPEN];
    double shut = (1 - m->down) * both + 2 * m->down * open;
    ret[GW_OPEN] = (1 - m->up) * open + m->up * both / 2;
    ret[GW_PARTLY] = (shut + apart) / 2;
    ret[GW_BLOCKED_STATE] = (shut - apart) / 2;
}

void gw_at_rest(const struct gw_detector *d, double ret[GW_WAYS])
{
    double shut = d->onset_rate / (d->onset_rate + d->end_rate);
    ret[GW_OPEN] = 1 - shut;
    ret[GW_PARTLY] = ret[GW_BLOCKED_STATE] = shut / 2;
}

void gw_say(const struct gw_rates *r, double struck, double fine, double extra,
            bool partly_off, double ret[GW_WAYS])
{
    ret[GW_OPEN] = 1;
    for (int w = GW_PARTLY; w < GW_WAYS; w++) {
        double says = struck * r->struck[w] + fine * r->fine[w] + extra;
        ret[w] = exp(gw_clamp(says, -HOUR_SAYS, HOUR_SAYS));
    }
    if (partly_off)
        ret[GW_PARTLY] = 1;
}

// ---- the chain ----------------------------------------------------------

static size_t moments_of(const struct gw_series *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += !i || s->sights[i].hour != s->sights[i - 1].hour;
    return n;
}

static void listen(struct gw_chain *c, const struct gw_series *s,
                   struct gw_budget *budget)
{
    struct gw_rates rates = gw_rates_of(c->d, c->d->open_blocked);
    for (size_t i = 0; i < s->observer_count; i++)
        budget[i] = (struct gw_budget){0, -1, -1, gw_is_coarse(s, i)};
    for (size_t i = 0; i < s->count;) {
        const struct gw_sight *x = &s->sights[i];
        struct gw_look look;
        i = gw_look_at(s, i, &look);
        struct gw_moment *m = c->count ? &c->at[c->count - 1] : NULL;
        if (look.struck + look.fine <= 0)
            continue;
        if (!m || m->hour != x->hour) {
            m = &c->at[c->count++];
            *m = (struct gw_moment){.hour = x->hour};
        }
        double share =
            gw_heard(c->d, &rates, &budget[x->observer], x->hour, &look);
        m->struck += (float)(share * look.struck);
        m->fine += (float)(share * look.fine);
        m->extra += (float)(share * look.extra);
    }
}

int gw_chain_make(struct gw_chain *c, const struct gw_detector *d,
                  const struct gw_series *s)
{
    *c = (struct gw_chain){.d = d, .open = d->open_blocked};
    size_t room = moments_of(s);
    struct gw_budget *budget =
        gw_resize(NULL, s->observer_count + 1, sizeof *budget);
    c->at = gw_resize(NULL, room + 1, sizeof *c->at);
    if (!budget || !c->at) {
        gw_free(budget);
        gw_chain_release(c);
        return GW_ENOMEM;
    }
    listen(c, s, budget);
    gw_free(budget);
    for (size_t i = 0; i + 1 < c->count; i++) {
        double hours = (double)c->at[i + 1].hour - (double)c->at[i].hour;
        struct gw_move m = gw_move_over(d, hours);
        c->at[i].up = (float)m.up;
        c->at[i].down = (float)m.down;
        c->at[i].keep = (float)m.keep;
    }
    return 0;
}

void gw_chain_release(struct gw_chain *c)
{
    gw_free(c->at);
    c->at = NULL;
    c->count = 0;
}

static struct gw_move move_of(const struct gw_moment *m)
{
    return (struct gw_move){(double)m->up, (double)m->down, (double)m->keep};
}

// Sets likelihood, and what every moment says and knows of the past.
static void forward(struct gw_chain *c)
{
    struct gw_rates r = gw_rates_of(c->d, c->open);
    double now[GW_WAYS], scale = 1;
    double struck = 0, fine = 0;
    int exponent;
    gw_at_rest(c->d, now);
    c->likelihood = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct gw_moment *m = &c->at[i];
        gw_say(&r, (double)m->struck, (double)m->fine, (double)m->extra,
               c->window.hours && !m->in_window, m->said);
        if (c->window.hours && m->in_window)
            m->said[GW_PARTLY] = m->said[GW_BLOCKED_STATE];
        double sum = 0;
        for (int w = 0; w < GW_WAYS; w++)
            sum += m->before[w] = now[w] * m->said[w];
        for (int w = 0; w < GW_WAYS; w++)
            m->before[w] /= sum;
        // The logarithm of a product is had for one logarithm at the end.
        scale = frexp(scale * sum, &exponent);
        c->likelihood += exponent * M_LN2;
        struck += (double)m->struck;
        fine += (double)m->fine;
        struct gw_move move = move_of(m);
        gw_move_forward(&move, m->before, now);
    }
    c->likelihood +=
        log(scale) + struck * log(c->open) + fine * log1p(-c->open);
}

static void backward(struct gw_chain *c)
{
    double next[GW_WAYS] = {1, 1, 1};
    for (size_t i = c->count; i-- > 0;) {
        struct gw_moment *m = &c->at[i];
        struct gw_move move = move_of(m);
        if (i + 1 < c->count)
            gw_move_back(&move, next, m->after);
        else
            memcpy(m->after, next, sizeof next);
        double sum = 0;
        for (int w = 0; w < GW_WAYS; w++)
            sum += next[w] = m->after[w] * m->said[w];
        for (int w = 0; w < GW_WAYS; w++)
            next[w] /= sum;
    }
}

static double prior_on_accidents(double open)
{
    return PRIOR_FINE * log1p(-open);
}

// The rate among hours that look open, as far as they tell.
static double accidents(const struct gw_chain *c)
{
    double struck = c->d->open_blocked * PRIOR_FINE, all = PRIOR_FINE;
    for (size_t i = 0; i < c->count; i++) {
        double open = 1 - gw_chain_shut(c, i);
        struck += open * (double)c->at[i].struck;
        all += open * (double)(c->at[i].struck + c->at[i].fine);
    }
    return struck / all;
}

static double share_struck(const struct gw_chain *c)
{
    double struck = 0, all = 0;
    for (size_t i = 0; i < c->count; i++) {
        struck += (double)c->at[i].struck;
        all += (double)(c->at[i].struck + c->at[i].fine);
    }
    return all > 0 ? struck / all : 0;
}

void gw_chain_again(struct gw_chain *c)
{
    forward(c);
    backward(c);
}

void gw_chain_try(struct gw_chain *c)
{
    c->open = c->d->open_blocked;
    forward(c);
    c->score = c->likelihood + prior_on_accidents(c->open);
}

void gw_chain_fit(struct gw_chain *c)
{
    double least = c->d->open_blocked, best = least, score;
    c->open = least;
    gw_chain_again(c);
    score = c->likelihood + prior_on_accidents(least);
    const double others[] = {accidents(c), share_struck(c)};
    for (size_t i = 0; i < GW_COUNT(others); i++) {
        c->open = gw_clamp(others[i], least, ACCIDENTS);
        if (c->open < 1.2 * least) // as good as the least
            continue;
        forward(c);
        double now = c->likelihood + prior_on_accidents(c->open);
        if (now > score) {
            score = now;
            best = c->open;
        }
    }
    c->score = score;
    if (c->open != best || best != least) {
        c->open = best;
        gw_chain_again(c);
    }
}

// ---- what is known of an hour -------------------------------------------

double gw_chain_way(const struct gw_chain *c, size_t i, enum gw_change_state w)
{
    const struct gw_moment *m = &c->at[i];
    double sum = 0;
    for (int k = 0; k < GW_WAYS; k++)
        sum += m->before[k] * m->after[k];
    return m->before[w] * m->after[w] / sum;
}

double gw_chain_shut(const struct gw_chain *c, size_t i)
{
    return gw_chain_way(c, i, GW_PARTLY) + gw_chain_way(c, i, GW_BLOCKED_STATE);
}

double gw_chain_odds(const struct gw_chain *c, size_t i)
{
    const struct gw_moment *m = &c->at[i];
    double shut = m->before[GW_PARTLY] * m->after[GW_PARTLY] +
                  m->before[GW_BLOCKED_STATE] * m->after[GW_BLOCKED_STATE];
    double open = m->before[GW_OPEN] * m->after[GW_OPEN];
    return log(fmax(shut, 1e-290)) - log(fmax(open, 1e-290));
}

double gw_chain_shut_between(const struct gw_chain *c, size_t i, int32_t hour)
{
    const struct gw_moment *m = &c->at[i], *n = m + 1;
    struct gw_move to = gw_move_over(c->d, (double)hour - (double)m->hour);
    struct gw_move on = gw_move_over(c->d, (double)n->hour - (double)hour);
    double said[GW_WAYS], past[GW_WAYS], rest[GW_WAYS], sum = 0;
    for (int w = 0; w < GW_WAYS; w++)
        said[w] = n->said[w] * n->after[w];
    gw_move_forward(&to, m->before, past);
    gw_move_back(&on, said, rest);
    for (int w = 0; w < GW_WAYS; w++)
        sum += past[w] * rest[w];
    return 1 - past[GW_OPEN] * rest[GW_OPEN] / sum;
}
