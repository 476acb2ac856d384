// Hostile bytes are unpacked and parsed in a child that can neither open
// files nor use sockets: it reads descriptors it is handed and writes results
// into one pipe. When it dies, the object is at fault and not the run.
// Private to monitor.
#ifndef GW_JAIL_H
#define GW_JAIL_H

#include "monitor/refs.h"

enum gw_job_type {
    GW_JOB_CLASSIFY,  // what is it? answered by GW_REPLY_KIND
    GW_JOB_REFERENCE, // add to the reference data; GW_REPLY_DONE
    GW_JOB_SEAL,      // reference data are complete; GW_REPLY_SNAPSHOTS
    GW_JOB_FACTS,     // HASHES*, BLOCK*, REFUSAL*, then DONE
    GW_JOB_RECORDS,   // HASHES*, RECORD if it is there, then DONE; needs no
                      // reference data
};
struct gw_job {
    uint32_t type, number;
    uint32_t kind; // enum gw_kind
    int64_t dated;
    int64_t position; // RECORDS: of the record that is wanted, or -1
    char hash[2 * GW_HASH_LEN + 1];
    char name[512];
};

enum gw_reply_type {
    GW_REPLY_KIND,
    GW_REPLY_SNAPSHOTS, // payload: JSON of gw_refs_describe
    GW_REPLY_BLOCK,     // payload: an encoded block
    GW_REPLY_REFUSAL,   // payload: bytes of the record
    GW_REPLY_HASHES,    // payload: leaf hashes of records, in their order
    GW_REPLY_RECORD,    // payload: bytes of the record; records: its index
    GW_REPLY_DONE,
    GW_REPLY_TYPES
};
struct gw_reply {
    uint32_t type, number; // of the job
    uint64_t length;       // of the payload
    int32_t code;
    uint32_t kind;
    int64_t position, size; // of a refused record; BLOCK: bytes read so far
    int64_t records, refused;
    gw_time dated;
    char text[480];
};
enum { GW_REPLY_MAX = GW_BLOCK_MAX };

struct gw_jail;
// mmdb: paths that the child opens before the door shuts, with their hashes
// and dates, since libmaxminddb takes no descriptor.
struct gw_jail_options {
    int threads;
    const struct gw_ref_input *mmdb;
    size_t mmdb_count;
};
int gw_jail_start(const struct gw_jail_options *options, struct gw_jail **ret,
                  struct gw_why *why) GW_MUSTCHECK;
// Takes fd (closes it), -1 where the job needs none.
int gw_jail_send(struct gw_jail *j, const struct gw_job *job, int fd,
                 struct gw_why *why) GW_MUSTCHECK;
// Blocks for the next reply; payload is borrowed until the next call.
// GW_ECRASH when the child is gone: why says how it died.
int gw_jail_receive(struct gw_jail *j, struct gw_reply *ret,
                    gw_span *ret_payload, struct gw_why *why) GW_MUSTCHECK;
void gw_jail_stop(struct gw_jail *j); // NULL is fine

// The child's side.
int gw_jail_lock(struct gw_why *why) GW_MUSTCHECK; // from here on: no way out
int gw_jail_work(int socket, int threads, struct gw_refs *refs); // takes refs

#endif
