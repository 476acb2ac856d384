// CSV: what RFC 4180 says, what broken files cost, and that no choice of
// chunks changes a row.
#include "fault.h"
#include "t.h"
#include "wire/wire.h"

#include <stdio.h>

// Takes all rows there are, one line each: "offset:field|field", and "!code"
// for a broken one. Asks again once when memory ran out. 0, or GW_ENOMEM.
static int drain(struct gw_csv *c, struct gw_buf *out)
{
    const gw_span *fields;
    size_t n;
    int64_t offset;
    for (;;) {
        int got = gw_csv_row(c, &fields, &n, &offset, NULL);
        if (got == GW_ENOMEM)
            got = gw_csv_row(c, &fields, &n, &offset, NULL);
        if (got == 0 || got == GW_ENOMEM)
            return got;
        if (got < 0) {
            gw_put_fmt(out, "!%d\n", got);
            continue;
        }
        gw_put_fmt(out, "%lld:", (long long)offset);
        for (size_t i = 0; i < n; i++) {
            gw_put_str(out, i ? "|" : "");
            gw_put_span(out, fields[i]);
        }
        gw_put_str(out, "\n");
    }
}

// Feeds text in chunks of 1..most bytes, each in memory of its own that is
// gone after its rows were taken.
static int read_chunks(gw_span text, char separator, size_t most,
                       struct gw_rand *r, struct gw_buf *out)
{
    struct gw_csv *c = gw_csv_new(separator);
    int err = c ? 0 : GW_ENOMEM;
    bool last = false;
    while (!err && !last) {
        size_t n = r ? 1 + (size_t)gw_rand_below(r, most) : most;
        n = n < text.len ? n : text.len;
        last = n == text.len;
        uint8_t *chunk = gw_new(n);
        if (chunk && n)
            memcpy(chunk, text.at, n);
        if (chunk)
            gw_csv_feed(c, gw_span_of(chunk, n), last);
        err = chunk ? drain(c, out) : GW_ENOMEM;
        gw_free(chunk);
        text = gw_sub(text, n, text.len);
    }
    gw_csv_free(c);
    return err;
}

static void expect_rows(gw_span text, char separator, gw_span rows)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 16, 4096, SIZE_MAX};
    for (size_t i = 0; i < GW_COUNT(sizes); i++) {
        struct gw_buf out;
        gw_buf_init(&out, 1 << 20);
        assert_int_equal(read_chunks(text, separator, sizes[i], NULL, &out), 0);
        assert_int_equal(out.len, rows.len);
        assert_memory_equal(out.at, rows.at, rows.len);
        gw_buf_release(&out);
    }
}
#define EXPECT(text, rows) expect_rows(GW_LIT(text), ',', GW_LIT(rows))

static void rows_come_with_the_position_of_their_first_byte(void **state)
{
    (void)state;
    EXPECT("a,b\n1,2\n\"x\ny\",3\nz,4\n", "0:a|b\n4:1|2\n8:x\ny|3\n16:z|4\n");
}

static void every_kind_of_line_end_ends_a_row(void **state)
{
    (void)state;
    EXPECT("a,b\r\nc\rd\n\"e\"\r\n\"f\"\rg",
           "0:a|b\n5:c\n7:d\n9:e\n14:f\n18:g\n");
    EXPECT("a\r\rb\n\nc\r\n\r\nd", "0:a\n2:\n3:b\n5:\n6:c\n9:\n11:d\n");
}

static void last_row_needs_no_line_end(void **state)
{
    (void)state;
    EXPECT("", "");
    EXPECT("\n", "0:\n");
    EXPECT("a", "0:a\n");
    EXPECT("a,", "0:a|\n");
    EXPECT("\"a\"", "0:a\n");
    EXPECT("\"a\",", "0:a|\n");
    EXPECT("a\n\"\"", "0:a\n2:\n");
}

static void quoted_fields_hold_anything(void **state)
{
    (void)state;
    EXPECT("\"a,b\",\"c\"\"d\",\"\"\"\",\"\"\n", "0:a,b|c\"d|\"|\n");
    EXPECT("\"1\r\n2\",\"\"\"3\n\"\"\"\r\nx\r\n", "0:1\r\n2|\"3\n\"\n17:x\n");
}

static void quote_inside_a_bare_field_is_text(void **state)
{
    (void)state;
    EXPECT("5\" disk,a\"\"b, \"c\"\nd\n", "0:5\" disk|a\"\"b| \"c\"\n18:d\n");
    EXPECT("\"a\"\"b\",c\"\"d\n", "0:a\"b|c\"\"d\n");
}

