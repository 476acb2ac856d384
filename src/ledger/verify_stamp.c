// What others say about time: stamps of a checkpoint (not after) and public
// values in heartbeats (not before).
#include "ledger/verify.h"

#include <stdio.h>

enum { HEADER_LEN = 80, BY_TEXT = 320 };

static void hex_of(const struct gw_hash32 *h, char ret[2 * GW_HASH_LEN + 1])
{
    gw_hex(h->at, GW_HASH_LEN, ret);
}

// Whether the stamp is of what stands beside it. Told if not.
static bool is_of(struct verify *v, const struct stamp *s,
                  const struct gw_hash32 *imprint)
{
    char hex[2 * GW_HASH_LEN + 1];
    hex_of(imprint, hex);
    if (!s->of)
        verify_say(v, GW_STEP_NOTE, "anchor",
                   "%s: of something whose SHA-256 is %s; it is not beside it",
                   s->name, hex);
    else if (!gw_hash32_eq(s->of, imprint))
        verify_say(v, GW_STEP_BAD, "anchor",
                   "%s: a stamp of something else (SHA-256 %s) than %s",
                   s->name, hex, s->of_name);
    return !s->of || gw_hash32_eq(s->of, imprint);
}

// ---- RFC 3161 -----------------------------------------------------------

int verify_tsr(struct verify *v, const struct stamp *s)
{
    struct gw_tsa_stamp t;
    struct gw_why why = {0};
    char when[WHEN_TEXT], by[BY_TEXT];
    int rc = gw_tsa_read(s->bytes, (gw_span){0}, s->roots, &t, &why);
    if (rc)
        return verify_blame(v, "anchor", s->name, rc, &why);
    if (!is_of(v, s, &t.imprint))
        return 0;
    verify_when(t.posix < 0 ? 0 : (uint64_t)t.posix, when);
    if (!t.trusted) {
        verify_say(v, GW_STEP_NOTE, "anchor",
                   "%s: stamped at %s by %.255s; no roots beside it, so who "
                   "that is was not checked",
                   s->name, when, t.authority);
        return 0;
    }
    verify_say(v, GW_STEP_OK, "anchor",
               "%s: stamped at %s by %.255s, whose certificate leads to a root "
               "that came with it",
               s->name, when, t.authority);
    snprintf(by, sizeof by, "time stamp by %.255s", t.authority);
    gw_times_add_after(&v->ret->times, t.posix + (t.accuracy_ms + 999) / 1000,
                       by);
    return 0;
}

// ---- Bitcoin headers ----------------------------------------------------

struct block {
    struct gw_hash32 merkle_root;
    int64_t posix;
    char hash[2 * GW_HASH_LEN + 1]; // as explorers show it: bytes reversed
    char when[WHEN_TEXT];
};

static int read_block(gw_span hex, struct block *ret, struct gw_why *why)
{
    uint8_t header[HEADER_LEN], turned[GW_HASH_LEN];
    struct gw_hash32 hash;
    hex = gw_trim(hex);
    if (hex.len != 2 * (size_t)HEADER_LEN || !gw_unhex(hex, header))
        return gw_fail(why, GW_EFORMAT, "a block header is %d hex digits",
                       2 * HEADER_LEN);
    int rc = gw_bitcoin_header(gw_span_of(header, sizeof header),
                               &ret->merkle_root, &hash, &ret->posix, why);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = hash.at[sizeof turned - 1 - i];
    gw_hex(turned, sizeof turned, ret->hash);
    verify_when((uint64_t)ret->posix, ret->when);
    return 0;
}

// ---- OpenTimestamps -----------------------------------------------------

static void note_unconfirmed(struct verify *v, const struct stamp *s,
                             const struct gw_ots_attestation *a)
{
    char hex[2 * sizeof a->message + 1];
    size_t len =
        a->message_len < sizeof a->message ? a->message_len : sizeof a->message;
    gw_hex(a->message, len, hex);
    if (a->kind == GW_OTS_BITCOIN)
        verify_say(v, GW_STEP_NOTE, "anchor",
                   "%s: holds if the Merkle root of Bitcoin block %llu is %s "
                   "(as its header has it); no header is beside it",
                   s->name, (unsigned long long)a->height, hex);
    else if (a->kind == GW_OTS_PENDING)
        verify_say(v, GW_STEP_NOTE, "anchor",
                   "%s: promised by %.300s, not in a block yet", s->name,
                   a->calendar);
    else
        verify_say(v, GW_STEP_NOTE, "anchor",
                   "%s: an attestation that is not judged here", s->name);
}

static bool is_in_block(const struct gw_ots_attestation *a,
                        const struct block *b)
{
    return a->kind == GW_OTS_BITCOIN && a->message_len == GW_HASH_LEN &&
           memcmp(a->message, b->merkle_root.at, GW_HASH_LEN) == 0;
}

static void say_in_block(struct verify *v, const struct stamp *s,
                         const struct gw_ots_attestation *a,
                         const struct block *b)
{
    char by[BY_TEXT];
    snprintf(by, sizeof by, "Bitcoin block %llu %s",
             (unsigned long long)a->height, b->hash);
    verify_say(v, GW_STEP_OK, "anchor",
               "%s: in Bitcoin block %llu, %s, which says %s (miners may be "
               "two hours off); its proof of work holds",
               s->name, (unsigned long long)a->height, b->hash, b->when);
    gw_times_add_after(&v->ret->times, b->posix, by);
}

