#include "monitor/refs.h"

#include <stdio.h>
#include <unistd.h>

#include "fault.h"
#include "t.h"

// ---- making and asking --------------------------------------------------

struct text {
    gw_span left;
};

static int64_t give(void *ctx, uint8_t *bytes, size_t len)
{
    struct text *t = ctx;
    gw_span part = gw_sub(t->left, 0, len < 7 ? len : 7 + len / 2);
    if (part.len)
        memcpy(bytes, part.at, part.len);
    t->left = gw_sub(t->left, part.len, t->left.len);
    return (int64_t)part.len;
}

static gw_time day(int year, int month, int d)
{
    return gw_time_civil(year, month, d, 0, 0, 0);
}

static struct gw_ref_note note;
static struct gw_why why;

static int add_span(struct gw_refs *r, enum gw_kind kind, const char *hash,
                    gw_time dated, gw_span text)
{
    struct text t = {text};
    why = (struct gw_why){0};
    struct gw_ref_input in = {
        .kind = kind, .hash = hash, .dated = dated, .source = give, .ctx = &t};
    return gw_refs_add(r, &in, &note, &why);
}

static int add(struct gw_refs *r, enum gw_kind kind, gw_time dated,
               const char *text)
{
    return add_span(r, kind, "aa", dated, gw_str(text));
}

static void seal(struct gw_refs *r)
{
    assert_int_equal(gw_refs_seal(r, NULL), 0);
}

static struct gw_net net_on(const struct gw_refs *r, const char *ip, gw_time t)
{
    gw_ip at;
    struct gw_net net;
    assert_true(gw_ip_parse(gw_str(ip), &at));
    gw_refs_net(r, &at, t, &net);
    return net;
}

static struct gw_net net_of(const struct gw_refs *r, const char *ip)
{
    return net_on(r, ip, day(2030, 1, 1));
}

static void assert_text(gw_span s, const char *want) // NULL: unknown
{
    if (want && !gw_is(s, want))
        fail_msg("'%.*s' is not '%s'", (int)s.len, (const char *)s.at, want);
    if (!want)
        assert_null(s.at);
}

// ---- prefixes to ASes ---------------------------------------------------

static void longest_prefix_holds_and_its_edges_are_exact(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, day(2020, 1, 1),
                         "; IP-ASN32-DAT file\n10.1.2.0/24\t3\n10.0.0.0/8\t1\n"
                         "10.1.0.0/16\t2\r\n\n2001:db8::/32\t6\n"
                         "2001:db8::1/128\t7\n255.255.255.255/32\t9\n"),
                     0);
    seal(r);
    assert_int_equal(note.rows, 6);
    assert_int_equal(note.bad, 0);
    static const struct {
        const char *ip;
        int64_t asn;
    } want[] = {{"9.255.255.255", GW_NULL}, {"10.0.0.0", 1},
                {"10.0.255.255", 1},        {"10.1.0.0", 2},
                {"10.1.1.255", 2},          {"10.1.2.0", 3},
                {"10.1.2.255", 3},          {"10.1.3.0", 2},
                {"10.1.255.255", 2},        {"10.2.0.0", 1},
                {"10.255.255.255", 1},      {"11.0.0.0", GW_NULL},
                {"255.255.255.255", 9},     {"255.255.255.254", GW_NULL},
                {"2001:db8::", 6},          {"2001:db8::1", 7},
                {"2001:db8::2", 6},         {"2001:db9::", GW_NULL},
                {"::ffff:10.1.2.3", 3},     {"::a01:203", GW_NULL}};
    for (size_t i = 0; i < GW_COUNT(want); i++)
        assert_int_equal(net_of(r, want[i].ip).asn, want[i].asn);
    gw_refs_free(r);
}

struct plain { // a prefix of a small part of the address space
    gw_ip ip;
    unsigned bits; // of 128
    int64_t asn;
};

static bool covers(const struct plain *p, const gw_ip *ip)
{
    for (unsigned i = 0; i < p->bits; i++)
        if ((p->ip.bytes[i / 8] ^ ip->bytes[i / 8]) >> (7 - i % 8) & 1)
            return false;
    return true;
}

// Few distinct bits, so that prefixes nest, touch and repeat.
static gw_ip crowded_ip(struct gw_rand *g, bool v6, unsigned bits)
{
    gw_ip ip = {.v6 = v6, .bytes = {[10] = 0xff, [11] = 0xff}};
    if (v6)
        ip.bytes[0] = 0x20, ip.bytes[10] = ip.bytes[11] = 0;
    static const uint8_t six[] = {1, 7, 8, 15}, four[] = {12, 13, 14, 15};
    for (size_t i = 0; i < 4; i++)
        ip.bytes[v6 ? six[i] : four[i]] =
            (uint8_t)(gw_rand_below(g, 3) * 127 + gw_rand_below(g, 2));
    for (unsigned i = bits; i < 128; i++)
        ip.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
    return ip;
}

static void ranges_agree_with_a_scan_of_all_prefixes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct gw_rand g = {seed};
        bool v6 = seed % 2;
        struct plain list[80];
        struct gw_buf text;
        gw_buf_init(&text, 1 << 20);
        for (size_t i = 0; i < GW_COUNT(list); i++) {
            unsigned least = v6 ? 0 : 96;
            struct plain *p = &list[i];
            p->bits = least + (unsigned)gw_rand_below(&g, 129 - least);
            p->ip = crowded_ip(&g, v6, p->bits);
            p->asn = 1 + (int64_t)gw_rand_below(&g, 5);
            char ip[GW_IP_TEXT] = "";
            ip[gw_ip_format(&p->ip, ip)] = 0;
            gw_put_fmt(&text, "%s/%u\t%d\n", ip, p->bits - least, (int)p->asn);
        }
        struct gw_refs *r = gw_refs_new();
        assert_int_equal(
            add_span(r, GW_KIND_PREFIX_AS, "aa", 0, gw_buf_span(&text)), 0);
        assert_int_equal(note.bad, 0);
        seal(r);
        for (int q = 0; q < 400; q++) {
            gw_ip ip = crowded_ip(&g, v6, 128);
            const struct plain *best = NULL;
            for (size_t i = 0; i < GW_COUNT(list); i++)
                if (covers(&list[i], &ip) &&
                    (!best || list[i].bits >= best->bits))
                    best = &list[i];
            struct gw_net net;
            gw_refs_net(r, &ip, 0, &net);
            assert_int_equal(net.asn, best ? best->asn : GW_NULL);
        }
        gw_refs_free(r);
        gw_buf_release(&text);
    }
}

