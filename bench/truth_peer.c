// The baseline: two one-sided CUSUMs over hourly means, as a public pipeline
// runs them for each network, target and layer, from its published constants
// (drift 0.35, alarm above 3.5, halved for each 48 hours of a gap longer than
// 24). It has no incidents: alarms of one target that overlap are joined here,
// which is kinder than what it prints.
#include "truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DRIFT 0.35
#define ALARM 3.5

enum way { UNKNOWN, OPEN, SHUT };
struct cusum {
    enum way way;
    double up, down;
    int32_t last; // hour
    bool begun;
};

static int by_series(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int c = strcmp(x->target, y->target);
    c = c ? c : (x->asn > y->asn) - (x->asn < y->asn);
    c = c ? c : x->layer - y->layer;
    c = c ? c : (x->hour > y->hour) - (x->hour < y->hour);
    return c ? c : x->state - y->state;
}

static bool same_series(const struct seen *a, const struct seen *b)
{
    return strcmp(a->target, b->target) == 0 && a->asn == b->asn &&
           a->layer == b->layer;
}

// 1: an onset is told, -1: an end, 0: nothing.
static int step(struct cusum *c, int32_t hour, double y)
{
    int32_t gap = c->begun ? hour - c->last : 0;
    if (gap > 24) {
        c->up *= pow(0.5, gap / 48.0);
        c->down *= pow(0.5, gap / 48.0);
    }
    c->last = hour;
    c->begun = true;
    c->up = c->way == SHUT ? 0 : fmax(0, c->up + y - DRIFT);
    c->down = c->way == OPEN ? 0 : fmax(0, c->down + DRIFT - y);
    enum way before = c->way;
    if (c->up > ALARM)
        c->way = SHUT;
    else if (c->down > ALARM)
        c->way = OPEN;
    if (c->way == before)
        return 0;
    c->up = c->down = 0;
    return before == UNKNOWN ? 0 : c->way == SHUT ? 1 : -1;
}

// Joins it to an alarm of the target that overlaps, or makes a new one.
static void tell(struct month *m, const struct seen *s, gw_time since,
                 gw_time until)
{
    for (size_t i = 0; i < m->alarm_count; i++) {
        struct said *x = &m->alarms[i];
        if (strcmp(x->target, s->target) || x->since[0] >= ends(m, until) ||
            ends(m, x->until[0]) <= since)
            continue;
        x->since[0] = x->since[1] = since < x->since[0] ? since : x->since[0];
        if (x->until[0] != NEVER && (until == NEVER || until > x->until[0]))
            x->until[0] = x->until[1] = until;
        if (!has_network(&x->networks, s->asn) && x->networks.count < NETWORKS)
            x->networks.at[x->networks.count++] = s->asn;
        return;
    }
    struct said *x = &m->alarms[m->alarm_count++];
    *x = (struct said){.class = BLOCKING, .word = 2, .event = -1, .blame = -1};
    snprintf(x->target, TARGET, "%s", s->target);
    x->since[0] = x->since[1] = since;
    x->until[0] = x->until[1] = until;
    x->networks = (struct asns){{s->asn}, 1};
}

static size_t one_series(struct month *m, size_t i)
{
    struct cusum c = {0};
    const struct seen *first = &m->seen[i];
    gw_time since = NEVER;
    while (i < m->seen_count && same_series(first, &m->seen[i])) {
        int32_t hour = m->seen[i].hour;
        double blocked = 0, all = 0;
        for (; i < m->seen_count && same_series(first, &m->seen[i]) &&
               m->seen[i].hour == hour;
             i++) {
            blocked += m->seen[i].state == GW_STATE_BLOCKED;
            all += m->seen[i].state != GW_STATE_UNKNOWN;
        }
        int change = all > 0 ? step(&c, hour, blocked / all) : 0;
        m->raw_alarms += change != 0;
        if (change > 0)
            since = hour * HOUR;
        if (change < 0 && since != NEVER) {
            tell(m, first, since, hour * HOUR);
            since = NEVER;
        }
    }
    if (since != NEVER)
        tell(m, first, since, NEVER);
    return i;
}

int run_peer(struct gw_arena *arena, struct month *m)
{
    size_t series = 0;
    qsort(m->seen, m->seen_count, sizeof *m->seen, by_series);
    for (size_t i = 0; i < m->seen_count; i++)
        series += m->seen[i].state == GW_STATE_BLOCKED;
    m->alarms = gw_arena_take_n(arena, series + 1, sizeof *m->alarms);
    if (!m->alarms)
        return GW_ENOMEM;
    for (size_t i = 0; i < m->seen_count;) {
        int layer = m->seen[i].layer;
        if (layer == GW_LAYER_ALL)
            i++;
        else
            i = one_series(m, i);
    }
    return 0;
}
