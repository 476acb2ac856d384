// A time stamping authority in memory: keys, certificates and stamps (RFC
// 3161), with what is to be wrong about them.
#ifndef GW_TSA_MAKE_H
#define GW_TSA_MAKE_H

#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "seal/seal.h"
#include "t.h"

struct tsa_options {
    const char *root;        // its name; NULL: "test root"
    const char *purpose;     // extended key usage; NULL: the right one
    int64_t begins, ends;    // of the certificate; 0: a minute around
    const char *time;        // of the stamp; NULL: TSA_TIME
    int imprint;             // NID of its digest; 0: SHA-256
    int version;             // 0: 1
    bool critical_extension; // one nobody knows
    bool no_certificate;     // the stamp leaves its certificate out
    bool other_certificate;  // the signed hash is that of another one
    int status;              // of the reply; over 1: it has no token
};
enum { TSA_YEAR = 365 * 86400 };
#define TSA_TIME  INT64_C(1577934245)
#define TSA_CLOCK "20200102030405Z"

struct tsa {
    EVP_PKEY *root_key, *key;
    X509 *root, *certificate;
    char root_pem[2048], certificate_pem[2048];
    uint8_t reply[4096], token[4096];
    size_t reply_len, token_len;
};

static inline void tsa_extension(X509 *c, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, c, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(c, e, -1), 1);
    X509_EXTENSION_free(e);
}

static inline X509 *tsa_certificate(const char *name, EVP_PKEY *key,
                                    int64_t begins, int64_t ends)
{
    X509 *c = X509_new();
    X509_NAME *subject = X509_get_subject_name(c);
    assert_true(X509_set_version(c, 2) && X509_set_pubkey(c, key) &&
                ASN1_INTEGER_set(X509_get_serialNumber(c), 77) &&
                ASN1_TIME_set(X509_getm_notBefore(c), (time_t)begins) &&
                ASN1_TIME_set(X509_getm_notAfter(c), (time_t)ends) &&
                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                           (const uint8_t *)name, -1, -1, 0));
    return c;
}

static inline size_t tsa_pem(X509 *c, char *ret, size_t cap)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text;
    assert_int_equal(PEM_write_bio_X509(out, c), 1);
    long len = BIO_get_mem_data(out, &text);
    assert_true(len > 0 && (size_t)len < cap);
    memcpy(ret, text, (size_t)len);
    ret[len] = 0;
    BIO_free(out);
    return (size_t)len;
}

static inline void tsa_certify(struct tsa *t, const struct tsa_options *o)
{
    t->root_key = EVP_EC_gen("P-256");
    t->key = EVP_EC_gen("P-256");
    t->root = tsa_certificate(o->root ? o->root : "test root", t->root_key,
                              TSA_TIME - TSA_YEAR, TSA_TIME + TSA_YEAR);
    tsa_extension(t->root, NID_basic_constraints, "critical,CA:TRUE");
    X509_set_issuer_name(t->root, X509_get_subject_name(t->root));
    assert_true(X509_sign(t->root, t->root_key, EVP_sha256()) > 0);
    t->certificate = tsa_certificate("test, the \u0645 authority", t->key,
                                     o->begins ? o->begins : TSA_TIME - 60,
                                     o->ends ? o->ends : TSA_TIME + 60);
    tsa_extension(t->certificate, NID_key_usage, "critical,digitalSignature");
    tsa_extension(t->certificate, NID_ext_key_usage,
                  o->purpose ? o->purpose : "critical,timeStamping");
    X509_set_issuer_name(t->certificate, X509_get_subject_name(t->root));
    assert_true(X509_sign(t->certificate, t->root_key, EVP_sha256()) > 0);
    tsa_pem(t->root, t->root_pem, sizeof t->root_pem);
    tsa_pem(t->certificate, t->certificate_pem, sizeof t->certificate_pem);
}

static inline void tsa_accuracy(TS_TST_INFO *info)
{
    TS_ACCURACY *a = TS_ACCURACY_new();
    ASN1_INTEGER *i = ASN1_INTEGER_new();
    assert_true(ASN1_INTEGER_set(i, 1) && TS_ACCURACY_set_seconds(a, i) &&
                ASN1_INTEGER_set(i, 500) && TS_ACCURACY_set_millis(a, i) &&
                ASN1_INTEGER_set(i, 1) && TS_ACCURACY_set_micros(a, i) &&
                TS_TST_INFO_set_accuracy(info, a));
    ASN1_INTEGER_free(i);
    TS_ACCURACY_free(a);
}

