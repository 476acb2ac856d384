// Joining facts into rows of obs_web: what may share a row and what may not.
#include "facts_case.h"
#include "fault.h"

enum { ROWS = 64 };

// Rows as text: items of dns, tcp, tls and http, "-" where there is none.
static const char *shape(struct world *w)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    join(w);
    for (size_t i = 0; i < w->count; i++) {
        const struct gw_obs_web_row *r = &w->rows[i];
        const void *facts[] = {r->dns, r->tcp, r->tls, r->http};
        gw_put_str(&b, i ? " | " : "");
        for (size_t k = 0; k < GW_COUNT(facts); k++)
            if (facts[k])
                gw_put_fmt(&b, "%lld", (long long)item_of(facts[k]));
            else
                gw_put_u8(&b, '-');
    }
    const char *text = gw_arena_cstr(w->arena, gw_buf_span(&b));
    gw_buf_release(&b);
    return text ? text : "";
}

// ---- endpoints ----------------------------------------------------------

static void steps_at_one_address_and_port_share_a_row(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443);
    tls(w, "a.example", "192.0.2.1", 443);
    http(w, "a.example", "192.0.2.1", 443);
    assert_string_equal(shape(w), "-000");
}

static void ports_of_an_address_are_kept_apart(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 80);
    tcp(w, "192.0.2.1", 443);
    tls(w, "a.example", "192.0.2.1", 443);
    http(w, "a.example", "192.0.2.1", 443);
    http(w, "a.example", "192.0.2.1", 80);
    assert_string_equal(shape(w), "-0-1 | -100");
}

static void an_address_alone_joins_nothing(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443);
    tls(w, "a.example", "192.0.2.1", GW_NULL);
    tls(w, "a.example", "192.0.2.1", 853);
    assert_string_equal(shape(w), "-0-- | --0- | --1-");
}

static void a_transaction_joins_before_an_address_does(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->transaction_id = 7;
    tcp(w, "192.0.2.1", 443)->transaction_id = 8;
    tls(w, "a.example", "192.0.2.1", 443)->transaction_id = 8;
    http(w, "a.example", NULL, GW_NULL)->transaction_id = 8;
    tls(w, "a.example", "192.0.2.1", 443)->transaction_id = 9;
    assert_string_equal(shape(w), "-0-- | -100 | --1-");
}

static void an_id_of_zero_is_no_id(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->transaction_id = 0;
    http(w, NULL, NULL, GW_NULL)->transaction_id = 0;
    assert_string_equal(shape(w), "-0-- | ---0");
}

static void a_transaction_of_many_addresses_joins_by_address(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->transaction_id = 1;
    tcp(w, "192.0.2.2", 443)->transaction_id = 1;
    tls(w, "a.example", "192.0.2.2", 443)->transaction_id = 1;
    assert_string_equal(shape(w), "-0-- | -10-");
}

static void an_exchange_of_two_possible_endpoints_stands_alone(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->transaction_id = 1;
    tcp(w, "192.0.2.2", 443)->transaction_id = 1;
    http(w, NULL, NULL, GW_NULL)->transaction_id = 1;
    assert_string_equal(shape(w), "-0-- | -1-- | ---0");
}

static void a_step_follows_one_that_worked(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->failure = GW_LIT("generic_timeout_error");
    tcp(w, "192.0.2.1", 443);
    tls(w, "a.example", "192.0.2.1", 443);
    assert_string_equal(shape(w), "-0-- | -10-");
}

static void quic_has_no_connect_to_join(void **state)
{
    struct world *w = *state;
    struct gw_tls_row *q;
    tcp(w, "192.0.2.1", 443);
    q = tls(w, "a.example", "192.0.2.1", 443);
    q->network = GW_LIT("udp");
    q->list = GW_LIST_QUIC_HANDSHAKES;
    http(w, "a.example", "192.0.2.1", 443)->alpn = GW_LIT("h3");
    assert_string_equal(shape(w), "-0-- | --00");
}

static void targets_are_worlds_of_their_own(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443)->target = GW_LIT("one");
    tls(w, NULL, "192.0.2.1", 443)->target = GW_LIT("two");
    dns(w, "system", "a.example", "192.0.2.1");
    assert_string_equal(shape(w), "0--- | -0-- | --0-");
}

