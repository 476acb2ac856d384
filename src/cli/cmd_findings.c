// findings: the readable summary, and the same as JSON.
#include "cli/cli.h"

enum { ROWS_SHOWN = 40, REASONS = 64, IDS = 3 };

struct reading {
    struct gw_archive *a;
    int64_t unjudged;
    int64_t objects, measurements_objects, references, failed, unknown, pending;
    int64_t records, refused;
    struct reason {
        char text[160];
        int64_t count;
    } reasons[REASONS];
    size_t reason_count;
    int64_t other_reasons;
};

// True if there are no facts, or findings made of just these by these rules.
static bool is_judged(struct gw_archive *a, const char *object)
{
    struct gw_segment_reader *facts, *findings;
    char rules[64];
    bool same = false;
    snprintf(rules, sizeof rules, "{\"rules_version\":%d,", GW_RULES_VERSION);
    if (gw_segment_open(a, GW_TIER_FACTS, object, &facts, NULL))
        return true;
    if (gw_segment_open(a, GW_TIER_FINDINGS, object, &findings, NULL) == 0) {
        gw_span header = gw_segment_header(findings);
        same = gw_starts(header, rules) &&
               gw_find(header, gw_segment_header(facts), 0) >= 0;
        gw_segment_close(findings);
    }
    gw_segment_close(facts);
    return same;
}

static int count_object(void *ctx, const struct gw_object *o)
{
    struct reading *r = ctx;
    r->objects++;
    r->unjudged += gw_kind_is_measurements(o->kind) &&
                   o->kind != GW_KIND_AGGREGATE && !is_judged(r->a, o->hash);
    r->records += gw_kind_is_measurements(o->kind) ? o->records : 0;
    r->refused += gw_kind_is_measurements(o->kind) ? o->refused : 0;
    r->measurements_objects += gw_kind_is_measurements(o->kind);
    r->references += gw_kind_is_reference(o->kind);
    r->failed += o->state == GW_FAILED && o->kind != GW_KIND_UNKNOWN;
    r->unknown += o->state == GW_FAILED && o->kind == GW_KIND_UNKNOWN;
    r->pending += o->state == GW_PENDING;
    return 0;
}

static int count_reason(void *ctx, const struct gw_refusal *x)
{
    struct reading *r = ctx;
    for (size_t i = 0; i < r->reason_count; i++)
        if (strncmp(r->reasons[i].text, x->reason,
                    sizeof r->reasons[i].text - 1) == 0) {
            r->reasons[i].count++;
            return 0;
        }
    if (r->reason_count == REASONS) {
        r->other_reasons++;
        return 0;
    }
    struct reason *n = &r->reasons[r->reason_count++];
    snprintf(n->text, sizeof n->text, "%.159s", x->reason);
    n->count = 1;
    return 0;
}

static int by_count(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->text, y->text);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_reading(struct reading *r)
{
    char m[32], n[32];
    gw_count_text(r->records, m);
    printf("READ\n  %s measurement%s in %lld object%s; %lld object%s of "
           "reference data\n",
           m, plural(r->records), (long long)r->measurements_objects,
           plural(r->measurements_objects), (long long)r->references,
           plural(r->references));
    if (r->unknown)
        printf("  %lld object%s of no known format (see: gawah evidence)\n",
               (long long)r->unknown, plural(r->unknown));
    if (r->failed)
        printf("  %lld object%s cut short or damaged (see: gawah evidence)\n",
               (long long)r->failed, plural(r->failed));
    if (r->pending)
        printf("  %lld object%s waiting: gawah ingest\n", (long long)r->pending,
               plural(r->pending));
    if (r->unjudged)
        printf("  %lld object%s not judged yet: gawah analyse\n",
               (long long)r->unjudged, plural(r->unjudged));
    gw_count_text(r->refused, n);
    printf("  %s record%s refused%s\n", n, plural(r->refused),
           r->refused ? " (see: gawah refused), because:" : "");
    qsort(r->reasons, r->reason_count, sizeof *r->reasons, by_count);
    for (size_t i = 0; i < r->reason_count && i < 8; i++) {
        gw_count_text(r->reasons[i].count, n);
        printf("  %8s  ", n);
        gw_show(stdout, gw_str(r->reasons[i].text), 0);
        putchar('\n');
    }
}

// ---- rows ---------------------------------------------------------------

struct filter {
    int state, layer; // -1: any
    const char *target;
    int64_t network;
};

static int by_name(const char *name, int count, const char *(*name_of)(int))
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, name_of(i)) == 0)
            return i;
    return -2;
}

static const char *state_name(int i)
{
    return gw_state_name((enum gw_state)i);
}

static const char *layer_name(int i)
{
    return gw_layer_name((enum gw_layer)i);
}

