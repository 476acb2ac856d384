// /measurements: one row a measurement, under OONI's names, read from the
// findings' segments in order of evidence object and record. A cursor is a
// place in that order, so that a page costs no more the later it comes.
#include "publish/serve.h"

#include <stdio.h>

enum {
    LIMIT = 100,
    LIMIT_MAX = 1000,
    SCAN_MAX = 1 << 20, // findings looked at for one page
    SEGMENT_LEN = 12,   // hex digits of a segment's hash in a cursor
    OBJECT_LEN = 2 * GW_HASH_LEN,
};

struct wanted {
    char cc[3];
    int64_t asn;
    gw_span domain, input, tests;    // tests: separated by commas
    int anomaly, confirmed, failure; // -1: any
    gw_time since, until;
};
struct cursor { // where to go on: records below `record` were looked at
    char object[OBJECT_LEN + 1], segment[SEGMENT_LEN + 1];
    int64_t block, record;
};
struct scan {
    struct api *api;
    struct wanted wanted;
    struct gw_jw w;
    int64_t limit, skip, found, looked;
    struct cursor after, at; // after.object "": from the beginning
    bool more;
    struct gw_segment_reader *facts; // of the object in hand, or NULL
    int64_t facts_block;             // the block decoded, -1: none yet
    bool facts_tried;
    struct gw_why *why;
};

// ---- cursors ------------------------------------------------------------
static bool is_hex(gw_span s, size_t len)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789abcdef", s.at[i]) || !s.at[i])
            return false;
    return s.len == len;
}

static int read_cursor(const struct query *q, struct cursor *ret,
                       struct gw_why *why)
{
    gw_span v = query_get(q, "cursor"), rest = v;
    uint64_t block = 0, record = 0;
    if (!v.at)
        return 0;
    gw_span object = gw_cut(&rest, '-'), segment = gw_cut(&rest, '-');
    gw_span number = gw_cut(&rest, '-');
    if (!is_hex(object, OBJECT_LEN) || !is_hex(segment, SEGMENT_LEN) ||
        !gw_parse_uint(number, INT32_MAX, &block) ||
        !gw_parse_uint(rest, INT64_MAX, &record) || !number.len)
        return gw_fail(why, GW_EUSAGE, "cursor: as next_url has it");
    memcpy(ret->object, object.at, object.len);
    memcpy(ret->segment, segment.at, segment.len);
    ret->block = (int64_t)block;
    ret->record = (int64_t)record;
    return 0;
}

static gw_span cursor_text(struct scan *s)
{
    const struct cursor *c = &s->at;
    return gw_arena_fmt(s->api->arena, "%s-%s-%lld-%lld", c->object, c->segment,
                        (long long)c->block, (long long)c->record);
}

// ---- which rows ---------------------------------------------------------
static bool among(gw_span list, gw_span one)
{
    while (list.len)
        if (gw_eq(gw_cut(&list, ','), one))
            return true;
    return false;
}

static bool is_about(const struct gw_finding_row *f, gw_span domain)
{
    struct gw_url url;
    return gw_eq(f->target, domain) ||
           (gw_url_parse(f->input, &url) && gw_eq_nocase(url.host, domain)) ||
           gw_eq_nocase(f->input, domain);
}

static bool is_confirmed(const struct gw_finding_row *f)
{
    return f->state == GW_STATE_BLOCKED && f->kind == GW_ARTEFACT;
}

static bool agrees(int wanted, bool is)
{
    return wanted < 0 || (wanted == 1) == is;
}

static bool is_wanted(const struct wanted *x, const struct gw_finding_row *f)
{
    return f->layer == GW_LAYER_ALL && (!*x->cc || gw_is(f->probe_cc, x->cc)) &&
           (x->asn < 0 || f->probe_asn == x->asn) &&
           (x->since == GW_NEVER ||
            (f->start_time != GW_NEVER && f->start_time >= x->since)) &&
           (x->until == GW_NEVER ||
            (f->start_time != GW_NEVER && f->start_time < x->until)) &&
           (!x->tests.at || among(x->tests, f->test_name)) &&
           (!x->input.at || gw_eq(x->input, f->input)) &&
           agrees(x->anomaly, f->state == GW_STATE_BLOCKED) &&
           agrees(x->confirmed, is_confirmed(f)) &&
           agrees(x->failure, f->state == GW_STATE_UNKNOWN) &&
           (!x->domain.at || is_about(f, x->domain));
}

