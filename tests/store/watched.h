// A child that is killed before a system call that changes something on the
// disk, its own and SQLite's alike.
#ifndef GW_WATCHED_H
#define GW_WATCHED_H

#include "base/base.h"
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool changes_the_disk(const struct __ptrace_syscall_info *info)
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
static inline int kill_before_change(pid_t child, int n)
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

static inline pid_t start_watched(void)
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

#endif