// ---- exchanges without an address ---------------------------------------

static void an_exchange_finds_its_endpoint_by_sni(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 443);
    tls(w, "a.example", "192.0.2.1", 443);
    http(w, "a.example", NULL, 443);
    assert_string_equal(shape(w), "-000");
}

static void an_exchange_finds_its_endpoint_by_lookup(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 80);
    http(w, "a.example", NULL, 80);
    assert_string_equal(shape(w), "00-0");
}

static void two_endpoints_of_a_name_are_ambiguous(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    dns(w, "system", "a.example", "192.0.2.2");
    tcp(w, "192.0.2.1", 80);
    tcp(w, "192.0.2.2", 80);
    http(w, "a.example", NULL, 80);
    assert_string_equal(shape(w), "00-- | 11-- | ---0");
}

static void two_exchanges_of_an_endpoint_are_ambiguous(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 80);
    http(w, "a.example", NULL, 80);
    http(w, "a.example", NULL, 80);
    assert_string_equal(shape(w), "00-- | ---0 | ---1");
}

static void an_address_that_two_names_share_has_no_name(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    dns(w, "system", "b.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 80);
    http(w, "a.example", NULL, 80);
    assert_string_equal(shape(w), "00-- | 1--- | ---0");
}

static void a_name_on_another_port_is_another_endpoint(void **state)
{
    struct world *w = *state;
    tls(w, "a.example", "192.0.2.1", 443);
    http(w, "a.example", NULL, 80);
    assert_string_equal(shape(w), "--0- | ---0");
}

static void an_address_in_the_url_is_the_address(void **state)
{
    struct world *w = *state;
    tcp(w, "192.0.2.1", 80);
    tcp(w, "192.0.2.1", 443);
    http(w, "192.0.2.1", NULL, 443);
    assert_string_equal(shape(w), "-0-- | -1-0");
}

static void what_went_through_tor_stands_alone(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 80);
    http(w, "a.example", "192.0.2.1", 80)->is_tor = 1;
    assert_string_equal(shape(w), "00-- | ---0");
}

// ---- answers ------------------------------------------------------------

static void the_systems_answer_is_preferred(void **state)
{
    struct world *w = *state;
    dns(w, "udp", "a.example", "192.0.2.1");
    dns(w, "getaddrinfo", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 443);
    assert_string_equal(shape(w), "0--- | 10--");
}

static void a_second_port_takes_an_answer_that_is_free(void **state)
{
    struct world *w = *state;
    dns(w, "udp", "a.example", "192.0.2.1");
    dns(w, "system", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 443);
    tcp(w, "192.0.2.1", 80);
    assert_string_equal(shape(w), "01-- | 10--");
}

static void the_only_answer_serves_both_ports(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 443);
    tcp(w, "192.0.2.1", 80);
    assert_string_equal(shape(w), "00-- | 01--");
}

static void an_answer_for_the_endpoints_name_comes_first(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    dns(w, "udp", "b.example", "192.0.2.1");
    tls(w, "b.example", "192.0.2.1", 443);
    assert_string_equal(shape(w), "0--- | 1-0-");
}

static void an_answer_for_another_name_is_not_used_twice(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    tls(w, "a.example", "192.0.2.1", 443);
    tls(w, "b.example", "192.0.2.1", 443);
    assert_string_equal(shape(w), "0-0- | --1-");
}

static void other_answers_and_failures_have_rows_of_their_own(void **state)
{
    struct world *w = *state;
    dns(w, "system", "a.example", "192.0.2.1");
    dns(w, "system", "a.example", "cdn.example");
    dns(w, "udp", "a.example", NULL);
    tcp(w, "192.0.2.1", 443);
    assert_string_equal(shape(w), "00-- | 1--- | 2---");
    assert_true(gw_is(w->rows[0].ip, "192.0.2.1"));
    assert_null(w->rows[1].ip.at);
    assert_null(w->rows[2].ip.at);
}

// ---- exports that were read ---------------------------------------------

