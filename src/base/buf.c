// Growing buffers with a maximum and one sticky error.
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

void gw_buf_init(struct gw_buf *b, size_t max)
{
    *b = (struct gw_buf){.max = max};
}

void gw_buf_release(struct gw_buf *b)
{
    free(b->at);
    b->at = NULL;
    b->len = b->cap = 0;
}

uint8_t *gw_buf_room(struct gw_buf *b, size_t len)
{
    if (b->err)
        return NULL;
    if (len > b->max - b->len) {
        b->err = GW_ETOOBIG;
        return NULL;
    }
    if (len > b->cap - b->len) {
        size_t want = b->cap < 256 ? 256 : b->cap;
        while (want - b->len < len)
            want = want > b->max / 2 ? b->max : want * 2;
        uint8_t *p = realloc(b->at, want);
        if (!p) {
            b->err = GW_ENOMEM;
            return NULL;
        }
        b->at = p;
        b->cap = want;
    }
    return b->at ? b->at + b->len : NULL;
}

void gw_put(struct gw_buf *b, const void *at, size_t len)
{
    if (!len)
        return;
    uint8_t *p = gw_buf_room(b, len);
    if (!p)
        return;
    memcpy(p, at, len);
    b->len += len;
}

void gw_put_span(struct gw_buf *b, gw_span s)
{
    gw_put(b, s.at, s.len);
}

void gw_put_str(struct gw_buf *b, const char *s)
{
    gw_put(b, s, strlen(s));
}

void gw_put_u8(struct gw_buf *b, uint8_t v)
{
    gw_put(b, &v, 1);
}

void gw_put_u32le(struct gw_buf *b, uint32_t v)
{
    uint8_t p[4];
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    gw_put(b, p, sizeof p);
}

void gw_put_u64le(struct gw_buf *b, uint64_t v)
{
    uint8_t p[8];
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    gw_put(b, p, sizeof p);
}

void gw_put_varint(struct gw_buf *b, uint64_t v)
{
    uint8_t p[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    gw_put(b, p, n);
}

void gw_put_fmt(struct gw_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    uint8_t *p = n < 0 ? NULL : gw_buf_room(b, (size_t)n + 1);
    if (p) {
        vsnprintf((char *)p, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}
