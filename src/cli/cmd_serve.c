// serve: the published site, the API of its archive, and its log.
#include "cli/cli.h"
#include "publish/publish.h"

static void say_ready(void *ctx, const char *address)
{
    struct gw_cli *cli = ctx;
    bool local = gw_starts(gw_str(address), "unix:");
    if (cli->args.json)
        printf("{\"listening\":\"%s\"}\n", address);
    else if (!cli->args.quiet)
        printf("listening on %s%s\n", local ? "" : "http://", address);
    fflush(stdout);
}

int gw_run_serve(struct gw_cli *cli)
{
    struct gw_archive *a;
    struct gw_why why = {0};
    char folder[4096];
    if (cli->args.rest_count != 1)
        return gw_cli_usage(cli, "serve wants the folder of the site, as "
                                 "gawah publish made it");
    // Says what is wrong with it in this command's words.
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    snprintf(folder, sizeof folder, "%s", gw_archive_folder(a));
    gw_archive_close(a);
    const struct gw_site_options o = {.folder = cli->args.rest[0],
                                      .listen = cli->args.listen,
                                      .threads = (int)cli->args.threads,
                                      .stop = cli->stop,
                                      .ready = say_ready,
                                      .ctx = cli};
    rc = gw_site_serve(folder, &o, &why);
    return rc ? gw_cli_fail(cli, rc, &why) : GW_EXIT_OK;
}
