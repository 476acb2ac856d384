// Regular expressions, through PCRE2 and as little of it as will do.
//
// Block-page regexps are nearly all texts with gaps: "A.*B", where A and B are
// characters and dots. Searching A and then, after the first A, B finds such a
// match exactly when there is one, in linear time however the page is made up
// (pieces have a fixed number of characters, so the first found ends first).
// Any other expression is searched whole, under a limit on all its steps.
//
// Dot and classes mean characters if pattern and subject are both UTF-8, else
// bytes. PCRE2 interprets: its JIT does not count the steps of every loop, so
// its limit would not hold against a hostile page.
#include "wire/patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PIECES_MAX = 16 };
enum { BYTES, CHARACTERS, READINGS };

// A literal (code is NULL then) or a small program, for either reading.
struct piece {
    gw_span source, literal;
    pcre2_code *code[READINGS];
};

struct gw_regexp {
    struct piece *pieces;
    size_t n;
};

struct gw_regexp_scratch {
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    pcre2_match_data *match;
    gw_span subject;
    bool utf8_known, is_utf8;
};

// ---- reading an expression ----------------------------------------------
// Walks an expression that PCRE2 accepted, to find a rare text that every
// match must contain and, if it is a text with gaps, its pieces. What is not
// understood makes it give up, which costs time and never a match.
struct walk {
    struct gw_arena *arena;
    gw_span text;
    bool utf8;
    size_t pos;
    uint8_t *bytes;  // literal characters, unescaped
    size_t len, run; // run: where the current unbroken text starts in bytes
    gw_span required;
    struct piece pieces[PIECES_MAX];
    size_t n, piece_pos, piece_run;
    bool piece_plain; // no dot in the current piece so far
    bool gapped;      // still nothing but characters, dots and gaps
};

static uint8_t peek(const struct walk *w, size_t ahead)
{
    return w->pos + ahead < w->text.len ? w->text.at[w->pos + ahead] : 0;
}

// How seldom a text may be met in a page: long ones are, and those with other
// bytes than markup and plain words.
static size_t rarity(gw_span t)
{
    static const char common[] = "abcdefghijklmnopqrstuvwxyz <>=\"/";
    size_t sum = 0;
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] >= 0x80)
            sum += 3;
        else
            sum += memchr(common, t.at[i], sizeof common - 1) ? 1 : 2;
    return sum;
}

static void end_run(struct walk *w)
{
    gw_span run = gw_span_of(w->bytes + w->run, w->len - w->run);
    if (rarity(run) > rarity(w->required))
        w->required = run;
    w->run = w->len;
}

