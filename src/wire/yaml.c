// YAML 1.1 documents to JSON, as PyYAML wrote and read them. The stream is cut
// at document marks here and each document goes to libyaml alone, which gives
// up a stream at its first error: one odd record costs no other.
#include "wire/wire.h"

#include <yaml.h>

enum {
    CHUNK = 64 << 10,
    DEPTH_MAX = 62,         // the JSON writer holds 63, and !!binary is one
    NAMES_MAX = 64 << 10,   // bytes that the anchors of a document take
    ALIASES_MAX = 16 << 10, // each looks through the anchors
    ALIAS_ROOM = 64 << 10,  // what aliases may add to any document, and
    ALIAS_TIMES = 16,       // how many times its length besides
    TAG_RULES_MAX = 1000,   // %TAG: libyaml compares each rule with all
    NUMBER_MAX = 63,        // characters of a number; a longer one stays text
};

struct gw_yaml {
    gw_source_fn *source;
    void *ctx;
    int more;         // 1, or what the source said last: 0 or its failure
    bool resync;      // pass over all until a document mark
    struct gw_buf in; // bytes of the source that are still needed
    int64_t base;     // position of the first of them
    size_t from;      // where the next document begins in them
    size_t upto;      // end of its lines that were looked at
    int64_t line;     // number of the line at from
    struct gw_arena *names;
    struct gw_buf scratch;
};

struct gw_yaml *gw_yaml_new(gw_source_fn *source, void *ctx)
{
    struct gw_yaml *y = gw_new(sizeof *y);
    struct gw_arena *names = gw_arena_new(NAMES_MAX);
    if (!y || !names) {
        gw_free(y);
        gw_arena_free(names);
        return NULL;
    }
    *y = (struct gw_yaml){
        .source = source, .ctx = ctx, .more = 1, .line = 1, .names = names};
    gw_buf_init(&y->in, (size_t)GW_YAML_MAX + CHUNK);
    gw_buf_init(&y->scratch, GW_YAML_MAX);
    return y;
}

void gw_yaml_free(struct gw_yaml *y)
{
    if (!y)
        return;
    gw_buf_release(&y->in);
    gw_buf_release(&y->scratch);
    gw_arena_free(y->names);
    gw_free(y);
}

// ---- scalars: the YAML 1.1 types, as PyYAML tells them apart ------------
// Whether s is one of the words in the list.
static bool listed(gw_span s, const char *list)
{
    for (gw_span rest = gw_str(list); s.len && rest.len;)
        if (gw_eq(gw_cut(&rest, ' '), s))
            return true;
    return false;
}

static bool put_word(struct gw_jw *w, gw_span s)
{
    static const char none[] = "~ null Null NULL .nan .NaN .NAN .inf .Inf .INF "
                               "-.inf -.Inf -.INF +.inf +.Inf +.INF";
    if (s.len > 5 || (s.len && !strchr("~nNyYtTfFoO.+-", s.at[0])))
        return false;
    bool yes = listed(s, "yes Yes YES true True TRUE on On ON");
    if (!s.len || listed(s, none))
        gw_jw_null(w);
    else if (yes || listed(s, "no No NO false False FALSE off Off OFF"))
        gw_jw_bool(w, yes);
    else
        return false;
    return true;
}

static bool whole_number(gw_span s, uint64_t *ret_value)
{
    uint64_t base = 10, v = 0;
    size_t digits = 0;
    if (s.len > 1 && s.at[0] == '0') {
        base = s.at[1] == 'x' ? 16 : s.at[1] == 'b' ? 2 : 8;
        s = gw_sub(s, listed(gw_sub(s, 1, 1), "x b o") ? 2 : 0, s.len);
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        uint64_t d = c <= '9' ? c - 48u : (c | 32u) - 'a' + 10u;
        if (c != '_' && (d >= base || v > (INT64_MAX - d) / base))
            return false;
        v = c == '_' ? v : v * base + d;
        digits += c != '_';
    }
    *ret_value = v;
    return digits > 0;
}

// Timestamps, base 60 and what no int64 holds stay text. A real must have a
// point, and its exponent a sign.
static bool put_number(struct gw_jw *w, gw_span s)
{
    char text[NUMBER_MAX + 1];
    uint64_t v;
    double d;
    size_t sign = s.len && (s.at[0] == '+' || s.at[0] == '-'), n = 0;
    size_t first = sign + (!sign && s.len > 1 && s.at[0] == '.');
    if (s.len > NUMBER_MAX || s.len == sign || s.at[first] < '0' ||
        s.at[first] > '9')
        return false;
    for (size_t i = sign; i < s.len; i++)
        if (s.at[i] != '_')
            text[n++] = (char)s.at[i];
    text[n] = 0;
    const char *e = strpbrk(text, "eE");
    bool real = strchr(text, '.') && (!e || e[1] == '+' || e[1] == '-');
    if (whole_number(gw_sub(s, sign, s.len), &v))
        gw_jw_int(w, s.at[0] == '-' ? -(int64_t)v : (int64_t)v);
    else if (real && gw_parse_real(gw_span_of(text, n), &d))
        gw_jw_real(w, s.at[0] == '-' ? -d : d);
    else
        return false;
    return true;
}

