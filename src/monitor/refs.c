// Reference snapshots: taking them in, finding those in force on a day, and
// what they say together of an address or an AS.
#include "monitor/refs_private.h"

#include <stdio.h>

// ---- taking in ----------------------------------------------------------

struct gw_refs *gw_refs_new(void)
{
    struct gw_refs *r = gw_new(sizeof *r);
    for (size_t i = 0; r && i < GW_COUNT(r->cc); i++) {
        r->cc[i][0] = (char)('A' + i / 26);
        r->cc[i][1] = (char)('A' + i % 26);
    }
    return r;
}

static void snapshot_free(struct gw_ref_snapshot *s)
{
    if (!s)
        return;
    gw_ref_net_free(s->net);
    gw_ref_names_free(s->names);
    gw_ref_mmdb_close(s->mmdb);
    gw_ref_prints_free(s->prints);
    gw_free(s);
}

void gw_refs_free(struct gw_refs *r)
{
    if (!r)
        return;
    gw_ref_matcher_free(r->matcher);
    for (size_t i = 0; i < r->count; i++)
        snapshot_free(r->at[i]);
    gw_free(r->at);
    gw_free(r->series);
    gw_free(r);
}

void gw_ref_bad(struct gw_ref_note *note, int64_t row, gw_span what,
                const char *rule)
{
    if (note->bad++)
        return;
    char shown[81];
    size_t len = what.len < sizeof shown - 1 ? what.len : sizeof shown - 1;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = what.at[i];
        shown[i] = (char)(c < 0x20 || c > 0x7e ? '?' : c);
    }
    shown[len] = 0;
    snprintf(note->first_bad, sizeof note->first_bad, "row %lld '%s': %s",
             (long long)row, shown, rule);
}

int gw_ref_json(gw_span text, struct gw_json **ret_parser, gw_jv *ret,
                struct gw_why *why)
{
    *ret = (gw_jv){0};
    *ret_parser = gw_json_new();
    if (!*ret_parser)
        return gw_fail(why, GW_ENOMEM, "no memory for a JSON parser");
    return gw_json_parse(*ret_parser, text, ret, why);
}

// Everything the source has, with room after it for the JSON parser.
static int slurp(const struct gw_ref_input *in, struct gw_buf *b,
                 struct gw_why *why)
{
    enum { CHUNK = 256 << 10 };
    if (!in->source)
        return gw_fail(why, GW_ENOENT, "no source to read it from");
    for (;;) {
        uint8_t *room = gw_buf_room(b, CHUNK);
        if (!room)
            return gw_fail(why, b->err, "larger than %d bytes, or no memory",
                           GW_REF_BYTES_MAX);
        int64_t n = in->source(in->ctx, room, CHUNK);
        if (n < 0)
            return gw_fail(why, (int)n, "cannot be read: %s",
                           gw_strerror((int)n));
        if (n == 0)
            return 0; // CHUNK >= GW_JSON_PADDING bytes of room are left
        b->len += (size_t)n;
    }
}

bool gw_ref_is_print(enum gw_kind kind)
{
    return kind == GW_KIND_HTTP_FINGERPRINTS ||
           kind == GW_KIND_DNS_FINGERPRINTS ||
           kind == GW_KIND_CL_HTTP_FINGERPRINTS ||
           kind == GW_KIND_CL_DNS_FINGERPRINTS;
}

static bool is_list(enum gw_kind kind)
{
    return kind == GW_KIND_TEST_LIST || kind == GW_KIND_SUFFIX_LIST;
}

static int read_text(const struct gw_ref_input *in, struct gw_ref_snapshot *s,
                     struct gw_ref_note *note, struct gw_why *why)
{
    struct gw_buf b;
    gw_buf_init(&b, GW_REF_BYTES_MAX);
    int err = slurp(in, &b, why);
    gw_span text = gw_buf_span(&b);
    if (gw_starts(text, "\xef\xbb\xbf"))
        text = gw_sub(text, 3, text.len);
    if (!err) {
        if (is_list(s->kind))
            err = gw_ref_list_count(s->kind, text, note, why);
        else if (gw_ref_is_print(s->kind))
            err = gw_ref_prints_read(s, text, note, why);
        else if (s->kind == GW_KIND_AS_NAMES)
            err = gw_ref_names_read(s, text, note, why);
        else
            err = gw_ref_net_read(s, text, note, why);
    }
    gw_buf_release(&b);
    if (!err && note->rows == note->bad)
        return gw_fail(why, GW_EFORMAT, "no usable row%s%s",
                       note->bad ? "; " : "", note->first_bad);
    return err;
}

