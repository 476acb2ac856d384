// Result codes in words, and the text that says why.
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

const char *gw_strerror(int code)
{
    switch (code) {
    case GW_OK: return "ok";
#define X(name, value, text)                                                   \
    case name: return text;
        GW_ERRORS(X)
#undef X
    default: return "unknown error";
    }
}

int gw_fail(struct gw_why *why, int code, const char *fmt, ...)
{
    if (!why || why->code)
        return code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    why->code = code;
    return code;
}

int gw_within(struct gw_why *why, const char *fmt, ...)
{
    if (!why || !why->code)
        return why ? why->code : 0;
    char old[sizeof why->text];
    memcpy(old, why->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used + 3 < sizeof why->text) {
        size_t room = sizeof why->text - used - 3, len = strlen(old);
        memcpy(why->text + used, ": ", 2);
        memcpy(why->text + used + 2, old, len < room ? len : room);
        why->text[used + 2 + (len < room ? len : room)] = 0;
    }
    return why->code;
}
