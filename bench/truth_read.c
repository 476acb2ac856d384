// Reads labels, incidents and findings of one rehearsed month.
#include "truth.h"

#include <stdio.h>

const char *const class_names[CLASSES] = {"blocking", "silence", "down",
                                          "defect", "nothing"};
const char *const confidence_words[WORDS] = {"not enough data", "possible",
                                             "likely", "very likely",
                                             "certain beyond reasonable doubt"};

static void put_text(char *to, size_t room, gw_span s)
{
    size_t n = s.len < room - 1 ? s.len : room - 1;
    if (n)
        memcpy(to, s.at, n);
    to[n] = 0;
}

int read_file(const char *path, struct gw_buf *b, struct gw_why *why)
{
    gw_buf_init(b, FILE_MAX);
    int rc = gw_file_read(path, b, why);
    return rc || gw_buf_room(b, GW_JSON_PADDING) ? rc : GW_ENOMEM;
}

bool has_network(const struct asns *n, int64_t asn)
{
    bool has = n->count == 0;
    for (size_t i = 0; i < n->count; i++)
        has |= n->at[i] == asn;
    return has;
}

static void add_network(struct asns *n, int64_t asn)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->at[i] == asn)
            return;
    if (n->count < NETWORKS)
        n->at[n->count++] = asn;
}

// ---- labels -------------------------------------------------------------
// One label file has at most as many events as rows.

static enum class class_of_label(gw_span kind, bool blocking) {
    if (gw_is(kind, "shutdown")) return SILENCE;
    if (gw_is(kind, "site-down")) return DOWN;
    if (gw_is(kind, "version-defect")) return DEFECT;
    return blocking ? BLOCKING : NOTHING;
}

// Also times that end with the minute, as incidents have them.
static gw_time time_of(gw_span s)
{
    gw_time t;
    char whole[32];
    if (s.len == sizeof "2024-02-01 00:00" - 1) {
        int n = snprintf(whole, sizeof whole, "%.*s:00", (int)s.len,
                         (const char *)s.at);
        s = gw_span_of(whole, (size_t)n);
    }
    return s.len && gw_parse_time(s, &t) ? t : NEVER;
}

// Rows of one kind and target are one event, but every shutdown is its own:
// the time makes the difference there, the days of exams do not.
static struct event *event_of(struct month *m, const gw_span *field,
                              const char *target)
{
    gw_time since = time_of(field[4]);
    for (size_t i = 0; i < m->event_count; i++) {
        struct event *e = &m->events[i];
        if (gw_is(field[0], e->kind) && strcmp(e->target, target) == 0 &&
            (e->class != SILENCE || e->since == since))
            return e;
    }
    struct event *e = &m->events[m->event_count++];
    *e = (struct event){.since = since, .until = time_of(field[5])};
    put_text(e->kind, sizeof e->kind, field[0]);
    put_text(e->target, sizeof e->target, gw_str(target));
    e->class = class_of_label(field[0], gw_is(field[6], "1"));
    e->found = e->alarm = -1;
    return e;
}

static void add_label(struct month *m, const gw_span *field)
{
    char target[TARGET];
    int64_t asn;
    put_text(target, sizeof target,
             field[1].len ? gw_service_of(field[1]) : field[1]);
    struct event *e = event_of(m, field, target);
    gw_time since = time_of(field[4]), until = time_of(field[5]);
    if (since == NEVER || (e->since != NEVER && since < e->since))
        e->since = since;
    if (until == NEVER || (e->until != NEVER && until > e->until))
        e->until = until;
    if (gw_is(field[0], "exam-hours"))
        for (gw_time t = since; t < until; t += HOUR)
            e->hours |= 1u << (t / HOUR % 24);
    if (gw_starts(field[2], "AS") &&
        gw_parse_int(gw_sub(field[2], 2, field[2].len), &asn))
        add_network(&e->networks, asn);
}

typedef void row_fn(void *ctx, const gw_span *field, size_t count);

