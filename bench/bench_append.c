// Prints how fast a log takes entries durably, beside what bounds it, in one
// run on one disk:
//   bench_append FOLDER [ENTRY_BYTES [THREADS]]
// FOLDER is made and emptied again. An entry is acknowledged when the sync
// after its append has come back; the time from append to then is the ack.
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RUNS = 5,
    ROUNDS_MAX = 1 << 14,
    RING_BYTES = 256 << 20,
    WRITE_BYTES = 4 << 20,
    NODES = 1 << 12,
    ENTRIES_MAX = 1 << 17,
    RUN_BYTES = 128 << 20, // of entries in a run, less where syncs are many
    RUN_MS = 1500,
};

static struct gw_why why;

static void die(const char *what)
{
    fprintf(stderr, "bench_append: %s: %s\n", what,
            why.code ? why.text : strerror(errno));
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// Sorts; at 0.5 the median.
static double quantile(double *v, size_t n, double q)
{
    qsort(v, n, sizeof *v, by_value);
    return v[(size_t)((double)(n - 1) * q)];
}

static double ms_since(uint64_t start)
{
    return (double)(gw_tick() - start) / 1e6;
}

// ---- what bounds it -----------------------------------------------------
static void measure_hashes(size_t entry_bytes)
{
    static struct gw_hash32 in[2 * NODES], out[NODES];
    static gw_span entries[NODES];
    double nodes[RUNS], leaves[RUNS];
    uint8_t *bytes = gw_new(entry_bytes);
    if (!bytes)
        die("entry");
    for (size_t i = 0; i < NODES; i++)
        entries[i] = gw_span_of(bytes, entry_bytes);
    for (int run = 0; run < RUNS; run++) {
        enum { TURNS = 100 };
        uint64_t start = gw_tick();
        for (int t = 0; t < TURNS; t++)
            gw_node_hashes(in, NODES, out);
        nodes[run] = TURNS * NODES / ms_since(start) / 1e3;
        start = gw_tick();
        for (int t = 0; t < TURNS; t++)
            gw_leaf_hashes(entries, NODES, out);
        leaves[run] = TURNS * NODES / ms_since(start) / 1e3;
    }
    gw_free(bytes);
    printf("SHA-256 (%s), one thread: %.1f M nodes/s, %.1f M leaves/s\n",
           gw_sha256_kernel(), quantile(nodes, RUNS, 0.5),
           quantile(leaves, RUNS, 0.5));
}

// Overwrites pieces of a file that was written before, each made durable.
static void measure_disk(const char *path, size_t piece, const char *what)
{
    enum { PIECES = RING_BYTES / WRITE_BYTES };
    double ms[PIECES], sum = 0;
    uint8_t *bytes = gw_new(WRITE_BYTES);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (!bytes || fd < 0)
        die(path);
    for (int i = 0; i < PIECES; i++)
        if (write(fd, bytes, WRITE_BYTES) != WRITE_BYTES)
            die(path);
    if (fsync(fd))
        die(path);
    memset(bytes, 1, WRITE_BYTES);
    for (int i = 0; i < PIECES; i++) {
        uint64_t start = gw_tick();
        if (pwrite(fd, bytes, piece, (off_t)i * WRITE_BYTES) !=
                (ssize_t)piece ||
            fdatasync(fd))
            die(path);
        ms[i] = ms_since(start);
        sum += ms[i];
    }
    close(fd);
    unlink(path);
    gw_free(bytes);
    double p50 = quantile(ms, PIECES, 0.5);
    printf("%s: p50 %.1f ms, p99 %.1f ms, %.0f MB/s\n", what, p50,
           quantile(ms, PIECES, 0.99), (double)piece * PIECES / 1e3 / sum);
}

// ---- the log ------------------------------------------------------------
struct bench {
    char folder[4096], tiles[4096], journal[4096], state[4096];
    size_t entry_bytes;
    int threads;
    struct gw_key key;
    gw_span *entries;
};

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void make_key(struct bench *b)
{
    static const uint8_t seed[GW_SEED_LEN] = {1};
    b->key.role = GW_ROLE_LOG;
    snprintf(b->key.name, sizeof b->key.name, "bench.example/log");
    gw_signing_key_from(seed, &b->key.signing);
    if (gw_vkey_make(gw_str(b->key.name), GW_SIG_ED25519,
                     gw_signing_key_public(&b->key.signing), &b->key.vkey,
                     &why))
        die("key");
}

static void make_entries(struct bench *b)
{
    struct gw_rand r = {1};
    size_t all = ENTRIES_MAX + b->entry_bytes;
    uint8_t *bytes = gw_new(all);
    b->entries = gw_resize(NULL, ENTRIES_MAX, sizeof *b->entries);
    if (!bytes || !b->entries)
        die("entries");
    for (size_t i = 0; i < all; i++)
        bytes[i] = (uint8_t)gw_rand_next(&r);
    for (size_t i = 0; i < ENTRIES_MAX; i++) // each at an offset of its own
        b->entries[i] = gw_span_of(bytes + i, b->entry_bytes);
}

static struct gw_log *open_log(const struct bench *b, struct gw_signer **ret)
{
    struct gw_log *l;
    if (gw_signer_open(b->state, &b->key, NULL, NULL, ret, &why))
        die("signer");
    struct gw_log_options o = {.folder = b->tiles,
                               .origin = b->key.name,
                               .sign = gw_sign_here(*ret),
                               .name = "checkpoint",
                               .journal = b->journal,
                               .journal_bytes = RING_BYTES,
                               .threads = b->threads};
    if (gw_log_open(&o, &l, &why))
        die("log");
    return l;
}

struct figures {
    double durable, published; // entries a second
    double p50, p99;           // of the acks, ms
    double publish_ms;
};

// Batches of that size until the run is long enough, then one checkpoint.
static struct figures run_once(struct bench *b, struct gw_log *l, size_t batch)
{
    static double acks[ROUNDS_MAX];
    struct gw_checkpoint c;
    size_t rounds = 0, entries = 0;
    uint64_t first, start = gw_tick();
    while (rounds < ROUNDS_MAX && entries * b->entry_bytes < RUN_BYTES &&
           ms_since(start) < RUN_MS) {
        uint64_t at = gw_tick();
        if (gw_log_append(l, b->entries, batch, &first, &why) ||
            gw_log_sync(l, &why))
            die("append");
        acks[rounds++] = ms_since(at);
        entries += batch;
    }
    double append_ms = ms_since(start);
    start = gw_tick();
    if (gw_log_publish(l, &c, &why))
        die("publish");
    double publish_ms = ms_since(start);
    return (struct figures){.durable = (double)entries * 1e3 / append_ms,
                            .published = (double)entries * 1e3 /
                                         (append_ms + publish_ms),
                            .p50 = quantile(acks, rounds, 0.5),
                            .p99 = quantile(acks, rounds, 0.99),
                            .publish_ms = publish_ms};
}

static void measure_batches(struct bench *b, struct gw_log *l, size_t batch)
{
    double column[5][RUNS];
    for (int run = 0; run < RUNS; run++) {
        struct figures f = run_once(b, l, batch);
        column[0][run] = f.durable;
        column[1][run] = f.p50;
        column[2][run] = f.p99;
        column[3][run] = f.published;
        column[4][run] = f.publish_ms;
    }
    for (size_t i = 0; i < GW_COUNT(column); i++)
        (void)quantile(column[i], RUNS, 0.5);
    printf("%7zu %11.0f (%.0f to %.0f) %8.1f %8.1f %12.0f %10.0f\n", batch,
           column[0][RUNS / 2], column[0][0], column[0][RUNS - 1],
           column[1][RUNS / 2], column[2][RUNS / 2], column[3][RUNS / 2],
           column[4][RUNS / 2]);
    fflush(stdout);
}

static uint64_t used_bytes, used_blocks;

static int add_used(void *ctx, const char *path)
{
    struct stat st;
    (void)ctx;
    if (stat(path, &st) == 0) {
        used_bytes += (uint64_t)st.st_size;
        used_blocks += (uint64_t)st.st_blocks * 512;
    }
    return 0;
}

static void print_space(const struct bench *b, uint64_t size)
{
    char path[4096 + 8];
    snprintf(path, sizeof path, "%s/tile", b->tiles);
    if (!size || gw_walk(path, add_used, NULL, &why))
        die(path);
    printf("tiles and bundles of %llu entries of %zu bytes: %.1f bytes an "
           "entry, %.1f on the disk\n",
           (unsigned long long)size, b->entry_bytes,
           (double)used_bytes / (double)size,
           (double)used_blocks / (double)size);
}

int main(int argc, char **argv)
{
    static const size_t batches[] = {1, 64, 1024, 4096, 16384, 65536};
    static struct bench b;
    uint64_t bytes = 200, threads = 2;
    if (argc < 2 || argc > 4 || strlen(argv[1]) > 4000 ||
        (argc > 2 && !gw_parse_uint(gw_str(argv[2]), GW_ENTRY_MAX, &bytes)) ||
        (argc > 3 && !gw_parse_uint(gw_str(argv[3]), 64, &threads)) || !bytes)
        return fputs("usage: bench_append FOLDER [ENTRY_BYTES [THREADS]]\n",
                     stderr),
               2;
    b.entry_bytes = (size_t)bytes;
    b.threads = (int)threads;
    snprintf(b.folder, sizeof b.folder, "%s", argv[1]);
    snprintf(b.tiles, sizeof b.tiles, "%.4000s/log", argv[1]);
    snprintf(b.journal, sizeof b.journal, "%.4000s/journal", argv[1]);
    snprintf(b.state, sizeof b.state, "%.4000s/state", argv[1]);
    if (mkdir(b.folder, 0700))
        die(b.folder);
    measure_hashes(b.entry_bytes);
    measure_disk(b.tiles, 4096, "overwrite 4 KiB, fdatasync");
    measure_disk(b.tiles, WRITE_BYTES, "overwrite 4 MiB, fdatasync");
    make_key(&b);
    make_entries(&b);
    struct gw_signer *signer;
    struct gw_log *l = open_log(&b, &signer);
    printf("entries of %zu bytes, %d threads, median of %d runs\n"
           "  batch   durable/s (least to most)   ack p50      p99  "
           "published/s publish ms\n",
           b.entry_bytes, b.threads, RUNS);
    for (size_t i = 0; i < GW_COUNT(batches); i++)
        measure_batches(&b, l, batches[i]);
    print_space(&b, gw_log_published(l));
    gw_log_close(l);
    gw_signer_close(signer);
    nftw(b.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
