// The facts of an X.509 certificate (RFC 5280), v1 to v3, read from its DER.
// Names become text exactly as python's cryptography writes them, because the
// published OONI tables are made with its rfc4514_string().
#include "wire/der.h"
#include "wire/wire.h"

enum {
    TEXT_MAX = 8 * GW_CERT_MAX, // a JSON escape makes six characters of one
    RDN_MAX = 256,              // relative distinguished names in a name
};

#define OID_COMMON_NAME      "\x55\x04\x03"
#define OID_UNIQUE_ID        "\x55\x04\x2d"
#define OID_SUBJECT_ALT_NAME "\x55\x1d\x11"

// Where texts are made: out holds the text, plain one value of an attribute.
struct maker {
    struct gw_buf out, plain;
    struct gw_arena *arena;
};

// The text made so far, moved to the arena; the next one starts empty.
static gw_span finish(struct maker *m)
{
    if (m->out.err)
        return (gw_span){0};
    gw_span s = gw_arena_copy(m->arena, gw_buf_span(&m->out));
    gw_buf_reset(&m->out);
    m->out.err = s.at ? 0 : GW_ENOMEM;
    return s;
}

// ---- names (RFC 4514) ---------------------------------------------------

static bool special(uint8_t c)
{
    switch (c) {
    case '\\':
    case '"':
    case '+':
    case ',':
    case ';':
    case '<':
    case '>':
    case 0: return true;
    default: return false;
    }
}

// RFC 4514 section 2.4: specials anywhere, '#' in front, blanks at both ends.
static void put_escaped(struct gw_buf *b, gw_span s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        bool edge =
            (c == ' ' && (i == 0 || i + 1 == s.len)) || (c == '#' && i == 0);
        if (!edge && !special(c))
            continue;
        gw_put(b, s.at + from, i - from);
        gw_put_str(b, c ? "\\" : "\\00");
        from = c ? i : i + 1;
    }
    gw_put(b, s.at + from, s.len - from);
}

struct attribute {
    gw_span type; // OBJECT IDENTIFIER
    struct gw_der value;
};

// AttributeTypeAndValue ::= SEQUENCE { type, value }
static bool next_attribute(struct gw_reader *set, struct attribute *ret)
{
    struct gw_reader r = gw_reader_on(gw_der_take(set, DER_SEQUENCE));
    ret->type = gw_der_take(&r, DER_OID);
    ret->value = gw_der_next(&r);
    return !set->err && !r.err && !gw_reader_left(&r);
}

