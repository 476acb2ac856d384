// What the unpacker makes of streams that are cut, bent or no known format.
#include "unpack_make.h"

static const struct pieces whole = {.given = 1 << 20, .read = 9000};
static const struct pieces bytewise = {.given = 1, .read = 1};

static bool is_prefix(const struct gw_buf *part, const struct gw_buf *all)
{
    return gw_eq(gw_buf_span(part), gw_sub(gw_buf_span(all), 0, part->len));
}

static void codec_cut_at_any_byte_gives_what_came_and_is_too_few(void **state)
{
    (void)state;
    struct gw_buf text = made();
    put_text(&text, 3000, 1);
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, gw_buf_span(&text));
        for (size_t cut = 2; cut <= b.len; cut++) {
            struct gw_buf got = made(), slow = made();
            gw_span in = gw_sub(gw_buf_span(&b), 0, cut);
            int r = unpack_all(&got, in, whole);
            assert_int_equal(r, cut < b.len ? GW_EFEW : 0);
            assert_int_equal(unpack_all(&slow, in, bytewise), r);
            assert_true(is_prefix(&got, &text));
            assert_true(gw_eq(gw_buf_span(&got), gw_buf_span(&slow)));
            gw_buf_release(&got);
            gw_buf_release(&slow);
        }
        gw_buf_release(&b);
    }
    gw_buf_release(&text);
}

static void cut_in_a_later_member_is_too_few_but_not_between(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, GW_LIT("first"));
        size_t first = b.len;
        makers[i].make(&b, GW_LIT("second"));
        for (size_t cut = first; cut < b.len; cut++) {
            struct gw_buf got = made();
            gw_span in = gw_sub(gw_buf_span(&b), 0, cut);
            assert_int_equal(unpack_all(&got, in, whole),
                             cut == first ? 0 : GW_EFEW);
            assert_memory_equal(got.at, "first", 5);
            gw_buf_release(&got);
        }
        gw_buf_release(&b);
    }
}

static void tar_cut_at_any_byte_is_noticed(void **state)
{
    (void)state;
    struct gw_buf b = made();
    put_tar(&b, "a", '0', GW_LIT("alpha"));
    put_tar(&b, "b", '0', GW_LIT("beta"));
    size_t data = b.len;
    put_tar_end(&b);
    for (size_t cut = 263; cut < b.len; cut++) {
        struct gw_buf got = made();
        gw_span in = gw_sub(gw_buf_span(&b), 0, cut);
        // One block of zeros is enough of an end: nothing can be missing.
        int expected = cut == data + 512 ? 0 : GW_EFEW;
        assert_int_equal(unpack_all(&got, in, whole), expected);
        assert_true(
            gw_eq(gw_buf_span(&got), gw_sub(GW_LIT("alphabeta"), 0, got.len)));
        gw_buf_release(&got);
    }
    gw_buf_release(&b);
}

static void cut_outer_container_is_told_by_read_and_by_leaf(void **state)
{
    (void)state;
    struct gw_buf tar = made(), text = made();
    put_text(&text, 700 * 1000, 3);
    put_tar(&tar, "a", '0', GW_LIT("alpha"));
    put_tar(&tar, "big", '0', gw_buf_span(&text));
    put_tar(&tar, "c", '0', GW_LIT("see"));
    put_tar_end(&tar);
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, gw_buf_span(&tar));
        struct pieces p = {1000, 1000, "big", 0};
        struct gw_buf out = made();
        transcribe(&out, gw_sub(gw_buf_span(&b), 0, b.len / 2), p);
        assert_true(gw_ends(gw_buf_span(&out), "|5|\nend -1001"));
        gw_buf_reset(&out);
        p.skip = NULL;
        transcribe(&out, gw_sub(gw_buf_span(&b), 0, b.len / 2), p);
        assert_true(gw_ends(gw_buf_span(&out), "!-1001\nend -1001"));
        gw_buf_release(&out);
        gw_buf_release(&b);
    }
    gw_buf_release(&tar);
    gw_buf_release(&text);
}

// The checksum of the compressed stream behind the tar must still be read.
static void damage_behind_the_end_of_a_tar_is_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf tar = made(), b = made();
        make_tar(&tar, GW_LIT("text"));
        makers[i].make(&b, gw_buf_span(&tar));
        // bzip2 ends with the last bits of its checksum, and padding
        b.at[b.len - (i == 3 ? 2 : 1)] ^= 1;
        char expected[64];
        snprintf(expected, sizeof expected, "one|%s+tar|0|text\nend -1002",
                 makers[i].name);
        assert_unpacks(gw_buf_span(&b), bytewise, expected);
        gw_buf_release(&tar);
        gw_buf_release(&b);
    }
}

