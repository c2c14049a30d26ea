#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lmsmail::fakes {

// An error of SendGrid's API. The field is empty for null.
struct SendGridError {
  std::string message;
  std::string field;
};

// What is wrong with the body of POST /v3/mail/send; empty if nothing is. Checks all documented
// rules about types, required fields and limits, except for the size of the request.
std::vector<SendGridError> CheckSendGridMail(const nlohmann::json& mail, absl::Time now);

}  // namespace lmsmail::fakes
