// What only looks like an event: floods, defects, what is down everywhere. No
// incident that one person can forge is called likely.
#include "incident_case.h"

static bool is_likely(const struct gw_incident_row *i)
{
    return strcmp(i->confidence, "possible") != 0 &&
           strcmp(i->confidence, "not enough data") != 0;
}

static gw_time at_minute(int minute)
{
    return DAY0 + minute * 60 * GW_SECOND;
}

static void one_observer_alone_is_never_more_than_possible(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    put_hours(&o, &blocked_site, 0, 240, 2, 1, GW_STATE_OK);
    put_hours(&o, &blocked_site, 240, 900, 2, 1, GW_STATE_BLOCKED);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->confidence, "possible");
    assert_int_equal(i->observers, 1);
    assert_true(says(i, "\"what\":\"one-observer\""));
    object_release(&o);
    place_close(&p);
    for (double odds = 0; odds < 60; odds += 0.5)
        assert_true(strcmp(gw_confidence(odds, 1), "possible") == 0 ||
                    strcmp(gw_confidence(odds, 1), "not enough data") == 0);
}

// Whatever the flood's size and length, beside honest measurements that find
// nothing and some accidents.
static void a_flood_from_one_observer_makes_nothing_likely(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    for (int round = 0; round < 24; round++) {
        struct place p;
        struct object o;
        char name[32];
        int from = (int)gw_rand_below(&r, 400);
        int hours = 1 + (int)gw_rand_below(&r, 200);
        place_open(&p);
        snprintf(name, sizeof name, "flood %d", round);
        object_init(&o, name);
        for (int h = 0; h < 700; h += 3) {
            bool accident = gw_rand_below(&r, 100) < 2;
            put_one(&o, &blocked_site, at_minute(h * 60), 100 + h % 7,
                    accident ? GW_STATE_BLOCKED : GW_STATE_OK);
        }
        for (int h = from; h < from + hours; h++)
            for (int k = (int)gw_rand_below(&r, 30); k >= 0; k--)
                put_one(&o, &blocked_site, at_minute(h * 60 + k), 666,
                        GW_STATE_BLOCKED);
        take_object(&p, &o);
        find(&p, 1);
        const struct listed *l = incidents(&p);
        for (size_t i = 0; i < l->count; i++)
            assert_false(is_likely(&l->row[i]));
        object_release(&o);
        place_close(&p);
    }
}

static void a_flood_does_not_hide_what_others_see(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    put_hours(&o, &blocked_site, 0, 240, 2, 5, GW_STATE_OK);
    put_hours(&o, &blocked_site, 240, 480, 2, 5, GW_STATE_BLOCKED);
    put_hours(&o, &blocked_site, 480, 720, 2, 5, GW_STATE_OK);
    for (int k = 0; k < 3000; k++)
        put_one(&o, &blocked_site, at_minute(240 * 60 + k), 666,
                GW_STATE_BLOCKED);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_true(is_likely(i));
    assert_false(says(i, "\"what\":\"flood\""));
    object_release(&o);
    place_close(&p);
}

// A version that fails in every network while others work is a defect.
static void put_versions(struct object *o, int networks, bool both_fail)
{
    for (int n = 0; n < networks; n++) {
        struct seen old = blocked_site, new = blocked_site;
        old.asn = new.asn = 64500 + n;
        old.program = "probe 0.9";
        for (int h = 0; h < 900; h += 3) {
            bool broken = h >= 300;
            put_one(o, &old, at_minute(h * 60), 1000 + n * 10 + h % 3,
                    broken ? GW_STATE_BLOCKED : GW_STATE_OK);
            put_one(o, &new, at_minute(h * 60 + 60), 2000 + n * 10 + h % 4,
                    broken && both_fail ? GW_STATE_BLOCKED : GW_STATE_OK);
        }
    }
}

