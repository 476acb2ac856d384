// An archive's ledger: its keys, its first leaf, and appending in the same
// transaction as what a leaf witnesses.
#include "ledger/archive.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- paths --------------------------------------------------------------

int ledger_path(char ret[static LEDGER_PATH], const char *folder,
                const char *name, struct gw_why *why)
{
    int n = snprintf(ret, LEDGER_PATH, "%s/%s", folder, name);
    return n > 0 && n < LEDGER_PATH
               ? 0
               : gw_fail(why, GW_ETOOBIG, "%s/%s: the path is too long", folder,
                         name);
}

int ledger_paths(const struct gw_archive *a, const struct gw_ledger_options *o,
                 char ret_keys[static LEDGER_PATH],
                 char ret_folder[static LEDGER_PATH], struct gw_why *why)
{
    const char *archive = gw_archive_folder(a);
    int rc = ledger_path(ret_folder, archive, "ledger", why);
    if (!o->keys)
        return rc ? rc : ledger_path(ret_keys, archive, "keys", why);
    int n = snprintf(ret_keys, LEDGER_PATH, "%s", o->keys);
    return n > 0 && n < LEDGER_PATH
               ? rc
               : gw_fail(why, GW_ETOOBIG, "%s: the path is too long", o->keys);
}

int ledger_file(const char *folder, const char *name, size_t max,
                struct gw_buf *ret, struct gw_why *why)
{
    char path[LEDGER_PATH];
    int rc = ledger_path(path, folder, name, why);
    if (rc)
        return rc;
    size_t before = ret->max;
    if (ret->len + max < ret->max)
        ret->max = ret->len + max;
    rc = gw_file_read(path, ret, why);
    ret->max = before;
    return rc;
}

int ledger_keep(const char *folder, const char *name, gw_span bytes,
                struct gw_why *why)
{
    char path[LEDGER_PATH];
    struct gw_buf there;
    gw_buf_init(&there, CHECKPOINT_MAX);
    int rc = ledger_path(path, folder, name, why);
    bool same = !rc &&
                ledger_file(folder, name, CHECKPOINT_MAX, &there, NULL) == 0 &&
                gw_eq(gw_buf_span(&there), bytes);
    gw_buf_release(&there);
    return rc || same ? rc : gw_file_write(path, bytes, why);
}

// ---- keys ---------------------------------------------------------------

// A log made without a name of its own gets one that nobody else has.
static int make_origin(struct gw_ledger *l, const char *wanted,
                       struct gw_why *why)
{
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    if (wanted) {
        int n = snprintf(l->origin, sizeof l->origin, "%s", wanted);
        return n > 0 && (size_t)n < sizeof l->origin
                   ? 0
                   : gw_fail(why, GW_EUSAGE,
                             "the name of a log has 1 to %d bytes",
                             GW_KEY_NAME_MAX);
    }
    gw_random(l->chance, random, sizeof random);
    gw_hex(random, sizeof random, hex);
    snprintf(l->origin, sizeof l->origin, "gawah.local/%s", hex);
    return 0;
}

static int make_missing(struct gw_ledger *l, enum gw_role role,
                        const char *name, struct gw_why *why)
{
    struct gw_why there = {0};
    int rc = gw_keyring_make(l->keys, role, gw_str(name),
                             gw_buf_span(&l->passphrase), l->chance, &there);
    if (rc == GW_EEXIST)
        return 0;
    return rc ? gw_fail(why, rc, "%s", there.text) : 0;
}

// Interrupted, a second run makes what is missing under the same origin.
static int make_keys(struct gw_ledger *l, const char *origin,
                     struct gw_why *why)
{
    struct gw_key log;
    struct gw_why absent = {0};
    int rc = gw_keyring_public(l->keys, GW_ROLE_LOG, &log, &absent);
    if (rc && rc != GW_ENOENT)
        return gw_fail(why, rc, "%s", absent.text);
    rc = make_origin(l, rc ? origin : log.name, why);
    rc = rc ? rc : make_missing(l, GW_ROLE_LOG, l->origin, why);
    rc = rc ? rc : make_missing(l, GW_ROLE_NEXT, l->origin, why);
    rc = rc ? rc : make_missing(l, GW_ROLE_AUTHOR, l->origin, why);
    return rc ? rc : make_missing(l, GW_ROLE_BOX, l->origin, why);
}

