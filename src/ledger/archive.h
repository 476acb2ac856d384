// ledger, private: an archive's ledger as archive.c opens it, for the files
// that append (redact.c, stamps.c), publish (seal.c) and prove (prove.c).
#ifndef GW_LEDGER_ARCHIVE_H
#define GW_LEDGER_ARCHIVE_H

#include "ledger/ledger.h"

enum {
    LEDGER_PATH = 4096,
    CHECKPOINT_MAX = GW_NOTE_MAX,
    POLICY_MAX = 256 << 10,
    ITEM_KEY = 32,
};

// What others read is a checkpoint and the policy that a key leaf under it
// names. The newest tree of all has both beside them, until the quorum of its
// policy has signed.
#define LEDGER_SEALED       "checkpoint"
#define LEDGER_POLICY       "policy.txt"
#define LEDGER_LOCAL        "checkpoint.local"
#define LEDGER_LOCAL_POLICY "policy.local"

struct gw_ledger {
    struct gw_archive *a;
    struct gw_clock clock;
    struct gw_chance *chance;
    struct gw_buf passphrase;
    char *signer; // address, or NULL: here
    char keys[LEDGER_PATH], folder[LEDGER_PATH];
    char origin[GW_KEY_NAME_MAX + 1];
    struct gw_vkey log;
    struct gw_key author;
    uint8_t box[GW_PUBLIC_LEN];
    struct gw_buf policy; // text of keys/policy.txt
};

// keys/ and ledger/ of an archive, as the options say.
int ledger_paths(const struct gw_archive *a, const struct gw_ledger_options *o,
                 char ret_keys[static LEDGER_PATH],
                 char ret_folder[static LEDGER_PATH], struct gw_why *why);
// folder/name; GW_ETOOBIG if it does not fit.
int ledger_path(char ret[static LEDGER_PATH], const char *folder,
                const char *name, struct gw_why *why);
// A file of the static folder, appended; GW_ENOENT.
int ledger_file(const char *folder, const char *name, size_t max,
                struct gw_buf *ret, struct gw_why *why);
// Which keys and which policy are in force is said by a leaf, so that a change
// of them is as public as everything else. Appends one unless the newest says
// the same (key_leaf.c).
int ledger_witness_keys(struct gw_ledger *l, struct gw_why *why);
// Replaces a file of the static folder, unless it has these bytes already.
int ledger_keep(const char *folder, const char *name, gw_span bytes,
                struct gw_why *why);
// The tree that a checkpoint file speaks of, whoever signed it; GW_ENOENT.
int ledger_tree(const char *folder, const char *name, struct gw_checkpoint *ret,
                struct gw_why *why);

// The newest checkpoint over a leaf, under the policy of its own time: the one
// that a quorum signed if that covers the leaf, else checkpoint.local.
struct ledger_head {
    struct gw_buf note, policy_text;
    struct gw_policy *policy;
    struct gw_arena *arena;
    struct gw_opened opened;
};
int ledger_head_open(const char *folder, uint64_t index,
                     struct ledger_head *ret, struct gw_why *why);
void ledger_head_close(struct ledger_head *h);

// Cosignatures for checkpoint.local under its policy; replaces the checkpoint
// that others read when the quorum has signed (cosign.c). ask: over HTTP.
int ledger_cosign(struct gw_ledger *l, bool ask, struct gw_sealed *ret,
                  struct gw_why *why);
// Appends JSON of {"index":n,"leaf":"<hex leaf hash>"}.
void ledger_ref(struct gw_buf *json, uint64_t index, const uint8_t *hash);

#endif
