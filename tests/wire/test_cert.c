// Certificates: samples that openssl made, and hostile ones put together here
// element by element.
#include "cert_make.h"
#include "cert_samples.h"
#include "fault.h"

// ---- samples ------------------------------------------------------------

#define ROOT "CN=Example Root,O=Example Trust,C=PK"
#define BYTES(array)                                                           \
    {                                                                          \
        array, sizeof array                                                    \
    }

static const struct sample {
    gw_span der;
    const char *subject, *common_name, *san_list, *serial, *until;
} samples[] = {
    {BYTES(root_der), ROOT, "Example Root", "[]", "f1", "2081-08-24 18:48:26"},
    {BYTES(server_der),
     "CN=example.org,OU=Web \\<1\\>,O=Example\\, Inc.,L=Karachi,ST=Sindh,C=PK",
     "example.org",
     "[\"example.org\",\"*.example.org\",\"xn--mgba3gch31f.example\"]",
     "04d2a1b2c3", "2027-02-19 18:48:26"},
    {BYTES(version1_der), "CN=old.example,C=PK", "old.example", "[]", "07",
     "2027-02-19 18:48:26"},
    {BYTES(nameless_der), "", NULL, "[\"nameless.example\"]", "80",
     "2027-02-19 18:48:26"},
    {BYTES(urdu_der), "CN=گواہ.example,O=پاکستان ٹیلی کام,C=PK", "گواہ.example",
     "[]", "09", "2027-02-19 18:48:26"},
    {BYTES(attributes_der),
     "2.5.4.5=77,1.2.840.113549.1.9.1=a@example.org,CN=second,"
     "CN=first+UID=u1,STREET=1 Mall Road,DC=pk,DC=example",
     "first", "[]", "0a", "2027-02-19 18:48:26"},
    {BYTES(bmp_der), "CN=bmp.example,O=پاکستان", "bmp.example", "[]", "0b",
     "2027-02-19 18:48:26"},
    {BYTES(t61_der), "CN=t61.example,O=Société", "t61.example", "[]", "0c",
     "2027-02-19 18:48:26"},
};

static void samples_give_the_facts_that_openssl_prints(void **state)
{
    struct gw_arena *a = *state;
    for (size_t i = 0; i < GW_COUNT(samples); i++) {
        const struct sample *s = &samples[i];
        struct gw_cert c = read_cert(a, s->der);
        is(c.subject, s->subject);
        is(c.subject_common_name, s->common_name);
        is(c.issuer, ROOT);
        is(c.issuer_common_name, "Example Root");
        is(c.san_list, s->san_list);
        is(c.serial_hex, s->serial);
        gw_time until;
        assert_true(gw_parse_time(gw_str(s->until), &until));
        assert_int_equal(c.not_after, until);
        assert_int_equal(c.not_before, gw_time_civil(2026, 11, 21, 18, 48, 26));
        assert_int_equal(c.self_issued, i == 0);
    }
    assert_int_equal(read_cert(a, samples[1].der).san_count, 3);
    assert_int_equal(read_cert(a, samples[2].der).san_count, 0);
}

// ---- numbers and times --------------------------------------------------

static void serials_are_hex_of_the_magnitude(void **state)
{
    struct gw_arena *a = *state;
    const struct {
        gw_span serial;
        const char *text;
    } t[] = {
        {GW_LIT("\0"), "00"},        {GW_LIT("\x0a"), "0a"},
        {GW_LIT("\0\xff"), "ff"},    {GW_LIT("\1\0"), "0100"},
        {GW_LIT("\xff"), "-01"},     {GW_LIT("\x80"), "-80"},
        {GW_LIT("\xff\x7f"), "-81"}, {GW_LIT("\xff\0"), "-0100"},
        {GW_LIT("\x80\0"), "-8000"},
    };
    for (size_t i = 0; i < GW_COUNT(t); i++)
        is(read_cert(a, bake(a, (struct recipe){.serial = t[i].serial}))
               .serial_hex,
           t[i].text);
    const gw_span wrong[] = {GW_LIT(""), GW_LIT("\0\x7f"), GW_LIT("\xff\x80")};
    for (size_t i = 0; i < GW_COUNT(wrong); i++)
        refused(a, bake(a, (struct recipe){.serial = wrong[i]}), GW_EFORMAT);
}

