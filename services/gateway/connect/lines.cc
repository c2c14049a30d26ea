#include "services/gateway/connect/lines.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "libs/status/error_details.h"
#include "libs/strings/view.h"
#include "services/gateway/connect/transcoder.h"

namespace lmsmail::gateway {
namespace {

// `error` with the number of its line.
absl::Status AtLine(int number, const absl::Status& error) {
  Violations violations;
  for (const FieldViolation& violation : ViolationsOf(error)) {
    violations.Add(fmt::format("line {}: {}", number, violation.field), violation.description);
  }
  if (!violations.empty()) return violations.ToStatus();
  return absl::Status(error.code(),
                      ToAbsl(fmt::format("line {}: {}", number, ToStd(error.message()))));
}

// The number of items of a message in which no other field is set than a repeated message; 0 for
// any other message.
int ItemsOf(const std::string& message, const google::protobuf::Descriptor& type) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  int items = 0;
  std::uint32_t first = 0;
  while (const std::uint32_t tag = in.ReadTag()) {
    if (first == 0) first = tag;
    const auto* const field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (tag != first || !field->is_repeated() || field->is_map() ||
        field->message_type() == nullptr || !WireFormatLite::SkipField(&in, tag)) {
      return 0;
    }
    ++items;
  }
  return items;
}

// Appends messages to a stream, joined as kMaxJoinedItems says.
class Joiner {
 public:
  explicit Joiner(const google::protobuf::Descriptor& type) : type_(type) {}

  std::vector<std::string> Take() { return std::move(messages_); }

  void Add(std::string message) {
    constexpr std::size_t kMaxJoinedBytes = 1 << 20;
    const int items = ItemsOf(message, type_);
    if (items > 0 && items_ > 0 && items_ + items <= kMaxJoinedItems &&
        messages_.back().size() + message.size() <= kMaxJoinedBytes) {
      // Repeated fields are joined by joining the bytes.
      messages_.back() += message;
      items_ += items;
    } else {
      messages_.push_back(std::move(message));
      items_ = items;
    }
  }

 private:
  const google::protobuf::Descriptor& type_;
  std::vector<std::string> messages_;
  int items_ = 0;  // of the last message, if it has nothing else
};

}  // namespace

absl::StatusOr<std::vector<std::string>> MessagesOfLines(std::string_view text,
                                                         const google::protobuf::Descriptor& type,
                                                         std::size_t max_bytes) {
  Joiner joiner(type);
  std::size_t bytes = 0;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    absl::StatusOr<std::string> message = JsonToBinary(line, type);
    if (!message.ok()) return AtLine(number, message.status());
    bytes += message->size() + sizeof(std::string);
    if (bytes > max_bytes) {
      return AtLine(number, absl::InvalidArgumentError(fmt::format(
                                "the messages up to here take more than {} bytes: divide them "
                                "among several calls",
                                max_bytes)));
    }
    joiner.Add(*std::move(message));
  }
  return joiner.Take();
}

}  // namespace lmsmail::gateway
