// The archive's days and incidents in memory, with the lists of targets,
// networks and countries that they speak of, each in its order.
#include "publish/site.h"

#include <stdio.h>

enum { BODY_MAX = 4 << 20 };

// Room for one more: doubles. NULL without memory; the old one stays.
static void *roomy(void *at, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return at;
    size_t more = *cap ? 2 * *cap : 256;
    void *bigger = gw_resize(at, more, size);
    if (bigger)
        *cap = more;
    return bigger;
}

static uint32_t load_network(struct load *l, uint32_t country, int64_t asn,
                             const char *org)
{
    char key[32];
    size_t known = l->networks.count;
    if (asn == GW_NULL)
        snprintf(key, sizeof key, "unknown-%u", country);
    else
        snprintf(key, sizeof key, "AS%lld", (long long)asn);
    uint32_t at = names_add(&l->networks, gw_str(key));
    if (at == UINT32_MAX)
        return at;
    struct network *nets = roomy(l->nets, at, &l->net_cap, sizeof *nets);
    if (!nets)
        return UINT32_MAX;
    l->nets = nets;
    struct network *n = &nets[at];
    if (at == known)
        *n = (struct network){.asn = asn, .country = country, .org = ""};
    if (*org && !*n->org) {
        uint32_t text = names_add(&l->texts, gw_str(org));
        if (text == UINT32_MAX)
            return text;
        n->org = l->texts.at[text];
    }
    return at;
}

// ---- days ---------------------------------------------------------------
// Rows come in order, so most look like the one before.
static int load_keys(struct load *l, const struct gw_day_row *d)
{
    bool same_cc = strcmp(d->cc, l->cc) == 0 && l->site->day_count;
    if (!same_cc)
        l->last.country = names_add(&l->countries, gw_str(d->cc));
    if (!same_cc || strcmp(d->target, l->target) != 0)
        l->last.target = names_add(&l->targets, gw_str(d->target));
    if (!same_cc || d->asn != l->asn || strcmp(d->org, l->org) != 0)
        l->last.network = load_network(l, l->last.country, d->asn, d->org);
    if (!l->last.rule || strcmp(d->rule, l->rule) != 0) {
        uint32_t rule = names_add(&l->texts, gw_str(d->rule));
        l->last.rule = rule == UINT32_MAX ? NULL : l->texts.at[rule];
    }
    snprintf(l->cc, sizeof l->cc, "%s", d->cc);
    snprintf(l->target, sizeof l->target, "%s", d->target);
    snprintf(l->org, sizeof l->org, "%s", d->org);
    snprintf(l->rule, sizeof l->rule, "%s", d->rule);
    l->asn = d->asn;
    bool ok = l->last.country != UINT32_MAX && l->last.target != UINT32_MAX &&
              l->last.network != UINT32_MAX && l->last.rule;
    return ok ? 0 : GW_ENOMEM;
}

