// Timeline: a lane for each network. The share of measurements that found
// blocking as steps (they break where nothing was measured), the range it can
// lie in behind it, brackets for between when and when it began and ended, and
// the number of measurements under it.
#include "publish/chart.h"

#include <math.h>

enum {
    WIDE = 1000, // units along time; the page stretches them
    RATE_H = 40,
    VOLUME_TOP = 43, // of a lane's drawing, as are all of these
    VOLUME_H = 14,
    PLOT_H = VOLUME_TOP + VOLUME_H,
    LABEL_H = 34, // two lines of words above the drawing
    LANE_H = LABEL_H + 6 + PLOT_H + 14,
    EVENT_H = 18,
};

struct timeline {
    struct chart *c;
    struct gw_buf *out;
    gw_time first;
    size_t days, step, bins; // days in a bin; bins
    uint32_t most;           // measurements in a bin, over all lanes
};

static struct chart_cell bin_of(const struct timeline *t,
                                const struct chart_lane *lane, size_t bin)
{
    struct chart_cell sum = {0};
    for (size_t d = bin * t->step; d < (bin + 1) * t->step && d < t->days;
         d++) {
        const struct chart_cell *cell = &lane->cells[d];
        uint32_t observers[GW_STATE_COUNT] = {cell->observers};
        chart_cell_add(&sum, cell->count, observers);
    }
    return sum;
}

static unsigned x_of_bin(const struct timeline *t, size_t bin)
{
    size_t day = bin * t->step;
    day = day < t->days ? day : t->days;
    return t->days ? (unsigned)(day * WIDE / t->days) : 0;
}

static unsigned x_of_time(const struct timeline *t, gw_time at)
{
    gw_time whole = (gw_time)t->days * GW_DAY;
    if (at <= t->first || whole <= 0)
        return 0;
    gw_time past = at - t->first;
    return past >= whole ? WIDE : (unsigned)(past / (whole / WIDE));
}

// ---- the share, and the range it can lie in ------------------------------

// Height above the lane's floor of a share in [0, 1].
static unsigned y_of(double share)
{
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return RATE_H - (unsigned)lround(share * RATE_H);
}

// Wilson's interval at 95 %.
static void range_of(double part, double all, double *ret_low, double *ret_high)
{
    const double z = 1.96;
    double p = part / all, zz = z * z / all;
    double middle = (p + zz / 2) / (1 + zz);
    double half = z / (1 + zz) * sqrt(p * (1 - p) / all + zz / (4 * all));
    *ret_low = middle - half;
    *ret_high = middle + half;
}

static void put_band(struct timeline *t, const struct chart_lane *lane)
{
    bool any = false;
    for (size_t b = 0; b < t->bins; b++) {
        struct chart_cell cell = bin_of(t, lane, b);
        uint32_t judged = chart_judged(&cell);
        double low, high;
        if (!judged)
            continue;
        range_of(cell.count[GW_STATE_BLOCKED], judged, &low, &high);
        unsigned from = x_of_bin(t, b), to = x_of_bin(t, b + 1);
        unsigned top = y_of(high), bottom = y_of(low);
        if (!any)
            gw_put_str(t->out, "<path class=\"band\" d=\"");
        any = true;
        gw_put_fmt(t->out, "M%u %uh%uv%uh-%uz", from, top, to - from,
                   bottom - top, to - from);
    }
    if (any)
        gw_put_str(t->out, "\"/>");
}

// Steps; a bin in which nothing was judged breaks the line and is hatched.
static void put_share(struct timeline *t, const struct chart_lane *lane)
{
    bool any = false, drawing = false;
    for (size_t b = 0; b < t->bins; b++) {
        struct chart_cell cell = bin_of(t, lane, b);
        uint32_t judged = chart_judged(&cell);
        if (!judged) {
            drawing = false;
            continue;
        }
        unsigned y = y_of((double)cell.count[GW_STATE_BLOCKED] / judged);
        unsigned from = x_of_bin(t, b), to = x_of_bin(t, b + 1);
        if (!any)
            gw_put_str(t->out, "<path class=\"share\" d=\"");
        any = true;
        if (drawing)
            gw_put_fmt(t->out, "V%uH%u", y, to);
        else
            gw_put_fmt(t->out, "M%u %uH%u", from, y, to);
        drawing = true;
    }
    if (any)
        gw_put_str(t->out, "\"/>");
}

