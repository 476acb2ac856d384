// Published ids: text to parts and back.
#include "model/model.h"

#include <stdio.h>

static bool parse_position(gw_span s, int64_t *ret)
{
    uint64_t v;
    if (!gw_parse_uint(s, INT64_MAX, &v))
        return false;
    *ret = (int64_t)v;
    return true;
}

bool gw_id_parse(gw_span s, struct gw_id *ret_id)
{
    struct gw_id id = {.record = -1, .n = -1};
    gw_span all = s, kind = gw_cut(&s, '-'), object = gw_cut(&s, '-');
    uint8_t bytes[6];
    if (kind.len != 1 || object.len != 12 || !gw_unhex(object, bytes))
        return false;
    id.kind = (char)kind.at[0];
    gw_hex(bytes, sizeof bytes, id.object);
    gw_span record = gw_cut(&s, '-');
    bool ok = id.kind == 'e'   ? !record.len && !s.len
              : id.kind == 'm' ? parse_position(record, &id.record) && !s.len
              : id.kind == 'f' ? parse_position(record, &id.record) &&
                                     parse_position(s, &id.n)
                               : false;
    char text[GW_ID_TEXT]; // an id has one spelling
    if (!ok || !gw_eq(all, gw_span_of(text, gw_id_format(&id, text))))
        return false;
    *ret_id = id;
    return true;
}

size_t gw_id_format(const struct gw_id *id, char *ret_text)
{
    int n = id->kind == 'e' ? snprintf(ret_text, GW_ID_TEXT, "e-%s", id->object)
            : id->kind == 'm'
                ? snprintf(ret_text, GW_ID_TEXT, "m-%s-%lld", id->object,
                           (long long)id->record)
                : snprintf(ret_text, GW_ID_TEXT, "f-%s-%lld-%lld", id->object,
                           (long long)id->record, (long long)id->n);
    return n < 0 ? 0 : (size_t)n;
}