static int each_row(const char *path, row_fn *fn, void *ctx, struct gw_why *why)
{
    size_t count;
    int64_t offset;
    const gw_span *field;
    struct gw_buf text;
    struct gw_csv *csv = gw_csv_new(',');
    int rc = read_file(path, &text, why);
    if (!rc && !csv)
        rc = GW_ENOMEM;
    if (!rc) {
        gw_csv_feed(csv, gw_buf_span(&text), true);
        rc = gw_csv_row(csv, &field, &count, &offset, why); // names
    }
    while (rc > 0 && (rc = gw_csv_row(csv, &field, &count, &offset, why)) > 0)
        fn(ctx, field, count);
    gw_csv_free(csv);
    gw_buf_release(&text);
    return rc;
}

static void on_label(void *ctx, const gw_span *field, size_t count)
{
    struct month *m = ctx;
    if (count >= 7)
        add_label(m, field);
}

// ---- incidents ----------------------------------------------------------

static enum class class_of_kind(const char *kind) {
    if (strcmp(kind, "silence") == 0) return SILENCE;
    if (strcmp(kind, "down") == 0) return DOWN;
    return strcmp(kind, "defect") == 0 ? DEFECT : BLOCKING;
}

static void read_interval(gw_jv v, gw_time ret[2])
{
    ret[0] = time_of(gw_jv_str(gw_jv_get(v, "earliest")));
    ret[1] = time_of(gw_jv_str(gw_jv_get(v, "latest")));
}

static uint32_t bits_of(gw_jv list)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < gw_jv_count(list); i++) {
        int64_t n;
        if (gw_jv_int(gw_jv_at(list, i), &n) && n >= 0 && n < 32)
            bits |= 1u << n;
    }
    return bits;
}

static void read_one(gw_jv v, struct said *ret)
{
    gw_jv pattern = gw_jv_get(v, "pattern");
    gw_span confidence = gw_jv_str(gw_jv_get(v, "confidence"));
    *ret = (struct said){.event = -1, .blame = -1};
    put_text(ret->id, sizeof ret->id, gw_jv_str(gw_jv_get(v, "id")));
    put_text(ret->kind, sizeof ret->kind, gw_jv_str(gw_jv_get(v, "kind")));
    put_text(ret->target, TARGET, gw_jv_str(gw_jv_get(v, "target")));
    put_text(ret->cc, sizeof ret->cc, gw_jv_str(gw_jv_get(v, "cc")));
    gw_jv_int(gw_jv_get(v, "observers"), &ret->observers);
    gw_jv_int(gw_jv_get(v, "log_odds_milli"), &ret->milli);
    ret->weekdays = bits_of(gw_jv_get(pattern, "weekdays"));
    ret->hours = bits_of(gw_jv_get(pattern, "hours"));
    ret->class = class_of_kind(ret->kind);
    for (int w = 0; w < WORDS; w++)
        if (gw_is(confidence, confidence_words[w]))
            ret->word = w;
    read_interval(gw_jv_get(v, "since"), ret->since);
    read_interval(gw_jv_get(v, "until"), ret->until);
    for (gw_jit i = gw_jv_iter(gw_jv_get(v, "networks")); gw_jit_next(&i);) {
        int64_t asn;
        if (gw_jv_int(gw_jv_get(i.value, "asn"), &asn))
            add_network(&ret->networks, asn);
    }
}

int read_said(struct gw_arena *arena, const char *path, struct said **ret,
              size_t *ret_count, struct gw_why *why)
{
    size_t lines = 1;
    struct gw_buf text;
    struct gw_json *json = gw_json_new();
    int rc = read_file(path, &text, why);
    gw_span rest = gw_buf_span(&text);
    for (size_t i = 0; i < rest.len; i++)
        lines += rest.at[i] == '\n';
    *ret_count = 0;
    *ret = gw_arena_take_n(arena, lines, sizeof **ret);
    if (!rc && (!*ret || !json))
        rc = GW_ENOMEM;
    while (!rc && rest.len) {
        gw_jv v;
        gw_span line = gw_cut(&rest, '\n');
        if (!line.len || (rc = gw_json_parse(json, line, &v, why)))
            continue;
        if (!gw_is(gw_jv_str(gw_jv_get(v, "state")), "withdrawn"))
            read_one(v, &(*ret)[(*ret_count)++]);
    }
    gw_json_free(json);
    gw_buf_release(&text);
    return rc;
}

