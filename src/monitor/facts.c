// The record: envelopes around it, who measured, what and when.
#include "monitor/facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    SCRATCH_MAX = 256 << 20,
    CERT_ARENA_MAX = 16 << 20,
    TEXT_MAX = 4 << 20,
    ODD_TEXT_MAX = 8 << 10,
    RECORD_ROWS_MAX = 64 << 20 // bytes of the rows of one record
};

struct gw_facts *gw_facts_new(const struct gw_refs *refs)
{
    struct gw_facts *f = gw_new(sizeof *f);
    if (!f)
        return NULL;
    f->refs = refs;
    bool ok = (f->refs_scratch = gw_refs_scratch_new(refs)) != NULL;
    for (int i = 0; i < GW_ENVELOPES_MAX; i++)
        ok = ok && (f->json[i] = gw_json_new());
    ok = ok && (f->sha256 = gw_digest_new(GW_DIGEST_SHA256));
    ok = ok && (f->sha1 = gw_digest_new(GW_DIGEST_SHA1));
    ok = ok && (f->shake = gw_digest_new(GW_DIGEST_SHAKE128));
    ok = ok && (f->scratch = gw_arena_new(SCRATCH_MAX));
    ok = ok && (f->cert_arena = gw_arena_new(CERT_ARENA_MAX));
    ok = ok && (f->certs = gw_new(GW_CERT_CACHE * sizeof *f->certs));
    gw_buf_init(&f->text, TEXT_MAX);
    gw_buf_init(&f->odd, ODD_TEXT_MAX);
    if (!ok) {
        gw_facts_free(f);
        return NULL;
    }
    return f;
}

void gw_facts_free(struct gw_facts *f)
{
    if (!f)
        return;
    gw_refs_scratch_free(f->refs_scratch);
    for (int i = 0; i < GW_ENVELOPES_MAX; i++)
        gw_json_free(f->json[i]);
    gw_digest_free(f->sha256);
    gw_digest_free(f->sha1);
    gw_digest_free(f->shake);
    gw_arena_free(f->scratch);
    gw_arena_free(f->cert_arena);
    gw_free(f->certs);
    gw_buf_release(&f->text);
    gw_buf_release(&f->odd);
    gw_free(f);
}

// ---- small readers ------------------------------------------------------

gw_span gw_facts_keep(struct gw_facts *f, gw_span s)
{
    if (!s.at)
        return s;
    if (f->text.err && s.at == f->text.at) { // cut where its room ended
        gw_facts_odd(f, "a list over 4 MiB is left out");
        return (gw_span){0};
    }
    gw_span kept = gw_arena_copy(f->block->arena, s);
    if (!kept.at)
        f->block->err = GW_ENOMEM;
    return kept;
}

