// Observation exports, read by the names of their columns: older exports have
// fewer, and values that pandas wrote ("443.0", "['a', 'b']").
#include "monitor/obs_web.h"

#include <math.h>

enum { CHUNK_LEN = 256 << 10 };

struct target { // where a CSV column goes
    enum gw_table table;
    const struct gw_column *column; // NULL: shared or not ours
    const char *shared;
};

struct gw_obs_web {
    gw_source_fn *source;
    void *ctx;
    struct gw_csv *csv;
    uint8_t *chunk;
    bool ended, header_read, held;
    struct target targets[GW_CSV_COLUMNS_MAX];
    size_t column_count;
    int uid; // index of measurement_uid
    struct gw_buf last_uid;
    size_t m;              // row of the running measurement
    const gw_span *fields; // a row that was read but belongs to the next block
    int64_t position;      // of the row at hand
    int64_t fed;           // bytes read so far
    int64_t item;
};

struct gw_obs_web *gw_obs_web_new(gw_source_fn *source, void *ctx)
{
    struct gw_obs_web *o = gw_new(sizeof *o);
    if (!o)
        return NULL;
    o->source = source;
    o->ctx = ctx;
    o->csv = gw_csv_new(',');
    o->chunk = gw_new(CHUNK_LEN);
    gw_buf_init(&o->last_uid, 4096);
    if (!o->csv || !o->chunk) {
        gw_obs_web_free(o);
        return NULL;
    }
    return o;
}

void gw_obs_web_free(struct gw_obs_web *o)
{
    if (!o)
        return;
    gw_csv_free(o->csv);
    gw_free(o->chunk);
    gw_buf_release(&o->last_uid);
    gw_free(o);
}

// 1: a row; 0: no more; GW_EFORMAT: that row is broken; others end it all.
static int next_row(struct gw_obs_web *o, const gw_span **ret, size_t *count,
                    struct gw_why *why)
{
    for (;;) {
        int rc = gw_csv_row(o->csv, ret, count, &o->position, why);
        if (rc || o->ended)
            return rc;
        int64_t n = o->source(o->ctx, o->chunk, CHUNK_LEN);
        if (n < 0)
            return gw_fail(why, (int)n, "%s", gw_strerror((int)n));
        o->ended = n == 0;
        o->fed += n;
        gw_csv_feed(o->csv, gw_span_of(o->chunk, (size_t)n), o->ended);
    }
}

static struct target target_of(gw_span name)
{
    for (size_t i = 0; i < gw_obs_web_column_count; i++) {
        const struct gw_obs_web_column *c = &gw_obs_web_columns[i];
        if (!gw_is(name, c->name))
            continue;
        if (c->table == GW_TABLE_COUNT)
            return (struct target){GW_TABLE_COUNT, NULL, c->name};
        return (struct target){c->table, gw_column_find(c->table, c->column),
                               NULL};
    }
    return (struct target){GW_TABLE_COUNT, NULL, NULL};
}

static int read_header(struct gw_obs_web *o, struct gw_why *why)
{
    const gw_span *fields;
    size_t count;
    int rc = next_row(o, &fields, &count, why);
    if (rc <= 0)
        return rc ? rc : gw_fail(why, GW_EFEW, "an empty export");
    o->uid = -1;
    for (size_t i = 0; i < count; i++) {
        o->targets[i] = target_of(fields[i]);
        if (gw_is(fields[i], "measurement_uid"))
            o->uid = (int)i;
    }
    if (o->uid < 0)
        return gw_fail(why, GW_EFORMAT,
                       "an obs_web export needs the column measurement_uid");
    o->column_count = count;
    o->header_read = true;
    return 1;
}

// ---- values -------------------------------------------------------------

static int64_t parse_whole(gw_span s)
{
    double d;
    int64_t i;
    if (gw_parse_int(s, &i))
        return i;
    if (gw_eq_nocase(s, GW_LIT("true")))
        return 1;
    if (gw_eq_nocase(s, GW_LIT("false")))
        return 0;
    if (gw_parse_real(s, &d) && fabs(d) < 9e15 && d == floor(d))
        return (int64_t)d;
    return GW_NULL;
}

