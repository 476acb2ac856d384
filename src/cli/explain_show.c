// What explain shows: the finding, its rules, the observations they looked at,
// and where the bytes are.
#include "cli/explain.h"

enum { FRAGMENT_SHOWN = 1200, FIRED_SHOWN = 12 };

// A layer's finding has its own rules; the measurement's has all of them.
static bool belongs(const struct gw_explain *w, const struct gw_fired_row *r)
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

static const void *fact_of(const struct gw_explain *w, enum gw_table table,
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
static gw_jv fragment_of(const struct gw_explain *w,
                         const struct gw_fired_row *r, struct gw_buf *path)
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

static void show_fragment(struct gw_explain *w, const struct gw_fired_row *r)
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

static void show_fired(struct gw_explain *w)
{
    size_t n, shown = 0, count = 0;
    const struct gw_fired_row *r = gw_rows_fired(&w->findings, &n);
    int64_t last_table = -1, last_item = -2;
    for (size_t i = 0; i < n; i++) {
        if (!belongs(w, &r[i]))
            continue;
        if (!count++)
            puts("\nRULES that fired, and the observations they looked at");
        if (shown >= FIRED_SHOWN && !w->cli->args.all)
            continue;
        shown++;
        const struct gw_rule *rule = gw_rule_find(r[i].rule);
        printf("  %.*s says %s, llr %+.1f (%s)\n      %s\n      seen: ",
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

static const char *kind_text(int64_t kind)
{
    static const char *const texts[GW_EVIDENCE_COUNT] = {
        [GW_SYMPTOM] = "symptom: other causes look the same",
        [GW_CONTRAST] = "contrast: compared with a control",
        [GW_ARTEFACT] = "artefact: what only a censor leaves behind"};
    return kind >= 0 && kind < GW_EVIDENCE_COUNT ? texts[kind] : "?";
}

static void show_finding(const struct gw_explain *w)
{
    const struct gw_finding_row *f = w->f;
    const struct gw_rule *rule = gw_rule_find(f->rule);
    printf("FINDING %s", gw_state_name((enum gw_state)f->state));
    if (f->layer != GW_LAYER_ALL)
        printf(" at layer %s", gw_layer_name((enum gw_layer)f->layer));
    else if (f->stage.len)
        printf(" at stage %.*s", (int)f->stage.len, (const char *)f->stage.at);
    fputs(" for ", stdout);
    gw_show(stdout, f->target, 120);
    printf("%s%s\n", f->intercepted == 1 ? ", answers replaced on the way" : "",
           f->throttled == 1 ? ", slowed down" : "");
    if (!rule) {
        puts("  no rule fired: nothing in the record can be judged");
        return;
    }
    printf("  %s: %s\n  %s\n  log-likelihood ratio %+.1f (natural log; the "
           "weightiest rule of each kind of\n  evidence, added up)\n",
           rule->id, rule->text, kind_text(f->kind), f->llr);
}

static void show_named(const char *name, gw_span value, size_t max)
{
    printf("  %s ", name);
    gw_show(stdout, value.len ? value : GW_LIT("none"), max);
    putchar('\n');
}

static void show_network(const struct gw_measurement_row *m)
{
    char time[GW_TIME_TEXT] = "at an unknown time";
    if (m->start_time != GW_NEVER)
        gw_format_time(m->start_time, time);
    printf("  %s%s, ", time, m->start_time == GW_NEVER ? "" : " UTC");
    gw_show(stdout, m->probe_cc.len ? m->probe_cc : GW_LIT("country unknown"),
            20);
    if (m->probe_asn == GW_NULL)
        fputs(", network unknown", stdout);
    else
        printf(", AS%lld", (long long)m->probe_asn);
    if (m->probe_as_org_name.len) {
        putchar(' ');
        gw_show(stdout, m->probe_as_org_name, 60);
    }
    putchar('\n');
}

static void show_measurement(const struct gw_explain *w)
{
    const struct gw_measurement_row *m = w->m;
    printf("%sMEASUREMENT m-%.12s-%lld%s\n  ", w->f ? "\n" : "", w->object.hash,
           (long long)m->record, m->synthetic == 1 ? "  SYNTHETIC" : "");
    gw_show(stdout, m->test_name, 60);
    if (m->input.len) {
        fputs(" of ", stdout);
        gw_show(stdout, m->input, 120);
    }
    putchar('\n');
    show_network(m);
    show_named("measurement_uid", m->uid, 120);
    show_named("report_id", m->report_id, 120);
    fputs(m->has_control == 1 ? "  control: a helper answered"
                              : "  control: none",
          stdout);
    if (m->control_failure.len) {
        fputs(" (", stdout);
        gw_show(stdout, m->control_failure, 120);
        putchar(')');
    }
    putchar('\n');
    if (m->odd.len)
        show_named("odd:", m->odd, 400);
    if (!w->f)
        puts("  not judged yet: gawah analyse");
}

static const struct gw_verdict_row *verdict_of(const struct gw_explain *w)
{
    size_t n;
    const struct gw_verdict_row *v = gw_rows_verdict(&w->findings, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].record == w->m->record)
            return &v[i];
    return NULL;
}

static void show_key(const char *name, gw_span recorded, gw_span computed)
{
    if (!recorded.at)
        recorded = GW_LIT("null");
    if (!computed.at)
        computed = GW_LIT("null");
    printf("  %-17s  %-18.*s  %.*s\n", name, (int)recorded.len,
           (const char *)recorded.at, (int)computed.len,
           (const char *)computed.at);
}

static void show_verdict(const struct gw_explain *w)
{
    const struct gw_verdict_row *v = verdict_of(w);
    if (!v)
        return;
    puts("\nOONI'S KEYS          as recorded         computed here");
    show_key("blocking", w->m->blocking, v->blocking);
    show_key("dns_consistency", w->m->dns_consistency, v->dns_consistency);
}

static void show_evidence(const struct gw_explain *w)
{
    const struct gw_object *o = &w->object;
    char size[32], added[GW_TIME_TEXT];
    gw_bytes_text(o->size, size);
    gw_format_time(o->added, added);
    printf("%sEVIDENCE e-%.12s, %s, %s, taken in %.19s UTC\n  SHA-256 %s\n  ",
           w->m ? "\n" : "", o->hash, gw_kind_name(o->kind), size, added,
           o->hash);
    gw_show(stdout, gw_str(o->name), 0);
    if (o->source[0] || o->licence[0]) {
        fputs("\n  ", stdout);
        gw_show(stdout, gw_str(o->source), 0);
        fputs(o->source[0] && o->licence[0] ? "; " : "", stdout);
        gw_show(stdout, gw_str(o->licence), 0);
    }
    putchar('\n');
    if (o->state == GW_REDACTED)
        puts("  WITHHELD by redaction: its bytes, names, facts and findings "
             "were destroyed; the log says when and why");
    if (o->error[0]) {
        fputs("  ", stdout);
        gw_show(stdout, gw_str(o->error), 0);
        putchar('\n');
    }
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
static void show_check(const struct gw_explain *w)
{
    static const struct {
        const char *container, *command;
    } tools[] = {{"", "cat"},
                 {"gzip", "zcat <"},
                 {"zstd", "zstdcat <"},
                 {"lz4", "lz4 -dc <"},
                 {"bzip2", "bzcat <"}};
    bool packed = w->packed;
    printf("\nTO CHECK without gawah\n  cd %s/evidence/%.2s\n",
           gw_archive_folder(w->a), w->object.hash);
    printf("  %s%s%s%s | sha256sum   # %.12s...\n",
           packed ? "zstdcat < " : "cat ", w->object.hash, packed ? ".zst" : "",
           "", w->object.hash);
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

// The id as gawah prove takes it.
static void put_id(const struct gw_explain *w, char ret[GW_ID_TEXT])
{
    struct gw_id id = w->id;
    id.kind = w->f ? 'f' : w->m ? 'm' : 'e';
    snprintf(id.object, sizeof id.object, "%.12s", w->object.hash);
    if (w->f)
        id.n = w->f->n;
    gw_id_format(&id, ret);
}

static void show_seal(const struct gw_explain *w)
{
    const struct gw_witnessed *s = &w->witnessed;
    char id[GW_ID_TEXT];
    if (!s->leaf) {
        puts("\nSEALED no: the log has no leaf of this object; gawah ingest");
        return;
    }
    if (!s->sealed) {
        printf("\nSEALED not yet: leaf %llu waits for gawah seal\n",
               (unsigned long long)s->index);
        return;
    }
    put_id(w, id);
    const char *archive = w->cli->args.archive;
    printf("\nSEALED leaf %llu of log %s, under its checkpoint of %llu "
           "leaves%s\n  signed by the log",
           (unsigned long long)s->index, s->checkpoint.origin,
           (unsigned long long)s->checkpoint.size,
           s->quorum ? "" : ", which has no quorum of witnesses yet");
    if (s->witnesses)
        printf(" and %zu witness%s", s->witnesses,
               s->witnesses == 1 ? "" : "es");
    printf("\n  the proof, and how a stranger checks it offline:\n"
           "    gawah prove %s --into bundle%s%s && gawah verify bundle\n"
           "    tlogverify proof -policy bundle/policy.txt -leaf "
           "bundle/data/leaf-%llu.json \\\n"
           "        bundle/proofs/leaf-%llu.tlog-proof\n",
           id, archive ? " --archive " : "", archive ? archive : "",
           (unsigned long long)s->index, (unsigned long long)s->index);
}

void gw_explain_text(struct gw_explain *w)
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
    if (w->object.state != GW_REDACTED)
        show_check(w);
    show_seal(w);
}

// ---- JSON ---------------------------------------------------------------

static void fired_json(struct gw_explain *w, struct gw_jw *jw)
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

static void seal_json(const struct gw_explain *w, struct gw_jw *jw)
{
    const struct gw_witnessed *s = &w->witnessed;
    if (!s->leaf)
        return;
    char id[GW_ID_TEXT];
    put_id(w, id);
    gw_jw_key(jw, "sealed");
    gw_jw_open(jw, '{');
    gw_jw_kstr(jw, "id", gw_str(id));
    gw_jw_kint(jw, "leaf", (int64_t)s->index);
    if (s->sealed) {
        struct gw_buf root;
        gw_buf_init(&root, 256);
        gw_b64_put(
            GW_B64_STANDARD,
            gw_span_of(s->checkpoint.root.at, sizeof s->checkpoint.root.at),
            &root);
        gw_jw_kstr(jw, "origin", gw_str(s->checkpoint.origin));
        gw_jw_kint(jw, "size", (int64_t)s->checkpoint.size);
        gw_jw_kstr(jw, "root", gw_buf_span(&root));
        gw_jw_key(jw, "quorum");
        gw_jw_bool(jw, s->quorum);
        gw_jw_kint(jw, "witnesses", (int64_t)s->witnesses);
        gw_buf_release(&root);
    }
    gw_jw_close(jw, '}');
}

void gw_explain_json(struct gw_explain *w)
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
    seal_json(w, &jw);
    gw_jw_close(&jw, '}');
    gw_cli_line(&b);
    gw_buf_release(&b);
}
