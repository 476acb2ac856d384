// Time from outside: heartbeats say "not before", stamps of a checkpoint by a
// time-stamping authority or by OpenTimestamps say "not after".
#include "ledger/archive.h"

#include <dirent.h>

// ---- heartbeats ---------------------------------------------------------

static int check_header(gw_span hex, struct gw_why *why)
{
    uint8_t header[80];
    struct gw_hash32 root, block;
    int64_t posix;
    if (hex.len != 160 || !gw_unhex(hex, header))
        return gw_fail(why, GW_EFORMAT,
                       "a Bitcoin block header is 160 hex digits, 80 bytes");
    return gw_bitcoin_header(gw_span_of(header, sizeof header), &root, &block,
                             &posix, why);
}

static int check_note(gw_span text, struct gw_why *why)
{
    struct gw_note note;
    struct gw_checkpoint c;
    struct gw_arena *arena = gw_arena_new(16 << 20);
    if (!arena)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    int rc = gw_note_parse(text, arena, &note, why);
    rc = rc ? rc : gw_checkpoint_parse(note.text, &c, why);
    gw_arena_free(arena);
    return rc;
}

static int check_beacon(const char *kind, gw_span value, struct gw_why *why)
{
    enum { TEXT_MAX = 4096 };
    if (value.len > TEXT_MAX)
        return gw_fail(why, GW_ETOOBIG,
                       "a heartbeat's value has at most %d "
                       "bytes",
                       TEXT_MAX);
    if (strcmp(kind, "bitcoin-header") == 0)
        return check_header(value, why);
    if (strcmp(kind, "checkpoint") == 0)
        return check_note(value, why);
    if (strcmp(kind, "text") == 0 && value.len && gw_is_utf8(value))
        return 0;
    return gw_fail(why, GW_EUSAGE,
                   "a heartbeat is a bitcoin-header, a checkpoint of another "
                   "log, or a text");
}

int gw_ledger_heartbeat(struct gw_ledger *l, const char *kind, gw_span value,
                        uint64_t *ret_index, struct gw_why *why)
{
    struct gw_buf json;
    gw_buf_init(&json, 64 << 10);
    int rc = check_beacon(kind, value, why);
    struct gw_jw w = gw_jw_on(&json);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "kind", gw_str(kind));
    gw_jw_kstr(&w, "value", value);
    gw_jw_close(&w, '}');
    struct gw_leaf_field field = {"beacon", gw_buf_span(&json), false};
    struct gw_new_leaf leaf = {.type = GW_LEAF_HEARTBEAT,
                               .at = gw_now(&l->clock),
                               .fields = &field,
                               .count = 1};
    rc = rc ? rc : json.err;
    rc = rc ? rc : gw_ledger_append(l, &leaf, "heartbeat", ret_index, why);
    rc = rc ? rc : gw_ledger_commit(l, why);
    gw_buf_release(&json);
    return rc;
}

// ---- asking for a stamp -------------------------------------------------

int gw_ledger_stamp_request(struct gw_ledger *l, struct gw_buf *ret_request,
                            struct gw_checkpoint *ret, char *ret_path,
                            size_t path_cap, struct gw_why *why)
{
    struct ledger_head head;
    char folder[LEDGER_PATH], path[LEDGER_PATH], name[64];
    int rc = ledger_head_open(l->folder, 0, &head, why);
    if (!rc)
        *ret = head.opened.checkpoint;
    rc = rc ? rc : ledger_path(folder, l->folder, "anchors", why);
    rc = rc ? rc : gw_mkdirs(folder, why);
    if (!rc) {
        snprintf(name, sizeof name, "%llu.checkpoint",
                 (unsigned long long)ret->size);
        rc = ledger_path(path, folder, name, why);
    }
    // A checkpoint kept before may be stamped already: it is not replaced.
    struct gw_buf kept;
    gw_buf_init(&kept, CHECKPOINT_MAX);
    if (!rc && ledger_file(folder, name, CHECKPOINT_MAX, &kept, NULL)) {
        gw_buf_reset(&kept);
        gw_put_span(&kept, gw_buf_span(&head.note));
        rc = kept.err ? kept.err : gw_file_write(path, gw_buf_span(&kept), why);
    }
    if (!rc) {
        struct gw_hash32 imprint = gw_sha256(gw_buf_span(&kept));
        gw_tsa_request(&imprint, 0, ret_request);
        int n = snprintf(ret_path, path_cap, "%s", path);
        rc = n < 0 || (size_t)n >= path_cap
                 ? gw_fail(why, GW_ETOOBIG, "%s: the path is too long", path)
                 : ret_request->err;
    }
    gw_buf_release(&kept);
    ledger_head_close(&head);
    return rc;
}

