// The world map: paths of data/shapes.csv (docs/internals/map-shapes.md),
// countries with data as links, and the same in words beside it.
#include "publish/map.h"

#include <stdio.h>

extern const unsigned char gw_publish_shapes_csv[];
extern const size_t gw_publish_shapes_csv_len;

enum { WIDE = 1000, HIGH = 440, LABELS_MAX = 16, LETTER = 10, LINE = 22 };

struct shape {
    gw_span cc, path; // path empty: too small for one
    unsigned x, y;    // where its mark goes
};

static gw_span shapes(void)
{
    gw_span all = gw_span_of(gw_publish_shapes_csv, gw_publish_shapes_csv_len);
    gw_cut(&all, '\n'); // the heading
    return all;
}

static bool next_shape(gw_span *rest, struct shape *ret)
{
    uint64_t x = 0, y = 0;
    gw_span line = gw_cut(rest, '\n');
    if (!line.len)
        return false;
    ret->cc = gw_cut(&line, ',');
    bool ok = gw_parse_uint(gw_cut(&line, ','), WIDE, &x);
    ok = gw_parse_uint(gw_cut(&line, ','), WIDE, &y) && ok;
    ret->x = (unsigned)x;
    ret->y = (unsigned)y;
    ret->path = line;
    return ok;
}

static const struct map_place *place_of(const struct map_place *places,
                                        size_t n, gw_span cc)
{
    for (size_t i = 0; i < n; i++)
        if (gw_is(cc, places[i].cc))
            return &places[i];
    return NULL;
}

// ---- the drawing --------------------------------------------------------

// "Pakistan: blocked", with what there is to add.
static gw_span place_words(struct page *p, const struct map_place *m)
{
    const char *values[] = {word_country(p->site, p->lang, m->cc),
                            word_state(p->site, p->lang, m->state)};
    return page_words(p->site, p->lang, "map.place", values, 2);
}

static void put_land(struct page *p, const struct map_place *places, size_t n)
{
    struct shape s;
    gw_span rest = shapes();
    gw_put_str(p->out, "<path class=\"land\" d=\"");
    while (next_shape(&rest, &s))
        if (!gw_is(s.cc, "~") && !place_of(places, n, s.cc))
            gw_put_span(p->out, s.path);
    gw_put_str(p->out, "\"/>\n");
}

static void put_disputed(struct page *p)
{
    struct shape s;
    gw_span rest = shapes();
    while (next_shape(&rest, &s))
        if (gw_is(s.cc, "~")) {
            gw_put_str(p->out, "<path class=\"disputed\" d=\"");
            gw_put_span(p->out, s.path);
            gw_put_str(p->out, "\"/>\n");
        }
}

static void put_mark(struct page *p, const struct shape *s, enum gw_state state)
{
    static const char *const marks[GW_STATE_COUNT] = {
        [GW_STATE_OK] = "h.01",
        [GW_STATE_BLOCKED] = "m-4-4l8 8m0-8l-8 8",
        [GW_STATE_DOWN] = "m-5-4h10l-5 8z",
    };
    if (!s->path.len)
        gw_put_fmt(p->out, "<circle cx=\"%u\" cy=\"%u\" r=\"7\"/>", s->x, s->y);
    if (marks[state])
        gw_put_fmt(p->out, "<path class=\"g-%s\" d=\"M%u %u%s\"/>",
                   state_class(state), s->x, s->y, marks[state]);
}

static void put_country_path(struct page *p, const char *id,
                             const struct shape *s, const struct map_place *m)
{
    char path[64];
    uint32_t at = site_country(p->site, m->cc);
    bool linked = at < p->site->country_count;
    if (linked) {
        snprintf(path, sizeof path, "country/%.40s.html",
                 p->site->countries[at].slug);
        gw_put_str(p->out, "<a href=\"");
        put_href(p, path);
        gw_put_str(p->out, "\" aria-label=\"");
        gw_put_html(p->out, place_words(p, m));
        gw_put_str(p->out, "\">");
    }
    gw_put_fmt(p->out, "<g class=\"s-%s\"", state_class(m->state));
    if (m->state == GW_STATE_UNKNOWN)
        gw_put_fmt(p->out, " fill=\"url(#%s-h)\"", id);
    gw_put_str(p->out, "><title>");
    gw_put_html(p->out, place_words(p, m));
    gw_put_str(p->out, "</title>");
    if (s->path.len) {
        gw_put_str(p->out, "<path d=\"");
        gw_put_span(p->out, s->path);
        gw_put_str(p->out, "\"/>");
    }
    put_mark(p, s, m->state);
    gw_put_fmt(p->out, "</g>%s\n", linked ? "</a>" : "");
}

