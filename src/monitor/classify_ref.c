// Which reference data bytes are, and the day they speak for. Told by content:
// a file name is only asked for a date that the content does not give.
#include "monitor/refs.h"

// ---- JSON that may be cut off -------------------------------------------

static size_t skip_blanks(gw_span s, size_t i)
{
    while (i < s.len && strchr(" \t\r\n", s.at[i]) && s.at[i])
        i++;
    return i;
}

// Offset of the quote that ends the text begun before i, or s.len.
static size_t end_of_text(gw_span s, size_t i)
{
    while (i < s.len && s.at[i] != '"')
        i += s.at[i] == '\\' ? 2 : 1;
    return i < s.len ? i : s.len;
}

// The value of the first member of that name, so many containers deep, up to
// the end of s; at == NULL if there is none. Only the first container of that
// depth is looked at.
static gw_span member(gw_span s, int depth, const char *name)
{
    int level = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c == '{' || c == '[')
            level++;
        if ((c == '}' || c == ']') && level-- == depth)
            break;
        if (c != '"')
            continue;
        size_t end = end_of_text(s, i + 1);
        gw_span text = gw_sub(s, i + 1, end - i - 1);
        i = skip_blanks(s, end + 1);
        if (i < s.len && s.at[i] == ':' && level == depth && gw_is(text, name))
            return gw_trim(gw_sub(s, i + 1, s.len));
        i--; // what follows the text may open or close a container
    }
    return (gw_span){0};
}

// {"50088": "FITL-IE Fort Technologies, GB", ...
static bool begins_as_names(gw_span s)
{
    uint64_t asn;
    size_t i = skip_blanks(s, 1);
    if (i >= s.len || s.at[i] != '"')
        return false;
    size_t end = end_of_text(s, i + 1);
    gw_span rest = gw_trim(gw_sub(s, end + 1, s.len));
    return gw_parse_uint(gw_sub(s, i + 1, end - i - 1), UINT32_MAX, &asn) &&
           gw_starts(rest, ":") &&
           gw_starts(gw_trim(gw_sub(rest, 1, rest.len)), "\"");
}

static enum gw_kind classify_json(gw_span s)
{
    if (s.at[0] == '{') {
        if (member(s, 1, "countryCode").at && member(s, 1, "prefixes").at)
            return GW_KIND_DELEGATIONS;
        return begins_as_names(s) ? GW_KIND_AS_NAMES : GW_KIND_UNKNOWN;
    }
    gw_span location = member(s, 2, "location_found");
    if (!location.at || !member(s, 2, "pattern_type").at ||
        !member(s, 2, "pattern").at || !member(s, 2, "name").at)
        return GW_KIND_UNKNOWN;
    return gw_starts(location, "\"dns\"") ? GW_KIND_DNS_FINGERPRINTS
                                          : GW_KIND_HTTP_FINGERPRINTS;
}

// ---- CSV ----------------------------------------------------------------

static size_t column(const gw_span *f, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (gw_is(gw_trim(f[i]), name))
            return i;
    return SIZE_MAX;
}

static bool has(const gw_span *f, size_t n, const char *name)
{
    return column(f, n, name) != SIZE_MAX;
}

// Both lists of OONI have the same columns: what a row looks at tells them
// apart.
static enum gw_kind classify_rows(struct gw_csv *csv, size_t location)
{
    const gw_span *f;
    size_t n;
    int64_t offset;
    while (gw_csv_row(csv, &f, &n, &offset, NULL) == 1) {
        if (location >= n)
            continue;
        if (gw_is(f[location], "dns"))
            return GW_KIND_DNS_FINGERPRINTS;
        if (gw_is(f[location], "body") || gw_starts(f[location], "header"))
            return GW_KIND_HTTP_FINGERPRINTS;
    }
    return GW_KIND_UNKNOWN;
}

