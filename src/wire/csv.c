// CSV (RFC 4180): rows out of a stream of bytes, and fields back into text.
#include "wire/wire.h"

enum {
    ROW_MAX = 4 << 20,  // bytes of one row as written
    STEP = 4 << 10,     // least that is added to the copy at a time
    PATIENCE = 64 << 10 // a part of a row this long is not tried at each feed
};
enum mark { LF, CR, QUOTE, MARKS };

#define RULES(X)                                                               \
    X(LATE_TEXT, GW_EFORMAT,                                                   \
      "text after a closing quote (RFC 4180 section 2.5)")                     \
    X(UNCLOSED, GW_EFORMAT, "a quote is never closed (RFC 4180 section 2.5)")  \
    X(LONG_FIELD, GW_ETOOBIG, "a field is too long, or its quote not closed")  \
    X(LONG_ROW, GW_ETOOBIG, "the row is too long")                             \
    X(MANY_COLUMNS, GW_ETOOBIG, "too many columns")

enum verdict {
    MORE, // the window ends before the row does
    ROW,
#define X(name, code, text) name,
    RULES(X)
#undef X
};

// Rows are read out of a window: the bytes last fed, borrowed, or, for a row
// that began in earlier bytes, a copy that holds all of it. So a broken row
// can be given up at its first line end, wherever it was found to be broken:
// a stray quote costs one line, not all lines up to the next quote.
struct gw_csv {
    char separator;
    bool last;       // no bytes follow the fed ones
    bool after_cr;   // an LF that comes next belongs to the line before
    bool skipping;   // inside what is left of a broken line
    bool any_paired; // of the row: a field holds doubled quotes
    gw_span fed;     // bytes last fed; none once they are all in the copy
    int64_t total;   // bytes fed since gw_csv_new
    struct gw_buf copy;
    size_t copied; // bytes at the end of the copy that are the first of fed
    bool copying;  // the window is the copy
    size_t need;   // bytes that make another try worth it

    gw_span in;   // the window
    size_t pos;   // the next row in it
    int64_t base; // position of the window's first byte
    int64_t line; // number of the next row's first line
    struct hit {
        size_t from, at; // no such byte in [from, at)
    } hits[MARKS];

    size_t count, end; // of the row: fields, and where its line end is
    gw_span fields[GW_CSV_COLUMNS_MAX];
    bool paired[GW_CSV_COLUMNS_MAX];
    struct gw_buf text; // fields whose doubled quotes were made single
};

struct gw_csv *gw_csv_new(char separator)
{
    struct gw_csv *c = gw_new(sizeof *c);
    if (!c)
        return NULL;
    c->separator = separator;
    c->line = 1;
    gw_buf_init(&c->copy, 3 * (size_t)ROW_MAX);
    gw_buf_init(&c->text, ROW_MAX);
    return c;
}

void gw_csv_free(struct gw_csv *c)
{
    if (!c)
        return;
    gw_buf_release(&c->copy);
    gw_buf_release(&c->text);
    gw_free(c);
}

// ---- the window ---------------------------------------------------------
static void look_at(struct gw_csv *c, gw_span window, size_t pos, int64_t base)
{
    c->in = window;
    c->pos = pos;
    c->base = base;
    for (int i = 0; i < MARKS; i++)
        c->hits[i] = (struct hit){1, 0}; // knows nothing
}

void gw_csv_feed(struct gw_csv *c, gw_span bytes, bool last)
{
    c->fed = bytes;
    c->copied = 0;
    c->last = last;
    if (!c->copying)
        look_at(c, bytes, 0, c->total);
    c->total += (int64_t)bytes.len;
}

// Whether the window ends where the input does.
static bool is_last(const struct gw_csv *c)
{
    return c->last && (!c->copying || c->copied == c->fed.len);
}

// Back to the fed bytes, once all that is unread of the copy is in them too.
static void drop_copy(struct gw_csv *c)
{
    size_t unread = c->in.len - c->pos;
    if (!c->copying || unread > c->copied)
        return;
    c->copying = false;
    c->copy.len = 0;
    look_at(c, c->fed, c->copied - unread, c->total - (int64_t)c->fed.len);
}

