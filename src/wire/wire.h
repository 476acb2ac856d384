// wire: formats that others speak. Bytes in, values out: no files, no sockets,
// no clock. Everything here takes hostile input and has a fuzz target.
#ifndef GW_WIRE_H
#define GW_WIRE_H

#include "base/base.h"

// Ceilings of this room.
enum {
    GW_JSON_MAX = 64 << 20, // one JSON document
    GW_JSON_PADDING = 64,   // readable bytes wanted after a document
    GW_YAML_MAX = 16 << 20, // one YAML document
    GW_CSV_FIELD_MAX = 1 << 20,
    GW_CSV_COLUMNS_MAX = 512,
    GW_CERT_MAX = 64 << 10,
    GW_NEST_MAX = 4, // containers inside containers
};

// ---- JSON (RFC 8259), read through simdjson -----------------------------
// One parser per thread; the values of a parse live until the next one.
struct gw_json;
struct gw_json *gw_json_new(void);
void gw_json_free(struct gw_json *p);

// A value: an index into the parser's tape. Copied freely. {0} is "absent",
// and every accessor accepts it and any other type: it then gives "no value".
typedef struct gw_jv {
    const uint64_t *tape;
    const uint8_t *strings;
    uint32_t at;
} gw_jv;

// Parses one document. GW_JSON_PADDING bytes after it must be readable (their
// content does not matter). GW_EFORMAT names the rule that it breaks.
int gw_json_parse(struct gw_json *p, gw_span text, gw_jv *ret_value,
                  struct gw_why *why) GW_MUSTCHECK;

// 0 absent, else '{' '[' '"' 'l' int64 'u' uint64 'd' double 't' 'f' 'n' null.
static inline char gw_jv_type(gw_jv v)
{
    return v.tape ? (char)(uint8_t)(v.tape[v.at] >> 56) : 0;
}
static inline bool gw_jv_has(gw_jv v) // present and not null
{
    return v.tape && gw_jv_type(v) != 'n';
}
static inline uint32_t gw_jv_end(gw_jv v) // tape index after v
{
    switch (gw_jv_type(v)) {
    case '{':
    case '[': return (uint32_t)v.tape[v.at];
    case 'l':
    case 'u':
    case 'd': return v.at + 2;
    default: return v.at + 1;
    }
}
// Unescaped text, borrowed from the parser; at == NULL if v is no string.
static inline gw_span gw_jv_str(gw_jv v)
{
    if (gw_jv_type(v) != '"')
        return (gw_span){0};
    const uint8_t *p = v.strings + (v.tape[v.at] & UINT64_C(0xffffffffffffff));
    uint32_t len;
    memcpy(&len, p, sizeof len);
    return gw_span_of(p + sizeof len, len);
}
// Iterates members or items:
//   for (gw_jit i = gw_jv_iter(v); gw_jit_next(&i);) use i.key and i.value
// key has at == NULL for items of an array. Not a container: no turns.
typedef struct gw_jit {
    gw_jv value, next;
    gw_span key;
    uint32_t end;
    bool object;
} gw_jit;
static inline gw_jit gw_jv_iter(gw_jv v)
{
    gw_jit it = {0};
    char t = gw_jv_type(v);
    if (t == '{' || t == '[') {
        it.next = (gw_jv){v.tape, v.strings, v.at + 1};
        it.end = (uint32_t)v.tape[v.at] - 1;
        it.object = t == '{';
    }
    return it;
}
static inline bool gw_jit_next(gw_jit *it)
{
    if (!it->next.tape || it->next.at >= it->end)
        return false;
    if (it->object) {
        it->key = gw_jv_str(it->next);
        it->next.at++;
    }
    it->value = it->next;
    it->next.at = gw_jv_end(it->value);
    return true;
}
// First member of that name; absent if none or v is no object.
gw_jv gw_jv_find(gw_jv v, const char *key, size_t len);
static inline gw_jv gw_jv_get(gw_jv v, const char *key)
{
    return gw_jv_find(v, key, strlen(key));
}
// Several members in one walk: ret_values[i] is the first member of names[i]
// (absent if none). Fast where members stand in the order of the names.
void gw_jv_pick(gw_jv v, const gw_span *names, size_t n, gw_jv *ret_values);
gw_jv gw_jv_at(gw_jv v, size_t index); // item of an array
size_t gw_jv_count(gw_jv v);
// Numbers; a fraction is cut by int. False if v is no number or out of range.
bool gw_jv_int(gw_jv v, int64_t *ret_value);
bool gw_jv_real(gw_jv v, double *ret_value);
int gw_jv_bool(gw_jv v); // 1, 0, or -1 if v is no boolean

