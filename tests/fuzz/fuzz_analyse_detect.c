// Series as no network would give them, looked at in every way there is. Each
// sight is nine bytes: how far on in time, who, and what they saw.
#include "analyse/analyse.h"

#include <math.h>

enum { SIGHTS_MAX = 3000, OBSERVERS = 40, HOURS = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static uint16_t some_count(struct gw_reader *r)
{
    uint8_t n = gw_read_u8(r);
    return n < 200 ? n % 4 : n < 250 ? n : UINT16_MAX;
}

// In order, unless the first byte asks for a series that is not.
static size_t read_sights(struct gw_reader *r, struct gw_sight *x, bool order)
{
    int64_t hour = (int32_t)gw_read_u32le(r);
    size_t n = 0;
    uint32_t observer = 0;
    for (; n < SIGHTS_MAX && gw_reader_left(r); n++) {
        uint8_t step = gw_read_u8(r);
        int64_t on = step < 200   ? step % 30
                     : step < 250 ? (step - 200) * 40
                                  : (int64_t)1 << (step - 226);
        uint32_t who = gw_read_u8(r) % OBSERVERS;
        hour = hour + on > INT32_MAX ? INT32_MAX : hour + on;
        if (order && n && x[n - 1].hour == (int32_t)hour && who < observer)
            who = observer;
        observer = who;
        uint8_t marks = gw_read_u8(r);
        x[n] = (struct gw_sight){.hour = (int32_t)hour,
                                 .observer = who,
                                 .program = marks & 3,
                                 .throttled = marks & 4 ? some_count(r) : 0,
                                 .intercepted = marks & 8 ? some_count(r) : 0,
                                 .rule = UINT32_MAX,
                                 .example = (uint32_t)n};
        uint8_t llr = gw_read_u8(r);
        x[n].llr = llr == 255   ? NAN
                   : llr == 254 ? INFINITY
                                : (float)llr / 16 - 2;
        for (int k = 0; k < GW_STATE_COUNT; k++)
            x[n].count[k] = some_count(r);
    }
    return n;
}

static void check(const struct gw_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct gw_change *x = &c->at[i];
        must(c->enough && isfinite(x->log_odds));
        must(x->state == GW_PARTLY || x->state == GW_BLOCKED_STATE);
        must(x->onset[0] <= x->onset[1] && x->end[0] <= x->end[1]);
        must(x->onset[0] <= x->end[1]);
        must(x->weekdays && x->weekdays < 0x80);
        must(x->hours && x->hours < 0x1000000);
        must(x->observers > 0 && x->observers <= OBSERVERS);
        must(x->observers > 1 || x->log_odds < 2.303);
        must(gw_confidence(x->log_odds, x->observers)[0]);
        must(!i || x->onset[0] >= c->at[i - 1].onset[0]);
    }
}

static bool equal(const struct gw_changes *a, const struct gw_changes *b)
{
    return a->count == b->count && a->enough == b->enough &&
           (!a->count || !memcmp(a->at, b->at, a->count * sizeof *a->at));
}

static void watch(const struct gw_series *s)
{
    double odds[HOURS];
    int32_t first = s->count ? s->sights[0].hour : 0;
    int told =
        gw_detect_online(&gw_detector_default, s, first, HOURS, odds, NULL);
    for (int i = 0; told >= 0 && i < HOURS; i++)
        must(isfinite(odds[i]));
    must(told ==
         gw_detect_online(&gw_detector_default, s, first, HOURS, NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gw_sight sights[SIGHTS_MAX];
    static const int64_t observers[OBSERVERS];
    struct gw_reader r = gw_reader_on(gw_span_of(data, size));
    struct gw_arena *arena = gw_arena_new(16 << 20);
    struct gw_changes once, again, quiet;
    must(arena);
    uint8_t kind = gw_read_u8(&r);
    struct gw_series s = {.sights = sights,
                          .observer_count = OBSERVERS,
                          .observers = observers,
                          .aggregate = kind & 2};
    s.count = read_sights(&r, sights, !(kind & 1));
    const struct gw_detector *d = &gw_detector_default;
    int rc = gw_detect(d, &s, arena, &once, NULL);
    must(rc == 0 || (rc == GW_EFORMAT && kind & 1));
    if (!rc) {
        check(&once);
        must(gw_detect(d, &s, arena, &again, NULL) == 0);
        must(equal(&once, &again));
        must(gw_detect_silence(d, &s, arena, &quiet, NULL) == 0);
        check(&quiet);
    }
    watch(&s);
    gw_arena_free(arena);
    return 0;
}