// Keeps the part of a row that ends the window, before the window goes.
static int start_copy(struct gw_csv *c)
{
    gw_put_span(&c->copy, gw_sub(c->in, c->pos, c->in.len));
    if (c->copy.err) {
        c->copy.err = 0;
        return GW_ENOMEM;
    }
    c->copying = c->copy.len > 0;
    c->fed = (gw_span){0};
    look_at(c, gw_buf_span(&c->copy), 0, c->base + (int64_t)c->pos);
    return 0;
}

// Adds fed bytes to the copy: as many again as it has, so that a long row is
// not read over and over from its start. 0: there are none left to add.
static int grow_copy(struct gw_csv *c)
{
    struct gw_buf *b = &c->copy;
    gw_span more = gw_sub(c->fed, c->copied, b->len > STEP ? b->len : STEP);
    if (c->pos) {
        memmove(b->at, b->at + c->pos, b->len - c->pos);
        b->len -= c->pos;
    }
    look_at(c, gw_buf_span(b), 0, c->base + (int64_t)c->pos);
    gw_put_span(b, more);
    if (b->err) {
        b->err = 0;
        return GW_ENOMEM;
    }
    c->in = gw_buf_span(b);
    c->copied += more.len;
    if (more.len)
        return 1;
    c->fed = (gw_span){0};
    c->copied = 0;
    return 0;
}

// ---- one row ------------------------------------------------------------
// First such byte at or after from; the window's length if there is none.
// What was found is remembered, so each search runs over the window once.
static inline size_t find(struct gw_csv *c, enum mark mark, size_t from)
{
    static const char bytes[MARKS] = {'\n', '\r', '"'};
    struct hit *h = &c->hits[mark];
    if (from >= h->from && from <= h->at)
        return h->at;
    const uint8_t *p = NULL;
    if (from < c->in.len)
        p = memchr(c->in.at + from, bytes[mark], c->in.len - from);
    *h = (struct hit){from, p ? (size_t)(p - c->in.at) : c->in.len};
    return h->at;
}

static inline size_t line_end(struct gw_csv *c, size_t from)
{
    size_t lf = find(c, LF, from), cr = find(c, CR, from);
    return lf < cr ? lf : cr;
}

// A row without quotes, from c->pos to end.
static enum verdict plain_row(struct gw_csv *c, size_t end)
{
    const uint8_t *p = c->in.at + c->pos, *stop = c->in.at + end;
    size_t n = 0;
    for (;; p++) {
        if (n == GW_CSV_COLUMNS_MAX)
            return MANY_COLUMNS;
        const uint8_t *q = memchr(p, c->separator, (size_t)(stop - p));
        size_t len = (size_t)((q ? q : stop) - p);
        if (len > GW_CSV_FIELD_MAX)
            return LONG_FIELD;
        c->fields[n++] = gw_span_of(p, len);
        if (!q)
            break;
        p = q;
    }
    c->count = n;
    c->end = end;
    c->any_paired = false;
    return ROW;
}

// Part of the window that one row may have, and whether the input ends there.
struct extent {
    size_t limit;
    bool last;
};

static enum verdict bare_field(struct gw_csv *c, size_t n, size_t *p,
                               struct extent x)
{
    size_t eol = line_end(c, *p);
    if (eol >= x.limit && !x.last)
        return MORE;
    gw_span rest =
        gw_span_of(c->in.at + *p, (eol < x.limit ? eol : x.limit) - *p);
    c->fields[n] = gw_cut(&rest, c->separator);
    c->paired[n] = false;
    *p += c->fields[n].len;
    return c->fields[n].len > GW_CSV_FIELD_MAX ? LONG_FIELD : ROW;
}