static void times_are_read_or_are_no_value(void **state)
{
    struct gw_arena *a = *state;
    const struct {
        uint8_t tag;
        const char *text, *want; // NULL: no value
    } t[] = {
        {0x17, "491231235959Z", "2049-12-31 23:59:59"},
        {0x17, "500101000000Z", "1950-01-01 00:00:00"},
        {0x17, "000229120000Z", "2000-02-29 12:00:00"},
        {0x18, "20500101000000Z", "2050-01-01 00:00:00"},
        {0x18, "22611231235959Z", "2261-12-31 23:59:59"},
        {0x18, "16780101000000Z", "1678-01-01 00:00:00"},
        {0x18, "99991231235959Z", NULL},
        {0x18, "16771231235959Z", NULL},
        {0x18, "21000229000000Z", NULL},
        {0x17, "010229000000Z", NULL},
        {0x17, "240431000000Z", NULL},
        {0x17, "241301000000Z", NULL},
        {0x17, "240001000000Z", NULL},
        {0x17, "240100000000Z", NULL},
        {0x17, "240101240000Z", NULL},
        {0x17, "240101006000Z", NULL},
        {0x17, "240101000060Z", NULL},
        {0x17, "2401010000Z", NULL},
        {0x17, "240101000000+0500", NULL},
        {0x17, "240101000000", NULL},
        {0x17, "24010100000 Z", NULL},
        {0x18, "240101000000Z", NULL},
        {0x18, "20240101000000.5Z", NULL},
        {0x17, "", NULL},
    };
    gw_span start = ELEMENT(0x17, GW_LIT("240101000000Z"));
    for (size_t i = 0; i < GW_COUNT(t); i++) {
        gw_span validity = SEQ(start, ELEMENT(t[i].tag, gw_str(t[i].text)));
        struct gw_cert c =
            read_cert(a, bake(a, (struct recipe){.validity = validity}));
        char text[GW_TIME_TEXT] = "";
        if (c.not_after != GW_NEVER)
            gw_format_time(c.not_after, text);
        assert_string_equal(text, t[i].want ? t[i].want : "");
        assert_int_equal(c.not_before, gw_time_civil(2024, 1, 1, 0, 0, 0));
    }
    const gw_span wrong[] = {NOTHING, SEQ(start), SEQ(start, start, start),
                             SEQ(start, ELEMENT(12, GW_LIT("240101000000Z")))};
    for (size_t i = 1; i < GW_COUNT(wrong); i++)
        refused(a, bake(a, (struct recipe){.validity = wrong[i]}), GW_EFORMAT);
}

// ---- extensions ---------------------------------------------------------

static gw_span extension(struct gw_arena *a, gw_span id, gw_span value)
{
    return SEQ(ELEMENT(6, id), ELEMENT(4, value));
}

static struct gw_cert with_extensions(struct gw_arena *a, gw_span list)
{
    struct gw_cert c = read_cert(
        a, bake(a, (struct recipe){.extensions = ELEMENT(0xa3, list)}));
    is(c.subject, "CN=subject");
    assert_int_equal(c.not_after, gw_time_civil(2024, 2, 12, 20, 33, 47));
    return c;
}

static void dns_names_are_a_json_array(void **state)
{
    struct gw_arena *a = *state;
    gw_span names = SEQ(
        ELEMENT(0x82, GW_LIT("a.example")), ELEMENT(0x87, GW_LIT("\xc0\0\2\1")),
        ELEMENT(0x82, GW_LIT("quote\" nul\0")), ELEMENT(0xa4, SEQ(NOTHING)),
        ELEMENT(0x82, NOTHING), ELEMENT(0x82, GW_LIT("گواہ")));
    gw_span other = extension(a, GW_LIT("\x55\x1d\x0e"), GW_LIT("\xff"));
    struct gw_cert c =
        with_extensions(a, SEQ(other, extension(a, SAN, names), other));
    is(c.san_list, "[\"a.example\",\"quote\\\" nul\\u0000\",\"\",\"گواہ\"]");
    assert_int_equal(c.san_count, 4);
    is(with_extensions(a, SEQ(other)).san_list, "[]");
}