static int first_policy(struct gw_ledger *l, struct gw_why *why)
{
    char path[LEDGER_PATH], vkey[GW_VKEY_TEXT];
    int rc = ledger_path(path, l->keys, "policy.txt", why);
    if (rc || access(path, F_OK) == 0)
        return rc;
    gw_vkey_format(&l->log, vkey);
    struct gw_buf b;
    gw_buf_init(&b, POLICY_MAX);
    gw_put_fmt(&b,
               "# c2sp.org/tlog-policy: whose signatures a checkpoint of this "
               "log needs.\n# To add a witness: witness NAME VKEY URL, then a "
               "group, then quorum GROUP.\nlog %s\nquorum none\n",
               vkey);
    rc = b.err ? gw_fail(why, b.err, "%s: %s", path, gw_strerror(b.err))
               : gw_file_write(path, gw_buf_span(&b), why);
    gw_buf_release(&b);
    return rc;
}

static bool names_key(const struct gw_policy *p, const struct gw_vkey *key)
{
    for (size_t i = 0; i < gw_policy_log_count(p); i++) {
        const struct gw_vkey *k = &gw_policy_log(p, i)->vkey;
        if (k->id == key->id && strcmp(k->name, key->name) == 0)
            return true;
    }
    return false;
}

static const struct gw_policy_member *namesake(const struct gw_policy *p,
                                               const char *name)
{
    for (size_t i = 0; i < gw_policy_log_count(p); i++)
        if (strcmp(gw_policy_log(p, i)->vkey.name, name) == 0)
            return gw_policy_log(p, i);
    return NULL;
}

static int replace_key(struct gw_ledger *l, const char *before,
                       const char *after, struct gw_why *why)
{
    char path[LEDGER_PATH];
    struct gw_buf out;
    gw_span text = gw_buf_span(&l->policy);
    int64_t at = gw_find(text, gw_str(before), 0);
    size_t begin = at < 0 ? text.len : (size_t)at;
    gw_buf_init(&out, POLICY_MAX);
    gw_put_span(&out, gw_sub(text, 0, begin));
    gw_put_str(&out, after);
    gw_put_span(&out, gw_sub(text, begin + strlen(before), text.len));
    int rc = ledger_path(path, l->keys, LEDGER_POLICY, why);
    if (!rc && (at < 0 || out.err))
        rc = gw_fail(why, GW_EFORMAT, "%s: its key cannot be replaced", path);
    rc = rc ? rc : gw_file_write(path, gw_buf_span(&out), why);
    if (!rc) {
        gw_buf_reset(&l->policy);
        gw_put_span(&l->policy, gw_buf_span(&out));
        rc = l->policy.err;
    }
    gw_buf_release(&out);
    return rc;
}

// After a rotation the policy names the key before. It is brought up to date
// where the newest key leaf says just this: that key was the log's, and the
// one that is now was promised to follow it.
static int finish_rotation(struct gw_ledger *l, const struct gw_vkey *old,
                           bool *ret_done, struct gw_why *why)
{
    char before[GW_VKEY_TEXT], after[GW_VKEY_TEXT];
    char promise[2 * GW_HASH_LEN + 32], hex[2 * GW_HASH_LEN + 1];
    char was[GW_VKEY_TEXT + 16];
    struct gw_leaf_row row;
    struct gw_buf entry;
    gw_vkey_format(old, before);
    gw_vkey_format(&l->log, after);
    struct gw_hash32 h =
        gw_sha256(gw_span_of(l->log.public_key, GW_PUBLIC_LEN));
    gw_hex(h.at, sizeof h.at, hex);
    snprintf(promise, sizeof promise, "\"next\":\"%s\"", hex);
    snprintf(was, sizeof was, "\"log\":\"%s\"", before);
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc = gw_leaf_newest(l->a, "key", "keys", &row, &entry, NULL);
    gw_span leaf = gw_buf_span(&entry);
    *ret_done = !rc && gw_find(leaf, gw_str(promise), 0) >= 0 &&
                gw_find(leaf, gw_str(was), 0) >= 0;
    gw_buf_release(&entry);
    return *ret_done ? replace_key(l, before, after, why) : 0;
}

