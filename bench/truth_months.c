// What a setting of rehearsed months comes to: found, wrong, twice, when.
#include "truth.h"

#include <math.h>
#include <stdio.h>

enum { KINDS = 32, LIKELY = 2, LOOKS = 4, RESAMPLES = 2000, TIMES = 1 << 14 };

// Every kind of event, in the order of the first month's labels.
struct kinds {
    const char *name[KINDS];
    size_t count;
};

static void collect(struct kinds *k, const char *name)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->name[i], name) == 0)
            return;
    if (k->count < KINDS)
        k->name[k->count++] = name;
}

static struct kinds kinds_of(const struct setting *s, bool nothing)
{
    struct kinds k = {0};
    for (size_t i = 0; i < s->count; i++)
        for (size_t e = 0; e < s->months[i].event_count; e++)
            if ((s->months[i].events[e].class == NOTHING) == nothing)
                collect(&k, s->months[i].events[e].kind);
    return k;
}

// ---- found --------------------------------------------------------------

struct found {
    int64_t events, looked, found, likely, seen_found, seen_likely, peer;
    int64_t networks, named, extra; // labelled; of them named; named too many
};

static void count_networks(struct found *f, const struct event *e,
                           const struct said *x)
{
    f->networks += (int64_t)e->networks.count;
    for (size_t i = 0; i < x->networks.count; i++)
        if (has_network(&e->networks, x->networks.at[i]))
            f->named++;
        else
            f->extra++;
}

static void count_event(struct found *f, const struct month *m,
                        const struct event *e)
{
    // Of a silence nothing can be seen.
    bool looked = e->class == SILENCE || e->looks >= LOOKS;
    bool likely = e->found >= 0 && m->said[e->found].word >= LIKELY;
    f->events++;
    f->looked += looked;
    f->found += e->found >= 0;
    f->likely += likely;
    f->seen_found += looked && e->found >= 0;
    f->seen_likely += looked && likely;
    f->peer += e->alarm >= 0;
    if (e->found >= 0 && e->networks.count)
        count_networks(f, e, &m->said[e->found]);
}

static struct found found_of(const struct setting *s, const char *kind,
                             enum class class)
{
    struct found f = {0};
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->months[i].event_count; k++) {
            const struct event *e = &s->months[i].events[k];
            if (kind ? strcmp(kind, e->kind) == 0 : e->class == class)
                count_event(&f, &s->months[i], e);
        }
    return f;
}

static void tell_found(struct tell *t, const char *table, const char *name,
                       const struct found *f)
{
    tell_row(
        t, table, "event", name, "events", number(t, f->events), "looked at",
        number(t, f->looked), "found", number(t, f->found), "of looked at",
        share(t, f->seen_found, f->looked), "likely", number(t, f->likely),
        "of looked at, likely", share(t, f->seen_likely, f->looked), "peer",
        share(t, f->peer, f->events), "networks", number(t, f->networks),
        "named", number(t, f->named), "too many", number(t, f->extra), NULL);
}

static void tell_events(struct tell *t, const struct setting *s)
{
    char table[96];
    struct kinds k = kinds_of(s, false);
    snprintf(table, sizeof table, "%s: found", s->name);
    for (size_t i = 0; i < k.count; i++) {
        struct found f = found_of(s, k.name[i], NOTHING);
        tell_found(t, table, k.name[i], &f);
    }
    for (enum class c = BLOCKING; c < NOTHING; c++) {
        char name[32];
        struct found f = found_of(s, NULL, c);
        snprintf(name, sizeof name, "all %s", class_names[c]);
        tell_found(t, table, name, &f);
    }
    t->table = NULL;
}

// ---- right --------------------------------------------------------------

struct right {
    int64_t said, right, twice;
};

static void count_said(struct right *r, const struct said *x)
{
    r->said++;
    r->right += x->event >= 0 && !x->twice;
    r->twice += x->twice;
}

