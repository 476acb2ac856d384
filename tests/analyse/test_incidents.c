// What is one event becomes one incident, keeps its id, and says why.
#include "incident_case.h"

#include "fault.h"

static void networks_that_join_grow_one_incident(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    for (int n = 0; n < 3; n++) {
        struct seen s = in_network(64500 + n);
        put_event(&o, &s, 240 + 24 * n, 480, 720);
    }
    take_object(&p, &o);
    struct gw_incidents_summary sum = find(&p, 1);
    assert_int_equal(sum.incidents, 1);
    assert_int_equal(sum.new_incidents, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "blocking");
    assert_string_equal(i->cc, "ZA");
    assert_string_equal(i->target, "news.example");
    assert_string_equal(i->confidence, "certain beyond reasonable doubt");
    assert_int_equal(i->observers, 15);
    assert_int_equal(i->version, 1);
    assert_int_equal(i->changed, noon.fixed);
    assert_true(hour_of(i->since[0]) > 230 && hour_of(i->since[1]) <= 244);
    assert_true(hour_of(i->until[0]) >= 470 && hour_of(i->until[1]) <= 490);
    assert_true(says(i, "\"state\":\"over\"") && says(i, "\"v\":1"));
    assert_true(says(i, "\"asn\":64500") && says(i, "\"asn\":64502"));
    assert_true(says(i, "\"layers\":[\"tls\"]") &&
                says(i, "\"rule\":\"tls.reset_control_ok\"") &&
                says(i, "\"pattern\":null") && says(i, "\"guards\":[]"));
    object_release(&o);
    place_close(&p);
}

static void two_events_on_one_target_stay_two(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    place_open(&p);
    object_init(&o, "a");
    put_event(&o, &s, 240, 400, 900);
    put_hours(&o, &s, 900, 1100, 4, 5, GW_STATE_BLOCKED);
    put_hours(&o, &s, 1100, 1300, 4, 5, GW_STATE_OK);
    take_object(&p, &o);
    assert_int_equal(find(&p, 1).incidents, 2);
    const struct listed *l = incidents(&p);
    assert_int_equal(l->count, 2);
    assert_true(l->row[1].until[1] < l->row[0].since[0]);
    object_release(&o);
    place_close(&p);
}

static void a_pause_of_some_days_stays_inside(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    place_open(&p);
    object_init(&o, "a");
    put_event(&o, &s, 240, 400, 500);
    put_hours(&o, &s, 500, 700, 4, 5, GW_STATE_BLOCKED);
    put_hours(&o, &s, 700, 1000, 4, 5, GW_STATE_OK);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_true(hour_of(i->since[1]) < 250 && hour_of(i->until[0]) > 690);
    object_release(&o);
    place_close(&p);
}

static void office_hours_of_one_event_are_one_incident(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    place_open(&p);
    object_init(&o, "a");
    for (int day = 0; day < 42; day++)
        for (int h = 0; h < 24; h++) {
            bool struck =
                day >= 14 && day < 28 && day % 7 < 5 && h >= 6 && h < 14;
            put_one(&o, &s, DAY0 + (day * 24 + h) * 3600 * GW_SECOND,
                    100 + (day + h) % 6,
                    struck ? GW_STATE_BLOCKED : GW_STATE_OK);
        }
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_true(says(i, "\"pattern\":{\"hours\":[6,7,8,9,10,11,12,13],"
                        "\"weekdays\":[1,2,3,4,5]}"));
    object_release(&o);
    place_close(&p);
}

static void what_goes_on_has_no_end(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen first = in_network(64500), second = in_network(64501);
    place_open(&p);
    object_init(&o, "a");
    put_event(&o, &first, 240, 400, 600);
    put_event(&o, &second, 240, 600, 600);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_int_equal(i->until[0], GW_NEVER);
    assert_true(says(i, "\"state\":\"ongoing\""));
    assert_true(says(i, "\"until\":null"));
    object_release(&o);
    place_close(&p);
}

static void blocked_from_the_first_look_has_no_earliest_onset(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    place_open(&p);
    object_init(&o, "a");
    put_hours(&o, &s, 0, 400, 4, 5, GW_STATE_BLOCKED);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_int_equal(i->since[0], GW_NEVER);
    assert_int_not_equal(i->since[1], GW_NEVER);
    assert_true(says(i, "\"earliest\":null"));
    assert_true(says(i, "it was so when first looked"));
    object_release(&o);
    place_close(&p);
}

// ---- kinds ---------------------------------------------------------------

static void a_service_that_is_down_is_not_blocked(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    for (int n = 0; n < 3; n++) {
        struct seen s = in_network(64500 + n);
        put_hours(&o, &s, 0, 240, 4, 5, GW_STATE_OK);
        put_hours(&o, &s, 240, 300, 2, 5, GW_STATE_DOWN);
        put_hours(&o, &s, 300, 500, 4, 5, GW_STATE_OK);
    }
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "down");
    assert_int_equal(i->blocked, 0);
    object_release(&o);
    place_close(&p);
}

