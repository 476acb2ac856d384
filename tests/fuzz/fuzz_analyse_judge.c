// Facts as no parser would write them, judged. Input that begins like a block
// is decoded as one; any other is read as rows: a table, then columns and
// values, of which most come from a list of what the judge looks for.
#include "analyse/judge.h"

#include <math.h>

enum { ROWS_MAX = 4000, ARENA_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static gw_span some_text(struct gw_reader *r)
{
    static const char *const texts[] = {
        NULL,
        "",
        "web_connectivity",
        "telegram",
        "http_requests",
        "www.example.com",
        "93.184.216.34",
        "127.0.0.1",
        "2606:2800:220:1::1",
        "A",
        "AAAA",
        "system",
        "getaddrinfo",
        "udp",
        "doh",
        "dns_nxdomain_error",
        "dns_no_answer",
        "connection_reset",
        "generic_timeout_error",
        "network_unreachable",
        "ssl_invalid_hostname",
        "http_invalid_redirect_location_host",
        "https://www.example.com/",
        "http://www.example.com/",
        "https",
        "[\"x-a\",\"date\"]",
        "[[\"wall\",\"nat\",1]]",
        "[[\"oven\",\"fp\",0]]",
        "Bread recipes",
        "unknown_failure: tls: first record does not look like a TLS handshake",
    };
    uint8_t which = gw_read_u8(r);
    if (which < 200)
        return gw_str(texts[which % GW_COUNT(texts)]);
    return gw_read_span(r, gw_read_u8(r));
}

static int64_t some_number(struct gw_reader *r)
{
    static const int64_t numbers[] = {GW_NULL,
                                      -1,
                                      0,
                                      1,
                                      2,
                                      10,
                                      80,
                                      443,
                                      200,
                                      302,
                                      403,
                                      512,
                                      137,
                                      INT64_MAX,
                                      INT64_MIN + 1,
                                      UINT32_MAX,
                                      INT64_C(1) << 32,
                                      INT64_C(1700000000000000000)};
    uint8_t which = gw_read_u8(r);
    return which < 200 ? numbers[which % GW_COUNT(numbers)]
                       : (int64_t)gw_read_u64le(r);
}

static void set_column(struct gw_reader *r, const struct gw_column *c,
                       void *row)
{
    void *at = (uint8_t *)row + c->offset;
    uint64_t bits;
    switch (c->type) {
    case GW_INT:
    case GW_TIME: *(int64_t *)at = some_number(r); break;
    case GW_REAL:
        bits = gw_read_u64le(r);
        memcpy(at, &bits, sizeof bits);
        break;
    case GW_STR:
    case GW_JSON: *(gw_span *)at = some_text(r); break;
    }
}

// Every table's first column but measurement's is m; it stands on the last
// measurement unless it is set to something else.
static void read_rows(struct gw_reader *r, struct gw_block *b)
{
    for (int n = 0; n < ROWS_MAX && gw_reader_left(r); n++) {
        enum gw_table table = gw_read_u8(r) % (GW_TABLE_key + 1);
        const struct gw_table_info *info = &gw_tables[table];
        void *row = gw_block_add(b, table);
        size_t count = gw_read_u8(r);
        if (table != GW_TABLE_measurement) {
            int64_t m = (int64_t)b->rows[GW_TABLE_measurement].count - 1;
            memcpy((uint8_t *)row + info->columns[0].offset, &m, sizeof m);
        }
        for (size_t i = 0; i < count && gw_reader_left(r); i++)
            set_column(r, &info->columns[gw_read_u8(r) % info->column_count],
                       row);
    }
}

static void check(const struct gw_block *b, size_t measurements)
{
    size_t findings, fired, whole = 0;
    const struct gw_finding_row *f = gw_rows_finding(b, &findings);
    const struct gw_fired_row *r = gw_rows_fired(b, &fired);
    for (size_t i = 0; i < findings; i++) {
        must(f[i].state >= 0 && f[i].state < GW_STATE_COUNT);
        must(f[i].layer >= 0 && f[i].layer < GW_LAYER_COUNT);
        must(f[i].kind >= 0 && f[i].kind < GW_EVIDENCE_COUNT);
        must(isfinite(f[i].llr) && f[i].rule.at && f[i].observer >= 0);
        whole += f[i].layer == GW_LAYER_ALL;
    }
    for (size_t i = 0; i < fired; i++)
        must(r[i].f >= 0 && r[i].f < (int64_t)findings &&
             gw_rule_find(r[i].rule));
    must(whole == measurements);
}

static void judge(const struct gw_block *facts, struct gw_block *findings,
                  struct gw_arena *arena, struct gw_pool *pool)
{
    static struct gw_judge j; // half a MB
    struct gw_cursor cursor = {{0}};
    size_t n;
    (void)gw_rows_measurement(facts, &n);
    must(gw_pool_add(pool, facts) == 0);
    j.out = findings;
    j.arena = arena;
    for (size_t i = 0; i < n; i++) {
        struct gw_view v;
        gw_view_next(facts, &cursor, i, pool, &v);
        gw_judge_measurement(&j, &v);
    }
    if (!findings->err)
        check(findings, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new(ARENA_MAX);
    struct gw_block_codec *codec = gw_block_codec_new();
    struct gw_pool *pool = gw_pool_new();
    struct gw_block facts, findings;
    struct gw_buf bytes;
    struct gw_reader r = gw_reader_on(gw_span_of(data, size));
    int rc = 0;
    must(arena && codec && pool);
    must(!gw_block_init(&facts, arena) && !gw_block_init(&findings, arena));
    gw_buf_init(&bytes, ARENA_MAX);
    if (gw_starts(r.in, "GWB1"))
        rc =
            gw_block_decode(codec, r.in, (GW_WANT(key) << 1) - 1, &facts, NULL);
    else
        read_rows(&r, &facts);
    if (!rc && !facts.err) {
        judge(&facts, &findings, arena, pool);
        // What was found can be kept.
        must(findings.err ||
             gw_block_encode(codec, &findings, &bytes, NULL) == 0);
    }
    gw_buf_release(&bytes);
    gw_block_release(&facts);
    gw_block_release(&findings);
    gw_block_codec_free(codec);
    gw_pool_free(pool);
    gw_arena_free(arena);
    return 0;
}
