// explain: from a finding to its rules, the observations they looked at, the
// evidence object, the position in it, and the bytes.
#include "cli/cli.h"

enum { FRAGMENT_SHOWN = 1200, FIRED_SHOWN = 12, ARENA_MAX = 512 << 20 };

struct walk {
    struct gw_cli *cli;
    struct gw_archive *a;
    struct gw_why *why;
    struct gw_id id;
    struct gw_object object;
    struct gw_arena *arena, *findings_arena;
    struct gw_block_codec *codec;
    struct gw_block facts, findings;
    const struct gw_measurement_row *m;
    const struct gw_finding_row *f; // NULL when a measurement was asked for
    size_t m_at, f_at;
    struct gw_excerpt excerpt;
    bool has_excerpt;
    struct gw_json *json;
    gw_jv record; // the measurement's JSON, absent if it could not be read
    gw_span uid;  // looked for when the id is a measurement_uid
};

// ---- finding the rows ---------------------------------------------------

static bool is_wanted(const struct walk *w, const struct gw_measurement_row *m)
{
    return w->uid.len ? gw_eq(m->uid, w->uid) : m->record == w->id.record;
}

// Reads blocks until one holds the measurement: 1, or 0 when none does.
static int find_facts(struct walk *w)
{
    struct gw_segment_reader *r;
    gw_span bytes;
    size_t n;
    int rc = gw_segment_open(w->a, GW_TIER_FACTS, w->object.hash, &r, NULL);
    if (rc)
        return rc == GW_ENOENT ? 0 : rc;
    bool found = false;
    while (!found && (rc = gw_segment_next(r, &bytes, w->why)) > 0) {
        gw_arena_reset(w->arena);
        rc = gw_block_decode(w->codec, bytes, ~0u, &w->facts, w->why);
        if (rc)
            break;
        const struct gw_measurement_row *m =
            gw_rows_measurement(&w->facts, &n);
        for (size_t i = 0; i < n && !found; i++)
            if (is_wanted(w, &m[i])) {
                w->m = &m[i];
                w->m_at = i;
                found = true;
            }
    }
    gw_segment_close(r);
    return rc < 0 ? rc : found;
}

static int find_findings(struct walk *w)
{
    struct gw_segment_reader *r;
    gw_span bytes;
    size_t n;
    int64_t wanted = w->id.kind == 'f' ? w->id.n : 0;
    int rc = gw_segment_open(w->a, GW_TIER_FINDINGS, w->object.hash, &r, NULL);
    if (rc)
        return rc == GW_ENOENT ? 0 : rc;
    while (!w->f && (rc = gw_segment_next(r, &bytes, w->why)) > 0) {
        gw_arena_reset(w->findings_arena);
        rc = gw_block_decode(w->codec, bytes,
                             GW_WANT(finding) | GW_WANT(fired) |
                                 GW_WANT(verdict),
                             &w->findings, w->why);
        if (rc)
            break;
        const struct gw_finding_row *f = gw_rows_finding(&w->findings, &n);
        for (size_t i = 0; i < n && !w->f; i++)
            if (f[i].record == w->m->record && f[i].n == wanted) {
                w->f = &f[i];
                w->f_at = i;
            }
    }
    gw_segment_close(r);
    return rc < 0 ? rc : w->f != NULL;
}

static int try_object(void *ctx, const struct gw_object *o)
{
    struct walk *w = ctx;
    if (!gw_kind_is_measurements(o->kind))
        return 0;
    w->object = *o;
    return find_facts(w);
}