static inline void tsa_unknown_extension(TS_TST_INFO *info)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.99", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
    assert_int_equal(TS_TST_INFO_add_ext(info, e, -1), 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

static inline TS_TST_INFO *tsa_info(const struct gw_hash32 *hash,
                                    const struct tsa_options *o)
{
    const EVP_MD *md =
        EVP_get_digestbynid(o->imprint ? o->imprint : NID_sha256);
    uint8_t imprint[64] = {0};
    memcpy(imprint, hash->at, GW_HASH_LEN);
    TS_TST_INFO *info = TS_TST_INFO_new();
    TS_MSG_IMPRINT *i = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_new();
    X509_ALGOR_set_md(algorithm, md);
    assert_true(TS_TST_INFO_set_version(info, o->version ? o->version : 1) &&
                TS_TST_INFO_set_policy_id(info, policy) &&
                TS_MSG_IMPRINT_set_algo(i, algorithm) &&
                TS_MSG_IMPRINT_set_msg(i, imprint, EVP_MD_get_size(md)) &&
                TS_TST_INFO_set_msg_imprint(info, i) &&
                ASN1_INTEGER_set(serial, 0x1f2e3d) &&
                TS_TST_INFO_set_serial(info, serial) &&
                ASN1_STRING_set(time, o->time ? o->time : TSA_CLOCK, -1) &&
                TS_TST_INFO_set_time(info, time));
    tsa_accuracy(info);
    if (o->critical_extension)
        tsa_unknown_extension(info);
    ASN1_GENERALIZEDTIME_free(time);
    ASN1_INTEGER_free(serial);
    ASN1_OBJECT_free(policy);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(i);
    return info;
}

// RFC 5816: the hash of the certificate is signed as well.
static inline void tsa_bind(PKCS7_SIGNER_INFO *si, X509 *c)
{
    uint8_t der[512], *p = der;
    ESS_SIGNING_CERT_V2 *ess =
        OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), c, NULL, 0);
    int len = i2d_ESS_SIGNING_CERT_V2(ess, &p);
    ASN1_STRING *text = ASN1_STRING_new();
    assert_true(
        len > 0 && ASN1_STRING_set(text, der, len) &&
        PKCS7_add_signed_attribute(si, NID_id_smime_aa_signingCertificateV2,
                                   V_ASN1_SEQUENCE, text) &&
        PKCS7_add_signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                   OBJ_nid2obj(NID_id_smime_ct_TSTInfo)));
    ESS_SIGNING_CERT_V2_free(ess);
}

static inline PKCS7 *tsa_sign(struct tsa *t, TS_TST_INFO *info,
                              const struct tsa_options *o)
{
    PKCS7 *token = PKCS7_new(), *content = PKCS7_new();
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    content->type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
    content->d.other = ASN1_TYPE_new();
    ASN1_TYPE_set(content->d.other, V_ASN1_OCTET_STRING, octets);
    assert_true(PKCS7_set_type(token, NID_pkcs7_signed) &&
                PKCS7_set_content(token, content) &&
                ASN1_INTEGER_set(token->d.sign->version, 3));
    if (!o->no_certificate)
        assert_int_equal(PKCS7_add_certificate(token, t->certificate), 1);
    PKCS7_SIGNER_INFO *si =
        PKCS7_add_signature(token, t->certificate, t->key, EVP_sha256());
    assert_non_null(si);
    tsa_bind(si, o->other_certificate ? t->root : t->certificate);
    BIO *out = PKCS7_dataInit(token, NULL);
    assert_true(i2d_TS_TST_INFO_bio(out, info) && PKCS7_dataFinal(token, out));
    BIO_free_all(out);
    return token;
}

// Makes t->token and t->reply.
static inline void tsa_stamp(struct tsa *t, const struct gw_hash32 *hash,
                             const struct tsa_options *o)
{
    TS_TST_INFO *info = tsa_info(hash, o);
    PKCS7 *token = tsa_sign(t, info, o);
    TS_RESP *reply = TS_RESP_new();
    TS_STATUS_INFO *status = TS_STATUS_INFO_new();
    assert_true(TS_STATUS_INFO_set_status(status, o->status) &&
                TS_RESP_set_status_info(reply, status));
    uint8_t *p = t->token;
    t->token_len = (size_t)i2d_PKCS7(token, &p);
    if (o->status <= 1)
        TS_RESP_set_tst_info(reply, token, info); // takes both
    p = t->reply;
    t->reply_len = (size_t)i2d_TS_RESP(reply, &p);
    assert_true(t->token_len <= sizeof t->token &&
                t->reply_len <= sizeof t->reply);
    if (o->status > 1) {
        TS_TST_INFO_free(info);
        PKCS7_free(token);
    }
    TS_STATUS_INFO_free(status);
    TS_RESP_free(reply);
}

static inline void tsa_free(struct tsa *t)
{
    X509_free(t->root);
    X509_free(t->certificate);
    EVP_PKEY_free(t->root_key);
    EVP_PKEY_free(t->key);
}

#endif
