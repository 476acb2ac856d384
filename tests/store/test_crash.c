// Kills a writer before each of its system calls that change anything on the
// disk, its own and SQLite's alike, and looks at what is left.
#include "story.h"
#include "watched.h"

// Says on a pipe when the commit was acknowledged.
static _Noreturn void change_in_child(const struct place *p, int acknowledged)
{
    struct gw_archive *a = NULL;
    if (gw_archive_open(p->archive, GW_ARCHIVE_WRITE, &noon, &a, NULL) ||
        story_change(a, NULL) || gw_archive_commit(a, NULL))
        _exit(1);
    if (write(acknowledged, "1", 1) != 1)
        _exit(2);
    gw_archive_close(a);
    _exit(0);
}

static void a_writer_killed_at_any_step_loses_nothing(void **state)
{
    (void)state;
    int ends[2] = {0};
    for (int n = 0, rc = 0; rc == 0; n++) {
        struct place p = story_place();
        int acknowledged[2];
        char c;
        assert_int_equal(pipe(acknowledged), 0);
        pid_t child = start_watched();
        if (child == 0)
            change_in_child(&p, acknowledged[1]);
        close(acknowledged[1]);
        rc = kill_before_change(child, n);
        int said = (int)read(acknowledged[0], &c, 1);
        close(acknowledged[0]);
        ends[said]++;
        if (rc >= 0)
            story_goes_on(&p, said);
        place_remove(&p);
        if (rc < 0) {
            print_message("skipped: a child cannot be traced here\n");
            return;
        }
    }
    assert_true(ends[0] > 60 && ends[1] > 1);
    print_message("killed at %d steps before the commit was acknowledged, %d "
                  "after\n",
                  ends[0], ends[1] - 1);
}

static void an_archive_half_made_can_be_made(void **state)
{
    (void)state;
    for (int n = 0, rc = 0; rc == 0; n++) {
        struct place p = place_new();
        pid_t child = start_watched();
        if (child == 0) {
            gw_archive_close(archive_in(&p, GW_ARCHIVE_CREATE));
            _exit(0);
        }
        rc = kill_before_change(child, n);
        struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
        assert_int_equal(story_begin(a, NULL), 0);
        commit(a);
        assert_int_equal(story_end(a), 0);
        gw_archive_close(a);
        place_remove(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_killed_at_any_step_loses_nothing),
        cmocka_unit_test(an_archive_half_made_can_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
