// SHA-256 by both kernels against OpenSSL's, and many at a time against one.
#include "seal/sha256.h"

#include "t.h"

enum { ENTRIES = 300, LONGEST = 700 };

// The portable kernel and, where it works, the other; then NULL.
static const struct sha256_kernel *const *kernels(void)
{
    static const struct sha256_kernel *both[3];
    both[0] = &sha256_portable;
    both[1] = sha256_ni();
    if (!both[1])
        print_message("no SHA instructions here: only the portable form\n");
    return both;
}

static struct gw_hash32 peer(struct gw_digest *d, gw_span a, gw_span b)
{
    struct gw_hash32 ret;
    assert_int_equal(gw_digest_add(d, a), 0);
    assert_int_equal(gw_digest_add(d, b), 0);
    assert_int_equal(gw_digest_end(d, ret.at, sizeof ret.at), 0);
    return ret;
}

static void fill(struct gw_rand *r, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)gw_rand_next(r);
}

static void equal(struct gw_hash32 a, struct gw_hash32 b)
{
    assert_memory_equal(a.at, b.at, GW_HASH_LEN);
}

static void known_answers_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        char hex[2 * GW_HASH_LEN + 1];
        struct gw_hash32 h = gw_sha256(gw_str(cases[i].text));
        gw_hex(h.at, sizeof h.at, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void every_length_agrees_with_openssl(void **state)
{
    (void)state;
    uint8_t text[LONGEST];
    struct gw_rand r = {1};
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    fill(&r, text, sizeof text);
    for (const struct sha256_kernel *const *k = kernels(); *k; k++)
        for (size_t len = 0; len <= LONGEST; len++) {
            gw_span s = gw_span_of(text, len);
            equal(sha256_by(*k, s, (gw_span){0}), peer(d, s, (gw_span){0}));
        }
    gw_digest_free(d);
}

static void two_spans_are_one_text_wherever_it_is_cut(void **state)
{
    (void)state;
    uint8_t text[200];
    struct gw_rand r = {2};
    fill(&r, text, sizeof text);
    for (const struct sha256_kernel *const *k = kernels(); *k; k++)
        for (size_t len = 0; len <= sizeof text; len++) {
            gw_span s = gw_span_of(text, len);
            struct gw_hash32 whole = sha256_by(*k, s, (gw_span){0});
            for (size_t cut = 0; cut <= len; cut++)
                equal(sha256_by(*k, gw_sub(s, 0, cut), gw_sub(s, cut, len)),
                      whole);
        }
}

static void long_texts_agree_with_openssl(void **state)
{
    (void)state;
    enum { LEN = 100 * 1000 };
    uint8_t *text = gw_new(LEN);
    struct gw_rand r = {3};
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    fill(&r, text, LEN);
    for (const struct sha256_kernel *const *k = kernels(); *k; k++)
        for (int i = 0; i < 40; i++) {
            gw_span s = gw_span_of(text, gw_rand_below(&r, LEN + 1));
            size_t cut = gw_rand_below(&r, s.len + 1);
            gw_span a = gw_sub(s, 0, cut), b = gw_sub(s, cut, s.len);
            equal(sha256_by(*k, a, b), peer(d, a, b));
        }
    gw_digest_free(d);
    gw_free(text);
}

// Lengths of all sorts side by side, so that lanes end at different times.
static void many_leaves_are_what_each_is_alone(void **state)
{
    (void)state;
    static uint8_t text[ENTRIES * LONGEST];
    gw_span entries[ENTRIES];
    struct gw_hash32 many[ENTRIES + 1], guard;
    struct gw_rand r = {4};
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    fill(&r, text, sizeof text);
    memset(guard.at, 0xaa, sizeof guard.at);
    for (const struct sha256_kernel *const *k = kernels(); *k; k++)
        for (size_t n = 0; n <= ENTRIES; n += n < 20 ? 1 : 40) {
            for (size_t i = 0; i < n; i++) {
                size_t len = gw_rand_below(&r, i % 7 ? 150 : LONGEST + 1);
                entries[i] = gw_span_of(len ? text + i * LONGEST : NULL, len);
            }
            many[n] = guard;
            sha256_leaves_by(*k, entries, n, many);
            equal(many[n], guard);
            for (size_t i = 0; i < n; i++)
                equal(many[i], peer(d, GW_LIT("\0"), entries[i]));
        }
    gw_digest_free(d);
}

static void nodes_are_one_byte_and_two_hashes(void **state)
{
    (void)state;
    struct gw_hash32 in[2 * ENTRIES], many[ENTRIES + 1], guard;
    struct gw_rand r = {5};
    struct gw_digest *d = gw_digest_new(GW_DIGEST_SHA256);
    fill(&r, in[0].at, sizeof in);
    memset(guard.at, 0xaa, sizeof guard.at);
    for (const struct sha256_kernel *const *k = kernels(); *k; k++)
        for (size_t n = 0; n <= ENTRIES; n += n < 20 ? 1 : 31) {
            many[n] = guard;
            (*k)->nodes(in, n, many);
            equal(many[n], guard);
            for (size_t i = 0; i < n; i++)
                equal(many[i],
                      peer(d, GW_LIT("\1"), gw_span_of(in[2 * i].at, 64)));
        }
    gw_digest_free(d);
}

static void nodes_may_be_hashed_in_place(void **state)
{
    (void)state;
    struct gw_rand r = {6};
    for (const struct sha256_kernel *const *k = kernels(); *k; k++) {
        struct gw_hash32 in[64], apart[32];
        fill(&r, in[0].at, sizeof in);
        (*k)->nodes(in, 32, apart);
        (*k)->nodes(in, 32, in);
        assert_memory_equal(in, apart, sizeof apart);
    }
}

// The roots of the eight leaves that every implementation of RFC 6962 uses.
static void the_face_hashes_the_classic_tree(void **state)
{
    (void)state;
    static const char *const hex[8] = {"",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f"};
    uint8_t bytes[8][16];
    gw_span entries[8];
    struct gw_hash32 tree[8], left, right, leaf;
    char root[2 * GW_HASH_LEN + 1];
    for (size_t i = 0; i < 8; i++) {
        assert_true(gw_unhex(gw_str(hex[i]), bytes[i]));
        entries[i] = gw_span_of(bytes[i], strlen(hex[i]) / 2);
    }
    leaf = gw_leaf_hash(entries[0]);
    gw_leaf_hashes(entries, 8, tree);
    equal(tree[0], leaf);
    gw_node_hashes(tree, 4, tree);
    gw_node_hashes(tree, 2, tree);
    left = tree[0], right = tree[1];
    leaf = gw_node_hash(&left, &right);
    gw_hex(leaf.at, sizeof leaf.at, root);
    assert_string_equal(root, "5dc9da79a70659a9ad559cb701ded9a2"
                              "ab9d823aad2f4960cfe370eff4604328");
}

// RFC 4231, cases 1, 2 and 6 (a key longer than a block).
static void hmac_gives_the_answers_of_rfc_4231(void **state)
{
    (void)state;
    uint8_t key[131];
    static const struct {
        uint8_t fill;
        size_t key_len;
        const char *text, *hex;
    } cases[] = {
        {0x0b, 20, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {0, 0, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        char hex[2 * GW_HASH_LEN + 1];
        memset(key, cases[i].fill, sizeof key);
        gw_span k = i == 1 ? GW_LIT("Jefe") : gw_span_of(key, cases[i].key_len);
        struct gw_hash32 h = gw_hmac_sha256(k, gw_str(cases[i].text));
        gw_hex(h.at, sizeof h.at, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void the_kernel_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(gw_sha256_kernel(),
                        sha256_ni() ? "sha-ni x2" : "portable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_of_the_standard),
        cmocka_unit_test(every_length_agrees_with_openssl),
        cmocka_unit_test(two_spans_are_one_text_wherever_it_is_cut),
        cmocka_unit_test(long_texts_agree_with_openssl),
        cmocka_unit_test(many_leaves_are_what_each_is_alone),
        cmocka_unit_test(nodes_are_one_byte_and_two_hashes),
        cmocka_unit_test(nodes_may_be_hashed_in_place),
        cmocka_unit_test(the_face_hashes_the_classic_tree),
        cmocka_unit_test(hmac_gives_the_answers_of_rfc_4231),
        cmocka_unit_test(the_kernel_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
