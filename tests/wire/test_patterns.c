// Many patterns in one pass: both engines against a naive search, and the
// regular expressions against PCRE2 searching the whole of them.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "fault.h"
#include "t.h"
#include "wire/wire.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>

enum { MANY = 64 };
static const enum gw_engine engines[] = {
    GW_ENGINE_BEST, GW_ENGINE_AUTOMATON,
    GW_ENGINE_HYPERSCAN, // last: not every processor runs it
};

static size_t engines_here;

static int count_engines(void **state)
{
    (void)state;
    struct gw_why why = {0};
    struct gw_patterns *p = gw_patterns_new(NULL, 0, GW_ENGINE_HYPERSCAN, &why);
    gw_patterns_free(p);
    if (!p)
        print_message("skipped: %s\n", why.text);
    engines_here = GW_COUNT(engines) - !p;
    return 0;
}

#define PATTERN(kind, s)                                                       \
    {                                                                          \
        (kind),                                                                \
        {                                                                      \
            (const uint8_t *)("" s), sizeof(s) - 1                             \
        }                                                                      \
    }
#define CONTAINS(s) PATTERN(GW_PATTERN_CONTAINS, s)
#define PREFIX(s)   PATTERN(GW_PATTERN_PREFIX, s)
#define FULL(s)     PATTERN(GW_PATTERN_FULL, s)
#define REGEXP(s)   PATTERN(GW_PATTERN_REGEXP, s)

// Runs one engine once; the count, or the failure of whichever step failed.
static int64_t run(enum gw_engine engine, const struct gw_pattern *list,
                   size_t n, gw_span s, uint32_t *ret_found, size_t max)
{
    struct gw_why why = {0};
    struct gw_patterns *p = gw_patterns_new(list, n, engine, &why);
    if (!p)
        return why.code;
    struct gw_patterns_scratch *x = gw_patterns_scratch_new(p);
    int64_t rc = x ? gw_patterns_match(p, x, s, ret_found, max) : GW_ENOMEM;
    gw_patterns_scratch_free(x);
    gw_patterns_free(p);
    return rc;
}

// All engines find exactly these patterns, written as "0 2 5 ".
static void expect(const struct gw_pattern *list, size_t n, gw_span s,
                   const char *want)
{
    for (size_t e = 0; e < engines_here; e++) {
        uint32_t found[MANY];
        char text[MANY * 11] = "";
        int64_t rc = run(engines[e], list, n, s, found, MANY);
        assert_in_range(rc, 0, MANY);
        for (int64_t i = 0, at = 0; i < rc; i++)
            at +=
                snprintf(text + at, sizeof text - (size_t)at, "%u ", found[i]);
        assert_string_equal(text, want);
    }
}
#define EXPECT(list, s, want) expect(list, GW_COUNT(list), GW_LIT(s), want)

static void expect_failure(const struct gw_pattern *list, size_t n, int code,
                           const char *words)
{
    for (size_t e = 0; e < engines_here; e++) {
        struct gw_why why = {0};
        assert_null(gw_patterns_new(list, n, engines[e], &why));
        assert_int_equal(why.code, code);
        if (!strstr(why.text, words))
            fail_msg("\"%s\" is not in \"%s\"", words, why.text);
        assert_null(gw_patterns_new(list, n, engines[e], NULL));
    }
}

// ---- the four kinds -----------------------------------------------------
static void each_kind_does_what_its_name_says(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {CONTAINS("blocked"), PREFIX("http://"),
                                      FULL("http://a/"), REGEXP("a.*b")};
    EXPECT(list, "http://a/", "1 2 ");
    EXPECT(list, "http://a/blocked", "0 1 3 ");
    EXPECT(list, " http://a/", "");
    EXPECT(list, "Blocked", "");
    EXPECT(list, "b a", "");
}

static void all_prefixes_of_a_text_are_found(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {PREFIX("abc"),  PREFIX("a"), FULL("ab"),
                                      PREFIX("abd"),  PREFIX("a"), FULL("abcz"),
                                      PREFIX("b"),    FULL("abc"), PREFIX("ab"),
                                      PREFIX("\xff"), FULL("\xff")};
    EXPECT(list, "abcd", "0 1 4 8 ");
    EXPECT(list, "abc", "0 1 4 7 8 ");
    EXPECT(list, "ab", "1 2 4 8 ");
    EXPECT(list, "abz", "1 4 8 ");
    EXPECT(list, "\xff", "9 10 ");
    EXPECT(list, "c", "");
}

