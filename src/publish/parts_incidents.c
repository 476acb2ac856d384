// Lists of incidents, as every page has them, and rows of data files.
#include "publish/parts.h"

#include <stdio.h>

bool is_believed(const struct incident *i)
{
    return !i->row.withdrawn && strcmp(i->row.confidence, "not enough data");
}

bool is_ongoing(const struct incident *i)
{
    return is_believed(i) && i->row.until[1] == GW_NEVER;
}

bool is_interference(const struct incident *i)
{
    static const char *const kinds[] = {"blocking", "throttling",
                                        "interception"};
    for (size_t k = 0; k < GW_COUNT(kinds); k++)
        if (strcmp(i->row.kind, kinds[k]) == 0)
            return true;
    return false;
}

bool incident_of_any(const struct site *s, const struct incident *i,
                     uint32_t id)
{
    (void)s, (void)i, (void)id;
    return true;
}

bool incident_of_target(const struct site *s, const struct incident *i,
                        uint32_t id)
{
    (void)s;
    return i->target == id;
}

bool incident_of_country(const struct site *s, const struct incident *i,
                         uint32_t id)
{
    (void)s;
    return i->country == id;
}

bool incident_of_network(const struct site *s, const struct incident *i,
                         uint32_t id)
{
    uint32_t number = (uint32_t)(i - s->incidents);
    for (size_t k = 0; k < s->effect_count; k++)
        if (s->effects[k].network == id && s->effects[k].incident == number)
            return true;
    return false;
}

int incidents_of(struct site *s, incident_test *test, uint32_t id,
                 struct incidents *ret, struct gw_why *why)
{
    *ret = (struct incidents){0};
    size_t count = 0;
    bool *of = gw_new(s->incident_count + 1);
    for (size_t i = 0; of && i < s->incident_count; i++)
        count += of[i] = test(s, &s->incidents[i], id);
    ret->at = gw_arena_take_n(s->arena, count + 1, sizeof *ret->at);
    if (!of || !ret->at) {
        gw_free(of);
        return gw_fail(why, GW_ENOMEM, "a list of incidents");
    }
    for (int over = 0; over < 2; over++)
        for (size_t i = 0; i < s->incident_count; i++)
            if (of[i] && is_ongoing(&s->incidents[i]) == !over)
                ret->at[ret->count++] = &s->incidents[i];
    while (ret->ongoing < ret->count && is_ongoing(ret->at[ret->ongoing]))
        ret->ongoing++;
    gw_free(of);
    return 0;
}

// How many of how many found it; of what is no interference: how many there
// were.
static void put_basis(struct page *p, const struct incident *i)
{
    const struct gw_incident_row *r = &i->row;
    if (is_interference(i))
        put_counts(p, r->blocked, r->measurements, r->observers);
    else
        SAY(p, "counts.all", word_number(p->site, p->lang, r->measurements),
            word_number(p->site, p->lang, r->observers));
}

static void put_line(struct page *p, const struct incident *i)
{
    gw_put_fmt(p->out, "<li class=\"%s\">", is_ongoing(i) ? "ongoing" : "over");
    put_incident(p, i);
    gw_put_str(p->out, "<p>");
    put_confidence(p, i->row.confidence, i->row.log_odds);
    if (i->row.measurements) {
        gw_put_str(p->out, " · ");
        put_basis(p, i);
    }
    gw_put_str(p->out, "</p></li>\n");
}

void put_incidents(struct page *p, const struct incidents *list, size_t from,
                   size_t to, size_t max)
{
    size_t end = to - from > max ? from + max : to;
    gw_put_str(p->out, "<ul class=\"incidents\">\n");
    for (size_t i = from; i < end; i++)
        put_line(p, list->at[i]);
    gw_put_str(p->out, "</ul>\n");
    if (end == to)
        return;
    gw_put_str(p->out, "<p>");
    SAY(p, "incidents.more",
        word_number(p->site, p->lang, (int64_t)(to - end)));
    gw_put_str(p->out, " ");
    put_link(p, "incident/index.html", gw_message(p->lang, "incidents.all"));
    gw_put_str(p->out, "</p>\n");
}

void put_incident_sections(struct page *p, const struct incidents *list)
{
    incident_section(p, "now", "incidents.now");
    if (list->ongoing)
        put_incidents(p, list, 0, list->ongoing, LIST_MAX);
    else
        incident_paragraph(p, "incidents.now.none");
    incident_section_end(p);
    if (list->count == list->ongoing)
        return;
    incident_section(p, "past", "incidents.past");
    put_incidents(p, list, list->ongoing, list->count, LIST_MAX);
    incident_section_end(p);
}

// ---- data files -------------------------------------------------------------
static void json_time(struct gw_jw *w, const char *key, gw_time t)
{
    char text[GW_TIME_TEXT];
    gw_jw_kstr(w, key,
               t == GW_NEVER ? (gw_span){0}
                             : gw_span_of(text, gw_format_time(t, text)));
}

