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
// The newest published checkpoint: cosigned if `checkpoint` covers more than
// index, else checkpoint.local. Opened under the policy given.
struct ledger_head {
    struct gw_buf note, policy_text;
    struct gw_policy *policy;
    struct gw_arena *arena;
    struct gw_opened opened;
    bool local; // only the log's own signature counts
};
int ledger_head_open(const char *folder, uint64_t index,
                     struct ledger_head *ret, struct gw_why *why);
void ledger_head_close(struct ledger_head *h);
// Appends JSON of {"index":n,"leaf":"<hex leaf hash>"}.
void ledger_ref(struct gw_buf *json, uint64_t index, const uint8_t *hash);

#endif
