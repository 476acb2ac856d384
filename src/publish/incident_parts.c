// What an incident rests on: its networks, the rules that speak, what speaks
// against it or is not known, and the findings that carry it.
#include "publish/incident.h"

#include <stdio.h>

enum { NETWORKS_MAX = 60 }; // in the page's table; all are in the JSON

void incident_section(struct page *p, const char *id, const char *message)
{
    gw_put_fmt(p->out, "<section id=\"%s\"><h2>", id);
    put_text(p, message);
    gw_put_str(p->out, "</h2>\n");
}

void incident_section_end(struct page *p)
{
    gw_put_str(p->out, "</section>\n");
}

void incident_paragraph(struct page *p, const char *message)
{
    gw_put_str(p->out, "<p>");
    put_text(p, message);
    gw_put_str(p->out, "</p>\n");
}

int64_t incident_number(gw_jv object, const char *key)
{
    int64_t n = 0;
    return gw_jv_int(gw_jv_get(object, key), &n) ? n : 0;
}

static double odds(gw_jv object)
{
    return (double)incident_number(object, "log_odds_milli") / 1000;
}

const char *incident_text(struct page *p, gw_jv v)
{
    const char *s = gw_arena_cstr(p->site->arena, gw_jv_str(v));
    return s ? s : "";
}

int64_t incident_all(gw_jv counts)
{
    return incident_number(counts, "blocked") +
           incident_number(counts, "down") + incident_number(counts, "ok") +
           incident_number(counts, "unknown");
}

void incident_end(struct page *p, const gw_time until[2], const char *cc)
{
    if (until[0] == GW_NEVER && until[1] == GW_NEVER)
        put_text(p, "incident.not_over");
    else
        put_interval(p, until, cc);
}

// ---- networks -------------------------------------------------------------

static void put_layers(struct page *p, gw_jv layers)
{
    bool first = true;
    for (gw_jit it = gw_jv_iter(layers); gw_jit_next(&it);) {
        if (!first)
            put_text(p, "list.comma");
        first = false;
        for (int l = 0; l < GW_LAYER_COUNT; l++)
            if (gw_is(gw_jv_str(it.value), gw_layer_name((enum gw_layer)l)))
                gw_put_str(p->out, word_layer(p->site, p->lang, l));
    }
}

static void put_network_row(struct page *p, const struct incident *i, gw_jv n)
{
    int64_t asn;
    gw_time since[2], until[2];
    gw_jv counts = gw_jv_get(n, "counts");
    if (!gw_jv_int(gw_jv_get(n, "asn"), &asn))
        asn = GW_NULL;
    incident_interval(gw_jv_get(n, "since"), since);
    incident_interval(gw_jv_get(n, "until"), until);
    gw_put_str(p->out, "<tr><th scope=\"row\">");
    put_network(p, i->row.cc, asn, incident_text(p, gw_jv_get(n, "org")));
    gw_put_str(p->out, "</th><td>");
    put_interval(p, since, i->row.cc);
    gw_put_str(p->out, "</td><td>");
    incident_end(p, until, i->row.cc);
    gw_put_str(p->out, "</td><td>");
    put_counts(p, incident_number(counts, "blocked"), incident_all(counts),
               incident_number(n, "observers"));
    gw_put_str(p->out, "</td><td>");
    put_confidence(p, incident_text(p, gw_jv_get(n, "confidence")), odds(n));
    gw_put_str(p->out, "</td><td>");
    put_layers(p, gw_jv_get(n, "layers"));
    gw_put_str(p->out, "</td></tr>\n");
}

void incident_heading(struct page *p, const char *const *messages, size_t n)
{
    gw_put_str(p->out, "<thead><tr>");
    for (size_t i = 0; i < n; i++) {
        gw_put_str(p->out, "<th scope=\"col\">");
        put_text(p, messages[i]);
        gw_put_str(p->out, "</th>");
    }
    gw_put_str(p->out, "</tr></thead><tbody>\n");
}

void incident_table(struct page *p, const char *caption, const char *id)
{
    gw_put_fmt(p->out,
               "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
               "aria-labelledby=\"%s\"><table><caption id=\"%s\">",
               id, id);
    put_text(p, caption);
    gw_put_str(p->out, "</caption>");
}

void incident_table_end(struct page *p)
{
    gw_put_str(p->out, "</tbody></table></div>\n");
}

