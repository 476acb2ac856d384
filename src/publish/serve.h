// Between the site's server, its files and its API. Private to publish.
#ifndef GW_PUBLISH_SERVE_H
#define GW_PUBLISH_SERVE_H

#include "publish/publish.h"

enum {
    SERVE_PATH = 1024,
    API_ANSWER_MAX = 32 << 20,
};

// ---- files --------------------------------------------------------------
// Decodes the path of a request, once, to one below the site's folder:
// "/a/" is "a/index.html". False for whatever could mean another place: a
// NUL, "..", empty names, names that begin with a dot, back slashes, encoded
// slashes, control characters, bytes that are not UTF-8.
bool serve_path(gw_span sent, char ret_path[SERVE_PATH]);

struct serve_files; // small ones are kept, in each thread for itself
int serve_files_open(const char *folder, size_t threads,
                     struct serve_files **ret, struct gw_why *why) GW_MUSTCHECK;
void serve_files_close(struct serve_files *f); // NULL is fine
void serve_file(struct serve_files *f, struct gw_web_request *r);
// What an answer with an ETag becomes if the client has it: 304.
bool serve_is_fresh(const struct gw_web_request *r, const char *etag,
                    const char *modified);

// ---- queries ------------------------------------------------------------
// application/x-www-form-urlencoded, decoded; texts live in the arena.
enum { QUERY_PAIRS_MAX = 32 };
struct query {
    size_t count;
    struct query_pair {
        gw_span name, value;
    } at[QUERY_PAIRS_MAX];
};
// GW_EUSAGE: a broken escape, bytes that are not UTF-8, control characters, a
// name twice, too many; the words name the parameter.
int query_parse(gw_span sent, struct gw_arena *arena, struct query *ret,
                struct gw_why *why) GW_MUSTCHECK;
gw_span query_get(const struct query *q, const char *name); // at NULL: absent
void query_put_escaped(struct gw_buf *out, gw_span text);
// Values by their kind. An absent one leaves *ret as it is.
int query_cc(const struct query *q, const char *name, char ret[3],
             struct gw_why *why) GW_MUSTCHECK;
int query_asn(const struct query *q, const char *name, int64_t *ret,
              struct gw_why *why) GW_MUSTCHECK;
int query_int(const struct query *q, const char *name, int64_t min, int64_t max,
              int64_t *ret, struct gw_why *why) GW_MUSTCHECK;
int query_bool(const struct query *q, const char *name, int *ret,
               struct gw_why *why) GW_MUSTCHECK;
// Index in a list of names, closed by NULL.
int query_choice(const struct query *q, const char *name,
                 const char *const *choices, int *ret,
                 struct gw_why *why) GW_MUSTCHECK;
// since and until, half open.
int query_period(const struct query *q, gw_time *ret_since, gw_time *ret_until,
                 struct gw_why *why) GW_MUSTCHECK;

// ---- the API ------------------------------------------------------------
struct api; // belongs to one thread
int api_open(const char *archive, struct api **ret,
             struct gw_why *why) GW_MUSTCHECK;
void api_close(struct api *a); // NULL is fine
// Fills in the answer to a path below /api/.
void api_answer(struct api *a, struct gw_web_request *r);

struct api {
    struct gw_archive *archive;
    struct gw_arena *arena; // of one request
    struct gw_arena *block_arena, *facts_arena;
    struct gw_block_codec *codec;
    struct gw_block block, facts;
};
struct api_call {
    struct api *api;
    struct query query;
    gw_span rest;       // of the path, after the name: an id
    struct gw_buf *out; // the answer
    const char *type;   // of the answer; JSON unless changed
};
// Each fills in out, or fails: GW_EUSAGE is a 400, GW_ENOENT a 404.
int api_incidents(struct api_call *c, struct gw_why *why) GW_MUSTCHECK;
int api_measurements(struct api_call *c, struct gw_why *why) GW_MUSTCHECK;
int api_aggregation(struct api_call *c, struct gw_why *why) GW_MUSTCHECK;
int api_explain(struct api_call *c, struct gw_why *why) GW_MUSTCHECK;

// "2024-02-12T20:33:47.000000Z"; null if it is never.
void api_time(struct gw_jw *w, const char *key, gw_time t);
void api_bool(struct gw_jw *w, const char *key, bool v);
void api_asn(struct gw_jw *w, const char *key, int64_t asn); // "AS1" or null
// The members of metadata that every list has; cursor at NULL: there is no
// more. Closes what it opens.
void api_metadata(struct gw_jw *w, const struct api_call *c, const char *path,
                  int64_t limit, int64_t offset, gw_span cursor,
                  int64_t offset_left);

extern const unsigned char gw_publish_openapi_json[];
extern const size_t gw_publish_openapi_json_len;

#endif
