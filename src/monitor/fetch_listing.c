// Reads one page of S3's ListObjectsV2 (API version 2006-03-01) with libxml2's
// push parser. A document type declaration ends the reading, so there are no
// entities to expand and nothing to load; every text has a limit.
#include "monitor/fetch.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

enum { TEXT_MAX = 2047, DEPTH_MAX = 8 };

enum field {
    NONE,
    TRUNCATED,
    TOKEN,
    KEY,
    SIZE,
    ETAG,
    GROUP_PREFIX,
    ERROR_CODE,
};

static const struct {
    const char *parent, *name;
    enum field field;
} fields[] = {
    {"ListBucketResult", "IsTruncated", TRUNCATED},
    {"ListBucketResult", "NextContinuationToken", TOKEN},
    {"Contents", "Key", KEY},
    {"Contents", "Size", SIZE},
    {"Contents", "ETag", ETAG},
    {"CommonPrefixes", "Prefix", GROUP_PREFIX},
    {"Error", "Code", ERROR_CODE},
};

struct reading {
    struct gw_listing *l;
    struct gw_why *why;
    xmlParserCtxtPtr ctxt;
    int rc, depth;
    const char *root, *group; // names of fields[].parent, or NULL
    enum field field;         // whose text is being collected
    size_t len;
    char text[TEXT_MAX + 1];
    bool truncated, has_key, has_size;
    size_t key_len;
    char key[TEXT_MAX + 1], etag[GW_ETAG_MAX];
    int64_t size;
};

static void fail(struct reading *r, int code, const char *rule)
{
    if (r->rc)
        return;
    r->rc = gw_fail(r->why, code, "listing, line %d: %s",
                    xmlSAX2GetLineNumber(r->ctxt), rule);
    xmlStopParser(r->ctxt);
}

