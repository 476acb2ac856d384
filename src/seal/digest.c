// Running digests over OpenSSL's EVP; algorithms are fetched once per object.
// Keccak-256, which OpenSSL does not have, is our own.
#include "seal/keccak.h"

#include <openssl/evp.h>

struct gw_digest {
    EVP_MD *md; // NULL: keccak
    EVP_MD_CTX *ctx;
    bool xof;
    struct keccak keccak;
};

static const char *name_of(enum gw_digest_kind kind)
{
    switch (kind) {
    case GW_DIGEST_SHA256: return "SHA256";
    case GW_DIGEST_MD5: return "MD5";
    case GW_DIGEST_SHAKE128: return "SHAKE128";
    case GW_DIGEST_SHA1: return "SHA1";
    case GW_DIGEST_RIPEMD160: return "RIPEMD160";
    case GW_DIGEST_KECCAK256: break;
    }
    return NULL;
}

struct gw_digest *gw_digest_new(enum gw_digest_kind kind)
{
    struct gw_digest *d = gw_new(sizeof *d);
    const char *name = name_of(kind);
    if (!d || !name)
        return d;
    d->md = EVP_MD_fetch(NULL, name, NULL);
    d->ctx = EVP_MD_CTX_new();
    d->xof = kind == GW_DIGEST_SHAKE128;
    if (!d->md || !d->ctx || EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1) {
        gw_digest_free(d);
        return NULL;
    }
    return d;
}

int gw_digest_add(struct gw_digest *d, gw_span bytes)
{
    if (!d->md) {
        keccak_add(&d->keccak, bytes);
        return 0;
    }
    return EVP_DigestUpdate(d->ctx, bytes.at, bytes.len) == 1 ? 0 : GW_ENOMEM;
}

static int end_keccak(struct gw_digest *d, uint8_t *ret, size_t len)
{
    if (len != 32)
        return GW_ENOMEM;
    keccak_end(&d->keccak, KECCAK_PAD, ret);
    return 0;
}

int gw_digest_end(struct gw_digest *d, uint8_t *ret, size_t len)
{
    bool ok;
    if (!d->md)
        return end_keccak(d, ret, len);
    if (d->xof) {
        ok = EVP_DigestFinalXOF(d->ctx, ret, len) == 1;
    } else {
        unsigned n = 0;
        ok = (size_t)EVP_MD_get_size(d->md) == len &&
             EVP_DigestFinal_ex(d->ctx, ret, &n) == 1;
    }
    return ok && EVP_DigestInit_ex2(d->ctx, d->md, NULL) == 1 ? 0 : GW_ENOMEM;
}

void gw_digest_free(struct gw_digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->md);
    gw_free(d);
}

int gw_digest_once(struct gw_digest *d, gw_span bytes, uint8_t *ret, size_t len)
{
    int rc = gw_digest_add(d, bytes);
    return rc ? rc : gw_digest_end(d, ret, len);
}
