// Running digests over OpenSSL's EVP; algorithms are fetched once per object.
#include "seal/seal.h"

#include <openssl/evp.h>

struct gw_digest {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    bool xof;
};

struct gw_digest *gw_digest_new(enum gw_digest_kind kind)
{
    static const char *const names[] = {"SHA256", "MD5", "SHAKE128", "SHA1"};
    struct gw_digest *d = gw_new(sizeof *d);
    if (!d)
        return NULL;
    d->md = EVP_MD_fetch(NULL, names[kind], NULL);
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
    return EVP_DigestUpdate(d->ctx, bytes.at, bytes.len) == 1 ? 0 : GW_ENOMEM;
}

int gw_digest_end(struct gw_digest *d, uint8_t *ret, size_t len)
{
    bool ok;
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
