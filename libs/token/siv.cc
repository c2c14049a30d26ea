#include "libs/token/siv.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace lmsmail::token {
namespace {

// Calls fail only on memory exhaustion or misuse. Unencrypted text must never be returned.
void Must(bool succeeded) {
  if (!succeeded) std::abort();
}

struct Free {
  void operator()(EVP_CIPHER* it) const { EVP_CIPHER_free(it); }
  void operator()(EVP_CIPHER_CTX* it) const { EVP_CIPHER_CTX_free(it); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Context NewContext() {
  Context context(EVP_CIPHER_CTX_new());
  Must(context != nullptr);
  return context;
}

std::shared_ptr<const EVP_CIPHER_CTX> Keyed(std::string_view key, int encrypt) {
  Must(key.size() == Siv::kKeySize);
  const std::unique_ptr<EVP_CIPHER, Free> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-SIV", nullptr));
  Context context = NewContext();
  Must(EVP_CipherInit_ex2(context.get(), cipher.get(), Data(key), nullptr, encrypt, nullptr) == 1);
  return std::shared_ptr<const EVP_CIPHER_CTX>(context.release(), Free());
}

Context Begin(const EVP_CIPHER_CTX& keyed, std::string_view associated) {
  Context context = NewContext();
  int size = 0;
  Must(!associated.empty() && EVP_CIPHER_CTX_copy(context.get(), &keyed) == 1 &&
       EVP_CipherUpdate(context.get(), nullptr, &size, Data(associated),
                        static_cast<int>(associated.size())) == 1);
  return context;
}

}  // namespace

Siv::Siv(std::string_view key) : sealing_(Keyed(key, 1)), opening_(Keyed(key, 0)) {}

std::string Siv::Seal(std::string_view associated, std::string_view text) const {
  Must(!text.empty());
  const Context context = Begin(*sealing_, associated);
  std::string sealed(kTagSize + text.size(), '\0');
  auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
  int size = 0;
  Must(EVP_CipherUpdate(context.get(), out + kTagSize, &size, Data(text),
                        static_cast<int>(text.size())) == 1);
  Must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, out) == 1);
  return sealed;
}

std::optional<std::string> Siv::Open(std::string_view associated, std::string_view sealed) const {
  if (sealed.size() <= kTagSize) return std::nullopt;
  const Context context = Begin(*opening_, associated);
  std::string tag(sealed.substr(0, kTagSize));
  sealed.remove_prefix(kTagSize);
  Must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1);
  std::string text(sealed.size(), '\0');
  int size = 0;
  if (EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(text.data()), &size,
                       Data(sealed), static_cast<int>(sealed.size())) != 1) {
    return std::nullopt;
  }
  return text;
}

}  // namespace lmsmail::token
