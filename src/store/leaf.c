// Leaves of the ledger: entries that are only ever added, each in the
// transaction of what it witnesses, and what they hide, which can be burnt. An
// archive of version 1 that is read has none.
#include "store/sql.h"

#define LEAF_COLUMNS "idx, type, subject, hash, entry"

static bool has_leaves(const struct gw_archive *a)
{
    return a->version > 1;
}

static int fail_leaf(const struct gw_archive *a, uint64_t index, int code,
                     const char *rule, struct gw_why *why)
{
    return gw_fail(why, code, "%s: leaf %llu: %s", a->folder,
                   (unsigned long long)index, rule);
}

int gw_leaf_count(struct gw_archive *a, uint64_t *ret, struct gw_why *why)
{
    *ret = 0;
    if (!has_leaves(a))
        return 0;
    struct sql q = sql_on(a, "SELECT coalesce(max(idx), -1) + 1 FROM leaf");
    int rc = sql_step(&q, why);
    if (rc == 1)
        *ret = (uint64_t)sql_get_int(&q, 0);
    sql_end(&q);
    return rc < 0 ? rc : 0;
}

// ---- adding -------------------------------------------------------------

static int insert_leaf(struct gw_archive *a, const struct gw_leaf_row *leaf,
                       struct gw_why *why)
{
    struct sql q = sql_on(a, "INSERT INTO leaf (" LEAF_COLUMNS ")"
                             " VALUES (?, ?, ?, ?, ?)");
    sql_int(&q, (int64_t)leaf->index);
    sql_str(&q, leaf->type);
    sql_str(&q, leaf->subject);
    sql_blob(&q, gw_span_of(leaf->hash, sizeof leaf->hash));
    sql_blob(&q, leaf->entry);
    return sql_run(&q, why);
}

static int insert_secret(struct gw_archive *a, uint64_t index, gw_span secret,
                         struct gw_why *why)
{
    struct sql q = sql_on(a, "INSERT INTO secret (idx, box) VALUES (?, ?)");
    sql_int(&q, (int64_t)index);
    sql_blob(&q, secret);
    return sql_run(&q, why);
}

static int mark_witnessed(struct gw_archive *a, const char *subject,
                          struct gw_why *why)
{
    struct sql q = sql_on(a, "UPDATE object SET witnessed = 1 WHERE hash = ?");
    sql_str(&q, subject);
    return sql_run(&q, why);
}

int gw_leaf_add(struct gw_archive *a, const struct gw_leaf_row *leaf,
                gw_span secret, struct gw_why *why)
{
    uint64_t next;
    int rc = archive_change(a, why);
    rc = rc ? rc : gw_leaf_count(a, &next, why);
    if (!rc && leaf->index != next)
        rc = fail_leaf(a, leaf->index, GW_ECORRUPT,
                       "not the one that comes next", why);
    rc = rc ? rc : insert_leaf(a, leaf, why);
    if (!rc && secret.len)
        rc = insert_secret(a, leaf->index, secret, why);
    if (!rc && strcmp(leaf->type, "evidence") == 0)
        rc = mark_witnessed(a, leaf->subject, why);
    return rc;
}

// ---- reading ------------------------------------------------------------

static int read_leaf(const struct sql *q, struct gw_leaf_row *ret,
                     struct gw_buf *ret_entry, struct gw_why *why)
{
    gw_span hash = sql_get(q, 3), entry = sql_get(q, 4);
    size_t from = ret_entry->len;
    *ret = (struct gw_leaf_row){.index = (uint64_t)sql_get_int(q, 0)};
    sql_copy(q, 1, ret->type, sizeof ret->type);
    sql_copy(q, 2, ret->subject, sizeof ret->subject);
    if (sql_get_int(q, 0) < 0 || hash.len != sizeof ret->hash)
        return fail_leaf(q->a, ret->index, GW_ECORRUPT, "no hash of 32 bytes",
                         why);
    memcpy(ret->hash, hash.at, sizeof ret->hash);
    gw_put_span(ret_entry, entry);
    if (ret_entry->err)
        return fail_leaf(q->a, ret->index, ret_entry->err,
                         gw_strerror(ret_entry->err), why);
    ret->entry =
        entry.len ? gw_span_of(ret_entry->at + from, entry.len) : GW_LIT("");
    return 1;
}

// Steps to a leaf, reads it and ends the statement: 1, 0 or negative.
static int take_leaf(struct sql *q, struct gw_leaf_row *ret,
                     struct gw_buf *ret_entry, struct gw_why *why)
{
    int rc = sql_step(q, why);
    if (rc == 1)
        rc = read_leaf(q, ret, ret_entry, why);
    sql_end(q);
    return rc;
}

