// A measurement seen whole: its rows of every table, and small questions that
// several judges ask.
#include "analyse/judge.h"

#include <math.h>

bool gw_engine_is_system(gw_span e)
{
    return !e.at || gw_is(e, "system") || gw_is(e, "getaddrinfo") ||
           gw_is(e, "golang_net_resolver") || gw_is(e, "go") ||
           gw_is(e, "unknown");
}

bool gw_engine_is_encrypted(gw_span e)
{
    return gw_is(e, "doh") || gw_is(e, "dot") || gw_is(e, "doq") ||
           gw_is(e, "doh3") || gw_is(e, "odoh");
}

// More rows of a table than any probe writes are not looked at: judges compare
// rows with rows, and one hostile record must not hold up all others.
enum { VIEW_ROWS_MAX = 4096 };

// Rows of a table that belong to measurement m; rows come in order of m.
#define SLICE(view, block, cursor, table, m)                                   \
    do {                                                                       \
        size_t n_;                                                             \
        const struct gw_##table##_row *r_ = gw_rows_##table((block), &n_);     \
        size_t *at_ = &(cursor)->at[GW_TABLE_##table];                         \
        while (*at_ < n_ && r_[*at_].m < (int64_t)(m))                         \
            ++*at_;                                                            \
        (view)->table = r_ ? r_ + *at_ : NULL;                                 \
        size_t from_ = *at_;                                                   \
        while (*at_ < n_ && r_[*at_].m == (int64_t)(m))                        \
            ++*at_;                                                            \
        size_t count_ = *at_ - from_;                                          \
        (view)->table##_count =                                                \
            count_ < VIEW_ROWS_MAX ? count_ : VIEW_ROWS_MAX;                   \
    } while (0)

static bool is_final(const struct gw_http_row *h)
{
    bool answered =
        h->response_status_code != GW_NULL || h->list == GW_LIST_CSV;
    return !h->failure.at && answered && h->response_status_code / 100 != 3 &&
           h->is_tor != 1;
}

static void look_around(struct gw_view *v)
{
    for (size_t i = 0; i < v->control_count; i++)
        if (v->control[i].http_request_url.at ||
            v->control[i].http_failure.at ||
            v->control[i].http_success != GW_NULL)
            v->control_http = &v->control[i];
    for (size_t i = 0; i < v->dns_count; i++)
        if (gw_depth(v->dns[i].depth) > v->depth)
            v->depth = v->dns[i].depth;
    for (size_t i = 0; i < v->http_count; i++) {
        if (gw_depth(v->http[i].depth) > v->depth)
            v->depth = v->http[i].depth;
        if (is_final(&v->http[i]))
            v->reached = true;
    }
}

void gw_view_next(const struct gw_block *b, struct gw_cursor *c, size_t m,
                  const struct gw_pool *pool, struct gw_view *ret)
{
    size_t n;
    const struct gw_measurement_row *rows = gw_rows_measurement(b, &n);
    *ret = (struct gw_view){.m = &rows[m], .pool = pool};
    SLICE(ret, b, c, dns, m);
    SLICE(ret, b, c, tcp, m);
    SLICE(ret, b, c, tls, m);
    SLICE(ret, b, c, http, m);
    SLICE(ret, b, c, control, m);
    SLICE(ret, b, c, key, m);
    SLICE(ret, b, c, middlebox, m);
    ret->web = gw_is(rows[m].test_name, "web_connectivity");
    look_around(ret);
}

// Takes the next JSON text off, quotes and all that is escaped in it passed.
static gw_span next_text(gw_span *rest)
{
    const uint8_t *open = rest->len ? memchr(rest->at, '"', rest->len) : NULL;
    size_t from = open ? (size_t)(open - rest->at) + 1 : rest->len, at = from;
    while (at < rest->len && rest->at[at] != '"')
        at += rest->at[at] == '\\' ? 2 : 1;
    gw_span text = gw_sub(*rest, from, at - from);
    *rest = gw_sub(*rest, at + 1, rest->len);
    return text;
}

bool gw_next_hit(gw_span *rest, gw_span *ret_scope, bool *ret_expected)
{
    if (!gw_cut(rest, '[').at || gw_trim(*rest).len < 2)
        return false;
    next_text(rest); // the name
    *ret_scope = next_text(rest);
    *ret_expected = gw_starts(*rest, ",1");
    gw_cut(rest, ']');
    return true;
}

bool gw_helper_got_page(const struct gw_view *v)
{
    return v->control_http && !v->control_http->http_failure.at &&
           v->control_http->http_status_code != GW_NULL &&
           v->control_http->http_status_code > 0;
}

int64_t gw_observer(const struct gw_measurement_row *m)
{
    uint64_t h = gw_hash(m->probe_id, 1);
    if (!m->probe_id.len) {
        h = gw_hash(m->probe_cc, 2);
        h = gw_hash(gw_span_of(&m->probe_asn, sizeof m->probe_asn), h);
        h = gw_hash(m->platform, h);
        h = gw_hash(m->software_name, h);
    }
    int64_t identity = (int64_t)(h >> 2);
    return m->probe_id.len ? identity : identity | GW_OBSERVER_COARSE;
}

// ---- pages --------------------------------------------------------------

// Fields that nearly every server sends say nothing about which one it is.
static bool common_header(gw_span name)
{
    static const char *const names[] = {"accept-ranges",
                                        "age",
                                        "alt-svc",
                                        "cache-control",
                                        "connection",
                                        "content-encoding",
                                        "content-language",
                                        "content-length",
                                        "content-type",
                                        "date",
                                        "etag",
                                        "expires",
                                        "keep-alive",
                                        "last-modified",
                                        "location",
                                        "pragma",
                                        "server",
                                        "set-cookie",
                                        "strict-transport-security",
                                        "transfer-encoding",
                                        "vary",
                                        "via",
                                        "x-content-type-options",
                                        "x-frame-options",
                                        "x-xss-protection"};
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (gw_is(name, names[i]))
            return true;
    return false;
}

// Next name of a JSON list as header_names holds it; at == NULL at the end.
static gw_span next_name(gw_span *rest)
{
    const uint8_t *open = rest->len ? memchr(rest->at, '"', rest->len) : NULL;
    if (!open)
        return (gw_span){0};
    *rest = gw_sub(*rest, (size_t)(open - rest->at) + 1, rest->len);
    return gw_cut(rest, '"');
}

static int64_t headers_match(gw_span a, gw_span b)
{
    if (!a.at || !b.at || a.len <= 2 || b.len <= 2)
        return GW_NULL;
    gw_span rest = a, name;
    while ((name = next_name(&rest)).at) {
        gw_span other_rest = b, other;
        if (common_header(name))
            continue;
        while ((other = next_name(&other_rest)).at)
            if (gw_eq(name, other))
                return 1;
    }
    return gw_eq(a, b);
}

static gw_span next_word(gw_span *rest)
{
    *rest = gw_trim(*rest);
    size_t n = 0;
    while (n < rest->len && !strchr(" \t\r\n", rest->at[n]))
        n++;
    gw_span word = gw_sub(*rest, 0, n);
    *rest = gw_sub(*rest, n, rest->len);
    return word;
}

// Word by word: the first pair of long words that differ decides.
static int64_t title_match(gw_span a, gw_span b)
{
    if (!a.len || !b.len)
        return GW_NULL;
    for (;;) {
        gw_span x = next_word(&a), y = next_word(&b);
        if (!x.len || !y.len)
            return 1;
        if (x.len >= 5 && y.len >= 5 && !gw_eq_nocase(x, y))
            return 0;
    }
}

static int64_t status_match(int64_t page, int64_t control)
{
    if (page == GW_NULL || control == GW_NULL || control <= 0)
        return GW_NULL;
    if (page == control)
        return 1;
    return control / 100 == 2 ? 0 : GW_NULL;
}

void gw_page_compare(const struct gw_http_row *page,
                     const struct gw_control_row *control,
                     struct gw_page_diff *ret)
{
    double a = (double)page->response_body_length;
    double b = (double)control->http_response_body_length;
    *ret = (struct gw_page_diff){.body_proportion = (double)NAN,
                                 .body_length_match = GW_NULL};
    if (page->response_body_length > 0 &&
        control->http_response_body_length > 0)
        ret->body_proportion = a < b ? a / b : b / a;
    else if (page->response_body_length != GW_NULL &&
             control->http_response_body_length != GW_NULL)
        ret->body_proportion = 0;
    if (page->response_body_is_truncated != 1 && !isnan(ret->body_proportion))
        ret->body_length_match = ret->body_proportion > 0.7;
    ret->status_code_match =
        status_match(page->response_status_code, control->http_status_code);
    ret->headers_match =
        headers_match(page->header_names, control->http_header_names);
    ret->title_match = title_match(page->title, control->http_title);
    // Nothing to compare is no difference, nor is a like status alone.
    bool known = ret->status_code_match == 0 ||
                 ret->body_length_match != GW_NULL ||
                 ret->headers_match != GW_NULL || ret->title_match != GW_NULL;
    ret->differs =
        known && !(ret->status_code_match == 1 &&
                   (ret->body_length_match == 1 || ret->headers_match == 1 ||
                    ret->title_match == 1));
}
