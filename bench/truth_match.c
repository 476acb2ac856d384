// Which statement is about which event: one event, one statement.
#include "truth.h"

gw_time begins(const struct month *m, gw_time t)
{
    return t == NEVER ? m->start : t;
}

gw_time ends(const struct month *m, gw_time t)
{
    return t == NEVER ? m->end : t;
}

static bool shares_network(const struct asns *a, const struct asns *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (has_network(b, a->at[i]))
            return true;
    return a->count == 0 || b->count == 0;
}

// Microseconds that the two have in common, counted over the outermost that
// the statement allows; 0 or less: none.
static gw_time common(const struct month *m, const struct event *e,
                      const struct said *x)
{
    gw_time since = begins(m, e->since), until = ends(m, e->until);
    gw_time from = begins(m, x->since[0]), to = ends(m, x->until[1]);
    return (until < to ? until : to) - (since > from ? since : from);
}

static bool is_about(const struct month *m, const struct event *e,
                     const struct said *x)
{
    return e->class == x->class && common(m, e, x) > 0 &&
           shares_network(&x->networks, &e->networks) &&
           (e->class == SILENCE || strcmp(e->target, x->target) == 0);
}

// What makes people think so: an event of another class at that target, or one
// of the network that strikes all targets.
static int blame(const struct month *m, const struct said *x)
{
    for (size_t i = 0; i < m->event_count; i++)
        if (m->events[i].target[0] && x->class != SILENCE &&
            strcmp(m->events[i].target, x->target) == 0)
            return (int)i;
    for (size_t i = 0; i < m->event_count; i++) {
        const struct event *e = &m->events[i];
        bool all =
            !e->target[0] && e->class != SILENCE && x->networks.count > 0;
        for (size_t k = 0; k < x->networks.count; k++)
            all &= has_network(&e->networks, x->networks.at[k]);
        if (all && e->class != x->class && common(m, e, x) > 0)
            return (int)i;
    }
    return -1;
}

static void match_all(struct month *m, struct said *said, size_t count,
                      bool peer)
{
    for (size_t i = 0; i < count; i++) {
        struct said *x = &said[i];
        gw_time most = 0;
        for (size_t k = 0; k < m->event_count; k++) {
            gw_time both = common(m, &m->events[k], x);
            if (is_about(m, &m->events[k], x) && both > most) {
                most = both;
                x->event = (int)k;
            }
        }
        if (x->event < 0) {
            x->blame = blame(m, x);
            continue;
        }
        // The one that has most in common is it; the others say it twice.
        struct event *e = &m->events[x->event];
        int *found = peer ? &e->alarm : &e->found;
        if (*found >= 0 && common(m, e, &said[*found]) >= most) {
            x->twice = true;
            continue;
        }
        if (*found >= 0)
            said[*found].twice = true;
        *found = (int)i;
    }
}

void match_month(struct month *m)
{
    match_all(m, m->said, m->said_count, false);
    match_all(m, m->alarms, m->alarm_count, true);
}