static enum gw_kind classify_columns(struct gw_csv *csv)
{
    const gw_span *f;
    size_t n;
    int64_t offset;
    if (gw_csv_row(csv, &f, &n, &offset, NULL) != 1)
        return GW_KIND_UNKNOWN;
    if (n > 1 && gw_is(f[0], "url") && gw_is(f[1], "category_code"))
        return GW_KIND_TEST_LIST;
    if (!has(f, n, "name") || !has(f, n, "scope") ||
        !has(f, n, "expected_countries"))
        return GW_KIND_UNKNOWN;
    size_t location = column(f, n, "location_found");
    if (location == SIZE_MAX)
        return has(f, n, "response") ? GW_KIND_CL_DNS_FINGERPRINTS
                                     : GW_KIND_UNKNOWN;
    if (!has(f, n, "pattern"))
        return GW_KIND_UNKNOWN;
    return has(f, n, "pattern_type") ? classify_rows(csv, location)
                                     : GW_KIND_CL_HTTP_FINGERPRINTS;
}

static enum gw_kind classify_csv(gw_span head)
{
    struct gw_csv *csv = gw_csv_new(',');
    if (!csv)
        return GW_KIND_UNKNOWN;
    gw_csv_feed(csv, head, true);
    enum gw_kind kind = classify_columns(csv);
    gw_csv_free(csv);
    return kind;
}

// ---- lines --------------------------------------------------------------

static bool is_prefix(gw_span s)
{
    gw_ip ip;
    uint64_t bits;
    gw_span addr = gw_cut(&s, '/');
    return gw_ip_parse(addr, &ip) && gw_parse_uint(s, ip.v6 ? 128 : 32, &bits);
}

static bool is_prefix_as(gw_span s)
{
    uint64_t asn;
    return is_prefix(gw_cut(&s, '\t')) && gw_parse_uint(s, UINT32_MAX, &asn);
}

static bool is_registry(gw_span s)
{
    static const char *const names[] = {"afrinic", "apnic",   "arin", "iana",
                                        "lacnic",  "ripencc", "nro"};
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (gw_is(s, names[i]))
            return true;
    return false;
}

// Fields of "2.3|apnic|20250101|92812|19830613|20241231|+1000".
enum version { NUMBER, REGISTRY, SERIAL, RECORDS, BEGIN, END, OFFSET, VERSION };

static bool is_version(gw_span line, gw_span *f)
{
    double number;
    for (int i = 0; i < VERSION; i++)
        f[i] = gw_trim(gw_cut(&line, '|'));
    return gw_parse_real(f[NUMBER], &number) && is_registry(f[REGISTRY]) &&
           f[OFFSET].len;
}

static bool is_registry_row(gw_span line)
{
    gw_span registry = gw_cut(&line, '|'), type;
    gw_cut(&line, '|');
    type = gw_cut(&line, '|');
    return is_registry(registry) && line.len &&
           (gw_is(type, "ipv4") || gw_is(type, "ipv6") || gw_is(type, "asn"));
}

// Comments first, then the first line that is none decides.
static enum gw_kind classify_lines(gw_span head)
{
    bool country = false;
    gw_span f[VERSION];
    while (head.len) {
        gw_span line = gw_trim(gw_cut(&head, '\n'));
        if (gw_starts(line, "; IP-ASN"))
            return GW_KIND_PREFIX_AS;
        if (gw_is(line, "// ===BEGIN ICANN DOMAINS==="))
            return GW_KIND_SUFFIX_LIST;
        country |= gw_starts(line, "# Country:");
        if (!line.len || line.at[0] == ';' || line.at[0] == '#' ||
            gw_starts(line, "//"))
            continue;
        if (is_prefix_as(line))
            return GW_KIND_PREFIX_AS;
        return (country && is_prefix(line)) || is_version(line, f) ||
                       is_registry_row(line)
                   ? GW_KIND_DELEGATIONS
                   : GW_KIND_UNKNOWN;
    }
    return GW_KIND_UNKNOWN;
}

static gw_span without_mark(gw_span s) // of byte order
{
    return gw_starts(s, "\xef\xbb\xbf") ? gw_sub(s, 3, s.len) : s;
}

