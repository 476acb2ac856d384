// The page of a network: what it blocks, and whether it is heard.
#include "publish/parts.h"

#include <stdio.h>

struct view {
    struct site *site;
    const struct network *network;
    const char *cc;
    struct rows rows;
    struct groups targets;
    struct tally recent, all;
    struct incidents incidents;
    char json[SITE_PATH], csv[SITE_PATH], weeks[SITE_PATH];
};

static const char *name_of(const struct view *v, enum gw_language l)
{
    return word_network(v->site, l, v->network->asn, v->network->org);
}

static gw_span heading(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    size_t blocked = 0, silent = 0;
    const char *first = "";
    for (size_t i = 0; i < v->incidents.ongoing; i++) {
        const struct incident *x = v->incidents.at[i];
        silent += strcmp(x->row.kind, "silence") == 0;
        if (is_interference(x) && !blocked++)
            first = word_target(s, l, x->row.target);
    }
    const char *const values[] = {name_of(v, l), first,
                                  word_number(s, l, (int64_t)blocked)};
    return page_words(s, l,
                      silent         ? "network.title.silent"
                      : blocked == 1 ? "network.title.one"
                      : blocked      ? "network.title.blocked"
                                     : "network.title.none",
                      values, GW_COUNT(values));
}

static gw_span lead(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    if (!tally_all(&v->all))
        return page_words(s, l, "lead.nothing", NULL, 0);
    size_t targets = 0;
    for (size_t i = 0; i < v->targets.count; i++)
        targets += tally_all(&v->targets.at[i].recent) > 0;
    const char *const values[] = {
        word_number(s, l, (int64_t)v->recent.count[GW_STATE_BLOCKED]),
        word_number(s, l, tally_judged(&v->recent)),
        word_number(s, l, (int64_t)targets),
        word_day(s, l, (gw_time)v->targets.newest * GW_DAY)};
    return page_words(s, l, "lead.network", values, GW_COUNT(values));
}

static void put_targets(struct page *p, const struct view *v)
{
    static const char *const heads[] = {"col.target", "col.recent", "col.ever",
                                        "col.last"};
    size_t n = v->targets.count < LIST_MAX ? v->targets.count : LIST_MAX;
    incident_section(p, "targets", "network.targets");
    incident_table(p, "network.targets", "targets-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (size_t i = 0; i < n; i++) {
        const struct group *g = &v->targets.at[i];
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        put_target(p, p->site->targets[g->id].name);
        gw_put_str(p->out, "</th><td>");
        put_tally(p, &g->recent);
        gw_put_str(p->out, "</td><td>");
        put_tally(p, &g->all);
        gw_put_str(p->out, "</td><td>");
        put_day(p, (gw_time)g->all.last * GW_DAY);
        gw_put_str(p->out, "</td></tr>\n");
    }
    incident_table_end(p);
    if (v->targets.count > n) {
        gw_put_str(p->out, "<p>");
        SAY(p, "network.targets.more",
            word_number(p->site, p->lang, (int64_t)(v->targets.count - n)));
        gw_put_str(p->out, "</p>\n");
    }
    incident_section_end(p);
}

// Volume of the last weeks, day by day: whether it is heard at all.
static void put_heard(struct page *p, const struct view *v)
{
    enum { DAYS = 90 };
    struct chart_cell cells[DAYS] = {0};
    int32_t first = v->targets.newest - DAYS + 1;
    for (uint32_t i = 0; i < v->rows.range.count; i++) {
        const struct day *d = rows_at(&v->rows, i);
        if (d->main && d->day >= first)
            chart_cell_add(&cells[d->day - first], d->count, d->observers);
    }
    struct site *s = p->site;
    const char *const values[] = {
        name_of(v, p->lang),
        word_day(s, p->lang, (gw_time)v->targets.newest * GW_DAY)};
    struct chart c = {
        .page = p,
        .id = "heard",
        .title = page_words(s, p->lang, "network.heard.chart", values, 2)};
    incident_section(p, "signals", "network.heard");
    chart_strip(&c, (gw_time)first * GW_DAY, cells, DAYS);
    incident_section_end(p);
}

