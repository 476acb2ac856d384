// An S3 bucket in memory behind libmicrohttpd, one thread a connection.
#include "s3_server.h"

#include "base/base.h"
#include "seal/seal.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { FAULTS_MAX = 16, PIECE = 16 << 10, XML_MAX = 16 << 20 };

struct object {
    char *key;
    uint8_t *bytes;
    size_t len;
    char etag[96];
};

struct s3_server {
    struct MHD_Daemon *daemon;
    char url[64];
    pthread_mutex_t lock; // all below
    struct object *objects;
    size_t count, fault_count;
    int page_max, now;
    struct s3_fault faults[FAULTS_MAX];
    struct s3_counts counts;
};

// One answer being sent.
struct reply {
    struct s3_server *s;
    uint8_t *bytes;
    size_t len; // that are sent, whatever was announced
    bool cut, object, over;
    int64_t pause_ms;
};

// What the faults make of one request.
struct fate {
    struct s3_fault fault; // if faulty
    bool faulty, no_ranges;
    int64_t pause_ms, from;
};

// ---- objects ------------------------------------------------------------
static void md5_etag(const void *bytes, size_t len, char *ret_text)
{
    uint8_t md5[16] = {0};
    struct gw_digest *d = gw_digest_new(GW_DIGEST_MD5);
    if (d && gw_digest_once(d, gw_span_of(bytes, len), md5, sizeof md5) == 0)
        gw_hex(md5, sizeof md5, ret_text);
    gw_digest_free(d);
}

// The object of that key, or NULL and the place where it belongs.
static struct object *find(struct s3_server *s, const char *key,
                           size_t *ret_place)
{
    size_t i = 0;
    while (i < s->count && strcmp(s->objects[i].key, key) < 0)
        i++;
    *ret_place = i;
    bool hit = i < s->count && strcmp(s->objects[i].key, key) == 0;
    return hit ? &s->objects[i] : NULL;
}

void s3_put(struct s3_server *s, const char *key, const void *bytes, size_t len,
            const char *etag)
{
    pthread_mutex_lock(&s->lock);
    size_t i;
    struct object *o = find(s, key, &i);
    if (!o) {
        s->objects = realloc(s->objects, (s->count + 1) * sizeof *o);
        o = &s->objects[i];
        memmove(o + 1, o, (s->count++ - i) * sizeof *o);
        *o = (struct object){.key = strdup(key)};
    }
    free(o->bytes);
    o->bytes = malloc(len ? len : 1);
    if (len)
        memcpy(o->bytes, bytes, len);
    o->len = len;
    if (etag)
        snprintf(o->etag, sizeof o->etag, "%s", etag);
    else
        md5_etag(bytes, len, o->etag);
    pthread_mutex_unlock(&s->lock);
}

struct putting {
    struct s3_server *s;
    size_t skip; // of the path, before the key
};

static int put_file(void *ctx, const char *path)
{
    const struct putting *p = ctx;
    struct gw_buf b;
    gw_buf_init(&b, (size_t)1 << 30);
    int rc = gw_file_read(path, &b, NULL);
    if (!rc)
        s3_put(p->s, path + p->skip, b.at, b.len, NULL);
    gw_buf_release(&b);
    return rc;
}

bool s3_put_folder(struct s3_server *s, const char *path)
{
    struct putting p = {s, strlen(path) + 1};
    return gw_walk(path, put_file, &p, NULL) == 0;
}

void s3_page_max(struct s3_server *s, int keys)
{
    pthread_mutex_lock(&s->lock);
    s->page_max = keys;
    pthread_mutex_unlock(&s->lock);
}

// ---- faults and counts --------------------------------------------------
void s3_fault(struct s3_server *s, struct s3_fault fault)
{
    pthread_mutex_lock(&s->lock);
    if (s->fault_count < FAULTS_MAX)
        s->faults[s->fault_count++] = fault;
    pthread_mutex_unlock(&s->lock);
}

