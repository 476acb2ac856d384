// Ingest: what its steps know of each other. Keep every file as an object
// (ingest.c), find out what it is (ingest_kinds.c), make facts of what is
// pending (ingest_facts.c), and put what was found into the ledger in the same
// transaction (ingest_witness.c). Private to monitor.
#ifndef GW_INGEST_H
#define GW_INGEST_H

#include "monitor/jail.h"
#include "monitor/monitor.h"

struct run {
    struct gw_ledger *l;
    struct gw_archive *a; // the ledger's
    const struct gw_ingest_options *options;
    struct gw_ingest_summary *sum;
    struct gw_why *why;
    struct gw_jail *jail;
    struct gw_buf snapshots; // JSON of the reference data facts rest on
    int64_t done, total;     // bytes of evidence, for progress
    int uncommitted;
};

enum { COMMIT_OBJECTS = 64 }; // acknowledged together

// ---- ingest.c -----------------------------------------------------------
bool stopped(struct run *r);
void tell(struct run *r, const char *doing, const char *name);
int commit_all(struct run *r);
int commit_some(struct run *r, int weight);
int start_jail(struct run *r, int threads, const struct gw_ref_input *mmdb,
               size_t n);
void stop_jail(struct run *r);
int send_object(struct run *r, enum gw_job_type type, uint32_t number,
                const struct gw_object *o);

struct object_list {
    struct gw_object *at;
    size_t count, cap;
    bool (*wanted)(const struct gw_object *o);
};
int add_object(void *ctx, const struct gw_object *o);
int list_objects(struct run *r, int state,
                 bool (*wanted)(const struct gw_object *o),
                 struct object_list *ret);

// ---- ingest_kinds.c -----------------------------------------------------
int classify_all(struct run *r);
// Starts a jail and gives it every snapshot; r->snapshots says which.
int start_with_references(struct run *r);

// ---- ingest_facts.c -----------------------------------------------------
// Facts of what is pending or outdated, or of everything.
int derive_all(struct run *r, bool everything);

// ---- ingest_witness.c ---------------------------------------------------
// What is taken in now is to be kept out of the public leaves.
int mark_confidential(struct run *r, const char *object);
// Describes an object, and says so in a leaf unless its newest says the same.
int describe(struct run *r, const struct gw_object *o,
             const struct gw_range *records);

#endif