static void byte_order_mark_is_skipped_at_the_start_only(void **state)
{
    (void)state;
    EXPECT("\xef\xbb\xbf"
           "a,b\n\xef\xbb\xbf"
           "c\n",
           "3:a|b\n7:\xef\xbb\xbf"
           "c\n");
    EXPECT("\xef\xbb\xbf\"a\"", "3:a\n");
    EXPECT("\xef\xbb\xbf", "");
    EXPECT("\xef\xbb", "0:\xef\xbb\n");
    EXPECT("\xef\xbb,\n", "0:\xef\xbb|\n");
}

static void separator_is_the_one_asked_for(void **state)
{
    (void)state;
    expect_rows(GW_LIT("a,b;\"c;d\"\n"), ';', GW_LIT("0:a,b|c;d\n"));
    expect_rows(GW_LIT("a b\t\"c\td\"\te\n"), '\t', GW_LIT("0:a b|c\td|e\n"));
}

static void text_after_a_quote_costs_one_line(void **state)
{
    (void)state;
    EXPECT("a\n\"b\"c,d\ne\n", "0:a\n!-1002\n9:e\n");
    EXPECT("\"a\" ,b\r\nc\r\n", "!-1002\n8:c\n");
    EXPECT("a,\"b\nc\nd,\"e\"\nf\n", "!-1002\n5:c\n7:d|e\n13:f\n");
}

static void unclosed_quote_costs_one_line(void **state)
{
    (void)state;
    EXPECT("a\nb,\"c\nd,e\nf\n", "0:a\n!-1002\n7:d|e\n11:f\n");
    EXPECT("\"", "!-1002\n");
    EXPECT("a,\"b\"\"", "!-1002\n");
}

static void broken_row_is_named_by_its_line(void **state)
{
    (void)state;
    const gw_span *fields;
    size_t n;
    int64_t offset = -1;
    struct gw_why why = {0};
    struct gw_csv *c = gw_csv_new(',');
    gw_csv_feed(c, GW_LIT("a\r\n\"b\r\n\r\nc\rd\"\r\"d\"e\nf"), true);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, &why), 1);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, &why), 1);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, &why), GW_EFORMAT);
    assert_string_equal(why.text, "row at byte 14, line 6: text after a "
                                  "closing quote (RFC 4180 section 2.5)");
    assert_int_equal(offset, 3);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, &why), 1);
    assert_true(gw_is(fields[0], "f"));
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, &why), 0);
    gw_csv_free(c);
}

// ---- ceilings -----------------------------------------------------------
// Appends n times the byte.
static void put_run(struct gw_buf *b, char byte, size_t n)
{
    uint8_t *p = gw_buf_room(b, n);
    assert_non_null(p);
    memset(p, byte, n);
    b->len += n;
}

// Reads the text in chunks small and large; gives the lengths of the lines of
// what drain() wrote, "!" lines as they are.
static void expect_lengths(gw_span text, const char *lengths)
{
    static const size_t sizes[] = {4099, 70001, SIZE_MAX};
    for (size_t i = 0; i < GW_COUNT(sizes); i++) {
        struct gw_buf out, seen;
        gw_buf_init(&out, 64 << 20);
        gw_buf_init(&seen, 1 << 20);
        assert_int_equal(read_chunks(text, ',', sizes[i], NULL, &out), 0);
        for (gw_span rest = gw_buf_span(&out); rest.len;) {
            gw_span line = gw_cut(&rest, '\n');
            if (!gw_starts(line, "!"))
                gw_put_fmt(&seen, "%zu ", line.len);
            else
                gw_put_fmt(&seen, "%.*s ", (int)line.len,
                           (const char *)line.at);
        }
        gw_put_u8(&seen, 0);
        assert_string_equal((const char *)seen.at, lengths);
        gw_buf_release(&out);
        gw_buf_release(&seen);
    }
}

static void longest_field_passes_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    for (int quoted = 0; quoted <= 1; quoted++) {
        struct gw_buf b;
        gw_buf_init(&b, 8 << 20);
        for (size_t more = 0; more <= 1; more++) {
            gw_put_str(&b, quoted ? "\"\"\"" : "");
            put_run(&b, 'x', GW_CSV_FIELD_MAX - (size_t)quoted + more);
            gw_put_str(&b, quoted ? "\"\n" : "\n");
        }
        gw_put_str(&b, "end\n");
        expect_lengths(gw_buf_span(&b), "1048578 !-27 11 ");
        gw_buf_release(&b);
    }
}

static void quote_open_for_longer_than_a_field_costs_one_line(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 8 << 20);
    gw_put_str(&b, "\"a\n");
    for (int i = 0; i < 3; i++) {
        put_run(&b, 'x', 500000);
        gw_put_str(&b, "\n");
    }
    gw_put_str(&b, "\"b\"\n");
    expect_lengths(gw_buf_span(&b), "!-27 500002 500007 500008 9 ");
    gw_buf_release(&b);
}

