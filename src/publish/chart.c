// What all charts share: states of cells, the figure around a drawing, and the
// table behind it.
#include "publish/chart.h"

uint32_t chart_judged(const struct chart_cell *c)
{
    return c->count[GW_STATE_OK] + c->count[GW_STATE_DOWN] +
           c->count[GW_STATE_BLOCKED];
}

uint32_t chart_all(const struct chart_cell *c)
{
    return chart_judged(c) + c->count[GW_STATE_UNKNOWN];
}

void chart_cell_add(struct chart_cell *c, const uint32_t *count,
                    const uint32_t *observers)
{
    uint32_t most = 0;
    for (int s = 0; s < GW_STATE_COUNT; s++) {
        uint32_t room = UINT32_MAX / 8 - c->count[s];
        c->count[s] += count[s] < room ? count[s] : room;
        most = observers[s] > most ? observers[s] : most;
    }
    if (most > c->observers)
        c->observers = most;
}

enum gw_state chart_state(const struct chart_cell *c)
{
    uint32_t judged = chart_judged(c), down = c->count[GW_STATE_DOWN];
    if (judged < CHART_FLOOR)
        return GW_STATE_UNKNOWN;
    if ((uint64_t)c->count[GW_STATE_BLOCKED] * 5 >= judged)
        return GW_STATE_BLOCKED;
    return down > judged - down ? GW_STATE_DOWN : GW_STATE_OK;
}

gw_span chart_word(enum gw_language l, enum gw_state state)
{
    static const char *const ids[GW_STATE_COUNT] = {
        [GW_STATE_UNKNOWN] = "state.unknown",
        [GW_STATE_OK] = "state.ok",
        [GW_STATE_DOWN] = "state.down",
        [GW_STATE_BLOCKED] = "state.blocked",
    };
    return gw_message(l, ids[state]);
}

// ---- the figure ---------------------------------------------------------

// Each text finds its own direction in a drawing that runs left to right.
void chart_text(struct chart *c, gw_span text)
{
    gw_put_str(c->page->out, "\xe2\x81\xa8"); // first strong isolate
    gw_put_html(c->page->out, text);
    gw_put_str(c->page->out, "\xe2\x81\xa9"); // end of it
}

void chart_open(struct chart *c, const char *kind, const char *size,
                gw_span description)
{
    struct gw_buf *out = c->page->out;
    gw_put_fmt(out, "<figure class=\"chart %s\">", kind);
    if (!c->bare) {
        gw_put_str(out, "<figcaption>");
        gw_put_html(out, c->title);
        gw_put_str(out, "</figcaption>");
    }
    gw_put_fmt(out,
               "<svg role=\"%s\" direction=\"ltr\" %s "
               "aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">",
               c->links ? "group" : "img", size, c->id, c->id, c->id);
    gw_put_html(out, c->title);
    gw_put_fmt(out, "</title><desc id=\"%s-d\">", c->id);
    gw_put_html(out, description);
    gw_put_fmt(out,
               "</desc><defs><pattern id=\"%s-h\" width=\"5\" height=\"5\" "
               "patternUnits=\"userSpaceOnUse\" "
               "patternTransform=\"rotate(45)\"><path class=\"hatch\" "
               "d=\"M1 0v5\"/></pattern></defs>\n",
               c->id);
}

void chart_close(struct chart *c)
{
    struct gw_buf *out = c->page->out;
    gw_put_str(out, "</svg>");
    if (!c->bare && c->page->lang == GW_URDU) {
        gw_put_str(out, "<p class=\"chart-note\">");
        put_text(c->page, "chart.ltr");
        gw_put_str(out, "</p>");
    }
}

// ---- the table ----------------------------------------------------------

static void csv_headings(struct gw_buf *csv, const gw_span *headings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gw_put_str(csv, i ? "," : "");
        gw_csv_put(csv, headings[i]);
    }
    gw_put_u8(csv, '\n');
}

bool chart_table_open(struct chart *c, const gw_span *headings, size_t n,
                      gw_span caption)
{
    struct page *p = c->page;
    if (c->table)
        csv_headings(c->table, headings, n);
    if (c->bare)
        return false;
    gw_put_str(p->out, "<details class=\"chart-data\"><summary>");
    put_text(p, "chart.table");
    gw_put_fmt(p->out,
               "</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
               "aria-labelledby=\"%s-c\"><table><caption id=\"%s-c\">",
               c->id, c->id);
    gw_put_html(p->out, caption);
    gw_put_str(p->out, "</caption><thead><tr>");
    for (size_t i = 0; i < n; i++) {
        gw_put_str(p->out, "<th scope=\"col\"><bdi>");
        gw_put_html(p->out, headings[i]);
        gw_put_str(p->out, "</bdi></th>");
    }
    gw_put_str(p->out, "</tr></thead><tbody>\n");
    return true;
}

void chart_table_close(struct chart *c, bool opened)
{
    struct page *p = c->page;
    if (opened) {
        gw_put_str(p->out, "</tbody></table></div>");
        if (c->csv) {
            gw_put_str(p->out, "<p><a href=\"");
            put_data_href(p, c->csv);
            gw_put_str(p->out, "\">");
            put_text(p, "chart.csv");
            gw_put_str(p->out, "</a></p>");
        }
        gw_put_str(p->out, "</details>");
    }
    gw_put_str(p->out, "</figure>\n");
}

void chart_put_day_csv(struct gw_buf *csv, gw_time day)
{
    char text[GW_TIME_TEXT];
    gw_put(csv, text, gw_format_day(day, text));
}
