// Atom feeds of incidents (RFC 4287), one a language and one a country and
// language, and sitemap.xml where it is known where the site will be.
#include "publish/site.h"

#include <stdio.h>

enum { ENTRIES_MAX = 100, SITEMAP_MAX = 50000 };

struct feed {
    struct site *site;
    enum gw_language lang;
    uint32_t country; // UINT32_MAX: all
    char path[96];    // below DIR/
    const uint32_t *order;
};

// ---- pieces ---------------------------------------------------------------

static gw_time changed(const struct incident *i)
{
    const struct gw_incident_row *r = &i->row;
    gw_time began = r->since[0] != GW_NEVER ? r->since[0] : r->since[1];
    gw_time t = r->changed != GW_NEVER ? r->changed : began;
    return t == GW_NEVER ? 0 : t;
}

static void put_stamp(struct gw_buf *b, gw_time t)
{
    char text[GW_TIME_TEXT];
    gw_format_time(t - t % GW_SECOND, text);
    gw_put_fmt(b, "%.10sT%.8sZ", text, text + 11);
}

// An entry's id must be its own for ever, wherever the site stands: a UUID of
// what names it, in the form of version 8 (RFC 9562).
static void put_uuid(struct gw_buf *b, const struct site *s, const char *kind,
                     const char *id)
{
    struct gw_buf name;
    uint8_t *at;
    char hex[2 * GW_HASH_LEN + 1];
    gw_buf_init(&name, 1024);
    gw_put_fmt(&name, "gawah %s\n%s\n%s", s->checkpoint.origin, kind, id);
    struct gw_hash32 hash = gw_sha256(gw_buf_span(&name));
    gw_buf_release(&name);
    at = hash.at;
    at[6] = (uint8_t)(0x80 | (at[6] & 0x0f));
    at[8] = (uint8_t)(0x80 | (at[8] & 0x3f));
    gw_hex(at, 16, hex);
    gw_put_fmt(b, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
               hex + 16, hex + 20);
}

// A file of the site as a link from a feed, which lies in data/ or below.
static void put_url(struct gw_buf *b, const struct feed *f, const char *path)
{
    const char *base = f->site->options->base_url;
    if (base) {
        gw_put_html(b, gw_str(base));
        gw_put_str(b, gw_ends(gw_str(base), "/") ? "" : "/");
    } else {
        for (const char *p = f->path; *p; p++)
            gw_put_str(b, *p == '/' ? "../" : "");
    }
    gw_put_html(b, gw_str(path));
}

static void put_page_url(struct gw_buf *b, const struct feed *f,
                         const char *path)
{
    char full[SITE_PATH + 8];
    snprintf(full, sizeof full, "%s/%s", gw_language_code(f->lang), path);
    put_url(b, f, full);
}

// ---- a feed ---------------------------------------------------------------

static void put_entry(struct gw_buf *b, const struct feed *f,
                      const struct incident *i)
{
    struct site *s = f->site;
    const struct gw_incident_row *r = &i->row;
    const char *values[] = {
        word_confidence(s, f->lang, r->confidence),
        word_number(s, f->lang, r->blocked),
        word_number(s, f->lang, r->measurements),
        word_number(s, f->lang, r->observers),
    };
    gw_put_str(b, "<entry><id>");
    put_uuid(b, s, "incident", r->id);
    gw_put_str(b, "</id><title>");
    gw_put_html(b, i->title[f->lang]);
    gw_put_str(b, "</title><updated>");
    put_stamp(b, changed(i));
    gw_put_str(b, "</updated><link rel=\"alternate\" type=\"text/html\" "
                  "href=\"");
    put_page_url(b, f, i->path);
    gw_put_str(b, "\"/><category term=\"");
    gw_put_html(b, gw_str(r->kind));
    gw_put_str(b, "\"/><summary>");
    gw_put_html(b, page_words(s, f->lang,
                              r->withdrawn ? "feed.withdrawn" : "feed.summary",
                              values, GW_COUNT(values)));
    gw_put_str(b, "</summary></entry>\n");
}

static bool is_in(const struct feed *f, const struct incident *i)
{
    return f->country == UINT32_MAX || i->country == f->country;
}

