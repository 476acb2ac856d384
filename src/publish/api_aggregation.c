// /aggregation: counts by day, country, network, domain or layer, under OONI's
// names and ours, summed from the days of the store.
#include "publish/serve.h"

#include <stdio.h>

enum { CELLS_MAX = 100000, SLOTS_FIRST = 1024 };

#define AXES(X)                                                                \
    X(DAY, "measurement_start_day")                                            \
    X(CC, "probe_cc")                                                          \
    X(ASN, "probe_asn")                                                        \
    X(DOMAIN, "domain")                                                        \
    X(LAYER, "layer")
enum axis {
#define X(name, text) AXIS_##name,
    AXES(X)
#undef X
        AXIS_COUNT
};
static const char *const axes[] = {
#define X(name, text) text,
    AXES(X)
#undef X
        NULL};
static const char *const grains[] = {"day", "week", "month", "year", NULL};
enum { DAY, WEEK, MONTH, YEAR };
static const char *const formats[] = {"JSON", "CSV", NULL};

struct value { // of an axis: one of the two
    int64_t number;
    gw_span text;
};
struct cell {
    struct value at[2];
    int64_t count[GW_STATE_COUNT], throttled, intercepted;
    int64_t observers, observers_blocked; // at least so many
    bool own, aggregate, synthetic;
};
struct sum {
    struct gw_arena *arena;
    int axis[2]; // -1: none
    int grain, layer, format;
    struct cell *cells;
    size_t count, cap;
    uint32_t *slots; // index + 1
    size_t slot_count;
    struct gw_day_row last;
    struct gw_why *why;
};

// ---- cells --------------------------------------------------------------
static gw_time begin_of(int grain, gw_time day)
{
    char text[GW_TIME_TEXT];
    uint64_t year = 1970, month = 1;
    int64_t n = day / GW_DAY;
    if (grain == DAY)
        return day;
    if (grain == WEEK) // 1970-01-01 was a Thursday; weeks begin on Monday
        return (n - ((n + 3) % 7 + 7) % 7) * GW_DAY;
    gw_format_day(day, text);
    gw_parse_uint(gw_span_of(text, 4), 9999, &year);
    if (grain == MONTH)
        gw_parse_uint(gw_span_of(text + 5, 2), 12, &month);
    return gw_time_civil((int)year, (int)month, 1, 0, 0, 0);
}

static struct value value_of(const struct sum *s, int axis,
                             const struct gw_day_row *d)
{
    switch (axis) {
    case AXIS_DAY: return (struct value){.number = begin_of(s->grain, d->day)};
    case AXIS_CC: return (struct value){.text = gw_str(d->cc)};
    case AXIS_ASN: return (struct value){.number = d->asn};
    case AXIS_DOMAIN: return (struct value){.text = gw_str(d->target)};
    case AXIS_LAYER: return (struct value){.number = d->layer};
    default: return (struct value){0};
    }
}

static bool same_value(const struct value *a, const struct value *b)
{
    return a->number == b->number && gw_eq(a->text, b->text);
}

static uint64_t hash_of(const struct value at[2])
{
    uint64_t h = 0;
    for (int i = 0; i < 2; i++) {
        h = gw_hash(gw_span_of(&at[i].number, sizeof at[i].number), h);
        h = gw_hash(at[i].text, h);
    }
    return h;
}

static uint32_t *slot_of(struct sum *s, const struct value at[2])
{
    size_t i = (size_t)hash_of(at) & (s->slot_count - 1);
    for (; s->slots[i]; i = (i + 1) & (s->slot_count - 1)) {
        const struct cell *c = &s->cells[s->slots[i] - 1];
        if (same_value(&c->at[0], &at[0]) && same_value(&c->at[1], &at[1]))
            break;
    }
    return &s->slots[i];
}

static int grow(struct sum *s)
{
    size_t slots = s->slot_count ? s->slot_count * 2 : SLOTS_FIRST;
    struct cell *cells = gw_resize(s->cells, slots / 2, sizeof *cells);
    if (cells)
        s->cells = cells;
    uint32_t *new = cells ? gw_new(slots * sizeof *new) : NULL;
    if (!new)
        return GW_ENOMEM;
    gw_free(s->slots);
    s->slots = new;
    s->slot_count = slots;
    for (size_t i = 0; i < s->count; i++)
        *slot_of(s, s->cells[i].at) = (uint32_t)i + 1;
    return 0;
}

