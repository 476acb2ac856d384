// The words of an explain page: from a statement down to the bytes it rests
// on, and the commands by which anybody goes the same way.
#include "publish/explain.h"

#include <stdio.h>

// ---- how to check -----------------------------------------------------------

static void put_command(struct page *p, const char *message,
                        const char *command)
{
    gw_put_str(p->out, "<li>");
    put_text(p, message);
    gw_put_str(p->out, "<pre dir=\"ltr\"><code>");
    gw_put_html(p->out, gw_str(command));
    gw_put_str(p->out, "</code></pre></li>\n");
}

void put_commands(struct page *p, const char *id,
                  const struct gw_witnessed *leaf)
{
    char line[256];
    gw_put_str(p->out, "<ol class=\"commands\">\n");
    snprintf(line, sizeof line, "gawah explain %.128s", id);
    put_command(p, "check.explain", line);
    if (id[0] != 'i') {
        snprintf(line, sizeof line, "gawah prove %.128s --into proof", id);
        put_command(p, "check.prove", line);
        put_command(p, "check.verify", "gawah verify proof");
    }
    if (leaf && leaf->leaf) {
        unsigned long long n = leaf->index;
        snprintf(line, sizeof line,
                 "tlogverify proof -policy proof/policy.txt -leaf "
                 "proof/data/leaf-%llu.json proof/proofs/leaf-%llu.tlog-proof",
                 n, n);
        put_command(p, "check.tlogverify", line);
    }
    gw_put_str(p->out, "</ol>\n");
}

// ---- frame ------------------------------------------------------------------

void sheet_open(struct sheet *x, struct site *s, enum gw_language l,
                const char *id, gw_span title)
{
    snprintf(x->path, sizeof x->path, "explain/%.80s.html", id);
    snprintf(x->json, sizeof x->json, "explain/%.80s.json", id);
    x->page = (struct page){.site = s,
                            .lang = l,
                            .path = x->path,
                            .title = title,
                            .description = gw_message(l, "explain.description"),
                            .json = x->json};
    page_begin(&x->page);
    gw_put_str(x->page.out, "<p class=\"lead\">");
    put_text(&x->page, "explain.lead");
    gw_put_str(x->page.out, "</p>\n");
}

void sheet_row(struct page *p, const char *message)
{
    gw_put_str(p->out, "<div><dt>");
    put_text(p, message);
    gw_put_str(p->out, "</dt><dd>");
}

void sheet_row_end(struct page *p)
{
    gw_put_str(p->out, "</dd></div>\n");
}

void sheet_code(struct page *p, const char *message, gw_span text)
{
    if (!text.len)
        return;
    sheet_row(p, message);
    gw_put_str(p->out, "<code><bdi>");
    gw_put_html(p->out, text);
    gw_put_str(p->out, "</bdi></code>");
    sheet_row_end(p);
}

void sheet_number(struct page *p, const char *message, int64_t n)
{
    sheet_row(p, message);
    put_n(p, n);
    sheet_row_end(p);
}

int sheet_json(struct site *s, const char *id, struct gw_why *why)
{
    char path[GW_ID_TEXT + 64];
    snprintf(path, sizeof path, "data/explain/%.80s.json", id);
    gw_put_u8(&s->data, '\n');
    int rc = s->data.err ? gw_fail(why, s->data.err, "%s", path)
                         : site_file(s, path, gw_buf_span(&s->data), why);
    gw_buf_reset(&s->data);
    return rc;
}

// ---- evidence, and its place in the log -------------------------------------

void sheet_object(struct page *p, const struct gw_object *o)
{
    incident_section(p, "evidence", "explain.h.evidence");
    gw_put_str(p->out, "<dl class=\"facts\">");
    sheet_code(p, "explain.sha256", gw_str(o->hash));
    sheet_code(p, "explain.kind", gw_str(gw_kind_name(o->kind)));
    sheet_number(p, "explain.size", o->size);
    if (o->records > 0)
        sheet_number(p, "explain.records", o->records);
    gw_put_str(p->out, "</dl>\n");
    if (o->state == GW_REDACTED)
        incident_paragraph(p, "explain.redacted");
}

void sheet_leaf(struct page *p, const struct gw_witnessed *leaf)
{
    gw_put_str(p->out, "<p>");
    if (leaf->leaf)
        SAY(p, "explain.leaf",
            word_number(p->site, p->lang, (int64_t)leaf->index));
    else
        put_text(p, "explain.leaf.none");
    gw_put_str(p->out, " ");
    put_link(p, "verify.html", gw_message(p->lang, "incident.cite.log"));
    gw_put_str(p->out, "</p>\n");
}

void sheet_check(struct page *p, const char *id,
                 const struct gw_witnessed *leaf)
{
    incident_section(p, "check", "incident.h.check");
    incident_paragraph(p, "explain.check");
    put_commands(p, id, leaf);
    incident_section_end(p);
}

