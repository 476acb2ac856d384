// What an incident is called: a sentence that states the finding, and no more
// than is known of it. Onset is the latest that it can be, the end the
// earliest: the time that is certain.
#include "publish/site.h"

#include "publish/words.h"

struct parts {
    struct site *site;
    const struct incident *incident;
    gw_jv body;
    enum gw_language lang;
};

static const char *say(const struct parts *p, const char *id,
                       const char *const *values, size_t n)
{
    return (const char *)page_words(p->site, p->lang, id, values, n).at;
}

static const char *network_name(const struct parts *p, gw_jv network)
{
    gw_span org = gw_jv_str(gw_jv_get(network, "org"));
    const char *name = org.len ? gw_arena_cstr(p->site->arena, org) : NULL;
    int64_t asn = GW_NULL;
    if (name)
        return name;
    if (!gw_jv_int(gw_jv_get(network, "asn"), &asn))
        asn = GW_NULL;
    return word_network(p->site, p->lang, asn, NULL);
}

static const char *networks(const struct parts *p)
{
    gw_jv list = gw_jv_get(p->body, "networks");
    size_t n = gw_jv_count(list);
    if (n == 0)
        return say(p, "title.nowhere", NULL, 0);
    const char *first = network_name(p, gw_jv_at(list, 0));
    if (n == 1)
        return first;
    if (n == 2)
        return say(
            p, "title.two",
            (const char *const[]){first, network_name(p, gw_jv_at(list, 1))},
            2);
    return say(p, "title.networks",
               (const char *const[]){word_number(p->site, p->lang, (int64_t)n)},
               1);
}

// "on weekdays", where it pauses regularly; NULL where it does not.
static const char *pattern(const struct parts *p)
{
    uint32_t days = 0;
    gw_jit it =
        gw_jv_iter(gw_jv_get(gw_jv_get(p->body, "pattern"), "weekdays"));
    while (gw_jit_next(&it)) {
        int64_t day;
        if (gw_jv_int(it.value, &day) && day >= 1 && day <= 7)
            days |= 1U << (day - 1);
    }
    if (!days || days == 0x7f)
        return NULL;
    return say(p,
               days == 0x1f   ? "pattern.weekdays"
               : days == 0x60 ? "pattern.weekends"
                              : "pattern.days",
               NULL, 0);
}

static const char *period(const struct parts *p, const char **ret_last)
{
    const struct gw_incident_row *r = &p->incident->row;
    gw_time offset;
    bool before = r->since[0] == GW_NEVER;
    gw_time since = r->since[1] != GW_NEVER ? r->since[1] : r->since[0];
    gw_time until = r->until[0] != GW_NEVER ? r->until[0] : r->until[1];
    country_offset(r->cc, &offset);
    const char *first =
        since == GW_NEVER ? "" : word_day(p->site, p->lang, since + offset);
    const char *last =
        until == GW_NEVER ? "" : word_day(p->site, p->lang, until + offset);
    *ret_last = last;
    const char *const values[] = {first, last};
    if (since == GW_NEVER)
        return say(p, "period.unknown", NULL, 0);
    if (r->until[1] == GW_NEVER)
        return say(p, before ? "period.since.before" : "period.since", values,
                   1);
    if (strcmp(first, last) == 0)
        return say(p, "period.day", values, 1);
    return say(p, before ? "period.before" : "period.from", values, 2);
}

static const char *sentence(const struct parts *p)
{
    static const char *const kinds[] = {
        "blocking", "throttling", "interception", "down", "silence", "defect"};
    const struct gw_incident_row *r = &p->incident->row;
    const char *kind = kinds[0], *last = "";
    char id[48];
    for (size_t i = 0; i < GW_COUNT(kinds); i++)
        if (strcmp(kinds[i], r->kind) == 0)
            kind = kinds[i];
    const char *when = period(p, &last), *rhythm = pattern(p);
    if (rhythm)
        when = say(p, "title.when", (const char *const[]){rhythm, when}, 2);
    snprintf(id, sizeof id, "title.%s.%s", kind,
             r->until[1] == GW_NEVER ? "ongoing" : "over");
    const char *const values[] = {
        *r->target ? word_target(p->site, p->lang, r->target) : "", networks(p),
        word_country(p->site, p->lang, r->cc), when};
    return say(p, id, values, GW_COUNT(values));
}

static const char *hedged(const struct parts *p, const char *text)
{
    static const char *const hedges[][2] = {
        {"likely", "hedge.likely"},
        {"possible", "hedge.possible"},
        {"not enough data", "hedge.unknown"}};
    const struct gw_incident_row *r = &p->incident->row;
    const char *const values[] = {text};
    if (r->withdrawn)
        return say(p, "hedge.withdrawn", values, 1);
    for (size_t i = 0; i < GW_COUNT(hedges); i++)
        if (strcmp(hedges[i][0], r->confidence) == 0)
            return say(p, hedges[i][1], values, 1);
    return text;
}

int site_title(struct site *s, struct incident *i, gw_jv body,
               struct gw_why *why)
{
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        const struct parts p = {s, i, body, (enum gw_language)l};
        i->title[l] = gw_str(hedged(&p, sentence(&p)));
        if (!i->title[l].len)
            return gw_fail(why, GW_ENOMEM, "%s: its title", i->row.id);
    }
    return 0;
}
