// A page in memory, without archive or folder, for what is drawn into pages.
#ifndef GW_CHART_CASE_H
#define GW_CHART_CASE_H

#include "markup.h"
#include "publish/chart.h"
#include "t.h"

#include <stdio.h>

struct sheet_case {
    struct gw_publish_options options;
    struct site site;
    struct page page;
    struct gw_buf out, table;
};

static inline void sheet_case_open(struct sheet_case *c, enum gw_language l)
{
    *c = (struct sheet_case){.options = {.folder = "none"}};
    gw_buf_init(&c->out, 16 << 20);
    gw_buf_init(&c->table, 16 << 20);
    c->site.options = &c->options;
    c->site.arena = gw_arena_new(64 << 20);
    assert_non_null(c->site.arena);
    c->page = (struct page){.site = &c->site,
                            .lang = l,
                            .path = "incident/one.html",
                            .title = GW_LIT("A finding"),
                            .out = &c->out};
}

static inline void sheet_case_close(struct sheet_case *c)
{
    gw_buf_release(&c->out);
    gw_buf_release(&c->table);
    gw_arena_free(c->site.arena);
}

#endif