static enum verdict quoted_field(struct gw_csv *c, size_t n, size_t *p,
                                 struct extent x)
{
    const uint8_t *at = c->in.at;
    size_t start = *p + 1, from = start, pairs = 0, q;
    for (;; pairs++, from = q + 2) {
        q = find(c, QUOTE, from);
        q = q < x.limit ? q : x.limit;
        if (q - start - pairs > GW_CSV_FIELD_MAX)
            return LONG_FIELD;
        if (q == x.limit)
            return x.last ? UNCLOSED : MORE;
        if (q + 1 == x.limit && !x.last)
            return MORE; // the next byte may make this quote a pair
        if (q + 1 == x.limit || at[q + 1] != '"')
            break;
    }
    c->fields[n] = gw_span_of(at + start, q - start);
    c->paired[n] = pairs > 0;
    c->any_paired |= pairs > 0;
    *p = q + 1;
    bool ends = *p == x.limit || at[*p] == (uint8_t)c->separator ||
                at[*p] == '\n' || at[*p] == '\r';
    return ends ? ROW : LATE_TEXT;
}

static enum verdict quoted_row(struct gw_csv *c, struct extent x)
{
    size_t n = 0, p = c->pos;
    c->any_paired = false;
    for (;; p++) {
        if (n == GW_CSV_COLUMNS_MAX)
            return MANY_COLUMNS;
        bool quoted = p < x.limit && c->in.at[p] == '"';
        enum verdict v =
            quoted ? quoted_field(c, n, &p, x) : bare_field(c, n, &p, x);
        if (v != ROW)
            return v;
        n++;
        if (p == x.limit || c->in.at[p] != (uint8_t)c->separator)
            break;
    }
    c->count = n;
    c->end = p;
    return ROW;
}

// Moves past the line end at eol, which may be the window's end.
static void step_over(struct gw_csv *c, size_t eol)
{
    c->pos = eol;
    if (eol == c->in.len)
        return;
    c->after_cr = c->in.at[eol] == '\r';
    c->pos++;
    c->line++;
}

// Past what is left of the line at c->pos, as far as the window has it.
static void skip_line(struct gw_csv *c)
{
    size_t eol = line_end(c, c->pos);
    c->skipping = eol == c->in.len;
    step_over(c, eol);
}

// To the first byte of the next row; false if that takes more bytes.
static bool find_start(struct gw_csv *c)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    if (c->skipping)
        skip_line(c);
    if (c->pos == c->in.len)
        return false;
    if (c->after_cr && c->in.at[c->pos] == '\n')
        c->pos++;
    c->after_cr = false;
    if (c->base + (int64_t)c->pos == 0) {
        size_t n = c->in.len < sizeof bom ? c->in.len : sizeof bom;
        bool may_be = memcmp(c->in.at, bom, n) == 0;
        if (may_be && n < sizeof bom && !is_last(c))
            return false;
        c->pos = may_be && n == sizeof bom ? n : 0;
    }
    return c->pos < c->in.len;
}

static enum verdict try_row(struct gw_csv *c)
{
    if (!find_start(c))
        return MORE;
    struct extent x = {c->in.len, is_last(c)};
    if (x.limit - c->pos > (size_t)ROW_MAX + 1)
        x = (struct extent){c->pos + ROW_MAX + 1, false};
    size_t eol = line_end(c, c->pos);
    enum verdict v;
    if (find(c, QUOTE, c->pos) < (eol < x.limit ? eol : x.limit))
        v = quoted_row(c, x);
    else if (eol < x.limit || x.last)
        v = eol - c->pos > ROW_MAX ? LONG_ROW : plain_row(c, eol);
    else
        v = MORE;
    bool over = (v == ROW && c->end - c->pos > ROW_MAX) ||
                (v == MORE && x.limit - c->pos > ROW_MAX);
    return over ? LONG_ROW : v;
}

