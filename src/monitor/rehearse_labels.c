// What is true of a rehearsal: one row of CSV for each event and network.
#include "monitor/rehearse.h"

#include <stdio.h>

static gw_span target_of(const struct gw_rh_world *w,
                         const struct gw_rh_event *e)
{
    if (e->site >= 0)
        return gw_str(w->site[e->site].host);
    return gw_str(e->test == GW_RH_WEB ? "" : gw_rh_test_names[e->test]);
}

static bool occurs(const struct gw_rh_world *w, const struct gw_rh_event *e)
{
    return e->site >= 0 ? w->site[e->site].seen : w->test_seen[e->test];
}

static void put_label_time(struct gw_buf *b, gw_time t)
{
    char text[GW_TIME_TEXT];
    if (t != GW_NEVER)
        gw_csv_put(b, gw_span_of(text, gw_format_time(t, text)));
    gw_put_u8(b, ',');
}

static void put_note(struct gw_buf *b, const struct gw_rh_world *w,
                     const struct gw_rh_event *e, int network)
{
    char text[200];
    const struct gw_rh_probe *p =
        e->probe >= 0 ? &w->network[network].probe[e->probe] : NULL;
    int n = snprintf(text, sizeof text, "%s", gw_rh_kinds[e->kind].note);
    if (p)
        n += snprintf(text + n, sizeof text - (size_t)n, "; %s %s %s",
                      p->platform, p->architecture, p->version);
    if (e->kind == GW_RH_SKEW)
        snprintf(text + n, sizeof text - (size_t)n, ", %+lld s",
                 (long long)(p->skew / GW_SECOND));
    gw_csv_put(b, gw_str(text));
}

// network -1: every one.
static void put_label(struct gw_buf *b, const struct gw_rh_world *w,
                      const struct gw_rh_event *e, int network)
{
    const struct gw_rh_kind_info *k = &gw_rh_kinds[e->kind];
    gw_put_fmt(b, "%s,", k->name);
    gw_csv_put(b, target_of(w, e));
    gw_put_str(b, ",");
    if (network >= 0)
        gw_put_fmt(b, "AS%lld", (long long)w->network[network].asn);
    gw_put_fmt(b, ",%s,", gw_layer_name(k->layer));
    put_label_time(b, e->since);
    put_label_time(b, e->until);
    gw_put_fmt(b, "%d,", k->blocking);
    put_note(b, w, e, network);
    gw_put_str(b, "\n");
}

// What recurs has one label for each time it does.
static void put_labels(struct gw_buf *b, const struct gw_rh_world *w,
                       const struct gw_rh_event *e, int network)
{
    if (!e->hours) {
        put_label(b, w, e, network);
        return;
    }
    gw_time until = e->until == GW_NEVER ? w->end : e->until;
    for (gw_time day = e->since - e->since % GW_DAY; day < until;
         day += GW_DAY) {
        struct gw_rh_event once = *e;
        once.since = day + e->hour * GW_RH_HOUR;
        once.until = once.since + e->hours * GW_RH_HOUR;
        if (gw_rh_weekday(day) && once.since >= e->since && once.until <= until)
            put_label(b, w, &once, network);
    }
}

static bool everywhere(const struct gw_rh_world *w, const struct gw_rh_event *e)
{
    for (int i = 0; i < w->what.networks; i++)
        if (!(e->networks >> i & 1))
            return false;
    return e->probe < 0 && !gw_rh_kinds[e->kind].blocking;
}

int gw_rh_labels(const struct gw_rh_world *w, struct gw_buf *b,
                 struct gw_why *why)
{
    gw_put_str(b, "kind,target,network,layer,since,until,blocking,note\n");
    for (int i = 0; i < w->events; i++) {
        const struct gw_rh_event *e = &w->event[i];
        if (!occurs(w, e) || (e->since != GW_NEVER && e->since >= w->end))
            continue;
        if (everywhere(w, e))
            put_labels(b, w, e, -1);
        for (int n = 0; n < w->what.networks && !everywhere(w, e); n++)
            if (e->networks >> n & 1)
                put_labels(b, w, e, n);
    }
    return b->err ? gw_fail(why, b->err, "rehearse: labels: %s",
                            gw_strerror(b->err))
                  : 0;
}
