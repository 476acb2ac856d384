// gawah fetch ooni: checks what is asked for, then lists, then transfers.
#include "monitor/fetch.h"

#include <stdio.h>

enum { ARENA_MAX = 768 << 20, TESTS_ASKED_MAX = 64, TEST_NAME_MAX = 64 };

static const char ooni_bucket[] =
    "https://ooni-data-eu-fra.s3.eu-central-1.amazonaws.com";

bool gw_fetch_stopped(const struct gw_fetch *want)
{
    return want->stop && atomic_load(want->stop);
}

void gw_fetch_tell(struct gw_fetch_run *run, bool now)
{
    enum { EVERY = 100 * 1000 * 1000 }; // nanoseconds
    uint64_t tick = gw_tick();
    if (!run->want->progress || (!now && tick - run->told < EVERY))
        return;
    run->told = tick;
    run->seen.transferred = run->ret->transferred;
    run->want->progress(run->want->ctx, &run->seen);
}

void gw_fetch_problem(struct gw_fetch_run *run, gw_span key, int code,
                      const char *text)
{
    char name[GW_KEY_MAX + 1];
    gw_printable(key, name, sizeof name);
    if (run->want->problem)
        run->want->problem(run->want->ctx, name, code, text);
    if (run->first.code && strcmp(run->first_key, name) <= 0)
        return;
    memcpy(run->first_key, name, sizeof name);
    run->first = (struct gw_why){0};
    if (gw_starts(gw_str(text), name))
        gw_fail(&run->first, code, "%s", text);
    else
        gw_fail(&run->first, code, "%s: %s", name, text);
}

// ---- what is asked for --------------------------------------------------
static int check_url(struct gw_fetch_run *run, struct gw_why *why)
{
    const char *url = run->want->base_url;
    gw_span s = gw_str(url ? url : ooni_bucket);
    while (gw_ends(s, "/"))
        s.len--;
    bool ok = (gw_starts(s, "http://") && s.len > strlen("http://")) ||
              (gw_starts(s, "https://") && s.len > strlen("https://"));
    for (size_t i = 0; i < s.len && ok; i++)
        ok = s.at[i] > ' ' && s.at[i] <= '~' && !strchr("?#\"\\", s.at[i]);
    if (!ok || s.len >= sizeof run->base)
        return gw_fail(why, GW_EUSAGE,
                       "base URL: must be http:// or https:// and a host, "
                       "without query, under %zu characters",
                       sizeof run->base);
    memcpy(run->base, s.at, s.len);
    run->base[s.len] = 0;
    return 0;
}

static int check_country(struct gw_fetch_run *run, struct gw_why *why)
{
    gw_span cc = gw_str(run->want->cc);
    char shown[32];
    for (size_t i = 0; i < cc.len && i < 2; i++)
        run->cc[i] = (char)(cc.at[i] & ~0x20); // upper case
    if (cc.len != 2 || run->cc[0] < 'A' || run->cc[0] > 'Z' ||
        run->cc[1] < 'A' || run->cc[1] > 'Z')
        return gw_fail(why, GW_EUSAGE,
                       "country '%s': must be two letters of ISO 3166, as PK",
                       gw_printable(cc, shown, sizeof shown));
    return 0;
}

static int check_days(struct gw_fetch_run *run, struct gw_why *why)
{
    gw_time since = run->want->since, until = run->want->until;
    gw_time first = gw_time_civil(2012, 12, 5, 0, 0, 0);
    gw_time now = gw_now(run->want->clock);
    gw_time tomorrow = now - now % GW_DAY + GW_DAY;
    char from[GW_TIME_TEXT], to[GW_TIME_TEXT];
    if (since == GW_NEVER || until == GW_NEVER)
        return gw_fail(why, GW_EUSAGE, "days: both since and until are needed");
    gw_format_time(since, from);
    gw_format_time(until, to);
    if (since % GW_DAY || until % GW_DAY)
        return gw_fail(why, GW_EUSAGE,
                       "days %s to %s: must begin and end at midnight UTC",
                       from, to);
    if (since >= until)
        return gw_fail(why, GW_EUSAGE,
                       "days %s to %s: since must be before until (the day of "
                       "until is not fetched)",
                       from, to);
    if (since < first)
        return gw_fail(why, GW_EUSAGE,
                       "days from %s: OONI's data begin on 2012-12-05", from);
    if (since >= tomorrow)
        return gw_fail(why, GW_EUSAGE, "days from %s: are yet to come", from);
    run->since = since;
    run->until = until < tomorrow ? until : tomorrow;
    return 0;
}

