// The page of a service or host: where it is blocked now, week by week on each
// network, and how the blocking works.
#include "publish/parts.h"

#include <stdio.h>

struct view {
    struct site *site;
    uint32_t id;
    const struct target *target;
    struct rows rows;
    struct groups networks;
    struct tally recent, all;
    struct incidents incidents;
    struct tally layers[GW_LAYER_COUNT];
    const char *rules[GW_LAYER_COUNT]; // of the day with most blocked
    char json[SITE_PATH], csv[SITE_PATH], weeks[SITE_PATH];
};

// ---- what it says -----------------------------------------------------------
// Networks and countries of what is going on.
static size_t blocked_countries(const struct view *v, const char **ret_cc)
{
    size_t n = 0;
    for (size_t i = 0; i < v->incidents.ongoing; i++) {
        const struct incident *x = v->incidents.at[i];
        bool seen = !is_interference(x);
        for (size_t k = 0; k < i && !seen; k++)
            seen = is_interference(v->incidents.at[k]) &&
                   v->incidents.at[k]->country == x->country;
        if (!seen && !n++)
            *ret_cc = x->row.cc;
    }
    return n;
}

static gw_span heading(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    const char *cc = "", *name = word_target(s, l, v->target->name);
    size_t countries = blocked_countries(v, &cc);
    if (countries == 1)
        return page_words(s, l, "target.title.blocked",
                          (const char *const[]){name, word_country(s, l, cc)},
                          2);
    if (countries)
        return page_words(
            s, l, "target.title.countries",
            (const char *const[]){name, word_number(s, l, (int64_t)countries)},
            2);
    const char *id = v->incidents.count ? "target.title.past"
                     : tally_judged(&v->all) < CHART_FLOOR
                         ? "target.title.unknown"
                         : "target.title.none";
    return page_words(s, l, id, (const char *const[]){name}, 1);
}

static gw_span lead(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    size_t networks = 0;
    for (size_t i = 0; i < v->networks.count; i++)
        networks += tally_all(&v->networks.at[i].recent) > 0;
    if (!tally_all(&v->all))
        return page_words(s, l, "lead.nothing", NULL, 0);
    const char *const values[] = {
        word_number(s, l, (int64_t)v->recent.count[GW_STATE_BLOCKED]),
        word_number(s, l, tally_judged(&v->recent)),
        word_number(s, l, (int64_t)networks),
        word_day(s, l, (gw_time)v->networks.newest * GW_DAY)};
    return page_words(s, l, networks == 1 ? "lead.recent.one" : "lead.recent",
                      values, GW_COUNT(values));
}

// ---- sections ---------------------------------------------------------------
static void put_how(struct page *p, const struct view *v)
{
    static const char *const heads[] = {"how.layer", "how.counts", "how.rule"};
    bool any = false;
    for (int l = 0; l < GW_LAYER_ALL; l++)
        any = any || v->layers[l].count[GW_STATE_BLOCKED];
    if (!any)
        return;
    incident_section(p, "how", "how.title");
    incident_paragraph(p, "how.text");
    incident_table(p, "how.title", "how-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (int l = 0; l < GW_LAYER_ALL; l++) {
        const struct tally *t = &v->layers[l];
        if (!t->count[GW_STATE_BLOCKED])
            continue;
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        gw_put_html(p->out, gw_str(word_layer(p->site, p->lang, l)));
        gw_put_str(p->out, "</th><td>");
        put_tally(p, t);
        gw_put_str(p->out, "</td><td><code>");
        gw_put_html(p->out, gw_str(v->rules[l]));
        gw_put_str(p->out, "</code></td></tr>\n");
    }
    incident_table_end(p);
    incident_section_end(p);
}

static void put_networks(struct page *p, const struct view *v)
{
    static const char *const heads[] = {"col.network", "col.country",
                                        "col.recent", "col.ever", "col.last"};
    size_t n = v->networks.count < LIST_MAX ? v->networks.count : LIST_MAX;
    incident_section(p, "networks", "target.networks");
    incident_table(p, "target.networks", "networks-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (size_t i = 0; i < n; i++) {
        const struct group *g = &v->networks.at[i];
        const struct network *net = &p->site->networks[g->id];
        const char *cc = p->site->countries[net->country].cc;
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        put_network(p, cc, net->asn, net->org);
        gw_put_str(p->out, "</th><td>");
        put_country(p, cc);
        gw_put_str(p->out, "</td><td>");
        put_tally(p, &g->recent);
        gw_put_str(p->out, "</td><td>");
        put_tally(p, &g->all);
        gw_put_str(p->out, "</td><td>");
        put_day(p, (gw_time)g->all.last * GW_DAY);
        gw_put_str(p->out, "</td></tr>\n");
    }
    incident_table_end(p);
    incident_section_end(p);
}