// The current piece ends before source position end.
static void end_piece(struct walk *w, size_t end)
{
    end_run(w);
    struct piece p = {.source = gw_sub(w->text, w->piece_pos, 0)};
    p.source.len = end - w->piece_pos;
    if (w->piece_plain)
        p.literal = gw_span_of(w->bytes + w->piece_run, w->len - w->piece_run);
    if (p.source.len && w->n < PIECES_MAX)
        w->pieces[w->n++] = p;
    else if (p.source.len)
        w->gapped = false;
    w->piece_run = w->len;
    w->piece_plain = true;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool alnum(uint8_t c)
{
    return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

// A quantifier at pos: '*' (may be absent), '+' (may not), 0 none, or '!' for
// a brace that versions of PCRE2 read differently. Passes over it.
static char quantifier(struct walk *w)
{
    uint8_t c = peek(w, 0), after = peek(w, 1);
    if (c == '*' || c == '?' || c == '+') {
        w->pos++;
        return c == '+' ? '+' : '*';
    }
    if (c != '{' || !(digit(after) || after == ',' || after == ' '))
        return 0;
    size_t i = 1;
    while (digit(peek(w, i)))
        i++;
    if (peek(w, i) == ',')
        i++;
    while (digit(peek(w, i)))
        i++;
    if (!digit(after) || peek(w, i) != '}')
        return '!';
    w->pos += i + 1;
    return '*';
}

// Takes the last character off the current run, all its bytes.
static void drop_character(struct walk *w)
{
    while (w->len > w->run && (w->bytes[--w->len] & 0xc0) == 0x80) {
    }
}

// After an escape in a group or class, these hide what follows them.
static bool hides(uint8_t c)
{
    return c == 'c' || c == 'Q' || c == 'E';
}

// Passes over the class at pos; false if not sure where it ends.
static bool pass_class(struct walk *w)
{
    w->pos += peek(w, 1) == '^' ? 2 : 1;
    if (peek(w, 0) == ']')
        w->pos++;
    while (w->pos < w->text.len && peek(w, 0) != ']') {
        if (peek(w, 0) == '[' && strchr(":.=", peek(w, 1)))
            return false;
        if (peek(w, 0) == '\\' && hides(peek(w, 1)))
            return false;
        w->pos += peek(w, 0) == '\\' ? 2 : 1;
    }
    return w->pos++ < w->text.len;
}

// Passes over the group at pos; false for all but plain and (?: groups.
static bool pass_group(struct walk *w)
{
    size_t depth = 0;
    do {
        uint8_t c = peek(w, 0);
        if (c == '[') {
            if (!pass_class(w))
                return false;
            continue;
        }
        if (c == '\\' && hides(peek(w, 1)))
            return false;
        if (c == '(' &&
            (peek(w, 1) == '*' || (peek(w, 1) == '?' && peek(w, 2) != ':')))
            return false;
        depth += c == '(';
        depth -= c == ')';
        w->pos += c == '\\' ? 2 : 1;
    } while (depth && w->pos < w->text.len);
    return !depth;
}

// One literal character and its quantifier.
static bool walk_literal(struct walk *w, uint8_t c)
{
    w->bytes[w->len++] = c;
    char q = quantifier(w);
    if (!q)
        return true;
    if (q == '*')
        drop_character(w);
    w->gapped = false;
    end_run(w);
    return q != '!';
}

// A dot: ends the piece if it is a gap (".*" or ".+").
static bool walk_dot(struct walk *w)
{
    size_t at = w->pos++;
    bool more = peek(w, 0) == '+', any = peek(w, 0) == '*';
    char q = quantifier(w);
    if (peek(w, 0) == '?' && (more || any))
        w->pos++;
    if (q && ((!more && !any) || peek(w, 0) == '+'))
        w->gapped = false;
    w->piece_plain = w->piece_plain && any;
    if (!q) {
        end_run(w);
        return true;
    }
    end_piece(w, any ? at : at + 1);
    w->piece_pos = w->pos;
    return q != '!';
}

// Something of no known text: a class, a group, an assertion.
static bool walk_other(struct walk *w)
{
    w->gapped = false;
    end_run(w);
    return quantifier(w) != '!';
}

static bool walk_escape(struct walk *w)
{
    uint8_t c = peek(w, 1);
    w->pos += 2;
    if (!alnum(c))
        return walk_literal(w, c);
    switch (c) {
    case 'n': return walk_literal(w, '\n');
    case 'r': return walk_literal(w, '\r');
    case 't': return walk_literal(w, '\t');
    default: return strchr("dDwWsSbBAZz", c) && walk_other(w);
    }
}

static bool walk_step(struct walk *w)
{
    uint8_t c = peek(w, 0);
    switch (c) {
    case '.': return walk_dot(w);
    case '\\': return walk_escape(w);
    case '[': return pass_class(w) && walk_other(w);
    case '(': return pass_group(w) && walk_other(w);
    case '^':
    case '$': w->pos++; return walk_other(w);
    case '|': return false;
    case '?':
    case '+': w->pos++; return true; // a quantifier's: lazy or possessive
    default: w->pos++; return walk_literal(w, c);
    }
}

// False if it gave up: nothing is known of the expression then.
static bool walk(struct walk *w)
{
    w->gapped = w->piece_plain = true;
    while (w->pos < w->text.len)
        if (!walk_step(w))
            return false;
    end_piece(w, w->text.len);
    return true;
}

// ---- compiling ----------------------------------------------------------
// Compiled code lives in the arena and dies with it.
static void *take_from_arena(size_t len, void *arena)
{
    return gw_arena_take(arena, len);
}

static void leave_in_arena(void *p, void *arena)
{
    (void)p, (void)arena;
}

static int compile(gw_span text, uint32_t options, struct gw_arena *arena,
                   pcre2_code **ret_code, struct gw_why *why)
{
    pcre2_general_context *memory =
        pcre2_general_context_create(take_from_arena, leave_in_arena, arena);
    pcre2_compile_context *settings =
        memory ? pcre2_compile_context_create(memory) : NULL;
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE at = 0;
    options |= PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
    if (settings) {
        pcre2_set_newline(settings, PCRE2_NEWLINE_LF);
        *ret_code =
            pcre2_compile(text.at, text.len, options, &error, &at, settings);
    }
    if (*ret_code)
        return 0;
    if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
        return gw_fail(why, GW_ENOMEM, "regexp: over the limit on memory");
    PCRE2_UCHAR8 words[160] = "";
    pcre2_get_error_message(error, words, sizeof words);
    return gw_fail(why, GW_EFORMAT, "regexp: %s (at byte %zu)",
                   (const char *)words, (size_t)at);
}

// For both readings; the one by characters if the pattern, of which text may
// be a part, is UTF-8.
static int compile_both(const struct walk *w, gw_span text, uint32_t options,
                        pcre2_code *ret_code[READINGS], struct gw_why *why)
{
    int rc = compile(text, options, w->arena, &ret_code[BYTES], why);
    if (!rc && w->utf8)
        rc = compile(text, options | PCRE2_UTF, w->arena, &ret_code[CHARACTERS],
                     why);
    return rc;
}

// The whole expression, searched by itself instead of by PCRE2 from every
// place anew: so that the limit on steps holds for all places together.
static int compile_whole(struct walk *w, struct gw_why *why)
{
    struct gw_buf b;
    gw_buf_init(&b, GW_PATTERN_TEXT_MAX + 64);
    gw_put_str(&b, ".*?(?:");
    gw_put_span(&b, w->text);
    gw_put_str(&b, "\\E)"); // ends a \Q that the text may have left open
    int rc = b.err ? gw_fail(why, b.err, "regexp: out of memory")
                   : compile_both(w, gw_buf_span(&b), PCRE2_ANCHORED,
                                  w->pieces[0].code, why);
    gw_buf_release(&b);
    return rc;
}

// What PCRE2 must do for this expression: nothing where pieces are literal.
static int compile_pieces(struct walk *w, struct gw_why *why)
{
    pcre2_code *whole[READINGS] = {0};
    int rc = compile_both(w, w->text, 0, whole, why);
    if (rc)
        return rc;
    if (!walk(w)) {
        w->required = (gw_span){0};
        w->gapped = false;
    }
    if (!w->gapped) {
        w->n = 1;
        w->pieces[0] = (struct piece){0};
        return compile_whole(w, why);
    }
    for (size_t i = 0; i < w->n && !rc; i++) {
        struct piece *p = &w->pieces[i];
        if (!p->literal.at)
            rc = compile_both(w, p->source, 0, p->code, why);
    }
    return rc;
}

int gw_regexp_new(gw_span text, struct gw_arena *arena,
                  struct gw_regexp **ret_regexp, gw_span *ret_required,
                  struct gw_why *why)
{
    struct walk w = {.text = text, .arena = arena, .utf8 = gw_is_utf8(text)};
    w.bytes = gw_arena_take(arena, text.len);
    int rc = w.bytes ? compile_pieces(&w, why) : GW_ENOMEM;
    struct gw_regexp *r = gw_arena_zero(arena, sizeof *r);
    struct piece *pieces = gw_arena_take_n(arena, w.n, sizeof *pieces);
    if (rc == GW_ENOMEM || !r || !pieces)
        return gw_fail(why, GW_ENOMEM, "regexp: over the limit on memory");
    if (rc)
        return rc;
    memcpy(pieces, w.pieces, w.n * sizeof *pieces);
    *r = (struct gw_regexp){pieces, w.n};
    *ret_regexp = r;
    *ret_required = w.required;
    return 0;
}

// ---- searching ----------------------------------------------------------
static void *take(size_t len, void *ctx)
{
    (void)ctx;
    return gw_new(len);
}

static void give(void *p, void *ctx)
{
    (void)ctx;
    gw_free(p);
}

struct gw_regexp_scratch *gw_regexp_scratch_new(void)
{
    struct gw_regexp_scratch *x = gw_new(sizeof *x);
    if (!x)
        return NULL;
    x->memory = pcre2_general_context_create(take, give, NULL);
    if (x->memory) {
        x->limits = pcre2_match_context_create(x->memory);
        x->match = pcre2_match_data_create(1, x->memory);
    }
    if (!x->limits || !x->match) {
        gw_regexp_scratch_free(x);
        return NULL;
    }
    pcre2_set_heap_limit(x->limits, GW_REGEXP_HEAP_MAX_KIB);
    return x;
}

void gw_regexp_scratch_free(struct gw_regexp_scratch *x)
{
    if (!x)
        return;
    pcre2_match_data_free(x->match);
    pcre2_match_context_free(x->limits);
    pcre2_general_context_free(x->memory);
    gw_free(x);
}

void gw_regexp_subject(struct gw_regexp_scratch *x, gw_span s)
{
    uint64_t steps = GW_REGEXP_STEPS + GW_REGEXP_STEPS_A_BYTE * (uint64_t)s.len;
    steps = steps < UINT32_MAX ? steps : UINT32_MAX;
    pcre2_set_match_limit(x->limits, (uint32_t)steps);
    x->subject = s.len ? s : gw_span_of("", 0);
    x->utf8_known = false;
}

static bool subject_is_utf8(struct gw_regexp_scratch *x)
{
    if (!x->utf8_known)
        x->is_utf8 = gw_is_utf8(x->subject);
    x->utf8_known = true;
    return x->is_utf8;
}

// Where the first match at or after from ends; -1 if there is none.
static int64_t search_code(pcre2_code *const code[READINGS],
                           struct gw_regexp_scratch *x, size_t from)
{
    bool characters = code[CHARACTERS] && subject_is_utf8(x);
    int rc = pcre2_match(code[characters ? CHARACTERS : BYTES], x->subject.at,
                         x->subject.len, from, PCRE2_NO_UTF_CHECK, x->match,
                         x->limits);
    if (rc >= 0)
        return (int64_t)pcre2_get_ovector_pointer(x->match)[1];
    if (rc == PCRE2_ERROR_NOMATCH)
        return -1;
    return rc == PCRE2_ERROR_NOMEMORY ? GW_ENOMEM : GW_ETOOBIG;
}

int gw_regexp_search(const struct gw_regexp *r, struct gw_regexp_scratch *x)
{
    int64_t from = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct piece *p = &r->pieces[i];
        if (!p->literal.at) {
            from = search_code(p->code, x, (size_t)from);
        } else {
            from = gw_find(x->subject, p->literal, (size_t)from);
            from += from < 0 ? 0 : (int64_t)p->literal.len;
        }
        if (from < 0)
            return from == -1 ? 0 : (int)from;
    }
    return 1;
}
