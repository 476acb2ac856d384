// Days: what pages read, in order and by filter.
#include "place.h"

struct given {
    struct place place;
    struct gw_archive *a;
};

static int setup(void **state)
{
    struct given *g = gw_new(sizeof *g);
    g->place = place_new();
    g->a = archive_in(&g->place, GW_ARCHIVE_CREATE);
    *state = g;
    return 0;
}

static int teardown(void **state)
{
    struct given *g = *state;
    gw_archive_close(g->a);
    place_remove(&g->place);
    gw_free(g);
    return 0;
}

static struct gw_day_row day(const char *cc, const char *target, int64_t asn,
                             int n)
{
    struct gw_day_row d = {.asn = asn,
                           .layer = GW_LAYER_ALL,
                           .day = n * GW_DAY,
                           .count = {1, 2, 3, 4},
                           .observers = {1, 1, 2, 3},
                           .throttled = 5,
                           .intercepted = 6};
    snprintf(d.cc, sizeof d.cc, "%s", cc);
    snprintf(d.target, sizeof d.target, "%s", target);
    snprintf(d.org, sizeof d.org, "Org");
    snprintf(d.rule, sizeof d.rule, "dns.bogon");
    snprintf(d.example, sizeof d.example, "f-0123456789ab-0-0");
    return d;
}

static void add(struct given *g, const struct gw_day_row *d)
{
    assert_int_equal(gw_day_add(g->a, d, NULL), 0);
}

struct came {
    struct gw_day_row at[2000];
    size_t count;
    int stop_at;
};

static int take(void *ctx, const struct gw_day_row *d)
{
    struct came *c = ctx;
    c->at[c->count++] = *d;
    return c->stop_at && (int)c->count == c->stop_at ? 7 : 0;
}

static struct came *read_days(struct given *g, const struct gw_day_filter *f)
{
    static struct came c;
    c.count = 0;
    c.stop_at = 0;
    assert_int_equal(gw_days_each(g->a, f, take, &c, NULL), 0);
    return &c;
}

static const struct gw_day_filter all = {NULL, NULL,     -1,
                                         -1,   GW_NEVER, GW_NEVER};

static void a_day_comes_back_as_it_was(void **state)
{
    struct given *g = *state;
    struct gw_day_row d = day("KE", "telegram", 33771, 19000);
    d.synthetic = true;
    add(g, &d);
    struct came *c = read_days(g, &all);
    assert_int_equal(c->count, 1);
    assert_memory_equal(&c->at[0], &d, sizeof d);
}

static void an_unknown_network_is_kept_and_comes_first(void **state)
{
    struct given *g = *state;
    struct gw_day_row one = day("KE", "x", 0, 1),
                      two = day("KE", "x", GW_NULL, 2);
    add(g, &one);
    add(g, &two);
    struct came *c = read_days(g, &all);
    assert_int_equal(c->count, 2);
    assert_true(c->at[0].asn == GW_NULL);
    assert_int_equal(c->at[1].asn, 0);
    two.asn = -5;
    assert_int_equal(gw_day_add(g->a, &two, NULL), GW_EUSAGE);
}

static int compare(const struct gw_day_row *a, const struct gw_day_row *b)
{
    int c = strcmp(a->cc, b->cc);
    c = c ? c : strcmp(a->target, b->target);
    c = c ? c : (a->asn > b->asn) - (a->asn < b->asn);
    return c ? c : (a->day > b->day) - (a->day < b->day);
}

static bool fits(const struct gw_day_filter *f, const struct gw_day_row *d)
{
    return (!f->cc || !strcmp(f->cc, d->cc)) &&
           (!f->target || !strcmp(f->target, d->target)) &&
           (f->asn == -1 || f->asn == d->asn) &&
           (f->since == GW_NEVER || d->day >= f->since) &&
           (f->until == GW_NEVER || d->day < f->until);
}

