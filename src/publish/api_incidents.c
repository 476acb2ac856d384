// /incidents, /incidents/<id>, /incidents/<id>/history: bodies as the store
// keeps them, of docs/formats/incidents.md.
#include "publish/serve.h"

#include <stdio.h>

enum { LIMIT = 100, LIMIT_MAX = 1000, ID_LEN = 14 };

static const char *const kinds[] = {"blocking", "throttling", "interception",
                                    "down",     "silence",    "defect",
                                    NULL};
static const char *const states[] = {"ongoing", "over", "withdrawn", "all",
                                     NULL};
enum { ONGOING, OVER, WITHDRAWN, ALL };

struct place { // in the order of the store: newest onset first, then id
    gw_time since;
    char id[16];
};
struct list {
    struct gw_jw w;
    char cc[3];
    gw_span domain;
    int kind, state;
    gw_time since, until;
    int64_t limit, skip, found;
    bool has_after, more;
    struct place after, last;
};

static bool is_id(gw_span s)
{
    uint8_t bytes[6];
    return s.len == ID_LEN && gw_starts(s, "i-") &&
           gw_unhex(gw_sub(s, 2, 12), bytes);
}

static struct place place_of(const struct gw_incident_row *i)
{
    struct place p = {i->since[1] != GW_NEVER ? i->since[1] : i->since[0], ""};
    snprintf(p.id, sizeof p.id, "%s", i->id);
    return p;
}

static bool comes_after(const struct place *p, const struct place *other)
{
    return p->since != other->since ? p->since < other->since
                                    : strcmp(p->id, other->id) > 0;
}

static void put_incident(struct gw_jw *w, const struct gw_incident_row *i)
{
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "id", gw_str(i->id));
    gw_jw_kint(w, "version", i->version);
    api_time(w, "changed", i->changed);
    gw_jw_key(w, "incident");
    if (i->body.len)
        gw_jw_raw(w, i->body);
    else
        gw_jw_null(w);
    gw_jw_close(w, '}');
}

static bool state_is(const struct list *l, const struct gw_incident_row *i)
{
    bool goes_on = i->until[0] == GW_NEVER && i->until[1] == GW_NEVER;
    int state = i->withdrawn ? WITHDRAWN : goes_on ? ONGOING : OVER;
    return l->state == ALL ||
           (l->state < 0 ? state != WITHDRAWN : state == l->state);
}

// Might it have gone on at some time of [since, until)?
static bool period_is(const struct list *l, const struct gw_incident_row *i)
{
    gw_time end = i->until[1] != GW_NEVER ? i->until[1] : i->until[0];
    gw_time onset = i->since[0] != GW_NEVER ? i->since[0] : i->since[1];
    return (l->since == GW_NEVER || end == GW_NEVER || end >= l->since) &&
           (l->until == GW_NEVER || onset < l->until);
}

static int list_one(void *ctx, const struct gw_incident_row *i)
{
    struct list *l = ctx;
    struct place p = place_of(i);
    if ((l->has_after && !comes_after(&p, &l->after)) ||
        (*l->cc && strcmp(l->cc, i->cc) != 0) ||
        (l->domain.at && !gw_is(l->domain, i->target)) ||
        (l->kind >= 0 && strcmp(kinds[l->kind], i->kind) != 0) ||
        !state_is(l, i) || !period_is(l, i))
        return 0;
    if (l->skip) {
        l->skip--;
        return 0;
    }
    if (l->found == l->limit) {
        l->more = true;
        return 1;
    }
    l->found++;
    l->last = p;
    put_incident(&l->w, i);
    return 0;
}

static int read_cursor(const struct query *q, struct list *l,
                       struct gw_why *why)
{
    gw_span v = query_get(q, "cursor"), rest = v;
    if (!v.at)
        return 0;
    gw_span since = gw_cut(&rest, '~');
    l->has_after = true;
    if (!gw_parse_int(since, &l->after.since) || !is_id(rest))
        return gw_fail(why, GW_EUSAGE, "cursor: as next_url has it");
    snprintf(l->after.id, sizeof l->after.id, "%.*s", ID_LEN,
             (const char *)rest.at);
    return 0;
}