static void newest_snapshot_on_or_before_the_day_holds(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add(r, GW_KIND_PREFIX_AS,
                         day(2020, 5, 1) + 3600 * GW_SECOND,
                         "1.0.0.0/8\t20\n2::/16\t26\n"),
                     0);
    assert_int_equal(
        add(r, GW_KIND_PREFIX_AS, day(2010, 5, 1), "1.0.0.0/8\t10\n"), 0);
    assert_int_equal(
        add(r, GW_KIND_PREFIX_AS, day(2021, 1, 1), "1.0.0.0/8\t21\n"), 0);
    seal(r);
    assert_int_equal(net_on(r, "1.1.1.1", day(2010, 4, 30)).asn, GW_NULL);
    assert_int_equal(net_on(r, "1.1.1.1", GW_NEVER).asn, GW_NULL);
    assert_int_equal(net_on(r, "1.1.1.1", day(2010, 5, 1)).asn, 10);
    assert_int_equal(net_on(r, "1.1.1.1", day(2020, 4, 30)).asn, 10);
    assert_int_equal(net_on(r, "1.1.1.1", day(2020, 5, 1)).asn, 20);
    assert_int_equal(net_on(r, "1.1.1.1", day(2030, 5, 1)).asn, 21);
    // The table of 2021 does not speak of IPv6 at all.
    assert_int_equal(net_on(r, "2::1", day(2030, 5, 1)).asn, 26);
    gw_refs_free(r);
}

static void
rows_that_break_a_rule_are_counted_and_the_first_is_named(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, 0,
                         "1.0.0.0/8\t1\n1.0.0.1/8\t1\n1.0.0.0/33\t1\n"
                         "1.0.0.0/8\t0\n1.0.0.0/8\t4294967296\n1.0.0.0/8\n"
                         "x\t1\n::ffff:1.0.0.0/95\t1\n::ffff:2.0.0.0/104\t2"),
                     0);
    assert_int_equal(note.rows, 9);
    assert_int_equal(note.bad, 7);
    assert_string_equal(note.first_bad,
                        "row 2 '1.0.0.1/8?1': bits are set after the prefix");
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, 0, "; nothing\nx\n"),
                     GW_EFORMAT);
    assert_string_equal(why.text, "prefix-as aa: no usable row; row 1 'x': not "
                                  "a prefix");
    seal(r);
    assert_int_equal(net_of(r, "1.2.3.4").asn, 1);
    assert_int_equal(net_of(r, "2.2.3.4").asn, 2);
    gw_refs_free(r);
}

// ---- delegations --------------------------------------------------------

static void registry_rows_give_countries_of_addresses_and_ases(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(
        add(r, GW_KIND_DELEGATIONS, day(2025, 1, 1),
            "2|apnic|20250101|7|19830613|20241231|+1000\n# a comment\n"
            "apnic|*|asn|*|2|summary\n"
            "apnic|PK|ipv4|10.0.1.0|768|20110401|allocated|A1\n"
            "apnic|IN|ipv4|10.0.4.0|256|20110401|assigned\n"
            "apnic|ZZ|ipv4|10.0.5.0|256||reserved\n"
            "apnic||ipv4|10.0.6.0|256||available\n"
            "apnic|PK|ipv6|2400:adc0::|32|20110401|allocated\n"
            "apnic|PK|asn|7590|2|20110401|allocated\n"
            "apnic|PK|ipv4|255.255.255.0|257|20110401|allocated\n"),
        0);
    assert_int_equal(note.rows, 7);
    assert_int_equal(note.bad, 1);
    assert_int_equal(
        add(r, GW_KIND_DELEGATIONS, day(2025, 2, 1),
            "2.3|ripencc|1735772399|1|19830705|20250101|+0100\n"
            "ripencc|DE|ipv4|20.0.0.0|4294967296|20110401|allocated\n"
            "ripencc|DE|ipv4|0.0.0.0|4294967296|20110401|allocated\n"),
        0);
    assert_int_equal(note.bad, 1);
    seal(r);
    gw_time t = day(2025, 1, 15);
    assert_text(net_on(r, "10.0.0.255", t).cc, NULL);
    assert_text(net_on(r, "10.0.1.0", t).cc, "PK");
    assert_text(net_on(r, "10.0.3.255", t).cc, "PK");
    assert_text(net_on(r, "10.0.4.1", t).cc, "IN");
    assert_text(net_on(r, "10.0.5.1", t).cc, NULL);
    assert_text(net_on(r, "10.0.6.1", t).cc, NULL);
    assert_text(net_on(r, "2400:adc0:ffff::", t).cc, "PK");
    // The registries stand side by side; of two that know it the newer holds.
    assert_text(net_of(r, "2400:adc0::").cc, "PK");
    assert_text(net_of(r, "10.0.5.1").cc, "DE");
    assert_text(net_of(r, "10.0.4.1").cc, "DE");
    struct gw_net as;
    gw_refs_as(r, 7591, t, &as);
    assert_int_equal(as.asn, 7591);
    assert_text(as.as_cc, "PK");
    gw_refs_as(r, 7592, t, &as);
    assert_text(as.as_cc, NULL);
    gw_refs_as(r, GW_NULL, t, &as);
    assert_text(as.as_cc, NULL);
    gw_refs_free(r);
}

