// Observation exports: what a field says, as a value of its column.
#include "monitor/obs_web.h"

#include <math.h>

static int64_t parse_whole(gw_span s)
{
    double d;
    int64_t i;
    if (gw_parse_int(s, &i))
        return i;
    if (gw_eq_nocase(s, GW_LIT("true")))
        return 1;
    if (gw_eq_nocase(s, GW_LIT("false")))
        return 0;
    if (gw_parse_real(s, &d) && fabs(d) < 9e15 && d == floor(d))
        return (int64_t)d;
    return GW_NULL;
}

// "['a', 'b']" as python prints a list of texts, or JSON's own ["a", "b"], as
// JSON; anything else is no list and gives no value.
static gw_span list_text(struct gw_block *b, gw_span s)
{
    struct gw_buf json;
    gw_buf_init(&json, GW_CSV_FIELD_MAX * 2);
    struct gw_jw w = gw_jw_on(&json);
    gw_span rest = gw_trim(s);
    bool ok = gw_starts(rest, "[") && gw_ends(rest, "]");
    gw_jw_open(&w, '[');
    rest = ok ? gw_sub(rest, 1, rest.len - 2) : (gw_span){0};
    while (ok && (rest = gw_trim(rest)).len) {
        char quote = (char)rest.at[0];
        gw_span after = gw_sub(rest, 1, rest.len), item;
        ok = (quote == '\'' || quote == '"') &&
             gw_find(after, gw_span_of(&quote, 1), 0) >= 0;
        item = gw_cut(&after, quote);
        if (ok)
            gw_jw_str(&w, item);
        rest = gw_trim(after);
        if (rest.len && ok)
            ok = gw_starts(rest, ",");
        rest = gw_sub(rest, 1, rest.len);
    }
    gw_jw_close(&w, ']');
    gw_span kept = {0};
    if (ok && !json.err) {
        kept = gw_arena_copy(b->arena, gw_buf_span(&json));
        b->err = kept.at ? b->err : GW_ENOMEM;
    }
    if (json.err == GW_ENOMEM)
        b->err = GW_ENOMEM;
    gw_buf_release(&json);
    return kept;
}

// Names, addresses and failures must compare equal to those of measurements.
static gw_span text_of(struct gw_block *b, const char *column, gw_span s)
{
    static const char *const hosts[] = {"hostname", "server_name",
                                        "outer_server_name", "ip", "answer"};
    for (size_t i = 0; i < GW_COUNT(hosts); i++)
        if (strcmp(column, hosts[i]) == 0)
            s = gw_host_normal(s, b->arena);
    if (strcmp(column, "failure") == 0)
        s = gw_failure_normal(s);
    gw_span kept = gw_arena_copy(b->arena, s);
    b->err = kept.at ? b->err : GW_ENOMEM;
    return kept;
}

void gw_obs_web_set(struct gw_block *b, void *row, const struct gw_column *c,
                    gw_span s)
{
    void *at = (uint8_t *)row + c->offset;
    double d;
    if (!s.len || gw_is(s, "\\N"))
        return;
    switch (c->type) {
    case GW_INT: *(int64_t *)at = parse_whole(s); break;
    case GW_REAL:
        if (gw_parse_real(s, &d))
            *(double *)at = d;
        break;
    case GW_TIME: (void)gw_parse_time(s, (gw_time *)at); break;
    case GW_STR: *(gw_span *)at = text_of(b, c->name, s); break;
    case GW_JSON: *(gw_span *)at = list_text(b, s); break;
    }
}
