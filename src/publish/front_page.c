// The front page: what is happening now, where, since when, how sure; the last
// days of each country; what changed; what cannot be seen.
#include "publish/parts.h"

#include <stdio.h>

enum {
    NOW_MAX = 12,
    PAST_MAX = 6,
    STRIPS_MAX = 10, // countries drawn: each brings a table of its days
    UNSEEN_MAX = 20,
    UNSEEN_DAYS = 3, // without a measurement
};

struct view {
    struct site *site;
    struct incidents all, recent, changed;
    int32_t newest; // day; INT32_MIN: no measurements
};

static gw_span heading(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    size_t countries = 0, n = v->all.ongoing;
    if (n == 1)
        return v->all.at[0]->title[l];
    for (size_t i = 0; i < n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = v->all.at[k]->country == v->all.at[i]->country;
        countries += !seen;
    }
    const char *const values[] = {word_number(s, l, (int64_t)n),
                                  countries == 1
                                      ? word_country(s, l, v->all.at[0]->row.cc)
                                      : word_number(s, l, (int64_t)countries)};
    return page_words(s, l,
                      countries == 1 ? "front.title.country"
                      : n            ? "front.title.countries"
                      : v->all.count ? "front.title.over"
                      : s->day_count ? "front.title.none"
                                     : "front.title.empty",
                      values, 2);
}

static gw_span lead(const struct view *v, enum gw_language l)
{
    struct site *s = v->site;
    if (v->newest == INT32_MIN)
        return page_words(s, l, "front.lead.empty", NULL, 0);
    const char *const values[] = {word_day(s, l, (gw_time)v->newest * GW_DAY)};
    return page_words(s, l, "front.lead", values, 1);
}

// ---- sections ---------------------------------------------------------------
static void put_now(struct page *p, const struct view *v)
{
    incident_section(p, "now", "incidents.now");
    if (v->all.ongoing)
        put_incidents(p, &v->all, 0, v->all.ongoing, NOW_MAX);
    else
        incident_paragraph(p, "front.now.none");
    incident_section_end(p);
    if (!v->recent.count)
        return;
    incident_section(p, "past", "front.past");
    put_incidents(p, &v->recent, 0, v->recent.count, PAST_MAX);
    incident_section_end(p);
}

struct place { // a country's last days
    uint32_t country;
    uint64_t volume;
    struct chart_cell cells[RECENT_DAYS];
};

static int by_volume(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->volume != y->volume)
        return x->volume > y->volume ? -1 : 1;
    return x->country < y->country ? -1 : x->country > y->country;
}

static struct place *places(const struct view *v)
{
    struct site *s = v->site;
    int32_t first = v->newest - RECENT_DAYS + 1;
    struct place *list = gw_new((s->country_count + 1) * sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < s->country_count; i++)
        list[i].country = (uint32_t)i;
    for (size_t i = 0; i < s->day_count; i++) {
        const struct day *d = &s->days[i];
        if (!d->main || d->day < first)
            continue;
        struct place *at = &list[d->country];
        chart_cell_add(&at->cells[d->day - first], d->count, d->observers);
        for (size_t k = 0; k < GW_STATE_COUNT; k++)
            at->volume += d->count[k];
    }
    qsort(list, s->country_count, sizeof *list, by_volume);
    return list;
}

static int put_strips(struct page *p, const struct view *v, struct gw_why *why)
{
    struct site *s = p->site;
    struct chart_row rows[STRIPS_MAX];
    char paths[STRIPS_MAX][SITE_PATH];
    size_t n = s->country_count < STRIPS_MAX ? s->country_count : STRIPS_MAX;
    struct place *list = places(v);
    if (!list)
        return gw_fail(why, GW_ENOMEM, "the front page");
    for (size_t i = 0; i < n; i++) {
        const struct country *c = &s->countries[list[i].country];
        snprintf(paths[i], SITE_PATH, "country/%s.html", c->slug);
        rows[i] = (struct chart_row){gw_str(word_country(s, p->lang, c->cc)),
                                     paths[i], list[i].cells};
    }
    const char *const values[] = {
        word_day(s, p->lang, (gw_time)v->newest * GW_DAY)};
    bool table = p->lang == GW_ENGLISH;
    gw_buf_reset(&s->data);
    struct chart c = {.page = p,
                      .id = "days",
                      .title = page_words(s, p->lang, "front.strip", values, 1),
                      .csv = "index.csv",
                      .table = table ? &s->data : NULL};
    incident_section(p, "days", "front.days");
    chart_matrix(&c, (gw_time)(v->newest - RECENT_DAYS + 1) * GW_DAY, 1,
                 RECENT_DAYS, rows, n);
    gw_put_str(p->out, "<p>");
    put_link(p, "country/index.html", gw_message(p->lang, "front.countries"));
    gw_put_str(p->out, "</p>\n");
    incident_section_end(p);
    gw_free(list);
    return table ? data_file(s, "index.csv", why) : 0;
}

static void put_changed(struct page *p, const struct view *v)
{
    incident_section(p, "changed", "front.changed");
    if (v->changed.count)
        put_incidents(p, &v->changed, 0, v->changed.count, NOW_MAX);
    else
        incident_paragraph(p, "front.changed.none");
    incident_section_end(p);
}

