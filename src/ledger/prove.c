// What proves a leaf to somebody who has nothing else: entries, their proofs
// under one checkpoint, and what bounds their time. docs/formats/ledger.md
// lists the files.
#include "ledger/prove.h"

#include <errno.h>
#include <unistd.h>

// ---- one leaf -----------------------------------------------------------

// Nothing goes into a bundle that its reader would refuse: the catalogue's
// entry must be the one that the log has.
static int write_proof(struct proving *p, struct gw_tiles *tiles,
                       const struct gw_checkpoint *c, uint64_t index,
                       const struct gw_hash32 *hash, gw_span note,
                       const char *path)
{
    struct gw_tlog_proof proof = {.index = index, .checkpoint = note};
    struct gw_buf b;
    gw_buf_init(&b, CHECKPOINT_MAX + (8 << 10));
    int rc = gw_inclusion_prove(gw_tiles_node, tiles, index, c->size,
                                &proof.proof, p->why);
    if (!rc &&
        gw_inclusion_check(hash, index, c->size, &proof.proof, &c->root, NULL))
        rc = gw_fail(p->why, GW_ECORRUPT,
                     "leaf %llu: the catalogue has another than the log",
                     (unsigned long long)index);
    if (!rc) {
        gw_tlog_proof_format(&proof, &b);
        rc = b.err ? gw_fail(p->why, b.err, "%s: %s", path, gw_strerror(b.err))
                   : gw_bundle_put(p->b, path, gw_buf_span(&b), p->why);
    }
    gw_buf_release(&b);
    return rc;
}

static int put_leaf(struct proving *p, uint64_t index)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    char path[128];
    for (size_t i = 0; i < p->put_count; i++)
        if (p->put[i] == index)
            return 0;
    if (p->put_count == REFS_MAX)
        return gw_fail(p->why, GW_ETOOBIG, "too many leaves for a bundle");
    p->put[p->put_count++] = index;
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc = gw_leaf_get(p->a, index, &row, &entry, p->why);
    struct gw_hash32 hash = gw_leaf_hash(gw_buf_span(&entry));
    if (index == p->what->leaf)
        p->hash = hash;
    snprintf(path, sizeof path, "data/leaf-%llu.json",
             (unsigned long long)index);
    rc = rc ? rc : gw_bundle_put(p->b, path, gw_buf_span(&entry), p->why);
    snprintf(path, sizeof path, "proofs/leaf-%llu.tlog-proof",
             (unsigned long long)index);
    rc = rc ? rc
            : write_proof(p, p->tiles, &p->head.opened.checkpoint, index, &hash,
                          gw_buf_span(&p->head.note), path);
    gw_buf_release(&entry);
    return rc;
}

// ---- what hangs on it ---------------------------------------------------

static uint64_t highest(const struct proving *p)
{
    return p->what->segment && p->what->segment_leaf > p->what->leaf
               ? p->what->segment_leaf
               : p->what->leaf;
}

static int see_key(void *ctx, const struct gw_leaf_row *leaf)
{
    struct proving *p = ctx;
    if (leaf->index <= p->what->leaf)
        p->key_leaf = leaf->index;
    if (leaf->index < p->head.opened.checkpoint.size)
        p->newest_key = leaf->index;
    return 0;
}

// The newest heartbeat before the leaf bounds it best, the first one is kept
// as well: a reader may be able to date only one of them.
static int see_heartbeat(void *ctx, const struct gw_leaf_row *leaf)
{
    struct proving *p = ctx;
    if (leaf->index >= p->what->leaf)
        return 0;
    size_t at = p->heartbeat_count < 2 ? p->heartbeat_count++ : 1;
    p->heartbeats[at] = leaf->index;
    return 0;
}

static int see_redaction(void *ctx, const struct gw_leaf_row *leaf)
{
    struct proving *p = ctx;
    char wanted[64];
    gw_arena_reset(p->arena);
    gw_span of = gw_leaf_member(leaf->entry, "of", p->arena);
    snprintf(wanted, sizeof wanted, "{\"index\":%llu,",
             (unsigned long long)p->what->leaf);
    if (gw_starts(of, wanted) && p->redaction_count < REFS_MAX &&
        leaf->index < p->head.opened.checkpoint.size)
        p->redactions[p->redaction_count++] = leaf->index;
    return 0;
}

