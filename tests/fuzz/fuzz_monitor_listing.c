// Any bytes as a page of ListObjectsV2; a key that passes must stay below the
// folder, whatever it says.
#include "monitor/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_object(void *ctx, gw_span key, int64_t size, const char *etag)
{
    int *left = ctx;
    char text[64];
    bool leads_out = key.len == 0 || key.at[0] == '/' || gw_is(key, "..") ||
                     gw_starts(key, "../") || gw_ends(key, "/..") ||
                     gw_find(key, GW_LIT("/../"), 0) >= 0 ||
                     (key.at && memchr(key.at, 0, key.len));
    if (size < 0 || strlen(etag) >= GW_ETAG_MAX || strpbrk(etag, "\t\r\n\"") ||
        (leads_out && !gw_key_rule(key)))
        abort();
    gw_printable(key, text, sizeof text);
    return --*left ? 0 : GW_ETOOBIG;
}

static int on_prefix(void *ctx, gw_span prefix)
{
    int *left = ctx;
    return gw_key_rule(prefix) && !--*left ? GW_ETOOBIG : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int left = 50;
    struct gw_why why = {0};
    struct gw_listing l = {
        .ctx = &left, .object = on_object, .prefix = on_prefix};
    int rc = gw_listing_read(gw_span_of(data, size), &l, &why);
    if (rc > 0 || strlen(l.token) >= GW_TOKEN_MAX || (rc && l.token[0]))
        abort();
    return 0;
}
