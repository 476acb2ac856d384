// The examples OpenTimestamps publishes, and what its own tool makes of them.
#include <stdio.h>
#include <unistd.h>

#include "ots_make.h"

struct expected {
    int kind;
    uint64_t height;
    const char *message; // its first 8 bytes
    size_t len;
    const char *calendar;
};
// As python-opentimestamps 0.4.2 reads them.
static const struct {
    const char *file;
    enum gw_digest_kind digest;
    const char *imprint;         // its first 8 bytes
    struct expected expected[4]; // in any order
} examples[] = {
    {"bad-stamp.txt.ots",
     GW_DIGEST_SHA256,
     "7e3717bbe020f53c",
     {
         {GW_OTS_BITCOIN, 358391, "921f81b9147c9aeb", 32, ""},
     }},
    {"bitcoin.pdf.ots",
     GW_DIGEST_SHA1,
     "8de2fdb04edce612",
     {
         {GW_OTS_BITCOIN, 465751, "76086b72bf393f2c", 32, ""},
     }},
    {"different-blockchains.txt.ots",
     GW_DIGEST_SHA256,
     "62c8b090faa21ee5",
     {
         {GW_OTS_PENDING, 0, "58b93f93416084d8", 44,
          "https://eth.ots.eternitywall.com"},
         {GW_OTS_UNKNOWN, 0, "c0909480bbefeca8", 32, ""},
         {GW_OTS_PENDING, 0, "58b93f945ddc124a", 44,
          "https://ots.eternitywall.it"},
         {GW_OTS_BITCOIN, 455605, "9ae69a8ba5bb6ead", 32, ""},
     }},
    {"empty.ots",
     GW_DIGEST_SHA256,
     "e3b0c44298fc1c14",
     {
         {GW_OTS_BITCOIN, 129405, "715b7e36276a66d8", 32, ""},
     }},
    {"gdp2q25-2nd.pdf.ots",
     GW_DIGEST_SHA256,
     "c70972a12908b73c",
     {
         {GW_OTS_BITCOIN, 912095, "ae390025e12b85ac", 32, ""},
     }},
    {"hello-world.txt.ots",
     GW_DIGEST_SHA256,
     "03ba204e50d126e4",
     {
         {GW_OTS_BITCOIN, 358391, "007ee445d23ad061", 32, ""},
     }},
    {"incomplete.txt.ots",
     GW_DIGEST_SHA256,
     "05c4f616a8e5310d",
     {
         {GW_OTS_PENDING, 0, "57cfa5c46716df9b", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
     }},
    {"known-and-unknown-notary.txt.ots",
     GW_DIGEST_SHA256,
     "d288b2ee212b01e3",
     {
         {GW_OTS_PENDING, 0, "57e89f38173f127e", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
         {GW_OTS_UNKNOWN, 0, "57e89f37c0b849c6", 44, ""},
     }},
    {"merkle1.txt.ots",
     GW_DIGEST_SHA256,
     "d32fee9a827f5a0d",
     {
         {GW_OTS_PENDING, 0, "57d982df8b35bc0a", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
         {GW_OTS_PENDING, 0, "57d982e0a2181eb7", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
     }},
    {"merkle2.txt.ots",
     GW_DIGEST_SHA256,
     "8bd5a5f07b4451c2",
     {
         {GW_OTS_PENDING, 0, "57d982df8b35bc0a", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
         {GW_OTS_PENDING, 0, "57d982e0a2181eb7", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
     }},
    {"merkle3.txt.ots",
     GW_DIGEST_SHA256,
     "3966a69fc344107b",
     {
         {GW_OTS_PENDING, 0, "57d982df8b35bc0a", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
         {GW_OTS_PENDING, 0, "57d982e0a2181eb7", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
     }},
    {"sha1/a-or-b.ots",
     GW_DIGEST_SHA1,
     "f92d74e3874587aa",
     {
         {GW_OTS_PENDING, 0, "591c5c79d5103f9a", 44,
          "https://finney.calendar.eternitywall.com"},
         {GW_OTS_BITCOIN, 466906, "267c8a43b9bf4968", 32, ""},
         {GW_OTS_PENDING, 0, "591c5c7a85830d62", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
         {GW_OTS_PENDING, 0, "591c5c7935c1c5d0", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
     }},
    {"two-calendars.txt.ots",
     GW_DIGEST_SHA256,
     "efaa174f68e59705",
     {
         {GW_OTS_PENDING, 0, "57d46515fdd8c233", 44,
          "https://alice.btc.calendar.opentimestamps.org"},
         {GW_OTS_PENDING, 0, "57d4651676e9ac3b", 44,
          "https://bob.btc.calendar.opentimestamps.org"},
     }},
    {"unknown-notary.txt.ots",
     GW_DIGEST_SHA256,
     "dcc21d1d1f42a436",
     {
         {GW_OTS_UNKNOWN, 0, "57e89d286d747eb3", 44, ""},
     }},
};

static struct gw_buf load(const char *file)
{
    char path[1024];
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    snprintf(path, sizeof path, "%s/tlog/ots/%s", getenv("GAWAH_DATA"), file);
    assert_int_equal(gw_file_read(path, &b, NULL), 0);
    return b;
}

static bool have_examples(void)
{
    char path[1024];
    const char *folder = getenv("GAWAH_DATA");
    snprintf(path, sizeof path, "%s/tlog/ots", folder ? folder : "");
    if (access(path, R_OK) == 0)
        return true;
    printf("no tlog/ots in GAWAH_DATA, left out\n");
    return false;
}

static bool is_expected(const struct gw_ots_attestation *a,
                        const struct expected *e)
{
    char start[17];
    gw_hex(a->message, 8, start);
    return (int)a->kind == e->kind && a->height == e->height &&
           strcmp(start, e->message) == 0 && a->message_len == e->len &&
           strcmp(a->calendar, e->calendar) == 0;
}

static void published_examples_read_as_with_the_fields_own_tool(void **state)
{
    (void)state;
    if (!have_examples())
        skip();
    for (size_t i = 0; i < GW_COUNT(examples); i++) {
        struct gw_buf b = load(examples[i].file);
        struct gw_arena *a = gw_arena_new(OTS_CEILING);
        struct gw_ots o;
        char start[17];
        size_t want = 0, found = 0;
        assert_int_equal(ots_read(&b, a, &o), 0);
        assert_int_equal(o.digest, examples[i].digest);
        gw_hex(o.imprint, 8, start);
        assert_string_equal(start, examples[i].imprint);
        for (size_t k = 0; k < 4 && examples[i].expected[k].message; k++) {
            want++;
            for (size_t n = 0; n < o.count; n++)
                found +=
                    is_expected(&o.attestations[n], &examples[i].expected[k]);
        }
        assert_int_equal(o.count, want);
        assert_int_equal(found, want);
        gw_buf_release(&b);
        gw_arena_free(a);
    }
}

static void published_invalid_examples_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int rc;
    } bad[] = {
        {"invalid/bad-major-version.ots", GW_EUNKNOWN},
        {"invalid/exceeds-max-msg-length.ots", GW_EFORMAT},
        {"invalid/invalid-file-digest-type.ots", GW_EFORMAT},
    };
    if (!have_examples())
        skip();
    for (size_t i = 0; i < GW_COUNT(bad); i++) {
        struct gw_buf b = load(bad[i].file);
        assert_int_equal(ots_check(&b), bad[i].rc);
        gw_buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_read_as_with_the_fields_own_tool),
        cmocka_unit_test(published_invalid_examples_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
