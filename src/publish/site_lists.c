// Targets, networks and countries in their order, each with its file name, and
// the days listed under each.
#include "publish/site.h"

// ---- lists in their order -----------------------------------------------
// ret_rank[number] is the place among the sorted; NULL without memory.
static uint32_t *ranks(const uint32_t *order, size_t count)
{
    uint32_t *rank = gw_new((count + 1) * sizeof *rank);
    for (size_t i = 0; rank && i < count; i++)
        rank[order[i]] = (uint32_t)i;
    return rank;
}

struct ordered {
    uint32_t *order, *rank;
};

static int sort_names(const struct names *n, struct ordered *ret)
{
    ret->order = names_sorted(n);
    ret->rank = ret->order ? ranks(ret->order, n->count) : NULL;
    return ret->rank ? 0 : GW_ENOMEM;
}

static void ordered_release(struct ordered *o)
{
    gw_free(o->order);
    gw_free(o->rank);
}

static int list_targets(struct load *l, const struct ordered *o)
{
    struct site *s = l->site;
    s->target_count = l->targets.count;
    s->targets =
        gw_arena_take_n(s->arena, s->target_count + 1, sizeof *s->targets);
    if (!s->targets)
        return GW_ENOMEM;
    for (size_t i = 0; i < s->target_count; i++) {
        struct target *t = &s->targets[i];
        t->name = gw_arena_cstr(s->arena, gw_str(l->targets.at[o->order[i]]));
        t->shown = t->name ? site_shown(s->arena, t->name) : NULL;
        t->slug = t->name ? site_slug(s->arena, t->name) : NULL;
        if (!t->shown || !t->slug)
            return GW_ENOMEM;
    }
    return 0;
}

static const char *country_slug(struct gw_arena *arena, const char *cc)
{
    bool letters = strlen(cc) == 2 && cc[0] >= 'A' && cc[0] <= 'Z' &&
                   cc[1] >= 'A' && cc[1] <= 'Z';
    if (!letters)
        return *cc ? site_slug(arena, cc) : "unknown";
    char slug[3] = {(char)(cc[0] | 0x20), (char)(cc[1] | 0x20), 0};
    return gw_arena_cstr(arena, gw_str(slug));
}

static int list_countries(struct load *l, const struct ordered *o)
{
    struct site *s = l->site;
    s->country_count = l->countries.count;
    s->countries =
        gw_arena_take_n(s->arena, s->country_count + 1, sizeof *s->countries);
    if (!s->countries)
        return GW_ENOMEM;
    for (size_t i = 0; i < s->country_count; i++) {
        struct country *c = &s->countries[i];
        c->cc = gw_arena_cstr(s->arena, gw_str(l->countries.at[o->order[i]]));
        c->slug = c->cc ? country_slug(s->arena, c->cc) : NULL;
        if (!c->slug)
            return GW_ENOMEM;
    }
    return 0;
}

static int by_country_asn(const void *a, const void *b, void *ctx)
{
    const struct network *nets = ctx, *x = &nets[*(const uint32_t *)a],
                         *y = &nets[*(const uint32_t *)b];
    if (x->country != y->country)
        return x->country < y->country ? -1 : 1;
    return x->asn < y->asn ? -1 : x->asn > y->asn;
}

static int list_networks(struct load *l, const struct ordered *countries,
                         struct ordered *ret)
{
    struct site *s = l->site;
    size_t n = s->network_count = l->networks.count;
    s->networks = gw_arena_take_n(s->arena, n + 1, sizeof *s->networks);
    ret->order = gw_new((n + 1) * sizeof *ret->order);
    if (!s->networks || !ret->order)
        return GW_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        ret->order[i] = (uint32_t)i;
        l->nets[i].country = countries->rank[l->nets[i].country];
    }
    if (n)
        qsort_r(ret->order, n, sizeof *ret->order, by_country_asn, l->nets);
    for (size_t i = 0; i < n; i++) {
        struct network *net = &s->networks[i];
        *net = l->nets[ret->order[i]];
        net->org = gw_arena_cstr(s->arena, gw_str(net->org));
        gw_span slug =
            net->asn == GW_NULL
                ? gw_arena_fmt(s->arena, "unknown-%s%c",
                               s->countries[net->country].slug, 0)
                : gw_arena_fmt(s->arena, "AS%lld%c", (long long)net->asn, 0);
        net->slug = (const char *)slug.at;
        if (!net->org || !net->slug)
            return GW_ENOMEM;
    }
    ret->rank = ranks(ret->order, n);
    return ret->rank ? 0 : GW_ENOMEM;
}

// ---- days by target and by network --------------------------------------
struct key { // where a day finds what it is listed under
    size_t offset, stride, range;
    size_t groups;
    uint8_t *base;
};

static struct range *range_of(const struct key *k, const struct day *d)
{
    uint32_t group;
    memcpy(&group, (const uint8_t *)d + k->offset, sizeof group);
    return (void *)(k->base + group * k->stride + k->range);
}