static int find_record(struct walk *w, const char *text)
{
    gw_span s = gw_str(text);
    bool hash = s.len >= 8 && s.len <= 64;
    for (size_t i = 0; i < s.len && hash; i++)
        hash = strchr("0123456789abcdef", s.at[i]) != NULL;
    if (gw_id_parse(s, &w->id) || hash) {
        int rc = gw_evidence_find(w->a, w->id.kind ? w->id.object : text,
                                  &w->object, w->why);
        if (rc == 0 && (w->id.kind == 0 || w->id.kind == 'e'))
            return 0; // the object itself
        if (rc && !hash)
            return rc;
        if (!rc) {
            rc = find_facts(w);
            return rc ? rc
                      : gw_fail(w->why, GW_ENOENT, "%s: no such record", text);
        }
    }
    *w->why = (struct gw_why){0};
    w->uid = s;
    int rc = gw_evidence_each(w->a, -1, -1, try_object, w, w->why);
    return rc ? rc
              : gw_fail(w->why, GW_ENOENT,
                        "%s: neither an id of this archive nor a "
                        "measurement_uid in it",
                        text);
}

// ---- the record's bytes -------------------------------------------------

static int parse_text(struct walk *w, gw_span text)
{
    uint8_t *padded = gw_arena_take(w->findings_arena,
                                    text.len + GW_JSON_PADDING);
    if (!padded)
        return GW_ENOMEM;
    memcpy(padded, text.at, text.len);
    memset(padded + text.len, 0, GW_JSON_PADDING);
    return gw_json_parse(w->json, gw_span_of(padded, text.len), &w->record,
                         NULL);
}

// Unwraps postcans, API answers and saved answers, as reading the facts did.
static void parse_record(struct walk *w)
{
    int rc = parse_text(w, gw_buf_span(&w->excerpt.bytes));
    for (int i = 0; i < 4 && !rc; i++) {
        gw_jv raw = gw_jv_get(w->record, "raw_measurement");
        gw_jv body = gw_jv_get(w->record, "body");
        gw_jv content = gw_jv_get(w->record, "content");
        gw_span text = gw_jv_str(raw);
        if (gw_jv_has(gw_jv_get(w->record, "test_name")) && !text.len)
            return;
        if (!text.len)
            text = gw_jv_str(body);
        if (text.len)
            rc = parse_text(w, text);
        else if (gw_jv_type(content) == '{')
            w->record = content;
        else
            return;
    }
    if (rc)
        w->record = (gw_jv){0};
}

static int read_record(struct walk *w)
{
    struct gw_why why = {0};
    if (w->object.kind == GW_KIND_OBS_WEB || w->m->length <= 0)
        return 0;
    int rc = gw_evidence_excerpt(w->a, w->object.hash, w->m->record,
                                 w->m->length, &w->excerpt, &why);
    if (rc)
        return gw_fail(w->why, rc, "%s", why.text);
    w->has_excerpt = true;
    parse_record(w);
    return 0;
}

// ---- printing -----------------------------------------------------------

// A layer's finding has its own rules; the measurement's has all of them.
static bool belongs(const struct walk *w, const struct gw_fired_row *r)
{
    size_t n;
    const struct gw_finding_row *f = gw_rows_finding(&w->findings, &n);
    if (r->f < 0 || r->f >= (int64_t)n)
        return false;
    return w->f->n == 0 ? f[r->f].record == w->m->record
                        : r->f == (int64_t)w->f_at;
}

struct fact { // the columns every fact begins with
#define X(type, name, what) gw_t_##type name;
    GW_FACT_COLUMNS(X)
#undef X
};

static const void *fact_of(const struct walk *w, enum gw_table table,
                           int64_t list, int64_t item)
{
    const struct gw_table_info *info;
    struct fact fact;
    if (table < GW_TABLE_dns || table > GW_TABLE_http)
        return NULL;
    info = &gw_tables[table];
    const uint8_t *rows = w->facts.rows[table].at;
    for (size_t i = 0; i < w->facts.rows[table].count; i++) {
        memcpy(&fact, rows + i * info->row_size, sizeof fact);
        if (fact.m == (int64_t)w->m_at && fact.list == list &&
            fact.item == item)
            return rows + i * info->row_size;
    }
    return NULL;
}

