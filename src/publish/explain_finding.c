// The explain page of a finding: statement, rules, measurement, evidence.
#include "publish/explain.h"

#include <stdio.h>

// ---- a finding --------------------------------------------------------------

static enum gw_state state_of(const struct gw_finding_row *f)
{
    bool known = f->state >= 0 && f->state < GW_STATE_COUNT;
    return known ? (enum gw_state)f->state : GW_STATE_UNKNOWN;
}

static gw_span finding_title(struct site *s, enum gw_language l,
                             const struct gw_finding_row *f)
{
    const char *target = gw_arena_cstr(s->arena, f->target);
    const char *org = gw_arena_cstr(s->arena, f->probe_as_org_name);
    const char *values[] = {
        word_target(s, l, target ? target : ""),
        word_network(s, l, f->probe_asn, org ? org : ""),
        word_state(s, l, state_of(f)),
        f->start_time == GW_NULL ? "" : word_day(s, l, f->start_time),
        word_layer(s, l, f->layer),
    };
    return page_words(s, l, "explain.title", values, GW_COUNT(values));
}

static void put_statement(struct page *p, const struct explained *e)
{
    const struct gw_finding_row *f = e->finding;
    char cc[8];
    snprintf(cc, sizeof cc, "%.*s",
             (int)(f->probe_cc.len < 7 ? f->probe_cc.len : 7),
             f->probe_cc.at ? (const char *)f->probe_cc.at : "");
    incident_section(p, "statement", "explain.h.statement");
    gw_put_str(p->out, "<dl class=\"facts\">");
    sheet_row(p, "explain.state");
    put_state(p, state_of(f));
    sheet_row_end(p);
    sheet_row(p, "explain.layer");
    gw_put_html(p->out, gw_str(word_layer(p->site, p->lang, f->layer)));
    sheet_row_end(p);
    if (f->start_time != GW_NULL) {
        sheet_row(p, "explain.time");
        put_time(p, f->start_time, cc);
        sheet_row_end(p);
    }
    sheet_row(p, "explain.where");
    put_country(p, cc);
    sheet_row_end(p);
    sheet_code(p, "explain.test", f->test_name);
    sheet_code(p, "explain.input", f->input);
    sheet_code(p, "explain.program", f->program);
    gw_put_str(p->out, "</dl>\n");
    if (f->synthetic == 1)
        incident_paragraph(p, "explain.synthetic");
    incident_section_end(p);
}

static void put_rule(struct page *p, const struct explain_world *w,
                     const struct gw_fired_row *r)
{
    char weight[32];
    gw_span text = explain_rule_text(w, r->rule);
    bool known = r->table >= 0 && r->table < GW_TABLE_COUNT;
    gw_put_str(p->out, "<li><p><code>");
    gw_put_html(p->out, r->rule);
    gw_put_str(p->out, "</code> ");
    if (text.len) {
        gw_put_str(p->out, "<span lang=\"en\" dir=\"ltr\">");
        gw_put_html(p->out, text);
        gw_put_str(p->out, "</span>");
    }
    gw_put_str(p->out, "</p><p>");
    snprintf(weight, sizeof weight, "%+.1f", r->llr);
    SAY(p, "explain.weight", weight);
    gw_put_str(p->out, "</p>");
    if (known && r->item != GW_NULL) {
        char at[96];
        bool list = r->list >= 0 && r->list < GW_LIST_COUNT;
        snprintf(at, sizeof at, "%s: %s[%lld]", gw_tables[r->table].name,
                 list ? gw_list_name((enum gw_list)r->list) : "",
                 (long long)r->item);
        gw_put_str(p->out, "<p>");
        SAY(p, "explain.fact", at);
        gw_put_str(p->out, "</p>");
    }
    if (r->detail.len) {
        gw_put_str(p->out, "<p><code dir=\"ltr\">");
        gw_put_html(p->out, r->detail);
        gw_put_str(p->out, "</code></p>");
    }
    gw_put_str(p->out, "</li>\n");
}