static int put_related(struct proving *p)
{
    int rc = gw_leaves_each(p->a, 0, "key", see_key, p, p->why);
    rc = rc ? rc
            : gw_leaves_each(p->a, 0, "heartbeat", see_heartbeat, p, p->why);
    rc = rc ? rc
            : gw_leaves_each(p->a, p->what->leaf + 1, "redact", see_redaction,
                             p, p->why);
    rc = rc ? rc : put_leaf(p, p->what->leaf);
    rc = rc ? rc : put_leaf(p, p->key_leaf);
    rc = rc ? rc : put_leaf(p, p->newest_key);
    if (!rc && p->what->segment)
        rc = put_leaf(p, p->what->segment_leaf);
    for (size_t i = 0; i < p->heartbeat_count && !rc; i++)
        rc = put_leaf(p, p->heartbeats[i]);
    for (size_t i = 0; i < p->redaction_count && !rc; i++)
        rc = put_leaf(p, p->redactions[i]);
    return rc;
}

// ---- stamps -------------------------------------------------------------

static int copy_file(struct proving *p, const char *from, const char *to)
{
    struct gw_buf b;
    gw_buf_init(&b, CHECKPOINT_MAX);
    int rc = ledger_file(p->folder, from, CHECKPOINT_MAX, &b, p->why);
    rc = rc ? rc : gw_bundle_put(p->b, to, gw_buf_span(&b), p->why);
    gw_buf_release(&b);
    return rc;
}

// The leaf under the checkpoint that was stamped: another tree, an older one.
static int put_stamped_proof(struct proving *p, gw_span note, const char *stem)
{
    struct gw_note parsed;
    struct gw_checkpoint c;
    struct gw_tiles *tiles = NULL;
    char path[128];
    int rc = gw_note_parse(note, p->arena, &parsed, p->why);
    rc = rc ? rc : gw_checkpoint_parse(parsed.text, &c, p->why);
    rc = rc ? rc : gw_tiles_open(p->reader, &c, &tiles, p->why);
    snprintf(path, sizeof path, "anchors/%s.tlog-proof", stem);
    rc = rc ? rc
            : write_proof(p, tiles, &c, p->what->leaf, &p->hash, note, path);
    gw_tiles_close(tiles);
    return rc;
}

static bool is_lost(const struct proving *p, const char *name)
{
    char path[LEDGER_PATH];
    return ledger_path(path, p->folder, name, NULL) == 0 &&
           access(path, F_OK) != 0 && errno == ENOENT;
}

static int put_anchor(struct proving *p, uint64_t size, gw_span hash, bool ots)
{
    char stem[64], from[128], to[128], note_name[64];
    struct gw_buf note;
    snprintf(stem, sizeof stem, "%llu-%.12s", (unsigned long long)size,
             (const char *)hash.at);
    snprintf(from, sizeof from, "anchors/%s.%s", stem, ots ? "ots" : "tsr");
    snprintf(to, sizeof to, "%s", from);
    snprintf(note_name, sizeof note_name, "anchors/%llu.checkpoint",
             (unsigned long long)size);
    for (size_t i = 0; i < p->anchor_count; i++)
        if (strcmp(p->anchors[i], stem) == 0)
            return 0;
    gw_buf_init(&note, CHECKPOINT_MAX);
    // A stamp that somebody lost is no reason to prove nothing.
    if (is_lost(p, from) || is_lost(p, note_name))
        return 0;
    int rc = copy_file(p, from, to);
    rc = rc ? rc
            : ledger_file(p->folder, note_name, CHECKPOINT_MAX, &note, p->why);
    rc = rc ? rc : put_stamped_proof(p, gw_buf_span(&note), stem);
    // Roots and a block header that somebody put beside the stamp.
    static const char *const beside[] = {"pem", "header"};
    for (size_t i = 0; i < GW_COUNT(beside) && !rc; i++) {
        struct gw_buf b;
        gw_buf_init(&b, CHECKPOINT_MAX);
        snprintf(from, sizeof from, "anchors/%s.%s", stem, beside[i]);
        if (ledger_file(p->folder, from, CHECKPOINT_MAX, &b, NULL) == 0)
            rc = gw_bundle_put(p->b, from, gw_buf_span(&b), p->why);
        gw_buf_release(&b);
    }
    if (!rc) {
        p->anchor_is_ots[p->anchor_count] = ots;
        snprintf(p->anchors[p->anchor_count++], sizeof p->anchors[0], "%s",
                 stem);
    }
    gw_buf_release(&note);
    return rc;
}

