// Blocks in memory: rows of every table, each added as a null row.
#include "model/model.h"

enum { FIRST_ROWS = 64 };

int gw_block_init(struct gw_block *b, struct gw_arena *arena)
{
    *b = (struct gw_block){.arena = arena};
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        // A null row, and one to spoil when there is no room for another.
        b->blank[t] = gw_new(2 * gw_tables[t].row_size);
        if (!b->blank[t]) {
            gw_block_release(b);
            return GW_ENOMEM;
        }
        gw_row_null((enum gw_table)t, b->blank[t]);
    }
    return 0;
}

void gw_block_reset(struct gw_block *b)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        b->rows[t].count = 0;
    b->err = 0;
}

void gw_block_release(struct gw_block *b)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        gw_free(b->rows[t].at);
        gw_free(b->blank[t]);
    }
    *b = (struct gw_block){0};
}

// Makes room for one more row.
static int grow(struct gw_rows *rows, size_t row_size)
{
    size_t cap = rows->cap ? rows->cap * 2 : FIRST_ROWS;
    size_t most = GW_BLOCK_MAX / row_size;
    most = most < GW_BLOCK_ROWS_MAX ? most : GW_BLOCK_ROWS_MAX;
    if (rows->count < rows->cap)
        return 0;
    if (rows->count >= most)
        return GW_ETOOBIG;
    cap = cap < most ? cap : most;
    void *at = gw_resize(rows->at, cap, row_size);
    if (!at)
        return GW_ENOMEM;
    rows->at = at;
    rows->cap = cap;
    return 0;
}

void *gw_block_add(struct gw_block *b, enum gw_table table)
{
    size_t size = gw_tables[table].row_size;
    struct gw_rows *rows = &b->rows[table];
    int rc = grow(rows, size);
    if (rc) {
        b->err = rc;
        return (uint8_t *)b->blank[table] + size;
    }
    void *row = (uint8_t *)rows->at + rows->count++ * size;
    memcpy(row, b->blank[table], size);
    return row;
}

struct gw_block_mark gw_block_mark(const struct gw_block *b)
{
    struct gw_block_mark mark;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        mark.count[t] = b->rows[t].count;
    return mark;
}

void gw_block_rewind(struct gw_block *b, const struct gw_block_mark *mark)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        b->rows[t].count = mark->count[t];
}
