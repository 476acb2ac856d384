// Kills a writer before each of its system calls that change anything on the
// disk, its own and SQLite's alike, and looks at what is left.
#include "story.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static bool changes_the_disk(const struct __ptrace_syscall_info *info)
{
    static const long calls[] = {
        SYS_write,     SYS_pwrite64, SYS_writev,    SYS_pwritev,
        SYS_ftruncate, SYS_fsync,    SYS_fdatasync, SYS_syncfs,
        SYS_fallocate, SYS_mkdirat,  SYS_fchmod,    SYS_unlinkat,
#ifdef SYS_rename
        SYS_rename,    SYS_mkdir,    SYS_unlink,
#endif
#ifdef SYS_renameat
        SYS_renameat,
#endif
        SYS_renameat2,
    };
    if (info->op != PTRACE_SYSCALL_INFO_ENTRY)
        return false;
    if ((long)info->entry.nr == SYS_openat)
        return info->entry.args[2] & O_CREAT;
    for (size_t i = 0; i < GW_COUNT(calls); i++)
        if ((long)info->entry.nr == calls[i])
            return true;
    return false;
}

// Ends with 1 if the process came to its own end, 0 if it was killed before
// its n-th change, -1 if it may not be watched here.
static int kill_before_change(pid_t child, int n)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSTOPPED(status))
        return -1;
    if (ptrace(PTRACE_SETOPTIONS, child, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
        return kill(child, SIGKILL), waitpid(child, &status, 0), -1;
    for (;;) {
        struct __ptrace_syscall_info info;
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSTOPPED(status)) {
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            return 1;
        }
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) <= 0)
            return kill(child, SIGKILL), waitpid(child, &status, 0), -1;
        if (changes_the_disk(&info) && n-- == 0) {
            kill(child, SIGKILL);
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFSIGNALED(status));
            return 0;
        }
    }
}

static pid_t start_watched(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(99);
        raise(SIGSTOP);
    }
    return child;
}

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
