// publish: what people see (tier 7): the site, its tables and feeds, and the
// server. Knows only rows of the store and the ledger's word on them.
#ifndef GW_PUBLISH_H
#define GW_PUBLISH_H

#include "base/base.h"
#include "ledger/ledger.h"
#include "model/model.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdatomic.h>

// ---- words --------------------------------------------------------------
enum gw_language { GW_ENGLISH, GW_URDU, GW_LANGUAGE_COUNT };
const char *gw_language_code(enum gw_language l); // "en", "ur"
// A message by its id, from data/messages-<code>.csv; English where a language
// has none; the id itself where English has none (a test forbids both).
gw_span gw_message(enum gw_language l, const char *id);
// Puts the message with {0}, {1}... replaced. The values are HTML already.
void gw_put_message(struct gw_buf *out, enum gw_language l, const char *id,
                    const gw_span *values, size_t n);
// Text into HTML: escapes, and shows control characters and changes of
// direction for what they are.
void gw_put_html(struct gw_buf *out, gw_span text);
// 1,234 or ۱٬۲۳۴.
void gw_put_number(struct gw_buf *out, enum gw_language l, int64_t n);

// ---- the site -----------------------------------------------------------
struct gw_publish_options {
    const char *folder;   // made if absent; only files of ours are touched
    const char *base_url; // for feeds and canonical links; NULL: relative
    const char *cc;       // only this country; NULL: all
    const char *contact;  // how to correct us; NULL: says that none was given
    gw_time now;          // "made at"; the newest finding's time if GW_NEVER
    atomic_int *stop;
    void (*progress)(void *ctx, int64_t pages, int64_t total);
    void *ctx;
};
struct gw_publish_summary {
    int64_t pages, written, same, removed; // files
    int64_t bytes;
};
// Same archive, same options: the same bytes. Files that did not change are
// not touched; pages of ours that are no longer made are removed.
int gw_publish(struct gw_archive *a, const struct gw_publish_options *options,
               struct gw_publish_summary *ret, struct gw_why *why) GW_MUSTCHECK;

// ---- the server ---------------------------------------------------------
struct gw_site_options {
    const char *folder; // the site
    const char *listen; // "127.0.0.1:8480" unless asked otherwise
    int threads;
    atomic_int *stop;
    void (*ready)(void *ctx, const char *address);
    void *ctx;
};
// Static files, and the JSON API of docs/formats/api.md on the archive, which
// is opened for reading in each thread. No request writes anything or reaches
// outside folder and archive.
int gw_site_serve(const char *archive, const struct gw_site_options *options,
                  struct gw_why *why) GW_MUSTCHECK;

#endif