// "['a', 'b']" as python prints a list of texts, or JSON's own ["a", "b"], as
// JSON; anything else is no list and gives no value.
static gw_span list_text(struct gw_block *b, gw_span s)
{
    struct gw_buf json;
    gw_buf_init(&json, GW_CSV_FIELD_MAX * 2);
    struct gw_jw w = gw_jw_on(&json);
    gw_span rest = gw_trim(s);
    bool ok = gw_starts(rest, "[") && gw_ends(rest, "]");
    gw_jw_open(&w, '[');
    rest = ok ? gw_sub(rest, 1, rest.len - 2) : (gw_span){0};
    while (ok && (rest = gw_trim(rest)).len) {
        char quote = (char)rest.at[0];
        gw_span after = gw_sub(rest, 1, rest.len), item;
        ok = (quote == '\'' || quote == '"') &&
             gw_find(after, gw_span_of(&quote, 1), 0) >= 0;
        item = gw_cut(&after, quote);
        if (ok)
            gw_jw_str(&w, item);
        rest = gw_trim(after);
        if (rest.len && ok)
            ok = gw_starts(rest, ",");
        rest = gw_sub(rest, 1, rest.len);
    }
    gw_jw_close(&w, ']');
    gw_span kept = {0};
    if (ok && !json.err) {
        kept = gw_arena_copy(b->arena, gw_buf_span(&json));
        b->err = kept.at ? b->err : GW_ENOMEM;
    }
    if (json.err == GW_ENOMEM)
        b->err = GW_ENOMEM;
    gw_buf_release(&json);
    return kept;
}

// Names, addresses and failures must compare equal to those of measurements.
static gw_span text_of(struct gw_block *b, const char *column, gw_span s)
{
    static const char *const hosts[] = {"hostname", "server_name",
                                        "outer_server_name", "ip", "answer"};
    for (size_t i = 0; i < GW_COUNT(hosts); i++)
        if (strcmp(column, hosts[i]) == 0)
            s = gw_host_normal(s, b->arena);
    if (strcmp(column, "failure") == 0)
        s = gw_failure_normal(s);
    gw_span kept = gw_arena_copy(b->arena, s);
    b->err = kept.at ? b->err : GW_ENOMEM;
    return kept;
}

static void set(struct gw_block *b, void *row, const struct gw_column *c,
                gw_span s)
{
    void *at = (uint8_t *)row + c->offset;
    double d;
    if (!s.len || gw_is(s, "\\N"))
        return;
    switch (c->type) {
    case GW_INT: *(int64_t *)at = parse_whole(s); break;
    case GW_REAL:
        if (gw_parse_real(s, &d))
            *(double *)at = d;
        break;
    case GW_TIME: (void)gw_parse_time(s, (gw_time *)at); break;
    case GW_STR: *(gw_span *)at = text_of(b, c->name, s); break;
    case GW_JSON: *(gw_span *)at = list_text(b, s); break;
    }
}

// The export says of a row's address what we keep with the answer that gave
// it; where the row has an address but no such answer, it is the endpoint's.
static const char *of_answer(const struct gw_dns_row *dns, gw_span ip,
                             const char *name)
{
    static const char *const names[][2] = {
        {"ip_asn", "answer_asn"},
        {"ip_as_org_name", "answer_as_org_name"},
        {"ip_as_cc", "answer_as_cc"},
        {"ip_cc", "answer_cc"},
        {"ip_is_bogon", "answer_is_bogon"}};
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (strcmp(name, names[i][0]) == 0 && gw_eq(dns->answer, ip))
            return names[i][1];
    return name;
}

static void set_shared(struct gw_block *b, enum gw_table table, void *row,
                       const char *name, gw_span s, gw_span ip)
{
    if (table == GW_TABLE_dns)
        name = of_answer(row, ip, name);
    const struct gw_column *c = gw_column_find(table, name);
    if (strcmp(name, "hostname") == 0 && table == GW_TABLE_tls) {
        struct gw_tls_row *tls = row; // the export names no SNI of its own
        if (!tls->server_name.at)
            c = gw_column_find(table, "server_name");
    }
    if (c)
        set(b, row, c, s);
}

// ---- rows ---------------------------------------------------------------

static void fill_row(struct gw_obs_web *o, struct gw_block *b,
                     enum gw_table table, void *row, const gw_span *fields,
                     size_t count)
{
    struct { // the columns every fact begins with
#define X(type, name, what) gw_t_##type name;
        GW_FACT_COLUMNS(X)
#undef X
    } fact;
    if (table != GW_TABLE_measurement) {
        memcpy(&fact, row, sizeof fact);
        fact.m = (int64_t)o->m;
        fact.list = GW_LIST_CSV;
        fact.item = o->item;
        memcpy(row, &fact, sizeof fact);
    }
    // The table's own columns first: a shared one may depend on the answer.
    gw_span ip = {0};
    for (size_t i = 0; i < count && i < o->column_count; i++) {
        const struct target *t = &o->targets[i];
        if (t->column && t->table == table)
            set(b, row, t->column, fields[i]);
        else if (t->shared && strcmp(t->shared, "ip") == 0)
            ip = gw_host_normal(fields[i], b->arena);
    }
    for (size_t i = 0; i < count && i < o->column_count; i++) {
        const struct target *t = &o->targets[i];
        if (t->shared && table != GW_TABLE_measurement)
            set_shared(b, table, row, t->shared, fields[i], ip);
    }
}

