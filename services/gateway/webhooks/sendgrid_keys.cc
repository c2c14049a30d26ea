#include "services/gateway/webhooks/sendgrid_keys.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"

#include "libs/strings/encoding.h"

namespace lmsmail::gateway {
namespace {

constexpr std::size_t kMaxTimestamp = 20;

const unsigned char* Octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The alphabet of RFC 4648 section 4, with padding.
std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string url_safe(text);
  std::ranges::replace(url_safe, '+', '-');
  std::ranges::replace(url_safe, '/', '_');
  return Base64UrlDecode(url_safe);
}

std::shared_ptr<EVP_PKEY> ParseKey(std::string_view text) {
  const std::optional<std::string> der = DecodeBase64(text);
  if (!der) return nullptr;
  const unsigned char* at = Octets(*der);
  std::shared_ptr<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size())),
                                &EVP_PKEY_free);
  if (key == nullptr || at != Octets(*der) + der->size()) return nullptr;
  std::array<char, 80> group{};
  std::size_t size = 0;
  const bool named = EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &size) == 1;
  if (!named || std::string_view(group.data(), size) != "prime256v1") return nullptr;
  return key;
}

}  // namespace

absl::StatusOr<SendgridKeys> SendgridKeys::Parse(const std::vector<std::string>& keys) {
  std::vector<Key> parsed;
  for (const std::string& text : keys) {
    parsed.push_back(ParseKey(text));
    if (parsed.back() == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("key {} is not a P-256 public key in base64: copy the verification key of "
                      "SendGrid's event webhook, without the lines of a PEM file",
                      parsed.size()));
    }
  }
  return SendgridKeys(std::move(parsed));
}

bool SendgridKeys::Verify(std::string_view signature, std::string_view timestamp,
                          std::string_view body) const {
  // Otherwise the start of the body could be passed off as the timestamp.
  const bool number =
      !timestamp.empty() && timestamp.size() <= kMaxTimestamp &&
      std::ranges::all_of(timestamp, [](unsigned char c) { return absl::ascii_isdigit(c); });
  const std::optional<std::string> der = DecodeBase64(signature);
  if (!number || !der) return false;
  return std::ranges::any_of(keys_, [&](const Key& key) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerifyUpdate(context.get(), timestamp.data(), timestamp.size()) == 1 &&
           EVP_DigestVerifyUpdate(context.get(), body.data(), body.size()) == 1 &&
           EVP_DigestVerifyFinal(context.get(), Octets(*der), der->size()) == 1;
  });
}

}  // namespace lmsmail::gateway
