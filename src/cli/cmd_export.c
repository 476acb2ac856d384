// export: tables as CSV or JSON lines, one block of a segment at a time.
// docs/formats/tables.md describes what comes out.
#include "cli/export.h"

#include <math.h>

#define BLOCK_ARENA_MAX ((size_t)512 << 20)
#define JOIN_ARENA_MAX  ((size_t)1 << 30)

static const char *const whats[] = {"observations", "measurements", "facts",
                                    "findings", "verdicts"};

struct tier { // a segment being read
    enum gw_tier tier;
    unsigned want; // tables
    struct gw_segment_reader *reader;
    struct gw_arena *arena;
    struct gw_block block;
    size_t next; // row, where rows are taken one by one
};

struct exporting {
    struct gw_cli *cli;
    struct gw_archive *a;
    enum gw_export what;
    gw_time since, until;
    gw_span cc;
    struct gw_columns columns;
    struct gw_arena *joined;
    struct gw_block_codec *codec;
    struct tier facts, findings;
    struct gw_extra extra;
    struct gw_out out;
    struct gw_why *why;
    int64_t objects, damaged, unjudged;
};

// ---- segments -----------------------------------------------------------

static int tier_open(struct exporting *e, struct tier *t, const char *object,
                     struct gw_why *why)
{
    struct gw_why none = {0};
    t->next = 0;
    gw_block_reset(&t->block);
    gw_segment_close(t->reader);
    t->reader = NULL;
    int rc = gw_segment_open(e->a, t->tier, object, &t->reader, &none);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", none.text) : 0;
}

// 1: a block; 0: there are no more, or none are wanted.
static int tier_next(struct exporting *e, struct tier *t, struct gw_why *why)
{
    gw_span bytes;
    t->next = 0;
    gw_block_reset(&t->block);
    if (!t->reader || *e->cli->stop)
        return 0;
    int rc = gw_segment_next(t->reader, &bytes, why);
    if (rc <= 0)
        return rc;
    gw_arena_reset(t->arena);
    rc = gw_block_decode(e->codec, bytes, t->want, &t->block, why);
    return rc ? rc : 1;
}

static bool wanted(const struct exporting *e, gw_time start, gw_span cc)
{
    return (e->since == GW_NEVER || (start != GW_NEVER && start >= e->since)) &&
           (e->until == GW_NEVER || (start != GW_NEVER && start < e->until)) &&
           (!e->cc.at || gw_eq_nocase(cc, e->cc));
}

static gw_span id_text(const char *object, int64_t record, int64_t n,
                       char *text)
{
    struct gw_id id = {.kind = n < 0 ? 'm' : 'f', .record = record, .n = n};
    memcpy(id.object, object, sizeof id.object - 1);
    return gw_span_of(text, gw_id_format(&id, text));
}

static void place(struct exporting *e, const struct gw_object *o,
                  int64_t record)
{
    struct gw_extra *x = &e->extra;
    x->object = gw_str(o->hash);
    x->measurement = id_text(o->hash, record, -1, x->measurement_text);
    x->id = x->measurement;
}

// ---- what is written ----------------------------------------------------

static int put_observations(struct exporting *e, int64_t m,
                            struct gw_obs_web_cursor *c, struct gw_why *why)
{
    struct gw_obs_web_row *rows;
    const void *parts[GW_PART_COUNT] = {0};
    size_t n;
    gw_arena_reset(e->joined);
    int rc = gw_obs_web_join(&e->facts.block, m, c, e->joined, &rows, &n);
    for (size_t i = 0; i < n && !rc; i++) {
        for (int t = 0; t <= GW_PART_JOINED; t++)
            parts[t] = gw_obs_web_part(&rows[i], (enum gw_table)t);
        rc = gw_out_row(&e->out, e->columns.sheets, parts, why);
    }
    return rc;
}

static int put_facts(struct exporting *e, int64_t m,
                     struct gw_obs_web_cursor *c, struct gw_why *why)
{
    int rc = 0;
    for (int t = GW_TABLE_dns; t <= GW_TABLE_key; t++) {
        const struct gw_rows *rows = &e->facts.block.rows[t];
        size_t size = gw_tables[t].row_size, *at = &c->at[t];
        size_t offset = gw_column_find((enum gw_table)t, "m")->offset;
        e->extra.table = gw_str(gw_tables[t].name);
        for (; *at < rows->count && !rc; ++*at) {
            const uint8_t *row = (const uint8_t *)rows->at + *at * size;
            const void *parts[GW_PART_COUNT] = {[GW_PART_EXTRA] = &e->extra};
            int64_t of;
            memcpy(&of, row + offset, sizeof of);
            if (of > m)
                break;
            parts[t] = row;
            if (of == m)
                rc = gw_out_row(&e->out, &e->columns.sheets[t], parts, why);
        }
    }
    return rc;
}

