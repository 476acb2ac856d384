// Shutting the door: which system calls a parser needs. Everything else fails
// with EPERM, so that a library that looks for its configuration goes on.
#include "monitor/jail.h"
#include "monitor/monitor.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(getrandom),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(poll),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_getaffinity),
};

static int fill(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < GW_COUNT(allowed); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0))
            return -1;
    // abort() signals its own process; others are out of reach.
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                         SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)))
        return -1;
    // Threads, but no processes. clone3 hides its flags from a filter; ENOSYS
    // makes the C library use clone.
    return seccomp_rule_add(
               filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) ||
                   seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                                    SCMP_SYS(clone3), 0)
               ? -1
               : 0;
}

int gw_lock_in(struct gw_why *why)
{
    return gw_jail_lock(why);
}

int gw_jail_lock(struct gw_why *why)
{
    struct rlimit none = {0, 0};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return gw_fail(why, GW_ENOMEM, "jail: out of memory");
    bool ok = setrlimit(RLIMIT_CORE, &none) == 0 &&
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              fill(filter) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok ? 0
              : gw_fail(why, GW_EREFUSED,
                        "jail: this kernel does not let the parser be locked "
                        "in (seccomp)");
}
