#pragma once

#include <string_view>

#include "libs/status/error_details.h"
#include "services/preference/domain/consent.h"
#include "services/preference/domain/recipient.h"
#include "services/preference/domain/suppression.h"

// Validates parts of requests. Each function adds every violation it finds.
namespace lmsmail::preference {

// The fields of the violations are those of the proto's Recipient below `path`.
void ValidateRecipient(const Recipient& recipient, std::string_view path, Violations& violations);
void ValidateEmailAddress(std::string_view address, std::string_view field, Violations& violations);
void ValidateSource(const ConsentSource& source, std::string_view path, Violations& violations);
void ValidateConsentText(std::string_view text, std::string_view field, Violations& violations);
void ValidateDetail(std::string_view detail, std::string_view field, Violations& violations);
void ValidateRequestId(std::string_view request_id, Violations& violations);

}  // namespace lmsmail::preference
