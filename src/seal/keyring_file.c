// A key file as text: strict, one text for each key. Argon2id (RFC 9106) and
// XSalsa20-Poly1305 keep a seed under lock.
#include "seal/keyring.h"
#include "seal/sodium.h"
#include "seal/vkey.h"

#include <assert.h>

static_assert(crypto_pwhash_SALTBYTES == LOCK_SALT &&
                  crypto_secretbox_NONCEBYTES == LOCK_NONCE &&
                  crypto_secretbox_MACBYTES + GW_SEED_LEN == LOCK_BOX,
              "the sizes of libsodium's locks");

static enum gw_signature_type type_of(enum gw_role role)
{
    bool cosigns = role == GW_ROLE_WITNESS || role == GW_ROLE_MIRROR;
    return cosigns ? GW_SIG_COSIGN : GW_SIG_ED25519;
}

static int set_name(struct keyfile *k, gw_span name, struct gw_why *why)
{
    if (name.len > GW_KEY_NAME_MAX || !gw_key_name_ok(name))
        return gw_fail(why, GW_EFORMAT,
                       "key: a name is 1 to %d bytes of UTF-8 without spaces "
                       "and '+'",
                       GW_KEY_NAME_MAX);
    memcpy(k->name, name.at, name.len);
    k->name[name.len] = 0;
    return 0;
}

static int set_vkey(struct keyfile *k, struct gw_why *why)
{
    if (k->role == GW_ROLE_BOX)
        return 0;
    return gw_vkey_make(gw_str(k->name), type_of(k->role), k->public_key,
                        &k->vkey, why);
}

static void public_of(enum gw_role role, const uint8_t seed[static GW_SEED_LEN],
                      uint8_t ret[static GW_PUBLIC_LEN])
{
    struct gw_signing_key signing;
    struct gw_box_key box;
    if (role == GW_ROLE_BOX) {
        gw_box_key_from(seed, &box);
        memcpy(ret, box.public_key, GW_PUBLIC_LEN);
        gw_wipe(&box, sizeof box);
        return;
    }
    gw_signing_key_from(seed, &signing);
    memcpy(ret, gw_signing_key_public(&signing), GW_PUBLIC_LEN);
    gw_wipe(&signing, sizeof signing);
}

int keyfile_make(enum gw_role role, gw_span name,
                 const uint8_t seed[static GW_SEED_LEN], struct keyfile *ret,
                 struct gw_why *why)
{
    memset(ret, 0, sizeof *ret);
    ret->role = role;
    int rc = set_name(ret, name, why);
    if (rc)
        return rc;
    memcpy(ret->seed, seed, GW_SEED_LEN);
    public_of(role, seed, ret->public_key);
    return set_vkey(ret, why);
}

int keyfile_public(enum gw_role role, const struct gw_vkey *vkey,
                   struct keyfile *ret, struct gw_why *why)
{
    memset(ret, 0, sizeof *ret);
    ret->role = role;
    ret->elsewhere = true;
    memcpy(ret->public_key, vkey->public_key, GW_PUBLIC_LEN);
    int rc = set_name(ret, gw_str(vkey->name), why);
    rc = rc ? rc : set_vkey(ret, why);
    if (!rc && (ret->vkey.id != vkey->id || ret->vkey.type != vkey->type))
        rc = gw_fail(why, GW_EFORMAT, "%s: not a key of role %s", vkey->name,
                     gw_role_name(role));
    return rc;
}

void keyfile_strip(struct keyfile *k)
{
    gw_wipe(k->seed, sizeof k->seed);
    gw_wipe(&k->lock, sizeof k->lock);
    k->locked = false;
    k->elsewhere = true;
}

