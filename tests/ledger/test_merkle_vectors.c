// The public vectors of transparency-dev/merkle, and all proofs that the peer
// makes of small trees.
#include "ledger/ledger.h"
#include "peer.h"
#include "t.h"

#include <unistd.h>

enum { JSON_MAX = 8 << 20, PROOFS_OF_33 = 1122 };

// ---- reading ------------------------------------------------------------
static bool read_hash(gw_jv v, struct gw_hash32 *ret)
{
    size_t len;
    return gw_b64_read(GW_B64_STANDARD, gw_jv_str(v), ret->at, GW_HASH_LEN,
                       &len) &&
           len == GW_HASH_LEN;
}

// False: more than a proof can have, or one that is no hash.
static bool read_proof(gw_jv v, struct gw_proof *ret)
{
    ret->count = 0;
    for (gw_jit i = gw_jv_iter(v); gw_jit_next(&i);)
        if (ret->count == GW_PROOF_MAX ||
            !read_hash(i.value, &ret->at[ret->count++]))
            return false;
    return true;
}

static uint64_t number(gw_jv v, const char *name)
{
    int64_t n = -1;
    gw_jv at = gw_jv_get(v, name);
    if (gw_jv_type(at) == 'u') // past 2^63-1
        return UINT64_MAX;
    assert_true(gw_jv_int(at, &n));
    return (uint64_t)n;
}

struct vectors {
    struct gw_json *json;
    struct gw_buf text;
    size_t agree, odd, cases[4];
};

static gw_jv parse(struct vectors *v)
{
    gw_jv doc;
    memset(gw_buf_room(&v->text, GW_JSON_PADDING), 0, GW_JSON_PADDING);
    assert_int_equal(gw_json_parse(v->json, gw_buf_span(&v->text), &doc, NULL),
                     0);
    return doc;
}

static void vectors_init(struct vectors *v)
{
    memset(v, 0, sizeof *v);
    v->json = gw_json_new();
    assert_non_null(v->json);
    gw_buf_init(&v->text, JSON_MAX);
}

static void vectors_release(struct vectors *v)
{
    gw_json_free(v->json);
    gw_buf_release(&v->text);
}

// ---- the public vectors -------------------------------------------------
enum kind { INCLUSION, CONSISTENCY, SUBTREE_INCLUSION, SUBTREE_CONSISTENCY };

// 1: a hash in it is no hash.
static int check(enum kind kind, gw_jv v)
{
    bool about_leaf = kind == INCLUSION || kind == SUBTREE_INCLUSION;
    struct gw_hash32 a, b;
    struct gw_proof p;
    if (!read_hash(gw_jv_get(v, about_leaf ? "leafHash" : "root1"), &a) ||
        !read_hash(gw_jv_get(v, about_leaf ? "root" : "root2"), &b) ||
        !read_proof(gw_jv_get(v, "proof"), &p))
        return 1;
    switch (kind) {
    case INCLUSION:
        return gw_inclusion_check(&a, number(v, "leafIdx"),
                                  number(v, "treeSize"), &p, &b, NULL);
    case CONSISTENCY:
        return gw_consistency_check(number(v, "size1"), &a, number(v, "size2"),
                                    &b, &p, NULL);
    case SUBTREE_INCLUSION:
        return gw_subtree_inclusion_check(&a, number(v, "leafIdx"),
                                          number(v, "start"), number(v, "end"),
                                          &p, &b, NULL);
    case SUBTREE_CONSISTENCY:
    default:
        return gw_subtree_consistency_check(number(v, "start"),
                                            number(v, "end"), &a,
                                            number(v, "size"), &b, &p, NULL);
    }
}

static int one_vector(void *ctx, const char *path)
{
    static const char *const folders[] = {"/inclusion/", "/consistency/",
                                          "/subtreeinclusion/",
                                          "/subtreeconsistency/"};
    struct vectors *v = ctx;
    int kind = 0;
    while (!strstr(path, folders[kind]))
        assert_in_range(++kind, 0, 3);
    gw_buf_reset(&v->text);
    assert_int_equal(gw_file_read(path, &v->text, NULL), 0);
    gw_jv doc = parse(v);
    bool wants_error = gw_jv_bool(gw_jv_get(doc, "wantErr")) == 1;
    int rc = check((enum kind)kind, doc);
    v->cases[kind]++;
    if (rc == 1 && !wants_error) {
        printf("not of 32 bytes, so not accepted: %s\n",
               strrchr(path, '/') + 1);
        v->odd++;
    } else if (wants_error != (rc != 0)) {
        fail_msg("%s: %d", path, rc);
    } else {
        v->agree++;
    }
    return 0;
}

