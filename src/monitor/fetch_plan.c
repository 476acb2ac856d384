// Finds out which objects there are: lists the bucket by hours since
// 2020-10-20, by tests before 2020-10-21, and both ways on the day between.
#include "monitor/fetch.h"

#include <stdio.h>

enum {
    TESTS_MAX = 256,
    PAGES_MAX = 10000, // of one listing
    PREFIX_MAX = 160,
    TEST_NAME_MAX = 64,
    DAY_LEN = 8, // "20201020"
    // "raw/20201020/07/PK/": the test's name comes after
    HOUR_PREFIX_LEN = 4 + 9 + 3 + 3,
};
static const int64_t object_max = INT64_C(64) << 30;
static const gw_time hour = 3600 * GW_SECOND;

enum kind { NAMES, HOUR, TEST };

// A listing under way.
struct listing {
    enum kind kind;
    int pages;
    bool past; // a key beyond the last day was seen
    char prefix[PREFIX_MAX], after[PREFIX_MAX], token[GW_TOKEN_MAX];
    struct gw_buf page;
};

struct plan {
    struct gw_fetch_run *run;
    gw_time next_hour, raw_since, legacy_until;
    bool names_asked;
    const char *names[TESTS_MAX]; // of tests that jsonl/ has
    size_t name_count, next_name;
    struct listing of_slot[GW_FETCH_PARALLEL_MAX];
};

// One page being read, for the listing reader's callbacks.
struct page {
    struct plan *plan;
    struct listing *l;
    struct gw_why *why;
};

static void day_text(gw_time t, char *ret_text /* GW_TIME_TEXT */)
{
    char dashed[GW_TIME_TEXT];
    size_t n = 0;
    gw_format_day(t, dashed);
    for (const char *p = dashed; *p; p++)
        if (*p != '-')
            ret_text[n++] = *p;
    ret_text[n] = 0;
}

// Test names are compared without '_': raw/ spells webconnectivity.
static bool same_test(gw_span a, gw_span b)
{
    size_t i = 0, j = 0;
    for (;; i++, j++) {
        while (i < a.len && a.at[i] == '_')
            i++;
        while (j < b.len && b.at[j] == '_')
            j++;
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if (a.at[i] != b.at[j])
            return false;
    }
}

static bool is_wanted(const struct gw_fetch *want, gw_span test)
{
    for (size_t i = 0; i < want->test_count; i++)
        if (same_test(test, gw_str(want->tests[i])))
            return true;
    return want->test_count == 0;
}

// ---- which listings -----------------------------------------------------
static void begin_hour(struct plan *p, struct listing *l)
{
    const struct gw_fetch *want = p->run->want;
    char day[GW_TIME_TEXT], test[TEST_NAME_MAX + 2] = "";
    day_text(p->next_hour, day);
    // One test alone can be asked for by name; of several, the hour's whole
    // list costs fewer requests.
    if (want->test_count == 1) {
        size_t n = 0;
        for (const char *c = want->tests[0]; *c; c++)
            if (*c != '_')
                test[n++] = *c;
        test[n] = '/';
    }
    l->kind = HOUR;
    snprintf(l->prefix, sizeof l->prefix, "raw/%s/%02d/%s/%s", day,
             (int)(p->next_hour % GW_DAY / hour), p->run->cc, test);
    p->next_hour += hour;
}

// Keys are listed in bytewise order: all days of a test are one listing, that
// starts at the first day and is left after the last.
static void begin_test(struct plan *p, struct listing *l)
{
    const char *name = p->names[p->next_name++];
    char day[GW_TIME_TEXT];
    day_text(p->run->since, day);
    l->kind = TEST;
    snprintf(l->prefix, sizeof l->prefix, "jsonl/%s/%s/", name, p->run->cc);
    snprintf(l->after, sizeof l->after, "jsonl/%s/%s/%s", name, p->run->cc,
             day);
}

static int plan_next(void *ctx, struct gw_request *r)
{
    struct plan *p = ctx;
    struct listing *l = &p->of_slot[r->slot];
    l->pages = 0;
    l->past = false;
    l->prefix[0] = l->after[0] = l->token[0] = 0;
    if (!p->names_asked && p->run->since < p->legacy_until) {
        p->names_asked = true;
        l->kind = NAMES;
        snprintf(l->prefix, sizeof l->prefix, "jsonl/");
        return 1;
    }
    if (p->next_hour < p->run->until)
        begin_hour(p, l);
    else if (p->next_name < p->name_count)
        begin_test(p, l);
    else
        return 0;
    return 1;
}

