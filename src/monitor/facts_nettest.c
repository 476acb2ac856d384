// What is particular to a nettest: sub-targets, middlebox tests, its scalars.
#include "monitor/facts.h"

#include <math.h>
#include <stdio.h>

enum { SENT_MAX = 1024 }; // header fields, each compared with all of the others

// ---- sub-targets --------------------------------------------------------

static void read_target(struct gw_facts *f, enum gw_list list, gw_span name,
                        gw_jv v)
{
    f->target = gw_facts_keep(f, name);
    f->list = list;
    gw_facts_events(f, gw_jv_get(v, "network_events"));
    gw_facts_lists(f, v);
    f->target = (gw_span){0};
    f->list = GW_LIST_OTHER;
}

static void add_key(struct gw_facts *f, gw_span prefix, gw_span name, gw_jv v);

// tor: targets is a map by name, or in early versions a list.
static void read_tor(struct gw_facts *f, gw_jv keys)
{
    gw_jv targets = gw_jv_get(keys, "targets");
    for (gw_jit it = gw_jv_iter(targets); gw_jit_next(&it);) {
        gw_span name = it.key, tag;
        if (!name.at)
            name = gw_jv_str(gw_jv_get(it.value, "target_address"));
        tag = gw_arena_fmt(f->scratch, "targets.%.*s", (int)name.len,
                           (const char *)name.at);
        read_target(f, GW_LIST_TARGETS, name, it.value);
        for (gw_jit k = gw_jv_iter(it.value); gw_jit_next(&k);)
            if (gw_starts(k.key, "target_") || gw_is(k.key, "failure"))
                add_key(f, tag, k.key, k.value);
    }
}

static void read_dnscheck(struct gw_facts *f, gw_jv keys)
{
    f->list = GW_LIST_BOOTSTRAP;
    gw_facts_lists(f, gw_jv_get(keys, "bootstrap"));
    f->list = GW_LIST_OTHER;
    for (gw_jit it = gw_jv_iter(gw_jv_get(keys, "lookups")); gw_jit_next(&it);)
        read_target(f, GW_LIST_LOOKUPS, it.key, it.value);
}

// echcheck 0.1: control and target are lone handshakes.
static void read_echcheck(struct gw_facts *f, gw_jv keys)
{
    static const char *const names[] = {"control", "target"};
    for (size_t i = 0; i < GW_COUNT(names); i++) {
        gw_jv v = gw_jv_get(keys, names[i]);
        if (gw_jv_type(v) != '{')
            continue;
        f->target = gw_str(names[i]);
        f->list = GW_LIST_TLS_HANDSHAKES;
        gw_facts_tls(f, v, GW_LIST_TLS_HANDSHAKES);
        f->target = (gw_span){0};
        f->list = GW_LIST_OTHER;
    }
}

// ---- middlebox tests ----------------------------------------------------

static struct gw_middlebox_row *add_middlebox(struct gw_facts *f)
{
    struct gw_middlebox_row *row = gw_add_middlebox(f->block);
    row->m = (int64_t)f->m;
    return row;
}

// http_invalid_request_line: an echo server must send back what it was sent.
static void read_request_lines(struct gw_facts *f, gw_jv keys)
{
    struct gw_middlebox_row *row = add_middlebox(f);
    gw_span *sent[] = {&row->hirl_sent_0, &row->hirl_sent_1, &row->hirl_sent_2,
                       &row->hirl_sent_3, &row->hirl_sent_4};
    gw_span *received[] = {&row->hirl_received_0, &row->hirl_received_1,
                           &row->hirl_received_2, &row->hirl_received_3,
                           &row->hirl_received_4};
    gw_jv failures = gw_jv_get(keys, "failure_list");
    gw_jv to = gw_jv_get(keys, "sent"), from = gw_jv_get(keys, "received");
    int64_t same = 1, seen = 0;
    for (size_t i = 0; i < GW_COUNT(sent); i++) {
        gw_jv answer = gw_jv_at(from, i);
        gw_span s = gw_facts_bytes(f, gw_jv_at(to, i));
        gw_span r = gw_facts_bytes(f, answer);
        *sent[i] = gw_facts_keep(f, s);
        *received[i] = gw_facts_keep(f, r);
        if (!row->hirl_failure.at)
            row->hirl_failure = gw_facts_failure(f, gw_jv_at(failures, i));
        // An empty answer is a failure of the echo, not tampering.
        if (r.len) {
            seen++;
            same = same && gw_eq(s, r);
        }
    }
    row->hirl_success = seen ? same : GW_NULL;
}

