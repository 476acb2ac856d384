// Tables of networks: prefixes to ASes, delegations to countries, names of
// ASes, and MaxMind DB files. Nested prefixes become disjoint ranges, so that
// the longest match is one search.
#include "monitor/refs_private.h"

#include <netinet/in.h>
#include <sys/socket.h>

// ---- ranges -------------------------------------------------------------

// One row of a source. order: length, then place in the source, so that of
// equal prefixes the last one holds.
struct prefix {
    struct gw_ref_key start;
    uint32_t value, order;
};

struct reading { // a source while its rows are taken in
    struct prefix *at[GW_REF_SPACES];
    size_t count[GW_REF_SPACES], cap[GW_REF_SPACES];
    struct gw_ref_note *note;
    struct gw_ref_snapshot *snapshot;
    uint8_t cc[2]; // that the source speaks for; 0: it names none
    int err;       // sticky
};

static int key_cmp(struct gw_ref_key a, struct gw_ref_key b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static struct gw_ref_key after(struct gw_ref_key k) // wraps to zero
{
    k.lo++;
    k.hi += k.lo == 0;
    return k;
}

static uint64_t below(unsigned bits) // the bits after the first so many of 64
{
    return bits > 63 ? 0 : UINT64_MAX >> bits;
}

static struct gw_ref_key last_of(struct gw_ref_key start, unsigned len)
{
    start.hi |= below(len);
    start.lo |= below(len > 64 ? len - 64 : 0);
    return start;
}

static void take(struct reading *x, enum gw_ref_space space,
                 struct gw_ref_key start, unsigned len, uint32_t value)
{
    size_t n = x->count[space];
    if (x->err)
        return;
    if (n == GW_REF_PREFIXES_MAX) {
        x->err = GW_ETOOBIG;
        return;
    }
    if (n == x->cap[space]) {
        size_t cap = n ? n * 2 : 256;
        void *at = gw_resize(x->at[space], cap, sizeof(struct prefix));
        if (!at) {
            x->err = GW_ENOMEM;
            return;
        }
        x->at[space] = at;
        x->cap[space] = cap;
    }
    x->at[space][n] = (struct prefix){start, value, len << 24 | (uint32_t)n};
    x->count[space]++;
}

static int by_start(const void *a, const void *b)
{
    const struct prefix *p = a, *q = b;
    int c = key_cmp(p->start, q->start);
    return c ? c : p->order < q->order ? -1 : p->order > q->order;
}

static int resize(struct gw_ref_ranges *t, size_t cap)
{
    void *hi = gw_resize(t->hi, cap, sizeof *t->hi);
    t->hi = hi ? hi : t->hi;
    void *lo = gw_resize(t->lo, cap, sizeof *t->lo);
    t->lo = lo ? lo : t->lo;
    void *value = gw_resize(t->value, cap, sizeof *t->value);
    t->value = value ? value : t->value;
    if (!hi || !lo || !value)
        return GW_ENOMEM;
    t->cap = cap;
    return 0;
}

// From start on the value holds. A second word on the same start replaces the
// first; a value that holds already needs no range of its own.
static int emit(struct gw_ref_ranges *t, struct gw_ref_key start,
                uint32_t value)
{
    size_t n = t->count;
    if (n && t->hi[n - 1] == start.hi && t->lo[n - 1] == start.lo)
        n--;
    t->count = n;
    if (value == (n ? t->value[n - 1] : 0))
        return 0;
    if (n == t->cap && resize(t, n ? n * 2 : 64))
        return GW_ENOMEM;
    t->hi[n] = start.hi;
    t->lo[n] = start.lo;
    t->value[n] = value;
    t->count = n + 1;
    return 0;
}

struct open { // prefixes around the place that the sweep has reached
    struct gw_ref_key start[130], last[130];
    uint32_t value[130];
    size_t depth; // at most one for each length of 0..128
};

// Ends the prefixes whose last number is before `until`, or all.
static int end_open(struct open *o, const struct gw_ref_key *until,
                    struct gw_ref_ranges *t)
{
    int err = 0;
    while (!err && o->depth &&
           (!until || key_cmp(o->last[o->depth - 1], *until) < 0)) {
        struct gw_ref_key next = after(o->last[--o->depth]);
        uint32_t outer = o->depth ? o->value[o->depth - 1] : 0;
        if (next.hi || next.lo)
            err = emit(t, next, outer);
    }
    return err;
}

static int flatten(const struct prefix *at, size_t count,
                   struct gw_ref_ranges *t)
{
    struct open o = {0};
    int err = 0;
    for (size_t i = 0; !err && i < count; i++) {
        struct gw_ref_key last = last_of(at[i].start, at[i].order >> 24);
        err = end_open(&o, &at[i].start, t);
        if (o.depth && key_cmp(o.start[o.depth - 1], at[i].start) == 0 &&
            key_cmp(o.last[o.depth - 1], last) == 0)
            o.depth--;
        o.start[o.depth] = at[i].start;
        o.last[o.depth] = last;
        o.value[o.depth++] = at[i].value;
        if (!err)
            err = emit(t, at[i].start, at[i].value);
    }
    return err ? err : end_open(&o, NULL, t);
}

// Gives back what is not needed and counts the slots: about one for every
// four ranges.
static int finish(struct gw_ref_ranges *t)
{
    unsigned bits = 1;
    while (bits < 16 && t->count >> (bits + 2))
        bits++;
    size_t slots = (size_t)1 << bits, i = 0;
    t->shift = 64 - bits;
    t->slot = gw_new((slots + 1) * sizeof *t->slot);
    if (!t->slot || resize(t, t->count))
        return GW_ENOMEM;
    for (size_t k = 0; k <= slots; k++) {
        while (i < t->count && t->hi[i] >> t->shift < k)
            i++;
        t->slot[k] = (uint32_t)i;
    }
    uint64_t any = 0;
    for (i = 0; i < t->count; i++)
        any |= t->lo[i];
    if (!any) {
        gw_free(t->lo);
        t->lo = NULL;
    }
    return 0;
}

static int build(struct reading *x, struct gw_ref_net *net)
{
    for (size_t i = 0; i < GW_REF_SPACES && !x->err; i++) {
        if (!x->count[i])
            continue;
        qsort(x->at[i], x->count[i], sizeof *x->at[i], by_start);
        x->err = flatten(x->at[i], x->count[i], &net->of[i]);
        gw_free(x->at[i]);
        x->at[i] = NULL;
        if (!x->err)
            x->err = finish(&net->of[i]);
    }
    return x->err;
}

// How many of the n numbers from a[at] on are at most key, plus at. The halves
// are chosen without a branch, which would be guessed wrong every other time.
static size_t upper(const uint64_t *a, size_t at, size_t n, uint64_t key)
{
    while (n) {
        size_t half = (n + 1) / 2;
        at += half & -(size_t)(a[at + half - 1] <= key);
        n -= half;
    }
    return at;
}

uint32_t gw_ref_find(const struct gw_ref_ranges *t, struct gw_ref_key key)
{
    if (!t->count)
        return 0;
    size_t k = (size_t)(key.hi >> t->shift), begin = t->slot[k];
    size_t at = upper(t->hi, begin, t->slot[k + 1] - begin, key.hi);
    if (t->lo && at > begin && t->hi[at - 1] == key.hi) {
        size_t same = begin;
        if (key.hi)
            same = upper(t->hi, begin, at - begin, key.hi - 1);
        at = upper(t->lo, same, at - same, key.lo);
    }
    return at ? t->value[at - 1] : 0;
}

void gw_ref_net_free(struct gw_ref_net *net)
{
    for (size_t i = 0; net && i < GW_REF_SPACES; i++) {
        gw_free(net->of[i].hi);
        gw_free(net->of[i].lo);
        gw_free(net->of[i].value);
        gw_free(net->of[i].slot);
    }
    gw_free(net);
}

// ---- rows ---------------------------------------------------------------

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

enum gw_ref_space gw_ref_key_of(const gw_ip *ip, struct gw_ref_key *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint64_t hi = load_be64(ip->bytes), lo = load_be64(ip->bytes + 8);
    bool v4 = memcmp(ip->bytes, mapped, sizeof mapped) == 0;
    *ret = v4 ? (struct gw_ref_key){lo << 32, 0} : (struct gw_ref_key){hi, lo};
    return v4 ? GW_REF_V4 : GW_REF_V6;
}

// Returns the rule that it breaks, or NULL.
static const char *read_prefix(gw_span addr, gw_span bits,
                               enum gw_ref_space *space, struct gw_ref_key *key,
                               unsigned *len)
{
    gw_ip ip;
    uint64_t n;
    if (!gw_ip_parse(addr, &ip) || !gw_parse_uint(bits, 128, &n))
        return "not a prefix";
    *space = gw_ref_key_of(&ip, key);
    if (*space == GW_REF_V4 && ip.v6) // RFC 4291 2.5.5.2
        n = n < 96 ? 128 : n - 96;
    if (*space == GW_REF_V4 && n > 32)
        return "prefix length out of range";
    *len = (unsigned)n;
    struct gw_ref_key host = last_of((struct gw_ref_key){0}, *len);
    if ((key->hi & host.hi) || (key->lo & host.lo))
        return "bits are set after the prefix";
    return NULL;
}

static bool is_country(gw_span s)
{
    return s.len == 2 && s.at[0] >= 'A' && s.at[0] <= 'Z' && s.at[1] >= 'A' &&
           s.at[1] <= 'Z';
}

static bool is_nobody(gw_span cc) // ISO 3166-1 leaves ZZ to its users
{
    return cc.len == 0 || gw_is(cc, "ZZ");
}

typedef const char *row_fn(struct reading *x, gw_span line);

static const char *prefix_as_row(struct reading *x, gw_span line)
{
    enum gw_ref_space space;
    struct gw_ref_key key;
    unsigned len;
    uint64_t asn;
    gw_span bits = gw_cut(&line, '\t'), addr = gw_cut(&bits, '/');
    const char *rule = read_prefix(addr, bits, &space, &key, &len);
    if (rule)
        return rule;
    if (!gw_parse_uint(line, UINT32_MAX, &asn) || asn == 0) // RFC 7607
        return "not an AS number";
    take(x, space, key, len, (uint32_t)asn);
    return NULL;
}

static const char *country_prefix(struct reading *x, gw_span addr, gw_span bits,
                                  const uint8_t *cc)
{
    enum gw_ref_space space;
    struct gw_ref_key key;
    unsigned len;
    const char *rule = read_prefix(addr, bits, &space, &key, &len);
    if (!rule)
        take(x, space, key, len, gw_ref_cc_pack(cc, len));
    return rule;
}

static const char *country_row(struct reading *x, gw_span bits)
{
    gw_span addr = gw_cut(&bits, '/');
    if (!x->cc[0])
        return "no country is named above it";
    return country_prefix(x, addr, bits, x->cc);
}

// A run of numbers becomes the fewest aligned blocks: a registry's row need
// not be one prefix.
static const char *country_run(struct reading *x, const gw_span *f)
{
    gw_ip ip;
    struct gw_ref_key key;
    uint64_t start, count;
    enum gw_ref_space space = GW_REF_ASN;
    if (gw_is(f[2], "ipv4")) {
        if (!gw_ip_parse(f[3], &ip) || ip.v6)
            return "not an IPv4 address";
        space = gw_ref_key_of(&ip, &key);
        start = key.hi >> 32;
    } else if (!gw_parse_uint(f[3], UINT32_MAX, &start)) {
        return "not an AS number";
    }
    if (!gw_parse_uint(f[4], ((uint64_t)1 << 32) - start, &count) || !count)
        return "count out of range";
    while (count) {
        unsigned len = 0;
        uint64_t size = (uint64_t)1 << 32;
        for (; size > count || (start & (size - 1)); len++)
            size >>= 1;
        key = (struct gw_ref_key){start << 32, 0};
        take(x, space, key, len, gw_ref_cc_pack(f[1].at, len));
        start += size;
        count -= size;
    }
    return NULL;
}

// registry|cc|type|start|value|date|status|..., the statistics exchange
// format of the registries; value is a prefix length for ipv6, else a count.
static const char *registry_row(struct reading *x, gw_span line)
{
    gw_span f[7];
    for (size_t i = 0; i < GW_COUNT(f); i++)
        f[i] = gw_trim(gw_cut(&line, '|'));
    if (!f[6].len)
        return "too few fields";
    bool held = gw_is(f[6], "allocated") || gw_is(f[6], "assigned");
    if (!held || is_nobody(f[1]))
        return NULL;
    if (!is_country(f[1]))
        return "not a country code";
    if (gw_is(f[2], "ipv6"))
        return country_prefix(x, f[3], f[4], f[1].at);
    if (gw_is(f[2], "ipv4") || gw_is(f[2], "asn"))
        return country_run(x, f);
    return "not ipv4, ipv6 or asn";
}

// ---- sources of rows ----------------------------------------------------

static void take_row(struct reading *x, gw_span line, row_fn *row)
{
    x->note->rows++;
    const char *rule = row(x, line);
    if (rule)
        gw_ref_bad(x->note, x->note->rows, line, rule);
}

static void add_series(struct reading *x, gw_span s)
{
    char *at = x->snapshot->series;
    size_t used = strlen(at), room = GW_REF_SERIES_MAX - 1 - used;
    if (!s.len)
        return;
    memcpy(at + used, s.at, s.len < room ? s.len : room);
    at[used + (s.len < room ? s.len : room)] = 0;
}

// "# Country: Pakistan (PK)" and "# Address family: IPv4"
static void read_comment(struct reading *x, gw_span line)
{
    if (gw_starts(line, "# Country:") && gw_ends(line, ")") && line.len > 4) {
        gw_span cc = gw_sub(line, line.len - 3, 2);
        if (is_country(cc) && line.at[line.len - 4] == '(') {
            memcpy(x->cc, cc.at, 2);
            add_series(x, cc);
        }
    } else if (gw_starts(line, "# Address family:")) {
        add_series(x, gw_sub(line, sizeof "# Address family:" - 1, 8));
    }
}

// A line of a registry: its version, a summary, or a row.
static void read_registry(struct reading *x, gw_span line)
{
    gw_span rest = line, first = gw_cut(&rest, '|');
    if (first.len && first.at[0] >= '0' && first.at[0] <= '9')
        add_series(x, gw_cut(&rest, '|'));
    else if (!gw_ends(line, "|summary"))
        take_row(x, line, registry_row);
}

static void read_lines(struct reading *x, gw_span text)
{
    bool prefix_as = x->snapshot->kind == GW_KIND_PREFIX_AS;
    while (text.len && !x->err) {
        gw_span line = gw_trim(gw_cut(&text, '\n'));
        if (!line.len || line.at[0] == ';')
            continue;
        if (line.at[0] == '#')
            read_comment(x, line);
        else if (prefix_as)
            take_row(x, line, prefix_as_row);
        else if (memchr(line.at, '|', line.len))
            read_registry(x, line);
        else
            take_row(x, line, country_row);
    }
}

// {"countryCode": "PK", "prefixes": {"ipv4": ["..."], "ipv6": ["..."]}}
static int read_json(struct reading *x, gw_span text, struct gw_why *why)
{
    struct gw_json *parser;
    gw_jv top;
    int err = gw_ref_json(text, &parser, &top, why);
    gw_span cc = err ? (gw_span){0} : gw_jv_str(gw_jv_get(top, "countryCode"));
    if (!err && !is_country(cc))
        err = gw_fail(why, GW_EFORMAT, "countryCode is not a country code");
    if (!err) {
        memcpy(x->cc, cc.at, 2);
        add_series(x, cc);
        gw_jit family = gw_jv_iter(gw_jv_get(top, "prefixes"));
        while (gw_jit_next(&family))
            for (gw_jit i = gw_jv_iter(family.value); gw_jit_next(&i);)
                take_row(x, gw_jv_str(i.value), country_row);
    }
    gw_json_free(parser);
    return err;
}

int gw_ref_net_read(struct gw_ref_snapshot *s, gw_span text,
                    struct gw_ref_note *note, struct gw_why *why)
{
    struct reading x = {.note = note, .snapshot = s};
    s->net = gw_new(sizeof *s->net);
    if (!s->net)
        return GW_ENOMEM;
    if (s->kind == GW_KIND_DELEGATIONS && gw_starts(gw_trim(text), "{"))
        x.err = read_json(&x, text, why);
    else
        read_lines(&x, text);
    int err = build(&x, s->net);
    for (size_t i = 0; i < GW_REF_SPACES; i++)
        gw_free(x.at[i]);
    if (err == GW_ETOOBIG)
        gw_fail(why, err, "more than %d prefixes", GW_REF_PREFIXES_MAX);
    return err;
}

// ---- names of ASes ------------------------------------------------------

struct as_name { // at, in the text: name, then org at at + org
    uint32_t asn, at;
    uint16_t name_len, org, org_len;
    char cc[2]; // 0: unknown
};
struct gw_ref_names {
    struct as_name *of; // by asn; of equal ones the later is first
    size_t count;
    struct gw_buf text;
};

// "HANDLE Description, CC" or "HANDLE - Description, CC"; a handle alone says
// nothing of who stands behind it, nor does "-Reserved AS-".
static void split_name(gw_span s, struct as_name *n)
{
    gw_span cc = gw_sub(s, s.len > 2 ? s.len - 2 : 0, 2), handle;
    if (s.len >= 4 && gw_eq(gw_sub(s, s.len - 4, 2), GW_LIT(", "))) {
        s.len -= 4;
        if (is_country(cc) && !is_nobody(cc))
            memcpy(n->cc, cc.at, 2);
    }
    gw_span org = s;
    handle = gw_starts(s, "-") ? gw_cut(&org, 0) : gw_cut(&org, ' ');
    org = gw_trim(org);
    if (gw_starts(org, "- "))
        org = gw_trim(gw_sub(org, 2, org.len));
    n->name_len = (uint16_t)handle.len;
    n->org_len = (uint16_t)org.len;
    n->org = (uint16_t)(org.len ? org.at - s.at : 0);
}

static const char *take_name(struct gw_ref_names *names, gw_span key, gw_span s)
{
    uint64_t asn;
    s = gw_trim(s);
    if (!gw_parse_uint(key, UINT32_MAX, &asn))
        return "not an AS number";
    if (!s.len || s.len > GW_REF_TEXT_MAX || !gw_is_utf8(s))
        return "not a name";
    struct as_name *n = &names->of[names->count];
    *n =
        (struct as_name){.asn = (uint32_t)asn, .at = (uint32_t)names->text.len};
    split_name(s, n);
    gw_put_span(&names->text, s);
    names->count++;
    return NULL;
}

static int by_asn(const void *a, const void *b)
{
    const struct as_name *p = a, *q = b;
    if (p->asn != q->asn)
        return p->asn < q->asn ? -1 : 1;
    return p->at > q->at ? -1 : p->at < q->at;
}

static int take_names(struct gw_ref_names *names, gw_jv top,
                      struct gw_ref_note *note, struct gw_why *why)
{
    if (gw_jv_type(top) != '{')
        return gw_fail(why, GW_EFORMAT, "not an object of AS names");
    names->of = gw_new(gw_jv_count(top) * sizeof *names->of);
    if (!names->of)
        return GW_ENOMEM;
    for (gw_jit i = gw_jv_iter(top); gw_jit_next(&i);) {
        note->rows++;
        const char *rule = take_name(names, i.key, gw_jv_str(i.value));
        if (rule)
            gw_ref_bad(note, note->rows, i.key, rule);
    }
    qsort(names->of, names->count, sizeof *names->of, by_asn);
    void *less = gw_resize(names->text.at, names->text.len, 1);
    names->text.at = less ? less : names->text.at;
    return names->text.err;
}

int gw_ref_names_read(struct gw_ref_snapshot *s, gw_span text,
                      struct gw_ref_note *note, struct gw_why *why)
{
    struct gw_json *parser;
    gw_jv top;
    s->names = gw_new(sizeof *s->names);
    if (!s->names)
        return GW_ENOMEM;
    gw_buf_init(&s->names->text, GW_JSON_MAX);
    int err = gw_ref_json(text, &parser, &top, why);
    if (!err)
        err = take_names(s->names, top, note, why);
    gw_json_free(parser);
    return err;
}

void gw_ref_names_free(struct gw_ref_names *names)
{
    if (!names)
        return;
    gw_free(names->of);
    gw_buf_release(&names->text);
    gw_free(names);
}

static void fill(gw_span *ret, const void *at, size_t len)
{
    if (!ret->at && len)
        *ret = gw_span_of(at, len);
}

void gw_ref_names_get(const struct gw_ref_names *names, int64_t asn,
                      struct gw_net *ret)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (names->of[mid].asn < asn)
            low = mid + 1;
        else
            high = mid;
    }
    const struct as_name *n = &names->of[low];
    if (low == names->count || n->asn != asn)
        return;
    const uint8_t *text = names->text.at + n->at;
    fill(&ret->as_name, text, n->name_len);
    fill(&ret->as_org_name, text + n->org, n->org_len);
    fill(&ret->as_cc, n->cc, n->cc[0] ? 2 : 0);
}

