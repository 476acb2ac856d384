// The block-page fingerprints of OONI, all of them, where the data is at hand.
#include "t.h"
#include "wire/wire.h"

#include <stdio.h>

enum { ROWS = 4096 };

struct fingerprints {
    struct gw_pattern list[ROWS];
    size_t n;
    struct gw_arena *arena;
};

static const char *const kinds[] = {"contains", "prefix", "full", "regexp"};

static void read_rows(struct fingerprints *f, gw_span text)
{
    const gw_span *row;
    size_t n;
    int64_t offset;
    struct gw_csv *csv = gw_csv_new(',');
    assert_non_null(csv);
    gw_csv_feed(csv, text, true);
    while (gw_csv_row(csv, &row, &n, &offset, NULL) > 0 && f->n < ROWS)
        for (size_t k = 0; n > 5 && k < GW_COUNT(kinds); k++)
            if (gw_is(row[4], kinds[k]))
                f->list[f->n++] = (struct gw_pattern){
                    (enum gw_pattern_kind)k, gw_arena_copy(f->arena, row[5])};
    gw_csv_free(csv);
}

static int load(void **state)
{
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    struct gw_buf b;
    gw_buf_init(&b, 16 << 20);
    snprintf(path, sizeof path, "%s/ooni/fingerprints/fingerprints_http.csv",
             data ? data : ".");
    *state = NULL;
    if (!gw_file_read(path, &b, NULL)) {
        struct fingerprints *f = calloc(1, sizeof *f);
        assert_non_null(f);
        f->arena = gw_arena_new(4 << 20);
        read_rows(f, gw_buf_span(&b));
        *state = f;
    } else {
        print_message("skipped: no fingerprints below GAWAH_DATA\n");
    }
    gw_buf_release(&b);
    return 0;
}

static int unload(void **state)
{
    struct fingerprints *f = *state;
    if (f)
        gw_arena_free(f->arena);
    free(f);
    return 0;
}

// Texts in which no fingerprint lies, of lengths that move what follows.
static gw_span filler(struct gw_rand *r, uint8_t *bytes, size_t max)
{
    size_t len = gw_rand_below(r, max);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)("qzjxkvw \n<>"[gw_rand_below(r, 11)]);
    return gw_span_of(bytes, len);
}

struct searcher {
    struct gw_patterns *p;
    struct gw_patterns_scratch *x;
};

static struct searcher start(const struct fingerprints *f, enum gw_engine e)
{
    struct searcher s = {.p = gw_patterns_new(f->list, f->n, e, NULL)};
    if (s.p)
        assert_non_null(s.x = gw_patterns_scratch_new(s.p));
    return s;
}

static void stop(struct searcher s)
{
    gw_patterns_scratch_free(s.x);
    gw_patterns_free(s.p);
}

static void engines_agree(const struct searcher *a, const struct searcher *b,
                          gw_span s)
{
    static uint32_t left[ROWS], right[ROWS];
    if (!b->p)
        return;
    int64_t n = gw_patterns_match(a->p, a->x, s, left, ROWS);
    assert_int_equal(gw_patterns_match(b->p, b->x, s, right, ROWS), n);
    assert_memory_equal(left, right, (size_t)n * sizeof *left);
}

// Exactly the plain fingerprints that a naive search finds are found.
static void check_plain(const struct fingerprints *f, const struct searcher *a,
                        gw_span s)
{
    static uint32_t found[ROWS];
    int64_t n = gw_patterns_match(a->p, a->x, s, found, ROWS), at = 0;
    assert_in_range(n, 0, ROWS);
    for (uint32_t i = 0; i < f->n; i++) {
        bool here = at < n && found[at] == i;
        at += here;
        int64_t from = gw_find(s, f->list[i].text, 0);
        enum gw_pattern_kind kind = f->list[i].kind;
        bool want = kind == GW_PATTERN_CONTAINS ? from >= 0 : from == 0;
        if (kind == GW_PATTERN_FULL)
            want = gw_eq(s, f->list[i].text);
        if (kind != GW_PATTERN_REGEXP)
            assert_int_equal(here, want);
    }
}

static void each_fingerprint_is_found_in_filler(void **state)
{
    const struct fingerprints *f = *state;
    if (!f)
        return;
    assert_true(f->n > 1000);
    struct searcher best = start(f, GW_ENGINE_BEST),
                    own = start(f, GW_ENGINE_AUTOMATON),
                    hyperscan = start(f, GW_ENGINE_HYPERSCAN);
    struct gw_rand r = {5};
    static uint8_t before[300], after[300];
    for (size_t i = 0; i < f->n; i++) {
        struct gw_buf page;
        gw_buf_init(&page, 1 << 20);
        if (f->list[i].kind == GW_PATTERN_CONTAINS)
            gw_put_span(&page, filler(&r, before, sizeof before));
        gw_put_span(&page, f->list[i].text);
        if (f->list[i].kind != GW_PATTERN_FULL)
            gw_put_span(&page, filler(&r, after, sizeof after));
        check_plain(f, &own, gw_buf_span(&page));
        engines_agree(&own, &best, gw_buf_span(&page));
        engines_agree(&own, &hyperscan, gw_buf_span(&page));
        page.len -= page.len > 0; // and with its end cut off
        check_plain(f, &own, gw_buf_span(&page));
        engines_agree(&own, &hyperscan, gw_buf_span(&page));
        gw_buf_release(&page);
    }
    stop(best);
    stop(own);
    stop(hyperscan);
}

static void all_of_them_are_found_in_one_page(void **state)
{
    const struct fingerprints *f = *state;
    if (!f)
        return;
    struct searcher own = start(f, GW_ENGINE_AUTOMATON),
                    hyperscan = start(f, GW_ENGINE_HYPERSCAN);
    struct gw_buf page;
    gw_buf_init(&page, 4 << 20);
    size_t plain = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].kind == GW_PATTERN_CONTAINS) {
            gw_put_span(&page, f->list[i].text);
            gw_put_str(&page, "\n");
            plain++;
        }
    check_plain(f, &own, gw_buf_span(&page));
    engines_agree(&own, &hyperscan, gw_buf_span(&page));
    assert_true(gw_patterns_match(own.p, own.x, gw_buf_span(&page), NULL, 0) >=
                (int64_t)plain);
    gw_buf_release(&page);
    stop(own);
    stop(hyperscan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fingerprint_is_found_in_filler),
        cmocka_unit_test(all_of_them_are_found_in_one_page),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
