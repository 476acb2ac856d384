// Publishing an archive's ledger: what the catalogue has becomes tiles under a
// signed checkpoint. Whatever was published before must be what it still has.
#include "ledger/archive.h"

enum { FEED_BATCH = 512 };

// ---- who signs ----------------------------------------------------------

struct signing {
    struct gw_key key;
    struct gw_signer *here;
    struct gw_sign sign;
};

static int signing_open(struct gw_ledger *l, struct signing *ret,
                        struct gw_why *why)
{
    char state[LEDGER_PATH];
    *ret = (struct signing){0};
    if (l->signer)
        return gw_sign_there(l->signer, &ret->sign, why);
    int rc = ledger_path(state, l->keys, "signed", why);
    rc = rc ? rc
            : gw_keyring_open(l->keys, GW_ROLE_LOG, gw_buf_span(&l->passphrase),
                              &ret->key, why);
    rc =
        rc ? rc
           : gw_signer_open(state, &ret->key, NULL, &l->clock, &ret->here, why);
    if (!rc)
        ret->sign = gw_sign_here(ret->here);
    return rc;
}

static void signing_close(struct signing *s)
{
    if (s->sign.close)
        s->sign.close(s->sign.ctx);
    if (s->here)
        gw_signer_close(s->here);
    gw_wipe(&s->key, sizeof s->key);
}

// ---- leaves into the log ------------------------------------------------

// A tree that was published once: the catalogue's first leaves make it again,
// or nothing is written.
struct promise {
    const char *name;
    struct gw_checkpoint tree; // of size 0: none
};

struct feed {
    struct gw_ledger *l;
    struct gw_log *log;
    struct promise promises[2];
    struct gw_range range; // of the catalogue's leaves so far
    uint64_t have;         // leaves that are in the log
    struct gw_buf bytes;
    gw_span entries[FEED_BATCH];
    size_t offsets[FEED_BATCH];
    size_t count;
    struct gw_why *why;
};

static int feed_flush(struct feed *f)
{
    uint64_t first;
    for (size_t i = 0; i < f->count; i++)
        f->entries[i].at = f->bytes.at + f->offsets[i];
    int rc = f->bytes.err;
    if (!rc && f->count)
        rc = gw_log_append(f->log, f->entries, f->count, &first, f->why);
    f->count = 0;
    gw_buf_reset(&f->bytes);
    return rc;
}

static int fail_leaf(const struct feed *f, uint64_t index, const char *rule)
{
    return gw_fail(f->why, GW_ECORRUPT,
                   "leaf %llu of the catalogue %s. Nothing was sealed; put "
                   "back the newest copy of gawah.db",
                   (unsigned long long)index, rule);
}

static int keeps_promises(const struct feed *f)
{
    for (size_t i = 0; i < GW_COUNT(f->promises); i++) {
        const struct promise *p = &f->promises[i];
        if (!p->tree.size || p->tree.size != f->range.size)
            continue;
        struct gw_hash32 root = gw_range_root(&f->range);
        if (!gw_hash32_eq(&root, &p->tree.root))
            return gw_fail(f->why, GW_EFORK,
                           "%s/%s: of the first %llu leaves the catalogue has "
                           "others than were published. Nothing was sealed; "
                           "put back the newest copy of the whole archive",
                           f->l->folder, p->name,
                           (unsigned long long)p->tree.size);
    }
    return 0;
}

static int feed_leaf(void *ctx, const struct gw_leaf_row *leaf)
{
    struct feed *f = ctx;
    if (leaf->index != f->range.size)
        return fail_leaf(f, f->range.size, "is missing");
    struct gw_hash32 hash = gw_leaf_hash(leaf->entry);
    if (memcmp(hash.at, leaf->hash, sizeof hash.at) != 0)
        return fail_leaf(f, leaf->index, "is not what its hash says");
    gw_range_add(&f->range, &hash);
    int rc = keeps_promises(f);
    if (rc || leaf->index < f->have)
        return rc;
    f->offsets[f->count] = f->bytes.len;
    f->entries[f->count++].len = leaf->entry.len;
    gw_put_span(&f->bytes, leaf->entry);
    return f->count == FEED_BATCH || f->bytes.err ? feed_flush(f) : 0;
}

