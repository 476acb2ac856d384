// A labelled synthetic month of measurements: when which probe measures what,
// the envelope of each line, and the labels. docs/methods/rehearse.md says what
// is in it and why.
#include "monitor/rehearse.h"

#include <stdio.h>

// ---- when who measures --------------------------------------------------

struct task {
    gw_time at; // of submission
    uint64_t seed;
    int network, probe;
    bool flood;
};
struct run {
    struct gw_rh_world world;
    struct gw_rh_line line;
    struct gw_rand rand;
    struct task *task;
    size_t count;
    struct gw_buf out;
    gw_rehearse_fn *fn;
    void *ctx;
};

static int by_time(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->network != y->network)
        return x->network < y->network ? -1 : 1;
    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

// People measure by day; hours are UTC, the rehearsal's country is at +5.
static gw_time time_of_day(struct gw_rand *r)
{
    static const uint8_t weight[24] = {3, 5, 7,  8,  8, 8, 8, 8, 8, 8, 9, 9,
                                       9, 9, 10, 10, 9, 8, 6, 4, 2, 1, 1, 2};
    uint64_t hour;
    do
        hour = gw_rand_below(r, GW_COUNT(weight));
    while (gw_rand_below(r, 10) >= weight[hour]);
    uint64_t micro = gw_rand_below(r, 3600 * UINT64_C(1000000));
    return (gw_time)hour * GW_RH_HOUR + (gw_time)micro * 1000;
}

// How many of a day's measurements are the network's: its share, so that all
// shares add up to networks * per_day.
static int64_t quota(const struct gw_rh_world *w, int network)
{
    double before = 0, all = 0, total = w->what.networks * w->what.per_day;
    for (int i = 0; i < w->what.networks; i++) {
        before += i < network ? w->network[i].weight : 0;
        all += w->network[i].weight;
    }
    double after = before + w->network[network].weight;
    int64_t from = (int64_t)(total * before / all + 0.5);
    if (network + 1 == w->what.networks)
        return (int64_t)total - from;
    return (int64_t)(total * after / all + 0.5) - from;
}

static int64_t flood_size(const struct gw_rh_world *w)
{
    return 20 + (int64_t)w->what.networks * w->what.per_day / 4;
}

static void schedule_flood(struct run *run, gw_time day)
{
    const struct gw_rh_world *w = &run->world;
    for (int i = 0; i < w->events; i++) {
        const struct gw_rh_event *e = &w->event[i];
        int64_t n = flood_size(w), k = 0;
        if (e->kind != GW_RH_FLOOD)
            continue;
        gw_time until = e->until == GW_NEVER ? w->end : e->until;
        int network = 0;
        while (!(e->networks >> network & 1))
            network++;
        for (; k < n; k++) {
            gw_time at = e->since + (until - e->since) / n * k / 1000 * 1000;
            if (at >= day && at < day + GW_DAY)
                run->task[run->count++] = (struct task){
                    at, gw_rand_next(&run->rand), network, e->probe, true};
        }
    }
}

static void schedule(struct run *run, gw_time day)
{
    const struct gw_rh_world *w = &run->world;
    struct gw_rand *r = &run->rand;
    run->count = 0;
    for (int i = 0; i < w->what.networks; i++)
        for (int64_t k = quota(w, i); k > 0; k--) {
            gw_time at = day + time_of_day(r);
            uint64_t a = gw_rand_below(r, GW_RH_PROBES);
            uint64_t b = gw_rand_below(r, GW_RH_PROBES);
            run->task[run->count++] = (struct task){
                at, gw_rand_next(r), i, (int)(a < b ? a : b), false};
        }
    schedule_flood(run, day);
    qsort(run->task, run->count, sizeof *run->task, by_time);
}

// ---- one measurement ----------------------------------------------------

static bool cut_off(const struct gw_rh_line *l, gw_time t)
{
    return gw_rh_find(l->world, GW_RH_SHUTDOWN, l->network_index, t) != NULL;
}

static gw_time by_probe(const struct gw_rh_line *l, gw_time t)
{
    gw_time claimed = t + l->probe->skew;
    return claimed < 0 ? 0 : claimed;
}

