// An archive of two objects, a few days and three incidents, all put there by
// hand, with a server before it.
#ifndef GW_API_WORLD_H
#define GW_API_WORLD_H

#include "serve_case.h"

enum { BLOCKS = 3, PER_BLOCK = 5, RECORD_STEP = 100 };

struct world {
    struct serve_case c;
    struct gw_object objects[2];
    char ids[2][13];
};

// ---- the archive --------------------------------------------------------
static inline void put_block(struct gw_segment_writer *w,
                             struct gw_block_codec *codec,
                             const struct gw_block *b)
{
    struct gw_buf bytes;
    struct gw_why why = {0};
    gw_buf_init(&bytes, 1 << 20);
    assert_ok(gw_block_encode(codec, b, &bytes, &why), why);
    assert_ok(gw_segment_put(w, gw_buf_span(&bytes), &why), why);
    gw_buf_release(&bytes);
}

static inline void fill_finding(struct gw_finding_row *f, int object, int i,
                                int layer)
{
    static const char *const inputs[] = {"https://www.example.com/",
                                         "http://b\xc3\xbc"
                                         "cher.example/x",
                                         "https://blocked.example/?q=\"1\""};
    static const char *const targets[] = {
        "www.example.com", "xn--bcher-kva.example", "blocked.example"};
    static const enum gw_state states[] = {GW_STATE_OK, GW_STATE_UNKNOWN,
                                           GW_STATE_BLOCKED, GW_STATE_DOWN};
    f->record = (int64_t)i * RECORD_STEP;
    f->n = layer == GW_LAYER_ALL ? 0 : 1;
    f->layer = layer;
    f->state = states[i % 4];
    f->kind = i % 8 == 2 ? GW_ARTEFACT : GW_CONTRAST;
    f->rule = GW_LIT("dns.bogon");
    f->stage = layer == GW_LAYER_ALL ? GW_LIT("dns") : (gw_span){0};
    f->llr = 2.5;
    f->input = gw_str(inputs[i % 3]);
    f->target = gw_str(targets[i % 3]);
    f->uid = i % 2 ? GW_LIT("20240201000000.000000_PK_webconnectivity_01")
                   : GW_LIT("20240202000000.000000_PK_webconnectivity_02");
    f->test_name = i % 5 ? GW_LIT("web_connectivity") : GW_LIT("telegram");
    f->probe_cc = object ? GW_LIT("ZZ") : GW_LIT("PK");
    f->probe_asn = i % 7 == 6 ? GW_NULL : 64500 + i % 2;
    f->probe_as_org_name = GW_LIT("Example Net");
    f->resolver_asn = 64999;
    f->observer = 4242424242;
    f->program = GW_LIT("secret-program 1");
    f->throttled = 0;
    f->intercepted = i % 8 == 2;
    f->start_time = gw_time_civil(2024, 2, 1 + i, 10, 0, 0) + (i == 1) * 500000;
    f->synthetic = object;
}

static inline void put_segments(struct gw_archive *a, const char *hash,
                                int object)
{
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block_codec *codec = gw_block_codec_new();
    struct gw_segment_writer *facts, *findings;
    struct gw_block b;
    struct gw_why why = {0};
    assert_int_equal(gw_block_init(&b, arena), 0);
    assert_ok(
        gw_segment_begin(a, GW_TIER_FACTS, hash, GW_LIT("{}"), &facts, &why),
        why);
    assert_ok(gw_segment_begin(a, GW_TIER_FINDINGS, hash, GW_LIT("{}"),
                               &findings, &why),
              why);
    for (int k = 0; k < BLOCKS; k++) {
        gw_block_reset(&b);
        for (int i = k * PER_BLOCK; i < (k + 1) * PER_BLOCK; i++) {
            struct gw_measurement_row *m = gw_add_measurement(&b);
            m->record = (int64_t)i * RECORD_STEP;
            m->report_id = gw_arena_fmt(arena, "report-%d-%d", object, i);
            m->probe_id = GW_LIT("secret-probe");
            m->resolver_ip = GW_LIT("192.0.2.77");
        }
        put_block(facts, codec, &b);
        gw_block_reset(&b);
        for (int i = k * PER_BLOCK; i < (k + 1) * PER_BLOCK; i++) {
            fill_finding(gw_add_finding(&b), object, i, GW_LAYER_ALL);
            fill_finding(gw_add_finding(&b), object, i, GW_LAYER_DNS);
            struct gw_fired_row *r = gw_add_fired(&b);
            r->f = 2 * (i - k * PER_BLOCK) + 1;
            r->rule = GW_LIT("dns.bogon");
            r->table = GW_TABLE_dns;
            r->list = GW_LIST_QUERIES;
            r->item = 0;
            r->llr = 2.5;
            r->detail = GW_LIT("answer 10.0.0.1 from 192.0.2.77");
        }
        put_block(findings, codec, &b);
    }
    assert_ok(gw_segment_finish(facts, &why), why);
    assert_ok(gw_segment_finish(findings, &why), why);
    gw_block_release(&b);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
}