void incident_put_networks(struct page *p, const struct incident *i, gw_jv body,
                           const struct incident_view *v)
{
    static const char *const heads[] = {
        "incident.n.network",  "incident.n.since", "incident.n.until",
        "incident.n.measured", "incident.n.sure",  "incident.n.layers"};
    size_t n = 0;
    incident_section(p, "networks", "incident.h.networks");
    incident_table(p, "incident.networks.caption", "networks-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "networks"));
         gw_jit_next(&it) && n < NETWORKS_MAX; n++)
        put_network_row(p, i, it.value);
    incident_table_end(p);
    if (v->networks > n) {
        gw_put_str(p->out, "<p>");
        SAY(p, "incident.networks.more",
            word_number(p->site, p->lang, (int64_t)(v->networks - n)));
        gw_put_str(p->out, "</p>\n");
    }
    if (v->others) {
        gw_put_str(p->out, "<p>");
        SAY(p, "incident.networks.others",
            word_number(p->site, p->lang, (int64_t)v->others));
        gw_put_str(p->out, "</p>\n");
    }
    incident_section_end(p);
}

// ---- why ------------------------------------------------------------------

void incident_put_methods(struct page *p, gw_jv body)
{
    incident_section(p, "why", "incident.h.why");
    incident_paragraph(p, "incident.why");
    gw_put_str(p->out, "<ol class=\"rules\">");
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "methods"));
         gw_jit_next(&it);) {
        gw_span rule = gw_jv_str(gw_jv_get(it.value, "rule"));
        gw_span example = gw_jv_str(gw_jv_get(it.value, "example"));
        gw_put_str(p->out, "<li><p lang=\"en\" dir=\"ltr\">");
        gw_put_html(p->out, gw_jv_str(gw_jv_get(it.value, "text")));
        gw_put_str(p->out, "</p><p>");
        SAY(p, "incident.method",
            word_number(p->site, p->lang,
                        incident_number(it.value, "measurements")),
            incident_text(p, gw_jv_get(it.value, "rule")));
        gw_put_str(p->out, " ");
        if (rule.len && example.len)
            put_explain(p, incident_text(p, gw_jv_get(it.value, "example")));
        gw_put_str(p->out, "</p></li>\n");
    }
    gw_put_str(p->out, "</ol>\n");
    incident_section_end(p);
}

// A list of texts or of {"what","text"}: translated where there are words for
// it, else as the analysis wrote it, which is English.
static void put_limits(struct page *p, gw_jv list)
{
    for (gw_jit it = gw_jv_iter(list); gw_jit_next(&it);) {
        gw_span what = gw_jv_str(gw_jv_get(it.value, "what"));
        gw_span text = what.len ? gw_jv_str(gw_jv_get(it.value, "text"))
                                : gw_jv_str(it.value);
        char id[48];
        snprintf(id, sizeof id, "guard.%.*s",
                 (int)(what.len < 32 ? what.len : 32), (const char *)what.at);
        gw_put_str(p->out, "<li>");
        if (what.len && !gw_is(gw_message(p->lang, id), id)) {
            gw_put_str(p->out, "<strong>");
            put_text(p, id);
            gw_put_str(p->out, "</strong> ");
        }
        gw_put_str(p->out, "<span lang=\"en\" dir=\"ltr\">");
        gw_put_html(p->out, text);
        gw_put_str(p->out, "</span></li>\n");
    }
}

void incident_put_doubts(struct page *p, gw_jv body)
{
    gw_jv guards = gw_jv_get(body, "guards");
    gw_jv unknown = gw_jv_get(body, "unknown");
    incident_section(p, "limits", "incident.h.limits");
    if (gw_jv_count(guards)) {
        incident_paragraph(p, "incident.guards");
        gw_put_str(p->out, "<ul>");
        put_limits(p, guards);
        gw_put_str(p->out, "</ul>\n");
    }
    incident_paragraph(p, "incident.unknown");
    gw_put_str(p->out, "<ul>");
    put_limits(p, unknown);
    gw_put_str(p->out, "<li>");
    put_text(p, "incident.cause");
    gw_put_str(p->out, "</li></ul>\n");
    incident_section_end(p);
}

void incident_put_ids(struct page *p, gw_jv list)
{
    gw_put_str(p->out, "<ul class=\"ids\">");
    for (gw_jit it = gw_jv_iter(list); gw_jit_next(&it);) {
        char path[GW_ID_TEXT + 32];
        struct gw_id parsed;
        gw_span id = gw_jv_str(it.value);
        if (!gw_id_parse(id, &parsed))
            continue;
        snprintf(path, sizeof path, "explain/%.*s.html", (int)id.len,
                 (const char *)id.at);
        gw_put_str(p->out, "<li>");
        put_link(p, path, id);
        site_want(p->site, incident_text(p, it.value));
        gw_put_str(p->out, "</li>");
    }
    gw_put_str(p->out, "</ul>\n");
}

void incident_put_evidence(struct page *p, gw_jv body)
{
    incident_section(p, "evidence", "incident.h.evidence");
    incident_paragraph(p, "incident.evidence");
    incident_put_ids(p, gw_jv_get(body, "evidence"));
    incident_section_end(p);
}