static void lists_of_one_country_are_read_in_both_forms(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add(r, GW_KIND_DELEGATIONS, 0,
                         "{\"countryCode\":\"PK\",\"prefixes\":{\"ipv4\":["
                         "\"1.0.0.0/8\",7],\"ipv6\":[\"2400::/16\"]}}"),
                     0);
    assert_int_equal(note.rows, 3);
    assert_int_equal(note.bad, 1);
    assert_int_equal(add(r, GW_KIND_DELEGATIONS, 0,
                         "# Country: India (IN)\n# Address family: IPv4\n"
                         "1.2.0.0/16\n"),
                     0);
    assert_int_equal(add(r, GW_KIND_DELEGATIONS, 0, "1.2.0.0/16\n"),
                     GW_EFORMAT);
    assert_int_equal(add(r, GW_KIND_DELEGATIONS, 0, "{\"countryCode\":1}"),
                     GW_EFORMAT);
    seal(r);
    assert_text(net_of(r, "1.1.0.0").cc, "PK");
    assert_text(net_of(r, "2400::").cc, "PK");
    assert_text(net_of(r, "1.2.3.4").cc, "IN"); // same day, more specific
    gw_refs_free(r);
}

// ---- names of ASes ------------------------------------------------------

static void names_of_ases_are_split(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(
        add(r, GW_KIND_AS_NAMES, day(2020, 1, 1),
            "{\"17557\":\"PKTELECOM-AS-PK Pakistan Telecom, Ltd, PK\","
            "\"2\":\"EYEMG - EYEMG - media, US\",\"3\":\"CABLEMAR, HN\","
            "\"4\":\"-Reserved AS-, ZZ\",\"5\":\"SLLNET Landsting, na\","
            "\"6\":\"\",\"x\":\"A B, PK\",\"7\":7,\"8\":\", PK\","
            "\"17557\":\"PTCL Pakistan Telecom, Ltd, PK\"}"),
        0);
    assert_int_equal(note.bad, 3);
    assert_int_equal(
        add(r, GW_KIND_PREFIX_AS, day(2020, 1, 1), "1.0.0.0/8\t17557\n"), 0);
    seal(r);
    static const struct {
        int64_t asn;
        const char *name, *org, *cc;
    } want[] = {{17557, "PTCL", "Pakistan Telecom, Ltd", "PK"},
                {2, "EYEMG", "EYEMG - media", "US"},
                {3, "CABLEMAR", NULL, "HN"},
                {4, "-Reserved AS-", NULL, NULL},
                {5, "SLLNET", "Landsting", NULL},
                {8, NULL, NULL, "PK"},
                {9, NULL, NULL, NULL}};
    struct gw_net net;
    for (size_t i = 0; i < GW_COUNT(want); i++) {
        gw_refs_as(r, want[i].asn, day(2020, 1, 1), &net);
        assert_text(net.as_name, want[i].name);
        assert_text(net.as_org_name, want[i].org);
        assert_text(net.as_cc, want[i].cc);
    }
    gw_refs_as(r, 17557, day(2019, 12, 31), &net);
    assert_text(net.as_name, NULL);
    assert_text(net_of(r, "1.1.1.1").as_name, "PTCL");
    gw_refs_free(r);
}

// ---- MaxMind DB files ---------------------------------------------------
// Just enough of a writer, after the format's specification 2.0: 24-bit
// records, IPv6, IPv4 below ::/96.

enum { NODES_MAX = 512, NOTHING = -1, DATA = 1 << 20 };
struct db {
    int32_t node[NODES_MAX][2]; // a node, NOTHING, or DATA + offset
    int32_t nodes;
    struct gw_buf data;
};

static void put_text(struct gw_buf *b, const char *s) // type 2
{
    size_t len = strlen(s);
    assert_true(len < 285);
    gw_put_u8(b, (uint8_t)(2 << 5 | (len < 29 ? len : 29)));
    if (len >= 29)
        gw_put_u8(b, (uint8_t)(len - 29));
    gw_put(b, s, len);
}

static void put_uint(struct gw_buf *b, int type, uint32_t v) // 4 bytes
{
    gw_put_u8(b, (uint8_t)((type < 8 ? type << 5 : 0) | 4));
    if (type >= 8)
        gw_put_u8(b, (uint8_t)(type - 7));
    for (int shift = 24; shift >= 0; shift -= 8)
        gw_put_u8(b, (uint8_t)(v >> shift));
}

static void put_map(struct gw_buf *b, int members) // type 7
{
    gw_put_u8(b, (uint8_t)(7 << 5 | members));
}

// asn 0 and texts NULL are left out.
static int32_t put_record(struct db *db, uint32_t asn, const char *org,
                          const char *as_cc, const char *cc)
{
    struct gw_buf *b = &db->data;
    int32_t at = (int32_t)b->len;
    put_map(b, (asn != 0) + (org != NULL) + (as_cc != NULL) + (cc != NULL));
    if (asn) {
        put_text(b, "autonomous_system_number");
        put_uint(b, 6, asn);
    }
    if (org) {
        put_text(b, "autonomous_system_organization");
        put_text(b, org);
    }
    if (as_cc) {
        put_text(b, "autonomous_system_country");
        put_text(b, as_cc);
    }
    if (cc) {
        put_text(b, "country");
        put_map(b, 1);
        put_text(b, "iso_code");
        put_text(b, cc);
    }
    return DATA + at;
}

static void put_prefix(struct db *db, const char *text, int bits,
                       int32_t record)
{
    gw_ip ip;
    assert_true(gw_ip_parse(gw_str(text), &ip));
    if (!ip.v6)
        ip.bytes[10] = ip.bytes[11] = 0;
    int32_t at = 0;
    for (int i = 0; i < bits; i++) {
        int bit = ip.bytes[i / 8] >> (7 - i % 8) & 1;
        int32_t *next = &db->node[at][bit];
        if (i == bits - 1) {
            *next = record;
            return;
        }
        if (*next == NOTHING) {
            *next = db->nodes++;
            assert_true(db->nodes <= NODES_MAX);
            db->node[*next][0] = db->node[*next][1] = NOTHING;
        }
        at = *next;
    }
}

static void db_init(struct db *db)
{
    *db = (struct db){.nodes = 1, .node[0] = {NOTHING, NOTHING}};
    gw_buf_init(&db->data, 1 << 16);
}

