// Counts by day that somebody else made (CSV of OONI's aggregation API and of
// reports) to rows. Private to monitor.
#ifndef GW_AGGREGATE_H
#define GW_AGGREGATE_H

#include "monitor/obs_web.h"

// The first line of such a file: it names the day, the country, and counts.
bool gw_is_aggregate(gw_span first_line);

struct gw_aggregate; // single-threaded
struct gw_aggregate *gw_aggregate_new(gw_source_fn *source, void *ctx);
void gw_aggregate_free(struct gw_aggregate *g); // NULL is fine
// As gw_obs_web_next: a record is a line.
int gw_aggregate_next(struct gw_aggregate *g, struct gw_block *block,
                      const struct gw_obs_web_sink *sink, void *ctx,
                      int64_t *ret_rows, struct gw_why *why) GW_MUSTCHECK;

#endif