static void any_filter_gives_what_a_plain_loop_gives_in_order(void **state)
{
    struct given *g = *state;
    static const char *const ccs[] = {"BR", "KE", "MM"};
    static const char *const targets[] = {"a.org", "b.org", "telegram"};
    static struct gw_day_row put[1500];
    struct gw_rand r = {11};
    size_t n = 0;
    for (int cc = 0; cc < 3; cc++)
        for (int t = 0; t < 3; t++)
            for (int asn = 1; asn < 4; asn++)
                for (int d = 0; d < 50; d++)
                    if (gw_rand_below(&r, 10) < 9)
                        put[n++] = day(ccs[cc], targets[t], asn, d);
    for (size_t i = n; i > 0; i--) // in any order
        add(g, &put[(i * 7919) % n]);
    for (int k = 0; k < 200; k++) {
        struct gw_day_filter f = all;
        if (gw_rand_below(&r, 2))
            f.cc = ccs[gw_rand_below(&r, 3)];
        if (gw_rand_below(&r, 2))
            f.target = targets[gw_rand_below(&r, 3)];
        if (gw_rand_below(&r, 2))
            f.asn = 1 + (int64_t)gw_rand_below(&r, 3);
        if (gw_rand_below(&r, 2))
            f.since = (gw_time)gw_rand_below(&r, 50) * GW_DAY;
        if (gw_rand_below(&r, 2))
            f.until = (gw_time)gw_rand_below(&r, 50) * GW_DAY;
        struct came *c = read_days(g, &f);
        size_t want = 0;
        for (size_t i = 0; i < n; i++)
            want += fits(&f, &put[i]);
        assert_int_equal(c->count, want);
        for (size_t i = 0; i < c->count; i++) {
            assert_true(fits(&f, &c->at[i]));
            assert_true(!i || compare(&c->at[i - 1], &c->at[i]) < 0);
        }
    }
}

static void a_key_is_there_once_and_aggregates_stand_beside_it(void **state)
{
    struct given *g = *state;
    struct gw_day_row d = day("KE", "x", 1, 1);
    add(g, &d);
    assert_true(gw_day_add(g->a, &d, NULL) < 0);
    gw_archive_close(g->a);
    g->a = archive_in(&g->place, GW_ARCHIVE_WRITE);
    add(g, &d);
    d.aggregate = true;
    add(g, &d);
    d.synthetic = true;
    add(g, &d);
    assert_int_equal(read_days(g, &all)->count, 3);
}

static void clear_leaves_none_and_the_end_can_be_early(void **state)
{
    struct given *g = *state;
    struct came c = {.stop_at = 3};
    for (int i = 0; i < 600; i++) {
        struct gw_day_row d = day("KE", "x", 1, i);
        add(g, &d);
    }
    assert_int_equal(gw_days_each(g->a, &all, take, &c, NULL), 7);
    assert_int_equal(c.count, 3);
    assert_int_equal(read_days(g, &all)->count, 600);
    assert_int_equal(gw_days_clear(g->a, NULL), 0);
    assert_int_equal(read_days(g, &all)->count, 0);
}

static void redaction_takes_days_with_it(void **state)
{
    struct given *g = *state;
    struct gw_object o = put_text(g->a, "some evidence");
    struct gw_day_row d = day("KE", "x", 1, 1);
    add(g, &d);
    assert_int_equal(gw_note_set(g->a, "days", GW_LIT("mark"), NULL), 0);
    commit(g->a);
    assert_int_equal(gw_evidence_redact(g->a, o.hash, NULL), 0);
    commit(g->a);
    struct gw_buf b;
    gw_buf_init(&b, 64);
    assert_int_equal(read_days(g, &all)->count, 0);
    assert_int_equal(gw_note_get(g->a, "days", &b, NULL), GW_ENOENT);
    gw_buf_release(&b);
}

static int files_of(const struct given *g)
{
    struct count c = {.part = "/segments/cells/"};
    assert_int_equal(gw_walk(g->place.archive, count_one, &c, NULL), 0);
    return c.n;
}

static void cells_segments_are_kept_and_redacted_as_others_are(void **state)
{
    struct given *g = *state;
    struct gw_segment_writer *w;
    struct gw_segment_reader *r;
    struct gw_object o = put_text(g->a, "other evidence");
    assert_int_equal(
        gw_segment_begin(g->a, GW_TIER_CELLS, o.hash, GW_LIT("{}"), &w, NULL),
        0);
    assert_int_equal(gw_segment_put(w, GW_LIT("block"), NULL), 0);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    commit(g->a);
    gw_archive_close(g->a);
    g->a = archive_in(&g->place, GW_ARCHIVE_WRITE);
    assert_int_equal(gw_segment_open(g->a, GW_TIER_CELLS, o.hash, &r, NULL), 0);
    gw_segment_close(r);
    assert_int_equal(gw_evidence_redact(g->a, o.hash, NULL), 0);
    commit(g->a);
    assert_int_equal(gw_segment_open(g->a, GW_TIER_CELLS, o.hash, &r, NULL),
                     GW_ENOENT);
    assert_int_equal(files_of(g), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_day_comes_back_as_it_was),
        T(an_unknown_network_is_kept_and_comes_first),
        T(any_filter_gives_what_a_plain_loop_gives_in_order),
        T(a_key_is_there_once_and_aggregates_stand_beside_it),
        T(clear_leaves_none_and_the_end_can_be_early),
        T(redaction_takes_days_with_it),
        T(cells_segments_are_kept_and_redacted_as_others_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
