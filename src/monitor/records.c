// Finding where records begin and end: JSON lines, JSON documents that span
// lines, YAML documents, each leaf of a container in its own way.
#include "monitor/records_private.h"

#include <stdio.h>

enum { DOCUMENTS_STEP = 256 << 10 }; // looked at together

// ---- the reader ---------------------------------------------------------

struct gw_records *gw_records_new(struct gw_unpack *u)
{
    struct gw_records *r = gw_new(sizeof *r);
    if (!r)
        return NULL;
    r->u = u;
    gw_buf_init(&r->carry, GW_BATCH_MAX);
    gw_buf_init(&r->yaml_header, YAML_HEADER_MAX);
    gw_buf_init(&r->yaml_text, GW_YAML_MAX);
    gw_buf_init(&r->yaml_raw, 2 * YAML_WINDOW);
    return r;
}

void gw_records_free(struct gw_records *r)
{
    if (!r)
        return;
    gw_yaml_free(r->yaml);
    gw_buf_release(&r->carry);
    gw_buf_release(&r->yaml_header);
    gw_buf_release(&r->yaml_text);
    gw_buf_release(&r->yaml_raw);
    gw_free(r);
}

int64_t gw_records_position(const struct gw_records *r)
{
    return r->position;
}

static int keep_leaf_name(struct gw_records *r, struct gw_batch *b)
{
    r->leaf = gw_arena_cstr(b->arena, gw_str(r->name));
    return r->leaf ? 0 : GW_ENOMEM;
}

static int begin_leaf(struct gw_records *r, struct gw_batch *b,
                      struct gw_why *why)
{
    struct gw_leaf leaf;
    int rc = gw_unpack_leaf(r->u, &leaf, why);
    if (rc <= 0)
        return rc;
    snprintf(r->name, sizeof r->name, "%s", leaf.name);
    r->in_leaf = true;
    r->leaf_over = false;
    r->mode = UNDECIDED;
    r->strict = false;
    r->position = leaf.start;
    r->failure = 0;
    r->why = (struct gw_why){0};
    gw_buf_reset(&r->carry);
    rc = keep_leaf_name(r, b);
    return rc ? rc : 1;
}

// Reads until the batch holds want bytes of this leaf from `from` on, or the
// leaf is over.
static int fill(struct gw_records *r, struct gw_batch *b, size_t from,
                size_t want)
{
    int rc =
        batch_room(b, from + want > b->length ? from + want - b->length : 0);
    if (rc)
        return rc;
    while (!r->leaf_over && b->length - from < want) {
        int64_t n = gw_unpack_read(r->u, b->bytes + b->length,
                                   want - (b->length - from), &r->why);
        if (n > 0) {
            b->length += (size_t)n;
        } else {
            r->leaf_over = true;
            r->failure = (int)n;
        }
    }
    return 0;
}

// ---- documents that span lines ------------------------------------------

enum { UNFINISHED = 0, DAMAGED = -1 };

// Length of the JSON object or array that s begins with; UNFINISHED if it does
// not end in s; DAMAGED if it has no end: a line that ends inside a text (RFC
// 8259 section 7) or, when strict, a line of its own that begins with "{".
// Looks at brackets and quotes only; whether it is JSON is seen later.
static int64_t document_length(gw_span s, bool strict)
{
    int64_t depth = 0;
    bool text = false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (text) {
            if (c == '\n')
                return DAMAGED;
            if (c == '\\')
                i += i + 1 < s.len && s.at[i + 1] != '\n';
            else
                text = c != '"';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            if (strict && depth && c == '{' && s.at[i - 1] == '\n')
                return DAMAGED;
            depth++;
        } else if ((c == '}' || c == ']') && --depth <= 0) {
            return (int64_t)i + 1;
        }
    }
    return UNFINISHED;
}

// Between documents: blanks, and the brackets and commas of a list of them.
static size_t skip_between(gw_span s, size_t at)
{
    while (at < s.len && strchr(" \t\r\n,[]", s.at[at]) && s.at[at])
        at++;
    return at;
}

// ---- what a leaf is -----------------------------------------------------

static bool blank_line(gw_span s)
{
    return gw_trim(s).len == 0;
}

static bool looks_like_yaml(gw_span s)
{
    while (s.len) {
        gw_span line = gw_trim(gw_cut(&s, '\n'));
        if (!line.len || line.at[0] == '#' || line.at[0] == '%')
            continue;
        return gw_starts(line, "---");
    }
    return false;
}

// A byte order mark is no part of the first record.
static void skip_mark(struct gw_records *r, struct gw_batch *b, size_t from)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t len = sizeof mark - 1, left = b->length - from;
    if (!gw_starts(gw_span_of(b->bytes + from, left), mark))
        return;
    memmove(b->bytes + from, b->bytes + from + len, left - len);
    b->length -= len;
    r->position += (int64_t)len;
}

