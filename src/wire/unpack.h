// Shared by the files of the unpacker: a stack of layers, each of which gives
// bytes that it makes from those of the layer below.
#ifndef GW_UNPACK_H
#define GW_UNPACK_H

#include "wire/wire.h"

enum {
    GW_UNPACK_STEP = 256 << 10, // bytes asked of the layer below at a time
    GW_UNPACK_HEAD = 512, // bytes looked at to tell the format: a tar header
    GW_SIGNATURE_MAX = 10,
};

struct gw_layer;
struct gw_layer_kind {
    const char *name; // as in gw_leaf.container
    int (*open)(struct gw_layer *l);
    // 1..len, 0 at the end, negative with l->broken set.
    int64_t (*read)(struct gw_layer *l, uint8_t *bytes, size_t len);
    void (*close)(struct gw_layer *l);
    const struct gw_codec *codec; // of a compressed stream
};

struct gw_layer {
    const struct gw_layer_kind *kind;
    struct gw_layer *below;
    void *state;
    uint8_t head[GW_UNPACK_HEAD]; // read ahead, not yet given
    size_t head_at, head_len;
    bool ended;
    struct gw_why broken; // the first failure; it is repeated from then on
};

int64_t gw_layer_read(struct gw_layer *l, uint8_t *bytes, size_t len);
// The first bytes, as many as there are up to GW_UNPACK_HEAD; read later.
gw_span gw_layer_peek(struct gw_layer *l);
// Breaks l for the reason for which the layer below broke.
int gw_layer_inherit(struct gw_layer *l);

// What a decoder eats and makes; it moves both ends on.
struct gw_io {
    uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};
struct gw_signature {
    uint8_t bytes[GW_SIGNATURE_MAX], mask[GW_SIGNATURE_MAX];
    size_t len;
};
// A compressed format: members (frames, streams) one after another.
struct gw_codec {
    struct gw_signature starts[2]; // either begins a member
    void *(*open)(void);           // NULL: no memory
    int (*begin)(void *decoder);   // ahead of each member
    // 1: the member is complete, 0: go on, negative: damaged.
    int (*step)(void *decoder, struct gw_io *io, struct gw_why *why);
    void (*close)(void *decoder);
};
extern const struct gw_codec gw_codec_gzip, gw_codec_zstd, gw_codec_lz4,
    gw_codec_bzip2;

// The kind of compressed stream that begins with head, or NULL.
const struct gw_layer_kind *gw_stream_kind(gw_span head);

extern const struct gw_layer_kind gw_tar_kind;
bool gw_tar_begins(gw_span head);
// Goes to the next regular file: 1, 0 at the end, negative if damaged.
int gw_tar_next(struct gw_layer *l);
const char *gw_tar_name(const struct gw_layer *l); // of the member it is at

#endif
