// Time stamps (RFC 3161) through OpenSSL: the request, and the reply with its
// signature, its certificate and the chain of that.
#include "seal/seal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum {
    STAMP_MAX = 256 << 10,
    PEM_MAX = 1 << 20,
    SERIAL_MAX = 32,                // bytes; RFC 3161 2.4.2 wants 20
    ACCURACY_MAX_SECONDS = 1 << 20, // no stamp is as vague as 12 days
};

// ---- the request --------------------------------------------------------
// RFC 3161 2.4.1 in DER: TimeStampReq { 1, { { sha256, NULL }, imprint },
// nonce, certReq TRUE }.
void gw_tsa_request(const struct gw_hash32 *imprint, uint64_t nonce,
                    struct gw_buf *ret)
{
    static const uint8_t middle[] = {
        0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
        0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    static const uint8_t want_certificate[] = {0x01, 0x01, 0xff};
    uint8_t number[9] = {0}; // a leading 0 keeps the sign off
    size_t skip = 0, len = 0;
    for (size_t i = 0; i < 8; i++)
        number[1 + i] = (uint8_t)(nonce >> (56 - 8 * i));
    while (skip < 8 && number[skip] == 0 && number[skip + 1] < 0x80)
        skip++;
    if (nonce)
        len = 2 + sizeof number - skip;
    gw_put_u8(ret, 0x30);
    gw_put_u8(ret, (uint8_t)(sizeof middle + GW_HASH_LEN + len +
                             sizeof want_certificate));
    gw_put(ret, middle, sizeof middle);
    gw_put(ret, imprint->at, GW_HASH_LEN);
    if (nonce) {
        gw_put_u8(ret, 0x02);
        gw_put_u8(ret, (uint8_t)(sizeof number - skip));
        gw_put(ret, number + skip, sizeof number - skip);
    }
    gw_put(ret, want_certificate, sizeof want_certificate);
}

// ---- the token ----------------------------------------------------------
static int fail(struct gw_why *why, int code, const char *rule)
{
    ERR_clear_error();
    return gw_fail(why, code, "time stamp: %s", rule);
}

// RFC 3161 2.4.2: what the status of a reply lets pass.
static PKCS7 *take_token(TS_RESP *reply, bool *ret_refused)
{
    int64_t status = -1;
    const TS_STATUS_INFO *info = TS_RESP_get_status_info(reply);
    bool told =
        ASN1_INTEGER_get_int64(&status, TS_STATUS_INFO_get0_status(info));
    *ret_refused = !told || (status != 0 && status != 1); // granted, with mods
    const PKCS7 *token = TS_RESP_get_token(reply);
    return token && !*ret_refused ? PKCS7_dup(token) : NULL;
}

// A reply, or only the token in it; nothing after it.
static int open_token(gw_span bytes, PKCS7 **ret, struct gw_why *why)
{
    const unsigned char *p = bytes.at, *end = p + bytes.len;
    bool refused = false;
    TS_RESP *reply = d2i_TS_RESP(NULL, &p, (long)bytes.len);
    if (reply && p == end)
        *ret = take_token(reply, &refused);
    TS_RESP_free(reply);
    if (refused)
        return fail(why, GW_EPROOF, "the authority refused to make one");
    if (*ret)
        return 0;
    p = bytes.at;
    *ret = d2i_PKCS7(NULL, &p, (long)bytes.len);
    return *ret && p == end
               ? 0
               : fail(why, GW_EFORMAT, "not an RFC 3161 reply or token");
}

// Whole seconds, rounded down. RFC 3161 2.4.2: UTC, "Z" at its end.
static bool read_time(const ASN1_GENERALIZEDTIME *t, int64_t *ret)
{
    struct tm tm;
    int len = ASN1_STRING_length(t);
    const unsigned char *text = ASN1_STRING_get0_data(t);
    if (len < 15 || text[len - 1] != 'Z' || ASN1_TIME_to_tm(t, &tm) != 1 ||
        tm.tm_year < 70 || tm.tm_year > 300)
        return false;
    *ret = gw_time_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec) /
           GW_SECOND;
    return true;
}