static int put_weeks(struct page *p, const struct view *v, struct gw_why *why)
{
    const char *const values[] = {
        word_target(p->site, p->lang, v->target->name)};
    gw_span title = page_words(p->site, p->lang, "target.weeks", values, 1);
    bool table = p->lang == GW_ENGLISH;
    gw_buf_reset(&p->site->data);
    incident_section(p, "by-week", "weeks.title");
    int rc = put_week_matrix(p, &v->rows, &v->networks, GROUP_BY_NETWORK, title,
                             v->weeks, table ? &p->site->data : NULL, why);
    incident_section_end(p);
    return rc || !table ? rc : data_file(p->site, v->weeks, why);
}

// ---- files ------------------------------------------------------------------
static int write_page(const struct view *v, enum gw_language l,
                      struct gw_why *why)
{
    char path[SITE_PATH];
    int rc = 0;
    struct site *s = v->site;
    snprintf(path, sizeof path, "target/%s.html", v->target->slug);
    struct page p = {
        .site = s,
        .lang = l,
        .path = path,
        .title = heading(v, l),
        .description = lead(v, l),
        .json = v->json,
        .csv = v->csv,
        .nav = "target",
        .risk = true,
        .synthetic = s->synthetic,
        .crumbs = {{"target/index.html", gw_message(l, "nav.targets")}}};
    page_begin(&p);
    put_description(&p);
    if (v->target->shown != v->target->name) {
        gw_put_str(p.out, "<p>");
        SAY(&p, "target.idn", v->target->name);
        gw_put_str(p.out, "</p>\n");
    }
    if (v->incidents.count)
        put_incident_sections(&p, &v->incidents);
    if (v->networks.count) {
        rc = put_weeks(&p, v, why);
        put_how(&p, v);
        put_networks(&p, v);
    }
    incident_section(&p, "limits", "limits.title");
    incident_paragraph(&p, "limits.target");
    incident_section_end(&p);
    return rc ? rc : page_end(&p, why);
}

static int write_json(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    struct gw_jw w = json_begin(s);
    gw_jw_kstr(&w, "target", gw_str(v->target->name));
    gw_jw_kstr(&w, "title", heading(v, GW_ENGLISH));
    json_tally(&w, "recent", &v->recent);
    json_tally(&w, "all", &v->all);
    json_incidents(&w, &v->incidents);
    gw_jw_key(&w, "networks");
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < v->networks.count; i++) {
        const struct group *g = &v->networks.at[i];
        const struct network *n = &s->networks[g->id];
        gw_jw_open(&w, '{');
        json_network(&w, n->asn, n->org, s->countries[n->country].cc);
        json_tally(&w, "recent", &g->recent);
        json_tally(&w, "all", &g->all);
        gw_jw_close(&w, '}');
    }
    gw_jw_close(&w, ']');
    gw_jw_kstr(&w, "days", gw_str(v->csv));
    return json_end(s, &w, v->json, why);
}

static int write_csv(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    gw_buf_reset(&s->data);
    csv_days_heading(&s->data);
    for (uint32_t i = 0; i < v->rows.range.count; i++)
        csv_day(s, rows_at(&v->rows, i), &s->data);
    return data_file(s, v->csv, why);
}

static void sum_days(struct view *v)
{
    uint32_t most[GW_LAYER_COUNT] = {0};
    rows_sum(&v->rows, v->networks.newest, &v->all, &v->recent);
    for (int l = 0; l < GW_LAYER_COUNT; l++) {
        v->layers[l] = tally_empty();
        v->rules[l] = "";
    }
    for (uint32_t i = 0; i < v->rows.range.count; i++) {
        const struct day *d = rows_at(&v->rows, i);
        if (d->layer >= GW_LAYER_COUNT)
            continue;
        tally_add(&v->layers[d->layer], d);
        if (d->count[GW_STATE_BLOCKED] > most[d->layer]) {
            most[d->layer] = d->count[GW_STATE_BLOCKED];
            v->rules[d->layer] = d->rule;
        }
    }
}

static int publish_target(struct site *s, uint32_t id, struct gw_why *why)
{
    struct view v = {.site = s,
                     .id = id,
                     .target = &s->targets[id],
                     .rows = rows_of_target(s, id)};
    snprintf(v.json, SITE_PATH, "target/%s.json", v.target->slug);
    snprintf(v.csv, SITE_PATH, "target/%s.csv", v.target->slug);
    snprintf(v.weeks, SITE_PATH, "target/%s-weeks.csv", v.target->slug);
    int rc = groups_of(&v.rows, GROUP_BY_NETWORK, &v.networks, why);
    rc = rc ? rc : incidents_of(s, incident_of_target, id, &v.incidents, why);
    if (!rc)
        sum_days(&v);
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++)
        rc = write_page(&v, (enum gw_language)l, why);
    rc = rc ? rc : write_json(&v, why);
    rc = rc ? rc : write_csv(&v, why);
    gw_free(v.networks.at);
    return rc;
}

int publish_targets(struct site *s, struct gw_why *why)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < s->target_count; i++)
        rc = publish_target(s, (uint32_t)i, why);
    return rc;
}