static gw_span field(const struct gw_obs_web *o, const gw_span *fields,
                     size_t count, enum gw_table table, const char *column)
{
    for (size_t i = 0; i < count && i < o->column_count; i++)
        if (o->targets[i].table == table && o->targets[i].column &&
            strcmp(o->targets[i].column->name, column) == 0)
            return fields[i];
    return (gw_span){0};
}

static void add_facts(struct gw_obs_web *o, struct gw_block *b,
                      const gw_span *fields, size_t count)
{
    static const struct {
        enum gw_table table;
        const char *any_of[4]; // the row holds such a fact if one is not empty
    } kinds[] = {
        {GW_TABLE_dns, {"failure", "answer", "engine"}},
        {GW_TABLE_tcp, {"success", "failure"}},
        {GW_TABLE_tls,
         {"failure", "handshake_time", "is_certificate_valid", "version"}},
        {GW_TABLE_http, {"request_url", "failure"}},
    };
    for (size_t k = 0; k < GW_COUNT(kinds); k++)
        for (size_t i = 0; i < 4 && kinds[k].any_of[i]; i++)
            if (field(o, fields, count, kinds[k].table, kinds[k].any_of[i])
                    .len) {
                fill_row(o, b, kinds[k].table, gw_block_add(b, kinds[k].table),
                         fields, count);
                break;
            }
}

static void host_of_input(struct gw_block *b, struct gw_measurement_row *m)
{
    struct gw_url url;
    m->synthetic = 0;
    m->odd = GW_LIT("[\"read from an obs_web export: bodies, answers of other "
                    "resolvers and the control are not in it\"]");
    if (!gw_url_parse(m->input, &url))
        return;
    m->input_host = gw_host_normal(url.host, b->arena);
    m->input_port = url.port < 0 ? GW_NULL : url.port;
}

static void begin_measurement(struct gw_obs_web *o, struct gw_block *b,
                              const gw_span *fields, size_t count)
{
    struct gw_measurement_row *m = gw_add_measurement(b);
    o->m = b->rows[GW_TABLE_measurement].count - 1;
    o->item = 0;
    fill_row(o, b, GW_TABLE_measurement, m, fields, count);
    m->record = o->position;
    m->length = 0;
    host_of_input(b, m);
    gw_buf_reset(&o->last_uid);
    gw_put_span(&o->last_uid, fields[o->uid]);
    if (o->last_uid.err == GW_ENOMEM)
        b->err = GW_ENOMEM;
}

static size_t rows_in(const struct gw_block *b)
{
    return b->rows[GW_TABLE_dns].count + b->rows[GW_TABLE_tcp].count +
           b->rows[GW_TABLE_tls].count + b->rows[GW_TABLE_http].count;
}

// That row is no use, but the next may be.
static bool broken(int rc)
{
    return rc == GW_EFORMAT || rc == GW_ETOOBIG;
}

// The running measurement reaches to where the next row begins.
static void reach_to(const struct gw_obs_web *o, struct gw_block *b,
                     int64_t position)
{
    struct gw_measurement_row *m =
        (struct gw_measurement_row *)b->rows[GW_TABLE_measurement].at + o->m;
    m->length = position - m->record;
}

int gw_obs_web_next(struct gw_obs_web *o, struct gw_block *block,
                    gw_obs_web_refuse *refuse, void *refuse_ctx,
                    int64_t *ret_measurements, struct gw_why *why)
{
    int rc = o->header_read ? 1 : read_header(o, why);
    const gw_span *fields = NULL;
    size_t count = 0;
    bool running = false;
    *ret_measurements = 0;
    while (rc > 0) {
        struct gw_why row_why = {0};
        if (o->held) { // a row read for the block before
            fields = o->fields;
            count = o->column_count;
            o->held = false;
        } else {
            rc = next_row(o, &fields, &count, &row_why);
            if (running)
                reach_to(o, block, rc > 0 || broken(rc) ? o->position : o->fed);
        }
        if (rc > 0 && count != o->column_count)
            rc = gw_fail(&row_why, GW_EFORMAT,
                         "row has %zu columns, the header %zu (RFC 4180)",
                         count, o->column_count);
        if (broken(rc)) {
            refuse(refuse_ctx, o->position, 0, rc, row_why.text);
            rc = 1;
            continue;
        }
        if (rc <= 0)
            break;
        bool same = running && gw_eq(gw_buf_span(&o->last_uid), fields[o->uid]);
        size_t rows = rows_in(block); // a run without end is cut as well
        if (rows >= (same ? 4 : 1) * (size_t)GW_OBS_WEB_ROWS) {
            o->fields = fields;
            o->held = true;
            break;
        }
        if (!same) {
            begin_measurement(o, block, fields, count);
            ++*ret_measurements;
            running = true;
        }
        add_facts(o, block, fields, count);
        o->item++;
        rc = block->err ? block->err : 1;
    }
    return rc < 0 ? gw_fail(why, rc, "%s", gw_strerror(rc)) : rc;
}
