// Leaves and disclosures: "<entry>\n<disclosure>". Whatever is read must be
// canonical, and what is disclosed must be what the leaf hides.
#include "ledger/ledger.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_a_leaf(gw_span entry, const struct gw_leaf_read *r,
                           struct gw_arena *a)
{
    static const char *const members[] = {"v", "type", "day", "_sd", "by"};
    char day[GW_TIME_TEXT];
    must(entry.len <= GW_LEAF_MAX && gw_starts(entry, "{") &&
         gw_ends(entry, "}"));
    must(gw_is_utf8(entry) && r->type < GW_LEAF_TYPE_COUNT);
    must(gw_is(gw_leaf_member(entry, "v", a), "1"));
    gw_span quoted = gw_leaf_member(entry, "day", a);
    must(gw_eq(gw_sub(quoted, 1, 10),
               gw_span_of(day, gw_format_day(r->day, day))));
    must(r->digests <= 32 && r->digests % 8 == 0);
    for (size_t i = 0; i < GW_COUNT(members); i++) {
        gw_span json = gw_leaf_member(entry, members[i], a);
        must(!json.at || gw_find(entry, json, 0) > 0);
    }
}

static void try_disclosure(gw_span entry, gw_span disclosure,
                           const struct gw_leaf_read *r, struct gw_arena *a)
{
    gw_span name, json;
    struct gw_why why = {0};
    int rc = gw_leaf_disclosed(entry, disclosure, a, &name, &json, &why);
    must(rc == why.code);
    must(rc == gw_leaf_disclosed(entry, disclosure, a, &name, &json, NULL));
    if (rc)
        return;
    must(r->digests > 0 && name.len > 0 && json.len > 0);
    must(gw_find(gw_leaf_member(entry, "_sd", a), GW_LIT("\""), 0) > 0);
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.at);
    must(strlen(text) == name.len && !gw_leaf_member(entry, text, a).at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *a = gw_arena_new(4 << 20);
    gw_span rest = gw_span_of(data, size);
    gw_span entry = gw_cut(&rest, '\n');
    struct gw_leaf_read r;
    struct gw_why why = {0};
    // Public key of the seed 01 01 ... 01.
    static const struct gw_vkey author = {
        .name = "author.example",
        .id = 0x7a579a5a,
        .type = GW_SIG_ED25519,
        .public_key = {0x8a, 0x88, 0xe3, 0xdd, 0x74, 0x09, 0xf1, 0x95,
                       0xfd, 0x52, 0xdb, 0x2d, 0x3c, 0xba, 0x5d, 0x72,
                       0xca, 0x67, 0x09, 0xbf, 0x1d, 0x94, 0x12, 0x1b,
                       0xf3, 0x74, 0x88, 0x01, 0xb4, 0x0f, 0x6f, 0x5c}};
    must(a != NULL);
    int rc = gw_leaf_read(entry, NULL, &r, &why);
    must(rc == why.code && (!rc || why.text[0]));
    if (!rc) {
        struct gw_leaf_read signed_read;
        must_be_a_leaf(entry, &r, a);
        rc = gw_leaf_read(entry, &author, &signed_read, NULL);
        must(!rc || rc == GW_EPROOF || rc == GW_ETOOBIG);
        try_disclosure(entry, rest, &r, a);
    }
    gw_arena_free(a);
    return 0;
}