void gw_facts_odd(struct gw_facts *f, const char *fmt, ...)
{
    if (f->odd_count++ >= GW_ODD_MAX)
        return;
    char text[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct gw_jw w = gw_jw_on(&f->odd);
    if (f->odd_count > 1)
        gw_put_u8(&f->odd, ',');
    gw_jw_str(&w, gw_str(text));
}

gw_span gw_facts_bytes(struct gw_facts *f, gw_jv v)
{
    if (gw_jv_type(v) != '{')
        return gw_jv_str(v);
    gw_span data = gw_jv_str(gw_jv_get(v, "data"));
    if (!data.at || !gw_is(gw_jv_str(gw_jv_get(v, "format")), "base64"))
        return gw_jv_str(gw_jv_get(v, "value")); // received: {"value": ...}
    uint8_t *to = gw_arena_take(f->scratch, 3 * (data.len / 4) + 3);
    if (!to) {
        f->block->err = GW_ENOMEM;
        return data;
    }
    int64_t n = gw_base64_decode(data, to);
    if (n >= 0)
        return gw_span_of(to, (size_t)n);
    gw_facts_odd(f, "base64 data is broken: its text is kept as written");
    return data;
}

gw_span gw_facts_str(struct gw_facts *f, gw_jv v)
{
    gw_span s = gw_facts_bytes(f, v);
    return s.len ? gw_facts_keep(f, s) : (gw_span){0};
}

int64_t gw_facts_int(gw_jv v)
{
    int64_t n;
    return gw_jv_int(v, &n) ? n : GW_NULL;
}

int64_t gw_facts_bool(gw_jv v)
{
    int b = gw_jv_bool(v);
    return b < 0 ? GW_NULL : b;
}

double gw_facts_real(gw_jv v)
{
    double d;
    return gw_jv_real(v, &d) ? d : (double)NAN;
}

gw_span gw_facts_failure(struct gw_facts *f, gw_jv v)
{
    char type = gw_jv_type(v);
    if (type == 't')
        return GW_LIT("unknown_failure"); // some probes only said that it did
    return type == '"' ? gw_facts_keep(f, gw_failure_normal(gw_jv_str(v)))
                       : (gw_span){0};
}

int64_t gw_facts_asn(gw_jv v)
{
    gw_span s = gw_jv_str(v);
    uint64_t n;
    if (!s.at) {
        int64_t i = gw_facts_int(v);
        return i >= 0 && i <= UINT32_MAX ? i : GW_NULL;
    }
    if (s.len > 2 && gw_eq_nocase(gw_sub(s, 0, 2), GW_LIT("AS")))
        s = gw_sub(s, 2, s.len);
    return gw_parse_uint(s, UINT32_MAX, &n) ? (int64_t)n : GW_NULL;
}

gw_span gw_facts_host(struct gw_facts *f, gw_span s)
{
    return s.len ? gw_facts_keep(f, gw_host_normal(s, f->scratch))
                 : (gw_span){0};
}

void gw_facts_claim(struct gw_facts *f, gw_span ip, int64_t asn, gw_span org)
{
    struct gw_claim *c = &f->claims[f->claim_count];
    if (asn == GW_NULL || asn == 0 || f->claim_count == GW_CLAIMS_MAX ||
        !gw_ip_parse(ip, &c->ip))
        return;
    c->asn = asn;
    c->as_org_name = org;
    struct gw_claim *first = f->claims; // the first of an address stands
    while (memcmp(first->ip.bytes, c->ip.bytes, sizeof c->ip.bytes) != 0)
        first++;
    if (first == c)
        f->claim_count++;
    else if (!first->as_org_name.len && first->asn == asn)
        first->as_org_name = org;
}

void gw_facts_net(struct gw_facts *f, const gw_ip *ip, struct gw_net *ret)
{
    gw_refs_net(f->refs, ip, f->day, ret);
    for (size_t i = 0; ret->asn == GW_NULL && i < f->claim_count; i++)
        if (memcmp(f->claims[i].ip.bytes, ip->bytes, sizeof ip->bytes) == 0) {
            ret->asn = f->claims[i].asn;
            ret->as_org_name = f->claims[i].as_org_name;
        }
}

void gw_facts_endpoint(struct gw_facts *f, gw_span ip, int64_t port,
                       gw_span *ret_ip, int64_t *ret_port, int64_t *ret_asn,
                       gw_span *ret_org, gw_span *ret_as_cc, gw_span *ret_cc,
                       int64_t *ret_bogon)
{
    gw_ip parsed;
    struct gw_net net;
    char text[GW_IP_TEXT];
    *ret_port = port;
    if (!gw_ip_parse(ip, &parsed))
        return;
    *ret_ip = gw_facts_keep(f, gw_span_of(text, gw_ip_format(&parsed, text)));
    *ret_bogon = gw_ip_is_bogon(&parsed);
    gw_facts_net(f, &parsed, &net);
    *ret_asn = net.asn;
    *ret_org = gw_facts_keep(f, net.as_org_name);
    *ret_as_cc = gw_facts_keep(f, net.as_cc);
    *ret_cc = gw_facts_keep(f, net.cc);
}

gw_span gw_facts_hits(struct gw_facts *f, const struct gw_fingerprint_hit *hits,
                      size_t n)
{
    if (!n)
        return (gw_span){0};
    gw_buf_reset(&f->text);
    struct gw_jw w = gw_jw_on(&f->text);
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        gw_jw_open(&w, '[');
        gw_jw_str(&w, hits[i].name);
        gw_jw_str(&w, hits[i].scope);
        gw_jw_int(&w, hits[i].expected);
        gw_jw_close(&w, ']');
    }
    gw_jw_close(&w, ']');
    return gw_facts_keep(f, gw_buf_span(&f->text));
}

