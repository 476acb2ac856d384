// Time stamps, and after them the certificates that are to be trusted as PEM:
// an error or a stamp that is well-formed.
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_a_stamp(const struct gw_tsa_stamp *s)
{
    must(memchr(s->authority, 0, sizeof s->authority) != NULL);
    must(memchr(s->serial, 0, sizeof s->serial) != NULL);
    for (const char *c = s->authority; *c; c++)
        must(*c >= ' ' && *c < 127);
    for (const char *c = s->serial; *c; c++)
        must(strchr("0123456789abcdef", *c) != NULL);
    must(s->accuracy_ms >= 0 && s->posix >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gw_span all = gw_span_of(data, size);
    int64_t at = gw_find(all, GW_LIT("-----BEGIN"), 0);
    size_t len = at < 0 ? size : (size_t)at;
    gw_span stamp = gw_sub(all, 0, len), pem = gw_sub(all, len, size - len);
    for (int trusting = 0; trusting < 2; trusting++) {
        struct gw_tsa_stamp s;
        struct gw_why why = {0};
        gw_span none = {0};
        int rc = gw_tsa_read(stamp, trusting ? none : pem,
                             trusting ? pem : none, &s, &why);
        must(rc == why.code && (!rc || why.text[0]));
        if (!rc) {
            must_be_a_stamp(&s);
            must(s.trusted == (trusting && pem.len > 0));
        }
    }
    return 0;
}
