// store, private: the open archive, the one way to talk to its catalogue, and
// what the files of this room know of each other.
#ifndef GW_STORE_SQL_H
#define GW_STORE_SQL_H

#include "store/store.h"

#include <sqlite3.h>

#define HEX_DIGITS "0123456789abcdef"

enum {
    PATH_CAP = 4096,           // any path below an archive, with its end
    FOLDER_MAX = 3900,         // the archive's own, so that the rest fits
    VALUE_MAX = 64 << 20,      // one value of the catalogue
    STATEMENTS_MAX = 64,       // prepared at a time; the code has fewer
    HEADER_MAX = 64 << 10,     // the header line of a segment
    HEX_LEN = 2 * GW_HASH_LEN, // a hash in text
    WAIT_MS = 10000,           // for another connection's lock
    SHORT_HEX = 12,            // of a segment's hash, in its name
};

// One thread at a time. A transaction is open from the first change to the
// next commit. `broken` is set once SQLite or the disk has undone what was
// not committed: going on would commit a part of the work as the whole.
struct gw_archive {
    char *folder;
    const struct gw_clock *clock;
    sqlite3 *db;
    int dir;     // of the folder
    int lock;    // of folder/lock
    int version; // of the schema as it is
    bool writer, unclean, changing, wrote_files;
    bool scrub; // bytes of what was redacted may still be on the disk
    int broken;
    struct {
        const char *text;
        sqlite3_stmt *st;
    } cache[STATEMENTS_MAX];
};

// ---- archive.c ----------------------------------------------------------
// Called before every change: opens the transaction where none is.
int archive_change(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;
int archive_sync(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;

// ---- folder.c -----------------------------------------------------------
// folder/<fmt>: what callers add to the folder is short and fits.
void archive_path(const struct gw_archive *a, char ret_path[static PATH_CAP],
                  const char *fmt, ...) GW_PRINTF(3, 4);
// A new empty file `folder/<sub>/tmp-XXXXXX`, mode 0644; its descriptor.
int archive_temp(const struct gw_archive *a, const char *sub,
                 char ret_path[static PATH_CAP],
                 struct gw_why *why) GW_MUSTCHECK;
// Renames, making the last folder of `to` where it is missing.
int archive_rename(const char *from, const char *to,
                   struct gw_why *why) GW_MUSTCHECK;
int write_all(int fd, gw_span bytes, const char *path,
              struct gw_why *why) GW_MUSTCHECK;
bool is_hash(gw_span s); // 64 lower-case hex digits: safe in a path
// Sets lock, writer and unclean; GW_EBUSY names the pid that holds it.
int lock_for_writing(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;
// A reader that cannot see SQLite's own locks keeps writers out with this
// one. On a medium without the file there can be no writer either.
int lock_for_immutable(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;

// ---- kind.c -------------------------------------------------------------
enum gw_kind kind_named(gw_span name); // UNKNOWN if it is no name of a kind

// ---- evidence.c ---------------------------------------------------------
// Row id of an object; GW_ENOENT if it is not in the catalogue.
int object_id(struct gw_archive *a, const char *hash, int64_t *ret_id,
              struct gw_why *why) GW_MUSTCHECK;
// The same for adding to it: GW_EREFUSED if it was redacted.
int object_id_open(struct gw_archive *a, const char *hash, int64_t *ret_id,
                   struct gw_why *why) GW_MUSTCHECK;
// 1: found; 0: not.
int object_row(struct gw_archive *a, const char *hash, struct gw_object *ret,
               bool *ret_packed, struct gw_why *why) GW_MUSTCHECK;
void object_path(const struct gw_archive *a, const char *hash, bool packed,
                 char ret_path[static PATH_CAP]);
int fail_redacted(const struct gw_archive *a, const char *hash,
                  struct gw_why *why);

// ---- redact.c -----------------------------------------------------------
// After the commit: removes the files of what is redacted, and what the log
// still holds of it. Where it cannot, it says so to the next commit (scrub)
// and to the next writer (unclean).
void redact_finish(struct gw_archive *a);

// ---- stored.c -----------------------------------------------------------
// Takes fd, also on failure (NULL: no memory); borrows path for messages.
struct stored *stored_new(int fd, bool packed, const char *path);
void stored_free(struct stored *s);
// 1..len bytes as they were received, 0 at the end; GW_ECORRUPT if our own
// zstd layer is damaged or cut short.
int64_t stored_read(struct stored *s, uint8_t *bytes, size_t len,
                    struct gw_why *why) GW_MUSTCHECK;

// ---- segment.c ----------------------------------------------------------
#define SEGMENT_MAGIC "GWSEG1\n"
const char *tier_name(enum gw_tier tier);
void segment_path(const struct gw_archive *a, enum gw_tier tier,
                  const char *object, const char *hash,
                  char ret_path[static PATH_CAP]);
// Hash of an object's segment: 1, 0 if there is none, or negative.
int segment_hash(struct gw_archive *a, enum gw_tier tier, const char *object,
                 char ret_hex[static HEX_LEN + 1],
                 struct gw_why *why) GW_MUSTCHECK;
// Remove files that no row names: those replaced since the last commit, and
// (after a writer that did not come to its end) whatever it left.
void segments_remove_doomed(struct gw_archive *a);
void segments_sweep(struct gw_archive *a);

// ---- segment_read.c -----------------------------------------------------
// Takes fd, also on failure. expected: the hash that the catalogue has, or "".
int segment_read_fd(int fd, const char *path, const char *expected,
                    struct gw_segment_reader **ret,
                    struct gw_why *why) GW_MUSTCHECK;

// ---- sql.c --------------------------------------------------------------
// A cached statement in use: bind its parameters in order, step, read, end.
// Errors are sticky and come out of sql_step. Ended before any call-back is
// made, so that a call-back may use the archive as it likes.
struct sql {
    struct gw_archive *a;
    sqlite3_stmt *st;
    int next; // parameter to bind next
    int rc;   // of SQLite; SQLITE_OK, _ROW and _DONE are no errors
};
struct sql sql_on(struct gw_archive *a, const char *text); // text: a literal
void sql_int(struct sql *q, int64_t v);
void sql_time(struct sql *q, gw_time t); // GW_NEVER binds NULL
void sql_text(struct sql *q, gw_span s); // borrowed until sql_end
void sql_str(struct sql *q, const char *s);
void sql_blob(struct sql *q, gw_span s); // likewise
// 1: a row; 0: no more, and the statement is ended; negative: it is ended too.
int sql_step(struct sql *q, struct gw_why *why) GW_MUSTCHECK;
// For statements without rows: one step and the end.
int sql_run(struct sql *q, struct gw_why *why) GW_MUSTCHECK;
int64_t sql_get_int(const struct sql *q, int column);
gw_time sql_get_time(const struct sql *q, int column);
gw_span sql_get(const struct sql *q, int column); // until the next step or end
// Copies a text, cut to what fits between characters.
void sql_copy(const struct sql *q, int column, char *ret_text, size_t cap);
void sql_end(struct sql *q);
// Statements that are not worth caching, one after another.
int sql_exec(struct gw_archive *a, const char *text,
             struct gw_why *why) GW_MUSTCHECK;
int sql_fail(struct gw_archive *a, int rc, struct gw_why *why);
void sql_forget(struct gw_archive *a); // finalizes what is cached
void text_cut(gw_span s, char *ret_text, size_t cap);

#endif