// Stable, by counting: the days under one group stay in their order.
static uint32_t *index_days(struct site *s, const struct key *k)
{
    uint32_t *list = gw_new((s->day_count + 1) * sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < s->day_count; i++)
        range_of(k, &s->days[i])->count++;
    uint32_t at = 0;
    for (size_t g = 0; g < k->groups; g++) {
        struct range *r = (void *)(k->base + g * k->stride + k->range);
        r->first = at;
        at += r->count;
        r->count = 0;
    }
    for (size_t i = 0; i < s->day_count; i++) {
        struct range *r = range_of(k, &s->days[i]);
        list[r->first + r->count++] = (uint32_t)i;
    }
    return list;
}

static int by_day_order(const void *a, const void *b)
{
    const struct day *x = a, *y = b;
    const uint32_t keys[][2] = {{x->country, y->country},
                                {x->target, y->target},
                                {x->network, y->network},
                                {x->layer, y->layer}};
    for (size_t i = 0; i < GW_COUNT(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return x->day < y->day ? -1 : x->day > y->day;
}

static int by_effect_order(const void *a, const void *b)
{
    const struct effect *x = a, *y = b;
    const uint32_t keys[][2] = {{x->target, y->target},
                                {x->network, y->network},
                                {x->incident, y->incident}};
    for (size_t i = 0; i < GW_COUNT(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

static void renumber(struct site *s, const struct ordered *t,
                     const struct ordered *n, const struct ordered *c)
{
    for (size_t i = 0; i < s->day_count; i++) {
        struct day *d = &s->days[i];
        d->target = t->rank[d->target];
        d->network = n->rank[d->network];
        d->country = c->rank[d->country];
    }
    for (size_t i = 0; i < s->incident_count; i++) {
        struct incident *x = &s->incidents[i];
        if (x->target != UINT32_MAX)
            x->target = t->rank[x->target];
        x->country = c->rank[x->country];
    }
    for (size_t i = 0; i < s->effect_count; i++) {
        struct effect *e = &s->effects[i];
        if (e->target != UINT32_MAX)
            e->target = t->rank[e->target];
        e->network = n->rank[e->network];
    }
    if (s->effect_count)
        qsort(s->effects, s->effect_count, sizeof *s->effects, by_effect_order);
    bool sorted = true;
    for (size_t i = 1; sorted && i < s->day_count; i++)
        sorted = by_day_order(&s->days[i - 1], &s->days[i]) <= 0;
    if (!sorted)
        qsort(s->days, s->day_count, sizeof *s->days, by_day_order);
}

static int index_all(struct site *s)
{
    const struct key countries = {
        offsetof(struct day, country), sizeof(struct country),
        offsetof(struct country, days), s->country_count, (void *)s->countries};
    const struct key targets = {
        offsetof(struct day, target), sizeof(struct target),
        offsetof(struct target, days), s->target_count, (void *)s->targets};
    const struct key networks = {
        offsetof(struct day, network), sizeof(struct network),
        offsetof(struct network, days), s->network_count, (void *)s->networks};
    uint32_t *same = index_days(s, &countries); // the days as they stand
    gw_free(same);
    s->by_target = index_days(s, &targets);
    s->by_network = index_days(s, &networks);
    return same && s->by_target && s->by_network ? 0 : GW_ENOMEM;
}

// ---- the layer that stands for a run ----------------------------------------
static uint64_t weight(const struct day *d)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < GW_STATE_COUNT; i++)
        sum += d->count[i];
    return sum;
}

// Of a run of one target on one network: the layer that stands for it.
static void mark_main(struct day *run, size_t count)
{
    uint64_t sums[GW_LAYER_COUNT] = {0};
    for (size_t i = 0; i < count; i++)
        if (run[i].layer < GW_LAYER_COUNT)
            sums[run[i].layer] += weight(&run[i]);
    size_t best = GW_LAYER_ALL;
    for (size_t i = 0; i < GW_LAYER_ALL && !sums[GW_LAYER_ALL]; i++)
        if (sums[i] > sums[best])
            best = i;
    for (size_t i = 0; i < count; i++)
        run[i].main = run[i].layer == best;
}

static void mark_days(struct site *s)
{
    for (size_t from = 0, to; from < s->day_count; from = to) {
        const struct day *d = &s->days[from];
        for (to = from + 1; to < s->day_count; to++)
            if (s->days[to].country != d->country ||
                s->days[to].target != d->target ||
                s->days[to].network != d->network)
                break;
        mark_main(&s->days[from], to - from);
    }
}

int site_order(struct load *l)
{
    struct site *s = l->site;
    struct ordered t = {0}, n = {0}, c = {0};
    int rc = sort_names(&l->targets, &t);
    rc = rc ? rc : sort_names(&l->countries, &c);
    rc = rc ? rc : list_targets(l, &t);
    rc = rc ? rc : list_countries(l, &c);
    rc = rc ? rc : list_networks(l, &c, &n);
    if (!rc) {
        renumber(s, &t, &n, &c);
        rc = index_all(s);
        mark_days(s);
    }
    ordered_release(&t);
    ordered_release(&n);
    ordered_release(&c);
    return rc;
}