// ---- one document: libyaml's events to JSON -----------------------------
struct anchor {
    const struct anchor *before;
    gw_span name;
    size_t start, len; // its JSON in the output
};

struct reading {
    yaml_parser_t parser;
    struct gw_yaml *y;
    gw_span text;
    struct gw_jw w;
    struct gw_why *why;
    const struct anchor *anchors; // newest first
    size_t aliases, copied;
};

static int fail(struct reading *r, int code, size_t line, const char *rule)
{
    return gw_fail(r->why, code, "document at byte %lld, line %lld: %s",
                   (long long)r->y->base + (long long)r->y->from,
                   (long long)r->y->line + (long long)line, rule);
}

static size_t lines_in(gw_span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == '\n';
    return n;
}

static int next_event(struct reading *r, yaml_event_t *ret_event)
{
    yaml_parser_t *p = &r->parser;
    int err = r->w.out->err ? r->w.out->err : r->y->scratch.err;
    if (err)
        return fail(r, err, 0, "no room for its JSON");
    if (yaml_parser_parse(p, ret_event))
        return 0;
    if (p->error == YAML_MEMORY_ERROR)
        return fail(r, GW_ENOMEM, 0, "no memory to read it");
    // libyaml's reader says where by offset, the rest of it by line.
    size_t line = p->problem_mark.line;
    if (p->error == YAML_READER_ERROR)
        line = lines_in(gw_sub(r->text, 0, p->problem_offset));
    return fail(r, GW_EFORMAT, line, p->problem);
}

static gw_span text_of(const yaml_event_t *e)
{
    return gw_span_of(e->data.scalar.value, e->data.scalar.length);
}

// !!binary: the bytes are the record, so its base64 is passed on as it is.
static void put_binary(struct reading *r, gw_span s)
{
    struct gw_buf *b = &r->y->scratch;
    gw_buf_reset(b);
    uint8_t *out = gw_buf_room(b, s.len + 1);
    for (size_t i = 0; out && i < s.len; i++)
        if (s.at[i] > ' ')
            out[b->len++] = s.at[i];
    gw_jw_open(&r->w, '{');
    gw_jw_kstr(&r->w, "format", GW_LIT("base64"));
    gw_jw_kstr(&r->w, "data", gw_buf_span(b));
    gw_jw_close(&r->w, '}');
}

// A tag that is not known counts for nothing.
static void put_scalar(struct reading *r, const yaml_event_t *e)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    gw_span tag = gw_str((const char *)e->data.scalar.tag), s = text_of(e);
    // plain_implicit: no tag and no quotes; or "!", with which they count not.
    bool core = e->data.scalar.plain_implicit ||
                (tag.at && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    if (gw_starts(tag, prefix))
        tag = gw_sub(tag, sizeof prefix - 1, tag.len);
    if (listed(tag, "binary python/bytes")) {
        put_binary(r, s);
        return;
    }
    if (listed(tag, "int float bool null python/int python/long python/float "
                    "python/bool python/none"))
        core = true;
    if (listed(tag, "str timestamp python/str python/unicode"))
        core = false;
    if (!core || (!put_word(&r->w, s) && !put_number(&r->w, s)))
        gw_jw_str(&r->w, s);
}

// Makes what the output has from start what an alias of that name stands for.
static int remember(struct reading *r, const yaml_char_t *name, size_t start)
{
    struct gw_buf *out = r->w.out;
    struct anchor *a = gw_arena_take(r->y->names, sizeof *a);
    gw_span copy = gw_arena_copy(r->y->names, gw_str((const char *)name));
    if (!a || !copy.at)
        return fail(r, GW_EREFUSED, 0, "too many anchors");
    start += out->len > start && out->at[start] == ',';
    *a = (struct anchor){r->anchors, copy, start, out->len - start};
    r->anchors = a;
    return 0;
}

