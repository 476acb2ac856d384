// Reading OpenTimestamps proofs: which attestations of which blocks, and what
// those blocks must contain. What the blocks say is gw_bitcoin_header's matter.
#include "ledger/ots.h"

static const uint8_t magic[] = {0x00, 'O',  'p',  'e',  'n',  'T',  'i',  'm',
                                'e',  's',  't',  'a',  'm',  'p',  's',  0x00,
                                0x00, 'P',  'r',  'o',  'o',  'f',  0x00, 0xbf,
                                0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94};

bool gw_ots_digest(uint8_t tag, enum gw_digest_kind *ret, size_t *ret_len)
{
    static const struct {
        uint8_t tag;
        enum gw_digest_kind kind;
        size_t len;
    } known[] = {{0x02, GW_DIGEST_SHA1, 20},
                 {0x03, GW_DIGEST_RIPEMD160, 20},
                 {0x08, GW_DIGEST_SHA256, 32},
                 {0x67, GW_DIGEST_KECCAK256, 32}};
    for (size_t i = 0; i < GW_COUNT(known); i++)
        if (known[i].tag == tag) {
            *ret = known[i].kind;
            *ret_len = known[i].len;
            return true;
        }
    return false;
}

gw_span gw_ots_bytes(struct gw_reader *r, size_t min, size_t max)
{
    uint64_t len = gw_read_varint(r);
    if (!r->err && (len < min || len > max))
        r->err = GW_EFORMAT;
    return gw_read_span(r, (size_t)len);
}

int gw_ots_bad(const struct gw_reader *r, struct gw_why *why)
{
    return gw_fail(why, r->err, "ots, byte %zu: %s", r->pos,
                   r->err == GW_EFORMAT ? "a length no rule allows"
                                        : gw_strerror(r->err));
}

// Magic, version, the digest of the file, then the tree and nothing else.
static int read_head(struct gw_reader *r, struct gw_ots *ret,
                     struct gw_why *why)
{
    gw_span start = gw_read_span(r, sizeof magic);
    if (!gw_eq(start, gw_span_of(magic, sizeof magic)))
        return gw_fail(why, GW_EFORMAT, "ots: not an OpenTimestamps proof");
    uint64_t version = gw_read_varint(r);
    if (!r->err && version != 1)
        return gw_fail(why, GW_EUNKNOWN, "ots: version %llu is not known here",
                       (unsigned long long)version);
    uint8_t tag = gw_read_u8(r);
    if (!r->err && !gw_ots_digest(tag, &ret->digest, &ret->imprint_len))
        return gw_fail(why, GW_EFORMAT, "ots: 0x%02x is no digest of a file",
                       tag);
    gw_span imprint = gw_read_span(r, ret->imprint_len);
    if (r->err)
        return gw_ots_bad(r, why);
    memcpy(ret->imprint, imprint.at, imprint.len);
    return 0;
}

static int keep(const struct gw_buf *found, struct gw_arena *arena,
                struct gw_ots *ret, struct gw_why *why)
{
    ret->count = found->len / sizeof *ret->attestations;
    ret->attestations =
        gw_arena_take_n(arena, ret->count, sizeof *ret->attestations);
    if (!ret->attestations)
        return gw_fail(why, GW_ENOMEM, "ots: no room");
    memcpy(ret->attestations, found->at, found->len);
    return 0;
}

int gw_ots_read(gw_span bytes, struct gw_arena *arena, struct gw_ots *ret,
                struct gw_why *why)
{
    struct gw_reader r = gw_reader_on(bytes);
    struct gw_buf found;
    if (bytes.len > OTS_MAX)
        return gw_fail(why, GW_ETOOBIG, "ots: over %d bytes", OTS_MAX);
    *ret = (struct gw_ots){0};
    gw_buf_init(&found,
                OTS_ATTESTATIONS_MAX * sizeof(struct gw_ots_attestation));
    int rc = read_head(&r, ret, why);
    rc = rc ? rc
            : gw_ots_walk(&r, gw_span_of(ret->imprint, ret->imprint_len),
                          &found, why);
    if (!rc && gw_reader_left(&r))
        rc = gw_fail(why, GW_EFORMAT, "ots, byte %zu: bytes after the tree",
                     r.pos);
    rc = rc ? rc : keep(&found, arena, ret, why);
    gw_buf_release(&found);
    return rc;
}