static void the_public_vectors_are_judged_as_they_say(void **state)
{
    const char *data = getenv("GAWAH_DATA");
    char folder[512];
    struct vectors v;
    (void)state;
    snprintf(folder, sizeof folder, "%s/tlog/merkle/testdata",
             data ? data : "");
    if (!data || access(folder, R_OK)) {
        printf("skipped, no Merkle vectors in GAWAH_DATA\n");
        return;
    }
    vectors_init(&v);
    assert_int_equal(gw_walk(folder, one_vector, &v, NULL), 0);
    printf("%zu of 518 vectors agree, %zu have no hashes of 32 bytes\n",
           v.agree, v.odd);
    assert_int_equal(v.cases[INCLUSION], 98);
    assert_int_equal(v.cases[CONSISTENCY], 98);
    assert_int_equal(v.cases[SUBTREE_INCLUSION], 204);
    assert_int_equal(v.cases[SUBTREE_CONSISTENCY], 118);
    // One about whole trees, and three about subtrees.
    assert_int_equal(v.odd, 4);
    assert_int_equal(v.agree, 518 - 4);
    vectors_release(&v);
}

// ---- the peer's proofs --------------------------------------------------
static void same_proof(const struct gw_proof *ours, gw_jv theirs)
{
    struct gw_proof want;
    assert_true(read_proof(theirs, &want));
    assert_int_equal(ours->count, want.count);
    assert_memory_equal(ours->at, want.at, want.count * sizeof want.at[0]);
}

static void check_inclusion(struct gw_tree *t, gw_jv v)
{
    uint64_t index = number(v, "index"), size = number(v, "size");
    struct gw_hash32 leaf, root;
    struct gw_proof p;
    assert_true(read_hash(gw_jv_get(v, "leaf_hash"), &leaf));
    assert_true(read_hash(gw_jv_get(v, "root"), &root));
    assert_int_equal(gw_inclusion_prove(gw_tree_node, t, index, size, &p, NULL),
                     0);
    same_proof(&p, gw_jv_get(v, "proof"));
    assert_int_equal(gw_inclusion_check(&leaf, index, size, &p, &root, NULL),
                     0);
}

static void check_consistency(struct gw_tree *t, gw_jv v)
{
    uint64_t m = number(v, "old_size"), n = number(v, "new_size");
    struct gw_hash32 old, root, ours;
    struct gw_proof p;
    assert_true(read_hash(gw_jv_get(v, "old_root"), &old));
    assert_true(read_hash(gw_jv_get(v, "new_root"), &root));
    assert_int_equal(gw_root_of_first(gw_tree_node, t, m, &ours, NULL), 0);
    assert_true(gw_hash32_eq(&ours, &old));
    assert_int_equal(gw_consistency_prove(gw_tree_node, t, m, n, &p, NULL), 0);
    same_proof(&p, gw_jv_get(v, "proof"));
    assert_int_equal(gw_consistency_check(m, &old, n, &root, &p, NULL), 0);
}

static void proofs_are_byte_for_byte_the_peers(void **state)
{
    const char *const args[] = {"genproofs", "-max", "33", NULL};
    struct vectors v;
    size_t count = 0;
    (void)state;
    if (!peer_or_skip("1,122 proofs of the peer"))
        return;
    vectors_init(&v);
    assert_int_equal(peer_run(args, (gw_span){0}, &v.text), 0);
    gw_jv doc = parse(&v);
    struct gw_tree *t = gw_tree_new();
    for (gw_jit i = gw_jv_iter(gw_jv_get(doc, "entries_hex"));
         gw_jit_next(&i);) {
        uint8_t bytes[512];
        gw_span hex = gw_jv_str(i.value);
        assert_true(hex.len <= 2 * sizeof bytes && gw_unhex(hex, bytes));
        struct gw_hash32 h = gw_leaf_hash(gw_span_of(bytes, hex.len / 2));
        assert_int_equal(gw_tree_add(t, &h), 0);
    }
    gw_jit i = gw_jv_iter(gw_jv_get(doc, "inclusion"));
    for (; gw_jit_next(&i); count++)
        check_inclusion(t, i.value);
    i = gw_jv_iter(gw_jv_get(doc, "consistency"));
    for (; gw_jit_next(&i); count++)
        check_consistency(t, i.value);
    assert_int_equal(count, PROOFS_OF_33);
    gw_tree_free(t);
    vectors_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_vectors_are_judged_as_they_say),
        cmocka_unit_test(proofs_are_byte_for_byte_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
