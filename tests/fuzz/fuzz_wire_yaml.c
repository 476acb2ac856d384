// YAML from any bytes: what comes out is JSON, and the same whatever the
// chunks of the source. The first byte chooses their size.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct drip {
    gw_span text;
    size_t chunk;
};

static int64_t drip(void *ctx, uint8_t *bytes, size_t len)
{
    struct drip *d = ctx;
    size_t n = len < d->chunk ? len : d->chunk;
    gw_span part = gw_sub(d->text, 0, n);
    if (part.len)
        memcpy(bytes, part.at, part.len);
    d->text = gw_sub(d->text, part.len, d->text.len);
    return (int64_t)part.len;
}

static void must_be_json(struct gw_json *parser, struct gw_buf *json)
{
    gw_jv v;
    if (!gw_buf_room(json, GW_JSON_PADDING) ||
        gw_json_parse(parser, gw_buf_span(json), &v, NULL) != 0)
        abort();
}

// A running hash of all results.
static uint64_t convert(struct drip d, struct gw_json *parser)
{
    struct gw_buf json = {.max = GW_JSON_MAX};
    struct gw_yaml *y = gw_yaml_new(drip, &d);
    int64_t where[2] = {0, 0}, most = (int64_t)d.text.len;
    uint64_t seen = 0;
    int n;
    while ((n = gw_yaml_next(y, &json, &where[0], &where[1], NULL)) != 0) {
        seen = gw_hash(gw_span_of(&n, sizeof n), seen);
        seen = gw_hash(gw_span_of(where, sizeof where), seen);
        seen = gw_hash(gw_buf_span(&json), seen);
        if (n == 1)
            must_be_json(parser, &json);
        if (where[0] + where[1] > most)
            abort();
    }
    gw_yaml_free(y);
    gw_buf_release(&json);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    gw_span text = gw_span_of(data + 1, size - 1);
    struct gw_json *parser = gw_json_new();
    if (convert((struct drip){text, 1 + data[0]}, parser) !=
        convert((struct drip){text, size}, parser))
        abort();
    gw_json_free(parser);
    return 0;
}
