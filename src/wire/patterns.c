// Many patterns in one pass: sorts them by kind, lets a scanner find the
// literals, and looks at the rest only where that is needed.
//
//   contains      literals of the scanner
//   prefix, full  sorted; the chain of prefixes of each other is walked
//   regexp        a text that it requires is given to the scanner, and only
//                 where that is found is the expression itself searched
#include "wire/patterns.h"

// A prefix or full pattern. Those that are prefixes of one another form a
// chain from the longest to the shortest.
struct anchored {
    gw_span text;
    uint32_t bit;
    uint32_t shorter; // index + 1 of the next of the chain, 0 ends it
    bool full;
};

struct searched {
    struct gw_regexp *regexp;
    uint32_t bit;
};

struct gw_patterns {
    struct gw_arena *arena; // everything below, but for the Hyperscan
    size_t words;           // of the array of found bits
    uint64_t *always;       // regexps that require no text known
    struct gw_literal *literals;
    struct anchored *anchored;
    struct searched *searched;
    size_t literals_n, anchored_n, searched_n;
    uint32_t first[257]; // anchored by first byte: first[c] .. first[c + 1]
    struct gw_hyperscan *hyperscan;
    struct gw_automaton *automaton; // if there is no hyperscan
};

struct gw_patterns_scratch {
    const struct gw_patterns *of;
    void *hyperscan;
    struct gw_regexp_scratch *regexp;
    uint64_t found[];
};

// ---- compiling ----------------------------------------------------------
static int check(const struct gw_pattern *list, size_t n, struct gw_why *why)
{
    size_t total = 0;
    if (n > GW_PATTERNS_MAX)
        return gw_fail(why, GW_ETOOBIG, "%zu patterns, at most %d", n,
                       GW_PATTERNS_MAX);
    for (size_t i = 0; i < n; i++) {
        unsigned kind = list[i].kind;
        if (kind > GW_PATTERN_REGEXP)
            return gw_fail(why, GW_EREFUSED, "pattern %zu: kind %u", i, kind);
        if (!list[i].text.len)
            return gw_fail(why, GW_EREFUSED, "pattern %zu: no text", i);
        if (list[i].text.len > GW_PATTERN_TEXT_MAX)
            return gw_fail(why, GW_ETOOBIG, "pattern %zu: over %d bytes", i,
                           GW_PATTERN_TEXT_MAX);
        total += list[i].text.len;
    }
    if (total > GW_PATTERNS_TEXT_MAX)
        return gw_fail(why, GW_ETOOBIG, "patterns of %zu bytes, at most %d",
                       total, GW_PATTERNS_TEXT_MAX);
    return 0;
}

static int add_regexp(struct gw_patterns *p, gw_span text, uint32_t bit,
                      struct gw_why *why)
{
    struct searched *x = &p->searched[p->searched_n];
    gw_span required = {0};
    int rc = gw_regexp_new(text, p->arena, &x->regexp, &required, why);
    if (rc)
        return gw_within(why, "pattern %u", bit), rc;
    x->bit = bit;
    p->searched_n++;
    if (required.len)
        p->literals[p->literals_n++] = (struct gw_literal){required, bit};
    else
        gw_bit_set(p->always, bit);
    return 0;
}

static int add(struct gw_patterns *p, const struct gw_pattern *pattern,
               uint32_t bit, struct gw_why *why)
{
    gw_span text = gw_arena_copy(p->arena, pattern->text);
    if (!text.at)
        return gw_fail(why, GW_ENOMEM, "patterns: over the limit on memory");
    switch (pattern->kind) {
    case GW_PATTERN_CONTAINS:
        p->literals[p->literals_n++] = (struct gw_literal){text, bit};
        return 0;
    case GW_PATTERN_REGEXP: return add_regexp(p, text, bit, why);
    case GW_PATTERN_PREFIX:
    case GW_PATTERN_FULL:
    default:
        p->anchored[p->anchored_n++] = (struct anchored){
            .text = text, .bit = bit, .full = pattern->kind == GW_PATTERN_FULL};
        return 0;
    }
}

