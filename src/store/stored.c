// Reads a stored object as it was received, through our own zstd layer.
#include "store/sql.h"

#include <errno.h>
#include <unistd.h>
#include <zstd.h>

enum { STEP = 128 << 10 };

struct stored {
    int fd;
    const char *path;
    ZSTD_DCtx *unpack; // NULL: stored as it is
    bool ended;        // the frame is complete
    ZSTD_inBuffer in;
    uint8_t buf[STEP];
};

struct stored *stored_new(int fd, bool packed, const char *path)
{
    struct stored *s = gw_new(sizeof *s);
    if (!s) {
        close(fd);
        return NULL;
    }
    s->fd = fd;
    s->path = path;
    s->unpack = packed ? ZSTD_createDCtx() : NULL;
    if (packed && !s->unpack) {
        stored_free(s);
        return NULL;
    }
    return s;
}

void stored_free(struct stored *s)
{
    if (!s)
        return;
    ZSTD_freeDCtx(s->unpack);
    close(s->fd);
    gw_free(s);
}

static int64_t read_some(struct stored *s, uint8_t *bytes, size_t len,
                         struct gw_why *why)
{
    ssize_t n;
    do
        n = read(s->fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? gw_fail_errno(why, s->path, "read") : n;
}

// Refills the input: 1, or 0 at the end of a complete frame.
static int64_t refill(struct stored *s, struct gw_why *why)
{
    int64_t n = read_some(s, s->buf, sizeof s->buf, why);
    if (n < 0)
        return n;
    if (n == 0)
        return s->ended
                   ? 0
                   : gw_fail(why, GW_ECORRUPT, "%s: ends too early", s->path);
    s->in = (ZSTD_inBuffer){s->buf, (size_t)n, 0};
    return 1;
}

int64_t stored_read(struct stored *s, uint8_t *bytes, size_t len,
                    struct gw_why *why)
{
    if (!s->unpack)
        return read_some(s, bytes, len, why);
    ZSTD_outBuffer out = {bytes, len, 0};
    for (;;) {
        if (s->ended && s->in.pos < s->in.size)
            return gw_fail(why, GW_ECORRUPT, "%s: bytes after its end",
                           s->path);
        if (!s->ended) {
            size_t left = ZSTD_decompressStream(s->unpack, &out, &s->in);
            if (ZSTD_isError(left))
                return gw_fail(why, GW_ECORRUPT, "%s: %s", s->path,
                               ZSTD_getErrorName(left));
            s->ended = left == 0;
        }
        if (out.pos)
            return (int64_t)out.pos;
        if (s->in.pos < s->in.size)
            continue;
        int64_t more = refill(s, why);
        if (more <= 0)
            return more;
    }
}