// Writes JSON; commas and escapes are its business. Text that is not UTF-8 is
// written as {"format":"base64","data":"..."}, the field's own convention.
struct gw_jw {
    struct gw_buf *out;
    uint32_t depth;
    uint64_t has_item; // one bit a level
    bool after_key;
};
struct gw_jw gw_jw_on(struct gw_buf *out);
void gw_jw_open(struct gw_jw *w, char bracket);  // '{' or '['
void gw_jw_close(struct gw_jw *w, char bracket); // '}' or ']'
void gw_jw_key(struct gw_jw *w, const char *key);
void gw_jw_key_span(struct gw_jw *w, gw_span key);
void gw_jw_str(struct gw_jw *w, gw_span s); // at == NULL writes null
void gw_jw_int(struct gw_jw *w, int64_t v);
void gw_jw_real(struct gw_jw *w,
                double v); // shortest that reads back; NaN null
void gw_jw_bool(struct gw_jw *w, bool v);
void gw_jw_null(struct gw_jw *w);
void gw_jw_raw(struct gw_jw *w, gw_span json); // already JSON
void gw_jw_value(struct gw_jw *w, gw_jv v);    // copies a parsed value
// The same in one call: key and value.
void gw_jw_kstr(struct gw_jw *w, const char *key, gw_span s);
void gw_jw_kint(struct gw_jw *w, const char *key, int64_t v);

// RFC 8785 of a JSON text: members sorted by UTF-16 code units, no blanks,
// least escapes. Integers of at most 53 bits only: any other number, a member
// twice, a lone surrogate are GW_EFORMAT. Appends.
int gw_json_canonical(struct gw_json *parser, gw_span json, struct gw_buf *ret,
                      struct gw_why *why) GW_MUSTCHECK;

// ---- base64 (RFC 4648) --------------------------------------------------
// Decodes standard alphabet, blanks skipped, padding optional. Returns the
// number of bytes or GW_EFORMAT; ret_bytes holds at least 3*(s.len/4)+3.
int64_t gw_base64_decode(gw_span s, uint8_t *ret_bytes);
void gw_base64_put(struct gw_buf *b, gw_span bytes);

// ---- containers and compression -----------------------------------------
// Turns a file into its leaf bytes, whatever wraps them: gzip, zstd, lz4
// frame, bzip2, tar (also inside any of them, up to GW_NEST_MAX deep), told by
// content and never by name. Streaming: memory does not grow with the file.
// Positions count leaf bytes of all members in order: for a lone gzip file the
// offset in the uncompressed text, so that a stranger can find a record with
// zcat and tail.
typedef int64_t gw_source_fn(void *ctx, uint8_t *bytes, size_t len);
// A source gives up to len bytes, 0 at the end, a negative code on failure.
struct gw_unpack;
struct gw_unpack *gw_unpack_new(gw_source_fn *source, void *ctx);
void gw_unpack_free(struct gw_unpack *u);
struct gw_leaf {
    const char *name;      // path in the tar, "" for a lone file; borrowed
    const char *container; // outermost first: "", "gzip", "lz4+tar", ...
    int64_t start;         // position of the leaf's first byte
};
// Starts the next leaf: 1, 0 at the end, negative on failure. What the current
// leaf has left is passed over. Members that are no regular file are skipped.
int gw_unpack_leaf(struct gw_unpack *u, struct gw_leaf *ret_leaf,
                   struct gw_why *why) GW_MUSTCHECK;
// Bytes of the current leaf: 1..len, 0 at its end, or negative. A stream cut
// short is GW_EFEW, damage GW_EFORMAT, after the bytes before it were given.
int64_t gw_unpack_read(struct gw_unpack *u, uint8_t *bytes, size_t len,
                       struct gw_why *why) GW_MUSTCHECK;

// ---- CSV (RFC 4180) -----------------------------------------------------
// Streaming: feed bytes, take rows. Quoted fields may hold line ends; CRLF, LF
// and lone CR all end a row.
struct gw_csv;
struct gw_csv *gw_csv_new(char separator);
void gw_csv_free(struct gw_csv *c);
// Hands over the next bytes (borrowed until all its rows were taken).
void gw_csv_feed(struct gw_csv *c, gw_span bytes, bool last);
// 1: a row, its fields borrowed until the next call; 0: feed more (or the end
// if the last bytes were fed); negative: the row is broken (too many columns,
// field too long, text after a quote) and the next call goes on after it.
// ret_offset: position of the row's first byte since gw_csv_new.
int gw_csv_row(struct gw_csv *c, const gw_span **ret_fields, size_t *ret_count,
               int64_t *ret_offset, struct gw_why *why) GW_MUSTCHECK;
void gw_csv_put(struct gw_buf *b, gw_span field); // quoted where it must be

