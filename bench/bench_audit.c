// How fast a log is audited, proofs are made from its tiles and checked, and
// how fast this machine hashes, all in one run. Writes a log of its own.
//   bench_audit ENTRIES BYTES ROUNDS [THREADS]
#include "ledger/ledger.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 99, PATH_LEN = 256, PROOFS = 200000, NODES = 1 << 16 };

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench {
    char folder[64];
    uint64_t entries, bytes, threads;
    struct gw_tree *tree;
    struct gw_checkpoint c;
    struct gw_log_reader *r;
    struct gw_tiles *tiles;
    struct gw_rand rand;
};

// ---- a log --------------------------------------------------------------
static bool write_file(const struct bench *b, int level, uint64_t n,
                       unsigned width, const struct gw_buf *bytes)
{
    char name[GW_TILE_PATH], path[PATH_LEN];
    gw_tile_path(level, n, width, name);
    snprintf(path, sizeof path, "%s/%s", b->folder, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    if (gw_mkdirs(path, NULL))
        return false;
    *slash = '/';
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok =
        fd >= 0 && write(fd, bytes->at, bytes->len) == (ssize_t)bytes->len;
    if (fd >= 0)
        close(fd);
    return ok && !bytes->err;
}

// Entries of about that many bytes, no two alike.
static gw_span entry_of(const struct bench *b, uint64_t i, uint8_t *bytes)
{
    struct gw_rand rand = {i};
    for (size_t k = 0; k < b->bytes; k += sizeof rand.state) {
        uint64_t next = gw_rand_next(&rand);
        memcpy(bytes + k, &next, sizeof next);
    }
    return gw_span_of(bytes, (size_t)b->bytes);
}

static bool write_bundle(struct bench *b, uint64_t n, unsigned width,
                         struct gw_buf *file)
{
    uint8_t bytes[GW_ENTRY_MAX + 8];
    gw_buf_reset(file);
    for (unsigned i = 0; i < width; i++) {
        gw_span e = entry_of(b, n * GW_TILE_WIDTH + i, bytes);
        struct gw_hash32 h = gw_leaf_hash(e);
        gw_put_u8(file, (uint8_t)(e.len >> 8));
        gw_put_u8(file, (uint8_t)e.len);
        gw_put_span(file, e);
        if (gw_tree_add(b->tree, &h))
            return false;
    }
    return write_file(b, GW_TILE_ENTRIES, n, width, file);
}

static bool write_tile(struct bench *b, int level, uint64_t n, unsigned width,
                       struct gw_buf *file)
{
    gw_buf_reset(file);
    for (unsigned i = 0; i < width; i++) {
        struct gw_hash32 h;
        if (gw_tree_node(b->tree, 8 * (unsigned)level, n * GW_TILE_WIDTH + i,
                         &h, NULL))
            return false;
        gw_put(file, h.at, GW_HASH_LEN);
    }
    return write_file(b, level, n, width, file);
}

static bool write_log(struct bench *b)
{
    struct gw_buf file;
    bool ok = true;
    gw_buf_init(&file, GW_BUNDLE_MAX);
    // Level -1: bundles.
    for (int level = -1; ok && b->entries >> 8 * (level < 0 ? 0 : level);
         level++) {
        uint64_t count = b->entries >> 8 * (level < 0 ? 0 : level);
        for (uint64_t n = 0; n * GW_TILE_WIDTH < count && ok; n++) {
            uint64_t left = count - n * GW_TILE_WIDTH;
            unsigned width =
                left < GW_TILE_WIDTH ? (unsigned)left : GW_TILE_WIDTH;
            ok = level < 0 ? write_bundle(b, n, width, &file)
                           : write_tile(b, level, n, width, &file);
        }
    }
    gw_buf_release(&file);
    b->c.size = b->entries;
    return ok && gw_root_of_first(gw_tree_node, b->tree, b->entries, &b->c.root,
                                  NULL) == 0;
}

static int unlink_it(const char *path, const struct stat *st, int type,
                     struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

// ---- what is measured ---------------------------------------------------
// Each returns how many things it did, 0 for a failure.
static uint64_t audit(struct bench *b)
{
    const struct gw_audit_options o = {.threads = (int)b->threads};
    struct gw_audit got;
    struct gw_why why = {0};
    if (gw_log_audit(b->r, &b->c, &o, &got, &why))
        return fprintf(stderr, "bench_audit: %s\n", why.text), 0;
    return got.entries;
}

static uint64_t prove(struct bench *b)
{
    struct gw_proof p;
    // Places near each other, as a log proves what is new: tiles stay cached.
    uint64_t span = b->entries < 100000 ? b->entries : 100000;
    uint64_t first = b->entries - span;
    for (int i = 0; i < PROOFS; i++)
        if (gw_inclusion_prove(gw_tiles_node, b->tiles,
                               first + gw_rand_below(&b->rand, span),
                               b->entries, &p, NULL))
            return 0;
    return PROOFS;
}

static uint64_t prove_anywhere(struct bench *b)
{
    struct gw_proof p;
    for (int i = 0; i < PROOFS / 10; i++)
        if (gw_inclusion_prove(gw_tiles_node, b->tiles,
                               gw_rand_below(&b->rand, b->entries), b->entries,
                               &p, NULL))
            return 0;
    return PROOFS / 10;
}

static uint64_t check(struct bench *b)
{
    struct gw_proof p;
    struct gw_hash32 leaf;
    uint64_t i = gw_rand_below(&b->rand, b->entries);
    if (gw_tree_node(b->tree, 0, i, &leaf, NULL) ||
        gw_inclusion_prove(gw_tree_node, b->tree, i, b->entries, &p, NULL))
        return 0;
    for (int k = 0; k < PROOFS; k++)
        if (gw_inclusion_check(&leaf, i, b->entries, &p, &b->c.root, NULL))
            return 0;
    return PROOFS;
}

static uint64_t hash_nodes(struct bench *b)
{
    static struct gw_hash32 in[2 * NODES], out[NODES];
    (void)b;
    for (int i = 0; i < 16; i++)
        gw_node_hashes(in, NODES, out);
    return UINT64_C(16) * NODES;
}

static uint64_t hash_leaves(struct bench *b)
{
    static uint8_t bytes[GW_TILE_WIDTH][1024];
    static struct gw_hash32 out[GW_TILE_WIDTH];
    gw_span entries[GW_TILE_WIDTH];
    for (int i = 0; i < GW_TILE_WIDTH; i++)
        entries[i] = gw_span_of(bytes[i], b->bytes < 1024 ? (size_t)b->bytes
                                                          : (size_t)1024);
    for (int i = 0; i < 2000; i++)
        gw_leaf_hashes(entries, GW_TILE_WIDTH, out);
    return UINT64_C(2000) * GW_TILE_WIDTH;
}

static uint64_t hash_long(struct bench *b)
{
    static uint8_t bytes[1 << 20];
    (void)b;
    for (int i = 0; i < 200; i++)
        bytes[i] ^= gw_sha256(gw_span_of(bytes, sizeof bytes)).at[0];
    return 200 * sizeof bytes;
}

enum { AUDIT, NODE_HASHES = 4, LEAF_HASHES = 5 }; // of the steps below
static const struct {
    const char *name;
    uint64_t (*run)(struct bench *b);
} steps[] = {
    {"audited entries", audit},
    {"inclusion proofs, tiles cached", prove},
    {"inclusion proofs, anywhere", prove_anywhere},
    {"inclusion proofs checked", check},
    {"node hashes (gw_node_hashes)", hash_nodes},
    {"leaf hashes (gw_leaf_hashes)", hash_leaves},
    {"bytes of SHA-256 (gw_sha256)", hash_long},
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool run_all(struct bench *b, size_t rounds)
{
    static double speed[GW_COUNT(steps)][ROUNDS_MAX];
    for (size_t i = 0; i < rounds; i++)
        for (size_t k = 0; k < GW_COUNT(steps); k++) {
            double begin = cpu_seconds();
            uint64_t done = steps[k].run(b);
            if (!done)
                return false;
            speed[k][i] = (double)done / (cpu_seconds() - begin) / 1e6;
        }
    printf("%llu entries of %llu bytes, SHA-256 by %s\n",
           (unsigned long long)b->entries, (unsigned long long)b->bytes,
           gw_sha256_kernel());
    for (size_t k = 0; k < GW_COUNT(steps); k++) {
        qsort(speed[k], rounds, sizeof **speed, by_value);
        printf("%-34s %9.3f M/s per core   (%.3f to %.3f, %zu rounds)\n",
               steps[k].name, speed[k][rounds / 2], speed[k][0],
               speed[k][rounds - 1], rounds);
    }
    // An entry costs a leaf hash and, but for 1 in 256, a node hash.
    double least =
        1 / speed[LEAF_HASHES][rounds / 2] + 1 / speed[NODE_HASHES][rounds / 2];
    printf("audit: %.0f %% of what its hashes alone would allow\n",
           100 * speed[AUDIT][rounds / 2] * least);
    return true;
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = "/tmp/gw_bench.XXXXXX", .threads = 1};
    uint64_t rounds;
    if (argc < 4 || !gw_parse_uint(gw_str(argv[1]), 1 << 30, &b.entries) ||
        !gw_parse_uint(gw_str(argv[2]), GW_ENTRY_MAX, &b.bytes) ||
        !gw_parse_uint(gw_str(argv[3]), ROUNDS_MAX, &rounds) || !b.entries ||
        !rounds ||
        (argc > 4 && !gw_parse_uint(gw_str(argv[4]), 64, &b.threads)))
        return fputs("usage: bench_audit ENTRIES BYTES ROUNDS [THREADS]\n",
                     stderr),
               2;
    b.tree = gw_tree_new();
    bool ok = b.tree && mkdtemp(b.folder) && write_log(&b) &&
              gw_log_reader_open(b.folder, &b.r, NULL) == 0 &&
              gw_tiles_open(b.r, &b.c, &b.tiles, NULL) == 0 &&
              run_all(&b, (size_t)rounds);
    gw_tiles_close(b.tiles);
    gw_log_reader_close(b.r);
    gw_tree_free(b.tree);
    nftw(b.folder, unlink_it, 16, FTW_DEPTH | FTW_PHYS);
    return ok ? 0 : (fputs("bench_audit: failed\n", stderr), 1);
}
