// HTTP exchanges: what was asked, what came back, which fingerprints it bears.
#include "monitor/facts.h"

#include <math.h>

enum { HEADERS_MAX = 256, HEADER_NAME_MAX = 128 };

// ---- headers ------------------------------------------------------------

struct header {
    gw_span name; // lower case, in scratch
    gw_span value;
};

static gw_span lowered(struct gw_facts *f, gw_span s)
{
    uint8_t *to = gw_arena_take(f->scratch, s.len + 1);
    if (!to) {
        f->block->err = GW_ENOMEM;
        return s;
    }
    for (size_t i = 0; i < s.len; i++)
        to[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (uint8_t)(s.at[i] + 32)
                                                 : s.at[i];
    return gw_span_of(to, s.len);
}

// The value of a header: text, base64, or in old reports a list of values.
static gw_span header_value(struct gw_facts *f, gw_jv v)
{
    return gw_facts_bytes(f, gw_jv_type(v) == '[' ? gw_jv_at(v, 0) : v);
}

// From {"Name": "value"} or [["Name", "value"], ...].
static size_t read_headers(struct gw_facts *f, gw_jv v, struct header *list)
{
    size_t n = 0;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it) && n < HEADERS_MAX;) {
        gw_span name = it.key;
        gw_jv value = it.value;
        if (!it.object) {
            name = gw_facts_bytes(f, gw_jv_at(it.value, 0));
            value = gw_jv_at(it.value, 1);
        }
        if (!name.len || name.len > HEADER_NAME_MAX)
            continue;
        list[n++] = (struct header){lowered(f, name), header_value(f, value)};
    }
    return n;
}

static int by_name(const void *a, const void *b)
{
    const struct header *x = a, *y = b;
    return gw_cmp(x->name, y->name);
}

static gw_span names_json(struct gw_facts *f, struct header *list, size_t n)
{
    qsort(list, n, sizeof *list, by_name);
    gw_buf_reset(&f->text);
    struct gw_jw w = gw_jw_on(&f->text);
    gw_jw_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !gw_eq(list[i - 1].name, list[i].name))
            gw_jw_str(&w, list[i].name);
    gw_jw_close(&w, ']');
    return gw_facts_keep(f, gw_buf_span(&f->text));
}

gw_span gw_facts_header_names(struct gw_facts *f, gw_jv headers)
{
    struct header list[HEADERS_MAX];
    if (!gw_jv_has(headers))
        return (gw_span){0};
    return names_json(f, list, read_headers(f, headers, list));
}

struct response {
    struct gw_fingerprint_hit hits[GW_HITS_MAX];
    size_t hit_count;
};

static void match_headers(struct gw_facts *f, struct gw_http_row *row,
                          const struct header *list, size_t n,
                          struct response *resp)
{
    struct gw_buf fields;
    gw_buf_init(&fields, 64 << 10);
    struct gw_jw w = gw_jw_on(&fields);
    gw_jw_open(&w, '{');
    for (size_t i = 0; i < n; i++) {
        const struct header *h = &list[i];
        resp->hit_count =
            gw_refs_header_hits(f->refs, f->refs_scratch, h->name, h->value,
                                f->cc, resp->hits, resp->hit_count);
        bool location = gw_is(h->name, "location");
        bool server = gw_is(h->name, "server");
        if (location && !row->response_header_location.at)
            row->response_header_location = gw_facts_keep(f, h->value);
        else if (server && !row->response_header_server.at)
            row->response_header_server = gw_facts_keep(f, h->value);
        else if (!location && !server &&
                 gw_refs_wants_header(f->refs, h->name)) {
            gw_jw_key_span(&w, h->name);
            gw_jw_str(&w, h->value);
        }
    }
    gw_jw_close(&w, '}');
    if (fields.err)
        gw_facts_odd(f, "header fields over 64 KiB are left out");
    else if (fields.len > 2)
        row->header_fields = gw_facts_keep(f, gw_buf_span(&fields));
    gw_buf_release(&fields);
}

// ---- bodies -------------------------------------------------------------

