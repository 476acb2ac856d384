// Aggregates: a line is a day, and its counts must add up. A row that breaks a
// rule is refused with the rule's name, as a measurement is.
#include "monitor/aggregate.h"

enum {
    CHUNK_LEN = 64 << 10,
    LINE_MAX_LEN = 64 << 10,
    ROWS = 16384, // in a block
    COUNT_MAX = 1000000000,
};

enum field {
    DAY,
    CC,
    ASN,
    TEST,
    INPUT,
    MEASUREMENTS,
    OK,
    ANOMALY,
    CONFIRMED,
    FAILURE,
    FIELDS,
};

struct gw_aggregate {
    gw_source_fn *source;
    void *ctx;
    struct gw_csv *csv;
    struct gw_buf window; // what was read and not used
    int64_t position;     // of the window
    bool ended, header_read;
    int column[FIELDS]; // -1: absent
    size_t columns;
};

struct gw_aggregate *gw_aggregate_new(gw_source_fn *source, void *ctx)
{
    struct gw_aggregate *g = gw_new(sizeof *g);
    if (!g)
        return NULL;
    g->source = source;
    g->ctx = ctx;
    g->csv = gw_csv_new(',');
    gw_buf_init(&g->window, LINE_MAX_LEN + CHUNK_LEN);
    if (!g->csv) {
        gw_aggregate_free(g);
        return NULL;
    }
    return g;
}

void gw_aggregate_free(struct gw_aggregate *g)
{
    if (!g)
        return;
    gw_csv_free(g->csv);
    gw_buf_release(&g->window);
    gw_free(g);
}

// ---- columns ------------------------------------------------------------

static int field_named(gw_span name)
{
    static const struct {
        const char *name;
        enum field field;
    } names[] = {
        {"day", DAY},
        {"date", DAY},
        {"measurement_start_day", DAY},
        {"probe_cc", CC},
        {"probe_asn", ASN},
        {"test_name", TEST},
        {"input", INPUT},
        {"domain", INPUT},
        {"measurement_count", MEASUREMENTS},
        {"ok_count", OK},
        {"anomaly_count", ANOMALY},
        {"confirmed_count", CONFIRMED},
        {"failure_count", FAILURE},
    };
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (gw_is(name, names[i].name))
            return (int)names[i].field;
    return -1;
}

// Which column holds what; false if one that is needed is missing.
static bool find_columns(const gw_span *f, size_t n, int *ret_column)
{
    for (int i = 0; i < FIELDS; i++)
        ret_column[i] = -1;
    for (size_t i = 0; i < n; i++) {
        int field = field_named(gw_trim(f[i]));
        if (field >= 0 && ret_column[field] < 0)
            ret_column[field] = (int)i;
    }
    for (int i = 0; i < FIELDS; i++)
        if (ret_column[i] < 0 && i != ASN && i != TEST && i != INPUT)
            return false;
    return ret_column[TEST] >= 0 || ret_column[INPUT] >= 0;
}

bool gw_is_aggregate(gw_span line)
{
    gw_span f[32];
    int column[FIELDS];
    size_t n = 0;
    if (gw_starts(line, "\xef\xbb\xbf")) // byte order mark
        line = gw_sub(line, 3, line.len);
    while (line.len && n < GW_COUNT(f))
        f[n++] = gw_cut(&line, ',');
    return !line.len && find_columns(f, n, column);
}

// ---- lines --------------------------------------------------------------

// 1: a line, with its end, at the window's beginning; 0: there are no more.
static int next_line(struct gw_aggregate *g, gw_span *ret, struct gw_why *why)
{
    for (;;) {
        gw_span all = gw_buf_span(&g->window);
        const uint8_t *end = all.len ? memchr(all.at, '\n', all.len) : NULL;
        if (end || (g->ended && all.len)) {
            *ret = end ? gw_sub(all, 0, (size_t)(end - all.at) + 1) : all;
            return 1;
        }
        if (g->ended)
            return 0;
        if (all.len > LINE_MAX_LEN)
            return gw_fail(why, GW_EREFUSED, "a line of over %d KiB",
                           LINE_MAX_LEN >> 10);
        uint8_t *room = gw_buf_room(&g->window, CHUNK_LEN);
        if (!room)
            return gw_fail(why, g->window.err, "out of memory");
        int64_t n = g->source(g->ctx, room, CHUNK_LEN);
        if (n < 0)
            return gw_fail(why, (int)n, "%s", gw_strerror((int)n));
        g->window.len += (size_t)n;
        g->ended = n == 0;
    }
}

static void pass_line(struct gw_aggregate *g, gw_span line)
{
    size_t left = g->window.len - line.len;
    g->position += (int64_t)line.len;
    if (left)
        memmove(g->window.at, g->window.at + line.len, left);
    g->window.len = left;
}

// The fields of a line; a quote that it opens it has to close.
static int split(struct gw_aggregate *g, gw_span line, const gw_span **ret,
                 size_t *ret_count, struct gw_why *why)
{
    int64_t offset;
    gw_csv_free(g->csv);
    g->csv = gw_csv_new(',');
    if (!g->csv)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    gw_csv_feed(g->csv, line, true);
    int rc = gw_csv_row(g->csv, ret, ret_count, &offset, why);
    return rc == 1 ? 0
           : rc    ? rc
                   : gw_fail(why, GW_EFORMAT, "no row (RFC 4180)");
}

// ---- rows ---------------------------------------------------------------

static gw_span field_of(const struct gw_aggregate *g, const gw_span *f,
                        enum field field)
{
    return g->column[field] < 0 ? (gw_span){0} : gw_trim(f[g->column[field]]);
}

