// Days: what was found, summed up for those who show it. Made anew from the
// cells whenever those change; a table, so that pages read only their own.
#include "store/sql.h"

enum { NO_ASN = -1 }; // a key has no null

int gw_days_clear(struct gw_archive *a, struct gw_why *why)
{
    int rc = archive_change(a, why);
    if (rc)
        return rc;
    struct sql q = sql_on(a, "DELETE FROM day");
    return sql_run(&q, why);
}

static void bind_counts(struct sql *q, const struct gw_day_row *d)
{
    for (int i = 0; i < 4; i++)
        sql_int(q, d->count[i]);
    for (int i = 0; i < 4; i++)
        sql_int(q, d->observers[i]);
    sql_int(q, d->throttled);
    sql_int(q, d->intercepted);
}

int gw_day_add(struct gw_archive *a, const struct gw_day_row *d,
               struct gw_why *why)
{
    int rc = archive_change(a, why);
    if (rc)
        return rc;
    if (d->day == GW_NEVER || (d->asn != GW_NULL && d->asn < 0))
        return gw_fail(why, GW_EUSAGE, "day of %.100s: no day or no AS",
                       d->target);
    struct sql q = sql_on(
        a, "INSERT INTO day (cc, target, asn, layer, day, synthetic,"
           " aggregate, org, unknown, ok, down, blocked, observers_unknown,"
           " observers_ok, observers_down, observers_blocked, throttled,"
           " intercepted, rule, example) VALUES"
           " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    sql_str(&q, d->cc);
    sql_str(&q, d->target);
    sql_int(&q, d->asn == GW_NULL ? NO_ASN : d->asn);
    sql_int(&q, d->layer);
    sql_int(&q, d->day);
    sql_int(&q, d->synthetic);
    sql_int(&q, d->aggregate);
    sql_str(&q, d->org);
    bind_counts(&q, d);
    sql_str(&q, d->rule);
    sql_str(&q, d->example);
    return sql_run(&q, why);
}

static void read_day(const struct sql *q, struct gw_day_row *d)
{
    *d = (struct gw_day_row){.asn = sql_get_int(q, 2),
                             .layer = sql_get_int(q, 3),
                             .day = sql_get_int(q, 4),
                             .synthetic = sql_get_int(q, 5) == 1,
                             .aggregate = sql_get_int(q, 6) == 1,
                             .throttled = sql_get_int(q, 16),
                             .intercepted = sql_get_int(q, 17)};
    sql_copy(q, 0, d->cc, sizeof d->cc);
    sql_copy(q, 1, d->target, sizeof d->target);
    sql_copy(q, 7, d->org, sizeof d->org);
    sql_copy(q, 18, d->rule, sizeof d->rule);
    sql_copy(q, 19, d->example, sizeof d->example);
    if (d->asn == NO_ASN)
        d->asn = GW_NULL;
    for (int i = 0; i < 4; i++) {
        d->count[i] = sql_get_int(q, 8 + i);
        d->observers[i] = sql_get_int(q, 12 + i);
    }
}

// What the filter says of a row; the place in the key is for the query.
static bool wanted(const struct gw_day_filter *f, const struct gw_day_row *d)
{
    return (!f->cc || strcmp(f->cc, d->cc) == 0) &&
           (!f->target || strcmp(f->target, d->target) == 0) &&
           (f->asn == -1 || f->asn == d->asn) &&
           (f->layer == -1 || f->layer == d->layer) &&
           (f->since == GW_NEVER || d->day >= f->since) &&
           (f->until == GW_NEVER || d->day < f->until);
}

enum { BATCH = 256 };
struct batch {
    struct gw_day_row at[BATCH];
    size_t count;
};

// The next rows after a key, as many as fit: a statement is ended before any
// call-back is made. Country and target lead the key, so that the rows of one
// page are found without a look at others.
static int read_batch(struct gw_archive *a, const struct gw_day_filter *f,
                      const struct gw_day_row *after, struct batch *b,
                      struct gw_why *why)
{
    struct sql q = sql_on(
        a, "SELECT cc, target, asn, layer, day, synthetic, aggregate, org,"
           " unknown, ok, down, blocked, observers_unknown, observers_ok,"
           " observers_down, observers_blocked, throttled, intercepted, rule,"
           " example FROM day WHERE (cc, target, asn, layer, day, synthetic,"
           " aggregate) > (?, ?, ?, ?, ?, ?, ?) AND cc <= ?"
           " ORDER BY cc, target, asn, layer, day, synthetic, aggregate");
    int rc;
    sql_str(&q, after->cc);
    sql_str(&q, after->target);
    sql_int(&q, after->asn == GW_NULL ? NO_ASN : after->asn);
    sql_int(&q, after->layer);
    sql_int(&q, after->day);
    sql_int(&q, after->synthetic);
    sql_int(&q, after->aggregate);
    sql_str(&q, f->cc ? f->cc : "\x7f");
    b->count = 0;
    while (b->count < BATCH && (rc = sql_step(&q, why)) != 0) {
        struct gw_day_row *d = &b->at[b->count];
        if (rc < 0)
            return rc;
        read_day(&q, d);
        if (f->cc && f->target && strcmp(d->target, f->target) > 0)
            break; // the key has no more of that page
        b->count += wanted(f, d);
    }
    sql_end(&q);
    return 0;
}

int gw_days_each(struct gw_archive *a, const struct gw_day_filter *f,
                 gw_day_fn *fn, void *ctx, struct gw_why *why)
{
    struct gw_day_row after = {.asn = GW_NULL, .layer = -1, .day = GW_NEVER};
    if (a->version < 2)
        return 0;
    struct batch *b = gw_new(sizeof *b);
    int rc = b ? 0 : gw_fail(why, GW_ENOMEM, "days: out of memory");
    if (f->cc)
        text_cut(gw_str(f->cc), after.cc, sizeof after.cc);
    if (f->cc && f->target)
        text_cut(gw_str(f->target), after.target, sizeof after.target);
    do {
        rc = rc ? rc : read_batch(a, f, &after, b, why);
        for (size_t i = 0; !rc && i < b->count; i++)
            rc = fn(ctx, &b->at[i]);
        if (!rc && b->count)
            after = b->at[b->count - 1];
    } while (!rc && b->count == BATCH);
    gw_free(b);
    return rc;
}