// ---- the lock -----------------------------------------------------------
static int stretch(const struct keyfile *k, gw_span passphrase,
                   uint8_t ret[static crypto_secretbox_KEYBYTES],
                   struct gw_why *why)
{
    sodium_ready();
    if (crypto_pwhash(ret, crypto_secretbox_KEYBYTES,
                      (const char *)passphrase.at, passphrase.len, k->lock.salt,
                      k->lock.ops, k->lock.mem,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return gw_fail(why, GW_ENOMEM, "key: no %u bytes for the passphrase",
                       k->lock.mem);
    return 0;
}

int keyfile_lock(struct keyfile *k, gw_span passphrase,
                 struct gw_chance *chance, struct gw_why *why)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    k->lock.ops = crypto_pwhash_OPSLIMIT_INTERACTIVE;
    k->lock.mem = crypto_pwhash_MEMLIMIT_INTERACTIVE;
    gw_random(chance, k->lock.salt, sizeof k->lock.salt);
    gw_random(chance, k->lock.nonce, sizeof k->lock.nonce);
    int rc = stretch(k, passphrase, key, why);
    if (rc)
        return rc;
    crypto_secretbox_easy(k->lock.box, k->seed, GW_SEED_LEN, k->lock.nonce,
                          key);
    gw_wipe(key, sizeof key);
    gw_wipe(k->seed, sizeof k->seed);
    k->locked = true;
    return 0;
}

static int unlock(const struct keyfile *k, gw_span passphrase,
                  uint8_t ret[static GW_SEED_LEN], struct gw_why *why)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (!passphrase.len)
        return gw_fail(why, GW_EREFUSED, "the key is locked");
    int rc = stretch(k, passphrase, key, why);
    if (!rc && crypto_secretbox_open_easy(ret, k->lock.box, LOCK_BOX,
                                          k->lock.nonce, key) != 0)
        rc = gw_fail(why, GW_EREFUSED, "the passphrase is wrong");
    gw_wipe(key, sizeof key);
    return rc;
}

int keyfile_seed(const struct keyfile *k, gw_span passphrase,
                 uint8_t ret[static GW_SEED_LEN], struct gw_why *why)
{
    uint8_t public_key[GW_PUBLIC_LEN];
    if (k->elsewhere)
        return gw_fail(why, GW_EREFUSED, "its secret is elsewhere: --signer");
    memcpy(ret, k->seed, GW_SEED_LEN);
    int rc = k->locked ? unlock(k, passphrase, ret, why) : 0;
    if (rc)
        return rc;
    public_of(k->role, ret, public_key);
    if (memcmp(public_key, k->public_key, GW_PUBLIC_LEN) == 0)
        return 0;
    gw_wipe(ret, GW_SEED_LEN);
    return gw_fail(why, GW_ECORRUPT,
                   "the secret is not that of the public key");
}

// ---- text ---------------------------------------------------------------
static void put_b64(struct gw_buf *out, const char *before, const uint8_t *at,
                    size_t len)
{
    gw_put_str(out, before);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(at, len), out);
}

size_t keyfile_format(const struct keyfile *k,
                      uint8_t ret_text[static KEYFILE_MAX])
{
    char vkey[GW_VKEY_TEXT];
    // Has its room from the start, and the longest key fits.
    struct gw_buf out = {
        .at = ret_text, .cap = KEYFILE_MAX, .max = KEYFILE_MAX};
    gw_put_fmt(&out, "gawah-key v1\nrole %s\nname %s", gw_role_name(k->role),
               k->name);
    put_b64(&out, "\npublic ", k->public_key, sizeof k->public_key);
    if (k->role != GW_ROLE_BOX) {
        gw_vkey_format(&k->vkey, vkey);
        gw_put_fmt(&out, "\nvkey %s", vkey);
    }
    if (k->elsewhere) {
        gw_put_str(&out, "\nelsewhere");
    } else if (k->locked) {
        gw_put_fmt(&out, "\nlocked argon2id %u %u", k->lock.ops, k->lock.mem);
        put_b64(&out, " ", k->lock.salt, sizeof k->lock.salt);
        put_b64(&out, " ", k->lock.nonce, sizeof k->lock.nonce);
        put_b64(&out, " ", k->lock.box, sizeof k->lock.box);
    } else {
        put_b64(&out, "\nsecret ", k->seed, sizeof k->seed);
    }
    gw_put_u8(&out, '\n');
    return out.len;
}