// ---- findings -----------------------------------------------------------

enum {
    COLUMN_LAYER = 4,
    COLUMN_STATE = 5,
    COLUMN_TARGET = 9,
    COLUMN_ASN = 17,
    COLUMN_TIME = 20
};

struct finding_rows {
    struct month *m;
    struct gw_arena *arena;
    size_t cap;
    char *last;
};

static int layer_of(gw_span s)
{
    int layer = 0;
    while (layer < GW_LAYER_ALL && !gw_is(s, gw_layer_name(layer)))
        layer++;
    return layer;
}

static int state_of(gw_span s)
{
    int state = GW_STATE_BLOCKED;
    while (state > 0 && !gw_is(s, gw_state_name(state)))
        state--;
    return state;
}

static void on_finding(void *ctx, const gw_span *field, size_t count)
{
    struct finding_rows *r = ctx;
    struct month *m = r->m;
    gw_time t = count > COLUMN_TIME ? time_of(field[COLUMN_TIME]) : NEVER;
    if (t == NEVER)
        return;
    if (m->seen_count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 4096;
        struct seen *at = gw_resize(m->seen, cap, sizeof *at);
        if (!at)
            return;
        m->seen = at;
        r->cap = cap;
    }
    gw_span target = gw_service_of(field[COLUMN_TARGET]);
    if (!r->last || !gw_is(target, r->last))
        r->last = gw_arena_cstr(r->arena, target);
    struct seen *x = &m->seen[m->seen_count];
    *x = (struct seen){.target = r->last, .hour = (int32_t)(t / HOUR)};
    x->layer = layer_of(field[COLUMN_LAYER]);
    x->state = state_of(field[COLUMN_STATE]);
    m->seen_count += r->last && gw_parse_int(field[COLUMN_ASN], &x->asn);
}

static bool is_on(const struct event *e, int32_t hour)
{
    int weekday = (hour / 24 + 3) % 7; // 1970-01-01 was a Thursday
    return !e->hours || (weekday < 5 && (e->hours >> hour % 24 & 1));
}

static void count_looks(struct month *m)
{
    for (size_t i = 0; i < m->event_count; i++) {
        struct event *e = &m->events[i];
        int64_t since = begins(m, e->since) / HOUR;
        int64_t until = ends(m, e->until) / HOUR;
        for (size_t k = 0; k < m->seen_count; k++) {
            const struct seen *x = &m->seen[k];
            e->looks += x->layer == GW_LAYER_ALL && x->hour >= since &&
                        x->hour < until && is_on(e, x->hour) &&
                        has_network(&e->networks, x->asn) &&
                        (!e->target[0] || strcmp(e->target, x->target) == 0);
        }
    }
}

int read_month(struct gw_arena *arena, const char *folder, int64_t seed,
               gw_time start, int days, struct month *ret, struct gw_why *why)
{
    char path[4096];
    struct finding_rows rows = {ret, arena, 0, NULL};
    *ret = (struct month){.seed = seed, .start = start};
    ret->end = start + days * 24 * HOUR;
    ret->events = gw_arena_take_n(arena, 4096, sizeof *ret->events);
    if (!ret->events)
        return GW_ENOMEM;
    snprintf(path, sizeof path, "%s/%lld.labels.csv", folder, (long long)seed);
    int rc = each_row(path, on_label, ret, why);
    snprintf(path, sizeof path, "%s/%lld.findings", folder, (long long)seed);
    rc = rc ? rc : each_row(path, on_finding, &rows, why);
    snprintf(path, sizeof path, "%s/%lld.incidents", folder, (long long)seed);
    rc = rc ? rc : read_said(arena, path, &ret->said, &ret->said_count, why);
    if (!rc)
        count_looks(ret);
    return rc;
}
