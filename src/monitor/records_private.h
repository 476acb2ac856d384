// From an unpacked object to batches: what the files of records know of each
// other. Private to monitor.
#ifndef GW_RECORDS_PRIVATE_H
#define GW_RECORDS_PRIVATE_H

#include "monitor/records.h"

enum mode { UNDECIDED, LINES, DOCUMENTS, YAML, SKIP };
enum {
    SHOWN = 4096, // bytes kept of what is no record
    MISFITS_MAX = 1024,
    YAML_HEADER_MAX = 64 << 10,
    // Bytes that were given to the YAML reader last: it holds no more itself.
    YAML_WINDOW = GW_YAML_MAX + (256 << 10),
};

struct gw_records {
    struct gw_unpack *u;
    bool in_leaf, leaf_over;
    enum mode mode;
    bool strict;         // a document was damaged, see skip_damage()
    const char *leaf;    // in the current batch's arena
    char name[1024];     // of the leaf, across batches
    int64_t position;    // of the first carried byte, or of the next to come
    struct gw_buf carry; // bytes read that are not in a batch yet
    int failure;         // of the leaf, reported once it is used up
    struct gw_why why;
    struct gw_yaml *yaml;
    struct gw_buf yaml_header, yaml_text;
    int64_t yaml_start;
    struct gw_buf yaml_raw; // a window of the leaf's bytes
    int64_t yaml_given;     // position after the last of them
};

// ---- records_batch.c ----------------------------------------------------
int batch_room(struct gw_batch *b, size_t len); // room for len more bytes
void batch_reset(struct gw_batch *b);
bool batch_open(const struct gw_batch *b); // for another piece
void add_misfit(struct gw_batch *b, int64_t position, int64_t length,
                size_t offset, size_t kept, int code, const char *reason);
void add_piece(struct gw_records *r, struct gw_batch *b, size_t offset,
               size_t length, int64_t position, bool lines);

// ---- records_yaml.c -----------------------------------------------------
int take_yaml(struct gw_records *r, struct gw_batch *b);

#endif
