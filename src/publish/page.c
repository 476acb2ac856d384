// The frame of a page: what stands before its heading and after its last word.
#include "publish/words.h"

#include "publish/page.h"

static const char *const sections[][2] = {
    {"incident", "nav.incidents"}, {"country", "nav.countries"},
    {"target", "nav.targets"},     {"network", "nav.networks"},
    {"method", "nav.method"},      {"search", "nav.search"},
};

const char *page_root(const struct page *p)
{
    return strchr(p->path, '/') ? "../../" : "../";
}

void put_text(struct page *p, const char *id)
{
    gw_put_html(p->out, gw_message(p->lang, id));
}

void put_say(struct page *p, const char *id, const char *const *values,
             size_t n)
{
    gw_span spans[10];
    for (size_t i = 0; i < n && i < GW_COUNT(spans); i++)
        spans[i] = gw_str(values[i] ? values[i] : "");
    words_fill(p->out, gw_message(p->lang, id), spans, n, words_put_value,
               p->lang);
}

// ---- links --------------------------------------------------------------
static void put_path(struct page *p, const char *before, const char *path)
{
    gw_put_str(p->out, before);
    gw_put_html(p->out, gw_str(path));
}

void put_href(struct page *p, const char *path)
{
    put_path(p, strchr(p->path, '/') ? "../" : "", path);
}

void put_data_href(struct page *p, const char *path)
{
    gw_put_str(p->out, page_root(p));
    put_path(p, "data/", path);
}

void put_link(struct page *p, const char *path, gw_span text)
{
    gw_put_str(p->out, "<a href=\"");
    put_href(p, path);
    gw_put_str(p->out, "\">");
    words_put_value(p->out, p->lang, text);
    gw_put_str(p->out, "</a>");
}

// slug NULL: there is no such page.
static void link_slug(struct page *p, const char *folder, const char *slug,
                      const char *text)
{
    char path[SITE_PATH];
    if (!slug) {
        words_put_value(p->out, p->lang, gw_str(text));
        return;
    }
    snprintf(path, sizeof path, "%s/%s.html", folder, slug);
    put_link(p, path, gw_str(text));
}

void put_target(struct page *p, const char *name)
{
    uint32_t at = site_target(p->site, name);
    const char *text = word_target(p->site, p->lang, name);
    link_slug(p, "target", at == UINT32_MAX ? NULL : p->site->targets[at].slug,
              text);
}

void put_network(struct page *p, const char *cc, int64_t asn, const char *org)
{
    uint32_t at = site_network(p->site, cc, asn);
    const char *text = word_network(p->site, p->lang, asn, org);
    link_slug(p, "network",
              at == UINT32_MAX ? NULL : p->site->networks[at].slug, text);
}

void put_country(struct page *p, const char *cc)
{
    uint32_t at = site_country(p->site, cc);
    const char *text = word_country(p->site, p->lang, cc);
    link_slug(p, "country",
              at == UINT32_MAX ? NULL : p->site->countries[at].slug, text);
}

void put_incident(struct page *p, const struct incident *i)
{
    gw_put_str(p->out, "<a href=\"");
    put_href(p, i->path);
    gw_put_str(p->out, "\">");
    gw_put_html(p->out, i->title[p->lang]); // its names are isolated already
    gw_put_str(p->out, "</a>");
}

void put_explain(struct page *p, const char *id)
{
    char path[SITE_PATH];
    site_want(p->site, id);
    snprintf(path, sizeof path, "explain/%s.html", id);
    gw_put_str(p->out, "<a class=\"explain\" href=\"");
    put_href(p, path);
    gw_put_str(p->out, "\">");
    put_text(p, "link.explain");
    gw_put_str(p->out, "</a>");
}

void put_description(struct page *p)
{
    gw_put_str(p->out, "<p class=\"lead\">");
    gw_put_html(p->out, p->description);
    gw_put_str(p->out, "</p>\n");
}

static void put_download(struct page *p, const char *path, const char *id)
{
    if (!path)
        return;
    gw_put_str(p->out, "<li><a href=\"");
    put_data_href(p, path);
    gw_put_str(p->out, "\">");
    put_text(p, id);
    gw_put_str(p->out, "</a></li>");
}

void put_downloads(struct page *p)
{
    gw_put_str(p->out, "<ul class=\"downloads\">");
    put_download(p, p->csv, "link.csv");
    put_download(p, p->json, "link.json");
    put_download(p, p->atom, "link.atom");
    gw_put_str(p->out, "</ul>\n");
}

// ---- head ---------------------------------------------------------------
static void put_base(struct page *p, enum gw_language l)
{
    const char *base = p->site->options->base_url;
    gw_put_html(p->out, gw_str(base));
    gw_put_str(p->out, gw_ends(gw_str(base), "/") ? "" : "/");
    put_path(p, l == GW_URDU ? "ur/" : "en/", p->path);
}

