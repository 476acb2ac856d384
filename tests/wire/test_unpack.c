// What the unpacker gives: leaves, names, containers and positions.
#include "fault.h"
#include "unpack_make.h"

static const struct pieces whole = {.given = 1 << 20, .read = 1 << 20};
static const struct pieces bytewise = {.given = 1, .read = 1};

static void assert_unpacks_both_ways(struct gw_buf *b, const char *expected)
{
    assert_unpacks(gw_buf_span(b), whole, expected);
    assert_unpacks(gw_buf_span(b), bytewise, expected);
    gw_buf_release(b);
}

static void plain_text_is_one_leaf(void **state)
{
    (void)state;
    assert_unpacks(GW_LIT("{\"a\":1}\n"), bytewise, "||0|{\"a\":1}\n\nend 0");
    assert_unpacks(GW_LIT("x"), whole, "||0|x\nend 0");
}

static void empty_file_is_one_empty_leaf(void **state)
{
    (void)state;
    assert_unpacks(GW_LIT(""), whole, "||0|\nend 0");
}

static void each_codec_is_told_by_its_content(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, GW_LIT("hello"));
        char expected[64];
        snprintf(expected, sizeof expected, "|%s|0|hello\nend 0",
                 makers[i].name);
        assert_unpacks_both_ways(&b, expected);
    }
}

static void members_one_after_another_are_one_leaf(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, GW_LIT("one "));
        makers[i].make(&b, GW_LIT(""));
        makers[i].make(&b, GW_LIT("two "));
        gw_put(&b, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
        makers[i].make(&b, GW_LIT("three"));
        gw_put(&b, "\0", 1);
        char expected[64];
        snprintf(expected, sizeof expected, "|%s|0|one two three\nend 0",
                 makers[i].name);
        assert_unpacks_both_ways(&b, expected);
    }
}

static void skippable_frames_are_skipped(void **state)
{
    (void)state;
    for (int i = 1; i <= 2; i++) { // zstd and lz4
        struct gw_buf b = made();
        makers[i].make(&b, GW_LIT("one "));
        gw_put(&b, "\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
        makers[i].make(&b, GW_LIT("two"));
        char expected[64];
        snprintf(expected, sizeof expected, "|%s|0|one two\nend 0",
                 makers[i].name);
        assert_unpacks_both_ways(&b, expected);
    }
}

static void gzip_headers_with_any_optional_field_are_read(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 32; flags++)
        for (size_t step = 1; step < 60; step++) {
            struct gw_buf b = made();
            make_gzip_stored(&b, GW_LIT("first "), (uint8_t)flags);
            make_gzip_stored(&b, GW_LIT("second"), (uint8_t)flags);
            assert_unpacks(gw_buf_span(&b),
                           (struct pieces){.given = step, .read = step},
                           "|gzip|0|first second\nend 0");
            gw_buf_release(&b);
        }
}

static void gzip_header_checksum_is_checked(void **state)
{
    (void)state;
    struct gw_buf b = made();
    make_gzip_stored(&b, GW_LIT("text"), 2);
    b.at[4] ^= 1;
    assert_unpacks_both_ways(&b, "|gzip|0|!-1002\nend 0");
}

static void tar_gives_its_regular_files(void **state)
{
    (void)state;
    struct gw_buf b = made();
    put_tar(&b, "dir/", '5', GW_LIT(""));
    put_tar(&b, "dir/a.json", '0', GW_LIT("alpha"));
    put_tar(&b, "link", '2', GW_LIT(""));
    put_tar(&b, "empty", '0', GW_LIT(""));
    put_tar(&b, "b.json", '0', GW_LIT("be"));
    put_tar_end(&b);
    assert_unpacks_both_ways(&b, "dir/a.json|tar|0|alpha\n"
                                 "empty|tar|5|\n"
                                 "b.json|tar|5|be\n"
                                 "end 0");
}