// The JSON a fact was read from, e.g. test_keys.queries[2].
static gw_jv fragment_of(const struct walk *w, const struct gw_fired_row *r,
                         struct gw_buf *path)
{
    gw_jv keys = gw_jv_get(w->record, "test_keys"), v;
    const void *row = fact_of(w, (enum gw_table)r->table, r->list, r->item);
    struct fact fact = {.target = {0}};
    if (r->list < 0 || r->list >= GW_LIST_OTHER || !keys.tape)
        return (gw_jv){0};
    if (row)
        memcpy(&fact, row, sizeof fact);
    const char *name = gw_list_name((enum gw_list)r->list);
    gw_put_fmt(path, ".test_keys.%s", name);
    v = gw_jv_get(keys, name);
    for (gw_jit it = gw_jv_iter(v); fact.target.len && gw_jit_next(&it);)
        if (gw_eq(it.key, fact.target)) {
            gw_put_fmt(path, "[\"%.*s\"]", (int)fact.target.len,
                       (const char *)fact.target.at);
            return it.value;
        }
    if (gw_jv_type(v) == '[' && r->item >= 0) {
        gw_put_fmt(path, "[%lld]", (long long)r->item);
        return gw_jv_at(v, (size_t)r->item);
    }
    return v;
}

static void show_fragment(struct walk *w, const struct gw_fired_row *r)
{
    struct gw_buf path, json;
    gw_buf_init(&path, 4096);
    gw_buf_init(&json, 4 << 20);
    gw_jv v = fragment_of(w, r, &path);
    if (v.tape) {
        struct gw_jw jw = gw_jw_on(&json);
        gw_jw_value(&jw, v);
        printf("      %.*s = ", (int)path.len, (const char *)path.at);
        gw_show(stdout, gw_buf_span(&json),
                w->cli->args.all ? 0 : FRAGMENT_SHOWN);
        putchar('\n');
    }
    gw_buf_release(&path);
    gw_buf_release(&json);
}

static void show_fired(struct walk *w)
{
    size_t n, shown = 0, count = 0;
    const struct gw_fired_row *r = gw_rows_fired(&w->findings, &n);
    int64_t last_table = -1, last_item = -2;
    puts("\nRULES that fired, and the observations they looked at");
    for (size_t i = 0; i < n; i++) {
        if (!belongs(w, &r[i]))
            continue;
        if (count++, shown >= FIRED_SHOWN && !w->cli->args.all)
            continue;
        shown++;
        const struct gw_rule *rule = gw_rule_find(r[i].rule);
        printf("  %-32.*s says %s, llr %+.1f (%s)\n      %s\n      seen: ",
               (int)r[i].rule.len, (const char *)r[i].rule.at,
               rule ? gw_state_name(rule->state) : "?", r[i].llr,
               rule ? gw_evidence_name(rule->kind) : "?",
               rule ? rule->text : "");
        gw_show(stdout, r[i].detail, 160);
        putchar('\n');
        // Several rules may look at one observation: show its JSON once.
        if (r[i].table != last_table || r[i].item != last_item)
            show_fragment(w, &r[i]);
        last_table = r[i].table;
        last_item = r[i].item;
    }
    if (count > shown)
        printf("  and %zu more: with --all\n", count - shown);
}

static void show_finding(const struct walk *w)
{
    const struct gw_finding_row *f = w->f;
    const struct gw_rule *rule = gw_rule_find(f->rule);
    printf("FINDING %s", gw_state_name((enum gw_state)f->state));
    if (f->layer == GW_LAYER_ALL && f->stage.len)
        printf(" at stage %.*s", (int)f->stage.len,
               (const char *)f->stage.at);
    else
        printf(" at layer %s", gw_layer_name((enum gw_layer)f->layer));
    printf("%s%s, log-likelihood ratio %+.1f, %s\n",
           f->intercepted == 1 ? ", answers replaced on the way" : "",
           f->throttled == 1 ? ", slowed down" : "", f->llr,
           gw_evidence_name((enum gw_evidence)f->kind));
    if (rule)
        printf("  %.*s: %s\n", (int)f->rule.len, (const char *)f->rule.at,
               rule->text);
}