static inline void put_day(struct gw_archive *a, const char *target,
                           int64_t asn, int day, bool aggregate,
                           int64_t blocked, int64_t ok)
{
    struct gw_day_row d = {.asn = asn,
                           .layer = GW_LAYER_ALL,
                           .day = gw_time_civil(2024, 2, day, 0, 0, 0),
                           .count = {1, ok, 2, blocked},
                           .observers = {1, ok, 1, blocked},
                           .throttled = 1,
                           .aggregate = aggregate};
    struct gw_why why = {0};
    snprintf(d.cc, sizeof d.cc, "PK");
    snprintf(d.target, sizeof d.target, "%s", target);
    assert_ok(gw_day_add(a, &d, &why), why);
    d.layer = GW_LAYER_DNS;
    if (!aggregate)
        assert_ok(gw_day_add(a, &d, &why), why);
}

static inline void put_incident(struct gw_archive *a, const char *id, int day,
                                const char *body, bool withdrawn, bool over)
{
    gw_time t = gw_time_civil(2024, 2, day, 0, 0, 0);
    struct gw_incident_row i = {.since = {t, t + 3600 * GW_SECOND},
                                .until = {over ? t + GW_DAY : GW_NEVER,
                                          over ? t + 2 * GW_DAY : GW_NEVER},
                                .log_odds = 4.5,
                                .observers = 3,
                                .withdrawn = withdrawn,
                                .changed = gw_time_civil(2024, 3, 1, 0, 0, 0),
                                .body = gw_str(body)};
    struct gw_why why = {0};
    snprintf(i.id, sizeof i.id, "%s", id);
    snprintf(i.kind, sizeof i.kind, "blocking");
    snprintf(i.cc, sizeof i.cc, "PK");
    snprintf(i.target, sizeof i.target, "telegram");
    snprintf(i.confidence, sizeof i.confidence, "likely");
    assert_ok(gw_incident_put(a, &i, NULL, &why), why);
}

static inline void open_world(struct world *w)
{
    *w = (struct world){0};
    serve_begin(&w->c);
    struct gw_archive *a = archive_in(&w->c.place, GW_ARCHIVE_CREATE);
    struct gw_why why = {0};
    for (int i = 0; i < 2; i++) {
        w->objects[i] = put_text(a, i ? "the second" : "the first");
        w->objects[i].kind = GW_KIND_OONI_JSON;
        w->objects[i].state = GW_DONE;
        w->objects[i].records = BLOCKS * PER_BLOCK;
        snprintf(w->objects[i].source, sizeof w->objects[i].source, "secret");
        assert_ok(gw_evidence_describe(a, &w->objects[i], &why), why);
        put_segments(a, w->objects[i].hash, i);
        memcpy(w->ids[i], w->objects[i].hash, sizeof w->ids[i] - 1);
    }
    put_day(a, "telegram", 64500, 1, false, 5, 10);
    put_day(a, "telegram", 64500, 1, true, 500, 1000); // seen by us as well
    put_day(a, "telegram", 64501, 2, true, 7, 0);
    put_day(a, "signal, \"x\"", GW_NULL, 2, false, 0, 3);
    put_day(a, "signal, \"x\"", 64500, 12, false, 1, 1);
    put_incident(a, "i-000000000001", 1, "{\"v\":1}", false, true);
    put_incident(a, "i-000000000001", 1, "{\"v\":1,\"x\":2}", false, true);
    put_incident(a, "i-000000000002", 9, "{\"v\":1,\"id\":2}", false, false);
    put_incident(a, "i-000000000003", 5, "{}", true, false);
    commit(a);
    gw_archive_close(a);
    char ledger[160];
    snprintf(ledger, sizeof ledger, "%s/ledger", w->c.place.archive);
    talk_write(ledger, "checkpoint", GW_LIT("the checkpoint\n"));
    talk_write(ledger, "checkpoint.local", GW_LIT("secret\n"));
    talk_write(ledger, "policy.txt", GW_LIT("the policy\n"));
    talk_write(ledger, "tile/0/000.p/1", GW_LIT("a tile"));
    serve_start(&w->c);
}

// ---- asking -------------------------------------------------------------
static inline void assert_answer(const struct world *w, const char *path,
                                 int status, const char *body)
{
    struct talk_answer a = get(&w->c, path);
    if (a.status != status || !gw_is(a.body, body))
        fail_msg("%s: %d\n%.*s\nis not %d\n%s", path, a.status, (int)a.body.len,
                 (const char *)a.body.at, status, body);
    talk_answer_release(&a);
}

// How often a text is in an answer of 200.
static inline int times_in(const struct world *w, const char *path,
                           const char *text)
{
    struct talk_answer a = get(&w->c, path);
    int n = 0;
    if (a.status != 200)
        fail_msg("%s: %d %.*s", path, a.status, (int)a.body.len,
                 (const char *)a.body.at);
    for (int64_t at = 0; (at = gw_find(a.body, gw_str(text), (size_t)at)) >= 0;
         at++)
        n++;
    talk_answer_release(&a);
    return n;
}

static inline int measurements_in(const struct world *w, const char *query)
{
    char path[512];
    snprintf(path, sizeof path, "/api/v1/measurements?%s", query);
    return times_in(w, path, "\"measurement_uid\"");
}

// The next_url of an answer; false if it is null.
static inline bool next_of(gw_span body, char ret[1024])
{
    int64_t at = gw_find(body, GW_LIT("\"next_url\":\""), 0);
    if (at < 0)
        return false;
    gw_span rest = gw_sub(body, (size_t)at + 12, body.len);
    gw_span url = gw_cut(&rest, '"');
    snprintf(ret, 1024, "%.*s", (int)url.len, (const char *)url.at);
    return true;
}

#endif