// An alias is written out by copying what its anchor was written as.
static int put_alias(struct reading *r, const yaml_event_t *e)
{
    gw_span name = gw_str((const char *)e->data.alias.anchor);
    struct gw_buf *out = r->w.out;
    const struct anchor *a = r->anchors;
    while (a && !gw_eq(a->name, name))
        a = a->before;
    if (!a)
        return fail(r, GW_EFORMAT, e->start_mark.line, "alias of no anchor");
    r->copied += a->len;
    if (++r->aliases > ALIASES_MAX || out->len + a->len > GW_YAML_MAX ||
        r->copied > ALIAS_ROOM + ALIAS_TIMES * r->text.len)
        return fail(r, GW_EREFUSED, e->start_mark.line, "aliases multiply");
    if (gw_buf_room(out, a->len + 1)) // so that the bytes copied do not move
        gw_jw_raw(&r->w, gw_span_of(out->at + a->start, a->len));
    return 0;
}

static int put_node(struct reading *r, const yaml_event_t *e, int depth);

// Writes the next node; 1, or 0 at the end of the collection. A key is text
// for JSON, whatever it is in YAML. Like PyYAML, takes no collection for one.
enum role { VALUE, KEY, NOTHING };
static int put_next(struct reading *r, yaml_event_type_t end, enum role role,
                    int depth)
{
    yaml_event_t e;
    int n = next_event(r, &e);
    if (n < 0)
        return n;
    bool ended = e.type == end;
    if (!ended && role == VALUE)
        n = put_node(r, &e, depth);
    else if (!ended && e.type != YAML_SCALAR_EVENT)
        n = fail(r, GW_EREFUSED, e.start_mark.line, "a key that is no scalar");
    else if (!ended && role == KEY)
        gw_jw_key_span(&r->w, text_of(&e));
    yaml_event_delete(&e);
    return n < 0 ? n : !ended;
}

static int put_collection(struct reading *r, const yaml_event_t *e, int depth)
{
    bool list = e->type == YAML_SEQUENCE_START_EVENT;
    bool set = !list && gw_is(gw_str((const char *)e->data.mapping_start.tag),
                              "tag:yaml.org,2002:set");
    int n = 1;
    if (depth > DEPTH_MAX)
        return fail(r, GW_ETOOBIG, e->start_mark.line, "nested too deeply");
    gw_jw_open(&r->w, list || set ? '[' : '{');
    while (n > 0 && list)
        n = put_next(r, YAML_SEQUENCE_END_EVENT, VALUE, depth);
    while (n > 0) {
        n = put_next(r, YAML_MAPPING_END_EVENT, set ? VALUE : KEY, depth);
        if (n > 0)
            n = put_next(r, YAML_NO_EVENT, set ? NOTHING : VALUE, depth);
    }
    gw_jw_close(&r->w, list || set ? ']' : '}');
    return n;
}

static int put_node(struct reading *r, const yaml_event_t *e, int depth)
{
    size_t start = r->w.out->len;
    int n = 0;
    if (e->type == YAML_ALIAS_EVENT)
        return put_alias(r, e);
    if (e->type == YAML_SCALAR_EVENT)
        put_scalar(r, e);
    else
        n = put_collection(r, e, depth + 1);
    // The events of all three kinds of node begin alike, with the anchor.
    const yaml_char_t *anchor = e->data.scalar.anchor;
    bool keep = n == 0 && anchor && !r->w.out->err;
    return keep ? remember(r, anchor, start) : n;
}

// Writes the document; 1, or 0 if there is nothing in it.
static int put_document(struct reading *r)
{
    int n, marks = 0;
    bool blank = true;
    yaml_event_type_t type;
    do {
        yaml_event_t e;
        n = next_event(r, &e);
        if (n < 0)
            return n;
        type = e.type;
        marks += type == YAML_DOCUMENT_START_EVENT;
        if (marks > 1)
            n = fail(r, GW_EFORMAT, e.start_mark.line, "a mark inside it");
        if (type == YAML_SCALAR_EVENT)
            blank = !text_of(&e).len && e.data.scalar.plain_implicit;
        else if (type >= YAML_ALIAS_EVENT) // any other node
            blank = false;
        if (type >= YAML_ALIAS_EVENT && !blank)
            n = put_node(r, &e, 0);
        yaml_event_delete(&e);
    } while (n == 0 && type != YAML_STREAM_END_EVENT);
    return n < 0 ? n : !blank;
}

