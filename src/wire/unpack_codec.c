// The decoders behind one face: gzip (RFC 1952), zstd (RFC 8878), lz4 frame
// and bzip2.
#include "wire/unpack.h"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { ZSTD_WINDOW_LOG_MAX = 27 }; // 128 MiB, what `zstd --long` makes

static void advance(struct gw_io *io, size_t eaten, size_t made)
{
    io->in += eaten;
    io->in_len -= eaten;
    io->out += made;
    io->out_len -= made;
}

// ---- gzip, by ISA-L ------------------------------------------------------
struct gzip {
    struct inflate_state z;
    struct isal_gzip_header header;
    bool in_header;
    int damage; // told once all that was decoded before it is given
};

static void *gzip_open(void)
{
    struct gzip *g = gw_new(sizeof *g);
    if (g)
        isal_inflate_init(&g->z);
    return g;
}

static int gzip_begin(void *decoder)
{
    struct gzip *g = decoder;
    isal_inflate_reset(&g->z);
    g->z.crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&g->header);
    g->in_header = true;
    return 0;
}

static int gzip_fail(struct gw_why *why, int code)
{
    const char *rule = "the deflate data are damaged";
    if (code == ISAL_INCORRECT_CHECKSUM)
        rule = "checksum or length differs";
    if (code == ISAL_INVALID_WRAPPER || code == ISAL_UNSUPPORTED_METHOD)
        rule = "the header is damaged";
    return gw_fail(why, GW_EFORMAT, "gzip: %s", rule);
}

// isal_inflate decodes ahead into tmp_out_buffer, and does not give that part
// out any more once it has met damage.
static int gzip_drain(struct gzip *g, struct gw_io *io, struct gw_why *why)
{
    struct inflate_state *z = &g->z;
    size_t n = (size_t)(z->tmp_out_valid - z->tmp_out_processed);
    if (n == 0)
        return gzip_fail(why, g->damage);
    n = n < io->out_len ? n : io->out_len;
    memcpy(io->out, z->tmp_out_buffer + z->tmp_out_processed, n);
    z->tmp_out_processed += (int32_t)n;
    advance(io, 0, n);
    return 0;
}

static int gzip_step(void *decoder, struct gw_io *io, struct gw_why *why)
{
    struct gzip *g = decoder;
    if (g->damage)
        return gzip_drain(g, io, why);
    struct inflate_state *z = &g->z;
    z->next_in = io->in;
    z->avail_in = (uint32_t)io->in_len;
    z->next_out = io->out;
    z->avail_out = (uint32_t)io->out_len;
    int r;
    if (g->in_header) { // by itself: isal_inflate forgets flags between calls
        r = isal_read_gzip_header(z, &g->header);
        g->in_header = r != ISAL_DECOMP_OK;
    } else {
        r = isal_inflate(z);
    }
    if (r < 0) { // and then avail_in may have run below zero
        z->avail_in = 0;
        g->damage = r;
    }
    advance(io, io->in_len - z->avail_in, io->out_len - z->avail_out);
    if (r < 0 && g->in_header)
        return gzip_fail(why, r);
    return r == 0 && z->block_state == ISAL_BLOCK_FINISH;
}

const struct gw_codec gw_codec_gzip = {
    .starts = {{{0x1f, 0x8b}, {0xff, 0xff}, 2}},
    .open = gzip_open,
    .begin = gzip_begin,
    .step = gzip_step,
    .close = gw_free,
};

// ---- zstd and lz4 --------------------------------------------------------
// Both libraries lose what they have written when a call ends in an error. So
// each call is fed one block or one header (they say how much they want, with
// the next header counted in), and nothing while output may be pending.
struct framed {
    void *decoder;
    size_t feed; // bytes of the next piece
    bool pending;
};

static size_t piece(struct framed *f, const struct gw_io *io)
{
    if (f->pending)
        return 0;
    return io->in_len < f->feed ? io->in_len : f->feed;
}

static void moved(struct framed *f, struct gw_io *io, size_t eaten, size_t made)
{
    f->pending = made == io->out_len;
    advance(io, eaten, made);
}

static void *zstd_open(void)
{
    struct framed *f = gw_new(sizeof *f);
    if (!f)
        return NULL;
    f->decoder = ZSTD_createDCtx();
    if (f->decoder &&
        !ZSTD_isError(ZSTD_DCtx_setParameter(f->decoder, ZSTD_d_windowLogMax,
                                             ZSTD_WINDOW_LOG_MAX)))
        return f;
    ZSTD_freeDCtx(f->decoder);
    gw_free(f);
    return NULL;
}

static int zstd_begin(void *decoder)
{
    struct framed *f = decoder;
    ZSTD_DCtx_reset(f->decoder, ZSTD_reset_session_only);
    f->feed = 1;
    f->pending = false;
    return 0;
}

static int zstd_fail(struct gw_why *why, size_t result)
{
    int code = GW_EFORMAT;
    switch ((int)ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation: code = GW_ENOMEM; break;
    case ZSTD_error_frameParameter_windowTooLarge: code = GW_ETOOBIG; break;
    default: break;
    }
    return gw_fail(why, code, "zstd: %s", ZSTD_getErrorName(result));
}

