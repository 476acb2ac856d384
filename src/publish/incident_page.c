// The page of one incident, and its twins: what was done, since when, how sure,
// by which rules, on what measurements, how to check and how to cite it.
#include "publish/incident.h"

#include <stdio.h>

// ---- the first words ------------------------------------------------------

static void put_lead(struct page *p, const struct incident *i, gw_jv body)
{
    struct site *s = p->site;
    gw_span state = gw_jv_str(gw_jv_get(body, "state"));
    const char *newest =
        s->newest == GW_NEVER ? "" : word_day(s, p->lang, s->newest);
    gw_put_str(p->out, i->row.withdrawn ? "<p class=\"lead warning\">"
                                        : "<p class=\"lead\">");
    if (i->row.withdrawn || gw_is(state, "withdrawn"))
        put_text(p, "incident.lead.withdrawn");
    else if (gw_is(state, "over"))
        SAY(p, "incident.lead.over", newest);
    else
        SAY(p, "incident.lead.ongoing", newest);
    gw_put_str(p->out, "</p>\n");
}

static void fact(struct page *p, const char *message)
{
    gw_put_str(p->out, "<div><dt>");
    put_text(p, message);
    gw_put_str(p->out, "</dt><dd>");
}

static void fact_end(struct page *p)
{
    gw_put_str(p->out, "</dd></div>\n");
}

static void put_facts(struct page *p, const struct incident *i, gw_jv body)
{
    gw_jv counts = gw_jv_get(body, "counts");
    gw_put_str(p->out, "<dl class=\"facts\">\n");
    if (i->row.target[0]) {
        fact(p, "incident.f.target");
        put_target(p, i->row.target);
        fact_end(p);
    }
    fact(p, "incident.f.where");
    put_country(p, i->row.cc);
    fact_end(p);
    fact(p, "incident.f.since");
    put_interval(p, i->row.since, i->row.cc);
    fact_end(p);
    fact(p, "incident.f.until");
    incident_end(p, i->row.until, i->row.cc);
    fact_end(p);
    fact(p, "incident.f.sure");
    put_confidence(p, i->row.confidence, i->row.log_odds);
    fact_end(p);
    fact(p, "incident.f.measured");
    put_counts(p, incident_number(counts, "blocked"), incident_all(counts),
               i->row.observers);
    fact_end(p);
    gw_put_str(p->out, "</dl>\n");
}

// Days of the week and hours (UTC) on which blocking was seen.
static void put_pattern(struct page *p, gw_jv pattern)
{
    int64_t n;
    bool first = true;
    if (!gw_jv_has(pattern))
        return;
    gw_put_str(p->out, "<p>");
    put_text(p, "incident.pattern");
    gw_put_str(p->out, " ");
    for (gw_jit it = gw_jv_iter(gw_jv_get(pattern, "weekdays"));
         gw_jit_next(&it);) {
        char id[24];
        if (!gw_jv_int(it.value, &n) || n < 1 || n > 7)
            continue;
        snprintf(id, sizeof id, "weekday.%d", (int)n);
        if (!first)
            put_text(p, "list.comma");
        put_text(p, id);
        first = false;
    }
    size_t hours = gw_jv_count(gw_jv_get(pattern, "hours"));
    if (hours && hours < 24) {
        gw_put_str(p->out, ". ");
        put_text(p, "incident.hours");
        first = true;
        for (gw_jit it = gw_jv_iter(gw_jv_get(pattern, "hours"));
             gw_jit_next(&it);) {
            if (!gw_jv_int(it.value, &n))
                continue;
            if (first)
                gw_put_str(p->out, " ");
            else
                put_text(p, "list.comma");
            put_n(p, n);
            first = false;
        }
    }
    gw_put_str(p->out, "</p>\n");
}

// ---- check, cite, history -------------------------------------------------

static const char *first_evidence(struct page *p, gw_jv body)
{
    struct gw_id id;
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "evidence")); gw_jit_next(&it);)
        if (gw_id_parse(gw_jv_str(it.value), &id))
            return incident_text(p, it.value);
    return NULL;
}

