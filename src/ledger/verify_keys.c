// Whose keys were in force, as key leaves say, and whether they signed what a
// bundle holds.
#include "ledger/verify.h"

#include <stdio.h>

bool key_is(const struct gw_vkey *a, const struct gw_vkey *b)
{
    return strcmp(a->name, b->name) == 0 && a->id == b->id &&
           a->type == b->type &&
           memcmp(a->public_key, b->public_key, GW_PUBLIC_LEN) == 0;
}

static bool read_vkey(struct gw_json *json, gw_span entry, const char *name,
                      struct gw_arena *arena, struct gw_vkey *ret,
                      struct gw_why *why)
{
    gw_jv v;
    if (!chain_parse_json(json, gw_leaf_member(entry, name, arena), arena, &v))
        return false;
    gw_span text = gw_jv_str(v);
    return text.at && gw_vkey_parse(text, ret, why) == 0;
}

bool key_leaf_read(struct gw_json *json, gw_span entry, struct gw_arena *arena,
                   struct key_leaf *ret, struct gw_why *why)
{
    return read_vkey(json, entry, "log", arena, &ret->log, why) &&
           read_vkey(json, entry, "author", arena, &ret->author, why) &&
           chain_hash(json, gw_leaf_member(entry, "next", arena), arena,
                      &ret->next) &&
           chain_hash(json, gw_leaf_member(entry, "policy", arena), arena,
                      &ret->policy);
}

// ---- of a bundle --------------------------------------------------------

struct in_force {
    uint64_t index;
    struct key_leaf keys;
};
struct forces { // by index
    struct in_force *at;
    size_t count;
};

// The one in force at a leaf: the last at or before it, else chain's.
static const struct in_force *force_at(const struct bagged *b,
                                       const struct forces *f, uint64_t index)
{
    const struct in_force *best = NULL;
    for (size_t i = 0; i < f->count; i++)
        if (f->at[i].index <= index)
            best = &f->at[i];
    for (size_t i = 0; !best && i < f->count; i++)
        if (f->at[i].index == b->chain.keys)
            best = &f->at[i];
    return best;
}

static int collect(struct bagged *b, struct forces *ret)
{
    ret->at = gw_arena_take_n(b->v->arena, b->leaf_count + 1, sizeof *ret->at);
    if (!ret->at)
        return gw_fail(b->v->why, GW_ENOMEM, "out of memory");
    for (size_t i = 0; i < b->leaf_count; i++) {
        const struct bag_leaf *l = &b->leaves[i];
        struct in_force *f = &ret->at[ret->count];
        if (!l->included || !l->is_leaf || l->read.type != GW_LEAF_KEY)
            continue;
        f->index = l->index;
        if (key_leaf_read(b->v->json, l->entry, b->v->arena, &f->keys, NULL))
            ret->count++;
        else
            verify_say(b->v, GW_STEP_BAD, "keys",
                       "%s: a key leaf that does not name its keys", l->path);
    }
    return 0;
}

// The newest key leaf speaks for the checkpoint. A key that it promised as the
// next is as good: the leaf that names it may not be there yet.
static void judge_log_key(struct bagged *b, const struct in_force *newest)
{
    struct verify *v = b->v;
    if (!b->opened.log) {
        verify_say(v, GW_STEP_NOTE, "keys",
                   "the policy names no log, so the log's own key is not "
                   "compared");
        return;
    }
    const struct gw_vkey *signer = &b->opened.log->vkey;
    struct gw_hash32 h =
        gw_sha256(gw_span_of(signer->public_key, GW_PUBLIC_LEN));
    const char *relation = key_is(&newest->keys.log, signer)      ? "names"
                           : gw_hash32_eq(&h, &newest->keys.next) ? "promised"
                                                                  : NULL;
    if (relation)
        verify_say(v, GW_STEP_OK, "keys",
                   "leaf %llu %s the log key that signed the checkpoint",
                   (unsigned long long)newest->index, relation);
    else
        verify_say(v, GW_STEP_BAD, "keys",
                   "leaf %llu: names another log key than the one that signed "
                   "the checkpoint",
                   (unsigned long long)newest->index);
}

static int judge_policy(struct bagged *b, const struct in_force *newest)
{
    const struct bag_file *f = bag_find(&b->bag, "policy.txt");
    if (f && gw_hash32_eq(&f->hash, &newest->keys.policy))
        verify_say(b->v, GW_STEP_OK, "keys",
                   "leaf %llu names the policy in policy.txt",
                   (unsigned long long)newest->index);
    else if (f)
        verify_say(b->v, GW_STEP_BAD, "keys",
                   "policy.txt: leaf %llu names another policy",
                   (unsigned long long)newest->index);
    return 0;
}

static int judge_author(struct bagged *b, const struct forces *f,
                        const struct bag_leaf *l)
{
    struct gw_leaf_read read;
    struct gw_why why = {0};
    const struct in_force *force = force_at(b, f, l->index);
    if (!force) {
        verify_say(b->v, GW_STEP_BAD, "author",
                   "%s: no key leaf here says whose signature counts", l->path);
        return 0;
    }
    int rc = gw_leaf_read(l->entry, &force->keys.author, &read, &why);
    if (rc)
        return verify_blame(b->v, "author", l->path, rc, &why);
    verify_say(b->v, GW_STEP_OK, "author",
               "%s: signed by %s, as leaf %llu says", l->path,
               force->keys.author.name, (unsigned long long)force->index);
    return 0;
}

int bagged_keys(struct bagged *b)
{
    struct forces f = {0};
    int rc = collect(b, &f);
    if (rc || !bagged_proved(b, b->chain.keys, "keys"))
        return rc;
    const struct in_force *stated = force_at(b, &f, b->chain.leaf);
    if (!stated || stated->index != b->chain.keys) {
        verify_say(b->v, GW_STEP_BAD, "keys",
                   "chain.json: leaf %llu is not the key leaf in force at "
                   "leaf %llu",
                   (unsigned long long)b->chain.keys,
                   (unsigned long long)b->chain.leaf);
        return 0;
    }
    judge_log_key(b, &f.at[f.count - 1]);
    rc = judge_policy(b, &f.at[f.count - 1]);
    for (size_t i = 0; i < b->leaf_count && !rc; i++)
        if (b->leaves[i].is_leaf)
            rc = judge_author(b, &f, &b->leaves[i]);
    return rc;
}