// Whether documents span lines, told by the first line that is not blank: one
// that is no object, or is broken inside a text, stands for itself.
static enum mode lines_or_documents(gw_span s, gw_span line)
{
    gw_span begin = gw_trim(line);
    if (!begin.len || begin.at[0] != '{')
        return LINES;
    size_t end = (size_t)(line.at + line.len - begin.at);
    bool ended = line.at + line.len < s.at + s.len;
    int64_t n = document_length(gw_span_of(begin.at, end + ended), false);
    return n == DAMAGED || n == (int64_t)begin.len ? LINES : DOCUMENTS;
}

// Reads as much of a leaf as tells what it is: its first line that is not
// blank, whole, unless it is larger than any record.
static int decide(struct gw_records *r, struct gw_batch *b, size_t from)
{
    for (size_t want = 64 << 10;; want *= 2) {
        int rc = fill(r, b, from, want);
        if (rc)
            return rc;
        if (want == 64 << 10)
            skip_mark(r, b, from);
        gw_span s = gw_span_of(b->bytes + from, b->length - from);
        gw_span rest = s, line = gw_cut(&rest, '\n');
        while (rest.len && blank_line(line))
            line = gw_cut(&rest, '\n');
        bool whole = r->leaf_over || line.at + line.len < s.at + s.len;
        gw_span begin = gw_trim(line);
        if (gw_starts(begin, "//") || gw_starts(begin, "/*"))
            r->mode = SKIP;
        else if (begin.len && begin.at[0] == '[')
            r->mode = DOCUMENTS;
        else if (begin.len && begin.at[0] != '{' && looks_like_yaml(s))
            r->mode = YAML;
        else if (whole)
            r->mode = lines_or_documents(s, line);
        else if (want >= GW_JSON_MAX)
            r->mode = LINES;
        if (r->mode != UNDECIDED)
            return 0;
    }
}

// ---- taking records from a leaf -----------------------------------------

static int carry_tail(struct gw_records *r, struct gw_batch *b, size_t from)
{
    gw_buf_reset(&r->carry);
    gw_put(&r->carry, b->bytes + from, b->length - from);
    b->length = from;
    return r->carry.err;
}

// Gives up on a record that is larger than any may be: its beginning is shown
// and the rest of its line passed over.
static int pass_over(struct gw_records *r, struct gw_batch *b, size_t from)
{
    size_t seen = b->length - from;
    int64_t length = (int64_t)seen;
    uint8_t chunk[16 << 10];
    bool ended = false;
    b->length = from + SHOWN;
    gw_buf_reset(&r->carry);
    while (!ended && !r->leaf_over) {
        int64_t n = gw_unpack_read(r->u, chunk, sizeof chunk, &r->why);
        if (n <= 0) {
            r->leaf_over = true;
            r->failure = (int)n;
            break;
        }
        const uint8_t *end = memchr(chunk, '\n', (size_t)n);
        size_t used = end ? (size_t)(end - chunk) + 1 : (size_t)n;
        length += (int64_t)used;
        ended = end != NULL;
        gw_put(&r->carry, chunk + used, (size_t)n - used);
    }
    add_misfit(b, r->position, length, from, SHOWN, GW_ETOOBIG,
               "a record over 64 MiB: larger than any measurement");
    r->position += length;
    return r->carry.err;
}

static int take_lines(struct gw_records *r, struct gw_batch *b, size_t from)
{
    for (size_t want = GW_BATCH_TARGET;; want *= 2) {
        if (want > GW_JSON_MAX)
            return pass_over(r, b, from);
        int rc = fill(r, b, from, want);
        if (rc)
            return rc;
        size_t length = b->length - from;
        if (!r->leaf_over) {
            const uint8_t *last = memrchr(b->bytes + from, '\n', length);
            if (!last)
                continue;
            length = (size_t)(last - (b->bytes + from)) + 1;
        }
        add_piece(r, b, from, length, r->position, true);
        r->position += (int64_t)length;
        return carry_tail(r, b, from + length);
    }
}

// Where the next line that begins with "{" does, after at; or the end of s.
static size_t next_object(gw_span s, size_t at)
{
    const uint8_t *p = s.at + at, *end = s.at + s.len;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))))
        if (++p < end && *p == '{')
            return (size_t)(p - s.at);
    return s.len;
}