static void put_language_href(struct page *p, enum gw_language l)
{
    if (p->site->options->base_url) {
        put_base(p, l);
        return;
    }
    gw_put_str(p->out, page_root(p));
    put_path(p, l == GW_URDU ? "ur/" : "en/", p->path);
}

static void put_alternates(struct page *p)
{
    static const struct {
        const char *type;
        size_t offset;
    } twins[] = {{"application/json", offsetof(struct page, json)},
                 {"text/csv", offsetof(struct page, csv)},
                 {"application/atom+xml", offsetof(struct page, atom)}};
    if (p->site->options->base_url) {
        gw_put_str(p->out, "<link rel=\"canonical\" href=\"");
        put_base(p, p->lang);
        gw_put_str(p->out, "\">\n");
    }
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        gw_put_fmt(p->out, "<link rel=\"alternate\" hreflang=\"%s\" href=\"",
                   gw_language_code((enum gw_language)l));
        put_language_href(p, (enum gw_language)l);
        gw_put_str(p->out, "\">\n");
    }
    for (size_t i = 0; i < GW_COUNT(twins); i++) {
        const char *path;
        memcpy(&path, (const char *)p + twins[i].offset, sizeof path);
        if (!path)
            continue;
        gw_put_fmt(p->out, "<link rel=\"alternate\" type=\"%s\" href=\"",
                   twins[i].type);
        put_data_href(p, path);
        gw_put_str(p->out, "\">\n");
    }
}

// A block of data and no program; '<' could end it.
static void put_json_ld(struct page *p)
{
    if (!p->json_ld.len)
        return;
    gw_put_str(p->out, "<script type=\"application/ld+json\">");
    for (size_t i = 0; i < p->json_ld.len; i++)
        if (p->json_ld.at[i] == '<')
            gw_put_str(p->out, "\\u003c");
        else
            gw_put_u8(p->out, p->json_ld.at[i]);
    gw_put_str(p->out, "</script>\n");
}

static void put_head(struct page *p)
{
    const char *root = page_root(p);
    gw_put_fmt(p->out,
               "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
               "<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\""
               "default-src 'none'; style-src 'self'; img-src 'self'; "
               "font-src 'self'; script-src %s; base-uri 'none'; "
               "form-action %s\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, "
               "initial-scale=1\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
               gw_language_code(p->lang), p->lang == GW_URDU ? "rtl" : "ltr",
               p->script ? "'self'" : "'none'",
               p->script ? "'self'" : "'none'");
    gw_put_html(p->out, p->title);
    gw_put_str(p->out, " · ");
    put_text(p, "site.name");
    gw_put_str(p->out, "</title>\n<meta name=\"description\" content=\"");
    gw_put_html(p->out, p->description);
    gw_put_fmt(p->out,
               "\">\n<link rel=\"stylesheet\" href=\"%sstyle.css\">\n"
               "<link rel=\"stylesheet\" href=\"%smade.css\">\n"
               "<link rel=\"icon\" href=\"%sicon.svg\">\n",
               root, root, root);
    put_alternates(p);
    put_json_ld(p);
    if (p->script)
        gw_put_fmt(p->out, "<script defer src=\"%ssearch.js\"></script>\n",
                   root);
    gw_put_str(p->out, "</head>\n");
}

// ---- what is above the heading ------------------------------------------
static void put_section(struct page *p, const char *const section[2])
{
    char path[SITE_PATH];
    bool list =
        strcmp(section[0], "method") != 0 && strcmp(section[0], "search") != 0;
    snprintf(path, sizeof path, list ? "%s/index.html" : "%s.html", section[0]);
    gw_put_str(p->out, "<li><a href=\"");
    put_href(p, path);
    gw_put_str(p->out, "\"");
    if (strcmp(path, p->path) == 0)
        gw_put_str(p->out, " aria-current=\"page\"");
    else if (p->nav && strcmp(section[0], p->nav) == 0)
        gw_put_str(p->out, " aria-current=\"true\"");
    gw_put_str(p->out, ">");
    put_text(p, section[1]);
    gw_put_str(p->out, "</a></li>");
}

