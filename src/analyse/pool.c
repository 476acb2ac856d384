// The pool: which networks vouch for an address, an endpoint, a handshake.
// A flood from one network is one voice. Only minima and sets are kept, so
// the order in which measurements come does not show; when it outgrows its
// memory, half of the keys are dropped by their hash, which is order-free too.
#include "analyse/judge.h"

#include <math.h>

enum {
    VOICES = GW_POOL_NETWORKS + 1, // one may be the network that is judged
    TIMES = 8,
    VOICES_MAX = 512 << 10, // keys of each table: 32 MB and 20 MB at most
    TIMES_MAX = 128 << 10,
    FIRST_SLOTS = 4096,
    MIN_TIMES = 3
};

struct entry {
    uint64_t key; // 0 is free
    uint32_t asn[VOICES];
    uint32_t count;
};
struct times { // handshake milliseconds, the least of each network
    uint64_t key;
    uint32_t asn[TIMES], ms[TIMES];
    uint32_t count;
};

struct table {
    uint8_t *at;
    size_t slots, count, size, max;
    uint64_t below; // keys at or above are dropped
};

struct gw_pool {
    struct table voices, times;
    int thinned;
};

// ---- a table of fixed-size entries that begin with their key -------------

static uint64_t *slot(const struct table *t, size_t i)
{
    return (uint64_t *)(void *)(t->at + i * t->size);
}

static bool resize(struct table *t, size_t slots)
{
    struct table next = *t;
    next.at = gw_new(slots * t->size);
    next.slots = slots;
    next.count = 0;
    if (!next.at)
        return false;
    for (size_t i = 0; i < t->slots; i++) {
        const uint64_t *from = slot(t, i);
        if (!*from || *from >= t->below)
            continue;
        size_t at = *from & (slots - 1);
        while (*slot(&next, at))
            at = (at + 1) & (slots - 1);
        memcpy(slot(&next, at), from, t->size);
        next.count++;
    }
    gw_free(t->at);
    *t = next;
    return true;
}

static const void *find(const struct table *t, uint64_t key)
{
    key = key ? key : 1;
    if (!t->slots)
        return NULL;
    size_t at = key & (t->slots - 1);
    while (*slot(t, at) && *slot(t, at) != key)
        at = (at + 1) & (t->slots - 1);
    return *slot(t, at) ? slot(t, at) : NULL;
}

// Room for one more key; drops the upper half of all until there is.
static bool make_room(struct table *t, int *thinned)
{
    while (t->count >= t->max) {
        t->below /= 2;
        ++*thinned;
        if (!resize(t, t->slots))
            return false;
    }
    return t->count * 2 < t->slots ||
           resize(t, t->slots ? t->slots * 2 : FIRST_SLOTS);
}

// The entry of a key, made if need be; NULL when it is dropped, *ok false when
// there is no memory. Only a key that is new thins the table, so that it does
// not show how often and when the others came.
static void *entry_of(struct table *t, uint64_t key, int *thinned, bool *ok)
{
    key = key ? key : 1;
    if (key >= t->below)
        return NULL;
    if (!find(t, key) && !make_room(t, thinned))
        return *ok = false, NULL;
    if (key >= t->below)
        return NULL;
    size_t at = key & (t->slots - 1);
    while (*slot(t, at) && *slot(t, at) != key)
        at = (at + 1) & (t->slots - 1);
    if (!*slot(t, at)) {
        *slot(t, at) = key;
        t->count++;
    }
    return slot(t, at);
}

struct gw_pool *gw_pool_new(void)
{
    struct gw_pool *p = gw_new(sizeof *p);
    if (p) {
        p->voices = (struct table){.size = sizeof(struct entry),
                                   .max = VOICES_MAX,
                                   .below = UINT64_MAX};
        p->times = (struct table){.size = sizeof(struct times),
                                  .max = TIMES_MAX,
                                  .below = UINT64_MAX};
    }
    return p;
}

void gw_pool_free(struct gw_pool *p)
{
    if (!p)
        return;
    gw_free(p->voices.at);
    gw_free(p->times.at);
    gw_free(p);
}

// ---- voices -------------------------------------------------------------

static uint64_t spread(uint32_t asn)
{
    struct gw_rand r = {asn};
    return gw_rand_next(&r);
}

// Keeps the networks whose spread is least: the same ones in any order.
// Returns where asn stands, or -1.
static int add_network(uint32_t *list, uint32_t *other, uint32_t *count,
                       uint32_t max, uint32_t asn)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < *count; i++) {
        if (list[i] == asn)
            return (int)i;
        if (spread(list[i]) > spread(list[last]))
            last = i;
    }
    if (*count < max) {
        last = (*count)++;
    } else if (spread(asn) > spread(list[last])) {
        return -1;
    }
    list[last] = asn;
    if (other)
        other[last] = UINT32_MAX;
    return (int)last;
}

static uint64_t subject_of(enum gw_pool_fact fact, gw_span host, gw_span ip,
                           int64_t port)
{
    uint64_t h = (uint64_t)fact << 32 ^ (uint64_t)port;
    return gw_hash(ip, gw_hash(host, h));
}

static uint64_t on_day(uint64_t subject, int64_t day)
{
    struct gw_rand r = {subject + (uint64_t)day * UINT64_C(0x9e6d62d06f6a9a9b)};
    return gw_rand_next(&r);
}

static uint64_t key_of(enum gw_pool_fact fact, gw_span host, gw_span ip,
                       int64_t port, int64_t day)
{
    return on_day(subject_of(fact, host, ip, port), day);
}

static int64_t day_of(gw_time t)
{
    return t == GW_NEVER ? 0 : t / GW_DAY;
}

