#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/dispatch/submission/submitter.h"

// What a caller may ask for. Every fault is reported, under the path the caller wrote.
namespace lmsmail::dispatch {

// `prefix` is "" for a Send and "header." for a batch.
void CheckHeader(const MailHeader& header, std::string_view prefix, Violations& violations);

// What may be refused later although it was accepted before.
void CheckTimes(const MailHeader& header, std::string_view prefix, absl::Time now,
                Violations& violations);
void CheckTransport(const MailHeader& header, std::string_view prefix,
                    const std::set<std::string>& transports, Violations& violations);

// On success of the check, `item.target` names its address as it will be written to.
void CheckItem(MailItem& item, std::string_view prefix, Violations& violations);

// A request_id or dedupe key: 1 to 128 printable characters.
void CheckKey(std::string_view key, std::string_view field, Violations& violations);

// How long mail of a category may wait after its send_time unless the caller says otherwise.

}  // namespace lmsmail::dispatch
