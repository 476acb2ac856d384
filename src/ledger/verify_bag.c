// Checks a bundle: the bag, the checkpoint, its leaves and their place in the
// log, and then all that rests on them.
#include "ledger/lines.h"
#include "ledger/verify.h"

#include <stdio.h>

enum { POLICY_MAX = 256 << 10, PATH_TEXT = 160 };

// ---- the bag ------------------------------------------------------------

static void on_bad(void *ctx, const char *text)
{
    verify_say(ctx, GW_STEP_BAD, "bag", "%s", text);
}

static int check_bag(struct bagged *b, const char *folder)
{
    size_t bad = b->v->ret->bad;
    int rc = bag_check(folder, b->v->arena, on_bad, b->v, &b->bag, b->v->why);
    if (!rc && b->v->ret->bad == bad)
        verify_say(b->v, GW_STEP_OK, "bag",
                   "%s: %zu files, %llu bytes, each as the manifests list it",
                   folder, b->bag.count, (unsigned long long)b->bag.bytes);
    return rc;
}

static int read_policy(struct bagged *b)
{
    struct gw_why why = {0};
    gw_span text = {0};
    int rc = b->v->o->policy
                 ? 0
                 : bag_load(&b->bag, "policy.txt", POLICY_MAX, &text, &why);
    return rc ? verify_blame(b->v, "policy", "policy.txt", rc, &why)
              : verify_policy(b->v, text, "policy.txt");
}

static int read_chain(struct bagged *b, bool *ret_ok)
{
    struct gw_why why = {0};
    gw_span text;
    int rc = bag_load(&b->bag, "chain.json", CHAIN_MAX, &text, &why);
    rc = rc ? rc : chain_parse(b->v->json, text, b->v->arena, &b->chain, &why);
    *ret_ok = !rc;
    return rc ? verify_blame(b->v, "bag", "chain.json", rc, &why) : 0;
}

// ---- leaves -------------------------------------------------------------

struct bag_leaf *bagged_leaf(const struct bagged *b, uint64_t index)
{
    for (size_t i = 0; i < b->leaf_count; i++)
        if (b->leaves[i].index == index)
            return &b->leaves[i];
    return NULL;
}

struct bag_leaf *bagged_proved(struct bagged *b, uint64_t index,
                               const char *what)
{
    struct bag_leaf *l = bagged_leaf(b, index);
    if (l && l->included && l->is_leaf)
        return l;
    verify_say(b->v, GW_STEP_BAD, what, "rests on leaf %llu, which is not %s",
               (unsigned long long)index,
               l ? "proved to be in the log" : "in this bundle");
    return NULL;
}

// data/leaf-<index>.json
static bool read_leaf_name(const char *path, uint64_t *ret_index)
{
    gw_span s = gw_str(path);
    if (!gw_starts(s, "data/leaf-") || !gw_ends(s, ".json"))
        return false;
    const size_t before = sizeof "data/leaf-" - 1, after = sizeof ".json" - 1;
    return gw_size_read(gw_sub(s, before, s.len - before - after), ret_index);
}

static int by_index(const void *a, const void *b)
{
    uint64_t x = ((const struct bag_leaf *)a)->index;
    uint64_t y = ((const struct bag_leaf *)b)->index;
    return x < y ? -1 : x > y;
}

static int load_leaf(struct bagged *b, const char *path, uint64_t index)
{
    struct gw_why why = {0};
    struct bag_leaf *l = &b->leaves[b->leaf_count];
    *l = (struct bag_leaf){.index = index, .path = path};
    int rc = bag_load(&b->bag, path, GW_ENTRY_MAX, &l->entry, &why);
    if (rc)
        return verify_blame(b->v, "leaf", path, rc, &why);
    b->leaf_count++;
    l->hash = gw_leaf_hash(l->entry);
    rc = gw_leaf_read(l->entry, NULL, &l->read, &why);
    l->is_leaf = !rc;
    if (rc)
        return verify_blame(b->v, "leaf", path, rc, &why);
    char day[GW_TIME_TEXT];
    gw_format_day(l->read.day, day);
    verify_say(b->v, GW_STEP_OK, "leaf", "%s: %s, says %s of itself", path,
               gw_leaf_type_name(l->read.type), day);
    return 0;
}

static int load_leaves(struct bagged *b)
{
    b->leaves = gw_arena_take_n(b->v->arena, BAG_LEAVES_MAX, sizeof *b->leaves);
    if (!b->leaves)
        return gw_fail(b->v->why, GW_ENOMEM, "out of memory");
    int rc = 0;
    for (size_t i = 0; i < b->bag.count && !rc; i++) {
        uint64_t index;
        if (!read_leaf_name(b->bag.files[i].path, &index))
            continue;
        if (b->leaf_count == BAG_LEAVES_MAX)
            return gw_fail(b->v->why, GW_ETOOBIG, "%s: more than %d leaves",
                           b->bag.folder, BAG_LEAVES_MAX);
        rc = load_leaf(b, b->bag.files[i].path, index);
    }
    qsort(b->leaves, b->leaf_count, sizeof *b->leaves, by_index);
    return rc;
}

