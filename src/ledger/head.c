// The newest checkpoint of an archive's log, for those who only read.
#include "ledger/archive.h"

int ledger_tree(const char *folder, const char *name, struct gw_checkpoint *ret,
                struct gw_why *why)
{
    struct gw_note note;
    struct gw_buf b;
    struct gw_why bad = {0};
    gw_buf_init(&b, CHECKPOINT_MAX);
    struct gw_arena *arena = gw_arena_new(16 << 20);
    int rc = arena ? ledger_file(folder, name, CHECKPOINT_MAX, &b, &bad)
                   : gw_fail(&bad, GW_ENOMEM, "out of memory");
    rc = rc ? rc : gw_note_parse(gw_buf_span(&b), arena, &note, &bad);
    rc = rc ? rc : gw_checkpoint_parse(note.text, ret, &bad);
    gw_arena_free(arena);
    gw_buf_release(&b);
    return rc ? gw_fail(why, rc, "%s/%s: %s", folder, name, bad.text) : 0;
}

static int open_pair(const char *folder, const char *name, const char *policy,
                     struct ledger_head *h, struct gw_why *why)
{
    gw_buf_reset(&h->note);
    gw_buf_reset(&h->policy_text);
    gw_arena_reset(h->arena);
    gw_policy_free(h->policy);
    h->policy = NULL;
    struct gw_why bad = {0};
    int rc = ledger_file(folder, name, CHECKPOINT_MAX, &h->note, &bad);
    rc = rc ? rc
            : ledger_file(folder, policy, POLICY_MAX, &h->policy_text, &bad);
    rc = rc ? rc
            : gw_policy_parse(gw_buf_span(&h->policy_text), &h->policy, &bad);
    rc = rc ? rc
            : gw_policy_open(h->policy, gw_buf_span(&h->note), h->arena,
                             &h->opened, &bad);
    return rc ? gw_fail(why, rc, "%s/%s: %s", folder, name, bad.text) : 0;
}

// Between the two renames that replace policy and checkpoint the first pair
// does not fit; the second does.
int ledger_head_open(const char *folder, uint64_t index,
                     struct ledger_head *ret, struct gw_why *why)
{
    *ret = (struct ledger_head){0};
    gw_buf_init(&ret->note, CHECKPOINT_MAX);
    gw_buf_init(&ret->policy_text, POLICY_MAX);
    ret->arena = gw_arena_new(16 << 20);
    if (!ret->arena)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    struct gw_why bad = {0};
    int rc = open_pair(folder, LEDGER_SEALED, LEDGER_POLICY, ret, NULL);
    if (!rc && ret->opened.quorum && ret->opened.checkpoint.size > index)
        return 0;
    rc = open_pair(folder, LEDGER_LOCAL, LEDGER_LOCAL_POLICY, ret, &bad);
    if (!rc && ret->opened.checkpoint.size > index)
        return 0;
    if (rc && rc != GW_ENOENT)
        return gw_fail(why, rc, "%s", bad.text);
    return gw_fail(why, GW_ENOENT,
                   "leaf %llu is not under a checkpoint yet: gawah seal",
                   (unsigned long long)index);
}
void ledger_head_close(struct ledger_head *h)
{
    gw_policy_free(h->policy);
    gw_arena_free(h->arena);
    gw_buf_release(&h->note);
    gw_buf_release(&h->policy_text);
}

int gw_ledger_witnessed(struct gw_archive *a, const char *object,
                        struct gw_witnessed *ret, struct gw_why *why)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct ledger_head head;
    char folder[LEDGER_PATH];
    struct gw_why none = {0};
    *ret = (struct gw_witnessed){0};
    gw_buf_init(&entry, GW_LEAF_MAX);
    const char *type = strncmp(object, "i-", 2) == 0 ? "incident" : "evidence";
    int rc = gw_leaf_newest(a, type, object, &row, &entry, &none);
    gw_buf_release(&entry);
    if (rc)
        return rc == GW_ENOENT ? 0 : gw_fail(why, rc, "%s", none.text);
    ret->leaf = true;
    ret->index = row.index;
    rc = ledger_path(folder, gw_archive_folder(a), "ledger", why);
    if (rc)
        return rc;
    rc = ledger_head_open(folder, row.index, &head, &none);
    if (!rc) {
        ret->sealed = true;
        ret->checkpoint = head.opened.checkpoint;
        ret->quorum = head.opened.quorum;
        ret->witnesses = head.opened.cosignature_count;
    }
    ledger_head_close(&head);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", none.text) : 0;
}