// Text between documents that is none: shown up to the next line that begins
// one, so that a damaged document costs itself only. From then on such a line
// begins a document wherever it stands, so that no byte is looked at for ever.
static size_t skip_damage(struct gw_records *r, struct gw_batch *b, size_t from,
                          size_t at)
{
    gw_span s = gw_span_of(b->bytes + from, b->length - from);
    size_t end = next_object(s, at);
    add_misfit(b, r->position + (int64_t)at, (int64_t)(end - at), from + at,
               end - at, GW_EFORMAT,
               "not JSON (RFC 8259): neither an object nor the end of one");
    r->strict = true;
    return end;
}

// Takes the documents that begin in s and end in it; returns where the first
// that does not begins. A document is given up when it ends nowhere: `full`
// says that there is no more to come, or as much as a record may have.
static size_t take_from(struct gw_records *r, struct gw_batch *b, size_t from,
                        bool full)
{
    gw_span s = gw_span_of(b->bytes + from, b->length - from);
    size_t at = skip_between(s, 0), first = at;
    while (at < s.len && batch_open(b)) {
        int64_t length = s.at[at] == '{'
                             ? document_length(gw_sub(s, at, s.len), r->strict)
                             : DAMAGED;
        if (length == UNFINISHED && !r->leaf_over && (!full || at > first))
            break;
        if (length > 0)
            add_piece(r, b, from + at, (size_t)length,
                      r->position + (int64_t)at, false);
        at = length > 0 ? at + (size_t)length : skip_damage(r, b, from, at);
        at = skip_between(s, at);
    }
    return at;
}

static int take_documents(struct gw_records *r, struct gw_batch *b, size_t from)
{
    for (size_t want = DOCUMENTS_STEP;; want *= 2) {
        int rc = fill(r, b, from, want);
        if (rc)
            return rc;
        gw_span s = gw_span_of(b->bytes + from, b->length - from);
        bool full = want >= GW_JSON_MAX;
        if (full && !r->leaf_over && next_object(s, 0) == s.len &&
            document_length(s, false) == UNFINISHED)
            return pass_over(r, b, from);
        size_t at = take_from(r, b, from, full);
        if (at == skip_between(s, 0) && at < s.len && !r->leaf_over)
            continue;
        r->position += (int64_t)at;
        return carry_tail(r, b, from + at);
    }
}

// ---- the loop -----------------------------------------------------------

// JSON with comments looks like JSON to people only; say what it is.
static int refuse_comments(struct gw_records *r, struct gw_batch *b,
                           size_t from)
{
    int64_t length = (int64_t)(b->length - from);
    add_misfit(b, r->position, length, from, b->length - from, GW_EREFUSED,
               "JSON with comments (JSONC) is not JSON (RFC 8259): take the "
               "comments out and ingest the result");
    r->leaf_over = true;
    r->position += length;
    gw_buf_reset(&r->carry);
    return 0;
}

static int take(struct gw_records *r, struct gw_batch *b)
{
    size_t from = b->length;
    if (r->mode == YAML)
        return take_yaml(r, b);
    int rc = batch_room(b, r->carry.len);
    if (rc)
        return rc;
    if (r->carry.len)
        memcpy(b->bytes + b->length, r->carry.at, r->carry.len);
    b->length += r->carry.len;
    gw_buf_reset(&r->carry);
    rc = r->mode == UNDECIDED ? decide(r, b, from) : 0;
    if (rc)
        return rc;
    switch (r->mode) {
    case SKIP: return refuse_comments(r, b, from);
    case DOCUMENTS: return take_documents(r, b, from);
    case YAML: rc = carry_tail(r, b, from); return rc ? rc : take_yaml(r, b);
    case UNDECIDED:
    case LINES: break;
    }
    return take_lines(r, b, from);
}

int gw_records_next(struct gw_records *r, struct gw_batch *b,
                    struct gw_why *why)
{
    batch_reset(b);
    int rc = r->in_leaf ? keep_leaf_name(r, b) : 0;
    while (!rc && b->length < GW_BATCH_TARGET / 2 &&
           b->piece_count < GW_PIECES_MAX / 2 &&
           b->misfit_count < MISFITS_MAX / 2) {
        if (!r->in_leaf) {
            rc = begin_leaf(r, b, why);
            if (rc <= 0)
                break;
        }
        rc = take(r, b);
        if (rc)
            break;
        if (!r->leaf_over || r->carry.len || r->yaml)
            continue;
        r->in_leaf = false;
        if (r->failure && !r->name[0])
            rc = gw_fail(why, r->failure, "%s", r->why.text);
        else if (r->failure) // the next member may be whole
            add_misfit(b, r->position, 0, 0, 0, r->failure, r->why.text);
    }
    if (b->bytes)
        memset(b->bytes + b->length, 0, GW_JSON_PADDING);
    if (rc < 0)
        return gw_fail(why, rc, "%s", gw_strerror(rc));
    return b->piece_count || b->misfit_count || r->in_leaf ? 1 : 0;
}
