// Pattern sets and subjects of any bytes: both engines must find what a naive
// search finds. The first byte is the number of patterns; each is a byte of
// kind and length and its text; the rest is the subject.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "wire/wire.h"

#include <pcre2.h>

enum { PATTERNS = 16, SUBJECT = 2048, STEPS = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// 1 or 0; -1 if PCRE2 would take too long to tell.
static int naive_regexp(gw_span text, gw_span s)
{
    uint32_t utf = gw_is_utf8(text) && gw_is_utf8(s) ? PCRE2_UTF : 0;
    int error, rc = PCRE2_ERROR_MATCHLIMIT;
    PCRE2_SIZE at;
    pcre2_code *code =
        pcre2_compile(text.at, text.len, PCRE2_DOTALL | utf, &error, &at, NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (code && match && limits) {
        pcre2_set_match_limit(limits, STEPS);
        rc = pcre2_match(code, s.len ? s.at : (const uint8_t *)"", s.len, 0, 0,
                         match, limits);
    }
    pcre2_match_context_free(limits);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

static int naive(const struct gw_pattern *p, gw_span s)
{
    switch (p->kind) {
    case GW_PATTERN_CONTAINS: return gw_find(s, p->text, 0) >= 0;
    case GW_PATTERN_PREFIX: return gw_eq(gw_sub(s, 0, p->text.len), p->text);
    case GW_PATTERN_FULL: return gw_eq(s, p->text);
    case GW_PATTERN_REGEXP:
    default: return naive_regexp(p->text, s);
    }
}

static void check(const struct gw_pattern *list, size_t n, gw_span s,
                  enum gw_engine engine)
{
    struct gw_why why = {0};
    struct gw_patterns *p = gw_patterns_new(list, n, engine, &why);
    if (!p)
        return;
    struct gw_patterns_scratch *x = gw_patterns_scratch_new(p);
    uint32_t found[PATTERNS];
    int64_t count = x ? gw_patterns_match(p, x, s, found, PATTERNS) : -1;
    for (int64_t i = 0, at = 0; count >= 0 && i < (int64_t)n; i++) {
        bool here = at < count && found[at] == i;
        int want = naive(&list[i], s);
        at += here;
        if (want >= 0 && here != want)
            abort();
    }
    gw_patterns_scratch_free(x);
    gw_patterns_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_reader r = gw_reader_on(gw_span_of(data, size));
    struct gw_pattern list[PATTERNS];
    size_t n = gw_read_u8(&r) % PATTERNS, regexps = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t head = gw_read_u8(&r);
        list[i].kind = (enum gw_pattern_kind)(head >> 6);
        list[i].text = gw_read_span(&r, head & 63);
        if (list[i].kind == GW_PATTERN_REGEXP && regexps++ > 2)
            list[i].kind = GW_PATTERN_CONTAINS; // they are slow
    }
    if (r.err || gw_reader_left(&r) > SUBJECT)
        return 0;
    gw_span s = gw_read_span(&r, gw_reader_left(&r));
    check(list, n, s, GW_ENGINE_AUTOMATON);
    check(list, n, s, GW_ENGINE_HYPERSCAN);
    return 0;
}
