// Making a leaf: canonical JSON, salted digests in place of what is hidden,
// and the author's signature. Same input, same bytes.
#include "ledger/leaf.h"

#include <stdio.h>

static const char *const type_names[] = {
#define X(name, text) text,
    GW_LEAF_TYPES(X)
#undef X
};

const char *gw_leaf_type_name(enum gw_leaf_type type)
{
    return (unsigned)type < GW_LEAF_TYPE_COUNT ? type_names[type] : "?";
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool gw_leaf_name_ok(gw_span name)
{
    static const char *const reserved[] = {"v", "type", "day", "by", "sig"};
    if (!name.len || name.len > LEAF_NAME_MAX || !is_letter(name.at[0]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        uint8_t c = name.at[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    for (size_t i = 0; i < GW_COUNT(reserved); i++)
        if (gw_is(name, reserved[i]))
            return false;
    return true;
}

bool gw_leaf_digests_ok(size_t digests)
{
    return digests == 0 || digests == 8 || digests == 16 ||
           digests == LEAF_DIGESTS_MAX;
}

int gw_leaf_canonical(struct gw_json *parser, const struct gw_buf *in,
                      struct gw_buf *ret, struct gw_why *why)
{
    return in->err ? gw_fail(why, in->err, "leaf: %s", gw_strerror(in->err))
                   : gw_json_canonical(parser, gw_buf_span(in), ret, why);
}

// ---- what is hidden -----------------------------------------------------
struct maker {
    const struct gw_new_leaf *leaf;
    const struct gw_key *author; // or NULL
    const uint8_t *item_key;
    struct gw_json *parser;
    struct gw_buf raw;         // a value as it was given, then a disclosure
    struct gw_buf value;       // a value in canonical form
    struct gw_buf text;        // the members of the leaf, in any order
    struct gw_buf entry;       // what is signed, then the leaf
    struct gw_buf disclosures; // the JSON list
    struct gw_buf digests;     // their texts, one after the other
    struct gw_why *why;
};

static struct gw_hash32 derived(const struct maker *m, gw_span label, size_t i)
{
    uint8_t message[32];
    size_t len = label.len;
    memcpy(message, label.at, len);
    for (int shift = 24; shift >= 0; shift -= 8)
        message[len++] = (uint8_t)(i >> shift);
    return gw_hmac_sha256(gw_span_of(m->item_key, 32),
                          gw_span_of(message, len));
}

// A value on its own, so that no text can bring in members of the leaf.
static int take_value(struct maker *m, const struct gw_leaf_field *f)
{
    gw_buf_reset(&m->raw);
    gw_buf_reset(&m->value);
    gw_put_span(&m->raw, f->json);
    int rc = gw_leaf_canonical(m->parser, &m->raw, &m->value, m->why);
    if (rc)
        gw_within(m->why, "leaf, field \"%s\"", f->name);
    return rc;
}

static void put_digest(struct maker *m, struct gw_hash32 digest)
{
    gw_b64_put(GW_B64_URL, gw_span_of(digest.at, GW_HASH_LEN), &m->digests);
}

static int check_buffers(const struct maker *m)
{
    int rc = m->raw.err ? m->raw.err : m->disclosures.err;
    rc = rc ? rc : m->digests.err;
    return rc ? gw_fail(m->why, rc, "leaf: %s", gw_strerror(rc)) : 0;
}

// RFC 9901 4.2.1: base64url of [salt, name, value].
static int hide(struct maker *m, const struct gw_leaf_field *f, size_t number)
{
    struct gw_hash32 salt = derived(m, GW_LIT("gawah-salt"), number);
    int rc = take_value(m, f);
    if (rc)
        return rc;
    gw_buf_reset(&m->raw);
    gw_put_str(&m->raw, "[\"");
    gw_b64_put(GW_B64_URL, gw_span_of(salt.at, LEAF_SALT_LEN), &m->raw);
    gw_put_fmt(&m->raw, "\",\"%s\",", f->name);
    gw_put_span(&m->raw, gw_buf_span(&m->value));
    gw_put_u8(&m->raw, ']');
    if (m->raw.len > DISCLOSURE_MAX)
        return gw_fail(m->why, GW_ETOOBIG,
                       "leaf, field \"%s\": over %d bytes to disclose", f->name,
                       DISCLOSURE_MAX);
    if (number)
        gw_put_u8(&m->disclosures, ',');
    gw_put_u8(&m->disclosures, '"');
    size_t start = m->disclosures.len;
    gw_b64_put(GW_B64_URL, gw_buf_span(&m->raw), &m->disclosures);
    put_digest(m, gw_sha256(gw_sub(gw_buf_span(&m->disclosures), start,
                                   m->disclosures.len - start)));
    gw_put_u8(&m->disclosures, '"');
    return check_buffers(m);
}

static int by_name(const void *a, const void *b)
{
    const struct gw_leaf_field *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, LEAF_DIGEST_TEXT);
}

// Salts count in the order of names, so that the order in which a caller
// lists fields does not change a byte; sorting hides which are decoys.
static int hide_all(struct maker *m)
{
    const struct gw_leaf_field *hidden[GW_LEAF_FIELDS_MAX];
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < m->leaf->count; i++)
        if (m->leaf->fields[i].hidden)
            hidden[n++] = &m->leaf->fields[i];
    if (n)
        qsort(hidden, n, sizeof *hidden, by_name);
    gw_put_u8(&m->disclosures, '[');
    for (size_t i = 0; i < n && !rc; i++)
        rc = hide(m, hidden[i], i);
    gw_put_u8(&m->disclosures, ']');
    for (size_t i = n; i < m->leaf->digests; i++)
        put_digest(m, derived(m, GW_LIT("gawah-decoy"), i - n));
    rc = rc ? rc : check_buffers(m);
    if (m->leaf->digests && !rc)
        qsort(m->digests.at, m->leaf->digests, LEAF_DIGEST_TEXT, by_text);
    return rc;
}

// ---- the leaf -----------------------------------------------------------
// A decoy says that it is evidence: otherwise it would hide nothing.
static const char *type_written(enum gw_leaf_type type)
{
    return gw_leaf_type_name(type == GW_LEAF_DECOY ? GW_LEAF_EVIDENCE : type);
}

static int put_members(struct maker *m, struct gw_jw *w)
{
    char day[GW_TIME_TEXT];
    int rc = 0;
    gw_jw_open(w, '{');
    gw_jw_kint(w, "v", 1);
    gw_jw_kstr(w, "type", gw_str(type_written(m->leaf->type)));
    gw_jw_kstr(w, "day", gw_span_of(day, gw_format_day(m->leaf->at, day)));
    for (size_t i = 0; i < m->leaf->count && !rc; i++) {
        const struct gw_leaf_field *f = &m->leaf->fields[i];
        if (f->hidden)
            continue;
        rc = take_value(m, f);
        gw_jw_key(w, f->name);
        gw_jw_raw(w, gw_buf_span(&m->value));
    }
    if (rc || !m->leaf->digests)
        return rc;
    gw_jw_kstr(w, "_sd_alg", GW_LIT("sha-256"));
    gw_jw_key(w, "_sd");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < m->leaf->digests; i++)
        gw_jw_str(w, gw_sub(gw_buf_span(&m->digests), i * LEAF_DIGEST_TEXT,
                            LEAF_DIGEST_TEXT));
    gw_jw_close(w, ']');
    return 0;
}

static int close_leaf(struct maker *m, struct gw_jw *w)
{
    gw_jw_close(w, '}');
    return gw_leaf_canonical(m->parser, &m->text, &m->entry, m->why);
}

// The leaf without "sig" is signed, then made once more with it.
static int put_signature(struct maker *m, struct gw_jw *w)
{
    char by[9];
    uint8_t signature[GW_SIGNATURE_LEN];
    snprintf(by, sizeof by, "%08x", (unsigned)m->author->vkey.id);
    gw_jw_kstr(w, "by", gw_str(by));
    size_t open = m->text.len;
    struct gw_jw whole = *w;
    gw_put(&m->entry, LEAF_DOMAIN, sizeof LEAF_DOMAIN);
    int rc = close_leaf(m, &whole);
    if (rc)
        return rc;
    gw_sign(&m->author->signing, gw_buf_span(&m->entry), signature);
    m->text.len = open;
    gw_buf_reset(&m->entry);
    gw_buf_reset(&m->value);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(signature, sizeof signature),
               &m->value);
    gw_jw_kstr(w, "sig", gw_buf_span(&m->value));
    return m->value.err;
}

