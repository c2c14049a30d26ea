#include "libs/testing/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace lmsmail {
namespace {

template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION, X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO, BIO_free_all>>;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "making a test certificate failed: %s\n", what);
  std::abort();
}

void AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  Require(extension != nullptr, value);
  Require(X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string Pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM");
  return Contents(bio.get());
}

std::string Pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PEM");
  return Contents(bio.get());
}

Key NewKey() {
  Key key(EVP_EC_gen("P-256"));
  Require(key != nullptr, "key");
  return key;
}

// Not signed yet.
X509Pointer NewCertificate(EVP_PKEY* key, const char* common_name) {
  static std::atomic<long> serial_number = 1;
  X509Pointer certificate(X509_new());
  Require(certificate != nullptr, "certificate");
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial_number++);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 60 * 60);
  X509_set_pubkey(x509, key);
  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  return certificate;
}

void Sign(X509* certificate, EVP_PKEY* key) {
  Require(X509_sign(certificate, key, EVP_sha256()) != 0, "signature");
}

}  // namespace

Certificate MakeSelfSignedCertificate() {
  const Key key = NewKey();
  const X509Pointer certificate = NewCertificate(key.get(), "localhost");
  AddExtension(certificate.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  Sign(certificate.get(), key.get());
  return {Pem(certificate.get()), Pem(key.get())};
}

struct CertificateAuthority::Identity {
  Key key = NewKey();
  X509Pointer certificate = NewCertificate(key.get(), "Test authority");
};

CertificateAuthority::CertificateAuthority() : identity_(std::make_unique<Identity>()) {
  AddExtension(identity_->certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  Sign(identity_->certificate.get(), identity_->key.get());
  pem_ = Pem(identity_->certificate.get());
}

CertificateAuthority::~CertificateAuthority() = default;

Certificate CertificateAuthority::Issue(const std::string& names) const {
  const Key key = NewKey();
  const X509Pointer certificate = NewCertificate(key.get(), "test");
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(identity_->certificate.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, names.c_str());
  Sign(certificate.get(), identity_->key.get());
  return {Pem(certificate.get()), Pem(key.get())};
}

}  // namespace lmsmail
