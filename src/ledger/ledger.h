// ledger: what was witnessed, in an order nobody can change quietly. A C2SP
// tiled log (tlog-tiles, tlog-checkpoint, signed-note, cosignature/v1,
// tlog-witness, tlog-proof, tlog-policy), its writer, readers and witnesses,
// and the leaves an archive puts in it. Format: docs/formats/ledger.md.
#ifndef GW_LEDGER_H
#define GW_LEDGER_H

#include "base/base.h"
#include "seal/seal.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdatomic.h>

// ---- Merkle trees (RFC 6962 2.1, RFC 9162 2.1) --------------------------
// What is kept to append: the roots of the complete subtrees that the size's
// bits name; at[l] covers 2^l leaves. {0} is the empty tree.
struct gw_range {
    uint64_t size;
    struct gw_hash32 at[64];
};
void gw_range_add(struct gw_range *r, const struct gw_hash32 *leaf);
// A complete subtree at once; r->size must be a multiple of 2^level.
void gw_range_add_tree(struct gw_range *r, unsigned level,
                       const struct gw_hash32 *root);
struct gw_hash32 gw_range_root(const struct gw_range *r);

enum { GW_PROOF_MAX = 63 };
struct gw_proof { // leaf's sibling first, root's child last
    size_t count;
    struct gw_hash32 at[GW_PROOF_MAX];
};
// 0, or GW_EPROOF. Sizes past 2^63-1 are refused; so is an old size of 0.
int gw_inclusion_check(const struct gw_hash32 *leaf, uint64_t index,
                       uint64_t size, const struct gw_proof *proof,
                       const struct gw_hash32 *root,
                       struct gw_why *why) GW_MUSTCHECK;
int gw_consistency_check(uint64_t old_size, const struct gw_hash32 *old_root,
                         uint64_t size, const struct gw_hash32 *root,
                         const struct gw_proof *proof,
                         struct gw_why *why) GW_MUSTCHECK;
// The subtree of leaves [begin, end) (draft-davidben-tls-merkle-tree-certs):
// begin is a multiple of the least power of two that is >= end - begin.
int gw_subtree_inclusion_check(const struct gw_hash32 *leaf, uint64_t index,
                               uint64_t begin, uint64_t end,
                               const struct gw_proof *proof,
                               const struct gw_hash32 *subtree_root,
                               struct gw_why *why) GW_MUSTCHECK;
int gw_subtree_consistency_check(uint64_t begin, uint64_t end,
                                 const struct gw_hash32 *subtree_root,
                                 uint64_t size, const struct gw_hash32 *root,
                                 const struct gw_proof *proof,
                                 struct gw_why *why) GW_MUSTCHECK;

// Root of the complete subtree of leaves [index*2^level, (index+1)*2^level).
typedef int gw_node_fn(void *ctx, unsigned level, uint64_t index,
                       struct gw_hash32 *ret, struct gw_why *why);
int gw_inclusion_prove(gw_node_fn *node, void *ctx, uint64_t index,
                       uint64_t size, struct gw_proof *ret,
                       struct gw_why *why) GW_MUSTCHECK;
int gw_consistency_prove(gw_node_fn *node, void *ctx, uint64_t old_size,
                         uint64_t size, struct gw_proof *ret,
                         struct gw_why *why) GW_MUSTCHECK;
int gw_root_of_first(gw_node_fn *node, void *ctx, uint64_t size,
                     struct gw_hash32 *ret, struct gw_why *why) GW_MUSTCHECK;

// A whole tree in memory (64 bytes a leaf), for the records of one object.
struct gw_tree;
struct gw_tree *gw_tree_new(void);
int gw_tree_add(struct gw_tree *t, const struct gw_hash32 *leaf) GW_MUSTCHECK;
uint64_t gw_tree_size(const struct gw_tree *t);
gw_node_fn gw_tree_node; // ctx: the tree
void gw_tree_free(struct gw_tree *t);

// ---- checkpoints, policies, proof files ---------------------------------
struct gw_checkpoint {
    char origin[GW_KEY_NAME_MAX + 1];
    uint64_t size;
    struct gw_hash32 root;
};
// From the text of a note (tlog-checkpoint v1.0.0). Extension lines pass.
int gw_checkpoint_parse(gw_span text, struct gw_checkpoint *ret,
                        struct gw_why *why) GW_MUSTCHECK;
void gw_checkpoint_format(const struct gw_checkpoint *c, struct gw_buf *ret);