static int read_snapshot(const struct gw_ref_input *in,
                         struct gw_ref_snapshot *s, struct gw_ref_note *note,
                         struct gw_why *why)
{
    if (in->kind == GW_KIND_MMDB)
        return gw_ref_mmdb_open(s, in->path, note, why);
    if (in->kind == GW_KIND_DELEGATIONS || in->kind == GW_KIND_PREFIX_AS ||
        in->kind == GW_KIND_AS_NAMES || gw_ref_is_print(in->kind) ||
        is_list(in->kind))
        return read_text(in, s, note, why);
    return gw_fail(why, GW_EUNKNOWN, "not a kind that facts are made with");
}

static int compare(const struct gw_ref_snapshot *a,
                   const struct gw_ref_snapshot *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int c = strcmp(a->series, b->series);
    if (c)
        return c;
    if (a->dated != b->dated)
        return a->dated < b->dated ? -1 : 1;
    return strcmp(a->object, b->object);
}

// Takes s. Equal ones keep the order in which they came.
static int insert(struct gw_refs *r, struct gw_ref_snapshot *s)
{
    struct gw_ref_snapshot **at =
        gw_resize(r->at, r->count + 1, sizeof(struct gw_ref_snapshot *));
    if (!at)
        return GW_ENOMEM;
    r->at = at;
    size_t i = r->count++;
    for (; i && compare(at[i - 1], s) > 0; i--)
        at[i] = at[i - 1];
    at[i] = s;
    return 0;
}

// Fingerprints do not depend on the day: only the newest of a kind is kept.
static void drop_replaced(struct gw_refs *r, enum gw_kind kind)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        bool last = i + 1 == r->count || r->at[i + 1]->kind != kind;
        if (r->at[i]->kind == kind && !last)
            snapshot_free(r->at[i]);
        else
            r->at[kept++] = r->at[i];
    }
    r->count = kept;
}

static gw_time midnight(gw_time t)
{
    if (t < INT64_MIN + GW_DAY)
        return GW_NEVER;
    gw_time of_day = t % GW_DAY;
    return t - of_day - (of_day < 0 ? GW_DAY : 0);
}

static int may_add(const struct gw_refs *r, const struct gw_ref_input *in,
                   struct gw_why *why)
{
    if (r->sealed)
        return gw_fail(why, GW_EREFUSED, "reference data is sealed already");
    if (r->count >= GW_REF_SNAPSHOTS_MAX)
        return gw_fail(why, GW_ETOOBIG, "more than %d snapshots",
                       GW_REF_SNAPSHOTS_MAX);
    // It would be in force on every day, which nobody can have meant.
    if (in->dated == GW_NEVER && !gw_ref_is_print(in->kind))
        return gw_fail(why, GW_EREFUSED, "no day that it speaks for is known");
    return 0;
}

int gw_refs_add(struct gw_refs *r, const struct gw_ref_input *in,
                struct gw_ref_note *ret_note, struct gw_why *why)
{
    struct gw_ref_note unwanted, *note = ret_note ? ret_note : &unwanted;
    *note = (struct gw_ref_note){0};
    struct gw_ref_snapshot *s = NULL;
    int err = may_add(r, in, why);
    if (!err && !(s = gw_new(sizeof *s)))
        err = GW_ENOMEM;
    if (!err) {
        s->kind = in->kind;
        s->dated = midnight(in->dated);
        snprintf(s->object, sizeof s->object, "%s", in->hash ? in->hash : "");
        err = read_snapshot(in, s, note, why);
    }
    if (!err && is_list(in->kind)) { // counted: nothing of it is looked up
        snapshot_free(s);
        return 0;
    }
    if (!err)
        err = insert(r, s);
    if (err) {
        snapshot_free(s);
        gw_fail(why, err, "%s", gw_strerror(err));
        gw_within(why, "%s %.12s", gw_kind_name(in->kind),
                  in->hash ? in->hash : "");
        return err;
    }
    if (gw_ref_is_print(in->kind))
        drop_replaced(r, in->kind);
    return 0;
}