static struct right right_of(const struct setting *s, enum class class,
                             int least, int most, bool peer)
{
    struct right r = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct month *m = &s->months[i];
        const struct said *x = peer ? m->alarms : m->said;
        size_t n = peer ? m->alarm_count : m->said_count;
        for (size_t k = 0; k < n; k++)
            if (x[k].class == class && x[k].word >= least && x[k].word <= most)
                count_said(&r, &x[k]);
    }
    return r;
}

static void tell_right(struct tell *t, const char *table, const char *name,
                       const struct right *r)
{
    tell_row(t, table, "said", name, "said", number(t, r->said), "right",
             number(t, r->right), "twice", number(t, r->twice), "wrong",
             number(t, r->said - r->right - r->twice), "precision",
             share(t, r->right, r->said), NULL);
}

static void tell_precision(struct tell *t, const struct setting *s)
{
    char table[96], name[96];
    snprintf(table, sizeof table, "%s: right", s->name);
    for (enum class c = BLOCKING; c < NOTHING; c++)
        for (int likely = 0; likely < 2; likely++) {
            struct right r = right_of(s, c, likely ? LIKELY : 0, WORDS, false);
            snprintf(name, sizeof name, "%s%s", class_names[c],
                     likely ? ", likely or more" : "");
            tell_right(t, table, name, &r);
        }
    struct right r = right_of(s, BLOCKING, 0, WORDS, true);
    tell_right(t, table, "peer's alarms, joined", &r);
    t->table = NULL;
    snprintf(table, sizeof table, "%s: calibration", s->name);
    for (int w = 0; w < WORDS; w++) {
        r = right_of(s, BLOCKING, w, w, false);
        snprintf(name, sizeof name, "%s", confidence_words[w]);
        tell_right(t, table, name, &r);
    }
    t->table = NULL;
}

// ---- wrong --------------------------------------------------------------

static bool is_wrong(const struct said *x)
{
    return x->event < 0;
}

static void tell_wrong_kind(struct tell *t, const struct setting *s,
                            const char *table, const char *kind)
{
    int64_t n[2] = {0}, peer = 0, events = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct month *m = &s->months[i];
        for (size_t k = 0; k < m->event_count; k++)
            events += kind && strcmp(m->events[k].kind, kind) == 0;
        for (size_t k = 0; k < m->said_count + m->alarm_count; k++) {
            bool own = k < m->said_count;
            const struct said *x =
                own ? &m->said[k] : &m->alarms[k - m->said_count];
            const char *why = x->blame < 0 ? NULL : m->events[x->blame].kind;
            if (!is_wrong(x) || x->class != BLOCKING ||
                (kind ? !why || strcmp(why, kind) != 0 : why != NULL))
                continue;
            peer += !own;
            n[0] += own;
            n[1] += own && x->word >= LIKELY;
        }
    }
    tell_row(t, table, "what it was", kind ? kind : "none of these", "events",
             number(t, events), "said blocking", number(t, n[0]),
             "likely or more", number(t, n[1]), "peer", number(t, peer), NULL);
}

static void tell_wrong(struct tell *t, const struct setting *s)
{
    char table[96];
    struct kinds k = kinds_of(s, true), other = kinds_of(s, false);
    snprintf(table, sizeof table, "%s: said blocking and was not", s->name);
    for (size_t i = 0; i < k.count; i++)
        tell_wrong_kind(t, s, table, k.name[i]);
    for (size_t i = 0; i < other.count; i++)
        tell_wrong_kind(t, s, table, other.name[i]);
    tell_wrong_kind(t, s, table, NULL);
    t->table = NULL;
}

// ---- when ---------------------------------------------------------------

struct times {
    double off[TIMES], size[TIMES];
    size_t count;
    int64_t within, other; // in the interval; ended that is said to go on, or
                           // the other way round
    double width;          // summed
};