static int make(struct maker *m)
{
    struct gw_jw w = gw_jw_on(&m->text);
    int rc = hide_all(m);
    rc = rc ? rc : put_members(m, &w);
    rc = rc || !m->author ? rc : put_signature(m, &w);
    rc = rc ? rc : close_leaf(m, &w);
    if (!rc && m->entry.len > GW_LEAF_MAX)
        rc = gw_fail(m->why, GW_ETOOBIG, "leaf: %zu bytes, at most %d",
                     m->entry.len, GW_LEAF_MAX);
    struct gw_leaf_read again; // what cannot be read must not be written
    return rc ? rc
              : gw_leaf_read(gw_buf_span(&m->entry),
                             m->author ? &m->author->vkey : NULL, &again,
                             m->why);
}

static bool is_twice(const struct gw_new_leaf *leaf, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(leaf->fields[k].name, leaf->fields[i].name) == 0)
            return true;
    return false;
}

static int check(const struct gw_new_leaf *leaf, struct gw_why *why)
{
    size_t hidden = 0;
    if ((unsigned)leaf->type >= GW_LEAF_TYPE_COUNT)
        return gw_fail(why, GW_EREFUSED, "leaf: no such type");
    if (leaf->at < 0 || leaf->at >= gw_time_civil(2201, 1, 1, 0, 0, 0))
        return gw_fail(why, GW_EREFUSED, "leaf: no day of 1970 to 2200");
    if (leaf->count > GW_LEAF_FIELDS_MAX)
        return gw_fail(why, GW_ETOOBIG, "leaf: over %d fields",
                       GW_LEAF_FIELDS_MAX);
    if (!gw_leaf_digests_ok(leaf->digests))
        return gw_fail(why, GW_EREFUSED, "leaf: 0, 8, 16 or 32 digests");
    for (size_t i = 0; i < leaf->count; i++) {
        const char *name = leaf->fields[i].name ? leaf->fields[i].name : "";
        if (!gw_leaf_name_ok(gw_str(name)))
            return gw_fail(why, GW_EREFUSED,
                           "leaf, field \"%.64s\": no name for a field", name);
        if (is_twice(leaf, i))
            return gw_fail(why, GW_EREFUSED, "leaf, field \"%s\": twice", name);
        hidden += leaf->fields[i].hidden;
    }
    return hidden <= leaf->digests
               ? 0
               : gw_fail(why, GW_ETOOBIG,
                         "leaf: %zu hidden fields, %zu digests", hidden,
                         leaf->digests);
}

