// incidents: what happened, as a table; one of them in full, with its history.
#include "cli/incidents.h"

enum { BODY_MAX = 4 << 20 };

struct listing {
    struct gw_cli *cli;
    gw_time since, until;
    const char *id; // only this one
    struct gw_json *json;
    struct gw_buf text;
    struct gw_why *why;
    int64_t shown, more, hidden; // hidden: withdrawn
    bool any;
    struct gw_incident_row row; // of the id, its body in `body`
    struct gw_buf body;
    bool found;
};

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

// ---- which --------------------------------------------------------------

static int read_filter(struct gw_cli *cli, struct listing *l)
{
    const struct gw_args *a = &cli->args;
    l->since = l->until = GW_NEVER;
    if (a->since && !gw_parse_time(gw_str(a->since), &l->since))
        return gw_cli_usage(cli,
                            "--since wants a day such as 2024-02-01, not "
                            "\"%s\"",
                            a->since);
    if (a->until && !gw_parse_time(gw_str(a->until), &l->until))
        return gw_cli_usage(cli,
                            "--until wants a day such as 2024-02-01, not "
                            "\"%s\"",
                            a->until);
    l->id = a->rest_count ? a->rest[0] : NULL;
    return 0;
}

// Some of it lies in [since, until).
static bool passes(const struct listing *l, const struct gw_incident_row *i)
{
    const struct gw_args *a = &l->cli->args;
    gw_time from = i->since[0] == GW_NEVER ? i->since[1] : i->since[0];
    return (!a->cc || gw_eq_nocase(gw_str(a->cc), gw_str(i->cc))) &&
           (!a->target || strcmp(a->target, i->target) == 0) &&
           (l->until == GW_NEVER || from < l->until) &&
           (l->since == GW_NEVER || i->until[1] == GW_NEVER ||
            i->until[1] >= l->since);
}

// ---- the table -----------------------------------------------------------

static void put_row(const struct listing *l, const struct gw_incident_row *i,
                    gw_jv body)
{
    size_t networks = gw_jv_count(gw_jv_get(body, "networks"));
    printf("  %s  %-12s %-2s ", i->id, i->kind, i->cc);
    if (i->target[0])
        gw_show(stdout, gw_str(i->target), 60);
    printf("%s%s\n       since ", i->withdrawn ? "  WITHDRAWN" : "",
           i->synthetic ? "  SYNTHETIC" : "");
    gw_incident_interval(gw_jv_get(body, "since"), false);
    fputs("\n       until ", stdout);
    gw_incident_interval(gw_jv_get(body, "until"), true);
    printf("\n       %s; %lld observer%s in %zu network%s\n", i->confidence,
           (long long)i->observers, plural(i->observers), networks,
           networks == 1 ? "" : "s");
    printf("       gawah incidents %s%s%s\n", i->id,
           l->cli->args.archive ? " --archive " : "",
           l->cli->args.archive ? l->cli->args.archive : "");
}

static bool put_json(gw_span body)
{
    return fwrite(body.at, 1, body.len, stdout) == body.len &&
           putchar('\n') != EOF;
}

static int list_one(void *ctx, const struct gw_incident_row *i)
{
    struct listing *l = ctx;
    const struct gw_args *a = &l->cli->args;
    gw_jv body;
    l->any = true;
    if (!passes(l, i))
        return 0;
    if (i->withdrawn && !a->all) {
        l->hidden++;
        return 0;
    }
    if (a->limit && l->shown >= a->limit) {
        l->more++;
        return 0;
    }
    l->shown++;
    if (a->json)
        return put_json(i->body) ? 0 : GW_EIO;
    int rc = gw_incident_parse(l->json, i->body, &l->text, &body, l->why);
    if (!rc)
        put_row(l, i, body);
    return rc;
}

static int print_table(struct gw_archive *a, struct listing *l)
{
    int rc = gw_incidents_each(a, list_one, l, l->why);
    if (rc || l->cli->args.json)
        return rc;
    if (!l->shown)
        puts(l->any ? "none of that kind"
                    : "no incidents; they are found by: gawah analyse");
    if (l->more)
        printf("  and %lld more: with a larger --limit\n", (long long)l->more);
    if (l->hidden)
        printf("  %lld withdrawn, which are shown with --all\n",
               (long long)l->hidden);
    return 0;
}

// ---- one of them ---------------------------------------------------------

static int take_version(void *ctx, const struct gw_incident_row *i)
{
    struct listing *l = ctx;
    l->found = true;
    l->row = *i;
    gw_buf_reset(&l->body);
    gw_put_span(&l->body, i->body);
    if (l->body.err)
        return l->body.err;
    return l->cli->args.json && l->cli->args.all && !put_json(i->body) ? GW_EIO
                                                                       : 0;
}

static int put_version(void *ctx, const struct gw_incident_row *i)
{
    struct listing *l = ctx;
    char when[GW_TIME_TEXT];
    gw_jv body;
    int rc = gw_incident_parse(l->json, i->body, &l->text, &body, l->why);
    if (rc)
        return rc;
    gw_format_time(i->changed, when);
    printf("  version %lld of %.16s: %s, %.*s, %s, %lld observer%s\n",
           (long long)i->version, when, i->kind,
           (int)gw_jv_str(gw_jv_get(body, "state")).len,
           (const char *)gw_jv_str(gw_jv_get(body, "state")).at, i->confidence,
           (long long)i->observers, plural(i->observers));
    return 0;
}

static int print_one(struct gw_archive *a, struct listing *l, bool history)
{
    gw_jv body;
    int rc = gw_incident_history(a, l->id, take_version, l, l->why);
    if (rc)
        return rc;
    if (l->cli->args.json)
        return l->cli->args.all || put_json(gw_buf_span(&l->body)) ? 0 : GW_EIO;
    rc = gw_incident_parse(l->json, gw_buf_span(&l->body), &l->text, &body,
                           l->why);
    if (rc)
        return rc;
    gw_incident_text(l->cli, &l->row, body);
    if (!history)
        return 0;
    puts("\nHISTORY");
    return gw_incident_history(a, l->id, put_version, l, l->why);
}

static int run(struct gw_cli *cli, struct listing *l, bool history)
{
    struct gw_archive *a;
    struct gw_why why = {0};
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    l->cli = cli;
    l->why = &why;
    l->json = gw_json_new();
    gw_buf_init(&l->text, BODY_MAX);
    gw_buf_init(&l->body, BODY_MAX);
    rc = !l->json ? gw_fail(&why, GW_ENOMEM, "out of memory")
         : l->id  ? print_one(a, l, history)
                  : print_table(a, l);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    gw_json_free(l->json);
    gw_buf_release(&l->text);
    gw_buf_release(&l->body);
    gw_archive_close(a);
    return rc;
}

int gw_run_incidents(struct gw_cli *cli)
{
    struct listing l = {0};
    int rc = read_filter(cli, &l);
    return rc ? rc : run(cli, &l, true);
}

int gw_explain_incident(struct gw_cli *cli)
{
    struct listing l = {.id = cli->args.rest[0]};
    return run(cli, &l, false);
}
