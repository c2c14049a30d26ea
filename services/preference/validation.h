#pragma once

#include <string_view>

#include "libs/status/error_details.h"
#include "services/preference/consent.h"
#include "services/preference/recipient.h"
#include "services/preference/suppression.h"

// What is accepted from callers. Each function adds every fault it finds.
namespace lmsmail::preference {

// Fields as in the protocol's Recipient, after "<path>.".
void CheckRecipient(const Recipient& recipient, std::string_view path, Violations& violations);
void CheckEmailAddress(std::string_view address, std::string_view field, Violations& violations);
void CheckSource(const ConsentSource& source, std::string_view path, Violations& violations);
void CheckDetail(std::string_view detail, std::string_view field, Violations& violations);
void CheckRequestId(std::string_view request_id, Violations& violations);

}  // namespace lmsmail::preference
