// A network that was heard falls silent: hours in which far fewer observers
// were active than its own rhythm makes one expect.
#include "analyse/detect.h"

enum {
    WEEK = 168,
    LONG_GAP = 60 * 24, // nobody measured: no rhythm reaches over it
    SPAN_MAX = 1 << 20, // hours looked at together, 119 years
    LEAST_SPAN = 14 * 24,
    AROUND = 14 * 24,  // hours to either side that set the level
    OBSERVER_HOUR = 4, // measurements of one observer in an hour, at most
    BLOCK = 6,         // hours in which activity goes together
    PARTS = 24 / BLOCK,
    TOGETHER = 3, // observers who must fall silent at once
    ROUNDS = 3,
};
#define COLLAPSE   0.1     // of what is expected: halfway, in logs, below 20 %
#define ALL_BUT    0.8     // of the expected, in hours without anybody: silent
#define UNLIKELY   13.8155 // a million to one
#define SURE_SHARE 3.689   // exp(-x) is 2.5 %
#define SHRINK     4.0     // weeks that the hour of the day is worth

struct hours {
    int32_t first;
    size_t count;
    uint32_t *seen; // measurements in each
    double *expected;
    bool *silent; // left out when the rhythm is drawn
    double shape[WEEK];
    double bursts; // variance over mean
};

static uint32_t heard(const struct gw_sight *x)
{
    uint32_t n = 0;
    for (int i = 0; i < GW_STATE_COUNT; i++)
        n += x->count[i];
    return n;
}

static size_t hour_of_week(const struct hours *h, size_t i)
{
    int32_t hour = h->first + (int32_t)i;
    return (size_t)gw_weekday(hour) * 24 + (size_t)gw_hour_of_day(hour);
}

// ---- the rhythm ---------------------------------------------------------

static void draw_shape(struct hours *h)
{
    double seen[WEEK] = {0}, times[WEEK] = {0};
    double day_seen[24] = {0}, day_times[24] = {0}, all = 0, n = 0;
    for (size_t i = 0; i < h->count; i++) {
        size_t k = hour_of_week(h, i);
        if (h->silent[i])
            continue;
        seen[k] += h->seen[i];
        times[k]++;
    }
    for (size_t k = 0; k < WEEK; k++) {
        day_seen[k % 24] += seen[k];
        day_times[k % 24] += times[k];
        all += seen[k];
        n += times[k];
    }
    for (size_t k = 0; k < WEEK; k++) {
        double flat = n > 0 ? all / n : 0;
        double day =
            (day_seen[k % 24] + SHRINK * flat) / (day_times[k % 24] + SHRINK);
        h->shape[k] = (seen[k] + SHRINK * day) / (times[k] + SHRINK);
    }
}

// How much more or less than usual in these weeks, times the shape.
static void draw_level(struct hours *h)
{
    double seen = 0, shape = 0;
    size_t from = 0, to = 0;
    for (size_t i = 0; i < h->count; i++) {
        for (; to < h->count && to <= i + AROUND; to++) {
            seen += h->silent[to] ? 0 : h->seen[to];
            shape += h->silent[to] ? 0 : h->shape[hour_of_week(h, to)];
        }
        for (; from + AROUND < i; from++) {
            seen -= h->silent[from] ? 0 : h->seen[from];
            shape -= h->silent[from] ? 0 : h->shape[hour_of_week(h, from)];
        }
        double level = (fmax(seen, 0) + 1) / (fmax(shape, 0) + 1);
        h->expected[i] = level * h->shape[hour_of_week(h, i)];
    }
}

// People measure in bursts: how many times Poisson's is the variance of what
// some hours together hold, in the part of the day that is worst in this. A
// silence is as improbable as that many fewer measurements, all independent,
// would make it.
static void draw_bursts(struct hours *h)
{
    double square[PARTS] = {0}, blocks[PARTS] = {0};
    h->bursts = 1;
    for (size_t i = 0; i + BLOCK <= h->count;) {
        double seen = 0, expected = 0;
        size_t hour = hour_of_week(h, i) % 24, part = hour / BLOCK, n = 0;
        bool left_out = hour % BLOCK;
        do {
            seen += h->seen[i + n];
            expected += h->expected[i + n];
            left_out = left_out || h->silent[i + n];
        } while ((hour + ++n) % BLOCK && i + n < h->count);
        i += n;
        if (left_out || expected <= 0)
            continue;
        square[part] += (seen - expected) * (seen - expected) / expected;
        blocks[part]++;
    }
    for (int p = 0; p < PARTS; p++)
        if (blocks[p] > 0)
            h->bursts = fmax(h->bursts, square[p] / blocks[p]);
}

