// Measurements from a few words. A recipe has a line for each thing seen:
//
//   input URL                             day 2024-02-12 20:33:47
//   at COUNTRY ASN                        test NAME VERSION
//   dns ENGINE HOST ANSWERS|FAILURE       answers: address@asn,address@asn
//   tcp ADDRESS:PORT ok|FAILURE
//   tls ADDRESS:PORT SNI ok|FAILURE
//   quic ADDRESS:PORT SNI ok|FAILURE
//   http URL ADDRESS:PORT|- STATUS|FAILURE|STATUS+FAILURE PAGE|->URL
//   key NAME JSON                         one more member of test_keys
//   lookup HOST SYSTEM [UDP ENCRYPTED]    the lookups of a probe of today
//   both ADDRESS:PORT [SNI]               works for probe and helper alike
//   c-fail FAILURE                        the helper could not be reached
//   c-dns, c-tcp, c-tls, c-http           what the helper saw, likewise
//
// Words at the end of a line: dN (after N redirects), nofetch, tor. A failure
// that has blanks in it is written with underlines that are ~.
#ifndef GW_MAKE_H
#define GW_MAKE_H

#include "case.h"

#include <stdio.h>

struct gw_page {
    const char *name, *title, *headers; // headers: JSON
    int64_t length, claimed;            // bytes recorded; what a helper counts
};

static inline const struct gw_page *gw_page_named(gw_span name)
{
    static const struct gw_page pages[] = {
        {"site", "Bread and other recipes",
         "\"Content-Type\":\"text/html\",\"Date\":\"Mon\",\"X-Oven\":\"hot\"",
         1500, 1500},
        {"plain", "Bread and other recipes",
         "\"Content-Type\":\"text/html\",\"Date\":\"Mon\"", 1500, 1500},
        {"block", "Access forbidden here", "", 180, 180},
        {"captcha", "Please prove yourself",
         "\"Cf-Ray\":\"68013f3b0c7d\",\"Content-Type\":\"text/html\"", 8400,
         8400},
        {"large", "", "\"Content-Type\":\"application/x\",\"X-Oven\":\"hot\"",
         16000, 1 << 24},
        {"mark", "A page", "\"X-Censor\":\"squid-of-the-state\"", 1500, 1500},
        {"empty", "", "", 0, 0},
        {"-", "", "", 0, -1},
    };
    for (size_t i = 0; i < GW_COUNT(pages); i++)
        if (gw_is(name, pages[i].name))
            return &pages[i];
    fail_msg("no such page");
    return NULL;
}

struct gw_make {
    gw_span input, cc, asn, day, test, version;
    struct gw_buf queries, tcp, tls, quic, requests, keys;
    gw_span control_failure, lookup_failure;
    struct gw_buf addrs, control_tcp, control_tls, control_http, info;
    bool control;
};

static inline gw_span gw_make_word(gw_span *line)
{
    *line = gw_trim(*line);
    return gw_cut(line, ' ');
}

#define GW_S(span) (int)(span).len, (const char *)(span).at

static inline void gw_make_comma(struct gw_buf *b)
{
    if (b->len)
        gw_put_u8(b, ',');
}

// null, or the failure's text
static inline void gw_make_failure(struct gw_buf *b, gw_span word)
{
    if (!word.len || gw_is(word, "ok")) {
        gw_put_str(b, "null");
        return;
    }
    gw_put_u8(b, '"');
    for (size_t i = 0; i < word.len; i++)
        gw_put_u8(b, word.at[i] == '~' ? ' ' : word.at[i]);
    gw_put_u8(b, '"');
}

static inline bool gw_make_flag(gw_span words, const char *flag)
{
    while (words.len)
        if (gw_is(gw_make_word(&words), flag))
            return true;
    return false;
}

static inline uint64_t gw_make_depth(gw_span words)
{
    uint64_t depth = 0;
    while (words.len) {
        gw_span word = gw_make_word(&words);
        if (word.len && word.at[0] == 'd' &&
            gw_parse_uint(gw_sub(word, 1, word.len), 1000, &depth))
            return depth;
    }
    return 0;
}