static void every_tar_flavour_is_read(void **state)
{
    (void)state;
    const char *const formats[] = {"ustar", "pax", "gnutar", "v7tar"};
    for (size_t i = 0; i < GW_COUNT(formats); i++) {
        struct gw_buf b = made();
        make_tar_as(&b, formats[i], "folder/ok.json", GW_LIT("text"));
        assert_unpacks_both_ways(&b, "folder/ok.json|tar|0|text\nend 0");
    }
}

static void names_of_any_length_and_script_come_whole(void **state)
{
    (void)state;
    char name[400] = "\xd9\xbe\xd8\xa7\xda\xa9", expected[500];
    memset(name + 6, 'n', 300);
    snprintf(expected, sizeof expected, "%s|tar|0|text\nend 0", name);
    const char *const formats[] = {"pax", "gnutar"};
    for (size_t i = 0; i < GW_COUNT(formats); i++) {
        struct gw_buf b = made();
        make_tar_as(&b, formats[i], name, GW_LIT("text"));
        assert_unpacks_both_ways(&b, expected);
    }
}

static void concatenated_tars_lose_no_member(void **state)
{
    (void)state;
    struct gw_buf b = made();
    make_tar(&b, GW_LIT("first"));
    make_tar(&b, GW_LIT("second"));
    assert_unpacks_both_ways(&b, "one|tar|0|first\none|tar|5|second\nend 0");
}

static void tar_without_members_has_no_leaf(void **state)
{
    (void)state;
    struct gw_buf b = made();
    put_tar_end(&b);
    assert_unpacks_both_ways(&b, "end 0");
}

static void sparse_file_has_its_holes_as_zeros(void **state)
{
    (void)state;
    // Old GNU form: 4 bytes at 0, 4 at 1024, and a hole up to 2000.
    uint8_t block[1024] = {0};
    snprintf((char *)block, 100, "holes");
    snprintf((char *)block + 100, 8, "%07o", 0644U);
    snprintf((char *)block + 124, 12, "%011o", 8U);
    block[156] = 'S';
    memcpy(block + 257, "ustar  ", 8);
    const unsigned map[] = {0, 4, 1024, 4, 2000, 0};
    for (size_t i = 0; i < GW_COUNT(map); i++)
        snprintf((char *)block + 386 + 12 * i, 12, "%011o", map[i]);
    snprintf((char *)block + 483, 12, "%011o", 2000U);
    seal_header(block);
    memcpy(block + 512, "headtail", 8);
    struct gw_buf b = made(), text = made();
    gw_put(&b, block, sizeof block);
    put_tar_end(&b);
    uint8_t expected[2000] = {0};
    memcpy(expected, "head", 4);
    memcpy(expected + 1024, "tail", 4);
    assert_int_equal(unpack_all(&text, gw_buf_span(&b), whole), 0);
    assert_int_equal(text.len, sizeof expected);
    assert_memory_equal(text.at, expected, sizeof expected);
    gw_buf_release(&b);
    gw_buf_release(&text);
}

static void containers_inside_containers_are_opened(void **state)
{
    (void)state;
    struct gw_buf inner = made(), tar = made(), outer = made();
    make_lz4(&inner, GW_LIT("packed"));
    put_tar(&tar, "a.json.lz4", '0', gw_buf_span(&inner));
    put_tar(&tar, "b.json", '0', GW_LIT("plain"));
    gw_buf_reset(&inner);
    make_gzip(&inner, GW_LIT("zipped"));
    put_tar(&tar, "c.gz", '0', gw_buf_span(&inner));
    put_tar_end(&tar);
    make_lz4(&outer, gw_buf_span(&tar));
    assert_unpacks_both_ways(&outer, "a.json.lz4|lz4+tar+lz4|0|packed\n"
                                     "b.json|lz4+tar|6|plain\n"
                                     "c.gz|lz4+tar+gzip|11|zipped\n"
                                     "end 0");
    gw_buf_release(&inner);
    gw_buf_release(&tar);
}