void s3_heal(struct s3_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->fault_count = 0;
    pthread_mutex_unlock(&s->lock);
}

struct s3_counts s3_counts(struct s3_server *s)
{
    pthread_mutex_lock(&s->lock);
    struct s3_counts c = s->counts;
    pthread_mutex_unlock(&s->lock);
    return c;
}

void s3_forget(struct s3_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->counts = (struct s3_counts){0};
    pthread_mutex_unlock(&s->lock);
}

static struct fate fate_of(struct s3_server *s, bool listing, const char *name)
{
    struct fate fate = {.faulty = false};
    for (size_t i = 0; i < s->fault_count; i++) {
        struct s3_fault *f = &s->faults[i];
        bool besides = f->kind == S3_SLOW || f->kind == S3_NO_RANGES;
        if (!f->times || f->listing != listing ||
            (f->match && !strstr(name, f->match)) || (fate.faulty && !besides))
            continue;
        f->times -= f->times > 0;
        if (f->kind == S3_SLOW)
            fate.pause_ms = f->arg;
        else if (f->kind == S3_NO_RANGES)
            fate.no_ranges = true, fate.from = f->arg;
        else
            fate.fault = *f, fate.faulty = true;
    }
    return fate;
}

static bool is(const struct fate *f, enum s3_fault_kind kind)
{
    return f->faulty && f->fault.kind == kind;
}

// ---- answers ------------------------------------------------------------
// A request is over when its last byte is handed to the connection: before
// the client can know, so that requests at once are never counted too many.
static void over(struct reply *r)
{
    pthread_mutex_lock(&r->s->lock);
    r->s->now -= !r->over;
    r->over = true;
    pthread_mutex_unlock(&r->s->lock);
}

static ssize_t on_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
    struct reply *r = ctx;
    size_t left = r->len - (size_t)pos;
    if (left && r->pause_ms)
        usleep((unsigned)r->pause_ms * 1000);
    if (!left) {
        over(r);
        return r->cut ? MHD_CONTENT_READER_END_WITH_ERROR
                      : MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t n = left < max ? left : max;
    memcpy(buf, r->bytes + pos, n);
    if (r->object) {
        pthread_mutex_lock(&r->s->lock);
        r->s->counts.bytes += n;
        pthread_mutex_unlock(&r->s->lock);
    }
    if (n == left && !r->cut)
        over(r);
    return (ssize_t)n;
}

static void on_free(void *ctx)
{
    struct reply *r = ctx;
    over(r);
    free(r->bytes);
    free(r);
}

// Copies the bytes, bent as the fault wants them.
static struct MHD_Response *make_body(struct reply *r, gw_span bytes,
                                      const struct fate *fate)
{
    size_t announced = bytes.len, arg = (size_t)fate->fault.arg;
    r->pause_ms = fate->pause_ms;
    r->bytes = malloc(bytes.len ? bytes.len : 1);
    if (bytes.len)
        memcpy(r->bytes, bytes.at, bytes.len);
    r->len = bytes.len;
    if (is(fate, S3_WRONG_BYTES) && r->len)
        r->bytes[r->len / 2] ^= 1;
    if (is(fate, S3_SHORTER))
        announced = r->len -= arg < r->len ? arg : r->len;
    if (is(fate, S3_LONGER))
        announced += arg;
    if (is(fate, S3_CUT)) {
        r->len = arg < r->len ? arg : r->len;
        r->cut = true;
    }
    if (!announced)
        over(r);
    return MHD_create_response_from_callback(announced, PIECE, on_read, r,
                                             on_free);
}

static struct MHD_Response *make_status(struct reply *r, const struct fate *f)
{
    over(r);
    free(r);
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (answer && f->fault.text)
        MHD_add_response_header(answer,
                                f->fault.arg < 400 ? "Location" : "Retry-After",
                                f->fault.text);
    return answer;
}

