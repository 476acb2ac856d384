// What the tests of the ledger's servers share: folders, raw HTTP, and a
// witness or a log that runs in a thread.
#ifndef GW_TALK_CASE_H
#define GW_TALK_CASE_H

#include "ledger/ledger.h"
#include "t.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { TALK_PATH = 512, TALK_ANSWER = 1 << 20 };

#define assert_ok(rc, why)                                                     \
    do {                                                                       \
        int rc_ = (rc);                                                        \
        if (rc_)                                                               \
            fail_msg("%d: %s", rc_, (why).text);                               \
    } while (0)

// ---- folders ------------------------------------------------------------
static inline void talk_folder(char ret_path[TALK_PATH])
{
    snprintf(ret_path, TALK_PATH, "/tmp/gawah-talk-XXXXXX");
    assert_non_null(mkdtemp(ret_path));
}

static inline void talk_remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return;
    if (S_ISDIR(st.st_mode)) {
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));) {
            char below[4 * TALK_PATH];
            if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
                continue;
            int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
            if (n > 0 && (size_t)n < sizeof below)
                talk_remove(below);
        }
        if (d)
            closedir(d);
        rmdir(path);
    } else {
        unlink(path);
    }
}

static inline const char *talk_join(const char *folder, const char *name,
                                    char ret_path[TALK_PATH])
{
    int n = snprintf(ret_path, TALK_PATH, "%s/%s", folder, name);
    assert_in_range(n, 1, TALK_PATH - 1);
    return ret_path;
}

static inline void talk_write(const char *folder, const char *name,
                              gw_span bytes)
{
    char path[TALK_PATH], parent[TALK_PATH];
    struct gw_why why = {0};
    talk_join(folder, name, path);
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    assert_ok(gw_mkdirs(parent, &why), why);
    assert_ok(gw_file_write(path, bytes, &why), why);
}

// Appends a file; false if there is none.
static inline bool talk_read(const char *folder, const char *name,
                             struct gw_buf *ret)
{
    char path[TALK_PATH];
    return gw_file_read(talk_join(folder, name, path), ret, NULL) == 0;
}

// ---- raw HTTP -----------------------------------------------------------
// Connects to "127.0.0.1:1234", "[::1]:1234" or "unix:/path".
static inline int talk_connect(const char *address)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    bool local = strncmp(address, "unix:", 5) == 0;
    uint64_t port = 0;
    int fd, rc;
    if (!local)
        gw_parse_uint(gw_str(strrchr(address, ':') + 1), 65535, &port);
    if (local) {
        assert_true(strlen(address + 5) < sizeof un.sun_path);
        memcpy(un.sun_path, address + 5, strlen(address + 5));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc = connect(fd, (const void *)&un, sizeof un);
    } else if (*address == '[') {
        in6.sin6_port = htons((uint16_t)port);
        in6.sin6_addr = in6addr_loopback;
        fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc = connect(fd, (const void *)&in6, sizeof in6);
    } else {
        in.sin_port = htons((uint16_t)port);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc = connect(fd, (const void *)&in, sizeof in);
    }
    assert_int_equal(rc, 0);
    // No test depends on it; a server that hangs fails one.
    struct timeval patience = {60, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

// As much as the other side takes.
static inline void talk_send(int fd, gw_span bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes = gw_sub(bytes, (size_t)n, bytes.len);
    }
}

struct talk_answer {
    int status; // 0: none
    char head[4096];
    gw_span body;
    struct gw_buf bytes;
};

// Reads to the end of the connection.
static inline struct talk_answer talk_answer(int fd)
{
    struct talk_answer a = {0};
    gw_buf_init(&a.bytes, TALK_ANSWER);
    for (uint8_t *at; (at = gw_buf_room(&a.bytes, 4096));) {
        ssize_t n = recv(fd, at, 4096, 0);
        if (n <= 0)
            break;
        a.bytes.len += (size_t)n;
    }
    close(fd);
    gw_span all = gw_buf_span(&a.bytes);
    int64_t end = gw_find(all, GW_LIT("\r\n\r\n"), 0);
    uint64_t status = 0;
    if (end > 12 && gw_starts(all, "HTTP/1.1 ")) {
        gw_parse_uint(gw_sub(all, 9, 3), 999, &status);
        a.body = gw_sub(all, (size_t)end + 4, all.len);
        snprintf(a.head, sizeof a.head, "%.*s", (int)end, (const char *)all.at);
    }
    a.status = (int)status;
    return a;
}
static inline void talk_answer_release(struct talk_answer *a)
{
    gw_buf_release(&a->bytes);
}

