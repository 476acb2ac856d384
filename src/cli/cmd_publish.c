// publish: the site that people read.
#include "cli/cli.h"

static void show_pages(void *ctx, int64_t pages, int64_t total)
{
    char count[32];
    (void)total; // not known before the last page
    gw_count_text(pages, count);
    gw_cli_progress(ctx, "made %s files", count);
}

static void print_summary(const struct gw_cli *cli, const char *folder,
                          const struct gw_publish_summary *s, double seconds)
{
    char files[32], bytes[32];
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "folder", gw_str(folder));
        gw_jw_kint(&w, "files", s->pages);
        gw_jw_kint(&w, "written", s->written);
        gw_jw_kint(&w, "same", s->same);
        gw_jw_kint(&w, "removed", s->removed);
        gw_jw_kint(&w, "bytes", s->bytes);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    gw_count_text(s->pages, files);
    gw_bytes_text(s->bytes, bytes);
    printf("published %s files (%s) in %.1f s: %lld written, %lld the same, "
           "%lld removed\n",
           files, bytes, seconds, (long long)s->written, (long long)s->same,
           (long long)s->removed);
    printf("open %s/index.html in a browser\n", folder);
}

// What it may be called in a link: no blanks, quotes or other schemes.
static bool is_url(const char *url)
{
    gw_span s = gw_str(url);
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f || strchr("\"'<>\\", s.at[i]))
            return false;
    return gw_starts(s, "https://") || gw_starts(s, "http://");
}

// In capitals; false if it is no code.
static bool read_country(const char *cc, char ret[3])
{
    if (strlen(cc) != 2)
        return false;
    for (int i = 0; i < 2; i++) {
        ret[i] = (char)(cc[i] & ~0x20);
        if (ret[i] < 'A' || ret[i] > 'Z')
            return false;
    }
    ret[2] = 0;
    return true;
}

int gw_run_publish(struct gw_cli *cli)
{
    char cc[3];
    struct gw_archive *a;
    struct gw_why why = {0};
    struct gw_publish_summary s;
    const struct gw_args *args = &cli->args;
    if (args->rest_count != 1)
        return gw_cli_usage(cli, "publish wants the folder of the site");
    if (args->url && !is_url(args->url))
        return gw_cli_usage(cli, "--url is no address: %s", args->url);
    if (args->cc && !read_country(args->cc, cc))
        return gw_cli_usage(cli, "--cc is two letters, e.g. PK");
    const struct gw_publish_options o = {.folder = args->rest[0],
                                         .base_url = args->url,
                                         .cc = args->cc ? cc : NULL,
                                         .contact = args->contact,
                                         .now = gw_now(&cli->clock),
                                         .stop = cli->stop,
                                         .progress = show_pages,
                                         .ctx = cli};
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    uint64_t begin = gw_tick();
    rc = gw_publish(a, &o, &s, &why);
    gw_cli_progress_end(cli);
    gw_archive_close(a);
    if (rc && cli->stop && *cli->stop)
        return GW_EXIT_STOPPED;
    if (rc)
        return gw_cli_fail(cli, rc, &why);
    print_summary(cli, o.folder, &s, (double)(gw_tick() - begin) / 1e9);
    return GW_EXIT_OK;
}
