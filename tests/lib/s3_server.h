// A small S3 bucket for tests: ListObjectsV2 and GET with Range, If-Range and
// ETag over real HTTP on 127.0.0.1, with faults on demand.
#ifndef GW_S3_SERVER_H
#define GW_S3_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct s3_server;
struct s3_server *s3_start(void); // on a free port; NULL if it cannot
void s3_stop(struct s3_server *s);
const char *s3_url(const struct s3_server *s); // no '/' at its end

// Copies; an object of that key is replaced. etag NULL: the MD5 of the bytes.
void s3_put(struct s3_server *s, const char *key, const void *bytes, size_t len,
            const char *etag);
// Every file below path, its relative path the key.
bool s3_put_folder(struct s3_server *s, const char *path);
void s3_page_max(struct s3_server *s, int keys); // 1000 at first

enum s3_fault_kind {
    S3_STATUS,      // answers arg; text: Retry-After, or Location of a 3xx
    S3_CUT,         // breaks the connection after arg bytes of the body
    S3_LONGER,      // announces arg bytes too many, then ends
    S3_SHORTER,     // leaves the last arg bytes out, and says so
    S3_WRONG_BYTES, // one bit of the body is wrong
    S3_WRONG_ETAG,  // the ETag is text
    S3_SLOW,        // waits arg milliseconds before each piece of the body
    S3_NO_RANGES,   // sends all from byte arg on, whatever the Range
    S3_ANSWER,      // the body is text
};
struct s3_fault {
    enum s3_fault_kind kind;
    bool listing;      // of listings, else of objects
    const char *match; // part of the key, or of the prefix listed; NULL: any
    int times;         // then it is over; -1: never
    int64_t arg;
    const char *text; // borrowed
};
// Of the faults that match a request it meets the first; S3_SLOW and
// S3_NO_RANGES are met besides.
void s3_fault(struct s3_server *s, struct s3_fault fault);
void s3_heal(struct s3_server *s); // no faults any more

struct s3_counts {
    int listings, objects; // requests
    int peak;              // most requests at once
    uint64_t bytes;        // object bytes handed over
    char agent[64];        // the last User-Agent
    char if_range[112];    // the last If-Range of an object
};
struct s3_counts s3_counts(struct s3_server *s);
void s3_forget(struct s3_server *s); // counts from 0 again

#endif
