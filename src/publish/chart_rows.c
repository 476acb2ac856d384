// Strip and matrix: cells in rows, one for each step of time, each state with
// its own colour, shape and (unknown) hatching.
#include "publish/chart.h"

enum {
    CELL = 10,     // width of a cell, in units of the drawing
    STATE_H = 14,  // height of the part that shows the state
    VOLUME_H = 12, // and of the bars under it
    STRIP_H = STATE_H + 2 + VOLUME_H,
};

// Shapes that tell states apart without colour: a dot, a cross, a triangle.
static const char *glyph(enum gw_state s)
{
    switch (s) {
    case GW_STATE_OK: return "m4.5 7h.01";
    case GW_STATE_BLOCKED: return "m2 4.5l5 5m0-5l-5 5";
    case GW_STATE_DOWN: return "m2 5h5l-2.500 4.500z";
    case GW_STATE_UNKNOWN:
    case GW_STATE_COUNT: break;
    }
    return NULL;
}

// Cells of one state as two paths: their faces and their shapes.
static void put_state_paths(struct chart *c, const struct chart_cell *cells,
                            size_t n, enum gw_state s)
{
    struct gw_buf *out = c->page->out;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (chart_state(&cells[i]) != s)
            continue;
        if (!any)
            gw_put_fmt(out, "<path class=\"s-%s\" d=\"", state_class(s));
        any = true;
        gw_put_fmt(out, "M%zu 0h9v%dh-9z", i * CELL, STATE_H);
    }
    if (!any)
        return;
    if (s == GW_STATE_UNKNOWN)
        gw_put_fmt(out, "\" fill=\"url(#%s-h)", c->id);
    gw_put_str(out, "\"/>");
    if (!glyph(s))
        return;
    gw_put_fmt(out, "<path class=\"g-%s\" d=\"", state_class(s));
    for (size_t i = 0; i < n; i++)
        if (chart_state(&cells[i]) == s)
            gw_put_fmt(out, "M%zu 0%s", i * CELL, glyph(s));
    gw_put_str(out, "\"/>");
}

// How high a bar is: anything measured is seen.
static unsigned bar(uint32_t all, uint32_t most, unsigned height)
{
    if (!all || !most)
        return 0;
    unsigned h = (unsigned)((uint64_t)all * height / most);
    return h ? h : 1;
}

static uint32_t most_of(const struct chart_cell *cells, size_t n)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = chart_all(&cells[i]) > most ? chart_all(&cells[i]) : most;
    return most;
}

static void put_cells(struct chart *c, const struct chart_cell *cells, size_t n,
                      uint32_t most)
{
    struct gw_buf *out = c->page->out;
    for (int s = 0; s < GW_STATE_COUNT; s++)
        put_state_paths(c, cells, n, (enum gw_state)s);
    gw_put_str(out, "<path class=\"volume\" d=\"");
    gw_put_fmt(out, "M0 %dh%zuv.5h-%zuz", STRIP_H - 1, n * CELL, n * CELL);
    for (size_t i = 0; i < n; i++) {
        unsigned h = bar(chart_all(&cells[i]), most, VOLUME_H);
        if (h)
            gw_put_fmt(out, "M%zu %dv-%uh7v%uz", i * CELL + 1, STRIP_H - 1, h,
                       h);
    }
    gw_put_str(out, "\"/>");
}

// ---- words --------------------------------------------------------------

static gw_span describe(struct chart *c, gw_time first, int step, size_t n,
                        const size_t *states)
{
    struct site *s = c->page->site;
    enum gw_language l = c->page->lang;
    gw_time last = first + ((gw_time)n * step - 1) * GW_DAY;
    const char *values[] = {
        word_day(s, l, first),
        word_day(s, l, n ? last : first),
        word_number(s, l, (int64_t)states[GW_STATE_BLOCKED]),
        word_number(s, l, (int64_t)states[GW_STATE_DOWN]),
        word_number(s, l, (int64_t)states[GW_STATE_OK]),
        word_number(s, l, (int64_t)states[GW_STATE_UNKNOWN]),
    };
    return page_words(s, l, "chart.cells.desc", values, GW_COUNT(values));
}

static void count_states(const struct chart_cell *cells, size_t n,
                         size_t *states)
{
    for (size_t i = 0; i < n; i++)
        states[chart_state(&cells[i])]++;
}

// The ends of the axis, as words under the drawing; time runs left to right.
static void put_axis(struct chart *c, gw_time first, gw_time last)
{
    struct page *p = c->page;
    gw_put_str(p->out, "<p class=\"chart-axis\" dir=\"ltr\"><span>");
    put_day(p, first);
    gw_put_str(p->out, "</span><span>");
    put_day(p, last);
    gw_put_str(p->out, "</span></p>");
}

// ---- tables -------------------------------------------------------------

static void put_count(struct chart *c, int64_t n, bool page)
{
    if (page) {
        gw_put_str(c->page->out, "<td>");
        gw_put_number(c->page->out, c->page->lang, n);
        gw_put_str(c->page->out, "</td>");
    }
    if (c->table)
        gw_put_fmt(c->table, ",%lld", (long long)n);
}

