// Ingest: the leaf that says of an object what it is, what is in it and what
// was made of it. Written in the transaction that describes the object.
#include "monitor/ingest.h"

#include <stdio.h>

enum { TEXT_MAX = 64 << 10, DIGESTS = 8 };

// The fields of a leaf, each value a JSON text in the buffer.
struct words {
    struct gw_buf text;
    struct gw_leaf_field fields[GW_LEAF_FIELDS_MAX];
    size_t starts[GW_LEAF_FIELDS_MAX], count;
};

// Begins the value of a field: what is put into the text is its JSON.
static struct gw_jw say(struct words *w, const char *name, bool hidden)
{
    w->starts[w->count] = w->text.len;
    w->fields[w->count++] = (struct gw_leaf_field){name, {0}, hidden};
    return gw_jw_on(&w->text);
}

static void say_str(struct words *w, const char *name, gw_span s, bool hidden)
{
    struct gw_jw j = say(w, name, hidden);
    gw_jw_str(&j, s);
}

// The buffer has come to rest: now its parts can be pointed at.
static int settle(struct words *w)
{
    if (w->text.err)
        return w->text.err;
    for (size_t i = 0; i < w->count; i++) {
        size_t end = i + 1 < w->count ? w->starts[i + 1] : w->text.len;
        w->fields[i].json =
            gw_span_of(w->text.at + w->starts[i], end - w->starts[i]);
    }
    return 0;
}

// Members in the order of RFC 8785, so that they can be compared as text.
static void say_records(struct words *w, const struct gw_range *records,
                        bool hidden)
{
    struct gw_hash32 root = gw_range_root(records);
    struct gw_jw j = say(w, "records", hidden);
    gw_jw_open(&j, '{');
    gw_jw_kint(&j, "count", (int64_t)records->size);
    gw_jw_key(&j, "root");
    gw_put_str(&w->text, "\"");
    gw_b64_put(GW_B64_STANDARD, gw_span_of(root.at, sizeof root.at), &w->text);
    gw_put_str(&w->text, "\"}");
}

static int say_facts(struct run *r, struct words *w, const char *object)
{
    char segment[2 * GW_HASH_LEN + 1];
    struct gw_why none = {0};
    int rc = gw_segment_hash(r->a, GW_TIER_FACTS, object, segment, &none);
    if (rc)
        return rc == GW_ENOENT ? 0 : gw_fail(r->why, rc, "%s", none.text);
    struct gw_jw j = say(w, "facts", false);
    gw_jw_open(&j, '{');
    gw_jw_kstr(&j, "segment", gw_str(segment));
    gw_jw_kint(&j, "version", GW_FACTS_VERSION);
    gw_jw_close(&j, '}');
    return 0;
}

// Of a confidential object nothing is said in public, so that its leaf looks
// like a decoy. Facts are a function of the object: their hash would tell
// whoever has the same file that it is here.
static int say_all(struct run *r, struct words *w, const struct gw_object *o,
                   const struct gw_range *records, bool confidential)
{
    char added[GW_TIME_TEXT];
    size_t len = gw_format_time(o->added, added);
    say_str(w, "object", gw_str(o->hash), confidential);
    struct gw_jw j = say(w, "bytes", confidential);
    gw_jw_int(&j, o->size);
    say_str(w, "kind", gw_str(gw_kind_name(o->kind)), confidential);
    say_records(w, records, confidential);
    int rc = confidential ? 0 : say_facts(r, w, o->hash);
    if (!confidential)
        say_str(w, "state", gw_str(o->state == GW_DONE ? "done" : "failed"),
                false);
    say_str(w, "name", gw_str(o->name), true);
    say_str(w, "source", gw_str(o->source), true);
    say_str(w, "licence", gw_str(o->licence), true);
    say_str(w, "added", gw_span_of(added, len), true);
    return rc ? rc : settle(w);
}

// ---- what was said before -----------------------------------------------

// Of a confidential object its newest leaf shows nothing to compare with, so
// that is kept beside: in a note, which is there for such objects only.
static void note_name(const char *object, char ret[96])
{
    snprintf(ret, 96, "confidential/%s", object);
}

