#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/dispatch/submission/submitter.h"

// Checks of a submission. All violations are reported at once, with the caller's field paths.
namespace lmsmail::dispatch {

// Checks everything except times and transport. `prefix` is "" for Send, "header." for a batch.
void CheckHeader(const MailHeader& header, std::string_view prefix, Violations& violations);

// These depend on the clock and the configuration, so they may fail for a repeated call that was
// accepted before.
void CheckTimes(const MailHeader& header, std::string_view prefix, absl::Time now,
                Violations& violations);
void CheckTransport(const MailHeader& header, std::string_view prefix,
                    const std::set<std::string>& transports, Violations& violations);

// Normalizes a valid address in `item.target`.
void CheckItem(MailItem& item, std::string_view prefix, Violations& violations);

// A request_id or dedupe key: 1 to 128 printable characters.
void CheckKey(std::string_view key, std::string_view field, Violations& violations);

}  // namespace lmsmail::dispatch
