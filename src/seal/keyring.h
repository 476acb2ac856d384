// The parts of the keyring: a key file as text, and the folder it lies in.
// Private to this room; docs/formats/ledger.md has the format.
#ifndef GW_SEAL_KEYRING_H
#define GW_SEAL_KEYRING_H

#include "seal/seal.h"

enum {
    KEYFILE_MAX = 2048, // the longest name and a lock take some 900 bytes
    LOCK_SALT = 16,
    LOCK_NONCE = 24,
    LOCK_BOX = GW_SEED_LEN + 16
};
// What a file may ask of whoever opens it: seconds and a quarter of a GiB.
enum { LOCK_OPS_MAX = 8, LOCK_MEM_MIN = 8 << 10, LOCK_MEM_MAX = 256 << 20 };

struct keyfile {
    enum gw_role role;
    char name[GW_KEY_NAME_MAX + 1];
    uint8_t public_key[GW_PUBLIC_LEN];
    struct gw_vkey vkey;       // all roles but BOX
    bool locked, elsewhere;    // elsewhere: only the public half is here
    uint8_t seed[GW_SEED_LEN]; // neither locked nor elsewhere
    struct {                   // locked
        uint32_t ops, mem;     // as Argon2id is asked; mem in bytes
        uint8_t salt[LOCK_SALT], nonce[LOCK_NONCE], box[LOCK_BOX];
    } lock;
};

// A new key of that seed, not locked. GW_EFORMAT: no key may have that name.
int keyfile_make(enum gw_role role, gw_span name,
                 const uint8_t seed[static GW_SEED_LEN], struct keyfile *ret,
                 struct gw_why *why) GW_MUSTCHECK;
// The public half of a key, without its secret.
int keyfile_public(enum gw_role role, const struct gw_vkey *vkey,
                   struct keyfile *ret, struct gw_why *why) GW_MUSTCHECK;
// Takes the secret out.
void keyfile_strip(struct keyfile *k);
// Puts the seed under lock.
int keyfile_lock(struct keyfile *k, gw_span passphrase,
                 struct gw_chance *chance, struct gw_why *why) GW_MUSTCHECK;
// The seed, checked against the public key.
int keyfile_seed(const struct keyfile *k, gw_span passphrase,
                 uint8_t ret[static GW_SEED_LEN],
                 struct gw_why *why) GW_MUSTCHECK;
// There is one text for each key: what is read is what would be written.
int keyfile_parse(gw_span text, struct keyfile *ret,
                  struct gw_why *why) GW_MUSTCHECK;
size_t keyfile_format(const struct keyfile *k,
                      uint8_t ret_text[static KEYFILE_MAX]);

// An open folder, locked against other makers of keys.
struct keydir {
    int fd;
    const char *path; // for messages
};
// GW_ENOENT, or makes it; GW_EBUSY: somebody else works on it.
int keydir_open(const char *path, bool make, struct keydir *ret,
                struct gw_why *why) GW_MUSTCHECK;
void keydir_close(struct keydir *d);
// GW_ENOENT: no such file. GW_EREFUSED: others can read it.
int keyfile_read(const char *folder, const char *file, struct keyfile *ret,
                 struct gw_why *why) GW_MUSTCHECK;
// Appears whole or not at all, with mode 0600, and stays.
int keyfile_write(const struct keydir *d, const char *file,
                  const struct keyfile *k, struct gw_why *why) GW_MUSTCHECK;
int keyfile_remove(const struct keydir *d, const char *file,
                   struct gw_why *why) GW_MUSTCHECK;

#endif
