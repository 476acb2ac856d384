// Between the files of incidents: runs of hours of one network (spells), and
// the events they are parts of. Private to analyse. What is decided here and
// why: docs/methods/incidents.md.
#ifndef GW_INCIDENTS_H
#define GW_INCIDENTS_H

#include "analyse/analyse.h"

enum {
    INC_HOURS_JOINED = 8 * 24, // between two spells of one character
    INC_HOURS_SILENT = 12,     // between two silences
    INC_HOURS_DOWN = 24,       // between two failures of the service
    INC_HOURS_EVERYWHERE = 24, // between onsets in several countries
    INC_COUNTRIES = 3,         // that make it everywhere
    INC_EVIDENCE_MAX = 24,     // ids in a body
    INC_GUARDS_MAX = 8,
    INC_UNKNOWN_MAX = 12,
};
#define INC_NETWORK_CAP 12.0 // log-odds that one network can bring
#define INC_TOTAL_CAP   25.0 // and all together

// What an id is kept within: a blocking may turn out to be a defect, but
// never a silence.
enum inc_class { INC_FAILURE, INC_SILENCE, INC_CLASS_COUNT };
enum inc_view { INC_BLOCKED, INC_DOWN, INC_QUIET };

struct inc_counts {
    int64_t state[GW_STATE_COUNT], throttled, intercepted;
};
struct inc_method {
    enum gw_layer layer;
    gw_span rule, example;
    int64_t measurements;
};
struct inc_program {
    gw_span name;
    int64_t bad, ok;
    int64_t observers; // of ok
    int64_t networks;  // in which it was bad
};

// A run of hours in one network in which the target was not open.
struct inc_spell {
    enum inc_view view;
    int64_t asn;
    gw_span org;
    int32_t onset[2], end[2]; // as in gw_change
    int32_t first, last;      // hours of the first and last sight of it
    int32_t looked;           // hour of the network's last sight at all
    double log_odds;
    double without;        // the same without the observer with most rows
    int64_t top, top_rows; // that observer; 0: nobody has most of them
    struct inc_counts counts;
    size_t observer_count, method_count, program_count, example_count;
    int64_t *observers; // that saw it, ascending
    struct inc_method *methods;
    struct inc_program *programs;
    gw_span *examples; // weightiest first, an observer each
    unsigned layers;   // bits
    uint8_t weekdays;
    uint32_t hours;
    bool weekly, synthetic, aggregate;
    size_t group;
};

struct inc_network { // of one incident
    int64_t asn;
    gw_span org;
    int32_t onset[2], end[2], looked, last;
    double log_odds;
    int64_t observers;
    struct inc_counts counts;
    unsigned layers;
};
struct inc_guard {
    const char *what;
    gw_span text;
};

struct incident {
    enum inc_class class;
    const char *kind;
    char id[16];
    int64_t version; // that is stored under the id; 0: none
    gw_span cc, target;
    int32_t onset[2], end[2]; // INT32_MIN, INT32_MAX as in gw_change
    double log_odds;
    int64_t observers; // distinct, of all networks
    struct inc_counts counts;
    size_t spell_count, network_count, method_count;
    struct inc_spell **spells;    // in order of time
    struct inc_network *networks; // by weight
    struct inc_method *methods;   // by count
    gw_span evidence[INC_EVIDENCE_MAX];
    size_t evidence_count;
    struct inc_guard guards[INC_GUARDS_MAX];
    size_t guard_count;
    gw_span unknown[INC_UNKNOWN_MAX];
    size_t unknown_count;
    bool has_pattern, synthetic, aggregate;
    uint8_t weekdays;
    uint32_t hours;
};

struct inc_gather {
    struct gw_incidents_summary *sum;
    atomic_int *stop;
    struct gw_why *why;
    struct gw_arena *keep; // incidents and their spells
    struct gw_arena *work; // of one network
    // the country and target that are being read
    gw_span cc, target;
    bool any;
    int64_t asn;
    int64_t too_little; // networks of it below the floor
    struct inc_mark *marks;
    size_t mark_count, mark_cap;
    struct inc_spell *spells;
    size_t spell_count, spell_cap;
    // all there are
    struct incident *found;
    size_t found_count, found_cap;
};

// Room for one more in a growing array; NULL when there is none.
void *inc_room(void *list, size_t *count, size_t *cap, size_t size,
               void **ret_list);

// spells.c: spells of a series, added to g->spells.
int inc_spells(struct inc_gather *g, const struct gw_series *s) GW_MUSTCHECK;
// Findings of a sight that speak for what is looked for.
int inc_bad(const struct gw_sight *s, enum inc_view view);
size_t inc_at_hour(const struct gw_series *s, int64_t hour); // first not before
int inc_no_memory(struct inc_gather *g);
// spell_parts.c: who, how often and by which rule, from the sights from..to of
// s, which are the spell's.
int inc_parts(struct inc_gather *g, const struct gw_series *s, size_t from,
              size_t to, struct inc_spell *spell) GW_MUSTCHECK;
int inc_take_marks(struct inc_gather *g,
                   const struct gw_series *s) GW_MUSTCHECK;
// Distinct observers of all sights from..to; the top is who has most of them.
int inc_heard(struct inc_gather *g, const struct gw_series *s, size_t from,
              size_t to, struct inc_spell *spell) GW_MUSTCHECK;
// group.c: incidents out of the spells of g->cc and g->target, to g->found.
int inc_group(struct inc_gather *g) GW_MUSTCHECK;
// guards.c: of one incident by itself; then of all of them together.
int inc_guard(struct inc_gather *g, struct incident *i) GW_MUSTCHECK;
int inc_guard_all(struct inc_gather *g) GW_MUSTCHECK;
int inc_add_guard(struct inc_gather *g, struct incident *i, const char *what,
                  const char *fmt, ...) GW_PRINTF(4, 5) GW_MUSTCHECK;
// incident_body.c: the row, its body appended in canonical form. version and
// changed are the caller's.
int inc_body(const struct incident *i, struct gw_json *json, struct gw_buf *ret,
             struct gw_incident_row *row, struct gw_why *why) GW_MUSTCHECK;
gw_time inc_hour(int32_t hour); // GW_NEVER for the two ends of int32_t
const char *inc_state(const struct incident *i);
// Distinct values of spells' observers; the arena holds them. NULL: no memory.
int64_t *inc_union(struct gw_arena *arena, struct inc_spell *const *spells,
                   size_t n, size_t *ret_count);

#endif