static int anchored_order(const void *left, const void *right)
{
    const struct anchored *a = left, *b = right;
    int c = gw_cmp(a->text, b->text);
    return c ? c : (a->bit > b->bit) - (a->bit < b->bit);
}

static bool has_prefix(gw_span s, gw_span prefix)
{
    return s.len >= prefix.len && memcmp(s.at, prefix.at, prefix.len) == 0;
}

// In sorted order the texts that begin with a text follow it, so the chain of
// each starts at its neighbour or further up the neighbour's own chain.
static void link_anchored(struct gw_patterns *p)
{
    struct anchored *list = p->anchored;
    if (p->anchored_n)
        qsort(list, p->anchored_n, sizeof *list, anchored_order);
    for (uint32_t i = 0; i < p->anchored_n; i++) {
        uint32_t up = i;
        while (up && !has_prefix(list[i].text, list[up - 1].text))
            up = list[up - 1].shorter;
        list[i].shorter = up;
        p->first[list[i].text.at[0] + 1] = i + 1;
    }
    for (int c = 1; c < 257; c++)
        if (!p->first[c])
            p->first[c] = p->first[c - 1];
}

// Best, as measured: the automaton with AVX2, then Hyperscan, then the
// portable automaton.
static int start_scanner(struct gw_patterns *p, enum gw_engine engine,
                         struct gw_why *why)
{
    bool runs = gw_hyperscan_runs_here(), wide = gw_automaton_runs_wide();
    bool must = engine == GW_ENGINE_HYPERSCAN;
    if (must && !runs)
        return gw_fail(why, GW_EREFUSED,
                       "Hyperscan does not run on this processor");
    if (!p->literals_n)
        return 0;
    if (must || (engine == GW_ENGINE_BEST && runs && !wide)) {
        struct gw_why own = {0};
        p->hyperscan = gw_hyperscan_new(p->literals, p->literals_n, &own);
        if (!p->hyperscan && must)
            return gw_fail(why, own.code, "%s", own.text);
    }
    if (!p->hyperscan)
        p->automaton =
            gw_automaton_new(p->literals, p->literals_n, wide, p->arena);
    if (!p->hyperscan && !p->automaton)
        return gw_fail(why, GW_ENOMEM, "patterns: over the limit on memory");
    return 0;
}

static bool make_room(struct gw_patterns *p, const struct gw_pattern *list,
                      size_t n)
{
    size_t kinds[GW_PATTERN_REGEXP + 1] = {0};
    for (size_t i = 0; i < n; i++)
        kinds[list[i].kind]++;
    size_t regexps = kinds[GW_PATTERN_REGEXP];
    p->arena = gw_arena_new(GW_PATTERNS_MEMORY_MAX);
    if (!p->arena)
        return false;
    p->words = (n + 63) / 64;
    p->always = gw_arena_take_n(p->arena, p->words, sizeof *p->always);
    p->literals = gw_arena_take_n(
        p->arena, kinds[GW_PATTERN_CONTAINS] + regexps, sizeof *p->literals);
    p->anchored = gw_arena_take_n(
        p->arena, kinds[GW_PATTERN_PREFIX] + kinds[GW_PATTERN_FULL],
        sizeof *p->anchored);
    p->searched = gw_arena_take_n(p->arena, regexps, sizeof *p->searched);
    return p->always && p->literals && p->anchored && p->searched;
}

static int fill(struct gw_patterns *p, const struct gw_pattern *list, size_t n,
                enum gw_engine engine, struct gw_why *why)
{
    if (!make_room(p, list, n))
        return gw_fail(why, GW_ENOMEM, "patterns: out of memory");
    for (uint32_t i = 0; i < n; i++) {
        int rc = add(p, &list[i], i, why);
        if (rc)
            return rc;
    }
    link_anchored(p);
    return start_scanner(p, engine, why);
}