static int judge_attestations(struct verify *v, const struct stamp *s,
                              const struct gw_ots *ots)
{
    struct block block;
    struct gw_why why = {0};
    bool bitcoin = false;
    int rc = s->header.at ? read_block(s->header, &block, &why) : 0;
    if (rc)
        return verify_blame(v, "anchor", s->name, rc, &why);
    for (size_t i = 0; i < ots->count; i++) {
        const struct gw_ots_attestation *a = &ots->attestations[i];
        bitcoin |= a->kind == GW_OTS_BITCOIN;
        if (s->header.at && is_in_block(a, &block)) {
            say_in_block(v, s, a, &block);
            return 0;
        }
    }
    if (s->header.at) {
        verify_say(v, GW_STEP_BAD, "anchor",
                   "%s: is not in the Bitcoin block %s beside it", s->name,
                   block.hash);
        return 0;
    }
    for (size_t i = 0; i < ots->count; i++)
        if (!bitcoin || ots->attestations[i].kind == GW_OTS_BITCOIN)
            note_unconfirmed(v, s, &ots->attestations[i]);
    return 0;
}

int verify_ots(struct verify *v, const struct stamp *s)
{
    struct gw_ots ots;
    struct gw_why why = {0};
    struct gw_hash32 imprint;
    int rc = gw_ots_read(s->bytes, v->arena, &ots, &why);
    if (rc)
        return verify_blame(v, "anchor", s->name, rc, &why);
    if (ots.digest != GW_DIGEST_SHA256 || ots.imprint_len != GW_HASH_LEN) {
        verify_say(v, GW_STEP_BAD, "anchor", "%s: not a stamp of a SHA-256",
                   s->name);
        return 0;
    }
    memcpy(imprint.at, ots.imprint, GW_HASH_LEN);
    return is_of(v, s, &imprint) ? judge_attestations(v, s, &ots) : 0;
}

// ---- heartbeats ---------------------------------------------------------

static int block_heartbeat(struct verify *v, const char *name, gw_span value)
{
    struct block block;
    struct gw_why why = {0};
    char by[BY_TEXT];
    int rc = read_block(value, &block, &why);
    if (rc)
        return verify_blame(v, "heartbeat", name, rc, &why);
    snprintf(by, sizeof by, "Bitcoin block %s", block.hash);
    verify_say(v, GW_STEP_OK, "heartbeat",
               "%s: knows Bitcoin block %s, which says %s (miners may be two "
               "hours off); its proof of work holds",
               name, block.hash, block.when);
    gw_times_add_before(&v->ret->times, block.posix, by);
    return 0;
}

// Another log's checkpoint counts only with a cosignature of a witness that
// the policy knows; the earliest is the bound that is surely true.
static int checkpoint_heartbeat(struct verify *v, const char *name,
                                gw_span value)
{
    struct gw_opened c;
    char when[WHEN_TEXT], by[BY_TEXT];
    const struct gw_cosignature *first = NULL;
    int rc = v->policy ? gw_policy_open(v->policy, value, v->arena, &c, NULL)
                       : GW_EPROOF;
    if (rc == GW_ENOMEM)
        return gw_fail(v->why, rc, "%s: out of memory", name);
    for (size_t i = 0; !rc && i < c.cosignature_count; i++)
        if (!first || c.cosignatures[i].posix < first->posix)
            first = &c.cosignatures[i];
    if (!first || first->posix > INT64_MAX) {
        verify_say(v, GW_STEP_NOTE, "heartbeat",
                   "%s: knows a checkpoint of another log; the policy names "
                   "nobody who could date it here",
                   name);
        return 0;
    }
    verify_say(v, GW_STEP_OK, "heartbeat",
               "%s: knows a checkpoint of %s that %s cosigned at %s", name,
               c.checkpoint.origin, first->by->vkey.name,
               verify_when(first->posix, when));
    snprintf(by, sizeof by, "a checkpoint of %.120s, cosigned by %.120s",
             c.checkpoint.origin, first->by->vkey.name);
    gw_times_add_before(&v->ret->times, (int64_t)first->posix, by);
    return 0;
}

int verify_heartbeat(struct verify *v, uint64_t index, gw_span entry)
{
    gw_jv beacon;
    char name[48];
    snprintf(name, sizeof name, "leaf %llu", (unsigned long long)index);
    gw_span member = gw_leaf_member(entry, "beacon", v->arena);
    bool ok = chain_parse_json(v->json, member, v->arena, &beacon);
    gw_span kind = ok ? gw_jv_str(gw_jv_get(beacon, "kind")) : (gw_span){0};
    gw_span value = ok ? gw_jv_str(gw_jv_get(beacon, "value")) : (gw_span){0};
    value = gw_arena_copy(v->arena, value);
    if (value.at && gw_is(kind, "bitcoin-header"))
        return block_heartbeat(v, name, value);
    if (value.at && gw_is(kind, "checkpoint"))
        return checkpoint_heartbeat(v, name, value);
    if (value.at && gw_is(kind, "text"))
        verify_say(v, GW_STEP_NOTE, "heartbeat",
                   "%s: knows what a reader may be able to date: \"%.*s\"",
                   name, (int)(value.len < 300 ? value.len : 300),
                   (const char *)value.at);
    else
        verify_say(v, GW_STEP_BAD, "heartbeat",
                   "%s: holds no public value that is known here", name);
    return 0;
}
