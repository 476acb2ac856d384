// Reading bytes with one sticky error.
#include "base/base.h"

struct gw_reader gw_reader_on(gw_span in)
{
    return (struct gw_reader){.in = in};
}

gw_span gw_read_span(struct gw_reader *r, size_t len)
{
    if (r->err || len > r->in.len - r->pos) {
        if (!r->err)
            r->err = GW_EFEW;
        return (gw_span){0};
    }
    gw_span s = gw_span_of(r->in.at + r->pos, len);
    r->pos += len;
    return s;
}

static uint64_t big_endian(struct gw_reader *r, size_t len)
{
    gw_span s = gw_read_span(r, len);
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | s.at[i];
    return v;
}

static uint64_t little_endian(struct gw_reader *r, size_t len)
{
    gw_span s = gw_read_span(r, len);
    uint64_t v = 0;
    for (size_t i = s.len; i > 0; i--)
        v = v << 8 | s.at[i - 1];
    return v;
}

uint8_t gw_read_u8(struct gw_reader *r)
{
    return (uint8_t)big_endian(r, 1);
}

uint16_t gw_read_u16be(struct gw_reader *r)
{
    return (uint16_t)big_endian(r, 2);
}

uint32_t gw_read_u32be(struct gw_reader *r)
{
    return (uint32_t)big_endian(r, 4);
}

uint32_t gw_read_u32le(struct gw_reader *r)
{
    return (uint32_t)little_endian(r, 4);
}

uint64_t gw_read_u64le(struct gw_reader *r)
{
    return little_endian(r, 8);
}

uint64_t gw_read_varint(struct gw_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->err || r->pos >= r->in.len) {
            r->err = r->err ? r->err : GW_EFEW;
            return 0;
        }
        uint8_t byte = r->in.at[r->pos++];
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    r->err = GW_EFORMAT;
    return 0;
}