// ---- inclusion ----------------------------------------------------------

static int load_proof(struct bagged *b, uint64_t index, char path[PATH_TEXT],
                      struct gw_tlog_proof *ret, struct gw_why *why)
{
    gw_span bytes;
    snprintf(path, PATH_TEXT, "proofs/leaf-%llu.tlog-proof",
             (unsigned long long)index);
    int rc = bag_load(&b->bag, path, BAG_PROOF_MAX, &bytes, why);
    rc = rc ? rc : gw_tlog_proof_parse(bytes, b->v->arena, ret, why);
    if (!rc && ret->index != index)
        rc = gw_fail(why, GW_EPROOF, "proves entry %llu",
                     (unsigned long long)ret->index);
    return rc;
}

// The checkpoint is the one of the leaf that the bundle is about.
static int open_checkpoint(struct bagged *b)
{
    struct gw_why why = {0};
    struct gw_tlog_proof proof;
    char path[PATH_TEXT];
    int rc = load_proof(b, b->chain.leaf, path, &proof, &why);
    if (rc)
        return verify_blame(b->v, "inclusion", path, rc, &why);
    b->checkpoint = proof.checkpoint;
    return verify_checkpoint(b->v, proof.checkpoint, path, &b->opened,
                             &b->is_signed);
}

static int prove_leaf(struct bagged *b, struct bag_leaf *l)
{
    struct gw_why why = {0};
    struct gw_tlog_proof proof;
    char path[PATH_TEXT];
    const struct gw_checkpoint *c = &b->opened.checkpoint;
    int rc = load_proof(b, l->index, path, &proof, &why);
    if (!rc && !gw_eq(proof.checkpoint, b->checkpoint))
        rc = gw_fail(&why, GW_EPROOF,
                     "has another checkpoint than the leaf of the bundle");
    rc = rc ? rc
            : gw_inclusion_check(&l->hash, proof.index, c->size, &proof.proof,
                                 &c->root, &why);
    if (rc)
        return verify_blame(b->v, "inclusion", path, rc, &why);
    l->included = true;
    verify_say(b->v, GW_STEP_OK, "inclusion", "%s: entry %llu of %llu is %s",
               path, (unsigned long long)l->index, (unsigned long long)c->size,
               l->path);
    return 0;
}

static int prove_leaves(struct bagged *b)
{
    int rc = b->v->policy ? open_checkpoint(b) : 0;
    for (size_t i = 0; b->is_signed && i < b->leaf_count && !rc; i++)
        rc = prove_leaf(b, &b->leaves[i]);
    if (rc || !b->is_signed)
        return rc;
    const struct bag_leaf *l = bagged_proved(b, b->chain.leaf, "inclusion");
    if (l) {
        verify_claim(b->v, &l->read);
        verify_not_after(b->v, &b->opened);
    }
    return 0;
}

// ---- time ---------------------------------------------------------------

static int check_heartbeat(struct bagged *b, uint64_t index)
{
    const struct bag_leaf *l = bagged_proved(b, index, "heartbeat");
    if (!l)
        return 0;
    if (l->read.type != GW_LEAF_HEARTBEAT) {
        verify_say(b->v, GW_STEP_BAD, "heartbeat", "%s: no heartbeat", l->path);
        return 0;
    }
    if (index >= b->chain.leaf) {
        verify_say(b->v, GW_STEP_BAD, "heartbeat",
                   "%s: comes after leaf %llu, so it says nothing of when "
                   "that began",
                   l->path, (unsigned long long)b->chain.leaf);
        return 0;
    }
    return verify_heartbeat(b->v, index, l->entry);
}

