// What an incident's charts show: the days around it, network by network.
#include "publish/incident.h"

#include <stdio.h>

enum { MARGIN = 7, DAYS_MAX = 200 * 366 };

gw_time incident_time(gw_jv v)
{
    char text[32];
    gw_time t;
    gw_span s = gw_jv_str(v);
    if (s.len != 16) // without seconds
        return gw_parse_time(s, &t) ? t : GW_NEVER;
    snprintf(text, sizeof text, "%.16s:00", (const char *)s.at);
    return gw_parse_time(gw_str(text), &t) ? t : GW_NEVER;
}

void incident_interval(gw_jv interval, gw_time ret[2])
{
    ret[0] = incident_time(gw_jv_get(interval, "earliest"));
    ret[1] = incident_time(gw_jv_get(interval, "latest"));
}

// ---- the window ---------------------------------------------------------

static int32_t day_of(gw_time t)
{
    return (int32_t)(t / GW_DAY);
}

static int32_t begin_of(const struct incident *i)
{
    gw_time t = i->row.since[0] != GW_NEVER ? i->row.since[0] : i->row.since[1];
    return t == GW_NEVER ? 0 : day_of(t);
}

static int32_t end_of(const struct site *s, const struct incident *i)
{
    gw_time t = i->row.until[1];
    t = t == GW_NEVER ? i->row.until[0] : t;
    if (t == GW_NEVER || (s->newest != GW_NEVER && t > s->newest))
        t = s->newest;
    int32_t end = t == GW_NEVER ? begin_of(i) : day_of(t);
    return end > begin_of(i) ? end : begin_of(i);
}

// The rows that an incident is about: those of its target, or of the whole
// country where it has none (silence).
static struct range rows_of(const struct site *s, const struct incident *i,
                            const uint32_t **ret_index)
{
    if (i->target < s->target_count) {
        *ret_index = s->by_target;
        return s->targets[i->target].days;
    }
    *ret_index = NULL; // site.days itself
    return i->country < s->country_count ? s->countries[i->country].days
                                         : (struct range){0, 0};
}

static const struct day *row_at(const struct site *s, const uint32_t *index,
                                struct range r, uint32_t at)
{
    return &s->days[index ? index[r.first + at] : r.first + at];
}

static bool is_about(const struct day *d, const struct incident *i)
{
    return d->main && d->country == i->country;
}

static void set_window(struct site *s, struct incident_view *v)
{
    const struct incident *i = v->incident;
    const uint32_t *index;
    struct range r = rows_of(s, i, &index);
    int32_t from = begin_of(i) - MARGIN, to = end_of(s, i) + MARGIN;
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (uint32_t k = 0; k < r.count; k++) {
        const struct day *d = row_at(s, index, r, k);
        if (!is_about(d, i))
            continue;
        low = d->day < low ? d->day : low;
        high = d->day > high ? d->day : high;
    }
    from = from < low && low < begin_of(i) ? low : from;
    from = low >= begin_of(i) && low != INT32_MAX ? begin_of(i) : from;
    to = to > high && high > end_of(s, i) ? high : to;
    to = high <= end_of(s, i) && high != INT32_MIN ? end_of(s, i) : to;
    if (to - from >= DAYS_MAX)
        from = to - DAYS_MAX + 1;
    v->first = (gw_time)from * GW_DAY;
    v->days = (size_t)((int64_t)to - from + 1);
}

// ---- the lanes ----------------------------------------------------------

static void read_lanes(struct site *s, gw_jv body, struct incident_view *v)
{
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "networks"));
         gw_jit_next(&it);) {
        if (v->networks++ >= CHART_LANES_MAX)
            continue;
        struct incident_lane *lane = &v->lanes[v->lane_count++];
        const char *org =
            gw_arena_cstr(s->arena, gw_jv_str(gw_jv_get(it.value, "org")));
        lane->org = org ? org : "";
        if (!gw_jv_int(gw_jv_get(it.value, "asn"), &lane->asn))
            lane->asn = GW_NULL;
        incident_interval(gw_jv_get(it.value, "since"), lane->since);
        incident_interval(gw_jv_get(it.value, "until"), lane->until);
        lane->network = site_network(s, v->incident->row.cc, lane->asn);
    }
}

static struct incident_lane *lane_of(struct incident_view *v, uint32_t network)
{
    for (size_t i = 0; i < v->lane_count; i++)
        if (v->lanes[i].network == network)
            return &v->lanes[i];
    return NULL;
}

