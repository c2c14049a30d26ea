#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/gateway/bounces/delivery_status.h"

namespace lmsmail::gateway {

// What came back for a mail.
struct Report {
  enum class Kind {
    kDelivery,   // what became of the mail: RFC 3464, RFC 6533
    kClassic,    // a bounce from before these
    kFeedback,   // what its recipient thinks of it: RFC 5965
    kAutoReply,  // RFC 3834: an absence, a question whether the sender is a person
    kUnknown,
  };
  Kind kind = Kind::kUnknown;
  std::vector<RecipientStatus> recipients = {};  // of kDelivery and kClassic
  // Of kFeedback.
  std::string feedback_type = {};              // in lower case: "abuse"
  std::vector<std::string> return_paths = {};  // of the mail that it is about, as far as it tells
  std::string message_id = {};                 // likewise
};

std::string_view NameOf(Report::Kind kind);

// Reads a message that anybody may have sent.
Report ReadReport(std::string_view text);

}  // namespace lmsmail::gateway