int gw_leaf_get(struct gw_archive *a, uint64_t index, struct gw_leaf_row *ret,
                struct gw_buf *ret_entry, struct gw_why *why)
{
    int rc = 0;
    if (has_leaves(a) && index <= INT64_MAX) {
        struct sql q =
            sql_on(a, "SELECT " LEAF_COLUMNS " FROM leaf WHERE idx = ?");
        sql_int(&q, (int64_t)index);
        rc = take_leaf(&q, ret, ret_entry, why);
    }
    return rc == 0  ? fail_leaf(a, index, GW_ENOENT, "there is none", why)
           : rc < 0 ? rc
                    : 0;
}

int gw_leaf_newest(struct gw_archive *a, const char *type, const char *subject,
                   struct gw_leaf_row *ret, struct gw_buf *ret_entry,
                   struct gw_why *why)
{
    int rc = 0;
    if (has_leaves(a)) {
        struct sql q = sql_on(a, "SELECT " LEAF_COLUMNS " FROM leaf"
                                 " WHERE type = ? AND subject = ?"
                                 " ORDER BY idx DESC LIMIT 1");
        sql_str(&q, type);
        sql_str(&q, subject);
        rc = take_leaf(&q, ret, ret_entry, why);
    }
    return rc == 0 ? gw_fail(why, GW_ENOENT, "%s: no leaf of type %s for %.80s",
                             a->folder, type, subject)
           : rc < 0 ? rc
                    : 0;
}

// A leaf at a time, so that no statement is open while fn is at work.
int gw_leaves_each(struct gw_archive *a, uint64_t from, const char *type,
                   gw_leaf_fn *fn, void *ctx, struct gw_why *why)
{
    struct gw_leaf_row leaf;
    struct gw_buf entry;
    int rc = 0;
    gw_buf_init(&entry, VALUE_MAX);
    while (!rc && has_leaves(a) && from <= INT64_MAX) {
        struct sql q = sql_on(a, "SELECT " LEAF_COLUMNS " FROM leaf"
                                 " WHERE idx >= ?1"
                                 " AND (?2 IS NULL OR type = ?2)"
                                 " ORDER BY idx LIMIT 1");
        sql_int(&q, (int64_t)from);
        sql_text(&q, gw_str(type));
        gw_buf_reset(&entry);
        rc = take_leaf(&q, &leaf, &entry, why);
        if (rc != 1)
            break;
        from = leaf.index + 1;
        rc = fn(ctx, &leaf);
    }
    gw_buf_release(&entry);
    return rc;
}

// ---- what a leaf hides --------------------------------------------------

int gw_leaf_secret(struct gw_archive *a, uint64_t index, struct gw_buf *ret,
                   struct gw_why *why)
{
    int rc = 0;
    if (has_leaves(a) && index <= INT64_MAX) {
        struct sql q = sql_on(a, "SELECT box FROM secret WHERE idx = ?");
        sql_int(&q, (int64_t)index);
        rc = sql_step(&q, why);
        if (rc == 1)
            gw_put_span(ret, sql_get(&q, 0));
        sql_end(&q);
    }
    if (rc == 0)
        return fail_leaf(a, index, GW_ENOENT, "it hides nothing, or no more",
                         why);
    if (rc == 1 && ret->err)
        return fail_leaf(a, index, ret->err, gw_strerror(ret->err), why);
    return rc < 0 ? rc : 0;
}

int gw_leaf_burn(struct gw_archive *a, uint64_t index, struct gw_why *why)
{
    uint64_t count;
    int rc = archive_change(a, why);
    rc = rc ? rc : gw_leaf_count(a, &count, why);
    if (!rc && index >= count)
        rc = fail_leaf(a, index, GW_ENOENT, "there is none", why);
    if (rc)
        return rc;
    struct sql q = sql_on(a, "DELETE FROM secret WHERE idx = ?");
    sql_int(&q, (int64_t)index);
    rc = sql_run(&q, why);
    if (!rc)
        a->scrub = true; // the log still has it
    return rc;
}

// ---- what no leaf speaks of ---------------------------------------------

int gw_evidence_unwitnessed(struct gw_archive *a,
                            char ret_hash[static 2 * GW_HASH_LEN + 1],
                            struct gw_why *why)
{
    struct sql q = has_leaves(a)
                       ? sql_on(a, "SELECT hash FROM object WHERE witnessed = 0"
                                   " AND state IN ('done', 'failed')"
                                   " ORDER BY hash LIMIT 1")
                       : sql_on(a, "SELECT hash FROM object"
                                   " WHERE state IN ('done', 'failed')"
                                   " ORDER BY hash LIMIT 1");
    int rc = sql_step(&q, why);
    if (rc == 1)
        sql_copy(&q, 0, ret_hash, 2 * GW_HASH_LEN + 1);
    sql_end(&q);
    return rc;
}