// ---- taking one in ------------------------------------------------------

struct stamp {
    const char *kind, *suffix; // "rfc3161", "tsr"; "ots", "ots"
    struct gw_hash32 imprint;
    struct gw_hash32 hash; // of the stamp's own bytes
};

static int read_stamp(gw_span bytes, struct stamp *ret, struct gw_why *why)
{
    struct gw_tsa_stamp tsa;
    struct gw_ots ots;
    struct gw_why no_tsa = {0};
    ret->hash = gw_sha256(bytes);
    if (gw_find(gw_sub(bytes, 0, 32), GW_LIT("OpenTimestamps"), 0) == 1) {
        struct gw_arena *arena = gw_arena_new(16 << 20);
        int rc = arena ? gw_ots_read(bytes, arena, &ots, why)
                       : gw_fail(why, GW_ENOMEM, "out of memory");
        if (!rc && (ots.digest != GW_DIGEST_SHA256 || ots.imprint_len != 32))
            rc = gw_fail(why, GW_EFORMAT, "not a stamp of a SHA-256");
        if (!rc)
            memcpy(ret->imprint.at, ots.imprint, sizeof ret->imprint.at);
        gw_arena_free(arena);
        ret->kind = ret->suffix = "ots";
        return rc;
    }
    int rc = gw_tsa_read(bytes, (gw_span){0}, (gw_span){0}, &tsa, &no_tsa);
    if (rc)
        return gw_fail(why, rc,
                       "neither an OpenTimestamps proof nor an "
                       "RFC 3161 reply: %s",
                       no_tsa.text);
    ret->imprint = tsa.imprint;
    ret->kind = "rfc3161";
    ret->suffix = "tsr";
    return 0;
}

// The checkpoint in anchors/ that has this hash: 1, or 0.
static int find_stamped(const char *folder, const struct gw_hash32 *imprint,
                        struct gw_checkpoint *ret, struct gw_why *why)
{
    DIR *d = opendir(folder);
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct gw_buf b;
    int found = arena ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    gw_buf_init(&b, CHECKPOINT_MAX);
    for (struct dirent *e; d && arena && !found && (e = readdir(d));) {
        struct gw_note note;
        gw_buf_reset(&b);
        gw_arena_reset(arena);
        if (!gw_ends(gw_str(e->d_name), ".checkpoint"))
            continue;
        found = ledger_file(folder, e->d_name, CHECKPOINT_MAX, &b, why);
        if (found)
            break;
        struct gw_hash32 h = gw_sha256(gw_buf_span(&b));
        if (!gw_hash32_eq(&h, imprint))
            continue;
        int rc = gw_note_parse(gw_buf_span(&b), arena, &note, why);
        rc = rc ? rc : gw_checkpoint_parse(note.text, ret, why);
        found = rc ? rc : 1;
    }
    if (d)
        closedir(d);
    gw_arena_free(arena);
    gw_buf_release(&b);
    return found;
}