// Most are sent within two minutes; a few are kept for days on a phone.
static void choose_times(struct gw_rh_line *l, bool on_time)
{
    struct gw_rand *r = &l->rand;
    gw_time at = l->submitted - l->submitted % GW_SECOND;
    gw_time delay = (gw_time)(2 + gw_rand_below(r, 90)) * GW_SECOND;
    bool late = gw_rh_chance(r, 0.02) && !on_time;
    if (late)
        delay = (gw_time)(20 + gw_rand_below(r, 120)) * GW_RH_HOUR + delay;
    l->happened = at - delay;
    if (l->happened < l->world->what.start || cut_off(l, l->happened))
        l->happened = at;
    l->claimed = by_probe(l, l->happened);
}

// The same for all measurements of a probe's session, whatever their order.
static uint64_t session_seed(const struct gw_rh_line *l, int64_t hour)
{
    const int64_t parts[] = {l->network->asn, l->probe - l->network->probe,
                             (int64_t)l->test, hour};
    struct gw_rand r = {l->world->what.seed};
    for (size_t i = 0; i < GW_COUNT(parts); i++)
        r.state = gw_rand_next(&r) ^ (uint64_t)parts[i];
    return gw_rand_next(&r);
}

// Measurements of an hour are one session: one report, begun before them.
static void choose_session(struct gw_rh_line *l)
{
    int64_t hour = l->happened / GW_RH_HOUR;
    for (int back = 0; back < 2; back++) {
        l->session_seed = session_seed(l, hour - back);
        gw_time into = (gw_time)(l->session_seed % 1200) * GW_SECOND;
        l->session = by_probe(l, (hour - back) * GW_RH_HOUR + into);
        if (l->session <= l->claimed)
            return;
    }
}

static enum gw_rh_test choose_test(struct gw_rand *r)
{
    static const uint8_t share[GW_RH_TEST_COUNT] = {78, 7, 6, 6, 3};
    uint64_t at = gw_rand_below(r, 100);
    int test = 0;
    for (uint64_t sum = share[0]; at >= sum; sum += share[++test])
        ;
    return (enum gw_rh_test)test;
}

static int flooded_site(const struct gw_rh_world *w)
{
    for (int i = 0; i < w->events; i++)
        if (w->event[i].kind == GW_RH_FLOOD)
            return w->event[i].site;
    return 0;
}

static void set_line(struct run *run, const struct task *t)
{
    struct gw_rh_line *l = &run->line;
    struct gw_rh_world *w = &run->world;
    struct gw_buf scratch = l->scratch;
    *l = (struct gw_rh_line){.world = w,
                             .network = &w->network[t->network],
                             .probe = &w->network[t->network].probe[t->probe],
                             .network_index = t->network,
                             .flood = t->flood,
                             .submitted = t->at,
                             .rand = {t->seed},
                             .scratch = scratch};
    l->test = t->flood ? GW_RH_WEB : choose_test(&l->rand);
    l->site =
        t->flood ? flooded_site(w) : (int)gw_rand_below(&l->rand, GW_RH_SITES);
    choose_times(l, t->flood);
    choose_session(l);
}

// ---- its line -----------------------------------------------------------

static const char *const test_versions[GW_RH_TEST_COUNT] = {
    "0.5.28", "0.3.1", "0.11.1", "0.2.5", "0.4.0"};

static gw_span compact(gw_time t, bool utc, char *ret_text)
{
    char text[GW_TIME_TEXT];
    gw_format_time(t, text); // 2024-02-12 20:33:47
    int n = snprintf(ret_text, GW_TIME_TEXT, "%.4s%.2s%.2s%s%.2s%.2s%.2s%s",
                     text, text + 5, text + 8, utc ? "T" : "", text + 11,
                     text + 14, text + 17, utc ? "Z" : "");
    return gw_span_of(ret_text, (size_t)n);
}

static void short_name(enum gw_rh_test test, char *ret_text /* 32 */)
{
    for (const char *p = gw_rh_test_names[test]; *p; p++)
        if (*p != '_')
            *ret_text++ = *p;
    *ret_text = 0;
}

static void put_uid(struct gw_rh_line *l, struct gw_jw *w)
{
    char day[GW_TIME_TEXT], name[32], text[128];
    compact(l->submitted, false, day);
    short_name(l->test, name);
    snprintf(text, sizeof text, "%s.%06lld_%s_%s_%016llx", day,
             (long long)(l->submitted % GW_SECOND / 1000), l->world->cc, name,
             (unsigned long long)gw_rand_next(&l->rand));
    gw_jw_kstr(w, "measurement_uid", gw_str(text));
}

