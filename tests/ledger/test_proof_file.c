// Proofs as files: they come out as they went in, and nothing else does.
#include "ledger/ledger.h"
#include "t.h"

#define HASH  "r3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw=\n"
#define HEAD  "c2sp.org/tlog-proof@v1\n"
#define BATCH "gawah/batch-proof@v1\n"

static struct gw_arena *arena;
static struct gw_buf buf;

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new(8 << 20);
    gw_buf_init(&buf, 8 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    gw_buf_release(&buf);
    return 0;
}

static int parse(gw_span bytes, struct gw_tlog_proof *ret)
{
    gw_arena_reset(arena);
    return gw_tlog_proof_parse(bytes, arena, ret, NULL);
}

static void random_proof(struct gw_rand *r, size_t count, struct gw_proof *ret)
{
    ret->count = count;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < GW_HASH_LEN; k++)
            ret->at[i].at[k] = (uint8_t)gw_rand_next(r);
}

static void same_proof(const struct gw_proof *a, const struct gw_proof *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_true(gw_hash32_eq(&a->at[i], &b->at[i]));
}

static void a_proof_file_reads(void **state)
{
    (void)state;
    struct gw_tlog_proof p;
    assert_int_equal(parse(GW_LIT(HEAD "extra aGk=\nindex 73894\n" HASH HASH
                                       "\nany checkpoint\n\n..."),
                           &p),
                     0);
    assert_int_equal(p.index, 73894);
    assert_int_equal(p.proof.count, 2);
    assert_int_equal(p.proof.at[1].at[0], 0xaf);
    assert_true(gw_is(p.extra, "hi"));
    assert_true(gw_is(p.checkpoint, "any checkpoint\n\n..."));
    assert_int_equal(parse(GW_LIT(HEAD "index 0\n\nc"), &p), 0);
    assert_int_equal(p.proof.count, 0);
    assert_null(p.extra.at);
}

static void a_proof_file_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct gw_rand r = {3};
    for (size_t round = 0; round <= GW_PROOF_MAX; round++) {
        uint8_t extra[200];
        struct gw_tlog_proof p = {0}, back;
        for (size_t i = 0; i < sizeof extra; i++)
            extra[i] = (uint8_t)gw_rand_next(&r);
        p.index = gw_rand_next(&r) >> (1 + round % 63);
        random_proof(&r, round, &p.proof);
        if (round % 3)
            p.extra = gw_span_of(extra, round % 3 == 1 ? 0 : round);
        p.checkpoint = GW_LIT("log\n1\n" HASH "\nlines\n");
        gw_buf_reset(&buf);
        gw_tlog_proof_format(&p, &buf);
        assert_int_equal(buf.err, 0);
        assert_int_equal(parse(gw_buf_span(&buf), &back), 0);
        assert_int_equal(back.index, p.index);
        same_proof(&back.proof, &p.proof);
        assert_int_equal(!back.extra.at, !p.extra.at);
        assert_true(gw_eq(back.extra, p.extra));
        assert_true(gw_eq(back.checkpoint, p.checkpoint));
    }
}

