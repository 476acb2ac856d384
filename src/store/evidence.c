// Objects of evidence in the catalogue, and their stored files read again.
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { STEP = 256 << 10, PREFIX_MIN = 8 };

#define COLUMNS                                                                \
    "hash, size, kind, state, added, dated, records, refused, name, source,"   \
    " licence, error, packed"

static const char *const states[] = {[GW_PENDING] = "pending",
                                     [GW_DONE] = "done",
                                     [GW_FAILED] = "failed",
                                     [GW_REDACTED] = "redacted"};

static int read_row(const struct sql *q, struct gw_object *o, bool *ret_packed,
                    struct gw_why *why)
{
    *o = (struct gw_object){.state = GW_PENDING};
    sql_copy(q, 0, o->hash, sizeof o->hash);
    o->size = sql_get_int(q, 1);
    o->kind = kind_named(sql_get(q, 2));
    while (o->state <= GW_REDACTED && !gw_is(sql_get(q, 3), states[o->state]))
        o->state++;
    o->added = sql_get_int(q, 4);
    o->dated = sql_get_time(q, 5);
    o->records = sql_get_int(q, 6);
    o->refused = sql_get_int(q, 7);
    sql_copy(q, 8, o->name, sizeof o->name);
    sql_copy(q, 9, o->source, sizeof o->source);
    sql_copy(q, 10, o->licence, sizeof o->licence);
    sql_copy(q, 11, o->error, sizeof o->error);
    *ret_packed = sql_get_int(q, 12) != 0;
    // The catalogue may be a stranger's; a hash becomes a part of a path.
    if (!is_hash(gw_str(o->hash)) || o->state > GW_REDACTED)
        return gw_fail(why, GW_ECORRUPT, "%s/gawah.db: object \"%.64s\"",
                       q->a->folder, o->hash);
    return 1;
}

// Steps to a row, reads it and ends the statement: 1, 0 or negative.
static int take_row(struct sql *q, struct gw_object *o, bool *ret_packed,
                    struct gw_why *why)
{
    int rc = sql_step(q, why);
    if (rc == 1)
        rc = read_row(q, o, ret_packed, why);
    sql_end(q);
    return rc;
}

int object_row(struct gw_archive *a, const char *hash, struct gw_object *ret,
               bool *ret_packed, struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT " COLUMNS " FROM object WHERE hash = ?");
    sql_str(&q, hash);
    return take_row(&q, ret, ret_packed, why);
}

void object_path(const struct gw_archive *a, const char *hash, bool packed,
                 char ret_path[static PATH_CAP])
{
    archive_path(a, ret_path, "evidence/%.2s/%s%s", hash, hash,
                 packed ? ".zst" : "");
}

static int fail_none(struct gw_archive *a, const char *hash, struct gw_why *why)
{
    return gw_fail(why, GW_ENOENT, "%s: no object %.80s", a->folder, hash);
}

int object_id(struct gw_archive *a, const char *hash, int64_t *ret_id,
              struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT id FROM object WHERE hash = ?");
    sql_str(&q, hash);
    int rc = sql_step(&q, why);
    if (rc == 1)
        *ret_id = sql_get_int(&q, 0);
    sql_end(&q);
    return rc == 0 ? fail_none(a, hash, why) : rc < 0 ? rc : 0;
}

int fail_redacted(const struct gw_archive *a, const char *hash,
                  struct gw_why *why)
{
    return gw_fail(why, GW_EREFUSED, "%s: object %.64s: withheld by redaction",
                   a->folder, hash);
}

int object_id_open(struct gw_archive *a, const char *hash, int64_t *ret_id,
                   struct gw_why *why)
{
    struct sql q =
        sql_on(a, "SELECT id, state = 'redacted' FROM object WHERE hash = ?");
    sql_str(&q, hash);
    int rc = sql_step(&q, why);
    bool redacted = rc == 1 && sql_get_int(&q, 1);
    if (rc == 1)
        *ret_id = sql_get_int(&q, 0);
    sql_end(&q);
    if (redacted)
        return fail_redacted(a, hash, why);
    return rc == 0 ? fail_none(a, hash, why) : rc < 0 ? rc : 0;
}

// ---- rows ---------------------------------------------------------------

int gw_evidence_describe(struct gw_archive *a, const struct gw_object *o,
                         struct gw_why *why)
{
    int64_t id;
    if (o->state > GW_FAILED)
        return gw_fail(why, GW_EUSAGE, "object %.64s: no such state", o->hash);
    int rc = archive_change(a, why);
    rc = rc ? rc : object_id_open(a, o->hash, &id, why);
    if (rc)
        return rc;
    struct sql q = sql_on(a, "UPDATE object SET kind = ?, state = ?, dated = ?,"
                             " records = ?, refused = ?, source = ?,"
                             " licence = ?, error = ? WHERE id = ?");
    sql_str(&q, gw_kind_name(o->kind));
    sql_str(&q, states[o->state]);
    sql_time(&q, o->dated);
    sql_int(&q, o->records);
    sql_int(&q, o->refused);
    sql_str(&q, o->source);
    sql_str(&q, o->licence);
    sql_str(&q, o->error);
    sql_int(&q, id);
    return sql_run(&q, why);
}

