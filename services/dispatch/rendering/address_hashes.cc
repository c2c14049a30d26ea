#include "services/dispatch/rendering/address_hashes.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"

#include "libs/hash/sha256.h"
#include "libs/strings/view.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kPurpose = "address-of-mail";
constexpr std::size_t kHexDigits = 32;

std::string Text(MessageId id, const address::EmailAddress& address) {
  return fmt::format("{} {}", id, address::CanonicalForm(address));
}

std::string Shorten(std::string_view hex) {
  return absl::HexStringToBytes(ToAbsl(hex.substr(0, kHexDigits)));
}

}  // namespace

std::string AddressHashes::Of(MessageId id, const address::EmailAddress& address) const {
  const std::string text = Text(id, address);
  return Shorten(keys_ ? keys_->KeyedHash(kPurpose, text) : hash::Sha256Hex(text));
}

bool AddressHashes::Matches(std::string_view hash, MessageId id,
                            const address::EmailAddress& address) const {
  const std::string text = Text(id, address);
  const std::vector<std::string> all =
      keys_ ? keys_->KeyedHashes(kPurpose, text) : std::vector<std::string>{hash::Sha256Hex(text)};
  return std::ranges::any_of(all, [&](const std::string& hex) { return Shorten(hex) == hash; });
}

}  // namespace lmsmail::dispatch
