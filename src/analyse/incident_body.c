// The body of an incident, as docs/formats/incidents.md has it, and its row.
#include "analyse/incidents.h"

#include <math.h>
#include <stdio.h>

enum { MINUTES = 16, BODY_MAX = 1 << 20 }; // "2023-11-06 05:00"

gw_time inc_hour(int32_t hour)
{
    return hour == INT32_MIN || hour == INT32_MAX
               ? GW_NEVER
               : (gw_time)hour * 3600 * GW_SECOND;
}

const char *inc_state(const struct incident *i)
{
    return i->end[0] == INT32_MAX ? "ongoing" : "over";
}

static void put_time(struct gw_jw *w, const char *key, int32_t hour)
{
    char text[GW_TIME_TEXT];
    gw_time t = inc_hour(hour);
    gw_jw_key(w, key);
    if (t == GW_NEVER) {
        gw_jw_null(w);
        return;
    }
    gw_format_time(t, text);
    gw_jw_str(w, gw_span_of(text, MINUTES));
}

static void put_interval(struct gw_jw *w, const char *key,
                         const int32_t hours[2])
{
    gw_jw_key(w, key);
    if (hours[1] == INT32_MAX) {
        gw_jw_null(w);
        return;
    }
    gw_jw_open(w, '{');
    put_time(w, "earliest", hours[0]);
    put_time(w, "latest", hours[1]);
    gw_jw_close(w, '}');
}

static void put_counts(struct gw_jw *w, const struct inc_counts *c)
{
    gw_jw_key(w, "counts");
    gw_jw_open(w, '{');
    for (int k = 0; k < GW_STATE_COUNT; k++)
        gw_jw_kint(w, gw_state_name((enum gw_state)k), c->state[k]);
    gw_jw_kint(w, "throttled", c->throttled);
    gw_jw_kint(w, "intercepted", c->intercepted);
    gw_jw_close(w, '}');
}

static void put_sure(struct gw_jw *w, double log_odds, int64_t observers)
{
    gw_jw_kstr(w, "confidence", gw_str(gw_confidence(log_odds, observers)));
    gw_jw_kint(w, "log_odds_milli", (int64_t)llround(log_odds * 1000));
    gw_jw_kint(w, "observers", observers);
}

static void put_pattern(struct gw_jw *w, const struct incident *i)
{
    gw_jw_key(w, "pattern");
    if (!i->has_pattern) {
        gw_jw_null(w);
        return;
    }
    gw_jw_open(w, '{');
    gw_jw_key(w, "weekdays");
    gw_jw_open(w, '[');
    for (int d = 0; d < 7; d++)
        if (i->weekdays >> d & 1)
            gw_jw_int(w, d + 1);
    gw_jw_close(w, ']');
    gw_jw_key(w, "hours");
    gw_jw_open(w, '[');
    for (int h = 0; h < 24; h++)
        if (i->hours >> h & 1)
            gw_jw_int(w, h);
    gw_jw_close(w, ']');
    gw_jw_close(w, '}');
}