static int plan_start(void *ctx, struct gw_request *r)
{
    struct plan *p = ctx;
    struct listing *l = &p->of_slot[r->slot];
    struct gw_buf url;
    gw_buf_init(&url, sizeof r->url - 1);
    gw_put_fmt(&url, "%s/?list-type=2&prefix=", p->run->base);
    gw_url_escape(&url, gw_str(l->prefix));
    if (l->kind == NAMES)
        gw_put_str(&url, "&delimiter=%2F");
    if (l->after[0] && !l->token[0]) {
        gw_put_str(&url, "&start-after=");
        gw_url_escape(&url, gw_str(l->after));
    }
    if (l->token[0]) {
        gw_put_str(&url, "&continuation-token=");
        gw_url_escape(&url, gw_str(l->token));
    }
    gw_buf_reset(&l->page);
    int rc = url.err;
    if (!rc) {
        memcpy(r->url, url.at, url.len);
        r->url[url.len] = 0;
    }
    gw_buf_release(&url);
    return rc;
}

// ---- what they say ------------------------------------------------------
static int refuse(struct plan *p, gw_span key, const char *rule)
{
    p->run->ret->refused++;
    gw_fetch_problem(p->run, key, GW_EREFUSED, rule);
    return 0;
}

static int add(struct page *g, gw_span key, int64_t size, const char *etag)
{
    struct gw_fetch_run *run = g->plan->run;
    if (run->count == GW_FETCH_OBJECTS_MAX)
        return gw_fail(g->why, GW_ETOOBIG,
                       "over %d objects: ask for fewer days at once",
                       GW_FETCH_OBJECTS_MAX);
    if (run->count == run->cap) {
        size_t cap = run->cap ? run->cap * 2 : 1024;
        void *grown = gw_resize(run->items, cap, sizeof *run->items);
        if (!grown)
            return GW_ENOMEM;
        run->items = grown;
        run->cap = cap;
    }
    struct gw_item item = {
        .key = gw_arena_cstr(run->arena, key),
        .etag = gw_arena_cstr(run->arena, gw_str(etag)),
        .size = size,
    };
    if (!item.key || !item.etag)
        return GW_ENOMEM;
    run->items[run->count++] = item;
    return 0;
}

// Whether a key of jsonl/<test>/<cc>/ is of a wanted day: 1, 0, or -1 if what
// stands there is no day.
static int in_days(struct page *g, gw_span day)
{
    char since[GW_TIME_TEXT], until[GW_TIME_TEXT];
    uint64_t number;
    if (day.len != DAY_LEN || !gw_parse_uint(day, 99999999, &number))
        return -1;
    struct gw_fetch_run *run = g->plan->run;
    day_text(run->since, since);
    day_text(run->until < g->plan->legacy_until ? run->until
                                                : g->plan->legacy_until,
             until);
    g->l->past = gw_cmp(day, gw_str(until)) >= 0;
    return !g->l->past && gw_cmp(day, gw_str(since)) >= 0;
}

static int on_object(void *ctx, gw_span key, int64_t size, const char *etag)
{
    struct page *g = ctx;
    struct plan *p = g->plan;
    const struct gw_fetch *want = p->run->want;
    if (size == 0 && gw_ends(key, "/"))
        return 0; // what consoles leave behind for an empty folder
    const char *rule = gw_key_rule(key);
    if (rule)
        return refuse(p, key, rule);
    if (!gw_starts(key, g->l->prefix))
        return refuse(p, key, "not of the listing that was asked for");
    if (size > object_max)
        return refuse(p, key, "larger than any measurement file may be");
    if (g->l->kind == HOUR) {
        gw_span rest = gw_sub(key, HOUR_PREFIX_LEN, key.len);
        gw_span test = gw_cut(&rest, '/');
        if (!rest.len)
            return refuse(p, key, "names no test");
        if (!is_wanted(want, test))
            return 0;
    } else {
        gw_span rest = gw_sub(key, strlen(g->l->prefix), key.len);
        int in = in_days(g, gw_cut(&rest, '/'));
        if (in < 0 || !rest.len)
            return refuse(p, key, "names no day");
        if (!in)
            return 0;
    }
    if (want->skip_postcans && gw_ends(key, ".tar.gz"))
        return 0;
    return add(g, key, size, etag);
}

