// Names of a log's tiles and entry bundles, their form, and reading one
// (c2sp.org/tlog-tiles).
#include "ledger/reader.h"

#include <stdio.h>

// Groups of three digits, all but the last marked: x001/x234/067.
static size_t put_number(uint64_t n, char *at, size_t cap)
{
    unsigned groups[8], count = 0;
    do
        groups[count++] = (unsigned)(n % 1000);
    while (n /= 1000);
    size_t len = 0;
    while (count--) {
        int put = snprintf(at + len, cap - len, count ? "x%03u/" : "%03u",
                           groups[count]);
        len += put > 0 ? (size_t)put : 0;
    }
    return len;
}

size_t gw_tile_path(int level, uint64_t n, unsigned width,
                    char ret_text[GW_TILE_PATH])
{
    enum { CAP = GW_TILE_PATH };
    int put = level == GW_TILE_ENTRIES
                  ? snprintf(ret_text, CAP, "tile/entries/")
                  : snprintf(ret_text, CAP, "tile/%u/", (unsigned)level & 63);
    size_t len = put > 0 ? (size_t)put : 0;
    len += put_number(n, ret_text + len, CAP - len);
    if (width < GW_TILE_WIDTH)
        put = snprintf(ret_text + len, CAP - len, ".p/%u", width);
    else
        put = 0;
    return len + (put > 0 ? (size_t)put : 0);
}

int gw_bundle_split(gw_span bundle, unsigned width, gw_span *ret_entries,
                    struct gw_why *why)
{
    const uint8_t *at = bundle.at;
    size_t left = bundle.len;
    for (unsigned i = 0; i < width; i++) {
        size_t len = left < 2 ? 0 : (size_t)at[0] << 8 | at[1];
        if (left < 2 || left - 2 < len)
            return gw_fail(why, GW_EFORMAT, "entry %u of %u: ends too early", i,
                           width);
        ret_entries[i] = gw_span_of(at + 2, len);
        at += 2 + len;
        left -= 2 + len;
    }
    if (left)
        return gw_fail(why, GW_EFORMAT, "%zu bytes follow after %u entries",
                       left, width);
    return 0;
}

// ---- reading ------------------------------------------------------------
// The partial file, or if that is gone the full one: its width in ret_width.
static int read_file(struct gw_log_reader *r, int level, uint64_t n,
                     unsigned *width, size_t max, struct gw_buf *ret,
                     char ret_name[GW_TILE_PATH], struct gw_why *why)
{
    struct gw_why said = {0};
    gw_tile_path(level, n, *width, ret_name);
    int rc = gw_log_get(r, ret_name, max, ret, &said);
    if (rc == GW_ENOENT && *width < GW_TILE_WIDTH) {
        char full[GW_TILE_PATH];
        gw_tile_path(level, n, GW_TILE_WIDTH, full);
        struct gw_why again = {0};
        int rc_full = gw_log_get(r, full, max, ret, &again);
        if (rc_full == GW_ENOENT) // it is the partial one that is missing
            return gw_fail(why, GW_ENOENT, "%s", said.text);
        memcpy(ret_name, full, GW_TILE_PATH);
        *width = GW_TILE_WIDTH;
        rc = rc_full;
        said = again;
    }
    return rc ? gw_fail(why, rc, "%s", said.text) : 0;
}

int gw_tile_read(struct gw_log_reader *r, int level, uint64_t n, unsigned width,
                 struct gw_buf *ret, char ret_name[GW_TILE_PATH],
                 struct gw_why *why)
{
    size_t before = ret->len, len;
    unsigned have = width;
    int rc = read_file(r, level, n, &have, GW_TILE_WIDTH * GW_HASH_LEN, ret,
                       ret_name, why);
    if (rc)
        return rc;
    len = ret->len - before;
    ret->len = before;
    if (len != have * (size_t)GW_HASH_LEN)
        return gw_fail(why, GW_EFORMAT, "%s: %zu bytes where %u are right",
                       ret_name, len, have * GW_HASH_LEN);
    ret->len += width * (size_t)GW_HASH_LEN;
    return 0;
}

int gw_bundle_read(struct gw_log_reader *r, uint64_t n, unsigned width,
                   struct gw_buf *ret, char ret_name[GW_TILE_PATH],
                   gw_span ret_entries[GW_TILE_WIDTH], struct gw_why *why)
{
    size_t before = ret->len;
    unsigned have = width;
    int rc = read_file(r, GW_TILE_ENTRIES, n, &have, GW_BUNDLE_MAX, ret,
                       ret_name, why);
    if (rc)
        return rc;
    gw_span bundle = gw_sub(gw_buf_span(ret), before, ret->len);
    ret->len = before;
    rc = gw_bundle_split(bundle, have, ret_entries, why);
    if (rc)
        return gw_within(why, "%s", ret_name), rc;
    const gw_span *last = &ret_entries[width - 1];
    ret->len += (size_t)(last->at + last->len - bundle.at);
    return 0;
}