int mark_confidential(struct run *r, const char *object)
{
    struct gw_leaf_row leaf;
    struct gw_buf entry;
    struct gw_why none = {0};
    char name[96];
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc = gw_leaf_newest(r->a, gw_leaf_type_name(GW_LEAF_EVIDENCE), object,
                            &leaf, &entry, &none);
    gw_buf_release(&entry);
    if (rc != GW_ENOENT) // said already, one way or the other
        return rc ? gw_fail(r->why, rc, "%s", none.text) : 0;
    note_name(object, name);
    return gw_note_set(r->a, name, GW_LIT(""), r->why);
}

// 1: confidential; what was hidden last is put into ret_said.
static int is_confidential(struct run *r, const char *object,
                           struct gw_buf *ret_said)
{
    struct gw_why none = {0};
    char name[96];
    note_name(object, name);
    int rc = gw_note_get(r->a, name, ret_said, &none);
    if (rc == GW_ENOENT)
        return 0;
    return rc ? gw_fail(r->why, rc, "%s", none.text) : 1;
}

static const struct gw_leaf_field *field(const struct words *w,
                                         const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->fields[i].name, name) == 0)
            return &w->fields[i];
    return NULL;
}

static bool says_the_same(const struct words *w, gw_span entry,
                          struct gw_arena *arena)
{
    static const char *const compared[] = {"object", "records", "facts",
                                           "state"};
    for (size_t i = 0; i < GW_COUNT(compared); i++) {
        const struct gw_leaf_field *f = field(w, compared[i]);
        if (!gw_eq(gw_leaf_member(entry, compared[i], arena),
                   f ? f->json : (gw_span){0}))
            return false;
    }
    return true;
}

// Adds the index of the leaf before; 1: that says the same.
static int compare(struct run *r, struct words *w, const char *object)
{
    struct gw_leaf_row leaf;
    struct gw_buf entry;
    struct gw_why none = {0};
    gw_buf_init(&entry, GW_LEAF_MAX);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    int rc = arena ? gw_leaf_newest(r->a, gw_leaf_type_name(GW_LEAF_EVIDENCE),
                                    object, &leaf, &entry, &none)
                   : gw_fail(&none, GW_ENOMEM, "out of memory");
    if (!rc) {
        rc = says_the_same(w, leaf.entry, arena);
        struct gw_jw j = say(w, "again", false);
        gw_jw_int(&j, (int64_t)leaf.index);
        rc = rc ? rc : settle(w);
    } else {
        rc = rc == GW_ENOENT ? 0 : gw_fail(r->why, rc, "%s", none.text);
    }
    gw_arena_free(arena);
    gw_buf_release(&entry);
    return rc;
}

// ---- saying it ----------------------------------------------------------

static int append(struct run *r, const struct words *w, const char *object)
{
    uint64_t index;
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE,
                               .at = gw_ledger_now(r->l),
                               .fields = w->fields,
                               .count = w->count,
                               .digests = DIGESTS};
    return gw_ledger_append(r->l, &leaf, object, &index, r->why);
}

// In confidence: what the newest leaf hides of the records is in the note.
static int witness_hidden(struct run *r, const struct words *w,
                          const char *object, gw_span said)
{
    char name[96];
    gw_span records = field(w, "records")->json;
    if (gw_eq(records, said))
        return 0;
    int rc = append(r, w, object);
    note_name(object, name);
    return rc ? rc : gw_note_set(r->a, name, records, r->why);
}

static int witness(struct run *r, const struct gw_object *o,
                   const struct gw_range *records)
{
    struct words w = {.count = 0};
    struct gw_buf said;
    gw_buf_init(&w.text, TEXT_MAX);
    gw_buf_init(&said, TEXT_MAX);
    int hidden = is_confidential(r, o->hash, &said);
    int rc = hidden < 0 ? hidden : say_all(r, &w, o, records, hidden);
    if (!rc && hidden)
        rc = witness_hidden(r, &w, o->hash, gw_buf_span(&said));
    else if (!rc && !(rc = compare(r, &w, o->hash)))
        rc = append(r, &w, o->hash);
    gw_buf_release(&w.text);
    gw_buf_release(&said);
    return rc < 0 ? gw_fail(r->why, rc, "%s", gw_strerror(rc)) : 0;
}

int describe(struct run *r, const struct gw_object *o,
             const struct gw_range *records)
{
    int rc = gw_evidence_describe(r->a, o, r->why);
    bool settled = o->state == GW_DONE || o->state == GW_FAILED;
    return rc || !settled ? rc : witness(r, o, records);
}
