// Reads chain.json and disclosures.json of a bundle: what rests on what, from
// bytes that may be hostile. Nothing is believed here.
#include "ledger/lines.h"
#include "ledger/verify.h"

enum { DISCLOSURES_MAX = 4096 };

static int bad(struct gw_why *why, const char *rule)
{
    return gw_fail(why, GW_EFORMAT, "%s", rule);
}

static bool read_index(gw_jv v, uint64_t *ret)
{
    int64_t n;
    if (gw_jv_type(v) != 'l' || !gw_jv_int(v, &n) || n < 0)
        return false;
    *ret = (uint64_t)n;
    return true;
}

// A name becomes part of file names: nothing that leads elsewhere.
static bool is_name(gw_span s)
{
    if (!s.len || s.len > CHAIN_NAME_MAX || s.at[0] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
              (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

static int read_link(gw_jv v, bool *ret_has, uint64_t *ret_leaf,
                     struct gw_why *why)
{
    *ret_has = gw_jv_type(v) != 0;
    if (*ret_has && !read_index(gw_jv_get(v, "leaf"), ret_leaf))
        return bad(why, "a link without the index of its leaf");
    return 0;
}

static int read_evidence(gw_jv v, struct gw_arena *arena, struct chain *ret,
                         struct gw_why *why)
{
    int rc = read_link(v, &ret->has_evidence, &ret->evidence, why);
    if (rc || !ret->has_evidence)
        return rc;
    gw_span file = gw_jv_str(gw_jv_get(v, "file"));
    if (!bag_path_ok(file) || !gw_starts(file, "data/evidence/"))
        return bad(why, "evidence without a file in data/evidence/");
    ret->evidence_file = gw_arena_cstr(arena, file);
    return ret->evidence_file ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
}

// The list v as n items of zeroed memory.
static int open_list(gw_jv v, size_t size, struct gw_arena *arena, void **ret,
                     size_t *ret_count, struct gw_why *why)
{
    *ret_count = 0;
    if (!gw_jv_type(v))
        return 0;
    if (gw_jv_type(v) != '[')
        return bad(why, "a list that is none");
    size_t n = gw_jv_count(v);
    if (n > CHAIN_LIST_MAX)
        return gw_fail(why, GW_ETOOBIG, "a list of more than %d",
                       CHAIN_LIST_MAX);
    *ret = gw_arena_take_n(arena, n + 1, size);
    if (!*ret)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    *ret_count = n;
    return 0;
}

static int read_heartbeats(gw_jv v, struct gw_arena *arena, struct chain *ret,
                           struct gw_why *why)
{
    size_t n = 0;
    void *at = NULL;
    int rc = open_list(v, sizeof *ret->heartbeats, arena, &at,
                       &ret->heartbeat_count, why);
    ret->heartbeats = at;
    for (gw_jit i = gw_jv_iter(v); !rc && gw_jit_next(&i);)
        if (!read_index(i.value, &ret->heartbeats[n++]))
            rc = bad(why, "a heartbeat is the index of a leaf");
    return rc;
}

static int read_anchors(gw_jv v, struct gw_arena *arena, struct chain *ret,
                        struct gw_why *why)
{
    size_t n = 0;
    void *at = NULL;
    int rc =
        open_list(v, sizeof *ret->anchors, arena, &at, &ret->anchor_count, why);
    ret->anchors = at;
    for (gw_jit i = gw_jv_iter(v); !rc && gw_jit_next(&i); n++) {
        gw_span name = gw_jv_str(i.value);
        if (!is_name(name))
            return bad(why, "an anchor with a name that no file may have");
        ret->anchors[n] = gw_arena_cstr(arena, name);
        if (!ret->anchors[n])
            return gw_fail(why, GW_ENOMEM, "out of memory");
    }
    return rc;
}

static int read_redactions(gw_jv v, struct gw_arena *arena, struct chain *ret,
                           struct gw_why *why)
{
    size_t n = 0;
    void *at = NULL;
    int rc = open_list(v, sizeof *ret->redactions, arena, &at,
                       &ret->redaction_count, why);
    ret->redactions = at;
    for (gw_jit i = gw_jv_iter(v); !rc && gw_jit_next(&i); n++)
        if (!read_index(gw_jv_get(i.value, "leaf"), &ret->redactions[n].leaf) ||
            !read_index(gw_jv_get(i.value, "of"), &ret->redactions[n].of))
            rc = bad(why, "a redaction has two indices: leaf and of");
    return rc;
}

static int check_names(gw_jv root, struct gw_why *why)
{
    static const char *const known[] = {
        "about", "anchors", "evidence",   "heartbeats", "incident", "keys",
        "leaf",  "record",  "redactions", "segment",    "v"};
    if (gw_jv_type(root) != '{')
        return bad(why, "no object");
    for (gw_jit i = gw_jv_iter(root); gw_jit_next(&i);) {
        size_t k = 0;
        while (k < GW_COUNT(known) && !gw_is(i.key, known[k]))
            k++;
        if (k == GW_COUNT(known))
            return bad(why, "a member that is not known here");
    }
    return 0;
}

static int open_canonical(struct gw_json *json, gw_span text, gw_jv *ret,
                          struct gw_why *why)
{
    struct gw_buf canonical;
    gw_buf_init(&canonical, GW_JSON_MAX);
    int rc = gw_json_canonical(json, text, &canonical, why);
    if (!rc && !gw_eq(text, gw_buf_span(&canonical)))
        rc = bad(why, "not in canonical form (RFC 8785)");
    gw_buf_release(&canonical);
    return rc ? rc : gw_json_parse(json, text, ret, why);
}

int chain_parse(struct gw_json *json, gw_span text, struct gw_arena *arena,
                struct chain *ret, struct gw_why *why)
{
    gw_jv root;
    uint64_t version = 0;
    *ret = (struct chain){0};
    int rc = open_canonical(json, text, &root, why);
    rc = rc ? rc : check_names(root, why);
    if (rc)
        return rc;
    if (!read_index(gw_jv_get(root, "v"), &version) || version != 1)
        return gw_fail(why, GW_EUNKNOWN, "a version that is not known here");
    gw_span about = gw_jv_str(gw_jv_get(root, "about"));
    if (!about.at || !read_index(gw_jv_get(root, "leaf"), &ret->leaf) ||
        !read_index(gw_jv_get(root, "keys"), &ret->keys))
        return bad(why, "it must say about, leaf and keys");
    ret->about = gw_arena_copy(arena, about);
    if (!ret->about.at)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    rc = read_link(gw_jv_get(root, "record"), &ret->has_record, &ret->record,
                   why);
    rc = rc ? rc
            : read_link(gw_jv_get(root, "segment"), &ret->has_segment,
                        &ret->segment, why);
    rc = rc ? rc
            : read_link(gw_jv_get(root, "incident"), &ret->has_incident,
                        &ret->incident, why);
    rc = rc ? rc : read_evidence(gw_jv_get(root, "evidence"), arena, ret, why);
    rc = rc ? rc
            : read_heartbeats(gw_jv_get(root, "heartbeats"), arena, ret, why);
    rc = rc ? rc : read_anchors(gw_jv_get(root, "anchors"), arena, ret, why);
    return rc ? rc
              : read_redactions(gw_jv_get(root, "redactions"), arena, ret, why);
}

// ---- disclosures --------------------------------------------------------

struct list {
    struct chain_disclosure *at;
    size_t count;
};

static int read_leaf_list(gw_span key, gw_jv texts, struct gw_arena *arena,
                          struct list *ret, struct gw_why *why)
{
    uint64_t leaf;
    if (!gw_size_read(key, &leaf) || gw_jv_type(texts) != '[')
        return bad(why, "not {\"<index of a leaf>\":[...]}");
    for (gw_jit i = gw_jv_iter(texts); gw_jit_next(&i);) {
        gw_span text = gw_jv_str(i.value);
        if (!text.at)
            return bad(why, "a disclosure that is no text");
        if (ret->count == DISCLOSURES_MAX)
            return gw_fail(why, GW_ETOOBIG, "more than %d disclosures",
                           DISCLOSURES_MAX);
        struct chain_disclosure *d = &ret->at[ret->count++];
        d->leaf = leaf;
        d->text = gw_arena_copy(arena, text);
        if (!d->text.at)
            return gw_fail(why, GW_ENOMEM, "out of memory");
    }
    return 0;
}

int chain_disclosures(struct gw_json *json, gw_span text,
                      struct gw_arena *arena, struct chain_disclosure **ret,
                      size_t *ret_count, struct gw_why *why)
{
    gw_jv root;
    struct list list = {0};
    *ret_count = 0;
    int rc = gw_json_parse(json, text, &root, why);
    if (!rc && gw_jv_type(root) != '{')
        rc = bad(why, "no object");
    if (rc)
        return rc;
    list.at = gw_arena_take_n(arena, DISCLOSURES_MAX, sizeof *list.at);
    if (!list.at)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    for (gw_jit i = gw_jv_iter(root); !rc && gw_jit_next(&i);)
        rc = read_leaf_list(i.key, i.value, arena, &list, why);
    *ret = list.at;
    *ret_count = rc ? 0 : list.count;
    return rc;
}

// ---- members of leaves --------------------------------------------------

// Hex or base64: their lengths tell them apart.
static bool read_hash(gw_span s, struct gw_hash32 *ret)
{
    if (s.len == 2 * (size_t)GW_HASH_LEN)
        return gw_unhex(s, ret->at);
    return gw_hash_read(s, ret);
}

bool chain_parse_json(struct gw_json *json, gw_span text,
                      struct gw_arena *arena, gw_jv *ret)
{
    uint8_t *padded = gw_arena_take(arena, text.len + GW_JSON_PADDING);
    if (!text.at || !padded)
        return false;
    memcpy(padded, text.at, text.len);
    memset(padded + text.len, 0, GW_JSON_PADDING);
    return gw_json_parse(json, gw_span_of(padded, text.len), ret, NULL) == 0;
}

bool chain_pair(struct gw_json *json, gw_span text, struct gw_arena *arena,
                const char *number, const char *hash, uint64_t *ret_number,
                struct gw_hash32 *ret_hash)
{
    gw_jv v;
    return chain_parse_json(json, text, arena, &v) &&
           read_index(gw_jv_get(v, number), ret_number) &&
           read_hash(gw_jv_str(gw_jv_get(v, hash)), ret_hash);
}

bool chain_hash(struct gw_json *json, gw_span text, struct gw_arena *arena,
                struct gw_hash32 *ret)
{
    gw_jv v;
    return chain_parse_json(json, text, arena, &v) &&
           read_hash(gw_jv_str(v), ret);
}
