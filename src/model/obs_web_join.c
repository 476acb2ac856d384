// Joins the facts of one measurement into rows of OONI's obs_web, where a row
// is a lookup's answer and what was done at its address. The rules are told
// in docs/formats/tables.md.
#include "model/obs_web_row.h"

// Where a fact of an endpoint stands.
struct end {
    gw_span target, ip, name;     // null: unknown
    int64_t port, transaction_id; // GW_NULL: unknown
    bool quic, works;
};

struct seat { // a row under construction
    struct gw_obs_web_row row;
    struct end end;
};

struct join {
    const struct gw_dns_row *dns;
    const struct gw_tcp_row *tcp;
    const struct gw_tls_row *tls;
    const struct gw_http_row *http;
    size_t dns_count, tcp_count, tls_count, http_count;
    struct seat *seats;
    size_t seat_count;
    bool *answer_used;     // it is in a row
    struct end *exchanges; // where each stands
    bool *exchange_seated; // it is in a row
    bool apart;            // too many facts to compare
};

static struct seat *add_seat(struct join *j, const struct end *e)
{
    struct seat *s = &j->seats[j->seat_count++];
    s->end = *e;
    return s;
}

// ---- what facts say of their endpoint -----------------------------------

#define END(f)                                                                 \
    {                                                                          \
        .target = (f)->target, .ip = (f)->ip, .port = (f)->port,               \
        .transaction_id = (f)->transaction_id > 0 ? (f)->transaction_id        \
                                                  : GW_NULL, /* 0: no id */    \
            .works = !(f)->failure.at                                          \
    }

static struct end tcp_end(const struct gw_tcp_row *f)
{
    struct end e = END(f);
    e.name = gw_obs_web_name(f->host);
    return e;
}

static struct end tls_end(const struct gw_tls_row *f)
{
    struct end e = END(f);
    e.name = gw_obs_web_name(f->server_name);
    e.quic = f->list == GW_LIST_QUIC_HANDSHAKES || gw_is(f->network, "udp") ||
             gw_is(f->network, "quic");
    return e;
}

static struct end http_end(const struct gw_http_row *f)
{
    struct end e = END(f);
    e.name = gw_obs_web_name(f->hostname);
    e.quic = gw_is(f->network, "udp") || gw_is(f->network, "quic") ||
             gw_starts(f->alpn, "h3");
    if (!e.ip.at && gw_obs_web_is_ip(f->hostname))
        e.ip = f->hostname;
    if (f->is_tor == 1) // connected to something else than the URL's host
        e = (struct end){
            .target = f->target, .port = GW_NULL, .transaction_id = GW_NULL};
    return e;
}

// ---- endpoints ----------------------------------------------------------

enum fit { NO_FIT, SAME_ADDRESS, SAME_ID, SAME_BOTH };

static enum fit fit(const struct end *a, const struct end *b)
{
    bool ports = a->port != GW_NULL && b->port != GW_NULL;
    bool ips = a->ip.at && b->ip.at;
    bool ids = a->transaction_id != GW_NULL && b->transaction_id != GW_NULL;
    if ((ports && a->port != b->port) || a->quic != b->quic ||
        (ids && a->transaction_id != b->transaction_id) ||
        (ips && !gw_eq(a->ip, b->ip)) || !gw_eq(a->target, b->target))
        return NO_FIT;
    if (ids)
        return ips && ports ? SAME_BOTH : SAME_ID;
    return ips && ports ? SAME_ADDRESS : NO_FIT;
}

// The row that lacks a handshake or exchange (want) and fits best: a step is
// taken where the step before it worked. NULL if there is none, or if several
// of one transaction could be meant.
static struct seat *seat_for(struct join *j, const struct end *e,
                             enum gw_table want)
{
    struct seat *best = NULL;
    int best_rank = 0;
    bool tied = false;
    for (size_t i = 0; i < j->seat_count && !j->apart; i++) {
        struct seat *s = &j->seats[i];
        bool taken =
            want == GW_TABLE_tls ? s->row.tls != NULL : s->row.http != NULL;
        enum fit f = taken ? NO_FIT : fit(&s->end, e);
        int rank = f == NO_FIT ? 0 : 2 * (int)f + s->end.works;
        if (rank > best_rank) {
            best = s;
            best_rank = rank;
            tied = false;
        } else if (rank && rank == best_rank) {
            tied = f == SAME_ID;
        }
    }
    return tied ? NULL : best;
}

static void merge(struct end *into, const struct end *e)
{
    if (!into->ip.at)
        into->ip = e->ip;
    if (!into->name.at)
        into->name = e->name;
    if (into->port == GW_NULL)
        into->port = e->port;
    if (into->transaction_id == GW_NULL)
        into->transaction_id = e->transaction_id;
    into->works = e->works;
}

static void seat_connects(struct join *j)
{
    for (size_t i = 0; i < j->tcp_count; i++) {
        struct end e = tcp_end(&j->tcp[i]);
        add_seat(j, &e)->row.tcp = &j->tcp[i];
    }
}

