// One page of ListObjectsV2, well-formed, broken and hostile.
#include "fault.h"
#include "fetch_case.h"

#define HEAD                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "           \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define TAIL   "</ListBucketResult>"
#define OBJECT "<Contents><Key>a</Key><Size>1</Size></Contents>"

struct seen {
    int objects, prefixes, end_at;
    char text[4096]; // "key size etag;" of each
};

static int on_object(void *ctx, gw_span key, int64_t size, const char *etag)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%.*s %lld %s;", (int)key.len,
             (const char *)key.at, (long long)size, etag);
    return ++s->objects == s->end_at ? GW_ETOOBIG : 0;
}

static int on_prefix(void *ctx, gw_span prefix)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%.*s;", (int)prefix.len,
             (const char *)prefix.at);
    s->prefixes++;
    return 0;
}

static struct seen seen;
static struct gw_listing listing;
static struct gw_why why;

static int read_page(const char *xml)
{
    seen = (struct seen){.end_at = seen.end_at};
    why = (struct gw_why){0};
    listing = (struct gw_listing){
        .ctx = &seen, .object = on_object, .prefix = on_prefix};
    return gw_listing_read(gw_str(xml), &listing, &why);
}

static void page_of_s3_is_understood(void **state)
{
    (void)state;
    assert_int_equal(
        read_page(HEAD
                  "<Name>b</Name><Prefix>raw/</Prefix><KeyCount>2</KeyCount>"
                  "<MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>1/x+y==</NextContinuationToken>"
                  "<Contents><Key>raw/a</Key><LastModified>t</LastModified>"
                  "<ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag>"
                  "<Size>3</Size><Owner><ID>7</ID><Key>no</Key></Owner>"
                  "<StorageClass>STANDARD</StorageClass></Contents>"
                  "<Contents><Size>9223372036854775807</Size>"
                  "<Key>a&amp;b &lt;&#xe9;&gt;<![CDATA[<&]]></Key></Contents>"
                  "<CommonPrefixes><Prefix>jsonl/dash/</Prefix>"
                  "</CommonPrefixes>" TAIL),
        0);
    assert_string_equal(seen.text,
                        "raw/a 3 900150983cd24fb0d6963f7d28e17f72;"
                        "a&b <\xc3\xa9><& 9223372036854775807 ;jsonl/dash/;");
    assert_string_equal(listing.token, "1/x+y==");
}

static void empty_page_is_normal(void **state)
{
    (void)state;
    assert_int_equal(read_page(HEAD "<IsTruncated>false</IsTruncated>" TAIL),
                     0);
    assert_int_equal(read_page("<ListBucketResult/>"), 0);
    assert_int_equal(seen.objects + seen.prefixes, 0);
    assert_string_equal(listing.token, "");
}

static void token_of_a_page_that_is_the_last_is_not_used(void **state)
{
    (void)state;
    assert_int_equal(read_page(HEAD "<NextContinuationToken>x"
                                    "</NextContinuationToken>" TAIL),
                     0);
    assert_string_equal(listing.token, "");
}

static void names_count_only_where_they_belong(void **state)
{
    (void)state;
    assert_int_equal(
        read_page(HEAD "<Key>a</Key><Size>1</Size><Owner><Key>b</Key></Owner>"
                       "<X><Contents><Key>c</Key><Size>1</Size></Contents></X>"
                       "<Prefix>p</Prefix>" OBJECT TAIL),
        0);
    assert_string_equal(seen.text, "a 1 ;");
}

static void etag_that_could_break_a_line_is_none(void **state)
{
    (void)state;
    char too_long[GW_ETAG_MAX + 1];
    memset(too_long, 'a', GW_ETAG_MAX);
    too_long[GW_ETAG_MAX] = 0;
    const char *const etags[] = {"a\tb",     "a&#10;b",  "a b",
                                 "\xc3\xa9", "a&quot;b", too_long};
    for (size_t i = 0; i < GW_COUNT(etags); i++) {
        char xml[600];
        snprintf(xml, sizeof xml,
                 HEAD "<Contents><Key>k</Key><Size>1</Size><ETag>%s</ETag>"
                      "</Contents>" TAIL,
                 etags[i]);
        assert_int_equal(read_page(xml), 0);
        assert_string_equal(seen.text, "k 1 ;");
    }
}