static uint32_t small(int64_t n)
{
    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static int load_day(void *ctx, const struct gw_day_row *d)
{
    struct load *l = ctx;
    struct site *s = l->site;
    struct day *days = roomy(l->days, s->day_count, &l->cap, sizeof *days);
    if (!days || load_keys(l, d))
        return GW_ENOMEM;
    l->days = days;
    const char *example = gw_arena_cstr(s->arena, gw_str(d->example));
    if (!example)
        return GW_ENOMEM;
    struct day *day = &days[s->day_count++];
    *day = l->last;
    day->example = example;
    day->day = (int32_t)(d->day / GW_DAY);
    day->layer = (uint8_t)d->layer;
    day->synthetic = d->synthetic;
    day->aggregate = d->aggregate;
    for (size_t i = 0; i < GW_STATE_COUNT; i++) {
        day->count[i] = small(d->count[i]);
        day->observers[i] = small(d->observers[i]);
    }
    day->throttled = small(d->throttled);
    day->intercepted = small(d->intercepted);
    s->synthetic |= d->synthetic;
    if (s->newest == GW_NEVER || d->day > s->newest)
        s->newest = d->day;
    return 0;
}

// ---- incidents ----------------------------------------------------------
static int add_effect(struct load *l, uint32_t target, uint32_t network)
{
    struct site *s = l->site;
    struct effect *e =
        roomy(s->effects, s->effect_count, &l->effect_cap, sizeof *e);
    if (!e || network == UINT32_MAX)
        return GW_ENOMEM;
    s->effects = e;
    e[s->effect_count++] =
        (struct effect){target, network, (uint32_t)s->incident_count - 1};
    return 0;
}

static int load_effects(struct load *l, struct incident *i, gw_jv body)
{
    int rc = 0;
    gw_jit it = gw_jv_iter(gw_jv_get(body, "networks"));
    while (!rc && gw_jit_next(&it)) {
        int64_t asn = GW_NULL;
        char org[128];
        gw_span name = gw_jv_str(gw_jv_get(it.value, "org"));
        if (!gw_jv_int(gw_jv_get(it.value, "asn"), &asn))
            asn = GW_NULL;
        snprintf(org, sizeof org, "%.*s",
                 (int)(name.len < 127 ? name.len : 127),
                 name.at ? (const char *)name.at : "");
        rc = add_effect(l, i->target, load_network(l, i->country, asn, org));
    }
    return rc;
}

static int load_incident(void *ctx, const struct gw_incident_row *row)
{
    struct load *l = ctx;
    struct site *s = l->site;
    if (s->options->cc && strcmp(s->options->cc, row->cc) != 0)
        return 0;
    struct incident *all =
        roomy(s->incidents, s->incident_count, &l->incident_cap, sizeof *all);
    if (!all || row->body.len > BODY_MAX)
        return all ? GW_ETOOBIG : GW_ENOMEM;
    s->incidents = all;
    struct incident *i = &all[s->incident_count++];
    *i = (struct incident){.row = *row, .target = UINT32_MAX};
    uint8_t *body = gw_arena_zero(s->arena, row->body.len + GW_JSON_PADDING);
    if (!body)
        return GW_ENOMEM;
    memcpy(body, row->body.at, row->body.len);
    i->row.body = gw_span_of(body, row->body.len);
    snprintf(i->path, sizeof i->path, "incident/%s.html", row->id);
    i->country = names_add(&l->countries, gw_str(row->cc));
    if (*row->target)
        i->target = names_add(&l->targets, gw_str(row->target));
    s->synthetic |= row->synthetic;
    if (i->country == UINT32_MAX || (*row->target && i->target == UINT32_MAX))
        return GW_ENOMEM;
    return load_effects(l, i, site_body(s, i));
}

gw_jv site_body(struct site *s, const struct incident *i)
{
    gw_jv body = {0};
    if (gw_json_parse(s->json, i->row.body, &body, NULL))
        return (gw_jv){0};
    return body;
}

int site_load(struct site *s, struct gw_why *why)
{
    struct load l = {.site = s};
    const struct gw_day_filter all = {.cc = s->options->cc,
                                      .asn = -1,
                                      .layer = -1,
                                      .since = GW_NEVER,
                                      .until = GW_NEVER};
    s->newest = GW_NEVER;
    names_init(&l.targets, s->arena);
    names_init(&l.networks, s->arena);
    names_init(&l.countries, s->arena);
    names_init(&l.texts, s->arena);
    int rc = gw_days_each(s->archive, &all, load_day, &l, why);
    rc = rc ? rc : gw_incidents_each(s->archive, load_incident, &l, why);
    s->days = l.days;
    rc = rc ? rc : site_order(&l);
    for (size_t i = 0; !rc && i < s->incident_count; i++)
        rc = site_title(s, &s->incidents[i], site_body(s, &s->incidents[i]),
                        why);
    names_release(&l.targets);
    names_release(&l.networks);
    names_release(&l.countries);
    names_release(&l.texts);
    gw_free(l.nets);
    return rc ? gw_fail(why, rc, "the archive's days and incidents") : 0;
}

void site_unload(struct site *s)
{
    gw_free(s->days);
    gw_free(s->by_target);
    gw_free(s->by_network);
    gw_free(s->incidents);
    gw_free(s->effects);
}