void sheet_json_object(struct gw_jw *w, const struct gw_object *o,
                       const struct gw_witnessed *leaf)
{
    gw_jw_key(w, "evidence");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "sha256", gw_str(o->hash));
    gw_jw_kstr(w, "kind", gw_str(gw_kind_name(o->kind)));
    gw_jw_kint(w, "size", o->size);
    if (leaf->leaf)
        gw_jw_kint(w, "leaf", (int64_t)leaf->index);
    gw_jw_close(w, '}');
}

// ---- other ids --------------------------------------------------------------

int explain_object(struct site *s, const char *id, const struct gw_object *o,
                   const struct gw_witnessed *leaf, struct gw_why *why)
{
    struct sheet x;
    int rc = 0;
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        const char *values[] = {id};
        sheet_open(&x, s, (enum gw_language)l, id,
                   page_words(s, (enum gw_language)l, "explain.object.title",
                              values, 1));
        sheet_object(&x.page, o);
        sheet_leaf(&x.page, leaf);
        incident_section_end(&x.page);
        sheet_check(&x.page, id, leaf);
        rc = page_end(&x.page, why);
    }
    struct gw_jw w = gw_jw_on(&s->data);
    gw_buf_reset(&s->data);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "id", gw_str(id));
    sheet_json_object(&w, o, leaf);
    gw_jw_close(&w, '}');
    return rc ? rc : sheet_json(s, id, why);
}

int explain_missing(struct site *s, const char *id, struct gw_why *why)
{
    struct sheet x;
    int rc = 0;
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        const char *values[] = {id};
        sheet_open(&x, s, (enum gw_language)l, id,
                   page_words(s, (enum gw_language)l, "explain.missing.title",
                              values, 1));
        incident_paragraph(&x.page, "explain.missing");
        rc = page_end(&x.page, why);
    }
    struct gw_jw w = gw_jw_on(&s->data);
    gw_buf_reset(&s->data);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "id", gw_str(id));
    gw_jw_kstr(&w, "error", GW_LIT("not in the archive"));
    gw_jw_close(&w, '}');
    return rc ? rc : sheet_json(s, id, why);
}

// ---- an incident: the tree above its findings -------------------------------

static void put_tree(struct page *p, const struct incident *i, gw_jv body)
{
    gw_jv counts = gw_jv_get(body, "counts"), made = gw_jv_get(body, "made");
    struct site *s = p->site;
    incident_section(p, "statement", "explain.h.statement");
    gw_put_str(p->out, "<p>");
    put_incident(p, i);
    gw_put_str(p->out, "</p>\n<ol class=\"tree\"><li>");
    put_confidence(p, i->row.confidence, i->row.log_odds);
    gw_put_str(p->out, "</li><li>");
    put_counts(p, incident_number(counts, "blocked"), incident_all(counts),
               i->row.observers);
    gw_put_str(p->out, "</li><li>");
    SAY(p, "explain.tree.networks",
        word_number(s, p->lang,
                    (int64_t)gw_jv_count(gw_jv_get(body, "networks"))));
    gw_put_str(p->out, "</li><li>");
    SAY(p, "explain.tree.rules",
        word_number(s, p->lang,
                    (int64_t)gw_jv_count(gw_jv_get(body, "methods"))));
    gw_put_str(p->out, "<ul>");
    for (gw_jit it = gw_jv_iter(gw_jv_get(body, "methods"));
         gw_jit_next(&it);) {
        gw_put_str(p->out, "<li><code>");
        gw_put_html(p->out, gw_jv_str(gw_jv_get(it.value, "rule")));
        gw_put_str(p->out, "</code> ");
        put_n(p, incident_number(it.value, "measurements"));
        gw_put_str(p->out, " ");
        if (gw_jv_str(gw_jv_get(it.value, "example")).len)
            put_explain(p, incident_text(p, gw_jv_get(it.value, "example")));
        gw_put_str(p->out, "</li>");
    }
    gw_put_str(p->out, "</ul></li><li>");
    put_text(p, "explain.tree.findings");
    incident_put_ids(p, gw_jv_get(body, "evidence"));
    gw_put_str(p->out, "</li><li>");
    SAY(p, "explain.tree.made",
        word_number(s, p->lang, incident_number(made, "rules")),
        word_number(s, p->lang, incident_number(made, "cells")),
        word_number(s, p->lang, incident_number(made, "detector")));
    gw_put_str(p->out, "</li></ol>\n");
    incident_section_end(p);
}

int explain_incident(struct site *s, const struct incident *i,
                     struct gw_why *why)
{
    struct sheet x;
    int rc = 0;
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        gw_span title = i->title[l];
        const char *text = gw_arena_cstr(s->arena, title);
        const char *values[] = {text ? text : ""};
        sheet_open(&x, s, (enum gw_language)l, i->row.id,
                   page_words(s, (enum gw_language)l, "explain.incident.title",
                              values, 1));
        put_tree(&x.page, i, site_body(s, i));
        sheet_check(&x.page, i->row.id, NULL);
        rc = page_end(&x.page, why);
    }
    gw_buf_reset(&s->data);
    gw_put_span(&s->data, i->row.body);
    return rc ? rc : sheet_json(s, i->row.id, why);
}
