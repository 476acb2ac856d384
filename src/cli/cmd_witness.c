// witness, mirror and log: logs as others see them.
#include "cli/cli.h"

#include <unistd.h>

static int read_policy(const char *path, struct gw_policy **ret,
                       struct gw_why *why)
{
    struct gw_buf b;
    struct gw_why bad = {0};
    gw_buf_init(&b, 1 << 20);
    int rc = gw_file_read(path, &b, why);
    if (!rc && (rc = gw_policy_parse(gw_buf_span(&b), ret, &bad)))
        gw_fail(why, rc, "%s: %s", path, bad.text);
    gw_buf_release(&b);
    return rc;
}

// ---- a key that cosigns -------------------------------------------------

struct cosigner {
    struct gw_key key;
    struct gw_policy *policy;
    struct gw_signer *signer;
};

static int cosigner_open(struct gw_cli *cli, enum gw_role role,
                         struct cosigner *ret, struct gw_why *why)
{
    struct gw_buf secret;
    struct gw_ledger_options o;
    char state[4096];
    *ret = (struct cosigner){0};
    if (!cli->args.policy)
        return gw_fail(why, GW_EUSAGE,
                       "--policy FILE says which logs to cosign: lines \"log "
                       "VKEY\" (see: gawah keys) and \"quorum none\"");
    if (!cli->args.keys)
        return gw_fail(why, GW_EUSAGE,
                       "--keys DIR is the folder with the %s key; to make one: "
                       "gawah keys new %s NAME --keys DIR",
                       gw_role_name(role), gw_role_name(role));
    int rc = read_policy(cli->args.policy, &ret->policy, why);
    snprintf(state, sizeof state, "%s/seen-by-%s", cli->args.keys,
             gw_role_name(role));
    gw_buf_init(&secret, 1);
    if (!rc) {
        gw_buf_release(&secret);
        rc = gw_cli_ledger_options(cli, &secret, &o, why);
    }
    struct gw_why none = {0};
    rc = rc ? rc
            : gw_keyring_open(cli->args.keys, role, o.passphrase, &ret->key,
                              &none);
    if (rc == GW_ENOENT && none.text[0])
        gw_fail(why, rc, "%s; to make it: gawah keys new %s NAME --keys %s",
                none.text, gw_role_name(role), cli->args.keys);
    else if (rc) {
        gw_cli_hint_passphrase(&none);
        gw_fail(why, rc, "%s", none.text);
    }
    gw_cli_forget(&secret);
    return rc ? rc
              : gw_signer_open(state, &ret->key, ret->policy, &cli->clock,
                               &ret->signer, why);
}

static void cosigner_close(struct cosigner *c)
{
    if (c->signer)
        gw_signer_close(c->signer);
    gw_policy_free(c->policy);
    gw_wipe(&c->key, sizeof c->key);
}

// ---- witness ------------------------------------------------------------

static int read_request(struct gw_buf *b, struct gw_why *why)
{
    uint8_t bytes[4096];
    ssize_t n;
    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        gw_put(b, bytes, (size_t)n);
    if (n < 0)
        return gw_fail(why, GW_EIO, "standard input cannot be read");
    return b->err ? gw_fail(why, b->err,
                            "standard input: larger than any "
                            "request")
                  : 0;
}

// The answer is byte for byte the body of the HTTP answer, where that is one
// that the log can make something of.
static int cosign_once(struct cosigner *c, struct gw_why *why)
{
    struct gw_buf request;
    struct gw_answer answer = {0};
    gw_buf_init(&request, 1 << 20);
    int rc = read_request(&request, why);
    if (!rc) {
        gw_signer_answer(c->signer, gw_buf_span(&request), &answer);
        gw_span body = gw_trim(gw_buf_span(&answer.body));
        if (answer.status == 200 || answer.status == 409)
            fwrite(answer.body.at, 1, answer.body.len, stdout);
        if (answer.status == 200)
            ;
        else if (answer.status == 409)
            rc = gw_fail(why, GW_EPROOF,
                         "not cosigned (409): this witness has last seen a "
                         "tree of %.*s leaves; the request must prove from "
                         "there. Carry this answer back all the same: gawah "
                         "seal --response FILE --witness NAME",
                         (int)body.len, (const char *)body.at);
        else
            rc = gw_fail(why, GW_EPROOF, "not cosigned (%d): %.*s",
                         answer.status, (int)(body.len < 300 ? body.len : 300),
                         (const char *)body.at);
        gw_answer_release(&answer);
    }
    gw_buf_release(&request);
    return rc;
}

