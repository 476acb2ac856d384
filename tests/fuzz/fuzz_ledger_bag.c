// What a bundle says of itself, from any bytes: manifests, chain.json,
// disclosures.json. The first byte chooses which.
#include "ledger/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A path that was accepted never leads out of the bag, and is for this
// manifest.
static void try_manifest(gw_span text, bool payload, struct gw_arena *arena)
{
    struct bag_file *files;
    size_t count, lines = 0;
    if (bag_manifest_parse(text, payload, arena, &files, &count, NULL))
        return;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    if (count != lines)
        abort();
    for (size_t i = 0; i < count; i++) {
        gw_span path = gw_str(files[i].path);
        if (!path.len || path.at[0] == '/' ||
            gw_find(path, GW_LIT(".."), 0) == 0 ||
            gw_find(path, GW_LIT("/../"), 0) >= 0 || gw_ends(path, "/..") ||
            bag_is_payload(path) != payload)
            abort();
    }
}

static void try_chain(gw_span text, struct gw_json *json,
                      struct gw_arena *arena)
{
    struct chain c;
    struct gw_buf canonical;
    if (chain_parse(json, text, arena, &c, NULL))
        return;
    gw_buf_init(&canonical, GW_JSON_MAX);
    if (gw_json_canonical(json, text, &canonical, NULL) ||
        !gw_eq(text, gw_buf_span(&canonical)))
        abort();
    gw_buf_release(&canonical);
    for (size_t i = 0; i < c.anchor_count; i++)
        if (strchr(c.anchors[i], '/') || c.anchors[i][0] == '.')
            abort();
    if (c.has_evidence && !bag_path_ok(gw_str(c.evidence_file)))
        abort();
}

static void try_disclosures(gw_span text, struct gw_json *json,
                            struct gw_arena *arena)
{
    struct chain_disclosure *list;
    size_t count;
    if (chain_disclosures(json, text, arena, &list, &count, NULL))
        return;
    for (size_t i = 0; i < count; i++)
        if (list[i].leaf > INT64_MAX || !list[i].text.at)
            abort();
}

static void try_values(gw_span text, struct gw_json *json,
                       struct gw_arena *arena)
{
    uint64_t number;
    struct gw_hash32 hash;
    if (chain_pair(json, text, arena, "count", "root", &number, &hash) &&
        number > INT64_MAX)
        abort();
    chain_hash(json, text, arena, &hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct gw_arena *arena = gw_arena_new(64 << 20);
    struct gw_json *json = gw_json_new();
    struct gw_buf padded;
    gw_buf_init(&padded, size + GW_JSON_PADDING);
    uint8_t *at = gw_buf_room(&padded, size + GW_JSON_PADDING);
    memcpy(at, data + 1, size - 1);
    memset(at + size - 1, 0, GW_JSON_PADDING);
    gw_span text = gw_span_of(at, size - 1);
    switch (data[0] % 5) {
    case 0: try_manifest(text, true, arena); break;
    case 1: try_manifest(text, false, arena); break;
    case 2: try_chain(text, json, arena); break;
    case 3: try_disclosures(text, json, arena); break;
    default: try_values(text, json, arena);
    }
    gw_buf_release(&padded);
    gw_json_free(json);
    gw_arena_free(arena);
    return 0;
}