static void slowness_is_throttling(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site, slow = blocked_site;
    slow.throttled = true;
    slow.layer = GW_LAYER_HTTP;
    slow.rule = "http.stalled_control_ok";
    place_open(&p);
    object_init(&o, "a");
    put_hours(&o, &s, 0, 240, 2, 5, GW_STATE_OK);
    put_hours(&o, &slow, 240, 400, 2, 5, GW_STATE_BLOCKED);
    put_hours(&o, &s, 400, 600, 2, 5, GW_STATE_OK);
    take_object(&p, &o);
    find(&p, 1);
    assert_string_equal(the_one(&p)->kind, "throttling");
    object_release(&o);
    place_close(&p);
}

static void a_network_that_falls_silent_is_an_incident_of_its_own(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    place_open(&p);
    object_init(&o, "a");
    for (int h = 0; h < 60 * 24; h++)
        for (int k = 0; k < 6; k++)
            if (h < 700 || h >= 730)
                put_one(&o, &s, DAY0 + (h * 60 + k) * 60 * GW_SECOND, 100 + k,
                        GW_STATE_OK);
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    assert_string_equal(i->kind, "silence");
    assert_string_equal(i->target, "");
    assert_true(hour_of(i->since[1]) >= 698 && hour_of(i->since[1]) <= 704);
    assert_true(hour_of(i->until[0]) >= 726 && hour_of(i->until[0]) <= 732);
    object_release(&o);
    place_close(&p);
}

static void evidence_names_findings_of_several_networks(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    place_open(&p);
    object_init(&o, "a");
    for (int n = 0; n < 3; n++) {
        struct seen s = in_network(64500 + n);
        put_event(&o, &s, 240, 480, 720);
    }
    take_object(&p, &o);
    find(&p, 1);
    const struct gw_incident_row *i = the_one(&p);
    gw_span rest = i->body;
    int64_t at = gw_find(rest, GW_LIT("\"evidence\":[\""), 0);
    assert_true(at > 0);
    rest = gw_sub(rest, (size_t)at + 12, rest.len);
    gw_span list = gw_cut(&rest, ']');
    int ids = 0;
    while (list.len) {
        gw_span text = gw_cut(&list, ',');
        struct gw_id id;
        assert_true(gw_id_parse(gw_sub(text, 1, text.len - 2), &id));
        assert_int_equal(id.kind, 'f');
        ids++;
    }
    assert_true(ids > 3 && ids <= 24);
    object_release(&o);
    place_close(&p);
}

static void a_raised_flag_withdraws_nothing(void **state)
{
    (void)state;
    struct place p;
    struct object o;
    struct seen s = blocked_site;
    atomic_int stop = 1;
    struct gw_analyse_options options = {.threads = 1, .stop = &stop};
    struct gw_incidents_summary sum;
    place_open(&p);
    object_init(&o, "a");
    put_event(&o, &s, 240, 480, 720);
    take_object(&p, &o);
    find(&p, 1);
    assert_int_equal(gw_find_incidents(p.l, &options, &sum, NULL), 0);
    assert_int_equal(sum.withdrawn, 0);
    assert_false(the_one(&p)->withdrawn);
    object_release(&o);
    place_close(&p);
}

// ---- faults --------------------------------------------------------------

static struct place faulty;

static bool find_in_faulty(void)
{
    struct gw_analyse_options options = {.threads = 1};
    struct gw_ledger_options o = {.chance = &faulty.chance, .clock = &noon};
    struct gw_incidents_summary sum;
    struct gw_archive *a = NULL;
    struct gw_ledger *l = NULL;
    bool ok = gw_archive_open(faulty.archive, GW_ARCHIVE_WRITE, &noon, &a,
                              NULL) == 0 &&
              gw_ledger_open(a, &o, &l, NULL) == 0 &&
              gw_find_incidents(l, &options, &sum, NULL) == 0;
    gw_ledger_close(l);
    gw_archive_close(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct object o;
    struct seen s = blocked_site;
    place_open(&faulty);
    object_init(&o, "a");
    put_event(&o, &s, 100, 160, 220);
    take_object(&faulty, &o);
    gw_ledger_close(faulty.l);
    gw_archive_close(faulty.a);
    assert_true(gw_fault_each_alloc(find_in_faulty) > 0);
    struct gw_ledger_options options = {.chance = &faulty.chance,
                                        .clock = &noon};
    assert_int_equal(gw_archive_open(faulty.archive, GW_ARCHIVE_WRITE, &noon,
                                     &faulty.a, NULL),
                     0);
    assert_int_equal(gw_ledger_open(faulty.a, &options, &faulty.l, NULL), 0);
    assert_int_equal(the_one(&faulty)->version, 1);
    object_release(&o);
    place_close(&faulty);
}

static void an_empty_archive_has_no_incidents(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    struct gw_incidents_summary sum = find(&p, 2);
    assert_int_equal(sum.incidents + sum.series + sum.changes, 0);
    assert_int_equal(incidents(&p)->count, 0);
    place_close(&p);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(networks_that_join_grow_one_incident),
        T(two_events_on_one_target_stay_two),
        T(a_pause_of_some_days_stays_inside),
        T(office_hours_of_one_event_are_one_incident),
        T(what_goes_on_has_no_end),
        T(blocked_from_the_first_look_has_no_earliest_onset),
        T(a_service_that_is_down_is_not_blocked),
        T(slowness_is_throttling),
        T(a_network_that_falls_silent_is_an_incident_of_its_own),
        T(evidence_names_findings_of_several_networks),
        T(a_raised_flag_withdraws_nothing),
        T(every_failed_allocation_is_survived),
        T(an_empty_archive_has_no_incidents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