// Log-likelihood ratio of collapsed against as usual.
static double score(const struct hours *h, size_t i)
{
    return (h->seen[i] * log(COLLAPSE) + (1 - COLLAPSE) * h->expected[i]) /
           h->bursts;
}

// ---- a silence ----------------------------------------------------------

struct quiet {
    size_t first, last;
    double score;
};
typedef int quiet_fn(void *ctx, const struct quiet *q);

// Without hours at either end that have not collapsed themselves.
static void trim(const struct hours *h, struct quiet *q)
{
    while (q->first < q->last &&
           h->seen[q->first] > 2 * COLLAPSE * h->expected[q->first])
        q->first++;
    while (q->first < q->last &&
           h->seen[q->last] > 2 * COLLAPSE * h->expected[q->last])
        q->last--;
}

// Runs of hours whose scores add up to more than the threshold, each from
// where its sum rises above zero to where it is highest.
static int each_quiet(const struct hours *h, quiet_fn *fn, void *ctx)
{
    struct quiet q = {0};
    double sum = 0;
    int rc = 0;
    for (size_t i = 0; i <= h->count && !rc; i++) {
        double s = i < h->count ? score(h, i) : -HUGE_VAL;
        if (sum <= 0) {
            sum = 0;
            q = (struct quiet){i, i, 0};
        }
        sum += s;
        if (sum > q.score)
            q = (struct quiet){q.first, i, sum};
        if (sum > 0 && sum > q.score - UNLIKELY)
            continue;
        if (q.score >= UNLIKELY) {
            i = q.last; // look again right after it
            trim(h, &q);
            rc = fn(ctx, &q);
        }
        sum = 0;
    }
    return rc;
}

static int leave_out(void *ctx, const struct quiet *q)
{
    struct hours *h = ctx;
    for (size_t i = q->first; i <= q->last; i++)
        h->silent[i] = true;
    return 0;
}

struct tell {
    const struct gw_detector *d;
    const struct gw_series *s;
    const struct hours *h;
    size_t from, to; // sights of these hours
    uint32_t *mark;  // of observers
    uint32_t number;
    struct gw_arena *arena;
    struct gw_changes *ret;
};

// Index of the first sight at or after that hour.
static size_t sight_at(const struct tell *t, int64_t hour)
{
    size_t low = t->from, high = t->to;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->s->sights[middle].hour < hour)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Observers active in the week before it who came back in the four after;
// before it only, if it goes on.
static int64_t fell_silent(struct tell *t, int64_t first, int64_t last,
                           bool back)
{
    const struct gw_sight *x = t->s->sights;
    int64_t n = 0;
    uint32_t before = ++t->number, counted = ++t->number;
    for (size_t i = sight_at(t, first - WEEK); i < sight_at(t, first); i++) {
        if (!heard(&x[i]) || t->mark[x[i].observer] == before)
            continue;
        t->mark[x[i].observer] = before;
        n += !back;
    }
    size_t until = sight_at(t, last + 4 * WEEK);
    for (size_t i = sight_at(t, last + 1); back && i < until; i++)
        if (heard(&x[i]) && t->mark[x[i].observer] == before) {
            t->mark[x[i].observer] = counted;
            n++;
        }
    return n;
}

static void date(const struct hours *h, const struct quiet *q, bool back,
                 struct gw_change *ret)
{
    size_t i = q->first, k = q->last;
    double sum = 0, sure = SURE_SHARE * h->bursts;
    while (i > 0 && !h->seen[i - 1])
        i--;
    ret->onset[0] = h->first + (int32_t)i - (i > 0);
    for (; i < q->last && (sum += h->expected[i]) < sure; i++)
        ;
    ret->onset[1] = h->first + (int32_t)i;
    ret->end[0] = ret->end[1] = INT32_MAX;
    if (!back)
        return;
    while (k + 1 < h->count && !h->seen[k + 1])
        k++;
    ret->end[1] = h->first + (int32_t)k + 2;
    for (sum = 0; k > q->first && (sum += h->expected[k]) < sure; k--)
        ;
    ret->end[0] = h->first + (int32_t)k + 1;
    if (ret->end[0] < ret->onset[0])
        ret->end[0] = ret->onset[0];
}

