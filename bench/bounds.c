// What bounds the speed of ingest, in one program: unpacking alone, parsing
// alone, and making facts without storing them, over the same file, in turn.
//   bounds FILE.jsonl.gz ROUNDS [FINGERPRINTS.csv]
#include "base/base.h"
#include "model/model.h"
#include "monitor/facts.h"
#include "wire/wire.h"

#include <stdio.h>
#include <time.h>

enum { CHUNK_LEN = 4 << 20, ARENA_MAX = 512 << 20, ROUNDS_MAX = 99 };

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t file_source(void *ctx, uint8_t *bytes, size_t len)
{
    return (int64_t)fread(bytes, 1, len, ctx);
}

struct bench {
    const char *path;
    uint8_t *chunk;
    struct gw_buf text; // the first 64 MB, for parsing alone
    struct gw_json *json;
    struct gw_facts *facts;
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_block_codec *codec;
    struct gw_buf encoded;
    uint64_t rows;
};

static uint64_t unpack_only(struct bench *b)
{
    FILE *f = fopen(b->path, "rb");
    struct gw_unpack *u = f ? gw_unpack_new(file_source, f) : NULL;
    struct gw_leaf leaf;
    uint64_t total = 0;
    int64_t n;
    if (u && gw_unpack_leaf(u, &leaf, NULL) > 0)
        while ((n = gw_unpack_read(u, b->chunk, CHUNK_LEN, NULL)) > 0)
            total += (uint64_t)n;
    gw_unpack_free(u);
    if (f)
        fclose(f);
    return total;
}

static uint64_t parse_only(struct bench *b)
{
    gw_span rest = gw_buf_span(&b->text);
    uint64_t total = 0;
    while (rest.len) {
        gw_span line = gw_cut(&rest, '\n');
        gw_jv v;
        if (line.len && gw_json_parse(b->json, line, &v, NULL) == 0)
            total += line.len;
    }
    return total;
}

static uint64_t make_facts(struct bench *b)
{
    gw_span rest = gw_buf_span(&b->text);
    uint64_t total = 0, in_block = 0;
    while (rest.len) {
        gw_span line = gw_cut(&rest, '\n');
        struct gw_record r = {line, (int64_t)total, (int64_t)line.len, "",
                              false};
        if (!line.len || gw_facts_add(b->facts, &b->block, &r, NULL))
            continue;
        total += line.len;
        in_block += line.len;
        if (in_block < CHUNK_LEN && rest.len)
            continue;
        in_block = 0;
        gw_buf_reset(&b->encoded);
        if (gw_block_encode(b->codec, &b->block, &b->encoded, NULL))
            return 0;
        for (int t = 0; t < GW_TABLE_COUNT; t++)
            b->rows += b->block.rows[t].count;
        gw_block_reset(&b->block);
        gw_arena_reset(b->arena);
    }
    return total;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_row(const char *name, double *speed, size_t n)
{
    qsort(speed, n, sizeof *speed, by_value);
    printf("%-34s %7.0f MB/s   (%.0f to %.0f, %zu rounds)\n", name,
           speed[n / 2], speed[0], speed[n - 1], n);
}

static void load_text(struct bench *b)
{
    FILE *f = fopen(b->path, "rb");
    struct gw_unpack *u = f ? gw_unpack_new(file_source, f) : NULL;
    struct gw_leaf leaf;
    int64_t n;
    gw_buf_init(&b->text, 128 << 20);
    if (u && gw_unpack_leaf(u, &leaf, NULL) > 0)
        while (b->text.len < 64u << 20 &&
               (n = gw_unpack_read(u, b->chunk, CHUNK_LEN, NULL)) > 0)
            gw_put(&b->text, b->chunk, (size_t)n);
    gw_put(&b->text, (uint8_t[GW_JSON_PADDING]){0}, GW_JSON_PADDING);
    b->text.len -= GW_JSON_PADDING;
    while (b->text.len && b->text.at[b->text.len - 1] != '\n')
        b->text.len--;
    gw_unpack_free(u);
    if (f)
        fclose(f);
}

static struct gw_refs *load_refs(const char *path)
{
    struct gw_refs *refs = gw_refs_new();
    struct gw_ref_note note;
    FILE *f = path ? fopen(path, "rb") : NULL;
    struct gw_ref_input in = {.kind = GW_KIND_HTTP_FINGERPRINTS,
                              .hash = "0",
                              .dated = 0,
                              .source = file_source,
                              .ctx = f};
    if (refs && f && gw_refs_add(refs, &in, &note, NULL))
        fputs("bounds: fingerprints were not read\n", stderr);
    if (f)
        fclose(f);
    return refs && gw_refs_seal(refs, NULL) == 0 ? refs : NULL;
}

int main(int argc, char **argv)
{
    uint64_t rounds;
    static struct bench b;
    double speed[3][ROUNDS_MAX];
    static uint64_t (*const steps[3])(struct bench *) = {
        unpack_only, parse_only, make_facts};
    if (argc < 3 || !gw_parse_uint(gw_str(argv[2]), ROUNDS_MAX, &rounds) ||
        !rounds)
        return fputs("usage: bounds FILE ROUNDS [FINGERPRINTS]\n", stderr), 2;
    struct gw_refs *refs = load_refs(argc > 3 ? argv[3] : NULL);
    b.path = argv[1];
    b.chunk = gw_new(CHUNK_LEN);
    b.json = gw_json_new();
    b.facts = refs ? gw_facts_new(refs) : NULL;
    b.arena = gw_arena_new(ARENA_MAX);
    b.codec = gw_block_codec_new();
    gw_buf_init(&b.encoded, GW_BLOCK_MAX);
    if (!b.chunk || !b.json || !b.facts || !b.arena || !b.codec ||
        gw_block_init(&b.block, b.arena))
        return fputs("bounds: out of memory\n", stderr), 1;
    load_text(&b);
    for (size_t i = 0; i < rounds; i++)
        for (int k = 0; k < 3; k++) {
            double begin = cpu_seconds();
            uint64_t bytes = steps[k](&b);
            speed[k][i] = (double)bytes / 1e6 / (cpu_seconds() - begin);
        }
    print_row("unpack only", speed[0], rounds);
    print_row("parse only", speed[1], rounds);
    print_row("parse, facts, encoded block", speed[2], rounds);
    return 0;
}