static void db_write(struct db *db, const char *type, const char *path)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    for (int32_t i = 0; i < 2 * db->nodes; i++) {
        int32_t v = db->node[i / 2][i % 2];
        if (v == NOTHING)
            v = db->nodes;
        else if (v >= DATA)
            v = v - DATA + db->nodes + 16;
        for (int shift = 16; shift >= 0; shift -= 8)
            gw_put_u8(&b, (uint8_t)(v >> shift));
    }
    for (int i = 0; i < 16; i++)
        gw_put_u8(&b, 0);
    gw_put_span(&b, gw_buf_span(&db->data));
    gw_put_str(&b, "\xab\xcd\xefMaxMind.com");
    put_map(&b, 9);
    static const char *const names[] = {
        "node_count", "record_size", "ip_version",
        "binary_format_major_version", "build_epoch"};
    uint32_t values[] = {(uint32_t)db->nodes, 24, 6, 2, 1700000000};
    static const int types[] = {6, 5, 5, 5, 9};
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        put_text(&b, names[i]);
        if (types[i] == 5) { // uint16
            gw_put_u8(&b, 5 << 5 | 1);
            gw_put_u8(&b, (uint8_t)values[i]);
        } else {
            put_uint(&b, types[i], values[i]);
        }
    }
    put_text(&b, "binary_format_minor_version");
    gw_put_u8(&b, 5 << 5);
    put_text(&b, "languages");
    gw_put(&b, "\0\4", 2); // an empty array, type 11
    put_text(&b, "description");
    put_map(&b, 0);
    put_text(&b, "database_type");
    put_text(&b, type);
    assert_int_equal(gw_file_write(path, gw_buf_span(&b), NULL), 0);
    gw_buf_release(&b);
    gw_buf_release(&db->data);
}

static int add_mmdb(struct gw_refs *r, gw_time dated, const char *path)
{
    why = (struct gw_why){0};
    struct gw_ref_input in = {
        .kind = GW_KIND_MMDB, .hash = "dd", .dated = dated, .path = path};
    return gw_refs_add(r, &in, &note, &why);
}

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gw-refs-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void mmdb_gives_as_names_and_country_of_an_address(void **state)
{
    (void)state;
    struct db db;
    db_init(&db);
    int32_t record = put_record(&db, 17557, "Pakistan Telecom", "PK", "AE");
    put_prefix(&db, "39.32.0.0", 96 + 11, record);
    put_prefix(&db, "2400:adc0::", 32, record);
    put_prefix(&db, "8.0.0.0", 96 + 8, put_record(&db, 1, NULL, NULL, NULL));
    db_write(&db, "ip2country-as", path_of("a.mmdb"));
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add_mmdb(r, day(2023, 1, 1), path_of("a.mmdb")), 0);
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, day(2022, 1, 1),
                         "39.32.0.0/16\t5\n9.0.0.0/8\t9\n"),
                     0);
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, day(2024, 1, 1),
                         "39.32.0.0/16\t17557\n8.0.0.0/8\t15169\n"),
                     0);
    assert_int_equal(add(r, GW_KIND_DELEGATIONS, 0,
                         "# Country: United States (US)\n8.0.0.0/8\n"
                         "39.0.0.0/8\n"),
                     0);
    seal(r);
    static const char *const same[] = {"39.32.9.9", "::ffff:39.32.9.9",
                                       "2400:adc0::9"};
    for (size_t i = 0; i < GW_COUNT(same); i++) {
        struct gw_net net = net_on(r, same[i], day(2023, 5, 5));
        assert_int_equal(net.asn, 17557);
        assert_text(net.as_org_name, "Pakistan Telecom");
        assert_text(net.as_cc, "PK");
        assert_text(net.as_name, NULL);
        assert_text(net.cc, "AE");
    }
    // Before it was made: the prefix table and the delegations alone.
    assert_int_equal(net_on(r, "39.32.9.9", day(2022, 5, 5)).asn, 5);
    assert_text(net_on(r, "39.32.9.9", day(2022, 5, 5)).cc, "US");
    // After a newer prefix table: its AS, and where they agree nothing lost.
    assert_int_equal(net_on(r, "8.8.8.8", day(2023, 5, 5)).asn, 1);
    assert_int_equal(net_of(r, "8.8.8.8").asn, 15169);
    assert_text(net_of(r, "8.8.8.8").cc, "US");
    assert_text(net_of(r, "39.32.9.9").as_org_name, "Pakistan Telecom");
    assert_int_equal(net_of(r, "7.7.7.7").asn, GW_NULL);
    gw_refs_free(r);
    unlink(path_of("a.mmdb"));
}

static void country_and_as_databases_stand_side_by_side(void **state)
{
    (void)state;
    struct db db;
    db_init(&db);
    put_prefix(&db, "1.0.0.0", 96 + 8, put_record(&db, 7, "Org", NULL, NULL));
    db_write(&db, "GeoLite2-ASN", path_of("as.mmdb"));
    db_init(&db);
    put_prefix(&db, "1.0.0.0", 96 + 8, put_record(&db, 0, NULL, NULL, "PK"));
    db_write(&db, "GeoLite2-Country", path_of("cc.mmdb"));
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add_mmdb(r, day(2022, 1, 1), path_of("as.mmdb")), 0);
    assert_int_equal(add_mmdb(r, day(2023, 1, 1), path_of("cc.mmdb")), 0);
    seal(r);
    struct gw_net net = net_of(r, "1.2.3.4");
    assert_int_equal(net.asn, 7);
    assert_text(net.as_org_name, "Org");
    assert_text(net.cc, "PK");
    gw_refs_free(r);
    unlink(path_of("as.mmdb"));
    unlink(path_of("cc.mmdb"));
}

static void damaged_or_absent_mmdb_is_an_error(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(add_mmdb(r, 0, path_of("none.mmdb")), GW_EIO);
    assert_int_equal(add_mmdb(r, 0, NULL), GW_ENOENT);
    gw_span junk = GW_LIT("\0\1\xab\xcd\xefMaxMind.com\xe1");
    assert_int_equal(gw_file_write(path_of("j.mmdb"), junk, NULL), 0);
    assert_int_equal(add_mmdb(r, 0, path_of("j.mmdb")), GW_EFORMAT);
    unlink(path_of("j.mmdb"));
    seal(r);
    gw_refs_free(r);
}

// ---- fingerprints -------------------------------------------------------