static void put_unknown(struct timeline *t, const struct chart_lane *lane)
{
    bool any = false;
    size_t b = 0;
    while (b < t->bins) {
        struct chart_cell cell = bin_of(t, lane, b);
        size_t end = b;
        while (end < t->bins && !chart_judged(&cell))
            if (++end < t->bins)
                cell = bin_of(t, lane, end);
        if (end > b) {
            gw_put_str(t->out, any ? "" : "<path class=\"s-unknown\" d=\"");
            any = true;
            unsigned from = x_of_bin(t, b), to = x_of_bin(t, end);
            gw_put_fmt(t->out, "M%u 0h%uv%dh-%uz", from, to - from, RATE_H,
                       to - from);
        }
        b = end > b ? end : b + 1;
    }
    if (any)
        gw_put_fmt(t->out, "\" fill=\"url(#%s-h)\"/>", t->c->id);
}

static void put_volume(struct timeline *t, const struct chart_lane *lane)
{
    gw_put_fmt(t->out, "<path class=\"volume\" d=\"M0 %dh%dv.5h-%dz",
               PLOT_H - 1, WIDE, WIDE);
    for (size_t b = 0; b < t->bins && t->most; b++) {
        struct chart_cell cell = bin_of(t, lane, b);
        uint32_t all = chart_all(&cell);
        unsigned h = (unsigned)((uint64_t)all * (VOLUME_H - 1) / t->most);
        unsigned from = x_of_bin(t, b), w = x_of_bin(t, b + 1) - from;
        w = w > 2 ? w - 1 : w;
        if (all)
            gw_put_fmt(t->out, "M%u %dv-%uh%uv%uz", from, PLOT_H - 1, h ? h : 1,
                       w, h ? h : 1);
    }
    gw_put_str(t->out, "\"/>");
}

// ---- brackets and words --------------------------------------------------

// From when to when it may have begun or ended; an open end has no hook.
static void put_bracket(struct timeline *t, const gw_time at[2])
{
    bool open = at[0] == GW_NEVER;
    unsigned from = open ? 0 : x_of_time(t, at[0]);
    unsigned to = x_of_time(t, at[1]);
    to = to < from + 6 ? from + 6 : to;
    if (to > WIDE) {
        from -= to - WIDE;
        to = WIDE;
    }
    gw_put_fmt(t->out, "<path class=\"bracket\" d=\"M%u %sH%uv5\"/>", from,
               open ? "1" : "6v-5", to);
}

static void put_brackets(struct timeline *t, const struct chart_lane *lane)
{
    if (!lane->bounded)
        return;
    if (lane->onset[1] != GW_NEVER)
        put_bracket(t, lane->onset);
    if (lane->end[0] != GW_NEVER && lane->end[1] != GW_NEVER)
        put_bracket(t, lane->end);
}

static void put_lane(struct timeline *t, const struct chart_lane *lane,
                     size_t y)
{
    struct gw_buf *out = t->out;
    gw_put_fmt(out, "<text class=\"label\" x=\"0\" y=\"%zu\">", y + 13);
    chart_text(t->c, lane->label);
    gw_put_str(out, "</text>");
    if (lane->note.len) {
        gw_put_fmt(out, "<text class=\"note\" x=\"0\" y=\"%zu\">", y + 29);
        chart_text(t->c, lane->note);
        gw_put_str(out, "</text>");
    }
    gw_put_fmt(out,
               "<svg x=\"0\" y=\"%zu\" width=\"100%%\" height=\"%d\" "
               "viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
               "overflow=\"visible\">",
               y + LABEL_H + 6, PLOT_H, WIDE, PLOT_H);
    put_unknown(t, lane);
    gw_put_fmt(out, "<path class=\"grid\" d=\"M0 0h%dM0 %dh%d\"/>", WIDE,
               RATE_H, WIDE);
    put_band(t, lane);
    put_share(t, lane);
    put_volume(t, lane);
    gw_put_str(out, "</svg>");
    gw_put_fmt(out,
               "<svg x=\"0\" y=\"%zu\" width=\"100%%\" height=\"8\" "
               "viewBox=\"0 0 %d 8\" preserveAspectRatio=\"none\">",
               y + LABEL_H - 2, WIDE);
    put_brackets(t, lane);
    gw_put_str(out, "</svg>\n");
}