int gw_run_witness(struct gw_cli *cli)
{
    struct cosigner c = {0};
    struct gw_why why = {0};
    const char *what = cli->args.rest_count ? cli->args.rest[0] : "";
    bool serve = strcmp(what, "serve") == 0;
    if (!serve && strcmp(what, "cosign") != 0)
        return gw_cli_usage(cli, "witness wants serve or cosign");
    if (serve && !cli->args.listen)
        return gw_cli_usage(cli, "witness serve wants --listen, e.g. --listen "
                                 "127.0.0.1:7380");
    int rc = cosigner_open(cli, GW_ROLE_WITNESS, &c, &why);
    struct gw_serve_options o = {.listen = cli->args.listen,
                                 .mirror = cli->args.into,
                                 .stop = cli->stop,
                                 .ready = gw_cli_listening,
                                 .ctx = cli};
    if (!rc && serve && cli->args.into)
        rc = gw_mkdirs(cli->args.into, &why);
    if (!rc)
        rc = serve ? gw_witness_serve(c.signer, &o, &why)
                   : cosign_once(&c, &why);
    cosigner_close(&c);
    return rc ? gw_cli_fail(cli, rc, &why) : GW_EXIT_OK;
}

// ---- mirror -------------------------------------------------------------

static void show_audit(void *ctx, uint64_t entries, uint64_t total)
{
    char done[32], all[32];
    gw_count_text((int64_t)entries, done);
    gw_count_text((int64_t)total, all);
    gw_cli_progress(ctx, "copied %s of %s entries", done, all);
}

static void print_mirror(struct gw_cli *cli, const struct gw_mirror_result *r)
{
    char bytes[32];
    if (cli->args.json) {
        printf("{\"old_size\":%llu,\"size\":%llu,\"files\":%llu,\"bytes\":%llu,"
               "\"cosigned\":%s}\n",
               (unsigned long long)r->old_size, (unsigned long long)r->size,
               (unsigned long long)r->files, (unsigned long long)r->bytes,
               r->cosigned ? "true" : "false");
        return;
    }
    gw_bytes_text((int64_t)r->bytes, bytes);
    if (r->old_size == r->size)
        printf("nothing new: %llu entries", (unsigned long long)r->size);
    else
        printf("copied and audited entries %llu to %llu: %llu files, %s",
               (unsigned long long)r->old_size, (unsigned long long)r->size - 1,
               (unsigned long long)r->files, bytes);
    puts(r->cosigned ? "; cosigned" : "");
}

static int mirror(struct gw_cli *cli, const char *from, const char *policy_path,
                  const char *into, struct gw_why *why)
{
    struct cosigner c = {0};
    struct gw_policy *policy = NULL;
    struct gw_log_reader *reader = NULL;
    struct gw_mirror_result r = {0};
    struct gw_audit_options o = {.threads = (int)cli->args.threads,
                                 .progress = show_audit,
                                 .ctx = cli,
                                 .stop = cli->stop};
    int rc = 0;
    if (cli->args.keys)
        rc = cosigner_open(cli, GW_ROLE_MIRROR, &c, why);
    else
        rc = read_policy(policy_path, &policy, why);
    rc = rc ? rc : gw_log_reader_open(from, &reader, why);
    rc = rc ? rc
            : gw_mirror(reader, policy ? policy : c.policy, c.signer, into, &o,
                        &r, why);
    gw_cli_progress_end(cli);
    if (!rc)
        print_mirror(cli, &r);
    gw_log_reader_close(reader);
    gw_policy_free(policy);
    cosigner_close(&c);
    return rc;
}

int gw_run_mirror(struct gw_cli *cli)
{
    struct gw_why why = {0};
    if (cli->args.rest_count != 1 || !cli->args.into || !cli->args.policy)
        return gw_cli_usage(cli, "mirror wants a log, --policy FILE with its "
                                 "key, and --into DIR");
    int rc =
        mirror(cli, cli->args.rest[0], cli->args.policy, cli->args.into, &why);
    if (!rc)
        return GW_EXIT_OK;
    int code = gw_cli_fail(cli, rc, &why);
    if (*cli->stop)
        return GW_EXIT_STOPPED;
    if (rc == GW_EFORK)
        fprintf(stderr,
                "What was kept of it is %s/checkpoint.fork-*: show it "
                "to others who use this log.\n",
                cli->args.into);
    return code;
}

// ---- log ----------------------------------------------------------------

struct own_log {
    struct gw_key key;
    struct gw_signer *signer;
    struct gw_sign sign;
    struct gw_log *log;
    char keys[4096], state[4096], journal[4096], public_folder[4096];
};