// The short names of RFC 4514 section 3; every other type stays a number.
static bool put_type(struct gw_buf *b, gw_span oid)
{
    static const struct {
        const char *oid, *name;
    } known[] = {
        {OID_COMMON_NAME, "CN"},
        {"\x55\x04\x06", "C"},
        {"\x55\x04\x0a", "O"},
        {"\x55\x04\x0b", "OU"},
        {"\x55\x04\x07", "L"},
        {"\x55\x04\x08", "ST"},
        {"\x55\x04\x09", "STREET"},
        {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"},
        {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"},
    };
    for (size_t i = 0; i < GW_COUNT(known); i++)
        if (gw_is(oid, known[i].oid)) {
            gw_put_str(b, known[i].name);
            return true;
        }
    return gw_der_put_oid(b, oid);
}

// What is no text is given as the hex of its encoding (RFC 4514 section 2.4);
// of x500UniqueIdentifier, the one bit string python accepts, its contents.
static void put_raw(struct gw_buf *b, const struct attribute *a)
{
    bool bits = a->value.tag == DER_BIT_STRING && gw_is(a->type, OID_UNIQUE_ID);
    gw_span s = bits ? a->value.body : a->value.whole;
    uint8_t *text = s.len ? gw_buf_room(b, 2 * s.len + 2) : NULL;
    if (!text)
        return;
    text[0] = '#';
    gw_hex(s.at, s.len, (char *)text + 1);
    b->len += 2 * s.len + 1;
}

// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
static bool put_rdn(struct maker *m, gw_span rdn)
{
    struct gw_reader set = gw_reader_on(rdn);
    for (bool more = false; gw_reader_left(&set); more = true) {
        struct attribute a;
        if (!next_attribute(&set, &a))
            return false;
        if (more)
            gw_put_u8(&m->out, '+');
        if (!put_type(&m->out, a.type))
            return false;
        gw_put_u8(&m->out, '=');
        gw_span text = gw_der_text(a.value, &m->plain);
        if (text.at)
            put_escaped(&m->out, text);
        else
            put_raw(&m->out, &a);
    }
    return rdn.len > 0;
}

// Name ::= SEQUENCE OF RelativeDistinguishedName, last first (RFC 4514 2.1).
static bool put_name(struct maker *m, gw_span name)
{
    gw_span rdn[RDN_MAX];
    size_t n = 0;
    struct gw_reader r = gw_reader_on(name);
    while (gw_reader_left(&r) && n < RDN_MAX)
        rdn[n++] = gw_der_take(&r, DER_SET);
    if (r.err || gw_reader_left(&r))
        return false;
    for (size_t i = n; i > 0; i--) {
        if (i < n)
            gw_put_u8(&m->out, ',');
        if (!put_rdn(m, rdn[i - 1]))
            return false;
    }
    return true;
}

// The value of the first commonName, not escaped; false if there is none. The
// name is one that put_name has accepted.
static bool put_common_name(struct maker *m, gw_span name)
{
    struct gw_reader r = gw_reader_on(name);
    while (gw_reader_left(&r)) {
        struct gw_reader set = gw_reader_on(gw_der_take(&r, DER_SET));
        struct attribute a;
        while (gw_reader_left(&set) && next_attribute(&set, &a)) {
            if (!gw_is(a.type, OID_COMMON_NAME))
                continue;
            gw_span text = gw_der_text(a.value, &m->plain);
            gw_put_span(&m->out, text);
            if (!text.at)
                put_raw(&m->out, &a);
            return true;
        }
    }
    return false;
}

static bool read_name(struct maker *m, gw_span name, gw_span *ret_text,
                      gw_span *ret_common_name)
{
    if (!put_name(m, name))
        return false;
    *ret_text = finish(m);
    if (put_common_name(m, name))
        *ret_common_name = finish(m);
    return true;
}

// ---- numbers and times --------------------------------------------------

// CertificateSerialNumber: the hex of its magnitude, after "-" if it is below
// zero (RFC 5280 section 4.1.2.2 forbids that; it is met all the same).
static bool put_serial(struct gw_buf *b, gw_span s)
{
    bool minus = s.len && s.at[0] & 0x80;
    if (!s.len || (s.len > 1 && s.at[0] == (minus ? 0xff : 0) &&
                   (s.at[1] & 0x80) == (s.at[0] & 0x80)))
        return false; // X.690 section 8.3.2: not the fewest octets
    if (minus)
        gw_put_u8(b, '-');
    char *text = (char *)gw_buf_room(b, 2 * s.len + 1);
    if (!text)
        return true; // the buffer remembers
    unsigned carry = minus;
    for (size_t i = s.len; i > 0; i--) {
        unsigned v = minus ? (uint8_t)~s.at[i - 1] + carry : s.at[i - 1];
        uint8_t octet = (uint8_t)v;
        char digits[3];
        gw_hex(&octet, 1, digits);
        memcpy(text + 2 * (i - 1), digits, 2);
        carry = v >> 8;
    }
    size_t sign_only = s.len > 1 && text[0] == '0' && text[1] == '0';
    memmove(text, text + 2 * sign_only, 2 * (s.len - sign_only));
    b->len += 2 * (s.len - sign_only);
    return true;
}

static int month_days(int year, int month)
{
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? 28 + leap : 30 + ((month + month / 8) & 1);
}

// UTCTime or GeneralizedTime in the one form that RFC 5280 section 4.1.2.5
// allows: to the second, in Z. No value if it has another form, is no date, or
// is a date that gw_time cannot hold, as "99991231235959Z" for "no end".
static gw_time read_time(struct gw_der e)
{
    int f[7]; // century, year, month, day, hour, minute, second
    size_t n = e.tag == DER_UTC_TIME ? 6 : 7;
    if (e.body.len != 2 * n + 1 || e.body.at[2 * n] != 'Z')
        return GW_NEVER;
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        if (!gw_parse_uint(gw_sub(e.body, 2 * i, 2), 99, &v))
            return GW_NEVER;
        f[7 - n + i] = (int)v;
    }
    if (n == 6)
        f[0] = f[1] >= 50 ? 19 : 20;
    int year = f[0] * 100 + f[1];
    if (year < 1678 || year > 2261 || f[2] < 1 || f[2] > 12 || f[3] < 1 ||
        f[3] > month_days(year, f[2]) || f[4] > 23 || f[5] > 59 || f[6] > 59)
        return GW_NEVER;
    return gw_time_civil(year, f[2], f[3], f[4], f[5], f[6]);
}

static bool is_time(struct gw_der e)
{
    return e.tag == DER_UTC_TIME || e.tag == DER_GENERALIZED_TIME;
}

// Validity ::= SEQUENCE { notBefore Time, notAfter Time }
static bool read_validity(gw_span validity, struct gw_cert *c)
{
    struct gw_reader r = gw_reader_on(validity);
    struct gw_der from = gw_der_next(&r), until = gw_der_next(&r);
    if (r.err || gw_reader_left(&r) || !is_time(from) || !is_time(until))
        return false;
    c->not_before = read_time(from);
    c->not_after = read_time(until);
    return true;
}

// ---- extensions ---------------------------------------------------------

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }
// False if the list is broken or has this one twice (RFC 5280 section 4.2
// forbids it, and nobody can tell which is meant).
static bool find_extension(gw_span list, const char *oid, gw_span *ret_value)
{
    struct gw_reader outer = gw_reader_on(list);
    struct gw_reader all = gw_reader_on(gw_der_take(&outer, DER_SEQUENCE));
    while (gw_reader_left(&all)) {
        struct gw_reader r = gw_reader_on(gw_der_take(&all, DER_SEQUENCE));
        gw_span id = gw_der_take(&r, DER_OID), critical;
        gw_der_optional(&r, DER_BOOLEAN, &critical);
        gw_span value = gw_der_take(&r, DER_OCTET_STRING);
        bool wanted = gw_is(id, oid);
        if (r.err || gw_reader_left(&r) || (wanted && ret_value->at))
            return false;
        if (wanted)
            *ret_value = value;
    }
    return !all.err && !outer.err && !gw_reader_left(&outer);
}

