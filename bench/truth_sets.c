// Real measurements whose truth was written down before: what is expected,
// what was said, and whether that holds.
#include "truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *networks_of(struct tell *t, const struct said *x)
{
    char *s = t->scratch[t->next++ % SCRATCH];
    int n = 0;
    s[0] = 0;
    for (size_t i = 0; i < x->networks.count && n < SCRATCH_TEXT - 8; i++)
        n += snprintf(s + n, (size_t)(SCRATCH_TEXT - n), "%s%lld", i ? " " : "",
                      (long long)x->networks.at[i]);
    return s;
}

// "Mon" to "Sun" as digits 1 to 7.
static const char *bits(struct tell *t, uint32_t bits)
{
    char *s = t->scratch[t->next++ % SCRATCH];
    int n = 0;
    s[0] = 0;
    for (int i = 0; i < 32 && n < SCRATCH_TEXT - 4; i++)
        if (bits >> i & 1)
            n += snprintf(s + n, (size_t)(SCRATCH_TEXT - n), "%s%d",
                          n ? " " : "", i);
    return s;
}

static void tell_said(struct tell *t, const char *table, const struct said *x)
{
    tell_row(t, table, "target", x->target, "cc", x->cc, "kind", x->kind,
             "since earliest", when(t, x->since[0]), "since latest",
             when(t, x->since[1]), "until earliest", when(t, x->until[0]),
             "until latest", when(t, x->until[1]), "observers",
             number(t, x->observers), "log-odds",
             decimal(t, (double)x->milli / 1000, 1), "weekdays",
             bits(t, x->weekdays), "confidence", confidence_words[x->word],
             "networks", networks_of(t, x), NULL);
}

// ---- Kenya, telegram, November 2023 -------------------------------------

static void expect(struct tell *t, const char *what, bool holds,
                   const char *said)
{
    tell_row(t, "Kenya, telegram: expected", "expectation", what, "holds",
             holds ? "yes" : "NO", "said", said, NULL);
}

static bool names(const struct said *x, int64_t asn)
{
    return x->networks.count && has_network(&x->networks, asn);
}

int tell_kenya(struct tell *t, struct gw_arena *arena, const char *incidents,
               struct gw_why *why)
{
    enum { MONDAY_TO_FRIDAY = 0x3e, WEEKEND = 0xc0 };
    struct said *said;
    const struct said *it = NULL;
    size_t count, blocking = 0, clean = 0;
    int rc = read_said(arena, incidents, &said, &count, why);
    for (size_t i = 0; !rc && i < count; i++) {
        struct said *x = &said[i];
        tell_said(t, "Kenya, telegram: incidents", x);
        if (x->class != BLOCKING)
            continue;
        clean += names(x, 15399) || names(x, 329014);
        if (strcmp(x->target, "telegram") != 0)
            continue;
        blocking++;
        if (!it || x->milli > it->milli)
            it = x;
    }
    if (rc)
        return rc;
    struct said none = {.since = {NEVER, NEVER}, .until = {NEVER, NEVER}};
    it = it ? it : &none;
    gw_time first = gw_time_civil(2023, 11, 1, 0, 0, 0);
    gw_time last = gw_time_civil(2023, 11, 28, 0, 0, 0);
    expect(t, "one blocking of telegram", blocking == 1,
           number(t, (int64_t)blocking));
    expect(t, "likely or more", it->word >= 2, confidence_words[it->word]);
    expect(t, "on AS33771", names(it, 33771), networks_of(t, it));
    expect(t, "on AS37061", names(it, 37061), networks_of(t, it));
    expect(t, "nothing on AS15399 and AS329014", clean == 0,
           number(t, (int64_t)clean));
    expect(t, "weekdays, not at weekends",
           (it->weekdays & MONDAY_TO_FRIDAY) && !(it->weekdays & WEEKEND),
           bits(t, it->weekdays));
    expect(t, "onset in November 2023",
           it->since[1] != NEVER && it->since[1] >= first &&
               it->since[1] < last,
           when(t, it->since[1]));
    return 0;
}

// ---- Brazil, womenonwaves.org -------------------------------------------
// Rows of a search: a time and a flag. No network, no probe, no keys.

