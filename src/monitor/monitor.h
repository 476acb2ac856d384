// monitor: takes in evidence and turns it into facts (tiers 0 and 1). Opens
// files and sockets; judges nothing.
#ifndef GW_MONITOR_H
#define GW_MONITOR_H

#include "ledger/ledger.h"
#include "model/model.h"
#include "store/store.h"

#include <stdatomic.h>

// ---- ingest -------------------------------------------------------------
struct gw_ingest_progress {
    const char *doing;   // "keeping", "reading"
    const char *name;    // object at hand
    int64_t done, total; // bytes of evidence
    int64_t records, refused;
};
struct gw_ingest_options {
    int threads;         // 0: one
    const char *source;  // where the evidence is from, may be NULL
    const char *licence; // under which, may be NULL
    gw_time dated;       // the day reference files speak for; GW_NEVER: found
    // Of what is taken in first by this call, leaves say in public that there
    // was something, and no more. It stays so when facts are made again.
    bool confidential;
    atomic_int *stop; // set by a signal: ends after what is whole
    void (*progress)(void *ctx, const struct gw_ingest_progress *p);
    void *ctx;
};
struct gw_ingest_summary {
    int64_t files, bytes;         // looked at
    int64_t kept, known, unknown; // new objects, seen before, not understood
    int64_t failed;               // cut short, damaged, or crashed the parser
    int64_t records, refused;     // measurements read; records refused
    int64_t references;           // reference snapshots taken in
    int64_t withheld;             // files that were taken out by redaction
    int64_t undated;              // of those: they say no day, so today
    int64_t rebuilt;              // objects read again: reference data changed
    bool stopped;
};
// Keeps every file below the paths ("-" is standard input), finds out what it
// is, and makes facts of what is pending. The same file twice changes nothing.
// Interrupted, it has lost nothing it acknowledged, and goes on when called
// again. Facts that rest on older reference data are made again. Each object
// that is done or failed has a leaf of type EVIDENCE (docs/formats/ledger.md)
// from the same moment on, and a further one when what that says changed.
int gw_ingest(struct gw_ledger *l, const char *const *paths, size_t n,
              const struct gw_ingest_options *options,
              struct gw_ingest_summary *ret, struct gw_why *why) GW_MUSTCHECK;
