// A log and its signer: what it has signed last, and asking it for the next.
// Nothing here trusts that folder and signer are of the same age.
#include "ledger/log.h"

#include "ledger/signer.h"

int log_read_note(gw_span note, const char *origin, struct gw_checkpoint *ret,
                  struct gw_why *why)
{
    struct gw_note n;
    struct gw_arena *arena = gw_arena_new(2 * LOG_NOTE_MAX);
    int rc = arena ? gw_note_parse(note, arena, &n, why)
                   : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_checkpoint_parse(n.text, ret, why);
    gw_arena_free(arena);
    if (!rc && strcmp(ret->origin, origin) != 0)
        rc = gw_fail(why, GW_EREFUSED, "of log %s, not of %s", ret->origin,
                     origin);
    return rc;
}

// ---- the signer ---------------------------------------------------------
int log_fail_ahead(const struct gw_log *l, struct gw_why *why)
{
    return gw_fail(why, GW_EFORK,
                   "%s: the signer has signed %llu entries, here are %llu: "
                   "this was probably restored from a backup. Nothing was "
                   "signed. Put back the newest copy, from a mirror if need "
                   "be; never remove what the signer keeps",
                   l->folder, (unsigned long long)l->last.size,
                   (unsigned long long)l->tiles.size);
}

static int fail_other_tree(const struct gw_log *l, struct gw_why *why)
{
    return gw_fail(why, GW_EFORK,
                   "%s: the signer has signed other %llu entries than are "
                   "here: this was probably restored from a backup and written "
                   "to. Nothing was signed. Put back the copy that was signed",
                   l->folder, (unsigned long long)l->last.size);
}

// What it signed last, and that this can be the same log.
int log_ask_last(struct gw_log *l, struct gw_why *why)
{
    struct gw_why said = {0};
    gw_buf_reset(&l->last_note);
    l->last = (struct gw_checkpoint){.size = 0};
    l->asked = false;
    int rc = l->sign.last(l->sign.ctx, gw_str(l->origin), &l->last_note, &said);
    l->signed_once = rc != GW_ENOENT;
    if (!rc)
        rc = log_read_note(gw_buf_span(&l->last_note), l->origin, &l->last,
                           &said);
    if (rc && l->signed_once)
        return gw_fail(why, rc, "the signer's last checkpoint: %s", said.text);
    if (l->last.size < gw_log_published(l) || (l->published && !l->signed_once))
        return gw_fail(why, GW_EFORK,
                       "%s: has a checkpoint of %llu entries, but its signer "
                       "knows of %llu: what the signer keeps was lost or "
                       "restored from a backup. Put back its newest copy",
                       l->folder, (unsigned long long)gw_log_published(l),
                       (unsigned long long)l->last.size);
    if (l->published && l->last.size == l->checkpoint.size &&
        !gw_hash32_eq(&l->last.root, &l->checkpoint.root))
        return fail_other_tree(l, why);
    l->asked = true;
    return 0;
}

// A step from the last tree that was signed, out of the tiles as they are on
// the disk: each is proved against the root before that is signed.
static int make_request(const struct gw_log *l, const struct gw_checkpoint *c,
                        struct gw_buf *ret, struct gw_why *why)
{
    struct signer_request r = {.old = l->last.size};
    struct gw_log_reader *reader;
    struct gw_tiles *tiles = NULL;
    struct gw_buf text;
    int rc = gw_log_reader_open(l->folder, &reader, why);
    if (rc)
        return rc;
    gw_buf_init(&text, 2 * GW_KEY_NAME_MAX);
    rc = gw_tiles_open(reader, c, &tiles, why);
    if (!rc && r.old)
        rc = gw_consistency_prove(gw_tiles_node, tiles, r.old, c->size,
                                  &r.proof, why);
    gw_checkpoint_format(c, &text);
    r.checkpoint = gw_buf_span(&text);
    signer_request_format(&r, ret);
    rc = rc ? rc : text.err ? text.err : ret->err;
    gw_buf_release(&text);
    gw_tiles_close(tiles);
    gw_log_reader_close(reader);
    return rc ? gw_fail(why, rc, "%s: no request to its signer", l->folder) : 0;
}

static int fail_answer(const struct gw_log *l, const struct gw_answer *a,
                       struct gw_why *why)
{
    gw_span said = gw_trim(gw_buf_span(&a->body));
    if (a->status == 422)
        return fail_other_tree(l, why);
    return gw_fail(why,
                   a->status == 429 || a->status >= 500 ? GW_ENET : GW_EREFUSED,
                   "%s: its signer answered %d: %.*s", l->folder, a->status,
                   (int)gw_sub(said, 0, 200).len, (const char *)said.at);
}

// Appends the signed note to ret; 409 leaves it empty, and asked unset.
static int ask_once(struct gw_log *l, const struct gw_checkpoint *c,
                    struct gw_buf *ret, struct gw_why *why)
{
    struct gw_answer a = {0};
    struct gw_buf request;
    gw_buf_init(&request, LOG_NOTE_MAX);
    int rc = make_request(l, c, &request, why);
    if (rc) {
        gw_buf_release(&request);
        return rc;
    }
    l->sign.answer(l->sign.ctx, gw_buf_span(&request), &a);
    if (a.status == 200) {
        gw_checkpoint_format(c, ret);
        gw_put_u8(ret, '\n');
        gw_put_span(ret, gw_buf_span(&a.body));
        rc = ret->err;
        struct gw_checkpoint is;
        rc = rc ? rc : log_read_note(gw_buf_span(ret), l->origin, &is, why);
    } else if (a.status == 409) {
        l->asked = false;
    } else {
        rc = fail_answer(l, &a, why);
    }
    gw_answer_release(&a);
    gw_buf_release(&request);
    return rc ? gw_fail(why, rc, "%s: no signature", l->folder) : 0;
}

// The signed note of a tree whose files are durable.
int log_get_signed(struct gw_log *l, const struct gw_checkpoint *c,
                   struct gw_buf *ret, struct gw_why *why)
{
    for (int round = 0; round < 2; round++) {
        int rc = l->asked ? 0 : log_ask_last(l, why);
        if (rc)
            return rc;
        if (l->last.size > c->size)
            return log_fail_ahead(l, why);
        if (l->signed_once && l->last.size == c->size) {
            if (!gw_hash32_eq(&l->last.root, &c->root))
                return fail_other_tree(l, why);
            gw_put_span(ret, gw_buf_span(&l->last_note));
            return ret->err;
        }
        rc = ask_once(l, c, ret, why);
        if (rc || l->asked)
            return rc;
    }
    return gw_fail(why, GW_EBUSY,
                   "%s: its signer signs for somebody else at the same time",
                   l->folder);
}