// Probes before 0.5 wrote neither tags nor transaction ids.
static inline void gw_make_tail(struct gw_buf *b, const struct gw_make *m,
                                uint64_t id, gw_span words)
{
    if (gw_starts(m->version, "0.5"))
        gw_put_fmt(b,
                   ",\"tags\":[\"depth=%d\",\"fetch_body=%s\"],"
                   "\"transaction_id\":%llu",
                   (int)gw_make_depth(words),
                   gw_make_flag(words, "nofetch") ? "false" : "true",
                   (unsigned long long)(id + 100 * gw_make_depth(words)));
    gw_put_str(b, ",\"t\":0}");
}

static inline uint64_t gw_make_id(gw_span endpoint)
{
    return (gw_ends(endpoint, ":80") ? 40000 : 50000) +
           gw_hash(endpoint, 0) % 100;
}

static inline void gw_make_answers(struct gw_buf *b, gw_span list)
{
    bool first = true;
    while (list.len) {
        gw_span one = gw_cut(&list, ','), address = gw_cut(&one, '@');
        bool v6 = gw_find(address, GW_LIT(":"), 0) >= 0;
        gw_put_fmt(b, "%s{\"answer_type\":\"%s\",\"ipv%c\":\"%.*s\"",
                   first ? "" : ",", v6 ? "AAAA" : "A", v6 ? '6' : '4',
                   GW_S(address));
        if (one.len)
            gw_put_fmt(b, ",\"asn\":%.*s", GW_S(one));
        gw_put_u8(b, '}');
        first = false;
    }
}

static inline void gw_make_dns(struct gw_make *m, gw_span line)
{
    struct gw_buf *b = &m->queries;
    gw_span engine = gw_make_word(&line), host = gw_make_word(&line);
    gw_span result = gw_make_word(&line);
    bool answered =
        result.len && ((result.at[0] >= '0' && result.at[0] <= '9'));
    bool v6 = gw_make_flag(line, "AAAA");
    uint64_t id = gw_is(engine, "udp")   ? 20001
                  : gw_is(engine, "doh") ? 30001
                                         : 10001;
    gw_make_comma(b);
    gw_put_fmt(b,
               "{\"engine\":\"%.*s\",\"hostname\":\"%.*s\","
               "\"query_type\":\"%s\",\"answers\":[",
               GW_S(engine), GW_S(host), v6 ? "AAAA" : "A");
    gw_make_answers(b, answered ? result : (gw_span){0});
    gw_put_str(b, "],\"failure\":");
    gw_make_failure(b, answered ? (gw_span){0} : result);
    gw_make_tail(b, m, id, line);
}

static inline void gw_make_tcp(struct gw_make *m, gw_span line)
{
    struct gw_buf *b = &m->tcp;
    gw_span endpoint = gw_make_word(&line), result = gw_make_word(&line);
    gw_span ip;
    uint16_t port;
    assert_true(gw_split_endpoint(endpoint, &ip, &port));
    gw_make_comma(b);
    gw_put_fmt(b, "{\"ip\":\"%.*s\",\"port\":%d,\"status\":{\"success\":%s,",
               GW_S(ip), port, gw_is(result, "ok") ? "true" : "false");
    gw_put_str(b, "\"failure\":");
    gw_make_failure(b, result);
    gw_put_u8(b, '}');
    gw_make_tail(b, m, gw_make_id(endpoint), line);
}

static inline void gw_make_tls(struct gw_make *m, struct gw_buf *b,
                               const char *network, gw_span line)
{
    gw_span endpoint = gw_make_word(&line), sni = gw_make_word(&line);
    gw_span result = gw_make_word(&line);
    gw_make_comma(b);
    gw_put_fmt(b,
               "{\"network\":\"%s\",\"address\":\"%.*s\","
               "\"server_name\":\"%.*s\",\"no_tls_verify\":false,\"failure\":",
               network, GW_S(endpoint), GW_S(sni));
    gw_make_failure(b, result);
    gw_make_tail(b, m, gw_make_id(endpoint), line);
}

static inline void gw_make_body(struct gw_buf *b, const struct gw_page *page)
{
    size_t from = b->len;
    if (page->title[0])
        gw_put_fmt(b, "<title>%s</title>", page->title);
    while (b->len - from < (size_t)page->length)
        gw_put_u8(b, (uint8_t)('a' + (b->len - from) % 26));
}

