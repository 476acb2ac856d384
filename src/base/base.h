// base: memory, text, errors, time and files. Knows nothing of networks,
// evidence or law. Nothing here prints, exits or keeps global state.
#ifndef GW_BASE_H
#define GW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GW_MUSTCHECK    __attribute__((warn_unused_result))
#define GW_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define GW_COUNT(array) (sizeof(array) / sizeof *(array))

// ---- errors -------------------------------------------------------------
// Results: 0 or a count on success, a negative code on failure.
#define GW_ERRORS(X)                                                           \
    X(GW_ENOENT, -2, "no such file or record")                                 \
    X(GW_EIO, -5, "input or output failed")                                    \
    X(GW_ENOMEM, -12, "out of memory")                                         \
    X(GW_EEXIST, -17, "exists already")                                        \
    X(GW_ETOOBIG, -27, "over the stated limit")                                \
    X(GW_EFEW, -1001, "input ends too early")                                  \
    X(GW_EFORMAT, -1002, "input is not well-formed")                           \
    X(GW_EUNKNOWN, -1003, "not a format that is known here")                   \
    X(GW_EUSAGE, -1004, "the command line is not understood")                  \
    X(GW_ECORRUPT, -1005, "stored data is damaged")                            \
    X(GW_EREFUSED, -1006, "refused by rule")                                   \
    X(GW_EBUSY, -1007, "in use by another process")                            \
    X(GW_ENET, -1008, "the network or the other side failed")                  \
    X(GW_ECRASH, -1009, "the jailed parser died")                              \
    X(GW_EPROOF, -1010, "a proof or signature does not hold")                  \
    X(GW_EFORK, -1011, "two histories of one log")

enum gw_err {
    GW_OK = 0,
#define X(name, value, text) name = value,
    GW_ERRORS(X)
#undef X
};

// Text for any result code; never NULL, never allocated.
const char *gw_strerror(int code);

// Why something failed, in words that name the file, record and rule. Passed
// down as a nullable out-parameter; the first failure to write it is kept.
struct gw_why {
    int code;
    char text[480];
};
// Records code and text unless one is there already; returns code.
int gw_fail(struct gw_why *why, int code, const char *fmt, ...) GW_PRINTF(3, 4);
// Puts "prefix: " in front of the text that is there; returns why's code.
int gw_within(struct gw_why *why, const char *fmt, ...) GW_PRINTF(2, 3);

// ---- spans --------------------------------------------------------------
// A borrowed run of bytes: not NUL-terminated, not owned. at == NULL is "no
// value", which differs from an empty text.
typedef struct gw_span {
    const uint8_t *at;
    size_t len;
} gw_span;

static inline gw_span gw_span_of(const void *at, size_t len)
{
    return (gw_span){(const uint8_t *)at, len};
}
static inline gw_span gw_str(const char *s) // borrows s; NULL gives no value
{
    return s ? gw_span_of(s, strlen(s)) : (gw_span){0};
}
#define GW_LIT(s) ((gw_span){(const uint8_t *)("" s), sizeof(s) - 1})
#define GW_LIT_INIT(s)                                                         \
    {                                                                          \
        (const uint8_t *)("" s), sizeof(s) - 1                                 \
    } // for statics

static inline bool gw_eq(gw_span a, gw_span b)
{
    return a.len == b.len && (!a.len || memcmp(a.at, b.at, a.len) == 0);
}
static inline bool gw_is(gw_span a, const char *s)
{
    return gw_eq(a, gw_str(s));
}
bool gw_eq_nocase(gw_span a, gw_span b); // ASCII only
bool gw_starts(gw_span s, const char *prefix);
bool gw_ends(gw_span s, const char *suffix);
// Offset of needle at or after from, or -1.
int64_t gw_find(gw_span s, gw_span needle, size_t from);
int gw_cmp(gw_span a, gw_span b); // bytewise order, shorter first
gw_span gw_trim(gw_span s);       // ASCII blanks off both ends
gw_span gw_sub(gw_span s, size_t from, size_t len); // clipped to s
// Splits at the first sep: returns what is before it, advances *rest past it.
gw_span gw_cut(gw_span *rest, char sep);
// Whole span as decimal; false if empty, not digits, or above max.
bool gw_parse_uint(gw_span s, uint64_t max, uint64_t *ret_value);
bool gw_parse_int(gw_span s, int64_t *ret_value);
bool gw_parse_real(gw_span s, double *ret_value); // JSON/CSV number text
bool gw_is_utf8(gw_span s);
// Lower-case hex. gw_unhex fails on odd length or a non-hex digit.
void gw_hex(const uint8_t *at, size_t len, char *ret_text /* 2*len+1 */);
bool gw_unhex(gw_span s, uint8_t *ret_bytes /* s.len/2 */);
// For hash tables only: fast, seeded, not for evidence.
uint64_t gw_hash(gw_span s, uint64_t seed);

// ---- arenas -------------------------------------------------------------
// Everything taken from an arena dies at once, and it has a ceiling.
struct gw_arena;
struct gw_arena *gw_arena_new(size_t ceiling);
void *gw_arena_take(struct gw_arena *a, size_t len) GW_MUSTCHECK; // not zeroed
void *gw_arena_zero(struct gw_arena *a, size_t len) GW_MUSTCHECK;
// Array of n; NULL on overflow, ceiling or no memory. Zeroed.
void *gw_arena_take_n(struct gw_arena *a, size_t n, size_t size) GW_MUSTCHECK;
// Copies; at == NULL in the result means it could not.
gw_span gw_arena_copy(struct gw_arena *a, gw_span s) GW_MUSTCHECK;
char *gw_arena_cstr(struct gw_arena *a, gw_span s) GW_MUSTCHECK; // terminated
gw_span gw_arena_fmt(struct gw_arena *a, const char *fmt, ...) GW_PRINTF(2, 3);
// Empties the arena; its memory is kept for the next unit of work.
void gw_arena_reset(struct gw_arena *a);
size_t gw_arena_taken(const struct gw_arena *a);
void gw_arena_free(struct gw_arena *a);

