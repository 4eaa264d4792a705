// What Swift cannot import: OpenSSL's function-like macros, one wrapper each, and nothing else.
#ifndef FDL_COPENSSL_SHIM_H
#define FDL_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#endif