static void show_measurement(const struct walk *w)
{
    const struct gw_measurement_row *m = w->m;
    char time[GW_TIME_TEXT] = "at an unknown time";
    if (m->start_time != GW_NEVER)
        gw_format_time(m->start_time, time);
    printf("\nMEASUREMENT m-%.12s-%lld%s\n  %.*s of ", w->object.hash,
           (long long)m->record, m->synthetic == 1 ? "  SYNTHETIC" : "",
           (int)m->test_name.len, (const char *)m->test_name.at);
    gw_show(stdout, m->input.len ? m->input : GW_LIT("(no input)"), 120);
    printf("\n  %s UTC, %.*s AS%lld ", time, (int)m->probe_cc.len,
           m->probe_cc.at ? (const char *)m->probe_cc.at : "",
           (long long)(m->probe_asn == GW_NULL ? 0 : m->probe_asn));
    gw_show(stdout, m->probe_as_org_name, 60);
    printf("\n  measurement_uid %.*s, report_id ", (int)m->uid.len,
           m->uid.at ? (const char *)m->uid.at : "");
    gw_show(stdout, m->report_id, 120);
    printf("\n  control: %s",
           m->has_control == 1 ? "a helper answered" : "none");
    if (m->control_failure.at)
        printf(" (%.*s)", (int)m->control_failure.len,
               (const char *)m->control_failure.at);
    putchar('\n');
    if (m->odd.len) {
        fputs("  odd: ", stdout);
        gw_show(stdout, m->odd, 400);
        putchar('\n');
    }
}

static const struct gw_verdict_row *verdict_of(const struct walk *w)
{
    size_t n;
    const struct gw_verdict_row *v = gw_rows_verdict(&w->findings, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].record == w->m->record)
            return &v[i];
    return NULL;
}

static const char *word(gw_span s)
{
    return s.at ? "" : "null";
}

static void show_verdict(const struct walk *w)
{
    const struct gw_verdict_row *v = verdict_of(w);
    const struct gw_measurement_row *m = w->m;
    if (!v)
        return;
    printf("\nOONI'S KEYS          as recorded          computed here\n"
           "  blocking           %.*s%-20s %.*s%s\n",
           (int)m->blocking.len, (const char *)m->blocking.at,
           word(m->blocking), (int)v->blocking.len,
           (const char *)v->blocking.at, word(v->blocking));
    printf("  dns_consistency    %.*s%-20s %.*s%s\n",
           (int)m->dns_consistency.len, (const char *)m->dns_consistency.at,
           word(m->dns_consistency), (int)v->dns_consistency.len,
           (const char *)v->dns_consistency.at, word(v->dns_consistency));
}

static void show_evidence(const struct walk *w)
{
    const struct gw_object *o = &w->object;
    char size[32], added[GW_TIME_TEXT];
    gw_bytes_text(o->size, size);
    gw_format_time(o->added, added);
    printf("\nEVIDENCE e-%.12s, %s, %s, taken in %s UTC\n  SHA-256 %s\n  ",
           o->hash, gw_kind_name(o->kind), size, added, o->hash);
    gw_show(stdout, gw_str(o->name), 0);
    if (o->source[0] || o->licence[0]) {
        fputs("\n  ", stdout);
        gw_show(stdout, gw_str(o->source), 0);
        fputs(o->source[0] && o->licence[0] ? "; " : "", stdout);
        gw_show(stdout, gw_str(o->licence), 0);
    }
    putchar('\n');
    if (!w->m)
        return;
    printf("  position %lld, %lld bytes", (long long)w->m->record,
           (long long)w->m->length);
    if (w->has_excerpt && w->excerpt.leaf[0]) {
        fputs(", in member ", stdout);
        gw_show(stdout, gw_str(w->excerpt.leaf), 0);
        printf(" from its byte %lld",
               (long long)(w->m->record - w->excerpt.leaf_start));
    }
    putchar('\n');
}

