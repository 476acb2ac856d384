// Charts as inline SVG that carry their data: every chart has a title that
// states the finding, a description, text at the data and its own table beside
// it. Words stand still while the plot grows with the page: places along time
// are percentages, so text is as large on a telephone as on a screen. The same
// data gives the same bytes. Private to publish.
#ifndef GW_CHART_H
#define GW_CHART_H

#include "publish/page.h"

enum {
    CHART_BINS_MAX = 120, // of a timeline; more days are drawn several a step
    CHART_LANES_MAX = 12, // of a timeline; callers say what is left out
    CHART_FLOOR = 3,      // judged measurements, below: not enough data
};

struct chart {
    struct page *page;
    const char *id;  // unique in the page; letters, digits and '-'
    gw_span title;   // states the finding; plain text
    const char *csv; // the table's file below DIR/data/, linked; NULL: none
    struct gw_buf *table; // gets the table as CSV for that file; may be NULL
    bool bare;            // no figcaption and no table in the page: whoever
                          // calls has both. For strips in a list.
    bool links;           // set by matrix: has links, so it is no image
};
// What was measured in one step of time.
struct chart_cell {
    uint32_t count[GW_STATE_COUNT];
    uint32_t observers; // distinct; over several days the most of a day
};
// Adds a day row to a cell. Distinct observers cannot be added: the most.
void chart_cell_add(struct chart_cell *c, const uint32_t *count,
                    const uint32_t *observers);
// The state that a cell is drawn in: unknown below CHART_FLOOR measurements
// that say anything, blocked from one in five of them, else what most say.
enum gw_state chart_state(const struct chart_cell *c);

// One cell a day from `first` on: shape, colour, and volume under it.
void chart_strip(struct chart *c, gw_time first, const struct chart_cell *cells,
                 size_t days);

struct chart_lane { // one network on a timeline
    gw_span label;  // plain: "Safaricom (AS33771)"
    gw_span note;   // plain: "37 of 42 measurements, 9 observers"; may be none
    const struct chart_cell *cells; // one a day
    bool bounded;                   // onset and end are known and drawn
    gw_time onset[2], end[2]; // earliest, latest. onset[0] GW_NEVER: so when
                              // first looked; end[1] GW_NEVER: goes on
};
struct chart_event {     // on the lane of context
    gw_time from, until; // until GW_NEVER: one day
    gw_span text;        // plain
};
void chart_timeline(struct chart *c, gw_time first, size_t days,
                    const struct chart_lane *lanes, size_t lane_count,
                    const struct chart_event *events, size_t event_count);

struct chart_row {    // of a matrix
    gw_span label;    // plain
    const char *path; // page of the same language that it links to, or NULL
    const struct chart_cell *cells; // one a column
};
// Columns are steps of `step` days (7: weeks) from `first` on.
void chart_matrix(struct chart *c, gw_time first, int step, size_t columns,
                  const struct chart_row *rows, size_t row_count);

// ---- between the files of charts ----------------------------------------
void chart_open(struct chart *c, const char *kind, const char *size,
                gw_span description); // <figure> to <desc> and patterns
void chart_close(struct chart *c);    // </svg>, then the note on direction
void chart_text(struct chart *c, gw_span text); // into an SVG <text>
// The table's frame in the page; rows come between. headings are plain texts.
bool chart_table_open(struct chart *c, const gw_span *headings, size_t n,
                      gw_span caption);
void chart_table_close(struct chart *c, bool opened);
gw_span chart_word(enum gw_language l, enum gw_state state); // borrowed
uint32_t chart_judged(const struct chart_cell *c);
uint32_t chart_all(const struct chart_cell *c);
void chart_put_day_csv(struct gw_buf *csv, gw_time day);

#endif
