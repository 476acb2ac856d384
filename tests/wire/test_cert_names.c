// Names in certificates as text, compared with what python's cryptography
// (rfc4514_string) makes of the same.
#include "cert_make.h"

static void subject_is(struct gw_arena *a, gw_span name, const char *text,
                       const char *common_name)
{
    struct gw_cert c = read_cert(a, bake(a, (struct recipe){.subject = name}));
    is(c.subject, text);
    is(c.subject_common_name, common_name);
}

static void values_are_escaped_and_common_names_are_not(void **state)
{
    struct gw_arena *a = *state;
    const struct {
        gw_span value;
        const char *text;
    } t[] = {
        {GW_LIT("plain"), "CN=plain"},
        {GW_LIT(",+\"\\<>;=/"), "CN=\\,\\+\\\"\\\\\\<\\>\\;=/"},
        {GW_LIT("#1 #"), "CN=\\#1 #"},
        {GW_LIT("  a b  "), "CN=\\  a b \\ "},
        {GW_LIT(" "), "CN=\\ "},
        {GW_LIT("#"), "CN=\\#"},
        {GW_LIT("nul\0tab\t"), "CN=nul\\00tab\t"},
        {GW_LIT(""), "CN="},
        {GW_LIT("گواہ"), "CN=گواہ"},
    };
    for (size_t i = 0; i < GW_COUNT(t); i++) {
        gw_span name = name_of(a, CN, 12, t[i].value);
        struct gw_cert c =
            read_cert(a, bake(a, (struct recipe){.subject = name}));
        is(c.subject, t[i].text);
        assert_non_null(c.subject_common_name.at);
        assert_true(gw_eq(c.subject_common_name, t[i].value));
    }
}

static void strings_of_every_type_become_utf8(void **state)
{
    struct gw_arena *a = *state;
    const uint8_t as_is[] = {4, 12, 18, 19, 20, 22, 23, 24, 26};
    for (size_t i = 0; i < sizeof as_is; i++)
        subject_is(a, name_of(a, CN, as_is[i], GW_LIT("é,")), "CN=é\\,", "é,");
    const struct {
        uint8_t tag;
        gw_span value;
        const char *text;
    } t[] = {
        {20, GW_LIT("caf\xe9"), "café"},
        {30, GW_LIT("\x06\x7e\0z"), "پz"},
        {30, GW_LIT("\xd8\x3d\xde\0"), "😀"},
        {30, GW_LIT("\xff\xff\xe0\0\xd7\xff"), "\uffff\ue000\ud7ff"},
        {28, GW_LIT("\0\1\xf6\0\0\0\0z"), "😀z"},
        {28, GW_LIT("\0\x10\xff\xff"), "\U0010ffff"},
        {30, GW_LIT(""), ""},
        {28, GW_LIT(""), ""},
    };
    for (size_t i = 0; i < GW_COUNT(t); i++) {
        gw_span name = name_of(a, CN, t[i].tag, t[i].value);
        struct gw_cert c =
            read_cert(a, bake(a, (struct recipe){.subject = name}));
        is(c.subject_common_name, t[i].text);
    }
}

static void what_is_no_text_is_given_as_hex(void **state)
{
    struct gw_arena *a = *state;
    const struct {
        uint8_t tag;
        gw_span value;
        const char *text;
    } t[] = {
        {12, GW_LIT("\xff"), "#0c01ff"},      // not UTF-8
        {19, GW_LIT("\xc3"), "#1301c3"},      // sequence cut
        {30, GW_LIT("\0a\0"), "#1e03006100"}, // half a character
        {30, GW_LIT("\xdc\0"), "#1e02dc00"},  // second half first
        {30, GW_LIT("\xd8\0\0a"), "#1e04d8000061"},
        {30, GW_LIT("\xd8\0"), "#1e02d800"},
        {28, GW_LIT("\0\0a"), "#1c03000061"},
        {28, GW_LIT("\0\0\xd8\0"), "#1c040000d800"},
        {28, GW_LIT("\0\x11\0\0"), "#1c0400110000"},
        {2, GW_LIT("\5"), "#020105"},
        {3, GW_LIT("\0\5"), "#03020005"},
        {0x30, GW_LIT(""), "#3000"},
    };
    for (size_t i = 0; i < GW_COUNT(t); i++) {
        gw_span name = name_of(a, CN, t[i].tag, t[i].value);
        struct gw_cert c =
            read_cert(a, bake(a, (struct recipe){.subject = name}));
        is(c.subject_common_name, t[i].text);
        is(gw_sub(c.subject, 3, c.subject.len), t[i].text);
    }
    gw_span unique_id = GW_LIT("\x55\x04\x2d");
    subject_is(a, name_of(a, unique_id, 3, GW_LIT("\0\xab")), "2.5.4.45=#00ab",
               NULL);
}

