// Exchanges and network events of a rehearsal's probe, as OONI Probe writes
// them (df-001 and df-008).
#include "monitor/rehearse.h"

#include <stdio.h>

// ---- exchanges ----------------------------------------------------------

struct header {
    const char *name, *value;
};

static void put_both_ways(struct gw_jw *w, const struct header *list, size_t n)
{
    gw_jw_key(w, "headers_list");
    gw_jw_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        gw_jw_open(w, '[');
        gw_jw_str(w, gw_str(list[i].name));
        gw_jw_str(w, gw_str(list[i].value));
        gw_jw_close(w, ']');
    }
    gw_jw_close(w, ']');
    gw_jw_key(w, "headers");
    gw_jw_open(w, '{');
    for (size_t i = 0; i < n; i++)
        gw_jw_kstr(w, list[i].name, gw_str(list[i].value));
    gw_jw_close(w, '}');
}

enum { RESPONSE_HEADERS = 5, DATE_TEXT = 40, LENGTH_TEXT = 24 };
struct response_headers {
    struct header list[RESPONSE_HEADERS];
    size_t count;
    char date[DATE_TEXT], length[LENGTH_TEXT];
};

// RFC 9110 section 5.6.7: IMF-fixdate.
static void format_date(gw_time t, char *ret_text)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun",
                                       "Mon", "Tue", "Wed"};
    char text[GW_TIME_TEXT];
    gw_format_time(t, text); // 2024-02-12 20:33:47
    int month = (text[5] - '0') * 10 + (text[6] - '0');
    snprintf(ret_text, DATE_TEXT, "%s, %.2s %s %.4s %.8s GMT",
             days[t / GW_DAY % 7], text + 8, months[(month + 11) % 12], text,
             text + 11);
}

static void response_headers(const struct gw_rh_page *p, gw_time when,
                             struct response_headers *ret)
{
    format_date(when, ret->date);
    snprintf(ret->length, sizeof ret->length, "%zu", p->body.len);
    const struct header list[RESPONSE_HEADERS] = {
        {"Content-Length", ret->length},
        {"Content-Type", "text/html"},
        {"Date", ret->date},
        {"Server", p->server},
        {p->own_name, p->own_value}};
    memcpy(ret->list, list, sizeof list);
    ret->count = p->own_name ? RESPONSE_HEADERS : RESPONSE_HEADERS - 1;
}

void gw_rh_put_headers(struct gw_jw *w, const struct gw_rh_page *p,
                       gw_time when)
{
    struct response_headers h;
    response_headers(p, when, &h);
    gw_jw_open(w, '{');
    for (size_t i = 0; i < h.count; i++)
        gw_jw_kstr(w, h.list[i].name, gw_str(h.list[i].value));
    gw_jw_close(w, '}');
}

static void put_request(struct gw_jw *w, const struct gw_rh_flow *f)
{
    const struct header headers[] = {{"Accept", GW_RH_ACCEPT},
                                     {"Accept-Language", "en-US,en;q=0.9"},
                                     {"Host", f->host},
                                     {"User-Agent", GW_RH_USER_AGENT}};
    char url[128];
    snprintf(url, sizeof url, "%s://%s%s", f->secure ? "https" : "http",
             f->host, f->path);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "body", GW_LIT(""));
    gw_rh_put_bool(w, "body_is_truncated", false);
    put_both_ways(w, headers, GW_COUNT(headers));
    gw_jw_kstr(w, "method", gw_str(f->method));
    gw_jw_key(w, "tor");
    gw_jw_raw(w, GW_LIT("{\"exit_ip\":null,\"exit_name\":null,"
                        "\"is_tor\":false}"));
    gw_jw_kstr(w, "x_transport", GW_LIT("tcp"));
    gw_jw_kstr(w, "url", gw_str(url));
    gw_jw_close(w, '}');
}

static void put_response(struct gw_rh_line *l, struct gw_jw *w,
                         const struct gw_rh_flow *f)
{
    struct response_headers h = {.count = 0};
    gw_span body = f->page && !f->http ? f->page->body : GW_LIT("");
    if (f->page)
        response_headers(f->page, l->happened, &h);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "body", body);
    gw_rh_put_bool(w, "body_is_truncated", false);
    gw_jw_kint(w, "code", f->page ? f->page->code : 0);
    put_both_ways(w, h.list, h.count);
    gw_jw_close(w, '}');
}