// One document to JSON: 1, 0 if it is blank, or negative.
static int convert(struct gw_yaml *y, gw_span text, struct gw_buf *json,
                   struct gw_why *why)
{
    struct reading r = {.y = y, .text = text, .why = why, .w = gw_jw_on(json)};
    int64_t at = -1, rules = -1;
    do
        rules++;
    while ((at = gw_find(text, GW_LIT("%TAG"), (size_t)(at + 1))) >= 0);
    if (rules > TAG_RULES_MAX)
        return fail(&r, GW_EREFUSED, 0, "too many %TAG rules");
    if (!yaml_parser_initialize(&r.parser))
        return fail(&r, GW_ENOMEM, 0, "no memory to read it");
    if (gw_starts(text, "\xef\xbb\xbf"))
        text = gw_sub(text, 3, text.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, text.at, text.len);
    int n = put_document(&r);
    yaml_parser_delete(&r.parser);
    gw_arena_reset(y->names);
    gw_buf_reset(&y->scratch);
    if (n == 1 && json->err)
        return fail(&r, json->err, 0, "no room for its JSON");
    return n;
}

// ---- the stream, cut into documents -------------------------------------
// 1: more bytes came; 0: the source has ended; negative: it failed, or no more
// can be held.
static int fill(struct gw_yaml *y)
{
    if (y->more <= 0)
        return y->more;
    if (y->from) {
        y->in.len -= y->from;
        memmove(y->in.at, y->in.at + y->from, y->in.len);
        y->base += (int64_t)y->from;
        y->upto -= y->from;
        y->from = 0;
    }
    uint8_t *room = gw_buf_room(&y->in, CHUNK);
    if (!room) {
        int err = y->in.err;
        y->in.err = 0;
        return err;
    }
    int64_t n = y->source(y->ctx, room, CHUNK);
    if (n <= 0)
        return y->more = (int)n;
    y->in.len += (size_t)n;
    return 1;
}

// The line at y->upto with its line end: 1, 0 at the end, or as fill().
static int next_line(struct gw_yaml *y, gw_span *ret_line)
{
    for (size_t seen = 0;;) {
        gw_span left = gw_sub(gw_buf_span(&y->in), y->upto, y->in.len);
        int64_t lf = left.len ? gw_find(left, GW_LIT("\n"), seen) : -1;
        if (lf >= 0 || !y->more) {
            *ret_line = lf < 0 ? left : gw_sub(left, 0, (size_t)lf + 1);
            return ret_line->len > 0;
        }
        seen = left.len;
        int n = fill(y);
        if (n < 0)
            return n;
    }
}

static bool is_mark(gw_span line, const char *mark)
{
    return gw_starts(line, mark) &&
           (line.len == 3 || strchr(" \t\r\n", line.at[3]));
}

static void pass(struct gw_yaml *y, size_t len)
{
    y->upto += len;
    y->from = y->upto;
    y->line++;
}

// To the next document mark, without holding what is passed.
static int resync(struct gw_yaml *y)
{
    bool inside = false; // of a line too long to be held
    for (;;) {
        gw_span line;
        int n = next_line(y, &line);
        if (n == GW_ETOOBIG) {
            y->from = y->upto = y->in.len;
            inside = true;
            continue;
        }
        if (n <= 0 || (!inside && is_mark(line, "---")))
            return n;
        inside = false;
        pass(y, line.len);
    }
}

// Moves from and upto around the next document. Blank lines, comments and
// directives ahead of it are passed over.
static int find_document(struct gw_yaml *y)
{
    gw_span line;
    int n;
    while ((n = next_line(y, &line)) == 1) {
        gw_span word = gw_trim(line);
        if (word.len && word.at[0] != '#' && line.at[0] != '%' &&
            !is_mark(line, "..."))
            break;
        pass(y, line.len);
    }
    while (n == 1) {
        y->upto += line.len;
        if (y->upto - y->from > GW_YAML_MAX)
            return GW_ETOOBIG;
        if (is_mark(line, "..."))
            return 1;
        n = next_line(y, &line);
        if (n == 1 && is_mark(line, "---"))
            return 1;
    }
    return n == 0 && y->upto > y->from ? 1 : n;
}

int gw_yaml_next(struct gw_yaml *y, struct gw_buf *json, int64_t *ret_offset,
                 int64_t *ret_len, struct gw_why *why)
{
    gw_span text;
    int64_t offset;
    int n;
    do {
        gw_buf_reset(json);
        n = y->resync ? resync(y) : 1;
        n = n == 1 ? find_document(y) : n;
        if (n == 0)
            return 0;
        offset = y->base + (int64_t)y->from;
        text = gw_sub(gw_buf_span(&y->in), y->from, y->upto - y->from);
        if (n == 1)
            n = convert(y, text, json, why);
        else
            gw_fail(why, n, "document at byte %lld, line %lld: %s",
                    (long long)offset, (long long)y->line, gw_strerror(n));
        y->resync = n < 0;
        y->line += (int64_t)lines_in(text);
        y->from = y->upto;
    } while (n == 0);
    if (n < 0) {
        gw_buf_reset(json);
        return n;
    }
    *ret_offset = offset;
    *ret_len = (int64_t)text.len;
    return 1;
}