static void put_leaf(struct page *p, const struct incident *i)
{
    struct gw_leaf_row leaf;
    struct gw_buf entry;
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc = gw_leaf_newest(p->site->archive, "incident", i->row.id, &leaf,
                            &entry, NULL);
    gw_put_str(p->out, "<p>");
    if (rc)
        put_text(p, "incident.leaf.none");
    else
        SAY(p, "incident.leaf",
            word_number(p->site, p->lang, (int64_t)leaf.index));
    gw_put_str(p->out, "</p>\n");
    gw_buf_release(&entry);
}

static void put_check(struct page *p, const struct incident *i, gw_jv body)
{
    const char *example = first_evidence(p, body);
    incident_section(p, "check", "incident.h.check");
    incident_paragraph(p, "incident.check");
    put_commands(p, example ? example : i->row.id, NULL);
    put_leaf(p, i);
    gw_put_str(p->out, "<p>");
    put_explain(p, i->row.id);
    gw_put_str(p->out, "</p>\n");
    incident_section_end(p);
}

// Where the log stood is on one page of the site, so that this one changes
// only when the incident does.
static void put_cite(struct page *p, const struct incident *i)
{
    struct site *s = p->site;
    char version[24];
    incident_section(p, "cite", "incident.h.cite");
    snprintf(version, sizeof version, "%lld", (long long)i->row.version);
    gw_put_str(p->out, "<p class=\"cite\"><q>");
    gw_put_html(p->out, p->title);
    gw_put_str(p->out, "</q> ");
    SAY(p, "incident.cite", i->row.id, version,
        i->row.changed == GW_NEVER ? "" : word_day(s, p->lang, i->row.changed));
    gw_put_str(p->out, " ");
    put_link(p, "verify.html", gw_message(p->lang, "incident.cite.log"));
    gw_put_str(p->out, "</p>\n");
    incident_section_end(p);
}

static int put_version(void *ctx, const struct gw_incident_row *row)
{
    struct page *p = ctx;
    gw_put_str(p->out, "<tr><th scope=\"row\">");
    put_n(p, row->version);
    gw_put_str(p->out, "</th><td>");
    if (row->changed != GW_NEVER)
        put_time(p, row->changed, row->cc);
    gw_put_str(p->out, "</td><td>");
    if (row->withdrawn)
        put_text(p, "incident.withdrawn");
    else
        put_interval(p, row->since, row->cc);
    gw_put_str(p->out, "</td><td>");
    if (!row->withdrawn)
        incident_end(p, row->until, row->cc);
    gw_put_str(p->out, "</td><td>");
    put_confidence(p, row->confidence, row->log_odds);
    gw_put_str(p->out, "</td><td>");
    put_counts(p, row->blocked, row->measurements, row->observers);
    gw_put_str(p->out, "</td></tr>\n");
    return 0;
}

static int put_history(struct page *p, const struct incident *i,
                       struct gw_why *why)
{
    static const char *const heads[] = {
        "incident.v.version", "incident.v.made", "incident.n.since",
        "incident.n.until",   "incident.n.sure", "incident.n.measured"};
    incident_section(p, "history", "incident.h.history");
    incident_paragraph(p, "incident.history");
    incident_table(p, "incident.h.history", "history-c");
    incident_heading(p, heads, GW_COUNT(heads));
    int rc =
        gw_incident_history(p->site->archive, i->row.id, put_version, p, why);
    incident_table_end(p);
    incident_section_end(p);
    return rc;
}

// ---- the page and its twins -----------------------------------------------

// schema.org: an Event, which is what it is.
static gw_span json_ld(struct site *s, const struct incident *i)
{
    struct gw_buf b;
    char day[GW_TIME_TEXT];
    gw_time begin =
        i->row.since[0] != GW_NEVER ? i->row.since[0] : i->row.since[1];
    gw_buf_init(&b, 16 << 10);
    struct gw_jw w = gw_jw_on(&b);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "@context", GW_LIT("https://schema.org"));
    gw_jw_kstr(&w, "@type", GW_LIT("Event"));
    gw_jw_kstr(&w, "identifier", gw_str(i->row.id));
    gw_jw_kstr(&w, "name", i->title[GW_ENGLISH]);
    if (begin != GW_NEVER)
        gw_jw_kstr(&w, "startDate", gw_span_of(day, gw_format_day(begin, day)));
    if (i->row.until[1] != GW_NEVER)
        gw_jw_kstr(&w, "endDate",
                   gw_span_of(day, gw_format_day(i->row.until[1], day)));
    gw_jw_key(&w, "location");
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "@type", GW_LIT("Country"));
    gw_jw_kstr(&w, "name", gw_str(word_country(s, GW_ENGLISH, i->row.cc)));
    gw_jw_close(&w, '}');
    gw_jw_close(&w, '}');
    gw_span copy =
        b.err ? (gw_span){0} : gw_arena_copy(s->arena, gw_buf_span(&b));
    gw_buf_release(&b);
    return copy;
}

