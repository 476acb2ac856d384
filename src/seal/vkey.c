// Public keys as text (c2sp.org/signed-note v1.0.0, "verifier keys").
#include "seal/vkey.h"

enum {
    ED25519_BYTES = 32,
    LOG_ID_BYTES = 32, // RFC 6962: the hash of a log's key
    ML_DSA_44_BYTES = 1312,
    ECDSA_BYTES_MAX = 512, // DER of a P-521 key takes 158
    KEY_BYTES_MAX = ML_DSA_44_BYTES
};

// Bytes of the character with Unicode's White_Space property at the front of
// s, else 0. C0 controls are refused before this is asked.
static size_t space_len(gw_span s)
{
    static const char *const spaces[] = {
        " ", // U+0020
        "\xc2\x85",
        "\xc2\xa0",     // U+0085, U+00A0
        "\xe1\x9a\x80", // U+1680
        "\xe2\x80\xa8",
        "\xe2\x80\xa9", // U+2028, U+2029
        "\xe2\x80\xaf",
        "\xe2\x81\x9f", // U+202F, U+205F
        "\xe3\x80\x80", // U+3000
    };
    for (size_t i = 0; i < GW_COUNT(spaces); i++)
        if (gw_starts(s, spaces[i]))
            return strlen(spaces[i]);
    bool quad = gw_starts(s, "\xe2\x80") && s.len > 2 && s.at[2] <= 0x8a;
    return quad ? 3 : 0; // U+2000 to U+200A
}

bool gw_key_name_ok(gw_span name)
{
    if (!name.len || !gw_is_utf8(name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] < 0x20 || name.at[i] == '+' ||
            space_len(gw_sub(name, i, name.len)))
            return false;
    return true;
}

static uint32_t first_four(const struct gw_hash32 *h)
{
    return (uint32_t)h->at[0] << 24 | (uint32_t)h->at[1] << 16 |
           (uint32_t)h->at[2] << 8 | h->at[3];
}

// type_key: the type byte and the key, as the base64 holds them.
static uint32_t key_id(gw_span name, gw_span type_key)
{
    uint8_t head[GW_KEY_NAME_MAX + 1];
    struct gw_hash32 h;
    if (type_key.at[0] == GW_SIG_ECDSA) {
        h = gw_sha256(gw_sub(type_key, 1, type_key.len));
        return first_four(&h);
    }
    memcpy(head, name.at, name.len);
    head[name.len] = '\n';
    h = gw_sha256_two(gw_span_of(head, name.len + 1), type_key);
    return first_four(&h);
}

static int set_name(gw_span name, struct gw_vkey *ret, struct gw_why *why)
{
    if (!gw_key_name_ok(name) || name.len > GW_KEY_NAME_MAX)
        return gw_fail(why, GW_EFORMAT,
                       "vkey: a key's name is 1 to %d bytes of UTF-8 without "
                       "spaces and '+'",
                       GW_KEY_NAME_MAX);
    memcpy(ret->name, name.at, name.len);
    ret->name[name.len] = 0;
    return 0;
}

// Whether a key of that type may have that many bytes; GW_EUNKNOWN for types
// that no specification here gives a form.
static int check_key(gw_span type_key, struct gw_why *why)
{
    size_t len = type_key.len - 1;
    bool ok;
    switch (type_key.at[0]) {
    case GW_SIG_ED25519:
    case GW_SIG_COSIGN: ok = len == ED25519_BYTES; break;
    case GW_SIG_RFC6962: ok = len == LOG_ID_BYTES; break;
    case GW_SIG_ML_DSA_44: ok = len == ML_DSA_44_BYTES; break;
    case GW_SIG_ECDSA: ok = len && len <= ECDSA_BYTES_MAX; break;
    default:
        return gw_fail(why, GW_EUNKNOWN,
                       "vkey: signature type 0x%02x is not known",
                       type_key.at[0]);
    }
    if (!ok)
        return gw_fail(why, GW_EFORMAT,
                       "vkey: a key of type 0x%02x has not %zu bytes",
                       type_key.at[0], len);
    return 0;
}

// Ed25519 keys and log ids as they are, the hash of what is longer.
static bool keeps_key(enum gw_signature_type type)
{
    return type != GW_SIG_ECDSA && type != GW_SIG_ML_DSA_44;
}

