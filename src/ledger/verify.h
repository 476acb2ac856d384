// ledger, private: bags and their chain.json as read from disk, and the state
// of one gw_verify that its files share.
#ifndef GW_LEDGER_VERIFY_H
#define GW_LEDGER_VERIFY_H

#include "ledger/ledger.h"

// ---- bags (RFC 8493) ----------------------------------------------------
enum {
    BAG_PATH_MAX = 512,
    BAG_FILES_MAX = 16384,
    BAG_MANIFEST_MAX = 8 << 20,
    BAG_ARENA_MAX = 512 << 20, // all that a check keeps
};
#define BAG_BYTES_MAX (UINT64_C(1) << 40) // of all files together

// RFC 8493 2.1.1, in the only form that is written and read here.
#define BAG_DECLARATION                                                        \
    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

#define BAG_MANIFEST     "manifest-sha256.txt"
#define BAG_TAG_MANIFEST "tagmanifest-sha256.txt"

// A path that stays below the bag on any system and fits into one line: no
// empty part, "." or "..", no control character, no backslash.
bool bag_path_ok(gw_span path);
static inline bool bag_is_payload(gw_span path)
{
    return gw_starts(path, "data/");
}

struct bag_file {
    const char *path;
    struct gw_hash32 hash; // as the manifest has it
    bool seen, held;       // is there; its bytes have that hash
    bool used;             // something else than the manifest spoke of it
};
struct bag {
    const char *folder;
    struct gw_arena *arena; // borrowed; files live in it
    size_t count;
    struct bag_file *files; // of both manifests, sorted by path
    uint64_t bytes;
};
// One manifest into files of the arena, in its order. GW_EFORMAT.
int bag_manifest_parse(gw_span text, bool payload, struct gw_arena *arena,
                       struct bag_file **ret, size_t *ret_count,
                       struct gw_why *why) GW_MUSTCHECK;
// Every rule of the bag; bad is called for each that is broken. A code is
// returned only if it cannot be read or is past a ceiling.
typedef void bag_bad_fn(void *ctx, const char *text);
int bag_check(const char *folder, struct gw_arena *arena, bag_bad_fn *bad,
              void *ctx, struct bag *ret, struct gw_why *why) GW_MUSTCHECK;
// A plain file, not through a link, followed by GW_JSON_PADDING readable
// bytes.
int bag_read(const char *path, size_t max, struct gw_arena *arena, gw_span *ret,
             struct gw_why *why) GW_MUSTCHECK;
void bag_sort(struct bag *b); // which bag_find needs
struct bag_file *bag_find(const struct bag *b, const char *path);
// bag_read of a file that the manifest lists, once more compared with it.
// GW_ENOENT, GW_ETOOBIG, GW_EPROOF.
int bag_load(const struct bag *b, const char *path, size_t max, gw_span *ret,
             struct gw_why *why) GW_MUSTCHECK;

// ---- chain.json and disclosures.json ------------------------------------
enum { CHAIN_MAX = 256 << 10, CHAIN_LIST_MAX = 1024, CHAIN_NAME_MAX = 64 };
struct chain_redaction {
    uint64_t leaf, of;
    bool holds; // once it was found to
};
struct chain {
    gw_span about;
    uint64_t leaf, keys;
    bool has_record, has_evidence, has_segment, has_incident;
    uint64_t record, evidence, segment, incident; // leaves
    const char *evidence_file;
    size_t heartbeat_count, anchor_count, redaction_count;
    uint64_t *heartbeats;
    const char **anchors;
    struct chain_redaction *redactions;
};
// text must be readable GW_JSON_PADDING bytes past its end, here and below.
int chain_parse(struct gw_json *json, gw_span text, struct gw_arena *arena,
                struct chain *ret, struct gw_why *why) GW_MUSTCHECK;

struct chain_disclosure {
    uint64_t leaf;
    gw_span text;             // RFC 9901
    gw_span name, json_value; // filled once it is found to hold
};
int chain_disclosures(struct gw_json *json, gw_span text,
                      struct gw_arena *arena, struct chain_disclosure **ret,
                      size_t *ret_count, struct gw_why *why) GW_MUSTCHECK;

// A value as a leaf writes it; false if it is none.
bool chain_parse_json(struct gw_json *json, gw_span text,
                      struct gw_arena *arena, gw_jv *ret);
// A value {"<number>":n,"<hash>":"<hex or base64>"}.
bool chain_pair(struct gw_json *json, gw_span text, struct gw_arena *arena,
                const char *number, const char *hash, uint64_t *ret_number,
                struct gw_hash32 *ret_hash);