// ---- YAML, as OONI reports of 2012-2016 used it -------------------------
// Documents one after another. Each becomes JSON text that means the same:
// !!binary and text that is no UTF-8 become {"format":"base64",...}, !!set a
// list, python tags their plain value, timestamps text.
struct gw_yaml;
struct gw_yaml *gw_yaml_new(gw_source_fn *source, void *ctx);
void gw_yaml_free(struct gw_yaml *y);
// 1: a document, with its position and length in the source; 0: the end;
// negative: broken; for GW_EFORMAT the next call resumes at the next "---".
int gw_yaml_next(struct gw_yaml *y, struct gw_buf *json, int64_t *ret_offset,
                 int64_t *ret_len, struct gw_why *why) GW_MUSTCHECK;

// ---- X.509 (RFC 5280) ---------------------------------------------------
// The facts of one certificate. Names as RFC 4514 text (as OpenSSL's
// XN_FLAG_RFC2253 and python's rfc4514_string order them: last RDN first).
struct gw_cert {
    gw_span subject, subject_common_name, issuer, issuer_common_name;
    gw_span san_list;   // JSON array of dNSName texts
    gw_span serial_hex; // lower case
    gw_time not_before, not_after;
    bool self_issued;
    int san_count;
};
// Reads DER; texts are taken from the arena. Nothing is verified.
int gw_cert_read(gw_span der, struct gw_arena *arena, struct gw_cert *ret_cert,
                 struct gw_why *why) GW_MUSTCHECK;

// ---- names and addresses ------------------------------------------------
typedef struct gw_ip {
    uint8_t bytes[16]; // IPv4 as ::ffff:a.b.c.d
    bool v6;
} gw_ip;
// Strict dotted quad or RFC 4291 text (zone refused, brackets not accepted).
bool gw_ip_parse(gw_span s, gw_ip *ret_ip);
enum { GW_IP_TEXT = 46 };
size_t gw_ip_format(const gw_ip *ip, char *ret_text); // RFC 5952
// Not globally reachable (IANA special-purpose registries), so no public site
// can live there. ::ffff:a.b.c.d is judged by its IPv4 address; 6to4 and
// Teredo by the address embedded in them.
bool gw_ip_is_bogon(const gw_ip *ip);
bool gw_ip_is_loopback(const gw_ip *ip);
// "1.2.3.4:443", "[::1]:443", "host:443"; false if there is no valid port.
bool gw_split_endpoint(gw_span s, gw_span *ret_host, uint16_t *ret_port);
// A host name in the form in which it is compared: lower case, A-labels
// (IDNA 2008 with the UTS 46 mapping), no final dot; an address in its
// shortest form. Falls back to ASCII lower case for what IDNA refuses.
// The result is borrowed from the arena (or from s when nothing changes).
gw_span gw_host_normal(gw_span s, struct gw_arena *arena);
struct gw_url {
    gw_span scheme, host, path; // host without brackets, as written
    int32_t port;               // given, or the scheme's; -1 unknown
};
bool gw_url_parse(gw_span s, struct gw_url *ret_url); // RFC 3986, borrowed
// Registrable domain by the Public Suffix List built into libpsl; the host
// itself where there is none. Host must be normal.
gw_span gw_registrable(gw_span host);

// ---- many patterns in one pass ------------------------------------------
enum gw_pattern_kind {
    GW_PATTERN_CONTAINS,
    GW_PATTERN_PREFIX,
    GW_PATTERN_FULL,
    GW_PATTERN_REGEXP, // searched anywhere; dot matches newline (as RE2 dot_nl)
};
struct gw_pattern {
    enum gw_pattern_kind kind;
    gw_span text;
};
struct gw_patterns; // immutable after gw_patterns_new; shared by threads
struct gw_patterns_scratch; // one per thread
enum gw_engine { GW_ENGINE_BEST, GW_ENGINE_HYPERSCAN, GW_ENGINE_AUTOMATON };
// Compiles; a pattern that is not accepted is named in why and is fatal.
struct gw_patterns *gw_patterns_new(const struct gw_pattern *list, size_t n,
                                    enum gw_engine engine, struct gw_why *why);
void gw_patterns_free(struct gw_patterns *p);
struct gw_patterns_scratch *
gw_patterns_scratch_new(const struct gw_patterns *p);
void gw_patterns_scratch_free(struct gw_patterns_scratch *s);
// Indices of the patterns found in s, ascending, each once; at most max are
// written, and the count found is returned (negative on failure).
int64_t gw_patterns_match(const struct gw_patterns *p,
                          struct gw_patterns_scratch *scratch, gw_span s,
                          uint32_t *ret_indices, size_t max);

#endif
