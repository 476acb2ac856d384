// model: the nouns that travel between rooms, and their one encoding.
#ifndef GW_MODEL_H
#define GW_MODEL_H

#include "base/base.h"
#include "model/tables.h"
#include "seal/seal.h"
#include "wire/wire.h"

#define GW_NULL INT64_MIN // "no value" of an INT or TIME column

// Raised whenever facts or findings would come out differently.
#define GW_FACTS_VERSION 1

enum gw_type { GW_INT, GW_REAL, GW_STR, GW_JSON, GW_TIME };
typedef int64_t gw_t_INT;
typedef double gw_t_REAL;
typedef gw_span gw_t_STR;
typedef gw_span gw_t_JSON;
typedef gw_time gw_t_TIME;

#define X(type, name, what) gw_t_##type name;
#define T(table, columns)                                                      \
    struct gw_##table##_row {                                                  \
        columns(X)                                                             \
    };
GW_TABLES(T)
#undef T
#undef X

enum gw_table {
#define T(table, columns) GW_TABLE_##table,
    GW_TABLES(T)
#undef T
        GW_TABLE_COUNT
};

struct gw_column {
    const char *name, *what;
    enum gw_type type;
    size_t offset; // in the row struct
};
struct gw_table_info {
    const char *name;
    const struct gw_column *columns;
    size_t column_count, row_size;
};
extern const struct gw_table_info gw_tables[GW_TABLE_COUNT];
// NULL if the table has no such column.
const struct gw_column *gw_column_find(enum gw_table table, const char *name);
// A row with every column null.
void gw_row_null(enum gw_table table, void *row);

enum gw_layer {
    GW_LAYER_DNS,
    GW_LAYER_TCP,
    GW_LAYER_TLS,
    GW_LAYER_HTTP,
    GW_LAYER_QUIC,
    GW_LAYER_ALL,
    GW_LAYER_COUNT
};
enum gw_state {
    GW_STATE_UNKNOWN,
    GW_STATE_OK,
    GW_STATE_DOWN,
    GW_STATE_BLOCKED,
    GW_STATE_COUNT
};
// How a rule knows: a thing that only a censor leaves behind; a difference to
// a control; a symptom that other causes have as well.
enum gw_evidence { GW_SYMPTOM, GW_CONTRAST, GW_ARTEFACT, GW_EVIDENCE_COUNT };
const char *gw_layer_name(enum gw_layer layer);
const char *gw_state_name(enum gw_state state);
const char *gw_evidence_name(enum gw_evidence kind);

// Lists of test_keys that facts come from; `list` columns hold the index.
enum gw_list {
    GW_LIST_QUERIES,
    GW_LIST_TCP_CONNECT,
    GW_LIST_TLS_HANDSHAKES,
    GW_LIST_QUIC_HANDSHAKES,
    GW_LIST_REQUESTS,
    GW_LIST_CONTROL,
    GW_LIST_TARGETS,   // tor: test_keys.targets[target].<...>
    GW_LIST_LOOKUPS,   // dnscheck: test_keys.lookups[target].<...>
    GW_LIST_BOOTSTRAP, // dnscheck: test_keys.bootstrap.<...>
    GW_LIST_OTHER,     // the nettest's own scalars
    GW_LIST_CSV,       // a row of an observation export
    GW_LIST_COUNT
};
const char *gw_list_name(enum gw_list list);

