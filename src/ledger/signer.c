// The one state machine that signs tree heads (c2sp.org/tlog-witness): a log's
// own key, a witness and a mirror differ in what they are given and in the
// kind of signature, not in the rule. They sign what extends the last tree
// that they signed.
#include "ledger/signer.h"

#include "ledger/lines.h"

#include <stdio.h>

enum { ARENA_MAX = 1 << 20, ANSWER_MAX = 4096 };

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_size[] = "text/x.tlog.size";

struct gw_signer {
    const struct gw_key *key;
    const struct gw_policy *policy; // NULL for role LOG
    struct gw_clock clock;
    struct signer_state state;
};

// ---- the request --------------------------------------------------------
int signer_request_parse(gw_span body, struct signer_request *ret,
                         struct gw_why *why)
{
    gw_span rest = body, line;
    *ret = (struct signer_request){0};
    if (body.len > SIGNER_REQUEST_MAX)
        return gw_fail(why, GW_ETOOBIG, "request: over %d bytes",
                       SIGNER_REQUEST_MAX);
    if (!gw_line_take(&rest, &line) || !gw_starts(line, "old ") ||
        !gw_size_read(gw_sub(line, 4, line.len), &ret->old))
        return gw_fail(why, GW_EFORMAT,
                       "request: its first line is not \"old <size>\"");
    for (;;) {
        if (!gw_line_take(&rest, &line))
            return gw_fail(why, GW_EFORMAT,
                           "request: no empty line before the checkpoint");
        if (!line.len)
            break;
        if (ret->proof.count == GW_PROOF_MAX)
            return gw_fail(why, GW_EFORMAT, "request: more than %d hashes",
                           GW_PROOF_MAX);
        if (!gw_hash_read(line, &ret->proof.at[ret->proof.count++]))
            return gw_fail(why, GW_EFORMAT,
                           "request: line %zu is no base64 of 32 bytes",
                           ret->proof.count + 1);
    }
    ret->checkpoint = rest;
    return 0;
}

void signer_request_format(const struct signer_request *r, struct gw_buf *ret)
{
    gw_put_fmt(ret, "old %llu\n", (unsigned long long)r->old);
    for (size_t i = 0; i < r->proof.count; i++)
        gw_hash_put(&r->proof.at[i], ret);
    gw_put_u8(ret, '\n');
    gw_put_span(ret, r->checkpoint);
}

void signer_origin_hex(gw_span origin, char ret_hex[static SIGNER_HEX])
{
    struct gw_hash32 hash = gw_sha256(origin);
    gw_hex(hash.at, GW_HASH_LEN, ret_hex);
}

