// What front, country, target and network pages have in common: sums over
// days, lists of incidents, and cells for charts. Private to publish.
#ifndef GW_PARTS_H
#define GW_PARTS_H

#include "publish/chart.h"
#include "publish/incident.h"

enum {
    RECENT_DAYS = 30, // "the last days" of every page
    WEEKS = 26,       // of a matrix
    ROWS_MAX = 24,    // of a matrix; all are in the data file
    LIST_MAX = 100,   // rows of a table in a page, likewise
};

// ---- sums -----------------------------------------------------------------
struct tally {
    uint64_t count[GW_STATE_COUNT];
    uint32_t observers;  // most on one day at one place
    int32_t first, last; // days; first > last: nothing
};
struct tally tally_empty(void);
void tally_add(struct tally *t, const struct day *d);
int64_t tally_all(const struct tally *t);
int64_t tally_judged(const struct tally *t); // that say anything
// "37 of 42 measurements found blocking; at most 9 observers a day": "-" where
// nothing was measured.
void put_tally(struct page *p, const struct tally *t);

// Days listed under a country, target or network, by main layer only.
struct rows {
    const struct site *site;
    const uint32_t *index; // NULL: site.days itself
    struct range range;
};
struct rows rows_of_target(const struct site *s, uint32_t target);
struct rows rows_of_network(const struct site *s, uint32_t network);
struct rows rows_of_country(const struct site *s, uint32_t country);
const struct day *rows_at(const struct rows *r, uint32_t i);
int32_t rows_newest(const struct rows *r); // INT32_MIN: none
// Main rows: all of them, and those of the RECENT_DAYS up to newest.
void rows_sum(const struct rows *r, int32_t newest, struct tally *ret_all,
              struct tally *ret_recent);

// Tallies of the rows by their network or target, largest blocked first.
struct group {
    uint32_t id;              // index in site.networks or site.targets
    struct tally all, recent; // ever, and in the last RECENT_DAYS
};
struct groups {
    struct group *at; // release with gw_free
    size_t count;
    int32_t newest; // day
};
enum group_by { GROUP_BY_NETWORK, GROUP_BY_TARGET };
int groups_of(const struct rows *r, enum group_by by, struct groups *ret,
              struct gw_why *why) GW_MUSTCHECK;

// A matrix of the first rows by weeks, the last of them with `newest` in it.
int put_week_matrix(struct page *p, const struct rows *r,
                    const struct groups *g, enum group_by by, gw_span title,
                    const char *csv, struct gw_buf *table,
                    struct gw_why *why) GW_MUSTCHECK;

// ---- incidents --------------------------------------------------------------
bool is_believed(const struct incident *i);     // and enough data for it
bool is_ongoing(const struct incident *i);      // believed, and not over
bool is_interference(const struct incident *i); // blocking, slowing, answering
struct incidents {
    const struct incident **at; // in the arena; newest onset first
    size_t count, ongoing;      // those going on come first
};
typedef bool incident_test(const struct site *s, const struct incident *i,
                           uint32_t id);
incident_test incident_of_target, incident_of_network, incident_of_country,
    incident_of_any;
int incidents_of(struct site *s, incident_test *test, uint32_t id,
                 struct incidents *ret, struct gw_why *why) GW_MUSTCHECK;
// One line an event; at most max, then how many more and where.
void put_incidents(struct page *p, const struct incidents *list, size_t from,
                   size_t to, size_t max);
// A section with those going on, then those that are over.
void put_incident_sections(struct page *p, const struct incidents *list);
void json_incidents(struct gw_jw *w, const struct incidents *list);

// ---- data files -------------------------------------------------------------
// Every day row of a target or network: docs/formats/site.md.
void csv_days_heading(struct gw_buf *out);
void csv_day(const struct site *s, const struct day *d, struct gw_buf *out);
void json_tally(struct gw_jw *w, const char *key, const struct tally *t);
void json_day(struct gw_jw *w, const char *key, int32_t day);
void json_network(struct gw_jw *w, int64_t asn, const char *org,
                  const char *cc); // members
// Member "targets": groups by target.
void json_targets(struct gw_jw *w, const struct site *s,
                  const struct groups *g);
// An object into s->data, from its brace to the file of data_file.
struct gw_jw json_begin(struct site *s);
int json_end(struct site *s, struct gw_jw *w, const char *path,
             struct gw_why *why) GW_MUSTCHECK;
// Writes s->data to DIR/data/<path>.
int data_file(struct site *s, const char *path,
              struct gw_why *why) GW_MUSTCHECK;

#endif
