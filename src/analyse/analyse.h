// analyse: from facts to findings (tier 2). Pure: the same facts, rules and
// pool give the same bytes. docs/methods/findings.md argues for the rules.
#ifndef GW_ANALYSE_H
#define GW_ANALYSE_H

#include "ledger/ledger.h"
#include "model/model.h"
#include "store/store.h"

#include <stdatomic.h>

// Raised whenever a rule, its weight or the way they combine changes.
#define GW_RULES_VERSION 2

// ---- the rule registry --------------------------------------------------
// What a rule can look at, by layer: named signals of a subject (a name looked
// up, an endpoint, an exchange). A rule fires when all signals of `all` hold
// and none of `none`.
struct gw_signal {
    const char *name, *text;
};
extern const struct gw_signal *const gw_signals[GW_LAYER_COUNT];
extern const size_t gw_signal_counts[GW_LAYER_COUNT];

struct gw_rule {
    const char *id;
    enum gw_layer layer;
    uint64_t all, none; // bits of the layer's signals
    enum gw_state state;
    enum gw_evidence kind;
    double llr; // log-likelihood ratio of blocked against not, natural log
    bool throttled, intercepted;
    int since;        // GW_RULES_VERSION that brought it
    const char *text; // in plain words
};
extern const struct gw_rule gw_rules[];
extern const size_t gw_rule_count;
const struct gw_rule *gw_rule_find(gw_span id); // NULL if there is none