// ---- sealing ------------------------------------------------------------

static bool begins_series(const struct gw_refs *r, size_t i)
{
    return i == 0 || r->at[i]->kind != r->at[i - 1]->kind ||
           strcmp(r->at[i]->series, r->at[i - 1]->series) != 0;
}

int gw_refs_seal(struct gw_refs *r, struct gw_why *why)
{
    if (r->sealed)
        return gw_fail(why, GW_EREFUSED, "reference data is sealed already");
    size_t *begin = r->kind_series, n = 0;
    gw_free(r->series);
    r->series = gw_new((r->count + 1) * sizeof *r->series);
    if (!r->series)
        return gw_fail(why, GW_ENOMEM, "reference data: no memory");
    memset(begin, 0, sizeof r->kind_series);
    for (size_t i = 0; i < r->count; i++) {
        if (begins_series(r, i)) {
            r->series[n++] = (struct gw_ref_series){.first = i};
            begin[r->at[i]->kind + 1]++;
        }
        r->series[n - 1].count++;
    }
    for (size_t k = 0; k < GW_KIND_COUNT; k++)
        begin[k + 1] += begin[k];
    int err = gw_ref_matcher_new(r, &r->matcher, why);
    r->sealed = !err;
    return err;
}

static void put_kind(struct gw_jw *w, enum gw_kind kind)
{
    char key[64];
    snprintf(key, sizeof key, "%s", gw_kind_name(kind));
    for (char *p = key; *p; p++)
        if (*p == '-')
            *p = '_';
    gw_jw_key(w, key);
}

int gw_refs_describe(const struct gw_refs *r, struct gw_buf *out)
{
    struct gw_jw w = gw_jw_on(out);
    gw_jw_open(&w, '{');
    for (size_t i = 0; i < r->count; i++) {
        const struct gw_ref_snapshot *s = r->at[i];
        char day[GW_TIME_TEXT];
        gw_span dated = {0};
        if (s->dated != GW_NEVER)
            dated = gw_span_of(day, gw_format_day(s->dated, day));
        if (i == 0 || r->at[i - 1]->kind != s->kind) {
            put_kind(&w, s->kind);
            gw_jw_open(&w, '[');
        }
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "dated", dated);
        gw_jw_kstr(&w, "object", gw_str(s->object));
        gw_jw_close(&w, '}');
        if (i + 1 == r->count || r->at[i + 1]->kind != s->kind)
            gw_jw_close(&w, ']');
    }
    gw_jw_close(&w, '}');
    return out->err;
}

// ---- looking up ---------------------------------------------------------

// How many snapshots of the series are dated on or before the day.
static size_t in_force(const struct gw_refs *r, const struct gw_ref_series *s,
                       gw_time day)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->at[s->first + mid]->dated <= day)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct gw_ref_snapshot *
newest(const struct gw_refs *r, const struct gw_ref_series *s, gw_time day)
{
    size_t n = in_force(r, s, day);
    return n ? r->at[s->first + n - 1] : NULL;
}

// Newest that speaks of that space at all: a table of IPv4 alone does not
// replace what an older one knows of IPv6.
static const struct gw_ref_snapshot *newest_of(const struct gw_refs *r,
                                               const struct gw_ref_series *s,
                                               gw_time day,
                                               enum gw_ref_space space)
{
    for (size_t n = in_force(r, s, day); n; n--)
        if (r->at[s->first + n - 1]->net->of[space].count)
            return r->at[s->first + n - 1];
    return NULL;
}

#define EACH_SERIES(r, s, kind)                                                \
    const struct gw_ref_series *s = (r)->series + (r)->kind_series[kind];      \
    s < (r)->series + (r)->kind_series[(kind) + 1];                            \
    s++

