// What every command that changes an archive shares: the open archive, its
// ledger, the passphrase, and the line that says what was sealed.
#include "cli/cli.h"

#include <stdarg.h>

static int read_passphrase(struct gw_cli *cli, struct gw_buf *secret,
                           struct gw_why *why)
{
    const char *from_environment = getenv("GAWAH_PASSPHRASE");
    if (!cli->args.passphrase) {
        gw_put_str(secret, from_environment ? from_environment : "");
        return secret->err
                   ? gw_fail(why, secret->err, "$GAWAH_PASSPHRASE is too long")
                   : 0;
    }
    int rc = gw_file_read(cli->args.passphrase, secret, why);
    gw_span rest = gw_buf_span(secret);
    secret->len = gw_cut(&rest, '\n').len;
    return rc;
}

int gw_cli_ledger_options(struct gw_cli *cli, struct gw_buf *secret,
                          struct gw_ledger_options *ret, struct gw_why *why)
{
    gw_buf_init(secret, 4096);
    int rc = read_passphrase(cli, secret, why);
    *ret = (struct gw_ledger_options){.keys = cli->args.keys,
                                      .origin = cli->args.origin,
                                      .signer = cli->args.signer,
                                      .passphrase = gw_buf_span(secret),
                                      .clock = &cli->clock};
    return rc;
}

void gw_cli_forget(struct gw_buf *secret)
{
    if (secret->at)
        gw_wipe(secret->at, secret->len);
    gw_buf_release(secret);
}

// The rooms below know of locks, and of no options.
void gw_cli_hint_passphrase(struct gw_why *why)
{
    struct gw_why said = *why;
    if (!gw_ends(gw_str(said.text), "the key is locked"))
        return;
    *why = (struct gw_why){0};
    gw_fail(why, said.code,
            "%s: --passphrase FILE or $GAWAH_PASSPHRASE opens it", said.text);
}

void gw_cli_listening(void *ctx, const char *address)
{
    const struct gw_cli *cli = ctx;
    if (!cli->args.quiet)
        printf("listening on %s\n", address);
    fflush(stdout);
}

int gw_cli_desk(struct gw_cli *cli, enum gw_archive_mode mode,
                struct gw_desk *ret)
{
    struct gw_why why = {0};
    struct gw_buf secret;
    struct gw_ledger_options o;
    *ret = (struct gw_desk){0};
    int rc = gw_cli_open(cli, mode, &ret->a);
    if (rc)
        return rc;
    rc = gw_cli_ledger_options(cli, &secret, &o, &why);
    rc = rc ? rc : gw_ledger_open(ret->a, &o, &ret->l, &why);
    gw_cli_forget(&secret);
    if (!rc)
        return 0;
    gw_cli_desk_close(ret);
    gw_cli_hint_passphrase(&why);
    return gw_cli_fail(cli, rc, &why);
}

void gw_cli_desk_close(struct gw_desk *d)
{
    gw_ledger_close(d->l);
    gw_archive_close(d->a);
    *d = (struct gw_desk){0};
}

int gw_cli_seal(struct gw_cli *cli, struct gw_ledger *l, bool ask,
                struct gw_sealed *ret)
{
    struct gw_why why = {0};
    int rc = gw_ledger_seal(l, ask, ret, &why);
    gw_cli_progress_end(cli);
    if (!rc)
        return 0;
    rc = gw_cli_fail(cli, rc, &why);
    const char *archive = cli->args.archive;
    fprintf(stderr,
            "What was kept is kept; only its seal is missing. When the cause "
            "is mended: gawah seal%s%s\n",
            archive ? " --archive " : "", archive ? archive : "");
    return rc;
}

static void root_text(const struct gw_checkpoint *c, char ret[13])
{
    struct gw_buf b;
    gw_buf_init(&b, 256);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(c->root.at, sizeof c->root.at), &b);
    snprintf(ret, 13, "%.*s", b.len < 12 ? (int)b.len : 12, (const char *)b.at);
    gw_buf_release(&b);
}

void gw_cli_sealed(const struct gw_cli *cli, const struct gw_ledger *l,
                   const struct gw_sealed *s)
{
    char root[13], size[32];
    (void)cli;
    root_text(&s->checkpoint, root);
    gw_count_text((int64_t)s->checkpoint.size, size);
    if (s->count == 0)
        printf("sealed already");
    else if (s->count == 1)
        printf("sealed: leaf %llu", (unsigned long long)s->first);
    else
        printf("sealed: leaves %llu to %llu", (unsigned long long)s->first,
               (unsigned long long)(s->first + s->count - 1));
    printf(" in log %s, under the checkpoint of %s lea%s, root %s...%s\n",
           gw_ledger_origin(l), size, s->checkpoint.size == 1 ? "f" : "ves",
           root, s->quorum ? "" : " (not yet witnessed)");
}

void gw_json_sealed(struct gw_jw *w, const struct gw_sealed *s)
{
    struct gw_buf root;
    gw_buf_init(&root, 256);
    gw_b64_put(GW_B64_STANDARD,
               gw_span_of(s->checkpoint.root.at, sizeof s->checkpoint.root.at),
               &root);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "origin", gw_str(s->checkpoint.origin));
    gw_jw_kint(w, "first", (int64_t)s->first);
    gw_jw_kint(w, "count", (int64_t)s->count);
    gw_jw_kint(w, "size", (int64_t)s->checkpoint.size);
    gw_jw_kstr(w, "root", gw_buf_span(&root));
    gw_jw_key(w, "quorum");
    gw_jw_bool(w, s->quorum);
    gw_jw_kint(w, "witnesses", (int64_t)s->witnesses);
    gw_jw_kstr(w, "missing", gw_str(s->missing));
    gw_jw_close(w, '}');
    gw_buf_release(&root);
}

void gw_cli_next(const struct gw_cli *cli, const char *fmt, ...)
{
    va_list args;
    if (cli->args.quiet)
        return;
    fputs("next: gawah ", stdout);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    if (cli->args.archive)
        printf(" --archive %s", cli->args.archive);
    putchar('\n');
}
