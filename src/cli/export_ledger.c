// export ledger: a copy of the log with all that a stranger checks it by, the
// policy and the time stamps.
#include "cli/cli.h"

#include <unistd.h>

struct exporting {
    struct gw_cli *cli;
    const char *into;
    struct gw_why *why;
    char told[640]; // of the stamp at hand: what does not hold
    size_t copied, left_out;
};

static int copy_file(const char *from, const char *into, struct gw_why *why)
{
    char to[4096];
    struct gw_buf bytes;
    const char *name = strrchr(from, '/');
    gw_buf_init(&bytes, 4 << 20);
    snprintf(to, sizeof to, "%s/%s", into, name ? name + 1 : from);
    int rc = gw_file_read(from, &bytes, why);
    rc = rc ? rc : gw_file_write(to, gw_buf_span(&bytes), why);
    gw_buf_release(&bytes);
    return rc;
}

static void keep_bad(void *ctx, const struct gw_step *s)
{
    struct exporting *e = ctx;
    if (s->state == GW_STEP_BAD && !e->told[0])
        snprintf(e->told, sizeof e->told, "%s", s->text);
}

// What a stamp is of lies beside it: <size>.checkpoint for <size>-<hash>.tsr.
static bool checkpoint_of(const char *stamp, char ret[4096])
{
    const char *name = strrchr(stamp, '/') + 1;
    size_t before = (size_t)(name - stamp) + strcspn(name, "-.");
    int n = snprintf(ret, 4096, "%.*s.checkpoint", (int)before, stamp);
    return n > 0 && n < 4096 && access(ret, F_OK) == 0;
}

// With what a stranger checks it by, where that is there.
static int copy_stamp(struct exporting *e, const char *path,
                      const char *checkpoint)
{
    static const char *const beside[] = {"pem", "header"};
    char into[4096], other[4096];
    int stem = (int)(strrchr(path, '.') - path);
    snprintf(into, sizeof into, "%.4000s/anchors", e->into);
    int rc = gw_mkdirs(into, e->why);
    rc = rc ? rc : copy_file(checkpoint, into, e->why);
    for (size_t i = 0; i < GW_COUNT(beside) && !rc; i++) {
        snprintf(other, sizeof other, "%.*s.%s", stem, path, beside[i]);
        if (access(other, F_OK) == 0)
            rc = copy_file(other, into, e->why);
    }
    e->copied++;
    return rc ? rc : copy_file(path, into, e->why);
}

static int see_anchor(void *ctx, const char *path)
{
    struct exporting *e = ctx;
    struct gw_verified v = {0};
    struct gw_why why = {0};
    char checkpoint[4096];
    struct gw_verify_options o = {
        .step = keep_bad, .ctx = e, .stop = e->cli->stop};
    if (!gw_ends(gw_str(path), ".tsr") && !gw_ends(gw_str(path), ".ots"))
        return 0;
    if (*e->cli->stop)
        return gw_fail(e->why, GW_EREFUSED, "stopped");
    e->told[0] = 0;
    bool has = checkpoint_of(path, checkpoint);
    int rc = has ? gw_verify(path, &o, &v, &why)
                 : gw_fail(&why, GW_ENOENT,
                           "%s: its checkpoint is not beside it", path);
    if (!rc)
        return copy_stamp(e, path, checkpoint);
    if (rc == GW_ENOMEM)
        return gw_fail(e->why, rc, "%s", why.text);
    e->left_out++;
    fputs("left out: ", stderr);
    gw_show(stderr, gw_str(e->told[0] ? e->told : why.text), 0);
    fputc('\n', stderr);
    return 0;
}

static int export_files(struct exporting *e, const char *from,
                        const char *policy)
{
    char anchors[4096];
    snprintf(anchors, sizeof anchors, "%.4000s/anchors", from);
    int rc = copy_file(policy, e->into, e->why);
    if (!rc && access(anchors, F_OK) == 0)
        rc = gw_walk(anchors, see_anchor, e, e->why);
    if (!rc && e->copied && !e->cli->args.json && !e->cli->args.quiet)
        printf("copied with the checkpoint that each is of: %zu time stamp%s\n",
               e->copied, e->copied == 1 ? "" : "s");
    return rc;
}

int gw_export_ledger(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_why why = {0};
    char from[4096], policy[4096];
    struct exporting e = {.cli = cli, .into = cli->args.into, .why = &why};
    if (!cli->args.into)
        return gw_cli_usage(cli, "export ledger wants --into DIR");
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    snprintf(from, sizeof from, "%.4000s/ledger", gw_archive_folder(a));
    snprintf(policy, sizeof policy, "%.4000s/ledger/policy.txt",
             gw_archive_folder(a));
    gw_archive_close(a);
    cli->args.rest[0] = from; // in place of "ledger"
    cli->args.policy = policy;
    rc = gw_run_mirror(cli);
    if (rc)
        return rc;
    rc = export_files(&e, from, policy);
    if (!rc)
        return e.left_out ? GW_EXIT_PARTLY : GW_EXIT_OK;
    rc = gw_cli_fail(cli, rc, &why);
    return *cli->stop ? GW_EXIT_STOPPED : rc;
}