static void duplicated_patterns_are_each_reported(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {
        CONTAINS("notice page"), CONTAINS("page"),     CONTAINS("notice page"),
        CONTAINS("page"),        CONTAINS("e"),        CONTAINS("e"),
        REGEXP("notice page"),   REGEXP("no.*age"),    PREFIX("a n"),
        PREFIX("a n"),           FULL("a notice page")};
    EXPECT(list, "a notice page", "0 1 2 3 4 5 6 7 8 9 10 ");
}

static void count_is_whole_where_the_room_is_short(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {CONTAINS("a"), CONTAINS("b"),
                                      CONTAINS("c")};
    uint32_t found[2] = {9, 9};
    for (size_t e = 0; e < engines_here; e++) {
        assert_int_equal(run(engines[e], list, 3, GW_LIT("cba"), found, 1), 3);
        assert_int_equal(found[0], 0);
        assert_int_equal(found[1], 9);
        assert_int_equal(run(engines[e], list, 3, GW_LIT("cba"), NULL, 0), 3);
    }
}

static void empty_subject_holds_only_what_needs_no_text(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {CONTAINS("a"), PREFIX("a"),  FULL("a"),
                                      REGEXP("a"),   REGEXP("a*"), REGEXP(".*"),
                                      REGEXP("^$")};
    EXPECT(list, "", "4 5 6 ");
    expect(list, GW_COUNT(list), (gw_span){0}, "4 5 6 ");
}

static void no_patterns_find_nothing(void **state)
{
    (void)state;
    expect(NULL, 0, GW_LIT("text"), "");
    expect(NULL, 0, (gw_span){0}, "");
}

static void pattern_longer_than_the_subject_is_not_there(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {CONTAINS("abcdefghijkl"), CONTAINS("abc"),
                                      PREFIX("abcd"), FULL("abcd"),
                                      REGEXP("abcd")};
    EXPECT(list, "abc", "1 ");
    EXPECT(list, "ab", "");
}

static void nul_and_metacharacters_are_plain_text(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {
        CONTAINS("a\0b"),     CONTAINS("\0\0\0\0\0\0\0\0\0"),
        CONTAINS("\\E(.*)["), CONTAINS("^$"),
        PREFIX(".*"),         FULL(".*\0"),
        REGEXP("\\.\\*\0"),   CONTAINS("\xd9\xbe\xd8\xa7\xda\xa9")};
    EXPECT(list, ".*\0", "4 5 6 ");
    EXPECT(list, "xa\0b\0\0\0\0\0\0\0\0", "0 ");
    EXPECT(list, "xa\0b\0\0\0\0\0\0\0\0\0", "0 1 ");
    EXPECT(list, "aab \\E(.*)[ ^$", "2 3 ");
    EXPECT(list, "\xd9\xbe\xd8\xa7\xda\xa9\xd8\xb3", "7 ");
}

// ---- regular expressions ------------------------------------------------
static void dot_is_any_character_a_newline_too(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {REGEXP("don.t"), REGEXP("do.+t"),
                                      REGEXP("d[^a]*t!$"), REGEXP("DON.T")};
    EXPECT(list, "don't", "0 1 ");
    EXPECT(list, "don\nt", "0 1 ");
    EXPECT(list, "don\xe2\x80\x99t", "0 1 ");
    EXPECT(list, "don\xe2\x80t", "1 "); // no UTF-8: dot is a byte
    EXPECT(list, "don\x99t!", "0 1 2 ");
    EXPECT(list, "dot", "");
}

static void scratch_serves_one_subject_after_another(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {REGEXP("don.t"), CONTAINS("n")};
    struct gw_patterns *p = gw_patterns_new(list, 2, GW_ENGINE_BEST, NULL);
    struct gw_patterns_scratch *x = gw_patterns_scratch_new(p);
    const gw_span utf8 = GW_LIT("don\xe2\x80\x99t"),
                  cut = GW_LIT("don\xe2\x80t");
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(gw_patterns_match(p, x, utf8, NULL, 0), 2);
        assert_int_equal(gw_patterns_match(p, x, cut, NULL, 0), 1);
        assert_int_equal(gw_patterns_match(p, x, GW_LIT("t"), NULL, 0), 0);
    }
    gw_patterns_scratch_free(x);
    gw_patterns_free(p);
}