static void what_is_no_proof_file_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        HEAD,
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nc",
        " " HEAD "index 1\n\nc",
        "c2sp.org/tlog-proof@v1 \nindex 1\n\nc",
        "c2sp.org/tlog-proof@v1\r\nindex 1\r\n\r\nc",
        HEAD "\nindex 1\n\nc",
        HEAD "index 1\n" HASH,
        HEAD "index 1\n\n",
        HEAD "index 1\n",
        HEAD "index 1",
        HEAD "index 01\n\nc",
        HEAD "index\n\nc",
        HEAD "index \n\nc",
        HEAD "index  1\n\nc",
        HEAD "index 1 \n\nc",
        HEAD "index -1\n\nc",
        HEAD "index 9223372036854775808\n\nc",
        HEAD "Index 1\n\nc",
        HEAD "index1\n\nc",
        HEAD "index 1\nindex 1\n\nc",
        HEAD "index 1\n" HASH " " HASH "\nc",
        HEAD "index 1\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnx=\n\nc",
        HEAD "index 1\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYnw\n\nc",
        HEAD "index 1\nr3JqrZ5+nIL5Jo5rvQxTHDfW5yDuLmT4g1726g4BYg==\n\nc",
        HEAD "index 1\nextra aGk=\n\nc",
        HEAD "extra aGk\nindex 1\n\nc",
        HEAD "extra aGl=\nindex 1\n\nc",
        HEAD "extra\nindex 1\n\nc",
        HEAD "extra aGk=\nextra aGk=\nindex 1\n\nc",
        HEAD "extra aGk=\n\nindex 1\n\nc",
        BATCH "index 1\n\nc",
    };
    struct gw_tlog_proof p;
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(parse(gw_str(bad[i]), &p), GW_EFORMAT);
}

static void a_proof_has_at_most_63_hashes(void **state)
{
    (void)state;
    struct gw_tlog_proof p;
    struct gw_batch_proof b;
    for (size_t n = 62; n < 66; n++) {
        gw_buf_reset(&buf);
        gw_put_str(&buf, HEAD "index 1\n");
        for (size_t i = 0; i < n; i++)
            gw_put_str(&buf, HASH);
        gw_put_str(&buf, "\nc");
        assert_int_equal(parse(gw_buf_span(&buf), &p), n < 64 ? 0 : GW_ETOOBIG);
        gw_buf_reset(&buf);
        gw_put_str(&buf, BATCH "index 1\nsize 2\nroot " HASH);
        for (size_t i = 0; i < n; i++)
            gw_put_str(&buf, HASH);
        assert_int_equal(gw_batch_proof_parse(gw_buf_span(&buf), &b, NULL),
                         n < 64 ? 0 : GW_ETOOBIG);
    }
}

static void put_many(size_t n, char c)
{
    uint8_t *at = gw_buf_room(&buf, n);
    assert_non_null(at);
    memset(at, c, n);
    buf.len += n;
}

static void sizes_have_limits(void **state)
{
    (void)state;
    struct gw_tlog_proof p;
    for (size_t more = 0; more < 2; more++) {
        size_t quanta = (1 << 20) / 3 + more;
        gw_buf_reset(&buf);
        gw_put_str(&buf, HEAD "extra ");
        put_many(4 * quanta, 'A');
        gw_put_str(&buf, "\nindex 1\n\nc");
        assert_int_equal(parse(gw_buf_span(&buf), &p), more ? GW_ETOOBIG : 0);
        gw_buf_reset(&buf);
        gw_put_str(&buf, HEAD "index 1\n\n");
        put_many((3 << 20) - buf.len + more, 'c');
        assert_int_equal(parse(gw_buf_span(&buf), &p), more ? GW_ETOOBIG : 0);
    }
}

static void extra_that_the_arena_cannot_hold_is_out_of_memory(void **state)
{
    (void)state;
    struct gw_tlog_proof p;
    struct gw_arena *small = gw_arena_new(2);
    assert_int_equal(
        gw_tlog_proof_parse(GW_LIT(HEAD "extra aGkh\nindex 1\n\nc"), small, &p,
                            NULL),
        GW_ENOMEM);
    gw_arena_free(small);
}

static void a_batch_proof_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct gw_rand r = {4};
    for (size_t round = 0; round <= GW_PROOF_MAX; round++) {
        struct gw_batch_proof p = {0}, back;
        struct gw_proof root;
        p.size = 1 + (gw_rand_next(&r) >> (1 + round % 63));
        p.size -= p.size > INT64_MAX;
        p.index = gw_rand_below(&r, p.size);
        random_proof(&r, round, &p.proof);
        random_proof(&r, 1, &root);
        p.root = root.at[0];
        gw_buf_reset(&buf);
        gw_batch_proof_format(&p, &buf);
        assert_int_equal(gw_batch_proof_parse(gw_buf_span(&buf), &back, NULL),
                         0);
        assert_int_equal(back.index, p.index);
        assert_int_equal(back.size, p.size);
        assert_true(gw_hash32_eq(&back.root, &p.root));
        same_proof(&back.proof, &p.proof);
    }
}

