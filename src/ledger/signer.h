// What the signer, its state and the server in front of it share.
#ifndef GW_LEDGER_SIGNER_H
#define GW_LEDGER_SIGNER_H

#include "ledger/ledger.h"

#include <pthread.h>

enum {
    SIGNER_REQUEST_MAX = 128 << 10, // 63 hashes, 16 signatures of ML-DSA size
    SIGNER_NOTE_MAX = SIGNER_REQUEST_MAX + 1024, // and a line of its own
    SIGNER_HEX = 2 * GW_HASH_LEN + 1,
    SIGNER_PATH = 4096,
};

// The body of add-checkpoint, taken apart.
struct signer_request {
    uint64_t old;
    struct gw_proof proof;
    gw_span checkpoint; // borrowed: all that follows the empty line
};
int signer_request_parse(gw_span body, struct signer_request *ret,
                         struct gw_why *why) GW_MUSTCHECK;
// The other way, for whoever asks. Appends.
void signer_request_format(const struct signer_request *r, struct gw_buf *ret);

// The name of an origin's state, and of its folder in the witness protocol.
void signer_origin_hex(gw_span origin, char ret_hex[static SIGNER_HEX]);
// gw_signer_last by that name, as it comes in a URL: GW_ENOENT for anything
// that is not 64 lower-case hex digits.
int signer_last_by_hex(struct gw_signer *s, gw_span hex, struct gw_buf *ret,
                       struct gw_why *why) GW_MUSTCHECK;

// ---- the state folder (signer_state.c) ----------------------------------
struct signer_state {
    char folder[SIGNER_PATH];
    int dir, lock;
    pthread_mutex_t mutex; // flock keeps out processes, not threads
};
int signer_state_open(const char *folder, struct signer_state *ret,
                      struct gw_why *why) GW_MUSTCHECK;
void signer_state_close(struct signer_state *st);
// Reading, deciding and writing happen between these two.
int signer_state_lock(struct signer_state *st, struct gw_why *why) GW_MUSTCHECK;
void signer_state_unlock(struct signer_state *st);
int signer_state_read(struct signer_state *st, const char *hex,
                      struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;
// Replaces it. 0 only once it would survive a power cut.
int signer_state_write(struct signer_state *st, const char *hex, gw_span note,
                       struct gw_why *why) GW_MUSTCHECK;
// Makes durable what a writer that failed or died may have left half done.
int signer_state_settle(struct signer_state *st,
                        struct gw_why *why) GW_MUSTCHECK;

#endif
