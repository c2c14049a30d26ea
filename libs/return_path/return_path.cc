#include "libs/return_path/return_path.h"

#include "libs/hash/sha256.h"
#include "libs/strings/encoding.h"

namespace lmsmail::return_path {
namespace {

constexpr std::string_view kPurpose = "return-path";
constexpr std::size_t kMailSize = 8;
constexpr std::size_t kDigestSize = 4;
// Of the sealed payload, which has a tag of 16 bytes, in base32.
constexpr std::size_t kSealedDigits = 45;

// It is sealed, so it needs no key of its own.
std::string DigestOf(const address::EmailAddress& recipient) {
  return hash::Sha256(address::CanonicalForm(recipient)).substr(0, kDigestSize);
}

std::string_view LocalPartOf(std::string_view address) {
  return address.substr(0, address.rfind('@'));
}

}  // namespace

bool ReturnPath::WentTo(const address::EmailAddress& recipient) const {
  return recipient_digest == DigestOf(recipient);
}

std::string ReturnPaths::LocalPart(std::int64_t mail,
                                   const address::EmailAddress& recipient) const {
  std::string payload;
  payload.reserve(kMailSize + kDigestSize);
  const auto bits = static_cast<std::uint64_t>(mail);
  for (int shift = 56; shift >= 0; shift -= 8) {
    payload.push_back(static_cast<char>(bits >> shift & 0xff));
  }
  payload += DigestOf(recipient);
  return keys_.SealCaseless(kPurpose, payload);
}

std::optional<ReturnPath> ReturnPaths::Parse(std::string_view address) const {
  const auto payload = keys_.OpenCaseless(kPurpose, LocalPartOf(address));
  if (!payload.ok() || payload->size() != kMailSize + kDigestSize) return std::nullopt;
  std::uint64_t mail = 0;
  for (std::size_t i = 0; i < kMailSize; ++i) {
    mail = mail << 8 | static_cast<unsigned char>((*payload)[i]);
  }
  return ReturnPath{static_cast<std::int64_t>(mail), payload->substr(kMailSize)};
}

bool HasForm(std::string_view address) {
  const std::string_view local = LocalPartOf(address);
  const std::size_t dot = local.find('.');
  if (dot == 0 || dot == std::string_view::npos) return false;
  const std::string_view sealed = local.substr(dot + 1);
  return sealed.size() == kSealedDigits && Base32Decode(sealed).has_value();
}

}  // namespace lmsmail::return_path
