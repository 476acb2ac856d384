// The HTTP server of witnesses, detached signers, mirrors and logs: listening,
// whole requests within limits, files of a log. Private to the ledger.
#ifndef GW_LEDGER_SERVE_H
#define GW_LEDGER_SERVE_H

#include "ledger/ledger.h"

struct MHD_Connection;
struct gw_web_loop;

enum { GW_WEB_PATH = 512, GW_WEB_ADDRESS = 192 };
struct gw_web_request {
    bool post;              // else GET or HEAD
    char path[GW_WEB_PATH]; // as sent: nothing is decoded, no query
    struct gw_buf body;
    // the answer
    int status;
    const char *type, *cache; // static texts; cache may be NULL
    struct gw_buf answer;
    int fd; // a file that is the answer, -1: none
    uint64_t fd_bytes;
    // the server's own
    struct gw_web_loop *loop;
    struct MHD_Connection *connection;
    struct gw_web_request *next;
    uint64_t began, length;
    bool whole, deferred;
};

struct gw_web_options {
    const char *listen;
    int threads; // 0: one
    int connections;
    size_t body_max;
    size_t held_max; // of all bodies together; over it the answer is 429
    // Once for each whole request, in a thread of the server: fills in the
    // answer, or hands the request to gw_waiting_put.
    void (*handle)(void *ctx, struct gw_web_request *r);
    void *ctx;
};
struct gw_web;
int gw_web_start(const struct gw_web_options *o, struct gw_web **ret,
                 struct gw_why *why) GW_MUSTCHECK;
// "127.0.0.1:7380", "[::1]:7380" or "unix:/path", as it is bound.
const char *gw_web_address(const struct gw_web *w);
void gw_web_stop(struct gw_web *w); // no request may be waiting

// text: one line, without its newline.
void gw_web_say(struct gw_web_request *r, int status, const char *text);

// Requests that wait for another thread; each is answered with gw_web_resume.
struct gw_waiting;
struct gw_waiting *gw_waiting_new(size_t max);
void gw_waiting_free(struct gw_waiting *q); // must be empty
// Takes r; or, if too many wait or it is closed, answers 429 or 503 at once.
void gw_waiting_put(struct gw_waiting *q, struct gw_web_request *r);
// All that wait, linked by next, first come first: after wait_ms at the latest
// (NULL if none came), and linger_ms after the first or with `enough` of them.
struct gw_web_request *gw_waiting_take(struct gw_waiting *q, int wait_ms,
                                       int linger_ms, size_t enough);
void gw_waiting_close(struct gw_waiting *q);
void gw_web_resume(struct gw_web_request *r); // with its answer filled in

// ---- listening ----------------------------------------------------------
int gw_listen(const char *listen_at, int *ret_fd,
              char ret_address[GW_WEB_ADDRESS],
              struct gw_why *why) GW_MUSTCHECK;
void gw_unlisten(const char *address); // takes a unix socket's name away

// ---- files of a log -----------------------------------------------------
// "checkpoint", "checkpoint.<a-z0-9->" or a canonical tile path: the only names
// below a log's prefix that are ever opened. Copies it.
bool gw_served_name(gw_span path, char ret_name[GW_TILE_PATH]);
// Splits ".../<64 hex digits>/<name>" and puts both back together; ret_name
// points at the name in ret_text.
enum { GW_SERVED_COPY = 65 + GW_TILE_PATH };
bool gw_served_copy(gw_span path, char ret_text[GW_SERVED_COPY],
                    const char **ret_name);
// Answers with a regular file below folder; no symbolic link is followed.
void gw_web_file(struct gw_web_request *r, int folder, const char *path,
                 const char *name);
int gw_web_folder(const char *path, int *ret_fd,
                  struct gw_why *why) GW_MUSTCHECK;

extern const char gw_text_plain[]; // "text/plain; charset=utf-8"

#endif
