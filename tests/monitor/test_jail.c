// The jail: what a parser cannot do in it, what it says when it dies, and that
// nothing of it stays behind.
#include "jailed_child.h"
#include "monitor/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// ---- the lock -----------------------------------------------------------

// Runs in a child; its result is the exit status.
typedef int trial(void);

static int in_locked_child(trial *t)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct gw_why why = {0};
        if (gw_jail_lock(&why))
            _exit(101);
        _exit(t());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int denied(long rc)
{
    return rc == -1 && errno == EPERM ? 0 : 1;
}

static int open_files(void)
{
    return denied(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)) +
           denied(syscall(SYS_openat, AT_FDCWD, "/tmp/gawah-x",
                          O_WRONLY | O_CREAT, 0600)) +
           denied(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/gawah-y", 0700)) +
           denied(syscall(SYS_unlinkat, AT_FDCWD, "/tmp/gawah-x", 0)) +
           denied(syscall(SYS_renameat2, AT_FDCWD, "/tmp/gawah-x", AT_FDCWD,
                          "/tmp/gawah-y", 0)) +
           denied(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0));
}

static int make_sockets(void)
{
    int pair[2];
    return denied(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)) +
           denied(syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0)) +
           denied(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)) +
           denied(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair)) +
           denied(syscall(SYS_connect, 0, NULL, 0)) +
           denied(syscall(SYS_bind, 0, NULL, 0));
}

static int make_processes(void)
{
    char *const none[] = {NULL};
    int bad = denied(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)) +
              denied(syscall(SYS_execve, "/bin/true", none, none));
#ifdef SYS_fork
    bad += denied(syscall(SYS_fork));
    bad += denied(syscall(SYS_vfork));
#endif
    // With clone3 the flags are out of sight: it is as if it were not there.
    bad += syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? 0 : 1;
    return bad;
}

static pid_t outsider; // a process that is not to be reached

static int reach_others(void)
{
    pid_t parent = outsider;
    return denied(syscall(SYS_kill, parent, 0)) +
           denied(syscall(SYS_tgkill, parent, parent, 0)) +
           denied(syscall(SYS_tkill, parent, 0)) +
           denied(syscall(SYS_ptrace, PTRACE_ATTACH, parent, NULL, NULL)) +
           denied(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0));
}

static int leave_the_jail(void)
{
    return denied(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)) +
           denied(syscall(SYS_unshare, CLONE_NEWUSER)) +
           denied(syscall(SYS_setuid, 0)) + denied(syscall(SYS_chroot, "/")) +
           denied(syscall(SYS_mount, "a", "/", "tmpfs", 0, NULL));
}

static void *nothing(void *ctx)
{
    return ctx;
}

static int do_its_work(void)
{
    pthread_t t;
    void *p = malloc(64 << 20), *ret = NULL;
    if (!p || pthread_create(&t, NULL, nothing, p) || pthread_join(t, &ret))
        return 1;
    memset(p, 1, 64 << 20);
    int ok = ret == p;
    free(p);
    return !ok;
}

static int give_up(void)
{
    abort();
}

static void a_locked_parser_cannot_open_files(void **state)
{
    (void)state;
    assert_int_equal(in_locked_child(open_files), 0);
    assert_int_equal(access("/tmp/gawah-y", F_OK), -1);
}

static void a_locked_parser_cannot_make_sockets(void **state)
{
    (void)state;
    assert_int_equal(in_locked_child(make_sockets), 0);
}

static void a_locked_parser_cannot_make_processes(void **state)
{
    (void)state;
    assert_int_equal(in_locked_child(make_processes), 0);
}

static void a_locked_parser_cannot_reach_other_processes(void **state)
{
    (void)state;
    outsider = getpid();
    assert_int_equal(in_locked_child(reach_others), 0);
}

static void a_locked_parser_cannot_unlock(void **state)
{
    (void)state;
    assert_int_equal(in_locked_child(leave_the_jail), 0);
}

static void a_locked_parser_can_do_its_work(void **state)
{
    (void)state;
    assert_int_equal(in_locked_child(do_its_work), 0);
    assert_int_equal(in_locked_child(give_up), 128 + SIGABRT);
}