// c2sp.org/tlog-policy. At most 64 logs, 64 witnesses, 64 groups, 256 KiB.
struct gw_policy;
struct gw_policy_member {
    char name[GW_KEY_NAME_MAX + 1]; // of a log: its key's
    char url[1024];                 // "" where none is given
    struct gw_vkey vkey;
};
int gw_policy_parse(gw_span text, struct gw_policy **ret,
                    struct gw_why *why) GW_MUSTCHECK;
void gw_policy_free(struct gw_policy *p);
size_t gw_policy_log_count(const struct gw_policy *p);
const struct gw_policy_member *gw_policy_log(const struct gw_policy *p,
                                             size_t i);
size_t gw_policy_witness_count(const struct gw_policy *p);
const struct gw_policy_member *gw_policy_witness(const struct gw_policy *p,
                                                 size_t i);
bool gw_policy_needs_witnesses(const struct gw_policy *p);

struct gw_cosignature {
    const struct gw_policy_member *by; // borrowed from the policy
    uint64_t posix;
};
struct gw_opened { // a checkpoint that passed
    struct gw_checkpoint checkpoint;
    struct gw_note note;
    const struct gw_policy_member *log;
    size_t cosignature_count;
    struct gw_cosignature cosignatures[64]; // in order of the policy
    size_t ignored;                         // lines by keys it does not name
    bool quorum;
    uint64_t quorum_posix; // earliest time by which the quorum had signed
};
// Verifies by every key of the policy. GW_EFORMAT, or GW_EPROOF: no log's
// signature, a wrong one of a known key. A policy without logs leaves it to
// its witnesses: one at least must have signed, and ret->log is NULL. A missing
// quorum is no error: look at ret->quorum. ret borrows bytes, arena and policy.
int gw_policy_open(const struct gw_policy *p, gw_span bytes,
                   struct gw_arena *arena, struct gw_opened *ret,
                   struct gw_why *why) GW_MUSTCHECK;

// c2sp.org/tlog-proof@v1
struct gw_tlog_proof {
    uint64_t index;
    struct gw_proof proof;
    gw_span extra;      // decoded, in the arena; at NULL if there is none
    gw_span checkpoint; // borrowed from the bytes
};
int gw_tlog_proof_parse(gw_span bytes, struct gw_arena *arena,
                        struct gw_tlog_proof *ret,
                        struct gw_why *why) GW_MUSTCHECK;
void gw_tlog_proof_format(const struct gw_tlog_proof *p, struct gw_buf *ret);

// The first stage of a two-stage proof: an entry of a batch whose root a leaf
// holds. The same lines, with size and root in place of the checkpoint.
struct gw_batch_proof {
    uint64_t index, size;
    struct gw_hash32 root;
    struct gw_proof proof;
};
int gw_batch_proof_parse(gw_span bytes, struct gw_batch_proof *ret,
                         struct gw_why *why) GW_MUSTCHECK;
void gw_batch_proof_format(const struct gw_batch_proof *p, struct gw_buf *ret);

// ---- reading a log (tlog-tiles) -----------------------------------------
enum {
    GW_TILE_WIDTH = 256,
    GW_TILE_ENTRIES = -1, // in place of a level
    GW_TILE_PATH = 64,
    GW_ENTRY_MAX = 65535,
    GW_BUNDLE_MAX = GW_TILE_WIDTH * (2 + GW_ENTRY_MAX)
};
// "tile/0/x001/x234/067", "tile/entries/000.p/17". width 256: full.
size_t gw_tile_path(int level, uint64_t n, unsigned width,
                    char ret_text[GW_TILE_PATH]);
// Splits a bundle of width entries into spans of it; GW_EFORMAT.
int gw_bundle_split(gw_span bundle, unsigned width, gw_span *ret_entries,
                    struct gw_why *why) GW_MUSTCHECK;

// Where a log's files are: a folder, http(s)://, or a function.
struct gw_log_reader;
int gw_log_reader_open(const char *where, struct gw_log_reader **ret,
                       struct gw_why *why) GW_MUSTCHECK;
typedef int gw_log_get_fn(void *ctx, const char *path, size_t max,
                          struct gw_buf *ret, struct gw_why *why);
