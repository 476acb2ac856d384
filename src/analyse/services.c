// Services: which hosts and tests are one target. The table is built in and in
// order of its patterns, so it is searched as it stands.
#include "analyse/services.h"
#include "analyse/analyse.h"

static gw_span table(void)
{
    gw_span s =
        gw_span_of(gw_analyse_services_csv, gw_analyse_services_csv_len);
    while (gw_starts(s, "#"))
        gw_cut(&s, '\n');
    gw_cut(&s, '\n'); // the names of the columns
    return s;
}

// The line that a byte of the table is in.
static gw_span line_at(gw_span s, size_t at)
{
    size_t begin = at, end = at;
    while (begin && s.at[begin - 1] != '\n')
        begin--;
    while (end < s.len && s.at[end] != '\n')
        end++;
    return gw_span_of(s.at + begin, end - begin);
}

// Order of a pattern against mark (0: none) and host.
static int compare(gw_span pattern, char mark, gw_span host)
{
    if (mark) {
        uint8_t m = (uint8_t)mark;
        if (!pattern.len || pattern.at[0] != m)
            return pattern.len && pattern.at[0] > m ? 1 : -1;
        pattern = gw_sub(pattern, 1, pattern.len);
    }
    return gw_cmp(pattern, host);
}

static gw_span find(gw_span s, char mark, gw_span host)
{
    while (s.len) {
        gw_span line = line_at(s, s.len / 2), service = line;
        gw_span pattern = gw_cut(&service, ',');
        int c = compare(pattern, mark, host);
        if (!c)
            return service;
        size_t begin = (size_t)(line.at - s.at), end = begin + line.len + 1;
        s = c > 0 ? gw_sub(s, 0, begin) : gw_sub(s, end, s.len);
    }
    return (gw_span){0};
}

gw_span gw_service_of(gw_span target)
{
    const gw_span all = table();
    bool name = target.len && !memchr(target.at, '.', target.len);
    gw_span found = find(all, name ? 0 : '=', target);
    for (gw_span host = target; !found.at && !name && host.len;) {
        found = find(all, 0, host);
        gw_cut(&host, '.');
        if (!memchr(host.at ? host.at : target.at, '.', host.len))
            break; // a top-level domain is nobody's service
    }
    return found.at ? found : target;
}
