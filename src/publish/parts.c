// Sums over days, and the matrix of weeks that target and network pages show.
#include "publish/parts.h"

#include <stdio.h>

// ---- tallies ----------------------------------------------------------------
struct tally tally_empty(void)
{
    return (struct tally){.first = INT32_MAX, .last = INT32_MIN};
}

void tally_add(struct tally *t, const struct day *d)
{
    for (size_t i = 0; i < GW_STATE_COUNT; i++) {
        t->count[i] += d->count[i];
        if (d->observers[i] > t->observers)
            t->observers = d->observers[i];
    }
    t->first = d->day < t->first ? d->day : t->first;
    t->last = d->day > t->last ? d->day : t->last;
}

int64_t tally_judged(const struct tally *t)
{
    return (int64_t)(t->count[GW_STATE_OK] + t->count[GW_STATE_DOWN] +
                     t->count[GW_STATE_BLOCKED]);
}

int64_t tally_all(const struct tally *t)
{
    return tally_judged(t) + (int64_t)t->count[GW_STATE_UNKNOWN];
}

// Distinct observers of several days cannot be added: the most of one day.
void put_tally(struct page *p, const struct tally *t)
{
    struct site *s = p->site;
    const char *few =
        word_number(s, p->lang, (int64_t)t->count[GW_STATE_BLOCKED]);
    const char *of = word_number(s, p->lang, tally_judged(t));
    if (!tally_all(t))
        put_text(p, "tally.none");
    else if (t->observers < 2)
        SAY(p, "tally.one", few, of);
    else
        SAY(p, "tally", few, of, word_number(s, p->lang, t->observers));
}

// ---- rows -------------------------------------------------------------------
struct rows rows_of_target(const struct site *s, uint32_t target)
{
    return (struct rows){s, s->by_target, s->targets[target].days};
}

struct rows rows_of_network(const struct site *s, uint32_t network)
{
    return (struct rows){s, s->by_network, s->networks[network].days};
}

struct rows rows_of_country(const struct site *s, uint32_t country)
{
    return (struct rows){s, NULL, s->countries[country].days};
}

const struct day *rows_at(const struct rows *r, uint32_t i)
{
    uint32_t at = r->range.first + i;
    return &r->site->days[r->index ? r->index[at] : at];
}

int32_t rows_newest(const struct rows *r)
{
    int32_t newest = INT32_MIN;
    for (uint32_t i = 0; i < r->range.count; i++)
        if (rows_at(r, i)->day > newest)
            newest = rows_at(r, i)->day;
    return newest;
}

void rows_sum(const struct rows *r, int32_t newest, struct tally *ret_all,
              struct tally *ret_recent)
{
    *ret_all = *ret_recent = tally_empty();
    for (uint32_t i = 0; i < r->range.count; i++) {
        const struct day *d = rows_at(r, i);
        if (d->main)
            tally_add(ret_all, d);
        if (d->main && d->day > newest - RECENT_DAYS)
            tally_add(ret_recent, d);
    }
}

