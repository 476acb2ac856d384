// gw_publish: loads the archive's rows, then makes page after page.
#include "publish/site.h"

#include <stdio.h>

enum { SITE_ARENA = 1 << 30, CHECKPOINT_MAX = 1 << 20 };

// ---- explain pages that are wanted --------------------------------------
void site_want(struct site *s, const char *id)
{
    if (*id && names_add(&s->wanted->ids, gw_str(id)) == UINT32_MAX)
        s->wanted->err = GW_ENOMEM;
}

int site_wanted_each(struct site *s, site_wanted_fn *fn, void *ctx,
                     struct gw_why *why)
{
    size_t count = s->wanted->ids.count;
    uint32_t *order = s->wanted->err ? NULL : names_sorted(&s->wanted->ids);
    if (!order)
        return gw_fail(why, GW_ENOMEM, "ids to explain");
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++)
        rc = fn(ctx, s->wanted->ids.at[order[i]], why);
    gw_free(order);
    return rc;
}

// ---- lists --------------------------------------------------------------
static uint32_t search(const void *list, size_t count, size_t stride,
                       const char *name) // a name comes first in each
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *const *at =
            (const void *)((const uint8_t *)list + mid * stride);
        int order = strcmp(name, *at);
        if (order == 0)
            return (uint32_t)mid;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return UINT32_MAX;
}

uint32_t site_target(const struct site *s, const char *name)
{
    return search(s->targets, s->target_count, sizeof *s->targets, name);
}

uint32_t site_country(const struct site *s, const char *cc)
{
    return search(s->countries, s->country_count, sizeof *s->countries, cc);
}

uint32_t site_network(const struct site *s, const char *cc, int64_t asn)
{
    for (size_t i = 0; i < s->network_count; i++) {
        const struct network *n = &s->networks[i];
        if (n->asn == asn &&
            (asn != GW_NULL || strcmp(s->countries[n->country].cc, cc) == 0))
            return (uint32_t)i;
    }
    return UINT32_MAX;
}

// ---- where the log stands -----------------------------------------------
static void read_checkpoint(struct site *s, const char *name)
{
    char path[4096];
    struct gw_buf note;
    gw_buf_init(&note, CHECKPOINT_MAX);
    snprintf(path, sizeof path, "%.4000s/ledger/%s",
             gw_archive_folder(s->archive), name);
    if (gw_file_read(path, &note, NULL) == 0) {
        gw_span bytes = gw_buf_span(&note);
        int64_t end = gw_find(bytes, GW_LIT("\n\n"), 0);
        if (end < 0 || gw_checkpoint_parse(gw_sub(bytes, 0, (size_t)end + 1),
                                           &s->checkpoint, NULL))
            s->checkpoint = (struct gw_checkpoint){0};
    }
    gw_buf_release(&note);
}

static void find_checkpoint(struct site *s)
{
    read_checkpoint(s, "checkpoint");
    s->quorum = s->checkpoint.size > 0;
    if (!s->quorum)
        read_checkpoint(s, "checkpoint.local");
}

// ---- the work -----------------------------------------------------------
static int publish_all(struct site *s, struct gw_why *why)
{
    static int (*const parts[])(struct site *, struct gw_why *) = {
        publish_style,   publish_front,    publish_countries,
        publish_targets, publish_networks, publish_incidents,
        publish_lists,   publish_method,   publish_explain,
        publish_feeds,   publish_search,   site_files_finish};
    int rc = site_load(s, why);
    if (!rc && s->options->now == GW_NEVER)
        s->made = s->newest;
    for (size_t i = 0; !rc && i < GW_COUNT(parts); i++)
        rc = parts[i](s, why);
    return rc;
}

int gw_publish(struct gw_archive *a, const struct gw_publish_options *options,
               struct gw_publish_summary *ret, struct gw_why *why)
{
    struct files files = {0};
    struct wanted wanted = {0};
    struct site s = {.archive = a,
                     .options = options,
                     .summary = ret,
                     .made = options->now,
                     .files = &files,
                     .wanted = &wanted};
    *ret = (struct gw_publish_summary){0};
    s.arena = gw_arena_new(SITE_ARENA);
    s.json = gw_json_new();
    gw_buf_init(&s.page, SITE_PAGE_MAX);
    gw_buf_init(&s.data, SITE_DATA_MAX);
    gw_buf_init(&files.old, SITE_DATA_MAX + 1);
    names_init(&files.paths, s.arena);
    names_init(&wanted.ids, s.arena);
    find_checkpoint(&s);
    int rc = s.arena && s.json ? publish_all(&s, why)
                               : gw_fail(why, GW_ENOMEM, "the site");
    site_unload(&s);
    names_release(&files.paths);
    names_release(&wanted.ids);
    gw_free(files.at);
    gw_buf_release(&files.old);
    gw_buf_release(&s.page);
    gw_buf_release(&s.data);
    gw_json_free(s.json);
    gw_arena_free(s.arena);
    return rc;
}