int gw_evidence_find(struct gw_archive *a, const char *hash_prefix,
                     struct gw_object *ret, struct gw_why *why)
{
    size_t len = strlen(hash_prefix);
    char from[HEX_LEN + 1] = "", to[HEX_LEN + 2] = "";
    for (size_t i = 0; i < len && i < HEX_LEN; i++) {
        char c = hash_prefix[i];
        from[i] = to[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    if (len < PREFIX_MIN || len > HEX_LEN || strspn(from, HEX_DIGITS) != len)
        return gw_fail(why, GW_EUSAGE,
                       "\"%.80s\": an object is named by %d to %d hex digits",
                       hash_prefix, PREFIX_MIN, HEX_LEN);
    to[len] = 'g'; // above every digit
    struct sql q =
        sql_on(a, "SELECT " COLUMNS " FROM object"
                  " WHERE hash >= ? AND hash < ? ORDER BY hash LIMIT 2");
    sql_str(&q, from);
    sql_str(&q, to);
    struct gw_object found;
    bool packed;
    int rc = sql_step(&q, why);
    if (rc == 1)
        rc = read_row(&q, &found, &packed, why);
    int second = rc == 1 ? sql_step(&q, why) : 0;
    sql_end(&q);
    if (rc < 0 || second < 0)
        return rc < 0 ? rc : second;
    if (rc == 0)
        return fail_none(a, hash_prefix, why);
    if (second)
        return gw_fail(why, GW_EUSAGE, "%s: more than one object begins so",
                       hash_prefix);
    *ret = found;
    return 0;
}

// A row at a time, so that no statement is open while fn is at work.
int gw_evidence_each(struct gw_archive *a, int kind, int state,
                     gw_object_fn *fn, void *ctx, struct gw_why *why)
{
    struct gw_object o = {.hash = ""};
    bool packed;
    if (state > GW_REDACTED)
        return gw_fail(why, GW_EUSAGE, "objects: no such state");
    for (;;) {
        struct sql q = sql_on(a, "SELECT " COLUMNS " FROM object"
                                 " WHERE hash > ?1"
                                 " AND (?2 IS NULL OR kind = ?2)"
                                 " AND (?3 IS NULL OR state = ?3)"
                                 " ORDER BY hash LIMIT 1");
        sql_str(&q, o.hash);
        sql_text(&q, kind < 0 ? (gw_span){0}
                              : gw_str(gw_kind_name((enum gw_kind)kind)));
        sql_text(&q, state < 0 ? (gw_span){0} : gw_str(states[state]));
        int rc = take_row(&q, &o, &packed, why);
        if (rc == 1)
            rc = fn(ctx, &o);
        else
            return rc;
        if (rc)
            return rc;
    }
}

// ---- stored files -------------------------------------------------------

static int open_stored(struct gw_archive *a, const char *hash,
                       char ret_path[static PATH_CAP], struct gw_object *ret,
                       bool *ret_packed, struct gw_why *why)
{
    int rc = object_row(a, hash, ret, ret_packed, why);
    if (rc <= 0)
        return rc < 0 ? rc : fail_none(a, hash, why);
    if (ret->state == GW_REDACTED)
        return fail_redacted(a, hash, why);
    object_path(a, ret->hash, *ret_packed, ret_path);
    int fd = open(ret_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return gw_fail(why, GW_ECORRUPT, "%s: is missing", ret_path);
    return fd < 0 ? gw_fail_errno(why, ret_path, "open") : fd;
}

int gw_evidence_open(struct gw_archive *a, const char *hash, bool *ret_packed,
                     struct gw_why *why)
{
    char path[PATH_CAP];
    struct gw_object o;
    return open_stored(a, hash, path, &o, ret_packed, why);
}

static int hash_stored(struct stored *s, int64_t size, char ret_hex[static 65],
                       struct gw_why *why)
{
    struct gw_digest *digest = gw_digest_new(GW_DIGEST_SHA256);
    uint8_t *bytes = gw_new(STEP), hash[GW_HASH_LEN];
    int rc = digest && bytes ? 0 : GW_ENOMEM;
    // More bytes than were taken in are damage enough: an end to reading.
    while (!rc && size >= 0) {
        int64_t n = stored_read(s, bytes, STEP, why);
        if (n <= 0) {
            rc = (int)n;
            break;
        }
        size -= n;
        rc = gw_digest_add(digest, gw_span_of(bytes, (size_t)n));
    }
    rc = rc ? rc : gw_digest_end(digest, hash, sizeof hash);
    if (!rc)
        gw_hex(hash, sizeof hash, ret_hex);
    gw_free(bytes);
    gw_digest_free(digest);
    return rc;
}

int gw_evidence_check(struct gw_archive *a, const char *hash,
                      struct gw_why *why)
{
    char path[PATH_CAP], hex[HEX_LEN + 1];
    struct gw_object o;
    bool packed;
    int fd = open_stored(a, hash, path, &o, &packed, why);
    if (fd < 0)
        return fd;
    struct stored *s = stored_new(fd, packed, path);
    int rc = s ? hash_stored(s, o.size, hex, why) : GW_ENOMEM;
    stored_free(s);
    if (rc)
        return gw_fail(why, rc, "%s: %s", path, gw_strerror(rc));
    if (strcmp(hex, o.hash) != 0)
        return gw_fail(why, GW_ECORRUPT,
                       "%s: its bytes are not those of its name", path);
    return 0;
}