static bool is_test_name(gw_span s)
{
    bool letter = false;
    for (size_t i = 0; i < s.len; i++) {
        bool plain = (s.at[i] >= 'a' && s.at[i] <= 'z') ||
                     (s.at[i] >= '0' && s.at[i] <= '9');
        letter = letter || plain;
        if (!plain && s.at[i] != '_')
            return false;
    }
    return letter && s.len <= TEST_NAME_MAX;
}

static int check_rest(struct gw_fetch_run *run, struct gw_why *why)
{
    const struct gw_fetch *want = run->want;
    char shown[TEST_NAME_MAX + 1];
    for (size_t i = 0; i < want->test_count; i++)
        if (!is_test_name(gw_str(want->tests[i])))
            return gw_fail(
                why, GW_EUSAGE,
                "test '%s': must be lower-case letters, digits and "
                "'_', as web_connectivity",
                gw_printable(gw_str(want->tests[i]), shown, sizeof shown));
    if (want->test_count > TESTS_ASKED_MAX)
        return gw_fail(why, GW_EUSAGE, "tests: %zu are more than %d",
                       want->test_count, TESTS_ASKED_MAX);
    if (want->parallel < 0 || want->parallel > GW_FETCH_PARALLEL_MAX)
        return gw_fail(why, GW_EUSAGE, "parallel %d: must be 1 to %d",
                       want->parallel, GW_FETCH_PARALLEL_MAX);
    if (want->rate_limit < 0)
        return gw_fail(why, GW_EUSAGE, "rate limit: must not be negative");
    if (!want->folder || !want->folder[0])
        return gw_fail(why, GW_EUSAGE, "folder: is missing");
    run->parallel = want->parallel ? want->parallel : GW_FETCH_PARALLEL;
    return 0;
}

static int check(struct gw_fetch_run *run, struct gw_why *why)
{
    int rc = check_url(run, why);
    rc = rc ? rc : check_country(run, why);
    rc = rc ? rc : check_days(run, why);
    return rc ? rc : check_rest(run, why);
}

// ---- the run ------------------------------------------------------------
static int list_and_transfer(struct gw_fetch_run *run, struct gw_why *why)
{
    int rc = gw_folder_open(&run->folder, run->want->folder, why);
    if (rc)
        return rc;
    const char *scheme =
        gw_starts(gw_str(run->base), "https:") ? "https" : "http";
    run->arena = gw_arena_new(ARENA_MAX);
    run->http = gw_http_new(run->want, run->parallel, scheme, run->ret);
    if (!run->arena || !run->http)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    rc = gw_fetch_plan(run, why);
    if (!rc)
        rc = gw_folder_recall(&run->folder, run->items, run->count, why);
    return rc ? rc : gw_fetch_transfer(run, why);
}

static int verdict(const struct gw_fetch_run *run, int rc, struct gw_why *why)
{
    const struct gw_fetch_result *ret = run->ret;
    uint64_t missing = ret->failed + ret->refused + ret->listings_failed;
    if (rc || !missing)
        return rc;
    if (missing == 1)
        return gw_fail(why, run->first.code, "%s", run->first.text);
    return gw_fail(why, run->first.code, "%s (and %llu more)", run->first.text,
                   (unsigned long long)missing - 1);
}

int gw_fetch_ooni(const struct gw_fetch *want,
                  struct gw_fetch_result *ret_result, struct gw_why *why)
{
    struct gw_fetch_run run = {
        .want = want,
        .ret = ret_result,
        .folder = {.fd = -1, .manifest = -1},
    };
    *ret_result = (struct gw_fetch_result){0};
    int rc = check(&run, why);
    if (rc)
        return rc;
    rc = list_and_transfer(&run, why);
    int closed = gw_folder_close(&run.folder, rc < 0 ? NULL : why);
    gw_http_free(run.http);
    gw_free(run.items);
    gw_arena_free(run.arena);
    rc = rc < 0 || !closed ? rc : closed;
    gw_fetch_tell(&run, true);
    return verdict(&run, rc, why);
}
