#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/delivery/delivery_policy.h"

namespace lmsmail::dispatch {

// The keys "delivery.": when and how often a mail is tried again.
struct DeliveryConfig {
  std::int32_t max_resends = 5;
  absl::Duration min_backoff = absl::Minutes(1);
  absl::Duration max_backoff = absl::Hours(1);
  absl::Duration greylist_backoff = absl::Minutes(5);
  absl::Duration uncertain_backoff = absl::Seconds(30);
  absl::Duration peer_backoff = absl::Seconds(5);
  std::vector<std::string> resend_uncertain;
  std::vector<std::string> resend_recovered;

  // The defaults are those of DeliveryPolicy.
  DeliveryConfig();

  void Declare(config::Group keys);
  void Check(Violations& violations) const;
  // Of a configuration that was loaded without a violation.
  DeliveryPolicy ToPolicy() const;
};

}  // namespace lmsmail::dispatch