void gw_etag_read(gw_span s, char *ret_etag)
{
    ret_etag[0] = 0;
    if (gw_starts(s, "W/"))
        s = gw_sub(s, 2, s.len);
    if (s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"')
        s = gw_sub(s, 1, s.len - 2);
    if (s.len >= GW_ETAG_MAX)
        return;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~' || s.at[i] == '"')
            return;
    memcpy(ret_etag, s.at, s.len);
    ret_etag[s.len] = 0;
}

static void keep_text(struct reading *r, enum field field)
{
    gw_span s = gw_span_of(r->text, r->len);
    uint64_t size = 0;
    switch (field) {
    case TRUNCATED: r->truncated = gw_is(gw_trim(s), "true"); break;
    case TOKEN:
        memcpy(r->l->token, s.at, s.len);
        r->l->token[s.len] = 0;
        break;
    case KEY:
        memcpy(r->key, s.at, s.len);
        r->key_len = s.len;
        r->has_key = true;
        break;
    case SIZE:
        r->has_size = gw_parse_uint(gw_trim(s), INT64_MAX, &size);
        r->size = (int64_t)size;
        break;
    case ETAG: gw_etag_read(gw_trim(s), r->etag); break;
    case GROUP_PREFIX:
        if (r->l->prefix)
            r->rc = r->l->prefix(r->l->ctx, s);
        break;
    case ERROR_CODE: {
        char code[64];
        fail(r, GW_ENET, gw_printable(s, code, sizeof code));
        break;
    }
    case NONE: break;
    }
}

static void end_of_object(struct reading *r)
{
    if (!r->has_key || !r->has_size)
        fail(r, GW_EFORMAT, "an object without Key or Size");
    else if (!r->rc && r->l->object)
        r->rc = r->l->object(r->l->ctx, gw_span_of(r->key, r->key_len), r->size,
                             r->etag);
}

static const char *const roots[2] = {"ListBucketResult", "Error"};
static const char *const groups[2] = {"Contents", "CommonPrefixes"};

static const char *known_name(const char *const list[2], const char *name)
{
    for (int i = 0; i < 2; i++)
        if (strcmp(name, list[i]) == 0)
            return list[i];
    return NULL;
}

static enum field known_field(const char *parent, const char *name)
{
    for (size_t i = 0; parent && i < GW_COUNT(fields); i++)
        if (strcmp(parent, fields[i].parent) == 0 &&
            strcmp(name, fields[i].name) == 0)
            return fields[i].field;
    return NONE;
}

// The signature is libxml2's. NOLINTNEXTLINE(readability-function-size)
static void on_start(void *ctx, const xmlChar *local, const xmlChar *prefix,
                     const xmlChar *uri, int spaces, const xmlChar **namespaces,
                     int attrs, int defaulted, const xmlChar **attributes)
{
    struct reading *r = ctx;
    const char *name = (const char *)local;
    (void)prefix, (void)uri, (void)spaces, (void)namespaces, (void)attrs;
    (void)defaulted, (void)attributes;
    if (++r->depth > DEPTH_MAX)
        fail(r, GW_EFORMAT, "elements nest too deep");
    r->field = NONE;
    r->len = 0;
    if (r->depth == 1) {
        r->root = known_name(roots, name);
        if (!r->root)
            fail(r, GW_EFORMAT, "the root is no ListBucketResult");
    } else if (r->depth == 2) {
        r->field = known_field(r->root, name);
        r->group = known_name(groups, name);
        r->has_key = r->has_size = false;
        r->etag[0] = 0;
    } else if (r->depth == 3) {
        r->field = known_field(r->group, name);
    }
}

static void on_end(void *ctx, const xmlChar *local, const xmlChar *prefix,
                   const xmlChar *uri)
{
    struct reading *r = ctx;
    (void)prefix, (void)uri;
    enum field field = r->field;
    r->field = NONE;
    if (!r->rc)
        keep_text(r, field);
    if (!r->rc && r->depth == 2 && strcmp((const char *)local, "Contents") == 0)
        end_of_object(r);
    r->depth--;
    if (r->rc)
        xmlStopParser(r->ctxt); // a callback's result, not fail()'s
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct reading *r = ctx;
    if (r->field == NONE || r->rc || len <= 0)
        return;
    if ((size_t)len > TEXT_MAX - r->len) {
        fail(r, GW_EFORMAT, "a text is too long");
        return;
    }
    memcpy(r->text + r->len, text, (size_t)len);
    r->len += (size_t)len;
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system_id)
{
    (void)name, (void)external, (void)system_id;
    fail(ctx, GW_EREFUSED, "document type declarations are refused");
}

static void on_error(void *ctx, xmlErrorPtr error)
{
    struct reading *r = ctx;
    char text[160];
    gw_span said = gw_trim(gw_str(error->message));
    if (error->level >= XML_ERR_ERROR)
        fail(r, error->code == XML_ERR_NO_MEMORY ? GW_ENOMEM : GW_EFORMAT,
             said.len ? gw_printable(said, text, sizeof text) : "broken XML");
}

int gw_listing_read(gw_span xml, struct gw_listing *l, struct gw_why *why)
{
    if (xml.len > GW_LISTING_MAX)
        return gw_fail(why, GW_EREFUSED, "listing: over %d bytes",
                       GW_LISTING_MAX);
    l->token[0] = 0;
    struct reading *r = gw_new(sizeof *r);
    if (!r)
        return gw_fail(why, GW_ENOMEM, "listing: out of memory");
    r->l = l;
    r->why = why;
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    r->ctxt = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    if (!r->ctxt) {
        gw_free(r);
        return gw_fail(why, GW_ENOMEM, "listing: out of memory");
    }
    xmlCtxtUseOptions(r->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    xmlParseChunk(r->ctxt, (const char *)xml.at, (int)xml.len, 1);
    if (!r->ctxt->wellFormed)
        fail(r, GW_EFORMAT, "broken XML");
    if (r->truncated && !l->token[0])
        fail(r, GW_EFORMAT, "truncated, but without NextContinuationToken");
    if (!r->truncated || r->rc)
        l->token[0] = 0;
    int rc = r->rc;
    xmlFreeParserCtxt(r->ctxt);
    gw_free(r);
    return rc;
}