struct adding {
    struct gw_pool *p;
    int64_t day;
    uint32_t asn;
    bool ok;
};

static void vouch(struct adding *a, enum gw_pool_fact fact, gw_span host,
                  gw_span ip, int64_t port)
{
    struct entry *e =
        entry_of(&a->p->voices, key_of(fact, host, ip, port, a->day),
                 &a->p->thinned, &a->ok);
    if (e)
        add_network(e->asn, NULL, &e->count, VOICES, a->asn);
}

static void add_time(struct adding *a, gw_span host, double seconds)
{
    if (!(seconds > 0 && seconds < 3600))
        return;
    struct times *e = entry_of(
        &a->p->times, key_of(GW_POOL_TLS_TIME, host, (gw_span){0}, 0, a->day),
        &a->p->thinned, &a->ok);
    uint32_t ms = (uint32_t)(seconds * 1000) + 1;
    int i = e ? add_network(e->asn, e->ms, &e->count, TIMES, a->asn) : -1;
    if (i >= 0 && ms < e->ms[i])
        e->ms[i] = ms;
}

static void add_view(struct adding *a, const struct gw_view *v)
{
    for (size_t i = 0; i < v->control_count; i++) {
        const struct gw_control_row *c = &v->control[i];
        if (c->dns_success != 1 || !c->ip.at)
            continue;
        vouch(a, GW_POOL_ADDRESS, c->hostname, c->ip, 0);
        vouch(a, GW_POOL_RESOLVES, c->hostname, (gw_span){0}, 0);
    }
    for (size_t i = 0; i < v->tcp_count; i++)
        if (v->tcp[i].success == 1 && v->tcp[i].ip.at)
            vouch(a, GW_POOL_TCP, (gw_span){0}, v->tcp[i].ip, v->tcp[i].port);
    for (size_t i = 0; i < v->tls_count; i++) {
        const struct gw_tls_row *t = &v->tls[i];
        if (t->failure.at || !t->ip.at)
            continue;
        vouch(a, GW_POOL_TLS, t->server_name, t->ip, t->port);
        if (t->is_certificate_valid == 1) {
            vouch(a, GW_POOL_ADDRESS, t->server_name, t->ip, 0);
            vouch(a, GW_POOL_RESOLVES, t->server_name, (gw_span){0}, 0);
        }
        add_time(a, t->server_name, t->handshake_time);
    }
}

int gw_pool_add(struct gw_pool *p, const struct gw_block *b)
{
    size_t n;
    const struct gw_measurement_row *m = gw_rows_measurement(b, &n);
    struct gw_cursor cursor = {{0}};
    for (size_t i = 0; i < n; i++) {
        struct gw_view v;
        gw_view_next(b, &cursor, i, p, &v);
        // Nobody's network cannot be one of several.
        if (m[i].probe_asn <= 0 || m[i].probe_asn > UINT32_MAX)
            continue;
        struct adding a = {p, day_of(m[i].start_time), (uint32_t)m[i].probe_asn,
                           true};
        add_view(&a, &v);
        if (!a.ok)
            return GW_ENOMEM;
    }
    return 0;
}

// ---- asking -------------------------------------------------------------

bool gw_pool_says(const struct gw_pool *p, enum gw_pool_fact fact, gw_span host,
                  gw_span ip, int64_t port, gw_time t, int64_t asn)
{
    uint32_t seen[3 * VOICES], count = 0;
    if (!p->voices.count)
        return false;
    uint64_t subject = subject_of(fact, host, ip, port);
    for (int64_t day = day_of(t) - 1; day <= day_of(t) + 1; day++) {
        const struct entry *e = find(&p->voices, on_day(subject, day));
        for (uint32_t i = 0; e && i < e->count; i++) {
            bool known = e->asn[i] == asn;
            for (uint32_t k = 0; k < count && !known; k++)
                known = seen[k] == e->asn[i];
            if (!known)
                seen[count++] = e->asn[i];
        }
    }
    return count >= GW_POOL_NETWORKS;
}

double gw_pool_usual(const struct gw_pool *p, gw_span host, gw_time t)
{
    const struct times *e = find(
        &p->times, key_of(GW_POOL_TLS_TIME, host, (gw_span){0}, 0, day_of(t)));
    uint32_t sorted[TIMES];
    if (!e || e->count < MIN_TIMES)
        return (double)NAN;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t k = i;
        for (; k > 0 && sorted[k - 1] > e->ms[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = e->ms[i];
    }
    uint32_t middle = sorted[e->count / 2];
    return middle / 1000.0;
}

size_t gw_pool_count(const struct gw_pool *p)
{
    return p->voices.count + p->times.count;
}

int gw_pool_thinned(const struct gw_pool *p)
{
    return p->thinned;
}

static uint64_t table_digest(const struct table *t)
{
    uint64_t sum = 0; // a sum does not depend on where entries stand
    for (size_t i = 0; i < t->slots; i++) {
        const uint64_t *e = slot(t, i);
        if (!*e)
            continue;
        uint64_t networks = 0;
        const struct entry *v = (const struct entry *)(const void *)e;
        const struct times *m = (const struct times *)(const void *)e;
        bool times = t->size == sizeof(struct times);
        uint32_t n = times ? m->count : v->count;
        for (uint32_t k = 0; k < n; k++)
            networks += spread(times ? m->asn[k] : v->asn[k]) *
                        (times ? m->ms[k] | 1u : 1u);
        sum += gw_hash(gw_span_of(&networks, sizeof networks), *e);
    }
    return sum;
}

uint64_t gw_pool_digest(const struct gw_pool *p)
{
    return table_digest(&p->voices) * 31 + table_digest(&p->times);
}
