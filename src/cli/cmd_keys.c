// keys: the public halves, new ones, rotation, and a signer that never faces
// the network.
#include "cli/cli.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *keys_folder(const struct gw_cli *cli, char ret[4096])
{
    if (cli->args.keys)
        return cli->args.keys;
    snprintf(ret, 4096, "%s/keys", gw_cli_archive(cli));
    return ret;
}

enum secret { OPEN, LOCKED, ELSEWHERE };

static int find_secret(const char *folder, enum gw_role role, enum secret *ret,
                       struct gw_why *why)
{
    bool locked = false, elsewhere = false;
    int rc = gw_keyring_is_locked(folder, role, &locked, why);
    rc = rc ? rc : gw_keyring_is_elsewhere(folder, role, &elsewhere, why);
    *ret = elsewhere ? ELSEWHERE : locked ? LOCKED : OPEN;
    return rc;
}

static void show_key(struct gw_cli *cli, const struct gw_key *k,
                     enum secret secret)
{
    static const char *const purposes[GW_ROLE_COUNT] = {
        [GW_ROLE_LOG] = "signs checkpoints",
        [GW_ROLE_NEXT] = "will sign them after gawah keys rotate",
        [GW_ROLE_AUTHOR] = "signs leaves",
        [GW_ROLE_BOX] = "opens what leaves hide",
        [GW_ROLE_WITNESS] = "cosigns what it has seen",
        [GW_ROLE_MIRROR] = "cosigns what it holds"};
    static const char *const where[] = {"", ", behind a passphrase",
                                        ", its secret elsewhere"};
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
        gw_jw_bool(&w, secret == LOCKED);
        gw_jw_key(&w, "elsewhere");
        gw_jw_bool(&w, secret == ELSEWHERE);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    printf("%-8s %s%s\n         %s\n", gw_role_name(k->role), purposes[k->role],
           where[secret], text);
}