static int write_twins(struct site *s, const struct incident_view *v,
                       struct gw_why *why)
{
    char path[SITE_PATH];
    const struct gw_incident_row *row = &v->incident->row;
    struct gw_buf *b = &s->data;
    snprintf(path, sizeof path, "data/incident/%s.json", row->id);
    gw_buf_reset(b);
    gw_put_span(b, row->body);
    gw_put_u8(b, '\n');
    int rc = b->err ? gw_fail(why, b->err, "%s", path)
                    : site_file(s, path, gw_buf_span(b), why);
    snprintf(path, sizeof path, "data/incident/%s.csv", row->id);
    gw_buf_reset(b);
    incident_put_days(s, v, b);
    rc = rc       ? rc
         : b->err ? gw_fail(why, b->err, "%s", path)
                  : site_file(s, path, gw_buf_span(b), why);
    gw_buf_reset(b);
    return rc;
}

static int write_page(struct site *s, const struct incident_view *v,
                      enum gw_language l, struct gw_why *why)
{
    const struct incident *i = v->incident;
    char json[64], csv[64], chart[64], chart_path[80];
    snprintf(json, sizeof json, "incident/%s.json", i->row.id);
    snprintf(csv, sizeof csv, "incident/%s.csv", i->row.id);
    snprintf(chart, sizeof chart, "incident/%s-timeline.csv", i->row.id);
    snprintf(chart_path, sizeof chart_path, "data/%s", chart);
    struct page p = {
        .site = s,
        .lang = l,
        .path = i->path,
        .title = i->title[l],
        .description = i->title[l],
        .json = json,
        .csv = csv,
        .json_ld = json_ld(s, i),
        .nav = "incident",
        .risk = true,
        .synthetic = i->row.synthetic,
        .crumbs = {{"incident/index.html", gw_message(l, "incident.crumb")}}};
    gw_jv body = site_body(s, i);
    page_begin(&p);
    put_lead(&p, i, body);
    put_facts(&p, i, body);
    put_pattern(&p, gw_jv_get(body, "pattern"));
    incident_section(&p, "timeline", "incident.h.timeline");
    gw_buf_reset(&s->data);
    // The file has one set of words for both languages: English.
    incident_put_timeline(&p, v, chart, l == GW_ENGLISH ? &s->data : NULL);
    if (v->networks > v->lane_count) {
        gw_put_str(p.out, "<p>");
        SAY(&p, "incident.networks.drawn",
            word_number(s, l, (int64_t)v->lane_count),
            word_number(s, l, (int64_t)v->networks));
        gw_put_str(p.out, "</p>\n");
    }
    put_downloads(&p);
    incident_section_end(&p);
    incident_put_networks(&p, i, body, v);
    incident_put_methods(&p, body);
    incident_put_doubts(&p, body);
    incident_put_evidence(&p, body);
    put_check(&p, i, body);
    put_cite(&p, i);
    int rc = put_history(&p, i, why);
    if (!rc && l == GW_ENGLISH)
        rc = s->data.err ? gw_fail(why, s->data.err, "%s", chart_path)
                         : site_file(s, chart_path, gw_buf_span(&s->data), why);
    return rc ? rc : page_end(&p, why);
}

int publish_incidents(struct site *s, struct gw_why *why)
{
    int rc = 0;
    for (size_t k = 0; k < s->incident_count && !rc; k++) {
        struct incident_view v;
        rc = incident_view(s, &s->incidents[k], &v, why);
        for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++)
            rc = write_page(s, &v, (enum gw_language)l, why);
        rc = rc ? rc : write_twins(s, &v, why);
        incident_view_release(&v);
    }
    return rc;
}
