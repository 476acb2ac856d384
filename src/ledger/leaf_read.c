// Reading a leaf: one form for one meaning, so that what is hashed is what is
// understood.
#include "ledger/leaf.h"

#include <stdio.h>

static int bad(struct gw_why *why, const char *rule)
{
    return gw_fail(why, GW_EFORMAT, "leaf: %s", rule);
}

// No leaf says "decoy": those read as the evidence they pass for.
static bool find_type(gw_span text, enum gw_leaf_type *ret)
{
    for (int i = 0; i < GW_LEAF_TYPE_COUNT; i++)
        if (i != GW_LEAF_DECOY &&
            gw_is(text, gw_leaf_type_name((enum gw_leaf_type)i))) {
            *ret = (enum gw_leaf_type)i;
            return true;
        }
    return false;
}

static int check_head(gw_jv root, struct gw_leaf_read *ret, struct gw_why *why)
{
    int64_t version;
    gw_jv v = gw_jv_get(root, "v");
    gw_span day = gw_jv_str(gw_jv_get(root, "day"));
    if (gw_jv_type(v) != 'l' || !gw_jv_int(v, &version))
        return bad(why, "no version");
    if (version != 1)
        return gw_fail(why, GW_EUNKNOWN, "leaf: version %lld is not known here",
                       (long long)version);
    if (!gw_jv_str(gw_jv_get(root, "type")).at)
        return bad(why, "no type");
    if (!find_type(gw_jv_str(gw_jv_get(root, "type")), &ret->type))
        return gw_fail(why, GW_EUNKNOWN, "leaf: a type that is not known here");
    if (day.len != 10 || !gw_parse_time(day, &ret->day))
        return bad(why, "no day");
    return 0;
}

// RFC 9901 4.2.4.1. Sorted, and none twice: their order must tell nothing.
static int check_digests(gw_jv root, struct gw_leaf_doc *d, struct gw_why *why)
{
    gw_span last = {0};
    uint8_t hash[GW_HASH_LEN];
    size_t len;
    gw_jv alg = gw_jv_get(root, "_sd_alg");
    d->digests = gw_jv_get(root, "_sd");
    if (!gw_jv_type(d->digests) && !gw_jv_type(alg))
        return 0;
    if (gw_jv_type(d->digests) != '[' || !gw_is(gw_jv_str(alg), "sha-256"))
        return bad(why, "\"_sd\" and \"_sd_alg\" do not go together");
    for (gw_jit i = gw_jv_iter(d->digests); gw_jit_next(&i);) {
        gw_span text = gw_jv_str(i.value);
        if (!text.at ||
            !gw_b64_read(GW_B64_URL, text, hash, sizeof hash, &len) ||
            len != sizeof hash)
            return bad(why, "\"_sd\" has what is no digest");
        if (last.at && gw_cmp(last, text) >= 0)
            return bad(why, "\"_sd\" is not sorted");
        last = text;
        d->read.digests++;
    }
    return d->read.digests && gw_leaf_digests_ok(d->read.digests)
               ? 0
               : bad(why, "\"_sd\" must have 8, 16 or 32 digests");
}

static int check_author(gw_jv root, struct gw_leaf_doc *d, struct gw_why *why)
{
    gw_jv by = gw_jv_get(root, "by"), sig = gw_jv_get(root, "sig");
    gw_span id = gw_jv_str(by), text = gw_jv_str(sig);
    uint8_t raw[GW_SIGNATURE_LEN];
    size_t len;
    if (!gw_jv_type(by) && !gw_jv_type(sig))
        return 0;
    char again[9];
    if (id.len != 8 || !gw_unhex(id, raw))
        return bad(why, "\"by\" is no key id");
    for (size_t i = 0; i < 4; i++)
        d->read.by = d->read.by << 8 | raw[i];
    snprintf(again, sizeof again, "%08x", (unsigned)d->read.by);
    if (!gw_is(id, again) || !d->read.by)
        return bad(why, "\"by\" is no key id");
    if (!text.at ||
        !gw_b64_read(GW_B64_STANDARD, text, raw, sizeof raw, &len) ||
        len != sizeof raw)
        return bad(why, "\"sig\" is no signature");
    d->signature = sig;
    return 0;
}

static int check_names(gw_jv root, struct gw_why *why)
{
    static const char *const known[] = {"v",   "type",    "day", "by",
                                        "sig", "_sd_alg", "_sd"};
    size_t fields = 0;
    for (gw_jit i = gw_jv_iter(root); gw_jit_next(&i);) {
        size_t k = 0;
        while (k < GW_COUNT(known) && !gw_is(i.key, known[k]))
            k++;
        if (k < GW_COUNT(known))
            continue;
        if (!gw_leaf_name_ok(i.key))
            return bad(why, "a member with a name no field may have");
        fields++;
    }
    return fields <= GW_LEAF_FIELDS_MAX
               ? 0
               : gw_fail(why, GW_ETOOBIG, "leaf: over %d fields",
                         GW_LEAF_FIELDS_MAX);
}

