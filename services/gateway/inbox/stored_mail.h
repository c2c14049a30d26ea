#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// A mail as its recipient's program shows it. All texts are UTF-8; octets that are not become
// U+FFFD.
struct StoredMail {
  std::string envelope_from = {};
  std::string envelope_to = {};
  std::string from = {};
  std::string to = {};
  std::string subject = {};
  std::string date = {};  // as the field has it
  // Every field in its order, encoded words decoded.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string text = {};    // empty without a text part
  std::string html = {};    // empty without an HTML part
  std::string source = {};  // the octets that arrived, without the envelope
};

// Reads a file of deploy/inbox.py: the envelope as the fields X-Inbox-From and X-Inbox-To, then the
// mail. INVALID_ARGUMENT for anything else.
absl::StatusOr<StoredMail> ParseStoredMail(std::string_view file);

}  // namespace lmsmail::gateway
