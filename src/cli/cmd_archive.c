// init, ingest, rebuild, doctor: what is done to an archive as a whole.
#include "cli/cli.h"

#include <math.h>

static void show_ingest(void *ctx, const struct gw_ingest_progress *p)
{
    char done[32], total[32], records[32];
    gw_bytes_text(p->done, done);
    gw_bytes_text(p->total, total);
    gw_count_text(p->records, records);
    if (p->total)
        gw_cli_progress(ctx, "%s %s of %s, %s measurements", p->doing, done,
                        total, records);
    else
        gw_cli_progress(ctx, "%s %s", p->doing, done);
}

int gw_run_init(struct gw_cli *cli)
{
    struct gw_archive *a;
    int rc = gw_cli_open(cli, GW_ARCHIVE_CREATE, &a);
    if (rc)
        return rc;
    if (!cli->args.quiet)
        printf(cli->args.json ? "{\"archive\":\"%s\"}\n"
                              : "archive ready: %s\n",
               gw_archive_folder(a));
    gw_archive_close(a);
    return GW_EXIT_OK;
}

static void put_count(const char *text, int64_t n)
{
    char number[32];
    gw_count_text(n, number);
    if (n)
        printf("  %12s  %s\n", number, text);
}

static void print_ingest(struct gw_cli *cli,
                         const struct gw_ingest_summary *s, double seconds)
{
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 4096);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kint(&w, "files", s->files);
        gw_jw_kint(&w, "bytes", s->bytes);
        gw_jw_kint(&w, "kept", s->kept);
        gw_jw_kint(&w, "known", s->known);
        gw_jw_kint(&w, "unknown", s->unknown);
        gw_jw_kint(&w, "failed", s->failed);
        gw_jw_kint(&w, "references", s->references);
        gw_jw_kint(&w, "measurements", s->records);
        gw_jw_kint(&w, "refused", s->refused);
        gw_jw_kint(&w, "made_again", s->rebuilt);
        gw_jw_key(&w, "stopped");
        gw_jw_bool(&w, s->stopped);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    char bytes[32];
    gw_bytes_text(s->bytes, bytes);
    printf("read %lld files, %s, in %.1f s\n", (long long)s->files, bytes,
           seconds);
    put_count("new objects kept", s->kept);
    put_count("files that were here already", s->known);
    put_count("reference snapshots", s->references);
    put_count("measurements made into facts", s->records);
    put_count("records refused                (gawah refused)", s->refused);
    put_count("objects of no known format     (gawah evidence)", s->unknown);
    put_count("objects cut short or damaged   (gawah evidence)", s->failed);
    put_count("objects whose facts were made again", s->rebuilt);
    if (s->stopped)
        puts("stopped: run the same command again to go on");
    else if (s->records && !cli->args.quiet)
        puts("next: gawah analyse");
}

static int parse_dated(struct gw_cli *cli, gw_time *ret)
{
    *ret = GW_NEVER;
    if (cli->args.dated && !gw_parse_time(gw_str(cli->args.dated), ret))
        return gw_cli_usage(cli, "--dated wants a day such as 2024-05-13, "
                                 "not \"%s\"",
                            cli->args.dated);
    return 0;
}

static int ingest_exit(const struct gw_ingest_summary *s)
{
    if (s->stopped)
        return GW_EXIT_STOPPED;
    return s->refused || s->failed || s->unknown ? GW_EXIT_PARTLY
                                                 : GW_EXIT_OK;
}

int gw_run_ingest(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_ingest_summary s;
    struct gw_why why = {0};
    struct gw_ingest_options o = {.threads = (int)cli->args.threads,
                                  .source = cli->args.source,
                                  .licence = cli->args.licence,
                                  .stop = cli->stop,
                                  .progress = show_ingest,
                                  .ctx = cli};
    int rc = parse_dated(cli, &o.dated);
    if (rc)
        return rc;
    // The first ingest makes its archive: one thing less to know.
    rc = gw_cli_open(cli, GW_ARCHIVE_CREATE, &a);
    if (rc)
        return rc;
    uint64_t begin = gw_tick();
    rc = gw_ingest(a, cli->args.rest, cli->args.rest_count, &o, &s, &why);
    gw_cli_progress_end(cli);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else
        print_ingest(cli, &s, (double)(gw_tick() - begin) / 1e9);
    gw_archive_close(a);
    return rc ? rc : ingest_exit(&s);
}