static void put_report_id(const struct gw_rh_line *l, struct gw_jw *w)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct gw_rand r = {l->session_seed};
    char day[GW_TIME_TEXT], name[32], text[128], nonce[17] = "";
    for (int i = 0; i < 16; i++)
        nonce[i] = letters[gw_rand_below(&r, sizeof letters - 1)];
    compact(l->session, true, day);
    short_name(l->test, name);
    snprintf(text, sizeof text, "%s_%s_%s_%lld_n1_%s", day, name, l->world->cc,
             (long long)l->network->asn, nonce);
    gw_jw_kstr(w, "report_id", gw_str(text));
}

static void put_annotations(const struct gw_rh_line *l, struct gw_jw *w)
{
    const struct gw_rh_probe *p = l->probe;
    gw_jw_key(w, "annotations");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "architecture", gw_str(p->architecture));
    gw_jw_kstr(w, "engine_name", GW_LIT("gawah-rehearse"));
    gw_jw_kstr(w, "engine_version", gw_str(p->version));
    gw_jw_kstr(w, "network_type", gw_str(p->network_type));
    gw_jw_kstr(w, "origin", GW_LIT("autorun"));
    gw_jw_kstr(w, "platform", gw_str(p->platform));
    gw_jw_kstr(w, "synthetic", GW_LIT("true"));
    gw_jw_close(w, '}');
}

static void put_asn(struct gw_jw *w, const char *key, int64_t asn)
{
    char text[32];
    snprintf(text, sizeof text, "AS%lld", (long long)asn);
    gw_jw_kstr(w, key, gw_str(text));
}

static void put_time(struct gw_jw *w, const char *key, gw_time t)
{
    char text[GW_TIME_TEXT];
    gw_jw_kstr(w, key, gw_span_of(text, gw_format_time(t, text)));
}

static void put_resolver(const struct gw_rh_line *l, struct gw_jw *w)
{
    bool open = l->probe->public_resolver;
    put_asn(w, "resolver_asn", open ? 65551 : l->network->asn);
    gw_jw_kstr(w, "resolver_ip",
               gw_str(open ? "203.0.113.1" : l->network->resolver));
    gw_jw_kstr(w, "resolver_network_name",
               gw_str(open ? "Synthetic Resolver" : l->network->name));
}

static void put_envelope(struct gw_rh_line *l, struct gw_jw *w)
{
    bool web = l->test == GW_RH_WEB;
    put_annotations(l, w);
    gw_jw_kstr(w, "data_format_version", GW_LIT("0.2.0"));
    gw_jw_key(w, "extensions");
    gw_jw_raw(w, GW_LIT("{\"dnst\":0,\"httpt\":0,\"netevents\":0,"
                        "\"tcpconnect\":0,\"tlshandshake\":0,\"tunnel\":0}"));
    gw_jw_kstr(w, "input", gw_str(web ? l->world->site[l->site].url : NULL));
    put_time(w, "measurement_start_time", l->claimed);
    put_uid(l, w);
    put_asn(w, "probe_asn", l->network->asn);
    gw_jw_kstr(w, "probe_cc", gw_str(l->world->cc));
    if (l->probe->id[0])
        gw_jw_kstr(w, "probe_id", gw_str(l->probe->id));
    gw_jw_kstr(w, "probe_ip", GW_LIT("127.0.0.1"));
    gw_jw_kstr(w, "probe_network_name", gw_str(l->network->name));
    put_report_id(l, w);
    put_resolver(l, w);
    gw_jw_kstr(w, "software_name", GW_LIT("gawah-rehearse"));
    gw_jw_kstr(w, "software_version", gw_str(l->probe->version));
    if (web) {
        gw_jw_key(w, "test_helpers");
        gw_jw_raw(w, GW_LIT("{\"backend\":{\"address\":"
                            "\"https://0.helper.example\","
                            "\"type\":\"https\"}}"));
    }
}