// ---- MaxMind DB files ---------------------------------------------------

static int mmdb_failed(int status, struct gw_why *why)
{
    int code = status == MMDB_OUT_OF_MEMORY_ERROR ? GW_ENOMEM
               : status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR
                   ? GW_EIO
                   : GW_EFORMAT;
    return gw_fail(why, code, "MaxMind DB: %s", MMDB_strerror(status));
}

int gw_ref_mmdb_open(struct gw_ref_snapshot *s, const char *path,
                     struct gw_ref_note *note, struct gw_why *why)
{
    if (!path)
        return gw_fail(why, GW_ENOENT, "no path to open it by");
    MMDB_s *db = gw_new(sizeof *db);
    if (!db)
        return GW_ENOMEM;
    int status = MMDB_open(path, MMDB_MODE_MMAP, db);
    if (status != MMDB_SUCCESS) {
        gw_free(db);
        return mmdb_failed(status, why);
    }
    s->mmdb = db;
    note->rows = db->metadata.node_count;
    // Databases of other types know other things: they stand side by side.
    gw_span type = gw_str(db->metadata.database_type);
    size_t len =
        type.len < GW_REF_SERIES_MAX ? type.len : GW_REF_SERIES_MAX - 1;
    if (len)
        memcpy(s->series, type.at, len);
    return 0;
}