// SubjectAltName ::= SEQUENCE OF GeneralName; a dNSName is [2] IA5String (RFC
// 5280 section 4.2.1.6).
static bool put_dns_names(struct gw_jw *w, gw_span san, int *ret_count)
{
    struct gw_reader outer = gw_reader_on(san);
    struct gw_reader names = gw_reader_on(gw_der_take(&outer, DER_SEQUENCE));
    while (gw_reader_left(&names)) {
        struct gw_der name = gw_der_next(&names);
        if (name.tag != DER_CONTEXT + 2)
            continue;
        if (!gw_is_utf8(name.body))
            return false;
        gw_jw_str(w, name.body);
        ++*ret_count;
    }
    return !outer.err && !names.err && !gw_reader_left(&outer);
}

// Broken extensions give no names, rather than the first few of them.
static gw_span read_san_list(struct maker *m, gw_span extensions,
                             int *ret_count)
{
    gw_span san = {0};
    struct gw_jw w = gw_jw_on(&m->out);
    gw_jw_open(&w, '[');
    size_t empty = m->out.len;
    if (extensions.at &&
        find_extension(extensions, OID_SUBJECT_ALT_NAME, &san) && san.at &&
        !put_dns_names(&w, san, ret_count)) {
        m->out.len = empty;
        *ret_count = 0;
    }
    gw_jw_close(&w, ']');
    return finish(m);
}

// ---- the certificate ----------------------------------------------------

struct parts {
    gw_span serial, validity, extensions;
    struct gw_der issuer, subject;
};

