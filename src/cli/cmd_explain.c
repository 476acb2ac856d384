// explain: from a finding to its rules, the observations they looked at, the
// evidence object, the position in it, and the bytes.
#include "cli/explain.h"
#include "cli/incidents.h"

#include <unistd.h>

enum { ARENA_MAX = 512 << 20 };

// ---- finding the rows ---------------------------------------------------

static bool is_wanted(const struct gw_explain *w,
                      const struct gw_measurement_row *m)
{
    return w->uid.len ? gw_eq(m->uid, w->uid) : m->record == w->id.record;
}

// Reads blocks until one holds the measurement: 1, or 0 when none does.
static int find_facts(struct gw_explain *w)
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
        const struct gw_measurement_row *m = gw_rows_measurement(&w->facts, &n);
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

static int find_findings(struct gw_explain *w)
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
    struct gw_explain *w = ctx;
    if (!gw_kind_is_measurements(o->kind))
        return 0;
    w->object = *o;
    return find_facts(w);
}

static int find_record(struct gw_explain *w, const char *text)
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

static int parse_text(struct gw_explain *w, gw_span text)
{
    uint8_t *padded =
        gw_arena_take(w->findings_arena, text.len + GW_JSON_PADDING);
    if (!padded)
        return GW_ENOMEM;
    memcpy(padded, text.at, text.len);
    memset(padded + text.len, 0, GW_JSON_PADDING);
    return gw_json_parse(w->json, gw_span_of(padded, text.len), &w->record,
                         NULL);
}

// Unwraps postcans, API answers and saved answers, as reading the facts did.
static void parse_record(struct gw_explain *w)
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

// The record's bytes are hostile, and nothing but printing comes after them:
// the door is shut before they are looked at.
static int read_record(struct gw_explain *w)
{
    struct gw_why why = {0};
    if (w->m->length <= 0)
        return 0;
    int rc = gw_lock_in(&why);
    w->locked = rc == 0;
    int fd = w->fd;
    w->fd = -1;
    rc = rc ? rc
            : gw_evidence_excerpt_from(fd, w->packed, w->m->record,
                                       w->m->length, &w->excerpt, &why);
    if (rc)
        return gw_fail(w->why, rc, "%s", why.text);
    w->has_excerpt = true;
    if (w->object.kind != GW_KIND_OBS_WEB) // its rows are not JSON
        parse_record(w);
    return 0;
}

static int walk_down(struct gw_explain *w, const char *text)
{
    int rc = find_record(w, text);
    rc = rc < 0
             ? rc
             : gw_ledger_witnessed(w->a, w->object.hash, &w->witnessed, w->why);
    if (rc < 0 || w->object.state == GW_REDACTED)
        return rc;
    w->fd = gw_evidence_open(w->a, w->object.hash, &w->packed, w->why);
    if (w->fd < 0)
        return w->fd;
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
    struct gw_explain *w = NULL;
    struct gw_archive *a;
    if (cli->args.rest_count != 1)
        return gw_cli_usage(cli, "explain wants one id; gawah findings prints "
                                 "some");
    if (strncmp(cli->args.rest[0], "i-", 2) == 0)
        return gw_explain_incident(cli);
    int rc = gw_cli_open(cli, GW_ARCHIVE_READ, &a);
    if (rc)
        return rc;
    w = gw_new(sizeof *w);
    bool ok = w != NULL;
    if (ok) {
        *w = (struct gw_explain){.cli = cli, .a = a, .why = &why, .fd = -1};
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
        gw_explain_json(w);
    else
        gw_explain_text(w);
    if (w && w->locked) // the only way out of the jail
        _exit(fflush(stdout) ? GW_EXIT_FAILED : rc);
    if (w) {
        if (w->fd >= 0)
            close(w->fd);
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