void json_incidents(struct gw_jw *w, const struct incidents *list)
{
    gw_jw_key(w, "incidents");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_incident_row *r = &list->at[i]->row;
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "id", gw_str(r->id));
        gw_jw_kint(w, "version", r->version);
        gw_jw_kstr(w, "title", list->at[i]->title[GW_ENGLISH]);
        gw_jw_kstr(w, "kind", gw_str(r->kind));
        gw_jw_kstr(w, "state",
                   gw_str(r->withdrawn              ? "withdrawn"
                          : r->until[1] == GW_NEVER ? "ongoing"
                                                    : "over"));
        gw_jw_kstr(w, "cc", gw_str(r->cc));
        gw_jw_kstr(w, "target", gw_str(r->target));
        json_time(w, "since_earliest", r->since[0]);
        json_time(w, "since_latest", r->since[1]);
        json_time(w, "until_earliest", r->until[0]);
        json_time(w, "until_latest", r->until[1]);
        gw_jw_kstr(w, "confidence", gw_str(r->confidence));
        gw_jw_key(w, "log_odds");
        gw_jw_real(w, r->log_odds);
        gw_jw_kint(w, "observers", r->observers);
        gw_jw_kint(w, "measurements", r->measurements);
        gw_jw_kint(w, "blocked", r->blocked);
        gw_jw_key(w, "synthetic");
        gw_jw_bool(w, r->synthetic);
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
}

void json_day(struct gw_jw *w, const char *key, int32_t day)
{
    char text[GW_TIME_TEXT];
    bool none = day == INT32_MIN || day == INT32_MAX;
    gw_jw_kstr(
        w, key,
        none ? (gw_span){0}
             : gw_span_of(text, gw_format_day((gw_time)day * GW_DAY, text)));
}

void json_tally(struct gw_jw *w, const char *key, const struct tally *t)
{
    gw_jw_key(w, key);
    gw_jw_open(w, '{');
    for (int i = 0; i < GW_STATE_COUNT; i++)
        gw_jw_kint(w, gw_state_name((enum gw_state)i), (int64_t)t->count[i]);
    gw_jw_kint(w, "most_observers_a_day", t->observers);
    json_day(w, "first", t->first);
    json_day(w, "last", t->last);
    gw_jw_close(w, '}');
}

void csv_days_heading(struct gw_buf *out)
{
    gw_put_str(out, "cc,target,asn,org,layer,day,ok,blocked,down,unknown,"
                    "observers_ok,observers_blocked,observers_down,"
                    "observers_unknown,throttled,intercepted,rule,example,"
                    "synthetic,aggregate\n");
}

// Lines of a sole observer carry no id that leads to the record.
static bool sole(const struct day *d)
{
    for (size_t i = 0; i < GW_STATE_COUNT; i++)
        if (d->observers[i] > 1)
            return false;
    return true;
}

// Millions of numbers are written here: printf would be half of the work.
static void put_count(struct gw_buf *out, uint32_t n)
{
    uint8_t digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (uint8_t)('0' + n % 10);
    while (n /= 10);
    gw_put_u8(out, ',');
    gw_put(out, digits + at, sizeof digits - at);
}

static void csv_numbers(struct gw_buf *out, const uint32_t *n)
{
    static const enum gw_state order[] = {GW_STATE_OK, GW_STATE_BLOCKED,
                                          GW_STATE_DOWN, GW_STATE_UNKNOWN};
    for (size_t i = 0; i < GW_COUNT(order); i++)
        put_count(out, n[order[i]]);
}

static void csv_text(struct gw_buf *out, const char *text)
{
    gw_put_u8(out, ',');
    gw_csv_put(out, gw_str(text));
}

void csv_day(const struct site *s, const struct day *d, struct gw_buf *out)
{
    char day[GW_TIME_TEXT];
    const struct network *n = &s->networks[d->network];
    gw_csv_put(out, gw_str(s->countries[d->country].cc));
    csv_text(out, s->targets[d->target].name);
    if (n->asn >= 0 && n->asn <= UINT32_MAX)
        put_count(out, (uint32_t)n->asn);
    else
        gw_put_u8(out, ',');
    csv_text(out, n->org);
    csv_text(out,
             gw_layer_name(d->layer < GW_LAYER_COUNT ? (enum gw_layer)d->layer
                                                     : GW_LAYER_ALL));
    gw_put_u8(out, ',');
    gw_put(out, day, gw_format_day((gw_time)d->day * GW_DAY, day));
    csv_numbers(out, d->count);
    csv_numbers(out, d->observers);
    put_count(out, d->throttled);
    put_count(out, d->intercepted);
    csv_text(out, d->rule);
    csv_text(out, sole(d) ? "" : d->example);
    put_count(out, d->synthetic);
    put_count(out, d->aggregate);
    gw_put_u8(out, '\n');
}

int data_file(struct site *s, const char *path, struct gw_why *why)
{
    char full[SITE_PATH];
    snprintf(full, sizeof full, "data/%s", path);
    return s->data.err ? gw_fail(why, s->data.err, "%s", full)
                       : site_file(s, full, gw_buf_span(&s->data), why);
}

// ---- data files as JSON ---------------------------------------------------

struct gw_jw json_begin(struct site *s)
{
    gw_buf_reset(&s->data);
    struct gw_jw w = gw_jw_on(&s->data);
    gw_jw_open(&w, '{');
    return w;
}

int json_end(struct site *s, struct gw_jw *w, const char *path,
             struct gw_why *why)
{
    gw_jw_close(w, '}');
    gw_put_u8(&s->data, '\n');
    return data_file(s, path, why);
}

void json_network(struct gw_jw *w, int64_t asn, const char *org, const char *cc)
{
    gw_jw_key(w, "asn");
    if (asn == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_int(w, asn);
    gw_jw_kstr(w, "org", gw_str(org));
    gw_jw_kstr(w, "cc", gw_str(cc));
}

void json_targets(struct gw_jw *w, const struct site *s, const struct groups *g)
{
    gw_jw_key(w, "targets");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < g->count; i++) {
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "target", gw_str(s->targets[g->at[i].id].name));
        json_tally(w, "recent", &g->at[i].recent);
        json_tally(w, "all", &g->at[i].all);
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
}