static int read_counts(const struct gw_aggregate *g, const gw_span *f,
                       struct gw_aggregate_row *r, struct gw_why *why)
{
    int64_t *const to[] = {&r->measurement_count, &r->ok_count,
                           &r->anomaly_count, &r->confirmed_count,
                           &r->failure_count};
    for (int i = MEASUREMENTS; i <= FAILURE; i++) {
        uint64_t v;
        if (!gw_parse_uint(field_of(g, f, (enum field)i), COUNT_MAX, &v))
            return gw_fail(why, GW_EFORMAT,
                           "a count that is no number up to %d", COUNT_MAX);
        *to[i - MEASUREMENTS] = (int64_t)v;
    }
    int64_t sum =
        r->ok_count + r->anomaly_count + r->confirmed_count + r->failure_count;
    if (sum != r->measurement_count)
        return gw_fail(why, GW_EREFUSED,
                       "%lld measurements, but its counts add up to %lld",
                       (long long)r->measurement_count, (long long)sum);
    return 0;
}

static bool is_country(gw_span s)
{
    return s.len == 2 && s.at[0] >= 'A' && s.at[0] <= 'Z' && s.at[1] >= 'A' &&
           s.at[1] <= 'Z';
}

static int read_asn(gw_span s, int64_t *ret, struct gw_why *why)
{
    uint64_t v;
    if (gw_starts(s, "AS"))
        s = gw_sub(s, 2, s.len);
    if (!s.len)
        return 0;
    if (!gw_parse_uint(s, UINT32_MAX, &v))
        return gw_fail(why, GW_EFORMAT, "probe_asn is no AS number");
    *ret = (int64_t)v;
    return 0;
}

static int read_row(const struct gw_aggregate *g, const gw_span *f, size_t n,
                    struct gw_aggregate_row *r, struct gw_why *why)
{
    if (n != g->columns)
        return gw_fail(why, GW_EFORMAT,
                       "row has %zu columns, the header %zu (RFC 4180)", n,
                       g->columns);
    if (!gw_parse_time(field_of(g, f, DAY), &r->day) || r->day % GW_DAY)
        return gw_fail(why, GW_EFORMAT, "no day");
    r->probe_cc = field_of(g, f, CC);
    if (!is_country(r->probe_cc))
        return gw_fail(why, GW_EFORMAT, "probe_cc is no country code");
    r->test_name = field_of(g, f, TEST);
    r->input = field_of(g, f, INPUT);
    if (!r->input.len)
        r->input = (gw_span){0};
    if (!r->test_name.len)
        r->test_name = (gw_span){0};
    if (!r->input.len && !r->test_name.len)
        return gw_fail(why, GW_EFORMAT, "neither test_name nor input");
    int rc = read_asn(field_of(g, f, ASN), &r->probe_asn, why);
    return rc ? rc : read_counts(g, f, r, why);
}

static int add_row(struct gw_block *b, const struct gw_aggregate_row *r)
{
    struct gw_aggregate_row *to = gw_add_aggregate(b);
    *to = *r;
    gw_span *texts[] = {&to->probe_cc, &to->test_name, &to->input};
    for (size_t i = 0; i < GW_COUNT(texts) && !b->err; i++)
        if (texts[i]->at) {
            *texts[i] = gw_arena_copy(b->arena, *texts[i]);
            b->err = texts[i]->at ? 0 : GW_ENOMEM;
        }
    return b->err;
}

static int read_header(struct gw_aggregate *g, struct gw_why *why)
{
    gw_span line;
    const gw_span *f;
    size_t n;
    int rc = next_line(g, &line, why);
    if (rc <= 0)
        return rc ? rc : gw_fail(why, GW_EFEW, "an empty file");
    gw_span text = line;
    if (gw_starts(text, "\xef\xbb\xbf"))
        text = gw_sub(text, 3, text.len);
    rc = split(g, text, &f, &n, why);
    if (!rc && !find_columns(f, n, g->column))
        rc = gw_fail(why, GW_EFORMAT,
                     "an aggregate needs the columns day, probe_cc, test_name"
                     " or input, and its five counts");
    if (rc)
        return rc;
    g->columns = n;
    g->header_read = true;
    pass_line(g, line);
    return 1;
}

int gw_aggregate_next(struct gw_aggregate *g, struct gw_block *block,
                      const struct gw_obs_web_sink *sink, void *ctx,
                      int64_t *ret_rows, struct gw_why *why)
{
    gw_span line = {0};
    const gw_span *f;
    size_t n;
    int rc = g->header_read ? 1 : read_header(g, why);
    *ret_rows = 0;
    while (rc > 0 && block->rows[GW_TABLE_aggregate].count < ROWS &&
           (rc = next_line(g, &line, why)) > 0) {
        struct gw_aggregate_row r;
        struct gw_why row_why = {0};
        gw_span text = gw_trim(line);
        if (text.len) {
            gw_row_null(GW_TABLE_aggregate, &r);
            r.record = g->position + (text.at - line.at);
            r.length = (int64_t)text.len;
            sink->record(ctx, r.record, text);
            int bad = split(g, text, &f, &n, &row_why);
            bad = bad ? bad : read_row(g, f, n, &r, &row_why);
            if (bad == GW_ENOMEM)
                return gw_fail(why, bad, "out of memory");
            if (bad)
                sink->refuse(ctx, r.record, r.length, bad, row_why.text);
            else if (add_row(block, &r))
                return gw_fail(why, block->err, "%s", gw_strerror(block->err));
            *ret_rows += !bad;
        }
        pass_line(g, line);
    }
    return rc;
}
