// Blocks and their encoding: what goes in comes out, the same rows make the
// same bytes, and hostile bytes make an error.
#include "fault.h"
#include "random_block.h"

#include <zstd.h>

struct bench { // a block, its arena and a codec
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_block_codec *codec;
};

static struct bench bench_new(void)
{
    struct bench b = {gw_arena_new(64 << 20), {0}, gw_block_codec_new()};
    assert_non_null(b.arena);
    assert_non_null(b.codec);
    assert_int_equal(gw_block_init(&b.block, b.arena), 0);
    return b;
}

static void bench_free(struct bench *b)
{
    gw_block_codec_free(b->codec);
    gw_block_release(&b->block);
    gw_arena_free(b->arena);
}

static struct gw_buf encoded(struct bench *b)
{
    struct gw_buf out;
    gw_buf_init(&out, 64 << 20);
    assert_int_equal(gw_block_encode(b->codec, &b->block, &out, NULL), 0);
    return out;
}

static int decode(struct bench *b, gw_span bytes)
{
    struct gw_why why = {0};
    gw_arena_reset(b->arena);
    int rc = gw_block_decode(b->codec, bytes, ~0u, &b->block, &why);
    assert_int_equal(rc, why.code);
    return rc;
}

// ---- rows ---------------------------------------------------------------

static bool is_null(enum gw_table table, const void *row)
{
    const struct gw_table_info *info = &gw_tables[table];
    _Alignas(max_align_t) uint8_t want[1024]; // no allocation: they fail here
    assert_true(info->row_size <= sizeof want);
    gw_row_null(table, want);
    for (size_t k = 0; k < info->column_count; k++) {
        const struct gw_column *c = &info->columns[k];
        if (!same_value(c->type, want + c->offset,
                        (const uint8_t *)row + c->offset))
            return false;
    }
    return true;
}

static void a_new_row_is_null_in_every_column(void **state)
{
    (void)state;
    struct bench b = bench_new();
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (int i = 0; i < 200; i++)
            assert_true(is_null((enum gw_table)t,
                                gw_block_add(&b.block, (enum gw_table)t)));
    bench_free(&b);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t k = 0; k < gw_tables[t].column_count; k++) {
            const struct gw_column *c = &gw_tables[t].columns[k];
            assert_ptr_equal(gw_column_find((enum gw_table)t, c->name), c);
        }
    assert_null(gw_column_find(GW_TABLE_dns, "no such column"));
}

static void rewinding_drops_what_came_after_the_mark(void **state)
{
    (void)state;
    struct bench b = bench_new();
    gw_add_dns(&b.block)->ttl = 7;
    struct gw_block_mark mark = gw_block_mark(&b.block);
    for (int i = 0; i < 300; i++) {
        gw_add_dns(&b.block)->ttl = 8;
        gw_add_tcp(&b.block);
    }
    gw_block_rewind(&b.block, &mark);
    size_t dns, tcp;
    assert_int_equal(gw_rows_dns(&b.block, &dns)->ttl, 7);
    gw_rows_tcp(&b.block, &tcp);
    assert_int_equal(dns, 1);
    assert_int_equal(tcp, 0);
    bench_free(&b);
}

static bool fill_rows(void)
{
    struct gw_block b;
    if (gw_block_init(&b, NULL))
        return false;
    for (int i = 0; i < 300; i++)
        memset(gw_add_key(&b), 0x5a, sizeof(struct gw_key_row));
    int err = b.err;
    gw_block_reset(&b);
    // What was written where a row could not be added must not come back.
    assert_true(is_null(GW_TABLE_key, gw_add_key(&b)));
    gw_block_release(&b);
    return err == 0;
}

static void a_row_that_could_not_be_added_spoils_no_later_one(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(fill_rows) > GW_TABLE_COUNT);
}

static void rows_over_the_limit_are_an_error(void **state)
{
    (void)state;
    struct bench b = bench_new();
    for (int i = 0; i < GW_BLOCK_ROWS_MAX; i++)
        gw_add_key(&b.block);
    gw_add_key(&b.block);
    assert_int_equal(b.block.err, GW_ETOOBIG);
    size_t count;
    gw_rows_key(&b.block, &count);
    assert_int_equal(count, GW_BLOCK_ROWS_MAX);
    struct gw_buf out;
    gw_buf_init(&out, 100);
    assert_int_equal(gw_block_encode(b.codec, &b.block, &out, NULL),
                     GW_ETOOBIG);
    gw_buf_release(&out);
    bench_free(&b);
}

// ---- round trips --------------------------------------------------------

