// The encoding of a block: one dictionary of texts, then each table column by
// column, each section a zstd frame. docs/formats/segments.md is the same in
// words; a change here is a change there and of GW_FACTS_VERSION.
//
//   block    = "GWB1" sections:varint section*
//   section  = id:u8 rows:varint raw:varint packed:varint zstd-frame
//   id 255   = dictionary: rows texts, lengths as varints, then the bytes
//   id t     = table t: its columns in the order of tables.h
//   column   = mode:u8 ...
//     0 every value null            1 one value for all rows: varint code
//     2 a varint code a row         3 eight bytes a row, little-endian
//   code     = 0 null; for INT and TIME zigzag(value - previous) + 1 (in mode
//              1: previous = 0); for STR and JSON dictionary index + 1
//   REAL uses modes 0 and 3 only (NaN is null)
#include "model/model.h"

#include <math.h>
#include <zstd.h>

enum {
    DICTIONARY = 255,
    LEVEL = -1, // a fifth larger than level 1, and faster
    ALL_NULL = 0,
    CONSTANT = 1,
    CODES = 2,
    RAW = 3,
    VARINT_MAX = 10,
    TEXTS_MAX = 8 << 20 // in a dictionary; 1024 doubled some times
};
#define MAGIC     "GWB1"
#define WIDE      (INT64_C(1) << 61)       // deltas beyond may not fit a code
#define NULL_REAL (UINT64_C(0x7ff8) << 48) // IEEE 754 quiet NaN, no payload

struct gw_block_codec {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    struct gw_buf raw, packed, texts, lengths; // scratch
    uint64_t *codes;
    size_t code_cap;
    // dictionary under construction: open addressing over `entry`
    uint32_t *slot;
    size_t slot_count; // power of two
    gw_span *entry;
    size_t entry_count, entry_cap;
};

struct gw_block_codec *gw_block_codec_new(void)
{
    struct gw_block_codec *c = gw_new(sizeof *c);
    if (!c)
        return NULL;
    gw_buf_init(&c->raw, GW_BLOCK_MAX);
    gw_buf_init(&c->packed, GW_BLOCK_MAX);
    gw_buf_init(&c->texts, GW_BLOCK_MAX);
    gw_buf_init(&c->lengths, GW_BLOCK_MAX);
    c->pack = ZSTD_createCCtx();
    c->unpack = ZSTD_createDCtx();
    if (!c->pack || !c->unpack) {
        gw_block_codec_free(c);
        return NULL;
    }
    ZSTD_CCtx_setParameter(c->pack, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(c->pack, ZSTD_c_checksumFlag, 1);
    return c;
}

void gw_block_codec_free(struct gw_block_codec *c)
{
    if (!c)
        return;
    ZSTD_freeCCtx(c->pack);
    ZSTD_freeDCtx(c->unpack);
    gw_buf_release(&c->raw);
    gw_buf_release(&c->packed);
    gw_buf_release(&c->texts);
    gw_buf_release(&c->lengths);
    gw_free(c->codes);
    gw_free(c->slot);
    gw_free(c->entry);
    gw_free(c);
}

// ---- dictionary ---------------------------------------------------------

static bool rehash(struct gw_block_codec *c, size_t slots)
{
    uint32_t *slot = gw_resize(c->slot, slots, sizeof *slot);
    if (!slot)
        return false;
    memset(slot, 0, slots * sizeof *slot);
    c->slot = slot;
    c->slot_count = slots;
    for (size_t i = 0; i < c->entry_count; i++) {
        size_t at = gw_hash(c->entry[i], 0) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)(i + 1);
    }
    return true;
}

