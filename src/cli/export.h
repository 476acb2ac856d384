// Between the files of export: the columns of an output, and where its rows
// go. Private to cli.
#ifndef GW_EXPORT_H
#define GW_EXPORT_H

#include "cli/cli.h"

enum { // parts that a row's values come from, after the tables
    GW_PART_JOINED = GW_TABLE_COUNT,
    GW_PART_EXTRA,
    GW_PART_COUNT
};
enum { GW_FIELDS_MAX = 128, GW_EXPORT_KEYS_MAX = 16 };

enum gw_words {
    GW_AS_NUMBER,
    GW_AS_LAYER,
    GW_AS_STATE,
    GW_AS_KIND,
    GW_AS_LIST,
    GW_AS_HEX
};
struct gw_field { // a column of the output
    const char *name;
    struct gw_column from; // type, and place in its part
    int part;
    enum gw_words words; // what is written for an INT
};
struct gw_sheet {
    struct gw_field fields[GW_FIELDS_MAX];
    size_t count;
};

enum gw_export {
    GW_EXPORT_OBSERVATIONS,
    GW_EXPORT_MEASUREMENTS,
    GW_EXPORT_FACTS,
    GW_EXPORT_FINDINGS,
    GW_EXPORT_VERDICTS,
    GW_EXPORT_NOTHING
};

// What no table has: where a row stands in this archive, and comparisons.
struct gw_extra {
    gw_span table, id, measurement, object, uid;
    int64_t same[GW_EXPORT_KEYS_MAX], all_same;
    char id_text[GW_ID_TEXT], measurement_text[GW_ID_TEXT];
};

struct gw_verdict_key { // a key of OONI's verdict, in either tier
    const struct gw_column *recorded, *computed;
};
struct gw_columns {
    struct gw_sheet *sheets; // facts: one a table; others: the first
    struct gw_verdict_key keys[GW_EXPORT_KEYS_MAX]; // of verdicts
    size_t key_count;
    struct gw_arena *names;
};
int gw_columns_init(struct gw_columns *c, enum gw_export what) GW_MUSTCHECK;
void gw_columns_release(struct gw_columns *c);

struct gw_out {
    bool csv;
    int64_t rows;
    bool reader_gone; // of standard output
    FILE *to;
    const char *path;     // NULL: standard output
    char temporary[4096]; // what becomes path in the end
    struct gw_json *json;
    struct gw_buf text, padded;
};
// To path, which appears whole or not at all, or to standard output.
int gw_out_open(struct gw_out *o, const char *path, bool csv,
                struct gw_why *why) GW_MUSTCHECK;
// With keep false a file that was begun is gone. Always releases.
int gw_out_close(struct gw_out *o, bool keep, struct gw_why *why) GW_MUSTCHECK;
void gw_out_header(struct gw_out *o, const struct gw_sheet *s);
// parts: GW_PART_COUNT of them; values of a part that is NULL are null.
int gw_out_row(struct gw_out *o, const struct gw_sheet *s,
               const void *const *parts, struct gw_why *why) GW_MUSTCHECK;

#endif
