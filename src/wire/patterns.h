// Private to the patterns files: what the parts of the matcher offer each
// other. A set of found patterns is an array of bits, one bit a pattern.
#ifndef GW_WIRE_PATTERNS_H
#define GW_WIRE_PATTERNS_H

#include "wire/wire.h"

enum {
    GW_PATTERNS_MAX = 1 << 15,         // patterns in one set
    GW_PATTERN_TEXT_MAX = 8 << 10,     // bytes of one pattern
    GW_PATTERNS_TEXT_MAX = 2 << 20,    // bytes of all patterns together
    GW_PATTERNS_MEMORY_MAX = 8 << 20,  // a set, without what Hyperscan takes
    GW_PATTERNS_SUBJECT_MAX = 1 << 30, // bytes searched in one call
    GW_REGEXP_STEPS = 1 << 18,         // of PCRE2, for one search,
    GW_REGEXP_STEPS_A_BYTE = 32,       // and so many more a byte of it
    GW_REGEXP_HEAP_MAX_KIB = 16 << 10, // of PCRE2, for one search
};

static inline void gw_bit_set(uint64_t *bits, uint32_t i)
{
    bits[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void gw_bit_clear(uint64_t *bits, uint32_t i)
{
    bits[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
static inline bool gw_bit_has(const uint64_t *bits, uint32_t i)
{
    return bits[i >> 6] >> (i & 63) & 1;
}

// A text to find anywhere, never empty, and the bit to set when it is found.
struct gw_literal {
    gw_span text;
    uint32_t bit;
};

// ---- the two scanners for literals --------------------------------------
// Same contract: all literals are found, none is found that is not there.
struct gw_hyperscan;
bool gw_hyperscan_runs_here(void); // this processor has what libhs needs
struct gw_hyperscan *gw_hyperscan_new(const struct gw_literal *list, size_t n,
                                      struct gw_why *why);
void gw_hyperscan_free(struct gw_hyperscan *h);
void *gw_hyperscan_scratch_new(const struct gw_hyperscan *h);
void gw_hyperscan_scratch_free(void *scratch);
int gw_hyperscan_scan(const struct gw_hyperscan *h, void *scratch, gw_span s,
                      uint64_t *found) GW_MUSTCHECK;

// Borrows the list and lives in the arena; NULL when that is full. wide asks
// for AVX2, where it runs; the results are the same.
struct gw_automaton;
bool gw_automaton_runs_wide(void);
struct gw_automaton *gw_automaton_new(const struct gw_literal *list, size_t n,
                                      bool wide, struct gw_arena *arena);
void gw_automaton_scan(const struct gw_automaton *a, gw_span s,
                       uint64_t *found);

// ---- regular expressions, the same under both scanners ------------------
struct gw_regexp;
// Lives in the arena. ret_required is a text that every match contains,
// at == NULL if none is known.
int gw_regexp_new(gw_span text, struct gw_arena *arena,
                  struct gw_regexp **ret_regexp, gw_span *ret_required,
                  struct gw_why *why) GW_MUSTCHECK;

// One subject at a time: what was learnt of it serves all regexps.
struct gw_regexp_scratch;
struct gw_regexp_scratch *gw_regexp_scratch_new(void);
void gw_regexp_scratch_free(struct gw_regexp_scratch *x);
void gw_regexp_subject(struct gw_regexp_scratch *x, gw_span s);
// 1 found, 0 not; GW_ETOOBIG if it took more than the stated steps or heap.
int gw_regexp_search(const struct gw_regexp *r,
                     struct gw_regexp_scratch *x) GW_MUSTCHECK;

#endif
