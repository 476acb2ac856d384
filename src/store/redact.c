// Taking an object out for good. What stays is that it was there: its hash,
// size, kind and dates. SQLite overwrites what is deleted (secure_delete); its
// log and the files go after the commit, and should that be broken off, when
// the next writer opens.
#include "store/sql.h"

#include <errno.h>
#include <unistd.h>

// Runs a statement whose one parameter is the row of the object.
static int run_on(struct sql q, int64_t id, struct gw_why *why)
{
    sql_int(&q, id);
    return sql_run(&q, why);
}

// Every text that somebody else gave goes; what we found out stays.
static int empty_rows(struct gw_archive *a, int64_t id, struct gw_why *why)
{
    int rc = run_on(sql_on(a, "DELETE FROM refusal WHERE object = ?"), id, why);
    if (!rc)
        rc = run_on(sql_on(a, "DELETE FROM alias WHERE object = ?"), id, why);
    if (!rc)
        rc = run_on(sql_on(a, "UPDATE object SET state = 'redacted', name = '',"
                              " source = '', licence = '', error = ''"
                              " WHERE id = ?"),
                    id, why);
    return rc;
}

// The names are in its leaves' secrets too.
static int burn_secrets(struct gw_archive *a, const char *hash,
                        struct gw_why *why)
{
    struct sql q = sql_on(a, "DELETE FROM secret WHERE idx IN (SELECT idx"
                             " FROM leaf WHERE type = 'evidence'"
                             " AND subject = ?)");
    sql_str(&q, hash);
    return sql_run(&q, why);
}

// Days are sums that it may be part of; what is left is summed up again by the
// next who makes cells.
static int empty_days(struct gw_archive *a, struct gw_why *why)
{
    struct sql q = sql_on(a, "DELETE FROM note WHERE name = 'days'");
    int rc = gw_days_clear(a, why);
    if (rc) {
        sql_end(&q);
        return rc;
    }
    return sql_run(&q, why);
}

int gw_evidence_redact(struct gw_archive *a, const char *hash,
                       struct gw_why *why)
{
    int64_t id;
    int rc = archive_change(a, why);
    rc = rc ? rc : object_id_open(a, hash, &id, why);
    rc = rc ? rc : gw_segment_drop(a, GW_TIER_FACTS, hash, why);
    rc = rc ? rc : gw_segment_drop(a, GW_TIER_FINDINGS, hash, why);
    rc = rc ? rc : gw_segment_drop(a, GW_TIER_CELLS, hash, why);
    rc = rc ? rc : empty_days(a, why);
    rc = rc ? rc : burn_secrets(a, hash, why);
    rc = rc ? rc : empty_rows(a, id, why);
    if (!rc)
        a->scrub = true;
    return rc;
}

// ---- after the commit ---------------------------------------------------

// ret_removed: there was one.
static int remove_file(struct gw_archive *a, const char *hash, bool packed,
                       bool *ret_removed)
{
    char path[PATH_CAP];
    object_path(a, hash, packed, path);
    int rc = unlink(path);
    *ret_removed |= rc == 0;
    return rc && errno != ENOENT ? GW_EIO : 0;
}

// All that were ever redacted: there are few, and a file may have come back
// with a disk that forgot its last moments.
static int remove_files(struct gw_archive *a)
{
    char hash[HEX_LEN + 1];
    bool removed = false;
    int rc, bad = 0;
    struct sql q = sql_on(a, "SELECT hash FROM object"
                             " WHERE state = 'redacted' ORDER BY hash");
    while ((rc = sql_step(&q, NULL)) == 1) {
        sql_copy(&q, 0, hash, sizeof hash);
        if (!is_hash(gw_str(hash)))
            continue;
        bad |= remove_file(a, hash, false, &removed);
        bad |= remove_file(a, hash, true, &removed);
    }
    if (!rc && !bad && removed)
        bad = archive_sync(a, NULL);
    return rc ? rc : bad;
}

// The log's frames hold pages as they were; an emptied log has none. Readers
// that still look at them are waited for, but once only.
static int empty_log(struct gw_archive *a)
{
    if (a->unclean)
        sqlite3_busy_timeout(a->db, 0);
    int rc = sqlite3_wal_checkpoint_v2(a->db, "main",
                                       SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(a->db, WAIT_MS);
    return rc;
}

void redact_finish(struct gw_archive *a)
{
    int rc = remove_files(a);
    if (a->scrub && empty_log(a) != SQLITE_OK)
        rc = GW_EBUSY;
    a->scrub = rc != 0;
    if (rc)
        a->unclean = true;
}
