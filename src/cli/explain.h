// Between the files of explain: one walk down, and what is shown of it.
// Private to cli.
#ifndef GW_EXPLAIN_H
#define GW_EXPLAIN_H

#include "cli/cli.h"

struct gw_explain {
    struct gw_cli *cli;
    struct gw_archive *a;
    struct gw_why *why;
    struct gw_id id;
    struct gw_object object;
    struct gw_arena *arena, *findings_arena;
    struct gw_block_codec *codec;
    struct gw_block facts, findings;
    const struct gw_measurement_row *m;
    const struct gw_finding_row *f; // NULL when a measurement was asked for
    size_t m_at, f_at;
    int fd;      // of the object, -1 when there is none
    bool packed; // its outermost zstd layer is ours
    bool locked; // this process has shut itself in
    struct gw_excerpt excerpt;
    bool has_excerpt;
    struct gw_json *json;
    gw_jv record; // the measurement's JSON, absent if it could not be read
    struct gw_witnessed witnessed; // what the log says of the object
    gw_span uid; // looked for when the id is a measurement_uid
};

void gw_explain_text(struct gw_explain *w);
void gw_explain_json(struct gw_explain *w);

#endif