// A policy that was there and is gone is not made anew: the new one would ask
// for nobody, and nobody would have decided that.
static int read_policy(struct gw_ledger *l, struct gw_why *why)
{
    struct gw_policy *p;
    struct gw_why bad = {0};
    int rc = ledger_file(l->keys, LEDGER_POLICY, POLICY_MAX, &l->policy, &bad);
    if (rc == GW_ENOENT)
        return gw_fail(why, GW_EREFUSED,
                       "%s/policy.txt is gone. Put it back: %s/%s is a copy",
                       l->keys, l->folder, LEDGER_LOCAL_POLICY);
    if (rc)
        return gw_fail(why, rc, "%s", bad.text);
    rc = gw_policy_parse(gw_buf_span(&l->policy), &p, &bad);
    if (rc)
        return gw_fail(why, rc, "%s/policy.txt: %s", l->keys, bad.text);
    bool knows = names_key(p, &l->log);
    const struct gw_policy_member *old = knows ? NULL : namesake(p, l->origin);
    if (old)
        rc = finish_rotation(l, &old->vkey, &knows, why);
    gw_policy_free(p);
    if (rc || knows)
        return rc;
    return gw_fail(why, GW_EFORMAT,
                   "%s/policy.txt does not name this log's key; see: gawah "
                   "keys",
                   l->keys);
}

static int read_keys(struct gw_ledger *l, bool fresh, struct gw_why *why)
{
    struct gw_key key;
    int rc = gw_keyring_public(l->keys, GW_ROLE_LOG, &key, why);
    if (rc)
        return rc;
    l->log = key.vkey;
    snprintf(l->origin, sizeof l->origin, "%s", key.name);
    rc = gw_keyring_public(l->keys, GW_ROLE_BOX, &key, why);
    if (rc)
        return rc;
    memcpy(l->box, key.box.public_key, sizeof l->box);
    rc = gw_keyring_open(l->keys, GW_ROLE_AUTHOR, gw_buf_span(&l->passphrase),
                         &l->author, why);
    if (!rc && fresh)
        rc = first_policy(l, why);
    return rc ? rc : read_policy(l, why);
}

// ---- open and close -----------------------------------------------------

static int set_up(struct gw_ledger *l, const struct gw_ledger_options *o,
                  struct gw_why *why)
{
    uint64_t leaves;
    gw_put_span(&l->passphrase, o->passphrase);
    if (o->signer) {
        l->signer = gw_new(strlen(o->signer) + 1);
        if (l->signer)
            memcpy(l->signer, o->signer, strlen(o->signer) + 1);
    }
    if (l->passphrase.err || (o->signer && !l->signer))
        return gw_fail(why, GW_ENOMEM, "out of memory");
    int rc = ledger_paths(l->a, o, l->keys, l->folder, why);
    rc = rc ? rc : gw_leaf_count(l->a, &leaves, why);
    if (!rc && !leaves)
        rc = make_keys(l, o->origin, why);
    rc = rc ? rc : read_keys(l, !leaves, why);
    if (rc == GW_ENOENT && leaves)
        gw_within(why, "this archive has a ledger, but its keys are missing "
                       "(--keys DIR names their folder)");
    if (!rc && o->origin && strcmp(o->origin, l->origin) != 0)
        rc = gw_fail(why, GW_EUSAGE, "this archive's log is called %s, not %s",
                     l->origin, o->origin);
    rc = rc ? rc : gw_mkdirs(l->folder, why);
    return rc ? rc : ledger_witness_keys(l, why);
}

int gw_ledger_open(struct gw_archive *a, const struct gw_ledger_options *o,
                   struct gw_ledger **ret, struct gw_why *why)
{
    struct gw_ledger *l = gw_new(sizeof *l);
    *ret = l;
    if (!l)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    l->a = a;
    l->clock = o->clock ? *o->clock : (struct gw_clock){GW_NEVER};
    l->chance = o->chance;
    gw_buf_init(&l->passphrase, 4096);
    gw_buf_init(&l->policy, POLICY_MAX);
    int rc = set_up(l, o, why);
    if (rc) {
        gw_ledger_close(l);
        *ret = NULL;
    }
    return rc;
}

