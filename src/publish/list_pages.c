// Lists of all countries, targets, networks and incidents.
#include "publish/parts.h"

#include "publish/map.h"

#include <stdio.h>

enum { PAGE_ROWS = 2000 }; // in a page; all are in the data file

struct list {
    struct site *site;
    struct incidents all;
    struct tally *countries, *targets, *networks;  // ever, by main layers
    uint32_t *of_country, *of_target, *of_network; // incidents going on
};

static int sum_all(struct list *v, struct gw_why *why)
{
    struct site *s = v->site;
    const struct {
        struct tally **at;
        uint32_t **of;
        size_t count;
    } lists[] = {{&v->countries, &v->of_country, s->country_count},
                 {&v->targets, &v->of_target, s->target_count},
                 {&v->networks, &v->of_network, s->network_count}};
    for (size_t i = 0; i < GW_COUNT(lists); i++) {
        *lists[i].at =
            gw_arena_take_n(s->arena, lists[i].count + 1, sizeof **lists[i].at);
        *lists[i].of =
            gw_arena_take_n(s->arena, lists[i].count + 1, sizeof **lists[i].of);
        if (!*lists[i].at || !*lists[i].of)
            return gw_fail(why, GW_ENOMEM, "lists");
        for (size_t k = 0; k < lists[i].count; k++)
            (*lists[i].at)[k] = tally_empty();
    }
    for (size_t i = 0; i < s->day_count; i++) {
        const struct day *d = &s->days[i];
        if (!d->main)
            continue;
        tally_add(&v->countries[d->country], d);
        tally_add(&v->targets[d->target], d);
        tally_add(&v->networks[d->network], d);
    }
    for (size_t i = 0; i < v->all.ongoing; i++) {
        const struct incident *x = v->all.at[i];
        if (!is_interference(x))
            continue;
        v->of_country[x->country]++;
        if (x->target != UINT32_MAX)
            v->of_target[x->target]++;
    }
    for (size_t i = 0; i < s->effect_count; i++) {
        const struct incident *x = &s->incidents[s->effects[i].incident];
        if (is_ongoing(x) && is_interference(x))
            v->of_network[s->effects[i].network]++;
    }
    return 0;
}

static void begin(struct page *p, const char *title, int64_t n)
{
    p->title =
        page_words(p->site, p->lang, title,
                   (const char *const[]){word_number(p->site, p->lang, n)}, 1);
    p->description = p->title;
    page_begin(p);
}

static void put_ongoing(struct page *p, uint32_t n)
{
    if (n)
        put_n(p, n);
    else
        put_text(p, "list.none");
}

// One list: what stands in its rows.
struct kind {
    const char *path, *nav, *title, *caption, *column, *data;
    size_t (*count)(const struct site *s);
    void (*put_name)(struct page *p, size_t i);
    void (*csv_name)(const struct site *s, size_t i, struct gw_buf *out);
    struct tally *(*tally)(const struct list *v, size_t i);
    uint32_t (*ongoing)(const struct list *v, size_t i);
};

// ---- countries --------------------------------------------------------------
static size_t country_count(const struct site *s)
{
    return s->country_count;
}

static void country_name(struct page *p, size_t i)
{
    put_country(p, p->site->countries[i].cc);
}

static void country_csv(const struct site *s, size_t i, struct gw_buf *out)
{
    gw_csv_put(out, gw_str(s->countries[i].cc));
}

static struct tally *country_tally(const struct list *v, size_t i)
{
    return &v->countries[i];
}

static uint32_t country_ongoing(const struct list *v, size_t i)
{
    return v->of_country[i];
}

// ---- targets ----------------------------------------------------------------
static size_t target_count(const struct site *s)
{
    return s->target_count;
}

static void target_name(struct page *p, size_t i)
{
    put_target(p, p->site->targets[i].name);
}

static void target_csv(const struct site *s, size_t i, struct gw_buf *out)
{
    gw_csv_put(out, gw_str(s->targets[i].name));
}

static struct tally *target_tally(const struct list *v, size_t i)
{
    return &v->targets[i];
}

static uint32_t target_ongoing(const struct list *v, size_t i)
{
    return v->of_target[i];
}

// ---- networks ---------------------------------------------------------------
static size_t network_count(const struct site *s)
{
    return s->network_count;
}

static void network_name(struct page *p, size_t i)
{
    const struct network *n = &p->site->networks[i];
    const char *cc = p->site->countries[n->country].cc;
    put_network(p, cc, n->asn, n->org);
    gw_put_str(p->out, " <span class=\"note\">");
    gw_put_html(p->out, gw_str(word_country(p->site, p->lang, cc)));
    gw_put_str(p->out, "</span>");
}