static void broken_extensions_cost_the_names_only(void **state)
{
    struct gw_arena *a = *state;
    gw_span good = ELEMENT(0x82, GW_LIT("a.example"));
    gw_span ext = extension(a, SAN, SEQ(good));
    const gw_span lists[] = {
        SEQ(ext, ext),                                   // twice
        SEQ(ext, SEQ(ELEMENT(6, SAN))),                  // no value
        SEQ(ext, GW_LIT("\x30")),                        // cut
        SEQ(ext, GW_LIT("\x30\x7f")),                    // past its end
        SEQ(ext, ELEMENT(4, NOTHING)),                   // no extension
        join(a, (gw_span[]){SEQ(ext), SEQ(NOTHING)}, 2), // two lists
        SET(ext),
        NOTHING,
        SEQ(extension(a, SAN, NOTHING)),
        SEQ(extension(a, SAN, good)),
        SEQ(extension(a, SAN, SEQ(good, GW_LIT("\x82\x05z")))),
        SEQ(extension(a, SAN, SEQ(good, ELEMENT(0x82, GW_LIT("\xff"))))),
        SEQ(extension(a, SAN, join(a, (gw_span[]){SEQ(good), good}, 2))),
        SEQ(SEQ(ELEMENT(6, SAN), ELEMENT(4, SEQ(good)), ELEMENT(4, NOTHING))),
        SEQ(SEQ(ELEMENT(6, SAN), ELEMENT(2, NOTHING), ELEMENT(4, SEQ(good)))),
    };
    for (size_t i = 0; i < GW_COUNT(lists); i++) {
        struct gw_cert c = with_extensions(a, lists[i]);
        is(c.san_list, "[]");
        assert_int_equal(c.san_count, 0);
    }
    is(with_extensions(a, SEQ(ext)).san_list, "[\"a.example\"]");
}

// ---- what is no certificate ---------------------------------------------

static void every_shorter_sample_is_cut_short(void **state)
{
    struct gw_arena *a = *state;
    for (size_t i = 0; i < GW_COUNT(samples); i++)
        for (size_t len = 0; len < samples[i].der.len; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            assert_non_null(exact);
            memcpy(exact, samples[i].der.at, len);
            refused(a, gw_span_of(exact, len), GW_EFEW);
            free(exact);
        }
    refused(a, NOTHING, GW_EFEW);
}

static void lengths_must_be_definite_short_and_true(void **state)
{
    struct gw_arena *a = *state;
    const gw_span wrong[] = {
        GW_LIT("\x30\x80\0\0"),       // indefinite
        GW_LIT("\x30\x81\x02\5\0"),   // short form would do
        GW_LIT("\x30\x82\0\x80"),     // leading zero
        GW_LIT("\x30\x85\0\0\0\0\1"), // five octets
        GW_LIT("\x30\xff"),           // reserved
        GW_LIT("\x3f\x81\x10\0"),     // long tag
        GW_LIT("\x31\0"),
        GW_LIT("\x30\0"),       // no certificate
        GW_LIT("\x30\2\x30\1"), // inner past outer
        join(a, (gw_span[]){samples[0].der, GW_LIT("\0")}, 2),
        SEQ(samples[0].der),
    };
    for (size_t i = 0; i < GW_COUNT(wrong); i++)
        refused(a, wrong[i], GW_EFORMAT);
    refused(a, GW_LIT("\x30\x84\xff\xff\xff\xff"), GW_EFEW);
}

static void more_than_the_limit_is_refused(void **state)
{
    struct gw_arena *a = *state;
    uint8_t *big = gw_arena_zero(a, GW_CERT_MAX + 1);
    assert_non_null(big);
    refused(a, gw_span_of(big, GW_CERT_MAX + 1), GW_ETOOBIG);
    gw_span names = ELEMENT(0x82, gw_span_of(big, GW_CERT_MAX - 400));
    struct gw_cert c = with_extensions(a, SEQ(extension(a, SAN, SEQ(names))));
    assert_int_equal(c.san_list.len, 6 * (GW_CERT_MAX - 400) + 4);
}

// Whatever one octet is changed to, there is an answer and it is well-formed.
static void damaged_samples_give_an_answer(void **state)
{
    (void)state;
    struct gw_arena *a = gw_arena_new(1 << 20);
    assert_non_null(a);
    struct gw_rand r = {1};
    for (size_t i = 0; i < GW_COUNT(samples); i++)
        for (int turn = 0; turn < 4000; turn++) {
            gw_arena_reset(a);
            gw_span der = gw_arena_copy(a, samples[i].der);
            uint8_t *at = gw_arena_take(a, der.len);
            assert_non_null(at);
            memcpy(at, der.at, der.len);
            at[gw_rand_below(&r, der.len)] = (uint8_t)gw_rand_next(&r);
            struct gw_cert c;
            struct gw_why why = {0};
            int err = gw_cert_read(gw_span_of(at, der.len), a, &c, &why);
            assert_int_equal(err, why.code);
            assert_true(err || (gw_is_utf8(c.subject) && gw_is_utf8(c.issuer) &&
                                gw_is_utf8(c.san_list) && c.serial_hex.len));
        }
    gw_arena_free(a);
}

