// Literals without Hyperscan: a filter that looks at a few bytes of the text,
// and a comparison where the filter lets through.
//
// A literal of 7 bytes or more has four grams (4 bytes each) at consecutive
// offsets, so wherever it lies, one of them begins at a multiple of four: only
// those places are looked at. A gram's hash chooses a word of the filter; the
// four bytes after it, where the literal is long enough to have them, choose
// one bit of that word. Shorter literals are few: they are told by a pair of
// bytes, sought at every place. Where the processor has AVX2, the same is done
// for eight grams, or 64 bytes, at once.
#include "wire/patterns.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum {
    GRAM = 4,
    STRIDE = 4,
    LONG = GRAM + STRIDE - 1, // shortest literal sure to show a gram
    LONGER = LONG + GRAM,     // ... and the four bytes after it
    COUNTS = 1 << 16,         // of grams by hash, and of pairs by value
    BLOCK = 64,               // bytes cleared of pairs at once
    FEW_PAIRS = 8,            // up to this many, blocks are worth while
    BUCKET_BITS_MAX = 18,
};

// A key of a literal, and where in the literal it stands.
struct key {
    uint32_t value, literal, offset;
};

// Keys in buckets by the hash of their value.
struct index {
    struct key *keys;
    uint32_t *start; // bucket b is keys[start[b]] .. keys[start[b + 1]]
    size_t n;
    unsigned shift;
};

// For multiplicative hashing (Knuth, volume 3, 6.4): a prime next to the
// fraction of the golden ratio, and the fraction of the square root of two.
#define GRAM_FACTOR UINT32_C(0x9e3779b1)
#define BIT_FACTOR  UINT32_C(0x6a09e667)

typedef uint8_t vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

struct gw_automaton {
    const struct gw_literal *literals;
    size_t n;
    struct index grams, pairs;
    uint32_t *filter;   // a word for each bucket of grams
    uint64_t *pair_set; // a bit for each pair
    uint32_t *single;   // literals of one byte
    size_t singles, distinct_pairs;
    uint8_t first[FEW_PAIRS], second[FEW_PAIRS];
    bool wide; // with AVX2
};

// How often grams and pairs occur among the literals. That is the sample of
// text at hand: what is frequent in block pages is frequent in pages.
struct counts {
    uint32_t gram[COUNTS], pair[COUNTS];
};

