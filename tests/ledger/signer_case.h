// A witness, a log and two histories of it, for the tests of the signer.
#ifndef GW_SIGNER_CASE_H
#define GW_SIGNER_CASE_H

#include "ledger/signer.h"
#include "log_case.h"

enum { LEAVES = 40, MAIN = 0, FORK = 1 };

#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define ZEROS      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

struct fixture {
    struct log_case c; // the log whose trees are cosigned, and its own signer
    struct gw_tree *trees[2];
    struct gw_policy *policy;
    struct gw_key key;
    char state[128];
    struct gw_signer *s; // a witness
};

static inline struct gw_policy *policy_of(const struct gw_key *log)
{
    char vkey[GW_VKEY_TEXT];
    struct gw_policy *p;
    struct gw_buf text;
    gw_buf_init(&text, 8192);
    gw_vkey_format(&log->vkey, vkey);
    gw_put_fmt(&text, "log %s\nquorum none\n", vkey);
    assert_int_equal(gw_policy_parse(gw_buf_span(&text), &p, NULL), 0);
    gw_buf_release(&text);
    return p;
}

static inline struct gw_signer *open_witness(struct fixture *f, int64_t posix)
{
    struct gw_signer *s;
    struct gw_clock clock = {posix * GW_SECOND};
    assert_int_equal(
        gw_signer_open(f->state, &f->key, f->policy, &clock, &s, NULL), 0);
    return s;
}

static inline void begin(struct fixture *f)
{
    case_begin(&f->c);
    f->policy = policy_of(&f->c.key);
    case_key(GW_ROLE_WITNESS, "witness1.example", 0x11, &f->key);
    snprintf(f->state, sizeof f->state, "%s/witness", f->c.root);
    f->s = open_witness(f, 1700000000);
    // Two histories that part after the fourth leaf.
    for (int t = MAIN; t <= FORK; t++) {
        f->trees[t] = gw_tree_new();
        for (uint64_t i = 0; i < LEAVES; i++) {
            uint8_t bytes[2] = {(uint8_t)i, (uint8_t)(i < 4 ? 0 : t)};
            struct gw_hash32 leaf = gw_leaf_hash(gw_span_of(bytes, 2));
            assert_int_equal(gw_tree_add(f->trees[t], &leaf), 0);
        }
    }
}

static inline void end(struct fixture *f)
{
    gw_signer_close(f->s);
    gw_policy_free(f->policy);
    gw_tree_free(f->trees[MAIN]);
    gw_tree_free(f->trees[FORK]);
    case_end(&f->c);
}

// ---- requests -----------------------------------------------------------
static inline void put_text(struct fixture *f, int tree, uint64_t size,
                            struct gw_buf *ret)
{
    struct gw_checkpoint c = {.origin = CASE_ORIGIN, .size = size};
    assert_int_equal(
        gw_root_of_first(gw_tree_node, f->trees[tree], size, &c.root, NULL), 0);
    gw_checkpoint_format(&c, ret);
}

static inline void put_signed(const struct gw_key *key, gw_span text,
                              struct gw_buf *ret)
{
    gw_put_span(ret, text);
    gw_put_u8(ret, '\n');
    assert_int_equal(
        gw_note_sign(text, &key->vkey, &key->signing, 0, ret, NULL), 0);
}

static inline void put_request(struct fixture *f, int tree, uint64_t old,
                               gw_span checkpoint, uint64_t size,
                               struct gw_buf *ret)
{
    struct signer_request r = {.old = old, .checkpoint = checkpoint};
    if (old && old <= size)
        assert_int_equal(gw_consistency_prove(gw_tree_node, f->trees[tree], old,
                                              size, &r.proof, NULL),
                         0);
    signer_request_format(&r, ret);
}

static inline int answer_to(struct gw_signer *s, gw_span request,
                            struct gw_buf *ret)
{
    struct gw_answer a;
    gw_signer_answer(s, request, &a);
    if (ret)
        gw_put_span(ret, gw_buf_span(&a.body));
    assert_string_equal(a.type, a.status == 409 ? "text/x.tlog.size"
                                                : "text/plain; charset=utf-8");
    gw_answer_release(&a);
    return a.status;
}

// A right request for that step of a history, as any signer may get it.
static inline int ask_of(struct fixture *f, struct gw_signer *s, bool bare,
                         int tree, uint64_t old, uint64_t size,
                         struct gw_buf *ret)
{
    struct gw_buf text, note, body;
    gw_buf_init(&text, 1 << 16);
    gw_buf_init(&note, 1 << 16);
    gw_buf_init(&body, 1 << 16);
    put_text(f, tree, size, &text);
    put_signed(&f->c.key, gw_buf_span(&text), &note);
    put_request(f, tree, old, gw_buf_span(bare ? &text : &note), size, &body);
    int status = answer_to(s, gw_buf_span(&body), ret);
    gw_buf_release(&text);
    gw_buf_release(&note);
    gw_buf_release(&body);
    return status;
}

static inline int ask(struct fixture *f, int tree, uint64_t old, uint64_t size)
{
    return ask_of(f, f->s, false, tree, old, size, NULL);
}

static inline int ask_text(struct fixture *f, const char *body)
{
    return answer_to(f->s, gw_str(body), NULL);
}

// old, lines of proof, and any text signed by that key.
static inline int ask_signed(struct fixture *f, const struct gw_key *key,
                             const char *head, const char *text)
{
    struct gw_buf body;
    gw_buf_init(&body, 1 << 16);
    gw_put_fmt(&body, "%s\n", head);
    put_signed(key, gw_str(text), &body);
    int status = answer_to(f->s, gw_buf_span(&body), NULL);
    gw_buf_release(&body);
    return status;
}

static inline uint64_t last_size(struct gw_signer *s)
{
    struct gw_buf b;
    struct gw_note n;
    struct gw_checkpoint c = {.size = 0};
    struct gw_arena *arena = gw_arena_new(1 << 20);
    gw_buf_init(&b, 1 << 18);
    if (gw_signer_last(s, gw_str(CASE_ORIGIN), &b, NULL) == 0) {
        assert_int_equal(gw_note_parse(gw_buf_span(&b), arena, &n, NULL), 0);
        assert_int_equal(gw_checkpoint_parse(n.text, &c, NULL), 0);
    }
    gw_buf_release(&b);
    gw_arena_free(arena);
    return c.size;
}

#endif
