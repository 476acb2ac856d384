// Days: what each series comes to, day by day, for the pages.
#include "analyse/cells.h"

#include <stdio.h>

enum { HOURS = 24, OBSERVERS_MAX = 1 << 20 };

struct days {
    struct gw_archive *a;
    struct gw_why *why;
    uint8_t *seen; // of an observer, bits: states of the day at hand
    uint32_t *who; // observers of the day, to be forgotten after it
    size_t count, cap;
};

static int32_t day_of(int32_t hour)
{
    return hour / HOURS - (hour % HOURS < 0);
}

static void put_text(char *ret, size_t cap, gw_span s)
{
    size_t n = s.len < cap ? s.len : cap - 1;
    while (n < s.len && n && (s.at[n] & 0xc0) == 0x80)
        n--;
    if (n)
        memcpy(ret, s.at, n);
    ret[n] = 0;
}

static void see(struct days *d, struct gw_day_row *row,
                const struct gw_sight *s)
{
    uint8_t before = d->seen[s->observer];
    for (int i = 0; i < GW_STATE_COUNT; i++) {
        row->count[i] += s->count[i];
        if (s->count[i] && !(before & 1u << i)) {
            row->observers[i]++;
            d->seen[s->observer] |= (uint8_t)(1u << i);
        }
    }
    if (!before && d->seen[s->observer])
        d->who[d->count++] = s->observer;
    row->throttled += s->throttled;
    row->intercepted += s->intercepted;
}

// Sights [from, to) are of one day.
static int add_day(struct days *d, const struct gw_series *s, size_t from,
                   size_t to)
{
    struct gw_day_row row = {
        .asn = s->asn,
        .layer = s->layer,
        .day = day_of(s->sights[from].hour) * GW_DAY,
        .synthetic = s->synthetic,
        .aggregate = s->aggregate,
    };
    const struct gw_sight *best = NULL;
    put_text(row.cc, sizeof row.cc, s->cc);
    put_text(row.target, sizeof row.target, s->target);
    put_text(row.org, sizeof row.org, s->org);
    d->count = 0;
    for (size_t i = from; i < to; i++) {
        const struct gw_sight *x = &s->sights[i];
        see(d, &row, x);
        bool blocked = x->count[GW_STATE_BLOCKED] > 0;
        bool was = best && best->count[GW_STATE_BLOCKED] > 0;
        if (x->example != UINT32_MAX &&
            (!best || (blocked && (!was || x->llr > best->llr))))
            best = x;
    }
    for (size_t i = 0; i < d->count; i++)
        d->seen[d->who[i]] = 0;
    if (best)
        put_text(row.example, sizeof row.example, s->examples[best->example]);
    if (best && best->rule != UINT32_MAX)
        put_text(row.rule, sizeof row.rule, s->rules[best->rule]);
    return gw_day_add(d->a, &row, d->why);
}

static int reserve(struct days *d, size_t observers)
{
    if (observers <= d->cap)
        return 0;
    uint8_t *seen = gw_resize(d->seen, observers, sizeof *seen);
    if (seen)
        d->seen = seen;
    uint32_t *who = seen ? gw_resize(d->who, observers, sizeof *who) : NULL;
    if (!who)
        return gw_fail(d->why, GW_ENOMEM, "days: out of memory");
    d->who = who;
    memset(seen, 0, observers);
    d->cap = observers;
    return 0;
}

static int add_series(void *ctx, const struct gw_series *s)
{
    struct days *d = ctx;
    if (!s->target.len)
        return 0; // volume: of no target
    int rc = reserve(d, s->observer_count);
    for (size_t i = 0, end; i < s->count && !rc; i = end) {
        int32_t day = day_of(s->sights[i].hour);
        for (end = i; end < s->count && day_of(s->sights[end].hour) == day;)
            end++;
        rc = add_day(d, s, i, end);
    }
    return rc;
}

int gw_make_days(struct gw_archive *a, struct gw_why *why)
{
    struct days d = {.a = a, .why = why};
    int rc = gw_days_clear(a, why);
    rc = rc ? rc : gw_series_each(a, add_series, &d, why);
    gw_free(d.seen);
    gw_free(d.who);
    return rc;
}
