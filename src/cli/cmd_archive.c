// init, ingest, rebuild, doctor: what is done to an archive as a whole.
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

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

// The first leaf names the keys: a log begins with who may sign it.
int gw_run_init(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed;
    struct gw_why why = {0};
    int rc = gw_cli_desk(cli, GW_ARCHIVE_CREATE, &d);
    if (rc)
        return rc;
    rc = gw_ledger_commit(d.l, &why);
    rc =
        rc ? gw_cli_fail(cli, rc, &why) : gw_cli_seal(cli, d.l, false, &sealed);
    if (rc) {
        gw_cli_desk_close(&d);
        return rc;
    }
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "archive", gw_str(gw_archive_folder(d.a)));
        gw_jw_key(&w, "sealed");
        gw_json_sealed(&w, &sealed);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
    } else if (!cli->args.quiet) {
        printf("archive ready: %s\n", gw_archive_folder(d.a));
        gw_cli_sealed(cli, d.l, &sealed);
    }
    gw_cli_desk_close(&d);
    return GW_EXIT_OK;
}

static void put_count(const char *text, int64_t n)
{
    char number[32];
    gw_count_text(n, number);
    if (n)
        printf("  %12s  %s\n", number, text);
}

static void print_ingest(struct gw_cli *cli, const struct gw_ledger *l,
                         const struct gw_ingest_summary *s,
                         const struct gw_sealed *sealed, double seconds)
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
        gw_jw_kint(&w, "withheld", s->withheld);
        gw_jw_kint(&w, "unknown", s->unknown);
        gw_jw_kint(&w, "failed", s->failed);
        gw_jw_kint(&w, "references", s->references);
        gw_jw_kint(&w, "undated", s->undated);
        gw_jw_kint(&w, "measurements", s->records);
        gw_jw_kint(&w, "refused", s->refused);
        gw_jw_kint(&w, "made_again", s->rebuilt);
        gw_jw_key(&w, "stopped");
        gw_jw_bool(&w, s->stopped);
        gw_jw_key(&w, "sealed");
        gw_json_sealed(&w, sealed);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    char bytes[32];
    gw_bytes_text(s->bytes, bytes);
    printf("read %lld file%s, %s, in %.1f s\n", (long long)s->files,
           s->files == 1 ? "" : "s", bytes, seconds);
    put_count("new objects kept", s->kept);
    put_count("files that were here already", s->known);
    put_count("files not taken in: their object was taken out by redaction",
              s->withheld);
    put_count("reference snapshots", s->references);
    put_count("of those say no day and count from today (--dated DAY)",
              s->undated);
    put_count("measurements made into facts", s->records);
    put_count("records refused (see: gawah refused)", s->refused);
    put_count("objects of no known format (see: gawah evidence)", s->unknown);
    put_count("objects cut short or damaged (see: gawah evidence)", s->failed);
    put_count("objects whose facts were made again", s->rebuilt);
    gw_cli_sealed(cli, l, sealed);
    if (s->stopped)
        puts("stopped: run the same command again to go on");
    else if (s->records)
        gw_cli_next(cli, "analyse");
}

static int parse_dated(struct gw_cli *cli, gw_time *ret)
{
    *ret = GW_NEVER;
    if (cli->args.dated && !gw_parse_time(gw_str(cli->args.dated), ret))
        return gw_cli_usage(cli,
                            "--dated wants a day such as 2024-05-13, "
                            "not \"%s\"",
                            cli->args.dated);
    return 0;
}

// A name mistyped must not leave an empty archive behind.
static int check_paths(struct gw_cli *cli)
{
    struct gw_why why = {0};
    for (size_t i = 0; i < cli->args.rest_count; i++) {
        const char *path = cli->args.rest[i];
        if (strcmp(path, "-") == 0 || access(path, F_OK) == 0)
            continue;
        gw_fail(&why, GW_ENOENT, "%s: %s", path, strerror(errno));
        return gw_cli_fail(cli, GW_ENOENT, &why);
    }
    return 0;
}

static int ingest_exit(const struct gw_ingest_summary *s)
{
    if (s->stopped)
        return GW_EXIT_STOPPED;
    return s->refused || s->failed || s->unknown || s->withheld ? GW_EXIT_PARTLY
                                                                : GW_EXIT_OK;
}

