// The jail from inside: what its files know of each other. Threads take turns
// at the input (jail_take.c; unpacking is serial), turn their unit into
// encoded blocks and hashes of records side by side (jail_rows.c), and hand
// results out in the order in which they took them in (jail_work.c), so that
// threads do not show. Private to monitor.
#ifndef GW_JAIL_WORK_H
#define GW_JAIL_WORK_H

#include "monitor/aggregate.h"
#include "monitor/facts.h"
#include "monitor/jail.h"
#include "monitor/obs_web.h"
#include "monitor/records.h"
#include "seal/seal.h"

#include <pthread.h>

enum { ENTRIES_AT_ONCE = 64 }; // records that are hashed together

struct child {
    int socket;
    struct gw_refs *refs;
    bool sealed;
    // input: guarded by `in`
    pthread_mutex_t in;
    bool over;
    struct gw_job job;
    bool running; // an object is being read
    int fd;
    struct gw_unpack *unpack;
    struct gw_records *records;
    struct gw_obs_web *obs_web;
    struct gw_aggregate *aggregate;
    uint64_t taken; // units taken so far
    // output: guarded by `out`
    pthread_mutex_t out;
    pthread_cond_t turn;
    uint64_t given;                // units handed out so far
    int64_t record_count, refused; // of the object being handed out
    int64_t hash_count;            // likewise
    int code;                      // its first failure, and why
    struct gw_why why;
    _Atomic bool broken; // the other side is gone
};

struct refusal {
    int64_t position, length;
    int code;
    char reason[400];
    size_t offset, kept; // bytes in worker->shown
};

struct worker {
    struct child *c;
    struct gw_batch *batch;
    struct gw_facts *facts;
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_block_codec *codec;
    struct gw_buf encoded; // blocks, each behind its length in eight bytes
    struct gw_buf shown;
    struct refusal *refusals;
    size_t refusal_count, refusal_cap;
    struct gw_buf hashes;             // leaf hashes of the unit's records
    gw_span entries[ENTRIES_AT_ONCE]; // records still to be hashed
    size_t entry_count;
    // the unit in hand
    uint64_t unit;
    uint32_t job;
    bool records_only; // GW_JOB_RECORDS: no rows, no refusals
    bool rows_ready;   // the block was filled while reading (obs_web)
    bool last;         // the object ends with it
    int code;          // how it ended
    struct gw_why why;
    int64_t records, position;
    int64_t found; // index in the unit of the record that is wanted, or -1
    uint32_t kind;
    gw_time dated;
    int reply; // enum gw_reply_type for jobs answered at once, or -1
};

// ---- jail_take.c --------------------------------------------------------
// The next thing to do; false when there is none.
bool take_unit(struct worker *w);

// ---- jail_rows.c --------------------------------------------------------
void work_unit(struct worker *w);
// A record of the object, refused or not: its bytes as they lie there, which
// stay until hash_entries().
void add_entry(struct worker *w, int64_t position, gw_span bytes);
void hash_entries(struct worker *w);
void refuse(struct worker *w, int64_t position, int64_t length, int code,
            const char *reason);

#endif