static void put_unseen_network(struct page *p, const struct network *n,
                               int32_t last)
{
    const char *cc = p->site->countries[n->country].cc;
    gw_put_str(p->out, "<li>");
    put_network(p, cc, n->asn, n->org);
    gw_put_str(p->out, p->lang == GW_URDU ? "، " : ", ");
    put_country(p, cc);
    gw_put_str(p->out, " <span class=\"note\">");
    SAY(p, "country.blind.last",
        word_day(p->site, p->lang, (gw_time)last * GW_DAY));
    gw_put_str(p->out, "</span></li>\n");
}

static size_t put_unseen_list(struct page *p, const struct view *v)
{
    struct site *s = p->site;
    size_t unseen = 0;
    for (size_t i = 0; i < s->network_count; i++) {
        const struct rows r = rows_of_network(s, (uint32_t)i);
        int32_t last = rows_newest(&r);
        if (last == INT32_MIN || last > v->newest - UNSEEN_DAYS)
            continue;
        if (!unseen++) {
            incident_paragraph(p, "front.unseen.text");
            gw_put_str(p->out, "<ul class=\"quiet\">\n");
        }
        if (unseen <= UNSEEN_MAX)
            put_unseen_network(p, &s->networks[i], last);
    }
    if (unseen)
        gw_put_str(p->out, "</ul>\n");
    return unseen;
}

static void put_unseen(struct page *p, const struct view *v)
{
    struct site *s = p->site;
    incident_section(p, "unseen", "front.unseen");
    size_t unseen = put_unseen_list(p, v);
    gw_put_str(p->out, "<p>");
    if (unseen > UNSEEN_MAX)
        SAY(p, "front.unseen.more",
            word_number(s, p->lang, (int64_t)(unseen - UNSEEN_MAX)));
    else if (!unseen && s->day_count)
        put_text(p, "front.unseen.none");
    gw_put_u8(p->out, ' ');
    put_text(p, "front.unseen.always");
    gw_put_str(p->out, "</p>\n");
    incident_section_end(p);
}

// ---- files ------------------------------------------------------------------
static gw_span json_ld(struct site *s)
{
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    struct gw_jw w = gw_jw_on(&b);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "@context", GW_LIT("https://schema.org"));
    gw_jw_kstr(&w, "@type", GW_LIT("Dataset"));
    gw_jw_kstr(&w, "name", gw_message(GW_ENGLISH, "site.title"));
    gw_jw_kstr(&w, "description", gw_message(GW_ENGLISH, "site.about"));
    if (s->options->base_url)
        gw_jw_kstr(&w, "url", gw_str(s->options->base_url));
    gw_jw_close(&w, '}');
    gw_span copy = gw_arena_copy(s->arena, gw_buf_span(&b));
    gw_buf_release(&b);
    return copy;
}

static int write_page(const struct view *v, enum gw_language l,
                      struct gw_why *why)
{
    int rc = 0;
    struct site *s = v->site;
    struct page p = {.site = s,
                     .lang = l,
                     .path = "index.html",
                     .title = heading(v, l),
                     .description = lead(v, l),
                     .json = "index.json",
                     .csv = s->day_count ? "index.csv" : NULL,
                     .atom = l == GW_URDU ? "incident/feed.ur.atom"
                                          : "incident/feed.en.atom",
                     .json_ld = json_ld(s),
                     .synthetic = s->synthetic};
    page_begin(&p);
    put_description(&p);
    put_now(&p, v);
    if (s->day_count)
        rc = put_strips(&p, v, why);
    put_changed(&p, v);
    put_unseen(&p, v);
    incident_section(&p, "about", "front.about");
    incident_paragraph(&p, "site.about");
    incident_section_end(&p);
    return rc ? rc : page_end(&p, why);
}

static int write_json(const struct view *v, struct gw_why *why)
{
    struct site *s = v->site;
    struct gw_jw w = json_begin(s);
    gw_jw_kstr(&w, "title", heading(v, GW_ENGLISH));
    json_day(&w, "newest", v->newest);
    gw_jw_kint(&w, "ongoing", (int64_t)v->all.ongoing);
    gw_jw_key(&w, "countries");
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < s->country_count; i++)
        gw_jw_str(&w, gw_str(s->countries[i].cc));
    gw_jw_close(&w, ']');
    json_incidents(&w, &v->all);
    return json_end(s, &w, "index.json", why);
}

static bool ended_lately(const struct site *s, const struct incident *i,
                         uint32_t id)
{
    (void)id;
    return is_believed(i) && !is_ongoing(i) && s->newest != GW_NEVER &&
           i->row.until[1] > s->newest - RECENT_DAYS * GW_DAY;
}

static bool changed_lately(const struct site *s, const struct incident *i,
                           uint32_t id)
{
    (void)id;
    return s->made != GW_NEVER && i->row.changed != GW_NEVER &&
           i->row.changed > s->made - GW_DAY && i->row.changed <= s->made;
}

int publish_front(struct site *s, struct gw_why *why)
{
    struct view v = {.site = s,
                     .newest = s->newest == GW_NEVER
                                   ? INT32_MIN
                                   : (int32_t)(s->newest / GW_DAY)};
    int rc = incidents_of(s, incident_of_any, 0, &v.all, why);
    rc = rc ? rc : incidents_of(s, ended_lately, 0, &v.recent, why);
    rc = rc ? rc : incidents_of(s, changed_lately, 0, &v.changed, why);
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++)
        rc = write_page(&v, (enum gw_language)l, why);
    return rc ? rc : write_json(&v, why);
}
