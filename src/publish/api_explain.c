// /explain/<id>: from a published id to rules, counts and evidence, out of the
// store's own rows. What a probe sent is not opened here, and no value of it
// is shown: gawah explain does that, in its jail.
#include "publish/serve.h"

#include <stdio.h>

struct found {
    struct api_call *c;
    struct gw_jw w;
    struct gw_id id;
    struct gw_object object;
    bool any;
};

static void put_kind_and_state(struct gw_jw *w, const struct gw_finding_row *f)
{
    bool state = f->state >= 0 && f->state < GW_STATE_COUNT;
    bool kind = f->kind >= 0 && f->kind < GW_EVIDENCE_COUNT;
    gw_jw_kstr(w, "state",
               state ? gw_str(gw_state_name((enum gw_state)f->state))
                     : (gw_span){0});
    gw_jw_kstr(w, "evidence",
               kind ? gw_str(gw_evidence_name((enum gw_evidence)f->kind))
                    : (gw_span){0});
}

static gw_span layer_of(const struct gw_finding_row *f)
{
    bool layer = f->layer >= 0 && f->layer < GW_LAYER_COUNT;
    return layer ? gw_str(gw_layer_name((enum gw_layer)f->layer))
                 : (gw_span){0};
}

static void put_fired(struct found *x, const struct gw_fired_row *r)
{
    struct gw_jw *w = &x->w;
    bool table = r->table >= 0 && r->table < GW_TABLE_COUNT;
    bool list = r->list >= 0 && r->list < GW_LIST_COUNT;
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "rule", r->rule);
    gw_jw_key(w, "llr");
    gw_jw_real(w, r->llr);
    gw_jw_kstr(w, "table",
               table ? gw_str(gw_tables[r->table].name) : (gw_span){0});
    gw_jw_kstr(w, "list",
               list ? gw_str(gw_list_name((enum gw_list)r->list))
                    : (gw_span){0});
    gw_jw_key(w, "item");
    if (r->item == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_int(w, r->item);
    gw_jw_close(w, '}');
}

static void put_finding(struct found *x, const struct gw_finding_row *f,
                        size_t row)
{
    struct gw_jw *w = &x->w;
    struct gw_id id = {.kind = 'f', .record = f->record, .n = f->n};
    char text[GW_ID_TEXT];
    size_t n;
    memcpy(id.object, x->id.object, sizeof id.object);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "id", gw_span_of(text, gw_id_format(&id, text)));
    gw_jw_kstr(w, "layer", layer_of(f));
    put_kind_and_state(w, f);
    gw_jw_kstr(w, "target", f->target);
    gw_jw_kstr(w, "rule", f->rule);
    gw_jw_key(w, "llr");
    gw_jw_real(w, f->llr);
    api_bool(w, "throttled", f->throttled == 1);
    api_bool(w, "intercepted", f->intercepted == 1);
    gw_jw_key(w, "fired");
    gw_jw_open(w, '[');
    const struct gw_fired_row *fired = gw_rows_fired(&x->c->api->block, &n);
    for (size_t i = 0; i < n; i++)
        if (fired[i].f == (int64_t)row)
            put_fired(x, &fired[i]);
    gw_jw_close(w, ']');
    gw_jw_close(w, '}');
}

static void put_measurement(struct gw_jw *w, const struct gw_finding_row *f)
{
    gw_jw_key(w, "measurement");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "measurement_uid", f->uid);
    gw_jw_kstr(w, "input", f->input);
    gw_jw_kstr(w, "test_name", f->test_name);
    gw_jw_kstr(w, "probe_cc", f->probe_cc);
    api_asn(w, "probe_asn", f->probe_asn);
    api_time(w, "measurement_start_time", f->start_time);
    api_bool(w, "synthetic", f->synthetic == 1);
    gw_jw_close(w, '}');
}