static bool is_version(gw_span v)
{
    struct gw_reader r = gw_reader_on(v);
    gw_span n = gw_der_take(&r, DER_INTEGER);
    return n.len == 1 && n.at[0] <= 2 && !gw_reader_left(&r);
}

// TBSCertificate (RFC 5280 section 4.1). Extensions are not looked into yet:
// what is wrong with them must not cost the other facts.
static bool split_tbs(struct gw_reader r, struct parts *p)
{
    gw_span passed;
    if (gw_der_optional(&r, DER_CONSTRUCTED + 0, &passed) &&
        !is_version(passed))
        return false;
    p->serial = gw_der_take(&r, DER_INTEGER);
    gw_der_take(&r, DER_SEQUENCE); // signature
    p->issuer = gw_der_next(&r);
    p->validity = gw_der_take(&r, DER_SEQUENCE);
    p->subject = gw_der_next(&r);
    gw_der_take(&r, DER_SEQUENCE);                 // subjectPublicKeyInfo
    gw_der_optional(&r, DER_CONTEXT + 1, &passed); // issuerUniqueID
    gw_der_optional(&r, DER_CONTEXT + 2, &passed); // subjectUniqueID
    gw_der_optional(&r, DER_CONSTRUCTED + 3, &p->extensions);
    return !r.err && !gw_reader_left(&r) && p->issuer.tag == DER_SEQUENCE &&
           p->subject.tag == DER_SEQUENCE;
}

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }
static int split(gw_span der, struct parts *p, struct gw_why *why)
{
    if (der.len > GW_CERT_MAX)
        return gw_fail(why, GW_ETOOBIG, "certificate: over %d bytes",
                       GW_CERT_MAX);
    struct gw_reader file = gw_reader_on(der);
    struct gw_reader r = gw_reader_on(gw_der_take(&file, DER_SEQUENCE));
    if (file.err == GW_EFEW)
        return gw_fail(why, GW_EFEW, "certificate: cut short");
    struct gw_reader tbs = gw_reader_on(gw_der_take(&r, DER_SEQUENCE));
    gw_der_take(&r, DER_SEQUENCE);
    gw_der_take(&r, DER_BIT_STRING);
    if (file.err || gw_reader_left(&file) || r.err || gw_reader_left(&r) ||
        !split_tbs(tbs, p))
        return gw_fail(why, GW_EFORMAT,
                       "certificate: structure (RFC 5280 section 4.1)");
    return 0;
}

static int read_parts(struct maker *m, const struct parts *p, struct gw_cert *c,
                      struct gw_why *why)
{
    const char *wrong = NULL;
    if (!put_serial(&m->out, p->serial))
        wrong = "serialNumber (RFC 5280 section 4.1.2.2)";
    c->serial_hex = finish(m);
    if (!read_name(m, p->issuer.body, &c->issuer, &c->issuer_common_name))
        wrong = "issuer (RFC 5280 section 4.1.2.4)";
    if (!read_validity(p->validity, c))
        wrong = "validity (RFC 5280 section 4.1.2.5)";
    if (!read_name(m, p->subject.body, &c->subject, &c->subject_common_name))
        wrong = "subject (RFC 5280 section 4.1.2.6)";
    if (wrong)
        return gw_fail(why, GW_EFORMAT, "certificate: %s", wrong);
    c->san_list = read_san_list(m, p->extensions, &c->san_count);
    c->self_issued = gw_eq(p->subject.whole, p->issuer.whole);
    int err = m->out.err ? m->out.err : m->plain.err;
    if (err)
        return gw_fail(why, err, "certificate: %s", gw_strerror(err));
    return 0;
}

int gw_cert_read(gw_span der, struct gw_arena *arena, struct gw_cert *ret_cert,
                 struct gw_why *why)
{
    struct parts p = {0};
    struct gw_cert c = {0};
    struct maker m = {.arena = arena};
    gw_buf_init(&m.out, TEXT_MAX);
    gw_buf_init(&m.plain, TEXT_MAX);
    int err = split(der, &p, why);
    if (!err)
        err = read_parts(&m, &p, &c, why);
    gw_buf_release(&m.out);
    gw_buf_release(&m.plain);
    if (!err)
        *ret_cert = c;
    return err;
}
