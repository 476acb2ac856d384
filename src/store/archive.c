// The archive: one folder, one writer, and a commit that makes files durable
// before the catalogue names them. What holds at every moment:
//
//   1. A committed row names only files that were synced before the commit.
//   2. A file that a committed row names is never written, renamed over or
//      removed before a commit that no longer names it.
//   3. Files that no row names do no harm: an object is renamed over when it
//      comes again, a segment likewise or removed by the next writer.
#include "store/schema.h"
#include "store/sql.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const folders[] = {"evidence", "segments/facts",
                                      "segments/findings", "segments/cells"};

// ---- opening ------------------------------------------------------------

// SQLite takes options only in a URI, in which a path must be escaped.
static void uri_of(const struct gw_archive *a, const char *options,
                   struct gw_buf *uri)
{
    gw_put_str(uri, "file:");
    for (const char *p = a->folder; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("/-._", *p);
        gw_put_fmt(uri, plain ? "%c" : "%%%02x", (uint8_t)*p);
    }
    gw_put_fmt(uri, "/gawah.db?%s", options);
    gw_put_u8(uri, 0);
}

static int read_number(struct gw_archive *a, const char *text, int64_t *ret,
                       struct gw_why *why)
{
    struct sql q = sql_on(a, text);
    int rc = sql_step(&q, why);
    if (rc == 1)
        *ret = sql_get_int(&q, 0);
    sql_end(&q);
    return rc < 0 ? rc : 0;
}

