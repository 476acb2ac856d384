// The tree of an OpenTimestamps proof: operations that turn the stamped
// digest into what a calendar or a block holds. A loop and a stack of the
// branches still to come, so that depth costs no C stack.
#include "ledger/ots.h"

enum { TAG_LEN = 8, DIGEST_KINDS = GW_DIGEST_KECCAK256 + 1 };
enum {
    OTS_ATTESTATION = 0x00,
    OTS_APPEND = 0xf0,
    OTS_PREPEND = 0xf1,
    OTS_REVERSE = 0xf2,
    OTS_HEXLIFY = 0xf3,
    OTS_BRANCH = 0xff
};

struct message {
    size_t len, depth; // depth: of its node
    uint8_t at[OTS_MESSAGE_MAX];
};
// A branch on the stack; its message stands in the buffer before it.
struct branch {
    size_t len, depth;
};

struct walk {
    struct gw_reader *r;
    struct gw_why *why;
    struct gw_buf *found;
    struct gw_buf stack;
    struct gw_digest *digests[DIGEST_KINDS]; // made when first wanted
    struct message now, next;
};

static int bad(const struct walk *w, const char *rule)
{
    return gw_fail(w->why, GW_EFORMAT, "ots, byte %zu: %s", w->r->pos, rule);
}

// ---- attestations -------------------------------------------------------
static int read_calendar(struct walk *w, gw_span payload,
                         struct gw_ots_attestation *a)
{
    struct gw_reader r = gw_reader_on(payload);
    gw_span uri = gw_ots_bytes(&r, 0, OTS_URI_MAX);
    if (r.err || gw_reader_left(&r))
        return bad(w, "no address of a calendar");
    for (size_t i = 0; i < uri.len; i++) {
        uint8_t c = uri.at[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '-' && c <= ':') || c == '_'; // - . / 0-9 :
        if (!ok)
            return bad(w, "no address of a calendar");
        a->calendar[i] = (char)c;
    }
    return 0;
}

static int read_height(struct walk *w, gw_span payload,
                       struct gw_ots_attestation *a)
{
    struct gw_reader r = gw_reader_on(payload);
    a->height = gw_read_varint(&r);
    return r.err || gw_reader_left(&r) ? bad(w, "no height of a block") : 0;
}

static int read_attestation(struct walk *w)
{
    static const uint8_t tags[][TAG_LEN] = {
        [GW_OTS_PENDING] = {0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e},
        [GW_OTS_BITCOIN] = {0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01},
        [GW_OTS_LITECOIN] = {0x06, 0x86, 0x9a, 0x0d, 0x73, 0xd7, 0x1b, 0x45},
    };
    struct gw_ots_attestation a = {.kind = GW_OTS_PENDING};
    gw_span tag = gw_read_span(w->r, TAG_LEN);
    gw_span payload = gw_ots_bytes(w->r, 0, OTS_PAYLOAD_MAX);
    int rc = 0;
    if (w->r->err)
        return gw_ots_bad(w->r, w->why);
    while (a.kind != GW_OTS_UNKNOWN && memcmp(tag.at, tags[a.kind], TAG_LEN))
        a.kind++;
    if (a.kind == GW_OTS_PENDING)
        rc = read_calendar(w, payload, &a);
    else if (a.kind != GW_OTS_UNKNOWN)
        rc = read_height(w, payload, &a);
    if (w->now.len <= sizeof a.message) { // else no block or calendar has it
        memcpy(a.message, w->now.at, w->now.len);
        a.message_len = w->now.len;
    }
    gw_put(w->found, &a, sizeof a);
    if (!rc && w->found->err)
        rc = gw_fail(w->why, w->found->err, "ots: %s, %d attestations",
                     gw_strerror(w->found->err), OTS_ATTESTATIONS_MAX);
    return rc;
}

// ---- operations ---------------------------------------------------------
static int digest(struct walk *w, enum gw_digest_kind kind, size_t len)
{
    if (!w->digests[kind])
        w->digests[kind] = gw_digest_new(kind);
    w->next.len = len;
    return w->digests[kind] &&
                   !gw_digest_once(w->digests[kind],
                                   gw_span_of(w->now.at, w->now.len),
                                   w->next.at, len)
               ? 0
               : gw_fail(w->why, GW_ENOMEM, "ots: no digest to be had");
}

