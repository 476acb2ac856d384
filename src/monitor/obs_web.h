// Observation exports of OONI v5 (obs_web as CSV) to rows of facts. Private
// to monitor.
#ifndef GW_OBS_WEB_H
#define GW_OBS_WEB_H

#include "model/model.h"

enum { GW_OBS_WEB_ROWS = 16384 }; // measurements' rows aimed at in a block

struct gw_obs_web; // single-threaded
struct gw_obs_web *gw_obs_web_new(gw_source_fn *source, void *ctx);
void gw_obs_web_free(struct gw_obs_web *o);
// Where rows that break a rule go, and each measurement once it is whole: its
// bytes from the first of its rows to where the next row begins.
struct gw_obs_web_sink {
    void (*refuse)(void *ctx, int64_t position, int64_t length, int code,
                   const char *reason);
    void (*record)(void *ctx, int64_t position, gw_span bytes);
};
// Adds whole measurements (runs of rows with one measurement_uid) until the
// block holds GW_OBS_WEB_ROWS rows: 1, 0 when the export is used up, negative
// when nothing more of it can be read.
int gw_obs_web_next(struct gw_obs_web *o, struct gw_block *block,
                    const struct gw_obs_web_sink *sink, void *ctx,
                    int64_t *ret_measurements, struct gw_why *why) GW_MUSTCHECK;
// Between its files: puts a field of the export into a column of a row, unless
// it is empty or says nothing of that type.
void gw_obs_web_set(struct gw_block *b, void *row, const struct gw_column *c,
                    gw_span s);

#endif