#define OONI_COLUMNS                                                           \
    "name,scope,other_names,location_found,pattern_type,pattern,"              \
    "confidence_no_fp,expected_countries\n"

static struct gw_fingerprint_hit hits[GW_HITS_MAX];

static struct gw_refs *prints(const char *http, const char *dns)
{
    struct gw_refs *r = gw_refs_new();
    if (http)
        assert_int_equal(add(r, GW_KIND_HTTP_FINGERPRINTS, 0, http), 0);
    if (dns)
        assert_int_equal(add(r, GW_KIND_DNS_FINGERPRINTS, 0, dns), 0);
    return r;
}

// The names of the hits, blank after each; '!' where the country is expected.
static const char *names(size_t n)
{
    static char text[2000];
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%.*s%s ", (int)hits[i].name.len,
            (const char *)hits[i].name.at, hits[i].expected ? "!" : "");
    return text;
}

static const char *dns(const struct gw_refs *r, const char *answer)
{
    return names(gw_refs_dns_hits(r, gw_str(answer), GW_LIT("PK"), hits, 0));
}

static const char *body(const struct gw_refs *r, const char *text)
{
    struct gw_refs_scratch *s = gw_refs_scratch_new(r);
    size_t n = gw_refs_body_hits(r, s, gw_str(text), GW_LIT("PK"), hits, 0);
    gw_refs_scratch_free(s);
    return names(n);
}

static const char *header(const struct gw_refs *r, const char *name,
                          const char *value)
{
    struct gw_refs_scratch *s = gw_refs_scratch_new(r);
    size_t n = gw_refs_header_hits(r, s, gw_str(name), gw_str(value),
                                   GW_LIT("PK"), hits, 0);
    gw_refs_scratch_free(s);
    return names(n);
}

static void dns_answers_match_by_what_they_mean(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(NULL, OONI_COLUMNS "a,isp,,dns,full,203.82.48.83,5,\"IN, pk\"\n"
                                  "b,isp,,dns,full,2001:DB8::1,5,\n"
                                  "c,nat,,dns,full,Block.Example.org,5,IN\n"
                                  "d,nat,,dns,contains,block,5,IN\n");
    assert_int_equal(note.bad, 1);
    seal(r);
    assert_string_equal(dns(r, "203.82.48.83"), "a! ");
    assert_string_equal(dns(r, "::ffff:203.82.48.83"), "a! ");
    assert_string_equal(dns(r, "2001:db8:0:0::1"), "b ");
    assert_string_equal(dns(r, "block.example.ORG."), "c ");
    assert_string_equal(dns(r, "203.82.48.8"), "");
    assert_string_equal(dns(r, ""), "");
    char longest[400] = "";
    memset(longest, 'a', sizeof longest - 1);
    assert_string_equal(dns(r, longest), "");
    gw_refs_free(r);
}

static void bodies_match_by_contains_prefix_full_and_regexp(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(OONI_COLUMNS "b,isp,,body,prefix,<html>no,5,\"PK,IN\"\n"
                            "a,fp,,body,contains,\" surf \"\"safely\"\"\",5,\n"
                            "d,nat,,body,regexp,blocked.*by order,5,IN\n"
                            "c,nat,,body,full,no,5,PK\n",
               NULL);
    seal(r);
    assert_string_equal(body(r, "<html>no: surf \"safely\""), "a b! ");
    assert_true(gw_is(hits[0].scope, "fp"));
    assert_string_equal(body(r, "no"), "c! ");
    assert_string_equal(body(r, "not blocked\nnot by order"), "d ");
    assert_string_equal(body(r, "by order: blocked"), "");
    gw_refs_free(r);
}

static void regexp_that_runs_out_of_steps_costs_no_literal(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(OONI_COLUMNS "lit,isp,,body,contains,page,5,\n"
                            "slow,isp,,body,regexp,(x+x+)+y,5,\n",
               NULL);
    seal(r);
    char text[80] = "xy page ";
    memset(text + 8, 'x', sizeof text - 9);
    assert_string_equal(body(r, text), "lit ");
    gw_refs_free(r);
}

static void headers_match_in_their_field_only(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(OONI_COLUMNS "s,nat,,header.Server,prefix,V2R2C00,5,PK\n"
                            "l,isp,,header.location,full,http://b/,5,\n"
                            "r,isp,,header.location,regexp,^http://.*/x$,5,\n",
               NULL);
    seal(r);
    assert_string_equal(header(r, "server", "V2R2C00-IAE/1.0"), "s! ");
    assert_string_equal(header(r, "location", "V2R2C00-IAE/1.0"), "");
    assert_string_equal(header(r, "location", "http://b/"), "l ");
    assert_string_equal(header(r, "location", "http://b/x"), "r ");
    assert_true(gw_refs_wants_header(r, GW_LIT("server")));
    assert_false(gw_refs_wants_header(r, GW_LIT("via")));
    assert_string_equal(body(r, "V2R2C00"), "");
    gw_refs_free(r);
}

static void citizenlab_lists_are_live_beside_those_of_ooni(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(OONI_COLUMNS "o,nat,,header.server,contains,squid,5,\n",
               OONI_COLUMNS "o4,nat,,dns,full,1.2.3.4,5,\n");
    assert_int_equal(
        add(r, GW_KIND_CL_HTTP_FINGERPRINTS, 0,
            "name,common_name,pattern,location_found,scope,expected_countries\n"
            "any,x,squid/3,header,isp,\"['RU', 'PK']\"\n"
            "text,x,no entry,body,isp,['']\n"),
        0);
    assert_int_equal(add(r, GW_KIND_CL_DNS_FINGERPRINTS, 0,
                         "name,response,scope,expected_countries\n"
                         "c4,1.2.3.4,isp,['PK']\nc5,1.2.3.5,isp,[]\n"),
                     0);
    assert_int_equal(note.bad, 0);
    seal(r);
    assert_string_equal(header(r, "server", "squid/3.1"), "any! o ");
    assert_string_equal(header(r, "x-squid", "squid/3.1"), "any! ");
    assert_true(gw_refs_wants_header(r, GW_LIT("anything")));
    assert_string_equal(body(r, "there is no entry"), "text ");
    assert_string_equal(dns(r, "1.2.3.4"), "c4! o4 ");
    assert_string_equal(dns(r, "1.2.3.5"), "c5 ");
    assert_int_equal(gw_refs_fingerprint_count(r, GW_KIND_CL_HTTP_FINGERPRINTS),
                     2);
    assert_int_equal(gw_refs_fingerprint_count(r, GW_KIND_HTTP_FINGERPRINTS),
                     1);
    gw_refs_free(r);
}

