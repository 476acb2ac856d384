// Ids stay: in any order, with any number of threads, when evidence comes
// late, when a thing is no longer found and when it is found again.
#include "incident_case.h"

// Several objects of one story, so that order matters if it can.
enum { OBJECTS = 4 };
static void write_objects(struct object *o)
{
    for (int k = 0; k < OBJECTS; k++) {
        char name[24];
        snprintf(name, sizeof name, "object %d", k);
        object_init(&o[k], name);
        for (int n = 0; n < 3; n++) {
            struct seen s = in_network(64500 + n);
            put_hours(&o[k], &s, k, 240, 12, 5, GW_STATE_OK);
            put_hours(&o[k], &s, 240 + k, 480, 12, 5, GW_STATE_BLOCKED);
            s.target = "radio.example";
            put_hours(&o[k], &s, k, 300, 12, 5, GW_STATE_OK);
            put_hours(&o[k], &s, 300 + k, 700, 12, 5, GW_STATE_BLOCKED);
        }
    }
}

static void bodies_of(struct place *p, struct gw_buf *ret)
{
    const struct listed *l = incidents(p);
    for (size_t i = 0; i < l->count; i++)
        gw_put_span(ret, l->row[i].body);
}

static void the_order_of_objects_and_threads_do_not_matter(void **state)
{
    (void)state;
    static const int orders[][OBJECTS] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}};
    struct object o[OBJECTS];
    struct gw_buf first, now;
    gw_buf_init(&first, 1 << 20);
    gw_buf_init(&now, 1 << 20);
    write_objects(o);
    for (size_t w = 0; w < GW_COUNT(orders); w++) {
        struct place p;
        place_open(&p);
        for (int k = 0; k < OBJECTS; k++)
            take_object(&p, &o[orders[w][k]]);
        assert_int_equal(find(&p, (int)w + 1).incidents, 2);
        gw_buf_reset(&now);
        bodies_of(&p, w ? &now : &first);
        assert_true(!w || gw_eq(gw_buf_span(&now), gw_buf_span(&first)));
        place_close(&p);
    }
    for (int k = 0; k < OBJECTS; k++)
        object_release(&o[k]);
    gw_buf_release(&first);
    gw_buf_release(&now);
}

static void a_second_run_changes_nothing(void **state)
{
    (void)state;
    struct place p;
    struct object o[OBJECTS];
    uint64_t before, after;
    place_open(&p);
    write_objects(o);
    for (int k = 0; k < OBJECTS; k++)
        take_object(&p, &o[k]);
    find(&p, 1);
    assert_int_equal(gw_leaf_count(p.a, &before, NULL), 0);
    struct gw_incidents_summary sum = find(&p, 1);
    assert_int_equal(sum.incidents, 2);
    assert_int_equal(sum.new_incidents + sum.changed + sum.withdrawn, 0);
    assert_int_equal(gw_leaf_count(p.a, &after, NULL), 0);
    assert_int_equal(before, after);
    for (int k = 0; k < OBJECTS; k++)
        object_release(&o[k]);
    place_close(&p);
}

static void late_data_keep_the_id(void **state)
{
    (void)state;
    struct place p;
    struct object o[OBJECTS];
    char ids[2][16];
    place_open(&p);
    write_objects(o);
    take_object(&p, &o[3]);
    take_object(&p, &o[2]);
    find(&p, 1);
    const struct listed *l = incidents(&p);
    assert_int_equal(l->count, 2);
    for (int i = 0; i < 2; i++)
        memcpy(ids[i], l->row[i].id, sizeof ids[i]);
    take_object(&p, &o[0]); // among it hours before all the others
    take_object(&p, &o[1]);
    struct gw_incidents_summary sum = find(&p, 1);
    assert_int_equal(sum.changed, 2);
    assert_int_equal(sum.new_incidents + sum.withdrawn, 0);
    l = incidents(&p);
    assert_int_equal(l->count, 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(l->row[i].id, ids[i]);
        assert_int_equal(l->row[i].version, 2);
    }
    for (int k = 0; k < OBJECTS; k++)
        object_release(&o[k]);
    place_close(&p);
}

static int count_version(void *ctx, const struct gw_incident_row *i)
{
    int *n = ctx;
    assert_int_equal(i->version, ++*n);
    assert_int_equal(i->withdrawn, *n == 2);
    return 0;
}

static void
what_is_not_found_any_more_is_withdrawn_and_can_come_back(void **state)
{
    (void)state;
    struct place p;
    struct object o, better;
    struct seen s = blocked_site;
    int versions = 0;
    place_open(&p);
    object_init(&o, "a");
    put_event(&o, &s, 240, 300, 400);
    take_object(&p, &o);
    find(&p, 1);
    char id[16];
    memcpy(id, the_one(&p)->id, sizeof id);
    object_init(&better, "a"); // the same object judged anew
    put_hours(&better, &s, 0, 400, 4, 5, GW_STATE_OK);
    take_object(&p, &better);
    struct gw_incidents_summary sum = find(&p, 1);
    assert_int_equal(sum.incidents, 0);
    assert_int_equal(sum.withdrawn, 1);
    const struct listed *l = incidents(&p);
    assert_int_equal(l->count, 1);
    assert_true(l->row[0].withdrawn);
    assert_true(says(&l->row[0], "\"state\":\"withdrawn\""));
    assert_int_equal(find(&p, 1).withdrawn, 0); // once
    take_object(&p, &o);
    sum = find(&p, 1);
    assert_int_equal(sum.changed, 1);
    assert_string_equal(the_one(&p)->id, id);
    assert_int_equal(
        gw_incident_history(p.a, id, count_version, &versions, NULL), 0);
    assert_int_equal(versions, 3);
    object_release(&o);
    object_release(&better);
    place_close(&p);
}

// ---- the log -------------------------------------------------------------

static void each_version_has_its_leaf(void **state)
{
    (void)state;
    struct place p;
    struct object o[OBJECTS];
    place_open(&p);
    write_objects(o);
    take_object(&p, &o[3]);
    take_object(&p, &o[2]);
    find(&p, 1);
    take_object(&p, &o[0]);
    find(&p, 1);
    const struct listed *l = incidents(&p);
    struct gw_buf entry;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&entry, GW_LEAF_MAX);
    for (size_t i = 0; i < l->count; i++) {
        struct gw_leaf_row leaf;
        char hex[2 * GW_HASH_LEN + 1], want[96];
        gw_buf_reset(&entry);
        assert_int_equal(
            gw_leaf_newest(p.a, "incident", l->row[i].id, &leaf, &entry, NULL),
            0);
        struct gw_hash32 h = gw_sha256(l->row[i].body);
        gw_hex(h.at, GW_HASH_LEN, hex);
        snprintf(want, sizeof want, "\"%s\"", hex);
        assert_true(gw_is(gw_leaf_member(leaf.entry, "sha256", arena), want));
        assert_true(gw_is(gw_leaf_member(leaf.entry, "version", arena), "2"));
        snprintf(want, sizeof want, "\"%s\"", l->row[i].id);
        assert_true(gw_is(gw_leaf_member(leaf.entry, "id", arena), want));
    }
    gw_buf_release(&entry);
    gw_arena_free(arena);
    for (int k = 0; k < OBJECTS; k++)
        object_release(&o[k]);
    place_close(&p);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_order_of_objects_and_threads_do_not_matter),
        T(a_second_run_changes_nothing),
        T(late_data_keep_the_id),
        T(what_is_not_found_any_more_is_withdrawn_and_can_come_back),
        T(each_version_has_its_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
