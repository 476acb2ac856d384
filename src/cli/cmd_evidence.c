// evidence and refused: what came in, and what of it was not taken.
#include "cli/cli.h"

struct listing {
    struct gw_cli *cli;
    struct gw_buf json;
    int64_t shown, limit, total;
};

static const char *state_word(const struct gw_object *o)
{
    static const char *const words[] = {"pending", "done", "failed",
                                        "redacted"};
    return o->state <= GW_REDACTED ? words[o->state] : "?";
}

static void object_json(struct listing *l, const struct gw_object *o)
{
    struct gw_jw w = gw_jw_on(&l->json);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "object", gw_str(o->hash));
    gw_jw_kint(&w, "size", o->size);
    gw_jw_kstr(&w, "kind", gw_str(gw_kind_name(o->kind)));
    gw_jw_kstr(&w, "state", gw_str(state_word(o)));
    gw_jw_key(&w, "added");
    gw_json_time(&w, o->added);
    gw_jw_key(&w, "dated");
    gw_json_time(&w, o->dated);
    gw_jw_kint(&w, "records", o->records);
    gw_jw_kint(&w, "refused", o->refused);
    gw_jw_kstr(&w, "name", gw_str(o->name));
    gw_jw_kstr(&w, "source", gw_str(o->source));
    gw_jw_kstr(&w, "licence", gw_str(o->licence));
    gw_jw_kstr(&w, "error", gw_str(o->error));
    gw_jw_close(&w, '}');
    gw_cli_line(&l->json);
}

static void object_text(const struct gw_object *o)
{
    char size[32];
    gw_bytes_text(o->size, size);
    printf("e-%.12s  %9s  %-7s  %9lld  %9lld  %s  ", o->hash, size,
           state_word(o), (long long)o->records, (long long)o->refused,
           gw_kind_name(o->kind));
    gw_show(stdout, gw_str(o->name), 0);
    if (o->error[0]) {
        fputs("\n                ", stdout);
        gw_show(stdout, gw_str(o->error), 0);
    }
    fputc('\n', stdout);
}

static int list_object(void *ctx, const struct gw_object *o)
{
    struct listing *l = ctx;
    l->total++;
    if (l->limit && l->shown >= l->limit)
        return 0;
    l->shown++;
    if (l->cli->args.json)
        object_json(l, o);
    else
        object_text(o);
    return 0;
}

int gw_run_evidence(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_why why = {0};
    struct listing l = {.cli = cli, .limit = cli->args.limit};
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    gw_buf_init(&l.json, 1 << 20);
    if (!cli->args.json && !cli->args.quiet)
        puts("object               size  state      records    refused  kind  "
             "name");
    rc = gw_evidence_each(a, -1, -1, list_object, &l, &why);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (!cli->args.json && !l.total)
        puts("nothing yet: gawah ingest PATH...");
    else if (!cli->args.json && l.shown < l.total)
        printf("and %lld more: without --limit\n",
               (long long)(l.total - l.shown));
    gw_buf_release(&l.json);
    gw_archive_close(a);
    return rc;
}

// ---- refused ------------------------------------------------------------

static void refusal_json(struct listing *l, const struct gw_refusal *r)
{
    struct gw_jw w = gw_jw_on(&l->json);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "object", gw_str(r->object));
    gw_jw_kint(&w, "position", r->offset);
    gw_jw_kint(&w, "length", r->length);
    gw_jw_kstr(&w, "reason", gw_str(r->reason));
    gw_jw_kstr(&w, "bytes", r->bytes);
    gw_jw_close(&w, '}');
    gw_cli_line(&l->json);
}

static int list_refusal(void *ctx, const struct gw_refusal *r)
{
    struct listing *l = ctx;
    l->total++;
    if (l->shown >= l->limit)
        return 0;
    l->shown++;
    if (l->cli->args.json) {
        refusal_json(l, r);
        return 0;
    }
    printf("e-%.12s  position %lld, %lld bytes\n    ", r->object,
           (long long)r->offset, (long long)r->length);
    gw_show(stdout, gw_str(r->reason), 0);
    if (r->bytes.len) {
        fputs("\n    begins: ", stdout);
        gw_show(stdout, r->bytes, 100);
    }
    fputc('\n', stdout);
    return 0;
}

int gw_run_refused(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_why why = {0};
    struct gw_object o;
    const char *hash = NULL;
    struct listing l = {.cli = cli,
                        .limit = cli->args.limit ? cli->args.limit
                                 : cli->args.all ? INT64_MAX
                                                 : 20};
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    gw_buf_init(&l.json, 4 << 20);
    if (cli->args.rest_count) {
        const char *name = cli->args.rest[0];
        rc = gw_evidence_find(a, strncmp(name, "e-", 2) ? name : name + 2, &o,
                              &why);
        hash = o.hash;
    }
    rc = rc ? rc : gw_refusals_each(a, hash, list_refusal, &l, &why);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (!cli->args.json && !l.total)
        puts("nothing was refused");
    else if (!cli->args.json && l.shown < l.total)
        printf("and %lld more: gawah refused --all\n",
               (long long)(l.total - l.shown));
    gw_buf_release(&l.json);
    gw_archive_close(a);
    return rc;
}
