// OpenTimestamps proofs: whatever the bytes are, an error or attestations
// within the limits of the format.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_an_attestation(const struct gw_ots_attestation *a)
{
    static const uint8_t zero[64];
    must(a->message_len <= sizeof a->message);
    must(memcmp(a->message + a->message_len, zero,
                sizeof zero - a->message_len) == 0);
    must(memchr(a->calendar, 0, sizeof a->calendar) != NULL);
    must(a->kind <= GW_OTS_UNKNOWN);
    must(a->kind == GW_OTS_PENDING || !a->calendar[0]);
    must(a->kind == GW_OTS_BITCOIN || a->kind == GW_OTS_LITECOIN || !a->height);
    for (const char *c = a->calendar; *c; c++)
        must(*c > ' ' && *c < 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *a = gw_arena_new(1 << 20);
    struct gw_ots o;
    struct gw_why why = {0};
    must(a != NULL);
    int rc = gw_ots_read(gw_span_of(data, size), a, &o, &why);
    must(rc == why.code && (!rc || why.text[0]));
    if (!rc) {
        must(o.count > 0 && o.count <= 256);
        must(o.imprint_len == 20 || o.imprint_len == 32);
        for (size_t i = 0; i < o.count; i++)
            must_be_an_attestation(&o.attestations[i]);
    }
    if (size >= 80) {
        struct gw_hash32 root, hash;
        int64_t posix;
        rc =
            gw_bitcoin_header(gw_span_of(data, 80), &root, &hash, &posix, NULL);
        must(rc <= 0 && posix >= 0);
    }
    gw_arena_free(a);
    return 0;
}