static void tar_inside_a_tar_gives_its_members_in_place(void **state)
{
    (void)state;
    struct gw_buf inner = made(), outer = made();
    put_tar(&inner, "in1", '0', GW_LIT("1"));
    put_tar(&inner, "in2", '0', GW_LIT("22"));
    put_tar_end(&inner);
    put_tar(&outer, "x.tar", '0', gw_buf_span(&inner));
    put_tar(&outer, "after", '0', GW_LIT("333"));
    put_tar_end(&outer);
    assert_unpacks_both_ways(&outer, "in1|tar+tar|0|1\n"
                                     "in2|tar+tar|1|22\n"
                                     "after|tar|3|333\n"
                                     "end 0");
    gw_buf_release(&inner);
}

static void nesting_is_allowed_four_deep_and_refused_five_deep(void **state)
{
    (void)state;
    struct gw_buf b[6];
    for (int i = 0; i < 6; i++) {
        b[i] = made();
        if (i == 0)
            gw_put_str(&b[i], "deep");
        else
            makers[i % CODECS].make(&b[i], gw_buf_span(&b[i - 1]));
    }
    assert_unpacks(gw_buf_span(&b[4]), whole,
                   "|gzip+bzip2+lz4+zstd|0|deep\nend 0");
    assert_unpacks(gw_buf_span(&b[5]), whole, "end -1006");
    struct gw_buf tar = made();
    put_tar(&tar, "bad", '0', gw_buf_span(&b[4]));
    put_tar(&tar, "good", '0', gw_buf_span(&b[3]));
    put_tar_end(&tar);
    assert_unpacks_both_ways(&tar, "bad|tar|0|!-1006\n"
                                   "good|tar+bzip2+lz4+zstd|0|deep\n"
                                   "end 0");
    for (int i = 0; i < 6; i++)
        gw_buf_release(&b[i]);
}

static void a_text_with_the_tar_magic_is_still_a_text(void **state)
{
    (void)state;
    char text[600], expected[700];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    memcpy(text + 257, "ustar ", 6);
    snprintf(expected, sizeof expected, "||0|%s\nend 0", text);
    assert_unpacks(gw_str(text), whole, expected);
}

static void skipped_leaves_count_in_positions(void **state)
{
    (void)state;
    struct gw_buf inner = made(), b = made();
    make_gzip(&inner, GW_LIT("twelve bytes"));
    put_tar(&b, "a", '0', GW_LIT("alpha"));
    put_tar(&b, "z", '0', gw_buf_span(&inner));
    put_tar(&b, "c", '0', GW_LIT("see"));
    put_tar_end(&b);
    assert_unpacks(gw_buf_span(&b), (struct pieces){1, 1, "z", 0},
                   "a|tar|0|alpha\nz|tar+gzip|5|\nc|tar|17|see\nend 0");
    assert_unpacks(gw_buf_span(&b), (struct pieces){1, 1, "a", 0},
                   "a|tar|0|\nz|tar+gzip|5|twelve bytes\nc|tar|17|see\nend 0");
    gw_buf_release(&inner);
    gw_buf_release(&b);
}

static void any_division_into_pieces_gives_the_same(void **state)
{
    (void)state;
    struct gw_buf text = made();
    put_text(&text, 900 * 1000, 7);
    for (int i = 0; i < MAKERS; i++) {
        struct gw_buf b = made();
        for (size_t at = 0; at < text.len; at += 300 * 1000)
            makers[i].make(&b, gw_sub(gw_buf_span(&text), at, 300 * 1000));
        const size_t sizes[] = {0, 509, 32768, 65536, 262143, 1 << 20};
        for (size_t j = 0; j < GW_COUNT(sizes); j++) {
            struct gw_buf got = made();
            struct pieces p = {.given = sizes[GW_COUNT(sizes) - 1 - j],
                               .read = sizes[j]};
            assert_int_equal(unpack_all(&got, gw_buf_span(&b), p), 0);
            assert_true(gw_eq(gw_buf_span(&got), gw_buf_span(&text)));
            gw_buf_release(&got);
        }
        gw_buf_release(&b);
    }
    gw_buf_release(&text);
}

