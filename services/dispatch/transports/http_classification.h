#pragma once

#include <string_view>

#include "absl/time/time.h"

#include "services/dispatch/transports/refusal.h"

namespace lmsmail::dispatch {

// A provider's HTTP response that accepts no mail.
struct HttpRefused {
  int status = 0;
  // What the provider says the refusal is about, in the words of its API: a recipient, our sender,
  // or the content of the mail.
  enum class Subject { kUnknown, kRecipient, kSender, kContent };
  Subject subject = Subject::kUnknown;
  std::string_view text = {};
  absl::Duration retry_after = absl::ZeroDuration();
};

// Belongs to the classification of refusals (reply_classification.h). A status says more than an
// SMTP code: 400 and 422 are about this request, 413 about its size, 429 and 5xx pass, and every
// other one, also a success without the body that a success has, means that our key, account, URL
// or region is wrong, so that all mail would be refused. A 400 that blames nothing is counted as a
// refusal of us: it may be a mistake of ours in every request, and no mail should fail for it
// unless others are accepted.
Refusal Classify(const HttpRefused& refused);

}  // namespace lmsmail::dispatch
