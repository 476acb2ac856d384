// Sealed boxes through libsodium: X25519, XSalsa20-Poly1305, and a key pair
// made for the one box and thrown away.
#include "seal/sodium.h"

#include <assert.h>

static_assert(crypto_box_SEALBYTES == GW_BOX_OVERHEAD &&
                  crypto_box_SEEDBYTES == GW_SEED_LEN &&
                  crypto_box_PUBLICKEYBYTES == GW_PUBLIC_LEN &&
                  crypto_box_SECRETKEYBYTES == 32,
              "the sizes of libsodium's boxes");

void gw_box_key_from(const uint8_t seed[static GW_SEED_LEN],
                     struct gw_box_key *ret)
{
    crypto_box_seed_keypair(ret->public_key, ret->secret, seed);
}

int gw_box_close(const uint8_t public_key[static GW_PUBLIC_LEN], gw_span text,
                 struct gw_buf *ret, struct gw_why *why)
{
    if (text.len > SIZE_MAX - GW_BOX_OVERHEAD)
        return gw_fail(why, GW_ETOOBIG, "box: the text is too long");
    uint8_t *at = gw_buf_room(ret, text.len + GW_BOX_OVERHEAD);
    if (!at)
        return gw_fail(why, ret->err, "box: no room for %zu bytes", text.len);
    sodium_ready();
    // Fails for points of small order, with which nothing is secret.
    if (crypto_box_seal(at, text.at, text.len, public_key) != 0)
        return gw_fail(why, GW_EFORMAT, "box: not a public key to close with");
    ret->len += text.len + GW_BOX_OVERHEAD;
    return 0;
}

int gw_box_open(const struct gw_box_key *k, gw_span box, struct gw_buf *ret,
                struct gw_why *why)
{
    uint8_t nothing[1];
    if (box.len < GW_BOX_OVERHEAD)
        return gw_fail(why, GW_EFEW, "box: shorter than its %d bytes of frame",
                       GW_BOX_OVERHEAD);
    size_t len = box.len - GW_BOX_OVERHEAD;
    uint8_t *at = len ? gw_buf_room(ret, len) : nothing;
    if (!at)
        return gw_fail(why, ret->err, "box: no room for %zu bytes", len);
    sodium_ready();
    if (crypto_box_seal_open(at, box.at, box.len, k->public_key, k->secret))
        return gw_fail(why, GW_EPROOF,
                       "box: damaged, or closed for another key");
    ret->len += len;
    return 0;
}
