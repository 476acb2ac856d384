// Search: an index of everything there is in order of name, which works on
// paper, and the same as a script that search.js filters as somebody types.
#include "publish/page.h"

#include <stdio.h>

extern const unsigned char gw_publish_search_js[];
extern const size_t gw_publish_search_js_len;

enum { INDEX_MAX = 5000 }; // of one kind in the page; the script has all

struct entry {
    char kind;         // 't' target, 'n' network, 'c' country, 'i' incident
    gw_span shown;     // plain
    const char *words; // also found by these
    char path[SITE_PATH];
};

static size_t count_of(const struct site *s, char kind)
{
    switch (kind) {
    case 'i': return s->incident_count;
    case 't': return s->target_count;
    case 'n': return s->network_count;
    default: return s->country_count;
    }
}

static struct entry entry_of(struct site *s, enum gw_language l, char kind,
                             size_t at)
{
    struct entry e = {.kind = kind, .words = ""};
    if (kind == 'i') {
        const struct incident *i = &s->incidents[at];
        e.shown = i->title[l];
        e.words = i->row.id;
        snprintf(e.path, sizeof e.path, "%s", i->path);
    } else if (kind == 't') {
        const struct target *t = &s->targets[at];
        e.shown = gw_str(word_target(s, l, t->name));
        e.words = t->name;
        snprintf(e.path, sizeof e.path, "target/%s.html", t->slug);
    } else if (kind == 'n') {
        const struct network *n = &s->networks[at];
        const char *cc =
            n->country < s->country_count ? s->countries[n->country].cc : "";
        e.shown = gw_str(word_network(s, l, n->asn, n->org));
        e.words = word_country(s, l, cc);
        snprintf(e.path, sizeof e.path, "network/%s.html", n->slug);
    } else {
        const struct country *c = &s->countries[at];
        e.shown = gw_str(word_country(s, l, c->cc));
        e.words = c->cc;
        snprintf(e.path, sizeof e.path, "country/%s.html", c->slug);
    }
    return e;
}

static const char kinds[] = "ctni";

// ---- the script ---------------------------------------------------------

static int write_index(struct site *s, enum gw_language l, struct gw_why *why)
{
    char path[64];
    struct gw_buf *b = &s->data;
    gw_buf_reset(b);
    gw_put_str(b, "window.gawahSearch=");
    struct gw_jw w = gw_jw_on(b);
    gw_jw_open(&w, '[');
    for (const char *k = kinds; *k; k++)
        for (size_t i = 0; i < count_of(s, *k); i++) {
            struct entry e = entry_of(s, l, *k, i);
            gw_put_str(b, i ? "" : "\n");
            gw_jw_open(&w, '[');
            gw_jw_str(&w, gw_span_of(k, 1));
            gw_jw_str(&w, e.shown);
            gw_jw_str(&w, gw_str(e.words));
            gw_jw_str(&w, gw_str(e.path));
            gw_jw_close(&w, ']');
        }
    gw_jw_close(&w, ']');
    gw_put_str(b, ";\n");
    snprintf(path, sizeof path, "search-%s.js", gw_language_code(l));
    int rc = b->err ? gw_fail(why, b->err, "%s", path)
                    : site_file(s, path, gw_buf_span(b), why);
    gw_buf_reset(b);
    return rc;
}

// ---- the page -----------------------------------------------------------

static void put_attribute(struct page *p, const char *name, const char *id)
{
    gw_put_fmt(p->out, " data-%s=\"", name);
    gw_put_html(p->out, gw_message(p->lang, id));
    gw_put_str(p->out, "\"");
}

// Hidden until the script shows it: without one it could do nothing.
static void put_form(struct page *p)
{
    gw_put_str(p->out, "<form id=\"search\" role=\"search\" hidden");
    put_attribute(p, "c", "search.country");
    put_attribute(p, "t", "search.target");
    put_attribute(p, "n", "search.network");
    put_attribute(p, "i", "search.incident");
    put_attribute(p, "some", "search.some");
    put_attribute(p, "none", "search.none");
    gw_put_str(p->out, "><label for=\"q\">");
    put_text(p, "search.label");
    gw_put_str(p->out, "</label> <input id=\"q\" type=\"search\" "
                       "autocomplete=\"off\" spellcheck=\"false\"></form>\n"
                       "<p id=\"found-count\" role=\"status\"></p>\n"
                       "<ul id=\"found\" hidden></ul>\n");
}

static void put_kind(struct page *p, char kind, const char *heading)
{
    size_t n = count_of(p->site, kind);
    if (!n)
        return;
    gw_put_fmt(p->out, "<section><h2 id=\"kind-%c\">", kind);
    put_text(p, heading);
    gw_put_str(p->out, "</h2><ul class=\"index\">\n");
    for (size_t i = 0; i < n && i < INDEX_MAX; i++) {
        struct entry e = entry_of(p->site, p->lang, kind, i);
        gw_put_str(p->out, "<li>");
        put_link(p, e.path, e.shown);
        gw_put_str(p->out, "</li>\n");
    }
    gw_put_str(p->out, "</ul>\n");
    if (n > INDEX_MAX) {
        gw_put_str(p->out, "<p>");
        SAY(p, "search.more",
            word_number(p->site, p->lang, (int64_t)(n - INDEX_MAX)));
        gw_put_str(p->out, "</p>\n");
    }
    gw_put_str(p->out, "</section>\n");
}

static int write_page(struct site *s, enum gw_language l, struct gw_why *why)
{
    struct page p = {.site = s,
                     .lang = l,
                     .path = "search.html",
                     .title = gw_message(l, "search.title"),
                     .description = gw_message(l, "search.description"),
                     .nav = "search",
                     .risk = true,
                     .script = true};
    page_begin(&p);
    put_form(&p);
    gw_put_fmt(p.out, "<script defer src=\"%ssearch-%s.js\"></script>\n",
               page_root(&p), gw_language_code(l));
    gw_put_str(p.out, "<div id=\"index\">\n<p>");
    put_text(&p, "search.index");
    gw_put_str(p.out, "</p>\n");
    put_kind(&p, 'c', "search.countries");
    put_kind(&p, 'i', "search.incidents");
    put_kind(&p, 't', "search.targets");
    put_kind(&p, 'n', "search.networks");
    gw_put_str(p.out, "</div>\n");
    return page_end(&p, why);
}

int publish_search(struct site *s, struct gw_why *why)
{
    int rc = site_file(
        s, "search.js",
        gw_span_of(gw_publish_search_js, gw_publish_search_js_len), why);
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        rc = write_index(s, (enum gw_language)l, why);
        rc = rc ? rc : write_page(s, (enum gw_language)l, why);
    }
    return rc;
}