static int feed_log(struct feed *f, uint64_t leaves)
{
    for (size_t i = 0; i < GW_COUNT(f->promises); i++)
        if (f->promises[i].tree.size > leaves)
            return gw_fail(f->why, GW_EFORK,
                           "%s: the log has %llu entries, the catalogue only "
                           "%llu: an older gawah.db was put back. Do not seal; "
                           "put back the newest copy of the whole archive",
                           f->l->folder,
                           (unsigned long long)f->promises[i].tree.size,
                           (unsigned long long)leaves);
    int rc = gw_leaves_each(f->l->a, 0, NULL, feed_leaf, f, f->why);
    rc = rc ? rc : feed_flush(f);
    return rc ? gw_fail(f->why, rc, "%s: %s", f->l->folder, gw_strerror(rc))
              : 0;
}

// ---- publishing ---------------------------------------------------------

static int read_promise(struct gw_ledger *l, const char *name,
                        struct promise *ret, struct gw_why *why)
{
    struct gw_why bad = {0};
    ret->name = name;
    int rc = ledger_tree(l->folder, name, &ret->tree, &bad);
    if (!rc && strcmp(ret->tree.origin, l->origin) != 0)
        rc = gw_fail(&bad, GW_EFORK, "%s/%s: of log %s, not of %s", l->folder,
                     name, ret->tree.origin, l->origin);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", bad.text) : 0;
}

// The writer goes on from checkpoint.local. A folder that came back from a
// mirror has only the other one.
static int take_up(struct feed *f)
{
    struct gw_ledger *l = f->l;
    struct promise *local = &f->promises[0], *sealed = &f->promises[1];
    int rc = read_promise(l, LEDGER_LOCAL, local, f->why);
    rc = rc ? rc : read_promise(l, LEDGER_SEALED, sealed, f->why);
    if (rc || sealed->tree.size <= local->tree.size)
        return rc;
    struct gw_buf note;
    gw_buf_init(&note, CHECKPOINT_MAX);
    rc = ledger_file(l->folder, LEDGER_SEALED, CHECKPOINT_MAX, &note, f->why);
    rc = rc ? rc
            : ledger_keep(l->folder, LEDGER_LOCAL, gw_buf_span(&note), f->why);
    gw_buf_release(&note);
    return rc;
}

static int publish_with(struct feed *f, struct gw_sealed *ret)
{
    struct gw_ledger *l = f->l;
    struct signing s = {0};
    uint64_t leaves;
    int rc = take_up(f);
    rc = rc ? rc : gw_leaf_count(l->a, &leaves, f->why);
    rc = rc ? rc : signing_open(l, &s, f->why);
    struct gw_log_options o = {.folder = l->folder,
                               .origin = l->origin,
                               .sign = s.sign,
                               .name = LEDGER_LOCAL};
    rc = rc ? rc : gw_log_open(&o, &f->log, f->why);
    if (!rc)
        ret->first = f->have = gw_log_size(f->log);
    rc = rc ? rc : feed_log(f, leaves);
    rc = rc ? rc : gw_log_publish(f->log, &ret->checkpoint, f->why);
    if (!rc)
        ret->count = ret->checkpoint.size - ret->first;
    gw_log_close(f->log);
    signing_close(&s);
    return rc;
}

static int publish(struct gw_ledger *l, struct gw_sealed *ret,
                   struct gw_why *why)
{
    struct feed *f = gw_new(sizeof *f);
    if (!f)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    f->l = l;
    f->why = why;
    gw_buf_init(&f->bytes, FEED_BATCH * (size_t)GW_LEAF_MAX);
    int rc = publish_with(f, ret);
    gw_buf_release(&f->bytes);
    gw_free(f);
    return rc;
}

// What the log has can never be taken back: the catalogue keeps it first.
int gw_ledger_seal(struct gw_ledger *l, bool ask, struct gw_sealed *ret,
                   struct gw_why *why)
{
    *ret = (struct gw_sealed){0};
    int rc = gw_ledger_commit(l, why);
    rc = rc ? rc : publish(l, ret, why);
    rc = rc ? rc
            : ledger_keep(l->folder, LEDGER_LOCAL_POLICY,
                          gw_buf_span(&l->policy), why);
    return rc ? rc : ledger_cosign(l, ask, ret, why);
}
