#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/rpc/call_info.h"

namespace lmsmail::report {

// How the mail of one template fared on one day.
struct MailStats {
  std::optional<absl::Time> day_time = std::nullopt;  // the UTC day, at midnight
  std::string template_name = {};                     // "templates/enrollment"
  std::int64_t sent_count = 0;
  std::int64_t skipped_count = 0;
  std::int64_t failed_count = 0;
  std::int64_t bounced_count = 0;
  std::int64_t opened_count = 0;
  std::int64_t clicked_count = 0;
  std::int64_t dropped_count = 0;
  std::int64_t complained_count = 0;

  bool operator==(const MailStats&) const = default;
};

struct MailStatsQuery {
  std::optional<absl::Time> start_time = std::nullopt;
  std::optional<absl::Time> end_time = std::nullopt;
  std::string template_name = {};  // empty: all templates

  bool operator==(const MailStatsQuery&) const = default;
};

// Thread-safe.
class MailStatsSource {
 public:
  virtual ~MailStatsSource() = default;

  // Returns statistics by day, then template. The source validates the query and chooses the
  // period when none is given.
  virtual absl::StatusOr<std::vector<MailStats>> Get(const MailStatsQuery& query,
                                                     const rpc::CallInfo& call) = 0;
};

// Adds up the counts. The result has neither day nor template.
MailStats TotalOf(absl::Span<const MailStats> stats);

}  // namespace lmsmail::report