static void put_header(struct page *p)
{
    enum gw_language other = p->lang == GW_URDU ? GW_ENGLISH : GW_URDU;
    gw_put_str(p->out, "<header class=\"top\"><div class=\"wrap\">"
                       "<a class=\"brand\" href=\"");
    put_href(p, "index.html");
    gw_put_str(p->out, "\">");
    put_text(p, "site.name");
    gw_put_str(p->out, "</a><nav aria-label=\"");
    put_text(p, "nav.label");
    gw_put_str(p->out, "\"><ul>");
    for (size_t i = 0; i < GW_COUNT(sections); i++)
        put_section(p, sections[i]);
    gw_put_str(p->out, "</ul></nav><a class=\"language\" href=\"");
    gw_put_fmt(p->out, "%s%s/", page_root(p), gw_language_code(other));
    gw_put_html(p->out, gw_str(p->path));
    gw_put_fmt(p->out, "\" lang=\"%s\" hreflang=\"%s\" dir=\"%s\">",
               gw_language_code(other), gw_language_code(other),
               other == GW_URDU ? "rtl" : "ltr");
    gw_put_span(p->out, gw_message(other, "site.language"));
    gw_put_str(p->out, "</a></div></header>\n");
}

static void put_crumbs(struct page *p)
{
    if (!p->crumbs[0].path)
        return;
    gw_put_str(p->out, "<nav class=\"crumbs\" aria-label=\"");
    put_text(p, "nav.crumbs");
    gw_put_str(p->out, "\"><ol><li><a href=\"");
    put_href(p, "index.html");
    gw_put_str(p->out, "\">");
    put_text(p, "nav.home");
    gw_put_str(p->out, "</a></li>");
    for (size_t i = 0; i < GW_COUNT(p->crumbs) && p->crumbs[i].path; i++) {
        gw_put_str(p->out, "<li>");
        put_link(p, p->crumbs[i].path, p->crumbs[i].text);
        gw_put_str(p->out, "</li>");
    }
    gw_put_str(p->out, "</ol></nav>\n");
}

static void put_exit(struct page *p)
{
    gw_put_str(p->out, "<p class=\"exit\"><a rel=\"noreferrer\" "
                       "href=\"https://www.wikipedia.org/\">");
    put_text(p, "exit.link");
    gw_put_str(p->out, "</a> <span>");
    put_text(p, "exit.history");
    gw_put_str(p->out, "</span></p>\n");
}

void page_begin(struct page *p)
{
    p->out = &p->site->page;
    gw_buf_reset(p->out);
    put_head(p);
    gw_put_str(p->out, "<body>\n<a class=\"skip\" href=\"#main\">");
    put_text(p, "nav.skip");
    gw_put_str(p->out, "</a>\n");
    put_header(p);
    gw_put_str(p->out, "<div class=\"wrap\">\n");
    if (p->risk || p->synthetic) {
        gw_put_str(p->out, "<aside aria-label=\"");
        put_text(p, "page.notes");
        gw_put_str(p->out, "\">\n");
    }
    if (p->risk)
        put_exit(p);
    if (p->synthetic) {
        gw_put_str(p->out, "<p class=\"banner\"><strong>");
        put_text(p, "banner.synthetic");
        gw_put_str(p->out, "</strong> ");
        put_text(p, "banner.synthetic.more");
        gw_put_str(p->out, "</p>\n");
    }
    if (p->risk || p->synthetic)
        gw_put_str(p->out, "</aside>\n");
    put_crumbs(p);
    gw_put_str(p->out, "<main id=\"main\">\n<h1>");
    gw_put_html(p->out, p->title);
    gw_put_str(p->out, "</h1>\n");
}

// ---- footer -------------------------------------------------------------
static void put_made(struct page *p)
{
    gw_put_str(p->out, "<p>");
    put_text(p, "footer.made");
    gw_put_str(p->out, " <span class=\"made\"></span> <a href=\"");
    put_href(p, "verify.html");
    gw_put_str(p->out, "\">");
    put_text(p, "footer.verify");
    gw_put_str(p->out, "</a></p>\n");
}

static void put_correct(struct page *p)
{
    const char *contact = p->site->options->contact;
    gw_put_str(p->out, "<p>");
    if (contact)
        SAY(p, "footer.correct", contact);
    else
        put_text(p, "footer.nocontact");
    gw_put_str(p->out, "</p>\n");
}

int page_end(struct page *p, struct gw_why *why)
{
    char path[SITE_PATH];
    gw_put_str(p->out, "</main>\n</div>\n<footer><div class=\"wrap\">\n");
    if (p->json || p->csv || p->atom)
        put_downloads(p);
    put_made(p);
    put_correct(p);
    gw_put_str(p->out, "<p>");
    put_text(p, "footer.limits");
    gw_put_str(p->out, "</p>\n");
    if (p->site->options->base_url) {
        gw_put_str(p->out, "<p class=\"print-only\">");
        put_base(p, p->lang);
        gw_put_str(p->out, "</p>\n");
    }
    gw_put_str(p->out, "</div></footer>\n</body>\n</html>\n");
    if (p->out->err)
        return gw_fail(why, p->out->err, "%s: page too large", p->path);
    snprintf(path, sizeof path, "%s/%s", gw_language_code(p->lang), p->path);
    return site_file(p->site, path, gw_buf_span(p->out), why);
}
