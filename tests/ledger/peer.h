// The independent peer (tests/peers/tlogverify): another language, another
// library. $GAWAH_PEER names it. Unset, a test that needs it says so and is
// skipped; set and not able to run, the test fails.
#ifndef GW_PEER_H
#define GW_PEER_H

#include "base/base.h"
#include "t.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEER_ARGS_MAX = 30 };

// The peer's path, or NULL after a line that says what is skipped.
static inline const char *peer_or_skip(const char *what)
{
    const char *path = getenv("GAWAH_PEER");
    if (!path || !*path)
        printf("skipped, GAWAH_PEER is not set: %s\n", what);
    return path && *path ? path : NULL;
}

// Starts it with those arguments (up to a NULL). in and out become its
// standard input and output unless they are -1.
static inline pid_t peer_spawn(const char *const *args, int in, int out)
{
    char *argv[PEER_ARGS_MAX + 2] = {getenv("GAWAH_PEER")};
    posix_spawn_file_actions_t acts;
    pid_t pid = -1;
    assert_non_null(argv[0]);
    for (size_t i = 0; args[i]; i++) {
        assert_true(i < PEER_ARGS_MAX);
        memcpy(&argv[i + 1], &args[i], sizeof argv[0]); // sheds the const
    }
    assert_int_equal(posix_spawn_file_actions_init(&acts), 0);
    if (in >= 0)
        assert_int_equal(posix_spawn_file_actions_adddup2(&acts, in, 0), 0);
    if (out >= 0)
        assert_int_equal(posix_spawn_file_actions_adddup2(&acts, out, 1), 0);
    assert_int_equal(posix_spawn(&pid, argv[0], &acts, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&acts);
    return pid;
}

// A file in memory that holds those bytes, to be read from its beginning.
static inline int peer_file(gw_span bytes)
{
    int fd = memfd_create("peer", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.at + done, bytes.len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

// Runs it to its end and returns its exit status (-1: it was killed). input
// is its standard input; what it prints is appended to output, or dropped if
// that is NULL. What it complains of goes to standard error.
static inline int peer_run(const char *const *args, gw_span input,
                           struct gw_buf *output)
{
    int in = peer_file(input), out = peer_file((gw_span){0}), status;
    pid_t pid = peer_spawn(args, in, out);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    off_t len = lseek(out, 0, SEEK_END);
    uint8_t *room = output && len > 0 ? gw_buf_room(output, (size_t)len) : NULL;
    if (output && len > 0) {
        assert_non_null(room);
        assert_int_equal(pread(out, room, (size_t)len, 0), len);
        output->len += (size_t)len;
    }
    close(in);
    close(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// For what runs on (witness): its standard output goes into a file in memory
// whose descriptor is returned through ret_out; peer_stop closes it.
static inline pid_t peer_start(const char *const *args, int *ret_out)
{
    *ret_out = peer_file((gw_span){0});
    return peer_spawn(args, -1, *ret_out);
}
static inline void peer_stop(pid_t pid, int out)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    close(out);
}

#endif