static int zstd_step(void *decoder, struct gw_io *io, struct gw_why *why)
{
    enum { BLOCK_HEADER = 3 };
    struct framed *f = decoder;
    ZSTD_inBuffer in = {io->in, piece(f, io), 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t wants = ZSTD_decompressStream(f->decoder, &out, &in);
    if (ZSTD_isError(wants))
        return zstd_fail(why, wants);
    moved(f, io, in.pos, out.pos);
    f->feed = wants > BLOCK_HEADER ? wants - BLOCK_HEADER : wants;
    return wants == 0;
}

static void zstd_close(void *decoder)
{
    struct framed *f = decoder;
    ZSTD_freeDCtx(f->decoder);
    gw_free(f);
}

const struct gw_codec gw_codec_zstd = {
    .starts = {{{0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}, 4},
               {{0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, 4}},
    .open = zstd_open,
    .begin = zstd_begin,
    .step = zstd_step,
    .close = zstd_close,
};

static void *lz4_open(void)
{
    struct framed *f = gw_new(sizeof *f);
    LZ4F_dctx *decoder = NULL;
    if (!f ||
        LZ4F_isError(LZ4F_createDecompressionContext(&decoder, LZ4F_VERSION))) {
        gw_free(f);
        return NULL;
    }
    f->decoder = decoder;
    return f;
}

static int lz4_begin(void *decoder)
{
    struct framed *f = decoder;
    LZ4F_resetDecompressionContext(f->decoder);
    f->feed = LZ4F_HEADER_SIZE_MIN;
    f->pending = false;
    return 0;
}

static int lz4_step(void *decoder, struct gw_io *io, struct gw_why *why)
{
    enum { BLOCK_HEADER = 4 };
    struct framed *f = decoder;
    size_t eaten = piece(f, io), made = io->out_len;
    size_t wants =
        LZ4F_decompress(f->decoder, io->out, &made, io->in, &eaten, NULL);
    if (LZ4F_isError(wants))
        return gw_fail(why, GW_EFORMAT, "lz4: %s", LZ4F_getErrorName(wants));
    moved(f, io, eaten, made);
    f->feed = wants > BLOCK_HEADER ? wants - BLOCK_HEADER : wants;
    return wants == 0;
}

static void lz4_close(void *decoder)
{
    struct framed *f = decoder;
    LZ4F_freeDecompressionContext(f->decoder);
    gw_free(f);
}

const struct gw_codec gw_codec_lz4 = {
    .starts = {{{0x04, 0x22, 0x4d, 0x18}, {0xff, 0xff, 0xff, 0xff}, 4},
               {{0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, 4}},
    .open = lz4_open,
    .begin = lz4_begin,
    .step = lz4_step,
    .close = lz4_close,
};

// ---- bzip2 ---------------------------------------------------------------
static void *bzip2_alloc(void *opaque, int n, int size)
{
    (void)opaque;
    return n < 0 || size < 0 ? NULL : gw_resize(NULL, (size_t)n, (size_t)size);
}

static void bzip2_release(void *opaque, void *p)
{
    (void)opaque;
    gw_free(p);
}

// libbz2, too, loses what it wrote in a call that ends in damage: it writes
// into pieces of one size here, so that the loss is small and always the same.
struct bzip2 {
    bz_stream z;
    size_t at, len; // of piece: not yet given
    int result;
    uint8_t piece[4096];
};

static void *bzip2_open(void)
{
    return gw_new(sizeof(struct bzip2));
}

static int bzip2_begin(void *decoder)
{
    struct bzip2 *b = decoder;
    BZ2_bzDecompressEnd(&b->z);
    b->z = (bz_stream){.bzalloc = bzip2_alloc, .bzfree = bzip2_release};
    b->at = b->len = 0;
    b->result = BZ2_bzDecompressInit(&b->z, 0, 0);
    return b->result == BZ_OK ? 0 : GW_ENOMEM;
}

static void bzip2_decode(struct bzip2 *b, struct gw_io *io)
{
    b->z.next_in = (char *)io->in;
    b->z.avail_in = (unsigned)io->in_len;
    b->z.next_out = (char *)b->piece;
    b->z.avail_out = sizeof b->piece;
    b->result = BZ2_bzDecompress(&b->z);
    b->at = 0;
    b->len = sizeof b->piece - b->z.avail_out;
    advance(io, io->in_len - b->z.avail_in, 0);
}

static int bzip2_step(void *decoder, struct gw_io *io, struct gw_why *why)
{
    struct bzip2 *b = decoder;
    if (b->at == b->len && b->result == BZ_OK)
        bzip2_decode(b, io);
    size_t n = b->len - b->at < io->out_len ? b->len - b->at : io->out_len;
    memcpy(io->out, b->piece + b->at, n);
    b->at += n;
    advance(io, 0, n);
    if (b->at < b->len || b->result == BZ_OK)
        return 0;
    if (b->result == BZ_STREAM_END)
        return 1;
    return b->result == BZ_MEM_ERROR
               ? gw_fail(why, GW_ENOMEM, "bzip2: out of memory")
               : gw_fail(why, GW_EFORMAT, "bzip2: the data are damaged");
}

static void bzip2_close(void *decoder)
{
    struct bzip2 *b = decoder;
    BZ2_bzDecompressEnd(&b->z);
    gw_free(b);
}

// The level is a digit; a first block or the end of an empty stream follows.
const struct gw_codec gw_codec_bzip2 = {
    .starts = {{{'B', 'Z', 'h', 0x30, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59},
                {255, 255, 255, 0xf0, 255, 255, 255, 255, 255, 255},
                10},
               {{'B', 'Z', 'h', 0x30, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90},
                {255, 255, 255, 0xf0, 255, 255, 255, 255, 255, 255},
                10}},
    .open = bzip2_open,
    .begin = bzip2_begin,
    .step = bzip2_step,
    .close = bzip2_close,
};