static void facts_of_one_exported_row_share_it_again(void **state)
{
    struct world *w = *state;
    struct gw_tcp_row *t;
    struct gw_dns_row *d;
    struct gw_http_row *h;
    t = tcp(w, "192.0.2.1", 80);
    t->item = 0;
    t->list = GW_LIST_CSV;
    h = http(w, "a.example", "192.0.2.1", 80);
    h->item = 1;
    h->list = GW_LIST_CSV;
    d = dns(w, "udp", "a.example", "192.0.2.1");
    d->item = 2;
    d->list = GW_LIST_CSV;
    t = tcp(w, "192.0.2.1", 80);
    t->item = 2;
    t->list = GW_LIST_CSV;
    assert_string_equal(shape(w), "-0-- | ---1 | 22--");
}

// ---- measurements without end -------------------------------------------

static void too_many_facts_have_a_row_each(void **state)
{
    struct world *w = *state;
    size_t n = GW_OBS_WEB_JOIN_MAX / 2 + 1;
    for (size_t i = 0; i < n; i++) {
        tcp(w, "192.0.2.1", 443);
        dns(w, "system", "a.example", "192.0.2.1");
    }
    join(w);
    assert_int_equal(w->count, 2 * n);
}

static void a_measurement_without_facts_has_no_rows(void **state)
{
    struct world *w = *state;
    struct gw_obs_web_cursor c = {{0}};
    join(w);
    assert_int_equal(w->count, 0);
    assert_int_equal(
        gw_obs_web_join(&w->block, 1, &c, w->arena, &w->rows, &w->count),
        GW_ENOENT);
}

static void measurements_do_not_mix(void **state)
{
    struct world *w = *state;
    struct gw_obs_web_cursor c = {{0}};
    gw_add_measurement(&w->block);
    gw_add_measurement(&w->block);
    tcp(w, "192.0.2.1", 443);
    tcp(w, "192.0.2.1", 443)->m = 2;
    tls(w, "a.example", "192.0.2.1", 443)->m = 2;
    for (int64_t m = 0; m < 3; m++) {
        size_t facts[] = {1, 0, 2}, rows[] = {1, 0, 1};
        assert_int_equal(
            gw_obs_web_join(&w->block, m, &c, w->arena, &w->rows, &w->count),
            0);
        assert_int_equal(w->count, rows[m]);
        if (w->count)
            assert_int_equal(1 + (w->rows->tls != NULL), facts[m]);
    }
}

// ---- properties ---------------------------------------------------------

static void add_something(struct world *w, struct gw_rand *r)
{
    static const char *const ips[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1",
                                      NULL};
    static const char *const names[] = {"a.example", "b.example", "192.0.2.2",
                                        NULL};
    static const char *const engines[] = {"system", "udp", "doh"};
    static const int64_t ports[] = {80, 443, 443, GW_NULL};
    static const int64_t ids[] = {GW_NULL, GW_NULL, 0, 1, 2, 3};
    const char *ip = ips[gw_rand_below(r, GW_COUNT(ips))];
    const char *name = names[gw_rand_below(r, GW_COUNT(names))];
    int64_t port = ports[gw_rand_below(r, GW_COUNT(ports))];
    int64_t id = ids[gw_rand_below(r, GW_COUNT(ids))];
    gw_span failure = gw_rand_below(r, 3) ? (gw_span){0} : GW_LIT("eof_error");
    switch (gw_rand_below(r, 4)) {
    case 0:
        dns(w, engines[gw_rand_below(r, 3)], name, ip)->transaction_id = id;
        break;
    case 1: {
        struct gw_tcp_row *t = tcp(w, ip, port);
        t->transaction_id = id;
        t->failure = failure;
        break;
    }
    case 2: {
        struct gw_tls_row *l = tls(w, name, ip, port);
        l->transaction_id = id;
        l->failure = failure;
        l->network = gw_rand_below(r, 4) ? GW_LIT("tcp") : GW_LIT("udp");
        break;
    }
    default: http(w, name, ip, port)->transaction_id = id;
    }
}