// The same leaf under the checkpoint that was stamped. Whoever signed that is
// no matter to a stamp, and may be a key that has been replaced since.
static int check_stamped(struct bagged *b, const char *path, gw_span *ret_note,
                         bool *ret_ok)
{
    struct gw_why why = {0};
    struct gw_tlog_proof proof;
    struct gw_note note;
    struct gw_checkpoint c;
    gw_span bytes;
    const struct bag_leaf *l = bagged_leaf(b, b->chain.leaf);
    *ret_ok = false;
    int rc = l ? bag_load(&b->bag, path, BAG_PROOF_MAX, &bytes, &why)
               : gw_fail(&why, GW_EPROOF, "of a leaf that is not here");
    rc = rc ? rc : gw_tlog_proof_parse(bytes, b->v->arena, &proof, &why);
    rc = rc ? rc : gw_note_parse(proof.checkpoint, b->v->arena, &note, &why);
    rc = rc ? rc : gw_checkpoint_parse(note.text, &c, &why);
    if (!rc && strcmp(c.origin, b->opened.checkpoint.origin) != 0)
        rc = gw_fail(&why, GW_EPROOF, "of another log, %s", c.origin);
    if (!rc && proof.index != l->index)
        rc = gw_fail(&why, GW_EPROOF, "proves entry %llu",
                     (unsigned long long)proof.index);
    rc = rc ? rc
            : gw_inclusion_check(&l->hash, proof.index, c.size, &proof.proof,
                                 &c.root, &why);
    if (rc)
        return verify_blame(b->v, "anchor", path, rc, &why);
    *ret_note = proof.checkpoint;
    *ret_ok = true;
    return 0;
}

// at NULL if the bag has no such file.
static int load_part(struct bagged *b, const char *name, const char *suffix,
                     char path[PATH_TEXT], gw_span *ret)
{
    struct gw_why why = {0};
    *ret = (gw_span){0};
    snprintf(path, PATH_TEXT, "anchors/%s.%s", name, suffix);
    if (!bag_find(&b->bag, path))
        return 0;
    int rc = bag_load(&b->bag, path, STAMP_MAX, ret, &why);
    if (!rc)
        return 0;
    *ret = (gw_span){0};
    return verify_blame(b->v, "anchor", path, rc, &why);
}

static int check_anchor(struct bagged *b, const char *name)
{
    char proof[PATH_TEXT], tsr[PATH_TEXT], ots[PATH_TEXT], beside[PATH_TEXT];
    struct gw_opened opened;
    struct gw_hash32 imprint;
    struct stamp s = {.of = &imprint, .of_name = proof};
    gw_span note, token, timestamp;
    bool ok;
    snprintf(proof, sizeof proof, "anchors/%s.tlog-proof", name);
    int rc = check_stamped(b, proof, &note, &ok);
    if (rc || !ok)
        return rc;
    imprint = gw_sha256(note);
    if (gw_policy_open(b->v->policy, note, b->v->arena, &opened, NULL) == 0)
        verify_not_after(b->v, &opened);
    rc = load_part(b, name, "pem", beside, &s.roots);
    rc = rc ? rc : load_part(b, name, "header", beside, &s.header);
    rc = rc ? rc : load_part(b, name, "tsr", tsr, &token);
    rc = rc ? rc : load_part(b, name, "ots", ots, &timestamp);
    if (!rc && !token.at && !timestamp.at)
        verify_say(b->v, GW_STEP_BAD, "anchor", "%s: no stamp beside it",
                   proof);
    s.name = tsr;
    s.bytes = token;
    rc = rc || !token.at ? rc : verify_tsr(b->v, &s);
    s.name = ots;
    s.bytes = timestamp;
    return rc || !timestamp.at ? rc : verify_ots(b->v, &s);
}

static int check_times(struct bagged *b)
{
    int rc = 0;
    for (size_t i = 0; i < b->chain.heartbeat_count && !rc; i++)
        rc = check_heartbeat(b, b->chain.heartbeats[i]);
    for (size_t i = 0; i < b->chain.anchor_count && !rc; i++)
        rc = check_anchor(b, b->chain.anchors[i]);
    return rc;
}

// ---- the whole ----------------------------------------------------------

static void say_unproved(struct bagged *b)
{
    for (size_t i = 0; i < b->bag.count; i++) {
        const struct bag_file *f = &b->bag.files[i];
        if (bag_is_payload(gw_str(f->path)) && f->seen && !f->used)
            verify_say(b->v, GW_STEP_NOTE, "bag",
                       "%s: words of whoever made the bundle, proved by "
                       "nothing in it",
                       f->path);
    }
}

int verify_bag(struct verify *v, const char *folder)
{
    struct bagged *b = gw_arena_zero(v->arena, sizeof *b);
    bool ok = false;
    if (!b)
        return gw_fail(v->why, GW_ENOMEM, "out of memory");
    b->v = v;
    int rc = check_bag(b, folder);
    rc = rc ? rc : read_policy(b);
    rc = rc ? rc : read_chain(b, &ok);
    if (rc || !ok)
        return rc;
    rc = load_leaves(b);
    rc = rc ? rc : prove_leaves(b);
    if (!rc && b->is_signed) {
        rc = bagged_keys(b);
        rc = rc ? rc : bagged_contents(b);
        rc = rc ? rc : check_times(b);
        say_unproved(b);
    }
    return rc;
}