void gw_ledger_close(struct gw_ledger *l)
{
    if (!l)
        return;
    gw_wipe(&l->author, sizeof l->author);
    if (l->passphrase.at)
        gw_wipe(l->passphrase.at, l->passphrase.len);
    gw_buf_release(&l->passphrase);
    gw_buf_release(&l->policy);
    gw_free(l->signer);
    gw_free(l);
}

struct gw_archive *gw_ledger_archive(const struct gw_ledger *l)
{
    return l->a;
}

const char *gw_ledger_origin(const struct gw_ledger *l)
{
    return l->origin;
}

gw_time gw_ledger_now(const struct gw_ledger *l)
{
    return gw_now(&l->clock);
}

const char *gw_ledger_folder(const struct gw_ledger *l)
{
    return l->folder;
}

// ---- append and commit --------------------------------------------------

void ledger_ref(struct gw_buf *json, uint64_t index, const uint8_t *hash)
{
    char hex[2 * GW_HASH_LEN + 1];
    gw_hex(hash, GW_HASH_LEN, hex);
    gw_put_fmt(json, "{\"index\":%llu,\"leaf\":\"%s\"}",
               (unsigned long long)index, hex);
}

// The item key and the disclosures, closed so that this machine alone cannot
// open them again.
static int close_secret(struct gw_ledger *l, const uint8_t *item_key,
                        gw_span disclosures, struct gw_buf *ret,
                        struct gw_why *why)
{
    char hex[2 * ITEM_KEY + 1];
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_hex(item_key, ITEM_KEY, hex);
    gw_put_fmt(&text, "{\"disclosures\":%.*s,\"key\":\"%s\"}",
               (int)disclosures.len, (const char *)disclosures.at, hex);
    int rc = text.err ? gw_fail(why, text.err, "a leaf hides too much")
                      : gw_box_close(l->box, gw_buf_span(&text), ret, why);
    if (text.at)
        gw_wipe(text.at, text.len);
    gw_wipe(hex, sizeof hex);
    gw_buf_release(&text);
    return rc;
}

int gw_ledger_append(struct gw_ledger *l, const struct gw_new_leaf *leaf,
                     const char *subject, uint64_t *ret_index,
                     struct gw_why *why)
{
    uint8_t item_key[ITEM_KEY];
    struct gw_buf entry, disclosures, secret;
    struct gw_leaf_row row = {0};
    gw_buf_init(&entry, GW_LEAF_MAX);
    gw_buf_init(&disclosures, 1 << 20);
    gw_buf_init(&secret, 2 << 20);
    gw_random(l->chance, item_key, sizeof item_key);
    int rc = gw_leaf_count(l->a, &row.index, why);
    rc = rc ? rc
            : gw_leaf_make(leaf, &l->author, item_key, &entry, &disclosures,
                           why);
    if (!rc && leaf->digests)
        rc = close_secret(l, item_key, gw_buf_span(&disclosures), &secret, why);
    if (!rc) {
        struct gw_hash32 h = gw_leaf_hash(gw_buf_span(&entry));
        memcpy(row.hash, h.at, sizeof row.hash);
        row.entry = gw_buf_span(&entry);
        snprintf(row.type, sizeof row.type, "%s",
                 gw_leaf_type_name(leaf->type));
        snprintf(row.subject, sizeof row.subject, "%s", subject);
        rc = gw_leaf_add(l->a, &row, gw_buf_span(&secret), why);
        *ret_index = row.index;
    }
    gw_wipe(item_key, sizeof item_key);
    if (disclosures.at)
        gw_wipe(disclosures.at, disclosures.len);
    gw_buf_release(&entry);
    gw_buf_release(&disclosures);
    gw_buf_release(&secret);
    return rc;
}

int gw_ledger_commit(struct gw_ledger *l, struct gw_why *why)
{
    char hash[2 * GW_HASH_LEN + 1];
    int rc = gw_evidence_unwitnessed(l->a, hash, why);
    if (rc > 0)
        return gw_fail(why, GW_ECORRUPT,
                       "%.12s: would be kept without a leaf in the ledger",
                       hash);
    return rc ? rc : gw_archive_commit(l->a, why);
}
