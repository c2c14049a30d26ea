#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/http_server/form.h"
#include "tests/fakes/ledger.h"

namespace lmsmail::fakes {

// A request to send mail that keeps all documented rules.
struct MailgunMessage {
  std::vector<std::string> recipients;  // addresses of to, cc and bcc
  size_t visible_recipients = 0;        // of to and cc
  nlohmann::json recipient_variables;   // an object by address; null if there is none
  nlohmann::json variables;             // v:
  nlohmann::json headers;               // h:, or those of the MIME message
  std::string subject;
  std::string text;
  std::string html;
  std::string mime;  // of /messages.mime
  bool test_mode = false;
};

// INVALID_ARGUMENT with the API's message if the form breaks a rule.
absl::StatusOr<MailgunMessage> ParseMailgunMessage(const http_server::Form& form, bool is_mime,
                                                   absl::Time now);

// The mails of a message, one for each recipient. `%recipient.key%` is replaced in the headers, the
// variables, the subject, the text and the HTML, never in MIME.
std::vector<Mail> MailgunMails(const MailgunMessage& message, std::string_view provider_id,
                               const std::string& id_variable, Detail detail);

}  // namespace lmsmail::fakes
