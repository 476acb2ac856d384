// store: where evidence, facts and findings are kept. One face; the engine
// behind it is SQLite for the catalogue and immutable column segments for
// rows. Layout of an archive: docs/formats/archive.md.
//
//   gawah.db                catalogue (WAL, STRICT tables)
//   lock                    held by the one writer, whose pid is in it
//   evidence/ab/<64 hex>    objects as received; ".zst" when we packed
//   segments/facts/ab/<64 hex of the object>.<12 hex of the segment>.gws
//                           tier 1, one per evidence object; old and new stand
//                           side by side until the commit
//   segments/findings/...   tier 2, likewise
//   ledger/, keys/          the ledger room's
//
// A segment is a pure function of its evidence object, the versions of code
// and reference snapshots named in its header, so that a rebuild gives the
// same bytes whatever the order or the number of threads.
#ifndef GW_STORE_H
#define GW_STORE_H

#include "base/base.h"
#include "model/model.h"
#include "seal/seal.h"

enum {
    GW_REFUSAL_BYTES_MAX = 64 << 10, // of a refused record that are kept
    GW_REFUSALS_MAX = 10000,         // rows kept per object; all are counted
    GW_LEAF_SUBJECT = 128,
};

// ---- archive ------------------------------------------------------------
enum gw_archive_mode { GW_ARCHIVE_READ, GW_ARCHIVE_WRITE, GW_ARCHIVE_CREATE };
struct gw_archive;
// CREATE makes what is missing (also in an empty or absent folder) and opens
// for writing. One writer at a time (GW_EBUSY says who: pid), many readers;
// READ also works where nothing can be written. The clock is borrowed. An
// archive belongs to one thread, and a forked child leaves it alone. Functions
// that are given (fn) may use it.
int gw_archive_open(const char *folder, enum gw_archive_mode mode,
                    const struct gw_clock *clock, struct gw_archive **ret,
                    struct gw_why *why) GW_MUSTCHECK;
