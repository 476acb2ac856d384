// Arenas: one growing chain of chunks that dies at once, under a ceiling.
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

// Under AddressSanitizer the unused tail of each chunk is poisoned, so that
// running past a take is caught.
#if defined(__SANITIZE_ADDRESS__)
#define GW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GW_ASAN 1
#endif
#endif
#ifdef GW_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
enum { REDZONE = 16 };
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { REDZONE = 0 };
#endif

enum { CHUNK = 64 * 1024, CHUNK_MAX = 1 << 20, ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGN) uint8_t bytes[];
};

struct gw_arena {
    struct chunk *head;
    struct chunk *spare; // emptied by a reset, for the next unit of work
    size_t taken, ceiling;
};

struct gw_arena *gw_arena_new(size_t ceiling)
{
    struct gw_arena *a = calloc(1, sizeof *a);
    if (a)
        a->ceiling = ceiling;
    return a;
}

// A spare chunk that is large enough, taken off the list.
static struct chunk *take_spare(struct gw_arena *a, size_t want)
{
    for (struct chunk **p = &a->spare; *p; p = &(*p)->next)
        if ((*p)->size >= want) {
            struct chunk *c = *p;
            *p = c->next;
            return c;
        }
    return NULL;
}

// Chunks double, so that a large unit of work makes few of them.
static struct chunk *add_chunk(struct gw_arena *a, size_t want)
{
    size_t size = a->head ? a->head->size * 2 : CHUNK;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    size = want > size ? want : size;
    struct chunk *c = take_spare(a, want);
    if (!c) {
        c = malloc(sizeof *c + size);
        if (!c)
            return NULL;
        c->size = size;
        POISON(c->bytes, size);
    }
    c->used = 0;
    c->next = a->head;
    a->head = c;
    return c;
}

void *gw_arena_take(struct gw_arena *a, size_t len)
{
    if (len > a->ceiling - a->taken)
        return NULL;
    size_t want = (len + REDZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct chunk *c = a->head;
    if (!c || want > c->size - c->used)
        c = add_chunk(a, want);
    if (!c)
        return NULL;
    void *p = c->bytes + c->used;
    c->used += want;
    a->taken += len;
    UNPOISON(p, len);
    return p;
}

void *gw_arena_zero(struct gw_arena *a, size_t len)
{
    void *p = gw_arena_take(a, len);
    if (p)
        memset(p, 0, len);
    return p;
}

void *gw_arena_take_n(struct gw_arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return gw_arena_zero(a, n * size);
}

gw_span gw_arena_copy(struct gw_arena *a, gw_span s)
{
    uint8_t *p = gw_arena_take(a, s.len ? s.len : 1);
    if (!p)
        return (gw_span){0};
    if (s.len)
        memcpy(p, s.at, s.len);
    return gw_span_of(p, s.len);
}

char *gw_arena_cstr(struct gw_arena *a, gw_span s)
{
    char *p = gw_arena_take(a, s.len + 1);
    if (!p)
        return NULL;
    if (s.len)
        memcpy(p, s.at, s.len);
    p[s.len] = 0;
    return p;
}

gw_span gw_arena_fmt(struct gw_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *p = n < 0 ? NULL : gw_arena_take(a, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p ? gw_span_of(p, (size_t)n) : (gw_span){0};
}

static void free_chunk(struct chunk *c)
{
    UNPOISON(c->bytes, c->size);
    free(c);
}

void gw_arena_reset(struct gw_arena *a)
{
    while (a->head) {
        struct chunk *c = a->head;
        a->head = c->next;
        if (c->size > CHUNK_MAX) { // made for one large take
            free_chunk(c);
            continue;
        }
        POISON(c->bytes, c->size);
        c->next = a->spare;
        a->spare = c;
    }
    a->taken = 0;
}

size_t gw_arena_taken(const struct gw_arena *a)
{
    return a->taken;
}

void gw_arena_free(struct gw_arena *a)
{
    if (!a)
        return;
    gw_arena_reset(a);
    while (a->spare) {
        struct chunk *c = a->spare;
        a->spare = c->next;
        free_chunk(c);
    }
    free(a);
}

void *gw_new(size_t len)
{
    return calloc(1, len ? len : 1);
}

void *gw_resize(void *p, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return realloc(p, n && size ? n * size : 1);
}

void gw_free(void *p)
{
    free(p);
}
