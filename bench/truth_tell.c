// Tables, for people and as JSON lines.
#include "truth.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 30, OTHERS = 9 };

static char *scratch(struct tell *t)
{
    return t->scratch[t->next++ % SCRATCH];
}

const char *number(struct tell *t, int64_t n)
{
    char *s = scratch(t);
    snprintf(s, SCRATCH_TEXT, "%lld", (long long)n);
    return s;
}

const char *decimal(struct tell *t, double x, int places)
{
    char *s = scratch(t);
    s[0] = 0;
    if (isfinite(x))
        snprintf(s, SCRATCH_TEXT, "%.*f", places, x);
    return s;
}

// Wilson's 95 % interval: sound for few and for all of few.
const char *share(struct tell *t, int64_t k, int64_t n)
{
    char *s = scratch(t);
    const double z = 1.959964;
    double m = (double)n, p = n ? (double)k / m : 0;
    double middle = (p + z * z / (2 * m)) / (1 + z * z / m);
    double half =
        z / (1 + z * z / m) * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
    snprintf(s, SCRATCH_TEXT, "-");
    if (n > 0)
        snprintf(s, SCRATCH_TEXT, "%.3f [%.3f, %.3f]", p,
                 fmax(0, middle - half), fmin(1, middle + half));
    return s;
}

const char *when(struct tell *t, gw_time time)
{
    char *s = scratch(t), text[GW_TIME_TEXT];
    snprintf(s, SCRATCH_TEXT, "-");
    if (time != NEVER) {
        gw_format_time(time, text);
        snprintf(s, SCRATCH_TEXT, "%.16s", text);
    }
    return s;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The nearest rank.
double quantile(double *x, size_t n, double q)
{
    if (!n)
        return NAN;
    qsort(x, n, sizeof *x, by_size);
    size_t at = (size_t)ceil(q * (double)n);
    return x[at ? at - 1 : 0];
}

static bool is_number(const char *s)
{
    double x;
    return gw_parse_real(gw_str(s), &x);
}

static void put_json(const char *table, va_list rest)
{
    printf("{\"table\":\"%s\"", table);
    for (const char *name; (name = va_arg(rest, const char *));) {
        const char *value = va_arg(rest, const char *);
        if (is_number(value)) {
            printf(",\"%s\":%s", name, value);
            continue;
        }
        printf(",\"%s\":\"", name); // values are ours, or names of hosts
        for (; *value; value++)
            if (*value != '"' && *value != '\\' && (uint8_t)*value >= ' ')
                putchar(*value);
        putchar('"');
    }
    puts("}");
}

static int width(const char *name, const char *value, int at)
{
    int least = at ? OTHERS : FIRST;
    int wide = (int)strlen(name) + 2, filled = (int)strlen(value) + 2;
    bool fixed = at == 0 || strchr(value, '['); // shares are of one width
    wide = !fixed && filled > wide ? (filled + 5) / 6 * 6 : wide;
    wide = strchr(value, '[') && wide < 22 ? 22 : wide;
    return wide > least ? wide : least;
}

static void put_plain(va_list rest, bool names)
{
    int at = 0;
    for (const char *name; (name = va_arg(rest, const char *)); at++) {
        const char *value = va_arg(rest, const char *);
        printf("%*s", at ? width(name, value, at) : -width(name, value, at),
               names ? name : value);
    }
    putchar('\n');
}

void tell_row(struct tell *t, const char *table, ...)
{
    bool fresh = !t->table || strcmp(t->table, table) != 0;
    va_list rest;
    t->table = table;
    if (!t->json && fresh) {
        printf("\n%s\n", table);
        va_start(rest, table);
        put_plain(rest, true);
        va_end(rest);
    }
    va_start(rest, table);
    if (t->json)
        put_json(table, rest);
    else
        put_plain(rest, false);
    va_end(rest);
}