// malloc/realloc/free for the few objects that outlive an arena. Other rooms
// call these, never malloc, so that faults can be injected in one place.
void *gw_new(size_t len) GW_MUSTCHECK;                        // zeroed
void *gw_resize(void *p, size_t n, size_t size) GW_MUSTCHECK; // checked n*size
void gw_free(void *p);

// ---- buffers ------------------------------------------------------------
// A growing run of bytes with a stated maximum and one sticky error: after a
// failure every put is a no-op; check err once at the end.
struct gw_buf {
    uint8_t *at;
    size_t len, cap, max;
    int err;
};
void gw_buf_init(struct gw_buf *b, size_t max);
void gw_buf_release(struct gw_buf *b);
static inline void gw_buf_reset(struct gw_buf *b)
{
    b->len = 0;
    b->err = 0;
}
// Room for len more bytes, or NULL with err set. Does not change b->len.
uint8_t *gw_buf_room(struct gw_buf *b, size_t len);
void gw_put(struct gw_buf *b, const void *at, size_t len);
void gw_put_span(struct gw_buf *b, gw_span s);
void gw_put_str(struct gw_buf *b, const char *s);
void gw_put_u8(struct gw_buf *b, uint8_t v);
void gw_put_u32le(struct gw_buf *b, uint32_t v);
void gw_put_u64le(struct gw_buf *b, uint64_t v);
void gw_put_varint(struct gw_buf *b, uint64_t v); // LEB128
void gw_put_fmt(struct gw_buf *b, const char *fmt, ...) GW_PRINTF(2, 3);
static inline gw_span gw_buf_span(const struct gw_buf *b)
{
    return gw_span_of(b->at, b->len);
}

// ---- reader -------------------------------------------------------------
// A reader with one sticky error: after the first failure every read gives 0.
struct gw_reader {
    gw_span in;
    size_t pos;
    int err;
};
struct gw_reader gw_reader_on(gw_span in);
uint8_t gw_read_u8(struct gw_reader *r);
uint16_t gw_read_u16be(struct gw_reader *r);
uint32_t gw_read_u32be(struct gw_reader *r);
uint32_t gw_read_u32le(struct gw_reader *r);
uint64_t gw_read_u64le(struct gw_reader *r);
uint64_t gw_read_varint(struct gw_reader *r);
gw_span gw_read_span(struct gw_reader *r, size_t len);
static inline size_t gw_reader_left(const struct gw_reader *r)
{
    return r->err ? 0 : r->in.len - r->pos;
}

// ---- time ---------------------------------------------------------------
// Nanoseconds since 1970-01-01 UTC, no leap seconds; GW_NEVER is "no value".
typedef int64_t gw_time;
#define GW_NEVER  INT64_MIN
#define GW_SECOND INT64_C(1000000000)
#define GW_DAY    (86400 * GW_SECOND)
gw_time gw_time_civil(int year, int month, int day, int hour, int min, int sec);
// "2024-02-12 20:33:47", with 'T' or blank, optional fraction, optional "Z" or
// +hh:mm; "2024-02-12" alone is midnight. Years 1970-2200. False otherwise.
bool gw_parse_time(gw_span s, gw_time *ret_time);
enum { GW_TIME_TEXT = 32 };
// "2024-02-12 20:33:47" plus ".ffffff" when there is a fraction. Returns len.
size_t gw_format_time(gw_time t, char *ret_text /* GW_TIME_TEXT */);
size_t gw_format_day(gw_time t, char *ret_text /* GW_TIME_TEXT */);
// The clock is passed in: commands hold one, tests set it.
struct gw_clock {
    gw_time fixed; // GW_NEVER: ask the system
};
gw_time gw_now(const struct gw_clock *clock);
uint64_t gw_tick(void); // monotonic nanoseconds, for progress and benches only

// A seeded generator (SplitMix64): same seed, same numbers, on any machine.
struct gw_rand {
    uint64_t state;
};
uint64_t gw_rand_next(struct gw_rand *r);
uint64_t gw_rand_below(struct gw_rand *r, uint64_t bound);
double gw_rand_unit(struct gw_rand *r); // [0, 1)

// ---- files --------------------------------------------------------------
// "path: cannot <doing>: <what errno says>", with the code that errno has here.
int gw_fail_errno(struct gw_why *why, const char *path, const char *doing);
// All of the bytes, however often that takes. False leaves errno set.
bool gw_write_all(int fd, gw_span bytes) GW_MUSTCHECK;
// Whole file into b (appended). The message names the path.
int gw_file_read(const char *path, struct gw_buf *b, struct gw_why *why);
// A file appears whole or not at all: temporary, fsync, rename, fsync folder.
// GW_EREFUSED: what is there, or what a link there leads to, is no regular file
// (a device, FIFO, socket or folder). A link to a regular file, or to nothing,
// is itself replaced; what it led to stays as it is.
int gw_file_write(const char *path, gw_span bytes, struct gw_why *why);
int gw_mkdirs(const char *path, struct gw_why *why);

// Calls fn for each regular file below path in bytewise order of name (path
// itself if it is a file); stops at the first non-zero result and returns it.
typedef int gw_walk_fn(void *ctx, const char *path);
int gw_walk(const char *path, gw_walk_fn *fn, void *ctx, struct gw_why *why);

#endif
