// From an id back to the bytes: an excerpt of the unpacked object.
#include "monitor/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int64_t fd_source(void *ctx, uint8_t *bytes, size_t len)
{
    ssize_t n;
    do {
        n = read(*(int *)ctx, bytes, len);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? GW_EIO : n;
}

// Passes over what lies before the position, then copies.
static int copy_from_leaf(struct gw_unpack *u, int64_t skip, int64_t length,
                          struct gw_excerpt *ret, struct gw_why *why)
{
    uint8_t chunk[64 << 10];
    int64_t want = length;
    while (skip + want > 0) {
        size_t ask = sizeof chunk;
        if (skip + want < (int64_t)ask)
            ask = (size_t)(skip + want);
        int64_t n = gw_unpack_read(u, chunk, ask, why);
        if (n <= 0)
            return n < 0 ? (int)n
                         : gw_fail(why, GW_EFEW,
                                   "the leaf ends before the record does");
        int64_t over = skip < n ? skip : n;
        skip -= over;
        gw_put(&ret->bytes, chunk + over, (size_t)(n - over));
        want -= n - over;
    }
    return ret->bytes.err;
}

static int find_leaf(struct gw_unpack *u, bool packed, int64_t position,
                     int64_t length, struct gw_excerpt *ret, struct gw_why *why)
{
    // Leaves come in order; the one that holds the position is the last that
    // begins at or before it, so each is read only when the next is too far.
    struct gw_leaf leaf;
    uint8_t byte[64 << 10];
    int rc;
    struct gw_why cut = {0};
    while ((rc = gw_unpack_leaf(u, &leaf, why)) > 0) {
        int64_t skip = position - leaf.start;
        snprintf(ret->leaf, sizeof ret->leaf, "%s", leaf.name);
        const char *c = leaf.container;
        if (packed && strncmp(c, "zstd", 4) == 0)
            c += c[4] == '+' ? 5 : 4; // that layer is ours
        snprintf(ret->container, sizeof ret->container, "%s", c);
        ret->leaf_start = leaf.start;
        // Read up to the position: if the leaf ends before, try the next.
        int64_t n = 1;
        while (skip > 0 && n > 0) {
            size_t ask =
                skip < (int64_t)sizeof byte ? (size_t)skip : sizeof byte;
            n = gw_unpack_read(u, byte, ask, NULL);
            skip -= n > 0 ? n : 0;
        }
        if (skip == 0 && n > 0)
            rc = copy_from_leaf(u, 0, length, ret, &cut);
        if (skip == 0 && n > 0 && (rc == 0 || ret->bytes.len))
            return rc ? gw_fail(why, rc, "%s", cut.text) : 0;
        cut = (struct gw_why){0};
    }
    return rc < 0 ? rc
                  : gw_fail(why, GW_ENOENT,
                            "the object ends before position "
                            "%lld",
                            (long long)position);
}

int gw_evidence_excerpt(struct gw_archive *a, const char *object,
                        int64_t position, int64_t length,
                        struct gw_excerpt *ret, struct gw_why *why)
{
    bool packed;
    int fd = gw_evidence_open(a, object, &packed, why);
    return fd < 0 ? fd
                  : gw_evidence_excerpt_from(fd, packed, position, length, ret,
                                             why);
}

int gw_evidence_excerpt_from(int fd, bool packed, int64_t position,
                             int64_t length, struct gw_excerpt *ret,
                             struct gw_why *why)
{
    gw_buf_init(&ret->bytes, GW_JSON_MAX + GW_JSON_PADDING);
    struct gw_unpack *u = gw_unpack_new(fd_source, &fd);
    int rc = u ? find_leaf(u, packed, position, length, ret, why)
               : gw_fail(why, GW_ENOMEM, "out of memory");
    gw_unpack_free(u);
    close(fd);
    if (rc)
        gw_buf_release(&ret->bytes);
    return rc;
}