// What else happened, one line each: its text starts where it happened, or
// ends there if it happened late.
static void put_events(struct timeline *t, const struct chart_event *events,
                       size_t n, size_t y)
{
    if (!n)
        return;
    gw_put_fmt(t->out, "<text class=\"label\" x=\"0\" y=\"%zu\">", y + 13);
    chart_text(t->c, gw_message(t->c->page->lang, "chart.context"));
    gw_put_str(t->out, "</text>");
    for (size_t i = 0; i < n; i++) {
        unsigned x = x_of_time(t, events[i].from);
        bool late = x > WIDE / 2;
        size_t line = y + (i + 1) * EVENT_H;
        gw_put_fmt(t->out,
                   "<circle class=\"event\" cx=\"%u.%u%%\" cy=\"%zu\" "
                   "r=\"3\"/><text class=\"note\" x=\"%u.%u%%\" dx=\"%d\" "
                   "y=\"%zu\" text-anchor=\"%s\">",
                   x / 10, x % 10, line + 9, x / 10, x % 10, late ? -7 : 7,
                   line + 13, late ? "end" : "start");
        chart_text(t->c, events[i].text);
        gw_put_str(t->out, "</text>\n");
    }
}

static void put_axis(struct timeline *t, size_t y)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    struct page *p = t->c->page;
    for (size_t i = 0; i < 3; i++) {
        size_t day = t->days ? (t->days - 1) * i / 2 : 0;
        if (i == 1 && t->days < 3)
            continue;
        gw_put_fmt(t->out,
                   "<text class=\"axis\" x=\"%zu%%\" y=\"%zu\" "
                   "text-anchor=\"%s\">",
                   i * 50, y + 14, anchors[i]);
        chart_text(t->c, gw_str(word_day(p->site, p->lang,
                                         t->first + (gw_time)day * GW_DAY)));
        gw_put_str(t->out, "</text>");
    }
    gw_put_str(t->out, "\n");
}

// ---- the table -----------------------------------------------------------

static void put_row(struct timeline *t, const struct chart_lane *lanes,
                    size_t n, size_t bin, bool opened)
{
    struct chart *c = t->c;
    struct page *p = c->page;
    gw_time day = t->first + (gw_time)(bin * t->step) * GW_DAY;
    if (opened) {
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        gw_put_str(p->out, word_day(p->site, p->lang, day));
        gw_put_str(p->out, "</th>");
    }
    if (c->table)
        chart_put_day_csv(c->table, day);
    for (size_t i = 0; i < n; i++) {
        struct chart_cell cell = bin_of(t, &lanes[i], bin);
        if (opened && chart_all(&cell)) {
            gw_put_str(p->out, "<td>");
            gw_put_number(p->out, p->lang, cell.count[GW_STATE_BLOCKED]);
            gw_put_str(p->out, "/");
            gw_put_number(p->out, p->lang, chart_judged(&cell));
            gw_put_str(p->out, "; ");
            gw_put_number(p->out, p->lang, cell.observers);
            gw_put_str(p->out, "</td>");
        } else if (opened) {
            gw_put_str(p->out, "<td>\xe2\x80\x93</td>");
        }
        if (c->table)
            gw_put_fmt(c->table, ",%u,%u,%u,%u", cell.count[GW_STATE_BLOCKED],
                       chart_judged(&cell), chart_all(&cell), cell.observers);
    }
    if (opened)
        gw_put_str(p->out, "</tr>\n");
    if (c->table)
        gw_put_u8(c->table, '\n');
}

