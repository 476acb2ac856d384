// Observation exports, read by the names of their columns: older exports have
// fewer, and values that pandas wrote ("443.0", "['a', 'b']").
#include "monitor/obs_web.h"

enum {
    CHUNK_LEN = 256 << 10,
    RUN_MAX = GW_JSON_MAX,    // bytes of a measurement; a longer one is cut
    WINDOW_MAX = 2 * RUN_MAX, // with a line that is broken beside it
};

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
    int64_t run;           // where the running measurement begins, or -1
    struct gw_buf window;  // the bytes from there, or from the row at hand, on
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
    o->run = -1;
    gw_buf_init(&o->last_uid, 4096);
    gw_buf_init(&o->window, WINDOW_MAX);
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
    gw_buf_release(&o->window);
    gw_free(o);
}

// ---- the bytes as they came ---------------------------------------------

static int64_t window_start(const struct gw_obs_web *o)
{
    return o->fed - (int64_t)o->window.len;
}

// Keeps what is still needed and adds what came.
static int slide_window(struct gw_obs_web *o, gw_span bytes, struct gw_why *why)
{
    struct gw_buf *w = &o->window;
    int64_t from = o->run >= 0 ? o->run : o->position;
    size_t n = (size_t)(from - window_start(o));
    if (n)
        memmove(w->at, w->at + n, w->len - n);
    w->len -= n;
    gw_put_span(w, bytes);
    if (w->err) // not GW_ETOOBIG: that is said of a row that can be passed over
        return gw_fail(why, w->err == GW_ETOOBIG ? GW_EREFUSED : w->err,
                       "a line of over %d MiB", (WINDOW_MAX - RUN_MAX) >> 20);
    o->fed += (int64_t)bytes.len;
    return 0;
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
        rc = slide_window(o, gw_span_of(o->chunk, (size_t)n), why);
        if (rc)
            return rc;
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

// ---- rows ---------------------------------------------------------------

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
        gw_obs_web_set(b, row, c, s);
}

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
            gw_obs_web_set(b, row, t->column, fields[i]);
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

static struct gw_measurement_row *running_row(const struct gw_obs_web *o,
                                              struct gw_block *b)
{
    return (struct gw_measurement_row *)b->rows[GW_TABLE_measurement].at + o->m;
}

struct reading {
    struct gw_obs_web *o;
    struct gw_block *block;
    const struct gw_obs_web_sink *sink;
    void *ctx;
    const gw_span *fields;
    size_t count;
};

// The running measurement reaches to where the next row begins. True if it is
// as long as it may be.
static bool reach_to(struct reading *r, int64_t position)
{
    struct gw_measurement_row *m = running_row(r->o, r->block);
    m->length = position - m->record;
    return m->length >= RUN_MAX;
}

static void end_measurement(struct reading *r)
{
    struct gw_obs_web *o = r->o;
    if (o->run < 0)
        return;
    size_t from = (size_t)(o->run - window_start(o));
    size_t length = (size_t)running_row(o, r->block)->length;
    r->sink->record(r->ctx, o->run,
                    gw_sub(gw_buf_span(&o->window), from, length));
    o->run = -1;
}

// 1: a row; 0: no more; 2: one that was refused; negative: the end.
static int take_row(struct reading *r, struct gw_why *why)
{
    struct gw_obs_web *o = r->o;
    struct gw_why row_why = {0};
    int rc = 1;
    bool full = false;
    if (o->held) { // a row read for the block before
        r->fields = o->fields;
        r->count = o->column_count;
        o->held = false;
    } else {
        rc = next_row(o, &r->fields, &r->count, &row_why);
        if (o->run >= 0)
            full = reach_to(r, rc > 0 || broken(rc) ? o->position : o->fed);
    }
    if (rc > 0 && r->count != o->column_count)
        rc = gw_fail(&row_why, GW_EFORMAT,
                     "row has %zu columns, the header %zu (RFC 4180)", r->count,
                     o->column_count);
    if (full)
        end_measurement(r);
    if (broken(rc))
        r->sink->refuse(r->ctx, o->position, 0, rc, row_why.text);
    else if (rc < 0)
        return gw_fail(why, rc, "%s",
                       row_why.code ? row_why.text : gw_strerror(rc));
    return broken(rc) ? 2 : rc;
}

// 1: done with the row; 0: it belongs to the next block.
static int use_row(struct reading *r, int64_t *measurements)
{
    struct gw_obs_web *o = r->o;
    bool same =
        o->run >= 0 && gw_eq(gw_buf_span(&o->last_uid), r->fields[o->uid]);
    size_t rows = rows_in(r->block); // a run without end is cut as well
    if (rows >= (same ? 4 : 1) * (size_t)GW_OBS_WEB_ROWS) {
        o->fields = r->fields;
        o->held = true;
        return 0;
    }
    if (!same) {
        end_measurement(r);
        begin_measurement(o, r->block, r->fields, r->count);
        if (r->block->err)
            return r->block->err;
        o->run = o->position;
        ++*measurements;
    }
    add_facts(o, r->block, r->fields, r->count);
    o->item++;
    return r->block->err ? r->block->err : 1;
}

int gw_obs_web_next(struct gw_obs_web *o, struct gw_block *block,
                    const struct gw_obs_web_sink *sink, void *ctx,
                    int64_t *ret_measurements, struct gw_why *why)
{
    struct reading r = {o, block, sink, ctx, NULL, 0};
    int rc = o->header_read ? 1 : read_header(o, why);
    *ret_measurements = 0;
    while (rc > 0) {
        rc = take_row(&r, why);
        if (rc == 1)
            rc = use_row(&r, ret_measurements);
        if (rc == 0)
            break;
    }
    end_measurement(&r);
    if (rc < 0)
        return gw_fail(why, rc, "%s", gw_strerror(rc));
    return o->held;
}