// ---- the work -----------------------------------------------------------
struct gw_analyse_progress {
    int64_t objects, total, findings;
};
struct gw_analyse_options {
    int threads; // 0: one
    bool again;  // also what is up to date
    atomic_int *stop;
    void (*progress)(void *ctx, const struct gw_analyse_progress *p);
    void *ctx;
};
struct gw_analyse_summary {
    int64_t objects, current; // judged now; up to date already
    int64_t measurements, findings, fired;
    int64_t pool_keys; // shared control facts held
    int pool_thinned;  // times the pool was halved to stay in its memory
    bool stopped;
};
// Judges every object with facts. Two passes: the pool of control facts that
// measurements share, then each measurement by its own control first. The set
// of findings is witnessed with each commit.
int gw_analyse(struct gw_ledger *l, const struct gw_analyse_options *options,
               struct gw_analyse_summary *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- what was found, summed up ------------------------------------------
struct gw_summary_key { // by network, target and layer
    gw_span probe_cc, probe_as_org_name, target;
    int64_t probe_asn;
    enum gw_layer layer;
};
struct gw_summary_row {
    struct gw_summary_key key;
    int64_t count[GW_STATE_COUNT];     // measurements
    int64_t observers[GW_STATE_COUNT]; // distinct observers
    int64_t throttled, intercepted;
    gw_time first, last;                 // of all measurements
    gw_time blocked_first, blocked_last; // of those that found blocking
    bool synthetic;
    double llr;       // largest among the blocked
    char example[64]; // id of that finding (or of the first)
    char rule[64];    // and its rule
};
struct gw_summary;
// Sums all findings; rows ordered by what matters: blocked observers first.
int gw_summary_new(struct gw_archive *a, struct gw_summary **ret,
                   struct gw_why *why) GW_MUSTCHECK;
const struct gw_summary_row *gw_summary_rows(const struct gw_summary *s,
                                             size_t *ret_count);
void gw_summary_free(struct gw_summary *s);

// Who measured, as far as it can be told without knowing anybody: probe_id
// where there is one, else country, network, platform and program. 63 bits.
// Those of the second sort may be many people: they are at or above COARSE.
#define GW_OBSERVER_COARSE (INT64_C(1) << 62)
int64_t gw_observer(const struct gw_measurement_row *m);

// ---- cells (tier 3) -----------------------------------------------------
#define GW_CELLS_VERSION 1
// Service of a host, from the checked-in table: "telegram", or the host itself.
gw_span gw_service_of(gw_span target);
// Makes the cells of every object whose findings have changed (segments of
// tier CELLS, each a pure function of its findings segment) and the days that
// the store keeps for pages. Commits.
int gw_make_cells(struct gw_ledger *l, const struct gw_analyse_options *options,
                  struct gw_why *why) GW_MUSTCHECK;

// All cells of one target in one country and network at one layer, of all
// objects, merged in order of hour. Texts live as long as the series.
struct gw_sight {      // what one observer saw in one hour
    int32_t hour;      // hours since 1970-01-01 UTC
    uint32_t observer; // index into the series' own observers, from 0
    uint16_t program;  // index into programs
    uint16_t count[GW_STATE_COUNT]; // measurements, at most 65535
    uint16_t throttled, intercepted;
    float llr;        // largest of the blocked; 0 if there is none
    uint32_t rule;    // index into rules; UINT32_MAX none
    uint32_t example; // index into examples; UINT32_MAX none
};
struct gw_series {
    gw_span cc, target, org;
    int64_t asn;
    enum gw_layer layer;
    size_t count;
    struct gw_sight *sights; // in order of hour, observer, program
    size_t observer_count;
    const int64_t *observers; // identities
    size_t program_count, rule_count, example_count;
    const gw_span *programs, *rules, *examples; // examples: ids "f-..."
    bool synthetic, aggregate;
};
// Streams every series in order of cc, target, asn, layer; memory does not
// grow with the number of series. fn's non-zero ends it. networks: for the
// same country and time, how many measurements of any target there were, hour
// by hour, as volume series (target "", layer ALL), given before the others.
typedef int gw_series_fn(void *ctx, const struct gw_series *s);
int gw_series_each(struct gw_archive *a, gw_series_fn *fn, void *ctx,
                   struct gw_why *why);

// ---- changes (tier 4) ---------------------------------------------------
#define GW_DETECTOR_VERSION 1
// Prior and error rates, natural units; docs/methods/changes.md says how each
// was fitted. gw_detector_default is what analyse uses.
struct gw_detector {
    double onset_rate, end_rate; // per hour
    double open_blocked;         // P(finding blocked | open)
    double partly_blocked, full_blocked;
    double observer_hour_cap;   // largest log-odds of an observer's hour
    double observer_day_cap;    // and day
    int64_t floor_observations; // below: "not enough data"
    int64_t floor_observers;
    double threshold; // log-odds at which a change is told
};
extern const struct gw_detector gw_detector_default;
enum gw_change_state { GW_OPEN, GW_PARTLY, GW_BLOCKED_STATE };
struct gw_change {              // a run of hours that was not open
    enum gw_change_state state; // the deepest
    int32_t onset[2], end[2];   // hours: earliest, latest (95 % interval);
                                // onset[0] INT32_MIN: blocked from the first
                                // look; end[0] INT32_MAX: not over
    double log_odds;            // that it happened at all
    int64_t observers, observations, blocked, ok, down, unknown, throttled;
    uint32_t rule, example; // weightiest, indices of the series
    bool weekly;            // pauses on some days of the week only
    uint8_t weekdays;       // bit 0: Monday; days with blocking
    uint32_t hours;         // bits 0 to 23 UTC with blocking
};
struct gw_changes {
    struct gw_change *at;
    size_t count, cap;
    bool enough; // false: below the floor, nothing can be said
};
// Offline: looks at the whole series, smoothed in both directions. The arena
// holds the result.
int gw_detect(const struct gw_detector *d, const struct gw_series *s,
              struct gw_arena *arena, struct gw_changes *ret,
              struct gw_why *why) GW_MUSTCHECK;
// Online: log-odds of "not open" after each hour, from what was known then.
// ret_log_odds[i] belongs to hour first + i; NULL ret gives only the count.
int gw_detect_online(const struct gw_detector *d, const struct gw_series *s,
                     int32_t first, size_t hours, double *ret_log_odds,
                     struct gw_why *why) GW_MUSTCHECK;
// A collapse of volume: runs of hours in which a network that was heard fell
// silent, against its own rhythm (hour of week).
int gw_detect_silence(const struct gw_detector *d,
                      const struct gw_series *volume, struct gw_arena *arena,
                      struct gw_changes *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- incidents (tier 5) -------------------------------------------------
struct gw_incidents_summary {
    int64_t series, changes, incidents, new_incidents, changed, withdrawn;
    int64_t too_little; // series below the floor
};
// Cells, changes and incidents of the whole archive, from the findings. What
// is one event becomes one incident; ids stay, versions are kept; each new
// version gets a leaf. Commits.
int gw_find_incidents(struct gw_ledger *l,
                      const struct gw_analyse_options *options,
                      struct gw_incidents_summary *ret,
                      struct gw_why *why) GW_MUSTCHECK;
// "certain beyond reasonable doubt", "very likely", "likely", "possible",
// "not enough data".
const char *gw_confidence(double log_odds, int64_t observers);

#endif