struct gw_log_reader *gw_log_reader_on(gw_log_get_fn *get, void *ctx);
void gw_log_reader_close(struct gw_log_reader *r);
// Appends a file; GW_ENOENT if there is none, GW_ETOOBIG past max. A gzip
// content encoding is taken off.
int gw_log_get(struct gw_log_reader *r, const char *path, size_t max,
               struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;

// Nodes and entries of the tree of one checkpoint. Every tile is proved
// against the root before a hash of it is used; a partial tile that is gone
// is replaced by the full one. Tiles are cached up to 16 MB.
struct gw_tiles;
int gw_tiles_open(struct gw_log_reader *r, const struct gw_checkpoint *c,
                  struct gw_tiles **ret, struct gw_why *why) GW_MUSTCHECK;
void gw_tiles_close(struct gw_tiles *t);
gw_node_fn gw_tiles_node; // ctx: the tiles
// Appends an entry's bytes, proved.
int gw_tiles_entry(struct gw_tiles *t, uint64_t index, struct gw_buf *ret,
                   struct gw_why *why) GW_MUSTCHECK;

struct gw_audit_options {
    int threads;                     // 0: one
    const struct gw_checkpoint *old; // must be a prefix (GW_EFORK); or NULL
    const struct gw_range *from;     // entries before are known to be good
    // Called in order of n for each file as read (width 256: full), after it
    // was checked: a mirror stores it. May be NULL.
    int (*file)(void *ctx, int level, uint64_t n, unsigned width, gw_span bytes,
                struct gw_why *why);
    void (*progress)(void *ctx, uint64_t entries, uint64_t total);
    void *ctx;
    atomic_int *stop;
};
struct gw_audit {
    uint64_t entries, files, bytes;
    struct gw_range range; // the whole tree's
};
// Reads every bundle and every tile of a checkpoint's tree, recomputes all
// hashes and the root. The message names the file that is wrong. Callbacks come
// one at a time, but may come from another thread. Where a full file stands in
// for a partial one, file() is given the part that was checked. Stopped:
// GW_EREFUSED.
int gw_log_audit(struct gw_log_reader *r, const struct gw_checkpoint *c,
                 const struct gw_audit_options *options, struct gw_audit *ret,
                 struct gw_why *why) GW_MUSTCHECK;

// ---- signers: the only ones that sign tree heads ------------------------
// A signer signs only what extends the last tree that it signed for that
// origin, which its state folder keeps (one file an origin, named by the hex
// SHA-256 of the origin, the signed checkpoint in it). The folder is trusted
// and is never restored from a backup. The state is durable before an answer
// is given. Safe in several threads and processes.
struct gw_signer;
// role LOG signs its own origin; WITNESS and MIRROR cosign the logs of policy.
// Key and policy (NULL for LOG) are borrowed.
int gw_signer_open(const char *state, const struct gw_key *key,
                   const struct gw_policy *policy, const struct gw_clock *clock,
                   struct gw_signer **ret, struct gw_why *why) GW_MUSTCHECK;
void gw_signer_close(struct gw_signer *s);

struct gw_answer { // of c2sp.org/tlog-witness
    int status;    // 200 400 403 404 409 422 429 500
    const char *type;
    struct gw_buf body; // 200: signature lines; 409: "<size>\n"; else words
};
// One add-checkpoint request. For role LOG the checkpoint is the bare text,
// without an empty line and signatures: whoever reaches it may ask.
void gw_signer_answer(struct gw_signer *s, gw_span request,
                      struct gw_answer *ret);
void gw_answer_release(struct gw_answer *a);
// Appends the last signed checkpoint of an origin; GW_ENOENT if never.
int gw_signer_last(struct gw_signer *s, gw_span origin, struct gw_buf *ret,
                   struct gw_why *why) GW_MUSTCHECK;

// Whoever signs for a log: a signer in this process, or one behind a socket
// ("unix:/path") that never faces the network.
struct gw_sign {
    void *ctx;
    void (*answer)(void *ctx, gw_span request, struct gw_answer *ret);
    int (*last)(void *ctx, gw_span origin, struct gw_buf *ret,
                struct gw_why *why);
    void (*close)(void *ctx);
};
struct gw_sign gw_sign_here(struct gw_signer *s); // borrows; no close
int gw_sign_there(const char *address, struct gw_sign *ret,
                  struct gw_why *why) GW_MUSTCHECK;

// ---- serving HTTP -------------------------------------------------------
// One server over libmicrohttpd for all who listen: event loops collect whole
// requests within limits, so that a slow client costs a connection and no
// thread.
enum {
    GW_WEB_PATH = 1024,
    GW_WEB_QUERY = 2048,
    GW_WEB_ADDRESS = 192,
    GW_WEB_ETAG = 80,
};
struct MHD_Connection;
struct gw_web_loop;
struct gw_web_request {
    bool post;                // else GET or HEAD
    char path[GW_WEB_PATH];   // as sent: nothing is decoded, no query
    char query[GW_WEB_QUERY]; // what follows '?', as sent
    struct gw_buf body;
    // the answer
    int status;
    const char *type, *cache; // static texts; cache may be NULL
    struct gw_buf answer;
    int fd; // a file that is the answer, -1: none
    uint64_t fd_bytes;
    char etag[GW_WEB_ETAG];         // with its quotes, or ""
    char modified[GW_TIME_TEXT];    // as HTTP has it, or ""
    char location[GW_WEB_PATH + 4]; // of a redirect, or ""
    const struct gw_web_kept *kept; // instead: an answer made before
    // the server's own
    struct gw_web_loop *loop;
    struct MHD_Connection *connection;
    struct gw_web_request *next;
    uint64_t began, length;
    bool begun, whole, deferred;
};

struct gw_web_options {
    const char *listen; // "127.0.0.1:0", "[::1]:7380", "unix:/path" (0600)
    int threads;        // 0: one
    int connections;
    size_t body_max;
    size_t held_max;   // of all bodies together; over it the answer is 429
    size_t answer_max; // of one answer that is no file; 0: 1 MB
    bool read_only;    // all but GET and HEAD is answered 405
    const char *const (*headers)[2]; // of every answer: names and values
    size_t header_count;
    // Once for each whole request, in a thread of the server: fills in the
    // answer, or hands the request to gw_waiting_put.
    void (*handle)(void *ctx, struct gw_web_request *r);
    void *ctx;
};
struct gw_web;
int gw_web_start(const struct gw_web_options *o, struct gw_web **ret,
                 struct gw_why *why) GW_MUSTCHECK;
// "127.0.0.1:7380", "[::1]:7380" or "unix:/path", as it is bound.
const char *gw_web_address(const struct gw_web *w);
void gw_web_stop(struct gw_web *w); // no request may be waiting
// Which of the server's threads has the request, from 0.
size_t gw_web_thread(const struct gw_web_request *r);
// A header of the request; NULL if it has none.
const char *gw_web_header(const struct gw_web_request *r, const char *name);
// text: one line, without its newline.
void gw_web_say(struct gw_web_request *r, int status, const char *text);

// The answer of r as it is filled in now, to be given again: status, headers,
// and the bytes, copied, or the file, which is no longer r's. NULL without
// memory.
struct gw_web_kept *gw_web_keep(struct gw_web_request *r);
void gw_web_drop(
    struct gw_web_kept *k); // sent answers stay whole; NULL is fine

// Requests that wait for another thread; each is answered with gw_web_resume.
struct gw_waiting;
struct gw_waiting *gw_waiting_new(size_t max);
void gw_waiting_free(struct gw_waiting *q); // must be empty
// Takes r; or, if too many wait or it is closed, answers 429 or 503 at once.
void gw_waiting_put(struct gw_waiting *q, struct gw_web_request *r);
// All that wait, linked by next, first come first: after wait_ms at the latest
// (NULL if none came), and linger_ms after the first or with `enough` of them.
struct gw_web_request *gw_waiting_take(struct gw_waiting *q, int wait_ms,
                                       int linger_ms, size_t enough);
// Only the first, where several threads take; NULL if none came in wait_ms.
struct gw_web_request *gw_waiting_next(struct gw_waiting *q, int wait_ms);
void gw_waiting_close(struct gw_waiting *q);
void gw_web_resume(struct gw_web_request *r); // with its answer filled in

// "checkpoint", "checkpoint.<a-z0-9->" or a canonical tile path: the only names
// below a log's prefix that are ever opened. Copies it.
bool gw_served_name(gw_span path, char ret_name[GW_TILE_PATH]);
// Answers with a regular file below folder; no symbolic link is followed.
void gw_web_file(struct gw_web_request *r, int folder, const char *path,
                 const char *name);
int gw_web_folder(const char *path, int *ret_fd,
                  struct gw_why *why) GW_MUSTCHECK;
// Opens what is at a path below folder and nowhere else, for reading, with no
// link followed on the way; -1 and errno.
int gw_web_open(int folder, const char *path);
extern const char gw_text_plain[]; // "text/plain; charset=utf-8"

// ---- the witness protocol -----------------------------------------------
struct gw_serve_options {
    const char *listen; // "127.0.0.1:7380", "[::1]:0", "unix:/path" (0600)
    const char *mirror; // folder of copies that is served, or NULL
    atomic_int *stop;
    void (*ready)(void *ctx, const char *address); // as it is bound
    void *ctx;
};
// POST <any prefix>/add-checkpoint; GET <prefix>/<hex SHA-256 of origin>/...
// Returns after stop was set.
int gw_witness_serve(struct gw_signer *s, const struct gw_serve_options *o,
                     struct gw_why *why) GW_MUSTCHECK;
// The body of a request: proof from old_size to the checkpoint's tree.
int gw_witness_request(struct gw_tiles *t, uint64_t old_size,
                       gw_span signed_checkpoint, struct gw_buf *ret,
                       struct gw_why *why) GW_MUSTCHECK;
// Asks over HTTP, once more after a 409; appends the lines that verify under
// the witness' key. GW_EFORK: the witness has seen a larger tree than ours.
int gw_witness_ask(const struct gw_policy_member *witness, struct gw_tiles *t,
                   gw_span signed_checkpoint, struct gw_buf *ret,
                   struct gw_why *why) GW_MUSTCHECK;
// Of an answer that came as a file: appends the lines that verify under keys
// of the policy; GW_EPROOF if none does.
int gw_witness_accept(const struct gw_policy *p, gw_span signed_checkpoint,
                      gw_span answer, struct gw_buf *ret,
                      struct gw_why *why) GW_MUSTCHECK;

// ---- writing a log ------------------------------------------------------
struct gw_log_options {
    const char *folder; // tile/ and checkpoint files; made if absent
    const char *origin;
    struct gw_sign sign;    // borrowed
    const char *name;       // file the signed checkpoint goes to
    const char *journal;    // folder of the write-ahead journal, or NULL: the
                            // caller has entries durable before it appends
                            // them: full bundles may be written early
    uint64_t journal_bytes; // its size on disk, written beforehand
    int threads;            // hashing; 0: one
};
struct gw_log; // one writer (a lock in the folder); not thread-safe
// Recovers: what the journal has and is not yet published is there again, and
// a tree that was signed but not published is. GW_EFORK: the signer has signed
// more than is here (a restored backup); why says what to do.
int gw_log_open(const struct gw_log_options *o, struct gw_log **ret,
                struct gw_why *why) GW_MUSTCHECK;
void gw_log_close(struct gw_log *l);
uint64_t gw_log_size(const struct gw_log *l);      // appended
uint64_t gw_log_published(const struct gw_log *l); // under a checkpoint
// Gives indices from *ret_first on. Durable only after gw_log_sync. A journal
// that is full publishes by itself; a batch larger than it is GW_ETOOBIG. After
// GW_EIO the log must be closed and opened again.
int gw_log_append(struct gw_log *l, const gw_span *entries, size_t n,
                  uint64_t *ret_first, struct gw_why *why) GW_MUSTCHECK;
int gw_log_sync(struct gw_log *l, struct gw_why *why) GW_MUSTCHECK;
// Order: entries durable, tiles and bundles durable, signature, checkpoint.
// Nothing new: the checkpoint that is there.
int gw_log_publish(struct gw_log *l, struct gw_checkpoint *ret,
                   struct gw_why *why) GW_MUSTCHECK;

struct gw_submit_options {
    const char *listen;
    int threads;    // 0: one
    int batch_ms;   // longest wait before a batch is made durable
    int publish_ms; // between checkpoints
    atomic_int *stop;
    void (*ready)(void *ctx, const char *address);
    void *ctx;
};
// POST /add with an entry: "<index>\n" once it is durable. GET serves the log.
int gw_log_serve(struct gw_log *l, const char *folder,
                 const struct gw_submit_options *o,
                 struct gw_why *why) GW_MUSTCHECK;

// ---- mirrors ------------------------------------------------------------
struct gw_mirror_result {
    uint64_t old_size, size, files, bytes;
    bool cosigned;
};
// Copies a log into a folder, audits what is new, and only then replaces its
// checkpoint and (signer not NULL) adds a cosignature to it. A log that
// shrank or forked is refused (GW_EFORK), both checkpoints are kept beside.
int gw_mirror(struct gw_log_reader *from, const struct gw_policy *policy,
              struct gw_signer *signer, const char *folder,
              const struct gw_audit_options *options,
              struct gw_mirror_result *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- leaves: canonical JSON (RFC 8785) ----------------------------------
#define GW_LEAF_TYPES(X)                                                       \
    X(EVIDENCE, "evidence") /* an object, the root of its records */           \
    X(FINDINGS, "findings") /* the set of findings, its root */                \
    X(INCIDENT, "incident")                                                    \
    X(CLAIMS, "claims")           /* a set of claims of the record */          \
    X(PUBLICATION, "publication") /* a site or a bundle, by its manifest */    \
    X(KEY, "key")                 /* keys and policy in force from here on */  \
    X(REDACT, "redact")           /* what was taken out, and by what right */  \
    X(HEARTBEAT, "heartbeat")     /* a public value nobody knew before */      \
    X(ANCHOR, "anchor")           /* a stamp of an earlier checkpoint */       \
    X(CUSTODY, "custody")         /* transfer, access, copy */                 \
    X(DECOY, "decoy")             /* nothing; its entry says "evidence" */
enum gw_leaf_type {
#define X(name, text) GW_LEAF_##name,
    GW_LEAF_TYPES(X)
#undef X
        GW_LEAF_TYPE_COUNT
};
const char *gw_leaf_type_name(enum gw_leaf_type type);
enum { GW_LEAF_MAX = 8192, GW_LEAF_FIELDS_MAX = 32 };

struct gw_leaf_field {
    const char *name;
    gw_span json; // the value as JSON text; integers, no other numbers
    bool hidden;  // only its salted digest goes into the leaf
};
struct gw_new_leaf {
    enum gw_leaf_type type;
    gw_time at; // only the day goes into the leaf
    const struct gw_leaf_field *fields;
    size_t count;
    size_t digests; // hidden fields and decoys together: 0, 8, 16 or 32
};
// The entry: {"_sd":[...],"by":"<author key id>","day":...,"sig":...,
// "type":...,"v":1, fields}. Salts come from the item key: destroy key and
// disclosures, and nobody can tell what the digests hid. author may be NULL
// for a leaf without signature. Disclosures: a JSON list of RFC 9901 texts.
int gw_leaf_make(const struct gw_new_leaf *leaf, const struct gw_key *author,
                 const uint8_t item_key[static 32], struct gw_buf *ret_entry,
                 struct gw_buf *ret_disclosures,
                 struct gw_why *why) GW_MUSTCHECK;
struct gw_leaf_read {
    enum gw_leaf_type type;
    gw_time day;
    uint32_t by; // author's key id, 0 if unsigned
    size_t digests;
};
// Checks form: canonical, known version and type, size. The signature is
// checked against author when that is not NULL (GW_EPROOF).
int gw_leaf_read(gw_span entry, const struct gw_vkey *author,
                 struct gw_leaf_read *ret, struct gw_why *why) GW_MUSTCHECK;
// A public member's JSON text, copied into the arena; at NULL if absent.
gw_span gw_leaf_member(gw_span entry, const char *name, struct gw_arena *arena);
// One disclosure against a leaf: its name and value. GW_EPROOF if the leaf
// has no such digest.
int gw_leaf_disclosed(gw_span entry, gw_span disclosure, struct gw_arena *arena,
                      gw_span *ret_name, gw_span *ret_json,
                      struct gw_why *why) GW_MUSTCHECK;

// ---- time: not before, not after ----------------------------------------
struct gw_ots_attestation {
    enum {
        GW_OTS_PENDING,
        GW_OTS_BITCOIN,
        GW_OTS_LITECOIN,
        GW_OTS_UNKNOWN
    } kind;
    uint64_t height;     // of the block
    uint8_t message[64]; // what the block's Merkle root must be
    size_t message_len;  // 32 where it can be one
    char calendar[1001]; // PENDING: where to ask for more
};
struct gw_ots {
    enum gw_digest_kind digest;
    uint8_t imprint[32];
    size_t imprint_len;
    size_t count;
    struct gw_ots_attestation *attestations; // in the arena
};
int gw_ots_read(gw_span bytes, struct gw_arena *arena, struct gw_ots *ret,
                struct gw_why *why) GW_MUSTCHECK;
// An 80-byte Bitcoin block header: its proof of work holds against the target
// it states, which must be as hard as the chain's easiest since that date. The
// results are filled for any 80 bytes. GW_EREFUSED: too easy; GW_EPROOF.
int gw_bitcoin_header(gw_span header, struct gw_hash32 *ret_merkle_root,
                      struct gw_hash32 *ret_block_hash, int64_t *ret_posix,
                      struct gw_why *why) GW_MUSTCHECK;

struct gw_bound {
    int64_t posix; // INT64_MIN: no bound
    char by[320];  // who or what says so, in words
};
struct gw_times { // of one leaf
    struct gw_bound not_before, not_after;
    char claimed[16]; // the day in the leaf: a claim
};
void gw_times_add_before(struct gw_times *t, int64_t posix, const char *by);
void gw_times_add_after(struct gw_times *t, int64_t posix, const char *by);
// "between 2026-11-20 10:00 UTC (...) and 2026-11-21 12:00 UTC (...)".
void gw_times_words(const struct gw_times *t, struct gw_buf *ret);

// ---- an archive's ledger ------------------------------------------------
struct gw_ledger_options {
    const char *keys;   // NULL: <archive>/keys
    const char *origin; // for a new log; NULL: made from the key
    gw_span passphrase;
    const char *signer;       // "unix:/path" of a signer, or NULL: here
    struct gw_chance *chance; // NULL: the system's
    const struct gw_clock *clock;
};
struct gw_ledger;
// Borrows the archive, which must be open for writing. An archive without a
// ledger gets one: keys, then a first leaf that names them.
int gw_ledger_open(struct gw_archive *a, const struct gw_ledger_options *o,
                   struct gw_ledger **ret, struct gw_why *why) GW_MUSTCHECK;
void gw_ledger_close(struct gw_ledger *l);
struct gw_archive *gw_ledger_archive(const struct gw_ledger *l);
const char *gw_ledger_origin(const struct gw_ledger *l);
gw_time gw_ledger_now(const struct gw_ledger *l);
const char *gw_ledger_folder(const struct gw_ledger *l); // the static files
// Puts a leaf into the running transaction; its index is final once that is
// committed. subject: what gw_leaf_newest finds it by.
int gw_ledger_append(struct gw_ledger *l, const struct gw_new_leaf *leaf,
                     const char *subject, uint64_t *ret_index,
                     struct gw_why *why) GW_MUSTCHECK;
// The Merkle tree of a tier's segments: entry i is the line "<object>
// <segment>" (hashes in hex, a newline at the end) of the i-th object in order
// of hash. ret_index: of the object's line; object may be NULL. GW_ENOENT: it
// has none.
enum { GW_SET_ENTRY = 2 * (2 * GW_HASH_LEN + 1) + 1 };
void gw_set_entry(const char *object, const char *segment,
                  char ret_line[GW_SET_ENTRY]);
int gw_set_tree(struct gw_archive *a, enum gw_tier tier, const char *object,
                struct gw_tree *ret, uint64_t *ret_index,
                char ret_line[GW_SET_ENTRY], struct gw_why *why) GW_MUSTCHECK;
// Appends a leaf of type FINDINGS, subject "findings", unless the newest says
// the same: {"rules":version,"segments":{"count":n,"root":"<base64>"}}.
int gw_ledger_findings(struct gw_ledger *l, int rules_version,
                       struct gw_why *why) GW_MUSTCHECK;
// gw_archive_commit, after checking that every object that is done or failed
// has its leaf: nothing is kept that is not witnessed.
int gw_ledger_commit(struct gw_ledger *l, struct gw_why *why) GW_MUSTCHECK;
struct gw_sealed {
    uint64_t first, count; // leaves that this call published
    struct gw_checkpoint checkpoint;
    bool quorum;       // of the policy: else only checkpoint.local was written
    size_t witnesses;  // that signed
    char missing[512]; // which did not, and why
};
// Publishes what is committed: tiles, signature, checkpoint. ask: also gets
// cosignatures over HTTP from the witnesses of the policy that have a URL.
int gw_ledger_seal(struct gw_ledger *l, bool ask, struct gw_sealed *ret,
                   struct gw_why *why) GW_MUSTCHECK;
// Takes an object out of the archive and out of every leaf: bytes, names and
// item keys are destroyed, the digests in the leaves then hide nothing that
// anyone can show. One redact leaf for each leaf that spoke of it; commits.
// category: "court-order", "data-subject", "source-safety", "error".
int gw_ledger_redact(struct gw_ledger *l, const char *object,
                     const char *category, uint64_t *ret_index,
                     struct gw_why *why) GW_MUSTCHECK;
// Puts a value into the log that nobody knew before it was public: what comes
// after it in the log was written later. kind: "bitcoin-header" (160 hex
// digits, checked), "checkpoint" (a signed note of another log), "text".
int gw_ledger_heartbeat(struct gw_ledger *l, const char *kind, gw_span value,
                        uint64_t *ret_index, struct gw_why *why) GW_MUSTCHECK;
// Keeps the newest checkpoint as ledger/anchors/<size>.checkpoint, so that it
// can be stamped, and appends the RFC 3161 request for it.
int gw_ledger_stamp_request(struct gw_ledger *l, struct gw_buf *ret_request,
                            struct gw_checkpoint *ret, char *ret_path,
                            size_t path_cap, struct gw_why *why) GW_MUSTCHECK;
// Takes in a stamp (.tsr or .ots) of a checkpoint kept so: GW_EPROOF if it is
// of something else.
int gw_ledger_anchor(struct gw_ledger *l, gw_span stamp, uint64_t *ret_index,
                     struct gw_why *why) GW_MUSTCHECK;
// A witness' request as a file: from the tree that its last line here covers.
int gw_ledger_request(struct gw_ledger *l, const char *witness,
                      struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;
// Adds cosignatures that came as a file; the quorum may be met by it.
int gw_ledger_accept(struct gw_ledger *l, gw_span answer, struct gw_sealed *ret,
                     struct gw_why *why) GW_MUSTCHECK;

// What the log says of an object, or of an incident (its id), for those who
// only read: its newest leaf, and the newest checkpoint over it.
struct gw_witnessed {
    bool leaf, sealed;
    uint64_t index;
    struct gw_checkpoint checkpoint;
    bool quorum;
    size_t witnesses;
};
int gw_ledger_witnessed(struct gw_archive *a, const char *object,
                        struct gw_witnessed *ret,
                        struct gw_why *why) GW_MUSTCHECK;

// ---- bundles (BagIt, RFC 8493) ------------------------------------------
// A folder that proves something to somebody who has nothing else.
struct gw_bundle;
int gw_bundle_begin(const char *folder, struct gw_bundle **ret,
                    struct gw_why *why) GW_MUSTCHECK; // GW_EEXIST: not empty
// path below the bag: "data/..." is payload, anything else a tag file.
int gw_bundle_put(struct gw_bundle *b, const char *path, gw_span bytes,
                  struct gw_why *why) GW_MUSTCHECK;
// From a reader of bytes (gw_source_fn of store), for what is large.
int gw_bundle_put_from(struct gw_bundle *b, const char *path,
                       gw_source_fn *source, void *ctx,
                       struct gw_why *why) GW_MUSTCHECK;
// Takes b, also on failure. Writes manifests and bag-info.txt. day: of the
// bag; description: one line.
int gw_bundle_finish(struct gw_bundle *b, gw_time day, const char *description,
                     struct gw_why *why) GW_MUSTCHECK;
void gw_bundle_abort(struct gw_bundle *b); // takes b; leaves no half bag

// ---- proving and verifying ----------------------------------------------
// What a bundle is to prove, besides the leaf: files that the caller has put
// into it under the names of docs/formats/ledger.md.
struct gw_prove {
    const char *about;     // the id, in words of the reader
    uint64_t leaf;         // of the evidence, or of the incident
    bool incident;         // data/incident.json
    bool record;           // data/record, proofs/record.batch-proof
    const char *evidence;  // "data/evidence/<hash>", or NULL
    bool segment;          // data/segment.*, proofs/segment.batch-proof
    uint64_t segment_leaf; // of the set of findings
    bool disclose;         // also what the leaf hides
};
// Adds leaves with their .tlog-proof under the newest checkpoint (a cosigned
// one if there is one that covers them), policy, stamps, heartbeats,
// redactions, chain.json and a README. GW_ENOENT: not under a checkpoint yet.
int gw_ledger_prove(struct gw_archive *a, const struct gw_ledger_options *o,
                    const struct gw_prove *what, struct gw_bundle *b,
                    struct gw_why *why) GW_MUSTCHECK;

// One step of a check, told as it happens.
struct gw_step {
    enum { GW_STEP_OK, GW_STEP_NOTE, GW_STEP_BAD } state;
    const char *what; // "checkpoint", "inclusion", "bag", ... : stable names
    char text[600];   // in words; names the file
};
struct gw_verify_options {
    const char *policy; // file; NULL: the one beside what is checked
    const char *leaf;   // file of the entry, for a bare .tlog-proof
    const char *old;    // an earlier checkpoint that must be a prefix
    int threads;
    void (*step)(void *ctx, const struct gw_step *s);
    void (*progress)(void *ctx, uint64_t entries, uint64_t total);
    void *ctx;
    atomic_int *stop;
};
struct gw_verified {
    size_t good, notes, bad;
    struct gw_times times; // of what a proof or bundle is about
};
// A bundle, a log (folder or URL), a .tlog-proof, a checkpoint, an .ots or a
// .tsr: told by content. Needs no archive, no network (but for a URL), no
// clock. 0: everything holds; GW_EPROOF: something does not, and the steps
// say what; other codes: it could not be read.
int gw_verify(const char *path, const struct gw_verify_options *o,
              struct gw_verified *ret, struct gw_why *why) GW_MUSTCHECK;

#endif