static int put_measurement(struct exporting *e, const struct gw_object *o,
                           const struct gw_measurement_row *row, int64_t m,
                           struct gw_obs_web_cursor *c, struct gw_why *why)
{
    const void *parts[GW_PART_COUNT] = {
        [GW_TABLE_measurement] = row, [GW_PART_EXTRA] = &e->extra};
    place(e, o, row->record);
    e->extra.uid = row->uid;
    switch (e->what) {
    case GW_EXPORT_OBSERVATIONS: return put_observations(e, m, c, why);
    case GW_EXPORT_MEASUREMENTS:
        return gw_out_row(&e->out, e->columns.sheets, parts, why);
    case GW_EXPORT_FACTS: return put_facts(e, m, c, why);
    case GW_EXPORT_FINDINGS:
    case GW_EXPORT_VERDICTS:
    case GW_EXPORT_NOTHING: break;
    }
    return 0;
}

static int export_facts(struct exporting *e, const struct gw_object *o,
                        struct gw_why *why)
{
    int rc = tier_open(e, &e->facts, o->hash, why);
    while (!rc && (rc = tier_next(e, &e->facts, why)) > 0) {
        struct gw_obs_web_cursor c = {{0}};
        size_t n;
        const struct gw_measurement_row *m =
            gw_rows_measurement(&e->facts.block, &n);
        rc = 0;
        for (size_t i = 0; i < n && !rc; i++)
            if (wanted(e, m[i].start_time, m[i].probe_cc))
                rc = put_measurement(e, o, &m[i], (int64_t)i, &c, why);
    }
    return rc;
}

// True if the findings were made of these facts by these rules.
static bool is_judged(const struct exporting *e)
{
    char rules[64];
    snprintf(rules, sizeof rules, "{\"rules_version\":%d,", GW_RULES_VERSION);
    if (!e->facts.reader || !e->findings.reader)
        return !e->facts.reader;
    gw_span header = gw_segment_header(e->findings.reader);
    return gw_starts(header, rules) &&
           gw_find(header, gw_segment_header(e->facts.reader), 0) >= 0;
}

static int open_both(struct exporting *e, const struct gw_object *o,
                     struct gw_why *why)
{
    int rc = tier_open(e, &e->facts, o->hash, why);
    rc = rc ? rc : tier_open(e, &e->findings, o->hash, why);
    if (!rc && !is_judged(e))
        e->unjudged++;
    return rc;
}

static int export_findings(struct exporting *e, const struct gw_object *o,
                           struct gw_why *why)
{
    int rc = open_both(e, o, why);
    while (!rc && (rc = tier_next(e, &e->findings, why)) > 0) {
        size_t n;
        const struct gw_finding_row *f =
            gw_rows_finding(&e->findings.block, &n);
        rc = 0;
        for (size_t i = 0; i < n && !rc; i++) {
            const void *parts[GW_PART_COUNT] = {
                [GW_TABLE_finding] = &f[i], [GW_PART_EXTRA] = &e->extra};
            if (!wanted(e, f[i].start_time, f[i].probe_cc))
                continue;
            place(e, o, f[i].record);
            e->extra.id =
                id_text(o->hash, f[i].record, f[i].n, e->extra.id_text);
            rc = gw_out_row(&e->out, e->columns.sheets, parts, why);
        }
    }
    return rc;
}

static bool is_same(const struct gw_verdict_key *k, const uint8_t *m,
                    const uint8_t *v)
{
    const uint8_t *a = m + k->recorded->offset, *b = v + k->computed->offset;
    gw_span s[2];
    double d[2];
    switch (k->computed->type) {
    case GW_INT:
    case GW_TIME: return memcmp(a, b, sizeof(int64_t)) == 0;
    case GW_REAL:
        memcpy(&d[0], a, sizeof d[0]);
        memcpy(&d[1], b, sizeof d[1]);
        return isnan(d[0]) ? isnan(d[1]) : fabs(d[0] - d[1]) < 1e-9;
    case GW_STR:
    case GW_JSON:
        memcpy(&s[0], a, sizeof s[0]);
        memcpy(&s[1], b, sizeof s[1]);
        return gw_eq(s[0], s[1]);
    }
    return false;
}

