// What one snapshot of reference data keeps, and what the files refs*.c share.
// Nothing here changes once it is sealed.
#ifndef GW_REFS_PRIVATE_H
#define GW_REFS_PRIVATE_H

#include "monitor/refs.h"

#include <maxminddb.h>

enum {
    GW_REF_BYTES_MAX = 128 << 20, // one unpacked snapshot
    GW_REF_TEXT_MAX = 1024,       // one name of an AS
    GW_REF_SERIES_MAX = 64,       // the name of a series, with its NUL
};

// ---- tables of networks -------------------------------------------------
// A table speaks of three number spaces. A number of any of them stands at the
// top of 128 bits, so that one search serves all.
enum gw_ref_space { GW_REF_V4, GW_REF_V6, GW_REF_ASN, GW_REF_SPACES };
struct gw_ref_key {
    uint64_t hi, lo;
};
enum gw_ref_space gw_ref_key_of(const gw_ip *ip, struct gw_ref_key *ret);

// Disjoint ranges: value[i] holds from start i up to start i + 1, 0 is unknown.
// slot[k] counts the starts whose top bits are below k: it narrows the search.
struct gw_ref_ranges {
    uint64_t *hi, *lo; // starts, ascending; lo is NULL when all of it is zero
    uint32_t *value, *slot;
    size_t count, cap;
    unsigned shift; // hi >> shift is the slot
};
struct gw_ref_net {
    struct gw_ref_ranges of[GW_REF_SPACES];
};
uint32_t gw_ref_find(const struct gw_ref_ranges *t, struct gw_ref_key key);

// Values of a delegation: the country, and how specific the row is.
static inline uint32_t gw_ref_cc_pack(const uint8_t *letters, unsigned bits)
{
    unsigned a = letters[0] - 'A', b = letters[1] - 'A';
    return (1 + a * 26 + b) | (uint32_t)bits << 16;
}
static inline uint32_t gw_ref_cc_index(uint32_t value) // below 676
{
    return (value & 0xffff) - 1;
}

// ---- fingerprints -------------------------------------------------------
enum {
    GW_REF_FIELDS_MAX = 64,  // header fields that one list looks at
    GW_REF_ANSWER_MAX = 256, // bytes of the key of a DNS answer
};
enum gw_ref_where { GW_REF_DNS, GW_REF_BODY, GW_REF_HEADER };
struct gw_ref_print {
    gw_span name, scope, pattern;
    gw_span field;     // of HEADER, lower case; empty: any
    gw_span countries; // two letters each, nothing between
    enum gw_ref_where where;
    enum gw_pattern_kind type;
    uint32_t rank; // in order of name, among all that are live
};
struct gw_ref_prints { // one list
    struct gw_arena *arena;
    struct gw_ref_print *at;
    size_t count, cap, text_bytes, regexps;
    gw_span fields[GW_REF_FIELDS_MAX];
    size_t field_count;
};

// ---- snapshots ----------------------------------------------------------
struct gw_ref_names;
struct gw_ref_snapshot {
    enum gw_kind kind;
    gw_time dated; // midnight, or GW_NEVER
    char object[2 * GW_HASH_LEN + 1];
    // Newer snapshots replace older ones of the same kind and series only: the
    // five registries, or a country and an AS database, stand side by side.
    char series[GW_REF_SERIES_MAX];
    struct gw_ref_net *net;       // PREFIX_AS, DELEGATIONS
    struct gw_ref_names *names;   // AS_NAMES
    MMDB_s *mmdb;                 // MMDB
    struct gw_ref_prints *prints; // fingerprints
};
// Each fills the part of its kind; what it took is freed with the snapshot.
int gw_ref_net_read(struct gw_ref_snapshot *s, gw_span text,
                    struct gw_ref_note *note, struct gw_why *why) GW_MUSTCHECK;
int gw_ref_names_read(struct gw_ref_snapshot *s, gw_span text,
                      struct gw_ref_note *note,
                      struct gw_why *why) GW_MUSTCHECK;
int gw_ref_mmdb_open(struct gw_ref_snapshot *s, const char *path,
                     struct gw_ref_note *note, struct gw_why *why) GW_MUSTCHECK;
int gw_ref_prints_read(struct gw_ref_snapshot *s, gw_span text,
                       struct gw_ref_note *note,
                       struct gw_why *why) GW_MUSTCHECK;
// TEST_LIST, SUFFIX_LIST: rows are counted and checked, nothing is kept.
int gw_ref_list_count(enum gw_kind kind, gw_span text, struct gw_ref_note *note,
                      struct gw_why *why) GW_MUSTCHECK;
void gw_ref_net_free(struct gw_ref_net *net);
void gw_ref_names_free(struct gw_ref_names *names);
void gw_ref_mmdb_close(MMDB_s *mmdb);
void gw_ref_prints_free(struct gw_ref_prints *prints);
// Fill what ret does not know yet, or leave it.
void gw_ref_names_get(const struct gw_ref_names *names, int64_t asn,
                      struct gw_net *ret);
void gw_ref_mmdb_get(const MMDB_s *mmdb, const gw_ip *ip, struct gw_net *ret);
// Counts a row that breaks a rule; the first one is named.
void gw_ref_bad(struct gw_ref_note *note, int64_t row, gw_span what,
                const char *rule);
// text must have GW_JSON_PADDING readable bytes after it; free *ret_parser.
int gw_ref_json(gw_span text, struct gw_json **ret_parser, gw_jv *ret,
                struct gw_why *why) GW_MUSTCHECK;

// ---- all of them --------------------------------------------------------
struct gw_ref_series {
    size_t first, count; // in gw_refs.at
};
struct gw_ref_matcher;
struct gw_refs {
    struct gw_ref_snapshot **at; // by kind, series, dated, object
    size_t count;
    struct gw_ref_series *series;
    size_t kind_series[GW_KIND_COUNT + 1]; // where a kind's series begin
    struct gw_ref_matcher *matcher;
    char cc[26 * 26][2];
    bool sealed;
};
bool gw_ref_is_print(enum gw_kind kind);
int gw_ref_matcher_new(const struct gw_refs *r, struct gw_ref_matcher **ret,
                       struct gw_why *why) GW_MUSTCHECK;
void gw_ref_matcher_free(struct gw_ref_matcher *m);

#endif
