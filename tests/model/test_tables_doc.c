// docs/formats/tables.md lists every table and column in words of the lists
// in tables.h; here they are held together.
#include "model/model.h"
#include "t.h"

#include <stdio.h>

#define BEGIN "<!-- columns: kept equal to src/model/tables.h by a test -->\n"
#define END   "<!-- end of columns -->\n"

static const char *type_name(enum gw_type type)
{
    switch (type) {
    case GW_INT: return "integer";
    case GW_REAL: return "real";
    case GW_STR: return "text";
    case GW_JSON: return "JSON";
    case GW_TIME: return "time";
    }
    return "?";
}

// A bar would end a cell of the table.
static void put_words(struct gw_buf *b, const char *words)
{
    for (; *words; words++) {
        if (*words == '|')
            gw_put_u8(b, '\\');
        gw_put_u8(b, (uint8_t)*words);
    }
}

static const char *exported_as(enum gw_table table, const char *column)
{
    for (size_t i = 0; i < gw_obs_web_column_count; i++)
        if (gw_obs_web_columns[i].table == table &&
            strcmp(gw_obs_web_columns[i].column, column) == 0)
            return gw_obs_web_columns[i].name;
    return NULL;
}

static void put_table(struct gw_buf *b, enum gw_table table)
{
    const struct gw_table_info *info = &gw_tables[table];
    gw_put_fmt(b,
               "\n### %s\n\n| column | type | what | in obs_web |\n"
               "|---|---|---|---|\n",
               info->name);
    for (size_t i = 0; i < info->column_count; i++) {
        const struct gw_column *c = &info->columns[i];
        const char *web = exported_as(table, c->name);
        gw_put_fmt(b, "| `%s` | %s | ", c->name, type_name(c->type));
        put_words(b, c->what);
        if (web)
            gw_put_fmt(b, " | `%s` |\n", web);
        else
            gw_put_str(b, " | |\n");
    }
}

static void put_obs_web(struct gw_buf *b)
{
    gw_put_str(b, "\n### obs_web\n\n| | column | type | from |\n"
                  "|---|---|---|---|\n");
    for (size_t i = 0; i < gw_obs_web_column_count; i++) {
        const struct gw_obs_web_column *web = &gw_obs_web_columns[i];
        struct gw_column c = gw_obs_web_source(i);
        gw_put_fmt(b, "| %zu | `%s` | %s | ", i + 1, web->name,
                   type_name(c.type));
        if (web->table == GW_TABLE_COUNT)
            put_words(b, c.what);
        else
            gw_put_fmt(b, "`%s.%s`", gw_tables[web->table].name, web->column);
        gw_put_str(b, " |\n");
    }
}

static void render(struct gw_buf *b)
{
    gw_put_str(b, BEGIN);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        put_table(b, (enum gw_table)t);
    put_obs_web(b);
    gw_put_str(b, "\n" END);
}

static void the_document_lists_the_tables_as_they_are(void **state)
{
    (void)state;
    char path[4096];
    struct gw_buf doc, want;
    const char *source = getenv("GAWAH_SOURCE");
    if (!source) {
        print_message("GAWAH_SOURCE is not set: the document is not read\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/docs/formats/tables.md", source);
    gw_buf_init(&doc, 1 << 20);
    gw_buf_init(&want, 1 << 20);
    assert_int_equal(gw_file_read(path, &doc, NULL), 0);
    render(&want);
    int64_t from = gw_find(gw_buf_span(&doc), GW_LIT(BEGIN), 0);
    assert_true(from >= 0);
    gw_span left = gw_sub(gw_buf_span(&doc), (size_t)from, doc.len);
    gw_span right = gw_buf_span(&want);
    while (right.len) {
        gw_span is = gw_cut(&left, '\n'), should = gw_cut(&right, '\n');
        if (!gw_eq(is, should))
            fail_msg("%s says\n%.*s\nwhere it should be\n%.*s", path,
                     (int)is.len, (const char *)is.at, (int)should.len,
                     (const char *)should.at);
    }
    gw_buf_release(&doc);
    gw_buf_release(&want);
}

static void every_column_of_obs_web_has_a_source(void **state)
{
    (void)state;
    assert_int_equal(gw_obs_web_column_count, 95);
    for (size_t i = 0; i < gw_obs_web_column_count; i++) {
        const struct gw_obs_web_column *web = &gw_obs_web_columns[i];
        assert_string_equal(gw_obs_web_source(i).name, web->column);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(web->name, gw_obs_web_columns[k].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_lists_the_tables_as_they_are),
        cmocka_unit_test(every_column_of_obs_web_has_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
