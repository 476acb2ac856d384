// What a question says behind its '?', and the values in it by their kind.
#include "publish/serve.h"

#include <stdio.h>

enum { SHOWN = 60 };

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// at == NULL: a broken escape, or no memory.
static gw_span decode(gw_span s, struct gw_arena *arena)
{
    uint8_t *out = gw_arena_take(arena, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < s.len; i++) {
        uint8_t c = s.at[i] == '+' ? ' ' : s.at[i];
        if (c == '%') {
            int high = i + 2 < s.len ? hex_digit(s.at[i + 1]) : -1;
            int low = i + 2 < s.len ? hex_digit(s.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return (gw_span){0};
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        out[n++] = c;
    }
    return (gw_span){out, out ? n : 0};
}

static bool is_text(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 0x20 || s.at[i] == 0x7f)
            return false;
    return s.at && gw_is_utf8(s);
}

gw_span query_get(const struct query *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++)
        if (gw_is(q->at[i].name, name))
            return q->at[i].value;
    return (gw_span){0};
}

int query_parse(gw_span sent, struct gw_arena *arena, struct query *ret,
                struct gw_why *why)
{
    ret->count = 0;
    while (sent.len) {
        gw_span value = gw_cut(&sent, '&'), name = gw_cut(&value, '=');
        if (!name.len && !value.len)
            continue;
        name = decode(name, arena);
        value = decode(value, arena);
        if (!is_text(name) || !name.len)
            return gw_fail(why, GW_EUSAGE,
                           "a parameter's name is not text in UTF-8 with %%XX "
                           "escapes");
        int len = (int)(name.len < SHOWN ? name.len : SHOWN);
        const char *at = (const char *)name.at;
        if (!is_text(value))
            return gw_fail(why, GW_EUSAGE,
                           "%.*s: the value is not text in UTF-8 with %%XX "
                           "escapes",
                           len, at);
        for (size_t i = 0; i < ret->count; i++)
            if (gw_eq(ret->at[i].name, name))
                return gw_fail(why, GW_EUSAGE, "%.*s: given twice", len, at);
        if (ret->count == QUERY_PAIRS_MAX)
            return gw_fail(why, GW_EUSAGE, "%.*s: more than %d parameters", len,
                           at, QUERY_PAIRS_MAX);
        ret->at[ret->count++] = (struct query_pair){name, value};
    }
    return 0;
}

void query_put_escaped(struct gw_buf *out, gw_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || strchr("-._~,:", c);
        if (plain && c)
            gw_put_u8(out, c);
        else
            gw_put_fmt(out, "%%%02X", c);
    }
}

// ---- values -------------------------------------------------------------
static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int query_cc(const struct query *q, const char *name, char ret[3],
             struct gw_why *why)
{
    gw_span v = query_get(q, name);
    if (!v.at)
        return 0;
    if (v.len != 2 || !is_letter(v.at[0]) || !is_letter(v.at[1]))
        return gw_fail(why, GW_EUSAGE,
                       "%s: a country of two letters, such as PK", name);
    for (int i = 0; i < 2; i++)
        ret[i] = (char)(v.at[i] & ~0x20);
    ret[2] = 0;
    return 0;
}

int query_asn(const struct query *q, const char *name, int64_t *ret,
              struct gw_why *why)
{
    gw_span v = query_get(q, name);
    uint64_t n;
    if (!v.at)
        return 0;
    if (v.len > 2 && gw_eq_nocase(gw_sub(v, 0, 2), GW_LIT("AS")))
        v = gw_sub(v, 2, v.len);
    if (!gw_parse_uint(v, UINT32_MAX, &n))
        return gw_fail(why, GW_EUSAGE,
                       "%s: the number of a network, such as AS17557", name);
    *ret = (int64_t)n;
    return 0;
}

int query_int(const struct query *q, const char *name, int64_t min, int64_t max,
              int64_t *ret, struct gw_why *why)
{
    gw_span v = query_get(q, name);
    uint64_t n;
    if (!v.at)
        return 0;
    if (!gw_parse_uint(v, (uint64_t)max, &n) || (int64_t)n < min)
        return gw_fail(why, GW_EUSAGE, "%s: a number from %lld to %lld", name,
                       (long long)min, (long long)max);
    *ret = (int64_t)n;
    return 0;
}

int query_bool(const struct query *q, const char *name, int *ret,
               struct gw_why *why)
{
    gw_span v = query_get(q, name);
    if (!v.at)
        return 0;
    if (!gw_is(v, "true") && !gw_is(v, "false"))
        return gw_fail(why, GW_EUSAGE, "%s: true or false", name);
    *ret = gw_is(v, "true");
    return 0;
}

int query_choice(const struct query *q, const char *name,
                 const char *const *choices, int *ret, struct gw_why *why)
{
    gw_span v = query_get(q, name);
    char all[256];
    size_t at = 0;
    *all = 0;
    for (int i = 0; choices[i]; i++) {
        if (v.at && gw_eq_nocase(v, gw_str(choices[i]))) {
            *ret = i;
            return 0;
        }
        int n = snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "",
                         choices[i]);
        at += n > 0 && (size_t)n < sizeof all - at ? (size_t)n : 0;
    }
    return v.at ? gw_fail(why, GW_EUSAGE, "%s: one of %s", name, all) : 0;
}

static int query_time(const struct query *q, const char *name, gw_time *ret,
                      struct gw_why *why)
{
    gw_span v = query_get(q, name);
    if (v.at && !gw_parse_time(v, ret))
        return gw_fail(why, GW_EUSAGE,
                       "%s: a day such as 2024-02-01, or a time such as "
                       "2024-02-01T12:00:00, in UTC",
                       name);
    return 0;
}

int query_period(const struct query *q, gw_time *ret_since, gw_time *ret_until,
                 struct gw_why *why)
{
    *ret_since = *ret_until = GW_NEVER;
    int rc = query_time(q, "since", ret_since, why);
    rc = rc ? rc : query_time(q, "until", ret_until, why);
    if (!rc && *ret_since != GW_NEVER && *ret_until != GW_NEVER &&
        *ret_until <= *ret_since)
        return gw_fail(why, GW_EUSAGE, "until: after since");
    return rc;
}
