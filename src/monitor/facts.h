// From a measurement's bytes to rows of facts. Private to monitor. Makes no
// judgement: what the record says, in one shape, with names normalised and
// reference data looked up. No single odd item loses the rest of its record.
#ifndef GW_FACTS_H
#define GW_FACTS_H

#include "model/model.h"
#include "monitor/refs.h"

enum {
    GW_ODD_MAX = 16,       // notes kept per record
    GW_KEYS_MAX = 256,     // scalars kept per record
    GW_KEY_TEXT_MAX = 512, // bytes of a scalar's text kept
    GW_TITLE_MAX = 512,
    GW_CLAIMS_MAX = 128,  // address claims remembered per record
    GW_ENVELOPES_MAX = 4, // JSON inside JSON texts
    GW_CERT_CACHE = 4096, // certificates remembered per thread
};

struct gw_event { // one network event, for timing
    int64_t transaction_id, bytes;
    double t0, t;
    gw_span operation;
    bool failed;
};

struct gw_cert_entry {
    uint64_t key; // of the base64 text; 0 is free
    size_t length;
    bool read; // facts below are there
    char fingerprint[2 * GW_HASH_LEN + 1];
    struct gw_cert cert; // texts in facts->cert_arena
};

// Working state of one thread.
struct gw_facts {
    const struct gw_refs *refs; // borrowed
    struct gw_refs_scratch *refs_scratch;
    struct gw_json *json[GW_ENVELOPES_MAX];
    struct gw_digest *sha256, *sha1, *shake;
    struct gw_arena *scratch;    // emptied for each record
    struct gw_arena *cert_arena; // emptied with the cache
    struct gw_cert_entry *certs; // GW_CERT_CACHE entries
    size_t cert_count;
    struct gw_buf text; // JSON texts under construction
    struct gw_buf odd;
    int odd_count;

    // the record being read
    struct gw_block *block; // borrowed
    size_t m;               // its row in table measurement
    gw_span cc;
    gw_time day;
    struct gw_claim {
        gw_ip ip;
        int64_t asn;
        gw_span as_org_name;
    } claims[GW_CLAIMS_MAX];
    size_t claim_count;
    struct gw_event *events;
    size_t event_count;
    gw_span target;    // sub-target of the lists being read
    enum gw_list list; // when target is set: list they hang below
};

struct gw_facts *gw_facts_new(const struct gw_refs *refs);
void gw_facts_free(struct gw_facts *f);

struct gw_record {
    gw_span text;     // GW_JSON_PADDING readable bytes follow
    int64_t position; // in the unpacked object
    int64_t length;   // of the record there
    const char *leaf; // name of the tar member, "" for a lone file
    bool yaml;        // text is {"header":..., "entry":...} made from YAML
};
// Adds the record's rows to the block (texts into its arena). Negative: the
// record is refused, why says by which rule, and no row of it stays.
int gw_facts_add(struct gw_facts *f, struct gw_block *block,
                 const struct gw_record *r, struct gw_why *why) GW_MUSTCHECK;

// ---- between the files of facts -----------------------------------------
static inline struct gw_measurement_row *gw_facts_row(struct gw_facts *f)
{
    return (struct gw_measurement_row *)f->block->rows[GW_TABLE_measurement]
               .at +
           f->m;
}
gw_span gw_facts_keep(struct gw_facts *f, gw_span s); // copy into the block
void gw_facts_odd(struct gw_facts *f, const char *fmt, ...) GW_PRINTF(2, 3);
// Text or {"format":"base64"} as bytes; borrowed from parser or scratch.
gw_span gw_facts_bytes(struct gw_facts *f, gw_jv v);
gw_span gw_facts_str(struct gw_facts *f, gw_jv v); // kept text, null if none
int64_t gw_facts_int(gw_jv v);                     // GW_NULL if it is no number
int64_t gw_facts_bool(gw_jv v);                    // 1, 0, GW_NULL
double gw_facts_real(gw_jv v);                     // NaN if it is no number
gw_span gw_facts_failure(struct gw_facts *f, gw_jv v);
int64_t gw_facts_asn(gw_jv v);                        // "AS137" or 137
gw_span gw_facts_host(struct gw_facts *f, gw_span s); // normal form, kept
// What is known of the address: snapshot first, else what the record claims.
void gw_facts_net(struct gw_facts *f, const gw_ip *ip, struct gw_net *ret);
void gw_facts_claim(struct gw_facts *f, gw_span ip, int64_t asn, gw_span org);
gw_span gw_facts_hits(struct gw_facts *f, const struct gw_fingerprint_hit *hits,
                      size_t n);

// Lists of test_keys (or of a sub-target) to rows.
void gw_facts_lists(struct gw_facts *f, gw_jv keys);
void gw_facts_queries(struct gw_facts *f, gw_jv list);
void gw_facts_tcp(struct gw_facts *f, gw_jv list);
void gw_facts_tls(struct gw_facts *f, gw_jv list, enum gw_list which);
void gw_facts_requests(struct gw_facts *f, gw_jv list);
void gw_facts_events(struct gw_facts *f, gw_jv list);
void gw_facts_control(struct gw_facts *f, gw_jv keys, gw_jv control);
void gw_facts_nettest(struct gw_facts *f, gw_jv keys, gw_span test_name);
void gw_facts_keys(struct gw_facts *f, gw_jv keys);
// Header names of a map or list of pairs, lower case, sorted, as JSON.
gw_span gw_facts_header_names(struct gw_facts *f, gw_jv headers);

// The members of an object that a list names, in one walk over it: afterwards
// set.<name> is the member's value, absent where there is none.
#define GW_FACTS_FIELD(name) gw_jv name;
#define GW_FACTS_NAME(name)  GW_LIT_INIT(#name),
#define GW_FACTS_PICK_INTO(set, v, KEYS)                                       \
    do {                                                                       \
        static const gw_span names_[] = {KEYS(GW_FACTS_NAME)};                 \
        _Static_assert(sizeof(set) == GW_COUNT(names_) * sizeof(gw_jv),        \
                       "one value a name");                                    \
        gw_jv_pick((v), names_, GW_COUNT(names_), (gw_jv *)&(set));            \
    } while (0)
#define GW_FACTS_PICK(set, v, KEYS)                                            \
    struct {                                                                   \
        KEYS(GW_FACTS_FIELD)                                                   \
    } set;                                                                     \
    GW_FACTS_PICK_INTO(set, v, KEYS)

// The shared columns of an endpoint and of every fact.
#define GW_FACTS_ENDPOINT(f, row, text_ip, number_port)                        \
    gw_facts_endpoint((f), (text_ip), (number_port), &(row)->ip, &(row)->port, \
                      &(row)->ip_asn, &(row)->ip_as_org_name,                  \
                      &(row)->ip_as_cc, &(row)->ip_cc, &(row)->ip_is_bogon)
void gw_facts_endpoint(struct gw_facts *f, gw_span ip, int64_t port,
                       gw_span *ret_ip, int64_t *ret_port, int64_t *ret_asn,
                       gw_span *ret_org, gw_span *ret_as_cc, gw_span *ret_cc,
                       int64_t *ret_bogon);
struct gw_fact { // the columns of GW_FACT_COLUMNS, in their order
#define X(type, name, what) gw_t_##type name;
    GW_FACT_COLUMNS(X)
#undef X
};
// Every fact row begins with these columns, so one function fills them.
void gw_facts_begin(struct gw_facts *f, void *row, enum gw_list list,
                    int64_t item, gw_jv v);

#endif