// ---- memory -------------------------------------------------------------

static bool read_one(void)
{
    struct gw_arena *a = gw_arena_new(1 << 20);
    struct gw_cert c;
    int err = GW_ENOMEM;
    for (size_t i = 0; a && i < GW_COUNT(samples); i++) {
        err = gw_cert_read(samples[i].der, a, &c, NULL);
        if (err)
            break;
    }
    assert_true(err == 0 || err == GW_ENOMEM);
    gw_arena_free(a);
    return err == 0;
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(read_one) > (int)GW_COUNT(samples));
}

static void an_arena_with_too_low_a_ceiling_is_an_error(void **state)
{
    struct gw_arena *a = *state;
    read_cert(a, samples[1].der);
    size_t need = gw_arena_taken(a);
    for (size_t ceiling = 0; ceiling <= need; ceiling++) {
        struct gw_arena *low = gw_arena_new(ceiling);
        struct gw_cert c;
        assert_non_null(low);
        assert_int_equal(gw_cert_read(samples[1].der, low, &c, NULL),
                         ceiling < need ? GW_ENOMEM : 0);
        gw_arena_free(low);
    }
}

// ---- real ones ----------------------------------------------------------

struct tally {
    struct gw_arena *arena;
    struct gw_buf file;
    int found;
};

// The base64 at the front of s, out of JSON inside JSON inside JSON: what
// stands between backslashes is the text.
static gw_span unescaped(struct gw_arena *a, gw_span s)
{
    uint8_t *text = gw_arena_take(a, s.len + 1);
    size_t len = 0;
    assert_non_null(text);
    while (s.len && strchr("\\\": ", s.at[0]))
        s = gw_sub(s, 1, s.len);
    for (; s.len && s.at[0] != '"'; s = gw_sub(s, 1, s.len))
        if (s.at[0] != '\\')
            text[len++] = s.at[0];
    return gw_span_of(text, len);
}

static int read_certificates_of(void *ctx, const char *path)
{
    struct tally *t = ctx;
    if (!strstr(path, ".json"))
        return 0;
    gw_buf_reset(&t->file);
    assert_int_equal(gw_file_read(path, &t->file, NULL), 0);
    gw_span text = gw_buf_span(&t->file);
    const gw_span key = GW_LIT("peer_certificates"), data = GW_LIT("data");
    for (int64_t at = 0; (at = gw_find(text, key, (size_t)at)) >= 0; at++) {
        gw_span list = gw_sub(text, (size_t)at, text.len);
        list = gw_cut(&list, ']');
        for (int64_t d = 0; (d = gw_find(list, data, (size_t)d)) >= 0; d++) {
            gw_arena_reset(t->arena);
            gw_span rest = gw_sub(list, (size_t)d + data.len, list.len);
            gw_span base64 = unescaped(t->arena, rest);
            uint8_t *der = gw_arena_take(t->arena, 3 * (base64.len / 4) + 3);
            assert_non_null(der);
            int64_t len = gw_base64_decode(base64, der);
            assert_true(len > 0);
            struct gw_cert c =
                read_cert(t->arena, gw_span_of(der, (size_t)len));
            assert_true(c.not_before < c.not_after);
            t->found++;
        }
    }
    return 0;
}

static void certificates_of_real_measurements_are_read(void **state)
{
    (void)state;
    const char *folder = getenv("GAWAH_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/ooni", folder ? folder : "");
    struct tally t = {.arena = gw_arena_new(1 << 20)};
    gw_buf_init(&t.file, 64 << 20);
    int err =
        folder ? gw_walk(path, read_certificates_of, &t, NULL) : GW_ENOENT;
    gw_buf_release(&t.file);
    gw_arena_free(t.arena);
    if (err == GW_ENOENT) {
        print_message("skipped: no $GAWAH_DATA/ooni\n");
        skip();
    }
    assert_int_equal(err, 0);
    assert_true(t.found > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_give_the_facts_that_openssl_prints),
        TEST(serials_are_hex_of_the_magnitude),
        TEST(times_are_read_or_are_no_value),
        TEST(dns_names_are_a_json_array),
        TEST(broken_extensions_cost_the_names_only),
        TEST(every_shorter_sample_is_cut_short),
        TEST(lengths_must_be_definite_short_and_true),
        TEST(more_than_the_limit_is_refused),
        TEST(damaged_samples_give_an_answer),
        TEST(every_failed_allocation_is_an_error),
        TEST(an_arena_with_too_low_a_ceiling_is_an_error),
        TEST(certificates_of_real_measurements_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