// Makes all facts again from the evidence.
int gw_rebuild(struct gw_ledger *l, const struct gw_ingest_options *options,
               struct gw_ingest_summary *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- looking back into evidence -----------------------------------------
// Copies length bytes from a position of the unpacked object, and names the
// leaf they are in and what the object was wrapped in.
struct gw_excerpt {
    struct gw_buf bytes;
    char leaf[1024], container[64];
    int64_t leaf_start;
};
int gw_evidence_excerpt(struct gw_archive *a, const char *object,
                        int64_t position, int64_t length,
                        struct gw_excerpt *ret,
                        struct gw_why *why) GW_MUSTCHECK;

// The Merkle tree over an object's records (docs/formats/archive.md), read
// again in the jail: fills ret_tree (which must be new), and of the record at
// that position of the unpacked object tells the index and appends the bytes.
// position -1: none is wanted, ret_index and ret_record may be NULL.
// GW_ENOENT: no record begins there.
int gw_record_tree(struct gw_archive *a, const char *object, int64_t position,
                   struct gw_tree *ret_tree, uint64_t *ret_index,
                   struct gw_buf *ret_record, struct gw_why *why) GW_MUSTCHECK;

// ---- fetching OONI's public bucket ---------------------------------------
// Copies the measurement files of one country and some days into a folder,
// under the names that they have in the bucket. What is complete there stays.
enum {
    GW_FETCH_PARALLEL = 4, // requests at once, unless asked otherwise
    GW_FETCH_PARALLEL_MAX = 32,
    GW_FETCH_TRIES = 5,             // of one request, before it is given up
    GW_FETCH_OBJECTS_MAX = 1000000, // in one run; then ask for fewer days
};
struct gw_fetch_progress {
    uint64_t listings, listings_total; // the total may grow while listing
    uint64_t objects, objects_total;   // settled (in place or given up)
    uint64_t bytes, bytes_total;       // in place, of what was listed
    uint64_t transferred;              // object bytes off the network
};
struct gw_fetch {
    const char *base_url;     // NULL: OONI's bucket ooni-data-eu-fra; no query
    const char *cc;           // "PK"
    gw_time since, until;     // midnights, [since, until)
    const char *const *tests; // "web_connectivity" or without '_'; none: all
    size_t test_count;
    bool skip_postcans;  // not the .tar.gz, which hold the .jsonl.gz again
    const char *folder;  // made if absent
    int parallel;        // 0: GW_FETCH_PARALLEL
    int64_t rate_limit;  // bytes a second over all requests; 0: none
    const char *version; // for the User-Agent "gawah/<version>"; may be NULL
    const struct gw_clock *clock; // NULL: the system's
    uint64_t seed;                // for the jitter between tries
    double wait_scale; // multiplies waits between tries; 0: 1. For tests
    int stall_seconds; // without a byte, then the try has failed; 0: 60
    atomic_int *stop;  // non-zero ends the run soon; may be NULL
    // All of these may be NULL. problem: one key (or listing) was refused or
    // given up; the key is made printable, the rest of the run goes on.
    void (*progress)(void *ctx, const struct gw_fetch_progress *p);
    void (*problem)(void *ctx, const char *key, int code, const char *text);
    void *ctx;
};
struct gw_fetch_result {
    uint64_t objects, bytes;    // listed, within days and tests
    uint64_t present;           // of those: complete before this run
    uint64_t fetched;           // completed by this run
    uint64_t verified, by_size; // in place: MD5 agreed; only the size could
                                // be checked (the ETag is no MD5: multipart)
    uint64_t failed;            // given up
    uint64_t refused;           // listed, but against the rules for keys
    uint64_t listings, listings_failed;
    uint64_t transferred; // object bytes off the network, all tries
    uint64_t resumed;     // object bytes that a .part file saved
    uint64_t requests, retries;
    uint64_t waited_ms; // between tries, before wait_scale
};
// 0: all that was listed is in place. 1: the stop flag ended the run early.
// Negative: something is missing; why names the first by key and how many
// more, and *ret_result (always set) has the counts. A further run goes on
// where this one ended. The folder keeps .gawah-fetch.tsv: key, size, ETag,
// sha256, state (part, size, verified) of each file, the last line counting.
int gw_fetch_ooni(const struct gw_fetch *want,
                  struct gw_fetch_result *ret_result,
                  struct gw_why *why) GW_MUSTCHECK;

// The same from a descriptor of gw_evidence_open, which it takes.
int gw_evidence_excerpt_from(int fd, bool packed, int64_t position,
                             int64_t length, struct gw_excerpt *ret,
                             struct gw_why *why) GW_MUSTCHECK;
// From here on this process can open nothing and talk to nobody: for a command
// that ends by parsing hostile bytes and printing. It must end with _exit().
int gw_lock_in(struct gw_why *why) GW_MUSTCHECK;

// ---- rehearse -----------------------------------------------------------
// A labelled synthetic month of measurements: JSON lines as a probe would
// write them, marked synthetic in every one, with known events. Same seed,
// same bytes.
struct gw_rehearse {
    uint64_t seed;
    gw_time start;  // first day
    int days;       // 1..366
    int networks;   // 1..64
    int per_day;    // measurements a network sends a day, on average
    const char *cc; // two letters
};
typedef int gw_rehearse_fn(void *ctx, gw_span line);
// Calls fn with each line of measurements, then writes the labels (CSV: kind,
// target, network, layer, since, until, note) to labels.
int gw_rehearse(const struct gw_rehearse *what, gw_rehearse_fn *fn, void *ctx,
                struct gw_buf *labels, struct gw_why *why) GW_MUSTCHECK;

#endif
