// Looking things up in a parsed JSON document.
#include "wire/wire.h"

#include <math.h>

gw_jv gw_jv_find(gw_jv v, const char *key, size_t len)
{
    if (gw_jv_type(v) != '{')
        return (gw_jv){0};
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);)
        if (it.key.len == len && memcmp(it.key.at, key, len) == 0)
            return it.value;
    return (gw_jv){0};
}

void gw_jv_pick(gw_jv v, const gw_span *names, size_t n, gw_jv *ret_values)
{
    size_t next = 0; // where the search begins: after the last that was found
    memset(ret_values, 0, n * sizeof *ret_values);
    if (gw_jv_type(v) != '{')
        return;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);)
        for (size_t k = 0; k < n; k++) {
            size_t i = next + k < n ? next + k : next + k - n;
            if (names[i].len != it.key.len ||
                memcmp(names[i].at, it.key.at, it.key.len))
                continue;
            if (!ret_values[i].tape)
                ret_values[i] = it.value;
            next = i + 1 < n ? i + 1 : 0;
            break;
        }
}

gw_jv gw_jv_at(gw_jv v, size_t index)
{
    if (gw_jv_type(v) != '[')
        return (gw_jv){0};
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);)
        if (index-- == 0)
            return it.value;
    return (gw_jv){0};
}

size_t gw_jv_count(gw_jv v)
{
    size_t n = 0;
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);)
        n++;
    return n;
}

bool gw_jv_int(gw_jv v, int64_t *ret_value)
{
    double d;
    switch (gw_jv_type(v)) {
    case 'l': memcpy(ret_value, &v.tape[v.at + 1], 8); return true;
    case 'd':
        memcpy(&d, &v.tape[v.at + 1], 8);
        if (!(d > -9.2e18 && d < 9.2e18))
            return false;
        *ret_value = (int64_t)d;
        return true;
    default: return false; // 'u' is above INT64_MAX by construction
    }
}

bool gw_jv_real(gw_jv v, double *ret_value)
{
    int64_t i;
    switch (gw_jv_type(v)) {
    case 'l':
        memcpy(&i, &v.tape[v.at + 1], 8);
        *ret_value = (double)i;
        return true;
    case 'u': *ret_value = (double)v.tape[v.at + 1]; return true;
    case 'd': memcpy(ret_value, &v.tape[v.at + 1], 8); return true;
    default: return false;
    }
}

int gw_jv_bool(gw_jv v)
{
    char t = gw_jv_type(v);
    return t == 't' ? 1 : t == 'f' ? 0 : -1;
}