static bool came_back(gw_jv received, gw_span name, gw_span value)
{
    for (gw_jit it = gw_jv_iter(received); gw_jit_next(&it);) {
        gw_span got = it.key;
        gw_jv first =
            gw_jv_type(it.value) == '[' ? gw_jv_at(it.value, 0) : it.value;
        if (!it.object) {
            got = gw_jv_str(gw_jv_at(it.value, 0));
            first = gw_jv_at(it.value, 1);
        }
        if (gw_eq(got, name) && gw_eq(gw_jv_str(first), value))
            return true;
    }
    return false;
}

// What the helper received, as it wrote it into the body of its answer.
static int received_headers(struct gw_facts *f, gw_span body, gw_jv *ret)
{
    uint8_t *padded = gw_arena_take(f->scratch, body.len + GW_JSON_PADDING);
    gw_jv v;
    if (!padded)
        return f->block->err = GW_ENOMEM;
    memcpy(padded, body.at, body.len);
    memset(padded + body.len, 0, GW_JSON_PADDING);
    // The last parser is free here: envelopes never nest as deep as that.
    int rc = gw_json_parse(f->json[GW_ENVELOPES_MAX - 1],
                           gw_span_of(padded, body.len), &v, NULL);
    if (rc)
        return rc;
    *ret = gw_jv_get(v, "request_headers");
    if (!gw_jv_has(*ret))
        *ret = gw_jv_get(v, "headers_dict");
    return gw_jv_has(*ret) ? 0 : GW_EFORMAT;
}

static void compare_headers(struct gw_facts *f, struct gw_middlebox_row *row,
                            gw_jv sent, gw_jv received)
{
    int64_t same = 1;
    if (gw_jv_count(sent) > SENT_MAX || gw_jv_count(received) > SENT_MAX) {
        gw_facts_odd(f, "more than %d header fields: not compared", SENT_MAX);
        return;
    }
    gw_buf_reset(&f->text);
    struct gw_jw w = gw_jw_on(&f->text);
    gw_jw_open(&w, '[');
    for (gw_jit it = gw_jv_iter(sent); gw_jit_next(&it);)
        if (!came_back(received, it.key, gw_jv_str(it.value))) {
            gw_jw_str(&w, it.key);
            same = 0;
        }
    gw_jw_close(&w, ']');
    row->hfm_diff = gw_facts_keep(f, gw_buf_span(&f->text));
    row->hfm_success = same;
}

static void read_header_fields(struct gw_facts *f, gw_jv keys)
{
    struct gw_middlebox_row *row = add_middlebox(f);
    gw_jv first = gw_jv_at(gw_jv_get(keys, "requests"), 0), received;
    gw_span body =
        gw_facts_bytes(f, gw_jv_get(gw_jv_get(first, "response"), "body"));
    row->hfm_failure = gw_facts_failure(f, gw_jv_get(first, "failure"));
    if (!row->hfm_failure.at)
        row->hfm_failure = gw_facts_failure(f, gw_jv_get(keys, "failure"));
    if (row->hfm_failure.at || !body.len)
        return;
    if (received_headers(f, body, &received)) {
        row->hfm_failure = GW_LIT("json_parse_error");
        return;
    }
    compare_headers(f, row, gw_jv_get(gw_jv_get(first, "request"), "headers"),
                    received);
}