// ---- the child ----------------------------------------------------------

static struct gw_jail *jail_with(int threads)
{
    struct gw_jail *j = NULL;
    struct gw_why why = {0};
    struct gw_jail_options o = {.threads = threads};
    int rc = gw_jail_start(&o, &j, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return j;
}

static int file_of(gw_span s)
{
    char path[] = "/tmp/gawah-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, s.at, s.len), s.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static struct gw_reply ask(struct gw_jail *j, enum gw_job_type type,
                           enum gw_kind kind, int fd)
{
    static uint32_t number;
    struct gw_job job = {
        .type = type, .number = ++number, .kind = kind, .dated = GW_NEVER};
    struct gw_reply reply;
    gw_span payload;
    assert_int_equal(gw_jail_send(j, &job, fd, NULL), 0);
    assert_int_equal(gw_jail_receive(j, &reply, &payload, NULL), 0);
    assert_int_equal(reply.number, number);
    return reply;
}

static enum gw_kind kind_of(struct gw_jail *j, gw_span s)
{
    struct gw_reply r = ask(j, GW_JOB_CLASSIFY, GW_KIND_UNKNOWN, file_of(s));
    assert_int_equal(r.type, GW_REPLY_KIND);
    return (enum gw_kind)r.kind;
}

static void it_tells_what_a_file_is(void **state)
{
    (void)state;
    struct gw_jail *j = jail_with(1);
    assert_int_equal(kind_of(j, GW_LIT("{\"test_name\":\"x\"}\n")),
                     GW_KIND_OONI_JSON);
    assert_int_equal(kind_of(j, GW_LIT("\n[{}]")), GW_KIND_OONI_JSON);
    assert_int_equal(kind_of(j, GW_LIT("---\na: 1\n")), GW_KIND_OONI_YAML);
    assert_int_equal(kind_of(j, GW_LIT("input,measurement_uid,probe_asn\n")),
                     GW_KIND_OBS_WEB);
    assert_int_equal(kind_of(j, GW_LIT("\x7f"
                                       "ELF")),
                     GW_KIND_UNKNOWN);
    assert_int_equal(kind_of(j, gw_str(NULL)), GW_KIND_UNKNOWN);
    gw_jail_stop(j);
}

static void it_makes_blocks_of_an_object_and_says_what_it_refused(void **state)
{
    (void)state;
    struct gw_jail *j = jail_with(2);
    gw_span text = GW_LIT("{\"test_name\":\"x\",\"test_keys\":{}}\n{\n"
                          "{\"test_name\":\"y\",\"test_keys\":{}}\n");
    struct gw_reply r = ask(j, GW_JOB_SEAL, GW_KIND_UNKNOWN, -1);
    assert_int_equal(r.type, GW_REPLY_SNAPSHOTS);
    assert_true(r.length > 0);
    r = ask(j, GW_JOB_FACTS, GW_KIND_OONI_JSON, file_of(text));
    assert_int_equal(r.type, GW_REPLY_HASHES); // of the refused one as well
    assert_int_equal(r.length, 3 * GW_HASH_LEN);
    gw_span payload;
    assert_int_equal(gw_jail_receive(j, &r, &payload, NULL), 0);
    assert_int_equal(r.type, GW_REPLY_REFUSAL);
    assert_int_equal(r.position, 33);
    assert_int_equal(r.size, 1);
    assert_int_equal(r.code, GW_EFORMAT);
    assert_int_equal(gw_jail_receive(j, &r, &payload, NULL), 0);
    assert_int_equal(r.type, GW_REPLY_BLOCK);
    assert_true(gw_starts(payload, "GWB1"));
    assert_int_equal(gw_jail_receive(j, &r, &payload, NULL), 0);
    assert_int_equal(r.type, GW_REPLY_DONE);
    assert_int_equal(r.records, 2);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.code, 0);
    gw_jail_stop(j);
}