static void check_row(const struct gw_obs_web_row *r)
{
    gw_span ips[] = {r->dns ? r->dns->answer : (gw_span){0},
                     r->tcp ? r->tcp->ip : (gw_span){0},
                     r->tls ? r->tls->ip : (gw_span){0},
                     r->http ? r->http->ip : (gw_span){0}};
    int64_t ports[] = {r->tcp ? r->tcp->port : GW_NULL,
                       r->tls ? r->tls->port : GW_NULL,
                       r->http ? r->http->port : GW_NULL};
    for (size_t i = 0; i < GW_COUNT(ips); i++)
        assert_true(!ips[i].at || gw_eq(ips[i], r->ip));
    for (size_t i = 0; i < GW_COUNT(ports); i++)
        assert_true(ports[i] == GW_NULL || ports[i] == r->port);
    assert_true(r->dns || r->tcp || r->tls || r->http);
}

static void no_fact_is_lost_and_no_row_mixes_endpoints(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct gw_rand r = {seed};
        int seen[4][ROWS] = {{0}};
        void *own;
        set_up(&own);
        struct world *w = own;
        size_t n = gw_rand_below(&r, ROWS);
        for (size_t i = 0; i < n; i++)
            add_something(w, &r);
        join(w);
        for (size_t i = 0; i < w->count; i++) {
            const struct gw_obs_web_row *row = &w->rows[i];
            const void *facts[] = {row->dns, row->tcp, row->tls, row->http};
            check_row(row);
            assert_int_equal(row->observation_idx, i + 1);
            for (size_t k = 0; k < 4; k++)
                if (facts[k])
                    seen[k][item_of(facts[k])]++;
        }
        for (size_t i = 0; i < w->block.rows[GW_TABLE_dns].count; i++)
            assert_true(seen[0][i] >= 1);
        for (size_t k = 1; k < 4; k++) {
            enum gw_table t[] = {GW_TABLE_dns, GW_TABLE_tcp, GW_TABLE_tls,
                                 GW_TABLE_http};
            for (size_t i = 0; i < w->block.rows[t[k]].count; i++)
                assert_int_equal(seen[k][i], 1);
        }
        tear_down(&own);
    }
}

static bool join_once(void)
{
    struct world w = {.texts = gw_arena_new(ARENA),
                      .arena = gw_arena_new(ARENA)};
    struct gw_obs_web_cursor c = {{0}};
    int rc = w.texts && w.arena ? gw_block_init(&w.block, w.texts) : GW_ENOMEM;
    if (!rc) {
        gw_add_measurement(&w.block);
        dns(&w, "system", "a.example", "192.0.2.1");
        tcp(&w, "192.0.2.1", 443);
        rc = w.block.err
                 ? w.block.err
                 : gw_obs_web_join(&w.block, 0, &c, w.arena, &w.rows, &w.count);
        gw_block_release(&w.block);
    }
    gw_arena_free(w.texts);
    gw_arena_free(w.arena);
    return rc == 0;
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(join_once) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(steps_at_one_address_and_port_share_a_row),
        T(ports_of_an_address_are_kept_apart),
        T(an_address_alone_joins_nothing),
        T(a_transaction_joins_before_an_address_does),
        T(an_id_of_zero_is_no_id),
        T(a_transaction_of_many_addresses_joins_by_address),
        T(an_exchange_of_two_possible_endpoints_stands_alone),
        T(a_step_follows_one_that_worked),
        T(quic_has_no_connect_to_join),
        T(targets_are_worlds_of_their_own),
        T(an_exchange_finds_its_endpoint_by_sni),
        T(an_exchange_finds_its_endpoint_by_lookup),
        T(two_endpoints_of_a_name_are_ambiguous),
        T(two_exchanges_of_an_endpoint_are_ambiguous),
        T(an_address_that_two_names_share_has_no_name),
        T(a_name_on_another_port_is_another_endpoint),
        T(an_address_in_the_url_is_the_address),
        T(what_went_through_tor_stands_alone),
        T(the_systems_answer_is_preferred),
        T(a_second_port_takes_an_answer_that_is_free),
        T(the_only_answer_serves_both_ports),
        T(an_answer_for_the_endpoints_name_comes_first),
        T(an_answer_for_another_name_is_not_used_twice),
        T(other_answers_and_failures_have_rows_of_their_own),
        T(facts_of_one_exported_row_share_it_again),
        T(too_many_facts_have_a_row_each),
        T(a_measurement_without_facts_has_no_rows),
        T(measurements_do_not_mix),
        cmocka_unit_test(no_fact_is_lost_and_no_row_mixes_endpoints),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
