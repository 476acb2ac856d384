// A rehearsal's helper, and what OONI Probe 0.5 concludes from its answer.
#include "monitor/rehearse.h"

// ---- the helper ---------------------------------------------------------

static bool is_portal(const struct gw_rh_scene *s,
                      const struct gw_rh_address *a)
{
    return a == &s->l->network->portal;
}

static const char *why_down(const struct gw_rh_scene *s)
{
    static const char *const reasons[] = {
        "dns_name_error", "connection_refused_error", "generic_timeout_error"};
    return s->trouble == GW_RH_DOWN ? reasons[s->mode % 3] : NULL;
}

static const char *helper_dns(const struct gw_rh_scene *s)
{
    return s->trouble == GW_RH_DOWN && s->mode % 3 == 0 ? why_down(s) : NULL;
}

const char *gw_rh_helper_tcp(const struct gw_rh_scene *s,
                             const struct gw_rh_address *a, int port)
{
    if (is_portal(s, a))
        return s->mode & 2 && port == 443 ? "connection_refused_error" : NULL;
    return why_down(s);
}

const char *gw_rh_helper_tls(const struct gw_rh_scene *s,
                             const struct gw_rh_address *a)
{
    return is_portal(s, a) ? "ssl_unknown_authority" : NULL;
}

// What the helper connects to: what the probe tells it, and its own answers.
static int endpoints(const struct gw_rh_scene *s,
                     const struct gw_rh_address **ret_list)
{
    int n = 0;
    for (int i = 0; i < s->dialled_count; i++)
        ret_list[n++] = s->dialled[i];
    for (int i = 0; i < s->far_count && !helper_dns(s); i++) {
        bool known = false;
        for (int k = 0; k < n; k++)
            known = known ||
                    gw_eq(gw_str(ret_list[k]->text), gw_str(s->far[i]->text));
        if (!known)
            ret_list[n++] = s->far[i];
    }
    return n;
}

static void put_attempt(struct gw_jw *w, const char *failure)
{
    gw_rh_put_bool(w, "status", !failure);
    gw_rh_put_failure(w, failure);
    gw_jw_close(w, '}');
}

static void put_endpoints(const struct gw_rh_scene *s, struct gw_jw *w)
{
    const struct gw_rh_address *list[GW_RH_DIALLED + GW_RH_ADDRESSES];
    char text[GW_RH_ENDPOINT_TEXT];
    int n = endpoints(s, list);
    gw_jw_key(w, "tcp_connect");
    gw_jw_open(w, '{');
    for (int i = 0; i < 2 * n; i++) {
        int port = i % 2 ? 80 : 443;
        if (port == 80 && s->site->secure)
            continue;
        gw_rh_endpoint(list[i / 2], port, text);
        gw_jw_key(w, text);
        gw_jw_open(w, '{');
        put_attempt(w, gw_rh_helper_tcp(s, list[i / 2], port));
    }
    gw_jw_close(w, '}');
    gw_jw_key(w, "tls_handshake");
    gw_jw_open(w, '{');
    for (int i = 0; i < n; i++) {
        if (gw_rh_helper_tcp(s, list[i], 443))
            continue;
        gw_rh_endpoint(list[i], 443, text);
        gw_jw_key(w, text);
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "server_name", gw_str(s->site->host));
        put_attempt(w, gw_rh_helper_tls(s, list[i]));
    }
    gw_jw_close(w, '}');
}

static void put_page(const struct gw_rh_scene *s, struct gw_jw *w)
{
    const struct gw_rh_page *p = &s->site->page;
    const char *failure = why_down(s);
    gw_jw_key(w, "http_request");
    gw_jw_open(w, '{');
    gw_jw_kint(w, "body_length", failure ? -1 : s->helper_length);
    gw_jw_kstr(w, "discovered_h3_endpoint", GW_LIT(""));
    gw_rh_put_failure(w, failure);
    gw_jw_kstr(w, "title", failure ? GW_LIT("") : p->title);
    gw_jw_key(w, "headers");
    if (failure)
        gw_jw_raw(w, GW_LIT("{}"));
    else
        gw_rh_put_headers(w, p, s->l->happened);
    gw_jw_kint(w, "status_code", failure ? -1 : p->code);
    gw_jw_close(w, '}');
}

static void put_dns(const struct gw_rh_scene *s, struct gw_jw *w)
{
    const char *failure = helper_dns(s);
    gw_jw_key(w, "dns");
    gw_jw_open(w, '{');
    gw_rh_put_failure(w, failure);
    gw_jw_key(w, "addrs");
    gw_jw_open(w, '[');
    for (int i = 0; i < s->far_count && !failure; i++)
        gw_jw_str(w, gw_str(s->far[i]->text));
    gw_jw_close(w, ']');
    gw_jw_close(w, '}');
}

