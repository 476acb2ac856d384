// A small HTTP client: one request, one answer, every length and every wait
// bounded. Private to the ledger.
#ifndef GW_LEDGER_HTTP_H
#define GW_LEDGER_HTTP_H

#include "base/base.h"

struct gw_client; // keeps its connections; one per thread
int gw_client_new(struct gw_client **ret, struct gw_why *why) GW_MUSTCHECK;
void gw_client_free(struct gw_client *c);

enum { GW_EXCHANGE_TYPE = 64 };
struct gw_exchange {
    const char *base; // "http://host/prefix", "https://...", "unix:/path"
    const char *path; // below base, without a '/' in front
    gw_span body;     // POST; at NULL: GET
    size_t max;       // bytes of answer
    int stall_s;      // without a byte; 0: 10
    int total_s;      // for the whole exchange; 0: 600
    // the answer's head
    int status;
    char type[GW_EXCHANGE_TYPE]; // Content-Type, "" where there is none
};
// Appends the answer's body, whatever the status; a gzip content encoding is
// taken off. GW_ENET: no answer; GW_ETOOBIG: longer than max; GW_EREFUSED: an
// address that cannot be used. The message names the URL.
int gw_client_do(struct gw_client *c, struct gw_exchange *x, struct gw_buf *ret,
                 struct gw_why *why) GW_MUSTCHECK;

#endif
