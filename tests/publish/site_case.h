// An archive with one object, its findings, days and an incident, and the site
// that is made of it.
#ifndef GW_SITE_CASE_H
#define GW_SITE_CASE_H

#include "../store/place.h"
#include "markup.h"
#include "publish/publish.h"

struct site_case {
    struct place place;
    struct gw_archive *archive;
    char site[128], object[65], finding[GW_ID_TEXT], gone[GW_ID_TEXT];
};
#define INCIDENT  "i-0123456789ab"
#define FIRST_DAY (19662 * GW_DAY) // 1 November 2023, a Wednesday

static inline gw_span words(struct gw_arena *arena, const char *text)
{
    return gw_arena_copy(arena, gw_str(text));
}

// Two findings: one of HTTP that fired two rules, one that is ok.
static inline void put_findings(struct site_case *c)
{
    struct gw_why why = {0};
    struct gw_block block;
    struct gw_buf bytes;
    struct gw_segment_writer *w;
    struct gw_arena *arena = gw_arena_new(1 << 20);
    struct gw_block_codec *codec = gw_block_codec_new();
    gw_buf_init(&bytes, 1 << 20);
    assert_int_equal(gw_block_init(&block, arena), 0);
    for (int64_t n = 0; n < 2; n++) {
        struct gw_finding_row *f = gw_add_finding(&block);
        f->record = 4096;
        f->n = n;
        f->layer = n ? GW_LAYER_DNS : GW_LAYER_ALL;
        f->state = n ? GW_STATE_OK : GW_STATE_BLOCKED;
        f->rule = words(arena, n ? "dns.ok" : "tcp.failure_control_ok");
        f->llr = n ? -3 : 4.5;
        f->target = words(arena, "telegram");
        f->test_name = words(arena, "telegram");
        f->probe_cc = words(arena, "KE");
        f->probe_asn = 33771;
        f->probe_as_org_name = words(arena, "Safaricom <Ltd>");
        f->start_time = FIRST_DAY + 5 * 3600 * GW_SECOND;
        f->uid = words(arena, "20231101050000.1_KE_telegram_0123456789abcdef");
        f->observer = 1;
        f->program = words(arena, "ooniprobe 3.18");
        f->synthetic = 0;
    }
    struct gw_fired_row *r = gw_add_fired(&block);
    r->f = 0;
    r->rule = words(arena, "tcp.failure_control_ok");
    r->table = GW_TABLE_tcp;
    r->list = GW_LIST_TCP_CONNECT;
    r->item = 3;
    r->llr = 4.5;
    r->detail = words(arena, "generic_timeout_error <1>");
    assert_int_equal(gw_block_encode(codec, &block, &bytes, &why), 0);
    assert_int_equal(gw_segment_begin(c->archive, GW_TIER_FINDINGS, c->object,
                                      GW_LIT("{}"), &w, &why),
                     0);
    assert_int_equal(gw_segment_put(w, gw_buf_span(&bytes), &why), 0);
    assert_int_equal(gw_segment_finish(w, &why), 0);
    gw_buf_release(&bytes);
    gw_block_release(&block);
    gw_block_codec_free(codec);
    gw_arena_free(arena);
}

static inline void put_day_row(struct site_case *c, int64_t asn,
                               const char *org, int day, int64_t blocked,
                               int64_t ok)
{
    struct gw_day_row d = {.cc = "KE",
                           .target = "telegram",
                           .asn = asn,
                           .layer = GW_LAYER_ALL,
                           .day = FIRST_DAY + day * GW_DAY};
    d.count[GW_STATE_BLOCKED] = blocked;
    d.count[GW_STATE_OK] = ok;
    d.observers[GW_STATE_BLOCKED] = blocked ? 2 : 0;
    d.observers[GW_STATE_OK] = ok ? 3 : 0;
    snprintf(d.org, sizeof d.org, "%s", org);
    snprintf(d.rule, sizeof d.rule, "tcp.failure_control_ok");
    snprintf(d.example, sizeof d.example, "%s", c->finding);
    assert_int_equal(gw_day_add(c->archive, &d, NULL), 0);
}

// Weekdays are blocked on one network; the other is open; four days silent.
static inline void put_days(struct site_case *c)
{
    for (int day = 0; day < 40; day++) {
        bool off = day % 7 == 3 || day % 7 == 4 || day < 5 || day > 26;
        if (day >= 12 && day < 16)
            continue;
        put_day_row(c, 33771, "Safaricom <Ltd>", day, off ? 0 : 7, off ? 8 : 1);
        put_day_row(c, 15399, "Wananchi", day, 0, 9);
    }
}