// ---- words on the map ---------------------------------------------------

struct box {
    unsigned x0, x1, y;
};

static size_t letters(gw_span text) // of UTF-8
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += (text.at[i] & 0xc0) != 0x80;
    return n;
}

// A label stands where no other does; what finds no room is in the list.
static bool has_room(const struct box *taken, size_t n, const struct box *b)
{
    if (b->x1 > WIDE)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool apart = b->x0 > taken[i].x1 || taken[i].x0 > b->x1;
        unsigned dy = b->y > taken[i].y ? b->y - taken[i].y : taken[i].y - b->y;
        if (!apart && dy < LINE)
            return false;
    }
    return true;
}

static void put_labels(struct page *p, const struct map_place *places, size_t n)
{
    struct box taken[LABELS_MAX];
    size_t count = 0;
    struct shape s;
    // The worst first: when room is short, those are told.
    for (int state = GW_STATE_COUNT - 1; state >= 0; state--) {
        gw_span rest = shapes();
        while (next_shape(&rest, &s) && count < LABELS_MAX) {
            const struct map_place *m = place_of(places, n, s.cc);
            if (!m || (int)m->state != state)
                continue;
            gw_span words = place_words(p, m);
            unsigned width = (unsigned)letters(words) * LETTER;
            struct box b = {s.x + 14, s.x + 14 + width, s.y};
            if (!has_room(taken, count, &b))
                continue;
            taken[count++] = b;
            gw_put_fmt(p->out,
                       "<text class=\"halo\" aria-hidden=\"true\" x=\"%u\" "
                       "y=\"%u\">\xe2\x81\xa8",
                       b.x0, b.y + 6);
            gw_put_html(p->out, words);
            gw_put_str(p->out, "\xe2\x81\xa9</text>\n");
        }
    }
}

// ---- the same as a list -------------------------------------------------

static void put_list(struct page *p, const struct map_place *places, size_t n)
{
    gw_put_str(p->out, "<ul class=\"map-list\">");
    for (int state = GW_STATE_COUNT - 1; state >= 0; state--)
        for (size_t i = 0; i < n; i++) {
            if ((int)places[i].state != state)
                continue;
            gw_put_str(p->out, "<li>");
            put_country(p, places[i].cc);
            gw_put_str(p->out, " ");
            put_state(p, places[i].state);
            if (places[i].note.len) {
                gw_put_str(p->out, " ");
                gw_put_html(p->out, places[i].note);
            }
            gw_put_str(p->out, "</li>");
        }
    gw_put_str(p->out, "</ul>\n<p class=\"chart-note\">");
    put_text(p, "map.borders");
    gw_put_str(p->out, "</p>\n");
}

void put_map(struct page *p, const char *id, gw_span title,
             const struct map_place *places, size_t n)
{
    struct chart c = {.page = p, .id = id, .title = title, .links = true};
    struct shape s;
    char size[64];
    gw_span rest = shapes();
    snprintf(size, sizeof size, "viewBox=\"0 0 %d %d\"", WIDE, HIGH);
    chart_open(&c, "map", size, gw_message(p->lang, "map.desc"));
    put_land(p, places, n);
    while (next_shape(&rest, &s)) {
        const struct map_place *m = place_of(places, n, s.cc);
        if (m)
            put_country_path(p, id, &s, m);
    }
    put_disputed(p);
    put_labels(p, places, n);
    gw_put_str(p->out, "</svg>");
    put_list(p, places, n);
    gw_put_str(p->out, "</figure>\n");
}