static void count_time(struct times *x, const gw_time said[2], gw_time truth)
{
    if (truth == NEVER)
        return;
    if (said[1] == NEVER || x->count == TIMES) {
        x->other++;
        return;
    }
    gw_time first = said[0] == NEVER ? truth : said[0];
    x->off[x->count] = (double)(said[1] - truth) / (double)HOUR;
    x->size[x->count] = fabs(x->off[x->count]);
    x->width += (double)(said[1] - first) / (double)HOUR;
    x->count++;
    x->within += first <= truth && truth <= said[1];
}

static void tell_time(struct tell *t, const char *table, const char *name,
                      const char *what, struct times *x)
{
    tell_row(t, table, "event", name, "what", what, "known",
             number(t, (int64_t)x->count), "error median",
             decimal(t, quantile(x->off, x->count, 0.5), 1), "size p50",
             decimal(t, quantile(x->size, x->count, 0.5), 1), "size p90",
             decimal(t, quantile(x->size, x->count, 0.9), 1), "interval",
             decimal(t, x->width / (double)x->count, 1), "truth within",
             share(t, x->within, (int64_t)x->count), "not told",
             number(t, x->other), NULL);
}

static void gather_times(const struct setting *s, const char *kind, bool peer,
                         struct times *since, struct times *until)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct month *m = &s->months[i];
        for (size_t k = 0; k < m->event_count; k++) {
            const struct event *e = &m->events[k];
            int at = peer ? e->alarm : e->found;
            if (at < 0 ||
                (kind ? strcmp(kind, e->kind) != 0 : e->class != BLOCKING))
                continue;
            const struct said *x = peer ? &m->alarms[at] : &m->said[at];
            count_time(since, x->since, e->since);
            count_time(until, x->until, e->until);
        }
    }
}

static int tell_kind_times(struct tell *t, const struct setting *s,
                           const char *name, const char *kind, bool peer)
{
    char table[96];
    struct times *two = gw_new(2 * sizeof *two);
    if (!two)
        return GW_ENOMEM;
    snprintf(table, sizeof table, "%s: hours", s->name);
    gather_times(s, kind, peer, &two[0], &two[1]);
    tell_time(t, table, name, "onset", &two[0]);
    if (two[1].count || two[1].other)
        tell_time(t, table, name, "end", &two[1]);
    gw_free(two);
    return 0;
}

static int tell_times(struct tell *t, const struct setting *s)
{
    struct kinds k = kinds_of(s, false);
    int rc = 0;
    for (size_t i = 0; !rc && i < k.count; i++)
        rc = tell_kind_times(t, s, k.name[i], k.name[i], false);
    rc = rc ? rc : tell_kind_times(t, s, "all blocking", NULL, false);
    rc = rc ? rc : tell_kind_times(t, s, "peer, at the alarm", NULL, true);
    t->table = NULL;
    return rc;
}

// ---- all of it ----------------------------------------------------------

static void add_month(const struct month *m, int64_t sum[6])
{
    for (size_t i = 0; i < m->said_count; i++) {
        const struct said *x = &m->said[i];
        bool counts = x->class == BLOCKING && x->word >= LIKELY;
        sum[0] += counts;
        sum[1] += counts && x->event >= 0 && !x->twice;
    }
    for (size_t i = 0; i < m->event_count; i++) {
        const struct event *e = &m->events[i];
        bool counts = e->class == BLOCKING && e->looks >= LOOKS;
        sum[2] += counts;
        sum[3] += counts && e->found >= 0 && m->said[e->found].word >= LIKELY;
    }
    for (size_t i = 0; i < m->alarm_count; i++) {
        sum[4]++;
        sum[5] += m->alarms[i].event >= 0 && !m->alarms[i].twice;
    }
}