static int see_anchor(void *ctx, const struct gw_leaf_row *leaf)
{
    struct proving *p = ctx;
    uint64_t size = 0;
    gw_arena_reset(p->arena);
    gw_span of = gw_leaf_member(leaf->entry, "of", p->arena);
    gw_span hash = gw_leaf_member(leaf->entry, "sha256", p->arena);
    gw_span kind = gw_leaf_member(leaf->entry, "kind", p->arena);
    int64_t at = gw_find(of, GW_LIT("\"size\":"), 0);
    if (at >= 0) {
        gw_span rest = gw_sub(of, (size_t)at + 7, of.len);
        gw_parse_uint(gw_cut(&rest, '}'), INT64_MAX, &size);
    }
    if (size <= p->what->leaf || hash.len != 2 * GW_HASH_LEN + 2 ||
        p->anchor_count == REFS_MAX)
        return 0;
    return put_anchor(p, size, gw_sub(hash, 1, 2 * GW_HASH_LEN),
                      gw_is(kind, "\"ots\""));
}

// ---- what it hides ------------------------------------------------------

static int open_secret(struct proving *p, const struct gw_ledger_options *o)
{
    struct gw_key key = {0};
    struct gw_buf box, text;
    struct gw_why none = {0};
    gw_buf_init(&box, 4 << 20);
    gw_buf_init(&text, 4 << 20);
    int rc = gw_leaf_secret(p->a, p->what->leaf, &box, &none);
    if (rc == GW_ENOENT) { // it hides nothing, or it was redacted
        gw_buf_release(&box);
        return 0;
    }
    rc =
        rc ? gw_fail(p->why, rc, "%s", none.text)
           : gw_keyring_open(p->keys, GW_ROLE_BOX, o->passphrase, &key, p->why);
    rc = rc ? rc : gw_box_open(&key.box, gw_buf_span(&box), &text, p->why);
    gw_wipe(&key, sizeof key);
    gw_span s = gw_buf_span(&text);
    int64_t end = gw_find(s, GW_LIT(",\"key\":\""), 0);
    if (!rc && (!gw_starts(s, "{\"disclosures\":") || end < 15))
        rc = gw_fail(p->why, GW_ECORRUPT, "leaf %llu: its secret is damaged",
                     (unsigned long long)p->what->leaf);
    if (!rc) {
        gw_put_fmt(&p->disclosures,
                   "{\"%llu\":", (unsigned long long)p->what->leaf);
        gw_put_span(&p->disclosures, gw_sub(s, 15, (size_t)end - 15));
        gw_put_str(&p->disclosures, "}");
        rc = gw_bundle_put(p->b, "data/disclosures.json",
                           gw_buf_span(&p->disclosures), p->why);
    }
    if (text.at)
        gw_wipe(text.at, text.len);
    gw_buf_release(&box);
    gw_buf_release(&text);
    return rc;
}

// ---- chain and README ---------------------------------------------------

static void put_numbers(struct gw_jw *w, const char *name, const uint64_t *at,
                        size_t n)
{
    gw_jw_key(w, name);
    gw_jw_open(w, '[');
    for (size_t i = 0; i < n; i++)
        gw_jw_int(w, (int64_t)at[i]);
    gw_jw_close(w, ']');
}