static void seat_handshakes(struct join *j)
{
    for (size_t i = 0; i < j->tls_count; i++) {
        struct end e = tls_end(&j->tls[i]);
        struct seat *s = seat_for(j, &e, GW_TABLE_tls);
        if (s)
            merge(&s->end, &e);
        else
            s = add_seat(j, &e);
        s->row.tls = &j->tls[i];
    }
}

// ---- exchanges ----------------------------------------------------------

static void seat_exchange(struct join *j, size_t i, struct seat *s)
{
    if (s)
        merge(&s->end, &j->exchanges[i]);
    else
        s = add_seat(j, &j->exchanges[i]);
    s->row.http = &j->http[i];
    j->exchange_seated[i] = true;
}

static void seat_exchanges(struct join *j)
{
    for (size_t i = 0; i < j->http_count; i++) {
        struct end *e = &j->exchanges[i];
        *e = http_end(&j->http[i]);
        struct seat *s = seat_for(j, e, GW_TABLE_http);
        if (s || e->ip.at)
            seat_exchange(j, i, s);
    }
}

// The only name whose lookup gave the address, if there is just one.
static gw_span name_by_lookup(const struct join *j, const struct end *e)
{
    gw_span name = {0};
    for (size_t i = 0; i < j->dns_count && e->ip.at; i++) {
        const struct gw_dns_row *d = &j->dns[i];
        if (!gw_eq(d->answer, e->ip) || !gw_eq(d->target, e->target) ||
            !d->hostname.at)
            continue;
        if (name.at && !gw_eq(name, d->hostname))
            return (gw_span){0};
        name = d->hostname;
    }
    return name;
}

static bool may_be(const struct seat *s, const struct end *e)
{
    return !s->row.http && e->port != GW_NULL && s->end.port == e->port &&
           s->end.quic == e->quic && s->end.name.at &&
           gw_eq(s->end.name, e->name) && gw_eq(s->end.target, e->target);
}

// The row of exchange i, of which only the name is known: the one it may
// belong to, unless there are two, or the row may be another exchange's.
static struct seat *seat_by_name(struct join *j, size_t i)
{
    struct seat *only = NULL;
    for (size_t k = 0; k < j->seat_count; k++) {
        struct seat *s = &j->seats[k];
        if (!may_be(s, &j->exchanges[i]))
            continue;
        if (only)
            return NULL;
        only = s;
    }
    for (size_t k = 0; k < j->http_count && only; k++)
        if (k != i && !j->exchange_seated[k] && may_be(only, &j->exchanges[k]))
            return NULL;
    return only;
}

static void seat_exchanges_by_name(struct join *j)
{
    struct seat *found;
    for (size_t i = 0; i < j->seat_count && !j->apart; i++)
        if (!j->seats[i].end.name.at)
            j->seats[i].end.name = name_by_lookup(j, &j->seats[i].end);
    // One that finds its row takes it from no other, so each can sit at once;
    // those that find none still are in the way of the others until the end.
    for (size_t i = 0; i < j->http_count; i++)
        if (!j->exchange_seated[i] && !j->apart &&
            (found = seat_by_name(j, i)) != NULL)
            seat_exchange(j, i, found);
    for (size_t i = 0; i < j->http_count; i++)
        if (!j->exchange_seated[i])
            seat_exchange(j, i, NULL);
}

// ---- answers ------------------------------------------------------------

static bool asks_system(gw_span engine)
{
    return !engine.at || gw_is(engine, "system") ||
           gw_is(engine, "getaddrinfo") || gw_is(engine, "go") ||
           gw_is(engine, "golang_net_resolver") || gw_is(engine, "unknown");
}

// 0: the answer is not for this endpoint.
static int answer_rank(const struct end *e, const struct gw_dns_row *d,
                       bool used)
{
    bool named = !e->name.at || gw_eq(e->name, d->hostname);
    if (!gw_eq(d->answer, e->ip) || !gw_eq(d->target, e->target) ||
        (used && !named))
        return 0;
    return 1 + asks_system(d->engine) + 2 * !used + 4 * named;
}

static void seat_answers(struct join *j)
{
    for (size_t s = 0; s < j->seat_count && !j->apart; s++) {
        const struct end *e = &j->seats[s].end;
        size_t best = 0;
        int best_rank = 0;
        for (size_t i = 0; i < j->dns_count && e->ip.at; i++) {
            int rank = answer_rank(e, &j->dns[i], j->answer_used[i]);
            if (rank > best_rank) {
                best_rank = rank;
                best = i;
            }
        }
        if (best_rank) {
            j->seats[s].row.dns = &j->dns[best];
            j->answer_used[best] = true;
        }
    }
    for (size_t i = 0; i < j->dns_count; i++)
        if (!j->answer_used[i])
            add_seat(j, &(struct end){0})->row.dns = &j->dns[i];
}

// ---- rows of an export that was read ------------------------------------

