// A block with one measurement, and facts of it in one line each.
#ifndef GW_FACTS_CASE_H
#define GW_FACTS_CASE_H

#include "model/model.h"
#include "t.h"

enum { ARENA = 64 << 20 };

struct world {
    struct gw_arena *texts, *arena;
    struct gw_block block;
    struct gw_obs_web_row *rows;
    size_t count;
};

static inline int set_up(void **state)
{
    struct world *w = gw_new(sizeof *w);
    w->texts = gw_arena_new(ARENA);
    w->arena = gw_arena_new(ARENA);
    assert_int_equal(gw_block_init(&w->block, w->texts), 0);
    struct gw_measurement_row *m = gw_add_measurement(&w->block);
    m->start_time = gw_time_civil(2024, 2, 12, 20, 33, 47);
    m->test_name = GW_LIT("web_connectivity");
    m->input_host = GW_LIT("input.example");
    *state = w;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;
    gw_block_release(&w->block);
    gw_arena_free(w->texts);
    gw_arena_free(w->arena);
    gw_free(w);
    return 0;
}

static inline void join(struct world *w)
{
    struct gw_obs_web_cursor c = {{0}};
    assert_int_equal(w->block.err, 0);
    assert_int_equal(
        gw_obs_web_join(&w->block, 0, &c, w->arena, &w->rows, &w->count), 0);
}

// ---- facts in one line --------------------------------------------------
// Rows move when a table grows, so facts are told apart by their item.

static inline struct gw_dns_row *dns(struct world *w, const char *engine,
                                     const char *host, const char *answer)
{
    struct gw_dns_row *r = gw_add_dns(&w->block);
    r->m = 0;
    r->list = GW_LIST_QUERIES;
    r->item = (int64_t)w->block.rows[GW_TABLE_dns].count - 1;
    r->engine = gw_str(engine);
    r->hostname = gw_str(host);
    r->answer = gw_str(answer);
    if (!answer)
        r->failure = GW_LIT("dns_nxdomain_error");
    return r;
}

static inline struct gw_tcp_row *tcp(struct world *w, const char *ip,
                                     int64_t port)
{
    struct gw_tcp_row *r = gw_add_tcp(&w->block);
    r->m = 0;
    r->list = GW_LIST_TCP_CONNECT;
    r->item = (int64_t)w->block.rows[GW_TABLE_tcp].count - 1;
    r->ip = gw_str(ip);
    r->port = port;
    r->success = 1;
    return r;
}

static inline struct gw_tls_row *tls(struct world *w, const char *sni,
                                     const char *ip, int64_t port)
{
    struct gw_tls_row *r = gw_add_tls(&w->block);
    r->m = 0;
    r->list = GW_LIST_TLS_HANDSHAKES;
    r->item = (int64_t)w->block.rows[GW_TABLE_tls].count - 1;
    r->network = GW_LIT("tcp");
    r->server_name = gw_str(sni);
    r->ip = gw_str(ip);
    r->port = port;
    return r;
}

static inline struct gw_http_row *http(struct world *w, const char *host,
                                       const char *ip, int64_t port)
{
    struct gw_http_row *r = gw_add_http(&w->block);
    r->m = 0;
    r->list = GW_LIST_REQUESTS;
    r->item = (int64_t)w->block.rows[GW_TABLE_http].count - 1;
    r->hostname = gw_str(host);
    r->ip = gw_str(ip);
    r->port = port;
    return r;
}

static inline int64_t item_of(const void *fact)
{
    struct { // the columns every fact begins with
#define X(type, name, what) gw_t_##type name;
        GW_FACT_COLUMNS(X)
#undef X
    } f;
    if (!fact)
        return -1;
    memcpy(&f, fact, sizeof f);
    return f.item;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