// Flags: 1 the probe's, 2 the helper's, 8 valid TLS.
static void put_ip_info(const struct gw_rh_scene *s, struct gw_jw *w)
{
    const struct gw_rh_address *list[GW_RH_DIALLED + GW_RH_ADDRESSES];
    int n = endpoints(s, list);
    gw_jw_key(w, "ip_info");
    gw_jw_open(w, '{');
    for (int i = 0; i < n; i++) {
        bool ours = i < s->dialled_count, far = !ours;
        for (int k = 0; k < s->far_count; k++)
            far = far || s->far[k] == list[i];
        bool valid =
            !gw_rh_helper_tcp(s, list[i], 443) && !gw_rh_helper_tls(s, list[i]);
        gw_jw_key(w, list[i]->text);
        gw_jw_open(w, '{');
        gw_jw_kint(w, "asn", list[i]->asn);
        gw_jw_kint(w, "flags",
                   (ours ? 1 : 0) | (far ? 2 : 0) | (valid ? 8 : 0));
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, '}');
}

static void put_control_request(const struct gw_rh_scene *s, struct gw_jw *w)
{
    char text[GW_RH_ENDPOINT_TEXT];
    gw_jw_key(w, "x_control_request");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "http_request", gw_str(s->site->url));
    gw_jw_key(w, "http_request_headers");
    gw_jw_raw(w, GW_LIT("{\"Accept\":[\"" GW_RH_ACCEPT "\"],"
                        "\"Accept-Language\":[\"en-US,en;q=0.9\"],"
                        "\"User-Agent\":[\"" GW_RH_USER_AGENT "\"]}"));
    gw_jw_key(w, "tcp_connect");
    gw_jw_open(w, '[');
    for (int i = 0; i < 2 * s->dialled_count; i++) {
        gw_rh_endpoint(s->dialled[i / 2], i % 2 ? 80 : 443, text);
        gw_jw_str(w, gw_str(text));
    }
    gw_jw_close(w, ']');
    gw_rh_put_bool(w, "x_quic_enabled", false);
    gw_jw_close(w, '}');
}

void gw_rh_put_control(const struct gw_rh_scene *s, struct gw_jw *w)
{
    put_control_request(s, w);
    gw_jw_kstr(w, "control_failure",
               gw_str(s->helper ? NULL : "generic_timeout_error"));
    gw_jw_key(w, "control");
    if (!s->helper) {
        gw_jw_null(w);
        return;
    }
    gw_jw_open(w, '{');
    put_endpoints(s, w);
    gw_jw_key(w, "quic_handshake");
    gw_jw_raw(w, GW_LIT("{}"));
    put_page(s, w);
    gw_rh_put_null(w, "http3_request");
    put_dns(s, w);
    put_ip_info(s, w);
    gw_jw_close(w, '}');
}

// ---- the probe's conclusions --------------------------------------------

struct verdict {
    const char *blocking; // NULL null, else "false" or a word
    int accessible;       // -1 null
};
struct conclusions {
    bool invalid, unexpected, expected, valid; // of own lookups
    int dns, blocking, null;                   // x_dns_flags and so on
    const struct gw_rh_flow *page;             // classic, came whole
    const struct gw_rh_flow *failed;           // classic, furthest failure
    const char *dns_failure;
};

static bool matches(const struct gw_rh_scene *s, const struct gw_rh_query *q)
{
    for (int i = 0; i < q->count; i++)
        for (int k = 0; k < s->far_count; k++)
            if (q->answer[i] == s->far[k] ||
                q->answer[i]->asn == s->far[k]->asn)
                return true;
    return false;
}

static void conclude_lookup(const struct gw_rh_scene *s,
                            const struct gw_rh_query *q, struct conclusions *c)
{
    bool resolved = !helper_dns(s), encrypted = q->id == 30001;
    if (q->classic)
        c->dns_failure = q->failure;
    if (!s->helper || encrypted)
        return;
    if (q->failure) {
        c->dns |= resolved ? 2 : 0;
        c->null |= resolved ? 0 : 1;
        c->unexpected |= q->classic && resolved;
        c->expected |= q->classic && !resolved;
    } else if (matches(s, q)) {
        c->valid |= q->classic;
    } else if (q->classic || gw_is(gw_str(q->type), "A")) {
        c->dns |= 4;
        c->invalid |= q->classic;
    }
}

static bool no_route(const struct gw_rh_flow *f)
{
    return f->to->ip.v6 && gw_ends(gw_str(f->tcp), "_unreachable");
}

static void conclude_layers(const struct gw_rh_scene *s,
                            const struct gw_rh_flow *f, struct conclusions *c)
{
    if (f->tcp && !no_route(f)) {
        bool too = gw_rh_helper_tcp(s, f->to, f->port) != NULL;
        c->null |= too ? 2 : 0;
        c->blocking |= too ? 0 : 2;
    } else if (!f->tcp && f->tls) {
        bool too = gw_rh_helper_tls(s, f->to) != NULL;
        c->null |= too ? 4 : 0;
        c->blocking |= too ? 0 : 4;
    }
}

static int reached(const struct gw_rh_flow *f) // 3 HTTP, 2 TLS, 1 TCP
{
    return f->tcp ? 1 : f->tls ? 2 : 3;
}