static inline struct gw_incident_row
incident_of(struct site_case *c, char *body, size_t cap, const char *until)
{
    snprintf(
        body, cap,
        "{\"cc\":\"KE\",\"confidence\":\"very likely\",\"counts\":{\"blocked\":"
        "84,\"down\":0,\"intercepted\":0,\"ok\":20,\"throttled\":0,"
        "\"unknown\":1},\"evidence\":[\"%s\",\"%s\"],\"guards\":[{\"text\":"
        "\"Only <one> observer.\",\"what\":\"one-observer\"}],\"id\":\"%s\","
        "\"kind\":\"blocking\",\"log_odds_milli\":6200,\"made\":{\"cells\":1,"
        "\"detector\":1,\"rules\":1},\"measurements\":105,\"methods\":["
        "{\"example\":\"%s\",\"layer\":\"tcp\",\"measurements\":84,\"rule\":"
        "\"tcp.failure_control_ok\",\"text\":\"It failed while the helper "
        "could.\"}],\"networks\":[{\"asn\":33771,\"confidence\":\"very "
        "likely\",\"counts\":{\"blocked\":84,\"down\":0,\"intercepted\":0,"
        "\"ok\":20,\"throttled\":0,\"unknown\":1},\"layers\":[\"tcp\"],"
        "\"log_odds_milli\":6200,\"observers\":2,\"org\":\"Safaricom <Ltd>\","
        "\"since\":{\"earliest\":\"2023-11-05 20:00\",\"latest\":\"2023-11-06 "
        "05:00\"},\"until\":%s}],\"observers\":2,\"pattern\":{\"hours\":[5,6],"
        "\"weekdays\":[1,2,3,4,5]},\"since\":{\"earliest\":\"2023-11-05 "
        "20:00\",\"latest\":\"2023-11-06 05:00\"},\"state\":\"%s\","
        "\"synthetic\":false,\"target\":\"telegram\",\"unknown\":[\"Whether it "
        "went on.\"],\"until\":%s,\"v\":1}",
        c->finding, c->gone, INCIDENT, c->finding, until,
        *until == 'n' ? "ongoing" : "over", until);
    struct gw_incident_row i = {.kind = "blocking",
                                .cc = "KE",
                                .target = "telegram",
                                .since = {FIRST_DAY + 116 * 3600 * GW_SECOND,
                                          FIRST_DAY + 125 * 3600 * GW_SECOND},
                                .until = {GW_NEVER, GW_NEVER},
                                .log_odds = 6.2,
                                .confidence = "very likely",
                                .observers = 2,
                                .measurements = 105,
                                .blocked = 84,
                                .version = 1,
                                .changed = FIRST_DAY + 50 * GW_DAY,
                                .body = gw_str(body)};
    snprintf(i.id, sizeof i.id, "%s", INCIDENT);
    return i;
}

static inline void put_versions(struct site_case *c)
{
    static char body[8192];
    bool changed;
    struct gw_why why = {0};
    struct gw_incident_row i = incident_of(c, body, sizeof body, "null");
    assert_int_equal(gw_incident_put(c->archive, &i, &changed, &why), 0);
    i = incident_of(c, body, sizeof body,
                    "{\"earliest\":\"2023-11-27 12:00\",\"latest\":"
                    "\"2023-11-28 04:00\"}");
    i.until[0] = FIRST_DAY + 26 * GW_DAY + 12 * 3600 * GW_SECOND;
    i.until[1] = FIRST_DAY + 27 * GW_DAY + 4 * 3600 * GW_SECOND;
    i.version = 2;
    i.changed = FIRST_DAY + 60 * GW_DAY;
    assert_int_equal(gw_incident_put(c->archive, &i, &changed, &why), 0);
}

static inline void site_case_open(struct site_case *c)
{
    *c = (struct site_case){.place = place_new()};
    snprintf(c->site, sizeof c->site, "%s/site", c->place.root);
    c->archive = archive_in(&c->place, GW_ARCHIVE_CREATE);
    struct gw_object o = put_text(c->archive, "a measurement");
    o.kind = GW_KIND_OONI_JSON;
    o.state = GW_DONE;
    o.records = 1;
    assert_int_equal(gw_evidence_describe(c->archive, &o, NULL), 0);
    snprintf(c->object, sizeof c->object, "%s", o.hash);
    snprintf(c->finding, sizeof c->finding, "f-%.12s-4096-0", o.hash);
    snprintf(c->gone, sizeof c->gone, "f-%.12s-9999-0", o.hash);
    put_findings(c);
    put_days(c);
    put_versions(c);
    commit(c->archive);
}

static inline void site_case_close(struct site_case *c)
{
    gw_archive_close(c->archive);
    place_remove(&c->place);
}

static inline struct gw_publish_summary site_case_publish(struct site_case *c,
                                                          const char *base_url)
{
    struct gw_publish_options o = {.folder = c->site,
                                   .base_url = base_url,
                                   .now = FIRST_DAY + 61 * GW_DAY};
    struct gw_publish_summary sum;
    struct gw_why why = {0};
    int rc = gw_publish(c->archive, &o, &sum, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return sum;
}

// A file of the site; released by the caller.
static inline gw_span site_case_file(struct site_case *c, struct gw_buf *b,
                                     const char *format, const char *id)
{
    char name[256], path[512];
    snprintf(name, sizeof name, "%s", format);
    char *at = strstr(name, "ID");
    if (at)
        *at = 0;
    snprintf(path, sizeof path, "%s/%s%s%s", c->site, name, at ? id : "",
             at ? at + 2 : "");
    file_get(path, b);
    return gw_buf_span(b);
}

#endif