static void put_escaped(struct gw_buf *b, const char *text)
{
    for (; *text; text++)
        if (strchr("&<>\"", *text) || (uint8_t)*text < ' ')
            gw_put_fmt(b, "&#%d;", *text);
        else
            gw_put_u8(b, (uint8_t)*text);
}

struct query {
    const char *prefix, *delimiter, *after;
    char token[2048];
    int max;
};

static void put_object(struct gw_buf *b, const struct object *o)
{
    gw_put_str(b, "<Contents><Key>");
    put_escaped(b, o->key);
    gw_put_fmt(b,
               "</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
               "<ETag>&quot;%s&quot;</ETag><Size>%zu</Size>"
               "<StorageClass>STANDARD</StorageClass></Contents>",
               o->etag, o->len);
}

// What stands for o in a list: itself, or the group that it falls in.
static gw_span shown_as(const struct object *o, const struct query *q)
{
    gw_span key = gw_str(o->key);
    int64_t at = q->delimiter[0]
                     ? gw_find(key, gw_str(q->delimiter), strlen(q->prefix))
                     : -1;
    return at < 0 ? key : gw_sub(key, 0, (size_t)at + strlen(q->delimiter));
}

static void put_group(struct gw_buf *b, gw_span shown)
{
    gw_put_str(b, "<CommonPrefixes><Prefix>");
    gw_put_span(b, shown);
    gw_put_str(b, "</Prefix></CommonPrefixes>");
}

static void put_list(struct s3_server *s, const struct query *q,
                     struct gw_buf *b)
{
    gw_span last = {0};
    const char *last_key = NULL;
    int n = 0;
    gw_put_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<ListBucketResult xmlns="
                  "\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    size_t i = 0;
    for (; i < s->count; i++) {
        const struct object *o = &s->objects[i];
        gw_span shown = shown_as(o, q);
        if (!gw_starts(gw_str(o->key), q->prefix) ||
            strcmp(o->key, q->after) <= 0)
            continue;
        if (!gw_eq(shown, last)) {
            if (n++ == q->max)
                break;
            if (shown.len == strlen(o->key))
                put_object(b, o);
            else
                put_group(b, shown);
        }
        last = shown;
        last_key = o->key;
    }
    bool more = i < s->count;
    gw_put_fmt(b, "<IsTruncated>%s</IsTruncated>", more ? "true" : "false");
    if (more) {
        gw_put_str(b, "<NextContinuationToken>+/=");
        for (; *last_key; last_key++)
            gw_put_fmt(b, "%02x", *last_key);
        gw_put_str(b, "</NextContinuationToken>");
    }
    gw_put_str(b, "</ListBucketResult>");
}

static const char *value(struct MHD_Connection *c, enum MHD_ValueKind kind,
                         const char *name)
{
    const char *v = MHD_lookup_connection_value(c, kind, name);
    return v ? v : "";
}

static struct MHD_Response *list(struct s3_server *s, struct MHD_Connection *c,
                                 struct reply *r, unsigned *ret_status)
{
    const enum MHD_ValueKind args = MHD_GET_ARGUMENT_KIND;
    struct query q = {value(c, args, "prefix"), value(c, args, "delimiter"),
                      value(c, args, "start-after"), "", s->page_max};
    const char *token = value(c, args, "continuation-token");
    size_t len = strlen(token);
    struct fate fate = fate_of(s, true, q.prefix);
    if (len > 3 && len / 2 < sizeof q.token &&
        gw_unhex(gw_span_of(token + 3, len - 3), (uint8_t *)q.token))
        q.after = q.token;
    struct gw_buf xml;
    gw_buf_init(&xml, XML_MAX);
    if (is(&fate, S3_ANSWER))
        gw_put_str(&xml, fate.fault.text);
    else
        put_list(s, &q, &xml);
    s->counts.listings++;
    pthread_mutex_unlock(&s->lock);
    *ret_status = is(&fate, S3_STATUS) ? (unsigned)fate.fault.arg : 200;
    struct MHD_Response *answer = *ret_status == 200
                                      ? make_body(r, gw_buf_span(&xml), &fate)
                                      : make_status(r, &fate);
    gw_buf_release(&xml);
    return answer;
}

