// Prints how many entries a second a log takes over HTTP, each acknowledged
// only once it is durable, with the load generator on the same machine:
//   bench_submit FOLDER [SECONDS] [CONNECTIONS] [ENTRY BYTES] [THREADS]
// FOLDER must not exist. One request an entry, keep-alive, every connection
// sends its next entry when the last was acknowledged.
#include "ledger/ledger.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4096,
    ENTRY_MAX = 60000,
    LATENCIES_MAX = 64 << 20,
    REPLY_MAX = 1024,
    JOURNAL_BYTES = 256 << 20,
};

static struct gw_why why;

static void die(const char *what)
{
    fprintf(stderr, "bench_submit: %s: %s\n", what,
            why.code ? why.text : "failed");
    exit(1);
}

// ---- the log ------------------------------------------------------------
struct served {
    struct gw_log *log;
    char folder[1024], address[192];
    atomic_int stop;
    int threads;
    pthread_mutex_t lock;
    pthread_cond_t there;
};

static void ready(void *ctx, const char *address)
{
    struct served *s = ctx;
    pthread_mutex_lock(&s->lock);
    snprintf(s->address, sizeof s->address, "%s", address);
    pthread_cond_signal(&s->there);
    pthread_mutex_unlock(&s->lock);
}

static void *serve(void *ctx)
{
    struct served *s = ctx;
    const struct gw_submit_options o = {.listen = "127.0.0.1:0",
                                        .threads = s->threads,
                                        .batch_ms = 1,
                                        .publish_ms = 1000,
                                        .stop = &s->stop,
                                        .ready = ready,
                                        .ctx = s};
    if (gw_log_serve(s->log, s->folder, &o, &why))
        die("serve");
    return NULL;
}

static void open_log(struct served *s, const char *folder, struct gw_key *key,
                     struct gw_signer **ret_signer)
{
    char state[1100], journal[1100];
    const uint8_t seed[GW_SEED_LEN] = {1};
    *key = (struct gw_key){.role = GW_ROLE_LOG, .name = "bench.example/log"};
    gw_signing_key_from(seed, &key->signing);
    snprintf(s->folder, sizeof s->folder, "%s/log", folder);
    snprintf(state, sizeof state, "%s/signer", folder);
    snprintf(journal, sizeof journal, "%s/journal", folder);
    struct gw_log_options o = {.folder = s->folder,
                               .origin = key->name,
                               .name = "checkpoint",
                               .journal = journal,
                               .journal_bytes = JOURNAL_BYTES};
    if (gw_mkdirs(folder, &why) ||
        gw_vkey_make(gw_str(key->name), GW_SIG_ED25519,
                     gw_signing_key_public(&key->signing), &key->vkey, &why) ||
        gw_signer_open(state, key, NULL, NULL, ret_signer, &why))
        die(folder);
    o.sign = gw_sign_here(*ret_signer);
    if (gw_log_open(&o, &s->log, &why))
        die(folder);
}

// ---- the load -----------------------------------------------------------
struct connection {
    int fd;
    size_t got;
    uint64_t sent_at;
    char reply[REPLY_MAX];
};

struct load {
    struct sockaddr_in at;
    int epoll;
    struct connection c[CONNECTIONS_MAX];
    char request[ENTRY_MAX + 256];
    size_t request_len, entry_at, entry_len;
    uint64_t sent, done;
    uint32_t *latencies; // microseconds
};

static void send_next(struct load *l, struct connection *c)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%020llu",
                     (unsigned long long)l->sent++);
    memcpy(l->request + l->entry_at, number,
           (size_t)n < l->entry_len ? (size_t)n : l->entry_len);
    c->got = 0;
    c->sent_at = gw_tick();
    if (send(c->fd, l->request, l->request_len, MSG_NOSIGNAL) !=
        (ssize_t)l->request_len)
        die("send");
}

// Whether an answer is whole; it must be a 200 with a body of known length.
static bool is_whole(struct connection *c)
{
    static const char field[] = "Content-Length: ";
    c->reply[c->got] = 0;
    const char *end = strstr(c->reply, "\r\n\r\n");
    if (!end)
        return false;
    if (strncmp(c->reply, "HTTP/1.1 200", 12) != 0)
        die(c->reply);
    const char *length = strstr(c->reply, field);
    if (!length)
        die("no Content-Length");
    uint64_t body = strtoull(length + strlen(field), NULL, 10);
    return c->got >= (size_t)(end + 4 - c->reply) + body;
}