static inline void gw_make_response(struct gw_buf *b, gw_span status,
                                    gw_span what)
{
    gw_span none = GW_LIT("empty");
    bool leads = gw_starts(what, "->");
    const struct gw_page *page = gw_page_named(leads ? none : what);
    gw_put_fmt(b, "\"response\":{\"code\":%.*s,\"headers\":{%s", GW_S(status),
               page->headers);
    if (leads)
        gw_put_fmt(b, "\"Location\":\"%.*s\"", GW_S(gw_sub(what, 2, what.len)));
    gw_put_fmt(b, "},\"body_is_truncated\":%s,\"body\":\"",
               page->claimed > page->length ? "true" : "false");
    gw_make_body(b, page);
    gw_put_str(b, "\"}");
}

static inline void gw_make_http(struct gw_make *m, gw_span line)
{
    struct gw_buf *b = &m->requests;
    gw_span url = gw_make_word(&line), endpoint = gw_make_word(&line);
    gw_span result = gw_make_word(&line), page = gw_make_word(&line);
    gw_span status = {0};
    if (result.at[0] >= '0' && result.at[0] <= '9')
        status = gw_cut(&result, '+');
    gw_make_comma(b);
    gw_put_fmt(b,
               "{\"request\":{\"url\":\"%.*s\",\"method\":\"GET\",\"tor\":{"
               "\"is_tor\":%s}},",
               GW_S(url), gw_make_flag(line, "tor") ? "true" : "false");
    if (!gw_is(endpoint, "-"))
        gw_put_fmt(b, "\"address\":\"%.*s\",", GW_S(endpoint));
    if (status.len)
        gw_make_response(b, status, page);
    else
        gw_put_str(b, "\"response\":{\"code\":0,\"headers\":{},\"body\":\"\"}");
    gw_put_str(b, ",\"failure\":");
    gw_make_failure(b, result);
    gw_make_tail(b, m, gw_make_id(endpoint), line);
}

// ---- the helper ---------------------------------------------------------

static inline void gw_make_info(struct gw_make *m, gw_span address, gw_span asn)
{
    gw_span number = asn.len ? asn : GW_LIT("0");
    gw_make_comma(&m->info);
    gw_put_fmt(&m->info, "\"%.*s\":{\"asn\":%.*s,\"flags\":1}", GW_S(address),
               GW_S(number));
}

static inline void gw_make_control_dns(struct gw_make *m, gw_span result)
{
    if (!result.len || result.at[0] < '0' || result.at[0] > '9') {
        m->lookup_failure = result;
        return;
    }
    while (result.len) {
        gw_span one = gw_cut(&result, ','), address = gw_cut(&one, '@');
        gw_make_comma(&m->addrs);
        gw_put_fmt(&m->addrs, "\"%.*s\"", GW_S(address));
        gw_make_info(m, address, one);
    }
}

static inline void gw_make_control_end(struct gw_make *m, struct gw_buf *b,
                                       gw_span line)
{
    gw_span endpoint = gw_make_word(&line), sni = {0};
    if (b == &m->control_tls)
        sni = gw_make_word(&line);
    gw_span result = gw_make_word(&line);
    gw_make_comma(b);
    gw_put_fmt(b, "\"%.*s\":{\"status\":%s,\"failure\":", GW_S(endpoint),
               gw_is(result, "ok") ? "true" : "false");
    gw_make_failure(b, result);
    if (sni.len)
        gw_put_fmt(b, ",\"server_name\":\"%.*s\"", GW_S(sni));
    gw_put_u8(b, '}');
}

static inline void gw_make_control_http(struct gw_make *m, gw_span line)
{
    struct gw_buf *b = &m->control_http;
    gw_span result = gw_make_word(&line), page = gw_make_word(&line);
    bool came = result.at[0] >= '0' && result.at[0] <= '9';
    gw_span status = came ? result : GW_LIT("-1");
    const struct gw_page *p = gw_page_named(came ? page : GW_LIT("-"));
    gw_put_str(b, "{\"failure\":");
    gw_make_failure(b, came ? (gw_span){0} : result);
    gw_put_fmt(b,
               ",\"status_code\":%.*s,\"body_length\":%lld,"
               "\"title\":\"%s\",\"headers\":{%s}}",
               GW_S(status), (long long)p->claimed, p->title, p->headers);
}

// ---- the whole ----------------------------------------------------------