static uint32_t gram_at(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t pair_at(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t hash(uint32_t v, unsigned shift)
{
    return v * GRAM_FACTOR >> shift;
}

// The bit of a filter word that stands for the four bytes at p.
static uint32_t bit_of(const uint8_t *p)
{
    return UINT32_C(1) << (gram_at(p) * BIT_FACTOR >> 27);
}

// ---- building -----------------------------------------------------------
static struct counts *count(const struct gw_literal *list, size_t n)
{
    struct counts *c = gw_new(sizeof *c);
    for (size_t i = 0; c && i < n; i++) {
        gw_span t = list[i].text;
        for (size_t j = 0; j + 2 <= t.len; j++)
            c->pair[pair_at(t.at + j)]++;
        for (size_t j = 0; j + GRAM <= t.len; j++)
            c->gram[hash(gram_at(t.at + j), 16)]++;
    }
    return c;
}

// Where the four grams of a literal are rarest, with the bytes after them.
static uint32_t rarest_grams(const struct counts *c, gw_span t)
{
    bool longer = t.len >= LONGER;
    uint32_t best = 0;
    double least = 0;
    for (uint32_t at = 0; at + (longer ? LONGER : LONG) <= t.len; at++) {
        double sum = 0;
        for (uint32_t i = at; i < at + STRIDE; i++) {
            double f = c->gram[hash(gram_at(t.at + i), 16)];
            sum += longer ? f * c->gram[hash(gram_at(t.at + i + GRAM), 16)] : f;
        }
        if (!at || sum < least) {
            least = sum;
            best = at;
        }
    }
    return best;
}

static uint32_t rarest_pair(const struct counts *c, gw_span t)
{
    uint32_t best = 0;
    for (uint32_t at = 1; at + 2 <= t.len; at++)
        if (c->pair[pair_at(t.at + at)] < c->pair[pair_at(t.at + best)])
            best = at;
    return best;
}

// Moves keys into buckets, in their order; eight buckets a key or more, so
// that few words of the filter are in use.
static bool index_build(struct index *x, const struct key *keys, size_t n,
                        struct gw_arena *arena)
{
    unsigned bits = 6;
    while (bits < BUCKET_BITS_MAX && ((size_t)1 << bits) < 8 * n)
        bits++;
    size_t buckets = (size_t)1 << bits;
    x->n = n;
    x->shift = 32 - bits;
    x->keys = gw_arena_take_n(arena, n, sizeof *x->keys);
    x->start = gw_arena_take_n(arena, buckets + 2, sizeof *x->start);
    if (!x->keys || !x->start)
        return false;
    // Counted two ahead, so that placing the keys leaves start[] in place.
    for (size_t i = 0; i < n; i++)
        x->start[hash(keys[i].value, x->shift) + 2]++;
    for (size_t b = 2; b < buckets + 2; b++)
        x->start[b] += x->start[b - 1];
    for (size_t i = 0; i < n; i++)
        x->keys[x->start[hash(keys[i].value, x->shift) + 1]++] = keys[i];
    return true;
}

static void filter_fill(struct gw_automaton *a)
{
    for (size_t i = 0; i < a->grams.n; i++) {
        const struct key *k = &a->grams.keys[i];
        gw_span t = a->literals[k->literal].text;
        a->filter[hash(k->value, a->grams.shift)] |=
            t.len >= LONGER ? bit_of(t.at + k->offset + GRAM) : UINT32_MAX;
    }
}

static void pairs_fill(struct gw_automaton *a)
{
    for (size_t i = 0; i < a->pairs.n; i++) {
        const struct key *k = &a->pairs.keys[i];
        if (gw_bit_has(a->pair_set, k->value))
            continue;
        gw_bit_set(a->pair_set, k->value);
        const uint8_t *p = a->literals[k->literal].text.at + k->offset;
        if (a->distinct_pairs < FEW_PAIRS) {
            a->first[a->distinct_pairs] = p[0];
            a->second[a->distinct_pairs] = p[1];
        }
        a->distinct_pairs++;
    }
}

// Chooses the keys of every literal. keys holds STRIDE a literal; grams are
// put from its start, pairs from its end, so neither can reach the other.
static bool keys_choose(struct gw_automaton *a, const struct counts *c,
                        struct key *keys, struct gw_arena *arena)
{
    size_t grams = 0, pairs = STRIDE * a->n;
    for (uint32_t i = 0; i < a->n; i++) {
        gw_span t = a->literals[i].text;
        if (t.len == 1)
            a->single[a->singles++] = i;
        else if (t.len < LONG) {
            uint32_t at = rarest_pair(c, t);
            keys[--pairs] = (struct key){pair_at(t.at + at), i, at};
        } else {
            uint32_t at = rarest_grams(c, t);
            for (uint32_t o = at; o < at + STRIDE; o++)
                keys[grams++] = (struct key){gram_at(t.at + o), i, o};
        }
    }
    return index_build(&a->grams, keys, grams, arena) &&
           index_build(&a->pairs, keys + pairs, STRIDE * a->n - pairs, arena);
}

struct gw_automaton *gw_automaton_new(const struct gw_literal *list, size_t n,
                                      bool wide, struct gw_arena *arena)
{
    struct gw_automaton *a = gw_arena_zero(arena, sizeof *a);
    struct counts *c = count(list, n);
    struct key *keys = gw_resize(NULL, STRIDE * n, sizeof *keys);
    bool ok = a && c && keys;
    if (ok) {
        *a = (struct gw_automaton){.literals = list, .n = n, .wide = wide};
        a->single = gw_arena_take_n(arena, n, sizeof *a->single);
        a->pair_set = gw_arena_take_n(arena, COUNTS / 64, sizeof(uint64_t));
        ok = a->single && a->pair_set && keys_choose(a, c, keys, arena);
    }
    if (ok)
        a->filter = gw_arena_take_n(arena, (size_t)1 << (32 - a->grams.shift),
                                    sizeof *a->filter);
    gw_free(keys);
    gw_free(c);
    if (!ok || !a->filter)
        return NULL;
    filter_fill(a);
    pairs_fill(a);
    return a;
}

// ---- comparing ----------------------------------------------------------
// Compares all literals that have this key here.
static void compare(const struct gw_automaton *a, const struct index *x,
                    uint32_t value, gw_span s, size_t at, uint64_t *found)
{
    uint32_t b = hash(value, x->shift);
    for (uint32_t i = x->start[b]; i < x->start[b + 1]; i++) {
        const struct key *k = &x->keys[i];
        const struct gw_literal *l = &a->literals[k->literal];
        if (k->value != value || k->offset > at || gw_bit_has(found, l->bit))
            continue;
        size_t from = at - k->offset;
        if (l->text.len <= s.len - from &&
            memcmp(s.at + from, l->text.at, l->text.len) == 0)
            gw_bit_set(found, l->bit);
    }
}

// ---- eight grams, or 64 bytes, at once ----------------------------------
// Each gives the position from which the portable loop goes on.
#ifdef __x86_64__
#define WIDE __attribute__((target("avx2")))

bool gw_automaton_runs_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

WIDE static __m256i load_wide(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

WIDE static size_t scan_long_wide(const struct gw_automaton *a, gw_span s,
                                  uint64_t *found)
{
    const int *filter = (const int *)a->filter;
    const __m256i by_gram = _mm256_set1_epi32((int)GRAM_FACTOR);
    const __m256i by_bit = _mm256_set1_epi32((int)BIT_FACTOR);
    const __m128i shift = _mm_cvtsi32_si128((int)a->grams.shift);
    const __m256i one = _mm256_set1_epi32(1);
    size_t at = 0;
    for (; at + sizeof one + GRAM <= s.len; at += sizeof one) {
        __m256i gram = load_wide(s.at + at);
        __m256i after = load_wide(s.at + at + GRAM);
        __m256i word = _mm256_i32gather_epi32(
            filter, _mm256_srl_epi32(_mm256_mullo_epi32(gram, by_gram), shift),
            sizeof *filter);
        __m256i bit = _mm256_sllv_epi32(
            one, _mm256_srli_epi32(_mm256_mullo_epi32(after, by_bit), 27));
        if (_mm256_testz_si256(word, bit))
            continue;
        __m256i hits = _mm256_cmpeq_epi32(_mm256_and_si256(word, bit), bit);
        for (int m = _mm256_movemask_ps(_mm256_castsi256_ps(hits)); m;
             m &= m - 1) {
            size_t i = at + STRIDE * (size_t)__builtin_ctz((unsigned)m);
            compare(a, &a->grams, gram_at(s.at + i), s, i, found);
        }
    }
    return at;
}

WIDE static size_t skip_wide(const struct gw_automaton *a, gw_span s, size_t at)
{
    for (; s.len - at > BLOCK; at += BLOCK) {
        const uint8_t *p = s.at + at;
        __m256i low = load_wide(p), low_next = load_wide(p + 1);
        __m256i high = load_wide(p + 32), high_next = load_wide(p + 33);
        __m256i any = _mm256_setzero_si256();
        for (size_t k = 0; k < a->distinct_pairs; k++) {
            __m256i first = _mm256_set1_epi8((char)a->first[k]);
            __m256i second = _mm256_set1_epi8((char)a->second[k]);
            any = _mm256_or_si256(
                any, _mm256_and_si256(_mm256_cmpeq_epi8(low, first),
                                      _mm256_cmpeq_epi8(low_next, second)));
            any = _mm256_or_si256(
                any, _mm256_and_si256(_mm256_cmpeq_epi8(high, first),
                                      _mm256_cmpeq_epi8(high_next, second)));
        }
        if (!_mm256_testz_si256(any, any))
            break;
    }
    return at;
}
#else
bool gw_automaton_runs_wide(void)
{
    return false;
}

static size_t scan_long_wide(const struct gw_automaton *a, gw_span s,
                             uint64_t *found)
{
    (void)a, (void)s, (void)found;
    return 0;
}

static size_t skip_wide(const struct gw_automaton *a, gw_span s, size_t at)
{
    (void)a, (void)s;
    return at;
}
#endif

// ---- scanning -----------------------------------------------------------
static void scan_long(const struct gw_automaton *a, gw_span s, uint64_t *found)
{
    const uint32_t *filter = a->filter;
    unsigned shift = a->grams.shift;
    size_t at = a->wide ? scan_long_wide(a, s, found) : 0;
    for (; at + GRAM + GRAM <= s.len; at += STRIDE) {
        uint32_t gram = gram_at(s.at + at);
        if (filter[hash(gram, shift)] & bit_of(s.at + at + GRAM))
            compare(a, &a->grams, gram, s, at, found);
    }
    if (at + GRAM <= s.len)
        compare(a, &a->grams, gram_at(s.at + at), s, at, found);
}

static vector load(const uint8_t *p)
{
    vector v;
    memcpy(&v, p, sizeof v);
    return v;
}

// The first block from at on in which a pair begins, or what is left after
// the last whole block (which wants one more byte, for a pair at its end).
static size_t skip(const struct gw_automaton *a, gw_span s, size_t at)
{
    vector first[FEW_PAIRS], second[FEW_PAIRS];
    for (size_t k = 0; k < a->distinct_pairs; k++) {
        first[k] = (vector){0} + a->first[k];
        second[k] = (vector){0} + a->second[k];
    }
    for (; s.len - at > BLOCK; at += BLOCK) {
        const uint8_t *p = s.at + at;
        vector any = {0};
        for (size_t k = 0; k < a->distinct_pairs; k++)
            for (size_t i = 0; i < BLOCK; i += sizeof any)
                any |= (vector)(load(p + i) == first[k]) &
                       (vector)(load(p + i + 1) == second[k]);
        halves h = (halves)any;
        if (h[0] | h[1])
            break;
    }
    return at;
}

static void scan_pairs(const struct gw_automaton *a, gw_span s, uint64_t *found)
{
    bool few = a->distinct_pairs <= FEW_PAIRS;
    for (size_t at = 0, end; at + 2 <= s.len; at = end) {
        if (few)
            at = a->wide ? skip_wide(a, s, at) : skip(a, s, at);
        end = s.len - at > BLOCK ? at + BLOCK : s.len - 1;
        for (size_t i = at; i < end; i++) {
            uint32_t pair = pair_at(s.at + i);
            if (gw_bit_has(a->pair_set, pair))
                compare(a, &a->pairs, pair, s, i, found);
        }
    }
}

void gw_automaton_scan(const struct gw_automaton *a, gw_span s, uint64_t *found)
{
    if (!s.len)
        return;
    if (a->grams.n)
        scan_long(a, s, found);
    if (a->pairs.n)
        scan_pairs(a, s, found);
    for (size_t i = 0; i < a->singles; i++) {
        const struct gw_literal *l = &a->literals[a->single[i]];
        if (memchr(s.at, l->text.at[0], s.len))
            gw_bit_set(found, l->bit);
    }
}