static inline struct talk_answer talk(const char *address, const char *method,
                                      gw_span path, gw_span body)
{
    struct gw_buf b;
    gw_buf_init(&b, TALK_ANSWER);
    gw_put_fmt(&b, "%s ", method);
    gw_put_span(&b, path);
    gw_put_str(&b, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    if (body.at)
        gw_put_fmt(&b, "Content-Length: %zu\r\n", body.len);
    gw_put_str(&b, "\r\n");
    gw_put_span(&b, body);
    int fd = talk_connect(address);
    talk_send(fd, gw_buf_span(&b));
    gw_buf_release(&b);
    return talk_answer(fd);
}

static inline int talk_status(const char *address, const char *method,
                              gw_span path, gw_span body)
{
    struct talk_answer a = talk(address, method, path, body);
    talk_answer_release(&a);
    return a.status;
}

// ---- keys and policies --------------------------------------------------
// The reference keys: a seed of 32 equal bytes.
static inline void talk_key(enum gw_role role, const char *name, int byte,
                            struct gw_key *ret)
{
    uint8_t seed[GW_SEED_LEN];
    struct gw_why why = {0};
    memset(seed, byte, sizeof seed);
    *ret = (struct gw_key){.role = role};
    snprintf(ret->name, sizeof ret->name, "%s", name);
    gw_signing_key_from(seed, &ret->signing);
    assert_ok(gw_vkey_make(gw_str(name),
                           role == GW_ROLE_LOG ? GW_SIG_ED25519 : GW_SIG_COSIGN,
                           gw_signing_key_public(&ret->signing), &ret->vkey,
                           &why),
              why);
}

static inline struct gw_policy *talk_policy(gw_span text)
{
    struct gw_policy *p;
    struct gw_why why = {0};
    assert_ok(gw_policy_parse(text, &p, &why), why);
    return p;
}

static inline struct gw_policy *talk_policy_of(const char *folder)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    assert_true(talk_read(folder, "policy.txt", &b));
    struct gw_policy *p = talk_policy(gw_buf_span(&b));
    gw_buf_release(&b);
    return p;
}

// ---- servers in a thread ------------------------------------------------
struct talk_ready {
    pthread_mutex_t lock;
    pthread_cond_t there;
    char address[192], url[224];
    bool over; // ready, or returned without
};
static inline void talk_ready_init(struct talk_ready *r)
{
    *r = (struct talk_ready){0};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->there, NULL);
}
static inline void talk_is_ready(void *ctx, const char *address)
{
    struct talk_ready *r = ctx;
    pthread_mutex_lock(&r->lock);
    snprintf(r->address, sizeof r->address, "%s", address);
    bool local = strncmp(address, "unix:", 5) == 0;
    snprintf(r->url, sizeof r->url, "%s%s", local ? "" : "http://", address);
    r->over = true;
    pthread_cond_broadcast(&r->there);
    pthread_mutex_unlock(&r->lock);
}
static inline void talk_wait_ready(struct talk_ready *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->over)
        pthread_cond_wait(&r->there, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

struct talk_witness {
    struct gw_key key;
    struct gw_signer *signer;
    const char *listen, *mirror;
    const struct gw_clock *clock; // NULL: the system's
    atomic_int stop;
    struct talk_ready ready;
    pthread_t thread;
    int rc;
    struct gw_why why;
};
static inline void *talk_witness_main(void *ctx)
{
    struct talk_witness *w = ctx;
    const struct gw_serve_options o = {.listen = w->listen,
                                       .mirror = w->mirror,
                                       .stop = &w->stop,
                                       .ready = talk_is_ready,
                                       .ctx = &w->ready};
    w->rc = gw_witness_serve(w->signer, &o, &w->why);
    if (w->rc)
        talk_is_ready(&w->ready, "");
    return NULL;
}
// w->key is set; policy is borrowed.
static inline void talk_witness_start(struct talk_witness *w, const char *state,
                                      const struct gw_policy *policy,
                                      const char *listen)
{
    struct gw_why why = {0};
    w->listen = listen;
    atomic_init(&w->stop, 0);
    talk_ready_init(&w->ready);
    assert_ok(
        gw_signer_open(state, &w->key, policy, w->clock, &w->signer, &why),
        why);
    assert_int_equal(pthread_create(&w->thread, NULL, talk_witness_main, w), 0);
    talk_wait_ready(&w->ready);
    assert_ok(w->rc, w->why);
}
static inline void talk_witness_stop(struct talk_witness *w)
{
    atomic_store(&w->stop, 1);
    pthread_join(w->thread, NULL);
    assert_ok(w->rc, w->why);
    gw_signer_close(w->signer);
}

#endif
