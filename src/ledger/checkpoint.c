// Checkpoints (c2sp.org/tlog-checkpoint v1.0.0): origin, size and root of a
// tree as the text of a note, and the lines that its formats share.
#include "ledger/lines.h"

bool gw_line_take(gw_span *rest, gw_span *ret_line)
{
    const uint8_t *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *ret_line = gw_cut(rest, '\n');
    return true;
}

bool gw_size_read(gw_span s, uint64_t *ret_size)
{
    if (s.len > 1 && s.at[0] == '0')
        return false;
    return gw_parse_uint(s, INT64_MAX, ret_size);
}

bool gw_hash_read(gw_span s, struct gw_hash32 *ret_hash)
{
    size_t len;
    return gw_b64_read(GW_B64_STANDARD, s, ret_hash->at, GW_HASH_LEN, &len) &&
           len == GW_HASH_LEN;
}

void gw_hash_put(const struct gw_hash32 *hash, struct gw_buf *ret)
{
    gw_b64_put(GW_B64_STANDARD, gw_span_of(hash->at, GW_HASH_LEN), ret);
    gw_put_u8(ret, '\n');
}

// What a note's text may hold. Asked here too, because a signer is given the
// bare text, and what it signs must be what others can read.
static bool only_text(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 0x20 && s.at[i] != '\n')
            return false;
    return gw_is_utf8(s);
}

static int read_origin(gw_span line, struct gw_checkpoint *ret,
                       struct gw_why *why)
{
    if (!line.len || line.len > GW_KEY_NAME_MAX)
        return gw_fail(why, GW_EFORMAT,
                       "checkpoint: origin is empty or over %d bytes",
                       GW_KEY_NAME_MAX);
    memcpy(ret->origin, line.at, line.len);
    ret->origin[line.len] = 0;
    return 0;
}

static int read_tree(gw_span size, gw_span root, struct gw_checkpoint *ret,
                     struct gw_why *why)
{
    if (!gw_size_read(size, &ret->size))
        return gw_fail(why, GW_EFORMAT,
                       "checkpoint: size is no decimal of at most 63 bits");
    if (!gw_hash_read(root, &ret->root))
        return gw_fail(why, GW_EFORMAT,
                       "checkpoint: root is no base64 of 32 bytes");
    const struct gw_hash32 empty = gw_sha256((gw_span){0});
    if (!ret->size && !gw_hash32_eq(&ret->root, &empty))
        return gw_fail(why, GW_EFORMAT,
                       "checkpoint: size 0 without the empty tree's root");
    return 0;
}

int gw_checkpoint_parse(gw_span text, struct gw_checkpoint *ret,
                        struct gw_why *why)
{
    gw_span rest = text, origin, size, root, extension;
    memset(ret, 0, sizeof *ret);
    if (text.len > GW_NOTE_MAX)
        return gw_fail(why, GW_ETOOBIG, "checkpoint: over %d bytes",
                       GW_NOTE_MAX);
    if (!only_text(text))
        return gw_fail(why, GW_EFORMAT,
                       "checkpoint: not UTF-8, or a control character");
    if (!gw_line_take(&rest, &origin) || !gw_line_take(&rest, &size) ||
        !gw_line_take(&rest, &root))
        return gw_fail(why, GW_EFORMAT, "checkpoint: fewer than three lines");
    int rc = read_origin(origin, ret, why);
    rc = rc ? rc : read_tree(size, root, ret, why);
    if (rc)
        return rc;
    while (rest.len)
        if (!gw_line_take(&rest, &extension) || !extension.len)
            return gw_fail(why, GW_EFORMAT,
                           "checkpoint: an extension line is empty or has no "
                           "newline");
    return 0;
}

void gw_checkpoint_format(const struct gw_checkpoint *c, struct gw_buf *ret)
{
    gw_put_fmt(ret, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    gw_hash_put(&c->root, ret);
}
