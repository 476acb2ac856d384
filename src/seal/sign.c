// Ed25519 (RFC 8032) through libsodium. Its verifier refuses S out of range
// (section 5.1.7) and keys and points of small order. None of this has a choice
// of implementations or draws randomness, so that sodium_init may be left out:
// what verifies can be jailed.
#include "seal/seal.h"

#include <assert.h>
#include <sodium.h>

static_assert(crypto_sign_SEEDBYTES == GW_SEED_LEN &&
                  crypto_sign_PUBLICKEYBYTES == GW_PUBLIC_LEN &&
                  crypto_sign_BYTES == GW_SIGNATURE_LEN &&
                  crypto_sign_SECRETKEYBYTES == sizeof(struct gw_signing_key),
              "libsodium's secret key is seed and public key");

void gw_signing_key_from(const uint8_t seed[static GW_SEED_LEN],
                         struct gw_signing_key *ret)
{
    uint8_t public_key[GW_PUBLIC_LEN];
    crypto_sign_seed_keypair(public_key, ret->secret, seed);
}

const uint8_t *gw_signing_key_public(const struct gw_signing_key *k)
{
    return k->secret + GW_SEED_LEN;
}

void gw_sign(const struct gw_signing_key *k, gw_span message,
             uint8_t ret[static GW_SIGNATURE_LEN])
{
    crypto_sign_detached(ret, NULL, message.at, message.len, k->secret);
}

bool gw_signature_ok(const uint8_t public_key[static GW_PUBLIC_LEN],
                     gw_span message, gw_span signature)
{
    return signature.len == GW_SIGNATURE_LEN &&
           crypto_sign_verify_detached(signature.at, message.at, message.len,
                                       public_key) == 0;
}

void gw_wipe(void *at, size_t len)
{
    sodium_memzero(at, len);
}