static int show_keys(struct gw_cli *cli, const char *folder, struct gw_why *why)
{
    size_t shown = 0;
    for (int r = 0; r < GW_ROLE_COUNT; r++) {
        struct gw_key k;
        struct gw_why none = {0};
        enum secret secret = OPEN;
        int rc = gw_keyring_public(folder, (enum gw_role)r, &k, &none);
        if (rc == GW_ENOENT)
            continue;
        rc = rc ? rc : find_secret(folder, (enum gw_role)r, &secret, &none);
        if (rc)
            return gw_fail(why, rc, "%s", none.text);
        show_key(cli, &k, secret);
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
    enum secret secret = OPEN;
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
    rc = rc ? rc : find_secret(folder, role, &secret, why);
    if (!rc)
        show_key(cli, &k, secret);
    return rc;
}

// Each key of a log is promised by the leaf that names the one before. A key
// that was replaced before it stood in a leaf breaks that chain for good.
static int check_promised(struct gw_cli *cli, const struct gw_key *now,
                          struct gw_why *why)
{
    struct gw_archive *a;
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct gw_why none = {0};
    char key[GW_VKEY_TEXT], name[GW_KEY_NAME_MAX + 16];
    if (gw_archive_open(gw_cli_archive(cli), GW_ARCHIVE_READ, &cli->clock, &a,
                        &none))
        return 0; // keys without an archive: no leaf speaks of them
    gw_buf_init(&entry, GW_LEAF_MAX);
    gw_vkey_format(&now->vkey, key);
    snprintf(name, sizeof name, "\"log\":\"%s+", now->name);
    int rc = gw_leaf_newest(a, "key", "keys", &row, &entry, &none);
    gw_span leaf = gw_buf_span(&entry);
    if (!rc && gw_find(leaf, gw_str(name), 0) >= 0 &&
        gw_find(leaf, gw_str(key), 0) < 0)
        rc = gw_fail(why, GW_EREFUSED,
                     "the key in force is not in the log yet, and a log whose "
                     "keys do not follow from each other does not verify: "
                     "first gawah seal");
    else
        rc = 0;
    gw_buf_release(&entry);
    gw_archive_close(a);
    return rc;
}

static int rotate(struct gw_cli *cli, const char *folder, gw_span passphrase,
                  struct gw_why *why)
{
    struct gw_key old, new;
    bool elsewhere = false;
    if (cli->args.rest_count != 1)
        return gw_fail(why, GW_EUSAGE, "rotate takes nothing more");
    int rc = gw_keyring_public(folder, GW_ROLE_LOG, &old, why);
    rc = rc ? rc
            : gw_keyring_is_elsewhere(folder, GW_ROLE_NEXT, &elsewhere, why);
    if (!rc && elsewhere)
        rc = gw_fail(why, GW_EREFUSED,
                     "%s: the next key is elsewhere. There: gawah keys rotate "
                     "--keys DIR; then here: gawah keys take DIR",
                     folder);
    rc = rc ? rc : check_promised(cli, &old, why);
    rc = rc ? rc : gw_keyring_rotate(folder, passphrase, NULL, why);
    rc = rc ? rc : gw_keyring_public(folder, GW_ROLE_LOG, &new, why);
    if (rc)
        return rc;
    show_key(cli, &new, passphrase.len ? LOCKED : OPEN);
    if (!cli->args.json && !cli->args.quiet) {
        puts("readers and witnesses need the new key above");
        gw_cli_next(cli, "seal");
    }
    return 0;
}

// ---- keys whose secret is elsewhere -------------------------------------

static int size_of_state(const char *path, uint64_t *ret, struct gw_why *why)
{
    struct gw_buf b;
    struct gw_note note;
    struct gw_checkpoint c = {.size = 0};
    struct gw_arena *arena = gw_arena_new(4 << 20);
    gw_buf_init(&b, GW_NOTE_MAX);
    int rc = arena ? gw_file_read(path, &b, why)
                   : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_note_parse(gw_buf_span(&b), arena, &note, why);
    rc = rc ? rc : gw_checkpoint_parse(note.text, &c, why);
    *ret = c.size;
    gw_buf_release(&b);
    gw_arena_free(arena);
    return rc;
}

struct moving {
    char to[4096]; // folder "signed" there
    bool remove;
    struct gw_why *why;
};

// What the signer has signed goes along, and the newer memory wins: an older
// one is how a log comes to sign two histories.
static int move_state(void *ctx, const char *path)
{
    const struct moving *m = ctx;
    char to[4096];
    uint64_t here, there = 0;
    struct gw_buf b;
    const char *name = strrchr(path, '/') + 1;
    if (strlen(name) != 2 * GW_HASH_LEN)
        return 0; // its lock
    snprintf(to, sizeof to, "%.3900s/%s", m->to, name);
    int rc = size_of_state(path, &here, m->why);
    if (!rc && access(to, F_OK) == 0)
        rc = size_of_state(to, &there, m->why);
    gw_buf_init(&b, GW_NOTE_MAX);
    if (!rc && here > there) {
        rc = gw_file_read(path, &b, m->why);
        rc = rc ? rc : gw_file_write(to, gw_buf_span(&b), m->why);
    }
    gw_buf_release(&b);
    if (!rc && m->remove && unlink(path))
        rc = gw_fail(m->why, GW_EIO, "%s: cannot be removed", path);
    return rc;
}

static int move_states(const char *folder, const char *to, bool remove,
                       struct gw_why *why)
{
    char from[4096];
    struct moving m = {.remove = remove, .why = why};
    snprintf(from, sizeof from, "%.4000s/signed", folder);
    snprintf(m.to, sizeof m.to, "%.4000s/signed", to);
    if (access(from, F_OK))
        return 0;
    int rc = gw_mkdirs(m.to, why);
    return rc ? rc : gw_walk(from, move_state, &m, why);
}

// The memory is there before a key is, and goes here after all keys went.
static int move(struct gw_cli *cli, const char *folder, struct gw_why *why)
{
    if (cli->args.rest_count != 2)
        return gw_fail(why, GW_EUSAGE,
                       "gawah keys move DIR, the folder that the signer will "
                       "have (gawah keys serve --keys DIR)");
    const char *to = cli->args.rest[1];
    int rc = gw_keyring_move(folder, GW_ROLE_NEXT, to, why);
    rc = rc ? rc : move_states(folder, to, false, why);
    rc = rc ? rc : gw_keyring_move(folder, GW_ROLE_LOG, to, why);
    rc = rc ? rc : move_states(folder, to, true, why);
    if (!rc && !cli->args.json && !cli->args.quiet)
        printf("moved: the secrets of log and next are in %s, and only there\n"
               "to sign with them: gawah keys serve --keys %s --listen "
               "unix:/PATH\nand here: gawah seal --signer unix:/PATH\n",
               to, to);
    return rc;
}

// Of what gawah keys prints: a line that begins with the role, and on the next
// one the vkey.
static int find_vkey(gw_span text, enum gw_role role, struct gw_vkey *ret,
                     struct gw_why *why)
{
    while (text.len) {
        gw_span line = gw_cut(&text, '\n');
        if (gw_is(gw_cut(&line, ' '), gw_role_name(role)))
            return gw_vkey_parse(gw_trim(gw_cut(&text, '\n')), ret, why);
    }
    return gw_fail(why, GW_EFORMAT, "no key of role %s in it",
                   gw_role_name(role));
}

static int read_publics(const char *from, struct gw_vkey *ret_log,
                        struct gw_vkey *ret_next, struct gw_why *why)
{
    struct gw_key log, next;
    struct gw_buf b;
    struct stat st;
    if (stat(from, &st) == 0 && S_ISDIR(st.st_mode)) {
        int rc = gw_keyring_public(from, GW_ROLE_LOG, &log, why);
        rc = rc ? rc : gw_keyring_public(from, GW_ROLE_NEXT, &next, why);
        if (!rc) {
            *ret_log = log.vkey;
            *ret_next = next.vkey;
        }
        return rc;
    }
    struct gw_why said = {0};
    gw_buf_init(&b, 64 << 10);
    int rc = gw_file_read(from, &b, why);
    if (!rc) {
        rc = find_vkey(gw_buf_span(&b), GW_ROLE_LOG, ret_log, &said);
        rc =
            rc ? rc : find_vkey(gw_buf_span(&b), GW_ROLE_NEXT, ret_next, &said);
        if (rc)
            gw_fail(why, rc, "%s: %s; it takes what gawah keys prints", from,
                    said.text);
    }
    gw_buf_release(&b);
    return rc;
}

static int take(struct gw_cli *cli, const char *folder, struct gw_why *why)
{
    struct gw_vkey log, next;
    struct gw_key now;
    if (cli->args.rest_count != 2)
        return gw_fail(why, GW_EUSAGE,
                       "gawah keys take DIR, the folder of the signer's keys, "
                       "or a file with what gawah keys prints there");
    int rc = read_publics(cli->args.rest[1], &log, &next, why);
    rc = rc ? rc : gw_keyring_public(folder, GW_ROLE_LOG, &now, why);
    if (!rc && now.vkey.id != log.id)
        rc = check_promised(cli, &now, why);
    rc = rc ? rc : gw_keyring_take(folder, &log, &next, why);
    rc = rc ? rc : gw_keyring_public(folder, GW_ROLE_LOG, &now, why);
    if (rc)
        return rc;
    show_key(cli, &now, ELSEWHERE);
    if (!cli->args.json && !cli->args.quiet)
        gw_cli_next(cli, "seal --signer unix:/PATH");
    return 0;
}

static int serve(struct gw_cli *cli, const char *folder, gw_span passphrase,
                 struct gw_why *why)
{
    struct gw_key key;
    struct gw_signer *signer;
    char state[4096];
    if (!cli->args.listen || strncmp(cli->args.listen, "unix:", 5) != 0)
        return gw_fail(why, GW_EUSAGE,
                       "keys serve wants --listen unix:/PATH: a "
                       "signer never faces the network");
    snprintf(state, sizeof state, "%.4000s/signed", folder);
    int rc = gw_keyring_open(folder, GW_ROLE_LOG, passphrase, &key, why);
    rc = rc ? rc : gw_signer_open(state, &key, NULL, &cli->clock, &signer, why);
    if (rc)
        return rc;
    struct gw_serve_options o = {.listen = cli->args.listen,
                                 .stop = cli->stop,
                                 .ready = gw_cli_listening,
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
    else if (strcmp(what, "move") == 0)
        rc = move(cli, folder, &why);
    else if (strcmp(what, "take") == 0)
        rc = take(cli, folder, &why);
    else
        rc = gw_fail(&why, GW_EUSAGE,
                     "keys takes rotate, new, serve, move or take, not "
                     "\"%s\"",
                     what);
    gw_cli_forget(&secret);
    gw_cli_hint_passphrase(&why);
    return rc ? gw_cli_fail(cli, rc, &why) : GW_EXIT_OK;
}
