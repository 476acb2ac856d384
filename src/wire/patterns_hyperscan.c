// Literals through Hyperscan: one database in block mode. Regexps are not
// given to it, because a database of literals alone scans faster.
#include "wire/patterns.h"

#include <hs.h>

struct gw_hyperscan {
    hs_database_t *db;
};

bool gw_hyperscan_runs_here(void)
{
    return hs_valid_platform() == HS_SUCCESS;
}

// The parallel arrays that the compiler of Hyperscan wants.
struct columns {
    const char **texts;
    size_t *lens;
    unsigned *flags, *ids;
};

static bool columns_fill(struct columns *c, const struct gw_literal *list,
                         size_t n)
{
    c->texts = gw_resize(NULL, n, sizeof *c->texts);
    c->lens = gw_resize(NULL, n, sizeof *c->lens);
    c->flags = gw_resize(NULL, n, sizeof *c->flags);
    c->ids = gw_resize(NULL, n, sizeof *c->ids);
    if (!c->texts || !c->lens || !c->flags || !c->ids)
        return false;
    for (size_t i = 0; i < n; i++) {
        c->texts[i] = (const char *)list[i].text.at;
        c->lens[i] = list[i].text.len;
        c->flags[i] = HS_FLAG_SINGLEMATCH;
        c->ids[i] = list[i].bit;
    }
    return true;
}

static void columns_release(struct columns *c)
{
    gw_free(c->texts);
    gw_free(c->lens);
    gw_free(c->flags);
    gw_free(c->ids);
}

static int compile(hs_database_t **ret_db, const struct gw_literal *list,
                   size_t n, struct gw_why *why)
{
    struct columns c = {0};
    hs_compile_error_t *error = NULL;
    int rc = GW_ENOMEM;
    if (columns_fill(&c, list, n))
        rc = hs_compile_lit_multi(c.texts, c.flags, c.ids, c.lens, (unsigned)n,
                                  HS_MODE_BLOCK, NULL, ret_db, &error);
    columns_release(&c);
    if (error)
        rc = gw_fail(why, GW_EREFUSED, "Hyperscan: %s", error->message);
    else if (rc)
        rc = gw_fail(why, GW_ENOMEM, "Hyperscan: out of memory");
    hs_free_compile_error(error);
    return rc;
}

struct gw_hyperscan *gw_hyperscan_new(const struct gw_literal *list, size_t n,
                                      struct gw_why *why)
{
    struct gw_hyperscan *h = gw_new(sizeof *h);
    if (!h) {
        gw_fail(why, GW_ENOMEM, "Hyperscan: out of memory");
        return NULL;
    }
    if (compile(&h->db, list, n, why)) {
        gw_free(h);
        return NULL;
    }
    return h;
}

void gw_hyperscan_free(struct gw_hyperscan *h)
{
    if (!h)
        return;
    hs_free_database(h->db);
    gw_free(h);
}

void *gw_hyperscan_scratch_new(const struct gw_hyperscan *h)
{
    hs_scratch_t *scratch = NULL;
    return hs_alloc_scratch(h->db, &scratch) ? NULL : scratch;
}

void gw_hyperscan_scratch_free(void *scratch)
{
    hs_free_scratch(scratch);
}

static int mark(unsigned id, unsigned long long from, unsigned long long to,
                unsigned flags, void *found)
{
    (void)from, (void)to, (void)flags;
    gw_bit_set(found, id);
    return 0;
}

int gw_hyperscan_scan(const struct gw_hyperscan *h, void *scratch, gw_span s,
                      uint64_t *found)
{
    const char *at = s.len ? (const char *)s.at : "";
    hs_error_t rc =
        hs_scan(h->db, at, (unsigned)s.len, 0, scratch, mark, found);
    if (rc == HS_SCRATCH_IN_USE)
        return GW_EBUSY;
    return rc ? GW_EREFUSED : 0;
}
