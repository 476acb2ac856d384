// An archive with a ledger in a folder of its own, at a fixed time, with keys
// that are the same in every run.
#ifndef GW_ARCHIVE_CASE_H
#define GW_ARCHIVE_CASE_H

#include "../store/place.h"
#include "ledger/ledger.h"

struct archive_case {
    struct place place;
    struct gw_archive *a;
    struct gw_ledger *l;
    struct gw_chance chance;
    struct gw_clock clock;
    struct gw_ledger_options options;
    struct gw_why why;
};

static inline void case_check(struct archive_case *c, int rc)
{
    if (rc)
        fail_msg("%d: %s", rc, c->why.text);
}

static inline void case_open(struct archive_case *c)
{
    c->options = (struct gw_ledger_options){
        .origin = NULL, .chance = &c->chance, .clock = &c->clock};
    c->a = archive_in(&c->place, GW_ARCHIVE_CREATE);
    case_check(c, gw_ledger_open(c->a, &c->options, &c->l, &c->why));
}

static inline void case_close(struct archive_case *c)
{
    gw_ledger_close(c->l);
    gw_archive_close(c->a);
    c->l = NULL;
    c->a = NULL;
}

static inline struct archive_case *case_new(void)
{
    struct archive_case *c = gw_new(sizeof *c);
    assert_non_null(c);
    c->place = place_new();
    c->chance = (struct gw_chance){true, {1}};
    c->clock.fixed = gw_time_civil(2024, 3, 1, 10, 0, 0);
    case_open(c);
    return c;
}

static inline void case_free(struct archive_case *c)
{
    case_close(c);
    place_remove(&c->place);
    gw_free(c);
}

// An object with its leaf, committed. Returns the leaf's index.
static inline uint64_t case_keep(struct archive_case *c, const char *text,
                                 struct gw_object *ret)
{
    char object[2 * GW_HASH_LEN + 3], bytes[32];
    uint64_t index;
    *ret = put_text(c->a, text);
    ret->kind = GW_KIND_UNKNOWN;
    ret->state = GW_DONE;
    case_check(c, gw_evidence_describe(c->a, ret, &c->why));
    snprintf(object, sizeof object, "\"%s\"", ret->hash);
    snprintf(bytes, sizeof bytes, "%lld", (long long)ret->size);
    struct gw_leaf_field fields[] = {{"bytes", gw_str(bytes), false},
                                     {"name", GW_LIT("\"a name\""), true},
                                     {"object", gw_str(object), false}};
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE,
                               .at = c->clock.fixed,
                               .fields = fields,
                               .count = GW_COUNT(fields),
                               .digests = 8};
    case_check(c, gw_ledger_append(c->l, &leaf, ret->hash, &index, &c->why));
    case_check(c, gw_ledger_commit(c->l, &c->why));
    return index;
}

static inline struct gw_sealed case_seal(struct archive_case *c)
{
    struct gw_sealed s;
    case_check(c, gw_ledger_seal(c->l, false, &s, &c->why));
    return s;
}

static inline void case_path(const struct archive_case *c, const char *name,
                             char ret[300])
{
    snprintf(ret, 300, "%.100s/%.150s", c->place.archive, name);
}

// keys/policy.txt anew: the log's key, then what is given.
static inline void case_policy(struct archive_case *c, const char *rest)
{
    struct gw_key log;
    char keys[300], path[300], vkey[GW_VKEY_TEXT];
    struct gw_buf b;
    gw_buf_init(&b, 64 << 10);
    case_path(c, "keys", keys);
    case_path(c, "keys/policy.txt", path);
    case_check(c, gw_keyring_public(keys, GW_ROLE_LOG, &log, &c->why));
    gw_vkey_format(&log.vkey, vkey);
    gw_put_fmt(&b, "log %s\n%s", vkey, rest);
    case_check(c, gw_file_write(path, gw_buf_span(&b), &c->why));
    gw_buf_release(&b);
}

static inline void case_reopen(struct archive_case *c)
{
    case_close(c);
    case_open(c);
    case_check(c, gw_ledger_commit(c->l, &c->why));
}

// Steps that are bad in a check of what lies at a path.
static inline size_t case_bad(struct archive_case *c, const char *path)
{
    struct gw_verify_options o = {.threads = 1};
    struct gw_verified seen;
    struct gw_why why = {0};
    int rc = gw_verify(path, &o, &seen, &why);
    if (rc && rc != GW_EPROOF)
        fail_msg("%s: %s", path, why.text);
    (void)c;
    return seen.bad;
}

// ---- a witness of its own -----------------------------------------------
struct case_witness {
    char line[3072]; // of a policy
    struct gw_key key;
    struct gw_policy *policy;
    struct gw_signer *signer;
};

// It knows the log by the key that this has now.
static inline void case_witness_new(struct archive_case *c, const char *name,
                                    struct case_witness *ret)
{
    char folder[200], state[300], vkey[GW_VKEY_TEXT], keys[300];
    struct gw_buf b;
    gw_buf_init(&b, 64 << 10);
    snprintf(folder, sizeof folder, "%s/%s", c->place.root, name);
    snprintf(state, sizeof state, "%s/signed", folder);
    case_check(c, gw_keyring_make(folder, GW_ROLE_WITNESS, gw_str(name),
                                  (gw_span){0}, &c->chance, &c->why));
    case_check(c, gw_keyring_open(folder, GW_ROLE_WITNESS, (gw_span){0},
                                  &ret->key, &c->why));
    gw_vkey_format(&ret->key.vkey, vkey);
    snprintf(ret->line, sizeof ret->line, "witness %s %s\n", name, vkey);
    case_path(c, "keys/policy.txt", keys);
    case_check(c, gw_file_read(keys, &b, &c->why));
    case_check(c, gw_policy_parse(gw_buf_span(&b), &ret->policy, &c->why));
    case_check(c, gw_signer_open(state, &ret->key, ret->policy, &c->clock,
                                 &ret->signer, &c->why));
    gw_buf_release(&b);
}

static inline void case_witness_free(struct case_witness *w)
{
    gw_signer_close(w->signer);
    gw_policy_free(w->policy);
}

// What a witness answers to this log's request; its status.
static inline int case_cosign(struct archive_case *c, const char *name,
                              struct case_witness *w, struct gw_buf *ret)
{
    struct gw_buf request;
    struct gw_answer a = {0};
    gw_buf_init(&request, 1 << 20);
    case_check(c, gw_ledger_request(c->l, name, &request, &c->why));
    gw_signer_answer(w->signer, gw_buf_span(&request), &a);
    int status = a.status;
    gw_buf_reset(ret);
    gw_put_span(ret, gw_buf_span(&a.body));
    gw_answer_release(&a);
    gw_buf_release(&request);
    return status;
}

#endif