static bool tag_at(gw_span s, size_t at, const char *tag, size_t len)
{
    if (at + len > s.len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((s.at[at + i] | 0x20) != tag[i])
            return false;
    return true;
}

// As OONI's probe finds it: <title> without attributes, 1 to GW_TITLE_MAX
// bytes without "<", then </title>.
static gw_span title_of(gw_span body)
{
    for (size_t i = 0; i < body.len; i++) {
        const uint8_t *lt = memchr(body.at + i, '<', body.len - i);
        if (!lt)
            break;
        i = (size_t)(lt - body.at);
        if (!tag_at(body, i + 1, "title", 5) || i + 6 >= body.len ||
            body.at[i + 6] != '>')
            continue;
        gw_span rest = gw_sub(body, i + 7, body.len);
        gw_span text = gw_cut(&rest, '<');
        if (text.len && text.len <= GW_TITLE_MAX && rest.len >= 7 &&
            rest.at[0] == '/' && tag_at(rest, 1, "title", 5) &&
            rest.at[6] == '>')
            return text;
    }
    return (gw_span){0};
}

static void read_body(struct gw_facts *f, struct gw_http_row *row, gw_jv v,
                      struct response *resp)
{
    gw_span body = gw_facts_bytes(f, v);
    uint8_t hash[20];
    char hex[2 * sizeof hash + 1];
    if (!body.at)
        return; // no body was recorded, which differs from an empty one
    row->response_body_length = (int64_t)body.len;
    if (!body.len)
        return;
    if (gw_digest_once(f->sha1, body, hash, sizeof hash)) {
        f->block->err = GW_ENOMEM;
        return;
    }
    gw_hex(hash, sizeof hash, hex);
    row->response_body_sha1 = gw_facts_keep(f, gw_str(hex));
    row->title = gw_facts_keep(f, title_of(body));
    resp->hit_count = gw_refs_body_hits(f->refs, f->refs_scratch, body, f->cc,
                                        resp->hits, resp->hit_count);
}

static void read_response(struct gw_facts *f, struct gw_http_row *row, gw_jv v)
{
    struct header list[HEADERS_MAX];
    struct response resp = {.hit_count = 0};
    gw_jv pairs = gw_jv_get(v, "headers_list");
    gw_jv headers = gw_jv_count(pairs) ? pairs : gw_jv_get(v, "headers");
    int64_t code = gw_facts_int(gw_jv_get(v, "code"));
    if (code > 0) // probes write 0 or -1 when no response came
        row->response_status_code = code;
    row->response_body_is_truncated =
        gw_facts_bool(gw_jv_get(v, "body_is_truncated"));
    size_t n = read_headers(f, headers, list);
    if (code <= 0 && code != GW_NULL && !n)
        return;
    read_body(f, row, gw_jv_get(v, "body"), &resp);
    match_headers(f, row, list, n, &resp);
    row->fingerprints = gw_facts_hits(f, resp.hits, resp.hit_count);
    if (n || row->response_status_code != GW_NULL)
        row->header_names = names_json(f, list, n);
}

// ---- exchanges ----------------------------------------------------------

static void read_request(struct gw_facts *f, struct gw_http_row *row, gw_jv v)
{
    struct gw_url url;
    gw_span body = gw_facts_bytes(f, gw_jv_get(v, "body"));
    row->request_url = gw_facts_str(f, gw_jv_get(v, "url"));
    row->request_method = gw_facts_str(f, gw_jv_get(v, "method"));
    row->request_body_length = body.at ? (int64_t)body.len : GW_NULL;
    row->request_body_is_truncated =
        gw_facts_bool(gw_jv_get(v, "body_is_truncated"));
    row->is_tor = gw_facts_bool(gw_jv_get(gw_jv_get(v, "tor"), "is_tor"));
    if (gw_url_parse(row->request_url, &url)) {
        row->hostname = gw_facts_host(f, url.host);
        if (row->port == GW_NULL && url.port >= 0)
            row->port = url.port;
    }
}

// Reads of the transaction after the handshake: what throttling shows in.
static void fill_reads(struct gw_facts *f, struct gw_http_row *row)
{
    int64_t n = 0, bytes = 0;
    double first = NAN, last = NAN;
    for (size_t i = 0; i < f->event_count; i++) {
        const struct gw_event *e = &f->events[i];
        if (e->transaction_id != row->transaction_id || e->failed ||
            row->transaction_id == GW_NULL || e->t < row->t0 ||
            !gw_is(e->operation, "read"))
            continue;
        n++;
        bytes += e->bytes;
        first = !(e->t >= first) ? e->t : first;
        last = !(e->t <= last) ? e->t : last;
    }
    if (n) {
        row->read_count = n;
        row->read_bytes = bytes;
        row->read_time = last - first;
    }
}

static bool redirects(int64_t code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 ||
           code == 308;
}

// requests[] is newest first: the next item may be what redirected here.
static gw_span redirect_from(struct gw_facts *f, gw_jv next)
{
    gw_jv code = gw_jv_get(gw_jv_get(next, "response"), "code");
    return redirects(gw_facts_int(code))
               ? gw_facts_str(f, gw_jv_get(gw_jv_get(next, "request"), "url"))
               : (gw_span){0};
}

#define EXCHANGE_KEYS(X)                                                       \
    X(network)                                                                 \
    X(address)                                                                 \
    X(alpn)                                                                    \
    X(failure)                                                                 \
    X(request)                                                                 \
    X(response)

static void read_exchange(struct gw_facts *f, gw_jv v, gw_jv next, int64_t item)
{
    GW_FACTS_PICK(k, v, EXCHANGE_KEYS);
    gw_span ip = {0};
    uint16_t port = 0;
    bool endpoint = gw_split_endpoint(gw_jv_str(k.address), &ip, &port);
    struct gw_http_row *row = gw_add_http(f->block);
    gw_facts_begin(f, row, GW_LIST_REQUESTS, item, v);
    GW_FACTS_ENDPOINT(f, row, ip, endpoint ? port : GW_NULL);
    row->network = gw_facts_str(f, k.network);
    if (!row->network.at)
        row->network = gw_facts_str(f, gw_jv_get(k.request, "x_transport"));
    row->alpn = gw_facts_str(f, k.alpn);
    row->failure = gw_facts_failure(f, k.failure);
    read_request(f, row, k.request);
    if (gw_jv_type(k.response) == '{')
        read_response(f, row, k.response);
    row->request_redirect_from = redirect_from(f, next);
    row->runtime = row->t - row->t0;
    fill_reads(f, row);
}

void gw_facts_requests(struct gw_facts *f, gw_jv list)
{
    int64_t item = 0;
    if (gw_jv_type(list) != '[')
        return;
    for (gw_jit it = gw_jv_iter(list); !f->block->err && gw_jit_next(&it);
         item++) {
        gw_jit peek = it;
        gw_jv next = gw_jit_next(&peek) ? peek.value : (gw_jv){0};
        if (gw_jv_type(it.value) == '{')
            read_exchange(f, it.value, next, item);
        else
            gw_facts_odd(f, "requests[%lld] is no object", (long long)item);
    }
}
