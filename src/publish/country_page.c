// The page of a country: a minute's overview, its networks and what is
// blocked on them, and where nobody measures.
#include "publish/parts.h"

#include <stdio.h>

enum { STRIP_DAYS = 90, QUIET_DAYS = 7 };

struct view {
    struct site *site;
    const struct country *country;
    struct rows rows;
    struct groups networks, targets;
    struct tally recent, all;
    struct incidents incidents;
    char json[SITE_PATH], csv[SITE_PATH], strip[SITE_PATH];
};

// Targets with interference going on, each once.
static size_t blocked_targets(const struct view *v, const char **ret_first)
{
    size_t n = 0;
    for (size_t i = 0; i < v->incidents.ongoing; i++) {
        const struct incident *x = v->incidents.at[i];
        bool seen = !is_interference(x);
        for (size_t k = 0; k < i && !seen; k++)
            seen = is_interference(v->incidents.at[k]) &&
                   v->incidents.at[k]->target == x->target;
        if (!seen && !n++)
            *ret_first = x->row.target;
    }
    return n;
}

static gw_span heading(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    const char *first = "", *name = word_country(s, l, v->country->cc);
    size_t n = blocked_targets(v, &first);
    const char *const values[] = {name, n == 1 ? word_target(s, l, first) : "",
                                  word_number(s, l, (int64_t)n)};
    return page_words(s, l,
                      n == 1 ? "country.title.one"
                      : n    ? "country.title.blocked"
                             : "country.title.none",
                      values, GW_COUNT(values));
}

static gw_span lead(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    size_t networks = 0;
    if (!tally_all(&v->all))
        return page_words(s, l, "lead.nothing", NULL, 0);
    for (size_t i = 0; i < v->networks.count; i++)
        networks += tally_all(&v->networks.at[i].recent) > 0;
    const char *const values[] = {
        word_number(s, l, (int64_t)v->recent.count[GW_STATE_BLOCKED]),
        word_number(s, l, tally_judged(&v->recent)),
        word_number(s, l, (int64_t)networks),
        word_day(s, l, (gw_time)v->networks.newest * GW_DAY)};
    return page_words(s, l, networks == 1 ? "lead.recent.one" : "lead.recent",
                      values, GW_COUNT(values));
}

// ---- sections ---------------------------------------------------------------
static int put_strip(struct page *p, const struct view *v, struct gw_why *why)
{
    struct site *s = p->site;
    struct chart_cell cells[STRIP_DAYS] = {0};
    int32_t first = v->networks.newest - STRIP_DAYS + 1;
    for (uint32_t i = 0; i < v->rows.range.count; i++) {
        const struct day *d = rows_at(&v->rows, i);
        if (d->main && d->day >= first)
            chart_cell_add(&cells[d->day - first], d->count, d->observers);
    }
    const char *const values[] = {
        word_country(s, p->lang, v->country->cc),
        word_day(s, p->lang, (gw_time)v->networks.newest * GW_DAY)};
    bool table = p->lang == GW_ENGLISH;
    gw_buf_reset(&s->data);
    struct chart c = {.page = p,
                      .id = "days",
                      .title =
                          page_words(s, p->lang, "country.strip", values, 2),
                      .csv = v->strip,
                      .table = table ? &s->data : NULL};
    incident_section(p, "timeline", "country.timeline");
    chart_strip(&c, (gw_time)first * GW_DAY, cells, STRIP_DAYS);
    incident_section_end(p);
    return table ? data_file(s, v->strip, why) : 0;
}

static void put_share(struct page *p, const struct view *v,
                      const struct group *g)
{
    struct site *s = p->site;
    SAY(p, "country.share", word_number(s, p->lang, tally_all(&g->recent)),
        word_number(s, p->lang, tally_all(&v->recent)));
}

