#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "libs/return_path/return_path.h"
#include "services/gateway/bounces/repeat_limit.h"
#include "services/gateway/bounces/report.h"
#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// Records what reports say about our mail. The authority to report about a mail is its return path,
// which only who got the mail knows, and for a complaint also its Message-ID, because complaints
// come to one address for all mail. What a report can do is bounded by one event of each type for
// each mail, by the rule that the address of the mail alone is suppressed, and by a rate.
// Blocks. Thread-safe.
class ReportIntake {
 public:
  // All must outlive this.
  ReportIntake(const return_path::ReturnPaths& return_paths, const Clock& clock, EventLog& events)
      : return_paths_(return_paths), limit_(clock, {}), events_(events) {}

  struct Result {
    enum class Outcome {
      kRecorded,
      kDuplicate,   // recorded before
      kUnknown,     // the mail is not in the log any more
      kIgnored,     // no consequence: an automatic reply, no report, feedback that is no complaint
      kForged,      // the return path was not made with one of our keys
      kUnassigned,  // the report names no mail of ours
      kLimited,     // too many reports about the mail
    };
    Outcome outcome = Outcome::kIgnored;
    Report::Kind kind = Report::Kind::kUnknown;
  };

  // `recipient` is the envelope recipient of `message`. Returns when the event is durable. After an
  // error the call may be repeated.
  absl::StatusOr<Result> Accept(std::string_view recipient, std::string_view message);

 private:
  // `path` is that of the address that the report came to.
  absl::StatusOr<Result::Outcome> Judge(const Report& report,
                                        std::optional<return_path::ReturnPath> path);
  absl::StatusOr<Result::Outcome> RecordEvent(ProviderEvent event);

  const return_path::ReturnPaths& return_paths_;
  RepeatLimit limit_;
  EventLog& events_;
};

std::string_view NameOf(ReportIntake::Result::Outcome outcome);

}  // namespace lmsmail::gateway