static int put_verdict(struct exporting *e, const struct gw_object *o,
                       const struct gw_measurement_row *m,
                       const struct gw_verdict_row *v, struct gw_why *why)
{
    const void *parts[GW_PART_COUNT] = {[GW_TABLE_measurement] = m,
                                        [GW_TABLE_verdict] = v,
                                        [GW_PART_EXTRA] = &e->extra};
    place(e, o, m->record);
    e->extra.all_same = 1;
    for (size_t k = 0; k < e->columns.key_count; k++) {
        bool same = is_same(&e->columns.keys[k], (const uint8_t *)m,
                            (const uint8_t *)v);
        e->extra.same[k] = same;
        e->extra.all_same &= same;
    }
    return gw_out_row(&e->out, e->columns.sheets, parts, why);
}

// The verdict of a record, or NULL; both tiers have records in their order.
static int find_verdict(struct exporting *e, int64_t record,
                        const struct gw_verdict_row **ret, struct gw_why *why)
{
    struct tier *t = &e->findings;
    *ret = NULL;
    for (;;) {
        size_t n;
        const struct gw_verdict_row *v = gw_rows_verdict(&t->block, &n);
        while (t->next < n && v[t->next].record < record)
            t->next++;
        if (t->next < n) {
            *ret = v[t->next].record == record ? &v[t->next] : NULL;
            return 0;
        }
        int rc = tier_next(e, t, why);
        if (rc <= 0)
            return rc;
    }
}

static int export_verdicts(struct exporting *e, const struct gw_object *o,
                           struct gw_why *why)
{
    int rc = open_both(e, o, why);
    while (!rc && (rc = tier_next(e, &e->facts, why)) > 0) {
        size_t n;
        const struct gw_measurement_row *m =
            gw_rows_measurement(&e->facts.block, &n);
        const struct gw_verdict_row *v;
        rc = 0;
        for (size_t i = 0; i < n && !rc; i++) {
            if (!wanted(e, m[i].start_time, m[i].probe_cc))
                continue;
            rc = find_verdict(e, m[i].record, &v, why);
            if (!rc && v)
                rc = put_verdict(e, o, &m[i], v, why);
        }
    }
    return rc;
}

// ---- the command --------------------------------------------------------

static int export_object(void *ctx, const struct gw_object *o)
{
    struct exporting *e = ctx;
    struct gw_why why = {0};
    char rows[32];
    if (*e->cli->stop)
        return 1;
    if (!gw_kind_is_measurements(o->kind) || o->kind == GW_KIND_AGGREGATE)
        return 0;
    int rc = e->what == GW_EXPORT_FINDINGS   ? export_findings(e, o, &why)
             : e->what == GW_EXPORT_VERDICTS ? export_verdicts(e, o, &why)
                                             : export_facts(e, o, &why);
    gw_count_text(e->out.rows, rows);
    gw_cli_progress(e->cli, "%s rows, objects read: %lld", rows,
                    (long long)++e->objects);
    if (rc == GW_ECORRUPT) { // what is whole is worth having
        gw_cli_progress_end(e->cli);
        gw_cli_fail(e->cli, rc, &why);
        e->damaged++;
        return 0;
    }
    return rc ? gw_fail(e->why, rc, "%s", why.text) : 0;
}

static int usage(struct exporting *e)
{
    const struct gw_args *a = &e->cli->args;
    const char *format = a->format                               ? a->format
                         : a->json || e->what == GW_EXPORT_FACTS ? "jsonl"
                                                                 : "csv";
    e->out.csv = strcmp(format, "csv") == 0;
    if (a->rest_count != 1 || e->what == GW_EXPORT_NOTHING)
        return gw_cli_usage(e->cli, "export what? One of observations, "
                                    "measurements, facts, findings, verdicts");
    if (!e->out.csv && strcmp(format, "jsonl") != 0)
        return gw_cli_usage(e->cli, "--format is csv or jsonl, not \"%s\"",
                            format);
    if (e->out.csv && e->what == GW_EXPORT_FACTS)
        return gw_cli_usage(
            e->cli, "facts are of several tables with columns of their own, "
                    "which one CSV cannot hold: take --format jsonl, or export "
                    "observations, which joins them into rows");
    if (a->since && !gw_parse_time(gw_str(a->since), &e->since))
        return gw_cli_usage(e->cli,
                            "--since wants a day such as 2024-02-01, "
                            "not \"%s\"",
                            a->since);
    if (a->until && !gw_parse_time(gw_str(a->until), &e->until))
        return gw_cli_usage(e->cli,
                            "--until wants a day such as 2024-03-01, "
                            "not \"%s\"",
                            a->until);
    if (a->cc && strlen(a->cc) != 2)
        return gw_cli_usage(e->cli,
                            "--cc wants two letters such as PK, not "
                            "\"%s\"",
                            a->cc);
    return 0;
}