// ---- what the caller gets -----------------------------------------------
// Makes doubled quotes single, in a copy.
static bool unpair(struct gw_csv *c)
{
    size_t total = 0;
    for (size_t i = 0; i < c->count; i++)
        total += c->paired[i] ? c->fields[i].len : 0;
    gw_buf_reset(&c->text);
    uint8_t *out = gw_buf_room(&c->text, total);
    if (!out)
        return false;
    for (size_t i = 0; i < c->count; i++) {
        gw_span rest = c->fields[i];
        if (!c->paired[i])
            continue;
        c->fields[i].at = out;
        while (rest.len) {
            gw_span part = gw_cut(&rest, '"');
            memcpy(out, part.at, part.len);
            out += part.len;
            if (rest.at != part.at + part.len) { // cut at a quote, so a pair
                *out++ = '"';
                rest = gw_sub(rest, 1, rest.len);
            }
        }
        c->fields[i].len = (size_t)(out - c->fields[i].at);
    }
    return true;
}

// Counts the line ends inside the row.
static int64_t lines_within(struct gw_csv *c)
{
    int64_t n = 0;
    if (line_end(c, c->pos) >= c->end)
        return 0;
    for (size_t i = c->pos; i < c->end; i++) {
        uint8_t b = c->in.at[i];
        n += b == '\n' || (b == '\r' && c->in.at[i + 1] != '\n');
    }
    return n;
}

static int broken(struct gw_csv *c, enum verdict v, struct gw_why *why)
{
    static const struct {
        int code;
        const char *text;
    } rules[] = {
#define X(name, code, text) [name] = {code, text},
        RULES(X)
#undef X
    };
    int64_t at = c->base + (int64_t)c->pos;
    gw_fail(why, rules[v].code, "row at byte %lld, line %lld: %s",
            (long long)at, (long long)c->line, rules[v].text);
    skip_line(c);
    c->need = 0;
    return rules[v].code;
}

// Another window, with more of the row in it. 0: that takes another feed.
static int widen(struct gw_csv *c)
{
    size_t unread = c->in.len - c->pos;
    c->need = unread < PATIENCE ? unread + 1 : 2 * unread;
    if (c->need > (size_t)ROW_MAX + 2)
        c->need = (size_t)ROW_MAX + 2;
    return c->copying ? grow_copy(c) : start_copy(c);
}

int gw_csv_row(struct gw_csv *c, const gw_span **ret_fields, size_t *ret_count,
               int64_t *ret_offset, struct gw_why *why)
{
    for (;;) {
        drop_copy(c);
        bool worth = c->in.len - c->pos >= c->need || is_last(c);
        enum verdict v = worth ? try_row(c) : MORE;
        if (v == ROW)
            break;
        if (v != MORE)
            return broken(c, v, why);
        int n = worth || !c->copying ? widen(c) : grow_copy(c);
        if (n < 0)
            return gw_fail(why, n, "row at line %lld: no memory for it",
                           (long long)c->line);
        if (n == 0)
            return 0;
    }
    if (c->any_paired && !unpair(c))
        return gw_fail(why, GW_ENOMEM, "row at line %lld: no memory for it",
                       (long long)c->line);
    *ret_fields = c->fields;
    *ret_count = c->count;
    *ret_offset = c->base + (int64_t)c->pos;
    c->line += lines_within(c);
    step_over(c, c->end);
    c->need = 0;
    return 1;
}

// Quoted if it holds what would end or open a field, or would be taken for
// the byte order mark of a file that begins with it.
void gw_csv_put(struct gw_buf *b, gw_span field)
{
    bool quote = gw_starts(field, "\xef\xbb\xbf");
    for (size_t i = 0; i < field.len && !quote; i++)
        quote = field.at[i] == ',' || field.at[i] == '"' ||
                field.at[i] == '\n' || field.at[i] == '\r';
    if (!quote) {
        gw_put_span(b, field);
        return;
    }
    gw_put_u8(b, '"');
    while (field.len) {
        const uint8_t *hit = memchr(field.at, '"', field.len);
        size_t n = hit ? (size_t)(hit - field.at) + 1 : field.len;
        gw_put(b, field.at, n);
        if (hit)
            gw_put_u8(b, '"');
        field = gw_sub(field, n, field.len);
    }
    gw_put_u8(b, '"');
}