static void most_columns_pass_and_one_more_is_refused(void **state)
{
    (void)state;
    for (int quoted = 0; quoted <= 1; quoted++) {
        struct gw_buf b;
        gw_buf_init(&b, 1 << 20);
        for (size_t more = 0; more <= 1; more++) {
            gw_put_str(&b, quoted ? "\"\"" : "");
            put_run(&b, ',', GW_CSV_COLUMNS_MAX - 1 + more);
            gw_put_str(&b, "\n");
        }
        gw_put_str(&b, "end\n");
        expect_lengths(gw_buf_span(&b), "513 !-27 8 ");
        gw_buf_release(&b);
    }
}

static void longest_row_passes_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    for (int quoted = 0; quoted <= 1; quoted++) {
        struct gw_buf b;
        gw_buf_init(&b, 32 << 20);
        for (size_t more = 0; more <= 1; more++) {
            gw_put_str(&b, quoted ? "\"\"" : "xx");
            for (size_t i = 0; i < 4; i++) {
                gw_put_str(&b, ",");
                put_run(&b, 'x',
                        ((size_t)1 << 20) - 2 + i / 3 + (i ? 0 : more));
            }
            gw_put_str(&b, "x\r\n");
        }
        for (int i = 0; i < 5; i++) {
            gw_put_str(&b, "\"");
            put_run(&b, 'x', 1000000);
            gw_put_str(&b, i < 4 ? "\"," : "\"x");
        }
        gw_put_str(&b, "\nend");
        expect_lengths(gw_buf_span(&b), quoted ? "4194304 !-27 !-27 12 "
                                               : "4194306 !-27 !-27 12 ");
        gw_buf_release(&b);
    }
}

// ---- properties ---------------------------------------------------------
static gw_span random_text(struct gw_rand *r, uint8_t *bytes, size_t most)
{
    static const char alphabet[] = "\",\"\r\n\nab\xef\xbb\xbf";
    size_t n = (size_t)gw_rand_below(r, most);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)alphabet[gw_rand_below(r, sizeof alphabet - 1)];
    return gw_span_of(bytes, n);
}

static void written_rows_read_back_equal_in_any_chunks(void **state)
{
    (void)state;
    struct gw_rand r = {20240212};
    struct gw_buf csv, want, got;
    gw_buf_init(&csv, 1 << 20);
    gw_buf_init(&want, 1 << 20);
    gw_buf_init(&got, 1 << 20);
    for (int turn = 0; turn < 3000; turn++) {
        gw_buf_reset(&csv);
        gw_buf_reset(&want);
        gw_buf_reset(&got);
        for (uint64_t rows = gw_rand_below(&r, 6); rows; rows--) {
            gw_put_fmt(&want, "%zu:", csv.len);
            for (uint64_t i = 0, n = 1 + gw_rand_below(&r, 5); i < n; i++) {
                uint8_t bytes[40];
                gw_span field = random_text(&r, bytes, sizeof bytes);
                gw_put_str(&csv, i ? "," : "");
                gw_put_str(&want, i ? "|" : "");
                gw_csv_put(&csv, field);
                gw_put_span(&want, field);
            }
            gw_put_str(&csv, turn % 3 == 0   ? "\n"
                             : turn % 3 == 1 ? "\r\n"
                                             : "\r");
            gw_put_str(&want, "\n");
        }
        read_chunks(gw_buf_span(&csv), ',', 30, &r, &got);
        assert_int_equal(got.len, want.len);
        if (want.len)
            assert_memory_equal(got.at, want.at, want.len);
    }
    gw_buf_release(&csv);
    gw_buf_release(&want);
    gw_buf_release(&got);
}

static void chunks_never_change_what_any_bytes_mean(void **state)
{
    (void)state;
    struct gw_rand r = {7};
    struct gw_buf whole, parts;
    gw_buf_init(&whole, 1 << 20);
    gw_buf_init(&parts, 1 << 20);
    for (int turn = 0; turn < 5000; turn++) {
        uint8_t bytes[300];
        gw_span text = random_text(&r, bytes, sizeof bytes);
        gw_buf_reset(&whole);
        gw_buf_reset(&parts);
        read_chunks(text, ',', SIZE_MAX, NULL, &whole);
        read_chunks(text, ',', 1 + (size_t)gw_rand_below(&r, 40), &r, &parts);
        assert_int_equal(parts.len, whole.len);
        if (whole.len)
            assert_memory_equal(parts.at, whole.at, whole.len);
    }
    gw_buf_release(&whole);
    gw_buf_release(&parts);
}

