// An archive with a ledger in a folder of its own, at a fixed time, with keys
// that are the same in every run.
#ifndef GW_ARCHIVE_CASE_H
#define GW_ARCHIVE_CASE_H

#include "../store/place.h"
#include "ledger/ledger.h"

struct archive_case {
    struct place place;
    struct gw_archive *a;
    struct gw_ledger *l;
    struct gw_chance chance;
    struct gw_clock clock;
    struct gw_ledger_options options;
    struct gw_why why;
};

static inline void case_check(struct archive_case *c, int rc)
{
    if (rc)
        fail_msg("%d: %s", rc, c->why.text);
}

static inline void case_open(struct archive_case *c)
{
    c->options = (struct gw_ledger_options){
        .origin = NULL, .chance = &c->chance, .clock = &c->clock};
    c->a = archive_in(&c->place, GW_ARCHIVE_CREATE);
    case_check(c, gw_ledger_open(c->a, &c->options, &c->l, &c->why));
}

static inline void case_close(struct archive_case *c)
{
    gw_ledger_close(c->l);
    gw_archive_close(c->a);
    c->l = NULL;
    c->a = NULL;
}

static inline struct archive_case *case_new(void)
{
    struct archive_case *c = gw_new(sizeof *c);
    assert_non_null(c);
    c->place = place_new();
    c->chance = (struct gw_chance){true, {1}};
    c->clock.fixed = gw_time_civil(2024, 3, 1, 10, 0, 0);
    case_open(c);
    return c;
}

static inline void case_free(struct archive_case *c)
{
    case_close(c);
    place_remove(&c->place);
    gw_free(c);
}

// An object with its leaf, committed. Returns the leaf's index.
static inline uint64_t case_keep(struct archive_case *c, const char *text,
                                 struct gw_object *ret)
{
    char object[2 * GW_HASH_LEN + 3], bytes[32];
    uint64_t index;
    *ret = put_text(c->a, text);
    ret->kind = GW_KIND_UNKNOWN;
    ret->state = GW_DONE;
    case_check(c, gw_evidence_describe(c->a, ret, &c->why));
    snprintf(object, sizeof object, "\"%s\"", ret->hash);
    snprintf(bytes, sizeof bytes, "%lld", (long long)ret->size);
    struct gw_leaf_field fields[] = {{"bytes", gw_str(bytes), false},
                                     {"name", GW_LIT("\"a name\""), true},
                                     {"object", gw_str(object), false}};
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE,
                               .at = c->clock.fixed,
                               .fields = fields,
                               .count = GW_COUNT(fields),
                               .digests = 8};
    case_check(c, gw_ledger_append(c->l, &leaf, ret->hash, &index, &c->why));
    case_check(c, gw_ledger_commit(c->l, &c->why));
    return index;
}

static inline struct gw_sealed case_seal(struct archive_case *c)
{
    struct gw_sealed s;
    case_check(c, gw_ledger_seal(c->l, false, &s, &c->why));
    return s;
}

#endif
