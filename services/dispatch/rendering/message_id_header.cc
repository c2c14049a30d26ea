#include "services/dispatch/rendering/message_id_header.h"

#include <fmt/format.h>

#include "libs/hash/sha256.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kPurpose = "message-id";
constexpr std::size_t kCheckDigits = 8;

}  // namespace

std::string MessageIdHeader::Of(MessageId id) const {
  const std::string text = EncodeId(id);
  const std::string check = keys_ ? keys_->KeyedHash(kPurpose, text) : hash::Sha256Hex(text);
  return fmt::format("{}.{}@{}", text, std::string_view(check).substr(0, kCheckDigits), domain_);
}

std::optional<MessageId> MessageIdHeader::Parse(std::string_view header) const {
  if (header.starts_with('<') && header.ends_with('>')) {
    header = header.substr(1, header.size() - 2);
  }
  const std::optional<std::int64_t> id = DecodeId(header.substr(0, header.find('.')));
  if (!id || Of(*id) != header) return std::nullopt;
  return id;
}

}  // namespace lmsmail::dispatch
