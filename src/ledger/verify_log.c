// Audits a whole log, in a folder or at a URL, and what its key leaves say of
// the keys that sign it.
#include "ledger/verify.h"

#include <stdio.h>

enum { POLICY_MAX = 256 << 10, KEY_ARENA_MAX = 1 << 20 };

// What the key leaves say, as the audit passes them in order.
struct key_leaves {
    struct verify *v;
    struct gw_arena *arena; // emptied for each leaf
    bool of_leaves;         // entry 0 is a leaf
    bool first_is_key;
    char broken[520]; // the first rule that was, in words
    size_t count;
    uint64_t newest;
    struct gw_vkey log;
    struct gw_hash32 next, policy; // as the newest has them
};

// ---- key leaves ---------------------------------------------------------

static void break_keys(struct key_leaves *k, uint64_t index, const char *rule)
{
    if (!k->broken[0])
        snprintf(k->broken, sizeof k->broken, "leaf %llu: %s",
                 (unsigned long long)index, rule);
}

// A rotation is good if the key leaf before it promised this very key.
static void take_key_leaf(struct key_leaves *k, uint64_t index, gw_span entry)
{
    struct key_leaf leaf;
    if (!key_leaf_read(k->v->json, entry, k->arena, &leaf, NULL)) {
        break_keys(k, index, "a key leaf that does not name its keys");
        return;
    }
    struct gw_leaf_read read;
    struct gw_why why = {0};
    if (gw_leaf_read(entry, &leaf.author, &read, &why))
        break_keys(k, index, why.text);
    struct gw_hash32 public_key =
        gw_sha256(gw_span_of(leaf.log.public_key, GW_PUBLIC_LEN));
    if (k->count && !key_is(&leaf.log, &k->log) &&
        !gw_hash32_eq(&public_key, &k->next))
        break_keys(k, index,
                   "a new log key, and not the one that was promised before");
    k->log = leaf.log;
    k->next = leaf.next;
    k->policy = leaf.policy;
    k->newest = index;
    k->count++;
}

static int take_entry(struct key_leaves *k, uint64_t index, gw_span entry,
                      struct gw_why *why)
{
    struct gw_leaf_read read;
    if (index && gw_find(entry, GW_LIT("\"type\":\"key\""), 0) < 0)
        return 0;
    int rc = gw_leaf_read(entry, NULL, &read, NULL);
    if (rc == GW_ENOMEM)
        return gw_fail(why, rc, "out of memory");
    bool is_key = !rc && read.type == GW_LEAF_KEY;
    if (!index) {
        k->of_leaves = !rc;
        k->first_is_key = is_key;
    }
    gw_arena_reset(k->arena);
    if (is_key && k->of_leaves)
        take_key_leaf(k, index, entry);
    return 0;
}

static int see_file(void *ctx, int level, uint64_t n, unsigned width,
                    gw_span bytes, struct gw_why *why)
{
    gw_span entries[GW_TILE_WIDTH];
    struct key_leaves *k = ctx;
    if (level != GW_TILE_ENTRIES || (n && !k->of_leaves))
        return 0;
    int rc = gw_bundle_split(bytes, width, entries, why);
    for (unsigned i = 0; i < width && !rc; i++)
        rc = take_entry(k, n * GW_TILE_WIDTH + i, entries[i], why);
    return rc;
}

static void pass_progress(void *ctx, uint64_t entries, uint64_t total)
{
    const struct gw_verify_options *o = ((struct key_leaves *)ctx)->v->o;
    o->progress(o->ctx, entries, total);
}

static void judge_keys(struct key_leaves *k, const struct gw_opened *c)
{
    const struct verify *v = k->v;
    if (!k->first_is_key || !k->count)
        break_keys(k, 0, "does not name the log's keys");
    else if (c->log && !key_is(&k->log, &c->log->vkey))
        break_keys(k, k->newest,
                   "names another log key than the one that "
                   "signed the checkpoint");
    else if (v->policy_came_along && !gw_hash32_eq(&v->policy_hash, &k->policy))
        break_keys(k, k->newest, "names another policy than policy.txt here");
}

static void say_keys(struct key_leaves *k, const struct gw_opened *c)
{
    struct verify *v = k->v;
    if (!k->of_leaves) {
        verify_say(v, GW_STEP_NOTE, "keys",
                   "the entries are no leaves of an archive, so nothing in "
                   "the log names its keys");
        return;
    }
    judge_keys(k, c);
    if (k->broken[0])
        verify_say(v, GW_STEP_BAD, "keys", "%s", k->broken);
    else
        verify_say(v, GW_STEP_OK, "keys",
                   "leaf %llu, the newest of %zu that name keys, names the "
                   "one that signed; each was promised by the one before",
                   (unsigned long long)k->newest, k->count);
}

// ---- the log ------------------------------------------------------------

struct auditing {
    struct verify *v;
    const char *where;
    struct gw_log_reader *reader;
    struct gw_opened opened;
    struct key_leaves keys;
};

// Into the arena; at NULL if there is no such file.
static int get(struct auditing *a, const char *name, size_t max, gw_span *ret)
{
    struct gw_buf b;
    struct gw_why why = {0};
    *ret = (gw_span){0};
    gw_buf_init(&b, max);
    int rc = gw_log_get(a->reader, name, max, &b, &why);
    if (!rc) {
        *ret = gw_arena_copy(a->v->arena,
                             b.len ? gw_buf_span(&b) : gw_span_of("", 0));
        rc = ret->at ? 0 : gw_fail(&why, GW_ENOMEM, "out of memory");
    }
    gw_buf_release(&b);
    return !rc || rc == GW_ENOENT ? 0 : gw_fail(a->v->why, rc, "%s", why.text);
}