// Facts that were read from one row go back into one row.
static void seat_export(struct join *j)
{
    size_t d = 0, c = 0, l = 0, h = 0;
    for (;;) {
        int64_t item = INT64_MAX;
        struct gw_obs_web_row row = {0};
#define EARLIEST(facts, at)                                                    \
    if (at < j->facts##_count && j->facts[at].item < item)                     \
        item = j->facts[at].item;
        EARLIEST(dns, d)
        EARLIEST(tcp, c)
        EARLIEST(tls, l)
        EARLIEST(http, h)
#define TAKE(facts, at)                                                        \
    if (at < j->facts##_count && j->facts[at].item == item)                    \
        row.facts = &j->facts[at++];
        TAKE(dns, d)
        TAKE(tcp, c)
        TAKE(tls, l)
        TAKE(http, h)
#undef EARLIEST
#undef TAKE
        if (!row.dns && !row.tcp && !row.tls && !row.http)
            return;
        add_seat(j, &(struct end){0})->row = row;
    }
}

// ---- the whole ----------------------------------------------------------

static int by_fact(const void *a, const void *b)
{
    const uint8_t *x = a, *y = b;
    return x == y ? 0 : !x ? 1 : !y ? -1 : x < y ? -1 : 1;
}

// In order of the answers, then of what no answer led to.
static int by_place(const void *a, const void *b)
{
    const struct gw_obs_web_row *x = &((const struct seat *)a)->row;
    const struct gw_obs_web_row *y = &((const struct seat *)b)->row;
    int c = by_fact(x->dns, y->dns);
    c = c ? c : by_fact(x->tcp, y->tcp);
    c = c ? c : by_fact(x->tls, y->tls);
    return c ? c : by_fact(x->http, y->http);
}

static void find_facts(struct join *j, const struct gw_block *b, int64_t m,
                       struct gw_obs_web_cursor *c)
{
#define SLICE(table)                                                           \
    {                                                                          \
        size_t n, *at = &c->at[GW_TABLE_##table];                              \
        const struct gw_##table##_row *rows = gw_rows_##table(b, &n);          \
        while (*at < n && rows[*at].m < m)                                     \
            ++*at;                                                             \
        j->table = n ? rows + *at : NULL;                                      \
        while (*at < n && rows[*at].m == m) {                                  \
            ++*at;                                                             \
            j->table##_count++;                                                \
        }                                                                      \
    }
    SLICE(dns)
    SLICE(tcp)
    SLICE(tls)
    SLICE(http)
#undef SLICE
}

static bool is_export(const struct join *j)
{
    int64_t list = j->dns_count    ? j->dns->list
                   : j->tcp_count  ? j->tcp->list
                   : j->tls_count  ? j->tls->list
                   : j->http_count ? j->http->list
                                   : GW_NULL;
    return list == GW_LIST_CSV;
}

static void seat_all(struct join *j)
{
    if (is_export(j)) {
        seat_export(j);
        return;
    }
    seat_connects(j);
    seat_handshakes(j);
    seat_exchanges(j);
    seat_exchanges_by_name(j);
    seat_answers(j);
    qsort(j->seats, j->seat_count, sizeof *j->seats, by_place);
}

static int make_room(struct join *j, struct gw_arena *arena)
{
    size_t n = j->dns_count + j->tcp_count + j->tls_count + j->http_count;
    j->apart = n > GW_OBS_WEB_JOIN_MAX;
    j->seats = gw_arena_take_n(arena, n + 1, sizeof *j->seats);
    j->answer_used = gw_arena_take_n(arena, j->dns_count + 1, 1);
    j->exchanges =
        gw_arena_take_n(arena, j->http_count + 1, sizeof *j->exchanges);
    j->exchange_seated = gw_arena_take_n(arena, j->http_count + 1, 1);
    return j->seats && j->answer_used && j->exchanges && j->exchange_seated
               ? 0
               : GW_ENOMEM;
}

int gw_obs_web_join(const struct gw_block *b, int64_t m,
                    struct gw_obs_web_cursor *c, struct gw_arena *arena,
                    struct gw_obs_web_row **ret_rows, size_t *ret_count)
{
    struct join j = {0};
    char day[GW_TIME_TEXT];
    gw_span date = {0};
    size_t measurements;
    const struct gw_measurement_row *row =
        gw_rows_measurement(b, &measurements);
    *ret_rows = NULL;
    *ret_count = 0;
    if (m < 0 || (size_t)m >= measurements)
        return GW_ENOENT;
    row += m;
    find_facts(&j, b, m, c);
    if (make_room(&j, arena))
        return GW_ENOMEM;
    seat_all(&j);
    if (row->start_time != GW_NEVER)
        date = gw_arena_copy(
            arena, gw_span_of(day, gw_format_day(row->start_time, day)));
    struct gw_obs_web_row *rows =
        gw_arena_take_n(arena, j.seat_count + 1, sizeof *rows);
    if (!rows || (row->start_time != GW_NEVER && !date.at))
        return GW_ENOMEM;
    for (size_t i = 0; i < j.seat_count; i++) {
        rows[i] = j.seats[i].row;
        gw_obs_web_fill(&rows[i], row, date, (int64_t)i + 1);
    }
    *ret_rows = rows;
    *ret_count = j.seat_count;
    return 0;
}
