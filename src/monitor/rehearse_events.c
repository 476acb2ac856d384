// What happens in a rehearsal: where, from when to when, how thoroughly.
#include "monitor/rehearse.h"

enum { WEEK = 7, EXAM_DAYS = 14 };

struct draw {
    struct gw_rh_world *w;
    struct gw_rand *r;
    int64_t hours; // from the first day to the last
};

static uint64_t all_networks(const struct draw *d)
{
    int n = d->w->what.networks;
    return n == GW_RH_NETWORKS_MAX ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static void shuffled(const struct draw *d, int *order)
{
    int n = d->w->what.networks;
    for (int i = 0; i < n; i++) {
        int k = (int)gw_rand_below(d->r, (uint64_t)i + 1);
        order[i] = order[k];
        order[k] = i;
    }
}

// Some of the networks: that share of them, one at least.
static uint64_t some(const struct draw *d, double from, double to)
{
    int order[GW_RH_NETWORKS_MAX];
    double share = gw_rh_between(d->r, from, to);
    int n = (int)(share * d->w->what.networks + 0.5);
    uint64_t set = 0;
    shuffled(d, order);
    for (int i = 0; i < n || i == 0; i++)
        set |= UINT64_C(1) << order[i];
    return set;
}

enum wanted { SECURE, PLAIN, SECURE_LONE }; // lone: has one address only

static int take_site(const struct draw *d, enum wanted wanted)
{
    int from = (int)gw_rand_below(d->r, GW_RH_SITES);
    for (int i = 0; i < GW_RH_SITES; i++) {
        int at = (from + i) % GW_RH_SITES;
        struct gw_rh_site *s = &d->w->site[at];
        if (s->taken || s->secure != (wanted != PLAIN) ||
            (wanted == SECURE_LONE && s->count > 1))
            continue;
        s->taken = true;
        return at;
    }
    return -1; // not reached: there are more sites than events
}

static struct gw_rh_event *add(const struct draw *d, enum gw_rh_kind kind,
                               int site, uint64_t networks)
{
    struct gw_rh_world *w = d->w;
    struct gw_rh_event *e = &w->event[w->events];
    if (w->events < GW_RH_EVENTS_MAX - 1)
        w->events++;
    *e = (struct gw_rh_event){.kind = kind,
                              .site = site,
                              .networks = networks,
                              .since = GW_NEVER,
                              .until = GW_NEVER,
                              .strength = gw_rh_between(d->r, 0.85, 1),
                              .mode = (int)gw_rand_below(d->r, 4),
                              .probe = -1};
    return e;
}

// Begins at a full hour, between two shares of the span.
static void begins(const struct draw *d, struct gw_rh_event *e, double from,
                   double to)
{
    double at = gw_rh_between(d->r, from, to) * (double)d->hours;
    e->since = d->w->what.start + (int64_t)at * GW_RH_HOUR;
}

static void lasts(const struct draw *d, struct gw_rh_event *e, int from, int to)
{
    uint64_t more = gw_rand_below(d->r, (uint64_t)(to - from) + 1);
    gw_time until = e->since + (from + (int64_t)more) * GW_RH_HOUR;
    e->until = until < d->w->end ? until : GW_NEVER;
}

// ---- blocking -----------------------------------------------------------

static void draw_exam(const struct draw *d)
{
    struct gw_rh_event *e = add(d, GW_RH_EXAM, -1, some(d, 0.5, 0.8));
    e->test = GW_RH_TELEGRAM;
    begins(d, e, 0.2, 0.4);
    e->since -= (e->since - d->w->what.start) % GW_DAY;
    gw_time until = e->since + EXAM_DAYS * GW_DAY;
    e->until = until < d->w->end ? until : GW_NEVER;
    e->hour = 3 + (int)gw_rand_below(d->r, 6);
    e->hours = 3 + (int)gw_rand_below(d->r, 3);
}

static void draw_rollout(const struct draw *d)
{
    int order[GW_RH_NETWORKS_MAX], n = d->w->what.networks;
    int site = take_site(d, SECURE);
    int64_t step = d->hours / 3 / n > 0 ? d->hours / 3 / n : 1;
    gw_time first = GW_NEVER;
    shuffled(d, order);
    for (int i = 0; i < n; i++) {
        struct gw_rh_event *e =
            add(d, GW_RH_ROLLOUT, site, UINT64_C(1) << order[i]);
        if (i == 0) {
            begins(d, e, 0.2, 0.4);
            first = e->since;
        }
        e->since = first + i * step * GW_RH_HOUR;
    }
}

static void draw_blocking(const struct draw *d, int urdu_site)
{
    struct gw_rh_event *e;
    d->w->site[urdu_site].taken = true;
    e = add(d, GW_RH_NXDOMAIN, urdu_site, some(d, 0.3, 0.6));
    begins(d, e, 0.15, 0.5);
    e = add(d, GW_RH_FORGED, take_site(d, SECURE), some(d, 0.4, 0.8));
    begins(d, e, 0.3, 0.6);
    lasts(d, e, 48, 120);
    e = add(d, GW_RH_TCP_BLOCK, take_site(d, SECURE_LONE), some(d, 0.3, 0.7));
    begins(d, e, 0.1, 0.6);
    lasts(d, e, 72, 300);
    e = add(d, GW_RH_TLS_RESET, take_site(d, SECURE), some(d, 0.3, 0.7));
    begins(d, e, 0.2, 0.7);
    add(d, GW_RH_TLS_RESET_ALWAYS, take_site(d, SECURE), all_networks(d));
    e = add(d, GW_RH_BLOCK_PAGE, take_site(d, PLAIN), some(d, 0.3, 0.6));
    begins(d, e, 0.2, 0.6);
    lasts(d, e, 96, 400);
    e = add(d, GW_RH_THROTTLE, take_site(d, SECURE), some(d, 0.4, 0.7));
    begins(d, e, 0.3, 0.7);
    lasts(d, e, 72, 144);
    for (int i = 0; i < (d->w->what.days < 2 * WEEK ? 1 : 2); i++) {
        e = add(d, GW_RH_SHUTDOWN, -1, some(d, 0.4, 0.7));
        begins(d, e, 0.1 + 0.4 * i, 0.5 + 0.4 * i);
        lasts(d, e, 3, 10);
    }
    draw_exam(d);
    draw_rollout(d);
}

// ---- what is no blocking ------------------------------------------------

static uint64_t one(const struct draw *d, int *ret_network)
{
    *ret_network = (int)gw_rand_below(d->r, (uint64_t)d->w->what.networks);
    return UINT64_C(1) << *ret_network;
}

static void draw_of_one_network(const struct draw *d)
{
    int n;
    struct gw_rh_event *e = add(d, GW_RH_V6_BROKEN, -1, one(d, &n));
    e->strength = 1;
    e = add(d, GW_RH_NO_HELPER, -1, one(d, &n));
    e->strength = 1;
    begins(d, e, 0.2, 0.8);
    lasts(d, e, 24, 24);
    e = add(d, GW_RH_SKEW, -1, one(d, &n));
    e->probe = 2 + (int)gw_rand_below(d->r, GW_RH_PROBES - 2);
    d->w->network[n].probe[e->probe].skew =
        e->mode % 2 ? 26 * GW_RH_HOUR : -3 * GW_DAY;
    e = add(d, GW_RH_FLOOD, take_site(d, SECURE), one(d, &n));
    e->probe = 1;
    begins(d, e, 0.2, 0.8);
    lasts(d, e, 4, 8);
}

static void draw_confusers(const struct draw *d)
{
    static const enum wanted both[] = {SECURE, PLAIN};
    struct gw_rh_event *e;
    for (int i = 0; i < 2; i++) {
        e = add(d, GW_RH_DOWN, take_site(d, both[i]), all_networks(d));
        e->strength = 1;
        begins(d, e, 0.1, 0.8);
        lasts(d, e, 6, 60);
        e = add(d, GW_RH_CDN, take_site(d, both[i]), all_networks(d));
        e->strength = 1;
    }
    draw_of_one_network(d);
    e = add(d, GW_RH_CHALLENGE, take_site(d, PLAIN), some(d, 0.3, 0.6));
    begins(d, e, 0.2, 0.5);
    e = add(d, GW_RH_DEFECT, -1, all_networks(d));
    e->test = GW_RH_SIGNAL;
    e->strength = 1;
    begins(d, e, 0.2, 0.5);
}

void gw_rh_events_draw(struct gw_rh_world *w, struct gw_rand *r, int urdu_site)
{
    struct draw d = {w, r, INT64_C(24) * w->what.days};
    draw_blocking(&d, urdu_site);
    draw_confusers(&d);
}

// ---- asking -------------------------------------------------------------

bool gw_rh_weekday(gw_time t)
{
    int64_t day = t / GW_DAY; // 0 was a Thursday
    return (day + 3) % WEEK < 5;
}

bool gw_rh_on(const struct gw_rh_event *e, int network, gw_time t)
{
    if (!(e->networks >> network & 1) ||
        (e->since != GW_NEVER && t < e->since) ||
        (e->until != GW_NEVER && t >= e->until))
        return false;
    int64_t hour = t % GW_DAY / GW_RH_HOUR;
    return !e->hours ||
           (gw_rh_weekday(t) && hour >= e->hour && hour < e->hour + e->hours);
}

const struct gw_rh_event *gw_rh_find(const struct gw_rh_world *w,
                                     enum gw_rh_kind kind, int network,
                                     gw_time t)
{
    for (int i = 0; i < w->events; i++)
        if (w->event[i].kind == kind && gw_rh_on(&w->event[i], network, t))
            return &w->event[i];
    return NULL;
}