static void broken_pages_are_errors(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "",
        "no xml",
        "<html><body>captive portal</body></html>",
        HEAD,
        HEAD OBJECT,
        HEAD "<Contents><Key>a</Size></Contents>" TAIL,
        HEAD "<Contents><Key>a</Key></Contents>" TAIL,
        HEAD "<Contents><Size>1</Size></Contents>" TAIL,
        HEAD "<Contents><Key>a</Key><Size>-1</Size></Contents>" TAIL,
        HEAD "<Contents><Key>a</Key><Size>9223372036854775808</Size>"
             "</Contents>" TAIL,
        HEAD "<Contents><Key><b/>a</Key><Size>1x</Size></Contents>" TAIL,
        HEAD "<Contents><Key>a\x01</Key><Size>1</Size></Contents>" TAIL,
        HEAD "<Contents><Key>a\xff</Key><Size>1</Size></Contents>" TAIL,
        HEAD "<IsTruncated>true</IsTruncated>" TAIL,
        HEAD "<a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a>" TAIL,
        HEAD OBJECT TAIL "<more/>",
        HEAD "&nbsp;" TAIL,
    };
    for (size_t i = 0; i < GW_COUNT(pages); i++) {
        assert_int_equal(read_page(pages[i]), GW_EFORMAT);
        assert_true(says(why.text, "listing, line"));
    }
}

static void document_types_are_refused_before_anything_is_read(void **state)
{
    (void)state;
    static const char *const types[] = {
        "l", "l SYSTEM \"http://127.0.0.1:1/x.dtd\"",
        "l [<!ENTITY a \"aaaaaaaa\"><!ENTITY x \"&a;&a;&a;&a;&a;&a;&a;&a;\">]",
        "l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]",
        "l [<!ENTITY % p SYSTEM \"file:///dev/zero\"> %p;]"};
    for (size_t i = 0; i < GW_COUNT(types); i++) {
        char xml[400];
        snprintf(xml, sizeof xml,
                 "<!DOCTYPE %s><ListBucketResult><Contents><Key>&x;</Key>"
                 "<Size>1</Size></Contents></ListBucketResult>",
                 types[i]);
        assert_int_equal(read_page(xml), GW_EREFUSED);
        assert_true(says(why.text, "document type declarations"));
        assert_int_equal(seen.objects, 0);
    }
}

static void error_of_the_server_is_told_by_its_code(void **state)
{
    (void)state;
    assert_int_equal(read_page("<Error><Code>Slow\nDown</Code><Message>wait"
                               "</Message></Error>"),
                     GW_ENET);
    assert_true(says(why.text, "Slow?Down"));
}

static void texts_that_are_too_long_are_errors(void **state)
{
    (void)state;
    static char xml[8192];
    static const char *const fields[] = {"Key", "NextContinuationToken"};
    for (size_t i = 0; i < GW_COUNT(fields); i++)
        for (int len = 2047; len <= 2048; len++) {
            char text[2100];
            memset(text, 'k', sizeof text);
            text[len] = 0;
            snprintf(xml, sizeof xml,
                     HEAD "%s<%s>%s</%s><Size>1</Size>%s"
                          "<IsTruncated>true</IsTruncated>%s" TAIL,
                     i ? "" : "<Contents>", fields[i], text, fields[i],
                     i ? "" : "</Contents>",
                     i ? ""
                       : "<NextContinuationToken>t</NextContinuationToken>");
            assert_int_equal(read_page(xml), len > 2047 ? GW_EFORMAT : 0);
        }
}

static void page_over_the_limit_is_refused(void **state)
{
    (void)state;
    size_t len = GW_LISTING_MAX + 1;
    uint8_t *xml = gw_new(len);
    assert_non_null(xml);
    why = (struct gw_why){0};
    assert_int_equal(gw_listing_read(gw_span_of(xml, len), &listing, &why),
                     GW_EREFUSED);
    gw_free(xml);
}

static void result_of_a_callback_ends_the_reading(void **state)
{
    (void)state;
    seen.end_at = 2;
    assert_int_equal(read_page(HEAD OBJECT OBJECT OBJECT TAIL), GW_ETOOBIG);
    assert_int_equal(seen.objects, 2);
    seen.end_at = 0;
}

