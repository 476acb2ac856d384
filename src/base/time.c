// Civil time without the C library's zones, and a generator with a seed.
#include "base/base.h"

#include <stdio.h>
#include <time.h>

// Days from 1970-01-01 in the proleptic Gregorian calendar. The year is made
// to begin in March, so that the leap day is the last day of the year.
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

gw_time gw_time_civil(int year, int month, int day, int hour, int min, int sec)
{
    int64_t s = days_from_civil(year, month, day) * 86400 + hour * 3600 +
                min * 60 + sec;
    return s * GW_SECOND;
}

static bool digits(gw_span s, size_t at, size_t n, int *ret)
{
    int v = 0;
    if (at + n > s.len)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        v = v * 10 + (s.at[i] - '0');
    }
    *ret = v;
    return true;
}

static int month_days(int y, int m)
{
    static const uint8_t n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return n[m - 1] + (m == 2 && leap);
}

static bool parse_day(gw_span s, int *y, int *m, int *d)
{
    return digits(s, 0, 4, y) && digits(s, 5, 2, m) && digits(s, 8, 2, d) &&
           s.at[4] == '-' && s.at[7] == '-' && *y >= 1970 && *y <= 2200 &&
           *m >= 1 && *m <= 12 && *d >= 1 && *d <= month_days(*y, *m);
}

// The part after seconds: ".ffffff", then "Z", "+hh:mm" or nothing.
static bool parse_tail(gw_span s, size_t at, gw_time *t)
{
    if (at < s.len && s.at[at] == '.') {
        gw_time unit = GW_SECOND / 10;
        size_t start = ++at;
        for (; at < s.len && s.at[at] >= '0' && s.at[at] <= '9'; at++) {
            *t += (s.at[at] - '0') * unit;
            unit /= 10;
        }
        if (at == start)
            return false;
    }
    if (at == s.len || (at + 1 == s.len && s.at[at] == 'Z'))
        return true;
    int h, m;
    if (at + 6 != s.len || (s.at[at] != '+' && s.at[at] != '-') ||
        s.at[at + 3] != ':' || !digits(s, at + 1, 2, &h) ||
        !digits(s, at + 4, 2, &m) || h > 23 || m > 59)
        return false;
    gw_time shift = (h * 3600 + m * 60) * GW_SECOND;
    *t += s.at[at] == '-' ? shift : -shift;
    return true;
}

bool gw_parse_time(gw_span s, gw_time *ret_time)
{
    int y, mo, d, h = 0, mi = 0, se = 0;
    if (!parse_day(s, &y, &mo, &d))
        return false;
    gw_time t;
    if (s.len == 10) {
        *ret_time = gw_time_civil(y, mo, d, 0, 0, 0);
        return true;
    }
    if (s.len < 19 || (s.at[10] != ' ' && s.at[10] != 'T') || s.at[13] != ':' ||
        s.at[16] != ':' || !digits(s, 11, 2, &h) || !digits(s, 14, 2, &mi) ||
        !digits(s, 17, 2, &se) || h > 23 || mi > 59 || se > 60)
        return false;
    t = gw_time_civil(y, mo, d, h, mi, se);
    if (!parse_tail(s, 19, &t))
        return false;
    *ret_time = t;
    return true;
}

static void civil_from_days(int64_t z, int *y, int *m, int *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

size_t gw_format_day(gw_time t, char *ret_text)
{
    int y, m, d;
    civil_from_days(floor_div(t, GW_DAY), &y, &m, &d);
    return (size_t)snprintf(ret_text, GW_TIME_TEXT, "%04d-%02d-%02d", y % 10000,
                            m, d);
}

size_t gw_format_time(gw_time t, char *ret_text)
{
    int64_t secs = floor_div(t, GW_SECOND), of_day = secs % 86400;
    int64_t frac = t - secs * GW_SECOND;
    of_day += of_day < 0 ? 86400 : 0;
    size_t n = gw_format_day(t, ret_text);
    n += (size_t)snprintf(ret_text + n, GW_TIME_TEXT - n, " %02d:%02d:%02d",
                          (int)(of_day / 3600), (int)(of_day / 60 % 60),
                          (int)(of_day % 60));
    if (frac)
        n += (size_t)snprintf(ret_text + n, GW_TIME_TEXT - n, ".%06d",
                              (int)(frac / 1000));
    return n;
}

gw_time gw_now(const struct gw_clock *clock)
{
    if (clock && clock->fixed != GW_NEVER)
        return clock->fixed;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * GW_SECOND + ts.tv_nsec;
}

uint64_t gw_tick(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t gw_rand_next(struct gw_rand *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t gw_rand_below(struct gw_rand *r, uint64_t bound)
{
    return bound ? gw_rand_next(r) % bound : 0;
}

double gw_rand_unit(struct gw_rand *r)
{
    return (double)(gw_rand_next(r) >> 11) * 0x1p-53;
}
