// For the tests of the unpacker: makes containers with the libraries' own
// writers, reads them in pieces of any size, and writes down what came out.
#ifndef GW_UNPACK_MAKE_H
#define GW_UNPACK_MAKE_H

#include "t.h"
#include "wire/wire.h"

#include <archive.h>
#include <archive_entry.h>
#include <bzlib.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <stdio.h>
#include <zstd.h>

enum { MADE_MAX = 64 << 20 };

static inline struct gw_buf made(void)
{
    struct gw_buf b;
    gw_buf_init(&b, MADE_MAX);
    return b;
}

static inline uint8_t *room(struct gw_buf *b, size_t len)
{
    uint8_t *p = gw_buf_room(b, len);
    assert_non_null(p);
    return p;
}

// Text that compresses about as measurements do.
static inline void put_text(struct gw_buf *out, size_t len, uint64_t seed)
{
    struct gw_rand r = {seed};
    size_t end = out->len + len;
    while (out->len < end)
        gw_put_fmt(out, "{\"input\":\"https://%llx.example/\",\"asn\":%u}\n",
                   (unsigned long long)gw_rand_next(&r),
                   (unsigned)gw_rand_below(&r, 9999));
    out->len = end;
}

// ---- compressed streams --------------------------------------------------
typedef void make_fn(struct gw_buf *out, gw_span text);

static inline void make_gzip(struct gw_buf *out, gw_span text)
{
    struct isal_zstream *z = gw_new(sizeof *z);
    assert_non_null(z);
    size_t bound = text.len + text.len / 8 + 1000;
    isal_deflate_init(z);
    z->gzip_flag = IGZIP_GZIP;
    z->end_of_stream = 1;
    z->next_in = (uint8_t *)(uintptr_t)text.at;
    z->avail_in = (uint32_t)text.len;
    z->next_out = room(out, bound);
    z->avail_out = (uint32_t)bound;
    assert_int_equal(isal_deflate(z), COMP_OK);
    assert_int_equal(z->internal_state.state, ZSTATE_END);
    out->len += bound - z->avail_out;
    gw_free(z);
}

// RFC 1952 by hand: the optional fields that flags asks for, a stored block.
static inline void make_gzip_stored(struct gw_buf *out, gw_span text,
                                    uint8_t flags)
{
    enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };
    size_t start = out->len;
    gw_put(out, (uint8_t[]){0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255}, 10);
    if (flags & FEXTRA)
        gw_put(out, "\5\0extra", 7);
    if (flags & FNAME)
        gw_put(out, "name.jsonl", 11);
    if (flags & FCOMMENT)
        gw_put(out, "a comment", 10);
    uint32_t crc = crc32_gzip_refl(0, out->at + start, out->len - start);
    if (flags & FHCRC)
        gw_put(out, (uint8_t[]){crc & 255, (crc >> 8) & 255}, 2);
    uint8_t lo = text.len & 255, hi = (text.len >> 8) & 255;
    gw_put(out, (uint8_t[]){1, lo, hi, lo ^ 255, hi ^ 255}, 5);
    gw_put_span(out, text);
    gw_put_u32le(out, crc32_gzip_refl(0, text.at, text.len));
    gw_put_u32le(out, (uint32_t)text.len);
}

static inline void make_zstd(struct gw_buf *out, gw_span text)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_non_null(c);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    size_t bound = ZSTD_compressBound(text.len);
    size_t n = ZSTD_compress2(c, room(out, bound), bound, text.at, text.len);
    assert_false(ZSTD_isError(n));
    out->len += n;
    ZSTD_freeCCtx(c);
}

static inline void make_lz4(struct gw_buf *out, gw_span text)
{
    LZ4F_preferences_t how = {
        .frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t bound = LZ4F_compressFrameBound(text.len, &how);
    size_t n =
        LZ4F_compressFrame(room(out, bound), bound, text.at, text.len, &how);
    assert_false(LZ4F_isError(n));
    out->len += n;
}

static inline void make_bzip2(struct gw_buf *out, gw_span text)
{
    unsigned bound = (unsigned)(text.len + text.len / 50 + 1000);
    char *in = (char *)(uintptr_t)text.at;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)room(out, bound), &bound,
                                              in, (unsigned)text.len, 1, 0, 0),
                     BZ_OK);
    out->len += bound;
}

// ---- tar -----------------------------------------------------------------
static inline void seal_header(uint8_t *block)
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
}

// One member by hand (POSIX ustar); type '0' is a regular file.
static inline void put_tar(struct gw_buf *out, const char *name, char type,
                           gw_span text)
{
    uint8_t block[512] = {0};
    snprintf((char *)block, 100, "%s", name);
    snprintf((char *)block + 100, 8, "%07o", 0644U);
    snprintf((char *)block + 124, 12, "%011llo", (unsigned long long)text.len);
    snprintf((char *)block + 136, 12, "%011o", 1U);
    block[156] = (uint8_t)type;
    memcpy(block + 257, "ustar\00000", 8);
    seal_header(block);
    gw_put(out, block, sizeof block);
    gw_put_span(out, text);
    memset(block, 0, sizeof block);
    gw_put(out, block, (512 - text.len % 512) % 512);
}