int gw_leaf_make(const struct gw_new_leaf *leaf, const struct gw_key *author,
                 const uint8_t item_key[static 32], struct gw_buf *ret_entry,
                 struct gw_buf *ret_disclosures, struct gw_why *why)
{
    int rc = check(leaf, why);
    if (rc)
        return rc;
    struct maker m = {
        .leaf = leaf, .author = author, .item_key = item_key, .why = why};
    gw_buf_init(&m.raw, 8 * GW_LEAF_MAX);
    gw_buf_init(&m.value, 8 * GW_LEAF_MAX);
    gw_buf_init(&m.text, 64 * GW_LEAF_MAX);
    gw_buf_init(&m.entry, 64 * GW_LEAF_MAX);
    gw_buf_init(&m.disclosures, 64 * GW_LEAF_MAX);
    gw_buf_init(&m.digests, LEAF_DIGESTS_MAX * LEAF_DIGEST_TEXT);
    m.parser = gw_json_new();
    rc = m.parser ? make(&m) : gw_fail(why, GW_ENOMEM, "leaf: out of memory");
    if (!rc) {
        gw_put_span(ret_entry, gw_buf_span(&m.entry));
        gw_put_span(ret_disclosures, gw_buf_span(&m.disclosures));
        rc = ret_entry->err ? ret_entry->err : ret_disclosures->err;
        rc = rc ? gw_fail(why, rc, "leaf: %s", gw_strerror(rc)) : 0;
    }
    gw_json_free(m.parser);
    struct gw_buf *const all[] = {&m.raw,   &m.value,       &m.text,
                                  &m.entry, &m.disclosures, &m.digests};
    for (size_t i = 0; i < GW_COUNT(all); i++) {
        if (all[i]->at)
            gw_wipe(all[i]->at, all[i]->cap); // salts among it
        gw_buf_release(all[i]);
    }
    return rc;
}
