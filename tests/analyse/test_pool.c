// The pool of control facts: whose word counts, for which days, and that the
// order in which measurements come never shows.
#include "t.h"

#include "analyse/judge.h"
#include "fault.h"

#include <math.h>

#define IP   GW_LIT("93.184.216.34")
#define HOST GW_LIT("www.example.com")

static const gw_time noon = INT64_C(1700049600) * GW_SECOND; // 12:00 UTC

// What one measurement saw.
struct saw {
    int64_t asn, port;
    gw_time day;
    double handshake; // seconds; 0: it only connected
};

struct bench {
    struct gw_arena *arena;
    struct gw_block block;
};

static void bench_init(struct bench *b)
{
    b->arena = gw_arena_new(16 << 20);
    assert_non_null(b->arena);
    assert_int_equal(gw_block_init(&b->block, b->arena), 0);
}

static void bench_release(struct bench *b)
{
    gw_block_release(&b->block);
    gw_arena_free(b->arena);
}

static void put(struct gw_block *b, const struct saw *s)
{
    int64_t m = (int64_t)b->rows[GW_TABLE_measurement].count;
    struct gw_measurement_row *row = gw_add_measurement(b);
    row->probe_asn = s->asn;
    row->start_time = s->day;
    row->test_name = GW_LIT("web_connectivity");
    struct gw_tcp_row *t = gw_add_tcp(b);
    t->m = m;
    t->ip = IP;
    t->port = s->port;
    t->success = 1;
    if (!(s->handshake > 0))
        return;
    struct gw_tls_row *h = gw_add_tls(b);
    h->m = m;
    h->ip = IP;
    h->port = s->port;
    h->server_name = HOST;
    h->is_certificate_valid = 1;
    h->handshake_time = s->handshake;
}

// A pool of all of these, in blocks of at most `step` measurements.
static struct gw_pool *pool_of(const struct saw *s, size_t n, size_t step)
{
    struct gw_pool *p = gw_pool_new();
    struct bench b;
    assert_non_null(p);
    bench_init(&b);
    for (size_t i = 0; i < n;) {
        gw_block_reset(&b.block);
        for (size_t k = 0; k < step && i < n; k++)
            put(&b.block, &s[i++]);
        assert_int_equal(gw_pool_add(p, &b.block), 0);
    }
    bench_release(&b);
    return p;
}

static bool connects(const struct gw_pool *p, gw_time t, int64_t asn)
{
    return gw_pool_says(p, GW_POOL_TCP, (gw_span){0}, IP, 443, t, asn);
}

static void shuffle(struct saw *s, size_t n, struct gw_rand *rand)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = gw_rand_below(rand, i);
        struct saw kept = s[i - 1];
        s[i - 1] = s[k];
        s[k] = kept;
    }
}

// ---- whose word counts --------------------------------------------------

static void three_networks_are_heard_and_two_are_not(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon, 0}, {2, 443, noon, 0}, {3, 443, noon, 0}};
    for (size_t n = 0; n <= 3; n++) {
        struct gw_pool *p = pool_of(s, n, 8);
        assert_int_equal(connects(p, noon, 99), n == 3);
        gw_pool_free(p);
    }
}

static void the_own_network_is_not_counted(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon, 0},
                      {2, 443, noon, 0},
                      {3, 443, noon, 0},
                      {4, 443, noon, 0}};
    struct gw_pool *p = pool_of(s, 3, 8);
    for (int64_t asn = 1; asn <= 3; asn++)
        assert_false(connects(p, noon, asn));
    gw_pool_free(p);
    p = pool_of(s, 4, 8);
    for (int64_t asn = 1; asn <= 5; asn++)
        assert_true(connects(p, noon, asn));
    gw_pool_free(p);
}

static void a_flood_from_one_network_is_one_voice(void **state)
{
    (void)state;
    static struct saw s[5000];
    for (size_t i = 0; i < GW_COUNT(s); i++)
        s[i] = (struct saw){7, 443, noon + (gw_time)i * GW_SECOND, 0};
    s[4999].asn = 8;
    struct gw_pool *p = pool_of(s, GW_COUNT(s), 1000);
    assert_false(connects(p, noon, 99));
    gw_pool_free(p);
}

