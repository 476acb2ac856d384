// analyse: from facts to findings (tier 2). Pure: the same facts, rules and
// pool give the same bytes. docs/methods/findings.md argues for the rules.
#ifndef GW_ANALYSE_H
#define GW_ANALYSE_H

#include "ledger/ledger.h"
#include "model/model.h"
#include "store/store.h"

#include <stdatomic.h>

// Raised whenever a rule, its weight or the way they combine changes.
#define GW_RULES_VERSION 1

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
int64_t gw_observer(const struct gw_measurement_row *m);

#endif
