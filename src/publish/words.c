// Words: messages by id, numbers in their digits, and text made safe for HTML.
#include "publish/words.h"

const char *gw_language_code(enum gw_language l)
{
    return l == GW_URDU ? "ur" : "en";
}

// ---- messages -----------------------------------------------------------
// A file of messages is CSV in order of id, one line each: a search by halves
// needs neither memory nor a first look at all of it.
static gw_span line_around(gw_span file, size_t at, size_t floor)
{
    size_t from = at;
    while (from > floor && file.at[from - 1] != '\n')
        from--;
    const uint8_t *end = memchr(file.at + at, '\n', file.len - at);
    size_t to = end ? (size_t)(end - file.at) : file.len;
    return gw_sub(file, from, to - from);
}

static gw_span unquoted(gw_span text)
{
    if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
        return gw_sub(text, 1, text.len - 2);
    return text;
}

gw_span words_find(gw_span file, gw_span id)
{
    const uint8_t *head =
        file.len ? memchr(file.at, '\n', file.len) : (const uint8_t *)0;
    if (!head)
        return (gw_span){0};
    size_t low = (size_t)(head + 1 - file.at), high = file.len;
    while (low < high) {
        gw_span line = line_around(file, low + (high - low) / 2, low);
        gw_span text = line, key = gw_cut(&text, ',');
        int order = gw_cmp(id, key);
        if (order == 0)
            return unquoted(text);
        size_t from = (size_t)(line.at - file.at);
        if (order < 0)
            high = from;
        else
            low = from + line.len + 1;
    }
    return (gw_span){0};
}

gw_span words_file(enum gw_language l)
{
    if (l == GW_URDU)
        return gw_span_of(gw_publish_messages_ur_csv,
                          gw_publish_messages_ur_csv_len);
    return gw_span_of(gw_publish_messages_en_csv,
                      gw_publish_messages_en_csv_len);
}

gw_span gw_message(enum gw_language l, const char *id)
{
    gw_span text = words_find(words_file(l), gw_str(id));
    if (!text.at && l != GW_ENGLISH)
        text = words_find(words_file(GW_ENGLISH), gw_str(id));
    return text.at ? text : gw_str(id);
}

// The number of a place like {0} at the start of s; -1 if there is none.
static int place(gw_span s)
{
    if (s.len < 3 || s.at[0] != '{' || s.at[2] != '}')
        return -1;
    return s.at[1] >= '0' && s.at[1] <= '9' ? s.at[1] - '0' : -1;
}

void words_fill(struct gw_buf *out, gw_span text, const gw_span *values,
                size_t n, words_put_fn *put, enum gw_language l)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        int at = place(gw_sub(text, i, 3));
        if (at < 0 || (size_t)at >= n)
            continue;
        gw_put_span(out, gw_sub(text, from, i - from));
        put(out, l, values[at]);
        i += 2;
        from = i + 1;
    }
    gw_put_span(out, gw_sub(text, from, text.len - from));
}

static void put_as_is(struct gw_buf *out, enum gw_language l, gw_span value)
{
    (void)l;
    gw_put_span(out, value);
}

void gw_put_message(struct gw_buf *out, enum gw_language l, const char *id,
                    const gw_span *values, size_t n)
{
    words_fill(out, gw_message(l, id), values, n, put_as_is, l);
}

enum { ISOLATE = 0x2068, ISOLATE_END = 0x2069 }; // of the first strong one

