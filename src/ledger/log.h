// What the parts of the log writer share: the log (log.c), its tiles
// (log_tiles.c) and its journal (log_journal.c).
#ifndef GW_LEDGER_LOG_H
#define GW_LEDGER_LOG_H

#include "ledger/ledger.h"

#include <pthread.h>

enum {
    LOG_PATH = 4096,
    LOG_LEVELS = 8,         // of tiles, for sizes up to 2^63
    LOG_PENDING = 16 << 20, // bytes of entries held before full tiles of them
    LOG_THREADS = 32,
    LOG_NOTE_MAX = 256 << 10 // of a signed checkpoint, and of a request
};

// Places in the order of writing. Tests stop the writer there, or make the
// step fail: whatever else happens, the next open must bring all back.
enum log_step {
    LOG_STEP_FRAME,      // before a frame of the journal is written
    LOG_STEP_FLUSH,      // before the journal is made durable
    LOG_STEP_FLUSHED,    // entries are durable
    LOG_STEP_TILES,      // before full tiles are written
    LOG_STEP_PARTIALS,   // before partial tiles are written
    LOG_STEP_SETTLE,     // before all tiles are made durable
    LOG_STEP_SIGN,       // tiles are durable
    LOG_STEP_CHECKPOINT, // a signature exists
    LOG_STEP_PUBLISHED,
    LOG_STEP_COUNT
};
struct log_watch { // fn may be NULL; not 0: the step fails
    int (*fn)(void *ctx, enum log_step step);
    void *ctx;
};
static inline int log_at(const struct log_watch *w, enum log_step step)
{
    return w->fn ? w->fn(w->ctx, step) : 0;
}
int log_open_watched(const struct gw_log_options *o,
                     const struct log_watch *watch, struct gw_log **ret,
                     struct gw_why *why) GW_MUSTCHECK;

// ---- the journal (log_journal.c) ----------------------------------------
// A ring of segment files, written full of zeros beforehand and then
// overwritten in place, so that making an entry durable changes no metadata.
struct journal;
// Calls each for every entry from published on, in order, once they are
// durable. Takes no copy of folder, which is made if absent.
typedef int journal_each_fn(void *ctx, gw_span entry, struct gw_why *why);
struct journal_options {
    const char *folder;
    uint64_t bytes; // counts when the journal is made
    const char *origin;
    uint64_t published;
    struct log_watch watch;
    journal_each_fn *each;
    void *ctx;
};
int journal_open(const struct journal_options *o, struct journal **ret,
                 struct gw_why *why) GW_MUSTCHECK;
void journal_close(struct journal *j);
// Whether n bytes of entries, none over longest, surely fit now.
bool journal_has_room(const struct journal *j, uint64_t n, size_t longest);
int journal_put(struct journal *j, uint64_t index, gw_span entry,
                struct gw_why *why) GW_MUSTCHECK;
int journal_sync(struct journal *j, struct gw_why *why) GW_MUSTCHECK;
// Entries below are in durable tiles: their space may be used again.
void journal_release(struct journal *j, uint64_t published);

// ---- tiles (log_tiles.c) ------------------------------------------------
// Full bundles on their way into files, in threads of their own.
struct log_part {
    const struct log_tiles *t;
    size_t from, to; // of the bundles
    pthread_t thread;
    bool apart; // in a thread of its own
    int rc;
    struct gw_why why;
};
struct log_stage {
    bool busy;
    uint64_t first; // number of the first bundle
    size_t count;
    struct gw_buf bytes;
    size_t *starts, starts_cap, end; // of the bundles in bytes
    struct gw_hash32 *roots;         // of their tiles
    size_t part_count;
    struct log_part parts[LOG_THREADS];
};
// What is appended and not yet in full tiles, and the right edge.
struct log_tiles {
    const char *folder; // borrowed
    int dir, threads;
    uint64_t size;         // entries
    uint64_t staged;       // of them in full bundles; a multiple of 256
    struct gw_buf pending; // entries from staged on, as in bundles
    size_t *starts;        // where their bundles begin
    size_t starts_cap;
    struct log_stage stage;
    // edge[l]: roots of full tiles of level l-1 that no full tile of level l
    // has; edge[0] is not used, pending stands for it.
    struct log_edge {
        unsigned count;
        struct gw_hash32 at[GW_TILE_WIDTH];
    } edge[LOG_LEVELS];
};
int log_tiles_open(struct log_tiles *t, const char *folder, int threads,
                   struct gw_why *why) GW_MUSTCHECK;
void log_tiles_close(struct log_tiles *t);
// Takes up the tree of c from the files, proved against its root.
int log_tiles_recover(struct log_tiles *t, const struct gw_checkpoint *c,
                      struct gw_why *why) GW_MUSTCHECK;
int log_tiles_add(struct log_tiles *t, gw_span entry,
                  struct gw_why *why) GW_MUSTCHECK;
// Begins to write every full tile and bundle of what is pending, after it has
// waited for those begun before. With more than one thread the caller goes on
// at once. After a failure of any of these the files must be written anew.
int log_tiles_stage(struct log_tiles *t, struct gw_why *why) GW_MUSTCHECK;
int log_tiles_wait(struct log_tiles *t, struct gw_why *why) GW_MUSTCHECK;
// Writes the partial ones, of which those of a tree of old entries are there
// (LOG_NO_TREE: none is), after a stage and a wait; root of all.
int log_tiles_partial(struct log_tiles *t, uint64_t old,
                      struct gw_hash32 *ret_root,
                      struct gw_why *why) GW_MUSTCHECK;
// Makes all files durable.
int log_tiles_settle(struct log_tiles *t, struct gw_why *why) GW_MUSTCHECK;

// ---- the log (log.c) and its signer (log_sign.c) ------------------------
#define LOG_NO_TREE UINT64_MAX

struct gw_log {
    char folder[LOG_PATH], checkpoint_path[LOG_PATH];
    char origin[GW_KEY_NAME_MAX + 1];
    struct gw_sign sign;
    struct log_watch watch;
    int lock;
    // What is written or synced is not known any more: only a new open can
    // tell. Nothing is promised until then.
    bool broken;
    struct log_tiles tiles;
    struct journal *journal;
    bool published;   // a checkpoint is there
    uint64_t settled; // size of the tree whose files are durable; LOG_NO_TREE
    struct gw_checkpoint checkpoint;
    // What the signer has signed last, if it was asked.
    bool asked, signed_once;
    struct gw_checkpoint last; // of size 0 if it has signed nothing
    struct gw_buf last_note;
};

int log_read_note(gw_span note, const char *origin, struct gw_checkpoint *ret,
                  struct gw_why *why) GW_MUSTCHECK;
// Fills in what was signed last. GW_EFORK: it cannot be the same log.
int log_ask_last(struct gw_log *l, struct gw_why *why) GW_MUSTCHECK;
int log_fail_ahead(const struct gw_log *l, struct gw_why *why) GW_MUSTCHECK;
// The signed note of a tree whose files are durable.
int log_get_signed(struct gw_log *l, const struct gw_checkpoint *c,
                   struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;

#endif
