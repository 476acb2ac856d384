// Rows of obs_web in full: every column, and those that no table has.
#include "facts_case.h"

#include <math.h>

static const char golden[] =
    "measurement_uid=uid\n"
    "measurement_start_time=2024-02-12 20:33:47\n"
    "test_name=web_connectivity\n"
    "bucket_date=2024-02-12\n"
    "probe_asn=64500\n"
    "observation_idx=1\n"
    "hostname=a.example\n"
    "ip=192.0.2.1\n"
    "port=80\n"
    "dns_engine=system\n"
    "dns_answer=192.0.2.1\n"
    "dns_t=0.5\n"
    "tcp_success=1\n"
    "\n"
    "measurement_uid=uid\n"
    "measurement_start_time=2024-02-12 20:33:47\n"
    "test_name=web_connectivity\n"
    "bucket_date=2024-02-12\n"
    "probe_asn=64500\n"
    "observation_idx=2\n"
    "hostname=a.example\n"
    "transaction_id=4\n"
    "ip=192.0.2.1\n"
    "port=443\n"
    "dns_engine=system\n"
    "dns_answer=192.0.2.1\n"
    "dns_t=0.5\n"
    "tcp_success=1\n"
    "tls_server_name=a.example\n"
    "tls_end_entity_certificate_san_list=[\"a.example\"]\n"
    "tls_end_entity_certificate_not_valid_after=2024-02-12 20:33:47\n"
    "http_failure=eof_error\n"
    "\n"
    "measurement_uid=uid\n"
    "measurement_start_time=2024-02-12 20:33:47\n"
    "test_name=web_connectivity\n"
    "bucket_date=2024-02-12\n"
    "probe_asn=64500\n"
    "observation_idx=3\n"
    "hostname=a.example\n"
    "dns_failure=dns_nxdomain_error\n"
    "dns_engine=udp\n"
    "\n";

static void the_hostname_is_the_best_that_is_known(void **state)
{
    struct world *w = *state;
    dns(w, "system", "dns.example", "192.0.2.1");
    tcp(w, "192.0.2.1", 443);
    tls(w, "sni.example", "192.0.2.1", 443);
    tls(w, "sni.example", "192.0.2.2", 443);
    http(w, "http.example", "192.0.2.2", 443);
    tls(w, "sni.example", "192.0.2.3", 443);
    tls(w, "192.0.2.4", "192.0.2.4", 443);
    join(w);
    assert_int_equal(w->count, 4);
    assert_true(gw_is(w->rows[0].hostname, "dns.example"));
    assert_true(gw_is(w->rows[1].hostname, "http.example"));
    assert_true(gw_is(w->rows[2].hostname, "sni.example"));
    assert_true(gw_is(w->rows[3].hostname, "input.example"));
}

static void the_address_comes_with_what_its_fact_knows(void **state)
{
    struct world *w = *state;
    struct gw_dns_row *d = dns(w, "system", "a.example", "192.0.2.1");
    d->answer_asn = 64500;
    d->answer_cc = GW_LIT("PK");
    d->answer_is_bogon = 1;
    struct gw_tcp_row *t = tcp(w, "192.0.2.2", 443);
    t->ip_asn = 64501;
    t->ip_cc = GW_LIT("KE");
    t->transaction_id = 5;
    join(w);
    assert_int_equal(w->count, 2);
    assert_int_equal(w->rows[0].ip_asn, 64500);
    assert_true(gw_is(w->rows[0].ip_cc, "PK"));
    assert_int_equal(w->rows[0].ip_is_bogon, 1);
    assert_true(w->rows[0].port == GW_NULL);
    assert_int_equal(w->rows[1].ip_asn, 64501);
    assert_true(gw_is(w->rows[1].ip_cc, "KE"));
    assert_int_equal(w->rows[1].port, 443);
    assert_int_equal(w->rows[1].transaction_id, 5);
    assert_true(gw_is(w->rows[1].bucket_date, "2024-02-12"));
    assert_int_equal(w->rows[0].observation_idx, 1);
    assert_int_equal(w->rows[1].observation_idx, 2);
}

