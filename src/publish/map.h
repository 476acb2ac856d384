// The world as inline SVG, from data/shapes.csv. Private to publish.
#ifndef GW_MAP_H
#define GW_MAP_H

#include "publish/chart.h"

struct map_place {
    const char *cc;
    enum gw_state state; // the worst that is so now
    gw_span note;        // plain: "2 incidents"; may be none
};
// Countries with data are links to their pages, with state in colour, shape
// and word; the others are land. Below it the same as a list, a word on borders
// and the source of the shapes. Places without shape and point (unknown
// codes) are only in the list. Each code once, in any order.
void put_map(struct page *p, const char *id, gw_span title,
             const struct map_place *places, size_t n);

#endif