static inline void put_tar_end(struct gw_buf *out)
{
    uint8_t zero[1024] = {0};
    gw_put(out, zero, sizeof zero);
}

static inline void make_tar(struct gw_buf *out, gw_span text)
{
    put_tar(out, "one", '0', text);
    put_tar_end(out);
}

// By libarchive: "ustar", "pax", "gnutar" or "v7tar"; a folder, then a file.
static inline void make_tar_as(struct gw_buf *out, const char *format,
                               const char *name, gw_span text)
{
    size_t used = 0, bound = text.len + (64 << 10);
    struct archive *a = archive_write_new();
    assert_int_equal(archive_write_set_format_by_name(a, format), 0);
    archive_write_set_bytes_per_block(a, 512);
    archive_write_open_memory(a, room(out, bound), bound, &used);
    for (int i = 0; i < 2; i++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, i ? name : "folder");
        archive_entry_set_filetype(e, i ? AE_IFREG : AE_IFDIR);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, i ? (la_int64_t)text.len : 0);
        archive_entry_set_mtime(e, 1, 123456789); // pax writes a header for it
        assert_true(archive_write_header(a, e) >= ARCHIVE_WARN);
        if (i)
            archive_write_data(a, text.at, text.len);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    out->len += used;
}

static const struct {
    const char *name;
    make_fn *make;
} makers[] = {{"gzip", make_gzip},
              {"zstd", make_zstd},
              {"lz4", make_lz4},
              {"bzip2", make_bzip2},
              {"tar", make_tar}};
enum { MAKERS = 5, CODECS = 4 }; // the codecs come first

// ---- reading -------------------------------------------------------------
struct pieces {
    size_t given, read; // at most so many bytes a call; 0: random 1..64
    const char *skip;   // leaves of this name are not read
    int fail;           // what the source says at its end
};

struct feed {
    gw_span in;
    size_t at;
    struct pieces p;
    struct gw_rand r;
};

static inline int64_t feed(void *ctx, uint8_t *bytes, size_t len)
{
    struct feed *f = ctx;
    size_t n = f->p.given ? f->p.given : 1 + gw_rand_below(&f->r, 64);
    gw_span s = gw_sub(f->in, f->at, n < len ? n : len);
    if (!s.len)
        return f->p.fail;
    memcpy(bytes, s.at, s.len);
    f->at += s.len;
    return (int64_t)s.len;
}

// Bytes of one leaf, appended; then 0 or the code that ended it.
static inline int64_t read_leaf(struct gw_unpack *u, struct gw_buf *out,
                                struct pieces p, struct gw_why *why)
{
    struct gw_rand r = {p.given};
    for (;;) {
        size_t len = p.read ? p.read : 1 + gw_rand_below(&r, 64);
        uint8_t *to = room(out, len);
        int64_t n = gw_unpack_read(u, to, len, why);
        if (n <= 0)
            return n;
        assert_true((size_t)n <= len);
        out->len += (size_t)n;
    }
}

// Writes "name|container|start|bytes\n" for each leaf, with "!code" ahead of
// the line's end if it broke, and then how the file ended.
static inline void transcribe(struct gw_buf *out, gw_span in, struct pieces p)
{
    struct feed f = {.in = in, .p = p, .r = {p.read}};
    struct gw_unpack *u = gw_unpack_new(feed, &f);
    assert_non_null(u);
    struct gw_leaf leaf;
    struct gw_why why = {0};
    int r;
    while ((r = gw_unpack_leaf(u, &leaf, &why)) > 0) {
        gw_put_fmt(out, "%s|%s|%lld|", leaf.name, leaf.container,
                   (long long)leaf.start);
        int64_t n = 0;
        if (!p.skip || strcmp(leaf.name, p.skip) != 0)
            n = read_leaf(u, out, p, &why);
        assert_true(n == why.code && (n == 0 || why.text[0]));
        gw_put_fmt(out, n ? "!%d\n" : "\n", (int)n);
        why = (struct gw_why){0};
    }
    assert_true(r == why.code && (r == 0 || why.text[0]));
    gw_put_fmt(out, "end %d", r);
    assert_int_equal(gw_unpack_leaf(u, &leaf, NULL), r); // and it stays so
    gw_unpack_free(u);
    assert_int_equal(out->err, 0);
}

static inline void assert_unpacks(gw_span in, struct pieces p,
                                  const char *expected)
{
    struct gw_buf b = made();
    transcribe(&b, in, p);
    gw_put_u8(&b, 0);
    assert_string_equal((char *)b.at, expected);
    gw_buf_release(&b);
}

// The bytes of all leaves; returns the first failure, or 0.
static inline int unpack_all(struct gw_buf *out, gw_span in, struct pieces p)
{
    struct feed f = {.in = in, .p = p, .r = {p.read}};
    struct gw_unpack *u = gw_unpack_new(feed, &f);
    struct gw_leaf leaf;
    struct gw_why why = {0};
    int64_t n = 0;
    int r = u ? 1 : GW_ENOMEM;
    while (n == 0 && r > 0 && (r = gw_unpack_leaf(u, &leaf, &why)) > 0)
        n = read_leaf(u, out, p, &why);
    gw_unpack_free(u);
    return n ? (int)n : r;
}

#endif