static void read_tags(struct gw_facts *f, struct gw_fact *fact, gw_jv tags)
{
    if (gw_jv_type(tags) != '[')
        return;
    gw_buf_reset(&f->text);
    struct gw_jw w = gw_jw_on(&f->text);
    gw_jw_value(&w, tags);
    fact->tags = gw_facts_keep(f, gw_buf_span(&f->text));
    for (gw_jit it = gw_jv_iter(tags); gw_jit_next(&it);) {
        gw_span tag = gw_jv_str(it.value);
        uint64_t depth;
        if (gw_starts(tag, "depth=") &&
            gw_parse_uint(gw_sub(tag, 6, tag.len), 1000, &depth))
            fact->depth = (int64_t)depth;
        else if (gw_starts(tag, "fetch_body="))
            fact->fetch_body = gw_ends(tag, "true");
    }
}

void gw_facts_begin(struct gw_facts *f, void *row, enum gw_list list,
                    int64_t item, gw_jv v)
{
    struct gw_fact fact; // a copy: the row is of another type
    memcpy(&fact, row, sizeof fact);
    fact.m = (int64_t)f->m;
    fact.list = f->target.at || f->list == GW_LIST_BOOTSTRAP ? f->list : list;
    fact.item = item;
    fact.target = f->target;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        if (gw_is(it.key, "transaction_id"))
            fact.transaction_id = gw_facts_int(it.value);
        else if (gw_is(it.key, "tags"))
            read_tags(f, &fact, it.value);
        else if (gw_is(it.key, "t0"))
            fact.t0 = gw_facts_real(it.value);
        else if (gw_is(it.key, "t"))
            fact.t = gw_facts_real(it.value);
    }
    memcpy(row, &fact, sizeof fact);
}

// ---- the envelope -------------------------------------------------------

static void read_annotations(struct gw_facts *f, gw_jv a)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    const struct {
        const char *key;
        gw_span *to;
    } wanted[] = {
        {"network_type", &m->network_type},
        {"platform", &m->platform},
        {"origin", &m->origin},
        {"engine_name", &m->engine_name},
        {"engine_version", &m->engine_version},
        {"architecture", &m->architecture},
        {"ooni_run_link_id", &m->ooni_run_link_id},
    };
    for (gw_jit it = gw_jv_iter(a); gw_jit_next(&it);) {
        for (size_t i = 0; i < GW_COUNT(wanted); i++)
            if (gw_is(it.key, wanted[i].key))
                *wanted[i].to = gw_facts_str(f, it.value);
        if (gw_is(it.key, "synthetic"))
            m->synthetic = !gw_is(gw_jv_str(it.value), "false") &&
                           gw_jv_bool(it.value) != 0;
    }
}

// input may be text, null, absent or a list of texts.
static gw_span read_input(struct gw_facts *f, gw_jv v)
{
    if (gw_jv_type(v) != '[')
        return gw_facts_str(f, v);
    gw_buf_reset(&f->text);
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        if (f->text.len)
            gw_put_u8(&f->text, ' ');
        gw_put_span(&f->text, gw_facts_bytes(f, it.value));
    }
    return gw_facts_keep(f, gw_buf_span(&f->text));
}

