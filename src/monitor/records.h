// From an unpacked object to batches of whole records. Private to monitor.
// Where batches end depends on the bytes alone, so that segments made from
// them are the same whatever the number of threads.
#ifndef GW_RECORDS_H
#define GW_RECORDS_H

#include "model/model.h"
#include "seal/seal.h"
#include "wire/wire.h"

enum {
    GW_BATCH_TARGET = 4 << 20, // bytes of records aimed at in a batch
    GW_BATCH_MAX = GW_JSON_MAX + (8 << 20),
    GW_PIECES_MAX = 8192, // leaves or documents in a batch
};

// Contiguous bytes of one leaf: lines of JSON, or one document.
struct gw_piece {
    size_t offset, length; // in the batch's bytes
    int64_t position;      // of the first byte in the unpacked object
    int64_t record_length; // of the document there; lines: unused
    const char *leaf;
    bool lines, yaml;
    struct gw_hash32 hash; // yaml: of the document as it lies in the object
};
// Something that is no record, found while looking for records.
struct gw_misfit {
    int64_t position, length;
    size_t offset, kept; // bytes in the batch that show it
    int code;
    char reason[400];
};
struct gw_batch {
    uint8_t *bytes; // GW_JSON_PADDING readable bytes follow the last
    size_t length, cap;
    struct gw_arena *arena; // leaf names
    struct gw_piece *pieces;
    size_t piece_count;
    struct gw_misfit *misfits;
    size_t misfit_count;
    // Set by the caller: the position of a record that is wanted, or -1. If it
    // is one of YAML, its bytes as they lie in the object are put into found.
    int64_t wanted;
    struct gw_buf found;
};
struct gw_batch *gw_batch_new(void);
void gw_batch_free(struct gw_batch *b);

struct gw_records; // single-threaded
// Borrows the unpacker, which must not have begun.
struct gw_records *gw_records_new(struct gw_unpack *u);
void gw_records_free(struct gw_records *r);
// Fills b with the next records: 1, 0 when there are none left; negative when
// the object is cut or damaged: what came before is in b and must be used.
int gw_records_next(struct gw_records *r, struct gw_batch *b,
                    struct gw_why *why) GW_MUSTCHECK;
int64_t gw_records_position(const struct gw_records *r);

#endif