void gw_rh_put_exchange(struct gw_rh_line *l, struct gw_jw *w,
                        const struct gw_rh_flow *f)
{
    char endpoint[GW_RH_ENDPOINT_TEXT];
    if (!f->path || f->tcp || f->tls)
        return;
    gw_rh_endpoint(f->to, f->port, endpoint);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "network", GW_LIT("tcp"));
    gw_jw_kstr(w, "address", gw_str(endpoint));
    gw_jw_kstr(w, "alpn", gw_str(f->secure ? "h2" : ""));
    gw_rh_put_failure(w, f->http);
    gw_jw_key(w, "request");
    put_request(w, f);
    gw_jw_key(w, "response");
    put_response(l, w, f);
    gw_rh_put_times(w, f->shaken, f->done);
    gw_rh_put_tags(w, f);
    gw_jw_close(w, '}');
}

// ---- network events -----------------------------------------------------

struct events {
    struct gw_jw *w;
    const struct gw_rh_flow *f;
    char endpoint[GW_RH_ENDPOINT_TEXT];
};

static void put_mark(const struct events *e, const char *operation, double t,
                     const char *failure)
{
    gw_jw_open(e->w, '{');
    gw_rh_put_failure(e->w, failure);
    gw_jw_kstr(e->w, "operation", gw_str(operation));
    gw_rh_put_times(e->w, t, t);
    gw_rh_put_tags(e->w, e->f);
    gw_jw_close(e->w, '}');
}

// bytes < 0: an operation that moves none.
static void put_operation(const struct events *e, const char *operation,
                          int64_t bytes, double t0, double t,
                          const char *failure)
{
    gw_jw_open(e->w, '{');
    gw_jw_kstr(e->w, "address", gw_str(e->endpoint));
    gw_rh_put_failure(e->w, failure);
    if (bytes > 0)
        gw_jw_kint(e->w, "num_bytes", bytes);
    gw_jw_kstr(e->w, "operation", gw_str(operation));
    gw_jw_kstr(e->w, "proto", GW_LIT("tcp"));
    gw_rh_put_times(e->w, t0, t);
    gw_rh_put_tags(e->w, e->f);
    gw_jw_close(e->w, '}');
}

static void put_handshake_events(const struct events *e)
{
    const struct gw_rh_flow *f = e->f;
    double t = f->connected, d = (f->shaken - t) / 10;
    bool answered = !f->tls || gw_starts(gw_str(f->tls), "ssl_");
    put_mark(e, "tls_handshake_start", t + 2e-5, NULL);
    put_operation(e, "write", 283, t + 3e-5, t + 6e-5, NULL);
    if (answered) {
        put_operation(e, "read", 1440, t + 7e-5, t + 5 * d, NULL);
        put_operation(e, "read", 1187, t + 5 * d, t + 8 * d, NULL);
        put_operation(e, "write", 64, t + 9 * d, t + 9.5 * d, NULL);
    } else {
        put_operation(e, "read", -1, t + 7e-5, f->shaken - 1e-5, f->tls);
    }
    put_mark(e, "tls_handshake_done", f->shaken, f->tls);
}

// As segments of the page come in: even steps from the request to the end. A
// throttled page comes in more of them; one that stalls ends early.
static void put_exchange_events(const struct events *e)
{
    const struct gw_rh_flow *f = e->f;
    int64_t left = f->page ? (int64_t)f->page->body.len + 220 : 0;
    int64_t step = f->slow ? 512 : 1440;
    int n = (int)((left + step - 1) / step);
    int come = f->http ? (f->page ? n / 2 : 0) : n;
    double t = f->shaken, d = (f->done - t) / (n + 1);
    put_mark(e, "http_transaction_start", t, NULL);
    put_operation(e, "write", 187, t + 2e-5, t + 4e-5, NULL);
    for (int i = 0; i < come; i++, left -= step)
        put_operation(e, "read", left < step ? left : step, t + i * d,
                      t + (i + 1) * d, NULL);
    if (f->http)
        put_operation(e, "read", -1, t + come * d, f->done - 1e-5, f->http);
    put_mark(e, "http_transaction_done", f->done, f->http);
}

void gw_rh_put_events(struct gw_rh_line *l, struct gw_jw *w,
                      const struct gw_rh_flow *f)
{
    struct events e = {.w = w, .f = f};
    (void)l;
    gw_rh_endpoint(f->to, f->port, e.endpoint);
    put_operation(&e, "connect", -1, f->t0, f->connected, f->tcp);
    if (!f->tcp && f->secure)
        put_handshake_events(&e);
    if (!f->tcp && !f->tls && f->path)
        put_exchange_events(&e);
}
