// The jail from outside: starting it, handing in work, taking out results.
#include "monitor/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct gw_jail {
    pid_t pid;
    int socket;
    struct gw_buf payload;
};

// Runs in the child: nothing of the parent's stays open but the socket, and
// the place where a library says why it gives up.
static int child_main(int socket, const struct gw_jail_options *options)
{
    struct gw_why why = {0};
    struct gw_ref_note note;
    signal(SIGINT, SIG_IGN); // the parent decides what Ctrl-C means
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(socket, 3) < 0)
        return 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0)
        return 1;
    close_range(4, ~0u, 0);
    // OpenSSL reads its configuration when first used.
    struct gw_digest *warm = gw_digest_new(GW_DIGEST_SHA256);
    gw_digest_free(warm);
    struct gw_refs *refs = gw_refs_new();
    if (!refs)
        return 1;
    for (size_t i = 0; i < options->mmdb_count; i++)
        if (gw_refs_add(refs, &options->mmdb[i], &note, NULL))
            continue; // it was accepted once; without it rows say unknown
    // The parent hears whether the door is shut before it hands anything in.
    struct gw_reply hello = {.type = GW_REPLY_DONE, .code = gw_jail_lock(&why)};
    snprintf(hello.text, sizeof hello.text, "%.400s", why.text);
    if (write(3, &hello, sizeof hello) != (ssize_t)sizeof hello || hello.code) {
        gw_refs_free(refs);
        return 1;
    }
    return gw_jail_work(3, options->threads, refs);
}

static int await_hello(struct gw_jail *j, struct gw_why *why)
{
    struct gw_reply hello;
    gw_span nothing;
    int rc = gw_jail_receive(j, &hello, &nothing, why);
    return rc || !hello.code ? rc : gw_fail(why, GW_EREFUSED, "%s", hello.text);
}

int gw_jail_start(const struct gw_jail_options *options, struct gw_jail **ret,
                  struct gw_why *why)
{
    int pair[2];
    struct gw_jail *j = gw_new(sizeof *j);
    if (!j)
        return gw_fail(why, GW_ENOMEM, "jail: out of memory");
    gw_buf_init(&j->payload, GW_REPLY_MAX);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        gw_free(j);
        return gw_fail(why, GW_EIO, "jail: socketpair: %s", strerror(errno));
    }
    j->pid = fork();
    if (j->pid == 0)
        _exit(child_main(pair[1], options));
    close(pair[1]);
    j->socket = pair[0];
    if (j->pid < 0) {
        gw_jail_stop(j);
        return gw_fail(why, GW_EIO, "jail: fork: %s", strerror(errno));
    }
    int rc = await_hello(j, why);
    if (rc) {
        gw_jail_stop(j);
        return rc;
    }
    *ret = j;
    return 0;
}

static int gone(struct gw_jail *j, struct gw_why *why)
{
    int status = 0;
    // If it only shut its socket, waiting would have no end; if it is dying,
    // this changes nothing about what of.
    if (j->pid > 0)
        kill(j->pid, SIGKILL);
    if (j->pid > 0 && waitpid(j->pid, &status, 0) == j->pid)
        j->pid = -1;
    if (WIFSIGNALED(status))
        return gw_fail(why, GW_ECRASH, "the jailed parser died of signal %d",
                       WTERMSIG(status));
    return gw_fail(why, GW_ECRASH, "the jailed parser ended with status %d",
                   WEXITSTATUS(status));
}

int gw_jail_send(struct gw_jail *j, const struct gw_job *job, int fd,
                 struct gw_why *why)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)job,
                         .iov_len = sizeof *job};
    union {
        char bytes[CMSG_SPACE(sizeof fd)];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t n;
    do {
        n = sendmsg(j->socket, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)sizeof *job ? 0 : gone(j, why);
}

static bool read_all(int fd, void *to, size_t len)
{
    uint8_t *p = to;
    while (len) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

// What the child says is as hostile as what it reads.
static bool plausible(const struct gw_reply *r)
{
    return r->type < GW_REPLY_TYPES && r->length <= GW_REPLY_MAX &&
           r->kind < GW_KIND_COUNT && r->records >= 0 && r->refused >= 0 &&
           r->text[sizeof r->text - 1] == 0;
}

int gw_jail_receive(struct gw_jail *j, struct gw_reply *ret,
                    gw_span *ret_payload, struct gw_why *why)
{
    if (!read_all(j->socket, ret, sizeof *ret))
        return gone(j, why);
    if (!plausible(ret))
        return gw_fail(why, GW_ECRASH, "the jailed parser sent nonsense");
    gw_buf_reset(&j->payload);
    uint8_t *p = gw_buf_room(&j->payload, (size_t)ret->length + 1);
    if (!p)
        return gw_fail(why, GW_ENOMEM, "jail: out of memory");
    if (!read_all(j->socket, p, (size_t)ret->length))
        return gone(j, why);
    *ret_payload = gw_span_of(p, (size_t)ret->length);
    return 0;
}

void gw_jail_stop(struct gw_jail *j)
{
    if (!j)
        return;
    close(j->socket);
    if (j->pid > 0) {
        kill(j->pid, SIGKILL);
        waitpid(j->pid, NULL, 0);
    }
    gw_buf_release(&j->payload);
    gw_free(j);
}
