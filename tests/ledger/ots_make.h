// OpenTimestamps proofs put together byte by byte, for tests.
#ifndef GW_OTS_MAKE_H
#define GW_OTS_MAKE_H

#include "ledger/ledger.h"
#include "t.h"

#define OTS_MAGIC                                                              \
    "\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
#define OTS_PENDING_TAG  "\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e"
#define OTS_BITCOIN_TAG  "\x05\x88\x96\x0d\x73\xd7\x19\x01"
#define OTS_LITECOIN_TAG "\x06\x86\x9a\x0d\x73\xd7\x1b\x45"

enum { OTS_CEILING = 1 << 20 };
#define OTS_CALENDAR     GW_LIT("https://calendar.example.org")
#define OTS_PUT(b, text) gw_put(b, text, sizeof(text) - 1)

// Magic, version 1, and the digest of a file.
static inline void ots_head(struct gw_buf *b, uint8_t tag, uint8_t byte,
                            size_t len)
{
    OTS_PUT(b, OTS_MAGIC);
    gw_put_u8(b, 1);
    gw_put_u8(b, tag);
    for (size_t i = 0; i < len; i++)
        gw_put_u8(b, byte);
}

static inline void ots_bytes(struct gw_buf *b, gw_span bytes)
{
    gw_put_varint(b, bytes.len);
    gw_put_span(b, bytes);
}

static inline void ots_join(struct gw_buf *b, uint8_t tag, gw_span bytes)
{
    gw_put_u8(b, tag);
    ots_bytes(b, bytes);
}

static inline void ots_attest(struct gw_buf *b, const char *tag,
                              gw_span payload)
{
    gw_put_u8(b, 0);
    gw_put(b, tag, 8);
    ots_bytes(b, payload);
}

static inline void ots_pending(struct gw_buf *b, gw_span uri)
{
    struct gw_buf payload;
    gw_buf_init(&payload, 1 << 14);
    ots_bytes(&payload, uri);
    ots_attest(b, OTS_PENDING_TAG, gw_buf_span(&payload));
    gw_buf_release(&payload);
}

static inline void ots_block(struct gw_buf *b, const char *tag, uint64_t height)
{
    struct gw_buf payload;
    gw_buf_init(&payload, 64);
    gw_put_varint(&payload, height);
    ots_attest(b, tag, gw_buf_span(&payload));
    gw_buf_release(&payload);
}

static inline int ots_read(const struct gw_buf *b, struct gw_arena *a,
                           struct gw_ots *ret)
{
    struct gw_why why = {0};
    assert_int_equal(b->err, 0);
    uint8_t *exact = malloc(b->len + 1); // so that one byte past is caught
    assert_non_null(exact);
    if (b->len)
        memcpy(exact, b->at, b->len);
    exact = realloc(exact, b->len ? b->len : 1);
    int rc = gw_ots_read(gw_span_of(exact, b->len), a, ret, &why);
    assert_int_equal(rc, why.code);
    assert_true(!rc || why.text[0]);
    assert_int_equal(gw_ots_read(gw_span_of(exact, b->len), a, ret, NULL), rc);
    free(exact);
    return rc;
}

static inline int ots_check(const struct gw_buf *b)
{
    struct gw_arena *a = gw_arena_new(OTS_CEILING);
    struct gw_ots o;
    int rc = ots_read(b, a, &o);
    gw_arena_free(a);
    return rc;
}

// The proof of a file whose SHA-256 is 0x1111...
static inline struct gw_buf ots_begin(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    ots_head(&b, 0x08, 0x11, 32);
    return b;
}

#endif
