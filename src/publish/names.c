// Texts by number: an open table of slots that doubles.
#include "publish/names.h"

void names_init(struct names *n, struct gw_arena *arena)
{
    *n = (struct names){.arena = arena};
}

void names_release(struct names *n)
{
    gw_free(n->at);
    gw_free(n->slots);
    *n = (struct names){0};
}

static size_t slot_of(const struct names *n, gw_span text)
{
    size_t mask = n->slot_count - 1;
    size_t at = (size_t)gw_hash(text, 1) & mask;
    while (n->slots[at] && !gw_is(text, n->at[n->slots[at] - 1]))
        at = (at + 1) & mask;
    return at;
}

uint32_t names_find(const struct names *n, gw_span text)
{
    if (!n->slot_count)
        return UINT32_MAX;
    uint32_t found = n->slots[slot_of(n, text)];
    return found ? found - 1 : UINT32_MAX;
}

static bool grow(struct names *n)
{
    size_t cap = n->cap ? 2 * n->cap : 64;
    if (cap > UINT32_MAX / 4)
        return false;
    const char **at = gw_resize(n->at, cap, sizeof *at);
    if (!at)
        return false;
    n->at = at;
    uint32_t *slots = gw_new(2 * cap * sizeof *slots);
    if (!slots)
        return false;
    gw_free(n->slots);
    n->slots = slots;
    n->slot_count = 2 * cap;
    n->cap = cap;
    for (size_t i = 0; i < n->count; i++)
        slots[slot_of(n, gw_str(n->at[i]))] = (uint32_t)i + 1;
    return true;
}

uint32_t names_add(struct names *n, gw_span text)
{
    uint32_t found = names_find(n, text);
    if (found != UINT32_MAX)
        return found;
    if (n->count == n->cap && !grow(n))
        return UINT32_MAX;
    const char *copy = gw_arena_cstr(n->arena, text);
    if (!copy)
        return UINT32_MAX;
    n->at[n->count] = copy;
    n->slots[slot_of(n, text)] = (uint32_t)++n->count;
    return (uint32_t)n->count - 1;
}

static int by_text(const void *a, const void *b, void *ctx)
{
    const char *const *at = ctx;
    const uint32_t *x = a, *y = b;
    return strcmp(at[*x], at[*y]);
}

uint32_t *names_sorted(const struct names *n)
{
    uint32_t *order = gw_new((n->count + 1) * sizeof *order);
    if (!order)
        return NULL;
    for (size_t i = 0; i < n->count; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, n->count, sizeof *order, by_text, n->at);
    return order;
}
