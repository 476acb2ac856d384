// What tests ask of HTML and XML.
#ifndef GW_MARKUP_H
#define GW_MARKUP_H

#include "base/base.h"

static inline size_t count_of(gw_span all, const char *what)
{
    size_t n = 0;
    for (int64_t at = 0; (at = gw_find(all, gw_str(what), (size_t)at)) >= 0;
         at++)
        n++;
    return n;
}

static inline bool has(gw_span all, const char *what)
{
    return gw_find(all, gw_str(what), 0) >= 0;
}

// Whether each element that is opened is closed, in order; void elements of
// HTML and declarations are let be. A small check, but it finds a lost tag.
static inline bool is_nested(gw_span s)
{
    static const char *const voids[] = {"meta", "link", "input",
                                        "br",   "hr",   "img"};
    gw_span open[128];
    size_t depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] != '<')
            continue;
        size_t end = i, name = i + 1;
        for (bool quoted = false; end < s.len && (quoted || s.at[end] != '>');
             end++)
            quoted = s.at[end] == '"' ? !quoted : quoted;
        if (end == s.len)
            return false;
        bool closing = s.at[name] == '/';
        bool alone =
            s.at[end - 1] == '/' || s.at[name] == '!' || s.at[name] == '?';
        name += closing;
        size_t len = 0;
        while (name + len < end && s.at[name + len] > ' ' &&
               s.at[name + len] != '/')
            len++;
        gw_span tag = gw_sub(s, name, len);
        for (size_t v = 0; v < GW_COUNT(voids); v++)
            alone = alone || gw_is(tag, voids[v]);
        if (closing && (!depth || !gw_eq(open[--depth], tag)))
            return false;
        if (!closing && !alone) {
            if (depth == GW_COUNT(open))
                return false;
            open[depth++] = tag;
        }
        i = end;
    }
    return depth == 0;
}

#endif
