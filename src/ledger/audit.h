// An audit under way: what its workers share, and the check of one bundle with
// its tile. Private to the audit.
#ifndef GW_LEDGER_AUDIT_H
#define GW_LEDGER_AUDIT_H

#include "ledger/reader.h"

#include <pthread.h>

enum {
    LEVELS = 8,         // that a tree of 2^63-1 entries has
    UNIT = 16,          // bundles that a worker takes at once
    KEEP_MAX = 4 << 20, // bytes kept until the worker's turn, and a bundle
    THREADS_MAX = 64,
};

struct filling { // a tile of a level above 0, not yet full
    unsigned count;
    struct gw_hash32 at[GW_TILE_WIDTH];
};

struct audit {
    const struct gw_checkpoint *c;
    const struct gw_audit_options *o;
    uint64_t first, end, units; // bundles, and units of them
    atomic_uint_fast64_t next;  // unit to take
    pthread_mutex_t lock;       // for all below
    pthread_cond_t turn;
    uint64_t due; // the unit whose turn it is
    int rc;       // of the first failure in order
    struct gw_why why;
    struct filling tiles[LEVELS]; // [0] is not used
    struct gw_audit *ret;
};

struct item { // a bundle and its tile that agree
    uint64_t n;
    unsigned width;
    size_t at, bundle_len, tile_len; // in the worker's bytes
    struct gw_hash32 root;           // of a full one
};

struct worker {
    struct audit *a;
    struct gw_log_reader *r;
    struct gw_why why;
    struct gw_buf bytes, tile;
    size_t count;
    struct item items[UNIT];
    gw_span entries[GW_TILE_WIDTH];
    struct gw_hash32 leaves[GW_TILE_WIDTH]; // of the last item
};

// How many hashes or entries a tile of this tree has.
unsigned audit_width(const struct audit *a, int level, uint64_t n);
// Root of a full tile.
struct gw_hash32 audit_root(const struct gw_hash32 at[GW_TILE_WIDTH]);

// All of these say in w->why which file is wrong.
// The tile in w->tile, read from that file, against the hashes that it must
// have: those of the entries in file lower, or of the tiles below it.
int audit_compare(struct worker *w, int level, uint64_t n, unsigned width,
                  const struct gw_hash32 *right, const char *name,
                  const char *lower);
// Whether a tile begins with what options->from was made of.
int audit_known(struct worker *w, int level, uint64_t n,
                const struct gw_hash32 *hashes, const char *name);
// Reads a bundle and its tile; an item more in w if they agree.
int audit_bundle(struct worker *w, uint64_t n);

#endif