// Before a quorum has signed, checkpoint.local is all there is.
static int get_checkpoint(struct auditing *a, gw_span *ret, const char **name)
{
    *name = "checkpoint";
    int rc = get(a, *name, GW_NOTE_MAX, ret);
    if (rc || ret->at)
        return rc;
    *name = "checkpoint.local";
    rc = get(a, *name, GW_NOTE_MAX, ret);
    if (rc || ret->at)
        return rc;
    return gw_fail(a->v->why, GW_ENOENT, "%s: no checkpoint there", a->where);
}

static int open_log(struct auditing *a, bool *ret_ok)
{
    gw_span note, policy = {0};
    const char *name;
    int rc = gw_log_reader_open(a->where, &a->reader, a->v->why);
    rc = rc ? rc : get_checkpoint(a, &note, &name);
    if (!rc && !a->v->o->policy)
        rc = get(a, "policy.txt", POLICY_MAX, &policy);
    rc = rc ? rc : verify_policy(a->v, policy, "policy.txt");
    if (rc || !a->v->policy)
        return rc;
    return verify_checkpoint(a->v, note, name, &a->opened, ret_ok);
}

// The earlier checkpoint. A key that has been replaced since may have signed
// it; it is the reader's own, so that is a note.
static int open_old(struct auditing *a, struct gw_checkpoint *ret, bool *ret_ok)
{
    struct verify *v = a->v;
    struct gw_note note;
    struct gw_opened opened;
    struct gw_why why = {0};
    gw_span bytes;
    *ret_ok = false;
    int rc = verify_load(v, v->o->old, GW_NOTE_MAX, &bytes, &why);
    if (rc)
        return gw_fail(v->why, rc, "%s", why.text);
    rc = gw_note_parse(bytes, v->arena, &note, &why);
    rc = rc ? rc : gw_checkpoint_parse(note.text, ret, &why);
    if (!rc && strcmp(ret->origin, a->opened.checkpoint.origin) != 0)
        rc = gw_fail(&why, GW_EPROOF, "of another log, %s", ret->origin);
    if (rc)
        return verify_blame(v, "prefix", v->o->old, rc, &why);
    *ret_ok = true;
    rc = gw_policy_open(v->policy, bytes, v->arena, &opened, &why);
    if (rc)
        verify_say(v, GW_STEP_NOTE, "prefix",
                   "%s: not signed by a key that the policy has now: %s",
                   v->o->old, why.text);
    return rc == GW_ENOMEM ? gw_fail(v->why, rc, "out of memory") : 0;
}

static int run_audit(struct auditing *a, const struct gw_checkpoint *old,
                     struct gw_audit *ret, struct gw_why *why)
{
    const struct gw_verify_options *o = a->v->o;
    struct gw_audit_options options = {.threads = o->threads,
                                       .old = old,
                                       .file = see_file,
                                       .progress =
                                           o->progress ? pass_progress : NULL,
                                       .ctx = &a->keys,
                                       .stop = o->stop};
    gw_arena_reset(a->keys.arena);
    a->keys = (struct key_leaves){.v = a->v, .arena = a->keys.arena};
    return gw_log_audit(a->reader, &a->opened.checkpoint, &options, ret, why);
}

static void say_audit(struct verify *v, const char *where,
                      const struct gw_audit *done)
{
    unsigned long long n = done->entries, files = done->files;
    verify_say(v, GW_STEP_OK, "audit",
               "%s: %s %llu %s and %llu %s are as the checkpoint says", where,
               n == 1 ? "its" : "all", n, n == 1 ? "entry" : "entries", files,
               files == 1 ? "file" : "files");
}

static void say_prefix(struct verify *v, uint64_t size)
{
    if (size == 1)
        verify_say(v, GW_STEP_OK, "prefix",
                   "%s: its entry is the first of this log", v->o->old);
    else
        verify_say(v, GW_STEP_OK, "prefix",
                   "%s: its %llu entries are the first of this log", v->o->old,
                   (unsigned long long)size);
}

static int audit(struct auditing *a)
{
    struct verify *v = a->v;
    struct gw_checkpoint old;
    struct gw_audit done;
    struct gw_why why = {0};
    bool has_old = false;
    int rc = v->o->old ? open_old(a, &old, &has_old) : 0;
    if (rc)
        return rc;
    rc = run_audit(a, has_old ? &old : NULL, &done, &why);
    if (rc == GW_EFORK && has_old) {
        verify_say(v, GW_STEP_BAD, "prefix", "%s: %s", v->o->old, why.text);
        why = (struct gw_why){0};
        has_old = false;
        rc = run_audit(a, NULL, &done, &why);
    }
    if (rc && v->o->stop && atomic_load(v->o->stop))
        return gw_fail(v->why, rc, "%s", why.text);
    if (rc)
        return verify_blame(v, "audit", a->where, rc, &why);
    say_audit(v, a->where, &done);
    if (has_old)
        say_prefix(v, old.size);
    say_keys(&a->keys, &a->opened);
    return 0;
}

int verify_log(struct verify *v, const char *where)
{
    struct auditing a = {.v = v, .where = where};
    bool ok = false;
    a.keys.arena = gw_arena_new(KEY_ARENA_MAX);
    int rc = a.keys.arena ? open_log(&a, &ok)
                          : gw_fail(v->why, GW_ENOMEM, "out of memory");
    if (!rc && ok) {
        verify_not_after(v, &a.opened);
        rc = audit(&a);
    }
    gw_log_reader_close(a.reader);
    gw_arena_free(a.keys.arena);
    return rc;
}
