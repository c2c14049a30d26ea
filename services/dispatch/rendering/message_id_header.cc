#include "services/dispatch/rendering/message_id_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "libs/hash/sha256.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kPurpose = "message-id";
constexpr std::size_t kCheckDigits = 8;

}  // namespace

std::string MessageIdHeader::Of(MessageId id) const {
  const std::string text = EncodeId(id);
  return With(text, keys_ ? keys_->KeyedHash(kPurpose, text) : hash::Sha256Hex(text));
}

std::string MessageIdHeader::With(std::string_view id, std::string_view check) const {
  return fmt::format("{}.{}@{}", id, check.substr(0, kCheckDigits), domain_);
}

std::optional<MessageId> MessageIdHeader::Parse(std::string_view header) const {
  if (header.starts_with('<') && header.ends_with('>')) {
    header = header.substr(1, header.size() - 2);
  }
  const std::string_view text = header.substr(0, header.find('.'));
  const std::optional<std::int64_t> id = DecodeId(text);
  if (!id || Of(*id) == header) return id;
  if (!keys_) return std::nullopt;
  const std::vector<std::string> checks = keys_->KeyedHashes(kPurpose, text);
  const bool older = std::ranges::any_of(
      checks, [&](const std::string& check) { return With(text, check) == header; });
  return older ? id : std::nullopt;
}

}  // namespace lmsmail::dispatch