void gw_ref_mmdb_close(MMDB_s *mmdb)
{
    if (mmdb)
        MMDB_close(mmdb);
    gw_free(mmdb);
}

static MMDB_lookup_result_s mmdb_lookup(const MMDB_s *db, const gw_ip *ip)
{
    int error;
    struct gw_ref_key key;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v4.sin_addr, ip->bytes + 12, 4);
    memcpy(&v6.sin6_addr, ip->bytes, 16);
    bool is_v4 = gw_ref_key_of(ip, &key) == GW_REF_V4;
    const struct sockaddr *sa = is_v4 ? (const void *)&v4 : (const void *)&v6;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(db, sa, &error);
    if (error != MMDB_SUCCESS)
        found.found_entry = false;
    return found;
}

static bool mmdb_value(MMDB_entry_s *entry, const char *const *path,
                       MMDB_entry_data_s *ret)
{
    return MMDB_aget_value(entry, ret, path) == MMDB_SUCCESS && ret->has_data;
}

static void mmdb_text(MMDB_entry_s *entry, const char *outer, const char *inner,
                      gw_span *ret)
{
    MMDB_entry_data_s d;
    if (mmdb_value(entry, (const char *const[]){outer, inner, NULL}, &d) &&
        d.type == MMDB_DATA_TYPE_UTF8_STRING && d.data_size <= GW_REF_TEXT_MAX)
        fill(ret, d.utf8_string, d.data_size);
}