static void put_feed_head(struct gw_buf *b, const struct feed *f,
                          gw_time updated)
{
    struct site *s = f->site;
    bool all = f->country == UINT32_MAX;
    const char *cc = all ? "" : s->countries[f->country].cc;
    const char *values[] = {all ? "" : word_country(s, f->lang, cc)};
    char home[96];
    snprintf(home, sizeof home, all ? "index.html" : "country/%.60s.html",
             all ? "" : s->countries[f->country].slug);
    gw_put_fmt(b,
               "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
               "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"%s\">"
               "<id>",
               gw_language_code(f->lang));
    put_uuid(b, s, gw_language_code(f->lang), cc);
    gw_put_str(b, "</id><title>");
    gw_put_html(b, page_words(s, f->lang, all ? "feed.title" : "feed.country",
                              values, 1));
    gw_put_str(b, "</title><updated>");
    put_stamp(b, updated);
    gw_put_str(b, "</updated><author><name>gawah</name></author>"
                  "<link rel=\"self\" type=\"application/atom+xml\" href=\"");
    put_url(b, f, f->path);
    gw_put_str(b, "\"/><link rel=\"alternate\" type=\"text/html\" href=\"");
    put_page_url(b, f, home);
    gw_put_str(b, "\"/>\n");
}

static int write_feed(const struct feed *f, struct gw_why *why)
{
    struct site *s = f->site;
    struct gw_buf *b = &s->data;
    gw_time updated = 0;
    size_t n = 0;
    gw_buf_reset(b);
    for (size_t k = 0; k < s->incident_count; k++) {
        const struct incident *i = &s->incidents[k];
        if (is_in(f, i) && changed(i) > updated)
            updated = changed(i);
    }
    put_feed_head(b, f, updated);
    for (size_t k = 0; k < s->incident_count && n < ENTRIES_MAX; k++) {
        const struct incident *i = &s->incidents[f->order[k]];
        if (!is_in(f, i))
            continue;
        put_entry(b, f, i);
        n++;
    }
    gw_put_str(b, "</feed>\n");
    int rc = b->err ? gw_fail(why, b->err, "%s", f->path)
                    : site_file(s, f->path, gw_buf_span(b), why);
    gw_buf_reset(b);
    return rc;
}

// ---- the order: what changed last comes first ------------------------------

struct place {
    gw_time changed;
    const char *id;
    uint32_t at;
};

static int newest_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->changed != y->changed)
        return x->changed < y->changed ? 1 : -1;
    return strcmp(x->id, y->id);
}

static uint32_t *order_of(struct site *s)
{
    size_t n = s->incident_count;
    struct place *places = gw_new((n + 1) * sizeof *places);
    uint32_t *order = gw_new((n + 1) * sizeof *order);
    if (places && order) {
        for (size_t i = 0; i < n; i++)
            places[i] = (struct place){changed(&s->incidents[i]),
                                       s->incidents[i].row.id, (uint32_t)i};
        if (n)
            qsort(places, n, sizeof *places, newest_first);
        for (size_t i = 0; i < n; i++)
            order[i] = places[i].at;
    } else {
        gw_free(order);
        order = NULL;
    }
    gw_free(places);
    return order;
}

// ---- sitemap (sitemaps.org 0.9) --------------------------------------------

static int write_sitemap(struct site *s, struct gw_why *why)
{
    struct feed f = {.site = s};
    struct gw_buf *b = &s->data;
    size_t count = 0;
    uint32_t *sorted = names_sorted(&s->files->paths);
    if (!sorted)
        return gw_fail(why, GW_ENOMEM, "sitemap.xml: out of memory");
    gw_buf_reset(b);
    gw_put_str(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset "
                  "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for (size_t i = 0; i < s->files->paths.count && count < SITEMAP_MAX; i++) {
        const char *path = s->files->paths.at[sorted[i]];
        // Explain pages hang below the others, which are what is looked for.
        if (!gw_ends(gw_str(path), ".html") || strstr(path, "/explain/"))
            continue;
        gw_put_str(b, "<url><loc>");
        put_url(b, &f, path);
        gw_put_str(b, "</loc></url>\n");
        count++;
    }
    gw_put_str(b, "</urlset>\n");
    gw_free(sorted);
    int rc = b->err ? gw_fail(why, b->err, "sitemap.xml")
                    : site_file(s, "sitemap.xml", gw_buf_span(b), why);
    gw_buf_reset(b);
    return rc;
}

int publish_feeds(struct site *s, struct gw_why *why)
{
    uint32_t *order = order_of(s);
    int rc = order ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    for (int l = 0; l < GW_LANGUAGE_COUNT && !rc; l++) {
        struct feed f = {s, (enum gw_language)l, UINT32_MAX, "", order};
        const char *code = gw_language_code(f.lang);
        snprintf(f.path, sizeof f.path, "data/incident/feed.%s.atom", code);
        rc = write_feed(&f, why);
        for (uint32_t c = 0; c < s->country_count && !rc; c++) {
            f.country = c;
            snprintf(f.path, sizeof f.path, "data/country/%.60s.%s.atom",
                     s->countries[c].slug, code);
            rc = write_feed(&f, why);
        }
    }
    gw_free(order);
    return rc ? rc : s->options->base_url ? write_sitemap(s, why) : 0;
}