static void read_input_parts(struct gw_facts *f)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    struct gw_url url;
    gw_span host;
    uint16_t port;
    char scheme[16];
    if (!m->input.len)
        return;
    if (gw_url_parse(m->input, &url)) {
        size_t n = url.scheme.len < sizeof scheme ? url.scheme.len : 0;
        for (size_t i = 0; i < n; i++)
            scheme[i] = (char)(url.scheme.at[i] | 0x20);
        m->input_scheme = gw_facts_keep(f, gw_span_of(scheme, n));
        m->input_host = gw_facts_host(f, url.host);
        m->input_port = url.port < 0 ? GW_NULL : url.port;
    } else if (gw_split_endpoint(m->input, &host, &port)) {
        m->input_host = gw_facts_host(f, host);
        m->input_port = port;
    } else if (gw_find(m->input, GW_LIT(" "), 0) < 0) {
        m->input_host = gw_facts_host(f, m->input);
    }
}

static gw_time read_time(struct gw_facts *f, gw_jv v, const char *name)
{
    gw_time t;
    gw_span s = gw_jv_str(v);
    double seconds = gw_facts_real(v);
    if (gw_parse_time(gw_trim(s), &t))
        return t;
    if (seconds >= 0 && seconds < 7e9) // YAML reports: seconds since 1970
        return (gw_time)(seconds * 1e9);
    if (gw_jv_has(v))
        gw_facts_odd(f, "%s is no time: \"%.40s\"", name,
                     s.len < 40 ? (const char *)s.at : "(long)");
    return GW_NEVER;
}

// Members of a measurement, in the order in which probes write them.
#define RECORD_KEYS(X)                                                         \
    X(annotations)                                                             \
    X(data_format_version)                                                     \
    X(input)                                                                   \
    X(measurement_start_time)                                                  \
    X(probe_asn)                                                               \
    X(probe_cc)                                                                \
    X(probe_id)                                                                \
    X(probe_network_name)                                                      \
    X(report_id)                                                               \
    X(resolver_asn)                                                            \
    X(resolver_ip)                                                             \
    X(resolver_network_name)                                                   \
    X(software_name)                                                           \
    X(software_version)                                                        \
    X(start_time)                                                              \
    X(test_name)                                                               \
    X(test_runtime)                                                            \
    X(test_start_time)                                                         \
    X(test_version)                                                            \
    X(measurement_uid)
struct record_keys {
    RECORD_KEYS(GW_FACTS_FIELD)
};

static void read_identity(struct gw_facts *f, const struct record_keys *k)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    m->report_id = gw_facts_str(f, k->report_id);
    m->input = read_input(f, k->input);
    m->test_name = gw_facts_str(f, k->test_name);
    m->test_version = gw_facts_str(f, k->test_version);
    m->test_runtime = gw_facts_real(k->test_runtime);
    m->software_name = gw_facts_str(f, k->software_name);
    m->software_version = gw_facts_str(f, k->software_version);
    m->data_format_version = gw_facts_str(f, k->data_format_version);
    m->probe_id = gw_facts_str(f, k->probe_id);
    m->synthetic = 0;
    m->test_start_time = read_time(f, k->test_start_time, "test_start_time");
    m->start_time =
        read_time(f, k->measurement_start_time, "measurement_start_time");
    if (m->start_time == GW_NEVER && m->test_start_time != GW_NEVER)
        m->start_time = m->test_start_time;
    if (m->start_time == GW_NEVER)
        m->start_time = read_time(f, k->start_time, "start_time");
    if (m->start_time == GW_NEVER)
        gw_facts_odd(f, "no time of measurement is given");
    f->day = m->start_time;
    read_annotations(f, k->annotations);
    read_input_parts(f);
}

static void read_probe(struct gw_facts *f, const struct record_keys *k)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    struct gw_net net;
    gw_jv asn = k->probe_asn;
    m->probe_asn = gw_facts_asn(asn);
    if (gw_jv_has(asn) && m->probe_asn == GW_NULL)
        gw_facts_odd(f, "probe_asn is no AS number");
    m->probe_cc = gw_facts_str(f, k->probe_cc);
    f->cc = m->probe_cc;
    m->probe_as_org_name = gw_facts_str(f, k->probe_network_name);
    gw_refs_as(f->refs, m->probe_asn, f->day, &net);
    if (net.as_org_name.at)
        m->probe_as_org_name = gw_facts_keep(f, net.as_org_name);
    m->probe_as_cc = gw_facts_keep(f, net.as_cc);
    m->probe_as_name = gw_facts_keep(f, net.as_name);
}