static int keep_stamp(const char *folder, const struct stamp *s,
                      const struct gw_checkpoint *c, gw_span bytes,
                      struct gw_why *why)
{
    char path[LEDGER_PATH], name[128], hex[2 * GW_HASH_LEN + 1];
    gw_hex(s->hash.at, sizeof s->hash.at, hex);
    snprintf(name, sizeof name, "%llu-%.12s.%s", (unsigned long long)c->size,
             hex, s->suffix);
    int rc = ledger_path(path, folder, name, why);
    return rc ? rc : gw_file_write(path, bytes, why);
}

static int append_anchor(struct gw_ledger *l, const struct stamp *s,
                         const struct gw_checkpoint *c, uint64_t *ret_index,
                         struct gw_why *why)
{
    struct gw_buf of;
    char kind[16], hash[2 * GW_HASH_LEN + 3] = "\"";
    gw_buf_init(&of, 4096);
    gw_put_str(&of, "{\"root\":\"");
    gw_b64_put(GW_B64_STANDARD, gw_span_of(c->root.at, sizeof c->root.at), &of);
    gw_put_fmt(&of, "\",\"size\":%llu}", (unsigned long long)c->size);
    snprintf(kind, sizeof kind, "\"%s\"", s->kind);
    gw_hex(s->hash.at, sizeof s->hash.at, hash + 1);
    hash[2 * GW_HASH_LEN + 1] = '"';
    struct gw_leaf_field fields[] = {{"kind", gw_str(kind), false},
                                     {"of", gw_buf_span(&of), false},
                                     {"sha256", gw_str(hash), false}};
    struct gw_new_leaf leaf = {.type = GW_LEAF_ANCHOR,
                               .at = gw_now(&l->clock),
                               .fields = fields,
                               .count = GW_COUNT(fields)};
    int rc = of.err;
    rc = rc ? rc : gw_ledger_append(l, &leaf, "anchor", ret_index, why);
    gw_buf_release(&of);
    return rc;
}

struct search {
    const char *json; // the hash as the leaf has it
    struct gw_arena *arena;
    uint64_t *ret_index;
};

static int see_same(void *ctx, const struct gw_leaf_row *leaf)
{
    struct search *s = ctx;
    gw_arena_reset(s->arena);
    if (!gw_is(gw_leaf_member(leaf->entry, "sha256", s->arena), s->json))
        return 0;
    *s->ret_index = leaf->index;
    return 1;
}

// Taken in twice, a stamp has one leaf: 1 if it has that already, or 0.
static int find_anchor(struct gw_ledger *l, const struct stamp *s,
                       uint64_t *ret_index, struct gw_why *why)
{
    char json[2 * GW_HASH_LEN + 3] = "\"";
    gw_hex(s->hash.at, sizeof s->hash.at, json + 1);
    json[2 * GW_HASH_LEN + 1] = '"';
    struct search search = {json, gw_arena_new(1 << 20), ret_index};
    int rc = search.arena
                 ? gw_leaves_each(l->a, 0, "anchor", see_same, &search, why)
                 : gw_fail(why, GW_ENOMEM, "out of memory");
    gw_arena_free(search.arena);
    return rc;
}

int gw_ledger_anchor(struct gw_ledger *l, gw_span stamp, uint64_t *ret_index,
                     struct gw_why *why)
{
    char folder[LEDGER_PATH];
    struct stamp s;
    struct gw_checkpoint c;
    int rc = ledger_path(folder, l->folder, "anchors", why);
    rc = rc ? rc : read_stamp(stamp, &s, why);
    if (rc)
        return rc;
    int found = find_stamped(folder, &s.imprint, &c, why);
    if (found == 0)
        return gw_fail(why, GW_EPROOF,
                       "the stamp is of no checkpoint in %s; gawah seal "
                       "--stamp FILE keeps one there to be stamped",
                       folder);
    rc = found < 0 ? found : keep_stamp(folder, &s, &c, stamp, why);
    rc = rc ? rc : find_anchor(l, &s, ret_index, why);
    if (rc == 0)
        rc = append_anchor(l, &s, &c, ret_index, why);
    return rc < 0 ? rc : gw_ledger_commit(l, why);
}
