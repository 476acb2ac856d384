// rehearse and fetch: two ways to come by measurements.
#include "cli/cli.h"

#include <errno.h>

// ---- rehearse -----------------------------------------------------------

struct lines {
    struct gw_cli *cli;
    FILE *out;
    int64_t count;
    struct gw_why why;
};

static int put_line(void *ctx, gw_span line)
{
    struct lines *l = ctx;
    if (fwrite(line.at, 1, line.len, l->out) != line.len ||
        fputc('\n', l->out) == EOF)
        return gw_fail(&l->why, GW_EIO, "%s: %s",
                       l->out == stdout ? "standard output" : l->cli->args.into,
                       strerror(errno));
    l->count++;
    gw_cli_progress(l->cli, "%lld measurements", (long long)l->count);
    return *l->cli->stop;
}

static int write_labels(const char *into, const struct gw_buf *labels,
                        struct gw_why *why)
{
    struct gw_buf path;
    gw_buf_init(&path, 4096);
    gw_put_fmt(&path, "%s.labels.csv", into);
    gw_put_u8(&path, 0);
    int rc = path.err ? path.err
                      : gw_file_write((const char *)path.at,
                                      gw_buf_span(labels), why);
    gw_buf_release(&path);
    return rc;
}

static int read_plan(struct gw_cli *cli, struct gw_rehearse *plan)
{
    const struct gw_args *a = &cli->args;
    *plan = (struct gw_rehearse){.seed = a->seed ? (uint64_t)a->seed : 1,
                                 .start = gw_time_civil(2024, 2, 1, 0, 0, 0),
                                 .days = a->days ? (int)a->days : 28,
                                 .networks = a->networks ? (int)a->networks : 8,
                                 .per_day = a->per_day ? (int)a->per_day : 40,
                                 .cc = a->cc ? a->cc : "PK"};
    if (a->since && !gw_parse_time(gw_str(a->since), &plan->start))
        return gw_cli_usage(cli,
                            "--since wants a day such as 2024-02-01, not "
                            "\"%s\"",
                            a->since);
    return 0;
}

int gw_run_rehearse(struct gw_cli *cli)
{
    struct gw_rehearse plan;
    struct gw_why why = {0};
    struct gw_buf labels;
    const char *into = cli->args.into;
    int rc = read_plan(cli, &plan);
    if (rc)
        return rc;
    struct lines l = {.cli = cli, .out = stdout};
    if (into && !(l.out = fopen(into, "we"))) {
        gw_fail(&why, GW_EIO, "%s: %s", into, strerror(errno));
        return gw_cli_fail(cli, GW_EIO, &why);
    }
    gw_buf_init(&labels, 16 << 20);
    rc = gw_rehearse(&plan, put_line, &l, &labels, &why);
    gw_cli_progress_end(cli);
    if (into && fclose(l.out) && !rc)
        rc = gw_fail(&why, GW_EIO, "%s: %s", into, strerror(errno));
    if (into && !l.count)
        remove(into); // nothing was made, so nothing is left behind
    if (l.why.code)
        why = l.why;
    if (into && !rc)
        rc = write_labels(into, &labels, &why);
    gw_buf_release(&labels);
    if (rc > 0)
        return GW_EXIT_STOPPED;
    if (rc)
        return gw_cli_fail(cli, rc, &why);
    if (into && !cli->args.quiet)
        fprintf(stderr,
                "%lld synthetic measurements in %s, what is true of them in "
                "%s.labels.csv\nnext: gawah ingest %s\n",
                (long long)l.count, into, into, into);
    return GW_EXIT_OK;
}

// ---- fetch --------------------------------------------------------------

enum { TESTS_MAX = 64 };

static void show_fetch(void *ctx, const struct gw_fetch_progress *p)
{
    char done[32], total[32];
    gw_bytes_text((int64_t)p->bytes, done);
    gw_bytes_text((int64_t)p->bytes_total, total);
    gw_cli_progress(ctx, "listed %llu of %llu, %llu of %llu files, %s of %s",
                    (unsigned long long)p->listings,
                    (unsigned long long)p->listings_total,
                    (unsigned long long)p->objects,
                    (unsigned long long)p->objects_total, done, total);
}