struct flags {
    size_t count;
    int32_t *hour; // in order
    bool *blocked;
    int first_day, days;
    int *blocked_of, *all_of; // by day
};

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int read_flags(struct gw_arena *arena, const char *path,
                      struct flags *ret, struct gw_why *why)
{
    struct gw_buf text;
    gw_jv all;
    struct gw_json *json = gw_json_new();
    int rc = read_file(path, &text, why);
    rc = rc ? rc : gw_json_parse(json, gw_buf_span(&text), &all, why);
    size_t n = rc ? 0 : gw_jv_count(all);
    int64_t *rows = gw_arena_take_n(arena, n + 1, sizeof *rows);
    *ret = (struct flags){.hour = gw_arena_take_n(arena, n + 1, 4),
                          .blocked = gw_arena_take_n(arena, n + 1, 1)};
    if (!rc && (!rows || !ret->hour || !ret->blocked))
        rc = GW_ENOMEM;
    gw_jit i = gw_jv_iter(rc ? (gw_jv){0} : all);
    for (n = 0; gw_jit_next(&i);) {
        gw_time t;
        if (gw_parse_time(
                gw_jv_str(gw_jv_get(i.value, "measurement_start_time")), &t))
            rows[n++] =
                t / HOUR * 2 + (gw_jv_bool(gw_jv_get(i.value, "anomaly")) == 1);
    }
    if (!rc && n)
        qsort(rows, n, sizeof *rows, by_time);
    for (size_t k = 0; k < n; k++) {
        ret->hour[k] = (int32_t)(rows[k] / 2);
        ret->blocked[k] = rows[k] % 2;
    }
    ret->count = n;
    gw_json_free(json);
    gw_buf_release(&text);
    return rc || n ? rc : gw_fail(why, GW_EFORMAT, "%s: no rows", path);
}

static int count_days(struct gw_arena *arena, struct flags *f)
{
    f->first_day = f->hour[0] / 24;
    f->days = f->hour[f->count - 1] / 24 - f->first_day + 1;
    f->blocked_of = gw_arena_zero(arena, sizeof(int) * (size_t)f->days);
    f->all_of = gw_arena_zero(arena, sizeof(int) * (size_t)f->days);
    if (!f->blocked_of || !f->all_of)
        return GW_ENOMEM;
    for (size_t i = 0; i < f->count; i++) {
        f->all_of[f->hour[i] / 24 - f->first_day]++;
        f->blocked_of[f->hour[i] / 24 - f->first_day] += f->blocked[i];
    }
    return 0;
}

static double said_by(double k, double n) // log-likelihood at its best rate
{
    double p = n > 0 ? k / n : 0;
    return (k > 0 ? k * log(p) : 0) + (n > k ? (n - k) * log(1 - p) : 0);
}

// The truth: spans of days, each with its own share of anomalies, that explain
// the rows best when every span costs what three numbers cost (BIC).
static int spans(struct gw_arena *arena, const struct flags *f, int **ret_from)
{
    size_t days = (size_t)f->days;
    double *best = gw_arena_take_n(arena, days + 1, sizeof *best);
    int *from = gw_arena_take_n(arena, days + 1, sizeof *from);
    double cost = 1.5 * log((double)f->count);
    if (!best || !from)
        return GW_ENOMEM;
    best[0] = 0;
    for (int end = 1; end <= f->days; end++) {
        double k = 0, n = 0;
        best[end] = -HUGE_VAL;
        for (int begin = end - 1; begin >= 0; begin--) {
            k += f->blocked_of[begin];
            n += f->all_of[begin];
            double score = best[begin] + said_by(k, n) - cost;
            if (score > best[end]) {
                best[end] = score;
                from[end] = begin;
            }
        }
    }
    *ret_from = from;
    return 0;
}

static void tell_spans(struct tell *t, const struct flags *f, const int *from,
                       int end)
{
    int k = 0, n = 0;
    if (end == 0)
        return;
    tell_spans(t, f, from, from[end]);
    for (int i = from[end]; i < end; i++) {
        k += f->blocked_of[i];
        n += f->all_of[i];
    }
    tell_row(t, "Brazil, womenonwaves.org: truth, by the rows", "from",
             when(t, (f->first_day + from[end]) * 24 * HOUR), "to",
             when(t, (f->first_day + end) * 24 * HOUR), "rows", number(t, n),
             "anomalies", number(t, k), "share", share(t, k, n), NULL);
}

