// Rows as CSV or JSON lines, and the file they go to.
#include "cli/export.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 20 };
#define ROW_MAX ((size_t)1 << 30)

// ---- values -------------------------------------------------------------

static const char *word(enum gw_words words, int64_t v)
{
    switch (words) {
    case GW_AS_LAYER: return gw_layer_name((enum gw_layer)v);
    case GW_AS_STATE: return gw_state_name((enum gw_state)v);
    case GW_AS_KIND: return gw_evidence_name((enum gw_evidence)v);
    case GW_AS_LIST: return gw_list_name((enum gw_list)v);
    case GW_AS_NUMBER:
    case GW_AS_HEX: break;
    }
    return NULL;
}

// The value as text, null if it has none; false if it is a number.
static bool as_text(const struct gw_field *f, const void *part, char *scratch,
                    gw_span *ret)
{
    int64_t i = GW_NULL;
    double d;
    *ret = (gw_span){0};
    if (!part)
        return true;
    const uint8_t *at = (const uint8_t *)part + f->from.offset;
    switch (f->from.type) {
    case GW_STR:
    case GW_JSON: memcpy(ret, at, sizeof *ret); return true;
    case GW_REAL: memcpy(&d, at, sizeof d); return isnan(d);
    case GW_TIME:
        memcpy(&i, at, sizeof i);
        if (i != GW_NEVER)
            *ret = gw_span_of(scratch, gw_format_time(i, scratch));
        return true;
    case GW_INT: memcpy(&i, at, sizeof i); break;
    }
    if (i == GW_NULL)
        return true;
    if (f->words == GW_AS_HEX) // more bits than readers of JSON numbers keep
        *ret = gw_span_of(scratch,
                          (size_t)snprintf(scratch, GW_TIME_TEXT, "%016llx",
                                           (unsigned long long)i));
    else if (f->words != GW_AS_NUMBER)
        *ret = gw_str(word(f->words, i));
    return f->words != GW_AS_NUMBER;
}

static void put_number(struct gw_jw *w, const struct gw_field *f,
                       const void *part)
{
    const uint8_t *at = (const uint8_t *)part + f->from.offset;
    int64_t i;
    double d;
    if (f->from.type == GW_REAL) {
        memcpy(&d, at, sizeof d);
        gw_jw_real(w, d);
    } else {
        memcpy(&i, at, sizeof i);
        gw_jw_int(w, i);
    }
}

// Written anew, so that a line stays a line and what is no JSON stays text.
static void put_json(struct gw_out *o, struct gw_jw *w, gw_span s)
{
    static const uint8_t padding[GW_JSON_PADDING];
    gw_jv v;
    gw_buf_reset(&o->padded);
    gw_put_span(&o->padded, s);
    gw_put(&o->padded, padding, sizeof padding);
    if (!s.at || o->padded.err ||
        gw_json_parse(o->json, gw_sub(gw_buf_span(&o->padded), 0, s.len), &v,
                      NULL))
        gw_jw_str(w, s);
    else
        gw_jw_value(w, v);
}

static void json_row(struct gw_out *o, const struct gw_sheet *s,
                     const void *const *parts)
{
    char scratch[GW_TIME_TEXT];
    gw_span text;
    struct gw_jw w = gw_jw_on(&o->text);
    gw_jw_open(&w, '{');
    for (size_t i = 0; i < s->count; i++) {
        const struct gw_field *f = &s->fields[i];
        const void *part = parts[f->part];
        gw_jw_key(&w, f->name);
        if (!as_text(f, part, scratch, &text))
            put_number(&w, f, part);
        else if (f->from.type == GW_JSON)
            put_json(o, &w, text);
        else
            gw_jw_str(&w, text);
    }
    gw_jw_close(&w, '}');
}