static int tell(void *ctx, const struct quiet *q)
{
    struct tell *t = ctx;
    const struct hours *h = t->h;
    int64_t first = (int64_t)h->first + (int64_t)q->first;
    int64_t last = (int64_t)h->first + (int64_t)q->last;
    bool back = false;
    double silent = 0, all = 0;
    for (size_t i = q->last + 1; i < h->count && !back; i++)
        back = h->seen[i] > 0;
    int64_t observers = fell_silent(t, first, last, back);
    double odds = q->score + log(t->d->onset_rate);
    odds = fmin(odds, GW_VOICE * (double)observers);
    if (observers < TOGETHER || odds < t->d->threshold)
        return 0;
    struct gw_change *c = gw_changes_add(t->ret, t->arena);
    if (!c)
        return GW_ENOMEM;
    c->log_odds = odds;
    c->observers = observers;
    for (size_t i = sight_at(t, first); i < sight_at(t, last + 1); i++) {
        const struct gw_sight *x = &t->s->sights[i];
        for (int k = 0; k < GW_STATE_COUNT; k++)
            c->observations += x->count[k];
        c->blocked += x->count[GW_STATE_BLOCKED];
        c->ok += x->count[GW_STATE_OK];
        c->down += x->count[GW_STATE_DOWN];
        c->unknown += x->count[GW_STATE_UNKNOWN];
        c->throttled += x->throttled;
    }
    for (size_t i = q->first; i <= q->last; i++) {
        silent += h->seen[i] ? 0 : h->expected[i];
        all += h->expected[i];
    }
    c->state = silent > ALL_BUT * all ? GW_BLOCKED_STATE : GW_PARTLY;
    date(h, q, back, c);
    return 0;
}

// ---- all of it ----------------------------------------------------------

// An observer's hour counts for a few measurements at most: a flood makes no
// rhythm.
static void fill(struct hours *h, const struct tell *t)
{
    uint32_t told = 0;
    for (size_t i = t->from; i < t->to; i++) {
        const struct gw_sight *x = &t->s->sights[i];
        size_t at = (size_t)((int64_t)x->hour - h->first);
        if (i == t->from || x[-1].hour != x->hour ||
            x[-1].observer != x->observer)
            told = 0;
        uint32_t n = heard(x), room = OBSERVER_HOUR - told;
        told += n < room ? n : room;
        h->seen[at] += n < room ? n : room;
    }
}

static int look_at_span(struct tell *t)
{
    struct hours h = {.first = t->s->sights[t->from].hour};
    h.count = (size_t)((int64_t)t->s->sights[t->to - 1].hour - h.first) + 1;
    if (h.count < LEAST_SPAN)
        return 0;
    t->ret->enough = true;
    h.seen = gw_resize(NULL, h.count, sizeof *h.seen);
    h.expected = gw_resize(NULL, h.count, sizeof *h.expected);
    h.silent = gw_resize(NULL, h.count, sizeof *h.silent);
    int rc = h.seen && h.expected && h.silent ? 0 : GW_ENOMEM;
    if (!rc) {
        memset(h.seen, 0, h.count * sizeof *h.seen);
        memset(h.silent, 0, h.count * sizeof *h.silent);
        fill(&h, t);
        t->h = &h;
    }
    for (int round = 0; round < ROUNDS && !rc; round++) {
        draw_shape(&h);
        draw_level(&h);
        draw_bursts(&h);
        bool last = round + 1 == ROUNDS;
        memset(h.silent, 0, h.count * sizeof *h.silent);
        rc = each_quiet(&h, last ? tell : leave_out, last ? (void *)t : &h);
    }
    gw_free(h.seen);
    gw_free(h.expected);
    gw_free(h.silent);
    return rc;
}

int gw_detect_silence(const struct gw_detector *d,
                      const struct gw_series *volume, struct gw_arena *arena,
                      struct gw_changes *ret, struct gw_why *why)
{
    const struct gw_sight *x = volume->sights;
    struct tell t = {.d = d, .s = volume, .arena = arena, .ret = ret};
    *ret = (struct gw_changes){0};
    int rc = gw_series_check(volume, why);
    if (rc || volume->aggregate || volume->observer_count < TOGETHER)
        return rc;
    t.mark = gw_resize(NULL, volume->observer_count, sizeof *t.mark);
    if (!t.mark)
        return gw_fail(why, GW_ENOMEM, "volume: %s", gw_strerror(GW_ENOMEM));
    memset(t.mark, 0, volume->observer_count * sizeof *t.mark);
    for (t.from = 0; t.from < volume->count && !rc; t.from = t.to) {
        for (t.to = t.from + 1; t.to < volume->count; t.to++)
            if ((int64_t)x[t.to].hour - x[t.to - 1].hour > LONG_GAP ||
                (int64_t)x[t.to].hour - x[t.from].hour >= SPAN_MAX)
                break;
        rc = look_at_span(&t);
    }
    gw_free(t.mark);
    return rc ? gw_fail(why, rc, "volume: %s", gw_strerror(rc)) : 0;
}