static void nobodys_network_has_no_voice(void **state)
{
    (void)state;
    struct saw s[] = {{0, 443, noon, 0},
                      {GW_NULL, 443, noon, 0},
                      {-5, 443, noon, 0},
                      {INT64_C(1) << 33, 443, noon, 0},
                      {INT64_MAX, 443, noon, 0}};
    struct gw_pool *p = pool_of(s, GW_COUNT(s), 8);
    assert_int_equal(gw_pool_count(p), 0);
    assert_false(connects(p, noon, 99));
    gw_pool_free(p);
}

static void only_what_worked_is_vouched_for(void **state)
{
    (void)state;
    struct gw_pool *p = gw_pool_new();
    struct bench b;
    bench_init(&b);
    for (int64_t asn = 1; asn < 9; asn++) {
        int64_t m = asn - 1;
        struct gw_measurement_row *row = gw_add_measurement(&b.block);
        row->probe_asn = asn;
        row->start_time = noon;
        struct gw_tcp_row *t = gw_add_tcp(&b.block);
        t->m = m, t->ip = IP, t->port = 443, t->success = 0;
        struct gw_tls_row *h = gw_add_tls(&b.block);
        h->m = m, h->ip = IP, h->port = 443, h->server_name = HOST;
        h->failure = GW_LIT("ssl_unknown_authority");
        struct gw_control_row *c = gw_add_control(&b.block);
        c->m = m, c->ip = IP, c->hostname = HOST, c->dns_success = 0;
    }
    assert_int_equal(gw_pool_add(p, &b.block), 0);
    assert_int_equal(gw_pool_count(p), 0);
    gw_pool_free(p);
    bench_release(&b);
}

// A handshake proves the address only if the certificate was checked.
static void unchecked_certificates_prove_no_address(void **state)
{
    (void)state;
    for (int64_t valid = 0; valid < 2; valid++) {
        struct gw_pool *p = gw_pool_new();
        struct bench b;
        bench_init(&b);
        for (int64_t asn = 1; asn < 6; asn++)
            put(&b.block, &(struct saw){asn, 443, noon, 0.1});
        size_t n;
        struct gw_tls_row *rows = gw_rows_tls(&b.block, &n);
        for (size_t i = 0; i < n; i++)
            rows[i].is_certificate_valid = valid ? 1 : GW_NULL;
        assert_int_equal(gw_pool_add(p, &b.block), 0);
        assert_true(gw_pool_says(p, GW_POOL_TLS, HOST, IP, 443, noon, 99));
        assert_int_equal(
            gw_pool_says(p, GW_POOL_ADDRESS, HOST, IP, 0, noon, 99), valid);
        assert_int_equal(
            gw_pool_says(p, GW_POOL_RESOLVES, HOST, (gw_span){0}, 0, noon, 99),
            valid);
        gw_pool_free(p);
        bench_release(&b);
    }
}

static void port_and_host_and_fact_are_kept_apart(void **state)
{
    (void)state;
    struct saw s[] = {
        {1, 443, noon, 0.1}, {2, 443, noon, 0.1}, {3, 443, noon, 0.1}};
    struct gw_pool *p = pool_of(s, 3, 8);
    gw_span other = GW_LIT("example.com"), ip2 = GW_LIT("93.184.216.3");
    assert_true(connects(p, noon, 99));
    assert_true(gw_pool_says(p, GW_POOL_TLS, HOST, IP, 443, noon, 99));
    assert_false(gw_pool_says(p, GW_POOL_TCP, HOST, IP, 444, noon, 99));
    assert_false(gw_pool_says(p, GW_POOL_TLS, other, IP, 443, noon, 99));
    assert_false(gw_pool_says(p, GW_POOL_TLS, HOST, ip2, 443, noon, 99));
    assert_false(gw_pool_says(p, GW_POOL_TLS_TIME, HOST, IP, 443, noon, 99));
    gw_pool_free(p);
}

// ---- days ---------------------------------------------------------------

static void the_days_beside_count_and_no_others(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon - GW_DAY, 0},
                      {2, 443, noon, 0},
                      {3, 443, noon + GW_DAY, 0}};
    struct gw_pool *p = pool_of(s, 3, 8);
    for (int day = -4; day <= 4; day++)
        assert_int_equal(connects(p, noon + day * GW_DAY, 99), day == 0);
    gw_pool_free(p);
    for (size_t i = 0; i < 3; i++)
        s[i].day = noon;
    p = pool_of(s, 3, 8);
    for (int day = -4; day <= 4; day++)
        assert_int_equal(connects(p, noon + day * GW_DAY, 99),
                         day >= -1 && day <= 1);
    gw_pool_free(p);
}

