// Between the files that make rows of obs_web. Private to model.
#ifndef GW_OBS_WEB_ROW_H
#define GW_OBS_WEB_ROW_H

#include "model/model.h"

bool gw_obs_web_is_ip(gw_span s);
gw_span gw_obs_web_name(gw_span host); // null if it is an address
// Sets what is made while joining. day: of the measurement, or null.
void gw_obs_web_fill(struct gw_obs_web_row *r,
                     const struct gw_measurement_row *m, gw_span day,
                     int64_t index);

#endif