struct gw_patterns *gw_patterns_new(const struct gw_pattern *list, size_t n,
                                    enum gw_engine engine, struct gw_why *why)
{
    if (check(list, n, why))
        return NULL;
    struct gw_patterns *p = gw_new(sizeof *p);
    if (!p) {
        gw_fail(why, GW_ENOMEM, "patterns: out of memory");
        return NULL;
    }
    if (fill(p, list, n, engine, why)) {
        gw_patterns_free(p);
        return NULL;
    }
    return p;
}

void gw_patterns_free(struct gw_patterns *p)
{
    if (!p)
        return;
    gw_hyperscan_free(p->hyperscan);
    gw_arena_free(p->arena);
    gw_free(p);
}

struct gw_patterns_scratch *gw_patterns_scratch_new(const struct gw_patterns *p)
{
    struct gw_patterns_scratch *x =
        gw_new(sizeof *x + p->words * sizeof *x->found);
    if (!x)
        return NULL;
    x->of = p;
    if (p->hyperscan)
        x->hyperscan = gw_hyperscan_scratch_new(p->hyperscan);
    if (p->searched_n)
        x->regexp = gw_regexp_scratch_new();
    if ((p->hyperscan && !x->hyperscan) || (p->searched_n && !x->regexp)) {
        gw_patterns_scratch_free(x);
        return NULL;
    }
    return x;
}

void gw_patterns_scratch_free(struct gw_patterns_scratch *x)
{
    if (!x)
        return;
    gw_hyperscan_scratch_free(x->hyperscan);
    gw_regexp_scratch_free(x->regexp);
    gw_free(x);
}

// ---- matching -----------------------------------------------------------
// The last of the sorted texts that is not after s has all prefixes of s in
// its chain, because what sorts between a prefix of s and s begins with it.
static void match_anchored(const struct gw_patterns *p, gw_span s,
                           uint64_t *found)
{
    if (!s.len)
        return;
    uint32_t low = p->first[s.at[0]], high = p->first[s.at[0] + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (gw_cmp(p->anchored[middle].text, s) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low; low = p->anchored[low - 1].shorter) {
        const struct anchored *a = &p->anchored[low - 1];
        if (has_prefix(s, a->text) && (!a->full || a->text.len == s.len))
            gw_bit_set(found, a->bit);
    }
}

// Of the regexps that may be there, clears those that are not.
static int match_regexps(const struct gw_patterns *p,
                         struct gw_patterns_scratch *scratch, gw_span s)
{
    if (p->searched_n)
        gw_regexp_subject(scratch->regexp, s);
    for (size_t i = 0; i < p->searched_n; i++) {
        const struct searched *x = &p->searched[i];
        if (!gw_bit_has(scratch->found, x->bit))
            continue;
        int rc = gw_regexp_search(x->regexp, scratch->regexp);
        if (rc < 0)
            return rc;
        if (!rc)
            gw_bit_clear(scratch->found, x->bit);
    }
    return 0;
}

static int64_t put_indices(const uint64_t *found, size_t words,
                           uint32_t *ret_indices, size_t max)
{
    size_t n = 0;
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = found[w]; left; left &= left - 1, n++)
            if (n < max)
                ret_indices[n] =
                    (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left));
    return (int64_t)n;
}

int64_t gw_patterns_match(const struct gw_patterns *p,
                          struct gw_patterns_scratch *scratch, gw_span s,
                          uint32_t *ret_indices, size_t max)
{
    if (scratch->of != p)
        return GW_EREFUSED;
    if (s.len > GW_PATTERNS_SUBJECT_MAX)
        return GW_ETOOBIG;
    int rc = 0;
    if (p->words)
        memcpy(scratch->found, p->always, p->words * sizeof *p->always);
    match_anchored(p, s, scratch->found);
    if (p->hyperscan)
        rc = gw_hyperscan_scan(p->hyperscan, scratch->hyperscan, s,
                               scratch->found);
    else if (p->automaton)
        gw_automaton_scan(p->automaton, s, scratch->found);
    if (!rc)
        rc = match_regexps(p, scratch, s);
    if (rc)
        return rc;
    return put_indices(scratch->found, p->words, ret_indices, max);
}