static void fields_are_quoted_only_where_they_must_be(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},           {"plain text; 1'2", "plain text; 1'2"},
        {"a,b", "\"a,b\""}, {"a\"b", "\"a\"\"b\""},
        {"\n", "\"\n\""},   {"a\r", "\"a\r\""},
        {"\"", "\"\"\"\""}, {"\xef\xbb\xbf", "\"\xef\xbb\xbf\""},
    };
    for (size_t i = 0; i < GW_COUNT(pairs); i++) {
        struct gw_buf b;
        gw_buf_init(&b, 100);
        gw_csv_put(&b, gw_str(pairs[i][0]));
        assert_true(gw_is(gw_buf_span(&b), pairs[i][1]));
        gw_buf_release(&b);
    }
}

#define HUNDRED                                                                \
    "0123456789 123456789 123456789 123456789 123456789 "                      \
    "123456789 123456789 123456789 123456789 123456789"

static bool rows_over_many_chunks(void)
{
    struct gw_buf out = {.max = 1 << 20};
    gw_span text = GW_LIT("a,\"" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
                          "\"\"b\nc\"\n\"d\",e");
    int err = read_chunks(text, ',', 90, NULL, &out);
    bool same = gw_is(gw_buf_span(&out),
                      "0:a|" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
                      "\"b\nc\n610:d|e\n");
    assert_true(err || out.err || same); // asked again, a row is not lost
    err = err ? err : out.err;
    gw_buf_release(&out);
    return !err;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(rows_over_many_chunks) >= 10);
}

static void asking_without_new_bytes_gives_nothing(void **state)
{
    (void)state;
    const gw_span *fields;
    size_t n;
    int64_t offset;
    struct gw_csv *c = gw_csv_new(',');
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, NULL), 0);
    gw_csv_feed(c, GW_LIT("a"), false);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, NULL), 0);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, NULL), 0);
    gw_csv_feed(c, GW_LIT(""), true);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, NULL), 1);
    assert_int_equal(gw_csv_row(c, &fields, &n, &offset, NULL), 0);
    gw_csv_free(c);
}

// ---- real files ---------------------------------------------------------
static void expect_real(const char *file, size_t columns, int64_t rows)
{
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    struct gw_buf b;
    struct gw_why why = {0};
    gw_buf_init(&b, 64 << 20);
    snprintf(path, sizeof path, "%s/%s", data ? data : "", file);
    if (!data || gw_file_read(path, &b, NULL) < 0) {
        printf("skipped: no %s in GAWAH_DATA\n", file);
        gw_buf_release(&b);
        return;
    }
    struct gw_csv *c = gw_csv_new(',');
    int64_t seen = 0, offset;
    for (size_t at = 0; at < b.len; at += 65536) {
        const gw_span *fields;
        size_t n;
        gw_csv_feed(c, gw_sub(gw_buf_span(&b), at, 65536), at + 65536 >= b.len);
        for (; gw_csv_row(c, &fields, &n, &offset, &why) == 1; seen++)
            assert_int_equal(n, columns);
        assert_string_equal(why.text, "");
    }
    assert_int_equal(seen, rows);
    gw_csv_free(c);
    gw_buf_release(&b);
}

static void real_files_read_whole(void **state)
{
    (void)state;
    expect_real("outages/ioda/raw_curated.csv", 107, 1705);
    expect_real("outages/stop/stop_2016_2025.csv", 47, 2103);
    expect_real("register/upr/raw_14-17_macroman.csv", 11, 9599);
    expect_real("register/upr/upr_recommendations_s1-20_utf8.csv", 11, 41064);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_with_the_position_of_their_first_byte),
        cmocka_unit_test(every_kind_of_line_end_ends_a_row),
        cmocka_unit_test(last_row_needs_no_line_end),
        cmocka_unit_test(quoted_fields_hold_anything),
        cmocka_unit_test(quote_inside_a_bare_field_is_text),
        cmocka_unit_test(byte_order_mark_is_skipped_at_the_start_only),
        cmocka_unit_test(separator_is_the_one_asked_for),
        cmocka_unit_test(text_after_a_quote_costs_one_line),
        cmocka_unit_test(unclosed_quote_costs_one_line),
        cmocka_unit_test(broken_row_is_named_by_its_line),
        cmocka_unit_test(longest_field_passes_and_one_byte_more_is_refused),
        cmocka_unit_test(quote_open_for_longer_than_a_field_costs_one_line),
        cmocka_unit_test(most_columns_pass_and_one_more_is_refused),
        cmocka_unit_test(longest_row_passes_and_one_byte_more_is_refused),
        cmocka_unit_test(written_rows_read_back_equal_in_any_chunks),
        cmocka_unit_test(chunks_never_change_what_any_bytes_mean),
        cmocka_unit_test(fields_are_quoted_only_where_they_must_be),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(asking_without_new_bytes_gives_nothing),
        cmocka_unit_test(real_files_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