static void any_block_comes_back_as_it_was(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 150; seed++) {
        struct gw_rand r = {seed};
        struct bench b = bench_new(), c = bench_new();
        random_rows(&r, &b.block, seed % 25 ? 12 : 2000);
        struct gw_buf out = encoded(&b);
        assert_int_equal(decode(&c, gw_buf_span(&out)), 0);
        assert_true(same_blocks(&b.block, &c.block));
        gw_buf_release(&out);
        bench_free(&b);
        bench_free(&c);
    }
}

static void an_empty_block_comes_back_empty(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct gw_buf out = encoded(&b);
    gw_add_dns(&b.block); // is gone after decoding
    assert_int_equal(decode(&b, gw_buf_span(&out)), 0);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        assert_int_equal(b.block.rows[t].count, 0);
    gw_buf_release(&out);
    bench_free(&b);
}

static void an_empty_text_stays_apart_from_none(void **state)
{
    (void)state;
    struct bench b = bench_new();
    gw_add_key(&b.block)->text = GW_LIT("");
    gw_add_key(&b.block);
    gw_add_key(&b.block)->text = GW_LIT("\0");
    struct gw_buf out = encoded(&b);
    assert_int_equal(decode(&b, gw_buf_span(&out)), 0);
    size_t n;
    const struct gw_key_row *rows = gw_rows_key(&b.block, &n);
    assert_non_null(rows[0].text.at);
    assert_int_equal(rows[0].text.len, 0);
    assert_null(rows[1].text.at);
    assert_true(gw_eq(rows[2].text, GW_LIT("\0")));
    gw_buf_release(&out);
    bench_free(&b);
}

static void only_wanted_tables_are_decoded(void **state)
{
    (void)state;
    struct bench b = bench_new();
    gw_add_dns(&b.block)->hostname = GW_LIT("a.example");
    gw_add_tcp(&b.block)->ip = GW_LIT("192.0.2.1");
    struct gw_buf out = encoded(&b);
    assert_int_equal(gw_block_decode(b.codec, gw_buf_span(&out), GW_WANT(tcp),
                                     &b.block, NULL),
                     0);
    size_t dns, tcp;
    gw_rows_dns(&b.block, &dns);
    assert_true(gw_is(gw_rows_tcp(&b.block, &tcp)->ip, "192.0.2.1"));
    assert_int_equal(dns, 0);
    assert_int_equal(tcp, 1);
    gw_buf_release(&out);
    bench_free(&b);
}

// ---- same rows, same bytes ----------------------------------------------

static void same_rows_make_the_same_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct gw_rand r = {seed}, again = {seed}, other = {seed + 1000};
        struct bench b = bench_new(), c = bench_new();
        random_rows(&other, &c.block, 50); // a codec that has worked before
        struct gw_buf first = encoded(&c), second;
        gw_buf_release(&first);
        gw_block_reset(&c.block);
        random_rows(&r, &b.block, 40);
        random_rows(&again, &c.block, 40);
        first = encoded(&b);
        second = encoded(&c);
        assert_true(gw_eq(gw_buf_span(&first), gw_buf_span(&second)));
        gw_buf_release(&second);
        assert_int_equal(decode(&c, gw_buf_span(&first)), 0);
        second = encoded(&c); // texts stand elsewhere now
        assert_true(gw_eq(gw_buf_span(&first), gw_buf_span(&second)));
        gw_buf_release(&first);
        gw_buf_release(&second);
        bench_free(&b);
        bench_free(&c);
    }
}

static void every_nan_is_the_same_null(void **state)
{
    (void)state;
    static const uint64_t nans[] = {
        UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
        UINT64_C(0x7ff0000000000001), UINT64_C(0xffffffffffffffff)};
    struct gw_buf first = {0};
    for (size_t i = 0; i < GW_COUNT(nans); i++) {
        struct bench b = bench_new();
        memcpy(&gw_add_key(&b.block)->value, &nans[i], sizeof nans[i]);
        gw_add_key(&b.block)->value = (double)INFINITY;
        struct gw_buf out = encoded(&b);
        if (i == 0)
            first = out;
        assert_true(gw_eq(gw_buf_span(&out), gw_buf_span(&first)));
        if (i > 0)
            gw_buf_release(&out);
        bench_free(&b);
    }
    gw_buf_release(&first);
}

static void a_block_is_appended_to_what_is_there(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct gw_buf out = encoded(&b);
    size_t alone = out.len;
    assert_int_equal(gw_block_encode(b.codec, &b.block, &out, NULL), 0);
    assert_memory_equal(out.at, out.at + alone, out.len - alone);
    gw_buf_release(&out);
    bench_free(&b);
}

