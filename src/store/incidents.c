// Incidents: the newest version of each, and every version there ever was. An
// archive of version 1 that is read has none.
#include "store/sql.h"

#define COLUMNS                                                                \
    "id, version, kind, cc, target, since_earliest, since_latest,"             \
    " until_earliest, until_latest, log_odds, confidence, observers,"          \
    " measurements, blocked, synthetic, withdrawn, changed, body"
#define PLACES "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

static bool has_incidents(const struct gw_archive *a)
{
    return a->version > 1;
}

// ---- adding -------------------------------------------------------------

static void bind_real(struct sql *q, double v)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_double(q->st, q->next++, v);
}

static void bind_incident(struct sql *q, const struct gw_incident_row *i,
                          int64_t version)
{
    sql_str(q, i->id);
    sql_int(q, version);
    sql_str(q, i->kind);
    sql_str(q, i->cc);
    sql_str(q, i->target);
    sql_time(q, i->since[0]);
    sql_time(q, i->since[1]);
    sql_time(q, i->until[0]);
    sql_time(q, i->until[1]);
    bind_real(q, i->log_odds);
    sql_str(q, i->confidence);
    sql_int(q, i->observers);
    sql_int(q, i->measurements);
    sql_int(q, i->blocked);
    sql_int(q, i->synthetic);
    sql_int(q, i->withdrawn);
    sql_int(q, i->changed);
    sql_blob(q, i->body);
}

// The newest version's number and whether its body is this one: 0 if there is
// no such incident.
static int newest(struct gw_archive *a, const struct gw_incident_row *i,
                  int64_t *ret_version, bool *ret_same, struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT version, body FROM incident WHERE id = ?");
    *ret_version = 0;
    *ret_same = false;
    sql_str(&q, i->id);
    int rc = sql_step(&q, why);
    if (rc == 1) {
        *ret_version = sql_get_int(&q, 0);
        *ret_same = gw_eq(sql_get(&q, 1), i->body);
    }
    sql_end(&q);
    return rc < 0 ? rc : 0;
}

int gw_incident_put(struct gw_archive *a, const struct gw_incident_row *i,
                    bool *ret_changed, struct gw_why *why)
{
    int64_t version;
    bool same;
    int rc = archive_change(a, why);
    rc = rc ? rc : newest(a, i, &version, &same, why);
    if (ret_changed)
        *ret_changed = !rc && !same;
    if (rc || same)
        return rc;
    struct sql q = sql_on(a, "INSERT INTO incident_version (" COLUMNS ")"
                             " VALUES (" PLACES ")");
    bind_incident(&q, i, version + 1);
    rc = sql_run(&q, why);
    if (rc)
        return rc;
    q = sql_on(a, "INSERT OR REPLACE INTO incident (" COLUMNS ")"
                  " VALUES (" PLACES ")");
    bind_incident(&q, i, version + 1);
    return sql_run(&q, why);
}

// ---- reading ------------------------------------------------------------

static int read_incident(const struct sql *q, struct gw_incident_row *ret,
                         struct gw_buf *body, struct gw_why *why)
{
    *ret = (struct gw_incident_row){.version = sql_get_int(q, 1)};
    sql_copy(q, 0, ret->id, sizeof ret->id);
    sql_copy(q, 2, ret->kind, sizeof ret->kind);
    sql_copy(q, 3, ret->cc, sizeof ret->cc);
    sql_copy(q, 4, ret->target, sizeof ret->target);
    for (int k = 0; k < 2; k++) {
        ret->since[k] = sql_get_time(q, 5 + k);
        ret->until[k] = sql_get_time(q, 7 + k);
    }
    ret->log_odds = sqlite3_column_double(q->st, 9);
    sql_copy(q, 10, ret->confidence, sizeof ret->confidence);
    ret->observers = sql_get_int(q, 11);
    ret->measurements = sql_get_int(q, 12);
    ret->blocked = sql_get_int(q, 13);
    ret->synthetic = sql_get_int(q, 14) == 1;
    ret->withdrawn = sql_get_int(q, 15) == 1;
    ret->changed = sql_get_int(q, 16);
    gw_buf_reset(body);
    gw_put_span(body, sql_get(q, 17));
    ret->body = body->len ? gw_buf_span(body) : GW_LIT("");
    return body->err ? gw_fail(why, body->err, "%s: incident %s: %s",
                               q->a->folder, ret->id, gw_strerror(body->err))
                     : 1;
}

// Steps to a row, reads it and ends the statement: 1, 0 or negative.
static int take_incident(struct sql *q, struct gw_incident_row *ret,
                         struct gw_buf *body, struct gw_why *why)
{
    int rc = sql_step(q, why);
    if (rc == 1)
        rc = read_incident(q, ret, body, why);
    sql_end(q);
    return rc;
}

struct names {
    char (*at)[16];
    size_t count, cap;
};

static int add_name(struct names *n, const struct sql *q)
{
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 64;
        void *at = gw_resize(n->at, cap, sizeof *n->at);
        if (!at)
            return GW_ENOMEM;
        n->at = at;
        n->cap = cap;
    }
    sql_copy(q, 0, n->at[n->count++], sizeof *n->at);
    return 0;
}

static int list_names(struct gw_archive *a, struct names *ret,
                      struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT id FROM incident ORDER BY"
                             " coalesce(since_latest, since_earliest) DESC,"
                             " id");
    int rc = sql_step(&q, why);
    for (; rc == 1; rc = sql_step(&q, why))
        if (add_name(ret, &q)) {
            rc = gw_fail(why, GW_ENOMEM, "out of memory");
            break;
        }
    sql_end(&q);
    return rc;
}

// Names first, then one row at a time: no statement is open while fn is at
// work, and only one body is in memory.
int gw_incidents_each(struct gw_archive *a, gw_incident_fn *fn, void *ctx,
                      struct gw_why *why)
{
    struct names names = {0};
    struct gw_incident_row row;
    struct gw_buf body;
    if (!has_incidents(a))
        return 0;
    gw_buf_init(&body, VALUE_MAX);
    int rc = list_names(a, &names, why);
    for (size_t i = 0; i < names.count && !rc; i++) {
        struct sql q =
            sql_on(a, "SELECT " COLUMNS " FROM incident WHERE id = ?");
        sql_str(&q, names.at[i]);
        rc = take_incident(&q, &row, &body, why);
        rc = rc == 1 ? fn(ctx, &row) : rc;
    }
    gw_buf_release(&body);
    gw_free(names.at);
    return rc;
}

int gw_incident_history(struct gw_archive *a, const char *id,
                        gw_incident_fn *fn, void *ctx, struct gw_why *why)
{
    struct gw_incident_row row = {0};
    struct gw_buf body;
    int rc = 0;
    gw_buf_init(&body, VALUE_MAX);
    while (!rc && has_incidents(a)) {
        struct sql q = sql_on(a, "SELECT " COLUMNS " FROM incident_version"
                                 " WHERE id = ? AND version > ?"
                                 " ORDER BY version LIMIT 1");
        sql_str(&q, id);
        sql_int(&q, row.version);
        rc = take_incident(&q, &row, &body, why);
        if (rc != 1)
            break;
        rc = fn(ctx, &row);
    }
    if (!rc && !row.version)
        rc = gw_fail(why, GW_ENOENT, "%.40s: no such incident", id);
    gw_buf_release(&body);
    return rc;
}