static gw_time hour_time(int32_t hour)
{
    return hour == INT32_MIN || hour == INT32_MAX ? NEVER : hour * HOUR;
}

// Who measured is not in the rows: either everybody was somebody else, or all
// were one. The truth lies between.
static int tell_detected(struct tell *t, struct gw_arena *arena,
                         const struct flags *f, size_t observers,
                         struct gw_why *why)
{
    static const enum gw_layer layer = GW_LAYER_ALL;
    struct gw_sight *sights = gw_arena_zero(arena, f->count * sizeof *sights);
    int64_t *ids = gw_arena_zero(arena, f->count * sizeof *ids);
    gw_span program = gw_str("search");
    struct gw_changes changes;
    size_t n = 0;
    if (!sights || !ids)
        return GW_ENOMEM;
    for (size_t i = 0; i < f->count; i++) {
        uint32_t who = (uint32_t)(i % observers);
        struct gw_sight *x = &sights[n];
        if (observers == 1 && n && sights[n - 1].hour == f->hour[i])
            x = &sights[n - 1];
        else
            *x = (struct gw_sight){.hour = f->hour[i],
                                   .observer = who,
                                   .rule = UINT32_MAX,
                                   .example = UINT32_MAX};
        n += x == &sights[n];
        x->count[f->blocked[i] ? GW_STATE_BLOCKED : GW_STATE_OK]++;
        // A flag weighs what a failure weighs that the helper did not have.
        x->llr = f->blocked[i] ? 3 : x->llr;
        ids[who] = who + 1;
    }
    struct gw_series s = {.cc = GW_LIT("BR"),
                          .target = GW_LIT("womenonwaves.org"),
                          .asn = GW_NULL,
                          .layer = layer,
                          .count = n,
                          .sights = sights,
                          .observer_count = observers,
                          .observers = ids,
                          .program_count = 1,
                          .programs = &program};
    int rc = gw_detect(&gw_detector_default, &s, arena, &changes, why);
    for (size_t i = 0; !rc && i < changes.count; i++) {
        const struct gw_change *x = &changes.at[i];
        tell_row(t, "Brazil, womenonwaves.org: detected", "observers",
                 observers == 1 ? "one for all rows" : "one for each row",
                 "onset from", when(t, hour_time(x->onset[0])), "onset to",
                 when(t, hour_time(x->onset[1])), "end from",
                 when(t, hour_time(x->end[0])), "end to",
                 when(t, hour_time(x->end[1])), "state",
                 x->state == GW_PARTLY ? "partly" : "blocked", "blocked",
                 number(t, x->blocked), "ok", number(t, x->ok), "log-odds",
                 decimal(t, x->log_odds, 1), "words",
                 gw_confidence(x->log_odds, x->observers), NULL);
    }
    if (!rc && !changes.count)
        tell_row(t, "Brazil, womenonwaves.org: detected", "observers",
                 observers == 1 ? "one for all rows" : "one for each row",
                 "words", changes.enough ? "nothing" : "not enough data", NULL);
    return rc;
}

int tell_brazil(struct tell *t, struct gw_arena *arena, const char *rows,
                struct gw_why *why)
{
    struct flags f;
    int *from;
    int rc = read_flags(arena, rows, &f, why);
    rc = rc ? rc : count_days(arena, &f);
    rc = rc ? rc : spans(arena, &f, &from);
    if (rc)
        return rc;
    tell_spans(t, &f, from, f.days);
    rc = tell_detected(t, arena, &f, f.count, why);
    t->table = NULL;
    return rc ? rc : tell_detected(t, arena, &f, 1, why);
}

// ---- iMAP: somebody else's daily counts ---------------------------------

int tell_imap(struct tell *t, struct gw_arena *arena, const char *incidents,
              struct gw_why *why)
{
    struct said *said;
    size_t count;
    int rc = read_said(arena, incidents, &said, &count, why);
    for (size_t i = 0; !rc && i < count; i++)
        tell_said(t, "iMAP, daily counts: incidents", &said[i]);
    if (!rc && !count)
        tell_row(t, "iMAP, daily counts: incidents", "target", "none", NULL);
    return rc;
}
