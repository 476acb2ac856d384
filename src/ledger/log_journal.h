// The journal from within: its frames, and what writing (log_journal.c) and
// finding them again (log_replay.c) share.
#ifndef GW_LEDGER_LOG_JOURNAL_H
#define GW_LEDGER_LOG_JOURNAL_H

#include "ledger/log.h"

// A frame is what is written at once, at a multiple of 4096:
//
//   OFFSET  SIZE  MEANING
//   0       8     "GWJRNL1\n"
//   8       8     sequence number, one more than the frame's before
//   16      8     index of its first entry
//   24      8     newest frame that was durable when this was written
//   32      4     count of entries
//   36      4     length of the payload
//   40      32    SHA-256 of the log's origin
//   72      24    check of the frame before, its first 24 bytes
//   96      32    check: SHA-256 of bytes 0 to 95 and the payload
//   128     n     payload: each entry's length (2 bytes, big-endian) and bytes
//
// Numbers are little-endian. The chain of checks tells a frame that follows
// from one that an earlier lap, or a writer that crashed, has left there.
enum {
    JOURNAL_SEGMENTS = 8,
    JOURNAL_BLOCK = 4096,
    JOURNAL_HEAD = 128,
    JOURNAL_FRAME_MAX = 4 << 20,
    JOURNAL_SEGMENT_MIN = 256 << 10,
    JOURNAL_SEGMENT_MAX = 1 << 30,
    JOURNAL_LINK = 24,
    JOURNAL_NAME = 32, // longest name in the folder, and a slash
};
struct journal_frame {
    uint64_t seq, first, durable;
    uint32_t count, len;
    struct gw_hash32 origin, check;
    uint8_t before[JOURNAL_LINK];
    gw_span payload; // borrowed
};
// From the bytes at a frame's place. GW_EFEW: they end before the frame does
// (ret->len is set); GW_EFORMAT: no frame, or not all of it.
int journal_frame_parse(gw_span bytes, struct journal_frame *ret) GW_MUSTCHECK;
// Writes the head of a frame, whose payload is there already.
void journal_frame_seal(struct journal_frame *f,
                        uint8_t ret_head[static JOURNAL_HEAD]);
// The next entry of a payload; false at its end or where it is not one.
bool journal_entry_take(gw_span *payload, gw_span *ret_entry);

struct segment {
    int fd;
    uint64_t end; // one past the newest entry in it
    bool dirty;
};

struct journal {
    char folder[LOG_PATH - JOURNAL_NAME];
    struct gw_hash32 origin;
    struct log_watch watch;
    struct segment at[JOURNAL_SEGMENTS];
    uint64_t bytes;     // of a segment
    uint64_t published; // entries below need no room
    // Where the next frame goes, and what it follows.
    unsigned head;
    uint64_t pos, seq, durable;
    uint8_t before[JOURNAL_LINK];
    // The frame that is being filled: JOURNAL_HEAD bytes are left free.
    uint8_t *frame;
    size_t len, cap; // with the head
    uint64_t first;
    uint32_t count;
};

// ---- of log_journal.c ---------------------------------------------------
static inline uint64_t journal_padded(uint64_t len)
{
    return (len + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK * JOURNAL_BLOCK;
}
int journal_write_at(struct journal *j, unsigned k, uint64_t pos, gw_span bytes,
                     struct gw_why *why) GW_MUSTCHECK;
int journal_flush(struct journal *j, struct gw_why *why) GW_MUSTCHECK;
// ---- of log_replay.c ----------------------------------------------------
int journal_replay(struct journal *j, journal_each_fn *each, void *ctx,
                   struct gw_why *why) GW_MUSTCHECK;

#endif