static bool read_part(const ASN1_INTEGER *part, int64_t max, int64_t *ret)
{
    *ret = 0;
    return !part ||
           (ASN1_INTEGER_get_int64(ret, part) && *ret >= 0 && *ret <= max);
}

// In milliseconds, rounded up: what is said must not be narrower.
static bool read_accuracy(TS_TST_INFO *info, int64_t *ret)
{
    int64_t seconds, milli, micro;
    const TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);
    *ret = 0;
    if (!a)
        return true;
    if (!read_part(TS_ACCURACY_get_seconds(a), ACCURACY_MAX_SECONDS,
                   &seconds) ||
        !read_part(TS_ACCURACY_get_millis(a), 999, &milli) ||
        !read_part(TS_ACCURACY_get_micros(a), 999, &micro))
        return false;
    *ret = seconds * 1000 + milli + (micro > 0);
    return true;
}

static int read_info(TS_TST_INFO *info, struct gw_tsa_stamp *ret,
                     struct gw_why *why)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const ASN1_OBJECT *algorithm = NULL;
    X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    const ASN1_OCTET_STRING *digest = TS_MSG_IMPRINT_get_msg(imprint);
    const ASN1_INTEGER *serial = TS_TST_INFO_get_serial(info);
    if (TS_TST_INFO_get_version(info) != 1)
        return fail(why, GW_EUNKNOWN, "a version that is not known here");
    if (TS_TST_INFO_get_ext_by_critical(info, 1, -1) >= 0)
        return fail(why, GW_EUNKNOWN, "a critical extension");
    if (OBJ_obj2nid(algorithm) != NID_sha256 ||
        ASN1_STRING_length(digest) != GW_HASH_LEN)
        return fail(why, GW_EFORMAT, "not of a SHA-256");
    if (ASN1_STRING_length(serial) > SERIAL_MAX ||
        ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
        return fail(why, GW_EFORMAT, "no serial number");
    if (!read_time(TS_TST_INFO_get_time(info), &ret->posix))
        return fail(why, GW_EFORMAT, "no time");
    if (!read_accuracy(info, &ret->accuracy_ms))
        return fail(why, GW_EFORMAT, "no accuracy");
    memcpy(ret->imprint.at, ASN1_STRING_get0_data(digest), GW_HASH_LEN);
    gw_hex(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial),
           ret->serial);
    return 0;
}

// ---- certificates -------------------------------------------------------
// PEM may say that it is encrypted; nobody is to be asked for a password.
static int no_password(char *at, int len, int writes, void *ctx)
{
    (void)at, (void)len, (void)writes, (void)ctx;
    return -1;
}

static int read_pem(gw_span text, STACK_OF(X509) * ret, struct gw_why *why)
{
    if (!text.len)
        return 0;
    if (text.len > PEM_MAX)
        return fail(why, GW_ETOOBIG, "too many certificates");
    BIO *in = BIO_new_mem_buf(text.at, (int)text.len);
    if (!in)
        return fail(why, GW_ENOMEM, "out of memory");
    X509 *one;
    int rc = 0;
    while (!rc && (one = PEM_read_bio_X509(in, NULL, no_password, NULL)))
        if (!sk_X509_push(ret, one)) {
            X509_free(one);
            rc = fail(why, GW_ENOMEM, "out of memory");
        }
    // The last look finds no further one, which is how the end is told.
    unsigned long last = ERR_peek_last_error();
    bool ended = ERR_GET_LIB(last) == ERR_LIB_PEM &&
                 ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    if (!rc && (!ended || !sk_X509_num(ret)))
        rc = fail(why, GW_EFORMAT, "certificates that are not PEM");
    ERR_clear_error();
    BIO_free(in);
    return rc;
}

// The one certificate that made the signature, from inside or from beside.
static X509 *find_signer(PKCS7 *token, STACK_OF(X509) * beside)
{
    STACK_OF(X509) *signers = PKCS7_get0_signers(token, beside, 0);
    X509 *one =
        signers && sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
    sk_X509_free(signers);
    return one;
}