// ---- hostile bytes ------------------------------------------------------

static struct gw_buf sample(void)
{
    struct gw_rand r = {77};
    struct bench b = bench_new();
    random_rows(&r, &b.block, 5);
    struct gw_buf out = encoded(&b);
    bench_free(&b);
    return out;
}

static void a_block_cut_short_is_an_error_at_any_length(void **state)
{
    (void)state;
    struct gw_buf out = sample();
    struct bench b = bench_new();
    for (size_t n = 0; n < out.len; n++) {
        uint8_t *exact = gw_new(n); // so that one byte past is seen
        memcpy(exact, out.at, n);
        assert_int_equal(decode(&b, gw_span_of(exact, n)), GW_ECORRUPT);
        gw_free(exact);
    }
    gw_put_u8(&out, 0);
    assert_int_equal(decode(&b, gw_buf_span(&out)), GW_ECORRUPT);
    gw_buf_release(&out);
    bench_free(&b);
}

static void flipped_bits_never_crash(void **state)
{
    (void)state;
    struct gw_buf out = sample();
    struct bench b = bench_new();
    int refused = 0;
    for (size_t bit = 0; bit < 8 * out.len; bit += 1 + bit % 3) {
        out.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int rc = decode(&b, gw_buf_span(&out));
        assert_true(rc == 0 || rc == GW_ECORRUPT || rc == GW_ENOMEM);
        refused += rc != 0;
        out.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 100);
    gw_buf_release(&out);
    bench_free(&b);
}

static void put_section(struct gw_buf *b, uint8_t id, uint64_t rows,
                        gw_span raw)
{
    uint8_t packed[4096];
    size_t n = ZSTD_compress(packed, sizeof packed, raw.at, raw.len, 1);
    assert_false(ZSTD_isError(n));
    gw_put_u8(b, id);
    gw_put_varint(b, rows);
    gw_put_varint(b, raw.len);
    gw_put_varint(b, n);
    gw_put(b, packed, n);
}

enum { DICTIONARY = 255 };

// A block of a dictionary with the one text "a" and a section of key rows.
static int decode_forged(uint64_t sections, uint8_t id, uint64_t rows,
                         gw_span raw)
{
    struct bench b = bench_new();
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_put_str(&out, "GWB1");
    gw_put_varint(&out, sections);
    put_section(&out, DICTIONARY, 1, GW_LIT("\1a"));
    if (sections > 1)
        put_section(&out, id, rows, raw);
    int rc = decode(&b, gw_buf_span(&out));
    if (rc)
        for (int t = 0; t < GW_TABLE_COUNT; t++)
            assert_int_equal(b.block.rows[t].count, 0);
    gw_buf_release(&out);
    bench_free(&b);
    return rc;
}
#define KEY_ROWS(sections, rows, raw)                                          \
    decode_forged(sections, GW_TABLE_key, rows, GW_LIT(raw))

static void forged_sections_are_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_forged(1, 0, 0, GW_LIT("")), 0);
    // Four columns: m, name, text, value.
    assert_int_equal(KEY_ROWS(2, 9, "\0\1\1\0\0"), 0);
    assert_int_equal(KEY_ROWS(2, 2, "\0\2\1\0\0\0"), 0);
    assert_int_equal(KEY_ROWS(2, 9, "\0\1\2\0\0"), GW_ECORRUPT); // no text 2
    assert_int_equal(KEY_ROWS(2, 1, "\0\4\0\0"), GW_ECORRUPT);   // no mode 4
    assert_int_equal(KEY_ROWS(2, 9, "\0\0\0\1\1"), GW_ECORRUPT); // REAL, mode 1
    assert_int_equal(KEY_ROWS(2, 1,
                              "\0\0\3"
                              "12345678\0"),
                     GW_ECORRUPT);
    assert_int_equal(KEY_ROWS(2, 9, "\0\0\0\0\0"), GW_ECORRUPT); // one too many
    assert_int_equal(KEY_ROWS(2, 9, "\0\0\0"), GW_ECORRUPT);
    assert_int_equal(KEY_ROWS(2, 9, "\2\1\1"), GW_ECORRUPT); // 9 rows, 2 codes
    assert_int_equal(KEY_ROWS(3, 1, "\0\0\0\0"), GW_ECORRUPT);
    assert_int_equal(KEY_ROWS(UINT64_MAX, 1, "\0\0\0\0"), GW_ECORRUPT);
    assert_int_equal(KEY_ROWS(2, GW_BLOCK_ROWS_MAX + 1, "\0\0\0\0"),
                     GW_ECORRUPT);
    assert_int_equal(decode_forged(2, DICTIONARY, 0, GW_LIT("")), GW_ECORRUPT);
    assert_int_equal(decode_forged(2, GW_TABLE_COUNT, 0, GW_LIT("")),
                     GW_ECORRUPT);
}