// Where the Range that was asked for begins; 0 if all is to be sent.
static size_t range_start(struct MHD_Connection *c, const struct object *o)
{
    const char *version = value(c, MHD_HEADER_KIND, "If-Range");
    gw_span range = gw_str(value(c, MHD_HEADER_KIND, "Range"));
    uint64_t from;
    if (version[0] && !strstr(version, o->etag))
        return 0;
    gw_cut(&range, '=');
    return gw_parse_uint(gw_cut(&range, '-'), SIZE_MAX, &from) ? (size_t)from
                                                               : 0;
}

static struct MHD_Response *get(struct s3_server *s, struct MHD_Connection *c,
                                struct reply *r, const char *key,
                                unsigned *ret_status)
{
    struct fate fate = fate_of(s, false, key);
    size_t place;
    const struct object *o = find(s, key, &place), none = {.etag = ""};
    s->counts.objects++;
    snprintf(s->counts.if_range, sizeof s->counts.if_range, "%s",
             value(c, MHD_HEADER_KIND, "If-Range"));
    r->object = true;
    pthread_mutex_unlock(&s->lock); // objects do not change during requests
    *ret_status = is(&fate, S3_STATUS) ? (unsigned)fate.fault.arg
                  : o                  ? 200
                                       : 404;
    o = o ? o : &none;
    size_t from = fate.no_ranges ? (size_t)fate.from : range_start(c, o);
    if (*ret_status == 200 && from)
        *ret_status = from < o->len ? 206 : 416;
    if (*ret_status >= 300)
        return make_status(r, &fate);
    gw_span all = gw_span_of(o->bytes, o->len);
    struct MHD_Response *answer =
        make_body(r, gw_sub(all, from, o->len), &fate);
    char text[128];
    const char *etag = is(&fate, S3_WRONG_ETAG) ? fate.fault.text : o->etag;
    snprintf(text, sizeof text, "\"%s\"", etag);
    if (answer)
        MHD_add_response_header(answer, "ETag", text);
    snprintf(text, sizeof text, "bytes %zu-%zu/%zu", from, o->len - 1, o->len);
    if (answer && from)
        MHD_add_response_header(answer, "Content-Range", text);
    return answer;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    static char seen; // its address marks the second call for a request
    struct s3_server *s = ctx;
    (void)method, (void)version, (void)upload, (void)upload_len;
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    unsigned status;
    struct reply *r = gw_new(sizeof *r);
    if (!r)
        return MHD_NO;
    r->s = s;
    pthread_mutex_lock(&s->lock);
    s->counts.peak += ++s->now > s->counts.peak;
    snprintf(s->counts.agent, sizeof s->counts.agent, "%s",
             value(c, MHD_HEADER_KIND, "User-Agent"));
    // Both unlock.
    struct MHD_Response *answer = strcmp(url, "/") == 0
                                      ? list(s, c, r, &status)
                                      : get(s, c, r, url + 1, &status);
    if (!answer)
        return MHD_NO;
    enum MHD_Result rc = MHD_queue_response(c, status, answer);
    MHD_destroy_response(answer);
    return rc;
}

// ---- the server ---------------------------------------------------------
struct s3_server *s3_start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct s3_server *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->page_max = 1000;
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
        NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_END);
    const union MHD_DaemonInfo *port = NULL;
    if (s->daemon)
        port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (!port) {
        s3_stop(s);
        return NULL;
    }
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", port->port);
    return s;
}

void s3_stop(struct s3_server *s)
{
    if (!s)
        return;
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    for (size_t i = 0; i < s->count; i++) {
        free(s->objects[i].key);
        free(s->objects[i].bytes);
    }
    free(s->objects);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *s3_url(const struct s3_server *s)
{
    return s->url;
}
