// keys: the public halves, new ones, rotation, and a signer that never faces
// the network.
#include "cli/cli.h"

#include <unistd.h>

static const char *keys_folder(const struct gw_cli *cli, char ret[4096])
{
    const char *archive = cli->args.archive;
    if (cli->args.keys)
        return cli->args.keys;
    if (!archive)
        archive = getenv("GAWAH_ARCHIVE");
    snprintf(ret, 4096, "%s/keys", archive && *archive ? archive : "archive");
    return ret;
}

static void show_key(struct gw_cli *cli, const struct gw_key *k, bool locked)
{
    static const char *const purposes[GW_ROLE_COUNT] = {
        [GW_ROLE_LOG] = "signs checkpoints",
        [GW_ROLE_NEXT] = "will sign them after gawah keys rotate",
        [GW_ROLE_AUTHOR] = "signs leaves",
        [GW_ROLE_BOX] = "opens what leaves hide",
        [GW_ROLE_WITNESS] = "cosigns what it has seen",
        [GW_ROLE_MIRROR] = "cosigns what it holds"};
    char text[GW_VKEY_TEXT] = "";
    if (k->role == GW_ROLE_BOX)
        gw_hex(k->box.public_key, sizeof k->box.public_key, text);
    else
        gw_vkey_format(&k->vkey, text);
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "role", gw_str(gw_role_name(k->role)));
        gw_jw_kstr(&w, "name", gw_str(k->name));
        gw_jw_kstr(&w, "public", gw_str(text));
        gw_jw_key(&w, "passphrase");
        gw_jw_bool(&w, locked);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    printf("%-8s %s%s\n         %s\n", gw_role_name(k->role), purposes[k->role],
           locked ? ", behind a passphrase" : "", text);
}

static int show_keys(struct gw_cli *cli, const char *folder, struct gw_why *why)
{
    size_t shown = 0;
    for (int r = 0; r < GW_ROLE_COUNT; r++) {
        struct gw_key k;
        struct gw_why none = {0};
        bool locked = false;
        int rc = gw_keyring_public(folder, (enum gw_role)r, &k, &none);
        if (rc == GW_ENOENT)
            continue;
        rc = rc ? rc
                : gw_keyring_is_locked(folder, (enum gw_role)r, &locked, &none);
        if (rc)
            return gw_fail(why, rc, "%s", none.text);
        show_key(cli, &k, locked);
        shown++;
    }
    if (!shown)
        return gw_fail(why, GW_ENOENT,
                       "%s: there are no keys here; gawah init "
                       "makes an archive's",
                       folder);
    return 0;
}

static int new_key(struct gw_cli *cli, const char *folder, gw_span passphrase,
                   struct gw_why *why)
{
    enum gw_role role;
    struct gw_key k;
    bool locked = false;
    if (cli->args.rest_count != 3)
        return gw_fail(why, GW_EUSAGE,
                       "gawah keys new ROLE NAME, e.g. gawah keys new witness "
                       "example.org/witness --keys witness-keys");
    if (gw_role_parse(gw_str(cli->args.rest[1]), &role))
        return gw_fail(why, GW_EUSAGE,
                       "\"%s\" is no role: log, next, author, box, witness or "
                       "mirror",
                       cli->args.rest[1]);
    int rc = gw_keyring_make(folder, role, gw_str(cli->args.rest[2]),
                             passphrase, NULL, why);
    rc = rc ? rc : gw_keyring_public(folder, role, &k, why);
    rc = rc ? rc : gw_keyring_is_locked(folder, role, &locked, why);
    if (!rc)
        show_key(cli, &k, locked);
    return rc;
}