// The rest of the next line, if it starts with that word.
static bool field(gw_span *rest, const char *word, gw_span *ret)
{
    gw_span after = *rest, line = gw_cut(&after, '\n');
    gw_span first = gw_cut(&line, ' ');
    if (!gw_is(first, word))
        return false;
    *ret = line;
    *rest = after;
    return true;
}

static bool read_b64(gw_span text, uint8_t *ret, size_t len)
{
    size_t n;
    return gw_b64_read(GW_B64_STANDARD, text, ret, len, &n) && n == len;
}

static int read_lock(gw_span v, struct keyfile *k, struct gw_why *why)
{
    uint64_t ops, mem;
    gw_span how = gw_cut(&v, ' '), ops_text = gw_cut(&v, ' ');
    gw_span mem_text = gw_cut(&v, ' '), salt = gw_cut(&v, ' ');
    gw_span nonce = gw_cut(&v, ' ');
    if (!gw_is(how, "argon2id"))
        return gw_fail(why, GW_EUNKNOWN, "key: not a lock that is known here");
    if (!gw_parse_uint(ops_text, LOCK_OPS_MAX, &ops) || !ops ||
        !gw_parse_uint(mem_text, LOCK_MEM_MAX, &mem) || mem < LOCK_MEM_MIN)
        return gw_fail(why, GW_ETOOBIG,
                       "key: the lock asks for other than 1 to %d passes over "
                       "%d to %d bytes",
                       LOCK_OPS_MAX, LOCK_MEM_MIN, LOCK_MEM_MAX);
    k->locked = true;
    k->lock.ops = (uint32_t)ops;
    k->lock.mem = (uint32_t)mem;
    if (!read_b64(salt, k->lock.salt, LOCK_SALT) ||
        !read_b64(nonce, k->lock.nonce, LOCK_NONCE) ||
        !read_b64(v, k->lock.box, LOCK_BOX))
        return gw_fail(why, GW_EFORMAT, "key: the lock is malformed");
    return 0;
}

static int read_fields(gw_span text, struct keyfile *k, struct gw_why *why)
{
    gw_span v;
    int rc;
    if (!gw_is(gw_cut(&text, '\n'), "gawah-key v1"))
        return gw_fail(why, GW_EUNKNOWN, "key: not a gawah-key v1");
    if (!field(&text, "role", &v) || gw_role_parse(v, &k->role))
        return gw_fail(why, GW_EFORMAT, "key: no role that is known here");
    if (!field(&text, "name", &v))
        return gw_fail(why, GW_EFORMAT, "key: no name");
    rc = set_name(k, v, why);
    if (rc)
        return rc;
    if (!field(&text, "public", &v) ||
        !read_b64(v, k->public_key, sizeof k->public_key))
        return gw_fail(why, GW_EFORMAT, "key: no public key of 32 bytes");
    rc = set_vkey(k, why);
    if (rc)
        return rc;
    if (k->role != GW_ROLE_BOX && !field(&text, "vkey", &v))
        return gw_fail(why, GW_EFORMAT, "key: no vkey");
    k->elsewhere = field(&text, "elsewhere", &v);
    if (k->elsewhere)
        return 0;
    if (field(&text, "locked", &v))
        return read_lock(v, k, why);
    if (!field(&text, "secret", &v) || !read_b64(v, k->seed, sizeof k->seed))
        return gw_fail(why, GW_EFORMAT, "key: no secret of 32 bytes");
    return 0;
}

int keyfile_parse(gw_span text, struct keyfile *ret, struct gw_why *why)
{
    uint8_t same[KEYFILE_MAX];
    memset(ret, 0, sizeof *ret);
    int rc = read_fields(text, ret, why);
    if (!rc) {
        // Catches a wrong vkey, numbers and lines too many in one go.
        size_t len = keyfile_format(ret, same);
        if (!gw_eq(text, gw_span_of(same, len)))
            rc = gw_fail(why, GW_EFORMAT,
                         "key: not as it would be written, or its vkey is not "
                         "that of its name and key");
        gw_wipe(same, sizeof same);
    }
    if (rc)
        gw_wipe(ret, sizeof *ret);
    return rc;
}