// ---- a row --------------------------------------------------------------
// The block of facts that the block of findings in hand was made from: they
// lie side by side. Without it a row has no report_id.
static void facts_at(struct scan *s)
{
    gw_span bytes = {0};
    if (!s->facts_tried && gw_segment_open(s->api->archive, GW_TIER_FACTS,
                                           s->at.object, &s->facts, NULL))
        s->facts = NULL;
    s->facts_tried = true;
    if (!s->facts || s->facts_block >= s->at.block)
        return;
    int rc = 1;
    while (rc > 0 && s->facts_block < s->at.block) {
        rc = gw_segment_next(s->facts, &bytes, NULL);
        s->facts_block++;
    }
    gw_block_reset(&s->api->facts);
    gw_arena_reset(s->api->facts_arena);
    if (rc <= 0 || gw_block_decode(s->api->codec, bytes, GW_WANT(measurement),
                                   &s->api->facts, NULL)) {
        gw_block_reset(&s->api->facts);
        gw_segment_close(s->facts);
        s->facts = NULL;
    }
}

static gw_span report_id_of(struct scan *s, int64_t record)
{
    size_t n;
    facts_at(s);
    const struct gw_measurement_row *m =
        gw_rows_measurement(&s->api->facts, &n);
    for (size_t i = 0; s->facts && i < n; i++)
        if (m[i].record == record)
            return m[i].report_id;
    return (gw_span){0};
}

static void put_id(struct gw_jw *w, const char *key, char kind,
                   const char *object, const struct gw_finding_row *f)
{
    struct gw_id id = {.kind = kind, .record = f->record, .n = f->n};
    char text[GW_ID_TEXT];
    snprintf(id.object, sizeof id.object, "%.12s", object);
    gw_jw_kstr(w, key, gw_span_of(text, gw_id_format(&id, text)));
}

static gw_span name_of(int64_t i, int64_t count, const char *name)
{
    return i < 0 || i >= count ? (gw_span){0} : gw_str(name);
}

static void put_row(struct scan *s, const struct gw_finding_row *f)
{
    struct gw_jw *w = &s->w;
    gw_span report_id = report_id_of(s, f->record);
    gw_jw_open(w, '{');
    api_bool(w, "anomaly", f->state == GW_STATE_BLOCKED);
    api_bool(w, "confirmed", is_confirmed(f));
    api_bool(w, "failure", f->state == GW_STATE_UNKNOWN);
    gw_jw_kstr(w, "input", f->input);
    api_time(w, "measurement_start_time", f->start_time);
    gw_jw_kstr(w, "measurement_uid", f->uid);
    api_asn(w, "probe_asn", f->probe_asn);
    gw_jw_kstr(w, "probe_cc", f->probe_cc);
    gw_jw_kstr(w, "report_id", report_id);
    gw_jw_kstr(w, "test_name", f->test_name);
    put_id(w, "id", 'm', s->at.object, f);
    put_id(w, "finding", 'f', s->at.object, f);
    gw_jw_kstr(w, "target", f->target);
    gw_jw_kstr(w, "state",
               name_of(f->state, GW_STATE_COUNT,
                       gw_state_name((enum gw_state)f->state)));
    gw_jw_kstr(w, "layer", f->stage);
    gw_jw_kstr(w, "rule", f->rule);
    gw_jw_kstr(w, "evidence",
               name_of(f->kind, GW_EVIDENCE_COUNT,
                       gw_evidence_name((enum gw_evidence)f->kind)));
    gw_jw_key(w, "llr");
    gw_jw_real(w, f->llr);
    api_bool(w, "throttled", f->throttled == 1);
    api_bool(w, "intercepted", f->intercepted == 1);
    api_bool(w, "synthetic", f->synthetic == 1);
    gw_jw_close(w, '}');
}

// ---- the scan -----------------------------------------------------------
// 1: the page is full, or enough was looked at.
static int take_row(struct scan *s, const struct gw_finding_row *f)
{
    if (!is_wanted(&s->wanted, f))
        return 0;
    if (!s->skip && s->found == s->limit) {
        s->more = true; // and the cursor stays where it is
        return 1;
    }
    s->at.record = f->record + 1;
    if (s->skip) {
        s->skip--;
        return 0;
    }
    put_row(s, f);
    s->found++;
    return 0;
}