static void put_network(struct gw_jw *w, const struct inc_network *n)
{
    gw_jw_open(w, '{');
    gw_jw_key(w, "asn");
    if (n->asn == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_int(w, n->asn);
    gw_jw_kstr(w, "org", n->org);
    put_interval(w, "since", n->onset);
    put_interval(w, "until", n->end);
    put_sure(w, n->log_odds, n->observers);
    put_counts(w, &n->counts);
    gw_jw_key(w, "layers");
    gw_jw_open(w, '[');
    for (int l = 0; l < GW_LAYER_COUNT; l++)
        if (n->layers >> l & 1)
            gw_jw_str(w, gw_str(gw_layer_name((enum gw_layer)l)));
    gw_jw_close(w, ']');
    gw_jw_close(w, '}');
}

static void put_method(struct gw_jw *w, const struct inc_method *m)
{
    const struct gw_rule *rule = gw_rule_find(m->rule);
    gw_jw_open(w, '{');
    gw_jw_kstr(w, "layer", gw_str(gw_layer_name(m->layer)));
    gw_jw_kstr(w, "rule", m->rule);
    gw_jw_kstr(w, "text", gw_str(rule ? rule->text : NULL));
    gw_jw_kint(w, "measurements", m->measurements);
    gw_jw_kstr(w, "example", m->example);
    gw_jw_close(w, '}');
}

static void put_lists(struct gw_jw *w, const struct incident *i)
{
    gw_jw_key(w, "networks");
    gw_jw_open(w, '[');
    for (size_t k = 0; k < i->network_count; k++)
        put_network(w, &i->networks[k]);
    gw_jw_close(w, ']');
    gw_jw_key(w, "methods");
    gw_jw_open(w, '[');
    for (size_t k = 0; k < i->method_count; k++)
        put_method(w, &i->methods[k]);
    gw_jw_close(w, ']');
    gw_jw_key(w, "evidence");
    gw_jw_open(w, '[');
    for (size_t k = 0; k < i->evidence_count; k++)
        gw_jw_str(w, i->evidence[k]);
    gw_jw_close(w, ']');
    gw_jw_key(w, "guards");
    gw_jw_open(w, '[');
    for (size_t k = 0; k < i->guard_count; k++) {
        gw_jw_open(w, '{');
        gw_jw_kstr(w, "what", gw_str(i->guards[k].what));
        gw_jw_kstr(w, "text", i->guards[k].text);
        gw_jw_close(w, '}');
    }
    gw_jw_close(w, ']');
    gw_jw_key(w, "unknown");
    gw_jw_open(w, '[');
    for (size_t k = 0; k < i->unknown_count; k++)
        gw_jw_str(w, i->unknown[k]);
    gw_jw_close(w, ']');
}

static int64_t measurements(const struct incident *i)
{
    int64_t n = 0;
    for (int k = 0; k < GW_STATE_COUNT; k++)
        n += i->counts.state[k];
    return n;
}

static void put_body(struct gw_jw *w, const struct incident *i)
{
    gw_jw_open(w, '{');
    gw_jw_kint(w, "v", 1);
    gw_jw_kstr(w, "id", gw_str(i->id));
    gw_jw_kstr(w, "kind", gw_str(i->kind));
    gw_jw_kstr(w, "state", gw_str(inc_state(i)));
    gw_jw_kstr(w, "cc", i->cc);
    gw_jw_kstr(w, "target", i->target);
    put_interval(w, "since", i->onset);
    put_interval(w, "until", i->end);
    put_sure(w, i->log_odds, i->observers);
    gw_jw_kint(w, "measurements", measurements(i));
    put_counts(w, &i->counts);
    put_pattern(w, i);
    put_lists(w, i);
    gw_jw_key(w, "synthetic");
    gw_jw_bool(w, i->synthetic);
    gw_jw_key(w, "made");
    gw_jw_open(w, '{');
    gw_jw_kint(w, "rules", GW_RULES_VERSION);
    gw_jw_kint(w, "detector", GW_DETECTOR_VERSION);
    gw_jw_kint(w, "cells", GW_CELLS_VERSION);
    gw_jw_close(w, '}');
    gw_jw_close(w, '}');
}

static void copy_text(char *to, size_t cap, gw_span s)
{
    snprintf(to, cap, "%.*s", (int)(s.len < cap ? s.len : cap - 1),
             s.at ? (const char *)s.at : "");
}

static void fill_row(const struct incident *i, struct gw_incident_row *row)
{
    *row = (struct gw_incident_row){
        .log_odds = (double)llround(i->log_odds * 1000) / 1000,
        .observers = i->observers,
        .measurements = measurements(i),
        .blocked = i->counts.state[GW_STATE_BLOCKED],
        .synthetic = i->synthetic};
    memcpy(row->id, i->id, sizeof row->id);
    copy_text(row->kind, sizeof row->kind, gw_str(i->kind));
    copy_text(row->cc, sizeof row->cc, i->cc);
    copy_text(row->target, sizeof row->target, i->target);
    copy_text(row->confidence, sizeof row->confidence,
              gw_str(gw_confidence(i->log_odds, i->observers)));
    for (int k = 0; k < 2; k++) {
        row->since[k] = inc_hour(i->onset[k]);
        row->until[k] = inc_hour(i->end[k]);
    }
}

int inc_body(const struct incident *i, struct gw_json *json, struct gw_buf *ret,
             struct gw_incident_row *row, struct gw_why *why)
{
    struct gw_buf text;
    gw_buf_init(&text, BODY_MAX);
    struct gw_jw w = gw_jw_on(&text);
    put_body(&w, i);
    gw_buf_reset(ret);
    int rc = text.err
                 ? gw_fail(why, text.err, "incident: %s", gw_strerror(text.err))
                 : 0;
    rc = rc ? rc : gw_json_canonical(json, gw_buf_span(&text), ret, why);
    gw_buf_release(&text);
    if (rc)
        return rc;
    fill_row(i, row);
    row->body = gw_buf_span(ret);
    return 0;
}
