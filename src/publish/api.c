// The API's frame: which path asks what, and how an answer or a refusal looks.
#include "publish/serve.h"

#include <stdio.h>

enum { ARENA_MAX = 64 << 20, BLOCK_ARENA_MAX = 256 << 20 };

static const char json_type[] = "application/json; charset=utf-8";

// ---- one thread's own ---------------------------------------------------
int api_open(const char *archive, struct api **ret, struct gw_why *why)
{
    static const struct gw_clock system = {.fixed = GW_NEVER};
    struct api *a = *ret = gw_new(sizeof *a);
    int rc = a ? 0 : GW_ENOMEM;
    if (!rc) {
        a->arena = gw_arena_new(ARENA_MAX);
        a->block_arena = gw_arena_new(BLOCK_ARENA_MAX);
        a->facts_arena = gw_arena_new(BLOCK_ARENA_MAX);
        a->codec = gw_block_codec_new();
        if (!a->arena || !a->block_arena || !a->facts_arena || !a->codec ||
            gw_block_init(&a->block, a->block_arena) ||
            gw_block_init(&a->facts, a->facts_arena))
            rc = GW_ENOMEM;
    }
    if (rc)
        gw_fail(why, rc, "%s", gw_strerror(rc));
    rc = rc ? rc
            : gw_archive_open(archive, GW_ARCHIVE_READ, &system, &a->archive,
                              why);
    if (rc) {
        api_close(a);
        *ret = NULL;
    }
    return rc;
}

void api_close(struct api *a)
{
    if (!a)
        return;
    if (a->archive)
        gw_archive_close(a->archive);
    gw_block_release(&a->block);
    gw_block_release(&a->facts);
    if (a->codec)
        gw_block_codec_free(a->codec);
    if (a->arena)
        gw_arena_free(a->arena);
    if (a->block_arena)
        gw_arena_free(a->block_arena);
    if (a->facts_arena)
        gw_arena_free(a->facts_arena);
    gw_free(a);
}

// ---- what answers share -------------------------------------------------
void api_time(struct gw_jw *w, const char *key, gw_time t)
{
    char text[GW_TIME_TEXT + 12];
    size_t n = t == GW_NEVER ? 0 : gw_format_time(t, text);
    gw_jw_key(w, key);
    if (n < 19) {
        gw_jw_null(w);
        return;
    }
    text[10] = 'T';
    // Six digits, as OONI has them.
    memcpy(text + n, n == 19 ? ".000000Z" : "Z", n == 19 ? 9 : 2);
    gw_jw_str(w, gw_str(text));
}

void api_bool(struct gw_jw *w, const char *key, bool v)
{
    gw_jw_key(w, key);
    gw_jw_bool(w, v);
}

void api_asn(struct gw_jw *w, const char *key, int64_t asn)
{
    char text[24];
    gw_jw_key(w, key);
    snprintf(text, sizeof text, "AS%lld", (long long)asn);
    if (asn == GW_NULL)
        gw_jw_null(w);
    else
        gw_jw_str(w, gw_str(text));
}

static void put_next(struct gw_jw *w, const struct api_call *c,
                     const char *path, gw_span cursor, int64_t offset_left)
{
    struct gw_buf url;
    gw_buf_init(&url, 4 * GW_WEB_QUERY);
    gw_put_fmt(&url, "%s?", path);
    for (size_t i = 0; i < c->query.count; i++) {
        const struct query_pair *p = &c->query.at[i];
        if (gw_is(p->name, "cursor") || gw_is(p->name, "offset"))
            continue;
        query_put_escaped(&url, p->name);
        gw_put_u8(&url, '=');
        query_put_escaped(&url, p->value);
        gw_put_u8(&url, '&');
    }
    if (offset_left)
        gw_put_fmt(&url, "offset=%lld&", (long long)offset_left);
    gw_put_str(&url, "cursor=");
    query_put_escaped(&url, cursor);
    if (url.err)
        w->out->err = url.err;
    gw_jw_str(w, gw_buf_span(&url));
    gw_buf_release(&url);
}

void api_metadata(struct gw_jw *w, const struct api_call *c, const char *path,
                  int64_t limit, int64_t offset, gw_span cursor,
                  int64_t offset_left)
{
    gw_jw_key(w, "metadata");
    gw_jw_open(w, '{');
    gw_jw_kint(w, "count", -1); // not counted: that would read everything
    gw_jw_kint(w, "limit", limit);
    gw_jw_key(w, "next_url");
    if (cursor.at)
        put_next(w, c, path, cursor, offset_left);
    else
        gw_jw_null(w);
    gw_jw_kint(w, "offset", offset);
    gw_jw_kint(w, "pages", -1);
    gw_jw_close(w, '}');
}