// Values are taken from the canonical text only after the entry has been
// found to be it.
static int open_text(gw_span entry, struct gw_leaf_doc *d, struct gw_why *why)
{
    if (!entry.len)
        return gw_fail(why, GW_EFEW, "leaf: empty");
    if (entry.len > GW_LEAF_MAX)
        return gw_fail(why, GW_ETOOBIG, "leaf: %zu bytes, at most %d",
                       entry.len, GW_LEAF_MAX);
    d->parser = gw_json_new();
    if (!d->parser)
        return gw_fail(why, GW_ENOMEM, "leaf: out of memory");
    gw_put_span(&d->text, entry);
    int rc = gw_leaf_canonical(d->parser, &d->text, &d->canonical, why);
    if (rc)
        return rc;
    if (!gw_eq(entry, gw_buf_span(&d->canonical)))
        return bad(why, "not in canonical form");
    if (!gw_buf_room(&d->text, GW_JSON_PADDING))
        return gw_fail(why, d->text.err, "leaf: out of memory");
    rc = gw_json_parse(d->parser, gw_buf_span(&d->text), &d->root, why);
    if (!rc && gw_jv_type(d->root) != '{')
        rc = bad(why, "no object");
    return rc;
}

int gw_leaf_open(gw_span entry, struct gw_leaf_doc *ret, struct gw_why *why)
{
    *ret = (struct gw_leaf_doc){0};
    gw_buf_init(&ret->text, 8 * GW_LEAF_MAX);
    gw_buf_init(&ret->canonical, 8 * GW_LEAF_MAX);
    int rc = open_text(entry, ret, why);
    rc = rc ? rc : check_head(ret->root, &ret->read, why);
    rc = rc ? rc : check_digests(ret->root, ret, why);
    rc = rc ? rc : check_author(ret->root, ret, why);
    return rc ? rc : check_names(ret->root, why);
}

void gw_leaf_close(struct gw_leaf_doc *d)
{
    gw_json_free(d->parser);
    gw_buf_release(&d->text);
    gw_buf_release(&d->canonical);
}

// A value as the leaf writes it.
static int put_value(struct gw_leaf_doc *d, gw_jv v, struct gw_buf *ret,
                     struct gw_why *why)
{
    gw_buf_reset(&d->text);
    struct gw_jw w = gw_jw_on(&d->text);
    gw_jw_value(&w, v);
    return gw_leaf_canonical(d->parser, &d->text, ret, why);
}

// ---- the author's signature ---------------------------------------------
static int check_signature(struct gw_leaf_doc *d, const struct gw_vkey *author,
                           struct gw_why *why)
{
    uint8_t raw[GW_SIGNATURE_LEN];
    size_t len;
    if (!gw_jv_type(d->signature))
        return gw_fail(why, GW_EPROOF, "leaf: nobody signed it");
    if (d->read.by != author->id || author->type != GW_SIG_ED25519)
        return gw_fail(
            why, GW_EPROOF, "leaf: signed by key %08x, not by %s (%08x)",
            (unsigned)d->read.by, author->name, (unsigned)author->id);
    if (!gw_b64_read(GW_B64_STANDARD, gw_jv_str(d->signature), raw, sizeof raw,
                     &len))
        return bad(why, "\"sig\" is no signature");
    gw_buf_reset(&d->text);
    gw_buf_reset(&d->canonical);
    struct gw_jw w = gw_jw_on(&d->text);
    gw_jw_open(&w, '{');
    for (gw_jit i = gw_jv_iter(d->root); gw_jit_next(&i);)
        if (!gw_is(i.key, "sig")) {
            gw_jw_key_span(&w, i.key);
            gw_jw_value(&w, i.value);
        }
    gw_jw_close(&w, '}');
    gw_put(&d->canonical, LEAF_DOMAIN, sizeof LEAF_DOMAIN);
    int rc = gw_leaf_canonical(d->parser, &d->text, &d->canonical, why);
    if (rc)
        return rc;
    return gw_signature_ok(author->public_key, gw_buf_span(&d->canonical),
                           gw_span_of(raw, len))
               ? 0
               : gw_fail(why, GW_EPROOF,
                         "leaf: the signature of %s does not hold",
                         author->name);
}

int gw_leaf_read(gw_span entry, const struct gw_vkey *author,
                 struct gw_leaf_read *ret, struct gw_why *why)
{
    struct gw_leaf_doc d;
    int rc = gw_leaf_open(entry, &d, why);
    if (!rc && author)
        rc = check_signature(&d, author, why);
    if (!rc)
        *ret = d.read;
    gw_leaf_close(&d);
    return rc;
}

gw_span gw_leaf_member(gw_span entry, const char *name, struct gw_arena *arena)
{
    struct gw_leaf_doc d;
    gw_span json = {0};
    if (!gw_leaf_open(entry, &d, NULL)) {
        gw_jv v = gw_jv_get(d.root, name);
        gw_buf_reset(&d.canonical);
        if (gw_jv_type(v) && !put_value(&d, v, &d.canonical, NULL))
            json = gw_arena_copy(arena, gw_buf_span(&d.canonical));
    }
    gw_leaf_close(&d);
    return json;
}