static void bad_fingerprint_costs_one_row_and_is_named(void **state)
{
    (void)state;
    struct gw_refs *r =
        prints(OONI_COLUMNS "ok,isp,,body,contains,yes,5,\n"
                            "odd,isp,,body,regexp,(open,5,\n"
                            "a,isp,,title,full,x,5,\nb,isp,,body,glob,x,5,\n"
                            "c,isp,,body,full,,5,\n,isp,,body,full,x,5,\n"
                            "d,isp,,header.,full,x,5,\n"
                            "e,isp,,body,full,x,5,Pakistan\nshort\n\n"
                            "f,\"isp\"x,,body,full,x,5,\n"
                            "g,isp,,body,regexp,ye+s,5,\n",
               NULL);
    assert_int_equal(note.rows, 11);
    assert_int_equal(note.bad, 9);
    assert_non_null(strstr(note.first_bad, "row 2 'odd': "));
    seal(r);
    assert_string_equal(body(r, "yes"), "g ok ");
    gw_refs_free(r);
}

static void list_without_a_needed_column_or_usable_row_is_an_error(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "",
        "name,scope\na,isp\n",
        OONI_COLUMNS,
        "[]",
        "[{}]",
        "[",
        "name,location_found,pattern\na,body,x\n"};
    struct gw_refs *r = gw_refs_new();
    for (size_t i = 0; i < GW_COUNT(lists); i++)
        assert_int_equal(add(r, GW_KIND_HTTP_FINGERPRINTS, 0, lists[i]),
                         GW_EFORMAT);
    seal(r);
    assert_string_equal(body(r, "x"), "");
    assert_string_equal(dns(r, "x"), "");
    gw_refs_free(r);
}

static void newest_list_replaces_the_older_whole(void **state)
{
    (void)state;
    static const char *const lists[] = {
        OONI_COLUMNS "old,isp,,body,contains,x,5,\n",
        OONI_COLUMNS "new,isp,,body,contains,x,5,\n"};
    for (int first = 0; first < 2; first++) {
        struct gw_refs *r = gw_refs_new();
        for (int i = 0; i < 2; i++) {
            int which = i ^ first;
            assert_int_equal(add(r, GW_KIND_HTTP_FINGERPRINTS,
                                 day(2020 + which, 1, 1), lists[which]),
                             0);
        }
        seal(r);
        assert_string_equal(body(r, "x"), "new ");
        gw_refs_free(r);
    }
}

static void json_export_reads_as_the_table_does(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(
        add(r, GW_KIND_HTTP_FINGERPRINTS, 0,
            "[{\"name\":\"a\",\"scope\":\"nat\",\"location_found\":"
            "\"header.via\",\"pattern_type\":\"full\",\"pattern\":\"1.1 x\","
            "\"expected_countries\":\"AE, PK\",\"confidence_no_fp\":5},"
            "{\"name\":\"b\",\"pattern\":\"x\",\"pattern_type\":\"full\"},7]"),
        0);
    assert_int_equal(note.bad, 2);
    seal(r);
    assert_string_equal(header(r, "via", "1.1 x"), "a! ");
    gw_refs_free(r);
}

static void one_name_is_one_hit_and_hits_have_a_ceiling(void **state)
{
    (void)state;
    struct gw_buf text;
    gw_buf_init(&text, 1 << 16);
    gw_put_str(&text, OONI_COLUMNS "a00,isp,,body,contains,y,5,\n"
                                   "a00,isp,,body,contains,x,5,PK\n");
    for (int i = 40; i > 0; i--)
        gw_put_fmt(&text, "a%02d,isp,,body,contains,x,5,\n", i);
    struct gw_refs *r = gw_refs_new();
    assert_int_equal(
        add_span(r, GW_KIND_HTTP_FINGERPRINTS, "aa", 0, gw_buf_span(&text)), 0);
    seal(r);
    struct gw_refs_scratch *s = gw_refs_scratch_new(r);
    size_t n = gw_refs_body_hits(r, s, GW_LIT("xy"), GW_LIT("PK"), hits, 0);
    assert_int_equal(n, GW_HITS_MAX);
    for (size_t i = 0; i < n; i++) {
        char want[8];
        snprintf(want, sizeof want, "a%02u", (unsigned)i % 100);
        assert_text(hits[i].name, want);
    }
    assert_true(hits[0].expected);
    n = gw_refs_body_hits(r, s, GW_LIT("xy"), GW_LIT("PK"), hits, 2);
    assert_text(hits[2].name, "a02"); // a00 and a01 were there already
    gw_refs_scratch_free(s);
    gw_refs_free(r);
    gw_buf_release(&text);
}

// ---- all of them --------------------------------------------------------

