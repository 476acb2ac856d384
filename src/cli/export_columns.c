// Which columns an export has, and where their values come from.
#include "cli/export.h"

enum { NAMES_MAX = 64 << 10 };

static enum gw_words words_of(const char *column)
{
    static const struct {
        const char *column;
        enum gw_words words;
    } named[] = {{"list", GW_AS_LIST},
                 {"layer", GW_AS_LAYER},
                 {"state", GW_AS_STATE},
                 {"kind", GW_AS_KIND},
                 {"observer", GW_AS_HEX}};
    for (size_t i = 0; i < GW_COUNT(named); i++)
        if (strcmp(column, named[i].column) == 0)
            return named[i].words;
    return GW_AS_NUMBER;
}

static void add(struct gw_sheet *s, const char *name, int part,
                struct gw_column from)
{
    enum gw_words words = words_of(name);
    if (s->count < GW_FIELDS_MAX)
        s->fields[s->count++] = (struct gw_field){name, from, part, words};
}

static void add_table(struct gw_sheet *s, enum gw_table table)
{
    const struct gw_table_info *info = &gw_tables[table];
    for (size_t i = 0; i < info->column_count; i++)
        if (strcmp(info->columns[i].name, "m") != 0) // a row in the block
            add(s, info->columns[i].name, (int)table, info->columns[i]);
}

static void add_extra(struct gw_sheet *s, const char *name, size_t offset,
                      enum gw_type type)
{
    add(s, name, GW_PART_EXTRA,
        (struct gw_column){.name = name, .type = type, .offset = offset});
}
#define ADD_TEXT(sheet, name)                                                  \
    add_extra(sheet, #name, offsetof(struct gw_extra, name), GW_STR)

static void add_key(struct gw_columns *c, const char *prefix, int part,
                    struct gw_column from)
{
    gw_span name = gw_arena_fmt(c->names, "%s_%s%c", prefix, from.name, 0);
    if (name.at)
        add(c->sheets, (const char *)name.at, part, from);
}

static void plan_verdicts(struct gw_columns *c)
{
    static const char *const about[] = {"uid", "input", "probe_cc",
                                        "probe_asn"};
    const struct gw_table_info *v = &gw_tables[GW_TABLE_verdict];
    ADD_TEXT(c->sheets, measurement);
    for (size_t i = 0; i < GW_COUNT(about); i++)
        add(c->sheets, about[i], GW_TABLE_measurement,
            *gw_column_find(GW_TABLE_measurement, about[i]));
    for (size_t i = 0; i < v->column_count && c->key_count < GW_EXPORT_KEYS_MAX;
         i++) {
        struct gw_verdict_key *k = &c->keys[c->key_count];
        struct gw_column same = {.name = v->columns[i].name, .type = GW_INT};
        k->computed = &v->columns[i];
        k->recorded = gw_column_find(GW_TABLE_measurement, same.name);
        if (!k->recorded || strcmp(same.name, "record") == 0)
            continue;
        same.offset =
            offsetof(struct gw_extra, same) + c->key_count++ * sizeof(int64_t);
        add_key(c, "recorded", GW_TABLE_measurement, *k->recorded);
        add_key(c, "computed", GW_TABLE_verdict, *k->computed);
        add_key(c, "same", GW_PART_EXTRA, same);
    }
    add_extra(c->sheets, "same", offsetof(struct gw_extra, all_same), GW_INT);
}

static void plan(struct gw_columns *c, enum gw_export what)
{
    struct gw_sheet *s = c->sheets;
    switch (what) {
    case GW_EXPORT_OBSERVATIONS:
        for (size_t i = 0; i < gw_obs_web_column_count; i++)
            add(s, gw_obs_web_columns[i].name, (int)gw_obs_web_columns[i].table,
                gw_obs_web_source(i));
        break;
    case GW_EXPORT_MEASUREMENTS:
        ADD_TEXT(s, id);
        ADD_TEXT(s, object);
        add_table(s, GW_TABLE_measurement);
        break;
    case GW_EXPORT_FACTS:
        for (int t = GW_TABLE_dns; t <= GW_TABLE_key; t++) {
            ADD_TEXT(s + t, table);
            ADD_TEXT(s + t, measurement);
            ADD_TEXT(s + t, uid);
            add_table(s + t, (enum gw_table)t);
        }
        break;
    case GW_EXPORT_FINDINGS:
        ADD_TEXT(s, id);
        ADD_TEXT(s, measurement);
        add_table(s, GW_TABLE_finding);
        break;
    case GW_EXPORT_VERDICTS: plan_verdicts(c); break;
    case GW_EXPORT_NOTHING: break;
    }
}

int gw_columns_init(struct gw_columns *c, enum gw_export what)
{
    *c = (struct gw_columns){.names = gw_arena_new(NAMES_MAX)};
    c->sheets = gw_new(GW_TABLE_COUNT * sizeof *c->sheets);
    if (!c->names || !c->sheets)
        return GW_ENOMEM;
    plan(c, what);
    return 0;
}

void gw_columns_release(struct gw_columns *c)
{
    gw_free(c->sheets);
    gw_arena_free(c->names);
}