// A text value that is a hash in hex or base64.
bool chain_hash(struct gw_json *json, gw_span text, struct gw_arena *arena,
                struct gw_hash32 *ret);

// ---- one verification ---------------------------------------------------
struct verify {
    const struct gw_verify_options *o;
    struct gw_verified *ret;
    struct gw_arena *arena;
    struct gw_json *json;
    struct gw_policy *policy;
    struct gw_hash32 policy_hash; // of its text
    bool policy_came_along;       // beside what is checked, not from --policy
    struct gw_why *why;
};
void verify_say(struct verify *v, int state, const char *what, const char *fmt,
                ...) GW_PRINTF(4, 5);
// A failure: of what was proved, it is told as a bad step and 0 returned; of
// memory, disk or network, it goes to v->why and its code is returned.
int verify_blame(struct verify *v, const char *what, const char *where, int rc,
                 const struct gw_why *why) GW_MUSTCHECK;
// A file from outside a bag, padded as bag_load does it.
int verify_load(struct verify *v, const char *path, size_t max, gw_span *ret,
                struct gw_why *why) GW_MUSTCHECK;
// v->policy from --policy, or from beside (at NULL: there is none) of the file
// of that name. 0 with v->policy NULL after a bad step.
int verify_policy(struct verify *v, gw_span beside,
                  const char *name) GW_MUSTCHECK;
// Steps "checkpoint" and "quorum". *ret_ok: signed by a log of the policy.
int verify_checkpoint(struct verify *v, gw_span bytes, const char *name,
                      struct gw_opened *ret, bool *ret_ok) GW_MUSTCHECK;
// What a checkpoint's cosignatures say of when it existed.
void verify_not_after(struct verify *v, const struct gw_opened *c);
// The leaf's own day, which is only a claim.
void verify_claim(struct verify *v, const struct gw_leaf_read *read);

int verify_file(struct verify *v, const char *path) GW_MUSTCHECK;
int verify_bag(struct verify *v, const char *folder) GW_MUSTCHECK;
int verify_log(struct verify *v, const char *where) GW_MUSTCHECK;

// ---- stamps and heartbeats ----------------------------------------------
enum { STAMP_MAX = 1 << 20, STAMP_ROOTS_MAX = 1 << 20 };
// A stamp and what came beside it. of: what must have been stamped, or NULL;
// header: hex of a block header; roots: PEM; at NULL where there is none.
struct stamp {
    const char *name;
    gw_span bytes, header, roots;
    const struct gw_hash32 *of;
    const char *of_name;
};
int verify_tsr(struct verify *v, const struct stamp *s) GW_MUSTCHECK;
int verify_ots(struct verify *v, const struct stamp *s) GW_MUSTCHECK;
int verify_heartbeat(struct verify *v, uint64_t index,
                     gw_span entry) GW_MUSTCHECK;
// "2026-11-20 10:00:00 UTC", also of times past 2200.
enum { WHEN_TEXT = 48 };
const char *verify_when(uint64_t posix, char ret_text[WHEN_TEXT]);

// ---- key leaves ---------------------------------------------------------
struct key_leaf {
    struct gw_vkey log, author;
    struct gw_hash32 next; // SHA-256 of the public key that will follow
    struct gw_hash32 policy;
};
// False: not a key leaf with these members.
bool key_leaf_read(struct gw_json *json, gw_span entry, struct gw_arena *arena,
                   struct key_leaf *ret, struct gw_why *why);
bool key_is(const struct gw_vkey *a, const struct gw_vkey *b);

// ---- leaves in a bag ----------------------------------------------------
enum { BAG_LEAVES_MAX = 1024, BAG_PROOF_MAX = 4 << 20 };
struct bag_leaf {
    uint64_t index;
    const char *path;
    gw_span entry;
    struct gw_hash32 hash;
    struct gw_leaf_read read;
    bool is_leaf;  // its form is a leaf's
    bool included; // under the checkpoint
};
struct bagged {
    struct verify *v;
    struct bag bag;
    struct chain chain;
    size_t leaf_count, disclosure_count;
    struct bag_leaf *leaves; // by index
    struct chain_disclosure *disclosures;
    struct gw_opened opened;
    bool is_signed; // opened holds
    gw_span checkpoint;
};
struct bag_leaf *bagged_leaf(const struct bagged *b, uint64_t index);
// The same, but only if it is a leaf in the log; a bad step if not.
struct bag_leaf *bagged_proved(struct bagged *b, uint64_t index,
                               const char *what);
int bagged_keys(struct bagged *b) GW_MUSTCHECK;     // and authors
int bagged_contents(struct bagged *b) GW_MUSTCHECK; // record, evidence, ...

#endif