// ---- which path asks what -----------------------------------------------
static int openapi(struct api_call *c, struct gw_why *why)
{
    (void)why;
    gw_put(c->out, gw_publish_openapi_json, gw_publish_openapi_json_len);
    return 0;
}

struct route {
    const char *path;
    bool has_rest; // an id follows
    const char *parameters;
    int (*answer)(struct api_call *c, struct gw_why *why);
};
static const struct route routes[] = {
    {"openapi.json", false, "", openapi},
    {"incidents", false,
     "probe_cc domain kind state since until limit offset cursor",
     api_incidents},
    {"incidents/", true, "", api_incidents},
    {"measurements", false,
     "probe_cc probe_asn test_name domain input anomaly confirmed failure "
     "since "
     "until limit offset cursor",
     api_measurements},
    {"aggregation", false,
     "axis_x axis_y time_grain probe_cc probe_asn domain layer since until "
     "format",
     api_aggregation},
    {"explain/", true, "", api_explain},
};

static const struct route *route_of(gw_span path, gw_span *ret_rest)
{
    for (size_t i = 0; i < GW_COUNT(routes); i++) {
        const struct route *t = &routes[i];
        *ret_rest = gw_sub(path, strlen(t->path), path.len);
        if (t->has_rest ? gw_starts(path, t->path) && ret_rest->len
                        : gw_is(path, t->path))
            return t;
    }
    return NULL;
}

static bool named(const char *list, gw_span name)
{
    gw_span rest = gw_str(list);
    while (rest.len)
        if (gw_eq(gw_cut(&rest, ' '), name))
            return true;
    return false;
}

// A parameter that is not known would silently widen an answer.
static int check_names(const struct route *t, const struct query *q,
                       struct gw_why *why)
{
    for (size_t i = 0; i < q->count; i++) {
        gw_span name = q->at[i].name;
        int len = (int)(name.len < 60 ? name.len : 60);
        if (!named(t->parameters, name))
            return gw_fail(why, GW_EUSAGE, "%.*s: not a parameter here; %s%s",
                           len, (const char *)name.at,
                           *t->parameters ? "there are: " : "there are none",
                           t->parameters);
    }
    return 0;
}

static void refuse(struct gw_web_request *r, int status, const char *text)
{
    gw_buf_reset(&r->answer);
    struct gw_jw w = gw_jw_on(&r->answer);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "error", gw_str(text));
    gw_jw_close(&w, '}');
    gw_put_u8(&r->answer, '\n');
    r->status = status;
    r->type = json_type;
    r->cache = "no-store";
    *r->etag = 0;
}

// Words of the store name files of this machine: they stay here.
static void refuse_for(struct gw_web_request *r, int code, const char *words)
{
    if (code == GW_EUSAGE)
        refuse(r, 400, words);
    else if (code == GW_ENOENT)
        refuse(r, 404, words);
    else if (code == GW_ENOMEM || code == GW_ETOOBIG)
        refuse(r, 503,
               "the answer needs more memory than there is: ask for "
               "less at a time");
    else if (code == GW_EBUSY)
        refuse(r, 503, "the archive is being changed: ask again");
    else
        refuse(r, 500, "the archive cannot be read; see: gawah doctor");
}

static void seal_answer(struct gw_web_request *r)
{
    struct gw_hash32 hash = gw_sha256(gw_buf_span(&r->answer));
    char hex[2 * GW_HASH_LEN + 1];
    gw_hex(hash.at, sizeof hash.at, hex);
    snprintf(r->etag, sizeof r->etag, "\"%.32s\"", hex);
    r->status = 200;
    r->cache = "no-cache";
    if (serve_is_fresh(r, r->etag, "")) {
        gw_buf_reset(&r->answer);
        r->status = 304;
    }
}

void api_answer(struct api *a, struct gw_web_request *r)
{
    struct gw_why why = {0};
    struct api_call c = {.api = a, .out = &r->answer, .type = json_type};
    gw_span path = gw_sub(gw_str(r->path), strlen("/api/v1/"), GW_WEB_PATH);
    gw_arena_reset(a->arena);
    const struct route *t =
        gw_starts(gw_str(r->path), "/api/v1/") ? route_of(path, &c.rest) : NULL;
    if (!t) {
        refuse(r, 404, "no such question; see /api/v1/openapi.json");
        return;
    }
    int rc = query_parse(gw_str(r->query), a->arena, &c.query, &why);
    rc = rc ? rc : check_names(t, &c.query, &why);
    rc = rc ? rc : t->answer(&c, &why);
    if (!rc && r->answer.err)
        rc = r->answer.err;
    r->type = c.type;
    if (rc)
        refuse_for(r, rc, why.text);
    else
        seal_answer(r);
}
