// Between the files of incidents: one of them, in full. Private to cli.
#ifndef GW_CLI_INCIDENTS_H
#define GW_CLI_INCIDENTS_H

#include "cli/cli.h"

// Everything its body says, down to ids of findings.
void gw_incident_text(const struct gw_cli *cli, const struct gw_incident_row *i,
                      gw_jv body);
// "between 2024-02-01 03:00 and 05:00" and the like, UTC.
void gw_incident_interval(gw_jv interval, bool is_end);
// Parses a body, padded into text.
int gw_incident_parse(struct gw_json *json, gw_span body, struct gw_buf *text,
                      gw_jv *ret, struct gw_why *why);
// gawah explain i-...
int gw_explain_incident(struct gw_cli *cli);

#endif
