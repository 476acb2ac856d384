// Keys as text: what parses and is written again is the same text.
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_vkey k;
    char text[GW_VKEY_TEXT];
    gw_span whole = gw_span_of(data, size);
    if (gw_vkey_parse(whole, &k, NULL))
        return 0;
    size_t len = gw_vkey_format(&k, text);
    bool only_hash = k.type == GW_SIG_ECDSA || k.type == GW_SIG_ML_DSA_44;
    if (only_hash ? len != 0 : !gw_eq(gw_span_of(text, len), whole))
        abort();
    return 0;
}
