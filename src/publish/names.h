// Texts by number: each once, in the order they were first seen. Private.
#ifndef GW_NAMES_H
#define GW_NAMES_H

#include "base/base.h"

struct names {
    struct gw_arena *arena; // holds the texts
    const char **at;        // by number
    size_t count, cap;
    uint32_t *slots; // number + 1; 0 is free
    size_t slot_count;
};
void names_init(struct names *n, struct gw_arena *arena);
void names_release(struct names *n);
// Its number, new or old; UINT32_MAX without memory.
uint32_t names_add(struct names *n, gw_span text) GW_MUSTCHECK;
// UINT32_MAX if it was never added.
uint32_t names_find(const struct names *n, gw_span text);
// Numbers in bytewise order of text: ret[rank] is a number. Release with
// gw_free; NULL without memory.
uint32_t *names_sorted(const struct names *n) GW_MUSTCHECK;

#endif