static void put_networks(struct page *p, const struct view *v)
{
    static const char *const heads[] = {"col.network", "col.share",
                                        "col.recent", "col.last"};
    size_t n = v->networks.count < LIST_MAX ? v->networks.count : LIST_MAX;
    incident_section(p, "networks", "country.networks");
    incident_table(p, "country.networks", "networks-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (size_t i = 0; i < n; i++) {
        const struct group *g = &v->networks.at[i];
        const struct network *net = &p->site->networks[g->id];
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        put_network(p, v->country->cc, net->asn, net->org);
        gw_put_str(p->out, "</th><td>");
        put_share(p, v, g);
        gw_put_str(p->out, "</td><td>");
        put_tally(p, &g->recent);
        gw_put_str(p->out, "</td><td>");
        put_day(p, (gw_time)g->all.last * GW_DAY);
        gw_put_str(p->out, "</td></tr>\n");
    }
    incident_table_end(p);
    incident_section_end(p);
}

static void put_targets(struct page *p, const struct view *v)
{
    static const char *const heads[] = {"col.target", "col.recent", "col.ever"};
    size_t n = 0;
    while (n < v->targets.count && n < LIST_MAX / 2 &&
           v->targets.at[n].all.count[GW_STATE_BLOCKED])
        n++;
    incident_section(p, "targets", "country.targets");
    incident_paragraph(p, n ? "country.targets.text" : "country.targets.none");
    if (n) {
        incident_table(p, "country.targets", "targets-c");
        incident_heading(p, heads, GW_COUNT(heads));
        for (size_t i = 0; i < n; i++) {
            const struct group *g = &v->targets.at[i];
            gw_put_str(p->out, "<tr><th scope=\"row\">");
            put_target(p, p->site->targets[g->id].name);
            gw_put_str(p->out, "</th><td>");
            put_tally(p, &g->recent);
            gw_put_str(p->out, "</td><td>");
            put_tally(p, &g->all);
            gw_put_str(p->out, "</td></tr>\n");
        }
        incident_table_end(p);
    }
    incident_section_end(p);
}

static bool is_quiet(const struct view *v, const struct group *g)
{
    return g->all.last <= v->networks.newest - QUIET_DAYS;
}

static void put_blind(struct page *p, const struct view *v)
{
    size_t quiet = 0, lone = 0, shown = 0;
    for (size_t i = 0; i < v->networks.count; i++) {
        quiet += is_quiet(v, &v->networks.at[i]);
        lone += v->networks.at[i].recent.observers == 1;
    }
    struct site *s = p->site;
    incident_section(p, "blind", "country.blind");
    gw_put_str(p->out, "<p>");
    SAY(p, "country.blind.text",
        word_number(s, p->lang, (int64_t)v->networks.count),
        word_number(s, p->lang, (int64_t)quiet),
        word_number(s, p->lang, (int64_t)lone));
    gw_put_str(p->out, "</p>\n");
    if (quiet)
        gw_put_str(p->out, "<ul class=\"quiet\">\n");
    for (size_t i = 0; i < v->networks.count && shown < LIST_MAX; i++) {
        const struct group *g = &v->networks.at[i];
        const struct network *net = &s->networks[g->id];
        if (!is_quiet(v, g))
            continue;
        shown++;
        gw_put_str(p->out, "<li>");
        put_network(p, v->country->cc, net->asn, net->org);
        gw_put_str(p->out, " <span class=\"note\">");
        SAY(p, "country.blind.last",
            word_day(s, p->lang, (gw_time)g->all.last * GW_DAY));
        gw_put_str(p->out, "</span></li>\n");
    }
    if (quiet)
        gw_put_str(p->out, "</ul>\n");
    incident_section_end(p);
}

// ---- files ------------------------------------------------------------------
static int write_page(const struct view *v, enum gw_language l,
                      struct gw_why *why)
{
    char path[SITE_PATH], atom[SITE_PATH];
    int rc = 0;
    struct site *s = v->site;
    snprintf(atom, sizeof atom, "country/%s.%s.atom", v->country->slug,
             gw_language_code(l));
    snprintf(path, sizeof path, "country/%s.html", v->country->slug);
    struct page p = {
        .site = s,
        .lang = l,
        .path = path,
        .title = heading(v, l),
        .description = lead(v, l),
        .json = v->json,
        .csv = v->csv,
        .atom = atom,
        .nav = "country",
        .synthetic = s->synthetic,
        .crumbs = {{"country/index.html", gw_message(l, "nav.countries")}}};
    page_begin(&p);
    put_description(&p);
    put_incident_sections(&p, &v->incidents);
    if (v->networks.count) {
        rc = put_strip(&p, v, why);
        put_targets(&p, v);
        put_networks(&p, v);
        put_blind(&p, v);
    }
    incident_section(&p, "limits", "limits.title");
    incident_paragraph(&p, "limits.country");
    incident_section_end(&p);
    return rc ? rc : page_end(&p, why);
}