// The findings of one record stand together in one block.
static bool put_findings(struct found *x)
{
    size_t n;
    const struct gw_finding_row *f = gw_rows_finding(&x->c->api->block, &n);
    for (size_t i = 0; i < n; i++) {
        if (f[i].record != x->id.record ||
            (x->id.kind == 'f' && f[i].n != x->id.n))
            continue;
        if (!x->any) {
            put_measurement(&x->w, &f[i]);
            gw_jw_key(&x->w, "findings");
            gw_jw_open(&x->w, '[');
        }
        x->any = true;
        put_finding(x, &f[i], i);
    }
    if (x->any)
        gw_jw_close(&x->w, ']');
    return x->any;
}

static int find_findings(struct found *x, struct gw_why *why)
{
    struct api *a = x->c->api;
    struct gw_segment_reader *r;
    gw_span bytes;
    int rc =
        gw_segment_open(a->archive, GW_TIER_FINDINGS, x->object.hash, &r, NULL);
    if (rc)
        return rc == GW_ENOENT ? 0 : rc;
    while ((rc = gw_segment_next(r, &bytes, why)) > 0) {
        gw_arena_reset(a->block_arena);
        rc = gw_block_decode(a->codec, bytes, GW_WANT(finding) | GW_WANT(fired),
                             &a->block, why);
        if (rc || put_findings(x))
            break;
    }
    gw_segment_close(r);
    return rc < 0 ? rc : 0;
}

static void put_object(struct found *x)
{
    static const char *const states[] = {"pending", "done", "failed",
                                         "redacted"};
    const struct gw_object *o = &x->object;
    struct gw_jw *w = &x->w;
    gw_jw_key(w, "object");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "sha256", gw_str(o->hash));
    gw_jw_kint(w, "size", o->size);
    gw_jw_kstr(w, "kind", gw_str(gw_kind_name(o->kind)));
    gw_jw_kstr(
        w, "state",
        gw_str((size_t)o->state < GW_COUNT(states) ? states[o->state] : NULL));
    gw_jw_kint(w, "records", o->records);
    gw_jw_kint(w, "refused", o->refused);
    gw_jw_kstr(w, "licence", gw_str(o->licence));
    gw_jw_close(w, '}');
}

static void put_commands(struct found *x, gw_span id)
{
    struct gw_arena *arena = x->c->api->arena;
    struct gw_jw *w = &x->w;
    int len = (int)id.len;
    const char *at = (const char *)id.at;
    gw_jw_key(w, "commands");
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "reproduce",
               gw_arena_fmt(arena, "gawah explain %.*s", len, at));
    gw_jw_kstr(w, "prove",
               gw_arena_fmt(arena, "gawah prove %.*s --into bundle", len, at));
    gw_jw_kstr(w, "verify", GW_LIT("gawah verify bundle"));
    gw_jw_close(w, '}');
}

int api_explain(struct api_call *c, struct gw_why *why)
{
    struct found x = {.c = c, .w = gw_jw_on(c->out)};
    struct gw_why said = {0};
    if (!gw_id_parse(c->rest, &x.id))
        return gw_fail(why, GW_ENOENT,
                       "an id is e-<12 hex digits> of an object, m-... of a "
                       "measurement or f-... of a finding; incidents are at "
                       "/api/v1/incidents/<id>");
    int rc = gw_evidence_find(c->api->archive, x.id.object, &x.object, &said);
    if (rc == GW_ENOENT || rc == GW_EUSAGE)
        return gw_fail(why, GW_ENOENT, "%.*s: no such id in this archive",
                       (int)c->rest.len, (const char *)c->rest.at);
    if (rc)
        return gw_fail(why, rc, "%s", said.text);
    gw_jw_open(&x.w, '{');
    gw_jw_kstr(&x.w, "id", c->rest);
    put_object(&x);
    if (x.id.kind != 'e')
        rc = find_findings(&x, why);
    if (!rc && x.id.kind != 'e' && !x.any)
        return gw_fail(why, GW_ENOENT, "%.*s: no such id in this archive",
                       (int)c->rest.len, (const char *)c->rest.at);
    put_commands(&x, c->rest);
    gw_jw_close(&x.w, '}');
    return rc;
}