// The policy names the log's key: the new one takes the old one's place, and
// the next seal puts a leaf in the log that says so.
static int replace_in_policy(const char *folder, const struct gw_vkey *old,
                             const struct gw_vkey *new, struct gw_why *why)
{
    char path[4096], before[GW_VKEY_TEXT], after[GW_VKEY_TEXT];
    struct gw_buf text, out;
    snprintf(path, sizeof path, "%.4000s/policy.txt", folder);
    if (access(path, F_OK))
        return 0;
    gw_vkey_format(old, before);
    gw_vkey_format(new, after);
    gw_buf_init(&text, 1 << 20);
    gw_buf_init(&out, 1 << 20);
    int rc = gw_file_read(path, &text, why);
    int64_t at = gw_find(gw_buf_span(&text), gw_str(before), 0);
    if (!rc && at >= 0) {
        gw_put(&out, text.at, (size_t)at);
        gw_put_str(&out, after);
        gw_put_span(&out, gw_sub(gw_buf_span(&text),
                                 (size_t)at + strlen(before), text.len));
        rc = out.err ? out.err : gw_file_write(path, gw_buf_span(&out), why);
    }
    gw_buf_release(&text);
    gw_buf_release(&out);
    return rc;
}

static int rotate(struct gw_cli *cli, const char *folder, gw_span passphrase,
                  struct gw_why *why)
{
    struct gw_key old, new;
    int rc = gw_keyring_public(folder, GW_ROLE_LOG, &old, why);
    rc = rc ? rc : gw_keyring_rotate(folder, passphrase, NULL, why);
    rc = rc ? rc : gw_keyring_public(folder, GW_ROLE_LOG, &new, why);
    rc = rc ? rc : replace_in_policy(folder, &old.vkey, &new.vkey, why);
    if (rc)
        return rc;
    show_key(cli, &new, passphrase.len > 0);
    if (!cli->args.json && !cli->args.quiet)
        puts("readers and witnesses need the new key above; next: gawah seal");
    return 0;
}

static void say_ready(void *ctx, const char *address)
{
    struct gw_cli *cli = ctx;
    if (!cli->args.quiet)
        printf("listening on %s\n", address);
    fflush(stdout);
}

static int serve(struct gw_cli *cli, const char *folder, gw_span passphrase,
                 struct gw_why *why)
{
    struct gw_key key;
    struct gw_signer *signer;
    char state[4096];
    if (!cli->args.listen || strncmp(cli->args.listen, "unix:", 5) != 0)
        return gw_fail(why, GW_EUSAGE,
                       "keys serve wants --listen unix:PATH: a "
                       "signer never faces the network");
    snprintf(state, sizeof state, "%.4000s/signed", folder);
    int rc = gw_keyring_open(folder, GW_ROLE_LOG, passphrase, &key, why);
    rc = rc ? rc : gw_signer_open(state, &key, NULL, &cli->clock, &signer, why);
    if (rc)
        return rc;
    struct gw_serve_options o = {.listen = cli->args.listen,
                                 .stop = cli->stop,
                                 .ready = say_ready,
                                 .ctx = cli};
    rc = gw_witness_serve(signer, &o, why);
    gw_signer_close(signer);
    gw_wipe(&key, sizeof key);
    return rc;
}

int gw_run_keys(struct gw_cli *cli)
{
    char buffer[4096];
    struct gw_why why = {0};
    struct gw_buf secret;
    struct gw_ledger_options o;
    const char *folder = keys_folder(cli, buffer);
    const char *what = cli->args.rest_count ? cli->args.rest[0] : "";
    int rc = gw_cli_ledger_options(cli, &secret, &o, &why);
    if (rc)
        ; // told below
    else if (!*what)
        rc = show_keys(cli, folder, &why);
    else if (strcmp(what, "new") == 0)
        rc = new_key(cli, folder, o.passphrase, &why);
    else if (strcmp(what, "rotate") == 0)
        rc = rotate(cli, folder, o.passphrase, &why);
    else if (strcmp(what, "serve") == 0)
        rc = serve(cli, folder, o.passphrase, &why);
    else
        rc = gw_fail(&why, GW_EUSAGE,
                     "keys takes rotate, new or serve, not "
                     "\"%s\"",
                     what);
    gw_cli_forget(&secret);
    return rc ? gw_cli_fail(cli, rc, &why) : GW_EXIT_OK;
}
