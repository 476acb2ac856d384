// Policies and notes for tests: keys are marks in the text, made from seeds.
#ifndef GW_POLICY_CASE_H
#define GW_POLICY_CASE_H

#include "ledger/ledger.h"
#include "t.h"

// The specification's own example of nested groups, with keys.
static const char nested[] = "log $a\n"
                             "\n"
                             "witness X1 @1\n"
                             "witness X2 @2\n"
                             "witness X3 @3\n"
                             "group X-witnesses 2 X1 X2 X3\n"
                             "\n"
                             "witness Y1 @4\n"
                             "witness Y2 @5\n"
                             "witness Y3 @6\n"
                             "group Y-witnesses any Y1 Y2 Y3\n"
                             "\n"
                             "group X-and-Y all X-witnesses Y-witnesses\n"
                             "quorum X-and-Y\n";
struct signer {
    struct gw_signing_key key;
    struct gw_vkey vkey;
};

// The seed is the mark, 32 times.
static inline struct signer signer(const char *name,
                                   enum gw_signature_type type, char mark)
{
    struct signer s;
    uint8_t seed[GW_SEED_LEN];
    memset(seed, mark, sizeof seed);
    gw_signing_key_from(seed, &s.key);
    assert_int_equal(gw_vkey_make(gw_str(name), type,
                                  gw_signing_key_public(&s.key), &s.vkey, NULL),
                     0);
    return s;
}

// $x: a log's key, @x: a witness', #x: a witness' of type ML-DSA.
static inline struct signer by_mark(char kind, char mark)
{
    char name[] = "w?.example";
    name[1] = mark;
    return kind == '$' ? signer("log.example", GW_SIG_ED25519, mark)
                       : signer(name, GW_SIG_COSIGN, mark);
}

static inline void put_ml_dsa(char mark, struct gw_buf *b)
{
    uint8_t key[1 + 1312] = {GW_SIG_ML_DSA_44, (uint8_t)mark};
    struct gw_hash32 h =
        gw_sha256_two(GW_LIT("pq.example\n"), gw_span_of(key, sizeof key));
    char id[9];
    gw_hex(h.at, 4, id);
    gw_put_fmt(b, "pq.example+%s+", id);
    gw_b64_put(GW_B64_STANDARD, gw_span_of(key, sizeof key), b);
}

static inline void put_vkey(char kind, char mark, struct gw_buf *b)
{
    char text[GW_VKEY_TEXT];
    struct signer s = by_mark(kind, mark);
    gw_vkey_format(&s.vkey, text);
    gw_put_str(b, text);
}

static inline bool is_mark(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

// Puts keys where a template has their marks, after a blank.
static inline void expand(const char *template, struct gw_buf *b)
{
    gw_buf_reset(b);
    for (const char *p = template; *p; p++) {
        bool key = p > template && (p[-1] == ' ' || p[-1] == '\t') &&
                   strchr("$@#", *p) && is_mark(p[1]);
        if (!key) {
            gw_put_u8(b, (uint8_t)*p);
            continue;
        }
        if (*p == '#')
            put_ml_dsa(p[1], b);
        else
            put_vkey(*p, p[1], b);
        p++;
    }
    assert_int_equal(b->err, 0);
}

static struct gw_buf text; // of a policy

static inline struct gw_policy *policy(const char *template)
{
    struct gw_policy *p = NULL;
    struct gw_why why = {0};
    expand(template, &text);
    if (gw_policy_parse(gw_buf_span(&text), &p, &why))
        fail_msg("%s", why.text);
    return p;
}

#endif
