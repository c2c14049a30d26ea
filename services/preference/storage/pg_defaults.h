#pragma once

#include <pqxx/transaction>
#include <string>

#include "absl/time/time.h"

#include "services/preference/domain/consent.h"

namespace lmsmail::preference {

// Gives `defaults` for what the recipients with these ids (an array literal) have no record of, and
// records the events. Returns the number of recipients that were given any.
std::int64_t GiveDefaultsTo(pqxx::work& tx, const std::string& recipient_ids,
                            const DefaultConsent& defaults, absl::Time now);

}  // namespace lmsmail::preference