enum gw_kind gw_classify_reference(gw_span head, gw_span tail)
{
    if (tail.len && gw_find(tail, GW_LIT("\xab\xcd\xefMaxMind.com"), 0) >= 0)
        return GW_KIND_MMDB;
    head = without_mark(head);
    gw_span text = gw_trim(head);
    if (!text.len)
        return GW_KIND_UNKNOWN;
    if (text.at[0] == '{' || text.at[0] == '[')
        return classify_json(text);
    enum gw_kind kind = classify_lines(head);
    return kind == GW_KIND_UNKNOWN ? classify_csv(head) : kind;
}

// ---- the day ------------------------------------------------------------

static bool is_digit(gw_span s, size_t i)
{
    return i < s.len && s.at[i] >= '0' && s.at[i] <= '9';
}

static bool parse_day(gw_span s, gw_time *ret) // YYYYMMDD or YYYY-MM-DD
{
    uint8_t day[10];
    if (s.len == 10)
        return gw_parse_time(s, ret);
    if (s.len != 8)
        return false;
    memcpy(day, s.at, 4);
    memcpy(day + 5, s.at + 4, 2);
    memcpy(day + 8, s.at + 6, 2);
    day[4] = day[7] = '-';
    return gw_parse_time(gw_span_of(day, sizeof day), ret);
}

// The first date in the last part of a path that is not inside a longer number.
static bool day_in_name(gw_span path, gw_time *ret)
{
    gw_span s = path;
    while (s.len && memchr(s.at, '/', s.len))
        gw_cut(&s, '/');
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s, i) || (i && is_digit(s, i - 1)))
            continue;
        for (size_t len = 8; len <= 10; len += 2)
            if (i + len <= s.len && !is_digit(s, i + len) &&
                parse_day(gw_sub(s, i, len), ret))
                return true;
    }
    return false;
}

// "Tue May 13 22:03:05 2014", as C's asctime writes it.
static bool parse_asctime(gw_span s, gw_time *ret)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint8_t day[8];
    uint64_t d;
    if (s.len != 24 || s.at[7] != ' ' || s.at[19] != ' ')
        return false;
    int64_t at = gw_find(gw_str(months), gw_sub(s, 4, 3), 0);
    if (at < 0 || at % 3 || !gw_parse_uint(gw_trim(gw_sub(s, 8, 2)), 31, &d))
        return false;
    memcpy(day, s.at + 20, 4);
    day[4] = (uint8_t)('0' + (at / 3 + 1) / 10);
    day[5] = (uint8_t)('0' + (at / 3 + 1) % 10);
    day[6] = (uint8_t)('0' + d / 10);
    day[7] = (uint8_t)('0' + d % 10);
    return parse_day(gw_span_of(day, sizeof day), ret);
}

// The routing table speaks for the day it was dumped; it may have been
// converted years later.
static bool day_of_prefix_as(gw_span head, gw_time *ret)
{
    bool found = false;
    while (gw_starts(head, ";")) {
        gw_span line = gw_trim(gw_cut(&head, '\n'));
        gw_span key = gw_trim(gw_cut(&line, ':'));
        line = gw_trim(line);
        if (gw_is(key, "; Original file") && day_in_name(line, ret))
            return true;
        if (gw_is(key, "; Converted on"))
            found = parse_asctime(line, ret);
    }
    return found;
}

// Some registries number their files by day, others by seconds; those end the
// period that they cover with the day.
static bool day_of_registry(gw_span head, gw_time *ret)
{
    gw_span f[VERSION];
    while (gw_starts(head, "#"))
        gw_cut(&head, '\n');
    gw_span line = gw_trim(gw_cut(&head, '\n'));
    return is_version(line, f) &&
           (parse_day(f[SERIAL], ret) || parse_day(f[END], ret));
}

bool gw_reference_date(gw_span head, gw_span name, gw_time *ret)
{
    head = without_mark(head);
    return day_of_prefix_as(head, ret) || day_of_registry(head, ret) ||
           day_in_name(name, ret);
}