static int make_log_key(struct gw_cli *cli, struct own_log *o,
                        gw_span passphrase, struct gw_why *why)
{
    struct gw_why none = {0};
    int rc = gw_keyring_public(o->keys, GW_ROLE_LOG, &o->key, &none);
    if (rc != GW_ENOENT)
        return rc ? gw_fail(why, rc, "%s", none.text) : 0;
    if (!cli->args.origin)
        return gw_fail(why, GW_EUSAGE,
                       "a new log needs --origin NAME, e.g. "
                       "example.org/log");
    return gw_keyring_make(o->keys, GW_ROLE_LOG, gw_str(cli->args.origin),
                           passphrase, NULL, why);
}

static int own_log_sign(struct gw_cli *cli, struct own_log *o,
                        struct gw_why *why)
{
    struct gw_buf secret;
    struct gw_ledger_options options;
    if (cli->args.signer) {
        if (!cli->args.origin)
            return gw_fail(why, GW_EUSAGE, "--signer wants --origin NAME too");
        snprintf(o->key.name, sizeof o->key.name, "%s", cli->args.origin);
        return gw_sign_there(cli->args.signer, &o->sign, why);
    }
    int rc = gw_cli_ledger_options(cli, &secret, &options, why);
    rc = rc ? rc : make_log_key(cli, o, options.passphrase, why);
    rc = rc ? rc
            : gw_keyring_open(o->keys, GW_ROLE_LOG, options.passphrase, &o->key,
                              why);
    gw_cli_forget(&secret);
    rc = rc ? rc
            : gw_signer_open(o->state, &o->key, NULL, &cli->clock, &o->signer,
                             why);
    if (!rc)
        o->sign = gw_sign_here(o->signer);
    return rc;
}

// A key behind --signer is shown where it is, by gawah keys.
static void show_log(const struct own_log *o)
{
    char vkey[GW_VKEY_TEXT];
    printf("log %s, its static files in %s\n", o->key.name, o->public_folder);
    if (!o->signer)
        return;
    gw_vkey_format(&o->key.vkey, vkey);
    printf("others check it with --policy FILE, of two lines:\n"
           "log %s\nquorum none\n",
           vkey);
}

static int run_log(struct gw_cli *cli, struct own_log *o, struct gw_why *why)
{
    enum { JOURNAL_BYTES = 64 << 20, BATCH_MS = 2, PUBLISH_MS = 1000 };
    struct gw_log_options log = {.folder = o->public_folder,
                                 .origin = o->key.name,
                                 .sign = o->sign,
                                 .name = "checkpoint",
                                 .journal = o->journal,
                                 .journal_bytes = JOURNAL_BYTES,
                                 .threads = (int)cli->args.threads};
    struct gw_submit_options submit = {.listen = cli->args.listen,
                                       .threads = (int)cli->args.threads,
                                       .batch_ms = BATCH_MS,
                                       .publish_ms = PUBLISH_MS,
                                       .stop = cli->stop,
                                       .ready = gw_cli_listening,
                                       .ctx = cli};
    int rc = gw_log_open(&log, &o->log, why);
    if (!rc && !cli->args.quiet)
        show_log(o);
    return rc ? rc : gw_log_serve(o->log, o->public_folder, &submit, why);
}

int gw_run_log(struct gw_cli *cli)
{
    struct gw_why why = {0};
    if (cli->args.rest_count != 1 || !cli->args.listen)
        return gw_cli_usage(cli, "log wants a folder and --listen, e.g. "
                                 "--listen 127.0.0.1:7381");
    struct own_log *o = gw_new(sizeof *o);
    if (!o)
        return gw_cli_fail(cli, GW_ENOMEM, &why);
    const char *folder = cli->args.rest[0];
    snprintf(o->public_folder, sizeof o->public_folder, "%s/public", folder);
    snprintf(o->journal, sizeof o->journal, "%s/journal", folder);
    if (cli->args.keys)
        snprintf(o->keys, sizeof o->keys, "%s", cli->args.keys);
    else
        snprintf(o->keys, sizeof o->keys, "%s/keys", folder);
    snprintf(o->state, sizeof o->state, "%.4080s/signed", o->keys);
    int rc = own_log_sign(cli, o, &why);
    rc = rc ? rc : run_log(cli, o, &why);
    gw_log_close(o->log);
    if (o->sign.close)
        o->sign.close(o->sign.ctx);
    if (o->signer)
        gw_signer_close(o->signer);
    gw_wipe(&o->key, sizeof o->key);
    gw_free(o);
    return rc ? gw_cli_fail(cli, rc, &why) : GW_EXIT_OK;
}