static void show_problem(void *ctx, const char *key, int code, const char *text)
{
    (void)ctx;
    (void)code;
    fputs("gawah: ", stderr);
    gw_show(stderr, gw_str(key), 0);
    fputs(": ", stderr);
    gw_show(stderr, gw_str(text), 0);
    fputc('\n', stderr);
}

static int read_days(struct gw_cli *cli, struct gw_fetch *want)
{
    const struct gw_args *a = &cli->args;
    if (cli->args.rest_count != 1 || strcmp(cli->args.rest[0], "ooni"))
        return gw_cli_usage(cli, "say what to fetch: gawah fetch ooni --cc PK "
                                 "--since 2024-02-08 --until 2024-02-09");
    if (!a->cc || !a->since || !a->until)
        return gw_cli_usage(cli, "fetch ooni wants --cc, --since and --until");
    if (!gw_parse_time(gw_str(a->since), &want->since) ||
        !gw_parse_time(gw_str(a->until), &want->until))
        return gw_cli_usage(cli, "--since and --until want days such as "
                                 "2024-02-08");
    want->cc = a->cc;
    want->base_url = a->url;
    want->folder = a->into ? a->into : "ooni";
    want->parallel = (int)a->parallel;
    want->skip_postcans = a->skip_postcans;
    return 0;
}

static void print_fetch(const struct gw_cli *cli, const struct gw_fetch *want,
                        const struct gw_fetch_result *r)
{
    char bytes[32], moved[32];
    gw_bytes_text((int64_t)r->bytes, bytes);
    gw_bytes_text((int64_t)r->transferred, moved);
    if (cli->args.json) {
        printf("{\"objects\":%llu,\"bytes\":%llu,\"present\":%llu,"
               "\"fetched\":%llu,\"verified\":%llu,\"by_size\":%llu,"
               "\"failed\":%llu,\"refused\":%llu,\"transferred\":%llu,"
               "\"retries\":%llu}\n",
               (unsigned long long)r->objects, (unsigned long long)r->bytes,
               (unsigned long long)r->present, (unsigned long long)r->fetched,
               (unsigned long long)r->verified, (unsigned long long)r->by_size,
               (unsigned long long)r->failed, (unsigned long long)r->refused,
               (unsigned long long)r->transferred,
               (unsigned long long)r->retries);
        return;
    }
    if (!r->listings)
        return; // it ended before there was anything to tell
    printf("%llu files, %s, listed: %llu were here, %llu came (%s), %llu "
           "failed\n",
           (unsigned long long)r->objects, bytes,
           (unsigned long long)r->present, (unsigned long long)r->fetched,
           moved, (unsigned long long)r->failed);
    printf("  %llu agree with the server's MD5; of %llu only the size could be "
           "checked\n",
           (unsigned long long)r->verified, (unsigned long long)r->by_size);
    if (r->objects && !cli->args.quiet)
        printf("next: gawah ingest %s --source \"OONI, CC BY-NC-SA 4.0\"\n",
               want->folder);
}

int gw_run_fetch(struct gw_cli *cli)
{
    const char *tests[TESTS_MAX];
    struct gw_fetch want = {.version = GW_VERSION,
                            .clock = &cli->clock,
                            .seed = gw_tick(),
                            .stop = cli->stop,
                            .progress = show_fetch,
                            .problem = show_problem,
                            .ctx = cli};
    struct gw_fetch_result result = {0};
    struct gw_why why = {0};
    int rc = read_days(cli, &want);
    struct gw_arena *names = rc ? NULL : gw_arena_new(1 << 16);
    if (rc || !names)
        return rc ? rc : GW_EXIT_FAILED;
    gw_span rest = gw_str(cli->args.tests);
    while (rest.len && want.test_count < TESTS_MAX) {
        tests[want.test_count] = gw_arena_cstr(names, gw_cut(&rest, ','));
        want.test_count += tests[want.test_count] != NULL;
    }
    want.tests = tests;
    rc = gw_fetch_ooni(&want, &result, &why);
    gw_cli_progress_end(cli);
    print_fetch(cli, &want, &result);
    if (rc < 0) {
        bool again = rc != GW_EUSAGE;
        rc = gw_cli_fail(cli, rc, &why);
        if (again)
            fputs("Run the same command again: it goes on where it ended.\n",
                  stderr);
    } else if (rc) {
        rc = GW_EXIT_STOPPED;
    }
    gw_arena_free(names);
    return rc;
}