// Code of a text: 0 for null, else its index + 1. Sets *ok false on no memory.
static uint64_t code_of_text(struct gw_block_codec *c, gw_span s, bool *ok)
{
    if (!s.at)
        return 0;
    size_t mask = c->slot_count - 1, at = gw_hash(s, 0) & mask;
    for (; c->slot[at]; at = (at + 1) & mask)
        if (gw_eq(c->entry[c->slot[at] - 1], s))
            return c->slot[at];
    if (c->entry_count == GW_BLOCK_ROWS_MAX) // a reader would refuse more
        return *ok = false, 0;
    if (c->entry_count == c->entry_cap) {
        size_t cap = c->entry_cap ? c->entry_cap * 2 : 1024;
        gw_span *entry =
            cap <= TEXTS_MAX ? gw_resize(c->entry, cap, sizeof *entry) : NULL;
        if (!entry)
            return *ok = false, 0;
        c->entry = entry;
        c->entry_cap = cap;
    }
    c->entry[c->entry_count++] = s;
    c->slot[at] = (uint32_t)c->entry_count;
    if (c->entry_count * 2 > c->slot_count && !rehash(c, c->slot_count * 2))
        return *ok = false, 0;
    return c->entry_count;
}

static bool dictionary_begin(struct gw_block_codec *c)
{
    c->entry_count = 0;
    return rehash(c, c->slot_count ? c->slot_count : 4096);
}

// ---- encoding -----------------------------------------------------------