static void a_batch_proof_is_this_text(void **state)
{
    (void)state;
    struct gw_batch_proof p;
    static const char text[] = BATCH "index 1\nsize 2\nroot " HASH HASH;
    assert_int_equal(gw_batch_proof_parse(gw_str(text), &p, NULL), 0);
    gw_buf_reset(&buf);
    gw_batch_proof_format(&p, &buf);
    assert_true(gw_is(gw_buf_span(&buf), text));
}

static void what_is_no_batch_proof_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        BATCH,
        BATCH "index 0\nsize 1\n",
        BATCH "index 0\nsize 0\nroot " HASH,
        BATCH "index 1\nsize 1\nroot " HASH,
        BATCH "index 2\nsize 1\nroot " HASH,
        BATCH "size 1\nindex 0\nroot " HASH,
        BATCH "index 0\nsize 01\nroot " HASH,
        BATCH "index 0\nsize 9223372036854775808\nroot " HASH,
        BATCH "index 0\nsize 1\nroot r3JqrZ5+nIL5\n",
        BATCH "index 0\nsize 1\nroot\n",
        BATCH "index 0\nsize 1\n" HASH,
        BATCH "index 0\nsize 1\nroot " HASH "\n",
        BATCH "index 0\nsize 1\nroot " HASH "\n" HASH,
        BATCH "index 0\nsize 1\nroot " HASH "x",
        BATCH "index 0\nsize 1\nroot " HASH "x\n",
        BATCH "extra aGk=\nindex 0\nsize 1\nroot " HASH,
        HEAD "index 0\nsize 1\nroot " HASH,
    };
    struct gw_batch_proof p;
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_int_equal(gw_batch_proof_parse(gw_str(bad[i]), &p, NULL),
                         GW_EFORMAT);
    for (size_t len = 0; len < sizeof BATCH "index 0\nsize 1\nroot " HASH - 1;
         len++)
        assert_int_equal(
            gw_batch_proof_parse(
                gw_span_of(BATCH "index 0\nsize 1\nroot " HASH, len), &p, NULL),
            GW_EFORMAT);
}

// A text that passes is the only text of what it says, for a batch proof; a
// flipped bit therefore changes the value or is refused.
static void no_two_texts_say_the_same(void **state)
{
    (void)state;
    static const char text[] = BATCH "index 1\nsize 2\nroot " HASH HASH;
    uint8_t bytes[sizeof text - 1];
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        struct gw_batch_proof p;
        memcpy(bytes, text, sizeof bytes);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (gw_batch_proof_parse(gw_span_of(bytes, sizeof bytes), &p, NULL))
            continue;
        gw_buf_reset(&buf);
        gw_batch_proof_format(&p, &buf);
        assert_true(gw_eq(gw_buf_span(&buf), gw_span_of(bytes, sizeof bytes)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_file_reads),
        cmocka_unit_test(a_proof_file_comes_out_as_it_went_in),
        cmocka_unit_test(what_is_no_proof_file_is_an_error),
        cmocka_unit_test(a_proof_has_at_most_63_hashes),
        cmocka_unit_test(sizes_have_limits),
        cmocka_unit_test(extra_that_the_arena_cannot_hold_is_out_of_memory),
        cmocka_unit_test(a_batch_proof_comes_out_as_it_went_in),
        cmocka_unit_test(a_batch_proof_is_this_text),
        cmocka_unit_test(what_is_no_batch_proof_is_an_error),
        cmocka_unit_test(no_two_texts_say_the_same),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