static void add_days(struct site *s, struct incident_view *v)
{
    const uint32_t *index;
    const struct incident *i = v->incident;
    struct range r = rows_of(s, i, &index);
    int32_t first = day_of(v->first), begin = begin_of(i), end = end_of(s, i);
    uint32_t last_other = UINT32_MAX;
    for (uint32_t k = 0; k < r.count; k++) {
        const struct day *d = row_at(s, index, r, k);
        if (!is_about(d, i))
            continue;
        struct incident_lane *lane = lane_of(v, d->network);
        bool within = d->day >= begin && d->day <= end;
        int64_t at = (int64_t)d->day - first;
        if (!lane) {
            v->others += within && d->network != last_other;
            last_other = within ? d->network : last_other;
            continue;
        }
        if (at >= 0 && (uint64_t)at < v->days)
            chart_cell_add(&lane->cells[at], d->count, d->observers);
        if (within)
            chart_cell_add(&lane->sum, d->count, d->observers);
    }
    // Rows of the whole country come target by target: nothing was counted
    // once there, so nothing is said.
    if (i->target >= s->target_count || v->networks > v->lane_count)
        v->others = 0;
}

int incident_view(struct site *s, const struct incident *i,
                  struct incident_view *ret, struct gw_why *why)
{
    *ret = (struct incident_view){.incident = i};
    set_window(s, ret);
    read_lanes(s, site_body(s, i), ret);
    size_t cells = ret->days * ret->lane_count;
    ret->cells = gw_new((cells ? cells : 1) * sizeof *ret->cells);
    if (!ret->cells)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", i->row.id);
    for (size_t k = 0; k < ret->lane_count; k++)
        ret->lanes[k].cells = ret->cells + k * ret->days;
    add_days(s, ret);
    return 0;
}

void incident_view_release(struct incident_view *v)
{
    gw_free(v->cells);
    v->cells = NULL;
}

// ---- the chart and the table ----------------------------------------------

static gw_span lane_note(struct page *p, const struct incident_lane *lane)
{
    struct site *s = p->site;
    const char *values[] = {
        word_number(s, p->lang, lane->sum.count[GW_STATE_BLOCKED]),
        word_number(s, p->lang, chart_judged(&lane->sum)),
        word_number(s, p->lang, lane->sum.observers),
    };
    return page_words(s, p->lang, "incident.lane", values, GW_COUNT(values));
}

void incident_put_timeline(struct page *p, const struct incident_view *v,
                           const char *csv, struct gw_buf *table)
{
    struct chart_lane lanes[CHART_LANES_MAX];
    struct chart c = {.page = p,
                      .id = "timeline",
                      .title = p->title,
                      .csv = csv,
                      .table = table};
    for (size_t i = 0; i < v->lane_count; i++) {
        const struct incident_lane *lane = &v->lanes[i];
        lanes[i] = (struct chart_lane){
            .label =
                gw_str(word_network(p->site, p->lang, lane->asn, lane->org)),
            .note = lane_note(p, lane),
            .cells = lane->cells,
            .bounded = true,
            .onset = {lane->since[0], lane->since[1]},
            .end = {lane->until[0], lane->until[1]},
        };
    }
    chart_timeline(&c, v->first, v->days, lanes, v->lane_count, NULL, 0);
}

void incident_put_days(struct site *s, const struct incident_view *v,
                       struct gw_buf *out)
{
    const uint32_t *index;
    struct range r = rows_of(s, v->incident, &index);
    int32_t from = day_of(v->first), to = from + (int32_t)v->days;
    gw_put_str(out, "day,target,country,asn,network,layer,blocked,down,ok,"
                    "unknown,observers_blocked,observers_ok,example\n");
    for (uint32_t k = 0; k < r.count; k++) {
        const struct day *d = row_at(s, index, r, k);
        if (d->country != v->incident->country || d->day < from || d->day >= to)
            continue;
        const struct network *n = &s->networks[d->network];
        chart_put_day_csv(out, d->day * GW_DAY);
        gw_put_u8(out, ',');
        gw_csv_put(out, gw_str(s->targets[d->target].name));
        gw_put_fmt(out, ",%s,", s->countries[d->country].cc);
        if (n->asn != GW_NULL)
            gw_put_fmt(out, "%lld", (long long)n->asn);
        gw_put_u8(out, ',');
        gw_csv_put(out, gw_str(n->org));
        gw_put_fmt(out, ",%s,%u,%u,%u,%u,%u,%u,",
                   gw_layer_name((enum gw_layer)d->layer),
                   d->count[GW_STATE_BLOCKED], d->count[GW_STATE_DOWN],
                   d->count[GW_STATE_OK], d->count[GW_STATE_UNKNOWN],
                   d->observers[GW_STATE_BLOCKED], d->observers[GW_STATE_OK]);
        gw_csv_put(out, gw_str(d->example));
        gw_put_u8(out, '\n');
    }
}