// ---- text from outside --------------------------------------------------
// One character of UTF-8 (RFC 3629): its length, or 0 if it is none.
static size_t character(gw_span s, uint32_t *ret)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } kinds[] = {{0x80, 0x00, 0},
                 {0xe0, 0xc0, 0x80},
                 {0xf0, 0xe0, 0x800},
                 {0xf8, 0xf0, 0x10000}};
    for (size_t k = 0; k < GW_COUNT(kinds); k++) {
        if ((s.at[0] & kinds[k].mask) != kinds[k].lead)
            continue;
        uint32_t c = s.at[0] & (uint8_t)~kinds[k].mask;
        if (s.len < k + 1)
            return 0;
        for (size_t i = 1; i <= k; i++) {
            if ((s.at[i] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (s.at[i] & 0x3f);
        }
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        if (c < kinds[k].least || c > 0x10ffff || surrogate)
            return 0;
        *ret = c;
        return k + 1;
    }
    return 0;
}

// Draws nothing, or draws something else than where it stands. Joiners
// (U+200C, U+200D) stay: Urdu and Persian are not written without them.
static bool is_odd(uint32_t c)
{
    static const uint32_t odd[][2] = {
        {0x00, 0x08},     {0x0b, 0x1f},       {0x7f, 0x9f},
        {0xad, 0xad},     {0x61c, 0x61c},     {0x180e, 0x180e},
        {0x200b, 0x200b}, {0x200e, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
        {0xfffe, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < GW_COUNT(odd); i++)
        if (c >= odd[i][0] && c <= odd[i][1])
            return true;
    return false;
}

static const char *entity(uint32_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

// An isolate that ends in this text: it cannot reorder what is around it.
static bool is_closed(gw_span text)
{
    static const uint8_t begin[] = "\xe2\x81\xa8", end[] = "\xe2\x81\xa9";
    int depth = 0;
    for (size_t i = 0; i + 3 <= text.len; i++) {
        if (memcmp(text.at + i, begin, 3) == 0)
            depth++;
        else if (memcmp(text.at + i, end, 3) == 0 && --depth == 0)
            return true;
    }
    return false;
}

static void put_plain(struct gw_buf *out, gw_span text, bool html)
{
    int open = 0; // isolates
    while (text.len) {
        uint32_t c = 0;
        size_t len = character(text, &c);
        const char *escape = html && len ? entity(c) : NULL;
        bool begins = c == ISOLATE && is_closed(text);
        bool ends = c == ISOLATE_END && open;
        open += begins ? 1 : ends ? -1 : 0;
        if (!len)
            gw_put_fmt(out, "⟨%02X⟩", text.at[0]);
        else if (is_odd(c) && !begins && !ends)
            gw_put_fmt(out, "⟨U+%04X⟩", c);
        else if (escape)
            gw_put_str(out, escape);
        else
            gw_put(out, text.at, len);
        len = len ? len : 1;
        text = gw_sub(text, len, text.len - len);
    }
}

void gw_put_html(struct gw_buf *out, gw_span text)
{
    put_plain(out, text, true);
}

void words_put_plain(struct gw_buf *out, gw_span text)
{
    put_plain(out, text, false);
}

// Text of the other direction, which has to stand on its own.
static bool is_foreign(enum gw_language l, gw_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i] | 0x20;
        if (l == GW_ENGLISH ? text.at[i] >= 0x80 : c >= 'a' && c <= 'z')
            return true;
    }
    return false;
}

void words_put_value(struct gw_buf *out, enum gw_language l, gw_span text)
{
    bool foreign = is_foreign(l, text);
    gw_put_str(out, foreign ? "<bdi>" : "");
    put_plain(out, text, true);
    gw_put_str(out, foreign ? "</bdi>" : "");
}

void words_put_plain_value(struct gw_buf *out, enum gw_language l, gw_span text)
{
    bool foreign = is_foreign(l, text);
    gw_put_str(out, foreign ? "\xe2\x81\xa8" : "");
    put_plain(out, text, false);
    gw_put_str(out, foreign ? "\xe2\x81\xa9" : "");
}

// ---- numbers ------------------------------------------------------------
void words_put_digits(struct gw_buf *out, enum gw_language l, gw_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (l == GW_URDU && c >= '0' && c <= '9') { // U+06F0 and on
            gw_put_u8(out, 0xdb);
            gw_put_u8(out, (uint8_t)(0xb0 + c - '0'));
        } else if (l == GW_URDU && c == ',') {
            gw_put_str(out, "٬");
        } else {
            gw_put_u8(out, c);
        }
    }
}

void gw_put_number(struct gw_buf *out, enum gw_language l, int64_t n)
{
    char digits[32];
    uint8_t text[48];
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    size_t count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, size);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            text[len++] = ',';
        text[len++] = (uint8_t)digits[i];
    }
    if (n < 0)
        gw_put_str(out, "−");
    words_put_digits(out, l, gw_span_of(text, len));
}
