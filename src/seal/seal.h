// seal: hashes, signatures, sealed boxes, the keyring, signed notes, and time
// stamps of RFC 3161. The only caller of the crypto libraries (OpenSSL for
// hashes and RFC 3161, libsodium for keys).
#ifndef GW_SEAL_H
#define GW_SEAL_H

#include "base/base.h"

// ---- running digests ----------------------------------------------------
enum gw_digest_kind {
    GW_DIGEST_SHA256,    // FIPS 180-4, 32 bytes
    GW_DIGEST_MD5,       // RFC 1321, 16 bytes: S3 ETags only, proves nothing
    GW_DIGEST_SHAKE128,  // FIPS 202, any length: OONI's ids for old lines
    GW_DIGEST_SHA1,      // 20 bytes: a column of OONI's, and OpenTimestamps
    GW_DIGEST_RIPEMD160, // 20 bytes: OpenTimestamps
    GW_DIGEST_KECCAK256, // 32 bytes, the padding before FIPS 202: likewise
};
enum { GW_HASH_LEN = 32 };

// A running digest; one per thread.
struct gw_digest;
struct gw_digest *gw_digest_new(enum gw_digest_kind kind);
int gw_digest_add(struct gw_digest *d, gw_span bytes) GW_MUSTCHECK;
// Writes the result (len must be the kind's length; any for SHAKE128) and
// starts anew.
int gw_digest_end(struct gw_digest *d, uint8_t *ret, size_t len) GW_MUSTCHECK;
void gw_digest_free(struct gw_digest *d);
// The same in one call.
int gw_digest_once(struct gw_digest *d, gw_span bytes, uint8_t *ret,
                   size_t len) GW_MUSTCHECK;

// ---- SHA-256 in one call ------------------------------------------------
// These need no state, cannot fail, and are safe in any thread. They use the
// processor's SHA instructions where it has them, else a portable form.
struct gw_hash32 {
    uint8_t at[GW_HASH_LEN];
};
struct gw_hash32 gw_sha256(gw_span bytes);
// Of two spans one after the other.
struct gw_hash32 gw_sha256_two(gw_span a, gw_span b);
// RFC 6962 2.1: a leaf is SHA-256(0x00 || entry), a node is
// SHA-256(0x01 || left || right).
struct gw_hash32 gw_leaf_hash(gw_span entry);
struct gw_hash32 gw_node_hash(const struct gw_hash32 *left,
                              const struct gw_hash32 *right);
// The same for many, several at a time: ret[i] of entries[i].
void gw_leaf_hashes(const gw_span *entries, size_t n, struct gw_hash32 *ret);
// ret[i] = node(in[2i], in[2i+1]) for i < n; ret may be in.
void gw_node_hashes(const struct gw_hash32 *in, size_t n,
                    struct gw_hash32 *ret);
// RFC 2104 with SHA-256.
struct gw_hash32 gw_hmac_sha256(gw_span key, gw_span message);
static inline bool gw_hash32_eq(const struct gw_hash32 *a,
                                const struct gw_hash32 *b)
{
    return memcmp(a->at, b->at, GW_HASH_LEN) == 0;
}
// Which kernel is at work: "sha-ni x2", "portable", ...
const char *gw_sha256_kernel(void);

// ---- chance -------------------------------------------------------------
// Randomness is passed in like time: {0} or NULL asks the system; tests set
// fixed, and then it is not random at all.
struct gw_chance {
    bool fixed;
    struct gw_rand rand;
};
void gw_random(struct gw_chance *c, uint8_t *ret, size_t len);

// ---- Ed25519 (RFC 8032) and sealed boxes --------------------------------
enum { GW_SEED_LEN = 32, GW_PUBLIC_LEN = 32, GW_SIGNATURE_LEN = 64 };
struct gw_signing_key {
    uint8_t secret[64]; // seed, then public key
};
void gw_signing_key_from(const uint8_t seed[static GW_SEED_LEN],
                         struct gw_signing_key *ret);
const uint8_t *gw_signing_key_public(const struct gw_signing_key *k);
void gw_sign(const struct gw_signing_key *k, gw_span message,
             uint8_t ret[static GW_SIGNATURE_LEN]);
// Strict: small-order keys and S out of range do not verify.
bool gw_signature_ok(const uint8_t public_key[static GW_PUBLIC_LEN],
                     gw_span message, gw_span signature);
// Overwrites so that the compiler cannot leave it out.
void gw_wipe(void *at, size_t len);