// The same network on three days is still one.
static void networks_are_counted_once_over_the_days(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon - GW_DAY, 0},
                      {1, 443, noon, 0},
                      {1, 443, noon + GW_DAY, 0},
                      {2, 443, noon - GW_DAY, 0},
                      {2, 443, noon + GW_DAY, 0}};
    struct gw_pool *p = pool_of(s, GW_COUNT(s), 8);
    assert_false(connects(p, noon, 99));
    gw_pool_free(p);
}

static void times_without_a_day_do_no_harm(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, GW_NEVER, 0.1},
                      {2, 443, INT64_MAX, 0.1},
                      {3, 443, INT64_MIN + 1, 0.1}};
    struct gw_pool *p = pool_of(s, 3, 8);
    assert_false(connects(p, GW_NEVER, 99));
    assert_false(connects(p, INT64_MAX, 99));
    assert_false(connects(p, INT64_MIN + 1, 99));
    gw_pool_free(p);
}

// ---- handshake times ----------------------------------------------------

static void usual_time_is_of_networks_not_of_rows(void **state)
{
    (void)state;
    static struct saw s[1004];
    for (size_t i = 0; i < GW_COUNT(s); i++)
        s[i] = (struct saw){1000, 443, noon, 9.0};
    for (size_t i = 0; i < 4; i++)
        s[i] = (struct saw){(int64_t)i + 1, 443, noon, 0.2};
    struct gw_pool *p = pool_of(s, GW_COUNT(s), 400);
    double usual = gw_pool_usual(p, HOST, noon);
    assert_true(usual > 0.19 && usual < 0.21);
    gw_pool_free(p);
}

static void few_networks_have_no_usual_time(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon, 0.2},
                      {2, 443, noon, 0.2},
                      {2, 443, noon, 0.3},
                      {3, 443, noon, 0.2}};
    struct gw_pool *p = pool_of(s, 3, 8);
    assert_true(isnan(gw_pool_usual(p, HOST, noon)));
    gw_pool_free(p);
    p = pool_of(s, 4, 8);
    assert_true(gw_pool_usual(p, HOST, noon) > 0);
    assert_true(isnan(gw_pool_usual(p, GW_LIT("other"), noon)));
    assert_true(isnan(gw_pool_usual(p, HOST, noon + GW_DAY)));
    gw_pool_free(p);
}

static void impossible_times_are_left_out(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon, INFINITY},
                      {2, 443, noon, 1e300},
                      {3, 443, noon, 1e9},
                      {4, 443, noon, 1e-300}};
    struct gw_pool *p = pool_of(s, GW_COUNT(s), 8);
    assert_true(isnan(gw_pool_usual(p, HOST, noon)));
    gw_pool_free(p);
}

// ---- order --------------------------------------------------------------

static void order_of_measurements_and_blocks_does_not_show(void **state)
{
    (void)state;
    static struct saw s[4000];
    struct gw_rand rand = {11};
    for (size_t i = 0; i < GW_COUNT(s); i++)
        s[i] =
            (struct saw){1 + (int64_t)gw_rand_below(&rand, 30),
                         (int64_t)gw_rand_below(&rand, 40),
                         noon + (gw_time)gw_rand_below(&rand, 5) * GW_DAY,
                         gw_rand_below(&rand, 2) ? gw_rand_unit(&rand) * 3 : 0};
    struct gw_pool *first = pool_of(s, GW_COUNT(s), 512);
    for (size_t step = 1; step <= GW_COUNT(s); step = step * 7 + 3) {
        shuffle(s, GW_COUNT(s), &rand);
        struct gw_pool *p = pool_of(s, GW_COUNT(s), step);
        assert_true(gw_pool_digest(p) == gw_pool_digest(first));
        assert_int_equal(gw_pool_count(p), gw_pool_count(first));
        gw_pool_free(p);
    }
    gw_pool_free(first);
}

static void the_digest_sees_what_matters(void **state)
{
    (void)state;
    struct saw s[] = {{1, 443, noon, 0.1}, {2, 443, noon, 0.1}};
    struct gw_pool *a = pool_of(s, 1, 8), *b = pool_of(s, 2, 8);
    s[0].handshake = 0.05;
    struct gw_pool *c = pool_of(s, 1, 8);
    s[0].handshake = 0.1, s[0].port = 444;
    struct gw_pool *d = pool_of(s, 1, 8);
    assert_true(gw_pool_digest(a) != gw_pool_digest(b));
    assert_true(gw_pool_digest(a) != gw_pool_digest(c));
    assert_true(gw_pool_digest(a) != gw_pool_digest(d));
    gw_pool_free(a), gw_pool_free(b), gw_pool_free(c), gw_pool_free(d);
}

