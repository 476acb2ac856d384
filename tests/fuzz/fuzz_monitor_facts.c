// Any record to rows, without reference data. The first byte says where the
// text is from: odd, an entry of a YAML report; with its second bit, a postcan.
// What is refused leaves no row; what is taken can be stored and read back, and
// its JSON columns are JSON.
#include "monitor/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_MAX = 256 << 20 };

struct bench {
    struct gw_facts *facts;
    struct gw_arena *arena, *other;
    struct gw_block block, back;
    struct gw_block_codec *codec;
    struct gw_json *json;
    struct gw_buf text;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

// Made once: the compiled patterns and caches are as in a long run.
static struct bench *bench(void)
{
    static struct bench b;
    if (b.facts)
        return &b;
    struct gw_refs *refs = gw_refs_new();
    must(refs && gw_refs_seal(refs, NULL) == 0);
    b.facts = gw_facts_new(refs);
    b.arena = gw_arena_new(ARENA_MAX);
    b.other = gw_arena_new(ARENA_MAX);
    b.codec = gw_block_codec_new();
    b.json = gw_json_new();
    gw_buf_init(&b.text, GW_BLOCK_MAX);
    must(b.facts && b.arena && b.other && b.codec && b.json);
    must(gw_block_init(&b.block, b.arena) == 0);
    must(gw_block_init(&b.back, b.other) == 0);
    return &b;
}

static gw_span padded(struct gw_buf *b, gw_span s)
{
    gw_buf_reset(b);
    gw_put_span(b, s);
    must(gw_buf_room(b, GW_JSON_PADDING) != NULL);
    return gw_buf_span(b);
}

static void json_columns_are_json(struct bench *b)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < b->block.rows[t].count; i++)
            for (size_t k = 0; k < gw_tables[t].column_count; k++) {
                const struct gw_column *c = &gw_tables[t].columns[k];
                gw_span s;
                gw_jv v;
                if (c->type != GW_JSON)
                    continue;
                memcpy(&s,
                       (uint8_t *)b->block.rows[t].at +
                           i * gw_tables[t].row_size + c->offset,
                       sizeof s);
                must(!s.at || gw_json_parse(b->json, padded(&b->text, s), &v,
                                            NULL) == 0);
            }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench *b = bench();
    if (!size)
        return 0;
    gw_span text = padded(&b->text, gw_span_of(data + 1, size - 1));
    struct gw_record r = {text, 7, (int64_t)text.len,
                          data[0] & 2 ? "a/b.post" : "", data[0] & 1};
    gw_block_reset(&b->block);
    gw_arena_reset(b->arena);
    gw_arena_reset(b->other);
    int rc = gw_facts_add(b->facts, &b->block, &r, NULL);
    must((rc == 0) == (b->block.rows[GW_TABLE_measurement].count == 1));
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        must(rc == 0 || b->block.rows[t].count == 0);
    json_columns_are_json(b);
    gw_buf_reset(&b->text);
    must(gw_block_encode(b->codec, &b->block, &b->text, NULL) == 0);
    must(gw_block_decode(b->codec, gw_buf_span(&b->text), ~0u, &b->back,
                         NULL) == 0);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        must(b->back.rows[t].count == b->block.rows[t].count);
    return 0;
}