static void network_csv(const struct site *s, size_t i, struct gw_buf *out)
{
    gw_csv_put(out, gw_str(s->networks[i].slug));
}

static struct tally *network_tally(const struct list *v, size_t i)
{
    return &v->networks[i];
}

static uint32_t network_ongoing(const struct list *v, size_t i)
{
    return v->of_network[i];
}

static const struct kind kinds[] = {
    {"country/index.html", "country", "countries.title", "countries.caption",
     "col.country", "country/index.csv", country_count, country_name,
     country_csv, country_tally, country_ongoing},
    {"target/index.html", "target", "targets.title", "targets.caption",
     "col.target", "target/index.csv", target_count, target_name, target_csv,
     target_tally, target_ongoing},
    {"network/index.html", "network", "networks.title", "networks.caption",
     "col.network", "network/index.csv", network_count, network_name,
     network_csv, network_tally, network_ongoing},
};

// Those with something going on first, then those with most blocked.
struct order {
    const struct list *list;
    const struct kind *kind;
};

static int by_interest(const void *a, const void *b, void *ctx)
{
    const struct order *o = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct tally *tx = o->kind->tally(o->list, x);
    const struct tally *ty = o->kind->tally(o->list, y);
    const uint64_t keys[][2] = {
        {o->kind->ongoing(o->list, x), o->kind->ongoing(o->list, y)},
        {tx->count[GW_STATE_BLOCKED], ty->count[GW_STATE_BLOCKED]}};
    for (size_t i = 0; i < GW_COUNT(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] > keys[i][1] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void put_rows(struct page *p, const struct list *v, const struct kind *k,
                     const uint32_t *order)
{
    const char *const heads[] = {k->column, "col.ongoing", "col.ever",
                                 "col.last"};
    size_t n = k->count(p->site);
    incident_table(p, k->caption, "list-c");
    incident_heading(p, heads, GW_COUNT(heads));
    for (size_t i = 0; i < n && i < PAGE_ROWS; i++) {
        const struct tally *t = k->tally(v, order[i]);
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        k->put_name(p, order[i]);
        gw_put_str(p->out, "</th><td>");
        put_ongoing(p, k->ongoing(v, order[i]));
        gw_put_str(p->out, "</td><td>");
        put_tally(p, t);
        gw_put_str(p->out, "</td><td>");
        if (tally_all(t))
            put_day(p, (gw_time)t->last * GW_DAY);
        gw_put_str(p->out, "</td></tr>\n");
    }
    incident_table_end(p);
}

static void put_world(struct page *p, const struct list *v)
{
    struct site *s = p->site;
    struct map_place *places =
        gw_arena_take_n(s->arena, s->country_count + 1, sizeof *places);
    for (size_t i = 0; places && i < s->country_count; i++) {
        struct chart_cell cell = {0};
        for (size_t k = 0; k < GW_STATE_COUNT; k++) {
            uint64_t n = v->countries[i].count[k];
            cell.count[k] = n < UINT32_MAX / 8 ? (uint32_t)n : UINT32_MAX / 8;
        }
        uint32_t n = v->of_country[i];
        enum gw_state state = n ? GW_STATE_BLOCKED : chart_state(&cell);
        if (!n && state != GW_STATE_UNKNOWN)
            state = GW_STATE_OK;
        const char *const values[] = {word_number(s, p->lang, n)};
        places[i] = (struct map_place){
            s->countries[i].cc, state,
            page_words(s, p->lang, "map.ongoing", values, 1)};
    }
    if (places)
        put_map(p, "world", gw_message(p->lang, "map.title"), places,
                s->country_count);
}

static int write_csv(const struct list *v, const struct kind *k,
                     const uint32_t *order, struct gw_why *why)
{
    struct site *s = v->site;
    gw_buf_reset(&s->data);
    gw_put_fmt(&s->data, "%s,ongoing,ok,blocked,down,unknown\n", k->nav);
    for (size_t i = 0; i < k->count(s); i++) {
        const struct tally *t = k->tally(v, order[i]);
        k->csv_name(s, order[i], &s->data);
        gw_put_fmt(&s->data, ",%u,%llu,%llu,%llu,%llu\n",
                   k->ongoing(v, order[i]),
                   (unsigned long long)t->count[GW_STATE_OK],
                   (unsigned long long)t->count[GW_STATE_BLOCKED],
                   (unsigned long long)t->count[GW_STATE_DOWN],
                   (unsigned long long)t->count[GW_STATE_UNKNOWN]);
    }
    return data_file(s, k->data, why);
}

static int write_list(struct list *v, const struct kind *k, struct gw_why *why)
{
    int rc = 0;
    struct site *s = v->site;
    size_t n = k->count(s);
    uint32_t *order = gw_new((n + 1) * sizeof *order);
    if (!order)
        return gw_fail(why, GW_ENOMEM, "%s", k->path);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    struct order by = {v, k};
    qsort_r(order, n, sizeof *order, by_interest, &by);
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++) {
        struct page p = {.site = s,
                         .lang = (enum gw_language)l,
                         .path = k->path,
                         .csv = k->data,
                         .nav = k->nav,
                         .synthetic = s->synthetic};
        begin(&p, k->title, (int64_t)n);
        if (k == &kinds[0])
            put_world(&p, v);
        put_rows(&p, v, k, order);
        rc = page_end(&p, why);
    }
    rc = rc ? rc : write_csv(v, k, order, why);
    gw_free(order);
    return rc;
}

// ---- incidents --------------------------------------------------------------
static int write_incidents_csv(const struct list *v, struct gw_why *why)
{
    struct gw_buf *out = &v->site->data;
    char text[GW_TIME_TEXT];
    gw_buf_reset(out);
    gw_put_str(out, "id,version,kind,cc,target,since_earliest,since_latest,"
                    "until_earliest,until_latest,confidence,log_odds,"
                    "observers,measurements,blocked,synthetic,withdrawn\n");
    for (size_t i = 0; i < v->all.count; i++) {
        const struct gw_incident_row *r = &v->all.at[i]->row;
        const gw_time times[] = {r->since[0], r->since[1], r->until[0],
                                 r->until[1]};
        gw_put_fmt(out, "%s,%lld,%s,%s,", r->id, (long long)r->version, r->kind,
                   r->cc);
        gw_csv_put(out, gw_str(r->target));
        for (size_t k = 0; k < GW_COUNT(times); k++) {
            gw_put_u8(out, ',');
            if (times[k] != GW_NEVER)
                gw_put(out, text, gw_format_time(times[k], text));
        }
        gw_put_fmt(out, ",%s,%.3f,%lld,%lld,%lld,%d,%d\n", r->confidence,
                   r->log_odds, (long long)r->observers,
                   (long long)r->measurements, (long long)r->blocked,
                   r->synthetic, r->withdrawn);
    }
    return data_file(v->site, "incident/index.csv", why);
}

static int write_incidents(struct list *v, struct gw_why *why)
{
    struct site *s = v->site;
    int rc = 0;
    for (int l = 0; !rc && l < GW_LANGUAGE_COUNT; l++) {
        struct page p = {.site = s,
                         .lang = (enum gw_language)l,
                         .path = "incident/index.html",
                         .csv = "incident/index.csv",
                         .json = "incident/index.json",
                         .atom = l == GW_URDU ? "incident/feed.ur.atom"
                                              : "incident/feed.en.atom",
                         .nav = "incident",
                         .synthetic = s->synthetic};
        begin(&p, v->all.count ? "incidents.title" : "incidents.title.none",
              (int64_t)v->all.count);
        incident_section(&p, "now", "incidents.now");
        if (v->all.ongoing)
            put_incidents(&p, &v->all, 0, v->all.ongoing, PAGE_ROWS);
        else
            incident_paragraph(&p, "incidents.now.none");
        incident_section_end(&p);
        if (v->all.count > v->all.ongoing) {
            incident_section(&p, "past", "incidents.past");
            put_incidents(&p, &v->all, v->all.ongoing, v->all.count, PAGE_ROWS);
            incident_section_end(&p);
        }
        rc = page_end(&p, why);
    }
    struct gw_jw w = json_begin(s);
    json_incidents(&w, &v->all);
    rc = rc ? rc : json_end(s, &w, "incident/index.json", why);
    return rc ? rc : write_incidents_csv(v, why);
}

int publish_lists(struct site *s, struct gw_why *why)
{
    struct list v = {.site = s};
    int rc = incidents_of(s, incident_of_any, 0, &v.all, why);
    rc = rc ? rc : sum_all(&v, why);
    for (size_t i = 0; !rc && i < GW_COUNT(kinds); i++)
        rc = write_list(&v, &kinds[i], why);
    return rc ? rc : write_incidents(&v, why);
}