static int read_list(struct api_call *c, struct list *l, struct gw_why *why)
{
    const struct query *q = &c->query;
    *l = (struct list){.kind = -1, .state = -1, .limit = LIMIT};
    int rc = query_cc(q, "probe_cc", l->cc, why);
    rc = rc ? rc : query_choice(q, "kind", kinds, &l->kind, why);
    rc = rc ? rc : query_choice(q, "state", states, &l->state, why);
    rc = rc ? rc : query_period(q, &l->since, &l->until, why);
    rc = rc ? rc : query_int(q, "limit", 1, LIMIT_MAX, &l->limit, why);
    rc = rc ? rc : query_int(q, "offset", 0, 1000000, &l->skip, why);
    rc = rc ? rc : read_cursor(q, l, why);
    l->domain = query_get(q, "domain");
    if (l->domain.at)
        l->domain = gw_host_normal(l->domain, c->api->arena);
    return rc;
}

static int list_all(struct api_call *c, struct gw_why *why)
{
    struct list l;
    int rc = read_list(c, &l, why);
    if (rc)
        return rc;
    int64_t offset = l.skip;
    l.w = gw_jw_on(c->out);
    gw_jw_open(&l.w, '{');
    gw_jw_key(&l.w, "results");
    gw_jw_open(&l.w, '[');
    rc = gw_incidents_each(c->api->archive, list_one, &l, why);
    gw_jw_close(&l.w, ']');
    gw_span cursor = {0};
    if (l.more)
        cursor = gw_arena_fmt(c->api->arena, "%lld~%s", (long long)l.last.since,
                              l.last.id);
    api_metadata(&l.w, c, "/api/v1/incidents", l.limit, offset, cursor, 0);
    gw_jw_close(&l.w, '}');
    return rc < 0 ? rc : 0;
}

// ---- one ----------------------------------------------------------------
struct versions {
    struct gw_jw w;
    struct gw_buf newest;
    bool all;
};

static int put_version(void *ctx, const struct gw_incident_row *i)
{
    struct versions *v = ctx;
    if (v->all) {
        put_incident(&v->w, i);
        return 0;
    }
    gw_buf_reset(&v->newest);
    struct gw_jw w = gw_jw_on(&v->newest);
    put_incident(&w, i);
    return v->newest.err;
}

static int one(struct api_call *c, const char *id, bool all, struct gw_why *why)
{
    struct versions v = {.w = gw_jw_on(c->out), .all = all};
    struct gw_why said = {0};
    gw_buf_init(&v.newest, API_ANSWER_MAX);
    if (all) {
        gw_jw_open(&v.w, '{');
        gw_jw_key(&v.w, "results");
        gw_jw_open(&v.w, '[');
    }
    int rc = gw_incident_history(c->api->archive, id, put_version, &v, &said);
    if (all) {
        gw_jw_close(&v.w, ']');
        gw_jw_close(&v.w, '}');
    } else {
        gw_put_span(c->out, gw_buf_span(&v.newest));
    }
    gw_buf_release(&v.newest);
    if (rc == GW_ENOENT)
        return gw_fail(why, rc, "%s: no such incident", id);
    return rc ? gw_fail(why, rc, "%s", said.text) : 0;
}

int api_incidents(struct api_call *c, struct gw_why *why)
{
    gw_span rest = c->rest, id = gw_cut(&rest, '/');
    char text[ID_LEN + 1];
    bool history = gw_is(rest, "history");
    if (!c->rest.len)
        return list_all(c, why);
    if (!is_id(id) || (!history && id.len != c->rest.len))
        return gw_fail(why, GW_ENOENT,
                       "an incident is incidents/i-<12 hex digits>, with "
                       "/history for all its versions");
    snprintf(text, sizeof text, "%.*s", ID_LEN, (const char *)id.at);
    return one(c, text, history, why);
}