// NULL with a reason.
static struct cell *cell_of(struct sum *s, const struct gw_day_row *d)
{
    struct value at[2] = {value_of(s, s->axis[0], d),
                          value_of(s, s->axis[1], d)};
    if (s->count + 1 > s->slot_count / 2 && grow(s)) {
        gw_fail(s->why, GW_ENOMEM, "out of memory");
        return NULL;
    }
    uint32_t *slot = slot_of(s, at);
    if (*slot)
        return &s->cells[*slot - 1];
    if (s->count == CELLS_MAX) {
        gw_fail(s->why, GW_EUSAGE,
                "axis_x: more than %d rows; take a shorter time, a country or "
                "a coarser time_grain",
                CELLS_MAX);
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        if (at[i].text.len &&
            !(at[i].text = gw_arena_copy(s->arena, at[i].text)).at) {
            gw_fail(s->why, GW_ENOMEM, "out of memory");
            return NULL;
        }
    struct cell *c = &s->cells[s->count++];
    *c = (struct cell){.at = {at[0], at[1]}};
    *slot = (uint32_t)s->count;
    return c;
}

static bool same_key(const struct gw_day_row *a, const struct gw_day_row *b)
{
    return a->day == b->day && a->asn == b->asn && a->layer == b->layer &&
           a->synthetic == b->synthetic && strcmp(a->cc, b->cc) == 0 &&
           strcmp(a->target, b->target) == 0;
}

static int add_day(void *ctx, const struct gw_day_row *d)
{
    struct sum *s = ctx;
    // Counts of others stand behind our own of the same day, and are of the
    // same measurements: they only speak where we have none.
    bool twice = d->aggregate && !s->last.aggregate && same_key(&s->last, d);
    if (twice)
        return 0;
    s->last = *d;
    struct cell *c = cell_of(s, d);
    if (!c)
        return s->why->code;
    for (int i = 0; i < GW_STATE_COUNT; i++) {
        c->count[i] += d->count[i];
        if (d->observers[i] > c->observers)
            c->observers = d->observers[i];
    }
    if (d->observers[GW_STATE_BLOCKED] > c->observers_blocked)
        c->observers_blocked = d->observers[GW_STATE_BLOCKED];
    c->throttled += d->throttled;
    c->intercepted += d->intercepted;
    c->own |= !d->aggregate;
    c->aggregate |= d->aggregate;
    c->synthetic |= d->synthetic;
    return 0;
}

static int value_order(const struct value *a, const struct value *b)
{
    return a->number != b->number ? (a->number < b->number ? -1 : 1)
                                  : gw_cmp(a->text, b->text);
}

static int cell_order(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    int order = value_order(&x->at[0], &y->at[0]);
    return order ? order : value_order(&x->at[1], &y->at[1]);
}

// ---- answers ------------------------------------------------------------
static int64_t total(const struct cell *c)
{
    int64_t n = 0;
    for (int i = 0; i < GW_STATE_COUNT; i++)
        n += c->count[i];
    return n;
}

// Names and values of the columns, once for JSON and CSV. Days do not keep
// apart what was confirmed; counts of others are blocked only if they were.
#define COLUMNS(X)                                                             \
    X("anomaly_count", c->count[GW_STATE_BLOCKED])                             \
    X("confirmed_count", c->own ? GW_NULL : c->count[GW_STATE_BLOCKED])        \
    X("failure_count", c->count[GW_STATE_UNKNOWN])                             \
    X("ok_count", c->count[GW_STATE_OK] + c->count[GW_STATE_DOWN])             \
    X("measurement_count", total(c))                                           \
    X("blocked", c->count[GW_STATE_BLOCKED])                                   \
    X("down", c->count[GW_STATE_DOWN])                                         \
    X("ok", c->count[GW_STATE_OK])                                             \
    X("unknown", c->count[GW_STATE_UNKNOWN])                                   \
    X("throttled", c->throttled)                                               \
    X("intercepted", c->intercepted)                                           \
    X("observers", c->observers)                                               \
    X("observers_blocked", c->observers_blocked)

static gw_span axis_text(int axis, const struct value *v,
                         char text[GW_TIME_TEXT])
{
    size_t n = 0;
    if (axis == AXIS_CC || axis == AXIS_DOMAIN)
        return v->text.at ? v->text : GW_LIT("");
    if (axis == AXIS_LAYER)
        return gw_str(v->number >= 0 && v->number < GW_LAYER_COUNT
                          ? gw_layer_name((enum gw_layer)v->number)
                          : "");
    if (axis == AXIS_DAY)
        n = gw_format_day(v->number, text);
    else if (v->number != GW_NULL)
        n = (size_t)snprintf(text, GW_TIME_TEXT, "%lld", (long long)v->number);
    return gw_span_of(text, n);
}

static void put_axis_json(struct gw_jw *w, int axis, const struct value *v)
{
    char text[GW_TIME_TEXT];
    gw_jw_key(w, axes[axis]);
    if (axis != AXIS_ASN)
        gw_jw_str(w, axis_text(axis, v, text));
    else if (v->number == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_int(w, v->number);
}

static void put_count(struct gw_jw *w, const char *name, int64_t n)
{
    gw_jw_key(w, name);
    if (n == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_int(w, n);
}

static void put_cell_json(struct gw_jw *w, const struct sum *s,
                          const struct cell *c)
{
    gw_jw_open(w, '{');
    for (int i = 0; i < 2; i++)
        if (s->axis[i] >= 0)
            put_axis_json(w, s->axis[i], &c->at[i]);
#define X(name, value) put_count(w, name, value);
    COLUMNS(X)
#undef X
    api_bool(w, "aggregate", c->aggregate);
    api_bool(w, "synthetic", c->synthetic);
    gw_jw_close(w, '}');
}

static void put_json(struct gw_buf *out, const struct sum *s, int dimensions)
{
    static const struct cell none;
    struct gw_jw w = gw_jw_on(out);
    gw_jw_open(&w, '{');
    gw_jw_kint(&w, "v", 0);
    gw_jw_kint(&w, "dimension_count", dimensions);
    gw_jw_key(&w, "result");
    if (dimensions) {
        gw_jw_open(&w, '[');
        for (size_t i = 0; i < s->count; i++)
            put_cell_json(&w, s, &s->cells[i]);
        gw_jw_close(&w, ']');
    } else {
        put_cell_json(&w, s, s->count ? &s->cells[0] : &none);
    }
    gw_jw_close(&w, '}');
}

static void put_cell_csv(struct gw_buf *out, const struct sum *s,
                         const struct cell *c)
{
    char text[GW_TIME_TEXT];
    for (int i = 0; i < 2; i++)
        if (s->axis[i] >= 0) {
            gw_csv_put(out, axis_text(s->axis[i], &c->at[i], text));
            gw_put_u8(out, ',');
        }
#define X(name, value)                                                         \
    if ((value) != GW_NULL)                                                    \
        gw_put_fmt(out, "%lld", (long long)(value));                           \
    gw_put_u8(out, ',');
    COLUMNS(X)
#undef X
    gw_put_fmt(out, "%d,%d\r\n", c->aggregate, c->synthetic);
}

static void put_csv(struct gw_buf *out, const struct sum *s)
{
    for (int i = 0; i < 2; i++)
        if (s->axis[i] >= 0)
            gw_put_fmt(out, "%s,", axes[s->axis[i]]);
#define X(name, value) gw_put_str(out, name ",");
    COLUMNS(X)
#undef X
    gw_put_str(out, "aggregate,synthetic\r\n");
    for (size_t i = 0; i < s->count; i++)
        put_cell_csv(out, s, &s->cells[i]);
}

// ---- the question -------------------------------------------------------
static int read_axes(const struct query *q, struct sum *s, struct gw_why *why)
{
    s->axis[0] = s->axis[1] = -1;
    int rc = query_choice(q, "axis_x", axes, &s->axis[0], why);
    rc = rc ? rc : query_choice(q, "axis_y", axes, &s->axis[1], why);
    if (!rc && s->axis[0] < 0 && s->axis[1] >= 0)
        return gw_fail(why, GW_EUSAGE, "axis_y: only with axis_x");
    if (!rc && s->axis[0] >= 0 && s->axis[0] == s->axis[1])
        return gw_fail(why, GW_EUSAGE, "axis_y: another one than axis_x");
    return rc;
}

static int read_layer(const struct query *q, struct sum *s, struct gw_why *why)
{
    const char *names[GW_LAYER_COUNT + 1] = {NULL};
    for (int i = 0; i < GW_LAYER_COUNT; i++)
        names[i] = gw_layer_name((enum gw_layer)i);
    bool by_layer = s->axis[0] == AXIS_LAYER || s->axis[1] == AXIS_LAYER;
    s->layer = by_layer ? -1 : GW_LAYER_ALL;
    return query_choice(q, "layer", names, &s->layer, why);
}

static int add_all(struct api_call *c, struct sum *s, struct gw_why *why)
{
    const struct query *q = &c->query;
    struct gw_day_filter f = {.asn = -1, .since = GW_NEVER, .until = GW_NEVER};
    char cc[3] = "";
    int rc = query_cc(q, "probe_cc", cc, why);
    rc = rc ? rc : query_asn(q, "probe_asn", &f.asn, why);
    rc = rc ? rc : query_period(q, &f.since, &f.until, why);
    gw_span domain = query_get(q, "domain");
    if (!rc && domain.at) {
        f.target =
            gw_arena_cstr(c->api->arena, gw_host_normal(domain, s->arena));
        if (!f.target)
            rc = gw_fail(why, GW_ENOMEM, "out of memory");
    }
    f.cc = *cc ? cc : NULL;
    f.layer = s->layer;
    return rc ? rc : gw_days_each(c->api->archive, &f, add_day, s, why);
}

int api_aggregation(struct api_call *c, struct gw_why *why)
{
    struct sum s = {.arena = c->api->arena, .why = why};
    int rc = read_axes(&c->query, &s, why);
    rc = rc ? rc : query_choice(&c->query, "time_grain", grains, &s.grain, why);
    rc = rc ? rc : query_choice(&c->query, "format", formats, &s.format, why);
    rc = rc ? rc : read_layer(&c->query, &s, why);
    rc = rc ? rc : add_all(c, &s, why);
    if (s.count > 1)
        qsort(s.cells, s.count, sizeof *s.cells, cell_order);
    if (!rc && s.format) {
        c->type = "text/csv; charset=utf-8";
        put_csv(c->out, &s);
    } else if (!rc) {
        put_json(c->out, &s, (s.axis[0] >= 0) + (s.axis[1] >= 0));
    }
    gw_free(s.cells);
    gw_free(s.slots);
    return rc;
}