static void description_does_not_depend_on_the_order_of_adding(void **state)
{
    (void)state;
    static const struct {
        enum gw_kind kind;
        const char *hash, *text;
        int year;
    } in[] = {{GW_KIND_PREFIX_AS, "bb", "1.0.0.0/8\t1\n", 2021},
              {GW_KIND_PREFIX_AS, "aa", "1.0.0.0/8\t2\n", 2021},
              {GW_KIND_PREFIX_AS, "cc", "1.0.0.0/8\t3\n", 2020},
              {GW_KIND_AS_NAMES, "dd", "{\"1\":\"A B, PK\"}", 2020}};
    for (size_t turn = 0; turn < 24; turn++) {
        struct gw_refs *r = gw_refs_new();
        size_t left[] = {0, 1, 2, 3}, t = turn;
        for (size_t n = 4; n; n--) {
            size_t pick = t % n, i = left[pick];
            t /= n;
            left[pick] = left[n - 1];
            assert_int_equal(add_span(r, in[i].kind, in[i].hash,
                                      day(in[i].year, 1, 1),
                                      gw_str(in[i].text)),
                             0);
        }
        seal(r);
        struct gw_buf b;
        gw_buf_init(&b, 1 << 16);
        assert_int_equal(gw_refs_describe(r, &b), 0);
        assert_text(gw_buf_span(&b),
                    "{\"prefix_as\":[{\"dated\":\"2020-01-01\",\"object\":"
                    "\"cc\"},{\"dated\":\"2021-01-01\",\"object\":\"aa\"},"
                    "{\"dated\":\"2021-01-01\",\"object\":\"bb\"}],"
                    "\"as_names\":[{\"dated\":\"2020-01-01\",\"object\":"
                    "\"dd\"}]}");
        assert_int_equal(net_of(r, "1.1.1.1").asn, 1); // of one day: "bb"
        gw_buf_release(&b);
        gw_refs_free(r);
    }
}

static void what_cannot_be_used_is_refused(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    gw_ip ip = {0};
    struct gw_net net;
    assert_int_equal(add(r, GW_KIND_OBS_WEB, 0, "url\n"), GW_EUNKNOWN);
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, GW_NEVER, "1.0.0.0/8\t1\n"),
                     GW_EREFUSED);
    gw_refs_net(r, &ip, 0, &net); // not sealed: nothing is known
    assert_int_equal(net.asn, GW_NULL);
    assert_null(gw_refs_scratch_new(r));
    seal(r);
    assert_int_equal(gw_refs_seal(r, NULL), GW_EREFUSED);
    assert_int_equal(add(r, GW_KIND_PREFIX_AS, 0, "1.0.0.0/8\t1\n"),
                     GW_EREFUSED);
    gw_refs_free(r);
}

static int64_t cut_short(void *ctx, uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    int *calls = ctx;
    return (*calls)++ ? GW_EFEW : 1;
}

static void source_that_fails_is_an_error(void **state)
{
    (void)state;
    int calls = 0;
    struct gw_refs *r = gw_refs_new();
    struct gw_ref_input in = {
        .kind = GW_KIND_PREFIX_AS, .source = cut_short, .ctx = &calls};
    assert_int_equal(gw_refs_add(r, &in, NULL, NULL), GW_EFEW);
    gw_refs_free(r);
}

// Reads one list and asks it one thing; true if nothing failed on the way.
static bool works(enum gw_kind kind, const char *text)
{
    struct gw_refs *r = gw_refs_new();
    bool ok = r && add(r, kind, 0, text) == 0 && note.bad == 0 &&
              gw_refs_seal(r, NULL) == 0;
    struct gw_refs_scratch *s = ok ? gw_refs_scratch_new(r) : NULL;
    gw_refs_scratch_free(s);
    gw_refs_free(r);
    return s != NULL;
}

static bool networks_work(void)
{
    return works(GW_KIND_PREFIX_AS, "1.0.0.0/8\t1\n2::1/128\t2\n") &&
           works(GW_KIND_AS_NAMES, "{\"1\":\"A B, PK\"}");
}

static bool fingerprints_work(void)
{
    return works(GW_KIND_HTTP_FINGERPRINTS,
                 OONI_COLUMNS "a,isp,,body,regexp,a+b,5,PK\n"
                              "b,isp,,header.via,prefix,b,5,\n"
                              "c,isp,,dns,full,1.2.3.4,5,\n");
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(networks_work) > 20);
    assert_true(gw_fault_each_alloc(fingerprints_work) > 20);
}

// ---- real lists ---------------------------------------------------------

static int64_t give_file(void *ctx, uint8_t *bytes, size_t len)
{
    size_t n = fread(bytes, 1, len, ctx);
    return ferror(ctx) ? GW_EIO : (int64_t)n;
}

// The unpacked file below the folder of real inputs; false if there is none.
static bool real(const char *name, struct gw_buf *ret)
{
    const char *data = getenv("GAWAH_DATA");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", data ? data : "", name);
    FILE *f = data ? fopen(path, "rbe") : NULL;
    if (!f) {
        print_message("no %s: set GAWAH_DATA\n", name);
        return false;
    }
    struct gw_unpack *u = gw_unpack_new(give_file, f);
    struct gw_leaf leaf;
    assert_int_equal(gw_unpack_leaf(u, &leaf, NULL), 1);
    gw_buf_init(ret, 64 << 20);
    int64_t n;
    do {
        uint8_t *room = gw_buf_room(ret, 1 << 16);
        assert_non_null(room);
        n = gw_unpack_read(u, room, 1 << 16, NULL);
        assert_true(n >= 0);
        ret->len += (size_t)n;
    } while (n);
    gw_unpack_free(u);
    fclose(f);
    return true;
}

static void add_real(struct gw_refs *r, enum gw_kind kind, gw_time dated,
                     const char *name, int64_t rows)
{
    struct gw_buf b;
    if (!real(name, &b)) {
        gw_refs_free(r);
        skip();
    }
    assert_int_equal(add_span(r, kind, "aa", dated, gw_buf_span(&b)), 0);
    gw_buf_release(&b);
    assert_int_equal(note.rows, rows);
    assert_int_equal(note.bad, 0);
}

static void real_networks_are_known(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    gw_time old = day(2014, 5, 13), new = day(2015, 11, 1);
    add_real(r, GW_KIND_PREFIX_AS, old, "geo/pyasn/ipasn_20140513_v12.dat.gz",
             512490);
    add_real(r, GW_KIND_PREFIX_AS, new, "geo/pyasn/ipasn6_20151101.dat.gz",
             633831);
    add_real(r, GW_KIND_AS_NAMES, old, "geo/pyasn/asnames.json.gz", 77586);
    add_real(r, GW_KIND_DELEGATIONS, old, "geo/rir-pk/aggregated.json", 1036);
    add_real(r, GW_KIND_DELEGATIONS, old, "geo/rir-pk/ipv4-aggregated.txt",
             710);
    add_real(r, GW_KIND_DELEGATIONS, old, "geo/rir-pk/ipv6-aggregated.txt",
             326);
    seal(r);
    struct gw_net net = net_on(r, "203.82.48.83", old);
    assert_int_equal(net.asn, 23674);
    assert_text(net.as_name, "NAYATEL-PK");
    assert_text(net.as_org_name, "Nayatel (Pvt) Ltd");
    assert_text(net.as_cc, "PK");
    assert_text(net.cc, "PK");
    assert_int_equal(net_on(r, "2001:4860:4860::8888", old).asn, GW_NULL);
    assert_int_equal(net_on(r, "2001:4860:4860::8888", new).asn, 15169);
    assert_int_equal(net_on(r, "8.8.8.8", old - 1).asn, GW_NULL);
    gw_refs_free(r);
}