// ---- blocks -------------------------------------------------------------
// The rows of one batch of records, all tables. Texts are borrowed from the
// arena that is given along. A block is single-threaded.
struct gw_rows {
    void *at;
    size_t count, cap;
};
struct gw_block {
    struct gw_arena *arena; // holds the texts; borrowed
    struct gw_rows rows[GW_TABLE_COUNT];
    void *blank[GW_TABLE_COUNT]; // a null row of each table, to copy from
    int err; // sticky: GW_ENOMEM once a row could not be added
};
int gw_block_init(struct gw_block *b, struct gw_arena *arena) GW_MUSTCHECK;
void gw_block_reset(struct gw_block *b); // no rows; memory is kept
void gw_block_release(struct gw_block *b);
// A new null row of the table, or a scratch row with err set: never NULL.
void *gw_block_add(struct gw_block *b, enum gw_table table);
// The same by table: gw_add_dns(b), and gw_rows_dns(b, &count).
#define T(table, columns)                                                      \
    static inline struct gw_##table##_row *gw_add_##table(struct gw_block *b)  \
    {                                                                          \
        return gw_block_add(b, GW_TABLE_##table);                              \
    }                                                                          \
    static inline struct gw_##table##_row *gw_rows_##table(                    \
        const struct gw_block *b, size_t *ret_count)                           \
    {                                                                          \
        *ret_count = b->rows[GW_TABLE_##table].count;                          \
        return b->rows[GW_TABLE_##table].at;                                   \
    }
GW_TABLES(T)
#undef T
// Drops rows added after a mark: for a record that turns out unusable.
struct gw_block_mark {
    size_t count[GW_TABLE_COUNT];
};
struct gw_block_mark gw_block_mark(const struct gw_block *b);
void gw_block_rewind(struct gw_block *b, const struct gw_block_mark *mark);

// Encodes to the bytes of docs/formats/segments.md: same rows, same bytes.
struct gw_block_codec; // working memory; one per thread
struct gw_block_codec *gw_block_codec_new(void);
void gw_block_codec_free(struct gw_block_codec *c);
int gw_block_encode(struct gw_block_codec *c, const struct gw_block *b,
                    struct gw_buf *out, struct gw_why *why) GW_MUSTCHECK;
// Decodes the tables whose bit is set in want into the block's arena. Hostile
// bytes give GW_ECORRUPT, never a crash.
#define GW_WANT(table) (1u << GW_TABLE_##table)
int gw_block_decode(struct gw_block_codec *c, gw_span bytes, unsigned want,
                    struct gw_block *ret_block,
                    struct gw_why *why) GW_MUSTCHECK;
enum { GW_BLOCK_MAX = 256 << 20, GW_BLOCK_ROWS_MAX = 1 << 20 };

// ---- OONI's observation export ------------------------------------------
// Columns of obs_web in its order. table GW_TABLE_COUNT: shared by the tables
// of an endpoint, or made while rows are joined.
struct gw_obs_web_column {
    const char *name;
    enum gw_table table;
    const char *column;
};
extern const struct gw_obs_web_column gw_obs_web_columns[];
extern const size_t gw_obs_web_column_count; // 95

// What is made while facts are joined.
#define GW_OBS_WEB_JOINED(X)                                                   \
    X(STR, bucket_date, "day of measurement_start_time")                       \
    X(INT, observation_idx, "counts the rows of a measurement from 1")         \
    X(TIME, created_at, "always null: same input, same bytes")                 \
    X(STR, target_id, "service of a messenger test, or target of test tor")    \
    X(STR, hostname, "name looked up, else in the URL, the SNI, the input")    \
    X(INT, transaction_id, "of the endpoint, else of the lookup")              \
    X(STR, ip, "address of the endpoint, else the answer if it is one")        \
    X(INT, port, "port of the endpoint")                                       \
    X(INT, ip_asn, "as in the fact that gave ip")                              \
    X(STR, ip_as_org_name, "likewise")                                         \
    X(STR, ip_as_cc, "likewise")                                               \
    X(STR, ip_cc, "likewise")                                                  \
    X(INT, ip_is_bogon, "likewise")

struct gw_obs_web_row {
    const struct gw_measurement_row *measurement;
    const struct gw_dns_row *dns; // facts joined in the row, or NULL
    const struct gw_tcp_row *tcp;
    const struct gw_tls_row *tls;
    const struct gw_http_row *http;
#define X(type, name, what) gw_t_##type name;
    GW_OBS_WEB_JOINED(X)
#undef X
};
// Measurements with more facts than this are written one fact a row.
enum { GW_OBS_WEB_JOIN_MAX = 4096 };
struct gw_obs_web_cursor { // {0} at the start of a block
    size_t at[GW_TABLE_COUNT];
};
// Rows of measurement m, which goes up from call to call; they are taken from
// the arena and point into the block. By which rules: docs/formats/tables.md.
int gw_obs_web_join(const struct gw_block *b, int64_t m,
                    struct gw_obs_web_cursor *c, struct gw_arena *arena,
                    struct gw_obs_web_row **ret_rows,
                    size_t *ret_count) GW_MUSTCHECK;
// Name, type and place of an export's column in the part that holds it.
struct gw_column gw_obs_web_source(size_t column);
// That part of a row: a table's fact, NULL where the row has none;
// GW_TABLE_COUNT: the row itself.
const void *gw_obs_web_part(const struct gw_obs_web_row *row,
                            enum gw_table table);

// ---- ids ----------------------------------------------------------------
// A published id names evidence object, record (its position in the unpacked
// object) and, for findings, ordinal: "e-<12 hex>", "m-<12 hex>-<record>",
// "f-<12 hex>-<record>-<n>". It can be looked up without an index.
struct gw_id {
    char kind; // 'e', 'm' or 'f'
    char object[13];
    int64_t record, n;
};
bool gw_id_parse(gw_span s, struct gw_id *ret_id);
enum { GW_ID_TEXT = 64 };
size_t gw_id_format(const struct gw_id *id, char *ret_text);

// ---- failures -----------------------------------------------------------
// df-007 text for a failure as any probe or helper wrote it: the helper's
// legacy names are mapped, "unknown_failure: ..." is read for what it says,
// and an empty text is no failure. Borrowed from s or static.
gw_span gw_failure_normal(gw_span s);

// ---- reference data -----------------------------------------------------
// Looked up while facts are made; filled by the store from dated snapshots.
struct gw_net { // what is known of an address; texts live as long as the source
    int64_t asn; // GW_NULL unknown
    gw_span as_org_name, as_cc, as_name, cc;
};
struct gw_fingerprint_hit {
    gw_span name, scope;
    bool expected; // the probe's country is one it is known from
};

#endif