// What a stranger types to see the same bytes, with no program of ours.
static void show_check(const struct walk *w)
{
    static const struct {
        const char *container, *command;
    } tools[] = {{"", "cat"},
                 {"gzip", "zcat <"},
                 {"zstd", "zstdcat <"},
                 {"lz4", "lz4 -dc <"},
                 {"bzip2", "bzcat <"}};
    bool packed = false;
    int fd = gw_evidence_open(w->a, w->object.hash, &packed, NULL);
    if (fd < 0)
        return;
    (void)fclose(fdopen(fd, "rb"));
    printf("\nTO CHECK without gawah\n  cd %s/evidence/%.2s\n",
           gw_archive_folder(w->a), w->object.hash);
    printf("  %s%s%s%s | sha256sum   # %.12s...\n",
           packed ? "zstdcat < " : "cat ", w->object.hash,
           packed ? ".zst" : "", "", w->object.hash);
    if (!w->has_excerpt || w->excerpt.leaf[0])
        return;
    for (size_t i = 0; i < GW_COUNT(tools); i++)
        if (strcmp(w->excerpt.container, tools[i].container) == 0)
            printf("  %s %s%s%s%s | tail -c +%lld | head -c %lld\n",
                   packed ? "zstdcat <" : tools[i].command, w->object.hash,
                   packed ? ".zst" : "", packed && i ? " | " : "",
                   packed && i ? tools[i].command : "",
                   (long long)w->m->record + 1, (long long)w->m->length);
}

static void show_text(struct walk *w)
{
    if (w->f)
        show_finding(w);
    if (w->m)
        show_measurement(w);
    if (w->f)
        show_fired(w);
    if (w->f)
        show_verdict(w);
    show_evidence(w);
    show_check(w);
}

// ---- JSON ---------------------------------------------------------------

static void fired_json(struct walk *w, struct gw_jw *jw)
{
    size_t n;
    const struct gw_fired_row *r = gw_rows_fired(&w->findings, &n);
    gw_jw_key(jw, "rules");
    gw_jw_open(jw, '[');
    for (size_t i = 0; i < n; i++) {
        if (!belongs(w, &r[i]))
            continue;
        const struct gw_rule *rule = gw_rule_find(r[i].rule);
        const void *fact =
            fact_of(w, (enum gw_table)r[i].table, r[i].list, r[i].item);
        struct gw_buf path;
        gw_buf_init(&path, 4096);
        gw_jv v = fragment_of(w, &r[i], &path);
        gw_jw_open(jw, '{');
        gw_jw_kstr(jw, "rule", r[i].rule);
        gw_jw_kstr(jw, "text", gw_str(rule ? rule->text : ""));
        gw_jw_key(jw, "llr");
        gw_jw_real(jw, r[i].llr);
        gw_jw_kstr(jw, "detail", r[i].detail);
        if (fact) {
            gw_jw_key(jw, "observation");
            gw_jw_open(jw, '{');
            gw_json_row(jw, (enum gw_table)r[i].table, fact, false);
            gw_jw_close(jw, '}');
        }
        if (v.tape) {
            gw_jw_kstr(jw, "path", gw_buf_span(&path));
            gw_jw_key(jw, "fragment");
            gw_jw_value(jw, v);
        }
        gw_jw_close(jw, '}');
        gw_buf_release(&path);
    }
    gw_jw_close(jw, ']');
}