static void page_cut_anywhere_is_an_error(void **state)
{
    (void)state;
    static const char page[] =
        HEAD "<IsTruncated>true</IsTruncated>"
             "<NextContinuationToken>x</NextContinuationToken>" OBJECT
             "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>" TAIL;
    char cut[sizeof page];
    assert_int_equal(read_page(page), 0);
    for (size_t len = 0; len < sizeof page - 1; len++) {
        memcpy(cut, page, len);
        cut[len] = 0;
        assert_int_equal(read_page(cut), GW_EFORMAT);
        assert_string_equal(listing.token, "");
    }
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char page[] = HEAD OBJECT OBJECT TAIL;
    struct gw_rand r = {7};
    for (int turn = 0; turn < 3000; turn++) {
        char bent[sizeof page];
        memcpy(bent, page, sizeof page);
        for (int i = 0; i < 3; i++)
            bent[gw_rand_below(&r, sizeof page - 1)] =
                (char)gw_rand_below(&r, 256);
        int rc = read_page(bent);
        assert_true(rc == 0 || why.code == rc);
        assert_true(seen.objects <= 2);
    }
}

static void keys_that_may_name_a_file_are_told_from_others(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a", "raw/20240212/07/PK/dash/2024021207_PK_dash.n1.0.jsonl.gz",
        "A-Z_0.9/a..b"};
    static const char *const bad[] = {
        "",     "/",     "/etc/passwd", "a//b",     "a/",   "..",      "a/../b",
        ".",    "a/./b", ".a",          "a/.b",     "a b",  "a\\b",    "a:b",
        "a\nb", "a\x7f", "\xc3\xa9",    "a/b.part", "a%2e", "a.part/b"};
    for (size_t i = 0; i < GW_COUNT(good); i++)
        assert_null(gw_key_rule(gw_str(good[i])));
    for (size_t i = 0; i < GW_COUNT(bad); i++)
        assert_non_null(gw_key_rule(gw_str(bad[i])));
    assert_non_null(gw_key_rule(GW_LIT("a\0b")));
    char text[GW_KEY_MAX + 2];
    memset(text, 'a', sizeof text);
    assert_non_null(gw_key_rule(gw_span_of(text, sizeof text)));
    assert_non_null(gw_key_rule(gw_span_of(text, 201))); // one name
    for (size_t i = 100; i < sizeof text; i += 100)
        text[i] = '/';
    assert_null(gw_key_rule(gw_span_of(text, GW_KEY_MAX)));
    text[GW_KEY_MAX] = 'a';
    assert_non_null(gw_key_rule(gw_span_of(text, GW_KEY_MAX + 1)));
}

static void only_32_hex_digits_are_an_md5(void **state)
{
    (void)state;
    assert_true(gw_etag_is_md5("900150983cd24fb0d6963f7d28e17f72"));
    assert_true(gw_etag_is_md5("900150983CD24FB0D6963F7D28E17F72"));
    assert_false(gw_etag_is_md5("900150983cd24fb0d6963f7d28e17f72-2"));
    assert_false(gw_etag_is_md5("900150983cd24fb0d6963f7d28e17f7-"));
    assert_false(gw_etag_is_md5(""));
}

static bool read_once(void)
{
    return read_page(HEAD OBJECT TAIL) == 0;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(read_once) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_of_s3_is_understood),
        cmocka_unit_test(empty_page_is_normal),
        cmocka_unit_test(token_of_a_page_that_is_the_last_is_not_used),
        cmocka_unit_test(names_count_only_where_they_belong),
        cmocka_unit_test(etag_that_could_break_a_line_is_none),
        cmocka_unit_test(broken_pages_are_errors),
        cmocka_unit_test(document_types_are_refused_before_anything_is_read),
        cmocka_unit_test(error_of_the_server_is_told_by_its_code),
        cmocka_unit_test(texts_that_are_too_long_are_errors),
        cmocka_unit_test(page_over_the_limit_is_refused),
        cmocka_unit_test(result_of_a_callback_ends_the_reading),
        cmocka_unit_test(page_cut_anywhere_is_an_error),
        cmocka_unit_test(any_bytes_are_survived),
        cmocka_unit_test(keys_that_may_name_a_file_are_told_from_others),
        cmocka_unit_test(only_32_hex_digits_are_an_md5),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