struct found {
    uint32_t value; // 0: nothing
    gw_time dated;
};

// Over all series of the kind: the newest table that knows the number; of
// tables of one day the most specific row.
static struct found search(const struct gw_refs *r, enum gw_kind kind,
                           enum gw_ref_space space, struct gw_ref_key key,
                           gw_time day)
{
    struct found best = {0};
    for (EACH_SERIES(r, s, kind)) {
        const struct gw_ref_snapshot *t = newest_of(r, s, day, space);
        uint32_t v = t ? gw_ref_find(&t->net->of[space], key) : 0;
        if (!v || (best.value && t->dated < best.dated))
            continue;
        if (!best.value || t->dated > best.dated || v >> 16 > best.value >> 16)
            best = (struct found){v, t->dated};
    }
    return best;
}

static gw_span delegated(const struct gw_refs *r, enum gw_ref_space space,
                         struct gw_ref_key key, gw_time day)
{
    uint32_t v = search(r, GW_KIND_DELEGATIONS, space, key, day).value;
    return v ? gw_span_of(r->cc[gw_ref_cc_index(v)], 2) : (gw_span){0};
}

static void fill_as(const struct gw_refs *r, gw_time day, struct gw_net *ret)
{
    if (ret->asn < 0 || ret->asn > UINT32_MAX)
        return;
    for (EACH_SERIES(r, s, GW_KIND_AS_NAMES)) {
        const struct gw_ref_snapshot *t = newest(r, s, day);
        if (t)
            gw_ref_names_get(t->names, ret->asn, ret);
    }
    struct gw_ref_key key = {(uint64_t)ret->asn << 32, 0};
    if (!ret->as_cc.at)
        ret->as_cc = delegated(r, GW_REF_ASN, key, day);
}

void gw_refs_as(const struct gw_refs *r, int64_t asn, gw_time day,
                struct gw_net *ret)
{
    *ret = (struct gw_net){.asn = asn};
    if (r->sealed)
        fill_as(r, day, ret);
}

static void fill(gw_span *ret, gw_span s)
{
    if (!ret->at)
        *ret = s;
}

// The AS comes from the newest record that knows one, and so does the country
// of the address; names come from the records that agree on the AS.
static void from_mmdb(const struct gw_refs *r, const gw_ip *ip, gw_time day,
                      gw_time as_dated, struct gw_net *ret)
{
    gw_time cc_dated = GW_NEVER;
    for (EACH_SERIES(r, s, GW_KIND_MMDB)) {
        const struct gw_ref_snapshot *t = newest(r, s, day);
        struct gw_net net = {.asn = GW_NULL};
        if (t)
            gw_ref_mmdb_get(t->mmdb, ip, &net);
        if (net.cc.at && t->dated >= cc_dated) {
            ret->cc = net.cc;
            cc_dated = t->dated;
        }
        if (net.asn == GW_NULL)
            continue;
        if (net.asn != ret->asn && t->dated >= as_dated)
            *ret = (struct gw_net){.asn = net.asn, .cc = ret->cc};
        if (net.asn != ret->asn)
            continue;
        as_dated = t->dated > as_dated ? t->dated : as_dated;
        fill(&ret->as_org_name, net.as_org_name);
        fill(&ret->as_cc, net.as_cc);
        fill(&ret->as_name, net.as_name);
    }
}

void gw_refs_net(const struct gw_refs *r, const gw_ip *ip, gw_time day,
                 struct gw_net *ret)
{
    *ret = (struct gw_net){.asn = GW_NULL};
    if (!r->sealed)
        return;
    struct gw_ref_key key;
    enum gw_ref_space space = gw_ref_key_of(ip, &key);
    struct found as = search(r, GW_KIND_PREFIX_AS, space, key, day);
    if (as.value)
        ret->asn = as.value;
    from_mmdb(r, ip, day, as.value ? as.dated : GW_NEVER, ret);
    fill_as(r, day, ret);
    if (!ret->cc.at)
        ret->cc = delegated(r, space, key, day);
}