// Months drawn again: events of one month are not independent.
static void tell_resampled(struct tell *t, const struct setting *s)
{
    static const char *const names[] = {"precision, likely or more",
                                        "recall of looked at, likely",
                                        "precision of the peer"};
    double drawn[3][RESAMPLES];
    int64_t all[6] = {0};
    struct gw_rand r = {s->count};
    for (size_t i = 0; i < s->count; i++)
        add_month(&s->months[i], all);
    for (size_t i = 0; i < RESAMPLES; i++) {
        int64_t sum[6] = {0};
        for (size_t k = 0; k < s->count; k++)
            add_month(&s->months[gw_rand_below(&r, s->count)], sum);
        for (int k = 0; k < 3; k++)
            drawn[k][i] =
                sum[2 * k] ? (double)sum[2 * k + 1] / (double)sum[2 * k] : 1;
    }
    char table[96];
    snprintf(table, sizeof table, "%s: months drawn again", s->name);
    for (int k = 0; k < 3; k++)
        tell_row(t, table, "blocking", names[k], "value",
                 decimal(t, (double)all[2 * k + 1] / (double)all[2 * k], 3),
                 "low", decimal(t, quantile(drawn[k], RESAMPLES, 0.025), 3),
                 "high", decimal(t, quantile(drawn[k], RESAMPLES, 0.975), 3),
                 NULL);
    t->table = NULL;
}

static void tell_volume(struct tell *t, const struct setting *s)
{
    char table[96];
    double months = (double)s->count;
    int64_t events = 0, said = 0, alarms = 0, raw = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct month *m = &s->months[i];
        for (size_t k = 0; k < m->event_count; k++)
            events += m->events[k].class == BLOCKING;
        for (size_t k = 0; k < m->said_count; k++)
            said += m->said[k].class == BLOCKING;
        alarms += (int64_t)m->alarm_count;
        raw += m->raw_alarms;
    }
    snprintf(table, sizeof table, "%s: a month", s->name);
    tell_row(t, table, "of blocking", "mean of the months", "events",
             decimal(t, (double)events / months, 1), "incidents",
             decimal(t, (double)said / months, 1), "peer's alarms, joined",
             decimal(t, (double)alarms / months, 1), "peer's changepoints",
             decimal(t, (double)raw / months, 1), NULL);
    t->table = NULL;
}

static void tell_each(struct tell *t, const struct setting *s,
                      const struct month *m)
{
    char table[96];
    snprintf(table, sizeof table, "%s: every deviation", s->name);
    for (size_t i = 0; i < m->event_count; i++) {
        const struct event *e = &m->events[i];
        if (e->class == NOTHING || e->found >= 0 ||
            (e->class != SILENCE && e->looks < LOOKS))
            continue;
        tell_row(t, table, "target", e->target, "seed", number(t, m->seed),
                 "deviation", "missed", "truth", e->kind, "since",
                 when(t, e->since), "until", when(t, e->until), "looks",
                 number(t, e->looks), "said", "-", "confidence", "-", NULL);
    }
    for (size_t i = 0; i < m->said_count; i++) {
        const struct said *x = &m->said[i];
        int event = x->event >= 0 ? x->event : x->blame;
        if (x->event >= 0 && !x->twice)
            continue;
        tell_row(t, table, "target", x->target, "seed", number(t, m->seed),
                 "deviation", x->twice ? "twice" : "wrong", "truth",
                 event < 0 ? "nothing" : m->events[event].kind, "since",
                 when(t, x->since[1]), "until", when(t, x->until[1]), "looks",
                 "", "said", x->kind, "confidence", confidence_words[x->word],
                 NULL);
    }
}

int tell_setting(struct tell *t, const struct setting *s)
{
    tell_events(t, s);
    tell_precision(t, s);
    tell_wrong(t, s);
    int rc = tell_times(t, s);
    tell_resampled(t, s);
    tell_volume(t, s);
    for (size_t i = 0; i < s->count; i++)
        tell_each(t, s, &s->months[i]);
    t->table = NULL;
    return rc;
}