static int scan_block(struct scan *s, gw_span bytes, int64_t from)
{
    size_t n;
    gw_arena_reset(s->api->block_arena);
    int rc = gw_block_decode(s->api->codec, bytes, GW_WANT(finding),
                             &s->api->block, s->why);
    const struct gw_finding_row *f = gw_rows_finding(&s->api->block, &n);
    for (size_t i = 0; i < n && !rc; i++)
        if (f[i].record >= from)
            rc = take_row(s, &f[i]);
    s->looked += (int64_t)n;
    if (!rc && n && s->looked >= SCAN_MAX) {
        s->at.record = f[n - 1].record + 1;
        s->more = true;
        rc = 1;
    }
    return rc;
}

static int scan_blocks(struct scan *s, struct gw_segment_reader *r,
                       int64_t first_block, int64_t from)
{
    gw_span bytes;
    int rc;
    for (int64_t i = 0; (rc = gw_segment_next(r, &bytes, s->why)) > 0; i++) {
        if (i < first_block)
            continue;
        s->at.block = i;
        if ((rc = scan_block(s, bytes, from)) != 0)
            break;
    }
    return rc;
}

static int scan_segment(void *ctx, const char *object, const char *segment,
                        int64_t size)
{
    struct scan *s = ctx;
    (void)size;
    int order = *s->after.object ? strcmp(object, s->after.object) : 1;
    if (order < 0)
        return 0;
    // A segment that was made anew has other blocks but the same records.
    bool same =
        order == 0 && strncmp(segment, s->after.segment, SEGMENT_LEN) == 0;
    struct gw_segment_reader *r;
    struct gw_why said = {0};
    int rc =
        gw_segment_open(s->api->archive, GW_TIER_FINDINGS, object, &r, &said);
    if (rc == GW_ENOENT) // gone since it was listed
        return 0;
    if (rc)
        return gw_fail(s->why, rc, "%s", said.text);
    snprintf(s->at.object, sizeof s->at.object, "%.*s", OBJECT_LEN, object);
    snprintf(s->at.segment, sizeof s->at.segment, "%.*s", SEGMENT_LEN, segment);
    s->at.block = 0;
    s->at.record = order == 0 ? s->after.record : 0;
    s->facts_tried = false;
    s->facts_block = -1;
    gw_block_reset(&s->api->facts);
    rc = scan_blocks(s, r, same ? s->after.block : 0, s->at.record);
    gw_segment_close(r);
    if (s->facts)
        gw_segment_close(s->facts);
    s->facts = NULL;
    return rc;
}

static int read_wanted(struct api_call *c, struct scan *s, struct gw_why *why)
{
    const struct query *q = &c->query;
    struct wanted *x = &s->wanted;
    *x = (struct wanted){
        .asn = -1, .anomaly = -1, .confirmed = -1, .failure = -1};
    int rc = query_cc(q, "probe_cc", x->cc, why);
    rc = rc ? rc : query_asn(q, "probe_asn", &x->asn, why);
    rc = rc ? rc : query_bool(q, "anomaly", &x->anomaly, why);
    rc = rc ? rc : query_bool(q, "confirmed", &x->confirmed, why);
    rc = rc ? rc : query_bool(q, "failure", &x->failure, why);
    rc = rc ? rc : query_period(q, &x->since, &x->until, why);
    rc = rc ? rc : query_int(q, "limit", 1, LIMIT_MAX, &s->limit, why);
    rc = rc ? rc : query_int(q, "offset", 0, 1000000, &s->skip, why);
    rc = rc ? rc : read_cursor(q, &s->after, why);
    x->input = query_get(q, "input");
    x->tests = query_get(q, "test_name");
    x->domain = query_get(q, "domain");
    if (x->domain.at)
        x->domain = gw_host_normal(x->domain, c->api->arena);
    return rc;
}

int api_measurements(struct api_call *c, struct gw_why *why)
{
    struct scan s = {.api = c->api, .limit = LIMIT, .why = why};
    int rc = read_wanted(c, &s, why);
    if (rc)
        return rc;
    int64_t offset = s.skip;
    s.w = gw_jw_on(c->out);
    gw_jw_open(&s.w, '{');
    gw_jw_key(&s.w, "results");
    gw_jw_open(&s.w, '[');
    rc = gw_segments_each(c->api->archive, GW_TIER_FINDINGS, scan_segment, &s,
                          why);
    gw_jw_close(&s.w, ']');
    gw_span cursor = s.more ? cursor_text(&s) : (gw_span){0};
    api_metadata(&s.w, c, "/api/v1/measurements", s.limit, offset, cursor,
                 s.skip);
    gw_jw_close(&s.w, '}');
    return rc < 0 ? rc : 0;
}
