// Between the files that make explain pages. Private to publish.
#ifndef GW_EXPLAIN_PAGE_H
#define GW_EXPLAIN_PAGE_H

#include "publish/incident.h"

// What incidents say of rules and findings.
struct rule_text {
    gw_span rule, text;
};
struct named_by { // an incident names this finding
    const char *id;
    uint32_t incident;
};
struct explain_world {
    struct rule_text *rules;
    size_t rule_count, rule_cap;
    struct named_by *named; // in order of id, incident
    size_t named_count, named_cap;
};
int explain_world(struct site *s, struct explain_world *ret,
                  struct gw_why *why) GW_MUSTCHECK;
void explain_world_release(struct explain_world *w);
gw_span explain_rule_text(const struct explain_world *w, gw_span rule);
// First of those that name the id, and how many follow each other.
const struct named_by *explain_named(const struct explain_world *w,
                                     const char *id, size_t *ret_count);

// What a finding's page is made from; all but id borrowed from the segment.
struct explained {
    const char *id;
    const struct gw_object *object;
    const struct gw_witnessed *leaf;
    const struct gw_finding_row *finding;
    const struct gw_fired_row *fired; // those of the whole block
    size_t fired_count;
    int64_t row; // of the finding in the block: fired.f
};
int explain_finding(struct site *s, const struct explain_world *w,
                    const struct explained *e, struct gw_why *why) GW_MUSTCHECK;
int explain_object(struct site *s, const char *id, const struct gw_object *o,
                   const struct gw_witnessed *leaf,
                   struct gw_why *why) GW_MUSTCHECK;
int explain_incident(struct site *s, const struct incident *i,
                     struct gw_why *why) GW_MUSTCHECK;
// An id that is not in the archive: the page says so.
int explain_missing(struct site *s, const char *id,
                    struct gw_why *why) GW_MUSTCHECK;

// ---- pieces of the sheets ------------------------------------------------
struct sheet { // one page and where it goes
    struct page page;
    char path[GW_ID_TEXT + 64], json[GW_ID_TEXT + 64];
};
// To the end of the first words, in one language.
void sheet_open(struct sheet *x, struct site *s, enum gw_language l,
                const char *id, gw_span title);
void sheet_row(struct page *p, const char *message); // of a <dl>
void sheet_row_end(struct page *p);
void sheet_code(struct page *p, const char *message, gw_span text);
void sheet_number(struct page *p, const char *message, int64_t n);
void sheet_object(struct page *p, const struct gw_object *o); // opens a section
void sheet_leaf(struct page *p, const struct gw_witnessed *leaf);
void sheet_check(struct page *p, const char *id,
                 const struct gw_witnessed *leaf);
void sheet_json_object(struct gw_jw *w, const struct gw_object *o,
                       const struct gw_witnessed *leaf);
// Writes what is in s->data as the page's JSON.
int sheet_json(struct site *s, const char *id, struct gw_why *why) GW_MUSTCHECK;

#endif