// ---- opening ------------------------------------------------------------
int gw_signer_open(const char *state, const struct gw_key *key,
                   const struct gw_policy *policy, const struct gw_clock *clock,
                   struct gw_signer **ret, struct gw_why *why)
{
    bool log = key->role == GW_ROLE_LOG;
    *ret = NULL;
    if (!log && key->role != GW_ROLE_WITNESS && key->role != GW_ROLE_MIRROR)
        return gw_fail(why, GW_EUSAGE, "signer: a key of role %s signs no tree",
                       gw_role_name(key->role));
    if (!log && !policy)
        return gw_fail(why, GW_EUSAGE,
                       "signer: no policy names the logs to cosign");
    if (key->vkey.type != (log ? GW_SIG_ED25519 : GW_SIG_COSIGN))
        return gw_fail(why, GW_EUSAGE,
                       "signer: key %s has not the type of its role",
                       key->name);
    struct gw_signer *s = gw_new(sizeof *s);
    if (!s)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", state);
    s->key = key;
    s->policy = log ? NULL : policy;
    s->clock.fixed = clock ? clock->fixed : GW_NEVER;
    int rc = signer_state_open(state, &s->state, why);
    if (rc) {
        gw_free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void gw_signer_close(struct gw_signer *s)
{
    if (!s)
        return;
    signer_state_close(&s->state);
    gw_free(s);
}

// ---- one request, as it is understood -----------------------------------
struct asked {
    struct gw_arena *arena;
    struct signer_request request;
    struct gw_checkpoint checkpoint;
    bool odd_empty;      // size 0 with a root that no empty tree has
    struct gw_note note; // text; for role LOG without lines
    struct gw_buf lines; // those of the log that hold
};

static int refuse(int status, struct gw_why *why, const char *words)
{
    gw_fail(why, GW_EREFUSED, "%s", words);
    return status;
}

// Well-formed but for its root: the protocol tells this from a malformed one.
static bool is_odd_empty(gw_span text, struct gw_checkpoint *ret)
{
    gw_span rest = text, origin, size, root;
    if (!gw_line_take(&rest, &origin) || !gw_line_take(&rest, &size) ||
        !gw_line_take(&rest, &root) || !gw_is(size, "0") ||
        !gw_hash_read(root, &ret->root) || !origin.len ||
        origin.len > GW_KEY_NAME_MAX)
        return false;
    memcpy(ret->origin, origin.at, origin.len);
    ret->origin[origin.len] = 0;
    ret->size = 0;
    return true;
}

// A log's own key signs origin, size and root, nothing that others add.
static bool has_extension(const struct asked *a)
{
    struct gw_buf plain;
    gw_buf_init(&plain, 2 * GW_KEY_NAME_MAX);
    gw_checkpoint_format(&a->checkpoint, &plain);
    bool same = !plain.err && gw_eq(gw_buf_span(&plain), a->note.text);
    gw_buf_release(&plain);
    return !same;
}

static bool knows_origin(const struct gw_signer *s, gw_span checkpoint)
{
    gw_span rest = checkpoint, origin = gw_cut(&rest, '\n');
    for (size_t i = 0; i < gw_policy_log_count(s->policy); i++)
        if (gw_is(origin, gw_policy_log(s->policy, i)->name))
            return true;
    return false;
}

static int understand(const struct gw_signer *s, gw_span body, struct asked *a,
                      struct gw_why *why)
{
    if (signer_request_parse(body, &a->request, why))
        return 400;
    int rc = 0;
    if (s->policy)
        rc = gw_note_parse(a->request.checkpoint, a->arena, &a->note, why);
    else
        a->note.text = a->request.checkpoint;
    if (rc == GW_EPROOF) // a signature that was touched
        return knows_origin(s, a->request.checkpoint) ? 403 : 404;
    if (rc)
        return rc == GW_ENOMEM ? 500 : 400;
    struct gw_why said = {0};
    if (gw_checkpoint_parse(a->note.text, &a->checkpoint, &said)) {
        a->odd_empty = is_odd_empty(a->note.text, &a->checkpoint);
        if (!a->odd_empty)
            return refuse(400, why, said.text);
    }
    if (a->request.old > a->checkpoint.size)
        return refuse(400, why, "the old size is above the checkpoint's");
    if (!s->policy && !a->odd_empty && has_extension(a))
        return refuse(400, why, "a log's own checkpoint has three lines");
    return 0;
}

// Keeps the log's lines that hold; one that does not spoils the note.
static int check_log_lines(const struct gw_vkey *key, struct asked *a,
                           bool *signs, struct gw_why *why)
{
    uint64_t posix;
    int rc = gw_note_signed_by(&a->note, key, &posix, why);
    if (rc < 0)
        return rc == GW_EPROOF ? 403 : 500;
    for (size_t i = 0; rc && i < a->note.count; i++)
        if (a->note.lines[i].id == key->id &&
            gw_is(a->note.lines[i].name, key->name))
            gw_put_span(&a->lines, a->note.lines[i].line);
    *signs = *signs || rc;
    return 0;
}

static int authorize(const struct gw_signer *s, struct asked *a,
                     struct gw_why *why)
{
    bool known = false, signs = false;
    const char *origin = a->checkpoint.origin;
    if (!s->policy)
        return strcmp(origin, s->key->name) == 0
                   ? 0
                   : refuse(404, why, "this key signs for another log");
    for (size_t i = 0; i < gw_policy_log_count(s->policy); i++) {
        const struct gw_vkey *key = &gw_policy_log(s->policy, i)->vkey;
        if (strcmp(origin, key->name) != 0)
            continue;
        known = true;
        int status = check_log_lines(key, a, &signs, why);
        if (status)
            return status;
    }
    if (!known)
        return refuse(404, why, "this log is not in the policy");
    return signs ? 0 : refuse(403, why, "no signature by a key of this log");
}

// ---- what was signed last -----------------------------------------------
struct last {
    struct gw_checkpoint checkpoint; // size 0 if never
    uint64_t posix;
};

// Our own file, checked as if it were not: whoever edits it could make us
// sign a fork, and a damaged one must not look like "never signed".
static int read_last(struct gw_signer *s, const char *hex, struct asked *a,
                     struct last *ret, struct gw_why *why)
{
    struct gw_buf note;
    struct gw_note n;
    struct gw_why said = {0};
    gw_buf_init(&note, SIGNER_NOTE_MAX);
    int rc = signer_state_read(&s->state, hex, &note, &said);
    bool none = rc == GW_ENOENT;
    rc = rc ? rc : gw_note_parse(gw_buf_span(&note), a->arena, &n, &said);
    rc = rc ? rc : gw_checkpoint_parse(n.text, &ret->checkpoint, &said);
    if (!rc && strcmp(ret->checkpoint.origin, a->checkpoint.origin) != 0)
        rc = gw_fail(&said, GW_ECORRUPT, "it is of another log");
    // 0 after the key was changed: then an older key's line is there.
    rc = rc ? rc : gw_note_signed_by(&n, &s->key->vkey, &ret->posix, &said);
    gw_buf_release(&note);
    if (none)
        return 0;
    return rc < 0 ? gw_fail(why, rc, "what was signed last (%s): %s", hex,
                            said.text)
                  : 0;
}

// ---- deciding and signing, under the lock -------------------------------
static int extends(const struct asked *a, const struct last *last,
                   struct gw_why *why)
{
    const struct gw_checkpoint *c = &a->checkpoint;
    const struct signer_request *r = &a->request;
    if (a->odd_empty)
        return refuse(422, why, "size 0 without the empty tree's root");
    if (!r->old)
        return r->proof.count ? refuse(422, why, "a first tree needs no proof")
                              : 0;
    if (r->old == c->size && !gw_hash32_eq(&c->root, &last->checkpoint.root))
        return refuse(422, why, "another tree of this size was signed");
    return gw_consistency_check(r->old, &last->checkpoint.root, c->size,
                                &c->root, &r->proof, why)
               ? 422
               : 0;
}

static uint64_t seconds_now(const struct gw_signer *s, uint64_t not_before)
{
    gw_time now = gw_now(&s->clock);
    uint64_t posix = now > 0 ? (uint64_t)(now / GW_SECOND) : 0;
    return posix > not_before ? posix : not_before;
}

// Durable first, then shown: ret gets the line only with status 200.
static int sign(struct gw_signer *s, const char *hex, const struct asked *a,
                uint64_t posix, struct gw_buf *ret, struct gw_why *why)
{
    struct gw_buf note;
    gw_buf_init(&note, SIGNER_NOTE_MAX);
    gw_put_span(&note, a->note.text);
    gw_put_u8(&note, '\n');
    gw_put_span(&note, gw_buf_span(&a->lines));
    int rc = gw_note_sign(a->note.text, &s->key->vkey, &s->key->signing, posix,
                          ret, why);
    gw_put_span(&note, gw_buf_span(ret));
    rc = rc ? rc : ret->err ? ret->err : note.err ? note.err : a->lines.err;
    if (!rc)
        rc = signer_state_write(&s->state, hex, gw_buf_span(&note), why);
    gw_buf_release(&note);
    if (!rc)
        return 200;
    gw_buf_reset(ret);
    gw_fail(why, rc, "cannot keep what would be signed: %s", gw_strerror(rc));
    return 500;
}

static int decide(struct gw_signer *s, struct asked *a, struct gw_answer *ret,
                  struct gw_why *why)
{
    char hex[SIGNER_HEX];
    struct last last = {0};
    signer_origin_hex(gw_str(a->checkpoint.origin), hex);
    if (read_last(s, hex, a, &last, why))
        return 500;
    if (a->request.old != last.checkpoint.size) {
        ret->type = type_size;
        gw_put_fmt(&ret->body, "%llu\n",
                   (unsigned long long)last.checkpoint.size);
        return 409;
    }
    int status = extends(a, &last, why);
    return status
               ? status
               : sign(s, hex, a, seconds_now(s, last.posix), &ret->body, why);
}

static int answer(struct gw_signer *s, gw_span request, struct asked *a,
                  struct gw_answer *ret, struct gw_why *why)
{
    if (!a->arena)
        return refuse(500, why, "out of memory");
    int status = understand(s, request, a, why);
    status = status ? status : authorize(s, a, why);
    if (status)
        return status;
    if (signer_state_lock(&s->state, why))
        return 500;
    status = decide(s, a, ret, why);
    signer_state_unlock(&s->state);
    return status;
}

void gw_signer_answer(struct gw_signer *s, gw_span request,
                      struct gw_answer *ret)
{
    struct gw_why why = {0};
    struct asked *a = gw_new(sizeof *a);
    *ret = (struct gw_answer){.status = 500, .type = type_text};
    gw_buf_init(&ret->body, ANSWER_MAX);
    if (!a)
        return;
    a->arena = gw_arena_new(ARENA_MAX);
    gw_buf_init(&a->lines, SIGNER_REQUEST_MAX);
    ret->status = answer(s, request, a, ret, &why);
    if (ret->status != 200 && ret->status != 409)
        gw_put_fmt(&ret->body, "%s\n", why.text);
    if (ret->status == 409 && ret->body.err)
        ret->status = 500;
    gw_buf_release(&a->lines);
    gw_arena_free(a->arena);
    gw_free(a);
}

void gw_answer_release(struct gw_answer *a)
{
    gw_buf_release(&a->body);
    a->body.len = 0;
}

// ---- what was signed last, for others -----------------------------------
int signer_last_by_hex(struct gw_signer *s, gw_span hex, struct gw_buf *ret,
                       struct gw_why *why)
{
    char name[SIGNER_HEX];
    size_t before = ret->len;
    bool ok = hex.len == SIGNER_HEX - 1;
    for (size_t i = 0; ok && i < hex.len; i++)
        ok = (hex.at[i] >= '0' && hex.at[i] <= '9') ||
             (hex.at[i] >= 'a' && hex.at[i] <= 'f');
    if (!ok)
        return gw_fail(why, GW_ENOENT, "signer: no hash of an origin");
    memcpy(name, hex.at, hex.len);
    name[hex.len] = 0;
    int rc = signer_state_lock(&s->state, why);
    if (rc)
        return rc;
    rc = signer_state_read(&s->state, name, ret, why);
    // Nobody may build on what a power cut could still take back.
    rc = rc ? rc : signer_state_settle(&s->state, why);
    signer_state_unlock(&s->state);
    if (rc)
        ret->len = before;
    return rc;
}

int gw_signer_last(struct gw_signer *s, gw_span origin, struct gw_buf *ret,
                   struct gw_why *why)
{
    char hex[SIGNER_HEX];
    signer_origin_hex(origin, hex);
    return signer_last_by_hex(s, gw_span_of(hex, SIGNER_HEX - 1), ret, why);
}

static void here_answer(void *ctx, gw_span request, struct gw_answer *ret)
{
    gw_signer_answer(ctx, request, ret);
}

static int here_last(void *ctx, gw_span origin, struct gw_buf *ret,
                     struct gw_why *why)
{
    return gw_signer_last(ctx, origin, ret, why);
}

struct gw_sign gw_sign_here(struct gw_signer *s)
{
    return (struct gw_sign){s, here_answer, here_last, NULL};
}