static void set_key(gw_span type_key, struct gw_vkey *ret)
{
    gw_span key = gw_sub(type_key, 1, type_key.len);
    ret->type = (enum gw_signature_type)type_key.at[0];
    if (keeps_key(ret->type)) {
        memcpy(ret->public_key, key.at, GW_PUBLIC_LEN);
        return;
    }
    struct gw_hash32 h = gw_sha256(key);
    memcpy(ret->public_key, h.at, GW_PUBLIC_LEN);
}

static bool read_id(gw_span hex, uint32_t *ret_id)
{
    uint8_t b[4];
    for (size_t i = 0; i < hex.len; i++)
        if (hex.at[i] >= 'A' && hex.at[i] <= 'F')
            return false; // one text a key
    if (hex.len != 2 * sizeof b || !gw_unhex(hex, b))
        return false;
    *ret_id = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
              (uint32_t)b[2] << 8 | b[3];
    return true;
}

int gw_vkey_parse(gw_span text, struct gw_vkey *ret, struct gw_why *why)
{
    uint8_t bytes[1 + KEY_BYTES_MAX];
    size_t len;
    memset(ret, 0, sizeof *ret);
    // The base64 may hold '+' too: only the first two separate.
    gw_span rest = text, name = gw_cut(&rest, '+'), id = gw_cut(&rest, '+');
    int rc = set_name(name, ret, why);
    if (rc)
        return rc;
    if (!read_id(id, &ret->id))
        return gw_fail(why, GW_EFORMAT,
                       "vkey: the key id is not 8 lower-case hex digits");
    if (!gw_b64_read(GW_B64_STANDARD, rest, bytes, sizeof bytes, &len) || !len)
        return gw_fail(why, GW_EFORMAT,
                       "vkey: the key is not base64, or over "
                       "%d bytes",
                       KEY_BYTES_MAX);
    gw_span type_key = gw_span_of(bytes, len);
    rc = check_key(type_key, why);
    if (rc)
        return rc;
    uint32_t computed = key_id(name, type_key);
    if (ret->id != computed)
        return gw_fail(why, GW_EFORMAT,
                       "vkey: the key id is %08x, computed %08x", ret->id,
                       computed);
    set_key(type_key, ret);
    return 0;
}

// Type byte and key of a vkey whose public_key is the key itself.
static gw_span type_and_key(const struct gw_vkey *k,
                            uint8_t ret_bytes[1 + GW_PUBLIC_LEN])
{
    ret_bytes[0] = (uint8_t)k->type;
    memcpy(ret_bytes + 1, k->public_key, GW_PUBLIC_LEN);
    return gw_span_of(ret_bytes, 1 + GW_PUBLIC_LEN);
}

int gw_vkey_make(gw_span name, enum gw_signature_type type,
                 const uint8_t public_key[static GW_PUBLIC_LEN],
                 struct gw_vkey *ret, struct gw_why *why)
{
    uint8_t bytes[1 + GW_PUBLIC_LEN];
    memset(ret, 0, sizeof *ret);
    if (type != GW_SIG_ED25519 && type != GW_SIG_COSIGN)
        return gw_fail(why, GW_EREFUSED,
                       "vkey: keys of type 0x%02x are not made here",
                       (unsigned)type);
    int rc = set_name(name, ret, why);
    if (rc)
        return rc;
    ret->type = type;
    memcpy(ret->public_key, public_key, GW_PUBLIC_LEN);
    ret->id = key_id(name, type_and_key(ret, bytes));
    return 0;
}

size_t gw_vkey_format(const struct gw_vkey *k, char ret_text[GW_VKEY_TEXT])
{
    uint8_t bytes[1 + GW_PUBLIC_LEN];
    ret_text[0] = 0;
    if (!keeps_key(k->type))
        return 0;
    // Has room for the longest name from the start, so it cannot fail.
    struct gw_buf out = {
        .at = (uint8_t *)ret_text, .cap = GW_VKEY_TEXT, .max = GW_VKEY_TEXT};
    gw_put_fmt(&out, "%s+%08x+", k->name, k->id);
    gw_b64_put(GW_B64_STANDARD, type_and_key(k, bytes), &out);
    gw_put_u8(&out, 0);
    return out.len - 1;
}