static void receive(struct load *l, struct connection *c, bool more)
{
    ssize_t n = recv(c->fd, c->reply + c->got, REPLY_MAX - 1 - c->got, 0);
    if (n <= 0)
        die("recv");
    c->got += (size_t)n;
    if (!is_whole(c))
        return;
    if (l->done < LATENCIES_MAX)
        l->latencies[l->done] = (uint32_t)((gw_tick() - c->sent_at) / 1000);
    l->done++;
    if (more)
        send_next(l, c);
}

static void connect_all(struct load *l, const char *address, int count)
{
    uint64_t port;
    if (!gw_parse_uint(gw_str(strrchr(address, ':') + 1), 65535, &port))
        die(address);
    l->at.sin_family = AF_INET;
    l->at.sin_port = htons((uint16_t)port);
    l->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        struct connection *c = &l->c[i];
        struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = c}};
        int on = 1;
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (void *)&l->at, sizeof l->at) ||
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ||
            epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e))
            die("connect");
    }
}

static void run_load(struct load *l, int count, uint64_t seconds)
{
    struct epoll_event events[256];
    uint64_t end = gw_tick() + seconds * (uint64_t)GW_SECOND;
    for (int i = 0; i < count; i++)
        send_next(l, &l->c[i]);
    while (l->done < l->sent) {
        bool more = gw_tick() < end;
        int n = epoll_wait(l->epoll, events, 256, 1000);
        for (int i = 0; i < n; i++)
            receive(l, events[i].data.ptr, more);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t cpu_ns(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
}

static void report(const struct load *l, uint64_t ns, uint64_t all_ns,
                   uint64_t load_ns, int connections)
{
    uint64_t n = l->done < LATENCIES_MAX ? l->done : LATENCIES_MAX;
    qsort(l->latencies, n, sizeof *l->latencies, by_value);
    printf("%d connections, %zu bytes an entry: %.0f requests/s, ack p50 %.1f "
           "ms, p99 %.1f ms; CPU of the log %.1f us a request, of the load "
           "%.1f us\n",
           connections, l->entry_len, (double)l->done * 1e9 / (double)ns,
           l->latencies[n / 2] / 1e3, l->latencies[n * 99 / 100] / 1e3,
           (double)(all_ns - load_ns) / 1e3 / (double)l->done,
           (double)load_ns / 1e3 / (double)l->done);
}

static int number(int argc, char **argv, int i, uint64_t otherwise, int max)
{
    uint64_t v = otherwise;
    if (argc > i && (!gw_parse_uint(gw_str(argv[i]), (uint64_t)max, &v) || !v))
        die(argv[i]);
    return (int)v;
}

int main(int argc, char **argv)
{
    static struct served s = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .there = PTHREAD_COND_INITIALIZER};
    static struct load l;
    struct gw_key key;
    struct gw_signer *signer;
    pthread_t thread;
    if (argc < 2)
        die("FOLDER [SECONDS] [CONNECTIONS] [ENTRY BYTES] [THREADS]");
    int seconds = number(argc, argv, 2, 10, 3600);
    int count = number(argc, argv, 3, 256, CONNECTIONS_MAX);
    l.entry_len = (size_t)number(argc, argv, 4, 200, ENTRY_MAX);
    s.threads = number(argc, argv, 5, 1, 64);
    l.latencies = gw_resize(NULL, LATENCIES_MAX, sizeof *l.latencies);
    if (!l.latencies)
        die("memory");
    l.entry_at = (size_t)snprintf(l.request, sizeof l.request,
                                  "POST /add HTTP/1.1\r\nHost: x\r\n"
                                  "Content-Length: %zu\r\n\r\n",
                                  l.entry_len);
    memset(l.request + l.entry_at, '.', l.entry_len);
    l.request_len = l.entry_at + l.entry_len;
    open_log(&s, argv[1], &key, &signer);
    pthread_mutex_lock(&s.lock);
    if (pthread_create(&thread, NULL, serve, &s))
        die("thread");
    while (!s.address[0])
        pthread_cond_wait(&s.there, &s.lock);
    pthread_mutex_unlock(&s.lock);
    connect_all(&l, s.address, count);
    uint64_t all = cpu_ns(RUSAGE_SELF), load = cpu_ns(RUSAGE_THREAD);
    uint64_t began = gw_tick();
    run_load(&l, count, (uint64_t)seconds);
    uint64_t ended = gw_tick();
    report(&l, ended - began, cpu_ns(RUSAGE_SELF) - all,
           cpu_ns(RUSAGE_THREAD) - load, count);
    atomic_store(&s.stop, 1);
    pthread_join(thread, NULL);
    gw_log_close(s.log);
    gw_signer_close(signer);
    gw_free(l.latencies);
    return 0;
}