static void broken_member_does_not_harm_its_neighbours(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf inner = made(), tar = made();
        makers[i].make(&inner, GW_LIT("text"));
        put_tar(&tar, "a", '0', GW_LIT("alpha"));
        put_tar(&tar, "cut", '0', gw_sub(gw_buf_span(&inner), 0, 9));
        put_tar(&tar, "b", '0', GW_LIT("be"));
        gw_put_str(&inner, "rubbish");
        put_tar(&tar, "more", '0', gw_buf_span(&inner));
        put_tar(&tar, "zip", '0', GW_LIT("PK\3\4 and so on"));
        put_tar(&tar, "c", '0', GW_LIT("see"));
        put_tar_end(&tar);
        char expected[300];
        snprintf(expected, sizeof expected,
                 "a|tar|0|alpha\ncut|tar+%s|5|!-1001\nb|tar|5|be\n"
                 "more|tar+%s|7|text!-1002\nzip|tar|11|!-1003\n"
                 "c|tar|11|see\nend 0",
                 makers[i].name, makers[i].name);
        assert_unpacks(gw_buf_span(&tar), whole, expected);
        assert_unpacks(gw_buf_span(&tar), bytewise, expected);
        gw_buf_release(&inner);
        gw_buf_release(&tar);
    }
}

static void broken_tar_in_a_tar_is_one_broken_leaf(void **state)
{
    (void)state;
    struct gw_buf inner = made(), tar = made();
    put_tar(&inner, "in1", '0', GW_LIT("1"));
    put_tar(&inner, "in2", '0', GW_LIT("2"));
    put_tar_end(&inner);
    inner.at[1024] ^= 1; // the second header
    put_tar(&tar, "x.tar", '0', gw_buf_span(&inner));
    put_tar(&tar, "after", '0', GW_LIT("3"));
    put_tar_end(&tar);
    assert_unpacks(gw_buf_span(&tar), whole,
                   "in1|tar+tar|0|1\nx.tar|tar|1|!-1002\n"
                   "after|tar|1|3\nend 0");
    assert_unpacks(gw_buf_span(&inner), whole, "in1|tar|0|1\nend -1002");
    gw_buf_release(&inner);
    gw_buf_release(&tar);
}

static void bytes_after_the_stream_are_an_error_after_its_bytes(void **state)
{
    (void)state;
    const char *const rubbish[] = {"x", "rubbish", "twelve bytes"};
    for (int i = 0; i < CODECS; i++)
        for (size_t j = 0; j < GW_COUNT(rubbish); j++) {
            struct gw_buf b = made();
            makers[i].make(&b, GW_LIT("text"));
            gw_put(&b, "\0\0\0", j);
            gw_put_str(&b, rubbish[j]);
            char expected[64];
            snprintf(expected, sizeof expected, "|%s|0|text!-1002\nend 0",
                     makers[i].name);
            assert_unpacks(gw_buf_span(&b), whole, expected);
            assert_unpacks(gw_buf_span(&b), bytewise, expected);
            gw_buf_release(&b);
        }
}

static void damage_that_nobody_read_is_told_at_the_end(void **state)
{
    (void)state;
    struct gw_buf b = made();
    make_gzip(&b, GW_LIT("text"));
    gw_put_str(&b, "rubbish");
    assert_unpacks(gw_buf_span(&b), (struct pieces){1, 1, "", 0},
                   "|gzip|0|\nend -1002");
    gw_buf_release(&b);
}

static void foreign_containers_are_named_with_what_to_do(void **state)
{
    (void)state;
    const struct {
        const char *name;
        gw_span bytes;
    } foreign[] = {
        {"zip", GW_LIT("PK\3\4....")},
        {"7z", GW_LIT("7z\xbc\xaf\x27\x1c..")},
        {"xz", GW_LIT("\xfd\x37zXZ\0..")},
        {"rar", GW_LIT("Rar!\x1a\7..")},
        {"lzip", GW_LIT("LZIP\1..")},
        {"compress", GW_LIT("\x1f\x9d\x90..")},
        {"legacy lz4", GW_LIT("\2\x21\x4c\x18..")},
    };
    for (size_t i = 0; i < GW_COUNT(foreign); i++) {
        struct feed f = {.in = foreign[i].bytes, .p = whole};
        struct gw_unpack *u = gw_unpack_new(feed, &f);
        struct gw_leaf leaf;
        struct gw_why why = {0};
        assert_int_equal(gw_unpack_leaf(u, &leaf, &why), GW_EUNKNOWN);
        assert_true(gw_starts(gw_str(why.text), foreign[i].name));
        assert_non_null(strstr(why.text, "unpack it first"));
        gw_unpack_free(u);
    }
}

static void zstd_window_over_the_limit_is_too_big(void **state)
{
    (void)state;
    assert_unpacks(GW_LIT("\x28\xb5\x2f\xfd\0\xf8\1\0\0"), whole,
                   "|zstd|0|!-27\nend 0");
}

