// The names of a series: programs, rules and observers, each once, numbered in
// an order that does not depend on who came first.
#include "analyse/series.h"

int gw_grow(void *list, size_t count, size_t *cap, size_t size, size_t most)
{
    void *at;
    if (count < *cap)
        return 0;
    size_t more = *cap ? *cap * 2 : 64;
    if (more > most)
        return GW_ETOOBIG;
    memcpy(&at, list, sizeof at);
    at = gw_resize(at, more, size);
    if (!at)
        return GW_ENOMEM;
    memcpy(list, &at, sizeof at);
    *cap = more;
    return 0;
}
// ---- names --------------------------------------------------------------

int gw_series_name(struct gw_merge *m, struct gw_names *names, gw_span s,
                   uint32_t *ret)
{
    if (names->count && gw_eq(names->at[names->last], s)) {
        *ret = names->last;
        return 0;
    }
    size_t i = 0;
    while (i < names->count && !gw_eq(names->at[i], s))
        i++;
    if (i == NAMES_MAX - 1)
        i--; // more than can be told apart: the last stands for them
    if (i == names->count) {
        int rc = GROW(names->at, names->count, names->cap, NAMES_MAX);
        if (rc)
            return rc;
        names->at[i] = gw_arena_copy(m->arena, s);
        if (!names->at[i].at)
            return GW_ENOMEM;
        names->count++;
    }
    *ret = names->last = (uint32_t)i;
    return 0;
}

struct ranked {
    gw_span text;
    uint32_t was;
};

static int by_ranked(const void *a, const void *b)
{
    return gw_cmp(((const struct ranked *)a)->text,
                  ((const struct ranked *)b)->text);
}

// Puts the names into order; rank says where each one went.
static int rank_names(struct gw_merge *m, struct gw_names *names)
{
    struct ranked *r = gw_arena_take_n(m->arena, names->count + 1, sizeof *r);
    names->rank =
        gw_arena_take_n(m->arena, names->count + 1, sizeof *names->rank);
    if (!r || !names->rank)
        return GW_ENOMEM;
    for (size_t i = 0; i < names->count; i++)
        r[i] = (struct ranked){names->at[i], (uint32_t)i};
    qsort(r, names->count, sizeof *r, by_ranked);
    for (size_t i = 0; i < names->count; i++) {
        names->at[i] = r[i].text;
        names->rank[r[i].was] = (uint32_t)i;
    }
    return 0;
}

// ---- observers ----------------------------------------------------------

static uint64_t mixed(int64_t v)
{
    return (uint64_t)v * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static int more_slots(struct gw_merge *m)
{
    size_t slots = m->slot_count ? m->slot_count * 2 : 64;
    uint32_t *slot = gw_resize(m->slot, slots, sizeof *slot);
    if (!slot)
        return GW_ENOMEM;
    memset(slot, 0, slots * sizeof *slot);
    m->slot = slot;
    m->slot_count = slots;
    for (size_t i = 0; i < m->observer_count; i++) {
        size_t at = mixed(m->observers[i]) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return 0;
}

int gw_series_observer(struct gw_merge *m, int64_t observer, uint32_t *ret)
{
    if (m->observer_count * 2 >= m->slot_count) {
        int rc = more_slots(m);
        if (rc)
            return rc;
    }
    size_t at = mixed(observer) & (m->slot_count - 1);
    for (; m->slot[at]; at = (at + 1) & (m->slot_count - 1))
        if (m->observers[m->slot[at] - 1] == observer) {
            *ret = m->slot[at] - 1;
            return 0;
        }
    int rc = GROW(m->observers, m->observer_count, m->observer_cap, SIGHTS_MAX);
    if (rc)
        return rc;
    *ret = (uint32_t)m->observer_count;
    m->observers[m->observer_count++] = observer;
    m->slot[at] = (uint32_t)m->observer_count;
    return 0;
}

struct seen {
    int64_t observer;
    uint32_t was;
};

static int by_observer(const void *a, const void *b)
{
    int64_t x = ((const struct seen *)a)->observer,
            y = ((const struct seen *)b)->observer;
    return x < y ? -1 : x > y;
}

static int rank_observers(struct gw_merge *m)
{
    size_t n = m->observer_count;
    struct seen *s = gw_arena_take_n(m->arena, n + 1, sizeof *s);
    m->observer_rank =
        gw_arena_take_n(m->arena, n + 1, sizeof *m->observer_rank);
    if (!s || !m->observer_rank)
        return GW_ENOMEM;
    for (size_t i = 0; i < n; i++)
        s[i] = (struct seen){m->observers[i], (uint32_t)i};
    qsort(s, n, sizeof *s, by_observer);
    for (size_t i = 0; i < n; i++) {
        m->observers[i] = s[i].observer;
        m->observer_rank[s[i].was] = (uint32_t)i;
    }
    return 0;
}

int gw_series_rank(struct gw_merge *m)
{
    int rc = rank_observers(m);
    rc = rc ? rc : rank_names(m, &m->programs);
    return rc ? rc : rank_names(m, &m->rules);
}