static int on_prefix(void *ctx, gw_span prefix)
{
    struct page *g = ctx;
    struct plan *p = g->plan;
    gw_span name = prefix;
    gw_cut(&name, '/');
    name = gw_cut(&name, '/');
    if (g->l->kind != NAMES || !is_wanted(p->run->want, name))
        return 0;
    gw_span bare = gw_sub(prefix, 0, prefix.len - 1); // without its '/'
    if (gw_key_rule(bare) || name.len > TEST_NAME_MAX ||
        bare.len != strlen("jsonl/") + name.len || !gw_starts(bare, "jsonl/"))
        return refuse(p, prefix, "cannot be the name of a test");
    if (p->name_count == TESTS_MAX)
        return refuse(p, prefix, "one test name too many");
    const char *kept = gw_arena_cstr(p->run->arena, name);
    if (!kept)
        return GW_ENOMEM;
    p->names[p->name_count++] = kept;
    p->run->seen.listings_total++;
    return 0;
}

static int plan_body(void *ctx, struct gw_request *r, gw_span bytes)
{
    struct plan *p = ctx;
    struct gw_buf *page = &p->of_slot[r->slot].page;
    gw_put_span(page, bytes);
    if (page->err == GW_ETOOBIG)
        return gw_fail(&r->why, GW_EREFUSED, "a page of over %d bytes",
                       GW_LISTING_MAX);
    return page->err;
}

static int plan_arrived(void *ctx, struct gw_request *r)
{
    struct plan *p = ctx;
    struct listing *l = &p->of_slot[r->slot];
    struct page g = {p, l, &r->why};
    // Read once for its form alone: a page counts whole or not at all.
    struct gw_listing in = {.ctx = &g};
    int rc = gw_listing_read(gw_buf_span(&l->page), &in, &r->why);
    if (!rc) {
        in.prefix = on_prefix;
        in.object = l->kind == NAMES ? NULL : on_object;
        rc = gw_listing_read(gw_buf_span(&l->page), &in, &r->why);
    }
    if (rc)
        return rc;
    p->run->seen.objects_total = p->run->count;
    if (in.token[0] && !l->past) {
        if (strcmp(in.token, l->token) == 0 || ++l->pages == PAGES_MAX)
            return gw_fail(&r->why, GW_EREFUSED, "its pages have no end");
        memcpy(l->token, in.token, sizeof l->token);
        return 1;
    }
    p->run->ret->listings++;
    p->run->seen.listings++;
    return 0;
}

static void plan_failed(void *ctx, struct gw_request *r)
{
    struct plan *p = ctx;
    p->run->ret->listings_failed++;
    p->run->seen.listings++;
    gw_fetch_problem(p->run, gw_str(p->of_slot[r->slot].prefix), r->why.code,
                     r->why.text);
}

static void plan_tick(void *ctx)
{
    gw_fetch_tell(((struct plan *)ctx)->run, false);
}

// ---- the plan -----------------------------------------------------------
static int by_key(const void *a, const void *b)
{
    const struct gw_item *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : strcmp(x->etag, y->etag);
}

static void sort_items(struct gw_fetch_run *run)
{
    size_t kept = 0;
    if (run->count)
        qsort(run->items, run->count, sizeof *run->items, by_key);
    for (size_t i = 0; i < run->count; i++) {
        if (kept && strcmp(run->items[kept - 1].key, run->items[i].key) == 0)
            continue; // a retried page, or an object that changed meanwhile
        run->items[kept++] = run->items[i];
        run->ret->bytes += (uint64_t)run->items[i].size;
    }
    run->count = kept;
    run->ret->objects = run->seen.objects_total = kept;
    run->seen.bytes_total = run->ret->bytes;
}

int gw_fetch_plan(struct gw_fetch_run *run, struct gw_why *why)
{
    struct plan *p = gw_new(sizeof *p);
    if (!p)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    p->run = run;
    p->raw_since = gw_time_civil(2020, 10, 20, 0, 0, 0);
    p->legacy_until = gw_time_civil(2020, 10, 21, 0, 0, 0);
    p->next_hour = run->since > p->raw_since ? run->since : p->raw_since;
    run->seen.listings_total = run->since < p->legacy_until;
    if (p->next_hour < run->until)
        run->seen.listings_total +=
            (uint64_t)((run->until - p->next_hour) / hour);
    for (int i = 0; i < GW_FETCH_PARALLEL_MAX; i++)
        gw_buf_init(&p->of_slot[i].page, GW_LISTING_MAX);
    const struct gw_requests work = {
        .ctx = p,
        .next = plan_next,
        .start = plan_start,
        .body = plan_body,
        .arrived = plan_arrived,
        .failed = plan_failed,
        .tick = plan_tick,
    };
    int rc = gw_http_run(run->http, &work, why);
    for (int i = 0; i < GW_FETCH_PARALLEL_MAX; i++)
        gw_buf_release(&p->of_slot[i].page);
    gw_free(p);
    sort_items(run);
    return rc;
}
