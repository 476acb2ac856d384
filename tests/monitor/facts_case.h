// Facts from a measurement written in the test. Its JSON is written with ' for
// ", which no test needs inside a text.
#ifndef GW_FACTS_CASE_H
#define GW_FACTS_CASE_H

#include "monitor/facts.h"
#include "t.h"

#include <math.h>
#include <stdio.h>

enum { CASE_ARENA = 256 << 20 };

struct facts_case {
    struct gw_refs *refs;
    struct gw_facts *facts;
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_buf text;
    struct gw_why why; // of the last record
};

struct csv { // a source of reference data
    gw_span left;
};

static inline int64_t give_csv(void *ctx, uint8_t *bytes, size_t len)
{
    struct csv *c = ctx;
    size_t n = c->left.len < len ? c->left.len : len;
    if (n)
        memcpy(bytes, c->left.at, n);
    c->left = gw_sub(c->left, n, c->left.len);
    return (int64_t)n;
}

static inline void add_reference(struct facts_case *c, enum gw_kind kind,
                                 gw_time dated, const char *text)
{
    static const char hash[] =
        "0000000000000000000000000000000000000000000000000000000000000001";
    struct csv source = {gw_str(text)};
    struct gw_ref_input in = {kind, hash, dated, NULL, give_csv, &source};
    struct gw_ref_note note;
    assert_int_equal(gw_refs_add(c->refs, &in, &note, NULL), 0);
    assert_int_equal(note.bad, 0);
}

// References may be added between these two.
static inline struct facts_case case_begin(void)
{
    struct facts_case c = {.refs = gw_refs_new(),
                           .arena = gw_arena_new(CASE_ARENA)};
    assert_non_null(c.refs);
    assert_non_null(c.arena);
    assert_int_equal(gw_block_init(&c.block, c.arena), 0);
    gw_buf_init(&c.text, GW_JSON_MAX + GW_JSON_PADDING);
    return c;
}

static inline void case_ready(struct facts_case *c)
{
    assert_int_equal(gw_refs_seal(c->refs, NULL), 0);
    c->facts = gw_facts_new(c->refs);
    assert_non_null(c->facts);
}

static inline struct facts_case case_new(void)
{
    struct facts_case c = case_begin();
    case_ready(&c);
    return c;
}

static inline void case_free(struct facts_case *c)
{
    gw_facts_free(c->facts);
    gw_refs_free(c->refs);
    gw_block_release(&c->block);
    gw_arena_free(c->arena);
    gw_buf_release(&c->text);
}

static inline int add_text(struct facts_case *c, gw_span text, const char *leaf)
{
    gw_buf_reset(&c->text);
    gw_put_span(&c->text, text);
    uint8_t *padding = gw_buf_room(&c->text, GW_JSON_PADDING);
    assert_non_null(padding);
    memset(padding, 0, GW_JSON_PADDING);
    struct gw_record r = {gw_buf_span(&c->text), 100, (int64_t)text.len, leaf,
                          false};
    c->why = (struct gw_why){0};
    return gw_facts_add(c->facts, &c->block, &r, &c->why);
}

static inline gw_span json_of(struct facts_case *c, const char *text)
{
    char *s = gw_arena_cstr(c->arena, gw_str(text));
    assert_non_null(s);
    for (char *p = s; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    return gw_str(s);
}

// Adds a whole record; it must be taken.
static inline void add(struct facts_case *c, const char *json)
{
    int rc = add_text(c, json_of(c, json), "");
    if (rc)
        print_error("%s\n", c->why.text);
    assert_int_equal(rc, 0);
}

// Adds a measurement of web_connectivity with those test_keys.
#define WEB                                                                    \
    "{'test_name':'web_connectivity','input':'https://www.example.org/',"      \
    "'measurement_start_time':'2024-02-12 20:33:47','probe_cc':'PK',"          \
    "'probe_asn':'AS17557','test_keys':"
static inline void add_web(struct facts_case *c, const char *keys)
{
    char *json = gw_new(strlen(keys) + 400);
    snprintf(json, strlen(keys) + 400, WEB "%s}", keys);
    add(c, json);
    gw_free(json);
}

// Rows of the block, and that there are as many as said.
#define T(table, columns)                                                      \
    static inline const struct gw_##table##_row *table##_rows(                 \
        struct facts_case *c, size_t want)                                     \
    {                                                                          \
        size_t n;                                                              \
        const struct gw_##table##_row *rows = gw_rows_##table(&c->block, &n);  \
        assert_int_equal(n, want);                                             \
        return rows;                                                           \
    }
GW_TABLES(T)
#undef T

// The measurement, when there is one.
static inline const struct gw_measurement_row *
the_measurement(struct facts_case *c)
{
    return measurement_rows(c, 1);
}

static inline void text_is(gw_span s, const char *want)
{
    if (!gw_is(s, want) || !s.at)
        print_error("\"%.*s\" is not \"%s\"\n", (int)s.len, (const char *)s.at,
                    want);
    assert_true(s.at && gw_is(s, want));
}

static inline void is_odd(struct facts_case *c, const char *part)
{
    gw_span odd = the_measurement(c)->odd;
    if (gw_find(odd, gw_str(part), 0) < 0)
        print_error("%.*s\n", (int)odd.len, (const char *)odd.at);
    assert_true(gw_find(odd, gw_str(part), 0) >= 0);
}

static inline void nothing_is_odd(struct facts_case *c)
{
    assert_null(the_measurement(c)->odd.at);
}

#define IS_NULL(text)  assert_null((text).at)
#define NO_NUMBER(n)   assert_true((n) == GW_NULL)
#define NUMBER(n, w)   assert_true((n) == (w))
#define ABOUT(x, want) assert_true(fabs((x) - (want)) < 1e-9)

#endif
