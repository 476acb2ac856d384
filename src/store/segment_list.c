// Which segments a tier has, without opening them.
#include "store/sql.h"

int gw_segments_each(struct gw_archive *a, enum gw_tier tier, gw_segment_fn *fn,
                     void *ctx, struct gw_why *why)
{
    char object[HEX_LEN + 1] = "", hash[HEX_LEN + 1];
    for (;;) {
        struct sql q = sql_on(
            a, "SELECT object.hash, segment.hash, segment.size FROM segment"
               " JOIN object ON object.id = segment.object"
               " WHERE segment.tier = ? AND object.hash > ?"
               " ORDER BY object.hash LIMIT 1");
        sql_str(&q, tier_name(tier));
        sql_str(&q, object);
        int rc = sql_step(&q, why);
        if (rc <= 0)
            return rc;
        sql_copy(&q, 0, object, sizeof object);
        sql_copy(&q, 1, hash, sizeof hash);
        int64_t size = sql_get_int(&q, 2);
        sql_end(&q);
        rc = fn(ctx, object, hash, size);
        if (rc)
            return rc;
    }
}

int gw_segment_bytes(struct gw_archive *a, enum gw_tier tier,
                     const char *object, size_t max, struct gw_buf *ret,
                     struct gw_why *why)
{
    char hash[HEX_LEN + 1], path[PATH_CAP];
    int rc = segment_hash(a, tier, object, hash, why);
    if (rc <= 0)
        return rc ? rc
                  : gw_fail(why, GW_ENOENT, "%s: no %s are kept of it", object,
                            tier_name(tier));
    segment_path(a, tier, object, hash, path);
    size_t before = ret->max;
    ret->max = ret->len + max < ret->max ? ret->len + max : ret->max;
    rc = gw_file_read(path, ret, why);
    ret->max = before;
    return rc;
}
