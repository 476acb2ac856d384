// Incidents are kept with every version, found newest first, and change only
// when their body does.
#include "place.h"

#include "fault.h"

#define HOUR (3600 * GW_SECOND)

static struct gw_incident_row incident(const char *id, gw_time since,
                                       const char *body)
{
    struct gw_incident_row i = {.since = {GW_NEVER, since},
                                .until = {since + HOUR, GW_NEVER},
                                .log_odds = 4.25,
                                .observers = 3,
                                .measurements = 70,
                                .blocked = 60,
                                .synthetic = true,
                                .changed = noon.fixed,
                                .body = gw_str(body)};
    snprintf(i.id, sizeof i.id, "%s", id);
    snprintf(i.kind, sizeof i.kind, "blocking");
    snprintf(i.cc, sizeof i.cc, "ZZ");
    snprintf(i.target, sizeof i.target, "news.example");
    snprintf(i.confidence, sizeof i.confidence, "very likely");
    return i;
}

static bool put(struct gw_archive *a, const char *id, gw_time since,
                const char *body)
{
    struct gw_incident_row i = incident(id, since, body);
    bool changed = false;
    struct gw_why why = {0};
    int rc = gw_incident_put(a, &i, &changed, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return changed;
}

struct seen {
    char text[512];
    int end_at;
};

static int see(void *ctx, const struct gw_incident_row *i)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s/%lld/%.*s ", i->id,
             (long long)i->version, (int)i->body.len, (const char *)i->body.at);
    return s->end_at && --s->end_at == 0 ? 7 : 0;
}

static const char *all(struct gw_archive *a)
{
    static struct seen s;
    s = (struct seen){0};
    assert_int_equal(gw_incidents_each(a, see, &s, NULL), 0);
    return s.text;
}

static const char *history(struct gw_archive *a, const char *id)
{
    static struct seen s;
    s = (struct seen){0};
    assert_int_equal(gw_incident_history(a, id, see, &s, NULL), 0);
    return s.text;
}

static void the_newest_onset_stands_first(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_string_equal(all(a), "");
    assert_true(put(a, "i-000000000002", 10 * HOUR, "b"));
    assert_true(put(a, "i-000000000001", 30 * HOUR, "a"));
    assert_true(put(a, "i-000000000003", 10 * HOUR, "c"));
    assert_string_equal(all(a), "i-000000000001/1/a i-000000000002/1/b "
                                "i-000000000003/1/c ");
    gw_archive_close(a);
    place_remove(&p);
}

static void the_same_body_makes_no_version(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_true(put(a, "i-000000000001", HOUR, "a"));
    assert_false(put(a, "i-000000000001", HOUR, "a"));
    assert_true(put(a, "i-000000000001", 2 * HOUR, "b"));
    assert_false(put(a, "i-000000000001", HOUR, "b"));
    assert_true(put(a, "i-000000000001", HOUR, "a"));
    assert_string_equal(all(a), "i-000000000001/3/a ");
    assert_string_equal(history(a, "i-000000000001"),
                        "i-000000000001/1/a i-000000000001/2/b "
                        "i-000000000001/3/a ");
    gw_archive_close(a);
    place_remove(&p);
}

static int compare(void *ctx, const struct gw_incident_row *i)
{
    const struct gw_incident_row *want = ctx;
    assert_string_equal(i->id, want->id);
    assert_int_equal(i->version, 1);
    assert_string_equal(i->kind, want->kind);
    assert_string_equal(i->cc, want->cc);
    assert_string_equal(i->target, want->target);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(i->since[k], want->since[k]);
        assert_int_equal(i->until[k], want->until[k]);
    }
    assert_true(i->log_odds >= want->log_odds && i->log_odds <= want->log_odds);
    assert_string_equal(i->confidence, want->confidence);
    assert_int_equal(i->observers, want->observers);
    assert_int_equal(i->measurements, want->measurements);
    assert_int_equal(i->blocked, want->blocked);
    assert_int_equal(i->synthetic, want->synthetic);
    assert_int_equal(i->withdrawn, want->withdrawn);
    assert_int_equal(i->changed, want->changed);
    assert_true(gw_eq(i->body, want->body));
    return 0;
}

static void every_column_comes_back_as_it_was(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct gw_incident_row i =
        incident("i-0123456789ab", 5 * HOUR, "{\"v\":1}");
    i.withdrawn = true;
    assert_int_equal(gw_incident_put(a, &i, NULL, NULL), 0);
    commit(a);
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_READ);
    assert_int_equal(gw_incidents_each(a, compare, &i, NULL), 0);
    assert_int_equal(gw_incident_history(a, i.id, compare, &i, NULL), 0);
    gw_archive_close(a);
    place_remove(&p);
}

static void what_is_not_committed_was_never_there(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    put(a, "i-000000000001", HOUR, "a");
    commit(a);
    put(a, "i-000000000001", HOUR, "b");
    put(a, "i-000000000002", HOUR, "c");
    gw_archive_close(a);
    a = archive_in(&p, GW_ARCHIVE_WRITE);
    assert_string_equal(all(a), "i-000000000001/1/a ");
    struct gw_why why = {0};
    struct seen s = {0};
    assert_int_equal(gw_incident_history(a, "i-000000000002", see, &s, &why),
                     GW_ENOENT);
    assert_non_null(strstr(why.text, "i-000000000002"));
    gw_archive_close(a);
    place_remove(&p);
}

static void a_walk_can_be_ended_and_may_change_what_it_walks(void **state)
{
    (void)state;
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    struct seen s = {.end_at = 2};
    for (int i = 1; i <= 200; i++) {
        char id[32];
        snprintf(id, sizeof id, "i-%012d", i);
        put(a, id, i * HOUR, "x");
    }
    assert_int_equal(gw_incidents_each(a, see, &s, NULL), 7);
    assert_string_equal(s.text, "i-000000000200/1/x i-000000000199/1/x ");
    s = (struct seen){.end_at = 1};
    assert_int_equal(gw_incident_history(a, "i-000000000007", see, &s, NULL),
                     7);
    gw_archive_close(a);
    place_remove(&p);
}

static struct place faulty;

static bool put_and_read(void)
{
    struct gw_archive *a = NULL;
    struct gw_incident_row i = incident("i-000000000001", HOUR, "a");
    struct seen s = {0};
    if (gw_archive_open(faulty.archive, GW_ARCHIVE_CREATE, &noon, &a, NULL))
        return false;
    bool ok = gw_incident_put(a, &i, NULL, NULL) == 0 &&
              gw_archive_commit(a, NULL) == 0 &&
              gw_incidents_each(a, see, &s, NULL) == 0 &&
              gw_incident_history(a, i.id, see, &s, NULL) == 0;
    gw_archive_close(a);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    faulty = place_new();
    assert_true(gw_fault_each_alloc(put_and_read) > 0);
    struct gw_archive *a = archive_in(&faulty, GW_ARCHIVE_READ);
    assert_string_equal(all(a), "i-000000000001/1/a ");
    gw_archive_close(a);
    place_remove(&faulty);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_newest_onset_stands_first),
        T(the_same_body_makes_no_version),
        T(every_column_comes_back_as_it_was),
        T(what_is_not_committed_was_never_there),
        T(a_walk_can_be_ended_and_may_change_what_it_walks),
        T(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