static void failing_source_is_told_with_its_code(void **state)
{
    (void)state;
    struct gw_buf b = made(), tar = made();
    make_gzip(&b, GW_LIT("text"));
    make_tar(&tar, GW_LIT("text"));
    const struct pieces p = {7, 7, NULL, GW_ENET};
    assert_unpacks(GW_LIT(""), p, "||0|!-1008\nend 0");
    assert_unpacks(GW_LIT("abc"), p, "||0|abc!-1008\nend 0");
    assert_unpacks(gw_buf_span(&b), p, "|gzip|0|text!-1008\nend 0");
    assert_unpacks(gw_sub(gw_buf_span(&b), 0, 12), p, "|gzip|0|!-1008\nend 0");
    assert_unpacks(gw_sub(gw_buf_span(&tar), 0, 513), p,
                   "one|tar|0|t!-1008\nend -1008");
    gw_buf_release(&b);
    gw_buf_release(&tar);
}

// All four carry checksums: what is no error must be the text, unless the
// flip makes it another format.
static void flipped_bits_are_noticed(void **state)
{
    (void)state;
    struct gw_buf text = made();
    put_text(&text, 400, 5);
    for (int i = 0; i < CODECS; i++) {
        struct gw_buf b = made();
        makers[i].make(&b, gw_buf_span(&text));
        for (size_t bit = 0; bit < b.len * 8; bit++) {
            struct gw_buf got = made();
            b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int r = unpack_all(&got, gw_buf_span(&b), whole);
            gw_span g = gw_buf_span(&got);
            assert_true(r < 0 || gw_eq(g, gw_buf_span(&text)) ||
                        gw_eq(g, gw_buf_span(&b)));
            b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            gw_buf_release(&got);
        }
        gw_buf_release(&b);
    }
    gw_buf_release(&text);
}

static void damaged_streams_read_the_same_in_any_pieces(void **state)
{
    (void)state;
    struct gw_buf text = made();
    put_text(&text, 400 * 1000, 9);
    for (uint64_t seed = 0; seed < 15 * MAKERS; seed++) {
        struct gw_buf b = made(), one = made(), two = made();
        struct gw_rand r = {seed};
        makers[seed % MAKERS].make(&b, gw_buf_span(&text));
        for (int i = 0; i < 3; i++)
            b.at[gw_rand_below(&r, b.len)] ^=
                (uint8_t)(1 << gw_rand_below(&r, 8));
        const struct pieces p = {.given = 1 + gw_rand_below(&r, 5000),
                                 .read = 1 + gw_rand_below(&r, 90000)};
        transcribe(&one, gw_buf_span(&b), whole);
        transcribe(&two, gw_buf_span(&b), p);
        assert_true(gw_eq(gw_buf_span(&one), gw_buf_span(&two)));
        gw_buf_release(&b);
        gw_buf_release(&one);
        gw_buf_release(&two);
    }
    gw_buf_release(&text);
}

// Decoders see the input in windows; a member may lie across the edge of one
// at any byte. The zeros between members are padding.
static void members_may_lie_across_any_edge(void **state)
{
    (void)state;
    enum { WINDOW = 256 << 10 };
    struct gw_buf member[CODECS + 1];
    for (int i = 0; i <= CODECS; i++) {
        member[i] = made();
        if (i < CODECS)
            makers[i].make(&member[i], GW_LIT("text"));
        else
            make_gzip_stored(&member[i], GW_LIT("text"), 31);
        for (size_t over = 0; over <= member[i].len; over++) {
            struct gw_buf b = made(), got = made();
            gw_put_span(&b, gw_buf_span(&member[i]));
            size_t pad = WINDOW - over - b.len;
            memset(room(&b, pad), 0, pad);
            b.len += pad;
            gw_put_span(&b, gw_buf_span(&member[i]));
            assert_int_equal(unpack_all(&got, gw_buf_span(&b), whole), 0);
            assert_true(gw_is(gw_buf_span(&got), "texttext"));
            gw_buf_release(&b);
            gw_buf_release(&got);
        }
        gw_buf_release(&member[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codec_cut_at_any_byte_gives_what_came_and_is_too_few),
        cmocka_unit_test(cut_in_a_later_member_is_too_few_but_not_between),
        cmocka_unit_test(tar_cut_at_any_byte_is_noticed),
        cmocka_unit_test(cut_outer_container_is_told_by_read_and_by_leaf),
        cmocka_unit_test(damage_behind_the_end_of_a_tar_is_noticed),
        cmocka_unit_test(broken_member_does_not_harm_its_neighbours),
        cmocka_unit_test(broken_tar_in_a_tar_is_one_broken_leaf),
        cmocka_unit_test(bytes_after_the_stream_are_an_error_after_its_bytes),
        cmocka_unit_test(damage_that_nobody_read_is_told_at_the_end),
        cmocka_unit_test(foreign_containers_are_named_with_what_to_do),
        cmocka_unit_test(zstd_window_over_the_limit_is_too_big),
        cmocka_unit_test(failing_source_is_told_with_its_code),
        cmocka_unit_test(flipped_bits_are_noticed),
        cmocka_unit_test(damaged_streams_read_the_same_in_any_pieces),
        cmocka_unit_test(members_may_lie_across_any_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
