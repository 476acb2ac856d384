// What a bundle holds besides leaves: a record, the evidence, a segment and
// what was disclosed or taken out, each held against the leaf that speaks of
// it.
#include "ledger/verify.h"

#include <stdio.h>

enum {
    RECORD_MAX = 256 << 20,
    SEGMENT_MAX = 384 << 20,
    ENTRY_LEN = 2 * (2 * GW_HASH_LEN + 1), // "<hex> <hex>\n"
    SHOWN = 160,                           // of a value, in a step
};

// Public, or disclosed and found to hold.
static gw_span member(const struct bagged *b, const struct bag_leaf *leaf,
                      const char *name)
{
    gw_span json = gw_leaf_member(leaf->entry, name, b->v->arena);
    for (size_t i = 0; !json.at && i < b->disclosure_count; i++) {
        const struct chain_disclosure *d = &b->disclosures[i];
        if (d->leaf == leaf->index && d->name.at && gw_is(d->name, name))
            json = d->json_value;
    }
    return json;
}

static void say_bad(struct bagged *b, const char *what, const char *where,
                    const char *rule)
{
    verify_say(b->v, GW_STEP_BAD, what, "%s: %s", where, rule);
}

// ---- redactions ---------------------------------------------------------

static const struct chain_redaction *redaction_of(const struct bagged *b,
                                                  uint64_t index)
{
    for (size_t i = 0; i < b->chain.redaction_count; i++)
        if (b->chain.redactions[i].holds && b->chain.redactions[i].of == index)
            return &b->chain.redactions[i];
    return NULL;
}

static void category_of(struct bagged *b, const struct bag_leaf *leaf,
                        char ret_text[64])
{
    gw_jv v;
    gw_span json = member(b, leaf, "category");
    gw_span text = chain_parse_json(b->v->json, json, b->v->arena, &v)
                       ? gw_jv_str(v)
                       : (gw_span){0};
    if (!text.at)
        text = GW_LIT("no reason given");
    snprintf(ret_text, 64, "%.*s", (int)(text.len < 63 ? text.len : 63),
             (const char *)text.at);
}

static void check_redaction(struct bagged *b, struct chain_redaction *r)
{
    uint64_t of;
    struct gw_hash32 hash;
    char category[64];
    const struct bag_leaf *leaf = bagged_proved(b, r->leaf, "redaction");
    const struct bag_leaf *target = bagged_proved(b, r->of, "redaction");
    if (!leaf || !target)
        return;
    if (leaf->read.type != GW_LEAF_REDACT ||
        !chain_pair(b->v->json, member(b, leaf, "of"), b->v->arena, "index",
                    "leaf", &of, &hash) ||
        of != target->index || leaf->index <= target->index ||
        !gw_hash32_eq(&hash, &target->hash)) {
        verify_say(b->v, GW_STEP_BAD, "redaction",
                   "%s: not a redaction of leaf %llu", leaf->path,
                   (unsigned long long)r->of);
        return;
    }
    r->holds = true;
    category_of(b, leaf, category);
    verify_say(b->v, GW_STEP_NOTE, "redaction",
               "what leaf %llu spoke of: withheld by redaction leaf %llu (%s)",
               (unsigned long long)r->of, (unsigned long long)r->leaf,
               category);
}

// A file that a leaf speaks of and that is not here: a note if it was
// redacted.
static void say_absent(struct bagged *b, const char *what, const char *path,
                       const struct bag_leaf *leaf)
{
    const struct chain_redaction *r = redaction_of(b, leaf->index);
    if (!r)
        r = redaction_of(b, b->chain.leaf);
    if (r)
        verify_say(b->v, GW_STEP_NOTE, what,
                   "%s: withheld by redaction leaf %llu", path,
                   (unsigned long long)r->leaf);
    else
        say_bad(b, what, path, "not here, and nothing says why");
}

// ---- disclosures --------------------------------------------------------

static int check_disclosure(struct bagged *b, struct chain_disclosure *d)
{
    struct gw_why why = {0};
    const struct bag_leaf *leaf = bagged_proved(b, d->leaf, "disclosure");
    if (!leaf)
        return 0;
    int rc = gw_leaf_disclosed(leaf->entry, d->text, b->v->arena, &d->name,
                               &d->json_value, &why);
    if (rc) {
        d->name = (gw_span){0};
        return verify_blame(b->v, "disclosure", leaf->path, rc, &why);
    }
    verify_say(b->v, GW_STEP_OK, "disclosure", "%s: hid \"%.*s\": %.*s%s",
               leaf->path, (int)d->name.len, (const char *)d->name.at,
               (int)(d->json_value.len < SHOWN ? d->json_value.len : SHOWN),
               (const char *)d->json_value.at,
               d->json_value.len < SHOWN ? "" : "...");
    return 0;
}

