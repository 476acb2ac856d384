// How findings are inferred, what the site was made from, and the few files at
// its root that belong to no language.
#include "publish/parts.h"

#include "publish/words.h"

// ---- the method -------------------------------------------------------------
static void put_confidences(struct page *p)
{
    static const char *const heads[] = {"method.word", "method.odds",
                                        "method.meaning"};
    incident_table(p, "method.words", "words-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (int i = 5; i >= 1; i--) {
        char id[32];
        gw_put_fmt(p->out,
                   "<tr><th scope=\"row\"><span class=\"confidence c-%d\">", i);
        snprintf(id, sizeof id, "confidence.%d", i);
        put_text(p, id);
        gw_put_str(p->out, "</span></th><td>");
        snprintf(id, sizeof id, "confidence.%d.odds", i);
        put_text(p, id);
        gw_put_str(p->out, "</td><td>");
        snprintf(id, sizeof id, "confidence.%d.text", i);
        put_text(p, id);
        gw_put_str(p->out, "</td></tr>\n");
    }
    incident_table_end(p);
}

static void put_states(struct page *p)
{
    static const enum gw_state order[] = {GW_STATE_OK, GW_STATE_BLOCKED,
                                          GW_STATE_DOWN, GW_STATE_UNKNOWN};
    gw_put_str(p->out, "<dl class=\"states\">\n");
    for (size_t i = 0; i < GW_COUNT(order); i++) {
        char id[32];
        snprintf(id, sizeof id, "state.%s.text", gw_state_name(order[i]));
        gw_put_str(p->out, "<div><dt>");
        put_state(p, order[i]);
        gw_put_str(p->out, "</dt><dd>");
        put_text(p, id);
        gw_put_str(p->out, "</dd></div>\n");
    }
    gw_put_str(p->out, "</dl>\n");
}

static void put_part(struct page *p, const char *name, size_t paragraphs)
{
    char id[48];
    snprintf(id, sizeof id, "method.%s", name);
    incident_section(p, name, id);
    for (size_t i = 1; i <= paragraphs; i++) {
        snprintf(id, sizeof id, "method.%s.%zu", name, i);
        incident_paragraph(p, id);
    }
}

static int write_method(struct site *s, enum gw_language l, struct gw_why *why)
{
    struct page p = {.site = s,
                     .lang = l,
                     .path = "method.html",
                     .title = gw_message(l, "method.title"),
                     .description = gw_message(l, "method.lead"),
                     .nav = "method"};
    page_begin(&p);
    gw_put_str(p.out, "<p class=\"lead\">");
    put_text(&p, "method.lead");
    gw_put_str(p.out, "</p>\n");
    put_part(&p, "steps", 3);
    incident_section_end(&p);
    put_part(&p, "states", 1);
    put_states(&p);
    incident_section_end(&p);
    put_part(&p, "change", 3);
    gw_put_str(p.out, "<p class=\"formula\" dir=\"ltr\"><bdi>log O(t) = log "
                      "O(t−1) + Σ log [P(x | blocked) / P(x | open)]</bdi>"
                      "</p>\n");
    incident_paragraph(&p, "method.change.4");
    incident_section_end(&p);
    put_part(&p, "words", 1);
    put_confidences(&p);
    incident_section_end(&p);
    put_part(&p, "errors", 2);
    incident_section_end(&p);
    put_part(&p, "unseen", 4);
    incident_section_end(&p);
    return page_end(&p, why);
}

// ---- what it was made from
// ----------------------------------------------------
static void row(struct page *p, const char *id, const char *value)
{
    gw_put_str(p->out, "<div><dt>");
    put_text(p, id);
    gw_put_str(p->out, "</dt><dd><bdi>");
    gw_put_html(p->out, gw_str(value));
    gw_put_str(p->out, "</bdi></dd></div>\n");
}

static void root_text(const struct site *s, char ret[64])
{
    struct gw_buf b;
    gw_buf_init(&b, 64);
    gw_base64_put(&b, gw_span_of(s->checkpoint.root.at, GW_HASH_LEN));
    snprintf(ret, 64, "%.*s", (int)b.len, b.at ? (const char *)b.at : "");
    gw_buf_release(&b);
}