static int read_filter(struct gw_cli *cli, struct filter *f)
{
    const struct gw_args *a = &cli->args;
    gw_span asn = gw_str(a->network);
    uint64_t n = 0;
    *f = (struct filter){-1, -1, a->target, -1};
    if (a->state &&
        (f->state = by_name(a->state, GW_STATE_COUNT, state_name)) == -2)
        return gw_cli_usage(cli,
                            "--state is ok, blocked, down or unknown, "
                            "not \"%s\"",
                            a->state);
    if (a->layer &&
        (f->layer = by_name(a->layer, GW_LAYER_COUNT, layer_name)) == -2)
        return gw_cli_usage(cli,
                            "--layer is dns, tcp, tls, http, quic or all, "
                            "not \"%s\"",
                            a->layer);
    if (asn.len > 2 && gw_eq_nocase(gw_sub(asn, 0, 2), GW_LIT("AS")))
        asn = gw_sub(asn, 2, asn.len);
    if (a->network && !gw_parse_uint(asn, UINT32_MAX, &n))
        return gw_cli_usage(cli,
                            "--network wants a number such as AS17557, "
                            "not \"%s\"",
                            a->network);
    f->network = a->network ? (int64_t)n : -1;
    return 0;
}

static bool passes(const struct filter *f, const struct gw_summary_row *r)
{
    return (f->state < 0 || r->count[f->state]) &&
           (f->layer < 0 || (int)r->key.layer == f->layer) &&
           (!f->target || gw_is(r->key.target, f->target)) &&
           (f->network < 0 || r->key.probe_asn == f->network);
}

static void row_json(struct gw_buf *b, const struct gw_summary_row *r)
{
    struct gw_jw w = gw_jw_on(b);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "probe_cc", r->key.probe_cc);
    gw_jw_key(&w, "probe_asn");
    if (r->key.probe_asn == GW_NULL)
        gw_jw_null(&w);
    else
        gw_jw_int(&w, r->key.probe_asn);
    gw_jw_kstr(&w, "probe_as_org_name", r->key.probe_as_org_name);
    gw_jw_kstr(&w, "target", r->key.target);
    gw_jw_kstr(&w, "layer", gw_str(gw_layer_name(r->key.layer)));
    for (int k = 0; k < 2; k++) {
        gw_jw_key(&w, k ? "observers" : "measurements");
        gw_jw_open(&w, '{');
        for (int s = 0; s < GW_STATE_COUNT; s++)
            gw_jw_kint(&w, gw_state_name((enum gw_state)s),
                       k ? r->observers[s] : r->count[s]);
        gw_jw_close(&w, '}');
    }
    gw_jw_kint(&w, "throttled", r->throttled);
    gw_jw_kint(&w, "intercepted", r->intercepted);
    gw_jw_key(&w, "first");
    gw_json_time(&w, r->first);
    gw_jw_key(&w, "last");
    gw_json_time(&w, r->last);
    gw_jw_key(&w, "blocked_first");
    gw_json_time(&w, r->blocked_first);
    gw_jw_key(&w, "blocked_last");
    gw_json_time(&w, r->blocked_last);
    gw_jw_key(&w, "llr");
    gw_jw_real(&w, r->llr);
    gw_jw_kstr(&w, "rule", gw_str(r->rule));
    gw_jw_kstr(&w, "example", gw_str(r->example));
    gw_jw_key(&w, "synthetic");
    gw_jw_bool(&w, r->synthetic);
    gw_jw_close(&w, '}');
    gw_cli_line(b);
}

static void print_days(gw_time from, gw_time to)
{
    char first[GW_TIME_TEXT] = "unknown day", last[GW_TIME_TEXT] = "";
    if (from != GW_NEVER) {
        gw_format_day(from, first);
        gw_format_day(to, last);
    }
    printf("%s%s%s", first, strcmp(first, last) && *last ? " to " : "",
           strcmp(first, last) ? last : "");
}

static void explain_line(const struct gw_cli *cli, const char *lead,
                         const char *id)
{
    printf("%sgawah explain %s%s%s\n", lead, id,
           cli->args.archive ? " --archive " : "",
           cli->args.archive ? cli->args.archive : "");
}

static void row_text(const struct gw_cli *cli, const struct gw_summary_row *r)
{
    int64_t observers = r->observers[GW_STATE_BLOCKED];
    printf("  %-2.*s ", (int)r->key.probe_cc.len,
           r->key.probe_cc.at ? (const char *)r->key.probe_cc.at : "");
    if (r->key.probe_asn == GW_NULL)
        printf("AS?        ");
    else
        printf("AS%-9lld", (long long)r->key.probe_asn);
    printf("%-5s", gw_layer_name(r->key.layer));
    gw_show(stdout, r->key.target, 60);
    printf("%s\n       blocked %lld", r->synthetic ? "  SYNTHETIC" : "",
           (long long)r->count[GW_STATE_BLOCKED]);
    if (observers) {
        printf(" (%lld observer%s, ", (long long)observers, plural(observers));
        print_days(r->blocked_first, r->blocked_last);
        putchar(')');
    }
    printf(", down %lld, unknown %lld, ok %lld; measured ",
           (long long)r->count[GW_STATE_DOWN],
           (long long)r->count[GW_STATE_UNKNOWN],
           (long long)r->count[GW_STATE_OK]);
    print_days(r->first, r->last);
    if (r->intercepted)
        printf("; answers replaced on the way in %lld",
               (long long)r->intercepted);
    if (r->throttled)
        printf("; slow in %lld", (long long)r->throttled);
    putchar('\n');
    const struct gw_rule *rule = gw_rule_find(gw_str(r->rule));
    if (rule && r->count[GW_STATE_BLOCKED])
        printf("       %s\n", rule->text);
    explain_line(cli, "       ", r->example);
}

