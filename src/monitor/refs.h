// Reference data while facts are made: networks of addresses, names of ASes,
// fingerprints, all from dated snapshots. Private to monitor. Immutable once
// sealed, so threads share it.
#ifndef GW_REFS_H
#define GW_REFS_H

#include "model/model.h"
#include "store/store.h"

enum { GW_REF_SNAPSHOTS_MAX = 512, GW_REF_PREFIXES_MAX = 4 << 20 };

struct gw_refs;
struct gw_refs *gw_refs_new(void);
void gw_refs_free(struct gw_refs *r);
// Which reference data bytes are, told by content; GW_KIND_UNKNOWN if none.
// head: up to the first 64 KiB of the unpacked first leaf. tail: up to the last
// 128 KiB of the file itself, where a MaxMind DB has its marker.
enum gw_kind gw_classify_reference(gw_span head, gw_span tail);
// The day a snapshot speaks for: from its content where it says so, else from
// the first date in its file name; false if neither has one. A MaxMind DB says
// it in its build_epoch, which is read elsewhere.
bool gw_reference_date(gw_span head, gw_span name, gw_time *ret);

// Reads one snapshot. hash is the evidence object's, dated the day it speaks
// for. MMDB wants path (read by libmaxminddb, which takes no descriptor); all
// others come through the source, already unpacked. Rows that break a rule are
// counted and the first is named in ret_note; the rest is used.
struct gw_ref_input {
    enum gw_kind kind;
    const char *hash;
    gw_time dated;
    const char *path;
    gw_source_fn *source;
    void *ctx;
};
struct gw_ref_note {
    int64_t rows, bad;
    char first_bad[256];
};
int gw_refs_add(struct gw_refs *r, const struct gw_ref_input *in,
                struct gw_ref_note *ret_note, struct gw_why *why) GW_MUSTCHECK;
// Sorts, compiles patterns; after this the object does not change.
int gw_refs_seal(struct gw_refs *r, struct gw_why *why) GW_MUSTCHECK;
// JSON object {"prefix_as":[{"dated":...,"object":...}],...}: which snapshots
// rows derived with this may rest on. Same snapshots, same bytes.
int gw_refs_describe(const struct gw_refs *r, struct gw_buf *out) GW_MUSTCHECK;

// What is known of an address on a day: from the newest snapshot dated on or
// before it. A day older than every snapshot knows nothing: that is unknown,
// not the oldest table. asn is GW_NULL, texts have at == NULL where unknown.
void gw_refs_net(const struct gw_refs *r, const gw_ip *ip, gw_time day,
                 struct gw_net *ret);
// Name and country of an AS on that day.
void gw_refs_as(const struct gw_refs *r, int64_t asn, gw_time day,
                struct gw_net *ret);

// Fingerprints: DNS answers by equality; HTTP by body, header field, title.
struct gw_refs_scratch;
struct gw_refs_scratch *gw_refs_scratch_new(const struct gw_refs *r);
void gw_refs_scratch_free(struct gw_refs_scratch *s);
enum { GW_HITS_MAX = 32 };
// Each appends to hits (n in, new n out; at most GW_HITS_MAX), in order of
// name; cc decides `expected`.
size_t gw_refs_dns_hits(const struct gw_refs *r, gw_span answer, gw_span cc,
                        struct gw_fingerprint_hit *hits, size_t n);
size_t gw_refs_body_hits(const struct gw_refs *r, struct gw_refs_scratch *s,
                         gw_span body, gw_span cc,
                         struct gw_fingerprint_hit *hits, size_t n);
// name is lower case.
size_t gw_refs_header_hits(const struct gw_refs *r, struct gw_refs_scratch *s,
                           gw_span name, gw_span value, gw_span cc,
                           struct gw_fingerprint_hit *hits, size_t n);
// True if some fingerprint looks at that header field (lower case).
bool gw_refs_wants_header(const struct gw_refs *r, gw_span name);
size_t gw_refs_fingerprint_count(const struct gw_refs *r, enum gw_kind kind);

#endif
