// Listening sockets from their text: "host:port", "[::1]:0", "unix:/path".
#include "ledger/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, HOST_MAX = 128, UNIX_LEN = 5 /* "unix:" */ };

static int failed(struct gw_why *why, const char *listen_at, const char *doing)
{
    return gw_fail(why, errno == EADDRINUSE ? GW_EBUSY : GW_ENET,
                   "%s: cannot %s: %s", listen_at, doing, strerror(errno));
}

// A socket that nobody listens at any more was left behind by a crash.
static int clear_away(const char *listen_at, const struct sockaddr_un *where,
                      struct gw_why *why)
{
    struct stat st;
    if (lstat(where->sun_path, &st))
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return gw_fail(why, GW_EEXIST, "%s: is there and is no socket",
                       listen_at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(why, listen_at, "make a socket");
    bool dead = connect(fd, (const void *)where, sizeof *where) &&
                errno == ECONNREFUSED;
    close(fd);
    if (!dead)
        return gw_fail(why, GW_EBUSY, "%s: somebody listens there", listen_at);
    return unlink(where->sun_path) ? failed(why, listen_at, "take the old away")
                                   : 0;
}

static int listen_unix(const char *listen_at, int *ret_fd, struct gw_why *why)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int n = snprintf(where.sun_path, sizeof where.sun_path, "%s",
                     listen_at + UNIX_LEN);
    if (n <= 0 || (size_t)n >= sizeof where.sun_path)
        return gw_fail(why, GW_EREFUSED, "%s: no path, or one longer than %zu",
                       listen_at, sizeof where.sun_path - 1);
    int rc = clear_away(listen_at, &where, why);
    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // The mode is set before there is a name, so that it is never another.
    if (fd < 0 || fchmod(fd, 0600) ||
        bind(fd, (const void *)&where, sizeof where) || listen(fd, BACKLOG)) {
        rc = failed(why, listen_at, "listen");
        if (fd >= 0)
            close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

// "host:port" in two; brackets around an IPv6 address come off.
static bool split(const char *listen_at, char host[HOST_MAX], const char **port)
{
    const char *colon = strrchr(listen_at, ':');
    if (!colon)
        return false;
    gw_span h = gw_span_of(listen_at, (size_t)(colon - listen_at));
    if (gw_starts(h, "[") && gw_ends(h, "]"))
        h = gw_sub(h, 1, h.len - 2);
    else if (gw_find(h, GW_LIT(":"), 0) >= 0)
        return false;
    int n = snprintf(host, HOST_MAX, "%.*s", (int)h.len, (const char *)h.at);
    *port = colon + 1;
    uint64_t number;
    return n > 0 && n < HOST_MAX &&
           gw_parse_uint(gw_str(*port), UINT16_MAX, &number);
}

static int bound_as(int fd, char ret_address[GW_WEB_ADDRESS])
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    char host[HOST_MAX], port[8];
    if (getsockname(fd, (void *)&at, &len) ||
        getnameinfo((const void *)&at, len, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        return -1;
    bool six = at.ss_family == AF_INET6;
    snprintf(ret_address, GW_WEB_ADDRESS, "%s%s%s:%s", six ? "[" : "", host,
             six ? "]" : "", port);
    return 0;
}

static int listen_tcp(const char *listen_at, int *ret_fd,
                      char ret_address[GW_WEB_ADDRESS], struct gw_why *why)
{
    char host[HOST_MAX];
    const char *port;
    struct addrinfo *found = NULL,
                    want = {.ai_socktype = SOCK_STREAM,
                            .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!split(listen_at, host, &port))
        return gw_fail(why, GW_EREFUSED,
                       "%s: neither host:port, [address]:port nor unix:/path",
                       listen_at);
    int rc = getaddrinfo(host, port, &want, &found);
    if (rc)
        return gw_fail(why, GW_ENET, "%s: %s", listen_at, gai_strerror(rc));
    int on = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, BACKLOG) ||
        bound_as(fd, ret_address)) {
        rc = failed(why, listen_at, "listen");
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    *ret_fd = fd;
    return rc;
}

int gw_listen(const char *listen_at, int *ret_fd,
              char ret_address[GW_WEB_ADDRESS], struct gw_why *why)
{
    if (!gw_starts(gw_str(listen_at), "unix:"))
        return listen_tcp(listen_at, ret_fd, ret_address, why);
    snprintf(ret_address, GW_WEB_ADDRESS, "%s", listen_at);
    return listen_unix(listen_at, ret_fd, why);
}

void gw_unlisten(const char *address)
{
    if (gw_starts(gw_str(address), "unix:"))
        unlink(address + UNIX_LEN);
}