static void csv_row(struct gw_out *o, const struct gw_sheet *s,
                    const void *const *parts)
{
    char scratch[GW_TIME_TEXT];
    gw_span text;
    for (size_t i = 0; i < s->count; i++) {
        const struct gw_field *f = &s->fields[i];
        struct gw_jw w = gw_jw_on(&o->text);
        if (i)
            gw_put_u8(&o->text, ',');
        if (as_text(f, parts[f->part], scratch, &text))
            gw_csv_put(&o->text, text);
        else
            put_number(&w, f, parts[f->part]);
    }
}

static int write_failed(struct gw_out *o, struct gw_why *why)
{
    o->reader_gone = !o->path && errno == EPIPE;
    return gw_fail(why, GW_EIO, "%s: %s", o->path ? o->path : "standard output",
                   strerror(errno));
}

static int flush(struct gw_out *o, struct gw_why *why)
{
    if (o->text.err)
        return gw_fail(why, o->text.err, "a row is too large to write");
    if (o->text.len && fwrite(o->text.at, 1, o->text.len, o->to) != o->text.len)
        return write_failed(o, why);
    gw_buf_reset(&o->text);
    return 0;
}

int gw_out_row(struct gw_out *o, const struct gw_sheet *s,
               const void *const *parts, struct gw_why *why)
{
    if (o->csv)
        csv_row(o, s, parts);
    else
        json_row(o, s, parts);
    gw_put_u8(&o->text, '\n');
    o->rows++;
    return o->text.len < FLUSH_AT && !o->text.err ? 0 : flush(o, why);
}

void gw_out_header(struct gw_out *o, const struct gw_sheet *s)
{
    for (size_t i = 0; i < s->count && o->csv; i++) {
        gw_put_str(&o->text, i ? "," : "");
        gw_csv_put(&o->text, gw_str(s->fields[i].name));
    }
    gw_put_str(&o->text, o->csv ? "\n" : "");
}

// ---- the file -----------------------------------------------------------

static int open_file(struct gw_out *o, const char *path, struct gw_why *why)
{
    int n = snprintf(o->temporary, sizeof o->temporary, "%s.%ld.part", path,
                     (long)getpid());
    if (n < 0 || (size_t)n >= sizeof o->temporary) {
        o->temporary[0] = 0;
        return gw_fail(why, GW_ETOOBIG, "%.64s...: the path is too long", path);
    }
    int fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    o->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (o->to)
        return 0;
    int rc = gw_fail(why, GW_EIO, "%s: %s", o->temporary, strerror(errno));
    if (fd >= 0)
        close(fd);
    else
        o->temporary[0] = 0; // not ours
    return rc;
}

int gw_out_open(struct gw_out *o, const char *path, bool csv,
                struct gw_why *why)
{
    *o = (struct gw_out){.csv = csv, .path = path, .to = path ? NULL : stdout};
    gw_buf_init(&o->text, ROW_MAX);
    gw_buf_init(&o->padded, GW_JSON_MAX);
    o->json = gw_json_new();
    if (!o->json)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    return path ? open_file(o, path, why) : 0;
}

static int finish_file(struct gw_out *o, struct gw_why *why)
{
    bool ok = fflush(o->to) == 0 && fsync(fileno(o->to)) == 0;
    ok = fclose(o->to) == 0 && ok;
    o->to = NULL;
    if (!ok || rename(o->temporary, o->path))
        return write_failed(o, why);
    o->temporary[0] = 0;
    return 0;
}

int gw_out_close(struct gw_out *o, bool keep, struct gw_why *why)
{
    int rc = keep ? flush(o, why) : 0;
    if (keep && !rc && o->path)
        rc = finish_file(o, why);
    else if (keep && !rc && fflush(o->to))
        rc = write_failed(o, why);
    if (o->path && o->to)
        fclose(o->to);
    if (o->temporary[0])
        unlink(o->temporary);
    gw_json_free(o->json);
    gw_buf_release(&o->text);
    gw_buf_release(&o->padded);
    return rc;
}
