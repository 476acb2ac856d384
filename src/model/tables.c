// Column descriptors of every table, from the lists in tables.h.
#include "model/model.h"

#include <math.h>

#define X_measurement(type, name, what)                                        \
    {#name, what, GW_##type, offsetof(struct gw_measurement_row, name)},
#define X_dns(type, name, what)                                                \
    {#name, what, GW_##type, offsetof(struct gw_dns_row, name)},
#define X_tcp(type, name, what)                                                \
    {#name, what, GW_##type, offsetof(struct gw_tcp_row, name)},
#define X_tls(type, name, what)                                                \
    {#name, what, GW_##type, offsetof(struct gw_tls_row, name)},
#define X_http(type, name, what)                                               \
    {#name, what, GW_##type, offsetof(struct gw_http_row, name)},
#define X_control(type, name, what)                                            \
    {#name, what, GW_##type, offsetof(struct gw_control_row, name)},
#define X_middlebox(type, name, what)                                          \
    {#name, what, GW_##type, offsetof(struct gw_middlebox_row, name)},
#define X_key(type, name, what)                                                \
    {#name, what, GW_##type, offsetof(struct gw_key_row, name)},
#define X_finding(type, name, what)                                            \
    {#name, what, GW_##type, offsetof(struct gw_finding_row, name)},
#define X_fired(type, name, what)                                              \
    {#name, what, GW_##type, offsetof(struct gw_fired_row, name)},
#define X_verdict(type, name, what)                                            \
    {#name, what, GW_##type, offsetof(struct gw_verdict_row, name)},
#define X_cell(type, name, what)                                               \
    {#name, what, GW_##type, offsetof(struct gw_cell_row, name)},
#define X_aggregate(type, name, what)                                          \
    {#name, what, GW_##type, offsetof(struct gw_aggregate_row, name)},

#define T(table, columns)                                                      \
    static const struct gw_column columns_of_##table[] = {columns(X_##table)};
GW_TABLES(T)
#undef T

const struct gw_table_info gw_tables[GW_TABLE_COUNT] = {
#define T(table, columns)                                                      \
    {#table, columns_of_##table, GW_COUNT(columns_of_##table),                 \
     sizeof(struct gw_##table##_row)},
    GW_TABLES(T)
#undef T
};

void gw_row_null(enum gw_table table, void *row)
{
    const struct gw_table_info *info = &gw_tables[table];
    for (size_t i = 0; i < info->column_count; i++) {
        void *at = (uint8_t *)row + info->columns[i].offset;
        switch (info->columns[i].type) {
        case GW_INT:
        case GW_TIME: *(int64_t *)at = GW_NULL; break;
        case GW_REAL: *(double *)at = (double)NAN; break;
        case GW_STR:
        case GW_JSON: *(gw_span *)at = (gw_span){0}; break;
        }
    }
}

const char *gw_layer_name(enum gw_layer layer)
{
    static const char *const names[] = {"dns",  "tcp",  "tls",
                                        "http", "quic", "all"};
    return layer < GW_LAYER_COUNT ? names[layer] : "?";
}

const char *gw_state_name(enum gw_state state)
{
    static const char *const names[] = {"unknown", "ok", "down", "blocked"};
    return state < GW_STATE_COUNT ? names[state] : "?";
}

const char *gw_evidence_name(enum gw_evidence kind)
{
    static const char *const names[] = {"symptom", "contrast", "artefact"};
    return kind < GW_EVIDENCE_COUNT ? names[kind] : "?";
}

const char *gw_list_name(enum gw_list list)
{
    static const char *const names[] = {"queries",
                                        "tcp_connect",
                                        "tls_handshakes",
                                        "quic_handshakes",
                                        "requests",
                                        "control",
                                        "targets",
                                        "lookups",
                                        "bootstrap",
                                        "",
                                        "row"};
    return list < GW_LIST_COUNT ? names[list] : "?";
}