static inline void gw_make_control(struct gw_make *m, gw_span kind,
                                   gw_span line)
{
    m->control |= !gw_is(kind, "c-fail");
    if (gw_is(kind, "c-fail"))
        m->control_failure = gw_make_word(&line);
    else if (gw_is(kind, "c-dns"))
        gw_make_control_dns(m, gw_make_word(&line));
    else if (gw_is(kind, "c-tcp"))
        gw_make_control_end(m, &m->control_tcp, line);
    else if (gw_is(kind, "c-tls"))
        gw_make_control_end(m, &m->control_tls, line);
    else if (gw_is(kind, "c-http"))
        gw_make_control_http(m, line);
    else
        fail_msg("the recipe is not understood");
}

static inline void gw_make_line(struct gw_make *m, gw_span line);
#define GW_MAKE_LINE(m, ...)                                                   \
    do {                                                                       \
        char line_[512];                                                       \
        snprintf(line_, sizeof line_, __VA_ARGS__);                            \
        gw_make_line((m), gw_str(line_));                                      \
    } while (0)

static inline void gw_make_lookup(struct gw_make *m, gw_span line)
{
    gw_span host = gw_make_word(&line), system = gw_make_word(&line);
    gw_span udp = gw_make_word(&line), sealed = gw_make_word(&line);
    udp = udp.len ? udp : system;
    sealed = sealed.len ? sealed : udp;
    GW_MAKE_LINE(m, "dns doh %.*s %.*s", GW_S(host), GW_S(sealed));
    GW_MAKE_LINE(m, "dns doh %.*s dns_no_answer AAAA", GW_S(host));
    GW_MAKE_LINE(m, "dns getaddrinfo %.*s %.*s", GW_S(host), GW_S(system));
    GW_MAKE_LINE(m, "dns udp %.*s %.*s", GW_S(host), GW_S(udp));
    GW_MAKE_LINE(m, "dns udp %.*s dns_no_answer AAAA", GW_S(host));
}

static inline void gw_make_both(struct gw_make *m, gw_span line)
{
    gw_span end = gw_make_word(&line), sni = gw_make_word(&line);
    GW_MAKE_LINE(m, "tcp %.*s ok %.*s", GW_S(end), GW_S(line));
    GW_MAKE_LINE(m, "c-tcp %.*s ok", GW_S(end));
    if (!sni.len)
        return;
    GW_MAKE_LINE(m, "tls %.*s %.*s ok %.*s", GW_S(end), GW_S(sni), GW_S(line));
    GW_MAKE_LINE(m, "c-tls %.*s %.*s ok", GW_S(end), GW_S(sni));
}

static inline void gw_make_line(struct gw_make *m, gw_span line)
{
    gw_span kind = gw_make_word(&line);
    if (gw_is(kind, "input"))
        m->input = gw_make_word(&line);
    else if (gw_is(kind, "day"))
        m->day = gw_trim(line);
    else if (gw_is(kind, "at"))
        m->cc = gw_make_word(&line), m->asn = gw_make_word(&line);
    else if (gw_is(kind, "test"))
        m->test = gw_make_word(&line), m->version = gw_make_word(&line);
    else if (gw_is(kind, "lookup"))
        gw_make_lookup(m, line);
    else if (gw_is(kind, "both"))
        gw_make_both(m, line);
    else if (gw_is(kind, "dns"))
        gw_make_dns(m, line);
    else if (gw_is(kind, "tcp"))
        gw_make_tcp(m, line);
    else if (gw_is(kind, "tls"))
        gw_make_tls(m, &m->tls, "tcp", line);
    else if (gw_is(kind, "quic"))
        gw_make_tls(m, &m->quic, "quic", line);
    else if (gw_is(kind, "http"))
        gw_make_http(m, line);
    else if (gw_is(kind, "key")) {
        gw_span name = gw_make_word(&line);
        gw_put_fmt(&m->keys, ",\"%.*s\":%.*s", GW_S(name), GW_S(line));
    } else if (kind.len)
        gw_make_control(m, kind, line);
}

