// Between the files that show an incident. Private to publish.
#ifndef GW_INCIDENT_H
#define GW_INCIDENT_H

#include "publish/chart.h"

// The days around an incident, by network: what its charts and tables show.
struct incident_lane {
    int64_t asn;
    const char *org;
    uint32_t network; // index in the site; UINT32_MAX: it has no days
    gw_time since[2], until[2];
    struct chart_cell sum;    // within the incident's own time
    struct chart_cell *cells; // one a day of the window
};
struct incident_view {
    const struct incident *incident;
    gw_time first; // of the window: a week more on both sides
    size_t days;
    struct incident_lane lanes[CHART_LANES_MAX]; // by weight
    size_t lane_count, networks; // drawn, and all that the body names
    size_t others; // networks measured in that time that are not in it
    struct chart_cell *cells; // of all lanes
};
// Reads the body with s->json.
int incident_view(struct site *s, const struct incident *i,
                  struct incident_view *ret, struct gw_why *why) GW_MUSTCHECK;
void incident_view_release(struct incident_view *v);
// Draws it; table gets the CSV of what is drawn (may be NULL).
void incident_put_timeline(struct page *p, const struct incident_view *v,
                           const char *csv, struct gw_buf *table);
// Every day of every network in its country, in it or not, as CSV.
void incident_put_days(struct site *s, const struct incident_view *v,
                       struct gw_buf *out);
// "2023-11-06 05:00" of a body; GW_NEVER for null.
gw_time incident_time(gw_jv text);
void incident_interval(gw_jv interval, gw_time ret[2]);

// Sections of the page, in order.
void incident_put_networks(struct page *p, const struct incident *i, gw_jv body,
                           const struct incident_view *v);
void incident_put_methods(struct page *p, gw_jv body);
void incident_put_doubts(struct page *p, gw_jv body);
void incident_put_evidence(struct page *p, gw_jv body);

// ---- pieces of pages ------------------------------------------------------
// <section id><h2>message</h2>, <p>message</p>, and a table that can be moved
// sideways by keyboard, whose headings are messages.
void incident_section(struct page *p, const char *id, const char *message);
void incident_section_end(struct page *p);
void incident_paragraph(struct page *p, const char *message);
void incident_table(struct page *p, const char *caption, const char *id);
void incident_heading(struct page *p, const char *const *messages, size_t n);
void incident_table_end(struct page *p);
void incident_put_ids(struct page *p, gw_jv list); // linked, wanted
// Members of a body: 0 and "" where there are none.
int64_t incident_number(gw_jv object, const char *key);
const char *incident_text(struct page *p, gw_jv v);
int64_t incident_all(gw_jv counts); // blocked, down, ok and unknown
// An interval's end in words: that it goes on where there is none.
void incident_end(struct page *p, const gw_time until[2], const char *cc);
// How to check one id, as commands; leaf may be NULL.
void put_commands(struct page *p, const char *id,
                  const struct gw_witnessed *leaf);

#endif