// ---- memory -------------------------------------------------------------

enum { FULL = 512 << 10, MORE = 600000, BATCH = 4000 };

// Endpoints from..to, which one network connected to, as keys of the pool.
static void put_endpoints(struct gw_pool *p, int64_t from, int64_t to,
                          int64_t asn, bool backwards)
{
    struct bench b;
    bench_init(&b);
    for (int64_t i = from; i < to; i += BATCH) {
        gw_block_reset(&b.block);
        struct gw_measurement_row *row = gw_add_measurement(&b.block);
        row->probe_asn = asn;
        row->start_time = noon;
        for (int64_t k = i; k < i + BATCH && k < to; k++) {
            struct gw_tcp_row *t = gw_add_tcp(&b.block);
            t->m = 0, t->ip = IP, t->success = 1;
            t->port = backwards ? to - 1 - (k - from) : k;
        }
        assert_int_equal(gw_pool_add(p, &b.block), 0);
    }
    bench_release(&b);
}

static void what_comes_again_thins_nothing(void **state)
{
    (void)state;
    struct gw_pool *p = gw_pool_new();
    put_endpoints(p, 0, FULL, 1, false);
    assert_int_equal(gw_pool_thinned(p), 0);
    assert_int_equal(gw_pool_count(p), FULL);
    uint64_t digest = gw_pool_digest(p);
    put_endpoints(p, 0, 1000, 1, true);
    assert_int_equal(gw_pool_thinned(p), 0);
    assert_true(gw_pool_digest(p) == digest);
    put_endpoints(p, FULL, FULL + 1, 1, false);
    assert_int_equal(gw_pool_thinned(p), 1);
    assert_in_range(gw_pool_count(p), (size_t)FULL * 49 / 100,
                    (size_t)FULL * 51 / 100);
    gw_pool_free(p);
}

static void thinning_does_not_depend_on_order(void **state)
{
    (void)state;
    struct gw_pool *a = gw_pool_new(), *b = gw_pool_new();
    put_endpoints(a, 0, MORE, 1, false);
    put_endpoints(a, 0, MORE / 6, 2, false);
    put_endpoints(b, 0, MORE / 6, 2, true);
    put_endpoints(b, MORE / 2, MORE, 1, true);
    put_endpoints(b, 0, MORE / 2, 1, false);
    put_endpoints(b, MORE / 3, MORE, 1, false);
    assert_int_equal(gw_pool_thinned(a), 1);
    assert_int_equal(gw_pool_thinned(b), 1);
    assert_int_equal(gw_pool_count(a), gw_pool_count(b));
    assert_true(gw_pool_digest(a) == gw_pool_digest(b));
    gw_pool_free(a);
    gw_pool_free(b);
}

static bool small_pool(void)
{
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block block = {.arena = NULL};
    struct gw_pool *p = gw_pool_new();
    bool ok = arena && p && gw_block_init(&block, arena) == 0;
    for (int64_t i = 0; ok && i < 3000; i++)
        put(&block, &(struct saw){1, i, noon, i == 0 ? 0.1 : 0});
    ok = ok && !block.err && gw_pool_add(p, &block) == 0 &&
         gw_pool_count(p) == 3004;
    gw_block_release(&block);
    gw_pool_free(p);
    gw_arena_free(arena);
    return ok;
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    assert_true(gw_fault_each_alloc(small_pool) > 4);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(three_networks_are_heard_and_two_are_not),
        T(the_own_network_is_not_counted),
        T(a_flood_from_one_network_is_one_voice),
        T(nobodys_network_has_no_voice),
        T(only_what_worked_is_vouched_for),
        T(unchecked_certificates_prove_no_address),
        T(port_and_host_and_fact_are_kept_apart),
        T(the_days_beside_count_and_no_others),
        T(networks_are_counted_once_over_the_days),
        T(times_without_a_day_do_no_harm),
        T(usual_time_is_of_networks_not_of_rows),
        T(few_networks_have_no_usual_time),
        T(impossible_times_are_left_out),
        T(order_of_measurements_and_blocks_does_not_show),
        T(the_digest_sees_what_matters),
        T(what_comes_again_thins_nothing),
        T(thinning_does_not_depend_on_order),
        T(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
