// Records that were refused, with the reason and the bytes.
#include "store/sql.h"

int gw_refusals_clear(struct gw_archive *a, const char *object,
                      struct gw_why *why)
{
    int64_t id;
    int rc = archive_change(a, why);
    rc = rc ? rc : object_id_open(a, object, &id, why);
    if (rc)
        return rc;
    struct sql q = sql_on(a, "DELETE FROM refusal WHERE object = ?");
    sql_int(&q, id);
    return sql_run(&q, why);
}

int gw_refusal_add(struct gw_archive *a, const struct gw_refusal *r,
                   struct gw_why *why)
{
    int64_t id;
    int rc = archive_change(a, why);
    rc = rc ? rc : object_id_open(a, r->object, &id, why);
    if (rc)
        return rc;
    // Ordinals of an object are dense, so that the last one is the count.
    struct sql q = sql_on(
        a, "INSERT INTO refusal (object, n, record, offset, length, code,"
           " reason, bytes) SELECT ?1, last + 1, ?2, ?3, ?4, ?5, ?6, ?7"
           " FROM (SELECT coalesce((SELECT n FROM refusal WHERE object = ?1"
           " ORDER BY n DESC LIMIT 1), 0) AS last) WHERE last < ?8");
    sql_int(&q, id);
    sql_int(&q, r->record);
    sql_int(&q, r->offset);
    sql_int(&q, r->length);
    sql_int(&q, r->code);
    sql_str(&q, r->reason);
    sql_blob(&q, gw_sub(r->bytes, 0, GW_REFUSAL_BYTES_MAX));
    sql_int(&q, GW_REFUSALS_MAX);
    return sql_run(&q, why);
}

// The refusal after ordinal n of an object: 1, 0 or negative. Its bytes are
// copied, so that no statement is open while the caller's function works.
static int next_refusal(struct gw_archive *a, int64_t id, int64_t *n,
                        struct gw_refusal *r, struct gw_buf *bytes,
                        struct gw_why *why)
{
    struct sql q = sql_on(
        a, "SELECT n, record, offset, length, code, reason, bytes FROM refusal"
           " WHERE object = ? AND n > ? ORDER BY n LIMIT 1");
    sql_int(&q, id);
    sql_int(&q, *n);
    int rc = sql_step(&q, why);
    if (rc != 1)
        return rc;
    *n = sql_get_int(&q, 0);
    r->record = sql_get_int(&q, 1);
    r->offset = sql_get_int(&q, 2);
    r->length = sql_get_int(&q, 3);
    r->code = (int)sql_get_int(&q, 4);
    sql_copy(&q, 5, r->reason, sizeof r->reason);
    gw_buf_reset(bytes);
    gw_put_span(bytes, gw_sub(sql_get(&q, 6), 0, GW_REFUSAL_BYTES_MAX));
    r->bytes = bytes->len ? gw_buf_span(bytes) : GW_LIT("");
    sql_end(&q);
    return bytes->err ? gw_fail(why, bytes->err, "refusals of %s: %s",
                                r->object, gw_strerror(bytes->err))
                      : 1;
}

static int each_of_object(struct gw_archive *a, const char *object, int64_t id,
                          gw_refusal_fn *fn, void *ctx, struct gw_why *why)
{
    struct gw_refusal r = {.object = ""};
    struct gw_buf bytes;
    int64_t n = 0;
    gw_buf_init(&bytes, GW_REFUSAL_BYTES_MAX);
    text_cut(gw_str(object), r.object, sizeof r.object);
    int rc;
    while ((rc = next_refusal(a, id, &n, &r, &bytes, why)) == 1) {
        rc = fn(ctx, &r);
        if (rc)
            break;
    }
    gw_buf_release(&bytes);
    return rc;
}

int gw_refusals_each(struct gw_archive *a, const char *object,
                     gw_refusal_fn *fn, void *ctx, struct gw_why *why)
{
    int64_t id;
    if (object) {
        int rc = object_id(a, object, &id, why);
        return rc ? rc : each_of_object(a, object, id, fn, ctx, why);
    }
    char hash[HEX_LEN + 1] = "";
    for (;;) {
        struct sql q = sql_on(a, "SELECT id, hash FROM object WHERE hash > ?"
                                 " AND EXISTS (SELECT 1 FROM refusal"
                                 " WHERE refusal.object = object.id)"
                                 " ORDER BY hash LIMIT 1");
        sql_str(&q, hash);
        int rc = sql_step(&q, why);
        if (rc != 1)
            return rc;
        id = sql_get_int(&q, 0);
        sql_copy(&q, 1, hash, sizeof hash);
        sql_end(&q);
        rc = each_of_object(a, hash, id, fn, ctx, why);
        if (rc)
            return rc;
    }
}