static void put_table_row(struct chart *c, gw_time day, const gw_span *label,
                          const struct chart_cell *cell, bool page)
{
    static const enum gw_state order[] = {GW_STATE_BLOCKED, GW_STATE_DOWN,
                                          GW_STATE_OK, GW_STATE_UNKNOWN};
    struct page *p = c->page;
    gw_span state = chart_word(p->lang, chart_state(cell));
    if (page) {
        gw_put_str(p->out, "<tr><th scope=\"row\">");
        gw_put_str(p->out, word_day(p->site, p->lang, day));
        gw_put_str(p->out, "</th>");
        if (label) {
            gw_put_str(p->out, "<td><bdi>");
            gw_put_html(p->out, *label);
            gw_put_str(p->out, "</bdi></td>");
        }
        gw_put_str(p->out, "<td>");
        gw_put_html(p->out, state);
        gw_put_str(p->out, "</td>");
    }
    if (c->table) {
        chart_put_day_csv(c->table, day);
        if (label) {
            gw_put_u8(c->table, ',');
            gw_csv_put(c->table, *label);
        }
        gw_put_u8(c->table, ',');
        gw_csv_put(c->table, gw_str(state_class(chart_state(cell))));
    }
    for (size_t i = 0; i < GW_COUNT(order); i++)
        put_count(c, cell->count[order[i]], page);
    put_count(c, cell->observers, page);
    if (page)
        gw_put_str(p->out, "</tr>\n");
    if (c->table)
        gw_put_u8(c->table, '\n');
}

static bool open_table(struct chart *c, int step, bool labels)
{
    enum gw_language l = c->page->lang;
    gw_span headings[8];
    size_t n = 0;
    headings[n++] = gw_message(l, step == 1 ? "chart.day" : "chart.from");
    if (labels)
        headings[n++] = gw_message(l, "chart.row");
    headings[n++] = gw_message(l, "chart.state");
    headings[n++] = chart_word(l, GW_STATE_BLOCKED);
    headings[n++] = chart_word(l, GW_STATE_DOWN);
    headings[n++] = chart_word(l, GW_STATE_OK);
    headings[n++] = chart_word(l, GW_STATE_UNKNOWN);
    headings[n++] = gw_message(l, "chart.observers");
    return chart_table_open(c, headings, n, c->title);
}

// ---- the charts ---------------------------------------------------------

void chart_strip(struct chart *c, gw_time first, const struct chart_cell *cells,
                 size_t days)
{
    struct gw_buf *out = c->page->out;
    size_t states[GW_STATE_COUNT] = {0};
    char size[80];
    uint32_t most = most_of(cells, days);
    count_states(cells, days, states);
    snprintf(size, sizeof size, "viewBox=\"0 0 %zu %d\"",
             days ? days * CELL : 1, STRIP_H);
    chart_open(c, "strip", size, describe(c, first, 1, days, states));
    put_cells(c, cells, days, most);
    chart_close(c);
    if (!c->bare && days) {
        put_axis(c, first, first + (gw_time)(days - 1) * GW_DAY);
        gw_put_str(out, "<p class=\"chart-note\">");
        SAY(c->page, "chart.volume",
            word_number(c->page->site, c->page->lang, most));
        gw_put_str(out, "</p>");
    }
    bool opened = open_table(c, 1, false);
    for (size_t i = 0; i < days; i++)
        put_table_row(c, first + (gw_time)i * GW_DAY, NULL, &cells[i], opened);
    chart_table_close(c, opened);
}

// A row of the matrix: its name in words, then its cells in a drawing of
// their own that is as wide as the page.
static void put_matrix_row(struct chart *c, const struct chart_row *row,
                           size_t n, uint32_t most, size_t y)
{
    struct gw_buf *out = c->page->out;
    gw_put_fmt(out, "<text class=\"label\" x=\"0\" y=\"%zu\">", y + 13);
    if (row->path) {
        gw_put_str(out, "<a href=\"");
        put_href(c->page, row->path);
        gw_put_str(out, "\">");
    }
    chart_text(c, row->label);
    gw_put_fmt(out,
               "%s</text><svg x=\"0\" y=\"%zu\" width=\"100%%\" height=\"%d\" "
               "viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\">",
               row->path ? "</a>" : "", y + 18, STRIP_H, n ? n * CELL : 1,
               STRIP_H);
    put_cells(c, row->cells, n, most);
    gw_put_str(out, "</svg>\n");
}

void chart_matrix(struct chart *c, gw_time first, int step, size_t columns,
                  const struct chart_row *rows, size_t row_count)
{
    enum { ROW_H = 18 + STRIP_H + 8 };
    size_t states[GW_STATE_COUNT] = {0};
    uint32_t most = 0;
    char size[80];
    for (size_t i = 0; i < row_count; i++) {
        uint32_t here = most_of(rows[i].cells, columns);
        most = here > most ? here : most;
        count_states(rows[i].cells, columns, states);
        c->links = c->links || rows[i].path;
    }
    snprintf(size, sizeof size, "width=\"100%%\" height=\"%zu\"",
             row_count * ROW_H + 1);
    chart_open(c, "matrix", size, describe(c, first, step, columns, states));
    for (size_t i = 0; i < row_count; i++)
        put_matrix_row(c, &rows[i], columns, most, i * ROW_H);
    chart_close(c);
    if (!c->bare && columns) {
        put_axis(c, first, first + ((gw_time)columns * step - 1) * GW_DAY);
        gw_put_str(c->page->out, "<p class=\"chart-note\">");
        SAY(c->page, "chart.volume",
            word_number(c->page->site, c->page->lang, most));
        gw_put_str(c->page->out, "</p>");
    }
    bool opened = open_table(c, step, true);
    for (size_t r = 0; r < row_count; r++)
        for (size_t i = 0; i < columns; i++)
            if (chart_all(&rows[r].cells[i])) // all others: nothing measured
                put_table_row(c, first + (gw_time)i * step * GW_DAY,
                              &rows[r].label, &rows[r].cells[i], opened);
    chart_table_close(c, opened);
}
