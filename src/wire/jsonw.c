// Writing JSON. One writer, so that nothing else needs to know its escapes.
#include "wire/wire.h"

#include <math.h>
#include <stdio.h>

struct gw_jw gw_jw_on(struct gw_buf *out)
{
    return (struct gw_jw){.out = out};
}

static void before_value(struct gw_jw *w)
{
    uint64_t bit = UINT64_C(1) << (w->depth & 63);
    if (!w->after_key && (w->has_item & bit))
        gw_put_u8(w->out, ',');
    w->has_item |= bit;
    w->after_key = false;
}

void gw_jw_open(struct gw_jw *w, char bracket)
{
    before_value(w);
    gw_put_u8(w->out, (uint8_t)bracket);
    w->depth++;
    w->has_item &= ~(UINT64_C(1) << (w->depth & 63));
    if (w->depth > 63 && !w->out->err)
        w->out->err = GW_ETOOBIG;
}

void gw_jw_close(struct gw_jw *w, char bracket)
{
    w->depth--;
    gw_put_u8(w->out, (uint8_t)bracket);
}

// RFC 8259 section 7: quote, backslash and controls below U+0020 are escaped.
static void put_quoted(struct gw_buf *b, gw_span s)
{
    gw_put_u8(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        gw_put(b, s.at + from, i - from);
        from = i + 1;
        switch (c) {
        case '"': gw_put_str(b, "\\\""); break;
        case '\\': gw_put_str(b, "\\\\"); break;
        case '\n': gw_put_str(b, "\\n"); break;
        case '\r': gw_put_str(b, "\\r"); break;
        case '\t': gw_put_str(b, "\\t"); break;
        default: gw_put_fmt(b, "\\u%04x", c);
        }
    }
    gw_put(b, s.at + from, s.len - from);
    gw_put_u8(b, '"');
}

void gw_jw_key_span(struct gw_jw *w, gw_span key)
{
    before_value(w);
    put_quoted(w->out, key);
    gw_put_u8(w->out, ':');
    w->after_key = true;
}

void gw_jw_key(struct gw_jw *w, const char *key)
{
    gw_jw_key_span(w, gw_str(key));
}

void gw_jw_str(struct gw_jw *w, gw_span s)
{
    before_value(w);
    if (!s.at) {
        gw_put_str(w->out, "null");
    } else if (gw_is_utf8(s)) {
        put_quoted(w->out, s);
    } else {
        gw_put_str(w->out, "{\"format\":\"base64\",\"data\":\"");
        gw_base64_put(w->out, s);
        gw_put_str(w->out, "\"}");
    }
}

void gw_jw_int(struct gw_jw *w, int64_t v)
{
    before_value(w);
    gw_put_fmt(w->out, "%lld", (long long)v);
}

void gw_jw_real(struct gw_jw *w, double v)
{
    before_value(w);
    if (!isfinite(v)) {
        gw_put_str(w->out, "null");
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    gw_put_str(w->out, text);
}

void gw_jw_bool(struct gw_jw *w, bool v)
{
    before_value(w);
    gw_put_str(w->out, v ? "true" : "false");
}

void gw_jw_null(struct gw_jw *w)
{
    before_value(w);
    gw_put_str(w->out, "null");
}

void gw_jw_raw(struct gw_jw *w, gw_span json)
{
    before_value(w);
    gw_put_span(w->out, json);
}

static void put_container(struct gw_jw *w, gw_jv v, char type)
{
    gw_jw_open(w, type);
    for (gw_jit it = gw_jv_iter(v); gw_jit_next(&it);) {
        if (it.object)
            gw_jw_key_span(w, it.key);
        gw_jw_value(w, it.value);
    }
    gw_jw_close(w, type == '{' ? '}' : ']');
}

void gw_jw_value(struct gw_jw *w, gw_jv v)
{
    int64_t i;
    double d;
    char type = gw_jv_type(v);
    if (w->out->err)
        return;
    switch (type) {
    case '{':
    case '[': put_container(w, v, type); break;
    case '"': gw_jw_str(w, gw_jv_str(v)); break;
    case 't':
    case 'f': gw_jw_bool(w, type == 't'); break;
    case 'l':
        if (gw_jv_int(v, &i))
            gw_jw_int(w, i);
        break;
    case 'u':
        before_value(w);
        gw_put_fmt(w->out, "%llu", (unsigned long long)v.tape[v.at + 1]);
        break;
    case 'd':
        if (gw_jv_real(v, &d))
            gw_jw_real(w, d);
        break;
    default: gw_jw_null(w);
    }
}

void gw_jw_kstr(struct gw_jw *w, const char *key, gw_span s)
{
    gw_jw_key(w, key);
    gw_jw_str(w, s);
}

void gw_jw_kint(struct gw_jw *w, const char *key, int64_t v)
{
    gw_jw_key(w, key);
    gw_jw_int(w, v);
}
