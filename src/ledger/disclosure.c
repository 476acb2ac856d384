// Showing one hidden field of a leaf (RFC 9901): its salted digest must stand
// in the leaf.
#include "ledger/leaf.h"

static int bad(struct gw_why *why, const char *rule)
{
    return gw_fail(why, GW_EFORMAT, "disclosure: %s", rule);
}

// RFC 9901 7.1: the digest is over the text as it was given, so that blanks
// and escapes another writer chose do not matter.
static bool leaf_has(const struct gw_leaf_doc *leaf, gw_span disclosure)
{
    struct gw_hash32 digest = gw_sha256(disclosure), at;
    size_t len;
    bool found = false;
    for (gw_jit i = gw_jv_iter(leaf->digests); gw_jit_next(&i);)
        if (gw_b64_read(GW_B64_URL, gw_jv_str(i.value), at.at, sizeof at.at,
                        &len))
            found |= gw_hash32_eq(&digest, &at);
    return found;
}

// [salt, name, value]; ret_name and ret_value live in the parser.
static int open_list(struct gw_json *parser, struct gw_buf *text,
                     gw_span *ret_name, gw_jv *ret_value, struct gw_why *why)
{
    gw_jv list;
    if (!gw_buf_room(text, GW_JSON_PADDING))
        return gw_fail(why, text->err, "disclosure: %s",
                       gw_strerror(text->err));
    int rc = gw_json_parse(parser, gw_buf_span(text), &list, why);
    if (rc)
        return gw_within(why, "disclosure"), rc;
    gw_jv name = gw_jv_at(list, 1);
    if (gw_jv_type(list) != '[' || gw_jv_count(list) != 3 ||
        gw_jv_type(gw_jv_at(list, 0)) != '"' || gw_jv_type(name) != '"')
        return bad(why, "not [salt, name, value]");
    *ret_name = gw_jv_str(name);
    *ret_value = gw_jv_at(list, 2);
    return 0;
}

// RFC 9901 7.1 step 3: a name that the leaf has in clear is a forgery.
static int check_name(const struct gw_leaf_doc *leaf, gw_span name,
                      struct gw_why *why)
{
    if (!gw_leaf_name_ok(name))
        return bad(why, "a name no field may have");
    for (gw_jit i = gw_jv_iter(leaf->root); gw_jit_next(&i);)
        if (gw_eq(i.key, name))
            return gw_fail(why, GW_EPROOF,
                           "disclosure: the leaf has that field in clear");
    return 0;
}

struct shown {
    gw_span name, json; // in the arena
};

static int show(struct gw_json *parser, const struct gw_leaf_doc *leaf,
                struct gw_buf *text, struct gw_buf *scratch,
                struct gw_arena *arena, struct shown *ret, struct gw_why *why)
{
    gw_span name;
    gw_jv value;
    int rc = open_list(parser, text, &name, &value, why);
    rc = rc ? rc : check_name(leaf, name, why);
    if (rc)
        return rc;
    ret->name = gw_arena_copy(arena, name);
    struct gw_jw w = gw_jw_on(scratch);
    gw_jw_value(&w, value);
    gw_buf_reset(text);
    rc = gw_leaf_canonical(parser, scratch, text, why);
    if (rc)
        return rc;
    ret->json = gw_arena_copy(arena, gw_buf_span(text));
    return ret->name.at && ret->json.at
               ? 0
               : gw_fail(why, GW_ENOMEM, "disclosure: no room");
}

static int decode(gw_span disclosure, struct gw_buf *ret, struct gw_why *why)
{
    size_t len;
    if (disclosure.len > DISCLOSURE_MAX / 3 * 4 + 4)
        return gw_fail(why, GW_ETOOBIG, "disclosure: over %d bytes",
                       DISCLOSURE_MAX);
    uint8_t *at = gw_buf_room(ret, DISCLOSURE_MAX);
    if (!at)
        return gw_fail(why, ret->err, "disclosure: no room");
    if (!gw_b64_read(GW_B64_URL, disclosure, at, DISCLOSURE_MAX, &len))
        return bad(why, "no base64url");
    ret->len = len;
    return 0;
}

int gw_leaf_disclosed(gw_span entry, gw_span disclosure, struct gw_arena *arena,
                      gw_span *ret_name, gw_span *ret_json, struct gw_why *why)
{
    struct gw_leaf_doc leaf;
    struct gw_buf text, scratch;
    struct shown shown = {{0}, {0}};
    gw_buf_init(&text, 8 * DISCLOSURE_MAX);
    gw_buf_init(&scratch, 8 * DISCLOSURE_MAX);
    int rc = gw_leaf_open(entry, &leaf, why);
    rc = rc ? rc : decode(disclosure, &text, why);
    if (!rc && !leaf_has(&leaf, disclosure))
        rc =
            gw_fail(why, GW_EPROOF, "disclosure: the leaf hides no such field");
    struct gw_json *parser = rc ? NULL : gw_json_new();
    if (!rc && !parser)
        rc = gw_fail(why, GW_ENOMEM, "disclosure: out of memory");
    rc = rc ? rc : show(parser, &leaf, &text, &scratch, arena, &shown, why);
    if (!rc) {
        *ret_name = shown.name;
        *ret_json = shown.json;
    }
    gw_json_free(parser);
    gw_leaf_close(&leaf);
    gw_buf_release(&text);
    gw_buf_release(&scratch);
    return rc;
}