static void read_resolver(struct gw_facts *f, const struct record_keys *k,
                          gw_jv keys)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    gw_span ip = gw_jv_str(k->resolver_ip);
    gw_ip parsed;
    if (!ip.len)
        ip = gw_jv_str(gw_jv_get(keys, "client_resolver"));
    m->resolver_ip = ip.len ? gw_facts_keep(f, ip) : (gw_span){0};
    m->resolver_is_scrubbed = gw_find(ip, GW_LIT("scrubbed"), 0) >= 0;
    m->resolver_asn_probe = gw_facts_asn(k->resolver_asn);
    m->resolver_as_org_name_probe = gw_facts_str(f, k->resolver_network_name);
    m->resolver_asn = m->resolver_asn_probe;
    m->resolver_as_org_name = m->resolver_as_org_name_probe;
    if (!gw_ip_parse(ip, &parsed))
        return;
    struct gw_net net;
    gw_refs_net(f->refs, &parsed, f->day, &net);
    m->resolver_cc = gw_facts_keep(f, net.cc);
    m->resolver_as_cc = gw_facts_keep(f, net.as_cc);
    if (net.asn != GW_NULL) {
        m->resolver_asn = net.asn;
        m->resolver_as_org_name = gw_facts_keep(f, net.as_org_name);
    }
}

// OONI's id of a line that carries none: "01", the day as written, SHAKE128 of
// the line with its end.
static void trivial_uid(struct gw_facts *f, gw_span line, gw_span start)
{
    gw_time t;
    struct gw_measurement_row *m = gw_facts_row(f);
    uint8_t digest[15];
    char text[2 + 8 + 30 + 1] = "01", day[GW_TIME_TEXT] = "0000-00-00";
    if (start.len == 19 && start.at[10] == ' ' && gw_parse_time(start, &t))
        memcpy(day, start.at, 10);
    if (gw_digest_add(f->shake, line) ||
        gw_digest_add(f->shake, gw_str(gw_ends(line, "\n") ? "" : "\n")) ||
        gw_digest_end(f->shake, digest, sizeof digest)) {
        f->block->err = GW_ENOMEM;
        return;
    }
    memcpy(text + 2, day, 4);
    memcpy(text + 6, day + 5, 2);
    memcpy(text + 8, day + 8, 2);
    gw_hex(digest, sizeof digest, text + 10);
    m->uid = gw_facts_keep(f, gw_str(text));
}

static void read_uid(struct gw_facts *f, const struct record_keys *k,
                     const struct gw_record *r, gw_span line, gw_span given)
{
    struct gw_measurement_row *m = gw_facts_row(f);
    gw_span leaf = gw_str(r->leaf), name = leaf;
    m->uid = gw_facts_str(f, k->measurement_uid);
    if (!m->uid.len && given.len)
        m->uid = gw_facts_keep(f, given);
    while (leaf.len)
        name = gw_cut(&leaf, '/');
    if (!m->uid.len && gw_ends(name, ".post"))
        m->uid = gw_facts_keep(f, gw_sub(name, 0, name.len - 5));
    if (!m->uid.len)
        trivial_uid(f, line, gw_jv_str(k->measurement_start_time));
}

// OONI's verdict keys, in the order in which its probe writes them.
#define VERDICT_KEYS(X)                                                        \
    X(control_failure)                                                         \
    X(x_dns_flags)                                                             \
    X(dns_experiment_failure)                                                  \
    X(dns_consistency)                                                         \
    X(http_experiment_failure)                                                 \
    X(x_blocking_flags)                                                        \
    X(x_null_null_flags)                                                       \
    X(body_proportion)                                                         \
    X(body_length_match)                                                       \
    X(headers_match)                                                           \
    X(status_code_match)                                                       \
    X(title_match)                                                             \
    X(blocking)                                                                \
    X(accessible)

