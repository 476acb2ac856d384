// What listens below the server of the ledger's face. Private to the ledger.
#ifndef GW_LEDGER_SERVE_H
#define GW_LEDGER_SERVE_H

#include "ledger/ledger.h"

// ---- listening ----------------------------------------------------------
int gw_listen(const char *listen_at, int *ret_fd,
              char ret_address[GW_WEB_ADDRESS],
              struct gw_why *why) GW_MUSTCHECK;
void gw_unlisten(const char *address); // takes a unix socket's name away

// ---- copies of logs -----------------------------------------------------
// Splits ".../<64 hex digits>/<name>" and puts both back together; ret_name
// points at the name in ret_text.
enum { GW_SERVED_COPY = 65 + GW_TILE_PATH };
bool gw_served_copy(gw_span path, char ret_text[GW_SERVED_COPY],
                    const char **ret_name);

#endif