// ---- groups -----------------------------------------------------------------
static int by_weight(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    const int64_t keys[][2] = {{(int64_t)x->recent.count[GW_STATE_BLOCKED],
                                (int64_t)y->recent.count[GW_STATE_BLOCKED]},
                               {(int64_t)x->all.count[GW_STATE_BLOCKED],
                                (int64_t)y->all.count[GW_STATE_BLOCKED]},
                               {tally_all(&x->all), tally_all(&y->all)},
                               {(int64_t)y->id, (int64_t)x->id}};
    for (size_t i = 0; i < GW_COUNT(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] > keys[i][1] ? -1 : 1;
    return 0;
}

static uint32_t group_id(const struct day *d, enum group_by by)
{
    return by == GROUP_BY_NETWORK ? d->network : d->target;
}

// Places of ids among the groups, for as long as they are made.
static struct group *group_for(struct groups *g, uint32_t *places, uint32_t id)
{
    if (!places[id]) {
        g->at[g->count] = (struct group){id, tally_empty(), tally_empty()};
        places[id] = (uint32_t)++g->count;
    }
    return &g->at[places[id] - 1];
}

// How many different ids there can be.
static size_t most_groups(const struct rows *r, enum group_by by)
{
    size_t ids =
        by == GROUP_BY_NETWORK ? r->site->network_count : r->site->target_count;
    return ids < r->range.count ? ids : r->range.count;
}

int groups_of(const struct rows *r, enum group_by by, struct groups *ret,
              struct gw_why *why)
{
    size_t ids =
        by == GROUP_BY_NETWORK ? r->site->network_count : r->site->target_count;
    uint32_t *places = gw_new((ids + 1) * sizeof *places);
    *ret = (struct groups){.newest = rows_newest(r)};
    ret->at = gw_new((most_groups(r, by) + 1) * sizeof *ret->at);
    if (!places || !ret->at) {
        gw_free(places);
        gw_free(ret->at);
        ret->at = NULL;
        return gw_fail(why, GW_ENOMEM, "a page's sums");
    }
    for (uint32_t i = 0; i < r->range.count; i++) {
        const struct day *d = rows_at(r, i);
        if (!d->main)
            continue;
        struct group *g = group_for(ret, places, group_id(d, by));
        tally_add(&g->all, d);
        if (d->day > ret->newest - RECENT_DAYS)
            tally_add(&g->recent, d);
    }
    gw_free(places);
    qsort(ret->at, ret->count, sizeof *ret->at, by_weight);
    return 0;
}

// ---- the matrix -------------------------------------------------------------
struct matrix {
    struct chart_cell cells[ROWS_MAX][WEEKS];
    struct chart_row rows[ROWS_MAX];
    char paths[ROWS_MAX][SITE_PATH];
    size_t count, weeks;
    int32_t first; // day
};

static void matrix_labels(struct page *p, struct matrix *m,
                          const struct groups *g, enum group_by by)
{
    struct site *s = p->site;
    for (size_t i = 0; i < m->count; i++) {
        bool net = by == GROUP_BY_NETWORK;
        const struct network *n = net ? &s->networks[g->at[i].id] : NULL;
        const struct target *t = net ? NULL : &s->targets[g->at[i].id];
        snprintf(m->paths[i], SITE_PATH, "%s/%s.html",
                 net ? "network" : "target", net ? n->slug : t->slug);
        const char *label = net ? word_network(s, p->lang, n->asn, n->org)
                                : word_target(s, p->lang, t->name);
        m->rows[i] =
            (struct chart_row){gw_str(label), m->paths[i], m->cells[i]};
    }
}

static void matrix_fill(struct matrix *m, const struct rows *r,
                        const struct groups *g, enum group_by by)
{
    for (uint32_t i = 0; i < r->range.count; i++) {
        const struct day *d = rows_at(r, i);
        if (!d->main || d->day < m->first)
            continue;
        size_t week = (size_t)(d->day - m->first) / 7;
        for (size_t k = 0; k < m->count; k++)
            if (g->at[k].id == group_id(d, by) && week < m->weeks)
                chart_cell_add(&m->cells[k][week], d->count, d->observers);
    }
}

static size_t weeks_between(int32_t oldest, int32_t newest)
{
    size_t weeks = (size_t)(newest - oldest) / 7 + 1;
    return weeks > WEEKS ? WEEKS : weeks < 4 ? 4 : weeks;
}

int put_week_matrix(struct page *p, const struct rows *r,
                    const struct groups *g, enum group_by by, gw_span title,
                    const char *csv, struct gw_buf *table, struct gw_why *why)
{
    int32_t oldest = INT32_MAX;
    struct matrix *m = gw_new(sizeof *m);
    if (!m)
        return gw_fail(why, GW_ENOMEM, "%s", p->path);
    m->count = g->count < ROWS_MAX ? g->count : ROWS_MAX;
    for (size_t i = 0; i < m->count; i++)
        if (g->at[i].all.first < oldest)
            oldest = g->at[i].all.first;
    m->weeks = weeks_between(oldest, g->newest);
    // Weeks begin on Monday: day 0, 1970-01-01, was a Thursday.
    int32_t monday = g->newest - (g->newest + 3) % 7;
    m->first = monday - 7 * (int32_t)(m->weeks - 1);
    matrix_labels(p, m, g, by);
    matrix_fill(m, r, g, by);
    struct chart c = {
        .page = p, .id = "weeks", .title = title, .csv = csv, .table = table};
    chart_matrix(&c, (gw_time)m->first * GW_DAY, 7, m->weeks, m->rows,
                 m->count);
    gw_free(m);
    if (g->count > ROWS_MAX) {
        gw_put_str(p->out, "<p>");
        SAY(p, "matrix.more",
            word_number(p->site, p->lang, (int64_t)(g->count - ROWS_MAX)));
        gw_put_str(p->out, "</p>\n");
    }
    return 0;
}
