// DNS answers, TCP connects and TLS or QUIC handshakes.
#include "monitor/facts.h"

#include <math.h>
#include <stdio.h>

// Every handshake looks at every event, so there is a bound to them: probes
// write a few hundred.
enum { EVENTS_MAX = 4096 };
#define BYTES_MAX (INT64_C(1) << 40) // of one event, so that sums fit

// ---- lists, wherever a nettest hangs them -------------------------------

void gw_facts_lists(struct gw_facts *f, gw_jv keys)
{
    gw_facts_queries(f, gw_jv_get(keys, "queries"));
    gw_facts_tcp(f, gw_jv_get(keys, "tcp_connect"));
    gw_facts_tls(f, gw_jv_get(keys, "tls_handshakes"), GW_LIST_TLS_HANDSHAKES);
    gw_facts_tls(f, gw_jv_get(keys, "quic_handshakes"),
                 GW_LIST_QUIC_HANDSHAKES);
    gw_facts_requests(f, gw_jv_get(keys, "requests"));
}

// ---- DNS ----------------------------------------------------------------

struct query {
    gw_jv v;
    int64_t item;
    gw_span hostname, query_type, engine, resolver, failure;
    int64_t rcode;
};

static struct gw_dns_row *add_dns(struct gw_facts *f, const struct query *q)
{
    struct gw_dns_row *row = gw_add_dns(f->block);
    gw_facts_begin(f, row, GW_LIST_QUERIES, q->item, q->v);
    row->hostname = q->hostname;
    row->query_type = q->query_type;
    row->engine = q->engine;
    row->resolver_address = q->resolver;
    row->failure = q->failure;
    row->rcode = q->rcode;
    return row;
}

static void fill_address(struct gw_facts *f, struct gw_dns_row *row,
                         gw_span text)
{
    gw_ip ip;
    char shortest[GW_IP_TEXT];
    struct gw_net net;
    struct gw_fingerprint_hit hits[GW_HITS_MAX];
    if (!gw_ip_parse(text, &ip)) {
        row->answer = gw_facts_keep(f, text); // "[scrubbed]" stays as written
        return;
    }
    row->answer =
        gw_facts_keep(f, gw_span_of(shortest, gw_ip_format(&ip, shortest)));
    row->answer_is_bogon = gw_ip_is_bogon(&ip);
    gw_facts_net(f, &ip, &net);
    row->answer_asn = net.asn;
    row->answer_as_org_name = gw_facts_keep(f, net.as_org_name);
    row->answer_as_cc = gw_facts_keep(f, net.as_cc);
    row->answer_cc = gw_facts_keep(f, net.cc);
    size_t n = gw_refs_dns_hits(f->refs, row->answer, f->cc, hits, 0);
    row->fingerprints = gw_facts_hits(f, hits, n);
}

#define ANSWER_KEYS(X)                                                         \
    X(asn)                                                                     \
    X(as_org_name)                                                             \
    X(answer_type)                                                             \
    X(ipv4)                                                                    \
    X(ipv6)                                                                    \
    X(hostname)                                                                \
    X(ttl)

static void add_answer(struct gw_facts *f, const struct query *q, int64_t index,
                       gw_jv a)
{
    GW_FACTS_PICK(k, a, ANSWER_KEYS);
    gw_span text = gw_jv_str(k.ipv4), name = gw_jv_str(k.hostname);
    if (!text.len)
        text = gw_jv_str(k.ipv6);
    if (gw_jv_type(a) == '"')
        text = gw_jv_str(a);
    int64_t asn = gw_facts_asn(k.asn);
    gw_span org = gw_jv_str(k.as_org_name);
    gw_facts_claim(f, text, asn, org);
    struct gw_dns_row *row = add_dns(f, q);
    row->answer_index = index;
    row->answer_type = gw_facts_str(f, k.answer_type);
    row->answer_asn_probe = asn;
    row->ttl = gw_facts_int(k.ttl);
    if (text.len) {
        fill_address(f, row, text);
    } else if (name.len) {
        struct gw_fingerprint_hit hits[GW_HITS_MAX];
        row->answer = gw_facts_host(f, name);
        row->fingerprints = gw_facts_hits(
            f, hits, gw_refs_dns_hits(f->refs, row->answer, f->cc, hits, 0));
    }
    if (!row->answer_type.at && row->answer.at) {
        gw_ip ip;
        row->answer_type = !gw_ip_parse(row->answer, &ip) ? GW_LIT("CNAME")
                           : ip.v6                        ? GW_LIT("AAAA")
                                                          : GW_LIT("A");
    }
}