static int print_digests(struct gw_archive *a, const char *when,
                         struct gw_why *why)
{
    static const char *const names[] = {"facts", "findings"};
    char hex[2 * GW_HASH_LEN + 1];
    int64_t n;
    for (int t = 0; t < 2; t++) {
        int rc = gw_tier_digest(a, (enum gw_tier)t, hex, &n, why);
        if (rc)
            return rc;
        printf("%-9s %-7s %5lld segments  %s\n", names[t], when, (long long)n,
               hex);
    }
    return 0;
}

int gw_run_rebuild(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_ingest_summary s = {0};
    struct gw_analyse_summary f = {0};
    struct gw_why why = {0};
    struct gw_ingest_options o = {.threads = (int)cli->args.threads,
                                  .dated = GW_NEVER,
                                  .stop = cli->stop,
                                  .progress = show_ingest,
                                  .ctx = cli};
    struct gw_analyse_options j = {.threads = (int)cli->args.threads,
                                   .again = true,
                                   .stop = cli->stop};
    int rc = gw_cli_open(cli, GW_ARCHIVE_WRITE, &a);
    if (rc)
        return rc;
    rc = print_digests(a, "before", &why);
    rc = rc ? rc : gw_rebuild(a, &o, &s, &why);
    rc = rc || s.stopped ? rc : gw_analyse(a, &j, &f, &why);
    gw_cli_progress_end(cli);
    rc = rc ? rc : print_digests(a, "after", &why);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    gw_archive_close(a);
    return rc ? rc : s.stopped || f.stopped ? GW_EXIT_STOPPED : GW_EXIT_OK;
}

// ---- doctor -------------------------------------------------------------

struct checkup {
    struct gw_cli *cli;
    struct gw_archive *a;
    int64_t objects, segments, bad;
};

static void complain(struct checkup *c, const struct gw_why *why)
{
    c->bad++;
    fputs("damaged: ", stdout);
    gw_show(stdout, gw_str(why->text), 0);
    fputc('\n', stdout);
}

static void check_segment(struct checkup *c, enum gw_tier tier,
                          const char *hash)
{
    struct gw_segment_reader *r;
    struct gw_why why = {0};
    gw_span block;
    int rc = gw_segment_open(c->a, tier, hash, &r, &why);
    if (rc == GW_ENOENT)
        return;
    c->segments++;
    if (!rc) {
        while ((rc = gw_segment_next(r, &block, &why)) > 0)
            continue;
        gw_segment_close(r);
    }
    if (rc)
        complain(c, &why);
}

static int check_object(void *ctx, const struct gw_object *o)
{
    struct checkup *c = ctx;
    struct gw_why why = {0};
    c->objects++;
    if (gw_evidence_check(c->a, o->hash, &why))
        complain(c, &why);
    check_segment(c, GW_TIER_FACTS, o->hash);
    check_segment(c, GW_TIER_FINDINGS, o->hash);
    gw_cli_progress(c->cli, "checked %lld objects", (long long)c->objects);
    return *c->cli->stop;
}

int gw_run_doctor(struct gw_cli *cli)
{
    struct checkup c = {.cli = cli};
    struct gw_why why = {0};
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &c.a);
    if (rc)
        return rc;
    rc = gw_evidence_each(c.a, -1, -1, check_object, &c, &why);
    gw_cli_progress_end(cli);
    if (rc < 0)
        rc = gw_cli_fail(cli, rc, &why);
    else
        printf(cli->args.json
                   ? "{\"objects\":%lld,\"segments\":%lld,\"damaged\":%lld}\n"
                   : "%lld objects and %lld segments read again, %lld "
                     "damaged\n",
               (long long)c.objects, (long long)c.segments, (long long)c.bad);
    gw_archive_close(c.a);
    return rc < 0 ? GW_EXIT_FAILED
           : rc   ? GW_EXIT_STOPPED
                  : c.bad ? GW_EXIT_PARTLY : GW_EXIT_OK;
}