static uint64_t zigzag(uint64_t v)
{
    return v << 1 ^ (v >> 63 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static void put_raw(struct gw_buf *b, const uint8_t *at, size_t n,
                    size_t stride, bool reals)
{
    gw_put_u8(b, RAW);
    uint8_t *p = gw_buf_room(b, n * 8);
    for (size_t i = 0; p && i < n; i++) {
        uint64_t v;
        memcpy(&v, at + i * stride, sizeof v);
        // A null is a null, whatever arithmetic left in the NaN's other bits.
        if (reals && v << 1 > UINT64_C(0x7ff) << 53)
            v = NULL_REAL;
        for (int k = 0; k < 8; k++)
            *p++ = (uint8_t)(v >> 8 * k);
    }
    b->len += p ? n * 8 : 0;
}

static void put_codes(struct gw_buf *b, const uint64_t *codes, size_t n,
                      bool constant)
{
    if (constant && codes[0] == 0) {
        gw_put_u8(b, ALL_NULL);
    } else if (constant) {
        gw_put_u8(b, CONSTANT);
        gw_put_varint(b, codes[0]);
    } else {
        gw_put_u8(b, CODES);
        uint8_t *p = gw_buf_room(b, n * VARINT_MAX), *end = p;
        for (size_t i = 0; p && i < n; i++) {
            uint64_t v = codes[i];
            for (; v >= 0x80; v >>= 7)
                *end++ = (uint8_t)(v | 0x80);
            *end++ = (uint8_t)v;
        }
        b->len += p ? (size_t)(end - p) : 0;
    }
}

static void put_ints(struct gw_block_codec *c, const uint8_t *at, size_t n,
                     size_t stride)
{
    int64_t first, v;
    memcpy(&first, at, sizeof first);
    bool constant = true;
    uint64_t previous = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(&v, at + i * stride, sizeof v);
        constant = constant && v == first;
        if (v == GW_NULL) {
            c->codes[i] = 0;
            continue;
        }
        if (v > WIDE || v < -WIDE) {
            put_raw(&c->raw, at, n, stride, false);
            return;
        }
        c->codes[i] = zigzag((uint64_t)v - previous) + 1;
        previous = (uint64_t)v;
    }
    put_codes(&c->raw, c->codes, n, constant);
}

static void put_reals(struct gw_block_codec *c, const uint8_t *at, size_t n,
                      size_t stride)
{
    double v;
    for (size_t i = 0; i < n; i++) {
        memcpy(&v, at + i * stride, sizeof v);
        if (!isnan(v)) {
            put_raw(&c->raw, at, n, stride, true);
            return;
        }
    }
    gw_put_u8(&c->raw, ALL_NULL);
}

static void put_texts(struct gw_block_codec *c, const uint8_t *at, size_t n,
                      size_t stride)
{
    bool ok = true, constant = true;
    gw_span s, last = {0};
    for (size_t i = 0; i < n && ok; i++, last = s) {
        memcpy(&s, at + i * stride, sizeof s);
        // Rows of one measurement mostly repeat the text above.
        bool repeats = i && !s.at == !last.at && gw_eq(s, last);
        c->codes[i] = repeats ? c->codes[i - 1] : code_of_text(c, s, &ok);
        constant = constant && c->codes[i] == c->codes[0];
    }
    if (ok)
        put_codes(&c->raw, c->codes, n, constant);
    else
        c->raw.err = GW_ENOMEM;
}

// Room for a code of every row.
static bool reserve_codes(struct gw_block_codec *c, size_t rows)
{
    if (rows <= c->code_cap)
        return true;
    uint64_t *codes = gw_resize(c->codes, rows, sizeof *codes);
    if (!codes)
        return false;
    c->codes = codes;
    c->code_cap = rows;
    return true;
}

static int encode_table(struct gw_block_codec *c,
                        const struct gw_table_info *info,
                        const struct gw_rows *rows)
{
    gw_buf_reset(&c->raw);
    if (!reserve_codes(c, rows->count))
        return GW_ENOMEM;
    for (size_t i = 0; i < info->column_count; i++) {
        const struct gw_column *col = &info->columns[i];
        const uint8_t *at = (const uint8_t *)rows->at + col->offset;
        switch (col->type) {
        case GW_INT:
        case GW_TIME: put_ints(c, at, rows->count, info->row_size); break;
        case GW_REAL: put_reals(c, at, rows->count, info->row_size); break;
        case GW_STR:
        case GW_JSON: put_texts(c, at, rows->count, info->row_size); break;
        }
    }
    return c->raw.err;
}

static int put_section(struct gw_block_codec *c, struct gw_buf *out, uint8_t id,
                       size_t rows)
{
    size_t bound = ZSTD_compressBound(c->raw.len);
    gw_buf_reset(&c->packed);
    uint8_t *p = gw_buf_room(&c->packed, bound);
    if (!p)
        return c->packed.err;
    size_t n = ZSTD_compress2(c->pack, p, bound, c->raw.at, c->raw.len);
    if (ZSTD_isError(n))
        return GW_ENOMEM;
    gw_put_u8(out, id);
    gw_put_varint(out, rows);
    gw_put_varint(out, c->raw.len);
    gw_put_varint(out, n);
    gw_put(out, p, n);
    return out->err;
}

static int put_dictionary(struct gw_block_codec *c, struct gw_buf *out)
{
    gw_buf_reset(&c->raw);
    for (size_t i = 0; i < c->entry_count; i++)
        gw_put_varint(&c->raw, c->entry[i].len);
    for (size_t i = 0; i < c->entry_count; i++)
        gw_put_span(&c->raw, c->entry[i]);
    return c->raw.err ? c->raw.err
                      : put_section(c, out, DICTIONARY, c->entry_count);
}

int gw_block_encode(struct gw_block_codec *c, const struct gw_block *b,
                    struct gw_buf *out, struct gw_why *why)
{
    size_t sections = 1;
    int rc = b->err ? b->err : dictionary_begin(c) ? 0 : GW_ENOMEM;
    // Tables are coded first, into texts, since they fill the dictionary,
    // which a reader wants to see first.
    gw_buf_reset(&c->texts);
    for (int t = 0; t < GW_TABLE_COUNT && !rc; t++) {
        if (!b->rows[t].count)
            continue;
        sections++;
        rc = encode_table(c, &gw_tables[t], &b->rows[t]);
        rc = rc ? rc : put_section(c, &c->texts, (uint8_t)t, b->rows[t].count);
    }
    gw_put_str(out, MAGIC);
    gw_put_varint(out, sections);
    rc = rc ? rc : put_dictionary(c, out);
    gw_put_span(out, gw_buf_span(&c->texts));
    rc = rc ? rc : out->err;
    return rc ? gw_fail(why, rc, "block: %s", gw_strerror(rc)) : 0;
}

// ---- decoding -----------------------------------------------------------

struct section {
    uint8_t id;
    size_t rows;
    gw_span raw; // in c->raw
};

static int next_section(struct gw_block_codec *c, struct gw_reader *r,
                        unsigned want, struct section *s)
{
    s->id = gw_read_u8(r);
    s->rows = (size_t)gw_read_varint(r);
    uint64_t raw = gw_read_varint(r);
    gw_span packed = gw_read_span(r, (size_t)gw_read_varint(r));
    if (r->err || raw > GW_BLOCK_MAX ||
        (s->id != DICTIONARY && s->id >= GW_TABLE_COUNT) ||
        s->rows > (s->id == DICTIONARY ? TEXTS_MAX : GW_BLOCK_ROWS_MAX))
        return GW_ECORRUPT;
    s->raw = (gw_span){0};
    if (s->id != DICTIONARY && !(want & 1u << s->id))
        return 0;
    gw_buf_reset(&c->raw);
    uint8_t *p = gw_buf_room(&c->raw, raw ? (size_t)raw : 1);
    if (!p)
        return c->raw.err;
    size_t n =
        ZSTD_decompressDCtx(c->unpack, p, (size_t)raw, packed.at, packed.len);
    if (ZSTD_isError(n) || n != raw)
        return GW_ECORRUPT;
    s->raw = gw_span_of(p, n);
    return 0;
}

// Texts go into the block's arena in one piece; entries point into it.
static int decode_dictionary(const struct section *s, struct gw_arena *arena,
                             gw_span **ret_entries)
{
    if (s->rows > s->raw.len)
        return GW_ECORRUPT;
    gw_span *entry = gw_arena_take_n(arena, s->rows + 1, sizeof *entry);
    gw_span text = gw_arena_copy(arena, s->raw);
    if (!entry || !text.at)
        return GW_ENOMEM;
    struct gw_reader lengths = gw_reader_on(text);
    for (size_t i = 0; i < s->rows; i++)
        entry[i].len = (size_t)gw_read_varint(&lengths);
    for (size_t i = 0; i < s->rows; i++)
        entry[i] = gw_read_span(&lengths, entry[i].len);
    if (lengths.err || gw_reader_left(&lengths))
        return GW_ECORRUPT;
    *ret_entries = entry;
    return 0;
}

struct column_reader {
    struct gw_reader *in;
    const gw_span *entries;
    size_t entry_count;
    uint64_t *codes; // one a row of the column at hand
    uint8_t mode;
};

// The codes of a column, whatever its mode; most are one byte long.
static void read_codes(struct column_reader *cr, size_t n)
{
    struct gw_reader *in = cr->in;
    uint64_t constant = cr->mode == CONSTANT ? gw_read_varint(in) : 0;
    if (cr->mode == CODES && n > gw_reader_left(in))
        in->err = in->err ? in->err : GW_EFEW; // a code takes a byte at least
    for (size_t i = 0; i < n && !in->err; i++) {
        if (cr->mode == RAW)
            cr->codes[i] = gw_read_u64le(in);
        else if (cr->mode != CODES)
            cr->codes[i] = constant;
        else if (in->pos < in->in.len && in->in.at[in->pos] < 0x80)
            cr->codes[i] = in->in.at[in->pos++];
        else
            cr->codes[i] = gw_read_varint(in);
    }
}

static void fill_ints(const struct column_reader *cr, uint8_t *at, size_t n,
                      size_t stride)
{
    uint64_t previous = 0;
    for (size_t i = 0; i < n; i++, at += stride) {
        int64_t v = cr->mode == RAW ? (int64_t)cr->codes[i] : GW_NULL;
        if (cr->mode != RAW && cr->codes[i]) {
            uint64_t base = cr->mode == CODES ? previous : 0;
            previous = base + (uint64_t)unzigzag(cr->codes[i] - 1);
            v = (int64_t)previous;
        }
        memcpy(at, &v, sizeof v);
    }
}

static void fill_reals(const struct column_reader *cr, uint8_t *at, size_t n,
                       size_t stride)
{
    const double null = (double)NAN;
    if (cr->mode != RAW && cr->mode != ALL_NULL)
        cr->in->err = GW_ECORRUPT;
    for (size_t i = 0; i < n; i++, at += stride)
        memcpy(at, cr->mode == RAW ? (const void *)&cr->codes[i] : &null,
               sizeof null);
}

static void fill_texts(const struct column_reader *cr, uint8_t *at, size_t n,
                       size_t stride)
{
    if (cr->mode == RAW)
        cr->in->err = GW_ECORRUPT;
    for (size_t i = 0; i < n && !cr->in->err; i++, at += stride) {
        gw_span s = {0};
        if (cr->codes[i] > cr->entry_count)
            cr->in->err = GW_ECORRUPT;
        else if (cr->codes[i])
            s = cr->entries[cr->codes[i] - 1];
        memcpy(at, &s, sizeof s);
    }
}

static void decode_column(struct column_reader *cr, const struct gw_column *col,
                          struct gw_rows *rows, size_t row_size)
{
    uint8_t *at = (uint8_t *)rows->at + col->offset;
    cr->mode = gw_read_u8(cr->in);
    if (cr->mode > RAW)
        cr->in->err = GW_ECORRUPT;
    read_codes(cr, rows->count);
    if (cr->in->err)
        return;
    switch (col->type) {
    case GW_INT:
    case GW_TIME: fill_ints(cr, at, rows->count, row_size); break;
    case GW_REAL: fill_reals(cr, at, rows->count, row_size); break;
    case GW_STR:
    case GW_JSON: fill_texts(cr, at, rows->count, row_size); break;
    }
}

static int decode_table(struct gw_block_codec *c, const struct section *s,
                        struct column_reader *cr, struct gw_block *b)
{
    const struct gw_table_info *info = &gw_tables[s->id];
    struct gw_rows *rows = &b->rows[s->id];
    if (!s->rows || rows->count || s->rows > GW_BLOCK_MAX / info->row_size)
        return GW_ECORRUPT; // none, the same table twice, or more than can be
    if (s->rows > rows->cap) {
        void *at = gw_resize(rows->at, s->rows, info->row_size);
        if (!at)
            return GW_ENOMEM;
        rows->at = at;
        rows->cap = s->rows;
    }
    if (!reserve_codes(c, s->rows))
        return GW_ENOMEM;
    rows->count = s->rows;
    cr->codes = c->codes;
    struct gw_reader in = gw_reader_on(s->raw);
    cr->in = &in;
    for (size_t i = 0; i < info->column_count && !in.err; i++)
        decode_column(cr, &info->columns[i], rows, info->row_size);
    return in.err || gw_reader_left(&in) ? GW_ECORRUPT : 0;
}

int gw_block_decode(struct gw_block_codec *c, gw_span bytes, unsigned want,
                    struct gw_block *ret_block, struct gw_why *why)
{
    struct gw_reader r = gw_reader_on(bytes);
    gw_block_reset(ret_block);
    gw_span magic = gw_read_span(&r, 4);
    uint64_t sections = gw_read_varint(&r);
    struct column_reader cr = {0};
    gw_span *entries = NULL;
    int rc = gw_is(magic, MAGIC) ? 0 : GW_ECORRUPT;
    for (uint64_t i = 0; i < sections && !rc; i++) {
        struct section s;
        rc = next_section(c, &r, want, &s);
        if (rc || (i == 0) != (s.id == DICTIONARY)) {
            rc = rc ? rc : GW_ECORRUPT;
        } else if (s.id == DICTIONARY) {
            rc = decode_dictionary(&s, ret_block->arena, &entries);
            cr.entries = entries;
            cr.entry_count = s.rows;
        } else if (s.raw.at) {
            rc = decode_table(c, &s, &cr, ret_block);
        }
    }
    if (!rc && (r.err || gw_reader_left(&r)))
        rc = GW_ECORRUPT;
    if (rc)
        gw_block_reset(ret_block);
    return rc ? gw_fail(why, rc, "block: %s", gw_strerror(rc)) : 0;
}