static void print_totals(const struct gw_summary_row *rows, size_t n)
{
    int64_t count[GW_STATE_COUNT] = {0}, total = 0;
    char text[GW_STATE_COUNT][32], all[32];
    for (size_t i = 0; i < n; i++)
        for (int s = 0; rows[i].key.layer == GW_LAYER_ALL && s < GW_STATE_COUNT;
             s++) {
            count[s] += rows[i].count[s];
            total += rows[i].count[s];
        }
    gw_count_text(total, all);
    for (int s = 0; s < GW_STATE_COUNT; s++)
        gw_count_text(count[s], text[s]);
    printf("FOUND\n  %s measurement%s judged as a whole: %s blocked, %s down, "
           "%s ok, %s unknown\n",
           all, plural(total), text[GW_STATE_BLOCKED], text[GW_STATE_DOWN],
           text[GW_STATE_OK], text[GW_STATE_UNKNOWN]);
    puts("  Unknown is an answer: there was nothing to compare with, or the\n"
         "  comparison does not settle it.");
}

static void print_ids(const struct gw_cli *cli,
                      const struct gw_summary_row *rows, size_t n)
{
    size_t shown = 0;
    puts("\nTRY");
    for (size_t i = 0; i < n && shown < IDS; i++)
        if (rows[i].key.layer != GW_LAYER_ALL) {
            explain_line(cli, "  ", rows[i].example);
            shown++;
        }
    puts("  gawah export observations --format csv\n  gawah rules");
}

static void print_rows(struct gw_cli *cli, const struct filter *f,
                       const struct gw_summary_row *rows, size_t n)
{
    int64_t limit = cli->args.limit ? cli->args.limit
                    : cli->args.all ? INT64_MAX
                                    : ROWS_SHOWN;
    int64_t shown = 0, more = 0;
    bool chosen = f->state >= 0 || f->layer >= 0 || f->target ||
                  f->network >= 0 || cli->args.all;
    for (size_t i = 0; i < n; i++) {
        const struct gw_summary_row *r = &rows[i];
        bool matters = r->key.layer != GW_LAYER_ALL &&
                       (r->count[GW_STATE_BLOCKED] || r->throttled);
        if (!passes(f, r) || (!chosen && !matters))
            continue;
        if (shown < limit)
            row_text(cli, r);
        more += shown++ >= limit;
    }
    if (!shown)
        puts(chosen ? "  nothing of that kind was found"
                    : "  nothing blocked or slowed down was found");
    if (more)
        printf("  and %lld more: with --limit %lld\n", (long long)more,
               (long long)shown);
}

static int print_text(struct gw_cli *cli, struct gw_archive *a,
                      const struct filter *f, const struct gw_summary_row *rows,
                      size_t n, struct gw_why *why)
{
    struct reading *r = gw_new(sizeof *r);
    if (r)
        r->a = a;
    int rc = r ? gw_evidence_each(a, -1, -1, count_object, r, why)
               : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_refusals_each(a, NULL, count_reason, r, why);
    if (!rc)
        print_reading(r);
    if (!rc && !n) { // silence must not read as "nothing was found"
        puts(r->measurements_objects
                 ? "\nno findings yet: gawah analyse"
                 : "\nno measurements yet: gawah ingest PATH...");
    } else if (!rc) {
        putchar('\n');
        print_totals(rows, n);
        puts("\nBY NETWORK, TARGET AND LAYER");
        print_rows(cli, f, rows, n);
        print_ids(cli, rows, n);
    }
    gw_free(r);
    return rc;
}

static void print_json(const struct gw_cli *cli, const struct filter *f,
                       const struct gw_summary_row *rows, size_t n)
{
    int64_t left = cli->args.limit ? cli->args.limit : INT64_MAX;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < n && left; i++)
        if (passes(f, &rows[i])) {
            row_json(&b, &rows[i]);
            left--;
        }
    gw_buf_release(&b);
}

int gw_run_findings(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_summary *s = NULL;
    struct gw_why why = {0};
    struct filter f;
    size_t n;
    int rc = read_filter(cli, &f);
    rc = rc ? rc : gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    rc = gw_summary_new(a, &s, &why);
    if (!rc) {
        const struct gw_summary_row *rows = gw_summary_rows(s, &n);
        if (cli->args.json)
            print_json(cli, &f, rows, n);
        else
            rc = print_text(cli, a, &f, rows, n, &why);
    }
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    gw_summary_free(s);
    gw_archive_close(a);
    return rc;
}
