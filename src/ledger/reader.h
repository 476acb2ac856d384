// What reads a log's files, behind gw_log_reader, and how a tile or bundle of
// one tree is read with it. Private to the ledger.
#ifndef GW_LEDGER_READER_H
#define GW_LEDGER_READER_H

#include "ledger/ledger.h"

struct gw_log_reader {
    gw_log_get_fn *get;
    void *ctx;
    // One more on the same log, for another thread. NULL: there can be none.
    int (*again)(void *ctx, struct gw_log_reader **ret, struct gw_why *why);
    void (*close)(void *ctx);
};

struct gw_log_patience {
    int stall_s; // without a byte
    int wait_ms; // before the second try; twice that before the third
};
int gw_log_reader_http(const char *url, const struct gw_log_patience *patience,
                       struct gw_log_reader **ret,
                       struct gw_why *why) GW_MUSTCHECK;

// Each appends exactly what the first width hashes or entries of a tile are:
// from the file of that width or, if a partial one is gone, from the full
// one. ret_name is the file that was read. The entries lie in ret.
int gw_tile_read(struct gw_log_reader *r, int level, uint64_t n, unsigned width,
                 struct gw_buf *ret, char ret_name[GW_TILE_PATH],
                 struct gw_why *why) GW_MUSTCHECK;
int gw_bundle_read(struct gw_log_reader *r, uint64_t n, unsigned width,
                   struct gw_buf *ret, char ret_name[GW_TILE_PATH],
                   gw_span ret_entries[GW_TILE_WIDTH],
                   struct gw_why *why) GW_MUSTCHECK;

#endif
