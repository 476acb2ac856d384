// Between the files of bench/truth: what is true of a month, what was said of
// it, and how the two were matched. docs/methods/truth.md has the rules.
#ifndef TRUTH_H
#define TRUTH_H

#include "analyse/analyse.h"
#include "wire/wire.h"

enum {
    TARGET = 256,
    NETWORKS = 64,
    WORDS = 5, // of confidence, "not enough data" first
    FILE_MAX = 1 << 30,
    ARENA_MAX = 1 << 30,
};
#define HOUR  (3600 * GW_SECOND)
#define NEVER GW_NEVER

enum class { BLOCKING, SILENCE, DOWN, DEFECT, NOTHING, CLASSES };
extern const char *const class_names[CLASSES];
extern const char *const confidence_words[WORDS];

struct asns {
    int64_t at[NETWORKS];
    size_t count; // 0: every one
};
// One event in the rehearsed world: its label rows together.
struct event {
    char kind[32], target[TARGET]; // target: the service
    enum class class;
    gw_time since, until; // NEVER: before the first day, after the last
    struct asns networks;
    uint32_t hours; // of weekdays, UTC, in which it is on; 0: all the time
    int64_t looks;  // measurements of it while it was on, in its networks
    int found;      // incident, -1: none
    int alarm;      // of the peer's detector, -1: none
};
// One statement: an incident, or a run of alarms of the peer's detector.
struct said {
    char id[32], kind[24], target[TARGET];
    enum class class;
    int word;
    gw_time since[2], until[2]; // NEVER: null
    struct asns networks;
    char cc[3];
    int64_t observers, milli; // log-odds in thousandths
    uint32_t weekdays, hours; // of its pattern, bits; 0: none
    int event;                // matched, -1: none
    bool twice;               // that event was found by another already
    int blame;                // event that explains why it is wrong, -1: none
};
// One finding of a layer, as exported; the hour is hours since 1970.
struct seen {
    const char *target;
    int64_t asn;
    int layer, state;
    int32_t hour;
};
struct month {
    int64_t seed;
    gw_time start, end;
    struct event *events;
    struct said *said, *alarms;
    struct seen *seen;
    size_t event_count, said_count, alarm_count, seen_count;
    int64_t raw_alarms; // changepoints, before those of one target are joined
};
struct setting {
    const char *name;
    struct month *months;
    size_t count;
};

// truth_read.c: SEED.labels.csv, SEED.incidents and SEED.findings of a folder.
int read_month(struct gw_arena *arena, const char *folder, int64_t seed,
               gw_time start, int days, struct month *ret, struct gw_why *why);
int read_said(struct gw_arena *arena, const char *path, struct said **ret,
              size_t *ret_count, struct gw_why *why);
// Padded for JSON. The buffer is made, and the caller's to release, whatever
// comes back.
int read_file(const char *path, struct gw_buf *b, struct gw_why *why);
bool has_network(const struct asns *n, int64_t asn);

// truth_peer.c: the peer's detector over the same findings, to m->alarms.
int run_peer(struct gw_arena *arena, struct month *m);

// truth_match.c
void match_month(struct month *m);
gw_time begins(const struct month *m, gw_time t); // NEVER is the month's begin
gw_time ends(const struct month *m, gw_time t);

// truth_tell.c: rows for people, or JSON lines. Rows of one table follow each
// other; one table has the same names throughout.
enum { SCRATCH = 64, SCRATCH_TEXT = 48 };
struct tell {
    bool json;
    const char *table; // the last
    char scratch[SCRATCH][SCRATCH_TEXT];
    unsigned next;
};
// Names and values, in turn, NULL at the end. Numbers through these, whose
// texts live for some sixty more.
void tell_row(struct tell *t, const char *table, ...);
const char *number(struct tell *t, int64_t n);
const char *decimal(struct tell *t, double x, int places); // "" if not finite
const char *share(struct tell *t, int64_t k, int64_t n);   // 0.95 [0.90, 0.98]
const char *when(struct tell *t, gw_time time);            // "-": none
double quantile(double *x, size_t n, double q); // sorts; NaN of nothing

// truth_months.c
int tell_setting(struct tell *t, const struct setting *s);

// truth_sets.c: real measurements.
int tell_kenya(struct tell *t, struct gw_arena *arena, const char *incidents,
               struct gw_why *why);
int tell_brazil(struct tell *t, struct gw_arena *arena, const char *rows,
                struct gw_why *why);
int tell_imap(struct tell *t, struct gw_arena *arena, const char *incidents,
              struct gw_why *why);
#endif
