// Messages in both languages, numbers, and text that comes from outside.
#include "t.h"

#include "markup.h"
#include "publish/words.h"

#include <dirent.h>

// ---- the files --------------------------------------------------------------
static gw_span next_line(gw_span *rest, gw_span *ret_text)
{
    gw_span line = gw_cut(rest, '\n');
    gw_span id = gw_cut(&line, ',');
    *ret_text = line;
    return id;
}

static unsigned places_in(gw_span text)
{
    unsigned places = 0;
    for (size_t i = 0; i + 2 < text.len; i++)
        if (text.at[i] == '{' && text.at[i + 2] == '}')
            places |= 1U << (text.at[i + 1] - '0');
    return places;
}

static void
every_message_is_in_both_languages_with_the_same_places(void **state)
{
    (void)state;
    gw_span en = words_file(GW_ENGLISH), ur = words_file(GW_URDU);
    gw_span text[2];
    while (en.len) {
        gw_span id = next_line(&en, &text[0]);
        gw_span other = next_line(&ur, &text[1]);
        if (!gw_eq(id, other))
            print_error("%.*s | %.*s\n", (int)id.len, (const char *)id.at,
                        (int)other.len, (const char *)other.at);
        assert_true(gw_eq(id, other));
        assert_true(text[0].len && text[1].len);
        assert_true(gw_is_utf8(text[1]));
        if (places_in(text[0]) != places_in(text[1]))
            print_error("%.*s: places differ\n", (int)id.len,
                        (const char *)id.at);
        assert_int_equal(places_in(text[0]), places_in(text[1]));
    }
    assert_int_equal(ur.len, 0);
}

static void messages_stand_in_order_and_need_no_second_unquoting(void **state)
{
    (void)state;
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        gw_span rest = words_file((enum gw_language)l), text;
        gw_span last = GW_LIT("");
        next_line(&rest, &text);
        while (rest.len) {
            gw_span id = next_line(&rest, &text);
            bool quoted = text.at[0] == '"';
            assert_true(gw_cmp(last, id) < 0);
            assert_int_equal(count_of(text, "\""), quoted ? 2 : 0);
            assert_true(quoted || !has(text, ","));
            last = id;
        }
    }
}

static void every_message_can_be_found(void **state)
{
    (void)state;
    for (int l = 0; l < GW_LANGUAGE_COUNT; l++) {
        gw_span rest = words_file((enum gw_language)l), text;
        next_line(&rest, &text);
        while (rest.len) {
            char id[128];
            gw_span name = next_line(&rest, &text);
            snprintf(id, sizeof id, "%.*s", (int)name.len,
                     (const char *)name.at);
            gw_span found = gw_message((enum gw_language)l, id);
            assert_true(found.at >= text.at && found.at < text.at + text.len);
        }
    }
    assert_true(gw_is(gw_message(GW_URDU, "no.such.id"), "no.such.id"));
}

// Ids that are put together from parts are known by how they begin.
static bool is_composed(gw_span id)
{
    static const char *const begin[] = {"month.",  "weekday.",    "state.",
                                        "layer.",  "confidence.", "title.",
                                        "method.", "guard."};
    for (size_t i = 0; i < GW_COUNT(begin); i++)
        if (gw_starts(id, begin[i]))
            return true;
    return false;
}

static void read_sources(struct gw_buf *all)
{
    char path[1024];
    const char *root = getenv("GAWAH_SOURCE");
    snprintf(path, sizeof path, "%s/src/publish", root ? root : ".");
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder));) {
        char file[2048];
        if (!gw_ends(gw_str(e->d_name), ".c"))
            continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        assert_int_equal(gw_file_read(file, all, NULL), 0);
    }
    closedir(folder);
}

static void no_message_is_without_use(void **state)
{
    (void)state;
    struct gw_buf all;
    gw_buf_init(&all, 16 << 20);
    read_sources(&all);
    gw_span rest = words_file(GW_ENGLISH), text;
    next_line(&rest, &text);
    while (rest.len) {
        char quoted[160];
        gw_span id = next_line(&rest, &text);
        snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)id.len,
                 (const char *)id.at);
        bool used = is_composed(id) || has(gw_buf_span(&all), quoted);
        if (!used)
            print_error("%s is not used\n", quoted);
        assert_true(used);
    }
    gw_buf_release(&all);
}

// ---- what is made of them ---------------------------------------------------
static void expect_html(const char *text, size_t len, const char *html)
{
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    gw_put_html(&b, gw_span_of(text, len));
    if (!gw_is(gw_buf_span(&b), html))
        print_error("%.*s\n", (int)b.len, (const char *)b.at);
    assert_true(gw_is(gw_buf_span(&b), html));
    gw_buf_release(&b);
}
#define EXPECT_HTML(text, html) expect_html(text, sizeof(text) - 1, html)

static void markup_from_outside_is_only_text(void **state)
{
    (void)state;
    EXPECT_HTML("<script>alert('1')</script> & \"x\"",
                "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; "
                "&quot;x&quot;");
}

