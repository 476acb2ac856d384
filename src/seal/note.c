// Signed notes (c2sp.org/signed-note v1.0.0) and timestamped cosignatures of
// them (c2sp.org/tlog-cosignature v1.0.1, "cosignature/v1").
#include "seal/vkey.h"

static const char line_start[] = "\xe2\x80\x94 "; // em dash, space

enum {
    ID_LEN = 4,
    TIME_LEN = 8, // ahead of a cosignature's 64 bytes
    COSIGNATURE_HEAD = 64
};

static uint64_t read_be(gw_span s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | s.at[i];
    return v;
}

static void put_be(uint8_t *at, size_t len, uint64_t v)
{
    for (size_t i = len; i--; v >>= 8)
        at[i] = (uint8_t)v;
}

// Offset of the last empty line's newline (the one after the text's), or -1.
static int64_t last_empty_line(gw_span s)
{
    for (size_t i = s.len; i-- > 1;)
        if (s.at[i] == '\n' && s.at[i - 1] == '\n')
            return (int64_t)i;
    return -1;
}

static int check_bytes(gw_span s, struct gw_why *why)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 0x20 && s.at[i] != '\n')
            return gw_fail(why, GW_EFORMAT,
                           "note: control character 0x%02x at byte %zu",
                           s.at[i], i);
    if (!gw_is_utf8(s))
        return gw_fail(why, GW_EFORMAT, "note: not UTF-8");
    return 0;
}

// The text with its newline; ret_lines is what is after the empty line.
static int split(gw_span s, gw_span *ret_text, gw_span *ret_lines,
                 struct gw_why *why)
{
    int64_t at = last_empty_line(s);
    if (at < 0)
        return gw_fail(why, GW_EFORMAT,
                       "note: no empty line before the signatures");
    *ret_text = gw_sub(s, 0, (size_t)at);
    *ret_lines = gw_sub(s, (size_t)at + 1, s.len);
    if (!ret_lines->len)
        return gw_fail(why, GW_EFORMAT, "note: no signature line");
    if (s.at[s.len - 1] != '\n')
        return gw_fail(why, GW_EFORMAT, "note: no newline at the end");
    return 0;
}

static size_t count_lines(gw_span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == '\n';
    return n;
}

// Base64 but for bits past the end that should be 0: a signature that was
// touched, and not a line of another form.
static bool has_stray_bits(gw_span text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    size_t pads = gw_ends(text, "==") ? 2 : gw_ends(text, "=") ? 1 : 0;
    if (text.len % 4 || text.len < 4)
        return false;
    for (size_t i = 0; i < text.len - pads; i++)
        if (!text.at[i] || !strchr(digits, text.at[i]))
            return false;
    const char *last = strchr(digits, text.at[text.len - pads - 1]);
    return pads && ((last - digits) & (pads == 2 ? 15 : 3)) != 0;
}

static int read_signature(gw_span text, struct gw_arena *arena,
                          struct gw_note_line *ret, struct gw_why *why)
{
    size_t cap = text.len / 4 * 3, len;
    uint8_t *bytes = gw_arena_take(arena, cap ? cap : 1);
    if (!bytes)
        return gw_fail(why, GW_ENOMEM, "note: no memory for a signature");
    if (!gw_b64_read(GW_B64_STANDARD, text, bytes, cap, &len))
        return has_stray_bits(text)
                   ? gw_fail(why, GW_EPROOF,
                             "note: a signature has stray bits at its end")
                   : gw_fail(why, GW_EFORMAT,
                             "note: a signature is not base64");
    if (len <= ID_LEN)
        return gw_fail(why, GW_EFORMAT, "note: a signature is too short");
    ret->id = (uint32_t)read_be(gw_span_of(bytes, ID_LEN));
    ret->signature = gw_span_of(bytes + ID_LEN, len - ID_LEN);
    return 0;
}

// One line, with its newline.
static int read_line(gw_span line, struct gw_arena *arena,
                     struct gw_note_line *ret, struct gw_why *why)
{
    const size_t start = sizeof line_start - 1;
    if (!gw_starts(line, line_start))
        return gw_fail(why, GW_EFORMAT,
                       "note: a signature line does not begin with an em dash "
                       "and a space");
    gw_span rest = gw_sub(line, start, line.len - start - 1);
    ret->line = line;
    ret->name = gw_cut(&rest, ' ');
    if (!gw_key_name_ok(ret->name))
        return gw_fail(why, GW_EFORMAT,
                       "note: a signature line without a valid key name");
    return read_signature(rest, arena, ret, why);
}

int gw_note_parse(gw_span bytes, struct gw_arena *arena, struct gw_note *ret,
                  struct gw_why *why)
{
    gw_span rest;
    memset(ret, 0, sizeof *ret);
    if (bytes.len > GW_NOTE_MAX)
        return gw_fail(why, GW_ETOOBIG, "note: over %d bytes", GW_NOTE_MAX);
    int rc = check_bytes(bytes, why);
    rc = rc ? rc : split(bytes, &ret->text, &rest, why);
    if (rc)
        return rc;
    size_t count = count_lines(rest);
    if (count > GW_NOTE_LINES_MAX)
        return gw_fail(why, GW_ETOOBIG, "note: over %d signature lines",
                       GW_NOTE_LINES_MAX);
    ret->lines = gw_arena_take_n(arena, count, sizeof *ret->lines);
    if (!ret->lines)
        return gw_fail(why, GW_ENOMEM, "note: no memory for its lines");
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = rest.at;
        size_t len = gw_cut(&rest, '\n').len + 1;
        rc = read_line(gw_span_of(at, len), arena, &ret->lines[i], why);
        if (rc)
            return gw_within(why, "line %zu of the signatures", i + 1), rc;
    }
    ret->count = count;
    return 0;
}

