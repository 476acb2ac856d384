// The key leaf: which keys and which policy are in force from here on.
#include "ledger/archive.h"

enum { KEY_AUTHOR, KEY_LOG, KEY_NEXT, KEY_POLICY, KEY_FIELDS };
struct key_texts { // as canonical JSON
    struct gw_buf json[KEY_FIELDS];
    struct gw_leaf_field fields[KEY_FIELDS];
};

static void quote(struct gw_buf *ret, const char *text)
{
    struct gw_jw w = gw_jw_on(ret);
    gw_jw_str(&w, gw_str(text));
}

static void quote_hash(struct gw_buf *ret, gw_span bytes)
{
    struct gw_hash32 h = gw_sha256(bytes);
    char hex[2 * GW_HASH_LEN + 1];
    gw_hex(h.at, sizeof h.at, hex);
    quote(ret, hex);
}

static void quote_vkey(struct gw_buf *ret, const struct gw_vkey *k)
{
    char text[GW_VKEY_TEXT];
    gw_vkey_format(k, text);
    quote(ret, text);
}

static int write_keys(struct gw_ledger *l, struct key_texts *t,
                      struct gw_why *why)
{
    static const char *const names[KEY_FIELDS] = {"author", "log", "next",
                                                  "policy"};
    struct gw_key next;
    int rc = gw_keyring_public(l->keys, GW_ROLE_NEXT, &next, why);
    if (rc)
        return rc;
    quote_vkey(&t->json[KEY_AUTHOR], &l->author.vkey);
    quote_vkey(&t->json[KEY_LOG], &l->log);
    quote_hash(&t->json[KEY_NEXT],
               gw_span_of(next.vkey.public_key, GW_PUBLIC_LEN));
    quote_hash(&t->json[KEY_POLICY], gw_buf_span(&l->policy));
    for (size_t i = 0; i < KEY_FIELDS; i++) {
        t->fields[i] =
            (struct gw_leaf_field){names[i], gw_buf_span(&t->json[i]), false};
        if (t->json[i].err)
            return gw_fail(why, t->json[i].err, "out of memory");
    }
    return 0;
}

// A new log key must be the one that the leaf before promised. A leaf that
// breaks this chain would break it for ever, so it is not written.
static int check_promise(struct gw_ledger *l, const struct gw_leaf_row *row,
                         gw_span old_log, gw_span promised,
                         const struct key_texts *t, struct gw_why *why)
{
    struct gw_buf is;
    gw_buf_init(&is, 256);
    quote_hash(&is, gw_span_of(l->log.public_key, GW_PUBLIC_LEN));
    bool kept = gw_eq(old_log, t->fields[KEY_LOG].json) ||
                gw_eq(promised, gw_buf_span(&is));
    gw_buf_release(&is);
    return kept ? 0
                : gw_fail(why, GW_EREFUSED,
                          "%s/log.key is not the key that leaf %llu promised: "
                          "keys of another archive, or rotated twice without a "
                          "seal in between. Put the keys back as they were "
                          "after the first rotation (log.<key id>.key is the "
                          "one before), seal, and rotate again",
                          l->keys, (unsigned long long)row->index);
}

// Whether the newest key leaf says the same.
static int is_in_force(struct gw_ledger *l, const struct key_texts *t,
                       bool *ret, struct gw_why *why)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct gw_why none = {0};
    gw_span had[KEY_FIELDS];
    *ret = false;
    gw_buf_init(&entry, GW_LEAF_MAX);
    struct gw_arena *arena = gw_arena_new(1 << 20);
    int rc = arena ? gw_leaf_newest(l->a, "key", "keys", &row, &entry, &none)
                   : gw_fail(&none, GW_ENOMEM, "out of memory");
    for (size_t i = 0; i < KEY_FIELDS && !rc; i++) {
        had[i] = gw_leaf_member(gw_buf_span(&entry), t->fields[i].name, arena);
        if (!had[i].at)
            rc = gw_fail(&none, GW_ECORRUPT, "leaf %llu: cannot read its keys",
                         (unsigned long long)row.index);
    }
    rc =
        rc ? rc : check_promise(l, &row, had[KEY_LOG], had[KEY_NEXT], t, &none);
    *ret = rc == 0;
    for (size_t i = 0; i < KEY_FIELDS && *ret; i++)
        *ret = gw_eq(had[i], t->fields[i].json);
    gw_arena_free(arena);
    gw_buf_release(&entry);
    return rc && rc != GW_ENOENT ? gw_fail(why, rc, "%s", none.text) : 0;
}

int ledger_witness_keys(struct gw_ledger *l, struct gw_why *why)
{
    struct key_texts t;
    bool known = false;
    uint64_t index;
    for (size_t i = 0; i < KEY_FIELDS; i++)
        gw_buf_init(&t.json[i], 8 * GW_VKEY_TEXT);
    int rc = write_keys(l, &t, why);
    struct gw_new_leaf leaf = {.type = GW_LEAF_KEY,
                               .at = gw_now(&l->clock),
                               .fields = t.fields,
                               .count = KEY_FIELDS};
    rc = rc ? rc : is_in_force(l, &t, &known, why);
    if (!rc && !known)
        rc = gw_ledger_append(l, &leaf, "keys", &index, why);
    for (size_t i = 0; i < KEY_FIELDS; i++)
        gw_buf_release(&t.json[i]);
    return rc;
}