// Reports of 2012-2016 wrote the question as "[Query('360.cn', 1, 1)]".
static gw_span legacy_hostname(gw_span s)
{
    int64_t from = gw_find(s, GW_LIT("Query('"), 0);
    if (from < 0) {
        from = gw_find(s, GW_LIT("Query(b'"), 0);
        if (from < 0)
            return (gw_span){0};
        from++;
    }
    gw_span rest = gw_sub(s, (size_t)from + 7, s.len);
    return gw_cut(&rest, '\'');
}

static gw_span resolver_of(struct gw_facts *f, gw_jv v)
{
    gw_jv address = gw_jv_get(v, "resolver_address");
    gw_jv host = gw_jv_get(v, "resolver_hostname");
    gw_jv resolver = gw_jv_get(v, "resolver"); // [address, port] or text
    if (gw_jv_str(address).len)
        return gw_facts_str(f, address);
    if (gw_jv_str(host).len)
        return gw_facts_str(f, host);
    return gw_facts_str(f, gw_jv_type(resolver) == '[' ? gw_jv_at(resolver, 0)
                                                       : resolver);
}

#define QUERY_KEYS(X)                                                          \
    X(answers)                                                                 \
    X(engine)                                                                  \
    X(failure)                                                                 \
    X(hostname)                                                                \
    X(query_type)                                                              \
    X(query)                                                                   \
    X(rcode)                                                                   \
    X(addrs)

static void read_query(struct gw_facts *f, gw_jv v, int64_t item)
{
    GW_FACTS_PICK(k, v, QUERY_KEYS);
    struct query q = {.v = v, .item = item};
    gw_span host = gw_jv_str(k.hostname);
    if (!host.len)
        host = legacy_hostname(gw_jv_str(k.query));
    q.hostname = gw_facts_host(f, host);
    q.query_type = gw_facts_str(f, k.query_type);
    q.engine = gw_facts_str(f, k.engine);
    q.resolver = resolver_of(f, v);
    q.failure = gw_facts_failure(f, k.failure);
    q.rcode = gw_facts_int(k.rcode);
    if (!q.engine.at && !q.resolver.at)
        q.engine = GW_LIT("system"); // probes before engines were named
    int64_t n = 0;
    bool objects = gw_jv_type(gw_jv_at(k.answers, 0)) == '{';
    gw_jv list = objects || !gw_jv_count(k.addrs) ? k.answers : k.addrs;
    for (gw_jit it = gw_jv_iter(list); !f->block->err && gw_jit_next(&it);) {
        char type = gw_jv_type(it.value);
        if (type == '{' || (type == '"' && list.at == k.addrs.at))
            add_answer(f, &q, n++, it.value);
    }
    if (!n)
        add_dns(f, &q);
}

void gw_facts_queries(struct gw_facts *f, gw_jv list)
{
    int64_t item = 0;
    for (gw_jit it = gw_jv_iter(list); !f->block->err && gw_jit_next(&it);
         item++) {
        if (gw_jv_type(it.value) == '{')
            read_query(f, it.value, item);
        else
            gw_facts_odd(f, "queries[%lld] is no object", (long long)item);
    }
}

// ---- TCP ----------------------------------------------------------------

static void read_connect(struct gw_facts *f, gw_jv v, int64_t item)
{
    gw_jv status = gw_jv_get(v, "status");
    gw_span ip = gw_jv_str(gw_jv_get(v, "ip")), host = ip;
    int64_t port = gw_facts_int(gw_jv_get(v, "port"));
    uint16_t split;
    if (!ip.len &&
        gw_split_endpoint(gw_jv_str(gw_jv_get(v, "address")), &ip, &split))
        port = split, host = ip;
    if (!ip.len && !gw_jv_has(status)) { // it says neither where nor how
        gw_facts_odd(f, "tcp_connect[%lld] says nothing", (long long)item);
        return;
    }
    struct gw_tcp_row *row = gw_add_tcp(f->block);
    gw_facts_begin(f, row, GW_LIST_TCP_CONNECT, item, v);
    if (port < 0 || port > UINT16_MAX)
        port = GW_NULL;
    GW_FACTS_ENDPOINT(f, row, ip, port);
    if (!row->ip.at)
        row->host = gw_facts_keep(f, host);
    if (gw_jv_type(status) == '{') {
        row->failure = gw_facts_failure(f, gw_jv_get(status, "failure"));
        row->success = gw_facts_bool(gw_jv_get(status, "success"));
    } else {
        row->failure = gw_facts_failure(f, gw_jv_get(v, "failure"));
        row->success = gw_facts_bool(status);
    }
    if (row->success == GW_NULL)
        row->success = !row->failure.at;
    else if (!row->success && !row->failure.at)
        row->failure = GW_LIT("unknown_failure");
}