static inline void gw_make_put_control(struct gw_buf *out,
                                       const struct gw_make *m)
{
    gw_put_str(out, ",\"control_failure\":");
    gw_make_failure(out, m->control_failure);
    if (!m->control) {
        gw_put_str(out, ",\"control\":null");
        return;
    }
    gw_put_str(out, ",\"control\":{\"tcp_connect\":{");
    gw_put_span(out, gw_buf_span(&m->control_tcp));
    gw_put_str(out, "},\"tls_handshake\":{");
    gw_put_span(out, gw_buf_span(&m->control_tls));
    gw_put_str(out, "},\"dns\":{\"failure\":");
    gw_make_failure(out, m->lookup_failure);
    gw_put_str(out, ",\"addrs\":[");
    gw_put_span(out, gw_buf_span(&m->addrs));
    gw_put_str(out, "]},\"ip_info\":{");
    gw_put_span(out, gw_buf_span(&m->info));
    gw_put_u8(out, '}');
    if (m->control_http.len) {
        gw_put_str(out, ",\"http_request\":");
        gw_put_span(out, gw_buf_span(&m->control_http));
    }
    gw_put_u8(out, '}');
}

static inline void gw_make_put(struct gw_buf *out, const struct gw_make *m)
{
    gw_put_fmt(out,
               "{\"data_format_version\":\"0.2.0\",\"input\":\"%.*s\","
               "\"measurement_start_time\":\"%.*s\",\"probe_cc\":\"%.*s\","
               "\"probe_asn\":\"AS%.*s\",\"report_id\":\"\","
               "\"software_name\":\"ooniprobe\",\"software_version\":\"3\","
               "\"test_name\":\"%.*s\",\"test_version\":\"%.*s\","
               "\"test_start_time\":\"%.*s\",\"test_keys\":{\"queries\":[",
               GW_S(m->input), GW_S(m->day), GW_S(m->cc), GW_S(m->asn),
               GW_S(m->test), GW_S(m->version), GW_S(m->day));
    gw_put_span(out, gw_buf_span(&m->queries));
    gw_put_str(out, "],\"tcp_connect\":[");
    gw_put_span(out, gw_buf_span(&m->tcp));
    gw_put_str(out, "],\"tls_handshakes\":[");
    gw_put_span(out, gw_buf_span(&m->tls));
    gw_put_str(out, "],\"quic_handshakes\":[");
    gw_put_span(out, gw_buf_span(&m->quic));
    gw_put_str(out, "],\"requests\":[");
    gw_put_span(out, gw_buf_span(&m->requests));
    gw_put_u8(out, ']');
    gw_put_span(out, gw_buf_span(&m->keys));
    gw_make_put_control(out, m);
    gw_put_str(out, "}}");
}

// The JSON text of a recipe, appended to out.
static inline void gw_make(struct gw_buf *out, const char *recipe)
{
    struct gw_make m = {.input = GW_LIT("http://www.example.com/"),
                        .cc = GW_LIT("IT"),
                        .asn = GW_LIT("137"),
                        .day = GW_LIT("2024-02-12 20:33:47"),
                        .test = GW_LIT("web_connectivity"),
                        .version = GW_LIT("0.5.28")};
    struct gw_buf *parts[] = {&m.queries,      &m.tcp,         &m.tls,
                              &m.quic,         &m.requests,    &m.keys,
                              &m.addrs,        &m.control_tcp, &m.control_tls,
                              &m.control_http, &m.info};
    for (size_t i = 0; i < GW_COUNT(parts); i++)
        gw_buf_init(parts[i], 1 << 20);
    gw_span rest = gw_str(recipe);
    while (rest.len)
        gw_make_line(&m, gw_cut(&rest, '\n'));
    gw_make_put(out, &m);
    assert_int_equal(out->err, 0);
    for (size_t i = 0; i < GW_COUNT(parts); i++)
        gw_buf_release(parts[i]);
}

// Adds the recipe's measurement to the case.
static inline void gw_case_make(struct gw_case *c, const char *recipe)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_make(&text, recipe);
    gw_case_add(c, gw_buf_span(&text));
    gw_buf_release(&text);
}

// What a measurement came to, in words: "blocked dns" or "unknown -".
static inline const char *gw_case_words(const struct gw_case *c, int64_t record,
                                        char *text, size_t cap)
{
    const struct gw_finding_row *f = gw_case_finding(c, record, GW_LAYER_ALL);
    assert_non_null(f);
    snprintf(text, cap, "%s %.*s%s%s", gw_state_name((enum gw_state)f->state),
             f->stage.len ? (int)f->stage.len : 1,
             f->stage.len ? (const char *)f->stage.at : "-",
             f->throttled == 1 ? " throttled" : "",
             f->intercepted == 1 ? " intercepted" : "");
    return text;
}

#endif