static void unknown_types_are_dotted_numbers(void **state)
{
    struct gw_arena *a = *state;
    const struct {
        gw_span type;
        const char *text;
    } t[] = {
        {GW_LIT("\0"), "0.0=v"},
        {GW_LIT("\x4f"), "1.39=v"},
        {GW_LIT("\x50"), "2.0=v"},
        {GW_LIT("\x88\x37\x01"), "2.999.1=v"},
        {GW_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
         "1.2.840.113549.1.9.1=v"},
        {GW_LIT("\x69\x83\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                "\xff\xff\xff\xff\x7f"),
         "2.25.340282366920938463463374607431768211455=v"},
    };
    for (size_t i = 0; i < GW_COUNT(t); i++)
        subject_is(a, name_of(a, t[i].type, 12, GW_LIT("v")), t[i].text, NULL);
    const gw_span wrong[] = {
        GW_LIT(""), GW_LIT("\x55\x80\x01"), GW_LIT("\x55\x84"),
        GW_LIT("\x69\x84\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
               "\x80\x80\x80\x80\0"), // 2^128
    };
    for (size_t i = 0; i < GW_COUNT(wrong); i++) {
        gw_span name = name_of(a, wrong[i], 12, GW_LIT("v"));
        refused(a, bake(a, (struct recipe){.issuer = name}), GW_EFORMAT);
    }
}

static void names_go_last_first_and_attributes_in_order(void **state)
{
    struct gw_arena *a = *state;
    gw_span x = attribute(a, CN, 12, GW_LIT("x"));
    gw_span y = attribute(a, CN, 12, GW_LIT("y"));
    gw_span z = attribute(a, ORGANIZATION, 12, GW_LIT("z"));
    subject_is(a, SEQ(SET(z, y), SET(x)), "CN=x,O=z+CN=y", "y");
    subject_is(a, SEQ(SET(z)), "O=z", NULL);
    subject_is(a, SEQ(NOTHING), "", NULL);
    refused(a, bake(a, (struct recipe){.subject = SEQ(SET(NOTHING))}),
            GW_EFORMAT);
    refused(a, bake(a, (struct recipe){.subject = SEQ(SEQ(x))}), GW_EFORMAT);
    refused(a, bake(a, (struct recipe){.subject = SEQ(SET(SEQ(x)))}),
            GW_EFORMAT);
    refused(a, bake(a, (struct recipe){.subject = SET(SET(x))}), GW_EFORMAT);
}

static void names_have_a_limit_and_need_no_stack(void **state)
{
    struct gw_arena *a = *state;
    gw_span rdn[257], deep = NOTHING;
    for (size_t i = 0; i < GW_COUNT(rdn); i++)
        rdn[i] = SET(attribute(a, CN, 12, GW_LIT("x")));
    read_cert(a,
              bake(a, (struct recipe){.issuer = element(a, 0x30, rdn, 256)}));
    refused(a, bake(a, (struct recipe){.issuer = element(a, 0x30, rdn, 257)}),
            GW_EFORMAT);
    for (int i = 0; i < 1000; i++)
        deep = SEQ(deep);
    gw_span name = name_of(a, CN, 0x30, deep);
    struct gw_cert c = read_cert(a, bake(a, (struct recipe){.subject = name}));
    assert_int_equal(c.subject_common_name.at[0], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_escaped_and_common_names_are_not),
        TEST(strings_of_every_type_become_utf8),
        TEST(what_is_no_text_is_given_as_hex),
        TEST(unknown_types_are_dotted_numbers),
        TEST(names_go_last_first_and_attributes_in_order),
        TEST(names_have_a_limit_and_need_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