static void controls_and_changes_of_direction_are_shown(void **state)
{
    (void)state;
    EXPECT_HTML("a\x00"
                "b\x1b[31m",
                "a⟨U+0000⟩b⟨U+001B⟩[31m");
    EXPECT_HTML("a\xe2\x80\xae"
                "b",
                "a⟨U+202E⟩b"); // right-to-left override
    EXPECT_HTML("\xef\xbb\xbf", "⟨U+FEFF⟩");
    EXPECT_HTML("a\xe2\x80\x8c"
                "b",
                "a\xe2\x80\x8c"
                "b"); // Urdu needs its non-joiner
}

static void an_isolate_passes_only_where_it_ends(void **state)
{
    (void)state;
    EXPECT_HTML("\xe2\x81\xa8x\xe2\x81\xa9", "\xe2\x81\xa8x\xe2\x81\xa9");
    EXPECT_HTML("\xe2\x81\xa8x", "⟨U+2068⟩x");
    EXPECT_HTML("x\xe2\x81\xa9", "x⟨U+2069⟩");
}

static void bytes_that_are_no_text_are_shown(void **state)
{
    (void)state;
    EXPECT_HTML("a\xff"
                "b",
                "a⟨FF⟩b");
    EXPECT_HTML("\xc0\xaf", "⟨C0⟩⟨AF⟩");         // overlong
    EXPECT_HTML("\xed\xa0\x80", "⟨ED⟩⟨A0⟩⟨80⟩"); // a surrogate
    EXPECT_HTML("\xe2\x80", "⟨E2⟩⟨80⟩");         // cut short
}

static void expect_number(enum gw_language l, int64_t n, const char *text)
{
    struct gw_buf b;
    gw_buf_init(&b, 256);
    gw_put_number(&b, l, n);
    assert_true(gw_is(gw_buf_span(&b), text));
    gw_buf_release(&b);
}

static void numbers_are_grouped_in_their_digits(void **state)
{
    (void)state;
    expect_number(GW_ENGLISH, 0, "0");
    expect_number(GW_ENGLISH, 999, "999");
    expect_number(GW_ENGLISH, 1234567, "1,234,567");
    expect_number(GW_ENGLISH, INT64_MIN, "−9,223,372,036,854,775,808");
    expect_number(GW_URDU, 1234, "۱٬۲۳۴");
}

static void places_are_filled_and_others_left(void **state)
{
    (void)state;
    struct gw_buf b;
    const gw_span values[] = {GW_LIT("<b>3</b>"), GW_LIT("4")};
    gw_buf_init(&b, 4096);
    gw_put_message(&b, GW_ENGLISH, "counts.one", values, 2);
    assert_true(
        gw_is(gw_buf_span(&b), "<b>3</b> of 4 measurements from 1 observer"));
    gw_buf_reset(&b);
    words_fill(&b, GW_LIT("{0} {7} {x} {"), values, 1, words_put_value,
               GW_ENGLISH);
    assert_true(gw_is(gw_buf_span(&b), "&lt;b&gt;3&lt;/b&gt; {7} {x} {"));
    gw_buf_release(&b);
}

static void latin_names_stand_on_their_own_in_urdu(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 256);
    words_put_value(&b, GW_URDU, GW_LIT("Safaricom (AS33771)"));
    assert_true(gw_is(gw_buf_span(&b), "<bdi>Safaricom (AS33771)</bdi>"));
    gw_buf_release(&b);
}

static void countries_are_in_order_with_both_names(void **state)
{
    (void)state;
    gw_span rest =
        gw_span_of(gw_publish_countries_csv, gw_publish_countries_csv_len);
    gw_span text, last = GW_LIT("");
    next_line(&rest, &text);
    while (rest.len) {
        int64_t minutes = 0;
        gw_span cc = next_line(&rest, &text);
        gw_span offset = gw_cut(&text, ','), en = gw_cut(&text, ',');
        assert_true(gw_cmp(last, cc) < 0 && cc.len == 2);
        assert_true(!offset.len || (gw_parse_int(offset, &minutes) &&
                                    minutes % 15 == 0 && minutes <= 840));
        assert_true(en.len && text.len && !has(text, ","));
        last = cc;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_message_is_in_both_languages_with_the_same_places),
        cmocka_unit_test(messages_stand_in_order_and_need_no_second_unquoting),
        cmocka_unit_test(every_message_can_be_found),
        cmocka_unit_test(no_message_is_without_use),
        cmocka_unit_test(markup_from_outside_is_only_text),
        cmocka_unit_test(controls_and_changes_of_direction_are_shown),
        cmocka_unit_test(an_isolate_passes_only_where_it_ends),
        cmocka_unit_test(bytes_that_are_no_text_are_shown),
        cmocka_unit_test(numbers_are_grouped_in_their_digits),
        cmocka_unit_test(places_are_filled_and_others_left),
        cmocka_unit_test(latin_names_stand_on_their_own_in_urdu),
        cmocka_unit_test(countries_are_in_order_with_both_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
