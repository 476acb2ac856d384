// Private to fetch*.c: the listing reader, the request engine, the folder that
// is written to, and the plan that goes from one to the other.
#ifndef GW_MONITOR_FETCH_H
#define GW_MONITOR_FETCH_H

#include "monitor/monitor.h"

enum {
    GW_KEY_MAX = 400,    // S3 allows 1024; OONI's keys are near 100
    GW_ETAG_MAX = 96,    // with the terminator
    GW_TOKEN_MAX = 2048, // continuation token, with the terminator
    GW_URL_MAX = 8192,
    GW_LISTING_MAX = 8 << 20, // one page of XML; S3 sends under 1 MiB
};

// ---- one page of ListObjectsV2 ------------------------------------------
struct gw_listing {
    void *ctx;
    // Called in document order while reading; a result that is not 0 ends it.
    // etag is without its quotes, "" if there is none that can be used.
    int (*object)(void *ctx, gw_span key, int64_t size, const char *etag);
    int (*prefix)(void *ctx, gw_span prefix); // of a group (delimiter asked)
    char token[GW_TOKEN_MAX]; // result: of the next page; "" on the last
};
int gw_listing_read(gw_span xml, struct gw_listing *l,
                    struct gw_why *why) GW_MUSTCHECK;

// An ETag without its quotes (RFC 9110 section 8.8.3), or "" where s could not
// stand in a header or in a line of the manifest.
void gw_etag_read(gw_span s, char *ret_etag /* GW_ETAG_MAX */);

// ---- requests, a bounded number at once ---------------------------------
struct gw_request {
    int slot;     // 0..parallel-1: its owner keeps what belongs to it there
    int64_t from; // >0: only the bytes from here on ...
    char etag[GW_ETAG_MAX]; // ... if it still is this version
    char url[GW_URL_MAX];
    long status;                // the answer's
    int64_t got_from;           // Content-Range of a 206, else -1
    char got_etag[GW_ETAG_MAX]; // without quotes; "" none
    uint64_t gained;   // set by body: bytes further than any try before
    struct gw_why why; // how the last try failed
};
// What a task is, in five calls. Failures are told apart by their code: ENET,
// ECORRUPT, EFORMAT and EFEW are tried again; EIO, ENOMEM and ETOOBIG end the
// whole run; any other code ends the task.
struct gw_requests {
    void *ctx;
    int (*next)(void *ctx, struct gw_request *r);  // 1 a task, 0 none now
    int (*start)(void *ctx, struct gw_request *r); // before every try
    int (*body)(void *ctx, struct gw_request *r, gw_span bytes);
    int (*arrived)(void *ctx, struct gw_request *r); // 1: ask again (a page)
    void (*failed)(void *ctx, struct gw_request *r); // the task is given up
    void (*tick)(void *ctx);                         // ten times a second
};
struct gw_http; // one event loop; not for two threads
struct gw_http *gw_http_new(const struct gw_fetch *want, int parallel,
                            const char *scheme, struct gw_fetch_result *counts);
void gw_http_free(struct gw_http *h);
// 0: no task is left; 1: stopped; negative: the run cannot go on.
int gw_http_run(struct gw_http *h, const struct gw_requests *work,
                struct gw_why *why) GW_MUSTCHECK;
// Appends s to a URL's query, percent-encoded (RFC 3986 section 2.1).
void gw_url_escape(struct gw_buf *b, gw_span s);

// ---- what is to be in the folder ----------------------------------------
enum gw_item_state {
    GW_ITEM_NEW,      // the manifest does not know it
    GW_ITEM_OTHER,    // it knows another version of it
    GW_ITEM_PART,     // a .part of this version was begun
    GW_ITEM_SIZE,     // complete, checked by size only
    GW_ITEM_VERIFIED, // complete, its MD5 is the ETag
};
struct gw_item {
    const char *key, *etag;
    int64_t size;
    enum gw_item_state state;
};
bool gw_etag_is_md5(const char *etag); // 32 hex digits, and so no multipart
// The rule that a key breaks, or NULL: it may name a file below the folder.
const char *gw_key_rule(gw_span key);
// Text of others for messages: what is no printable ASCII becomes '?'.
const char *gw_printable(gw_span s, char *ret_text, size_t len);

// ---- the folder, held open ----------------------------------------------
struct gw_folder {
    const char *path; // borrowed, for messages
    int fd, manifest;
    bool torn; // the manifest's last line has no end
    struct gw_digest *md5, *sha256;
};
// Makes it if need be and locks it; GW_EBUSY if another run holds it.
int gw_folder_open(struct gw_folder *f, const char *path,
                   struct gw_why *why) GW_MUSTCHECK;
int gw_folder_close(struct gw_folder *f, struct gw_why *why); // syncs
// Sets the state of each item (sorted by key) that the manifest knows in this
// size and version. Lines that cannot be read are passed over.
int gw_folder_recall(struct gw_folder *f, struct gw_item *items, size_t count,
                     struct gw_why *why) GW_MUSTCHECK;
int gw_folder_note(struct gw_folder *f, const struct gw_item *item,
                   const uint8_t *sha256, struct gw_why *why) GW_MUSTCHECK;
// Opens the file itself (part: its .part, made if absent, for appending). No
// link is followed on the way. GW_ENOENT if there is none.
int gw_folder_file(struct gw_folder *f, const char *key, bool part, int *ret_fd,
                   int64_t *ret_size, struct gw_why *why) GW_MUSTCHECK;
// Reads the file back, checks it against item's ETag (GW_ECORRUPT if it
// differs), sets item's state and gives its sha256.
int gw_folder_check(struct gw_folder *f, int fd, struct gw_item *item,
                    uint8_t *ret_sha256, struct gw_why *why) GW_MUSTCHECK;
// Syncs the .part and gives it its name; or takes it away.
int gw_folder_finish(struct gw_folder *f, const char *key, int fd,
                     struct gw_why *why) GW_MUSTCHECK;
void gw_folder_drop(struct gw_folder *f, const char *key);

// ---- the run ------------------------------------------------------------
struct gw_fetch_run {
    const struct gw_fetch *want;
    struct gw_fetch_result *ret;
    struct gw_fetch_progress seen;
    uint64_t told; // gw_tick() of the last progress
    char base[512], cc[3];
    int parallel;
    gw_time since, until;
    struct gw_arena *arena; // keys and ETags
    struct gw_item *items;
    size_t count, cap;
    struct gw_folder folder;
    struct gw_http *http;
    struct gw_why first; // of all problems, that of the lowest key
    char first_key[GW_KEY_MAX + 1];
};
// Lists the bucket: fills items, sorted by key, each once.
int gw_fetch_plan(struct gw_fetch_run *run, struct gw_why *why) GW_MUSTCHECK;
// Brings every item into place.
int gw_fetch_transfer(struct gw_fetch_run *run,
                      struct gw_why *why) GW_MUSTCHECK;
bool gw_fetch_stopped(const struct gw_fetch *want);
void gw_fetch_tell(struct gw_fetch_run *run, bool now);
void gw_fetch_problem(struct gw_fetch_run *run, gw_span key, int code,
                      const char *text);

#endif
