// Any bytes, read as a key file. What is read is one key and its only text,
// and a secret that does not belong to the public key is found.
#include "seal/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t text[KEYFILE_MAX], seed[GW_SEED_LEN];
    struct keyfile k;
    struct gw_why why = {0};
    gw_span in = gw_span_of(data, size);
    int rc = keyfile_parse(in, &k, &why);
    must(rc ? rc < 0 && why.code == rc && why.text[0] : !why.code);
    if (rc)
        return 0;
    size_t len = keyfile_format(&k, text);
    must(gw_eq(in, gw_span_of(text, len)));
    must(k.name[0] && k.role < GW_ROLE_COUNT);
    if (k.locked) {
        must(k.lock.ops <= LOCK_OPS_MAX && k.lock.mem <= LOCK_MEM_MAX);
        must(keyfile_seed(&k, (gw_span){0}, seed, NULL) == GW_EREFUSED);
    } else {
        rc = keyfile_seed(&k, (gw_span){0}, seed, NULL);
        must(rc == 0 || rc == GW_ECORRUPT);
    }
    return 0;
}