void gw_facts_nettest(struct gw_facts *f, gw_jv keys, gw_span test_name)
{
    static const struct {
        const char *name;
        void (*read)(struct gw_facts *f, gw_jv keys);
    } tests[] = {
        {"tor", read_tor},
        {"dnscheck", read_dnscheck},
        {"echcheck", read_echcheck},
        {"http_invalid_request_line", read_request_lines},
        {"http_header_field_manipulation", read_header_fields},
    };
    for (size_t i = 0; i < GW_COUNT(tests); i++)
        if (gw_is(test_name, tests[i].name))
            tests[i].read(f, keys);
    struct gw_measurement_row *m = gw_facts_row(f);
    if (gw_is(test_name, "signal"))
        m->probe_analysis =
            gw_facts_str(f, gw_jv_get(keys, "signal_backend_status"));
}

// ---- the nettest's own scalars ------------------------------------------

// The beginning of a long text, not ending inside a character.
static gw_span cut(gw_span s)
{
    size_t len = GW_KEY_TEXT_MAX;
    if (s.len <= len)
        return s;
    while (len && (s.at[len] & 0xc0) == 0x80)
        len--;
    return gw_sub(s, 0, len);
}

static void add_key(struct gw_facts *f, gw_span prefix, gw_span name, gw_jv v)
{
    size_t count;
    struct gw_key_row *rows = gw_rows_key(f->block, &count);
    if (count >= GW_KEYS_MAX && rows[count - GW_KEYS_MAX].m == (int64_t)f->m)
        return;
    struct gw_key_row *row = gw_add_key(f->block);
    row->m = (int64_t)f->m;
    row->name = prefix.len
                    ? gw_arena_fmt(f->block->arena, "%.*s.%.*s",
                                   (int)prefix.len, (const char *)prefix.at,
                                   (int)name.len, (const char *)name.at)
                    : gw_facts_keep(f, name);
    switch (gw_jv_type(v)) {
    case 't':
    case 'f':
        row->value = gw_jv_bool(v);
        row->text = gw_jv_bool(v) ? GW_LIT("true") : GW_LIT("false");
        break;
    case '"': row->text = gw_facts_keep(f, cut(gw_jv_str(v))); break;
    case '[':
        gw_buf_reset(&f->text);
        struct gw_jw w = gw_jw_on(&f->text);
        gw_jw_value(&w, v);
        row->text = gw_facts_keep(f, cut(gw_buf_span(&f->text)));
        break;
    default: row->value = gw_facts_real(v);
    }
}

// Read elsewhere, or bulk that is no result.
static bool handled(gw_span key)
{
    static const char *const names[] = {"queries",
                                        "requests",
                                        "tcp_connect",
                                        "tls_handshakes",
                                        "quic_handshakes",
                                        "network_events",
                                        "control",
                                        "targets",
                                        "lookups",
                                        "bootstrap",
                                        "sent",
                                        "received",
                                        "tor_logs",
                                        "x_control_request",
                                        "agent",
                                        "client_resolver",
                                        "socksproxy",
                                        "x_conn_priority_log",
                                        "input"};
    for (size_t i = 0; i < GW_COUNT(names); i++)
        if (gw_is(key, names[i]))
            return true;
    return false;
}

static bool short_list(gw_jv v)
{
    size_t n = 0;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it); n++)
        if (n == 64 || gw_jv_type(it.value) == '{' ||
            gw_jv_type(it.value) == '[')
            return false;
    return n > 0;
}

static void read_keys(struct gw_facts *f, gw_span prefix, gw_jv v, int depth)
{
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        char type = gw_jv_type(it.value);
        if (!it.key.at || handled(it.key) || type == 'n')
            continue;
        if (type == '{' && depth < 2)
            read_keys(f,
                      prefix.len ? gw_arena_fmt(
                                       f->scratch, "%.*s.%.*s", (int)prefix.len,
                                       (const char *)prefix.at, (int)it.key.len,
                                       (const char *)it.key.at)
                                 : it.key,
                      it.value, depth + 1);
        else if (type != '{' && (type != '[' || short_list(it.value)))
            add_key(f, prefix, it.key, it.value);
    }
}

void gw_facts_keys(struct gw_facts *f, gw_jv keys)
{
    // web_connectivity's scalars are columns of the measurement already.
    if (!gw_is(gw_facts_row(f)->test_name, "web_connectivity"))
        read_keys(f, (gw_span){0}, keys, 0);
}