static int put_line(struct run *run, struct gw_why *why)
{
    struct gw_rh_line *l = &run->line;
    struct gw_buf *out = &run->out;
    gw_buf_reset(out);
    run->world.test_seen[l->test] = true;
    if (l->test == GW_RH_WEB)
        run->world.site[l->site].seen = true;
    struct gw_jw w = gw_jw_on(out);
    gw_jw_open(&w, '{');
    put_envelope(l, &w);
    gw_jw_key(&w, "test_keys");
    gw_jw_open(&w, '{');
    if (l->test == GW_RH_WEB)
        gw_rh_web(l, &w);
    else
        gw_rh_app(l, &w);
    gw_jw_close(&w, '}');
    gw_jw_kstr(&w, "test_name", gw_str(gw_rh_test_names[l->test]));
    gw_rh_put_seconds(&w, "test_runtime", l->runtime);
    put_time(&w, "test_start_time", l->session);
    gw_jw_kstr(&w, "test_version", gw_str(test_versions[l->test]));
    gw_jw_close(&w, '}');
    uint8_t *padding = gw_buf_room(out, GW_JSON_PADDING);
    if (!padding)
        return gw_fail(why, out->err, "rehearse: a line of measurements: %s",
                       gw_strerror(out->err));
    memset(padding, 0, GW_JSON_PADDING);
    return run->fn(run->ctx, gw_buf_span(out));
}

// ---- all of it ----------------------------------------------------------

static int check(const struct gw_rehearse *what, struct gw_why *why)
{
    const char *cc = what->cc;
    if (what->days < 1 || what->days > 366)
        return gw_fail(why, GW_EUSAGE, "rehearse: days must be 1 to 366");
    if (what->networks < 1 || what->networks > GW_RH_NETWORKS_MAX)
        return gw_fail(why, GW_EUSAGE, "rehearse: networks must be 1 to %d",
                       GW_RH_NETWORKS_MAX);
    if (what->per_day < 1 || what->per_day > GW_RH_DAY_MAX / what->networks)
        return gw_fail(why, GW_EUSAGE,
                       "rehearse: measurements a day must be 1 to %d for %d "
                       "networks",
                       GW_RH_DAY_MAX / what->networks, what->networks);
    if (strlen(cc) != 2 || cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' ||
        cc[1] > 'Z')
        return gw_fail(why, GW_EUSAGE,
                       "rehearse: the country must be two capital letters");
    if (what->start < 0 || what->start % GW_DAY ||
        what->start > gw_time_civil(2199, 1, 1, 0, 0, 0))
        return gw_fail(why, GW_EUSAGE,
                       "rehearse: the first day must be a day of 1970 to 2198");
    return 0;
}

static int rehearse(struct run *run, const struct gw_rehearse *what,
                    struct gw_why *why)
{
    struct gw_rh_world *w = &run->world;
    w->arena = gw_arena_new(GW_RH_PAGES_MAX);
    int rc = w->arena ? gw_rh_world_draw(w, what) : GW_ENOMEM;
    size_t room =
        (size_t)what->networks * (size_t)what->per_day + (size_t)flood_size(w);
    if (!rc && !(run->task = gw_resize(NULL, room, sizeof *run->task)))
        rc = GW_ENOMEM;
    if (rc)
        return gw_fail(why, rc, "rehearse: %s", gw_strerror(rc));
    run->rand.state = what->seed ^ UINT64_C(0x7265686561727365);
    for (int day = 0; day < what->days && !rc; day++) {
        schedule(run, what->start + day * GW_DAY);
        for (size_t i = 0; i < run->count && !rc; i++) {
            set_line(run, &run->task[i]);
            if (!cut_off(&run->line, run->line.submitted))
                rc = put_line(run, why);
        }
    }
    return rc;
}

int gw_rehearse(const struct gw_rehearse *what, gw_rehearse_fn *fn, void *ctx,
                struct gw_buf *labels, struct gw_why *why)
{
    struct gw_rehearse given = *what;
    given.cc = what->cc ? what->cc : "PK";
    int rc = check(&given, why);
    if (rc)
        return rc;
    struct run *run = gw_new(sizeof *run);
    if (!run)
        return gw_fail(why, GW_ENOMEM, "rehearse: %s", gw_strerror(GW_ENOMEM));
    run->fn = fn;
    run->ctx = ctx;
    gw_buf_init(&run->out, GW_RH_LINE_MAX);
    gw_buf_init(&run->line.scratch, GW_RH_LINE_MAX);
    rc = rehearse(run, &given, why);
    if (!rc)
        rc = gw_rh_labels(&run->world, labels, why);
    gw_buf_release(&run->out);
    gw_buf_release(&run->line.scratch);
    gw_arena_free(run->world.arena);
    gw_free(run->task);
    gw_free(run);
    return rc;
}
