#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/claiming/retention.h"

namespace lmsmail::dispatch {

// The keys "retention.": for how long the log keeps mail.
struct RetentionConfig {
  absl::Duration content = absl::Hours(24 * 30);
  absl::Duration outcomes = absl::Hours(24 * 400);
  std::map<std::string, absl::Duration> category_content;  // instead of `content`

  void Declare(config::Group keys);
  void Check(Violations& violations) const;
  // Of a configuration that was loaded without a violation.
  Retention ToRetention() const;
};

}  // namespace lmsmail::dispatch