static void json_groups(const struct view *v, struct gw_jw *w)
{
    struct site *s = v->site;
    gw_jw_key(w, "networks");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < v->networks.count; i++) {
        const struct group *g = &v->networks.at[i];
        const struct network *n = &s->networks[g->id];
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "network", gw_str(n->slug));
        gw_jw_kstr(w, "org", gw_str(n->org));
        json_tally(w, "recent", &g->recent);
        json_tally(w, "all", &g->all);
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
    json_targets(w, s, &v->targets);
}

static int write_json(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    struct gw_jw w = json_begin(s);
    gw_jw_kstr(&w, "cc", gw_str(v->country->cc));
    gw_jw_kstr(&w, "title", heading(v, GW_ENGLISH));
    json_tally(&w, "recent", &v->recent);
    json_tally(&w, "all", &v->all);
    json_incidents(&w, &v->incidents);
    json_groups(v, &w);
    return json_end(s, &w, v->json, why);
}

// One row a day: sums over all networks and targets.
static int write_csv(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    char text[GW_TIME_TEXT];
    int32_t first = v->all.first, last = v->all.last;
    size_t days = first <= last ? (size_t)(last - first) + 1 : 0;
    struct tally *sums = gw_new((days + 1) * sizeof *sums);
    if (!sums)
        return gw_fail(why, GW_ENOMEM, "%s", v->csv);
    for (uint32_t i = 0; i < v->rows.range.count; i++)
        if (rows_at(&v->rows, i)->main)
            tally_add(&sums[rows_at(&v->rows, i)->day - first],
                      rows_at(&v->rows, i));
    gw_buf_reset(&s->data);
    gw_put_str(&s->data, "day,ok,blocked,down,unknown,most_observers\n");
    for (size_t i = 0; i < days; i++) {
        const struct tally *t = &sums[i];
        if (!tally_all(t))
            continue;
        size_t len =
            gw_format_day((gw_time)(first + (int32_t)i) * GW_DAY, text);
        gw_put_fmt(&s->data, "%.*s,%llu,%llu,%llu,%llu,%u\n", (int)len, text,
                   (unsigned long long)t->count[GW_STATE_OK],
                   (unsigned long long)t->count[GW_STATE_BLOCKED],
                   (unsigned long long)t->count[GW_STATE_DOWN],
                   (unsigned long long)t->count[GW_STATE_UNKNOWN],
                   t->observers);
    }
    gw_free(sums);
    return data_file(s, v->csv, why);
}

static int publish_country(struct site *s, uint32_t id, struct gw_why *why)
{
    struct view v = {.site = s,
                     .country = &s->countries[id],
                     .rows = rows_of_country(s, id),
                     .recent = tally_empty(),
                     .all = tally_empty()};
    snprintf(v.json, SITE_PATH, "country/%s.json", v.country->slug);
    snprintf(v.csv, SITE_PATH, "country/%s.csv", v.country->slug);
    snprintf(v.strip, SITE_PATH, "country/%s-days.csv", v.country->slug);
    int rc = groups_of(&v.rows, GROUP_BY_NETWORK, &v.networks, why);
    rc = rc ? rc : groups_of(&v.rows, GROUP_BY_TARGET, &v.targets, why);
    rc = rc ? rc : incidents_of(s, incident_of_country, id, &v.incidents, why);
    if (!rc)
        rows_sum(&v.rows, v.networks.newest, &v.all, &v.recent);
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++)
        rc = write_page(&v, (enum gw_language)l, why);
    rc = rc ? rc : write_json(&v, why);
    rc = rc ? rc : write_csv(&v, why);
    gw_free(v.networks.at);
    gw_free(v.targets.at);
    return rc;
}

int publish_countries(struct site *s, struct gw_why *why)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < s->country_count; i++)
        rc = publish_country(s, (uint32_t)i, why);
    return rc;
}