// Sealed boxes (X25519, XSalsa20-Poly1305; libsodium's crypto_box_seal):
// anyone can close one, only the holder of the secret key can open it.
enum { GW_BOX_OVERHEAD = 48 };
struct gw_box_key {
    uint8_t secret[32], public_key[32];
};
void gw_box_key_from(const uint8_t seed[static GW_SEED_LEN],
                     struct gw_box_key *ret);
int gw_box_close(const uint8_t public_key[static GW_PUBLIC_LEN], gw_span text,
                 struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;
int gw_box_open(const struct gw_box_key *k, gw_span box, struct gw_buf *ret,
                struct gw_why *why) GW_MUSTCHECK;

// ---- strict base64 (RFC 4648) -------------------------------------------
// One encoding for each value: padding as written, no blanks, unused bits 0.
enum gw_b64 { GW_B64_STANDARD, GW_B64_URL /* without padding */ };
void gw_b64_put(enum gw_b64 kind, gw_span bytes, struct gw_buf *ret);
// False if malformed or longer than cap.
bool gw_b64_read(enum gw_b64 kind, gw_span text, uint8_t *ret, size_t cap,
                 size_t *ret_len);

// ---- keys as text -------------------------------------------------------
// c2sp.org/signed-note: "<name>+<8 hex of key id>+<base64(type || key)>".
enum gw_signature_type {
    GW_SIG_ED25519 = 0x01,  // over the text
    GW_SIG_ECDSA = 0x02,    // not verified here
    GW_SIG_COSIGN = 0x04,   // Ed25519 cosignature/v1, with a time
    GW_SIG_RFC6962 = 0x05,  // not verified here
    GW_SIG_ML_DSA_44 = 0x06 // known, never counted
};
enum { GW_KEY_NAME_MAX = 255, GW_VKEY_TEXT = 2304 };
struct gw_vkey {
    char name[GW_KEY_NAME_MAX + 1];
    uint32_t id; // big-endian first 4 bytes of SHA-256(name \n type key)
    enum gw_signature_type type;
    uint8_t public_key[GW_PUBLIC_LEN]; // ECDSA, ML-DSA: its SHA-256
};
// Checks name, length of the key, and that the id is the computed one.
int gw_vkey_parse(gw_span text, struct gw_vkey *ret,
                  struct gw_why *why) GW_MUSTCHECK;
// Ed25519 types only. GW_EFORMAT for a name that no key may have.
int gw_vkey_make(gw_span name, enum gw_signature_type type,
                 const uint8_t public_key[static GW_PUBLIC_LEN],
                 struct gw_vkey *ret, struct gw_why *why) GW_MUSTCHECK;
size_t gw_vkey_format(const struct gw_vkey *k, char ret_text[GW_VKEY_TEXT]);

// ---- signed notes (c2sp.org/signed-note v1.0.0) -------------------------
enum { GW_NOTE_MAX = 1 << 20, GW_NOTE_LINES_MAX = 100 };
struct gw_note_line {
    gw_span name, line; // line: whole, with its newline
    uint32_t id;
    gw_span signature; // decoded, after the key id; in the note's arena
};
struct gw_note {  // all borrowed from the bytes and the arena
    gw_span text; // what is signed, with its last newline
    size_t count;
    struct gw_note_line *lines;
};
// Strict about form; says nothing of who signed. GW_EFORMAT; GW_EPROOF for a
// signature in base64 whose unused bits are not 0: it has been touched.
int gw_note_parse(gw_span bytes, struct gw_arena *arena, struct gw_note *ret,
                  struct gw_why *why) GW_MUSTCHECK;
// The message a key of that type signs: the text itself, or for COSIGN
// "cosignature/v1\ntime <t>\n" and the text. Appends.
void gw_note_message(enum gw_signature_type type, uint64_t posix, gw_span text,
                     struct gw_buf *ret);
// 1: a line of this key, and it verifies (ret_posix: its time, 0 for type
// ED25519); 0: no line of this key, or of a type that is never counted;
// GW_EPROOF: there is one and it does not verify: reject the whole note.
int gw_note_signed_by(const struct gw_note *n, const struct gw_vkey *k,
                      uint64_t *ret_posix, struct gw_why *why) GW_MUSTCHECK;
// Appends one signature line. posix counts for COSIGN only.
int gw_note_sign(gw_span text, const struct gw_vkey *vkey,
                 const struct gw_signing_key *key, uint64_t posix,
                 struct gw_buf *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- the keyring --------------------------------------------------------
// A folder (mode 0700) with one file (0600) for each role, its format in
// docs/formats/ledger.md. A file that others can read is refused. With a
// passphrase the secret is encrypted (Argon2id, XSalsa20-Poly1305).
enum gw_role {
    GW_ROLE_LOG,     // signs checkpoints
    GW_ROLE_NEXT,    // will be the log's key; its hash is sealed beforehand
    GW_ROLE_AUTHOR,  // signs leaves
    GW_ROLE_BOX,     // opens disclosures at rest (X25519)
    GW_ROLE_WITNESS, // cosigns what it has seen to be consistent
    GW_ROLE_MIRROR,  // cosigns what it holds and has audited
    GW_ROLE_COUNT
};
const char *gw_role_name(enum gw_role role);        // "log", "next", ...
int gw_role_parse(gw_span name, enum gw_role *ret); // GW_ENOENT
struct gw_key {                                     // of one role, opened
    enum gw_role role;
    char name[GW_KEY_NAME_MAX + 1];
    struct gw_vkey vkey; // of all roles but BOX
    struct gw_signing_key signing;
    struct gw_box_key box; // BOX only
};
// Makes one; GW_EEXIST if the role has a key. passphrase may be empty.
// NEXT and LOG share the name (the log's origin).
int gw_keyring_make(const char *folder, enum gw_role role, gw_span name,
                    gw_span passphrase, struct gw_chance *chance,
                    struct gw_why *why) GW_MUSTCHECK;
// GW_ENOENT: no such key. GW_EREFUSED: the passphrase is wrong or missing, the
// secret is elsewhere, or the file can be read by others. Wipe ret with gw_wipe
// when done.
int gw_keyring_open(const char *folder, enum gw_role role, gw_span passphrase,
                    struct gw_key *ret, struct gw_why *why) GW_MUSTCHECK;
// The public half, without a passphrase: vkey, or for BOX box.public_key.
int gw_keyring_public(const char *folder, enum gw_role role, struct gw_key *ret,
                      struct gw_why *why) GW_MUSTCHECK;
// Whether a passphrase is wanted.
int gw_keyring_is_locked(const char *folder, enum gw_role role, bool *ret,
                         struct gw_why *why) GW_MUSTCHECK;
// Whether only the public half is here (gw_keyring_move, gw_keyring_take).
int gw_keyring_is_elsewhere(const char *folder, enum gw_role role, bool *ret,
                            struct gw_why *why) GW_MUSTCHECK;
// Moves the secret to another keyring, which is made if need be; what stays is
// the public half. Of LOG also the keys that it was before. Durable there
// before it is taken away here, and repeatable. GW_EEXIST: the role has another
// key there.
int gw_keyring_move(const char *folder, enum gw_role role, const char *to,
                    struct gw_why *why) GW_MUSTCHECK;
// The public halves of LOG and NEXT after a rotation elsewhere. GW_EREFUSED: a
// secret is here, or log is neither the key in force nor the one that was next.
int gw_keyring_take(const char *folder, const struct gw_vkey *log,
                    const struct gw_vkey *next,
                    struct gw_why *why) GW_MUSTCHECK;
// NEXT becomes LOG, LOG is kept as log.<key id>.key, and a new NEXT is made.
// Durable and repeatable: interrupted, a second call ends it.
int gw_keyring_rotate(const char *folder, gw_span passphrase,
                      struct gw_chance *chance,
                      struct gw_why *why) GW_MUSTCHECK;

// ---- time stamps (RFC 3161) ---------------------------------------------
// Appends a request for the SHA-256 of something; nonce 0: none (59 bytes).
void gw_tsa_request(const struct gw_hash32 *imprint, uint64_t nonce,
                    struct gw_buf *ret);
struct gw_tsa_stamp {
    struct gw_hash32 imprint;
    int64_t posix;       // genTime, whole seconds
    int64_t accuracy_ms; // 0: not stated
    bool trusted;        // chain reached one of the roots, at genTime
    char authority[256]; // subject of the certificate that signed
    char serial[72];     // hex
};
// Reads a reply or a bare token, checks its signature against the certificate
// inside (or in certificates), and against roots: PEM texts, may be empty.
// GW_EFORMAT: not one; GW_EPROOF: its signature or its chain does not hold.
// Without roots trusted is false and that is no error.
int gw_tsa_read(gw_span bytes, gw_span certificates, gw_span roots,
                struct gw_tsa_stamp *ret, struct gw_why *why) GW_MUSTCHECK;

#endif
