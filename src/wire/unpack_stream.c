// Compressed streams: members one after another through a decoder, padding
// and rubbish behind them, and streams cut short.
#include "wire/unpack.h"

enum {
    OUT_MAX = 1 << 30, // a decoder counts its room in 32 bits
    STALLS_MAX = 2,    // turns in a row without progress
};

struct stream {
    void *decoder;
    uint8_t *in; // at .. len is unread
    size_t at, len;
    bool inside; // a member
};

// ---- signatures ----------------------------------------------------------
// Also true for a text of at least min bytes that ends within the signature.
static bool begins(gw_span s, const struct gw_signature *with, size_t min)
{
    size_t n = s.len < with->len ? s.len : with->len;
    if (n < min || !n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((s.at[i] & with->mask[i]) != with->bytes[i])
            return false;
    return true;
}

static bool begins_member(gw_span s, const struct gw_codec *codec, size_t min)
{
    return begins(s, &codec->starts[0], min) ||
           begins(s, &codec->starts[1], min);
}

// ---- the layer -----------------------------------------------------------
static void stream_close(struct gw_layer *l)
{
    struct stream *s = l->state;
    if (s->decoder)
        l->kind->codec->close(s->decoder);
    gw_free(s->in);
    gw_free(s);
    l->state = NULL;
}

static int stream_open(struct gw_layer *l)
{
    struct stream *s = l->state = gw_new(sizeof *s);
    if (!s)
        return gw_fail(&l->broken, GW_ENOMEM, "%s: out of memory",
                       l->kind->name);
    s->in = gw_resize(NULL, GW_UNPACK_STEP, 1);
    s->decoder = l->kind->codec->open();
    if (s->in && s->decoder)
        return 0;
    stream_close(l);
    return gw_fail(&l->broken, GW_ENOMEM, "%s: out of memory", l->kind->name);
}

// Adds input behind what is unread; false if there is none. Always to the
// brim, so that the decoder sees the same pieces however the bytes arrive.
static bool fill(struct gw_layer *l)
{
    struct stream *s = l->state;
    size_t before = s->len -= s->at;
    memmove(s->in, s->in + s->at, s->len);
    s->at = 0;
    int64_t n = 1;
    while (n > 0 && s->len < GW_UNPACK_STEP) {
        n = gw_layer_read(l->below, s->in + s->len, GW_UNPACK_STEP - s->len);
        s->len += n > 0 ? (size_t)n : 0;
    }
    return s->len > before;
}

static int no_more_input(struct gw_layer *l)
{
    if (l->below->broken.code)
        return gw_layer_inherit(l);
    return gw_fail(&l->broken, GW_EFEW, "%s: the stream is cut short",
                   l->kind->name);
}

// 1: a member begins, 0: the end, maybe after zero padding, or negative.
static int next_member(struct gw_layer *l)
{
    struct stream *s = l->state;
    do {
        while (s->at < s->len && s->in[s->at] == 0)
            s->at++;
    } while (s->len - s->at < GW_SIGNATURE_MAX && fill(l));
    gw_span rest = gw_span_of(s->in + s->at, s->len - s->at);
    if (begins_member(rest, l->kind->codec, 1)) {
        int r = l->kind->codec->begin(s->decoder);
        s->inside = r == 0;
        return r == 0 ? 1
                      : gw_fail(&l->broken, r, "%s: %s", l->kind->name,
                                gw_strerror(r));
    }
    if (l->below->broken.code)
        return gw_layer_inherit(l);
    if (!rest.len)
        return 0;
    return gw_fail(&l->broken, GW_EFORMAT,
                   "%s: bytes after the stream that are no part of it",
                   l->kind->name);
}

// Straight into the caller's buffer: no byte is copied here.
static int64_t stream_read(struct gw_layer *l, uint8_t *bytes, size_t len)
{
    struct stream *s = l->state;
    len = len < OUT_MAX ? len : OUT_MAX;
    for (int stalls = 0; stalls < STALLS_MAX;) {
        int r = s->inside ? 1 : next_member(l);
        if (r <= 0)
            return r;
        bool dry = s->at == s->len && !fill(l);
        size_t unread = s->len - s->at;
        struct gw_io io = {s->in + s->at, unread, bytes, len};
        r = l->kind->codec->step(s->decoder, &io, &l->broken);
        s->at = s->len - io.in_len;
        s->inside = r == 0;
        if (io.out_len < len)
            return (int64_t)(len - io.out_len);
        if (r < 0)
            return r;
        if (r == 0 && dry)
            return no_more_input(l);
        stalls = r == 0 && io.in_len == unread ? stalls + 1 : 0;
    }
    return gw_fail(&l->broken, GW_EFORMAT, "%s: the decoder stalls",
                   l->kind->name);
}

static const struct gw_layer_kind kinds[] = {
    {"gzip", stream_open, stream_read, stream_close, &gw_codec_gzip},
    {"zstd", stream_open, stream_read, stream_close, &gw_codec_zstd},
    {"lz4", stream_open, stream_read, stream_close, &gw_codec_lz4},
    {"bzip2", stream_open, stream_read, stream_close, &gw_codec_bzip2},
};

const struct gw_layer_kind *gw_stream_kind(gw_span head)
{
    for (size_t i = 0; i < GW_COUNT(kinds); i++)
        if (begins_member(head, kinds[i].codec, 2))
            return &kinds[i];
    return NULL;
}