static int join(struct walk *w, bool prepend)
{
    gw_span arg = gw_ots_bytes(w->r, 1, OTS_MESSAGE_MAX);
    gw_span now = gw_span_of(w->now.at, w->now.len);
    gw_span first = prepend ? arg : now, second = prepend ? now : arg;
    if (w->r->err)
        return gw_ots_bad(w->r, w->why);
    w->next.len = first.len + second.len;
    if (w->next.len > OTS_MESSAGE_MAX)
        return bad(w, "a message over 4096 bytes");
    memcpy(w->next.at, first.at, first.len);
    memcpy(w->next.at + first.len, second.at, second.len);
    return 0;
}

static int reverse(struct walk *w)
{
    w->next.len = w->now.len;
    for (size_t i = 0; i < w->now.len; i++)
        w->next.at[i] = w->now.at[w->now.len - 1 - i];
    return 0;
}

static int hexlify(struct walk *w)
{
    char text[OTS_MESSAGE_MAX + 1];
    if (w->now.len > OTS_MESSAGE_MAX / 2)
        return bad(w, "a message over 4096 bytes");
    gw_hex(w->now.at, w->now.len, text);
    w->next.len = 2 * w->now.len;
    memcpy(w->next.at, text, w->next.len);
    return 0;
}

// The message of the node below.
static int operate(struct walk *w, uint8_t tag)
{
    enum gw_digest_kind kind;
    size_t len;
    int rc;
    if (w->now.depth + 1 >= OTS_DEPTH_MAX)
        return gw_fail(w->why, GW_ETOOBIG, "ots, byte %zu: over %d deep",
                       w->r->pos, OTS_DEPTH_MAX);
    if (gw_ots_digest(tag, &kind, &len))
        rc = digest(w, kind, len);
    else if (tag == OTS_APPEND || tag == OTS_PREPEND)
        rc = join(w, tag == OTS_PREPEND);
    else if (tag == OTS_REVERSE)
        rc = reverse(w);
    else if (tag == OTS_HEXLIFY)
        rc = hexlify(w);
    else
        rc = bad(w, "an operation that is not known here");
    w->now.len = w->next.len;
    w->now.depth++;
    if (!rc)
        memcpy(w->now.at, w->next.at, w->next.len);
    return rc;
}

// ---- branches -----------------------------------------------------------
static int push(struct walk *w)
{
    struct branch b = {w->now.len, w->now.depth};
    gw_put(&w->stack, w->now.at, w->now.len);
    gw_put(&w->stack, &b, sizeof b);
    return w->stack.err ? gw_fail(w->why, w->stack.err, "ots: %s",
                                  gw_strerror(w->stack.err))
                        : 0;
}

// False when no branch is left.
static bool pop(struct walk *w)
{
    struct branch b;
    if (!w->stack.len)
        return false;
    w->stack.len -= sizeof b;
    memcpy(&b, w->stack.at + w->stack.len, sizeof b);
    w->stack.len -= b.len;
    memcpy(w->now.at, w->stack.at + w->stack.len, b.len);
    w->now.len = b.len;
    w->now.depth = b.depth;
    return true;
}

static int walk(struct walk *w)
{
    for (;;) {
        uint8_t tag = gw_read_u8(w->r);
        int rc = 0;
        if (tag == OTS_BRANCH) {
            rc = push(w);
            tag = gw_read_u8(w->r);
        }
        if (w->r->err)
            return gw_ots_bad(w->r, w->why);
        if (rc)
            return rc;
        rc = tag == OTS_ATTESTATION ? read_attestation(w) : operate(w, tag);
        if (rc || (tag == OTS_ATTESTATION && !pop(w)))
            return rc;
    }
}

int gw_ots_walk(struct gw_reader *r, gw_span message, struct gw_buf *found,
                struct gw_why *why)
{
    struct walk *w = gw_new(sizeof *w);
    if (!w)
        return gw_fail(why, GW_ENOMEM, "ots: out of memory");
    w->r = r;
    w->why = why;
    w->found = found;
    gw_buf_init(&w->stack, (size_t)OTS_DEPTH_MAX *
                               (OTS_MESSAGE_MAX + sizeof(struct branch)));
    memcpy(w->now.at, message.at, message.len);
    w->now.len = message.len;
    int rc = walk(w);
    for (size_t i = 0; i < DIGEST_KINDS; i++)
        gw_digest_free(w->digests[i]);
    gw_buf_release(&w->stack);
    gw_free(w);
    return rc;
}