void gw_facts_tcp(struct gw_facts *f, gw_jv list)
{
    int64_t item = 0;
    if (gw_jv_type(list) == '{') // openvpn writes a lone object
        read_connect(f, list, item);
    else
        for (gw_jit it = gw_jv_iter(list); !f->block->err && gw_jit_next(&it);
             item++) {
            if (gw_jv_type(it.value) == '{')
                read_connect(f, it.value, item);
            else
                gw_facts_odd(f, "tcp_connect[%lld] is no object",
                             (long long)item);
        }
}

// ---- network events -----------------------------------------------------

void gw_facts_events(struct gw_facts *f, gw_jv list)
{
    f->event_count = 0;
    if (gw_jv_type(list) != '[')
        return;
    size_t count = gw_jv_count(list), most = count;
    if (count > EVENTS_MAX) {
        most = EVENTS_MAX;
        gw_facts_odd(f, "of %zu network events the first %zu are read", count,
                     most);
    }
    f->events = gw_arena_take_n(f->scratch, most + 1, sizeof *f->events);
    if (!f->events) {
        f->block->err = GW_ENOMEM;
        return;
    }
    gw_jit it = gw_jv_iter(list);
    for (size_t i = 0; i < most && gw_jit_next(&it); i++) {
        struct gw_event e = {GW_NULL, 0, NAN, NAN, {0}, false};
        for (gw_jit k = gw_jv_iter(it.value); gw_jit_next(&k);) {
            if (gw_is(k.key, "operation"))
                e.operation = gw_jv_str(k.value);
            else if (gw_is(k.key, "transaction_id"))
                e.transaction_id = gw_facts_int(k.value);
            else if (gw_is(k.key, "t"))
                e.t = gw_facts_real(k.value);
            else if (gw_is(k.key, "t0"))
                e.t0 = gw_facts_real(k.value);
            else if (gw_is(k.key, "num_bytes"))
                e.bytes = gw_facts_int(k.value);
            else if (gw_is(k.key, "failure"))
                e.failed = gw_jv_has(k.value);
        }
        if (e.bytes < 0 || e.bytes > BYTES_MAX)
            e.bytes = 0;
        if (e.operation.len)
            f->events[f->event_count++] = e;
    }
}

// Events of a handshake: those of its transaction up to its end; without
// transaction ids those since the last connect before its end.
static bool belongs(const struct gw_event *e, const struct gw_tls_row *row,
                    double from)
{
    const double slack = 1e-6;
    if (isnan(e->t) || isnan(row->t) || e->t > row->t + slack)
        return false;
    if (row->transaction_id != GW_NULL && e->transaction_id != GW_NULL)
        return e->transaction_id == row->transaction_id &&
               !(e->t < row->t0 - slack);
    return e->t >= from;
}

static double window_start(const struct gw_facts *f,
                           const struct gw_tls_row *row)
{
    double from = isnan(row->t0) ? 0 : row->t0;
    for (size_t i = 0; i < f->event_count; i++) {
        const struct gw_event *e = &f->events[i];
        if (gw_is(e->operation, "connect") && e->t <= row->t && e->t > from)
            from = e->t;
    }
    return from;
}

