// The words a page is made of: names, numbers, days, states and how sure.
#include "publish/words.h"

#include "publish/page.h"

#include <math.h>

static const char *kept(struct site *s, struct gw_buf *text)
{
    const char *copy =
        text->err ? NULL : gw_arena_cstr(s->arena, gw_buf_span(text));
    gw_buf_release(text);
    return copy ? copy : "";
}

gw_span page_words(struct site *s, enum gw_language l, const char *id,
                   const char *const *values, size_t n)
{
    struct gw_buf text;
    gw_span spans[10];
    gw_buf_init(&text, SITE_DATA_MAX);
    for (size_t i = 0; i < n && i < GW_COUNT(spans); i++)
        spans[i] = gw_str(values[i] ? values[i] : "");
    words_fill(&text, gw_message(l, id), spans, n, words_put_plain_value, l);
    return gw_str(kept(s, &text));
}

const char *word_number(struct site *s, enum gw_language l, int64_t n)
{
    struct gw_buf text;
    gw_buf_init(&text, 256);
    gw_put_number(&text, l, n);
    return kept(s, &text);
}

// ---- days and times -----------------------------------------------------
struct clock {
    int year, month, day, hour, minute;
};

static struct clock read_clock(gw_time t)
{
    char text[GW_TIME_TEXT];
    struct clock c = {0};
    gw_format_time(t, text);
    const struct {
        size_t from, len;
        int *to;
    } parts[] = {{0, 4, &c.year},
                 {5, 2, &c.month},
                 {8, 2, &c.day},
                 {11, 2, &c.hour},
                 {14, 2, &c.minute}};
    for (size_t i = 0; i < GW_COUNT(parts); i++) {
        uint64_t value = 0;
        if (gw_parse_uint(gw_span_of(text + parts[i].from, parts[i].len), 9999,
                          &value))
            *parts[i].to = (int)value;
    }
    return c;
}

static void put_digits(struct gw_buf *out, enum gw_language l, int n, int width)
{
    char text[32];
    snprintf(text, sizeof text, "%0*d", width, n);
    words_put_digits(out, l, gw_str(text));
}

static void put_civil_day(struct gw_buf *out, enum gw_language l, gw_time t)
{
    struct clock c = read_clock(t);
    char id[16];
    snprintf(id, sizeof id, "month.%02d", c.month);
    put_digits(out, l, c.day, 1);
    gw_put_u8(out, ' ');
    gw_put_span(out, gw_message(l, id));
    gw_put_u8(out, ' ');
    put_digits(out, l, c.year, 1);
}

static void put_hour(struct gw_buf *out, enum gw_language l, gw_time t)
{
    struct clock c = read_clock(t);
    put_digits(out, l, c.hour, 2);
    gw_put_u8(out, ':');
    put_digits(out, l, c.minute, 2);
}

const char *word_day(struct site *s, enum gw_language l, gw_time t)
{
    struct gw_buf text;
    if (t == GW_NEVER)
        return "";
    gw_buf_init(&text, 256);
    put_civil_day(&text, l, t);
    return kept(s, &text);
}

static gw_span country_line(const char *cc)
{
    gw_span file =
        gw_span_of(gw_publish_countries_csv, gw_publish_countries_csv_len);
    return words_find(file, gw_str(cc));
}

bool country_offset(const char *cc, gw_time *ret)
{
    gw_span line = country_line(cc);
    int64_t minutes = 0;
    bool known = gw_parse_int(gw_cut(&line, ','), &minutes);
    *ret = known ? minutes * 60 * GW_SECOND : 0;
    return known;
}

static void put_stamp(struct gw_buf *out, gw_time t)
{
    char text[GW_TIME_TEXT];
    gw_format_time(t, text);
    gw_put_fmt(out, "<time datetime=\"%.10sT%.5sZ\">", text, text + 11);
}

void put_day(struct page *p, gw_time t)
{
    char text[GW_TIME_TEXT];
    if (t == GW_NEVER)
        return;
    gw_format_day(t, text);
    gw_put_fmt(p->out, "<time datetime=\"%s\">", text);
    put_civil_day(p->out, p->lang, t);
    gw_put_str(p->out, "</time>");
}

static void put_utc(struct page *p, gw_time t, bool with_day)
{
    gw_put_str(p->out, " <span class=\"utc\">(");
    if (with_day) {
        put_civil_day(p->out, p->lang, t);
        gw_put_u8(p->out, ' ');
    }
    put_hour(p->out, p->lang, t);
    gw_put_str(p->out, " <bdi>UTC</bdi>)</span>");
}

void put_time(struct page *p, gw_time t, const char *cc)
{
    gw_time offset;
    bool known = country_offset(cc, &offset);
    if (t == GW_NEVER)
        return;
    put_stamp(p->out, t);
    put_civil_day(p->out, p->lang, t + offset);
    gw_put_str(p->out, p->lang == GW_URDU ? "، " : ", ");
    put_hour(p->out, p->lang, t + offset);
    if (known)
        put_utc(p, t, read_clock(t).day != read_clock(t + offset).day);
    else
        gw_put_str(p->out, " <bdi>UTC</bdi>");
    gw_put_str(p->out, "</time>");
}

// A message whose places {0}, {1} are times.
static void put_between(struct page *p, const char *id, const gw_time *at,
                        const char *cc)
{
    gw_span text = gw_message(p->lang, id);
    size_t from = 0;
    for (size_t i = 0; i + 3 <= text.len; i++) {
        int place = text.at[i] == '{' ? text.at[i + 1] - '0' : -1;
        if (place < 0 || place > 1 || text.at[i + 2] != '}')
            continue;
        gw_put_html(p->out, gw_sub(text, from, i - from));
        put_time(p, at[place], cc);
        from = i + 3;
    }
    gw_put_html(p->out, gw_sub(text, from, text.len - from));
}