static int put_weeks(struct page *p, const struct view *v, struct gw_why *why)
{
    const char *const values[] = {name_of(v, p->lang)};
    gw_span title = page_words(p->site, p->lang, "network.weeks", values, 1);
    bool table = p->lang == GW_ENGLISH;
    gw_buf_reset(&p->site->data);
    incident_section(p, "by-week", "weeks.title");
    int rc = put_week_matrix(p, &v->rows, &v->targets, GROUP_BY_TARGET, title,
                             v->weeks, table ? &p->site->data : NULL, why);
    incident_section_end(p);
    return rc || !table ? rc : data_file(p->site, v->weeks, why);
}

static int write_page(const struct view *v, enum gw_language l,
                      struct gw_why *why)
{
    char path[SITE_PATH], country[SITE_PATH];
    int rc = 0;
    struct site *s = v->site;
    snprintf(path, sizeof path, "network/%s.html", v->network->slug);
    snprintf(country, sizeof country, "country/%s.html",
             s->countries[v->network->country].slug);
    struct page p = {
        .site = s,
        .lang = l,
        .path = path,
        .title = heading(v, l),
        .description = lead(v, l),
        .json = v->json,
        .csv = v->csv,
        .nav = "network",
        .risk = true,
        .synthetic = s->synthetic,
        .crumbs = {{country, gw_str(word_country(s, l, v->cc))},
                   {"network/index.html", gw_message(l, "nav.networks")}}};
    page_begin(&p);
    put_description(&p);
    put_incident_sections(&p, &v->incidents);
    if (v->targets.count) {
        rc = put_weeks(&p, v, why);
        put_heard(&p, v);
        put_targets(&p, v);
    }
    incident_section(&p, "limits", "limits.title");
    incident_paragraph(&p, "limits.network");
    incident_section_end(&p);
    return rc ? rc : page_end(&p, why);
}

static int write_json(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    struct gw_jw w = json_begin(s);
    json_network(&w, v->network->asn, v->network->org, v->cc);
    gw_jw_kstr(&w, "title", heading(v, GW_ENGLISH));
    json_tally(&w, "recent", &v->recent);
    json_tally(&w, "all", &v->all);
    json_incidents(&w, &v->incidents);
    json_targets(&w, s, &v->targets);
    gw_jw_kstr(&w, "days", gw_str(v->csv));
    return json_end(s, &w, v->json, why);
}

static int write_csv(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    gw_buf_reset(&s->data);
    csv_days_heading(&s->data);
    for (uint32_t i = 0; i < v->rows.range.count; i++)
        if (rows_at(&v->rows, i)->main)
            csv_day(s, rows_at(&v->rows, i), &s->data);
    return data_file(s, v->csv, why);
}

static int publish_network(struct site *s, uint32_t id, struct gw_why *why)
{
    struct view v = {.site = s,
                     .network = &s->networks[id],
                     .rows = rows_of_network(s, id),
                     .recent = tally_empty(),
                     .all = tally_empty()};
    v.cc = s->countries[v.network->country].cc;
    snprintf(v.json, SITE_PATH, "network/%s.json", v.network->slug);
    snprintf(v.csv, SITE_PATH, "network/%s.csv", v.network->slug);
    snprintf(v.weeks, SITE_PATH, "network/%s-weeks.csv", v.network->slug);
    int rc = groups_of(&v.rows, GROUP_BY_TARGET, &v.targets, why);
    rc = rc ? rc : incidents_of(s, incident_of_network, id, &v.incidents, why);
    if (!rc)
        rows_sum(&v.rows, v.targets.newest, &v.all, &v.recent);
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++)
        rc = write_page(&v, (enum gw_language)l, why);
    rc = rc ? rc : write_json(&v, why);
    rc = rc ? rc : write_csv(&v, why);
    gw_free(v.targets.at);
    return rc;
}

int publish_networks(struct site *s, struct gw_why *why)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < s->network_count; i++)
        rc = publish_network(s, (uint32_t)i, why);
    return rc;
}