static void what_follows_the_program_is_a_defect(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    put_versions(&o, 3, false);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "defect");
    assert_true(says(i, "\"what\":\"defect\"") && says(i, "probe 0.9"));
    object_release(&o);
    place_close(&p);
}

static void what_every_program_sees_is_no_defect(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    put_versions(&o, 3, true);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "blocking");
    assert_true(is_likely(i) && !says(i, "\"what\":\"defect\""));
    object_release(&o);
    place_close(&p);
}

static void in_one_network_a_failing_program_is_only_possible(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    put_versions(&o, 1, false);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "blocking");
    assert_true(says(i, "\"what\":\"defect\"") && !is_likely(i));
    object_release(&o);
    place_close(&p);
}

static void put_countries(struct object *o, int countries, int apart)
{
    static const char *const cc[] = {"ZA", "ZB", "ZC", "ZD"};
    for (int k = 0; k < countries; k++) {
        struct seen s = blocked_site;
        int from = 300 + k * apart;
        s.cc = cc[k];
        s.asn = 64500 + k;
        put_hours(o, &s, 0, from, 2, 5, GW_STATE_OK);
        put_hours(o, &s, from, from + 100, 2, 5, GW_STATE_BLOCKED);
        put_hours(o, &s, from + 100, 900, 2, 5, GW_STATE_OK);
    }
}

static void count_kinds(struct place *p, int *ret_down, int *ret_blocking)
{
    const struct listed *l = incidents(p);
    *ret_down = *ret_blocking = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool down = strcmp(l->row[i].kind, "down") == 0;
        *ret_down += down;
        *ret_blocking += strcmp(l->row[i].kind, "blocking") == 0;
        assert_int_equal(down, says(&l->row[i], "\"what\":\"everywhere\""));
    }
}

static void three_countries_at_once_are_not_blocking(void **state)
{
    (void)state;
    static const struct {
        int countries, apart, down, blocking;
    } cases[] = {{3, 4, 3, 0}, {4, 6, 4, 0}, {2, 0, 0, 2}, {3, 60, 0, 3}};
    for (size_t c = 0; c < GW_COUNT(cases); c++) {
        struct place p;
        struct object o;
        int down, blocking;
        char name[32];
        place_open(&p);
        snprintf(name, sizeof name, "case %zu", c);
        object_init(&o, name);
        put_countries(&o, cases[c].countries, cases[c].apart);
        take_object(&p, &o);
        find(&p, 1);
        count_kinds(&p, &down, &blocking);
        assert_int_equal(down, cases[c].down);
        assert_int_equal(blocking, cases[c].blocking);
        object_release(&o);
        place_close(&p);
    }
}

static void a_kind_that_turns_out_to_be_another_keeps_its_id(void **state)
{
    (void)state;
    struct place p;
    struct object o, more;
    place_open(&p);
    object_init(&o, "a");
    put_countries(&o, 1, 0);
    take_object(&p, &o);
    find(&p, 1);
    char id[16];
    memcpy(id, the_one(&p)->id, sizeof id);
    object_init(&more, "b");
    put_countries(&more, 4, 0);
    take_object(&p, &more);
    assert_int_equal(find(&p, 1).withdrawn, 0);
    const struct listed *l = incidents(&p);
    bool kept = false;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->row[i].id, id) == 0) {
            kept = true;
            assert_string_equal(l->row[i].kind, "down");
        }
    assert_true(kept);
    object_release(&o);
    object_release(&more);
    place_close(&p);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_observer_alone_is_never_more_than_possible),
        T(a_flood_from_one_observer_makes_nothing_likely),
        T(a_flood_does_not_hide_what_others_see),
        T(what_follows_the_program_is_a_defect),
        T(what_every_program_sees_is_no_defect),
        T(in_one_network_a_failing_program_is_only_possible),
        T(three_countries_at_once_are_not_blocking),
        T(a_kind_that_turns_out_to_be_another_keeps_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