static enum gw_export what_is(const struct gw_args *a)
{
    for (size_t i = 0; i < GW_COUNT(whats) && a->rest_count; i++)
        if (strcmp(a->rest[0], whats[i]) == 0)
            return (enum gw_export)i;
    return GW_EXPORT_NOTHING;
}

static int tier_init(struct tier *t, enum gw_tier tier, unsigned want)
{
    t->tier = tier;
    t->want = want;
    t->arena = gw_arena_new(BLOCK_ARENA_MAX);
    return t->arena ? gw_block_init(&t->block, t->arena) : GW_ENOMEM;
}

static void tier_release(struct tier *t)
{
    gw_segment_close(t->reader);
    gw_block_release(&t->block);
    gw_arena_free(t->arena);
}

static int prepare(struct exporting *e)
{
    unsigned lists = GW_WANT(dns) | GW_WANT(tcp) | GW_WANT(tls) | GW_WANT(http);
    unsigned others = GW_WANT(control) | GW_WANT(middlebox) | GW_WANT(key);
    unsigned want = e->what == GW_EXPORT_OBSERVATIONS ? lists
                    : e->what == GW_EXPORT_FACTS      ? lists | others
                                                      : 0;
    e->joined = gw_arena_new(JOIN_ARENA_MAX);
    e->codec = gw_block_codec_new();
    int rc = tier_init(&e->facts, GW_TIER_FACTS, GW_WANT(measurement) | want);
    rc = rc ? rc
            : tier_init(&e->findings, GW_TIER_FINDINGS,
                        e->what == GW_EXPORT_VERDICTS ? GW_WANT(verdict)
                                                      : GW_WANT(finding));
    rc = rc ? rc : gw_columns_init(&e->columns, e->what);
    if (rc || !e->joined || !e->codec)
        return gw_fail(e->why, GW_ENOMEM, "out of memory");
    return 0;
}

static void release(struct exporting *e)
{
    tier_release(&e->facts);
    tier_release(&e->findings);
    gw_block_codec_free(e->codec);
    gw_arena_free(e->joined);
    gw_columns_release(&e->columns);
    gw_archive_close(e->a);
}

static void tell(const struct exporting *e)
{
    char rows[32], objects[32];
    gw_count_text(e->out.rows, rows);
    gw_count_text(e->objects, objects);
    if (e->unjudged)
        fprintf(stderr,
                "gawah: objects without findings of their present facts and "
                "rules: %lld. Run: gawah analyse\n",
                (long long)e->unjudged);
    if (!e->cli->args.quiet)
        fprintf(stderr, "%s row%s of %s object%s%s%s\n", rows,
                e->out.rows == 1 ? "" : "s", objects,
                e->objects == 1 ? "" : "s", e->cli->args.out ? " in " : "",
                e->cli->args.out ? e->cli->args.out : "");
}

static int run(struct exporting *e)
{
    int rc = prepare(e);
    bool csv = e->out.csv;
    if (rc)
        return rc;
    rc = gw_out_open(&e->out, e->cli->args.out, csv, e->why);
    if (!rc) {
        gw_out_header(&e->out, e->columns.sheets);
        rc = gw_evidence_each(e->a, -1, -1, export_object, e, e->why);
    }
    bool whole = rc >= 0 && !*e->cli->stop;
    int closed = gw_out_close(&e->out, whole, e->why);
    gw_cli_progress_end(e->cli);
    return rc < 0 ? rc : closed;
}

int gw_run_export(struct gw_cli *cli)
{
    struct gw_why why = {0};
    if (cli->args.rest_count && strcmp(cli->args.rest[0], "ledger") == 0)
        return gw_export_ledger(cli);
    struct exporting *e = gw_new(sizeof *e);
    if (!e)
        return gw_cli_fail(cli, GW_ENOMEM, &why);
    e->cli = cli;
    e->why = &why;
    e->what = what_is(&cli->args);
    e->since = e->until = GW_NEVER;
    e->cc = gw_str(cli->args.cc);
    int rc = usage(e);
    if (!rc)
        rc = gw_cli_open(cli, GW_ARCHIVE_READ, &e->a);
    if (!rc) {
        int code = run(e);
        if (code && e->out.reader_gone)
            rc = GW_EXIT_FAILED; // "| head" has what it wanted
        else if (code)
            rc = gw_cli_fail(cli, code, &why);
        else if (*cli->stop)
            rc = GW_EXIT_STOPPED;
        else
            tell(e);
        if (!rc && (e->damaged || e->unjudged))
            rc = GW_EXIT_PARTLY;
        release(e);
    }
    gw_free(e);
    return rc;
}
