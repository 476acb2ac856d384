// Proofs as files: c2sp.org/tlog-proof@v1, and the first stage of a proof in
// two stages, which has the same lines and ends with them.
#include "ledger/lines.h"

static const char tlog_head[] = "c2sp.org/tlog-proof@v1";
static const char batch_head[] = "gawah/batch-proof@v1";

enum { EXTRA_MAX = 1 << 20, FILE_MAX = GW_NOTE_MAX + 2 * EXTRA_MAX };

static int bad(struct gw_why *why, const char *rule)
{
    return gw_fail(why, GW_EFORMAT, "proof: %s", rule);
}

static int read_head(gw_span *rest, const char *head, struct gw_why *why)
{
    gw_span line;
    if (rest->len > FILE_MAX)
        return gw_fail(why, GW_ETOOBIG, "proof: over %d bytes", FILE_MAX);
    if (!gw_line_take(rest, &line) || !gw_is(line, head))
        return gw_fail(why, GW_EFORMAT, "proof: the first line is not \"%s\"",
                       head);
    return 0;
}

// What stands after "<keyword> " on the next line; false, and rest as it was,
// if that is another line.
static bool take_value(gw_span *rest, const char *keyword, gw_span *ret)
{
    gw_span after = *rest, line;
    size_t len = strlen(keyword);
    if (!gw_line_take(&after, &line) || !gw_starts(line, keyword) ||
        line.len == len || line.at[len] != ' ')
        return false;
    *rest = after;
    *ret = gw_sub(line, len + 1, line.len);
    return true;
}

static int read_number(gw_span *rest, const char *keyword, uint64_t *ret,
                       struct gw_why *why)
{
    gw_span value;
    if (!take_value(rest, keyword, &value) || !gw_size_read(value, ret))
        return gw_fail(why, GW_EFORMAT,
                       "proof: no line \"%s <decimal of at most 63 bits>\"",
                       keyword);
    return 0;
}

static int add_hash(gw_span line, struct gw_proof *ret, struct gw_why *why)
{
    if (ret->count == GW_PROOF_MAX)
        return gw_fail(why, GW_ETOOBIG, "proof: more than %d hashes",
                       GW_PROOF_MAX);
    if (!gw_hash_read(line, &ret->at[ret->count]))
        return bad(why, "a line is no base64 of 32 bytes");
    ret->count++;
    return 0;
}

static int read_extra(gw_span text, struct gw_arena *arena, gw_span *ret,
                      struct gw_why *why)
{
    size_t cap = text.len / 4 * 3, len;
    if (cap > EXTRA_MAX)
        return gw_fail(why, GW_ETOOBIG, "proof: extra over %d bytes",
                       EXTRA_MAX);
    uint8_t *bytes = gw_arena_take(arena, cap ? cap : 1);
    if (!bytes)
        return gw_fail(why, GW_ENOMEM, "proof: no memory for extra");
    if (!gw_b64_read(GW_B64_STANDARD, text, bytes, cap, &len))
        return bad(why, "extra is not base64");
    *ret = gw_span_of(bytes, len);
    return 0;
}

int gw_tlog_proof_parse(gw_span bytes, struct gw_arena *arena,
                        struct gw_tlog_proof *ret, struct gw_why *why)
{
    gw_span rest = bytes, line, extra;
    memset(ret, 0, sizeof *ret);
    int rc = read_head(&rest, tlog_head, why);
    if (!rc && take_value(&rest, "extra", &extra))
        rc = read_extra(extra, arena, &ret->extra, why);
    rc = rc ? rc : read_number(&rest, "index", &ret->index, why);
    while (!rc) {
        if (!gw_line_take(&rest, &line))
            return bad(why, "no empty line before the checkpoint");
        if (!line.len)
            break;
        rc = add_hash(line, &ret->proof, why);
    }
    if (rc)
        return rc;
    if (!rest.len)
        return bad(why, "no checkpoint");
    ret->checkpoint = rest;
    return 0;
}

static void put_hashes(const struct gw_proof *p, struct gw_buf *ret)
{
    for (size_t i = 0; i < p->count; i++)
        gw_hash_put(&p->at[i], ret);
}

void gw_tlog_proof_format(const struct gw_tlog_proof *p, struct gw_buf *ret)
{
    gw_put_fmt(ret, "%s\n", tlog_head);
    if (p->extra.at) {
        gw_put_str(ret, "extra ");
        gw_b64_put(GW_B64_STANDARD, p->extra, ret);
        gw_put_u8(ret, '\n');
    }
    gw_put_fmt(ret, "index %llu\n", (unsigned long long)p->index);
    put_hashes(&p->proof, ret);
    gw_put_u8(ret, '\n');
    gw_put_span(ret, p->checkpoint);
}

int gw_batch_proof_parse(gw_span bytes, struct gw_batch_proof *ret,
                         struct gw_why *why)
{
    gw_span rest = bytes, root, line;
    memset(ret, 0, sizeof *ret);
    int rc = read_head(&rest, batch_head, why);
    rc = rc ? rc : read_number(&rest, "index", &ret->index, why);
    rc = rc ? rc : read_number(&rest, "size", &ret->size, why);
    if (rc)
        return rc;
    if (ret->index >= ret->size)
        return bad(why, "the index is not below the size");
    if (!take_value(&rest, "root", &root) || !gw_hash_read(root, &ret->root))
        return bad(why, "no line \"root <base64 of 32 bytes>\"");
    while (rest.len) {
        if (!gw_line_take(&rest, &line))
            return bad(why, "no newline at the end");
        rc = add_hash(line, &ret->proof, why);
        if (rc)
            return rc;
    }
    return 0;
}

void gw_batch_proof_format(const struct gw_batch_proof *p, struct gw_buf *ret)
{
    gw_put_fmt(ret, "%s\nindex %llu\nsize %llu\nroot ", batch_head,
               (unsigned long long)p->index, (unsigned long long)p->size);
    gw_hash_put(&p->root, ret);
    put_hashes(&p->proof, ret);
}