static bool among_hits(gw_span name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (gw_eq(hits[i].name, name))
            return true;
    return false;
}

// Shows each fingerprint its own pattern, where it looks. Regexps aside: none
// of them need match its own text.
static size_t fire_each(const struct gw_refs *r, gw_span list, size_t headers)
{
    struct gw_refs_scratch *s = gw_refs_scratch_new(r);
    struct gw_csv *csv = gw_csv_new(',');
    gw_csv_feed(csv, list, true);
    const gw_span *f;
    size_t n, fired = 0;
    int64_t offset;
    while (gw_csv_row(csv, &f, &n, &offset, NULL) == 1) {
        gw_span name = f[0], where = f[3], pattern = f[5];
        bool in_header = gw_starts(where, "header.");
        if (gw_is(name, "name") || gw_is(f[4], "regexp"))
            continue;
        gw_span field = gw_sub(where, 7, where.len);
        n = in_header ? gw_refs_header_hits(r, s, field, pattern, name, hits, 0)
                      : gw_refs_body_hits(r, s, pattern, name, hits, 0);
        if (!among_hits(name, n))
            fail_msg("'%.*s' does not fire", (int)name.len,
                     (const char *)name.at);
        fired += in_header == (headers != 0);
    }
    gw_csv_free(csv);
    gw_refs_scratch_free(s);
    return fired;
}

static void every_real_fingerprint_fires_on_its_own_pattern(void **state)
{
    (void)state;
    static const char list[] = "ooni/fingerprints/fingerprints_http.csv";
    struct gw_refs *r = gw_refs_new();
    add_real(r, GW_KIND_HTTP_FINGERPRINTS, 0, list, 1729);
    seal(r);
    struct gw_buf b;
    assert_true(real(list, &b));
    assert_int_equal(fire_each(r, gw_buf_span(&b), 1), 418);
    assert_int_equal(fire_each(r, gw_buf_span(&b), 0), 1311 - 14);
    gw_buf_release(&b);
    gw_refs_free(r);
}

static void real_lists_of_both_makers_are_read_whole(void **state)
{
    (void)state;
    struct gw_refs *r = gw_refs_new();
    static const struct {
        enum gw_kind kind;
        const char *name;
        int64_t rows;
    } in[] = {{GW_KIND_HTTP_FINGERPRINTS,
               "ooni/fastpath-fixtures/fingerprints_http.json", 1699},
              {GW_KIND_DNS_FINGERPRINTS,
               "ooni/fastpath-fixtures/fingerprints_dns.json", 150},
              {GW_KIND_DNS_FINGERPRINTS,
               "ooni/fingerprints/fingerprints_dns.csv", 226},
              {GW_KIND_CL_DNS_FINGERPRINTS,
               "ooni/fingerprints/citizenlab/dns.csv", 127},
              {GW_KIND_CL_HTTP_FINGERPRINTS,
               "ooni/fingerprints/citizenlab/http.csv", 346}};
    for (size_t i = 0; i < GW_COUNT(in); i++)
        add_real(r, in[i].kind, (gw_time)i * GW_DAY, in[i].name, in[i].rows);
    seal(r);
    for (size_t i = 0; i < GW_COUNT(in); i++)
        assert_int_equal(gw_refs_fingerprint_count(r, in[i].kind),
                         i == 1 ? 226 : in[i].rows);
    assert_non_null(strstr(dns(r, "203.82.48.83"), "! "));
    assert_string_equal(dns(r, "8.8.8.8"), "");
    gw_refs_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_prefix_holds_and_its_edges_are_exact),
        cmocka_unit_test(ranges_agree_with_a_scan_of_all_prefixes),
        cmocka_unit_test(newest_snapshot_on_or_before_the_day_holds),
        cmocka_unit_test(
            rows_that_break_a_rule_are_counted_and_the_first_is_named),
        cmocka_unit_test(registry_rows_give_countries_of_addresses_and_ases),
        cmocka_unit_test(lists_of_one_country_are_read_in_both_forms),
        cmocka_unit_test(names_of_ases_are_split),
        cmocka_unit_test(mmdb_gives_as_names_and_country_of_an_address),
        cmocka_unit_test(country_and_as_databases_stand_side_by_side),
        cmocka_unit_test(damaged_or_absent_mmdb_is_an_error),
        cmocka_unit_test(dns_answers_match_by_what_they_mean),
        cmocka_unit_test(bodies_match_by_contains_prefix_full_and_regexp),
        cmocka_unit_test(regexp_that_runs_out_of_steps_costs_no_literal),
        cmocka_unit_test(headers_match_in_their_field_only),
        cmocka_unit_test(citizenlab_lists_are_live_beside_those_of_ooni),
        cmocka_unit_test(bad_fingerprint_costs_one_row_and_is_named),
        cmocka_unit_test(
            list_without_a_needed_column_or_usable_row_is_an_error),
        cmocka_unit_test(newest_list_replaces_the_older_whole),
        cmocka_unit_test(json_export_reads_as_the_table_does),
        cmocka_unit_test(one_name_is_one_hit_and_hits_have_a_ceiling),
        cmocka_unit_test(description_does_not_depend_on_the_order_of_adding),
        cmocka_unit_test(what_cannot_be_used_is_refused),
        cmocka_unit_test(source_that_fails_is_an_error),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(real_networks_are_known),
        cmocka_unit_test(every_real_fingerprint_fires_on_its_own_pattern),
        cmocka_unit_test(real_lists_of_both_makers_are_read_whole),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