static void gaps_are_found_in_order_only(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {REGEXP("{\"msg\":.*\"id\":"),
                                      REGEXP("ab.*bc"),
                                      REGEXP("ab.+bc"),
                                      REGEXP("ab.*?bc.*"),
                                      REGEXP("\xff.*\xff"),
                                      REGEXP("a.c.*d\\.e.*f"),
                                      REGEXP("a{2}b?c+(d|e)f|g[h]")};
    EXPECT(list, "{\"msg\":1,\"id\":2}", "0 ");
    EXPECT(list, "\"id\":{\"msg\":", "");
    EXPECT(list, "abc", "");
    EXPECT(list, "abbc", "1 3 ");
    EXPECT(list, "bc ab bc", "1 2 3 ");
    EXPECT(list, "\xff", "");
    EXPECT(list, "\xff-\xff", "4 ");
    EXPECT(list, "abc acc dxe d.e f", "5 ");
    EXPECT(list, "aacdf", "6 ");
    EXPECT(list, "gh", "6 ");
}

static void malformed_regexp_is_named(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {CONTAINS("("), REGEXP("ok"),
                                      REGEXP("a(b")};
    expect_failure(list, 3, GW_EFORMAT, "pattern 2: regexp: missing closing");
    const struct gw_pattern bad[] = {REGEXP("a**b["), REGEXP("ok")};
    expect_failure(bad, 2, GW_EFORMAT, "pattern 0: regexp: ");
    const struct gw_pattern end[] = {REGEXP("a\\")};
    expect_failure(end, 1, GW_EFORMAT, "at byte 2");
}

static void limits_are_kept(void **state)
{
    (void)state;
    static uint8_t text[8193];
    memset(text, 'a', sizeof text);
    const struct gw_pattern empty[] = {CONTAINS("a"), CONTAINS("")};
    expect_failure(empty, 2, GW_EREFUSED, "pattern 1: no text");
    const struct gw_pattern kind[] = {{(enum gw_pattern_kind)9, GW_LIT("a")}};
    expect_failure(kind, 1, GW_EREFUSED, "pattern 0: kind 9");
    struct gw_pattern long_one = {GW_PATTERN_CONTAINS,
                                  gw_span_of(text, sizeof text)};
    expect_failure(&long_one, 1, GW_ETOOBIG, "pattern 0: over 8192 bytes");
    long_one.text.len--;
    expect(&long_one, 1, gw_span_of(text, sizeof text), "0 ");
    static struct gw_pattern many[32769];
    for (size_t i = 0; i < GW_COUNT(many); i++)
        many[i] = long_one;
    expect_failure(many, GW_COUNT(many), GW_ETOOBIG, "32769 patterns");
    expect_failure(many, 300, GW_ETOOBIG, "patterns of 2457600 bytes");
}

// A gap searched from every start would take 10^10 steps on this page.
static void gaps_take_linear_time_on_a_hostile_page(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {REGEXP("<br><br>.* \\+0300")};
    static const char head[] = " +0300", item[] = "<br><br>";
    size_t n = 60000, len = sizeof head - 1 + n * 8;
    char *page = malloc(len);
    assert_non_null(page);
    memcpy(page, head, sizeof head - 1);
    for (size_t i = 0; i < n; i++)
        memcpy(page + sizeof head - 1 + 8 * i, item, 8);
    expect(list, 1, gw_span_of(page, len), "");
    free(page);
}

static void regexp_that_takes_too_long_is_an_error(void **state)
{
    (void)state;
    const struct gw_pattern list[] = {REGEXP("(a|aa)+[bc]"), CONTAINS("a")};
    static char page[4000];
    memset(page, 'a', sizeof page);
    for (size_t e = 0; e < engines_here; e++)
        assert_int_equal(
            run(engines[e], list, 2, gw_span_of(page, sizeof page), NULL, 0),
            GW_ETOOBIG);
}