// The file has four columns a network where the page has one.
static void put_csv_headings(struct timeline *t, const struct chart_lane *lanes,
                             size_t n)
{
    static const char *const what[] = {"blocked", "judged", "measurements",
                                       "observers"};
    gw_put_str(t->c->table, "from");
    for (size_t i = 0; i < n * GW_COUNT(what); i++) {
        char name[300];
        snprintf(
            name, sizeof name, "%.*s %s",
            (int)(lanes[i / 4].label.len < 256 ? lanes[i / 4].label.len : 256),
            (const char *)lanes[i / 4].label.at, what[i % 4]);
        gw_put_u8(t->c->table, ',');
        gw_csv_put(t->c->table, gw_str(name));
    }
    gw_put_u8(t->c->table, '\n');
}

static void put_table(struct timeline *t, const struct chart_lane *lanes,
                      size_t n)
{
    struct chart *c = t->c;
    gw_span headings[1 + CHART_LANES_MAX];
    struct gw_buf *csv = c->table;
    headings[0] =
        gw_message(c->page->lang, t->step == 1 ? "chart.day" : "chart.from");
    for (size_t i = 0; i < n; i++)
        headings[i + 1] = lanes[i].label;
    if (csv)
        put_csv_headings(t, lanes, n);
    c->table = NULL; // its headings are there already
    bool opened =
        chart_table_open(c, headings, n + 1,
                         gw_message(c->page->lang, "chart.timeline.caption"));
    c->table = csv;
    for (size_t b = 0; b < t->bins; b++)
        put_row(t, lanes, n, b, opened);
    chart_table_close(c, opened);
}

// ---- the whole -----------------------------------------------------------

static void plan(struct timeline *t, const struct chart_lane *lanes, size_t n)
{
    t->step = (t->days + CHART_BINS_MAX - 1) / CHART_BINS_MAX;
    t->step = t->step > 1 ? (t->step + 6) / 7 * 7 : 1; // whole weeks
    t->bins = (t->days + t->step - 1) / t->step;
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < t->bins; b++) {
            struct chart_cell cell = bin_of(t, &lanes[i], b);
            uint32_t all = chart_all(&cell);
            t->most = all > t->most ? all : t->most;
        }
}

static void put_notes(struct timeline *t)
{
    struct page *p = t->c->page;
    gw_put_str(t->out, "<p class=\"chart-note\">");
    put_text(p, "chart.timeline.note");
    gw_put_str(t->out, " ");
    SAY(p, "chart.volume", word_number(p->site, p->lang, t->most));
    if (t->step > 1) {
        gw_put_str(t->out, " ");
        SAY(p, "chart.step", word_number(p->site, p->lang, (int64_t)t->step));
    }
    gw_put_str(t->out, "</p>");
}

void chart_timeline(struct chart *c, gw_time first, size_t days,
                    const struct chart_lane *lanes, size_t lane_count,
                    const struct chart_event *events, size_t event_count)
{
    struct page *p = c->page;
    struct timeline t = {.c = c, .out = p->out, .first = first, .days = days};
    size_t n = lane_count < CHART_LANES_MAX ? lane_count : CHART_LANES_MAX;
    char size[80];
    plan(&t, lanes, n);
    size_t below = n * LANE_H, axis = below;
    axis += event_count ? (event_count + 1) * EVENT_H + 4 : 0;
    snprintf(size, sizeof size, "width=\"100%%\" height=\"%zu\"", axis + 20);
    gw_time last = first + (days ? (gw_time)(days - 1) * GW_DAY : 0);
    chart_open(c, "timeline", size,
               page_words(p->site, p->lang, "chart.timeline.desc",
                          (const char *const[]){
                              word_day(p->site, p->lang, first),
                              word_day(p->site, p->lang, last),
                              word_number(p->site, p->lang, (int64_t)n)},
                          3));
    for (size_t i = 0; i < n; i++)
        put_lane(&t, &lanes[i], i * LANE_H);
    put_events(&t, events, event_count, below);
    put_axis(&t, axis);
    chart_close(c);
    if (!c->bare)
        put_notes(&t);
    put_table(&t, lanes, n);
}