static void conclude_flow(const struct gw_rh_scene *s,
                          const struct gw_rh_flow *f, struct conclusions *c)
{
    bool whole = f->path && reached(f) == 3 && !f->http;
    bool failed = f->tcp || f->tls || (f->path && f->http);
    if (s->helper)
        conclude_layers(s, f, c);
    if (whole && f->secure) {
        c->blocking |= 32;
        c->null |= s->helper ? 0 : 8;
    } else if (whole && s->helper) {
        c->blocking |= f->page == &s->site->page ? 32 : 16;
    } else if (f->path && f->http && s->helper) {
        c->blocking |= 8;
    }
    if (!f->classic || !f->fetch)
        return;
    if (whole)
        c->page = f;
    else if (failed && !no_route(f) &&
             (!c->failed || reached(f) > reached(c->failed)))
        c->failed = f;
}

// The first that fits, from the page down to the lookup.
static struct verdict walk(const struct gw_rh_scene *s,
                           const struct conclusions *c)
{
    const struct gw_rh_flow *f = c->failed;
    if (c->page && c->page->secure)
        return (struct verdict){"false", 1};
    if (c->page && s->helper)
        return c->page->page == &s->site->page
                   ? (struct verdict){"false", 1}
                   : (struct verdict){"http-diff", 0};
    // With no helper a failed lookup counts as accessible: so the probe has it
    // (ooni/probe#1135), and so it must stand here.
    if (c->dns_failure && !s->helper)
        return (struct verdict){"false", 1};
    if (!s->helper || (!f && !c->dns_failure))
        return (struct verdict){NULL, -1};
    if (!f)
        return c->expected ? (struct verdict){"false", 0}
                           : (struct verdict){"dns", 0};
    const char *helper = f->tcp   ? gw_rh_helper_tcp(s, f->to, f->port)
                         : f->tls ? gw_rh_helper_tls(s, f->to)
                                  : NULL;
    if (helper)
        return (struct verdict){"false", 0};
    return (struct verdict){f->tcp ? "tcp_ip" : "http-failure", 0};
}

static void put_maybe(struct gw_jw *w, const char *key, int value)
{
    gw_jw_key(w, key);
    if (value < 0)
        gw_jw_null(w);
    else
        gw_jw_bool(w, value);
}

static void put_comparison(const struct gw_rh_scene *s, struct gw_jw *w,
                           const struct conclusions *c)
{
    const struct gw_rh_page *p = c->page && s->helper ? c->page->page : NULL;
    double a = p ? (double)p->body.len : 0, b = (double)s->helper_length;
    double proportion = a < b ? a / b : b / a;
    bool same = p == &s->site->page;
    gw_jw_key(w, "body_proportion");
    gw_jw_real(w, p ? proportion : 0);
    put_maybe(w, "body_length_match", p ? proportion > 0.7 : -1);
    put_maybe(w, "headers_match", p ? same : -1);
    put_maybe(w, "status_code_match", p ? p->code == s->site->page.code : -1);
    put_maybe(w, "title_match", p ? same : -1);
}

static void put_blocking(struct gw_jw *w, struct verdict v)
{
    gw_jw_key(w, "blocking");
    if (gw_is(gw_str(v.blocking), "false"))
        gw_jw_bool(w, false);
    else
        gw_jw_str(w, gw_str(v.blocking));
    put_maybe(w, "accessible", v.accessible);
}

void gw_rh_put_verdict(const struct gw_rh_scene *s, struct gw_jw *w)
{
    struct conclusions c = {0};
    const struct gw_rh_seen *seen = &s->l->seen;
    for (size_t i = 0; i < seen->queries; i++)
        conclude_lookup(s, &seen->query[i], &c);
    for (size_t i = 0; i < seen->flows; i++)
        conclude_flow(s, &seen->flow[i], &c);
    bool inconsistent = c.invalid || c.unexpected;
    struct verdict v = walk(s, &c);
    if (inconsistent && v.accessible != 1)
        v = (struct verdict){"dns", 0};
    const struct gw_rh_flow *f = c.page ? NULL : c.failed;
    const char *failure = f        ? (f->tcp   ? f->tcp
                                      : f->tls ? f->tls
                                               : f->http)
                          : c.page ? NULL
                                   : c.dns_failure;
    gw_jw_kint(w, "x_dns_flags", c.dns);
    gw_jw_kstr(w, "dns_experiment_failure", gw_str(c.dns_failure));
    gw_jw_kstr(w, "dns_consistency",
               gw_str(inconsistent            ? "inconsistent"
                      : c.valid || c.expected ? "consistent"
                                              : NULL));
    gw_jw_kstr(w, "http_experiment_failure", gw_str(failure));
    gw_jw_kint(w, "x_blocking_flags", c.blocking | (c.dns & 6 ? 1 : 0));
    gw_jw_kint(w, "x_null_null_flags", c.null);
    put_comparison(s, w, &c);
    put_blocking(w, v);
}