static void put_rules(struct page *p, const struct explain_world *w,
                      const struct explained *e)
{
    incident_section(p, "rules", "explain.h.rules");
    incident_paragraph(p, "explain.rules");
    gw_put_str(p->out, "<ol class=\"rules\">\n");
    for (size_t i = 0; i < e->fired_count; i++)
        if (e->fired[i].f == e->row)
            put_rule(p, w, &e->fired[i]);
    gw_put_str(p->out, "</ol>\n<p>");
    put_link(p, "method.html", gw_message(p->lang, "explain.method"));
    gw_put_str(p->out, "</p>\n");
    incident_section_end(p);
}

static void put_named(struct page *p, const struct explain_world *w,
                      const char *id)
{
    size_t n;
    const struct named_by *by = explain_named(w, id, &n);
    if (!n)
        return;
    incident_section(p, "part-of", "explain.h.named");
    gw_put_str(p->out, "<ul>");
    for (size_t i = 0; i < n; i++) {
        gw_put_str(p->out, "<li>");
        put_incident(p, &p->site->incidents[by[i].incident]);
        gw_put_str(p->out, "</li>");
    }
    gw_put_str(p->out, "</ul>\n");
    incident_section_end(p);
}

static void put_source(struct page *p, const struct explained *e)
{
    char id[GW_ID_TEXT];
    struct gw_id m;
    sheet_object(p, e->object);
    gw_put_str(p->out, "<dl class=\"facts\">");
    if (gw_id_parse(gw_str(e->id), &m)) {
        m.kind = 'm';
        sheet_code(p, "explain.measurement",
                   gw_span_of(id, gw_id_format(&m, id)));
    }
    sheet_number(p, "explain.position", e->finding->record);
    gw_put_str(p->out, "</dl>\n");
    sheet_leaf(p, e->leaf);
    incident_section_end(p);
}

static void json_finding(struct site *s, const struct explained *e)
{
    const struct gw_finding_row *f = e->finding;
    char time[GW_TIME_TEXT];
    struct gw_jw w = gw_jw_on(&s->data);
    gw_buf_reset(&s->data);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "id", gw_str(e->id));
    gw_jw_kstr(&w, "state", gw_str(gw_state_name(state_of(f))));
    if (f->layer >= 0 && f->layer < GW_LAYER_COUNT)
        gw_jw_kstr(&w, "layer", gw_str(gw_layer_name((enum gw_layer)f->layer)));
    gw_jw_kstr(&w, "target", f->target);
    gw_jw_kstr(&w, "rule", f->rule);
    gw_jw_key(&w, "llr");
    gw_jw_real(&w, f->llr);
    gw_jw_kstr(&w, "probe_cc", f->probe_cc);
    gw_jw_key(&w, "probe_asn");
    if (f->probe_asn == GW_NULL)
        gw_jw_null(&w);
    else
        gw_jw_int(&w, f->probe_asn);
    gw_jw_kstr(&w, "test_name", f->test_name);
    gw_jw_kstr(&w, "input", f->input);
    if (f->start_time != GW_NULL)
        gw_jw_kstr(&w, "start_time",
                   gw_span_of(time, gw_format_time(f->start_time, time)));
    gw_jw_kint(&w, "position", f->record);
    gw_jw_key(&w, "rules");
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < e->fired_count; i++) {
        if (e->fired[i].f != e->row)
            continue;
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "rule", e->fired[i].rule);
        gw_jw_key(&w, "llr");
        gw_jw_real(&w, e->fired[i].llr);
        gw_jw_kstr(&w, "detail", e->fired[i].detail);
        gw_jw_close(&w, '}');
    }
    gw_jw_close(&w, ']');
    sheet_json_object(&w, e->object, e->leaf);
    gw_jw_close(&w, '}');
}

int explain_finding(struct site *s, const struct explain_world *w,
                    const struct explained *e, struct gw_why *why)
{
    struct sheet x;
    int rc = 0;
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        sheet_open(&x, s, (enum gw_language)l, e->id,
                   finding_title(s, (enum gw_language)l, e->finding));
        put_statement(&x.page, e);
        put_rules(&x.page, w, e);
        put_source(&x.page, e);
        sheet_check(&x.page, e->id, e->leaf);
        put_named(&x.page, w, e->id);
        rc = page_end(&x.page, why);
    }
    json_finding(s, e);
    return rc ? rc : sheet_json(s, e->id, why);
}