static void fill_timing(struct gw_facts *f, struct gw_tls_row *row)
{
    double from = window_start(f, row), first = NAN, last = NAN;
    int64_t n = 0, counts[2] = {0}, bytes[2] = {0};
    char operation[32] = "";
    for (size_t i = 0; i < f->event_count; i++) {
        const struct gw_event *e = &f->events[i];
        if (!belongs(e, row, from) || gw_is(e->operation, "connect"))
            continue;
        n++;
        bool reads = gw_is(e->operation, "read");
        bool writes = gw_is(e->operation, "write");
        if (reads || writes) {
            counts[writes]++;
            bytes[writes] += e->bytes;
            snprintf(operation, sizeof operation, "%s_%lld",
                     reads ? "read" : "write", (long long)n);
        }
        first = !(e->t >= first) ? e->t : first;
        last = !(e->t <= last) ? e->t : last;
    }
    if (!n)
        return;
    row->read_count = counts[0];
    row->write_count = counts[1];
    row->read_bytes = bytes[0];
    row->write_bytes = bytes[1];
    row->handshake_time = last - first;
    if (operation[0])
        row->last_operation = gw_facts_keep(f, gw_str(operation));
}

// ---- certificates -------------------------------------------------------

static void read_certificate(struct gw_facts *f, struct gw_cert_entry *e,
                             gw_span der)
{
    uint8_t hash[GW_HASH_LEN];
    if (gw_digest_once(f->sha256, der, hash, sizeof hash)) {
        f->block->err = GW_ENOMEM;
        return;
    }
    gw_hex(hash, sizeof hash, e->fingerprint);
    e->read = gw_cert_read(der, f->cert_arena, &e->cert, NULL) == 0;
}

static struct gw_cert_entry *cache_slot(struct gw_facts *f, gw_span text)
{
    uint64_t key = gw_hash(text, (uintptr_t)f->certs) | 1;
    if (f->cert_count * 2 > GW_CERT_CACHE ||
        gw_arena_taken(f->cert_arena) > (8u << 20)) {
        memset(f->certs, 0, GW_CERT_CACHE * sizeof *f->certs);
        gw_arena_reset(f->cert_arena);
        f->cert_count = 0;
    }
    size_t at = key & (GW_CERT_CACHE - 1);
    while (f->certs[at].key &&
           (f->certs[at].key != key || f->certs[at].length != text.len))
        at = (at + 1) & (GW_CERT_CACHE - 1);
    struct gw_cert_entry *e = &f->certs[at];
    if (!e->key) {
        *e = (struct gw_cert_entry){.key = key, .length = text.len};
        f->cert_count++;
    }
    return e;
}

// The same certificates come again and again, so each is read once per thread.
// The key is of the text, seeded with where the table happens to stand: nobody
// outside knows that, so nobody can make one text pass for another.
static struct gw_cert_entry *certificate(struct gw_facts *f, gw_jv v)
{
    gw_span text = gw_jv_str(v);
    if (gw_jv_type(v) == '{')
        text = gw_jv_str(gw_jv_get(v, "data"));
    if (!text.len || text.len > 2 * GW_CERT_MAX)
        return NULL;
    struct gw_cert_entry *e = cache_slot(f, text);
    if (e->fingerprint[0])
        return e;
    uint8_t *der = gw_arena_take(f->scratch, 3 * (text.len / 4) + 3);
    int64_t n = der ? gw_base64_decode(text, der) : GW_ENOMEM;
    if (n == GW_ENOMEM)
        f->block->err = GW_ENOMEM;
    if (n < 0)
        return NULL;
    read_certificate(f, e, gw_span_of(der, (size_t)n));
    return e;
}

static void fill_leaf(struct gw_facts *f, struct gw_tls_row *row,
                      const struct gw_cert_entry *e)
{
    row->certificate_fingerprint = gw_facts_keep(f, gw_str(e->fingerprint));
    if (!e->read) {
        gw_facts_odd(f, "a certificate is not readable DER (RFC 5280)");
        return;
    }
    row->subject = gw_facts_keep(f, e->cert.subject);
    row->subject_common_name = gw_facts_keep(f, e->cert.subject_common_name);
    row->issuer = gw_facts_keep(f, e->cert.issuer);
    row->issuer_common_name = gw_facts_keep(f, e->cert.issuer_common_name);
    row->san_list = gw_facts_keep(f, e->cert.san_list);
    row->not_valid_before = e->cert.not_before;
    row->not_valid_after = e->cert.not_after;
    row->self_issued = e->cert.self_issued;
}

