// An author, an item key and leaves, for tests.
#ifndef GW_LEAF_MAKE_H
#define GW_LEAF_MAKE_H

#include "ledger/ledger.h"
#include "t.h"

// Midday of 2026-11-21: of it only the day goes into a leaf.
#define LEAF_NOON (INT64_C(1795262400) * GW_SECOND)

static const uint8_t leaf_key[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                     11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                     22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static inline struct gw_key leaf_author(uint8_t seed)
{
    struct gw_key k = {.role = GW_ROLE_AUTHOR, .name = "author.example"};
    uint8_t bytes[GW_SEED_LEN];
    memset(bytes, seed, sizeof bytes);
    gw_signing_key_from(bytes, &k.signing);
    assert_int_equal(gw_vkey_make(gw_str(k.name), GW_SIG_ED25519,
                                  gw_signing_key_public(&k.signing), &k.vkey,
                                  NULL),
                     0);
    return k;
}

struct leaf_made {
    struct gw_buf entry, disclosures;
};

static inline int leaf_try(const struct gw_new_leaf *leaf,
                           const struct gw_key *author, const uint8_t key[32],
                           struct leaf_made *ret)
{
    struct gw_why why = {0};
    gw_buf_init(&ret->entry, 1 << 16);
    gw_buf_init(&ret->disclosures, 1 << 20);
    int rc =
        gw_leaf_make(leaf, author, key, &ret->entry, &ret->disclosures, &why);
    assert_int_equal(rc, why.code);
    assert_true(!rc || (why.text[0] && !ret->entry.len));
    gw_buf_reset(&ret->entry);
    gw_buf_reset(&ret->disclosures);
    assert_int_equal(
        gw_leaf_make(leaf, author, key, &ret->entry, &ret->disclosures, NULL),
        rc);
    return rc;
}

static inline void leaf_release(struct leaf_made *m)
{
    gw_buf_release(&m->entry);
    gw_buf_release(&m->disclosures);
}

static inline struct leaf_made leaf_made(const struct gw_new_leaf *leaf,
                                         const struct gw_key *author)
{
    struct leaf_made m;
    assert_int_equal(leaf_try(leaf, author, leaf_key, &m), 0);
    return m;
}

// The texts of the JSON list, each borrowed from it.
static inline size_t leaf_list(const struct leaf_made *m, gw_span *ret,
                               size_t cap)
{
    gw_span rest = gw_buf_span(&m->disclosures);
    size_t n = 0;
    gw_cut(&rest, '"');
    while (rest.len) {
        assert_true(n < cap);
        ret[n++] = gw_cut(&rest, '"');
        gw_cut(&rest, '"');
    }
    return n;
}

#endif