static void a_few_bytes_do_not_become_gigabytes_of_rows(void **state)
{
    (void)state;
    uint8_t nulls[64] = {0};
    size_t columns = gw_tables[GW_TABLE_measurement].column_count;
    assert_int_equal(decode_forged(2, GW_TABLE_measurement, GW_BLOCK_ROWS_MAX,
                                   gw_span_of(nulls, columns)),
                     GW_ECORRUPT);
    assert_int_equal(decode_forged(2, GW_TABLE_measurement, 10000,
                                   gw_span_of(nulls, columns)),
                     0);
}

static void the_same_table_twice_is_refused(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_put_str(&out, "GWB1\3");
    put_section(&out, DICTIONARY, 1, GW_LIT("\1a"));
    for (int i = 0; i < 2; i++)
        put_section(&out, GW_TABLE_key, 1, GW_LIT("\0\0\0\0"));
    assert_int_equal(decode(&b, gw_buf_span(&out)), GW_ECORRUPT);
    gw_buf_release(&out);
    bench_free(&b);
}

static void a_dictionary_stands_first_and_holds_what_it_says(void **state)
{
    (void)state;
    static const struct {
        uint64_t rows;
        gw_span raw;
    } bad[] = {{2, GW_LIT_INIT("\1a")},
               {1, GW_LIT_INIT("\2a")},
               {1, GW_LIT_INIT("\0a")},
               {UINT64_C(1) << 40, GW_LIT_INIT("\1a")}};
    struct bench b = bench_new();
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        gw_buf_reset(&out);
        gw_put_str(&out, "GWB1\1");
        put_section(&out, DICTIONARY, bad[i].rows, bad[i].raw);
        assert_int_equal(decode(&b, gw_buf_span(&out)), GW_ECORRUPT);
    }
    gw_buf_reset(&out);
    gw_put_str(&out, "GWB1\1");
    put_section(&out, GW_TABLE_key, 1, GW_LIT("\0\0\0\0"));
    assert_int_equal(decode(&b, gw_buf_span(&out)), GW_ECORRUPT);
    assert_int_equal(decode(&b, GW_LIT("GWB2\0")), GW_ECORRUPT);
    gw_buf_release(&out);
    bench_free(&b);
}

// ---- faults -------------------------------------------------------------

static bool encode_and_decode(void)
{
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block_codec *codec = gw_block_codec_new();
    struct gw_block b = {0}, back = {0};
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    bool ok = arena && codec && gw_block_init(&b, arena) == 0 &&
              gw_block_init(&back, arena) == 0;
    for (int i = 0; ok && i < 3000; i++) {
        struct gw_key_row *row = gw_add_key(&b);
        row->text = gw_arena_fmt(arena, "%d", i);
        ok = row->text.at != NULL && b.err == 0;
    }
    ok = ok && gw_block_encode(codec, &b, &out, NULL) == 0 &&
         gw_block_decode(codec, gw_buf_span(&out), ~0u, &back, NULL) == 0;
    assert_true(!ok || same_blocks(&b, &back));
    gw_buf_release(&out);
    gw_block_release(&b);
    gw_block_release(&back);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
    return ok;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(encode_and_decode) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_row_is_null_in_every_column),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(rewinding_drops_what_came_after_the_mark),
        cmocka_unit_test(a_row_that_could_not_be_added_spoils_no_later_one),
        cmocka_unit_test(rows_over_the_limit_are_an_error),
        cmocka_unit_test(any_block_comes_back_as_it_was),
        cmocka_unit_test(an_empty_block_comes_back_empty),
        cmocka_unit_test(an_empty_text_stays_apart_from_none),
        cmocka_unit_test(only_wanted_tables_are_decoded),
        cmocka_unit_test(same_rows_make_the_same_bytes),
        cmocka_unit_test(every_nan_is_the_same_null),
        cmocka_unit_test(a_block_is_appended_to_what_is_there),
        cmocka_unit_test(a_block_cut_short_is_an_error_at_any_length),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(forged_sections_are_refused),
        cmocka_unit_test(a_few_bytes_do_not_become_gigabytes_of_rows),
        cmocka_unit_test(the_same_table_twice_is_refused),
        cmocka_unit_test(a_dictionary_stands_first_and_holds_what_it_says),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