// ---- against a naive search ---------------------------------------------
static bool naive_regexp(gw_span text, gw_span s)
{
    bool utf8 = gw_is_utf8(text) && gw_is_utf8(s);
    int error;
    PCRE2_SIZE at;
    pcre2_code *code =
        pcre2_compile(text.at, text.len, PCRE2_DOTALL | (utf8 ? PCRE2_UTF : 0),
                      &error, &at, NULL);
    assert_non_null(code);
    pcre2_match_data *m = pcre2_match_data_create(1, NULL);
    int rc = pcre2_match(code, s.len ? s.at : (const uint8_t *)"", s.len, 0, 0,
                         m, NULL);
    pcre2_match_data_free(m);
    pcre2_code_free(code);
    assert_true(rc >= 0 || rc == PCRE2_ERROR_NOMATCH);
    return rc >= 0;
}

static bool naive(const struct gw_pattern *p, gw_span s)
{
    size_t n = p->text.len;
    if (p->kind == GW_PATTERN_REGEXP)
        return naive_regexp(p->text, s);
    for (size_t at = 0; at + n <= s.len; at++) {
        bool here = memcmp(s.at + at, p->text.at, n) == 0;
        if (here || p->kind != GW_PATTERN_CONTAINS)
            return here && (p->kind != GW_PATTERN_FULL || n == s.len);
    }
    return false;
}

static void agree(const struct gw_pattern *list, size_t n, gw_span s)
{
    char want[MANY * 11] = "";
    for (size_t i = 0, at = 0; i < n; i++)
        if (naive(&list[i], s))
            at += (size_t)snprintf(want + at, sizeof want - at, "%zu ", i);
    expect(list, n, s, want);
}

static gw_span random_text(struct gw_rand *r, const char *alphabet, size_t n,
                           uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)alphabet[gw_rand_below(r, n)];
    return gw_span_of(bytes, len);
}

static void engines_agree_with_a_naive_search(void **state)
{
    (void)state;
    static const char alphabet[] = {'a', 'b', 0, '.', '*', '\\', '\xff', '('};
    static uint8_t bytes[MANY][24], subject[400];
    struct gw_rand r = {7};
    for (int round = 0; round < 600; round++) {
        size_t letters = 1 + gw_rand_below(&r, sizeof alphabet);
        size_t n = 1 + gw_rand_below(&r, MANY);
        gw_span s = random_text(&r, alphabet, letters, subject,
                                gw_rand_below(&r, sizeof subject));
        struct gw_pattern list[MANY];
        for (size_t i = 0; i < n; i++) {
            size_t len = 1 + gw_rand_below(&r, sizeof bytes[i]);
            list[i].kind = (enum gw_pattern_kind)gw_rand_below(&r, 3);
            list[i].text = random_text(&r, alphabet, letters, bytes[i], len);
            if (gw_rand_below(&r, 3) == 0 && len < s.len) // one that is there
                memcpy(bytes[i], s.at + gw_rand_below(&r, s.len - len), len);
            if (gw_rand_below(&r, 9) == 0 && len < s.len) // ... at the start
                memcpy(bytes[i], s.at, len);
            if (gw_rand_below(&r, 9) == 0)
                list[i].text = list[gw_rand_below(&r, i + 1)].text;
        }
        agree(list, n, s);
    }
}

// A well-formed expression of all sorts of parts.
static gw_span random_regexp(struct gw_rand *r, char *text, size_t room)
{
    static const char *const parts[] = {
        "a",     "b",     "\xc3\xa9", "\\.",       ".",         ".*", ".*?",
        ".+",    "a*",    "b?",       "ab+",       "\xc3\xa9*", "{",  "[ab]",
        "[^]a]", "a{2}",  "(?:ab|b)", "(a[)]|b)?", "a|b",       "^",  "$",
        "\\w",   "b{1,}", "#",        "\\n",       "\xc3\xa9+", ".?"};
    size_t len = 0, n = 1 + gw_rand_below(r, 6);
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, room - len, "%s",
                                parts[gw_rand_below(r, GW_COUNT(parts))]);
    return gw_span_of(text, len);
}