void gw_note_message(enum gw_signature_type type, uint64_t posix, gw_span text,
                     struct gw_buf *ret)
{
    if (type == GW_SIG_COSIGN)
        gw_put_fmt(ret, "cosignature/v1\ntime %llu\n",
                   (unsigned long long)posix);
    gw_put_span(ret, text);
}

// Whether one line of that key holds; posix is its time.
static int check_line(gw_span text, const struct gw_vkey *k,
                      const struct gw_note_line *line, uint64_t *ret_posix,
                      struct gw_why *why)
{
    gw_span signature = line->signature;
    *ret_posix = 0;
    if (k->type == GW_SIG_COSIGN) {
        *ret_posix = read_be(gw_sub(signature, 0, TIME_LEN));
        signature = gw_sub(signature, TIME_LEN, signature.len);
    }
    bool ok = signature.len == GW_SIGNATURE_LEN && *ret_posix <= INT64_MAX;
    struct gw_buf message;
    gw_buf_init(&message, text.len + COSIGNATURE_HEAD);
    if (ok)
        gw_note_message(k->type, *ret_posix, text, &message);
    int err = message.err;
    ok = ok && !err &&
         gw_signature_ok(k->public_key, gw_buf_span(&message), signature);
    gw_buf_release(&message);
    if (err)
        return gw_fail(why, err, "note: no memory for what was signed");
    if (!ok)
        return gw_fail(why, GW_EPROOF,
                       "note: the signature by %s+%08x does not verify",
                       k->name, k->id);
    return 0;
}

int gw_note_signed_by(const struct gw_note *n, const struct gw_vkey *k,
                      uint64_t *ret_posix, struct gw_why *why)
{
    bool found = false;
    uint64_t earliest = UINT64_MAX;
    *ret_posix = 0;
    if (k->type != GW_SIG_ED25519 && k->type != GW_SIG_COSIGN)
        return 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct gw_note_line *line = &n->lines[i];
        uint64_t posix;
        if (line->id != k->id || !gw_is(line->name, k->name))
            continue;
        int rc = check_line(n->text, k, line, &posix, why);
        if (rc)
            return rc;
        found = true;
        earliest = posix < earliest ? posix : earliest;
    }
    if (found)
        *ret_posix = earliest;
    return found;
}

static int may_sign(gw_span text, const struct gw_vkey *vkey,
                    const struct gw_signing_key *key, uint64_t posix,
                    struct gw_why *why)
{
    if (vkey->type != GW_SIG_ED25519 && vkey->type != GW_SIG_COSIGN)
        return gw_fail(why, GW_EREFUSED,
                       "note: keys of type 0x%02x do not sign here",
                       (unsigned)vkey->type);
    if (memcmp(gw_signing_key_public(key), vkey->public_key, GW_PUBLIC_LEN))
        return gw_fail(why, GW_EREFUSED,
                       "note: the secret key is not that of %s+%08x",
                       vkey->name, vkey->id);
    if (posix > INT64_MAX)
        return gw_fail(why, GW_EFORMAT, "note: a time over 63 bits");
    if (!text.len || text.at[text.len - 1] != '\n')
        return gw_fail(why, GW_EFORMAT,
                       "note: the text does not end with a newline");
    if (text.len > GW_NOTE_MAX)
        return gw_fail(why, GW_ETOOBIG, "note: over %d bytes", GW_NOTE_MAX);
    return check_bytes(text, why);
}

static void put_line(const struct gw_vkey *vkey, uint64_t posix,
                     const uint8_t signature[static GW_SIGNATURE_LEN],
                     struct gw_buf *ret)
{
    uint8_t bytes[ID_LEN + TIME_LEN + GW_SIGNATURE_LEN];
    size_t len = ID_LEN;
    put_be(bytes, ID_LEN, vkey->id);
    if (vkey->type == GW_SIG_COSIGN) {
        put_be(bytes + len, TIME_LEN, posix);
        len += TIME_LEN;
    }
    memcpy(bytes + len, signature, GW_SIGNATURE_LEN);
    gw_put_fmt(ret, "%s%s ", line_start, vkey->name);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(bytes, len + GW_SIGNATURE_LEN), ret);
    gw_put_u8(ret, '\n');
}

int gw_note_sign(gw_span text, const struct gw_vkey *vkey,
                 const struct gw_signing_key *key, uint64_t posix,
                 struct gw_buf *ret, struct gw_why *why)
{
    int rc = may_sign(text, vkey, key, posix, why);
    if (rc)
        return rc;
    uint8_t signature[GW_SIGNATURE_LEN];
    struct gw_buf message;
    gw_buf_init(&message, text.len + COSIGNATURE_HEAD);
    gw_note_message(vkey->type, posix, text, &message);
    rc = message.err;
    if (!rc) {
        gw_sign(key, gw_buf_span(&message), signature);
        put_line(vkey, posix, signature, ret);
        rc = ret->err;
    }
    gw_buf_release(&message);
    return rc ? gw_fail(why, rc, "note: no room for a signature line") : 0;
}
