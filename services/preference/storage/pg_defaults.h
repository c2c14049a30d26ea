#pragma once

#include <pqxx/transaction>
#include <string>

#include "absl/time/time.h"

#include "services/preference/domain/consent.h"

namespace lmsmail::preference {

// Records `defaults`, with events, for the categories of which the recipients with these ids (an
// array literal) have no record. Returns the number of changed recipients.
std::int64_t ApplyDefaultsTo(pqxx::work& tx, const std::string& recipient_ids,
                             const DefaultConsent& defaults, absl::Time now);

}  // namespace lmsmail::preference
