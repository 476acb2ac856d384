// Strict base64 (RFC 4648 sections 4 and 5) through libsodium, whose time does
// not depend on the bytes: seeds pass here too.
#include "seal/seal.h"

#include <sodium.h>

static int variant(enum gw_b64 kind)
{
    return kind == GW_B64_URL ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
                              : sodium_base64_VARIANT_ORIGINAL;
}

void gw_b64_put(enum gw_b64 kind, gw_span bytes, struct gw_buf *ret)
{
    enum { STEP = 48 }; // a multiple of 3: no padding but at the end
    char text[STEP / 3 * 4 + 1];
    for (size_t i = 0; i < bytes.len; i += STEP) {
        gw_span part = gw_sub(bytes, i, STEP);
        sodium_bin2base64(text, sizeof text, part.at, part.len, variant(kind));
        gw_put_str(ret, text);
    }
    gw_wipe(text, sizeof text);
}

// libsodium 1.0.18 takes bytes from 0x80 up for one of the alphabet where char
// is signed; that would be a second text for a value.
static bool is_ascii(gw_span text)
{
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++)
        any |= text.at[i];
    return any < 0x80;
}

bool gw_b64_read(enum gw_b64 kind, gw_span text, uint8_t *ret, size_t cap,
                 size_t *ret_len)
{
    *ret_len = 0;
    if (!text.len)
        return true;
    return is_ascii(text) &&
           sodium_base642bin(ret, cap, (const char *)text.at, text.len, NULL,
                             ret_len, NULL, variant(kind)) == 0;
}
