// analyse: facts to findings, findings to incidents.
#include "cli/cli.h"

static void show_analyse(void *ctx, const struct gw_analyse_progress *p)
{
    char findings[32];
    gw_count_text(p->findings, findings);
    gw_cli_progress(ctx, "judged %lld of %lld objects, %s findings",
                    (long long)p->objects, (long long)p->total, findings);
}

static void print_analyse(struct gw_cli *cli, const struct gw_ledger *l,
                          const struct gw_analyse_summary *s,
                          const struct gw_incidents_summary *i,
                          const struct gw_sealed *sealed, double seconds)
{
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 4096);
        struct gw_jw w = gw_jw_on(&b);
        gw_json_sealed(&w, sealed);
        printf("{\"objects\":%lld,\"current\":%lld,\"measurements\":%lld,"
               "\"findings\":%lld,\"fired\":%lld,\"pool\":%lld,"
               "\"pool_thinned\":%d,\"incidents\":{\"found\":%lld,\"new\":%lld,"
               "\"changed\":%lld,\"withdrawn\":%lld,\"series\":%lld,"
               "\"too_little\":%lld},\"stopped\":%s,\"sealed\":%.*s}\n",
               (long long)s->objects, (long long)s->current,
               (long long)s->measurements, (long long)s->findings,
               (long long)s->fired, (long long)s->pool_keys, s->pool_thinned,
               (long long)i->incidents, (long long)i->new_incidents,
               (long long)i->changed, (long long)i->withdrawn,
               (long long)i->series, (long long)i->too_little,
               s->stopped ? "true" : "false", (int)b.len, (const char *)b.at);
        gw_buf_release(&b);
        return;
    }
    char m[32], f[32], r[32];
    gw_count_text(s->measurements, m);
    gw_count_text(s->findings, f);
    gw_count_text(s->fired, r);
    printf("judged %s measurements in %.1f s: %s findings, %s rules fired\n", m,
           seconds, f, r);
    if (s->current)
        printf("  objects up to date already: %lld\n", (long long)s->current);
    if (s->pool_thinned)
        printf("  the pool of shared controls was halved %d times to stay in "
               "its memory: more is unknown than need be\n",
               s->pool_thinned);
    printf("incidents: %lld (%lld new, %lld changed, %lld withdrawn)\n",
           (long long)i->incidents, (long long)i->new_incidents,
           (long long)i->changed, (long long)i->withdrawn);
    gw_cli_sealed(cli, l, sealed);
    if (!s->objects && !s->current)
        puts("  there are no facts to judge: gawah ingest PATH...");
    else if (s->stopped)
        puts("stopped: run the same command again to go on");
    else
        gw_cli_next(cli, i->incidents ? "incidents" : "findings");
}

int gw_run_analyse(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed;
    struct gw_why why = {0};
    struct gw_analyse_summary s;
    struct gw_incidents_summary i = {0};
    struct gw_analyse_options o = {.threads = (int)cli->args.threads,
                                   .again = cli->args.again,
                                   .stop = cli->stop,
                                   .progress = show_analyse,
                                   .ctx = cli};
    int rc = gw_cli_desk(cli, GW_ARCHIVE_WRITE, &d);
    if (rc)
        return rc;
    uint64_t begin = gw_tick();
    rc = gw_analyse(d.l, &o, &s, &why);
    if (!rc && !s.stopped)
        rc = gw_find_incidents(d.l, &o, &i, &why);
    s.stopped |= cli->stop && *cli->stop;
    double seconds = (double)(gw_tick() - begin) / 1e9;
    gw_cli_progress_end(cli);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (!(rc = gw_cli_seal(cli, d.l, false, &sealed)))
        print_analyse(cli, d.l, &s, &i, &sealed, seconds);
    gw_cli_desk_close(&d);
    return rc ? rc : s.stopped ? GW_EXIT_STOPPED : GW_EXIT_OK;
}
