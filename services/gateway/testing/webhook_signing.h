#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libs/hash/sha256.h"
#include "libs/strings/encoding.h"

namespace lmsmail::gateway {

// With padding.
inline std::string Base64(std::string_view octets) {
  std::string text(4 * ((octets.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(octets.data()),
                  static_cast<int>(octets.size()));
  return text;
}

// Signs as SendGrid does, with a new key.
class SendgridSigner {
 public:
  explicit SendgridSigner(const char* curve = "P-256") : key_(EVP_EC_gen(curve), &EVP_PKEY_free) {}

  // With a private key in PEM.
  static SendgridSigner FromPem(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    SendgridSigner signer;
    signer.key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr),
                      &EVP_PKEY_free);
    return signer;
  }

  // As it is configured.
  std::string PublicKey() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return Base64(text);
  }
  std::string Sign(std::string_view timestamp, std::string_view body) const {
    const std::string octets = std::string(timestamp) + std::string(body);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    std::string signature(100, '\0');
    std::size_t size = signature.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(octets.data()), octets.size());
    signature.resize(size);
    return Base64(signature);
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

// The body of a Mailgun webhook with a signature made with `key`.
inline std::string MailgunBody(std::string_view key, std::int64_t timestamp, std::string_view token,
                               std::string_view event_data) {
  const std::string time = std::to_string(timestamp);
  return R"({"signature":{"timestamp":")" + time + R"(","token":")" + std::string(token) +
         R"(","signature":")" + HexEncode(hash::HmacSha256(key, time + std::string(token))) +
         R"("},"event-data":)" + std::string(event_data) + "}";
}

}  // namespace lmsmail::gateway