static void real_gzip_file_unpacks_to_its_stated_length(void **state)
{
    (void)state;
    const char *data = getenv("GAWAH_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/ooni/kenya-telegram-2023/%s",
             data ? data : "", "2023-KE-telegram.csv.gz");
    struct gw_buf b = made(), text = made();
    if (!data || gw_file_read(path, &b, NULL) < 0) {
        print_message("skipped: no real inputs in GAWAH_DATA\n");
    } else {
        assert_int_equal(unpack_all(&text, gw_buf_span(&b), whole), 0);
        struct gw_reader r =
            gw_reader_on(gw_sub(gw_buf_span(&b), b.len - 4, 4));
        assert_int_equal(gw_read_u32le(&r), text.len);
    }
    gw_buf_release(&b);
    gw_buf_release(&text);
}

// ---- allocations ---------------------------------------------------------
static struct gw_buf nested;

static bool unpack_nested(void)
{
    struct feed f = {.in = gw_buf_span(&nested), .p = whole};
    struct gw_unpack *u = gw_unpack_new(feed, &f);
    struct gw_leaf leaf;
    uint8_t bytes[100];
    int r = u ? 1 : GW_ENOMEM, failures = r < 0;
    while (r > 0 && (r = gw_unpack_leaf(u, &leaf, NULL)) > 0) {
        int64_t n;
        while ((n = gw_unpack_read(u, bytes, sizeof bytes, NULL)) > 0)
            ;
        failures += n < 0;
        assert_true(n == 0 || n == GW_ENOMEM);
    }
    assert_true(r == 0 || r == GW_ENOMEM);
    gw_unpack_free(u);
    return r == 0 && !failures;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    struct gw_buf tar = made();
    nested = made();
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, GW_LIT("text"));
        put_tar(&tar, makers[i].name, '0', gw_buf_span(&b));
        gw_buf_release(&b);
    }
    put_tar_end(&tar);
    make_gzip(&nested, gw_buf_span(&tar));
    assert_true(gw_fault_each_alloc(unpack_nested) > 12);
    gw_buf_release(&tar);
    gw_buf_release(&nested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_one_leaf),
        cmocka_unit_test(empty_file_is_one_empty_leaf),
        cmocka_unit_test(each_codec_is_told_by_its_content),
        cmocka_unit_test(members_one_after_another_are_one_leaf),
        cmocka_unit_test(skippable_frames_are_skipped),
        cmocka_unit_test(gzip_headers_with_any_optional_field_are_read),
        cmocka_unit_test(gzip_header_checksum_is_checked),
        cmocka_unit_test(tar_gives_its_regular_files),
        cmocka_unit_test(every_tar_flavour_is_read),
        cmocka_unit_test(names_of_any_length_and_script_come_whole),
        cmocka_unit_test(concatenated_tars_lose_no_member),
        cmocka_unit_test(tar_without_members_has_no_leaf),
        cmocka_unit_test(sparse_file_has_its_holes_as_zeros),
        cmocka_unit_test(containers_inside_containers_are_opened),
        cmocka_unit_test(tar_inside_a_tar_gives_its_members_in_place),
        cmocka_unit_test(nesting_is_allowed_four_deep_and_refused_five_deep),
        cmocka_unit_test(a_text_with_the_tar_magic_is_still_a_text),
        cmocka_unit_test(skipped_leaves_count_in_positions),
        cmocka_unit_test(any_division_into_pieces_gives_the_same),
        cmocka_unit_test(real_gzip_file_unpacks_to_its_stated_length),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