static void nothing_of_the_parents_is_open_in_it(void **state)
{
    (void)state;
    int fd = open("/etc/passwd", O_RDONLY); // would be inherited
    assert_true(fd >= 0);
    struct gw_jail *j = jail_with(1);
    kind_of(j, GW_LIT("{}")); // it is at work by now
    pid_t child = child_of(getpid());
    assert_true(child > 0);
    char path[64], target[4096];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        assert_true(descriptor(child, e->d_name, target, sizeof target));
        int n = e->d_name[0] - '0';
        assert_true(e->d_name[1] == 0 && n >= 0 && n <= 3);
        if (n < 2)
            assert_string_equal(target, "/dev/null");
        if (n == 3)
            assert_int_equal(strncmp(target, "socket:", 7), 0);
    }
    closedir(d);
    gw_jail_stop(j);
    close(fd);
}

static void a_child_that_dies_says_what_of(void **state)
{
    (void)state;
    static const int signals[] = {SIGKILL, SIGTERM, SIGXCPU};
    for (size_t i = 0; i < GW_COUNT(signals); i++) {
        struct gw_jail *j = jail_with(1);
        struct gw_reply reply;
        struct gw_why why = {0};
        gw_span payload;
        char want[64];
        assert_int_equal(kill(child_of(getpid()), signals[i]), 0);
        assert_int_equal(gw_jail_receive(j, &reply, &payload, &why), GW_ECRASH);
        snprintf(want, sizeof want, "died of signal %d", signals[i]);
        assert_non_null(strstr(why.text, want));
        assert_int_equal(gw_jail_receive(j, &reply, &payload, NULL), GW_ECRASH);
        struct gw_job job = {.type = GW_JOB_SEAL};
        assert_int_equal(gw_jail_send(j, &job, -1, NULL), GW_ECRASH);
        gw_jail_stop(j);
    }
}

static void stopping_leaves_no_child_behind(void **state)
{
    (void)state;
    struct gw_jail *j = jail_with(2);
    assert_true(child_of(getpid()) > 0);
    gw_jail_stop(j);
    assert_int_equal(child_of(getpid()), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    gw_jail_stop(NULL);
}

static void it_dies_with_its_parent(void **state)
{
    (void)state;
    int told[2], status;
    pid_t jailed = 0;
    assert_int_equal(pipe(told), 0);
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        struct gw_jail_options o = {.threads = 1};
        struct gw_jail *j;
        if (gw_jail_start(&o, &j, NULL))
            _exit(1);
        pid_t child = child_of(getpid());
        if (write(told[1], &child, sizeof child) != (ssize_t)sizeof child)
            _exit(2);
        pause();
    }
    assert_int_equal(read(told[0], &jailed, sizeof jailed), sizeof jailed);
    assert_true(jailed > 0);
    assert_int_equal(kill(jailed, SIGSTOP), 0); // it will not see for itself
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    char target[4096];
    while (descriptor(jailed, "3", target, sizeof target)) // or time out
        usleep(1000);
    close(told[0]);
    close(told[1]);
}

static void a_closed_fd_is_an_error_and_no_hang(void **state)
{
    (void)state;
    struct gw_jail *j = jail_with(1);
    struct gw_job job = {.type = GW_JOB_CLASSIFY};
    int fd = file_of(GW_LIT("x"));
    close(fd);
    assert_int_equal(gw_jail_send(j, &job, fd, NULL), GW_ECRASH);
    gw_jail_stop(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_locked_parser_cannot_open_files),
        cmocka_unit_test(a_locked_parser_cannot_make_sockets),
        cmocka_unit_test(a_locked_parser_cannot_make_processes),
        cmocka_unit_test(a_locked_parser_cannot_reach_other_processes),
        cmocka_unit_test(a_locked_parser_cannot_unlock),
        cmocka_unit_test(a_locked_parser_can_do_its_work),
        cmocka_unit_test(it_tells_what_a_file_is),
        cmocka_unit_test(it_makes_blocks_of_an_object_and_says_what_it_refused),
        cmocka_unit_test(nothing_of_the_parents_is_open_in_it),
        cmocka_unit_test(a_child_that_dies_says_what_of),
        cmocka_unit_test(stopping_leaves_no_child_behind),
        cmocka_unit_test(it_dies_with_its_parent),
        cmocka_unit_test(a_closed_fd_is_an_error_and_no_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
