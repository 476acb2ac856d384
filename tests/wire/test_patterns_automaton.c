// The scanner without Hyperscan, with and without AVX2, against a naive search.
#include "t.h"
#include "wire/patterns.h"

enum { MANY = 96, LONGEST = 40 };

// Scans both ways; the bits found are those of a search one by one.
static void agree(const struct gw_literal *list, size_t n, gw_span s)
{
    for (int wide = 0; wide <= gw_automaton_runs_wide(); wide++) {
        uint64_t found[MANY / 64 + 1] = {0};
        struct gw_arena *arena = gw_arena_new(GW_PATTERNS_MEMORY_MAX);
        struct gw_automaton *a = gw_automaton_new(list, n, wide, arena);
        assert_non_null(a);
        gw_automaton_scan(a, s, found);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(gw_bit_has(found, list[i].bit),
                             gw_find(s, list[i].text, 0) >= 0);
        gw_arena_free(arena);
    }
}

static void every_length_is_found_at_every_place(void **state)
{
    (void)state;
    static uint8_t needle[LONGEST], hay[200];
    struct gw_literal list[LONGEST];
    for (uint32_t i = 0; i < LONGEST; i++) {
        needle[i] = (uint8_t)(128 + i);
        list[i] = (struct gw_literal){gw_span_of(needle, i + 1), i};
    }
    struct gw_arena *arena = gw_arena_new(GW_PATTERNS_MEMORY_MAX);
    for (int wide = 0; wide <= gw_automaton_runs_wide(); wide++) {
        struct gw_automaton *a = gw_automaton_new(list, LONGEST, wide, arena);
        assert_non_null(a);
        for (size_t from = 0; from < sizeof hay; from++)
            for (size_t end = from; end <= sizeof hay; end++) {
                uint64_t found[1] = {0};
                size_t len = end - from < LONGEST ? end - from : LONGEST;
                memset(hay, 'x', sizeof hay);
                memcpy(hay + from, needle, len);
                gw_automaton_scan(a, gw_span_of(hay, end), found);
                assert_true(found[0] == (UINT64_C(1) << len) - 1);
            }
    }
    gw_arena_free(arena);
}

static void random_literals_are_found_as_by_a_naive_search(void **state)
{
    (void)state;
    static uint8_t subject[700], bytes[MANY][LONGEST];
    struct gw_rand r = {3};
    for (int round = 0; round < 4000; round++) {
        uint64_t letters = 1 + gw_rand_below(&r, 1 + gw_rand_below(&r, 30));
        size_t n = 1 + gw_rand_below(&r, 1 + gw_rand_below(&r, MANY));
        gw_span s = {subject, gw_rand_below(&r, sizeof subject)};
        for (size_t i = 0; i < s.len; i++)
            subject[i] = (uint8_t)gw_rand_below(&r, letters);
        struct gw_literal list[MANY];
        for (uint32_t i = 0; i < n; i++) {
            size_t len = 1 + gw_rand_below(&r, LONGEST);
            for (size_t j = 0; j < len; j++)
                bytes[i][j] = (uint8_t)gw_rand_below(&r, letters);
            bool there = len <= s.len && gw_rand_below(&r, 2);
            if (there) // but for its last byte, perhaps
                memcpy(bytes[i], s.at + gw_rand_below(&r, s.len - len + 1),
                       len - gw_rand_below(&r, 2));
            list[i] = (struct gw_literal){gw_span_of(bytes[i], len), i};
        }
        agree(list, n, s);
    }
}

// Nothing lies after these subjects, so reading on is caught.
static void no_byte_after_the_subject_is_read(void **state)
{
    (void)state;
    const struct gw_literal list[] = {{GW_LIT("BUSY"), 0},
                                      {GW_LIT("blocked"), 1},
                                      {GW_LIT("by order of the court"), 2},
                                      {GW_LIT("!"), 3}};
    for (size_t len = 1; len < 300; len++) {
        uint8_t *exact = malloc(len);
        assert_non_null(exact);
        memset(exact, '.', len);
        agree(list, 4, gw_span_of(exact, len));
        memset(exact, 'B', len);
        agree(list, 4, gw_span_of(exact, len));
        free(exact);
    }
}

// More distinct pairs than are looked for block by block.
static void many_short_literals_are_found(void **state)
{
    (void)state;
    static uint8_t bytes[MANY][2], subject[MANY * 2];
    struct gw_literal list[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        bytes[i][0] = (uint8_t)i;
        bytes[i][1] = (uint8_t)(255 - i);
        list[i] = (struct gw_literal){gw_span_of(bytes[i], 2), i};
        memcpy(subject + 2 * i, bytes[i], 2);
    }
    for (size_t len = 0; len <= sizeof subject; len++)
        agree(list, MANY, gw_span_of(subject, len));
}

static void too_many_literals_for_the_memory_are_refused(void **state)
{
    (void)state;
    const struct gw_literal list[] = {{GW_LIT("BUSY"), 0}};
    struct gw_arena *arena = gw_arena_new(4096);
    assert_null(gw_automaton_new(list, 1, false, arena));
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_found_at_every_place),
        cmocka_unit_test(random_literals_are_found_as_by_a_naive_search),
        cmocka_unit_test(no_byte_after_the_subject_is_read),
        cmocka_unit_test(many_short_literals_are_found),
        cmocka_unit_test(too_many_literals_for_the_memory_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