static void messenger_services_have_their_names(void **state)
{
    static const struct {
        const char *test, *host, *ip, *id;
    } cases[] = {
        {"telegram", NULL, "149.154.167.51", "telegram/dc_pool"},
        {"telegram", "web.telegram.org", NULL, "telegram/web"},
        {"whatsapp", "e12.whatsapp.net", NULL, "whatsapp/endpoints"},
        {"whatsapp", "e12x.whatsapp.net", NULL, NULL},
        {"signal", "cdn.signal.org", NULL, "signal/cdn"},
        {"signal", "cdn2.signal.org", NULL, "signal/cdn"},
        {"signal", "cdn2.signal.org.example", NULL, NULL},
        {"facebook_messenger", "stun.fbsbx.com", NULL,
         "facebook_messenger/stun"},
        {"web_connectivity", "web.telegram.org", NULL, NULL},
        {"web_connectivity", NULL, "149.154.167.51", NULL},
    };
    struct world *w = *state;
    struct gw_measurement_row *m = w->block.rows[GW_TABLE_measurement].at;
    struct gw_http_row *h = http(w, NULL, NULL, 443);
    m->input_host = (gw_span){0};
    for (size_t i = 0; i < GW_COUNT(cases); i++) {
        m->test_name = gw_str(cases[i].test);
        h->hostname = gw_str(cases[i].host);
        h->ip = gw_str(cases[i].ip);
        join(w);
        assert_true(gw_eq(w->rows[0].target_id, gw_str(cases[i].id)));
    }
}

static void targets_of_tor_are_named(void **state)
{
    struct world *w = *state;
    struct gw_measurement_row *m = w->block.rows[GW_TABLE_measurement].at;
    struct gw_tcp_row *t = tcp(w, "192.0.2.1", 443);
    m->test_name = GW_LIT("tor");
    t->target = GW_LIT("f372c264e9a470335d9ac79fe780847bda052aa3b6a9ee5ff4");
    join(w);
    assert_true(gw_eq(w->rows[0].target_id, t->target));
    assert_null(w->rows[0].hostname.at); // the input is not that bridge
}

static void fill_columns(enum gw_table table, uint8_t *row, struct world *w)
{
    const struct gw_table_info *info = &gw_tables[table];
    for (size_t i = 0; i < info->column_count; i++) {
        const struct gw_column *c = &info->columns[i];
        void *at = row + c->offset;
        switch (c->type) {
        case GW_INT: *(int64_t *)at = (int64_t)(100 + i); break;
        case GW_TIME: *(int64_t *)at = (int64_t)(i + 1) * GW_SECOND; break;
        case GW_REAL: *(double *)at = 0.25 * (double)(i + 1); break;
        case GW_STR:
        case GW_JSON:
            *(gw_span *)at =
                gw_arena_fmt(w->texts, "[\"%s.%s\"]", info->name, c->name);
            break;
        }
    }
}

static bool is_null(const struct gw_column *c, const void *part)
{
    const uint8_t *at = (const uint8_t *)part + c->offset;
    switch (c->type) {
    case GW_INT:
    case GW_TIME: return *(const int64_t *)(const void *)at == GW_NULL;
    case GW_REAL: return isnan(*(const double *)(const void *)at);
    case GW_STR:
    case GW_JSON: return !((const gw_span *)(const void *)at)->at;
    }
    return true;
}

