// Archives for the tests of incidents: findings are put in as segments, cells
// and all that follows are made as they always are.
#ifndef GW_INCIDENT_CASE_H
#define GW_INCIDENT_CASE_H

#include "analyse/incidents.h"
#include "t.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY0 (gw_time_civil(2024, 2, 5, 0, 0, 0)) // a Monday

static const struct gw_clock noon = {.fixed = 1800000000 * GW_SECOND};

struct place {
    char root[64], archive[96];
    struct gw_archive *a;
    struct gw_ledger *l;
    struct gw_chance chance;
};

static inline int place_drop(const char *path, const struct stat *st, int flag,
                             struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static inline void place_open(struct place *p)
{
    bool memory = access("/dev/shm", W_OK) == 0;
    snprintf(p->root, sizeof p->root, "%s/gawah-XXXXXX",
             memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(p->root));
    assert_int_equal(chmod(p->root, 0755), 0);
    snprintf(p->archive, sizeof p->archive, "%s/archive", p->root);
    assert_int_equal(
        gw_archive_open(p->archive, GW_ARCHIVE_CREATE, &noon, &p->a, NULL), 0);
    p->chance = (struct gw_chance){true, {1}};
    struct gw_ledger_options options = {.chance = &p->chance, .clock = &noon};
    assert_int_equal(gw_ledger_open(p->a, &options, &p->l, NULL), 0);
}

static inline void place_close(struct place *p)
{
    gw_ledger_close(p->l);
    gw_archive_close(p->a);
    nftw(p->root, place_drop, 16, FTW_DEPTH | FTW_PHYS);
}

// ---- findings -----------------------------------------------------------

// One object of evidence: findings of measurements, an ALL and a layer each.
struct object {
    struct gw_arena *arena;
    struct gw_block block;
    struct gw_buf name; // what the object's bytes are
    int64_t records;
};

struct seen { // what most measurements of a test share
    const char *cc, *target, *program, *rule;
    int64_t asn;
    enum gw_layer layer;
    bool throttled, intercepted;
};

static inline void object_init(struct object *o, const char *name)
{
    o->arena = gw_arena_new(256 << 20);
    o->records = 0;
    gw_buf_init(&o->name, 4096);
    gw_put_str(&o->name, name);
    assert_int_equal(gw_block_init(&o->block, o->arena), 0);
}

static inline void put_finding(struct object *o, const struct seen *s,
                               gw_time at, int64_t observer,
                               enum gw_state state, bool whole)
{
    struct gw_finding_row *f = gw_add_finding(&o->block);
    bool blocked = state == GW_STATE_BLOCKED;
    f->record = o->records;
    f->n = whole ? 0 : 1;
    f->layer = (int64_t)(whole ? GW_LAYER_ALL : s->layer);
    f->state = (int64_t)state;
    f->rule = gw_str(blocked ? s->rule : "tls.ok");
    f->kind = GW_CONTRAST;
    f->llr = blocked ? 4 : -4;
    f->target = gw_str(s->target);
    f->throttled = s->throttled;
    f->intercepted = s->intercepted;
    f->uid = gw_arena_fmt(o->arena, "%.*s-%lld", (int)o->name.len,
                          (const char *)o->name.at, (long long)o->records);
    f->test_name = GW_LIT("web_connectivity");
    f->probe_cc = gw_str(s->cc);
    f->probe_asn = s->asn;
    f->probe_as_org_name = GW_LIT("Example Net");
    f->start_time = at;
    f->observer = observer;
    f->program = gw_str(s->program);
    f->synthetic = 0;
}

static inline void put_one(struct object *o, const struct seen *s, gw_time at,
                           int64_t observer, enum gw_state state)
{
    put_finding(o, s, at, observer, state, true);
    put_finding(o, s, at, observer, state, false);
    o->records += 100;
}

// From hour to hour (of DAY0), every `step` hours, observers in turn.
static inline void put_hours(struct object *o, const struct seen *s, int from,
                             int to, int step, int observers,
                             enum gw_state state)
{
    for (int h = from, i = 0; h < to; h += step, i++)
        put_one(o, s, DAY0 + h * 3600 * GW_SECOND + 60 * GW_SECOND,
                s->asn * 100 + i % observers, state);
}

static const struct seen blocked_site = {.cc = "ZA",
                                         .target = "news.example",
                                         .program = "probe 1.0",
                                         .rule = "tls.reset_control_ok",
                                         .asn = 64500,
                                         .layer = GW_LAYER_TLS};

static inline struct seen in_network(int64_t asn)
{
    struct seen s = blocked_site;
    s.asn = asn;
    return s;
}

// Fine, blocked from hour to hour, fine again until the last one.
static inline void put_event(struct object *o, const struct seen *s, int from,
                             int to, int last)
{
    put_hours(o, s, 0, from, 4, 5, GW_STATE_OK);
    put_hours(o, s, from, to, 4, 5, GW_STATE_BLOCKED);
    put_hours(o, s, to, last, 4, 5, GW_STATE_OK);
}

static inline int64_t give_span(void *ctx, uint8_t *at, size_t len)
{
    gw_span *left = ctx;
    size_t n = left->len < len ? left->len : len;
    if (n)
        memcpy(at, left->at, n);
    *left = gw_sub(*left, n, left->len);
    return (int64_t)n;
}

// Takes it in; the object can be taken in elsewhere again.
static inline void take_object(struct place *p, struct object *o)
{
    struct gw_object e;
    struct gw_segment_writer *w;
    struct gw_buf bytes;
    bool new;
    uint64_t index;
    gw_span left = gw_buf_span(&o->name);
    struct gw_block_codec *codec = gw_block_codec_new();
    assert_int_equal(o->block.err, 0);
    assert_int_equal(
        gw_evidence_put(p->a, give_span, &left, "x", &e, &new, NULL), 0);
    e.kind = GW_KIND_OONI_JSON;
    e.state = GW_DONE;
    assert_int_equal(gw_evidence_describe(p->a, &e, NULL), 0);
    gw_buf_init(&bytes, 64 << 20);
    assert_int_equal(gw_block_encode(codec, &o->block, &bytes, NULL), 0);
    assert_int_equal(gw_segment_begin(p->a, GW_TIER_FINDINGS, e.hash,
                                      GW_LIT("{\"rules_version\":1}"), &w,
                                      NULL),
                     0);
    assert_int_equal(gw_segment_put(w, gw_buf_span(&bytes), NULL), 0);
    assert_int_equal(gw_segment_finish(w, NULL), 0);
    gw_buf_release(&bytes);
    gw_block_codec_free(codec);
    struct gw_new_leaf leaf = {.type = GW_LEAF_EVIDENCE, .at = noon.fixed};
    if (new)
        assert_int_equal(gw_ledger_append(p->l, &leaf, e.hash, &index, NULL),
                         0);
    assert_int_equal(gw_ledger_commit(p->l, NULL), 0);
}

static inline void object_release(struct object *o)
{
    gw_block_release(&o->block);
    gw_arena_free(o->arena);
    gw_buf_release(&o->name);
}

// ---- incidents ----------------------------------------------------------

static inline struct gw_incidents_summary find(struct place *p, int threads)
{
    struct gw_analyse_options options = {.threads = threads};
    struct gw_incidents_summary sum;
    struct gw_why why = {0};
    int rc = gw_find_incidents(p->l, &options, &sum, &why);
    if (rc)
        print_error("%s\n", why.text);
    assert_int_equal(rc, 0);
    return sum;
}

enum { LISTED_MAX = 32 };
struct listed {
    struct gw_incident_row row[LISTED_MAX];
    char body[LISTED_MAX][16384];
    size_t count;
};

static inline int list_incident(void *ctx, const struct gw_incident_row *i)
{
    struct listed *l = ctx;
    assert_true(l->count < LISTED_MAX && i->body.len < sizeof l->body[0]);
    l->row[l->count] = *i;
    memcpy(l->body[l->count], i->body.at, i->body.len);
    l->body[l->count][i->body.len] = 0;
    l->row[l->count].body = gw_str(l->body[l->count]);
    l->count++;
    return 0;
}

// Newest onset first; valid until the next call.
static inline const struct listed *incidents(struct place *p)
{
    static struct listed l;
    l.count = 0;
    assert_int_equal(gw_incidents_each(p->a, list_incident, &l, NULL), 0);
    return &l;
}

// The only one that is not withdrawn.
static inline const struct gw_incident_row *the_one(struct place *p)
{
    const struct listed *l = incidents(p);
    const struct gw_incident_row *one = NULL;
    for (size_t i = 0; i < l->count; i++)
        if (!l->row[i].withdrawn) {
            assert_null(one);
            one = &l->row[i];
        }
    assert_non_null(one);
    return one;
}

static inline bool says(const struct gw_incident_row *i, const char *json)
{
    return gw_find(i->body, gw_str(json), 0) >= 0;
}

static inline int32_t hour_of(gw_time t)
{
    return (int32_t)((t - DAY0) / (3600 * GW_SECOND));
}

#endif