static int check_disclosures(struct bagged *b)
{
    static const char path[] = "data/disclosures.json";
    struct gw_why why = {0};
    gw_span text;
    if (!bag_find(&b->bag, path))
        return 0;
    int rc = bag_load(&b->bag, path, GW_JSON_MAX, &text, &why);
    rc = rc ? rc
            : chain_disclosures(b->v->json, text, b->v->arena, &b->disclosures,
                                &b->disclosure_count, &why);
    if (rc)
        return verify_blame(b->v, "disclosure", path, rc, &why);
    for (size_t i = 0; i < b->disclosure_count && !rc; i++)
        rc = check_disclosure(b, &b->disclosures[i]);
    return rc;
}

// ---- batches ------------------------------------------------------------

struct batch {
    const char *what, *file, *proof, *name; // name: of the leaf's member
    const struct bag_leaf *leaf;
    gw_span entry;
};

// Two stages: the entry is in a batch, and the leaf has the batch's root.
static int check_batch(struct bagged *b, const struct batch *t)
{
    struct gw_batch_proof p;
    struct gw_hash32 root, hash = gw_leaf_hash(t->entry);
    struct gw_why why = {0};
    uint64_t count;
    gw_span bytes;
    int rc = bag_load(&b->bag, t->proof, BAG_PROOF_MAX, &bytes, &why);
    rc = rc ? rc : gw_batch_proof_parse(bytes, &p, &why);
    rc = rc ? rc
            : gw_inclusion_check(&hash, p.index, p.size, &p.proof, &p.root,
                                 &why);
    if (rc)
        return verify_blame(b->v, t->what, t->proof, rc, &why);
    gw_span json = member(b, t->leaf, t->name);
    bool fits = chain_pair(b->v->json, json, b->v->arena, "count", "root",
                           &count, &root) &&
                count == p.size && gw_hash32_eq(&root, &p.root);
    if (!json.at)
        verify_say(b->v, GW_STEP_BAD, t->what,
                   "%s: leaf %llu does not show its \"%s\"", t->proof,
                   (unsigned long long)t->leaf->index, t->name);
    else if (!fits)
        verify_say(b->v, GW_STEP_BAD, t->what,
                   "%s: its root is not the one of \"%s\" in leaf %llu",
                   t->proof, t->name, (unsigned long long)t->leaf->index);
    else
        verify_say(b->v, GW_STEP_OK, t->what,
                   "%s: number %llu of the %llu that leaf %llu has the root of",
                   t->file, (unsigned long long)p.index + 1,
                   (unsigned long long)p.size,
                   (unsigned long long)t->leaf->index);
    return 0;
}

static int check_record(struct bagged *b)
{
    struct batch t = {"record",  "data/record", "proofs/record.batch-proof",
                      "records", NULL,          {0}};
    struct gw_why why = {0};
    if (!b->chain.has_record)
        return 0;
    t.leaf = bagged_proved(b, b->chain.record, t.what);
    if (!t.leaf)
        return 0;
    int rc = bag_load(&b->bag, t.file, RECORD_MAX, &t.entry, &why);
    if (rc == GW_ENOENT) {
        say_absent(b, t.what, t.file, t.leaf);
        return 0;
    }
    return rc ? verify_blame(b->v, t.what, t.file, rc, &why)
              : check_batch(b, &t);
}

// ---- evidence and segment -----------------------------------------------

static int check_evidence(struct bagged *b)
{
    static const char what[] = "evidence";
    struct gw_hash32 hash;
    if (!b->chain.has_evidence)
        return 0;
    const struct bag_leaf *leaf = bagged_proved(b, b->chain.evidence, what);
    struct bag_file *f = bag_find(&b->bag, b->chain.evidence_file);
    if (f)
        f->used = true;
    if (!leaf)
        return 0;
    if (!f || !f->seen)
        say_absent(b, what, b->chain.evidence_file, leaf);
    else if (!chain_hash(b->v->json, member(b, leaf, "object"), b->v->arena,
                         &hash))
        verify_say(b->v, GW_STEP_BAD, what,
                   "%s: leaf %llu does not show the hash of its object",
                   f->path, (unsigned long long)leaf->index);
    else if (!f->held || !gw_hash32_eq(&hash, &f->hash))
        verify_say(b->v, GW_STEP_BAD, what,
                   "%s: not the object that leaf %llu speaks of", f->path,
                   (unsigned long long)leaf->index);
    else
        verify_say(b->v, GW_STEP_OK, what,
                   "%s: byte for byte the object of leaf %llu", f->path,
                   (unsigned long long)leaf->index);
    return 0;
}

// Of the object that the bundle is about, where that is known. A leaf that
// has it in clear and cannot be read does not count as one that hides it.
static bool is_of_object(struct bagged *b, const struct gw_hash32 *object)
{
    struct gw_hash32 hash;
    const struct bag_leaf *leaf = bagged_leaf(b, b->chain.leaf);
    if (!leaf)
        return true;
    gw_span json = member(b, leaf, "object");
    if (!json.at)
        return gw_find(leaf->entry, GW_LIT("\"object\":"), 0) < 0;
    return chain_hash(b->v->json, json, b->v->arena, &hash) &&
           gw_hash32_eq(&hash, object);
}