int gw_run_ingest(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed;
    struct gw_ingest_summary s;
    struct gw_why why = {0};
    struct gw_ingest_options o = {.threads = (int)cli->args.threads,
                                  .source = cli->args.source,
                                  .licence = cli->args.licence,
                                  .confidential = cli->args.confidential,
                                  .stop = cli->stop,
                                  .progress = show_ingest,
                                  .ctx = cli};
    int rc = parse_dated(cli, &o.dated);
    rc = rc ? rc : check_paths(cli);
    if (rc)
        return rc;
    // The first ingest makes its archive: one thing less to know.
    bool given = cli->args.rest_count > 0;
    rc = gw_cli_desk(cli, given ? GW_ARCHIVE_CREATE : GW_ARCHIVE_WRITE, &d);
    if (rc)
        return rc;
    uint64_t begin = gw_tick();
    rc = gw_ingest(d.l, cli->args.rest, cli->args.rest_count, &o, &s, &why);
    double seconds = (double)(gw_tick() - begin) / 1e9;
    gw_cli_progress_end(cli);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (!given && !s.records && !s.references && !s.unknown && !s.failed)
        rc = gw_cli_usage(cli, "nothing is waiting, so say what to take in: "
                               "gawah ingest PATH...");
    else if (!(rc = gw_cli_seal(cli, d.l, false, &sealed)))
        print_ingest(cli, d.l, &s, &sealed, seconds);
    gw_cli_desk_close(&d);
    return rc ? rc : ingest_exit(&s);
}

struct digests { // of the two tiers
    char hex[2][2 * GW_HASH_LEN + 1];
    int64_t segments[2];
};
static const char *const tier_names[] = {"facts", "findings"};

static int read_digests(struct gw_archive *a, struct digests *ret,
                        struct gw_why *why)
{
    int rc = 0;
    for (int t = 0; t < 2 && !rc; t++)
        rc = gw_tier_digest(a, (enum gw_tier)t, ret->hex[t], &ret->segments[t],
                            why);
    return rc;
}

static void print_rebuild(const struct gw_cli *cli, const struct digests *then,
                          const struct digests *now)
{
    bool same = memcmp(then->hex, now->hex, sizeof now->hex) == 0;
    for (int t = 0; t < 2; t++)
        if (cli->args.json)
            printf("{\"tier\":\"%s\",\"segments\":%lld,\"before\":\"%s\","
                   "\"after\":\"%s\"}\n",
                   tier_names[t], (long long)now->segments[t], then->hex[t],
                   now->hex[t]);
        else
            printf("%s, segments: %lld\n  before  %s\n  after   %s\n",
                   tier_names[t], (long long)now->segments[t], then->hex[t],
                   now->hex[t]);
    bool facts = strcmp(then->hex[0], now->hex[0]) == 0;
    if (!cli->args.json)
        puts(same    ? "the same bytes came out"
             : facts ? "the same facts came out; the findings were not up to "
                       "date before"
                     : "other facts came out: reference data or versions are "
                       "not those of before");
}

static int rebuild(struct gw_cli *cli, struct gw_desk *d, bool *ret_stopped,
                   struct gw_why *why)
{
    struct gw_ingest_summary s = {0};
    struct gw_analyse_summary f = {0};
    struct digests then = {{{0}}, {0}}, now = then;
    struct gw_ingest_options o = {.threads = (int)cli->args.threads,
                                  .dated = GW_NEVER,
                                  .stop = cli->stop,
                                  .progress = show_ingest,
                                  .ctx = cli};
    struct gw_analyse_options j = {
        .threads = (int)cli->args.threads, .again = true, .stop = cli->stop};
    int rc = read_digests(d->a, &then, why);
    rc = rc ? rc : gw_rebuild(d->l, &o, &s, why);
    rc = rc || s.stopped ? rc : gw_analyse(d->l, &j, &f, why);
    gw_cli_progress_end(cli);
    *ret_stopped = s.stopped || f.stopped;
    rc = rc || *ret_stopped ? rc : read_digests(d->a, &now, why);
    if (!rc && !*ret_stopped)
        print_rebuild(cli, &then, &now);
    return rc;
}

int gw_run_rebuild(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed;
    struct gw_why why = {0};
    bool stopped = false;
    int rc = gw_cli_desk(cli, GW_ARCHIVE_WRITE, &d);
    if (rc)
        return rc;
    rc = rebuild(cli, &d, &stopped, &why);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if ((rc = gw_cli_seal(cli, d.l, false, &sealed)))
        ; // told
    else if (stopped && !cli->args.quiet)
        fputs("stopped: run the same command again\n", stderr);
    gw_cli_desk_close(&d);
    return rc ? rc : stopped ? GW_EXIT_STOPPED : GW_EXIT_OK;
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
    if (c->cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "damage", gw_str(why->text));
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
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
    if (o->state == GW_REDACTED) // its bytes are gone, and the log says so
        return *c->cli->stop;
    if (gw_evidence_check(c->a, o->hash, &why))
        complain(c, &why);
    check_segment(c, GW_TIER_FACTS, o->hash);
    check_segment(c, GW_TIER_FINDINGS, o->hash);
    check_segment(c, GW_TIER_CELLS, o->hash);
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
                   : "read again: objects %lld, segments %lld; damaged: %lld\n",
               (long long)c.objects, (long long)c.segments, (long long)c.bad);
    gw_archive_close(c.a);
    return rc < 0  ? GW_EXIT_FAILED
           : rc    ? GW_EXIT_STOPPED
           : c.bad ? GW_EXIT_PARTLY
                   : GW_EXIT_OK;
}
