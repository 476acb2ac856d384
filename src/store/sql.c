// Prepared statements, kept for the life of an archive, with one sticky error.
#include "store/sql.h"

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return GW_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return GW_EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: return GW_ECORRUPT; // a catalogue not of our making
    case SQLITE_TOOBIG: return GW_ETOOBIG;
    default: return GW_EIO;
    }
}

int sql_fail(struct gw_archive *a, int rc, struct gw_why *why)
{
    const char *said = a->db ? sqlite3_errmsg(a->db) : sqlite3_errstr(rc);
    return gw_fail(why, code_of(rc), "%s/gawah.db: %s (SQLite %d)", a->folder,
                   said, rc);
}

// Literals are told apart by address: each stands in one place.
static int prepare(struct gw_archive *a, const char *text, sqlite3_stmt **ret)
{
    size_t i = 0;
    while (i < STATEMENTS_MAX && a->cache[i].text && a->cache[i].text != text)
        i++;
    if (i == STATEMENTS_MAX)
        return SQLITE_NOMEM;
    if (!a->cache[i].text) {
        int rc = sqlite3_prepare_v3(a->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                                    &a->cache[i].st, NULL);
        if (rc != SQLITE_OK)
            return rc;
        a->cache[i].text = text;
    }
    *ret = a->cache[i].st;
    return SQLITE_OK;
}

struct sql sql_on(struct gw_archive *a, const char *text)
{
    struct sql q = {.a = a, .next = 1};
    q.rc = prepare(a, text, &q.st);
    return q;
}

static void keep(struct sql *q, int rc)
{
    if (q->rc == SQLITE_OK)
        q->rc = rc;
    q->next++;
}

void sql_int(struct sql *q, int64_t v)
{
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_int64(q->st, q->next, v));
}

void sql_time(struct sql *q, gw_time t)
{
    if (t != GW_NEVER)
        sql_int(q, t);
    else if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_null(q->st, q->next));
}

void sql_text(struct sql *q, gw_span s)
{
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_text64(q->st, q->next, (const char *)s.at, s.len,
                                    SQLITE_STATIC, SQLITE_UTF8));
}

void sql_str(struct sql *q, const char *s)
{
    sql_text(q, gw_str(s));
}

void sql_blob(struct sql *q, gw_span s)
{
    // A NULL address would bind NULL, which is not the same as no bytes.
    const void *at = s.at ? (const void *)s.at : "";
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_blob64(q->st, q->next, at, s.len, SQLITE_STATIC));
}

int sql_step(struct sql *q, struct gw_why *why)
{
    if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
        q->rc = sqlite3_step(q->st);
    if (q->rc == SQLITE_ROW)
        return 1;
    int rc = q->rc == SQLITE_DONE ? 0 : sql_fail(q->a, q->rc, why);
    sql_end(q);
    return rc;
}

int sql_run(struct sql *q, struct gw_why *why)
{
    int rc = sql_step(q, why);
    sql_end(q);
    return rc < 0 ? rc : 0;
}

int64_t sql_get_int(const struct sql *q, int column)
{
    return sqlite3_column_int64(q->st, column);
}

gw_time sql_get_time(const struct sql *q, int column)
{
    return sqlite3_column_type(q->st, column) == SQLITE_NULL
               ? GW_NEVER
               : sqlite3_column_int64(q->st, column);
}

gw_span sql_get(const struct sql *q, int column)
{
    const void *at = sqlite3_column_blob(q->st, column);
    int len = sqlite3_column_bytes(q->st, column);
    return at && len > 0 ? gw_span_of(at, (size_t)len) : GW_LIT("");
}

void text_cut(gw_span s, char *ret_text, size_t cap)
{
    size_t n = s.len;
    if (n >= cap) {
        n = cap - 1;
        while (n && (s.at[n] & 0xc0) == 0x80) // not inside a character
            n--;
    }
    if (n)
        memcpy(ret_text, s.at, n);
    ret_text[n] = 0;
}

void sql_copy(const struct sql *q, int column, char *ret_text, size_t cap)
{
    text_cut(sql_get(q, column), ret_text, cap);
}

void sql_end(struct sql *q)
{
    if (q->st) {
        sqlite3_reset(q->st);
        sqlite3_clear_bindings(q->st); // they borrow from the caller
    }
    q->st = NULL;
}

int sql_exec(struct gw_archive *a, const char *text, struct gw_why *why)
{
    int rc = sqlite3_exec(a->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_fail(a, rc, why);
}

void sql_forget(struct gw_archive *a)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++)
        sqlite3_finalize(a->cache[i].st);
    memset(a->cache, 0, sizeof a->cache);
}
