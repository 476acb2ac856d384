// Writes a corpus of OONI measurements as JSON lines: every measurement below
// a folder, again and again under new ids, networks and days, until so many
// bytes are written. What is in them stays real; certificates and bodies
// repeat, as they do in the field, but more often: see docs/internals/speed.md.
//   corpus FOLDER BYTES SEED > out.jsonl
#include "base/base.h"
#include "wire/wire.h"

#include <stdio.h>

enum { DOCS_MAX = 4096, DOC_MAX = 16 << 20 };

struct corpus {
    struct gw_json *json;
    struct gw_buf text[DOCS_MAX];
    size_t count;
};

static bool wanted(const char *path)
{
    gw_span s = gw_str(path);
    return gw_ends(s, ".json") || gw_ends(s, ".jsonl");
}

// Keeps the measurement, out of an API's or a saved answer's envelope.
static int keep(struct corpus *c, gw_span text, int depth)
{
    gw_jv v;
    uint8_t *padded = gw_new(text.len + GW_JSON_PADDING);
    if (!padded)
        return GW_ENOMEM;
    memcpy(padded, text.at, text.len);
    int rc = gw_json_parse(c->json, gw_span_of(padded, text.len), &v, NULL);
    gw_span inner =
        rc ? (gw_span){0} : gw_jv_str(gw_jv_get(v, "raw_measurement"));
    if (!rc && !inner.len)
        inner = gw_jv_str(gw_jv_get(v, "body"));
    if (!rc && inner.len && depth < 3) {
        struct gw_buf copy;
        gw_buf_init(&copy, DOC_MAX);
        gw_put_span(&copy, inner);
        rc = copy.err ? copy.err : keep(c, gw_buf_span(&copy), depth + 1);
        gw_buf_release(&copy);
    } else if (!rc && gw_jv_has(gw_jv_get(v, "test_keys")) &&
               c->count < DOCS_MAX) {
        struct gw_buf *b = &c->text[c->count];
        gw_buf_init(b, DOC_MAX);
        struct gw_jw w = gw_jw_on(b);
        gw_jw_value(&w, v);
        c->count += b->err == 0;
    }
    gw_free(padded);
    return 0;
}

static int read_file(void *ctx, const char *path)
{
    struct gw_buf b;
    gw_buf_init(&b, DOC_MAX);
    if (wanted(path) && gw_file_read(path, &b, NULL) == 0)
        (void)keep(ctx, gw_buf_span(&b), 0);
    gw_buf_release(&b);
    return 0;
}

static bool replaced(gw_span key)
{
    return gw_is(key, "measurement_uid") || gw_is(key, "report_id") ||
           gw_is(key, "probe_asn") || gw_is(key, "measurement_start_time");
}

static void put_again(struct corpus *c, struct gw_buf *out, struct gw_rand *r,
                      size_t which)
{
    gw_jv v;
    struct gw_buf *from = &c->text[which];
    char text[GW_TIME_TEXT];
    if (!gw_buf_room(from, GW_JSON_PADDING) ||
        gw_json_parse(c->json, gw_buf_span(from), &v, NULL))
        return;
    gw_time t = gw_time_civil(2024, 1, 1, 0, 0, 0) +
                (int64_t)gw_rand_below(r, 60 * 86400) * GW_SECOND;
    gw_buf_reset(out);
    struct gw_jw w = gw_jw_on(out);
    gw_jw_open(&w, '{');
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        if (replaced(it.key))
            continue;
        gw_jw_key_span(&w, it.key);
        gw_jw_value(&w, it.value);
    }
    gw_jw_kstr(&w, "measurement_start_time",
               gw_span_of(text, gw_format_time(t, text)));
    char id[80];
    snprintf(id, sizeof id, "AS%d", (int)gw_rand_below(r, 400) + 1000);
    gw_jw_kstr(&w, "probe_asn", gw_str(id));
    snprintf(id, sizeof id, "20240101T000000Z_x_%016llx",
             (unsigned long long)gw_rand_next(r));
    gw_jw_kstr(&w, "report_id", gw_str(id));
    snprintf(id, sizeof id, "20240101000000.000000_PK_x_%016llx",
             (unsigned long long)gw_rand_next(r));
    gw_jw_kstr(&w, "measurement_uid", gw_str(id));
    gw_jw_close(&w, '}');
    gw_put_u8(out, '\n');
}

int main(int argc, char **argv)
{
    static struct corpus c;
    struct gw_buf out;
    uint64_t bytes, seed, done = 0;
    if (argc != 4 || !gw_parse_uint(gw_str(argv[2]), UINT64_MAX, &bytes) ||
        !gw_parse_uint(gw_str(argv[3]), UINT64_MAX, &seed))
        return fputs("usage: corpus FOLDER BYTES SEED\n", stderr), 2;
    struct gw_rand r = {seed};
    gw_buf_init(&out, 2 * DOC_MAX);
    c.json = gw_json_new();
    struct gw_why why = {0};
    if (!c.json || gw_walk(argv[1], read_file, &c, &why) || !c.count)
        return fprintf(stderr, "corpus: %s: no measurements %s\n", argv[1],
                       why.text),
               1;
    while (done < bytes) {
        put_again(&c, &out, &r, gw_rand_below(&r, c.count));
        if (fwrite(out.at, 1, out.len, stdout) != out.len)
            return 1;
        done += out.len;
    }
    fprintf(stderr, "%zu different measurements, %llu bytes\n", c.count,
            (unsigned long long)done);
    for (size_t i = 0; i < c.count; i++)
        gw_buf_release(&c.text[i]);
    gw_buf_release(&out);
    gw_json_free(c.json);
    return 0;
}
