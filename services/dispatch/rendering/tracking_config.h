#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/rendering/mail_tracking.h"

namespace lmsmail::dispatch {

// The keys "tracking.": whether it is measured that mail is read. Off by default.
struct TrackingConfig {
  std::vector<std::string> opens;
  std::vector<std::string> clicks;
  std::string keys;  // the content of keys_file
  absl::Duration machine_delay = absl::Seconds(2);

  void Declare(config::Group group);
  void Check(Violations& violations) const;
  // Of a configuration that was loaded without a violation. Null where nothing is measured.
  std::unique_ptr<const MailTracking> ToTracking(std::string public_url) const;
};

}  // namespace lmsmail::dispatch
