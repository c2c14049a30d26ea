#include "services/dispatch/transports/message_headers.h"

#include <algorithm>

namespace lmsmail::dispatch {
namespace {

std::string_view WithoutLeadingSpace(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

}  // namespace

std::vector<std::pair<std::string_view, std::string>> HeadersOf(std::string_view message) {
  std::vector<std::pair<std::string_view, std::string>> headers;
  while (!message.empty() && !message.starts_with("\r\n")) {
    const std::size_t end = message.find("\r\n");
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 2);
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (headers.empty()) continue;
      std::string& value = headers.back().second;
      // The value of a field may begin on its second line.
      value.append(value.empty() ? WithoutLeadingSpace(line) : line);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.emplace_back(line.substr(0, colon), WithoutLeadingSpace(line.substr(colon + 1)));
  }
  return headers;
}

}  // namespace lmsmail::dispatch