void put_interval(struct page *p, const gw_time at[2], const char *cc)
{
    if (at[0] == GW_NEVER && at[1] == GW_NEVER)
        put_text(p, "interval.none");
    else if (at[0] == GW_NEVER)
        put_between(p, "interval.before", at, cc);
    else if (at[1] == GW_NEVER)
        put_between(p, "interval.after", at, cc);
    else if (at[0] == at[1])
        put_time(p, at[0], cc);
    else
        put_between(p, "interval.between", at, cc);
}

// ---- names --------------------------------------------------------------
// The column of a language in "en,ur".
static const char *column(struct site *s, enum gw_language l, gw_span line)
{
    gw_span english = gw_cut(&line, ',');
    const char *name =
        gw_arena_cstr(s->arena, l == GW_URDU && line.len ? line : english);
    return name ? name : "";
}

const char *word_target(struct site *s, enum gw_language l, const char *name)
{
    gw_span file =
        gw_span_of(gw_publish_services_csv, gw_publish_services_csv_len);
    gw_span line = words_find(file, gw_str(name));
    if (line.at)
        return column(s, l, line);
    uint32_t at = site_target(s, name);
    return at == UINT32_MAX ? name : s->targets[at].shown;
}

const char *word_country(struct site *s, enum gw_language l, const char *cc)
{
    gw_span line = country_line(cc);
    if (!line.at) // no code has another form
        return strlen(cc) == 2 && strcmp(cc, "ZZ") != 0
                   ? cc
                   : (const char *)page_words(s, l, "country.unknown", NULL, 0)
                         .at;
    gw_cut(&line, ',');
    return column(s, l, line);
}

const char *word_network(struct site *s, enum gw_language l, int64_t asn,
                         const char *org)
{
    if (asn == GW_NULL)
        return (const char *)page_words(s, l, "network.unknown", NULL, 0).at;
    gw_span name =
        org && *org
            ? gw_arena_fmt(s->arena, "%s (AS%" PRId64 ")%c", org, asn, 0)
            : gw_arena_fmt(s->arena, "AS%" PRId64 "%c", asn, 0);
    return name.at ? (const char *)name.at : "";
}

static const char *message_text(struct site *s, enum gw_language l,
                                const char *id)
{
    return (const char *)page_words(s, l, id, NULL, 0).at;
}

const char *word_layer(struct site *s, enum gw_language l, int64_t layer)
{
    char id[32];
    bool known = layer >= 0 && layer < GW_LAYER_COUNT;
    snprintf(id, sizeof id, "layer.%s",
             gw_layer_name(known ? (enum gw_layer)layer : GW_LAYER_ALL));
    return message_text(s, l, id);
}

const char *state_class(enum gw_state state)
{
    return gw_state_name(state);
}

const char *word_state(struct site *s, enum gw_language l, enum gw_state state)
{
    char id[32];
    snprintf(id, sizeof id, "state.%s", gw_state_name(state));
    return message_text(s, l, id);
}

// From least to most; the place gives message and class.
static const char *const confidences[] = {"not enough data", "possible",
                                          "likely", "very likely",
                                          "certain beyond reasonable doubt"};

static int confidence_rank(const char *confidence)
{
    for (size_t i = 0; i < GW_COUNT(confidences); i++)
        if (strcmp(confidence, confidences[i]) == 0)
            return (int)i + 1;
    return 1;
}

const char *word_confidence(struct site *s, enum gw_language l,
                            const char *confidence)
{
    char id[32];
    snprintf(id, sizeof id, "confidence.%d", confidence_rank(confidence));
    return message_text(s, l, id);
}

// ---- what a page puts ---------------------------------------------------
void put_n(struct page *p, int64_t n)
{
    gw_put_number(p->out, p->lang, n);
}

void put_state(struct page *p, enum gw_state state)
{
    gw_put_fmt(p->out, "<span class=\"state s-%s\">", state_class(state));
    gw_put_html(p->out, gw_str(word_state(p->site, p->lang, state)));
    gw_put_str(p->out, "</span>");
}

// Two significant digits: more would be a claim of its own.
static int64_t rounded(double odds)
{
    double step = pow(10, floor(log10(odds)) - 1);
    return (int64_t)(step < 1 ? round(odds) : round(odds / step) * step);
}

static void put_odds(struct page *p, double log_odds)
{
    enum { MOST = 1000000 };
    double odds = exp(fabs(log_odds) < 30 ? fabs(log_odds) : 30);
    bool most = odds > MOST;
    const char *n = word_number(p->site, p->lang, most ? MOST : rounded(odds));
    gw_put_str(p->out, " <span class=\"odds\">");
    if (most)
        SAY(p, log_odds < 0 ? "odds.most.against" : "odds.most", n);
    else
        SAY(p, log_odds < 0 ? "odds.against" : "odds", n);
    gw_put_str(p->out, "</span>");
}

void put_confidence(struct page *p, const char *confidence, double log_odds)
{
    gw_put_fmt(p->out, "<span class=\"confidence c-%d\">",
               confidence_rank(confidence));
    gw_put_html(p->out, gw_str(word_confidence(p->site, p->lang, confidence)));
    gw_put_str(p->out, "</span>");
    if (isfinite(log_odds) && confidence_rank(confidence) > 1)
        put_odds(p, log_odds);
}

void put_counts(struct page *p, int64_t part, int64_t all, int64_t observers)
{
    const char *few = word_number(p->site, p->lang, part);
    const char *of = word_number(p->site, p->lang, all);
    if (observers < 2)
        SAY(p, "counts.one", few, of);
    else
        SAY(p, "counts", few, of, word_number(p->site, p->lang, observers));
}
