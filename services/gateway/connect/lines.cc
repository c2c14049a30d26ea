#include "services/gateway/connect/lines.h"

#include <fmt/format.h>

#include <algorithm>
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

}  // namespace

absl::StatusOr<std::vector<std::string>> MessagesOfLines(std::string_view text,
                                                         const google::protobuf::Descriptor& type,
                                                         std::size_t max_bytes) {
  std::vector<std::string> messages;
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
    messages.push_back(*std::move(message));
  }
  return messages;
}

}  // namespace lmsmail::gateway