static int connect_to(struct gw_archive *a, const char *options, int flags,
                      struct gw_why *why)
{
    struct gw_buf uri;
    gw_buf_init(&uri, 4 * (size_t)PATH_CAP);
    uri_of(a, options, &uri);
    int rc = SQLITE_NOMEM;
    if (!uri.err)
        rc = sqlite3_open_v2((const char *)uri.at, &a->db,
                             flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                             NULL);
    gw_buf_release(&uri);
    if (rc != SQLITE_OK)
        return sql_fail(a, rc, why);
    sqlite3_extended_result_codes(a->db, 1);
    sqlite3_busy_timeout(a->db, WAIT_MS);
    sqlite3_limit(a->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    // An archive may come from a stranger: its schema runs nothing of ours.
    sqlite3_db_config(a->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(a->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    int64_t tables; // the first read is where a file shows what it is
    return read_number(a, "SELECT count(*) FROM sqlite_schema", &tables, why);
}

static void disconnect(struct gw_archive *a)
{
    sql_forget(a);
    sqlite3_close(a->db);
    a->db = NULL;
}

// Nothing is waiting in the log that an immutable view would not show.
static bool log_is_empty(const struct gw_archive *a)
{
    char path[PATH_CAP];
    struct stat st;
    archive_path(a, path, "gawah.db-wal");
    return stat(path, &st) ? errno == ENOENT : st.st_size == 0;
}

// A folder that cannot be written has no place for SQLite's shared memory;
// where no log waits either, the database file alone is the whole truth.
static int connect_reader(struct gw_archive *a, struct gw_why *why)
{
    struct gw_why first = {0};
    int rc = connect_to(a, "mode=ro", SQLITE_OPEN_READONLY, &first);
    if (rc != GW_EIO)
        return rc ? gw_fail(why, rc, "%s", first.text) : 0;
    if (!log_is_empty(a))
        return gw_fail(why, rc,
                       "%s; what waits in gawah.db-wal can only be read where"
                       " the folder can be written",
                       first.text);
    disconnect(a);
    rc = lock_for_immutable(a, why);
    return rc ? rc
              : connect_to(a, "mode=ro&immutable=1", SQLITE_OPEN_READONLY, why);
}

// 1: an archive; 0: an empty database, which only CREATE is content with.
static int identify(struct gw_archive *a, struct gw_why *why)
{
    int64_t application = 0, version = 0, tables = 0;
    int rc = read_number(a, "PRAGMA application_id", &application, why);
    rc = rc ? rc : read_number(a, "PRAGMA user_version", &version, why);
    rc =
        rc ? rc
           : read_number(a, "SELECT count(*) FROM sqlite_schema", &tables, why);
    if (rc)
        return rc;
    if (!application && !version && !tables)
        return 0;
    if (application != APPLICATION_ID)
        return gw_fail(why, GW_EUNKNOWN, "%s/gawah.db: not an archive's",
                       a->folder);
    if (version < SCHEMA_FIRST || version > SCHEMA_VERSION)
        return gw_fail(why, GW_EUNKNOWN,
                       "%s/gawah.db: schema version %lld, known here is %d",
                       a->folder, (long long)version, SCHEMA_VERSION);
    a->version = (int)version;
    return 1;
}

static int start_log(struct gw_archive *a, struct gw_why *why)
{
    // The log and its index stay when we close, emptied: readers that may not
    // write in the folder need them to be there.
    int keep = 1;
    sqlite3_file_control(a->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    struct sql q = sql_on(a, "PRAGMA journal_mode = WAL");
    int rc = sql_step(&q, why);
    if (rc == 1 && !gw_is(sql_get(&q, 0), "wal"))
        rc = gw_fail(why, GW_EIO, "%s/gawah.db: no write-ahead log here",
                     a->folder);
    sql_end(&q);
    return rc < 0 ? rc : 0;
}

static int run_all(struct gw_archive *a, const char *const *texts, size_t n,
                   struct gw_why *why)
{
    int rc = sql_exec(a, "BEGIN IMMEDIATE", why);
    for (size_t i = 0; i < n && !rc; i++)
        rc = sql_exec(a, texts[i], why);
    return rc ? rc : sql_exec(a, "COMMIT", why);
}

// From nothing, or from the version before, in one transaction.
static int make_schema(struct gw_archive *a, bool fresh, struct gw_why *why)
{
    static const char *const all[] = {schema_of_objects, schema_of_facts,
                                      schema_of_pages, schema_of_ledger};
    static const char *const from_1[] = {schema_upgrade_from_1, schema_of_pages,
                                         schema_of_ledger};
    int rc = 0;
    if (fresh) {
        rc = run_all(a, all, GW_COUNT(all), why);
    } else if (a->version < SCHEMA_VERSION) {
        // Version 1 did not overwrite what it deleted; this leaves it behind.
        rc = sql_exec(a, "VACUUM", why);
        rc = rc ? rc : run_all(a, from_1, GW_COUNT(from_1), why);
    }
    if (!rc)
        a->version = SCHEMA_VERSION;
    return rc;
}

static int open_writer(struct gw_archive *a, bool create, struct gw_why *why)
{
    int rc = connect_to(a, create ? "mode=rwc" : "mode=rw",
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, why);
    int known = rc ? rc : identify(a, why);
    if (known < 0)
        return known;
    if (!known && !create)
        return gw_fail(why, GW_ENOENT, "%s: no archive here", a->folder);
    rc = start_log(a, why);
    rc = rc ? rc
            : sql_exec(a,
                       "PRAGMA synchronous = FULL;"
                       "PRAGMA secure_delete = ON;"
                       "PRAGMA journal_size_limit = 67108864;",
                       why);
    rc = rc ? rc : make_schema(a, !known, why);
    rc = rc ? rc : sql_exec(a, "PRAGMA foreign_keys = ON", why);
    return rc ? rc : sql_exec(a, schema_of_writer, why);
}

static int open_reader(struct gw_archive *a, struct gw_why *why)
{
    int rc = connect_reader(a, why);
    rc = rc ? rc : identify(a, why);
    return rc == 0 ? gw_fail(why, GW_ENOENT, "%s: no archive here", a->folder)
                   : rc;
}

// Temporary files of writers that were killed: the lock is ours, so they are
// nobody's.
static void remove_temporaries(const struct gw_archive *a)
{
    for (size_t i = 0; i < GW_COUNT(folders); i++) {
        char path[PATH_CAP];
        archive_path(a, path, "%s", folders[i]);
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));)
            if (gw_starts(gw_str(e->d_name), "tmp-"))
                unlinkat(dirfd(d), e->d_name, 0);
        if (d)
            closedir(d);
    }
}

static int open_for_writing(struct gw_archive *a, bool create,
                            struct gw_why *why)
{
    char path[PATH_CAP];
    int rc = create ? gw_mkdirs(a->folder, why) : 0;
    rc = rc ? rc : lock_for_writing(a, why);
    rc = rc ? rc : open_writer(a, create, why);
    for (size_t i = 0; i < GW_COUNT(folders) && !rc; i++) {
        archive_path(a, path, "%s", folders[i]);
        rc = gw_mkdirs(path, why);
    }
    if (rc)
        return rc;
    remove_temporaries(a);
    if (a->unclean)
        segments_sweep(a);
    a->scrub = a->unclean;
    a->unclean = false;
    redact_finish(a);
    return 0;
}

static int open_as(struct gw_archive *a, enum gw_archive_mode mode,
                   struct gw_why *why)
{
    char path[PATH_CAP];
    archive_path(a, path, "gawah.db");
    bool create = mode == GW_ARCHIVE_CREATE;
    if (!create && access(path, F_OK) && errno == ENOENT)
        return gw_fail(why, GW_ENOENT, "%s: no archive here", a->folder);
    int rc = mode == GW_ARCHIVE_READ ? open_reader(a, why)
                                     : open_for_writing(a, create, why);
    if (rc < 0)
        return rc;
    a->dir = open(a->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return a->dir < 0 ? gw_fail_errno(why, a->folder, "open") : 0;
}

int gw_archive_open(const char *folder, enum gw_archive_mode mode,
                    const struct gw_clock *clock, struct gw_archive **ret,
                    struct gw_why *why)
{
    size_t len = strlen(folder);
    if (!len || len > FOLDER_MAX)
        return gw_fail(why, GW_EUSAGE, "archive: a path of 1 to %d bytes",
                       FOLDER_MAX);
    struct gw_archive *a = gw_new(sizeof *a);
    if (!a || !(a->folder = gw_new(len + 1))) {
        gw_free(a);
        return gw_fail(why, GW_ENOMEM, "%s: %s", folder,
                       gw_strerror(GW_ENOMEM));
    }
    memcpy(a->folder, folder, len);
    a->clock = clock;
    a->dir = a->lock = -1;
    int rc = open_as(a, mode, why);
    if (rc < 0) {
        gw_archive_close(a);
        return rc;
    }
    *ret = a;
    return 0;
}

void gw_archive_close(struct gw_archive *a)
{
    if (!a)
        return;
    disconnect(a); // SQLite rolls back on its own
    // What was undone has left files; the pid that stays tells the next
    // writer to look for them.
    if (a->writer && !a->changing && !a->unclean && !a->broken &&
        ftruncate(a->lock, 0))
        a->unclean = true;
    if (a->lock >= 0)
        close(a->lock);
    if (a->dir >= 0)
        close(a->dir);
    gw_free(a->folder);
    gw_free(a);
}

const char *gw_archive_folder(const struct gw_archive *a)
{
    return a->folder;
}

// ---- changing -----------------------------------------------------------

// After some failures SQLite rolls back without being told to.
static int still_whole(struct gw_archive *a, struct gw_why *why)
{
    if (a->changing && sqlite3_get_autocommit(a->db))
        a->broken = GW_EIO;
    if (!a->broken)
        return 0;
    return gw_fail(why, a->broken,
                   "%s: what was not committed is undone after a failure; "
                   "open the archive again",
                   a->folder);
}

int archive_change(struct gw_archive *a, struct gw_why *why)
{
    if (!a->writer)
        return gw_fail(why, GW_EREFUSED, "%s: opened for reading", a->folder);
    int rc = still_whole(a, why);
    if (rc || a->changing)
        return rc;
    rc = sql_exec(a, "BEGIN IMMEDIATE", why);
    a->changing = !rc;
    return rc;
}

// One syncfs for each file system that the archive's folders lie on.
int archive_sync(struct gw_archive *a, struct gw_why *why)
{
    struct stat home, st;
    if (fstat(a->dir, &home) || syncfs(a->dir))
        return gw_fail_errno(why, a->folder, "sync");
    for (size_t i = 0; i < GW_COUNT(folders); i++) {
        int fd = openat(a->dir, folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool bad = fd < 0 || fstat(fd, &st) ||
                   (st.st_dev != home.st_dev && syncfs(fd));
        int rc = bad ? gw_fail_errno(why, folders[i], "sync") : 0;
        if (fd >= 0)
            close(fd);
        if (rc)
            return rc;
    }
    return 0;
}

int gw_archive_commit(struct gw_archive *a, struct gw_why *why)
{
    int rc = still_whole(a, why);
    if (rc || !a->changing)
        return rc;
    rc = a->wrote_files ? archive_sync(a, why) : 0;
    rc = rc ? rc : sql_exec(a, "COMMIT", why);
    if (rc) {
        // No second try: a sync does not report again what an earlier one lost.
        a->broken = rc;
        sqlite3_exec(a->db, "ROLLBACK", NULL, NULL, NULL);
        return rc;
    }
    a->changing = a->wrote_files = false;
    segments_remove_doomed(a);
    if (a->scrub)
        redact_finish(a);
    return 0;
}

// ---- small values -------------------------------------------------------

int gw_note_set(struct gw_archive *a, const char *name, gw_span value,
                struct gw_why *why)
{
    int rc = archive_change(a, why);
    if (rc)
        return rc;
    struct sql q = sql_on(a, "INSERT INTO note (name, value) VALUES (?, ?)"
                             " ON CONFLICT (name) DO UPDATE"
                             " SET value = excluded.value");
    sql_str(&q, name);
    sql_blob(&q, value);
    return sql_run(&q, why);
}

int gw_note_get(struct gw_archive *a, const char *name, struct gw_buf *ret,
                struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT value FROM note WHERE name = ?");
    sql_str(&q, name);
    int rc = sql_step(&q, why);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return gw_fail(why, GW_ENOENT, "%s: no note \"%s\"", a->folder, name);
    gw_put_span(ret, sql_get(&q, 0));
    sql_end(&q);
    return ret->err ? gw_fail(why, ret->err, "note %s: %s", name,
                              gw_strerror(ret->err))
                    : 0;
}
