// When a leaf came to be, by what others say: the tightest bounds on both
// sides, and in words.
#include "ledger/ledger.h"

#include <stdio.h>

// Times past this cannot be written as a date here; as a bound they are left
// out, which only weakens what is said.
static const int64_t LAST = INT64_C(7289654399); // 2200-12-31 23:59:59

static bool is_bound(const struct gw_bound *b)
{
    return b->by[0] && b->posix != INT64_MIN;
}

static void set(struct gw_bound *b, int64_t posix, const char *by)
{
    b->posix = posix;
    snprintf(b->by, sizeof b->by, "%s", by && by[0] ? by : "somebody");
}

void gw_times_add_before(struct gw_times *t, int64_t posix, const char *by)
{
    struct gw_bound *b = &t->not_before;
    if (posix >= 0 && posix <= LAST && (!is_bound(b) || posix > b->posix))
        set(b, posix, by);
}

void gw_times_add_after(struct gw_times *t, int64_t posix, const char *by)
{
    struct gw_bound *b = &t->not_after;
    if (posix >= 0 && posix <= LAST && (!is_bound(b) || posix < b->posix))
        set(b, posix, by);
}

// To the minute, outwards: what is said must not be narrower than what is
// known.
static void put_bound(struct gw_buf *ret, const struct gw_bound *b, bool up)
{
    char text[GW_TIME_TEXT];
    int64_t minute = (b->posix + (up ? 59 : 0)) / 60 * 60;
    gw_format_time(minute * GW_SECOND, text);
    gw_put_fmt(ret, "%.16s UTC (%s)", text, b->by);
}

static void put_claim(const struct gw_times *t, struct gw_buf *ret)
{
    gw_time day;
    gw_put_fmt(ret, "; the leaf itself claims %s", t->claimed);
    if (!gw_parse_time(gw_str(t->claimed), &day))
        return;
    int64_t begins = day / GW_SECOND, ends = begins + 86399;
    if (is_bound(&t->not_before) && ends < t->not_before.posix)
        gw_put_str(ret, ", which is too early");
    else if (is_bound(&t->not_after) && begins > t->not_after.posix)
        gw_put_str(ret, ", which is too late");
}

void gw_times_words(const struct gw_times *t, struct gw_buf *ret)
{
    bool before = is_bound(&t->not_before), after = is_bound(&t->not_after);
    if (before && after) {
        gw_put_str(ret, "between ");
        put_bound(ret, &t->not_before, false);
        gw_put_str(ret, " and ");
        put_bound(ret, &t->not_after, true);
        if (t->not_before.posix > t->not_after.posix)
            gw_put_str(ret, ": these contradict each other");
    } else if (before) {
        gw_put_str(ret, "not before ");
        put_bound(ret, &t->not_before, false);
        gw_put_str(ret, "; nothing says until when");
    } else if (after) {
        gw_put_str(ret, "not after ");
        put_bound(ret, &t->not_after, true);
        gw_put_str(ret, "; nothing says since when");
    } else {
        gw_put_str(ret, "at a time that nothing here bounds");
    }
    if (t->claimed[0])
        put_claim(t, ret);
}
