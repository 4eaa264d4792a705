// What Swift cannot import: OpenSSL's function-like macros, one wrapper each, and nothing else.
#ifndef FDL_COPENSSL_SHIM_H
#define FDL_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Names as RFC 4514 writes them, with UTF-8 as it is.
static const unsigned long fdl_XN_FLAG_RFC2253 = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

// Keys and certificates

static inline EVP_PKEY *fdl_new_P256_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

// TLS

static const uint64_t fdl_SSL_OP_NO_TICKET = SSL_OP_NO_TICKET;
static const uint64_t fdl_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t fdl_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t fdl_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t fdl_SSL_OP_PRIORITIZE_CHACHA = SSL_OP_PRIORITIZE_CHACHA;

static inline int fdl_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int fdl_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline void fdl_SSL_CTX_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void fdl_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int fdl_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int fdl_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *names) {
    return (int)SSL_CTX_set1_groups_list(context, names);
}
static inline void fdl_SSL_CTX_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline void fdl_SSL_CTX_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *)) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
}
/// OpenSSL frees `response`, which has to come from OPENSSL_malloc.
static inline int fdl_SSL_set_status_response(SSL *ssl, unsigned char *response, long length) {
    return (int)SSL_set_tlsext_status_ocsp_resp(ssl, response, length);
}
static inline void fdl_SSL_CTX_set_ticket_callback(
    SSL_CTX *context,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)
) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}
static inline int fdl_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline void fdl_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void fdl_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

#endif