static int64_t mmdb_asn(MMDB_entry_s *entry)
{
    MMDB_entry_data_s d;
    uint64_t asn = 0;
    const char *const path[] = {"autonomous_system_number", NULL};
    if (!mmdb_value(entry, path, &d))
        return GW_NULL;
    if (d.type == MMDB_DATA_TYPE_UINT16)
        asn = d.uint16;
    else if (d.type == MMDB_DATA_TYPE_UINT32)
        asn = d.uint32;
    else if (d.type == MMDB_DATA_TYPE_UINT64)
        asn = d.uint64;
    return asn && asn <= UINT32_MAX ? (int64_t)asn : GW_NULL;
}

void gw_ref_mmdb_get(const MMDB_s *mmdb, const gw_ip *ip, struct gw_net *ret)
{
    MMDB_lookup_result_s found = mmdb_lookup(mmdb, ip);
    if (!found.found_entry)
        return;
    MMDB_entry_s *e = &found.entry;
    ret->asn = mmdb_asn(e);
    mmdb_text(e, "autonomous_system_organization", NULL, &ret->as_org_name);
    mmdb_text(e, "autonomous_system_country", NULL, &ret->as_cc);
    mmdb_text(e, "autonomous_system_name", NULL, &ret->as_name);
    mmdb_text(e, "country", "iso_code", &ret->cc);
    mmdb_text(e, "country_code", NULL, &ret->cc);
}