void gw_archive_close(struct gw_archive *a); // rolls back what is uncommitted
const char *gw_archive_folder(const struct gw_archive *a);
// Makes everything written since the last commit durable: files first
// (syncfs), then the catalogue. Until then a crash leaves the state before.
// When it fails, what was not committed is undone, and every later change is
// refused: close the archive and open it again.
int gw_archive_commit(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;

// ---- evidence (tier 0) --------------------------------------------------
enum gw_kind { // what an object was found to be, by content
    GW_KIND_UNKNOWN,
    GW_KIND_OONI_JSON, // measurements: JSON, JSONL, tar of postcans, cans
    GW_KIND_OONI_YAML, // legacy reports
    GW_KIND_OBS_WEB,   // observation export of OONI v5
    GW_KIND_HTTP_FINGERPRINTS,
    GW_KIND_DNS_FINGERPRINTS,
    GW_KIND_CL_HTTP_FINGERPRINTS, // citizenlab's columns
    GW_KIND_CL_DNS_FINGERPRINTS,
    GW_KIND_TEST_LIST,
    GW_KIND_DELEGATIONS, // RIR statistics or aggregated lists
    GW_KIND_PREFIX_AS,   // "prefix<TAB>asn" tables
    GW_KIND_AS_NAMES,
    GW_KIND_MMDB,
    GW_KIND_SUFFIX_LIST,
    GW_KIND_AGGREGATE, // counts by day that somebody else made
    GW_KIND_COUNT
};
const char *gw_kind_name(enum gw_kind kind);
bool gw_kind_is_reference(enum gw_kind kind);
bool gw_kind_is_measurements(enum gw_kind kind);

enum gw_object_state { GW_PENDING, GW_DONE, GW_FAILED, GW_REDACTED };
struct gw_object {
    char hash[2 * GW_HASH_LEN + 1]; // SHA-256 of the bytes as received, hex
    int64_t size;                   // of the bytes as received
    enum gw_kind kind;
    enum gw_object_state state;
    gw_time added;
    gw_time dated; // reference data: the day it speaks for, else NEVER
    int64_t records, refused; // counted when facts were made
    char name[1024];          // the path or URL it first came by (cut)
    char source[256];         // as given by the user, may be ""
    char licence[128];
    char error[512]; // why it is FAILED, or what cut it short; ""
};
// Takes in bytes: copies, hashes, stores under the hash unless it is there
// (ret_new says which). Compresses with zstd what is not compressed already.
// Constant memory. The object is PENDING with kind UNKNOWN until described.
// Of an object that is there already, other names are kept as aliases.
int gw_evidence_put(struct gw_archive *a, gw_source_fn *source, void *ctx,
                    const char *name, struct gw_object *ret, bool *ret_new,
                    struct gw_why *why) GW_MUSTCHECK;
// Writes kind, state, dated, records, refused, source, licence and error.
int gw_evidence_describe(struct gw_archive *a, const struct gw_object *o,
                         struct gw_why *why) GW_MUSTCHECK;
// By full hash or unique prefix of at least 8 digits; GW_ENOENT, or GW_EUSAGE
// when several begin so.
int gw_evidence_find(struct gw_archive *a, const char *hash_prefix,
                     struct gw_object *ret, struct gw_why *why) GW_MUSTCHECK;
// Objects in order of hash; filters with -1 are off. fn's non-zero ends it.
typedef int gw_object_fn(void *ctx, const struct gw_object *o);
int gw_evidence_each(struct gw_archive *a, int kind, int state,
                     gw_object_fn *fn, void *ctx, struct gw_why *why);
// An open descriptor (O_RDONLY|O_CLOEXEC) of the stored file. ret_packed: its
// outermost zstd layer is ours and not part of the object.
int gw_evidence_open(struct gw_archive *a, const char *hash, bool *ret_packed,
                     struct gw_why *why) GW_MUSTCHECK;
// The object's bytes as received; source is a gw_source_fn, ctx the reader.
struct gw_evidence_reader;
int gw_evidence_reader_open(struct gw_archive *a, const char *hash,
                            struct gw_evidence_reader **ret,
                            struct gw_why *why) GW_MUSTCHECK;
int64_t gw_evidence_reader_source(void *ctx, uint8_t *bytes, size_t len);
void gw_evidence_reader_close(struct gw_evidence_reader *r); // NULL is fine
// Reads the stored file again and compares its hash with its name.
int gw_evidence_check(struct gw_archive *a, const char *hash,
                      struct gw_why *why) GW_MUSTCHECK;

// Takes an object out for good: its bytes, refusals, segments, and every name
// it came by go (overwritten in the catalogue, files removed at the commit);
// hash, size, kind and dates stay, the state is REDACTED. Put again, the same
// bytes are refused (GW_EREFUSED).
int gw_evidence_redact(struct gw_archive *a, const char *hash,
                       struct gw_why *why) GW_MUSTCHECK;

// ---- refusals -----------------------------------------------------------
struct gw_refusal {
    char object[2 * GW_HASH_LEN + 1];
    int64_t record, offset, length; // length of the whole record
    int code;
    char reason[480];
    gw_span bytes; // the first GW_REFUSAL_BYTES_MAX of them; borrowed
};
// Removes the object's refusals, then the caller adds the new ones; those past
// GW_REFUSALS_MAX are taken without a word.
int gw_refusals_clear(struct gw_archive *a, const char *object,
                      struct gw_why *why) GW_MUSTCHECK;
int gw_refusal_add(struct gw_archive *a, const struct gw_refusal *r,
                   struct gw_why *why) GW_MUSTCHECK;
typedef int gw_refusal_fn(void *ctx, const struct gw_refusal *r);
int gw_refusals_each(struct gw_archive *a, const char *object /* or NULL */,
                     gw_refusal_fn *fn, void *ctx, struct gw_why *why);

// ---- segments (tiers 1 and 2) -------------------------------------------
enum gw_tier { GW_TIER_FACTS, GW_TIER_FINDINGS, GW_TIER_CELLS };
struct gw_segment_writer;
// header: one line of JSON saying what the segment was made from and with.
// Begin, put and abort touch no catalogue: other threads may call them, each
// with its own writer. Finish and all else belong to the archive's thread.
int gw_segment_begin(struct gw_archive *a, enum gw_tier tier,
                     const char *object, gw_span header,
                     struct gw_segment_writer **ret,
                     struct gw_why *why) GW_MUSTCHECK;
int gw_segment_put(struct gw_segment_writer *w, gw_span block,
                   struct gw_why *why) GW_MUSTCHECK;
// Takes w. The file appears whole and the catalogue has its SHA-256, in the
// running transaction; an older segment of the object is replaced.
int gw_segment_finish(struct gw_segment_writer *w,
                      struct gw_why *why) GW_MUSTCHECK;
void gw_segment_abort(struct gw_segment_writer *w); // takes w, may be NULL

struct gw_segment_reader;
int gw_segment_open(struct gw_archive *a, enum gw_tier tier, const char *object,
                    struct gw_segment_reader **ret, struct gw_why *why)
    GW_MUSTCHECK; // GW_ENOENT when there is none
gw_span gw_segment_header(const struct gw_segment_reader *r); // borrowed
// 1: a block, borrowed until the next call; 0: the end, whose count and hash
// were right; GW_ECORRUPT names the file.
int gw_segment_next(struct gw_segment_reader *r, gw_span *ret_block,
                    struct gw_why *why) GW_MUSTCHECK;
void gw_segment_close(struct gw_segment_reader *r);
// Nothing happens if there is none. The file goes after the commit.
int gw_segment_drop(struct gw_archive *a, enum gw_tier tier, const char *object,
                    struct gw_why *why) GW_MUSTCHECK;
// Segments in order of object: its hash, the segment's own, and bytes on disk.
typedef int gw_segment_fn(void *ctx, const char *object, const char *segment,
                          int64_t size);
int gw_segments_each(struct gw_archive *a, enum gw_tier tier, gw_segment_fn *fn,
                     void *ctx, struct gw_why *why);
// The hash of an object's segment; GW_ENOENT when there is none.
int gw_segment_hash(struct gw_archive *a, enum gw_tier tier, const char *object,
                    char ret_hex[static 2 * GW_HASH_LEN + 1],
                    struct gw_why *why) GW_MUSTCHECK;
// The file of a segment as it is, appended; GW_ETOOBIG past max.
int gw_segment_bytes(struct gw_archive *a, enum gw_tier tier,
                     const char *object, size_t max, struct gw_buf *ret,
                     struct gw_why *why) GW_MUSTCHECK;
// One hash over the hashes of all segments of a tier in order of object:
// equal for equal tables.
int gw_tier_digest(struct gw_archive *a, enum gw_tier tier,
                   char ret_hex[static 2 * GW_HASH_LEN + 1],
                   int64_t *ret_segments, struct gw_why *why) GW_MUSTCHECK;

// ---- leaves of the ledger -----------------------------------------------
// The entries of the archive's log, each in the transaction of what it
// witnesses; the ledger room makes and publishes them. Never changed.
struct gw_leaf_row {
    uint64_t index;
    char type[16];
    char subject[GW_LEAF_SUBJECT]; // an object's hash, a set's name, ...
    uint8_t hash[GW_HASH_LEN];     // of RFC 6962
    gw_span entry;                 // borrowed until the next call
};
// index must be the count of leaves so far: GW_ECORRUPT otherwise. secret: the
// item key and disclosures, closed to the archive's box key; may be empty.
int gw_leaf_add(struct gw_archive *a, const struct gw_leaf_row *leaf,
                gw_span secret, struct gw_why *why) GW_MUSTCHECK;
int gw_leaf_count(struct gw_archive *a, uint64_t *ret,
                  struct gw_why *why) GW_MUSTCHECK;
// Copies the entry into ret_entry (appended), ret->entry points there.
int gw_leaf_get(struct gw_archive *a, uint64_t index, struct gw_leaf_row *ret,
                struct gw_buf *ret_entry, struct gw_why *why) GW_MUSTCHECK;
// The newest leaf of a type and subject; GW_ENOENT.
int gw_leaf_newest(struct gw_archive *a, const char *type, const char *subject,
                   struct gw_leaf_row *ret, struct gw_buf *ret_entry,
                   struct gw_why *why) GW_MUSTCHECK;
typedef int gw_leaf_fn(void *ctx, const struct gw_leaf_row *leaf);
// From an index on, in order; type NULL: all.
int gw_leaves_each(struct gw_archive *a, uint64_t from, const char *type,
                   gw_leaf_fn *fn, void *ctx, struct gw_why *why);
// GW_ENOENT: none, or burnt.
int gw_leaf_secret(struct gw_archive *a, uint64_t index, struct gw_buf *ret,
                   struct gw_why *why) GW_MUSTCHECK;
int gw_leaf_burn(struct gw_archive *a, uint64_t index,
                 struct gw_why *why) GW_MUSTCHECK;
// The first object that is done or failed and has no leaf of type "evidence":
// 1 and its hash, or 0.
int gw_evidence_unwitnessed(struct gw_archive *a,
                            char ret_hash[static 2 * GW_HASH_LEN + 1],
                            struct gw_why *why) GW_MUSTCHECK;

// ---- days and incidents (tiers 3 and 5, as pages show them) ---------------
// Findings of one target on one network at one layer, summed up by day.
struct gw_day_row {
    char cc[3], target[256], org[128];
    int64_t asn; // GW_NULL unknown
    int64_t layer;
    gw_time day;          // midnight UTC
    int64_t count[4];     // measurements by enum gw_state
    int64_t observers[4]; // distinct, likewise
    int64_t throttled, intercepted;
    char rule[64], example[64]; // of the weightiest blocked finding, or the
                                // first of all
    bool synthetic, aggregate;  // aggregate: counts somebody else made
};
// Replaces all of them in the running transaction: clear, then add in any
// order; each key once.
int gw_days_clear(struct gw_archive *a, struct gw_why *why) GW_MUSTCHECK;
int gw_day_add(struct gw_archive *a, const struct gw_day_row *d,
               struct gw_why *why) GW_MUSTCHECK;
// In order of cc, target, asn, layer, day. NULL, -1 and GW_NEVER: no filter.
struct gw_day_filter {
    const char *cc, *target;
    int64_t asn, layer;
    gw_time since, until; // [since, until)
};
typedef int gw_day_fn(void *ctx, const struct gw_day_row *d);
int gw_days_each(struct gw_archive *a, const struct gw_day_filter *f,
                 gw_day_fn *fn, void *ctx, struct gw_why *why);

// One event in the world. body: canonical JSON, docs/formats/incidents.md.
struct gw_incident_row {
    char id[16];     // "i-" and 12 hex digits
    int64_t version; // 1, then one more with each change
    char kind[16];   // blocking throttling interception down silence defect
    char cc[3], target[256];
    gw_time since[2], until[2]; // earliest, latest; until GW_NEVER: goes on
    double log_odds;            // natural logarithm
    char confidence[40];
    int64_t observers, measurements, blocked;
    bool synthetic, withdrawn; // withdrawn: it is no longer believed
    gw_time changed;           // when this version was made
    gw_span body;              // borrowed until the next call
};
// A new incident, or a new version of one whose body differs; nothing when it
// is the same. Earlier versions are kept. ret_changed may be NULL.
int gw_incident_put(struct gw_archive *a, const struct gw_incident_row *i,
                    bool *ret_changed, struct gw_why *why) GW_MUSTCHECK;
typedef int gw_incident_fn(void *ctx, const struct gw_incident_row *i);
// Newest versions, newest onset first.
int gw_incidents_each(struct gw_archive *a, gw_incident_fn *fn, void *ctx,
                      struct gw_why *why);
// All versions of one, oldest first. GW_ENOENT if there is none.
int gw_incident_history(struct gw_archive *a, const char *id,
                        gw_incident_fn *fn, void *ctx, struct gw_why *why);

// ---- small values -------------------------------------------------------
// Named settings and marks, e.g. "rules" or "pool". Get appends to ret;
// GW_ENOENT if never set.
int gw_note_set(struct gw_archive *a, const char *name, gw_span value,
                struct gw_why *why) GW_MUSTCHECK;
int gw_note_get(struct gw_archive *a, const char *name, struct gw_buf *ret,
                struct gw_why *why) GW_MUSTCHECK;

#endif