static void read_verdict_keys(struct gw_facts *f, gw_jv keys)
{
    GW_FACTS_PICK(k, keys, VERDICT_KEYS);
    struct gw_measurement_row *m = gw_facts_row(f);
    m->blocking = gw_jv_bool(k.blocking) == 0   ? GW_LIT("false")
                  : gw_jv_bool(k.blocking) == 1 ? GW_LIT("true")
                                                : gw_facts_str(f, k.blocking);
    m->accessible = gw_facts_bool(k.accessible);
    m->dns_consistency = gw_facts_str(f, k.dns_consistency);
    m->dns_experiment_failure = gw_facts_failure(f, k.dns_experiment_failure);
    m->http_experiment_failure = gw_facts_failure(f, k.http_experiment_failure);
    m->control_failure = gw_facts_failure(f, k.control_failure);
    m->body_proportion = gw_facts_real(k.body_proportion);
    m->body_length_match = gw_facts_bool(k.body_length_match);
    m->status_code_match = gw_facts_bool(k.status_code_match);
    m->headers_match = gw_facts_bool(k.headers_match);
    m->title_match = gw_facts_bool(k.title_match);
    m->x_dns_flags = gw_facts_int(k.x_dns_flags);
    m->x_blocking_flags = gw_facts_int(k.x_blocking_flags);
    m->x_null_null_flags = gw_facts_int(k.x_null_null_flags);
    m->probe_analysis = m->blocking;
}

static void read_measurement(struct gw_facts *f, const struct record_keys *k,
                             gw_jv keys)
{
    gw_span test = gw_facts_row(f)->test_name;
    bool web = gw_is(test, "web_connectivity");
    read_probe(f, k);
    read_resolver(f, k, keys);
    if (gw_jv_type(keys) != '{') {
        gw_facts_odd(f, "test_keys is %s",
                     gw_jv_has(keys) ? "no object" : "null or absent");
        return;
    }
    if (web)
        read_verdict_keys(f, keys);
    gw_facts_events(f, gw_jv_get(keys, "network_events"));
    if (web)
        gw_facts_control(f, keys, gw_jv_get(keys, "control"));
    gw_facts_lists(f, keys);
    gw_facts_nettest(f, keys, test);
    gw_facts_keys(f, keys);
}

// ---- around the record --------------------------------------------------

struct found {
    gw_jv measurement, keys;
    gw_span line, uid;
};

static int parse_nested(struct gw_facts *f, gw_span text, int level, gw_jv *ret,
                        struct gw_why *why)
{
    if (level >= GW_ENVELOPES_MAX)
        return gw_fail(why, GW_EREFUSED, "JSON texts nest more than %d deep",
                       GW_ENVELOPES_MAX);
    uint8_t *padded = gw_arena_take(f->scratch, text.len + GW_JSON_PADDING);
    if (!padded)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    memcpy(padded, text.at, text.len);
    memset(padded + text.len, 0, GW_JSON_PADDING);
    return gw_json_parse(f->json[level], gw_span_of(padded, text.len), ret,
                         why);
}

// Postcans hold the measurement in "content", the API's measurement_meta as
// text in "raw_measurement", a saved HTTP answer that in turn in "body".
static int find_measurement(struct gw_facts *f, gw_jv v, gw_span line,
                            struct found *ret, struct gw_why *why)
{
    *ret = (struct found){.line = line};
    for (int level = 1;; level++) {
        if (gw_jv_type(v) != '{')
            return gw_fail(why, GW_EREFUSED, "record is not a JSON object");
        gw_jv raw = gw_jv_get(v, "raw_measurement");
        gw_jv body = gw_jv_get(v, "body");
        gw_jv content = gw_jv_get(v, "content");
        gw_span text = gw_jv_str(raw);
        if (!text.at && gw_jv_has(gw_jv_get(v, "status")))
            text = gw_jv_str(body);
        if (gw_jv_has(raw))
            ret->uid = gw_jv_str(gw_jv_get(v, "measurement_uid"));
        if (text.len) {
            ret->line = text;
            int rc = parse_nested(f, text, level, &v, why);
            if (rc)
                return rc;
        } else if (gw_jv_type(content) == '{' &&
                   gw_jv_has(gw_jv_get(v, "format"))) {
            v = content;
        } else if (gw_jv_type(raw) == '{') {
            v = raw;
        } else {
            break;
        }
    }
    ret->measurement = v;
    ret->keys = gw_jv_get(v, "test_keys");
    return 0;
}