static void show_json(struct walk *w)
{
    struct gw_buf b;
    gw_buf_init(&b, 128 << 20);
    struct gw_jw jw = gw_jw_on(&b);
    gw_jw_open(&jw, '{');
    if (w->f) {
        gw_jw_key(&jw, "finding");
        gw_jw_open(&jw, '{');
        gw_jw_kstr(&jw, "state",
                   gw_str(gw_state_name((enum gw_state)w->f->state)));
        gw_jw_kstr(&jw, "layer",
                   gw_str(gw_layer_name((enum gw_layer)w->f->layer)));
        gw_jw_kstr(&jw, "stage", w->f->stage);
        gw_jw_kstr(&jw, "rule", w->f->rule);
        gw_jw_key(&jw, "llr");
        gw_jw_real(&jw, w->f->llr);
        gw_jw_key(&jw, "intercepted");
        gw_jw_bool(&jw, w->f->intercepted == 1);
        gw_jw_key(&jw, "throttled");
        gw_jw_bool(&jw, w->f->throttled == 1);
        gw_jw_kstr(&jw, "target", w->f->target);
        gw_jw_close(&jw, '}');
        fired_json(w, &jw);
    }
    if (w->m) {
        gw_jw_key(&jw, "measurement");
        gw_jw_open(&jw, '{');
        gw_json_row(&jw, GW_TABLE_measurement, w->m, false);
        gw_jw_close(&jw, '}');
    }
    gw_jw_key(&jw, "evidence");
    gw_jw_open(&jw, '{');
    gw_jw_kstr(&jw, "sha256", gw_str(w->object.hash));
    gw_jw_kstr(&jw, "name", gw_str(w->object.name));
    gw_jw_kstr(&jw, "kind", gw_str(gw_kind_name(w->object.kind)));
    if (w->m) {
        gw_jw_kint(&jw, "position", w->m->record);
        gw_jw_kint(&jw, "length", w->m->length);
        gw_jw_kstr(&jw, "member", gw_str(w->excerpt.leaf));
        gw_jw_kstr(&jw, "container", gw_str(w->excerpt.container));
    }
    gw_jw_close(&jw, '}');
    gw_jw_close(&jw, '}');
    gw_cli_line(&b);
    gw_buf_release(&b);
}

static int walk_down(struct walk *w, const char *text)
{
    int rc = find_record(w, text);
    if (rc < 0)
        return rc;
    if (!w->m)
        return 0;
    w->id.record = w->m->record;
    rc = find_findings(w);
    if (rc == 0 && w->id.kind == 'f')
        return gw_fail(w->why, GW_ENOENT,
                       "%s: no such finding; after gawah analyse ids of "
                       "findings can differ",
                       text);
    return rc < 0 ? rc : read_record(w);
}

int gw_run_explain(struct gw_cli *cli)
{
    struct gw_why why = {0};
    struct walk *w = NULL;
    struct gw_archive *a;
    if (cli->args.rest_count != 1)
        return gw_cli_usage(cli, "explain wants one id; gawah findings prints "
                                 "some");
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    w = gw_new(sizeof *w);
    bool ok = w != NULL;
    if (ok) {
        *w = (struct walk){.cli = cli, .a = a, .why = &why};
        w->arena = gw_arena_new(ARENA_MAX);
        w->findings_arena = gw_arena_new(ARENA_MAX);
        w->codec = gw_block_codec_new();
        w->json = gw_json_new();
        ok = w->arena && w->findings_arena && w->codec && w->json &&
             !gw_block_init(&w->facts, w->arena) &&
             !gw_block_init(&w->findings, w->findings_arena);
    }
    rc = ok ? walk_down(w, cli->args.rest[0])
            : gw_fail(&why, GW_ENOMEM, "out of memory");
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (cli->args.json)
        show_json(w);
    else
        show_text(w);
    if (w) {
        if (w->has_excerpt)
            gw_buf_release(&w->excerpt.bytes);
        gw_block_release(&w->facts);
        gw_block_release(&w->findings);
        gw_block_codec_free(w->codec);
        gw_json_free(w->json);
        gw_arena_free(w->arena);
        gw_arena_free(w->findings_arena);
    }
    gw_free(w);
    gw_archive_close(a);
    return rc;
}