static void put_log(struct page *p)
{
    struct site *s = p->site;
    char root[64];
    gw_put_str(p->out, "<dl class=\"facts\">\n");
    if (s->checkpoint.size) {
        root_text(s, root);
        row(p, "verify.origin", s->checkpoint.origin);
        row(p, "verify.size",
            word_number(s, p->lang, (int64_t)s->checkpoint.size));
        row(p, "verify.root", root);
        gw_put_str(p->out, "<div><dt>");
        put_text(p, "verify.quorum");
        gw_put_str(p->out, "</dt><dd>");
        put_text(p, s->quorum ? "verify.quorum.yes" : "verify.quorum.no");
        gw_put_str(p->out, "</dd></div>\n");
    }
    if (s->made != GW_NEVER)
        row(p, "verify.made", word_day(s, p->lang, s->made));
    if (s->newest != GW_NEVER)
        row(p, "verify.newest", word_day(s, p->lang, s->newest));
    gw_put_str(p->out, "</dl>\n");
    if (!s->checkpoint.size)
        incident_paragraph(p, "verify.unsealed");
}

static int put_reference(void *ctx, const struct gw_object *o)
{
    struct page *p = ctx;
    char day[GW_TIME_TEXT] = "";
    if (!gw_kind_is_reference(o->kind) || o->state != GW_DONE)
        return 0;
    if (o->dated != GW_NEVER)
        gw_format_day(o->dated, day);
    gw_put_fmt(p->out,
               "<tr><th scope=\"row\"><bdi>%s</bdi></th><td><bdi>%s</bdi>"
               "</td><td><code>%s</code></td></tr>\n",
               gw_kind_name(o->kind), day, o->hash);
    return 0;
}

static int write_verify(struct site *s, enum gw_language l, struct gw_why *why)
{
    static const char *const heads[] = {"verify.kind", "verify.dated",
                                        "verify.sha256"};
    struct page p = {.site = s,
                     .lang = l,
                     .path = "verify.html",
                     .title = gw_message(l, "verify.title"),
                     .description = gw_message(l, "verify.lead"),
                     .json = "made.json",
                     .nav = "method"};
    page_begin(&p);
    gw_put_str(p.out, "<p class=\"lead\">");
    put_text(&p, "verify.lead");
    gw_put_str(p.out, "</p>\n");
    incident_section(&p, "made", "verify.from");
    put_log(&p);
    incident_section_end(&p);
    incident_section(&p, "how", "verify.how");
    incident_paragraph(&p, "verify.how.1");
    put_commands(&p, "ID", NULL);
    incident_paragraph(&p, "verify.how.2");
    incident_section_end(&p);
    incident_section(&p, "reference", "verify.reference");
    incident_table(&p, "verify.reference", "reference-c");
    incident_heading(&p, heads, GW_COUNT(heads));
    int rc = gw_evidence_each(s->archive, -1, -1, put_reference, &p, why);
    incident_table_end(&p);
    incident_section_end(&p);
    return rc ? rc : page_end(&p, why);
}

static int write_made_json(struct site *s, struct gw_why *why)
{
    char root[64], time[GW_TIME_TEXT];
    root_text(s, root);
    struct gw_jw w = json_begin(s);
    gw_jw_key(&w, "checkpoint");
    if (s->checkpoint.size) {
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "origin", gw_str(s->checkpoint.origin));
        gw_jw_kint(&w, "size", (int64_t)s->checkpoint.size);
        gw_jw_kstr(&w, "root", gw_str(root));
        gw_jw_key(&w, "quorum");
        gw_jw_bool(&w, s->quorum);
        gw_jw_close(&w, '}');
    } else {
        gw_jw_null(&w);
    }
    gw_jw_kstr(&w, "made",
               s->made == GW_NEVER
                   ? (gw_span){0}
                   : gw_span_of(time, gw_format_time(s->made, time)));
    json_day(&w, "newest",
             s->newest == GW_NEVER ? INT32_MIN : (int32_t)(s->newest / GW_DAY));
    gw_jw_kint(&w, "incidents", (int64_t)s->incident_count);
    gw_jw_key(&w, "synthetic");
    gw_jw_bool(&w, s->synthetic);
    return json_end(s, &w, "made.json", why);
}

int publish_method(struct site *s, struct gw_why *why)
{
    int rc = 0;
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++) {
        rc = write_method(s, (enum gw_language)l, why);
        rc = rc ? rc : write_verify(s, (enum gw_language)l, why);
    }
    return rc ? rc : write_made_json(s, why);
}