static void regexps_agree_with_pcre2(void **state)
{
    (void)state;
    static const char alphabet[] = {'a', 'b', '\xc3', '\xa9', '.', '{', '\n'};
    struct gw_rand r = {11};
    for (int round = 0; round < 3000; round++) {
        char text[8][80];
        uint8_t subject[24];
        struct gw_pattern list[8];
        for (size_t i = 0; i < 8; i++)
            list[i] = (struct gw_pattern){
                GW_PATTERN_REGEXP, random_regexp(&r, text[i], sizeof text[i])};
        agree(list, 8,
              random_text(&r, alphabet, 1 + gw_rand_below(&r, 7), subject,
                          gw_rand_below(&r, sizeof subject)));
    }
}

// ---- memory and threads -------------------------------------------------
static const struct gw_pattern mixed[] = {
    CONTAINS("blocked by order"), CONTAINS("BUSY"), CONTAINS("!"),
    PREFIX("http://warning"),     FULL("squid"),    REGEXP("U\\.S\\..*Com.and"),
    REGEXP("[0-9]+ pages")};

static bool compile_and_match(void)
{
    for (size_t e = 0; e < engines_here; e++) {
        uint32_t found[GW_COUNT(mixed)];
        int64_t rc = run(engines[e], mixed, GW_COUNT(mixed),
                         GW_LIT("BUSY! blocked by order, 12 pages"), found, 7);
        if (rc < 0 && rc != GW_ENOMEM)
            fail_msg("%s", gw_strerror((int)rc));
        if (rc != 4)
            return false;
    }
    return true;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_in_range(gw_fault_each_alloc(compile_and_match), 30, 1000);
}

static void *search_often(void *patterns)
{
    struct gw_patterns *p = patterns;
    struct gw_patterns_scratch *x = gw_patterns_scratch_new(p);
    uintptr_t right = 0;
    for (int i = 0; x && i < 500; i++)
        right +=
            gw_patterns_match(p, x, GW_LIT("U.S. BUSY Command!"), NULL, 0) == 3;
    gw_patterns_scratch_free(x);
    return right == 500 ? patterns : NULL;
}

static void threads_share_patterns(void **state)
{
    (void)state;
    for (size_t e = 0; e < engines_here; e++) {
        struct gw_patterns *p =
            gw_patterns_new(mixed, GW_COUNT(mixed), engines[e], NULL);
        assert_non_null(p);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, search_often, p), 0);
        void *there = NULL, *here = search_often(p);
        assert_int_equal(pthread_join(thread, &there), 0);
        assert_ptr_equal(here, p);
        assert_ptr_equal(there, p);
        gw_patterns_free(p);
    }
}

static void scratch_of_other_patterns_is_refused(void **state)
{
    (void)state;
    struct gw_patterns *p = gw_patterns_new(mixed, 3, GW_ENGINE_BEST, NULL);
    struct gw_patterns *q = gw_patterns_new(mixed, 4, GW_ENGINE_BEST, NULL);
    struct gw_patterns_scratch *x = gw_patterns_scratch_new(q);
    assert_int_equal(gw_patterns_match(p, x, GW_LIT("!"), NULL, 0),
                     GW_EREFUSED);
    gw_patterns_scratch_free(x);
    gw_patterns_free(p);
    gw_patterns_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_does_what_its_name_says),
        cmocka_unit_test(all_prefixes_of_a_text_are_found),
        cmocka_unit_test(duplicated_patterns_are_each_reported),
        cmocka_unit_test(count_is_whole_where_the_room_is_short),
        cmocka_unit_test(empty_subject_holds_only_what_needs_no_text),
        cmocka_unit_test(no_patterns_find_nothing),
        cmocka_unit_test(pattern_longer_than_the_subject_is_not_there),
        cmocka_unit_test(nul_and_metacharacters_are_plain_text),
        cmocka_unit_test(dot_is_any_character_a_newline_too),
        cmocka_unit_test(scratch_serves_one_subject_after_another),
        cmocka_unit_test(gaps_are_found_in_order_only),
        cmocka_unit_test(malformed_regexp_is_named),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(gaps_take_linear_time_on_a_hostile_page),
        cmocka_unit_test(regexp_that_takes_too_long_is_an_error),
        cmocka_unit_test(engines_agree_with_a_naive_search),
        cmocka_unit_test(regexps_agree_with_pcre2),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(threads_share_patterns),
        cmocka_unit_test(scratch_of_other_patterns_is_refused),
    };
    return cmocka_run_group_tests(tests, count_engines, NULL);
}