static void fill_chain(struct gw_facts *f, struct gw_tls_row *row, gw_jv list)
{
    int64_t n = 0;
    if (gw_jv_type(list) != '[')
        return;
    gw_buf_reset(&f->text);
    gw_put_u8(&f->text, '[');
    for (gw_jit it = gw_jv_iter(list); gw_jit_next(&it); n++) {
        const struct gw_cert_entry *e = certificate(f, it.value);
        if (!e)
            gw_facts_odd(f, "peer_certificates[%lld] is broken", (long long)n);
        else if (n == 0)
            fill_leaf(f, row, e);
        else
            gw_put_fmt(&f->text, "%s\"%s\"", n > 1 ? "," : "", e->fingerprint);
    }
    gw_put_u8(&f->text, ']');
    if (n)
        row->chain_length = n;
    if (n > 1)
        row->chain_fingerprints = gw_facts_keep(f, gw_buf_span(&f->text));
}

// ---- TLS ----------------------------------------------------------------

// Valid only where the probe verified; a timeout or reset says nothing of it.
static int64_t validity(const struct gw_tls_row *row)
{
    if (row->no_tls_verify == 1)
        return GW_NULL;
    if (!row->failure.at)
        return 1;
    return gw_is(row->failure, "ssl_invalid_hostname") ||
                   gw_is(row->failure, "ssl_unknown_authority") ||
                   gw_is(row->failure, "ssl_invalid_certificate")
               ? 0
               : GW_NULL;
}

// Members of a handshake, in the order in which probes write them.
#define HANDSHAKE_KEYS(X)                                                      \
    X(network)                                                                 \
    X(address)                                                                 \
    X(cipher_suite)                                                            \
    X(failure)                                                                 \
    X(negotiated_protocol)                                                     \
    X(no_tls_verify)                                                           \
    X(peer_certificates)                                                       \
    X(server_name)                                                             \
    X(outer_server_name)                                                       \
    X(echconfig)                                                               \
    X(tls_version)

// Also "[scrubbed]:443", where the address would have been the probe's own.
static bool split_address(gw_span s, gw_span *ret_ip, uint16_t *ret_port)
{
    static const char scrubbed[] = "[scrubbed]:";
    uint64_t port;
    if (!gw_starts(s, scrubbed))
        return gw_split_endpoint(s, ret_ip, ret_port);
    if (!gw_parse_uint(gw_sub(s, sizeof scrubbed - 1, s.len), UINT16_MAX,
                       &port))
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static void read_handshake(struct gw_facts *f, gw_jv v, enum gw_list which,
                           int64_t item)
{
    GW_FACTS_PICK(k, v, HANDSHAKE_KEYS);
    gw_span ip = {0};
    uint16_t port = 0;
    bool endpoint = split_address(gw_jv_str(k.address), &ip, &port);
    struct gw_tls_row *row = gw_add_tls(f->block);
    gw_facts_begin(f, row, which, item, v);
    GW_FACTS_ENDPOINT(f, row, ip, endpoint ? port : GW_NULL);
    row->network = gw_facts_str(f, k.network);
    if (!row->network.at)
        row->network =
            which == GW_LIST_QUIC_HANDSHAKES ? GW_LIT("udp") : GW_LIT("tcp");
    row->server_name = gw_facts_host(f, gw_jv_str(k.server_name));
    row->outer_server_name = gw_facts_host(f, gw_jv_str(k.outer_server_name));
    row->echconfig = gw_facts_str(f, k.echconfig);
    row->failure = gw_facts_failure(f, k.failure);
    row->version = gw_facts_str(f, k.tls_version);
    row->cipher_suite = gw_facts_str(f, k.cipher_suite);
    row->negotiated_protocol = gw_facts_str(f, k.negotiated_protocol);
    row->no_tls_verify = gw_facts_bool(k.no_tls_verify);
    row->is_certificate_valid = validity(row);
    fill_chain(f, row, k.peer_certificates);
    fill_timing(f, row);
}

void gw_facts_tls(struct gw_facts *f, gw_jv list, enum gw_list which)
{
    int64_t item = 0;
    if (gw_jv_type(list) == '{') { // echcheck 0.1 writes lone objects
        read_handshake(f, list, which, item);
        return;
    }
    for (gw_jit it = gw_jv_iter(list); !f->block->err && gw_jit_next(&it);
         item++) {
        if (gw_jv_type(it.value) == '{')
            read_handshake(f, it.value, which, item);
        else
            gw_facts_odd(f, "%s[%lld] is no object", gw_list_name(which),
                         (long long)item);
    }
}