// What counts as trusted, at the time of the stamp: the roots, or without
// roots the signer itself, so that all but the chain is checked.
static X509_STORE *make_store(STACK_OF(X509) * roots, X509 *signer,
                              int64_t posix)
{
    X509_STORE *store = X509_STORE_new();
    if (!store)
        return NULL;
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    bool ok = true;
    X509_VERIFY_PARAM_set_time(param, (time_t)posix);
    if (sk_X509_num(roots) == 0)
        ok = X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) &&
             X509_STORE_add_cert(store, signer);
    for (int i = 0; i < sk_X509_num(roots) && ok; i++)
        ok = X509_STORE_add_cert(store, sk_X509_value(roots, i));
    if (!ok) {
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

// RFC 4514, anything but printable ASCII escaped.
static bool name_signer(X509 *signer, struct gw_tsa_stamp *ret)
{
    BIO *out = BIO_new(BIO_s_mem());
    bool ok = out && X509_NAME_print_ex(out, X509_get_subject_name(signer), 0,
                                        XN_FLAG_RFC2253) >= 0;
    char *text = NULL;
    long len = ok ? BIO_get_mem_data(out, &text) : 0;
    snprintf(ret->authority, sizeof ret->authority, "%.*s", (int)len,
             len ? text : "");
    BIO_free(out);
    return ok;
}

// TS_RESP_verify_signature checks: one signer; his certificate's purpose (a
// critical extended key usage of time stamping and no other); the chain; the
// certificate's hash among the signed attributes (RFC 5035); the signature
// over those and over TSTInfo.
static int check_signature(PKCS7 *token, STACK_OF(X509) * beside,
                           STACK_OF(X509) * roots, struct gw_tsa_stamp *ret,
                           struct gw_why *why)
{
    X509 *signer = find_signer(token, beside), *by = NULL;
    if (!signer)
        return fail(why, GW_EPROOF, "not signed by one certificate at hand");
    X509_STORE *store = make_store(roots, signer, ret->posix);
    if (!store)
        return fail(why, GW_ENOMEM, "out of memory");
    int rc = 0;
    if (TS_RESP_verify_signature(token, beside, store, &by) != 1) {
        const char *why_not = ERR_reason_error_string(ERR_peek_last_error());
        rc = fail(why, GW_EPROOF,
                  why_not ? why_not : "its signature does not hold");
    } else if (!name_signer(by, ret)) {
        rc = fail(why, GW_EFORMAT, "its authority has no name");
    }
    ret->trusted = !rc && sk_X509_num(roots) > 0;
    X509_free(by);
    X509_STORE_free(store);
    return rc;
}

static int read_token(PKCS7 *token, gw_span certificates, gw_span roots,
                      struct gw_tsa_stamp *ret, struct gw_why *why)
{
    STACK_OF(X509) *beside = sk_X509_new_null(), *trusted = sk_X509_new_null();
    TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
    int rc = 0;
    if (!beside || !trusted)
        rc = fail(why, GW_ENOMEM, "out of memory");
    else if (!info)
        rc = fail(why, GW_EFORMAT, "not an RFC 3161 reply or token");
    rc = rc ? rc : read_info(info, ret, why);
    rc = rc ? rc : read_pem(certificates, beside, why);
    rc = rc ? rc : read_pem(roots, trusted, why);
    rc = rc ? rc : check_signature(token, beside, trusted, ret, why);
    TS_TST_INFO_free(info);
    sk_X509_pop_free(beside, X509_free);
    sk_X509_pop_free(trusted, X509_free);
    return rc;
}

int gw_tsa_read(gw_span bytes, gw_span certificates, gw_span roots,
                struct gw_tsa_stamp *ret, struct gw_why *why)
{
    struct gw_tsa_stamp stamp = {.trusted = false};
    if (!bytes.len)
        return gw_fail(why, GW_EFEW, "time stamp: empty");
    if (bytes.len > STAMP_MAX)
        return gw_fail(why, GW_ETOOBIG, "time stamp: over %d bytes", STAMP_MAX);
    ERR_clear_error();
    PKCS7 *token = NULL;
    int rc = open_token(bytes, &token, why);
    rc = rc ? rc : read_token(token, certificates, roots, &stamp, why);
    PKCS7_free(token);
    ERR_clear_error();
    if (!rc)
        *ret = stamp;
    return rc;
}
