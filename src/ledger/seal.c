// Publishing an archive's ledger: what the catalogue has becomes tiles under a
// signed checkpoint, and witnesses are asked to put their names to it.
#include "ledger/archive.h"

#include <errno.h>
#include <unistd.h>

#define LOCAL "checkpoint.local"

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

struct feed {
    struct gw_log *log;
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

static int feed_leaf(void *ctx, const struct gw_leaf_row *leaf)
{
    struct feed *f = ctx;
    f->offsets[f->count] = f->bytes.len;
    f->entries[f->count++].len = leaf->entry.len;
    gw_put_span(&f->bytes, leaf->entry);
    return f->count == FEED_BATCH || f->bytes.err ? feed_flush(f) : 0;
}

static int feed_log(struct gw_ledger *l, struct gw_log *log, uint64_t leaves,
                    struct gw_why *why)
{
    uint64_t have = gw_log_size(log);
    if (have > leaves)
        return gw_fail(why, GW_EFORK,
                       "%s: the log has %llu entries, the catalogue only %llu: "
                       "an older gawah.db was put back. Do not seal; put back "
                       "the newest copy of the whole archive",
                       l->folder, (unsigned long long)have,
                       (unsigned long long)leaves);
    struct feed *f = gw_new(sizeof *f);
    if (!f)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    f->log = log;
    f->why = why;
    gw_buf_init(&f->bytes, FEED_BATCH * (size_t)GW_LEAF_MAX);
    int rc = gw_leaves_each(l->a, have, NULL, feed_leaf, f, why);
    rc = rc ? rc : feed_flush(f);
    gw_buf_release(&f->bytes);
    gw_free(f);
    return rc ? gw_fail(why, rc, "%s: %s", l->folder, gw_strerror(rc)) : 0;
}

static int publish(struct gw_ledger *l, const char *name, struct gw_sealed *ret,
                   struct gw_why *why)
{
    struct signing s = {0};
    struct gw_log *log = NULL;
    uint64_t leaves;
    int rc = gw_leaf_count(l->a, &leaves, why);
    rc = rc ? rc : signing_open(l, &s, why);
    struct gw_log_options o = {
        .folder = l->folder, .origin = l->origin, .sign = s.sign, .name = name};
    rc = rc ? rc : gw_log_open(&o, &log, why);
    if (!rc)
        ret->first = gw_log_published(log);
    rc = rc ? rc : feed_log(l, log, leaves, why);
    rc = rc ? rc : gw_log_publish(log, &ret->checkpoint, why);
    if (!rc)
        ret->count = ret->checkpoint.size - ret->first;
    gw_log_close(log);
    signing_close(&s);
    return rc;
}

static int publish_policy(struct gw_ledger *l, struct gw_why *why)
{
    char path[LEDGER_PATH];
    struct gw_buf there;
    gw_buf_init(&there, POLICY_MAX);
    int rc = ledger_path(path, l->folder, "policy.txt", why);
    bool same =
        !rc &&
        ledger_file(l->folder, "policy.txt", POLICY_MAX, &there, NULL) == 0 &&
        gw_eq(gw_buf_span(&there), gw_buf_span(&l->policy));
    gw_buf_release(&there);
    return rc || same ? rc : gw_file_write(path, gw_buf_span(&l->policy), why);
}

// ---- cosignatures -------------------------------------------------------

struct round {
    struct gw_ledger *l;
    struct gw_policy *policy;
    struct gw_arena *arena;
    struct gw_buf note; // the checkpoint with every line so far
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_sealed *sealed;
};

static void round_close(struct round *r)
{
    gw_tiles_close(r->tiles);
    gw_log_reader_close(r->reader);
    gw_policy_free(r->policy);
    gw_arena_free(r->arena);
    gw_buf_release(&r->note);
}

// Lines that an earlier round gathered for the same tree stay.
static int take_known_lines(struct round *r, const char *file,
                            struct gw_why *why)
{
    struct gw_buf there;
    struct gw_note note;
    struct gw_note mine;
    gw_buf_init(&there, CHECKPOINT_MAX);
    int rc = ledger_file(r->l->folder, file, CHECKPOINT_MAX, &there, NULL);
    rc = rc ? rc : gw_note_parse(gw_buf_span(&there), r->arena, &note, NULL);
    rc = rc ? rc : gw_note_parse(gw_buf_span(&r->note), r->arena, &mine, why);
    if (!rc && gw_eq(note.text, mine.text))
        for (size_t i = 0; i < note.count; i++)
            if (gw_find(gw_buf_span(&r->note), note.lines[i].line, 0) < 0)
                gw_put_span(&r->note, note.lines[i].line);
    gw_buf_release(&there);
    return r->note.err;
}

static int round_open(struct round *r, const char *name, struct gw_why *why)
{
    gw_buf_init(&r->note, CHECKPOINT_MAX);
    r->arena = gw_arena_new(16 << 20);
    int rc = r->arena ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_policy_parse(gw_buf_span(&r->l->policy), &r->policy, why);
    rc = rc ? rc
            : ledger_file(r->l->folder, name, CHECKPOINT_MAX, &r->note, why);
    rc = rc ? rc : take_known_lines(r, "checkpoint", why);
    rc = rc ? rc : take_known_lines(r, LOCAL, why);
    rc = rc ? rc : gw_log_reader_open(r->l->folder, &r->reader, why);
    return rc ? rc
              : gw_tiles_open(r->reader, &r->sealed->checkpoint, &r->tiles,
                              why);
}

static void tell_missing(struct gw_sealed *s, const char *name,
                         const char *reason)
{
    size_t at = strlen(s->missing);
    snprintf(s->missing + at, sizeof s->missing - at, "%s%s: %s",
             at ? "; " : "", name, reason);
}

static bool has_signed(const struct gw_opened *o,
                       const struct gw_policy_member *w)
{
    for (size_t i = 0; i < o->cosignature_count; i++)
        if (o->cosignatures[i].by == w)
            return true;
    return false;
}

// A witness that does not answer costs its own line and nothing else. One that
// has seen a longer log of ours is another matter: this archive is old.
static int ask_all(struct round *r, struct gw_why *why)
{
    struct gw_opened opened;
    int rc = gw_policy_open(r->policy, gw_buf_span(&r->note), r->arena, &opened,
                            why);
    size_t n = rc ? 0 : gw_policy_witness_count(r->policy);
    struct gw_buf note;
    gw_buf_init(&note, CHECKPOINT_MAX);
    gw_put_span(&note, gw_buf_span(&r->note));
    for (size_t i = 0; i < n && !rc; i++) {
        const struct gw_policy_member *w = gw_policy_witness(r->policy, i);
        struct gw_why answer = {0};
        if (has_signed(&opened, w))
            continue;
        if (!w->url[0]) {
            tell_missing(r->sealed, w->name,
                         "no address; see: gawah seal "
                         "--request");
            continue;
        }
        int asked =
            gw_witness_ask(w, r->tiles, gw_buf_span(&note), &r->note, &answer);
        if (asked == GW_EFORK)
            rc = gw_fail(why, GW_EFORK, "%s", answer.text);
        else if (asked)
            tell_missing(r->sealed, w->name, answer.text);
    }
    gw_buf_release(&note);
    return rc ? rc : r->note.err;
}

// The checkpoint others read is replaced when the policy's quorum signed it.
static int settle(struct round *r, const char *name, struct gw_why *why)
{
    char path[LEDGER_PATH];
    struct gw_opened opened;
    int rc = gw_policy_open(r->policy, gw_buf_span(&r->note), r->arena, &opened,
                            why);
    if (rc)
        return rc;
    r->sealed->quorum = opened.quorum;
    r->sealed->witnesses = opened.cosignature_count;
    rc = ledger_path(path, r->l->folder, name, why);
    rc = rc ? rc : gw_file_write(path, gw_buf_span(&r->note), why);
    if (rc || !opened.quorum || strcmp(name, "checkpoint") == 0)
        return rc;
    rc = ledger_path(path, r->l->folder, "checkpoint", why);
    return rc ? rc : gw_file_write(path, gw_buf_span(&r->note), why);
}

static int needs_witnesses(struct gw_ledger *l, bool *ret, struct gw_why *why)
{
    struct gw_policy *p;
    int rc = gw_policy_parse(gw_buf_span(&l->policy), &p, why);
    if (rc)
        return rc;
    *ret = gw_policy_needs_witnesses(p);
    gw_policy_free(p);
    return 0;
}

int gw_ledger_seal(struct gw_ledger *l, bool ask, struct gw_sealed *ret,
                   struct gw_why *why)
{
    bool needed = false;
    *ret = (struct gw_sealed){0};
    int rc = needs_witnesses(l, &needed, why);
    const char *name = needed ? LOCAL : "checkpoint";
    rc = rc ? rc : publish(l, name, ret, why);
    rc = rc ? rc : publish_policy(l, why);
    struct round r = {.l = l, .sealed = ret};
    rc = rc ? rc : round_open(&r, name, why);
    rc = rc || !ask ? rc : ask_all(&r, why);
    rc = rc ? rc : settle(&r, name, why);
    round_close(&r);
    return rc;
}

// ---- the same by file ---------------------------------------------------

static int open_newest(struct round *r, const char **ret_name,
                       struct gw_why *why)
{
    bool needed = false;
    struct gw_note note;
    int rc = needs_witnesses(r->l, &needed, why);
    *ret_name = needed ? LOCAL : "checkpoint";
    struct gw_buf b;
    gw_buf_init(&b, CHECKPOINT_MAX);
    struct gw_arena *arena = gw_arena_new(16 << 20);
    rc = rc      ? rc
         : arena ? ledger_file(r->l->folder, *ret_name, CHECKPOINT_MAX, &b, why)
                 : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_note_parse(gw_buf_span(&b), arena, &note, why);
    rc = rc ? rc : gw_checkpoint_parse(note.text, &r->sealed->checkpoint, why);
    gw_arena_free(arena);
    gw_buf_release(&b);
    return rc ? rc : round_open(r, *ret_name, why);
}

int gw_ledger_accept(struct gw_ledger *l, gw_span answer, struct gw_sealed *ret,
                     struct gw_why *why)
{
    const char *name;
    *ret = (struct gw_sealed){0};
    struct round r = {.l = l, .sealed = ret};
    struct gw_buf lines;
    gw_buf_init(&lines, CHECKPOINT_MAX);
    int rc = open_newest(&r, &name, why);
    rc = rc ? rc
            : gw_witness_accept(r.policy, gw_buf_span(&r.note), answer, &lines,
                                why);
    if (!rc)
        gw_put_span(&r.note, gw_buf_span(&lines));
    rc = rc ? rc : settle(&r, name, why);
    gw_buf_release(&lines);
    round_close(&r);
    return rc;
}

// The size of the last tree here that a witness signed; 0 if there is none.
static uint64_t last_size(struct round *r, const struct gw_policy_member *w)
{
    struct gw_buf b;
    struct gw_opened opened;
    uint64_t size = 0;
    gw_buf_init(&b, CHECKPOINT_MAX);
    if (ledger_file(r->l->folder, "checkpoint", CHECKPOINT_MAX, &b, NULL) ==
            0 &&
        gw_policy_open(r->policy, gw_buf_span(&b), r->arena, &opened, NULL) ==
            0 &&
        has_signed(&opened, w))
        size = opened.checkpoint.size;
    gw_buf_release(&b);
    return size;
}

int gw_ledger_request(struct gw_ledger *l, const char *witness,
                      struct gw_buf *ret, struct gw_why *why)
{
    const char *name;
    struct gw_sealed sealed = {0};
    struct round r = {.l = l, .sealed = &sealed};
    int rc = open_newest(&r, &name, why);
    const struct gw_policy_member *w = NULL;
    for (size_t i = 0; !rc && i < gw_policy_witness_count(r.policy); i++)
        if (strcmp(gw_policy_witness(r.policy, i)->name, witness) == 0)
            w = gw_policy_witness(r.policy, i);
    if (!rc && !w)
        rc = gw_fail(why, GW_EUSAGE, "%s/policy.txt names no witness \"%s\"",
                     l->keys, witness);
    rc = rc ? rc
            : gw_witness_request(r.tiles, last_size(&r, w),
                                 gw_buf_span(&r.note), ret, why);
    round_close(&r);
    return rc;
}
