// ledger, private: a proof under way, for the files that put its parts into a
// bundle.
#ifndef GW_LEDGER_PROVE_H
#define GW_LEDGER_PROVE_H

#include "ledger/archive.h"

enum { REFS_MAX = 64 };

struct proving {
    struct gw_archive *a;
    const struct gw_prove *what;
    struct gw_bundle *b;
    struct gw_why *why;
    char keys[LEDGER_PATH], folder[LEDGER_PATH];
    struct ledger_head head;
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_arena *arena; // emptied for each leaf that is looked at
    struct gw_hash32 hash;  // of the leaf
    uint64_t key_leaf;      // in force at the leaf
    uint64_t newest_key;    // and under the checkpoint
    uint64_t put[REFS_MAX]; // leaves that are in the bundle
    size_t put_count;
    uint64_t heartbeats[REFS_MAX], redactions[REFS_MAX];
    size_t heartbeat_count, redaction_count;
    char anchors[REFS_MAX][64];
    bool anchor_is_ots[REFS_MAX];
    size_t anchor_count;
    struct gw_buf disclosures;
};

// README.txt: what the folder proves, and the commands that check it.
int prove_readme(struct proving *p);

#endif
