// Certificates put together element by element, for tests of what openssl would
// not make. Names, validity and serial number are filled in where left out.
#ifndef GW_CERT_MAKE_H
#define GW_CERT_MAKE_H

#include <stdio.h>

#include "t.h"
#include "wire/wire.h"

static inline gw_span join(struct gw_arena *a, const gw_span *parts, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += parts[i].len;
    uint8_t *p = gw_arena_take(a, len + 1), *at = p;
    assert_non_null(p);
    for (size_t i = 0; i < n; at += parts[i].len, i++)
        if (parts[i].len)
            memcpy(at, parts[i].at, parts[i].len);
    return gw_span_of(p, len);
}

static inline gw_span element(struct gw_arena *a, uint8_t tag,
                              const gw_span *parts, size_t n)
{
    gw_span body = join(a, parts, n);
    uint8_t head[6] = {tag, (uint8_t)body.len};
    size_t octets = body.len < 0x80      ? 0
                    : body.len < 0x100   ? 1
                    : body.len < 0x10000 ? 2
                                         : 3;
    if (octets)
        head[1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        head[2 + i] = (uint8_t)(body.len >> 8 * (octets - 1 - i));
    return join(a, (gw_span[]){gw_span_of(head, 2 + octets), body}, 2);
}

// These take their memory from the arena a of the function they stand in.
#define ELEMENT(tag, ...)                                                      \
    element(a, tag, (gw_span[]){__VA_ARGS__},                                  \
            GW_COUNT(((gw_span[]){__VA_ARGS__})))
#define SEQ(...)     ELEMENT(0x30, __VA_ARGS__)
#define SET(...)     ELEMENT(0x31, __VA_ARGS__)
#define NOTHING      ((gw_span){0})
#define CN           GW_LIT("\x55\x04\x03")
#define ORGANIZATION GW_LIT("\x55\x04\x0a")
#define SAN          GW_LIT("\x55\x1d\x11")

static inline gw_span attribute(struct gw_arena *a, gw_span type, uint8_t tag,
                                gw_span value)
{
    return SEQ(ELEMENT(6, type), ELEMENT(tag, value));
}

static inline gw_span name_of(struct gw_arena *a, gw_span type, uint8_t tag,
                              gw_span value)
{
    return SEQ(SET(attribute(a, type, tag, value)));
}

struct recipe {
    gw_span serial, issuer, validity, subject, extensions;
};

static inline gw_span bake(struct gw_arena *a, struct recipe r)
{
    gw_span algorithm = SEQ(ELEMENT(6, GW_LIT("\x2b\x65\x70")));
    gw_span bits = ELEMENT(3, GW_LIT("\0key or signature"));
    gw_span time = ELEMENT(0x17, GW_LIT("240212203347Z"));
    if (!r.serial.at)
        r.serial = GW_LIT("\x01");
    if (!r.issuer.at)
        r.issuer = name_of(a, CN, 12, GW_LIT("issuer"));
    if (!r.validity.at)
        r.validity = SEQ(time, time);
    if (!r.subject.at)
        r.subject = name_of(a, CN, 12, GW_LIT("subject"));
    return SEQ(SEQ(ELEMENT(0xa0, ELEMENT(2, GW_LIT("\x02"))),
                   ELEMENT(2, r.serial), algorithm, r.issuer, r.validity,
                   r.subject, SEQ(algorithm, bits), r.extensions),
               algorithm, bits);
}

static inline struct gw_cert read_cert(struct gw_arena *a, gw_span der)
{
    struct gw_cert c = {0};
    struct gw_why why = {0};
    int err = gw_cert_read(der, a, &c, &why);
    if (err)
        fail_msg("%s", why.text);
    return c;
}

static inline void refused(struct gw_arena *a, gw_span der, int code)
{
    struct gw_cert c;
    struct gw_why why = {0};
    assert_int_equal(gw_cert_read(der, a, &c, &why), code);
    assert_int_equal(why.code, code);
    assert_int_equal(strncmp(why.text, "certificate: ", 13), 0);
}

static inline void is(gw_span got, const char *want)
{
    if (!want) {
        assert_null(got.at);
        return;
    }
    if (!got.at || !gw_is(got, want))
        fail_msg("got '%.*s', want '%s'", (int)got.len, (const char *)got.at,
                 want);
}

static inline int open_arena(void **state)
{
    *state = gw_arena_new(32 << 20);
    return *state ? 0 : -1;
}

static inline int close_arena(void **state)
{
    gw_arena_free(*state);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

#endif