static void every_column_can_have_a_value(void **state)
{
    struct world *w = *state;
    struct gw_dns_row *d = dns(w, NULL, NULL, NULL);
    struct gw_tcp_row *t = tcp(w, NULL, 0);
    struct gw_tls_row *l = tls(w, NULL, NULL, 0);
    struct gw_http_row *h = http(w, NULL, NULL, 0);
    struct gw_measurement_row *m = w->block.rows[GW_TABLE_measurement].at;
    fill_columns(GW_TABLE_measurement, (uint8_t *)m, w);
    fill_columns(GW_TABLE_dns, (uint8_t *)d, w);
    fill_columns(GW_TABLE_tcp, (uint8_t *)t, w);
    fill_columns(GW_TABLE_tls, (uint8_t *)l, w);
    fill_columns(GW_TABLE_http, (uint8_t *)h, w);
    m->test_name = GW_LIT("tor");
    d->m = t->m = l->m = h->m = 0;
    d->target = t->target = l->target = h->target = GW_LIT("bridge");
    d->answer = t->ip = l->ip = h->ip = GW_LIT("192.0.2.1");
    t->port = l->port = h->port = 443;
    t->transaction_id = l->transaction_id = h->transaction_id = 1;
    join(w);
    assert_int_equal(w->count, 1);
    assert_int_equal(gw_obs_web_column_count, 95);
    for (size_t i = 0; i < gw_obs_web_column_count; i++) {
        const struct gw_obs_web_column *web = &gw_obs_web_columns[i];
        struct gw_column c = gw_obs_web_source(i);
        const void *part = gw_obs_web_part(w->rows, web->table);
        assert_non_null(part);
        assert_string_equal(c.name, web->column);
        if (strcmp(web->name, "created_at") == 0)
            assert_true(is_null(&c, part));
        else if (is_null(&c, part))
            fail_msg("%s is empty", web->name);
    }
}

// ---- rows in full -------------------------------------------------------

static void put_value(struct gw_buf *b, const struct gw_column *c,
                      const void *part)
{
    const uint8_t *at = (const uint8_t *)part + c->offset;
    char text[GW_TIME_TEXT];
    gw_span s = {0};
    int64_t i;
    double d;
    switch (c->type) {
    case GW_INT:
        memcpy(&i, at, sizeof i);
        gw_put_fmt(b, "%lld", (long long)i);
        break;
    case GW_TIME:
        memcpy(&i, at, sizeof i);
        gw_put(b, text, gw_format_time(i, text));
        break;
    case GW_REAL:
        memcpy(&d, at, sizeof d);
        gw_put_fmt(b, "%g", d);
        break;
    case GW_STR:
    case GW_JSON:
        memcpy(&s, at, sizeof s);
        gw_put_span(b, s);
        break;
    }
}

static void a_small_measurement_gives_these_rows(void **state)
{
    struct world *w = *state;
    struct gw_measurement_row *m = w->block.rows[GW_TABLE_measurement].at;
    m->uid = GW_LIT("uid");
    m->probe_asn = 64500;
    dns(w, "system", "a.example", "192.0.2.1")->t = 0.5;
    dns(w, "udp", "a.example", NULL);
    tcp(w, "192.0.2.1", 80);
    tcp(w, "192.0.2.1", 443)->transaction_id = 4;
    struct gw_tls_row *l = tls(w, "a.example", "192.0.2.1", 443);
    l->transaction_id = 4;
    l->san_list = GW_LIT("[\"a.example\"]");
    l->not_valid_after = m->start_time;
    http(w, "a.example", NULL, 443)->failure = GW_LIT("eof_error");
    join(w);
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    for (size_t r = 0; r < w->count; r++) {
        for (size_t i = 0; i < gw_obs_web_column_count; i++) {
            struct gw_column c = gw_obs_web_source(i);
            const void *part =
                gw_obs_web_part(&w->rows[r], gw_obs_web_columns[i].table);
            if (!part || is_null(&c, part))
                continue;
            gw_put_fmt(&b, "%s=", gw_obs_web_columns[i].name);
            put_value(&b, &c, part);
            gw_put_u8(&b, '\n');
        }
        gw_put_u8(&b, '\n');
    }
    gw_put_u8(&b, 0);
    assert_string_equal((const char *)b.at, golden);
    gw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_hostname_is_the_best_that_is_known),
        T(the_address_comes_with_what_its_fact_knows),
        T(messenger_services_have_their_names),
        T(targets_of_tor_are_named),
        T(every_column_can_have_a_value),
        T(a_small_measurement_gives_these_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
