// Observation exports of OONI v5 (obs_web as CSV) to rows of facts. Private
// to monitor.
#ifndef GW_OBS_WEB_H
#define GW_OBS_WEB_H

#include "model/model.h"

enum { GW_OBS_WEB_ROWS = 16384 }; // measurements' rows aimed at in a block

struct gw_obs_web; // single-threaded
struct gw_obs_web *gw_obs_web_new(gw_source_fn *source, void *ctx);
void gw_obs_web_free(struct gw_obs_web *o);
// Adds whole measurements (runs of rows with one measurement_uid) until the
// block holds GW_OBS_WEB_ROWS rows: 1, 0 when the export is used up, negative
// when nothing of it can be read. Rows that break a rule go to refuse.
typedef void gw_obs_web_refuse(void *ctx, int64_t position, int64_t length,
                               int code, const char *reason);
int gw_obs_web_next(struct gw_obs_web *o, struct gw_block *block,
                    gw_obs_web_refuse *refuse, void *refuse_ctx,
                    int64_t *ret_measurements, struct gw_why *why) GW_MUSTCHECK;

#endif
