// Blocks of random rows with everything in them that a column can hold, and
// the question whether two blocks are the same.
#ifndef GW_RANDOM_BLOCK_H
#define GW_RANDOM_BLOCK_H

#include "model/model.h"
#include "t.h"

#include <math.h>

static inline int64_t random_int(struct gw_rand *r)
{
    static const int64_t edges[] = {GW_NULL,
                                    GW_NULL + 1,
                                    INT64_MAX,
                                    0,
                                    -1,
                                    1,
                                    INT64_C(1) << 61,
                                    -(INT64_C(1) << 61),
                                    (INT64_C(1) << 61) + 1,
                                    1700000000 * GW_SECOND};
    uint64_t n = gw_rand_next(r);
    return n % 4 ? (int64_t)(n >> gw_rand_below(r, 64))
                 : edges[gw_rand_below(r, GW_COUNT(edges))];
}

static inline double random_real(struct gw_rand *r)
{
    static const double edges[] = {0.0, -0.0, 1e308, 5e-324, -1.0};
    uint64_t n = gw_rand_below(r, 8);
    return n == 0   ? (double)NAN
           : n == 1 ? (double)INFINITY
           : n == 2 ? edges[gw_rand_below(r, GW_COUNT(edges))]
                    : gw_rand_unit(r) * 1000;
}

static inline gw_span random_text(struct gw_rand *r, struct gw_arena *a)
{
    char text[300];
    size_t len = gw_rand_below(r, gw_rand_below(r, 20) ? 6 : sizeof text);
    if (gw_rand_below(r, 5) == 0)
        return (gw_span){0};
    for (size_t i = 0; i < len; i++)
        text[i] = (char)gw_rand_below(r, gw_rand_below(r, 2) ? 3 : 256);
    return gw_arena_copy(a, gw_span_of(text, len));
}

// One column of a table: all null, the same in every row, or anything.
static inline void random_column(struct gw_rand *r, struct gw_block *b,
                                 const struct gw_table_info *info,
                                 const struct gw_column *c,
                                 const struct gw_rows *rows)
{
    uint64_t way = gw_rand_below(r, 4);
    int64_t number = random_int(r);
    gw_span text = random_text(r, b->arena);
    for (size_t i = 0; way && i < rows->count; i++) {
        uint8_t *at = (uint8_t *)rows->at + i * info->row_size + c->offset;
        double real = random_real(r);
        if (way > 1) {
            number = random_int(r);
            text = random_text(r, b->arena);
        }
        if (c->type == GW_INT || c->type == GW_TIME)
            memcpy(at, &number, sizeof number);
        else if (c->type == GW_REAL)
            memcpy(at, &real, sizeof real);
        else
            memcpy(at, &text, sizeof text);
    }
}

static inline void random_rows(struct gw_rand *r, struct gw_block *b,
                               size_t most)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table_info *info = &gw_tables[t];
        size_t n = gw_rand_below(r, 3) ? gw_rand_below(r, most + 1) : 0;
        for (size_t i = 0; i < n; i++)
            gw_block_add(b, (enum gw_table)t);
        for (size_t k = 0; k < info->column_count; k++)
            random_column(r, b, info, &info->columns[k], &b->rows[t]);
    }
    assert_int_equal(b->err, 0);
}

static inline bool same_value(enum gw_type type, const uint8_t *a,
                              const uint8_t *b)
{
    double x, y;
    gw_span s, t;
    switch (type) {
    case GW_INT:
    case GW_TIME: return memcmp(a, b, 8) == 0;
    case GW_REAL:
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return (isnan(x) && isnan(y)) || memcmp(a, b, 8) == 0;
    case GW_STR:
    case GW_JSON:
        memcpy(&s, a, sizeof s);
        memcpy(&t, b, sizeof t);
        return !s.at == !t.at && gw_eq(s, t);
    }
    return false;
}

static inline bool same_rows(enum gw_table table, const struct gw_rows *a,
                             const struct gw_rows *b)
{
    const struct gw_table_info *info = &gw_tables[table];
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < info->column_count; k++) {
            size_t at = i * info->row_size + info->columns[k].offset;
            if (!same_value(info->columns[k].type, (uint8_t *)a->at + at,
                            (uint8_t *)b->at + at))
                return false;
        }
    return true;
}

static inline bool same_blocks(const struct gw_block *a,
                               const struct gw_block *b)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (!same_rows((enum gw_table)t, &a->rows[t], &b->rows[t]))
            return false;
    return true;
}

#endif