static int check_is_measurement(gw_jv v, gw_jv keys, struct gw_why *why)
{
    bool named = gw_jv_str(gw_jv_get(v, "test_name")).len > 0;
    if (named && keys.tape) // null is odd, and still a measurement
        return 0;
    if (named)
        return gw_fail(why, GW_EREFUSED,
                       "about a measurement, but not one: test_keys is missing "
                       "(df-000)");
    if (gw_jv_type(gw_jv_get(v, "results")) == '[')
        return gw_fail(why, GW_EREFUSED,
                       "an API listing, not measurements: ask for each with "
                       "measurement_meta?full=true");
    if (gw_jv_type(gw_jv_get(v, "result")) == '[')
        return gw_fail(why, GW_EREFUSED,
                       "an API aggregation, not measurements");
    return gw_fail(why, GW_EREFUSED,
                   "not a measurement: test_name is missing (df-000)");
}

static int read_record(struct gw_facts *f, const struct gw_record *r,
                       struct gw_why *why)
{
    gw_jv v;
    struct found found;
    int rc = gw_json_parse(f->json[0], r->text, &v, why);
    if (rc)
        return rc;
    if (r->yaml) { // header first: what the entry says itself comes after
        found = (struct found){
            gw_jv_get(v, "header"), gw_jv_get(v, "entry"), r->text, {0}};
    } else {
        rc = find_measurement(f, v, r->text, &found, why);
    }
    rc = rc ? rc : check_is_measurement(found.measurement, found.keys, why);
    if (rc)
        return rc;
    struct record_keys k;
    struct gw_measurement_row *m = gw_add_measurement(f->block);
    f->m = f->block->rows[GW_TABLE_measurement].count - 1;
    if (f->block->err)
        return f->block->err;
    m->record = r->position;
    m->length = r->length;
    GW_FACTS_PICK_INTO(k, found.measurement, RECORD_KEYS);
    read_identity(f, &k);
    if (r->yaml) {
        m = gw_facts_row(f);
        m->input = read_input(f, gw_jv_get(found.keys, "input"));
        read_input_parts(f);
    }
    read_uid(f, &k, r, found.line, found.uid);
    read_measurement(f, &k, found.keys);
    if (f->odd_count) {
        gw_span notes = gw_buf_span(&f->odd);
        gw_buf_reset(&f->text);
        gw_put_fmt(&f->text, "[%.*s]", (int)notes.len, (const char *)notes.at);
        gw_facts_row(f)->odd = gw_facts_keep(f, gw_buf_span(&f->text));
    }
    return f->block->err;
}

static size_t bytes_since(const struct gw_block *b,
                          const struct gw_block_mark *mark)
{
    size_t n = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        n += (b->rows[t].count - mark->count[t]) * gw_tables[t].row_size;
    return n;
}

int gw_facts_add(struct gw_facts *f, struct gw_block *block,
                 const struct gw_record *r, struct gw_why *why)
{
    struct gw_block_mark mark = gw_block_mark(block);
    f->block = block;
    f->claim_count = f->event_count = 0;
    f->target = (gw_span){0};
    f->list = GW_LIST_OTHER;
    f->odd_count = 0;
    gw_buf_reset(&f->odd);
    gw_arena_reset(f->scratch);
    int rc = read_record(f, r, why);
    if (!rc && bytes_since(block, &mark) > RECORD_ROWS_MAX)
        rc = gw_fail(why, GW_ETOOBIG,
                     "more facts than any measurement has: over %d MiB of rows",
                     RECORD_ROWS_MAX >> 20);
    if (rc) { // the block goes on without it
        gw_block_rewind(block, &mark);
        block->err = 0;
        return gw_fail(why, rc, "%s", gw_strerror(rc));
    }
    return 0;
}