static bool read_entry(gw_span entry, struct gw_hash32 *ret_object,
                       struct gw_hash32 *ret_segment)
{
    const size_t hex = 2 * (size_t)GW_HASH_LEN;
    return entry.len == ENTRY_LEN && entry.at[hex] == ' ' &&
           entry.at[ENTRY_LEN - 1] == '\n' &&
           gw_unhex(gw_sub(entry, 0, hex), ret_object->at) &&
           gw_unhex(gw_sub(entry, hex + 1, hex), ret_segment->at);
}

// A segment ends with the SHA-256 of all that is before (segments.md); that is
// the hash it goes by. *ret_same is false if it is another.
static int segment_is(struct bagged *b, const char *path,
                      const struct gw_hash32 *named, bool *ret_same)
{
    gw_span bytes;
    struct gw_why why = {0};
    *ret_same = false;
    int rc = bag_load(&b->bag, path, SEGMENT_MAX, &bytes, &why);
    if (rc)
        return verify_blame(b->v, "segment", path, rc, &why);
    if (bytes.len < GW_HASH_LEN)
        return 0;
    size_t body = bytes.len - GW_HASH_LEN;
    struct gw_hash32 computed = gw_sha256(gw_sub(bytes, 0, body));
    *ret_same = gw_hash32_eq(&computed, named) &&
                memcmp(bytes.at + body, named->at, GW_HASH_LEN) == 0;
    return 0;
}

static int check_segment_bytes(struct bagged *b, struct batch *t,
                               const char *path,
                               const struct gw_hash32 *segment)
{
    bool same;
    int rc = segment_is(b, path, segment, &same);
    if (rc || same)
        return rc ? rc : check_batch(b, t);
    say_bad(b, t->what, path, "not the segment that the entry names");
    return 0;
}

static int check_segment(struct bagged *b)
{
    struct batch t = {"segment",
                      "data/segment.entry",
                      "proofs/segment.batch-proof",
                      "segments",
                      NULL,
                      {0}};
    struct gw_hash32 object, segment;
    struct gw_why why = {0};
    if (!b->chain.has_segment)
        return 0;
    struct bag_file *f = bag_find(&b->bag, "data/segment.gws");
    if (f)
        f->used = true;
    t.leaf = bagged_proved(b, b->chain.segment, t.what);
    if (!t.leaf)
        return 0;
    int rc = bag_load(&b->bag, t.file, ENTRY_LEN, &t.entry, &why);
    if (rc == GW_ENOENT || !f || !f->seen) {
        say_absent(b, t.what, rc ? t.file : "data/segment.gws", t.leaf);
        return 0;
    }
    if (rc)
        return verify_blame(b->v, t.what, t.file, rc, &why);
    if (t.leaf->read.type != GW_LEAF_FINDINGS)
        say_bad(b, t.what, t.leaf->path, "not a leaf of findings");
    else if (!read_entry(t.entry, &object, &segment))
        say_bad(b, t.what, t.file, "not \"<object> <segment>\"");
    else if (!is_of_object(b, &object))
        say_bad(b, t.what, t.file, "of another object than this bundle");
    else
        return check_segment_bytes(b, &t, f->path, &segment);
    return 0;
}

// ---- an incident --------------------------------------------------------

static void check_incident(struct bagged *b)
{
    static const char what[] = "incident", path[] = "data/incident.json";
    struct gw_hash32 hash;
    if (!b->chain.has_incident)
        return;
    const struct bag_leaf *leaf = bagged_proved(b, b->chain.incident, what);
    struct bag_file *f = bag_find(&b->bag, path);
    if (f)
        f->used = true;
    if (!leaf)
        return;
    if (leaf->read.type != GW_LEAF_INCIDENT)
        say_bad(b, what, leaf->path, "not a leaf of an incident");
    else if (!f || !f->seen)
        say_absent(b, what, path, leaf);
    else if (!chain_hash(b->v->json, member(b, leaf, "sha256"), b->v->arena,
                         &hash) ||
             !f->held || !gw_hash32_eq(&hash, &f->hash))
        verify_say(b->v, GW_STEP_BAD, what,
                   "%s: not the version that leaf %llu speaks of", path,
                   (unsigned long long)leaf->index);
    else
        verify_say(b->v, GW_STEP_OK, what,
                   "%s: byte for byte the version of leaf %llu", path,
                   (unsigned long long)leaf->index);
}

int bagged_contents(struct bagged *b)
{
    for (size_t i = 0; i < b->chain.redaction_count; i++)
        check_redaction(b, &b->chain.redactions[i]);
    int rc = check_disclosures(b);
    rc = rc ? rc : check_record(b);
    rc = rc ? rc : check_evidence(b);
    check_incident(b);
    return rc ? rc : check_segment(b);
}