static void put_link(struct gw_jw *w, const char *name, uint64_t leaf,
                     const char *file)
{
    gw_jw_key(w, name);
    gw_jw_open(w, '{');
    if (file)
        gw_jw_kstr(w, "file", gw_str(file));
    gw_jw_kint(w, "leaf", (int64_t)leaf);
    gw_jw_close(w, '}');
}

// Members in the order of RFC 8785.
static int put_chain(struct proving *p)
{
    const struct gw_prove *what = p->what;
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    struct gw_jw w = gw_jw_on(&b);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "about", gw_str(what->about));
    gw_jw_key(&w, "anchors");
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < p->anchor_count; i++)
        gw_jw_str(&w, gw_str(p->anchors[i]));
    gw_jw_close(&w, ']');
    if (what->evidence)
        put_link(&w, "evidence", what->leaf, what->evidence);
    put_numbers(&w, "heartbeats", p->heartbeats, p->heartbeat_count);
    if (what->incident)
        put_link(&w, "incident", what->leaf, NULL);
    gw_jw_kint(&w, "keys", (int64_t)p->key_leaf);
    gw_jw_kint(&w, "leaf", (int64_t)what->leaf);
    if (what->record)
        put_link(&w, "record", what->leaf, NULL);
    gw_jw_key(&w, "redactions");
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < p->redaction_count; i++) {
        gw_jw_open(&w, '{');
        gw_jw_kint(&w, "leaf", (int64_t)p->redactions[i]);
        gw_jw_kint(&w, "of", (int64_t)what->leaf);
        gw_jw_close(&w, '}');
    }
    gw_jw_close(&w, ']');
    if (what->segment)
        put_link(&w, "segment", what->segment_leaf, NULL);
    gw_jw_kint(&w, "v", 1);
    gw_jw_close(&w, '}');
    int rc = b.err ? gw_fail(p->why, b.err, "chain.json: too large")
                   : gw_bundle_put(p->b, "chain.json", gw_buf_span(&b), p->why);
    gw_buf_release(&b);
    return rc;
}

// ---- the whole ----------------------------------------------------------

static int open_log(struct proving *p, const struct gw_ledger_options *o)
{
    int rc = ledger_paths(p->a, o, p->keys, p->folder, p->why);
    rc = rc ? rc : ledger_head_open(p->folder, highest(p), &p->head, p->why);
    rc = rc ? rc : gw_log_reader_open(p->folder, &p->reader, p->why);
    rc = rc ? rc
            : gw_tiles_open(p->reader, &p->head.opened.checkpoint, &p->tiles,
                            p->why);
    p->arena = gw_arena_new(64 << 20);
    return rc ? rc : p->arena ? 0 : gw_fail(p->why, GW_ENOMEM, "out of memory");
}

static int put_all(struct proving *p, const struct gw_ledger_options *o)
{
    int rc = put_related(p);
    rc = rc ? rc
            : gw_leaves_each(p->a, p->what->leaf + 1, "anchor", see_anchor, p,
                             p->why);
    if (!rc && p->what->disclose)
        rc = open_secret(p, o);
    rc = rc ? rc
            : gw_bundle_put(p->b, "policy.txt",
                            gw_buf_span(&p->head.policy_text), p->why);
    rc = rc ? rc : put_chain(p);
    return rc ? rc : prove_readme(p);
}

int gw_ledger_prove(struct gw_archive *a, const struct gw_ledger_options *o,
                    const struct gw_prove *what, struct gw_bundle *b,
                    struct gw_why *why)
{
    struct proving *p = gw_new(sizeof *p);
    if (!p)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    p->a = a;
    p->what = what;
    p->b = b;
    p->why = why;
    gw_buf_init(&p->disclosures, 4 << 20);
    int rc = open_log(p, o);
    rc = rc ? rc : put_all(p, o);
    gw_tiles_close(p->tiles);
    gw_log_reader_close(p->reader);
    ledger_head_close(&p->head);
    gw_arena_free(p->arena);
    gw_buf_release(&p->disclosures);
    gw_free(p);
    return rc;
}
